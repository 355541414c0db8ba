/* Shops and channels, product categories, products. */
#include "sales/sales.h"

static const struct option channel_kinds[] = {
	{"web", {"Web shop", "自营网店"}, NULL},
	{"marketplace", {"Marketplace", "电商平台"}, NULL},
	{"store", {"Store", "门店"}, NULL},
	{"distributor", {"Distributor", "经销渠道"}, NULL},
	{"phone", {"Phone", "电话"}, NULL},
	{"app", {"App", "应用"}, NULL},
	{"social", {"Social commerce", "社交电商"}, NULL},
	{"counter", {"Counter", "柜台"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field channel_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "code", .type = FIELD_TEXT, .label = {"Code", "代码"}, .max = 60, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "code_key", .type = FIELD_TEXT, .label = {"Code as compared", "代码（比较用）"}, .form_of = "code", .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = channel_kinds, .fallback = "web",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "platform", .type = FIELD_TEXT, .label = {"Platform", "平台"}, .max = 60, .flags = F_LIST,
	 .help = {"Such as Taobao, JD, Shopify", "如淘宝、京东、Shopify"}},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .max = 2, .flags = F_LIST},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_LIST},
	{.name = "active", .type = FIELD_BOOL, .label = {"Active", "启用"}, .fallback = "true", .flags = F_LIST},
};

const struct entity channel_entity = {
	.name = "channel",
	.plural = "channels",
	.label = {"Shop or channel", "店铺/渠道"},
	.label_many = {"Shops and channels", "店铺与渠道"},
	.fields = channel_fields,
	.n_fields = sizeof(channel_fields) / sizeof(channel_fields[0]),
	.title = "name",
	.subtitle = "platform",
	.sort = "id.asc",
	.icon = "channel",
};

static const struct field category_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH | F_INDEX},
	{.name = "parent_id", .type = FIELD_LINK, .label = {"Parent category", "上级分类"}, .link = "category",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "code", .type = FIELD_TEXT, .label = {"Code", "代码"}, .max = 60, .flags = F_UNIQUE | F_LIST},
	{.name = "code_key", .type = FIELD_TEXT, .label = {"Code as compared", "代码（比较用）"}, .form_of = "code", .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
};

const struct entity category_entity = {
	.name = "category",
	.plural = "categories",
	.label = {"Category", "商品分类"},
	.label_many = {"Categories", "商品分类"},
	.fields = category_fields,
	.n_fields = sizeof(category_fields) / sizeof(category_fields[0]),
	.title = "name",
	.sort = "name.asc",
	.icon = "category",
};

static const struct option product_states[] = {
	{"active", {"On sale", "在售"}, "good"},
	{"draft", {"Draft", "草稿"}, "quiet"},
	{"discontinued", {"Discontinued", "停售"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field_group product_groups[] = {
	{"basic", {"Basics", "基本信息"}},
	{"price", {"Price", "价格"}},
	{"detail", {"Details", "详情"}},
	{NULL, {NULL, NULL}},
};

static const struct field product_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "basic", .max = 250,
	 .flags = F_REQUIRED | F_SEARCH | F_LIST | F_INDEX},
	{.name = "sku", .type = FIELD_TEXT, .label = {"SKU", "商品编码"}, .group = "basic", .max = 80,
	 .flags = F_REQUIRED | F_UNIQUE | F_SEARCH | F_LIST},
	{.name = "sku_key", .type = FIELD_TEXT, .label = {"SKU as compared", "商品编码（比较用）"}, .group = "basic",
	 .form_of = "sku", .form_cased = true, .flags = F_UNIQUE | F_SECRET | F_READONLY | F_MORE},
	{.name = "category_id", .type = FIELD_LINK, .label = {"Category", "商品分类"}, .group = "basic", .link = "category",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "brand", .type = FIELD_TEXT, .label = {"Brand", "品牌"}, .group = "basic", .max = 80, .flags = F_INDEX | F_LIST | F_SEARCH},
	{.name = "model", .type = FIELD_TEXT, .label = {"Model", "型号"}, .group = "basic", .max = 80, .flags = F_SEARCH},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = product_states,
	 .fallback = "active", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "price", .type = FIELD_MONEY, .label = {"Price", "售价"}, .group = "price", .currency_field = "currency",
	 .flags = F_LIST | F_SORT},
	{.name = "compare_at_price", .type = FIELD_MONEY, .label = {"List price", "划线价"}, .group = "price", .currency_field = "currency"},
	{.name = "cost", .type = FIELD_MONEY, .label = {"Cost", "成本"}, .group = "price", .currency_field = "currency",
	 .flags = F_MASKABLE},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "price", .max = 3},
	{.name = "unit", .type = FIELD_TEXT, .label = {"Unit", "单位"}, .group = "price", .max = 30},
	{.name = "tax_id", .type = FIELD_LINK, .label = {"Tax", "税种"}, .group = "price", .link = "tax", .on_delete = DELETE_RESTRICT, .flags = F_INDEX,
	 .help = {"Empty: the firm's usual one", "留空时按公司默认税种"}},
	{.name = "barcode", .type = FIELD_TEXT, .label = {"Barcode", "条形码"}, .group = "detail", .max = 60, .flags = F_SEARCH | F_INDEX},
	{.name = "barcode_key", .type = FIELD_TEXT, .label = {"Barcode as compared", "条形码（比较用）"}, .group = "detail",
	 .form_of = "barcode", .form_cased = true, .flags = F_INDEX | F_SECRET | F_READONLY | F_MORE},
	{.name = "weight_g", .type = FIELD_INT, .label = {"Weight (g)", "重量（克）"}, .group = "detail"},
	{.name = "description", .type = FIELD_NOTE, .label = {"Description", "描述"}, .group = "detail", .flags = F_MORE},
	{.name = "variant_of_id", .type = FIELD_LINK, .label = {"Variant of", "所属款式"}, .group = "detail", .link = "product",
	 .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "tags", .type = FIELD_LINKS, .label = {"Tags", "标签"}, .group = "detail", .link = "tag", .on_delete = DELETE_SET_NULL},
};

const struct entity product_entity = {
	.name = "product",
	.plural = "products",
	.label = {"Product", "商品"},
	.label_many = {"Products", "商品"},
	.fields = product_fields,
	.n_fields = sizeof(product_fields) / sizeof(product_fields[0]),
	.groups = product_groups,
	.title = "name",
	.subtitle = "sku",
	.sort = "id.desc",
	.icon = "product",
	.flags = E_GATHER,
	.search_rank = 3,
};
