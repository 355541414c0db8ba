/* The parts of src/activities. */
#include "activities/activities.h"
#include "core/manifest/manifest.h"

static const struct route *const routes[] = {activities_routes, NULL};

extern const struct manifest activities_manifest;
const struct manifest activities_manifest = {.name = "activities", .routes = routes, .reactions = activities_reactions, .timers = activities_timers};
