/* Targets of persons, teams, branches and the firm, and how far they are. */
#ifndef GUANXI_TARGETS_TARGETS_H
#define GUANXI_TARGETS_TARGETS_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity target_entity;
extern const struct route targets_routes[];

#endif
