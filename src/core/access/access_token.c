#include <sodium.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* "gx_<id>_<secret>": the id finds the row, the hash of the secret proves it. */

bool access_token_parse(const char *text, int64_t *ret_id, const char **ret_secret)
{
	char digits[ID_TEXT_MAX];
	if (!text || !str_starts(text, "gx_") || strlen(text) > 100)
		return false;
	size_t n = strspn(text + 3, "0123456789");
	if (n == 0 || n >= sizeof(digits) || text[3 + n] != '_')
		return false;
	memcpy(digits, text + 3, n);
	digits[n] = '\0';
	*ret_secret = text + 3 + n + 1;
	return strlen(*ret_secret) == 43 && id_parse(digits, ret_id);
}

static void secret_hex(const char *secret, char hex[ACCESS_HEX])
{
	uint8_t digest[ACCESS_DIGEST];
	access_hash(secret, strlen(secret), digest);
	access_hex(digest, sizeof(digest), hex);
}

/* --- making and ending ------------------------------------------------------------ */

static enum err token_count(struct ctx *ctx, int64_t user_id, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_token_count, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err token_fill(struct ctx *ctx, struct record *record, const struct token_wish *wish, const char *hex)
{
	enum err err = record_set(ctx, record, "name", value_text(wish->name));
	if (!err)
		err = record_set(ctx, record, "user_id", value_int(wish->user_id));
	if (!err)
		err = record_set(ctx, record, "narrowed", value_int(wish->narrowed));
	if (!err)
		err = record_set(ctx, record, "secret_hash", value_text(hex));
	if (!err && wish->expires_ms)
		err = record_set(ctx, record, "expires_at", value_int(wish->expires_ms));
	if (!err && wish->n_roles)
		err = record_set(ctx, record, "roles", (struct value){.kind = VALUE_LIST, .l = {wish->roles, wish->n_roles}});
	return err;
}

enum err access_token_make(struct ctx *ctx, const struct token_wish *wish, int64_t *ret_id, const char **ret_token)
{
	int64_t count;
	struct record *record;
	enum err err = token_count(ctx, wish->user_id, &count);
	if (!err && count >= ACCESS_TOKENS_MAX)
		err = fail(ctx, ERR_INVALID, "", "too_many_tokens");
	if (err)
		return err;
	const char *secret = access_random_text(ctx, ACCESS_SECRET);
	char *hex = arena_alloc(ctx->arena, ACCESS_HEX);
	if (!secret || !hex)
		return access_no_memory(ctx);
	secret_hex(secret, hex);
	err = record_new(ctx, registry_find(ctx->registry, "token"), &record);
	if (!err)
		err = token_fill(ctx, record, wish, hex);
	if (!err)
		err = record_create(ctx, record, W_TRUSTED);
	if (err)
		return err;
	*ret_id = record_id(record);
	*ret_token = arena_printf(ctx->arena, "gx_%lld_%s", (long long)*ret_id, secret);
	return *ret_token ? OK : access_no_memory(ctx);
}

enum err access_token_revoke(struct ctx *ctx, int64_t user_id, int64_t token_id)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_token_owner, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, token_id);
	err = stmt_step(ctx, stmt, &row);
	bool own = !err && row && stmt_i64(stmt, 0) == user_id;
	stmt_done(stmt);
	if (err)
		return err;
	if (!own)
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	/* The hook of the entity and the change log make it dead at once. */
	return record_delete(ctx, registry_find(ctx->registry, "token"), token_id, 0, W_TRUSTED);
}

/* --- a token comes in ----------------------------------------------------------------- */

struct token_row {
	int64_t user_id, expires_ms;
	bool narrowed, right;
};

static enum err token_find(struct ctx *ctx, const char *token, int64_t *ret_id, struct token_row *ret)
{
	const char *secret, *stored;
	char hex[ACCESS_HEX];
	bool row = false;
	struct stmt *stmt;
	*ret = (struct token_row){0};
	if (!access_token_parse(token, ret_id, &secret))
		return OK;
	secret_hex(secret, hex);
	enum err err = db_prepare(ctx, ctx->db, &sql_access_token_find, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, *ret_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		stored = stmt_text(stmt, 1);
		ret->user_id = stmt_i64(stmt, 0);
		ret->narrowed = stmt_i64(stmt, 2) != 0;
		ret->expires_ms = stmt_i64(stmt, 3);
		ret->right = stored && strlen(stored) == ACCESS_HEX - 1 && bytes_equal_ct(stored, hex, ACCESS_HEX - 1) &&
		             (ret->expires_ms == 0 || ctx_now(ctx) < ret->expires_ms);
	}
	stmt_done(stmt);
	return err;
}

/* 256 bits cannot be guessed, so a right token passes even where a neighbour's wrong
 * ones have closed the address; a wrong one is counted, and told to wait. */
static enum err wrong_token(struct ctx *ctx, struct access *access, const char *address)
{
	struct throttle keys;
	enum err err = access_throttle_address(ctx, address, &keys);
	if (!err)
		err = access_throttle_check(ctx, &keys);
	if (!err)
		access_worker_bad_token(ctx, access, address);
	return err;
}

enum err access_token_load(struct ctx *ctx, struct access *access, const struct http_request *req, const char *token,
                           const uint8_t digest[ACCESS_DIGEST], struct cache_hit *hit)
{
	struct token_row row;
	int64_t id = 0, generation = atomic_load(&access->cache.generation);
	enum err err = token_find(ctx, token, &id, &row);
	if (err)
		return err;
	if (!row.right)
		return wrong_token(ctx, access, req->remote);
	struct access_token_facts facts = {.id = id, .narrowed = row.narrowed};
	struct actor *actor;
	const char *locale = NULL;
	int64_t stamp;
	err = access_stamp(ctx, &stamp); /* before what it stamps */
	if (!err)
		err = access_actor_build(ctx, row.user_id, &facts, &actor, &locale);
	if (err)
		return err;
	actor->epoch = generation;
	actor->stamp = stamp;
	actor->expires_ms = row.expires_ms;
	struct credential found = {.is_token = true, .id = id, .user_id = row.user_id, .expires_ms = row.expires_ms, .seen_ms = ctx_now(ctx)};
	memcpy(found.digest, digest, ACCESS_DIGEST);
	access_cache_put(&access->cache, generation, &found, actor, ctx->registry, locale);
	*hit = (struct cache_hit){.state = CACHE_HIT, .note_seen = true, .id = id, .user_id = row.user_id, .actor = actor};
	hit->has_locale = access_locale_parse(locale, &hit->locale);
	return OK;
}
