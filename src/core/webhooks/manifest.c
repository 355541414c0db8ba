#include "core/manifest/manifest.h"
#include "core/webhooks/webhooks.h"

static const struct entity *const entities[] = {&webhook_entity, NULL};
static const struct route *const routes[] = {webhooks_routes, NULL};

extern const struct manifest webhooks_manifest;
const struct manifest webhooks_manifest = {.name = "webhooks", .entities = entities, .routes = routes, .services = webhooks_services,
	.schedules = webhooks_schedules, .steps = webhooks_steps, .n_steps = WEBHOOKS_STEPS};
