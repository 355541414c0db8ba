/* Inside core/template: what a source is compiled to. */
#ifndef GUANXI_CORE_TEMPLATE_INTERNAL_H
#define GUANXI_CORE_TEMPLATE_INTERNAL_H

#include "core/template/template.h"

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL, NODE_INDENT };

struct name_part {
	uint64_t hash;
	const char *name;
	size_t len;
};

struct node {
	enum node_kind kind;
	uint32_t first, n; /* names of its path, in template->parts; none: "." */
	uint32_t end;      /* of sections: the node after its last */
	uint32_t body;     /* of partials */
	const char *text;  /* literal; a partial's indentation; a path as written */
	size_t len;
};

/* The template itself is the first, its partials follow. */
struct template_body {
	char *source;
	char *name;
	uint32_t first, end; /* nodes */
};

struct template {
	enum template_context context;
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct name_part *parts;
	size_t n_parts, cap_parts;
	struct template_body bodies[TEMPLATE_PARTIALS_MAX + 1];
	size_t n_bodies;
};

void template_escape(enum template_context context, const char *text, size_t n, struct buf *out);

#endif
