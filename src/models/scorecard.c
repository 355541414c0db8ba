/* Score cards: Siddiqi (2006), Credit Risk Scorecards. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/models.h"

static double counted(double count)
{
	return count > 0 ? count : 0.99;
}

double model_woe(const double *events, const double *others, size_t n, double *woe, double *part)
{
	double all_events = 0, all_others = 0, sum = 0;
	for (size_t i = 0; i < n; i++) {
		all_events += events[i];
		all_others += others[i];
	}
	for (size_t i = 0; i < n; i++) {
		double a = counted(events[i]) / all_events, b = counted(others[i]) / all_others;
		double w = log(a / b);
		if (woe != NULL)
			woe[i] = w;
		if (part != NULL)
			part[i] = (a - b) * w;
		sum += (a - b) * w;
	}
	return sum;
}

struct point {
	double x;
	uint8_t event;
};

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;
	return (p->x > q->x) - (p->x < q->x);
}

struct cutting {
	const struct point *points; /* in order */
	const double *events;       /* before each place: n + 1 */
	size_t n, least;
	size_t cut[MODEL_BREAKS_MAX + 2]; /* places: 0, the breaks, n */
	size_t n_cuts;
};

static double value_of(const struct cutting *c)
{
	double events[MODEL_BREAKS_MAX + 1], others[MODEL_BREAKS_MAX + 1];
	for (size_t i = 0; i + 1 < c->n_cuts; i++) {
		events[i] = c->events[c->cut[i + 1]] - c->events[c->cut[i]];
		others[i] = (double)(c->cut[i + 1] - c->cut[i]) - events[i];
	}
	return model_woe(events, others, c->n_cuts - 1, NULL, NULL);
}

static void insert(struct cutting *c, size_t after, size_t place)
{
	memmove(c->cut + after + 2, c->cut + after + 1, (c->n_cuts - after - 1) * sizeof(c->cut[0]));
	c->cut[after + 1] = place;
	c->n_cuts++;
}

/* The cut that helps most; false: none helps by a tenth. */
static bool cut_once(struct cutting *c)
{
	double now = value_of(c), best = now;
	struct cutting found = *c;
	for (size_t bin = 0; bin + 1 < c->n_cuts; bin++) {
		for (size_t place = c->cut[bin] + c->least; place + c->least <= c->cut[bin + 1]; place++) {
			if (c->points[place].x == c->points[place - 1].x)
				continue;
			struct cutting next = *c;
			insert(&next, bin, place);
			double value = value_of(&next);
			if (value > best) {
				best = value;
				found = next;
			}
		}
	}
	if (!(best > now * 1.1 + 1e-4))
		return false;
	*c = found;
	return true;
}

enum err model_cut(struct ctx *ctx, const double *x, const uint8_t *event, size_t n, int max_bins, double min_share, double *ret, size_t *ret_n)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	struct point *points = arena_array(ctx->arena, n + 1, sizeof(*points));
	double *events = arena_array(ctx->arena, n + 1, sizeof(*events));
	if (points == NULL || events == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		points[i] = (struct point){x[i], event[i]};
	if (n > 0)
		qsort(points, n, sizeof(*points), by_x);
	for (size_t i = 0; i < n; i++)
		events[i + 1] = events[i] + points[i].event;
	struct cutting c = {.points = points, .events = events, .n = n, .cut = {0, n}, .n_cuts = 2};
	c.least = (size_t)ceil(min_share * (double)n);
	c.least = c.least < 1 ? 1 : c.least;
	while ((int)c.n_cuts - 1 < max_bins && c.n_cuts < MODEL_BREAKS_MAX + 2 && cut_once(&c))
		;
	*ret_n = 0;
	for (size_t i = 1; i + 1 < c.n_cuts; i++)
		ret[(*ret_n)++] = points[c.cut[i]].x;
	arena_rewind(ctx->arena, mark);
	return OK;
}

double model_psi(const double *expected, const double *actual, size_t n)
{
	double all_expected = 0, all_actual = 0, sum = 0;
	for (size_t i = 0; i < n; i++) {
		all_expected += expected[i];
		all_actual += actual[i];
	}
	for (size_t i = 0; i < n; i++) {
		double e = fmax(1e-4, expected[i] / all_expected), a = fmax(1e-4, actual[i] / all_actual);
		sum += (a - e) * log(a / e);
	}
	return sum;
}
