#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "core/http/http_internal.h"

static struct http_call *take(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping && (pool->head == NULL || pool->busy - pool->waiting >= pool->running_max))
		pthread_cond_wait(&pool->wake, &pool->lock);
	struct http_call *call = pool->head;
	if (call != NULL) {
		pool->head = call->next;
		if (pool->head == NULL)
			pool->tail = NULL;
		pool->queued--;
		pool->busy++;
	}
	pthread_mutex_unlock(&pool->lock);
	return call;
}

/* Opened with the first call, by the thread that uses it. */
static void open_db(struct http_worker *worker, struct http_call *call)
{
	struct http *http = worker->pool->http;
	struct db *db = NULL;
	if (http->store == NULL || db_open_new(&call->ctx, http->store, &db) != OK)
		return; /* the call fails with the faults of this */
	if (worker->pool->budget_ms > 0)
		db_set_budget(db, 0, worker->pool->budget_ms);
	pthread_mutex_lock(&worker->pool->lock);
	worker->db = db;
	pthread_mutex_unlock(&worker->pool->lock);
}

static void *work(void *arg)
{
	struct http_worker *worker = arg;
	struct http_pool *pool = worker->pool;
	struct http_call *call;
	while ((call = take(pool)) != NULL) {
		if (worker->db == NULL)
			open_db(worker, call);
		call->ctx.db = worker->db;
		http_lanes_work(worker, call);
		if (worker->db != NULL)
			db_reset(worker->db); /* a view left open would show the next request what was true before */
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
		pthread_cond_signal(&pool->wake); /* there may be a call that waited for this */
		pthread_mutex_unlock(&pool->lock);
	}
	return NULL;
}

bool http_pool_wait(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	bool spare = pool->waiting < pool->waiting_max;
	if (spare) {
		pool->waiting++;
		pthread_cond_signal(&pool->wake);
	}
	pthread_mutex_unlock(&pool->lock);
	return spare;
}

/* For a moment there may be more at work than wanted: nobody is made to wait twice. */
void http_pool_go_on(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->waiting--;
	pthread_mutex_unlock(&pool->lock);
}

enum err http_pool_start(struct ctx *ctx, struct http *http, struct http_pool *pool, const char *name, size_t threads, size_t spare,
                         size_t queue_max, int64_t budget_ms)
{
	*pool = (struct http_pool){.http = http, .name = name, .queue_max = queue_max, .budget_ms = budget_ms,
	                           .running_max = threads, .waiting_max = spare};
	threads += spare;
	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (pthread_cond_init(&pool->wake, NULL) != 0) {
		pthread_mutex_destroy(&pool->lock);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	pool->workers = calloc(threads, sizeof(*pool->workers));
	enum err err = pool->workers != NULL ? OK : ERR_LIMIT;
	for (size_t i = 0; err == OK && i < threads; i++) {
		struct http_worker *worker = &pool->workers[i];
		worker->pool = pool;
		pool->n_workers++;
		if (pthread_create(&worker->thread, NULL, work, worker) != 0)
			err = ERR_LIMIT;
		else
			worker->running = true;
	}
	if (err == OK)
		return OK;
	http_pool_stop(pool);
	http_pool_release(pool);
	return fail(ctx, ERR_LIMIT, "", "threads");
}

bool http_pool_put(struct http_pool *pool, struct http_call *call)
{
	bool taken = false;
	pthread_mutex_lock(&pool->lock);
	if (!pool->stopping && pool->queued < pool->queue_max) {
		call->next = NULL;
		if (pool->tail != NULL)
			pool->tail->next = call;
		else
			pool->head = call;
		pool->tail = call;
		pool->queued++;
		taken = true;
		pthread_cond_signal(&pool->wake);
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

/* Stops the statements that run; how many calls are still worked on. */
static size_t interrupt(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	size_t busy = pool->busy;
	for (size_t i = 0; busy > 0 && i < pool->n_workers; i++)
		if (pool->workers[i].db != NULL)
			db_interrupt(pool->workers[i].db);
	pthread_mutex_unlock(&pool->lock);
	return busy;
}

void http_pool_stop(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	struct http_call *waiting = pool->head;
	pool->head = pool->tail = NULL;
	pool->queued = 0;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	while (waiting != NULL) {
		struct http_call *next = waiting->next;
		http_refuse(waiting, ERR_RETRY, "stopping", 503);
		http_resume(waiting);
		waiting = next;
	}
	/* again and again: an interrupt between two statements is lost */
	const struct timespec pause = {.tv_nsec = 100000000};
	while (interrupt(pool) > 0)
		(void)nanosleep(&pause, NULL);
	for (size_t i = 0; i < pool->n_workers; i++)
		if (pool->workers[i].running)
			pthread_join(pool->workers[i].thread, NULL);
}

void http_pool_release(struct http_pool *pool)
{
	for (size_t i = 0; i < pool->n_workers; i++) {
		if (pool->workers[i].db != NULL)
			db_free(pool->workers[i].db);
		http_gzip_release(&pool->workers[i].gzip);
	}
	free(pool->workers);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
}

void http_pool_counts(struct http_pool *pool, int64_t *ret_queued, int64_t *ret_busy)
{
	pthread_mutex_lock(&pool->lock);
	*ret_queued = (int64_t)pool->queued;
	*ret_busy = (int64_t)pool->busy;
	pthread_mutex_unlock(&pool->lock);
}
