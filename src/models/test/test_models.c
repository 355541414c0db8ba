/* Models of purchases against published results: BTYD's vignette, lifetimes' tests, R's ineq, and the papers. */
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

static bool cdnow(struct model_history *ret)
{
	struct table t;
	if (!read_table(&ctx, "cdnow_sample/cdnow_customers_summary.csv", &t))
		return false;
	assert_int_equal(t.n, 2357);
	*ret = (struct model_history){t.column[1], t.column[2], t.column[3], NULL, t.n};
	return true;
}

static void functions_of_mathematics(void **state)
{
	(void)state;
	assert_near(model_digamma(1), -0.57721566490153286, 1e-14);
	assert_near(model_digamma(0.1), -10.423754940411076, 1e-12);
	assert_near(model_normal_quantile(0.975), 1.959963984540054, 1e-13);
	assert_near(model_normal_quantile(1e-10), -6.361340902404056, 1e-11);
	assert_near(model_chi2_upper(3.841458820694124, 1), 0.05, 1e-14);
	assert_near(model_chi2_upper(100, 10), 5.49e-17, 1e-18);
	assert_near(model_hyp2f1(1, 1, 2, 0.5), 2 * log(2), 1e-14);
	double a[] = {4, 2, 2, 3}, b[] = {1, 2};
	assert_true(model_solve(a, b, 2));
	assert_near(b[0], -0.125, 1e-15);
	double s[] = {4, 2, 2, 3};
	assert_true(model_invert_spd(s, 2));
	assert_near(s[1], -0.25, 1e-15);
	assert_near(s[3], 0.5, 1e-15);
}

static void bgnbd_as_published(void **state)
{
	(void)state;
	struct model_history h;
	struct model_fit fit;
	if (!cdnow(&h))
		skip();
	assert_int_equal(model_bgnbd(&ctx, &h, &fit), OK);
	assert_near(fit.value[0], 0.2425967, 5e-5);
	assert_near(fit.value[1], 4.413659, 1e-3);
	assert_near(fit.value[2], 0.7929869, 5e-4);
	assert_near(fit.value[3], 2.426164, 2e-3);
	assert_near(fit.log_likelihood, -9582.429, 0.01);
	for (int i = 0; i < 4; i++)
		assert_true(fit.se[i] > 0 && fit.se[i] < fit.value[i]);
	/* Fader, Hardie and Lee's customer 1: x = 2, t_x = 30.43, T = 38.86, 39 weeks ahead: 1.226 */
	assert_near(model_bgnbd_expected(&fit, 2, 30.43, 38.86, 39), 1.226, 1e-3);
	/* BTYD's vignette, customer 1516: x = 26, t_x = 30.86, T = 31: alive 0.9988 .. and 25.76 in a year */
	assert_near(model_bgnbd_expected(&fit, 26, 30.86, 31, 52), 25.76, 0.02);
	assert_near(model_bgnbd_alive(&fit, 0, 0, 38.86), 1, 0);
}

static void mbgnbd_as_published(void **state)
{
	(void)state;
	struct model_history h;
	struct model_fit fit;
	if (!cdnow(&h))
		skip();
	assert_int_equal(model_mbgnbd(&ctx, &h, &fit), OK);
	assert_near(fit.value[0], 0.525, 5e-4);
	assert_near(fit.value[1], 6.183, 5e-3);
	assert_near(fit.value[2], 0.891, 5e-4);
	assert_near(fit.value[3], 1.614, 5e-4);
	assert_near(fit.log_likelihood, -9582.1357, 0.01);
	assert_true(model_mbgnbd_alive(&fit, 0, 0, 38.86) < 0.8);
}

static void pareto_nbd_as_published(void **state)
{
	(void)state;
	struct model_history h;
	struct model_fit fit;
	if (!cdnow(&h))
		skip();
	assert_int_equal(model_pareto_nbd(&ctx, &h, &fit), OK);
	assert_near(fit.value[0], 0.5533971, 5e-4);
	assert_near(fit.value[1], 10.5801985, 0.01);
	assert_near(fit.value[2], 0.6060625, 1e-3);
	assert_near(fit.value[3], 11.6562237, 0.05);
	assert_near(fit.log_likelihood, -9594.976, 0.01);
	/* BTYD's vignette: x = 26, t_x = 30.86, T = 31: 25.46 in a year, alive 0.9979 */
	assert_near(model_pareto_nbd_expected(&fit, 26, 30.86, 31, 52), 25.46, 0.02);
	assert_near(model_pareto_nbd_alive(&fit, 26, 30.86, 31), 0.9979, 1e-4);
}

/* Nothing bought until T: either alive, or gone at some time before; by Simpson's rule over that time, whichever of alpha and beta is larger. */
static void pareto_nbd_by_story(void **state)
{
	(void)state;
	const double cases[][4] = {{0.6, 4, 0.7, 25}, {0.6, 25, 0.7, 4}, {1.3, 30, 2.2, 3}, {0.5, 10, 0.5, 10}};
	const double end = 40;
	for (size_t i = 0; i < 4; i++) {
		const double r = cases[i][0], alpha = cases[i][1], s = cases[i][2], beta = cases[i][3];
		struct model_fit fit = {.n = 4, .value = {r, alpha, s, beta}};
		double gone = 0, alive = pow(alpha / (alpha + end), r) * pow(beta / (beta + end), s);
		enum { STEPS = 20000 };
		for (int k = 0; k <= STEPS; k++) {
			double t = end * k / STEPS, weight = k == 0 || k == STEPS ? 1 : k % 2 == 1 ? 4 : 2;
			gone += weight * s / (beta + t) * pow(beta / (beta + t), s) * pow(alpha / (alpha + t), r);
		}
		gone *= end / STEPS / 3;
		assert_near(model_pareto_nbd_alive(&fit, 0, 0, end), alive / (alive + gone), 1e-9);
	}
}

static void bgbb_as_published(void **state)
{
	(void)state;
	struct table t;
	struct model_fit fit;
	if (!read_table(&ctx, "donations_bgbb/donations.csv", &t))
		skip();
	struct model_history h = {t.column[0], t.column[1], t.column[2], t.column[3], t.n};
	assert_int_equal(model_bgbb(&ctx, &h, &fit), OK);
	static const double wanted[] = {1.204, 0.750, 0.657, 2.783};
	for (int i = 0; i < 4; i++)
		assert_near(fit.value[i], wanted[i], 6e-4);
	assert_near(fit.log_likelihood, -33225.58, 0.01);
	/* the paper's table: x = 6, t_x = 6, n = 6, five years ahead: 3.75; x = 0: 0.07; alive 0.93 and 0.11 */
	assert_near(model_bgbb_expected(&fit, 6, 6, 6, 5), 3.75, 5e-3);
	assert_near(model_bgbb_expected(&fit, 0, 0, 6, 5), 0.07, 5e-3);
	assert_near(model_bgbb_alive(&fit, 6, 6, 6), 0.93, 5e-3);
	assert_near(model_bgbb_alive(&fit, 0, 0, 6), 0.11, 5e-3);
}

static void gamma_gamma_as_published(void **state)
{
	(void)state;
	struct table t;
	struct model_fit fit;
	if (!read_table(&ctx, "cdnow_sample/cdnow_customers_summary_with_transactions.csv", &t))
		skip();
	assert_int_equal(model_gamma_gamma(&ctx, t.column[1], t.column[4], t.n, &fit), OK);
	assert_near(fit.value[0], 6.25, 5e-3);
	assert_near(fit.value[1], 3.74, 5e-3);
	assert_near(fit.value[2], 15.44, 1e-2);
	assert_near(fit.log_likelihood, -4055.92, 0.05);
	/* lifetimes' tests: 24.65, 18.91, 35.17 for the first customers */
	assert_near(model_gamma_gamma_expected(&fit, 2, 22.35), 24.65, 0.01);
	assert_near(model_gamma_gamma_expected(&fit, 1, 11.77), 18.91, 0.01);
	assert_near(model_gamma_gamma_expected(&fit, 0, 0), 35.17, 0.01);
}

/* What expected purchases add up to must not depend on how the series is summed: by Monte Carlo of the story itself. */
static void expected_purchases_by_story(void **state)
{
	(void)state;
	struct model_fit fit = {.n = 4, .value = {2, 1, 3, 4}};
	uint64_t seed = 1;
	double sum = 0;
	enum { RUNS = 200000 };
	for (int run = 0; run < RUNS; run++) {
		double u[8], rate = 0, a = 0, b = 0;
		for (int i = 0; i < 8; i++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			u[i] = -log(((double)(seed >> 11) + 0.5) / 9007199254740992.0);
		}
		rate = u[0] + u[1];       /* gamma(2) / 1 */
		a = u[2] + u[3] + u[4];   /* gamma(3) */
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		b = u[5] + u[6] + u[7] - log(((double)(seed >> 11) + 0.5) / 9007199254740992.0);
		double leaves = a / (a + b), time = 0;
		for (int n = 0; n < 10000; n++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			time -= log(((double)(seed >> 11) + 0.5) / 9007199254740992.0) / rate;
			if (time > 5)
				break;
			sum++;
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			if ((double)(seed >> 11) / 9007199254740992.0 < leaves)
				break;
		}
	}
	assert_near(model_bgnbd_expected(&fit, 0, 0, 0, 5), sum / RUNS, 0.02);
}

static void what_cannot_be_fitted(void **state)
{
	(void)state;
	struct model_fit fit;
	const double none[] = {0, 0, 0}, age[] = {10, 20, 30}, x[] = {1, 2, 3}, t_x[] = {5, 10, 20}, late[] = {5, 10, 31}, bad[] = {1, 2, NAN};
	typedef enum err (*method)(struct ctx *, const struct model_history *, struct model_fit *);
	static const method methods[] = {model_bgnbd, model_mbgnbd, model_pareto_nbd, model_bgbb};
	const struct {
		struct model_history h;
		const char *key;
	} cases[] = {
		{{none, none, age, NULL, 3}, "model_no_repeat"},  {{x, t_x, age, NULL, 1}, "model_few_customers"}, {{x, t_x, age, NULL, 0}, "model_few_customers"},
		{{none, none, none, NULL, 3}, "model_no_time"},   {{x, late, age, NULL, 3}, "model_bad_history"},  {{bad, t_x, age, NULL, 3}, "model_not_finite"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t m = 0; m < 4; m++) {
			assert_int_equal(methods[m](&ctx, &cases[i].h, &fit), ERR_INVALID);
			assert_string_equal(fault_of(&ctx), cases[i].key);
		}
	}
	const double many[] = {9, 2, 3}, half[] = {5.5, 10, 20};
	assert_int_equal(model_bgbb(&ctx, &(struct model_history){many, t_x, age, NULL, 3}, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_too_often");
	assert_int_equal(model_bgbb(&ctx, &(struct model_history){x, half, age, NULL, 3}, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_whole_periods");
	const double spend[] = {10, -3, 5}, same[] = {7, 7, 7};
	assert_int_equal(model_gamma_gamma(&ctx, x, spend, 3, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_negative_spend");
	assert_int_equal(model_gamma_gamma(&ctx, x, same, 3, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_same_spend");
	assert_int_equal(model_gamma_gamma(&ctx, none, spend, 3, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_repeat");
	/* all alike: the likelihood has no top */
	double one[50], five[50], ten[50];
	for (int i = 0; i < 50; i++) {
		one[i] = 1;
		five[i] = 5;
		ten[i] = 10;
	}
	assert_int_equal(model_bgnbd(&ctx, &(struct model_history){one, five, ten, NULL, 50}, &fit), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_no_optimum");
}

/* Ten years of silence, and three thousand purchases: numbers, never NaN. */
static void extremes_stay_finite(void **state)
{
	(void)state;
	struct model_fit bg = {.n = 4, .value = {0.243, 4.414, 0.793, 2.426}}, pareto = {.n = 4, .value = {0.553, 10.58, 0.606, 11.66}};
	const double cases[][3] = {{1, 0.1, 520}, {3000, 100, 520}, {3000, 519.9, 520}, {5, 520, 520}, {0, 0, 520}};
	for (size_t i = 0; i < 5; i++) {
		const double *c = cases[i];
		double alive[] = {model_bgnbd_alive(&bg, c[0], c[1], c[2]), model_mbgnbd_alive(&bg, c[0], c[1], c[2]), model_pareto_nbd_alive(&pareto, c[0], c[1], c[2])};
		double more[] = {model_bgnbd_expected(&bg, c[0], c[1], c[2], 520), model_mbgnbd_expected(&bg, c[0], c[1], c[2], 520),
		                 model_pareto_nbd_expected(&pareto, c[0], c[1], c[2], 520)};
		for (int k = 0; k < 3; k++) {
			assert_true(alive[k] >= 0 && alive[k] <= 1);
			assert_true(more[k] >= 0 && isfinite(more[k]));
		}
	}
	assert_true(model_bgnbd_alive(&bg, 3000, 100, 520) < 1e-100);
}

static void markov_as_published(void **state)
{
	(void)state;
	const double chance[] = {0.3, 0.2, 0.15, 0.05}, wanted[] = {52.320, 5.554, 1.251, -1.820};
	double value[4];
	struct model_markov chain = {chance, 4, 40, 4, 0.2, -1};
	assert_int_equal(model_markov(&ctx, &chain, value), OK);
	for (int i = 0; i < 4; i++)
		assert_near(value[i], wanted[i], 5e-4);
	/* one period: what a customer brings now, and the chance to bring it next time */
	chain.periods = 1;
	assert_int_equal(model_markov(&ctx, &chain, value), OK);
	assert_near(value[1], -4 + (0.2 * 36 - 0.8 * 4) / 1.2, 1e-12);
	chain.periods = 500;
	assert_int_equal(model_markov(&ctx, &chain, value), OK);
	assert_near(value[0], 52.320, 5e-4);
	chain.discount = 0;
	chain.periods = -1;
	assert_int_equal(model_markov(&ctx, &chain, value), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_discount");
	const double wrong[] = {0.3, 1.2};
	struct model_markov other = {wrong, 2, 40, 4, 0.2, -1};
	assert_int_equal(model_markov(&ctx, &other, value), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_chance_range");
}

static void lorenz_by_closed_forms(void **state)
{
	(void)state;
	const double ineq[] = {541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261}, even[] = {3, 3, 3, 3}, one[] = {0, 0, 0, 8};
	double sorted[100], ramp[100];
	uint8_t class_of[100];
	struct model_lorenz l;
	assert_int_equal(model_lorenz(&ctx, ineq, 10, sorted, class_of, &l), OK);
	assert_near(l.gini, 0.46209, 5e-6);
	assert_near(l.top_share, (11904.0 + 22261) / 66586, 1e-12);
	assert_int_equal(class_of[9], 0);
	assert_int_equal(class_of[0], 2);
	assert_int_equal(l.class_count[0] + l.class_count[1] + l.class_count[2], 10);
	assert_int_equal(model_lorenz(&ctx, even, 4, sorted, class_of, &l), OK);
	assert_near(l.gini, 0, 1e-15);
	assert_near(l.top_share, 0.2, 1e-15);
	assert_int_equal(model_lorenz(&ctx, one, 4, sorted, class_of, &l), OK);
	assert_near(l.gini, 0.75, 1e-15);
	assert_near(l.gini_corrected, 1, 1e-15);
	/* 1 … n: (n - 1) / 3n */
	for (int i = 0; i < 100; i++)
		ramp[i] = 100 - i;
	assert_int_equal(model_lorenz(&ctx, ramp, 100, sorted, class_of, &l), OK);
	assert_near(l.gini, 99.0 / 300, 1e-14);
	const double negative[] = {1, -1, 3}, zero[] = {0, 0};
	assert_int_equal(model_lorenz(&ctx, negative, 3, sorted, class_of, &l), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_negative_values");
	assert_int_equal(model_lorenz(&ctx, zero, 2, sorted, class_of, &l), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_zero_total");
}

static void rfm_parts_are_exact(void **state)
{
	(void)state;
	enum { N = 1003 };
	double last[N], count[N], money[N];
	uint8_t r[N], f[N], m[N];
	size_t parts[6] = {0}, nested[6][6] = {{0}};
	for (int i = 0; i < N; i++) {
		last[i] = (i * 7919) % N;
		count[i] = i % 3; /* nearly all the same: parts must be exact all the same */
		money[i] = (i * 104729) % 5003;
	}
	struct model_rfm data = {last, count, money, NULL, N, 5, false};
	assert_int_equal(model_rfm(&ctx, &data, r, f, m), OK);
	for (int i = 0; i < N; i++)
		parts[f[i]]++;
	for (int k = 1; k <= 5; k++)
		assert_true(parts[k] == 200 || parts[k] == 201);
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < N; k++)
			assert_true(last[i] <= last[k] || r[i] >= r[k]);
	}
	data.nested = true;
	assert_int_equal(model_rfm(&ctx, &data, r, f, m), OK);
	for (int i = 0; i < N; i++)
		nested[r[i]][f[i]]++;
	for (int i = 1; i <= 5; i++) {
		for (int k = 1; k <= 5; k++)
			assert_true(nested[i][k] == 40 || nested[i][k] == 41);
	}
	data.n = 4;
	assert_int_equal(model_rfm(&ctx, &data, r, f, m), ERR_INVALID);
	assert_string_equal(fault_of(&ctx), "model_few_customers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(functions_of_mathematics, begin, end),
		cmocka_unit_test_setup_teardown(bgnbd_as_published, begin, end),
		cmocka_unit_test_setup_teardown(mbgnbd_as_published, begin, end),
		cmocka_unit_test_setup_teardown(pareto_nbd_as_published, begin, end),
		cmocka_unit_test_setup_teardown(pareto_nbd_by_story, begin, end),
		cmocka_unit_test_setup_teardown(bgbb_as_published, begin, end),
		cmocka_unit_test_setup_teardown(gamma_gamma_as_published, begin, end),
		cmocka_unit_test_setup_teardown(expected_purchases_by_story, begin, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_fitted, begin, end),
		cmocka_unit_test_setup_teardown(extremes_stay_finite, begin, end),
		cmocka_unit_test_setup_teardown(markov_as_published, begin, end),
		cmocka_unit_test_setup_teardown(lorenz_by_closed_forms, begin, end),
		cmocka_unit_test_setup_teardown(rfm_parts_are_exact, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
