/* Live changes as server-sent events.
 *
 * One thread reads the change log once for all streams and passes each entry to
 * those whose actors may read its row now.  Rights are asked afresh for every batch,
 * so what was taken away stops at once.  A stream that starts in the past catches up
 * by itself; one that is too far behind is told to load anew ("reset"). */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/rest/rest_events.h"
#include "core/store/store.h"

enum {
	BATCH_MAX = 200,
	BEHIND_MAX = 10000,
	CHECK_SECONDS = 15, /* rights are looked at even when nothing happens */
	STREAMS_MAX = 5000,
	EVENTS_ARENA = 32 << 20,
};

/* What is left of an actor between batches: enough to ask for the rights again. */
struct stream {
	struct stream *next;
	struct rest_events *events;
	struct http_sse *sse;
	struct actor who;
	int64_t pos;        /* the last entry it has been offered */
	bool released;      /* http is done with it */
	bool ended;         /* we are */
	int refs;           /* http's and the batch's */
};

struct rest_events {
	struct rest *rest;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct stream *streams;
	size_t n;
	int64_t last; /* newest entry anybody told of */
	bool poked;   /* a stream has come */
	bool stopping;
	int refs;     /* the service's and one a stream */
	/* the thread's own */
	int64_t head;
	int64_t asked; /* `last` when the log was read */
	struct ctx ctx;
	struct arena arena;
	struct db *db;
};

/* --- lifetimes; all under the lock ----------------------------------------------------- */

static void events_unref(struct rest_events *events)
{
	bool last = --events->refs == 0;
	pthread_mutex_unlock(&events->lock);
	if (!last)
		return;
	pthread_cond_destroy(&events->wake);
	pthread_mutex_destroy(&events->lock);
	free(events);
}

static void stream_unref(struct stream *stream)
{
	struct rest_events *events = stream->events;
	if (--stream->refs > 0)
		return;
	for (struct stream **at = &events->streams; *at; at = &(*at)->next)
		if (*at == stream) {
			*at = stream->next;
			events->n--;
			break;
		}
	events->refs--;
	free(stream);
}

/* From http, when the connection is over. */
static void release(void *arg)
{
	struct stream *stream = arg;
	struct rest_events *events = stream->events;
	pthread_mutex_lock(&events->lock);
	events->refs++; /* the stream's own may be the last */
	stream->released = true;
	stream_unref(stream);
	events_unref(events);
}

static void send_event(struct stream *stream, int64_t id, const char *name, const char *data)
{
	pthread_mutex_lock(&stream->events->lock);
	if (!stream->released && !stream->ended && !http_sse_send(stream->sse, id, name, data))
		stream->ended = true;
	pthread_mutex_unlock(&stream->events->lock);
}

static void end_stream(struct stream *stream)
{
	pthread_mutex_lock(&stream->events->lock);
	if (!stream->released && !stream->ended)
		http_sse_close(stream->sse);
	stream->ended = true;
	pthread_mutex_unlock(&stream->events->lock);
}

/* --- one batch --------------------------------------------------------------------------- */

struct batch {
	struct rest_events *events;
	struct rest_event *list;
	size_t n;
};

static enum err keep(struct ctx *ctx, const struct change *change, void *arg)
{
	struct batch *batch = arg;
	return rest_event_keep(ctx, change, &batch->list[batch->n++]);
}

static enum err read_batch(struct rest_events *events, int64_t after, struct batch *ret, int64_t *ret_last)
{
	struct ctx *ctx = &events->ctx;
	*ret = (struct batch){.events = events, .list = arena_array(ctx->arena, BATCH_MAX, sizeof(struct rest_event))};
	if (!ret->list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*ret_last = after;
	return change_read(ctx, after, BATCH_MAX, keep, ret, ret_last);
}

/* The actor's rights as they are now; false: there are none any more. */
static bool refresh(struct rest_events *events, struct stream *stream)
{
	const struct rest_config *config = &events->rest->config;
	struct ctx *ctx = &events->ctx;
	faults_clear(ctx);
	ctx->actor = NULL;
	enum err err = config->refresh(config->arg, ctx, &stream->who, &ctx->actor);
	faults_clear(ctx);
	if (err == OK && ctx->actor)
		return true;
	end_stream(stream); /* the page signs in again, or comes back with Last-Event-ID */
	return false;
}

static void offer(struct rest_events *events, struct stream *stream, struct batch *batch)
{
	struct ctx *ctx = &events->ctx;
	for (size_t i = 0; i < batch->n; i++) {
		struct rest_event *event = &batch->list[i];
		struct buf text;
		if (event->change.seq <= stream->pos || !rest_event_visible(ctx, event))
			continue;
		buf_init(&text, 64 << 10);
		rest_event_write(ctx, event, &text);
		if (!buf_failed(&text))
			send_event(stream, event->change.seq, "change", buf_text(&text));
		buf_release(&text);
	}
}

static void reset_stream(struct rest_events *events, struct stream *stream)
{
	send_event(stream, events->head, "reset", "{}");
	stream->pos = events->head;
}

/* --- the thread ----------------------------------------------------------------------------- */

/* Streams of now, each with a reference. */
static struct stream **take_streams(struct rest_events *events, size_t *ret_n)
{
	size_t n = 0;
	pthread_mutex_lock(&events->lock);
	struct stream **list = arena_array(&events->arena, events->n + 1, sizeof(*list));
	for (struct stream *s = events->streams; list && s; s = s->next) {
		if (s->ended || s->released)
			continue;
		s->refs++;
		list[n++] = s;
	}
	if (n == 0 && list && events->last > events->head)
		events->head = events->last; /* nobody listens: who comes later catches up */
	pthread_mutex_unlock(&events->lock);
	*ret_n = n;
	return list;
}

static void give_streams(struct rest_events *events, struct stream **list, size_t n)
{
	pthread_mutex_lock(&events->lock);
	for (size_t i = 0; i < n; i++)
		stream_unref(list[i]);
	pthread_mutex_unlock(&events->lock);
}

/* One that started in the past: a batch of its own. */
static bool catch_up(struct rest_events *events, struct stream *stream)
{
	struct batch batch;
	int64_t last;
	if (events->head - stream->pos > BEHIND_MAX) {
		reset_stream(events, stream);
		return true;
	}
	if (read_batch(events, stream->pos, &batch, &last) != OK)
		return false;
	if (!refresh(events, stream))
		return true;
	offer(events, stream, &batch);
	stream->pos = last > stream->pos ? last : events->head;
	return true;
}

static bool still_behind(const struct rest_events *events, struct stream *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i]->ended && list[i]->pos < events->head)
			return true;
	return false;
}

/* New entries for all that are at the head. False: trouble, wait before the next try. */
static bool advance(struct rest_events *events, struct stream *const *list, size_t n)
{
	struct batch batch;
	int64_t last;
	if (read_batch(events, events->head, &batch, &last) != OK)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (list[i]->ended || list[i]->pos < events->head || !refresh(events, list[i]))
			continue;
		offer(events, list[i], &batch);
		if (last > list[i]->pos)
			list[i]->pos = last;
	}
	events->head = last;
	return true;
}

/* Returns whether there is more to do at once. */
static bool work(struct rest_events *events, bool check, bool *ret_trouble)
{
	size_t n;
	struct stream **list = take_streams(events, &n);
	bool more = false;
	*ret_trouble = false;
	if (!list)
		*ret_trouble = true;
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!list[i]->ended && list[i]->pos < events->head && !catch_up(events, list[i]))
			*ret_trouble = true;
	int64_t before = events->head;
	if (!advance(events, list, n))
		*ret_trouble = true;
	for (size_t i = 0; check && events->head == before && i < n; i++)
		if (!list[i]->ended)
			(void)refresh(events, list[i]);
	more = !*ret_trouble && (events->head > before || still_behind(events, list, n));
	give_streams(events, list, n);
	return more;
}

/* Sleeps until there is something; false: stop. `done`: all that was told of so far was read. */
static bool wait(struct rest_events *events, bool more, bool done, bool *ret_check)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += CHECK_SECONDS;
	pthread_mutex_lock(&events->lock);
	*ret_check = false;
	if (done && events->last == events->asked)
		events->last = events->head;
	while (!events->stopping && !more && !events->poked && events->last <= events->head && !*ret_check)
		*ret_check = pthread_cond_timedwait(&events->wake, &events->lock, &until) != 0;
	bool go = !events->stopping;
	events->poked = false;
	events->asked = events->last;
	pthread_mutex_unlock(&events->lock);
	return go;
}

static void pause_a_second(struct rest_events *events)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&events->lock);
	while (!events->stopping && pthread_cond_timedwait(&events->wake, &events->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&events->lock);
}

static void *run(void *arg)
{
	struct rest_events *events = arg;
	bool more = true, check = false, trouble = true;
	while (wait(events, more, !more && !trouble, &check)) {
		arena_reset(&events->arena);
		faults_clear(&events->ctx);
		events->ctx.registry = registry_hold(events->rest->registry);
		more = work(events, check, &trouble);
		registry_release(events->ctx.registry);
		if (!trouble)
			continue;
		log_event(LOG_WARN, "live events wait for the store", NULL);
		pause_a_second(events);
		more = true;
	}
	return NULL;
}

static void told(void *arg, int64_t last_seq)
{
	struct rest_events *events = arg;
	pthread_mutex_lock(&events->lock);
	if (last_seq > events->last)
		events->last = last_seq;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
}

/* --- start and stop ----------------------------------------------------------------------------- */

static enum err init_wake(struct rest_events *events)
{
	pthread_condattr_t attr;
	if (pthread_condattr_init(&attr) != 0)
		return ERR_LIMIT;
	bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&events->wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	return ok ? OK : ERR_LIMIT;
}

static enum err begin(struct ctx *ctx, struct rest_events *events)
{
	struct rest *rest = events->rest;
	arena_init(&events->arena, EVENTS_ARENA);
	ctx_init(&events->ctx, &events->arena, ctx->clock);
	events->ctx.store = rest->store;
	events->ctx.registry = rest->registry;
	events->ctx.app = ctx->app;
	enum err err = db_open_new(ctx, rest->store, &events->db);
	if (err)
		return err;
	events->ctx.db = events->db;
	struct db *before = ctx->db;
	ctx->db = events->db;
	err = change_last_seq(ctx, &events->head);
	ctx->db = before;
	if (!err)
		err = events_subscribe(rest->store, told, events);
	if (err)
		return err;
	events->started = pthread_create(&events->thread, NULL, run, events) == 0;
	return events->started ? OK : fail(ctx, ERR_LIMIT, "", "threads");
}

enum err rest_events_new(struct ctx *ctx, struct rest *rest, struct rest_events **ret)
{
	struct rest_events *events = calloc(1, sizeof(*events));
	if (!events)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (init_wake(events) != OK) {
		free(events);
		return fail(ctx, ERR_LIMIT, "", "threads");
	}
	pthread_mutex_init(&events->lock, NULL);
	events->rest = rest;
	events->refs = 1;
	enum err err = begin(ctx, events);
	if (err)
		rest_events_free(events);
	else
		*ret = events;
	return err;
}

void rest_events_free(struct rest_events *events)
{
	pthread_mutex_lock(&events->lock);
	events->stopping = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
	events_unsubscribe(events->rest->store, told, events);
	if (events->started)
		pthread_join(events->thread, NULL);
	if (events->db)
		db_free(events->db);
	arena_release(&events->arena);
	pthread_mutex_lock(&events->lock);
	for (struct stream *s = events->streams; s; s = s->next)
		if (!s->released && !s->ended) {
			http_sse_close(s->sse);
			s->ended = true;
		}
	events_unref(events);
}

size_t rest_events_streams(struct rest_events *events)
{
	pthread_mutex_lock(&events->lock);
	size_t n = events->n;
	pthread_mutex_unlock(&events->lock);
	return n;
}

/* --- the request -------------------------------------------------------------------------------- */

static enum err add_stream(struct ctx *ctx, struct rest_events *events, struct http_response *res, int64_t after)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	if (!stream)
		return fail(ctx, ERR_LIMIT, "", "memory");
	stream->events = events;
	stream->who = (struct actor){.kind = ctx->actor->kind, .user_id = ctx->actor->user_id, .token_id = ctx->actor->token_id,
	                             .session_id = ctx->actor->session_id, .epoch = ctx->actor->epoch};
	stream->refs = 1;
	stream->pos = after;
	pthread_mutex_lock(&events->lock);
	bool full = events->n >= STREAMS_MAX || events->stopping;
	enum err err = full ? fail(ctx, ERR_RETRY, "", "queue_full") : http_sse_begin(ctx, res, stream, release, &stream->sse);
	if (!err) {
		stream->next = events->streams;
		events->streams = stream;
		events->n++;
		events->refs++;
		events->poked = true;
		pthread_cond_signal(&events->wake);
	}
	pthread_mutex_unlock(&events->lock);
	if (err)
		free(stream);
	return err;
}

enum err rest_get_events(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct rest *rest = app_rest(ctx->app);
	const char *after = http_header(req, "Last-Event-ID");
	int64_t newest, pos;
	if (str_empty(after))
		after = http_query(ctx, req, "after", 0);
	enum err err = change_last_seq(ctx, &newest);
	pos = newest;
	if (!err && !str_empty(after) && (!str_to_i64(after, &pos) || pos < 0))
		err = fail_arg(ctx, ERR_INVALID, "after", QK_SYNTAX, after);
	if (err)
		return err;
	return add_stream(ctx, rest->events, res, pos > newest ? newest : pos);
}
