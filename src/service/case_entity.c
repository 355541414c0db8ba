/* Cases: what a customer brings, who looks after it, how far it is. */
#include "base/str.h"
#include "base/timeutil.h"
#include "service/complaint.h"
#include "service/service_internal.h"
#include "service/sla.h"

static const struct option kinds[] = {
	{"question", {"Question", "咨询"}, NULL},
	{"request", {"Request", "办理"}, NULL},
	{"fault", {"Fault", "故障"}, "warn"},
	{"complaint", {"Complaint", "投诉"}, "bad"},
	{"return", {"Return", "退换货"}, "info"},
	{0},
};

static const struct option channels[] = {
	{"email", {"E-mail", "电子邮件"}, NULL},
	{"phone", {"Phone", "电话"}, NULL},
	{"chat", {"Chat", "在线聊天"}, NULL},
	{"wechat", {"WeChat", "微信"}, NULL},
	{"sms", {"SMS", "短信"}, NULL},
	{"line", {"LINE", "LINE"}, NULL},
	{"form", {"Web form", "网页表单"}, NULL},
	{"portal", {"Portal", "自助门户"}, NULL},
	{"visit", {"In person", "当面"}, NULL},
	{"fax", {"Fax", "传真"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{0},
};

static const struct option priorities[] = {
	{"urgent", {"Urgent", "紧急"}, "bad"},
	{"high", {"High", "高"}, "warn"},
	{"normal", {"Normal", "普通"}, "info"},
	{"low", {"Low", "低"}, "quiet"},
	{0},
};

static const struct option severities[] = {
	{"critical", {"Critical", "重大"}, "bad"},
	{"major", {"Major", "严重"}, "warn"},
	{"minor", {"Minor", "一般"}, "info"},
	{0},
};

static const struct option states[] = {
	{"new", {"New", "新建"}, "info"},
	{"open", {"In work", "处理中"}, "warn"},
	{"waiting_customer", {"Waiting for the customer", "等待客户"}, "quiet"},
	{"waiting_other", {"Waiting for others", "等待第三方"}, "quiet"},
	{"solved", {"Solved", "已解决"}, "good"},
	{"closed", {"Closed", "已关闭"}, "quiet"},
	{0},
};

static const struct option alarms[] = {
	{"warned", {"Due soon", "即将到期"}, "warn"},
	{"late", {"Overdue", "已超时"}, "bad"},
	{"escalated", {"Escalated", "已升级"}, "bad"},
	{"escalated_twice", {"Escalated again", "再次升级"}, "bad"},
	{0},
};

static const struct option clock_kinds[] = {
	{"first", {"First answer", "首次答复"}, NULL},
	{"next", {"Next answer", "后续答复"}, NULL},
	{"update", {"Update", "进展告知"}, NULL},
	{"solve", {"Solution", "解决"}, NULL},
	{0},
};

static const struct option feelings[] = {
	{"negative", {"Upset", "不满"}, "bad"},
	{"neutral", {"Calm", "平静"}, "quiet"},
	{"positive", {"Content", "满意"}, "good"},
	{0},
};

static const struct option said[] = {
	{"yes", {"Yes", "是"}, "good"},
	{"no", {"No", "否"}, "bad"},
	{0},
};

static const struct field_group groups[] = {
	{"matter", {"Matter", "事项"}},
	{"about", {"About", "涉及"}},
	{"belongs", {"Who looks after it", "负责"}},
	{"promise", {"Promise", "时限"}},
	{"links", {"Links", "关联"}},
	{"after", {"Afterwards", "事后"}},
	{0},
};

static const struct field fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Case no.", "工单号"}, .group = "matter", .max = 64, .flags = F_SEARCH | F_UNIQUE | F_LIST,
	 .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "subject", .type = FIELD_TEXT, .label = {"Subject", "主题"}, .group = "matter", .flags = F_REQUIRED | F_SEARCH | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "matter", .options = kinds, .fallback = "question", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "matter", .options = states, .fallback = "new", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "matter", .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST},
	{.name = "contact", .type = FIELD_TEXT, .label = {"Reached at", "联系方式"}, .group = "matter", .max = 250, .flags = F_PERSONAL | F_MASKABLE | F_SEARCH,
	 .help = {"Address or number the customer wrote from", "客户来信的地址或号码"}},
	{.name = "channel", .type = FIELD_ENUM, .label = {"Channel", "渠道"}, .group = "matter", .options = channels, .fallback = "phone", .flags = F_REQUIRED},
	{.name = "shop_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .group = "about", .link = "channel", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "topic_id", .type = FIELD_LINK, .label = {"Topic", "主题分类"}, .group = "matter", .link = "case_topic", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "answers", .type = FIELD_NOTE, .label = {"Answers to the topic's questions", "分类问题的回答"}, .group = "matter", .max = 4000, .flags = F_MORE},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .group = "about", .link = "product", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "serial", .type = FIELD_TEXT, .label = {"Serial number or batch", "序列号/批次"}, .group = "about", .max = 80, .flags = F_SEARCH | F_MORE},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .group = "about", .link = "order", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "order_lines", .type = FIELD_LINKS, .label = {"Order lines", "订单明细"}, .group = "about", .link = "order_line", .on_delete = DELETE_SET_NULL, .flags = F_MORE},
	{.name = "priority", .type = FIELD_ENUM, .label = {"Priority", "优先级"}, .group = "matter", .options = priorities, .flags = F_INDEX | F_LIST,
	 .help = {"Left empty: by topic, customer and severity", "留空时按分类、客户与严重程度确定"}},
	{.name = "priority_rank", .type = FIELD_INT, .label = {"Priority as sorted", "优先级（排序用）"}, .group = "promise", .fallback = "2", .flags = F_READONLY | F_MORE | F_SORT},
	{.name = "priority_auto", .type = FIELD_BOOL, .label = {"Priority by rule", "按规则定级"}, .group = "promise", .fallback = "true", .flags = F_READONLY | F_MORE},
	{.name = "priority_reason", .type = FIELD_JSON, .label = {"Why this priority", "定级原因"}, .group = "promise", .flags = F_READONLY | F_MORE},
	{.name = "severity", .type = FIELD_ENUM, .label = {"Severity", "严重程度"}, .group = "matter", .options = severities, .flags = F_INDEX},
	{.name = "grade_id", .type = FIELD_LINK, .label = {"Graded by", "分级依据"}, .group = "matter", .link = "complaint_grade", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_MORE},
	{.name = "feeling", .type = FIELD_ENUM, .label = {"How the customer feels", "客户情绪"}, .group = "matter", .options = feelings, .flags = F_INDEX},
	{.name = "feeling_score", .type = FIELD_DECIMAL, .scale = 2, .label = {"Feeling (-1 to 1)", "情绪分（-1 至 1）"}, .group = "matter", .flags = F_READONLY | F_MORE},
	{.name = "feeling_words", .type = FIELD_TEXT, .label = {"Words that tell", "情绪依据"}, .group = "matter", .max = 500, .flags = F_READONLY | F_MORE},
	{.name = "feeling_by_person", .type = FIELD_BOOL, .label = {"Feeling set by a person", "情绪由人工设定"}, .group = "matter", .fallback = "false", .flags = F_READONLY | F_MORE},
	{.name = "repeats", .type = FIELD_INT, .label = {"Other complaints in 90 days", "90 天内其他投诉"}, .group = "matter", .fallback = "0", .flags = F_READONLY | F_MORE},
	{.name = "repeat_of_id", .type = FIELD_LINK, .label = {"Complaint before", "上一件投诉"}, .group = "links", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "amends", .type = FIELD_MONEY, .label = {"Amends, worth in all", "补偿合计"}, .group = "after", .fallback = "0", .flags = F_READONLY | F_MORE,
	 .help = {"Approved or given, in base currency", "已批准或已给予，按本位币"}},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_MORE},
	{.name = "participants", .type = FIELD_LINKS, .label = {"Also informed", "参与人"}, .group = "belongs", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_MORE},
	{.name = "tags", .type = FIELD_LINKS, .label = {"Tags", "标签"}, .group = "matter", .link = "tag", .on_delete = DELETE_SET_NULL},
	{.name = "parent_id", .type = FIELD_LINK, .label = {"Part of", "所属工单"}, .group = "links", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "duplicate_of_id", .type = FIELD_LINK, .label = {"Same as", "重复于"}, .group = "links", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "caused_by_id", .type = FIELD_LINK, .label = {"Caused by", "起因工单"}, .group = "links", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "merged_into_id", .type = FIELD_LINK, .label = {"Merged into", "已合并至"}, .group = "links", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_READONLY | F_MORE},
	{.name = "opened_at", .type = FIELD_TIME, .label = {"Opened", "提出时间"}, .group = "promise", .fallback = "now", .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "due_at", .type = FIELD_TIME, .label = {"Due", "到期时间"}, .group = "promise", .made_from = "opened_at", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "due_kind", .type = FIELD_ENUM, .label = {"What is due", "到期事项"}, .group = "promise", .options = clock_kinds, .flags = F_READONLY},
	{.name = "alarm", .type = FIELD_ENUM, .label = {"Alarm", "预警"}, .group = "promise", .options = alarms, .flags = F_READONLY},
	{.name = "policy_id", .type = FIELD_LINK, .label = {"Promise that holds", "适用时限"}, .group = "promise", .link = "sla_policy", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_MORE},
	{.name = "policy_reason", .type = FIELD_JSON, .label = {"Why this promise", "适用原因"}, .group = "promise", .flags = F_READONLY | F_MORE},
	{.name = "snoozed_until", .type = FIELD_TIME, .label = {"Set aside until", "暂缓至"}, .group = "promise", .flags = F_MORE},
	{.name = "unread", .type = FIELD_BOOL, .label = {"New words of the customer", "客户有新消息"}, .group = "promise", .fallback = "false", .flags = F_READONLY},
	{.name = "last_seq", .type = FIELD_INT, .label = {"Messages", "消息数"}, .group = "promise", .fallback = "0", .flags = F_READONLY | F_MORE},
	{.name = "last_in_at", .type = FIELD_TIME, .label = {"Customer wrote last", "客户最近来信"}, .group = "promise", .flags = F_READONLY | F_SORT},
	{.name = "last_out_at", .type = FIELD_TIME, .label = {"Answered last", "最近答复"}, .group = "promise", .flags = F_READONLY},
	{.name = "solved_at", .type = FIELD_TIME, .label = {"Solved at", "解决时间"}, .group = "after", .flags = F_READONLY},
	{.name = "solved_by_id", .type = FIELD_LINK, .label = {"Solved by", "解决人"}, .group = "after", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "reopened", .type = FIELD_INT, .label = {"Times reopened", "重开次数"}, .group = "after", .fallback = "0", .flags = F_READONLY},
	{.name = "cause", .type = FIELD_TEXT, .label = {"Root cause", "根本原因"}, .group = "after", .flags = F_INDEX},
	{.name = "solved_said", .type = FIELD_ENUM, .label = {"Was it solved", "客户认为已解决"}, .group = "after", .options = said},
	{.name = "satisfied", .type = FIELD_INT, .label = {"Satisfied (1 to 5)", "满意度（1–5）"}, .group = "after"},
};

bool case_is_waiting(const char *state)
{
	return str_equal(state, "waiting_customer") || str_equal(state, "waiting_other");
}

bool case_is_ended(const char *state)
{
	return str_equal(state, "solved") || str_equal(state, "closed");
}

bool case_is_restored(const struct record *old, const struct record *now)
{
	return old == NULL && now != NULL && record_i64(now, "version") > 1;
}

enum err case_set_text(struct ctx *ctx, struct record *record, const char *field, const char *text)
{
	return record_set(ctx, record, field, text != NULL ? value_text(text) : value_null());
}

enum err case_set_int(struct ctx *ctx, struct record *record, const char *field, int64_t value)
{
	return record_set(ctx, record, field, value_int(value));
}

enum err case_set_id(struct ctx *ctx, struct record *record, const char *field, int64_t id)
{
	return record_set(ctx, record, field, id != 0 ? value_int(id) : value_null());
}

/* "C" and the record's id in base 32 without letters that look alike. */
static enum err set_number(struct ctx *ctx, struct record *now)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char text[20];
	size_t at = sizeof(text);
	uint64_t rest = (uint64_t)record_id(now);
	text[--at] = '\0';
	for (; rest > 0 && at > 1; rest >>= 5)
		text[--at] = digits[rest & 31];
	text[--at] = 'C';
	const char *copy = arena_strdup(ctx->arena, text + at);
	return copy != NULL ? record_set(ctx, now, "number", value_text(copy)) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* The topic's team, else that of who opened it. */
static enum err settle_team(struct ctx *ctx, struct record *now)
{
	int64_t topic = record_i64(now, "topic_id"), team = 0;
	enum err err = OK;
	if (record_i64(now, "team_id") != 0)
		return OK;
	if (topic != 0) {
		struct record *record;
		err = record_load(ctx, registry_find(ctx->registry, "case_topic"), topic, &record);
		team = err == OK ? record_i64(record, "team_id") : 0;
		if (err == ERR_NOT_FOUND) { /* said with the other faults */
			faults_clear(ctx);
			err = OK;
		}
	}
	if (team == 0 && ctx->actor != NULL)
		team = ctx->actor->team_id;
	return err == OK ? case_set_id(ctx, now, "team_id", team) : err;
}

static enum err end_case(struct ctx *ctx, struct record *now)
{
	enum err err = case_set_int(ctx, now, "solved_at", ctx_now(ctx));
	if (err == OK)
		err = case_set_id(ctx, now, "solved_by_id", ctx->actor != NULL ? ctx->actor->user_id : 0);
	return err;
}

static enum err reopen_case(struct ctx *ctx, struct record *now)
{
	enum err err = case_set_int(ctx, now, "reopened", record_i64(now, "reopened") + 1);
	if (err == OK)
		err = record_set(ctx, now, "solved_at", value_null());
	return err == OK ? record_set(ctx, now, "solved_by_id", value_null()) : err;
}

/* What is over can only be taken up again, not skip back to new; a merged case stays where it went. */
static enum err move_state(struct ctx *ctx, const struct record *old, struct record *now)
{
	const char *from = old != NULL ? record_text(old, "state") : NULL, *to = record_text(now, "state");
	bool was = case_is_ended(from), is = case_is_ended(to);
	enum err err = OK;
	if (str_equal(from, to))
		return OK;
	if (old != NULL && str_equal(to, "new"))
		return fail(ctx, ERR_INVALID, "state", "case_not_new_again");
	if (old != NULL && record_i64(old, "merged_into_id") != 0 && record_i64(now, "merged_into_id") != 0)
		return fail(ctx, ERR_CONFLICT, "state", "case_is_merged");
	if (is && !was)
		err = end_case(ctx, now);
	else if (was && !is)
		err = reopen_case(ctx, now);
	if (err == OK && is)
		err = case_set_int(ctx, now, "unread", 0);
	return err;
}

/* A case is no part, copy or consequence of itself. */
static enum err check_links(struct ctx *ctx, const struct record *now)
{
	static const char *const links[] = {"parent_id", "duplicate_of_id", "caused_by_id"};
	int64_t satisfied = record_i64(now, "satisfied");
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (record_i64(now, links[i]) == record_id(now))
			return fail(ctx, ERR_INVALID, links[i], "case_of_itself");
	}
	if (record_value(now, "satisfied")->kind != VALUE_NULL && (satisfied < 1 || satisfied > 5))
		return fail(ctx, ERR_INVALID, "satisfied", "case_satisfied_range");
	if (record_i64(now, "opened_at") > ctx_now(ctx) + 5 * 60000)
		return fail(ctx, ERR_INVALID, "opened_at", "case_opened_later");
	return OK;
}

/* The model writes feeling and score; the feeling alone is a person's word, which stays until it is emptied. */
static enum err settle_feeling(struct ctx *ctx, const struct record *old, struct record *now)
{
	bool moved = old == NULL ? record_text(now, "feeling") != NULL : !value_equal(record_value(old, "feeling"), record_value(now, "feeling"));
	bool scored = old == NULL ? record_value(now, "feeling_score")->kind != VALUE_NULL : !value_equal(record_value(old, "feeling_score"), record_value(now, "feeling_score"));
	enum err err = OK;
	if (moved && !scored)
		err = case_set_int(ctx, now, "feeling_by_person", record_text(now, "feeling") != NULL);
	return err == OK && old == NULL ? complaint_feel(ctx, now, NULL) : err;
}

/* By a colleague: it is no longer new. */
static bool is_taken_up(const struct record *old, const struct record *now)
{
	return old != NULL && str_equal(record_text(now, "state"), "new") && record_i64(old, "owner_id") == 0 && record_i64(now, "owner_id") != 0;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	enum err err = OK;
	if (now == NULL || case_is_restored(old, now))
		return OK;
	if (str_empty(record_text(now, "number")))
		err = set_number(ctx, now);
	if (err == OK)
		err = check_links(ctx, now);
	if (err == OK && old == NULL)
		err = settle_team(ctx, now);
	if (err == OK && is_taken_up(old, now))
		err = record_set(ctx, now, "state", value_text("open"));
	if (err == OK)
		err = move_state(ctx, old, now);
	if (err == OK)
		err = settle_feeling(ctx, old, now);
	if (err == OK)
		err = complaint_grade(ctx, old, now);
	return err == OK ? case_settle_priority(ctx, old, now) : err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (now != NULL) {
		enum err err = case_is_restored(old, now) ? OK : complaint_follow(ctx, old, now);
		return err == OK ? sla_later(ctx, record_id(now)) : err;
	}
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(old));
	enum err err = key != NULL ? timer_clear(ctx, "case.clock", key) : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? timer_clear(ctx, "case.follow", key) : err;
}

static const char *const indexes[] = {"customer_id,opened_at", "owner_id,state,due_at", "state,due_at", "team_id,state,due_at", "state,priority_rank", NULL};

const struct entity case_entity = {
	.name = "case", .plural = "cases", .label = {"Case", "工单"}, .label_many = {"Cases", "工单"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .groups = groups,
	.title = "number", .subtitle = "subject", .owner = "owner_id", .team = "team_id", .branch = "branch_id",
	.work = "state=in.(new,open,waiting_customer,waiting_other)", .sort = "opened_at.desc", .icon = "case", .search_rank = 3,
	.hooks = {.before = before, .after = after}, .indexes = indexes,
};

/* --- deadlines as records, kept by the program --------------------------------------------------- */

static const struct field clock_fields[] = {
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"What was promised", "承诺事项"}, .options = clock_kinds, .flags = F_REQUIRED | F_LIST},
	{.name = "started_at", .type = FIELD_TIME, .label = {"Runs from", "起始"}, .flags = F_REQUIRED | F_LIST},
	{.name = "stopped_at", .type = FIELD_TIME, .label = {"Kept at", "完成"}, .flags = F_LIST},
	{.name = "target_minutes", .type = FIELD_INT, .label = {"Working minutes", "工作分钟"}, .flags = F_LIST},
	{.name = "elapsed_minutes", .type = FIELD_INT, .label = {"Used minutes", "已用分钟"}, .flags = F_LIST},
	{.name = "due_at", .type = FIELD_TIME, .label = {"Due", "到期"}, .flags = F_LIST},
	{.name = "met", .type = FIELD_BOOL, .label = {"In time", "按时"}, .flags = F_LIST},
	{.name = "by_user_id", .type = FIELD_LINK, .label = {"Whose answer", "答复人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_LIST | F_INDEX},
	{.name = "policy_id", .type = FIELD_LINK, .label = {"Promise", "时限"}, .link = "sla_policy", .on_delete = DELETE_SET_NULL},
	{.name = "level", .type = FIELD_INT, .label = {"Alarm level", "预警级别"}, .fallback = "0", .help = {"1 warned, 2 overdue, 3 and 4 escalated", "1 预警，2 超时，3、4 升级"}},
};

static const char *const clock_indexes[] = {"unique case_id,kind,started_at", "stopped_at,case_id", NULL};

const struct entity case_clock_entity = {
	.name = "case_clock", .plural = "case_clocks", .label = {"Deadline", "时限记录"}, .label_many = {"Deadlines", "时限记录"},
	.fields = clock_fields, .n_fields = sizeof(clock_fields) / sizeof(clock_fields[0]), .title = "kind", .parent = "case_id", .sort = "started_at.asc",
	.icon = "clock", .flags = E_CHILD | E_NO_API_WRITE | E_NO_LOG, .indexes = clock_indexes,
};

static const struct field span_fields[] = {
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST},
	{.name = "from_at", .type = FIELD_TIME, .label = {"From", "起"}, .flags = F_REQUIRED | F_LIST},
	{.name = "to_at", .type = FIELD_TIME, .label = {"To", "止"}, .flags = F_LIST},
	{.name = "running", .type = FIELD_BOOL, .label = {"Time runs", "计时"}, .fallback = "true", .flags = F_LIST},
	{.name = "state", .type = FIELD_TEXT, .label = {"State", "状态"}, .max = 40, .flags = F_LIST},
	{.name = "calendar_id", .type = FIELD_LINK, .label = {"Calendar", "日历"}, .link = "calendar", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "policy_id", .type = FIELD_LINK, .label = {"Promise", "时限"}, .link = "sla_policy", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
};

static const char *const span_indexes[] = {"case_id,from_at", NULL};

const struct entity case_span_entity = {
	.name = "case_span", .plural = "case_spans", .label = {"Time span", "计时区间"}, .label_many = {"Time spans", "计时区间"},
	.fields = span_fields, .n_fields = sizeof(span_fields) / sizeof(span_fields[0]), .title = "state", .parent = "case_id", .sort = "from_at.asc",
	.icon = "clock", .flags = E_CHILD | E_NO_API_WRITE | E_NO_LOG, .indexes = span_indexes,
};
