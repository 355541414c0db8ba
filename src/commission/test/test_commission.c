/* Brackets against a slow reference that counts minor unit by minor unit, on random plans; and the sums people check by hand. */
#include "commission/commission_work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ITEMS = 12, PLANS = 3000, PARTS_MAX = 2000 };

struct parts {
	struct commission_part list[PARTS_MAX];
	size_t n;
};

static bool keep(void *arg, const struct commission_part *part)
{
	struct parts *parts = arg;
	if (parts->n == PARTS_MAX)
		return false;
	parts->list[parts->n++] = *part;
	return true;
}

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(state >> 33) % n;
}

static const struct commission_bracket three[] = {{0, 100000, 10000}, {100000, 300000, 20000}, {300000, COMMISSION_OPEN, 40000}}; /* 1, 2, 4 % from 1,000 and 3,000 */

static struct commission_terms plain(void)
{
	return (struct commission_terms){.brackets = three, .n = 3, .cap_line = COMMISSION_NONE, .cap_all = COMMISSION_NONE, .floor = COMMISSION_NONE};
}

static void each_part_at_its_rate(void **unused)
{
	(void)unused;
	const struct commission_item items[] = {{.credited = 80000}, {.credited = 250000}, {.credited = 80000}};
	struct parts parts = {.n = 0};
	struct commission_sum sum;
	struct commission_terms terms = plain();
	assert_true(commission_work(&terms, items, 3, keep, &parts, &sum));
	/* 800 at 1 %; 200 at 1 %, 2,000 at 2 %, 300 at 4 %; 800 at 4 % = 32 */
	static const int64_t want[][2] = {{80000, 800}, {20000, 200}, {200000, 4000}, {30000, 1200}, {80000, 3200}};
	assert_int_equal(parts.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(parts.list[i].credited, want[i][0]);
		assert_int_equal(parts.list[i].result, want[i][1]);
	}
	assert_int_equal(sum.parts, 9400);
}

static void the_reached_rate_on_everything(void **unused)
{
	(void)unused;
	const struct commission_item items[] = {{.credited = 80000}, {.credited = 220000}, {.credited = -1}};
	struct parts parts = {.n = 0};
	struct commission_sum sum;
	struct commission_terms terms = plain();
	terms.whole = true;
	assert_true(commission_work(&terms, items, 2, keep, &parts, &sum)); /* 3,000 is reached */
	assert_int_equal(parts.list[0].result, 3200);
	assert_int_equal(sum.parts, 12000);
	parts.n = 0;
	assert_true(commission_work(&terms, items, 3, keep, &parts, &sum)); /* a cent less, and it is not */
	assert_int_equal(parts.list[0].result, 1600);
}

static void caps_and_floors(void **unused)
{
	(void)unused;
	const struct commission_item items[] = {{.credited = 500000}, {.credited = -500000}, {.credited = 500000}};
	struct parts parts = {.n = 0};
	struct commission_sum sum;
	struct commission_terms terms = plain();
	terms.cap_line = 6000;
	assert_true(commission_work(&terms, items, 1, keep, &parts, &sum));
	assert_int_equal(sum.parts, 6000);
	assert_false(parts.list[1].capped);
	assert_true(parts.list[2].capped);
	assert_true(commission_work(&terms, items, 2, keep, &parts, &sum));
	assert_int_equal(sum.parts, 0); /* what goes back is capped alike */
	terms.cap_line = COMMISSION_NONE;
	terms.cap_all = 100;
	assert_true(commission_work(&terms, items, 1, keep, &parts, &sum));
	assert_int_equal(sum.parts + sum.cap, 100);
	terms.floor = 50;
	assert_true(commission_work(&terms, items, 0, keep, &parts, &sum));
	assert_int_equal(sum.floor, 50);
}

static void halves_go_away_from_zero(void **unused)
{
	(void)unused;
	int64_t got;
	assert_true(commission_result(false, 5000, 100, 0, &got)); /* 0.5 % of 1.00 */
	assert_int_equal(got, 1);
	assert_true(commission_result(false, 5000, -100, 0, &got));
	assert_int_equal(got, -1);
	assert_true(commission_result(true, 2500000, 0, 1500, &got)); /* 1.5 pieces at 2.50 */
	assert_int_equal(got, 375);
	assert_false(commission_result(false, INT64_MAX, INT64_MAX, 0, &got));
}

/* Minor unit by minor unit: the rate of each lies in a table. */
static int64_t slow(const struct commission_terms *t, int64_t from, int64_t to)
{
	int64_t sum = 0;
	for (int64_t at = from; at < to; at++) {
		size_t b = 0;
		for (size_t i = 0; i < t->n; i++) {
			if (at >= t->brackets[i].from)
				b = i;
		}
		sum += t->brackets[b].rate;
	}
	return sum;
}

static void random_brackets(struct commission_bracket *brackets, size_t n)
{
	int64_t at = 0;
	for (size_t i = 0; i < n; i++) {
		brackets[i].from = at;
		at += 1 + below(400);
		brackets[i].to = i + 1 == n ? COMMISSION_OPEN : at;
		brackets[i].rate = below(200000);
	}
}

static int64_t within(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* What is exact before it is rounded: of all, of each item, and of each part. */
static void check_plan(const struct commission_terms *t, const struct commission_item *items, size_t n)
{
	static struct parts parts;
	struct commission_sum sum;
	int64_t position = 0, total = 0, shown = 0;
	size_t at = 0;
	parts.n = 0;
	assert_true(commission_work(t, items, n, keep, &parts, &sum));
	for (size_t i = 0; i < n; i++)
		total += t->by_units ? items[i].units : items[i].credited;
	assert_int_equal(sum.measured, total);
	for (size_t i = 0; i < n; i++) {
		int64_t m = t->by_units ? items[i].units : items[i].credited, exact = 0, measure = 0, given = 0, plain_sum = 0;
		for (; at < parts.n && parts.list[at].item == i; at++) {
			const struct commission_part *p = &parts.list[at];
			int64_t part = t->by_units ? p->units : p->credited, rounded;
			assert_true(commission_result(t->per_unit, t->brackets[p->bracket].rate, p->credited, p->units, &rounded));
			plain_sum += rounded;
			given += p->result;
			measure += part;
			exact += part * t->brackets[p->bracket].rate;
		}
		assert_int_equal(measure, m);
		if (t->cap_line == COMMISSION_NONE)
			assert_int_equal(given, plain_sum);
		else
			assert_int_equal(given, within(plain_sum, -t->cap_line, t->cap_line));
		int64_t a = position, b = position + m, low = a < b ? a : b, high = a < b ? b : a;
		int64_t want = t->whole ? m * slow(t, total, total + 1) : (m < 0 ? -1 : 1) * slow(t, low, high);
		assert_int_equal(exact, want);
		position += m;
		shown += given;
	}
	assert_int_equal(at, parts.n);
	assert_int_equal(sum.parts, shown);
	int64_t kept = t->cap_all != COMMISSION_NONE && shown > t->cap_all ? t->cap_all : shown;
	kept = t->floor != COMMISSION_NONE && kept < t->floor ? t->floor : kept;
	assert_int_equal(sum.parts + sum.cap + sum.floor, kept);
}

static void random_plans_are_those_of_the_reference(void **unused)
{
	(void)unused;
	struct commission_bracket brackets[6];
	struct commission_item items[ITEMS];
	for (int plan = 0; plan < PLANS; plan++) {
		state = (uint64_t)plan * 2654435761U + 1;
		size_t n = below(ITEMS + 1), b = 1 + below(6);
		random_brackets(brackets, b);
		struct commission_terms t = {.brackets = brackets, .n = b, .whole = below(2) != 0, .by_units = below(2) != 0};
		t.per_unit = t.by_units;
		t.cap_line = below(3) == 0 ? (int64_t)below(40) : COMMISSION_NONE;
		t.cap_all = below(3) == 0 ? (int64_t)below(200) : COMMISSION_NONE;
		t.floor = below(3) == 0 ? (int64_t)below(50) : COMMISSION_NONE;
		for (size_t i = 0; i < n; i++) {
			int64_t m = (int64_t)below(900) - 300;
			items[i] = (struct commission_item){.credited = m, .units = t.by_units ? m : 0};
		}
		check_plan(&t, items, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_at_its_rate),   cmocka_unit_test(the_reached_rate_on_everything),          cmocka_unit_test(caps_and_floors),
		cmocka_unit_test(halves_go_away_from_zero), cmocka_unit_test(random_plans_are_those_of_the_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
