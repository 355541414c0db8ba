#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http_internal.h"

enum { PEM_MAX = 1024 * 1024, STOP_STEP_MS = 5, STOP_HEADS_MS = 500 };

/* --- the ticker -------------------------------------------------------------------- */

static void set_now(struct http *http)
{
	atomic_store_explicit(&http->now_ms, time_monotonic_us() / 1000, memory_order_relaxed);
}

static void *ticker(void *arg)
{
	struct http *http = arg;
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	pthread_mutex_lock(&http->ticker_lock);
	while (!http->ticker_stop) {
		next.tv_nsec += HTTP_TICK_MS * 1000000L;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		if (pthread_cond_timedwait(&http->ticker_wake, &http->ticker_lock, &next) != ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&http->ticker_lock);
		set_now(http);
		http_conn_sweep(http, false, false);
		http_streams_tick(http);
		pthread_mutex_lock(&http->ticker_lock);
	}
	pthread_mutex_unlock(&http->ticker_lock);
	return NULL;
}

static bool start_ticker(struct http *http)
{
	http->ticker_running = pthread_create(&http->ticker, NULL, ticker, http) == 0;
	return http->ticker_running;
}

static void stop_ticker(struct http *http)
{
	if (!http->ticker_running)
		return;
	pthread_mutex_lock(&http->ticker_lock);
	http->ticker_stop = true;
	pthread_cond_signal(&http->ticker_wake);
	pthread_mutex_unlock(&http->ticker_lock);
	pthread_join(http->ticker, NULL);
	http->ticker_running = false;
}

/* --- configuration ------------------------------------------------------------------- */

static int cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

static int or_default(int value, int otherwise)
{
	return value > 0 ? value : otherwise;
}

/* Every connection is a file, and files are needed for more than connections. */
static int files_allow(int connections)
{
	enum { OTHERS = 512 };
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return connections;
	rlim_t want = (rlim_t)connections + OTHERS;
	if (limit.rlim_cur < want) {
		limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= want)
		return connections;
	int left = limit.rlim_cur > 2 * OTHERS ? (int)limit.rlim_cur - OTHERS : (int)limit.rlim_cur / 2;
	log_event(LOG_WARN, "fewer connections than configured: the limit of open files is low", NULL);
	return left;
}

static void fill_config(struct http *http)
{
	struct http_config *c = &http->config;
	c->threads = or_default(c->threads, cores());
	c->heavy_threads = or_default(c->heavy_threads, cores() > 1 ? cores() : 2);
	c->per_address_max = or_default(c->per_address_max, 256);
	c->connections_max = files_allow(or_default(c->connections_max, 10000));
	if (c->head_deadline_ms <= 0)
		c->head_deadline_ms = 10000;
	if (c->body_deadline_ms <= 0)
		c->body_deadline_ms = 60000;
	if (c->response_max == 0)
		c->response_max = 32u * 1024 * 1024;
}

static enum err read_pem(struct ctx *ctx, const char *path, const char *field, char **ret)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return fail_arg(ctx, ERR_INVALID, field, "file_unreadable", path);
	char *text = calloc(1, PEM_MAX + 1);
	size_t n = text != NULL ? fread(text, 1, PEM_MAX, file) : 0;
	(void)fclose(file);
	if (n == 0) {
		free(text);
		return fail_arg(ctx, ERR_INVALID, field, "file_unreadable", path);
	}
	*ret = text;
	return OK;
}

static enum err read_tls(struct ctx *ctx, struct http *http)
{
	const struct http_config *c = &http->config;
	if (c->tls_cert == NULL && c->tls_key == NULL)
		return OK;
	if (c->tls_cert == NULL || c->tls_key == NULL)
		return fail(ctx, ERR_INVALID, c->tls_cert == NULL ? "tls_cert" : "tls_key", "required");
	enum err err = read_pem(ctx, c->tls_cert, "tls_cert", &http->cert);
	if (err == OK)
		err = read_pem(ctx, c->tls_key, "tls_key", &http->key);
	http->tls = err == OK;
	return err;
}

/* --- start --------------------------------------------------------------------------- */

static enum err init_locks(struct ctx *ctx, struct http *http)
{
	pthread_condattr_t attr;
	bool ok = pthread_mutex_init(&http->conns_lock, NULL) == 0 && pthread_mutex_init(&http->streams_lock, NULL) == 0 &&
	          pthread_mutex_init(&http->uploads_lock, NULL) == 0 &&
	          pthread_mutex_init(&http->ticker_lock, NULL) == 0 && pthread_condattr_init(&attr) == 0;
	if (!ok)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&http->ticker_wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return ok ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err check_store(struct ctx *ctx, const struct http *http)
{
	for (size_t i = 0; http->store == NULL && i < http->router.n_routes; i++)
		if (http->router.routes[i]->lane == LANE_WRITE)
			return fail_arg(ctx, ERR_BUG, "", "route_needs_store", http->router.routes[i]->pattern);
	return OK;
}

static enum err start_pools(struct ctx *ctx, struct http *http)
{
	enum err err = OK;
	for (int i = 0; err == OK && i < POOL_COUNT; i++)
		if (http->postgres || !http_pool_plans[i].postgres)
			err = http_pool_start(ctx, http, (enum http_pool_kind)i);
	return err;
}

static void free_http(struct http *http)
{
	for (int i = 0; i < POOL_COUNT; i++)
		http_pool_release(&http->pools[i]);
	free(http->threads);
	http_router_release(&http->router);
	map_release(&http->addresses);
	free(http->proxies);
	free(http->upload_dir);
	free(http->cert);
	if (http->key != NULL)
		explicit_bzero(http->key, PEM_MAX);
	free(http->key);
	pthread_mutex_destroy(&http->conns_lock);
	pthread_mutex_destroy(&http->streams_lock);
	pthread_mutex_destroy(&http->uploads_lock);
	pthread_mutex_destroy(&http->ticker_lock);
	pthread_cond_destroy(&http->ticker_wake);
	free(http);
}

static enum err start(struct ctx *ctx, struct http *http, const struct route *const *tables)
{
	enum err err = http_router_init(ctx, &http->router, tables);
	if (err == OK)
		err = check_store(ctx, http);
	if (err == OK)
		err = http_conn_proxies(ctx, http);
	if (err == OK)
		err = read_tls(ctx, http);
	if (err == OK)
		err = http_upload_prepare(ctx, http);
	if (err == OK)
		err = start_pools(ctx, http);
	if (err == OK && !start_ticker(http))
		err = fail(ctx, ERR_LIMIT, "", "threads");
	if (err == OK && !http_watch_start(http))
		err = fail(ctx, ERR_LIMIT, "", "threads");
	if (err == OK)
		err = http_net_start(ctx, http);
	return err;
}

static void stop_pools(struct http *http)
{
	for (int i = 0; i < POOL_COUNT; i++)
		http_pool_stop(&http->pools[i]);
}

enum err http_start_new(struct ctx *ctx, struct store *store, const struct http_config *config, const struct route *const *tables, struct http **ret)
{
	struct http *http = calloc(1, sizeof(*http));
	if (http == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	http->config = *config;
	http->store = store;
	http->clock = ctx->clock;
	http->postgres = store != NULL && store_engine(store) == ENGINE_POSTGRES;
	http->known_layout = strcmp(MHD_get_version(), "0.9.75") == 0;
	ctx_random(ctx, &http->id_seed, sizeof(http->id_seed));
	uint64_t keys[2];
	ctx_random(ctx, keys, sizeof(keys));
	map_init(&http->addresses, keys[0], keys[1]);
	fill_config(http);
	set_now(http);
	*ret = http; /* before the first request comes: its handler may ask for us through it */
	enum err err = init_locks(ctx, http);
	if (err == OK) {
		/* signals are the main thread's: ours only do their work */
		sigset_t all, before;
		(void)sigfillset(&all);
		(void)pthread_sigmask(SIG_SETMASK, &all, &before);
		err = start(ctx, http, tables);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (err != OK) {
		http_watch_stop(http);
		stop_ticker(http);
		stop_pools(http);
		free_http(http);
		*ret = NULL;
	}
	return err;
}

int http_port(const struct http *http)
{
	return http->port;
}

/* --- stop ------------------------------------------------------------------------------ */

static void nap(void)
{
	const struct timespec step = {.tv_nsec = STOP_STEP_MS * 1000000L};
	(void)nanosleep(&step, NULL);
}

static int64_t open_calls(struct http *http)
{
	int64_t n = 0;
	for (int i = 0; i < http->config.threads; i++)
		n += atomic_load_explicit(&http->threads[i].open, memory_order_relaxed);
	return n;
}

static void wait_for_calls(struct http *http, int64_t wait_ms)
{
	int64_t until = time_monotonic_us() / 1000 + wait_ms;
	while (open_calls(http) > 0 && time_monotonic_us() / 1000 < until)
		nap();
}

static bool somebody_enters(struct http *http)
{
	bool found = false;
	for (int i = 0; i < http->config.threads; i++)
		found = found || atomic_load(&http->threads[i].entering);
	return found;
}

static void close_lanes(struct http *http)
{
	atomic_store(&http->closing, true);
	while (somebody_enters(http))
		nap();
}

void http_stop(struct http *http, int64_t wait_ms)
{
	if (http == NULL)
		return;
	atomic_store(&http->stopping, true);
	http_net_quiesce(http);
	http_streams_stop(http, false);
	http_conn_sweep(http, true, false);
	wait_for_calls(http, wait_ms < STOP_HEADS_MS ? wait_ms : STOP_HEADS_MS);
	http_conn_sweep(http, true, true);
	wait_for_calls(http, wait_ms);
	close_lanes(http);
	/* what still runs is broken off, and then waited for: it uses our memory */
	http_streams_stop(http, true);
	stop_pools(http);
	while (atomic_load(&http->writing) > 0)
		nap();
	http_watch_stop(http);
	stop_ticker(http);
	http_streams_stop(http, true);
	/* every suspended connection has been resumed by whoever worked on it; give the
	 * answers a moment to leave */
	wait_for_calls(http, wait_ms < 1000 ? wait_ms : 1000);
	http_conn_shut_all(http);
	http_net_stop(http);
	free_http(http);
}
