/* Bounded pools, one for each kind of work, and the share that one person or one address has of each. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

const struct http_pool_plan http_pool_plans[POOL_COUNT] = {
	[POOL_READ] = {.name = "read", .threads = HTTP_READ_THREADS, .queue = HTTP_READ_QUEUE, .postgres = true, .budget_ms = HTTP_BUDGET_MS},
	[POOL_PUBLIC] = {.name = "public", .threads = HTTP_PUBLIC_THREADS, .queue = HTTP_QUEUE, .postgres = true, .budget_ms = HTTP_BUDGET_MS},
	[POOL_SIGN_IN] = {.name = "sign-in", .queue = HTTP_QUEUE, .shares = true},
	[POOL_LISTS] = {.name = "lists", .queue = HTTP_QUEUE, .shares = true, .looks = true, .nice = HTTP_NICE},
	[POOL_EXPORTS] = {.name = "exports", .spare = HTTP_HEAVY_SPARE, .queue = HTTP_QUEUE, .shares = true, .nice = HTTP_NICE},
	[POOL_WORK] = {.name = "work", .spare = HTTP_HEAVY_SPARE, .queue = HTTP_QUEUE, .shares = true, .nice = HTTP_NICE},
};

/* --- shares ------------------------------------------------------------------------ */

enum { WHO_ADDRESS = 1 }; /* lowest bit: nobody is known but where they are */

/* IPv4, or the /64 of IPv6; behind a proxy the client's, by its text. */
static uint64_t address_of(const struct http_call *call)
{
	uint64_t n = 0;
	memcpy(&n, call->conn->key, call->conn->key_n);
	if (call->conn->proxy)
		n = str_hash(call->req.remote, strlen(call->req.remote));
	return n | WHO_ADDRESS;
}

uint64_t http_who(const struct http_call *call)
{
	return call->ctx.actor != NULL ? (uint64_t)call->ctx.actor->user_id << 1 : address_of(call);
}

/* With the lock held. Whoever waits for a client takes nobody's turn. */
static size_t at_work(const struct http_pool *pool, uint64_t who)
{
	size_t n = 0;
	for (size_t i = 0; i < pool->n_workers; i++)
		n += pool->workers[i].who == who && !pool->workers[i].aside;
	return n;
}

/* With the lock held: the first in the queue whose turn it may be. */
static struct http_call *next_call(struct http_pool *pool)
{
	struct http_call *before = NULL;
	if (pool->busy - pool->waiting >= pool->running_max)
		return NULL;
	for (struct http_call *call = pool->head; call != NULL; before = call, call = call->next) {
		if (pool->share > 0 && at_work(pool, call->who) >= pool->share)
			continue;
		if (before != NULL)
			before->next = call->next;
		else
			pool->head = call->next;
		if (pool->tail == call)
			pool->tail = before;
		return call;
	}
	return NULL;
}

static struct http_call *take(struct http_worker *worker)
{
	struct http_pool *pool = worker->pool;
	struct http_call *call = NULL;
	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping && (call = next_call(pool)) == NULL)
		pthread_cond_wait(&pool->wake, &pool->lock);
	if (call != NULL) {
		atomic_store_explicit(&pool->crowd, --pool->queued, memory_order_relaxed);
		pool->busy++;
		worker->who = call->who;
		worker->left = false;
		worker->fd = pool->plan->looks ? call->conn->fd : -1;
		call->worker = worker;
	}
	pthread_mutex_unlock(&pool->lock);
	return call;
}

/* With the lock held. */
static bool has_share(const struct http_pool *pool, const struct http_call *call)
{
	size_t own = 0, near = 0;
	if (!pool->plan->shares)
		return true;
	uint64_t address = address_of(call);
	for (const struct http_call *other = pool->head; other != NULL; other = other->next) {
		own += other->who == call->who;
		near += address_of(other) == address;
	}
	bool person = (call->who & WHO_ADDRESS) == 0;
	return near < HTTP_ADDRESS_QUEUE && (!person || own < HTTP_WHO_QUEUE);
}

bool http_pool_crowded(struct http_pool *pool, uint64_t who)
{
	if (atomic_load_explicit(&pool->crowd, memory_order_relaxed) == 0)
		return false;
	bool found = false;
	pthread_mutex_lock(&pool->lock);
	for (const struct http_call *call = pool->head; call != NULL && !found; call = call->next)
		found = call->who == who;
	pthread_mutex_unlock(&pool->lock);
	return found;
}

size_t http_pool_claim(struct http_worker *worker, uint64_t who)
{
	pthread_mutex_lock(&worker->pool->lock);
	worker->who = who;
	size_t n = at_work(worker->pool, who);
	pthread_mutex_unlock(&worker->pool->lock);
	return n;
}

/* --- clients that leave ----------------------------------------------------------------- */

bool http_pool_forget(struct http_worker *worker)
{
	if (worker->fd < 0)
		return false;
	pthread_mutex_lock(&worker->pool->lock);
	worker->fd = -1;
	bool left = worker->left;
	pthread_mutex_unlock(&worker->pool->lock);
	return left;
}

void http_pool_look(struct http_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < pool->n_workers; i++) {
		struct http_worker *worker = &pool->workers[i];
		struct pollfd look = {.fd = worker->fd, .events = POLLRDHUP};
		if (worker->fd < 0 || worker->db == NULL || poll(&look, 1, 0) <= 0)
			continue;
		worker->left = true;
		db_interrupt(worker->db); /* again in the next round, if it came between two statements */
	}
	pthread_mutex_unlock(&pool->lock);
}

/* --- work --------------------------------------------------------------------------------- */

/* Opened with the first call, by the thread that uses it. */
static void open_db(struct http_worker *worker, struct http_call *call)
{
	struct http *http = worker->pool->http;
	struct db *db = NULL;
	if (http->store == NULL || db_open_new(&call->ctx, http->store, &db) != OK)
		return; /* the call fails with the faults of this */
	if (worker->pool->plan->budget_ms > 0)
		db_set_budget(db, 0, worker->pool->plan->budget_ms);
	pthread_mutex_lock(&worker->pool->lock);
	worker->db = db;
	pthread_mutex_unlock(&worker->pool->lock);
}

static void *work(void *arg)
{
	struct http_worker *worker = arg;
	struct http_pool *pool = worker->pool;
	struct http_call *call;
	if (pool->plan->nice > 0)
		(void)setpriority(PRIO_PROCESS, (id_t)gettid(), pool->plan->nice); /* of this thread only */
	while ((call = take(worker)) != NULL) {
		if (worker->db == NULL)
			open_db(worker, call);
		call->ctx.db = worker->db;
		http_lanes_work(worker, call);
		if (worker->db != NULL)
			db_reset(worker->db); /* a view left open would show the next request what was true before */
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
		worker->who = 0;
		worker->fd = -1;
		pthread_cond_signal(&pool->wake); /* there may be a call that waited for this */
		pthread_mutex_unlock(&pool->lock);
	}
	return NULL;
}

bool http_pool_wait(struct http_worker *worker)
{
	struct http_pool *pool = worker->pool;
	pthread_mutex_lock(&pool->lock);
	bool spare = pool->waiting < pool->waiting_max;
	if (spare) {
		pool->waiting++;
		worker->aside = true;
		pthread_cond_signal(&pool->wake);
	}
	pthread_mutex_unlock(&pool->lock);
	return spare;
}

/* For a moment there may be more at work than wanted: nobody is made to wait twice. */
void http_pool_go_on(struct http_worker *worker)
{
	struct http_pool *pool = worker->pool;
	pthread_mutex_lock(&pool->lock);
	pool->waiting--;
	worker->aside = false;
	pthread_mutex_unlock(&pool->lock);
}

enum err http_pool_start(struct ctx *ctx, struct http *http, enum http_pool_kind kind)
{
	struct http_pool *pool = &http->pools[kind];
	const struct http_pool_plan *plan = &http_pool_plans[kind];
	size_t threads = plan->threads > 0 ? plan->threads : (size_t)http->config.heavy_threads;
	pool->http = http;
	pool->plan = plan;
	pool->running_max = threads;
	pool->waiting_max = plan->spare;
	pool->share = plan->shares ? (threads + 1) / 2 : 0;
	threads += plan->spare;
	if (pthread_mutex_init(&pool->lock, NULL) != 0)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (pthread_cond_init(&pool->wake, NULL) != 0) {
		pthread_mutex_destroy(&pool->lock);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	pool->started = true;
	pool->workers = calloc(threads, sizeof(*pool->workers));
	enum err err = pool->workers != NULL ? OK : ERR_LIMIT;
	for (size_t i = 0; err == OK && i < threads; i++) {
		struct http_worker *worker = &pool->workers[i];
		worker->pool = pool;
		worker->fd = -1;
		pool->n_workers++;
		if (pthread_create(&worker->thread, NULL, work, worker) != 0)
			err = ERR_LIMIT;
		else
			worker->running = true;
	}
	return err == OK ? OK : fail(ctx, ERR_LIMIT, "", "threads"); /* stopped and freed with the others */
}

enum http_put http_pool_put(struct http_pool *pool, struct http_call *call)
{
	enum http_put put = PUT_FULL;
	pthread_mutex_lock(&pool->lock);
	if (!pool->stopping && pool->queued < pool->plan->queue)
		put = has_share(pool, call) ? PUT_TAKEN : PUT_SHARE;
	if (put == PUT_TAKEN) {
		call->next = NULL;
		call->worker = NULL;
		if (pool->tail != NULL)
			pool->tail->next = call;
		else
			pool->head = call;
		pool->tail = call;
		atomic_store_explicit(&pool->crowd, ++pool->queued, memory_order_relaxed);
		pthread_cond_signal(&pool->wake);
	}
	pthread_mutex_unlock(&pool->lock);
	return put;
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
	if (!pool->started)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	struct http_call *waiting = pool->head;
	pool->head = pool->tail = NULL;
	pool->queued = 0;
	atomic_store(&pool->crowd, 0);
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
	if (!pool->started)
		return;
	for (size_t i = 0; i < pool->n_workers; i++) {
		if (pool->workers[i].db != NULL)
			db_free(pool->workers[i].db);
		http_gzip_release(&pool->workers[i].gzip);
	}
	free(pool->workers);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	pool->started = false;
}

void http_pool_counts(struct http_pool *pool, int64_t *ret_queued, int64_t *ret_busy)
{
	*ret_queued = *ret_busy = 0;
	if (!pool->started)
		return;
	pthread_mutex_lock(&pool->lock);
	*ret_queued = (int64_t)pool->queued;
	*ret_busy = (int64_t)pool->busy;
	pthread_mutex_unlock(&pool->lock);
}
