/* Pareto/NBD: Schmittlein, Morrison and Colombo (1987); the likelihood as Fader and Hardie (2005), "A note on deriving the
 * Pareto/NBD model", write it, in logarithms. */
#include <math.h>

#include "models/special.h"

struct pareto {
	const struct model_group *groups;
	size_t n;
};

/* log of 2F1(n, k; n + 1; d / (most + t)) / (most + t)^n.  By Euler's transformation the series has
 * positive terms that shrink by less than d / (most + t) each. */
static double log_part(double n, double k, double most, double d, double t)
{
	double z = d / (most + t);
	return (1 - k) * log1p(-z) + log(model_hyp2f1(1, n + 1 - k, n + 1, z)) - n * log(most + t);
}

/* log of A0: minus infinity if the last purchase was at the end. */
static double log_a0(const double *at, double x, double t_x, double age)
{
	double r = at[0], alpha = at[1], s = at[2], beta = at[3], n = r + s + x;
	double most = fmax(alpha, beta), d = fabs(alpha - beta), k = alpha >= beta ? s + 1 : r + x;
	double early = log_part(n, k, most, d, t_x), late = log_part(n, k, most, d, age);
	return early > late ? early + log1p(-exp(late - early)) : -INFINITY;
}

static double log_one(const double *at, double x, double t_x, double age)
{
	double r = at[0], alpha = at[1], s = at[2], beta = at[3];
	double live = -(r + x) * log(alpha + age) - s * log(beta + age);
	return model_log_gamma(r + x) - model_log_gamma(r) + r * log(alpha) + s * log(beta) +
	       model_log_add(live, log(s / (r + s + x)) + log_a0(at, x, t_x, age));
}

static double value(const double *at, void *arg)
{
	const struct pareto *data = arg;
	double sum = 0;
	for (size_t i = 0; i < data->n; i++) {
		const struct model_group *g = &data->groups[i];
		sum += g->n * log_one(at, g->x, g->t_x, g->age);
	}
	return sum;
}

enum err model_pareto_nbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret)
{
	struct pareto data;
	struct model_group *groups;
	enum err err = model_check_history(ctx, history);
	if (err == OK)
		err = model_group_history(ctx, history, &groups, &data.n);
	if (err != OK)
		return err;
	double age = 0, weight = 0;
	for (size_t i = 0; i < data.n; i++) {
		age += groups[i].n * groups[i].age;
		weight += groups[i].n;
	}
	data.groups = groups;
	struct model_problem problem = {4, {"r", "alpha", "s", "beta"}, {0.6, 0.3 * age / weight, 0.6, 0.3 * age / weight}, value, NULL, &data};
	return model_maximise(ctx, &problem, ret);
}

double model_pareto_nbd_alive(const struct model_fit *fit, double x, double t_x, double age)
{
	double r = fit->value[0], alpha = fit->value[1], s = fit->value[2], beta = fit->value[3];
	double odds = log(s / (r + s + x)) + (r + x) * log(alpha + age) + s * log(beta + age) + log_a0(fit->value, x, t_x, age);
	return 1 / (1 + exp(odds));
}

double model_pareto_nbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t)
{
	double r = fit->value[0], alpha = fit->value[1], s = fit->value[2], beta = fit->value[3];
	double step = log1p(t / (beta + age)), k = s - 1;
	double lived = fabs(k) < 1e-9 ? step : -expm1(-k * step) / k;
	return (r + x) * (beta + age) / (alpha + age) * lived * model_pareto_nbd_alive(fit, x, t_x, age);
}
