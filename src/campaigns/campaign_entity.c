/* The records of campaigns: the plan, what is said, who gets it. */
#include <string.h>

#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

/* In hundredths of a percent; days; parts. */
enum { CONTROL_MOST = 9000, WINDOW_MOST = 365, SHARE_MOST = 1000 };

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"}, {"running", {"Running", "进行中"}, "info"}, {"paused", {"Paused", "已暂停"}, "warn"},
	{"stopped", {"Stopped", "已终止"}, "bad"}, {"finished", {"Finished", "已完成"}, "good"}, {0},
};

static const struct option channels[] = {{"email", {"E-mail", "电子邮件"}, NULL}, {"phone", {"Telephone list", "电话名单"}, NULL}, {"post", {"Post", "邮寄"}, NULL}, {0}};

static const struct field_group groups[] = {
	{"plan", {"Plan", "计划"}}, {"whom", {"Whom", "对象"}}, {"when", {"When", "时间"}}, {"money", {"Money", "费用"}}, {"stands", {"How it stands", "进展"}}, {0},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "plan", .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "goal", .type = FIELD_NOTE, .label = {"Goal", "目标"}, .group = "plan", .max = 2000, .help = {"What shall be different afterwards", "希望达成的结果"}},
	{.name = "channel", .type = FIELD_ENUM, .label = {"Channel", "渠道"}, .group = "plan", .options = channels, .fallback = "email", .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "stands", .options = states, .fallback = "draft", .flags = F_READONLY | F_LIST | F_INDEX},
	{.name = "segments", .type = FIELD_LINKS, .label = {"Members of", "目标分群"}, .group = "whom", .link = "segment", .on_delete = DELETE_RESTRICT},
	{.name = "minus", .type = FIELD_LINKS, .label = {"But not of", "排除分群"}, .group = "whom", .link = "segment", .on_delete = DELETE_RESTRICT},
	{.name = "live", .type = FIELD_BOOL, .label = {"Who joins later gets it too", "后来进入分群者也参加"}, .group = "whom", .fallback = "false", .flags = F_REQUIRED,
	 .help = {"Until the end; otherwise the list is frozen when it starts", "直至结束时间；否则名单在开始时固定"}},
	{.name = "control_share", .type = FIELD_DECIMAL, .scale = 2, .label = {"Control group (%)", "对照组比例（%）"}, .group = "whom", .fallback = "10",
	 .flags = F_REQUIRED, .help = {"They get nothing: what they do all the same is what the others are measured against", "不发送；用来衡量活动真正带来的变化"}},
	{.name = "seed", .type = FIELD_TEXT, .label = {"Name of the draw", "抽样种子"}, .group = "whom", .max = 60, .flags = F_MORE,
	 .help = {"The same name puts the same people into the control group", "相同种子抽出相同的对照组"}},
	{.name = "starts_at", .type = FIELD_TIME, .label = {"Not before", "最早开始"}, .group = "when"},
	{.name = "ends_at", .type = FIELD_TIME, .label = {"Nothing is sent after", "截止时间"}, .group = "when"},
	{.name = "window_days", .type = FIELD_INT, .label = {"Orders count for (days)", "订单归因天数"}, .group = "when", .fallback = "14", .flags = F_REQUIRED},
	{.name = "budget", .type = FIELD_MONEY, .label = {"Budget", "预算"}, .group = "money"},
	{.name = "cost_per_contact", .type = FIELD_MONEY, .label = {"Cost per contact", "单次联系成本"}, .group = "money"},
	{.name = "started_at", .type = FIELD_TIME, .label = {"Started", "开始时间"}, .group = "stands", .flags = F_READONLY | F_LIST | F_SORT},
	{.name = "finished_at", .type = FIELD_TIME, .label = {"Finished", "完成时间"}, .group = "stands", .flags = F_READONLY},
	{.name = "error", .type = FIELD_TEXT, .label = {"Why it was paused", "暂停原因"}, .group = "stands", .max = 300, .flags = F_READONLY},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "plan", .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "plan", .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

static bool is_draft(const struct record *campaign)
{
	return campaign == NULL || str_equal(record_text(campaign, "state"), "draft");
}

/* What the list was drawn by stays as it was. */
static enum err check_frozen(struct ctx *ctx, const struct record *old, const struct record *now)
{
	static const char *const frozen[] = {"channel", "segments", "minus", "live", "control_share", "seed", "window_days"};
	for (size_t i = 0; !is_draft(old) && i < sizeof(frozen) / sizeof(frozen[0]); i++) {
		if (!same(old, now, frozen[i]))
			return fail(ctx, ERR_CONFLICT, frozen[i], "campaign_begun");
	}
	return OK;
}

static enum err check_range(struct ctx *ctx, const struct record *now, const char *field, int64_t least, int64_t most, const char *key)
{
	bool given = record_value(now, field)->kind != VALUE_NULL;
	int64_t value = record_i64(now, field);
	return given && (value < least || value > most) ? fail(ctx, ERR_INVALID, field, key) : OK;
}

static enum err campaign_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return is_draft(old) ? OK : fail(ctx, ERR_CONFLICT, "", "campaign_begun_stays");
	enum err err = old != NULL ? check_frozen(ctx, old, now) : OK;
	int64_t from = record_i64(now, "starts_at"), until = record_i64(now, "ends_at");
	if (!err && until != 0 && until <= from)
		err = fail(ctx, ERR_INVALID, "ends_at", "campaign_backwards");
	if (!err)
		err = check_range(ctx, now, "control_share", 0, CONTROL_MOST, "campaign_control_range");
	if (!err)
		err = check_range(ctx, now, "window_days", 1, WINDOW_MOST, "campaign_window_range");
	if (!err)
		err = check_range(ctx, now, "budget", 0, INT64_MAX, "campaign_negative");
	return err ? err : check_range(ctx, now, "cost_per_contact", 0, INT64_MAX, "campaign_negative");
}

const struct entity campaign_entity = {
	.name = "campaign", .plural = "campaigns", .label = {"Campaign", "营销活动"}, .label_many = {"Campaigns", "营销活动"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .groups = groups, .title = "name", .subtitle = "state", .owner = "owner_id", .team = "team_id",
	.sort = "id.desc", .icon = "campaign", .work = "state=in.(draft,running,paused)", .search_rank = 62, .hooks = {.before = campaign_before},
};

/* --- variants and words ------------------------------------------------------------------ */

static const struct field variant_fields[] = {
	{.name = "campaign_id", .type = FIELD_LINK, .label = {"Campaign", "营销活动"}, .link = "campaign", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 60, .flags = F_REQUIRED | F_LIST},
	{.name = "share", .type = FIELD_INT, .label = {"Share", "份额"}, .fallback = "1", .flags = F_REQUIRED | F_LIST,
	 .help = {"Of those who get something: 2 gets twice as many as 1", "在接收者中的份额：2 的人数是 1 的两倍"}},
};

static enum err load_campaign(struct ctx *ctx, const struct record *child, struct record **ret)
{
	return record_load(ctx, registry_find(ctx->registry, "campaign"), record_i64(child, "campaign_id"), ret);
}

/* Who got which is drawn once. */
static enum err variant_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *campaign;
	int64_t n = 0;
	(void)entity;
	const struct record *is = now != NULL ? now : old;
	if (record_i64(is, "campaign_id") == 0 || (old != NULL && now != NULL && same(old, now, "share")))
		return OK;
	enum err err = load_campaign(ctx, is, &campaign);
	if (!err && now != NULL)
		err = check_range(ctx, now, "share", 1, SHARE_MOST, "campaign_share_range");
	if (!err && !is_draft(campaign))
		err = fail(ctx, ERR_CONFLICT, "share", "campaign_begun");
	if (!err && old == NULL)
		err = campaign_number(ctx, &sql_campaign_variant_count, (const int64_t[]){record_i64(now, "campaign_id")}, 1, &n);
	return !err && n >= CAMPAIGN_VARIANTS_MAX ? fail(ctx, ERR_LIMIT, "", "campaign_variants") : err;
}

const struct entity campaign_variant_entity = {
	.name = "campaign_variant", .plural = "campaign_variants", .label = {"Variant", "版本"}, .label_many = {"Variants", "版本"},
	.fields = variant_fields, .n_fields = sizeof(variant_fields) / sizeof(variant_fields[0]), .title = "name", .parent = "campaign_id", .sort = "id.asc", .icon = "campaign",
	.flags = E_CHILD, .hooks = {.before = variant_before},
};

static const struct field content_fields[] = {
	{.name = "campaign_id", .type = FIELD_LINK, .label = {"Campaign", "营销活动"}, .link = "campaign", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "variant_id", .type = FIELD_LINK, .label = {"Variant", "版本"}, .link = "campaign_variant", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST,
	 .help = {"Empty: for all", "留空适用于所有版本"}},
	{.name = "language", .type = FIELD_CODE, .label = {"Language", "语言"}, .max = 12, .fallback = "zh-Hans", .flags = F_REQUIRED | F_LIST},
	{.name = "subject", .type = FIELD_TEXT, .label = {"Subject", "主题"}, .max = 200, .flags = F_REQUIRED | F_LIST, .help = {"{{name}} stands for the customer's name", "{{name}} 表示客户姓名"}},
	{.name = "text", .type = FIELD_NOTE, .label = {"Plain text", "纯文本"}, .max = 20000, .flags = F_REQUIRED},
	{.name = "html", .type = FIELD_NOTE, .label = {"HTML", "HTML"}, .max = 100000, .flags = F_MORE},
};

static enum err content_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *campaign, *variant;
	(void)entity;
	(void)old;
	if (now == NULL || record_i64(now, "campaign_id") == 0)
		return OK;
	enum err err = load_campaign(ctx, now, &campaign);
	const char *state = err ? NULL : record_text(campaign, "state");
	if (!err && !str_equal(state, "draft") && !str_equal(state, "paused"))
		err = fail(ctx, ERR_CONFLICT, "", "campaign_pause_first");
	if (!err && record_i64(now, "variant_id") != 0) {
		err = record_load(ctx, registry_find(ctx->registry, "campaign_variant"), record_i64(now, "variant_id"), &variant);
		if (!err && record_i64(variant, "campaign_id") != record_id(campaign))
			err = fail(ctx, ERR_INVALID, "variant_id", "campaign_variant_of");
	}
	return err ? err : campaign_content_check(ctx, record_text(now, "subject"), record_text(now, "text"), record_text(now, "html"));
}

const struct entity campaign_content_entity = {
	.name = "campaign_content", .plural = "campaign_contents", .label = {"Content", "内容"}, .label_many = {"Contents", "内容"},
	.fields = content_fields, .n_fields = sizeof(content_fields) / sizeof(content_fields[0]), .title = "subject", .subtitle = "language", .parent = "campaign_id",
	.sort = "id.asc", .icon = "campaign", .flags = E_CHILD, .hooks = {.before = content_before},
};

/* --- recipients --------------------------------------------------------------------------- */

static const struct option recipient_states[] = {
	{"control", {"Control group", "对照组"}, "quiet"}, {"waiting", {"Waiting", "等待"}, "info"},      {"queued", {"On its way", "发送中"}, "info"},
	{"ready", {"On the list", "已列入名单"}, "info"},  {"sent", {"Sent", "已发送"}, "good"},          {"unsure", {"Unsure", "不确定"}, "warn"},
	{"failed", {"Failed", "失败"}, "bad"},             {"skipped", {"Not sent", "未发送"}, "quiet"},  {0},
};

static const struct option reasons[] = {
	CONSENT_REASONS,
	{"out_of_reach", {"Not the owner's to see", "超出负责人的可见范围"}, "warn"},
	{"no_content", {"No content in a language for them", "没有适用语言的内容"}, "bad"},
	{"not_rendered", {"The text could not be filled in", "内容无法生成"}, "bad"},
	{"bad_address", {"The address is none", "地址无效"}, "bad"},
	{"server", {"Refused by the mail server", "被邮件服务器拒绝"}, "bad"},
	{"bounced", {"Came back", "退信"}, "bad"},
	{"stopped", {"The campaign was stopped", "活动已终止"}, "quiet"},
	{"ended", {"The campaign had ended", "活动已截止"}, "quiet"},
	{"by_hand", {"Skipped by a person", "人工跳过"}, "quiet"},
	{"other", {"Another reason", "其他原因"}, "warn"},
	{0},
};

/* Very many, written by the program in bulk: without a log. Who may see the customer may see that they were a recipient. */
static const struct field recipient_fields[] = {
	{.name = "campaign_id", .type = FIELD_LINK, .label = {"Campaign", "营销活动"}, .link = "campaign", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_LIST},
	{.name = "variant_id", .type = FIELD_LINK, .label = {"Variant", "版本"}, .link = "campaign_variant", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = recipient_states, .fallback = "waiting", .flags = F_REQUIRED | F_LIST},
	{.name = "reason", .type = FIELD_ENUM, .label = {"Why not", "原因"}, .options = reasons, .flags = F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"What the server said", "服务器答复"}, .max = 300},
	{.name = "due_at", .type = FIELD_TIME, .label = {"Not before", "最早发送"}},
	{.name = "listed_at", .type = FIELD_TIME, .label = {"Listed", "列入时间"}, .flags = F_LIST},
	{.name = "sent_at", .type = FIELD_TIME, .label = {"Sent", "发送时间"}, .flags = F_LIST},
	{.name = "attempts", .type = FIELD_INT, .label = {"Attempts", "次数"}, .fallback = "0"},
	{.name = "orders", .type = FIELD_INT, .label = {"Orders since", "之后订单数"}, .fallback = "0", .flags = F_LIST, .help = {"Within the days that count", "归因天数内"}},
	{.name = "revenue", .type = FIELD_MONEY, .label = {"Spent since", "之后消费"}, .fallback = "0", .flags = F_LIST, .made_from = "order.total_base"},
	{.name = "unsubscribed_at", .type = FIELD_TIME, .label = {"Unsubscribed", "退订时间"}, .flags = F_LIST},
};

static const char *const recipient_indexes[] = {"unique campaign_id,customer_id", "campaign_id,state,due_at", "customer_id,listed_at", NULL};

const struct entity campaign_recipient_entity = {
	.name = "campaign_recipient", .plural = "campaign_recipients", .label = {"Recipient", "接收者"}, .label_many = {"Recipients", "接收者"},
	.fields = recipient_fields, .n_fields = sizeof(recipient_fields) / sizeof(recipient_fields[0]), .title = "state", .subtitle = "reason", .parent = "customer_id",
	.sort = "id.asc", .icon = "campaign", .flags = E_CHILD | E_NO_API_WRITE | E_NO_LOG, .indexes = recipient_indexes,
};
