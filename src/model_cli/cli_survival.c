/* guanxi model survival: Kaplan-Meier curves, log-rank test, Cox's regression. */
#include <math.h>

#include "base/str.h"
#include "model_cli/frame.h"
#include "model_cli/model.h"

struct survival {
	struct cli *cli;
	const struct frame *frame;
	const struct frame_column *time, *group;
	double level;
};

static void write_curve(struct jsonw *w, const struct model_survival *rows, size_t n)
{
	jsonw_key(w, "curve");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		model_cli_number(w, "time", rows[i].time);
		model_cli_number(w, "at_risk", rows[i].at_risk);
		model_cli_number(w, "events", rows[i].events);
		model_cli_number(w, "censored", rows[i].censored);
		model_cli_number(w, "survival", rows[i].survival);
		model_cli_number(w, "standard_error", rows[i].se);
		model_cli_number(w, "low", rows[i].low);
		model_cli_number(w, "high", rows[i].high);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* The curve of one group, or of all. */
static enum err write_group(const struct survival *s, struct jsonw *w, size_t level, double *time, uint8_t *event)
{
	struct model_lives lives = {time, event, 0};
	struct model_survival *rows;
	size_t n;
	double median, events = 0;
	for (size_t i = 0; i < s->frame->n; i++) {
		if (s->group != NULL && (size_t)s->group->number[i] != level)
			continue;
		time[lives.n] = s->time->number[i];
		events += event[lives.n++] = s->frame->event[i];
	}
	enum err err = model_kaplan_meier(s->cli->ctx, &lives, s->level, &rows, &n, &median);
	if (err != OK)
		return err;
	jsonw_object(w);
	jsonw_kv_text(w, "group", s->group != NULL ? s->group->level[level] : "");
	jsonw_kv_int(w, "n", (int64_t)lives.n);
	model_cli_number(w, "events", events);
	model_cli_number(w, "median", median);
	write_curve(w, rows, n);
	jsonw_end_object(w);
	return OK;
}

static enum err write_curves(const struct survival *s, struct jsonw *w)
{
	struct arena *arena = s->cli->ctx->arena;
	size_t n = s->frame->n, groups = s->group != NULL ? s->group->n_levels : 1;
	double *time = arena_array(arena, n + 1, sizeof(*time)), chi2, p;
	uint8_t *event = arena_array(arena, n + 1, 1);
	int32_t *group = arena_array(arena, n + 1, sizeof(*group));
	enum err err = time != NULL && event != NULL && group != NULL ? OK : fail(s->cli->ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	jsonw_key(w, "groups");
	jsonw_array(w);
	for (size_t g = 0; err == OK && g < groups; g++)
		err = write_group(s, w, g, time, event);
	jsonw_end_array(w);
	if (err != OK || s->group == NULL)
		return err;
	for (size_t i = 0; i < n; i++)
		group[i] = (int32_t)s->group->number[i];
	err = model_log_rank(s->cli->ctx, &(struct model_lives){s->time->number, s->frame->event, n}, group, groups, &chi2, &p);
	if (err != OK)
		return err;
	jsonw_key(w, "log_rank");
	jsonw_object(w);
	model_cli_number(w, "chi2", chi2);
	jsonw_kv_int(w, "degrees", (int64_t)groups - 1);
	model_cli_number(w, "p", p);
	jsonw_end_object(w);
	return OK;
}

static void write_terms(struct jsonw *w, const struct model_cox *fit, const char *const *terms, size_t p)
{
	jsonw_key(w, "coefficients");
	jsonw_object(w);
	for (size_t j = 0; j < p; j++)
		model_cli_number(w, terms[j], fit->coefficient[j]);
	jsonw_end_object(w);
	jsonw_key(w, "terms");
	jsonw_array(w);
	for (size_t j = 0; j < p; j++) {
		double z = fit->coefficient[j] / fit->se[j];
		jsonw_object(w);
		jsonw_kv_text(w, "term", terms[j]);
		model_cli_number(w, "estimate", fit->coefficient[j]);
		model_cli_number(w, "standard_error", fit->se[j]);
		model_cli_number(w, "hazard_ratio", exp(fit->coefficient[j]));
		model_cli_number(w, "z", z);
		model_cli_number(w, "p", erfc(fabs(z) / M_SQRT2));
		jsonw_kv_bool(w, "without_end", fit->runaway[j]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* Regression on all columns but the time. */
static enum err write_cox(const struct survival *s, struct jsonw *w, bool breslow)
{
	struct ctx *ctx = s->cli->ctx;
	struct frame others = *s->frame;
	struct model_cox fit;
	const char **terms;
	double *x;
	size_t p;
	others.columns = arena_array(ctx->arena, others.n_columns + 1, sizeof(*others.columns));
	if (others.columns == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	others.n_columns = 0;
	for (size_t i = 0; i < s->frame->n_columns; i++) {
		if (&s->frame->columns[i] != s->time)
			others.columns[others.n_columns++] = s->frame->columns[i];
	}
	if (others.n_columns == 0)
		return fail(ctx, ERR_INVALID, "", "model_no_columns");
	enum err err = frame_design(ctx, &others, false, &x, &terms, &p);
	if (err == OK)
		err = model_cox(ctx, &(struct model_lives){s->time->number, s->frame->event, s->frame->n}, x, p, breslow, &fit);
	if (err != OK)
		return err;
	write_terms(w, &fit, terms, p);
	jsonw_kv_text(w, "ties", breslow ? "breslow" : "efron");
	model_cli_number(w, "log_likelihood", fit.log_likelihood);
	model_cli_number(w, "null_log_likelihood", fit.null_log_likelihood);
	model_cli_number(w, "concordance", fit.concordance);
	jsonw_kv_int(w, "iterations", fit.iterations);
	jsonw_kv_bool(w, "converged", fit.converged);
	return OK;
}

static const struct frame_column *column_named(const struct frame *frame, const char *name)
{
	for (size_t i = 0; name != NULL && i < frame->n_columns; i++) {
		if (str_equal_nocase(frame->columns[i].name, name))
			return &frame->columns[i];
	}
	return NULL;
}

static enum err find_columns(struct survival *s)
{
	struct ctx *ctx = s->cli->ctx;
	const char *time = command_value(s->cli, "time"), *group = command_value(s->cli, "group");
	s->time = column_named(s->frame, time);
	s->group = column_named(s->frame, group);
	if (s->time == NULL || s->time->factor)
		return fail_arg(ctx, ERR_INVALID, "--time", s->time == NULL ? "model_no_column" : "model_words", time);
	if (group != NULL && (s->group == NULL || !s->group->factor))
		return fail_arg(ctx, ERR_INVALID, "--group", s->group == NULL ? "model_no_column" : "model_group_numbers", group);
	return OK;
}

static enum err write_survival(struct survival *s, struct jsonw *w, bool breslow)
{
	enum err err = find_columns(s);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "survival");
	frame_write(w, s->frame);
	return command_value(s->cli, "cox") != NULL ? write_cox(s, w, breslow) : write_curves(s, w);
}

static enum err survival(struct cli *cli, struct jsonw *w)
{
	struct frame frame;
	struct survival s = {.cli = cli, .frame = &frame};
	const char *ties = command_value(cli, "ties");
	bool breslow = str_equal(ties, "breslow");
	enum err err = sheet_option_number(cli, "level", 0.95, 0, 1, &s.level);
	if (err == OK && ties != NULL && !breslow && !str_equal(ties, "efron"))
		err = fail_arg(cli->ctx, ERR_INVALID, "--ties", "model_ties", ties);
	if (err != OK)
		return err;
	err = frame_read(cli, true, &frame);
	if (err == OK)
		err = write_survival(&s, w, breslow);
	frame_close(&frame);
	return err;
}

int model_cli_run_survival(struct cli *cli)
{
	return model_cli_run(cli, survival);
}

const struct command_option model_cli_survival_options[] = {
	MODEL_INPUT_OPTIONS,
	{"time", "COLUMN", true, "how long each was seen"},
	{"target", "COLUMN", true, "whether the event ended it"},
	{"event", "VALUE", false, "the value that says so (as usual 1, yes, true)"},
	{"group", "COLUMN", false, "a curve for each kind, and a log-rank test"},
	{"cox", NULL, false, "Cox's regression on the other columns, in place of curves"},
	{"ties", "WORD", false, "efron (as usual) or breslow"},
	{"columns", "A,B,…", false, "what is read, --time and --group with it (as usual all)"},
	{"exclude", "A,B,…", false, "all but these"},
	{"factors", "A,B,…", false, "numbers that are names of kinds"},
	{"own-rows", NULL, false, "takes rows complete in these columns, not in all of the file"},
	{"level", "SHARE", false, "of intervals (as usual .95)"},
	{NULL, NULL, false, NULL},
};
