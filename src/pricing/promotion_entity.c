/* Promotions, and who has used them. */
#include "pricing/pricing_store.h"

#include "base/str.h"

static const struct option kinds[] = {
	{"percent", {"Percent off", "打折"}, NULL},
	{"amount", {"Money off", "减价"}, NULL},
	{"n_for_m", {"N for the price of M", "买 N 付 M"}, NULL},
	{"gift", {"Gift", "赠品"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}},
	{"what", {"What is given", "优惠内容"}},
	{"when", {"When it holds", "适用条件"}},
	{"limits", {"Order and limits", "顺序与限量"}},
	{NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "basic", .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .group = "basic", .options = kinds, .fallback = "percent", .flags = F_REQUIRED | F_LIST},
	{.name = "coupon", .type = FIELD_TEXT, .label = {"Coupon code", "优惠码"}, .group = "basic", .max = 40, .flags = F_LIST | F_SEARCH,
	 .help = {"Empty: it needs none", "留空表示无需优惠码"}},
	{.name = "coupon_key", .type = FIELD_TEXT, .label = {"Coupon code as compared", "优惠码（比较用）"}, .group = "basic", .form_of = "coupon",
	 .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .group = "basic", .fallback = "true", .flags = F_REQUIRED | F_LIST},
	{.name = "percent", .type = FIELD_DECIMAL, .label = {"Percent off", "折扣（%）"}, .group = "what", .scale = 4, .help = {"20 takes a fifth off", "20 表示减两成，即八折"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Money off", "减价金额"}, .group = "what", .currency_field = "currency"},
	{.name = "each_time", .type = FIELD_BOOL, .label = {"Again for each full sum", "每满一次减一次"}, .group = "what", .fallback = "false", .flags = F_REQUIRED,
	 .help = {"300 less 50, 600 less 100", "满 300 减 50，满 600 减 100"}},
	{.name = "take", .type = FIELD_INT, .label = {"N: pieces taken", "N：件数"}, .group = "what"},
	{.name = "pay", .type = FIELD_INT, .label = {"M: pieces paid", "M：付款件数"}, .group = "what"},
	{.name = "gift_product_id", .type = FIELD_LINK, .label = {"Gift", "赠送商品"}, .group = "what", .link = "product", .on_delete = DELETE_RESTRICT},
	{.name = "gift_quantity", .type = FIELD_DECIMAL, .label = {"How many", "赠送数量"}, .group = "what", .scale = 3, .fallback = "1"},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .group = "when", .link = "product", .on_delete = DELETE_CASCADE,
	 .flags = F_INDEX, .help = {"Empty: all", "留空表示全部"}},
	{.name = "category_id", .type = FIELD_LINK, .label = {"Category", "商品分类"}, .group = "when", .link = "category", .on_delete = DELETE_CASCADE},
	{.name = "min_amount", .type = FIELD_MONEY, .label = {"From a sum of", "满金额"}, .group = "when", .currency_field = "currency",
	 .help = {"Of the lines it holds for", "按适用的行合计"}},
	{.name = "min_quantity", .type = FIELD_DECIMAL, .label = {"From a quantity of", "满件数"}, .group = "when", .scale = 3},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "when", .max = 3, .help = {"Empty: the firm's; money of it holds in this currency alone", "留空时为本位币；金额条件只对该币种有效"}},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "when", .link = "customer", .on_delete = DELETE_CASCADE, .flags = F_INDEX},
	{.name = "tag_id", .type = FIELD_LINK, .label = {"Customers with the tag", "客户标签"}, .group = "when", .link = "tag", .on_delete = DELETE_RESTRICT},
	{.name = "level", .type = FIELD_TEXT, .label = {"Customers of the level", "客户级别"}, .group = "when", .max = 20, .flags = F_MORE},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .group = "when", .link = "channel", .on_delete = DELETE_RESTRICT},
	{.name = "starts_at", .type = FIELD_TIME, .label = {"From", "开始时间"}, .group = "when", .flags = F_LIST},
	{.name = "ends_at", .type = FIELD_TIME, .label = {"Until", "结束时间"}, .group = "when", .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Place", "顺序"}, .group = "limits", .fallback = "100", .flags = F_REQUIRED | F_LIST,
	 .help = {"The smaller comes first; each takes from what the ones before left", "数字小的先计算；后面的在前面优惠之后的金额上计算"}},
	{.name = "exclusive", .type = FIELD_BOOL, .label = {"No others after it", "不与后续优惠同享"}, .group = "limits", .fallback = "false", .flags = F_REQUIRED},
	{.name = "exclusion", .type = FIELD_TEXT, .label = {"One of", "互斥组"}, .group = "limits", .max = 40,
	 .help = {"Of promotions with the same word only the first holds", "同一互斥组中只有第一个生效"}},
	{.name = "max_uses", .type = FIELD_INT, .label = {"Uses at most", "总次数上限"}, .group = "limits"},
	{.name = "max_per_customer", .type = FIELD_INT, .label = {"Uses of a customer at most", "每客户次数上限"}, .group = "limits"},
	{.name = "used", .type = FIELD_INT, .label = {"Used", "已使用"}, .group = "limits", .fallback = "0", .flags = F_READONLY | F_LIST},
};

static enum err need(struct ctx *ctx, const struct record *now, const char *field)
{
	return record_i64(now, field) > 0 ? OK : fail(ctx, ERR_INVALID, field, "not_positive");
}

static enum err check_kind(struct ctx *ctx, const struct record *now)
{
	const char *kind = record_text(now, "kind");
	enum err err = OK;
	if (str_equal(kind, "percent")) {
		err = need(ctx, now, "percent");
		if (err == OK && record_i64(now, "percent") > 1000000)
			err = fail(ctx, ERR_INVALID, "percent", "pricing_percent");
	} else if (str_equal(kind, "amount")) {
		err = need(ctx, now, "amount");
		if (err == OK && record_i64(now, "each_time") != 0)
			err = need(ctx, now, "min_amount");
	} else if (str_equal(kind, "n_for_m")) {
		err = need(ctx, now, "take");
		if (err == OK && (record_i64(now, "pay") < 0 || record_i64(now, "pay") >= record_i64(now, "take")))
			err = fail(ctx, ERR_INVALID, "pay", "promotion_pay");
	} else {
		err = need(ctx, now, "gift_quantity");
		if (err == OK && record_i64(now, "gift_product_id") == 0)
			err = fail(ctx, ERR_INVALID, "gift_product_id", "required");
	}
	return err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	static const char *const counts[] = {"max_uses", "max_per_customer", "min_quantity", "min_amount"};
	if (now == NULL)
		return OK;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (record_i64(now, counts[i]) < 0)
			return fail(ctx, ERR_INVALID, counts[i], "pricing_negative");
	}
	const struct value *from = record_value(now, "starts_at"), *until = record_value(now, "ends_at");
	if (from->kind != VALUE_NULL && until->kind != VALUE_NULL && until->i <= from->i)
		return fail(ctx, ERR_INVALID, "ends_at", "pricing_period");
	enum err err = pricing_check_currency(ctx, now, "currency");
	return err == OK ? check_kind(ctx, now) : err;
}

const struct entity promotion_entity = {
	.name = "promotion",
	.plural = "promotions",
	.label = {"Promotion", "促销"},
	.label_many = {"Promotions", "促销"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "name",
	.subtitle = "coupon",
	.sort = "position.asc",
	.icon = "gift",
	.search_rank = 7,
	.hooks = {.before = before},
};

static const struct field use_fields[] = {
	{.name = "promotion_id", .type = FIELD_LINK, .label = {"Promotion", "促销"}, .link = "promotion", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "reference", .type = FIELD_TEXT, .label = {"For", "对应单据"}, .max = 80, .flags = F_REQUIRED | F_LIST},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Money off", "优惠金额"}, .currency_field = "currency", .flags = F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3},
};

static const char *const use_indexes[] = {"unique promotion_id,reference", "promotion_id,customer_id", NULL};

const struct entity promotion_use_entity = {
	.name = "promotion_use",
	.plural = "promotion_uses",
	.label = {"Use of a promotion", "促销使用记录"},
	.label_many = {"Uses of promotions", "促销使用记录"},
	.fields = use_fields,
	.n_fields = sizeof(use_fields) / sizeof(use_fields[0]),
	.title = "reference",
	.parent = "promotion_id",
	.sort = "id.desc",
	.icon = "gift",
	.flags = E_CHILD | E_NO_API_WRITE,
	.indexes = use_indexes,
};
