/* select=: columns, renamed ones, aggregates, embeds. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { ITEMS_MAX = 400 };

struct select {
	struct ctx *ctx;
	struct query *q;
	struct scan s;
	size_t n_items;
};

enum err query_field(struct ctx *ctx, const struct query_node *node, const char *name, int *ret)
{
	int at = entity_field(node->info, name);
	if (at >= 0 && node->title_only && at != SF_ID && at != node->info->title)
		at = -1;
	if (at >= 0 && !node->title_only && entity_field_right(ctx->actor, node->info, at) == RIGHT_HIDDEN)
		at = -1;
	*ret = at;
	return at >= 0 ? OK : fail_arg(ctx, ERR_INVALID, name, QK_COLUMN, name);
}

enum err query_open_field(struct ctx *ctx, const struct query_node *node, const char *name, int *ret)
{
	enum err err = query_field(ctx, node, name, ret);
	if (err || node->title_only)
		return err;
	if (entity_field_right(ctx->actor, node->info, *ret) == RIGHT_MASKED)
		return fail_arg(ctx, ERR_FORBIDDEN, name, QK_MASKED, name);
	return OK;
}

/* --- items ---------------------------------------------------------------------- */

/* A later item of the same key replaces an earlier one: "*,total:total_base". */
static void drop_key(struct query_node *node, const char *key)
{
	struct query_item **at = &node->items;
	node->last_item = NULL;
	while (*at) {
		if (!(*at)->embed && str_equal((*at)->key, key)) {
			*at = (*at)->next;
			continue;
		}
		node->last_item = *at;
		at = &(*at)->next;
	}
}

static void link_item(struct query_node *node, struct query_item *one)
{
	if (node->last_item)
		node->last_item->next = one;
	else
		node->items = one;
	node->last_item = one;
}

static enum field_right right_of(const struct select *p, const struct query_node *node, int at)
{
	if (at < 0)
		return RIGHT_READ;
	if (node->title_only)
		return at == SF_ID || at == node->info->title ? RIGHT_READ : RIGHT_HIDDEN;
	return entity_field_right(p->ctx->actor, node->info, at);
}

static enum err add_item(struct select *p, struct query_node *node, struct query_item item)
{
	if (++p->n_items > ITEMS_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, "select", QK_TOO_MANY, "400");
	if (node->items)
		drop_key(node, item.key);
	struct query_item *one = arena_alloc(p->ctx->arena, sizeof(*one));
	if (!one)
		return fail(p->ctx, ERR_LIMIT, "select", "memory");
	item.right = item.embed ? RIGHT_READ : right_of(p, node, item.field);
	*one = item;
	one->at = p->n_items - 1;
	link_item(node, one);
	return OK;
}

/* "*": in one piece, as most requests ask for it. */
static enum err add_all(struct select *p, struct query_node *node)
{
	const struct entity_info *info = node->info;
	bool alone = node->items == NULL;
	struct query_item *list = arena_array(p->ctx->arena, info->n_fields, sizeof(*list));
	if (!list)
		return fail(p->ctx, ERR_LIMIT, "select", "memory");
	size_t before = p->n_items;
	p->n_items += info->n_fields;
	if (p->n_items > ITEMS_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, "select", QK_TOO_MANY, "400");
	for (size_t i = 0; i < info->n_fields; i++) {
		enum field_right right = right_of(p, node, (int)i);
		if (right == RIGHT_HIDDEN)
			continue;
		if (!alone)
			drop_key(node, info->fields[i]->name);
		list[i] = (struct query_item){.key = info->fields[i]->name, .field = (int)i, .right = right, .at = before + i};
		link_item(node, &list[i]);
	}
	return OK;
}

/* --- columns and aggregates ------------------------------------------------------- */

static const char *const agg_names[] = {
	[AGG_COUNT] = "count", [AGG_SUM] = "sum", [AGG_AVG] = "avg", [AGG_MIN] = "min", [AGG_MAX] = "max",
};

static bool scan_agg(struct scan *s, enum query_agg *ret)
{
	for (enum query_agg agg = AGG_COUNT; agg <= AGG_MAX; agg++) {
		const char *start = s->p;
		if (scan_word(s, agg_names[agg]) && scan_word(s, "()")) {
			*ret = agg;
			return true;
		}
		s->p = start;
	}
	return false;
}

static enum err check_agg(struct ctx *ctx, const struct query_node *node, const char *name, int at, enum query_agg agg)
{
	unsigned compares = field_ops(node_field(node, at)->type)->compares;
	unsigned need = agg == AGG_COUNT ? 0 : agg == AGG_MIN || agg == AGG_MAX ? COMPARE_ORDER : COMPARE_SUM;
	if ((compares & need) != need || node_field(node, at)->type == FIELD_LINKS)
		return fail_arg(ctx, ERR_INVALID, name, QK_GROUPING, name);
	return OK;
}

/* The node whose statement a node's columns are read by. */
static struct query_node *statement_node(struct query_node *node)
{
	while (node->rel == REL_ONE)
		node = node->parent;
	return node;
}

static enum err set_grouped(struct select *p, struct query_node *node)
{
	for (struct query_node *one = node; one->rel == REL_ONE; one = one->parent)
		if (!one->spread)
			return fail_arg(p->ctx, ERR_INVALID, "select", QK_GROUPING, node->key);
	statement_node(node)->grouped = true;
	return OK;
}

static enum err scan_cast(struct select *p, bool *ret_text)
{
	const char *type;
	*ret_text = false;
	if (!scan_word(&p->s, "::"))
		return OK;
	enum err err = scan_name(p->ctx, &p->s, &type);
	if (err)
		return err;
	if (!str_equal(type, "text"))
		return fail_arg(p->ctx, ERR_INVALID, "select", QK_CAST, type);
	*ret_text = true;
	return OK;
}

static enum err parse_count(struct select *p, struct query_node *node, const char *alias)
{
	struct query_item item = {.key = alias ? alias : "count", .field = -1, .agg = AGG_COUNT};
	enum err err = scan_cast(p, &item.as_text);
	if (!err)
		err = set_grouped(p, node);
	return err ? err : add_item(p, node, item);
}

static enum err parse_column(struct select *p, struct query_node *node, const char *name, const char *alias)
{
	struct query_item item = {.key = alias ? alias : name};
	bool inner_text;
	enum err err = scan_cast(p, &inner_text);
	if (!err && scan_char(&p->s, '.')) {
		if (!scan_agg(&p->s, &item.agg))
			return scan_fail(p->ctx, &p->s);
		if (!alias)
			item.key = agg_names[item.agg];
		err = query_open_field(p->ctx, node, name, &item.field);
		if (!err)
			err = check_agg(p->ctx, node, name, item.field, item.agg);
		if (!err)
			err = set_grouped(p, node);
	} else if (!err) {
		err = query_field(p->ctx, node, name, &item.field);
	}
	if (!err)
		err = scan_cast(p, &item.as_text);
	if (err)
		return err;
	item.as_text |= inner_text;
	return add_item(p, node, item);
}

/* --- embeds ------------------------------------------------------------------------- */

static enum err parse_items(struct select *p, struct query_node *node, bool nested);

struct join {
	const char *hint;
	bool inner;
};

static enum err parse_join(struct select *p, struct join *ret)
{
	while (scan_char(&p->s, '!')) {
		const char *word;
		enum err err = scan_name(p->ctx, &p->s, &word);
		if (err)
			return err;
		if (str_equal(word, "inner"))
			ret->inner = true;
		else if (!str_equal(word, "left"))
			ret->hint = word;
	}
	return OK;
}

static enum err check_embed(struct select *p, struct query_node *child, const char *name)
{
	if (child->depth > QUERY_DEPTH_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, "select", QK_TOO_MANY, "3");
	if (++p->q->n_embeds > QUERY_EMBEDS_MAX)
		return fail_arg(p->ctx, ERR_LIMIT, "select", QK_TOO_MANY, "20");
	child->at = p->q->n_embeds;
	if (child->rel != REL_ONE && p->q->no_children)
		return fail_arg(p->ctx, ERR_INVALID, "select", QK_CHILDREN, name);
	if (child->spread && child->rel != REL_ONE)
		return fail_arg(p->ctx, ERR_INVALID, "select", "PGRST119", name);
	return OK;
}

/* After "name!hint": "(" items ")". */
static enum err parse_embed(struct select *p, struct query_node *node, const char *name, const char *alias, struct join join, bool spread)
{
	struct query_node *child = arena_alloc(p->ctx->arena, sizeof(*child));
	if (!child)
		return fail(p->ctx, ERR_LIMIT, "select", "memory");
	if (!scan_char(&p->s, '('))
		return scan_fail(p->ctx, &p->s);
	enum err err = query_relation(p->ctx, node, name, join.hint, child);
	if (err)
		return err;
	child->parent = node;
	child->name = name;
	child->key = alias ? alias : name;
	child->inner = join.inner;
	child->spread = spread;
	child->depth = node->depth + 1;
	child->limit = -1;
	child->where.kind = COND_AND;
	err = check_embed(p, child, name);
	if (err)
		return err;
	if (query_embed(node, child->key))
		return fail_arg(p->ctx, ERR_INVALID, "select", "42712", child->key);
	if (node->last)
		node->last->next = child;
	else
		node->first = child;
	node->last = child;
	err = parse_items(p, child, true);
	if (err)
		return err;
	if (!scan_char(&p->s, ')'))
		return scan_fail(p->ctx, &p->s);
	if (!child->items)
		return OK; /* "orders!inner()": filters only */
	return add_item(p, node, (struct query_item){.key = child->key, .field = -1, .embed = child});
}

/* "alias:name", with the alias or without; "name::type" has none. */
static enum err parse_names(struct select *p, bool spread, const char **ret_name, const char **ret_alias)
{
	*ret_alias = NULL;
	enum err err = scan_name(p->ctx, &p->s, ret_name);
	if (err || spread || p->s.end - p->s.p < 2 || p->s.p[0] != ':' || p->s.p[1] == ':')
		return err;
	*ret_alias = *ret_name;
	p->s.p++;
	return scan_name(p->ctx, &p->s, ret_name);
}

static enum err parse_named(struct select *p, struct query_node *node, bool spread)
{
	const char *name, *alias;
	struct join join = {.hint = NULL};
	enum err err = parse_names(p, spread, &name, &alias);
	if (!err)
		err = parse_join(p, &join);
	if (err)
		return err;
	bool embed = spread || join.hint || join.inner;
	if (!embed && str_equal(name, "count") && (scan_word(&p->s, "()") || entity_field(node->info, name) < 0))
		return parse_count(p, node, alias);
	if (embed || (p->s.p < p->s.end && *p->s.p == '('))
		return parse_embed(p, node, name, alias, join, spread);
	return parse_column(p, node, name, alias);
}

static enum err parse_item(struct select *p, struct query_node *node)
{
	bool spread = scan_word(&p->s, "...");
	if (!spread && scan_char(&p->s, '*'))
		return add_all(p, node);
	return parse_named(p, node, spread);
}

static void skip_spaces(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static enum err parse_items(struct select *p, struct query_node *node, bool nested)
{
	skip_spaces(&p->s);
	if (p->s.p >= p->s.end || (nested && *p->s.p == ')'))
		return OK;
	do {
		skip_spaces(&p->s);
		enum err err = parse_item(p, node);
		if (err)
			return err;
		skip_spaces(&p->s);
	} while (scan_char(&p->s, ','));
	return OK;
}

/* --- what grouping allows ----------------------------------------------------------------- */

static enum err check_group_item(struct ctx *ctx, const struct query_node *node, const struct query_item *item)
{
	if (item->embed)
		return item->embed->rel == REL_ONE ? OK : fail_arg(ctx, ERR_INVALID, "select", QK_GROUPING, item->key);
	if (item->agg || item->field < 0)
		return OK;
	if (node_field(node, item->field)->type == FIELD_LINKS)
		return fail_arg(ctx, ERR_INVALID, "select", QK_GROUPING, item->key);
	int ignored;
	return query_open_field(ctx, node, node_field(node, item->field)->name, &ignored);
}

static enum err check_groups(struct ctx *ctx, struct query_node *node)
{
	bool grouped = statement_node(node)->grouped;
	for (const struct query_item *item = node->items; grouped && item; item = item->next) {
		enum err err = check_group_item(ctx, node, item);
		if (err)
			return err;
	}
	for (struct query_node *child = node->first; child; child = child->next) {
		enum err err = check_groups(ctx, child);
		if (err)
			return err;
	}
	return OK;
}

enum err query_parse_select(struct ctx *ctx, struct query *q, const char *text)
{
	struct select p = {.ctx = ctx, .q = q, .s = {.p = text, .end = text + strlen(text), .param = "select"}};
	enum err err = parse_items(&p, q->draft, false);
	q->n_items = p.n_items;
	if (!err && p.s.p < p.s.end)
		err = scan_fail(ctx, &p.s);
	if (!err)
		err = check_groups(ctx, q->draft);
	return err ? err : query_name_items(ctx, q->draft);
}
