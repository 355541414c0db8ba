/* BG/BB: Fader, Hardie and Shang (2010), Customer-base analysis in a discrete-time noncontractual setting,
 * Marketing Science 29(6), equations 5, 11 and 13. */
#include <math.h>

#include "models/special.h"

struct bgbb {
	const struct model_group *groups;
	size_t n;
};

static double log_one(const double *at, double x, double t_x, double n)
{
	double alpha = at[0], beta = at[1], gamma = at[2], delta = at[3];
	double sum = model_log_beta(alpha + x, beta + n - x) + model_log_beta(gamma, delta + n);
	for (double i = 0; i < n - t_x; i++)
		sum = model_log_add(sum, model_log_beta(alpha + x, beta + t_x - x + i) + model_log_beta(gamma + 1, delta + t_x + i));
	return sum - model_log_beta(alpha, beta) - model_log_beta(gamma, delta);
}

static double value(const double *at, void *arg)
{
	const struct bgbb *data = arg;
	double sum = 0;
	for (size_t i = 0; i < data->n; i++) {
		const struct model_group *g = &data->groups[i];
		sum += g->n * log_one(at, g->x, g->t_x, g->age);
	}
	return sum;
}

enum { OCCASIONS_MAX = 10000 };

enum err model_bgbb(struct ctx *ctx, const struct model_history *history, struct model_fit *ret)
{
	struct bgbb data;
	struct model_group *groups;
	enum err err = model_check_history(ctx, history);
	if (err != OK)
		return err;
	for (size_t i = 0; i < history->n; i++) {
		if (history->t_x[i] != floor(history->t_x[i]) || history->age[i] != floor(history->age[i]) || history->age[i] > OCCASIONS_MAX)
			return fail(ctx, ERR_INVALID, "model", "model_whole_periods");
		if (history->x[i] > history->t_x[i])
			return fail(ctx, ERR_INVALID, "model", "model_too_often");
	}
	err = model_group_history(ctx, history, &groups, &data.n);
	if (err != OK)
		return err;
	data.groups = groups;
	struct model_problem problem = {4, {"alpha", "beta", "gamma", "delta"}, {1, 1, 0.5, 3}, value, NULL, &data};
	return model_maximise(ctx, &problem, ret);
}

double model_bgbb_alive(const struct model_fit *fit, double x, double t_x, double age)
{
	const double *p = fit->value;
	return exp(model_log_beta(p[0] + x, p[1] + age - x) - model_log_beta(p[0], p[1]) + model_log_beta(p[2], p[3] + age + 1) -
	           model_log_beta(p[2], p[3]) - log_one(p, x, t_x, age));
}

/* log of Gamma(1 + d + n) / Gamma(g + d + n). */
static double log_tail(double g, double d, double n)
{
	return model_log_gamma(1 + d + n) - model_log_gamma(g + d + n);
}

double model_bgbb_expected(const struct model_fit *fit, double x, double t_x, double age, double occasions)
{
	double a = fit->value[0], b = fit->value[1], g = fit->value[2], d = fit->value[3];
	if (fabs(g - 1) < 1e-7)
		g = 1 + 1e-7;
	double front = model_log_beta(a + x + 1, b + age - x) - model_log_beta(a, b) - log_one(fit->value, x, t_x, age) + log(d) +
	               model_log_gamma(g + d) - model_log_gamma(1 + d);
	double now = log_tail(g, d, age), then = log_tail(g, d, age + occasions);
	return exp(front + now) * -expm1(then - now) / (g - 1);
}
