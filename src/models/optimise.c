/* The climb to the top of a likelihood. */
#include <math.h>
#include <string.h>

#include "models/special.h"

enum { N = MODEL_PARAMETERS_MAX, STEPS_MAX = 500 };

static const double far_away = 13.8; /* of a logarithm: beyond a million, or a millionth, a parameter has run away */

struct climb {
	const struct model_problem *problem;
	double at[N], slope[N]; /* logarithms, and derivatives of minus the value by them */
	double cost;            /* minus the value */
	double curve[N][N];     /* inverse of the curvature, so far as it is known */
	int steps;
};

static double cost_at(const struct model_problem *p, const double *at)
{
	double natural[N];
	for (size_t i = 0; i < p->n; i++) {
		if (!(fabs(at[i]) < far_away + 5))
			return INFINITY;
		natural[i] = exp(at[i]);
	}
	double value = p->value(natural, p->arg);
	return isfinite(value) ? -value : INFINITY;
}

static void slope_at(const struct model_problem *p, const double *at, double *ret)
{
	double natural[N], moved[N];
	if (p->slope != NULL) {
		for (size_t i = 0; i < p->n; i++)
			natural[i] = exp(at[i]);
		p->slope(natural, ret, p->arg);
		for (size_t i = 0; i < p->n; i++)
			ret[i] *= -natural[i];
		return;
	}
	const double h = 1e-5;
	memcpy(moved, at, sizeof(moved));
	for (size_t i = 0; i < p->n; i++) {
		moved[i] = at[i] + h;
		double up = cost_at(p, moved);
		moved[i] = at[i] - h;
		ret[i] = (up - cost_at(p, moved)) / (2 * h);
		moved[i] = at[i];
	}
}

static double steepest(const struct climb *c)
{
	double most = 0;
	for (size_t i = 0; i < c->problem->n; i++)
		most = fmax(most, isfinite(c->slope[i]) ? fabs(c->slope[i]) : INFINITY);
	return most;
}

static void forget_curve(struct climb *c)
{
	double scale = 1 / fmax(1, steepest(c));
	memset(c->curve, 0, sizeof(c->curve));
	for (size_t i = 0; i < c->problem->n; i++)
		c->curve[i][i] = scale;
}

/* The direction, at most 2 long; its slope is returned. */
static double direction(struct climb *c, double *ret)
{
	size_t n = c->problem->n;
	double down = 0, length = 0;
	for (size_t i = 0; i < n; i++) {
		ret[i] = 0;
		for (size_t j = 0; j < n; j++)
			ret[i] -= c->curve[i][j] * c->slope[j];
		down += ret[i] * c->slope[i];
		length += ret[i] * ret[i];
	}
	double cut = length > 4 ? 2 / sqrt(length) : 1;
	for (size_t i = 0; i < n; i++)
		ret[i] *= cut;
	return down * cut;
}

static void learn_curve(struct climb *c, const double *step, const double *before)
{
	size_t n = c->problem->n;
	double y[N], hy[N], sy = 0, yhy = 0;
	for (size_t i = 0; i < n; i++) {
		y[i] = c->slope[i] - before[i];
		sy += step[i] * y[i];
	}
	if (!(sy > 1e-14))
		return;
	for (size_t i = 0; i < n; i++) {
		hy[i] = 0;
		for (size_t j = 0; j < n; j++)
			hy[i] += c->curve[i][j] * y[j];
		yhy += y[i] * hy[i];
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++)
			c->curve[i][j] += (sy + yhy) * step[i] * step[j] / (sy * sy) - (hy[i] * step[j] + step[i] * hy[j]) / sy;
	}
}

/* One step; false: none goes down any more. */
static bool advance(struct climb *c)
{
	size_t n = c->problem->n;
	double way[N], next[N], before[N], down = direction(c, way), cost = INFINITY;
	if (!(down < 0))
		return false;
	double length = 1;
	for (int i = 0; i < 50; i++, length /= 2) {
		for (size_t k = 0; k < n; k++)
			next[k] = c->at[k] + length * way[k];
		cost = cost_at(c->problem, next);
		if (cost <= c->cost + 1e-4 * length * down)
			break;
	}
	if (!(cost < c->cost))
		return false;
	memcpy(before, c->slope, sizeof(before));
	for (size_t k = 0; k < n; k++) {
		way[k] = next[k] - c->at[k];
		c->at[k] = next[k];
	}
	c->cost = cost;
	slope_at(c->problem, c->at, c->slope);
	learn_curve(c, way, before);
	return true;
}

/* Whether it ended in a top that lies inside. */
static bool climb_from(struct climb *c, const double *start)
{
	const struct model_problem *p = c->problem;
	for (size_t i = 0; i < p->n; i++)
		c->at[i] = log(start[i]);
	c->cost = cost_at(p, c->at);
	if (!isfinite(c->cost))
		return false;
	slope_at(p, c->at, c->slope);
	forget_curve(c);
	double flat = (p->slope != NULL ? 1e-9 : 1e-8) * fmax(1, fabs(c->cost));
	bool fresh = true;
	for (; c->steps < STEPS_MAX && steepest(c) > flat; c->steps++) {
		if (advance(c)) {
			fresh = false;
			continue;
		}
		if (fresh)
			break;
		forget_curve(c);
		fresh = true;
	}
	bool inside = steepest(c) <= 1000 * flat;
	for (size_t i = 0; i < p->n; i++)
		inside = inside && fabs(c->at[i]) < far_away;
	return inside;
}

static void standard_errors(const struct model_problem *p, struct model_fit *fit)
{
	double h[N], at[N], hessian[N * N];
	size_t n = p->n;
	memcpy(at, fit->value, sizeof(at));
	for (size_t i = 0; i < n; i++)
		h[i] = 1e-4 * fit->value[i];
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = 0;
			for (int corner = 0; corner < 4; corner++) {
				memcpy(at, fit->value, sizeof(at));
				at[i] += (corner & 1) != 0 ? h[i] : -h[i];
				at[j] += (corner & 2) != 0 ? h[j] : -h[j];
				sum += (corner == 0 || corner == 3 ? 1 : -1) * p->value(at, p->arg);
			}
			hessian[i * n + j] = hessian[j * n + i] = -sum / (4 * h[i] * h[j]);
		}
	}
	bool good = model_invert_spd(hessian, n);
	for (size_t i = 0; i < n; i++)
		fit->se[i] = good && hessian[i * n + i] > 0 ? sqrt(hessian[i * n + i]) : (double)NAN;
}

/* On a ridge that rises for ever the slope gets small long before a parameter has run away: its errors tell. */
static bool decided(const struct model_fit *fit)
{
	for (size_t i = 0; i < fit->n; i++) {
		if (!(fit->se[i] < 50 * fit->value[i]))
			return false;
	}
	return true;
}

enum err model_maximise(struct ctx *ctx, const struct model_problem *problem, struct model_fit *ret)
{
	static const double scales[] = {1, 0.2, 5, 0.02};
	struct climb climb = {.problem = problem};
	bool good = false;
	double start[N];
	for (size_t s = 0; !good && s < sizeof(scales) / sizeof(scales[0]); s++) {
		for (size_t i = 0; i < problem->n; i++)
			start[i] = problem->start[i] * scales[s];
		good = climb_from(&climb, start);
	}
	if (!good)
		return fail(ctx, ERR_INVALID, "model", "model_no_optimum");
	*ret = (struct model_fit){.n = problem->n, .log_likelihood = -climb.cost, .iterations = climb.steps, .converged = true};
	for (size_t i = 0; i < problem->n; i++) {
		ret->names[i] = problem->names[i];
		ret->value[i] = exp(climb.at[i]);
	}
	standard_errors(problem, ret);
	return decided(ret) ? OK : fail(ctx, ERR_INVALID, "model", "model_no_optimum");
}
