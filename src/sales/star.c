/* What is counted of sales. Drafts and cancelled orders count in no figure; what goes back is negative, so that sums are net. */
#include "core/warehouse/star.h"
#include "sales/sales.h"

#define UNCOUNTED "state=draft,cancelled"

static const struct star_measure order_measures[] = {
	{.name = "orders", .label = {"Orders", "订单数"}, .kind = STAR_COUNT},
	{.name = "total", .label = {"Order value", "订单金额"}, .kind = STAR_SUM, .of = "total_base"},
	{.name = "mean", .label = {"Mean order value", "客单价"}, .kind = STAR_MEAN, .of = "total_base"},
	{.name = "customers", .label = {"Customers who ordered", "下单客户数"}, .kind = STAR_DIFFERENT, .of = "customer_id"},
	{.name = "largest", .label = {"Largest order", "最大订单"}, .kind = STAR_MOST, .of = "total_base"},
	{.name = NULL},
};

static const struct star_measure line_measures[] = {
	{.name = "sales", .label = {"Sales", "销售额"}, .kind = STAR_SUM, .of = "amount_base", .needs = "total,order_id.total_base", .scale = 4, .money = true},
	{.name = "quantity", .label = {"Quantity", "销售数量"}, .kind = STAR_SUM, .of = "quantity"},
	{.name = "lines", .label = {"Order lines", "明细行数"}, .kind = STAR_COUNT},
	{.name = "orders", .label = {"Orders", "订单数"}, .kind = STAR_DIFFERENT, .of = "order_id"},
	{.name = "customers", .label = {"Customers who bought", "购买客户数"}, .kind = STAR_DIFFERENT, .of = "order_id.customer_id"},
	{.name = "products", .label = {"Different products", "商品种数"}, .kind = STAR_DIFFERENT, .of = "product_id"},
	{.name = NULL},
};

/* In base currency at the order's rate; without one it counts in no sum. */
static const struct star_extra line_extras[] = {
	{"amount_base", "CAST(round(t.\"total\" * (p.\"fx_rate\" / 1000000.0)) AS bigint)"},
	{NULL, NULL},
};

static const struct star_measure payment_measures[] = {
	{.name = "payments", .label = {"Payments", "收退款笔数"}, .kind = STAR_COUNT},
	{.name = "amount", .label = {"Paid, as entered", "收退款金额"}, .kind = STAR_SUM, .of = "amount"},
	{.name = NULL},
};

const struct star_table sales_stars[] = {
	{.entity = "channel", .texts = "platform"},
	{.entity = "category"},
	{.entity = "product", .texts = "brand,model,unit"},
	{.entity = "order", .kept = "lines_count,lines_total,total_base", .texts = "source", .moment = "placed_at", .uncounted = UNCOUNTED,
	 .measures = order_measures},
	{.entity = "order_line", .carried = "order_id", .kept = "total", .texts = "unit", .moment = "order_id.placed_at", .uncounted = "order_id." UNCOUNTED,
	 .extras = line_extras, .measures = line_measures},
	{.entity = "payment", .carried = "order_id", .moment = "paid_at", .uncounted = "state=pending,failed", .measures = payment_measures},
	{.entity = NULL},
};
