/* A plan of commission, and that its brackets leave no gap. */
#include <string.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "core/condition/condition.h"

enum { PERCENT_MEASURE_SCALE = 2 };

static const struct option scopes[] = {
	{"people", {"Persons", "指定人员"}, NULL}, {"role", {"A role", "角色"}, NULL}, {"team", {"A team", "团队"}, NULL}, {"branch", {"A branch", "分支机构"}, NULL},
	{"firm", {"Everybody", "全公司"}, NULL},   {NULL, {NULL, NULL}, NULL},
};

static const struct option events[] = {
	{"order", {"On the order", "按订单"}, NULL}, {"received", {"On money received", "按回款"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct option bases[] = {
	{"net", {"Net, without tax", "不含税金额"}, NULL}, {"gross", {"Gross, with tax", "含税金额"}, NULL}, {"margin", {"Margin", "毛利"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct option pays[] = {
	{"percent", {"Percent", "按比例"}, NULL}, {"unit", {"Amount a unit", "按数量计件"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct option measures[] = {
	{"amount", {"Amount reached in the period", "期间累计金额"}, NULL}, {"units", {"Units sold in the period", "期间累计数量"}, NULL},
	{"target", {"Share of the target (%)", "目标达成率（%）"}, NULL},     {NULL, {NULL, NULL}, NULL},
};

static const struct option modes[] = {
	{"progressive", {"Each part at its rate", "分段累进"}, NULL}, {"whole", {"The reached rate on everything", "全额按达到档位"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"who", {"For whom", "适用人员"}}, {"what", {"On what", "计提依据"}}, {"rates", {"Rates", "提成比例"}}, {NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .group = "basic", .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST | F_SEARCH},
	{.name = "kind", .type = FIELD_TEXT, .label = {"Kind", "类别"}, .group = "basic", .max = 60, .fallback = "sales", .flags = F_REQUIRED | F_LIST,
	 .help = {"Of plans of one kind one alone pays for a line: the narrower, then the later", "同一类别中每行只按一个方案计提：范围较窄者优先，其次较晚生效者"}},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .group = "basic", .fallback = "true", .flags = F_REQUIRED | F_LIST},
	{.name = "period", .type = FIELD_ENUM, .label = {"Settled by", "结算周期"}, .group = "basic", .options = commission_periods, .fallback = "month",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "from_on", .type = FIELD_DATE, .label = {"From", "生效日期"}, .group = "basic", .flags = F_REQUIRED | F_LIST | F_SORT},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Until", "截止日期"}, .group = "basic", .flags = F_LIST, .help = {"This day too; empty: until further notice", "含当日，留空为长期"}},
	{.name = "scope", .type = FIELD_ENUM, .label = {"For", "适用范围"}, .group = "who", .options = scopes, .fallback = "firm", .flags = F_REQUIRED | F_LIST},
	{.name = "people", .type = FIELD_LINKS, .label = {"Persons", "人员"}, .group = "who", .link = "user", .on_delete = DELETE_RESTRICT},
	{.name = "role_id", .type = FIELD_LINK, .label = {"Role", "角色"}, .group = "who", .link = "role", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "who", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX,
	 .help = {"And the teams below it", "含下级团队"}},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "who", .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "event", .type = FIELD_ENUM, .label = {"When", "计提时点"}, .group = "what", .options = events, .fallback = "order", .flags = F_REQUIRED | F_LIST},
	{.name = "base", .type = FIELD_ENUM, .label = {"Of what", "计提基数"}, .group = "what", .options = bases, .fallback = "net", .flags = F_REQUIRED | F_LIST,
	 .help = {"Without shipping. Who is paid on margin sees it in the statement", "不含运费。按毛利计提的人员可在对账单中看到毛利"}},
	{.name = "products", .type = FIELD_JSON, .label = {"Of these products alone", "仅限商品"}, .group = "what", .flags = F_NAMES | F_MORE, .asks = "product",
	 .help = {"A condition; empty: all", "条件，留空为全部"}},
	{.name = "customers", .type = FIELD_JSON, .label = {"Of these customers alone", "仅限客户"}, .group = "what", .flags = F_NAMES | F_MORE, .asks = "customer",
	 .help = {"A condition; empty: all", "条件，留空为全部"}},
	{.name = "pays", .type = FIELD_ENUM, .label = {"Pays", "计酬方式"}, .group = "rates", .options = pays, .fallback = "percent", .flags = F_REQUIRED},
	{.name = "measure", .type = FIELD_ENUM, .label = {"Brackets by", "分档依据"}, .group = "rates", .options = measures, .fallback = "amount", .flags = F_REQUIRED},
	{.name = "mode", .type = FIELD_ENUM, .label = {"Brackets count", "分档方式"}, .group = "rates", .options = modes, .fallback = "progressive", .flags = F_REQUIRED | F_LIST},
	{.name = "brackets", .type = FIELD_JSON, .label = {"Brackets", "分档"}, .group = "rates", .flags = F_REQUIRED,
	 .help = {"[{\"from\":\"0\",\"to\":\"10000\",\"rate\":\"3\"},{\"from\":\"10000\",\"rate\":\"5\"}]",
	          "[{\"from\":\"0\",\"to\":\"10000\",\"rate\":\"3\"},{\"from\":\"10000\",\"rate\":\"5\"}]"}},
	{.name = "cap_line", .type = FIELD_MONEY, .label = {"At most for a line", "单行封顶"}, .group = "rates", .flags = F_MORE},
	{.name = "cap_period", .type = FIELD_MONEY, .label = {"At most in a period", "期间封顶"}, .group = "rates", .flags = F_MORE},
	{.name = "floor", .type = FIELD_MONEY, .label = {"At least in a period", "期间保底"}, .group = "rates", .flags = F_MORE},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

/* --- brackets ------------------------------------------------------------------------------ */

static bool amount_of(const json_t *json, int scale, int64_t *ret)
{
	const char *text = json_string_value(json);
	char number[DECIMAL_TEXT_MAX];
	if (json_is_integer(json))
		decimal_format(json_integer_value(json), 0, number);
	return (text != NULL || json_is_integer(json)) && decimal_parse(text != NULL ? text : number, scale, ret) && *ret >= 0 && *ret < INT64_MAX / 4;
}

static enum err refuse(struct ctx *ctx, size_t at, const char *key)
{
	return fail_arg(ctx, ERR_INVALID, "brackets", key, arena_printf(ctx->arena, "%zu", at + 1));
}

static enum err read_one(struct ctx *ctx, const json_t *one, size_t at, const struct commission_scales *scales, struct commission_bracket *ret)
{
	const char *name;
	json_t *value, *object = json_is_object(one) ? json_copy((json_t *)(uintptr_t)one) : NULL;
	bool known = object != NULL;
	json_object_foreach(object, name, value) {
		known = known && (str_equal(name, "from") || str_equal(name, "to") || str_equal(name, "rate"));
	}
	json_decref(object);
	const json_t *to = json_object_get(one, "to");
	if (!known || !amount_of(json_object_get(one, "from"), scales->measure, &ret->from) || !amount_of(json_object_get(one, "rate"), scales->rate, &ret->rate))
		return refuse(ctx, at, "commission_bracket");
	ret->to = COMMISSION_OPEN;
	if (to != NULL && !json_is_null(to) && !amount_of(to, scales->measure, &ret->to))
		return refuse(ctx, at, "commission_bracket");
	return ret->to > ret->from ? OK : refuse(ctx, at, "commission_bracket_empty");
}

/* From nothing up, each where the one before ends, the last without an end. */
static enum err check_chain(struct ctx *ctx, const struct commission_bracket *list, size_t n)
{
	if (list[0].from != 0)
		return refuse(ctx, 0, "commission_bracket_first");
	for (size_t i = 1; i < n; i++) {
		if (list[i - 1].to == COMMISSION_OPEN || list[i].from < list[i - 1].to)
			return refuse(ctx, i, "commission_bracket_overlap");
		if (list[i].from > list[i - 1].to)
			return refuse(ctx, i, "commission_bracket_gap");
	}
	return list[n - 1].to == COMMISSION_OPEN ? OK : refuse(ctx, n - 1, "commission_bracket_last");
}

static enum err read_list(struct ctx *ctx, const json_t *json, const struct commission_scales *scales, struct commission_bracket **ret, size_t *ret_n)
{
	size_t n = json_array_size(json);
	enum err err = OK;
	if (n == 0 || n > COMMISSION_BRACKETS_MAX)
		return fail(ctx, ERR_INVALID, "brackets", "commission_brackets");
	*ret = arena_array(ctx->arena, n, sizeof(**ret));
	*ret_n = n;
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < n; i++)
		err = read_one(ctx, json_array_get(json, i), i, scales, &(*ret)[i]);
	return err == OK ? check_chain(ctx, *ret, n) : err;
}

void commission_scales_of(struct ctx *ctx, const char *measure, const char *paid, struct commission_scales *ret)
{
	int digits = currency_scale(registry_base_currency(ctx->registry));
	ret->measure = str_equal(measure, "units") ? COMMISSION_UNIT_SCALE : str_equal(measure, "target") ? PERCENT_MEASURE_SCALE : digits;
	ret->rate = str_equal(paid, "unit") ? digits + COMMISSION_RATE_SCALE : COMMISSION_RATE_SCALE;
}

enum err commission_brackets(struct ctx *ctx, const char *text, const struct commission_scales *scales, struct commission_bracket **ret, size_t *ret_n)
{
	json_t *json = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	enum err err = read_list(ctx, json, scales, ret, ret_n);
	json_decref(json);
	return err;
}

/* --- the record -------------------------------------------------------------------------- */

/* Whom it is for: what the scope names, and nothing else. */
static enum err check_scope(struct ctx *ctx, const struct record *now)
{
	static const char *const of[][2] = {{"people", "people"}, {"role", "role_id"}, {"team", "team_id"}, {"branch", "branch_id"}};
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		const struct value *value = record_value(now, of[i][1]);
		bool given = value->kind == VALUE_LIST ? value->l.n > 0 : value->kind != VALUE_NULL;
		bool wanted = str_equal(record_text(now, "scope"), of[i][0]);
		if (wanted != given)
			return fail(ctx, ERR_INVALID, of[i][1], wanted ? "required" : "commission_scope");
	}
	return OK;
}

static enum err check_condition(struct ctx *ctx, const struct record *old, const struct record *now, const char *field, const char *entity)
{
	struct condition *condition;
	const char *json = record_text(now, field);
	if (json == NULL || (old != NULL && value_equal(record_value(old, field), record_value(now, field))))
		return OK;
	return condition_parse(ctx, registry_find(ctx->registry, entity), json, &condition);
}

static enum err check_money(struct ctx *ctx, const struct record *now)
{
	static const char *const names[] = {"cap_line", "cap_period", "floor"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (record_value(now, names[i])->kind == VALUE_INT && record_i64(now, names[i]) < 0)
			return fail(ctx, ERR_INVALID, names[i], "commission_below_zero");
	}
	bool both = record_value(now, "cap_period")->kind == VALUE_INT && record_value(now, "floor")->kind == VALUE_INT;
	return both && record_i64(now, "floor") > record_i64(now, "cap_period") ? fail(ctx, ERR_INVALID, "floor", "commission_floor_over_cap") : OK;
}

static bool is(const struct record *r, const char *field, const char *text)
{
	return str_equal(record_text(r, field), text);
}

static bool ready(const struct record *now)
{
	static const char *const needed[] = {"from_on", "brackets", "scope", "pays", "measure", "mode"};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (record_text(now, needed[i]) == NULL)
			return false; /* asked for afterwards */
	}
	return true;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct commission_bracket *list;
	struct commission_scales scales;
	size_t n;
	(void)entity;
	if (now == NULL || !ready(now))
		return OK;
	const char *until = record_text(now, "until_on");
	if (until != NULL && strcmp(until, record_text(now, "from_on")) < 0)
		return fail(ctx, ERR_INVALID, "until_on", "commission_until");
	/* a part of a line lies in a bracket by what it is paid on */
	if (is(now, "mode", "progressive") && is(now, "pays", "unit") != is(now, "measure", "units"))
		return fail(ctx, ERR_INVALID, "measure", "commission_measure");
	commission_scales_of(ctx, record_text(now, "measure"), record_text(now, "pays"), &scales);
	enum err err = check_scope(ctx, now);
	if (err == OK)
		err = commission_brackets(ctx, record_text(now, "brackets"), &scales, &list, &n);
	if (err == OK)
		err = check_money(ctx, now);
	if (err == OK)
		err = check_condition(ctx, old, now, "products", "product");
	return err == OK ? check_condition(ctx, old, now, "customers", "customer") : err;
}

const struct entity commission_plan_entity = {
	.name = "commission_plan",
	.plural = "commission_plans",
	.label = {"Commission plan", "提成方案"},
	.label_many = {"Commission plans", "提成方案"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.groups = groups,
	.title = "name",
	.subtitle = "kind",
	.sort = "from_on.desc",
	.icon = "commission",
	.flags = E_LOOKALIKE,
	.hooks = {.before = before},
};
