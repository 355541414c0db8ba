/* A capability that exists only in the tests: stalls at a market, and who came by. It shows what a folder gives to the program,
 * and that it needs no line of the program's own. */
#include "stall.h"

#include "base/str.h"
#include "core/settings/settings.h"

static const struct option stall_states[] = {
	{"planned", {"Planned", "筹备中"}, "quiet"}, {"approved", {"Approved", "已批准"}, "good"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition stall_steps[] = {
	{.name = "approve", .label = {"Approve the stall", "批准摊位"}, .from = "planned", .to = "approved", .cap = "stall_approve"}, {.name = NULL},
};

const struct cap_name stall_caps[] = {{"stall_approve", {"Approve stalls", "批准摊位"}}, {.name = NULL}};

static const struct field stall_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_SEARCH | F_LIST, .label = {"Name", "名称"}},
	{.name = "customer_id", .type = FIELD_LINK, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_LIST | F_INDEX, .label = {"Customer", "客户"}},
	{.name = "state", .type = FIELD_ENUM, .options = stall_states, .transitions = stall_steps, .starts = "planned", .fallback = "planned",
	 .label = {"State", "状态"}},
	{.name = "is_open", .type = FIELD_BOOL, .fallback = "true", .flags = F_LIST, .label = {"Open", "营业中"}},
};

const struct entity stall_entity = {
	.name = "stall", .plural = "stalls", .label = {"Stall", "摊位"}, .label_many = {"Stalls", "摊位"}, .fields = stall_fields,
	.n_fields = sizeof(stall_fields) / sizeof(stall_fields[0]), .title = "name", .sort = "id", .search_rank = 90,
};

static const struct field visit_fields[] = {
	{.name = "stall_id", .type = FIELD_LINK, .link = "stall", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX, .label = {"Stall", "摊位"}},
	{.name = "at", .type = FIELD_TIME, .fallback = "now", .label = {"At", "时间"}},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}},
};

const struct entity stall_visit_entity = {
	.name = "stall_visit", .plural = "stall_visits", .label = {"Visit", "到访"}, .label_many = {"Visits", "到访"}, .fields = visit_fields,
	.n_fields = sizeof(visit_fields) / sizeof(visit_fields[0]), .title = "note", .parent = "stall_id", .sort = "at.desc", .flags = E_CHILD,
};

const struct setting stall_settings[] = {
	{.name = "stall.refused_name", .type = SETTING_TEXT, .group = {"Market", "集市"}, .label = {"Name that gets no stall", "不予设摊的名称"}},
	{.name = NULL},
};

/* --- what customers have to do with it -------------------------------------------- */

static enum err refuse(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	const char *refused;
	(void)entity;
	(void)old;
	enum err err = setting_text(ctx, &stall_settings[0], &refused);
	if (!err && now && !str_empty(refused) && str_equal(record_text(now, "name"), refused))
		return fail_arg(ctx, ERR_INVALID, "name", "stall_refused", refused);
	return err;
}

static enum err open_one(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct record *stall;
	(void)entity;
	if (old || !now || !str_equal(record_text(now, "kind"), "company"))
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "stall"), &stall);
	if (!err)
		err = record_set(ctx, stall, "name", value_text(record_text(now, "name")));
	if (!err)
		err = record_set(ctx, stall, "customer_id", value_int(record_id(now)));
	return err ? err : record_create(ctx, stall, W_TRUSTED);
}

static const char *const writes[] = {"stall", NULL};

const struct reaction stall_reactions[] = {{"customer", refuse, open_one, writes}, {0}};
