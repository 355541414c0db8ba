/* Calendars as records: what they are, one ready for questions, the routes of the settings page. */
#ifndef GUANXI_CORE_CALENDAR_STORE_H
#define GUANXI_CORE_CALENDAR_STORE_H

#include "core/calendar/calendar.h"
#include "core/command/command.h"
#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity calendar_entity, calendar_day_entity;
extern const struct route calendar_routes[];
extern const struct command calendar_commands[];

/* Rules in the arena, for calendar_new. ERR_NOT_FOUND if there is no such calendar. Asks no gate. */
enum err calendar_rules_load(struct ctx *ctx, int64_t id, struct calendar_rules *ret) MUST_CHECK;

#endif
