/* Opening, following the change log, and who may read meanwhile. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/warehouse/warehouse_internal.h"

enum { BATCH = 5000, ANEW_BEHIND = 300000, WAIT_MS = 5000, WAIT_STEP_US = 20000, HASH_HEX = 65, LOCK_MS = 500, THREADS_MAX = 4 };

static const char state_ddl[] = "CREATE OR REPLACE TABLE w_state (position BIGINT, mark VARCHAR, loaded_at BIGINT);"
                                "CREATE OR REPLACE TABLE w_table (name VARCHAR, signature VARCHAR)";

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static char *joined(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = malloc(n);
	if (path != NULL)
		snprintf(path, n, "%s/%s", dir, name);
	return path;
}

enum err warehouse_new(struct ctx *ctx, const char *data_dir, const struct star_table *const *tables, struct warehouse **ret)
{
	struct warehouse *w = calloc(1, sizeof(*w));
	*ret = NULL;
	if (w == NULL)
		return no_memory(ctx);
	pthread_mutex_init(&w->writing, NULL);
	pthread_rwlock_init(&w->opening, NULL);
	w->dir = joined(data_dir, "");
	w->path = joined(data_dir, "warehouse.duckdb");
	w->spill = joined(data_dir, "warehouse.spill");
	w->position = -1;
	for (; *tables != NULL; tables++) {
		for (const struct star_table *t = *tables; t->entity != NULL && w->n_tables < WAREHOUSE_TABLES_MAX; t++)
			w->tables[w->n_tables++] = t;
	}
	if (w->dir == NULL || w->path == NULL || w->spill == NULL) {
		warehouse_free(w);
		return no_memory(ctx);
	}
	/* once kept, it is kept on */
	w->kept = access(w->path, F_OK) == 0;
	*ret = w;
	return OK;
}

void warehouse_free(struct warehouse *w)
{
	if (w == NULL)
		return;
	duck_free(w->duck);
	pthread_mutex_destroy(&w->writing);
	pthread_rwlock_destroy(&w->opening);
	free(w->dir);
	free(w->path);
	free(w->spill);
	free(w);
}

void warehouse_suspect(struct warehouse *w)
{
	w->suspect = true;
}

/* --- the file ------------------------------------------------------------------------------ */

static void remove_files(const struct warehouse *w)
{
	char *wal = malloc(strlen(w->path) + sizeof(".wal"));
	if (unlink(w->path) != 0 && errno != ENOENT)
		log_event(LOG_ERROR, "the warehouse's file can't be removed", "why", strerror(errno), NULL);
	if (wal != NULL) {
		snprintf(wal, strlen(w->path) + sizeof(".wal"), "%s.wal", w->path);
		unlink(wal);
	}
	free(wal);
}

void warehouse_discard(struct warehouse *w)
{
	pthread_rwlock_wrlock(&w->opening);
	duck_free(w->duck);
	w->duck = NULL;
	w->loaded = false;
	w->position = -1;
	remove_files(w);
	pthread_rwlock_unlock(&w->opening);
}

static enum err open_database(struct ctx *ctx, struct warehouse *w)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (int)cores;
	const struct duck_config config = {.path = w->path, .spill_dir = w->spill, .memory_mb = (int)setting_int(ctx, &warehouse_settings[0]), .threads = threads};
	enum err err = OK;
	pthread_rwlock_wrlock(&w->opening);
	if (w->duck == NULL && duck_there()) {
		err = duck_open_new(ctx, &config, &w->duck);
		if (err == ERR_UPSTREAM) {
			log_event(LOG_WARN, "the warehouse is damaged: it is made anew", NULL);
			faults_clear(ctx);
			remove_files(w);
			err = duck_open_new(ctx, &config, &w->duck);
		}
		if (!err)
			chmod(w->path, S_IRUSR | S_IWUSR);
	}
	pthread_rwlock_unlock(&w->opening);
	return err;
}

/* `opening` is held for reading until warehouse_leave. */
static enum err join(struct ctx *ctx, struct warehouse *w, struct duck_conn **ret)
{
	enum err err = OK;
	*ret = NULL;
	pthread_rwlock_rdlock(&w->opening);
	if (w->duck == NULL)
		err = fail(ctx, ERR_RETRY, "", "warehouse_loading");
	else
		err = duck_connect_new(ctx, w->duck, ret);
	if (err)
		pthread_rwlock_unlock(&w->opening);
	return err;
}

void warehouse_leave(struct warehouse *w, struct duck_conn *conn)
{
	duck_conn_free(conn);
	pthread_rwlock_unlock(&w->opening);
}

enum err warehouse_connect(struct ctx *ctx, struct warehouse *w, struct duck_conn **ret)
{
	*ret = NULL;
	if (!duck_there())
		return fail_arg(ctx, ERR_UPSTREAM, "", "warehouse_off", duck_why());
	enum err err = open_database(ctx, w);
	return err ? err : join(ctx, w, ret);
}

/* --- what it knows of itself -------------------------------------------------------------------- */

struct known {
	int64_t position, loaded_at; /* position -1: nothing is loaded */
	char mark[HASH_HEX];
};

static enum err read_known(struct ctx *ctx, struct duck_conn *conn, struct known *ret)
{
	struct duck_rows *rows;
	int64_t n;
	*ret = (struct known){.position = -1};
	enum err err = duck_number(ctx, conn, "SELECT count(*) FROM duckdb_tables() WHERE table_name IN ('w_state', 'w_table', 'date')", NULL, 0, &n);
	if (err || n != 3)
		return err;
	err = duck_ask(ctx, conn, "SELECT position, mark, loaded_at FROM w_state", NULL, 0, &rows);
	if (err)
		return err;
	if (duck_next(rows)) {
		size_t len;
		const char *mark = duck_text(rows, 1, &len);
		ret->position = duck_i64(rows, 0);
		if (mark != NULL && len < sizeof(ret->mark))
			memcpy(ret->mark, mark, len);
		ret->loaded_at = duck_i64(rows, 2);
	}
	duck_done(rows);
	return OK;
}

/* The log's hash at an entry: a store that was put back from a copy has another past. */
static enum err read_mark(struct ctx *ctx, int64_t seq, char ret[HASH_HEX])
{
	struct stmt *stmt;
	bool row = false;
	ret[0] = '\0';
	if (seq == 0)
		return OK;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT hash FROM change WHERE seq = ?1", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, seq);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		const unsigned char *hash = stmt_blob(stmt, 0);
		size_t n = stmt_bytes(stmt, 0);
		for (size_t i = 0; hash != NULL && i < n && i * 2 + 2 < HASH_HEX; i++)
			snprintf(ret + i * 2, 3, "%02x", hash[i]);
	}
	stmt_done(stmt);
	return err;
}

static enum err set_position(struct ctx *ctx, struct duck_conn *conn, int64_t position)
{
	struct duck_rows *rows;
	char mark[HASH_HEX];
	enum err err = read_mark(ctx, position, mark);
	const struct value values[] = {value_int(position), value_text(mark)};
	if (!err)
		err = duck_ask(ctx, conn, "UPDATE w_state SET position = ?1, mark = ?2", values, 2, &rows);
	if (!err)
		duck_done(rows);
	return err;
}

/* --- loading --------------------------------------------------------------------------------------- */

static enum err sign_table(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_copy *copy)
{
	struct duck_rows *rows;
	const struct value values[] = {value_text(copy->info->entity->name), value_text(copy->signature)};
	enum err err = duck_ask(ctx, conn, "DELETE FROM w_table WHERE name = ?1", values, 1, &rows);
	if (err)
		return err;
	duck_done(rows);
	err = duck_ask(ctx, conn, "INSERT INTO w_table VALUES (?1, ?2)", values, 2, &rows);
	if (!err)
		duck_done(rows);
	return err;
}

enum err warehouse_load(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, int64_t position)
{
	struct duck_rows *rows;
	const struct value now = value_int(ctx_now(ctx));
	enum err err = duck_exec(ctx, conn, state_ddl);
	for (size_t i = 0; !err && i < plan->n; i++) {
		err = warehouse_load_table(ctx, conn, plan, plan->copies[i]);
		if (!err)
			err = sign_table(ctx, conn, plan->copies[i]);
	}
	if (!err)
		err = warehouse_load_days(ctx, conn, plan);
	if (!err)
		err = duck_ask(ctx, conn, "INSERT INTO w_state VALUES (-1, '', ?1)", &now, 1, &rows);
	if (err)
		return err;
	duck_done(rows);
	return set_position(ctx, conn, position);
}

static enum err finish(struct ctx *ctx, struct duck_conn *conn, enum err err)
{
	if (!err)
		return duck_exec(ctx, conn, "COMMIT");
	struct faults said = ctx->faults;
	if (duck_exec(ctx, conn, "ROLLBACK"))
		log_event(LOG_WARN, "the warehouse takes nothing back", NULL);
	ctx->faults = said;
	return err;
}

static enum err load_anew(struct ctx *ctx, struct warehouse *w, struct duck_conn *conn, struct warehouse_plan *plan, int64_t last)
{
	int64_t began = ctx_now(ctx);
	char ms[24];
	enum err err = duck_exec(ctx, conn, "BEGIN TRANSACTION");
	if (!err)
		err = finish(ctx, conn, warehouse_load(ctx, conn, plan, last));
	if (err)
		return err;
	w->position = last;
	w->loaded_at = ctx_now(ctx);
	w->loaded = true;
	snprintf(ms, sizeof(ms), "%lld", (long long)(ctx_now(ctx) - began));
	log_event(LOG_INFO, "the warehouse was loaded", "ms", ms, NULL);
	return OK;
}

/* Tables whose columns are others than when they were loaded. */
static enum err reload_changed(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan)
{
	bool days = false;
	enum err err = OK;
	for (size_t i = 0; !err && i < plan->n; i++) {
		const struct warehouse_copy *copy = plan->copies[i];
		const struct value values[] = {value_text(copy->info->entity->name), value_text(copy->signature)};
		int64_t n;
		err = duck_number(ctx, conn, "SELECT count(*) FROM w_table WHERE name = ?1 AND signature = ?2", values, 2, &n);
		if (err || n > 0)
			continue;
		days = true;
		err = duck_exec(ctx, conn, "BEGIN TRANSACTION");
		if (err)
			return err;
		err = warehouse_load_table(ctx, conn, plan, copy);
		if (!err)
			err = sign_table(ctx, conn, copy);
		err = finish(ctx, conn, err);
	}
	return err || !days ? err : warehouse_load_days(ctx, conn, plan);
}

/* --- following the log -------------------------------------------------------------------------------- */

struct batch {
	struct warehouse_plan *plan;
	int64_t *ids[WAREHOUSE_TABLES_MAX];
	size_t n[WAREHOUSE_TABLES_MAX];
	size_t entries;
};

static enum err take_entry(struct ctx *ctx, const struct change *change, void *arg)
{
	struct batch *batch = arg;
	batch->entries++;
	if (change->action > CHANGE_RESTORE || change->record_id == 0)
		return OK;
	for (size_t i = 0; i < batch->plan->n; i++) {
		if (!str_equal(batch->plan->copies[i]->info->entity->name, change->entity))
			continue;
		if (batch->ids[i] == NULL)
			batch->ids[i] = arena_array(ctx->arena, BATCH, sizeof(int64_t));
		if (batch->ids[i] == NULL)
			return no_memory(ctx);
		if (batch->n[i] == 0 || batch->ids[i][batch->n[i] - 1] != change->record_id)
			batch->ids[i][batch->n[i]++] = change->record_id;
	}
	return OK;
}

/* Of the table of an entity, those that changed: whoever carries them is read again too. */
static size_t parents_of(const struct batch *batch, const struct warehouse_copy *copy, const int64_t **ret)
{
	for (size_t i = 0; copy->up != NULL && i < batch->plan->n; i++) {
		if (batch->plan->copies[i]->info == copy->up) {
			*ret = batch->ids[i];
			return batch->n[i];
		}
	}
	*ret = NULL;
	return 0;
}

static enum err follow_batch(struct ctx *ctx, struct warehouse *w, struct duck_conn *conn, struct warehouse_plan *plan, size_t *ret_entries)
{
	struct batch *batch = arena_alloc(ctx->arena, sizeof(*batch));
	int64_t last = w->position;
	if (batch == NULL)
		return no_memory(ctx);
	memset(batch, 0, sizeof(*batch));
	batch->plan = plan;
	enum err err = change_read(ctx, w->position, BATCH, take_entry, batch, &last);
	*ret_entries = batch->entries;
	if (err || batch->entries == 0)
		return err;
	err = duck_exec(ctx, conn, "BEGIN TRANSACTION");
	if (err)
		return err;
	for (size_t i = 0; !err && i < plan->n; i++) {
		const int64_t *parents;
		size_t n = parents_of(batch, plan->copies[i], &parents);
		err = warehouse_renew(ctx, conn, plan, plan->copies[i], batch->ids[i], batch->n[i], parents, n);
	}
	if (!err)
		err = set_position(ctx, conn, last);
	err = finish(ctx, conn, err);
	if (!err)
		w->position = last;
	return err;
}

/* Whether what is there goes on into the log as it is now. */
static enum err goes_on(struct ctx *ctx, const struct known *known, int64_t last, bool *ret)
{
	char mark[HASH_HEX];
	*ret = false;
	if (known->position < 0 || known->position > last || last - known->position > ANEW_BEHIND)
		return OK;
	enum err err = read_mark(ctx, known->position, mark);
	*ret = !err && str_equal(mark, known->mark);
	return err;
}

static enum err bring_up(struct ctx *ctx, struct warehouse *w, struct duck_conn *conn, bool anew, int64_t *ret_entries)
{
	struct warehouse_plan *plan;
	struct known known;
	int64_t last;
	bool good = false;
	size_t n = 1;
	*ret_entries = 0;
	enum err err = warehouse_plan_make(ctx, w, &plan);
	if (err)
		return err;
	err = read_known(ctx, conn, &known);
	if (!err)
		err = change_last_seq(ctx, &last);
	if (!err && !anew)
		err = goes_on(ctx, &known, last, &good);
	if (!err && !good)
		err = load_anew(ctx, w, conn, plan, last);
	else if (!err)
		err = reload_changed(ctx, conn, plan);
	if (!err && good) {
		w->position = known.position;
		w->loaded_at = known.loaded_at;
		w->loaded = true;
	}
	while (!err && n > 0 && w->position < last) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = follow_batch(ctx, w, conn, plan, &n);
		*ret_entries += (int64_t)n;
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	warehouse_plan_done(plan);
	return err;
}

static bool is_damage(const struct ctx *ctx, enum err err)
{
	return err == ERR_UPSTREAM && ctx->faults.count > 0 && str_equal(ctx->faults.list[0].key, "warehouse_damaged");
}

static enum err try_catch_up(struct ctx *ctx, struct warehouse *w, bool anew, int64_t *ret_entries)
{
	struct duck_conn *conn;
	*ret_entries = 0;
	enum err err = warehouse_connect(ctx, w, &conn);
	if (err)
		return err;
	err = bring_up(ctx, w, conn, anew, ret_entries);
	warehouse_leave(w, conn);
	return err;
}

enum err warehouse_catch_up(struct ctx *ctx, struct warehouse *w, bool anew, int64_t *ret_entries)
{
	if (atomic_exchange(&w->suspect, false))
		warehouse_discard(w);
	enum err err = try_catch_up(ctx, w, anew, ret_entries);
	if (!is_damage(ctx, err))
		return err;
	log_event(LOG_WARN, "the warehouse is damaged: it is made anew", NULL);
	faults_clear(ctx);
	warehouse_discard(w);
	return try_catch_up(ctx, w, true, ret_entries);
}

/* --- for others -------------------------------------------------------------------------------------------- */

static enum err in_view(struct ctx *ctx, struct warehouse *w, bool anew, int64_t *ret_entries)
{
	enum err err = db_begin_read(ctx, ctx->db);
	if (err)
		return err;
	err = warehouse_catch_up(ctx, w, anew, ret_entries);
	db_end_read(ctx->db);
	return err;
}

static enum err locked(struct ctx *ctx, struct warehouse *w, bool anew, int64_t *ret_entries)
{
	w->kept = true;
	pthread_mutex_lock(&w->writing);
	enum err err = in_view(ctx, w, anew, ret_entries);
	pthread_mutex_unlock(&w->writing);
	return err;
}

enum err warehouse_refresh(struct ctx *ctx, struct warehouse *w, int64_t *ret_entries)
{
	return locked(ctx, w, false, ret_entries);
}

enum err warehouse_rebuild(struct ctx *ctx, struct warehouse *w)
{
	int64_t entries;
	return locked(ctx, w, true, &entries);
}

/* Whoever comes while it follows waits a little, so as to see what they wrote; then looks at what is there. */
static bool lock_soon(struct warehouse *w)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOCK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return pthread_mutex_timedlock(&w->writing, &until) == 0;
}

/* A first load of much is left to the service. */
static enum err settle(struct ctx *ctx, struct warehouse *w)
{
	int64_t last, entries;
	enum err err = change_last_seq(ctx, &last);
	if (!err && !w->loaded && last > ANEW_BEHIND && access(w->path, F_OK) != 0)
		w->kept = true;
	else if (!err && lock_soon(w)) {
		w->kept = true;
		err = in_view(ctx, w, false, &entries);
		pthread_mutex_unlock(&w->writing);
	}
	for (int waited = 0; !err && !w->loaded && waited < WAIT_MS * 1000; waited += WAIT_STEP_US)
		usleep(WAIT_STEP_US);
	return err || w->loaded ? err : fail(ctx, ERR_RETRY, "", "warehouse_loading");
}

enum err warehouse_enter(struct ctx *ctx, struct warehouse *w, struct duck_conn **ret)
{
	*ret = NULL;
	if (w == NULL || !duck_there())
		return fail_arg(ctx, ERR_UPSTREAM, "", "warehouse_off", duck_why());
	enum err err = settle(ctx, w);
	return err ? err : join(ctx, w, ret);
}

static enum err count_rows(struct ctx *ctx, struct warehouse *w, int64_t *ret)
{
	struct duck_conn *conn;
	*ret = 0;
	if (!w->loaded)
		return OK;
	enum err err = join(ctx, w, &conn);
	if (err)
		return err;
	err = duck_number(ctx, conn, "SELECT CAST(sum(estimated_size) AS BIGINT) FROM duckdb_tables()", NULL, 0, ret);
	warehouse_leave(w, conn);
	return err;
}

enum err warehouse_look(struct ctx *ctx, struct warehouse *w, struct warehouse_state *ret)
{
	struct stat st;
	struct stmt *stmt;
	bool row = false;
	*ret = (struct warehouse_state){.there = duck_there(), .version = duck_version(), .why = duck_why(), .kept = w->kept, .loaded = w->loaded,
	                                .position = w->position, .loaded_at = w->loaded_at};
	ret->bytes = stat(w->path, &st) == 0 ? st.st_size : 0;
	enum err err = change_last_seq(ctx, &ret->last);
	if (!err)
		err = count_rows(ctx, w, &ret->rows);
	if (err || !ret->loaded || ret->position >= ret->last)
		return err;
	err = db_prepare_text(ctx, ctx->db, "SELECT at FROM change WHERE seq = ?1", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ret->position + 1);
	err = stmt_step(ctx, stmt, &row);
	ret->behind_ms = !err && row ? ctx_now(ctx) - stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}
