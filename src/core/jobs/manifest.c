#include "core/manifest/manifest.h"
#include "core/jobs/jobs.h"

extern const struct manifest jobs_manifest;
const struct manifest jobs_manifest = {.name = "jobs", .steps = jobs_steps, .n_steps = JOBS_STEPS};
