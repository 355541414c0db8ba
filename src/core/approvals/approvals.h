/* Approvals: a change that a rule of the administrator's holds back is written once those have agreed whom the rule names.
 *
 * A rule says: of which entity and fields, what must hold of the record before and after, and the steps: who decides, one of them
 * or all, until when. Every change by a person is asked in its write job (registry_guard), so no way of writing goes past: a change
 * that needs approval is refused with "approval_needed", whatever it came by. What was refused is asked for with a reason; the
 * request keeps the change and the steps as they were then, and when the last step agrees the change is written in that very
 * transaction, as the asker's, with their rights of now, if the record still is as it was seen. */
#ifndef GUANXI_CORE_APPROVALS_APPROVALS_H
#define GUANXI_CORE_APPROVALS_APPROVALS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/timers/timers.h"

extern const struct entity approval_rule_entity, approval_entity, approval_voter_entity;
extern const struct route approvals_routes[];
extern const struct timer_kind approvals_timers[];

struct approvals;
/* From here on changes are asked for; `registry` and `store` outlive it. */
enum err approvals_open_new(struct ctx *ctx, struct store *store, struct registry *registry, struct approvals **ret) MUST_CHECK;
/* After the store's end. NULL is fine. */
void approvals_free(struct approvals *approvals);

/* Ends what waits of a user who is not there any more, and asks others where they were to decide. In a write job. */
enum err approvals_user_gone(struct ctx *ctx, int64_t user_id) MUST_CHECK;

#endif
