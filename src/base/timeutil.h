/* Instants are UTC in integer milliseconds since 1970; dates are ISO text (YYYY-MM-DD). */
#ifndef GUANXI_BASE_TIMEUTIL_H
#define GUANXI_BASE_TIMEUTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { TIME_TEXT_MAX = 32, DAY_MS = 86400000 };

struct civil {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second, ms;
};

void time_to_civil(int64_t ms, struct civil *ret);
/* False if the parts are out of range (years 0001 to 9999). */
bool time_from_civil(const struct civil *c, int64_t *ret_ms) MUST_CHECK;
/* "2026-11-22T03:04:05.678Z" (no ".000" when whole seconds). Returns the length. */
size_t time_format(int64_t ms, char out[TIME_TEXT_MAX]);
/* RFC 3339; also "YYYY-MM-DD", "YYYY-MM-DD HH:MM[:SS[.fff]]" (UTC when no offset). */
bool time_parse(const char *text, int64_t *ret_ms) MUST_CHECK;
/* "YYYY-MM-DD", a real day of the Gregorian calendar. */
bool date_valid(const char *text);
/* The same, counted in days since 1970, before it negative. */
bool date_days(const char *text, int32_t *ret) MUST_CHECK;
int64_t time_monotonic_us(void);

#endif
