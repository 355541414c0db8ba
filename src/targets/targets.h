/* Targets of persons, teams, branches and the firm, and how far they are. */
#ifndef GUANXI_TARGETS_TARGETS_H
#define GUANXI_TARGETS_TARGETS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "receivables/receivables.h"

extern const struct entity target_entity;
extern const struct route targets_routes[];

/* The span of a period ("month", "quarter", "year" of the firm) that a day lies in; both days count. ERR_INVALID: no such period or day. */
enum err target_span(struct ctx *ctx, const char *period, const char *day, char from[RECEIVABLES_DAY_BYTES], char until[RECEIVABLES_DAY_BYTES]) MUST_CHECK;

#endif
