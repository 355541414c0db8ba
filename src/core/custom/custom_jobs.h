/* What takes long after a change of fields. */
#ifndef GUANXI_CORE_CUSTOM_JOBS_H
#define GUANXI_CORE_CUSTOM_JOBS_H

#include "core/jobs/jobs.h"

/* In the write job of the change. The search rows of this entity are made anew. */
enum err custom_queue_reindex(struct ctx *ctx, const char *entity) MUST_CHECK;
/* The values of a column that is nobody's any more go; an hour later, when no work of before can go on, once more,
 * and then another field may have it. */
enum err custom_queue_wipe(struct ctx *ctx, const char *entity, int slot) MUST_CHECK;

extern const struct job_kind custom_job_kinds[];

#endif
