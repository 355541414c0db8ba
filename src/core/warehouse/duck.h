/* DuckDB, behind this header only.  The library is looked for when it is first needed; where there is none, or it is another than
 * the one this was made for, everything here fails with ERR_UPSTREAM "warehouse_off" and duck_why says why.
 *
 * A database is shared among threads, a connection is used by one at a time.  No text that a person wrote becomes SQL: statements
 * are ours, values are bound.  Nothing outside the database's own file and its folder for spilling can be read or written by SQL
 * (external access is off, extensions are not loaded, the configuration is locked). */
#ifndef GUANXI_CORE_WAREHOUSE_DUCK_H
#define GUANXI_CORE_WAREHOUSE_DUCK_H

#include "base/ctx.h"
#include "core/entity/value.h"

struct duck;
struct duck_conn;
struct duck_rows;
struct duck_put;

struct duck_config {
	const char *path;      /* its file */
	const char *spill_dir; /* what does not fit into memory; ours alone */
	int memory_mb, threads;
};

/* Loads the library once for the program. False: there is none that fits, see duck_why. */
bool duck_there(void);
/* "1.5.6", or "" ; and why it is not there, "" while it is. */
const char *duck_version(void);
const char *duck_why(void);

/* ERR_UPSTREAM "warehouse_off": no library; "warehouse_damaged": the file can't be opened as what it should be. */
enum err duck_open_new(struct ctx *ctx, const struct duck_config *config, struct duck **ret) MUST_CHECK;
/* After all its connections. */
void duck_free(struct duck *duck);

enum err duck_connect_new(struct ctx *ctx, struct duck *duck, struct duck_conn **ret) MUST_CHECK;
void duck_conn_free(struct duck_conn *conn);

/* Statements without parameters and rows; several, with ';' between. */
enum err duck_exec(struct ctx *ctx, struct duck_conn *conn, const char *sql) MUST_CHECK;
/* One statement with ?1 … ?n.  Ends with ERR_LIMIT "budget" at ctx's deadline, "warehouse_memory" where memory and disk do not do,
 * ERR_INVALID "number_range" where a sum leaves 63 bits, "warehouse_lacks" where it names what the warehouse does not hold;
 * ERR_UPSTREAM "warehouse_damaged" where the file is not good.  duck_done frees the rows. */
enum err duck_ask(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, struct duck_rows **ret) MUST_CHECK;
/* False past the last row. */
bool duck_next(struct duck_rows *rows);
size_t duck_columns(const struct duck_rows *rows);
bool duck_null(const struct duck_rows *rows, size_t column);
/* Of BIGINT, INTEGER and BOOLEAN columns; 0 for null. */
int64_t duck_i64(const struct duck_rows *rows, size_t column);
double duck_real(const struct duck_rows *rows, size_t column);
/* Borrowed until the next row, not ended by NUL; NULL for null. */
const char *duck_text(const struct duck_rows *rows, size_t column, size_t *ret_n);
void duck_done(struct duck_rows *rows);
/* The first row's first number, 0 if there is none. */
enum err duck_number(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, int64_t *ret) MUST_CHECK;

enum duck_type { DUCK_INT /* BIGINT */, DUCK_SMALL /* INTEGER */, DUCK_REAL, DUCK_TEXT };

/* Appends rows to a table with these columns, some thousand at a time. */
enum err duck_put_new(struct ctx *ctx, struct duck_conn *conn, const char *table, const enum duck_type *types, size_t n, struct duck_put **ret) MUST_CHECK;
/* The next row's columns; those that are not given are null. */
void duck_put_i64(struct duck_put *put, size_t column, int64_t value);
void duck_put_real(struct duck_put *put, size_t column, double value);
void duck_put_text(struct duck_put *put, size_t column, const char *text, size_t n);
enum err duck_put_row(struct ctx *ctx, struct duck_put *put) MUST_CHECK;
/* Writes what is left, unless an error came before, and frees. */
enum err duck_put_end(struct ctx *ctx, struct duck_put *put, enum err before) MUST_CHECK;

#endif
