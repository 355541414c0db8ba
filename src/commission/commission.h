/* Commission: plans, statements that can be checked line by line, periods that are closed once. */
#ifndef GUANXI_COMMISSION_COMMISSION_H
#define GUANXI_COMMISSION_COMMISSION_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity commission_plan_entity, commission_period_entity, commission_statement_entity, commission_line_entity, commission_adjustment_entity,
	commission_split_entity, commission_change_entity;
extern const struct route commission_routes[];
extern const struct reaction commission_reactions[];

/* Closes the period ("month" …) of a day as it stands, without a look before; in a write job, asking no right. ERR_CONFLICT: it is closed, or
 * not over. */
enum err commission_close(struct ctx *ctx, const char *period, const char *day) MUST_CHECK;

#endif
