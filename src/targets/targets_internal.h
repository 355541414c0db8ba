/* Between the files of src/targets. */
#ifndef GUANXI_TARGETS_INTERNAL_H
#define GUANXI_TARGETS_INTERNAL_H

#include "receivables/receivables.h"
#include "targets/targets.h"

enum { TARGET_GOAL_SCALE = 2, TARGET_ROWS_MAX = 5000 };

/* Which field of what is measured a scope is summed by: "owner_id" …; NULL: the whole firm. */
const char *target_scope_field(const char *scope);

enum err targets_achieved_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
