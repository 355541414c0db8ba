/* My account: facts, preferences, password, sessions. */
#include <stddef.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"
#include "core/manifest/manifest.h"
#include "core/settings/settings.h"

enum err access_person_only(struct ctx *ctx)
{
	return ctx->actor && ctx->actor->session_id ? OK : fail(ctx, ERR_FORBIDDEN, "", "session_only");
}

const char *access_agent(struct ctx *ctx, const struct http_request *req)
{
	const char *agent = http_header(req, "User-Agent");
	if (!agent)
		return NULL;
	size_t n = strnlen(agent, 200);
	return utf8_valid(agent, n) ? arena_strndup(ctx->arena, agent, n) : NULL;
}

enum err access_answer(struct ctx *ctx, struct http_response *res)
{
	http_set_header(res, "Cache-Control", "no-store");
	return buf_failed(http_body(res)) ? fail(ctx, ERR_LIMIT, "", "answer_too_large") : OK;
}

/* --- facts ------------------------------------------------------------------------ */

static void put_roles(struct ctx *ctx, struct jsonw *w, const struct access_role *roles, size_t n)
{
	jsonw_key(w, "roles");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_kv_id(w, "id", roles[i].id);
		jsonw_kv_text(w, "key", roles[i].key);
		jsonw_kv_text(w, "name", access_role_label(ctx, &roles[i]));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_caps(const struct ctx *ctx, struct jsonw *w)
{
	const struct cap_name *cap;
	jsonw_key(w, "capabilities");
	jsonw_array(w);
	for (unsigned bit = 0; (cap = registry_cap_at(ctx->registry, bit)) != NULL; bit++)
		if (gate_cap(ctx->actor, (enum capability)(1u << bit)))
			jsonw_text(w, cap->name);
	jsonw_end_array(w);
}

static void put_time(struct jsonw *w, const char *key, const struct value *value)
{
	jsonw_key(w, key);
	if (value->kind == VALUE_INT)
		jsonw_time(w, value->i);
	else
		jsonw_null(w);
}

static void put_link(struct jsonw *w, const char *key, int64_t id)
{
	jsonw_key(w, key);
	if (id)
		jsonw_id(w, id);
	else
		jsonw_null(w);
}

static enum err recovery_left(struct ctx *ctx, int64_t user_id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_recovery_count, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static void put_shipped_text(struct jsonw *w, const char *from, const char *label)
{
	if (str_equal(from, label))
		return;
	jsonw_object(w);
	jsonw_kv_text(w, "text", from);
	jsonw_kv_text(w, "label", label);
	jsonw_end_object(w);
}

/* Roles that ship are kept as data, in the language of the day they were made: what their texts are in the reader's. */
static void put_shipped(struct ctx *ctx, struct jsonw *w)
{
	jsonw_key(w, "shipped");
	jsonw_array(w);
	for (const struct role_default *role = access_default_roles; role->key != NULL; role++) {
		if (ctx->locale == LOCALE_ZH_HANT) /* names are kept in English and Simplified Chinese */
			put_shipped_text(w, role->name.zh, settings_label(ctx, &role->name));
		put_shipped_text(w, role->note.en, settings_label(ctx, &role->note));
		put_shipped_text(w, role->note.zh, settings_label(ctx, &role->note));
	}
	jsonw_end_array(w);
}

static enum err write_account(struct ctx *ctx, struct http_response *res)
{
	static const char *const texts[] = {"name", "email", "phone", "theme", "density", "time_zone", "page"};
	struct record *user;
	struct access_role *roles;
	size_t n;
	int64_t left;
	struct jsonw w;
	enum err err = record_load(ctx, registry_find(ctx->registry, "user"), ctx->actor->user_id, &user);
	if (!err)
		err = access_user_roles(ctx, ctx->actor->user_id, &roles, &n);
	if (!err)
		err = recovery_left(ctx, ctx->actor->user_id, &left);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(user));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		jsonw_kv_text(&w, texts[i], record_text(user, texts[i]));
	jsonw_kv_text(&w, "locale", access_locale_tag(record_text(user, "locale")));
	put_link(&w, "team_id", record_i64(user, "team_id"));
	put_link(&w, "branch_id", record_i64(user, "branch_id"));
	put_link(&w, "region_id", record_i64(user, "region_id"));
	put_roles(ctx, &w, roles, n);
	put_caps(ctx, &w);
	jsonw_kv_bool(&w, "totp_enabled", record_i64(user, "totp_enabled") != 0);
	jsonw_kv_int(&w, "recovery_codes_left", left);
	jsonw_kv_bool(&w, "must_change_password", record_i64(user, "must_change_password") != 0);
	jsonw_kv_text(&w, "ask", str_empty(ctx->actor->ask) ? NULL : ctx->actor->ask);
	put_shipped(ctx, &w);
	put_time(&w, "password_changed_at", record_value(user, "password_changed_at"));
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_account(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	return write_account(ctx, res);
}

/* --- preferences -------------------------------------------------------------------- */

struct account_body {
	const char *name, *phone, *locale, *theme, *density, *time_zone, *page;
};

const struct spec access_spec_account[] = {
	{"name", SPEC_TEXT, offsetof(struct account_body, name), false, 400, "How colleagues see you"},
	{"phone", SPEC_TEXT, offsetof(struct account_body, phone), false, 60, "Phone; empty removes it"},
	{"locale", SPEC_TEXT, offsetof(struct account_body, locale), false, 20, "en, zh-Hans or zh-Hant"},
	{"theme", SPEC_TEXT, offsetof(struct account_body, theme), false, 20, "auto, light or dark"},
	{"density", SPEC_TEXT, offsetof(struct account_body, density), false, 20, "compact or comfortable"},
	{"page", SPEC_TEXT, offsetof(struct account_body, page), false, ACCESS_PAGE_MAX, "How you arranged your page: a JSON object as text, kept as it is"},
	{"time_zone", SPEC_TEXT, offsetof(struct account_body, time_zone), false, 64, "IANA name; empty: as the device"},
	{0},
};

/* Tags as browsers write them, to what is stored. */
const char *access_stored_locale(const char *tag)
{
	static const char *const known[][2] = {
		{"zh-Hans", "zh_hans"}, {"zh-CN", "zh_hans"}, {"zh-SG", "zh_hans"}, {"zh", "zh_hans"},
		{"zh-Hant", "zh_hant"}, {"zh-TW", "zh_hant"}, {"zh-HK", "zh_hant"}, {"zh-MO", "zh_hant"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_equal_nocase(tag, known[i][0]))
			return known[i][1];
	return tag;
}

static enum err read_account(struct ctx *ctx, const struct account_body *body, struct record *patch)
{
	const struct {
		const char *field, *text;
	} given[] = {
		{"name", body->name},   {"phone", body->phone},     {"locale", body->locale ? access_stored_locale(body->locale) : NULL},
		{"theme", body->theme}, {"density", body->density}, {"time_zone", body->time_zone}, {"page", body->page},
	};
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (!given[i].text)
			continue;
		enum err err = record_set_text(ctx, patch, entity_field(patch->info, given[i].field), given[i].text);
		if (err && err != ERR_INVALID)
			return err;
	}
	return faults_code(ctx);
}

enum err access_http_account_patch(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct account_body body = {0};
	struct record *patch;
	enum err err = access_person_only(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (!err)
		err = read_account(ctx, &body, patch);
	if (!err)
		err = record_update(ctx, ctx->actor->user_id, patch, 0, W_TRUSTED, NULL);
	return err ? err : write_account(ctx, res);
}

/* --- password --------------------------------------------------------------------------- */

struct password_body {
	const char *old, *new_;
	bool keep_tokens;
};

const struct spec access_spec_password[] = {
	{"old", SPEC_TEXT, offsetof(struct password_body, old), true, ACCESS_PASSWORD_MAX, "The password as it is"},
	{"new", SPEC_TEXT, offsetof(struct password_body, new_), true, ACCESS_PASSWORD_MAX, "The password as it shall be; at least 8 characters"},
	{"keep_tokens", SPEC_BOOL, offsetof(struct password_body, keep_tokens), false, 0, "Leave my API tokens; absent: they are revoked"},
	{0},
};

struct password_change {
	const char *old_hash; /* what the old password was checked against */
	const char *hash, *address, *agent;
	bool keep_tokens;
	struct session_made made;
	struct access_user user;
};

enum err access_password_store(struct ctx *ctx, int64_t user_id, const char *hash, bool must_change)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (!err)
		err = record_set(ctx, patch, "password_hash", value_text(hash));
	if (!err)
		err = record_set(ctx, patch, "password_changed_at", value_int(ctx_now(ctx)));
	if (!err)
		err = record_set(ctx, patch, "must_change_password", value_int(must_change));
	if (!err)
		err = access_invite_end(ctx, user_id, NULL);
	return err ? err : record_update(ctx, user_id, patch, 0, W_TRUSTED, NULL);
}

static enum err read_hash(struct ctx *ctx, const char **ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_user_secret, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = access_keep(ctx, stmt_text(stmt, 0));
	stmt_done(stmt);
	return err || !ctx->arena->failed ? err : access_no_memory(ctx);
}

enum err access_same_hash(struct ctx *ctx, const char *field, const char *hash)
{
	const char *now;
	enum err err = read_hash(ctx, &now);
	if (err || (now && hash && str_equal(now, hash)))
		return err;
	return fail(ctx, ERR_INVALID, field, "password_wrong");
}

/* All sessions end with the old password; this one goes on under a new id. The session was asked again before us. */
static enum err change_write(struct ctx *ctx, void *arg)
{
	struct password_change *change = arg;
	int64_t user_id = ctx->actor->user_id;
	enum err err = access_same_hash(ctx, "old", change->old_hash);
	if (!err)
		err = access_password_store(ctx, user_id, change->hash, false);
	if (!err)
		err = access_sessions_end(ctx, user_id, 0, NULL);
	if (!err && !change->keep_tokens)
		err = access_tokens_end(ctx, user_id);
	if (!err)
		err = access_session_create(ctx, user_id, change->address, change->agent, &change->made);
	if (!err)
		err = access_user_load(ctx, user_id, &change->user);
	if (!err)
		err = access_log_user(ctx, user_id, CHANGE_LOGIN, access_event_diff(ctx, "password_changed", "address", change->address, "tokens_kept", change->keep_tokens ? "true" : NULL, NULL));
	return err;
}

/* Counted before it is checked, so that of a burst no more is checked than of a row. */
static enum err take_write(struct ctx *ctx, void *arg)
{
	return access_throttle_take(ctx, arg);
}

static enum err wrong_write(struct ctx *ctx, void *arg)
{
	const struct throttle *keys = arg;
	return access_log_user(ctx, ctx->actor->user_id, CHANGE_DENIED,
	                       access_event_diff(ctx, "password_wrong", "address", keys->remote, "locked", keys->closes ? "true" : NULL, NULL));
}

static enum err right_write(struct ctx *ctx, void *arg)
{
	return access_throttle_give_back(ctx, arg);
}

enum err access_confirm_password(struct ctx *ctx, const char *field, const char *password, const char *address, const char **ret_hash)
{
	struct access *access = app_access(ctx->app);
	struct throttle keys;
	enum err err = access_throttle_person(ctx, ctx->actor->user_id, address, &keys);
	if (!err)
		err = store_write(ctx, ctx->store, take_write, &keys);
	if (!err)
		err = read_hash(ctx, ret_hash);
	if (err)
		return err;
	access_hash_enter(access);
	bool right = access_password_verify(*ret_hash, password);
	access_hash_leave(access);
	err = store_write(ctx, ctx->store, right ? right_write : wrong_write, &keys);
	return err || right ? err : fail(ctx, ERR_INVALID, field, "password_wrong");
}

enum err access_http_account_password(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct access *access = app_access(ctx->app);
	struct password_body body = {0};
	struct password_change change = {.address = req->remote, .agent = access_agent(ctx, req)};
	enum err err = access_person_only(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = access_confirm_password(ctx, "old", body.old, req->remote, &change.old_hash);
	change.keep_tokens = body.keep_tokens;
	if (!err && str_equal(body.old, body.new_))
		err = fail(ctx, ERR_INVALID, "new", "password_same");
	if (!err)
		err = access_password_check(ctx, "new", body.new_, ctx->actor->name, ctx->actor->email);
	if (!err)
		err = access_password_hash(ctx, access, body.new_, &change.hash);
	if (!err)
		err = store_write(ctx, ctx->store, change_write, &change);
	if (err)
		return err;
	char csrf[97];
	access_csrf_make(ctx, access, change.made.secret, csrf);
	err = access_session_cookie(ctx, res, change.made.secret);
	return err ? err : access_session_json(ctx, res, &change.user, csrf, change.made.expires_ms);
}

/* --- sessions ------------------------------------------------------------------------------ */

enum err access_http_sessions(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	enum err err = access_person_only(ctx);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_session_list, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, ctx_now(ctx) - ACCESS_IDLE_MS);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", stmt_i64(stmt, 0));
		jsonw_key(&w, "created_at");
		jsonw_time(&w, stmt_i64(stmt, 1));
		jsonw_key(&w, "seen_at");
		jsonw_time(&w, stmt_i64(stmt, 2));
		jsonw_key(&w, "expires_at");
		jsonw_time(&w, stmt_i64(stmt, 3));
		jsonw_kv_text(&w, "address", stmt_text(stmt, 4));
		jsonw_kv_text(&w, "agent", stmt_text(stmt, 5));
		jsonw_kv_bool(&w, "current", stmt_i64(stmt, 0) == ctx->actor->session_id);
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err ? err : access_answer(ctx, res);
}

enum err access_http_sessions_end(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	enum err err = access_person_only(ctx);
	if (!err)
		err = access_sessions_end(ctx, ctx->actor->user_id, ctx->actor->session_id, NULL);
	if (!err)
		err = access_log_user(ctx, ctx->actor->user_id, CHANGE_LOGIN, access_event_diff(ctx, "sessions_ended", "address", req->remote, NULL));
	if (!err)
		http_status(res, 204);
	return err;
}

enum err access_http_session_end(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	enum err err = access_person_only(ctx);
	if (!err)
		err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = access_session_end(ctx, ctx->actor->user_id, id);
	if (!err)
		err = access_log_user(ctx, ctx->actor->user_id, CHANGE_LOGIN, access_event_diff(ctx, "session_ended", "address", req->remote, NULL));
	if (!err && id == ctx->actor->session_id)
		err = access_session_cookie(ctx, res, NULL);
	if (!err)
		http_status(res, 204);
	return err;
}
