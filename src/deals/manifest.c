/* The parts of src/deals, and what built-in roles may do with them. */
#include "core/manifest/manifest.h"

#include "core/entity/entity.h"
#include "deals/internal.h"
#include "deals_sql.h"

static const struct entity *const entities[] = {
	&pipeline_entity, &stage_entity, &lost_reason_entity, &competitor_entity, &opportunity_entity, &opportunity_line_entity, &opportunity_person_entity,
	&opportunity_competitor_entity, &opportunity_change_entity, &forecast_snapshot_entity, NULL,
};

static const struct route *const routes[] = {deals_routes, NULL};

/* Pipelines have no owner and are reached by "all" alone. */
static const struct role_right rights[] = {
	{"manager", "pipeline", "a-----"},    {"manager", "stage", "a-----"},     {"manager", "lost_reason", "a-----"}, {"manager", "competitor", "aaa-aa"},
	{"sales", "pipeline", "a-----"},      {"sales", "stage", "a-----"},       {"sales", "lost_reason", "a-----"},   {"sales", "competitor", "aa----"},
	{"service", "pipeline", "a-----"},    {"service", "stage", "a-----"},     {"service", "lost_reason", "a-----"}, {0},
};

static const struct option months[] = {
	{"1", {"January", "1 月"}, NULL},  {"2", {"February", "2 月"}, NULL}, {"3", {"March", "3 月"}, NULL},      {"4", {"April", "4 月"}, NULL},
	{"5", {"May", "5 月"}, NULL},      {"6", {"June", "6 月"}, NULL},     {"7", {"July", "7 月"}, NULL},       {"8", {"August", "8 月"}, NULL},
	{"9", {"September", "9 月"}, NULL}, {"10", {"October", "10 月"}, NULL}, {"11", {"November", "11 月"}, NULL}, {"12", {"December", "12 月"}, NULL}, {0},
};

const struct setting deals_settings[DEAL_SETTINGS + 1] = {
	[DEAL_FISCAL_MONTH] = {.name = "deals.fiscal_month", .type = SETTING_CHOICE, .options = months, .fallback = "1", .flags = SETTING_OPEN,
		.group = {"Sales", "销售"}, .label = {"The firm's year begins in", "财年开始月份"},
		.help = {"Quarters and years of the forecast go by it.", "销售预测的季度和年度按此划分。"}},
};

extern const struct manifest deals_manifest;
const struct manifest deals_manifest = {
	.name = "deals", .entities = entities, .routes = routes, .rights = rights, .reactions = deals_reactions, .settings = deals_settings, .schedules = deals_schedules,
	.stars = deals_stars,
	.steps = deals_steps, .n_steps = DEALS_STEPS,
};
