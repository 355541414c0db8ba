/* Service: cases of customers, what was said in them, and the deadlines that were promised. */
#ifndef GUANXI_SERVICE_SERVICE_H
#define GUANXI_SERVICE_SERVICE_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"
#include "core/warehouse/star.h"

extern const struct entity case_entity, case_message_entity, case_topic_entity, case_clock_entity, case_span_entity, sla_policy_entity, macro_entity,
	complaint_grade_entity, compensation_item_entity, compensation_limit_entity, compensation_entity;

/* Stand before rest_routes. */
extern const struct route service_case_routes[];
extern const struct job_kind service_job_kinds[];
extern const struct timer_kind service_timers[];
extern const struct reaction service_reactions[];

/* What the warehouse copies and counts of it. */
extern const struct star_table service_stars[];

#endif
