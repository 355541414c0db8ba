/* Customer value as a Markov chain: Pfeifer and Carraway (2000). */
#include <math.h>
#include <string.h>

#include "models/special.h"

/* For ever: (I - P/(1+d)) v = r. */
static enum err for_ever(struct ctx *ctx, const double *p, const double *reward, size_t n, double discount, double *value)
{
	double *a = arena_array(ctx->arena, n * n, sizeof(*a));
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++)
			a[i * n + j] = (i == j ? 1 : 0) - p[i * n + j] / (1 + discount);
	}
	memcpy(value, reward, n * sizeof(*value));
	return model_solve(a, value, n) ? OK : fail(ctx, ERR_INVALID, "model", "model_discount");
}

/* Period by period from the end: v = r + P v / (1 + d). */
static enum err for_periods(struct ctx *ctx, const double *p, const double *reward, size_t n, double discount, int64_t periods, double *value)
{
	double *next = arena_array(ctx->arena, n, sizeof(*next));
	if (next == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memcpy(value, reward, n * sizeof(*value));
	for (int64_t t = 0; t < periods; t++) {
		for (size_t i = 0; i < n; i++) {
			double sum = 0;
			for (size_t j = 0; j < n; j++)
				sum += p[i * n + j] * value[j];
			next[i] = reward[i] + sum / (1 + discount);
		}
		memcpy(value, next, n * sizeof(*value));
	}
	return OK;
}

/* Chances between 0 and 1 that sum to one at most. */
static bool chances_hold(const double *p, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++) {
		if (!(p[j] >= 0 && p[j] <= 1))
			return false;
		sum += p[j];
	}
	return sum <= 1 + 1e-9;
}

enum err model_markov_matrix(struct ctx *ctx, const double *p, const double *reward, size_t n, double discount, int64_t periods, double *value)
{
	if (n == 0 || n > MODEL_MARKOV_MAX || periods > 100000)
		return fail(ctx, ERR_INVALID, "model", "model_too_many_states");
	for (size_t i = 0; i < n; i++) {
		if (!chances_hold(p + i * n, n))
			return fail(ctx, ERR_INVALID, "model", "model_chance_range");
		if (!isfinite(reward[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
	}
	if (!isfinite(discount) || discount < 0 || (discount == 0 && periods < 0))
		return fail(ctx, ERR_INVALID, "model", "model_discount");
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = periods < 0 ? for_ever(ctx, p, reward, n, discount, value) : for_periods(ctx, p, reward, n, discount, periods, value);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}

enum err model_markov(struct ctx *ctx, const struct model_markov *chain, double *value)
{
	size_t n = chain->n;
	if (n == 0 || n > MODEL_MARKOV_MAX)
		return fail(ctx, ERR_INVALID, "model", "model_too_many_states");
	struct arena_mark mark = arena_mark(ctx->arena);
	double *p = arena_array(ctx->arena, n * n, sizeof(*p)), *reward = arena_array(ctx->arena, n, sizeof(*reward));
	if (p == NULL || reward == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		p[i * n] = chain->chance[i];
		if (i + 1 < n)
			p[i * n + i + 1] += 1 - chain->chance[i];
		/* who bought at the beginning of the period is in the first state */
		reward[i] = (i == 0 ? chain->contribution : 0) - chain->cost;
	}
	enum err err = model_markov_matrix(ctx, p, reward, n, chain->discount, chain->periods, value);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}

/* --- chances from what was seen ----------------------------------------------- */

enum err model_markov_chances(struct ctx *ctx, const double *seen, const double *bought, size_t n, double level, struct model_chance *ret)
{
	if (n == 0 || n > MODEL_MARKOV_MAX)
		return fail(ctx, ERR_INVALID, "model", "model_too_many_states");
	if (!(level > 0 && level < 1))
		return fail(ctx, ERR_INVALID, "model", "model_level");
	double z = model_normal_quantile(0.5 + level / 2);
	for (size_t i = 0; i < n; i++) {
		double m = seen[i], p = bought[i] / m, center = (p + z * z / (2 * m)) / (1 + z * z / m);
		double half = z / (1 + z * z / m) * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
		if (!(m > 0 && bought[i] >= 0 && bought[i] <= m))
			return fail(ctx, ERR_INVALID, "model", "model_chance_range");
		ret[i] = (struct model_chance){p, sqrt(p * (1 - p) / m), fmax(0, center - half), fmin(1, center + half)};
	}
	return OK;
}

/* How each state's value goes with one number of the chain, by the difference around it (within 0 and 1, if it is a chance). */
static enum err slope_of(struct ctx *ctx, const struct model_markov *chain, double *at, double least, double most, double step, double *low, double *slope)
{
	double here = *at, from = fmax(least, here - step), to = fmin(most, here + step);
	*at = from;
	enum err err = model_markov(ctx, chain, low);
	*at = to;
	if (err == OK)
		err = model_markov(ctx, chain, slope);
	*at = here;
	for (size_t i = 0; err == OK && i < chain->n; i++)
		slope[i] = (slope[i] - low[i]) / (to - from);
	return err;
}

/* Adds one number's part to the variances of the values and of the weighted sum of what is yet to come. */
static void add_part(const double *slope, size_t n, double se, double known, const double *weight, double *value_se, double *total)
{
	double sum = -known;
	for (size_t i = 0; i < n; i++) {
		value_se[i] += slope[i] * slope[i] * se * se;
		sum += weight[i] * slope[i];
	}
	*total += sum * sum * se * se;
}

enum err model_markov_errors(struct ctx *ctx, const struct model_markov *chain, const struct model_chance *chances, double contribution_se, const double *weight,
                             double *value_se, double *ret_total_se)
{
	const double step = 1e-5;
	struct arena_mark mark = arena_mark(ctx->arena);
	size_t n = chain->n;
	double *chance = arena_array(ctx->arena, n + 1, sizeof(*chance)), *low = arena_array(ctx->arena, n + 1, sizeof(*low));
	double *slope = arena_array(ctx->arena, n + 1, sizeof(*slope)), total = 0;
	if (chance == NULL || low == NULL || slope == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memcpy(chance, chain->chance, n * sizeof(*chance));
	memset(value_se, 0, n * sizeof(*value_se));
	struct model_markov near = *chain;
	near.chance = chance;
	enum err err = OK;
	for (size_t k = 0; err == OK && k < n; k++) {
		err = slope_of(ctx, &near, &chance[k], 0, 1, step, low, slope);
		if (err == OK)
			add_part(slope, n, chances[k].se, 0, weight, value_se, &total);
	}
	if (err == OK)
		err = slope_of(ctx, &near, &near.contribution, -INFINITY, INFINITY, fmax(1, fabs(chain->contribution)) * step, low, slope);
	if (err != OK)
		return err;
	/* what somebody in the first state has just brought is known, not yet to come */
	add_part(slope, n, contribution_se, weight[0], weight, value_se, &total);
	for (size_t i = 0; i < n; i++)
		value_se[i] = sqrt(value_se[i]);
	*ret_total_se = sqrt(total);
	arena_rewind(ctx->arena, mark);
	return OK;
}
