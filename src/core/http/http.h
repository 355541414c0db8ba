/* HTTP: libmicrohttpd on epoll behind route tables.  The only folder that includes microhttpd.h.
 *
 * Lanes.  READ handlers run on the network threads with that thread's read
 * connection and a work budget; one that passes it is run again by the pool of
 * slow questions.  WRITE handlers run inside a write job (store.h) and are answered
 * after the durable commit.  HEAVY handlers run on the bounded pool of their kind of
 * work; when it is full the answer is 503, when the caller has too much in it 429,
 * both with Retry-After.  On PostgreSQL, READ runs on a pool as well. */
#ifndef GUANXI_CORE_HTTP_HTTP_H
#define GUANXI_CORE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "core/gate/gate.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_COUNT };
enum lane { LANE_READ, LANE_WRITE, LANE_HEAVY };
/* HEAVY: whose pool; no kind of work waits for another. */
enum work { WORK_PLAIN /* imports, uploads, bulk changes */, WORK_SIGN_IN /* whatever hashes a password */, WORK_EXPORT };

/* Who may call a route at all; entity rights are asked by the handler through the gate. */
enum door {
	DOOR_PUBLIC,   /* anybody */
	DOOR_SIGNED_IN, /* any actor */
	DOOR_CAP,      /* actor with `cap` */
};

enum { HTTP_PARAMS_MAX = 4 };

struct http_request {
	enum method method;
	bool head;              /* HEAD: the handler runs as GET, the body is dropped */
	const char *path;       /* decoded, normalised */
	const char *params[HTTP_PARAMS_MAX]; /* what * and ** of the pattern matched, decoded */
	const char *query;      /* raw, after '?'; "" if none */
	const char *body;       /* NUL-terminated; "" if none, and of `upload` routes */
	size_t body_len;
	int64_t declared;       /* bytes of the body as its head says; 0: none, or it does not say */
	const char *body_path;  /* `upload` routes: the temporary file it was streamed to (mode 0600, in the data
	                         * folder), removed after the handler unless that has renamed it; else NULL */
	const char *remote;     /* client address (after trusted proxies) */
	bool secure;            /* came over TLS, or a trusted proxy says so */
	const void *conn;       /* opaque */
	const void *route;
};

/* Header of the request, case-insensitive; NULL if absent; values over 8 KiB are refused before. */
const char *http_header(const struct http_request *req, const char *name);
const char *http_cookie(const struct http_request *req, const char *name);
/* Decoded query parameter; NULL if absent; n-th occurrence from 0. Lives in ctx's arena.
 * Valid UTF-8 without NUL: other queries are refused before the handler. */
const char *http_query(struct ctx *ctx, const struct http_request *req, const char *name, size_t nth);
/* The best of our languages by Accept-Language. */
enum locale http_locale(const struct http_request *req);

struct http_response;
void http_status(struct http_response *res, int status);
/* Values with CR, LF or NUL are refused (the header is left out and the error logged). */
void http_set_header(struct http_response *res, const char *name, const char *value);
/* The body, grown up to the response cap; content type default application/json. */
struct buf *http_body(struct http_response *res);
/* The body is asked once and read by people on slow lines: it is compressed well, for some milliseconds more. */
void http_dense(struct http_response *res);
void http_content_type(struct http_response *res, const char *type);
/* Sets the ETag (with its quotes); true if If-None-Match has it: the status is then 304 and no body is needed. */
bool http_not_modified(const struct http_request *req, struct http_response *res, const char *etag);
/* Writes the problem document (RFC 9457) of ctx->faults over what the body held, for a
 * handler that answers an error and yet returns OK so that its writes stay.
 * status 0 and code NULL: by the key of the first fault (http_problem.c). */
void http_problem(struct ctx *ctx, struct http_response *res, int status, const char *code);
/* Sends a file (ranges honoured); the path is opened at once, a symbolic link is refused. */
enum err http_send_file(struct ctx *ctx, struct http_response *res, const char *path) MUST_CHECK;
/* HEAVY only: starts a streamed answer; status and headers are fixed from then on.
 * http_write blocks while the client is slow and fails with ERR_UPSTREAM (key
 * "client_gone") once it is gone or reads slower than a minimum rate.  A handler
 * that then returns an error breaks the transfer off, so that the client notices. */
enum err http_stream_begin(struct ctx *ctx, struct http_response *res) MUST_CHECK;
enum err http_write(struct ctx *ctx, struct http_response *res, const void *data, size_t n) MUST_CHECK;

/* Returns an error: the edge writes the problem document (RFC 9457) from ctx->faults. */
typedef enum err (*http_handler)(struct ctx *ctx, const struct http_request *req, struct http_response *res);

/* One accepted member of a JSON request body. Unknown members are refused. */
enum spec_type { SPEC_TEXT, SPEC_INT, SPEC_BOOL, SPEC_ID, SPEC_JSON };
struct spec {
	const char *name;
	enum spec_type type;
	size_t offset; /* into the result struct: const char *, int64_t, bool, int64_t, json_t * (borrowed) */
	bool required;
	int max;       /* text: bytes, 0 for 1,000 */
	const char *doc;
};

struct route {
	enum method method;
	const char *pattern; /* "/api/v1/users/ * /rights": * is one segment (no spaces in real patterns), a final ** the rest */
	enum lane lane;
	enum door door;
	uint32_t cap;
	http_handler handle;
	const struct spec *specs; /* ended by name NULL; for OpenAPI and http_read_body; NULL: none or own format */
	size_t body_max;          /* 0: 1 MiB */
	bool upload;              /* the body is streamed to a file */
	bool no_csrf;             /* sign-in and signed webhooks only */
	/* Pages of other sites may ask, as a browser lets them by CORS: their question beforehand (OPTIONS) is answered for all of them,
	 * the handler asks Origin for itself, names it in its answer, and never looks at who is signed in. */
	bool cors;
	enum work work;           /* of HEAVY routes */
	/* May they at all?  Asked at the head, before any of a large body is taken, and refused there; the handler asks for
	 * itself again.  Required where a large body is not let in by the door alone.  req has no body yet. */
	enum err (*may)(struct ctx *ctx, const struct http_request *req);
	const char *doc;          /* one line for OpenAPI; required */
};

/* Parses the JSON body by the route's specs into `out`; all errors reported together. */
enum err http_read_body(struct ctx *ctx, const struct http_request *req, void *out) MUST_CHECK;

struct http_page {
	const unsigned char *data, *gzip, *br;
	size_t size, gzip_size, br_size;
	const char *type, *etag;
	bool immutable; /* hashed name: cache for a year */
};

struct http_config {
	const char *address; /* "127.0.0.1" */
	int port;            /* 0: any free one */
	int threads;         /* network threads; 0: one a core */
	int heavy_threads;   /* of each pool; 0: one a core, at least two */
	const char *tls_cert, *tls_key; /* PEM files, or NULL */
	const char *const *trusted_proxies; /* addresses, ended by NULL, or NULL */
	int per_address_max; /* connections; 0: 256 */
	int connections_max; /* 0: 10,000 */
	int64_t head_deadline_ms, body_deadline_ms; /* 0: 10 s, 60 s (plus time for size) */
	size_t response_max; /* buffered body; 0: 32 MiB */
	uint64_t disk_reserve; /* uploads leave this much of the disk to the database; 0: a sixteenth of it, at most 256 MiB */
	/* Who is it?  Sets ctx->actor (arena or cached, valid for the request) and
	 * ctx->locale.  ERR_DENIED for bad credentials; OK with a NULL actor for none. */
	enum err (*authenticate)(struct ctx *ctx, const struct http_request *req, bool *ret_needs_csrf);
	bool (*csrf_ok)(struct ctx *ctx, const struct http_request *req);
	/* Open bodies and long answers end with the rights they began with; NULL hold: they do not.  hold: a copy of ctx's
	 * actor, freed by drop (NULL: no memory).  changes grows with whatever might take rights away; any thread, at once.
	 * still: ERR_DENIED when the held one has lost something since; ctx->db is there for reading. */
	void *(*hold)(struct ctx *ctx);
	void (*drop)(void *held);
	int64_t (*changes)(void *arg);
	enum err (*still)(struct ctx *ctx, const void *held);
	/* Idempotency-Key on POST, inside the write job; NULL: none. find returns OK with *ret_hit; *ret_body NULL: it was
	 * answered for other rights than the actor has now. */
	enum err (*idem_find)(struct ctx *ctx, const struct http_request *req, const char *key, bool *ret_hit, int *ret_status, const char **ret_body);
	enum err (*idem_save)(struct ctx *ctx, const struct http_request *req, const char *key, int status, const char *body, size_t n);
	/* A request was refused with 403 (forged ones too), or with 401 in spite of credentials;
	 * for the audit trail. Runs on any thread, must not block; NULL: nobody asks. The first of
	 * ctx->faults says why. */
	void (*refused)(struct ctx *ctx, const struct http_request *req, int status);
	/* Message for a fault key in the context's language. */
	const char *(*message)(const struct ctx *ctx, const struct fault *fault);
	/* The page: finds an embedded file for a path; false: none (then index.html). */
	bool (*page)(const char *path, struct http_page *ret);
	/* Fills a context for a thread: registry, app … */
	void (*prepare)(void *arg, struct ctx *ctx);
	/* What one request works with from its beginning to its end, and the end of that; both or neither. */
	void (*begin)(void *arg, struct ctx *ctx);
	void (*end)(void *arg, struct ctx *ctx);
	void *arg;
};


struct http;
enum err http_start_new(struct ctx *ctx, struct store *store, const struct http_config *config, const struct route *const *tables, struct http **ret) MUST_CHECK;
int http_port(const struct http *http);
/* Stops accepting, finishes what runs (up to wait_ms), frees everything. */
void http_stop(struct http *http, int64_t wait_ms);
/* Walks all routes, for OpenAPI and tests. */
const struct route *http_route_at(const struct http *http, size_t i);

/* --- live events (server-sent) ---------------------------------------- */

struct http_sse; /* one open stream */
/* Turns the response into an event stream; READ lane only. Once this has returned OK,
 * release(arg) is called exactly once, at the end. */
enum err http_sse_begin(struct ctx *ctx, struct http_response *res, void *arg, void (*release)(void *arg), struct http_sse **ret) MUST_CHECK;
/* From any thread.  False if the client is gone or too slow (its stream is then ended).
 * `id` 0: none; `event` NULL: "message". */
bool http_sse_send(struct http_sse *sse, int64_t id, const char *event, const char *data);
/* Ends the stream after what was sent.  A stream may be used until release(arg) has
 * been called (on any thread, holding no lock), however it ended. */
void http_sse_close(struct http_sse *sse);

struct http_stats {
	int64_t requests[6]; /* by status class, [0] all */
	int64_t connections, refused, heavy_queued, heavy_running;
	int64_t latency_us_buckets[16]; /* below powers of two from 64 us; the last has all that took longer */
	int64_t latency_us_total;
};
void http_stats(const struct http *http, struct http_stats *ret);

#endif
