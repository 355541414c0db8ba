/* What the HTTP layer costs: a constant answer, a point read by primary key and a durable
 * insert, over loopback, closed loop.
 *
 *     http_bench [SECONDS [CONNECTIONS [CLIENT_THREADS]]]     prints requests a second
 *     http_bench serve PORT                                   only serves, for another client */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http.h"
#include "core/store/store.h"

enum { ROWS = 100000, THREADS_MAX = 16, CONNECTIONS_MAX = 1024, ANSWER_MAX = 16384 };

/* --- the server ------------------------------------------------------------------ */

static enum err constant(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)ctx;
	(void)req;
	buf_puts(http_body(res), "{\"id\":\"1\",\"name\":\"hello\"}");
	return OK;
}

static const struct sql find = {
	.name = "bench_find",
	.sqlite = "SELECT id, name, city, total FROM bench WHERE id = ?1",
	.postgres = "SELECT id, name, city, total FROM bench WHERE id = $1",
};

static enum err point(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	struct stmt *stmt;
	bool row = false;
	if (!str_to_i64(req->params[0], &id))
		return fail(ctx, ERR_INVALID, "id", "wrong_type");
	enum err err = db_prepare(ctx, ctx->db, &find, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		struct jsonw w;
		jsonw_init(&w, http_body(res));
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", stmt_i64(stmt, 0));
		jsonw_kv_text(&w, "name", stmt_text(stmt, 1));
		jsonw_kv_text(&w, "city", stmt_text(stmt, 2));
		jsonw_kv_int(&w, "total", stmt_i64(stmt, 3));
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	return err == OK && !row ? fail(ctx, ERR_NOT_FOUND, "", "not_found") : err;
}

static const struct sql insert = {
	.name = "bench_insert",
	.sqlite = "INSERT INTO bench (name, city, total) VALUES (?1, ?2, 1)",
	.postgres = "INSERT INTO bench (name, city, total) VALUES ($1, $2, 1)",
};

static enum err create(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &insert, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, req->body);
	stmt_bind_text(stmt, 2, "city");
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	buf_puts(http_body(res), "{\"created\":true}");
	return err;
}

static const struct route routes[] = {
	{METHOD_GET, "/constant", LANE_READ, DOOR_PUBLIC, .handle = constant, .doc = "A constant"},
	{METHOD_GET, "/point/*", LANE_READ, DOOR_PUBLIC, .handle = point, .doc = "One row"},
	{METHOD_POST, "/create", LANE_WRITE, DOOR_PUBLIC, .handle = create, .doc = "A new row"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

static const struct migration migrations[] = {
	{1, "bench",
	 "CREATE TABLE bench (id integer PRIMARY KEY, name text, city text, total integer);"
	 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
	 " INSERT INTO bench SELECT i, 'name ' || i, 'city ' || (i % 100), i * 7 FROM n",
	 "", NULL},
};

/* --- the client --------------------------------------------------------------------- */

enum what { CONSTANT, POINT, CREATE };

struct client {
	pthread_t thread;
	int port, connections;
	enum what what;
	int64_t until_us;
	int64_t answers, failed;
	unsigned seed;
};

struct conn {
	int fd;
	size_t have;
	char data[ANSWER_MAX];
};

static bool ask(struct client *client, struct conn *conn)
{
	char text[128];
	int n;
	if (client->what == POINT)
		n = snprintf(text, sizeof(text), "GET /point/%d HTTP/1.1\r\nHost: localhost\r\n\r\n", 1 + rand_r(&client->seed) % ROWS);
	else if (client->what == CREATE)
		n = snprintf(text, sizeof(text), "POST /create HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nsome text");
	else
		n = snprintf(text, sizeof(text), "GET /constant HTTP/1.1\r\nHost: localhost\r\n\r\n");
	conn->have = 0;
	return send(conn->fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool dial(struct client *client, struct conn *conn)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)client->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;
	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return conn->fd >= 0 && connect(conn->fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

/* 1: an answer is complete; 0: not yet; -1: something is wrong. */
static int receive(struct conn *conn)
{
	ssize_t got = recv(conn->fd, conn->data + conn->have, sizeof(conn->data) - 1 - conn->have, 0);
	if (got <= 0)
		return -1;
	conn->have += (size_t)got;
	conn->data[conn->have] = '\0';
	const char *end = strstr(conn->data, "\r\n\r\n"), *length = strcasestr(conn->data, "\r\nContent-Length: ");
	if (end == NULL)
		return 0;
	if (length == NULL || strncmp(conn->data, "HTTP/1.1 200", 12) != 0)
		return -1;
	size_t body = strtoul(length + 18, NULL, 10);
	return conn->have >= (size_t)(end + 4 - conn->data) + body;
}

static void drive(struct client *client, struct conn *conns, int poll_fd)
{
	struct epoll_event events[64];
	while (time_monotonic_us() < client->until_us) {
		int n = epoll_wait(poll_fd, events, 64, 100);
		for (int i = 0; i < n; i++) {
			struct conn *conn = &conns[events[i].data.u32];
			int done = receive(conn);
			client->answers += done > 0;
			if (done < 0 || (done > 0 && !ask(client, conn))) {
				client->failed++;
				return;
			}
		}
	}
}

static void *run_client(void *arg)
{
	struct client *client = arg;
	struct conn *conns = calloc((size_t)client->connections, sizeof(*conns));
	int poll_fd = epoll_create1(EPOLL_CLOEXEC);
	int n = 0;
	bool ok = conns != NULL && poll_fd >= 0;
	for (; ok && n < client->connections; n++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)n};
		ok = dial(client, &conns[n]) && epoll_ctl(poll_fd, EPOLL_CTL_ADD, conns[n].fd, &event) == 0 && ask(client, &conns[n]);
	}
	if (ok)
		drive(client, conns, poll_fd);
	else
		client->failed++;
	for (int i = 0; i < n; i++)
		(void)close(conns[i].fd);
	if (poll_fd >= 0)
		(void)close(poll_fd);
	free(conns);
	return NULL;
}

static int64_t cpu_us(void)
{
	struct rusage use;
	if (getrusage(RUSAGE_SELF, &use) != 0)
		return 0;
	return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000L + use.ru_utime.tv_usec + use.ru_stime.tv_usec;
}

static bool measure(const char *name, int port, enum what what, int seconds, int connections, int threads)
{
	struct client clients[THREADS_MAX];
	int64_t begin = time_monotonic_us(), cpu = cpu_us(), answers = 0, failed = 0;
	for (int i = 0; i < threads; i++) {
		clients[i] = (struct client){.port = port, .connections = connections / threads, .what = what, .seed = (unsigned)i + 1,
		                             .until_us = begin + seconds * 1000000L};
		if (pthread_create(&clients[i].thread, NULL, run_client, &clients[i]) != 0)
			return false;
	}
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		answers += clients[i].answers;
		failed += clients[i].failed;
	}
	double took = (double)(time_monotonic_us() - begin) / 1e6;
	/* what it costs, client included: a figure that other programs on the machine disturb less */
	double cost = answers > 0 ? (double)(cpu_us() - cpu) / (double)answers : 0;
	printf("%-10s %10.0f requests/s, %5.1f us of processor each, %lld failed\n", name, (double)answers / took, cost, (long long)failed);
	return failed == 0;
}

static int number(const char *text, int otherwise, int max)
{
	int64_t value;
	if (text == NULL || !str_to_i64(text, &value) || value < 1 || value > max)
		return otherwise;
	return (int)value;
}

static int run(struct ctx *ctx, struct store *store, int argc, char **argv)
{
	bool serve = argc > 2 && strcmp(argv[1], "serve") == 0;
	struct http_config config = {.address = "127.0.0.1", .port = serve ? number(argv[2], 0, 65535) : 0, .per_address_max = CONNECTIONS_MAX};
	struct http *http;
	if (store_migrate(ctx, store, migrations, 1) != OK || http_start_new(ctx, store, &config, tables, &http) != OK) {
		fprintf(stderr, "cannot start: %s\n", ctx->faults.count > 0 ? ctx->faults.list[0].key : "");
		return 1;
	}
	bool ok = true;
	if (serve) {
		printf("serving on port %d until input ends\n", http_port(http));
		while (getchar() != EOF)
			;
	} else {
		int seconds = number(argc > 1 ? argv[1] : NULL, 3, 3600);
		int connections = number(argc > 2 ? argv[2] : NULL, 16, CONNECTIONS_MAX);
		int threads = number(argc > 3 ? argv[3] : NULL, 1, connections < THREADS_MAX ? connections : THREADS_MAX);
		ok = measure("constant", http_port(http), CONSTANT, seconds, connections, threads) &&
		     measure("point", http_port(http), POINT, seconds, connections, threads) &&
		     measure("create", http_port(http), CREATE, seconds, connections, threads) &&
		     measure("create, 1", http_port(http), CREATE, seconds, 1, 1);
	}
	http_stop(http, 1000);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	char dir[] = "/tmp/guanxi-bench-XXXXXX";
	struct arena arena;
	struct ctx ctx;
	struct store *store;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct store_config config = {.data_dir = mkdtemp(dir)};
	int status = 1;
	if (config.data_dir != NULL && store_open_new(&ctx, &config, &store) == OK) {
		status = run(&ctx, store, argc, argv);
		store_free(store);
	}
	arena_release(&arena);
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "guanxi.lock", "tmp"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		(void)remove(path);
	}
	(void)rmdir(dir);
	return status;
}
