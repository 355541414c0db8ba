/* Price books, their rules, rates between currencies, units of products. */
#include "pricing/pricing_store.h"

#include "base/decimal.h"
#include "base/str.h"
#include "pricing_sql.h"

static const struct option levels[] = {
	{"vip", {"VIP", "贵宾"}, "good"},           {"prime", {"Prime", "优质"}, "good"},         {"main", {"Main", "主要"}, "info"},
	{"ordinary", {"Ordinary", "普通"}, "quiet"}, {"potential", {"Potential", "潜力"}, "info"}, {"restricted", {"Restricted", "限制"}, "bad"},
	{NULL, {NULL, NULL}, NULL},
};
const struct option *const pricing_levels = levels;

static const struct field_group book_groups[] = {
	{"basic", {"Basics", "基本信息"}},
	{"whom", {"For whom", "适用对象"}},
	{"order", {"Which comes first", "取价顺序"}},
	{NULL, {NULL, NULL}},
};

static const struct field book_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "basic", .max = 120, .flags = F_REQUIRED | F_LIST | F_SEARCH},
	{.name = "contract_no", .type = FIELD_TEXT, .label = {"Contract no.", "合同编号"}, .group = "basic", .max = 64, .flags = F_SEARCH | F_LIST | F_INDEX},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "basic", .max = 3, .flags = F_LIST,
	 .help = {"Empty: the firm's", "留空时为本位币"}},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "生效日期"}, .group = "basic", .flags = F_LIST},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"To, this day too", "截止日期（含）"}, .group = "basic", .flags = F_LIST},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .group = "basic", .fallback = "true", .flags = F_REQUIRED | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "whom", .link = "customer", .on_delete = DELETE_CASCADE,
	 .flags = F_INDEX | F_LIST},
	{.name = "tag_id", .type = FIELD_LINK, .label = {"Customers with the tag", "客户标签"}, .group = "whom", .link = "tag", .on_delete = DELETE_RESTRICT},
	{.name = "level", .type = FIELD_ENUM, .label = {"Customers of the level", "客户级别"}, .group = "whom", .options = levels, .flags = F_LIST},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .group = "whom", .link = "channel", .on_delete = DELETE_RESTRICT,
	 .flags = F_LIST},
	{.name = "region_id", .type = FIELD_LINK, .label = {"Region", "区域"}, .group = "whom", .link = "region", .on_delete = DELETE_RESTRICT},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .group = "whom", .max = 2},
	{.name = "priority", .type = FIELD_INT, .label = {"Place", "顺序"}, .group = "order", .fallback = "100", .flags = F_REQUIRED | F_LIST,
	 .help = {"The smaller comes first; of equal ones: customer, tag, level, channel, region, country, everybody",
	          "数字小的优先；相同时依次为：客户、标签、级别、渠道、区域、国家、所有人"}},
	{.name = "alone", .type = FIELD_BOOL, .label = {"Stands alone", "独立使用"}, .group = "order", .fallback = "false", .flags = F_REQUIRED,
	 .help = {"Where it has prices of a product, no later book adds to them; where an earlier one has, it is not used", "本价目表有该商品价格时，后面的价目表不再补充；前面的已有价格时，本表不使用"}},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

enum err pricing_check_period(struct ctx *ctx, const struct record *r, const char *from, const char *until)
{
	const char *a = record_text(r, from), *b = record_text(r, until);
	if (a != NULL && b != NULL && strcmp(b, a) < 0)
		return fail(ctx, ERR_INVALID, until, "pricing_period");
	return OK;
}

enum err pricing_check_currency(struct ctx *ctx, const struct record *r, const char *field)
{
	const char *code = record_text(r, field);
	return str_empty(code) || currency_known(code) ? OK : fail_arg(ctx, ERR_INVALID, field, "pricing_currency", code);
}

static enum err book_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	enum err err = pricing_check_period(ctx, now, "starts_on", "ends_on");
	return err == OK ? pricing_check_currency(ctx, now, "currency") : err;
}

const struct entity price_book_entity = {
	.name = "price_book",
	.plural = "price_books",
	.label = {"Price book", "价目表"},
	.label_many = {"Price books", "价目表"},
	.fields = book_fields,
	.n_fields = sizeof(book_fields) / sizeof(book_fields[0]),
	.groups = book_groups,
	.title = "name",
	.subtitle = "contract_no",
	.sort = "priority.asc",
	.icon = "price",
	.search_rank = 6,
	.hooks = {.before = book_before},
};

/* --- rules ------------------------------------------------------------------------- */

static const struct option rule_kinds[] = {
	{"fixed", {"Price", "定价"}, NULL},
	{"percent_off", {"Percent off", "折扣（%）"}, NULL},
	{"change", {"More or less by", "加减金额"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field rule_fields[] = {
	{.name = "book_id", .type = FIELD_LINK, .label = {"Price book", "价目表"}, .link = "price_book", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "position", .type = FIELD_INT, .label = {"Line", "行号"}, .flags = F_LIST, .help = {"Made by the program when left empty", "留空时自动编号"}},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST,
	 .help = {"Empty: all of the category, or all", "留空表示该分类或全部商品"}},
	{.name = "category_id", .type = FIELD_LINK, .label = {"Category", "商品分类"}, .link = "category", .on_delete = DELETE_CASCADE, .flags = F_LIST},
	{.name = "unit", .type = FIELD_TEXT, .label = {"Unit", "单位"}, .max = 30, .flags = F_LIST, .help = {"Empty: the product's own", "留空时为商品单位"}},
	{.name = "quantity_from", .type = FIELD_DECIMAL, .label = {"From quantity", "起订数量"}, .scale = 3, .fallback = "1", .flags = F_REQUIRED | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "方式"}, .options = rule_kinds, .fallback = "fixed", .flags = F_REQUIRED | F_LIST},
	{.name = "amount", .type = FIELD_DECIMAL, .label = {"Price, percent or change", "价格、折扣或金额"}, .scale = 4, .flags = F_REQUIRED | F_LIST,
	 .fallback = "0"},
	{.name = "base_book_id", .type = FIELD_LINK, .label = {"Reckoned from the book", "基于价目表"}, .link = "price_book", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX, .help = {"Empty: from the product's own price", "留空时基于商品售价"}},
	{.name = "round_to", .type = FIELD_DECIMAL, .label = {"Rounded to", "取整到"}, .scale = 4, .help = {"Such as 1 or 0.05; before a change is added", "如 1 或 0.05；在加减金额之前取整"}},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "生效日期"}, .flags = F_MORE},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"To, this day too", "截止日期（含）"}, .flags = F_MORE},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 300, .flags = F_MORE},
};

static enum err one_number(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* A book that is reckoned from others, which lead back to it, has no price. */
static enum err check_circle(struct ctx *ctx, int64_t book, int64_t base)
{
	struct stmt *stmt;
	bool row = false;
	if (base == 0)
		return OK;
	if (base == book)
		return fail(ctx, ERR_INVALID, "base_book_id", "pricing_circle");
	enum err err = db_prepare(ctx, ctx->db, &sql_pricing_circle, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, base);
	stmt_bind_i64(stmt, 2, book);
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return err == OK && row ? fail(ctx, ERR_INVALID, "base_book_id", "pricing_circle") : err;
}

static enum err check_rule(struct ctx *ctx, const struct record *now)
{
	const char *kind = record_text(now, "kind");
	int64_t amount = record_i64(now, "amount");
	if (record_i64(now, "quantity_from") < 0)
		return fail(ctx, ERR_INVALID, "quantity_from", "pricing_negative");
	if (record_i64(now, "round_to") < 0)
		return fail(ctx, ERR_INVALID, "round_to", "pricing_negative");
	if (str_equal(kind, "fixed") && amount < 0)
		return fail(ctx, ERR_INVALID, "amount", "pricing_below_zero");
	if (str_equal(kind, "percent_off") && amount > 1000000)
		return fail(ctx, ERR_INVALID, "amount", "pricing_percent");
	if (record_i64(now, "product_id") != 0 && record_i64(now, "category_id") != 0)
		return fail(ctx, ERR_INVALID, "category_id", "pricing_product_or_category");
	if (str_equal(kind, "fixed") && record_i64(now, "product_id") == 0)
		return fail(ctx, ERR_INVALID, "product_id", "pricing_fixed_product");
	return pricing_check_period(ctx, now, "starts_on", "ends_on");
}

static enum err rule_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	int64_t last = 0;
	if (now == NULL)
		return OK;
	enum err err = check_rule(ctx, now);
	if (err == OK)
		err = check_circle(ctx, record_i64(now, "book_id"), record_i64(now, "base_book_id"));
	if (err == OK && record_value(now, "position")->kind == VALUE_NULL) {
		err = one_number(ctx, &sql_pricing_last_position, record_i64(now, "book_id"), &last);
		if (err == OK)
			err = record_set(ctx, now, "position", value_int(last + 1));
	}
	return err;
}

static const char *const rule_indexes[] = {"product_id,book_id", "book_id,position", NULL};

const struct entity price_rule_entity = {
	.name = "price_rule",
	.plural = "price_rules",
	.label = {"Price", "价格"},
	.label_many = {"Prices", "价格"},
	.fields = rule_fields,
	.n_fields = sizeof(rule_fields) / sizeof(rule_fields[0]),
	.title = "position",
	.parent = "book_id",
	.sort = "position.asc",
	.icon = "price",
	.flags = E_CHILD,
	.hooks = {.before = rule_before},
	.indexes = rule_indexes,
};

/* --- rates ------------------------------------------------------------------------- */

static const struct field rate_fields[] = {
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .max = 3, .flags = F_REQUIRED | F_LIST},
	{.name = "valid_from", .type = FIELD_DATE, .label = {"From", "生效日期"}, .flags = F_REQUIRED | F_LIST},
	{.name = "rate", .type = FIELD_DECIMAL, .label = {"In base currency", "折合本位币"}, .scale = 8, .flags = F_REQUIRED | F_LIST,
	 .help = {"What one of it is worth: 7.1234 for a dollar where the firm counts in yuan", "一单位外币值多少本位币：本位币为人民币时，1 美元填 7.1234"}},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 200, .flags = F_MORE},
};

static enum err rate_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL)
		return OK;
	if (record_i64(now, "rate") <= 0)
		return fail(ctx, ERR_INVALID, "rate", "pricing_rate");
	if (str_equal(record_text(now, "currency"), registry_base_currency(ctx->registry)))
		return fail(ctx, ERR_INVALID, "currency", "pricing_rate_base");
	return pricing_check_currency(ctx, now, "currency");
}

static const char *const rate_indexes[] = {"unique currency,valid_from", NULL};

const struct entity exchange_rate_entity = {
	.name = "exchange_rate",
	.plural = "exchange_rates",
	.label = {"Exchange rate", "汇率"},
	.label_many = {"Exchange rates", "汇率"},
	.fields = rate_fields,
	.n_fields = sizeof(rate_fields) / sizeof(rate_fields[0]),
	.title = "currency",
	.subtitle = "valid_from",
	.sort = "valid_from.desc",
	.icon = "money",
	.hooks = {.before = rate_before},
	.indexes = rate_indexes,
};

/* --- units -------------------------------------------------------------------------- */

static const struct field unit_fields[] = {
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "name", .type = FIELD_TEXT, .label = {"Unit", "单位"}, .max = 30, .flags = F_REQUIRED | F_LIST},
	{.name = "factor", .type = FIELD_DECIMAL, .label = {"Holds", "换算数量"}, .scale = 6, .flags = F_REQUIRED | F_LIST,
	 .help = {"How many of the product's own unit: 12 for a dozen", "含多少商品单位：一打为 12"}},
	{.name = "barcode", .type = FIELD_TEXT, .label = {"Barcode", "条形码"}, .max = 60, .flags = F_LIST},
};

static enum err unit_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	return now != NULL && record_i64(now, "factor") <= 0 ? fail(ctx, ERR_INVALID, "factor", "not_positive") : OK;
}

static const char *const unit_indexes[] = {"unique product_id,name", NULL};

const struct entity product_unit_entity = {
	.name = "product_unit",
	.plural = "product_units",
	.label = {"Unit", "商品单位"},
	.label_many = {"Units", "商品单位"},
	.fields = unit_fields,
	.n_fields = sizeof(unit_fields) / sizeof(unit_fields[0]),
	.title = "name",
	.parent = "product_id",
	.sort = "id.asc",
	.icon = "product",
	.flags = E_CHILD,
	.hooks = {.before = unit_before},
	.indexes = unit_indexes,
};
