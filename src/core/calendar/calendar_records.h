/* Inside core/calendar: what its records have in common. */
#ifndef GUANXI_CORE_CALENDAR_RECORDS_H
#define GUANXI_CORE_CALENDAR_RECORDS_H

#include "core/calendar/calendar_internal.h"
#include "core/calendar/calendar_store.h"
#include "core/store/store.h"

bool calendar_kind_named(const char *name, enum calendar_kind *ret);
const char *calendar_kind_name(enum calendar_kind kind);
/* The fields with the hours of a weekday, from Monday. */
extern const char *const calendar_weekdays[7];

#endif
