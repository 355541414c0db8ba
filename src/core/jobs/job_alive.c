/* Where programs share a database, one that is gone must not keep its jobs until their leases end: each says that it is alive. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "core/jobs/job_queue.h"
#include "sql_jobs.h"

enum { EVERY_S = JOB_ALIVE_MS / 4000, OLD_MS = 24 * 3600 * 1000 };

struct job_alive {
	struct store *store;
	const struct clock *clock;
	int64_t id;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping; /* under lock */
};

static enum err say(struct ctx *ctx, void *arg)
{
	const struct job_alive *a = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_runner_alive, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) + JOB_ALIVE_MS);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err take_back(struct ctx *ctx, void *arg)
{
	const struct job_alive *a = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_runner_gone, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) - OLD_MS);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static bool waited(struct job_alive *a)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += EVERY_S;
	pthread_mutex_lock(&a->lock);
	while (!a->stopping && pthread_cond_timedwait(&a->wake, &a->lock, &until) == 0)
		;
	bool stopping = a->stopping;
	pthread_mutex_unlock(&a->lock);
	return !stopping;
}

/* One that could not be said is followed by the next in time. */
static void *keep_saying(void *arg)
{
	struct job_alive *a = arg;
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 1u << 20);
	while (waited(a)) {
		arena_reset(&arena);
		ctx_init(&ctx, &arena, a->clock);
		if (store_write(&ctx, a->store, say, a) != OK)
			log_event(LOG_WARN, "that this program is alive could not be kept", NULL);
	}
	arena_reset(&arena);
	ctx_init(&ctx, &arena, a->clock);
	if (store_write(&ctx, a->store, take_back, a) != OK)
		log_event(LOG_WARN, "that this program ends could not be kept", NULL);
	arena_release(&arena);
	return NULL;
}

enum err job_alive_start_new(struct ctx *ctx, struct store *store, int64_t id, struct job_alive **ret)
{
	pthread_condattr_t monotonic;
	*ret = NULL;
	if (store_engine(store) == ENGINE_SQLITE)
		return OK;
	struct job_alive *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	a->store = store;
	a->clock = ctx->clock;
	a->id = id;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	enum err err = store_write(ctx, store, say, a);
	if (err == OK && pthread_create(&a->thread, NULL, keep_saying, a) != 0)
		err = fail(ctx, ERR_LIMIT, "", "threads");
	if (err != OK) {
		pthread_cond_destroy(&a->wake);
		pthread_mutex_destroy(&a->lock);
		free(a);
		return err;
	}
	*ret = a;
	return OK;
}

void job_alive_stop(struct job_alive *alive)
{
	if (alive == NULL)
		return;
	pthread_mutex_lock(&alive->lock);
	alive->stopping = true;
	pthread_cond_broadcast(&alive->wake);
	pthread_mutex_unlock(&alive->lock);
	pthread_join(alive->thread, NULL);
	pthread_cond_destroy(&alive->wake);
	pthread_mutex_destroy(&alive->lock);
	free(alive);
}
