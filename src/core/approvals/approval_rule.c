/* The record of a rule: which change is held back, and who decides it. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/entity/field_type.h"
#include "core/gate/gate.h"

static const struct option directions[] = {
	{"any", {"Changed at all", "有变动"}, NULL}, {"raised", {"Raised", "调高"}, NULL}, {"lowered", {"Lowered", "调低"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST,
	 .help = {"Seen by everybody whose change it holds back", "被拦下修改的人都能看到"}},
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "fields", .type = FIELD_TEXT, .label = {"When these change", "变动的字段"}, .max = 500, .flags = F_REQUIRED | F_LIST | F_NAMES,
	 .help = {"Names of fields with commas: credit_limit,level", "字段名称，用逗号分隔：credit_limit,level"}},
	{.name = "direction", .type = FIELD_ENUM, .label = {"How", "变动方向"}, .options = directions, .fallback = "any", .flags = F_REQUIRED | F_LIST},
	{.name = "before_condition", .type = FIELD_NOTE, .label = {"Before the change", "变动前的条件"}, .max = CONDITION_TEXT_MAX, .flags = F_NAMES,
	 .help = {"Empty: whatever it was; otherwise new records are not asked for", "留空表示不限；填写后不适用于新建记录"}},
	{.name = "condition", .type = FIELD_NOTE, .label = {"After the change", "变动后的条件"}, .max = CONDITION_TEXT_MAX, .flags = F_NAMES, .help = {"Empty: whatever it becomes", "留空表示不限"}},
	{.name = "steps", .type = FIELD_JSON, .label = {"Who decides", "审批步骤"}, .max = 10000, .flags = F_REQUIRED,
	 .help = {"Steps in turn, as JSON; README of core/approvals", "依次进行的步骤，JSON 格式，见 core/approvals 的说明"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "10", .flags = F_REQUIRED, .least = "0", .most = "1000000"},
	{.name = "active", .type = FIELD_BOOL, .label = {"On", "启用"}, .fallback = "false", .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"What it is for", "用途"}, .max = 2000},
};

/* --- steps ---------------------------------------------------------------------------- */

static enum err bad(struct ctx *ctx, size_t i, const char *what)
{
	const char *text = arena_printf(ctx->arena, "%zu: %s", i + 1, what);
	return fail_arg(ctx, ERR_INVALID, "steps", "approval_step", text ? text : what);
}

static bool one_of(const char *text, const char *const *list)
{
	for (; text && *list; list++)
		if (str_equal(text, *list))
			return true;
	return false;
}

/* The id of a record that is there, where one is asked for. */
static enum err check_there(struct ctx *ctx, size_t i, const json_t *step, const char *key, const char *entity)
{
	const char *text = json_string_value(json_object_get(step, key));
	bool there = false;
	int64_t id;
	if (!text || !id_parse(text, &id))
		return bad(ctx, i, key);
	enum err err = record_there(ctx, registry_find(ctx->registry, entity), id, &there);
	return err || there ? err : bad(ctx, i, key);
}

static enum err check_deadline(struct ctx *ctx, size_t i, const json_t *step)
{
	static const char *const thens[] = {"remind", "escalate", "reject", NULL};
	const json_t *hours = json_object_get(step, "hours"), *then = json_object_get(step, "then");
	if (!hours)
		return then ? bad(ctx, i, "then") : OK;
	if (!json_is_integer(hours) || json_integer_value(hours) < 1 || json_integer_value(hours) > APPROVAL_HOURS_MAX)
		return bad(ctx, i, "hours");
	if (!one_of(json_string_value(then), thens))
		return bad(ctx, i, "then");
	return json_object_get(step, "to") ? check_there(ctx, i, step, "to", "user") : OK;
}

static enum err check_step(struct ctx *ctx, size_t i, const json_t *step)
{
	static const char *const keys[] = {"who", "user", "role", "all", "hours", "then", "to", NULL};
	static const char *const whos[] = {"user", "role", "branch_role", "manager", "owner", "owner_manager", NULL};
	const char *who = json_string_value(json_object_get(step, "who")), *key;
	const json_t *all = json_object_get(step, "all");
	json_t *value;
	enum err err = OK;
	json_object_foreach((json_t *)(uintptr_t)step, key, value)
		if (!one_of(key, keys))
			return bad(ctx, i, arena_strndup(ctx->arena, key, strnlen(key, 40)));
	if (!one_of(who, whos))
		return bad(ctx, i, "who");
	if (all && !json_is_boolean(all))
		return bad(ctx, i, "all");
	if (str_equal(who, "user"))
		err = check_there(ctx, i, step, "user", "user");
	else if (str_equal(who, "role") || str_equal(who, "branch_role"))
		err = check_there(ctx, i, step, "role", "role");
	return err ? err : check_deadline(ctx, i, step);
}

enum err approval_check_steps(struct ctx *ctx, const char *text)
{
	json_t *list = text ? json_loads(text, 0, NULL) : NULL;
	size_t n = json_array_size(list);
	enum err err = n >= 1 && n <= APPROVAL_STEPS_MAX ? OK : fail_arg(ctx, ERR_INVALID, "steps", "approval_step", "1 - 10");
	for (size_t i = 0; !err && i < n; i++)
		err = check_step(ctx, i, json_array_get(list, i));
	json_decref(list);
	return err;
}

/* --- the rule -------------------------------------------------------------------------- */

bool approval_lists(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = list; at && *at;) {
		size_t len = strcspn(at, ",");
		if (len == n && memcmp(at, name, n) == 0)
			return true;
		at += len;
		at += *at == ',';
	}
	return false;
}

static bool has_size(enum field_type type)
{
	return type == FIELD_INT || type == FIELD_DECIMAL || type == FIELD_REAL || type == FIELD_MONEY || type == FIELD_DATE || type == FIELD_TIME;
}

static enum err check_fields(struct ctx *ctx, const struct entity_info *info, const char *list, bool sized)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");
		const char *name = arena_strndup(ctx->arena, at, len);
		int field = name ? entity_field(info, name) : -1;
		if (field < SF_COUNT || (info->fields[field]->flags & F_SECRET))
			return fail_arg(ctx, ERR_INVALID, "fields", "approval_field", name ? name : "");
		if (sized && !has_size(info->fields[field]->type))
			return fail_arg(ctx, ERR_INVALID, "direction", "approval_direction", name);
		at += len;
		at += *at == ',';
	}
	return str_empty(list) ? fail(ctx, ERR_INVALID, "fields", "required") : OK;
}

/* A rule asks with all rights, whoever wrote it. */
static enum err check_condition(struct ctx *ctx, const struct entity_info *info, const char *field, const char *json)
{
	const struct actor *before = ctx->actor;
	struct condition *condition;
	if (str_empty(json))
		return OK;
	ctx->actor = gate_system();
	enum err err = condition_parse(ctx, info, json, &condition);
	ctx->actor = before;
	if (err == ERR_INVALID && str_equal(field, "before_condition")) {
		const char *key = ctx->faults.list[0].key, *arg = ctx->faults.list[0].arg;
		faults_clear(ctx);
		return fail_arg(ctx, err, field, key, arg);
	}
	return err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	const char *name = record_text(now, "entity"), *list = record_text(now, "fields");
	const struct entity_info *info = str_empty(name) ? NULL : registry_find(ctx->registry, name);
	if (info == NULL || (info->entity->flags & (E_INTERNAL | E_SYSTEM | E_NO_LOG | E_NO_API_WRITE | E_PRIVATE)) || !str_equal(info->entity->name, name))
		return fail_arg(ctx, ERR_INVALID, "entity", "approval_entity", name ? name : "");
	if (ctx->actor && ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "approval_narrowed");
	enum err err = check_fields(ctx, info, list ? list : "", !str_equal(record_text(now, "direction"), "any"));
	if (!err)
		err = check_condition(ctx, info, "before_condition", record_text(now, "before_condition"));
	if (!err)
		err = check_condition(ctx, info, "condition", record_text(now, "condition"));
	return err ? err : approval_check_steps(ctx, record_text(now, "steps"));
}

const struct entity approval_rule_entity = {
	.name = "approval_rule",
	.plural = "approval_rules",
	.label = {"Approval rule", "审批规则"},
	.label_many = {"Approval rules", "审批规则"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name",
	.sort = "position.asc",
	.icon = "settings",
	.flags = E_SYSTEM,
	.cap = CAP_ADMIN,
	.hooks = {.before = before},
};
