/* Complaints: by what they are graded, what may be given to make them good, and what was given. */
#include "base/str.h"
#include "service/complaint.h"
#include "service/service_internal.h"

static const struct option severities[] = {
	{"critical", {"Critical", "重大"}, "bad"}, {"major", {"Major", "严重"}, "warn"}, {"minor", {"Minor", "一般"}, "info"}, {0},
};

static const struct option kinds[] = {
	{"coupon", {"Coupon", "优惠券"}, NULL}, {"points", {"Points", "积分"}, NULL}, {"refund", {"Refund", "退款"}, "warn"},
	{"gift", {"Gift", "赠品"}, NULL}, {"call", {"Apology by phone", "致电道歉"}, NULL}, {0},
};

static const struct option states[] = {
	{"asked", {"Waits for approval", "待审批"}, "warn"}, {"approved", {"Approved", "已批准"}, "info"}, {"refused", {"Refused", "已拒绝"}, "bad"},
	{"given", {"Given", "已给予"}, "good"}, {"taken_back", {"Taken back", "已收回"}, "quiet"}, {0},
};

static const struct field grade_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 100, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Position", "顺序"}, .fallback = "0", .flags = F_LIST, .help = {"The first that fits holds", "按顺序取第一个符合的"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "severity", .type = FIELD_ENUM, .label = {"Severity", "严重程度"}, .options = severities, .flags = F_REQUIRED | F_LIST},
	{.name = "when_words", .type = FIELD_NOTE, .label = {"One of these words", "出现以下词语之一"}, .max = 4000, .help = {"One a line; empty: any text", "每行一个；留空为不限"}},
	{.name = "when_feeling", .type = FIELD_DECIMAL, .scale = 2, .label = {"Feeling at most (-1 to 1)", "情绪不高于（-1 至 1）"}},
	{.name = "when_repeats", .type = FIELD_INT, .label = {"Complaints in 90 days, at least", "90 天内投诉次数不少于"}},
	{.name = "when_topic_id", .type = FIELD_LINK, .label = {"Topic", "主题分类"}, .link = "case_topic", .on_delete = DELETE_RESTRICT},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Handled by team", "处理团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "told", .type = FIELD_LINKS, .label = {"Who is told", "通知人员"}, .link = "user", .on_delete = DELETE_SET_NULL},
	{.name = "follow_up_days", .type = FIELD_INT, .label = {"Ask again after (days)", "回访（天后）"}, .flags = F_LIST},
};

static enum err grade_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	int64_t feeling = record_i64(now, "when_feeling"), days = record_i64(now, "follow_up_days");
	if (feeling < -100 || feeling > 100)
		return fail(ctx, ERR_INVALID, "when_feeling", "complaint_feeling_range");
	return days < 0 || days > 365 ? fail(ctx, ERR_INVALID, "follow_up_days", "complaint_days_range") : OK;
}

const struct entity complaint_grade_entity = {
	.name = "complaint_grade", .plural = "complaint_grades", .label = {"Grade of complaints", "投诉分级"}, .label_many = {"Grades of complaints", "投诉分级"},
	.fields = grade_fields, .n_fields = sizeof(grade_fields) / sizeof(grade_fields[0]), .title = "name", .sort = "position.asc", .icon = "tag",
	.hooks = {.before = grade_before},
};

/* --- what may be given ------------------------------------------------------------------------------ */

static const struct field item_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 100, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .fallback = "coupon", .flags = F_REQUIRED | F_LIST},
	{.name = "value", .type = FIELD_MONEY, .label = {"Worth", "价值"}, .flags = F_LIST, .help = {"Empty: said each time", "留空则每次填写"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "note", .type = FIELD_NOTE, .label = {"How it is given", "给予方式"}},
};

const struct entity compensation_item_entity = {
	.name = "compensation_item", .plural = "compensation_items", .label = {"Amends offered", "补偿项目"}, .label_many = {"Amends offered", "补偿项目"},
	.fields = item_fields, .n_fields = sizeof(item_fields) / sizeof(item_fields[0]), .title = "name", .sort = "name.asc", .icon = "tag",
};

static const struct field limit_fields[] = {
	{.name = "severity", .type = FIELD_ENUM, .label = {"Severity", "严重程度"}, .options = severities, .flags = F_LIST, .help = {"As the criteria found it, not as a person said; empty: any", "以分级标准的判定为准，人工填写的不算；留空为不限"}},
	{.name = "user_id", .type = FIELD_LINK, .label = {"For", "适用人员"}, .link = "user", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST, .help = {"Empty: everybody", "留空为所有人"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Up to, for one case", "单件上限"}, .flags = F_REQUIRED | F_LIST},
};

const struct entity compensation_limit_entity = {
	.name = "compensation_limit", .plural = "compensation_limits", .label = {"Limit of amends", "补偿额度"}, .label_many = {"Limits of amends", "补偿额度"},
	.fields = limit_fields, .n_fields = sizeof(limit_fields) / sizeof(limit_fields[0]), .title = "severity", .sort = "id.asc", .icon = "tag",
};

/* --- what was given ---------------------------------------------------------------------------------- */

static const struct field given_fields[] = {
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "item_id", .type = FIELD_LINK, .label = {"What", "补偿项目"}, .link = "compensation_item", .on_delete = DELETE_RESTRICT, .flags = F_LIST | F_INSERT_ONLY},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Worth", "价值"}, .currency_field = "currency", .fallback = "0", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_READONLY, .help = {"Of a refund: that of the order", "退款为订单币种"}},
	{.name = "amount_base", .type = FIELD_MONEY, .label = {"Worth in base currency", "本位币价值"}, .flags = F_READONLY},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Of order", "订单"}, .link = "order", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why", "原因"}, .max = 300},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .flags = F_INDEX | F_LIST},
	{.name = "asked_by_id", .type = FIELD_LINK, .label = {"Asked by", "申请人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_LIST},
	{.name = "decided_by_id", .type = FIELD_LINK, .label = {"Decided by", "审批人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_LIST},
	{.name = "decided_at", .type = FIELD_TIME, .label = {"Decided", "审批时间"}, .flags = F_READONLY},
	{.name = "kept", .type = FIELD_BOOL, .label = {"Arrived with the customer", "客户已收到"}},
};

static const char *const given_indexes[] = {"order_id,state", NULL};

const struct entity compensation_entity = {
	.name = "compensation", .plural = "compensations", .label = {"Amends", "补偿"}, .label_many = {"Amends", "补偿"},
	.fields = given_fields, .n_fields = sizeof(given_fields) / sizeof(given_fields[0]), .title = "kind", .subtitle = "state", .parent = "case_id",
	.sort = "id.desc", .icon = "tag", .flags = E_CHILD, .hooks = {.before = compensation_before, .after = compensation_after}, .indexes = given_indexes,
};
