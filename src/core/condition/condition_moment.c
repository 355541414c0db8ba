/* Moments that move with the clock, by the calendar of the firm's time zone. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/condition/condition_internal.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

enum { DIGITS_MAX = 6, HOUR_MS = 3600000, MONTHS_MAX = 12 * 2000, SEARCH_STEPS = 60 };

/* --- reading ------------------------------------------------------------------------- */

static bool read_offset(const char **at, struct condition_word *ret)
{
	const char *p = *at;
	int sign = *p == '-' ? -1 : *p == '+' ? 1 : 0, n = 0, digits = 0;
	if (sign == 0)
		return false;
	for (p++; *p >= '0' && *p <= '9' && digits < DIGITS_MAX; p++, digits++)
		n = n * 10 + (*p - '0');
	if (digits == 0)
		return false;
	switch (*p++) {
	case 'h': ret->ms += (int64_t)sign * n * HOUR_MS; break;
	case 'd': ret->days += sign * n; break;
	case 'w': ret->days += sign * n * 7; break;
	case 'm': ret->months += sign * n; break;
	case 'q': ret->months += sign * n * 3; break;
	case 'y': ret->months += sign * n * 12; break;
	default: return false;
	}
	*at = p;
	return ret->months <= MONTHS_MAX && ret->months >= -MONTHS_MAX;
}

bool condition_word_read(const char *text, struct condition_word *ret)
{
	static const struct {
		const char *word;
		char base;
	} bases[] = {{"now", 'n'}, {"today", 'd'}, {"week", 'w'}, {"month", 'm'}, {"quarter", 'q'}, {"year", 'y'}};
	*ret = (struct condition_word){0};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		const char *at = text + strlen(bases[i].word);
		if (!str_starts(text, bases[i].word))
			continue;
		ret->base = bases[i].base;
		for (int n = 0; n < 2 && *at; n++)
			if (!read_offset(&at, ret))
				return false;
		/* "now-90d" is 90 times 24 hours ago, whatever the clocks did meanwhile */
		if (ret->base == 'n' && ret->months == 0) {
			ret->ms += (int64_t)ret->days * DAY_MS;
			ret->days = 0;
		}
		return *at == '\0';
	}
	return false;
}

/* --- the zone ---------------------------------------------------------------------------- */

void condition_run_begin(struct ctx *ctx, struct condition_run *ret)
{
	*ret = (struct condition_run){.ctx = ctx, .now_ms = ctx_now(ctx)};
}

void condition_run_end(struct condition_run *run)
{
	if (run->zone != NULL)
		text_zone_free(run->zone);
	run->zone = NULL;
	run->zone_open = false;
}

/* Without a zone, or memory for it, days are those of UTC. */
static void open_zone(struct condition_run *run)
{
	const char *name;
	if (run->zone_open)
		return;
	run->zone_open = true;
	run->week_start = (int)setting_int(run->ctx, &firm_settings[FIRM_WEEK_START]);
	if (setting_text(run->ctx, &firm_settings[FIRM_TIME_ZONE], &name) != OK || !text_zone_new(name, &run->zone))
		run->zone = NULL;
}

static int64_t local_of(struct condition_run *run, int64_t utc_ms)
{
	open_zone(run);
	return run->zone != NULL ? utc_ms + INT64_C(1000) * text_zone_seconds(run->zone, utc_ms) : utc_ms;
}

static int64_t utc_of(struct condition_run *run, int64_t local_ms)
{
	return run->zone != NULL ? local_ms - INT64_C(60000) * text_zone_offset(run->zone, local_ms) : local_ms;
}

static int64_t floor_day(int64_t ms)
{
	return ms - ((ms % DAY_MS) + DAY_MS) % DAY_MS;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

/* Months on; the 31st becomes the last of a shorter month. */
static int64_t add_months(int64_t local_ms, int months)
{
	struct civil c;
	int64_t ret;
	time_to_civil(local_ms, &c);
	int at = c.year * 12 + c.month - 1 + months;
	c.year = at / 12;
	c.month = at % 12 + 1;
	if (c.day > days_of_month(c.year, c.month))
		c.day = days_of_month(c.year, c.month);
	return at >= 12 && time_from_civil(&c, &ret) ? ret : local_ms;
}

static int64_t begin_of(struct condition_run *run, char base, int64_t local_ms)
{
	struct civil c;
	int64_t day = floor_day(local_ms), first;
	if (base == 'd')
		return day;
	if (base == 'w') { /* 1970-01-01 was a Thursday */
		int64_t weekday = ((day / DAY_MS + 4) % 7 + 7) % 7;
		return day - ((weekday - run->week_start + 7) % 7) * DAY_MS;
	}
	time_to_civil(day, &c);
	c.day = 1;
	if (base == 'y')
		c.month = 1;
	else if (base == 'q')
		c.month -= (c.month - 1) % 3;
	return time_from_civil(&c, &first) ? first : day;
}

int64_t condition_word_at(struct condition_run *run, const struct condition_word *word, bool day, int64_t now_ms)
{
	bool calendar = word->base != 'n' || word->months != 0 || word->days != 0;
	if (!calendar && !day)
		return now_ms + word->ms;
	int64_t local = local_of(run, now_ms);
	if (word->base != 'n')
		local = begin_of(run, word->base, local);
	if (word->months != 0)
		local = add_months(local, word->months);
	local += (int64_t)word->days * DAY_MS + (day ? word->ms : 0);
	return day ? floor_day(local) : utc_of(run, local) + word->ms;
}

/* --- when it turns ------------------------------------------------------------------------- */

/* The earliest moment in (from, to] at which the word is at least `value`; CONDITION_NEVER: not within. A word never goes back. */
static int64_t first_at(struct condition_run *run, const struct condition_word *word, bool day, int64_t value, int64_t from, int64_t to)
{
	if (condition_word_at(run, word, day, to) < value)
		return CONDITION_NEVER;
	for (int i = 0; i < SEARCH_STEPS && to - from > 1; i++) {
		int64_t middle = from + (to - from) / 2;
		if (condition_word_at(run, word, day, middle) >= value)
			to = middle;
		else
			from = middle;
	}
	return to;
}

/* The earliest moment after now at which the word has reached `value`; now already: CONDITION_NEVER. */
static int64_t reaches(struct condition_run *run, const struct condition_word *word, bool day, int64_t value)
{
	const int64_t far = INT64_C(200) * 366 * DAY_MS;
	int64_t now = run->now_ms, at = condition_word_at(run, word, day, now);
	if (at >= value || value - at > far)
		return CONDITION_NEVER;
	if (word->base == 'n' && word->months == 0 && !day)
		return value - word->ms;
	/* the way from now to it is about as far as the word has to go: a unit of a year before or after at most */
	int64_t guess = now + (value - at), slack = INT64_C(400) * DAY_MS, from = guess - slack;
	if (from < now || condition_word_at(run, word, day, from) >= value)
		from = now;
	return first_at(run, word, day, value, from, guess + slack);
}

int64_t condition_word_turns(struct condition_run *run, const struct condition_word *word, bool day, int64_t value_ms)
{
	int64_t equal = reaches(run, word, day, value_ms), beyond = reaches(run, word, day, value_ms + 1);
	return equal < beyond ? equal : beyond;
}

bool condition_day_ms(const char *day, int64_t *ret_ms)
{
	return date_valid(day) && time_parse(day, ret_ms);
}

enum err condition_word_value(struct ctx *ctx, const struct condition_word *word, bool day, struct value *ret)
{
	struct condition_run run;
	char text[TIME_TEXT_MAX];
	condition_run_begin(ctx, &run);
	int64_t ms = condition_word_at(&run, word, day, run.now_ms);
	condition_run_end(&run);
	if (!day) {
		*ret = value_int(ms);
		return OK;
	}
	time_format(ms, text);
	const char *copy = arena_strndup(ctx->arena, text, strlen("2026-11-22"));
	*ret = value_text(copy);
	return copy != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}
