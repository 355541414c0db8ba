/* PostgreSQL: a copy of the rows of the schema as one file (pg_restore.c reads it).
 *
 * The file: "guanxi-dump 2\n", then frames of kind (1 byte), length (8 bytes, little
 * endian) and content: T the head of a COPY, D rows of it as COPY's text format has
 * them, e its end, S "name value true|false" of a sequence; last E with the BLAKE2b-256
 * of all bytes before it.  Version 1 also had statements that made the schema (Q). */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/pg_internal.h"
#include "sql_store.h"

static const char head[] = "guanxi-dump 2\n";

enum { HASH_SIZE = 32 };

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

static enum err put_sequences(struct ctx *ctx, struct db *db, struct dump *d)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, &sql_pg_dump_values, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		put_frame(d, 'S', stmt_text(stmt, 0), stmt_bytes(stmt, 0));
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
	enum err err = refuse_unsupported(ctx, db);
	if (!err)
		err = put_tables(ctx, db, d);
	return err ? err : put_sequences(ctx, db, d);
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
