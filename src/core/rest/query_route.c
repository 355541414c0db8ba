/* Which way SQLite takes to a page: through the index of a condition, and then sorts; or along the
 * index of the order, and leaves out what does not match.
 *
 * The first is right for few matches, the second for many, and between a page that takes a millisecond and one
 * that takes a second at a million rows lies nothing but this choice.  SQLite makes it without looking at
 * the values, so it is made here: matches of each condition are counted in its index, up to FEW. If one has fewer, it
 * leads.  If all have more, the order is tried, on a leash: where many rows match each condition but
 * hardly any all of them, it would read the whole table, and SQLite's own way is taken after all.
 *
 * A column with a plus before it is of no use to SQLite as a key. PostgreSQL has statistics of values, and is left alone. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum {
	FEW = 1000,              /* matches that are sorted without a thought */
	CANDIDATES_MAX = 8,
	LEASH_STEPS = 400000,    /* of SQLite's machine, for a walk along the order: some 20 ms */
};

struct route {
	const struct query_cond *list[CANDIDATES_MAX];
	size_t n;
	bool scope; /* the gate's predicate is one more */
};

/* Of use as a key: "field = ?" and its kind. */
static bool is_key(const struct query_cond *c)
{
	static const bool many[OP_COUNT] = {[OP_EQ] = true, [OP_IN] = true};
	static const bool one[OP_COUNT] = {[OP_GT] = true, [OP_GTE] = true, [OP_LT] = true, [OP_LTE] = true, [OP_LIKE] = true};
	if (c->kind != COND_TERM || c->negate || c->untrue || c->never || c->field < 0)
		return false;
	if (c->op == OP_IS)
		return c->is != IS_NOT_NULL;
	if (c->n == 0)
		return false;
	if (many[c->op])
		return c->quant != QUANT_ALL;
	if (!one[c->op] || c->quant != QUANT_ONE)
		return false;
	return c->op != OP_LIKE || (c->values[0].t.n > 0 && strchr("%_", c->values[0].t.p[0]) == NULL); /* by a beginning */
}

static bool is_null(const struct query_cond *c)
{
	return c->op == OP_IS && c->is == IS_NULL;
}

static bool is_equal(const struct query_cond *c)
{
	return c->op == OP_IS || (c->op == OP_EQ && c->quant == QUANT_ONE);
}

/* Own rows are found by their owner. */
static bool scope_is_key(const struct query *q, const struct ctx *ctx)
{
	return q->info->parent < 0 && q->info->owner >= 0 && ctx->actor->n_shares == 0 && entity_scope(ctx->actor, q->info, q->action) == SCOPE_OWN;
}

/* Conditions that make the choice for themselves, or tie the rows to those of others. */
static bool is_tied(const struct query *q)
{
	for (const struct query_cond *c = q->root->where.first; c; c = c->next)
		if (c->kind == COND_QUERY || c->kind == COND_IMPORT || c->kind == COND_EMBED || (c->kind == COND_TERM && (c->op == OP_SEARCH || c->field == SF_ID)))
			return true;
	for (const struct query_node *child = q->root->first; child; child = child->next)
		if (child->inner)
			return true;
	return false;
}

/* One index serves the order from end to end, in one direction. */
static bool order_walks(const struct query *q)
{
	const struct query_order *first = q->root->order;
	if (!first || first->item || first->node->at != 0 || (first->nullable && !query_splits(q)))
		return false;
	if (first->field == SF_ID)
		return true;
	const struct query_order *second = first->next;
	return second && second->node->at == 0 && second->field == SF_ID && second->desc == first->desc && !second->next &&
	       entity_index_leads(q->info, first->field, SF_ID, true);
}

static bool find_candidates(struct ctx *ctx, const struct query *q, struct route *ret)
{
	*ret = (struct route){.scope = scope_is_key(q, ctx)};
	int by = q->root->order->field;
	if (ret->scope && entity_index_leads(q->info, q->info->owner, by, false))
		return false;
	for (const struct query_cond *c = q->root->where.first; c; c = c->next) {
		if (!is_key(c) || !entity_index_leads(q->info, c->field, -1, is_null(c)))
			continue;
		/* what it finds comes in order, or the order is its own */
		if (c->field == by || (is_equal(c) && entity_index_leads(q->info, c->field, by, is_null(c))))
			return false;
		if (ret->n == CANDIDATES_MAX)
			return false;
		ret->list[ret->n++] = c;
	}
	return ret->n > 0 || ret->scope;
}

static bool route_find(struct ctx *ctx, const struct query *q, struct route *ret)
{
	if (db_engine(ctx->db) != ENGINE_SQLITE || q->root->grouped || q->only_ids || q->all_rows || q->root->limit < 0 || is_tied(q))
		return false;
	return order_walks(q) && find_candidates(ctx, q, ret);
}

bool query_asks_way(struct ctx *ctx, const struct query *q)
{
	struct route route;
	return route_find(ctx, q, &route);
}

/* --- counting -------------------------------------------------------------------------- */

/* Rows of one condition (NULL: of the gate's), at most FEW + 1. */
static enum err count_few(struct ctx *ctx, const struct query *q, const struct query_cond *c, int64_t *ret)
{
	struct query_sql b;
	sqlb_begin(&b, ctx, q, q->root);
	return sqlb_number(&b, sqlb_count_some(&b, c, FEW + 1), ret);
}

/* --- the walk ---------------------------------------------------------------------------- */

/* Whether the page is full, or the order at its end, within the leash. */
static enum err walk_fits(struct ctx *ctx, const struct query *q, enum query_phase phase, int64_t max, bool *ret)
{
	struct query_sql b;
	struct stmt *stmt = NULL;
	bool row = true;
	int64_t steps, ms;
	struct faults before = ctx->faults;
	db_budget(ctx->db, &steps, &ms);
	sqlb_begin(&b, ctx, q, q->root);
	b.steer = true;
	enum err err = sqlb_rows(&b, phase, max);
	if (!err)
		err = sqlb_open(&b, &stmt);
	db_set_budget(ctx->db, LEASH_STEPS, ms);
	while (!err && row)
		err = stmt_step(ctx, stmt, &row);
	db_set_budget(ctx->db, steps, ms);
	if (stmt)
		stmt_done(stmt);
	sqlb_release(&b);
	*ret = !err;
	const struct faults *f = &ctx->faults;
	if (err != ERR_LIMIT || f->count <= before.count || !str_equal(f->list[f->count - 1].key, "budget"))
		return err;
	ctx->faults = before;
	return OK;
}

/* The condition with the fewest matches leads, if they are few. */
static enum err find_lead(struct query_sql *b, const struct route *route)
{
	int64_t least = INT64_MAX, n;
	enum err err = OK;
	for (size_t i = 0; !err && i < route->n + route->scope && least > 0; i++) {
		const struct query_cond *c = i < route->n ? route->list[i] : NULL;
		err = count_few(b->ctx, b->query, c, &n);
		if (err || n >= least)
			continue;
		least = n;
		b->lead = c;
		b->lead_scope = !c;
	}
	b->steer = !err && least <= FEW;
	if (!b->steer) {
		b->lead = NULL;
		b->lead_scope = false;
	}
	return err;
}

enum err query_choose_way(struct query_sql *b, enum query_phase phase, int64_t max)
{
	struct route route;
	if (!route_find(b->ctx, b->query, &route))
		return OK;
	enum err err = find_lead(b, &route);
	return err || b->steer ? err : walk_fits(b->ctx, b->query, phase, max, &b->steer);
}
