/* Regression and its kin, by closed forms. Published values on whole files: tests/api/model.test.mjs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/special.h"
#include "models/test/read.h"

static struct ctx ctx;
static struct arena arena;

static int begin(void **state)
{
	(void)state;
	make_ctx(&ctx, &arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

enum { N = 100 };

/* Of a table of four counts the coefficient is the log odds ratio, its variance the sum of their inverses. */
static void logit_of_four_counts(void **state)
{
	(void)state;
	double x[N * 4];
	uint8_t event[N];
	for (int i = 0; i < N; i++) {
		double right = i >= 40;
		event[i] = i < 10 || i >= 75; /* 10 of 40, 25 of 60 */
		x[i * 4] = 1;
		x[i * 4 + 1] = 1e6 + 1e-3 * right; /* whatever the units */
		x[i * 4 + 2] = 3 - 2 * right;      /* follows from the one before */
		x[i * 4 + 3] = 7;                  /* the same everywhere */
	}
	struct model_logit fit;
	assert_int_equal(model_logit(&ctx, x, event, N, 4, &fit), OK);
	double odds = log(25.0 / 35) - log(10.0 / 30);
	assert_near(fit.coefficient[1] * 1e-3, odds, 1e-6);
	assert_near(fit.se[1] * 1e-3, sqrt(1.0 / 25 + 1.0 / 35 + 1.0 / 10 + 1.0 / 30), 1e-6);
	assert_true(isnan(fit.coefficient[2]) && isnan(fit.coefficient[3]));
	assert_int_equal(fit.rank, 2);
	assert_near(fit.log_likelihood, 25 * log(25.0 / 60) + 35 * log(35.0 / 60) + 10 * log(0.25) + 30 * log(0.75), 1e-9);
	assert_near(fit.null_deviance, -2 * (35 * log(0.35) + 65 * log(0.65)), 1e-9);
	/* pairs: 35 events with 65 others; ties count half */
	assert_near(fit.auc, (25 * 30 + 0.5 * (25 * 35 + 10 * 30)) / (35 * 65), 1e-12);
	assert_false(fit.separated);
}

static void logit_refuses(void **state)
{
	(void)state;
	double x[N * 2];
	uint8_t event[N];
	struct model_logit fit;
	for (int i = 0; i < N; i++) {
		x[i * 2] = 1;
		x[i * 2 + 1] = i;
		event[i] = i >= 50;
	}
	assert_int_equal(model_logit(&ctx, x, event, N, 2, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_separation");
	/* some only are told apart without fail: a fit, and a word */
	for (int i = 0; i < N; i++) {
		x[i * 2 + 1] = i < 10;
		event[i] = i >= 10 && i % 2 == 0;
	}
	assert_int_equal(model_logit(&ctx, x, event, N, 2, &fit), OK);
	assert_near(fit.deviance, -2 * 90 * log(0.5), 1e-4);
	memset(event, 1, sizeof(event));
	assert_int_equal(model_logit(&ctx, x, event, N, 2, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_one_outcome");
	assert_int_equal(model_logit(&ctx, x, event, 2, 2, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_few_rows");
	event[0] = 0;
	x[3] = NAN;
	assert_int_equal(model_logit(&ctx, x, event, N, 2, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_not_finite");
}

/* R: prop.test(c(20034, 20119), c(44700, 45489), correct = FALSE) and with correction; power.prop.test(p1 = .5, p2 = .75, power = .9). */
static void proportions_as_in_r(void **state)
{
	(void)state;
	struct model_test t;
	double n;
	assert_int_equal(model_two_proportions(&ctx, (struct model_arm){44700, 20034, 0}, (struct model_arm){45489, 20119, 0}, 0.95, 0.01, &t), OK);
	assert_near(t.statistic, 3.182964, 1e-6);
	assert_near(t.p, 0.07440966, 1e-8);
	assert_true(t.p_corrected > t.p && t.low < t.difference && t.difference < t.high && t.always_low < t.low && t.high < t.always_high);
	assert_int_equal(model_sample_size(&ctx, 0.5, 0.75, 0.05, 0.9, &n), OK);
	assert_near(n, 76.7069, 1e-4); /* 76.7 in the help of R */
	/* sleep, Student (1908): t = -1.8608, df = 17.776, p = 0.07939, interval -3.3654832 0.2054832 */
	const struct model_arm one = {10, 7.5, 28.805}, two = {10, 23.3, 36.081};
	assert_int_equal(model_two_means(&ctx, two, one, 0.95, 1, &t), OK);
	assert_near(t.statistic, -1.8608, 5e-5);
	assert_near(t.degrees, 17.776, 5e-4);
	assert_near(t.p, 0.07939, 5e-6);
	assert_near(t.low, -3.3654832, 1e-6);
	assert_near(t.high, 0.2054832, 1e-6);
	assert_near(model_t_quantile(0.975, 3), 3.182446305284263, 1e-9);
	double p[] = {0.01, 0.04, 0.03, 0.005}; /* p.adjust: .03 .06 .06 .02 */
	assert_int_equal(model_holm(&ctx, p, 4), OK);
	const double wanted[] = {0.03, 0.06, 0.06, 0.02};
	for (int i = 0; i < 4; i++)
		assert_near(p[i], wanted[i], 1e-12);
	assert_int_equal(model_two_proportions(&ctx, (struct model_arm){10, 0, 0}, (struct model_arm){10, 0, 0}, 0.95, 0.01, &t), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_spread");
	assert_int_equal(model_two_proportions(&ctx, (struct model_arm){1, 0, 0}, (struct model_arm){10, 5, 0}, 0.95, 0.01, &t), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_small_arm");
	assert_int_equal(model_sample_size(&ctx, 0.5, 0.5, 0.05, 0.9, &n), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_rates");
}

/* Looking after every hundred people at two arms that are the same finds a difference in at most one of twenty experiments; the plain
 * test, asked as often, finds one far more often. */
static void looking_often_is_safe(void **state)
{
	(void)state;
	uint32_t seed = 11;
	int always = 0, plain = 0;
	enum { RUNS = 400 };
	for (int run = 0; run < RUNS; run++) {
		struct model_arm arm[2] = {{0}};
		bool a = false, b = false;
		for (int i = 1; i <= 10000; i++) {
			seed = seed * 1664525 + 1013904223;
			struct model_arm *one = &arm[i % 2];
			one->n++;
			one->sum += (seed >> 8) % 10 < 3;
			struct model_test t;
			if (i % 100 != 0)
				continue;
			assert_int_equal(model_two_proportions(&ctx, arm[0], arm[1], 0.95, 0.05, &t), OK);
			a = a || t.always_p < 0.05;
			b = b || t.p < 0.05;
		}
		always += a;
		plain += b;
	}
	assert_true(always <= RUNS / 20 + 10);
	assert_true(plain > RUNS / 5);
}

/* amount of German credit cut at 1400, 1800, 4000, 9200: counts of bad and good, weights and value as its package documents them. */
static void weights_of_evidence_as_published(void **state)
{
	(void)state;
	const double bad[] = {82, 18, 95, 76, 29}, good[] = {185, 87, 287, 120, 21}, wanted[] = {0.03366, -0.72824, -0.25831, 0.39054, 1.17007};
	const double none[] = {0, 10}, some[] = {5, 5};
	double woe[5], part[5];
	assert_near(model_woe(bad, good, 5, woe, part), 0.18122, 5e-6);
	for (int i = 0; i < 5; i++)
		assert_near(woe[i], wanted[i], 5e-6);
	double value = model_woe(none, some, 2, woe, part);
	assert_near(woe[0], log(0.99 / 10 / 0.5), 1e-12);
	assert_near(value, part[0] + part[1], 1e-15);
	/* the one place where it changes is found, and no other */
	double x[N], breaks[MODEL_BREAKS_MAX];
	uint8_t event[N];
	size_t n;
	for (int i = 0; i < N; i++) {
		x[i] = (i * 37) % N;
		event[i] = (uint8_t)((int)x[i] < 30 ? (int)x[i] % 2 == 0 : (int)x[i] % 10 == 0);
	}
	assert_int_equal(model_cut(&ctx, x, event, N, 2, 0.05, breaks, &n), OK);
	assert_int_equal(n, 1);
	assert_true(breaks[0] >= 28 && breaks[0] <= 31);
	assert_int_equal(model_cut(&ctx, x, event, N, 1, 0.05, breaks, &n), OK);
	assert_int_equal(n, 0);
	const double was[] = {10, 20, 70}, is[] = {10, 20, 70}, other[] = {20, 20, 60};
	assert_near(model_psi(was, is, 3), 0, 1e-15);
	assert_near(model_psi(was, other, 3), 0.1 * log(2) + 0.1 * log(7.0 / 6), 1e-12);
}

/* Freireich et al. (1963), remission of leukaemia under 6-MP (censored ones: event 0) and placebo; results in Cox (1972) and in every book since. */
static const double remission[] = {6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
                                   1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23};
static const uint8_t relapse[] = {1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static void survival_as_published(void **state)
{
	(void)state;
	struct model_survival *rows;
	size_t n;
	double median, chi2, p;
	const struct model_lives treated = {remission, relapse, 21}, all = {remission, relapse, 42};
	assert_int_equal(model_kaplan_meier(&ctx, &treated, 0.95, &rows, &n, &median), OK);
	/* R survfit: 6 .857 (.0764, .720 1), 7 .807 (.0869), 10 .753 (.0963), 13 .690 (.1068), 16 .627 (.1141), 22 .538 (.1282), 23 .448 (.1346) */
	const double wanted[][3] = {{6, 0.857, 0.0764}, {7, 0.807, 0.0869}, {10, 0.753, 0.0963}, {13, 0.690, 0.1068}, {16, 0.627, 0.1141}, {22, 0.538, 0.1282}, {23, 0.448, 0.1346}};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t at = 0;
		while (rows[at].time != wanted[i][0])
			at++;
		assert_near(rows[at].survival, wanted[i][1], 6e-4);
		assert_near(rows[at].se, wanted[i][2], 6e-5);
	}
	assert_near(rows[0].low, 0.720, 6e-4);
	assert_near(rows[0].high, 1, 1e-12);
	assert_near(median, 23, 0);
	/* log-rank 16.79 */
	int32_t group[42];
	double x[42 * 2];
	for (int i = 0; i < 42; i++) {
		group[i] = i >= 21;
		x[i * 2] = i >= 21;
		x[i * 2 + 1] = 5;
	}
	assert_int_equal(model_log_rank(&ctx, &all, group, 2, &chi2, &p), OK);
	assert_near(chi2, 16.79, 5e-3);
	assert_near(p, 4.17e-5, 5e-7);
	/* coxph: Efron 1.5721 (.4124), log-likelihood -93.18 to -85.01; Breslow 1.5092 (.4096), -93.98 to -86.38 */
	struct model_cox fit;
	assert_int_equal(model_cox(&ctx, &all, x, 2, false, &fit), OK);
	assert_near(fit.coefficient[0], 1.5721, 1e-4);
	assert_near(fit.se[0], 0.4124, 1e-4);
	assert_near(fit.null_log_likelihood, -93.18, 0.006);
	assert_near(fit.log_likelihood, -85.01, 0.006);
	assert_near(fit.concordance, 0.690, 1e-3);
	assert_true(isnan(fit.coefficient[1]) && !fit.runaway[0]);
	assert_int_equal(model_cox(&ctx, &all, x, 2, true, &fit), OK);
	assert_near(fit.coefficient[0], 1.5092, 1e-4);
	assert_near(fit.se[0], 0.4096, 1e-4);
	assert_near(fit.log_likelihood, -86.38, 0.006);
}

static void survival_refuses(void **state)
{
	(void)state;
	struct model_survival *rows;
	struct model_cox fit;
	size_t n;
	double median;
	const double time[] = {1, 2, 3, 4, 5, 6}, bad[] = {1, -2, 3, 4, 5, 6}, x[] = {1, 1, 1, 0, 0, 0};
	const uint8_t none[6] = {0}, early[] = {1, 1, 1, 0, 0, 0};
	assert_int_equal(model_kaplan_meier(&ctx, &(struct model_lives){bad, early, 6}, 0.95, &rows, &n, &median), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_bad_time");
	assert_int_equal(model_cox(&ctx, &(struct model_lives){time, none, 6}, x, 1, false, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_events");
	assert_int_equal(model_cox(&ctx, &(struct model_lives){time, early, 6}, x, 1, false, &fit), OK);
	assert_true(fit.runaway[0]);
	assert_int_equal(model_kaplan_meier(&ctx, &(struct model_lives){time, none, 6}, 0.95, &rows, &n, &median), OK);
	assert_near(rows[5].survival, 1, 0);
	assert_true(isnan(median));
}

enum { POINTS = 12 };

/* Within-sum of squares of the best split in two, of all there are. */
static double best_split(const double *x)
{
	double best = INFINITY;
	for (int split = 1; split < 1 << (POINTS - 1); split++) {
		double sum[2][2] = {{0}}, square = 0, n[2] = {0};
		for (int i = 0; i < POINTS; i++) {
			int c = split >> i & 1;
			n[c]++;
			for (int j = 0; j < 2; j++) {
				sum[c][j] += x[i * 2 + j];
				square += x[i * 2 + j] * x[i * 2 + j];
			}
		}
		for (int c = 0; c < 2; c++)
			square -= (sum[c][0] * sum[c][0] + sum[c][1] * sum[c][1]) / n[c];
		best = fmin(best, square);
	}
	return best;
}

static void clusters_by_brute_force(void **state)
{
	(void)state;
	uint32_t seed = 5;
	for (int run = 0; run < 20; run++) {
		double x[POINTS * 2];
		for (int i = 0; i < POINTS * 2; i++) {
			seed = seed * 1664525 + 1013904223;
			x[i] = (seed >> 8) % 1000 / 100.0;
		}
		struct model_points points = {x, NULL, NULL, POINTS, 2, 0, false, 0};
		struct model_clusters found;
		assert_int_equal(model_kmeans(&ctx, &points, 2, 50, 1, &found), OK);
		assert_near(found.within, best_split(x), 1e-9);
		assert_true(found.size[0] >= found.size[1] && found.size[0] + found.size[1] == POINTS);
		assert_true(found.silhouette > 0 && found.silhouette <= 1);
	}
}

static void clusters_of_kinds(void **state)
{
	(void)state;
	/* far apart by number and by kind: 8 and 4 */
	double x[POINTS], same[POINTS];
	int32_t kind[POINTS];
	const int32_t kinds[] = {3};
	struct model_clusters found;
	for (int i = 0; i < POINTS; i++) {
		x[i] = i % 3 == 0 ? 1000 + i : i;
		kind[i] = i % 3 == 0 ? 2 : i % 2;
		same[i] = 4;
	}
	struct model_points points = {x, kind, kinds, POINTS, 1, 1, true, 0.5};
	assert_int_equal(model_kmeans(&ctx, &points, 2, 10, 1, &found), OK);
	assert_int_equal(found.size[0], 8);
	assert_near(found.center[1], 1004.5, 1e-9); /* 1000, 1003, 1006, 1009, in their own units */
	assert_int_equal(found.mode[1], 2);
	for (int i = 0; i < POINTS; i++)
		assert_int_equal(found.cluster[i], i % 3 == 0);
	/* kinds alone */
	points.p = 0;
	assert_int_equal(model_kmeans(&ctx, &points, 3, 10, 1, &found), OK);
	assert_near(found.within, 0, 0);
	assert_int_equal(model_kmeans(&ctx, &points, 4, 10, 1, &found), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_few_points");
	assert_int_equal(model_kmeans(&ctx, &(struct model_points){same, NULL, NULL, POINTS, 1, 0, true, 0}, 2, 10, 1, &found), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_few_points");
	assert_int_equal(model_kmeans(&ctx, &points, 0, 10, 1, &found), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_clusters_range");
}

/* Twenty forecasts, every other one of which came true: the wrong ones lie a twentieth below the right ones. */
static void forecasts_by_hand(void **state)
{
	(void)state;
	double p[20], brier = 0;
	uint8_t event[20], test[N], many[N];
	struct model_evaluation e;
	for (int i = 0; i < 20; i++) {
		p[i] = (i + 0.5) / 20;
		event[i] = i % 2 == 1;
		brier += (p[i] - event[i]) * (p[i] - event[i]) / 20;
	}
	assert_int_equal(model_evaluate(&ctx, p, event, 20, &e), OK);
	assert_near(e.auc, 0.55, 1e-12); /* of ten times ten pairs 1 + 2 + ... + 10 are in order */
	assert_near(e.brier, brier, 1e-12);
	for (int t = 0; t < MODEL_TENTHS; t++)
		assert_near(e.tenth[t].events, 1, 1e-12);
	assert_near(e.tenth[0].caught, 0.1, 1e-12);
	assert_near(e.predicted, 0.5, 1e-12);
	/* all alike: nothing is told, and no order among them is invented */
	for (int i = 0; i < 20; i++) {
		p[i] = 0.5;
		event[i] = i < 10;
	}
	assert_int_equal(model_evaluate(&ctx, p, event, 20, &e), OK);
	assert_near(e.auc, 0.5, 1e-12);
	assert_near(e.tenth[0].lift, 1, 1e-12);
	assert_near(e.tenth[9].lift, 1, 1e-12);
	assert_int_equal(model_evaluate(&ctx, p + 5, event + 5, 9, &e), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_small_holdout");
	p[3] = NAN;
	assert_int_equal(model_evaluate(&ctx, p, event, 20, &e), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_not_finite");
	assert_near(model_chance(-800), 0, 0);
	assert_near(model_chance(log(3)), 0.75, 1e-15);
	int drawn[2] = {0};
	for (int i = 0; i < N; i++)
		many[i] = i % 5 == 0;
	model_split(many, N, 0.3, 1, test);
	for (int i = 0; i < N; i++)
		drawn[many[i]] += test[i];
	assert_int_equal(drawn[0], 24);
	assert_int_equal(drawn[1], 6);
}

/* One state: v = (m - c) / (1 - p / (1 + d)), and its derivatives. */
static void markov_errors_of_one_state(void **state)
{
	(void)state;
	const double seen[] = {400}, bought[] = {100}, none[] = {0}, weight[] = {3};
	struct model_chance chance;
	double value_se, total_se;
	assert_int_equal(model_markov_chances(&ctx, seen, bought, 1, 0.95, &chance), OK);
	assert_near(chance.p, 0.25, 1e-15);
	assert_near(chance.se, sqrt(0.25 * 0.75 / 400), 1e-15);
	const struct model_markov chain = {.chance = &chance.p, .n = 1, .contribution = 10, .cost = 1, .discount = 0.25, .periods = -1};
	assert_int_equal(model_markov_errors(&ctx, &chain, &chance, 2, weight, &value_se, &total_se), OK);
	/* 1 - .25 / 1.25 = .8: by the chance 9 / 1.25 / .64 = 11.25, by the contribution 1 / .8 = 1.25, of which 1 is known */
	assert_near(value_se, hypot(11.25 * chance.se, 1.25 * 2), 1e-6);
	assert_near(total_se, 3 * hypot(11.25 * chance.se, 0.25 * 2), 1e-6);
	assert_int_equal(model_markov_chances(&ctx, seen, none, 1, 0.95, &chance), OK);
	assert_true(chance.p == 0 && chance.low == 0 && chance.high > 0.005 && chance.high < 0.015);
	assert_int_equal(model_markov_chances(&ctx, none, none, 1, 0.95, &chance), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_chance_range");
}

static void medoids_by_hand(void **state)
{
	(void)state;
	const double x[] = {0, 1, 2, 10, 9, 8}, bad[] = {0, 1, NAN, 10, 9, 8};
	const int32_t kind[] = {0, 0, 0, 1, 1, 1}, kinds[] = {2};
	struct model_points points = {x, kind, kinds, 6, 1, 1, false, 0};
	struct model_clusters found;
	assert_int_equal(model_kmedoids(&ctx, &points, 2, 5, 1, &found), OK);
	assert_near(found.within, 4 * 0.1 / 2, 1e-6); /* four rows lie a tenth of the range off, in one of two columns */
	assert_true(found.medoid[0] + found.medoid[1] == 5 && found.center[0] + found.center[1] == 10);
	assert_int_equal(model_kmedoids(&ctx, &points, 7, 5, 1, &found), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_few_points");
	points.number = bad;
	assert_int_equal(model_kmedoids(&ctx, &points, 2, 5, 1, &found), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_not_finite");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(logit_of_four_counts, begin, end),
		cmocka_unit_test_setup_teardown(logit_refuses, begin, end),
		cmocka_unit_test_setup_teardown(proportions_as_in_r, begin, end),
		cmocka_unit_test_setup_teardown(looking_often_is_safe, begin, end),
		cmocka_unit_test_setup_teardown(weights_of_evidence_as_published, begin, end),
		cmocka_unit_test_setup_teardown(survival_as_published, begin, end),
		cmocka_unit_test_setup_teardown(survival_refuses, begin, end),
		cmocka_unit_test_setup_teardown(clusters_by_brute_force, begin, end),
		cmocka_unit_test_setup_teardown(clusters_of_kinds, begin, end),
		cmocka_unit_test_setup_teardown(forecasts_by_hand, begin, end),
		cmocka_unit_test_setup_teardown(markov_errors_of_one_state, begin, end),
		cmocka_unit_test_setup_teardown(medoids_by_hand, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
