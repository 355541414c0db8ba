/* Streamed answers, events, and clients that are slow, gone, too many or on TLS. */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/test/check.h"
#include "base/timeutil.h"
#include "core/http/http.h"
#include "http_client.h"

static struct http *server;
static int port;
static struct arena arena;
static struct ctx ctx;

static _Atomic int64_t produced;
static _Atomic int outcome; /* of the last stream's handler: 1 OK, 2 client gone */

static void nap(long ms)
{
	(void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* --- handlers ------------------------------------------------------------------------ */

static enum err stream(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	int64_t lines = 0;
	char text[64];
	if (!str_to_i64(req->params[0], &lines))
		return fail(c, ERR_INVALID, "", "wrong_type");
	http_content_type(res, "text/csv");
	http_set_header(res, "X-Stream", "1");
	enum err err = http_stream_begin(c, res);
	http_status(res, 500);                  /* too late: */
	http_set_header(res, "X-Late", "1");    /* neither is sent */
	for (int64_t i = 0; err == OK && i < lines; i++) {
		int n = snprintf(text, sizeof(text), "%09lld\n", (long long)i);
		err = http_write(c, res, text, (size_t)n);
		atomic_fetch_add(&produced, n);
	}
	/* what was sent with the request is still there, whether or not the client is */
	if (err == OK && !str_equal(http_header(req, "X-Test"), "here"))
		err = fail(c, ERR_BUG, "", "header_lost");
	outcome = err == OK ? 1 : 2;
	if (err == OK && str_equal(http_query(c, req, "fail", 0), "1"))
		return fail(c, ERR_UPSTREAM, "", "broke_off");
	return err;
}

static enum err slow_stream(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	enum err err = http_stream_begin(c, res);
	for (int i = 0; err == OK && i < 3; i++) {
		err = http_write(c, res, "x", 1);
		nap(400);
	}
	return err;
}

static enum err early_failure(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	(void)res;
	return fail(c, ERR_NOT_FOUND, "", "not_found");
}

static enum err write_without(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	return http_write(c, res, "x", 1);
}

enum { MAX_STREAMS = 64 };
static pthread_mutex_t hub = PTHREAD_MUTEX_INITIALIZER;
static struct http_sse *streams[MAX_STREAMS];
static _Atomic int released, opened;

static void release_stream(void *arg)
{
	pthread_mutex_lock(&hub);
	for (size_t i = 0; i < MAX_STREAMS; i++)
		if (arg == &streams[i])
			streams[i] = NULL;
	pthread_mutex_unlock(&hub);
	atomic_fetch_add(&released, 1);
}

static enum err events(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	pthread_mutex_lock(&hub);
	size_t i = 0;
	while (i < MAX_STREAMS && streams[i] != NULL)
		i++;
	enum err err = i < MAX_STREAMS ? http_sse_begin(c, res, &streams[i], release_stream, &streams[i]) : fail(c, ERR_LIMIT, "", "rate");
	pthread_mutex_unlock(&hub);
	if (err != OK)
		return err;
	atomic_fetch_add(&opened, 1);
	if (str_equal(http_query(c, req, "fail", 0), "1"))
		return fail(c, ERR_FORBIDDEN, "", "forbidden");
	return OK;
}

/* How many took it. */
static int send_all(int64_t id, const char *event, const char *data)
{
	int n = 0;
	pthread_mutex_lock(&hub);
	for (size_t i = 0; i < MAX_STREAMS; i++)
		if (streams[i] != NULL)
			n += http_sse_send(streams[i], id, event, data);
	pthread_mutex_unlock(&hub);
	return n;
}

static enum err hello(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	buf_printf(http_body(res), "%s %d %s", req->remote, req->secure, http_header(req, "Host"));
	return OK;
}

static const struct route routes[] = {
	{METHOD_GET, "/stream/*", LANE_HEAVY, DOOR_PUBLIC, .handle = stream, .doc = "Stream"},
	{METHOD_GET, "/slow", LANE_HEAVY, DOOR_PUBLIC, .handle = slow_stream, .doc = "Stream"},
	{METHOD_GET, "/early", LANE_HEAVY, DOOR_PUBLIC, .handle = early_failure, .doc = "Fails"},
	{METHOD_GET, "/without", LANE_HEAVY, DOOR_PUBLIC, .handle = write_without, .doc = "Fails"},
	{METHOD_GET, "/read", LANE_READ, DOOR_PUBLIC, .handle = slow_stream, .doc = "Fails"},
	{METHOD_GET, "/events", LANE_READ, DOOR_PUBLIC, .handle = events, .doc = "Events"},
	{METHOD_GET, "/hello", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{METHOD_POST, "/hello", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello", .body_max = 1 << 20},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

/* --- fixture ---------------------------------------------------------------------------- */

static void start_with(struct http_config *config)
{
	config->address = "127.0.0.1";
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(http_start_new(&ctx, NULL, config, tables, &server), OK);
	port = http_port(server);
	produced = outcome = released = opened = 0;
}

static int set_up(void **state)
{
	(void)state;
	struct http_config config = {.threads = 2, .heavy_threads = 2};
	start_with(&config);
	return 0;
}

static void stop_server(int64_t wait_ms)
{
	struct http *http = server;
	server = NULL; /* an assertion that fails may come back here */
	http_stop(http, wait_ms);
}

static int tear_down(void **state)
{
	(void)state;
	stop_server(500);
	arena_release(&arena);
	return 0;
}

static bool becomes(const _Atomic int *value, int expected)
{
	for (int i = 0; i < 2000 && *value != expected; i++)
		nap(5);
	return *value == expected;
}

/* --- streams ------------------------------------------------------------------------------ */

static void ask_stream(int fd, const char *target)
{
	char text[200];
	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\nX-Test: here\r\n\r\n", target);
	client_send(fd, text);
}

static void test_stream(void **state)
{
	(void)state;
	enum { LINES = 500000 };
	struct answer a;
	char text[50];
	int fd = client_open(port);
	for (int round = 0; round < 2; round++) { /* the connection goes on afterwards */
		ask_stream(fd, "/stream/500000");
		client_read(fd, false, &a);
		assert_int_equal(a.status, 200);
		assert_false(a.cut);
		assert_int_equal(a.body_n, LINES * 10);
		for (int i = 0; i < LINES; i += 997) {
			(void)snprintf(text, sizeof(text), "%09d\n", i);
			assert_memory_equal(a.body + (size_t)i * 10, text, 10);
		}
		assert_string_equal(answer_field(&a, "Content-Type", text, sizeof(text)), "text/csv");
		assert_string_equal(answer_field(&a, "X-Stream", text, sizeof(text)), "1");
		assert_string_equal(answer_field(&a, "X-Late", text, sizeof(text)), "");
		answer_release(&a);
		assert_true(becomes(&outcome, 1));
	}
	close(fd);
}

static void test_stream_empty(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/stream/0", "X-Test: here\r\n", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_n, 0);
	assert_false(a.cut);
	answer_release(&a);
	client_ask(port, "HEAD", "/stream/10", "X-Test: here\r\n", NULL, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void test_stream_slow_client(void **state)
{
	(void)state;
	struct answer a;
	int fd = client_open(port);
	ask_stream(fd, "/stream/3000000");
	int64_t before = -1;
	for (int i = 0; i < 60 && (produced == 0 || produced != before); i++) {
		before = produced;
		nap(300);
	}
	assert_int_equal(produced, before); /* it waits */
	assert_true(before < 16 << 20);
	client_read(fd, false, &a);
	assert_false(a.cut);
	assert_int_equal(a.body_n, 30000000);
	answer_release(&a);
	close(fd);
}

static void test_stream_client_gone(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		outcome = 0;
		produced = 0;
		int fd = client_open(port);
		char some[1000];
		ask_stream(fd, "/stream/100000000");
		for (int i = 0; i < 2000 && produced == 0; i++)
			nap(5); /* a reset that overtakes the request is no test */
		if (round > 0)
			assert_true(recv(fd, some, sizeof(some), 0) > 0);
		struct linger hard = {.l_onoff = 1, .l_linger = 0};
		if (round % 2 == 0)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(fd);
		if (!becomes(&outcome, 2))
			client_wrong("round %d: the handler goes on, at %lld", round, (long long)produced);
	}
	struct answer a;
	client_ask(port, "GET", "/hello", "", NULL, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
}

static void test_stream_fails(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/stream/1000?fail=1", "X-Test: here\r\n", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_true(a.cut); /* and the client can tell */
	answer_release(&a);
	client_ask(port, "GET", "/early", "", NULL, &a);
	assert_int_equal(a.status, 404);
	answer_release(&a);
	client_ask(port, "GET", "/without", "", NULL, &a);
	assert_int_equal(a.status, 500);
	answer_release(&a);
	client_ask(port, "GET", "/read", "", NULL, &a);
	assert_int_equal(a.status, 500);
	answer_release(&a);
}

/* Little pieces do not lie about until there are many. */
static void test_stream_trickle(void **state)
{
	(void)state;
	char text[2000];
	int fd = client_open(port);
	int64_t before = time_monotonic_us();
	ask_stream(fd, "/slow");
	size_t have = 0;
	while (have < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + have, sizeof(text) - 1 - have, 0);
		assert_true(got > 0);
		have += (size_t)got;
		text[have] = '\0';
		if (strstr(text, "1\r\nx\r\n1\r\nx\r\n") != NULL)
			break;
	}
	assert_true(time_monotonic_us() - before < 1100000); /* the second, before the handler has ended */
	close(fd);
}

static void test_stop_streams(void **state)
{
	(void)state;
	int fd = client_open(port);
	ask_stream(fd, "/stream/100000000");
	char some[1000];
	assert_true(recv(fd, some, sizeof(some), 0) > 0);
	stop_server(100);
	assert_int_equal(outcome, 2);
	close(fd);
	struct http_config config = {.threads = 1};
	arena_release(&arena);
	start_with(&config);
}

/* --- events ---------------------------------------------------------------------------------- */

static void read_text(int fd, struct buf *text, const char *until)
{
	char part[1000];
	while (strstr(buf_text(text), until) == NULL) {
		ssize_t got = recv(fd, part, sizeof(part), 0);
		if (got <= 0)
			client_wrong("ended before %s: %s", until, buf_text(text));
		buf_add(text, part, (size_t)got);
	}
}

static void test_events(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 100000);
	int fd = client_open(port), other = client_open(port);
	ask_stream(fd, "/events");
	ask_stream(other, "/events");
	read_text(fd, &text, "retry: 3000\n\n");
	assert_non_null(strstr(text.data, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(text.data, "Cache-Control: no-store\r\n"));
	assert_true(becomes(&opened, 2));
	assert_int_equal(send_all(7, "change", "{\"a\":1}"), 2);
	read_text(fd, &text, "id: 7\nevent: change\ndata: {\"a\":1}\n\n");
	assert_int_equal(send_all(0, NULL, "one\ntwo\r\nthree"), 2);
	read_text(fd, &text, "data: one\ndata: two\ndata: three\n\n");
	for (int i = 0; i < 1000; i++)
		assert_int_equal(send_all(8, "change", "x"), 2);
	buf_reset(&text);
	assert_int_equal(send_all(9, "last", "y"), 2);
	read_text(fd, &text, "id: 9\nevent: last\ndata: y\n\n");
	/* one leaves: the other goes on */
	close(other);
	for (int i = 0; i < 400 && released == 0; i++) {
		send_all(10, NULL, "z");
		nap(5);
	}
	assert_true(becomes(&released, 1));
	assert_int_equal(send_all(11, "still", "here"), 1);
	read_text(fd, &text, "event: still\n");
	pthread_mutex_lock(&hub);
	for (size_t i = 0; i < MAX_STREAMS; i++)
		if (streams[i] != NULL)
			http_sse_close(streams[i]);
	pthread_mutex_unlock(&hub);
	read_text(fd, &text, "\r\n0\r\n\r\n");
	assert_true(becomes(&released, 2));
	assert_int_equal(send_all(12, NULL, "nobody"), 0);
	buf_release(&text);
	close(fd);
}

static void test_events_slow_client(void **state)
{
	(void)state;
	int fd = client_open(port);
	int small = 4096;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	ask_stream(fd, "/events");
	assert_true(becomes(&opened, 1));
	char *data = calloc(1, 8001);
	memset(data, 'x', 8000);
	int sent = 0;
	while (send_all(1, NULL, data) == 1 && sent < 100000)
		sent++;
	assert_true(sent < 100000); /* dropped, not buffered without end */
	free(data);
	int64_t before = time_monotonic_us();
	close(fd);
	assert_true(becomes(&released, 1));
	assert_true(time_monotonic_us() - before < 5000000);
}

static void test_events_refused(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/events?fail=1", "", NULL, &a);
	assert_int_equal(a.status, 403);
	answer_release(&a);
	assert_true(becomes(&released, 1));
}

static void test_stop_events(void **state)
{
	(void)state;
	enum { N = 20 };
	int fds[N];
	struct buf text;
	buf_init(&text, 100000);
	for (int i = 0; i < N; i++) {
		fds[i] = client_open(port);
		ask_stream(fds[i], "/events");
	}
	assert_true(becomes(&opened, N));
	int64_t before = time_monotonic_us();
	stop_server(3000);
	assert_true(time_monotonic_us() - before < 2500000);
	assert_int_equal(released, N);
	for (int i = 0; i < N; i++) {
		buf_reset(&text);
		read_text(fds[i], &text, "\r\n0\r\n\r\n"); /* ended, not cut */
		close(fds[i]);
	}
	buf_release(&text);
	struct http_config config = {.threads = 1};
	arena_release(&arena);
	start_with(&config);
}

/* --- slow and many --------------------------------------------------------------------------- */

static void test_slow_head(void **state)
{
	(void)state;
	struct http_config config = {.head_deadline_ms = 600, .body_deadline_ms = 600};
	start_with(&config);
	int silent = client_open(port), line = client_open(port), drip = client_open(port), body = client_open(port), good = client_open(port);
	struct answer a;
	int64_t before = time_monotonic_us();
	client_send(line, "GET /hello HT");
	client_send(body, "POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
	client_send(drip, "GET /hello HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 30; i++) { /* never idle, never finished */
		client_send(drip, "X: y\r\n");
		client_send(body, "a");
		nap(50);
	}
	client_read(drip, false, &a);
	assert_int_equal(a.status, 408);
	answer_release(&a);
	client_read(body, false, &a);
	assert_int_equal(a.status, 408);
	answer_release(&a);
	assert_true(client_closed(drip));
	assert_true(client_closed(body));
	assert_true(client_closed(silent));
	assert_true(client_closed(line));
	assert_true(time_monotonic_us() - before < 5000000);
	/* one that was good once is served again, if it comes in time */
	assert_true(client_closed(good)); /* it said nothing either */
	int kept = client_open(port);
	for (int i = 0; i < 3; i++) {
		client_send(kept, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		client_read(kept, false, &a);
		assert_int_equal(a.status, 200);
		answer_release(&a);
		nap(700); /* waiting for a next request is no slow head */
	}
	close(silent);
	close(line);
	close(drip);
	close(body);
	close(good);
	close(kept);
}

static void test_address_cap(void **state)
{
	(void)state;
	struct http_config config = {.per_address_max = 5, .threads = 2};
	start_with(&config);
	int fds[6];
	struct answer a;
	struct http_stats stats;
	for (int i = 0; i < 6; i++) {
		fds[i] = client_open(port);
		if (i == 5)
			break;
		client_send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		client_read(fds[i], false, &a);
		assert_int_equal(a.status, 200);
		answer_release(&a);
	}
	assert_true(client_closed(fds[5]));
	http_stats(server, &stats);
	assert_int_equal(stats.connections, 5);
	assert_int_equal(stats.refused, 1);
	close(fds[0]);
	for (int i = 0; i < 400 && stats.connections == 5; i++) {
		nap(5);
		http_stats(server, &stats);
	}
	client_ask(port, "GET", "/hello", "", NULL, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	for (int i = 1; i < 6; i++)
		close(fds[i]);
}

/* More than allowed wait in the kernel until there is room. */
static void test_connections_max(void **state)
{
	(void)state;
	struct http_config config = {.connections_max = 3, .threads = 1};
	start_with(&config);
	int fds[4];
	struct answer a;
	char byte;
	for (int i = 0; i < 4; i++) {
		fds[i] = client_open(port);
		client_send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		if (i == 3)
			break;
		client_read(fds[i], false, &a);
		assert_int_equal(a.status, 200);
		answer_release(&a);
	}
	nap(300);
	assert_int_equal(recv(fds[3], &byte, 1, MSG_DONTWAIT), -1);
	close(fds[0]);
	client_read(fds[3], false, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	for (int i = 1; i < 4; i++)
		close(fds[i]);
}

/* One IPv6 customer has a whole /64: all of it is one client. */
static void test_ipv6(void **state)
{
	(void)state;
	struct http_config config = {.per_address_max = 1};
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	config.address = "::1";
	if (http_start_new(&ctx, NULL, &config, tables, &server) != OK) {
		server = NULL;
		print_message("# SKIP no IPv6 here\n");
		skip();
	}
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)http_port(server)), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int one = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), two = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct answer a;
	assert_int_equal(connect(one, (struct sockaddr *)&to, sizeof(to)), 0);
	client_send(one, "GET /hello HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
	client_read(one, false, &a);
	assert_string_equal(a.body, "::1 0 [::1]:8080");
	answer_release(&a);
	assert_int_equal(connect(two, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_true(client_closed(two));
	close(one);
	close(two);
}

static void expect_hello(const char *fields, const char *expected)
{
	struct answer a;
	client_ask(port, "GET", "/hello", fields, NULL, &a);
	if (strcmp(a.body, expected) != 0)
		client_wrong("%s: %s", fields, a.body);
	answer_release(&a);
}

static void test_proxy(void **state)
{
	(void)state;
	static const char *const proxies[] = {"127.0.0.1", "10.0.0.0/8", "2001:db8::/32", NULL};
	struct http_config config = {.trusted_proxies = proxies, .per_address_max = 2};
	start_with(&config);
	expect_hello("", "127.0.0.1 0 crm.example");
	expect_hello("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n", "9.9.9.9 1 crm.example");
	expect_hello("X-Forwarded-For: 6.6.6.6, 9.9.9.9, 10.1.2.3\r\n", "9.9.9.9 0 crm.example");
	expect_hello("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9 0 crm.example");
	expect_hello("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 10.0.0.1\r\n", "9.9.9.9 0 crm.example");
	expect_hello("X-Forwarded-For: 6.6.6.6, <script>\r\n", "127.0.0.1 0 crm.example");
	expect_hello("X-Forwarded-For: 2001:db9:0::1\r\n", "2001:db9::1 0 crm.example");
	expect_hello("X-Forwarded-For: ::ffff:9.8.7.6, 2001:db8::7\r\n", "9.8.7.6 0 crm.example");
	expect_hello("X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1 0 crm.example");
	expect_hello("X-Forwarded-Host: evil.example\r\n", "127.0.0.1 0 crm.example");
	struct answer a;
	char text[100];
	client_ask(port, "GET", "/hello", "X-Forwarded-Proto: https\r\n", NULL, &a);
	assert_string_equal(answer_field(&a, "Strict-Transport-Security", text, sizeof(text)), "max-age=31536000");
	answer_release(&a);
	/* a proxy stands for many: no cap */
	int fds[6];
	for (int i = 0; i < 6; i++) {
		fds[i] = client_open(port);
		client_send(fds[i], "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < 6; i++) {
		client_read(fds[i], false, &a);
		assert_int_equal(a.status, 200);
		answer_release(&a);
		close(fds[i]);
	}
}

/* --- configuration ------------------------------------------------------------------------------- */

static void expect_refused(const struct http_config *config, const struct route *const *list, enum err code, const char *key)
{
	struct http *http = NULL;
	faults_clear(&ctx);
	assert_int_equal(http_start_new(&ctx, NULL, config, list, &http), code);
	assert_null(http);
	assert_string_equal(ctx.faults.list[0].key, key);
}

static void test_config(void **state)
{
	(void)state;
	static const char *const bad_proxy[] = {"10.0.0.0/64", NULL};
	static const struct route twice[] = {{METHOD_GET, "/a/*", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "x"},
	                                     {METHOD_GET, "/a/*", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "x"}, {0}};
	static const struct route no_doc[] = {{METHOD_GET, "/a", LANE_READ, DOOR_PUBLIC, .handle = hello}, {0}};
	static const struct route no_cap[] = {{METHOD_GET, "/a", LANE_READ, DOOR_CAP, .handle = hello, .doc = "x"}, {0}};
	static const struct route middle[] = {{METHOD_GET, "/a/**/b", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "x"}, {0}};
	static const struct route slash[] = {{METHOD_GET, "/a//b", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "x"}, {0}};
	static const struct route store[] = {{METHOD_POST, "/a", LANE_WRITE, DOOR_PUBLIC, .handle = hello, .doc = "x"}, {0}};
	static const struct {
		const struct route *table;
		const char *key;
	} wrong[] = {{twice, "route_twice"}, {no_doc, "route_incomplete"}, {no_cap, "route_door"}, {middle, "route_pattern"}, {slash, "route_pattern"},
	             {store, "route_needs_store"}};
	struct http_config config = {.address = "127.0.0.1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_refused(&config, (const struct route *const[]){wrong[i].table, NULL}, ERR_BUG, wrong[i].key);
	expect_refused(&(struct http_config){.address = "not an address"}, tables, ERR_INVALID, "address_invalid");
	expect_refused(&(struct http_config){.address = "127.0.0.1", .port = port}, tables, ERR_UPSTREAM, "port_in_use");
	expect_refused(&(struct http_config){.address = "127.0.0.1", .trusted_proxies = bad_proxy}, tables, ERR_INVALID, "address_invalid");
	expect_refused(&(struct http_config){.address = "127.0.0.1", .tls_cert = "/nonexistent", .tls_key = "/nonexistent"}, tables, ERR_INVALID, "file_unreadable");
	expect_refused(&(struct http_config){.address = "127.0.0.1", .tls_cert = "/dev/null"}, tables, ERR_INVALID, "required");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stream, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_slow_client, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_client_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_fails, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stream_trickle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop_streams, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events_slow_client, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stop_events, set_up, tear_down),
		cmocka_unit_test_teardown(test_slow_head, tear_down),
		cmocka_unit_test_teardown(test_address_cap, tear_down),
		cmocka_unit_test_teardown(test_connections_max, tear_down),
		cmocka_unit_test_teardown(test_ipv6, tear_down),
		cmocka_unit_test_teardown(test_proxy, tear_down),
		cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("http streams", tests, NULL, NULL);
}
