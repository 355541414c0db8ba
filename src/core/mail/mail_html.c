/* HTML to words. Gumbo makes the tree; it is walked without recursion, as depth is the sender's choice. */
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_html.h"
#include "core/mail/mail_tree.h"

static bool is_block(GumboTag tag)
{
	static const GumboTag blocks[] = {GUMBO_TAG_P, GUMBO_TAG_DIV, GUMBO_TAG_TR, GUMBO_TAG_TABLE, GUMBO_TAG_LI, GUMBO_TAG_UL, GUMBO_TAG_OL, GUMBO_TAG_H1,
		GUMBO_TAG_H2, GUMBO_TAG_H3, GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_PRE, GUMBO_TAG_HR, GUMBO_TAG_DT, GUMBO_TAG_DD,
		GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE, GUMBO_TAG_SECTION, GUMBO_TAG_HEADER, GUMBO_TAG_FOOTER, GUMBO_TAG_CENTER, GUMBO_TAG_FIELDSET};
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		if (blocks[i] == tag)
			return true;
	}
	return false;
}

struct words {
	struct buf *out;
	bool space; /* white space waits for a word */
	int pre;    /* open <pre> */
};

static void break_line(struct words *w, bool always)
{
	w->space = false;
	if (always || (w->out->len > 0 && w->out->data[w->out->len - 1] != '\n'))
		buf_putc(w->out, '\n');
}

static void put_text(struct words *w, const char *text)
{
	for (; *text != '\0'; text++) {
		bool white = strchr(" \t\n\r\f", *text) != NULL;
		if (w->pre > 0) {
			buf_putc(w->out, *text);
		} else if (white) {
			w->space = true;
		} else {
			if (w->space && w->out->len > 0 && w->out->data[w->out->len - 1] != '\n')
				buf_putc(w->out, ' ');
			w->space = false;
			buf_putc(w->out, *text);
		}
	}
}

static void enter(struct words *w, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;
	if (tag == GUMBO_TAG_BR)
		break_line(w, true);
	else if (is_block(tag))
		break_line(w, false);
	if ((tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) && node->index_within_parent > 0)
		w->space = true;
	w->pre += tag == GUMBO_TAG_PRE ? 1 : 0;
}

static void leave(struct words *w, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;
	w->pre -= tag == GUMBO_TAG_PRE ? 1 : 0;
	if (is_block(tag))
		break_line(w, false);
	if (tag == GUMBO_TAG_P)
		break_line(w, true);
}

/* The node after this one in the order of the text; leaves elements that end. */
static const GumboNode *step(struct words *w, const GumboNode *node, const GumboNode *root)
{
	const GumboVector *children = mail_tree_children(node);
	if (children != NULL && children->length > 0)
		return children->data[0];
	while (node != root) {
		if (node->type == GUMBO_NODE_ELEMENT)
			leave(w, node);
		const GumboVector *siblings = mail_tree_children(node->parent);
		if (siblings != NULL && node->index_within_parent + 1 < siblings->length)
			return siblings->data[node->index_within_parent + 1];
		node = node->parent;
	}
	return NULL;
}

enum err mail_html_text(struct ctx *ctx, const char *html, size_t n, struct buf *out)
{
	struct words w = {.out = out};
	struct mail_tree tree;
	if (mail_tree_too_costly(html, n)) { /* its source is better than nothing */
		buf_add(out, html, n);
		return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
	}
	mail_tree_parse(&tree, html, n);
	const GumboNode *root = tree.output->document;
	for (const GumboNode *node = root; node != NULL; node = step(&w, node, root)) {
		if (node->type == GUMBO_NODE_ELEMENT)
			enter(&w, node);
		else if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE || node->type == GUMBO_NODE_CDATA)
			put_text(&w, node->v.text.text);
	}
	mail_tree_free(&tree);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}
