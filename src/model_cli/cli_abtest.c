/* guanxi model abtest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model_cli/model.h"
#include "model_cli/frame.h"

enum { ARMS_MAX = 100, OUTCOMES_MAX = 100 };

struct arms {
	const char *name[ARMS_MAX];
	struct model_arm arm[ARMS_MAX];
	size_t n, control;
	bool means;
	size_t left_out; /* rows without a group or outcome */
	const char *outcome;
	struct model_test tests[ARMS_MAX];
	double p[ARMS_MAX]; /* of the groups but the control, in order */
};

static bool is_event(const char *text, const char *said)
{
	static const char *const words[] = {"1", "yes", "true", "y", "t", "是"};
	if (said != NULL)
		return str_equal_nocase(text, said);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal_nocase(text, words[i]))
			return true;
	}
	return false;
}

/* Whether a column says of everybody only that it happened or not. */
static bool is_yes_or_no(const struct sheet_column *c)
{
	static const char *const no[] = {"no", "false", "n", "f", "否"};
	for (size_t i = 0; i < c->n_texts; i++) {
		char *end;
		double x = strtod(c->texts[i], &end);
		bool known = sheet_is_missing(c->texts[i]) || is_event(c->texts[i], NULL) || (*end == '\0' && (x == 0 || x == 1));
		for (size_t k = 0; !known && k < sizeof(no) / sizeof(no[0]); k++)
			known = str_equal_nocase(c->texts[i], no[k]);
		if (!known)
			return false;
	}
	return true;
}

static enum err find_arms(struct cli *cli, const struct sheet_column *group, struct arms *arms, int32_t *place)
{
	const char *control = command_value(cli, "control");
	arms->control = ARMS_MAX;
	for (size_t i = 0; i < group->n_texts; i++) {
		place[i] = -1;
		if (sheet_is_missing(group->texts[i]))
			continue;
		if (arms->n == ARMS_MAX)
			return fail_arg(cli->ctx, ERR_INVALID, "", "model_too_many_arms", group->name);
		place[i] = (int32_t)arms->n;
		arms->name[arms->n] = arena_strdup(cli->ctx->arena, group->texts[i]);
		if (control != NULL ? str_equal(group->texts[i], control) : arms->control == ARMS_MAX || strcmp(group->texts[i], arms->name[arms->control]) < 0)
			arms->control = arms->n;
		arms->n++;
	}
	if (arms->n < 2)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_one_arm", group->name);
	return arms->control < ARMS_MAX ? OK : fail_arg(cli->ctx, ERR_INVALID, "--control", "model_no_event", control);
}

/* What a text of the outcome's column counts for; NaN: nothing. */
static enum err outcomes(struct cli *cli, struct sheet *sheet, int column, bool means, double **ret)
{
	const struct sheet_column *c = &sheet->columns[column];
	bool any = false;
	if (means)
		return sheet_numbers(sheet, column, ret, NULL);
	*ret = arena_array(cli->ctx->arena, c->n_texts + 1, sizeof(**ret));
	if (*ret == NULL)
		return fail(cli->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < c->n_texts; i++) {
		char *end;
		bool event = is_event(c->texts[i], command_value(cli, "event"));
		event = event || (command_value(cli, "event") == NULL && strtod(c->texts[i], &end) == 1 && *end == '\0');
		(*ret)[i] = sheet_is_missing(c->texts[i]) ? (double)NAN : event;
		any = any || event;
	}
	return any ? OK : fail_arg(cli->ctx, ERR_INVALID, "", "model_which_event", c->name);
}

/* A group nobody of which has an outcome is none. */
static void drop_empty(struct arms *arms)
{
	size_t kept = 0, control = arms->control;
	for (size_t i = 0; i < arms->n; i++) {
		if (arms->arm[i].n == 0 && i != control)
			continue;
		arms->control = i == control ? kept : arms->control;
		arms->name[kept] = arms->name[i];
		arms->arm[kept++] = arms->arm[i];
	}
	arms->n = kept;
}

static enum err count(struct cli *cli, struct sheet *sheet, int group, int column, struct arms *arms)
{
	const struct sheet_column *g = &sheet->columns[group], *c = &sheet->columns[column];
	double *value;
	int32_t *place = arena_array(cli->ctx->arena, g->n_texts + 1, sizeof(*place));
	enum err err = place != NULL ? find_arms(cli, g, arms, place) : fail(cli->ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = outcomes(cli, sheet, column, arms->means, &value);
	for (size_t i = 0; err == OK && i < sheet->n_rows; i++) {
		double x = value[c->code[i]];
		int32_t at = place[g->code[i]];
		if (at < 0 || isnan(x)) {
			arms->left_out++;
			continue;
		}
		/* squares by Welford (1962) */
		struct model_arm *arm = &arms->arm[at];
		double before = arm->n > 0 ? x - arm->sum / arm->n : 0;
		arm->n++;
		arm->sum += x;
		arm->squares += before * (x - arm->sum / arm->n);
	}
	drop_empty(arms);
	return err == OK && arms->n < 2 ? fail_arg(cli->ctx, ERR_INVALID, "", "model_one_arm", g->name) : err;
}

static void write_arms(struct jsonw *w, const struct arms *arms)
{
	for (size_t i = 0; i < arms->n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "outcome", arms->outcome);
		jsonw_kv_text(w, "group", arms->name[i]);
		jsonw_kv_bool(w, "control", i == arms->control);
		model_cli_number(w, "n", arms->arm[i].n);
		if (!arms->means)
			model_cli_number(w, "events", arms->arm[i].sum);
		model_cli_number(w, arms->means ? "mean" : "rate", arms->arm[i].sum / arms->arm[i].n);
		jsonw_end_object(w);
	}
}

static void write_test(struct jsonw *w, const struct arms *arms, size_t arm, const struct model_test *t, double p_adjusted)
{
	jsonw_object(w);
	jsonw_kv_text(w, "outcome", arms->outcome);
	jsonw_kv_text(w, "control", arms->name[arms->control]);
	jsonw_kv_text(w, "group", arms->name[arm]);
	model_cli_number(w, arms->means ? "extra_value" : "extra_events", t->difference * arms->arm[arm].n);
	model_cli_number(w, "difference", t->difference);
	model_cli_number(w, "low", t->low);
	model_cli_number(w, "high", t->high);
	model_cli_number(w, "uplift", t->uplift);
	model_cli_number(w, "uplift_low", t->uplift_low);
	model_cli_number(w, "uplift_high", t->uplift_high);
	model_cli_number(w, arms->means ? "t" : "chi2", t->statistic);
	model_cli_number(w, "degrees", t->degrees);
	model_cli_number(w, "p", t->p);
	if (!arms->means)
		model_cli_number(w, "p_yates", t->p_corrected);
	model_cli_number(w, "p_adjusted", p_adjusted);
	model_cli_number(w, "always_valid_p", t->always_p);
	model_cli_number(w, "always_valid_low", t->always_low);
	model_cli_number(w, "always_valid_high", t->always_high);
	jsonw_end_object(w);
}

static enum err test_arms(struct cli *cli, struct arms *arms, double level, double expected, size_t *ret_n)
{
	size_t n = 0;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < arms->n; i++) {
		if (i == arms->control)
			continue;
		err = (arms->means ? model_two_means : model_two_proportions)(cli->ctx, arms->arm[arms->control], arms->arm[i], level, expected, &arms->tests[n]);
		arms->p[n] = err == OK ? arms->tests[n].p : 1;
		n++;
	}
	*ret_n = n;
	return err;
}

static void write_outcomes(struct jsonw *w, const struct arms *outcomes, size_t n)
{
	jsonw_key(w, "outcomes");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "outcome", outcomes[i].outcome);
		jsonw_kv_text(w, "compared", outcomes[i].means ? "means" : "rates");
		jsonw_kv_int(w, "rows_left_out", (int64_t)outcomes[i].left_out);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "arms");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		write_arms(w, &outcomes[i]);
	jsonw_end_array(w);
}

static void write_tests(struct jsonw *w, const struct arms *arms, const double *p)
{
	for (size_t i = 0, at = 0; i < arms->n; i++) {
		if (i != arms->control) {
			write_test(w, arms, i, &arms->tests[at], p[at]);
			at++;
		}
	}
}

/* Every group against the control in every outcome; the correction is for all of these looks together. */
static enum err compare(struct cli *cli, struct jsonw *w, struct arms *outcomes, size_t n, double level, double effect)
{
	double *p = arena_array(cli->ctx->arena, n * ARMS_MAX, sizeof(*p));
	size_t all = 0, here;
	enum err err = p != NULL ? OK : fail(cli->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < n; i++) {
		err = test_arms(cli, &outcomes[i], level, effect > 0 ? effect : outcomes[i].means ? 1 : 0.01, &here);
		memcpy(p + all, outcomes[i].p, here * sizeof(*p));
		all += here;
	}
	if (err == OK)
		err = model_holm(cli->ctx, p, all);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "abtest");
	model_cli_number(w, "level", level);
	jsonw_kv_int(w, "looks", (int64_t)all);
	if (n == 1)
		jsonw_kv_int(w, "rows_left_out", (int64_t)outcomes->left_out);
	write_outcomes(w, outcomes, n);
	jsonw_key(w, "comparisons");
	jsonw_array(w);
	for (size_t i = 0, at = 0; i < n; at += outcomes[i++].n - 1)
		write_tests(w, &outcomes[i], p + at);
	jsonw_end_array(w);
	return OK;
}

static enum err plan(struct cli *cli, struct jsonw *w)
{
	double rate, effect, alpha, power, n;
	enum err err = sheet_option_number(cli, "baseline", 0, 0, 1, &rate);
	if (err == OK)
		err = sheet_option_number(cli, "effect", 0, -1, 1, &effect);
	if (err == OK)
		err = sheet_option_number(cli, "level", 0.95, 0, 1, &alpha);
	if (err == OK)
		err = sheet_option_number(cli, "power", 0.8, 0, 1, &power);
	if (err == OK)
		err = model_sample_size(cli->ctx, rate, rate + effect, 1 - alpha, power, &n);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "abtest");
	model_cli_number(w, "n", n);
	jsonw_kv_int(w, "subjects_per_group", (int64_t)ceil(n));
	return OK;
}

/* The columns to compare groups by: --value or --target one, --outcome as many as it names. */
static enum err find_outcomes(struct cli *cli, struct sheet *sheet, int *column, size_t *ret_n)
{
	const char *list = command_value(cli, "outcome");
	*ret_n = 1;
	if (list == NULL)
		return sheet_need(sheet, "--target, --value, --outcome", command_value(cli, command_value(cli, "value") != NULL ? "value" : "target"), NULL, column);
	enum err err = frame_list(sheet, list, column, OUTCOMES_MAX, ret_n);
	return err == OK && *ret_n == 0 ? fail_arg(cli->ctx, ERR_INVALID, "", "model_which_column", "--outcome") : err;
}

static enum err count_outcomes(struct cli *cli, struct sheet *sheet, int group, const int *column, size_t n, struct arms *outcomes)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n; i++) {
		const struct sheet_column *c = &sheet->columns[column[i]];
		if (command_value(cli, "outcome") != NULL && command_value(cli, "event") == NULL)
			outcomes[i].means = !is_yes_or_no(c);
		else
			outcomes[i].means = command_value(cli, "value") != NULL;
		outcomes[i].outcome = arena_strdup(cli->ctx->arena, c->name);
		err = count(cli, sheet, group, column[i], &outcomes[i]);
	}
	return err;
}

static enum err experiment(struct cli *cli, struct jsonw *w)
{
	struct sheet sheet;
	struct arms *outcomes = NULL;
	int group = -1, column[OUTCOMES_MAX];
	size_t n = 0;
	double level, effect;
	enum err err = sheet_option_number(cli, "level", 0.95, 0, 1, &level);
	if (err == OK)
		err = sheet_option_number(cli, "effect", 0, 1e-12, 1e12, &effect);
	if (err != OK)
		return err;
	err = sheet_open(cli, &sheet);
	if (err == OK)
		err = sheet_need(&sheet, "--group", command_value(cli, "group"), NULL, &group);
	if (err == OK)
		err = find_outcomes(cli, &sheet, column, &n);
	if (err == OK)
		err = sheet_load(&sheet);
	if (err == OK && (outcomes = arena_array(cli->ctx->arena, n, sizeof(*outcomes))) == NULL)
		err = fail(cli->ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = count_outcomes(cli, &sheet, group, column, n, outcomes);
	sheet_close(&sheet);
	return err == OK ? compare(cli, w, outcomes, n, level, effect) : err;
}

static enum err abtest(struct cli *cli, struct jsonw *w)
{
	return command_value(cli, "baseline") != NULL ? plan(cli, w) : experiment(cli, w);
}

int model_cli_run_abtest(struct cli *cli)
{
	return model_cli_run(cli, abtest);
}

const struct command_option model_cli_abtest_options[] = {
	MODEL_INPUT_OPTIONS,
	{"group", "COLUMN", false, "who got what"},
	{"control", "VALUE", false, "the group to compare with (as usual the first in order)"},
	{"target", "COLUMN", false, "what may have happened"},
	{"event", "VALUE", false, "its value that is the event (as usual 1, yes, true)"},
	{"value", "COLUMN", false, "in place of --target: numbers, whose means are compared"},
	{"outcome", "A,B,…", false, "in place of both: columns of what happened, or of values, as each shows itself"},
	{"level", "SHARE", false, "of intervals (as usual .95)"},
	{"baseline", "RATE", false, "without a file: how many are needed to find --effect from this rate"},
	{"effect", "N", false, "difference that is expected (as usual .01, of means 1)"},
	{"power", "SHARE", false, "chance to find it (as usual .8)"},
	{NULL, NULL, false, NULL},
};
