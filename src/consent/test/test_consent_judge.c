/* The gate's judgement on facts known by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "consent/consent_internal.h"

#include <cmocka.h>

/* 2026-11-30 12:00 UTC, a Monday. */
static const int64_t noon = 20787LL * CONSENT_DAY_MS + 12 * 3600000LL;
static const struct consent_rules rules = {.cap = {1, 3, 8}, .quiet_from = 21 * 60, .quiet_until = 8 * 60, .stop_complaint = true, .stop_return = true};

static struct consent_facts good(void)
{
	return (struct consent_facts){.reachable = true, .promotional = true, .own = {'g', 100}, .now_ms = noon, .channel = CONSENT_EMAIL};
}

static void expect(const struct consent_rules *r, struct consent_facts f, enum consent_verdict verdict, enum consent_reason reason, int64_t until)
{
	struct consent_answer a = {0};
	consent_judge(r, &f, &a);
	assert_int_equal(a.verdict, verdict);
	assert_int_equal(a.reason, reason);
	assert_int_equal(a.until_ms, until);
}

static void test_ledger(void **state)
{
	(void)state;
	struct consent_facts f = good();
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f.own = (struct consent_said){0};
	expect(&rules, f, CONSENT_NO, CONSENT_NONE, 0);
	f.own.state = 'a';
	expect(&rules, f, CONSENT_NO, CONSENT_UNCONFIRMED, 0);
	f.own = (struct consent_said){0};
	f.any = (struct consent_said){'g', 50};
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f.own = (struct consent_said){'w', 10}; /* a general yes, later, does not undo a no to this channel */
	expect(&rules, f, CONSENT_NO, CONSENT_WITHDRAWN, 0);
	f.own = (struct consent_said){'g', 60};
	f.any = (struct consent_said){'w', 70};
	expect(&rules, f, CONSENT_NO, CONSENT_WITHDRAWN, 0);
	f.any.at = 60; /* at the same moment: no */
	expect(&rules, f, CONSENT_NO, CONSENT_WITHDRAWN, 0);
	f.any.at = 59;
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f = good();
	f.promotional = false;
	f.own = (struct consent_said){0}; /* service needs no consent … */
	f.complaints = 3;
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f.own.state = 'w'; /* … but obeys a no */
	expect(&rules, f, CONSENT_NO, CONSENT_WITHDRAWN, 0);
	f.gone = true;
	expect(&rules, f, CONSENT_NO, CONSENT_GONE, 0);
}

static void test_open_matters(void **state)
{
	(void)state;
	struct consent_rules lax = rules;
	struct consent_facts f = good();
	f.complaints = 1;
	expect(&rules, f, CONSENT_NO, CONSENT_COMPLAINT, 0);
	lax.stop_complaint = false;
	expect(&lax, f, CONSENT_YES, CONSENT_FINE, 0);
	f.returns = 1;
	expect(&lax, f, CONSENT_NO, CONSENT_RETURN, 0);
	f = good();
	f.reachable = false;
	expect(&rules, f, CONSENT_NO, CONSENT_NO_ADDRESS, 0);
}

static void test_caps(void **state)
{
	(void)state;
	struct consent_rules lax = rules;
	struct consent_facts f = good();
	f.touched[0] = f.touched[1] = f.touched[2] = 1;
	f.oldest[0] = f.oldest[1] = f.oldest[2] = noon - 3600000;
	expect(&rules, f, CONSENT_LATER, CONSENT_CAP, noon + 23 * 3600000LL);
	f.touched[1] = 3; /* the longest wait counts */
	f.oldest[1] = noon - 2 * (int64_t)CONSENT_DAY_MS;
	expect(&rules, f, CONSENT_LATER, CONSENT_CAP, noon + 5 * (int64_t)CONSENT_DAY_MS);
	memset(lax.cap, 0, sizeof(lax.cap));
	expect(&lax, f, CONSENT_YES, CONSENT_FINE, 0);
}

static void test_clock(void **state)
{
	(void)state;
	struct consent_facts f = good();
	f.offset_s = 8 * 3600; /* 20:00 in Shanghai */
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f.now_ms = noon + 3600000; /* 21:00 */
	expect(&rules, f, CONSENT_LATER, CONSENT_QUIET, noon + 12 * 3600000LL);
	f.now_ms = noon + 12 * 3600000LL - 1; /* a millisecond before 08:00 */
	expect(&rules, f, CONSENT_LATER, CONSENT_QUIET, noon + 12 * 3600000LL);
	f.now_ms = noon + 12 * 3600000LL;
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	f.now_ms = noon + 3600000;
	f.channel = CONSENT_POST; /* letters wake nobody */
	expect(&rules, f, CONSENT_YES, CONSENT_FINE, 0);
	struct consent_pause pauses[] = {{20787, 20787, "email"}};
	struct consent_rules paused = rules;
	paused.pauses = pauses;
	paused.n_pauses = 1;
	f = good();
	expect(&paused, f, CONSENT_LATER, CONSENT_PAUSE, noon + 12 * 3600000LL);
	f.channel = CONSENT_SMS;
	expect(&paused, f, CONSENT_YES, CONSENT_FINE, 0);
	f.holiday = true;
	expect(&paused, f, CONSENT_YES, CONSENT_FINE, 0);
	paused.holidays = true;
	expect(&paused, f, CONSENT_LATER, CONSENT_HOLIDAY, noon + 12 * 3600000LL);
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(consent_minute("21:05"), 1265);
	assert_int_equal(consent_minute("24:00"), -1);
	assert_int_equal(consent_minute("9:00"), -1);
	assert_int_equal(consent_minute("-"), -1);
	assert_int_equal(consent_minute(NULL), -1);
	assert_string_equal(consent_zone(NULL, "jp", "Asia/Shanghai"), "Asia/Tokyo");
	assert_string_equal(consent_zone(NULL, "US", "Asia/Shanghai"), "Asia/Shanghai");
	assert_string_equal(consent_zone("America/New_York", "JP", "Asia/Shanghai"), "America/New_York");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ledger), cmocka_unit_test(test_open_matters), cmocka_unit_test(test_caps), cmocka_unit_test(test_clock), cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
