#include "core/manifest/manifest.h"
#include "core/settings/settings.h"

static const struct entity *const entities[] = {&setting_entity, NULL};

static const struct route *const routes[] = {settings_routes, NULL};

extern const struct manifest settings_manifest;
const struct manifest settings_manifest = {.name = "settings", .entities = entities, .routes = routes, .settings = firm_settings};
