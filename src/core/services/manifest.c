#include "core/manifest/manifest.h"
#include "core/http/http.h"
#include "core/services/services.h"

static const struct route *const routes[] = {services_routes, NULL};

extern const struct manifest services_manifest;
const struct manifest services_manifest = {.name = "services", .routes = routes, .steps = services_steps, .n_steps = SERVICES_STEPS};
