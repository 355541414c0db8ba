/* The open spans of a local year and their sums, made when a question first touches the year. */
#include <stdlib.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/calendar/calendar_internal.h"

enum { AROUND_MS = 8 * DAY_MS }; /* zones differ from UTC by less */

/* --- the zone ---------------------------------------------------------- */

static void load_changes(struct calendar *cal, int year)
{
	struct calendar_changes *c = &cal->changes;
	int64_t at, next;
	c->low = (int64_t)calendar_day_number(year, 1, 1) * DAY_MS - AROUND_MS;
	c->high = (int64_t)calendar_day_number(year + 1, 1, 1) * DAY_MS + AROUND_MS;
	c->n = 0;
	c->first = (int64_t)text_zone_seconds(cal->zone, c->low) * 1000;
	for (at = c->low; c->n < CALENDAR_CHANGES_MAX && text_zone_next_change(cal->zone, at, &next) && next <= c->high; at = next)
		c->list[c->n++] = (struct calendar_change){.at = next, .offset = (int64_t)text_zone_seconds(cal->zone, next) * 1000};
	c->known = true;
}

/* Makes the changes of the clock around a moment known. */
static void need_changes(struct calendar *cal, int64_t ms)
{
	const struct calendar_changes *c = &cal->changes;
	if (!c->known || ms < c->low + AROUND_MS / 2 || ms > c->high - AROUND_MS / 2)
		load_changes(cal, calendar_year_of_day((int32_t)calendar_floor_div(ms, DAY_MS)));
}

int64_t calendar_to_utc(struct calendar *cal, int64_t local_ms)
{
	need_changes(cal, local_ms);
	int64_t offset = cal->changes.first;
	for (size_t i = 0; i < cal->changes.n; i++) {
		const struct calendar_change *c = &cal->changes.list[i];
		/* until both clocks show it, the one before holds: through a gap, and the first time of an hour that comes twice */
		if (local_ms < c->at + (c->offset > offset ? c->offset : offset))
			break;
		offset = c->offset;
	}
	return local_ms - offset;
}

int64_t calendar_to_local(struct calendar *cal, int64_t utc_ms)
{
	need_changes(cal, utc_ms);
	int64_t offset = cal->changes.first;
	for (size_t i = 0; i < cal->changes.n && cal->changes.list[i].at <= utc_ms; i++)
		offset = cal->changes.list[i].offset;
	return utc_ms + offset;
}

/* --- spans ------------------------------------------------------------- */

struct spans {
	struct calendar_span *list;
	size_t n, cap;
	bool failed;
};

static void add_span(struct spans *spans, int64_t start, int64_t end)
{
	if (end <= start || spans->failed)
		return;
	if (spans->n == spans->cap) {
		size_t cap = spans->cap == 0 ? 512 : spans->cap * 2;
		struct calendar_span *more = realloc(spans->list, cap * sizeof(*more));
		if (more == NULL) {
			spans->failed = true;
			return;
		}
		spans->list = more;
		spans->cap = cap;
	}
	spans->list[spans->n++] = (struct calendar_span){.start = start, .end = end};
}

static int64_t block_time(struct calendar *cal, int32_t day, int32_t seconds)
{
	return calendar_to_utc(cal, (int64_t)day * DAY_MS + (int64_t)seconds * 1000);
}

static int by_start(const void *a, const void *b)
{
	const struct calendar_span *x = a, *y = b;
	return x->start != y->start ? (x->start > y->start) - (x->start < y->start) : (x->end > y->end) - (x->end < y->end);
}

/* The breaks that can touch a day's blocks, by their start: those of the day, of the one before and the one after. */
static void breaks_around(struct calendar *cal, int32_t day, struct spans *ret)
{
	ret->n = 0;
	for (int32_t d = day - 1; d <= day + 1; d++) {
		const struct calendar_rule *rule = calendar_rule_of(cal, d);
		for (uint32_t i = 0; rule != NULL && i < rule->n_breaks; i++) {
			const struct calendar_block *b = &cal->blocks[rule->first_break + i];
			add_span(ret, block_time(cal, d, b->from), block_time(cal, d, b->to));
		}
	}
	if (ret->n > 1)
		qsort(ret->list, ret->n, sizeof(*ret->list), by_start);
}

/* Adds what the day's blocks leave open; true if that is anything. */
static bool add_day(struct calendar *cal, int32_t day, struct spans *breaks, struct spans *to)
{
	size_t n, had = to->n;
	const struct calendar_block *blocks = calendar_blocks_of(cal, day, &n);
	if (n == 0 || block_time(cal, day, 0) == block_time(cal, day + 1, 0)) /* a day the zone has left out */
		return false;
	if (cal->n_breaks > 0)
		breaks_around(cal, day, breaks);
	for (size_t i = 0; i < n; i++) {
		int64_t start = block_time(cal, day, blocks[i].from), end = block_time(cal, day, blocks[i].to);
		for (size_t k = 0; k < breaks->n; k++) {
			const struct calendar_span *b = &breaks->list[k];
			if (b->end <= start || b->start >= end)
				continue;
			add_span(to, start, b->start);
			start = b->end;
		}
		add_span(to, start, end);
	}
	return to->n > had;
}

/* Spans in order of their start, none overlapping, cut to the year, with sums. */
static void settle(struct calendar_year *year, struct spans *spans)
{
	size_t kept = 0;
	int64_t until = INT64_MIN, open = 0;
	bool ordered = true;
	for (size_t i = 1; i < spans->n; i++)
		ordered = ordered && spans->list[i - 1].start <= spans->list[i].start;
	if (!ordered)
		qsort(spans->list, spans->n, sizeof(*spans->list), by_start);
	for (size_t i = 0; i < spans->n; i++) {
		struct calendar_span s = spans->list[i];
		s.start = s.start < until ? until : s.start;
		until = s.end > until ? s.end : until;
		s.continued = s.start < year->begin;
		s.start = s.continued ? year->begin : s.start;
		s.end = s.end > year->end ? year->end : s.end;
		s.before = open;
		if (s.end <= s.start)
			continue;
		open += s.end - s.start;
		spans->list[kept++] = s;
	}
	year->spans = spans->list;
	year->n = kept;
	year->open = open;
}

static enum err make_year(struct ctx *ctx, struct calendar *cal, int number, struct calendar_year **ret)
{
	struct calendar_year *year = calloc(1, sizeof(*year));
	struct spans spans = {0}, breaks = {0};
	if (year == NULL)
		return calendar_no_memory(ctx);
	year->first_day = calendar_day_number(number, 1, 1);
	year->days = calendar_day_number(number + 1, 1, 1) - year->first_day;
	load_changes(cal, number);
	year->begin = block_time(cal, year->first_day, 0);
	year->end = block_time(cal, year->first_day + year->days, 0);
	for (int i = -2; i < year->days; i++) { /* blocks of the two days before can reach into it */
		bool open = add_day(cal, year->first_day + i, &breaks, &spans);
		if (i >= 0)
			year->workdays[i + 1] = (uint16_t)(year->workdays[i] + open);
	}
	free(breaks.list);
	if (spans.failed || breaks.failed) {
		free(spans.list);
		free(year);
		return calendar_no_memory(ctx);
	}
	settle(year, &spans);
	*ret = year;
	return OK;
}

enum err calendar_year_get(struct ctx *ctx, struct calendar *cal, int year, struct calendar_year **ret)
{
	if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR)
		return fail(ctx, ERR_INVALID, "", "calendar_range");
	struct calendar_year **slot = &cal->years[year - CALENDAR_FIRST_YEAR];
	enum err err = *slot != NULL ? OK : make_year(ctx, cal, year, slot);
	*ret = *slot;
	return err;
}

enum err calendar_year_at(struct ctx *ctx, struct calendar *cal, int64_t at, int *ret_year, struct calendar_year **ret)
{
	static const int64_t high = (int64_t)(CALENDAR_YEARS + 1) * 366 * DAY_MS;
	if (at < -DAY_MS || at > high)
		return fail(ctx, ERR_INVALID, "", "calendar_range");
	/* by UTC first, which is another year for some hours only */
	int year = calendar_year_of_day((int32_t)calendar_floor_div(at, DAY_MS));
	year = year < CALENDAR_FIRST_YEAR ? CALENDAR_FIRST_YEAR : year > CALENDAR_LAST_YEAR ? CALENDAR_LAST_YEAR : year;
	enum err err = calendar_year_get(ctx, cal, year, ret);
	if (err == OK && at < (*ret)->begin)
		err = calendar_year_get(ctx, cal, --year, ret);
	else if (err == OK && at >= (*ret)->end)
		err = calendar_year_get(ctx, cal, ++year, ret);
	*ret_year = year;
	return err;
}
