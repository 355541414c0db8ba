/* How long a question to a business calendar takes: an SLA of a year in Shanghai and in New York, two blocks a day, public
 * holidays and a hundred special days.
 *
 *   calendar_bench
 *
 * Prints nanoseconds: adding a year of working time (the years known already), the same with a calendar just made, an hour, the
 * working time between two moments a year apart. */
#include <stdio.h>

#include "base/timeutil.h"
#include "core/calendar/calendar.h"

enum { WARM = 2000000, COLD = 2000, SPECIAL = 100 };

static const struct calendar_block office[] = {{9 * 3600, 12 * 3600}, {13 * 3600, 18 * 3600}};
static struct calendar_day special[SPECIAL];

static struct calendar *make(struct ctx *ctx, const char *zone)
{
	struct calendar_rules rules = {.zone = zone, .country = "CN", .days = special, .n_days = SPECIAL};
	struct calendar *cal = NULL;
	for (int i = 0; i < 5; i++) {
		rules.week[i].blocks = office;
		rules.week[i].n = 2;
	}
	return calendar_new(ctx, &rules, &cal) == OK ? cal : NULL;
}

static void report(const char *zone, const char *what, int64_t began_us, int n)
{
	(void)printf("%-18s %-40s %8.0f ns\n", zone, what, (double)(time_monotonic_us() - began_us) * 1000 / n);
}

static int measure(struct ctx *ctx, const char *zone)
{
	static const int64_t year_ms = (int64_t)249 * 8 * 3600000, start = INT64_C(1767571200000), range = (int64_t)300 * DAY_MS;
	struct calendar *cal = make(ctx, zone);
	int64_t to = 0, sum = 0, began;
	if (cal == NULL || calendar_add(ctx, cal, start + range, year_ms, &to) != OK)
		return 1;
	began = time_monotonic_us();
	for (int i = 0; i < WARM; i++)
		sum += calendar_add(ctx, cal, start + (int64_t)i * 7919 * 1000 % range, year_ms, &to) == OK ? to : 0;
	report(zone, "add a year of working time", began, WARM);
	began = time_monotonic_us();
	for (int i = 0; i < WARM; i++)
		sum += calendar_add(ctx, cal, start + (int64_t)i * 7919 * 1000 % range, 3600000, &to) == OK ? to : 0;
	report(zone, "add an hour", began, WARM);
	began = time_monotonic_us();
	for (int i = 0; i < WARM; i++) {
		int64_t at = start + (int64_t)i * 7919 * 1000 % range;
		sum += calendar_between(ctx, cal, at, at + (int64_t)365 * DAY_MS, &to) == OK ? to : 0;
	}
	report(zone, "working time between, a year apart", began, WARM);
	calendar_free(cal);
	began = time_monotonic_us();
	for (int i = 0; i < COLD; i++) {
		cal = make(ctx, zone);
		if (cal == NULL || calendar_add(ctx, cal, start, year_ms, &to) != OK)
			return 1;
		sum += to;
		calendar_free(cal);
	}
	report(zone, "make the calendar, then add a year", began, COLD);
	return sum == 0;
}

int main(void)
{
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, (size_t)1 << 30);
	ctx_init(&ctx, &arena, clock_system());
	for (int i = 0; i < SPECIAL; i++)
		special[i] = (struct calendar_day){.day = 20454 + i * 7, .kind = CALENDAR_SPECIAL, .blocks = office, .n = 1};
	int status = measure(&ctx, "Asia/Shanghai");
	if (status == 0)
		status = measure(&ctx, "America/New_York");
	arena_release(&arena);
	return status;
}
