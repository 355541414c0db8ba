/* What is owed, until when: lines of a payment plan; and what was given up of it. */
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"
#include "sales/sales.h"

enum { GRACE_MAX = 3650 };

static const struct option states[] = {
	{"open", {"Open", "待回款"}, "info"},           {"partly", {"Partly paid", "部分回款"}, "warn"},
	{"paid", {"Paid", "已回款"}, "good"},           {"written_off", {"Written off", "已核销坏账"}, "bad"},
	{"cancelled", {"Cancelled", "已取消"}, "quiet"}, {NULL, {NULL, NULL}, NULL},
};

/* What is paid and open follows the money; a person only takes a line out of the plan, and back. */
static const struct transition steps[] = {
	{.name = "cancel", .label = {"Take out of the plan", "取消此期"}, .from = "open", .to = "cancelled", .reason = "state_reason", .colour = "bad"},
	{.name = "reopen", .label = {"Back into the plan", "恢复此期"}, .from = "cancelled", .to = "open", .reason = "state_reason"},
	{.name = NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"money", {"Money", "金额"}}, {"chase", {"Promise and reminders", "承诺与催收"}},
	{"belongs", {"Belongs to", "归属"}}, {NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "title", .type = FIELD_TEXT, .label = {"What for", "款项"}, .group = "basic", .max = 160, .flags = F_SEARCH | F_LIST,
	 .help = {"Such as: deposit 30 %", "例如：定金 30%"}},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .group = "basic", .link = "order", .on_delete = DELETE_CASCADE,
	 .flags = F_INDEX | F_LIST | F_INSERT_ONLY},
	{.name = "contract_id", .type = FIELD_LINK, .label = {"Contract", "合同"}, .group = "basic", .link = "contract", .on_delete = DELETE_CASCADE,
	 .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .transitions = steps,
	 .fallback = "open", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .group = "basic", .max = 300, .flags = F_MORE},
	{.name = "due_on", .type = FIELD_DATE, .label = {"Due", "应收日期"}, .group = "basic", .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "grace_days", .type = FIELD_INT, .label = {"Interest-free days", "免息天数"}, .group = "basic", .least = "0", .most = "3650",
	 .help = {"After the due day, before it counts as overdue", "到期后不计逾期的天数"}},
	{.name = "overdue_on", .type = FIELD_DATE, .label = {"Overdue after", "逾期起算日"}, .group = "basic", .made_from = "due_on", .flags = F_READONLY | F_SORT},
	{.name = "booked_on", .type = FIELD_DATE, .label = {"Booked on", "入账日期"}, .group = "basic", .flags = F_MORE,
	 .help = {"Since when it is owed, in statements; empty: today", "对账单中的入账日，留空为当天"}},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3, .help = {"Empty: the firm's", "留空时为本位币"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "应收金额"}, .group = "money", .currency_field = "currency",
	 .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "paid", .type = FIELD_MONEY, .label = {"Paid", "已回款"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY | F_LIST},
	{.name = "written_off", .type = FIELD_MONEY, .label = {"Written off", "坏账"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY},
	{.name = "open", .type = FIELD_MONEY, .label = {"Open", "未回款"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "fx_rate", .type = FIELD_DECIMAL, .label = {"Rate to base currency", "本位币汇率"}, .group = "money", .scale = 6, .flags = F_MORE,
	 .help = {"Empty: that of today, where there is one", "留空时取当日汇率"}},
	{.name = "open_base", .type = FIELD_MONEY, .label = {"Open in base currency", "未回款（本位币）"}, .group = "money", .made_from = "amount",
	 .flags = F_READONLY},
	{.name = "promised_on", .type = FIELD_DATE, .label = {"Promised for", "承诺付款日"}, .group = "chase", .flags = F_SORT},
	{.name = "promise_note", .type = FIELD_TEXT, .label = {"What was promised", "承诺说明"}, .group = "chase", .max = 300},
	{.name = "remind_on", .type = FIELD_DATE, .label = {"Next reminder", "下次提醒"}, .group = "chase", .made_from = "due_on", .flags = F_READONLY | F_MORE},
	{.name = "reminded_on", .type = FIELD_DATE, .label = {"Last reminder", "上次提醒"}, .group = "chase", .made_from = "due_on", .flags = F_READONLY | F_MORE},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

static const char *kept(struct ctx *ctx, const char *text)
{
	return arena_strdup(ctx->arena, text);
}

static enum err set_day(struct ctx *ctx, struct record *now, const char *field, const char *day)
{
	const char *copy = kept(ctx, day);
	return copy != NULL ? record_set(ctx, now, field, *copy != '\0' ? value_text(copy) : value_null()) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* A line of an order's plan belongs to whom the order belongs, in its currency, by its rate. */
static enum err take_from_order(struct ctx *ctx, struct record *now)
{
	static const char *const same[] = {"customer_id", "owner_id", "team_id", "branch_id"};
	struct record *order;
	enum err err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(now, "order_id"), &order);
	for (size_t i = 0; err == OK && i < sizeof(same) / sizeof(same[0]); i++) {
		if (record_i64(order, same[i]) != 0 && (i == 0 || record_i64(now, same[i]) == 0))
			err = record_set(ctx, now, same[i], value_int(record_i64(order, same[i])));
	}
	if (err != OK)
		return err;
	err = receivables_in_currency(ctx, now, "amount", "currency", record_currency(ctx, order, entity_field(order->info, "total")));
	if (err == OK && record_value(now, "fx_rate")->kind == VALUE_NULL)
		err = record_set(ctx, now, "fx_rate", *record_value(order, "fx_rate"));
	return err;
}

static enum err begin(struct ctx *ctx, struct record *now, const char *today)
{
	enum err err = record_i64(now, "order_id") != 0 ? take_from_order(ctx, now) : OK;
	if (err == OK)
		err = receivables_belong(ctx, now);
	if (err == OK && record_text(now, "booked_on") == NULL)
		err = set_day(ctx, now, "booked_on", today);
	if (err == OK && record_value(now, "grace_days")->kind == VALUE_NULL)
		err = record_set(ctx, now, "grace_days", value_int(setting_int(ctx, &receivables_settings[RECEIVABLES_GRACE])));
	return err;
}

/* The plan of an order is not more than what it comes to. */
static enum err fits_order(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct record *order;
	int64_t planned[2], sum;
	if (record_i64(now, "order_id") == 0 || receivables_is(now, "state", "cancelled") ||
	    (receivables_same(old, now, "amount") && receivables_same(old, now, "state")))
		return OK;
	if (old != NULL && !receivables_is(old, "state", "cancelled") && record_i64(now, "amount") <= record_i64(old, "amount"))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(now, "order_id"), &order);
	if (err == OK)
		err = receivables_ask(ctx, &sql_order_planned, record_i64(now, "order_id"), old != NULL ? record_id(old) : 0, planned);
	if (err != OK)
		return err;
	bool fits = !__builtin_add_overflow(planned[0], record_i64(now, "amount"), &sum) && sum <= record_i64(order, "total");
	return fits ? OK : fail(ctx, ERR_INVALID, "amount", "receivable_over_order");
}

static enum err check(struct ctx *ctx, const struct record *old, const struct record *now)
{
	int64_t grace = record_i64(now, "grace_days");
	if (record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") <= 0)
		return fail(ctx, ERR_INVALID, "amount", "not_positive");
	if (grace < 0 || grace > GRACE_MAX)
		return fail(ctx, ERR_INVALID, "grace_days", "receivable_grace");
	if (old != NULL && record_i64(old, "paid") + record_i64(old, "written_off") != 0 && !receivables_same(old, now, "currency"))
		return fail(ctx, ERR_CONFLICT, "currency", "receivable_paid_already");
	return fits_order(ctx, old, now);
}

/* Where it stands is what the money says. */
static enum err settle(struct ctx *ctx, const struct record *old, struct record *now)
{
	int64_t paid = record_i64(now, "paid"), off = record_i64(now, "written_off"), open = record_i64(now, "amount") - paid - off;
	bool cancelled = receivables_is(now, "state", "cancelled");
	if (open < 0)
		return fail(ctx, ERR_CONFLICT, "amount", "receivable_below_paid");
	if (cancelled && paid + off != 0)
		return fail(ctx, ERR_CONFLICT, "state", "receivable_paid_already");
	const char *state = open > 0 ? (paid + off > 0 ? "partly" : "open") : paid > 0 ? "paid" : "written_off";
	enum err err = record_set(ctx, now, "state", value_text(cancelled ? "cancelled" : state));
	if (err == OK)
		err = record_set(ctx, now, "open", value_int(cancelled ? 0 : open));
	return err == OK ? sales_in_base(ctx, old, now, "open", "open_base") : err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES], day[RECEIVABLES_DAY_BYTES];
	const char *due;
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK && old == NULL)
		err = begin(ctx, now, today);
	if (err == OK)
		err = receivables_currency(ctx, old, now, today);
	if (err == OK)
		err = check(ctx, old, now);
	if (err == OK)
		err = settle(ctx, old, now);
	if (err != OK || (due = record_text(now, "due_on")) == NULL)
		return err; /* asked for afterwards */
	err = receivables_day_after(ctx, due, record_i64(now, "grace_days"), day);
	if (err == OK)
		err = set_day(ctx, now, "overdue_on", day);
	if (err == OK)
		err = receivable_remind_day(ctx, now, day);
	return err == OK ? set_day(ctx, now, "remind_on", day) : err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	return receivable_remind(ctx, old, now);
}

static const char *const indexes[] = {"state,overdue_on", "customer_id,due_on", "owner_id,due_on", "order_id,due_on", NULL};

const struct entity receivable_entity = {
	.name = "receivable",
	.plural = "receivables",
	.label = {"Receivable", "应收款"},
	.label_many = {"Receivables", "应收款"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "title",
	.subtitle = "state",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "state=in.(open,partly)",
	.sort = "due_on.asc",
	.icon = "receivable",
	.flags = E_LOOKALIKE,
	.search_rank = 8,
	.hooks = {.before = before, .after = after},
	.indexes = indexes,
};

/* --- given up ------------------------------------------------------------------------- */

static const struct option off_states[] = {
	{"requested", {"Requested", "待审批"}, "warn"}, {"approved", {"Approved", "已批准"}, "bad"}, {"refused", {"Refused", "已拒绝"}, "quiet"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition off_steps[] = {
	{.name = "approve", .label = {"Approve", "批准"}, .from = "requested", .to = "approved", .cap = "write_off", .colour = "bad"},
	{.name = "refuse", .label = {"Refuse", "拒绝"}, .from = "requested", .to = "refused", .cap = "write_off", .reason = "state_reason"},
	{.name = "take_back", .label = {"Take back", "撤销核销"}, .from = "approved", .to = "refused", .cap = "write_off", .reason = "state_reason"},
	{.name = NULL},
};

static const struct field off_fields[] = {
	{.name = "receivable_id", .type = FIELD_LINK, .label = {"Receivable", "应收款"}, .link = "receivable", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_INSERT_ONLY,
	 .help = {"Empty: the receivable's", "留空为应收款的币种"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "金额"}, .currency_field = "currency", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why it will not be paid", "核销原因"}, .max = 500, .flags = F_REQUIRED | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = off_states, .transitions = off_steps, .starts = "requested",
	 .fallback = "requested", .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .max = 300},
	{.name = "decided_by_id", .type = FIELD_LINK, .label = {"Decided by", "审批人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_LIST},
	{.name = "decided_at", .type = FIELD_TIME, .label = {"Decided", "审批时间"}, .flags = F_READONLY},
};

static enum err off_begin(struct ctx *ctx, const struct record *receivable, struct record *now)
{
	if (record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") <= 0)
		return fail(ctx, ERR_INVALID, "amount", "not_positive");
	/* what a file brings approved was approved by somebody who may; what comes back was decided before */
	if (!receivables_is(now, "state", "requested") && record_i64(now, "decided_at") == 0 && !gate_cap(ctx->actor, registry_cap(ctx->registry, "write_off")))
		return fail(ctx, ERR_FORBIDDEN, "state", "write_off_right");
	return receivables_in_currency(ctx, now, "amount", "currency", record_text(receivable, "currency"));
}

/* When and by whom; what comes back was decided before. */
static enum err off_decide(struct ctx *ctx, const struct record *receivable, const struct record *old, struct record *now)
{
	int64_t open = 0;
	enum err err = OK;
	if (receivables_same(old, now, "state"))
		return OK;
	if (receivables_is(now, "state", "approved")) {
		err = receivable_open(ctx, receivable, old != NULL ? record_id(old) : 0, &open);
		if (err == OK && record_i64(now, "amount") > open)
			err = fail(ctx, ERR_CONFLICT, "amount", "receivable_over_open");
	}
	if (err != OK || receivables_is(now, "state", "requested") || (old == NULL && record_i64(now, "decided_at") != 0))
		return err;
	err = record_set(ctx, now, "decided_at", value_int(ctx_now(ctx)));
	return err == OK && ctx->actor != NULL && ctx->actor->user_id != 0 ? record_set(ctx, now, "decided_by_id", value_int(ctx->actor->user_id)) : err;
}

static enum err off_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *receivable;
	(void)entity;
	if (now == NULL || record_i64(now, "receivable_id") == 0)
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, receivable_entity.name), record_i64(now, "receivable_id"), &receivable);
	if (err == OK && old == NULL)
		err = off_begin(ctx, receivable, now);
	return err == OK ? off_decide(ctx, receivable, old, now) : err;
}

static enum err off_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	return receivable_sums_later(ctx, record_i64(now != NULL ? now : old, "receivable_id"));
}

const struct entity write_off_entity = {
	.name = "write_off",
	.plural = "write_offs",
	.label = {"Write-off", "坏账核销"},
	.label_many = {"Write-offs", "坏账核销"},
	.fields = off_fields,
	.n_fields = sizeof(off_fields) / sizeof(off_fields[0]),
	.title = "reason",
	.parent = "receivable_id",
	.sort = "id.desc",
	.icon = "receivable",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = off_before, .after = off_after},
};
