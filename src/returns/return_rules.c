/* What the firm says of returns: reasons, and rules by category; what is left of an order, and what it was sold for. */
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/tax/fraction.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

enum { LEVELS_MAX = 20, LINE_SCALE = 4 };

static const struct field reason_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Reason", "原因"}, .max = 80, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SEARCH},
	{.name = "name_zh", .type = FIELD_TEXT, .label = {"In Chinese", "中文"}, .max = 80, .flags = F_LIST},
	{.name = "key", .type = FIELD_CODE, .label = {"Key", "代码"}, .max = 30, .flags = F_UNIQUE | F_INSERT_ONLY | F_MORE, .help = {"By which programs name it", "供程序使用"}},
	{.name = "firm_fault", .type = FIELD_BOOL, .label = {"Lies with the firm", "我方责任"}, .fallback = "false", .flags = F_REQUIRED | F_LIST,
	 .help = {"Longer time, no restocking fee, freight paid back", "期限较长，不收上架费，运费由我方承担"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "position", .type = FIELD_INT, .label = {"Order", "顺序"}, .fallback = "0", .least = "0", .most = "10000"},
};

const struct entity return_reason_entity = {
	.name = "return_reason", .plural = "return_reasons", .label = {"Reason for a return", "退货原因"}, .label_many = {"Reasons for returns", "退货原因"},
	.fields = reason_fields, .n_fields = sizeof(reason_fields) / sizeof(reason_fields[0]), .title = "name", .sort = "position", .icon = "goods_return",
};

static const struct field policy_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST},
	{.name = "category_id", .type = FIELD_LINK, .label = {"Category", "商品分类"}, .link = "category", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST,
	 .help = {"With all below it; empty: everything else", "含下级分类；留空适用于其余商品"}},
	{.name = "days", .type = FIELD_INT, .label = {"Days without reason", "无理由退货天数"}, .fallback = "7", .least = "0", .most = "3650", .flags = F_REQUIRED | F_LIST,
	 .help = {"From the day it arrived; 0: not at all", "自签收日起；0 表示不支持"}},
	{.name = "days_fault", .type = FIELD_INT, .label = {"Days where the firm is at fault", "质量问题退换天数"}, .fallback = "30", .least = "0", .most = "3650", .flags = F_REQUIRED | F_LIST},
	{.name = "restocking_percent", .type = FIELD_DECIMAL, .label = {"Restocking fee (%)", "重新上架费（%）"}, .scale = 2, .fallback = "0", .least = "0", .most = "100", .flags = F_LIST},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
};

const struct entity return_policy_entity = {
	.name = "return_policy", .plural = "return_policies", .label = {"Rule for returns", "退货规则"}, .label_many = {"Rules for returns", "退货规则"},
	.fields = policy_fields, .n_fields = sizeof(policy_fields) / sizeof(policy_fields[0]), .title = "name", .sort = "name", .icon = "goods_return",
};

/* --- asking the store -------------------------------------------------------------------------------- */

enum err returns_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t without, const char *text, int64_t ret[RETURNS_ANSWER])
{
	struct stmt *stmt;
	bool row = false;
	memset(ret, 0, RETURNS_ANSWER * sizeof(*ret));
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, without);
	if (text != NULL) {
		stmt_bind_text(stmt, 3, text);
		stmt_bind_text(stmt, 4, registry_base_currency(ctx->registry));
	}
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		ret[0] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

enum err returns_ids(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t **ret, size_t *ret_n)
{
	enum err err = receivables_ids(ctx, sql, id, RETURNS_LINES_MAX + 1, ret, ret_n);
	return err == OK && *ret_n > RETURNS_LINES_MAX ? fail(ctx, ERR_LIMIT, "", "return_many") : err;
}

enum err return_left(struct ctx *ctx, const struct record *order_line, int64_t without, int64_t *ret)
{
	int64_t taken[RETURNS_ANSWER];
	enum err err = returns_ask(ctx, &sql_return_taken, record_id(order_line), without, NULL, taken);
	*ret = record_i64(order_line, "quantity") - taken[0];
	return err;
}

/* --- rules ---------------------------------------------------------------------------------------------- */

/* A statement with one id, or none (0); *ret 0: no row. */
static enum err first_id(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	if (id != 0)
		stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err find_policy(struct ctx *ctx, int64_t product_id, int64_t *ret)
{
	struct record *r;
	int64_t category = 0;
	enum err err = OK;
	*ret = 0;
	if (product_id != 0) {
		err = record_load(ctx, registry_find(ctx->registry, "product"), product_id, &r);
		category = err == OK ? record_i64(r, "category_id") : 0;
	}
	for (int i = 0; err == OK && *ret == 0 && category != 0 && i < LEVELS_MAX; i++) {
		err = first_id(ctx, &sql_return_policy_of, category, ret);
		if (err == OK && *ret == 0)
			err = record_load(ctx, registry_find(ctx->registry, "category"), category, &r);
		category = err == OK && *ret == 0 ? record_i64(r, "parent_id") : 0;
	}
	return err == OK && *ret == 0 ? first_id(ctx, &sql_return_policy_general, 0, ret) : err;
}

/* The day it arrived, else the day it was ordered. */
static enum err first_day(struct ctx *ctx, const struct record *order, char ret[RECEIVABLES_DAY_BYTES])
{
	int64_t at[RETURNS_ANSWER];
	enum err err = returns_ask(ctx, &sql_return_arrived, record_id(order), 0, NULL, at);
	return err == OK ? receivables_day_of(ctx, at[0] != 0 ? at[0] : record_i64(order, "placed_at"), ret) : err;
}

enum err return_rule_of(struct ctx *ctx, const struct record *order, int64_t product_id, const char *on, bool firm_fault, struct return_rule *ret)
{
	char first[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	struct record *policy;
	*ret = (struct return_rule){.verdict = "fits"};
	enum err err = find_policy(ctx, product_id, &ret->policy_id);
	if (err != OK || ret->policy_id == 0)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, return_policy_entity.name), ret->policy_id, &policy);
	if (err == OK)
		err = first_day(ctx, order, first);
	int64_t days = err == OK ? record_i64(policy, firm_fault ? "days_fault" : "days") : 0;
	if (err == OK)
		err = receivables_day_after(ctx, first, days, until);
	if (err != OK)
		return err;
	if (days == 0) {
		ret->verdict = "excluded";
		return OK;
	}
	ret->verdict = strcmp(on, until) > 0 ? "late" : "fits";
	ret->until = arena_strdup(ctx->arena, until);
	return ret->until != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- money -------------------------------------------------------------------------------------------- */

enum err return_value(struct ctx *ctx, const struct record *order, const struct record *order_line, int64_t quantity, int64_t *ret)
{
	int scale = currency_scale(record_currency(ctx, order, entity_field(order->info, "total")));
	int64_t lines = record_i64(order, "lines_total"), of_goods = lines + record_i64(order, "tax") - record_i64(order, "discount");
	struct fraction value = fraction_scaled(record_i64(order_line, "total"), LINE_SCALE);
	value = fraction_mul(value, fraction_div(fraction_of(quantity), fraction_of(record_i64(order_line, "quantity"))));
	if (lines != 0)
		value = fraction_mul(value, fraction_div(fraction_of(of_goods), fraction_of(lines)));
	return fraction_to_scaled(value, scale, ret) ? OK : fail(ctx, ERR_INVALID, "quantity", "number_too_large");
}

enum err return_paid(struct ctx *ctx, const struct record *order, int64_t *ret)
{
	int64_t direct[RETURNS_ANSWER], allocated[RETURNS_ANSWER], back[RETURNS_ANSWER];
	const char *currency = record_currency(ctx, order, entity_field(order->info, "total"));
	enum err err = returns_ask(ctx, &sql_return_order_paid, record_id(order), 0, currency, direct);
	if (err == OK)
		err = returns_ask(ctx, &sql_return_order_allocated, record_id(order), 0, NULL, allocated);
	if (err == OK)
		err = returns_ask(ctx, &sql_return_order_refunded, record_id(order), 0, NULL, back);
	*ret = err == OK ? direct[0] + allocated[0] - back[0] : 0;
	return err;
}
