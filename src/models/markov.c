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
