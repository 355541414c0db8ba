/* HTML that may be shown: Gumbo's tree, walked without recursion; what stands on the lists is written anew, the rest is taken away.
 *
 * The output holds no raw text elements, no foreign (svg, math) elements, no comments and no templates, so reading it again cannot
 * make anything else of it. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/mail/mail_sanitize.h"
#include "core/mail/mail_tree.h"

/* --- escaping ---------------------------------------------------------- */

static void escape(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (text[i]) {
		case '&': buf_puts(out, "&amp;"); break;
		case '<': buf_puts(out, "&lt;"); break;
		case '>': buf_puts(out, "&gt;"); break;
		case '"': buf_puts(out, "&quot;"); break;
		case '\'': buf_puts(out, "&#39;"); break;
		case '`': buf_puts(out, "&#96;"); break;
		case '\0': break;
		default: buf_putc(out, text[i]);
		}
	}
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	buf_putc(out, ' ');
	buf_puts(out, name);
	buf_puts(out, "=\"");
	escape(out, value, strlen(value));
	buf_putc(out, '"');
}

/* --- the lists --------------------------------------------------------- */

static bool is_void(GumboTag tag)
{
	return tag == GUMBO_TAG_BR || tag == GUMBO_TAG_HR || tag == GUMBO_TAG_IMG || tag == GUMBO_TAG_WBR || tag == GUMBO_TAG_COL;
}

static bool is_allowed(GumboTag tag)
{
	static const GumboTag tags[] = {GUMBO_TAG_A, GUMBO_TAG_ABBR, GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE, GUMBO_TAG_ASIDE, GUMBO_TAG_B, GUMBO_TAG_BDI,
		GUMBO_TAG_BDO, GUMBO_TAG_BIG, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_BR, GUMBO_TAG_CAPTION, GUMBO_TAG_CENTER, GUMBO_TAG_CITE, GUMBO_TAG_CODE, GUMBO_TAG_COL,
		GUMBO_TAG_COLGROUP, GUMBO_TAG_DD, GUMBO_TAG_DEL, GUMBO_TAG_DFN, GUMBO_TAG_DIV, GUMBO_TAG_DL, GUMBO_TAG_DT, GUMBO_TAG_EM, GUMBO_TAG_FIGCAPTION,
		GUMBO_TAG_FIGURE, GUMBO_TAG_FONT, GUMBO_TAG_FOOTER, GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3, GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6,
		GUMBO_TAG_HEADER, GUMBO_TAG_HR, GUMBO_TAG_I, GUMBO_TAG_IMG, GUMBO_TAG_INS, GUMBO_TAG_KBD, GUMBO_TAG_LI, GUMBO_TAG_MAIN, GUMBO_TAG_MARK,
		GUMBO_TAG_NAV, GUMBO_TAG_OL, GUMBO_TAG_P, GUMBO_TAG_PRE, GUMBO_TAG_Q, GUMBO_TAG_RP, GUMBO_TAG_RT, GUMBO_TAG_RUBY, GUMBO_TAG_S, GUMBO_TAG_SAMP,
		GUMBO_TAG_SECTION, GUMBO_TAG_SMALL, GUMBO_TAG_SPAN, GUMBO_TAG_STRIKE, GUMBO_TAG_STRONG, GUMBO_TAG_SUB, GUMBO_TAG_SUP, GUMBO_TAG_TABLE,
		GUMBO_TAG_TBODY, GUMBO_TAG_TD, GUMBO_TAG_TFOOT, GUMBO_TAG_TH, GUMBO_TAG_THEAD, GUMBO_TAG_TIME, GUMBO_TAG_TR, GUMBO_TAG_TT, GUMBO_TAG_U,
		GUMBO_TAG_UL, GUMBO_TAG_VAR, GUMBO_TAG_WBR};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (tags[i] == tag)
			return true;
	}
	return false;
}

/* Attributes that are text or a plain word. */
static bool attribute_allowed(const char *name)
{
	static const char *const names[] = {"abbr", "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "color", "colspan", "dir", "face", "height",
		"lang", "nowrap", "rowspan", "size", "span", "start", "title", "valign", "width", NULL};
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

bool mail_url_clean(const char *url, struct buf *out)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:", NULL};
	struct buf plain;
	bool allowed = false;
	buf_init(&plain, 1 << 20);
	/* readers of addresses skip these wherever they stand, so "java\nscript:" is one word to them */
	for (; *url != '\0'; url++) {
		if ((unsigned char)*url > 0x20 && *url != 0x7f)
			buf_putc(&plain, *url);
	}
	for (size_t i = 0; schemes[i] != NULL && !allowed; i++)
		allowed = strncasecmp(buf_text(&plain), schemes[i], strlen(schemes[i])) == 0 && buf_text(&plain)[strlen(schemes[i])] != '\0';
	allowed = allowed && !buf_failed(&plain);
	if (allowed)
		buf_puts(out, buf_text(&plain));
	buf_release(&plain);
	return allowed;
}

/* A picture: where it is, but not as its source. */
static void picture(struct buf *out, const char *source)
{
	struct buf url;
	source += strspn(source, " \t\n\r\f");
	buf_init(&url, 1 << 20);
	if (strncasecmp(source, "cid:", 4) == 0)
		attribute(out, "data-mail-cid", source + 4);
	else if (strncasecmp(source, "http", 4) == 0 && mail_url_clean(source, &url))
		attribute(out, "data-mail-src", buf_text(&url));
	else if (strncasecmp(source, "data:image/", 11) == 0)
		attribute(out, "data-mail-within", "1");
	buf_release(&url);
}

static void link_to(struct buf *out, const char *target)
{
	struct buf url;
	buf_init(&url, 1 << 20);
	if (mail_url_clean(target, &url)) {
		attribute(out, "href", buf_text(&url));
		attribute(out, "rel", "noopener noreferrer");
		attribute(out, "target", "_blank");
	}
	buf_release(&url);
}

static void style(struct buf *out, const char *value)
{
	struct buf clean;
	buf_init(&clean, 1 << 16);
	mail_css_clean(value, &clean);
	if (clean.len > 0 && !buf_failed(&clean))
		attribute(out, "style", buf_text(&clean));
	buf_release(&clean);
}

static void attributes(struct buf *out, const GumboElement *element)
{
	for (unsigned i = 0; i < element->attributes.length; i++) {
		const GumboAttribute *one = element->attributes.data[i];
		if (one->attr_namespace != GUMBO_ATTR_NAMESPACE_NONE)
			continue;
		if (element->tag == GUMBO_TAG_A && strcasecmp(one->name, "href") == 0)
			link_to(out, one->value);
		else if (element->tag == GUMBO_TAG_IMG && strcasecmp(one->name, "src") == 0)
			picture(out, one->value);
		else if (strcasecmp(one->name, "style") == 0)
			style(out, one->value);
		else if (attribute_allowed(one->name))
			attribute(out, one->name, one->value);
	}
}

/* --- the walk ---------------------------------------------------------- */

struct writing {
	struct buf *out;
	size_t depth;
};

static bool shown(const struct writing *w, const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML && is_allowed(node->v.element.tag) &&
	       w->depth <= MAIL_HTML_DEPTH_MAX;
}

static void enter(struct writing *w, const GumboNode *node)
{
	if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE || node->type == GUMBO_NODE_CDATA) {
		escape(w->out, node->v.text.text, strlen(node->v.text.text));
	} else if (shown(w, node)) {
		buf_putc(w->out, '<');
		buf_puts(w->out, gumbo_normalized_tagname(node->v.element.tag));
		attributes(w->out, &node->v.element);
		buf_putc(w->out, '>');
	}
}

static void leave(struct writing *w, const GumboNode *node)
{
	if (!shown(w, node) || is_void(node->v.element.tag))
		return;
	buf_puts(w->out, "</");
	buf_puts(w->out, gumbo_normalized_tagname(node->v.element.tag));
	buf_putc(w->out, '>');
}

static const GumboNode *step(struct writing *w, const GumboNode *node, const GumboNode *root)
{
	const GumboVector *children = mail_tree_children(node);
	if (children != NULL && children->length > 0) {
		w->depth++;
		return children->data[0];
	}
	while (node != root) {
		leave(w, node);
		const GumboVector *siblings = mail_tree_children(node->parent);
		if (siblings != NULL && node->index_within_parent + 1 < siblings->length)
			return siblings->data[node->index_within_parent + 1];
		node = node->parent;
		w->depth--;
	}
	return NULL;
}

enum err mail_sanitize(struct ctx *ctx, const char *html, size_t n, struct buf *out)
{
	if (mail_tree_too_costly(html, n)) {
		buf_puts(out, "<pre>");
		escape(out, html, n);
		buf_puts(out, "</pre>");
	} else {
		struct mail_tree tree;
		struct writing w = {.out = out};
		mail_tree_parse(&tree, html, n);
		const GumboNode *root = tree.output->document;
		for (const GumboNode *node = root; node != NULL; node = step(&w, node, root))
			enter(&w, node);
		mail_tree_free(&tree);
	}
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}
