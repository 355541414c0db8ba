#include "core/manifest/manifest.h"
#include "core/notices/notices.h"

static const struct route *const routes[] = {notices_routes, NULL};

extern const struct manifest notices_manifest;
const struct manifest notices_manifest = {.name = "notices", .routes = routes, .services = notices_services, .schedules = notices_schedules, .settings = notices_settings,
	.steps = notices_steps, .n_steps = NOTICES_STEPS};
