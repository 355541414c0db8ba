/* Things sold, one by one: serial numbers and whose they are, warranty and claims, recalls. */
#ifndef GUANXI_EQUIPMENT_EQUIPMENT_H
#define GUANXI_EQUIPMENT_EQUIPMENT_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity equipment_entity, equipment_owner_entity, warranty_term_entity, warranty_extension_entity, warranty_claim_entity, recall_entity, recall_unit_entity;
extern const struct route equipment_routes[];

#endif
