#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/exchange/convert.h"

enum { NUMBER_TEXT_MAX = 64, SCALE = 9 };

/* -12, 12.50: nothing to do, as nearly always. */
static bool plain(const char *text)
{
	const char *p = text + (*text == '-');
	if (*p < '0' || *p > '9')
		return false;
	while (*p >= '0' && *p <= '9')
		p++;
	if (*p == '.') {
		p++;
		while (*p >= '0' && *p <= '9')
			p++;
	}
	return *p == '\0';
}

struct figures {
	char text[NUMBER_TEXT_MAX]; /* digits, '.' and ',' */
	size_t n;
	bool negative, percent, exponent;
};

/* Bytes of a currency sign, blank or other decoration at `text`; 0 if it is none. */
static size_t decoration(const char *text)
{
	static const char *const marks[] = {"$", "¥", "￥", "€", "£", "元", "\xc2\xa0", "\xe2\x80\xaf", "'", "’", " ", "\t", "₩", "₹",
	                                    "HK$", "NT$", "US$", "RMB", "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "kr", "Rs"};
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_starts(text, marks[i]))
			return strlen(marks[i]);
	return 0;
}

/* One character of a number; false for what has no place in one. */
static bool take_figure(struct figures *f, const char *p, bool *open)
{
	bool end = p[1] == '\0', begin = f->n == 0;
	if ((*p >= '0' && *p <= '9') || *p == '.' || *p == ',')
		f->text[f->n++] = *p;
	else if (*p == '-' && (begin || end))
		f->negative = true;
	else if (*p == '(' && begin)
		*open = true;
	else if (*p == ')' && *open)
		f->negative = true;
	else if (*p == '%' && end)
		f->percent = true;
	else
		return *p == '+' && begin;
	return true;
}

/* Takes the digits and marks out of the text; false if there is something else in it. */
static bool take_figures(const char *text, struct figures *f)
{
	bool open = false;
	for (const char *p = text; *p != '\0';) {
		size_t skip = decoration(p);
		if (skip == 0 && (f->n + 2 >= sizeof(f->text) || !take_figure(f, p, &open)))
			return false;
		p += skip > 0 ? skip : 1;
	}
	f->text[f->n] = '\0';
	return f->n > 0;
}

/* Which of the marks is the decimal one: its position, or n if there is none. */
static size_t decimal_at(const struct figures *f, enum number_mark mark)
{
	const char *point = strrchr(f->text, '.'), *comma = strrchr(f->text, ',');
	if (mark == NUMBER_POINT)
		return point == NULL ? f->n : (size_t)(point - f->text);
	if (mark == NUMBER_COMMA)
		return comma == NULL ? f->n : (size_t)(comma - f->text);
	if (point != NULL && comma != NULL)
		return (size_t)((point > comma ? point : comma) - f->text);
	const char *one = point != NULL ? point : comma;
	if (one == NULL)
		return f->n;
	bool several = strchr(f->text, *one) != one;
	/* 1.234.567 and 1,234 are grouped; 1.234 and 1,5 have fractions. */
	bool grouped = several || (*one == ',' && strlen(one + 1) == 3);
	return grouped ? f->n : (size_t)(one - f->text);
}

static const char *exponent(struct ctx *ctx, const char *text)
{
	char *end = NULL;
	if (strlen(text) > 40 || strspn(text, "0123456789.eE+-") != strlen(text) || strpbrk(text, "eE") == NULL)
		return text;
	double value = strtod(text, &end);
	if (*end != '\0' || value > 1e15 || value < -1e15)
		return text;
	char *out = arena_printf(ctx->arena, "%.9f", value);
	if (out == NULL)
		return text;
	for (size_t n = strlen(out); n > 0 && (out[n - 1] == '0' || out[n - 1] == '.'); n--) {
		bool point = out[n - 1] == '.';
		out[n - 1] = '\0';
		if (point)
			break;
	}
	return out;
}

/* The digits with a point where the decimal mark was, without the other marks. */
static size_t put_figures(const struct figures *f, size_t at, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (i == at)
			out[n++] = '.';
		else if (f->text[i] >= '0' && f->text[i] <= '9')
			out[n++] = f->text[i];
	}
	if (n > 0 && out[n - 1] == '.')
		n--;
	out[n] = '\0';
	return n;
}

const char *convert_number(struct ctx *ctx, const char *text, enum number_mark mark)
{
	struct figures f = {.n = 0};
	char out[NUMBER_TEXT_MAX + 4];
	if (plain(text) && mark != NUMBER_COMMA)
		return text;
	if (!take_figures(text, &f))
		return exponent(ctx, text);
	if (put_figures(&f, decimal_at(&f, mark), out) == 0)
		return text;
	const char *number = arena_printf(ctx->arena, "%s%s%s", f.negative ? "-" : "", out[0] == '.' ? "0" : "", out);
	if (number != NULL && f.percent)
		number = convert_times(ctx, number, "0.01");
	return number != NULL ? number : text;
}

const char *convert_integer(struct ctx *ctx, const char *text)
{
	const char *point = strchr(text, '.');
	if (point == NULL || point == text || strspn(point + 1, "0") != strlen(point + 1))
		return text;
	const char *whole = arena_strndup(ctx->arena, text, (size_t)(point - text));
	return whole != NULL ? whole : text;
}

/* Nine places without the zeros at the end. */
static const char *shortest(struct ctx *ctx, int64_t value)
{
	char text[DECIMAL_TEXT_MAX];
	size_t n = decimal_format(value, SCALE, text);
	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 0 && text[n - 1] == '.')
		n--;
	return arena_strndup(ctx->arena, text, n);
}

const char *convert_times(struct ctx *ctx, const char *a, const char *b)
{
	int64_t x, y, product;
	if (!decimal_parse(a, SCALE, &x) || !decimal_parse(b, SCALE, &y) || !decimal_mul(x, y, SCALE, &product))
		return NULL;
	return shortest(ctx, product);
}

const char *convert_divide(struct ctx *ctx, const char *a, const char *b)
{
	int64_t x, y;
	if (!decimal_parse(a, SCALE, &x) || !decimal_parse(b, SCALE, &y) || y == 0)
		return NULL;
	/* rounded half away from zero */
	__int128 scaled = (__int128)x * 1000000000, below = y;
	bool negative = (scaled < 0) != (below < 0);
	scaled = scaled < 0 ? -scaled : scaled;
	below = below < 0 ? -below : below;
	__int128 quotient = (scaled + below / 2) / below;
	quotient = negative ? -quotient : quotient;
	if (quotient > INT64_MAX || quotient < INT64_MIN)
		return NULL;
	return shortest(ctx, (int64_t)quotient);
}

const char *convert_round(struct ctx *ctx, const char *text, int scale)
{
	const char *point = strchr(text, '.');
	int64_t value, rounded;
	if (point == NULL || strlen(point + 1) <= (size_t)scale || strlen(point + 1) > SCALE)
		return text;
	if (!decimal_parse(text, SCALE, &value) || !decimal_mul(value, 1, SCALE - scale, &rounded))
		return text;
	char out[DECIMAL_TEXT_MAX];
	(void)decimal_format(rounded, scale, out);
	const char *copy = arena_strdup(ctx->arena, out);
	return copy != NULL ? copy : text;
}
