/* Gamma-Gamma model of spend per purchase: Fader and Hardie (2013), equation 1a. */
#include <math.h>

#include "models/special.h"

struct spend {
	const double *x, *mean;
	size_t n;
};

static double value(const double *at, void *arg)
{
	const struct spend *data = arg;
	double p = at[0], q = at[1], g = at[2], sum = 0;
	double fixed = q * log(g) - model_log_gamma(q);
	for (size_t i = 0; i < data->n; i++) {
		double x = data->x[i], m = data->mean[i], px = p * x;
		if (x > 0)
			sum += fixed + model_log_gamma(px + q) - model_log_gamma(px) + (px - 1) * log(m) + px * log(x) - (px + q) * log(x * m + g);
	}
	return sum;
}

enum err model_gamma_gamma(struct ctx *ctx, const double *x, const double *mean, size_t n, struct model_fit *ret)
{
	struct spend data = {x, mean, n};
	double least = INFINITY, most = -INFINITY, sum = 0, repeaters = 0;
	for (size_t i = 0; i < n; i++) {
		if (!(x[i] > 0))
			continue;
		if (!isfinite(mean[i]) || !isfinite(x[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
		least = fmin(least, mean[i]);
		most = fmax(most, mean[i]);
		sum += mean[i];
		repeaters++;
	}
	if (repeaters == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_repeat");
	if (repeaters < 2)
		return fail(ctx, ERR_INVALID, "model", "model_few_customers");
	if (!(least > 0))
		return fail(ctx, ERR_INVALID, "model", "model_negative_spend");
	if (!(most > least))
		return fail(ctx, ERR_INVALID, "model", "model_same_spend");
	struct model_problem problem = {3, {"p", "q", "gamma"}, {5, 4, 0.5 * sum / repeaters}, value, NULL, &data};
	return model_maximise(ctx, &problem, ret);
}

double model_gamma_gamma_expected(const struct model_fit *fit, double x, double mean)
{
	double p = fit->value[0], q = fit->value[1], g = fit->value[2];
	if (!(p * x + q > 1))
		return NAN; /* the distribution has no mean */
	return p * (g + (x > 0 ? x * mean : 0)) / (p * x + q - 1);
}
