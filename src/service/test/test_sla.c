/* Deadlines from spans, against a reference that counts minute by minute; and the peers' own bugs. */
#include "base/test/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/text/text.h"
#include "service/sla.h"

enum { MINUTE = 60000, ROUNDS = 400, SPANS = 6 };

static struct arena arena;
static struct ctx ctx;
static struct calendar *office, *night;

static int64_t at(const char *text)
{
	int64_t ms;
	assert_true(time_parse(text, &ms));
	return ms;
}

static struct calendar *calendar_of(const char *json)
{
	struct calendar_rules rules;
	struct calendar *ret;
	assert_int_equal(calendar_rules_read(&ctx, json, strlen(json), &rules), OK);
	assert_int_equal(calendar_new(&ctx, &rules, &ret), OK);
	return ret;
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(text_open(&ctx), OK);
	office = calendar_of("{\"time_zone\":\"Asia/Shanghai\",\"country\":\"CN\",\"hours\":{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"18:00\"]],\"tue\":[[\"09:00\",\"18:00\"]],"
	                     "\"wed\":[[\"09:00\",\"18:00\"]],\"thu\":[[\"09:00\",\"18:00\"]],\"fri\":[[\"09:00\",\"18:00\"]]}}");
	night = calendar_of("{\"time_zone\":\"Europe/Berlin\",\"hours\":{\"mon\":[[\"22:00\",\"24:00\"]],\"wed\":[[\"20:00\",\"23:30\"]],\"sun\":[[\"00:00\",\"06:15\"]]}}");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calendar_free(office);
	calendar_free(night);
	text_close();
	arena_release(&arena);
	return 0;
}

/* Whole minutes alone: one after the other is open or not, in a running span or not. */
static void slow(const struct sla_span *spans, size_t n, int64_t start, int64_t stop, int64_t now, int64_t target, int64_t horizon, struct sla_answer *ret)
{
	int64_t spent = 0;
	*ret = (struct sla_answer){0};
	for (int64_t t = start; t < horizon; t += MINUTE) {
		const struct sla_span *in = NULL;
		bool open = true;
		for (size_t i = 0; i < n; i++) {
			if (t >= spans[i].from && t < spans[i].to)
				in = &spans[i];
		}
		if (in == NULL || !in->running)
			continue;
		if (in->calendar != NULL)
			assert_int_equal(calendar_is_open(&ctx, in->calendar, t, &open), OK);
		if (!open)
			continue;
		spent += MINUTE;
		if (t < stop && t < now)
			ret->elapsed += MINUTE;
		if (spent == target && ret->due == 0)
			ret->due = t + MINUTE;
	}
}

static unsigned long long seed = 20261130;
static int64_t pick(int64_t below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int64_t)((seed >> 33) % (unsigned long long)below);
}

static void property(void **state)
{
	(void)state;
	struct calendar *calendars[] = {office, night, NULL};
	int late = 0, paused = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct sla_span spans[SPANS];
		size_t n = 1 + (size_t)pick(SPANS);
		int64_t t = at("2026-09-21T00:00:00Z") + pick(20 * 24 * 60) * MINUTE, start = t + pick(600) * MINUTE, last = t;
		for (size_t i = 0; i < n; i++) {
			int64_t to = t + (1 + pick(3 * 24 * 60)) * MINUTE;
			last = t;
			spans[i] = (struct sla_span){t, i + 1 == n ? INT64_MAX : to, pick(3) != 0, 0, calendars[pick(3)]};
			t = to;
		}
		int64_t now = last + pick(2 * 24 * 60) * MINUTE, target = (1 + pick(900)) * MINUTE;
		int64_t stop = pick(3) == 0 && now > start ? start + pick((now - start) / MINUTE) * MINUTE : INT64_MAX;
		struct sla_answer quick, reference;
		arena_reset(&arena);
		ctx.arena = &arena;
		assert_int_equal(sla_derive(&ctx, spans, n, start, stop, now, target, &quick), OK);
		slow(spans, n, start, stop, now, target, now + 40LL * DAY_MS, &reference);
		assert_int_equal(quick.elapsed, reference.elapsed);
		if (stop == INT64_MAX)
			assert_int_equal(quick.due, reference.due);
		late += quick.due != 0 && quick.due < now;
		paused += quick.due == 0;
	}
	/* the cases are not all of one kind */
	assert_true(late > 20 && paused > 20);
}

/* glpi#10594: what waits waits in working time, and off-days do not count. */
static void waiting_over_a_weekend(void **state)
{
	(void)state;
	const struct sla_span spans[] = {
		{at("2026-11-20T01:00:00Z"), at("2026-11-20T09:00:00Z"), true, 0, office}, /* Friday 9:00 to 17:00, an hour left */
		{at("2026-11-20T09:00:00Z"), at("2026-11-23T02:00:00Z"), false, 0, office},
		{at("2026-11-23T02:00:00Z"), INT64_MAX, true, 0, office}, /* Monday 10:00 */
	};
	struct sla_answer answer;
	assert_int_equal(sla_derive(&ctx, spans, 3, spans[0].from, INT64_MAX, at("2026-11-23T02:00:00Z"), 9LL * 60 * MINUTE, &answer), OK);
	assert_int_equal(answer.due, at("2026-11-23T03:00:00Z"));
}

/* glpi#24481: what stands still is not missed, however long it waits. */
static void no_breach_while_waiting(void **state)
{
	(void)state;
	const struct sla_span spans[] = {
		{at("2026-11-16T01:00:00Z"), at("2026-11-16T02:00:00Z"), true, 0, office},
		{at("2026-11-16T02:00:00Z"), INT64_MAX, false, 0, office},
	};
	struct sla_answer answer;
	assert_int_equal(sla_derive(&ctx, spans, 2, spans[0].from, INT64_MAX, at("2026-12-16T02:00:00Z"), 120LL * MINUTE, &answer), OK);
	assert_int_equal(answer.due, 0);
	assert_int_equal(answer.elapsed, 60LL * MINUTE);
}

/* glpi#6902, #15605: another priority half-way has another target, and what was used and paused before still counts. */
static void other_target_keeps_pauses(void **state)
{
	(void)state;
	const struct sla_span spans[] = {
		{at("2026-11-16T01:00:00Z"), at("2026-11-16T02:00:00Z"), true, 0, office},
		{at("2026-11-16T02:00:00Z"), at("2026-11-17T01:00:00Z"), false, 0, office},
		{at("2026-11-17T01:00:00Z"), at("2026-11-17T01:30:00Z"), true, 0, office},
		{at("2026-11-17T01:30:00Z"), INT64_MAX, true, 0, NULL}, /* around the clock from here */
	};
	struct sla_answer answer;
	assert_int_equal(sla_derive(&ctx, spans, 4, spans[0].from, INT64_MAX, at("2026-11-17T02:00:00Z"), 600LL * MINUTE, &answer), OK);
	assert_int_equal(answer.due, at("2026-11-17T10:00:00Z")); /* 90 minutes used, 510 to go */
	assert_int_equal(sla_derive(&ctx, spans, 4, spans[0].from, INT64_MAX, at("2026-11-17T02:00:00Z"), 60LL * MINUTE, &answer), OK);
	assert_int_equal(answer.due, at("2026-11-16T02:00:00Z"));
}

/* A make-up Sunday (调休, 2026-09-20) counts, the holiday it was taken for does not. */
static void make_up_workday(void **state)
{
	(void)state;
	const struct sla_span spans[] = {{at("2026-09-20T01:00:00Z"), INT64_MAX, true, 0, office}};
	struct sla_answer answer;
	assert_int_equal(sla_derive(&ctx, spans, 1, spans[0].from, INT64_MAX, spans[0].from, 8LL * 60 * MINUTE, &answer), OK);
	assert_int_equal(answer.due, at("2026-09-20T10:00:00Z"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(property), cmocka_unit_test(waiting_over_a_weekend), cmocka_unit_test(no_breach_while_waiting),
		cmocka_unit_test(other_target_keeps_pauses), cmocka_unit_test(make_up_workday),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
