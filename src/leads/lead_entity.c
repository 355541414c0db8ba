#include "base/str.h"
#include "core/condition/condition.h"
#include "core/store/store.h"
#include "leads/leads.h"

static const struct option states[] = {
	{"new", {"New", "新线索"}, "info"},
	{"working", {"Being worked on", "跟进中"}, "info"},
	{"qualified", {"Qualified", "已确认"}, "good"},
	{"unfit", {"Unfit", "无效"}, "quiet"},
	{"converted", {"Converted", "已转化"}, "good"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option sources[] = {
	{"web", {"Web form", "网站表单"}, NULL},   {"mail", {"E-mail", "邮件"}, NULL},         {"chat", {"Chat", "在线聊天"}, NULL},
	{"exhibition", {"Exhibition", "展会"}, NULL}, {"call", {"Phone call", "来电"}, NULL},  {"referral", {"Referral", "老客推荐"}, NULL},
	{"advert", {"Advertising", "广告"}, NULL}, {"search", {"Search engine", "搜索引擎"}, NULL}, {"social", {"Social media", "社交媒体"}, NULL},
	{"marketplace", {"Marketplace", "电商平台"}, NULL}, {"partner", {"Partner", "合作伙伴"}, NULL}, {"import", {"Imported file", "文件导入"}, NULL},
	{"other", {"Other", "其他"}, NULL},        {NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Who", "基本信息"}}, {"contact", {"Contact", "联系方式"}}, {"interest", {"What it is about", "意向"}}, {"belongs", {"Belongs to", "归属"}},
	{"kept", {"Progress", "进展"}}, {NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "姓名"}, .group = "basic", .max = 120,
	 .flags = F_SEARCH | F_LIST | F_PERSONAL | F_MASKABLE | F_INDEX, .help = {"Left empty: the company's", "留空时用公司名称"}},
	{.name = "company", .type = FIELD_TEXT, .label = {"Company", "公司"}, .group = "basic", .max = 120, .flags = F_SEARCH | F_LIST | F_INDEX},
	{.name = "job_title", .type = FIELD_TEXT, .label = {"Job title", "职务"}, .group = "basic", .max = 80},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .fallback = "new", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "unfit_reason", .type = FIELD_TEXT, .label = {"Why it is unfit", "无效原因"}, .group = "basic", .max = 200},
	{.name = "source", .type = FIELD_ENUM, .label = {"Source", "来源"}, .group = "basic", .options = sources, .flags = F_INDEX | F_LIST},
	{.name = "phone", .type = FIELD_PHONE, .label = {"Phone", "电话"}, .group = "contact", .flags = F_SEARCH | F_INDEX | F_LIST | F_PERSONAL | F_MASKABLE},
	{.name = "email", .type = FIELD_EMAIL, .label = {"E-mail", "电子邮箱"}, .group = "contact", .flags = F_SEARCH | F_INDEX | F_PERSONAL | F_MASKABLE},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .group = "contact", .max = 2},
	{.name = "province", .type = FIELD_TEXT, .label = {"Province", "省/州"}, .group = "contact", .max = 80},
	{.name = "city", .type = FIELD_TEXT, .label = {"City", "城市"}, .group = "contact", .max = 80, .flags = F_INDEX | F_LIST},
	{.name = "interest", .type = FIELD_TEXT, .label = {"Interested in", "意向产品"}, .group = "interest", .max = 200, .flags = F_LIST},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Worth about", "预计金额"}, .group = "interest"},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "interest", .flags = F_SEARCH},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_INDEX | F_LIST, .help = {"Empty: given out by the rules of assignment", "留空时按分配规则分配"}},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "score", .type = FIELD_INT, .label = {"Score", "评分"}, .group = "kept", .fallback = "0", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "score_why", .type = FIELD_JSON, .label = {"Why that score", "评分原因"}, .group = "kept", .max = 8000, .flags = F_READONLY},
	{.name = "assigned_by_id", .type = FIELD_LINK, .label = {"Given by the rule", "分配规则"}, .group = "kept", .link = "lead_assignment",
	 .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
	{.name = "converted_at", .type = FIELD_TIME, .label = {"Converted", "转化时间"}, .group = "kept", .flags = F_READONLY | F_SORT},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "kept", .link = "customer", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX},
	{.name = "contact_id", .type = FIELD_LINK, .label = {"Contact", "联系人"}, .group = "kept", .link = "customer", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX},
	{.name = "opportunity_id", .type = FIELD_LINK, .label = {"Deal", "商机"}, .group = "kept", .link = "opportunity", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX},
	{.name = "made", .type = FIELD_CODE, .label = {"Made by the conversion", "转化时新建"}, .group = "kept", .max = 60, .flags = F_READONLY | F_MORE,
	 .help = {"customer, contact, opportunity", "customer、contact、opportunity"}},
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return OK;
	const char *state = record_text(now, "state"), *was = old != NULL ? record_text(old, "state") : NULL;
	bool converted = str_equal(state, "converted");
	if (str_empty(record_text(now, "name")) && str_empty(record_text(now, "company")))
		return fail(ctx, ERR_INVALID, "name", "lead_nameless");
	if (str_empty(record_text(now, "name"))) {
		enum err err = record_set(ctx, now, "name", *record_value(now, "company"));
		if (err != OK)
			return err;
	}
	/* only the conversion converts, and only its undoing takes that back: it writes the moment along */
	if (converted != (record_value(now, "converted_at")->kind != VALUE_NULL))
		return fail(ctx, ERR_INVALID, "state", str_equal(was, "converted") ? "lead_is_converted" : "lead_converts_itself");
	if (str_equal(state, "unfit") && str_empty(record_text(now, "unfit_reason")))
		return fail(ctx, ERR_INVALID, "unfit_reason", "lead_unfit_why");
	return OK;
}

static enum err score_later(struct ctx *ctx, void *arg)
{
	return lead_score(ctx, (int64_t)(intptr_t)arg);
}

static enum err assign_later(struct ctx *ctx, void *arg)
{
	return lead_assign(ctx, (int64_t)(intptr_t)arg);
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (now == NULL)
		return OK;
	void *id = (void *)(intptr_t)record_id(now);
	enum err err = db_before_commit(ctx, score_later, id);
	/* of nobody: by the score too, so after it */
	return err == OK && old == NULL && record_i64(now, "owner_id") == 0 ? db_before_commit(ctx, assign_later, id) : err;
}

static const char *const indexes[] = {"state,score", "owner_id,state", NULL};

const struct entity lead_entity = {
	.name = "lead", .plural = "leads", .label = {"Lead", "线索"}, .label_many = {"Leads", "线索"}, .fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups, .title = "name", .subtitle = "company", .owner = "owner_id", .team = "team_id", .branch = "branch_id",
	.work = "state=in.(new,working,qualified)", .sort = "score.desc", .icon = "lead", .flags = E_LOOKALIKE, .search_rank = 6, .hooks = {.before = before, .after = after}, .indexes = indexes,
};

/* --- points and assignment -------------------------------------------------------------------- */

static enum err check_condition(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct condition *condition;
	const char *text = now != NULL ? record_text(now, "condition") : NULL;
	(void)entity;
	if (text == NULL || (old != NULL && same(old, now, "condition")))
		return OK;
	return condition_parse(ctx, registry_find(ctx->registry, "lead"), text, &condition);
}

static const struct field point_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"For what", "加分项"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"In Chinese", "中文名称"}, .max = 80, .flags = F_LIST},
	{.name = "condition", .type = FIELD_JSON, .label = {"If", "条件"}, .max = 20000, .asks = "lead", .flags = F_NAMES, .help = {"Empty: all leads", "留空为全部线索"}},
	{.name = "points", .type = FIELD_INT, .label = {"Points", "分值"}, .flags = F_REQUIRED | F_LIST, .help = {"Below zero: against it", "负数为减分"}},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0"},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

const struct entity lead_point_entity = {
	.name = "lead_point", .plural = "lead_points", .label = {"Points of leads", "线索评分项"}, .label_many = {"Points of leads", "线索评分项"}, .fields = point_fields,
	.n_fields = sizeof(point_fields) / sizeof(point_fields[0]), .title = "name", .sort = "position", .hooks = {.before = check_condition},
};

static const struct option modes[] = {
	{"turn", {"In turn", "轮流"}, NULL}, {"load", {"To who has fewest open", "按在手最少"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field assignment_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "condition", .type = FIELD_JSON, .label = {"If", "条件"}, .max = 20000, .asks = "lead", .flags = F_NAMES, .help = {"Empty: all leads", "留空为全部线索"}},
	{.name = "users", .type = FIELD_LINKS, .label = {"To", "分配给"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "mode", .type = FIELD_ENUM, .label = {"How", "方式"}, .options = modes, .fallback = "turn", .flags = F_REQUIRED | F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .flags = F_LIST, .help = {"The first rule that fits holds", "按顺序取第一条符合的规则"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "last_user_id", .type = FIELD_LINK, .label = {"Last given to", "上次分配给"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
};

const struct entity lead_assignment_entity = {
	.name = "lead_assignment", .plural = "lead_assignments", .label = {"Assignment of leads", "线索分配规则"}, .label_many = {"Assignment of leads", "线索分配规则"},
	.fields = assignment_fields, .n_fields = sizeof(assignment_fields) / sizeof(assignment_fields[0]), .title = "name", .sort = "position",
	.hooks = {.before = check_condition},
};
