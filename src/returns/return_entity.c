/* Returns and their lines. What was refused or withdrawn takes nothing of an order; all others together never take more than was sold. */
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/sequence/sequence.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

enum { QUANTITY_SCALE = 3 };

static const struct option wishes[] = {
	{"refund", {"Money back", "退款"}, NULL}, {"exchange", {"Exchange", "换货"}, NULL}, {"repair", {"Repair", "维修"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct option states[] = {
	{"requested", {"Requested", "待审核"}, "warn"},  {"agreed", {"Agreed", "已同意"}, "info"},        {"sent", {"On its way back", "退货途中"}, "info"},
	{"received", {"Received and checked", "已收货验货"}, "info"}, {"refunded", {"Refunded", "已退款"}, "good"}, {"exchanged", {"Exchanged", "已换货"}, "good"},
	{"repaired", {"Repaired", "已维修"}, "good"},    {"refused", {"Refused", "已拒绝"}, "bad"},       {"withdrawn", {"Withdrawn", "已撤回"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

/* Receiving, giving money back and exchanging are more than a step: they have addresses of their own. */
static const struct transition steps[] = {
	{.name = "agree", .label = {"Agree", "同意退货"}, .from = "requested", .to = "agreed", .colour = "good"},
	{.name = "send", .label = {"It was sent", "已寄出"}, .from = "agreed", .to = "sent", .needs = "carrier,tracking_no", .colour = "info"},
	{.name = "repair", .label = {"Repaired and sent back", "已维修寄回"}, .from = "received", .to = "repaired", .colour = "good"},
	{.name = "refuse", .label = {"Refuse", "拒绝"}, .from = "requested,received", .to = "refused", .reason = "state_reason", .colour = "bad"},
	{.name = "withdraw", .label = {"Withdrawn by the customer", "客户撤回"}, .from = "requested,agreed", .to = "withdrawn", .reason = "state_reason"},
	{.name = "reopen", .label = {"Take it up again", "重新受理"}, .from = "refused,withdrawn", .to = "requested", .reason = "state_reason"},
	{.name = NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"way", {"Way back", "退回"}}, {"money", {"Money", "金额"}}, {"steps", {"Steps", "进度"}}, {"belongs", {"Belongs to", "归属"}},
	{NULL, {NULL, NULL}},
};

static const struct sequence numbers = {.pattern = "RT{id}", .setting = "returns.number", .date = "requested_at"};

static const struct field fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Return no.", "退货单号"}, .group = "basic", .max = 64, .sequence = &numbers,
	 .flags = F_SEARCH | F_UNIQUE | F_LIST, .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .group = "basic", .link = "order", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .group = "basic", .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "wish", .type = FIELD_ENUM, .label = {"Wanted", "诉求"}, .group = "basic", .options = wishes, .fallback = "refund", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .transitions = steps, .starts = "requested",
	 .fallback = "requested", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .group = "basic", .max = 300, .flags = F_MORE},
	{.name = "exception", .type = FIELD_TEXT, .label = {"Why in spite of the rules", "例外受理原因"}, .group = "basic", .max = 300,
	 .help = {"Needed before what is late or excluded is agreed to", "超期或不可退的商品须填写后才能同意"}},
	{.name = "carrier", .type = FIELD_TEXT, .label = {"Carrier", "承运商"}, .group = "way", .max = 80},
	{.name = "tracking_no", .type = FIELD_TEXT, .label = {"Parcel no.", "退货运单号"}, .group = "way", .max = 80, .flags = F_SEARCH | F_INDEX},
	{.name = "due_on", .type = FIELD_DATE, .label = {"Due", "本步截止"}, .group = "steps", .made_from = "requested_at", .flags = F_READONLY | F_SORT | F_LIST,
	 .help = {"By when the step comes that is waited for", "等待的下一步应在此日前完成"}},
	{.name = "requested_at", .type = FIELD_TIME, .label = {"Requested", "申请时间"}, .group = "steps", .fallback = "now", .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "agreed_at", .type = FIELD_TIME, .label = {"Agreed", "同意时间"}, .group = "steps", .flags = F_READONLY},
	{.name = "sent_at", .type = FIELD_TIME, .label = {"Sent back", "寄出时间"}, .group = "steps", .flags = F_READONLY},
	{.name = "received_at", .type = FIELD_TIME, .label = {"Received", "收货时间"}, .group = "steps", .flags = F_READONLY},
	{.name = "ended_at", .type = FIELD_TIME, .label = {"Ended", "结束时间"}, .group = "steps", .flags = F_READONLY},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3, .flags = F_READONLY},
	{.name = "goods_value", .type = FIELD_MONEY, .label = {"Goods, as sold", "货款"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "order.total", .flags = F_READONLY | F_LIST},
	{.name = "fee", .type = FIELD_MONEY, .label = {"Restocking fee", "重新上架费"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "order.total", .flags = F_READONLY},
	{.name = "freight", .type = FIELD_MONEY, .label = {"Freight paid back", "返还运费"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "order.total", .flags = F_READONLY},
	{.name = "refunded", .type = FIELD_MONEY, .label = {"Refunded", "已退金额"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .made_from = "order.total", .flags = F_READONLY | F_LIST},
	{.name = "return_order_id", .type = FIELD_LINK, .label = {"Booked as", "退货冲销单"}, .group = "money", .link = "order", .on_delete = DELETE_RESTRICT,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "exchange_order_id", .type = FIELD_LINK, .label = {"Exchanged by", "换货订单"}, .group = "money", .link = "order", .on_delete = DELETE_RESTRICT,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

bool return_counts(const char *state)
{
	return !str_equal(state, "refused") && !str_equal(state, "withdrawn");
}

bool return_is_open(const char *state)
{
	return str_equal(state, "requested") || str_equal(state, "agreed") || str_equal(state, "sent") || str_equal(state, "received");
}

static bool came_back(const struct record *old, const struct record *now)
{
	return old == NULL && now != NULL && record_i64(now, "version") > 1;
}

/* --- the clock ----------------------------------------------------------------------------------- */

static enum err settle_due(struct ctx *ctx, struct record *now, int64_t from)
{
	static const struct {
		const char *state;
		int setting;
	} clocks[] = {{"requested", RETURNS_DECIDE}, {"agreed", RETURNS_SEND}, {"sent", RETURNS_ARRIVE}, {"received", RETURNS_SETTLE}};
	char start[RECEIVABLES_DAY_BYTES], day[RECEIVABLES_DAY_BYTES];
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		if (!str_equal(clocks[i].state, record_text(now, "state")))
			continue;
		enum err err = receivables_day_of(ctx, from, start);
		if (err == OK)
			err = receivables_day_after(ctx, start, setting_int(ctx, &returns_settings[clocks[i].setting]), day);
		const char *copy = err == OK ? arena_strdup(ctx->arena, day) : NULL;
		return err != OK ? err : copy == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : record_set(ctx, now, "due_on", value_text(copy));
	}
	return record_set(ctx, now, "due_on", value_null());
}

static enum err stamp(struct ctx *ctx, struct record *now, int64_t at)
{
	static const struct {
		const char *state, *field;
	} stamps[] = {{"agreed", "agreed_at"}, {"sent", "sent_at"}, {"received", "received_at"}};
	const char *state = record_text(now, "state");
	enum err err = settle_due(ctx, now, at);
	for (size_t i = 0; err == OK && i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		if (str_equal(stamps[i].state, state))
			err = record_set(ctx, now, stamps[i].field, value_int(at));
	}
	return err == OK ? record_set(ctx, now, "ended_at", return_is_open(state) ? value_null() : value_int(at)) : err;
}

/* --- the return ---------------------------------------------------------------------------------- */

static enum err begin(struct ctx *ctx, struct record *now)
{
	struct record *order;
	int64_t of = record_i64(now, "order_id");
	if (of == 0)
		return OK; /* said with the other faults */
	enum err err = record_load(ctx, registry_find(ctx->registry, "order"), of, &order);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err != OK)
		return err;
	const char *state = record_text(order, "state");
	if (str_equal(state, "draft") || str_equal(state, "cancelled") || str_equal(record_text(order, "kind"), "return"))
		return fail(ctx, ERR_CONFLICT, "order_id", "return_order_state");
	err = record_set(ctx, now, "customer_id", *record_value(order, "customer_id"));
	if (err == OK)
		err = record_set(ctx, now, "currency", value_text(record_currency(ctx, order, entity_field(order->info, "total"))));
	return err == OK ? receivables_belong(ctx, now) : err;
}

static enum err check_left(struct ctx *ctx, int64_t id, bool *ret_outside)
{
	struct record *line, *sold;
	int64_t left = 0;
	enum err err = record_load(ctx, registry_find(ctx->registry, return_line_entity.name), id, &line);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order_line"), record_i64(line, "order_line_id"), &sold);
	if (err == OK)
		err = return_left(ctx, sold, id, &left);
	if (err != OK)
		return err;
	*ret_outside = *ret_outside || !str_equal(record_text(line, "rule"), "fits");
	return record_i64(line, "quantity") > left ? fail(ctx, ERR_CONFLICT, "state", "return_more_now") : OK;
}

/* Of each line: what is left of the order, and whether the rules allow it. */
static enum err check_lines(struct ctx *ctx, const struct record *now, bool agree)
{
	int64_t *ids;
	size_t n;
	bool outside = false;
	enum err err = returns_ids(ctx, &sql_return_lines_of, record_id(now), &ids, &n);
	if (err == OK && n == 0 && agree)
		return fail(ctx, ERR_CONFLICT, "state", "return_no_lines");
	for (size_t i = 0; err == OK && i < n; i++)
		err = check_left(ctx, ids[i], &outside);
	return err == OK && agree && outside && str_empty(record_text(now, "exception")) ? fail(ctx, ERR_CONFLICT, "exception", "return_outside") : err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return record_i64(old, "return_order_id") != 0 || record_i64(old, "exchange_order_id") != 0 ? fail(ctx, ERR_CONFLICT, "", "return_settled") : OK;
	if (came_back(old, now))
		return OK;
	enum err err = old == NULL ? begin(ctx, now) : OK;
	const char *from = old != NULL ? record_text(old, "state") : NULL, *to = record_text(now, "state");
	if (err != OK || (old != NULL && str_equal(from, to)))
		return err;
	if (old != NULL)
		err = check_lines(ctx, now, str_equal(to, "agreed"));
	int64_t since = old == NULL && record_value(now, "requested_at")->kind == VALUE_INT ? record_i64(now, "requested_at") : ctx_now(ctx);
	return err == OK ? stamp(ctx, now, since) : err;
}

static const char *const indexes[] = {"customer_id,state", "state,due_on", "owner_id,requested_at", "customer_id,requested_at", "state,requested_at", NULL};

const struct entity goods_return_entity = {
	.name = "goods_return",
	.plural = "goods_returns",
	.label = {"Return", "退换货"},
	.label_many = {"Returns", "退换货"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "number",
	.subtitle = "state",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "state=in.(requested,agreed,sent,received)",
	.sort = "requested_at.desc",
	.icon = "goods_return",
	.flags = E_LOOKALIKE,
	.search_rank = 11,
	.hooks = {.before = before},
	.indexes = indexes,
};

/* --- lines ------------------------------------------------------------------------------------------ */

static const struct option rules[] = {
	{"fits", {"Within the rules", "符合规则"}, "good"}, {"late", {"Too late", "超过期限"}, "bad"}, {"excluded", {"Not returnable", "不支持退货"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct option conditions[] = {
	{"new", {"As new", "全新"}, "good"},        {"opened", {"Opened", "已拆封"}, "info"},  {"used", {"Used", "有使用痕迹"}, "warn"},
	{"damaged", {"Damaged", "损坏"}, "bad"},    {"missing", {"Incomplete", "缺件"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct field line_fields[] = {
	{.name = "return_id", .type = FIELD_LINK, .label = {"Return", "退换货"}, .link = "goods_return", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "order_line_id", .type = FIELD_LINK, .label = {"Order line", "订单明细"}, .link = "order_line", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "quantity", .type = FIELD_DECIMAL, .label = {"Quantity", "数量"}, .scale = QUANTITY_SCALE, .fallback = "1", .flags = F_REQUIRED | F_LIST},
	{.name = "reason_id", .type = FIELD_LINK, .label = {"Why", "原因"}, .link = "return_reason", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "words", .type = FIELD_TEXT, .label = {"In the customer's words", "客户说明"}, .max = 500, .flags = F_LIST},
	{.name = "rule", .type = FIELD_ENUM, .label = {"By the rules", "规则判定"}, .options = rules, .flags = F_READONLY | F_LIST},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Returnable until", "可退至"}, .made_from = "order.placed_at", .flags = F_READONLY | F_LIST},
	{.name = "policy_id", .type = FIELD_LINK, .label = {"Rule", "适用规则"}, .link = "return_policy", .on_delete = DELETE_SET_NULL, .flags = F_READONLY},
	{.name = "requested_on", .type = FIELD_DATE, .label = {"Requested", "申请日期"}, .made_from = "goods_return.requested_at", .flags = F_READONLY | F_SORT},
	{.name = "received", .type = FIELD_DECIMAL, .label = {"Received", "实收数量"}, .scale = QUANTITY_SCALE, .flags = F_READONLY | F_LIST},
	{.name = "condition", .type = FIELD_ENUM, .label = {"Condition", "验货结果"}, .options = conditions, .flags = F_READONLY | F_LIST},
	{.name = "restock", .type = FIELD_BOOL, .label = {"Back into stock", "重新入库"}, .flags = F_READONLY | F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_READONLY},
	{.name = "value", .type = FIELD_MONEY, .label = {"As sold", "货款"}, .currency_field = "currency", .fallback = "0", .made_from = "order_line.total", .flags = F_READONLY | F_LIST},
	{.name = "fee", .type = FIELD_MONEY, .label = {"Restocking fee", "重新上架费"}, .currency_field = "currency", .fallback = "0", .made_from = "order_line.total", .flags = F_READONLY},
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

/* From agreement on it stands; what a file brought of the past may still get its lines. */
static bool is_fixed(const struct record *of)
{
	const char *state = record_text(of, "state");
	return str_equal(state, "agreed") || str_equal(state, "sent") || str_equal(state, "received") || record_i64(of, "return_order_id") != 0 ||
	       record_i64(of, "exchange_order_id") != 0;
}

static enum err apply_rule(struct ctx *ctx, const struct record *order, struct record *now)
{
	struct return_rule rule;
	struct record *reason;
	enum err err = record_load(ctx, registry_find(ctx->registry, return_reason_entity.name), record_i64(now, "reason_id"), &reason);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	bool ours = err == OK && record_i64(reason, "firm_fault") != 0;
	if (err == OK)
		err = return_rule_of(ctx, order, record_i64(now, "product_id"), record_text(now, "requested_on"), ours, &rule);
	if (err == OK)
		err = record_set(ctx, now, "rule", value_text(rule.verdict));
	if (err == OK)
		err = record_set(ctx, now, "until_on", value_text(rule.until));
	if (err == OK)
		err = record_set(ctx, now, "policy_id", rule.policy_id != 0 ? value_int(rule.policy_id) : value_null());
	return err;
}

static enum err set_money(struct ctx *ctx, const struct record *order, const struct record *sold, struct record *now)
{
	struct record *reason, *policy;
	int64_t quantity = record_i64(now, record_value(now, "received")->kind == VALUE_INT ? "received" : "quantity"), value = 0, fee = 0, rate = 0;
	enum err err = return_value(ctx, order, sold, quantity, &value);
	if (err == OK && record_i64(now, "policy_id") != 0 && record_i64(now, "reason_id") != 0) {
		err = record_load(ctx, registry_find(ctx->registry, return_reason_entity.name), record_i64(now, "reason_id"), &reason);
		if (err == OK)
			err = record_load(ctx, registry_find(ctx->registry, return_policy_entity.name), record_i64(now, "policy_id"), &policy);
		rate = err == OK && record_i64(reason, "firm_fault") == 0 ? record_i64(policy, "restocking_percent") : 0;
	}
	if (err == OK && !decimal_mul(value, rate, 4, &fee))
		err = fail(ctx, ERR_INVALID, "quantity", "number_too_large");
	if (err == OK)
		err = record_set(ctx, now, "value", value_int(value));
	return err == OK ? record_set(ctx, now, "fee", value_int(fee)) : err;
}

static enum err check_quantity(struct ctx *ctx, const struct record *sold, const struct record *now)
{
	char text[DECIMAL_TEXT_MAX];
	int64_t left = 0;
	if (record_i64(now, "quantity") <= 0)
		return fail(ctx, ERR_INVALID, "quantity", "not_positive");
	enum err err = return_left(ctx, sold, record_id(now), &left);
	if (err != OK || record_i64(now, "quantity") <= left)
		return err;
	decimal_format(left > 0 ? left : 0, QUANTITY_SCALE, text);
	return fail_arg(ctx, ERR_CONFLICT, "quantity", "return_more", arena_strdup(ctx->arena, text));
}

/* `asked`: what goes back or why has changed; else what came has, and what the rules said stands. */
static enum err fill_line(struct ctx *ctx, const struct record *of, const struct record *sold, bool asked, struct record *now)
{
	struct record *order;
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_day_of(ctx, record_i64(of, "requested_at"), day);
	const char *copy = err == OK ? arena_strdup(ctx->arena, day) : NULL;
	if (err == OK)
		err = copy != NULL ? record_set(ctx, now, "requested_on", value_text(copy)) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = record_set(ctx, now, "product_id", *record_value(sold, "product_id"));
	if (err == OK)
		err = record_set(ctx, now, "currency", *record_value(of, "currency"));
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(of, "order_id"), &order);
	if (err == OK && asked)
		err = apply_rule(ctx, order, now);
	return err == OK ? set_money(ctx, order, sold, now) : err;
}

static enum err load_ends(struct ctx *ctx, const struct record *line, struct record **ret_of, struct record **ret_sold)
{
	enum err err = record_load(ctx, registry_find(ctx->registry, goods_return_entity.name), record_i64(line, "return_id"), ret_of);
	return err == OK ? record_load(ctx, registry_find(ctx->registry, "order_line"), record_i64(line, "order_line_id"), ret_sold) : err;
}

static enum err line_gone(struct ctx *ctx, const struct record *old)
{
	struct record *of;
	enum err err = record_load(ctx, registry_find(ctx->registry, goods_return_entity.name), record_i64(old, "return_id"), &of);
	if (err == ERR_NOT_FOUND) { /* goes with it */
		faults_clear(ctx);
		return OK;
	}
	return err == OK && (record_i64(of, "return_order_id") != 0 || record_i64(of, "exchange_order_id") != 0) ? fail(ctx, ERR_CONFLICT, "", "return_settled") : err;
}

static enum err settle_line(struct ctx *ctx, const struct record *old, struct record *now)
{
	struct record *of, *sold;
	enum err err = load_ends(ctx, now, &of, &sold);
	if (err == ERR_NOT_FOUND) { /* said with the other faults */
		faults_clear(ctx);
		return OK;
	}
	if (err != OK)
		return err;
	if (record_i64(sold, "order_id") != record_i64(of, "order_id") || record_i64(sold, "quantity") <= 0)
		return fail(ctx, ERR_INVALID, "order_line_id", "return_line_other");
	bool asked = !same(old, now, "quantity") || !same(old, now, "reason_id"), back = came_back(old, now);
	if (asked && !back && is_fixed(of))
		return fail(ctx, ERR_CONFLICT, "", "return_fixed");
	if (asked && return_counts(record_text(of, "state")))
		err = check_quantity(ctx, sold, now);
	return err == OK && !back && (asked || !same(old, now, "received")) ? fill_line(ctx, of, sold, asked, now) : err;
}

static enum err line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return line_gone(ctx, old);
	bool whole = record_i64(now, "return_id") != 0 && record_i64(now, "order_line_id") != 0 && record_value(now, "quantity")->kind == VALUE_INT;
	return whole ? settle_line(ctx, old, now) : OK;
}

/* --- sums of a return ------------------------------------------------------------------------------ */

static enum err sum_again(struct ctx *ctx, void *arg)
{
	int64_t id = (int64_t)(intptr_t)arg, *ids, value = 0, fee = 0;
	size_t n;
	struct record *of, *line, *patch;
	enum err err = record_load(ctx, registry_find(ctx->registry, goods_return_entity.name), id, &of);
	if (err == ERR_NOT_FOUND) { /* deleted with its lines */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = returns_ids(ctx, &sql_return_lines_of, id, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = record_load(ctx, registry_find(ctx->registry, return_line_entity.name), ids[i], &line);
		if (err == OK && (__builtin_add_overflow(value, record_i64(line, "value"), &value) || __builtin_add_overflow(fee, record_i64(line, "fee"), &fee)))
			err = fail(ctx, ERR_INVALID, "quantity", "number_too_large");
	}
	/* what was settled keeps the fee that was agreed on */
	if (err != OK || record_i64(of, "return_order_id") != 0 || (value == record_i64(of, "goods_value") && fee == record_i64(of, "fee")))
		return err;
	err = record_new(ctx, of->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "goods_value", value_int(value));
	if (err == OK)
		err = record_set(ctx, patch, "fee", value_int(fee));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

static enum err line_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (same(old, now, "value") && same(old, now, "fee"))
		return OK;
	/* the id itself is the argument, so that the store sees the same one twice as the same work */
	return db_before_commit(ctx, sum_again, (void *)(intptr_t)record_i64(now != NULL ? now : old, "return_id"));
}

static const char *const line_indexes[] = {"reason_id,requested_on", "product_id,requested_on", NULL};

const struct entity return_line_entity = {
	.name = "return_line",
	.plural = "return_lines",
	.label = {"Returned item", "退货明细"},
	.label_many = {"Returned items", "退货明细"},
	.fields = line_fields,
	.n_fields = sizeof(line_fields) / sizeof(line_fields[0]),
	.title = "words",
	.parent = "return_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = line_before, .after = line_after},
	.indexes = line_indexes,
};
