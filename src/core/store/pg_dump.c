/* PostgreSQL: a copy of the schema as one file, and back.
 *
 * The file: "guanxi-dump 1\n", then frames of kind (1 byte), length (8 bytes, little
 * endian) and content: Q a statement, T the head of a COPY, D rows of it as COPY's text
 * format has them, e its end; last E with the BLAKE2b-256 of all bytes before it. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/pg_internal.h"
#include "sql_store.h"

static const char head[] = "guanxi-dump 1\n";

enum { HASH_SIZE = 32, FRAME_MAX = 1 << 30 };

/* --- writing ------------------------------------------------------------------- */

struct dump {
	FILE *file;
	crypto_generichash_state hash;
	bool failed;
	int why;
};

static void put(struct dump *d, const void *data, size_t n)
{
	if (d->failed)
		return;
	crypto_generichash_update(&d->hash, data, n);
	if (fwrite(data, 1, n, d->file) != n) {
		d->failed = true;
		d->why = errno;
	}
}

static void put_frame(struct dump *d, char kind, const void *data, size_t n)
{
	unsigned char start[9] = {(unsigned char)kind};
	for (size_t i = 0; i < 8; i++)
		start[1 + i] = (unsigned char)((uint64_t)n >> (8 * i));
	put(d, start, sizeof start);
	put(d, data, n);
}

static enum err put_statements(struct ctx *ctx, struct db *db, const struct sql *sql, struct dump *d)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, sql, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		put_frame(d, 'Q', stmt_text(stmt, 0), stmt_bytes(stmt, 0));
	stmt_done(stmt);
	return err;
}

static enum err put_table(struct ctx *ctx, struct db *db, const char *copy, struct dump *d)
{
	PGconn *conn = db->pg->conn;
	char *text = arena_printf(ctx->arena, "%s TO STDOUT", copy);
	if (!text)
		return fail(ctx, ERR_LIMIT, "", "memory");
	put_frame(d, 'T', copy, strlen(copy));
	PGresult *res = PQexec(conn, text);
	enum err err = PQresultStatus(res) == PGRES_COPY_OUT ? OK : pg_fail(ctx, db->pg, res);
	PQclear(res);
	if (err)
		return err;
	char *row;
	int n;
	while ((n = PQgetCopyData(conn, &row, 0)) > 0) {
		put_frame(d, 'D', row, (size_t)n);
		PQfreemem(row);
	}
	put_frame(d, 'e', "", 0);
	while ((res = PQgetResult(conn))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !err)
			err = pg_fail(ctx, db->pg, res);
		PQclear(res);
	}
	return err;
}

static enum err put_tables(struct ctx *ctx, struct db *db, struct dump *d)
{
	char *copies[4096];
	size_t count = 0;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, &sql_pg_dump_columns, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && count < sizeof copies / sizeof *copies) {
		copies[count] = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		if (!copies[count++]) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
	}
	if (!err && row)
		err = fail(ctx, ERR_LIMIT, "", "too_many_tables");
	stmt_done(stmt);
	for (size_t i = 0; !err && i < count; i++)
		err = put_table(ctx, db, copies[i], d);
	return err;
}

static enum err refuse_unsupported(struct ctx *ctx, struct db *db)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, &sql_pg_unsupported, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		err = fail_arg(ctx, ERR_BUG, "", "dump_unsupported", stmt_text(stmt, 0));
	stmt_done(stmt);
	return err;
}

static enum err put_all(struct ctx *ctx, struct db *db, struct dump *d)
{
	static const struct sql *const before[] = {&sql_pg_dump_extensions, &sql_pg_dump_sequences, &sql_pg_dump_functions, &sql_pg_dump_tables};
	static const struct sql *const after[] = {&sql_pg_dump_constraints, &sql_pg_dump_indexes, &sql_pg_dump_views,
	                                          &sql_pg_dump_triggers, &sql_pg_dump_values};
	enum err err = refuse_unsupported(ctx, db);
	for (size_t i = 0; !err && i < sizeof before / sizeof *before; i++)
		err = put_statements(ctx, db, before[i], d);
	if (!err)
		err = put_tables(ctx, db, d);
	for (size_t i = 0; !err && i < sizeof after / sizeof *after; i++)
		err = put_statements(ctx, db, after[i], d);
	return err;
}

/* One view of everything; no migration runs meanwhile (its lock is the same). */
static enum err dump_schema(struct ctx *ctx, struct db *db, struct dump *d)
{
	enum err err = db_exec(ctx, db, "SELECT pg_advisory_lock_shared(hashtextextended('guanxi.migrate.' || current_schema(), 0))");
	if (!err)
		err = db_begin_read(ctx, db);
	if (err)
		return err;
	put(d, head, sizeof head - 1);
	err = put_all(ctx, db, d);
	db_end_read(db);
	if (err || d->failed)
		return err;
	unsigned char hash[HASH_SIZE];
	crypto_generichash_state state = d->hash;
	crypto_generichash_final(&state, hash, HASH_SIZE);
	put_frame(d, 'E', hash, HASH_SIZE);
	return OK;
}

static enum err dump_to(struct ctx *ctx, struct db *db, const char *part)
{
	struct dump d = {0};
	int fd;
	enum err err = care_create(ctx, part, &fd);
	if (err)
		return err;
	d.file = fdopen(fd, "w");
	if (!d.file) {
		close(fd);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	crypto_generichash_init(&d.hash, NULL, 0, HASH_SIZE);
	err = dump_schema(ctx, db, &d);
	if (fclose(d.file) != 0 && !d.failed) {
		d.failed = true;
		d.why = errno;
	}
	if (!err && d.failed)
		err = fail_arg(ctx, d.why == ENOSPC ? ERR_LIMIT : ERR_UPSTREAM, "", d.why == ENOSPC ? "disk_full" : "io", strerror(d.why));
	return err;
}

enum err pg_backup(struct ctx *ctx, struct store *store, const char *path)
{
	if (access(path, F_OK) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "path", "exists", path);
	char *part = arena_printf(ctx->arena, "%s.part-%d", path, (int)getpid());
	if (!part)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct db *db;
	enum err err = db_open_new(ctx, store, &db);
	if (err)
		return err;
	err = dump_to(ctx, db, part);
	db_free(db);
	if (!err)
		err = care_publish(ctx, part, path);
	if (err)
		(void)unlink(part);
	return err;
}

/* --- reading ------------------------------------------------------------------- */

struct source {
	FILE *file;
	crypto_generichash_state hash;
	char kind;
	char *data; /* of the frame, NUL-terminated */
	size_t n, cap;
};

static enum err damaged(struct ctx *ctx)
{
	return fail(ctx, ERR_INVALID, "path", "copy_damaged");
}

static enum err next_frame(struct ctx *ctx, struct source *s)
{
	unsigned char start[9];
	if (fread(start, 1, sizeof start, s->file) != sizeof start)
		return damaged(ctx);
	uint64_t n = 0;
	for (size_t i = 8; i-- > 0;)
		n = n << 8 | start[1 + i];
	if (n > FRAME_MAX)
		return damaged(ctx);
	if (n + 1 > s->cap) {
		char *bigger = realloc(s->data, n + 1);
		if (!bigger)
			return fail(ctx, ERR_LIMIT, "", "memory");
		s->data = bigger;
		s->cap = n + 1;
	}
	if (fread(s->data, 1, n, s->file) != n)
		return damaged(ctx);
	s->data[n] = '\0';
	s->n = n;
	s->kind = (char)start[0];
	if (s->kind == 'E')
		return OK;
	crypto_generichash_update(&s->hash, start, sizeof start);
	crypto_generichash_update(&s->hash, (const unsigned char *)s->data, n);
	return OK;
}

static enum err rewind_source(struct ctx *ctx, struct source *s)
{
	char start[sizeof head];
	rewind(s->file);
	crypto_generichash_init(&s->hash, NULL, 0, HASH_SIZE);
	if (fread(start, 1, sizeof head - 1, s->file) != sizeof head - 1 || memcmp(start, head, sizeof head - 1) != 0)
		return fail(ctx, ERR_INVALID, "path", "not_a_dump");
	crypto_generichash_update(&s->hash, (const unsigned char *)head, sizeof head - 1);
	return OK;
}

/* The whole file is as it was written, before anything is done with it. */
static enum err verify(struct ctx *ctx, struct source *s)
{
	enum err err = rewind_source(ctx, s);
	s->kind = '\0';
	while (!err && s->kind != 'E')
		err = next_frame(ctx, s);
	if (err)
		return err;
	unsigned char hash[HASH_SIZE];
	crypto_generichash_final(&s->hash, hash, HASH_SIZE);
	if (s->n != HASH_SIZE || memcmp(hash, s->data, HASH_SIZE) != 0)
		return damaged(ctx);
	return OK;
}

static enum err load_table(struct ctx *ctx, struct pg_conn *pg, struct source *s)
{
	char *text = arena_printf(ctx->arena, "%s FROM STDIN", s->data);
	if (!text)
		return fail(ctx, ERR_LIMIT, "", "memory");
	PGresult *res = PQexec(pg->conn, text);
	enum err err = PQresultStatus(res) == PGRES_COPY_IN ? OK : pg_fail(ctx, pg, res);
	PQclear(res);
	if (err)
		return err;
	while (!(err = next_frame(ctx, s)) && s->kind == 'D')
		if (PQputCopyData(pg->conn, s->data, (int)s->n) != 1)
			break;
	if (!err && s->kind != 'e')
		err = s->kind == 'D' ? pg_fail(ctx, pg, NULL) : damaged(ctx);
	(void)PQputCopyEnd(pg->conn, err ? "stopped" : NULL);
	while ((res = PQgetResult(pg->conn))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !err)
			err = pg_fail(ctx, pg, res);
		PQclear(res);
	}
	return err;
}

static enum err load(struct ctx *ctx, struct pg_conn *pg, struct source *s)
{
	enum err err = rewind_source(ctx, s);
	while (!err) {
		err = next_frame(ctx, s);
		if (err || s->kind == 'E')
			break;
		if (s->kind == 'Q')
			err = pg_run(ctx, pg, s->data);
		else if (s->kind == 'T')
			err = load_table(ctx, pg, s);
		else
			err = damaged(ctx);
	}
	return err;
}

static enum err expect_empty(struct ctx *ctx, struct pg_conn *pg)
{
	PGresult *res = PQexec(pg->conn, sql_pg_restore_tables.postgres);
	enum err err = PQresultStatus(res) == PGRES_TUPLES_OK ? OK : pg_fail(ctx, pg, res);
	if (!err && strcmp(PQgetvalue(res, 0, 0), "0") != 0)
		err = fail_arg(ctx, ERR_CONFLICT, "pg_schema", "not_empty", pg->store->pg_schema);
	PQclear(res);
	return err;
}

static enum err load_schema(struct ctx *ctx, struct pg_conn *pg, struct source *s)
{
	enum err err = pg_make_schema(ctx, pg);
	if (!err)
		err = expect_empty(ctx, pg);
	if (!err) /* functions may name tables that come later */
		err = pg_run(ctx, pg, "BEGIN; SET LOCAL check_function_bodies TO off; SET LOCAL lock_timeout TO 0");
	if (!err)
		err = load(ctx, pg, s);
	enum err end = pg_run(ctx, pg, err ? "ROLLBACK" : "COMMIT");
	if (!err)
		err = end;
	return err ? err : pg_run(ctx, pg, "ANALYZE");
}

enum err pg_restore(struct ctx *ctx, struct store *store, const char *path)
{
	struct source s = {.file = fopen(path, "re")};
	if (!s.file)
		return fail_arg(ctx, ERR_INVALID, "path", "cannot_open", strerror(errno));
	struct pg_conn *pg = NULL;
	enum err err = verify(ctx, &s);
	if (!err)
		err = pg_connect(ctx, store, true, &pg);
	if (!err)
		err = load_schema(ctx, pg, &s);
	pg_close(pg);
	free(s.data);
	(void)fclose(s.file);
	return err;
}

/* The schema may be older than us and hold what is no table: functions of an extension, rights. */
enum err pg_restore_undo(struct ctx *ctx, struct store *store)
{
	struct pg_conn *pg = NULL;
	enum err err = pg_connect(ctx, store, true, &pg);
	if (!err)
		err = pg_run(ctx, pg, "SET lock_timeout TO 0");
	if (!err)
		err = pg_run(ctx, pg, sql_pg_restore_undo.postgres);
	pg_close(pg);
	return err;
}
