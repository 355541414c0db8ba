/* Inside core/calendar: a calendar's compiled days and the sums of a year. */
#ifndef GUANXI_CORE_CALENDAR_INTERNAL_H
#define GUANXI_CORE_CALENDAR_INTERNAL_H

#include <stdint.h>

#include "core/calendar/calendar.h"
#include "core/text/text.h"

enum { CALENDAR_YEARS = CALENDAR_LAST_YEAR - CALENDAR_FIRST_YEAR + 1 };

/* What is said of one day; ordered by day. */
struct calendar_rule {
	int32_t day;
	bool holiday, replaced; /* replaced: `blocks` stand in place of the weekday's */
	uint32_t first, n;      /* in calendar->blocks */
	uint32_t first_break, n_breaks;
};

/* Open time without a hole. */
struct calendar_span {
	int64_t start, end;
	int64_t before;  /* open milliseconds of the year before it */
	bool continued; /* goes on from the year before */
};

struct calendar_year {
	int64_t begin, end; /* of the local year */
	int64_t open;       /* milliseconds */
	int32_t first_day;
	size_t n;
	struct calendar_span *spans;
	uint16_t workdays[368]; /* [i]: workdays among the first i days */
	int days;
};

struct calendar_change {
	int64_t at, offset; /* milliseconds east of UTC from then on */
};

enum { CALENDAR_CHANGES_MAX = 32 };

/* How the clock goes around one year. */
struct calendar_changes {
	bool known;
	int64_t low, high, first; /* first: the offset at `low` */
	size_t n;
	struct calendar_change list[CALENDAR_CHANGES_MAX];
};

struct calendar {
	struct text_zone *zone;
	struct calendar_changes changes;
	struct {
		uint32_t first, n;
	} week[7], make_up;
	size_t n_rules, n_blocks, n_breaks;
	struct calendar_rule *rules;
	struct calendar_block *blocks;
	struct calendar_year *years[CALENDAR_YEARS];
};

/* The sums of a year, made when first asked for. */
enum err calendar_year_get(struct ctx *ctx, struct calendar *cal, int year, struct calendar_year **ret) MUST_CHECK;
/* The year a moment lies in, by local time. */
enum err calendar_year_at(struct ctx *ctx, struct calendar *cal, int64_t at, int *ret_year, struct calendar_year **ret) MUST_CHECK;
/* The rule of a day, or NULL. */
const struct calendar_rule *calendar_rule_of(const struct calendar *cal, int32_t day);
/* The blocks that a day has, without its breaks; *ret_n is 0 on a holiday. */
const struct calendar_block *calendar_blocks_of(const struct calendar *cal, int32_t day, size_t *ret_n);
/* 1970-01-01 is 0. */
int32_t calendar_day_number(int year, int month, int day);
int calendar_year_of_day(int32_t day);
/* 0 is Monday. */
static inline int calendar_weekday(int32_t day) { return (int)(((int64_t)day + 3) % 7 + 7) % 7; }
static inline int64_t calendar_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
/* A local time as a moment. */
int64_t calendar_to_utc(struct calendar *cal, int64_t local_ms);
/* What a moment's clock shows, as if it were UTC. */
int64_t calendar_to_local(struct calendar *cal, int64_t utc_ms);
enum err calendar_no_memory(struct ctx *ctx) MUST_CHECK;

#endif
