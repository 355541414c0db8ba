/* What the files of this folder share; nobody else includes it.
 *
 * A connection (http_conn) lives from accept to close.  A call (http_call) is one
 * request and its answer: made when the request line is there, recycled when the
 * answer is sent.  Both belong to the network thread, except while the connection
 * is suspended: then the call belongs to the pool or the writer that works on it,
 * and MHD_resume_connection is the last thing done with it there. */
#ifndef GUANXI_CORE_HTTP_INTERNAL_H
#define GUANXI_CORE_HTTP_INTERNAL_H

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <zlib.h>

#include "base/map.h"
#include "core/http/http.h"
#include "core/store/store.h"

enum {
	HTTP_URL_MAX = 8 * 1024,
	HTTP_VALUE_MAX = 8 * 1024,
	HTTP_FIELDS_MAX = 100,        /* headers of a request */
	HTTP_SEGMENTS_MAX = 16,       /* of a path */
	HTTP_ALLOW_MAX = 64,
	HTTP_ANSWER_FIELDS_MAX = 32,  /* headers a handler may set */
	HTTP_JSON_DEPTH_MAX = 32,
	HTTP_BODY_DEFAULT = 1024 * 1024,
	HTTP_BODY_BY_DOOR = 1024 * 1024, /* routes of larger ones need route.may */
	HTTP_BODY_UNASKED = 64 * 1024, /* PostgreSQL: of larger ones it is asked first who sends them */
	HTTP_UPLOADS_EACH = 4,        /* under way at once, of one person */
	HTTP_DISK_RESERVE = 256 * 1024 * 1024,
	HTTP_DISK_SHARE = 16,
	HTTP_OVERFLOW = 1024 * 1024,  /* read past the body's maximum, to answer 413 rather than break off */
	HTTP_CONN_MEMORY = 32 * 1024, /* libmicrohttpd clears it for every request, so no larger than needed */
	HTTP_ARENA_MAX = 64 * 1024 * 1024,
	HTTP_KEEP_BYTES = 64 * 1024,  /* buffers larger than this are not kept for the next request */
	HTTP_CALLS_KEPT = 256,        /* idle calls a network thread keeps */
	HTTP_RING = 256 * 1024,       /* between a streaming handler and a slow client */
	HTTP_SSE_RING = 64 * 1024,
	HTTP_WAKE = 32 * 1024,        /* bytes that are worth waking the network thread for at once */
	HTTP_QUEUE = 64,              /* calls that wait for one pool */
	HTTP_ADDRESS_QUEUE = 48,      /* of them from one address */
	HTTP_WHO_QUEUE = 16,          /* of them by one person */
	HTTP_HEAVY_SPARE = 12,        /* slow readers of streams that cost nobody else a thread */
	HTTP_CROWDED_MS = 2000,       /* how long a stream may wait for its client when there are more of them */
	HTTP_READ_QUEUE = 1024,       /* PostgreSQL */
	HTTP_READ_THREADS = 16,       /* PostgreSQL */
	HTTP_READ_SHARE = 8,          /* of them for one person */
	HTTP_PUBLIC_THREADS = 2,      /* PostgreSQL */
	HTTP_BUDGET_STEPS = 400000,   /* READ lane, SQLite: steps, and time for functions that do much in one */
	HTTP_BUDGET_LITE_MS = 60,
	HTTP_BUDGET_MS = 250,         /* READ lane, PostgreSQL */
	HTTP_IDLE_MS = 75000,         /* between requests of a kept connection */
	HTTP_SEND_MS = 60000,         /* for an answer, plus time for its size */
	HTTP_STALL_MS = 30000,        /* a stream may wait this long in all, plus time for its size */
	HTTP_BYTES_PER_MS = 64,       /* slowest transfer that is put up with: 64 KB/s */
	HTTP_TICK_MS = 250,
	HTTP_HEARTBEAT_MS = 15000,
	HTTP_HEAVY_DEADLINE_MS = 600000,
	HTTP_LIST_DEADLINE_S = 20,    /* of a slow question; then too_slow */
	HTTP_NICE = 10,               /* who works long lets the others pass */
	HTTP_LONG_ANSWER = 1024 * 1024, /* what a slow client may take its time over: watched */
	HTTP_GZIP_MIN = 1024,
	HTTP_GZIP_MIN_READ = 4096,
};

struct http_thread;
struct http_call;
struct http_stream;
struct http_pool;
struct http_watch;

/* --- router (http_route.c) ------------------------------------------------ */

struct http_path {
	const char *text; /* decoded */
	size_t len;
	size_t n;
	uint16_t at[HTTP_SEGMENTS_MAX], size[HTTP_SEGMENTS_MAX]; /* of segments, in text */
};

struct http_node {
	const struct route *routes[METHOD_COUNT];
	int star, rest; /* children for * and **; 0: none */
	bool used;      /* has a route */
};

struct http_edge {
	const char *text; /* NULL: free slot */
	size_t n;
	int parent, child;
};

struct http_router {
	struct http_node *nodes;
	size_t n_nodes, cap_nodes;
	struct http_edge *edges; /* open addressing over (parent, segment) */
	size_t cap_edges;        /* a power of two */
	const struct route **routes;
	size_t n_routes;
};

struct http_match {
	const struct http_node *node;       /* NULL: no such path */
	const char *params[HTTP_PARAMS_MAX];
};

enum err http_router_init(struct ctx *ctx, struct http_router *router, const struct route *const *tables) MUST_CHECK;
void http_router_release(struct http_router *router);
/* Params live in the arena; false when it is full. */
bool http_router_find(const struct http_router *router, struct arena *arena, const struct http_path *path, struct http_match *ret) MUST_CHECK;
/* "GET, HEAD, OPTIONS" for a node. */
void http_router_allow(const struct http_node *node, char out[HTTP_ALLOW_MAX]);
/* -1: none of ours. HEAD counts as GET. */
int http_method_number(const char *name);
const char *http_method_name(enum method method);

/* --- path and query (http_path.c) ------------------------------------------ */

/* Decodes and checks the path of a request target: 0, or the status to refuse it with. */
int http_path_parse(struct arena *arena, const char *raw, size_t n, struct http_path *ret) MUST_CHECK;
/* Whether the raw query decodes to valid UTF-8. */
bool http_query_valid(struct arena *arena, const char *raw) MUST_CHECK;

/* --- connections (http_conn.c) ---------------------------------------------- */

/* What a connection waits for; the ticker closes it when the deadline is past. */
enum http_phase {
	PHASE_OPEN, /* accepted, nothing seen yet */
	PHASE_HEAD, /* the rest of a request's head */
	PHASE_IDLE, /* the next request */
	PHASE_BODY,
	PHASE_WORK, /* our answer: no deadline here */
	PHASE_SEND,
};

struct http_conn {
	struct http_conn *prev, *next; /* all of them, under http->conns_lock */
	struct http_thread *thread;
	struct http_call *call;        /* network thread only */
	int fd;
	_Atomic int phase;
	_Atomic int64_t deadline_ms;   /* on the ticker's clock; 0: none */
	struct http_watch *watch;      /* http_watch.c; NULL: none */
	char remote[48];
	unsigned char key[8];          /* for the cap: IPv4 address or IPv6 /64 */
	size_t key_n;
	bool counted;                  /* against the cap of its address */
	bool proxy;                    /* a trusted proxy: its forwarding headers count */
};

struct http_net { /* a trusted proxy, or a network of them */
	unsigned char address[16]; /* IPv4 mapped into IPv6 */
	int bits;
};

/* --- calls ------------------------------------------------------------------- */

struct http_field {
	const char *name, *value;
	size_t name_n, value_n;
};

struct http_head {
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t n;
	bool has_body;
	bool chunked;
	int64_t length; /* declared; 0 when chunked */
};

enum http_kind { KIND_BODY, KIND_FIXED, KIND_FILE, KIND_STREAM };

struct http_response {
	int status;
	enum http_kind kind;
	struct buf body;
	const char *type;
	struct http_field fields[HTTP_ANSWER_FIELDS_MAX]; /* lengths unused */
	size_t n_fields;
	bool fixed_head;      /* streaming: too late for headers */
	bool page;            /* a document of the page: its own security headers */
	bool packed;          /* compressed, or found not worth it */
	bool dense;           /* see http_dense */
	const void *fixed;    /* KIND_FIXED: memory of the program */
	size_t fixed_n;
	int fd;               /* KIND_FILE */
	uint64_t file_at, file_n;
	struct http_stream *stream; /* KIND_STREAM; holds a reference */
};

enum http_state {
	STATE_HEAD,      /* nothing looked at yet */
	STATE_ADMITTING, /* suspended before the body, a pool asks who it is */
	STATE_BODY,
	STATE_READY,     /* to be run */
	STATE_DONE,      /* to be answered */
	STATE_ANSWERED,
};

enum http_task { TASK_ADMIT_HEAD, TASK_READ, TASK_HEAVY };

struct http_worker;

/* What a handler may change of a request it sees as const. */
struct http_notes {
	struct arena *arena;
	json_t *json; /* parsed body, for the values that were lent */
};

struct http_call {
	struct http_request req;
	struct http_response res;
	struct ctx ctx;
	struct arena arena;
	struct arena_mark start;  /* of the handler's memory: what came before outlives a rerun */
	struct http_head head;
	struct http_notes *notes; /* = &notes_memory: not const where the call is */
	struct http_notes notes_memory;
	struct http *http;
	struct http_thread *home;
	struct http_conn *conn;
	struct MHD_Connection *mhd;
	struct http_call *next;   /* in a pool's queue or among the idle */
	struct http_worker *worker; /* of a pool, while it works on this */
	uint64_t who;             /* whose share this takes, set when it is queued: a person, or nobody at an address */
	_Atomic int refs;         /* network thread, and a handler that streams */
	bool begun;               /* config.begin was called, and config.end was not yet */
	enum http_state state;
	enum http_task task;
	const struct route *route;
	struct write_job write;
	const char *idempotency_key;
	const char *uri;          /* copy */
	const char *body_raw;     /* where libmicrohttpd keeps what it has of the body; NULL: not known */
	const char *uri_raw;      /* where libmicrohttpd has it; compared, never read */
	struct buf body;
	struct buf packed;
	int upload_fd;
	char *upload_path;
	struct http_call *upload_prev, *upload_next; /* under http->uploads_lock while upload_path is set */
	uint64_t upload_who;
	uint64_t promised;        /* bytes of the disk that are still to come, twice what was announced */
	uint64_t received;
	size_t body_max;
	bool spoiled;             /* refused, but the body is not at its end */
	uint64_t spoiled_at;
	bool admitted;
	bool at_head;             /* a body is to come, and nothing of it is taken yet */
	bool needs_csrf;
	bool suspended;           /* counted in http->suspended */
	bool close;
	enum err result;
	int64_t started_us;
	int64_t body_started_ms;
	char request_id[20];
};

/* --- pools (http_pool.c) ------------------------------------------------------ */

struct http_gzip {
	z_stream z;
	bool ready;
};

struct http_worker {
	struct http_pool *pool;
	pthread_t thread;
	bool running;
	struct http_gzip gzip;
	/* under pool->lock for whoever is not the worker */
	struct db *db;
	uint64_t who; /* 0: nobody, or not known yet */
	bool aside;   /* waits for a slow client */
	int fd;       /* looked at for a client that has left; -1: not */
	bool left;    /* it has */
};

/* Pools stop in this order: a reader puts work into the others. */
enum http_pool_kind { POOL_READ, POOL_PUBLIC, POOL_SIGN_IN, POOL_LISTS, POOL_EXPORTS, POOL_WORK, POOL_COUNT };

struct http_pool_plan {
	const char *name;
	size_t threads; /* 0: the configured number */
	size_t spare, queue;
	bool shares;    /* nobody has more than half of the threads, or their part of the queue */
	bool looks;     /* stops for a client that has left */
	bool postgres;  /* for that engine only */
	int nice;
	int64_t budget_ms; /* 0: none */
};
extern const struct http_pool_plan http_pool_plans[POOL_COUNT];

enum http_put { PUT_TAKEN, PUT_FULL, PUT_SHARE };

struct http_pool {
	struct http *http;
	const struct http_pool_plan *plan;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct http_call *head, *tail;
	size_t queued, busy;
	size_t share;                /* calls of one person or address at work at once; 0: all */
	_Atomic size_t crowd;        /* queued, for a look without the lock */
	size_t running_max;          /* at work at once */
	size_t waiting, waiting_max; /* of those busy: not at work, but waiting for a slow client */
	bool stopping;
	struct http_worker *workers;
	size_t n_workers;
};

enum err http_pool_start(struct ctx *ctx, struct http *http, enum http_pool_kind kind) MUST_CHECK;
/* Whoever waits for a client lets one of the spare threads work meanwhile; false when all of them are given out. */
bool http_pool_wait(struct http_worker *worker) MUST_CHECK;
void http_pool_go_on(struct http_worker *worker);
/* Not taken: full or stopping, or whoever asks has too much in it already. */
enum http_put http_pool_put(struct http_pool *pool, struct http_call *call) MUST_CHECK;
/* Whether somebody has a call that waits there. */
bool http_pool_crowded(struct http_pool *pool, uint64_t who) MUST_CHECK;
/* Now it is known whose call a worker has: how many workers have one of theirs. */
size_t http_pool_claim(struct http_worker *worker, uint64_t who);
/* The call is about to leave its worker: nobody looks at its connection from here on. True: its client has left. */
bool http_pool_forget(struct http_worker *worker);
/* Interrupts the statements of those whose client has left. */
void http_pool_look(struct http_pool *pool);
/* Whose share a call takes. */
uint64_t http_who(const struct http_call *call);
/* Answers what waits with 503, stops the statements that run, and joins; what comes later is refused. */
void http_pool_stop(struct http_pool *pool);
void http_pool_release(struct http_pool *pool);
void http_pool_counts(struct http_pool *pool, int64_t *ret_queued, int64_t *ret_busy);

/* --- the server ----------------------------------------------------------------- */

/* One network thread with a daemon of its own; all daemons take from one listening socket. */
struct http_thread {
	struct http *http;
	struct MHD_Daemon *daemon;
	int listen_fd; /* its own, on the port of all */
	pthread_t thread;
	bool running;
	atomic_bool quiet; /* takes no new connections */
	int wake_fd; /* eventfd in the daemon's epoll set */
	int64_t n_conns;
	struct http_call *idle;
	size_t n_idle;
	struct db *db;
	struct http_gzip gzip;
	uint64_t ids; /* counter of request ids */
	/* written here only, read by http_stats */
	_Atomic int64_t open; /* calls begun and not completed */
	atomic_bool entering; /* on the way into a lane: http_stop waits for it */
	_Atomic int64_t requests[6];
	_Atomic int64_t latency[16];
	_Atomic int64_t latency_us;
};

struct http {
	struct http_config config;
	struct store *store;
	const struct clock *clock;
	bool postgres;
	bool tls;
	bool known_layout; /* of libmicrohttpd's header memory: see http_head.c */
	char *cert, *key;  /* PEM */
	size_t key_n;
	int port;
	struct http_router router;
	struct http_net *proxies;
	size_t n_proxies;
	char *upload_dir;
	pthread_mutex_t uploads_lock;
	struct http_call *uploads; /* under way */
	uint64_t promised;         /* what they are still to take of the disk */
	uint64_t id_seed;

	struct http_thread *threads; /* config.threads of them */
	atomic_bool net_quiet; /* no new connections */
	atomic_bool net_stop;

	pthread_mutex_t conns_lock;
	struct http_conn *conns;
	struct map addresses; /* connections by address */
	int64_t n_conns;
	_Atomic int64_t refused;

	struct http_pool pools[POOL_COUNT];

	_Atomic int64_t writing;   /* jobs with the store */
	_Atomic int64_t suspended;
	atomic_bool stopping; /* nothing new */
	atomic_bool closing;  /* lanes are shut */

	_Atomic int64_t now_ms;    /* the ticker's clock, coarse */
	pthread_t ticker;
	bool ticker_running;
	pthread_mutex_t ticker_lock;
	pthread_cond_t ticker_wake;
	bool ticker_stop;

	pthread_t watcher;
	bool watcher_running;
	atomic_bool watcher_stop;

	pthread_mutex_t streams_lock;
	struct http_stream *streams;
};

/* http_net.c */
enum err http_net_start(struct ctx *ctx, struct http *http) MUST_CHECK;
/* No new connections. */
void http_net_quiesce(struct http *http);
/* Ends the threads and closes what is open. */
void http_net_stop(struct http *http);
/* Resumes a connection from any thread and wakes its own. */
void http_net_resume(struct http *http, struct MHD_Connection *mhd);
/* The thread's read connection; NULL when there is none to be had. */
struct db *http_thread_db(struct http_thread *thread, struct http_call *call);

/* In callbacks of libmicrohttpd `cls` is the thread. */

/* http_conn.c */
enum MHD_Result http_conn_accept(void *cls, const struct sockaddr *address, socklen_t n);
void http_conn_notify(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code);
/* `deadline_ms` on the ticker's clock, 0: none. */
void http_conn_phase(struct http_conn *conn, enum http_phase phase, int64_t deadline_ms);
int64_t http_now(const struct http *http);
/* Closes what is past its deadline; `idle`: also what waits for its next request, with
 * `heads` even in the middle of its head. */
void http_conn_sweep(struct http *http, bool idle, bool heads);
void http_conn_shut_all(struct http *http);
enum err http_conn_proxies(struct ctx *ctx, struct http *http) MUST_CHECK;
/* The client's address and scheme after trusted proxies. */
void http_conn_client(struct http_call *call);
/* Best effort, on a plain connection on which nothing is being sent: status line and close. */
void http_conn_last_words(const struct http_conn *conn, int status);

/* http_call.c */
struct http_call *http_call_take(struct http_thread *thread);
void http_call_begin(struct http_call *call, struct http_thread *thread, struct http_conn *conn, struct MHD_Connection *mhd, const char *uri);
void http_call_ref(struct http_call *call);
/* `thread` is the network thread that calls, or NULL. */
void http_call_unref(struct http_call *call, struct http_thread *thread);
void http_call_free(struct http_call *call);
/* As before the handler ran: response, faults, memory. */
void http_call_rewind(struct http_call *call);
/* Drops the uploaded file unless the handler has moved it. */
void http_call_drop_upload(struct http_call *call);

/* http_head.c: 0, or the status to refuse the request with and its key */
int http_head_read(struct http_call *call, const char *method, const char *version, const char **ret_key);

/* http_request.c: libmicrohttpd's callbacks */
void *http_request_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_request_step(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version, const char *data,
                                  size_t *size, void **slot);
void http_request_completed(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode code);

/* http_head.c: where the body begins in libmicrohttpd's memory (NULL: not known), and whether the line before a chunk's
 * data ends as it should, as far as it can be seen. */
const char *http_head_end(const struct http_call *call, const char *method);
bool http_chunk_well_placed(const char *start, const char *data);

/* http_upload.c */
enum err http_upload_prepare(struct ctx *ctx, struct http *http) MUST_CHECK;
/* Also refuses what the disk has no room for. */
bool http_upload_open(struct http_call *call) MUST_CHECK;
bool http_upload_write(struct http_call *call, const char *data, size_t n) MUST_CHECK;
/* The call is refused if it fails. */
void http_upload_finish(struct http_call *call);
/* It is no longer under way, however it ended. */
void http_upload_over(struct http_call *call);

/* http_admit.c: who is it, may they; sets call->result and the faults */
bool http_admit(struct http_call *call) MUST_CHECK;
const struct http_field *http_field_find(const struct http_head *head, const char *name, size_t n);

/* http_lanes.c */
/* Who is it, before the body: on this thread (SQLite). */
void http_lanes_admit_here(struct http_call *call);
/* True: finished, answer it; false: suspended. */
bool http_lanes_run(struct http_call *call) MUST_CHECK;
/* Suspends and asks a pool who it is (PostgreSQL, before a large body). */
void http_lanes_admit_head(struct http_call *call);
void http_lanes_work(struct http_worker *worker, struct http_call *call);
/* A refused answer: the faults hold one of this key. */
void http_refuse(struct http_call *call, enum err code, const char *key, int status);
void http_suspend(struct http_call *call);
void http_resume(struct http_call *call);
/* Sets the problem document when the result is an error. */
void http_finish(struct http_call *call);

/* http_response.c */
void http_response_init(struct http_response *res, size_t max);
void http_response_reset(struct http_response *res);
void http_response_release(struct http_response *res);
const char *http_response_field(const struct http_response *res, const char *name);

/* http_answer.c */
enum MHD_Result http_answer(struct http_call *call) MUST_CHECK;

/* http_gzip.c */
void http_pack(struct http_call *call, struct http_gzip *gzip);
void http_gzip_release(struct http_gzip *gzip);
bool http_accepts(const struct http_request *req, const char *coding);

/* http_page.c */
/* Answers from the page; false: it has nothing for this path. */
bool http_page_answer(struct http_call *call) MUST_CHECK;

/* http_range.c: Range of a file answer */
void http_range_apply(struct http_call *call);

/* http_stream.c: a bounded ring between who makes an answer and libmicrohttpd.  Lives
 * until the response and the connection have both let go of it. */
struct http_stream {
	struct http_stream *prev, *next; /* http->streams */
	struct http *http;
	struct http_worker *worker; /* who makes it; NULL: nobody of a pool */
	_Atomic int refs;
	pthread_mutex_t lock;
	pthread_cond_t room;
	struct MHD_Connection *mhd; /* set while it is suspended for want of data */
	char *ring;
	size_t size, at, used;
	bool ended;     /* nothing more will come */
	bool broken;    /* what came is not all of it */
	bool gone;      /* nobody reads any more */
	bool events;    /* server-sent */
	int64_t taken;  /* bytes the client's side has taken */
	int64_t waited_ms;
	int64_t last_ms; /* of the last byte put in */
	void *arg;
	void (*release)(void *arg);
};

struct http_sse {
	struct http_stream stream;
};

enum err http_stream_new(struct ctx *ctx, struct http *http, size_t ring, struct http_stream **ret) MUST_CHECK;
void http_stream_unref(struct http_stream *stream);
/* All or nothing, at once; false when there is no room or nobody reads. With the lock held. */
bool http_stream_put(struct http_stream *stream, const void *data, size_t n) MUST_CHECK;
/* Wakes a connection that waits for data.  With the lock held. */
void http_stream_wake(struct http_stream *stream);
/* Ends it from the producing side. */
void http_stream_end(struct http_stream *stream, bool broken);
struct MHD_Response *http_stream_response(struct http_call *call);
/* Every tick: sends what lies there, heartbeats. */
void http_streams_tick(struct http *http);
/* At the stop: ends streams of events, with `all` breaks off the others too. */
void http_streams_stop(struct http *http, bool all);

/* http_watch.c: from begin to end the connection is shut when the call's actor loses something.  By whoever owns the call. */
void http_watch_begin(struct http_call *call);
void http_watch_end(struct http *http, struct http_conn *conn);
bool http_watch_start(struct http *http) MUST_CHECK;
void http_watch_stop(struct http *http);

/* http_metrics.c */
void http_metrics_count(struct http_call *call);

/* http_server.c */
struct http_call *http_call_of(struct http_response *res);

#endif
