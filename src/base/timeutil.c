#include "base/timeutil.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Days since 1970-01-01 of a day in the proleptic Gregorian calendar: years are
 * counted from March, so that the leap day is the last of its year. */
static int64_t days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, struct civil *ret)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	ret->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	ret->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	ret->year = (int)(yoe + era * 400 + (ret->month <= 2 ? 1 : 0));
}

void time_to_civil(int64_t ms, struct civil *ret)
{
	int64_t days = ms / DAY_MS, rest = ms % DAY_MS;
	if (rest < 0) {
		rest += DAY_MS;
		days--;
	}
	civil_from_days(days, ret);
	ret->hour = (int)(rest / 3600000);
	ret->minute = (int)(rest / 60000 % 60);
	ret->second = (int)(rest / 1000 % 60);
	ret->ms = (int)(rest % 1000);
}

static bool leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool day_exists(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}

bool time_from_civil(const struct civil *c, int64_t *ret_ms)
{
	if (!day_exists(c->year, c->month, c->day) || c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 ||
	    c->second < 0 || c->second > 59 || c->ms < 0 || c->ms > 999)
		return false;
	*ret_ms = days_from_civil(c->year, c->month, c->day) * DAY_MS + (int64_t)c->hour * 3600000 +
	          (int64_t)c->minute * 60000 + (int64_t)c->second * 1000 + c->ms;
	return true;
}

static char *put_digits(char *p, int value, int width)
{
	for (int i = width - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + width;
}

size_t time_format(int64_t ms, char out[TIME_TEXT_MAX])
{
	struct civil c;
	time_to_civil(ms, &c);
	if (c.year < 0 || c.year > 9999) {
		int n = snprintf(out, TIME_TEXT_MAX, "%lldms", (long long)ms);
		return (size_t)n;
	}
	char *p = put_digits(out, c.year, 4);
	*p++ = '-';
	p = put_digits(p, c.month, 2);
	*p++ = '-';
	p = put_digits(p, c.day, 2);
	*p++ = 'T';
	p = put_digits(p, c.hour, 2);
	*p++ = ':';
	p = put_digits(p, c.minute, 2);
	*p++ = ':';
	p = put_digits(p, c.second, 2);
	if (c.ms != 0) {
		*p++ = '.';
		p = put_digits(p, c.ms, 3);
	}
	*p++ = 'Z';
	*p = '\0';
	return (size_t)(p - out);
}

/* Reads exactly `width` digits. */
static bool digits(const char **p, int width, int *ret)
{
	int value = 0;
	for (int i = 0; i < width; i++) {
		char c = (*p)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*p += width;
	*ret = value;
	return true;
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool parse_date(const char **p, struct civil *c)
{
	return digits(p, 4, &c->year) && literal(p, '-') && digits(p, 2, &c->month) && literal(p, '-') &&
	       digits(p, 2, &c->day) && day_exists(c->year, c->month, c->day);
}

static void parse_fraction(const char **p, struct civil *c)
{
	int scale = 100;
	while (**p >= '0' && **p <= '9') {
		c->ms += (**p - '0') * scale;
		scale /= 10;
		(*p)++;
	}
}

static bool parse_clock(const char **p, struct civil *c)
{
	if (!digits(p, 2, &c->hour) || !literal(p, ':') || !digits(p, 2, &c->minute))
		return false;
	if (!literal(p, ':'))
		return true;
	if (!digits(p, 2, &c->second))
		return false;
	if (**p == '.' || **p == ',') {
		(*p)++;
		if (**p < '0' || **p > '9')
			return false;
		parse_fraction(p, c);
	}
	return true;
}

static bool parse_offset(const char **p, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (**p == '\0')
		return true;
	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		return true;
	}
	int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
	int hours, minutes = 0;
	if (sign == 0)
		return false;
	(*p)++;
	if (!digits(p, 2, &hours))
		return false;
	if (**p != '\0') {
		literal(p, ':');
		if (!digits(p, 2, &minutes))
			return false;
	}
	if (hours > 14 || minutes > 59)
		return false;
	*ret_ms = sign * ((int64_t)hours * 3600000 + (int64_t)minutes * 60000);
	return true;
}

bool time_parse(const char *text, int64_t *ret_ms)
{
	struct civil c = {0};
	int64_t offset = 0, ms;
	const char *p = text;
	if (text == NULL || !parse_date(&p, &c))
		return false;
	if (*p != '\0') {
		if (*p != 'T' && *p != 't' && *p != ' ')
			return false;
		p++;
		if (!parse_clock(&p, &c))
			return false;
		while (*p == ' ')
			p++;
		if (!parse_offset(&p, &offset))
			return false;
	}
	/* a leap second is the second after it */
	bool leap_second = c.second == 60;
	if (leap_second)
		c.second = 59;
	if (*p != '\0' || !time_from_civil(&c, &ms))
		return false;
	*ret_ms = ms - offset + (leap_second ? 1000 : 0);
	return true;
}

bool date_days(const char *text, int32_t *ret)
{
	struct civil c;
	const char *p = text;
	if (text == NULL || !parse_date(&p, &c) || *p != '\0')
		return false;
	*ret = (int32_t)days_from_civil(c.year, c.month, c.day);
	return true;
}

bool date_valid(const char *text)
{
	int32_t day;
	return date_days(text, &day);
}

int64_t time_monotonic_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
