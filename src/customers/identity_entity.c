/* How a customer is recognised and reached: identifiers, addresses, party roles. */
#include "customers/customers.h"

#include "base/str.h"
#include "core/text/text.h"
#include "customers/customers_sql.h"

static const struct option id_kinds[] = {
	{"phone", {"Phone", "电话"}, NULL},
	{"email", {"E-mail", "电子邮箱"}, NULL},
	{"wechat_openid", {"WeChat OpenID", "微信 OpenID"}, NULL},
	{"wechat_unionid", {"WeChat UnionID", "微信 UnionID"}, NULL},
	{"wechat", {"WeChat", "微信号"}, NULL},
	{"line", {"LINE", "LINE"}, NULL},
	{"qq", {"QQ", "QQ"}, NULL},
	{"wecom_id", {"WeCom id", "企业微信 ID"}, NULL},
	{"taobao_ouid", {"Taobao OUID", "淘宝 OUID"}, NULL},
	{"taobao_oaid", {"Taobao OAID", "淘宝 OAID"}, NULL},
	{"jd_pin", {"JD PIN", "京东 PIN"}, NULL},
	{"douyin_openid", {"Douyin OpenID", "抖音 OpenID"}, NULL},
	{"shop_id", {"Shop customer id", "商城客户号"}, NULL},
	{"erp_id", {"ERP id", "ERP 编号"}, NULL},
	{"member_card", {"Member card", "会员卡号"}, NULL},
	{"visitor", {"Web visitor", "网站访客"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option evidences[] = {
	{"verified", {"Verified by the customer", "客户已验证"}, "good"},
	{"platform", {"Given by the platform", "平台提供"}, "info"},
	{"stated", {"Stated by the customer", "客户自述"}, NULL},
	{"staff", {"Entered by staff", "员工录入"}, NULL},
	{"import", {"Imported", "文件导入"}, "quiet"},
	{"guess", {"Inferred", "推断"}, "warn"},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field identifier_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer",
	 .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = id_kinds, .flags = F_REQUIRED | F_LIST},
	{.name = "value", .type = FIELD_TEXT, .label = {"Value", "值"}, .max = 250,
	 .kind_field = "kind", .flags = F_REQUIRED | F_LIST | F_SEARCH | F_PERSONAL | F_MASKABLE},
	{.name = "value_key", .type = FIELD_TEXT, .label = {"Value as compared", "值（比较用）"}, .form_of = "value",
	 .flags = F_INDEX | F_SECRET | F_READONLY | F_MORE},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .link = "channel",
	 .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "scope", .type = FIELD_TEXT, .label = {"Scope", "作用域"}, .max = 80,
	 .help = {"App or period within which the value holds", "该值有效的应用或期间"}},
	{.name = "evidence", .type = FIELD_ENUM, .label = {"Evidence", "依据"}, .options = evidences, .fallback = "staff",
	 .flags = F_LIST},
	{.name = "verified_at", .type = FIELD_TIME, .label = {"Verified", "验证时间"}},
	{.name = "valid_until", .type = FIELD_TIME, .label = {"Valid until", "有效期至"}},
	{.name = "is_primary", .type = FIELD_BOOL, .label = {"Primary", "首选"}, .fallback = "false"},
};

/* A platform's id belongs to one customer; phones and mail addresses may be shared in a family. */
static bool exclusive(const char *kind)
{
	return !str_equal(kind, "phone") && !str_equal(kind, "email") && !str_equal(kind, "other");
}

/* The country in which the customer's numbers are, as those of their own fields. */
static enum err customer_country(struct ctx *ctx, int64_t customer, const char **ret)
{
	const struct record *waits = record_gathered(ctx, customer);
	struct stmt *stmt;
	bool row = false;
	*ret = waits != NULL ? record_text(waits, "country") : NULL;
	enum err err = waits == NULL ? db_prepare(ctx, ctx->db, &sql_customer_country, &stmt) : OK;
	if (err == OK && waits == NULL) {
		stmt_bind_i64(stmt, 1, customer);
		err = stmt_step(ctx, stmt, &row);
		if (err == OK && row && stmt_text(stmt, 0) != NULL)
			*ret = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		stmt_done(stmt);
	}
	if (err == OK && *ret == NULL)
		*ret = registry_phone_region(ctx->registry);
	return err;
}

enum err identifier_form(struct ctx *ctx, const char *kind, const char *text, int64_t customer, const char **ret)
{
	const char *normal = text, *country = NULL;
	bool valid = false;
	*ret = text;
	enum err err = OK;
	if (str_equal(kind, "email"))
		err = email_normalise(ctx, text, &normal, &valid);
	else if (str_equal(kind, "phone"))
		err = customer_country(ctx, customer, &country);
	if (err == OK && str_equal(kind, "phone"))
		err = phone_normalise(ctx, text, country, &normal, &valid);
	if (err == OK && valid) /* a masked number, or a word beside it, stays what it is */
		*ret = normal;
	return err;
}

/* Phones and mail addresses stand as in the fields of those types. */
static enum err set_form(struct ctx *ctx, const struct record *old, struct record *new_)
{
	const char *value = record_text(new_, "value"), *kind = record_text(new_, "kind"), *form;
	bool same = old != NULL && value_equal(record_value(old, "value"), record_value(new_, "value")) && str_equal(record_text(old, "kind"), kind);
	if (value == NULL || kind == NULL || same)
		return OK;
	enum err err = identifier_form(ctx, kind, value, record_i64(new_, "customer_id"), &form);
	return err == OK && form != value ? record_set(ctx, new_, "value", value_text(form)) : err;
}

/* Ids that platforms make: A and a are two. */
static bool minds_case(const char *kind)
{
	static const char *const kinds[] = {"wechat_openid", "wechat_unionid", "taobao_ouid", "taobao_oaid", "douyin_openid", "visitor"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kind, kinds[i]))
			return true;
	return false;
}

static bool same(const struct record *old, const struct record *new_, const char *field)
{
	return value_equal(record_value(old, field), record_value(new_, field));
}

/* That no other customer has it. */
static enum err check_taken(struct ctx *ctx, const struct record *new_)
{
	const char *kind = record_text(new_, "kind"), *value = record_text(new_, "value"), *scope = record_text(new_, "scope");
	struct value compared;
	struct stmt *stmt;
	bool row = false;
	enum err err = entity_compared_value(ctx, new_->info, entity_field(new_->info, "value"), record_value(new_, "value"), &compared);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_identifier_taken, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, kind);
	stmt_bind_text(stmt, 2, compared.t.p);
	stmt_bind_i64(stmt, 3, record_i64(new_, "channel_id"));
	stmt_bind_text(stmt, 4, scope != NULL ? scope : "");
	stmt_bind_i64(stmt, 5, record_id(new_));
	stmt_bind_text(stmt, 6, minds_case(kind) ? value : "");
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return err == OK && row ? fail(ctx, ERR_CONFLICT, "value", "identifier_taken") : err;
}

static enum err identifier_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	enum err err = new_ != NULL ? set_form(ctx, old, new_) : OK;
	if (err != OK || new_ == NULL || !exclusive(record_text(new_, "kind")) || record_text(new_, "value") == NULL)
		return err;
	if (old != NULL && same(old, new_, "value") && same(old, new_, "kind") && same(old, new_, "channel_id") && same(old, new_, "scope"))
		return OK;
	return check_taken(ctx, new_);
}

static const char *const identifier_indexes[] = {"kind,value_key", NULL};

const struct entity identifier_entity = {
	.name = "identifier",
	.plural = "identifiers",
	.label = {"Identifier", "身份标识"},
	.label_many = {"Identifiers", "身份标识"},
	.fields = identifier_fields,
	.n_fields = sizeof(identifier_fields) / sizeof(identifier_fields[0]),
	.title = "value",
	.subtitle = "kind",
	.parent = "customer_id",
	.sort = "id.asc",
	.icon = "identifier",
	.flags = E_CHILD,
	.hooks = {.before = identifier_before},
	.indexes = identifier_indexes,
};

static const struct option address_kinds[] = {
	{"home", {"Home", "家庭"}, NULL},
	{"work", {"Work", "单位"}, NULL},
	{"shipping", {"Shipping", "收货"}, NULL},
	{"billing", {"Billing", "账单"}, NULL},
	{"registered", {"Registered office", "注册地"}, NULL},
	{"other", {"Other", "其他"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field address_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer",
	 .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = address_kinds, .fallback = "shipping",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "receiver", .type = FIELD_TEXT, .label = {"Receiver", "收件人"}, .max = 120,
	 .flags = F_LIST | F_PERSONAL | F_MASKABLE},
	{.name = "phone", .type = FIELD_PHONE, .label = {"Phone", "电话"}, .flags = F_LIST | F_PERSONAL | F_MASKABLE | F_SEARCH},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .max = 2},
	{.name = "province", .type = FIELD_TEXT, .label = {"Province", "省/州"}, .max = 80, .flags = F_LIST},
	{.name = "city", .type = FIELD_TEXT, .label = {"City", "城市"}, .max = 80, .flags = F_LIST},
	{.name = "district", .type = FIELD_TEXT, .label = {"District", "区/县"}, .max = 80},
	{.name = "street", .type = FIELD_TEXT, .label = {"Street", "详细地址"}, .max = 300,
	 .flags = F_REQUIRED | F_LIST | F_PERSONAL | F_SEARCH | F_MASKABLE},
	{.name = "postcode", .type = FIELD_TEXT, .label = {"Postcode", "邮政编码"}, .max = 20},
	{.name = "is_default", .type = FIELD_BOOL, .label = {"Default", "默认"}, .fallback = "false"},
};

const struct entity address_entity = {
	.name = "address",
	.plural = "addresses",
	.label = {"Address", "地址"},
	.label_many = {"Addresses", "地址"},
	.fields = address_fields,
	.n_fields = sizeof(address_fields) / sizeof(address_fields[0]),
	.title = "street",
	.subtitle = "city",
	.parent = "customer_id",
	.sort = "id.asc",
	.icon = "address",
	.flags = E_CHILD,
};

static const struct option party_roles[] = {
	{"consumer", {"Consumer", "消费者"}, NULL},
	{"company_buyer", {"Company buyer", "企业采购"}, NULL},
	{"distributor", {"Distributor", "经销商"}, NULL},
	{"retailer", {"Retailer", "零售商"}, NULL},
	{"supplier", {"Supplier", "供应商"}, NULL},
	{"partner", {"Partner", "合作伙伴"}, NULL},
	{"seller", {"Marketplace seller", "平台商家"}, NULL},
	{"department", {"Internal department", "内部部门"}, NULL},
	{"employee", {"Employee", "员工"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct field party_role_fields[] = {
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer",
	 .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX},
	{.name = "role", .type = FIELD_ENUM, .label = {"Role", "角色"}, .options = party_roles, .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "since", .type = FIELD_DATE, .label = {"Since", "起始"}, .flags = F_LIST},
	{.name = "until", .type = FIELD_DATE, .label = {"Until", "截止"}, .flags = F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 500},
};

static const char *const party_role_indexes[] = {"unique customer_id,role", NULL};

const struct entity party_role_entity = {
	.name = "party_role",
	.plural = "party_roles",
	.label = {"Role", "客户角色"},
	.label_many = {"Roles", "客户角色"},
	.fields = party_role_fields,
	.n_fields = sizeof(party_role_fields) / sizeof(party_role_fields[0]),
	.title = "role",
	.parent = "customer_id",
	.sort = "id.asc",
	.icon = "role",
	.flags = E_CHILD,
	.indexes = party_role_indexes,
};
