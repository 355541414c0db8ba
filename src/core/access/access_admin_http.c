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
	bool keep_tokens;
};

const struct spec access_spec_reset[] = {
	{"password", SPEC_TEXT, offsetof(struct reset_body, password), false, ACCESS_PASSWORD_MAX, "Absent: one is made"},
	{"keep_tokens", SPEC_BOOL, offsetof(struct reset_body, keep_tokens), false, 0, "Leave their API tokens; absent: they are revoked"},
	{0},
};

struct reset {
	int64_t user_id;
	const char *hash;
	bool keep_tokens;
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
	if (!err && !reset->keep_tokens) /* who took the account over may have left a token behind */
		err = access_tokens_end(ctx, reset->user_id);
	return err ? err : access_log_user(ctx, reset->user_id, CHANGE_LOGIN, access_event_diff(ctx, "password_reset", "tokens_kept", reset->keep_tokens ? "true" : NULL, NULL));
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
	reset.keep_tokens = body.keep_tokens;
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
