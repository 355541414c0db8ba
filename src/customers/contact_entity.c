/* What was agreed and said: consents and interactions. */
#include "customers/customers.h"

#include "base/str.h"
#include "customers/contact_series.h"
#include "customers/customers_sql.h"

static const struct option consent_channels[] = {
	{"email", {"E-mail", "电子邮件"}, NULL},
	{"sms", {"SMS", "短信"}, NULL},
	{"phone", {"Phone", "电话"}, NULL},
	{"post", {"Post", "邮寄"}, NULL},
	{"wechat", {"WeChat", "微信"}, NULL},
	{"line", {"LINE", "LINE"}, NULL},
	{"app", {"App", "应用消息"}, NULL},
	{"web", {"Web tracking", "网站追踪"}, NULL},
	{"any", {"Any", "全部渠道"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option purposes[] = {
	{"marketing", {"Marketing", "营销"}, NULL},
	{"service", {"Service", "服务"}, NULL},
	{"profiling", {"Profiling", "画像分析"}, NULL},
	{"sharing", {"Passing to others", "对外提供"}, NULL},
	{"sensitive", {"Sensitive data", "敏感信息"}, NULL},
	{"abroad", {"Transfer abroad", "出境"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option consent_states[] = {
	{"given", {"Given", "已同意"}, "good"},
	{"withdrawn", {"Withdrawn", "已撤回"}, "bad"},
	{"asked", {"Asked, not confirmed yet", "已询问，待确认"}, "warn"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option bases[] = {
	{"consent", {"Consent", "个人同意"}, NULL},
	{"contract", {"Contract", "履行合同"}, NULL},
	{"law", {"Legal duty", "法定义务"}, NULL},
	{"interest", {"Legitimate interest", "正当利益"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

/* A ledger: a change of mind is a new entry, so nothing can be edited afterwards, and what was agreed stays known when the
 * customer is gone: it has to be shown for years. */
static const struct field consent_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer",
	 .on_delete = DELETE_SET_NULL, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_OUTLIVES},
	{.name = "channel", .type = FIELD_ENUM, .label = {"Channel", "渠道"}, .options = consent_channels,
	 .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "purpose", .type = FIELD_ENUM, .label = {"Purpose", "目的"}, .options = purposes,
	 .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = consent_states,
	 .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "basis", .type = FIELD_ENUM, .label = {"Lawful basis", "合法依据"}, .options = bases, .fallback = "consent",
	 .flags = F_LIST | F_INSERT_ONLY},
	{.name = "at", .type = FIELD_TIME, .label = {"When", "时间"}, .fallback = "now", .flags = F_LIST | F_SORT | F_INSERT_ONLY},
	{.name = "source", .type = FIELD_TEXT, .label = {"Where it was given", "取得途径"}, .max = 200, .flags = F_LIST | F_INSERT_ONLY},
	{.name = "text_version", .type = FIELD_TEXT, .label = {"Version of the text", "文本版本"}, .max = 80, .flags = F_INSERT_ONLY},
	{.name = "evidence", .type = FIELD_NOTE, .label = {"Evidence", "凭证"}, .max = 2000, .flags = F_INSERT_ONLY},
	{.name = "former_customer", .type = FIELD_CODE, .label = {"Deleted customer", "已删除的客户"}, .max = 20, .flags = F_READONLY | F_INDEX | F_MORE,
	 .help = {"The id of the customer, who is deleted since", "客户删除前的编号"}},
};

/* The id of a customer who is deleted stays known, until they are brought back. */
static enum err consent_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	int64_t was = old != NULL ? record_i64(old, "customer_id") : 0;
	if (old == NULL || new_ == NULL || was == record_i64(new_, "customer_id"))
		return OK;
	const char *id = was != 0 ? arena_printf(ctx->arena, "%lld", (long long)was) : NULL;
	if (was != 0 && id == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return record_set(ctx, new_, "former_customer", id != NULL ? value_text(id) : value_null());
}

const struct entity consent_entity = {
	.name = "consent",
	.plural = "consents",
	.label = {"Consent", "授权同意"},
	.label_many = {"Consents", "授权同意"},
	.fields = consent_fields,
	.n_fields = sizeof(consent_fields) / sizeof(consent_fields[0]),
	.title = "purpose",
	.subtitle = "channel",
	.parent = "customer_id",
	.sort = "at.desc",
	.icon = "consent",
	.flags = E_CHILD,
	.hooks = {.before = consent_before},
};

static const struct option kinds[] = {
	{"note", {"Note", "备注"}, NULL},
	{"call", {"Call", "电话"}, NULL},
	{"email", {"E-mail", "邮件"}, NULL},
	{"chat", {"Chat", "在线聊天"}, NULL},
	{"sms", {"SMS", "短信"}, NULL},
	{"wechat", {"WeChat", "微信"}, NULL},
	{"line", {"LINE", "LINE"}, NULL},
	{"visit", {"Visit", "拜访"}, NULL},
	{"meeting", {"Meeting", "会议"}, NULL},
	{"task", {"Task", "任务"}, NULL},
	{"web", {"Web visit", "网站访问"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option directions[] = {
	{"in", {"From the customer", "客户发起"}, NULL},
	{"out", {"To the customer", "我方发起"}, NULL},
	{"internal", {"Internal", "内部"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option states[] = {
	{"planned", {"Planned", "计划中"}, "info"},
	{"open", {"Open", "进行中"}, "warn"},
	{"done", {"Done", "已完成"}, "good"},
	{"cancelled", {"Cancelled", "已取消"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option repeats[] = {
	{"daily", {"Every day", "每天"}, NULL},      {"weekdays", {"Monday to Friday", "工作日"}, NULL}, {"weekly", {"Every week", "每周"}, NULL},
	{"biweekly", {"Every two weeks", "每两周"}, NULL}, {"monthly", {"Every month", "每月"}, NULL},     {"yearly", {"Every year", "每年"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field interaction_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer",
	 .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST, .help = {"Empty for one's own tasks, and for leads", "自己的任务或线索可不填"}},
	{.name = "about", .type = FIELD_CODE, .label = {"About", "关联"}, .max = 80, .flags = F_INDEX | F_ANY,
	 .on_delete = DELETE_SET_NULL, .help = {"A record of any kind: opportunity/4611686018427387904", "任意记录：opportunity/4611686018427387904"}},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .fallback = "note",
	 .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "subject", .type = FIELD_TEXT, .label = {"Subject", "主题"}, .max = 200, .flags = F_LIST | F_SEARCH},
	{.name = "body", .type = FIELD_NOTE, .label = {"Content", "内容"}},
	{.name = "at", .type = FIELD_TIME, .label = {"When", "时间"}, .fallback = "now", .flags = F_REQUIRED | F_LIST | F_SORT},
	{.name = "direction", .type = FIELD_ENUM, .label = {"Direction", "方向"}, .options = directions, .fallback = "internal"},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = states, .fallback = "done",
	 .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "due_at", .type = FIELD_TIME, .label = {"Due", "截止时间"}, .flags = F_LIST | F_SORT},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Who", "经办人"}, .link = "user", .on_delete = DELETE_RESTRICT,
	 .fallback = "me", .flags = F_INDEX | F_LIST},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_SET_NULL,
	 .flags = F_INDEX},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .link = "channel",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "minutes", .type = FIELD_INT, .label = {"Minutes", "时长（分钟）"}},
	{.name = "outcome", .type = FIELD_TEXT, .label = {"Outcome", "结果"}, .max = 300},
	{.name = "ends_at", .type = FIELD_TIME, .label = {"Until", "结束时间"}, .flags = F_MORE},
	{.name = "all_day", .type = FIELD_BOOL, .label = {"All day", "全天"}, .fallback = "false", .flags = F_MORE},
	{.name = "time_zone", .type = FIELD_CODE, .label = {"Time zone", "时区"}, .max = 64, .flags = F_MORE,
	 .help = {"Of its hours where they are not the firm's own, such as Europe/London", "与公司时区不同时填写，如 Europe/London"}},
	{.name = "place", .type = FIELD_TEXT, .label = {"Place", "地点"}, .max = 200, .flags = F_MORE},
	{.name = "participants", .type = FIELD_LINKS, .label = {"With", "参与人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_MORE},
	{.name = "remind_minutes", .type = FIELD_INT, .label = {"Remind, minutes before", "提前提醒（分钟）"}, .flags = F_MORE},
	{.name = "reminded_at", .type = FIELD_TIME, .label = {"Reminded", "已提醒"}, .flags = F_READONLY | F_MORE},
	{.name = "repeats", .type = FIELD_ENUM, .label = {"Repeats", "重复"}, .options = repeats, .flags = F_INSERT_ONLY | F_MORE},
	{.name = "repeats_until", .type = FIELD_DATE, .label = {"Repeats until", "重复至"}, .flags = F_INSERT_ONLY | F_MORE,
	 .help = {"Empty: for 90 days", "留空为 90 天"}},
	{.name = "series_id", .type = FIELD_LINK, .label = {"First of the series", "系列首项"}, .link = "interaction", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "report", .type = FIELD_JSON, .label = {"Report", "报告"}, .max = 20000, .flags = F_MORE,
	 .help = {"Questions and answers: [{\"question\": \"…\", \"answer\": \"…\"}]", "问题与回答：[{\"question\": \"…\", \"answer\": \"…\"}]"}},
	{.name = "pinned", .type = FIELD_BOOL, .label = {"Pinned", "置顶"}, .fallback = "false"},
};

static bool is_open(const struct record *r)
{
	const char *state = record_text(r, "state");
	return str_equal(state, "open") || str_equal(state, "planned");
}

static bool is_contact(const struct record *r)
{
	return str_equal(record_text(r, "state"), "done") && !str_equal(record_text(r, "direction"), "internal");
}

static enum err add_contact(struct ctx *ctx, int64_t customer_id, int64_t open, int64_t contacts, bool recount)
{
	struct stmt *stmt;
	if (customer_id == 0 || (open == 0 && contacts == 0 && !recount))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_add_contact, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	stmt_bind_i64(stmt, 2, open);
	stmt_bind_i64(stmt, 3, contacts);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err != OK)
		return err;
	err = db_prepare(ctx, ctx->db, &sql_customer_last_contact, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What was planned for later and is done now was done now: no customer was last heard of in two weeks. */
static enum err interaction_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	if (new_ != NULL) {
		enum err err = interaction_check(ctx, old, new_);
		if (err != OK)
			return err;
	}
	bool finished = old != NULL && new_ != NULL && is_open(old) && str_equal(record_text(new_, "state"), "done");
	if (!finished || !value_equal(record_value(old, "at"), record_value(new_, "at")) || record_i64(new_, "at") <= ctx_now(ctx))
		return OK;
	return record_set(ctx, new_, "at", value_int(ctx_now(ctx)));
}

static enum err interaction_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)entity;
	int64_t from = old != NULL ? record_i64(old, "customer_id") : 0;
	int64_t to = new_ != NULL ? record_i64(new_, "customer_id") : 0;
	int64_t open_old = old != NULL && is_open(old), open_new = new_ != NULL && is_open(new_);
	int64_t contact_old = old != NULL && is_contact(old), contact_new = new_ != NULL && is_contact(new_);
	enum err made = old == NULL && new_ != NULL ? interaction_repeat(ctx, new_) : OK;
	if (made != OK)
		return made;
	if (from == to) {
		bool moved = contact_new != 0 && old != NULL && !value_equal(record_value(old, "at"), record_value(new_, "at"));
		return add_contact(ctx, to, open_new - open_old, contact_new - contact_old, moved);
	}
	enum err err = add_contact(ctx, from, -open_old, -contact_old, false);
	if (err == OK)
		err = add_contact(ctx, to, open_new, contact_new, false);
	return err;
}

static const char *const interaction_indexes[] = {"customer_id,at", "about,at", "owner_id,state,due_at", NULL};

const struct entity interaction_entity = {
	.name = "interaction",
	.plural = "interactions",
	.label = {"Activity", "跟进记录"},
	.label_many = {"Activities", "跟进记录"},
	.fields = interaction_fields,
	.n_fields = sizeof(interaction_fields) / sizeof(interaction_fields[0]),
	.title = "subject",
	.subtitle = "kind",
	.owner = "owner_id",
	.work = "state=in.(planned,open)",
	.parent = "customer_id",
	.sort = "at.desc",
	.icon = "interaction",
	.search_rank = 5,
	.hooks = {.before = interaction_before, .after = interaction_after},
	.indexes = interaction_indexes,
};
