/* BG/NBD: Fader, Hardie and Lee (2005), Marketing Science 24(2), 275-284, equations 6 to 10. */
#include <math.h>

#include "models/special.h"

struct bg {
	const struct model_group *groups;
	size_t n;
	double shift;
};

/* What depends on x alone, kept while x stays the same. */
struct of_x {
	double x, value, slope_r, slope_a, slope_b;
};

/* Value of one group; `w` gets the weight of having left. */
static double one(const double *at, const struct model_group *g, double shift, double *w)
{
	double r = at[0], alpha = at[1], a = at[2], b = at[3];
	double live = log(alpha + g->age), value = -(r + g->x) * live;
	*w = 0;
	if (g->x + shift > 0) {
		double u = log(a / (b + shift + g->x - 1)) + (r + g->x) * (live - log(alpha + g->t_x));
		double e = exp(-fabs(u));
		value += (u > 0 ? u : 0) + log1p(e);
		*w = u > 0 ? 1 / (1 + e) : e / (1 + e);
	}
	return value;
}

static double value(const double *at, void *arg)
{
	const struct bg *bg = arg;
	double r = at[0], a = at[2], b = at[3], sum = 0, of_x = 0, last = -1, w;
	double fixed = r * log(at[1]) - model_log_gamma(r) + model_log_gamma(a + b) - model_log_gamma(b);
	for (size_t i = 0; i < bg->n; i++) {
		const struct model_group *g = &bg->groups[i];
		if (g->x != last) {
			last = g->x;
			of_x = fixed + model_log_gamma(r + last) + model_log_gamma(b + bg->shift + last) - model_log_gamma(a + b + bg->shift + last);
		}
		sum += g->n * (of_x + one(at, g, bg->shift, &w));
	}
	return sum;
}

static void slope(const double *at, double *ret, void *arg)
{
	const struct bg *bg = arg;
	double r = at[0], alpha = at[1], a = at[2], b = at[3], k = bg->shift, w;
	double fixed_r = log(alpha) - model_digamma(r), fixed_a = model_digamma(a + b), fixed_b = fixed_a - model_digamma(b);
	struct of_x of = {.x = -1};
	ret[0] = ret[1] = ret[2] = ret[3] = 0;
	for (size_t i = 0; i < bg->n; i++) {
		const struct model_group *g = &bg->groups[i];
		if (g->x != of.x) {
			of.x = g->x;
			double both = model_digamma(a + b + k + g->x);
			of.slope_r = fixed_r + model_digamma(r + g->x);
			of.slope_a = fixed_a - both;
			of.slope_b = fixed_b + model_digamma(b + k + g->x) - both;
		}
		(void)one(at, g, k, &w);
		double live = 1 / (alpha + g->age), gone = 1 / (alpha + g->t_x), since = log(live / gone);
		ret[0] += g->n * (of.slope_r + log(live) - w * since);
		ret[1] += g->n * (r / alpha - (r + g->x) * (live + w * (gone - live)));
		ret[2] += g->n * (of.slope_a + w / a);
		ret[3] += g->n * (of.slope_b - (w > 0 ? w / (b + k + g->x - 1) : 0));
	}
}

enum err model_bg_fit(struct ctx *ctx, const struct model_history *history, double shift, struct model_fit *ret)
{
	struct model_group *groups;
	struct bg bg = {.shift = shift};
	enum err err = model_check_history(ctx, history);
	if (err == OK)
		err = model_group_history(ctx, history, &groups, &bg.n);
	if (err != OK)
		return err;
	double age = 0, weight = 0;
	for (size_t i = 0; i < bg.n; i++) {
		age += groups[i].n * groups[i].age;
		weight += groups[i].n;
	}
	bg.groups = groups;
	struct model_problem problem = {4, {"r", "alpha", "a", "b"}, {0.5, 0.2 * age / weight, 0.8, 2}, value, slope, &bg};
	return model_maximise(ctx, &problem, ret);
}

/* (a / (b + x - 1)) ((alpha + T) / (alpha + t_x))^(r + x): the odds of having left. */
static double odds_left(const struct model_fit *fit, double shift, double x, double t_x, double age)
{
	const double *p = fit->value;
	if (!(x + shift > 0))
		return 0;
	return exp(log(p[2] / (p[3] + shift + x - 1)) + (p[0] + x) * (log(p[1] + age) - log(p[1] + t_x)));
}

double model_bg_alive(const struct model_fit *fit, double shift, double x, double t_x, double age)
{
	return 1 / (1 + odds_left(fit, shift, x, t_x, age));
}

/* Euler's transformation of equation 10 makes its series short: the power in front becomes (1 - z)^(a - 1). */
double model_bg_expected(const struct model_fit *fit, double shift, double x, double t_x, double age, double t)
{
	double r = fit->value[0], alpha = fit->value[1], a = fit->value[2], b = fit->value[3] + shift;
	if (fabs(a - 1) < 1e-7) /* the limit is smooth, the formula is 0/0 there */
		a = 1 + 1e-7;
	double z = t / (alpha + age + t), c = a + b + x - 1;
	double series = pow(1 - z, a - 1) * model_hyp2f1(a + b - 1 - r, a - 1, c, z);
	return c / (a - 1) * (1 - series) * model_bg_alive(fit, shift, x, t_x, age);
}

enum err model_bgnbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret)
{
	return model_bg_fit(ctx, history, 0, ret);
}

double model_bgnbd_alive(const struct model_fit *fit, double x, double t_x, double age)
{
	return model_bg_alive(fit, 0, x, t_x, age);
}

double model_bgnbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t)
{
	return model_bg_expected(fit, 0, x, t_x, age, t);
}
