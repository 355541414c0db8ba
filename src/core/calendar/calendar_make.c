/* Rules compiled: the days that differ in order, their blocks in one array. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar_internal.h"

static const char *const week_fields[7] = {"hours.mon", "hours.tue", "hours.wed", "hours.thu", "hours.fri", "hours.sat", "hours.sun"};

enum err calendar_no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

int32_t calendar_day_number(int year, int month, int day)
{
	struct civil civil = {.year = year, .month = month, .day = day};
	int64_t ms = 0;
	return time_from_civil(&civil, &ms) ? (int32_t)calendar_floor_div(ms, DAY_MS) : 0;
}

int calendar_year_of_day(int32_t day)
{
	struct civil civil;
	time_to_civil((int64_t)day * DAY_MS, &civil);
	return civil.year;
}

bool calendar_date_read(const char *text, int32_t *ret)
{
	int32_t day;
	if (!date_days(text, &day))
		return false;
	int year = calendar_year_of_day(day);
	if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR)
		return false;
	*ret = day;
	return true;
}

void calendar_date_write(int32_t day, char out[11])
{
	char text[TIME_TEXT_MAX];
	(void)time_format((int64_t)day * DAY_MS, text);
	memcpy(out, text, 10);
	out[10] = '\0';
}

/* --- days in order ----------------------------------------------------- */

struct draft {
	struct calendar *cal;
	struct calendar_day *days; /* the rules' own and the country's, in order */
	size_t n;
};

static int by_day(const void *a, const void *b)
{
	const struct calendar_day *x = a, *y = b;
	return x->day != y->day ? (x->day > y->day) - (x->day < y->day) : (int)x->kind - (int)y->kind;
}

static bool says_kind(const struct calendar_day *days, size_t n, int32_t day)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (days[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && days[low].day == day; low++) {
		if (days[low].kind != CALENDAR_BREAK)
			return true;
	}
	return false;
}

static enum err gather_days(struct ctx *ctx, const struct calendar_rules *rules, struct draft *draft)
{
	size_t n_public = 0, own = rules->n_days;
	int first, last;
	const struct calendar_public_day *public = NULL;
	if (rules->country != NULL) {
		public = calendar_country(rules->country, &n_public, &first, &last);
		if (public == NULL)
			return fail_arg(ctx, ERR_INVALID, "country", "calendar_country", rules->country);
	}
	if (own > CALENDAR_DAYS_MAX)
		return fail(ctx, ERR_LIMIT, "days", "calendar_days_many");
	draft->days = arena_array(ctx->arena, own + n_public + 1, sizeof(*draft->days));
	if (draft->days == NULL)
		return calendar_no_memory(ctx);
	if (own > 0) {
		memcpy(draft->days, rules->days, own * sizeof(*draft->days));
		qsort(draft->days, own, sizeof(*draft->days), by_day);
	}
	draft->n = own;
	for (size_t i = 0; i < n_public; i++) {
		if (!says_kind(draft->days, own, public[i].day))
			draft->days[draft->n++] = (struct calendar_day){.day = public[i].day, .kind = public[i].off ? CALENDAR_HOLIDAY : CALENDAR_WORKDAY};
	}
	if (draft->n > 1)
		qsort(draft->days, draft->n, sizeof(*draft->days), by_day);
	return OK;
}

/* --- blocks ------------------------------------------------------------ */

static int by_from(const void *a, const void *b)
{
	const struct calendar_block *x = a, *y = b;
	return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->to > y->to) - (x->to < y->to);
}

static enum err add_blocks(struct ctx *ctx, struct calendar *cal, const char *field, const struct calendar_block *blocks, size_t n,
                           uint32_t *ret_first, uint32_t *ret_n)
{
	struct calendar_block *to = cal->blocks + cal->n_blocks;
	if (n > CALENDAR_BLOCKS_MAX)
		return fail(ctx, ERR_LIMIT, field, "calendar_blocks_many");
	for (size_t i = 0; i < n; i++) {
		const struct calendar_block *b = &blocks[i];
		if (b->from < 0 || b->from >= CALENDAR_DAY_S || b->to <= b->from || b->to > b->from + CALENDAR_DAY_S)
			return fail(ctx, ERR_INVALID, field, "calendar_block");
		to[i] = *b;
	}
	if (n > 1)
		qsort(to, n, sizeof(*to), by_from);
	*ret_first = (uint32_t)cal->n_blocks;
	*ret_n = (uint32_t)n;
	cal->n_blocks += n;
	return OK;
}

static enum err compile_week(struct ctx *ctx, struct calendar *cal, const struct calendar_rules *rules)
{
	enum err err = OK;
	for (int i = 0; i < 7 && err == OK; i++)
		err = add_blocks(ctx, cal, week_fields[i], rules->week[i].blocks, rules->week[i].n, &cal->week[i].first, &cal->week[i].n);
	for (int i = 0; i < 7 && cal->make_up.n == 0; i++) {
		cal->make_up.first = cal->week[i].first;
		cal->make_up.n = cal->week[i].n;
	}
	return err;
}

/* All that is said of one day, days[0] to days[n-1], as one rule: first the blocks that stand in, then the breaks. */
static enum err compile_day(struct ctx *ctx, struct calendar *cal, const struct calendar_day *days, size_t n)
{
	struct calendar_rule *rule = &cal->rules[cal->n_rules++];
	enum err err = OK;
	bool own = false; /* the day has blocks of its own already */
	rule->day = days[0].day;
	for (size_t i = 0; i < n && err == OK; i++) {
		const struct calendar_day *d = &days[i];
		uint32_t first = 0, added = 0;
		if (d->day < 0 || d->kind >= CALENDAR_KINDS)
			return fail(ctx, ERR_INVALID, "days", "calendar_date");
		if (d->kind == CALENDAR_HOLIDAY) {
			rule->holiday = true;
			continue;
		}
		err = add_blocks(ctx, cal, "days", d->blocks, d->n, &first, &added);
		if (d->kind == CALENDAR_BREAK) {
			rule->first_break = rule->n_breaks == 0 ? first : rule->first_break;
			rule->n_breaks += added;
			cal->n_breaks += added;
		} else if (d->kind == CALENDAR_WORKDAY && added == 0) {
			rule->first = own ? rule->first : cal->make_up.first;
			rule->n = own ? rule->n : cal->make_up.n;
			rule->replaced = true;
		} else {
			rule->first = own ? rule->first : first;
			rule->n = own ? rule->n + added : added;
			rule->replaced = own = true;
		}
	}
	return err;
}

static enum err compile(struct ctx *ctx, struct calendar *cal, const struct calendar_rules *rules)
{
	struct draft draft = {.cal = cal};
	enum err err = gather_days(ctx, rules, &draft);
	size_t blocks = 7 * CALENDAR_BLOCKS_MAX;
	if (err != OK)
		return err;
	for (size_t i = 0; i < draft.n; i++)
		blocks += draft.days[i].n <= CALENDAR_BLOCKS_MAX ? draft.days[i].n : 0;
	cal->rules = calloc(draft.n + 1, sizeof(*cal->rules));
	cal->blocks = calloc(blocks, sizeof(*cal->blocks));
	if (cal->rules == NULL || cal->blocks == NULL)
		return calendar_no_memory(ctx);
	err = compile_week(ctx, cal, rules);
	for (size_t i = 0, n; i < draft.n && err == OK; i += n) {
		for (n = 1; i + n < draft.n && draft.days[i + n].day == draft.days[i].day; n++)
			;
		err = compile_day(ctx, cal, draft.days + i, n);
	}
	return err;
}

enum err calendar_new(struct ctx *ctx, const struct calendar_rules *rules, struct calendar **ret)
{
	*ret = NULL;
	if (str_empty(rules->zone) || !text_zone_known(rules->zone))
		return fail_arg(ctx, ERR_INVALID, "time_zone", "calendar_zone", rules->zone != NULL ? rules->zone : "");
	struct calendar *cal = calloc(1, sizeof(*cal));
	if (cal == NULL || !text_zone_new(rules->zone, &cal->zone)) {
		free(cal);
		return calendar_no_memory(ctx);
	}
	enum err err = compile(ctx, cal, rules);
	if (err != OK) {
		calendar_free(cal);
		return err;
	}
	*ret = cal;
	return OK;
}

void calendar_free(struct calendar *cal)
{
	if (cal == NULL)
		return;
	for (int i = 0; i < CALENDAR_YEARS; i++) {
		if (cal->years[i] != NULL)
			free(cal->years[i]->spans);
		free(cal->years[i]);
	}
	text_zone_free(cal->zone);
	free(cal->rules);
	free(cal->blocks);
	free(cal);
}

const struct calendar_rule *calendar_rule_of(const struct calendar *cal, int32_t day)
{
	size_t low = 0, high = cal->n_rules;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (cal->rules[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low < cal->n_rules && cal->rules[low].day == day ? &cal->rules[low] : NULL;
}

const struct calendar_block *calendar_blocks_of(const struct calendar *cal, int32_t day, size_t *ret_n)
{
	const struct calendar_rule *rule = calendar_rule_of(cal, day);
	int weekday = calendar_weekday(day);
	*ret_n = 0;
	if (rule != NULL && rule->holiday)
		return cal->blocks;
	if (rule != NULL && rule->replaced) {
		*ret_n = rule->n;
		return cal->blocks + rule->first;
	}
	*ret_n = cal->week[weekday].n;
	return cal->blocks + cal->week[weekday].first;
}

bool calendar_is_holiday(const struct calendar *cal, int32_t day)
{
	const struct calendar_rule *rule = calendar_rule_of(cal, day);
	return rule != NULL && rule->holiday;
}
