/* Proportional hazards: Cox (1972), J. R. Statist. Soc. B 34; ties after Efron (1977) and Breslow (1974). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/special.h"

enum { ROUNDS_MAX = 50 };

struct work {
	struct ctx *ctx;
	const struct model_lives *lives;
	size_t n, p;
	bool breslow;
	size_t *order;         /* last times first */
	double *z;             /* kept columns, standardised, n x k, in that order */
	size_t *kept, k;
	double *mean, *spread; /* of kept columns */
	double *at, *eta;      /* coefficients, and what they give */
	/* sums over those at risk, and over those who die at one time */
	double s0, *s1, *s2, d0, *d1, *d2;
	double *slope, *information, value;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

struct place {
	double time;
	size_t at;
};

static int latest_first(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	if (p->time != q->time)
		return p->time > q->time ? -1 : 1;
	return (p->at > q->at) - (p->at < q->at);
}

static enum err sort_lives(struct work *w)
{
	struct place *places = arena_array(w->ctx->arena, w->n, sizeof(*places));
	size_t events = 0;
	w->order = arena_array(w->ctx->arena, w->n, sizeof(*w->order));
	if (places == NULL || w->order == NULL)
		return no_memory(w->ctx);
	for (size_t i = 0; i < w->n; i++) {
		if (!(w->lives->time[i] >= 0) || !isfinite(w->lives->time[i]))
			return fail(w->ctx, ERR_INVALID, "model", "model_bad_time");
		places[i] = (struct place){w->lives->time[i], i};
		events += w->lives->event[i];
	}
	qsort(places, w->n, sizeof(*places), latest_first);
	for (size_t i = 0; i < w->n; i++)
		w->order[i] = places[i].at;
	return events > 0 ? OK : fail(w->ctx, ERR_INVALID, "model", "model_no_events");
}

/* Mean and spread of column j at place `rank`; false: it is the same everywhere. */
static bool describe(struct work *w, const double *x, size_t j, size_t rank)
{
	double sum = 0, square = 0;
	for (size_t i = 0; i < w->n; i++)
		sum += x[i * w->p + j];
	double mean = sum / (double)w->n;
	for (size_t i = 0; i < w->n; i++)
		square += (x[i * w->p + j] - mean) * (x[i * w->p + j] - mean);
	w->mean[rank] = mean;
	w->spread[rank] = sqrt(square / (double)w->n);
	w->kept[rank] = j;
	return w->spread[rank] > 1e-12 * fabs(mean) || isnan(square);
}

static double correlation(const struct work *w, const double *x, size_t a, size_t b)
{
	double sum = 0;
	for (size_t i = 0; i < w->n; i++)
		sum += (x[i * w->p + w->kept[a]] - w->mean[a]) * (x[i * w->p + w->kept[b]] - w->mean[b]);
	return sum / ((double)w->n * w->spread[a] * w->spread[b]);
}

/* Columns that are not the same everywhere and do not follow from those before them: Cholesky on correlations, which leaves out a
 * column of which nothing is left. */
static enum err keep_columns(struct work *w, const double *x)
{
	size_t rank = 0, n;
	double *root = arena_array(w->ctx->arena, w->p * w->p + 1, sizeof(*root));
	if (root == NULL)
		return no_memory(w->ctx);
	for (size_t j = 0; j < w->p; j++) {
		rank += describe(w, x, j, rank);
		if (rank > 0 && !isfinite(w->spread[rank - 1]))
			return fail(w->ctx, ERR_INVALID, "model", "model_not_finite");
	}
	n = rank;
	rank = 0;
	for (size_t a = 0; a < n; a++) {
		double left = 1, *row = root + rank * w->p;
		for (size_t b = 0; b < rank; b++) {
			row[b] = correlation(w, x, a, b);
			for (size_t c = 0; c < b; c++)
				row[b] -= row[c] * root[b * w->p + c];
			row[b] /= root[b * w->p + b];
			left -= row[b] * row[b];
		}
		if (!(left > 1e-11))
			continue;
		row[rank] = sqrt(left);
		w->kept[rank] = w->kept[a];
		w->mean[rank] = w->mean[a];
		w->spread[rank++] = w->spread[a];
	}
	w->k = rank;
	return rank > 0 ? OK : fail(w->ctx, ERR_INVALID, "model", "model_no_values");
}

static enum err standardise(struct work *w, const double *x)
{
	w->z = arena_array(w->ctx->arena, w->n * w->k, sizeof(*w->z));
	for (size_t i = 0; w->z != NULL && i < w->n; i++) {
		for (size_t a = 0; a < w->k; a++)
			w->z[i * w->k + a] = (x[w->order[i] * w->p + w->kept[a]] - w->mean[a]) / w->spread[a];
	}
	return w->z != NULL ? OK : no_memory(w->ctx);
}

static void add_life(size_t k, const double *z, double weight, double *s0, double *s1, double *s2)
{
	*s0 += weight;
	for (size_t a = 0; a < k; a++) {
		s1[a] += weight * z[a];
		for (size_t b = 0; b <= a; b++)
			s2[a * k + b] += weight * z[a] * z[b];
	}
}

/* What `deaths` deaths at one time add: each leaves a part of the dying out of those at risk (Efron), or none (Breslow). */
static void add_deaths(struct work *w, double deaths)
{
	size_t k = w->k;
	for (double l = 0; l < deaths; l++) {
		double part = w->breslow ? 0 : l / deaths, s0 = w->s0 - part * w->d0;
		w->value -= log(s0);
		for (size_t a = 0; a < k; a++) {
			double ma = (w->s1[a] - part * w->d1[a]) / s0;
			w->slope[a] -= ma;
			for (size_t b = 0; b <= a; b++) {
				double mb = (w->s1[b] - part * w->d1[b]) / s0;
				w->information[a * k + b] += (w->s2[a * k + b] - part * w->d2[a * k + b]) / s0 - ma * mb;
			}
		}
	}
}

/* Value, slope and information at `at`. */
static void evaluate(struct work *w)
{
	size_t k = w->k;
	w->value = w->s0 = 0;
	memset(w->s1, 0, k * sizeof(double));
	memset(w->s2, 0, k * k * sizeof(double));
	memset(w->slope, 0, k * sizeof(double));
	memset(w->information, 0, k * k * sizeof(double));
	for (size_t from = 0, to; from < w->n; from = to) {
		double time = w->lives->time[w->order[from]], deaths = 0;
		w->d0 = 0;
		memset(w->d1, 0, k * sizeof(double));
		memset(w->d2, 0, k * k * sizeof(double));
		for (to = from; to < w->n && w->lives->time[w->order[to]] == time; to++) {
			const double *z = w->z + to * k;
			double eta = 0;
			for (size_t a = 0; a < k; a++)
				eta += w->at[a] * z[a];
			w->eta[to] = eta;
			add_life(k, z, exp(eta), &w->s0, w->s1, w->s2);
			if (w->lives->event[w->order[to]] == 0)
				continue;
			add_life(k, z, exp(eta), &w->d0, w->d1, w->d2);
			deaths++;
			w->value += eta;
			for (size_t a = 0; a < k; a++)
				w->slope[a] += z[a];
		}
		add_deaths(w, deaths);
	}
	for (size_t a = 0; a < k; a++) {
		for (size_t b = 0; b < a; b++)
			w->information[b * k + a] = w->information[a * k + b];
	}
}

static void multiply(const double *a, const double *x, size_t k, double *ret)
{
	for (size_t i = 0; i < k; i++) {
		ret[i] = 0;
		for (size_t j = 0; j < k; j++)
			ret[i] += a[i * k + j] * x[j];
	}
}

/* Newton's way, with half steps where a whole one goes down. `information` is left as its inverse. */
static enum err climb(struct work *w, struct model_cox *ret)
{
	size_t k = w->k;
	double *before = arena_array(w->ctx->arena, k, sizeof(*before)), *way = arena_array(w->ctx->arena, k, sizeof(*way)), last;
	if (before == NULL || way == NULL)
		return no_memory(w->ctx);
	evaluate(w);
	ret->null_log_likelihood = last = w->value;
	for (; ret->iterations < ROUNDS_MAX && !ret->converged; ret->iterations++) {
		double length = 1;
		if (!model_invert_spd(w->information, k))
			return fail(w->ctx, ERR_INVALID, "model", "model_separation");
		memcpy(before, w->at, k * sizeof(*before));
		multiply(w->information, w->slope, k, way);
		for (int half = 0; half < 30; half++, length /= 2) {
			for (size_t a = 0; a < k; a++)
				w->at[a] = before[a] + length * way[a];
			evaluate(w);
			if (w->value >= last - 1e-12 * fabs(last))
				break;
		}
		ret->converged = fabs(w->value - last) <= 1e-11 * (fabs(last) + 1e-3);
		last = w->value;
	}
	/* the likelihood stands still and the coefficient does not */
	for (size_t a = 0; a < k; a++)
		ret->runaway[w->kept[a]] = fabs(w->at[a] - before[a]) > 1e-3;
	if (!ret->converged || !model_invert_spd(w->information, k))
		return fail(w->ctx, ERR_INVALID, "model", "model_separation");
	ret->log_likelihood = last;
	return OK;
}

enum { PAIRS_MAX = 20000 };

/* Of pairs of which it is known who lived shorter, those whose hazards say so too; of very many lives, evenly chosen ones. */
static double concordance(const struct work *w)
{
	double right = 0, pairs = 0;
	size_t step = w->n / PAIRS_MAX + 1;
	for (size_t i = 0; i < w->n; i += step) {
		if (w->lives->event[w->order[i]] == 0)
			continue;
		double time = w->lives->time[w->order[i]];
		for (size_t j = 0; j < w->n && w->lives->time[w->order[j]] >= time; j += step) {
			bool later = w->lives->time[w->order[j]] > time || w->lives->event[w->order[j]] == 0;
			if (!later)
				continue;
			pairs++;
			right += w->eta[i] > w->eta[j] ? 1 : w->eta[i] == w->eta[j] ? 0.5 : 0;
		}
	}
	return right / pairs;
}

static enum err make_room(struct work *w)
{
	double **lists[] = {&w->mean, &w->spread, &w->at, &w->s1, &w->d1, &w->slope}, **squares[] = {&w->s2, &w->d2, &w->information};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*lists[i] = arena_array(w->ctx->arena, w->p + 1, sizeof(double));
	for (size_t i = 0; i < sizeof(squares) / sizeof(squares[0]); i++)
		*squares[i] = arena_array(w->ctx->arena, w->p * w->p + 1, sizeof(double));
	w->kept = arena_array(w->ctx->arena, w->p + 1, sizeof(*w->kept));
	w->eta = arena_array(w->ctx->arena, w->n + 1, sizeof(*w->eta));
	return w->ctx->arena->failed ? no_memory(w->ctx) : OK;
}

enum err model_cox(struct ctx *ctx, const struct model_lives *lives, const double *x, size_t p, bool breslow, struct model_cox *ret)
{
	struct work w = {.ctx = ctx, .lives = lives, .n = lives->n, .p = p, .breslow = breslow};
	*ret = (struct model_cox){.coefficient = arena_array(ctx->arena, p + 1, sizeof(double)), .se = arena_array(ctx->arena, p + 1, sizeof(double)),
	                          .runaway = arena_array(ctx->arena, p + 1, sizeof(bool))};
	if (lives->n == 0 || p == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_values");
	enum err err = ret->runaway != NULL ? make_room(&w) : no_memory(ctx);
	if (err == OK)
		err = sort_lives(&w);
	if (err == OK)
		err = keep_columns(&w, x);
	if (err == OK)
		err = standardise(&w, x);
	if (err == OK)
		err = climb(&w, ret);
	if (err != OK)
		return err;
	for (size_t j = 0; j < p; j++)
		ret->coefficient[j] = ret->se[j] = NAN;
	for (size_t a = 0; a < w.k; a++) {
		ret->coefficient[w.kept[a]] = w.at[a] / w.spread[a];
		ret->se[w.kept[a]] = sqrt(w.information[a * w.k + a]) / w.spread[a];
	}
	ret->concordance = concordance(&w);
	return OK;
}
