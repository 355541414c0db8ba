/* Business calendars: when a team works, and arithmetic on it.  Instants are UTC milliseconds, days are
 * counted from 1970-01-01, times of day are seconds after local midnight.
 *
 * Open is: the blocks of the day (its special ones, those of a make-up workday, or its weekday's), none on a
 * holiday, less the breaks.  A block belongs to the day it begins on, also where it ends on the next.  A local
 * time that the clock leaves out moves forward by the gap; of one that happens twice the first is meant. */
#ifndef GUANXI_CORE_CALENDAR_CALENDAR_H
#define GUANXI_CORE_CALENDAR_CALENDAR_H

#include "base/buf.h"
#include "base/ctx.h"

enum {
	CALENDAR_FIRST_YEAR = 1970, /* the years that are known, both included */
	CALENDAR_LAST_YEAR = 2199,
	CALENDAR_BLOCKS_MAX = 24, /* of one day */
	CALENDAR_DAYS_MAX = 20000, /* special days of one calendar */
	CALENDAR_DAY_S = 86400,
};

/* from < 86400, from < to <= from + 86400: past 86400 it ends on the next day. */
struct calendar_block {
	int32_t from, to;
};

enum calendar_kind {
	CALENDAR_HOLIDAY, /* closed, whatever else the day has */
	CALENDAR_WORKDAY, /* a make-up workday (调休): its blocks, or those of the first weekday from Monday that has any */
	CALENDAR_SPECIAL, /* its blocks stand in place of the weekday's */
	CALENDAR_BREAK,   /* its blocks are taken out */
	CALENDAR_KINDS
};

struct calendar_day {
	int32_t day;
	enum calendar_kind kind;
	const char *name; /* NULL: none */
	size_t n;
	const struct calendar_block *blocks;
};

struct calendar_rules {
	const char *zone;    /* IANA name */
	const char *country; /* "CN" (or "cn"): its public holidays and make-up workdays, where `days` says nothing of a day; NULL */
	struct {
		size_t n;
		const struct calendar_block *blocks;
	} week[7]; /* from Monday */
	size_t n_days;
	const struct calendar_day *days; /* in any order; several of one day are joined */
};

/* --- a calendar ready for questions ----------------------------------------------------------
 * It keeps the years it was asked about, each with sums, so that a question costs a few look-ups.
 * One thread's at a time. */

struct calendar;
/* ERR_INVALID names what is wrong by field: "time_zone", "hours.mon", "days". Nothing of the rules is kept. */
enum err calendar_new(struct ctx *ctx, const struct calendar_rules *rules, struct calendar **ret) MUST_CHECK;
void calendar_free(struct calendar *cal);

struct calendar_period {
	int64_t start, end; /* open from start until just before end */
};

/* All below fail with ERR_INVALID "calendar_range" beyond the known years, "calendar_closed" where nothing is open until
 * their end. */

enum err calendar_is_open(struct ctx *ctx, struct calendar *cal, int64_t at, bool *ret) MUST_CHECK;
/* Open milliseconds from `from` to `to`; 0 if `to` is not later. */
enum err calendar_between(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t to, int64_t *ret) MUST_CHECK;
/* The moment at which `open_ms` of open time have passed since `from`; negative ones go back. Of the closed moments that would
 * all do the one nearest to the open time passed. 0: see calendar_next_open. */
enum err calendar_add(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t open_ms, int64_t *ret) MUST_CHECK;
/* `days` working days on (back if negative) at the same local time, then calendar_next_open (calendar_last_open). */
enum err calendar_add_days(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t days, int64_t *ret) MUST_CHECK;
/* `at` if it is open, or the next opening. */
enum err calendar_next_open(struct ctx *ctx, struct calendar *cal, int64_t at, int64_t *ret) MUST_CHECK;
/* `at` if open until then, or the last closing before. */
enum err calendar_last_open(struct ctx *ctx, struct calendar *cal, int64_t at, int64_t *ret) MUST_CHECK;
/* Where time stands still in `pauses` (any order, they may overlap): the open time in them after `from` comes on top. */
enum err calendar_due(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t open_ms, const struct calendar_period *pauses, size_t n,
                      int64_t *ret) MUST_CHECK;

/* The open periods that end after `from` (cut there), in order, each at most to `until`; forward to `until`, or back down to it.
 * Returns at most `max`. */
enum err calendar_periods(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t until, bool back, size_t max,
                          struct calendar_period *out, size_t *ret_n) MUST_CHECK;

/* The local day of a moment, and the moment a local day begins. */
enum err calendar_day_of(struct ctx *ctx, struct calendar *cal, int64_t at, int32_t *ret) MUST_CHECK;
enum err calendar_day_start(struct ctx *ctx, struct calendar *cal, int32_t day, int64_t *ret) MUST_CHECK;
/* Whether any open time begins on the day. */
enum err calendar_is_workday(struct ctx *ctx, struct calendar *cal, int32_t day, bool *ret) MUST_CHECK;
/* How many of the days from `first` to `last`, both included, are workdays. */
enum err calendar_workdays(struct ctx *ctx, struct calendar *cal, int32_t first, int32_t last, int64_t *ret) MUST_CHECK;
bool calendar_is_holiday(const struct calendar *cal, int32_t day);
/* Whether `at` lies in a break of its day. */
enum err calendar_in_break(struct ctx *ctx, struct calendar *cal, int64_t at, bool *ret) MUST_CHECK;

/* --- days ------------------------------------------------------------------------------------ */

/* "2026-02-14" to a day number; false if it is none of the known years. */
bool calendar_date_read(const char *text, int32_t *ret) MUST_CHECK;
void calendar_date_write(int32_t day, char out[11]);

/* --- countries ------------------------------------------------------------------------------- */

struct calendar_public_day {
	int32_t day;
	bool off; /* false: a make-up workday */
	const char *name; /* in its country's language */
};
/* Days in order, NULL if nothing is known of the country; the years both included. */
const struct calendar_public_day *calendar_country(const char *country, size_t *ret_n, int *ret_first_year, int *ret_last_year);

/* --- as JSON --------------------------------------------------------------------------------- */

/* {"time_zone", "country", "hours": {"mon": [["09:00","17:00"]]}, "shifts", "breaks": {"2026-01-05": [[…]]}, "holidays": ["2026-01-01"],
 * "days": [{"date", "name", "isOffDay"}]}: rules in the arena. `where` stands before the fields of faults. */
enum err calendar_rules_read(struct ctx *ctx, const char *json, size_t n, struct calendar_rules *ret) MUST_CHECK;
/* The questions of a file (see README): writes one JSON answer a line. The fault's field names the question, from [1]. */
enum err calendar_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out) MUST_CHECK;

/* --- as people type them --------------------------------------------------------------------- */

/* "9:00-12:00, 13:00-18:00": blocks in the arena, none if NULL or blank. ERR_INVALID "calendar_hours". */
enum err calendar_blocks_parse(struct ctx *ctx, const char *text, const char *field, const struct calendar_block **ret, size_t *ret_n) MUST_CHECK;
/* "09:00-12:00 13:00-18:00", "22:00-06:00" over midnight; in the arena. */
enum err calendar_blocks_write(struct ctx *ctx, const struct calendar_block *blocks, size_t n, const char **ret) MUST_CHECK;

/* --- iCalendar ------------------------------------------------------------------------------- */

/* The days of a calendar file's events, at most CALENDAR_DAYS_MAX: 班 in the summary makes a make-up workday, 休 or neither a day off.
 * Events at a time of day, cancelled ones and such outside the known years are counted as skipped. */
enum err calendar_ical_read(struct ctx *ctx, const char *text, size_t n, const struct calendar_day **ret, size_t *ret_n,
                            size_t *ret_skipped) MUST_CHECK;

#endif
