#include "automations/automations.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&automation_entity, &automation_run_entity, NULL};
static const struct route *const routes[] = {automations_routes, NULL};
static const struct role_right rights[] = {{"manager", "automation", "aaaa--"}, {"manager", "automation_run", "a-----"}, {0}};

extern const struct manifest automations_manifest;
const struct manifest automations_manifest = {
	.name = "automations", .entities = entities, .routes = routes, .services = automations_services, .settings = automations_settings, .rights = rights,
};
