#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timeutil.h"
#include "core/http/http_internal.h"

struct http_call *http_call_of(struct http_response *res)
{
	return (struct http_call *)(void *)((char *)res - offsetof(struct http_call, res));
}

static struct http_call *call_new(struct http *http)
{
	struct http_call *call = calloc(1, sizeof(*call));
	if (call == NULL)
		return NULL;
	arena_init(&call->arena, HTTP_ARENA_MAX);
	ctx_init(&call->ctx, &call->arena, http->clock);
	call->ctx.store = http->store;
	if (http->config.prepare != NULL)
		http->config.prepare(http->config.arg, &call->ctx);
	call->ctx.arena = &call->arena;
	call->notes = &call->notes_memory;
	call->notes->arena = &call->arena;
	call->http = http;
	call->upload_fd = -1;
	buf_init(&call->body, HTTP_BODY_DEFAULT);
	buf_init(&call->packed, http->config.response_max);
	http_response_init(&call->res, http->config.response_max);
	return call;
}

static void over(struct http_call *call)
{
	if (call->begun && call->http->config.end != NULL)
		call->http->config.end(call->http->config.arg, &call->ctx);
	call->begun = false;
}

void http_call_free(struct http_call *call)
{
	if (call == NULL)
		return;
	over(call);
	http_response_reset(&call->res);
	http_response_release(&call->res);
	http_call_drop_upload(call);
	if (call->notes->json != NULL)
		json_decref(call->notes->json);
	buf_release(&call->body);
	buf_release(&call->packed);
	arena_release(&call->arena);
	free(call);
}

struct http_call *http_call_take(struct http_thread *thread)
{
	struct http_call *call = thread->idle;
	if (call == NULL)
		return call_new(thread->http);
	thread->idle = call->next;
	thread->n_idle--;
	return call;
}

/* Ids of requests need only be unlike each other and hard to foresee: a counter, mixed. */
static void make_id(struct http_call *call, struct http_thread *thread)
{
	uint64_t x = call->http->id_seed ^ (uint64_t)(uintptr_t)thread ^ (++thread->ids * 0x9e3779b97f4a7c15u);
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	for (size_t i = 0; i < 16; i++)
		call->request_id[i] = "0123456789abcdef"[(x >> (60 - 4 * i)) & 15];
	call->request_id[16] = '\0';
}

void http_call_begin(struct http_call *call, struct http_thread *thread, struct http_conn *conn, struct MHD_Connection *mhd, const char *uri)
{
	call->conn = conn;
	call->mhd = mhd;
	call->home = thread;
	call->state = STATE_HEAD;
	call->started_us = time_monotonic_us();
	call->uri_raw = uri;
	call->uri = NULL;
	size_t n = strnlen(uri, HTTP_URL_MAX + 1);
	if (n <= HTTP_URL_MAX)
		call->uri = arena_strndup(&call->arena, uri, n);
	atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
	make_id(call, thread);
	call->req = (struct http_request){.path = "", .query = "", .body = "", .remote = conn->remote, .conn = call};
	call->ctx.request_id = call->request_id;
	if (call->http->config.begin != NULL)
		call->http->config.begin(call->http->config.arg, &call->ctx);
	call->begun = true;
}

void http_call_ref(struct http_call *call)
{
	atomic_fetch_add(&call->refs, 1);
}

void http_call_drop_upload(struct http_call *call)
{
	if (call->upload_fd >= 0)
		(void)close(call->upload_fd);
	call->upload_fd = -1;
	http_upload_over(call);
	if (call->upload_path != NULL)
		(void)unlink(call->upload_path); /* gone when the handler has taken it over */
	free(call->upload_path);
	call->upload_path = NULL;
}

static void keep_small(struct buf *buf)
{
	if (buf->cap > HTTP_KEEP_BYTES)
		buf_release(buf);
	else
		buf_reset(buf);
}

static void clean(struct http_call *call)
{
	over(call);
	http_response_reset(&call->res);
	keep_small(&call->res.body);
	keep_small(&call->body);
	keep_small(&call->packed);
	http_call_drop_upload(call);
	if (call->notes->json != NULL)
		json_decref(call->notes->json);
	call->notes->json = NULL;
	faults_clear(&call->ctx);
	arena_reset(&call->arena);
	call->start = (struct arena_mark){0};
	call->ctx.actor = NULL;
	call->ctx.door = 0;
	call->ctx.db = NULL;
	call->ctx.locale = LOCALE_EN;
	call->ctx.deadline_ms = 0;
	call->ctx.request_id = "-";
	call->conn = NULL;
	call->mhd = NULL;
	call->route = NULL;
	call->idempotency_key = NULL;
	call->worker = NULL;
	call->received = 0;
	call->body_max = 0;
	call->spoiled = false;
	call->spoiled_at = 0;
	call->admitted = false;
	call->at_head = false;
	call->needs_csrf = false;
	call->suspended = false;
	call->close = false;
	call->result = OK;
}

void http_call_unref(struct http_call *call, struct http_thread *thread)
{
	if (atomic_fetch_sub(&call->refs, 1) != 1)
		return;
	if (thread == NULL || thread->n_idle >= HTTP_CALLS_KEPT) {
		http_call_free(call);
		return;
	}
	clean(call);
	call->next = thread->idle;
	thread->idle = call;
	thread->n_idle++;
}

void http_call_rewind(struct http_call *call)
{
	http_response_reset(&call->res);
	faults_clear(&call->ctx);
	if (call->notes->json != NULL)
		json_decref(call->notes->json);
	call->notes->json = NULL;
	arena_rewind(&call->arena, call->start);
}
