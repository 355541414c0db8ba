/* A store of either engine for a test: own folder, own schema, gone afterwards. */
#ifndef GUANXI_CORE_STORE_TEST_WORLD_H
#define GUANXI_CORE_STORE_TEST_WORLD_H

#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/store/store.h"

struct world {
	enum engine engine;
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	struct db *db; /* the test thread's read connection, also ctx.db */
	char dir[40], schema[40], url[512], application[60];
	struct store_config config;
};

/* The PostgreSQL server for tests, or NULL. */
static inline const char *world_pg(void)
{
	const char *url = getenv("GUANXI_TEST_PG");
	return str_empty(url) ? NULL : url;
}

static inline void world_ctx(struct ctx *ctx, struct arena *arena)
{
	arena_init(arena, 256 << 20);
	ctx_init(ctx, arena, clock_system());
}

static inline void world_open_store(struct world *w)
{
	enum err err = store_open_new(&w->ctx, &w->config, &w->store);
	if (err)
		print_error("open: %s %s\n", w->ctx.faults.list[0].key, w->ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	w->ctx.store = w->store;
}

static inline void world_open_db(struct world *w)
{
	assert_int_equal(db_open_new(&w->ctx, w->store, &w->db), OK);
	w->ctx.db = w->db;
}

/* Folder and schema only; nothing is open yet. */
static inline void world_prepare(struct world *w, enum engine engine)
{
	static int count;
	*w = (struct world){.engine = engine};
	world_ctx(&w->ctx, &w->arena);
	(void)snprintf(w->dir, sizeof w->dir, "/tmp/guanxi-test-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	(void)snprintf(w->schema, sizeof w->schema, "t_%d_%d", (int)getpid(), ++count);
	(void)snprintf(w->application, sizeof w->application, "guanxi_%s", w->schema);
	w->config = (struct store_config){.data_dir = w->dir, .pg_schema = w->schema, .pg_writers = 4};
	if (engine == ENGINE_POSTGRES) {
		(void)snprintf(w->url, sizeof w->url, "%s%sapplication_name=%s", world_pg(), strchr(world_pg(), '?') ? "&" : "?", w->application);
		w->config.pg_url = w->url;
	}
}

static inline void world_open(struct world *w, enum engine engine, const struct migration *list, size_t n)
{
	world_prepare(w, engine);
	world_open_store(w);
	enum err err = store_migrate(&w->ctx, w->store, list, n);
	if (err)
		print_error("migrate: %s %s\n", w->ctx.faults.list[0].key, w->ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	world_open_db(w);
}

static inline void world_close_store(struct world *w)
{
	db_free(w->db);
	store_free(w->store);
	w->db = NULL;
	w->store = NULL;
	w->ctx.db = NULL;
}

static inline enum err world_drop_schema(struct ctx *ctx, void *arg)
{
	char text[100];
	(void)snprintf(text, sizeof text, "DROP SCHEMA IF EXISTS %s CASCADE", (const char *)arg);
	return db_exec(ctx, ctx->db, text);
}

static inline void world_close(struct world *w)
{
	char command[100];
	faults_clear(&w->ctx);
	if (w->engine == ENGINE_POSTGRES) {
		if (!w->store)
			world_open_store(w);
		assert_int_equal(store_write(&w->ctx, w->store, world_drop_schema, w->schema), OK);
	}
	world_close_store(w);
	(void)snprintf(command, sizeof command, "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	arena_release(&w->arena);
}

static inline enum err world_exec_job(struct ctx *ctx, void *arg)
{
	return db_exec(ctx, ctx->db, arg);
}

/* One statement or several, committed. */
static inline enum err world_exec(struct world *w, const char *text)
{
	char *copy = arena_strdup(&w->arena, text);
	assert_non_null(copy);
	return store_write(&w->ctx, w->store, world_exec_job, copy);
}

/* First column of the first row; -1 without a row. */
static inline int64_t world_number(struct world *w, const char *text)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(&w->ctx, w->db, text, &stmt);
	if (!err)
		err = stmt_step(&w->ctx, stmt, &row);
	if (err)
		print_error("%s: %s %s\n", text, w->ctx.faults.list[0].key, w->ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	int64_t value = row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	return value;
}

static inline const char *world_key(const struct world *w)
{
	return w->ctx.faults.count ? w->ctx.faults.list[0].key : "";
}

/* Tests with the engine as their initial state, on each engine there is. */
#define WORLD_TEST(fn, engine) {#fn, fn, NULL, NULL, engine}

static enum engine world_sqlite __attribute__((unused)) = ENGINE_SQLITE;
static enum engine world_postgres __attribute__((unused)) = ENGINE_POSTGRES;

#endif
