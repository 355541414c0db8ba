/* guanxi model rfm, lorenz, markov: classes of customers and what they are worth. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_cli/model.h"
#include "model_cli/purchases.h"
#include "base/str.h"

static void write_rows(struct jsonw *w, const struct purchases *p)
{
	jsonw_kv_int(w, "customers", (int64_t)p->n);
	jsonw_kv_int(w, "rows", p->rows);
	jsonw_kv_int(w, "rows_unreadable", p->broken);
	jsonw_kv_int(w, "rows_without_customer", p->no_customer);
	jsonw_kv_int(w, "rows_of_returns", p->returns);
}

/* --- rfm ------------------------------------------------------------------ */

struct scores {
	uint8_t *r, *f, *m;
	size_t n;
	int parts;
};

static void write_bounds(struct jsonw *w, const char *key, const double *measure, const uint8_t *score, const struct scores *s)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (int part = s->parts; part >= 1; part--) {
		double least = INFINITY, most = -INFINITY;
		int64_t count = 0;
		for (size_t i = 0; i < s->n; i++) {
			if (score[i] != part)
				continue;
			count++;
			least = fmin(least, measure[i]);
			most = fmax(most, measure[i]);
		}
		jsonw_object(w);
		jsonw_kv_int(w, "score", part);
		jsonw_kv_int(w, "customers", count);
		model_cli_number(w, "from", least);
		model_cli_number(w, "to", most);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_cells(struct jsonw *w, const struct purchases *p, const struct scores *s)
{
	static const int most = 1000;
	int64_t count[1000] = {0};
	double money[1000] = {0};
	for (size_t i = 0; i < s->n; i++) {
		int cell = s->r[i] * 100 + s->f[i] * 10 + s->m[i];
		count[cell]++;
		money[cell] += p->money[i];
	}
	jsonw_key(w, "cells");
	jsonw_array(w);
	for (int cell = most - 1; cell >= 0; cell--) {
		if (count[cell] == 0)
			continue;
		jsonw_object(w);
		jsonw_kv_int(w, "cell", cell);
		jsonw_kv_int(w, "customers", count[cell]);
		model_cli_number(w, "money", money[cell]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_scores(struct jsonw *w, const struct purchases *p, const struct scores *s, const double *days)
{
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < s->n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "customer", p->customer[i]);
		model_cli_number(w, "days_since_last", days[i]);
		model_cli_number(w, "purchases", p->count[i]);
		model_cli_number(w, "money", p->money[i]);
		jsonw_kv_int(w, "r", s->r[i]);
		jsonw_kv_int(w, "f", s->f[i]);
		jsonw_kv_int(w, "m", s->m[i]);
		jsonw_kv_int(w, "cell", s->r[i] * 100 + s->f[i] * 10 + s->m[i]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err score_all(struct cli *cli, const struct purchases *p, bool nested, struct scores *s)
{
	struct arena *arena = cli->ctx->arena;
	struct model_rfm data = {p->last, p->count, p->money, NULL, p->n, s->parts, nested};
	s->n = p->n;
	s->r = arena_array(arena, p->n, 1);
	s->f = arena_array(arena, p->n, 1);
	s->m = arena_array(arena, p->n, 1);
	if (s->r == NULL || s->f == NULL || s->m == NULL)
		return fail(cli->ctx, ERR_LIMIT, "", "memory");
	return model_rfm(cli->ctx, &data, s->r, s->f, s->m);
}

static enum err rfm(struct cli *cli, struct jsonw *w)
{
	struct purchases p;
	struct scores s;
	double parts;
	bool nested = command_value(cli, "nested") != NULL;
	enum err err = sheet_option_number(cli, "parts", 5, 2, 9, &parts);
	if (err == OK)
		err = purchases_read(cli, 1, 0, true, &p);
	if (err != OK)
		return err;
	if (!p.dated)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_which_column", "--customer, --date, --amount");
	s.parts = (int)parts;
	err = score_all(cli, &p, nested, &s);
	double *days = err == OK ? arena_array(cli->ctx->arena, p.n, sizeof(*days)) : NULL;
	if (err != OK || days == NULL)
		return err != OK ? err : fail(cli->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < p.n; i++)
		days[i] = p.end_day - p.last[i];
	jsonw_kv_text(w, "model", "rfm");
	jsonw_kv_text(w, "as_of", sheet_day_text(cli->ctx, p.end_day));
	jsonw_kv_text(w, "method", nested ? "nested" : "independent");
	write_rows(w, &p);
	write_bounds(w, "recency_days", days, s.r, &s);
	write_bounds(w, "frequency", p.count, s.f, &s);
	write_bounds(w, "money", p.money, s.m, &s);
	write_cells(w, &p, &s);
	if (command_value(cli, "customers") != NULL)
		write_scores(w, &p, &s, days);
	return OK;
}

int model_cli_run_rfm(struct cli *cli)
{
	return model_cli_run(cli, rfm);
}

/* --- lorenz --------------------------------------------------------------- */

struct sums {
	const char **name; /* NULL: a row each */
	double *value;
	size_t n;
};

static const char *const amount_guesses[] = {"amount", "value", "sales", "total", "revenue", "income", "money", "dollars", "金额", NULL};

/* A value a row, or the sum of each customer. */
static enum err add_up(struct sheet *sheet, int customer, int amount, struct sums *ret)
{
	struct ctx *ctx = sheet->ctx;
	double *numbers;
	enum err err = sheet_load(sheet);
	if (err == OK)
		err = sheet_numbers(sheet, amount, &numbers, NULL);
	if (err != OK)
		return err;
	ret->n = customer >= 0 ? sheet->columns[customer].n_texts : sheet->n_rows;
	ret->value = arena_array(ctx->arena, ret->n + 1, sizeof(*ret->value));
	ret->name = customer >= 0 ? arena_array(ctx->arena, ret->n + 1, sizeof(*ret->name)) : NULL;
	if (ret->value == NULL || (customer >= 0 && ret->name == NULL))
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < sheet->n_rows; i++)
		ret->value[customer >= 0 ? (size_t)sheet->columns[customer].code[i] : i] += numbers[sheet->columns[amount].code[i]];
	for (size_t i = 0; ret->name != NULL && i < ret->n; i++)
		ret->name[i] = arena_strdup(ctx->arena, sheet->columns[customer].texts[i]);
	return OK;
}

static void write_curve(struct jsonw *w, const double *sorted, size_t n, double total)
{
	double sum = 0;
	size_t done = 0;
	jsonw_key(w, "lorenz");
	jsonw_array(w);
	for (size_t k = 0; k <= 20; k++) {
		for (size_t until = n * k / 20; done < until; done++)
			sum += sorted[done];
		jsonw_object(w);
		model_cli_number(w, "customers", n > 0 ? (double)done / (double)n : 0);
		model_cli_number(w, "share", sum / total);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_classes(struct jsonw *w, const struct model_lorenz *l)
{
	static const char *const names[] = {"A", "B", "C"};
	jsonw_key(w, "classes");
	jsonw_array(w);
	for (int i = 0; i < 3; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "class", names[i]);
		jsonw_kv_int(w, "customers", (int64_t)l->class_count[i]);
		model_cli_number(w, "value", l->class_sum[i]);
		model_cli_number(w, "share", l->class_sum[i] / l->total);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err write_concentration(struct cli *cli, struct jsonw *w, const struct sums *sums)
{
	struct ctx *ctx = cli->ctx;
	struct model_lorenz l;
	double *sorted = arena_array(ctx->arena, sums->n + 1, sizeof(*sorted));
	uint8_t *class_of = arena_array(ctx->arena, sums->n + 1, 1);
	if (sorted == NULL || class_of == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = model_lorenz(ctx, sums->value, sums->n, sorted, class_of, &l);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "lorenz");
	jsonw_kv_int(w, "customers", (int64_t)sums->n);
	model_cli_number(w, "total", l.total);
	model_cli_number(w, "mean", l.mean);
	model_cli_number(w, "gini", l.gini);
	model_cli_number(w, "gini_corrected", l.gini_corrected);
	model_cli_number(w, "share_of_top_20_percent", l.top_share);
	model_cli_number(w, "customers_for_80_percent", l.share_for_80);
	write_classes(w, &l);
	write_curve(w, sorted, sums->n, l.total);
	if (command_value(cli, "customers") == NULL)
		return OK;
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < sums->n; i++) {
		const char class[2] = {(char)('A' + class_of[i]), '\0'};
		jsonw_object(w);
		if (sums->name != NULL)
			jsonw_kv_text(w, "customer", sums->name[i]);
		model_cli_number(w, "value", sums->value[i]);
		jsonw_kv_text(w, "class", class);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

static enum err lorenz(struct cli *cli, struct jsonw *w)
{
	struct sheet sheet;
	struct sums sums = {0};
	int customer = -1, amount = -1;
	enum err err = sheet_open(cli, &sheet);
	if (err == OK)
		err = sheet_find(&sheet, command_value(cli, "customer"), NULL, &customer);
	if (err == OK && command_value(cli, "amount") == NULL && sheet.n_columns == 1)
		err = sheet_find(&sheet, "1", NULL, &amount);
	else if (err == OK)
		err = sheet_need(&sheet, "--amount", command_value(cli, "amount"), amount_guesses, &amount);
	if (err == OK)
		err = add_up(&sheet, customer, amount, &sums);
	sheet_close(&sheet);
	return err == OK ? write_concentration(cli, w, &sums) : err;
}

int model_cli_run_lorenz(struct cli *cli)
{
	return model_cli_run(cli, lorenz);
}

/* --- markov --------------------------------------------------------------- */

static enum err read_chances(struct cli *cli, double *ret, size_t *ret_n)
{
	const char *at = command_value(cli, "chances");
	*ret_n = 0;
	while (*at != '\0') {
		char *end;
		if (*ret_n == MODEL_MARKOV_MAX)
			return fail(cli->ctx, ERR_INVALID, "--chances", "model_too_many_states");
		ret[*ret_n] = strtod(at, &end);
		if (end == at || (*end != '\0' && *end != ',') || strspn(at, "0123456789.eE+- ") < (size_t)(end - at))
			return fail_arg(cli->ctx, ERR_INVALID, "--chances", "model_not_number", at);
		(*ret_n)++;
		at = *end == ',' ? end + 1 : end;
	}
	return OK;
}

static enum err markov(struct cli *cli, struct jsonw *w)
{
	double chance[MODEL_MARKOV_MAX], value[MODEL_MARKOV_MAX], periods;
	struct model_markov chain = {.chance = chance};
	enum err err = read_chances(cli, chance, &chain.n);
	if (err == OK)
		err = sheet_option_number(cli, "contribution", 0, -1e15, 1e15, &chain.contribution);
	if (err == OK)
		err = sheet_option_number(cli, "cost", 0, -1e15, 1e15, &chain.cost);
	if (err == OK)
		err = sheet_option_number(cli, "discount", 0, 0, 1e6, &chain.discount);
	if (err == OK)
		err = sheet_option_number(cli, "periods", -1, 0, 1e5, &periods);
	if (err != OK)
		return err;
	chain.periods = (int64_t)periods;
	err = model_markov(cli->ctx, &chain, value);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "markov");
	jsonw_key(w, "values");
	jsonw_array(w);
	for (size_t i = 0; i < chain.n; i++)
		jsonw_real(w, value[i]);
	jsonw_end_array(w);
	jsonw_key(w, "states");
	jsonw_array(w);
	for (size_t i = 0; i < chain.n; i++) {
		jsonw_object(w);
		jsonw_kv_int(w, "recency", (int64_t)i + 1);
		model_cli_number(w, "chance", chance[i]);
		model_cli_number(w, "value", value[i]);
		jsonw_kv_bool(w, "worth_it", value[i] > 0);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

int model_cli_run_markov(struct cli *cli)
{
	return model_cli_run(cli, markov);
}

const struct command_option model_cli_rfm_options[] = {
	MODEL_INPUT_OPTIONS,
	{"customer", "COLUMN", false, "who bought: a heading, or the number of the column"},
	{"date", "COLUMN", false, "when; purchases of one day are one purchase"},
	{"amount", "COLUMN", false, "for how much; returns are taken off"},
	{"calibration-end", "DATE", false, "scores as of this day (as usual: the last in the file)"},
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"},
	{"parts", "N", false, "2 to 9 parts of equal size (as usual 5)"},
	{"nested", NULL, false, "frequency within recency, money within both"},
	{"drop-returns", NULL, false, "leaves out rows with a negative amount"},
	{"customers", NULL, false, "also lists every customer"},
	{NULL, NULL, false, NULL},
};

const struct command_option model_cli_lorenz_options[] = {
	MODEL_INPUT_OPTIONS,
	{"amount", "COLUMN", false, "the values: a heading, or the number of the column"},
	{"customer", "COLUMN", false, "sums the values of each customer first"},
	{"customers", NULL, false, "also lists everyone with their class"},
	{NULL, NULL, false, NULL},
};

const struct command_option model_cli_markov_options[] = {
	{"json", NULL, false, "prints JSON, not lines to read"},
	{"chances", "P1,P2,…", true, "chance to buy in a period, by periods since the last purchase"},
	{"contribution", "N", true, "net contribution of a purchase"},
	{"cost", "N", false, "cost of keeping in touch for a period"},
	{"discount", "N", false, "discount rate of a period: .2 is 20 %"},
	{"periods", "N", false, "periods to look ahead (as usual: for ever)"},
	{NULL, NULL, false, NULL},
};
