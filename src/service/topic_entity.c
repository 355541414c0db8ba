/* What cases are about, what is promised for them, and answers that are given often. */
#include "base/str.h"
#include "service/service_internal.h"
#include "service/sla.h"

static const struct option priorities[] = {
	{"urgent", {"Urgent", "紧急"}, "bad"}, {"high", {"High", "高"}, "warn"}, {"normal", {"Normal", "普通"}, "info"}, {"low", {"Low", "低"}, "quiet"}, {0},
};

static const struct field topic_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 100, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "parent_id", .type = FIELD_LINK, .label = {"Part of", "上级分类"}, .link = "case_topic", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "questions", .type = FIELD_NOTE, .label = {"Questions to ask", "需询问的问题"}, .max = 4000, .help = {"One a line", "每行一个"}},
	{.name = "priority", .type = FIELD_ENUM, .label = {"Priority", "优先级"}, .options = priorities, .flags = F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team that handles it", "处理团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Position", "顺序"}, .fallback = "0"},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

/* No topic stands below itself. */
static enum err topic_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)old;
	int64_t up = now != NULL ? record_i64(now, "parent_id") : 0;
	enum err err = OK;
	for (int depth = 0; up != 0 && err == OK; depth++) {
		struct record *above;
		if (up == record_id(now) || depth > 16)
			return fail(ctx, ERR_INVALID, "parent_id", "topic_below_itself");
		err = record_load(ctx, registry_find(ctx->registry, entity->name), up, &above);
		up = err == OK ? record_i64(above, "parent_id") : 0;
	}
	if (err == ERR_NOT_FOUND) { /* the reference says so */
		faults_clear(ctx);
		err = OK;
	}
	return err;
}

const struct entity case_topic_entity = {
	.name = "case_topic", .plural = "case_topics", .label = {"Topic", "工单分类"}, .label_many = {"Topics", "工单分类"},
	.fields = topic_fields, .n_fields = sizeof(topic_fields) / sizeof(topic_fields[0]), .title = "name", .sort = "position.asc", .icon = "tag",
	.hooks = {.before = topic_before},
};

/* --- what is promised ----------------------------------------------------------------------------- */

static const struct option kinds[] = {
	{"question", {"Question", "咨询"}, NULL}, {"request", {"Request", "办理"}, NULL}, {"fault", {"Fault", "故障"}, NULL},
	{"complaint", {"Complaint", "投诉"}, NULL}, {"return", {"Return", "退换货"}, NULL}, {0},
};
static const struct option severities[] = {
	{"critical", {"Critical", "重大"}, NULL}, {"major", {"Major", "严重"}, NULL}, {"minor", {"Minor", "一般"}, NULL}, {0},
};
static const struct option levels[] = {
	{"vip", {"VIP", "贵宾"}, NULL}, {"prime", {"Prime", "优质"}, NULL}, {"main", {"Main", "主要"}, NULL}, {"ordinary", {"Ordinary", "普通"}, NULL}, {0},
};

static const struct field_group policy_groups[] = {{"", {"Promise", "时限"}}, {"when", {"Holds where", "适用条件"}}, {"alarm", {"Alarms", "预警与升级"}}, {0}};

static const struct field policy_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 100, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Position", "顺序"}, .fallback = "0", .flags = F_LIST, .help = {"The first that fits holds", "按顺序取第一个符合的"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "when_kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "when", .options = kinds, .help = {"Empty: any", "留空为任意"}},
	{.name = "when_priority", .type = FIELD_ENUM, .label = {"Priority", "优先级"}, .group = "when", .options = priorities, .flags = F_LIST},
	{.name = "when_severity", .type = FIELD_ENUM, .label = {"Severity", "严重程度"}, .group = "when", .options = severities},
	{.name = "when_level", .type = FIELD_ENUM, .label = {"Customer's level", "客户级别"}, .group = "when", .options = levels, .flags = F_LIST},
	{.name = "when_topic_id", .type = FIELD_LINK, .label = {"Topic", "主题分类"}, .group = "when", .link = "case_topic", .on_delete = DELETE_RESTRICT,
	 .help = {"Those below it too", "含下级分类"}},
	{.name = "when_team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "when", .link = "team", .on_delete = DELETE_RESTRICT},
	{.name = "first_minutes", .type = FIELD_INT, .label = {"First answer (working minutes)", "首次答复（工作分钟）"}, .flags = F_LIST},
	{.name = "next_minutes", .type = FIELD_INT, .label = {"Next answer (working minutes)", "后续答复（工作分钟）"}, .flags = F_LIST},
	{.name = "update_minutes", .type = FIELD_INT, .label = {"Update (working minutes)", "进展告知（工作分钟）"}},
	{.name = "solve_minutes", .type = FIELD_INT, .label = {"Solution (working minutes)", "解决（工作分钟）"}, .flags = F_LIST},
	{.name = "calendar_id", .type = FIELD_LINK, .label = {"Calendar", "日历"}, .link = "calendar", .on_delete = DELETE_SET_NULL,
	 .help = {"Empty: that of the case's team", "留空时采用工单所属团队的日历"}},
	{.name = "warn_percent", .type = FIELD_INT, .label = {"Warn at (% of the time)", "预警（时限百分比）"}, .group = "alarm", .fallback = "80"},
	{.name = "escalate_minutes", .type = FIELD_INT, .label = {"Escalate after (minutes overdue)", "超时多久升级（分钟）"}, .group = "alarm"},
	{.name = "escalate_to_id", .type = FIELD_LINK, .label = {"Escalate to", "升级至"}, .group = "alarm", .link = "user", .on_delete = DELETE_SET_NULL},
	{.name = "escalate2_minutes", .type = FIELD_INT, .label = {"Escalate again after (minutes overdue)", "超时多久再次升级（分钟）"}, .group = "alarm"},
	{.name = "escalate2_to_id", .type = FIELD_LINK, .label = {"Then to", "再升级至"}, .group = "alarm", .link = "user", .on_delete = DELETE_SET_NULL},
};

static enum err policy_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	static const char *const minutes[] = {"first_minutes", "next_minutes", "update_minutes", "solve_minutes", "escalate_minutes", "escalate2_minutes"};
	(void)entity;
	(void)old;
	for (size_t i = 0; now != NULL && i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		int64_t n = record_i64(now, minutes[i]);
		if (n < 0 || n > 366 * 24 * 60 || (i < 4 && n == 0 && record_value(now, minutes[i])->kind != VALUE_NULL))
			return fail(ctx, ERR_INVALID, minutes[i], "sla_minutes_range");
	}
	if (now != NULL && (record_i64(now, "warn_percent") < 1 || record_i64(now, "warn_percent") > 100))
		return fail(ctx, ERR_INVALID, "warn_percent", "sla_percent_range");
	return OK;
}

static enum err policy_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	(void)old;
	(void)now;
	return sla_recount_later(ctx, true);
}

const struct entity sla_policy_entity = {
	.name = "sla_policy", .plural = "sla_policies", .label = {"Promise", "服务时限"}, .label_many = {"Promises", "服务时限"},
	.fields = policy_fields, .n_fields = sizeof(policy_fields) / sizeof(policy_fields[0]), .groups = policy_groups, .title = "name",
	.sort = "position.asc", .icon = "clock", .hooks = {.before = policy_before, .after = policy_after},
};

/* --- standard answers ------------------------------------------------------------------------------ */

static const struct option then_states[] = {
	{"open", {"In work", "处理中"}, NULL}, {"waiting_customer", {"Waiting for the customer", "等待客户"}, NULL},
	{"waiting_other", {"Waiting for others", "等待第三方"}, NULL}, {"solved", {"Solved", "已解决"}, NULL}, {0},
};

static const struct field macro_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 100, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "short", .type = FIELD_CODE, .label = {"Short word", "快捷词"}, .max = 30, .flags = F_UNIQUE | F_LIST, .help = {"Typed after / in an answer", "答复中以 / 输入"}},
	{.name = "body", .type = FIELD_NOTE, .label = {"Text", "内容"}, .flags = F_REQUIRED, .help = {"{name} becomes the customer's name, {order} the order number, {case} the case number", "{name} 为客户姓名，{order} 为订单号，{case} 为工单号"}},
	{.name = "topic_id", .type = FIELD_LINK, .label = {"Topic", "主题分类"}, .link = "case_topic", .on_delete = DELETE_SET_NULL, .flags = F_LIST | F_INDEX},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .max = 12, .flags = F_LIST},
	{.name = "then_state", .type = FIELD_ENUM, .label = {"Then the case is", "随后状态"}, .options = then_states, .flags = F_LIST},
	{.name = "used", .type = FIELD_INT, .label = {"Times used", "使用次数"}, .fallback = "0", .flags = F_READONLY | F_LIST},
};

const struct entity macro_entity = {
	.name = "macro", .plural = "macros", .label = {"Standard answer", "标准答复"}, .label_many = {"Standard answers", "标准答复"},
	.fields = macro_fields, .n_fields = sizeof(macro_fields) / sizeof(macro_fields[0]), .title = "name", .subtitle = "short", .sort = "name.asc", .icon = "note",
};
