/* Network threads.  Each drives a libmicrohttpd daemon of its own, rather than letting
 * it make the threads: the library's own loop (0.9.75) waits for ever when exactly as
 * many connections are ready as it asks for at once (128). */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

enum { BACKLOG = 1024, FEW_CONNECTIONS = 100 /* too few to be 128 events */ };

/* --- listening ----------------------------------------------------------------------- */

/* `first` is the one that fails where somebody else has the port: the others share it with it. */
static int listen_on(const struct sockaddr *at, socklen_t n, bool first)
{
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!first)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (at->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)); /* "::" takes IPv4 too */
	bool bound = bind(fd, at, n) == 0;
	if (bound && first)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bound && listen(fd, BACKLOG) == 0)
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

/* A socket for each thread: the kernel spreads connections over them. With one for all, whoever
 * wakes first takes all that wait, and may then serve everybody while the others sleep. */
static enum err share_port(struct ctx *ctx, struct http *http)
{
	struct sockaddr_storage address = {0};
	socklen_t n = sizeof(address);
	bool known = getsockname(http->threads[0].listen_fd, (struct sockaddr *)&address, &n) == 0;
	for (int i = 1; known && i < http->config.threads; i++) {
		http->threads[i].listen_fd = listen_on((const struct sockaddr *)&address, n, false);
		known = http->threads[i].listen_fd >= 0;
	}
	return known ? OK : fail_arg(ctx, ERR_UPSTREAM, "address", "cannot_listen", strerrorname_np(errno));
}

static enum err open_port(struct ctx *ctx, struct http *http)
{
	char port[16];
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *list = NULL;
	const char *address = http->config.address != NULL ? http->config.address : "127.0.0.1";
	(void)snprintf(port, sizeof(port), "%d", http->config.port);
	if (getaddrinfo(address, port, &hints, &list) != 0)
		return fail_arg(ctx, ERR_INVALID, "address", "address_invalid", address);
	http->threads[0].listen_fd = listen_on(list->ai_addr, list->ai_addrlen, true);
	int error = errno;
	freeaddrinfo(list);
	if (http->threads[0].listen_fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "address", error == EADDRINUSE ? "port_in_use" : "cannot_listen", strerrorname_np(error));
	http->port = bound_port(http->threads[0].listen_fd);
	return share_port(ctx, http);
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

static struct MHD_Daemon *start_daemon(struct http *http, struct http_thread *thread)
{
	const struct http_config *c = &http->config;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_TURBO | (http->tls ? MHD_USE_TLS : 0u);
	int limit = c->connections_max / c->threads;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)log_daemon, NULL},
		{MHD_OPTION_LISTEN_SOCKET, thread->listen_fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, limit > 0 ? limit : 1, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONN_MEMORY, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL}, /* ours are total deadlines: see http_conn_sweep */
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_conn_notify, thread},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_request_completed, thread},
		{MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_request_begin, thread},
		{MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_raw, NULL},
		{MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL}, /* blocked in our threads */
		/* 1 would refuse a request without Host or with a space in its URL, as we do,
		 * but answer it without our headers or not at all: http_head.c checks both */
		{MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, http->cert},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	return MHD_start_daemon(flags, 0, http_conn_accept, thread, http_request_step, thread, MHD_OPTION_ARRAY, options, MHD_OPTION_ARRAY,
	                        http->tls ? tls : none, MHD_OPTION_END);
}

/* --- threads --------------------------------------------------------------------------- */

struct db *http_thread_db(struct http_thread *thread, struct http_call *call)
{
	struct http *http = thread->http;
	if (thread->db == NULL && http->store != NULL) {
		if (db_open_new(&call->ctx, http->store, &thread->db) != OK)
			thread->db = NULL; /* the faults say why; the next request tries again */
		else
			db_set_budget(thread->db, HTTP_BUDGET_STEPS, HTTP_BUDGET_LITE_MS);
	}
	return thread->db;
}

/* A library that is driven from outside does not wake up by itself for a connection that
 * is resumed: that would wait for the next tick.  So a descriptor of ours stands in its
 * epoll set, without a connection: it wakes and the library passes over it. */
static bool add_wake(struct http_thread *thread)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(thread->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
	thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return info != NULL && thread->wake_fd >= 0 && epoll_ctl(info->epoll_fd, EPOLL_CTL_ADD, thread->wake_fd, &event) == 0;
}

static void wake(const struct http_thread *thread)
{
	static const uint64_t one = 1;
	if (thread->wake_fd >= 0 && write(thread->wake_fd, &one, sizeof(one)) < 0)
		log_event(LOG_DEBUG, "a network thread was not woken", NULL); /* it looks at its next tick */
}

void http_net_resume(struct http *http, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_DAEMON);
	const struct MHD_Daemon *daemon = info != NULL ? info->daemon : NULL;
	MHD_resume_connection(mhd); /* from here on it is its network thread's */
	for (int i = 0; i < http->config.threads; i++)
		if (http->threads[i].daemon == daemon)
			wake(&http->threads[i]);
}

/* Waits outside the library, which then only looks. */
static void run_many(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	unsigned long long timeout = 0;
	int wait = HTTP_TICK_MS;
	if (MHD_get_timeout(daemon, &timeout) == MHD_YES && timeout < HTTP_TICK_MS)
		wait = (int)timeout;
	struct pollfd ready = {.fd = info->epoll_fd, .events = POLLIN};
	if (wait > 0)
		(void)poll(&ready, 1, wait);
	(void)MHD_run(daemon);
}

static void *net_work(void *arg)
{
	struct http_thread *thread = arg;
	(void)pthread_setname_np(pthread_self(), "http-net");
	while (!atomic_load(&thread->http->net_stop)) {
		if (atomic_load(&thread->http->net_quiet) && !atomic_load(&thread->quiet)) {
			/* here, where the library does not look at the listening socket at the same time */
			(void)MHD_quiesce_daemon(thread->daemon);
			atomic_store(&thread->quiet, true);
		}
		if (thread->n_conns < FEW_CONNECTIONS)
			(void)MHD_run_wait(thread->daemon, HTTP_TICK_MS);
		else
			run_many(thread->daemon);
	}
	return NULL;
}

enum err http_net_start(struct ctx *ctx, struct http *http)
{
	http->threads = calloc((size_t)http->config.threads, sizeof(*http->threads));
	if (http->threads == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (int i = 0; i < http->config.threads; i++)
		http->threads[i].wake_fd = http->threads[i].listen_fd = -1;
	enum err err = open_port(ctx, http);
	for (int i = 0; err == OK && i < http->config.threads; i++) {
		struct http_thread *thread = &http->threads[i];
		thread->http = http;
		thread->daemon = start_daemon(http, thread);
		if (thread->daemon == NULL || !add_wake(thread))
			err = fail(ctx, http->tls ? ERR_INVALID : ERR_UPSTREAM, http->tls ? "tls_cert" : "", "cannot_start");
	}
	/* no request before all daemons are there */
	for (int i = 0; err == OK && i < http->config.threads; i++) {
		struct http_thread *thread = &http->threads[i];
		if (pthread_create(&thread->thread, NULL, net_work, thread) != 0)
			err = fail(ctx, ERR_LIMIT, "", "threads");
		else
			thread->running = true;
	}
	if (err != OK)
		http_net_stop(http);
	return err;
}

static bool all_quiet(const struct http *http)
{
	for (int i = 0; i < http->config.threads; i++)
		if (http->threads[i].running && !atomic_load(&http->threads[i].quiet))
			return false;
	return true;
}

void http_net_quiesce(struct http *http)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	atomic_store(&http->net_quiet, true);
	for (int i = 0; i < http->config.threads; i++)
		if (http->threads[i].running)
			wake(&http->threads[i]);
	while (!all_quiet(http))
		(void)nanosleep(&pause, NULL);
	for (int i = 0; i < http->config.threads; i++) {
		if (http->threads[i].listen_fd >= 0)
			(void)close(http->threads[i].listen_fd);
		http->threads[i].listen_fd = -1;
	}
}

static void free_thread(struct http_thread *thread)
{
	while (thread->idle != NULL) {
		struct http_call *call = thread->idle;
		thread->idle = call->next;
		http_call_free(call);
	}
	if (thread->db != NULL)
		db_free(thread->db);
	http_gzip_release(&thread->gzip);
}

void http_net_stop(struct http *http)
{
	atomic_store(&http->net_stop, true);
	for (int i = 0; i < http->config.threads; i++)
		wake(&http->threads[i]);
	for (int i = 0; i < http->config.threads; i++)
		if (http->threads[i].running)
			pthread_join(http->threads[i].thread, NULL);
	for (int i = 0; i < http->config.threads; i++) {
		struct http_thread *thread = &http->threads[i];
		thread->running = false;
		if (thread->daemon != NULL && !atomic_load(&thread->quiet))
			(void)MHD_quiesce_daemon(thread->daemon); /* or the library would close the listening socket, too */
		if (thread->daemon != NULL)
			MHD_stop_daemon(thread->daemon);
		if (thread->wake_fd >= 0)
			(void)close(thread->wake_fd);
		free_thread(thread);
	}
	http_net_quiesce(http); /* closes it, if that has not been done */
}
