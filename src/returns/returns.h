/* What customers send back: applications, what was agreed, what came and what became of it. */
#ifndef GUANXI_RETURNS_RETURNS_H
#define GUANXI_RETURNS_RETURNS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/warehouse/star.h"

extern const struct entity goods_return_entity, return_line_entity, return_reason_entity, return_policy_entity;
extern const struct route returns_routes[];
extern const struct setting returns_settings[];
extern const struct reaction returns_reactions[];
extern const struct star_table returns_stars[];

#endif
