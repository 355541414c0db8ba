/* A source to a row of nodes: tags found, lines that hold a tag alone taken out, sections closed, partials brought along. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/template/template_internal.h"

enum { DELIMITER_MAX = 16 };

struct compiler {
	struct ctx *ctx;
	struct template *t;
	const struct template_options *options;
	const char *source;
	size_t n, at;
	size_t body;
	char open[DELIMITER_MAX + 1], close[DELIMITER_MAX + 1];
	uint32_t sections[TEMPLATE_DEPTH_MAX]; /* that are open */
	size_t depth;
};

/* A tag's parts; `after` is where the source goes on. */
struct tag {
	size_t begin, after;
	char sign; /* one of #^/>!=&{ or 0 */
	const char *name;
	size_t len;
	bool alone; /* on its line */
	size_t line; /* its start */
};

static enum err wrong(struct compiler *c, size_t at, const char *key, const char *arg)
{
	size_t line = 1;
	for (size_t i = 0; i < at && i < c->n; i++)
		line += c->source[i] == '\n';
	const char *partial = c->t->bodies[c->body].name;
	const char *field = arena_printf(c->ctx->arena, "%s%sline %zu", partial != NULL ? partial : "", partial != NULL ? ": " : "", line);
	return fail_arg(c->ctx, ERR_INVALID, field != NULL ? field : "", key, arg);
}

static enum err no_memory(struct compiler *c)
{
	return fail(c->ctx, ERR_LIMIT, "", "memory");
}

/* --- nodes ------------------------------------------------------------- */

static void *grown(void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	size_t more = *cap == 0 ? 32 : *cap * 2;
	void *moved = realloc(list, more * size);
	if (moved != NULL)
		*cap = more;
	return moved;
}

static enum err add_node(struct compiler *c, struct node node)
{
	struct template *t = c->t;
	if (t->n_nodes == TEMPLATE_NODES_MAX)
		return fail(c->ctx, ERR_LIMIT, "", "template_long");
	struct node *nodes = grown(t->nodes, t->n_nodes, &t->cap_nodes, sizeof(*nodes));
	if (nodes == NULL)
		return no_memory(c);
	t->nodes = nodes;
	nodes[t->n_nodes++] = node;
	return OK;
}

static bool line_starts(const struct compiler *c, size_t at)
{
	return at == 0 || c->source[at - 1] == '\n';
}

/* Where a partial's line begins, so that it can be moved in. */
static enum err add_indent(struct compiler *c, size_t at)
{
	return c->body > 0 && line_starts(c, at) ? add_node(c, (struct node){.kind = NODE_INDENT}) : OK;
}

static enum err add_text(struct compiler *c, size_t from, size_t to)
{
	enum err err = OK;
	while (from < to && err == OK) {
		const char *end = c->body > 0 ? memchr(c->source + from, '\n', to - from) : NULL;
		size_t stop = end != NULL ? (size_t)(end - c->source) + 1 : to;
		err = add_indent(c, from);
		if (err == OK)
			err = add_node(c, (struct node){.kind = NODE_TEXT, .text = c->source + from, .len = stop - from});
		from = stop;
	}
	return err;
}

static enum err add_part(struct compiler *c, const char *name, size_t len)
{
	struct template *t = c->t;
	struct name_part *parts = grown(t->parts, t->n_parts, &t->cap_parts, sizeof(*parts));
	if (parts == NULL)
		return no_memory(c);
	t->parts = parts;
	parts[t->n_parts++] = (struct name_part){.hash = str_hash(name, len), .name = name, .len = len};
	return OK;
}

/* "a.b.c"; "." has no names. */
static enum err read_path(struct compiler *c, const struct tag *tag, struct node *node)
{
	node->text = tag->name;
	node->len = tag->len;
	node->first = (uint32_t)c->t->n_parts;
	if (tag->len == 1 && *tag->name == '.')
		return OK;
	for (size_t from = 0, i = 0; i <= tag->len; i++) {
		if (i < tag->len && tag->name[i] != '.')
			continue;
		if (i == from || node->n == TEMPLATE_PATH_MAX)
			return wrong(c, tag->begin, "template_name", NULL);
		enum err err = add_part(c, tag->name + from, i - from);
		if (err != OK)
			return err;
		node->n++;
		from = i + 1;
	}
	return OK;
}

/* --- tags -------------------------------------------------------------- */

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* A tag that prints nothing itself and has its line for itself takes the line with it. */
static void see_alone(const struct compiler *c, struct tag *tag)
{
	size_t from = tag->begin, to = tag->after;
	tag->line = tag->begin;
	while (from > 0 && is_blank(c->source[from - 1]))
		from--;
	while (to < c->n && is_blank(c->source[to]))
		to++;
	if (!line_starts(c, from) || strchr("#^/>!=", tag->sign) == NULL || tag->sign == '\0')
		return;
	if (to + 1 < c->n && c->source[to] == '\r' && c->source[to + 1] == '\n')
		to += 2;
	else if (to < c->n && c->source[to] == '\n')
		to++;
	else if (to < c->n)
		return;
	tag->alone = true;
	tag->line = from;
	tag->after = to;
}

static const char *find(const struct compiler *c, size_t from, const char *what)
{
	return from <= c->n ? memmem(c->source + from, c->n - from, what, strlen(what)) : NULL;
}

/* The next tag; false: there is none. */
static enum err next_tag(struct compiler *c, struct tag *tag, bool *ret)
{
	const char *begin = find(c, c->at, c->open), *end;
	*tag = (struct tag){0};
	*ret = begin != NULL;
	if (begin == NULL)
		return OK;
	tag->begin = (size_t)(begin - c->source);
	size_t inner = tag->begin + strlen(c->open);
	size_t skip = inner;
	while (skip < c->n && strchr(" \t\r\n", c->source[skip]) != NULL && c->source[skip] != '\0')
		skip++;
	char sign = skip < c->n ? c->source[skip] : '\0';
	tag->sign = sign != '\0' && strchr("#^/>!=&{", sign) != NULL ? sign : '\0';
	inner = tag->sign != '\0' ? skip + 1 : inner;
	char closing[DELIMITER_MAX + 2] = "";
	size_t own = tag->sign == '{' || tag->sign == '=';
	closing[0] = tag->sign == '{' ? '}' : '=';
	memcpy(closing + own, c->close, strlen(c->close) + 1);
	end = find(c, inner, closing);
	if (end == NULL)
		return wrong(c, tag->begin, "template_open", NULL);
	tag->name = str_trim(c->source + inner, (size_t)(end - c->source) - inner, &tag->len);
	tag->after = (size_t)(end - c->source) + strlen(closing);
	see_alone(c, tag);
	return OK;
}

/* Bytes up to the next white space. */
static size_t word_of(const char *text, size_t n)
{
	size_t len = 0;
	while (len < n && !is_blank(text[len]) && text[len] != '\n' && text[len] != '\r')
		len++;
	return len;
}

/* {{=<% %>=}} */
static enum err set_delimiters(struct compiler *c, const struct tag *tag)
{
	size_t first = word_of(tag->name, tag->len), rest;
	const char *second = str_trim(tag->name + first, tag->len - first, &rest);
	bool sized = first > 0 && first <= DELIMITER_MAX && rest > 0 && rest <= DELIMITER_MAX;
	if (!sized || word_of(second, rest) != rest || memchr(tag->name, '=', tag->len) != NULL)
		return wrong(c, tag->begin, "template_delimiters", NULL);
	memcpy(c->open, tag->name, first);
	c->open[first] = '\0';
	memcpy(c->close, second, rest);
	c->close[rest] = '\0';
	return OK;
}

static enum err open_section(struct compiler *c, const struct tag *tag)
{
	struct node node = {.kind = tag->sign == '#' ? NODE_SECTION : NODE_INVERTED};
	if (c->depth == TEMPLATE_DEPTH_MAX)
		return fail(c->ctx, ERR_LIMIT, "", "template_deep");
	enum err err = read_path(c, tag, &node);
	if (err != OK)
		return err;
	c->sections[c->depth++] = (uint32_t)c->t->n_nodes;
	return add_node(c, node);
}

static enum err close_section(struct compiler *c, const struct tag *tag)
{
	struct node *node = c->depth > 0 ? &c->t->nodes[c->sections[c->depth - 1]] : NULL;
	const char *name = arena_strndup(c->ctx->arena, tag->name, tag->len);
	if (node == NULL || node->len != tag->len || memcmp(node->text, tag->name, tag->len) != 0)
		return wrong(c, tag->begin, "template_close", name);
	node->end = (uint32_t)c->t->n_nodes;
	c->depth--;
	return OK;
}

/* --- partials ---------------------------------------------------------- */

/* The body of a partial of this name; its source is compiled later. *ret 0: there is none. */
static enum err find_partial(struct compiler *c, const char *name, uint32_t *ret)
{
	struct template *t = c->t;
	*ret = 0;
	for (size_t i = 1; i < t->n_bodies; i++) {
		if (str_equal(t->bodies[i].name, name)) {
			*ret = (uint32_t)i;
			return OK;
		}
	}
	const char *source = c->options->partial != NULL ? c->options->partial(c->options->arg, name) : NULL;
	if (source == NULL)
		return OK;
	if (t->n_bodies > TEMPLATE_PARTIALS_MAX || strlen(source) > TEMPLATE_SOURCE_MAX)
		return fail(c->ctx, ERR_LIMIT, "", "template_long");
	struct template_body *body = &t->bodies[t->n_bodies];
	body->source = strdup(source);
	body->name = strdup(name);
	*ret = (uint32_t)t->n_bodies++;
	return body->source != NULL && body->name != NULL ? OK : no_memory(c);
}

static enum err add_partial(struct compiler *c, const struct tag *tag)
{
	struct node node = {.kind = NODE_PARTIAL, .text = c->source + tag->line, .len = tag->alone ? tag->begin - tag->line : 0};
	const char *name = arena_strndup(c->ctx->arena, tag->name, tag->len);
	if (name == NULL)
		return no_memory(c);
	if (*name == '\0' || *name == '*')
		return wrong(c, tag->begin, "template_name", NULL);
	enum err err = find_partial(c, name, &node.body);
	return err == OK && node.body > 0 ? add_node(c, node) : err;
}

/* --- a whole source ---------------------------------------------------- */

static enum err add_value(struct compiler *c, const struct tag *tag)
{
	struct node node = {.kind = tag->sign == '\0' ? NODE_VALUE : NODE_RAW};
	if (node.kind == NODE_RAW && !c->options->raw)
		return wrong(c, tag->begin, "template_raw", NULL);
	enum err err = read_path(c, tag, &node);
	return err == OK ? add_node(c, node) : err;
}

static enum err add_tag(struct compiler *c, const struct tag *tag)
{
	switch (tag->sign) {
	case '!': return OK;
	case '=': return set_delimiters(c, tag);
	case '#':
	case '^': return open_section(c, tag);
	case '/': return close_section(c, tag);
	case '>': return add_partial(c, tag);
	default: return add_value(c, tag);
	}
}

static enum err compile_body(struct compiler *c, size_t body)
{
	struct tag tag;
	bool more = true;
	c->body = body;
	c->source = c->t->bodies[body].source;
	c->n = strlen(c->source);
	c->at = 0;
	c->depth = 0;
	memcpy(c->open, "{{", 3);
	memcpy(c->close, "}}", 3);
	c->t->bodies[body].first = (uint32_t)c->t->n_nodes;
	for (;;) {
		enum err err = next_tag(c, &tag, &more);
		if (err == OK)
			err = add_text(c, c->at, !more ? c->n : tag.alone ? tag.line : tag.begin);
		if (err == OK && more && !tag.alone)
			err = add_indent(c, tag.begin);
		if (err == OK && more)
			err = add_tag(c, &tag);
		if (err != OK)
			return err;
		if (!more)
			break;
		c->at = tag.after;
	}
	c->t->bodies[body].end = (uint32_t)c->t->n_nodes;
	if (c->depth > 0) {
		const struct node *open = &c->t->nodes[c->sections[c->depth - 1]];
		return wrong(c, (size_t)(open->text - c->source), "template_unclosed", arena_strndup(c->ctx->arena, open->text, open->len));
	}
	return OK;
}

enum err template_compile(struct ctx *ctx, const char *source, size_t n, const struct template_options *options, struct template **ret)
{
	struct template *t = calloc(1, sizeof(*t));
	struct compiler c = {.ctx = ctx, .t = t, .options = options};
	enum err err = OK;
	*ret = NULL;
	if (t == NULL)
		return no_memory(&c);
	t->context = options->context;
	t->n_bodies = 1;
	t->bodies[0].source = n <= TEMPLATE_SOURCE_MAX ? strndup(source, n) : NULL;
	if (n > TEMPLATE_SOURCE_MAX)
		err = fail(ctx, ERR_LIMIT, "", "template_long");
	else if (t->bodies[0].source == NULL)
		err = no_memory(&c);
	else if (!utf8_valid(source, n))
		err = fail(ctx, ERR_INVALID, "", "template_text");
	for (size_t body = 0; body < t->n_bodies && err == OK; body++) /* those that are found on the way too */
		err = compile_body(&c, body);
	if (err != OK) {
		template_free(t);
		return err;
	}
	*ret = t;
	return OK;
}

void template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_bodies; i++) {
		free(t->bodies[i].source);
		free(t->bodies[i].name);
	}
	free(t->nodes);
	free(t->parts);
	free(t);
}
