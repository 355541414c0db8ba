/* A pivot table that is kept: what it asks, not what it found.  Who opens it sees what their own rights show. */
#include "analysis/analysis.h"
#include "analysis/pivot.h"
#include "base/str.h"

enum { QUERY_MAX = 20000 };

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "query", .type = FIELD_JSON, .label = {"What it asks", "查询内容"}, .max = QUERY_MAX, .flags = F_REQUIRED | F_NAMES},
	{.name = "look", .type = FIELD_CODE, .label = {"Shown as", "显示方式"}, .max = 20, .fallback = "table"},
	{.name = "note", .type = FIELD_NOTE, .label = {"What it is for", "用途"}, .max = 2000},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "所有者"}, .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Shared with the team", "共享团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
};

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	const char *text = now ? record_text(now, "query") : NULL;
	const struct entity_info *info = now && !str_empty(record_text(now, "entity")) ? registry_find(ctx->registry, record_text(now, "entity")) : NULL;
	if (!now || str_empty(text))
		return OK;
	if (!info || (info->entity->flags & (E_INTERNAL | E_SYSTEM)))
		return fail_arg(ctx, ERR_INVALID, "entity", "pivot_facts", record_text(now, "entity") ? record_text(now, "entity") : "");
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	bool fits = json_is_object(json) && str_equal(json_string_value(json_object_get(json, "of")), info->entity->name);
	json_decref(json);
	return fits ? OK : fail_arg(ctx, ERR_INVALID, "query", "pivot_shape", "query");
}

const struct entity pivot_entity = {
	.name = "pivot_table", .plural = "pivot_tables", .label = {"Pivot table", "透视表"}, .label_many = {"Pivot tables", "透视表"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .title = "name", .subtitle = "entity", .owner = "owner_id", .team = "team_id",
	.sort = "name.asc", .icon = "view", .flags = E_CHILD, .work = "", .hooks = {.before = before},
};
