#include "core/manifest/manifest.h"
#include "core/uploads/uploads.h"

extern const struct manifest uploads_manifest;
const struct manifest uploads_manifest = {.name = "uploads", .job_kinds = uploads_job_kinds, .schedules = uploads_schedules, .settings = uploads_settings};
