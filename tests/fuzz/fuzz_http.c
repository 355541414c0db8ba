/* Everything the server reads of a request after its lines have been split: target, query,
 * headers, JSON body.  Input: target, headers ("Name: value") a line each, an empty line, the body.
 * What is let through is checked against what the handlers are promised. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err nothing(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)ctx;
	(void)req;
	(void)res;
	return OK;
}

struct body {
	const char *name;
	int64_t count, owner_id;
	bool active;
	json_t *more;
};

static const struct spec specs[] = {
	{"name", SPEC_TEXT, offsetof(struct body, name), true, 20, "Name"},
	{"count", SPEC_INT, offsetof(struct body, count), false, 0, "Count"},
	{"active", SPEC_BOOL, offsetof(struct body, active), false, 0, "Active"},
	{"owner_id", SPEC_ID, offsetof(struct body, owner_id), false, 0, "Owner"},
	{"more", SPEC_JSON, offsetof(struct body, more), false, 0, "More"},
	{NULL, SPEC_TEXT, 0, false, 0, NULL},
};

static const struct route routes[] = {
	{METHOD_GET, "/api/v1/*", LANE_READ, DOOR_PUBLIC, .handle = nothing, .doc = "x"},
	{METHOD_GET, "/api/v1/*/*", LANE_READ, DOOR_PUBLIC, .handle = nothing, .doc = "x"},
	{METHOD_GET, "/api/v1/customer/*/changes", LANE_READ, DOOR_PUBLIC, .handle = nothing, .doc = "x"},
	{METHOD_GET, "/api/v1/customer/new", LANE_READ, DOOR_PUBLIC, .handle = nothing, .doc = "x"},
	{METHOD_POST, "/api/v1/session", LANE_READ, DOOR_PUBLIC, .handle = nothing, .specs = specs, .doc = "x"},
	{METHOD_GET, "/files/**", LANE_READ, DOOR_PUBLIC, .handle = nothing, .doc = "x"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_text(const char *text)
{
	require(utf8_valid(text, strlen(text)));
}

/* A path that was taken has no way out of its folder and no second reading. */
static void check_path(const struct http_path *path)
{
	require(path->text[0] == '/' && strlen(path->text) == path->len);
	check_text(path->text);
	for (size_t i = 0; i < path->n; i++) {
		const char *segment = path->text + path->at[i];
		size_t n = path->size[i];
		require(n > 0 && memchr(segment, '/', n) == NULL && memchr(segment, '\\', n) == NULL);
		require(!(n == 1 && segment[0] == '.') && !(n == 2 && segment[0] == '.' && segment[1] == '.'));
	}
}

static void try_target(struct http_call *call, const char *target)
{
	struct http_path path;
	struct http_match match;
	size_t n = strcspn(target, "?");
	if (http_path_parse(&call->arena, target, n, &path) == 0) {
		check_path(&path);
		if (http_router_find(&call->http->router, &call->arena, &path, &match))
			for (size_t i = 0; i < HTTP_PARAMS_MAX; i++)
				if (match.params[i] != NULL)
					check_text(match.params[i]);
	}
	call->req.query = target[n] == '?' ? target + n + 1 : "";
	if (!http_query_valid(&call->arena, call->req.query))
		call->req.query = "";
	static const char *const names[] = {"a", "select", "", "名"};
	for (size_t i = 0; i < 4; i++)
		for (size_t nth = 0; nth < 3; nth++) {
			const char *value = http_query(&call->ctx, &call->req, names[i], nth);
			if (value != NULL)
				check_text(value);
		}
}

static void try_headers(struct http_call *call)
{
	const struct http_request *req = &call->req;
	require((int)http_locale(req) < LOCALE_COUNT);
	(void)http_accepts(req, "gzip");
	(void)http_accepts(req, "br");
	(void)http_cookie(req, "sid");
	(void)http_not_modified(req, &call->res, "\"v12\"");
	http_response_reset(&call->res);
	http_set_header(&call->res, "ETag", "\"v12\"");
	call->res.kind = KIND_FILE;
	call->res.file_n = 1000;
	http_range_apply(call);
	require(call->res.kind != KIND_FILE || (call->res.file_n <= 1000 && call->res.file_at <= 1000 - call->res.file_n));
	http_response_reset(&call->res);
}

static void try_body(struct http_call *call, const char *text, size_t n)
{
	struct body body = {0};
	call->req.body = text;
	call->req.body_len = n;
	call->req.route = &routes[4];
	call->route = &routes[4];
	faults_clear(&call->ctx);
	if (http_read_body(&call->ctx, &call->req, &body) == OK) {
		require(body.name != NULL && strlen(body.name) <= 20 && body.owner_id >= 0);
		check_text(body.name);
	} else {
		require(call->ctx.faults.count > 0);
		http_problem(&call->ctx, &call->res, 0, NULL);
		json_t *problem = json_loadb(buf_text(&call->res.body), call->res.body.len, JSON_REJECT_DUPLICATES, NULL);
		require(problem != NULL); /* whatever was said, the answer is JSON */
		json_decref(problem);
	}
	if (call->notes->json != NULL)
		json_decref(call->notes->json);
	call->notes->json = NULL;
}

/* Cuts the next line off; NULL at the end. */
static char *next_line(char **at)
{
	char *line = *at;
	if (line == NULL)
		return NULL;
	char *end = strchr(line, '\n');
	*at = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return line;
}

static void read_headers(struct http_call *call, char **at)
{
	const char *line;
	while ((line = next_line(at)) != NULL && *line != '\0' && call->head.n < HTTP_FIELDS_MAX) {
		const char *colon = strchr(line, ':');
		if (colon == NULL)
			continue;
		const char *value = colon + 1 + strspn(colon + 1, " ");
		const char *name = arena_strndup(&call->arena, line, (size_t)(colon - line));
		if (name != NULL)
			call->head.fields[call->head.n++] =
				(struct http_field){.name = name, .value = value, .name_n = (size_t)(colon - line), .value_n = strlen(value)};
	}
}

static void run(struct http *http, struct http_call *call, char *text, size_t size)
{
	char *at = text;
	const char *target = next_line(&at);
	arena_init(&call->arena, 64u << 20);
	ctx_init(&call->ctx, &call->arena, clock_system());
	call->http = http;
	call->notes = &call->notes_memory;
	call->notes->arena = &call->arena;
	call->req = (struct http_request){.path = "", .query = "", .body = "", .remote = "", .conn = call};
	call->upload_fd = -1;
	http_response_init(&call->res, 1 << 20);
	call->head.n = 0;
	read_headers(call, &at);
	try_target(call, target);
	try_headers(call);
	if (at != NULL)
		try_body(call, at, size - (size_t)(at - text));
	http_response_reset(&call->res);
	http_response_release(&call->res);
	arena_release(&call->arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http *http = calloc(1, sizeof(*http));
	struct http_call *call = calloc(1, sizeof(*call));
	char *text = malloc(size + 1);
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	if (http != NULL && call != NULL && text != NULL && http_router_init(&ctx, &http->router, tables) == OK) {
		memcpy(text, data, size);
		text[size] = '\0';
		run(http, call, text, size);
		http_router_release(&http->router);
	}
	free(text);
	free(call);
	free(http);
	arena_release(&arena);
	return 0;
}
