/* Exact numbers for money on the way to its last rounding: fractions of 128-bit integers, always in lowest terms.
 *
 * What does not fit any more becomes "too large" and stays it through every further step, so that a calculation is written
 * plainly and asked once, at its end (fraction_fits). */
#ifndef GUANXI_CORE_TAX_FRACTION_H
#define GUANXI_CORE_TAX_FRACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct fraction {
	__int128 num, den; /* den > 0; 0: too large, or a division by zero */
};

enum { FRACTION_TEXT_MAX = 64 };

struct fraction fraction_of(int64_t n);
/* value / 10^scale, scale 0 to 18. */
struct fraction fraction_scaled(int64_t value, int scale);
/* "-12.50": digits with an optional point, at most 30 of them; no exponent, no group marks. */
bool fraction_read(const char *text, struct fraction *ret) MUST_CHECK;

bool fraction_fits(struct fraction a);
bool fraction_is_zero(struct fraction a);
/* -1, 0 or 1; 0 too where it is too large. */
int fraction_sign(struct fraction a);
/* -1, 0 or 1. Both must fit; what cannot be compared exactly is compared as real numbers. */
int fraction_compare(struct fraction a, struct fraction b);

struct fraction fraction_add(struct fraction a, struct fraction b);
struct fraction fraction_sub(struct fraction a, struct fraction b);
struct fraction fraction_mul(struct fraction a, struct fraction b);
struct fraction fraction_div(struct fraction a, struct fraction b);
struct fraction fraction_negate(struct fraction a);

/* The nearest whole multiple of `step` (over zero), halves away from zero; a step of zero leaves it as it is. */
struct fraction fraction_round(struct fraction a, struct fraction step);
/* The multiple of `step` (over zero) that is not over it. */
struct fraction fraction_floor(struct fraction a, struct fraction step);
/* value * 10^scale as an integer, halves away from zero; false where that does not fit. */
bool fraction_to_scaled(struct fraction a, int scale, int64_t *ret) MUST_CHECK;
/* With at most `digits` (0 to 18) digits after the point, halves away from zero, and at least `least` of them.
 * "?" where it is too large. */
void fraction_write(struct fraction a, int digits, int least, char out[FRACTION_TEXT_MAX]);

#endif
