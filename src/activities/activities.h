/* The day of whoever works: reminders, and finishing one thing together with planning the next. */
#ifndef GUANXI_ACTIVITIES_ACTIVITIES_H
#define GUANXI_ACTIVITIES_ACTIVITIES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/timers/timers.h"

/* Stand before rest_routes. */
extern const struct route activities_routes[];
extern const struct reaction activities_reactions[];
extern const struct timer_kind activities_timers[];

#endif
