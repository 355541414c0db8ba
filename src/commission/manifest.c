/* The parts of src/commission. */
#include "core/manifest/manifest.h"
#include "commission/commission.h"

static const struct entity *const entities[] = {&commission_plan_entity, &commission_period_entity, &commission_statement_entity, &commission_line_entity,
	&commission_adjustment_entity, &commission_split_entity, &commission_change_entity, NULL};

static const struct route *const routes[] = {commission_routes, NULL};

static const struct cap_name caps[] = {{"commission", {"Share, adjust and pay commission", "提成分成、调整与发放"}, "manager"}, {0}};

#define OWN(role)                                                                                                                                                  \
	{role, "commission_plan", "------"}, {role, "commission_period", "------"}, {role, "commission_statement", "o-----"}, {role, "commission_line", "o---o-"},      \
		{role, "commission_adjustment", "o-----"}
#define NONE(role)                                                                                                                                                 \
	{role, "commission_plan", "------"}, {role, "commission_period", "------"}, {role, "commission_statement", "------"}, {role, "commission_line", "------"},      \
		{role, "commission_adjustment", "------"}, {role, "commission_split", "------"}

/* What somebody earns is theirs to see, and their manager's. */
static const struct role_right rights[] = {
	{"manager", "commission_plan", "a-----"}, {"manager", "commission_period", "------"}, OWN("sales"), {"sales", "commission_split", "o-----"}, OWN("service"),
	NONE("marketing"), NONE("analyst"), NONE("read_only"), {0},
};

extern const struct manifest commission_manifest;
const struct manifest commission_manifest = {.name = "commission", .entities = entities, .routes = routes, .reactions = commission_reactions, .caps = caps, .rights = rights};
