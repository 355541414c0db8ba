/* Zones of the IANA database, as ICU has them. */
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>

#include "core/text/text_internal.h"

enum { ZONE_NAME_MAX = 64 };

struct text_zone {
	UCalendar *calendar;
	int64_t day;  /* the last one asked for, all of which has one offset */
	int minutes;
	bool known;
};

static int32_t widen(const char *name, UChar out[ZONE_NAME_MAX])
{
	size_t n = strlen(name);
	if (n == 0 || n >= ZONE_NAME_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] > '~')
			return 0;
		out[i] = (UChar)name[i];
	}
	return (int32_t)n;
}

bool text_zone_known(const char *name)
{
	UChar wide[ZONE_NAME_MAX], canonical[ZONE_NAME_MAX * 2];
	UErrorCode code = U_ZERO_ERROR;
	UBool system = 0;
	int32_t n = widen(name, wide);
	if (n == 0)
		return false;
	(void)ucal_getCanonicalTimeZoneID(wide, n, canonical, ZONE_NAME_MAX * 2, &system, &code);
	return U_SUCCESS(code) && system;
}

bool text_zone_new(const char *name, struct text_zone **ret)
{
	UChar wide[ZONE_NAME_MAX];
	UErrorCode code = U_ZERO_ERROR;
	int32_t n = widen(name, wide);
	*ret = calloc(1, sizeof(**ret));
	if (*ret == NULL || n == 0) {
		free(*ret);
		*ret = NULL;
		return false;
	}
	(*ret)->calendar = ucal_open(wide, n, "en", UCAL_GREGORIAN, &code);
	if (U_SUCCESS(code))
		return true;
	text_zone_free(*ret);
	*ret = NULL;
	return false;
}

void text_zone_free(struct text_zone *zone)
{
	if (zone == NULL)
		return;
	ucal_close(zone->calendar);
	free(zone);
}

static int offset_at(struct text_zone *zone, int64_t local_ms)
{
	UErrorCode code = U_ZERO_ERROR;
	int32_t raw = 0, summer = 0;
	ucal_setMillis(zone->calendar, (UDate)local_ms, &code);
	ucal_getTimeZoneOffsetFromLocal(zone->calendar, UCAL_TZ_LOCAL_FORMER, UCAL_TZ_LOCAL_FORMER, &raw, &summer, &code);
	return U_SUCCESS(code) ? (raw + summer) / 60000 : 0;
}

int text_zone_offset(struct text_zone *zone, int64_t local_ms)
{
	enum { DAY = 86400000 };
	int64_t day = local_ms / DAY - (local_ms % DAY < 0);
	if (zone->known && zone->day == day)
		return zone->minutes;
	int begin = offset_at(zone, day * DAY), end = offset_at(zone, day * DAY + DAY - 1);
	zone->known = begin == end;
	zone->day = day;
	zone->minutes = begin;
	return zone->known ? begin : offset_at(zone, local_ms);
}

int text_zone_seconds(struct text_zone *zone, int64_t utc_ms)
{
	UErrorCode code = U_ZERO_ERROR;
	ucal_setMillis(zone->calendar, (UDate)utc_ms, &code);
	int32_t ms = ucal_get(zone->calendar, UCAL_ZONE_OFFSET, &code) + ucal_get(zone->calendar, UCAL_DST_OFFSET, &code);
	return U_SUCCESS(code) ? ms / 1000 : 0;
}

bool text_zone_next_change(struct text_zone *zone, int64_t utc_ms, int64_t *ret_ms)
{
	UErrorCode code = U_ZERO_ERROR;
	UDate at = 0;
	ucal_setMillis(zone->calendar, (UDate)utc_ms, &code);
	UBool found = ucal_getTimeZoneTransitionDate(zone->calendar, UCAL_TZ_TRANSITION_NEXT, &at, &code);
	*ret_ms = (int64_t)at;
	return U_SUCCESS(code) && found;
}
