/* guanxi model lorenz: how value is spread over customers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_cli/model.h"
#include "model_cli/sheet.h"
#include "base/str.h"

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

const struct command_option model_cli_lorenz_options[] = {
	MODEL_INPUT_OPTIONS,
	{"amount", "COLUMN", false, "the values: a heading, or the number of the column"},
	{"customer", "COLUMN", false, "sums the values of each customer first"},
	{"customers", NULL, false, "also lists everyone with their class"},
	{NULL, NULL, false, NULL},
};
