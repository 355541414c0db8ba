/* guanxi model markov: what customers are worth by recency, of chances that are given or of transactions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_cli/model.h"
#include "model_cli/purchases.h"

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

static enum err read_terms(struct cli *cli, struct model_markov *chain)
{
	double periods;
	enum err err = sheet_option_number(cli, "contribution", 0, -1e15, 1e15, &chain->contribution);
	if (err == OK)
		err = sheet_option_number(cli, "cost", 0, -1e15, 1e15, &chain->cost);
	if (err == OK)
		err = sheet_option_number(cli, "discount", 0, 0, 1e6, &chain->discount);
	if (err == OK)
		err = sheet_option_number(cli, "periods", -1, 0, 1e5, &periods);
	if (err == OK)
		chain->periods = (int64_t)periods;
	return err;
}

static void write_values(struct jsonw *w, const double *value, size_t n)
{
	jsonw_key(w, "values");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_real(w, value[i]);
	jsonw_end_array(w);
}

static enum err of_chances(struct cli *cli, struct jsonw *w)
{
	double chance[MODEL_MARKOV_MAX] = {0}, value[MODEL_MARKOV_MAX] = {0};
	struct model_markov chain = {.chance = chance};
	if (command_value(cli, "chances") == NULL || command_value(cli, "contribution") == NULL)
		return fail(cli->ctx, ERR_INVALID, "", "model_chances_needed");
	enum err err = read_chances(cli, chance, &chain.n);
	if (err == OK)
		err = read_terms(cli, &chain);
	if (err == OK)
		err = model_markov(cli->ctx, &chain, value);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "markov");
	write_values(w, value, chain.n);
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

/* --- of transactions --------------------------------------------------------- */

enum { STATES_MAX = 100, STATES_USUAL = 5 };

struct shop {
	struct cli *cli;
	struct purchase_events in;
	int32_t end_day, period;
	size_t states;
	double seen[STATES_MAX], bought[STATES_MAX], customers[STATES_MAX]; /* by periods since the last purchase, from 1 */
	int32_t *recency;  /* of each customer, by number; 0: none yet */
	int64_t lost, returned, n;
	struct model_arm spend; /* a period with a purchase each; returns taken off */
	struct model_chance chances[STATES_MAX];
	double contribution_se;
};

/* Squares by Welford (1962). */
static void add_spend(struct model_arm *arm, double x)
{
	double before = arm->n > 0 ? x - arm->sum / arm->n : 0;
	arm->n++;
	arm->sum += x;
	arm->squares += before * (x - arm->sum / arm->n);
}

/* A time without a purchase, ended by one or not ended yet: each of its periods was a chance. */
static void add_silence(struct shop *s, int32_t periods, bool ended)
{
	for (int32_t k = 0; k < periods && k < (int32_t)s->states; k++)
		s->seen[k]++;
	if (ended && periods <= (int32_t)s->states)
		s->bought[periods - 1]++;
	else if (ended)
		s->returned++;
}

/* Periods are counted back from the end, so that the last one is whole. */
static void follow(struct shop *s, const struct purchase_event *e, size_t n)
{
	int32_t last = -1; /* periods ago */
	double spend = 0;
	for (size_t i = 0; i < n && e[i].day <= s->end_day; i++) {
		int32_t at = (s->end_day - e[i].day) / s->period;
		if (e[i].amount >= 0 && at != last) {
			if (last >= 0) {
				add_silence(s, last - at, true);
				add_spend(&s->spend, spend);
			}
			spend = 0;
			last = at;
		}
		spend += e[i].amount;
	}
	if (last < 0)
		return;
	add_spend(&s->spend, spend);
	add_silence(s, last, false);
	s->n++;
	s->recency[e[0].customer] = last + 1;
	if (last < (int32_t)s->states)
		s->customers[last]++;
	else
		s->lost++;
}

static enum err read_shop(struct shop *s)
{
	struct ctx *ctx = s->cli->ctx;
	double period, states;
	const char *end = command_value(s->cli, "calibration-end");
	enum err err = sheet_option_number(s->cli, "period", 90, 1, 36500, &period);
	if (err == OK)
		err = sheet_option_number(s->cli, "states", STATES_USUAL, 1, STATES_MAX, &states);
	if (err == OK)
		err = purchases_events(s->cli, false, NULL, &s->in);
	s->end_day = s->in.last_day;
	if (err == OK && end != NULL)
		err = sheet_one_day(ctx, "calibration-end", end, &s->end_day);
	if (err != OK)
		return err;
	if (s->end_day > s->in.last_day)
		return fail_arg(ctx, ERR_INVALID, "--calibration-end", "model_churn_end", sheet_day_text(ctx, s->in.last_day));
	s->period = (int32_t)period;
	s->states = (size_t)states;
	s->recency = arena_array(ctx->arena, s->in.n_customers + 1, sizeof(*s->recency));
	if (s->recency == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t from = 0, to; from < s->in.n; from = to) {
		for (to = from; to < s->in.n && s->in.event[to].customer == s->in.event[from].customer;)
			to++;
		follow(s, s->in.event + from, to - from);
	}
	return s->n > 0 ? OK : fail(ctx, ERR_INVALID, "--calibration-end", "model_no_rows");
}

/* As usual as many states as were seen at all, five at most. */
static enum err count_states(struct shop *s)
{
	struct ctx *ctx = s->cli->ctx;
	size_t seen = 0;
	double bought = 0;
	while (seen < s->states && s->seen[seen] > 0)
		bought += s->bought[seen++];
	if (seen == 0)
		return fail_arg(ctx, ERR_INVALID, "--period", "model_state_unseen", "1");
	if (seen < s->states && command_value(s->cli, "states") != NULL)
		return fail_arg(ctx, ERR_INVALID, "--states", "model_state_unseen", arena_printf(ctx->arena, "%zu", seen + 1));
	if (!(bought > 0))
		return fail(ctx, ERR_INVALID, "model", "model_no_repeat");
	for (; s->states > seen; s->states--) { /* whoever is in one of them is lost */
		s->lost += (int64_t)s->customers[s->states - 1];
		s->customers[s->states - 1] = 0;
	}
	return OK;
}

static enum err find_contribution(struct shop *s, struct model_markov *chain)
{
	double margin;
	enum err err = sheet_option_number(s->cli, "margin", 1, 0, 1e6, &margin);
	if (err != OK || command_value(s->cli, "contribution") != NULL)
		return err;
	if (!s->in.amounts)
		return fail_arg(s->cli->ctx, ERR_INVALID, "", "model_which_column", "--amount, --contribution");
	chain->contribution = margin * s->spend.sum / s->spend.n;
	s->contribution_se = s->spend.n > 1 ? margin * sqrt(s->spend.squares / (s->spend.n - 1) / s->spend.n) : (double)NAN;
	return OK;
}

static void write_source(struct jsonw *w, const struct shop *s)
{
	jsonw_kv_text(w, "model", "markov");
	jsonw_kv_int(w, "rows", s->in.rows);
	jsonw_kv_int(w, "rows_unreadable", s->in.broken);
	jsonw_kv_int(w, "rows_without_customer", s->in.no_customer);
	jsonw_kv_int(w, "rows_without_date", s->in.no_date);
	jsonw_kv_int(w, "rows_of_returns", s->in.returns);
	jsonw_kv_text(w, "as_of", sheet_day_text(s->cli->ctx, s->end_day));
	jsonw_kv_int(w, "period_days", s->period);
	jsonw_kv_int(w, "customers", s->n);
	jsonw_kv_int(w, "customers_lost", s->lost);
	jsonw_kv_int(w, "returned_after_lost", s->returned);
}

static void write_states(struct jsonw *w, const struct shop *s, const struct model_markov *chain, const double *value, const double *value_se)
{
	jsonw_key(w, "states");
	jsonw_array(w);
	for (size_t i = 0; i < s->states; i++) {
		jsonw_object(w);
		jsonw_kv_int(w, "recency", (int64_t)i + 1);
		model_cli_number(w, "seen", s->seen[i]);
		model_cli_number(w, "bought", s->bought[i]);
		model_cli_number(w, "chance", s->chances[i].p);
		model_cli_number(w, "standard_error", s->chances[i].se);
		model_cli_number(w, "low", s->chances[i].low);
		model_cli_number(w, "high", s->chances[i].high);
		model_cli_number(w, "value", value[i]);
		model_cli_number(w, "value_standard_error", value_se[i]);
		model_cli_number(w, "future_value", value[i] - (i == 0 ? chain->contribution : 0));
		jsonw_kv_bool(w, "worth_it", value[i] > 0);
		model_cli_number(w, "customers", s->customers[i]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_customers(struct jsonw *w, const struct shop *s, const struct model_markov *chain, const double *value)
{
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < s->in.n_customers; i++) {
		int32_t recency = s->recency[i];
		if (recency == 0)
			continue;
		bool lost = recency > (int32_t)s->states;
		double worth = lost ? 0 : value[recency - 1];
		jsonw_object(w);
		jsonw_kv_text(w, "customer", s->in.customer[i]);
		jsonw_kv_int(w, "recency", recency);
		jsonw_kv_bool(w, "lost", lost);
		model_cli_number(w, "chance", lost ? 0 : s->chances[recency - 1].p);
		model_cli_number(w, "value", worth);
		model_cli_number(w, "future_value", worth - (recency == 1 ? chain->contribution : 0));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err value_shop(struct shop *s, struct jsonw *w)
{
	struct ctx *ctx = s->cli->ctx;
	double chance[STATES_MAX] = {0}, value[STATES_MAX] = {0}, value_se[STATES_MAX] = {0}, total_se = 0, total = 0, level;
	struct model_markov chain = {.chance = chance, .n = s->states};
	enum err err = read_terms(s->cli, &chain);
	if (err == OK)
		err = sheet_option_number(s->cli, "level", 0.95, 0, 1, &level);
	if (err == OK)
		err = find_contribution(s, &chain);
	if (err == OK)
		err = model_markov_chances(ctx, s->seen, s->bought, s->states, level, s->chances);
	for (size_t i = 0; i < s->states; i++)
		chance[i] = s->chances[i].p;
	if (err == OK)
		err = model_markov(ctx, &chain, value);
	if (err == OK)
		err = model_markov_errors(ctx, &chain, s->chances, s->contribution_se, s->customers, value_se, &total_se);
	if (err != OK)
		return err;
	for (size_t i = 0; i < s->states; i++)
		total += s->customers[i] * (value[i] - (i == 0 ? chain.contribution : 0));
	write_source(w, s);
	model_cli_number(w, "contribution", chain.contribution);
	model_cli_number(w, "contribution_standard_error", s->contribution_se);
	model_cli_number(w, "future_value", total);
	model_cli_number(w, "future_value_standard_error", total_se);
	write_values(w, value, s->states);
	write_states(w, s, &chain, value, value_se);
	if (command_value(s->cli, "customers") != NULL)
		write_customers(w, s, &chain, value);
	return OK;
}

static enum err markov(struct cli *cli, struct jsonw *w)
{
	struct shop shop = {.cli = cli};
	if (command_value(cli, "input") == NULL)
		return of_chances(cli, w);
	enum err err = read_shop(&shop);
	if (err == OK)
		err = count_states(&shop);
	return err == OK ? value_shop(&shop, w) : err;
}

int model_cli_run_markov(struct cli *cli)
{
	return model_cli_run(cli, markov);
}

const struct command_option model_cli_markov_options[] = {
	MODEL_INPUT_OPTIONS,
	{"chances", "P1,P2,…", false, "without a file: chance to buy in a period, by periods since the last purchase"},
	{"contribution", "N", false, "net contribution of a purchase (of a file as usual: mean amount of a period times --margin)"},
	{"cost", "N", false, "cost of keeping in touch for a period"},
	{"discount", "N", false, "discount rate of a period: .2 is 20 %"},
	{"periods", "N", false, "periods to look ahead (as usual: for ever)"},
	{"customer", "COLUMN", false, "who bought: a heading, or the number of the column"},
	{"date", "COLUMN", false, "when"},
	{"amount", "COLUMN", false, "for how much; negative ones are returns"},
	{"calibration-end", "DATE", false, "last day to learn from (as usual: the last in the file)"},
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"},
	{"period", "DAYS", false, "of a period (as usual 90)"},
	{"states", "N", false, "periods after which a customer is lost (as usual 5)"},
	{"margin", "SHARE", false, "of an amount that is contribution (as usual 1)"},
	{"level", "SHARE", false, "of intervals (as usual .95)"},
	{"customers", NULL, false, "also lists every customer"},
	{NULL, NULL, false, NULL},
};
