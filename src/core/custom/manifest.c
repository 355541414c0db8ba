#include "core/custom/custom.h"
#include "core/custom/custom_jobs.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&custom_field_entity, NULL};

static const struct route *const routes[] = {custom_routes, NULL};

extern const struct manifest custom_manifest;
const struct manifest custom_manifest = {.name = "custom", .entities = entities, .routes = routes, .job_kinds = custom_job_kinds, .services = custom_services, .steps = custom_steps, .n_steps = CUSTOM_STEPS};
