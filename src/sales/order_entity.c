/* Orders and their lines.  An order's sums follow its lines; a customer's kept
 * figures follow the orders: both in the write that changes them. */
#include "sales/sales.h"

#include "base/decimal.h"
#include "base/str.h"
#include "core/events/events.h"
#include "customers/customers.h"
#include "sales/order_sums.h"

static const struct option order_kinds[] = {
	{"sale", {"Sale", "销售"}, NULL},
	{"return", {"Return or credit", "退货/冲销"}, "warn"},
	{"exchange", {"Exchange", "换货"}, "info"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option order_states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"},
	{"placed", {"Placed", "已下单"}, "info"},
	{"paid", {"Paid", "已付款"}, "info"},
	{"shipped", {"Shipped", "已发货"}, "info"},
	{"completed", {"Completed", "已完成"}, "good"},
	{"cancelled", {"Cancelled", "已取消"}, "bad"},
	{"returned", {"Returned", "已退货"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

/* Shops and warehouses say things in their own order, so that some steps leap; what was a mistake is taken back with a reason. */
static const struct transition order_transitions[] = {
	{.name = "place", .label = {"Place the order", "下单"}, .from = "draft", .to = "placed", .colour = "info", .needs = "placed_at"},
	{.name = "pay", .label = {"Mark as paid", "标记为已付款"}, .from = "draft,placed", .to = "paid", .colour = "info"},
	{.name = "ship", .label = {"Mark as shipped", "标记为已发货"}, .from = "placed,paid", .to = "shipped", .colour = "info"},
	{.name = "complete", .label = {"Complete", "完成"}, .from = "placed,paid,shipped", .to = "completed", .colour = "good"},
	{.name = "return", .label = {"Mark as returned", "标记为已退货"}, .from = "paid,shipped,completed", .to = "returned",
	 .reason = "state_reason", .colour = "warn"},
	{.name = "cancel", .label = {"Cancel the order", "取消订单"}, .from = "draft,placed,paid,shipped", .to = "cancelled",
	 .reason = "state_reason", .colour = "bad"},
	{.name = "unpay", .label = {"Not paid after all", "撤销付款"}, .from = "paid", .to = "placed", .reason = "state_reason"},
	{.name = "reopen", .label = {"Take it up again", "恢复订单"}, .from = "cancelled,returned", .to = "placed", .reason = "state_reason"},
	{.name = "correct", .label = {"Back to shipped", "退回已发货"}, .from = "completed,returned", .to = "shipped", .reason = "state_reason"},
	{.name = NULL},
};

static const struct field_group order_groups[] = {
	{"basic", {"Basics", "基本信息"}},
	{"money", {"Money", "金额"}},
	{"belongs", {"Belongs to", "归属"}},
	{"other", {"Other", "其他"}},
	{NULL, {NULL, NULL}},
};

static const struct sequence order_numbers = {.pattern = "GX{id}", .setting = "sales.order_number", .date = "placed_at"};

static const struct field order_fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Order no.", "订单号"}, .group = "basic", .max = 64, .sequence = &order_numbers,
	 .flags = F_SEARCH | F_INDEX | F_LIST, .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "number_key", .type = FIELD_TEXT, .label = {"Order no. as compared", "订单号（比较用）"}, .group = "basic",
	 .form_of = "number", .flags = F_INDEX | F_SECRET | F_READONLY | F_MORE},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST, .help = {"Empty for a guest", "游客订单可为空"}},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .group = "basic", .link = "channel",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "basic", .options = order_kinds, .flags = F_INDEX,
	 .help = {"Left empty: a sale, or a return where the amount is negative", "留空时为销售，金额为负时为退货"}},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = order_states,
	 .transitions = order_transitions, .fallback = "placed", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason for the state", "状态原因"}, .group = "basic", .max = 300,
	 .flags = F_MORE, .help = {"Why it was cancelled, returned or taken up again", "取消、退货或恢复的原因"}},
	{.name = "placed_at", .type = FIELD_TIME, .label = {"Placed", "下单时间"}, .group = "basic", .fallback = "now",
	 .flags = F_REQUIRED | F_SORT | F_LIST},
	{.name = "paid_at", .type = FIELD_TIME, .label = {"Paid", "付款时间"}, .group = "basic"},
	{.name = "original_order_id", .type = FIELD_LINK, .label = {"Original order", "原订单"}, .group = "basic", .link = "order",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3},
	{.name = "lines_count", .type = FIELD_INT, .label = {"Lines", "行数"}, .group = "money", .fallback = "0", .flags = F_READONLY},
	{.name = "lines_total", .type = FIELD_MONEY, .label = {"Lines total", "商品金额"}, .group = "money",
	 .currency_field = "currency", .fallback = "0", .flags = F_READONLY},
	{.name = "shipping_fee", .type = FIELD_MONEY, .label = {"Shipping", "运费"}, .group = "money", .currency_field = "currency",
	 .fallback = "0"},
	{.name = "tax", .type = FIELD_MONEY, .label = {"Tax", "税额"}, .group = "money", .currency_field = "currency", .fallback = "0"},
	{.name = "discount", .type = FIELD_MONEY, .label = {"Discount", "优惠"}, .group = "money", .currency_field = "currency",
	 .fallback = "0"},
	{.name = "total", .type = FIELD_MONEY, .label = {"Total", "订单金额"}, .group = "money", .currency_field = "currency",
	 .fallback = "0", .flags = F_SORT | F_LIST, .help = {"Follows the lines where there are any", "有明细行时由明细计算"}},
	{.name = "fx_rate", .type = FIELD_DECIMAL, .label = {"Rate to base currency", "本位币汇率"}, .group = "money", .scale = 6,
	 .flags = F_MORE, .help = {"Without it an order in another currency counts in no sum", "外币订单未填汇率时不计入金额合计"}},
	{.name = "total_base", .type = FIELD_MONEY, .label = {"Total in base currency", "本位币金额"}, .group = "money",
	 .flags = F_READONLY | F_SORT},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .group = "other", .max = 2, .flags = F_INDEX},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "source", .type = FIELD_TEXT, .label = {"Came from", "来源"}, .group = "other", .max = 80, .flags = F_MORE},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "other", .flags = F_MORE},
};

/* Whoever looks after the customer looks after the order. */
static enum err inherit_owner(struct ctx *ctx, struct record *order)
{
	int64_t customer_id = record_i64(order, "customer_id");
	struct customer_belongs belongs;
	if (customer_id == 0 || record_i64(order, "owner_id") != 0)
		return OK;
	enum err err = customer_belongs(ctx, customer_id, &belongs);
	if (err == OK && belongs.owner_id != 0)
		err = record_set(ctx, order, "owner_id", value_int(belongs.owner_id));
	if (err == OK && belongs.team_id != 0 && record_i64(order, "team_id") == 0)
		err = record_set(ctx, order, "team_id", value_int(belongs.team_id));
	if (err == OK && belongs.branch_id != 0 && record_i64(order, "branch_id") == 0)
		err = record_set(ctx, order, "branch_id", value_int(belongs.branch_id));
	return err;
}

/* What goes back is a return: nothing said becomes one, and a sale of less than nothing is refused. */
static enum err settle_kind(struct ctx *ctx, struct record *record, const char *amount)
{
	bool negative = record_i64(record, amount) < 0;
	const char *kind = record_text(record, "kind");
	if (str_empty(kind))
		return record_set(ctx, record, "kind", value_text(negative ? "return" : "sale"));
	if (negative && (str_equal(kind, "sale") || str_equal(kind, "gift")))
		return fail(ctx, ERR_INVALID, amount, "negative_sale");
	return OK;
}

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && value_equal(record_value(a, field), record_value(b, field));
}

static enum err order_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	enum err err = OK;
	if (new_ == NULL)
		return OK;
	if (old == NULL)
		err = inherit_owner(ctx, new_);
	/* what stands there may have come from elsewhere; with lines, each line says what it is */
	bool settled = same(old, new_, "kind") && (same(old, new_, "total") || record_i64(new_, "lines_count") > 0);
	if (err == OK && !settled)
		err = settle_kind(ctx, new_, "total");
	if (err == OK)
		err = order_sums_set(ctx, old, new_);
	return err;
}

static bool counts(const struct record *order)
{
	const char *state = record_text(order, "state");
	return !str_equal(state, "draft") && !str_equal(state, "cancelled");
}

/* Sales count as orders; returns and exchanges only move money. */
static struct customer_trade trade_of(const struct record *order)
{
	if (order == NULL || !counts(order))
		return (struct customer_trade){0};
	bool sale = str_equal(record_text(order, "kind"), "sale");
	return (struct customer_trade){
		.orders = sale ? 1 : 0,
		.base_minor = record_i64(order, "total_base"),
		.unrated = record_value(order, "total_base")->kind == VALUE_NULL,
		.at_ms = sale ? record_i64(order, "placed_at") : 0,
	};
}

static enum err order_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)entity;
	int64_t from = old != NULL ? record_i64(old, "customer_id") : 0;
	int64_t to = new_ != NULL ? record_i64(new_, "customer_id") : 0;
	struct customer_trade before = trade_of(old), after = trade_of(new_);
	if (from == to && before.orders == after.orders && before.base_minor == after.base_minor && before.unrated == after.unrated && before.at_ms == after.at_ms)
		return OK;
	if (from == to) {
		bool recount = before.at_ms != 0 && before.at_ms != after.at_ms;
		struct customer_trade delta = {after.orders - before.orders, after.base_minor - before.base_minor, after.unrated - before.unrated, after.at_ms};
		return customer_add_trade(ctx, to, &delta, recount);
	}
	struct customer_trade minus = {-before.orders, -before.base_minor, -before.unrated, 0};
	enum err err = customer_add_trade(ctx, from, &minus, before.at_ms != 0);
	if (err == OK)
		err = customer_add_trade(ctx, to, &after, false);
	return err;
}

static enum err order_gathered(struct ctx *ctx, const struct entity *entity, struct record *new_)
{
	(void)entity;
	return order_sums_gathered(ctx, new_);
}

static const char *const order_indexes[] = {"unique channel_id,number", "unique channel_id,number_key", "customer_id,placed_at", "owner_id,placed_at",
                                            "state,placed_at", NULL};

const struct entity order_entity = {
	.name = "order",
	.plural = "orders",
	.label = {"Order", "订单"},
	.label_many = {"Orders", "订单"},
	.fields = order_fields,
	.n_fields = sizeof(order_fields) / sizeof(order_fields[0]),
	.groups = order_groups,
	.title = "number",
	.subtitle = "state",
	.owner = "owner_id",
	.work = "state=in.(draft,placed,paid,shipped)",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "placed_at.desc",
	.icon = "order",
	.search_rank = 2,
	.flags = E_GATHER,
	.hooks = {.before = order_before, .after = order_after, .gathered = order_gathered},
	.indexes = order_indexes,
};

static const struct option line_kinds[] = {
	{"sale", {"Sale", "销售"}, NULL},
	{"return", {"Return", "退货"}, "warn"},
	{"shipping", {"Shipping", "运费"}, NULL},
	{"discount", {"Discount", "优惠"}, NULL},
	{"gift", {"Gift", "赠品"}, NULL},
	{"adjustment", {"Adjustment", "调整"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field line_fields[] = {
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "position", .type = FIELD_INT, .label = {"No.", "行号"}, .flags = F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = line_kinds,
	 .help = {"Left empty: a sale, or a return where the quantity is negative", "留空时为销售，数量为负时为退货"}},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX | F_LIST},
	{.name = "sku", .type = FIELD_TEXT, .label = {"SKU", "商品编码"}, .max = 80, .flags = F_LIST},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 250, .flags = F_LIST},
	{.name = "quantity", .type = FIELD_DECIMAL, .label = {"Quantity", "数量"}, .scale = 3, .fallback = "1",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "unit", .type = FIELD_TEXT, .label = {"Unit", "单位"}, .max = 30},
	{.name = "unit_price", .type = FIELD_DECIMAL, .label = {"Unit price", "单价"}, .scale = 4, .fallback = "0",
	 .flags = F_REQUIRED | F_LIST, .help = {"In the order's currency", "以订单币种计"}},
	{.name = "discount", .type = FIELD_DECIMAL, .label = {"Discount", "优惠"}, .scale = 4, .fallback = "0"},
	{.name = "total", .type = FIELD_DECIMAL, .label = {"Total", "小计"}, .scale = 4, .fallback = "0",
	 .flags = F_READONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300},
};

/* The line's total is quantity times price less discount, at four decimals; the
 * order rounds once, to its currency. */
static enum err line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	int64_t total;
	if (new_ == NULL)
		return OK;
	enum err err = same(old, new_, "quantity") && same(old, new_, "kind") ? OK : settle_kind(ctx, new_, "quantity");
	if (err != OK)
		return err;
	if (!decimal_mul(record_i64(new_, "unit_price"), record_i64(new_, "quantity"), 3, &total) ||
	    __builtin_sub_overflow(total, record_i64(new_, "discount"), &total))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	return record_set(ctx, new_, "total", value_int(total));
}

static enum err line_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)entity;
	const struct record *line = new_ != NULL ? new_ : old;
	if (old != NULL && new_ != NULL && value_equal(record_value(old, "total"), record_value(new_, "total")))
		return OK;
	return order_sums_later(ctx, record_i64(line, "order_id"));
}

const struct entity order_line_entity = {
	.name = "order_line",
	.plural = "order_lines",
	.label = {"Order line", "订单明细"},
	.label_many = {"Order lines", "订单明细"},
	.fields = line_fields,
	.n_fields = sizeof(line_fields) / sizeof(line_fields[0]),
	.title = "name",
	.subtitle = "sku",
	.parent = "order_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_GATHER,
	.hooks = {.before = line_before, .after = line_after},
};
