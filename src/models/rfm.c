/* Recency, frequency, money: Hughes (1994), Strategic Database Marketing, chapter "Recency, Frequency, Monetary Analysis". */
#include <math.h>
#include <string.h>

#include "models/models.h"

/* A customer's place, and the measure they are put in order by. */
struct place {
	uint64_t key;
	uint32_t at;
};

enum { DIGIT = 11, DIGITS = 6, VALUES = 1 << DIGIT };

struct order {
	struct place *places, *spare;
	size_t n;
};

/* Bits that are in order as the numbers are. */
static uint64_t key_of(double x)
{
	uint64_t bits;
	x += 0.0; /* no minus zero */
	memcpy(&bits, &x, sizeof(bits));
	return bits >> 63 != 0 ? ~bits : bits | (uint64_t)1 << 63;
}

/* Radix sort that leaves equal ones as they stand, digit after digit, those that are the same in all left out. */
static void sort_keys(struct order *o)
{
	static _Thread_local uint32_t count[DIGITS][VALUES];
	memset(count, 0, sizeof(count));
	for (size_t i = 0; i < o->n; i++) {
		for (int d = 0; d < DIGITS; d++)
			count[d][o->places[i].key >> (d * DIGIT) & (VALUES - 1)]++;
	}
	for (int d = 0; d < DIGITS; d++) {
		uint32_t sum = 0;
		if (count[d][o->places[0].key >> (d * DIGIT) & (VALUES - 1)] == o->n)
			continue;
		for (int v = 0; v < VALUES; v++) {
			uint32_t here = count[d][v];
			count[d][v] = sum;
			sum += here;
		}
		for (size_t i = 0; i < o->n; i++)
			o->spare[count[d][o->places[i].key >> (d * DIGIT) & (VALUES - 1)]++] = o->places[i];
		struct place *other = o->places;
		o->places = o->spare;
		o->spare = other;
	}
}

static uint64_t pool_of(const struct model_rfm *data, const uint8_t *outer, const uint8_t *inner, uint32_t at)
{
	uint64_t group = data->group != NULL ? (uint32_t)data->group[at] ^ 0x80000000U : 0;
	return group * 100 + (outer != NULL ? (uint64_t)outer[at] * 10 : 0) + (inner != NULL ? inner[at] : 0);
}

/* Scores every pool by the first measure, ties by the two others. */
static void score(const struct model_rfm *data, const double *const measure[3], const uint8_t *outer, const uint8_t *inner,
                  struct order *o, uint8_t *ret)
{
	for (uint32_t i = 0; i < data->n; i++)
		o->places[i].at = i;
	for (int k = 2; k >= 0; k--) {
		for (size_t i = 0; i < data->n; i++)
			o->places[i].key = key_of(measure[k][o->places[i].at]);
		sort_keys(o);
	}
	for (size_t i = 0; i < data->n; i++)
		o->places[i].key = pool_of(data, outer, inner, o->places[i].at);
	sort_keys(o);
	for (size_t from = 0; from < data->n;) {
		size_t to = from;
		while (to < data->n && o->places[to].key == o->places[from].key)
			to++;
		for (size_t i = from; i < to; i++)
			ret[o->places[i].at] = (uint8_t)(1 + (i - from) * (size_t)data->parts / (to - from));
		from = to;
	}
}

enum err model_rfm(struct ctx *ctx, const struct model_rfm *data, uint8_t *r, uint8_t *f, uint8_t *m)
{
	if (data->parts < 2 || data->parts > 9)
		return fail(ctx, ERR_INVALID, "model", "model_parts");
	if (data->n < (size_t)data->parts)
		return fail(ctx, ERR_INVALID, "model", "model_few_customers");
	if (data->n > UINT32_MAX)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < data->n; i++) {
		if (!isfinite(data->last[i]) || !isfinite(data->count[i]) || !isfinite(data->money[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
	}
	struct arena_mark mark = arena_mark(ctx->arena);
	struct order order = {arena_array(ctx->arena, data->n, sizeof(struct place)), arena_array(ctx->arena, data->n, sizeof(struct place)), data->n};
	if (order.places == NULL || order.spare == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	const double *by_last[] = {data->last, data->count, data->money}, *by_count[] = {data->count, data->money, data->last},
	             *by_money[] = {data->money, data->count, data->last};
	score(data, by_last, NULL, NULL, &order, r);
	score(data, by_count, data->nested ? r : NULL, NULL, &order, f);
	score(data, by_money, data->nested ? r : NULL, data->nested ? f : NULL, &order, m);
	arena_rewind(ctx->arena, mark);
	return OK;
}
