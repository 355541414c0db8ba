/* One record of each customer: merging what was kept twice, and taking that apart again. */
#ifndef GUANXI_DUPLICATES_DUPLICATES_H
#define GUANXI_DUPLICATES_DUPLICATES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"

/* Merge, preview, un-merge. Stand before rest_routes. */
extern const struct route duplicates_merge_routes[];
/* The scan of all, and the review of what it found. */
extern const struct route duplicates_review_routes[];
extern const struct job_kind duplicates_job_kinds[];

#endif
