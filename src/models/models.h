/* Statistics of customers: each method is one file, arrays in, numbers out.  Nothing here knows files,
 * databases or records.  What a function returns lies in ctx's arena.  Each refuses what cannot be fitted
 * with ERR_INVALID, the field "model" and a key that says why. */
#ifndef GUANXI_MODELS_MODELS_H
#define GUANXI_MODELS_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

/* --- what a fit comes to ------------------------------------------------ */

enum { MODEL_PARAMETERS_MAX = 4 };

struct model_fit {
	size_t n;
	const char *names[MODEL_PARAMETERS_MAX];
	double value[MODEL_PARAMETERS_MAX];
	double se[MODEL_PARAMETERS_MAX]; /* standard errors, of the curvature at the top */
	double log_likelihood;
	int iterations;
	bool converged;
};

/* --- customers who may leave unseen ------------------------------------- */

/* One entry a customer: repeat purchases, time of the last purchase and age, both counted from the first one. */
struct model_history {
	const double *x, *t_x, *age;
	const double *weight; /* customers that an entry stands for; NULL: one each */
	size_t n;
};

/* BG/NBD: Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2): r, alpha, a, b.
 * Maximum likelihood by BFGS with exact derivatives; standard errors of the curvature.  Its limit: who has bought once
 * is alive for certain.  Errors: model_history's, "model_no_optimum" (the likelihood has no top). */
enum err model_bgnbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret) MUST_CHECK;
double model_bgnbd_alive(const struct model_fit *fit, double x, double t_x, double age);
/* Purchases expected in the next t units. */
double model_bgnbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t);

/* MBG/NBD: Batislam, Denizel and Filiztekin (2007), Int. J. of Research in Marketing 24(3): one may leave after the first
 * purchase too. */
enum err model_mbgnbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret) MUST_CHECK;
double model_mbgnbd_alive(const struct model_fit *fit, double x, double t_x, double age);
double model_mbgnbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t);

/* Pareto/NBD: Schmittlein, Morrison and Colombo (1987), Management Science 33(1); likelihood after Fader and Hardie (2005):
 * r, alpha, s, beta. */
enum err model_pareto_nbd(struct ctx *ctx, const struct model_history *history, struct model_fit *ret) MUST_CHECK;
double model_pareto_nbd_alive(const struct model_fit *fit, double x, double t_x, double age);
double model_pareto_nbd_expected(const struct model_fit *fit, double x, double t_x, double age, double t);

/* BG/BB: Fader, Hardie and Shang (2010), Marketing Science 29(6): purchases at fixed occasions, of which `age` have been:
 * alpha, beta, gamma, delta.  Errors: also "model_whole_periods", "model_too_often" (x > t_x). */
enum err model_bgbb(struct ctx *ctx, const struct model_history *history, struct model_fit *ret) MUST_CHECK;
/* Still alive at the occasion that comes next. */
double model_bgbb_alive(const struct model_fit *fit, double x, double t_x, double age);
double model_bgbb_expected(const struct model_fit *fit, double x, double t_x, double age, double occasions);

/* Gamma-Gamma: Fader and Hardie (2013), "The Gamma-Gamma model of monetary value", after Fader, Hardie and Lee (2005):
 * p, q, gamma.  `mean` is the mean value of the x repeat purchases; entries with x = 0 are left out.
 * Its limit: spend has nothing to do with how often somebody buys. Errors: "model_negative_spend", "model_same_spend". */
enum err model_gamma_gamma(struct ctx *ctx, const double *x, const double *mean, size_t n, struct model_fit *ret) MUST_CHECK;
/* Mean value expected of each future purchase. */
double model_gamma_gamma_expected(const struct model_fit *fit, double x, double mean);

/* --- value by recency: Markov chain -------------------------------------- */

enum { MODEL_MARKOV_MAX = 1000 };

/* Pfeifer and Carraway (2000), Modeling customer relationships as Markov chains, J. of Interactive Marketing 14(2).
 * State k (0 …) bought k periods ago and buys with chance[k]; who does not buy moves on, and is lost after the last state.
 * Each period costs `cost` in every state but the lost one, a purchase brings `contribution` at its beginning.
 * value[n] gets the discounted value of each state over `periods` periods; periods < 0: for ever. `discount` is a period's.
 * Errors: "model_chance_range", "model_discount" (none, and no end), "model_too_many_states". */
struct model_markov {
	const double *chance;
	size_t n;
	double contribution, cost, discount;
	int64_t periods;
};
enum err model_markov(struct ctx *ctx, const struct model_markov *chain, double *value) MUST_CHECK;
struct model_chance {
	double p, se, low, high;
};
/* Chances of a chain from how often each state was seen and bought: shares (Anderson and Goodman 1957), their binomial errors, and intervals after Wilson
 * (1927), which stand where nobody or everybody bought.  Errors: "model_chance_range" (never seen, or bought more often than seen), "model_level". */
enum err model_markov_chances(struct ctx *ctx, const double *seen, const double *bought, size_t n, double level, struct model_chance *ret) MUST_CHECK;
/* Standard errors of the values that such chances and a contribution with an error of its own lead to, by the delta method (Cramer 1946), and of
 * sum(weight x value) less what the first state has already brought, weight being the customers in each state. */
enum err model_markov_errors(struct ctx *ctx, const struct model_markov *chain, const struct model_chance *chances, double contribution_se, const double *weight,
                             double *value_se, double *ret_total_se) MUST_CHECK;
/* Any chain: v = (I - P/(1+d))^-1 r; p is n x n by rows, each summing to at most one (what lacks is lost). */
enum err model_markov_matrix(struct ctx *ctx, const double *p, const double *reward, size_t n, double discount, int64_t periods,
                             double *value) MUST_CHECK;

/* --- recency, frequency, money ------------------------------------------- */

struct model_rfm {
	const double *last;  /* larger: more recent */
	const double *count, *money;
	const int32_t *group; /* scored apart from other groups (a shop); NULL: all together */
	size_t n;
	int parts;   /* 5: quintiles; 2 to 9 */
	bool nested; /* frequency within recency, money within both; else each over all */
};

/* Hughes (1994), Strategic Database Marketing: parts of equal size (they differ by one at most), the best have the highest score.
 * Equal values at a border are told apart by the other two measures, at last by their place, so that parts stay exact.
 * r, f, m get n scores from 1 to parts.  Errors: "model_few_customers" (fewer than parts), "model_not_finite", "model_parts". */
enum err model_rfm(struct ctx *ctx, const struct model_rfm *data, uint8_t *r, uint8_t *f, uint8_t *m) MUST_CHECK;

/* --- concentration -------------------------------------------------------- */

struct model_lorenz {
	double total, mean;
	double gini;           /* of these n */
	double gini_corrected; /* n/(n-1) times that: of those they were drawn from */
	double top_share;      /* share of the total of the best fifth */
	double share_for_80;   /* share of customers, best first, that bring 80 % */
	size_t class_count[3]; /* A: first until 80 % is reached, B: until 95 %, C: the rest */
	double class_sum[3];
};
/* Lorenz (1905), Gini (1912).  sorted[n] gets the values, smallest first; class_of[n] (may be NULL) 0, 1, 2 for A, B, C by place
 * in `values`.  Errors: "model_negative_values", "model_zero_total", "model_no_values". */
enum err model_lorenz(struct ctx *ctx, const double *values, size_t n, double *sorted, uint8_t *class_of,
                      struct model_lorenz *ret) MUST_CHECK;

/* --- baskets --------------------------------------------------------------- */

/* Item numbers from 0; no item twice in a basket. */
struct model_baskets {
	const int32_t *item;
	const size_t *start; /* n + 1 places in `item` */
	size_t n;
	int32_t n_items;
};

/* Sets of items as a tree: a set is its node's item and those of its parents. A parent stands before its children, the items of
 * a path go from rare to frequent.  Owns its memory: model_itemsets_free. */
struct model_itemsets {
	int32_t *item, *parent; /* parent -1: none */
	int32_t *count;
	int32_t *size;          /* items in the set */
	size_t n, room;
};

/* Every set of items that is in at least min_count baskets, exactly (Agrawal and Srikant 1994 state the problem).  Depth first over
 * bit vectors (Zaki 2000, Scalable algorithms for association mining), which shrink to the baskets of what they extend whenever
 * that halves them, so that both dense and sparse baskets are quick.  max_items 0: of any size.
 * Errors: "model_no_baskets", ERR_LIMIT "model_too_many_sets" beyond `most`. */
enum err model_itemsets_new(struct ctx *ctx, const struct model_baskets *baskets, int64_t min_count, int max_items, size_t most,
                            struct model_itemsets *ret) MUST_CHECK;
void model_itemsets_free(struct model_itemsets *sets);
/* Items of a set, rare ones first; how many. `ret` has room for sets->size[set]. */
size_t model_itemset_items(const struct model_itemsets *sets, size_t set, int32_t *ret);

/* antecedent -> one item. */
struct model_rule {
	int32_t set, antecedent; /* -1: nothing */
	int32_t consequent;      /* item */
	double support, confidence, lift, leverage;
	double conviction;       /* infinite where the confidence is 1 */
	double p, p_adjusted;    /* Fisher's exact test, one-sided: together more often than by chance */
};
enum model_adjust { MODEL_ADJUST_NONE, MODEL_ADJUST_BONFERRONI, MODEL_ADJUST_HOLM, MODEL_ADJUST_BH };

/* Rules with one item on the right, of sets of at least min_items: support, confidence (Agrawal et al. 1993), lift and conviction
 * (Brin et al. 1997), leverage (Piatetsky-Shapiro 1991), Fisher's test (Hahsler and Hornik 2007), corrected for the number
 * of rules (Bonferroni; Holm 1979; Benjamini and Hochberg 1995).  Best lift first. ret lives in ctx's arena. */
enum err model_rules(struct ctx *ctx, const struct model_itemsets *sets, size_t n_baskets, double confidence, int min_items,
                     enum model_adjust adjust, struct model_rule **ret, size_t *ret_n) MUST_CHECK;

/* What customers do one after the other: elements (the items of one day, ascending) in order of time. */
struct model_sequences {
	const int32_t *item;
	const size_t *element; /* n_elements + 1 places in `item` */
	const size_t *start;   /* n + 1 places in `element` */
	size_t n;
	int32_t n_items;
};

/* Patterns as a tree: `next` begins a new element, else the item joins its parent's element. Memory as of itemsets. */
struct model_patterns {
	int32_t *item, *parent, *count, *size;
	uint8_t *next;
	size_t n, room;
};
/* Every pattern that at least min_count sequences hold, by pattern growth (PrefixSpan: Pei et al. 2001); all ends of a pattern are
 * kept, so elements of several items are exact.  Errors as of itemsets. */
enum err model_patterns_new(struct ctx *ctx, const struct model_sequences *sequences, int64_t min_count, int max_items, size_t most,
                            struct model_patterns *ret) MUST_CHECK;
void model_patterns_free(struct model_patterns *patterns);

/* --- regression --------------------------------------------------------------- */

struct model_logit {
	size_t n, p;         /* rows, columns of x */
	double *coefficient; /* p of them; NaN: the column follows from those before it */
	double *se;
	double *fitted;      /* n probabilities */
	double deviance, null_deviance, log_likelihood, auc;
	size_t rank;
	int iterations;
	bool converged;
	bool separated;      /* some rows are told apart without fail: their coefficients have no end, and no meaningful error */
};

/* Logistic regression by iteratively reweighted least squares (McCullagh and Nelder 1989), starting and stopping as R's glm does; the
 * first column of x (n x p by rows) is the intercept. event[i]: 0 or 1. Columns that follow from others are left out, the later ones.
 * All of ret lives in ctx's arena.  Errors: "model_one_outcome", "model_few_rows" (not more than columns), "model_separation"
 * (the outcome is known without fail), "model_not_finite". */
enum err model_logit(struct ctx *ctx, const double *x, const uint8_t *event, size_t n, size_t p, struct model_logit *ret) MUST_CHECK;

/* Area under the receiver's curve (Hanley and McNeil 1982): the chance that an event has the higher score; ties count half.
 * *ret_ks (may be NULL): the greatest distance of the two distributions (Kolmogorov and Smirnov). NaN without both outcomes. */
enum err model_auc(struct ctx *ctx, const double *score, const uint8_t *event, size_t n, double *ret, double *ret_ks) MUST_CHECK;

/* --- forecasts put to the test ------------------------------------------------- */

/* Marks in test[n] the share of the events, and of the others, that a model shall not learn from: the same seed, the same rows. */
void model_split(const uint8_t *event, size_t n, double share, uint64_t seed, uint8_t *test);
/* Sum of coefficients (NaN: none) times a row: the log odds of model_logit. model_chance: their probability. */
double model_linear(const double *row, const double *coefficient, size_t p);
double model_chance(double log_odds);

enum { MODEL_TENTHS = 10 };

struct model_tenth {
	double n, events, rate;
	double predicted; /* mean probability */
	double lift;      /* rate to that of all */
	double caught;    /* share of all events in this tenth and those before it */
	double from, to;  /* probabilities */
};

struct model_evaluation {
	size_t n;
	double events, predicted;
	double auc, auc_se, ks;
	double brier, log_loss;
	double intercept, slope; /* of what happened on the log odds foretold: 0 and 1 are right; NaN: cannot be said */
	double hosmer, hosmer_p; /* chi-squared with ten degrees */
	struct model_tenth tenth[MODEL_TENTHS]; /* likeliest first */
};

/* How probabilities p fare on rows that they were not learnt from: area under the curve with its error (Hanley and McNeil 1982), Brier (1950) score,
 * lift by tenths, calibration (Cox 1958; Hosmer and Lemeshow 1980). Rows of one probability share their events evenly among tenths.
 * Errors: "model_small_holdout" (fewer than ten rows, or one outcome only), "model_not_finite". */
enum err model_evaluate(struct ctx *ctx, const double *p, const uint8_t *event, size_t n, struct model_evaluation *ret) MUST_CHECK;

/* --- experiments --------------------------------------------------------------- */

struct model_arm {
	double n;
	double sum;     /* events, or the sum of values */
	double squares; /* of values: sum of squared distances from their mean */
};

struct model_test {
	double control, arm;                        /* rates or means */
	double difference, low, high;               /* arm - control, and its interval */
	double uplift, uplift_low, uplift_high;     /* relative to the control; NaN where it is zero */
	double statistic, degrees, p;               /* chi-squared, or Welch's t */
	double p_corrected;                         /* proportions: after Yates (1934) */
	double always_p, always_low, always_high;   /* hold however often one looks */
};

/* Two proportions: Pearson's chi-squared without correction and the interval of R's prop.test; uplift by the interval of Katz et al. (1978).
 * always_*: mixture sequential probability ratio test (Robbins 1970; Johari et al. 2017), which expects effects about `expected` large.
 * Errors: "model_small_arm" (fewer than two), "model_level", "model_no_spread" (nobody, or everybody). */
enum err model_two_proportions(struct ctx *ctx, struct model_arm control, struct model_arm arm, double level, double expected,
                               struct model_test *ret) MUST_CHECK;
/* Two means: Welch (1947). */
enum err model_two_means(struct ctx *ctx, struct model_arm control, struct model_arm arm, double level, double expected,
                         struct model_test *ret) MUST_CHECK;
/* Subjects needed in each of two arms to find a rate p2 in place of p1 (Fleiss 1981; R's power.prop.test). */
enum err model_sample_size(struct ctx *ctx, double p1, double p2, double alpha, double power, double *ret) MUST_CHECK;
/* Corrects p values of several comparisons in their place: Holm (1979). */
enum err model_holm(struct ctx *ctx, double *p, size_t n) MUST_CHECK;

/* --- score card ------------------------------------------------------------------ */

/* Weight of evidence of each bin, log of its share of events over its share of the others, and its part of the information value (Kullback
 * 1959; Siddiqi 2006). A count of 0 counts as 0.99, of totals as they are. Returns the information value. */
double model_woe(const double *events, const double *others, size_t n, double *woe, double *part);

enum { MODEL_BREAKS_MAX = 15 };
/* Cuts numbers into at most max_bins bins of at least min_share of the rows each, each time where the information value grows most, as long as
 * it grows by a tenth. A bin goes from its break (included) to the next. ret has room for MODEL_BREAKS_MAX. */
enum err model_cut(struct ctx *ctx, const double *x, const uint8_t *event, size_t n, int max_bins, double min_share, double *ret,
                   size_t *ret_n) MUST_CHECK;
/* Population stability index of two distributions over the same bins; shares of 0 count as a ten-thousandth. */
double model_psi(const double *expected, const double *actual, size_t n);

/* --- survival -------------------------------------------------------------------- */

/* Subjects with the time they were seen until and whether the event ended it (else it is not known when it would). */
struct model_lives {
	const double *time;
	const uint8_t *event;
	size_t n;
};

struct model_survival {
	double time, at_risk, events, censored; /* at this time */
	double survival, se;                    /* just after it; Greenwood (1926) */
	double low, high;                       /* on the scale of its logarithm, as R's survfit */
};
/* Kaplan and Meier (1958): a row for each time something happened; in ctx's arena.  *ret_median: the first time at which survival is a half
 * or less, NaN if it never is.  Errors: "model_bad_time" (negative or missing), "model_no_values". */
enum err model_kaplan_meier(struct ctx *ctx, const struct model_lives *lives, double level, struct model_survival **ret, size_t *ret_n,
                            double *ret_median) MUST_CHECK;
/* Whether groups (0 to n_groups - 1) live equally long: log-rank test (Mantel 1966); chi-squared with n_groups - 1 degrees. */
enum err model_log_rank(struct ctx *ctx, const struct model_lives *lives, const int32_t *group, size_t n_groups, double *ret_chi2,
                        double *ret_p) MUST_CHECK;

struct model_cox {
	double *coefficient, *se; /* p; NaN where a column says nothing or follows from others */
	bool *runaway;            /* p: the hazard has no end (a kind to none or all of which it happened); its number means only that */
	double log_likelihood, null_log_likelihood;
	double concordance;       /* Harrell et al. (1982) */
	int iterations;
	bool converged;
};
/* Proportional hazards: Cox (1972), partial likelihood by Newton's way; ties after Efron (1977) or Breslow (1974). x is n x p by rows.
 * Errors: those above, "model_no_events", "model_separation" (no top is reached). */
enum err model_cox(struct ctx *ctx, const struct model_lives *lives, const double *x, size_t p, bool breslow, struct model_cox *ret) MUST_CHECK;

/* --- clusters -------------------------------------------------------------------- */

/* Points of p numbers and q kinds each, by rows. */
struct model_points {
	const double *number;
	const int32_t *kind;
	const int32_t *kinds; /* q: how many there are; a kind is below that */
	size_t n, p, q;
	bool scale;           /* divide numbers by their standard deviation first */
	double kind_weight;   /* squared distance of two kinds that differ */
};

struct model_clusters {
	size_t k;
	int32_t *cluster;  /* n; 0 is the largest cluster */
	size_t *size;      /* k */
	double *center;    /* k x p, in the numbers' own units */
	int32_t *mode;     /* k x q: the most frequent kind */
	double within;     /* sum of squared distances to the centers */
	double total;      /* the same to one center of all */
	double silhouette; /* simplified (Hruschka et al. 2004): of distances to centers; NaN for k = 1 */
	size_t *medoid;    /* k: the row that is the center; NULL: centers are no rows */
};
/* k-means (Lloyd 1982) begun by k-means++ (Arthur and Vassilvitskii 2007), the best of `starts`; with kinds k-prototypes (Huang 1998).
 * The same seed gives the same clusters.  Finds a good answer, not surely the best one.  All of ret lies in ctx's arena.
 * Errors: "model_few_points" (fewer different points than k), "model_not_finite", "model_clusters_range". */
enum err model_kmeans(struct ctx *ctx, const struct model_points *points, size_t k, int starts, uint64_t seed, struct model_clusters *ret) MUST_CHECK;
/* Numbers and kinds on one scale: Gower's (1971) distance, the mean over columns of |a - b| / range, or of 0 and 1 for kinds; clusters around rows of the data
 * (Kaufman and Rousseeuw 1990), their sum of distances made less by every exchange that helps (Schubert and Rousseeuw 2021), the best of `starts`. Of over
 * 2,000 rows each start works on 2,000 drawn by chance and counts all (CLARA). `center` and `mode` are the medoid's own; `within` and `total` are sums of
 * distances, not squared; scale and kind_weight are not looked at.  Errors as of model_kmeans. */
enum err model_kmedoids(struct ctx *ctx, const struct model_points *points, size_t k, int starts, uint64_t seed, struct model_clusters *ret) MUST_CHECK;

#endif
