/* Concentration: Lorenz (1905), Methods of measuring the concentration of wealth; Gini (1912); classes A, B, C after Pareto. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/models.h"

struct place {
	double value;
	size_t at;
};

/* Smallest first; of equal ones the later first, so that the earlier counts as the better. */
static int by_value(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	if (p->value != q->value)
		return p->value < q->value ? -1 : 1;
	return (p->at < q->at) - (p->at > q->at);
}

/* The best fifth's share; of a customer who lies on the border only a part counts. */
static double share_of_top(const double *sorted, size_t n, double part)
{
	double left = part * (double)n, sum = 0, total = 0;
	for (size_t i = n; i-- > 0;) {
		sum += sorted[i] * fmin(1, fmax(0, left));
		left -= 1;
		total += sorted[i];
	}
	return sum / total;
}

static void classes(const struct place *places, size_t n, uint8_t *class_of, struct model_lorenz *ret)
{
	double sum = 0;
	for (size_t i = n; i-- > 0;) {
		int class = sum < 0.8 * ret->total * (1 - 1e-12) ? 0 : sum < 0.95 * ret->total * (1 - 1e-12) ? 1 : 2;
		sum += places[i].value;
		ret->class_count[class]++;
		ret->class_sum[class] += places[i].value;
		if (class_of != NULL)
			class_of[places[i].at] = (uint8_t)class;
	}
	ret->share_for_80 = (double)ret->class_count[0] / (double)n;
}

enum err model_lorenz(struct ctx *ctx, const double *values, size_t n, double *sorted, uint8_t *class_of, struct model_lorenz *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(values[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
		if (values[i] < 0)
			return fail(ctx, ERR_INVALID, "model", "model_negative_values");
		ret->total += values[i];
	}
	if (n == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_values");
	if (!(ret->total > 0))
		return fail(ctx, ERR_INVALID, "model", "model_zero_total");
	struct arena_mark mark = arena_mark(ctx->arena);
	struct place *places = arena_array(ctx->arena, n, sizeof(*places));
	if (places == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){values[i], i};
	qsort(places, n, sizeof(*places), by_value);
	double weighted = 0, count = (double)n;
	for (size_t i = 0; i < n; i++) {
		sorted[i] = places[i].value;
		weighted += sorted[i] * (2 * (double)(i + 1) - count - 1);
	}
	ret->mean = ret->total / count;
	ret->gini = weighted / (count * ret->total);
	ret->gini_corrected = n > 1 ? ret->gini * count / (count - 1) : (double)NAN;
	ret->top_share = share_of_top(sorted, n, 0.2);
	classes(places, n, class_of, ret);
	arena_rewind(ctx->arena, mark);
	return OK;
}
