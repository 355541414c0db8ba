/* Hands the finished answer to libmicrohttpd. */
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http_internal.h"

/* A program's answer is no document: should a browser ever show it as one, it may do nothing. */
#define CSP_DATA "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

struct default_field {
	const char *name, *value;
	bool data_only; /* the page sets its own */
};

static const struct default_field defaults[] = {
	{"X-Content-Type-Options", "nosniff", false},
	{"Referrer-Policy", "same-origin", false},
	{"Cross-Origin-Opener-Policy", "same-origin", false},
	{"Cross-Origin-Resource-Policy", "same-origin", false},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()", false},
	{"Content-Security-Policy", CSP_DATA, true},
	{"Cache-Control", "no-store", true},
};

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_defaults(struct http_call *call, struct MHD_Response *response)
{
	const struct http_response *res = &call->res;
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const struct default_field *d = &defaults[i];
		if (d->data_only && res->page)
			continue;
		/* most answers set nothing of their own */
		if (res->n_fields > 0 && http_response_field(res, d->name) != NULL)
			continue;
		if (!add(response, d->name, d->value))
			return false;
	}
	return !call->req.secure || add(response, "Strict-Transport-Security", "max-age=31536000");
}

static bool add_fields(struct http_call *call, struct MHD_Response *response)
{
	const struct http_response *res = &call->res;
	for (size_t i = 0; i < res->n_fields; i++)
		if (!add(response, res->fields[i].name, res->fields[i].value))
			return false;
	bool has_body = res->status != 204 && res->status != 304;
	if (has_body && !add(response, "Content-Type", res->type))
		return false;
	if (call->close || atomic_load_explicit(&call->http->stopping, memory_order_relaxed))
		return add(response, "Connection", "close");
	return true;
}

static struct MHD_Response *from_memory(const void *data, size_t n)
{
	/* libmicrohttpd only reads it, but takes no const */
	return MHD_create_response_from_buffer(n, (void *)(uintptr_t)data, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *make(struct http_call *call, uint64_t *ret_size)
{
	struct http_response *res = &call->res;
	switch (res->kind) {
	case KIND_FIXED:
		*ret_size = res->fixed_n;
		return from_memory(res->fixed, res->fixed_n);
	case KIND_STREAM:
		*ret_size = 0;
		return http_stream_response(call);
	case KIND_FILE:
		*ret_size = res->file_n;
		struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(res->file_n, res->fd, res->file_at);
		if (response != NULL)
			res->fd = -1; /* libmicrohttpd closes it */
		return response;
	case KIND_BODY:
		break;
	}
	const struct buf *body = call->packed.len > 0 ? &call->packed : &res->body;
	size_t n = res->status == 204 || res->status == 304 ? 0 : body->len;
	*ret_size = n;
	return from_memory(buf_text(body), n);
}

static void begin_sending(struct http_call *call, uint64_t size)
{
	if (call->res.kind == KIND_STREAM)
		return; /* has a rule of its own: http_write */
	if (call->req.method == METHOD_GET && (size >= HTTP_LONG_ANSWER || call->res.kind == KIND_FILE))
		http_watch_begin(call);
	http_conn_phase(call->conn, PHASE_SEND, http_now(call->http) + HTTP_SEND_MS + (int64_t)(size / HTTP_BYTES_PER_MS));
}

enum MHD_Result http_answer(struct http_call *call)
{
	struct http_response *res = &call->res;
	http_pack(call, &call->home->gzip);
	if (res->kind == KIND_FILE)
		http_range_apply(call);
	uint64_t size;
	struct MHD_Response *response = make(call, &size);
	if (response == NULL)
		return MHD_NO;
	enum MHD_Result done = MHD_NO;
	if (add_defaults(call, response) && add_fields(call, response)) {
		begin_sending(call, size);
		call->state = STATE_ANSWERED;
		done = MHD_queue_response(call->mhd, (unsigned)res->status, response);
	}
	MHD_destroy_response(response);
	return done;
}
