/* What the rules say of one customer: its stage, whether it falls, when it would, and when to look again. */
#include <stdio.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { HOUR_MS = 3600000, STEPS_MAX = 12 };

/* The customer as far as rules of pools need it beyond their conditions. */
struct seen {
	const char *stage;
	int64_t owner, pool, merged;
	int64_t had_next, held;    /* held -1: none */
	int64_t warning, warning_at, warning_rule, warning_owner;
};

static enum err read_customer(struct ctx *ctx, int64_t id, struct seen *ret, bool *ret_there)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_customer, &stmt);
	*ret_there = false;
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, ret_there);
	if (err == OK && *ret_there)
		*ret = (struct seen){.stage = pool_text(ctx, stmt, 0), .owner = stmt_i64(stmt, 1), .pool = stmt_i64(stmt, 2), .merged = stmt_i64(stmt, 4)};
	stmt_done(stmt);
	return err;
}

static enum err read_watch(struct ctx *ctx, int64_t id, struct seen *seen)
{
	struct stmt *stmt;
	bool row = false;
	seen->had_next = CONDITION_NEVER;
	seen->held = -1;
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_watch_get, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		seen->had_next = stmt_i64(stmt, 0);
		seen->held = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	return err;
}

static enum err read_warning(struct ctx *ctx, int64_t id, struct seen *seen)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_warning_of, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		seen->warning = stmt_i64(stmt, 0);
		seen->warning_at = stmt_i64(stmt, 1);
		seen->warning_rule = stmt_i64(stmt, 2);
		seen->warning_owner = stmt_i64(stmt, 3);
	}
	stmt_done(stmt);
	return err;
}

/* --- the stage ------------------------------------------------------------------------------- */

/* What somebody set by hand stays until the facts lead to another rule than the one it was set against. */
static enum err by_hand(struct ctx *ctx, int64_t id, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_stage_move_last, &stmt);
	*ret = false;
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row && stmt_i64(stmt, 0) == 0;
	stmt_done(stmt);
	return err;
}

static enum err judge_stage(struct condition_run *run, const struct pool_rules *rules, const struct seen *seen, struct pool_verdict *v)
{
	const struct pool_rule *match = NULL;
	bool hand = false;
	enum err err = OK;
	for (size_t i = 0; err == OK && match == NULL && i < rules->n_stages; i++) {
		bool holds = false;
		err = pool_rule_holds(run, &rules->stages[i], v->customer, &holds, &v->next);
		match = holds ? &rules->stages[i] : NULL;
	}
	v->held = -1;
	if (err != OK || match == NULL || str_equal(match->stage, seen->stage))
		return err;
	err = by_hand(run->ctx, v->customer, &hand);
	if (err != OK)
		return err;
	if (hand && (seen->held < 0 || seen->held == match->id))
		v->held = match->id;
	else
		v->stage = match;
	return OK;
}

/* --- whether it falls ------------------------------------------------------------------------- */

/* An exception that ends is looked at again the day after. */
static enum err exempt(struct ctx *ctx, int64_t id, int64_t *next, bool *ret)
{
	static const struct condition_word today = {.base = 'd'};
	struct value day;
	struct stmt *stmt;
	int64_t until;
	char text[40];
	*ret = false;
	enum err err = condition_word_value(ctx, &today, true, &day);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_pool_exempt, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, day.t.p);
	err = stmt_step(ctx, stmt, ret);
	bool ends = err == OK && *ret && !stmt_is_null(stmt, 0);
	if (ends)
		snprintf(text, sizeof(text), "%sT00:00:00Z", stmt_text(stmt, 0));
	stmt_done(stmt);
	/* the firm's day ends within a day of UTC's: looked at once more then if it is not yet over */
	if (ends && time_parse(text, &until)) {
		int64_t at = until + DAY_MS > ctx_now(ctx) ? until + DAY_MS : ctx_now(ctx) + HOUR_MS;
		*next = at < *next ? at : *next;
	}
	return err;
}

/* The moment from which the rule holds if nothing happens: from one moment at which it may turn to the next. */
static enum err when_falls(struct condition_run *run, const struct pool_rule *rule, int64_t customer, int64_t next, int64_t *ret)
{
	int64_t before = run->now_ms;
	enum err err = OK;
	bool holds = false;
	*ret = CONDITION_NEVER;
	for (int i = 0; err == OK && !holds && next != CONDITION_NEVER && i < STEPS_MAX; i++) {
		run->now_ms = next;
		next = CONDITION_NEVER;
		err = pool_rule_holds(run, rule, customer, &holds, &next);
		if (err == OK && holds)
			*ret = run->now_ms;
	}
	run->now_ms = before;
	return err;
}

static enum err full_for_today(struct ctx *ctx, const struct pool_rule *rule, int64_t *next, bool *ret)
{
	int64_t today, n;
	*ret = false;
	if (rule->day_max == 0)
		return OK;
	enum err err = pool_today(ctx, &today);
	if (err == OK)
		err = pool_number(ctx, &sql_pool_falls, (const int64_t[]){rule->id, today}, 2, &n);
	if (err != OK || n < rule->day_max)
		return err;
	*ret = true;
	*next = today + DAY_MS < *next ? today + DAY_MS : *next;
	return OK;
}

static const struct pool_rule *pool_of(const struct pool_rules *rules, int64_t id)
{
	for (size_t i = 0; i < rules->n_pools; i++)
		if (rules->pools[i].id == id)
			return &rules->pools[i];
	return NULL;
}

static enum err into(struct condition_run *run, const struct pool_rules *rules, const struct pool_rule *rule, struct pool_verdict *v)
{
	if (rule->pool_id == 0)
		return pool_for(run, rules, v->customer, &v->into);
	v->into = pool_of(rules, rule->pool_id);
	return OK;
}

/* One rule: it falls by it now, or it would at a moment. */
static enum err judge_rule(struct condition_run *run, const struct pool_rules *rules, const struct pool_rule *rule, struct pool_verdict *v)
{
	bool holds = false, full = false;
	int64_t next = CONDITION_NEVER, at = CONDITION_NEVER;
	enum err err = pool_rule_holds(run, rule, v->customer, &holds, &next);
	if (err != OK)
		return err;
	if (holds) {
		err = full_for_today(run->ctx, rule, &v->next, &full);
		if (err == OK && !full)
			err = into(run, rules, rule, v);
		v->falls = err == OK && v->into != NULL ? rule : NULL;
		return err;
	}
	err = when_falls(run, rule, v->customer, next, &at);
	if (err == OK && at < v->falls_at) {
		v->falls_at = at;
		v->warns = rule;
	}
	/* what was found too early is looked at again */
	next = at != CONDITION_NEVER ? at : next;
	v->next = next < v->next ? next : v->next;
	return err;
}

static enum err judge_fall(struct condition_run *run, const struct pool_rules *rules, struct pool_verdict *v)
{
	bool stays = false;
	enum err err = rules->n_falls > 0 ? exempt(run->ctx, v->customer, &v->next, &stays) : OK;
	for (size_t i = 0; err == OK && !stays && v->falls == NULL && i < rules->n_falls; i++)
		err = judge_rule(run, rules, &rules->falls[i], v);
	if (err != OK || v->warns == NULL)
		return err;
	int64_t from = v->falls_at - v->warns->remind_ms;
	if (v->falls != NULL || v->warns->remind_ms == 0 || from > run->now_ms) {
		v->next = v->warns->remind_ms != 0 && from > run->now_ms && from < v->next ? from : v->next;
		v->warns = NULL;
	}
	return OK;
}

static enum err judge_free(struct condition_run *run, const struct pool_rules *rules, struct pool_verdict *v)
{
	enum err err = pool_for(run, rules, v->customer, &v->into);
	if (err == OK && v->into != NULL && !v->into->takes_free)
		v->into = NULL;
	return err;
}

static bool any_daily(const struct pool_rules *rules)
{
	bool any = false;
	for (size_t i = 0; i < rules->n_falls; i++)
		any = any || rules->falls[i].daily;
	for (size_t i = 0; i < rules->n_stages; i++)
		any = any || rules->stages[i].daily;
	return any;
}

static void finish(const struct condition_run *run, const struct pool_rules *rules, const struct seen *seen, struct pool_verdict *v)
{
	bool warned = seen->warning != 0, warns = v->warns != NULL;
	v->acts = v->stage != NULL || v->into != NULL || v->stale != 0;
	if (any_daily(rules) && run->now_ms + DAY_MS < v->next)
		v->next = run->now_ms + DAY_MS;
	if (v->next <= run->now_ms)
		v->next = run->now_ms + HOUR_MS;
	bool same = warned == warns && (!warns || (seen->warning_at == v->falls_at && seen->warning_rule == v->warns->id && seen->warning_owner == seen->owner));
	v->notes = v->next != seen->had_next || v->held != seen->held || !same;
	v->owner = seen->owner;
}

enum err pool_judge(struct condition_run *run, const struct pool_rules *rules, int64_t customer, struct pool_verdict *ret)
{
	struct seen seen = {0};
	struct ctx *ctx = run->ctx;
	*ret = (struct pool_verdict){.customer = customer, .falls_at = CONDITION_NEVER, .next = CONDITION_NEVER, .held = -1};
	enum err err = read_customer(ctx, customer, &seen, &ret->there);
	if (err != OK || !ret->there) {
		ret->notes = true;
		return err;
	}
	err = read_watch(ctx, customer, &seen);
	if (err == OK && seen.pool == 0)
		err = pool_number(ctx, &sql_pool_entry_of, &customer, 1, &ret->stale);
	if (err == OK)
		err = read_warning(ctx, customer, &seen);
	if (err == OK && seen.merged == 0)
		err = judge_stage(run, rules, &seen, ret);
	if (err == OK && seen.merged == 0 && seen.owner != 0)
		err = judge_fall(run, rules, ret);
	else if (err == OK && seen.merged == 0 && seen.pool == 0)
		err = judge_free(run, rules, ret);
	if (err == OK)
		finish(run, rules, &seen, ret);
	return err;
}

/* --- doing it ---------------------------------------------------------------------------------------- */

static enum err set_stage(struct ctx *ctx, const struct pool_verdict *v)
{
	struct record *patch;
	bool lost = str_equal(v->stage->stage, "lost");
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "stage", value_text(v->stage->stage));
	if (err == OK)
		err = record_set(ctx, patch, "stage_rule_id", value_int(v->stage->id));
	if (err == OK && lost)
		err = record_set(ctx, patch, "lost_reason", value_text(str_empty(v->stage->reason) ? v->stage->name : v->stage->reason));
	return err == OK ? record_update(ctx, v->customer, patch, 0, W_TRUSTED, NULL) : err;
}

static enum err tell_why(struct ctx *ctx, const struct pool_rule *rule, int64_t customer, const char **ret)
{
	struct buf text;
	struct jsonw w;
	*ret = NULL;
	if (rule == NULL || rule->condition == NULL)
		return OK;
	buf_init(&text, 20000);
	jsonw_init(&w, &text);
	enum err err = condition_why_told(ctx, rule->condition, customer, &w);
	if (err == OK && !buf_failed(&text))
		*ret = arena_strdup(ctx->arena, buf_text(&text));
	buf_release(&text);
	return err;
}

static enum err fall(struct ctx *ctx, const struct pool_verdict *v)
{
	const char *why;
	enum err err = tell_why(ctx, v->falls, v->customer, &why);
	if (err != OK)
		return err;
	return pool_put(ctx, &(struct pool_fall){.customer = v->customer, .pool = v->into->id, .rule = v->falls != NULL ? v->falls->id : 0,
	                                         .kind = v->falls != NULL ? "fell" : "arrived", .reason = v->falls != NULL ? v->falls->name : NULL, .why = why});
}

static enum err set_warning(struct ctx *ctx, const struct pool_verdict *v)
{
	struct record *r;
	int64_t id;
	const struct entity_info *info = registry_find(ctx->registry, "pool_warning");
	enum err err = pool_number(ctx, &sql_pool_warning_of, &v->customer, 1, &id);
	if (err == OK && v->warns == NULL)
		return id != 0 ? record_delete(ctx, info, id, 0, W_TRUSTED) : OK;
	if (err == OK)
		err = record_new(ctx, info, &r);
	if (err == OK && id == 0)
		err = record_set(ctx, r, "customer_id", value_int(v->customer));
	if (err == OK)
		err = record_set(ctx, r, "owner_id", value_int(v->owner));
	if (err == OK)
		err = record_set(ctx, r, "rule_id", value_int(v->warns->id));
	if (err == OK)
		err = record_set(ctx, r, "falls_at", value_int(v->falls_at));
	if (err != OK)
		return err;
	return id == 0 ? record_create(ctx, r, W_TRUSTED) : record_update(ctx, id, r, 0, W_TRUSTED, NULL);
}

static enum err set_moment(struct ctx *ctx, const struct pool_verdict *v)
{
	if (!v->there || (v->next == CONDITION_NEVER && v->held < 0))
		return pool_run(ctx, &sql_pool_watch_clear, &v->customer, 1);
	return pool_run(ctx, &sql_pool_watch_put, (const int64_t[]){v->customer, v->next, v->held}, 3);
}

enum err pool_act(struct ctx *ctx, const struct pool_rules *rules, const struct pool_verdict *verdict)
{
	struct condition_run run;
	struct pool_verdict v = *verdict;
	enum err err = OK;
	if (v.acts) {
		/* the facts may be others by now */
		condition_run_begin(ctx, &run);
		err = pool_judge(&run, rules, v.customer, &v);
		condition_run_end(&run);
	}
	if (err == OK && v.there && v.stale != 0)
		err = record_delete(ctx, registry_find(ctx->registry, "pool_entry"), v.stale, 0, W_TRUSTED);
	if (err == OK && v.there && v.stage != NULL)
		err = set_stage(ctx, &v);
	if (err == OK && v.there && v.into != NULL)
		err = fall(ctx, &v);
	else if (err == OK && v.there)
		err = set_warning(ctx, &v);
	return err == OK ? set_moment(ctx, &v) : err;
}
