/* What is answered, to whom: headers, problem documents, JSON bodies, doors, the page. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <brotli/decode.h>
#include <jansson.h>
#include <zlib.h>

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

static enum err broken(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	http_set_header(res, "X-Left-Over", "yes");
	buf_puts(http_body(res), "half an ans");
	if (str_equal(req->params[0], "bug"))
		return fail(c, ERR_BUG, "secret.field", "secret_detail");
	if (str_equal(req->params[0], "plain"))
		return ERR_BUG; /* no fault recorded */
	if (str_equal(req->params[0], "rate"))
		return fail_arg(c, ERR_LIMIT, "", "rate", "17");
	if (str_equal(req->params[0], "unique"))
		return fail(c, ERR_CONFLICT, "email", "unique");
	if (str_equal(req->params[0], "version"))
		return fail(c, ERR_CONFLICT, "", "version");
	if (str_equal(req->params[0], "disk"))
		return fail(c, ERR_LIMIT, "", "disk_full");
	if (str_equal(req->params[0], "column"))
		return fail_arg(c, ERR_INVALID, "", "42703", "nosuch");
	if (str_equal(req->params[0], "several")) {
		fault_add(c, ERR_INVALID, "birthday", "date_in_past", NULL);
		fault_add(c, ERR_INVALID, "name", "required", NULL);
		return ERR_INVALID;
	}
	return fail(c, ERR_NOT_FOUND, "", "not_found");
}

static enum err refused_but_kept(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	enum err err = fail(c, ERR_DENIED, "", "sign_in_failed");
	http_problem(c, res, 0, NULL);
	assert_int_equal(err, ERR_DENIED);
	return OK;
}

static enum err headers(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	(void)req;
	http_set_header(res, "X-Good", "fine");
	http_set_header(res, "X-Good", "better");
	http_set_header(res, "X-Bad", "a\r\nX-Injected: 1");
	http_set_header(res, "X-Bad\r\nX-Injected", "1");
	http_set_header(res, "Set-Cookie", "a=1");
	http_set_header(res, "Set-Cookie", "b=2");
	http_set_header(res, "Cache-Control", "private, max-age=5");
	http_content_type(res, "text/plain; charset=utf-8");
	http_status(res, 201);
	buf_puts(http_body(res), "ok");
	return OK;
}

static enum err tagged(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	if (http_not_modified(req, res, "\"v7\""))
		return OK;
	buf_puts(http_body(res), "{\"v\":7}");
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

static enum err dense(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	http_dense(res);
	return big(c, req, res);
}

struct person {
	const char *name;
	int64_t age, boss;
	bool active;
	json_t *tags;
};

static const struct spec person_specs[] = {
	{"name", SPEC_TEXT, offsetof(struct person, name), true, 10, "Name"},
	{"age", SPEC_INT, offsetof(struct person, age), true, 0, "Age"},
	{"active", SPEC_BOOL, offsetof(struct person, active), false, 0, "Active"},
	{"boss", SPEC_ID, offsetof(struct person, boss), false, 0, "Boss"},
	{"tags", SPEC_JSON, offsetof(struct person, tags), false, 0, "Tags"},
	{NULL, SPEC_TEXT, 0, false, 0, NULL},
};

static enum err person(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	struct person p = {0};
	enum err err = http_read_body(c, req, &p);
	if (err != OK)
		return err;
	buf_printf(http_body(res), "%s|%lld|%d|%lld|%zu", p.name, (long long)p.age, p.active, (long long)p.boss, json_array_size(p.tags));
	return OK;
}

static enum err download(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	const char *dir = getenv("TMPDIR");
	http_set_header(res, "ETag", "\"f1\"");
	return http_send_file(c, res, arena_printf(c->arena, "%s/guanxi_http_%d", dir != NULL ? dir : "/tmp", (int)getpid()));
}

static const struct route routes[] = {
	{METHOD_GET, "/hello", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{METHOD_GET, "/mirror", LANE_READ, DOOR_PUBLIC, .handle = mirror, .doc = "Mirror"},
	{METHOD_GET, "/broken/*", LANE_READ, DOOR_PUBLIC, .handle = broken, .doc = "Broken"},
	{METHOD_POST, "/kept", LANE_READ, DOOR_PUBLIC, .handle = refused_but_kept, .doc = "Kept"},
	{METHOD_GET, "/headers", LANE_READ, DOOR_PUBLIC, .handle = headers, .doc = "Headers"},
	{METHOD_GET, "/tagged", LANE_READ, DOOR_PUBLIC, .handle = tagged, .doc = "Tagged"},
	{METHOD_GET, "/big", LANE_READ, DOOR_PUBLIC, .handle = big, .doc = "Big"},
	{METHOD_GET, "/dense", LANE_READ, DOOR_PUBLIC, .handle = dense, .doc = "Dense"},
	{METHOD_GET, "/heavy/big", LANE_HEAVY, DOOR_PUBLIC, .handle = big, .doc = "Big"},
	{METHOD_POST, "/person", LANE_READ, DOOR_PUBLIC, .handle = person, .specs = person_specs, .doc = "Person"},
	{METHOD_GET, "/download", LANE_READ, DOOR_PUBLIC, .handle = download, .doc = "Download"},
	{METHOD_GET, "/signed", LANE_READ, DOOR_SIGNED_IN, .handle = hello, .doc = "Hello"},
	{METHOD_POST, "/signed", LANE_READ, DOOR_SIGNED_IN, .handle = hello, .doc = "Hello"},
	{METHOD_GET, "/admin", LANE_READ, DOOR_CAP, CAP_ADMIN, .handle = hello, .doc = "Hello"},
	{METHOD_POST, "/session", LANE_READ, DOOR_PUBLIC, .handle = hello, .no_csrf = true, .doc = "Hello"},
	{METHOD_GET, "/api/v1/known", LANE_READ, DOOR_PUBLIC, .handle = hello, .doc = "Hello"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

/* --- who is it: "Authorization: user" or "admin"; cookie sid=user --------------------- */

static const struct actor user = {.kind = ACTOR_USER, .user_id = 1, .name = "User"};
static const struct actor admin = {.kind = ACTOR_USER, .user_id = 2, .name = "Admin", .caps = CAP_ADMIN};

static enum err authenticate(struct ctx *c, const struct http_request *req, bool *ret_needs_csrf)
{
	const char *bearer = http_header(req, "Authorization"), *cookie = http_cookie(req, "sid");
	*ret_needs_csrf = false;
	if (bearer != NULL) {
		if (str_equal(bearer, "Bearer user"))
			c->actor = &user;
		else if (str_equal(bearer, "Bearer admin"))
			c->actor = &admin;
		else
			return fail(c, ERR_DENIED, "", "token_invalid");
	} else if (cookie != NULL) {
		if (!str_equal(cookie, "user"))
			return fail(c, ERR_DENIED, "", "session_ended");
		c->actor = &user;
		*ret_needs_csrf = true;
	}
	return OK;
}

static bool csrf_ok(struct ctx *c, const struct http_request *req)
{
	(void)c;
	return str_equal(http_header(req, "X-CSRF-Token"), "right");
}

static const char *message(const struct ctx *c, const struct fault *fault)
{
	if (str_equal(fault->key, "required"))
		return c->locale == LOCALE_ZH_HANS ? "此项必填" : "This is required.";
	return NULL;
}

/* --- the page ---------------------------------------------------------------------------- */

static bool page(const char *path, struct http_page *ret)
{
	static const unsigned char index[] = "<!doctype html><style nonce=\"__CSP_NONCE__\"></style><meta name=n content=__CSP_NONCE__>";
	static const unsigned char plain[] = "console.log(1)", br[] = "BR", gzip[] = "GZ";
	if (strcmp(path, "/index.html") == 0) {
		*ret = (struct http_page){.data = index, .size = sizeof(index) - 1, .type = "text/html"};
		return true;
	}
	if (strcmp(path, "/assets/app-1234.js") == 0) {
		*ret = (struct http_page){.data = plain, .size = sizeof(plain) - 1, .br = br, .br_size = 2, .gzip = gzip, .gzip_size = 2,
		                          .type = "text/javascript", .etag = "\"app\"", .immutable = true};
		return true;
	}
	return false;
}

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
	static const char *const proxies[] = {"10.0.0.0/8", "2001:db8::1", NULL};
	struct http_config config = {.address = "127.0.0.1", .threads = 2, .authenticate = authenticate, .csrf_ok = csrf_ok, .message = message,
	                             .page = page, .trusted_proxies = proxies, .response_max = 1 << 20};
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

/* --- answers ---------------------------------------------------------------------------------------- */

static void test_security_headers(void **state)
{
	(void)state;
	static const char *const targets[] = {"/hello", "/nosuch.txt", "/api/v1/nosuch", "/signed", "/broken/bug", "/hello/", "/", "/assets/app-1234.js"};
	static const char *const names[] = {"X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Cross-Origin-Opener-Policy",
	                                    "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control"};
	char text[600];
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct answer a;
		client_ask(port, "GET", targets[i], "", NULL, &a);
		for (size_t j = 0; j < COUNT(names); j++)
			if (answer_field(&a, names[j], text, sizeof(text))[0] == '\0')
				client_wrong("%s: no %s", targets[i], names[j]);
		assert_non_null(strstr(answer_field(&a, "Content-Security-Policy", text, sizeof(text)), "frame-ancestors 'none'"));
		assert_string_equal(answer_field(&a, "Server", text, sizeof(text)), "");
		assert_string_equal(answer_field(&a, "Strict-Transport-Security", text, sizeof(text)), "");
		answer_release(&a);
	}
}

static void test_response_headers(void **state)
{
	(void)state;
	struct answer a;
	char text[200];
	client_ask(port, "GET", "/headers", "", NULL, &a);
	assert_int_equal(a.status, 201);
	assert_string_equal(answer_field(&a, "X-Good", text, sizeof(text)), "better");
	assert_string_equal(answer_field(&a, "X-Bad", text, sizeof(text)), "");
	assert_string_equal(answer_field(&a, "X-Injected", text, sizeof(text)), "");
	assert_string_equal(answer_field(&a, "Cache-Control", text, sizeof(text)), "private, max-age=5");
	assert_string_equal(answer_field(&a, "Content-Type", text, sizeof(text)), "text/plain; charset=utf-8");
	assert_non_null(strstr(a.head, "Set-Cookie: a=1\r\n"));
	assert_non_null(strstr(a.head, "Set-Cookie: b=2\r\n"));
	answer_release(&a);
}

static void test_problems(void **state)
{
	(void)state;
	struct answer a;
	char text[200];
	static const struct {
		const char *what;
		int status;
		const char *code;
	} cases[] = {
		{"unique", 409, "23505"}, {"version", 412, "version"}, {"disk", 507, "disk_full"}, {"column", 400, "42703"},
		{"several", 422, "invalid"}, {"other", 404, "not_found"}, {"rate", 429, "rate"}, {"bug", 500, "internal_error"}, {"plain", 500, "internal_error"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char target[50];
		(void)snprintf(target, sizeof(target), "/broken/%s", cases[i].what);
		client_ask(port, "GET", target, "", NULL, &a);
		assert_int_equal(a.status, cases[i].status);
		assert_string_equal(answer_field(&a, "Content-Type", text, sizeof(text)), "application/problem+json");
		assert_string_equal(answer_field(&a, "X-Left-Over", text, sizeof(text)), "");
		json_t *json = parse(&a);
		assert_text(json, "type", "about:blank");
		assert_text(json, "code", cases[i].code);
		assert_int_equal(json_integer_value(json_object_get(json, "status")), cases[i].status);
		assert_int_equal(strlen(json_string_value(json_object_get(json, "request_id"))), 16);
		assert_null(strstr(a.body, "secret"));
		if (strcmp(cases[i].what, "rate") == 0)
			assert_string_equal(answer_field(&a, "Retry-After", text, sizeof(text)), "17");
		json_decref(json);
		answer_release(&a);
	}
	client_ask(port, "GET", "/broken/several", "Accept-Language: fr, zh-CN;q=0.9, en;q=0.5\r\n", NULL, &a);
	json_t *json = parse(&a);
	const json_t *errors = json_object_get(json, "errors");
	assert_int_equal(json_array_size(errors), 2);
	assert_text(json_array_get(errors, 0), "field", "birthday");
	assert_text(json_array_get(errors, 0), "key", "date_in_past");
	assert_text(json_array_get(errors, 1), "message", "此项必填");
	json_decref(json);
	answer_release(&a);
	client_ask(port, "POST", "/kept", "", NULL, &a);
	assert_int_equal(a.status, 401);
	assert_string_equal(answer_field(&a, "WWW-Authenticate", text, sizeof(text)), "Bearer realm=\"guanxi\"");
	assert_non_null(strstr(a.body, "\"code\":\"sign_in_failed\""));
	answer_release(&a);
}

static void test_languages(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		enum locale locale;
	} cases[] = {
		{"", LOCALE_EN},
		{"Accept-Language: zh-TW\r\n", LOCALE_ZH_HANT},
		{"Accept-Language: zh-Hant-HK,en\r\n", LOCALE_ZH_HANT},
		{"Accept-Language: zh\r\n", LOCALE_ZH_HANS},
		{"Accept-Language: en;q=0.3, zh-Hans;q=0.31\r\n", LOCALE_ZH_HANS},
		{"Accept-Language: de, fr\r\n", LOCALE_EN},
		{"Accept-Language: zh;q=0, en;q=0.1\r\n", LOCALE_EN},
		{"Accept-Language: ;;;q=,,,\r\n", LOCALE_EN},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer a;
		client_ask(port, "GET", "/mirror", cases[i].fields, NULL, &a);
		json_t *json = parse(&a);
		assert_int_equal(json_integer_value(json_object_get(json, "locale")), cases[i].locale);
		json_decref(json);
		answer_release(&a);
	}
}

static void test_etag(void **state)
{
	(void)state;
	static const struct {
		const char *fields;
		int status;
	} cases[] = {
		{"", 200}, {"If-None-Match: \"v7\"\r\n", 304}, {"If-None-Match: \"v6\", W/\"v7\"\r\n", 304}, {"If-None-Match: *\r\n", 304},
		{"If-None-Match: \"v77\"\r\n", 200}, {"If-None-Match: \"v6\r\n", 200},
	};
	char text[50];
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer a;
		client_ask(port, "GET", "/tagged", cases[i].fields, NULL, &a);
		assert_int_equal(a.status, cases[i].status);
		assert_string_equal(answer_field(&a, "ETag", text, sizeof(text)), "\"v7\"");
		answer_release(&a);
	}
}

static size_t unzip(const struct answer *a, char *out, size_t n)
{
	z_stream z = {0};
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (Bytef *)a->body;
	z.avail_in = (uInt)a->body_n;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)n;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	size_t len = z.total_out;
	inflateEnd(&z);
	return len;
}

static void test_gzip(void **state)
{
	(void)state;
	static const struct {
		const char *target, *accept;
		bool zipped;
	} cases[] = {
		{"/big?n=10000", "gzip", true},    {"/big?n=10000", "br, gzip;q=0.5", true}, {"/big?n=10000", "*", true},       {"/big?n=10000", "gzip;q=0", false},
		{"/big?n=10000", "gzip;q=0.0", false}, {"/big?n=10000", "br", false},         {"/big?n=2000", "gzip", false},    {"/heavy/big?n=2000", "gzip", true},
		{"/heavy/big?n=500", "gzip", false}, {"/big?n=10000", "xgzip", false},
	};
	char *out = malloc(20000);
	char text[100];
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer a;
		(void)snprintf(text, sizeof(text), "Accept-Encoding: %s\r\n", cases[i].accept);
		client_ask(port, "GET", cases[i].target, text, NULL, &a);
		assert_int_equal(a.status, 200);
		bool zipped = strcmp(answer_field(&a, "Content-Encoding", text, sizeof(text)), "gzip") == 0;
		assert_int_equal(zipped, cases[i].zipped);
		if (zipped) {
			size_t n = unzip(&a, out, 20000);
			assert_int_equal(n, strtol(strchr(cases[i].target, '=') + 1, NULL, 10) + 2);
			assert_memory_equal(out, "\"abcdefghij", 11);
			assert_string_equal(answer_field(&a, "Vary", text, sizeof(text)), "Accept-Encoding");
		}
		answer_release(&a);
	}
	free(out);
}

/* What is asked once comes as small as the client can read it. */
static void test_dense(void **state)
{
	(void)state;
	static const struct {
		const char *accept, *coding;
	} cases[] = {{"gzip, deflate, br", "br"}, {"gzip", "gzip"}, {"gzip, br;q=0", "gzip"}};
	uint8_t out[20000];
	char text[100];
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer a;
		size_t n = sizeof(out);
		(void)snprintf(text, sizeof(text), "Accept-Encoding: %s\r\n", cases[i].accept);
		client_ask(port, "GET", "/dense?n=10000", text, NULL, &a);
		assert_string_equal(answer_field(&a, "Content-Encoding", text, sizeof(text)), cases[i].coding);
		assert_string_equal(answer_field(&a, "Vary", text, sizeof(text)), "Accept-Encoding");
		if (str_equal(cases[i].coding, "br"))
			assert_int_equal(BrotliDecoderDecompress(a.body_n, (const uint8_t *)a.body, &n, out), BROTLI_DECODER_RESULT_SUCCESS);
		else
			n = unzip(&a, (char *)out, sizeof(out));
		assert_int_equal(n, 10002);
		assert_memory_equal(out, "\"abcdefghij", 11);
		answer_release(&a);
	}
}

static void test_file(void **state)
{
	(void)state;
	char path[200], link[220], text[100];
	const char *dir = getenv("TMPDIR");
	(void)snprintf(path, sizeof(path), "%s/guanxi_http_%d", dir != NULL ? dir : "/tmp", (int)getpid());
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		(void)fprintf(file, "%09d\n", i);
	(void)fclose(file);
	static const struct {
		const char *fields;
		int status;
		const char *range, *body;
	} cases[] = {
		{"Range: bytes=0-9\r\n", 206, "bytes 0-9/1000000", "000000000\n"},
		{"Range: bytes=999990-\r\n", 206, "bytes 999990-999999/1000000", "000099999\n"},
		{"Range: bytes=-10\r\n", 206, "bytes 999990-999999/1000000", "000099999\n"},
		{"Range: bytes=1000000-\r\n", 416, "bytes */1000000", NULL},
		{"Range: bytes=-0\r\n", 416, "bytes */1000000", NULL},
		{"Range: bytes=5-2\r\n", 200, "", NULL},
		{"Range: bytes=0-1,4-5\r\n", 200, "", NULL},
		{"Range: chars=0-1\r\n", 200, "", NULL},
		{"Range: bytes=0-9\r\nIf-Range: \"f1\"\r\n", 206, "bytes 0-9/1000000", "000000000\n"},
		{"Range: bytes=0-9\r\nIf-Range: \"f0\"\r\n", 200, "", NULL},
		{"", 200, "", NULL},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct answer a;
		client_ask(port, "GET", "/download", cases[i].fields, NULL, &a);
		assert_int_equal(a.status, cases[i].status);
		assert_string_equal(answer_field(&a, "Content-Range", text, sizeof(text)), cases[i].range);
		if (cases[i].body != NULL)
			assert_string_equal(a.body, cases[i].body);
		if (a.status == 200)
			assert_int_equal(a.body_n, 1000000);
		answer_release(&a);
	}
	(void)snprintf(link, sizeof(link), "%s.real", path);
	assert_int_equal(rename(path, link), 0);
	expect_status("GET", "/download", "", NULL, 404);
	assert_int_equal(symlink(link, path), 0);
	expect_status("GET", "/download", "", NULL, 404);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(link), 0);
}

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

/* --- JSON bodies -------------------------------------------------------------------------------------- */

static void expect_person(const char *body, int status, const char *expected)
{
	struct answer a;
	client_ask(port, "POST", "/person", "Content-Type: application/json\r\n", body, &a);
	if (a.status != status || (expected != NULL && strstr(a.body, expected) == NULL))
		client_wrong("%s: %d %s", body, a.status, a.body);
	answer_release(&a);
}

static void test_json(void **state)
{
	(void)state;
	expect_person("{\"name\":\"王\",\"age\":7,\"active\":true,\"boss\":\"9007199254740993\",\"tags\":[1,2]}", 200, "王|7|1|9007199254740993|2");
	expect_person("{\"name\":\"a\",\"age\":7,\"boss\":12,\"active\":null}", 200, "a|7|0|12|0");
	expect_person("{\"name\":\"a\",\"age\":7,\"name\":\"b\"}", 400, "PGRST102");
	expect_person("{\"name\":\"a\"", 400, "json_malformed");
	expect_person("[]", 422, "object_expected");
	expect_person("", 400, "json_malformed");
	expect_person("{\"name\":\"a\",\"age\":1e999}", 400, "json_malformed");
	expect_person("{\"name\":\"a\",\"age\":NaN}", 400, "json_malformed");
	expect_person("{\"name\":\"a\",\"age\":99999999999999999999}", 400, "json_malformed");
	expect_person("{\"name\":\"a\\u0000b\",\"age\":1}", 400, "json_malformed");
	expect_person("{\"name\":\"\xff\",\"age\":1}", 400, "json_malformed");
	expect_person("{\"name\":\"a\",\"age\":1.5}", 422, "wrong_type");
	expect_person("{\"name\":\"12345678901\",\"age\":1}", 422, "too_long");
	struct answer a;
	client_ask(port, "POST", "/person", "", "{\"name\":5,\"is_admin\":true,\"boss\":\"x\",\"active\":\"yes\"}", &a);
	assert_int_equal(a.status, 422);
	json_t *json = parse(&a);
	assert_int_equal(json_array_size(json_object_get(json, "errors")), 5);
	assert_non_null(strstr(a.body, "{\"field\":\"age\",\"key\":\"required\""));
	assert_non_null(strstr(a.body, "{\"field\":\"is_admin\",\"key\":\"unknown_field\""));
	json_decref(json);
	answer_release(&a);
	expect_status("POST", "/person", "Content-Type: text/plain\r\n", "{\"name\":\"a\",\"age\":1}", 415);
	expect_status("POST", "/person", "Content-Type: application/merge-patch+json; charset=utf-8\r\n", "{\"name\":\"a\",\"age\":1}", 200);
	char *deep = repeat("{\"name\":\"a\",\"age\":1,\"tags\":", '[', 100000, "");
	expect_person(deep, 400, "json_malformed");
	free(deep);
	expect_person("{\"name\":\"[[[\",\"age\":1,\"tags\":[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]}", 200, "[[[|1|0|0|1");
}

/* --- doors -------------------------------------------------------------------------------------------- */

static void test_doors(void **state)
{
	(void)state;
	expect_status("GET", "/signed", "", NULL, 401);
	expect_status("GET", "/signed", "Authorization: Bearer wrong\r\n", NULL, 401);
	expect_status("GET", "/signed", "Authorization: Bearer user\r\n", NULL, 200);
	expect_status("GET", "/admin", "", NULL, 401);
	expect_status("GET", "/admin", "Authorization: Bearer user\r\n", NULL, 403);
	expect_status("GET", "/admin", "Authorization: Bearer admin\r\n", NULL, 200);
	expect_status("GET", "/hello", "Authorization: Bearer wrong\r\n", NULL, 200);
	expect_status("HEAD", "/signed", "", NULL, 401);
	/* before the body is read: the connection is closed, not the upload swallowed */
	int fd = client_open(port);
	struct answer a;
	client_send(fd, "POST /signed HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
	client_read(fd, false, &a);
	assert_int_equal(a.status, 401);
	answer_release(&a);
	assert_true(client_closed(fd));
	close(fd);
}

static void test_forgery(void **state)
{
	(void)state;
	static const struct {
		const char *target, *fields;
		int status;
	} cases[] = {
		{"/signed", "Cookie: sid=user\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: wrong\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\n", 200},
		{"/signed", "Cookie: a=b; sid=user; c=d\r\nX-CSRF-Token: right\r\nOrigin: https://crm.example\r\n", 200},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\nOrigin: https://evil.example\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\nOrigin: null\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\nSec-Fetch-Site: cross-site\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\nSec-Fetch-Site: same-site\r\n", 403},
		{"/signed", "Cookie: sid=user\r\nX-CSRF-Token: right\r\nSec-Fetch-Site: same-origin\r\n", 200},
		{"/signed", "Authorization: Bearer user\r\n", 200},
		{"/signed", "Authorization: Bearer user\r\nOrigin: https://evil.example\r\n", 200},
		{"/session", "", 200},
		{"/session", "Cookie: sid=old\r\n", 200},
		{"/session", "Cookie: sid=user\r\n", 200},
		{"/session", "Origin: https://evil.example\r\n", 403},
		{"/session", "Sec-Fetch-Site: cross-site\r\n", 403},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_status("POST", cases[i].target, cases[i].fields, NULL, cases[i].status);
	expect_status("GET", "/signed", "Cookie: sid=user\r\nSec-Fetch-Site: cross-site\r\n", NULL, 200);
}

static void test_proxy_untrusted(void **state)
{
	(void)state;
	struct answer a;
	client_ask(port, "GET", "/mirror", "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 9.9.9.9\r\n", NULL, &a);
	json_t *json = parse(&a);
	assert_text(json, "remote", "127.0.0.1");
	assert_true(json_is_false(json_object_get(json, "secure")));
	json_decref(json);
	answer_release(&a);
}

/* --- the page ------------------------------------------------------------------------------------------ */

static void test_page(void **state)
{
	(void)state;
	struct answer a, b;
	char text[600], nonce[100];
	client_ask(port, "GET", "/", "", NULL, &a);
	client_ask(port, "GET", "/customers/12", "", NULL, &b);
	assert_int_equal(a.status, 200);
	assert_int_equal(b.status, 200);
	assert_null(strstr(a.body, "__CSP_NONCE__"));
	assert_string_not_equal(a.body, b.body); /* a nonce for each */
	const char *at = strstr(a.body, "nonce=\"");
	assert_non_null(at);
	(void)snprintf(nonce, sizeof(nonce), "'nonce-%.32s'", at + 7);
	assert_non_null(strstr(answer_field(&a, "Content-Security-Policy", text, sizeof(text)), nonce));
	assert_null(strstr(text, "unsafe"));
	assert_string_equal(answer_field(&a, "Cache-Control", text, sizeof(text)), "no-cache");
	assert_non_null(strstr(answer_field(&a, "Content-Type", text, sizeof(text)), "text/html"));
	answer_release(&a);
	answer_release(&b);
	client_ask(port, "GET", "/assets/app-1234.js", "Accept-Encoding: gzip, br\r\n", NULL, &a);
	assert_string_equal(a.body, "BR");
	assert_string_equal(answer_field(&a, "Content-Encoding", text, sizeof(text)), "br");
	assert_string_equal(answer_field(&a, "Cache-Control", text, sizeof(text)), "public, max-age=31536000, immutable");
	answer_release(&a);
	client_ask(port, "GET", "/assets/app-1234.js", "", NULL, &a);
	assert_string_equal(a.body, "console.log(1)");
	answer_release(&a);
	expect_status("GET", "/assets/app-1234.js", "If-None-Match: \"app\"\r\n", NULL, 304);
	expect_status("GET", "/assets/app-9999.js", "", NULL, 404);
	expect_status("GET", "/index.html", "", NULL, 200);
	expect_status("POST", "/customers/12", "", NULL, 405);
	expect_status("HEAD", "/", "", NULL, 200);
	expect_status("GET", "/api", "", NULL, 404);
	expect_status("GET", "/apix", "", NULL, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_security_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_response_headers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_problems, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_languages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_etag, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_doors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forgery, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_proxy_untrusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_page, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("http answers", tests, NULL, NULL);
}
