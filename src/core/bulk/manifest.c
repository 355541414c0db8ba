#include "core/bulk/bulk.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&bulk_act_entity, &bulk_item_entity, NULL};

static const struct route *const routes[] = {bulk_routes, NULL};

extern const struct manifest bulk_manifest;
const struct manifest bulk_manifest = {.name = "bulk", .entities = entities, .routes = routes, .job_kinds = bulk_job_kinds, .timers = bulk_timers, .schedules = bulk_schedules};
