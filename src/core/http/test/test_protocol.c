/* The protocol: which requests are taken, which are refused, and what follows them. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/test/check.h"
#include "core/http/http.h"
#include "http_client.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct http *server;
static int port;
static struct arena arena;
static struct ctx ctx;

/* --- handlers ------------------------------------------------------------------- */

static enum err hello(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	(void)req;
	buf_puts(http_body(res), "{\"hello\":\"world\"}");
	return OK;
}

/* Says back what it was given. */
static enum err mirror(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "path", req->path);
	jsonw_kv_text(&w, "query", req->query);
	jsonw_kv_text(&w, "a0", http_query(c, req, "a", 0));
	jsonw_kv_text(&w, "a1", http_query(c, req, "a", 1));
	jsonw_kv_text(&w, "p0", req->params[0]);
	jsonw_kv_text(&w, "p1", req->params[1]);
	jsonw_kv_text(&w, "body", req->body);
	jsonw_kv_int(&w, "body_len", (int64_t)req->body_len);
	jsonw_kv_text(&w, "remote", req->remote);
	jsonw_kv_bool(&w, "secure", req->secure);
	jsonw_kv_bool(&w, "head", req->head);
	jsonw_kv_text(&w, "x", http_header(req, "X-TEST"));
	jsonw_kv_text(&w, "cookie", http_cookie(req, "sid"));
	jsonw_kv_int(&w, "locale", (int64_t)http_locale(req));
	jsonw_end_object(&w);
	return OK;
}

static enum err big(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	int64_t n = 0;
	const char *text = http_query(c, req, "n", 0);
	if (!str_to_i64(text, &n))
		return fail(c, ERR_INVALID, "n", "wrong_type");
	buf_putc(http_body(res), '"');
	for (int64_t i = 0; i < n; i++)
		buf_putc(http_body(res), (char)('a' + i % 26));
	buf_putc(http_body(res), '"');
	return OK;
}

static const struct route routes[] = {
	{METHOD_GET, "/hello", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{METHOD_GET, "/mirror", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror"},
	{METHOD_POST, "/mirror", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror", .body_max = 100},
	{METHOD_PATCH, "/mirror", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror", .body_max = 100},
	{METHOD_DELETE, "/mirror", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror", .body_max = 100},
	{METHOD_GET, "/things/*", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror"},
	{METHOD_GET, "/things/*/parts/*", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror"},
	{METHOD_GET, "/things/fixed", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{METHOD_GET, "/rest/**", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror"},
	{METHOD_GET, "/big", LANE_READ, DOOR_PUBLIC, .handle = big, .doc = "Big"},
	{METHOD_GET, "/api/v1/known", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

/* --- fixture ------------------------------------------------------------------------------- */

static void start_server(struct http_config *config)
{
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(http_start_new(&ctx, NULL, config, tables, &server), OK);
	port = http_port(server);
	assert_true(port > 0);
}

static int set_up(void **state)
{
	(void)state;
	struct http_config config = {.address = "127.0.0.1", .threads = 2, .response_max = 1 << 20};
	start_server(&config);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_stop(server, 1000);
	server = NULL;
	arena_release(&arena);
	return 0;
}

static json_t *parse(const struct answer *a)
{
	json_t *json = json_loadb(a->body, a->body_n, 0, NULL);
	assert_non_null(json);
	return json;
}

static void assert_text(const json_t *json, const char *name, const char *expected)
{
	const char *text = json_string_value(json_object_get(json, name));
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text != NULL ? text : "(null)", expected);
}

static void expect_status(const char *method, const char *target, const char *fields, const char *body, int status)
{
	struct answer a;
	client_ask(port, method, target, fields, body, &a);
	if (a.status != status)
		client_wrong("%s %s: %d, not %d: %s", method, target, a.status, status, a.body);
	answer_release(&a);
}

/* --- routing ---------------------------------------------------------------------------------- */

static void test_routes(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/things/42/parts/%E6%9D%AD%20x", "", NULL, &a);
	assert_int_equal(a.status, 200);
	json_t *json = parse(&a);
	assert_text(json, "path", "/things/42/parts/杭 x");
	assert_text(json, "p0", "42");
	assert_text(json, "p1", "杭 x");
	json_decref(json);
	answer_release(&a);
	client_ask(port, "GET", "/rest/a/b%41/c", "", NULL, &a);
	json = parse(&a);
	assert_text(json, "p0", "a/bA/c");
	json_decref(json);
	answer_release(&a);
	client_ask(port, "GET", "/things/fixed", "", NULL, &a);
	assert_string_equal(a.body, "{\"hello\":\"world\"}");
	answer_release(&a);
	assert_non_null(http_route_at(server, COUNT(routes) - 2));
	assert_null(http_route_at(server, COUNT(routes) - 1));
}

static void test_refused_paths(void **state)
{
	(void)state;
	static const struct {
		const char *target;
		int status;
	} cases[] = {
		{"/hello/", 404},          {"//hello", 404},          {"/things//42", 404},      {"/hello;v=1", 404},      {"/api/v1/KNOWN", 404},
		{"/hello.json", 404},      {"/things", 404},          {"/rest", 404},            {"/%2e%2e/hello", 400},   {"/things/..", 400},
		{"/things/./42", 400},     {"/things/%2E", 400},      {"/things/a%2fb", 400},    {"/things/a%5Cb", 400},   {"/things/a\\b", 400},
		{"/things/%00", 400},      {"/things/%0a", 400},      {"/things/%zz", 400},      {"/things/%4", 400},      {"/things/%C0%AE", 400},
		{"/things/%ED%A0%80", 400}, {"/things/%252e%252e", 200}, {"/things/%ff", 400},   {"hello", 400},           {"/hello#x", 400},
		{"/hello?a=%00", 400},     {"/hello?a=%ff", 400},     {"/hello?a=%", 400},       {"/hello?a=%E6%9D%AD", 200}, {"/api/v1/nosuch", 404},
		{"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", 404},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_status("GET", cases[i].target, "", NULL, cases[i].status);
}

static void test_query(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/mirror?b=1&a=x+y%26&%61=%E4%B8%AD&c", "", NULL, &a);
	json_t *json = parse(&a);
	assert_text(json, "a0", "x y&");
	assert_text(json, "a1", "中");
	assert_text(json, "query", "b=1&a=x+y%26&%61=%E4%B8%AD&c");
	json_decref(json);
	answer_release(&a);
	client_ask(port, "GET", "http://other.example/mirror?a=1", "", NULL, &a);
	json = parse(&a);
	assert_text(json, "path", "/mirror");
	assert_text(json, "a0", "1");
	json_decref(json);
	answer_release(&a);
}

static void test_methods(void **state)
{
	(void)state;
	struct answer a;
	char text[200];
	client_ask(port, "PUT", "/mirror", "", NULL, &a);
	assert_int_equal(a.status, 405);
	assert_string_equal(answer_field(&a, "Allow", text, sizeof(text)), "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
	answer_release(&a);
	expect_status("TRACE", "/mirror", "", NULL, 405);
	expect_status("BREW", "/mirror", "", NULL, 405);
	expect_status("POST", "/hello", "X-HTTP-Method-Override: GET\r\n", NULL, 405);
	expect_status("PUT", "/api/v1/nosuch", "", NULL, 404);
	client_ask(port, "OPTIONS", "/hello", "", NULL, &a);
	assert_int_equal(a.status, 204);
	assert_string_equal(answer_field(&a, "Allow", text, sizeof(text)), "GET, HEAD, OPTIONS");
	assert_string_equal(answer_field(&a, "Access-Control-Allow-Origin", text, sizeof(text)), "");
	answer_release(&a);
	expect_status("OPTIONS", "*", "", NULL, 204);
	client_ask(port, "HEAD", "/hello", "", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_field(&a, "Content-Length", text, sizeof(text)), "17");
	answer_release(&a);
}

static void test_head_keeps_connection(void **state)
{
	(void)state;
	int fd = client_open(port);
	struct answer a;
	client_send(fd, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /mirror HTTP/1.1\r\nHost: x\r\n\r\n");
	client_read(fd, true, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	client_read(fd, false, &a);
	json_t *json = parse(&a);
	assert_text(json, "path", "/mirror");
	assert_true(json_is_false(json_object_get(json, "head")));
	json_decref(json);
	answer_release(&a);
	close(fd);
}

/* --- requests that two readers could read differently ---------------------------------------- */

#define GET_NEXT "GET /things/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

static void expect_raw(const char *name, const char *text, size_t n, int status, bool closes)
{
	int fd = client_open(port);
	struct answer a;
	client_send_n(fd, text, n);
	client_read(fd, false, &a);
	if (a.status != status)
		client_wrong("%s: %d, not %d: %s", name, a.status, status, a.body);
	if (status == 400)
		assert_null(strstr(a.body, "smuggled"));
	answer_release(&a);
	if (closes && !client_closed(fd))
		client_wrong("%s: the connection goes on", name);
	close(fd);
}

static void test_framing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		int status;
	} cases[] = {
		{"length and coding", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET_NEXT, 400},
		{"coding and length", "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" GET_NEXT, 400},
		{"two lengths", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 3\r\n\r\nabcde", 400},
		{"two equal lengths", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400},
		{"list of lengths", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nabcde", 400},
		{"negative length", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabcde", 400},
		{"signed length", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde", 400},
		{"two codings", "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400},
		{"coding list", "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
		{"unknown coding", "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
		{"coding in 1.0", "POST /mirror HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"space before colon", "GET /hello HTTP/1.1\r\nHost: x\r\nX-Test : 1\r\n\r\n", 400},
		{"space before name", "GET /hello HTTP/1.1\r\nHost: x\r\n\tX-Test: 1\r\n\r\n", 400},
		{"folded value", "GET /hello HTTP/1.1\r\nHost: x\r\nX-Test: 1\r\n  2\r\nX: y\r\n\r\n", 400},
		{"folded name", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-L: 5\r\n ength\r\n\r\nabcde", 400},
		{"bare LF", "GET /hello HTTP/1.1\r\nHost: x\r\nX-Test: 1\nY: 2\r\n\r\n", 400},
		{"bare LF after request line", "GET /hello HTTP/1.1\nHost: x\r\n\r\n", 400},
		{"bare CR", "GET /hello HTTP/1.1\r\nHost: x\r\nX-Test: 1\rY: 2\r\n\r\n", 400},
		{"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
		{"host with a path", "GET /hello HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
		{"space in target", "GET /hel lo HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"other version", "GET /hello HTTP/1.2\r\nHost: x\r\n\r\n", 505},
		{"no version", "GET /hello\r\n\r\n", 400},
		{"body of a GET", "GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde" GET_NEXT, 400},
		{"compressed body", "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", 415},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_raw(cases[i].name, cases[i].text, strlen(cases[i].text), cases[i].status, true);
	static const char nul_value[] = "GET /hello HTTP/1.1\r\nHost: x\r\nX-Test: a\0b\r\nY: 1\r\n\r\n";
	expect_raw("NUL in a value", nul_value, sizeof(nul_value) - 1, 400, true);
	static const char nul_target[] = "GET /hello\0/x HTTP/1.1\r\nHost: x\r\n\r\n";
	expect_raw("NUL in the target", nul_target, sizeof(nul_target) - 1, 400, true);
}

static void test_bad_chunks(void **state)
{
	(void)state;
	static const char *const cases[] = {"zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcXX0\r\n\r\n", "-1\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n"};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = client_open(port);
		struct answer a;
		client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
		client_send(fd, cases[i]);
		client_read(fd, false, &a);
		assert_true(a.status == 400 || a.status == 413 || a.status == 0);
		answer_release(&a);
		assert_true(client_closed(fd));
		close(fd);
	}
}

static void test_good_bodies(void **state)
{
	(void)state;
	int fd = client_open(port);
	struct answer a;
	client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n" GET_NEXT);
	client_read(fd, false, &a);
	json_t *json = parse(&a);
	assert_text(json, "body", "abcde");
	json_decref(json);
	assert_non_null(strstr(a.head, "Connection: close"));
	answer_release(&a);
	char rest;
	assert_int_equal(recv(fd, &rest, 1, MSG_WAITALL), 0); /* nothing after a body in chunks is read */
	close(fd);
	fd = client_open(port);
	client_send(fd, "PATCH /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz" GET_NEXT);
	client_read(fd, false, &a);
	json = parse(&a);
	assert_text(json, "body", "xyz");
	json_decref(json);
	answer_release(&a);
	client_read(fd, false, &a);
	json = parse(&a);
	assert_text(json, "p0", "smuggled"); /* rightly so: it was pipelined */
	assert_text(json, "body", "");
	json_decref(json);
	answer_release(&a);
	close(fd);
}

static void test_expect(void **state)
{
	(void)state;
	int fd = client_open(port);
	struct answer a;
	char line[32] = "";
	client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(recv(fd, line, 25, MSG_WAITALL), 25);
	assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
	client_send(fd, "abc");
	client_read(fd, false, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	close(fd);
	/* too large: refused at once, without asking for it */
	fd = client_open(port);
	client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n");
	client_read(fd, false, &a);
	assert_int_equal(a.status, 413);
	assert_null(strstr(a.head, "100 Continue"));
	answer_release(&a);
	close(fd);
}

static void test_pipelining(void **state)
{
	(void)state;
	enum { N = 50 };
	int fd = client_open(port);
	struct answer a;
	char text[100];
	for (int i = 0; i < N; i++) {
		(void)snprintf(text, sizeof(text), "GET /things/%d HTTP/1.1\r\nHost: x\r\n\r\n", i);
		client_send(fd, text);
	}
	for (int i = 0; i < N; i++) {
		client_read(fd, false, &a);
		json_t *json = parse(&a);
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_text(json, "p0", text);
		json_decref(json);
		answer_release(&a);
	}
	close(fd);
}

static void test_half_close(void **state)
{
	(void)state;
	int fd = client_open(port);
	struct answer a;
	client_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	(void)shutdown(fd, SHUT_WR);
	client_read(fd, false, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, "{\"hello\":\"world\"}");
	answer_release(&a);
	close(fd);
}

static void test_http10(void **state)
{
	(void)state;
	int fd = client_open(port);
	struct answer a;
	client_send(fd, "GET /hello HTTP/1.0\r\n\r\n");
	client_read(fd, false, &a);
	assert_int_equal(a.status, 200);
	answer_release(&a);
	assert_true(client_closed(fd));
	close(fd);
}

/* --- limits -------------------------------------------------------------------------------------- */

static char *repeat(const char *before, char c, size_t n, const char *after)
{
	char *text = calloc(1, strlen(before) + n + strlen(after) + 1);
	assert_non_null(text);
	size_t at = strlen(before);
	memcpy(text, before, at);
	memset(text + at, c, n);
	memcpy(text + at + n, after, strlen(after));
	return text;
}

static void expect_repeat(const char *before, char c, size_t n, const char *after, int status)
{
	char *text = repeat(before, c, n, after);
	expect_raw(before, text, strlen(text), status, status != 200);
	free(text);
}

static void test_head_limits(void **state)
{
	(void)state;
	const char *end = " HTTP/1.1\r\nHost: x\r\n\r\n";
	expect_repeat("GET /things/", 'a', 8000, end, 200);
	char *text = repeat("GET /things/", 'a', 9000, end);
	int fd = client_open(port);
	struct answer a;
	client_send(fd, text);
	client_read(fd, false, &a);
	assert_int_equal(a.status, 414);
	answer_release(&a);
	close(fd);
	free(text);
	expect_repeat("GET /things/", 'a', 40000, end, 414);
	expect_repeat("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ", 'a', 8000, "\r\n\r\n", 200);
	expect_repeat("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ", 'a', 9000, "\r\n\r\n", 431);
	expect_repeat("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: ", 'a', 60000, "\r\n\r\n", 431);
	struct buf many;
	buf_init(&many, 100000);
	buf_puts(&many, "GET /hello HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 120; i++)
		buf_puts(&many, "A: b\r\n");
	buf_puts(&many, "\r\n");
	expect_raw("many headers", many.data, many.len, 431, true);
	buf_release(&many);
}

static void test_body_limits(void **state)
{
	(void)state;
	expect_repeat("POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", 'a', 100, "", 200);
	expect_repeat("POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", 'a', 101, "", 413);
	expect_repeat("POST /mirror HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 'a', 10, "", 413);
	/* chunked: the size shows only as it comes */
	int fd = client_open(port);
	struct answer a;
	char *chunk = repeat("1000\r\n", 'b', 4096, "\r\n0\r\n\r\n");
	client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	client_send(fd, chunk);
	client_read(fd, false, &a);
	assert_int_equal(a.status, 413);
	answer_release(&a);
	close(fd);
	free(chunk);
	/* endless: broken off */
	fd = client_open(port);
	chunk = repeat("10000\r\n", 'b', 65536, "\r\n");
	client_send(fd, "POST /mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 40; i++)
		client_send(fd, chunk);
	client_read(fd, false, &a);
	assert_true(a.status == 413 || a.status == 0);
	answer_release(&a);
	assert_true(client_closed(fd));
	close(fd);
	free(chunk);
}

static void test_answer_limit(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/big?n=1000000", "", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body_n, 1000002);
	answer_release(&a);
	client_ask(port, "GET", "/big?n=2000000", "", NULL, &a);
	assert_int_equal(a.status, 413);
	assert_non_null(strstr(a.body, "answer_too_large"));
	answer_release(&a);
}

/* --- many at once ------------------------------------------------------------------------------------------ */

static void test_many(void **state)
{
	(void)state;
	enum { N = 200, ROUNDS = 5 };
	static int fds[N];
	char text[100];
	for (int i = 0; i < N; i++)
		fds[i] = client_open(port);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < N; i++) {
			(void)snprintf(text, sizeof(text), "GET /things/%d HTTP/1.1\r\nHost: x\r\n\r\n", i * 10 + r);
			client_send(fds[i], text);
		}
		for (int i = 0; i < N; i++) {
			struct answer a;
			client_read(fds[i], false, &a);
			assert_int_equal(a.status, 200);
			json_t *json = parse(&a);
			(void)snprintf(text, sizeof(text), "%d", i * 10 + r);
			assert_text(json, "p0", text);
			json_decref(json);
			answer_release(&a);
		}
	}
	struct http_stats stats;
	http_stats(server, &stats);
	assert_int_equal(stats.connections, N);
	assert_true(stats.requests[2] >= N * (ROUNDS - 1));
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_routes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_paths, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_query, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_methods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_head_keeps_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_framing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_chunks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_good_bodies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_expect, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipelining, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_half_close, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_http10, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_head_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_body_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answer_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("http protocol", tests, NULL, NULL);
}
