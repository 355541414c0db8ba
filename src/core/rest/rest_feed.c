/* The change feed: who keeps a copy elsewhere asks for what happened after a number, as far as the reader may read the records now. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/rest/rest_events.h"

/* Entries looked at for one answer, whoever asks: with few rights an answer may be short, or empty, and still say where to go on. */
enum { FEED_LIMIT = 100, FEED_MAX = 500, FEED_SCAN = 2000, FEED_BATCH = 50, FEED_TEXT = 4 << 20 };

struct feed {
	const struct entity_info *only; /* NULL: of all entities */
	struct jsonw *w;
	int64_t after;
	size_t limit, n, scanned;
	size_t bytes; /* of content looked at */
	bool values, more;
};

struct feed_batch {
	struct rest_event *list;
	const char **diffs;
	size_t n, bytes; /* of diffs */
	bool values;
};

static enum err keep_entry(struct ctx *ctx, const struct change *change, void *arg)
{
	struct feed_batch *batch = arg;
	batch->diffs[batch->n] = batch->values && change->diff != NULL ? arena_strdup(ctx->arena, change->diff) : NULL;
	batch->bytes += change->diff != NULL ? strlen(change->diff) : 0;
	return rest_event_keep(ctx, change, &batch->list[batch->n++]);
}

static void put_members(const struct ctx *ctx, struct jsonw *w, const struct rest_event *event, bool values, const char *diff)
{
	rest_event_members(ctx, event, w);
	jsonw_key(w, "at");
	jsonw_time(w, event->change.at_ms);
	if (values)
		rest_put_diff(ctx, event->info, w, diff);
}

enum err rest_change_write(struct ctx *ctx, const struct change *change, bool values, struct jsonw *w, bool *ret)
{
	struct rest_event event;
	enum err err = rest_event_keep(ctx, change, &event);
	*ret = err == OK && event.info != NULL && rest_event_visible(ctx, &event) && rest_event_speaks(ctx, &event);
	if (*ret)
		put_members(ctx, w, &event, values, change->diff);
	return err;
}

/* Writes what may be seen of one batch; false: the answer is full. */
static bool put_batch(struct ctx *ctx, struct feed *feed, struct feed_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct rest_event *event = &batch->list[i];
		bool wanted = event->info != NULL && (feed->only == NULL || event->info == feed->only);
		if (wanted && rest_event_visible(ctx, event) && rest_event_speaks(ctx, event)) {
			if (feed->n == feed->limit || feed->w->buf->len > FEED_TEXT)
				return false;
			jsonw_object(feed->w);
			put_members(ctx, feed->w, event, feed->values, batch->diffs[i]);
			jsonw_end_object(feed->w);
			feed->n++;
		}
		feed->after = event->change.seq;
	}
	return true;
}

static enum err read_feed(struct ctx *ctx, struct feed *feed)
{
	for (feed->more = true; feed->more && feed->scanned < FEED_SCAN && feed->bytes < FEED_TEXT;) {
		struct feed_batch batch = {.list = arena_array(ctx->arena, FEED_BATCH, sizeof(*batch.list)),
		                           .diffs = arena_array(ctx->arena, FEED_BATCH, sizeof(*batch.diffs)), .values = feed->values};
		int64_t last = feed->after;
		if (batch.list == NULL || batch.diffs == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		enum err err = change_read(ctx, feed->after, FEED_BATCH, keep_entry, &batch, &last);
		if (err != OK)
			return err;
		feed->scanned += batch.n;
		feed->bytes += batch.bytes;
		if (!put_batch(ctx, feed, &batch))
			return OK;
		feed->more = batch.n == FEED_BATCH;
	}
	return OK;
}

/* "now" is behind the newest entry: for who has just read the lists. */
static enum err read_after(struct ctx *ctx, const struct http_request *req, struct feed *feed)
{
	const char *text = http_query(ctx, req, "after", 0);
	if (str_equal(text, "now"))
		return change_last_seq(ctx, &feed->after);
	if (!str_empty(text) && (!str_to_i64(text, &feed->after) || feed->after < 0))
		return fail_arg(ctx, ERR_INVALID, "after", QK_SYNTAX, text);
	return OK;
}

static enum err read_asked(struct ctx *ctx, const struct http_request *req, struct feed *feed)
{
	const char *limit = http_query(ctx, req, "limit", 0), *entity = http_query(ctx, req, "entity", 0), *values = http_query(ctx, req, "values", 0);
	int64_t n = FEED_LIMIT;
	if (!str_empty(limit) && (!str_to_i64(limit, &n) || n < 1))
		return fail_arg(ctx, ERR_INVALID, "limit", QK_SYNTAX, limit);
	if (!str_empty(values) && !str_equal(values, "0") && !str_equal(values, "1"))
		return fail_arg(ctx, ERR_INVALID, "values", QK_SYNTAX, values);
	feed->limit = n > FEED_MAX ? FEED_MAX : (size_t)n;
	feed->values = str_equal(values, "1");
	enum err err = read_after(ctx, req, feed);
	return err == OK && !str_empty(entity) ? rest_entity(ctx, entity, &feed->only) : err;
}

enum err rest_get_feed(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	struct feed feed = {.w = &w};
	enum err err = read_asked(ctx, req, &feed);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "changes");
	jsonw_array(&w);
	err = read_feed(ctx, &feed);
	jsonw_end_array(&w);
	jsonw_kv_text(&w, "next", arena_printf(ctx->arena, "%lld", (long long)feed.after));
	jsonw_kv_bool(&w, "more", feed.more);
	jsonw_end_object(&w);
	return err;
}
