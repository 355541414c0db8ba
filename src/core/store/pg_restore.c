/* PostgreSQL: the rows of a copy (pg_dump.c), as data, into a schema made anew.
 *
 * The copy may have been made to do harm: of what stands in it only names of our own tables and columns, and rows for
 * COPY, which are never read as statements, are used.  Keys and indexes are our schema's own; they are dropped and made
 * again after the rows, since tables refer to each other.  All of it is one transaction. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/pg_internal.h"
#include "sql_store.h"

#include "base/str.h"

static const char head[] = "guanxi-dump ";

enum { HASH_SIZE = 32, FRAME_MAX = 1 << 30, TEXTS_MAX = 4096, COLUMNS_MAX = 1500 };

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
	char start[sizeof head + 1]; /* and the version, and a line feed */
	rewind(s->file);
	crypto_generichash_init(&s->hash, NULL, 0, HASH_SIZE);
	if (fread(start, 1, sizeof start, s->file) != sizeof start || memcmp(start, head, sizeof head - 1) != 0 ||
	    (start[sizeof start - 2] != '1' && start[sizeof start - 2] != '2') || start[sizeof start - 1] != '\n')
		return fail(ctx, ERR_INVALID, "path", "not_a_dump");
	crypto_generichash_update(&s->hash, (const unsigned char *)start, sizeof start);
	return OK;
}

/* How far the copy's schema had come. */
struct came {
	const struct store_takeover *how;
	int version, folders[STORE_FOLDERS_MAX];
};

enum rows { OTHER_ROWS, VERSION_ROWS, FOLDER_ROWS };

static enum rows rows_of(const struct source *s)
{
	if (s->kind == 'T' && str_starts(s->data, "COPY schema_version (version,"))
		return VERSION_ROWS;
	return s->kind == 'T' && str_starts(s->data, "COPY schema_step (folder, version,") ? FOLDER_ROWS : OTHER_ROWS;
}

static void note_row(const struct source *s, enum rows rows, struct came *came)
{
	const char *tab = rows == FOLDER_ROWS ? strchr(s->data, '\t') : NULL;
	long version = rows == VERSION_ROWS ? strtol(s->data, NULL, 10) : 0;
	if (version > came->version)
		came->version = version < INT32_MAX ? (int)version : INT32_MAX;
	if (tab)
		care_note_folder(came->how, came->folders, s->data, (size_t)(tab - s->data), strtol(tab + 1, NULL, 10));
}

/* The whole file is as it was written, before anything is done with it; and how far its schema had come. */
static enum err verify(struct ctx *ctx, struct source *s, struct came *ret)
{
	enum rows rows = OTHER_ROWS;
	enum err err = rewind_source(ctx, s);
	s->kind = '\0';
	while (!err && s->kind != 'E') {
		err = next_frame(ctx, s);
		if (!err && s->kind == 'D')
			note_row(s, rows, ret);
		else if (!err)
			rows = rows_of(s);
	}
	if (err)
		return err;
	unsigned char hash[HASH_SIZE];
	crypto_generichash_final(&s->hash, hash, HASH_SIZE);
	if (s->n != HASH_SIZE || memcmp(hash, s->data, HASH_SIZE) != 0)
		return damaged(ctx);
	return OK;
}

/* --- names --------------------------------------------------------------------- */

struct texts {
	const char *list[TEXTS_MAX];
	size_t n;
};

struct column {
	const char *name;
	bool has_default, given;
};

struct columns {
	struct column list[COLUMNS_MAX];
	size_t n;
};

struct taking {
	const struct store_takeover *how;
	struct source *s;
	int version;
	const int *folders; /* versions, parallel to how->folders */
	struct texts tables, makes, drops;
	bool taken[TEXTS_MAX]; /* of tables */
	struct columns own;    /* of the table at hand */
};

static enum err read_texts(struct ctx *ctx, const struct sql *sql, struct texts *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	while (!err && !(err = stmt_step(ctx, stmt, &row)) && row) {
		if (ret->n == TEXTS_MAX)
			err = fail(ctx, ERR_LIMIT, "", "too_many_tables");
		else if (!(ret->list[ret->n++] = arena_strdup(ctx->arena, stmt_text(stmt, 0))))
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	stmt_done(stmt);
	return err;
}

static enum err read_columns(struct ctx *ctx, const char *table, struct columns *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pg_restore_columns, &stmt);
	if (err)
		return err;
	ret->n = 0;
	stmt_bind_text(stmt, 1, table);
	while (!err && !(err = stmt_step(ctx, stmt, &row)) && row) {
		if (ret->n == COLUMNS_MAX)
			err = fail(ctx, ERR_LIMIT, "", "too_many_tables");
		else
			ret->list[ret->n++] = (struct column){arena_strdup(ctx->arena, stmt_text(stmt, 0)), stmt_i64(stmt, 1) != 0, false};
	}
	stmt_done(stmt);
	return !err && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* A name as quote_ident writes it; it is only compared. */
static bool next_name(const char **at, char ret[80])
{
	const char *p = *at;
	bool quoted = *p == '"';
	size_t n = 0;
	for (p += quoted; *p != '\0' && n < 79; p++) {
		if (quoted && *p == '"' && *++p != '"')
			break;
		if (!quoted && strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *p) == NULL)
			break;
		ret[n++] = *p;
	}
	ret[n] = '\0';
	*at = p;
	return n > 0 && n < 79;
}

static enum err give_column(struct ctx *ctx, struct taking *t, const char *table, const char *name, struct buf *copy)
{
	for (size_t i = 0; i < t->own.n; i++) {
		struct column *column = &t->own.list[i];
		if (column->given || !str_equal(column->name, name))
			continue;
		column->given = true;
		buf_printf(copy, "%s\"%s\"", str_ends(buf_text(copy), "(") ? "" : ", ", column->name);
		return OK;
	}
	return care_foreign(ctx, arena_printf(ctx->arena, "%s.%s", table, name));
}

/* "COPY name (name, name…)" of the copy, as a statement of ours. */
static enum err make_copy(struct ctx *ctx, struct taking *t, const char *table, const char *names, struct buf *copy)
{
	char name[80];
	enum err err = read_columns(ctx, table, &t->own);
	buf_printf(copy, "COPY \"%s\" (", table);
	do {
		names += strspn(names, ", ");
		if (!err && !next_name(&names, name))
			err = damaged(ctx);
		if (!err)
			err = give_column(ctx, t, table, name, copy);
	} while (!err && *names == ',');
	if (!err && !str_equal(names, ")"))
		err = damaged(ctx);
	buf_puts(copy, ") FROM STDIN");
	return !err && buf_failed(copy) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* --- rows ------------------------------------------------------------------------ */

static enum err run(struct ctx *ctx, const char *text)
{
	return text ? db_exec(ctx, ctx->db, text) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* What the copy lacks gets its default for these rows only. */
static enum err set_defaults(struct ctx *ctx, struct taking *t, const char *table, bool set)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < t->own.n; i++) {
		const struct column *column = &t->own.list[i];
		const char *literal = NULL;
		if (column->given || column->has_default)
			continue;
		err = care_fallback(ctx, t->how, t->version, t->folders, table, column->name, &literal);
		if (!err && literal && set)
			err = run(ctx, arena_printf(ctx->arena, "ALTER TABLE \"%s\" ALTER COLUMN \"%s\" SET DEFAULT %s", table, column->name, literal));
		else if (!err && literal)
			err = run(ctx, arena_printf(ctx->arena, "ALTER TABLE \"%s\" ALTER COLUMN \"%s\" DROP DEFAULT", table, column->name));
	}
	return err;
}

static enum err skip_rows(struct ctx *ctx, struct source *s)
{
	enum err err;
	while (!(err = next_frame(ctx, s)) && s->kind == 'D')
		continue;
	return !err && s->kind != 'e' ? damaged(ctx) : err;
}

static enum err copy_rows(struct ctx *ctx, struct source *s, const char *copy)
{
	struct pg_conn *pg = ctx->db->pg;
	enum err err = pg_make_free(ctx, pg);
	if (err)
		return err;
	PGresult *res = PQexec(pg->conn, copy);
	err = PQresultStatus(res) == PGRES_COPY_IN ? OK : pg_fail(ctx, pg, res);
	PQclear(res);
	if (err)
		return err;
	while (!(err = next_frame(ctx, s)) && s->kind == 'D')
		if (PQputCopyData(pg->conn, s->data, (int)s->n) != 1)
			break;
	if (!err && s->kind != 'e')
		err = s->kind == 'D' ? pg_fail(ctx, pg, NULL) : damaged(ctx);
	(void)PQputCopyEnd(pg->conn, err ? "stopped" : NULL);
	while (!pg_is_lost(pg) && (res = PQgetResult(pg->conn))) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK && !err)
			err = pg_fail(ctx, pg, res);
		PQclear(res);
	}
	return err;
}

static enum err take_table(struct ctx *ctx, struct taking *t, const char *table, const char *names)
{
	struct buf copy;
	buf_init(&copy, 1 << 16);
	enum err err = make_copy(ctx, t, table, names, &copy);
	if (!err)
		err = set_defaults(ctx, t, table, true);
	if (!err) /* what the steps put there stands in the copy too */
		/* the change log refuses to lose entries, and steps that make records write some */
		err = run(ctx, arena_printf(ctx->arena, "ALTER TABLE \"%s\" DISABLE TRIGGER USER; DELETE FROM \"%s\"; ALTER TABLE \"%s\" ENABLE TRIGGER USER",
		                            table, table, table));
	if (!err)
		err = copy_rows(ctx, t->s, buf_text(&copy));
	if (!err)
		err = set_defaults(ctx, t, table, false);
	buf_release(&copy);
	return err;
}

static enum err load_table(struct ctx *ctx, struct taking *t)
{
	char name[80];
	const char *at = t->s->data;
	if (!str_starts(at, "COPY "))
		return damaged(ctx);
	at += 5;
	if (!next_name(&at, name) || !str_starts(at, " ("))
		return damaged(ctx);
	if (care_made_anew(t->how, name))
		return skip_rows(ctx, t->s);
	for (size_t i = 0; i < t->tables.n; i++) {
		if (t->taken[i] || !str_equal(t->tables.list[i], name))
			continue;
		t->taken[i] = true;
		return take_table(ctx, t, t->tables.list[i], at + 2);
	}
	return care_foreign(ctx, arena_printf(ctx->arena, "table %s", name));
}

/* Also of version 1, where it stood as the statement that does it. */
static enum err load_sequence(struct ctx *ctx, const char *name, const char *value, const char *called)
{
	struct stmt *stmt;
	int64_t number;
	bool row = false;
	if (!str_to_i64(value, &number) || (!str_equal(called, "true") && !str_equal(called, "false")))
		return damaged(ctx);
	enum err err = db_prepare(ctx, ctx->db, &sql_pg_restore_value, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, name);
	stmt_bind_i64(stmt, 2, number);
	stmt_bind_i64(stmt, 3, str_equal(called, "true"));
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return !err && !row ? care_foreign(ctx, arena_printf(ctx->arena, "sequence %s", name)) : err;
}

static enum err load_frame(struct ctx *ctx, struct taking *t)
{
	char name[64], value[24], called[6];
	struct source *s = t->s;
	switch (s->kind) {
	case 'T':
		return load_table(ctx, t);
	case 'S':
		return sscanf(s->data, "%63[a-z0-9_] %23[0-9-] %5[a-z]", name, value, called) == 3 ? load_sequence(ctx, name, value, called) : damaged(ctx);
	case 'Q': /* our own steps made the schema; the statements of an older copy are passed over */
		return sscanf(s->data, "SELECT setval('%63[a-z0-9_]', %23[0-9-], %5[a-z]", name, value, called) == 3 ? load_sequence(ctx, name, value, called) : OK;
	default:
		return damaged(ctx);
	}
}

static enum err load(struct ctx *ctx, struct taking *t)
{
	enum err err = rewind_source(ctx, t->s);
	while (!err && !(err = next_frame(ctx, t->s)) && t->s->kind != 'E') {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = load_frame(ctx, t);
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	for (size_t i = 0; !err && i < t->tables.n; i++)
		if (!t->taken[i] && !care_made_anew(t->how, t->tables.list[i]) && !care_may_lack(t->how, t->version, t->folders))
			err = care_foreign(ctx, arena_printf(ctx->arena, "- table %s", t->tables.list[i]));
	return err;
}

/* --- the schema -------------------------------------------------------------------- */

static enum err expect_empty(struct ctx *ctx)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pg_restore_tables, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row && stmt_i64(stmt, 0) != 0)
		err = fail_arg(ctx, ERR_CONFLICT, "pg_schema", "not_empty", ctx->db->store->pg_schema);
	stmt_done(stmt);
	return err;
}

static enum err run_all(struct ctx *ctx, const struct texts *texts)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < texts->n; i++)
		err = run(ctx, texts->list[i]);
	return err;
}

static enum err note_schema(struct ctx *ctx, struct taking *t)
{
	t->tables.n = t->makes.n = t->drops.n = 0;
	memset(t->taken, 0, sizeof t->taken);
	enum err err = read_texts(ctx, &sql_pg_restore_names, &t->tables);
	if (!err)
		err = read_texts(ctx, &sql_pg_restore_drops, &t->drops);
	if (!err)
		err = read_texts(ctx, &sql_pg_restore_index_drops, &t->drops);
	if (!err) /* indexes first: a reference wants the key it points to */
		err = read_texts(ctx, &sql_pg_dump_indexes, &t->makes);
	return err ? err : read_texts(ctx, &sql_pg_dump_constraints, &t->makes);
}

/* A write job. */
static enum err take_over(struct ctx *ctx, void *arg)
{
	struct taking *t = arg;
	enum err err = migrate_within(ctx, t->how->steps, (size_t)t->version, expect_empty);
	for (size_t i = 0; !err && i < t->how->n_folders; i++)
		err = migrate_folder_within(ctx, &t->how->folders[i], t->folders[i]);
	if (!err)
		err = note_schema(ctx, t);
	if (!err)
		err = run_all(ctx, &t->drops);
	if (!err)
		err = load(ctx, t);
	return err ? err : run_all(ctx, &t->makes);
}

enum err pg_restore(struct ctx *ctx, struct store *store, const char *path, const struct store_takeover *how)
{
	struct taking *t = arena_alloc(ctx->arena, sizeof *t);
	struct source s = {.file = NULL};
	if (!t)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(t, 0, sizeof *t);
	t->how = how;
	t->s = &s;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	s.file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!s.file) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return fail_arg(ctx, ERR_INVALID, "path", "cannot_open", strerror(why));
	}
	struct came came = {.how = how};
	enum err err = verify(ctx, &s, &came);
	t->version = came.version;
	t->folders = came.folders;
	if (!err)
		err = care_check_version(ctx, how, t->version);
	if (!err)
		err = care_check_folders(ctx, how, t->folders);
	if (!err)
		err = store_write(ctx, store, take_over, t);
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
