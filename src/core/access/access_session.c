#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/access/access_internal.h"

/* A session is 256 random bits in a cookie; only their hash is stored. */

enum { CSRF_NONCE = 16, CSRF_TEXT = 2 * (CSRF_NONCE + ACCESS_DIGEST) };

enum err access_session_create(struct ctx *ctx, int64_t user_id, const char *address, const char *agent, struct session_made *ret)
{
	const char *secret = access_random_text(ctx, ACCESS_SECRET);
	if (!secret)
		return access_no_memory(ctx);
	uint8_t digest[ACCESS_DIGEST];
	char hex[ACCESS_HEX];
	int64_t now = ctx_now(ctx);
	snprintf(ret->secret, sizeof(ret->secret), "%s", secret);
	access_hash(ret->secret, strlen(ret->secret), digest);
	access_hex(digest, sizeof(digest), hex);
	ret->id = registry_next_id(ctx);
	ret->expires_ms = now + ACCESS_ABSOLUTE_MS;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_session_insert, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ret->id);
	stmt_bind_text(stmt, 2, hex);
	stmt_bind_i64(stmt, 3, user_id);
	stmt_bind_i64(stmt, 4, now);
	stmt_bind_i64(stmt, 5, ret->expires_ms);
	stmt_bind_text(stmt, 6, address);
	stmt_bind_text(stmt, 7, agent);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- ending ------------------------------------------------------------------- */

struct ended {
	struct access *access;
	int64_t id;
	bool all_of_user;
};

static void forget(struct store *store, void *arg)
{
	(void)store;
	struct ended *ended = arg;
	if (ended->all_of_user)
		access_cache_drop_user(&ended->access->cache, ended->id);
	else
		access_cache_drop_credential(&ended->access->cache, false, ended->id);
}

/* The command line has no service, hence no cache to clear. */
static enum err forget_on_commit(struct ctx *ctx, int64_t id, bool all_of_user)
{
	enum err err = access_epoch_bump(ctx);
	struct access *access = ctx->app ? app_access(ctx->app) : NULL;
	if (err || !access)
		return err;
	struct ended *ended = arena_alloc(ctx->arena, sizeof(*ended));
	if (!ended)
		return access_no_memory(ctx);
	*ended = (struct ended){.access = access, .id = id, .all_of_user = all_of_user};
	return db_on_commit(ctx, forget, ended);
}

enum err access_sessions_end(struct ctx *ctx, int64_t user_id, int64_t except, int64_t *ret_n)
{
	struct stmt *stmt;
	int64_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_session_delete_user, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	stmt_bind_i64(stmt, 2, except);
	err = stmt_run(ctx, stmt, &n);
	stmt_done(stmt);
	if (ret_n)
		*ret_n = n;
	return err || n == 0 ? err : forget_on_commit(ctx, user_id, true);
}

enum err access_session_end(struct ctx *ctx, int64_t user_id, int64_t session_id)
{
	struct stmt *stmt;
	int64_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_session_delete, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, session_id);
	stmt_bind_i64(stmt, 2, user_id);
	err = stmt_run(ctx, stmt, &n);
	stmt_done(stmt);
	if (err)
		return err;
	return n == 0 ? fail(ctx, ERR_NOT_FOUND, "", "not_found") : forget_on_commit(ctx, session_id, false);
}

/* --- CSRF ----------------------------------------------------------------------- */

/* nonce, then a keyed hash of nonce and session: another text each time, so that it
 * cannot be guessed from compressed answers; good as long as the session is. */
static void csrf_mac(const struct access *access, const char *nonce, const char *secret, char out[ACCESS_HEX])
{
	char both[2 * CSRF_NONCE + 64];
	uint8_t mac[ACCESS_DIGEST];
	int n = snprintf(both, sizeof(both), "%.32s.%s", nonce, secret);
	access_mac(access, "csrf", both, (size_t)n, mac);
	access_hex(mac, sizeof(mac), out);
	sodium_memzero(both, sizeof(both));
}

void access_csrf_make(struct ctx *ctx, const struct access *access, const char *secret, char out[97])
{
	uint8_t nonce[CSRF_NONCE];
	ctx_random(ctx, nonce, sizeof(nonce));
	access_hex(nonce, sizeof(nonce), out);
	csrf_mac(access, out, secret, out + 2 * CSRF_NONCE);
}

/* A cookie of ours has exactly this form; anything else is not looked up. */
static bool secret_form(const char *secret)
{
	if (!secret || strlen(secret) != 43)
		return false;
	return strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == 43;
}

bool access_csrf_ok(struct ctx *ctx, struct access *access, const struct http_request *req)
{
	(void)ctx;
	const char *secret = http_cookie(req, ACCESS_COOKIE);
	const char *token = http_header(req, "X-CSRF-Token");
	char mac[ACCESS_HEX];
	if (!secret_form(secret) || !token || strlen(token) != CSRF_TEXT)
		return false;
	csrf_mac(access, token, secret, mac);
	return bytes_equal_ct(mac, token + 2 * CSRF_NONCE, 2 * ACCESS_DIGEST);
}

/* --- who is it --------------------------------------------------------------------- */

static enum err session_find(struct ctx *ctx, const char *hex, struct credential *ret, bool *ret_found)
{
	struct stmt *stmt;
	*ret_found = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_session_find, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, hex);
	err = stmt_step(ctx, stmt, ret_found);
	if (!err && *ret_found) {
		ret->id = stmt_i64(stmt, 0);
		ret->user_id = stmt_i64(stmt, 1);
		ret->seen_ms = stmt_i64(stmt, 2);
		ret->expires_ms = stmt_i64(stmt, 3);
	}
	stmt_done(stmt);
	return err;
}

/* Whoever asks as nobody may still sign in: an old cookie is no error. */
static enum err session_load(struct ctx *ctx, struct access *access, const uint8_t digest[ACCESS_DIGEST], struct cache_hit *hit)
{
	struct credential found = {.is_token = false};
	char hex[ACCESS_HEX];
	bool exists;
	int64_t generation = atomic_load(&access->cache.generation), now = ctx_now(ctx);
	access_hex(digest, ACCESS_DIGEST, hex);
	memcpy(found.digest, digest, ACCESS_DIGEST);
	enum err err = session_find(ctx, hex, &found, &exists);
	if (err || !exists || now >= found.expires_ms || now - found.seen_ms > ACCESS_IDLE_MS)
		return err;
	struct actor *actor;
	const char *locale = NULL;
	int64_t stamp;
	err = access_stamp(ctx, &stamp); /* before what it stamps */
	if (!err)
		err = access_actor_build(ctx, found.user_id, NULL, &actor, &locale);
	if (err == ERR_DENIED) {
		faults_clear(ctx);
		return OK;
	}
	if (err)
		return err;
	actor->session_id = found.id;
	actor->epoch = generation;
	actor->stamp = stamp;
	actor->expires_ms = found.expires_ms;
	hit->note_seen = now - found.seen_ms >= ACCESS_SEEN_EVERY_MS; /* the cache may be emptied before it is asked */
	found.noted_ms = hit->note_seen ? now : found.seen_ms;
	found.seen_ms = now;
	access_cache_put(&access->cache, generation, &found, actor, ctx->registry, locale);
	hit->state = CACHE_HIT;
	hit->id = found.id;
	hit->user_id = found.user_id;
	hit->actor = actor;
	hit->has_locale = access_locale_parse(locale, &hit->locale);
	return OK;
}

static void take(struct ctx *ctx, struct access *access, const struct cache_hit *hit, bool is_token)
{
	ctx->actor = hit->actor;
	if (hit->has_locale)
		ctx->locale = hit->locale;
	if (hit->note_seen)
		access_worker_seen(access, is_token, hit->id, hit->user_id, ctx_now(ctx));
}

static enum err by_cookie(struct ctx *ctx, struct access *access, const char *secret)
{
	uint8_t digest[ACCESS_DIGEST];
	struct cache_hit hit;
	access_hash(secret, strlen(secret), digest);
	enum err err = access_cache_get(ctx, &access->cache, digest, &hit);
	if (!err && hit.state == CACHE_ABSENT)
		err = session_load(ctx, access, digest, &hit);
	if (!err && hit.state == CACHE_HIT)
		take(ctx, access, &hit, false);
	return err;
}

static enum err by_token(struct ctx *ctx, struct access *access, const struct http_request *req, const char *token)
{
	uint8_t digest[ACCESS_DIGEST];
	struct cache_hit hit;
	access_hash(token, strlen(token), digest);
	enum err err = access_cache_get(ctx, &access->cache, digest, &hit);
	if (!err && hit.state == CACHE_ABSENT)
		err = access_token_load(ctx, access, req, token, digest, &hit);
	if (err)
		return err;
	if (hit.state != CACHE_HIT)
		return fail(ctx, ERR_DENIED, "", "token_invalid");
	take(ctx, access, &hit, true);
	return OK;
}

enum err access_authenticate(struct ctx *ctx, struct access *access, const struct http_request *req, bool *ret_needs_csrf)
{
	*ret_needs_csrf = false;
	ctx->actor = NULL;
	ctx->locale = http_locale(req);
	const char *header = http_header(req, "Authorization");
	if (header && strncasecmp(header, "Bearer ", 7) == 0) {
		size_t n;
		const char *token = str_trim(header + 7, strlen(header + 7), &n);
		const char *copy = arena_strndup(ctx->arena, token, n);
		return copy ? by_token(ctx, access, req, copy) : access_no_memory(ctx);
	}
	const char *secret = http_cookie(req, ACCESS_COOKIE);
	if (!secret_form(secret))
		return OK;
	enum err err = by_cookie(ctx, access, secret);
	*ret_needs_csrf = !err && ctx->actor;
	return err;
}

/* --- answers ------------------------------------------------------------------------------ */

enum err access_session_cookie(struct ctx *ctx, struct http_response *res, const char *secret)
{
	const char *text = secret ? arena_printf(ctx->arena, ACCESS_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%d", secret,
	                                         (int)(ACCESS_ABSOLUTE_MS / 1000))
	                          : ACCESS_COOKIE "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
	if (!text)
		return access_no_memory(ctx);
	http_set_header(res, "Set-Cookie", text);
	return OK;
}

const char *access_locale_tag(const char *value)
{
	if (str_equal(value, "zh_hans"))
		return "zh-Hans";
	return str_equal(value, "zh_hant") ? "zh-Hant" : value;
}

enum err access_session_json(struct ctx *ctx, struct http_response *res, const struct access_user *user, const char *csrf, int64_t expires_ms)
{
	struct jsonw w;
	struct buf *body = http_body(res);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_key(&w, "user");
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", user->id);
	jsonw_kv_text(&w, "name", user->name);
	jsonw_kv_text(&w, "email", user->email);
	jsonw_kv_text(&w, "locale", access_locale_tag(user->locale));
	jsonw_kv_bool(&w, "must_change_password", user->must_change);
	jsonw_end_object(&w);
	jsonw_kv_text(&w, "csrf", csrf);
	jsonw_key(&w, "expires_at");
	jsonw_time(&w, expires_ms);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return buf_failed(body) ? access_no_memory(ctx) : OK;
}
