#include "base/str.h"
#include "core/approvals/approvals.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&approval_rule_entity, &approval_entity, &approval_voter_entity, NULL};
static const struct route *const routes[] = {approvals_routes, NULL};

/* Who may not sign in any more neither decides nor waits for a decision. */
static enum err user_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	bool gone = old != NULL && record_i64(old, "active") != 0 && (now == NULL || record_i64(now, "active") == 0);
	return gone ? approvals_user_gone(ctx, record_id(old)) : OK;
}

static const char *const writes[] = {"approval", "approval_voter", NULL};
static const struct reaction reactions[] = {{.entity = "user", .after = user_changed, .writes = writes}, {.entity = NULL}};

extern const struct manifest approvals_manifest;
const struct manifest approvals_manifest = {.name = "approvals", .entities = entities, .routes = routes, .reactions = reactions, .timers = approvals_timers};
