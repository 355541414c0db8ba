/* Timers as rows: set, moved, cleared. */
#include <string.h>

#include "core/timers/timers_internal.h"
#include "timers_sql.h"

const struct migration timers_steps[] = {
	{1, "timers",
	 "CREATE TABLE timer (kind TEXT NOT NULL, key TEXT NOT NULL, due_at BIGINT NOT NULL, payload TEXT NOT NULL, attempt BIGINT NOT NULL,"
	 " aside BIGINT NOT NULL, error TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID; CREATE INDEX timer_due ON timer (aside, due_at);"
	 " CREATE INDEX timer_kind ON timer (kind, aside, due_at)",
	 "CREATE TABLE timer (kind text NOT NULL, key text NOT NULL, due_at bigint NOT NULL, payload text NOT NULL, attempt bigint NOT NULL,"
	 " aside bigint NOT NULL, error text, PRIMARY KEY (kind, key)); CREATE INDEX timer_due ON timer (aside, due_at);"
	 " CREATE INDEX timer_kind ON timer (kind, aside, due_at)",
	 NULL},
};

static enum err run_keyed(struct ctx *ctx, const struct sql *sql, const char *kind, const char *key, int64_t at, int64_t *ret_rows)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, kind);
	stmt_bind_text(stmt, 2, key);
	if (at)
		stmt_bind_i64(stmt, 3, at);
	err = stmt_run(ctx, stmt, ret_rows);
	stmt_done(stmt);
	return err;
}

enum err timer_set(struct ctx *ctx, const char *kind, const char *key, int64_t due_ms, const char *payload)
{
	struct stmt *stmt;
	if (strlen(key) > TIMER_KEY_MAX || strlen(payload) > TIMER_PAYLOAD_MAX)
		return fail_arg(ctx, ERR_LIMIT, "key", "timer_long", kind);
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_set, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, kind);
	stmt_bind_text(stmt, 2, key);
	stmt_bind_i64(stmt, 3, due_ms);
	stmt_bind_text(stmt, 4, payload);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err ? err : timers_note_due(ctx, due_ms);
}

enum err timer_clear(struct ctx *ctx, const char *kind, const char *key)
{
	return run_keyed(ctx, &sql_timer_clear, kind, key, 0, NULL);
}

enum err timer_retry(struct ctx *ctx, const char *kind, const char *key)
{
	int64_t rows = 0;
	enum err err = run_keyed(ctx, &sql_timer_retry, kind, key, ctx_now(ctx), &rows);
	if (!err && rows == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return err ? err : timers_note_due(ctx, ctx_now(ctx));
}

enum err timer_skip(struct ctx *ctx, const char *kind, const char *key)
{
	int64_t rows = 0;
	enum err err = run_keyed(ctx, &sql_timer_skip, kind, key, 0, &rows);
	return !err && rows == 0 ? fail(ctx, ERR_NOT_FOUND, "", "not_found") : err;
}

enum err timer_due(struct ctx *ctx, const char *kind, const char *key, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_read, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, kind);
	stmt_bind_text(stmt, 2, key);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}
