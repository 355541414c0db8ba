/* Gumbo's tree in memory that goes away at once, and walks that need no stack. */
#ifndef GUANXI_CORE_MAIL_MAIL_TREE_H
#define GUANXI_CORE_MAIL_MAIL_TREE_H

#include <gumbo.h>
#include <stdbool.h>
#include <stddef.h>

struct mail_tree {
	GumboOutput *output;
	struct mail_tree_block *blocks;
	size_t used; /* of the newest block */
};

/* Whether a tree of this HTML would cost more than its size warrants: depth, open formatting elements, attributes without end. */
bool mail_tree_too_costly(const char *html, size_t n);
/* Parses. The HTML must outlive the tree; mail_tree_free ends it. */
void mail_tree_parse(struct mail_tree *tree, const char *html, size_t n);
void mail_tree_free(struct mail_tree *tree);
/* Script, style and the like: what they hold is no text. */
bool mail_tree_silent(GumboTag tag);
/* What is walked below a node; NULL: nothing. */
const GumboVector *mail_tree_children(const GumboNode *node);

#endif
