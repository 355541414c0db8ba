/* Every answer beside a slow reference that walks minute by minute, over random calendars in zones with and without
 * summer time, in both directions. */
#include "base/test/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/calendar/calendar.h"
#include "core/text/text.h"

enum { MINUTE = 60000, WINDOW_DAYS = 70, AHEAD = 10, MINUTES = WINDOW_DAYS * 1440, WORLDS = 120, QUESTIONS = 30 };

static uint64_t seed = 20260214;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

struct world {
	const char *zone;
	int32_t first_day;
	int64_t begin; /* of the window: UTC midnight of its first day */
	struct calendar_block week[7][3];
	size_t n_week[7];
	struct calendar_day days[24];
	struct calendar_block blocks[24][2];
	size_t n_days;
	bool open[MINUTES], broken[MINUTES];
	bool workday[WINDOW_DAYS];
};

static void random_blocks(struct calendar_block *out, size_t *ret_n, size_t max)
{
	*ret_n = draw((uint32_t)max + 1);
	for (size_t i = 0; i < *ret_n; i++) {
		out[i].from = (int32_t)draw(1440) * 60;
		out[i].to = out[i].from + ((int32_t)draw(draw(4) == 0 ? 1440 : 360) + 1) * 60;
	}
}

static void random_world(struct world *w)
{
	static const char *const zones[] = {"Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca",
	                                    "America/Santiago", "Asia/Kolkata", "Pacific/Apia", "UTC"};
	/* around the changes of the clock, the turn of the year, a leap day, the day that Apia left out */
	static const char *const starts[] = {"2026-02-20", "2026-09-20", "2025-12-01", "2024-02-01", "2011-12-05", "2030-10-05", "2007-03-01"};
	memset(w, 0, sizeof(*w));
	w->zone = zones[draw(sizeof(zones) / sizeof(zones[0]))];
	assert_true(calendar_date_read(starts[draw(sizeof(starts) / sizeof(starts[0]))], &w->first_day));
	w->begin = (int64_t)w->first_day * DAY_MS;
	for (int i = 0; i < 7; i++)
		random_blocks(w->week[i], &w->n_week[i], i < 5 ? 3 : 1);
	w->n_days = draw(24);
	for (size_t i = 0; i < w->n_days; i++) {
		struct calendar_day *d = &w->days[i];
		d->day = w->first_day + (int32_t)draw(WINDOW_DAYS);
		d->kind = (enum calendar_kind)draw(CALENDAR_KINDS);
		d->blocks = w->blocks[i];
		if (d->kind != CALENDAR_HOLIDAY)
			random_blocks(w->blocks[i], &d->n, 2);
	}
}

/* --- the reference ----------------------------------------------------- */

static int64_t to_utc(struct text_zone *zone, int32_t day, int32_t seconds)
{
	int64_t local = (int64_t)day * DAY_MS + (int64_t)seconds * 1000;
	return local - (int64_t)text_zone_offset(zone, local) * MINUTE;
}

/* True if the block is not empty. */
static bool paint(const struct world *w, struct text_zone *zone, int32_t day, const struct calendar_block *b, bool *minutes)
{
	int64_t start = to_utc(zone, day, b->from), stop = to_utc(zone, day, b->to);
	for (int64_t at = start; at < stop; at += MINUTE) {
		int64_t i = (at - w->begin) / MINUTE;
		if (at >= w->begin && i < MINUTES)
			minutes[i] = true;
	}
	return start < stop;
}

static bool day_blocks(const struct world *w, int32_t day, const struct calendar_block *ret[80], size_t *ret_n)
{
	int weekday = (int)((day + 3) % 7);
	bool makes_up = false, special = false;
	*ret_n = 0;
	for (size_t i = 0; i < w->n_days; i++) {
		const struct calendar_day *d = &w->days[i];
		if (d->day != day || d->kind == CALENDAR_BREAK)
			continue;
		if (d->kind == CALENDAR_HOLIDAY) {
			*ret_n = 0;
			return false;
		}
		makes_up = makes_up || (d->kind == CALENDAR_WORKDAY && d->n == 0);
		special = special || d->kind == CALENDAR_SPECIAL || d->n > 0;
		for (size_t k = 0; k < d->n; k++)
			ret[(*ret_n)++] = &d->blocks[k];
	}
	if (makes_up && !special) {
		for (weekday = 0; weekday < 6 && w->n_week[weekday] == 0; weekday++)
			;
	}
	for (size_t k = 0; !special && k < w->n_week[weekday]; k++)
		ret[(*ret_n)++] = &w->week[weekday][k];
	return true;
}

static void work_out(struct world *w)
{
	struct text_zone *zone;
	assert_true(text_zone_new(w->zone, &zone));
	for (size_t i = 0; i < w->n_days; i++) {
		const struct calendar_day *d = &w->days[i];
		for (size_t k = 0; d->kind == CALENDAR_BREAK && k < d->n; k++)
			(void)paint(w, zone, d->day, &d->blocks[k], w->broken);
	}
	for (int32_t day = w->first_day - 3; day < w->first_day + WINDOW_DAYS; day++) {
		const struct calendar_block *blocks[80];
		size_t n;
		static bool alone[MINUTES];
		if (!day_blocks(w, day, blocks, &n) || to_utc(zone, day, 0) == to_utc(zone, day + 1, 0))
			continue;
		memset(alone, 0, sizeof(alone));
		for (size_t i = 0; i < n; i++)
			(void)paint(w, zone, day, blocks[i], alone);
		for (int i = 0; i < MINUTES; i++) {
			if (!alone[i] || w->broken[i])
				continue;
			w->open[i] = true;
			if (day >= w->first_day)
				w->workday[day - w->first_day] = true;
		}
	}
	text_zone_free(zone);
}

/* --- beside each other ------------------------------------------------- */

static struct calendar *compiled(struct ctx *ctx, const struct world *w)
{
	struct calendar_rules rules = {.zone = w->zone, .days = w->days, .n_days = w->n_days};
	struct calendar *cal = NULL;
	for (int i = 0; i < 7; i++) {
		rules.week[i].blocks = w->week[i];
		rules.week[i].n = w->n_week[i];
	}
	assert_int_equal(calendar_new(ctx, &rules, &cal), OK);
	return cal;
}

/* The moment after `n` open minutes from minute `from`, -1 beyond the window. */
static int walk(const struct world *w, int from, int n, int step)
{
	int at = from;
	while (n > 0) {
		int minute = step > 0 ? at : at - 1;
		if (minute < AHEAD * 1440 / 2 || minute >= MINUTES - AHEAD * 1440 / 2)
			return -1;
		n -= w->open[minute];
		at += step;
	}
	return at;
}

static void ask_one(struct ctx *ctx, const struct world *w, struct calendar *cal)
{
	int from = AHEAD * 1440 + (int)draw(MINUTES - 2 * AHEAD * 1440), to = from + (int)draw(20 * 1440) - 10 * 1440, n = 1 + (int)draw(6000), open = 0;
	int64_t at = w->begin + (int64_t)from * MINUTE, answer = 0, back = 0;
	bool is = false;
	to = to < 0 ? 0 : to >= MINUTES - AHEAD * 1440 ? MINUTES - AHEAD * 1440 : to;
	assert_int_equal(calendar_is_open(ctx, cal, at, &is), OK);
	assert_int_equal(is, w->open[from]);
	assert_int_equal(calendar_in_break(ctx, cal, at, &is), OK);
	if (w->broken[from])
		assert_true(is);
	for (int i = from; i < to; i++)
		open += w->open[i];
	assert_int_equal(calendar_between(ctx, cal, at, w->begin + (int64_t)to * MINUTE, &answer), OK);
	assert_int_equal(answer, (int64_t)open * MINUTE);
	for (int step = -1; step <= 1; step += 2) {
		int end = walk(w, from, n, step);
		if (end < 0)
			continue;
		assert_int_equal(calendar_add(ctx, cal, at, (int64_t)step * n * MINUTE, &answer), OK);
		assert_int_equal(answer, w->begin + (int64_t)end * MINUTE);
		/* and the way back is as long */
		assert_int_equal(calendar_between(ctx, cal, step > 0 ? at : answer, step > 0 ? answer : at, &back), OK);
		assert_int_equal(back, (int64_t)n * MINUTE);
	}
	int next = walk(w, from, 1, 1), last = walk(w, from, 1, -1);
	if (next > 0) {
		assert_int_equal(calendar_next_open(ctx, cal, at, &answer), OK);
		assert_int_equal(answer, w->begin + (int64_t)(next - 1) * MINUTE);
	}
	if (last > 0) {
		assert_int_equal(calendar_last_open(ctx, cal, at, &answer), OK);
		assert_int_equal(answer, w->begin + (int64_t)(last + 1) * MINUTE);
	}
}

/* All periods of the window, one way and the other, paint the same minutes. */
static void ask_periods(struct ctx *ctx, const struct world *w, struct calendar *cal)
{
	static struct calendar_period list[WINDOW_DAYS * 60];
	static bool minutes[MINUTES];
	int64_t start = w->begin, stop = w->begin + (int64_t)MINUTES * MINUTE;
	for (int back = 0; back <= 1; back++) {
		size_t n = 0;
		memset(minutes, 0, sizeof(minutes));
		assert_int_equal(calendar_periods(ctx, cal, back ? stop : start, back ? start : stop, back != 0, sizeof(list) / sizeof(list[0]), list, &n), OK);
		for (size_t i = 0; i < n; i++) {
			assert_true(list[i].start < list[i].end);
			if (i > 0)
				assert_true(back ? list[i].end <= list[i - 1].start : list[i - 1].end <= list[i].start);
			for (int64_t at = list[i].start; at < list[i].end; at += MINUTE)
				minutes[(at - w->begin) / MINUTE] = true;
		}
		for (int i = AHEAD * 1440; i < MINUTES - AHEAD * 1440; i++)
			assert_int_equal(minutes[i], w->open[i]);
	}
}

static void ask_days(struct ctx *ctx, const struct world *w, struct calendar *cal)
{
	int64_t counted = 0, n;
	for (int32_t i = AHEAD; i < WINDOW_DAYS - AHEAD; i++) {
		bool is = false;
		assert_int_equal(calendar_is_workday(ctx, cal, w->first_day + i, &is), OK);
		assert_int_equal(is, w->workday[i]);
		counted += is;
		assert_int_equal(calendar_workdays(ctx, cal, w->first_day + AHEAD, w->first_day + i, &n), OK);
		assert_int_equal(n, counted);
	}
	/* from the start of a day so many workdays on: the first open minute from the start of the day counted to */
	for (int32_t i = AHEAD; i < WINDOW_DAYS - AHEAD; i++) {
		int64_t start = 0, moved = 0;
		int32_t day = 0, to = i, days = 1 + (int32_t)draw(6), left = days;
		assert_int_equal(calendar_day_start(ctx, cal, w->first_day + i, &start), OK);
		assert_int_equal(calendar_day_of(ctx, cal, start, &day), OK);
		while (left > 0 && to < WINDOW_DAYS - AHEAD)
			left -= w->workday[++to];
		if (day != w->first_day + i || to >= WINDOW_DAYS - AHEAD) /* a day that the zone left out */
			continue;
		assert_int_equal(calendar_add_days(ctx, cal, start, days, &moved), OK);
		assert_int_equal(calendar_day_start(ctx, cal, w->first_day + to, &start), OK);
		int minute = (int)((start - w->begin) / MINUTE);
		while (minute < MINUTES && !w->open[minute])
			minute++;
		if (minute < MINUTES - AHEAD * 1440)
			assert_int_equal(moved, w->begin + (int64_t)minute * MINUTE);
	}
}

static void test_walk(void **state)
{
	(void)state;
	static struct world w;
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 16 << 20);
	ctx_init(&ctx, &arena, clock_system());
	for (int i = 0; i < WORLDS; i++) {
		random_world(&w);
		work_out(&w);
		struct calendar *cal = compiled(&ctx, &w);
		for (int k = 0; k < QUESTIONS; k++)
			ask_one(&ctx, &w, cal);
		ask_periods(&ctx, &w, cal);
		ask_days(&ctx, &w, cal);
		calendar_free(cal);
	}
	arena_release(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_walk)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
