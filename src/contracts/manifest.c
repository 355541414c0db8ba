/* The parts of src/contracts. */
#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"
#include "contracts/contracts_internal.h"

static const struct entity *const entities[] = {&contract_entity, &contract_party_entity, &contract_line_entity, &contract_version_entity, NULL};

static const struct route *const routes[] = {contracts_routes, NULL};

const struct setting contracts_settings[] = {
	[CONTRACTS_AHEAD] = {.name = "contracts.plan_days", .type = SETTING_INT, .min = 0, .max = 3650, .fallback = "60", .group = {"Receivables", "应收与回款"},
		.label = {"Contracts: plan payments ahead (days)", "合同提前生成应收（天）"},
		.help = {"Each night recurring lines of contracts in force become receivables so long before they are due.", "每晚按此天数提前为履行中合同的周期款项生成应收款。"}},
	[CONTRACTS_NUMBER] = {.name = "contracts.number", SEQUENCE_SETTING, .fallback = "C{id}", .group = {"Numbers", "编号规则"},
		.label = {"Contract numbers", "合同编号"},
		.help = {"Such as C-{yyyy}-{00000}: {yyyy} {yy} {mm} {dd} of the day, {branch} code, {00000} a count.",
			"如 C-{yyyy}-{00000}：{yyyy} {yy} {mm} {dd} 为当日，{branch} 为机构代码，{00000} 为计数。"}},
	[CONTRACTS_SETTINGS] = {.name = NULL},
};

extern const struct manifest contracts_manifest;
const struct manifest contracts_manifest = {
	.name = "contracts", .entities = entities, .routes = routes, .settings = contracts_settings, .timers = contracts_timers, .schedules = contracts_schedules,
};
