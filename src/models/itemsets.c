/* Frequent itemsets: depth first over bit vectors of baskets (Eclat; Zaki 2000). */
#include <stdlib.h>
#include <string.h>

#include "models/models.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define BY_MACHINE __attribute__((target_clones("avx2", "popcnt", "default")))
#else
#define BY_MACHINE
#endif

/* One level of the search: its items, how often each is together with all before, and in which baskets. Kept for the next
 * time the search comes to this depth. */
struct level {
	int32_t *item, *count;
	uint64_t *bits; /* `words` for each item */
	size_t n, words;
	size_t item_room, bit_room;
};

struct search {
	struct ctx *ctx;
	int32_t min_count;
	int max_items;
	size_t most;
	struct model_itemsets *sets;
	const int32_t *name;   /* by rank: the item */
	int32_t *rank_of_item; /* -1: rare */
	int32_t n_ranks;
	int32_t *basket_item;  /* ranks, ascending in each basket */
	size_t *basket_start;
	size_t n_baskets;
	uint32_t *tids;        /* baskets of each rank */
	size_t *tid_start;
	struct level *levels;
	size_t n_levels;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* Part of each clone of `extend`. */
static inline __attribute__((always_inline)) int32_t common(const uint64_t *a, const uint64_t *b, uint64_t *ret, size_t words)
{
	int64_t count = 0;
	for (size_t i = 0; i < words; i++) {
		ret[i] = a[i] & b[i];
		count += __builtin_popcountll(ret[i]);
	}
	return (int32_t)count;
}

/* Keeps of `from` only the places that `mask` has. */
static inline __attribute__((always_inline)) void squeeze(const uint64_t *from, const uint64_t *mask, size_t words, uint64_t *ret, size_t ret_words)
{
	size_t base = 0;
	memset(ret, 0, ret_words * sizeof(*ret));
	for (size_t i = 0; i < words; i++) {
		for (uint64_t left = from[i]; left != 0; left &= left - 1) {
			uint64_t low = (left & -left) - 1;
			size_t place = base + (size_t)__builtin_popcountll(mask[i] & low);
			ret[place / 64] |= (uint64_t)1 << (place % 64);
		}
		base += (size_t)__builtin_popcountll(mask[i]);
	}
}

static bool grow(void **list, size_t room, size_t size)
{
	void *more = reallocarray(*list, room, size);
	if (more == NULL)
		return false;
	*list = more;
	return true;
}

static enum err add_set(struct search *s, int32_t parent, int32_t rank, int32_t count, int32_t size)
{
	struct model_itemsets *sets = s->sets;
	if (sets->n == s->most)
		return fail(s->ctx, ERR_LIMIT, "model", "model_too_many_sets");
	if (sets->n == sets->room) {
		size_t room = sets->room == 0 ? 1024 : sets->room * 2;
		if (!grow((void **)&sets->item, room, 4) || !grow((void **)&sets->parent, room, 4) || !grow((void **)&sets->count, room, 4) ||
		    !grow((void **)&sets->size, room, 4))
			return no_memory(s->ctx);
		sets->room = room;
	}
	sets->item[sets->n] = s->name[rank];
	sets->parent[sets->n] = parent;
	sets->count[sets->n] = count;
	sets->size[sets->n++] = size;
	return OK;
}

/* Room for n items of so many words, and one vector more to work in. */
static enum err make_room(struct search *s, size_t depth, size_t n, size_t words)
{
	if (depth >= s->n_levels) {
		if (!grow((void **)&s->levels, depth + 1, sizeof(*s->levels)))
			return no_memory(s->ctx);
		memset(s->levels + s->n_levels, 0, (depth + 1 - s->n_levels) * sizeof(*s->levels));
		s->n_levels = depth + 1;
	}
	struct level *l = &s->levels[depth];
	if (n > l->item_room) {
		if (!grow((void **)&l->item, n, 4) || !grow((void **)&l->count, n, 4))
			return no_memory(s->ctx);
		l->item_room = n;
	}
	if ((n + 1) * words > l->bit_room) {
		free(l->bits);
		l->bits = malloc((n + 1) * words * sizeof(*l->bits));
		l->bit_room = l->bits != NULL ? (n + 1) * words : 0;
		if (l->bits == NULL)
			return no_memory(s->ctx);
	}
	l->n = 0;
	l->words = words;
	return OK;
}

/* What goes with item `a` of this level, on the next one. */
BY_MACHINE static enum err extend(struct search *s, size_t depth, size_t a)
{
	const struct level *here = &s->levels[depth];
	size_t words = here->words, fewer = ((size_t)here->count[a] + 63) / 64;
	bool shrink = fewer * 2 <= words;
	enum err err = make_room(s, depth + 1, here->n - a - 1, words);
	if (err != OK)
		return err;
	here = &s->levels[depth];
	struct level *next = &s->levels[depth + 1];
	uint64_t *spare = next->bits + (here->n - a - 1) * words; /* the last vector */
	const uint64_t *mask = here->bits + a * words;
	next->words = shrink ? fewer : words;
	for (size_t b = a + 1; b < here->n; b++) {
		uint64_t *place = next->bits + next->n * next->words, *out = shrink ? spare : place;
		int32_t count = common(mask, here->bits + b * words, out, words);
		if (count < s->min_count)
			continue;
		if (shrink)
			squeeze(out, mask, words, place, fewer);
		next->item[next->n] = here->item[b];
		next->count[next->n++] = count;
	}
	return OK;
}

/* All sets that begin with `parent` and go on with an item of this level. Depth is bounded by the items of a basket. */
static enum err search_level(struct search *s, size_t depth, int32_t parent) /* NOLINT(misc-no-recursion) */
{
	enum err err = OK;
	for (size_t a = 0; err == OK && a < s->levels[depth].n; a++) {
		struct level *l = &s->levels[depth];
		int32_t node = (int32_t)s->sets->n;
		err = add_set(s, parent, l->item[a], l->count[a], (int32_t)depth + 2);
		if (err != OK || a + 1 == l->n || (s->max_items > 0 && (int)depth + 2 >= s->max_items))
			continue;
		err = extend(s, depth, a);
		if (err == OK && s->levels[depth + 1].n > 0)
			err = search_level(s, depth + 1, node);
	}
	return err;
}

/* The first level for one item: of its baskets alone, what is frequent with it. `together` is 0 for all ranks, and is again. */
static enum err first_level(struct search *s, int32_t rank, int32_t *together, int32_t *place)
{
	size_t count = s->tid_start[rank + 1] - s->tid_start[rank], words = (count + 63) / 64, n = 0;
	const uint32_t *tids = s->tids + s->tid_start[rank];
	for (size_t t = 0; t < count; t++) {
		for (size_t i = s->basket_start[tids[t] + 1]; i-- > s->basket_start[tids[t]] && s->basket_item[i] > rank;)
			together[s->basket_item[i]]++;
	}
	for (int32_t other = rank + 1; other < s->n_ranks; other++)
		n += together[other] >= s->min_count;
	enum err err = make_room(s, 0, n, words);
	struct level *l = &s->levels[0];
	for (int32_t other = rank + 1; other < s->n_ranks; other++) {
		place[other] = -1;
		if (err == OK && together[other] >= s->min_count) {
			l->item[l->n] = other;
			l->count[l->n] = together[other];
			place[other] = (int32_t)l->n++;
		}
		together[other] = 0;
	}
	if (err != OK || n == 0)
		return err;
	memset(l->bits, 0, n * words * sizeof(*l->bits));
	for (size_t t = 0; t < count; t++) {
		for (size_t i = s->basket_start[tids[t] + 1]; i-- > s->basket_start[tids[t]] && s->basket_item[i] > rank;) {
			if (place[s->basket_item[i]] >= 0)
				l->bits[(size_t)place[s->basket_item[i]] * words + t / 64] |= (uint64_t)1 << (t % 64);
		}
	}
	return OK;
}

struct frequency {
	int32_t item;
	int64_t count;
};

static int by_frequency(const void *a, const void *b)
{
	const struct frequency *p = a, *q = b;
	if (p->count != q->count)
		return p->count < q->count ? -1 : 1;
	return (p->item > q->item) - (p->item < q->item);
}

/* Ranks of frequent items, rare ones first. */
static enum err rank_items(struct search *s, const struct model_baskets *b)
{
	struct arena *arena = s->ctx->arena;
	size_t n_items = (size_t)b->n_items;
	struct frequency *all = arena_array(arena, n_items, sizeof(*all));
	int32_t *name = arena_array(arena, n_items, sizeof(*name));
	s->rank_of_item = arena_array(arena, n_items, sizeof(*s->rank_of_item));
	if (all == NULL || name == NULL || s->rank_of_item == NULL)
		return no_memory(s->ctx);
	for (size_t i = 0; i < n_items; i++)
		all[i].item = (int32_t)i;
	for (size_t i = 0; i < b->start[b->n]; i++)
		all[b->item[i]].count++;
	qsort(all, n_items, sizeof(*all), by_frequency);
	for (size_t i = 0; i < n_items; i++) {
		bool frequent = all[i].count >= s->min_count;
		s->rank_of_item[all[i].item] = frequent ? s->n_ranks : -1;
		if (frequent)
			name[s->n_ranks++] = all[i].item;
	}
	s->name = name;
	return OK;
}

static int by_number(const void *a, const void *b)
{
	int32_t p = *(const int32_t *)a, q = *(const int32_t *)b;
	return (p > q) - (p < q);
}

/* Baskets in ranks, and the baskets of each rank. */
static enum err turn_over(struct search *s, const struct model_baskets *b)
{
	struct arena *arena = s->ctx->arena;
	size_t all = b->start[b->n], kept = 0, ranks = (size_t)s->n_ranks;
	s->n_baskets = b->n;
	s->basket_item = arena_array(arena, all + 1, sizeof(*s->basket_item));
	s->basket_start = arena_array(arena, b->n + 1, sizeof(*s->basket_start));
	s->tids = arena_array(arena, all + 1, sizeof(*s->tids));
	s->tid_start = arena_array(arena, ranks + 2, sizeof(*s->tid_start));
	if (s->basket_item == NULL || s->basket_start == NULL || s->tids == NULL || s->tid_start == NULL)
		return no_memory(s->ctx);
	for (size_t t = 0; t < b->n; t++) {
		for (size_t i = b->start[t]; i < b->start[t + 1]; i++) {
			if (s->rank_of_item[b->item[i]] >= 0)
				s->basket_item[kept++] = s->rank_of_item[b->item[i]];
		}
		s->basket_start[t + 1] = kept;
		qsort(s->basket_item + s->basket_start[t], kept - s->basket_start[t], sizeof(*s->basket_item), by_number);
	}
	for (size_t i = 0; i < kept; i++)
		s->tid_start[s->basket_item[i] + 2]++;
	for (size_t r = 2; r < ranks + 2; r++)
		s->tid_start[r] += s->tid_start[r - 1];
	for (size_t t = 0; t < b->n; t++) {
		for (size_t i = s->basket_start[t]; i < s->basket_start[t + 1]; i++)
			s->tids[s->tid_start[s->basket_item[i] + 1]++] = (uint32_t)t;
	}
	return OK;
}

static enum err search_all(struct search *s)
{
	size_t ranks = (size_t)s->n_ranks;
	int32_t *together = arena_array(s->ctx->arena, ranks + 1, sizeof(*together)), *place = arena_array(s->ctx->arena, ranks + 1, sizeof(*place));
	enum err err = together != NULL && place != NULL ? OK : no_memory(s->ctx);
	for (int32_t rank = 0; err == OK && rank < s->n_ranks; rank++) {
		int32_t node = (int32_t)s->sets->n;
		err = add_set(s, -1, rank, (int32_t)(s->tid_start[rank + 1] - s->tid_start[rank]), 1);
		if (err != OK || s->max_items == 1)
			continue;
		err = first_level(s, rank, together, place);
		if (err == OK && s->levels[0].n > 0)
			err = search_level(s, 0, node);
	}
	return err;
}

enum err model_itemsets_new(struct ctx *ctx, const struct model_baskets *baskets, int64_t min_count, int max_items, size_t most,
                            struct model_itemsets *ret)
{
	*ret = (struct model_itemsets){0};
	if (baskets->n == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_baskets");
	if (baskets->n > INT32_MAX / 2 || most > INT32_MAX / 2)
		return fail(ctx, ERR_LIMIT, "model", "model_too_many_baskets");
	struct search s = {.ctx = ctx, .min_count = (int32_t)(min_count < 1 ? 1 : min_count > INT32_MAX ? INT32_MAX : min_count),
	                   .max_items = max_items, .most = most, .sets = ret};
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = rank_items(&s, baskets);
	if (err == OK)
		err = turn_over(&s, baskets);
	if (err == OK)
		err = search_all(&s);
	for (size_t i = 0; i < s.n_levels; i++) {
		free(s.levels[i].item);
		free(s.levels[i].count);
		free(s.levels[i].bits);
	}
	free(s.levels);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	else
		model_itemsets_free(ret);
	return err;
}

void model_itemsets_free(struct model_itemsets *sets)
{
	free(sets->item);
	free(sets->parent);
	free(sets->count);
	free(sets->size);
	*sets = (struct model_itemsets){0};
}

size_t model_itemset_items(const struct model_itemsets *sets, size_t set, int32_t *ret)
{
	size_t n = (size_t)sets->size[set];
	for (size_t i = n; i-- > 0;) {
		ret[i] = sets->item[set];
		set = (size_t)sets->parent[set];
	}
	return n;
}
