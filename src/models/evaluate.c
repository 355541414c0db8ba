/* How good a forecast of an event is on rows it was not made from: Hanley and McNeil (1982), Brier (1950), Hosmer and Lemeshow (1980), Cox (1958). */
#include <math.h>
#include <stdlib.h>

#include "models/special.h"

struct scored {
	double p, event; /* ties share their events evenly, so that no tenth is lucky in their order */
};

static int highest_first(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	return (x->p < y->p) - (x->p > y->p);
}

/* Share of the rows of each class that goes to the test, each row as likely as any other: Fan, Muller and Rezucha (1962). */
void model_split(const uint8_t *event, size_t n, double share, uint64_t seed, uint8_t *test)
{
	size_t left[2] = {0}, wanted[2];
	for (size_t i = 0; i < n; i++)
		left[event[i] != 0]++;
	for (int c = 0; c < 2; c++)
		wanted[c] = (size_t)floor((double)left[c] * share + 0.5);
	for (size_t i = 0; i < n; i++) {
		int c = event[i] != 0;
		uint64_t x = seed += 0x9e3779b97f4a7c15U; /* splitmix64 */
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
		x = (x ^ x >> 27) * 0x94d049bb133111ebU;
		double chance = (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
		test[i] = chance * (double)left[c] < (double)wanted[c];
		wanted[c] -= test[i];
		left[c]--;
	}
}

double model_linear(const double *row, const double *coefficient, size_t p)
{
	double sum = 0;
	for (size_t j = 0; j < p; j++)
		sum += isnan(coefficient[j]) ? 0 : coefficient[j] * row[j];
	return sum;
}

double model_chance(double log_odds)
{
	return log_odds >= 0 ? 1 / (1 + exp(-log_odds)) : exp(log_odds) / (1 + exp(log_odds));
}

static struct scored *in_order(struct ctx *ctx, const double *p, const uint8_t *event, size_t n)
{
	struct scored *all = arena_array(ctx->arena, n + 1, sizeof(*all));
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		all[i] = (struct scored){p[i], event[i]};
	qsort(all, n, sizeof(*all), highest_first);
	for (size_t from = 0, to; from < n; from = to) {
		double sum = 0;
		for (to = from; to < n && all[to].p == all[from].p; to++)
			sum += all[to].event;
		for (size_t i = from; i < to; i++)
			all[i].event = sum / (double)(to - from);
	}
	return all;
}

/* Tenths of equal size, the likeliest first, and how far what happened in them lies from what was foretold. */
static void fill_tenths(const struct scored *all, struct model_evaluation *ret)
{
	double caught = 0, chi2 = 0, share = ret->events / (double)ret->n;
	for (size_t t = 0; t < MODEL_TENTHS; t++) {
		size_t from = ret->n * t / MODEL_TENTHS, to = ret->n * (t + 1) / MODEL_TENTHS;
		struct model_tenth *tenth = &ret->tenth[t];
		double sum = 0;
		for (size_t i = from; i < to; i++) {
			tenth->events += all[i].event;
			sum += all[i].p;
		}
		tenth->n = (double)(to - from);
		tenth->predicted = sum / tenth->n;
		tenth->rate = tenth->events / tenth->n;
		tenth->lift = tenth->rate / share;
		caught += tenth->events;
		tenth->caught = caught / ret->events;
		tenth->from = all[to - 1].p;
		tenth->to = all[from].p;
		chi2 += (tenth->events - sum) * (tenth->events - sum) / fmax(1e-12, sum * (1 - tenth->predicted));
	}
	ret->hosmer = chi2;
	ret->hosmer_p = model_chi2_upper(chi2, MODEL_TENTHS);
}

/* Hanley and McNeil (1982). */
static double auc_error(double auc, double events, double others)
{
	double q1 = auc / (2 - auc), q2 = 2 * auc * auc / (1 + auc);
	return sqrt((auc * (1 - auc) + (events - 1) * (q1 - auc * auc) + (others - 1) * (q2 - auc * auc)) / (events * others));
}

/* What happened regressed on the log odds that were foretold: 0 and 1 if they hold; NaN if it cannot be said. */
static enum err recalibrate(struct ctx *ctx, const double *p, const uint8_t *event, struct model_evaluation *ret)
{
	struct model_logit fit;
	double *x = arena_array(ctx->arena, ret->n * 2, sizeof(*x));
	if (x == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < ret->n; i++) {
		double q = fmin(1 - 1e-12, fmax(1e-12, p[i]));
		x[i * 2] = 1;
		x[i * 2 + 1] = log(q / (1 - q));
	}
	enum err err = model_logit(ctx, x, event, ret->n, 2, &fit);
	ret->intercept = err == OK ? fit.coefficient[0] : (double)NAN;
	ret->slope = err == OK ? fit.coefficient[1] : (double)NAN;
	if (err == ERR_INVALID) {
		faults_clear(ctx);
		err = OK;
	}
	return err;
}

enum err model_evaluate(struct ctx *ctx, const double *p, const uint8_t *event, size_t n, struct model_evaluation *ret)
{
	*ret = (struct model_evaluation){.n = n};
	for (size_t i = 0; i < n; i++) {
		double q = fmin(1 - 1e-12, fmax(1e-12, p[i]));
		if (!isfinite(p[i]))
			return fail(ctx, ERR_INVALID, "model", "model_not_finite");
		ret->events += event[i];
		ret->brier += (p[i] - event[i]) * (p[i] - event[i]) / (double)n;
		ret->log_loss -= (event[i] != 0 ? log(q) : log1p(-q)) / (double)n;
		ret->predicted += p[i] / (double)n;
	}
	if (n < MODEL_TENTHS || !(ret->events > 0) || !(ret->events < (double)n))
		return fail(ctx, ERR_INVALID, "model", "model_small_holdout");
	struct arena_mark mark = arena_mark(ctx->arena);
	struct scored *all = in_order(ctx, p, event, n);
	enum err err = all != NULL ? model_auc(ctx, p, event, n, &ret->auc, &ret->ks) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	ret->auc_se = auc_error(ret->auc, ret->events, (double)n - ret->events);
	fill_tenths(all, ret);
	err = recalibrate(ctx, p, event, ret);
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}
