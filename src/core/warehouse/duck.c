/* Databases, connections, statements and rows. */
#include "core/warehouse/duck.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/warehouse/duck_load.h"

enum { COLUMNS_MAX = 160, VECTOR = 2048, TEXT_INSIDE = 12, IDLE_US = 200 };

struct duck {
	duckdb_database db;
};

struct duck_conn {
	duckdb_connection conn;
};

struct duck_rows {
	duckdb_result result;
	duckdb_data_chunk chunk;
	size_t n_columns, at, n_chunk;
	struct {
		duckdb_type type;
		const void *data;
		const uint64_t *valid;
	} columns[COLUMNS_MAX];
};

struct duck_put {
	duckdb_appender appender;
	duckdb_data_chunk chunk;
	size_t n, rows;
	struct {
		enum duck_type type;
		bool given;
		duckdb_vector vector;
		void *data;
		uint64_t *valid;
	} columns[COLUMNS_MAX];
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err is_off(struct ctx *ctx)
{
	return fail_arg(ctx, ERR_UPSTREAM, "", "warehouse_off", duck_why());
}

/* --- databases ------------------------------------------------------------------------- */

/* What was set wrong would open the door again, so each is looked at. */
static bool configure(const struct duck_calls *c, const struct duck_config *config, duckdb_config *ret)
{
	char memory[32], threads[16];
	const char *const pairs[][2] = {
		{"memory_limit", memory}, {"threads", threads}, {"temp_directory", config->spill_dir}, {"enable_external_access", "false"},
		{"autoload_known_extensions", "false"}, {"autoinstall_known_extensions", "false"}, {"allow_community_extensions", "false"},
		{"preserve_insertion_order", "false"}, {"lock_configuration", "true"},
	};
	snprintf(memory, sizeof(memory), "%dMB", config->memory_mb);
	snprintf(threads, sizeof(threads), "%d", config->threads);
	if (c->create_config(ret) != DuckDBSuccess)
		return false;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (c->set_config(*ret, pairs[i][0], pairs[i][1]) != DuckDBSuccess) {
			log_event(LOG_ERROR, "DuckDB does not take a setting", "name", pairs[i][0], NULL);
			return false;
		}
	}
	return true;
}

enum err duck_open_new(struct ctx *ctx, const struct duck_config *config, struct duck **ret)
{
	const struct duck_calls *c = duck_calls();
	duckdb_config settings = NULL;
	char *said = NULL;
	*ret = NULL;
	if (c == NULL)
		return is_off(ctx);
	struct duck *duck = calloc(1, sizeof(*duck));
	if (duck == NULL)
		return no_memory(ctx);
	bool good = configure(c, config, &settings);
	bool open = good && c->open_ext(config->path, &duck->db, settings, &said) == DuckDBSuccess;
	if (settings != NULL)
		c->destroy_config(&settings);
	if (!open) {
		log_event(LOG_WARN, "the warehouse's file can't be opened", "why", said != NULL ? said : "", NULL);
		c->free(said);
		free(duck);
		return fail(ctx, ERR_UPSTREAM, "", good ? "warehouse_damaged" : "warehouse_off");
	}
	*ret = duck;
	return OK;
}

void duck_free(struct duck *duck)
{
	if (duck == NULL)
		return;
	duck_calls()->close(&duck->db);
	free(duck);
}

enum err duck_connect_new(struct ctx *ctx, struct duck *duck, struct duck_conn **ret)
{
	struct duck_conn *conn = calloc(1, sizeof(*conn));
	*ret = NULL;
	if (conn == NULL)
		return no_memory(ctx);
	if (duck_calls()->connect(duck->db, &conn->conn) != DuckDBSuccess) {
		free(conn);
		return fail(ctx, ERR_UPSTREAM, "", "warehouse_damaged");
	}
	*ret = conn;
	return OK;
}

void duck_conn_free(struct duck_conn *conn)
{
	if (conn == NULL)
		return;
	duck_calls()->disconnect(&conn->conn);
	free(conn);
}

/* --- statements ---------------------------------------------------------------------------- */

static enum err failed(struct ctx *ctx, duckdb_error_type type, const char *said)
{
	static const struct {
		duckdb_error_type type;
		enum err err;
		const char *key;
	} kinds[] = {
		{DUCKDB_ERROR_INTERRUPT, ERR_LIMIT, "budget"}, {DUCKDB_ERROR_OUT_OF_MEMORY, ERR_LIMIT, "warehouse_memory"},
		{DUCKDB_ERROR_OUT_OF_RANGE, ERR_INVALID, "number_range"}, {DUCKDB_ERROR_CONVERSION, ERR_INVALID, "number_range"},
		{DUCKDB_ERROR_BINDER, ERR_INVALID, "warehouse_lacks"}, {DUCKDB_ERROR_CATALOG, ERR_INVALID, "warehouse_lacks"},
		{DUCKDB_ERROR_FATAL, ERR_UPSTREAM, "warehouse_damaged"}, {DUCKDB_ERROR_INTERNAL, ERR_UPSTREAM, "warehouse_damaged"},
		{DUCKDB_ERROR_IO, ERR_UPSTREAM, "warehouse_damaged"}, {DUCKDB_ERROR_SERIALIZATION, ERR_UPSTREAM, "warehouse_damaged"},
		{DUCKDB_ERROR_TRANSACTION, ERR_RETRY, "busy"},
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type) {
			bool figures = str_equal(kinds[i].key, "number_range"); /* the text has them */
			if (kinds[i].err != ERR_LIMIT && !figures)
				log_event(LOG_WARN, "DuckDB refuses", "why", said, NULL);
			return fail(ctx, kinds[i].err, "", kinds[i].key);
		}
	}
	log_event(LOG_ERROR, "DuckDB does not understand", "why", said, NULL);
	return fail(ctx, ERR_BUG, "", "sql");
}

/* Errors of preparing, and some of running, have a text alone, which begins with their kind. */
static duckdb_error_type type_of(const char *said)
{
	if (str_starts(said, "Binder Error"))
		return DUCKDB_ERROR_BINDER;
	if (str_starts(said, "Catalog Error"))
		return DUCKDB_ERROR_CATALOG;
	if (str_starts(said, "INTERNAL Error") || str_starts(said, "FATAL Error"))
		return DUCKDB_ERROR_FATAL;
	if (str_starts(said, "IO Error"))
		return DUCKDB_ERROR_IO;
	if (str_starts(said, "Conversion Error") || str_starts(said, "Out of Range Error"))
		return DUCKDB_ERROR_CONVERSION;
	if (str_starts(said, "INTERRUPT Error"))
		return DUCKDB_ERROR_INTERRUPT;
	if (str_starts(said, "Out of Memory"))
		return DUCKDB_ERROR_OUT_OF_MEMORY;
	if (str_starts(said, "TransactionContext Error"))
		return DUCKDB_ERROR_TRANSACTION;
	return DUCKDB_ERROR_INVALID;
}

enum err duck_exec(struct ctx *ctx, struct duck_conn *conn, const char *sql)
{
	const struct duck_calls *c = duck_calls();
	duckdb_result result;
	enum err err = OK;
	memset(&result, 0, sizeof(result));
	if (c->query(conn->conn, sql, &result) != DuckDBSuccess) {
		const char *said = c->result_error(&result);
		err = failed(ctx, c->result_error_type(&result), said != NULL ? said : "");
	}
	c->destroy_result(&result);
	return err;
}

static bool bind(const struct duck_calls *c, duckdb_prepared_statement stmt, size_t at, const struct value *value)
{
	switch (value->kind) {
	case VALUE_INT:
		return c->bind_int64(stmt, at, value->i) == DuckDBSuccess;
	case VALUE_REAL:
		return c->bind_double(stmt, at, value->r) == DuckDBSuccess;
	case VALUE_TEXT:
		return c->bind_varchar_length(stmt, at, value->t.p, value->t.n) == DuckDBSuccess;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	return c->bind_null(stmt, at) == DuckDBSuccess;
}

/* Its tasks are run here as well as on its own threads, so that the clock is looked at between them. */
static enum err work(struct ctx *ctx, const struct duck_calls *c, duckdb_pending_result pending, bool *ret_failed)
{
	duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
	while (state == DUCKDB_PENDING_RESULT_NOT_READY || state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
		if (ctx_expired(ctx))
			return fail(ctx, ERR_LIMIT, "", "budget");
		if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
			usleep(IDLE_US);
		state = c->pending_execute_task(pending);
	}
	*ret_failed = state == DUCKDB_PENDING_ERROR;
	return OK;
}

/* The words of an error go when the result is taken. */
static const char *kept(struct ctx *ctx, const char *said)
{
	return said != NULL ? arena_strdup(ctx->arena, said) : NULL;
}

static enum err run_failed(struct ctx *ctx, const struct duck_calls *c, duckdb_result *result, const char *said)
{
	const char *words = said != NULL ? said : c->result_error(result);
	duckdb_error_type type = type_of(words != NULL ? words : "");
	return failed(ctx, type != DUCKDB_ERROR_INVALID ? type : c->result_error_type(result), words != NULL ? words : "");
}

static enum err run(struct ctx *ctx, const struct duck_calls *c, duckdb_prepared_statement stmt, struct duck_rows *rows)
{
	duckdb_pending_result pending = NULL;
	bool bad = c->pending_prepared(stmt, &pending) != DuckDBSuccess;
	enum err err = bad ? OK : work(ctx, c, pending, &bad);
	const char *said = bad && pending != NULL ? kept(ctx, c->pending_error(pending)) : NULL;
	if (!err && pending != NULL && c->execute_pending(pending, &rows->result) != DuckDBSuccess)
		err = run_failed(ctx, c, &rows->result, said);
	else if (!err && bad)
		err = failed(ctx, DUCKDB_ERROR_INVALID, "");
	if (pending != NULL)
		c->destroy_pending(&pending);
	return err;
}

static enum err prepare(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, duckdb_prepared_statement *ret)
{
	const struct duck_calls *c = duck_calls();
	*ret = NULL;
	if (c->prepare(conn->conn, sql, ret) != DuckDBSuccess) {
		const char *said = c->prepare_error(*ret);
		return failed(ctx, type_of(said != NULL ? said : ""), said != NULL ? said : "");
	}
	bool good = c->nparams(*ret) == n;
	for (size_t i = 0; good && i < n; i++)
		good = bind(c, *ret, i + 1, &params[i]);
	return good ? OK : fail(ctx, ERR_BUG, "", "sql");
}

enum err duck_ask(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, struct duck_rows **ret)
{
	const struct duck_calls *c = duck_calls();
	duckdb_prepared_statement stmt = NULL;
	struct duck_rows *rows = calloc(1, sizeof(*rows));
	*ret = NULL;
	if (rows == NULL)
		return no_memory(ctx);
	enum err err = prepare(ctx, conn, sql, params, n, &stmt);
	if (!err)
		err = run(ctx, c, stmt, rows);
	if (stmt != NULL)
		c->destroy_prepare(&stmt);
	rows->n_columns = err ? 0 : c->column_count(&rows->result);
	if (rows->n_columns > COLUMNS_MAX)
		err = fail(ctx, ERR_BUG, "", "sql");
	if (err) {
		duck_done(rows);
		return err;
	}
	for (size_t i = 0; i < rows->n_columns; i++)
		rows->columns[i].type = c->column_type(&rows->result, i);
	*ret = rows;
	return OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool next_chunk(struct duck_rows *rows)
{
	const struct duck_calls *c = duck_calls();
	do {
		if (rows->chunk != NULL)
			c->destroy_data_chunk(&rows->chunk);
		rows->chunk = c->fetch_chunk(rows->result);
		rows->n_chunk = rows->chunk != NULL ? c->data_chunk_get_size(rows->chunk) : 0;
	} while (rows->chunk != NULL && rows->n_chunk == 0);
	for (size_t i = 0; rows->chunk != NULL && i < rows->n_columns; i++) {
		duckdb_vector vector = c->data_chunk_get_vector(rows->chunk, i);
		rows->columns[i].data = c->vector_get_data(vector);
		rows->columns[i].valid = c->vector_get_validity(vector);
	}
	return rows->chunk != NULL;
}

bool duck_next(struct duck_rows *rows)
{
	if (rows->chunk != NULL && rows->at + 1 < rows->n_chunk) {
		rows->at++;
		return true;
	}
	rows->at = 0;
	return next_chunk(rows);
}

size_t duck_columns(const struct duck_rows *rows)
{
	return rows->n_columns;
}

bool duck_null(const struct duck_rows *rows, size_t column)
{
	const uint64_t *valid = rows->columns[column].valid;
	return valid != NULL && (valid[rows->at / 64] >> rows->at % 64 & 1) == 0;
}

int64_t duck_i64(const struct duck_rows *rows, size_t column)
{
	const void *data = rows->columns[column].data;
	if (duck_null(rows, column))
		return 0;
	duckdb_type type = rows->columns[column].type;
	if (type == DUCKDB_TYPE_BIGINT)
		return ((const int64_t *)data)[rows->at];
	if (type == DUCKDB_TYPE_INTEGER)
		return ((const int32_t *)data)[rows->at];
	if (type == DUCKDB_TYPE_BOOLEAN)
		return ((const bool *)data)[rows->at];
	if (type == DUCKDB_TYPE_DOUBLE)
		return (int64_t)((const double *)data)[rows->at];
	return 0;
}

double duck_real(const struct duck_rows *rows, size_t column)
{
	if (rows->columns[column].type != DUCKDB_TYPE_DOUBLE)
		return (double)duck_i64(rows, column);
	return duck_null(rows, column) ? 0 : ((const double *)rows->columns[column].data)[rows->at];
}

const char *duck_text(const struct duck_rows *rows, size_t column, size_t *ret_n)
{
	*ret_n = 0;
	if (rows->columns[column].type != DUCKDB_TYPE_VARCHAR || duck_null(rows, column))
		return NULL;
	const duckdb_string_t *text = &((const duckdb_string_t *)rows->columns[column].data)[rows->at];
	*ret_n = text->value.inlined.length;
	return *ret_n <= TEXT_INSIDE ? text->value.inlined.inlined : text->value.pointer.ptr;
}

void duck_done(struct duck_rows *rows)
{
	if (rows == NULL)
		return;
	const struct duck_calls *c = duck_calls();
	if (rows->chunk != NULL)
		c->destroy_data_chunk(&rows->chunk);
	c->destroy_result(&rows->result);
	free(rows);
}

enum err duck_number(struct ctx *ctx, struct duck_conn *conn, const char *sql, const struct value *params, size_t n, int64_t *ret)
{
	struct duck_rows *rows;
	enum err err = duck_ask(ctx, conn, sql, params, n, &rows);
	*ret = 0;
	if (err)
		return err;
	if (duck_next(rows))
		*ret = duck_i64(rows, 0);
	duck_done(rows);
	return OK;
}

/* --- rows that come in --------------------------------------------------------------------------- */

static void look_at_chunk(struct duck_put *put)
{
	const struct duck_calls *c = duck_calls();
	for (size_t i = 0; i < put->n; i++) {
		put->columns[i].vector = c->data_chunk_get_vector(put->chunk, i);
		c->vector_ensure_validity_writable(put->columns[i].vector);
		put->columns[i].data = c->vector_get_data(put->columns[i].vector);
		put->columns[i].valid = c->vector_get_validity(put->columns[i].vector);
		put->columns[i].given = false;
	}
	put->rows = 0;
}

enum err duck_put_new(struct ctx *ctx, struct duck_conn *conn, const char *table, const enum duck_type *types, size_t n, struct duck_put **ret)
{
	static const duckdb_type kinds[] = {[DUCK_INT] = DUCKDB_TYPE_BIGINT, [DUCK_SMALL] = DUCKDB_TYPE_INTEGER, [DUCK_REAL] = DUCKDB_TYPE_DOUBLE, [DUCK_TEXT] = DUCKDB_TYPE_VARCHAR};
	const struct duck_calls *c = duck_calls();
	duckdb_logical_type logical[COLUMNS_MAX];
	*ret = NULL;
	if (n == 0 || n > COLUMNS_MAX)
		return fail(ctx, ERR_BUG, "", "sql");
	struct duck_put *put = calloc(1, sizeof(*put));
	if (put == NULL)
		return no_memory(ctx);
	put->n = n;
	for (size_t i = 0; i < n; i++) {
		put->columns[i].type = types[i];
		logical[i] = c->create_logical_type(kinds[types[i]]);
	}
	put->chunk = c->create_data_chunk(logical, n);
	for (size_t i = 0; i < n; i++)
		c->destroy_logical_type(&logical[i]);
	if (put->chunk == NULL || c->appender_create(conn->conn, NULL, table, &put->appender) != DuckDBSuccess) {
		const char *said = put->appender != NULL ? c->appender_error(put->appender) : NULL;
		log_event(LOG_ERROR, "DuckDB takes no rows", "why", said != NULL ? said : "", NULL);
		return duck_put_end(ctx, put, fail(ctx, ERR_BUG, "", "sql"));
	}
	look_at_chunk(put);
	*ret = put;
	return OK;
}

void duck_put_i64(struct duck_put *put, size_t column, int64_t value)
{
	put->columns[column].given = true;
	if (put->columns[column].type == DUCK_INT)
		((int64_t *)put->columns[column].data)[put->rows] = value;
	else
		((int32_t *)put->columns[column].data)[put->rows] = (int32_t)value;
}

void duck_put_real(struct duck_put *put, size_t column, double value)
{
	put->columns[column].given = true;
	((double *)put->columns[column].data)[put->rows] = value;
}

void duck_put_text(struct duck_put *put, size_t column, const char *text, size_t n)
{
	put->columns[column].given = true;
	duck_calls()->vector_assign_string_element_len(put->columns[column].vector, put->rows, text, n);
}

static enum err flush(struct ctx *ctx, struct duck_put *put)
{
	const struct duck_calls *c = duck_calls();
	if (put->rows == 0)
		return OK;
	c->data_chunk_set_size(put->chunk, put->rows);
	if (c->append_data_chunk(put->appender, put->chunk) != DuckDBSuccess) {
		const char *said = c->appender_error(put->appender);
		return failed(ctx, type_of(said != NULL ? said : ""), said != NULL ? said : "");
	}
	c->data_chunk_reset(put->chunk);
	look_at_chunk(put);
	return OK;
}

enum err duck_put_row(struct ctx *ctx, struct duck_put *put)
{
	for (size_t i = 0; i < put->n; i++) {
		uint64_t bit = UINT64_C(1) << put->rows % 64;
		if (put->columns[i].given)
			put->columns[i].valid[put->rows / 64] |= bit;
		else
			put->columns[i].valid[put->rows / 64] &= ~bit;
		put->columns[i].given = false;
	}
	return ++put->rows == VECTOR ? flush(ctx, put) : OK;
}

enum err duck_put_end(struct ctx *ctx, struct duck_put *put, enum err before)
{
	const struct duck_calls *c = duck_calls();
	enum err err = before;
	if (!err)
		err = flush(ctx, put);
	if (put->chunk != NULL)
		c->destroy_data_chunk(&put->chunk);
	/* closes, and tells what became of the last rows */
	if (put->appender != NULL && c->appender_destroy(&put->appender) != DuckDBSuccess && !err)
		err = fail(ctx, ERR_UPSTREAM, "", "warehouse_damaged");
	free(put);
	return err;
}
