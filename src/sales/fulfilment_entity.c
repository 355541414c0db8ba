/* Payments and shipments of an order. */
#include "sales/sales.h"

static const struct option payment_kinds[] = {
	{"payment", {"Payment", "收款"}, NULL},
	{"refund", {"Refund", "退款"}, "warn"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option methods[] = {
	{"alipay", {"Alipay", "支付宝"}, NULL},
	{"wechat", {"WeChat Pay", "微信支付"}, NULL},
	{"unionpay", {"UnionPay", "银联"}, NULL},
	{"card", {"Card", "银行卡"}, NULL},
	{"transfer", {"Bank transfer", "银行转账"}, NULL},
	{"cash", {"Cash", "现金"}, NULL},
	{"cod", {"Cash on delivery", "货到付款"}, NULL},
	{"credit", {"On account", "赊账"}, NULL},
	{"points", {"Points", "积分"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option payment_states[] = {
	{"pending", {"Pending", "待支付"}, "warn"},
	{"paid", {"Paid", "已支付"}, "good"},
	{"failed", {"Failed", "失败"}, "bad"},
	{"refunded", {"Refunded", "已退款"}, "quiet"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field payment_fields[] = {
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = payment_kinds, .fallback = "payment",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "method", .type = FIELD_ENUM, .label = {"Method", "方式"}, .options = methods, .flags = F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = payment_states, .fallback = "paid",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "金额"}, .currency_field = "currency", .flags = F_REQUIRED | F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3},
	{.name = "paid_at", .type = FIELD_TIME, .label = {"Paid", "支付时间"}, .flags = F_LIST | F_INDEX},
	{.name = "reference", .type = FIELD_TEXT, .label = {"Reference", "流水号"}, .max = 120, .flags = F_INDEX},
};

const struct entity payment_entity = {
	.name = "payment",
	.plural = "payments",
	.label = {"Payment", "收退款"},
	.label_many = {"Payments", "收退款"},
	.fields = payment_fields,
	.n_fields = sizeof(payment_fields) / sizeof(payment_fields[0]),
	.title = "reference",
	.subtitle = "method",
	.parent = "order_id",
	.sort = "id.asc",
	.icon = "payment",
	.flags = E_CHILD,
};

static const struct option shipment_states[] = {
	{"preparing", {"Preparing", "备货中"}, "info"},
	{"shipped", {"Shipped", "运输中"}, "info"},
	{"delivered", {"Delivered", "已签收"}, "good"},
	{"failed", {"Failed", "异常"}, "bad"},
	{"returned", {"Returned", "已退回"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field shipment_fields[] = {
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .link = "order", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "carrier", .type = FIELD_TEXT, .label = {"Carrier", "承运商"}, .max = 80, .flags = F_LIST},
	{.name = "tracking_no", .type = FIELD_TEXT, .label = {"Tracking no.", "运单号"}, .max = 80, .flags = F_LIST | F_INDEX | F_SEARCH},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .options = shipment_states, .fallback = "preparing",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "shipped_at", .type = FIELD_TIME, .label = {"Shipped", "发货时间"}, .flags = F_LIST},
	{.name = "delivered_at", .type = FIELD_TIME, .label = {"Delivered", "签收时间"}, .flags = F_LIST},
	{.name = "receiver", .type = FIELD_TEXT, .label = {"Receiver", "收件人"}, .max = 120, .flags = F_PERSONAL | F_MASKABLE},
	{.name = "phone", .type = FIELD_PHONE, .label = {"Phone", "电话"}, .flags = F_PERSONAL | F_MASKABLE},
	{.name = "address", .type = FIELD_TEXT, .label = {"Address", "地址"}, .max = 400, .flags = F_PERSONAL | F_MASKABLE},
};

const struct entity shipment_entity = {
	.name = "shipment",
	.plural = "shipments",
	.label = {"Shipment", "发货"},
	.label_many = {"Shipments", "发货"},
	.fields = shipment_fields,
	.n_fields = sizeof(shipment_fields) / sizeof(shipment_fields[0]),
	.title = "tracking_no",
	.subtitle = "carrier",
	.parent = "order_id",
	.sort = "id.asc",
	.icon = "shipment",
	.flags = E_CHILD,
};
