/* Quotes and their lines: what may be changed when, and what follows. */
#include "quotes/quotes.h"

#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/sequence/sequence.h"
#include "customers/customers.h"
#include "quotes_sql.h"

static const struct option states[] = {
	{"draft", {"Draft", "草稿"}, "quiet"},       {"sent", {"Sent", "已发出"}, "info"},         {"accepted", {"Accepted", "已接受"}, "good"},
	{"declined", {"Declined", "已拒绝"}, "bad"}, {"replaced", {"Replaced", "已被新版取代"}, "quiet"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition steps[] = {
	{.name = "send", .label = {"Send", "发出"}, .from = "draft", .to = "sent", .needs = "valid_until", .colour = "info"},
	{.name = "accept", .label = {"Accept, make the order", "接受并生成订单"}, .from = "sent", .to = "accepted", .colour = "good"},
	{.name = "decline", .label = {"Decline", "拒绝"}, .from = "sent", .to = "declined", .reason = "state_reason", .colour = "bad"},
	{.name = "withdraw", .label = {"Take back to draft", "撤回为草稿"}, .from = "sent", .to = "draft"},
	{.name = NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"money", {"Money", "金额"}}, {"belongs", {"Belongs to", "归属"}}, {"outcome", {"How it ended", "结果"}}, {NULL, {NULL, NULL}},
};

static const struct sequence quote_numbers = {.pattern = "Q{id}", .setting = "quote.number"};

static const struct field quote_fields[] = {
	{.name = "number", .type = FIELD_TEXT, .label = {"Quote no.", "报价单号"}, .group = "basic", .max = 64, .sequence = &quote_numbers,
	 .flags = F_SEARCH | F_INDEX | F_LIST, .help = {"Made by the program when left empty", "留空时自动生成"}},
	{.name = "version_no", .type = FIELD_INT, .label = {"Version", "版本"}, .group = "basic", .fallback = "1", .flags = F_READONLY | F_LIST},
	{.name = "title", .type = FIELD_TEXT, .label = {"What it is about", "标题"}, .group = "basic", .max = 200, .flags = F_SEARCH | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .group = "basic", .link = "customer", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "channel_id", .type = FIELD_LINK, .label = {"Shop or channel", "店铺/渠道"}, .group = "basic", .link = "channel", .on_delete = DELETE_RESTRICT,
	 .flags = F_MORE},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .transitions = steps, .starts = "draft",
	 .fallback = "draft", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "valid_until", .type = FIELD_DATE, .label = {"Valid until", "有效期至"}, .group = "basic", .flags = F_SORT | F_LIST,
	 .help = {"This day too, by the firm's clock", "含当日，按公司时区"}},
	{.name = "currency", .type = FIELD_CODE, .label = {"Currency", "币种"}, .group = "money", .max = 3, .help = {"Empty: the firm's", "留空时为本位币"}},
	{.name = "discount", .type = FIELD_MONEY, .label = {"Discount on the whole", "整单优惠"}, .group = "money", .currency_field = "currency", .fallback = "0"},
	{.name = "coupons", .type = FIELD_TEXT, .label = {"Coupons", "优惠码"}, .group = "money", .max = 300, .flags = F_MORE, .help = {"With commas between", "用逗号分隔"}},
	{.name = "lines_count", .type = FIELD_INT, .label = {"Lines", "行数"}, .group = "money", .fallback = "0", .flags = F_READONLY},
	{.name = "off", .type = FIELD_MONEY, .label = {"Discounts in all", "优惠合计"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .flags = F_READONLY},
	{.name = "net", .type = FIELD_MONEY, .label = {"Net", "不含税金额"}, .group = "money", .currency_field = "currency", .fallback = "0", .flags = F_READONLY},
	{.name = "tax", .type = FIELD_MONEY, .label = {"Tax", "税额"}, .group = "money", .currency_field = "currency", .fallback = "0", .flags = F_READONLY},
	{.name = "total", .type = FIELD_MONEY, .label = {"Total", "价税合计"}, .group = "money", .currency_field = "currency", .fallback = "0",
	 .flags = F_READONLY | F_SORT | F_LIST},
	{.name = "tax_included", .type = FIELD_BOOL, .label = {"Prices include tax", "价格含税"}, .group = "money", .fallback = "true", .flags = F_READONLY | F_MORE},
	{.name = "promotions", .type = FIELD_JSON, .label = {"Promotions", "促销"}, .group = "money", .flags = F_READONLY | F_MORE},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT, .fallback = "me",
	 .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT,
	 .flags = F_INDEX},
	{.name = "sent_at", .type = FIELD_TIME, .label = {"Sent", "发出时间"}, .group = "outcome", .flags = F_READONLY},
	{.name = "closed_at", .type = FIELD_TIME, .label = {"Accepted or declined", "接受/拒绝时间"}, .group = "outcome", .flags = F_READONLY},
	{.name = "closed_by", .type = FIELD_TEXT, .label = {"By", "办理人"}, .group = "outcome", .max = 120, .flags = F_READONLY},
	{.name = "state_reason", .type = FIELD_TEXT, .label = {"Reason", "原因"}, .group = "outcome", .max = 500},
	{.name = "order_id", .type = FIELD_LINK, .label = {"Order", "订单"}, .group = "outcome", .link = "order", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX},
	{.name = "original_id", .type = FIELD_LINK, .label = {"First version", "首个版本"}, .group = "outcome", .link = "quote", .on_delete = DELETE_SET_NULL,
	 .flags = F_READONLY | F_INDEX | F_MORE},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note to the customer", "给客户的说明"}, .group = "basic"},
};

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && value_equal(record_value(a, field), record_value(b, field));
}

static const char *const priced[] = {"customer_id", "channel_id", "currency", "discount", "coupons"};

static bool same_prices(const struct record *old, const struct record *now)
{
	for (size_t i = 0; i < sizeof(priced) / sizeof(priced[0]); i++) {
		if (!same(old, now, priced[i]))
			return false;
	}
	return true;
}

static enum err inherit(struct ctx *ctx, struct record *quote)
{
	struct customer_belongs belongs;
	enum err err = customer_belongs(ctx, record_i64(quote, "customer_id"), &belongs);
	if (err == OK && belongs.team_id != 0 && record_i64(quote, "team_id") == 0)
		err = record_set(ctx, quote, "team_id", value_int(belongs.team_id));
	if (err == OK && belongs.branch_id != 0 && record_i64(quote, "branch_id") == 0)
		err = record_set(ctx, quote, "branch_id", value_int(belongs.branch_id));
	return err;
}

static enum err check_valid(struct ctx *ctx, const struct record *now)
{
	const char *until = record_text(now, "valid_until");
	char today[16];
	enum err err = quote_day(ctx, 0, today);
	return err == OK && until != NULL && strcmp(until, today) < 0 ? fail_arg(ctx, ERR_INVALID, "valid_until", "quote_expired", until) : err;
}

static enum err close_it(struct ctx *ctx, struct record *now)
{
	enum err err = record_set(ctx, now, "closed_at", value_int(ctx_now(ctx)));
	if (err == OK && str_empty(record_text(now, "closed_by")) && ctx->actor != NULL)
		err = record_set(ctx, now, "closed_by", value_text(ctx->actor->name));
	return err;
}

/* What a step brings along; the order itself is made once the quote is written. */
static enum err take_step(struct ctx *ctx, const struct record *old, struct record *now)
{
	const char *to = record_text(now, "state");
	bool sent = str_equal(to, "sent"), accepted = str_equal(to, "accepted");
	enum err err = OK;
	if (same(old, now, "state"))
		return OK;
	if (sent && record_i64(now, "lines_count") == 0)
		return fail(ctx, ERR_INVALID, "state", "quote_empty");
	if (sent || accepted)
		err = check_valid(ctx, now);
	if (err == OK && sent)
		err = record_set(ctx, now, "sent_at", value_int(ctx_now(ctx)));
	return err == OK && (accepted || str_equal(to, "declined")) ? close_it(ctx, now) : err;
}

const struct setting quote_settings[] = {
	{.name = "quote.days", .type = SETTING_INT, .min = 1, .max = 3650, .fallback = "30", .flags = SETTING_OPEN, .group = {"Prices and taxes", "价格与税"},
	 .label = {"A quote is good for (days)", "报价有效天数"}, .help = {"Where nothing else is said.", "未另行填写时采用。"}},
	{.name = "quote.number", SEQUENCE_SETTING, .fallback = "Q{id}", .group = {"Numbers", "编号规则"}, .label = {"Quote numbers", "报价单编号"},
	 .help = {"Such as Q-{yyyy}-{00000}: {yyyy} {yy} {mm} {dd} of the day, {branch} code, {00000} a count.",
	          "如 Q-{yyyy}-{00000}：{yyyy} {yy} {mm} {dd} 为当日，{branch} 为机构代码，{00000} 为计数。"}},
	{.name = NULL},
};

static enum err begin(struct ctx *ctx, struct record *now)
{
	char until[16];
	enum err err = inherit(ctx, now);
	if (err != OK || record_text(now, "valid_until") != NULL)
		return err;
	err = quote_day(ctx, setting_int(ctx, &quote_settings[0]), until);
	const char *copy = err == OK ? arena_strdup(ctx->arena, until) : NULL;
	return copy != NULL ? record_set(ctx, now, "valid_until", value_text(copy)) : err != OK ? err : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err check_quote(struct ctx *ctx, const struct record *old, const struct record *now)
{
	const char *currency = record_text(now, "currency");
	if (!str_empty(currency) && !currency_known(currency))
		return fail_arg(ctx, ERR_INVALID, "currency", "pricing_currency", currency);
	if (record_i64(now, "discount") < 0)
		return fail(ctx, ERR_INVALID, "discount", "pricing_below_zero");
	/* what the customer was sent stays as it was sent */
	if (old != NULL && !str_equal(record_text(old, "state"), "draft") && !same_prices(old, now))
		return fail(ctx, ERR_CONFLICT, "", "quote_fixed");
	return OK;
}

static enum err quote_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL)
		return old != NULL && str_equal(record_text(old, "state"), "accepted") ? fail(ctx, ERR_CONFLICT, "", "quote_accepted") : OK;
	enum err err = check_quote(ctx, old, now);
	if (err == OK)
		err = old == NULL ? begin(ctx, now) : take_step(ctx, old, now);
	return err;
}

/* Older versions that wait for an answer do so no longer. */
static enum err replace_others(struct ctx *ctx, const struct record *now)
{
	struct stmt *stmt;
	int64_t ids[1000];
	size_t n = 0;
	bool row = false;
	int64_t original = record_i64(now, "original_id") != 0 ? record_i64(now, "original_id") : record_id(now);
	enum err err = db_prepare(ctx, ctx->db, &sql_quote_versions, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, original);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < 1000) {
		const char *state = stmt_text(stmt, 1);
		if (stmt_i64(stmt, 0) != record_id(now) && (str_equal(state, "draft") || str_equal(state, "sent")))
			ids[n++] = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++) {
		struct record *patch;
		err = record_new(ctx, now->info, &patch);
		if (err == OK)
			err = record_set(ctx, patch, "state", value_text("replaced"));
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED, NULL);
	}
	return err;
}

static enum err quote_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	int64_t order = 0;
	struct record *patch;
	if (now == NULL)
		return OK;
	if (old != NULL && !same_prices(old, now)) /* what was sent keeps its prices, even where its customer is merged into another */
		return !str_equal(record_text(now, "state"), "draft") ? OK : quote_sums_later(ctx, record_id(now));
	if (old == NULL || same(old, now, "state"))
		return OK;
	if (str_equal(record_text(now, "state"), "sent"))
		return replace_others(ctx, now);
	if (!str_equal(record_text(now, "state"), "accepted"))
		return OK;
	enum err err = quote_make_order(ctx, now, &order);
	if (err == OK)
		err = record_new(ctx, now->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "order_id", value_int(order));
	return err == OK ? record_update(ctx, record_id(now), patch, 0, W_TRUSTED, NULL) : err;
}

static const char *const quote_indexes[] = {"unique channel_id,number,version_no", "customer_id,created_at", "owner_id,created_at", "state,valid_until", NULL};

const struct entity quote_entity = {
	.name = "quote",
	.plural = "quotes",
	.label = {"Quote", "报价单"},
	.label_many = {"Quotes", "报价单"},
	.fields = quote_fields,
	.n_fields = sizeof(quote_fields) / sizeof(quote_fields[0]),
	.groups = groups,
	.title = "number",
	.subtitle = "title",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.work = "state=in.(draft,sent)",
	.sort = "created_at.desc",
	.icon = "quote",
	.flags = E_LOOKALIKE,
	.search_rank = 5,
	.hooks = {.before = quote_before, .after = quote_after},
	.indexes = quote_indexes,
};

/* --- lines ---------------------------------------------------------------------------- */

static const struct option sources[] = {
	{"book", {"Price book", "价目表"}, NULL},  {"list", {"List price", "商品售价"}, NULL}, {"by_hand", {"By hand", "手工录入"}, "warn"},
	{"gift", {"Gift", "赠品"}, "good"},        {NULL, {NULL, NULL}, NULL},
};

static const struct field line_fields[] = {
	{.name = "quote_id", .type = FIELD_LINK, .label = {"Quote", "报价单"}, .link = "quote", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "position", .type = FIELD_INT, .label = {"No.", "行号"}, .flags = F_LIST},
	{.name = "heading", .type = FIELD_TEXT, .label = {"Group", "分组"}, .max = 120, .help = {"Lines of one group stand together under it", "同组的行归在该标题下"}},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Product", "商品"}, .link = "product", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 250, .flags = F_LIST},
	{.name = "quantity", .type = FIELD_DECIMAL, .label = {"Quantity", "数量"}, .scale = 3, .fallback = "1", .flags = F_REQUIRED | F_LIST},
	{.name = "unit", .type = FIELD_TEXT, .label = {"Unit", "单位"}, .max = 30},
	{.name = "price_by_hand", .type = FIELD_DECIMAL, .label = {"Price by hand", "手工单价"}, .scale = 4, .help = {"Empty: what the price books say", "留空时按价目表取价"}},
	{.name = "discount_percent", .type = FIELD_DECIMAL, .label = {"Discount (%)", "折扣（%）"}, .scale = 4, .fallback = "0", .flags = F_REQUIRED | F_LIST},
	{.name = "optional", .type = FIELD_BOOL, .label = {"Optional", "可选项"}, .fallback = "false", .flags = F_REQUIRED,
	 .help = {"Offered; counts once it is chosen", "供客户选择，选中后才计入合计"}},
	{.name = "chosen", .type = FIELD_BOOL, .label = {"Chosen", "已选"}, .fallback = "false", .flags = F_REQUIRED},
	{.name = "source", .type = FIELD_ENUM, .label = {"Price from", "价格来源"}, .options = sources, .flags = F_READONLY},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why this price", "取价说明"}, .max = 300, .flags = F_READONLY},
	{.name = "price", .type = FIELD_DECIMAL, .label = {"Price", "单价"}, .scale = 4, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "list_price", .type = FIELD_DECIMAL, .label = {"List price", "标价"}, .scale = 4, .fallback = "0", .flags = F_READONLY},
	{.name = "off", .type = FIELD_DECIMAL, .label = {"Discounts in all", "优惠合计"}, .scale = 4, .fallback = "0", .flags = F_READONLY},
	{.name = "tax_percent", .type = FIELD_DECIMAL, .label = {"Tax (%)", "税率（%）"}, .scale = 4, .fallback = "0", .flags = F_READONLY},
	{.name = "net", .type = FIELD_DECIMAL, .label = {"Net", "不含税金额"}, .scale = 4, .fallback = "0", .flags = F_READONLY},
	{.name = "tax", .type = FIELD_DECIMAL, .label = {"Tax", "税额"}, .scale = 4, .fallback = "0", .flags = F_READONLY},
	{.name = "total", .type = FIELD_DECIMAL, .label = {"Total", "价税合计"}, .scale = 4, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "note", .type = FIELD_TEXT, .label = {"Note", "备注"}, .max = 500},
};

static const char *const asked[] = {"product_id", "name", "quantity", "unit", "price_by_hand", "discount_percent", "optional", "chosen", "position"};

static enum err check_line(struct ctx *ctx, const struct record *now)
{
	const struct value *price = record_value(now, "price_by_hand");
	int64_t percent = record_i64(now, "discount_percent");
	if (record_i64(now, "quantity") <= 0)
		return fail(ctx, ERR_INVALID, "quantity", "not_positive");
	if (percent < 0 || percent > 1000000)
		return fail(ctx, ERR_INVALID, "discount_percent", "pricing_percent");
	if (price->kind != VALUE_NULL && price->i < 0)
		return fail(ctx, ERR_INVALID, "price_by_hand", "pricing_below_zero");
	if (record_i64(now, "product_id") == 0 && price->kind == VALUE_NULL && !str_equal(record_text(now, "source"), "gift"))
		return fail(ctx, ERR_INVALID, "product_id", "quote_line_what");
	return OK;
}

static enum err check_draft(struct ctx *ctx, int64_t quote_id)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_quote_state, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, quote_id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row && !str_equal(stmt_text(stmt, 0), "draft"))
		err = fail(ctx, ERR_CONFLICT, "", "quote_fixed");
	stmt_done(stmt);
	return err;
}

static bool same_line(const struct record *old, const struct record *now)
{
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		if (!same(old, now, asked[i]))
			return false;
	}
	return true;
}

static enum err next_position(struct ctx *ctx, struct record *now)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_quote_last_position, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_i64(now, "quote_id"));
	err = stmt_step(ctx, stmt, &row);
	int64_t last = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err == OK ? record_set(ctx, now, "position", value_int(last + 1)) : err;
}

static enum err line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	enum err err = OK;
	/* a quote that goes takes its lines along, whatever its state */
	if (now == NULL)
		return ctx->actor != NULL && ctx->actor->kind == ACTOR_SYSTEM ? OK : check_draft(ctx, record_i64(old, "quote_id"));
	if (old != NULL && same_line(old, now))
		return OK;
	err = check_draft(ctx, record_i64(now, "quote_id"));
	if (err == OK && record_value(now, "position")->kind == VALUE_NULL)
		err = next_position(ctx, now);
	return err == OK ? check_line(ctx, now) : err;
}

static enum err line_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	const struct record *line = now != NULL ? now : old;
	bool gift = str_equal(record_text(line, "source"), "gift");
	if (gift || (old != NULL && now != NULL && same_line(old, now)))
		return OK;
	return quote_sums_later(ctx, record_i64(line, "quote_id"));
}

const struct entity quote_line_entity = {
	.name = "quote_line",
	.plural = "quote_lines",
	.label = {"Quote line", "报价明细"},
	.label_many = {"Quote lines", "报价明细"},
	.fields = line_fields,
	.n_fields = sizeof(line_fields) / sizeof(line_fields[0]),
	.title = "name",
	.parent = "quote_id",
	.sort = "position.asc",
	.icon = "line",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = line_before, .after = line_after},
};
