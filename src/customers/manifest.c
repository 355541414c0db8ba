#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"
#include "core/store/store.h"
#include "customers/customers.h"

static const struct entity *const entities[] = {&customer_entity, &identifier_entity, &customer_alias_entity, &party_role_entity, &address_entity, &consent_entity, &interaction_entity, NULL};

static const struct role_right rights[] = {
	{"service", "customer", "aaa---"},    {"service", "identifier", "aaa---"},   {"service", "address", "aaa---"},
	{"service", "consent", "aaa---"},     {"service", "interaction", "aaa---"},  {"marketing", "customer", "a-a-a-"},
	{"marketing", "consent", "aaa-a-"},   {"marketing", "interaction", "aaa-a-"}, {0},
};

static const struct migration steps[] = {{1, "an activity need not have a customer", NULL, NULL, interaction_loosen_upgrade}};

static const struct setting settings[] = {
	{.name = "customers.number", SEQUENCE_SETTING, .group = {"Numbers", "编号规则"}, .label = {"Customer numbers", "客户编号"},
	 .help = {"Such as C-{yyyy}-{00000}: {yyyy} {yy} {mm} {dd}, {branch} code, {00000} a count. Empty: only those that are given.",
	          "如 C-{yyyy}-{00000}：{yyyy} {yy} {mm} {dd}，{branch} 为机构代码，{00000} 为计数。留空则不自动编号。"}},
	{.name = NULL},
};

extern const struct manifest customers_manifest;
const struct manifest customers_manifest = {.name = "customers", .entities = entities, .rights = rights,
                                           .settings = settings, .stars = customers_stars, .steps = steps, .n_steps = 1};
