/* Signing in and out. */
#include <stddef.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

struct sign_in_body {
	const char *email, *password, *code;
};

const struct spec access_spec_sign_in[] = {
	{"email", SPEC_TEXT, offsetof(struct sign_in_body, email), true, 320, "E-mail address of the account"},
	{"password", SPEC_TEXT, offsetof(struct sign_in_body, password), true, ACCESS_PASSWORD_MAX, "Password"},
	{"code", SPEC_TEXT, offsetof(struct sign_in_body, code), false, 32, "Code of the second factor, or a recovery code"},
	{0},
};

enum outcome { SIGN_IN_FAILED, SIGN_IN_CODE_NEEDED, SIGN_IN_DONE };

/* One try.  Every try does the same work, whatever is wrong with it: one hash and
 * one write; so neither the answer nor its time tells whether an account exists. */
struct try {
	struct access *access;
	const struct sign_in_body *body;
	const struct http_request *req;
	struct throttle keys, code_keys; /* of the password, of the code */
	const char *device;              /* NULL: nobody knows this browser */
	const char *address, *agent;
	int64_t user_id;    /* 0: no such account */
	const char *hash;   /* what the password was checked against */
	bool right;
	int64_t old_session, old_user;
	enum outcome outcome;
	struct access_user user;
	struct session_made made;
};

static enum err find_user(struct ctx *ctx, struct try *try)
{
	struct stmt *stmt;
	bool row = false;
	const char *email;
	enum err err = access_email(ctx, try->body->email, &email);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_user_by_email, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, email);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		try->user_id = stmt_i64(stmt, 0);
		try->hash = access_keep(ctx, stmt_text(stmt, 1));
	}
	stmt_done(stmt);
	return err;
}

/* The account as it is now: it may have been disabled, or its password changed, while we were hashing. */
static enum err still_right(struct ctx *ctx, const struct try *try, struct access_user *user, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = false;
	enum err err = access_user_load(ctx, try->user_id, user);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_user_secret, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, try->user_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row && user->active && str_equal(stmt_text(stmt, 0), try->hash);
	stmt_done(stmt);
	return err;
}

static enum err second_factor(struct ctx *ctx, struct try *try)
{
	struct totp totp;
	bool ok;
	enum err err = access_totp_load(ctx, try->access, try->user_id, &totp);
	if (err)
		return err;
	if (!totp.exists || !totp.confirmed) {
		try->outcome = SIGN_IN_DONE;
		return OK;
	}
	if (str_empty(try->body->code)) {
		try->outcome = SIGN_IN_CODE_NEEDED;
		return OK;
	}
	/* whoever knows the password may come from anywhere: codes are counted for the account, in this very write */
	err = access_throttle_take(ctx, &try->code_keys);
	if (!err)
		err = access_totp_use(ctx, try->access, try->user_id, try->body->code, &ok);
	if (!err && ok)
		err = access_throttle_done(ctx, &try->code_keys);
	if (!err && ok)
		try->outcome = SIGN_IN_DONE;
	return err;
}

static enum err begin_session(struct ctx *ctx, struct try *try)
{
	struct actor actor = {.kind = ACTOR_USER, .user_id = try->user_id, .name = try->user.name, .email = try->user.email};
	const struct actor *before = ctx->actor;
	enum err err = access_throttle_done(ctx, &try->keys);
	/* a session that was there before signing in is not carried over */
	if (!err && try->old_session) {
		err = access_session_end(ctx, try->old_user, try->old_session);
		if (err == ERR_NOT_FOUND) {
			faults_clear(ctx);
			err = OK;
		}
	}
	if (!err)
		err = access_session_create(ctx, try->user_id, try->address, try->agent, &try->made);
	if (err)
		return err;
	ctx->actor = &actor;
	err = access_log_user(ctx, try->user_id, CHANGE_LOGIN, access_event_diff(ctx, "sign_in", "address", try->address, NULL));
	ctx->actor = before;
	return err;
}

static enum err note_failure(struct ctx *ctx, struct try *try)
{
	const struct actor *before = ctx->actor;
	const char *locked = try->keys.closes || try->code_keys.closes ? "true" : NULL;
	const char *diff = access_event_diff(ctx, "sign_in_failed", "address", try->address, "locked", locked, NULL);
	ctx->actor = gate_system(); /* nobody has signed in */
	enum err err = access_log_user(ctx, try->user_id, CHANGE_DENIED, diff);
	ctx->actor = before;
	return err;
}

static enum err try_write(struct ctx *ctx, void *arg)
{
	struct try *try = arg;
	bool right = false;
	enum err err = OK;
	try->outcome = SIGN_IN_FAILED;
	if (try->right)
		err = still_right(ctx, try, &try->user, &right);
	if (!err && right)
		err = second_factor(ctx, try);
	if (err)
		return err;
	switch (try->outcome) {
	case SIGN_IN_DONE:
		return begin_session(ctx, try);
	case SIGN_IN_FAILED:
		return note_failure(ctx, try);
	case SIGN_IN_CODE_NEEDED:
		return access_throttle_give_back(ctx, &try->keys);
	}
	return OK;
}

static enum err take_write(struct ctx *ctx, void *arg)
{
	struct try *try = arg;
	return access_throttle_take(ctx, &try->keys);
}

static enum err try_once(struct ctx *ctx, struct try *try)
{
	enum err err = find_user(ctx, try);
	if (err)
		return err;
	try->device = access_device_of(ctx, try->access, try->req, try->user_id);
	err = access_throttle_sign_in(ctx, try->body->email, try->address, try->user_id, try->device, &try->keys);
	if (!err)
		err = access_throttle_code(ctx, try->user_id, try->address, &try->code_keys);
	if (!err && try->device) /* from there codes count like passwords */
		try->code_keys.n = 0;
	if (!err)
		err = access_throttle_check(ctx, &try->keys); /* what is closed costs no write */
	if (!err)
		err = store_write(ctx, ctx->store, take_write, try);
	if (err)
		return err;
	access_hash_enter(try->access);
	try->right = access_password_verify(try->hash, try->body->password);
	access_hash_leave(try->access);
	return store_write(ctx, ctx->store, try_write, try);
}

enum err access_http_sign_in(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct access *access = app_access(ctx->app);
	struct sign_in_body body = {0};
	const struct actor *before = ctx->actor;
	enum err err = http_read_body(ctx, req, &body);
	if (err)
		return err;
	struct try try = {.access = access, .body = &body, .req = req, .address = req->remote, .agent = access_agent(ctx, req),
	                  .old_session = ctx->actor ? ctx->actor->session_id : 0,
	                  .old_user = ctx->actor ? ctx->actor->user_id : 0};
	ctx->actor = NULL; /* whose cookie came along has no part in it, and may be gone */
	err = try_once(ctx, &try);
	ctx->actor = before;
	if (err)
		return err;
	if (try.outcome != SIGN_IN_DONE)
		return fail(ctx, ERR_DENIED, "", try.outcome == SIGN_IN_CODE_NEEDED ? "code_needed" : "sign_in_failed");
	char csrf[97];
	access_csrf_make(ctx, access, try.made.secret, csrf);
	err = access_session_cookie(ctx, res, try.made.secret);
	if (!err)
		err = access_device_remember(ctx, access, req, res, try.user_id);
	return err ? err : access_session_json(ctx, res, &try.user, csrf, try.made.expires_ms);
}

/* --- who am I, and out ---------------------------------------------------------------- */

enum err access_http_session(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct access_user user;
	struct stmt *stmt;
	bool row = false;
	int64_t expires = 0;
	char csrf[97];
	const char *secret = http_cookie(req, ACCESS_COOKIE);
	if (!ctx->actor->session_id || !secret)
		return fail(ctx, ERR_DENIED, "", "session_only");
	enum err err = access_user_load(ctx, ctx->actor->user_id, &user);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_session_by_id, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->session_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		expires = stmt_i64(stmt, 2);
	stmt_done(stmt);
	if (!err && !row)
		err = fail(ctx, ERR_DENIED, "", "not_signed_in");
	if (err)
		return err;
	access_csrf_make(ctx, app_access(ctx->app), secret, csrf);
	return access_session_json(ctx, res, &user, csrf, expires);
}

enum err access_http_sign_out(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	enum err err = access_person_only(ctx);
	if (!err)
		err = access_session_end(ctx, ctx->actor->user_id, ctx->actor->session_id);
	if (!err)
		err = access_log_user(ctx, ctx->actor->user_id, CHANGE_LOGIN, access_event_diff(ctx, "sign_out", "address", req->remote, NULL));
	if (!err)
		err = access_session_cookie(ctx, res, NULL);
	if (!err)
		http_status(res, 204);
	return err;
}
