/* Inside core/calendar: the public holidays of mainland China, in order. */
#ifndef GUANXI_CORE_CALENDAR_CN_DAYS_H
#define GUANXI_CORE_CALENDAR_CN_DAYS_H

#include "core/calendar/calendar.h"

extern const struct calendar_public_day calendar_cn_days[];
extern const size_t calendar_cn_days_count;
extern const int calendar_cn_first_year, calendar_cn_last_year;

#endif
