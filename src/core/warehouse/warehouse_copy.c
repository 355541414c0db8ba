/* Rows from the store into the warehouse's tables. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/warehouse/warehouse_internal.h"

enum { HOUR_MS = 3600000, DDL_MAX = 64 * 1024, ID_DIGITS = 21, EXPIRY_ROWS = 4096 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void put_column(struct duck_put *put, size_t at, const struct warehouse_column *column, const struct stmt *stmt, struct warehouse_clock *clock)
{
	int32_t date;
	if (stmt_is_null(stmt, column->from))
		return;
	if (column->day == 1 || column->day == 3) {
		int64_t local = warehouse_local_ms(clock, stmt_i64(stmt, column->from)), day = floor_div(local, DAY_MS);
		duck_put_i64(put, at, column->day == 1 ? day : (local - day * DAY_MS) / HOUR_MS);
	} else if (column->day == 2) {
		if (date_days(stmt_text(stmt, column->from), &date))
			duck_put_i64(put, at, date);
	} else if (column->type == DUCK_TEXT) {
		const char *text = stmt_text(stmt, column->from);
		if (text != NULL)
			duck_put_text(put, at, text, stmt_bytes(stmt, column->from));
	} else if (column->type == DUCK_REAL) {
		duck_put_real(put, at, stmt_real(stmt, column->from));
	} else {
		duck_put_i64(put, at, stmt_i64(stmt, column->from));
	}
}

/* All rows of a statement that is bound. */
static enum err put_rows(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, struct stmt *stmt)
{
	enum duck_type types[WAREHOUSE_COLUMNS_MAX];
	struct duck_put *put;
	bool row = true;
	for (size_t i = 0; i < copy->n; i++)
		types[i] = copy->columns[i].type;
	enum err err = duck_put_new(ctx, conn, copy->info->entity->name, types, copy->n, &put);
	if (err)
		return err;
	for (size_t n = 0; !err && !(err = stmt_step(ctx, stmt, &row)) && row; n++) {
		for (size_t i = 0; i < copy->n; i++)
			put_column(put, i, &copy->columns[i], stmt, &plan->clock);
		err = n % EXPIRY_ROWS == 0 && ctx_expired(ctx) ? fail(ctx, ERR_LIMIT, "", "budget") : duck_put_row(ctx, put);
	}
	return duck_put_end(ctx, put, err);
}

static enum err create(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_copy *copy)
{
	static const char *const types[] = {[DUCK_INT] = "BIGINT", [DUCK_SMALL] = "INTEGER", [DUCK_REAL] = "DOUBLE", [DUCK_TEXT] = "VARCHAR"};
	struct buf ddl;
	buf_init(&ddl, DDL_MAX);
	buf_printf(&ddl, "CREATE OR REPLACE TABLE \"%s\" (", copy->info->entity->name);
	for (size_t i = 0; i < copy->n; i++)
		buf_printf(&ddl, "%s\"%s\" %s", i ? ", " : "", copy->columns[i].name, types[copy->columns[i].type]);
	buf_puts(&ddl, ")");
	enum err err = buf_failed(&ddl) ? no_memory(ctx) : duck_exec(ctx, conn, buf_text(&ddl));
	buf_release(&ddl);
	return err;
}

enum err warehouse_load_table(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy)
{
	struct stmt *stmt;
	enum err err = create(ctx, conn, copy);
	if (!err)
		err = db_prepare_text(ctx, ctx->db, copy->select, &stmt);
	if (err)
		return err;
	stmt_stream(stmt);
	err = put_rows(ctx, conn, plan, copy, stmt);
	stmt_done(stmt);
	return err ? err : warehouse_past_load(ctx, conn, plan, copy);
}

enum err warehouse_ids(struct ctx *ctx, const int64_t *ids, size_t n, bool braces, const char **ret)
{
	struct buf text;
	buf_init(&text, (n + 1) * ID_DIGITS + 3);
	buf_putc(&text, braces ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(&text, ',');
		buf_put_i64(&text, ids[i]);
	}
	buf_putc(&text, braces ? '}' : ']');
	*ret = buf_failed(&text) ? NULL : arena_strndup(ctx->arena, buf_text(&text), text.len);
	buf_release(&text);
	return *ret ? OK : no_memory(ctx);
}

static enum err forget(struct ctx *ctx, struct duck_conn *conn, const char *table, const char *column, const int64_t *ids, size_t n)
{
	struct duck_rows *rows;
	const char *list;
	enum err err = n ? warehouse_ids(ctx, ids, n, false, &list) : OK;
	if (err || n == 0)
		return err;
	const char *sql = arena_printf(ctx->arena, "DELETE FROM \"%s\" WHERE \"%s\" IN (SELECT unnest(CAST(?1 AS BIGINT[])))", table, column);
	struct value value = value_text(list);
	err = sql ? duck_ask(ctx, conn, sql, &value, 1, &rows) : no_memory(ctx);
	if (!err)
		duck_done(rows);
	return err;
}

/* Those of the records, and those that carry one of the parents, as they stand in the store now. */
static enum err read_again(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const int64_t *ids,
                           size_t n, const int64_t *parents, size_t n_parents)
{
	bool pg = db_engine(ctx->db) == ENGINE_POSTGRES;
	const char *list, *up = "", *sql;
	struct stmt *stmt;
	enum err err = warehouse_ids(ctx, ids, n, pg, &list);
	if (!err && n_parents)
		err = warehouse_ids(ctx, parents, n_parents, pg, &up);
	if (err)
		return err;
	const char *from = pg ? "= ANY(CAST(" : "IN (SELECT value FROM json_each(", *end = pg ? " AS bigint[]))" : "))";
	/* two statements' rows: an index leads to either */
	if (n_parents == 0)
		sql = arena_printf(ctx->arena, "%s WHERE t.\"id\" %s?1%s", copy->select, from, end);
	else
		sql = arena_printf(ctx->arena, "%s WHERE t.\"%s\" %s?2%s UNION %s WHERE t.\"id\" %s?1%s", copy->select, copy->star->carried, from, end,
		                   copy->select, from, end);
	err = sql ? db_prepare_text(ctx, ctx->db, sql, &stmt) : no_memory(ctx);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, list);
	if (n_parents)
		stmt_bind_text(stmt, 2, up);
	err = put_rows(ctx, conn, plan, copy, stmt);
	stmt_done(stmt);
	return err;
}

enum err warehouse_renew(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const int64_t *ids,
                         size_t n, const int64_t *parents, size_t n_parents)
{
	const char *table = copy->info->entity->name;
	if (copy->star->carried == NULL)
		n_parents = 0;
	if (n + n_parents == 0)
		return OK;
	enum err err = forget(ctx, conn, table, "id", ids, n);
	if (!err && n_parents)
		err = forget(ctx, conn, table, copy->star->carried, parents, n_parents);
	if (!err)
		err = read_again(ctx, conn, plan, copy, ids, n, parents, n_parents);
	return err ? err : warehouse_past_renew(ctx, conn, plan, copy, ids, n);
}
