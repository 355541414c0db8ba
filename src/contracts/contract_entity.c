/* Contracts, their parties, their lines, and what they were before each amendment. */
#include <string.h>

#include "base/str.h"
#include "contracts/contracts_internal.h"
#include "core/sequence/sequence.h"
#include "sales/sales.h"

enum { MONTHS_MAX = 600, NOTICE_MAX = 3650 };

static const struct option kinds[] = {
	{"sale", {"Sale", "销售"}, NULL},       {"service", {"Service", "服务"}, NULL}, {"lease", {"Lease", "租赁"}, NULL},
	{"framework", {"Framework", "框架协议"}, NULL}, {"distribution", {"Distribution", "经销"}, NULL}, {"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"},      {"active", {"In force", "履行中"}, "good"},     {"ended", {"Ended", "已到期"}, "quiet"},
	{"terminated", {"Terminated", "已终止"}, "bad"}, {"renewed", {"Renewed", "已续签"}, "info"}, {NULL, {NULL, NULL}, NULL},
};

/* Renewing is more than a step: it makes the contract that follows. */
static const struct transition steps[] = {
	{.name = "activate", .label = {"Put in force", "生效"}, .from = "draft", .to = "active", .needs = "starts_on", .colour = "good"},
	{.name = "end", .label = {"End it", "到期结束"}, .from = "active", .to = "ended"},
	{.name = "terminate", .label = {"Terminate", "终止"}, .from = "active", .to = "terminated", .reason = "state_reason", .colour = "bad"},
	{.name = "reopen", .label = {"Back in force", "恢复履行"}, .from = "ended,terminated", .to = "active", .reason = "state_reason"},
	{.name = NULL},
};

static const struct option renewals[] = {
	{"none", {"Ends", "到期终止"}, NULL}, {"manual", {"Renewed by agreement", "协商续签"}, "info"}, {"auto", {"Renews itself", "自动续期"}, "good"}, {NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"term", {"Term", "期限"}}, {"money", {"Money", "金额"}}, {"belongs", {"Belongs to", "归属"}}, {NULL, {NULL, NULL}},
};

static const struct sequence numbers = {.pattern = "C{id}", .setting = "contracts.number", .date = "signed_on"};

static const struct field fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Contract no.", "合同号"}, .group = "basic", .max = 64, .sequence = &numbers,
	 .flags = F_SEARCH | F_UNIQUE | F_LIST, .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "title", .type = FIELD_TEXT, .label = {"What it is about", "合同名称"}, .group = "basic", .max = 200, .flags = F_REQUIRED | F_SEARCH | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "basic", .options = kinds, .fallback = "sale", .flags = F_REQUIRED},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .transitions = steps,
	 .fallback = "draft", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .group = "basic", .max = 300, .flags = F_MORE},
	{.name = "signed_on", .type = FIELD_DATE, .label = {"Signed", "签订日期"}, .group = "term"},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "开始日期"}, .group = "term", .flags = F_SORT | F_LIST},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"Until", "结束日期"}, .group = "term", .flags = F_SORT | F_LIST,
	 .help = {"This day too; empty: without end", "含当日，留空为无固定期限"}},
	{.name = "renewal", .type = FIELD_ENUM, .label = {"Renewal", "续签方式"}, .group = "term", .options = renewals, .fallback = "manual", .flags = F_REQUIRED | F_LIST},
	{.name = "renewal_months", .type = FIELD_INT, .label = {"Renewed for (months)", "续期（月）"}, .group = "term", .fallback = "12", .least = "1", .most = "600",
	 .flags = F_REQUIRED},
	{.name = "notice_days", .type = FIELD_INT, .label = {"Notice before the end (days)", "提前通知（天）"}, .group = "term", .fallback = "60", .least = "0", .most = "3650",
	 .flags = F_REQUIRED},
	{.name = "notice_on", .type = FIELD_DATE, .label = {"Notice by", "通知截止日"}, .group = "term", .made_from = "ends_on", .flags = F_READONLY | F_SORT},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3, .help = {"Empty: the firm's", "留空时为本位币"}},
	{.name = "value", .type = FIELD_MONEY, .label = {"Value", "合同金额"}, .group = "money", .currency_field = "currency", .fallback = "0", .flags = F_SORT | F_LIST},
	{.name = "fx_rate", .type = FIELD_DECIMAL, .label = {"Rate to base currency", "本位币汇率"}, .group = "money", .scale = 6, .flags = F_MORE},
	{.name = "value_base", .type = FIELD_MONEY, .label = {"Value in base currency", "合同金额（本位币）"}, .group = "money", .made_from = "value", .flags = F_READONLY},
	{.name = "version_no", .type = FIELD_INT, .label = {"Version", "版本"}, .group = "basic", .fallback = "1", .flags = F_READONLY},
	{.name = "previous_id", .type = FIELD_LINK, .label = {"Follows", "前一合同"}, .group = "basic", .link = "contract", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "next_id", .type = FIELD_LINK, .label = {"Renewed by", "续签合同"}, .group = "basic", .link = "contract", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

bool contract_same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

/* Nothing says until when without an end. */
static enum err settle_notice(struct ctx *ctx, struct record *now)
{
	const char *ends = record_text(now, "ends_on");
	char day[RECEIVABLES_DAY_BYTES];
	bool waits = ends != NULL && !str_equal(record_text(now, "renewal"), "none");
	if (!waits)
		return record_set(ctx, now, "notice_on", value_null());
	enum err err = receivables_day_after(ctx, ends, -record_i64(now, "notice_days"), day);
	const char *copy = err == OK ? arena_strdup(ctx->arena, day) : NULL;
	return err != OK ? err : copy == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : record_set(ctx, now, "notice_on", value_text(copy));
}

static enum err check(struct ctx *ctx, const struct record *now)
{
	const char *from = record_text(now, "starts_on"), *until = record_text(now, "ends_on");
	if (from != NULL && until != NULL && strcmp(until, from) < 0)
		return fail(ctx, ERR_INVALID, "ends_on", "contract_ends_before");
	if (record_i64(now, "value") < 0)
		return fail(ctx, ERR_INVALID, "value", "contract_negative");
	if (record_i64(now, "renewal_months") < 1 || record_i64(now, "renewal_months") > MONTHS_MAX)
		return fail(ctx, ERR_INVALID, "renewal_months", "contract_months");
	if (record_i64(now, "notice_days") < 0 || record_i64(now, "notice_days") > NOTICE_MAX)
		return fail(ctx, ERR_INVALID, "notice_days", "contract_notice");
	return OK;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES];
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = check(ctx, now);
	if (err == OK && old == NULL)
		err = receivables_belong(ctx, now);
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = receivables_currency(ctx, old, now, today);
	if (err == OK)
		err = sales_in_base(ctx, old, now, "value", "value_base");
	return err == OK ? settle_notice(ctx, now) : err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	enum err err = contract_remind(ctx, old, now);
	if (err == OK && old != NULL && now != NULL && !contract_same(old, now, "ends_on"))
		err = contract_lines_again(ctx, now);
	bool over = old != NULL && now != NULL && str_equal(record_text(now, "state"), "terminated") && !contract_same(old, now, "state");
	return err == OK && over ? contract_unplan(ctx, now) : err;
}

static const char *const indexes[] = {"state,ends_on", "customer_id,starts_on", "owner_id,ends_on", NULL};

const struct entity contract_entity = {
	.name = "contract",
	.plural = "contracts",
	.label = {"Contract", "合同"},
	.label_many = {"Contracts", "合同"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "title",
	.subtitle = "number",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "state=in.(draft,active)",
	.sort = "ends_on.asc",
	.icon = "contract",
	.flags = E_LOOKALIKE,
	.search_rank = 7,
	.hooks = {.before = before, .after = after},
	.indexes = indexes,
};

/* --- parties ----------------------------------------------------------------------------- */

static const struct option roles[] = {
	{"buyer", {"Buyer", "甲方（买方）"}, NULL},   {"seller", {"Seller", "乙方（卖方）"}, NULL}, {"guarantor", {"Guarantor", "担保方"}, NULL},
	{"agent", {"Agent", "代理方"}, NULL},          {"other", {"Other", "其他"}, NULL},           {NULL, {NULL, NULL}, NULL},
};

static const struct field party_fields[] = {
	{.name = "contract_id", .type = FIELD_LINK, .label = {"Contract", "合同"}, .link = "contract", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "role", .type = FIELD_ENUM, .label = {"Part", "身份"}, .options = roles, .fallback = "buyer", .flags = F_REQUIRED | F_LIST},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 200, .flags = F_REQUIRED | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "signatory", .type = FIELD_TEXT, .label = {"Signed by", "签字人"}, .max = 120, .flags = F_LIST},
};

const struct entity contract_party_entity = {
	.name = "contract_party",
	.plural = "contract_parties",
	.label = {"Party", "合同方"},
	.label_many = {"Parties", "合同方"},
	.fields = party_fields,
	.n_fields = sizeof(party_fields) / sizeof(party_fields[0]),
	.title = "name",
	.parent = "contract_id",
	.sort = "id.asc",
	.icon = "customer",
	.flags = E_CHILD | E_LOOKALIKE,
};

/* --- what it was before ------------------------------------------------------------------ */

static const struct field version_fields[] = {
	{.name = "contract_id", .type = FIELD_LINK, .label = {"Contract", "合同"}, .link = "contract", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "version_no", .type = FIELD_INT, .label = {"Version", "版本"}, .flags = F_REQUIRED | F_LIST},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Held until", "有效至"}, .flags = F_LIST},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why it was amended", "变更原因"}, .max = 500, .flags = F_REQUIRED | F_LIST},
	{.name = "title", .type = FIELD_TEXT, .label = {"What it was about", "原合同名称"}, .max = 200, .made_from = "title"},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3},
	{.name = "value", .type = FIELD_MONEY, .label = {"Value before", "原金额"}, .currency_field = "currency", .made_from = "value", .flags = F_LIST},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "原开始日期"}, .made_from = "starts_on"},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"Until", "原结束日期"}, .made_from = "ends_on", .flags = F_LIST},
	{.name = "renewal", .type = FIELD_ENUM, .label = {"Renewal", "原续签方式"}, .options = renewals, .made_from = "renewal"},
	{.name = "notice_days", .type = FIELD_INT, .label = {"Notice (days)", "原提前通知（天）"}, .made_from = "notice_days"},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "原备注"}, .made_from = "note"},
};

const struct entity contract_version_entity = {
	.name = "contract_version",
	.plural = "contract_versions",
	.label = {"Earlier version", "历史版本"},
	.label_many = {"Earlier versions", "历史版本"},
	.fields = version_fields,
	.n_fields = sizeof(version_fields) / sizeof(version_fields[0]),
	.title = "reason",
	.parent = "contract_id",
	.sort = "id.desc",
	.icon = "contract",
	.flags = E_CHILD | E_NO_API_WRITE | E_LOOKALIKE,
};
