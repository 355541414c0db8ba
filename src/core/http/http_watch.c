/* Open bodies and long answers end when whoever asked has lost what they had.
 *
 * While a body comes in, and while an answer is made or sent that takes its time, the
 * connection carries a copy of the actor.  One thread looks a few times a second whether
 * anybody's rights, sessions or tokens have changed; if so, or when one is past its time,
 * it asks for each and shuts the connections of those who are no more what they were.
 *
 * conn->watch is set and cleared by whoever owns the call at that time, and looked at by the
 * thread: under conns_lock.  A body's ends with the body, so that a request that ends its
 * own session gets its answer. */
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "core/http/http_internal.h"

enum { WATCH_MS = 200, WATCH_ARENA = 4 * 1024 * 1024 };

struct http_watch {
	_Atomic int refs;
	struct http *http;
	void *held;
	int64_t expires_ms; /* 0: never */
};

static void unref(struct http_watch *watch)
{
	if (watch == NULL || atomic_fetch_sub(&watch->refs, 1) != 1)
		return;
	watch->http->config.drop(watch->held);
	free(watch);
}

static void replace(struct http *http, struct http_conn *conn, struct http_watch *watch)
{
	pthread_mutex_lock(&http->conns_lock);
	struct http_watch *old = conn->watch;
	conn->watch = watch;
	pthread_mutex_unlock(&http->conns_lock);
	unref(old);
}

void http_watch_begin(struct http_call *call)
{
	struct http *http = call->http;
	const struct actor *actor = call->ctx.actor;
	if (http->config.hold == NULL || actor == NULL || call->route == NULL || call->route->door == DOOR_PUBLIC)
		return;
	struct http_watch *watch = calloc(1, sizeof(*watch));
	void *held = watch != NULL ? http->config.hold(&call->ctx) : NULL;
	if (held == NULL) { /* it is asked again at its end all the same */
		free(watch);
		return;
	}
	*watch = (struct http_watch){.http = http, .held = held, .expires_ms = actor->expires_ms};
	atomic_init(&watch->refs, 1);
	replace(http, call->conn, watch);
}

void http_watch_end(struct http *http, struct http_conn *conn)
{
	if (conn->watch != NULL) /* nobody else sets it now */
		replace(http, conn, NULL);
}

/* --- the thread ------------------------------------------------------------------------ */

struct round {
	struct http_watch **list;
	size_t n;
};

static void collect(struct http *http, struct round *round)
{
	*round = (struct round){.n = 0};
	pthread_mutex_lock(&http->conns_lock);
	size_t cap = 0;
	for (const struct http_conn *conn = http->conns; conn != NULL; conn = conn->next)
		cap += conn->watch != NULL;
	round->list = cap > 0 ? calloc(cap, sizeof(struct http_watch *)) : NULL;
	for (struct http_conn *conn = http->conns; conn != NULL && round->list != NULL; conn = conn->next)
		if (conn->watch != NULL) {
			atomic_fetch_add(&conn->watch->refs, 1);
			round->list[round->n++] = conn->watch;
		}
	pthread_mutex_unlock(&http->conns_lock);
}

static void shut(struct http *http, const struct http_watch *watch)
{
	pthread_mutex_lock(&http->conns_lock);
	for (struct http_conn *conn = http->conns; conn != NULL; conn = conn->next) {
		if (conn->watch != watch)
			continue;
		if (!http->tls && atomic_load_explicit(&conn->phase, memory_order_acquire) == PHASE_BODY)
			http_conn_last_words(conn, 401);
		(void)shutdown(conn->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&http->conns_lock);
}

/* False: it could not be told; asked again in the next round. */
static bool look(struct http *http, struct db **db, const struct http_watch *watch, bool changed)
{
	struct arena arena;
	struct ctx ctx;
	enum err err = OK;
	arena_init(&arena, WATCH_ARENA);
	ctx_init(&ctx, &arena, http->clock);
	if (http->config.prepare != NULL)
		http->config.prepare(http->config.arg, &ctx);
	ctx.arena = &arena;
	ctx.store = http->store;
	bool late = watch->expires_ms != 0 && ctx_now(&ctx) >= watch->expires_ms;
	if (!late && changed) {
		if (*db == NULL)
			err = db_open_new(&ctx, http->store, db);
		ctx.db = *db;
		if (err == OK)
			err = http->config.still(&ctx, watch->held);
		if (*db != NULL)
			db_reset(*db);
	}
	arena_release(&arena);
	if (late || err == ERR_DENIED)
		shut(http, watch);
	return late || err == OK || err == ERR_DENIED;
}

static void *run(void *arg)
{
	struct http *http = arg;
	struct db *db = NULL;
	int64_t seen = 0;
	bool again = false;
	while (!atomic_load(&http->watcher_stop)) {
		const struct timespec nap = {.tv_nsec = WATCH_MS * 1000000L};
		(void)nanosleep(&nap, NULL);
		http_pool_look(&http->pools[POOL_LISTS]);
		int64_t now = http->config.changes(http->config.arg);
		bool changed = again || now != seen;
		struct round round;
		seen = now;
		again = false;
		collect(http, &round);
		for (size_t i = 0; i < round.n; i++) {
			if (!look(http, &db, round.list[i], changed))
				again = true;
			unref(round.list[i]);
		}
		free(round.list);
	}
	if (db != NULL)
		db_free(db);
	return NULL;
}

bool http_watch_start(struct http *http)
{
	if (http->config.hold == NULL || http->store == NULL)
		return true;
	http->watcher_running = pthread_create(&http->watcher, NULL, run, http) == 0;
	return http->watcher_running;
}

void http_watch_stop(struct http *http)
{
	atomic_store(&http->watcher_stop, true);
	if (http->watcher_running)
		pthread_join(http->watcher, NULL);
	http->watcher_running = false;
}
