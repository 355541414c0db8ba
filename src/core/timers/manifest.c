#include "core/http/http.h"
#include "core/manifest/manifest.h"
#include "core/timers/timers.h"

static const struct route *const routes[] = {timers_routes, NULL};

extern const struct manifest timers_manifest;
const struct manifest timers_manifest = {.name = "timers", .routes = routes, .steps = timers_steps, .n_steps = TIMERS_STEPS};
