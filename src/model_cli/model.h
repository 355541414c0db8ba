/* Inside model_cli: `guanxi model …` on plain files: what its commands share. */
#ifndef GUANXI_MODEL_CLI_MODEL_H
#define GUANXI_MODEL_CLI_MODEL_H

#include "core/command/command.h"
#include "base/jsonw.h"
#include "models/models.h"

/* Runs a command: `work` writes one JSON object's members; they are printed as JSON (--json) or as lines to read. */
int model_cli_run(struct cli *cli, enum err (*work)(struct cli *cli, struct jsonw *w));

/* Lines for people of one JSON object. */
bool model_cli_print(FILE *out, const char *json, size_t n);

void model_cli_number(struct jsonw *w, const char *key, double value);
/* parameters, standard_errors, log_likelihood …; the parameters also by themselves. */
void model_cli_fit(struct jsonw *w, const struct model_fit *fit);

/* coefficients, terms and aliased of a logistic regression. */
void model_cli_terms(struct jsonw *w, const struct model_logit *fit, const char *const *terms);

/* The commands, and what they take; listed in manifest.c. */
int model_cli_run_buy_again(struct cli *cli);
int model_cli_run_spend(struct cli *cli);
extern const struct command_option model_cli_again_options[];
extern const struct command_option model_cli_spend_options[];
int model_cli_run_rfm(struct cli *cli);
int model_cli_run_lorenz(struct cli *cli);
int model_cli_run_markov(struct cli *cli);
extern const struct command_option model_cli_rfm_options[];
extern const struct command_option model_cli_lorenz_options[];
extern const struct command_option model_cli_markov_options[];
int model_cli_run_rules(struct cli *cli);
int model_cli_run_sequences(struct cli *cli);
extern const struct command_option model_cli_rules_options[];
extern const struct command_option model_cli_sequences_options[];
int model_cli_run_logit(struct cli *cli);
extern const struct command_option model_cli_logit_options[];
int model_cli_run_churn(struct cli *cli);
extern const struct command_option model_cli_churn_options[];
int model_cli_run_abtest(struct cli *cli);
extern const struct command_option model_cli_abtest_options[];
int model_cli_run_scorecard(struct cli *cli);
extern const struct command_option model_cli_scorecard_options[];
int model_cli_run_survival(struct cli *cli);
extern const struct command_option model_cli_survival_options[];
int model_cli_run_kmeans(struct cli *cli);
extern const struct command_option model_cli_kmeans_options[];

/* What every command that reads a table takes. */
#define MODEL_INPUT_OPTIONS \
	{"input", "FILE", false, "CSV, TSV, XLSX, XLS, ODS or JSON Lines, also gzipped"}, \
	{"json", NULL, false, "prints JSON, not lines to read"}, \
	{"delimiter", "SIGN", false, "what separates cells (as usual: found out; \\t is a tab)"}, \
	{"encoding", "NAME", false, "of the text, such as GB18030 (as usual: found out)"}, \
	{"sheet", "NAME", false, "sheet of a workbook (as usual: the first that is not empty)"}, \
	{"no-heading", NULL, false, "the first row is data; columns are then named by number, from 1"}

#endif
