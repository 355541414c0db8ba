#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"

static const struct entity *const entities[] = {&entity_number_count, NULL};

static const struct route *const routes[] = {sequence_routes, NULL};

extern const struct manifest sequence_manifest;
const struct manifest sequence_manifest = {.name = "sequence", .entities = entities, .routes = routes};
