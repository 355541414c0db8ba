#include <sodium.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Idempotency keys: the answer to a POST is kept with what it wrote, in the same
 * transaction, for a day and more.  `find` reserves the key by inserting it, so that
 * of two requests at once the second waits for the first (PostgreSQL) or comes after
 * it (SQLite), and then finds its answer; a failed job takes the reservation back. */

static bool key_ok(const char *key)
{
	size_t n = strlen(key);
	if (n == 0 || n > 255)
		return false;
	for (const char *p = key; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

/* What must be alike for a repetition to be one. */
static void request_hex(const struct http_request *req, char hex[ACCESS_HEX])
{
	static const char *const methods[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	crypto_generichash_state state;
	uint8_t digest[ACCESS_DIGEST];
	const char *const parts[] = {(unsigned)req->method < METHOD_COUNT ? methods[req->method] : "", req->path, req->query, http_header(req, "Prefer")};
	crypto_generichash_init(&state, NULL, 0, ACCESS_DIGEST);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *part = parts[i] ? parts[i] : "";
		crypto_generichash_update(&state, (const unsigned char *)part, strlen(part) + 1);
	}
	if (req->body && req->body_len)
		crypto_generichash_update(&state, (const unsigned char *)req->body, req->body_len);
	crypto_generichash_final(&state, digest, ACCESS_DIGEST);
	access_hex(digest, sizeof(digest), hex);
}

/* All that the actor may, in short.  An answer is kept for those rights: to others its text is not told again. */
static void rights_hex(const struct ctx *ctx, char hex[ACCESS_HEX])
{
	const struct actor *actor = ctx->actor;
	crypto_generichash_state state;
	uint8_t digest[ACCESS_DIGEST];
	const int64_t numbers[] = {(int64_t)actor->caps, actor->team_id, actor->branch_id, (int64_t)actor->n_teams};
	crypto_generichash_init(&state, NULL, 0, ACCESS_DIGEST);
	crypto_generichash_update(&state, (const unsigned char *)numbers, sizeof(numbers));
	if (actor->n_teams)
		crypto_generichash_update(&state, (const unsigned char *)actor->teams, actor->n_teams * sizeof(*actor->teams));
	for (size_t i = 0; i < actor->n_shares; i++) {
		const int64_t share[] = {actor->shares[i].id, actor->shares[i].until_ms, actor->shares[i].write};
		crypto_generichash_update(&state, (const unsigned char *)share, sizeof(share));
	}
	for (size_t e = 0; e < actor->n_rights; e++) {
		crypto_generichash_update(&state, actor->rights[e].scope, sizeof(actor->rights[e].scope));
		for (size_t f = 0; f < registry_at(ctx->registry, e)->n_fields; f++) {
			unsigned char right = (unsigned char)gate_field(actor, e, f);
			crypto_generichash_update(&state, &right, 1);
		}
	}
	crypto_generichash_final(&state, digest, ACCESS_DIGEST);
	access_hex(digest, sizeof(digest), hex);
}

/* What is kept of a request: what must be alike, and for which rights it was answered. */
static const char *kept_request(struct ctx *ctx, const struct http_request *req)
{
	char request[ACCESS_HEX], rights[ACCESS_HEX];
	request_hex(req, request);
	rights_hex(ctx, rights);
	return arena_printf(ctx->arena, "%s.%s", request, rights);
}

/* Keys of different users, and of a user and a token, do not meet. */
static int64_t whose(const struct ctx *ctx)
{
	return ctx->actor->token_id ? ctx->actor->token_id : ctx->actor->user_id;
}

static enum err reserve(struct ctx *ctx, const char *key, const char *hex, bool *ret_new)
{
	struct stmt *stmt;
	int64_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_idem_reserve, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, whose(ctx));
	stmt_bind_text(stmt, 2, key);
	stmt_bind_text(stmt, 3, hex);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run(ctx, stmt, &n);
	stmt_done(stmt);
	*ret_new = n > 0;
	return err;
}

/* The answer that is kept; *ret_body NULL: for other rights. *ret_same: it was the same request (or none is kept). */
static enum err find(struct ctx *ctx, const char *key, const char *kept, int *ret_status, const char **ret_body, bool *ret_same)
{
	struct stmt *stmt;
	bool row = false;
	*ret_same = true;
	*ret_status = 0;
	*ret_body = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_idem_find, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, whose(ctx));
	stmt_bind_text(stmt, 2, key);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		const char *before = stmt_text(stmt, 0), *body = stmt_text(stmt, 2);
		*ret_same = before && strncmp(before, kept, ACCESS_HEX - 1) == 0;
		*ret_status = (int)stmt_i64(stmt, 1);
		*ret_body = before && str_equal(before, kept) ? access_keep(ctx, body ? body : "") : NULL;
		if (ctx->arena->failed)
			err = access_no_memory(ctx);
	}
	stmt_done(stmt);
	return err;
}

enum err access_idem_find(struct ctx *ctx, const struct http_request *req, const char *key, bool *ret_hit, int *ret_status, const char **ret_body)
{
	*ret_hit = false;
	if (!ctx->actor || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (!key_ok(key))
		return fail(ctx, ERR_INVALID, "Idempotency-Key", "idempotency_key_invalid");
	bool fresh, same;
	const char *kept = kept_request(ctx, req);
	if (!kept)
		return access_no_memory(ctx);
	enum err err = reserve(ctx, key, kept, &fresh);
	if (err || fresh)
		return err;
	err = find(ctx, key, kept, ret_status, ret_body, &same);
	if (!err && !same)
		return fail(ctx, ERR_INVALID, "Idempotency-Key", "idempotency_mismatch");
	*ret_hit = !err && *ret_status > 0;
	return err;
}

enum err access_idem_save(struct ctx *ctx, const struct http_request *req, const char *key, int status, const char *body, size_t n)
{
	(void)req;
	if (!ctx->actor || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_idem_save, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, whose(ctx));
	stmt_bind_text(stmt, 2, key);
	stmt_bind_i64(stmt, 3, status);
	stmt_bind_textn(stmt, 4, body, n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
