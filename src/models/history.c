/* Histories of purchases: what can be fitted, and entries that are alike put together. */
#include <math.h>
#include <stdlib.h>

#include "models/special.h"

static bool possible(const struct model_history *h, size_t i)
{
	return h->x[i] >= 0 && h->t_x[i] >= 0 && h->t_x[i] <= h->age[i] && h->x[i] == floor(h->x[i]) && (h->x[i] > 0) == (h->t_x[i] > 0) &&
	       (h->weight == NULL || h->weight[i] >= 0);
}

static enum err wrong_entry(struct ctx *ctx, size_t i)
{
	const char *place = arena_printf(ctx->arena, "%zu", i + 1);
	return fail_arg(ctx, ERR_INVALID, "model", "model_bad_history", place != NULL ? place : "");
}

enum err model_check_history(struct ctx *ctx, const struct model_history *h)
{
	double customers = 0, repeats = 0, time = 0;
	for (size_t i = 0; i < h->n; i++) {
		double weight = h->weight != NULL ? h->weight[i] : 1;
		if (!isfinite(h->x[i]) || !isfinite(h->t_x[i]) || !isfinite(h->age[i]) || !isfinite(weight))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
		if (!possible(h, i))
			return wrong_entry(ctx, i);
		customers += weight;
		repeats += weight * h->x[i];
		time = fmax(time, h->age[i]);
	}
	if (customers < 2)
		return fail(ctx, ERR_INVALID, "model", "model_few_customers");
	if (!(time > 0))
		return fail(ctx, ERR_INVALID, "model", "model_no_time");
	return repeats > 0 ? OK : fail(ctx, ERR_INVALID, "model", "model_no_repeat");
}

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_history(const void *a, const void *b)
{
	const struct model_group *p = a, *q = b;
	int c = compare(p->x, q->x);
	if (c == 0)
		c = compare(p->age, q->age);
	return c != 0 ? c : compare(p->t_x, q->t_x);
}

enum err model_group_history(struct ctx *ctx, const struct model_history *h, struct model_group **ret, size_t *ret_n)
{
	struct model_group *all = arena_array(ctx->arena, h->n, sizeof(*all));
	size_t n = 0;
	if (all == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < h->n; i++)
		all[i] = (struct model_group){h->x[i], h->t_x[i], h->age[i], h->weight != NULL ? h->weight[i] : 1};
	qsort(all, h->n, sizeof(*all), by_history);
	for (size_t i = 0; i < h->n; i++) {
		if (n > 0 && by_history(&all[n - 1], &all[i]) == 0)
			all[n - 1].n += all[i].n;
		else
			all[n++] = all[i];
	}
	*ret = all;
	*ret_n = n;
	return OK;
}
