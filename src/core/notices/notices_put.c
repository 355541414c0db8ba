/* Notices are kept: a row each, without a log, for they are many and are no records. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/notices/notices_internal.h"
#include "notices_sql.h"

#define TABLES \
	"CREATE TABLE notice (id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, kind BIGINT NOT NULL, entity TEXT NOT NULL, record_id BIGINT NOT NULL," \
	" text TEXT NOT NULL, by_id BIGINT NOT NULL, created_at BIGINT NOT NULL, read_at BIGINT NOT NULL, mailed_at BIGINT NOT NULL);" \
	"CREATE INDEX notice_user ON notice (user_id, id);" \
	"CREATE INDEX notice_unread ON notice (user_id, id) WHERE read_at = 0;" \
	"CREATE INDEX notice_unread_record ON notice (user_id, entity, record_id) WHERE read_at = 0;" \
	"CREATE INDEX notice_unmailed ON notice (user_id, id) WHERE read_at = 0 AND mailed_at = 0;" \
	"CREATE INDEX notice_mailed ON notice (user_id, mailed_at) WHERE mailed_at > 0;" \
	"CREATE TABLE follow (user_id BIGINT NOT NULL, entity TEXT NOT NULL, record_id BIGINT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (user_id, entity, record_id));" \
	"CREATE INDEX follow_record ON follow (entity, record_id)"

const struct migration notices_steps[] = {
	{1, "notices", TABLES, TABLES, NULL},
};

static const char *const kinds[NOTICE_KINDS] = {"mention", "change", "rule", "approval", "decided"};

const char *notice_kind_name(enum notice_kind kind)
{
	return kind < NOTICE_KINDS ? kinds[kind] : "";
}

static enum err there(struct ctx *ctx, const struct notice *notice, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_user, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, notice->user_id);
	stmt_bind_i64(stmt, 2, 1);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err pending(struct ctx *ctx, const struct notice *notice, bool *ret)
{
	struct stmt *stmt;
	*ret = false;
	if (notice->kind != NOTICE_CHANGE)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_pending, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, notice->user_id);
	stmt_bind_i64(stmt, 2, notice->kind);
	stmt_bind_text(stmt, 3, notice->entity != NULL ? notice->entity : "");
	stmt_bind_i64(stmt, 4, notice->record_id);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* Whole characters, so many bytes at most. */
static const char *shortened(struct ctx *ctx, const char *text)
{
	size_t n = strlen(text);
	if (n <= NOTICE_TEXT_MAX)
		return text;
	for (n = NOTICE_TEXT_MAX; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	const char *cut = arena_strndup(ctx->arena, text, n);
	return cut != NULL ? cut : "";
}

enum err notices_put(struct ctx *ctx, const struct notice *notice)
{
	bool user = false, waits = false;
	struct stmt *stmt;
	enum err err = there(ctx, notice, &user);
	if (err == OK && user)
		err = pending(ctx, notice, &waits);
	if (err != OK || !user || waits)
		return err;
	err = db_prepare(ctx, ctx->db, &sql_notice_put, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, notice->user_id);
	stmt_bind_i64(stmt, 3, notice->kind);
	stmt_bind_text(stmt, 4, notice->entity != NULL ? notice->entity : "");
	stmt_bind_i64(stmt, 5, notice->record_id);
	stmt_bind_text(stmt, 6, notice->text != NULL ? shortened(ctx, notice->text) : "");
	stmt_bind_i64(stmt, 7, notice->by_id);
	stmt_bind_i64(stmt, 8, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
