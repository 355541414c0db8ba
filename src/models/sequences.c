/* Frequent sequences by pattern growth: Pei et al. (2001), PrefixSpan. A pattern keeps every element in which it can end, not the first
 * alone: an item that joins its last element may be found in a later one only. */
#include <stdlib.h>

#include "models/models.h"

/* A pattern can end in this element of this sequence. */
struct end {
	uint32_t sequence, element;
};

/* An end of what an item makes of the pattern; `way` is the item, plus n_items if it begins a new element. */
struct hit {
	uint32_t way;
	struct end end;
};

struct hits {
	struct hit *list;
	size_t n, room;
};

struct growth {
	struct ctx *ctx;
	const struct model_sequences *data;
	int32_t min_count;
	int max_items;
	size_t most;
	struct model_patterns *found;
	int32_t *count;     /* by way: sequences */
	uint32_t *last_seen; /* by way: the last sequence counted, plus 1 */
	uint32_t *element_seen; /* by way: the last element taken, plus 1 */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static bool grow(void **list, size_t room, size_t size)
{
	void *more = reallocarray(*list, room, size);
	if (more == NULL)
		return false;
	*list = more;
	return true;
}

static enum err add_pattern(struct growth *g, int32_t parent, int32_t item, int32_t count, bool next)
{
	struct model_patterns *f = g->found;
	if (f->n == g->most)
		return fail(g->ctx, ERR_LIMIT, "model", "model_too_many_sets");
	if (f->n == f->room) {
		size_t room = f->room == 0 ? 256 : f->room * 2;
		if (!grow((void **)&f->item, room, 4) || !grow((void **)&f->parent, room, 4) || !grow((void **)&f->count, room, 4) ||
		    !grow((void **)&f->size, room, 4) || !grow((void **)&f->next, room, 1))
			return no_memory(g->ctx);
		f->room = room;
	}
	f->item[f->n] = item;
	f->parent[f->n] = parent;
	f->count[f->n] = count;
	f->size[f->n] = parent >= 0 ? f->size[parent] + 1 : 1;
	f->next[f->n++] = next;
	return OK;
}

static bool add_hit(struct hits *hits, uint32_t way, uint32_t sequence, uint32_t element)
{
	if (hits->n == hits->room) {
		size_t room = hits->room == 0 ? 256 : hits->room * 2;
		if (!grow((void **)&hits->list, room, sizeof(*hits->list)))
			return false;
		hits->room = room;
	}
	hits->list[hits->n++] = (struct hit){way, {sequence, element}};
	return true;
}

/* Counts a way once a sequence, and takes an element once. */
static bool see(struct growth *g, struct hits *hits, uint32_t way, uint32_t sequence, uint32_t element)
{
	if (g->last_seen[way] != sequence + 1) {
		g->last_seen[way] = sequence + 1;
		g->count[way]++;
	} else if (g->element_seen[way] == element + 1) {
		return true;
	}
	g->element_seen[way] = element + 1;
	return add_hit(hits, way, sequence, element);
}

/* Items of an element, larger than `above`. */
static bool see_element(struct growth *g, struct hits *hits, uint32_t sequence, uint32_t element, int32_t above, uint32_t shift)
{
	const struct model_sequences *d = g->data;
	for (size_t i = d->element[element]; i < d->element[element + 1]; i++) {
		if (d->item[i] > above && !see(g, hits, (uint32_t)d->item[i] + shift, sequence, element))
			return false;
	}
	return true;
}

/* All that can follow the pattern with these ends: joins where it ends, next in every later element than its first end. */
static bool look_on(struct growth *g, const struct end *ends, size_t n, int32_t last_item, struct hits *hits)
{
	uint32_t n_items = (uint32_t)g->data->n_items;
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || ends[i - 1].sequence != ends[i].sequence;
		if (!see_element(g, hits, ends[i].sequence, ends[i].element, last_item, 0))
			return false;
		for (size_t e = ends[i].element + 1; first && e < g->data->start[ends[i].sequence + 1]; e++) {
			if (!see_element(g, hits, ends[i].sequence, (uint32_t)e, -1, n_items))
				return false;
		}
	}
	return true;
}

static int by_way(const void *a, const void *b)
{
	const struct hit *p = a, *q = b;
	if (p->way != q->way)
		return p->way < q->way ? -1 : 1;
	return (p->end.element > q->end.element) - (p->end.element < q->end.element);
}

static void forget(struct growth *g, uint32_t way)
{
	g->count[way] = 0;
	g->last_seen[way] = 0;
}

/* Frequent ways only, in order; what was counted is forgotten, so that the next level begins anew. */
static void sift(struct growth *g, struct hits *hits)
{
	size_t kept = 0;
	for (size_t i = 0; i < hits->n; i++) {
		uint32_t way = hits->list[i].way;
		if (g->count[way] >= g->min_count)
			hits->list[kept++] = hits->list[i];
		else
			forget(g, way);
	}
	hits->n = kept;
	for (size_t i = 0; i < kept; i++)
		forget(g, hits->list[i].way);
	if (kept > 0)
		qsort(hits->list, kept, sizeof(*hits->list), by_way);
}

/* Counts of a way among its hits, which stand together. */
static int32_t sequences_of(const struct hit *hits, size_t n)
{
	int32_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += i == 0 || hits[i].end.sequence != hits[i - 1].end.sequence;
	return count;
}

static enum err follow(struct growth *g, const struct end *ends, size_t n, int32_t pattern);

/* Each frequent way becomes a pattern, and is followed. */
static enum err branch(struct growth *g, const struct hits *hits, int32_t pattern) /* NOLINT(misc-no-recursion) */
{
	uint32_t n_items = (uint32_t)g->data->n_items;
	enum err err = OK;
	for (size_t from = 0, to; err == OK && from < hits->n; from = to) {
		uint32_t way = hits->list[from].way;
		for (to = from; to < hits->n && hits->list[to].way == way;)
			to++;
		struct end *ends = malloc((to - from) * sizeof(*ends));
		if (ends == NULL)
			return no_memory(g->ctx);
		for (size_t i = from; i < to; i++)
			ends[i - from] = hits->list[i].end;
		int32_t node = (int32_t)g->found->n;
		err = add_pattern(g, pattern, (int32_t)(way % n_items), sequences_of(hits->list + from, to - from), way >= n_items);
		if (err == OK && (g->max_items == 0 || g->found->size[node] < g->max_items))
			err = follow(g, ends, to - from, node);
		free(ends);
	}
	return err;
}

/* Depth is bounded by the items of a sequence. */
static enum err follow(struct growth *g, const struct end *ends, size_t n, int32_t pattern) /* NOLINT(misc-no-recursion) */
{
	struct hits hits = {0};
	bool good = look_on(g, ends, n, g->found->item[pattern], &hits);
	sift(g, &hits);
	enum err err = good ? branch(g, &hits, pattern) : no_memory(g->ctx);
	free(hits.list);
	return err;
}

/* Patterns of one item: every element is later than nothing. */
static enum err begin(struct growth *g)
{
	struct hits hits = {0};
	bool good = true;
	for (size_t s = 0; good && s < g->data->n; s++) {
		for (size_t e = g->data->start[s]; good && e < g->data->start[s + 1]; e++)
			good = see_element(g, &hits, (uint32_t)s, (uint32_t)e, -1, (uint32_t)g->data->n_items);
	}
	sift(g, &hits);
	enum err err = good ? branch(g, &hits, -1) : no_memory(g->ctx);
	free(hits.list);
	return err;
}

enum err model_patterns_new(struct ctx *ctx, const struct model_sequences *sequences, int64_t min_count, int max_items, size_t most,
                            struct model_patterns *ret)
{
	*ret = (struct model_patterns){0};
	if (sequences->n == 0 || sequences->n_items == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_baskets");
	if (sequences->start[sequences->n] > INT32_MAX || sequences->n_items > INT32_MAX / 2 || most > INT32_MAX / 2)
		return fail(ctx, ERR_LIMIT, "model", "model_too_many_baskets");
	size_t ways = 2 * (size_t)sequences->n_items;
	struct arena_mark mark = arena_mark(ctx->arena);
	struct growth g = {.ctx = ctx, .data = sequences, .min_count = (int32_t)(min_count < 1 ? 1 : min_count > INT32_MAX ? INT32_MAX : min_count),
	                   .max_items = max_items, .most = most, .found = ret};
	g.count = arena_array(ctx->arena, ways, sizeof(*g.count));
	g.last_seen = arena_array(ctx->arena, ways, sizeof(*g.last_seen));
	g.element_seen = arena_array(ctx->arena, ways, sizeof(*g.element_seen));
	enum err err = g.count != NULL && g.last_seen != NULL && g.element_seen != NULL ? begin(&g) : no_memory(ctx);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	else
		model_patterns_free(ret);
	return err;
}

void model_patterns_free(struct model_patterns *patterns)
{
	free(patterns->item);
	free(patterns->parent);
	free(patterns->count);
	free(patterns->size);
	free(patterns->next);
	*patterns = (struct model_patterns){0};
}
