/* order=: terms of the address or the entity's own, always ended by the id so that
 * pages are stable. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { ORDER_MAX = QUERY_ORDER_MAX - 1 };

struct order {
	struct ctx *ctx;
	struct query *q;
	struct query_node *node;
	struct scan s;
	bool own; /* the entity's default, not the client's wish */
};

static enum err add_term(struct ctx *ctx, struct query_node *node, struct query_order term)
{
	struct query_order *one = arena_alloc(ctx->arena, sizeof(*one));
	if (!one)
		return fail(ctx, ERR_LIMIT, "order", "memory");
	*one = term;
	one->next = NULL;
	if (node->last_order)
		node->last_order->next = one;
	else
		node->order = one;
	node->last_order = one;
	return OK;
}

static void parse_direction(struct order *p, struct query_order *term)
{
	if (scan_word(&p->s, ".desc"))
		term->desc = true;
	else
		(void)scan_word(&p->s, ".asc");
	if (scan_word(&p->s, ".nullsfirst"))
		term->nulls = NULLS_FIRST;
	else if (scan_word(&p->s, ".nullslast"))
		term->nulls = NULLS_LAST;
}

/* What is selected under a name, of spread embeds too. */
static const struct query_item *find_item(const struct query_node *node, const char *name)
{
	for (const struct query_item *item = node->items; item; item = item->next) {
		const struct query_item *inner = item->embed && item->embed->spread ? find_item(item->embed, name) : NULL;
		if (inner)
			return inner;
		bool field = !item->embed && item->agg == AGG_NONE && item->field >= 0 && str_equal(node_field(node, item->field)->name, name);
		if (field || (!item->embed && str_equal(item->key, name)))
			return item;
	}
	return NULL;
}

/* In a grouped answer: by what is selected, aggregates too ("order=count.desc"). */
static enum err grouped_term(struct order *p, const char *name, struct query_order *term)
{
	term->item = find_item(p->node, name);
	if (!term->item)
		return fail_arg(p->ctx, ERR_INVALID, "order", QK_GROUPING, name);
	term->node = p->node;
	term->nullable = true;
	return OK;
}

/* Names are in the order of their language (Chinese by pinyin): by the field that is kept of them for that. */
static int sorts_by(const struct entity_info *info, int at)
{
	for (int i = SF_COUNT; i < (int)info->n_fields; i++) {
		const struct field *field = info->fields[i];
		if (field->made_from && field->type == FIELD_TEXT && (field->flags & F_SORT) && str_equal(field->made_from, info->fields[at]->name))
			return i;
	}
	return at;
}

static enum err field_term(struct order *p, struct query_node *node, const char *name, struct query_order *term)
{
	enum err err = query_open_field(p->ctx, node, name, &term->field);
	if (err)
		return err;
	if (!(field_ops(node_field(node, term->field)->type)->compares & COMPARE_ORDER))
		return fail_arg(p->ctx, ERR_INVALID, name, QK_OPERATOR, "order");
	term->node = node;
	term->field = sorts_by(node->info, term->field);
	term->nullable = field_nullable(node->info, term->field) || (node != p->node && !node->inner);
	return OK;
}

/* "customer(name)": by a to-one embed. */
static enum err embed_term(struct order *p, const char *name, struct query_order *term)
{
	const char *field;
	struct query_node *child = query_embed(p->node, name);
	enum err err = scan_name(p->ctx, &p->s, &field);
	if (!err && !scan_char(&p->s, ')'))
		err = scan_fail(p->ctx, &p->s);
	if (err)
		return err;
	if (!child)
		return fail_arg(p->ctx, ERR_INVALID, "order", QK_NOT_EMBEDDED, name);
	if (child->rel != REL_ONE || p->node->rel != REL_ROOT || p->node->grouped)
		return fail_arg(p->ctx, ERR_INVALID, "order", QK_ORDER_MANY, name);
	return field_term(p, child, field, term);
}

static enum err parse_term(struct order *p)
{
	const char *name;
	struct query_order term = {.field = -1};
	enum err err = scan_name(p->ctx, &p->s, &name);
	if (err)
		return err;
	if (scan_char(&p->s, '('))
		err = embed_term(p, name, &term);
	else if (p->node->grouped)
		err = grouped_term(p, name, &term);
	else
		err = field_term(p, p->node, name, &term);
	if (err)
		return err;
	parse_direction(p, &term);
	if (term.nulls == NULLS_DEFAULT)
		term.nulls = term.desc && !p->own ? NULLS_FIRST : NULLS_LAST; /* as PostgreSQL does */
	return add_term(p->ctx, p->node, term);
}

static enum err parse_terms(struct order *p)
{
	int n = 0;
	p->node->order = p->node->last_order = NULL;
	do {
		if (++n > ORDER_MAX)
			return fail_arg(p->ctx, ERR_LIMIT, "order", QK_TOO_MANY, "8");
		enum err err = parse_term(p);
		if (err)
			return err;
	} while (scan_char(&p->s, ','));
	return p->s.p < p->s.end ? scan_fail(p->ctx, &p->s) : OK;
}

enum err query_parse_order(struct ctx *ctx, struct query *q, struct query_node *node, const char *text)
{
	struct order p = {.ctx = ctx, .q = q, .node = node, .s = {.p = text, .end = text + strlen(text), .param = "order"}};
	node->ordered = *text != '\0';
	return *text ? parse_terms(&p) : OK;
}

/* --- the end of every order ------------------------------------------------------------ */

/* The entity's own order; one the actor may not see is passed over. */
static enum err default_order(struct ctx *ctx, struct query *q, struct query_node *node)
{
	const char *sort = node->info->entity->sort;
	if (!sort || node->title_only)
		return OK;
	struct order p = {.ctx = ctx, .q = q, .node = node, .own = true, .s = {.p = sort, .end = sort + strlen(sort), .param = "order"}};
	size_t before = ctx->faults.count;
	enum err err = parse_terms(&p);
	if (err == ERR_INVALID || err == ERR_FORBIDDEN) {
		ctx->faults.count = before;
		node->order = node->last_order = NULL;
		return OK;
	}
	return err;
}

static enum err finish_node(struct ctx *ctx, struct query *q, struct query_node *node)
{
	enum err err = OK;
	if (node->grouped)
		return OK;
	if (!node->order)
		err = default_order(ctx, q, node);
	for (struct query_order *term = node->order; !err && term; term = term->next) {
		if (term->node == node && term->field == SF_ID) {
			term->next = NULL; /* what comes after the id changes nothing */
			node->last_order = term;
			return OK;
		}
	}
	if (err)
		return err;
	bool desc = node->last_order ? node->last_order->desc : false;
	return add_term(ctx, node, (struct query_order){.node = node, .field = SF_ID, .desc = desc, .nulls = NULLS_LAST});
}

static enum err finish_tree(struct ctx *ctx, struct query *q, struct query_node *node)
{
	enum err err = node->rel == REL_ONE ? OK : finish_node(ctx, q, node);
	for (struct query_node *child = node->first; !err && child; child = child->next)
		err = finish_tree(ctx, q, child);
	return err;
}

enum err query_finish_order(struct ctx *ctx, struct query *q)
{
	return finish_tree(ctx, q, q->draft);
}
