#include "core/manifest/manifest.h"
#include "core/outbox/outbox_internal.h"

extern const struct manifest outbox_manifest;
const struct manifest outbox_manifest = {.name = "outbox", .steps = outbox_steps, .n_steps = OUTBOX_STEPS};
