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

const struct command_option model_cli_markov_options[] = {
	{"json", NULL, false, "prints JSON, not lines to read"},
	{"chances", "P1,P2,…", true, "chance to buy in a period, by periods since the last purchase"},
	{"contribution", "N", true, "net contribution of a purchase"},
	{"cost", "N", false, "cost of keeping in touch for a period"},
	{"discount", "N", false, "discount rate of a period: .2 is 20 %"},
	{"periods", "N", false, "periods to look ahead (as usual: for ever)"},
	{NULL, NULL, false, NULL},
};
