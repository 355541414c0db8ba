#include "core/tax/fraction.h"

#include <stddef.h>
#include <string.h>

enum { DIGITS_MAX = 30, SCALE_MAX = 18 };

static const struct fraction too_large = {0, 0};

static unsigned __int128 magnitude(__int128 a)
{
	return a < 0 ? 0 - (unsigned __int128)a : (unsigned __int128)a;
}

/* Small numbers, which nearly all are, go the short way. */
static unsigned __int128 greatest_divisor(unsigned __int128 a, unsigned __int128 b)
{
	while (b != 0) {
		if (a <= UINT64_MAX && b <= UINT64_MAX) {
			uint64_t x = (uint64_t)a, y = (uint64_t)b;
			while (y != 0) {
				uint64_t rest = x % y;
				x = y;
				y = rest;
			}
			return x;
		}
		unsigned __int128 rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static struct fraction lowest(__int128 num, __int128 den)
{
	if (den == 0)
		return too_large;
	if (den == 1)
		return (struct fraction){num, 1};
	__int128 common = (__int128)greatest_divisor(magnitude(num), magnitude(den));
	if (den < 0)
		common = -common;
	return (struct fraction){num / common, den / common};
}

static __int128 power(int scale)
{
	__int128 p = 1;
	for (int i = 0; i < scale; i++)
		p *= 10;
	return p;
}

struct fraction fraction_of(int64_t n)
{
	return (struct fraction){n, 1};
}

struct fraction fraction_scaled(int64_t value, int scale)
{
	return scale < 0 || scale > SCALE_MAX ? too_large : lowest(value, power(scale));
}

bool fraction_read(const char *text, struct fraction *ret)
{
	if (text == NULL)
		return false;
	const char *p = text + (*text == '-' || *text == '+' ? 1 : 0);
	__int128 num = 0, den = 1;
	int digits = 0;
	bool point = false;
	for (; *p != '\0'; p++) {
		if (*p == '.' && !point) {
			point = true;
			continue;
		}
		if (*p < '0' || *p > '9' || ++digits > DIGITS_MAX)
			return false;
		num = num * 10 + (*p - '0');
		if (point)
			den *= 10;
	}
	if (digits == 0)
		return false;
	*ret = lowest(*text == '-' ? -num : num, den);
	return true;
}

bool fraction_fits(struct fraction a)
{
	return a.den > 0;
}

bool fraction_is_zero(struct fraction a)
{
	return a.num == 0 && a.den > 0;
}

int fraction_sign(struct fraction a)
{
	return (a.num > 0) - (a.num < 0);
}

int fraction_compare(struct fraction a, struct fraction b)
{
	__int128 left, right;
	if (__builtin_mul_overflow(a.num, b.den, &left) || __builtin_mul_overflow(b.num, a.den, &right)) {
		long double x = (long double)a.num / (long double)a.den, y = (long double)b.num / (long double)b.den;
		return (x > y) - (x < y);
	}
	return (left > right) - (left < right);
}

struct fraction fraction_add(struct fraction a, struct fraction b)
{
	__int128 left, right, num, den;
	if (a.den == 0 || b.den == 0)
		return too_large;
	__int128 common = (__int128)greatest_divisor((unsigned __int128)a.den, (unsigned __int128)b.den);
	if (__builtin_mul_overflow(a.num, b.den / common, &left) || __builtin_mul_overflow(b.num, a.den / common, &right) ||
	    __builtin_add_overflow(left, right, &num) || __builtin_mul_overflow(a.den, b.den / common, &den))
		return too_large;
	return lowest(num, den);
}

struct fraction fraction_negate(struct fraction a)
{
	__int128 num;
	if (a.den == 0 || __builtin_sub_overflow((__int128)0, a.num, &num))
		return too_large;
	return (struct fraction){num, a.den};
}

struct fraction fraction_sub(struct fraction a, struct fraction b)
{
	return fraction_add(a, fraction_negate(b));
}

struct fraction fraction_mul(struct fraction a, struct fraction b)
{
	__int128 num, den;
	if (a.den == 0 || b.den == 0)
		return too_large;
	struct fraction across = lowest(a.num, b.den), back = lowest(b.num, a.den);
	if (__builtin_mul_overflow(across.num, back.num, &num) || __builtin_mul_overflow(across.den, back.den, &den))
		return too_large;
	return (struct fraction){num, den};
}

struct fraction fraction_div(struct fraction a, struct fraction b)
{
	if (a.den == 0 || b.den == 0 || b.num == 0)
		return too_large;
	struct fraction turned = b.num > 0 ? (struct fraction){b.den, b.num} : (struct fraction){-b.den, 0};
	if (b.num < 0 && __builtin_sub_overflow((__int128)0, b.num, &turned.den))
		return too_large;
	return fraction_mul(a, turned);
}

/* A whole number of steps, away from zero or towards less. */
static struct fraction whole(struct fraction a, struct fraction step, bool nearest)
{
	struct fraction n = fraction_div(a, step);
	if (n.den == 0)
		return too_large;
	__int128 quotient = n.num / n.den, rest = n.num % n.den;
	if (nearest && rest != 0 && (rest < 0 ? -rest : rest) >= n.den - (rest < 0 ? -rest : rest))
		quotient += n.num < 0 ? -1 : 1;
	if (!nearest && rest < 0)
		quotient--;
	return fraction_mul((struct fraction){quotient, 1}, step);
}

struct fraction fraction_round(struct fraction a, struct fraction step)
{
	return step.den > 0 && step.num == 0 ? a : whole(a, step, true);
}

struct fraction fraction_floor(struct fraction a, struct fraction step)
{
	return step.den > 0 && step.num == 0 ? a : whole(a, step, false);
}

bool fraction_to_scaled(struct fraction a, int scale, int64_t *ret)
{
	if (scale < 0 || scale > SCALE_MAX)
		return false;
	struct fraction n = whole(fraction_mul(a, (struct fraction){power(scale), 1}), fraction_of(1), true);
	if (n.den != 1 || n.num > INT64_MAX || n.num < INT64_MIN)
		return false;
	*ret = (int64_t)n.num;
	return true;
}

void fraction_write(struct fraction a, int digits, int least, char out[FRACTION_TEXT_MAX])
{
	char back[FRACTION_TEXT_MAX];
	size_t n = 0, skip = 0;
	if (digits < 0 || digits > SCALE_MAX)
		digits = SCALE_MAX;
	struct fraction scaled = whole(fraction_mul(a, (struct fraction){power(digits), 1}), fraction_of(1), true);
	if (scaled.den == 0) {
		memcpy(out, "?", 2);
		return;
	}
	unsigned __int128 rest = magnitude(scaled.num);
	do {
		back[n++] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest > 0 || n <= (size_t)digits);
	while (skip < (size_t)digits && (int)skip < digits - least && back[skip] == '0')
		skip++;
	char *p = out;
	if (scaled.num < 0)
		*p++ = '-';
	while (n > skip) {
		if (n == (size_t)digits)
			*p++ = '.';
		*p++ = back[--n];
	}
	*p = '\0';
}
