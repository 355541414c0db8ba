/* Invitations: links by which somebody who has an account and no password yet chooses one, once.
 *
 * Invariants: of a link only the hash is kept; it works while the user is active and has no password, whatever else
 * happened to the row; there is one a user, so a new link ends the one before. */
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

const char *const access_ddl_invite =
	"CREATE TABLE access_invite (user_id bigint PRIMARY KEY, hash text NOT NULL UNIQUE, created_at bigint NOT NULL,"
	" expires_at bigint NOT NULL, inviter_id bigint);";

static void token_hex(const char *token, char hex[ACCESS_HEX])
{
	uint8_t digest[ACCESS_DIGEST];
	access_hash(token, strlen(token), digest);
	access_hex(digest, sizeof(digest), hex);
}

enum err access_invite_end(struct ctx *ctx, int64_t user_id, int64_t *ret_n)
{
	struct stmt *stmt;
	int64_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_invite_delete, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = stmt_run(ctx, stmt, &n);
	stmt_done(stmt);
	if (ret_n)
		*ret_n = n;
	return err;
}

enum err access_invite_make(struct ctx *ctx, int64_t user_id, int64_t days, struct invite_made *ret)
{
	char hex[ACCESS_HEX];
	struct stmt *stmt;
	ret->user_id = user_id;
	ret->expires_ms = ctx_now(ctx) + days * INT64_C(86400000);
	ret->token = access_random_text(ctx, ACCESS_SECRET);
	if (!ret->token)
		return access_no_memory(ctx);
	token_hex(ret->token, hex);
	enum err err = access_invite_end(ctx, user_id, NULL);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_invite_insert, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	stmt_bind_text(stmt, 2, hex);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	stmt_bind_i64(stmt, 4, ret->expires_ms);
	stmt_bind_i64(stmt, 5, ctx->actor->user_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err ? err : access_log_user(ctx, user_id, CHANGE_LOGIN, access_event_diff(ctx, "invited", NULL));
}

enum err access_invite_find(struct ctx *ctx, const char *token, struct invite *ret)
{
	char hex[ACCESS_HEX];
	struct stmt *stmt;
	bool row = false;
	*ret = (struct invite){0};
	token_hex(token, hex);
	enum err err = db_prepare(ctx, ctx->db, &sql_access_invite_find, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, hex);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, 1);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		ret->user_id = stmt_i64(stmt, 0);
		ret->name = access_keep(ctx, stmt_text(stmt, 1));
		ret->email = access_keep(ctx, stmt_text(stmt, 2));
		ret->locale = access_keep(ctx, stmt_text(stmt, 3));
		ret->expires_ms = stmt_i64(stmt, 4);
	}
	stmt_done(stmt);
	return err || !ctx->arena->failed ? err : access_no_memory(ctx);
}

enum err access_invite_use(struct ctx *ctx, int64_t user_id, const char *token)
{
	char hex[ACCESS_HEX];
	struct stmt *stmt;
	int64_t n = 0;
	token_hex(token, hex);
	enum err err = db_prepare(ctx, ctx->db, &sql_access_invite_use, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	stmt_bind_text(stmt, 2, hex);
	err = stmt_run(ctx, stmt, &n);
	stmt_done(stmt);
	return err || n == 1 ? err : fail(ctx, ERR_NOT_FOUND, "", "invite_invalid");
}
