/* Trees of HTML: Gumbo frees its own by recursion, which a sender's nesting could overrun, so its memory is a pool of ours. */
#include "core/mail/mail_tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BLOCK = 1 << 20, ALIGN = 16, FORMATTING_MAX = 300, ATTRIBUTES_MAX = 1000 };
static const size_t WORK_MAX = 200000000;

struct mail_tree_block {
	struct mail_tree_block *next;
	size_t size;
	_Alignas(ALIGN) unsigned char bytes[];
};

/* Gumbo takes no failure: as with its own allocator, none is left when memory is. */
static void *take(void *arg, size_t size)
{
	struct mail_tree *tree = arg;
	if (size > SIZE_MAX / 2)
		abort();
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (tree->blocks == NULL || tree->blocks->size - tree->used < size) {
		size_t room = size > BLOCK ? size : BLOCK;
		struct mail_tree_block *block = malloc(sizeof(*block) + room);
		if (block == NULL)
			abort();
		block->size = room;
		block->next = tree->blocks;
		tree->blocks = block;
		tree->used = 0;
	}
	void *at = tree->blocks->bytes + tree->used;
	tree->used += size;
	return at;
}

static void leave_it(void *arg, void *memory)
{
	(void)arg;
	(void)memory;
}

void mail_tree_parse(struct mail_tree *tree, const char *html, size_t n)
{
	GumboOptions options = kGumboDefaultOptions;
	*tree = (struct mail_tree){0};
	options.max_errors = 0;
	options.allocator = take;
	options.deallocator = leave_it;
	options.userdata = tree;
	tree->output = gumbo_parse_with_options(&options, html, n);
}

void mail_tree_free(struct mail_tree *tree)
{
	while (tree->blocks != NULL) {
		struct mail_tree_block *next = tree->blocks->next;
		free(tree->blocks);
		tree->blocks = next;
	}
	tree->output = NULL;
}

bool mail_tree_silent(GumboTag tag)
{
	return tag == GUMBO_TAG_SCRIPT || tag == GUMBO_TAG_STYLE || tag == GUMBO_TAG_TITLE || tag == GUMBO_TAG_TEMPLATE || tag == GUMBO_TAG_IFRAME ||
	       tag == GUMBO_TAG_NOEMBED || tag == GUMBO_TAG_NOFRAMES;
}

const GumboVector *mail_tree_children(const GumboNode *node)
{
	if (node->type == GUMBO_NODE_DOCUMENT)
		return &node->v.document.children;
	return node->type == GUMBO_NODE_ELEMENT && !mail_tree_silent(node->v.element.tag) ? &node->v.element.children : NULL;
}

/* --- what it would cost ------------------------------------------------ */

static bool named(const char *name, size_t len, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strlen(*list) == len && strncasecmp(name, *list, len) == 0)
			return true;
	}
	return false;
}

/* To the end of the tag that begins at `at`; counts its attributes. */
static const char *tag_end(const char *at, const char *end, size_t *ret_attributes)
{
	for (; at < end && *at != '>'; at++) {
		*ret_attributes += strchr(" \t\n\r\f/", *at) != NULL ? 1 : 0;
		if ((*at == '"' || *at == '\'') && at[-1] == '=') {
			const char *quote = memchr(at + 1, *at, (size_t)(end - at - 1));
			at = quote != NULL ? quote : end - 1;
		}
	}
	return at;
}

bool mail_tree_too_costly(const char *html, size_t n)
{
	/* their ends may be left out: no depth is seen in them */
	static const char *const open[] = {"p", "li", "td", "tr", "th", "dt", "dd", "br", "hr", "img", "meta", "link", "input", "col", "option", "wbr", "base",
		"area", "tbody", "thead", "source", "param", "embed", NULL};
	static const char *const formatting[] = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u", NULL};
	const char *end = html + n;
	size_t depth = 0, styles = 0, work = 0;
	for (const char *at = html; at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL;) {
		bool closing = ++at < end && *at == '/';
		const char *name = at + (closing ? 1 : 0);
		size_t len = 0, attributes = 0;
		while (name + len < end && strchr(" \t\n\r\f/><", name[len]) == NULL)
			len++;
		if (len == 0 || named(name, len, open)) {
			at = name + len;
			work += depth + styles;
		} else {
			size_t *count = named(name, len, formatting) ? &styles : &depth;
			*count = closing ? *count - (*count > 0 ? 1 : 0) : *count + 1;
			work += depth + styles * styles / 8;
			at = tag_end(name + len, end, &attributes);
		}
		if (work > WORK_MAX || attributes > ATTRIBUTES_MAX || styles > FORMATTING_MAX)
			return true;
	}
	return false;
}
