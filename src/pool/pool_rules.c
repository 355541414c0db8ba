/* Rules as they stand, and what they say of a customer. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { DAY_MS = 86400000 };

enum err pool_run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err pool_number(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

const char *pool_text(struct ctx *ctx, const struct stmt *stmt, int column)
{
	const char *text = stmt_is_null(stmt, column) ? NULL : stmt_text(stmt, column);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

enum err pool_today(struct ctx *ctx, int64_t *ret)
{
	static const struct condition_word today = {.base = 'd'};
	struct value value;
	enum err err = condition_word_value(ctx, &today, false, &value);
	*ret = err == OK ? value.i : 0;
	return err;
}

/* --- reading -------------------------------------------------------------------------------- */

enum rule_kind { RULE_POOL, RULE_FALL, RULE_STAGE };

static enum err take_rule(struct ctx *ctx, const struct stmt *stmt, enum rule_kind kind, struct pool_rule *rule)
{
	*rule = (struct pool_rule){.id = stmt_i64(stmt, 0), .name = pool_text(ctx, stmt, 1), .text = pool_text(ctx, stmt, 2)};
	if (kind == RULE_POOL)
		rule->takes_free = stmt_i64(stmt, 3) != 0;
	if (kind == RULE_FALL) {
		rule->pool_id = stmt_i64(stmt, 3);
		rule->remind_ms = stmt_i64(stmt, 4) * DAY_MS;
		rule->day_max = stmt_i64(stmt, 5);
	} else if (kind == RULE_STAGE) {
		rule->stage = pool_text(ctx, stmt, 3);
		rule->reason = pool_text(ctx, stmt, 4);
	}
	return rule->name != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err asks_segments(struct ctx *ctx, struct pool_rule *rule)
{
	int64_t *ids;
	size_t n;
	enum err err = condition_segments(ctx, rule->condition, &ids, &n);
	rule->daily = err == OK && n > 0;
	return err;
}

/* A rule that recalls and has no condition would recall everybody: it is none. */
static enum err parse_rule(struct ctx *ctx, enum rule_kind kind, struct pool_rule *rule, bool *ret_ok)
{
	struct faults before = ctx->faults;
	*ret_ok = rule->text != NULL || kind != RULE_FALL;
	if (rule->text == NULL)
		return OK;
	enum err err = condition_parse(ctx, registry_find(ctx->registry, "customer"), rule->text, &rule->condition);
	*ret_ok = err == OK;
	if (err == OK)
		return asks_segments(ctx, rule);
	if (err != ERR_INVALID && err != ERR_NOT_FOUND)
		return err;
	ctx->faults = before;
	return OK;
}

static enum err read_list(struct ctx *ctx, const struct sql *sql, enum rule_kind kind, struct pool_rule **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true, ok;
	struct pool_rule *list = arena_array(ctx->arena, POOL_RULES_MAX, sizeof(*list));
	size_t n = 0;
	*ret = list;
	*ret_n = 0;
	enum err err = list != NULL ? db_prepare(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	while (err == OK && n < POOL_RULES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		err = take_rule(ctx, stmt, kind, &list[n++]);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++) {
		struct pool_rule rule = list[i];
		err = parse_rule(ctx, kind, &rule, &ok);
		if (err == OK && ok)
			list[(*ret_n)++] = rule;
	}
	return err;
}

enum err pool_rules_read(struct ctx *ctx, struct pool_rules *ret)
{
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	enum err err = read_list(ctx, &sql_pool_list, RULE_POOL, &ret->pools, &ret->n_pools);
	if (err == OK)
		err = read_list(ctx, &sql_pool_rule_list, RULE_FALL, &ret->falls, &ret->n_falls);
	if (err == OK)
		err = read_list(ctx, &sql_stage_rule_list, RULE_STAGE, &ret->stages, &ret->n_stages);
	ctx->actor = before;
	return err;
}

enum err pool_rule_holds(struct condition_run *run, const struct pool_rule *rule, int64_t customer, bool *ret, int64_t *ret_next)
{
	int64_t next = CONDITION_NEVER;
	*ret = true;
	if (rule->condition == NULL)
		return OK;
	struct arena_mark mark = arena_mark(run->ctx->arena);
	enum err err = condition_one(run, rule->condition, customer, ret, &next);
	if (err == OK)
		arena_rewind(run->ctx->arena, mark);
	if (ret_next != NULL && next < *ret_next)
		*ret_next = next;
	return err;
}

enum err pool_for(struct condition_run *run, const struct pool_rules *rules, int64_t customer, const struct pool_rule **ret)
{
	enum err err = OK;
	*ret = NULL;
	for (size_t i = 0; err == OK && *ret == NULL && i < rules->n_pools; i++) {
		bool holds = false;
		err = pool_rule_holds(run, &rules->pools[i], customer, &holds, NULL);
		if (err == OK && holds)
			*ret = &rules->pools[i];
	}
	return err;
}

/* --- what a rule would do ------------------------------------------------------------------------ */

static enum err count(struct ctx *ctx, const char *condition, int64_t *ret)
{
	enum { COUNT_MAX = 10000000 };
	struct condition *parsed;
	struct query *query;
	bool capped;
	enum err err = condition_parse(ctx, registry_find(ctx->registry, "customer"), condition, &parsed);
	if (err == OK)
		err = query_of_condition(ctx, parsed, ACTION_READ, &query);
	return err == OK ? query_count(ctx, query, COUNT_MAX, ret, &capped) : err;
}

struct moved_clock {
	const struct clock *real;
	int64_t at;
};

static int64_t moved_now(void *arg)
{
	return ((const struct moved_clock *)arg)->at;
}

static void moved_random(void *arg, void *out, size_t n)
{
	const struct moved_clock *moved = arg;
	moved->real->random(moved->real->arg, out, n);
}

enum err pool_count(struct ctx *ctx, const char *condition, int64_t at, int64_t *ret, int64_t *ret_all)
{
	static const char owned[] = "{\"field\":\"owner_id\",\"op\":\"is\",\"value\":\"not_null\"}";
	struct moved_clock moved = {ctx->clock, at};
	const struct clock clock = {.now_ms = moved_now, .random = moved_random, .arg = &moved}, *before_clock = ctx->clock;
	const struct actor *before = ctx->actor;
	const char *both = arena_printf(ctx->arena, "{\"all\":[%s,%s]}", owned, condition);
	if (both == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	int64_t deadline = ctx->deadline_ms;
	if (at != 0 && deadline != 0)
		ctx->deadline_ms = deadline + at - ctx_now(ctx);
	ctx->actor = gate_system();
	ctx->clock = at != 0 ? &clock : before_clock;
	enum err err = count(ctx, both, ret);
	if (err == OK)
		err = count(ctx, owned, ret_all);
	ctx->clock = before_clock;
	ctx->deadline_ms = deadline;
	ctx->actor = before;
	return err;
}
