/* The records: an automation, and its runs. */
#include "automations/automations_internal.h"
#include "base/str.h"

static const struct option events[] = {
	{"created", {"A record is made", "新建记录"}, NULL},
	{"changed", {"A record is changed", "记录变动"}, NULL},
	{"button", {"Somebody presses a button", "手动触发"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "event", .type = FIELD_ENUM, .label = {"When", "触发时机"}, .options = events, .fallback = "changed", .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "condition", .type = FIELD_NOTE, .label = {"Condition", "条件"}, .max = CONDITION_TEXT_MAX, .flags = F_NAMES, .help = {"Empty: always", "留空表示总是执行"}},
	{.name = "actions", .type = FIELD_JSON, .label = {"What is done", "动作"}, .max = 20000, .flags = F_REQUIRED | F_NAMES,
	 .help = {"A list: set, assign, create; README of automations", "列表：set、assign、create，见 automations 的说明"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"On", "启用"}, .fallback = "false", .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "per_minute", .type = FIELD_INT, .label = {"Runs a minute at most", "每分钟最多执行次数"}, .fallback = "600", .flags = F_REQUIRED},
	{.name = "per_record", .type = FIELD_INT, .label = {"Runs on one record an hour at most", "每条记录每小时最多执行次数"}, .fallback = "5", .flags = F_REQUIRED},
	{.name = "note", .type = FIELD_NOTE, .label = {"What it is for", "用途"}, .max = 2000},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Acts with the rights of", "执行身份"}, .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
};

static const struct option states[] = {
	{"done", {"Done", "已执行"}, "good"},
	{"failed", {"Failed", "失败"}, "bad"},
	{"stopped", {"Stopped", "已拦截"}, "warn"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field run_fields[] = {
	{.name = "automation_id", .type = FIELD_LINK, .label = {"Automation", "自动化"}, .link = "automation", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_READONLY | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .flags = F_REQUIRED | F_READONLY | F_LIST},
	{.name = "entity", .type = FIELD_CODE, .label = {"Kind of record", "对象"}, .max = 60, .flags = F_READONLY | F_LIST},
	{.name = "record", .type = FIELD_TEXT, .label = {"Record", "记录"}, .max = 24, .flags = F_READONLY | F_LIST},
	{.name = "why", .type = FIELD_TEXT, .label = {"Why not", "未执行的原因"}, .max = 400, .flags = F_READONLY | F_LIST},
	{.name = "saw", .type = FIELD_NOTE, .label = {"What it saw", "判断依据"}, .max = 60000, .flags = F_READONLY},
	{.name = "did", .type = FIELD_NOTE, .label = {"What it did", "执行内容"}, .max = 60000, .flags = F_READONLY},
	{.name = "depth", .type = FIELD_INT, .label = {"Started by automations, how many in a row", "连续触发层数"}, .flags = F_READONLY},
	{.name = "change_seq", .type = FIELD_INT, .label = {"Change", "变更序号"}, .flags = F_READONLY},
	{.name = "automation_version", .type = FIELD_INT, .label = {"Version of the automation", "自动化版本"}, .flags = F_READONLY},
};

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	const char *name = record_text(now, "entity"), *json = record_text(now, "condition");
	const struct entity_info *info = str_empty(name) ? NULL : registry_find(ctx->registry, name);
	struct condition *condition;
	if (info == NULL || (info->entity->flags & (E_INTERNAL | E_SYSTEM | E_NO_LOG)) || !str_equal(info->entity->name, name))
		return fail_arg(ctx, ERR_INVALID, "entity", "automation_entity", name ? name : "");
	if (record_i64(now, "per_minute") < 1 || record_i64(now, "per_record") < 1)
		return fail(ctx, ERR_INVALID, record_i64(now, "per_minute") < 1 ? "per_minute" : "per_record", "automation_limit");
	/* it acts with its owner's rights, so nobody but the owner says what it does */
	if (ctx->actor->kind != ACTOR_SYSTEM && record_i64(now, "owner_id") != ctx->actor->user_id)
		return fail(ctx, ERR_FORBIDDEN, "owner_id", "automation_owner");
	/* it will have all the rights of its owner, for good: a token that has fewer must not make one */
	if (ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "automation_narrowed");
	enum err err = str_empty(json) ? OK : condition_parse(ctx, info, json, &condition);
	return err ? err : automation_check_actions(ctx, info, record_text(now, "actions"));
}

const struct entity automation_entity = {
	.name = "automation",
	.plural = "automations",
	.label = {"Automation", "自动化"},
	.label_many = {"Automations", "自动化"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name",
	.owner = "owner_id",
	.sort = "name.asc",
	.icon = "settings",
	.work = "",
	.hooks = {.before = before},
};

static const char *const run_indexes[] = {"automation_id,created_at", "automation_id,record,created_at", NULL};

const struct entity automation_run_entity = {
	.name = "automation_run",
	.plural = "automation_runs",
	.label = {"Run", "执行记录"},
	.label_many = {"Runs", "执行记录"},
	.fields = run_fields,
	.n_fields = sizeof(run_fields) / sizeof(run_fields[0]),
	.title = "record",
	.parent = "automation_id",
	.sort = "created_at.desc",
	.flags = E_CHILD | E_NO_LOG | E_NO_API_WRITE,
	.indexes = run_indexes,
};
