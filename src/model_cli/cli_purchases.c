/* guanxi model bgnbd, mbgnbd, pareto-nbd, bgbb, gamma-gamma: who comes back, how often, for how much. */
#include <math.h>
#include <string.h>

#include "model_cli/model.h"
#include "model_cli/purchases.h"
#include "base/str.h"

struct buying {
	const char *name;
	enum err (*fit)(struct ctx *ctx, const struct model_history *history, struct model_fit *ret);
	double (*alive)(const struct model_fit *fit, double x, double t_x, double age);
	double (*expected)(const struct model_fit *fit, double x, double t_x, double age, double t);
};

static const struct buying methods[] = {
	{"bgnbd", model_bgnbd, model_bgnbd_alive, model_bgnbd_expected},
	{"mbgnbd", model_mbgnbd, model_mbgnbd_alive, model_mbgnbd_expected},
	{"pareto-nbd", model_pareto_nbd, model_pareto_nbd_alive, model_pareto_nbd_expected},
	{"bgbb", model_bgbb, model_bgbb_alive, model_bgbb_expected},
};

static void write_source(struct cli *cli, struct jsonw *w, const struct purchases *p)
{
	double repeaters = 0, customers = 0;
	for (size_t i = 0; i < p->n; i++) {
		double weight = p->weight != NULL ? p->weight[i] : 1;
		customers += weight;
		repeaters += p->x[i] > 0 ? weight : 0;
	}
	model_cli_number(w, "customers", customers);
	model_cli_number(w, "repeaters", repeaters);
	jsonw_kv_int(w, "rows", p->rows);
	jsonw_kv_int(w, "rows_unreadable", p->broken);
	if (!p->dated)
		return;
	jsonw_kv_text(w, "first_date", sheet_day_text(cli->ctx, p->first_day));
	jsonw_kv_text(w, "calibration_end", sheet_day_text(cli->ctx, p->end_day));
	jsonw_kv_text(w, "last_date", sheet_day_text(cli->ctx, p->last_day));
	jsonw_kv_text(w, "unit", command_value(cli, "unit") != NULL ? command_value(cli, "unit") : "week");
	jsonw_kv_int(w, "rows_without_customer", p->no_customer);
	jsonw_kv_int(w, "rows_without_date", p->no_date);
	jsonw_kv_int(w, "rows_of_later_customers", p->late);
	jsonw_kv_int(w, "rows_of_returns", p->returns);
}

static void write_customers(struct jsonw *w, const struct purchases *p, const struct buying *m, const struct model_fit *fit, double horizon)
{
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < p->n; i++) {
		jsonw_object(w);
		if (p->customer != NULL)
			jsonw_kv_text(w, "customer", p->customer[i]);
		model_cli_number(w, "frequency", p->x[i]);
		if (m != NULL) {
			model_cli_number(w, "recency", p->t_x[i]);
			model_cli_number(w, "age", p->age[i]);
			model_cli_number(w, "p_alive", m->alive(fit, p->x[i], p->t_x[i], p->age[i]));
			model_cli_number(w, "expected_purchases", m->expected(fit, p->x[i], p->t_x[i], p->age[i], horizon));
		} else {
			model_cli_number(w, "mean", p->mean[i]);
			model_cli_number(w, "expected_spend", model_gamma_gamma_expected(fit, p->x[i], p->mean[i]));
		}
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* What is expected of all, beside what came if the data go so far. */
static void write_horizon(struct jsonw *w, const struct purchases *p, const struct buying *m, const struct model_fit *fit, double horizon, double unit)
{
	double expected = 0, later = 0, alive = 0;
	for (size_t i = 0; i < p->n; i++) {
		double weight = p->weight != NULL ? p->weight[i] : 1;
		expected += weight * m->expected(fit, p->x[i], p->t_x[i], p->age[i], horizon);
		alive += weight * m->alive(fit, p->x[i], p->t_x[i], p->age[i]);
		later += p->dated ? p->later[i] : 0;
	}
	jsonw_key(w, "outlook");
	jsonw_object(w);
	model_cli_number(w, "horizon", horizon);
	model_cli_number(w, "customers_alive", alive);
	model_cli_number(w, "expected_purchases", expected);
	if (p->dated && p->last_day >= p->end_day + floor(horizon * unit))
		model_cli_number(w, "purchases_seen", later);
	jsonw_end_object(w);
}

static enum err buy_again(struct cli *cli, struct jsonw *w)
{
	const struct buying *m = methods;
	struct purchases p;
	struct model_fit fit;
	double unit, horizon;
	while (!str_equal(cli->command->name + strlen("model "), m->name))
		m++;
	enum err err = purchases_unit(cli, &unit);
	if (err == OK)
		err = sheet_option_number(cli, "horizon", str_equal(m->name, "bgbb") ? 5 : 39, 0, 1e6, &horizon);
	if (err == OK)
		err = purchases_read(cli, unit, horizon, command_value(cli, "amount") != NULL, &p);
	if (err != OK)
		return err;
	if (p.t_x == NULL || p.age == NULL)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_which_column", "--recency, --age");
	if (p.returns > 0 && command_value(cli, "drop-returns") == NULL)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_returns", arena_printf(cli->ctx->arena, "%lld", (long long)p.returns));
	struct model_history history = {p.x, p.t_x, p.age, p.weight, p.n};
	err = m->fit(cli->ctx, &history, &fit);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", m->name);
	write_source(cli, w, &p);
	model_cli_fit(w, &fit);
	write_horizon(w, &p, m, &fit, horizon, unit);
	if (command_value(cli, "customers") != NULL)
		write_customers(w, &p, m, &fit, horizon);
	return OK;
}

int model_cli_run_buy_again(struct cli *cli)
{
	return model_cli_run(cli, buy_again);
}

static enum err spend(struct cli *cli, struct jsonw *w)
{
	struct purchases p;
	struct model_fit fit;
	double unit, sum = 0, repeaters = 0;
	enum err err = purchases_unit(cli, &unit);
	if (err == OK)
		err = purchases_read(cli, unit, 0, true, &p);
	if (err != OK)
		return err;
	if (p.mean == NULL)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_which_column", "--mean");
	if (p.returns > 0 && command_value(cli, "drop-returns") == NULL)
		return fail_arg(cli->ctx, ERR_INVALID, "", "model_returns", arena_printf(cli->ctx->arena, "%lld", (long long)p.returns));
	err = model_gamma_gamma(cli->ctx, p.x, p.mean, p.n, &fit);
	if (err != OK)
		return err;
	for (size_t i = 0; i < p.n; i++) {
		repeaters += p.x[i] > 0;
		sum += p.x[i] > 0 ? p.mean[i] : 0;
	}
	jsonw_kv_text(w, "model", "gamma-gamma");
	write_source(cli, w, &p);
	model_cli_fit(w, &fit);
	model_cli_number(w, "mean_spend", sum / repeaters);
	model_cli_number(w, "expected_spend", model_gamma_gamma_expected(&fit, 0, 0));
	if (command_value(cli, "customers") != NULL)
		write_customers(w, &p, NULL, &fit, 0);
	return OK;
}

int model_cli_run_spend(struct cli *cli)
{
	return model_cli_run(cli, spend);
}

#define TRANSACTION_OPTIONS \
	{"customer", "COLUMN", false, "who bought: a heading, or the number of the column"}, \
	{"date", "COLUMN", false, "when; purchases of one day are one purchase"}, \
	{"amount", "COLUMN", false, "for how much"}, \
	{"calibration-end", "DATE", false, "last day to learn from (as usual: the last in the file)"}, \
	{"unit", "WORD", false, "day, week (as usual), month or year"}, \
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"}, \
	{"drop-returns", NULL, false, "leaves out rows with a negative amount"}, \
	{"frequency", "COLUMN", false, "of a summary in place of transactions: repeat purchases"}, \
	{"customers", NULL, false, "also lists every customer"}

const struct command_option model_cli_again_options[] = {
	MODEL_INPUT_OPTIONS,
	TRANSACTION_OPTIONS,
	{"recency", "COLUMN", false, "of a summary: time of the last purchase since the first"},
	{"age", "COLUMN", false, "of a summary: time since the first purchase (bgbb: occasions so far)"},
	{"weight", "COLUMN", false, "of a summary: customers that a row stands for"},
	{"horizon", "N", false, "units to look ahead (as usual 39; bgbb 5)"},
	{NULL, NULL, false, NULL},
};

const struct command_option model_cli_spend_options[] = {
	MODEL_INPUT_OPTIONS,
	TRANSACTION_OPTIONS,
	{"mean", "COLUMN", false, "of a summary: mean value of a repeat purchase"},
	{NULL, NULL, false, NULL},
};
