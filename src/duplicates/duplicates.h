/* One record of each customer: merging what was kept twice, and taking that apart again. */
#ifndef GUANXI_DUPLICATES_DUPLICATES_H
#define GUANXI_DUPLICATES_DUPLICATES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"
#include "core/settings/settings.h"

/* Merge, preview, un-merge. Stand before rest_routes. */
extern const struct route duplicates_merge_routes[];
/* The scan of all, and the review of what it found. */
extern const struct route duplicates_review_routes[];
extern const struct job_kind duplicates_job_kinds[];
extern const struct setting duplicates_settings[];

/* For rest_config.made: "X-Duplicates" names the customers a new one agrees with, as far as they may be seen; a request with
 * "X-Duplicates: refuse" is refused (ERR_CONFLICT "duplicates_found"). */
enum err duplicates_made(void *arg, struct ctx *ctx, const struct entity_info *info, int64_t id, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
