/* The parts of src/targets. */
#include "core/manifest/manifest.h"
#include "targets/targets.h"

static const struct entity *const entities[] = {&target_entity, NULL};

static const struct route *const routes[] = {targets_routes, NULL};

/* Who sells sees what is expected of them; who leads sets it. */
static const struct role_right rights[] = {{"sales", "target", "o-----"}, {"service", "target", "o-----"}, {0}};

extern const struct manifest targets_manifest;
const struct manifest targets_manifest = {.name = "targets", .entities = entities, .routes = routes, .rights = rights};
