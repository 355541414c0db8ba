#include "core/manifest/manifest.h"
#include "core/timers/timers.h"

extern const struct manifest timers_manifest;
const struct manifest timers_manifest = {.name = "timers", .steps = timers_steps, .n_steps = TIMERS_STEPS};
