/* Points and turns. Rules are asked as the program itself: a score is the same whoever saved the lead. */
#include <jansson.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/condition/condition.h"
#include "leads/leads.h"
#include "leads_sql.h"

enum { RULES_MAX = 200, USERS_MAX = 500, SCORE_MAX = 1000 };

struct rules {
	int64_t ids[RULES_MAX];
	size_t n;
};

static enum err read_rules(struct ctx *ctx, const struct sql *sql, struct rules *ret)
{
	struct stmt *stmt;
	bool row;
	ret->n = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && ret->n < RULES_MAX)
		ret->ids[ret->n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* A rule that cannot be read any more (a field is gone) holds of nothing, and does not keep leads from being saved. */
static enum err holds(struct condition_run *run, const struct record *rule, int64_t lead, bool *ret)
{
	struct ctx *ctx = run->ctx;
	struct condition *condition;
	const char *text = record_text(rule, "condition");
	*ret = text == NULL;
	if (text == NULL)
		return OK;
	enum err err = condition_parse(ctx, registry_find(ctx->registry, "lead"), text, &condition);
	if (err == ERR_INVALID) {
		faults_clear(ctx);
		return OK;
	}
	return err == OK ? condition_one(run, condition, lead, ret, NULL) : err;
}

/* --- the score --------------------------------------------------------------------------------- */

static void put_reason(struct jsonw *w, const struct record *rule)
{
	jsonw_object(w);
	jsonw_kv_text(w, "name", record_text(rule, "name"));
	jsonw_kv_text(w, "name_zh", record_text(rule, "name_zh"));
	jsonw_kv_int(w, "points", record_i64(rule, "points"));
	jsonw_end_object(w);
}

static enum err add_points(struct condition_run *run, const struct rules *rules, int64_t lead, struct jsonw *w, int64_t *ret)
{
	struct ctx *ctx = run->ctx;
	const struct entity_info *info = registry_find(ctx->registry, "lead_point");
	enum err err = OK;
	*ret = 0;
	for (size_t i = 0; err == OK && i < rules->n; i++) {
		struct record *rule;
		bool is = false;
		err = record_load(ctx, info, rules->ids[i], &rule);
		if (err == OK)
			err = holds(run, rule, lead, &is);
		if (err != OK || !is)
			continue;
		*ret += record_i64(rule, "points");
		put_reason(w, rule);
	}
	return err;
}

/* A kept figure: no change of the lead, and none of its version. */
static enum err write_score(struct ctx *ctx, int64_t id, int64_t score, const char *why)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_lead_set_score, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, score);
	stmt_bind_text(stmt, 3, why);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err lead_score(struct ctx *ctx, int64_t id)
{
	const struct actor *before = ctx->actor;
	struct condition_run run;
	struct rules *rules = arena_alloc(ctx->arena, sizeof(*rules));
	struct buf why;
	struct jsonw w;
	int64_t score = 0;
	if (rules == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	buf_init(&why, 8000);
	jsonw_init(&w, &why);
	ctx->actor = gate_system();
	condition_run_begin(ctx, &run);
	jsonw_array(&w);
	enum err err = read_rules(ctx, &sql_lead_points, rules);
	if (err == OK)
		err = add_points(&run, rules, id, &w, &score);
	jsonw_end_array(&w);
	condition_run_end(&run);
	ctx->actor = before;
	const char *text = buf_failed(&why) ? "[]" : arena_strdup(ctx->arena, buf_text(&why));
	buf_release(&why);
	if (err == OK && text == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	score = score < 0 ? 0 : score > SCORE_MAX ? SCORE_MAX : score;
	return err == OK ? write_score(ctx, id, score, text) : err;
}

/* --- whose it becomes -------------------------------------------------------------------------------- */

/* Those of the rule who still work here; ascending. */
static enum err read_users(struct ctx *ctx, int64_t rule, int64_t *ids, int64_t *loads, size_t *ret_n)
{
	struct stmt *stmt;
	bool row;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_lead_users, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, rule);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < USERS_MAX) {
		ids[*ret_n] = stmt_i64(stmt, 0);
		loads[(*ret_n)++] = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	return err;
}

static int64_t choose(const struct record *rule, const int64_t *ids, const int64_t *loads, size_t n)
{
	size_t at = 0;
	if (str_equal(record_text(rule, "mode"), "load")) {
		for (size_t i = 1; i < n; i++)
			at = loads[i] < loads[at] ? i : at;
		return ids[at];
	}
	while (at < n && ids[at] <= record_i64(rule, "last_user_id"))
		at++;
	return ids[at < n ? at : 0];
}

static enum err give(struct ctx *ctx, int64_t lead, const struct record *rule, int64_t user)
{
	static const char *const places[] = {"team_id", "branch_id"};
	struct record *patch, *who;
	enum err err = record_new(ctx, rule->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "last_user_id", value_int(user));
	if (err == OK)
		err = record_update(ctx, record_id(rule), patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "user"), user, &who);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, "lead"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "owner_id", value_int(user));
	if (err == OK)
		err = record_set(ctx, patch, "assigned_by_id", value_int(record_id(rule)));
	for (size_t i = 0; err == OK && i < sizeof(places) / sizeof(places[0]); i++)
		err = record_set(ctx, patch, places[i], *record_value(who, places[i]));
	return err == OK ? record_update(ctx, lead, patch, 0, W_TRUSTED, NULL) : err;
}

/* The first rule that fits and has somebody. */
static enum err by_rules(struct condition_run *run, const struct rules *rules, int64_t lead, int64_t *ids, int64_t *loads)
{
	struct ctx *ctx = run->ctx;
	const struct entity_info *info = registry_find(ctx->registry, "lead_assignment");
	enum err err = OK;
	for (size_t i = 0; err == OK && i < rules->n; i++) {
		struct record *rule;
		size_t n = 0;
		bool is = false;
		err = record_load(ctx, info, rules->ids[i], &rule);
		if (err == OK)
			err = holds(run, rule, lead, &is);
		if (err == OK && is)
			err = read_users(ctx, record_id(rule), ids, loads, &n);
		if (err == OK && n > 0)
			return give(ctx, lead, rule, choose(rule, ids, loads, n));
	}
	return err;
}

enum err lead_assign(struct ctx *ctx, int64_t id)
{
	const struct actor *before = ctx->actor;
	struct condition_run run;
	struct rules *rules = arena_alloc(ctx->arena, sizeof(*rules));
	int64_t *ids = arena_array(ctx->arena, USERS_MAX, sizeof(*ids)), *loads = arena_array(ctx->arena, USERS_MAX, sizeof(*loads));
	if (rules == NULL || ids == NULL || loads == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ctx->actor = gate_system();
	condition_run_begin(ctx, &run);
	enum err err = read_rules(ctx, &sql_lead_assignments, rules);
	if (err == OK)
		err = by_rules(&run, rules, id, ids, loads);
	condition_run_end(&run);
	ctx->actor = before;
	return err;
}
