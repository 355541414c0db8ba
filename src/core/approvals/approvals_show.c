/* A request as it is shown: to each as much of the record as they may see. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/gate/gate.h"
#include "core/rest/rest.h"

enum err approval_may_see(struct ctx *ctx, const struct record *request)
{
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	const struct faults before = ctx->faults;
	struct record *record;
	int64_t *ids;
	size_t n = 0;
	if (gate_cap(ctx->actor, CAP_ADMIN) || record_i64(request, "asker_id") == ctx->actor->user_id)
		return OK;
	enum err err = approval_voters(ctx, record_id(request), -1, ctx->actor->user_id, "", &ids, &n);
	if (err || n > 0)
		return err;
	if (info && record_i64(request, "record_id")) {
		err = record_get(ctx, info, record_i64(request, "record_id"), ACTION_READ, &record);
		if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
			return err;
		ctx->faults = before;
	}
	return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "approval");
}

static enum err put_user(struct ctx *ctx, struct jsonw *w, const char *key, int64_t id)
{
	const char *name = NULL;
	enum err err = rest_titles(ctx, registry_find(ctx->registry, "user"), &id, 1, &name);
	jsonw_key(w, key);
	if (id == 0) {
		jsonw_null(w);
		return err;
	}
	jsonw_object(w);
	jsonw_kv_id(w, "id", id);
	jsonw_kv_text(w, "name", name);
	jsonw_end_object(w);
	return err;
}

static void put_moment(struct jsonw *w, const char *key, int64_t at)
{
	jsonw_key(w, key);
	if (at)
		jsonw_time(w, at);
	else
		jsonw_null(w);
}

static enum err put_voter(struct ctx *ctx, int64_t id, struct jsonw *w)
{
	struct record *voter;
	enum err err = record_load(ctx, registry_find(ctx->registry, "approval_voter"), id, &voter);
	if (err)
		return err;
	jsonw_object(w);
	jsonw_kv_int(w, "step", record_i64(voter, "step"));
	err = put_user(ctx, w, "user", record_i64(voter, "user_id"));
	jsonw_kv_text(w, "state", record_text(voter, "state"));
	jsonw_kv_text(w, "word", record_text(voter, "word"));
	put_moment(w, "decided_at", record_i64(voter, "decided_at"));
	jsonw_end_object(w);
	return err;
}

static enum err put_voters(struct ctx *ctx, int64_t request, struct jsonw *w)
{
	int64_t *ids;
	size_t n;
	enum err err = approval_voters(ctx, request, -1, 0, "", &ids, &n);
	jsonw_key(w, "voters");
	jsonw_array(w);
	for (size_t i = 0; !err && i < n; i++)
		err = put_voter(ctx, ids[i], w);
	jsonw_end_array(w);
	return err;
}

/* Who a step is for, by name. */
static enum err put_step(struct ctx *ctx, const json_t *step, struct jsonw *w)
{
	static const char *const keys[] = {"user", "role"};
	const char *who = json_string_value(json_object_get(step, "who"));
	const json_t *hours = json_object_get(step, "hours");
	enum err err = OK;
	jsonw_object(w);
	jsonw_kv_text(w, "who", who);
	for (size_t i = 0; !err && i < 2; i++) {
		const char *text = json_string_value(json_object_get(step, keys[i])), *name = NULL;
		int64_t id;
		if (!text || !id_parse(text, &id))
			continue;
		err = rest_titles(ctx, registry_find(ctx->registry, keys[i]), &id, 1, &name);
		jsonw_kv_text(w, "name", name);
	}
	jsonw_kv_bool(w, "all", json_is_true(json_object_get(step, "all")));
	if (hours)
		jsonw_kv_int(w, "hours", json_integer_value(hours));
	jsonw_kv_text(w, "then", json_string_value(json_object_get(step, "then")));
	jsonw_end_object(w);
	return err;
}

static enum err put_steps(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	json_t *steps = json_loads(record_text(request, "steps"), 0, NULL), *step;
	size_t i;
	enum err err = OK;
	jsonw_key(w, "steps");
	jsonw_array(w);
	json_array_foreach(steps, i, step)
		if (!err)
			err = put_step(ctx, step, w);
	jsonw_end_array(w);
	json_decref(steps);
	return err;
}

static void put_rules(const struct record *request, struct jsonw *w)
{
	json_t *rules = json_loads(record_text(request, "rules"), 0, NULL), *rule;
	size_t i;
	jsonw_key(w, "rules");
	jsonw_array(w);
	json_array_foreach(rules, i, rule)
		jsonw_text(w, json_string_value(json_object_get(rule, "name")));
	jsonw_end_array(w);
	json_decref(rules);
}

/* The name of the record, for who may see the field that holds it; the fields by their rights. */
static void put_content(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	const bool reads = info && entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE;
	const bool named = reads && info->title >= 0 && entity_field_right(ctx->actor, info, info->title) >= RIGHT_READ;
	jsonw_kv_text(w, "title", named ? record_text(request, "title") : NULL);
	if (reads)
		rest_put_diff(ctx, info, w, record_text(request, "diff"));
}

/* Where the fault's field or what stands in the way lies in what one may not see, it is not named. */
static void put_outcome(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	const char *text = record_text(request, "outcome");
	if (text && info && str_equal(record_text(request, "state"), "conflict")) {
		int at = entity_field(info, text);
		text = at >= 0 && entity_field_right(ctx->actor, info, at) >= RIGHT_READ ? text : NULL;
	} else if (text && str_equal(record_text(request, "state"), "failed") && record_i64(request, "asker_id") != ctx->actor->user_id) {
		text = arena_strndup(ctx->arena, text, strcspn(text, "|"));
	}
	jsonw_kv_text(w, "outcome", text);
}

static enum err put_mine(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	int64_t *ids;
	size_t n = 0;
	const bool waits = str_equal(record_text(request, "state"), "waiting"), own = record_i64(request, "asker_id") == ctx->actor->user_id;
	enum err err = waits && !own ? approval_voters(ctx, record_id(request), record_i64(request, "step"), ctx->actor->user_id, "open", &ids, &n) : OK;
	jsonw_kv_bool(w, "may_decide", n > 0 && !ctx->actor->narrowed);
	jsonw_kv_bool(w, "may_withdraw", waits && own);
	jsonw_kv_bool(w, "may_ask_again", own && (str_equal(record_text(request, "state"), "conflict") || str_equal(record_text(request, "state"), "failed") ||
	                                          str_equal(record_text(request, "state"), "rejected") || str_equal(record_text(request, "state"), "withdrawn")));
	return err;
}

static enum err put_due(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	int64_t due = 0;
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(request));
	enum err err = key && str_equal(record_text(request, "state"), "waiting") ? timer_due(ctx, "approval", key, &due) : OK;
	put_moment(w, "due_at", due);
	return err;
}

enum err approval_put(struct ctx *ctx, const struct record *request, struct jsonw *w)
{
	jsonw_object(w);
	jsonw_kv_id(w, "id", record_id(request));
	jsonw_kv_text(w, "entity", record_text(request, "entity"));
	if (record_i64(request, "record_id"))
		jsonw_kv_id(w, "record_id", record_i64(request, "record_id"));
	else
		jsonw_kv_text(w, "record_id", NULL);
	jsonw_kv_text(w, "state", record_text(request, "state"));
	jsonw_kv_int(w, "step", record_i64(request, "step"));
	put_moment(w, "asked_at", record_i64(request, "created_at"));
	put_moment(w, "ended_at", record_i64(request, "ended_at"));
	jsonw_kv_int(w, "seen_version", record_i64(request, "seen_version"));
	jsonw_kv_text(w, "reason", record_text(request, "reason"));
	if (record_i64(request, "again_of_id"))
		jsonw_kv_id(w, "again_of_id", record_i64(request, "again_of_id"));
	put_outcome(ctx, request, w);
	put_rules(request, w);
	put_content(ctx, request, w);
	enum err err = put_user(ctx, w, "asker", record_i64(request, "asker_id"));
	if (!err)
		err = put_steps(ctx, request, w);
	if (!err)
		err = put_voters(ctx, record_id(request), w);
	if (!err)
		err = put_mine(ctx, request, w);
	if (!err)
		err = put_due(ctx, request, w);
	jsonw_end_object(w);
	return err;
}
