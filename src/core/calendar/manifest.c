#include "core/calendar/calendar_store.h"
#include "core/manifest/manifest.h"
#include "core/command/command.h"

static const struct entity *const entities[] = {&calendar_entity, &calendar_day_entity, NULL};

static const struct route *const routes[] = {calendar_routes, NULL};

extern const struct manifest calendar_manifest;
const struct manifest calendar_manifest = {
	.name = "calendar", .entities = entities, .routes = routes, .commands = calendar_commands,
};
