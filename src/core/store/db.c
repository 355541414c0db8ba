/* Connections and their statement cache: the part that is alike on both engines. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/internal.h"

#include "base/str.h"

/* --- the cache ---------------------------------------------------------------- */

static void list_push(struct stmt_list *list, struct stmt *stmt)
{
	stmt->prev = NULL;
	stmt->next = list->head;
	if (list->head)
		list->head->prev = stmt;
	else
		list->tail = stmt;
	list->head = stmt;
	list->n++;
}

static void list_remove(struct stmt_list *list, struct stmt *stmt)
{
	if (stmt->prev)
		stmt->prev->next = stmt->next;
	else
		list->head = stmt->next;
	if (stmt->next)
		stmt->next->prev = stmt->prev;
	else
		list->tail = stmt->prev;
	list->n--;
}

static uint64_t hash_sql(const struct sql *sql)
{
	return (((uint64_t)(uintptr_t)sql >> 3) + sql->serial) * 0x9E3779B97F4A7C15u >> 20;
}

static void bucket_remove(struct cache *cache, struct stmt *stmt)
{
	struct stmt **at = &cache->buckets[stmt->hash % CACHE_BUCKETS];
	while (*at != stmt)
		at = &(*at)->bucket_next;
	*at = stmt->bucket_next;
}

void stmt_destroy(struct stmt *stmt)
{
	if (stmt->lite)
		lite_finalize(stmt->lite);
	if (stmt->pg)
		pg_stmt_free(stmt->pg);
	free(stmt->text);
	free(stmt);
}

static void cache_drop(struct cache *cache, struct stmt_list *list, struct stmt *stmt)
{
	list_remove(list, stmt);
	bucket_remove(cache, stmt);
	stmt_destroy(stmt);
}

void db_cache_clear(struct cache *cache)
{
	while (cache->busy.head)
		cache_drop(cache, &cache->busy, cache->busy.head);
	while (cache->idle.head)
		cache_drop(cache, &cache->idle, cache->idle.head);
}

static struct stmt *cache_find(struct cache *cache, uint64_t hash, const struct sql *sql, const char *text, size_t n)
{
	for (struct stmt *s = cache->buckets[hash % CACHE_BUCKETS]; s; s = s->bucket_next)
		if (!s->busy && s->hash == hash && s->sql == sql &&
		    (sql ? s->serial == sql->serial : (s->text_len == n && memcmp(s->text, text, n) == 0)))
			return s;
	return NULL;
}

/* An idle statement of this key, or a new one: the same text may be in use further up the stack. */
static enum err take(struct ctx *ctx, struct db *db, uint64_t hash, const struct sql *sql, const char *text,
                     size_t n, struct stmt **ret)
{
	struct cache *cache = &db->cache;
	struct stmt *stmt = cache_find(cache, hash, sql, text, n);
	if (stmt) {
		list_remove(&cache->idle, stmt);
	} else {
		stmt = calloc(1, sizeof *stmt);
		if (!stmt)
			return fail(ctx, ERR_LIMIT, "", "memory");
		*stmt = (struct stmt){.db = db, .sql = sql, .serial = sql ? sql->serial : 0, .hash = hash, .text_len = n};
		if (!sql && !(stmt->text = strndup(text, n))) {
			free(stmt);
			return fail(ctx, ERR_LIMIT, "", "memory");
		}
		enum err err = db->lite ? lite_prepare(ctx, db, text, n, &stmt->lite) : pg_prepare(ctx, db, text, n, &stmt->pg);
		if (err) {
			stmt->lite = NULL;
			stmt_destroy(stmt);
			return err;
		}
		struct stmt **bucket = &cache->buckets[hash % CACHE_BUCKETS];
		stmt->bucket_next = *bucket;
		*bucket = stmt;
	}
	stmt->busy = true;
	stmt->started = stmt->finished = stmt->bad_bind = false;
	stmt->steps = 0;
	list_push(&cache->busy, stmt);
	*ret = stmt;
	return OK;
}

enum err db_prepare(struct ctx *ctx, struct db *db, const struct sql *sql, struct stmt **ret)
{
	const char *text = db->lite ? sql->sqlite : sql->postgres;
	if (!text)
		return fail_arg(ctx, ERR_BUG, "", "sql", sql->name);
	struct stmt *idle = cache_find(&db->cache, hash_sql(sql), sql, NULL, 0);
	return take(ctx, db, hash_sql(sql), sql, text, idle ? 0 : strlen(text), ret);
}

enum err db_prepare_text(struct ctx *ctx, struct db *db, const char *text, struct stmt **ret)
{
	size_t n = strlen(text);
	return take(ctx, db, str_hash(text, n), NULL, text, n, ret);
}

enum err db_prepare_kept(struct ctx *ctx, struct db *db, const char *text, size_t n, uint64_t hash, struct stmt **ret)
{
	return take(ctx, db, hash, NULL, text, n, ret);
}

void stmt_done(struct stmt *stmt)
{
	if (!stmt || !stmt->busy)
		return;
	struct cache *cache = &stmt->db->cache;
	if (stmt->lite)
		lite_reset(stmt);
	else
		pg_reset(stmt);
	stmt->busy = false;
	list_remove(&cache->busy, stmt);
	list_push(&cache->idle, stmt);
	if (cache->idle.n > CACHE_MAX)
		cache_drop(cache, &cache->idle, cache->idle.tail);
}

void stmt_stream(struct stmt *stmt)
{
	if (stmt->pg)
		pg_want_cursor(stmt);
}

void db_release_all(struct db *db)
{
	while (db->cache.busy.head)
		stmt_done(db->cache.busy.head);
}

/* --- what others keep here -------------------------------------------------------- */

void *db_attached(const struct db *db)
{
	return db->attached;
}

void db_detach(struct db *db)
{
	if (db->attached)
		db->attached_release(db->attached);
	db->attached = NULL;
}

void db_attach(struct db *db, void *data, void (*release)(void *data))
{
	db_detach(db);
	db->attached = data;
	db->attached_release = release;
}

/* --- connections ---------------------------------------------------------------- */

enum err db_open_new(struct ctx *ctx, struct store *store, struct db **ret)
{
	struct db *db = calloc(1, sizeof *db);
	if (!db)
		return fail(ctx, ERR_LIMIT, "", "memory");
	db->store = store;
	db->engine = store->engine;
	enum err err;
	if (store->engine == ENGINE_SQLITE) {
		err = lite_connect(ctx, store, LITE_READ, &db->lite);
		if (!err)
			lite_attach_progress(db);
	} else {
		err = pg_connect(ctx, store, false, &db->pg);
	}
	if (err) {
		free(db);
		return err;
	}
	*ret = db;
	return OK;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	db_reset(db);
	db_detach(db);
	db_cache_clear(&db->cache);
	work_state_release(&db->job);
	if (db->lite)
		sqlite3_close(db->lite);
	if (db->pg)
		pg_close(db->pg);
	free(db);
}

enum engine db_engine(const struct db *db)
{
	return db->engine;
}

void db_interrupt(struct db *db)
{
	if (db->lite)
		sqlite3_interrupt(db->lite);
	else
		pg_interrupt(db->pg);
}

void db_budget(const struct db *db, int64_t *ret_steps, int64_t *ret_ms)
{
	*ret_steps = db->budget_steps;
	*ret_ms = db->budget_ms;
}

void db_set_budget(struct db *db, int64_t steps, int64_t ms)
{
	db->budget_steps = steps;
	db->budget_ms = ms;
}

static const struct sql commands[] = {
	[COMMAND_BEGIN] = {"begin", "BEGIN IMMEDIATE", "BEGIN"},
	[COMMAND_COMMIT] = {"commit", "COMMIT", "COMMIT"},
	[COMMAND_ROLLBACK] = {"rollback", "ROLLBACK", "ROLLBACK"},
	[COMMAND_SAVEPOINT] = {"savepoint", "SAVEPOINT s", "SAVEPOINT s"},
	[COMMAND_RELEASE] = {"release", "RELEASE s", "RELEASE SAVEPOINT s"},
	[COMMAND_ROLLBACK_TO] = {"rollback_to", "ROLLBACK TO s", "ROLLBACK TO SAVEPOINT s"},
	[COMMAND_BEGIN_READ] = {"begin_read", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
};

enum err db_command(struct ctx *ctx, struct db *db, enum command command)
{
	if (!db->lite)
		return pg_command(ctx, db, commands[command].postgres);
	struct stmt *stmt;
	enum err err = db_prepare(ctx, db, &commands[command], &stmt);
	if (err)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err db_begin_read(struct ctx *ctx, struct db *db)
{
	if (db->in_read || db->job.active)
		return fail(ctx, ERR_BUG, "", "read_nested");
	enum err err = db_command(ctx, db, COMMAND_BEGIN_READ);
	db->in_read = err == OK;
	return err;
}

void db_end_read(struct db *db)
{
	if (!db->in_read)
		return;
	db->in_read = false;
	db_release_all(db);
	if (db->lite)
		(void)sqlite3_exec(db->lite, "COMMIT", NULL, NULL, NULL);
	else
		pg_end_read(db);
}

void db_reset(struct db *db)
{
	if (db->job.active)
		return; /* the writer does it */
	db_release_all(db);
	db_end_read(db);
}

enum err db_exec(struct ctx *ctx, struct db *db, const char *text)
{
	return db->lite ? lite_exec(ctx, db, text) : pg_exec(ctx, db, text);
}

/* --- statements ------------------------------------------------------------------- */

static void note_bind(struct stmt *stmt, int rc)
{
	if (rc != SQLITE_OK)
		stmt->bad_bind = true;
}

void stmt_bind_i64(struct stmt *stmt, int at, int64_t value)
{
	if (stmt->lite)
		note_bind(stmt, sqlite3_bind_int64(stmt->lite, at, value));
	else
		pg_bind_i64(stmt, at, value);
}

void stmt_bind_real(struct stmt *stmt, int at, double value)
{
	if (stmt->lite)
		note_bind(stmt, sqlite3_bind_double(stmt->lite, at, value));
	else
		pg_bind_real(stmt, at, value);
}

void stmt_bind_text(struct stmt *stmt, int at, const char *text)
{
	if (!text)
		stmt_bind_null(stmt, at);
	else if (stmt->lite)
		note_bind(stmt, sqlite3_bind_text(stmt->lite, at, text, -1, SQLITE_STATIC));
	else
		pg_bind_text(stmt, at, text);
}

void stmt_bind_textn(struct stmt *stmt, int at, const char *text, size_t n)
{
	if (!text)
		stmt_bind_null(stmt, at);
	else if (stmt->lite)
		note_bind(stmt, sqlite3_bind_text64(stmt->lite, at, text, n, SQLITE_STATIC, SQLITE_UTF8));
	else
		pg_bind_textn(stmt, at, text, n);
}

void stmt_bind_blob(struct stmt *stmt, int at, const void *data, size_t n)
{
	if (!data && n)
		stmt->bad_bind = true;
	else if (stmt->lite)
		note_bind(stmt, n ? sqlite3_bind_blob64(stmt->lite, at, data, n, SQLITE_STATIC)
		                  : sqlite3_bind_zeroblob(stmt->lite, at, 0));
	else
		pg_bind_blob(stmt, at, data, n);
}

void stmt_bind_null(struct stmt *stmt, int at)
{
	if (stmt->lite)
		note_bind(stmt, sqlite3_bind_null(stmt->lite, at));
	else
		pg_bind_null(stmt, at);
}

enum err stmt_step(struct ctx *ctx, struct stmt *stmt, bool *ret_row)
{
	*ret_row = false;
	if (stmt->bad_bind)
		return fail_arg(ctx, ERR_BUG, "", "sql_bind", stmt->sql ? stmt->sql->name : stmt->text);
	if (stmt->finished)
		return OK;
	stmt->started = true;
	return stmt->lite ? lite_step(ctx, stmt, ret_row) : pg_step(ctx, stmt, ret_row);
}

enum err stmt_run(struct ctx *ctx, struct stmt *stmt, int64_t *ret_changed)
{
	bool row = true;
	while (row) {
		enum err err = stmt_step(ctx, stmt, &row);
		if (err)
			return err;
	}
	if (ret_changed)
		*ret_changed = stmt->lite ? sqlite3_changes64(stmt->db->lite) : pg_changed(stmt);
	return OK;
}

enum err stmt_run_later(struct ctx *ctx, struct stmt *stmt)
{
	if (stmt->lite || !stmt->db->job.active || stmt->bad_bind)
		return stmt_run(ctx, stmt, NULL);
	return pg_run_later(ctx, stmt);
}

int stmt_columns(const struct stmt *stmt)
{
	return stmt->lite ? sqlite3_column_count(stmt->lite) : pg_columns(stmt);
}

bool stmt_is_null(const struct stmt *stmt, int at)
{
	return stmt->lite ? sqlite3_column_type(stmt->lite, at) == SQLITE_NULL : pg_is_null(stmt, at);
}

int64_t stmt_i64(const struct stmt *stmt, int at)
{
	return stmt->lite ? sqlite3_column_int64(stmt->lite, at) : pg_i64(stmt, at);
}

double stmt_real(const struct stmt *stmt, int at)
{
	return stmt->lite ? sqlite3_column_double(stmt->lite, at) : pg_real(stmt, at);
}

const char *stmt_text(const struct stmt *stmt, int at)
{
	if (stmt->lite)
		return (const char *)sqlite3_column_text(stmt->lite, at);
	return pg_text(stmt, at);
}

size_t stmt_bytes(const struct stmt *stmt, int at)
{
	return stmt->lite ? (size_t)sqlite3_column_bytes(stmt->lite, at) : pg_bytes(stmt, at);
}

const void *stmt_blob(const struct stmt *stmt, int at)
{
	return stmt->lite ? sqlite3_column_blob(stmt->lite, at) : pg_blob(stmt, at);
}
