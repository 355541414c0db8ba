/* Leads: caught, scored by points that can be edited, given to whoever is next, made into customers and deals, once. */
#ifndef GUANXI_LEADS_LEADS_H
#define GUANXI_LEADS_LEADS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/warehouse/star.h"

extern const struct entity lead_entity, lead_point_entity, lead_assignment_entity;
/* Conversion, its undoing, what is alike. Stand before rest_routes. */
extern const struct route leads_routes[];

/* What the warehouse copies and counts of it. */
extern const struct star_table leads_stars[];

/* In a write job: the points of a lead anew, with their reasons. */
enum err lead_score(struct ctx *ctx, int64_t id) MUST_CHECK;
/* In a write job: gives a lead of nobody to whom the rules say; nothing happens where none fits. */
enum err lead_assign(struct ctx *ctx, int64_t id) MUST_CHECK;

#endif
