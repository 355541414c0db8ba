/* PostgreSQL: what can be verified from outside the server. */
#include <stdlib.h>
#include <string.h>

#include "core/store/pg_internal.h"
#include "sql_store.h"

enum { QUERIES_MAX = 4096 };

static enum err lines(struct ctx *ctx, struct db *db, const struct sql *sql, struct buf *report)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, sql, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		buf_printf(report, "%s\n", stmt_text(stmt, 0));
	stmt_done(stmt);
	return err;
}

struct query {
	const char *name, *text;
};

static enum err collect(struct ctx *ctx, struct db *db, const struct sql *sql, struct query *list, size_t *n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, sql, &stmt);
	if (err)
		return err;
	bool named = stmt_columns(stmt) > 1;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && *n < QUERIES_MAX) {
		struct query *q = &list[(*n)++];
		q->name = named ? arena_strdup(ctx->arena, stmt_text(stmt, 0)) : NULL;
		q->text = arena_strdup(ctx->arena, stmt_text(stmt, named ? 1 : 0));
		if (!q->text || (named && !q->name)) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
	}
	stmt_done(stmt);
	return err;
}

/* A query that counts bad rows, or one that raises when it finds damage. */
static enum err ask(struct ctx *ctx, struct db *db, const struct query *q, struct buf *report)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, db, q->text, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row && q->name && stmt_i64(stmt, 0) > 0)
		buf_printf(report, "%s: %s rows refer to nothing\n", q->name, stmt_text(stmt, 0));
	stmt_done(stmt);
	if (err == ERR_UPSTREAM && !q->name) { /* the index check says so by failing */
		const struct fault *fault = &ctx->faults.list[ctx->faults.count - 1];
		buf_printf(report, "%s: %s\n", q->text, fault->arg ? fault->arg : "damaged");
		faults_clear(ctx);
		err = OK;
	}
	return err;
}

enum err pg_check(struct ctx *ctx, struct store *store, struct buf *report)
{
	struct query *list = arena_array(ctx->arena, QUERIES_MAX, sizeof *list);
	size_t n = 0;
	struct db *db;
	if (!list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_open_new(ctx, store, &db);
	if (err)
		return err;
	err = lines(ctx, db, &sql_pg_check_indexes, report);
	if (!err)
		err = collect(ctx, db, &sql_pg_check_references, list, &n);
	if (!err)
		err = collect(ctx, db, &sql_pg_check_btrees, list, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = ask(ctx, db, &list[i], report);
	db_free(db);
	return err;
}
