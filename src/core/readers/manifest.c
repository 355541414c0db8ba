#include "core/manifest/manifest.h"
#include "core/readers/readers.h"

static const struct route *const routes[] = {readers_routes, NULL};

extern const struct manifest readers_manifest;
const struct manifest readers_manifest = {.name = "readers", .routes = routes, .steps = readers_steps, .n_steps = READERS_STEPS};
