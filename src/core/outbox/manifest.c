#include "core/manifest/manifest.h"
#include "core/outbox/outbox_send.h"

static const struct entity *const entities[] = {&outbox_account_entity, &outbox_key_entity, NULL};
static const struct route *const routes[] = {outbox_routes, NULL};

extern const struct manifest outbox_manifest;
const struct manifest outbox_manifest = {.name = "outbox", .entities = entities, .routes = routes, .services = outbox_services, .schedules = outbox_schedules,
	.settings = outbox_settings, .steps = outbox_steps, .n_steps = OUTBOX_STEPS};
