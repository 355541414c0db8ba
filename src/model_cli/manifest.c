#include "core/manifest/manifest.h"
#include "model_cli/model.h"

static const struct command commands[] = {
	{"model bgnbd", NEEDS_FILES, model_cli_again_options, NULL, "Who is still a customer, and will buy how often: BG/NBD (Fader, Hardie, Lee 2005).", model_cli_run_buy_again,
	 "guanxi model bgnbd --input orders.csv --customer customer --date date --calibration-end 1997-09-30 --unit week --json"},
	{"model mbgnbd", NEEDS_FILES, model_cli_again_options, NULL, "As bgnbd; one may leave after the first purchase: MBG/NBD (Batislam et al. 2007).", model_cli_run_buy_again,
	 "guanxi model mbgnbd --input orders.csv --customer customer --date date --customers"},
	{"model pareto-nbd", NEEDS_FILES, model_cli_again_options, NULL, "As bgnbd; one may leave at any time: Pareto/NBD (Schmittlein et al. 1987).", model_cli_run_buy_again,
	 "guanxi model pareto-nbd --input orders.csv --customer customer --date date --horizon 52"},
	{"model bgbb", NEEDS_FILES, model_cli_again_options, NULL, "Purchases at fixed occasions (a yearly campaign): BG/BB (Fader, Hardie, Shang 2010).", model_cli_run_buy_again,
	 "guanxi model bgbb --input donations.csv --frequency frequency --recency recency --age periods --weight weights"},
	{"model gamma-gamma", NEEDS_FILES, model_cli_spend_options, NULL, "What a purchase of each customer will be worth: Gamma-Gamma (Fader, Hardie 2013).", model_cli_run_spend,
	 "guanxi model gamma-gamma --input orders.csv --customer customer --date date --amount amount --customers"},
	{"model rfm", NEEDS_FILES, model_cli_rfm_options, NULL, "Recency, frequency, money in parts of equal size (Hughes 1994).", model_cli_run_rfm,
	 "guanxi model rfm --input orders.csv --customer customer --date date --amount amount --nested"},
	{"model lorenz", NEEDS_FILES, model_cli_lorenz_options, NULL, "How concentrated value is: Lorenz curve, Gini, 80/20, classes A, B, C.", model_cli_run_lorenz,
	 "guanxi model lorenz --input orders.csv --customer customer --amount amount"},
	{"model markov", NEEDS_FILES, model_cli_markov_options, NULL, "What a customer is worth by recency: a Markov chain (Pfeifer, Carraway 2000).", model_cli_run_markov,
	 "guanxi model markov --chances .3,.2,.15,.05 --contribution 40 --cost 4 --discount .2 --json"},
	{"model rules", NEEDS_FILES, model_cli_rules_options, NULL, "What goes together: frequent itemsets and association rules.", model_cli_run_rules,
	 "guanxi model rules --input baskets.txt --separator , --support 0.01 --confidence 0.5 --json"},
	{"model sequences", NEEDS_FILES, model_cli_sequences_options, NULL, "What comes next: frequent sequences (PrefixSpan, Pei et al. 2001).", model_cli_run_sequences,
	 "guanxi model sequences --input lines.csv --customer customer --date date --item item --support 0.1"},
	{"model logit", NEEDS_FILES, model_cli_logit_options, NULL, "What makes an event likely: logistic regression.", model_cli_run_logit,
	 "guanxi model logit --input table.csv --target churn --event yes --columns months,plan --json"},
	{"model churn", NEEDS_FILES, model_cli_churn_options, NULL, "Who will leave: a regression tested on rows it has not seen, of a table or of transactions.", model_cli_run_churn,
	 "guanxi model churn --input table.csv --target churn --event yes --customers"},
	{"model abtest", NEEDS_FILES, model_cli_abtest_options, NULL, "Whether groups of an experiment differ, and how many it takes.", model_cli_run_abtest,
	 "guanxi model abtest --input table.csv --group plan --target churn --event yes"},
	{"model scorecard", NEEDS_FILES, model_cli_scorecard_options, NULL, "A score card: weights of evidence, information values, points (Siddiqi 2006).", model_cli_run_scorecard,
	 "guanxi model scorecard --input table.csv --target churn --event yes --breaks months:10,20,30 --json"},
	{"model survival", NEEDS_FILES, model_cli_survival_options, NULL, "How long until it happens: Kaplan-Meier curves, Cox's regression.", model_cli_run_survival,
	 "guanxi model survival --input table.csv --time months --target churn --event yes --group plan"},
	{"model kmeans", NEEDS_FILES, model_cli_kmeans_options, NULL, "Rows that are alike: k-means, with kinds k-prototypes.", model_cli_run_kmeans,
	 "guanxi model kmeans --input table.csv --columns months,plan --k 3"},
	{.name = NULL},
};

extern const struct manifest model_cli_manifest;
const struct manifest model_cli_manifest = {.name = "model_cli", .commands = commands};
