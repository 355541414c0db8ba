/* Nodes and values to text. */
#include <string.h>

#include "base/str.h"
#include "core/template/template_internal.h"

enum { STACK_MAX = 2 * TEMPLATE_DEPTH_MAX, INDENT_MAX = 1024, LOOPS_MAX = 100000 };

struct renderer {
	struct ctx *ctx;
	const struct template *t;
	struct template_run *run;
	struct buf *out;
	int64_t loops;
	const struct template_value *stack[STACK_MAX];
	size_t depth;
	size_t partials; /* in one another */
	char indent[INDENT_MAX];
	size_t indent_len;
};

static const struct template_value none = {.kind = TEMPLATE_NONE};

static const struct template_value *member(const struct template_value *object, const struct name_part *part)
{
	for (size_t i = 0; object->kind == TEMPLATE_OBJECT && i < object->n; i++) {
		const struct template_member *m = &object->members[i];
		if (m->hash == part->hash && m->len == part->len && memcmp(m->name, part->name, part->len) == 0)
			return &m->value;
	}
	return NULL;
}

/* The first name is looked for from the innermost section outwards, the others in what it is. */
static const struct template_value *find(const struct renderer *r, const struct node *node)
{
	const struct template_value *value = NULL;
	if (node->n == 0)
		return r->stack[r->depth - 1];
	const struct name_part *parts = r->t->parts + node->first;
	for (size_t i = r->depth; i > 0 && value == NULL; i--)
		value = member(r->stack[i - 1], &parts[0]);
	for (uint32_t k = 1; k < node->n && value != NULL; k++)
		value = member(value, &parts[k]);
	return value != NULL ? value : &none;
}

static bool holds(const struct template_value *value)
{
	switch (value->kind) {
	case TEMPLATE_TRUE:
	case TEMPLATE_OBJECT: return true;
	case TEMPLATE_TEXT:
	case TEMPLATE_LIST: return value->n > 0;
	case TEMPLATE_NONE:
	case TEMPLATE_FALSE:
	default: return false;
	}
}

static enum err render(struct renderer *r, uint32_t from, uint32_t to);

static void put_value(struct renderer *r, const struct node *node)
{
	const struct template_value *value = find(r, node);
	bool raw = node->kind == NODE_RAW && r->t->context != TEMPLATE_HEADER; /* a header is one line, always */
	enum template_context context = raw ? TEMPLATE_PLAIN : r->t->context;
	if (value->kind == TEMPLATE_TEXT && value->n > 0) {
		template_escape(context, value->text, value->n, r->out);
	} else if (value->kind == TEMPLATE_TRUE || value->kind == TEMPLATE_FALSE) {
		buf_puts(r->out, value->kind == TEMPLATE_TRUE ? "true" : "false");
	} else {
		r->run->missing++;
		if (!r->run->mark)
			return;
		template_escape(r->t->context, "[", 1, r->out);
		template_escape(r->t->context, node->text, node->len, r->out);
		template_escape(r->t->context, "?]", 2, r->out);
	}
}

static enum err render_with(struct renderer *r, const struct template_value *value, uint32_t from, uint32_t to)
{
	if (r->depth == STACK_MAX)
		return fail(r->ctx, ERR_LIMIT, "", "template_deep");
	if (r->loops-- <= 0)
		return fail(r->ctx, ERR_LIMIT, "", "template_loops");
	r->stack[r->depth++] = value;
	enum err err = render(r, from, to);
	r->depth--;
	return err;
}

static enum err render_section(struct renderer *r, uint32_t at, const struct node *node)
{
	const struct template_value *value = find(r, node);
	enum err err = OK;
	if (!holds(value))
		return OK;
	if (value->kind != TEMPLATE_LIST)
		return render_with(r, value, at + 1, node->end);
	for (size_t i = 0; i < value->n && err == OK; i++)
		err = render_with(r, &value->items[i], at + 1, node->end);
	return err;
}

static enum err render_partial(struct renderer *r, const struct node *node)
{
	const struct template_body *body = &r->t->bodies[node->body];
	size_t before = r->indent_len;
	if (r->partials == TEMPLATE_DEPTH_MAX || before + node->len > INDENT_MAX)
		return fail(r->ctx, ERR_LIMIT, "", "template_deep");
	if (r->loops-- <= 0)
		return fail(r->ctx, ERR_LIMIT, "", "template_loops");
	memcpy(r->indent + before, node->text, node->len);
	r->indent_len += node->len;
	r->partials++;
	enum err err = render(r, body->first, body->end);
	r->partials--;
	r->indent_len = before;
	return err;
}

static enum err render(struct renderer *r, uint32_t from, uint32_t to)
{
	enum err err = OK;
	for (uint32_t at = from; at < to && err == OK;) {
		const struct node *node = &r->t->nodes[at];
		uint32_t next = at + 1;
		switch (node->kind) {
		case NODE_TEXT:
			buf_add(r->out, node->text, node->len);
			break;
		case NODE_INDENT:
			buf_add(r->out, r->indent, r->indent_len);
			break;
		case NODE_SECTION:
			err = render_section(r, at, node);
			next = node->end;
			break;
		case NODE_INVERTED:
			next = holds(find(r, node)) ? node->end : at + 1;
			break;
		case NODE_PARTIAL:
			err = render_partial(r, node);
			break;
		case NODE_VALUE:
		case NODE_RAW:
		default:
			put_value(r, node);
			break;
		}
		if (err == OK && buf_failed(r->out))
			err = fail(r->ctx, ERR_LIMIT, "", "template_long");
		at = next;
	}
	return err;
}

enum err template_render(struct ctx *ctx, const struct template *t, const struct template_value *data, struct template_run *run,
                         struct buf *out)
{
	struct renderer r;
	size_t before = out->len;
	r.ctx = ctx;
	r.t = t;
	r.run = run;
	r.out = out;
	r.loops = run->loops_max > 0 ? run->loops_max : LOOPS_MAX;
	r.stack[0] = data;
	r.depth = 1;
	r.partials = r.indent_len = 0;
	run->missing = 0;
	enum err err = render(&r, t->bodies[0].first, t->bodies[0].end);
	if (err != OK)
		buf_truncate(out, before);
	return err;
}

struct template_value template_text(const char *text)
{
	return text == NULL ? none : (struct template_value){.kind = TEMPLATE_TEXT, .n = strlen(text), .text = text};
}

struct template_member template_member_of(const char *name, struct template_value value)
{
	size_t len = strlen(name);
	return (struct template_member){.hash = str_hash(name, len), .name = name, .len = len, .value = value};
}
