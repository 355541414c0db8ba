/* Exact decimals as scaled 64-bit integers: 12.50 at scale 2 is 1250. */
#ifndef GUANXI_BASE_DECIMAL_H
#define GUANXI_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { DECIMAL_TEXT_MAX = 32 };

/* "-12.5", digits with an optional point, no exponent, no group marks.  More
 * fraction digits than `scale` are refused unless they are zeros. */
bool decimal_parse(const char *text, int scale, int64_t *ret) MUST_CHECK;
/* Plain notation with exactly `scale` fraction digits. Returns the length. */
size_t decimal_format(int64_t value, int scale, char out[DECIMAL_TEXT_MAX]);
/* a * b / 10^scale_b, rounded half to even; false on overflow. */
bool decimal_mul(int64_t a, int64_t b, int scale_b, int64_t *ret) MUST_CHECK;
/* From one number of fraction digits to another, rounded half to even; false on overflow. */
bool decimal_rescale(int64_t value, int from, int to, int64_t *ret) MUST_CHECK;
bool decimal_add(int64_t a, int64_t b, int64_t *ret) MUST_CHECK;
/* Fraction digits of an ISO 4217 currency (2 if unknown); -1 if it is not three capital letters. */
int currency_scale(const char *code);
/* Whether there is such a currency. */
bool currency_known(const char *code);
/* "rmb" to "CNY": the code of what is written; false if there is none such. */
bool currency_normal(const char *in, char out[4]) MUST_CHECK;

#endif
