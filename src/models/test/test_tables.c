/* Regression and its kin, by closed forms. Published values on whole files: tests/api/model.test.mjs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(logit_of_four_counts, begin, end),
		cmocka_unit_test_setup_teardown(logit_refuses, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
