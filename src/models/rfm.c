/* Recency, frequency, money: Hughes (1994), Strategic Database Marketing, chapter "Recency, Frequency, Monetary Analysis". */
#include <math.h>
#include <stdlib.h>

#include "models/models.h"

/* A customer with what they are ordered by: first the pool they are scored in, then the measures. */
struct place {
	int64_t pool;
	double by[3];
	size_t at;
};

static int by_place(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	if (p->pool != q->pool)
		return p->pool < q->pool ? -1 : 1;
	for (int i = 0; i < 3; i++) {
		if (p->by[i] != q->by[i])
			return p->by[i] < q->by[i] ? -1 : 1;
	}
	return (p->at > q->at) - (p->at < q->at);
}

/* Scores every pool by one measure, ties by the two others. */
static void score(const struct model_rfm *data, const double *const measure[3], const uint8_t *outer, const uint8_t *inner,
                  struct place *places, uint8_t *ret)
{
	for (size_t i = 0; i < data->n; i++) {
		int64_t pool = data->group != NULL ? data->group[i] : 0;
		pool = pool * 100 + (outer != NULL ? outer[i] * 10 : 0) + (inner != NULL ? inner[i] : 0);
		places[i] = (struct place){pool, {measure[0][i], measure[1][i], measure[2][i]}, i};
	}
	qsort(places, data->n, sizeof(*places), by_place);
	for (size_t from = 0; from < data->n;) {
		size_t to = from;
		while (to < data->n && places[to].pool == places[from].pool)
			to++;
		for (size_t i = from; i < to; i++)
			ret[places[i].at] = (uint8_t)(1 + (i - from) * (size_t)data->parts / (to - from));
		from = to;
	}
}

enum err model_rfm(struct ctx *ctx, const struct model_rfm *data, uint8_t *r, uint8_t *f, uint8_t *m)
{
	if (data->parts < 2 || data->parts > 9)
		return fail(ctx, ERR_INVALID, "model", "model_parts");
	if (data->n < (size_t)data->parts)
		return fail(ctx, ERR_INVALID, "model", "model_few_customers");
	for (size_t i = 0; i < data->n; i++) {
		if (!isfinite(data->last[i]) || !isfinite(data->count[i]) || !isfinite(data->money[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
	}
	struct arena_mark mark = arena_mark(ctx->arena);
	struct place *places = arena_array(ctx->arena, data->n, sizeof(*places));
	if (places == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	const double *by_last[] = {data->last, data->count, data->money}, *by_count[] = {data->count, data->money, data->last},
	             *by_money[] = {data->money, data->count, data->last};
	score(data, by_last, NULL, NULL, places, r);
	score(data, by_count, data->nested ? r : NULL, NULL, places, f);
	score(data, by_money, data->nested ? r : NULL, data->nested ? f : NULL, places, m);
	arena_rewind(ctx->arena, mark);
	return OK;
}
