#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/convert.h"

enum { NUMBERS_MAX = 8 };

/* A text taken apart into numbers, with a month given by name and what stood between. */
struct pieces {
	int numbers[NUMBERS_MAX];
	int digits[NUMBERS_MAX]; /* how many each had */
	size_t n;
	size_t month_at; /* the number that is a month's name; NUMBERS_MAX none */
	bool afternoon, morning, odd;
	const char *zone; /* "Z", "+08:00": from here on */
};

static int month_named(const char *word, size_t len)
{
	static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
	for (int i = 0; len >= 3 && i < 12; i++)
		if (strncasecmp(word, months[i], 3) == 0)
			return i + 1;
	return 0;
}

static size_t skip_mark(const char *p)
{
	static const char *const marks[] = {"年", "月", "日", "号", "號", "时", "時", "点", "點", "分", "秒", "星期", "上午", "　"};
	if (strchr("-/.: ,T", *p) != NULL)
		return 1;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts(p, marks[i]))
			return strlen(marks[i]);
	return 0;
}

static void add_number(struct pieces *s, int value, int digits)
{
	if (s->n == NUMBERS_MAX) {
		s->odd = true;
		return;
	}
	s->numbers[s->n] = value;
	s->digits[s->n++] = digits;
}

static const char *take_digits(struct pieces *s, const char *p)
{
	int value = 0, digits = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (++digits > 9)
			s->odd = true;
		else
			value = value * 10 + (*p - '0');
	}
	if (digits == 8 && s->n == 0) { /* 20100521 */
		add_number(s, value / 10000, 4);
		add_number(s, value / 100 % 100, 2);
		add_number(s, value % 100, 2);
	} else {
		add_number(s, value, digits);
	}
	return p;
}

static const char *take_word(struct pieces *s, const char *p)
{
	size_t len = 0;
	while (isalpha((unsigned char)p[len]))
		len++;
	int month = month_named(p, len);
	if (len == 2 && strncasecmp(p, "pm", 2) == 0)
		s->afternoon = true;
	else if (len == 2 && strncasecmp(p, "am", 2) == 0)
		s->morning = true;
	else if (month > 0 && s->n < NUMBERS_MAX && s->month_at == NUMBERS_MAX) {
		s->month_at = s->n;
		add_number(s, month, 2);
	} else if (len != 3 && !(len == 2 && s->n > 0)) /* a week day, or "th" after a day */
		s->odd = true;
	return p + len;
}

/* "Z", "+0800", "+08:00", and "+08" after seconds; at the end of the text. */
static bool zone_at(const struct pieces *s, const char *p)
{
	if (s->n < 5)
		return false;
	if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
		return true;
	if ((*p != '+' && *p != '-') || !isdigit((unsigned char)p[1]) || !isdigit((unsigned char)p[2]))
		return false;
	p += 3;
	if (*p == '\0')
		return s->n >= 6;
	p += *p == ':';
	return isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1]) && p[2] == '\0';
}

static struct pieces take_apart(const char *text)
{
	struct pieces s = {.month_at = NUMBERS_MAX};
	const char *p = text;
	while (*p != '\0' && !s.odd) {
		size_t skip;
		if (zone_at(&s, p)) {
			s.zone = p;
			break;
		}
		if (str_starts(p, "下午")) {
			s.afternoon = true;
			p += strlen("下午");
		} else if (*p >= '0' && *p <= '9') {
			p = take_digits(&s, p);
		} else if (*p != 'T' && isalpha((unsigned char)*p)) {
			p = take_word(&s, p);
		} else if ((skip = skip_mark(p)) > 0) {
			p += skip;
		} else {
			s.odd = true;
		}
	}
	return s;
}

/* Where year, month and day stand among the first three numbers. */
static bool place(const struct pieces *s, enum date_order order, int *y, int *m, int *d)
{
	if (s->n < 3 || s->odd)
		return false;
	if (s->digits[0] == 4) {
		*y = 0, *m = 1, *d = 2;
	} else if (s->month_at < 3) {
		*m = (int)s->month_at;
		*d = *m == 0 ? 1 : 0;
		*y = 3 - *m - *d;
	} else if (order == DATE_MDY) {
		*m = 0, *d = 1, *y = 2;
	} else if (order == DATE_DMY) {
		*d = 0, *m = 1, *y = 2;
	} else if (order == DATE_YMD && s->digits[2] != 4) {
		*y = 0, *m = 1, *d = 2;
	} else if (s->numbers[0] > 12) {
		*d = 0, *m = 1, *y = 2;
	} else if (s->numbers[1] > 12 || s->numbers[0] == s->numbers[1]) {
		*m = 0, *d = 1, *y = 2;
	} else {
		return false; /* 3/4/2010 may be either */
	}
	return true;
}

static bool civil_of(const struct pieces *s, enum date_order order, struct civil *ret, bool *ret_time)
{
	int y, m, d;
	if (!place(s, order, &y, &m, &d))
		return false;
	*ret = (struct civil){.year = s->numbers[y], .month = s->numbers[m], .day = s->numbers[d]};
	if (s->digits[y] <= 2)
		ret->year += ret->year < 70 ? 2000 : 1900;
	*ret_time = s->n > 4;
	if (s->n > 4) {
		ret->hour = s->numbers[3];
		ret->minute = s->numbers[4];
		ret->second = s->n > 5 ? s->numbers[5] : 0;
	}
	for (int i = s->n > 6 ? s->digits[6] : 3; s->n > 6 && i <= 3; i++)
		ret->ms = i == s->digits[6] ? s->numbers[6] : ret->ms * 10;
	if (s->afternoon && ret->hour < 12)
		ret->hour += 12;
	if (s->morning && ret->hour == 12)
		ret->hour = 0;
	int64_t ms;
	return s->n != 4 && time_from_civil(ret, &ms);
}

/* What is ISO already, as nearly always. */
static bool iso(const char *text)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

const char *convert_date(struct ctx *ctx, const char *text, enum date_order order)
{
	struct civil c;
	bool with_time = false;
	if (iso(text))
		return text;
	struct pieces s = take_apart(text);
	if (!civil_of(&s, order, &c, &with_time))
		return text;
	const char *out;
	if (!with_time)
		out = arena_printf(ctx->arena, "%04d-%02d-%02d", c.year, c.month, c.day);
	else if (c.ms > 0)
		out = arena_printf(ctx->arena, "%04d-%02d-%02d %02d:%02d:%02d.%03d", c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms);
	else
		out = arena_printf(ctx->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (out != NULL && s.zone != NULL && with_time) {
		/* RFC 3339 wants the T, and a colon in the offset */
		size_t n = strlen(s.zone);
		const char *minutes = n == 3 ? "00" : s.zone + n - 2;
		out = n < 3 ? arena_printf(ctx->arena, "%.10sT%sZ", out, out + 11)
		            : arena_printf(ctx->arena, "%.10sT%s%.3s:%s", out, out + 11, s.zone, minutes);
	}
	return out != NULL ? out : text;
}

const char *convert_day(struct ctx *ctx, const char *text, enum date_order order)
{
	const char *date = convert_date(ctx, text, order);
	if (!iso(date) || date[10] == '\0')
		return date;
	const char *day = arena_strndup(ctx->arena, date, 10);
	return day != NULL ? day : date;
}

/* A day, or a day and a time without an offset. */
static bool local_time(const char *text)
{
	size_t n = strlen(text);
	if (!iso(text) || n > 23)
		return false;
	return n == 10 || (n >= 16 && (text[10] == ' ' || text[10] == 'T') && strspn(text + 11, "0123456789:.") == n - 11);
}

const char *convert_zone(struct ctx *ctx, const char *text, int offset_min)
{
	if (offset_min == 0 || !local_time(text))
		return text;
	int away = offset_min < 0 ? -offset_min : offset_min;
	const char *time = text[10] == '\0' ? "00:00:00" : text + 11;
	const char *out = arena_printf(ctx->arena, "%.10sT%s%s%c%02d:%02d", text, time, strlen(time) == 5 ? ":00" : "",
	                               offset_min < 0 ? '-' : '+', away / 60, away % 60);
	return out != NULL ? out : text;
}

bool convert_is_date(const char *text)
{
	struct civil c;
	bool with_time;
	if (iso(text))
		return true;
	if (strlen(text) < 6 || strlen(text) > 40)
		return false;
	struct pieces s = take_apart(text);
	return civil_of(&s, DATE_MDY, &c, &with_time) || civil_of(&s, DATE_DMY, &c, &with_time);
}

enum date_order convert_date_order(const char *const *texts, size_t n)
{
	bool day_first = false, month_first = false;
	for (size_t i = 0; i < n; i++) {
		struct pieces s = take_apart(texts[i]);
		if (s.odd || s.n < 3 || s.digits[0] == 4 || s.month_at < 3)
			continue;
		day_first |= s.numbers[0] > 12 && s.numbers[0] <= 31;
		month_first |= s.numbers[1] > 12 && s.numbers[1] <= 31;
	}
	if (day_first == month_first)
		return DATE_AUTO;
	return day_first ? DATE_DMY : DATE_MDY;
}
