#include "core/services/services.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/manifest/manifest.h"
#include "services_sql.h"

enum { TURN_ARENA = 256 << 20, FAILED_MS = 1000, NOT_HERE_MS = 2000, RENEW_MS = SERVICE_LEASE_MS / 3 };

struct worker {
	struct services *services;
	const struct service *service;
	pthread_t id;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t noted; /* under lock: counts what happened, so that nothing between look and wait is missed */
	struct service_health health; /* under lock */
	/* the thread's own */
	void *state;
	int64_t leased_until;
};

struct services {
	struct store *store;
	struct services_config config;
	const struct clock *clock;
	_Atomic bool stopping;
	int64_t holder; /* this program, among all that share the database */
	bool subscribed;
	size_t n;
	struct worker workers[];
};

const struct migration services_steps[] = {
	{1, "services", "CREATE TABLE service_lease (name TEXT NOT NULL PRIMARY KEY, holder BIGINT NOT NULL, until BIGINT NOT NULL) WITHOUT ROWID",
	 "CREATE TABLE service_lease (name text NOT NULL PRIMARY KEY, holder bigint NOT NULL, until bigint NOT NULL)", NULL},
};

/* --- the lease -------------------------------------------------------------- */

struct claim {
	struct worker *worker;
	int64_t until;
	bool ours;
};

static enum err take_lease(struct ctx *ctx, void *arg)
{
	struct claim *claim = arg;
	struct stmt *stmt;
	int64_t rows = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_service_lease_take, &stmt);
	if (err != OK)
		return err;
	claim->until = ctx_now(ctx) + SERVICE_LEASE_MS;
	stmt_bind_text(stmt, 1, claim->worker->service->name);
	stmt_bind_i64(stmt, 2, claim->worker->services->holder);
	stmt_bind_i64(stmt, 3, claim->until);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	claim->ours = rows > 0;
	return err;
}

static enum err give_lease(struct ctx *ctx, void *arg)
{
	const struct claim *claim = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_service_lease_give, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, claim->worker->service->name);
	stmt_bind_i64(stmt, 2, claim->worker->services->holder);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* On SQLite the folder's lock has already seen to it that one program serves. */
static bool needs_lease(const struct worker *w)
{
	return w->service->alone && store_engine(w->services->store) == ENGINE_POSTGRES;
}

static enum err hold_lease(struct ctx *ctx, struct worker *w, bool *ret)
{
	*ret = true;
	if (!needs_lease(w) || ctx_now(ctx) < w->leased_until - SERVICE_LEASE_MS + RENEW_MS)
		return OK;
	struct claim claim = {.worker = w};
	struct db *db = ctx->db;
	enum err err = store_write(ctx, w->services->store, take_lease, &claim);
	ctx->db = db;
	w->leased_until = err == OK && claim.ours ? claim.until : 0;
	*ret = w->leased_until != 0;
	return err;
}

/* --- the thread ---------------------------------------------------------------- */

static void note_turn(struct worker *w, bool here, enum err err, const struct ctx *ctx)
{
	pthread_mutex_lock(&w->lock);
	w->health.here = here;
	if (here && err == OK) {
		w->health.turns++;
		w->health.failures = 0;
		w->health.last_ms = ctx_now(ctx);
	} else if (err != OK) {
		const char *why = ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug";
		w->health.failures++;
		size_t n = strnlen(why, sizeof(w->health.error) - 1);
		memcpy(w->health.error, why, n);
		w->health.error[n] = '\0';
	}
	pthread_mutex_unlock(&w->lock);
}

static int64_t after_failure(const struct worker *w)
{
	int64_t wait = FAILED_MS;
	for (int64_t i = 1; i < w->health.failures && wait < SERVICE_WAIT_MAX_MS; i++)
		wait *= 2;
	return wait < SERVICE_WAIT_MAX_MS ? wait : SERVICE_WAIT_MAX_MS;
}

/* Returns how long to wait. */
static int64_t take_turn(struct ctx *ctx, struct worker *w)
{
	struct services *s = w->services;
	struct service_turn turn = {.wait_ms = SERVICE_WAIT_MAX_MS, .stopping = &s->stopping, .as_user = s->config.as_user, .arg = s->config.arg, .state = &w->state};
	bool here = false;
	enum err err = hold_lease(ctx, w, &here);
	if (err == OK && here)
		err = w->service->turn(ctx, &turn);
	bool ended = err != OK && atomic_load(&s->stopping);
	note_turn(w, here, ended ? OK : err, ctx);
	if (err != OK && !ended) {
		log_event(LOG_WARN, "a service failed and will be tried again", "service", w->service->name, "why", ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug", NULL);
		return after_failure(w);
	}
	if (!here)
		return NOT_HERE_MS;
	return needs_lease(w) && turn.wait_ms > RENEW_MS ? RENEW_MS : turn.wait_ms;
}

static uint64_t noted_so_far(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	uint64_t seen = w->noted;
	pthread_mutex_unlock(&w->lock);
	return seen;
}

static void sleep_for(struct worker *w, uint64_t seen, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	ms = ms < 1 ? 1 : ms > SERVICE_WAIT_MAX_MS ? SERVICE_WAIT_MAX_MS : ms;
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (!atomic_load(&w->services->stopping) && w->noted == seen) {
		if (pthread_cond_timedwait(&w->wake, &w->lock, &until) != 0)
			break;
	}
	pthread_mutex_unlock(&w->lock);
}

static void prepare(struct ctx *ctx, struct arena *arena, const struct worker *w, struct db *db)
{
	ctx_init(ctx, arena, w->services->clock);
	ctx->store = w->services->store;
	if (w->services->config.prepare != NULL)
		w->services->config.prepare(w->services->config.arg, ctx);
	ctx->actor = gate_system();
	ctx->db = db;
}

static void finish(struct ctx *ctx, const struct worker *w)
{
	if (w->services->config.done != NULL)
		w->services->config.done(w->services->config.arg, ctx);
}

static void take_leave(struct ctx *ctx, struct worker *w)
{
	struct services *s = w->services;
	struct service_turn turn = {.stopping = &s->stopping, .as_user = s->config.as_user, .arg = s->config.arg, .state = &w->state};
	if (w->service->leave == NULL || w->state == NULL || ctx->db == NULL)
		return;
	if (w->service->leave(ctx, &turn) != OK)
		log_event(LOG_WARN, "a service could not end in order", "service", w->service->name, "why", ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug", NULL);
	faults_clear(ctx);
	db_reset(ctx->db);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct arena arena;
	struct ctx *ctx = malloc(sizeof(*ctx));
	struct db *db = NULL;
	arena_init(&arena, TURN_ARENA);
	while (ctx != NULL && !atomic_load(&w->services->stopping)) {
		uint64_t seen = noted_so_far(w);
		int64_t wait = FAILED_MS;
		arena_reset(&arena);
		prepare(ctx, &arena, w, db);
		if (db == NULL && db_open_new(ctx, w->services->store, &db) != OK)
			db = NULL;
		ctx->db = db;
		if (db != NULL) {
			wait = take_turn(ctx, w);
			db_reset(db);
		}
		finish(ctx, w);
		if (wait > 0)
			sleep_for(w, seen, wait);
	}
	if (ctx != NULL) {
		arena_reset(&arena);
		prepare(ctx, &arena, w, db);
		take_leave(ctx, w);
		if (w->leased_until != 0 && store_write(ctx, w->services->store, give_lease, &(struct claim){.worker = w}) != OK)
			log_event(LOG_WARN, "a lease could not be given back; it ends by itself", "service", w->service->name, NULL);
		finish(ctx, w);
	}
	if (w->service->end != NULL && w->state != NULL)
		w->service->end(w->state);
	if (db != NULL)
		db_free(db);
	arena_release(&arena);
	free(ctx);
	return NULL;
}

/* --- start and stop ------------------------------------------------------------------- */

static void wake_worker(struct store *store, void *arg)
{
	struct worker *w = arg;
	(void)store;
	pthread_mutex_lock(&w->lock);
	w->noted++;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static void told(void *arg, int64_t last_seq)
{
	struct services *s = arg;
	(void)last_seq;
	for (size_t i = 0; i < s->n; i++) {
		if (!s->workers[i].service->quiet)
			wake_worker(s->store, &s->workers[i]);
	}
}

enum err services_wake(struct ctx *ctx, const char *name)
{
	struct services *services = ctx->app != NULL ? app_services(ctx->app) : NULL;
	for (size_t i = 0; services != NULL && i < services->n; i++)
		if (str_equal(services->workers[i].service->name, name))
			return db_on_commit(ctx, wake_worker, &services->workers[i]);
	return OK;
}

static size_t count(const struct service *const *tables)
{
	size_t n = 0;
	for (; *tables != NULL; tables++)
		for (const struct service *s = *tables; s->name != NULL; s++)
			n++;
	return n;
}

static void ready(struct services *services, const struct service *const *tables)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (; *tables != NULL; tables++) {
		for (const struct service *s = *tables; s->name != NULL; s++) {
			struct worker *w = &services->workers[services->n++];
			*w = (struct worker){.services = services, .service = s, .health = {.name = s->name}};
			pthread_mutex_init(&w->lock, NULL);
			pthread_cond_init(&w->wake, &monotonic);
		}
	}
	pthread_condattr_destroy(&monotonic);
}

enum err services_start_new(struct ctx *ctx, struct store *store, const struct services_config *config, struct services **ret)
{
	size_t n = count(config->tables);
	struct services *services = calloc(1, sizeof(*services) + n * sizeof(struct worker));
	if (services == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	services->store = store;
	services->config = *config;
	services->clock = ctx->clock;
	ctx_random(ctx, &services->holder, sizeof(services->holder));
	ready(services, config->tables);
	enum err err = events_subscribe(store, told, services);
	services->subscribed = err == OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		struct worker *w = &services->workers[i];
		w->started = pthread_create(&w->id, NULL, run, w) == 0;
		err = w->started ? OK : fail(ctx, ERR_LIMIT, "", "threads");
	}
	if (err != OK)
		services_stop(services);
	else
		*ret = services;
	return err;
}

void services_stop(struct services *services)
{
	if (services == NULL)
		return;
	if (services->subscribed)
		events_unsubscribe(services->store, told, services);
	for (size_t i = 0; i < services->n; i++) {
		struct worker *w = &services->workers[i];
		pthread_mutex_lock(&w->lock);
		atomic_store(&services->stopping, true);
		pthread_cond_broadcast(&w->wake);
		pthread_mutex_unlock(&w->lock);
	}
	for (size_t i = 0; i < services->n; i++) {
		struct worker *w = &services->workers[i];
		if (w->started)
			pthread_join(w->id, NULL);
		pthread_cond_destroy(&w->wake);
		pthread_mutex_destroy(&w->lock);
	}
	free(services);
}

bool services_health(struct services *services, size_t i, struct service_health *ret)
{
	if (services == NULL || i >= services->n)
		return false;
	struct worker *w = &services->workers[i];
	pthread_mutex_lock(&w->lock);
	*ret = w->health;
	pthread_mutex_unlock(&w->lock);
	return true;
}
