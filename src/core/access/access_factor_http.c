/* My account: second factor and API tokens. */
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/access/access_internal.h"

/* --- second factor ---------------------------------------------------------------- */

struct code_body {
	const char *code;
};
struct totp_remove_body {
	const char *password, *code;
};

const struct spec access_spec_code[] = {
	{"code", SPEC_TEXT, offsetof(struct code_body, code), true, 32, "Six digits that the authenticator shows"},
	{0},
};
const struct spec access_spec_totp_remove[] = {
	{"password", SPEC_TEXT, offsetof(struct totp_remove_body, password), true, ACCESS_PASSWORD_MAX, "Password"},
	{"code", SPEC_TEXT, offsetof(struct totp_remove_body, code), true, 32, "Code of the second factor, or a recovery code"},
	{0},
};

struct factor {
	struct access *access;
	const char *code, *address;
	const char *hash; /* of the password that was confirmed; NULL: none was asked for */
	struct throttle keys;
	uint8_t secret[TOTP_SECRET];
	const char *codes[ACCESS_RECOVERY_CODES];
	bool ok;
};

static enum err begin_write(struct ctx *ctx, void *arg)
{
	struct factor *factor = arg;
	struct totp totp;
	int64_t user_id = ctx->actor->user_id;
	enum err err = access_totp_load(ctx, factor->access, user_id, &totp);
	if (!err && totp.exists && totp.confirmed)
		return fail(ctx, ERR_CONFLICT, "", "totp_exists");
	return err ? err : access_totp_begin(ctx, factor->access, user_id, factor->secret);
}

/* Percent-encodes what is not unreserved. */
static const char *encode(struct ctx *ctx, const char *text)
{
	struct buf buf;
	buf_init(&buf, 4096);
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c))
			buf_putc(&buf, *p);
		else
			buf_printf(&buf, "%%%02X", c);
	}
	const char *out = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return out;
}

enum err access_http_totp_begin(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	struct factor factor = {.access = app_access(ctx->app)};
	char text[2 * TOTP_SECRET];
	struct jsonw w;
	enum err err = access_person_only(ctx);
	if (err)
		return err;
	ctx_random(ctx, factor.secret, sizeof(factor.secret));
	err = store_write(ctx, ctx->store, begin_write, &factor);
	if (err)
		return err;
	access_base32(factor.secret, sizeof(factor.secret), text);
	const char *email = encode(ctx, ctx->actor->email);
	const char *uri = email ? arena_printf(ctx->arena, "otpauth://totp/Guanxi:%s?secret=%s&issuer=Guanxi", email, text) : NULL;
	if (!uri)
		return access_no_memory(ctx);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "secret", text);
	jsonw_kv_text(&w, "uri", uri);
	jsonw_end_object(&w);
	sodium_memzero(&factor, sizeof(factor));
	return access_answer(ctx, res);
}

static enum err set_enabled(struct ctx *ctx, int64_t user_id, bool enabled)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (!err)
		err = record_set(ctx, patch, "totp_enabled", value_int(enabled));
	return err ? err : record_update(ctx, user_id, patch, 0, W_TRUSTED, NULL);
}

enum err access_totp_disable(struct ctx *ctx, int64_t user_id)
{
	enum err err = access_totp_remove(ctx, user_id);
	if (!err)
		err = set_enabled(ctx, user_id, false);
	return err ? err : access_log_user(ctx, user_id, CHANGE_LOGIN, access_event_diff(ctx, "totp_removed", NULL));
}

static enum err note_wrong(struct ctx *ctx, const struct factor *factor)
{
	return access_log_user(ctx, ctx->actor->user_id, CHANGE_DENIED,
	                       access_event_diff(ctx, "code_wrong", "address", factor->address, "locked", factor->keys.closes ? "true" : NULL, NULL));
}

/* Counted before it is looked at, in the same write: of a burst no more are tried than of a row. */
static enum err try_code(struct ctx *ctx, struct factor *factor)
{
	enum err err = access_throttle_take(ctx, &factor->keys);
	factor->ok = false;
	if (!err)
		err = access_totp_use(ctx, factor->access, ctx->actor->user_id, factor->code, &factor->ok);
	if (!err && factor->ok)
		err = access_throttle_done(ctx, &factor->keys);
	return err;
}

static enum err confirm_write(struct ctx *ctx, void *arg)
{
	struct factor *factor = arg;
	struct totp totp;
	int64_t user_id = ctx->actor->user_id;
	factor->ok = false;
	enum err err = access_totp_load(ctx, factor->access, user_id, &totp);
	if (!err && (!totp.exists || totp.confirmed))
		return fail(ctx, ERR_CONFLICT, "", totp.exists ? "totp_exists" : "totp_absent");
	if (!err)
		err = try_code(ctx, factor);
	if (err || !factor->ok)
		return err ? err : note_wrong(ctx, factor);
	err = access_totp_confirm(ctx, user_id, factor->codes);
	if (!err)
		err = set_enabled(ctx, user_id, true);
	return err ? err : access_log_user(ctx, user_id, CHANGE_LOGIN, access_event_diff(ctx, "totp_enabled", NULL));
}

static enum err remove_write(struct ctx *ctx, void *arg)
{
	struct factor *factor = arg;
	enum err err = access_same_hash(ctx, "password", factor->hash);
	if (!err)
		err = try_code(ctx, factor);
	if (err || !factor->ok)
		return err ? err : note_wrong(ctx, factor);
	return access_totp_disable(ctx, ctx->actor->user_id);
}

/* Checks the code in a write job, guarded against guessing. */
static enum err with_code(struct ctx *ctx, struct factor *factor, write_fn fn)
{
	enum err err = access_throttle_code(ctx, ctx->actor->user_id, factor->address, &factor->keys);
	if (!err)
		err = store_write(ctx, ctx->store, fn, factor);
	if (!err && !factor->ok)
		err = fail(ctx, ERR_INVALID, "code", "code_wrong");
	return err;
}

enum err access_http_totp_confirm(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct code_body body = {0};
	struct factor factor = {.access = app_access(ctx->app), .address = req->remote};
	struct jsonw w;
	enum err err = access_person_only(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	factor.code = body.code;
	if (!err)
		err = with_code(ctx, &factor, confirm_write);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "recovery_codes");
	jsonw_array(&w);
	for (size_t i = 0; i < ACCESS_RECOVERY_CODES; i++)
		jsonw_text(&w, factor.codes[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_totp_remove(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct totp_remove_body body = {0};
	struct factor factor = {.access = app_access(ctx->app), .address = req->remote};
	enum err err = access_person_only(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	factor.code = body.code;
	if (!err)
		err = access_confirm_password(ctx, "password", body.password, req->remote, &factor.hash);
	if (!err)
		err = with_code(ctx, &factor, remove_write);
	if (!err)
		http_status(res, 204);
	return err;
}

/* --- tokens -------------------------------------------------------------------------- */

struct token_body {
	const char *name, *expires_at;
	json_t *roles;
};

const struct spec access_spec_token[] = {
	{"name", SPEC_TEXT, offsetof(struct token_body, name), true, 400, "What it is for"},
	{"roles", SPEC_JSON, offsetof(struct token_body, roles), false, 0, "Ids of narrower roles; absent: all you may do"},
	{"expires_at", SPEC_TEXT, offsetof(struct token_body, expires_at), false, 40, "When it ends (RFC 3339); absent: never"},
	{0},
};

enum err access_http_tokens(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	static const char *const times[] = {"created_at", "expires_at", "last_used_at"};
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	enum err err = access_person_only(ctx);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_token_list, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", stmt_i64(stmt, 0));
		jsonw_kv_text(&w, "name", stmt_text(stmt, 1));
		jsonw_kv_bool(&w, "narrowed", stmt_i64(stmt, 2) != 0);
		for (int i = 0; i < 3; i++) {
			jsonw_key(&w, times[i]);
			if (stmt_is_null(stmt, 3 + i))
				jsonw_null(&w);
			else
				jsonw_time(&w, stmt_i64(stmt, 3 + i));
		}
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err ? err : access_answer(ctx, res);
}

enum err access_read_roles(struct ctx *ctx, const json_t *list, int64_t **ret_ids, size_t *ret_n)
{
	size_t n = json_array_size(list);
	if (!json_is_array(list) || n > ACCESS_ROLES_MAX)
		return fail(ctx, ERR_INVALID, "roles", "role_not_list");
	int64_t *ids = arena_array(ctx->arena, n + 1, sizeof(*ids));
	if (!ids)
		return access_no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (!text || !id_parse(text, &ids[i]))
			return fail(ctx, ERR_INVALID, "roles", "role_not_id");
	}
	*ret_ids = ids;
	*ret_n = n;
	return OK;
}

/* An empty list is a wish for nothing, not for everything. */
static enum err wish_roles(struct ctx *ctx, const json_t *list, struct token_wish *wish)
{
	int64_t *ids;
	if (!list || json_is_null(list))
		return OK;
	enum err err = access_read_roles(ctx, list, &ids, &wish->n_roles);
	wish->narrowed = true;
	wish->roles = err ? NULL : ids;
	return err;
}

static enum err read_wish(struct ctx *ctx, const struct token_body *body, struct token_wish *wish)
{
	wish->user_id = ctx->actor->user_id;
	wish->name = body->name;
	if (!str_empty(body->expires_at)) {
		if (!time_parse(body->expires_at, &wish->expires_ms))
			fault_add(ctx, ERR_INVALID, "expires_at", "not_time", NULL);
		else if (wish->expires_ms <= ctx_now(ctx))
			fault_add(ctx, ERR_INVALID, "expires_at", "expiry_past", NULL);
	}
	enum err err = wish_roles(ctx, body->roles, wish);
	return err ? err : faults_code(ctx);
}

struct token_job {
	struct token_wish wish;
	int64_t id;
	const char *token;
};

static enum err token_write(struct ctx *ctx, void *arg)
{
	struct token_job *job = arg;
	return access_token_make(ctx, &job->wish, &job->id, &job->token);
}

enum err access_http_token_create(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct token_body body = {0};
	struct token_job job = {0};
	struct jsonw w;
	enum err err = access_person_only(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = read_wish(ctx, &body, &job.wish);
	if (!err)
		err = store_write(ctx, ctx->store, token_write, &job);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", job.id);
	jsonw_kv_text(&w, "token", job.token);
	jsonw_end_object(&w);
	http_status(res, 201);
	return access_answer(ctx, res);
}

enum err access_http_token_delete(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	enum err err = access_person_only(ctx);
	if (!err)
		err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = access_token_revoke(ctx, ctx->actor->user_id, id);
	if (!err)
		http_status(res, 204);
	return err;
}
