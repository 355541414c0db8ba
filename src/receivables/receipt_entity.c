/* Money that came in or went back, and to what it was allocated. */
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/sequence/sequence.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"
#include "sales/sales.h"

static const struct option kinds[] = {
	{"receipt", {"Receipt", "收款"}, "good"}, {"refund", {"Refund", "退款"}, "warn"}, {NULL, {NULL, NULL}, NULL},
};

static const struct option methods[] = {
	{"transfer", {"Bank transfer", "银行转账"}, NULL}, {"alipay", {"Alipay", "支付宝"}, NULL}, {"wechat", {"WeChat Pay", "微信支付"}, NULL},
	{"unionpay", {"UnionPay", "银联"}, NULL},          {"card", {"Card", "银行卡"}, NULL},     {"cash", {"Cash", "现金"}, NULL},
	{"draft", {"Bank draft or bill", "汇票/承兑"}, NULL}, {"cheque", {"Cheque", "支票"}, NULL}, {"offset", {"Set off", "抵账"}, NULL},
	{"other", {"Other", "其他"}, NULL},                {NULL, {NULL, NULL}, NULL},
};

static const struct option states[] = {
	{"received", {"Booked", "已入账"}, "good"}, {"void", {"Void", "已作废"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition steps[] = {
	{.name = "void", .label = {"Void it", "作废"}, .from = "received", .to = "void", .reason = "state_reason", .colour = "bad"},
	{.name = NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"money", {"Money", "金额"}}, {"belongs", {"Belongs to", "归属"}}, {NULL, {NULL, NULL}},
};

static const struct sequence numbers = {.pattern = "R{id}", .setting = "receivables.number", .date = "received_on"};

static const struct field fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Receipt no.", "收款单号"}, .group = "basic", .max = 64, .sequence = &numbers,
	 .flags = F_SEARCH | F_UNIQUE | F_LIST, .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "basic", .options = kinds, .fallback = "receipt",
	 .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "received_on", .type = FIELD_DATE, .label = {"Day", "日期"}, .group = "basic", .flags = F_SORT | F_LIST,
	 .help = {"Empty: today", "留空为今天"}},
	{.name = "method", .type = FIELD_ENUM, .label = {"Method", "方式"}, .group = "basic", .options = methods, .fallback = "transfer", .flags = F_LIST},
	{.name = "reference", .type = FIELD_TEXT, .label = {"Reference", "流水号"}, .group = "basic", .max = 120, .flags = F_SEARCH | F_LIST,
	 .help = {"Of the bank or payment service; the same one is booked once", "银行或支付流水号，同一流水号只入账一次"}},
	{.name = "original_id", .type = FIELD_LINK, .label = {"Gives back of", "退自收款"}, .group = "basic", .link = "receipt", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_INSERT_ONLY | F_MORE},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .transitions = steps, .starts = "received",
	 .fallback = "received", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .group = "basic", .max = 300, .flags = F_MORE},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3, .help = {"Empty: the firm's", "留空时为本位币"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "金额"}, .group = "money", .currency_field = "currency", .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "fx_rate", .type = FIELD_DECIMAL, .label = {"Rate to base currency", "本位币汇率"}, .group = "money", .scale = 6, .flags = F_MORE,
	 .help = {"Empty: that of the day, where there is one", "留空时取当日汇率"}},
	{.name = "amount_base", .type = FIELD_MONEY, .label = {"In base currency", "本位币金额"}, .group = "money", .made_from = "amount", .flags = F_READONLY | F_SORT},
	{.name = "allocated", .type = FIELD_MONEY, .label = {"Allocated", "已核销"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY},
	{.name = "refunded", .type = FIELD_MONEY, .label = {"Refunded", "已退款"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY},
	{.name = "free", .type = FIELD_MONEY, .label = {"Still free", "未核销"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "amount", .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

/* A refund gives back of one receipt, to who paid it, in its currency, not more than is free of it. */
static enum err check_refund(struct ctx *ctx, const struct record *old, struct record *now)
{
	struct record *from;
	int64_t of = record_i64(now, "original_id"), left = 0;
	bool refund = receivables_is(now, "kind", "refund");
	if (!refund)
		return of == 0 ? OK : fail(ctx, ERR_INVALID, "original_id", "receipt_not_refund");
	if (of == 0)
		return fail(ctx, ERR_INVALID, "original_id", "receipt_refund_of");
	enum err err = record_load(ctx, registry_find(ctx->registry, receipt_entity.name), of, &from);
	if (err != OK)
		return err;
	if (!receivables_is(from, "kind", "receipt") || !receivables_is(from, "state", "received"))
		return fail(ctx, ERR_CONFLICT, "original_id", "receipt_refund_of");
	if (record_i64(now, "customer_id") != record_i64(from, "customer_id"))
		return fail(ctx, ERR_INVALID, "customer_id", "receipt_other_customer");
	if (!receivables_same(from, now, "currency"))
		return fail_arg(ctx, ERR_INVALID, "currency", "receivable_other_currency", record_text(from, "currency"));
	if (!receivables_is(now, "state", "received"))
		return OK;
	err = receipt_free(ctx, from, old != NULL ? record_id(old) : 0, &left);
	return err == OK && record_i64(now, "amount") > left ? fail(ctx, ERR_CONFLICT, "amount", "receipt_over_free") : err;
}

static enum err check(struct ctx *ctx, const struct record *old, struct record *now, const char *today)
{
	if (record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") <= 0)
		return fail(ctx, ERR_INVALID, "amount", "not_positive");
	if (!receivables_same(old, now, "received_on") && strcmp(record_text(now, "received_on"), today) > 0)
		return fail(ctx, ERR_INVALID, "received_on", "receipt_in_future");
	bool used = old != NULL && record_i64(old, "allocated") + record_i64(old, "refunded") != 0;
	if (used && !receivables_same(old, now, "currency"))
		return fail(ctx, ERR_CONFLICT, "currency", "receipt_used");
	return check_refund(ctx, old, now);
}

/* What a refund fills in from what it gives back. */
static enum err take_from_receipt(struct ctx *ctx, struct record *now)
{
	static const char *const same[] = {"customer_id", "fx_rate", "owner_id", "team_id", "branch_id"};
	struct record *from;
	enum err err = record_load(ctx, registry_find(ctx->registry, receipt_entity.name), record_i64(now, "original_id"), &from);
	for (size_t i = 0; err == OK && i < sizeof(same) / sizeof(same[0]); i++) {
		if (record_value(now, same[i])->kind == VALUE_NULL)
			err = record_set(ctx, now, same[i], *record_value(from, same[i]));
	}
	return err == OK ? receivables_in_currency(ctx, now, "amount", "currency", record_text(from, "currency")) : err;
}

static enum err settle(struct ctx *ctx, const struct record *old, struct record *now)
{
	int64_t left = record_i64(now, "amount") - record_i64(now, "allocated") - record_i64(now, "refunded");
	bool counts = receivables_is(now, "state", "received") && receivables_is(now, "kind", "receipt");
	if (receivables_is(now, "state", "void") && record_i64(now, "refunded") != 0)
		return fail(ctx, ERR_CONFLICT, "state", "receipt_refunded_already");
	if (counts && left < 0)
		return fail(ctx, ERR_CONFLICT, "amount", "receipt_below_used");
	enum err err = record_set(ctx, now, "free", value_int(counts ? left : 0));
	return err == OK ? sales_in_base(ctx, old, now, "amount", "amount_base") : err;
}

static enum err receipt_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES];
	(void)entity;
	if (now == NULL)
		return OK;
	enum err err = receivables_today(ctx, 0, today);
	const char *day = err == OK ? arena_strdup(ctx->arena, today) : NULL;
	if (err == OK && day == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && record_text(now, "received_on") == NULL)
		err = record_set(ctx, now, "received_on", value_text(day));
	if (err == OK && old == NULL && record_i64(now, "original_id") != 0)
		err = take_from_receipt(ctx, now);
	if (err == OK && old == NULL)
		err = receivables_belong(ctx, now);
	if (err == OK)
		err = receivables_currency(ctx, old, now, record_text(now, "received_on"));
	if (err == OK)
		err = check(ctx, old, now, day);
	return err == OK ? settle(ctx, old, now) : err;
}

/* What is void pays nothing. */
static enum err release_all(struct ctx *ctx, int64_t receipt)
{
	int64_t *ids;
	size_t n;
	enum err err;
	do { /* what is gone is not found again */
		err = receivables_ids(ctx, &sql_receipt_allocations, receipt, RECEIVABLES_LINES_MAX, &ids, &n);
		for (size_t i = 0; err == OK && i < n; i++)
			err = record_delete(ctx, registry_find(ctx->registry, allocation_entity.name), ids[i], 0, W_TRUSTED);
	} while (err == OK && n == RECEIVABLES_LINES_MAX);
	return err;
}

static enum err receipt_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	int64_t of = record_i64(now != NULL ? now : old, "original_id");
	enum err err = OK;
	if (now != NULL && old != NULL && receivables_is(now, "state", "void") && receivables_is(old, "state", "received"))
		err = release_all(ctx, record_id(now));
	bool moved = old == NULL || now == NULL || !receivables_same(old, now, "amount") || !receivables_same(old, now, "state");
	return err == OK && of != 0 && moved ? receipt_sums_later(ctx, of) : err;
}

static const char *const indexes[] = {"unique kind,method,reference", "customer_id,received_on", "owner_id,received_on", "state,received_on", NULL};

const struct entity receipt_entity = {
	.name = "receipt",
	.plural = "receipts",
	.label = {"Receipt", "收款单"},
	.label_many = {"Receipts", "收款单"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "number",
	.subtitle = "reference",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "received_on.desc",
	.icon = "payment",
	.flags = E_LOOKALIKE,
	.search_rank = 9,
	.hooks = {.before = receipt_before, .after = receipt_after},
	.indexes = indexes,
};

/* --- allocations ------------------------------------------------------------------------- */

static const struct field allocation_fields[] = {
	{.name = "receipt_id", .type = FIELD_LINK, .label = {"Receipt", "收款单"}, .link = "receipt", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "receivable_id", .type = FIELD_LINK, .label = {"Receivable", "应收款"}, .link = "receivable", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_INSERT_ONLY,
	 .help = {"Empty: the receipt's", "留空为收款单的币种"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Of the receipt", "核销金额"}, .currency_field = "currency", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "settles_currency", .type = FIELD_CODE, .label = {"Settled currency", "应收币种"}, .max = 3, .flags = F_INSERT_ONLY,
	 .help = {"Empty: the receivable's", "留空为应收款的币种"}},
	{.name = "settles", .type = FIELD_MONEY, .label = {"Settles", "冲抵应收"}, .currency_field = "settles_currency", .flags = F_LIST | F_INSERT_ONLY,
	 .help = {"In another currency than the receipt's; empty: by the rates", "币种不同时填写，留空按汇率换算"}},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_LIST},
};

static enum err allocation_fits(struct ctx *ctx, const struct record *receipt, const struct record *receivable, struct record *now)
{
	int64_t amount = record_i64(now, "amount"), left = 0, open = 0, settles = record_i64(now, "settles");
	bool given = record_value(now, "settles")->kind == VALUE_INT;
	enum err err = given ? OK : receipt_settles(ctx, receipt, receivable, amount, &settles);
	if (err != OK)
		return err;
	if (settles != amount && receivables_same(receipt, receivable, "currency"))
		return fail(ctx, ERR_INVALID, "settles", "allocation_settles");
	if (settles <= 0)
		return fail(ctx, ERR_INVALID, "settles", "not_positive");
	err = receipt_free(ctx, receipt, 0, &left);
	if (err == OK)
		err = receivable_open(ctx, receivable, 0, &open);
	if (err == OK && amount > left)
		err = fail(ctx, ERR_CONFLICT, "amount", "receipt_over_free");
	if (err == OK && settles > open)
		err = fail(ctx, ERR_CONFLICT, "amount", "receivable_over_open");
	return err == OK ? record_set(ctx, now, "settles", value_int(settles)) : err;
}

static enum err load_both(struct ctx *ctx, const struct record *now, struct record **receipt, struct record **receivable)
{
	enum err err = record_load(ctx, registry_find(ctx->registry, receipt_entity.name), record_i64(now, "receipt_id"), receipt);
	return err == OK ? record_load(ctx, registry_find(ctx->registry, receivable_entity.name), record_i64(now, "receivable_id"), receivable) : err;
}

/* Amounts wait for their currencies, which are those of the two ends. */
static enum err allocation_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *receipt, *receivable;
	(void)entity;
	if (now == NULL || old != NULL || record_i64(now, "receipt_id") == 0 || record_i64(now, "receivable_id") == 0)
		return OK;
	enum err err = load_both(ctx, now, &receipt, &receivable);
	if (err != OK)
		return err;
	if (!receivables_is(receipt, "kind", "receipt") || !receivables_is(receipt, "state", "received"))
		return fail(ctx, ERR_CONFLICT, "receipt_id", "allocation_receipt");
	if (receivables_is(receivable, "state", "cancelled"))
		return fail(ctx, ERR_CONFLICT, "receivable_id", "allocation_cancelled");
	if (record_i64(receipt, "customer_id") != record_i64(receivable, "customer_id"))
		return fail(ctx, ERR_INVALID, "receivable_id", "receipt_other_customer");
	if (record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") <= 0)
		return fail(ctx, ERR_INVALID, "amount", "not_positive");
	err = receivables_in_currency(ctx, now, "amount", "currency", record_text(receipt, "currency"));
	if (err == OK)
		err = receivables_in_currency(ctx, now, "settles", "settles_currency", record_text(receivable, "currency"));
	return err == OK && record_value(now, "amount")->kind == VALUE_INT ? allocation_fits(ctx, receipt, receivable, now) : err;
}

static enum err allocation_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	const struct record *r = now != NULL ? now : old;
	(void)entity;
	if (old != NULL && now != NULL)
		return OK;
	enum err err = receivable_sums_later(ctx, record_i64(r, "receivable_id"));
	return err == OK ? receipt_sums_later(ctx, record_i64(r, "receipt_id")) : err;
}

const struct entity allocation_entity = {
	.name = "allocation",
	.plural = "allocations",
	.label = {"Allocation", "核销明细"},
	.label_many = {"Allocations", "核销明细"},
	.fields = allocation_fields,
	.n_fields = sizeof(allocation_fields) / sizeof(allocation_fields[0]),
	.title = "note",
	.parent = "receipt_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = allocation_before, .after = allocation_after},
};
