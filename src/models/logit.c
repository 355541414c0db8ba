/* Logistic regression: McCullagh and Nelder (1989), Generalized Linear Models, 2.5; the course of R's glm.fit. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "models/special.h"

enum { ROUNDS_MAX = 100 };

/* The fit works on columns with mean 0 and spread 1, whatever their units. */
struct work {
	struct ctx *ctx;
	const double *x;
	const uint8_t *event;
	size_t n, p;
	double *mean, *spread; /* of each column */
	size_t *kept, k;       /* columns in use; the first is the intercept */
	double *cross, *right; /* k x k, k */
	double *at;            /* coefficients of standardised columns */
	double *eta, *mu;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static double standard(const struct work *w, size_t row, size_t column)
{
	return column == 0 ? 1 : (w->x[row * w->p + column] - w->mean[column]) / w->spread[column];
}

static enum err describe(struct work *w)
{
	for (size_t j = 1; j < w->p; j++) {
		double sum = 0, square = 0;
		for (size_t i = 0; i < w->n; i++)
			sum += w->x[i * w->p + j];
		w->mean[j] = sum / (double)w->n;
		if (!isfinite(sum))
			return fail(w->ctx, ERR_INVALID, "model", "model_not_finite");
		for (size_t i = 0; i < w->n; i++) {
			double d = w->x[i * w->p + j] - w->mean[j];
			square += d * d;
		}
		w->spread[j] = sqrt(square / (double)w->n);
	}
	return OK;
}

/* Adds one row, with its weight and what it should be, to the normal equations: lower triangle. */
static void add_row(struct work *w, const double *row, double weight, double target)
{
	size_t k = w->k;
	for (size_t a = 0; a < k; a++) {
		double wa = weight * row[a];
		w->right[a] += wa * target;
		for (size_t b = 0; wa != 0 && b <= a; b++)
			w->cross[a * k + b] += wa * row[b];
	}
}

static void fill_row(const struct work *w, size_t i, double *row)
{
	for (size_t a = 0; a < w->k; a++)
		row[a] = standard(w, i, w->kept[a]);
}

static void mirror(double *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < i; j++)
			a[j * n + i] = a[i * n + j];
	}
}

/* Leaves out columns that follow from those before them, by elimination in their order. */
static enum err find_rank(struct work *w)
{
	double *row = arena_array(w->ctx->arena, w->p, sizeof(*row));
	if (row == NULL)
		return no_memory(w->ctx);
	w->k = 0;
	for (size_t j = 0; j < w->p; j++) {
		if (j == 0 || w->spread[j] > 1e-12 * fabs(w->mean[j]))
			w->kept[w->k++] = j;
	}
	size_t k = w->k, rank = 0;
	memset(w->cross, 0, k * k * sizeof(*w->cross));
	for (size_t i = 0; i < w->n; i++) {
		fill_row(w, i, row);
		add_row(w, row, 1 / (double)w->n, 0);
	}
	mirror(w->cross, k);
	for (size_t j = 0; j < k; j++) {
		if (!(w->cross[j * k + j] > 1e-11))
			continue;
		w->kept[rank++] = w->kept[j];
		for (size_t a = j + 1; a < k; a++) {
			double f = w->cross[a * k + j] / w->cross[j * k + j];
			for (size_t b = j + 1; f != 0 && b < k; b++)
				w->cross[a * k + b] -= f * w->cross[j * k + b];
		}
	}
	w->k = rank;
	return OK;
}

static double deviance_of(const struct work *w)
{
	double sum = 0;
	for (size_t i = 0; i < w->n; i++)
		sum += w->event[i] != 0 ? -log(w->mu[i]) : -log1p(-w->mu[i]);
	return 2 * sum;
}

static double inverse_logit(double eta)
{
	const double most = 30; /* as R: beyond it one is not told from zero */
	double e = eta > most ? 1 / DBL_EPSILON : eta < -most ? DBL_EPSILON : exp(eta);
	return e / (1 + e);
}

/* One round: the weighted least squares of the last one's weights; `cross` is left as the inverse. */
static bool least_squares(struct work *w, double *row)
{
	size_t k = w->k;
	memset(w->cross, 0, k * k * sizeof(*w->cross));
	memset(w->right, 0, k * sizeof(*w->right));
	for (size_t i = 0; i < w->n; i++) {
		double weight = w->mu[i] * (1 - w->mu[i]);
		fill_row(w, i, row);
		add_row(w, row, weight, w->eta[i] + (w->event[i] - w->mu[i]) / weight);
	}
	mirror(w->cross, k);
	if (!model_invert_spd(w->cross, k))
		return false;
	for (size_t a = 0; a < k; a++) {
		w->at[a] = 0;
		for (size_t b = 0; b < k; b++)
			w->at[a] += w->cross[a * k + b] * w->right[b];
	}
	return true;
}

static void predict(struct work *w, double *row)
{
	for (size_t i = 0; i < w->n; i++) {
		fill_row(w, i, row);
		double eta = 0;
		for (size_t a = 0; a < w->k; a++)
			eta += row[a] * w->at[a];
		w->eta[i] = eta;
		w->mu[i] = inverse_logit(eta);
	}
}

static enum err iterate(struct work *w, struct model_logit *ret)
{
	double *row = arena_array(w->ctx->arena, w->p, sizeof(*row)), before;
	if (row == NULL)
		return no_memory(w->ctx);
	for (size_t i = 0; i < w->n; i++) {
		w->mu[i] = (w->event[i] + 0.5) / 2;
		w->eta[i] = log(w->mu[i] / (1 - w->mu[i]));
	}
	before = deviance_of(w);
	while (ret->iterations < ROUNDS_MAX && !ret->converged) {
		if (!least_squares(w, row))
			return fail(w->ctx, ERR_INVALID, "model", "model_separation");
		predict(w, row);
		ret->iterations++;
		ret->deviance = deviance_of(w);
		ret->converged = fabs(ret->deviance - before) / (fabs(ret->deviance) + 0.1) < 1e-8;
		before = ret->deviance;
		if (ret->deviance < 1e-6 * (double)w->n)
			return fail(w->ctx, ERR_INVALID, "model", "model_separation");
	}
	for (size_t i = 0; i < w->n; i++)
		ret->separated = ret->separated || fmin(w->mu[i], 1 - w->mu[i]) < 1e-10;
	return OK;
}

/* Coefficients and errors in the columns' own units. */
static void restore_units(const struct work *w, struct model_logit *ret)
{
	size_t k = w->k;
	double intercept = w->at[0], variance = 0;
	for (size_t j = 0; j < w->p; j++)
		ret->coefficient[j] = ret->se[j] = NAN;
	for (size_t a = 1; a < k; a++) {
		size_t j = w->kept[a];
		ret->coefficient[j] = w->at[a] / w->spread[j];
		ret->se[j] = sqrt(w->cross[a * k + a]) / w->spread[j];
		intercept -= ret->coefficient[j] * w->mean[j];
	}
	/* the intercept is a sum over all of them */
	for (size_t a = 0; a < k; a++) {
		double fa = a == 0 ? 1 : -w->mean[w->kept[a]] / w->spread[w->kept[a]];
		for (size_t b = 0; b < k; b++)
			variance += fa * w->cross[a * k + b] * (b == 0 ? 1 : -w->mean[w->kept[b]] / w->spread[w->kept[b]]);
	}
	ret->coefficient[0] = intercept;
	ret->se[0] = sqrt(variance);
	ret->rank = k;
}

static enum err check_outcomes(struct ctx *ctx, const uint8_t *event, size_t n, size_t p, double *ret_events)
{
	double events = 0;
	for (size_t i = 0; i < n; i++)
		events += event[i];
	*ret_events = events;
	if (n <= p)
		return fail(ctx, ERR_INVALID, "model", "model_few_rows");
	return events > 0 && events < (double)n ? OK : fail(ctx, ERR_INVALID, "model", "model_one_outcome");
}

enum err model_logit(struct ctx *ctx, const double *x, const uint8_t *event, size_t n, size_t p, struct model_logit *ret)
{
	double events;
	*ret = (struct model_logit){.n = n, .p = p};
	enum err err = check_outcomes(ctx, event, n, p, &events);
	if (err != OK)
		return err;
	struct work w = {.ctx = ctx, .x = x, .event = event, .n = n, .p = p};
	double **lists[] = {&ret->coefficient, &ret->se, &w.mean, &w.spread, &w.at, &w.right};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*lists[i] = arena_array(ctx->arena, p, sizeof(double));
	w.kept = arena_array(ctx->arena, p, sizeof(*w.kept));
	w.cross = arena_array(ctx->arena, p * p, sizeof(*w.cross));
	w.eta = arena_array(ctx->arena, n, sizeof(*w.eta));
	ret->fitted = w.mu = arena_array(ctx->arena, n, sizeof(*w.mu));
	if (ctx->arena->failed)
		return no_memory(ctx);
	err = describe(&w);
	if (err == OK)
		err = find_rank(&w);
	if (err == OK)
		err = iterate(&w, ret);
	if (err != OK)
		return err;
	restore_units(&w, ret);
	double share = events / (double)n;
	ret->log_likelihood = -ret->deviance / 2;
	ret->null_deviance = -2 * (events * log(share) + ((double)n - events) * log1p(-share));
	return model_auc(ctx, ret->fitted, event, n, &ret->auc, NULL);
}
