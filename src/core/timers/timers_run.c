/* The thread that fires what is due. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "core/gate/gate.h"
#include "core/timers/timers_internal.h"
#include "timers_sql.h"

enum { BATCH = 200, POLL_MS = 1000, RUN_ARENA = 256 << 20, BACK_OFF_MS = 5000 };

struct timers_thread {
	pthread_t id;
	bool started;
	_Atomic bool stopping;
	_Atomic int64_t wakes_at; /* the moment the sleeping thread means to look again; 0: it is awake */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t noted; /* under lock: counts what woke it, so that nothing set between look and wait is missed */
	struct timers *next;
};

/* All of this program: a write job that sets a timer knows its store and nothing of who fires. */
static struct {
	pthread_mutex_t lock;
	struct timers *first;
} all = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* --- waking --------------------------------------------------------------- */

static void wake(struct store *store, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&all.lock);
	for (struct timers *t = all.first; t != NULL; t = t->thread->next) {
		if (t->store != store)
			continue;
		pthread_mutex_lock(&t->thread->lock);
		t->thread->noted++;
		pthread_cond_signal(&t->thread->wake);
		pthread_mutex_unlock(&t->thread->lock);
	}
	pthread_mutex_unlock(&all.lock);
}

enum err timers_note_due(struct ctx *ctx, int64_t due_ms)
{
	bool sooner = false;
	pthread_mutex_lock(&all.lock);
	for (struct timers *t = all.first; t != NULL && !sooner; t = t->thread->next) {
		int64_t at = atomic_load(&t->thread->wakes_at);
		sooner = t->store == ctx->store && (at == 0 || due_ms < at);
	}
	pthread_mutex_unlock(&all.lock);
	return sooner ? db_on_commit(ctx, wake, NULL) : OK;
}

static void join_list(struct timers *timers)
{
	pthread_mutex_lock(&all.lock);
	timers->thread->next = all.first;
	all.first = timers;
	pthread_mutex_unlock(&all.lock);
}

static void leave_list(const struct timers *timers)
{
	pthread_mutex_lock(&all.lock);
	for (struct timers **at = &all.first; *at != NULL; at = &(*at)->thread->next) {
		if (*at == timers) {
			*at = timers->thread->next;
			break;
		}
	}
	pthread_mutex_unlock(&all.lock);
}

/* --- firing ---------------------------------------------------------------- */

struct batch {
	struct timers *timers;
	struct timer list[BATCH];
	size_t n;
};

static const struct timer_kind *kind_named(const struct timers *timers, const char *kind)
{
	for (const struct timer_kind *const *table = timers->config.kinds; *table != NULL; table++)
		for (const struct timer_kind *k = *table; k->kind != NULL; k++)
			if (str_equal(k->kind, kind))
				return k;
	return NULL;
}

static enum err read_due(struct ctx *ctx, struct batch *b)
{
	struct stmt *stmt;
	bool row = true;
	b->n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_take, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx));
	stmt_bind_i64(stmt, 2, BATCH);
	while (b->n < BATCH && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct timer *t = &b->list[b->n++];
		*t = (struct timer){arena_strdup(ctx->arena, stmt_text(stmt, 0)), arena_strdup(ctx->arena, stmt_text(stmt, 1)), stmt_i64(stmt, 2),
		                    arena_strdup(ctx->arena, stmt_text(stmt, 3)), (int)stmt_i64(stmt, 4) + 1};
		if (!t->kind || !t->key || !t->payload)
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	stmt_done(stmt);
	return err;
}

/* The row goes first, so that `fire` may set the same timer anew. */
static enum err fire(struct ctx *ctx, const struct timers *timers, const struct timer *timer)
{
	const struct timer_kind *kind = kind_named(timers, timer->kind);
	enum err err = timer_clear(ctx, timer->kind, timer->key);
	if (err)
		return err;
	if (str_equal(timer->kind, SCHEDULE_KIND))
		return timers_run_schedule(ctx, timers, timer);
	return kind != NULL ? kind->fire(ctx, timer) : fail_arg(ctx, ERR_BUG, "timer", "timer_unknown", timer->kind);
}

/* A schedule is never set aside: after its tries it waits for its next day. */
static enum err postpone(struct ctx *ctx, const struct timer *timer, const char *why)
{
	struct stmt *stmt;
	bool schedule = str_equal(timer->kind, SCHEDULE_KIND), last = timer->attempt >= TIMER_ATTEMPTS;
	int64_t wait = last && schedule ? INT64_C(3600000) : (int64_t)BACK_OFF_MS << (timer->attempt < 12 ? timer->attempt - 1 : 11);
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_postpone, &stmt);
	if (err)
		return err;
	log_event(last && !schedule ? LOG_ERROR : LOG_WARN, last && !schedule ? "a timer is set aside" : "a timer failed and will be tried again", "kind", timer->kind,
	          "key", timer->key, "why", why, NULL);
	stmt_bind_text(stmt, 1, timer->kind);
	stmt_bind_text(stmt, 2, timer->key);
	stmt_bind_i64(stmt, 3, ctx_now(ctx) + wait);
	stmt_bind_text(stmt, 4, timer->payload);
	stmt_bind_i64(stmt, 5, last && schedule ? 0 : timer->attempt);
	stmt_bind_i64(stmt, 6, last && !schedule);
	stmt_bind_text(stmt, 7, why);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* One that fails does not keep the others of its batch from firing. */
static enum err fire_or_postpone(struct ctx *ctx, const struct timers *timers, const struct timer *timer)
{
	enum err err = db_savepoint(ctx);
	if (err)
		return err;
	err = fire(ctx, timers, timer);
	if (!err)
		return db_release(ctx);
	if (err == ERR_RETRY) /* the whole job is run again */
		return err;
	const char *why = arena_strdup(ctx->arena, ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug");
	db_rollback_to(ctx);
	faults_clear(ctx);
	return postpone(ctx, timer, why ? why : "bug");
}

static enum err fire_batch(struct ctx *ctx, void *arg)
{
	struct batch *b = arg;
	const struct actor *before = ctx->actor;
	if (b->timers->config.prepare != NULL)
		b->timers->config.prepare(b->timers->config.arg, ctx);
	ctx->actor = gate_system();
	enum err err = read_due(ctx, b);
	for (size_t i = 0; i < b->n && !err; i++)
		err = fire_or_postpone(ctx, b->timers, &b->list[i]);
	ctx->actor = before;
	if (b->timers->config.done != NULL)
		b->timers->config.done(b->timers->config.arg, ctx);
	return err;
}

enum err timers_fire_due(struct ctx *ctx, struct timers *timers, int64_t *ret)
{
	struct batch *b = arena_alloc(ctx->arena, sizeof(*b));
	struct db *db = ctx->db;
	*ret = 0;
	if (b == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	b->timers = timers;
	enum err err = OK;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = store_write(ctx, timers->store, fire_batch, b);
		*ret += err == OK ? (int64_t)b->n : 0;
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	} while (err == OK && b->n == BATCH && (timers->thread == NULL || !atomic_load(&timers->thread->stopping)));
	ctx->db = db;
	return err;
}

/* --- the thread ------------------------------------------------------------- */

/* The moment the next one is due; far off if there is none. */
static enum err next_due(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = INT64_MAX;
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_first, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	db_reset(ctx->db);
	return err;
}

/* A second at most: those that other nodes set tell nobody, and a clock may be moved. */
static void sleep_until(struct timers_thread *thread, uint64_t seen, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	ms = ms < 1 ? 1 : ms > POLL_MS ? POLL_MS : ms;
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&thread->lock);
	while (!atomic_load(&thread->stopping) && thread->noted == seen) {
		if (pthread_cond_timedwait(&thread->wake, &thread->lock, &until) != 0)
			break;
	}
	pthread_mutex_unlock(&thread->lock);
}

static uint64_t noted_so_far(struct timers_thread *thread)
{
	pthread_mutex_lock(&thread->lock);
	uint64_t seen = thread->noted;
	pthread_mutex_unlock(&thread->lock);
	return seen;
}

/* Fires or finds out how long to wait. */
static int64_t look(struct ctx *ctx, struct timers *timers)
{
	int64_t due, fired;
	if (next_due(ctx, &due) != OK) {
		faults_clear(ctx);
		return POLL_MS;
	}
	int64_t now = ctx_now(ctx);
	if (due > now) {
		int64_t wait = due - now < POLL_MS ? due - now : POLL_MS;
		atomic_store(&timers->thread->wakes_at, now + wait);
		return wait;
	}
	if (timers_fire_due(ctx, timers, &fired) == OK)
		return 0;
	log_event(LOG_WARN, "timers could not fire; they are tried again", "why", ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug", NULL);
	faults_clear(ctx);
	return POLL_MS;
}

static void *run(void *arg)
{
	struct timers *timers = arg;
	struct timers_thread *thread = timers->thread;
	struct arena arena;
	struct ctx *ctx = malloc(sizeof(*ctx));
	struct db *db = NULL;
	arena_init(&arena, RUN_ARENA);
	while (ctx != NULL && !atomic_load(&thread->stopping)) {
		uint64_t seen = noted_so_far(thread);
		int64_t wait = POLL_MS;
		arena_reset(&arena);
		ctx_init(ctx, &arena, timers->clock);
		ctx->store = timers->store;
		if (db == NULL && db_open_new(ctx, timers->store, &db) != OK)
			db = NULL;
		ctx->db = db;
		if (db != NULL)
			wait = look(ctx, timers);
		if (wait > 0)
			sleep_until(thread, seen, wait);
		atomic_store(&thread->wakes_at, 0);
	}
	if (db != NULL)
		db_free(db);
	arena_release(&arena);
	free(ctx);
	return NULL;
}

static enum err keep(struct ctx *ctx, void *arg)
{
	const struct timers *timers = arg;
	return timers_keep_schedules(ctx, timers);
}

enum err timers_start_new(struct ctx *ctx, struct store *store, const struct timers_config *config, struct timers **ret)
{
	struct timers *timers = calloc(1, sizeof(*timers));
	struct timers_thread *thread = calloc(1, sizeof(*thread));
	struct db *db = ctx->db;
	pthread_condattr_t monotonic;
	if (timers == NULL || thread == NULL) {
		free(timers);
		free(thread);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	*timers = (struct timers){.store = store, .config = *config, .clock = ctx->clock, .thread = thread};
	pthread_mutex_init(&thread->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&thread->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	join_list(timers);
	enum err err = store_write(ctx, store, keep, timers);
	ctx->db = db;
	if (err == OK && pthread_create(&thread->id, NULL, run, timers) != 0)
		err = fail(ctx, ERR_LIMIT, "", "threads");
	thread->started = err == OK;
	if (err != OK) {
		timers_stop(timers);
		return err;
	}
	*ret = timers;
	return OK;
}

void timers_stop(struct timers *timers)
{
	if (timers == NULL)
		return;
	struct timers_thread *thread = timers->thread;
	leave_list(timers);
	pthread_mutex_lock(&thread->lock);
	atomic_store(&thread->stopping, true);
	pthread_cond_broadcast(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
	if (thread->started)
		pthread_join(thread->id, NULL);
	pthread_cond_destroy(&thread->wake);
	pthread_mutex_destroy(&thread->lock);
	free(thread);
	free(timers);
}
