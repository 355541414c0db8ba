/* What is measured of the records that belong to one. */
#include <string.h>

#include "core/condition/condition_internal.h"

struct measuring {
	struct condition_run *run;
	const struct condition_node *node;
	struct value best, best_by; /* MIN, MAX, LATEST */
	int64_t best_id, count, sum;
	double real;
	int64_t next;               /* the first of them to turn; EXISTS: of those that are not meant */
	int64_t stays;              /* EXISTS: the last of those meant to turn */
	bool done;                  /* nothing more can change it, and nothing will by itself */
};

static enum err keep(struct measuring *m, const struct value *value, struct value *ret)
{
	*ret = *value;
	if (value->kind != VALUE_TEXT)
		return OK;
	ret->t.p = arena_strndup(m->run->ctx->arena, value->t.p, value->t.n);
	return ret->t.p ? OK : fail(m->run->ctx, ERR_LIMIT, "", "memory");
}

/* NULL stands before everything, as nothing is the earliest. */
static int order_nulls(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_NULL || b->kind == VALUE_NULL)
		return (a->kind != VALUE_NULL) - (b->kind != VALUE_NULL);
	return condition_order(a, b);
}

static enum err take_extreme(struct measuring *m, const struct value *value)
{
	if (value->kind == VALUE_NULL)
		return OK;
	int order = m->best.kind == VALUE_NULL ? 0 : condition_order(value, &m->best);
	bool better = m->best.kind == VALUE_NULL || (m->node->measure == MEASURE_MIN ? order < 0 : order > 0);
	return better ? keep(m, value, &m->best) : OK;
}

static enum err take_latest(struct measuring *m, const struct record *record)
{
	const struct value *by = &record->values[m->node->by];
	int order = m->count == 1 ? 1 : order_nulls(by, &m->best_by);
	if (order < 0 || (order == 0 && record_id(record) < m->best_id))
		return OK;
	m->best_id = record_id(record);
	enum err err = keep(m, by, &m->best_by);
	return err ? err : keep(m, &record->values[m->node->of], &m->best);
}

static enum err take(struct measuring *m, const struct record *record, int64_t turns)
{
	const struct condition_node *node = m->node;
	const struct value *value = node->of >= 0 ? &record->values[node->of] : NULL;
	m->count++;
	switch (node->measure) {
	case MEASURE_EXISTS:
		m->stays = turns > m->stays ? turns : m->stays;
		m->done = turns == CONDITION_NEVER;
		return OK;
	case MEASURE_COUNT: return OK;
	case MEASURE_SUM:
		if (value->kind == VALUE_INT)
			m->sum += value->i;
		else if (value->kind == VALUE_REAL)
			m->real += value->r;
		return OK;
	case MEASURE_MIN:
	case MEASURE_MAX: return take_extreme(m, value);
	case MEASURE_LATEST: return take_latest(m, record);
	}
	return OK;
}

/* One of them: whether the asker sees it, and it is one of those meant. */
static enum err take_row(struct measuring *m, struct record *record)
{
	const struct condition_node *node = m->node;
	struct ctx *ctx = m->run->ctx;
	struct condition_seen seen = {.holds = true, .next = CONDITION_NEVER};
	bool reached = true;
	enum err err = condition_take_lists(ctx, &node->columns, record);
	struct arena_mark mark = arena_mark(ctx->arena); /* of many rows each asks anew, and keeps nothing */
	if (!err && node->first)
		err = condition_node_one(m->run, node->first, record, &seen);
	if (!err && (seen.holds || seen.next != CONDITION_NEVER))
		err = condition_reach(ctx, node->other, record_id(record), &reached);
	if (!err)
		arena_rewind(ctx->arena, mark);
	if (err || !reached)
		return err;
	if (seen.next < m->next && !(seen.holds && node->measure == MEASURE_EXISTS))
		m->next = seen.next;
	return seen.holds ? take(m, record, seen.next) : OK;
}

/* Many small questions come upon no deadline of their own. */
static enum err in_time(struct ctx *ctx)
{
	return ctx->deadline_ms == 0 || ctx_now(ctx) < ctx->deadline_ms ? OK : fail(ctx, ERR_LIMIT, "", "deadline");
}

static enum err each(struct measuring *m, int64_t key)
{
	struct ctx *ctx = m->run->ctx;
	const struct condition_columns *columns = &m->node->columns;
	struct record *record;
	struct stmt *stmt;
	bool row;
	enum err err = record_new(ctx, m->node->other, &record);
	if (!err)
		err = db_prepare_kept(ctx, ctx->db, columns->sql, columns->sql_n, columns->hash, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, key);
	while (!m->done && !(err = stmt_step(ctx, stmt, &row)) && row) {
		condition_take_row(columns, stmt, record);
		err = take_row(m, record);
		if (!err)
			err = in_time(ctx);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

static struct value measured(const struct measuring *m)
{
	const struct condition_node *node = m->node;
	if (node->measure == MEASURE_EXISTS || node->measure == MEASURE_COUNT)
		return value_int(m->count);
	if (node->measure != MEASURE_SUM)
		return m->best;
	return condition_field(node->other, node->of)->type == FIELD_REAL ? value_real(m->real) : value_int(m->sum);
}

enum err condition_related_one(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret)
{
	struct measuring m = {.run = run, .node = node, .next = CONDITION_NEVER};
	const struct value *link = &record->values[node->up ? node->link : SF_ID];
	enum err err = link->kind == VALUE_INT ? each(&m, link->i) : OK;
	if (err)
		return err;
	ret->value = measured(&m);
	ret->next = m.next;
	if (node->measure == MEASURE_EXISTS) {
		ret->holds = m.count > 0;
		ret->next = ret->holds ? m.stays : m.next;
		return OK;
	}
	int64_t turns = condition_compare_next(run, &node->compare, &ret->value);
	ret->next = turns < ret->next ? turns : ret->next;
	return condition_compare_one(run, &node->compare, &ret->value, &ret->holds);
}

bool condition_none_holds(const struct condition_node *node)
{
	struct condition_run run = {0};
	struct value none = node->measure == MEASURE_COUNT || node->measure == MEASURE_SUM ? value_int(0) : value_null();
	bool holds = false;
	if (node->measure == MEASURE_EXISTS || condition_compare_one(&run, &node->compare, &none, &holds) != OK)
		return false;
	return holds;
}
