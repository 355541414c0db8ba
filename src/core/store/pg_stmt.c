/* Prepared statements on PostgreSQL: parameters, execution, rows.
 *
 * Rows of a SELECT without LIMIT are streamed, STREAM_AHEAD at a time, so that memory
 * stays flat; short results are complete with the first look, and the connection is
 * free again.  When another statement starts in the middle of a stream, the rest of
 * the rows is taken into memory; stmt_stream avoids that with a server-side cursor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/pg_internal.h"

#include "base/str.h"

enum {
	STREAM_AHEAD = 64,
	QUEUED_MAX = 200,            /* commands whose answers wait */
	CURSOR_ROWS = 500,
	DRAIN_ROWS = 10000,          /* unread rows that are cheaper read than cancelled */
	KEPT_BYTES_MAX = 256 << 20,  /* of a stream that had to be taken into memory */
};

/* --- preparing ------------------------------------------------------------------- */

/* ?1 to $1, outside quoted text and names. */
static char *dollars_new(const char *text, size_t n)
{
	char *out = malloc(n + 1);
	if (!out)
		return NULL;
	char quote = '\0';
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == '?' && i + 1 < n && text[i + 1] >= '1' && text[i + 1] <= '9')
			c = '$';
		out[i] = c;
	}
	out[n] = '\0';
	return out;
}

/* The word stands outside parentheses and quotes. */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	int depth = 0;
	char quote = '\0';
	for (const char *at = text; *at; at++) {
		if (quote) {
			quote = *at == quote ? '\0' : quote;
			continue;
		}
		if (*at == '\'' || *at == '"')
			quote = *at;
		depth += (*at == '(') - (*at == ')');
		if (depth == 0 && strncasecmp(at, word, n) == 0)
			return true;
	}
	return false;
}

/* A long answer is possible: rows are streamed. */
static bool is_query(const char *text)
{
	text += strspn(text, " \t\n");
	bool reads = strncasecmp(text, "SELECT", 6) == 0 || strncasecmp(text, "WITH", 4) == 0;
	return reads && !has_word(text, " LIMIT ") && !has_word(text, " FOR UPDATE") && !has_word(text, " FOR NO KEY UPDATE") && !has_word(text, "INSERT ") &&
	       !has_word(text, "UPDATE ") && !has_word(text, "DELETE ");
}

static void forget_rows(struct pg_stmt *pg)
{
	for (size_t i = 0; i < pg->n_results; i++)
		PQclear(pg->results[i]);
	pg->n_results = pg->at = 0;
	pg->row = -1;
}

static void forget_shown(struct pg_stmt *pg)
{
	for (int i = 0; i < pg->n_columns; i++) {
		free(pg->shown[i].big);
		pg->shown[i].big = NULL;
	}
}

static void release_shape(struct pg_stmt *pg)
{
	for (int i = 0; i < pg->n_params; i++)
		free(pg->copies[i]);
	if (pg->shown)
		forget_shown(pg);
	free(pg->types);
	free(pg->values);
	free(pg->lengths);
	free(pg->formats);
	free(pg->numbers);
	free(pg->copies);
	free(pg->kinds);
	free(pg->shown);
	pg->types = NULL;
	pg->values = NULL;
	pg->lengths = pg->formats = NULL;
	pg->numbers = NULL;
	pg->copies = NULL;
	pg->kinds = NULL;
	pg->shown = NULL;
	pg->n_params = pg->n_columns = 0;
}

void pg_stmt_free(struct pg_stmt *pg)
{
	forget_rows(pg);
	/* The server forgets it as well, next time we talk to it. */
	if (*pg->name && pg->owner && pg->generation == pg->owner->generation)
		buf_printf(&pg->owner->dead, "DEALLOCATE %s;", pg->name);
	release_shape(pg);
	free(pg->results);
	free(pg->copy);
	free(pg->text);
	free(pg);
}

/* Parameter and column types as the server sees them. */
static bool take_shape(struct pg_stmt *pg, const PGresult *res)
{
	int n = PQnparams(res), columns = PQnfields(res);
	if (pg->types && n == pg->n_params && columns == pg->n_columns) {
		/* Prepared again on a new connection: what is bound stays bound. */
		for (int i = 0; i < columns; i++)
			pg->kinds[i] = (uint8_t)pg_kind_of(PQftype(res, i));
		return true;
	}
	release_shape(pg);
	size_t np = (size_t)n + 1, nc = (size_t)columns + 1;
	pg->types = calloc(np, sizeof *pg->types);
	pg->values = calloc(np, sizeof *pg->values);
	pg->lengths = calloc(np, sizeof *pg->lengths);
	pg->formats = calloc(np, sizeof *pg->formats);
	pg->numbers = calloc(np, sizeof *pg->numbers);
	pg->copies = calloc(np, sizeof *pg->copies);
	pg->kinds = calloc(nc, sizeof *pg->kinds);
	pg->shown = calloc(nc, sizeof *pg->shown);
	if (!pg->types || !pg->values || !pg->lengths || !pg->formats || !pg->numbers || !pg->copies || !pg->kinds || !pg->shown)
		return false;
	pg->n_params = n;
	pg->n_columns = columns;
	pg->binary = true;
	for (int i = 0; i < n; i++)
		pg->types[i] = PQparamtype(res, i);
	for (int i = 0; i < columns; i++) {
		pg->kinds[i] = (uint8_t)pg_kind_of(PQftype(res, i));
		pg->binary &= pg->kinds[i] != PG_OTHER;
	}
	return true;
}

static enum err forget_dead(struct ctx *ctx, struct pg_conn *pg)
{
	if (!pg->dead.len)
		return OK;
	enum err err = pg_run(ctx, pg, buf_text(&pg->dead));
	buf_reset(&pg->dead);
	return err;
}

/* Answers to Prepare (1) and Describe (2), each ended by a NULL, then the mark. */
static enum err read_shape(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *stmt)
{
	enum err err = OK;
	ExecStatusType status = PGRES_EMPTY_QUERY;
	for (int n = 0; status != PGRES_PIPELINE_SYNC && !pg_is_lost(pg) && n < 8; n++) {
		PGresult *res = PQgetResult(pg->conn);
		status = res ? PQresultStatus(res) : PGRES_EMPTY_QUERY;
		if (status == PGRES_FATAL_ERROR && !err)
			err = pg_fail(ctx, pg, res);
		bool described = status == PGRES_COMMAND_OK && n == 2;
		if (described && !err && !take_shape(stmt, res))
			err = fail(ctx, ERR_LIMIT, "", "memory");
		PQclear(res);
	}
	return err;
}

/* Prepare and describe in one round trip. */
static enum err prepare_on_server(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *stmt)
{
	enum err err = forget_dead(ctx, pg);
	if (err)
		return err;
	(void)snprintf(stmt->name, sizeof stmt->name, "g%u_%u", pg->generation, ++pg->next_name);
	if (PQenterPipelineMode(pg->conn) && PQsendPrepare(pg->conn, stmt->name, stmt->text, 0, NULL) &&
	    PQsendDescribePrepared(pg->conn, stmt->name) && PQpipelineSync(pg->conn))
		err = read_shape(ctx, pg, stmt);
	else
		err = pg_fail(ctx, pg, NULL);
	(void)PQexitPipelineMode(pg->conn);
	if (!err && pg_is_lost(pg))
		err = pg_fail(ctx, pg, NULL);
	stmt->generation = pg->generation;
	if (err)
		stmt->name[0] = '\0';
	return err;
}

/* Once more on a fresh connection, where nothing was under way on the old one. */
static bool may_reconnect(struct ctx *ctx, struct db *db, size_t faults)
{
	if (db->pg->writer || db->in_read || !db->pg->lost || pg_reconnect(ctx, db->pg) != OK)
		return false;
	ctx->faults.count = faults;
	if (!faults)
		ctx->faults.code = OK;
	return true;
}

enum err pg_prepare(struct ctx *ctx, struct db *db, const char *text, size_t n, struct pg_stmt **ret)
{
	struct pg_stmt *pg = calloc(1, sizeof *pg);
	if (!pg || !(pg->text = dollars_new(text, n))) {
		free(pg);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	size_t faults = ctx->faults.count;
	pg->row = -1;
	pg->query = is_query(pg->text);
	pg->owner = db->pg;
	enum err err = pg_make_free(ctx, db->pg);
	if (!err)
		err = prepare_on_server(ctx, db->pg, pg);
	if (err && may_reconnect(ctx, db, faults))
		err = prepare_on_server(ctx, db->pg, pg);
	if (err) {
		pg_stmt_free(pg);
		return err;
	}
	pg->copy = pg_copy_text_new(pg->text, pg->n_params);
	*ret = pg;
	return OK;
}

/* --- parameters ------------------------------------------------------------------- */

static bool slot(struct stmt *stmt, int at)
{
	if (at < 1 || at > stmt->pg->n_params) {
		stmt->bad_bind = true;
		return false;
	}
	return true;
}

static void set(struct pg_stmt *pg, int at, const char *value, size_t n, bool binary)
{
	pg->values[at - 1] = value;
	pg->lengths[at - 1] = (int)n;
	pg->formats[at - 1] = binary;
}

static void put_big_endian(char *out, uint64_t bits)
{
	for (int i = 0; i < 8; i++)
		out[i] = (char)(bits >> (56 - 8 * i));
}

void pg_bind_i64(struct stmt *stmt, int at, int64_t value)
{
	if (!slot(stmt, at))
		return;
	char *out = stmt->pg->numbers[at - 1];
	bool binary = stmt->pg->types[at - 1] == OID_INT8;
	if (binary)
		put_big_endian(out, (uint64_t)value);
	else
		(void)snprintf(out, sizeof *stmt->pg->numbers, "%lld", (long long)value);
	set(stmt->pg, at, out, 8, binary);
}

void pg_bind_real(struct stmt *stmt, int at, double value)
{
	if (!slot(stmt, at))
		return;
	char *out = stmt->pg->numbers[at - 1];
	bool binary = stmt->pg->types[at - 1] == OID_FLOAT8;
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	if (binary)
		put_big_endian(out, bits);
	else
		(void)snprintf(out, sizeof *stmt->pg->numbers, "%.17g", value);
	set(stmt->pg, at, out, 8, binary);
}

void pg_bind_text(struct stmt *stmt, int at, const char *text)
{
	if (!slot(stmt, at))
		return;
	bool binary = stmt->pg->types[at - 1] == OID_BYTEA;
	set(stmt->pg, at, text, binary ? strlen(text) : 0, binary);
}

void pg_bind_textn(struct stmt *stmt, int at, const char *text, size_t n)
{
	if (!slot(stmt, at))
		return;
	Oid type = stmt->pg->types[at - 1];
	if (n > INT32_MAX) {
		stmt->bad_bind = true;
	} else if (type == OID_TEXT || type == OID_VARCHAR || type == OID_BYTEA) {
		set(stmt->pg, at, text, n, true); /* these are their own binary form */
	} else {
		char **copy = &stmt->pg->copies[at - 1];
		free(*copy);
		*copy = strndup(text, n);
		stmt->bad_bind |= !*copy;
		set(stmt->pg, at, *copy, 0, false);
	}
}

void pg_bind_blob(struct stmt *stmt, int at, const void *data, size_t n)
{
	if (!slot(stmt, at))
		return;
	stmt->bad_bind |= n > INT32_MAX;
	set(stmt->pg, at, n ? data : "", n, true);
}

void pg_bind_null(struct stmt *stmt, int at)
{
	if (slot(stmt, at))
		set(stmt->pg, at, NULL, 0, false);
}

static bool keep(struct pg_stmt *pg, PGresult *res)
{
	if (pg->n_results == pg->cap_results) {
		size_t cap = pg->cap_results ? pg->cap_results * 2 : STREAM_AHEAD;
		PGresult **bigger = reallocarray(pg->results, cap, sizeof *bigger);
		if (!bigger) {
			PQclear(res);
			return false;
		}
		pg->results = bigger;
		pg->cap_results = cap;
	}
	pg->results[pg->n_results++] = res;
	return true;
}

/* --- commands sent ahead ------------------------------------------------------------- */

static enum err enter_pipeline(struct ctx *ctx, struct pg_conn *pg)
{
	if (pg->queued == 0 && !PQenterPipelineMode(pg->conn))
		return pg_fail(ctx, pg, NULL);
	return OK;
}

enum err pg_queue_text(struct ctx *ctx, struct pg_conn *pg, const char *text)
{
	enum err err = pg->copied ? pg_make_free(ctx, pg) : OK;
	if (!err)
		err = enter_pipeline(ctx, pg);
	if (!err && !PQsendQueryParams(pg->conn, text, 0, NULL, NULL, NULL, NULL, 0))
		err = pg_fail(ctx, pg, NULL);
	pg->queued += !err;
	return err;
}

static enum err queue_prepared(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *s)
{
	enum err err = enter_pipeline(ctx, pg);
	if (!err && !PQsendQueryPrepared(pg->conn, s->name, s->n_params, s->values, s->lengths, s->formats, s->binary))
		err = pg_fail(ctx, pg, NULL);
	pg->queued += !err;
	return err;
}

static bool is_good(ExecStatusType status)
{
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* Answers of the first `n` commands of the pipeline; the first error counts, what the
 * server skipped after it says nothing new. */
static enum err read_answers(struct ctx *ctx, struct pg_conn *pg, int n, PGresult **ret_last)
{
	enum err err = OK;
	for (int i = 0; i < n; i++) {
		PGresult *res = PQgetResult(pg->conn);
		bool good = is_good(PQresultStatus(res));
		if (!good && !err)
			err = pg_fail(ctx, pg, res);
		if (good && !err && ret_last && i == n - 1)
			*ret_last = res;
		else
			PQclear(res);
		if (pg_is_lost(pg))
			break;
		while ((res = PQgetResult(pg->conn))) /* a NULL ends each answer */
			PQclear(res);
	}
	return err;
}

static void leave_pipeline(struct pg_conn *pg)
{
	for (int quiet = 0; !pg_is_lost(pg);) {
		PGresult *res = PQgetResult(pg->conn);
		ExecStatusType status = PQresultStatus(res);
		quiet += !res;
		PQclear(res);
		if (status == PGRES_PIPELINE_SYNC)
			break;
		if (quiet > 2 * QUEUED_MAX) /* the mark was never sent: only a new connection helps */
			pg->lost = true;
	}
	(void)PQexitPipelineMode(pg->conn);
	pg->queued = 0;
	pg->piped = false;
}

enum err pg_finish_queue(struct ctx *ctx, struct pg_conn *pg, PGresult **ret_last)
{
	if (ret_last)
		*ret_last = NULL;
	enum err err = PQpipelineSync(pg->conn) ? OK : pg_fail(ctx, pg, NULL);
	if (!err)
		err = read_answers(ctx, pg, pg->queued, ret_last);
	leave_pipeline(pg);
	return err;
}

/* --- rows ---------------------------------------------------------------------------- */

/* Takes up to `max` rows of the stream; at its end the connection is free. */
static enum err take_rows(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *stmt, size_t max, size_t bytes_max)
{
	size_t bytes = 0;
	enum err err = OK;
	for (size_t n = 0; n < max; n++) {
		PGresult *res = PQgetResult(pg->conn);
		if (!res) {
			pg->streaming = NULL;
			if (pg->piped)
				leave_pipeline(pg);
			return err;
		}
		ExecStatusType status = PQresultStatus(res);
		if ((status == PGRES_SINGLE_TUPLE || (status == PGRES_TUPLES_OK && PQntuples(res) > 0)) && !err) {
			bytes += PQresultMemorySize(res);
			if (!keep(stmt, res))
				return fail(ctx, ERR_LIMIT, "", "memory");
			if (bytes > bytes_max)
				return fail(ctx, ERR_LIMIT, "", "too_large");
			continue;
		}
		if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_SINGLE_TUPLE && !err)
			err = pg_fail(ctx, pg, res);
		PQclear(res);
	}
	return err;
}

/* Throws the rest of a stream away. */
static void drain(struct pg_conn *pg)
{
	bool in_transaction = pg->writer || pg->streaming->db->in_read; /* which a cancel would end */
	for (size_t n = 0;; n++) {
		PGresult *res = PQgetResult(pg->conn);
		if (!res)
			break;
		PQclear(res);
		if (n == DRAIN_ROWS && !in_transaction)
			pg_interrupt(pg);
	}
	pg->streaming = NULL;
	if (pg->piped)
		leave_pipeline(pg);
}

/* Answers and rows that are due are read. */
static enum err read_due(struct ctx *ctx, struct pg_conn *pg)
{
	if (pg->queued && !pg->piped)
		return pg_finish_queue(ctx, pg, NULL);
	if (!pg->streaming)
		return OK;
	struct stmt *stmt = pg->streaming;
	struct pg_stmt *rows = stmt->pg;
	/* What was read already need not be kept. */
	size_t gone = rows->at < rows->n_results ? rows->at : rows->n_results;
	for (size_t i = 0; i < gone; i++)
		PQclear(rows->results[i]);
	if (gone) {
		memmove(rows->results, rows->results + gone, (rows->n_results - gone) * sizeof *rows->results);
		rows->n_results -= gone;
		rows->at -= gone;
	}
	enum err err = take_rows(ctx, pg, rows, SIZE_MAX, KEPT_BYTES_MAX);
	if (err) {
		rows->broken = err; /* it must not look like the end */
		if (pg->streaming)
			drain(pg);
	}
	return err;
}

enum err pg_make_free(struct ctx *ctx, struct pg_conn *pg)
{
	enum err err = read_due(ctx, pg);
	return !err && pg->copied ? pg_copy_flush(ctx, pg) : err;
}

static enum err send_query(struct ctx *ctx, struct pg_conn *pg, struct stmt *stmt)
{
	struct pg_stmt *s = stmt->pg;
	enum err err = OK;
	if (pg->queued) {
		int before = pg->queued;
		err = queue_prepared(ctx, pg, s);
		if (!err && !PQpipelineSync(pg->conn))
			err = pg_fail(ctx, pg, NULL);
		if (!err)
			err = read_answers(ctx, pg, before, NULL);
		if (err) {
			leave_pipeline(pg);
			return err;
		}
		pg->piped = true;
	} else if (!PQsendQueryPrepared(pg->conn, s->name, s->n_params, s->values, s->lengths, s->formats, s->binary)) {
		return pg_fail(ctx, pg, NULL);
	}
	pg->streaming = stmt;
	(void)PQsetSingleRowMode(pg->conn); /* else the rows come at once: slower, not wrong */
	return take_rows(ctx, pg, s, STREAM_AHEAD, SIZE_MAX);
}

static enum err run_whole(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *s)
{
	PGresult *res = NULL;
	enum err err = OK;
	if (pg->queued) {
		err = queue_prepared(ctx, pg, s);
		enum err end = pg_finish_queue(ctx, pg, &res);
		err = err ? err : end;
	} else {
		res = PQexecPrepared(pg->conn, s->name, s->n_params, s->values, s->lengths, s->formats, s->binary);
		if (!is_good(PQresultStatus(res)))
			err = pg_fail(ctx, pg, res);
	}
	if (err) {
		PQclear(res);
		return err;
	}
	const char *changed = PQcmdTuples(res);
	s->changed = *changed ? strtoll(changed, NULL, 10) : 0;
	return keep(s, res) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err fetch_cursor(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *s)
{
	char text[80];
	enum err err = pg_make_free(ctx, pg);
	if (err)
		return err;
	(void)snprintf(text, sizeof text, "FETCH FORWARD %d FROM c%u", CURSOR_ROWS, s->cursor);
	PGresult *res = PQexecParams(pg->conn, text, 0, NULL, NULL, NULL, NULL, s->binary);
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		err = pg_fail(ctx, pg, res);
		PQclear(res);
		return err;
	}
	forget_rows(s);
	return keep(s, res) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err open_cursor(struct ctx *ctx, struct pg_conn *pg, struct pg_stmt *s)
{
	char *text = NULL;
	unsigned number = ++pg->next_name;
	if (asprintf(&text, "DECLARE c%u NO SCROLL CURSOR FOR %s", number, s->text) < 0)
		return fail(ctx, ERR_LIMIT, "", "memory");
	PGresult *res = PQexecParams(pg->conn, text, s->n_params, s->types, s->values, s->lengths, s->formats, 0);
	free(text);
	enum err err = PQresultStatus(res) == PGRES_COMMAND_OK ? OK : pg_fail(ctx, pg, res);
	PQclear(res);
	if (err)
		return err;
	s->cursor = number;
	return fetch_cursor(ctx, pg, s);
}

/* What was queued goes along with this one, unless it, or rows that wait, have to be done first. */
static bool goes_along(const struct pg_conn *pg, const struct pg_stmt *s)
{
	return pg->queued && !pg->piped && !pg->copied && s->generation == pg->generation;
}

static enum err start(struct ctx *ctx, struct stmt *stmt)
{
	struct db *db = stmt->db;
	struct pg_conn *pg = db->pg;
	struct pg_stmt *s = stmt->pg;
	bool cursor = s->wants_cursor && (pg->writer || db->in_read);
	enum err err = !cursor && goes_along(pg, s) ? OK : pg_make_free(ctx, pg);
	if (!err && !pg->writer)
		err = pg_apply_budget(ctx, db);
	if (!err && s->generation != pg->generation)
		err = prepare_on_server(ctx, pg, s);
	if (err)
		return err;
	s->changed = 0;
	if (cursor)
		return open_cursor(ctx, pg, s);
	return s->query && s->n_columns ? send_query(ctx, pg, stmt) : run_whole(ctx, pg, s);
}

/* More rows after those at hand? */
static enum err more(struct ctx *ctx, struct stmt *stmt)
{
	struct pg_conn *pg = stmt->db->pg;
	struct pg_stmt *s = stmt->pg;
	if (s->broken)
		return fail(ctx, s->broken, "", "stream_broken");
	if (s->cursor && s->n_results && PQntuples(s->results[0]) == CURSOR_ROWS)
		return fetch_cursor(ctx, pg, s);
	if (pg->streaming != stmt)
		return OK;
	forget_rows(s);
	return take_rows(ctx, pg, s, STREAM_AHEAD, SIZE_MAX);
}

static bool next_row(struct pg_stmt *s)
{
	while (s->at < s->n_results) {
		if (++s->row < PQntuples(s->results[s->at]))
			return true;
		s->at++;
		s->row = -1;
	}
	return false;
}

enum err pg_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row)
{
	struct pg_stmt *s = stmt->pg;
	enum err err = OK;
	forget_shown(s);
	if (!s->sent) {
		size_t faults = ctx->faults.count;
		s->sent = true;
		err = start(ctx, stmt);
		if (err && may_reconnect(ctx, stmt->db, faults)) {
			forget_rows(s);
			err = start(ctx, stmt);
		}
		/* A statement the server has forgotten, or whose table changed: prepared anew, once. */
		if (err == ERR_RETRY && !stmt->db->pg->writer && !stmt->db->in_read && s->generation != stmt->db->pg->generation) {
			forget_rows(s);
			ctx->faults.count = faults;
			err = start(ctx, stmt);
		}
	}
	*ret_row = !err && next_row(s);
	if (!err && !*ret_row) {
		err = more(ctx, stmt);
		*ret_row = !err && next_row(s);
	}
	if (!*ret_row)
		stmt->finished = true;
	return err;
}

void pg_reset(struct stmt *stmt)
{
	struct pg_conn *pg = stmt->db->pg;
	struct pg_stmt *s = stmt->pg;
	if (pg->streaming == stmt)
		drain(pg);
	/* Otherwise it goes with the transaction. */
	if (s->cursor && !pg->queued && !pg->streaming && PQtransactionStatus(pg->conn) == PQTRANS_INTRANS) {
		char text[64];
		(void)snprintf(text, sizeof text, "CLOSE c%u", s->cursor);
		PQclear(PQexec(pg->conn, text));
	}
	s->cursor = 0;
	s->wants_cursor = s->sent = false;
	s->broken = OK;
	forget_shown(s);
	forget_rows(s);
	for (int i = 0; i < s->n_params; i++) {
		s->values[i] = NULL;
		free(s->copies[i]);
		s->copies[i] = NULL;
	}
}

void pg_want_cursor(struct stmt *stmt)
{
	stmt->pg->wants_cursor = stmt->pg->query;
}

enum err pg_run_later(struct ctx *ctx, struct stmt *stmt)
{
	struct pg_conn *pg = stmt->db->pg;
	struct pg_stmt *s = stmt->pg;
	if (pg->bulk && s->copy && pg_copy_takes(pg, s)) {
		stmt->started = stmt->finished = true;
		return pg_copy_put(ctx, pg, s);
	}
	bool free = !pg->streaming && s->generation == pg->generation && pg->queued < QUEUED_MAX && !pg->copied;
	if (!free)
		return stmt_run(ctx, stmt, NULL);
	stmt->started = stmt->finished = true;
	return queue_prepared(ctx, pg, s);
}

int64_t pg_changed(const struct stmt *stmt)
{
	return stmt->pg->changed;
}

int pg_columns(const struct stmt *stmt)
{
	return stmt->pg->n_columns;
}

/* After a job that failed: nothing queued, nothing open. */
void pg_abandon(struct pg_conn *pg)
{
	pg_copy_drop(pg);
	if (pg->queued) {
		(void)PQpipelineSync(pg->conn);
		leave_pipeline(pg);
	}
	if (!pg_is_lost(pg) && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
		PQclear(PQexec(pg->conn, "ROLLBACK"));
}
