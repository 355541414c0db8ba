/* SQLite: the rows of a copy, as data, into a database made anew.
 *
 * The copy may have been made to do harm.  So its schema is only looked at, with all of SQLite's guards up and nothing
 * allowed but reading tables: what is no table of ours is refused, virtual tables are never opened, and each value has the
 * type that our column has.  Our own statements make everything in the new file. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/store/internal.h"

#include "base/buf.h"
#include "base/str.h"

enum { COLUMNS_MAX = 1500, VALUE_MAX = 256 << 20, TEXT_MAX = 1 << 20, INDEXES_MAX = 4000 };

struct column {
	const char *name, *type;
	bool hidden;
};

struct columns {
	struct column list[COLUMNS_MAX];
	size_t n;
};

struct taking {
	const struct store_takeover *how;
	sqlite3 *from, *to;
	int version, folders[STORE_FOLDERS_MAX];
	bool same; /* every object of the copy is word for word one of ours */
	struct columns old, own;
};

static enum err damaged(struct ctx *ctx)
{
	return fail(ctx, ERR_INVALID, "path", "copy_damaged");
}

/* --- the copy ---------------------------------------------------------------------- */

static int only_reading(void *arg, int action, const char *first, const char *second, const char *name, const char *inner)
{
	(void)arg;
	(void)second;
	(void)name;
	if (inner)
		return SQLITE_DENY; /* by a view or trigger */
	if (action == SQLITE_PRAGMA)
		return str_equal(first, "table_xinfo") || str_equal(first, "integrity_check") ? SQLITE_OK : SQLITE_DENY;
	return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

static bool put_guards_up(sqlite3 *lite)
{
	static const struct {
		int what, on;
	} flags[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1}, {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	             {SQLITE_DBCONFIG_ENABLE_VIEW, 0}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}, {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
	             {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0}};
	bool up = true;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		up = up && sqlite3_db_config(lite, flags[i].what, flags[i].on, NULL) == SQLITE_OK;
	sqlite3_limit(lite, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(lite, SQLITE_LIMIT_SQL_LENGTH, TEXT_MAX);
	sqlite3_limit(lite, SQLITE_LIMIT_EXPR_DEPTH, 50);
	sqlite3_limit(lite, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(lite, SQLITE_LIMIT_WORKER_THREADS, 0);
	up = up && sqlite3_exec(lite, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON", NULL, NULL, NULL) == SQLITE_OK;
	return up && sqlite3_set_authorizer(lite, only_reading, NULL) == SQLITE_OK;
}

static enum err open_from(struct ctx *ctx, const char *path, sqlite3 **ret)
{
	int rc = sqlite3_open_v2(path, ret, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK && put_guards_up(*ret))
		return OK;
	return fail_arg(ctx, ERR_INVALID, "path", "cannot_open", rc == SQLITE_OK ? "" : sqlite3_errmsg(*ret));
}

/* What goes wrong while the copy is read is the copy's fault, unless memory or the disk is. */
static enum err failed(struct ctx *ctx, sqlite3 *lite, int rc)
{
	int kind = rc & 0xff;
	return kind == SQLITE_NOMEM || kind == SQLITE_FULL || kind == SQLITE_IOERR ? lite_fail_raw(ctx, lite, rc) : damaged(ctx);
}

static enum err prepare(struct ctx *ctx, sqlite3 *lite, const char *text, sqlite3_stmt **ret)
{
	int rc = text ? sqlite3_prepare_v2(lite, text, -1, ret, NULL) : SQLITE_NOMEM;
	return rc == SQLITE_OK ? OK : failed(ctx, lite, rc);
}

static const char *text_at(struct ctx *ctx, sqlite3_stmt *stmt, int at)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);
	return arena_strdup(ctx->arena, text ? text : "");
}

static enum err read_version(struct ctx *ctx, struct taking *t)
{
	sqlite3_stmt *stmt = NULL;
	enum err err = prepare(ctx, t->from, "SELECT version FROM schema_version ORDER BY version DESC", &stmt);
	if (err)
		return err;
	if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_INTEGER && sqlite3_column_int64(stmt, 0) < INT32_MAX)
		t->version = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return care_check_version(ctx, t->how, t->version);
}

static enum err read_folders(struct ctx *ctx, struct taking *t)
{
	sqlite3_stmt *stmt = NULL;
	/* a copy from before folders had steps of their own */
	enum err err = prepare(ctx, t->from, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_step'", &stmt);
	bool there = !err && sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	if (err || !there)
		return err;
	err = prepare(ctx, t->from, "SELECT folder, version FROM schema_step", &stmt);
	while (!err && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *folder = (const char *)sqlite3_column_text(stmt, 0);
		if (folder && sqlite3_column_type(stmt, 1) == SQLITE_INTEGER)
			care_note_folder(t->how, t->folders, folder, strlen(folder), (long)sqlite3_column_int64(stmt, 1));
	}
	sqlite3_finalize(stmt);
	return err ? err : care_check_folders(ctx, t->how, t->folders);
}

/* --- what it holds --------------------------------------------------------------------- */

enum likeness { UNKNOWN, OTHER_TEXT, SAME_TEXT };

static enum err find_own(struct ctx *ctx, struct taking *t, const char *type, const char *name, const char *sql, enum likeness *ret)
{
	sqlite3_stmt *stmt = NULL;
	enum err err = prepare(ctx, t->to, "SELECT sql IS ?3 FROM sqlite_schema WHERE type = ?1 AND name = ?2", &stmt);
	*ret = UNKNOWN;
	if (err)
		return err;
	sqlite3_bind_text(stmt, 1, type, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, sql, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = sqlite3_column_int(stmt, 0) ? SAME_TEXT : OTHER_TEXT;
	sqlite3_finalize(stmt);
	return OK;
}

static enum err check_object(struct ctx *ctx, struct taking *t, const char *type, const char *name, const char *sql)
{
	enum likeness like;
	if (str_starts(name, "sqlite_"))
		return OK; /* statistics, and the indexes behind UNIQUE: not taken */
	enum err err = find_own(ctx, t, type, name, sql, &like);
	if (err)
		return err;
	t->same = t->same && like == SAME_TEXT;
	bool good = str_equal(type, "index") /* not used */ || like == SAME_TEXT;
	if (str_equal(type, "table"))
		good = care_made_anew(t->how, name) || (like != UNKNOWN && str_starts(sql, "CREATE TABLE"));
	return good ? OK : care_foreign(ctx, arena_printf(ctx->arena, "%s %s", type, name));
}

static enum err check_objects(struct ctx *ctx, struct taking *t)
{
	sqlite3_stmt *stmt = NULL;
	int rc = SQLITE_DONE;
	t->same = true;
	enum err err = prepare(ctx, t->from, "SELECT type, name, sql FROM sqlite_schema", &stmt);
	while (!err && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = check_object(ctx, t, text_at(ctx, stmt, 0), text_at(ctx, stmt, 1), text_at(ctx, stmt, 2));
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	if (!err && rc != SQLITE_DONE)
		err = failed(ctx, t->from, rc);
	sqlite3_finalize(stmt);
	return err;
}

/* Only of a schema that is ours word for word: the check evaluates what stands in it. */
static enum err check_pages(struct ctx *ctx, struct taking *t)
{
	sqlite3_stmt *stmt = NULL;
	if (!t->same)
		return OK;
	enum err err = prepare(ctx, t->from, "PRAGMA integrity_check(1)", &stmt);
	if (err)
		return err;
	bool good = sqlite3_step(stmt) == SQLITE_ROW && str_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite3_finalize(stmt);
	return good ? OK : damaged(ctx);
}

/* --- rows -------------------------------------------------------------------------------- */

static enum err read_columns(struct ctx *ctx, sqlite3 *lite, const char *table, struct columns *ret)
{
	sqlite3_stmt *stmt = NULL;
	ret->n = 0;
	enum err err = prepare(ctx, lite, arena_printf(ctx->arena, "PRAGMA table_xinfo(\"%s\")", table), &stmt);
	while (!err && sqlite3_step(stmt) == SQLITE_ROW) {
		if (ret->n == COLUMNS_MAX)
			err = care_foreign(ctx, table);
		else
			ret->list[ret->n++] = (struct column){text_at(ctx, stmt, 1), text_at(ctx, stmt, 2), sqlite3_column_int(stmt, 6) != 0};
	}
	sqlite3_finalize(stmt);
	return !err && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static const struct column *find_column(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->n; i++)
		if (str_equal(columns->list[i].name, name))
			return &columns->list[i];
	return NULL;
}

static enum err missing_columns(struct ctx *ctx, struct taking *t, const char *table, struct buf *names, struct buf *values)
{
	for (size_t i = 0; i < t->own.n; i++) {
		const char *literal, *name = t->own.list[i].name;
		if (find_column(&t->old, name))
			continue;
		enum err err = care_fallback(ctx, t->how, t->version, t->folders, table, name, &literal);
		if (err)
			return err;
		if (literal) {
			buf_printf(names, ", \"%s\"", name);
			buf_printf(values, ", %s", literal);
		}
	}
	return OK;
}

/* SELECT and INSERT over the columns that both have; each of the copy's must be one of ours. */
static enum err make_texts(struct ctx *ctx, struct taking *t, const char *table, struct buf *select, struct buf *insert)
{
	struct buf values;
	buf_init(&values, TEXT_MAX);
	buf_puts(select, "SELECT ");
	buf_printf(insert, "INSERT INTO \"%s\" (", table);
	enum err err = OK;
	for (size_t i = 0; !err && i < t->old.n; i++) {
		const struct column *column = &t->old.list[i], *own = find_column(&t->own, column->name);
		if (column->hidden || !own || own->hidden)
			err = care_foreign(ctx, arena_printf(ctx->arena, "%s.%s", table, column->name));
		buf_printf(select, "%s\"%s\"", i ? ", " : "", column->name);
		buf_printf(insert, "%s\"%s\"", i ? ", " : "", column->name);
		buf_printf(&values, "%s?%zu", i ? ", " : "", i + 1);
	}
	if (!err)
		err = missing_columns(ctx, t, table, insert, &values);
	buf_printf(select, " FROM \"%s\" NOT INDEXED", table);
	buf_printf(insert, ") VALUES (%s)", buf_text(&values));
	if (!err && (buf_failed(select) || buf_failed(insert) || buf_failed(&values)))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	buf_release(&values);
	return err;
}

/* What a declared type keeps, by SQLite's own rules: BIGINT is an integer too. */
static int kept_by(const char *type)
{
	if (strcasestr(type, "INT"))
		return SQLITE_INTEGER;
	if (strcasestr(type, "TEXT"))
		return SQLITE_TEXT;
	return strcasestr(type, "REAL") ? SQLITE_FLOAT : SQLITE_BLOB;
}

static bool fits(const char *type, sqlite3_stmt *from, int at)
{
	int kind = sqlite3_column_type(from, at), kept = kept_by(type);
	if (kind == SQLITE_NULL)
		return true;
	if (kind != SQLITE_TEXT)
		return kind == kept || (kind == SQLITE_INTEGER && kept == SQLITE_FLOAT);
	const char *text = (const char *)sqlite3_column_text(from, at);
	size_t n = (size_t)sqlite3_column_bytes(from, at);
	return text && kept == SQLITE_TEXT && !memchr(text, '\0', n) && utf8_valid(text, n);
}

static enum err copy_row(struct ctx *ctx, struct taking *t, const char *table, sqlite3_stmt *select, sqlite3_stmt *insert)
{
	for (size_t i = 0; i < t->old.n; i++) {
		const struct column *own = find_column(&t->own, t->old.list[i].name);
		if (!fits(own->type, select, (int)i))
			return care_foreign(ctx, arena_printf(ctx->arena, "%s.%s", table, own->name));
		if (sqlite3_bind_value(insert, (int)i + 1, sqlite3_column_value(select, (int)i)) != SQLITE_OK)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	int rc = sqlite3_step(insert);
	sqlite3_reset(insert);
	return rc == SQLITE_DONE ? OK : failed(ctx, t->to, rc);
}

static enum err copy_rows(struct ctx *ctx, struct taking *t, const char *table, const char *select_text, const char *insert_text)
{
	sqlite3_stmt *select = NULL, *insert = NULL;
	int rc = SQLITE_DONE;
	enum err err = prepare(ctx, t->from, select_text, &select);
	if (!err)
		err = prepare(ctx, t->to, insert_text, &insert);
	while (!err && (rc = sqlite3_step(select)) == SQLITE_ROW)
		err = copy_row(ctx, t, table, select, insert);
	if (!err && rc != SQLITE_DONE)
		err = failed(ctx, t->from, rc);
	sqlite3_finalize(select);
	sqlite3_finalize(insert);
	return err;
}

static enum err exec(struct ctx *ctx, sqlite3 *lite, const char *text)
{
	int rc = text ? sqlite3_exec(lite, text, NULL, NULL, NULL) : SQLITE_NOMEM;
	return rc == SQLITE_OK ? OK : failed(ctx, lite, rc);
}

static enum err copy_table(struct ctx *ctx, struct taking *t, const char *table)
{
	struct buf select, insert;
	enum err err = read_columns(ctx, t->from, table, &t->old);
	if (!err)
		err = read_columns(ctx, t->to, table, &t->own);
	if (err)
		return err;
	if (t->old.n == 0) /* it came later than the copy */
		return care_may_lack(t->how, t->version, t->folders) ? OK : care_foreign(ctx, arena_printf(ctx->arena, "- table %s", table));
	buf_init(&select, TEXT_MAX);
	buf_init(&insert, TEXT_MAX);
	err = make_texts(ctx, t, table, &select, &insert);
	if (!err) /* what the steps put there stands in the copy too */
		err = exec(ctx, t->to, arena_printf(ctx->arena, "DELETE FROM \"%s\"", table));
	if (!err)
		err = copy_rows(ctx, t, table, buf_text(&select), buf_text(&insert));
	buf_release(&select);
	buf_release(&insert);
	return err;
}

/* --- the new database ------------------------------------------------------------------------ */

/* Names or texts of ours, before anything is changed. */
static enum err list_own(struct ctx *ctx, struct taking *t, const char *query, const char **list, size_t *ret_n)
{
	sqlite3_stmt *stmt = NULL;
	*ret_n = 0;
	enum err err = prepare(ctx, t->to, query, &stmt);
	while (!err && sqlite3_step(stmt) == SQLITE_ROW) {
		if (*ret_n == INDEXES_MAX)
			err = fail(ctx, ERR_LIMIT, "", "too_many_tables");
		else if (!(list[(*ret_n)++] = text_at(ctx, stmt, 0)))
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	sqlite3_finalize(stmt);
	return err;
}

static enum err copy_tables(struct ctx *ctx, struct taking *t)
{
	const char **list = arena_array(ctx->arena, INDEXES_MAX, sizeof *list);
	size_t n = 0;
	enum err err = list ? list_own(ctx, t, "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name", list, &n)
	                    : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && i < n; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		if (str_starts(list[i], "sqlite_") || care_made_anew(t->how, list[i]))
			continue;
		err = copy_table(ctx, t, list[i]);
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

/* The indexes are made after the rows, which is several times faster. */
static enum err fill(struct ctx *ctx, struct taking *t)
{
	const char **drops = arena_array(ctx->arena, INDEXES_MAX, sizeof *drops), **makes = arena_array(ctx->arena, INDEXES_MAX, sizeof *makes);
	size_t n = 0, n_makes = 0;
	if (!drops || !makes)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = list_own(ctx, t, "SELECT 'DROP INDEX \"' || name || '\"' FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid", drops, &n);
	if (!err)
		err = list_own(ctx, t, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid", makes, &n_makes);
	if (!err)
		err = exec(ctx, t->to, "BEGIN");
	for (size_t i = 0; !err && i < n; i++)
		err = exec(ctx, t->to, drops[i]);
	if (!err)
		err = copy_tables(ctx, t);
	for (size_t i = 0; !err && i < n_makes; i++)
		err = exec(ctx, t->to, makes[i]);
	return err ? err : exec(ctx, t->to, "COMMIT");
}

static enum err open_to(struct ctx *ctx, const char *path, sqlite3 **ret)
{
	int rc = sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(*ret, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	/* Nobody looks at it before it is synced as a whole; references are checked at the end. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*ret, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF; PRAGMA cache_size=-65536", NULL, NULL, NULL);
	return rc == SQLITE_OK ? OK : lite_fail_raw(ctx, *ret, rc);
}

static enum err check_references(struct ctx *ctx, sqlite3 *lite)
{
	sqlite3_stmt *stmt = NULL;
	enum err err = prepare(ctx, lite, "PRAGMA foreign_key_check", &stmt);
	if (!err && sqlite3_step(stmt) != SQLITE_DONE)
		err = damaged(ctx);
	sqlite3_finalize(stmt);
	return err;
}

/* The schema as far as the copy's had come. */
static enum err make_schema(struct ctx *ctx, const struct store_config *config, const struct taking *t)
{
	struct store *store;
	enum err err = store_open_new(ctx, config, &store);
	if (err)
		return err;
	struct db *outer = ctx->db;
	ctx->db = NULL;
	err = store_migrate(ctx, store, t->how->steps, (size_t)t->version);
	for (size_t i = 0; !err && i < t->how->n_folders; i++) {
		struct migration_line line = t->how->folders[i];
		line.n = (size_t)t->folders[i];
		err = store_migrate_folder(ctx, store, &line, false);
	}
	ctx->db = outer;
	store_free(store);
	return err;
}

static enum err take_rows(struct ctx *ctx, struct taking *t, const char *path)
{
	enum err err = open_to(ctx, path, &t->to);
	if (!err)
		err = check_objects(ctx, t);
	if (!err)
		err = check_pages(ctx, t);
	if (!err)
		err = fill(ctx, t);
	if (!err)
		err = check_references(ctx, t->to);
	sqlite3_close(t->to);
	if (!err)
		err = care_sync_path(ctx, path);
	return err ? err : care_sync_folder_of(ctx, path);
}

static void remove_database(struct ctx *ctx, const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *name = arena_printf(ctx->arena, "%s%s", path, ends[i]);
		if (name)
			(void)unlink(name);
	}
}

enum err lite_restore(struct ctx *ctx, const struct store_config *config, const char *path, const struct store_takeover *how)
{
	struct taking *t = arena_alloc(ctx->arena, sizeof *t);
	const char *own = arena_printf(ctx->arena, "%s/guanxi.db", config->data_dir);
	if (!t || !own)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (access(own, F_OK) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "path", "exists", own);
	memset(t, 0, sizeof *t);
	t->how = how;
	enum err err = open_from(ctx, path, &t->from);
	if (!err)
		err = read_version(ctx, t);
	if (!err)
		err = read_folders(ctx, t);
	if (!err)
		err = make_schema(ctx, config, t);
	if (!err) {
		err = take_rows(ctx, t, own);
		if (err)
			remove_database(ctx, own);
	}
	sqlite3_close(t->from);
	return err;
}
