/* Experiments with two groups: Pearson (1900), Welch (1947), Robbins (1970), Johari, Koomen, Pekelis and Walsh (2017). */
#include <math.h>
#include <stdlib.h>

#include "models/special.h"

static enum err check(struct ctx *ctx, struct model_arm control, struct model_arm arm, double level)
{
	if (!(control.n >= 2 && arm.n >= 2))
		return fail(ctx, ERR_INVALID, "model", "model_small_arm");
	return level > 0 && level < 1 ? OK : fail(ctx, ERR_INVALID, "model", "model_level");
}

/* `variance` is that of the difference. The statistic is likely to be exceeded once in a thousand looks as well as in one. */
static void always_valid(struct model_test *t, double variance, double level, double expected)
{
	double mixed = expected * expected, sum = variance + mixed;
	double ratio = 0.5 * log(variance / sum) + mixed * t->difference * t->difference / (2 * variance * sum);
	double half = sqrt(variance * sum / mixed * (log(sum / variance) - 2 * log(1 - level)));
	t->always_p = fmin(1, exp(-ratio));
	t->always_low = t->difference - half;
	t->always_high = t->difference + half;
}

/* `log_variance` is that of the logarithm of arm / control. */
static void relative(struct model_test *t, double log_variance, double z)
{
	t->uplift = t->uplift_low = t->uplift_high = NAN;
	if (!(t->control != 0))
		return;
	t->uplift = t->difference / t->control;
	if (!(t->control > 0 && t->arm > 0))
		return;
	double half = z * sqrt(log_variance), center = log(t->arm / t->control);
	t->uplift_low = expm1(center - half);
	t->uplift_high = expm1(center + half);
}

enum err model_two_proportions(struct ctx *ctx, struct model_arm control, struct model_arm arm, double level, double expected, struct model_test *ret)
{
	enum err err = check(ctx, control, arm, level);
	if (err != OK)
		return err;
	double a = control.sum, b = arm.sum, n = control.n, m = arm.n, share = (a + b) / (n + m);
	if (!(share > 0 && share < 1))
		return fail(ctx, ERR_INVALID, "model", "model_no_spread");
	*ret = (struct model_test){.control = a / n, .arm = b / m, .degrees = 1};
	ret->difference = ret->arm - ret->control;
	double pooled = share * (1 - share) * (1 / n + 1 / m);
	double variance = ret->control * (1 - ret->control) / n + ret->arm * (1 - ret->arm) / m;
	double z = model_normal_quantile(0.5 + level / 2), yates = fmin(0.5, fabs(ret->difference) / (1 / n + 1 / m)) * (1 / n + 1 / m);
	double corrected = fabs(ret->difference) - yates;
	ret->statistic = ret->difference * ret->difference / pooled;
	ret->p = model_chi2_upper(ret->statistic, 1);
	ret->p_corrected = model_chi2_upper(corrected * corrected / pooled, 1);
	ret->low = fmax(-1, ret->difference - z * sqrt(variance));
	ret->high = fmin(1, ret->difference + z * sqrt(variance));
	relative(ret, a > 0 && b > 0 ? (1 - ret->control) / a + (1 - ret->arm) / b : 0, z);
	always_valid(ret, pooled, level, expected);
	return OK;
}

enum err model_two_means(struct ctx *ctx, struct model_arm control, struct model_arm arm, double level, double expected, struct model_test *ret)
{
	enum err err = check(ctx, control, arm, level);
	if (err != OK)
		return err;
	double va = control.squares / (control.n - 1) / control.n, vb = arm.squares / (arm.n - 1) / arm.n, variance = va + vb;
	if (!(variance > 0))
		return fail(ctx, ERR_INVALID, "model", "model_no_spread");
	*ret = (struct model_test){.control = control.sum / control.n, .arm = arm.sum / arm.n, .p_corrected = NAN};
	ret->difference = ret->arm - ret->control;
	ret->statistic = ret->difference / sqrt(variance);
	ret->degrees = variance * variance / (va * va / (control.n - 1) + vb * vb / (arm.n - 1));
	ret->p = 2 * model_t_cdf(-fabs(ret->statistic), ret->degrees);
	double half = model_t_quantile(0.5 + level / 2, ret->degrees) * sqrt(variance);
	ret->low = ret->difference - half;
	ret->high = ret->difference + half;
	relative(ret, va / (ret->control * ret->control) + vb / (ret->arm * ret->arm), model_normal_quantile(0.5 + level / 2));
	always_valid(ret, variance, level, expected);
	return OK;
}

enum err model_sample_size(struct ctx *ctx, double p1, double p2, double alpha, double power, double *ret)
{
	if (!(p1 > 0 && p1 < 1 && p2 > 0 && p2 < 1 && p1 != p2))
		return fail(ctx, ERR_INVALID, "model", "model_rates");
	if (!(alpha > 0 && alpha < 1 && power > 0 && power < 1))
		return fail(ctx, ERR_INVALID, "model", "model_level");
	double za = model_normal_quantile(1 - alpha / 2), zb = model_normal_quantile(power);
	double root = za * sqrt((p1 + p2) * (1 - (p1 + p2) / 2)) + zb * sqrt(p1 * (1 - p1) + p2 * (1 - p2));
	*ret = root * root / ((p2 - p1) * (p2 - p1));
	return OK;
}

struct place {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return (x->p > y->p) - (x->p < y->p);
}

enum err model_holm(struct ctx *ctx, double *p, size_t n)
{
	struct place *places = arena_array(ctx->arena, n + 1, sizeof(*places));
	double worst = 0;
	if (places == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){p[i], i};
	if (n > 0)
		qsort(places, n, sizeof(*places), by_p);
	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fmin(1, places[i].p * (double)(n - i)));
		p[places[i].at] = worst;
	}
	return OK;
}
