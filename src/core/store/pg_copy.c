/* Very many rows at once: what plain inserts would write one by one goes to the server
 * with COPY, which costs it a fraction of the work and one journey a table.
 *
 * A row is taken from the values bound to the insert, in COPY's text form, where every
 * type is what it is as a parameter's text.  Each statement has rows of its own that
 * wait; whatever else happens on the connection has all of them written first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/pg_internal.h"

#include "base/str.h"

enum {
	ROWS_MAX = 256 << 20, /* bytes of one statement's rows */
	WAITING_BYTES = 4 << 20, /* so many are written at once */
	SEND_BYTES = 1 << 20,
};

/* "$1, $2, … $n)" and nothing after it. */
static bool is_plain(const char *values, int n)
{
	for (int i = 1; i <= n; i++) {
		char *end;
		if (*values != '$' || strtol(values + 1, &end, 10) != i)
			return false;
		values = end;
		if (i < n && *values == ',')
			values++;
		else if (i < n)
			return false;
		values += strspn(values, " \n\t");
	}
	return values[0] == ')' && values[1 + strspn(values + 1, " \n\t;")] == '\0';
}

char *pg_copy_text_new(const char *insert, int n_params)
{
	static const char head[] = "INSERT INTO ", middle[] = "VALUES (";
	char *text = NULL;
	const char *values = str_starts(insert, head) ? strstr(insert, middle) : NULL;
	if (!values || n_params < 1 || !is_plain(values + sizeof middle - 1, n_params))
		return NULL;
	const char *table = insert + sizeof head - 1;
	if (asprintf(&text, "COPY %.*sFROM STDIN", (int)(values - table), table) < 0)
		return NULL;
	return text;
}

/* --- rows ------------------------------------------------------------------------- */

static void put_text(struct buf *out, const char *text, size_t n)
{
	size_t from = 0;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (c != '\\' && c != '\n' && c != '\r' && c != '\t')
			continue;
		buf_add(out, text + from, i - from);
		buf_putc(out, '\\');
		buf_putc(out, c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c);
		from = i + 1;
	}
	buf_add(out, text + from, n - from);
}

static void put_bytes(struct buf *out, const char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	buf_puts(out, "\\\\x");
	for (size_t i = 0; i < n; i++) {
		buf_putc(out, digits[(unsigned char)bytes[i] >> 4]);
		buf_putc(out, digits[(unsigned char)bytes[i] & 15]);
	}
}

static uint64_t big_endian(const char *bytes)
{
	uint64_t bits = 0;
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | (unsigned char)bytes[i];
	return bits;
}

static void put_value(struct buf *out, const struct pg_stmt *stmt, int at)
{
	const char *value = stmt->values[at];
	if (!value) {
		buf_puts(out, "\\N");
	} else if (!stmt->formats[at]) {
		put_text(out, value, strlen(value));
	} else if (stmt->types[at] == OID_INT8) {
		buf_put_i64(out, (int64_t)big_endian(value));
	} else if (stmt->types[at] == OID_FLOAT8) {
		uint64_t bits = big_endian(value);
		double real;
		memcpy(&real, &bits, sizeof real);
		buf_printf(out, "%.17g", real);
	} else if (stmt->types[at] == OID_BYTEA) {
		put_bytes(out, value, (size_t)stmt->lengths[at]);
	} else {
		put_text(out, value, (size_t)stmt->lengths[at]);
	}
}

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static struct pg_copy *find(struct pg_conn *pg, const char *text)
{
	for (size_t i = 0; i < pg->n_copies; i++)
		if (strcmp(pg->copies[i].text, text) == 0)
			return &pg->copies[i];
	return NULL;
}

static enum err add(struct ctx *ctx, struct pg_conn *pg, const char *text, struct pg_copy **ret)
{
	char *copy = strdup(text);
	if (!copy)
		return no_memory(ctx);
	*ret = &pg->copies[pg->n_copies++];
	(*ret)->text = copy;
	buf_init(&(*ret)->rows, ROWS_MAX);
	return OK;
}

bool pg_copy_takes(struct pg_conn *pg, const struct pg_stmt *stmt)
{
	return pg->n_copies < COPIES_MAX || find(pg, stmt->copy);
}

enum err pg_copy_put(struct ctx *ctx, struct pg_conn *pg, const struct pg_stmt *stmt)
{
	struct pg_copy *copy = find(pg, stmt->copy);
	enum err err = copy ? OK : add(ctx, pg, stmt->copy, &copy);
	if (err)
		return err;
	size_t before = copy->rows.len;
	for (int i = 0; i < stmt->n_params; i++) {
		if (i)
			buf_putc(&copy->rows, '\t');
		put_value(&copy->rows, stmt, i);
	}
	buf_putc(&copy->rows, '\n');
	if (buf_failed(&copy->rows))
		return no_memory(ctx);
	pg->copied += copy->rows.len - before;
	return pg->copied < WAITING_BYTES ? OK : pg_make_free(ctx, pg);
}

/* --- sending ---------------------------------------------------------------------- */

static enum err send_rows(struct ctx *ctx, struct pg_conn *pg, const struct buf *rows)
{
	for (size_t at = 0; at < rows->len; at += SEND_BYTES) {
		size_t n = rows->len - at < SEND_BYTES ? rows->len - at : SEND_BYTES;
		if (PQputCopyData(pg->conn, rows->data + at, (int)n) != 1)
			return pg_fail(ctx, pg, NULL);
	}
	return PQputCopyEnd(pg->conn, NULL) == 1 ? OK : pg_fail(ctx, pg, NULL);
}

static enum err write_copy(struct ctx *ctx, struct pg_conn *pg, const struct pg_copy *copy)
{
	PGresult *res = PQexec(pg->conn, copy->text);
	enum err err = PQresultStatus(res) == PGRES_COPY_IN ? OK : pg_fail(ctx, pg, res);
	PQclear(res);
	if (err)
		return err;
	err = send_rows(ctx, pg, &copy->rows);
	while (!pg_is_lost(pg) && (res = PQgetResult(pg->conn))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !err)
			err = pg_fail(ctx, pg, res);
		PQclear(res);
	}
	return !err && pg_is_lost(pg) ? pg_fail(ctx, pg, NULL) : err;
}

enum err pg_copy_flush(struct ctx *ctx, struct pg_conn *pg)
{
	enum err err = OK;
	for (size_t i = 0; i < pg->n_copies; i++) {
		struct pg_copy *copy = &pg->copies[i];
		if (!err && copy->rows.len)
			err = write_copy(ctx, pg, copy);
		buf_reset(&copy->rows); /* its place and its memory stay, for the rows that follow */
	}
	pg->copied = 0;
	return err;
}

void pg_copy_drop(struct pg_conn *pg)
{
	for (size_t i = 0; i < pg->n_copies; i++) {
		free(pg->copies[i].text);
		buf_release(&pg->copies[i].rows);
	}
	pg->n_copies = pg->copied = 0;
	pg->bulk = false;
}

/* --- begin and end ---------------------------------------------------------------- */

void db_bulk_begin(struct db *db)
{
	if (db->pg)
		db->pg->bulk = true;
}

enum err db_bulk_end(struct ctx *ctx)
{
	struct pg_conn *pg = ctx->db->pg;
	if (!pg)
		return OK;
	pg->bulk = false;
	enum err err = pg->copied ? pg_make_free(ctx, pg) : OK;
	pg_copy_drop(pg);
	return err;
}
