/* guanxi model scorecard. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model_cli/frame.h"
#include "model_cli/model.h"

enum { DECILES = 10 };

/* A column cut into bins: levels of a factor, values of a number, or what lies between breaks. */
struct variable {
	const struct frame_column *column;
	double *breaks; /* numbers: where bins begin; distinct: the values themselves */
	size_t n_breaks;
	bool distinct;
	size_t n_bins;
	int32_t *bin; /* by row */
	double *events, *others, *woe, *part;
	double iv;
	double coefficient; /* NaN: not in the card */
};

struct card {
	struct cli *cli;
	const struct frame *frame;
	struct variable *variables;
	size_t n;
	double points0, odds0, double_odds, min_iv, max_bins, min_share;
	struct model_logit fit;
	size_t *used, n_used; /* variables in the fit */
	double offset, factor;
	double *score; /* by row */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- bins ------------------------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

/* The part of --breaks that names the column: "amount:1400,1800; age:26"; NULL: none. */
static const char *breaks_of(const char *all, const char *name)
{
	size_t len = strlen(name);
	while (all != NULL && *all != '\0') {
		all += strspn(all, "; ");
		if (strncmp(all, name, len) == 0 && all[len] == ':')
			return all + len + 1;
		all = strchr(all, ';');
	}
	return NULL;
}

static enum err read_breaks(struct ctx *ctx, const char *text, struct variable *v)
{
	v->breaks = arena_array(ctx->arena, strlen(text) + 1, sizeof(*v->breaks));
	if (v->breaks == NULL)
		return no_memory(ctx);
	while (*text != '\0' && *text != ';') {
		char *end;
		double x = strtod(text, &end);
		if (end == text || (v->n_breaks > 0 && x <= v->breaks[v->n_breaks - 1]) || !isfinite(x) || strchr(",; ", *end) == NULL)
			return fail_arg(ctx, ERR_INVALID, "--breaks", "model_breaks", v->column->name);
		v->breaks[v->n_breaks++] = x;
		text = end + strspn(end, ", ");
	}
	return OK;
}

static enum err distinct_values(struct card *c, struct variable *v)
{
	size_t n = c->frame->n, kept = 0;
	v->distinct = true;
	v->breaks = arena_array(c->cli->ctx->arena, n + 1, sizeof(*v->breaks));
	if (v->breaks == NULL)
		return no_memory(c->cli->ctx);
	memcpy(v->breaks, v->column->number, n * sizeof(*v->breaks));
	qsort(v->breaks, n, sizeof(*v->breaks), by_number);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || v->breaks[i] != v->breaks[kept - 1])
			v->breaks[kept++] = v->breaks[i];
	}
	v->n_breaks = kept;
	return OK;
}

static enum err cut_number(struct card *c, struct variable *v)
{
	struct ctx *ctx = c->cli->ctx;
	const char *said = breaks_of(command_value(c->cli, "breaks"), v->column->name);
	if (said != NULL)
		return read_breaks(ctx, said, v);
	if (command_value(c->cli, "distinct") != NULL)
		return distinct_values(c, v);
	v->breaks = arena_array(ctx->arena, MODEL_BREAKS_MAX, sizeof(*v->breaks));
	if (v->breaks == NULL)
		return no_memory(ctx);
	return model_cut(ctx, v->column->number, c->frame->event, c->frame->n, (int)c->max_bins, c->min_share, v->breaks, &v->n_breaks);
}

/* Breaks that are not above x. */
static size_t place_of(const struct variable *v, double x)
{
	size_t low = 0, high = v->n_breaks;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (v->breaks[middle] <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum err weigh(struct card *c, const struct frame_column *column, struct variable *v)
{
	struct arena *arena = c->cli->ctx->arena;
	*v = (struct variable){.column = column, .coefficient = NAN};
	enum err err = column->factor ? OK : cut_number(c, v);
	if (err != OK)
		return err;
	v->n_bins = column->factor ? column->n_levels : v->distinct ? v->n_breaks : v->n_breaks + 1;
	v->bin = arena_array(arena, c->frame->n + 1, sizeof(*v->bin));
	double **lists[] = {&v->events, &v->others, &v->woe, &v->part};
	for (size_t i = 0; i < 4; i++)
		*lists[i] = arena_array(arena, v->n_bins + 1, sizeof(double));
	if (arena->failed)
		return no_memory(c->cli->ctx);
	for (size_t i = 0; i < c->frame->n; i++) {
		size_t bin = column->factor ? (size_t)column->number[i] : place_of(v, column->number[i]) - (v->distinct ? 1 : 0);
		v->bin[i] = (int32_t)bin;
		(c->frame->event[i] != 0 ? v->events : v->others)[bin]++;
	}
	v->iv = model_woe(v->events, v->others, v->n_bins, v->woe, v->part);
	return OK;
}

/* --- the card --------------------------------------------------------------------- */

static enum err choose(struct card *c)
{
	c->used = arena_array(c->cli->ctx->arena, c->n + 1, sizeof(*c->used));
	if (c->used == NULL)
		return no_memory(c->cli->ctx);
	for (size_t i = 0; i < c->n; i++) {
		if (c->variables[i].iv >= c->min_iv && c->variables[i].n_bins > 1)
			c->used[c->n_used++] = i;
	}
	return c->n_used > 0 ? OK : fail(c->cli->ctx, ERR_INVALID, "", "model_no_value");
}

static enum err fit_card(struct card *c)
{
	struct ctx *ctx = c->cli->ctx;
	size_t n = c->frame->n, p = c->n_used + 1;
	double *x = arena_array(ctx->arena, n * p, sizeof(*x));
	c->score = arena_array(ctx->arena, n + 1, sizeof(*c->score));
	if (x == NULL || c->score == NULL)
		return no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		x[i * p] = 1;
		for (size_t k = 0; k < c->n_used; k++) {
			const struct variable *v = &c->variables[c->used[k]];
			x[i * p + k + 1] = v->woe[v->bin[i]];
		}
	}
	enum err err = model_logit(ctx, x, c->frame->event, n, p, &c->fit);
	if (err != OK)
		return err;
	/* score = offset - factor * log odds of the event, so that `points0` stands for `odds0` and twice the odds for one step less */
	c->factor = c->double_odds / log(2);
	c->offset = c->points0 + c->factor * log(c->odds0);
	for (size_t k = 0; k < c->n_used; k++)
		c->variables[c->used[k]].coefficient = isnan(c->fit.coefficient[k + 1]) ? 0 : c->fit.coefficient[k + 1];
	for (size_t i = 0; i < n; i++) {
		double logit = c->fit.coefficient[0];
		for (size_t k = 0; k < c->n_used; k++)
			logit += c->variables[c->used[k]].coefficient * x[i * p + k + 1];
		c->score[i] = c->offset - c->factor * logit;
	}
	return OK;
}

/* --- what is written ---------------------------------------------------------------- */

static void write_range(struct jsonw *w, const struct variable *v, size_t bin)
{
	if (v->column->factor) {
		jsonw_kv_text(w, "level", v->column->level[bin]);
	} else if (v->distinct) {
		model_cli_number(w, "value", v->breaks[bin]);
	} else {
		model_cli_number(w, "from", bin > 0 ? v->breaks[bin - 1] : (double)-INFINITY);
		model_cli_number(w, "below", bin < v->n_breaks ? v->breaks[bin] : (double)INFINITY);
	}
}

static void write_bins(struct jsonw *w, const struct card *c, const struct variable *v)
{
	jsonw_key(w, "bins");
	jsonw_array(w);
	for (size_t bin = 0; bin < v->n_bins; bin++) {
		jsonw_object(w);
		write_range(w, v, bin);
		model_cli_number(w, "events", v->events[bin]);
		model_cli_number(w, "others", v->others[bin]);
		model_cli_number(w, "woe", v->woe[bin]);
		model_cli_number(w, "iv", v->part[bin]);
		if (!isnan(v->coefficient))
			model_cli_number(w, "points", -c->factor * v->coefficient * v->woe[bin]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_variables(struct jsonw *w, const struct card *c)
{
	jsonw_key(w, "information_values");
	jsonw_object(w);
	for (size_t i = 0; i < c->n; i++)
		model_cli_number(w, c->variables[i].column->name, c->variables[i].iv);
	jsonw_end_object(w);
	jsonw_key(w, "variables");
	jsonw_array(w);
	for (size_t i = 0; i < c->n; i++) {
		const struct variable *v = &c->variables[i];
		jsonw_object(w);
		jsonw_kv_text(w, "variable", v->column->name);
		model_cli_number(w, "iv", v->iv);
		if (!isnan(v->coefficient))
			model_cli_number(w, "coefficient", v->coefficient);
		write_bins(w, c, v);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* Who would be turned away at each tenth of the scores. */
static enum err write_cutoffs(struct jsonw *w, const struct card *c, double *ret_edges)
{
	size_t n = c->frame->n;
	double *sorted = arena_array(c->cli->ctx->arena, n + 1, sizeof(*sorted));
	if (sorted == NULL)
		return no_memory(c->cli->ctx);
	memcpy(sorted, c->score, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_number);
	jsonw_key(w, "cutoffs");
	jsonw_array(w);
	for (size_t d = 1; d < DECILES; d++) {
		double edge = sorted[n * d / DECILES], below = 0, caught = 0, events = 0;
		ret_edges[d - 1] = edge;
		for (size_t i = 0; i < n; i++) {
			events += c->frame->event[i];
			below += c->score[i] < edge;
			caught += c->score[i] < edge && c->frame->event[i] != 0;
		}
		jsonw_object(w);
		model_cli_number(w, "score", edge);
		model_cli_number(w, "refused", below / (double)n);
		model_cli_number(w, "events_refused", caught / events);
		model_cli_number(w, "event_rate_accepted", (events - caught) / ((double)n - below));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

/* How far the scores of each sample lie from those of the first. */
static enum err write_stability(struct jsonw *w, const struct card *c, const double *edges)
{
	const char *said = command_value(c->cli, "sample");
	if (said == NULL)
		return OK;
	struct sheet sheet = c->frame->sheet;
	int column;
	enum err err = sheet_find(&sheet, said, NULL, &column);
	if (err != OK)
		return err;
	const struct sheet_column *s = &sheet.columns[column];
	if (s->n_texts > FRAME_LEVELS_MAX)
		return fail_arg(c->cli->ctx, ERR_INVALID, "--sample", "model_too_many_arms", s->name);
	double *counts = arena_array(c->cli->ctx->arena, s->n_texts * DECILES + 1, sizeof(*counts));
	if (counts == NULL)
		return no_memory(c->cli->ctx);
	for (size_t i = 0; i < c->frame->n; i++) {
		size_t d = 0;
		while (d < DECILES - 1 && c->score[i] >= edges[d])
			d++;
		counts[(size_t)s->code[c->frame->row[i]] * DECILES + d]++;
	}
	jsonw_key(w, "stability");
	jsonw_array(w);
	for (size_t k = 1; k < s->n_texts; k++) {
		jsonw_object(w);
		jsonw_kv_text(w, "base", s->texts[0]);
		jsonw_kv_text(w, "sample", s->texts[k]);
		model_cli_number(w, "psi", model_psi(counts, counts + k * DECILES, DECILES));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

static enum err write_card(struct card *c, struct jsonw *w)
{
	double edges[DECILES], auc, ks;
	enum err err = choose(c);
	if (err == OK)
		err = fit_card(c);
	if (err == OK)
		err = model_auc(c->cli->ctx, c->fit.fitted, c->frame->event, c->frame->n, &auc, &ks);
	if (err != OK)
		return err;
	write_variables(w, c);
	model_cli_number(w, "intercept", c->fit.coefficient[0]);
	model_cli_number(w, "base_points", c->offset - c->factor * c->fit.coefficient[0]);
	model_cli_number(w, "deviance", c->fit.deviance);
	model_cli_number(w, "log_likelihood", c->fit.log_likelihood);
	model_cli_number(w, "auc", auc);
	model_cli_number(w, "gini", 2 * auc - 1);
	model_cli_number(w, "ks", ks);
	err = write_cutoffs(w, c, edges);
	return err == OK ? write_stability(w, c, edges) : err;
}

static enum err read_card(struct card *c)
{
	const struct {
		const char *option;
		double fallback, least, most;
		double *ret;
	} options[] = {{"points", 600, -1e6, 1e6, &c->points0},         {"odds", 1.0 / 19, 1e-9, 1e9, &c->odds0},    {"double-odds", 50, 1e-6, 1e6, &c->double_odds},
	               {"min-iv", 0.02, 0, 1e6, &c->min_iv},            {"bins", 8, 1, MODEL_BREAKS_MAX + 1, &c->max_bins}, {"min-share", 0.05, 0, 0.5, &c->min_share}};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(options) / sizeof(options[0]); i++)
		err = sheet_option_number(c->cli, options[i].option, options[i].fallback, options[i].least, options[i].most, options[i].ret);
	return err;
}

static enum err make_card(struct card *c, struct jsonw *w)
{
	const struct frame *f = c->frame;
	int64_t events = 0;
	for (size_t i = 0; i < f->n; i++)
		events += f->event[i];
	if (events == (int64_t)f->n)
		return fail(c->cli->ctx, ERR_INVALID, "model", "model_one_outcome");
	c->variables = arena_array(c->cli->ctx->arena, f->n_columns + 1, sizeof(*c->variables));
	enum err err = c->variables != NULL ? OK : no_memory(c->cli->ctx);
	for (size_t i = 0; err == OK && i < f->n_columns; i++) {
		const char *sample = command_value(c->cli, "sample");
		if (sample == NULL || !str_equal_nocase(sample, f->columns[i].name))
			err = weigh(c, &f->columns[i], &c->variables[c->n++]);
	}
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "scorecard");
	frame_write(w, f);
	if (command_value(c->cli, "values-only") == NULL)
		return write_card(c, w);
	write_variables(w, c);
	return OK;
}

static enum err scorecard(struct cli *cli, struct jsonw *w)
{
	struct frame frame;
	struct card card = {.cli = cli, .frame = &frame};
	enum err err = read_card(&card);
	if (err != OK)
		return err;
	err = frame_read(cli, true, &frame);
	if (err == OK)
		err = make_card(&card, w);
	frame_close(&frame);
	return err;
}

int model_cli_run_scorecard(struct cli *cli)
{
	return model_cli_run(cli, scorecard);
}

const struct command_option model_cli_scorecard_options[] = {
	MODEL_INPUT_OPTIONS,
	{"target", "COLUMN", true, "the outcome"},
	{"event", "VALUE", false, "its value that is the bad one (as usual 1, yes, true, bad)"},
	{"columns", "A,B,…", false, "what explains it (as usual all others)"},
	{"exclude", "A,B,…", false, "all others but these"},
	{"factors", "A,B,…", false, "numbers that are names of kinds"},
	{"own-rows", NULL, false, "takes rows complete in these columns, not in all of the file"},
	{"breaks", "A:1,2;B:3", false, "where the bins of numbers begin (as usual found out)"},
	{"distinct", NULL, false, "each value of a number is a bin"},
	{"bins", "N", false, "most bins of a number (as usual 8)"},
	{"min-share", "SHARE", false, "least share of the rows in a bin (as usual .05)"},
	{"min-iv", "N", false, "least information value of a variable in the card (as usual .02)"},
	{"values-only", NULL, false, "weights and information values, no card"},
	{"points", "N", false, "score that stands for --odds (as usual 600)"},
	{"odds", "N", false, "bad for each good (as usual 1/19)"},
	{"double-odds", "N", false, "points fewer at twice the odds (as usual 50)"},
	{"sample", "COLUMN", false, "population stability of each value's scores against the first"},
	{NULL, NULL, false, NULL},
};
