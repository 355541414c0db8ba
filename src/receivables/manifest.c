/* The parts of src/receivables. */
#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"
#include "receivables/receivables_internal.h"

static const struct entity *const entities[] = {&receivable_entity, &receipt_entity, &allocation_entity, &write_off_entity, NULL};

static const struct route *const routes[] = {receivables_routes, NULL};

static const struct cap_name caps[] = {{"write_off", {"Write off what will not be paid", "审批坏账核销"}}, {0}};

#define GROUP {"Receivables", "应收与回款"}

const struct setting receivables_settings[] = {
	[RECEIVABLES_GRACE] = {.name = "receivables.grace_days", .type = SETTING_INT, .min = 0, .max = 3650, .fallback = "0", .flags = SETTING_OPEN, .group = GROUP,
		.label = {"Interest-free days", "免息天数"},
		.help = {"So long after the due day nothing counts as overdue, where nothing else is said.", "到期后这些天内不计逾期，除非另行填写。"}},
	[RECEIVABLES_BEFORE] = {.name = "receivables.remind_before", .type = SETTING_INT, .min = 0, .max = 365, .fallback = "3", .group = GROUP,
		.label = {"Reminder before the due day (days)", "到期前提醒（天）"}},
	[RECEIVABLES_AGAIN] = {.name = "receivables.remind_again", .type = SETTING_INT, .min = 1, .max = 365, .fallback = "7", .group = GROUP,
		.label = {"While overdue remind every (days)", "逾期后每隔几天提醒"}},
	[RECEIVABLES_NUMBER] = {.name = "receivables.number", SEQUENCE_SETTING, .fallback = "R{id}", .group = {"Numbers", "编号规则"},
		.label = {"Receipt numbers", "收款单编号"},
		.help = {"Such as R-{yyyy}-{00000}: {yyyy} {yy} {mm} {dd} of the day, {branch} code, {00000} a count.",
			"如 R-{yyyy}-{00000}：{yyyy} {yy} {mm} {dd} 为当日，{branch} 为机构代码，{00000} 为计数。"}},
	[RECEIVABLES_SETTINGS] = {.name = NULL},
};

extern const struct manifest receivables_manifest;
const struct manifest receivables_manifest = {
	.name = "receivables", .entities = entities, .routes = routes, .settings = receivables_settings, .timers = receivables_timers, .caps = caps,
};
