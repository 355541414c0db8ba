/* A decision, and with the last one the change itself: in one transaction, so that it is written once, whoever decides beside it and
 * whatever breaks off. */
#include <stdlib.h>
#include <string.h>

#include "approvals_sql.h"
#include "base/id.h"
#include "base/str.h"
#include "core/access/access.h"
#include "core/approvals/approvals_internal.h"
#include "core/entity/field_type.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

enum { OUTCOME_MAX = 500 };

enum err approval_hold(struct ctx *ctx, int64_t id, struct record **ret)
{
	struct stmt *stmt;
	int64_t changed = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_lock, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	if (!err && changed != 1)
		err = fail(ctx, ERR_CONFLICT, "", "approval_over");
	return err ? err : record_load(ctx, registry_find(ctx->registry, "approval"), id, ret);
}

/* --- writing it --------------------------------------------------------------------------------- */

/* Whether what was to be changed still is what was seen; *ret_field names the first that is not. */
static enum err check_seen(struct ctx *ctx, const struct record *request, const struct record *record, const char **ret_field)
{
	json_t *diff = json_loads(record_text(request, "diff"), 0, NULL), *sides, *then;
	const char *name;
	struct buf out;
	struct jsonw w;
	bool moved = record_i64(record, "version") != record_i64(request, "seen_version");
	*ret_field = NULL;
	buf_init(&out, 4 * 1024 * 1024);
	json_object_foreach(diff, name, sides) {
		int at = entity_field(record->info, name);
		if (!moved || at < 0 || *ret_field)
			continue;
		const struct field *field = record->info->fields[at];
		buf_reset(&out);
		jsonw_init(&w, &out);
		field_write_json(ctx->registry, field, &record->values[at], field->type == FIELD_MONEY ? record_currency(ctx, record, at) : NULL, &w);
		json_t *is = json_loads(buf_text(&out), JSON_DECODE_ANY, NULL);
		then = json_array_get(sides, 0);
		/* a step is a decision about the whole as it stood */
		if (!json_equal(is, then) || field->transitions)
			*ret_field = arena_strdup(ctx->arena, name);
		json_decref(is);
	}
	buf_release(&out);
	json_decref(diff);
	return OK;
}

static enum err grant(struct ctx *ctx, const struct record *request, struct granted *ret)
{
	json_t *rules = json_loads(record_text(request, "rules"), 0, NULL);
	size_t n = json_array_size(rules);
	int64_t *ids = arena_array(ctx->arena, n + 1, sizeof(*ids));
	*ret = (struct granted){.rules = ids};
	for (size_t i = 0; ids && i < n; i++) {
		const char *text = json_string_value(json_object_get(json_array_get(rules, i), "id"));
		if (text && id_parse(text, &ids[ret->n]))
			ret->n++;
	}
	json_decref(rules);
	return ids ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err write_it(struct ctx *ctx, const struct record *request, const struct entity_info *info, const char **ret_moved)
{
	const int64_t id = record_i64(request, "record_id");
	json_t *change = json_loads(record_text(request, "change"), 0, NULL);
	struct record *patch, *record;
	struct granted granted;
	enum err err = grant(ctx, request, &granted);
	*ret_moved = NULL;
	if (!err && id) {
		/* held from here on, so that what is compared is what is changed */
		err = record_get(ctx, info, id, ACTION_UPDATE, &record);
		if (!err)
			err = record_load(ctx, info, id, &record);
		if (!err)
			err = check_seen(ctx, request, record, ret_moved);
	}
	if (!err && !*ret_moved)
		err = record_new(ctx, info, &patch);
	if (!err && !*ret_moved)
		err = record_read_json(ctx, patch, change);
	if (!err && !*ret_moved) {
		ctx->granted = &granted;
		err = id ? record_update(ctx, id, patch, record_i64(record, "version"), 0, NULL) : record_create(ctx, patch, 0);
		ctx->granted = NULL;
	}
	json_decref(change);
	return err;
}

static bool is_passing(enum err err)
{
	return err == ERR_RETRY || err == ERR_BUG || err == ERR_UPSTREAM;
}

/* The key of the fault, its field and argument, for the page to say. */
static const char *outcome_of(struct ctx *ctx)
{
	const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	const char *text = fault ? arena_printf(ctx->arena, "%s|%s|%s", fault->key, fault->field ? fault->field : "", fault->arg ? fault->arg : "") : "?";
	return text ? arena_strndup(ctx->arena, text, strnlen(text, OUTCOME_MAX)) : "?";
}

/* As the asker, with what they may now. */
static enum err as_asker(struct ctx *ctx, const struct record *request, const struct entity_info *info, const char **ret_moved)
{
	const struct actor *before = ctx->actor, *asker;
	const char *request_id = ctx->request_id;
	enum err err = access_actor(ctx, app_access(ctx->app), record_i64(request, "asker_id"), &asker);
	if (err)
		return err;
	ctx->actor = asker;
	ctx->request_id = arena_printf(ctx->arena, "approval-%lld", (long long)record_id(request));
	err = ctx->request_id ? write_it(ctx, request, info, ret_moved) : fail(ctx, ERR_LIMIT, "", "memory");
	ctx->actor = before;
	ctx->request_id = request_id;
	return err;
}

/* All of it or nothing; what stands in the way ends the request, and is told. */
static enum err carry_out(struct ctx *ctx, const struct record *request, const char **ret_state)
{
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	const char *moved = NULL, *outcome = NULL;
	enum err err = db_savepoint(ctx);
	if (err)
		return err;
	err = info ? as_asker(ctx, request, info, &moved) : fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (!err) /* what was sent ahead may fail only now */
		err = db_release(ctx);
	if (is_passing(err))
		return err;
	const bool version = err == ERR_CONFLICT && ctx->faults.count > 0 && str_equal(ctx->faults.list[0].key, "version");
	*ret_state = err == ERR_DENIED ? "ended" : version ? "conflict" : err ? "failed" : moved ? "conflict" : "approved";
	if (err) {
		outcome = err == ERR_DENIED ? "asker" : outcome_of(ctx);
		db_rollback_to(ctx);
		faults_clear(ctx);
	} else if (moved) {
		outcome = moved;
	}
	return approval_end(ctx, request, *ret_state, outcome);
}

/* --- deciding ------------------------------------------------------------------------------------ */

static enum err mark(struct ctx *ctx, int64_t voter, bool yes, const char *word)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "approval_voter"), &patch);
	if (!err)
		err = record_set(ctx, patch, "state", value_text(yes ? "yes" : "no"));
	if (!err)
		err = record_set(ctx, patch, "word", value_text(str_empty(word) ? NULL : word));
	if (!err)
		err = record_set(ctx, patch, "decided_at", value_int(ctx_now(ctx)));
	return err ? err : record_update(ctx, voter, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
}

/* Whether nobody else needs to be heard in this step; if one is enough, the others need not any more. */
static enum err is_done(struct ctx *ctx, const struct record *request, const json_t *step, bool *ret)
{
	int64_t *open;
	size_t n;
	enum err err = approval_voters(ctx, record_id(request), record_i64(request, "step"), 0, "open", &open, &n);
	*ret = n == 0;
	if (err || n == 0 || json_is_true(json_object_get(step, "all")))
		return err;
	*ret = true;
	return approval_spare(ctx, record_id(request), record_i64(request, "step"), 0);
}

static enum err next_step(struct ctx *ctx, const struct record *request, const char **ret)
{
	struct record *patch, *now;
	const int64_t step = record_i64(request, "step") + 1;
	bool anybody = false;
	enum err err = record_new(ctx, request->info, &patch);
	if (!err)
		err = record_set(ctx, patch, "step", value_int(step));
	if (!err)
		err = record_update(ctx, record_id(request), patch, 0, W_TRUSTED | W_NO_SEARCH, &now);
	if (!err)
		err = approval_open_step(ctx, now, step, &anybody);
	if (!err && !anybody) {
		*ret = "failed";
		err = approval_end(ctx, now, *ret, "approval_nobody||");
	}
	return err;
}

static enum err go_on(struct ctx *ctx, const struct record *request, const char **ret)
{
	json_t *steps = json_loads(record_text(request, "steps"), 0, NULL);
	const int64_t at = record_i64(request, "step");
	const json_t *step = approval_step_at(steps, at);
	bool done = false, last = at + 1 >= (int64_t)json_array_size(steps);
	enum err err = is_done(ctx, request, step, &done);
	json_decref(steps);
	if (err || !done)
		return err;
	return last ? carry_out(ctx, request, ret) : next_step(ctx, request, ret);
}

enum err approval_decide(struct ctx *ctx, int64_t id, bool yes, const char *word, const char **ret)
{
	struct record *request;
	int64_t *mine;
	size_t n = 0;
	*ret = "waiting";
	enum err err = approval_hold(ctx, id, &request);
	if (!err && record_i64(request, "asker_id") == ctx->actor->user_id)
		err = fail(ctx, ERR_FORBIDDEN, "", "approval_own");
	if (!err)
		err = approval_voters(ctx, id, record_i64(request, "step"), ctx->actor->user_id, "open", &mine, &n);
	if (!err && n == 0)
		err = fail(ctx, ERR_FORBIDDEN, "", "approval_not_yours");
	if (!err)
		err = mark(ctx, mine[0], yes, word);
	if (err || yes)
		return err ? err : go_on(ctx, request, ret);
	*ret = "rejected";
	return approval_end(ctx, request, *ret, NULL);
}
