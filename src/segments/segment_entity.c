/* The record of a segment: what it asks, and how it stands. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/gate/gate.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

static const struct option states[] = {
	{"waiting", {"Waiting to be filled", "等待计算"}, "info"},
	{"ready", {"Up to date", "已更新"}, "good"},
	{"failed", {"Cannot be filled", "无法计算"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "entity", .type = FIELD_CODE, .label = {"Of", "对象"}, .max = 60, .flags = F_REQUIRED | F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "condition", .type = FIELD_NOTE, .label = {"Condition", "条件"}, .max = CONDITION_TEXT_MAX, .flags = F_REQUIRED | F_NAMES,
	 .help = {"As JSON; README of core/condition", "JSON 格式，见 core/condition 的说明"}},
	{.name = "live", .type = FIELD_BOOL, .label = {"Follows the facts", "实时更新"}, .fallback = "true", .flags = F_REQUIRED | F_LIST},
	{.name = "note", .type = FIELD_NOTE, .label = {"What it is for", "用途"}, .max = 2000},
	{.name = "size", .type = FIELD_INT, .label = {"Members", "成员数"}, .flags = F_READONLY | F_LIST | F_SORT},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .fallback = "waiting", .flags = F_READONLY | F_LIST | F_INDEX},
	{.name = "filled_at", .type = FIELD_TIME, .label = {"Filled", "计算时间"}, .flags = F_READONLY},
	{.name = "error", .type = FIELD_TEXT, .label = {"Why it cannot be filled", "无法计算的原因"}, .max = 300, .flags = F_READONLY},
	{.name = "timed_to", .type = FIELD_INT, .label = {"Moments looked at up to", "时间检查进度"}, .flags = F_READONLY | F_SECRET},
	{.name = "snapshot_of_id", .type = FIELD_LINK, .label = {"Snapshot of", "快照来源"}, .link = "segment", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_READONLY},
	{.name = "given", .type = FIELD_BOOL, .label = {"Chosen by a report", "由报表选定"}, .fallback = "false", .flags = F_REQUIRED | F_READONLY},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "所有者"}, .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && value_equal(record_value(a, field), record_value(b, field));
}

/* A segment that asks for itself, by others or at once, would have no end. */
static enum err check_circle(struct ctx *ctx, const struct entity_info *info, const struct condition *condition, int64_t self, int depth)
{
	int64_t *ids;
	size_t n;
	enum err err = condition_segments(ctx, condition, &ids, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *other;
		struct condition *inner;
		if (ids[i] == self || depth > CONDITION_DEPTH_MAX)
			return fail(ctx, ERR_INVALID, "condition", "segment_circle");
		const struct actor *actor = ctx->actor;
		ctx->actor = gate_system();
		err = record_load(ctx, registry_find(ctx->registry, "segment"), ids[i], &other);
		if (!err)
			err = condition_parse(ctx, info, record_text(other, "condition"), &inner);
		ctx->actor = actor;
		if (!err)
			err = check_circle(ctx, info, inner, self, depth + 1);
	}
	return err;
}

static enum err check_condition(struct ctx *ctx, const struct record *now)
{
	const char *name = record_text(now, "entity"), *json = record_text(now, "condition");
	const struct entity_info *info = str_empty(name) ? NULL : registry_find(ctx->registry, name);
	struct condition *condition;
	if (info == NULL || (info->entity->flags & (E_INTERNAL | E_SYSTEM)) || !str_equal(info->entity->name, name))
		return fail_arg(ctx, ERR_INVALID, "entity", "segment_entity", name ? name : "");
	if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "entity", "forbidden", name);
	if (str_empty(json))
		return fail(ctx, ERR_INVALID, "condition", "required");
	enum err err = condition_parse(ctx, info, json, &condition);
	return err ? err : check_circle(ctx, info, condition, record_id(now), 0);
}

/* It asks with all of its owner's rights, and its size is there to read: who has fewer would learn what only the owner may see. So
 * what it asks is said by its owner, or by who takes it over; administrators may hand it on. */
static enum err check_owner(struct ctx *ctx, const struct record *now)
{
	if (ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "segment_narrowed");
	bool may = record_i64(now, "owner_id") == ctx->actor->user_id || gate_cap(ctx->actor, CAP_ADMIN);
	return may ? OK : fail(ctx, ERR_FORBIDDEN, "owner_id", "segment_owner");
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL || (same(old, now, "condition") && same(old, now, "live") && same(old, now, "owner_id")))
		return OK;
	enum err err = same(old, now, "condition") && same(old, now, "owner_id") ? OK : check_owner(ctx, now);
	if (!err && !same(old, now, "condition"))
		err = check_condition(ctx, now);
	/* a snapshot is what its segment was, what a report chose is what it chose */
	bool snapshot = record_i64(now, "snapshot_of_id") != 0 || record_i64(now, "given") != 0;
	if (!err && snapshot && old != NULL)
		return fail(ctx, ERR_CONFLICT, "condition", "segment_snapshot");
	return err || snapshot ? err : record_set(ctx, now, "state", value_text("waiting"));
}

/* Who asks for a segment's members needs it. */
static enum err check_unused(struct ctx *ctx, int64_t id)
{
	struct stmt *stmt;
	const char *wanted = arena_printf(ctx->arena, "\"segment\":\"%lld\"", (long long)id), *user = NULL;
	bool row;
	enum err err = wanted ? db_prepare(ctx, ctx->db, &sql_segment_conditions, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && !user) {
		json_t *json = stmt_i64(stmt, 0) != id ? json_loads(stmt_text(stmt, 2), 0, NULL) : NULL;
		char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
		if (text && strstr(text, wanted))
			user = arena_strdup(ctx->arena, stmt_text(stmt, 1));
		free(text);
		json_decref(json);
	}
	stmt_done(stmt);
	return !err && user ? fail_arg(ctx, ERR_CONFLICT, "", "segment_used", user) : err;
}

static enum err forget(struct ctx *ctx, int64_t id)
{
	static const struct sql *const all[] = {&sql_segment_forget_members, &sql_segment_forget_events, &sql_segment_forget_sizes, &sql_segment_clear_nexts};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct stmt *stmt;
		enum err err = db_prepare(ctx, ctx->db, all[i], &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, id);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
		if (err)
			return err;
	}
	return OK;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (now != NULL || old == NULL)
		return OK;
	enum err err = check_unused(ctx, record_id(old));
	return err ? err : forget(ctx, record_id(old));
}

const struct entity segment_entity = {
	.name = "segment",
	.plural = "segments",
	.label = {"Segment", "分群"},
	.label_many = {"Segments", "分群"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name",
	.owner = "owner_id",
	.team = "team_id",
	.sort = "name.asc",
	.icon = "segment",
	.work = "",
	.search_rank = 60,
	.hooks = {.before = before, .after = after},
};
