/* Arithmetic on open time: a look-up in the sums of a year, a step from year to year. */
#include <stdlib.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/calendar/calendar_internal.h"

static const int64_t farthest = INT64_C(1) << 52; /* more milliseconds than the known years have */

/* How many spans of the year begin before `at` (`including`: or at it). */
static size_t begun(const struct calendar_year *year, int64_t at, bool including)
{
	size_t low = 0, high = year->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (year->spans[mid].start < at || (including && year->spans[mid].start == at))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Open milliseconds of the year before a moment. */
static int64_t open_before(const struct calendar_year *year, int64_t at)
{
	size_t n = begun(year, at, false);
	if (n == 0)
		return 0;
	const struct calendar_span *s = &year->spans[n - 1];
	return s->before + (at < s->end ? at : s->end) - s->start;
}

/* The span in which the year's open time reaches `open`: the first that ends at or after it, or, going back, the last that begins at or before. */
static const struct calendar_span *span_at(const struct calendar_year *year, int64_t open, bool back)
{
	size_t low = 0, high = year->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (back ? year->spans[mid].before <= open : year->spans[mid].before < open)
			low = mid + 1;
		else
			high = mid;
	}
	return &year->spans[low - 1];
}

enum err calendar_is_open(struct ctx *ctx, struct calendar *cal, int64_t at, bool *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = calendar_year_at(ctx, cal, at, &number, &year);
	if (err != OK)
		return err;
	size_t n = begun(year, at, true);
	*ret = n > 0 && at < year->spans[n - 1].end;
	return OK;
}

/* What the years from `first` to before `last` hold together: open milliseconds, or workdays. */
static enum err whole_years(struct ctx *ctx, struct calendar *cal, int first, int last, bool workdays, int64_t *ret)
{
	enum err err = OK;
	*ret = 0;
	for (int y = first; y < last && err == OK; y++) {
		struct calendar_year *year;
		err = calendar_year_get(ctx, cal, y, &year);
		if (err == OK)
			*ret += workdays ? year->workdays[year->days] : year->open;
	}
	return err;
}

enum err calendar_between(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t to, int64_t *ret)
{
	struct calendar_year *first, *last;
	int first_number, last_number;
	int64_t whole;
	enum err err = calendar_year_at(ctx, cal, from, &first_number, &first);
	if (err == OK)
		err = calendar_year_at(ctx, cal, to, &last_number, &last);
	if (err != OK)
		return err;
	*ret = 0;
	if (to <= from)
		return OK;
	int64_t open = open_before(last, to) - open_before(first, from);
	err = whole_years(ctx, cal, first_number, last_number, false, &whole);
	*ret = open + whole;
	return err;
}

static enum err closed(struct ctx *ctx)
{
	return fail(ctx, ERR_INVALID, "", "calendar_closed");
}

enum err calendar_next_open(struct ctx *ctx, struct calendar *cal, int64_t at, int64_t *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = calendar_year_at(ctx, cal, at, &number, &year);
	if (err != OK)
		return err;
	size_t n = begun(year, at, true);
	if (n > 0 && at < year->spans[n - 1].end) {
		*ret = at;
		return OK;
	}
	while (n == year->n) {
		if (number == CALENDAR_LAST_YEAR)
			return closed(ctx);
		err = calendar_year_get(ctx, cal, ++number, &year);
		if (err != OK)
			return err;
		n = 0;
	}
	*ret = year->spans[n].start;
	return OK;
}

enum err calendar_last_open(struct ctx *ctx, struct calendar *cal, int64_t at, int64_t *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = calendar_year_at(ctx, cal, at, &number, &year);
	if (err != OK)
		return err;
	size_t n = begun(year, at, false);
	while (n == 0) {
		if (number == CALENDAR_FIRST_YEAR)
			return closed(ctx);
		err = calendar_year_get(ctx, cal, --number, &year);
		if (err != OK)
			return err;
		n = year->n;
	}
	*ret = at < year->spans[n - 1].end ? at : year->spans[n - 1].end;
	return OK;
}

enum err calendar_add(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t open_ms, int64_t *ret)
{
	struct calendar_year *year;
	int number;
	if (open_ms == 0)
		return calendar_next_open(ctx, cal, from, ret);
	if (open_ms > farthest || open_ms < -farthest)
		return closed(ctx);
	enum err err = calendar_year_at(ctx, cal, from, &number, &year);
	if (err != OK)
		return err;
	bool back = open_ms < 0;
	int64_t target = open_before(year, from) + open_ms;
	while (back ? target < 0 : target > year->open) {
		if (number == (back ? CALENDAR_FIRST_YEAR : CALENDAR_LAST_YEAR))
			return closed(ctx);
		target -= back ? 0 : year->open;
		err = calendar_year_get(ctx, cal, back ? --number : ++number, &year);
		if (err != OK)
			return err;
		target += back ? year->open : 0;
	}
	const struct calendar_span *s = span_at(year, target, back);
	*ret = s->start + target - s->before;
	return OK;
}

static int by_start(const void *a, const void *b)
{
	const struct calendar_period *x = a, *y = b;
	return (x->start > y->start) - (x->start < y->start);
}

enum err calendar_due(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t open_ms, const struct calendar_period *pauses, size_t n,
                      int64_t *ret)
{
	int64_t paused = 0, counted = from, open;
	struct calendar_period *list = arena_array(ctx->arena, n + 1, sizeof(*list));
	if (list == NULL)
		return calendar_no_memory(ctx);
	if (n > 0) {
		memcpy(list, pauses, n * sizeof(*list));
		qsort(list, n, sizeof(*list), by_start);
	}
	for (size_t i = 0; i < n; i++) {
		int64_t start = list[i].start > counted ? list[i].start : counted;
		if (list[i].end <= start)
			continue;
		enum err err = calendar_between(ctx, cal, start, list[i].end, &open);
		if (err != OK)
			return err;
		paused += open;
		counted = list[i].end;
	}
	return open_ms > farthest ? closed(ctx) : calendar_add(ctx, cal, from, open_ms + paused, ret);
}

/* --- days -------------------------------------------------------------- */

enum err calendar_day_of(struct ctx *ctx, struct calendar *cal, int64_t at, int32_t *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = calendar_year_at(ctx, cal, at, &number, &year);
	if (err == OK)
		*ret = (int32_t)calendar_floor_div(calendar_to_local(cal, at), DAY_MS);
	return err;
}

enum err calendar_day_start(struct ctx *ctx, struct calendar *cal, int32_t day, int64_t *ret)
{
	if (day < 0 || day > calendar_day_number(CALENDAR_LAST_YEAR + 1, 1, 1))
		return fail(ctx, ERR_INVALID, "", "calendar_range");
	*ret = calendar_to_utc(cal, (int64_t)day * DAY_MS);
	return OK;
}

static enum err year_of(struct ctx *ctx, struct calendar *cal, int32_t day, int *ret_number, struct calendar_year **ret)
{
	*ret_number = calendar_year_of_day(day);
	return calendar_year_get(ctx, cal, *ret_number, ret);
}

enum err calendar_is_workday(struct ctx *ctx, struct calendar *cal, int32_t day, bool *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = year_of(ctx, cal, day, &number, &year);
	if (err == OK)
		*ret = year->workdays[day - year->first_day + 1] > year->workdays[day - year->first_day];
	return err;
}

enum err calendar_workdays(struct ctx *ctx, struct calendar *cal, int32_t first, int32_t last, int64_t *ret)
{
	struct calendar_year *from, *to;
	int from_number, to_number;
	int64_t whole;
	enum err err = year_of(ctx, cal, first, &from_number, &from);
	if (err == OK)
		err = year_of(ctx, cal, last, &to_number, &to);
	if (err != OK)
		return err;
	*ret = 0;
	if (last < first)
		return OK;
	int64_t n = (int64_t)to->workdays[last - to->first_day + 1] - from->workdays[first - from->first_day];
	err = whole_years(ctx, cal, from_number, to_number, true, &whole);
	*ret = n + whole;
	return err;
}

/* The day on which the year's count of workdays reaches n, n >= 1. */
static int32_t nth_workday(const struct calendar_year *year, int64_t n)
{
	int low = 1, high = year->days;
	while (low < high) {
		int mid = low + (high - low) / 2;
		if (year->workdays[mid] < n)
			low = mid + 1;
		else
			high = mid;
	}
	return year->first_day + low - 1;
}

static enum err move_days(struct ctx *ctx, struct calendar *cal, int32_t day, int64_t days, int32_t *ret)
{
	struct calendar_year *year;
	int number;
	enum err err = year_of(ctx, cal, day, &number, &year);
	if (err != OK)
		return err;
	/* going on counts from after the day, going back from before it */
	int64_t target = days > 0 ? year->workdays[day - year->first_day + 1] + days : year->workdays[day - year->first_day] + days + 1;
	while (days > 0 ? target > year->workdays[year->days] : target < 1) {
		if (number == (days > 0 ? CALENDAR_LAST_YEAR : CALENDAR_FIRST_YEAR))
			return closed(ctx);
		target -= days > 0 ? year->workdays[year->days] : 0;
		err = calendar_year_get(ctx, cal, days > 0 ? ++number : --number, &year);
		if (err != OK)
			return err;
		target += days > 0 ? 0 : year->workdays[year->days];
	}
	*ret = nth_workday(year, target);
	return OK;
}

enum err calendar_add_days(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t days, int64_t *ret)
{
	int32_t day;
	enum err err = calendar_day_of(ctx, cal, from, &day);
	if (err != OK)
		return err;
	if (days > farthest || days < -farthest)
		return closed(ctx);
	int64_t clock = calendar_to_local(cal, from) - (int64_t)day * DAY_MS, moved = from;
	if (days != 0) {
		err = move_days(ctx, cal, day, days, &day);
		if (err != OK)
			return err;
		moved = calendar_to_utc(cal, (int64_t)day * DAY_MS + clock);
	}
	return days < 0 ? calendar_last_open(ctx, cal, moved, ret) : calendar_next_open(ctx, cal, moved, ret);
}

enum err calendar_in_break(struct ctx *ctx, struct calendar *cal, int64_t at, bool *ret)
{
	int32_t today;
	enum err err = calendar_day_of(ctx, cal, at, &today);
	*ret = false;
	for (int32_t day = today - 1; err == OK && day <= today; day++) { /* yesterday's may run over midnight */
		const struct calendar_rule *rule = calendar_rule_of(cal, day);
		for (uint32_t i = 0; rule != NULL && i < rule->n_breaks; i++) {
			const struct calendar_block *b = &cal->blocks[rule->first_break + i];
			int64_t start = calendar_to_utc(cal, (int64_t)day * DAY_MS + (int64_t)b->from * 1000);
			int64_t end = calendar_to_utc(cal, (int64_t)day * DAY_MS + (int64_t)b->to * 1000);
			*ret = *ret || (at >= start && at < end);
		}
	}
	return err;
}

/* --- periods ----------------------------------------------------------- */

struct walk {
	struct calendar *cal;
	struct calendar_year *year;
	int number;
	size_t i; /* of the next span, going back one more than it */
};

/* The next span on the way, NULL at the end of the known years. */
static enum err walk_next(struct ctx *ctx, struct walk *w, bool back, const struct calendar_span **ret)
{
	*ret = NULL;
	while (back ? w->i == 0 : w->i == w->year->n) {
		if (w->number == (back ? CALENDAR_FIRST_YEAR : CALENDAR_LAST_YEAR))
			return OK;
		w->number += back ? -1 : 1;
		enum err err = calendar_year_get(ctx, w->cal, w->number, &w->year);
		if (err != OK)
			return err;
		w->i = back ? w->year->n : 0;
	}
	*ret = back ? &w->year->spans[--w->i] : &w->year->spans[w->i++];
	return OK;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* True if the period goes on where the last one stopped: a block over the turn of the year is two spans. */
static bool join(struct calendar_period *last, const struct calendar_period *p, bool back, bool continued)
{
	if (!continued || (back ? last->start != p->end : last->end != p->start))
		return false;
	last->start = earlier(last->start, p->start);
	last->end = later(last->end, p->end);
	return true;
}

enum err calendar_periods(struct ctx *ctx, struct calendar *cal, int64_t from, int64_t until, bool back, size_t max,
                          struct calendar_period *out, size_t *ret_n)
{
	struct walk w = {.cal = cal};
	const struct calendar_span *s;
	bool continued = false; /* going back: the last one is, from the year before */
	int64_t low = back ? until : from, high = back ? from : until;
	enum err err = calendar_year_at(ctx, cal, from, &w.number, &w.year);
	*ret_n = 0;
	if (err != OK)
		return err;
	w.i = begun(w.year, from, !back);
	if (!back && w.i > 0 && w.year->spans[w.i - 1].end > from)
		w.i--;
	while ((err = walk_next(ctx, &w, back, &s)) == OK && s != NULL) {
		struct calendar_period p = {.start = later(s->start, low), .end = earlier(s->end, high)};
		bool goes_on = back ? continued : s->continued;
		continued = s->continued;
		if (p.end <= p.start)
			break;
		if (*ret_n > 0 && join(&out[*ret_n - 1], &p, back, goes_on))
			continue;
		if (*ret_n == max)
			break;
		out[(*ret_n)++] = p;
	}
	return err;
}
