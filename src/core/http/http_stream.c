/* Answers that are made while they are sent, and server-sent events.
 *
 * Lock order: http->streams_lock, then a stream's lock, then libmicrohttpd's own
 * (suspend and resume are called with the stream's lock held). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/timeutil.h"
#include "core/http/http_internal.h"

static void list_add(struct http_stream *stream)
{
	struct http *http = stream->http;
	pthread_mutex_lock(&http->streams_lock);
	stream->next = http->streams;
	if (http->streams != NULL)
		http->streams->prev = stream;
	http->streams = stream;
	pthread_mutex_unlock(&http->streams_lock);
}

static void list_remove(struct http_stream *stream)
{
	struct http *http = stream->http;
	pthread_mutex_lock(&http->streams_lock);
	if (stream->prev != NULL)
		stream->prev->next = stream->next;
	else
		http->streams = stream->next;
	if (stream->next != NULL)
		stream->next->prev = stream->prev;
	pthread_mutex_unlock(&http->streams_lock);
}

static enum err init_locks(struct http_stream *stream)
{
	pthread_condattr_t attr;
	if (pthread_mutex_init(&stream->lock, NULL) != 0)
		return ERR_RETRY;
	bool ok = pthread_condattr_init(&attr) == 0;
	if (ok) {
		ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&stream->room, &attr) == 0;
		pthread_condattr_destroy(&attr);
	}
	if (!ok)
		pthread_mutex_destroy(&stream->lock);
	return ok ? OK : ERR_RETRY;
}

enum err http_stream_new(struct ctx *ctx, struct http *http, size_t ring, struct http_stream **ret)
{
	struct http_sse *sse = calloc(1, sizeof(*sse)); /* a stream of events is nothing more */
	char *memory = malloc(ring);
	if (sse == NULL || memory == NULL || init_locks(&sse->stream) != OK) {
		free(sse);
		free(memory);
		return fail(ctx, ERR_RETRY, "", "memory");
	}
	struct http_stream *stream = &sse->stream;
	stream->http = http;
	stream->ring = memory;
	stream->size = ring;
	stream->last_ms = http_now(http);
	atomic_init(&stream->refs, 1);
	list_add(stream);
	*ret = stream;
	return OK;
}

void http_stream_unref(struct http_stream *stream)
{
	if (atomic_fetch_sub(&stream->refs, 1) != 1)
		return;
	list_remove(stream);
	if (stream->release != NULL)
		stream->release(stream->arg);
	pthread_cond_destroy(&stream->room);
	pthread_mutex_destroy(&stream->lock);
	free(stream->ring);
	free(stream);
}

/* --- the producing side ------------------------------------------------------------ */

void http_stream_wake(struct http_stream *stream)
{
	struct MHD_Connection *mhd = stream->mhd;
	if (mhd == NULL)
		return;
	stream->mhd = NULL;
	atomic_fetch_sub(&stream->http->suspended, 1);
	http_net_resume(stream->http, mhd);
}

static void copy_in(struct http_stream *stream, const char *data, size_t n)
{
	size_t to = (stream->at + stream->used) % stream->size;
	size_t first = stream->size - to < n ? stream->size - to : n;
	memcpy(stream->ring + to, data, first);
	memcpy(stream->ring, data + first, n - first);
	stream->used += n;
	stream->last_ms = http_now(stream->http);
}

bool http_stream_put(struct http_stream *stream, const void *data, size_t n)
{
	if (stream->gone || stream->ended || stream->size - stream->used < n)
		return false;
	copy_in(stream, data, n);
	return true;
}

void http_stream_end(struct http_stream *stream, bool broken)
{
	pthread_mutex_lock(&stream->lock);
	if (!stream->ended) {
		stream->ended = true;
		stream->broken = broken;
	}
	http_stream_wake(stream);
	pthread_mutex_unlock(&stream->lock);
}

/* With the lock held.  False when the client has been too slow for too long in all. */
static bool wait_for_room(struct http_stream *stream)
{
	int64_t patience = HTTP_STALL_MS + stream->taken / HTTP_BYTES_PER_MS - stream->waited_ms;
	if (patience <= 0)
		return false;
	/* meanwhile another thread works; when too many wait already, nobody may wait for long */
	bool aside = stream->worker != NULL && http_pool_wait(stream->worker);
	if (!aside && patience > HTTP_CROWDED_MS)
		patience = HTTP_CROWDED_MS;
	int64_t before = time_monotonic_us();
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(patience / 1000 + 1);
	int rc = pthread_cond_timedwait(&stream->room, &stream->lock, &until);
	stream->waited_ms += (time_monotonic_us() - before) / 1000;
	if (aside)
		http_pool_go_on(stream->worker);
	return rc == 0 || (aside && rc == ETIMEDOUT);
}

enum err http_write(struct ctx *ctx, struct http_response *res, const void *data, size_t n)
{
	struct http_stream *stream = res->stream;
	if (stream == NULL || !res->fixed_head || stream->events)
		return fail(ctx, ERR_BUG, "", "no_stream");
	const char *at = data;
	pthread_mutex_lock(&stream->lock);
	while (n > 0 && !stream->gone && !stream->ended) {
		size_t room = stream->size - stream->used;
		size_t part = room < n ? room : n;
		copy_in(stream, at, part);
		at += part;
		n -= part;
		/* small pieces wait for company or for the ticker: waking costs a system call */
		if (stream->used >= HTTP_WAKE || stream->taken == 0)
			http_stream_wake(stream);
		if (n > 0 && !wait_for_room(stream)) {
			stream->ended = stream->broken = true;
			http_stream_wake(stream);
		}
	}
	pthread_mutex_unlock(&stream->lock);
	return n == 0 ? OK : fail(ctx, ERR_UPSTREAM, "", "client_gone");
}

/* --- libmicrohttpd's side ------------------------------------------------------------ */

struct reader {
	struct http_stream *stream;
	struct MHD_Connection *mhd;
	int fd;
};

/* libmicrohttpd 0.9.75 may forget a connection whose reader reports an error while it
 * is in nobody's poll set; but a write that fails is always noticed.  So nothing more
 * can leave, and then something is given to be sent. */
static ssize_t break_off(const struct reader *reader, char *out)
{
	(void)shutdown(reader->fd, SHUT_RDWR);
	out[0] = '\n';
	return 1;
}

static ssize_t read_ring(void *cls, uint64_t pos, char *out, size_t max)
{
	(void)pos;
	struct reader *reader = cls;
	struct http_stream *stream = reader->stream;
	ssize_t result = 0;
	pthread_mutex_lock(&stream->lock);
	if (stream->used > 0) {
		size_t n = stream->used < max ? stream->used : max;
		size_t first = stream->size - stream->at < n ? stream->size - stream->at : n;
		memcpy(out, stream->ring + stream->at, first);
		memcpy(out + first, stream->ring, n - first);
		stream->at = (stream->at + n) % stream->size;
		stream->used -= n;
		stream->taken += (int64_t)n;
		pthread_cond_signal(&stream->room);
		result = (ssize_t)n;
	} else if (stream->ended) {
		result = stream->broken ? break_off(reader, out) : MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		stream->mhd = reader->mhd;
		atomic_fetch_add(&stream->http->suspended, 1);
		MHD_suspend_connection(reader->mhd);
	}
	pthread_mutex_unlock(&stream->lock);
	return result;
}

static void reader_free(void *cls)
{
	struct reader *reader = cls;
	struct http_stream *stream = reader->stream;
	pthread_mutex_lock(&stream->lock);
	stream->gone = true;
	if (stream->mhd != NULL) { /* suspended when the daemon stopped */
		stream->mhd = NULL;
		atomic_fetch_sub(&stream->http->suspended, 1);
	}
	pthread_cond_broadcast(&stream->room);
	pthread_mutex_unlock(&stream->lock);
	http_stream_unref(stream);
	free(reader);
}

struct MHD_Response *http_stream_response(struct http_call *call)
{
	struct http_stream *stream = call->res.stream;
	struct reader *reader = malloc(sizeof(*reader));
	if (reader == NULL)
		return NULL;
	*reader = (struct reader){.stream = stream, .mhd = call->mhd, .fd = call->conn->fd};
	atomic_fetch_add(&stream->refs, 1);
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_WAKE, read_ring, reader, reader_free);
	if (response == NULL)
		reader_free(reader);
	return response;
}

/* --- starting a streamed answer ------------------------------------------------------- */

/* From now on the connection may end under the handler's feet: nothing of the request
 * may be left in libmicrohttpd's memory. */
static bool keep_request(struct http_call *call)
{
	struct arena *arena = &call->arena;
	for (size_t i = 0; i < call->head.n; i++) {
		struct http_field *f = &call->head.fields[i];
		const char *name = arena_strndup(arena, f->name, f->name_n), *value = arena_strndup(arena, f->value, f->value_n);
		if (name == NULL || value == NULL)
			return false;
		f->name = name;
		f->value = value;
	}
	const char *remote = arena_strdup(arena, call->req.remote);
	if (remote != NULL)
		call->req.remote = remote;
	return remote != NULL;
}

enum err http_stream_begin(struct ctx *ctx, struct http_response *res)
{
	struct http_call *call = http_call_of(res);
	if (call->route == NULL || call->task != TASK_HEAVY || !call->suspended || res->stream != NULL)
		return fail(ctx, ERR_BUG, "", "no_stream_here");
	if (!keep_request(call))
		return fail(ctx, ERR_RETRY, "", "memory");
	enum err err = http_stream_new(ctx, call->http, HTTP_RING, &res->stream);
	if (err != OK)
		return err;
	res->stream->worker = call->worker;
	res->kind = KIND_STREAM;
	res->packed = true;
	res->fixed_head = true;
	call->state = STATE_DONE;
	http_watch_begin(call);
	http_call_ref(call);
	http_resume(call);
	return OK;
}

/* --- events ------------------------------------------------------------------------------ */

enum err http_sse_begin(struct ctx *ctx, struct http_response *res, void *arg, void (*release)(void *arg), struct http_sse **ret)
{
	struct http_call *call = http_call_of(res);
	if (call->route == NULL || call->route->lane != LANE_READ || res->stream != NULL)
		return fail(ctx, ERR_BUG, "", "no_stream_here");
	struct http_stream *stream;
	enum err err = http_stream_new(ctx, call->http, HTTP_SSE_RING, &stream);
	if (err != OK)
		return err;
	stream->events = true;
	stream->arg = arg;
	stream->release = release;
	res->kind = KIND_STREAM;
	res->stream = stream;
	res->packed = true;
	res->type = "text/event-stream";
	http_set_header(res, "X-Accel-Buffering", "no"); /* a proxy must not wait for more */
	static const char hello[] = "retry: 3000\n\n";
	pthread_mutex_lock(&stream->lock);
	copy_in(stream, hello, sizeof(hello) - 1);
	pthread_mutex_unlock(&stream->lock);
	*ret = (struct http_sse *)stream;
	return OK;
}

/* A line break in a field would start another. */
static void put_lines(struct buf *buf, const char *field, const char *text)
{
	do {
		size_t n = strcspn(text, "\r\n");
		buf_puts(buf, field);
		buf_add(buf, text, n);
		buf_putc(buf, '\n');
		text += n;
		if (*text == '\r')
			text++;
		if (*text == '\n')
			text++;
	} while (*text != '\0');
}

bool http_sse_send(struct http_sse *sse, int64_t id, const char *event, const char *data)
{
	struct http_stream *stream = &sse->stream;
	struct buf buf;
	buf_init(&buf, HTTP_SSE_RING);
	if (id != 0)
		buf_printf(&buf, "id: %lld\n", (long long)id);
	if (event != NULL)
		put_lines(&buf, "event: ", event);
	put_lines(&buf, "data: ", data);
	buf_putc(&buf, '\n');
	pthread_mutex_lock(&stream->lock);
	bool ok = !buf_failed(&buf) && http_stream_put(stream, buf_text(&buf), buf.len);
	if (!ok && !stream->ended) /* the client reads too slowly: it comes back with Last-Event-ID */
		stream->ended = stream->broken = true;
	http_stream_wake(stream);
	pthread_mutex_unlock(&stream->lock);
	buf_release(&buf);
	return ok;
}

void http_sse_close(struct http_sse *sse)
{
	http_stream_end(&sse->stream, false);
}

/* --- the ticker and the stop ---------------------------------------------------------------- */

static void tick(struct http_stream *stream, int64_t now)
{
	pthread_mutex_lock(&stream->lock);
	if (stream->events && !stream->ended && now - stream->last_ms >= HTTP_HEARTBEAT_MS) {
		/* a client that is gone shows only when something is sent to it */
		if (!http_stream_put(stream, ":\n\n", 3))
			stream->ended = stream->broken = true;
	}
	if (stream->used > 0 || stream->ended)
		http_stream_wake(stream);
	pthread_mutex_unlock(&stream->lock);
}

void http_streams_tick(struct http *http)
{
	int64_t now = http_now(http);
	pthread_mutex_lock(&http->streams_lock);
	for (struct http_stream *stream = http->streams; stream != NULL; stream = stream->next)
		tick(stream, now);
	pthread_mutex_unlock(&http->streams_lock);
}

void http_streams_stop(struct http *http, bool all)
{
	pthread_mutex_lock(&http->streams_lock);
	for (struct http_stream *stream = http->streams; stream != NULL; stream = stream->next) {
		pthread_mutex_lock(&stream->lock);
		if (stream->events || all) {
			stream->broken = stream->broken || !stream->ended;
			if (stream->events)
				stream->broken = false;
			stream->ended = true;
			pthread_cond_broadcast(&stream->room);
			http_stream_wake(stream);
		}
		pthread_mutex_unlock(&stream->lock);
	}
	pthread_mutex_unlock(&http->streams_lock);
}
