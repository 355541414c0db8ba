/* Opportunities: pipelines with their stages, deals with what is in them and who decides, what was forecast and when. */
#ifndef GUANXI_DEALS_DEALS_H
#define GUANXI_DEALS_DEALS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"
#include "core/warehouse/star.h"

extern const struct entity pipeline_entity, stage_entity, lost_reason_entity, competitor_entity, opportunity_entity, opportunity_line_entity,
	opportunity_person_entity, opportunity_competitor_entity, opportunity_change_entity, forecast_snapshot_entity;

/* Stages that are replaced, the history of one deal, the forecast. Stand before rest_routes. */
extern const struct route deals_routes[];
extern const struct reaction deals_reactions[];
extern const struct setting deals_settings[];
extern const struct schedule deals_schedules[];
extern const struct migration deals_steps[];
enum { DEALS_STEPS = 1 };

/* What the warehouse copies and counts of it. */
extern const struct star_table deals_stars[];

#endif
