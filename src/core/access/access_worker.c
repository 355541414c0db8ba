#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access_sql.h"
#include "base/log.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* One thread for what no request should wait for: "last seen" of sessions and
 * tokens (many requests, one write), notes for the audit trail, wrong tokens, old
 * rows, and on PostgreSQL whether another node has changed rights.
 *
 * Invariant: queues are bounded; what does not fit is counted and logged. */

enum {
	NOTES_MAX = 4096,
	SEEN_EVERY_S = 30,
	PURGE_EVERY_S = 600,
	TICK_MS = 500, /* how old another node's rights may be, at most, with the time of one query */
	JOB_ARENA = 4 * 1024 * 1024,
};

static const int64_t IDEM_KEEP_MS = 48 * INT64_C(3600000), ATTEMPT_KEEP_MS = 24 * INT64_C(3600000);

/* One entry to be written; `address` set: a wrong token to be counted. */
struct note {
	struct note *next;
	struct actor actor; /* its pointers are not used but for name, email */
	char *entity, *diff, *request_id, *address;
	int64_t record_id;
	enum change_action action;
};

struct access_worker {
	struct access *access;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle;
	bool stop, started, kick, busy;
	struct note *first, **last;
	size_t n_notes, dropped;
	struct map seen; /* 'S' or 'T', session or token id, user id -> time */
	int64_t epoch;
};

/* --- taking in ------------------------------------------------------------------ */

struct seen_key {
	int64_t is_token, id, user_id;
};

void access_worker_seen(struct access *access, bool is_token, int64_t id, int64_t user_id, int64_t at_ms)
{
	struct access_worker *worker = access->worker;
	struct seen_key key = {.is_token = is_token, .id = id, .user_id = user_id};
	pthread_mutex_lock(&worker->lock);
	/* lost when there is no memory: a later request notes it again */
	bool kept = map_put(&worker->seen, &key, sizeof(key), at_ms);
	(void)kept;
	pthread_mutex_unlock(&worker->lock);
}

static void note_free(struct note *note)
{
	free(note->entity);
	free(note->diff);
	free(note->request_id);
	free(note->address);
	free(note);
}

static void note_add(struct access *access, struct note *note)
{
	struct access_worker *worker = access->worker;
	bool whole = note->request_id && (note->address || (note->entity && note->diff));
	pthread_mutex_lock(&worker->lock);
	bool room = whole && worker->n_notes < NOTES_MAX && !worker->stop;
	if (room) {
		note->next = NULL;
		*worker->last = note;
		worker->last = &note->next;
		worker->n_notes++;
		worker->kick = true;
		pthread_cond_signal(&worker->wake);
	} else {
		worker->dropped++;
	}
	pthread_mutex_unlock(&worker->lock);
	if (!room)
		note_free(note);
}

static struct note *note_new(const struct ctx *ctx)
{
	struct note *note = calloc(1, sizeof(*note));
	if (!note)
		return NULL;
	if (ctx->actor)
		note->actor = (struct actor){.kind = ctx->actor->kind, .user_id = ctx->actor->user_id, .token_id = ctx->actor->token_id};
	note->request_id = strdup(ctx->request_id);
	return note;
}

void access_note(struct ctx *ctx, struct access *access, const char *entity, int64_t record_id, enum change_action action, const char *diff)
{
	struct note *note = note_new(ctx);
	if (!note)
		return;
	note->entity = strdup(entity ? entity : "");
	note->diff = strdup(diff ? diff : "{}");
	note->record_id = record_id;
	note->action = action;
	note_add(access, note);
}

void access_worker_bad_token(struct ctx *ctx, struct access *access, const char *address)
{
	struct note *note = note_new(ctx);
	if (!note)
		return;
	note->address = strdup(address ? address : "?");
	note_add(access, note);
}

/* --- writing ----------------------------------------------------------------------- */

struct round {
	struct note *notes;
	struct map *seen;
};

static enum err write_bad_token(struct ctx *ctx, const struct note *note)
{
	struct throttle keys;
	enum err err = access_throttle_address(ctx, note->address, &keys);
	if (!err)
		err = access_throttle_take(ctx, &keys);
	bool locked = err == ERR_LIMIT || (!err && keys.closes);
	if (err == ERR_LIMIT) { /* closed already: nothing more to count */
		faults_clear(ctx);
		err = OK;
	}
	if (err)
		return err;
	const char *diff = access_event_diff(ctx, "token_refused", "address", note->address, "locked", locked ? "true" : NULL, NULL);
	return change_append(ctx, "", 0, CHANGE_DENIED, diff);
}

static enum err write_notes(struct ctx *ctx, void *arg)
{
	const struct round *round = arg;
	enum err err = OK;
	const char *request_id = ctx->request_id;
	const struct actor *before = ctx->actor;
	for (const struct note *note = round->notes; note && !err; note = note->next) {
		struct actor actor = note->actor;
		ctx->actor = actor.user_id ? &actor : gate_system();
		ctx->request_id = note->request_id;
		err = note->address ? write_bad_token(ctx, note) : change_append(ctx, note->entity, note->record_id, note->action, note->diff);
		ctx->actor = before;
		ctx->request_id = request_id;
	}
	return err;
}

static enum err touch(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t at_ms)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, at_ms);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err write_seen(struct ctx *ctx, void *arg)
{
	const struct round *round = arg;
	const void *bytes;
	size_t at = 0, n;
	int64_t at_ms;
	enum err err = OK;
	while (!err && map_next(round->seen, &at, &bytes, &n, &at_ms)) {
		struct seen_key key;
		memcpy(&key, bytes, sizeof(key));
		err = touch(ctx, key.is_token ? &sql_access_token_seen : &sql_access_session_seen, key.id, at_ms);
		if (!err && !key.is_token)
			err = touch(ctx, &sql_access_user_seen, key.user_id, at_ms);
	}
	return err;
}

static enum err purge(struct ctx *ctx, void *arg)
{
	(void)arg;
	int64_t now = ctx_now(ctx);
	const struct {
		const struct sql *sql;
		int64_t a, b;
	} all[] = {
		{&sql_access_session_purge, now, now - ACCESS_IDLE_MS},
		{&sql_access_attempt_purge, now - ATTEMPT_KEEP_MS, now},
		{&sql_access_idem_purge, now - IDEM_KEEP_MS, 0},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct stmt *stmt;
		enum err err = db_prepare(ctx, ctx->db, all[i].sql, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, all[i].a);
		if (all[i].b)
			stmt_bind_i64(stmt, 2, all[i].b);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
		if (err)
			return err;
	}
	return OK;
}

static enum err run_job(struct access *access, write_fn fn, void *arg, const char *what)
{
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, JOB_ARENA);
	ctx_init(&ctx, &arena, access->clock);
	ctx.store = access->store;
	ctx.registry = access->registry;
	ctx.actor = gate_system();
	ctx.request_id = "access";
	enum err err = store_write(&ctx, access->store, fn, arg);
	if (err)
		log_event(LOG_ERROR, what, "key", ctx.faults.count ? ctx.faults.list[0].key : "?", NULL);
	arena_release(&arena);
	return err;
}

static void notes_free(struct note *note)
{
	while (note) {
		struct note *next = note->next;
		note_free(note);
		note = next;
	}
}

/* Before what has come in since. */
static void notes_put_back(struct access_worker *worker, struct note *notes)
{
	struct note *last = notes;
	for (worker->n_notes++; last->next; last = last->next)
		worker->n_notes++;
	last->next = worker->first;
	if (!worker->first)
		worker->last = &last->next;
	worker->first = notes;
}

/* Under the lock at entry and exit. */
static void write_round(struct access_worker *worker, bool with_seen)
{
	while (worker->busy)
		pthread_cond_wait(&worker->idle, &worker->lock);
	struct map seen = worker->seen;
	struct round round = {.notes = worker->first, .seen = &seen};
	size_t dropped = worker->dropped;
	worker->first = NULL;
	worker->last = &worker->first;
	worker->n_notes = 0;
	worker->dropped = 0;
	worker->kick = false;
	if (with_seen)
		map_init(&worker->seen, seen.k0, seen.k1);
	worker->busy = true;
	pthread_mutex_unlock(&worker->lock);
	enum err err = round.notes ? run_job(worker->access, write_notes, &round, "audit entries wait") : OK;
	bool again = err == ERR_RETRY || err == ERR_UPSTREAM; /* at the end access_worker_stop frees them */
	if (!again)
		notes_free(round.notes);
	if (with_seen && seen.count)
		(void)!run_job(worker->access, write_seen, &round, "last seen not written");
	if (with_seen)
		map_release(&seen);
	if (dropped) {
		char number[24];
		snprintf(number, sizeof(number), "%zu", dropped);
		log_event(LOG_ERROR, "audit queue full", "dropped", number, NULL);
	}
	pthread_mutex_lock(&worker->lock);
	if (again)
		notes_put_back(worker, round.notes);
	worker->busy = false;
	pthread_cond_broadcast(&worker->idle);
}

/* --- other nodes --------------------------------------------------------------------- */

static bool epoch_read(struct access *access, struct db *db, int64_t *ret)
{
	struct arena arena;
	struct ctx ctx;
	struct stmt *stmt;
	bool row = false;
	arena_init(&arena, 64 * 1024);
	ctx_init(&ctx, &arena, access->clock);
	ctx.db = db;
	enum err err = db_prepare(&ctx, db, &sql_access_epoch_read, &stmt);
	if (!err) {
		err = stmt_step(&ctx, stmt, &row);
		if (!err && row)
			*ret = stmt_i64(stmt, 0);
		stmt_done(stmt);
	}
	arena_release(&arena);
	return !err && row;
}

/* When the epoch cannot be read nobody may go on with rights that may be old. */
static void epoch_look(struct access_worker *worker, struct db *db)
{
	int64_t epoch = 0;
	bool known = db && epoch_read(worker->access, db, &epoch);
	if (!known || epoch != worker->epoch)
		access_cache_drop_all(&worker->access->cache);
	worker->epoch = epoch;
}

static struct db *epoch_connect(struct access *access)
{
	struct arena arena;
	struct ctx ctx;
	struct db *db = NULL;
	if (store_engine(access->store) == ENGINE_SQLITE)
		return NULL;
	arena_init(&arena, 64 * 1024);
	ctx_init(&ctx, &arena, access->clock);
	ctx.store = access->store;
	if (db_open_new(&ctx, access->store, &db))
		db = NULL;
	arena_release(&arena);
	return db;
}

/* --- the thread -------------------------------------------------------------------------- */

static void wait_tick(struct access_worker *worker)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)TICK_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!worker->stop && !worker->kick)
		if (pthread_cond_timedwait(&worker->wake, &worker->lock, &until) == ETIMEDOUT)
			break;
}

static int64_t seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void *worker_run(void *arg)
{
	struct access_worker *worker = arg;
	struct access *access = worker->access;
	bool many_nodes = store_engine(access->store) != ENGINE_SQLITE;
	struct db *db = NULL;
	int64_t seen_at = seconds_now(), purged_at = seconds_now();
	pthread_mutex_lock(&worker->lock);
	while (!worker->stop) {
		wait_tick(worker);
		int64_t now = seconds_now();
		bool seen = now - seen_at >= SEEN_EVERY_S;
		if (seen)
			seen_at = now;
		if (worker->first || seen || worker->dropped)
			write_round(worker, seen);
		pthread_mutex_unlock(&worker->lock);
		if (many_nodes) {
			if (!db)
				db = epoch_connect(access);
			epoch_look(worker, db);
		}
		if (now - purged_at >= PURGE_EVERY_S) {
			purged_at = now;
			(void)!run_job(access, purge, NULL, "old sessions not removed");
		}
		pthread_mutex_lock(&worker->lock);
	}
	write_round(worker, true);
	pthread_mutex_unlock(&worker->lock);
	db_free(db);
	return NULL;
}

enum err access_worker_start(struct ctx *ctx, struct access *access)
{
	struct access_worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return access_no_memory(ctx);
	uint64_t keys[2];
	pthread_condattr_t attr;
	ctx_random(ctx, keys, sizeof(keys));
	map_init(&worker->seen, keys[0], keys[1]);
	worker->access = access;
	worker->last = &worker->first;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->wake, &attr);
	pthread_cond_init(&worker->idle, &attr);
	pthread_condattr_destroy(&attr);
	access->worker = worker;
	worker->started = pthread_create(&worker->thread, NULL, worker_run, worker) == 0;
	return worker->started ? OK : fail(ctx, ERR_LIMIT, "", "threads");
}

void access_worker_stop(struct access *access)
{
	struct access_worker *worker = access->worker;
	if (!worker)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	if (worker->started)
		pthread_join(worker->thread, NULL);
	notes_free(worker->first);
	map_release(&worker->seen);
	pthread_mutex_destroy(&worker->lock);
	pthread_cond_destroy(&worker->wake);
	pthread_cond_destroy(&worker->idle);
	free(worker);
	access->worker = NULL;
}

enum err access_flush(struct ctx *ctx, struct access *access)
{
	struct access_worker *worker = access->worker;
	pthread_mutex_lock(&worker->lock);
	write_round(worker, true);
	bool left = worker->first != NULL;
	pthread_mutex_unlock(&worker->lock);
	return left ? fail(ctx, ERR_RETRY, "", "busy") : OK;
}
