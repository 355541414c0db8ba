/* libmicrohttpd's callbacks.  One request goes through: its first line (begin), its
 * head (first step), its body if any (more steps), the end of it (last step), the
 * answer sent (completed).  An answer queued in the first step closes the connection
 * (libmicrohttpd 0.9.75), so requests without a body are answered in the last step. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http_internal.h"

static struct http_conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

void *http_request_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct http_thread *thread = cls;
	struct http *http = thread->http;
	struct http_conn *conn = conn_of(mhd);
	if (conn == NULL)
		return NULL;
	struct http_call *call = http_call_take(thread);
	if (call == NULL)
		return NULL;
	atomic_store_explicit(&thread->open, thread->open + 1, memory_order_relaxed);
	http_call_begin(call, thread, conn, mhd, uri);
	conn->call = call;
	http_conn_phase(conn, PHASE_HEAD, http_now(http) + http->config.head_deadline_ms);
	return call;
}

/* --- the head ------------------------------------------------------------------ */

/* Splits path and query off the request target. */
static int read_target(struct http_call *call, struct http_path *path)
{
	if (call->uri == NULL)
		return 414;
	size_t n = strcspn(call->uri, "?");
	call->req.query = call->uri[n] == '?' ? call->uri + n + 1 : "";
	int status = http_path_parse(&call->arena, call->uri, n, path);
	if (status == 0)
		call->req.path = path->text;
	if (status == 0 && !http_query_valid(&call->arena, call->req.query))
		status = 400;
	return status;
}

static const char *target_key(int status)
{
	switch (status) {
	case 414: return "url_too_long";
	case 404: return "not_found";
	case 503: return "memory";
	default: return "url_malformed";
	}
}

static void refuse_method(struct http_call *call, const char *allow, bool asked)
{
	if (!asked)
		http_refuse(call, ERR_INVALID, "method_not_allowed", 405);
	else
		http_status(&call->res, 204);
	http_set_header(&call->res, "Allow", allow);
	call->state = STATE_DONE;
}

/* What a browser asks before a page of another site may: nothing is told of the site, the request itself is judged by it. */
static void allow_sites(struct http_call *call, const struct http_node *node, const char *allow)
{
	bool cors = false;
	for (int i = 0; i < METHOD_COUNT; i++)
		cors = cors || (node->routes[i] != NULL && node->routes[i]->cors);
	if (!cors)
		return;
	http_set_header(&call->res, "Access-Control-Allow-Origin", "*");
	http_set_header(&call->res, "Access-Control-Allow-Methods", allow);
	http_set_header(&call->res, "Access-Control-Allow-Headers", "Content-Type");
	http_set_header(&call->res, "Access-Control-Max-Age", "600");
}

/* No route: perhaps a file of the page. */
static void answer_unrouted(struct http_call *call, const char *method)
{
	bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (http_page_answer(call)) {
		if (!get) {
			http_response_reset(&call->res);
			refuse_method(call, "GET, HEAD, OPTIONS", strcmp(method, "OPTIONS") == 0);
		}
		call->state = STATE_DONE;
		return;
	}
	http_refuse(call, ERR_NOT_FOUND, "not_found", 404);
}

static void find_route(struct http_call *call, const struct http_path *path, const char *method)
{
	struct http_match match;
	if (!http_router_find(&call->http->router, &call->arena, path, &match)) {
		http_refuse(call, ERR_RETRY, "memory", 503);
		return;
	}
	if (match.node == NULL) {
		answer_unrouted(call, method);
		return;
	}
	int number = http_method_number(method);
	call->req.head = strcmp(method, "HEAD") == 0;
	if (number < 0 || match.node->routes[number] == NULL) {
		char allow[HTTP_ALLOW_MAX];
		http_router_allow(match.node, allow);
		refuse_method(call, allow, strcmp(method, "OPTIONS") == 0);
		if (strcmp(method, "OPTIONS") == 0)
			allow_sites(call, match.node, allow);
		return;
	}
	call->req.method = (enum method)number;
	memcpy(call->req.params, match.params, sizeof(match.params));
	call->route = match.node->routes[number];
	call->req.route = call->route;
}

/* The whole server: "OPTIONS *". */
static bool asks_server(struct http_call *call, const char *method)
{
	if (strcmp(method, "OPTIONS") != 0 || !str_equal(call->uri, "*"))
		return false;
	refuse_method(call, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", true);
	return true;
}

static void read_head(struct http_call *call, const char *method, const char *version)
{
	const char *key;
	int status = http_head_read(call, method, version, &key);
	if (status != 0) {
		call->close = true; /* where this request ends is in doubt: nothing after it is read */
		http_refuse(call, ERR_INVALID, key, status);
		return;
	}
	call->req.declared = call->head.length;
	http_conn_client(call);
	if (asks_server(call, method))
		return;
	struct http_path path;
	status = read_target(call, &path);
	call->close = status == 400 || status == 414;
	if (status != 0)
		http_refuse(call, status == 404 ? ERR_NOT_FOUND : ERR_INVALID, target_key(status), status);
	else
		find_route(call, &path, method);
}

/* Looks at what is declared of the body before any of it is taken. */
static void check_body(struct http_call *call)
{
	call->body_max = call->route->body_max != 0 ? call->route->body_max : HTTP_BODY_DEFAULT;
	const struct http_field *coding = http_field_find(&call->head, "content-encoding", 16);
	if (call->req.method == METHOD_GET) {
		call->close = true;
		http_refuse(call, ERR_INVALID, "body_unexpected", 400);
	} else if (call->head.length > 0 && (uint64_t)call->head.length > call->body_max) {
		http_refuse(call, ERR_LIMIT, "too_large", 413);
	} else if (coding != NULL && !str_equal_nocase(coding->value, "identity")) {
		http_refuse(call, ERR_INVALID, "media_type", 415);
	}
}

/* A body may take its time if it is large, but not drip. */
static void set_body_deadline(struct http_call *call)
{
	int64_t deadline = call->body_started_ms + call->http->config.body_deadline_ms + (int64_t)(call->received / HTTP_BYTES_PER_MS);
	http_conn_phase(call->conn, PHASE_BODY, deadline);
}

static enum MHD_Result begin_body(struct http_call *call)
{
	if (call->route->upload && !http_upload_open(call))
		return http_answer(call);
	buf_release(&call->body);
	buf_init(&call->body, call->body_max);
	call->at_head = false;
	call->state = STATE_BODY;
	call->body_started_ms = http_now(call->http);
	http_watch_begin(call);
	set_body_deadline(call);
	return MHD_YES;
}

/* http_stop shuts the lanes and then waits for who is on the way in: either it sees
 * us, or we see that they are shut. */
static bool enter(struct http_call *call)
{
	atomic_store(&call->home->entering, true);
	if (!atomic_load(&call->http->closing))
		return true;
	atomic_store(&call->home->entering, false);
	call->close = true;
	http_refuse(call, ERR_RETRY, "stopping", 503);
	return false;
}

/* A body that is worth asking first who sends it. */
static bool large_body(const struct http_call *call)
{
	return call->route->upload || call->head.chunked || call->head.length > HTTP_BODY_UNASKED;
}

/* Nobody sends us a body before we know that they may. */
static enum MHD_Result expect_body(struct http_call *call)
{
	if (call->state == STATE_READY)
		check_body(call);
	call->at_head = true;
	if (call->state == STATE_READY && !call->http->postgres)
		http_lanes_admit_here(call);
	if (call->state == STATE_DONE)
		return http_answer(call); /* closes the connection: the body is never read */
	if (!call->http->postgres || !large_body(call))
		return begin_body(call);
	struct http_thread *home = call->home;
	if (!enter(call))
		return http_answer(call);
	http_lanes_admit_head(call);
	atomic_store(&home->entering, false);
	return MHD_YES;
}

static enum MHD_Result step_head(struct http_call *call, const char *method, const char *version)
{
	http_conn_phase(call->conn, PHASE_WORK, 0);
	call->state = STATE_READY;
	read_head(call, method, version);
	call->body_raw = call->head.chunked ? http_head_end(call, method) : NULL;
	if (call->state == STATE_READY && atomic_load_explicit(&call->http->stopping, memory_order_relaxed)) {
		call->close = true;
		http_refuse(call, ERR_RETRY, "stopping", 503);
	}
	if (call->head.has_body)
		return expect_body(call);
	if (call->state == STATE_READY && call->route->upload && http_upload_open(call))
		http_upload_finish(call); /* the handler may count on a file, if an empty one */
	return call->close ? http_answer(call) : MHD_YES;
}

/* --- the body -------------------------------------------------------------------- */

/* The answer is known to be a refusal, but can only be sent at the end of the body. */
static void spoil(struct http_call *call)
{
	call->spoiled = true;
	call->spoiled_at = call->received;
	call->state = STATE_BODY;
	buf_reset(&call->body);
}

static void take_body(struct http_call *call, const char *data, size_t n)
{
	if (call->received > call->body_max) {
		http_refuse(call, ERR_LIMIT, "too_large", 413);
		spoil(call);
	} else if (!call->route->upload) {
		buf_add(&call->body, data, n);
	} else if (!http_upload_write(call, data, n)) {
		spoil(call);
	}
}

static enum MHD_Result step_body(struct http_call *call, const char *data, size_t n)
{
	call->received += n;
	set_body_deadline(call);
	if (!call->spoiled && !http_chunk_well_placed(call->body_raw, data)) {
		http_refuse(call, ERR_INVALID, "framing", 400);
		spoil(call);
	}
	if (!call->spoiled)
		take_body(call, data, n);
	if (!call->spoiled || call->received <= call->spoiled_at + HTTP_OVERFLOW)
		return MHD_YES;
	if (!call->http->tls)
		http_conn_last_words(call->conn, call->res.status);
	return MHD_NO;
}

static void end_body(struct http_call *call)
{
	http_conn_phase(call->conn, PHASE_WORK, 0);
	call->state = STATE_READY;
	call->close |= call->head.chunked; /* two readers may differ in where it ends: nothing after it is read */
	http_watch_end(call->http, call->conn);
	call->admitted = false; /* who was let in at the head may be nobody by now: asked again */
	if (call->spoiled) {
		call->state = STATE_DONE;
	} else if (call->route->upload) {
		http_upload_finish(call);
	} else if (buf_failed(&call->body)) {
		http_refuse(call, ERR_RETRY, "memory", 503);
	} else {
		call->req.body = buf_text(&call->body);
		call->req.body_len = call->body.len;
	}
}

/* --- steps ------------------------------------------------------------------------- */

static enum MHD_Result step_run(struct http_call *call)
{
	struct http_thread *home = call->home;
	if (!enter(call))
		return http_answer(call);
	call->start = arena_mark(&call->arena);
	bool done = http_lanes_run(call);
	atomic_store(&home->entering, false);
	return done ? http_answer(call) : MHD_YES;
}

static enum MHD_Result step(struct http_call *call, const char *method, const char *version, const char *data, size_t *size)
{
	switch (call->state) {
	case STATE_HEAD:
		return step_head(call, method, version);
	case STATE_ADMITTING:
		return begin_body(call);
	case STATE_BODY:
		if (*size > 0) {
			size_t n = *size;
			*size = 0;
			return step_body(call, data, n);
		}
		end_body(call);
		return call->state == STATE_DONE ? http_answer(call) : step_run(call);
	case STATE_READY:
		return step_run(call);
	case STATE_DONE:
		return http_answer(call);
	case STATE_ANSWERED:
		break;
	}
	return MHD_NO;
}

enum MHD_Result http_request_step(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version, const char *data,
                                  size_t *size, void **slot)
{
	(void)cls;
	(void)mhd;
	(void)url;
	struct http_call *call = *slot;
	if (call == NULL)
		return MHD_NO; /* no memory when it began */
	if (call->suspended) {
		call->suspended = false;
		atomic_fetch_sub(&call->http->suspended, 1);
	}
	return step(call, method, version, data, size);
}

void http_request_completed(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code)
{
	(void)mhd;
	(void)code;
	struct http_thread *thread = cls;
	struct http *http = thread->http;
	struct http_call *call = *slot;
	if (call == NULL)
		return;
	*slot = NULL;
	if (call->suspended) { /* at the stop of the daemon */
		call->suspended = false;
		atomic_fetch_sub(&http->suspended, 1);
	}
	if (call->conn->call == call)
		call->conn->call = NULL;
	http_watch_end(http, call->conn);
	http_conn_phase(call->conn, PHASE_IDLE, http_now(http) + HTTP_IDLE_MS);
	http_metrics_count(call);
	atomic_store_explicit(&thread->open, thread->open - 1, memory_order_relaxed);
	http_call_unref(call, thread);
}
