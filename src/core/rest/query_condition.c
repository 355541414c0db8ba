/* "condition={…}": a condition (core/condition) as conditions of the list, in the one generator's SQL. A "not" is brought down to the
 * comparisons below it, as SQL's own knows a third answer. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

bool query_is_condition(const struct query_node *node, const char *name)
{
	return str_equal(name, QUERY_CONDITION) && node->at == 0 && entity_field(node->info, name) < 0;
}

struct converting {
	struct ctx *ctx;
	const struct query_node *node; /* whose rows it is asked of */
};

static enum err add_node(const struct converting *v, struct query_cond *group, const struct condition_node *asked, bool untrue);

static struct query_cond *add_cond(struct ctx *ctx, struct query_cond *group, enum cond_kind kind)
{
	struct query_cond *cond = arena_alloc(ctx->arena, sizeof(*cond));
	if (!cond)
		return NULL;
	cond->kind = kind;
	cond->field = -1;
	if (group->last)
		group->last->next = cond;
	else
		group->first = cond;
	group->last = cond;
	return cond;
}

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, QUERY_CONDITION, "memory");
}

/* --- comparisons --------------------------------------------------------------------- */

static void set_op(enum condition_op op, struct query_cond *ret)
{
	static const enum query_op ops[] = {
		[CONDITION_EQ] = OP_EQ, [CONDITION_NEQ] = OP_NEQ, [CONDITION_GT] = OP_GT, [CONDITION_GTE] = OP_GTE, [CONDITION_LT] = OP_LT,
		[CONDITION_LTE] = OP_LTE, [CONDITION_IN] = OP_IN, [CONDITION_IS_NULL] = OP_IS, [CONDITION_IS_NOT_NULL] = OP_IS, [CONDITION_IS_TRUE] = OP_IS,
		[CONDITION_IS_FALSE] = OP_IS, [CONDITION_DISTINCT] = OP_DISTINCT, [CONDITION_LIKE] = OP_LIKE, [CONDITION_ILIKE] = OP_ILIKE,
		[CONDITION_HAS_ALL] = OP_CONTAINS, [CONDITION_HAS_ONLY] = OP_WITHIN, [CONDITION_HAS_ONE] = OP_OVERLAP,
	};
	ret->op = ops[op];
	ret->is = op == CONDITION_IS_NULL ? IS_NULL : op == CONDITION_IS_NOT_NULL ? IS_NOT_NULL : op == CONDITION_IS_TRUE ? IS_TRUE : IS_FALSE;
}

static enum err add_field(const struct converting *v, struct query_cond *group, const struct condition_node *asked, bool untrue)
{
	struct query_cond *cond = add_cond(v->ctx, group, COND_TERM);
	if (!cond)
		return no_memory(v->ctx);
	cond->field = asked->compare.field;
	cond->untrue = untrue;
	set_op(asked->compare.op, cond);
	return condition_values(v->ctx, &asked->compare, &cond->values, &cond->n);
}

static enum err add_related(const struct converting *v, struct query_cond *group, const struct condition_node *asked, bool untrue)
{
	struct query_node *node = arena_alloc(v->ctx->arena, sizeof(*node));
	struct query_cond *cond = add_cond(v->ctx, group, COND_RELATED);
	if (!node || !cond)
		return no_memory(v->ctx);
	*node = (struct query_node){.info = asked->other, .parent = (struct query_node *)(uintptr_t)v->node, .rel = asked->up ? REL_ONE : REL_MANY,
	                            .link = asked->link, .name = asked->other->entity->name, .key = asked->other->entity->name, .limit = -1,
	                            .where = {.kind = COND_AND}};
	cond->embed = node;
	cond->asked = asked;
	cond->untrue = untrue;
	if (asked->measure != MEASURE_EXISTS)
		set_op(asked->compare.op, cond);
	const struct converting inner = {v->ctx, node};
	enum err err = asked->first ? add_node(&inner, &node->where, asked->first, false) : OK;
	return err ? err : condition_values(v->ctx, &asked->compare, &cond->values, &cond->n);
}

static enum err add_leaf(const struct converting *v, struct query_cond *group, const struct condition_node *asked, bool untrue)
{
	struct query_cond *cond;
	if (asked->kind == CONDITION_FIELD)
		return add_field(v, group, asked, untrue);
	if (asked->kind == CONDITION_RELATED)
		return add_related(v, group, asked, untrue);
	cond = add_cond(v->ctx, group, asked->kind == CONDITION_TEXT ? COND_QUERY : asked->kind == CONDITION_MEMBER ? COND_MEMBER : COND_SHARE);
	if (!cond)
		return no_memory(v->ctx);
	cond->text = asked->text;
	cond->asked = asked;
	cond->untrue = untrue;
	return OK;
}

/* --- the tree ---------------------------------------------------------------------------- */

static enum err add_node(const struct converting *v, struct query_cond *group, const struct condition_node *asked, bool untrue)
{
	enum err err = OK;
	if (asked->kind == CONDITION_NOT)
		return add_node(v, group, asked->first, !untrue);
	if (asked->kind != CONDITION_ALL && asked->kind != CONDITION_ANY)
		return add_leaf(v, group, asked, untrue);
	bool all = (asked->kind == CONDITION_ALL) != untrue;
	/* the members of a list's own "all of" stand among its other conditions, where they lead to rows by themselves */
	struct query_cond *inner = group;
	if (!(all && group->kind == COND_AND && asked->first))
		inner = add_cond(v->ctx, group, all ? COND_AND : COND_OR);
	if (!inner)
		return no_memory(v->ctx);
	for (const struct condition_node *member = asked->first; !err && member; member = member->next)
		err = add_node(v, inner, member, untrue);
	return err;
}

enum err query_add_condition(struct ctx *ctx, struct query_node *node, const struct condition *condition)
{
	const struct converting v = {ctx, node};
	return add_node(&v, &node->where, condition->root, false);
}

enum err query_parse_condition(struct ctx *ctx, struct query_node *node, const char *text)
{
	struct condition *condition;
	enum err err = condition_parse(ctx, node->info, text, &condition);
	return err ? err : query_add_condition(ctx, node, condition);
}

enum err query_of_condition(struct ctx *ctx, const struct condition *condition, enum action action, struct query **ret)
{
	struct query_options options = {.action = action, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	struct query_node *root;
	enum err err = query_parse(ctx, condition->info, "select=id&order=id", &options, ret);
	if (err)
		return err;
	root = arena_alloc(ctx->arena, sizeof(*root));
	if (!root)
		return no_memory(ctx);
	*root = *(*ret)->root;
	(*ret)->root = root;
	return query_add_condition(ctx, root, condition);
}

/* --- SQL ------------------------------------------------------------------------------------ */

static void put_measure(struct query_sql *b, const struct condition_node *asked, int alias)
{
	static const char *const begins[] = {[MEASURE_COUNT] = "count(*)", [MEASURE_SUM] = "coalesce(sum(", [MEASURE_MIN] = "min(", [MEASURE_MAX] = "max(", [MEASURE_LATEST] = ""};
	static const char *const ends[] = {[MEASURE_COUNT] = "", [MEASURE_SUM] = "), 0)", [MEASURE_MIN] = ")", [MEASURE_MAX] = ")", [MEASURE_LATEST] = ""};
	sqlb_puts(b, begins[asked->measure]);
	if (asked->of >= 0)
		sqlb_column(b, 'x', alias, field_column(asked->other->fields[asked->of]));
	sqlb_puts(b, ends[asked->measure]);
}

static void put_latest(struct query_sql *b, const struct condition_node *asked, int alias)
{
	if (asked->measure != MEASURE_LATEST)
		return;
	sqlb_puts(b, " ORDER BY ");
	sqlb_column(b, 'x', alias, field_column(asked->other->fields[asked->by]));
	sqlb_puts(b, " DESC NULLS LAST, ");
	sqlb_column(b, 'x', alias, "id");
	sqlb_puts(b, " DESC LIMIT 1");
}

static void put_values(struct query_sql *b, const struct query_cond *cond)
{
	for (size_t i = 0; i < cond->n; i++) {
		sqlb_puts(b, i ? ", " : "");
		sqlb_param(b, cond->values[i]);
	}
}

/* What the measure, which stands there already, is compared with. */
static void put_compared(struct query_sql *b, const struct query_cond *cond)
{
	static const char *const simple[OP_COUNT] = {[OP_EQ] = " = ", [OP_NEQ] = " <> ", [OP_GT] = " > ", [OP_GTE] = " >= ", [OP_LT] = " < ", [OP_LTE] = " <= "};
	static const char *const is[] = {[IS_NULL] = " IS NULL", [IS_NOT_NULL] = " IS NOT NULL", [IS_TRUE] = " = 1", [IS_FALSE] = " = 0"};
	bool lite = b->engine == ENGINE_SQLITE;
	if (cond->op == OP_IS) {
		sqlb_puts(b, is[cond->is]);
	} else if (cond->op == OP_IN) {
		sqlb_puts(b, " IN (");
		put_values(b, cond);
		sqlb_puts(b, ")");
	} else if (cond->op == OP_DISTINCT) {
		sqlb_puts(b, lite ? " IS NOT " : " IS DISTINCT FROM ");
		put_values(b, cond);
	} else if (simple[cond->op]) {
		sqlb_puts(b, simple[cond->op]);
		put_values(b, cond);
	} else {
		sqlb_pattern(b, cond);
	}
}

void sqlb_related(struct query_sql *b, const struct query_cond *cond, char prefix, int parent)
{
	const struct condition_node *asked = cond->asked;
	const struct query_node *node = cond->embed;
	if (asked->measure == MEASURE_EXISTS) {
		sqlb_exists(b, node, prefix, parent);
		return;
	}
	int alias = ++b->aliases;
	struct arena *arena = b->ctx->arena;
	const char *id = arena_printf(arena, "\"%c%d\".\"id\"", prefix, parent);
	const char *link = asked->up ? arena_printf(arena, "\"%c%d\".\"%s\"", prefix, parent, field_column(asked->info->fields[asked->link])) : "";
	if (!id || !link) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	sqlb_puts(b, "(SELECT ");
	put_measure(b, asked, alias);
	sqlb_puts(b, " FROM ");
	sqlb_embed_from(b, node, alias, id, link);
	sqlb_node_scope(b, node, 'x', alias);
	sqlb_where(b, node, 'x', alias);
	put_latest(b, asked, alias);
	sqlb_puts(b, ")");
	put_compared(b, cond);
}

void sqlb_member(struct query_sql *b, const struct query_cond *cond, char prefix, int alias)
{
	if (b->duck) {
		b->err = fail(b->ctx, ERR_INVALID, QUERY_CONDITION, "warehouse_lacks");
		return;
	}
	sqlb_column(b, prefix, alias, "id");
	sqlb_puts(b, " IN (SELECT \"record_id\" FROM \"segment_member\" WHERE \"segment_id\" = ");
	sqlb_param(b, value_int(cond->asked->segment_id));
	sqlb_puts(b, ")");
}

static void put_factor(struct query_sql *b, const char *before, int64_t factor, const char *after)
{
	sqlb_puts(b, before);
	sqlb_param(b, value_int(factor));
	sqlb_puts(b, after);
}

/* ((id / P) % P * a + id % P * b + c) % P */
static void put_spread(struct query_sql *b, const struct condition_seed *seed, char prefix, int alias)
{
	sqlb_puts(b, "((");
	sqlb_column(b, prefix, alias, "id");
	put_factor(b, b->duck ? " // 1000037 % 1000037 * " : " / 1000037 % 1000037 * ", seed->a, " + ");
	sqlb_column(b, prefix, alias, "id");
	put_factor(b, " % 1000037 * ", seed->b, " + ");
	put_factor(b, "", seed->c, ") % 1000037)");
}

/* condition_share in SQL; no step leaves 63 bits. */
void sqlb_share(struct query_sql *b, const struct query_cond *cond, char prefix, int alias)
{
	struct condition_seed seed;
	_Static_assert(CONDITION_SHARE_PRIME == 1000037, "the texts above");
	condition_seed(cond->text, &seed);
	sqlb_puts(b, "(");
	put_spread(b, &seed, prefix, alias);
	sqlb_puts(b, " * ");
	put_spread(b, &seed, prefix, alias);
	sqlb_puts(b, " % 1000037 * ");
	put_spread(b, &seed, prefix, alias);
	put_factor(b, " % 1000037 * ", seed.d, " + ");
	put_factor(b, "", seed.e, ") % 1000037 * 10000 < ");
	sqlb_param(b, value_int((int64_t)cond->asked->share * CONDITION_SHARE_PRIME));
}
