/* Names for what is held, and whether that is what the store says: everything is copied once more beside it, as of one view. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/warehouse/warehouse_internal.h"

enum { HASH_SQL_MAX = 64 * 1024, HASH_MAX = 64 };

struct hashed {
	const char *table, *digits;
	int64_t rows;
};

struct hashes {
	struct ctx *ctx;
	struct hashed list[WAREHOUSE_TABLES_MAX * 2 + 1];
	size_t n;
};

static enum err hash_table(struct ctx *ctx, struct duck_conn *conn, const char *table, const char *columns, warehouse_hash_fn put, void *arg)
{
	struct duck_rows *rows;
	char hash[HASH_MAX] = "";
	const char *sql = arena_printf(ctx->arena, "SELECT count(*), CAST(coalesce(sum(CAST(hash(%s) AS HUGEINT)), 0) AS VARCHAR) FROM \"%s\"", columns, table);
	enum err err = sql ? duck_ask(ctx, conn, sql, NULL, 0, &rows) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	if (duck_next(rows)) {
		size_t n;
		const char *text = duck_text(rows, 1, &n);
		if (text != NULL && n < sizeof(hash)) {
			memcpy(hash, text, n);
			hash[n] = '\0';
		}
		put(arg, table, duck_i64(rows, 0), hash);
	}
	duck_done(rows);
	return OK;
}

static enum err hash_copy(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_copy *copy, warehouse_hash_fn put, void *arg)
{
	struct buf columns;
	buf_init(&columns, HASH_SQL_MAX);
	for (size_t i = 0; i < copy->n; i++)
		buf_printf(&columns, "%s\"%s\"", i ? ", " : "", copy->columns[i].name);
	enum err err = buf_failed(&columns) ? fail(ctx, ERR_LIMIT, "", "memory")
	                                    : hash_table(ctx, conn, copy->info->entity->name, buf_text(&columns), put, arg);
	buf_release(&columns);
	if (err || copy->star->follows == NULL)
		return err;
	const char *past = arena_printf(ctx->arena, "%s:past", copy->info->entity->name);
	return past ? hash_table(ctx, conn, past, "id, field, since, day, value", put, arg) : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err warehouse_hash_of(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_plan *plan, warehouse_hash_fn put, void *arg)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < plan->n; i++)
		err = hash_copy(ctx, conn, plan->copies[i], put, arg);
	return err ? err : hash_table(ctx, conn, "date", "day, year, quarter, month, week, weekday, kind, holiday", put, arg);
}

enum err warehouse_hash(struct ctx *ctx, struct warehouse *w, warehouse_hash_fn put, void *arg)
{
	struct warehouse_plan *plan;
	struct duck_conn *conn;
	enum err err = warehouse_plan_make(ctx, w, &plan);
	if (err)
		return err;
	err = warehouse_enter(ctx, w, &conn);
	if (!err) {
		err = warehouse_hash_of(ctx, conn, plan, put, arg);
		warehouse_leave(w, conn);
	}
	warehouse_plan_done(plan);
	return err;
}

static void keep_hash(void *arg, const char *table, int64_t rows, const char *hash)
{
	struct hashes *h = arg;
	h->list[h->n++] = (struct hashed){arena_strdup(h->ctx->arena, table), arena_strdup(h->ctx->arena, hash), rows};
}

static void remove_beside(struct ctx *ctx, const char *path)
{
	const char *wal = arena_printf(ctx->arena, "%s.wal", path);
	unlink(path);
	if (wal)
		unlink(wal);
}

/* What the store says, in a file that goes again. */
static enum err hash_store(struct ctx *ctx, struct warehouse *w, struct warehouse_plan *plan, struct hashes *ret)
{
	const char *path = arena_printf(ctx->arena, "%swarehouse.check.duckdb", w->dir);
	struct duck *duck = NULL;
	struct duck_conn *conn = NULL;
	if (!path)
		return fail(ctx, ERR_LIMIT, "", "memory");
	const struct duck_config config = {.path = path, .spill_dir = w->spill, .memory_mb = (int)setting_int(ctx, &warehouse_settings[0]), .threads = 1};
	remove_beside(ctx, path);
	enum err err = duck_open_new(ctx, &config, &duck);
	if (!err)
		err = duck_connect_new(ctx, duck, &conn);
	if (!err)
		err = duck_exec(ctx, conn, "BEGIN TRANSACTION");
	if (!err)
		err = warehouse_load(ctx, conn, plan, 0);
	if (!err)
		err = duck_exec(ctx, conn, "COMMIT");
	if (!err)
		err = warehouse_hash_of(ctx, conn, plan, keep_hash, ret);
	duck_conn_free(conn);
	duck_free(duck);
	remove_beside(ctx, path);
	return err;
}

static enum err compare(struct ctx *ctx, struct warehouse *w, const char **ret)
{
	struct hashes ours = {.ctx = ctx}, theirs = {.ctx = ctx};
	struct warehouse_plan *plan;
	struct duck_conn *conn;
	int64_t entries;
	enum err err = warehouse_catch_up(ctx, w, false, &entries);
	if (!err)
		err = warehouse_plan_make(ctx, w, &plan);
	if (err)
		return err;
	err = warehouse_connect(ctx, w, &conn);
	if (!err) {
		err = warehouse_hash_of(ctx, conn, plan, keep_hash, &ours);
		warehouse_leave(w, conn);
	}
	if (!err)
		err = hash_store(ctx, w, plan, &theirs);
	warehouse_plan_done(plan);
	for (size_t i = 0; !err && *ret == NULL && i < ours.n; i++) {
		if (ours.list[i].rows != theirs.list[i].rows || !str_equal(ours.list[i].digits, theirs.list[i].digits))
			*ret = ours.list[i].table;
	}
	return err;
}

enum err warehouse_check(struct ctx *ctx, struct warehouse *w, const char **ret)
{
	*ret = NULL;
	w->kept = true;
	pthread_mutex_lock(&w->writing);
	enum err err = db_begin_read(ctx, ctx->db);
	if (!err) {
		err = compare(ctx, w, ret);
		db_end_read(ctx->db);
	}
	pthread_mutex_unlock(&w->writing);
	return err;
}
