/* Automations: when something happens to a record and a condition holds, actions follow, with the rights of the automation's owner.
 * Every run is a record of what it saw and did, or why it was stopped. */
#ifndef GUANXI_AUTOMATIONS_H
#define GUANXI_AUTOMATIONS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/settings/settings.h"

extern const struct entity automation_entity, automation_run_entity;
extern const struct route automations_routes[];
extern const struct service automations_services[];
extern const struct setting automations_settings[];

#endif
