#include "model_cli/churn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_cli/model.h"

struct work {
	struct churn *c;
	double *x;
	const char **terms;
	size_t p;
	struct model_logit fit;
	double *later; /* probabilities of the tested rows, by who had not seen them */
	double *mean;  /* of each term, over the rows that the fit is of */
	size_t n_fit;
};

static enum err no_memory(const struct work *k)
{
	return fail(k->c->cli->ctx, ERR_LIMIT, "", "memory");
}

/* --- how good it is ------------------------------------------------------------- */

static void write_lift(struct jsonw *w, const struct model_evaluation *e)
{
	jsonw_key(w, "lift");
	jsonw_array(w);
	for (int t = 0; t < MODEL_TENTHS; t++) {
		const struct model_tenth *tenth = &e->tenth[t];
		jsonw_object(w);
		jsonw_kv_int(w, "decile", t + 1);
		model_cli_number(w, "rows", tenth->n);
		model_cli_number(w, "events", tenth->events);
		model_cli_number(w, "rate", tenth->rate);
		model_cli_number(w, "predicted", tenth->predicted);
		model_cli_number(w, "lift", tenth->lift);
		model_cli_number(w, "events_caught", tenth->caught);
		model_cli_number(w, "from", tenth->from);
		model_cli_number(w, "to", tenth->to);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_evaluation(struct jsonw *w, const struct model_evaluation *e)
{
	const double z = 1.959963984540054;
	model_cli_number(w, "auc", e->auc);
	model_cli_number(w, "auc_standard_error", e->auc_se);
	model_cli_number(w, "auc_low", fmax(0, e->auc - z * e->auc_se));
	model_cli_number(w, "auc_high", fmin(1, e->auc + z * e->auc_se));
	model_cli_number(w, "ks", e->ks);
	model_cli_number(w, "brier", e->brier);
	model_cli_number(w, "log_loss", e->log_loss);
	write_lift(w, e);
	jsonw_key(w, "calibration");
	jsonw_object(w);
	model_cli_number(w, "predicted", e->predicted);
	model_cli_number(w, "observed", e->events / (double)e->n);
	model_cli_number(w, "intercept", e->intercept);
	model_cli_number(w, "slope", e->slope);
	model_cli_number(w, "hosmer_lemeshow", e->hosmer);
	model_cli_number(w, "hosmer_lemeshow_p", e->hosmer_p);
	jsonw_end_object(w);
}

static enum err test_later(struct work *k, struct jsonw *w)
{
	const struct churn *c = k->c;
	struct ctx *ctx = c->cli->ctx;
	struct model_evaluation e;
	size_t n = c->frame->n - c->n_learn;
	const uint8_t *event = c->frame->event + c->n_learn;
	k->later = arena_array(ctx->arena, n + 1, sizeof(*k->later));
	if (k->later == NULL)
		return no_memory(k);
	for (size_t i = 0; i < n; i++)
		k->later[i] = model_chance(model_linear(k->x + (c->n_learn + i) * k->p, k->fit.coefficient, k->p));
	if (c->unknown) {
		model_cli_number(w, "auc", NAN);
		return OK;
	}
	enum err err = model_evaluate(ctx, k->later, event, n, &e);
	if (err != OK)
		return err;
	write_evaluation(w, &e);
	if (c->rival == NULL)
		return OK;
	double auc;
	err = model_auc(ctx, c->rival, event, n, &auc, NULL);
	model_cli_number(w, c->rival_name, auc);
	return err;
}

/* --- everyone, and why ------------------------------------------------------------ */

struct reason {
	size_t column;
	double part;
};

static int largest_first(const void *a, const void *b)
{
	double x = fabs(((const struct reason *)a)->part), y = fabs(((const struct reason *)b)->part);
	return (x < y) - (x > y);
}

/* What each column adds to the log odds of a row over those of the mean row: of a linear model this is exact, and Shapley's value with columns taken as
 * independent (Strumbelj and Kononenko 2014; Lundberg and Lee 2017). */
static void find_reasons(const struct work *k, size_t row, struct reason *ret)
{
	const struct frame *f = k->c->frame;
	for (size_t column = 0, at = 1; column < f->n_columns; column++) {
		size_t terms = f->columns[column].factor ? f->columns[column].n_levels - 1 : 1;
		ret[column] = (struct reason){column, 0};
		for (size_t j = at; j < at + terms; j++)
			ret[column].part += isnan(k->fit.coefficient[j]) ? 0 : k->fit.coefficient[j] * (k->x[row * k->p + j] - k->mean[j]);
		at += terms;
	}
	qsort(ret, f->n_columns, sizeof(*ret), largest_first);
}

static void write_reasons(struct jsonw *w, const struct work *k, size_t row, struct reason *reasons)
{
	const struct frame *f = k->c->frame;
	double rest = 0;
	size_t shown = (size_t)k->c->reasons;
	find_reasons(k, row, reasons);
	jsonw_key(w, "reasons");
	jsonw_array(w);
	for (size_t i = 0; i < f->n_columns; i++) {
		const struct frame_column *column = &f->columns[reasons[i].column];
		if (i >= shown) {
			rest += reasons[i].part;
			continue;
		}
		jsonw_object(w);
		jsonw_kv_text(w, "column", column->name);
		if (column->factor)
			jsonw_kv_text(w, "value", column->level[(size_t)column->number[row]]);
		else
			model_cli_number(w, "value", column->number[row]);
		model_cli_number(w, "contribution", reasons[i].part);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	model_cli_number(w, "other_contributions", rest);
}

static enum err write_customers(struct work *k, struct jsonw *w)
{
	const struct churn *c = k->c;
	const struct frame *f = c->frame;
	struct reason *reasons = arena_array(c->cli->ctx->arena, f->n_columns + 1, sizeof(*reasons));
	if (reasons == NULL)
		return no_memory(k);
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = c->refit ? 0 : c->n_learn; i < f->n; i++) {
		double odds = model_linear(k->x + i * k->p, k->fit.coefficient, k->p);
		jsonw_object(w);
		if (c->name != NULL)
			jsonw_kv_text(w, "customer", c->name[i]);
		if (f->row != NULL)
			jsonw_kv_int(w, "row", (int64_t)f->row[i] + 1);
		if (!c->unknown)
			jsonw_kv_int(w, "event", f->event[i]);
		model_cli_number(w, "probability", model_chance(odds));
		if (c->refit && i >= c->n_learn)
			model_cli_number(w, "holdout_probability", k->later[i - c->n_learn]);
		model_cli_number(w, "log_odds", odds);
		write_reasons(w, k, i, reasons);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

/* --- the model ---------------------------------------------------------------------- */

static enum err fit_rows(struct work *k, size_t n)
{
	k->n_fit = n;
	return model_logit(k->c->cli->ctx, k->x, k->c->frame->event, n, k->p, &k->fit);
}

/* The log odds of the mean row, which reasons start from. */
static enum err find_base(struct work *k, double *ret)
{
	k->mean = arena_array(k->c->cli->ctx->arena, k->p + 1, sizeof(*k->mean));
	if (k->mean == NULL)
		return no_memory(k);
	for (size_t i = 0; i < k->n_fit; i++) {
		for (size_t j = 0; j < k->p; j++)
			k->mean[j] += k->x[i * k->p + j] / (double)k->n_fit;
	}
	*ret = model_linear(k->mean, k->fit.coefficient, k->p);
	return OK;
}

static void write_fit(struct jsonw *w, const struct work *k)
{
	const struct model_logit *fit = &k->fit;
	model_cli_terms(w, fit, k->terms);
	model_cli_number(w, "deviance", fit->deviance);
	model_cli_number(w, "null_deviance", fit->null_deviance);
	model_cli_number(w, "log_likelihood", fit->log_likelihood);
	jsonw_key(w, "in_sample");
	jsonw_object(w);
	jsonw_kv_int(w, "rows", (int64_t)k->n_fit);
	model_cli_number(w, "auc", fit->auc);
	model_cli_number(w, "deviance", fit->deviance);
	model_cli_number(w, "aic", fit->deviance + 2 * (double)fit->rank);
	jsonw_kv_int(w, "iterations", fit->iterations);
	jsonw_kv_bool(w, "converged", fit->converged);
	jsonw_kv_bool(w, "separated", fit->separated);
	jsonw_end_object(w);
}

/* After Mitchell et al. (2019), Model Cards for Model Reporting. */
static void write_card(struct jsonw *w, const struct work *k)
{
	const struct churn *c = k->c;
	int64_t events = 0;
	for (size_t i = 0; i < k->n_fit; i++)
		events += c->frame->event[i];
	jsonw_key(w, "model_card");
	jsonw_object(w);
	jsonw_kv_text(w, "method", "logistic regression by maximum likelihood (McCullagh and Nelder 1989), no penalty");
	jsonw_kv_text(w, "outcome", c->frame->target);
	jsonw_kv_int(w, "learnt_from_rows", (int64_t)k->n_fit);
	jsonw_kv_int(w, "learnt_from_events", events);
	jsonw_kv_int(w, "tested_on_rows", c->unknown ? 0 : (int64_t)(c->frame->n - c->n_learn));
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < c->frame->n_columns; i++)
		jsonw_text(w, c->frame->columns[i].name);
	jsonw_end_array(w);
	jsonw_key(w, "limits");
	jsonw_array(w);
	jsonw_text(w, "effects add up in log odds; a bend or a joint effect of columns is not seen");
	jsonw_text(w, "contributions say what the model goes by, not what would help");
	if (c->unknown)
		jsonw_text(w, "not tested: the purchases end before the horizon does");
	if (c->refit)
		jsonw_text(w, "auc, lift and calibration are those of the same model learnt without the tested rows");
	jsonw_end_array(w);
	jsonw_end_object(w);
}

enum err churn_write(struct churn *c, struct jsonw *w)
{
	struct work k = {.c = c};
	double base = 0;
	enum err err = frame_design(c->cli->ctx, c->frame, true, &k.x, &k.terms, &k.p);
	if (err == OK)
		err = fit_rows(&k, c->n_learn);
	if (err == OK)
		err = test_later(&k, w);
	if (err == OK && c->refit)
		err = fit_rows(&k, c->frame->n);
	if (err == OK)
		err = find_base(&k, &base);
	if (err != OK)
		return err;
	write_fit(w, &k);
	model_cli_number(w, "base_log_odds", base);
	write_card(w, &k);
	return command_value(c->cli, "customers") != NULL ? write_customers(&k, w) : OK;
}
