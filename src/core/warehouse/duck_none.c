/* The program was built where DuckDB's header was not to be had: it works without a warehouse. */
#include "core/warehouse/duck.h"

static enum err off(struct ctx *ctx)
{
	return fail_arg(ctx, ERR_UPSTREAM, "", "warehouse_off", duck_why());
}

bool duck_there(void)
{
	return false;
}

const char *duck_version(void)
{
	return "";
}

const char *duck_why(void)
{
	return "this program was built without DuckDB's header";
}

enum err duck_open_new(struct ctx *ctx, const struct duck_config *config, struct duck **ret)
{
	(void)config;
	*ret = NULL;
	return off(ctx);
}

void duck_free(struct duck *duck)
{
	(void)duck;
}

enum err duck_connect_new(struct ctx *ctx, struct duck *duck, struct duck_conn **ret)
{
	(void)duck;
	*ret = NULL;
	return off(ctx);
}

void duck_conn_free(struct duck_conn *conn)
{
	(void)conn;
}

enum err duck_exec(struct ctx *ctx, struct duck_conn *conn, const char *sql)
{
	(void)conn;
	(void)sql;
	return off(ctx);
}

enum err duck_ask(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, struct duck_rows **ret)
{
	(void)params;
	(void)n;
	*ret = NULL;
	return duck_exec(ctx, conn, sql);
}

bool duck_next(struct duck_rows *rows)
{
	(void)rows;
	return false;
}

size_t duck_columns(const struct duck_rows *rows)
{
	(void)rows;
	return 0;
}

bool duck_null(const struct duck_rows *rows, size_t column)
{
	(void)rows;
	(void)column;
	return true;
}

int64_t duck_i64(const struct duck_rows *rows, size_t column)
{
	(void)rows;
	(void)column;
	return 0;
}

double duck_real(const struct duck_rows *rows, size_t column)
{
	return (double)duck_i64(rows, column);
}

const char *duck_text(const struct duck_rows *rows, size_t column, size_t *ret_n)
{
	(void)rows;
	(void)column;
	*ret_n = 0;
	return NULL;
}

void duck_done(struct duck_rows *rows)
{
	(void)rows;
}

enum err duck_number(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, int64_t *ret)
{
	(void)params;
	(void)n;
	*ret = 0;
	return duck_exec(ctx, conn, sql);
}

enum err duck_put_new(struct ctx *ctx, struct duck_conn *conn, const char *table, const enum duck_type *types, size_t n, struct duck_put **ret)
{
	(void)types;
	(void)n;
	*ret = NULL;
	return duck_exec(ctx, conn, table);
}

void duck_put_i64(struct duck_put *put, size_t column, int64_t value)
{
	(void)put;
	(void)column;
	(void)value;
}

void duck_put_real(struct duck_put *put, size_t column, double value)
{
	(void)put;
	(void)column;
	(void)value;
}

void duck_put_text(struct duck_put *put, size_t column, const char *text, size_t n)
{
	(void)put;
	(void)column;
	(void)text;
	(void)n;
}

enum err duck_put_row(struct ctx *ctx, struct duck_put *put)
{
	(void)put;
	return off(ctx);
}

enum err duck_put_end(struct ctx *ctx, struct duck_put *put, enum err before)
{
	(void)put;
	return before ? before : off(ctx);
}
