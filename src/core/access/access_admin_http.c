/* Administration of users: what the generic API over entities cannot do. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* --- password -------------------------------------------------------------------- */

struct reset_body {
	const char *password;
};

const struct spec access_spec_reset[] = {
	{"password", SPEC_TEXT, offsetof(struct reset_body, password), false, ACCESS_PASSWORD_MAX, "Absent: one is made"},
	{0},
};

struct reset {
	int64_t user_id;
	const char *hash;
};

/* The second factor stays: a new password is no way round it. */
static enum err reset_write(struct ctx *ctx, void *arg)
{
	const struct reset *reset = arg;
	enum err err = access_guard_user(ctx, reset->user_id);
	if (!err)
		err = access_password_store(ctx, reset->user_id, reset->hash, true);
	if (!err)
		err = access_sessions_end(ctx, reset->user_id, 0, NULL);
	if (!err) /* who took the account over may have left a token behind */
		err = access_tokens_end(ctx, reset->user_id);
	return err ? err : access_log_user(ctx, reset->user_id, CHANGE_LOGIN, access_event_diff(ctx, "password_reset", NULL));
}

static enum err choose_password(struct ctx *ctx, const struct access_user *user, const char **password)
{
	if (str_empty(*password))
		return access_random_password(ctx, password);
	return access_password_check(ctx, "password", *password, user->name, user->email);
}

/* A body may be left out where nothing in it is required. */
static enum err read_optional(struct ctx *ctx, const struct http_request *req, void *out)
{
	return req->body_len ? http_read_body(ctx, req, out) : OK;
}

enum err access_http_user_password(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct reset_body body = {0};
	struct reset reset = {0};
	struct access_user user;
	struct jsonw w;
	enum err err = access_param_id(ctx, req, 0, &reset.user_id);
	if (!err)
		err = read_optional(ctx, req, &body);
	/* one's own needs the old one */
	if (!err && reset.user_id == ctx->actor->user_id)
		err = fail(ctx, ERR_FORBIDDEN, "", "self_reset");
	if (!err)
		err = access_user_load(ctx, reset.user_id, &user);
	if (!err)
		err = access_guard_user(ctx, reset.user_id); /* before the costly part */
	if (!err)
		err = choose_password(ctx, &user, &body.password);
	if (!err)
		err = access_password_hash(ctx, app_access(ctx->app), body.password, &reset.hash);
	if (!err)
		err = store_write(ctx, ctx->store, reset_write, &reset);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "password", body.password);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

/* --- in and out --------------------------------------------------------------------- */

static enum err set_active(struct ctx *ctx, const struct http_request *req, struct http_response *res, bool active)
{
	int64_t id;
	struct record *patch;
	struct jsonw w;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (!err)
		err = record_set(ctx, patch, "active", value_int(active));
	if (!err)
		err = record_update(ctx, id, patch, 0, 0, NULL);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_bool(&w, "active", active);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_user_disable(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	return set_active(ctx, req, res, false);
}

enum err access_http_user_enable(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	return set_active(ctx, req, res, true);
}

enum err access_http_user_sessions_end(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = access_guard_user(ctx, id);
	if (!err)
		err = access_sessions_end(ctx, id, 0, NULL);
	if (!err)
		err = access_log_user(ctx, id, CHANGE_LOGIN, access_event_diff(ctx, "sessions_ended", NULL));
	if (!err)
		http_status(res, 204);
	return err;
}

/* For somebody who has lost the device. */
enum err access_http_user_totp_remove(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	enum err err = access_param_id(ctx, req, 0, &id);
	/* one's own needs a code */
	if (!err && id == ctx->actor->user_id)
		err = fail(ctx, ERR_FORBIDDEN, "", "self_reset");
	if (!err)
		err = access_guard_user(ctx, id);
	if (!err)
		err = access_totp_disable(ctx, id);
	if (!err)
		http_status(res, 204);
	return err;
}

enum err access_http_user_unlock(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	struct access_user user;
	enum err err = access_param_id(ctx, req, 0, &id);
	/* who could unlock at will could guess at will */
	if (!err)
		err = access_guard_user(ctx, id);
	if (!err)
		err = access_user_load(ctx, id, &user);
	if (!err)
		err = access_throttle_unlock(ctx, id, user.email ? user.email : "");
	if (!err)
		err = access_log_user(ctx, id, CHANGE_LOGIN, access_event_diff(ctx, "unlocked", NULL));
	if (!err)
		http_status(res, 204);
	return err;
}

enum err access_http_token_revoke(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	struct record *token;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = record_load(ctx, registry_find(ctx->registry, "token"), id, &token);
	if (!err)
		err = access_guard_user(ctx, record_i64(token, "user_id"));
	if (!err)
		err = access_token_revoke(ctx, record_i64(token, "user_id"), id);
	if (!err)
		http_status(res, 204);
	return err;
}

/* --- a person leaves --------------------------------------------------------------------- */

/* One write moves this many records: others get their turn in between. */
enum { HANDOVER_CHUNK = 200 };

struct handover_body {
	int64_t to;
};

const struct spec access_spec_handover[] = {
	{"to", SPEC_ID, offsetof(struct handover_body, to), true, 0, "The user who takes all records over"},
	{0},
};

struct handover {
	const struct entity_info *info;
	int64_t from, to;
	int64_t after; /* id of the last record looked at */
	int64_t moved, seen;
};

static enum err chunk_ids(struct ctx *ctx, const struct handover *handover, int64_t *ids, size_t *n)
{
	struct stmt *stmt;
	bool row = false;
	*n = 0;
	/* names come from descriptors */
	const char *text = arena_printf(ctx->arena, "SELECT id FROM \"%s\" WHERE \"%s\" = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
	                                handover->info->entity->name, handover->info->fields[handover->info->owner]->name);
	if (!text)
		return access_no_memory(ctx);
	enum err err = db_prepare_text(ctx, ctx->db, text, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, handover->from);
	stmt_bind_i64(stmt, 2, handover->after);
	stmt_bind_i64(stmt, 3, HANDOVER_CHUNK);
	while (*n < HANDOVER_CHUNK && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[(*n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err chunk_write(struct ctx *ctx, void *arg)
{
	struct handover *handover = arg;
	int64_t ids[HANDOVER_CHUNK];
	size_t n;
	const char *owner = handover->info->fields[handover->info->owner]->name;
	/* Who does not reach all such records moves only what they may change: nobody
	 * gets hold of records by handing them to themselves. */
	bool all = gate_scope(ctx->actor, handover->info->number, ACTION_UPDATE) == SCOPE_ALL;
	enum err err = chunk_ids(ctx, handover, ids, &n);
	for (size_t i = 0; i < n && !err; i++) {
		struct record *patch;
		err = record_new(ctx, handover->info, &patch);
		if (!err)
			err = record_set(ctx, patch, owner, value_int(handover->to));
		if (!err)
			err = record_update(ctx, ids[i], patch, 0, all ? W_TRUSTED : 0, NULL);
	}
	handover->seen = (int64_t)n;
	if (!err && n)
		handover->after = ids[n - 1];
	return err;
}

/* All of one entity; memory does not grow with their number. */
static enum err move_entity(struct ctx *ctx, struct handover *handover)
{
	enum err err;
	handover->after = 0;
	handover->moved = 0;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		int64_t after = handover->after;
		err = store_write(ctx, ctx->store, chunk_write, handover);
		if (err)
			handover->after = after;
		else
			handover->moved += handover->seen;
		if (!err)
			arena_rewind(ctx->arena, mark);
		if (!err && ctx_expired(ctx))
			err = fail(ctx, ERR_LIMIT, "", "deadline");
	} while (!err && handover->seen == HANDOVER_CHUNK);
	return err;
}

/* Whoever leaves may not be somebody who may do more than the actor. */
static enum err check_handover(struct ctx *ctx, int64_t from, int64_t to)
{
	struct access_user user;
	if (!gate_cap(ctx->actor, CAP_ASSIGN))
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (from == to)
		return fail(ctx, ERR_INVALID, "to", "handover_same");
	enum err err = access_user_load(ctx, from, &user);
	if (err)
		return err;
	err = access_user_load(ctx, to, &user);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return fail(ctx, ERR_INVALID, "to", "not_found");
	}
	if (!err && !user.active)
		err = fail(ctx, ERR_INVALID, "to", "user_inactive");
	return err ? err : access_guard_user(ctx, from);
}

static enum err handover_note(struct ctx *ctx, void *arg)
{
	const struct handover *handover = arg;
	char to[ID_TEXT_MAX], moved[ID_TEXT_MAX];
	snprintf(to, sizeof(to), "%lld", (long long)handover->to);
	snprintf(moved, sizeof(moved), "%lld", (long long)handover->seen);
	return access_log_user(ctx, handover->from, CHANGE_LOGIN, access_event_diff(ctx, "handover", "to", to, "records", moved, NULL));
}

enum err access_http_user_handover(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct handover_body body = {0};
	struct handover handover = {0};
	struct jsonw w;
	int64_t total = 0;
	enum err err = access_param_id(ctx, req, 0, &handover.from);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = check_handover(ctx, handover.from, body.to);
	if (err)
		return err;
	handover.to = body.to;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "moved");
	jsonw_object(&w);
	for (size_t i = 0; i < registry_count(ctx->registry) && !err; i++) {
		handover.info = registry_at(ctx->registry, i);
		if (handover.info->owner < 0 || (handover.info->entity->flags & (E_SYSTEM | E_INTERNAL)))
			continue;
		err = move_entity(ctx, &handover);
		if (!err && handover.moved)
			jsonw_kv_int(&w, handover.info->entity->name, handover.moved);
		total += handover.moved;
	}
	if (err)
		return err;
	jsonw_end_object(&w);
	jsonw_kv_int(&w, "total", total);
	jsonw_end_object(&w);
	handover.seen = total;
	err = store_write(ctx, ctx->store, handover_note, &handover);
	return err ? err : access_answer(ctx, res);
}
