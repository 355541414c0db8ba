#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http_internal.h"

enum { PEM_MAX = 1024 * 1024, BACKLOG = 1024, STOP_STEP_MS = 5 };

/* --- network threads ---------------------------------------------------------- */

struct http_thread *http_thread_here(struct http *http)
{
	struct http_thread *thread = pthread_getspecific(http->thread_key);
	if (thread != NULL)
		return thread;
	thread = calloc(1, sizeof(*thread));
	if (thread == NULL || pthread_setspecific(http->thread_key, thread) != 0) {
		free(thread);
		return NULL;
	}
	thread->http = http;
	pthread_mutex_lock(&http->threads_lock);
	thread->next = http->threads;
	http->threads = thread;
	pthread_mutex_unlock(&http->threads_lock);
	return thread;
}

struct db *http_thread_db(struct http_thread *thread, struct http_call *call)
{
	struct http *http = thread->http;
	if (thread->db == NULL && http->store != NULL) {
		if (db_open_new(&call->ctx, http->store, &thread->db) != OK)
			thread->db = NULL; /* the faults say why; the next request tries again */
		else
			db_set_budget(thread->db, HTTP_BUDGET_STEPS, 0);
	}
	return thread->db;
}

static void free_threads(struct http *http)
{
	while (http->threads != NULL) {
		struct http_thread *thread = http->threads;
		http->threads = thread->next;
		while (thread->idle != NULL) {
			struct http_call *call = thread->idle;
			thread->idle = call->next;
			http_call_free(call);
		}
		if (thread->db != NULL)
			db_free(thread->db);
		http_gzip_release(&thread->gzip);
		free(thread);
	}
}

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
		http_conn_sweep(http, false);
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
	c->heavy_threads = or_default(c->heavy_threads, cores());
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

/* --- listening ----------------------------------------------------------------------- */

static int listen_on(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* "::" takes IPv4 too */
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int bound_port(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t n = sizeof(address);
	char port[16];
	if (getsockname(fd, (struct sockaddr *)&address, &n) != 0 ||
	    getnameinfo((struct sockaddr *)&address, n, NULL, 0, port, sizeof(port), NI_NUMERICSERV) != 0)
		return 0;
	int64_t number;
	return str_to_i64(port, &number) ? (int)number : 0;
}

static enum err open_port(struct ctx *ctx, struct http *http, int *ret_fd)
{
	char port[16];
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *list = NULL;
	const char *address = http->config.address != NULL ? http->config.address : "127.0.0.1";
	(void)snprintf(port, sizeof(port), "%d", http->config.port);
	if (getaddrinfo(address, port, &hints, &list) != 0)
		return fail_arg(ctx, ERR_INVALID, "address", "address_invalid", address);
	*ret_fd = listen_on(list);
	int error = errno;
	freeaddrinfo(list);
	if (*ret_fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "address", error == EADDRINUSE ? "port_in_use" : "cannot_listen", strerrorname_np(error));
	http->port = bound_port(*ret_fd);
	return OK;
}

static void log_daemon(void *arg, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* libmicrohttpd speaks of every client that leaves early, and quotes what it sent. */
static void log_daemon(void *arg, const char *format, va_list args)
{
	(void)arg;
	(void)args;
	log_event(LOG_DEBUG, "libmicrohttpd", "format", format, NULL);
}

static size_t keep_raw(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text); /* we decode ourselves, once */
}

static enum err start_daemon(struct ctx *ctx, struct http *http, int fd)
{
	const struct http_config *c = &http->config;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_TURBO | (http->tls ? MHD_USE_TLS : 0u);
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_daemon, NULL},
		{MHD_OPTION_LISTEN_SOCKET, fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, c->connections_max, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONN_MEMORY, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* ours are total deadlines: see http_conn_sweep */
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_conn_notify, http},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_request_completed, http},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_request_begin, http},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_raw, NULL},
		/* 1 would refuse a request without Host or with a space in its URL, as we do,
		 * but answer it without our headers or not at all: http_head.c checks both */
		{MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
		{c->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, c->threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, http->cert},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	http->daemon = MHD_start_daemon(flags, 0, http_conn_accept, http, http_request_step, http, MHD_OPTION_ARRAY, options, MHD_OPTION_ARRAY,
	                                http->tls ? tls : none, MHD_OPTION_END);
	if (http->daemon != NULL)
		return OK;
	(void)close(fd);
	return fail(ctx, http->tls ? ERR_INVALID : ERR_UPSTREAM, http->tls ? "tls_cert" : "", "cannot_start");
}

/* --- start --------------------------------------------------------------------------- */

static enum err init_locks(struct ctx *ctx, struct http *http)
{
	pthread_condattr_t attr;
	bool ok = pthread_key_create(&http->thread_key, NULL) == 0 && pthread_mutex_init(&http->threads_lock, NULL) == 0 &&
	          pthread_mutex_init(&http->conns_lock, NULL) == 0 && pthread_mutex_init(&http->streams_lock, NULL) == 0 &&
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
	enum err err = http_pool_start(ctx, http, &http->heavy, "heavy", (size_t)http->config.heavy_threads, HTTP_HEAVY_QUEUE, 0);
	if (err != OK)
		return err;
	http->heavy_ready = true;
	if (!http->postgres)
		return OK;
	err = http_pool_start(ctx, http, &http->read, "read", HTTP_READ_THREADS, HTTP_READ_QUEUE, HTTP_BUDGET_MS);
	http->read_ready = err == OK;
	return err;
}

static void free_http(struct http *http)
{
	if (http->read_ready)
		http_pool_release(&http->read);
	if (http->heavy_ready)
		http_pool_release(&http->heavy);
	free_threads(http);
	http_router_release(&http->router);
	map_release(&http->addresses);
	free(http->proxies);
	free(http->upload_dir);
	free(http->cert);
	if (http->key != NULL)
		explicit_bzero(http->key, PEM_MAX);
	free(http->key);
	(void)pthread_key_delete(http->thread_key);
	pthread_mutex_destroy(&http->threads_lock);
	pthread_mutex_destroy(&http->conns_lock);
	pthread_mutex_destroy(&http->streams_lock);
	pthread_mutex_destroy(&http->ticker_lock);
	pthread_cond_destroy(&http->ticker_wake);
	free(http);
}

static enum err start(struct ctx *ctx, struct http *http, const struct route *const *tables)
{
	int fd = -1;
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
	if (err == OK)
		err = open_port(ctx, http, &fd);
	if (err == OK)
		err = start_daemon(ctx, http, fd);
	return err;
}

static void stop_pools(struct http *http)
{
	/* the readers first: they put work into the other */
	if (http->read_ready)
		http_pool_stop(&http->read);
	if (http->heavy_ready)
		http_pool_stop(&http->heavy);
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
	enum err err = init_locks(ctx, http);
	if (err == OK)
		err = start(ctx, http, tables);
	if (err != OK) {
		stop_ticker(http);
		stop_pools(http);
		free_http(http);
		return err;
	}
	*ret = http;
	return OK;
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
	pthread_mutex_lock(&http->threads_lock);
	for (struct http_thread *thread = http->threads; thread != NULL; thread = thread->next)
		n += atomic_load_explicit(&thread->open, memory_order_relaxed);
	pthread_mutex_unlock(&http->threads_lock);
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
	pthread_mutex_lock(&http->threads_lock);
	for (struct http_thread *thread = http->threads; thread != NULL; thread = thread->next)
		found = found || atomic_load(&thread->entering);
	pthread_mutex_unlock(&http->threads_lock);
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
	MHD_socket fd = MHD_quiesce_daemon(http->daemon);
	if (fd != MHD_INVALID_SOCKET)
		(void)close(fd);
	http_streams_stop(http, false);
	http_conn_sweep(http, true);
	wait_for_calls(http, wait_ms);
	close_lanes(http);
	/* what still runs is broken off, and then waited for: it uses our memory */
	http_streams_stop(http, true);
	if (http->read_ready)
		http_pool_interrupt(&http->read);
	if (http->heavy_ready)
		http_pool_interrupt(&http->heavy);
	stop_pools(http);
	while (atomic_load(&http->writing) > 0)
		nap();
	stop_ticker(http);
	http_streams_stop(http, true);
	/* every suspended connection has been resumed by whoever worked on it; give the
	 * answers a moment to leave */
	wait_for_calls(http, wait_ms < 1000 ? wait_ms : 1000);
	http_conn_shut_all(http);
	MHD_stop_daemon(http->daemon);
	free_http(http);
}
