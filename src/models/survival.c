/* Survival: Kaplan and Meier (1958), Mantel (1966). */
#include <math.h>
#include <stdlib.h>

#include "models/special.h"

struct life {
	double time;
	uint8_t event;
	size_t at;
};

static int by_time(const void *a, const void *b)
{
	const struct life *p = a, *q = b;
	return (p->time > q->time) - (p->time < q->time);
}

/* The lives by time, in ctx's arena. */
static enum err sort_lives(struct ctx *ctx, const struct model_lives *lives, struct life **ret)
{
	if (lives->n == 0)
		return fail(ctx, ERR_INVALID, "model", "model_no_values");
	*ret = arena_array(ctx->arena, lives->n, sizeof(**ret));
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < lives->n; i++) {
		if (!(lives->time[i] >= 0) || !isfinite(lives->time[i]))
			return fail(ctx, ERR_INVALID, "model", "model_bad_time");
		(*ret)[i] = (struct life){lives->time[i], lives->event[i], i};
	}
	qsort(*ret, lives->n, sizeof(**ret), by_time);
	return OK;
}

enum err model_kaplan_meier(struct ctx *ctx, const struct model_lives *lives, double level, struct model_survival **ret, size_t *ret_n, double *ret_median)
{
	struct life *all;
	if (!(level > 0 && level < 1))
		return fail(ctx, ERR_INVALID, "model", "model_level");
	enum err err = sort_lives(ctx, lives, &all);
	if (err != OK)
		return err;
	struct model_survival *rows = arena_array(ctx->arena, lives->n, sizeof(*rows));
	if (rows == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	double z = model_normal_quantile(0.5 + level / 2), survival = 1, sum = 0;
	size_t n = 0;
	*ret_median = NAN;
	for (size_t from = 0, to; from < lives->n; from = to) {
		struct model_survival row = {.time = all[from].time, .at_risk = (double)(lives->n - from)};
		for (to = from; to < lives->n && all[to].time == row.time; to++)
			row.events += all[to].event;
		row.censored = (double)(to - from) - row.events;
		survival *= 1 - row.events / row.at_risk;
		sum += row.events / (row.at_risk * (row.at_risk - row.events));
		row.survival = survival;
		row.se = survival > 0 ? survival * sqrt(sum) : (double)NAN;
		row.low = survival > 0 ? survival * exp(-z * sqrt(sum)) : (double)NAN;
		row.high = survival > 0 ? fmin(1, survival * exp(z * sqrt(sum))) : (double)NAN;
		if (isnan(*ret_median) && survival <= 0.5 + 1e-12)
			*ret_median = row.time;
		rows[n++] = row;
	}
	*ret = rows;
	*ret_n = n;
	return OK;
}

/* Sums over all times: what was seen less what equal groups would show, and its covariance; the last group follows from the others. */
struct ranks {
	size_t groups;
	double *at_risk, *here, *difference, *covariance;
};

static void add_time(struct ranks *r, double deaths, double risk)
{
	size_t k = r->groups - 1;
	double spread = risk > 1 ? deaths * (risk - deaths) / (risk - 1) : 0;
	for (size_t a = 0; a < k; a++) {
		double share = r->at_risk[a] / risk;
		r->difference[a] += r->here[a] - deaths * share;
		for (size_t b = 0; b < k; b++)
			r->covariance[a * k + b] += spread * share * ((a == b ? 1 : 0) - r->at_risk[b] / risk);
	}
}

static void walk(struct ranks *r, const struct life *all, const int32_t *group, size_t n)
{
	for (size_t from = 0, to; from < n; from = to) {
		double deaths = 0;
		for (size_t g = 0; g < r->groups; g++)
			r->here[g] = 0;
		for (to = from; to < n && all[to].time == all[from].time; to++) {
			deaths += all[to].event;
			r->here[group[all[to].at]] += all[to].event;
		}
		if (deaths > 0)
			add_time(r, deaths, (double)(n - from));
		for (size_t i = from; i < to; i++)
			r->at_risk[group[all[i].at]]--;
	}
}

enum err model_log_rank(struct ctx *ctx, const struct model_lives *lives, const int32_t *group, size_t n_groups, double *ret_chi2, double *ret_p)
{
	struct life *all;
	enum err err = sort_lives(ctx, lives, &all);
	if (err != OK)
		return err;
	struct ranks r = {.groups = n_groups};
	r.at_risk = arena_array(ctx->arena, n_groups, sizeof(double));
	r.here = arena_array(ctx->arena, n_groups, sizeof(double));
	r.difference = arena_array(ctx->arena, n_groups, sizeof(double));
	r.covariance = arena_array(ctx->arena, n_groups * n_groups, sizeof(double));
	double *solved = arena_array(ctx->arena, n_groups, sizeof(double));
	if (ctx->arena->failed || solved == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < lives->n; i++)
		r.at_risk[group[i]]++;
	walk(&r, all, group, lives->n);
	for (size_t a = 0; a + 1 < n_groups; a++)
		solved[a] = r.difference[a];
	if (n_groups < 2 || !model_solve(r.covariance, solved, n_groups - 1))
		return fail(ctx, ERR_INVALID, "model", "model_no_events");
	*ret_chi2 = 0;
	for (size_t a = 0; a + 1 < n_groups; a++)
		*ret_chi2 += r.difference[a] * solved[a];
	*ret_p = model_chi2_upper(*ret_chi2, (double)n_groups - 1);
	return OK;
}
