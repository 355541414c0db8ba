/* Log entries and search rows of many new records, as text, made on a second thread.
 *
 * The store's one writer is what an import waits for.  JSON, hashes and search terms need
 * nothing of the store, so they are made beside it while it writes the rows. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/entity/record_internal.h"

enum {
	STEP = 64,               /* so many at a time are handed over */
	ALONE = 128,             /* fewer are not worth a thread */
	TEXTS_MAX = 512 << 20,   /* bytes of texts; what does not fit is made by the writer */
};

struct composer {
	const struct record *const *list;
	size_t n;
	struct composed *texts;
	struct arena arena;
	struct ctx ctx;
	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t more;
	size_t ready; /* under the lock */
	size_t seen;  /* of it, by the reader */
};

static enum err change_text(struct ctx *ctx, const struct record *record, struct change_text *ret)
{
	struct buf buf;
	buf_init(&buf, RECORD_DIFF_MAX);
	enum err err = record_diff(ctx, NULL, record, &buf);
	const char *diff = err ? NULL : arena_strndup(ctx->arena, buf_text(&buf), buf.len);
	if (!err && !diff)
		err = record_no_memory(ctx);
	if (!err)
		change_text_make(ctx, diff, buf.len, ret);
	buf_release(&buf);
	return err;
}

static void compose(struct composer *c, size_t i)
{
	const struct record *record = c->list[i];
	struct composed *text = &c->texts[i];
	text->err = record->info->entity->flags & E_NO_LOG ? OK : change_text(&c->ctx, record, &text->change);
	if (!text->err && record->info->entity->search_rank != 0)
		text->err = record_search_text(&c->ctx, record, &text->search);
	faults_clear(&c->ctx);
}

static void *run(void *arg)
{
	struct composer *c = arg;
	for (size_t i = 0; i < c->n;) {
		size_t end = i + STEP < c->n ? i + STEP : c->n;
		for (; i < end; i++)
			compose(c, i);
		pthread_mutex_lock(&c->lock);
		c->ready = end;
		pthread_cond_signal(&c->more);
		pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

enum err record_compose_begin(struct ctx *ctx, const struct record *const *list, size_t n, struct composer **ret)
{
	struct composer *c = calloc(1, sizeof(*c));
	*ret = c;
	if (!c)
		return record_no_memory(ctx);
	c->list = list;
	c->n = n;
	c->texts = calloc(n + 1, sizeof(*c->texts));
	arena_init(&c->arena, TEXTS_MAX);
	c->ctx = *ctx;
	c->ctx.arena = &c->arena;
	c->ctx.db = NULL; /* the writer's */
	c->ctx.gathering = NULL;
	faults_clear(&c->ctx);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	if (!c->texts)
		return record_no_memory(ctx);
	c->runs = n >= ALONE && pthread_create(&c->thread, NULL, run, c) == 0;
	return OK;
}

const struct composed *record_composed(struct composer *c, size_t i)
{
	if (!c->runs) {
		compose(c, i);
		return &c->texts[i];
	}
	if (i >= c->seen) {
		pthread_mutex_lock(&c->lock);
		while (c->ready <= i)
			pthread_cond_wait(&c->more, &c->lock);
		c->seen = c->ready;
		pthread_mutex_unlock(&c->lock);
	}
	return &c->texts[i];
}

void record_compose_end(struct composer *c)
{
	if (!c)
		return;
	if (c->runs)
		pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->more);
	arena_release(&c->arena);
	free(c->texts);
	free(c);
}
