/* Analysis: pivot tables over the warehouse, saved and shared, and the reports that stand on it. */
#ifndef GUANXI_ANALYSIS_ANALYSIS_H
#define GUANXI_ANALYSIS_ANALYSIS_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity pivot_entity;
extern const struct route analysis_routes[];

#endif
