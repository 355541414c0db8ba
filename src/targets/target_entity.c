/* What is to be reached, by whom, in which period; a change of it says why. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/settings/settings.h"
#include "targets/targets_internal.h"

enum { MONTHS = 12, QUARTER = 3, YEAR_MAX = 9999 };

static const struct option measures[] = {
	{"orders", {"Order amount", "订单金额"}, NULL}, {"received", {"Money received", "回款金额"}, NULL}, {"won", {"Deals won, amount", "赢单金额"}, NULL},
	{"won_count", {"Deals won, number", "赢单数"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct option scopes[] = {
	{"person", {"A person", "个人"}, NULL}, {"team", {"A team", "团队"}, NULL}, {"branch", {"A branch", "分支机构"}, NULL}, {"firm", {"The firm", "全公司"}, NULL},
	{NULL, {NULL, NULL}, NULL},
};

static const struct option periods[] = {{"month", {"Month", "月"}, NULL}, {"quarter", {"Quarter", "季度"}, NULL}, {"year", {"Year", "年"}, NULL}, {NULL, {NULL, NULL}, NULL}};

static const struct field fields[] = {
	{.name = "title", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 160, .flags = F_LIST, .help = {"Empty: its measure and period", "留空为指标和期间"}},
	{.name = "measure", .type = FIELD_ENUM, .label = {"Measure", "指标"}, .options = measures, .fallback = "orders", .flags = F_REQUIRED | F_LIST},
	{.name = "scope", .type = FIELD_ENUM, .label = {"For", "对象"}, .options = scopes, .fallback = "person", .flags = F_REQUIRED | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Person", "个人"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_INDEX | F_LIST},
	{.name = "period", .type = FIELD_ENUM, .label = {"Period", "期间"}, .options = periods, .fallback = "month", .flags = F_REQUIRED | F_LIST},
	{.name = "starts_on", .type = FIELD_DATE, .label = {"From", "开始日期"}, .flags = F_REQUIRED | F_LIST | F_SORT,
	 .help = {"Any day of the period; it becomes its first", "期间内任意一天，自动改为首日"}},
	{.name = "ends_on", .type = FIELD_DATE, .label = {"Until", "结束日期"}, .made_from = "starts_on", .flags = F_READONLY},
	{.name = "goal", .type = FIELD_DECIMAL, .label = {"Target", "目标值"}, .scale = TARGET_GOAL_SCALE, .flags = F_REQUIRED | F_LIST,
	 .help = {"In base currency, or a number of deals", "本位币金额或数量"}},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why it was changed", "调整原因"}, .max = 300, .help = {"Asked for when the target changes", "调整目标值时必填"}},
	{.name = "parent_id", .type = FIELD_LINK, .label = {"Part of", "上级目标"}, .link = "target", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_INSERT_ONLY},
	{.name = "meant", .type = FIELD_TEXT, .label = {"What it is of", "目标键"}, .max = 160, .flags = F_SECRET | F_READONLY | F_UNIQUE},
};

const char *target_scope_field(const char *scope)
{
	return str_equal(scope, "person") ? "owner_id" : str_equal(scope, "team") ? "team_id" : str_equal(scope, "branch") ? "branch_id" : NULL;
}

enum err target_span(struct ctx *ctx, const char *period, const char *day, char from[RECEIVABLES_DAY_BYTES], char until[RECEIVABLES_DAY_BYTES])
{
	const struct setting *fiscal = setting_find(ctx, "deals.fiscal_month");
	int length = str_equal(period, "month") ? 1 : str_equal(period, "quarter") ? QUARTER : str_equal(period, "year") ? MONTHS : 0;
	int begins = fiscal != NULL ? (int)setting_int(ctx, fiscal) : 0;
	struct civil civil;
	int64_t at;
	char next[RECEIVABLES_DAY_BYTES];
	if (length == 0 || day == NULL || !date_valid(day) || !time_parse(day, &at))
		return fail(ctx, ERR_INVALID, length == 0 ? "period" : "starts_on", "target_period");
	time_to_civil(at, &civil);
	int month = civil.year * MONTHS + civil.month - 1, first = month - (month - begins) % length, after = first + length;
	if (after / MONTHS > YEAR_MAX || first < MONTHS)
		return fail(ctx, ERR_INVALID, "starts_on", "day_range");
	(void)snprintf(from, RECEIVABLES_DAY_BYTES, "%04d-%02d-01", first / MONTHS % 10000, first % MONTHS + 1);
	(void)snprintf(next, sizeof(next), "%04d-%02d-01", after / MONTHS % 10000, after % MONTHS + 1);
	return receivables_day_after(ctx, next, -1, until);
}

static enum err set_text(struct ctx *ctx, struct record *now, const char *field, const char *text)
{
	const char *copy = arena_strdup(ctx->arena, text);
	return copy != NULL ? record_set(ctx, now, field, value_text(copy)) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* It is of one: the person, the team, the branch, or nobody. */
static enum err settle_scope(struct ctx *ctx, struct record *now)
{
	static const char *const all[] = {"owner_id", "team_id", "branch_id"};
	const char *mine = target_scope_field(record_text(now, "scope"));
	if (mine != NULL && record_i64(now, mine) == 0)
		return fail(ctx, ERR_INVALID, mine, "required");
	/* whoever makes a record is its owner, where nobody says otherwise: here that would be a person's target */
	enum err err = str_equal(mine, "owner_id") ? OK : record_set(ctx, now, "owner_id", value_null());
	for (size_t i = 0; err == OK && i < sizeof(all) / sizeof(all[0]); i++) {
		if (!str_equal(all[i], mine) && record_i64(now, all[i]) != 0)
			err = fail(ctx, ERR_INVALID, all[i], "target_one");
	}
	const char *key = arena_printf(ctx->arena, "%s/%s/%s/%s/%lld", record_text(now, "measure"), record_text(now, "period"), record_text(now, "starts_on"),
	                               record_text(now, "scope"), (long long)(mine != NULL ? record_i64(now, mine) : 0));
	if (err == OK && key == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? record_set(ctx, now, "meant", value_text(key)) : err;
}

static const char *label_of(struct ctx *ctx, const struct option *options, const char *value)
{
	for (; options->value != NULL; options++) {
		if (str_equal(options->value, value))
			return entity_label(ctx, &options->label);
	}
	return "";
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char from[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	(void)entity;
	if (now == NULL || record_text(now, "starts_on") == NULL || record_value(now, "goal")->kind != VALUE_INT)
		return OK; /* asked for afterwards */
	if (record_i64(now, "goal") <= 0)
		return fail(ctx, ERR_INVALID, "goal", "not_positive");
	bool moved = old != NULL && record_i64(old, "goal") != record_i64(now, "goal");
	if (moved && (str_empty(record_text(now, "reason")) || str_equal(record_text(old, "reason"), record_text(now, "reason"))))
		return fail(ctx, ERR_INVALID, "reason", "target_reason");
	enum err err = target_span(ctx, record_text(now, "period"), record_text(now, "starts_on"), from, until);
	if (err == OK)
		err = set_text(ctx, now, "starts_on", from);
	if (err == OK)
		err = set_text(ctx, now, "ends_on", until);
	if (err == OK && str_empty(record_text(now, "title"))) {
		const char *title = arena_printf(ctx->arena, "%s %.7s", label_of(ctx, measures, record_text(now, "measure")), from);
		err = title != NULL ? record_set(ctx, now, "title", value_text(title)) : fail(ctx, ERR_LIMIT, "", "memory");
	}
	return err == OK ? settle_scope(ctx, now) : err;
}

static const char *const indexes[] = {"period,starts_on", NULL};

const struct entity target_entity = {
	.name = "target",
	.plural = "targets",
	.label = {"Target", "业绩目标"},
	.label_many = {"Targets", "业绩目标"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "title",
	.subtitle = "scope",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "starts_on.desc",
	.icon = "target",
	.flags = E_LOOKALIKE,
	.hooks = {.before = before},
	.indexes = indexes,
};
