/* Commission given or taken by hand, with its reason, in a period that is open. */
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"

static const struct field fields[] = {
	{.name = "reason", .type = FIELD_TEXT, .label = {"Reason", "原因"}, .max = 200, .flags = F_REQUIRED | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Person", "人员"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_MORE},
	{.name = "period", .type = FIELD_ENUM, .label = {"Period", "周期"}, .options = commission_periods, .fallback = "month", .flags = F_REQUIRED | F_LIST},
	{.name = "happened_on", .type = FIELD_DATE, .label = {"Day", "日期"}, .flags = F_REQUIRED | F_LIST | F_SORT,
	 .help = {"Of a period that is open", "须在未关账的期间内"}},
	{.name = "amount", .type = FIELD_MONEY, .label = {"Amount", "金额"}, .flags = F_REQUIRED | F_LIST, .help = {"Negative: taken off", "负数为扣减"}},
};

static enum err check_open(struct ctx *ctx, const struct record *r)
{
	bool closed = false;
	int64_t at;
	if (r == NULL || record_text(r, "happened_on") == NULL || !time_parse(record_text(r, "happened_on"), &at))
		return OK; /* asked for afterwards */
	enum err err = commission_day_closed(ctx, record_text(r, "period"), at / DAY_MS - (at % DAY_MS < 0), &closed);
	return err == OK && closed ? fail(ctx, ERR_CONFLICT, "happened_on", "commission_closed") : err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (!commission_may_manage(ctx))
		return fail(ctx, ERR_FORBIDDEN, "", "commission_right");
	if (now != NULL && record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") == 0)
		return fail(ctx, ERR_INVALID, "amount", "commission_nothing");
	enum err err = check_open(ctx, old);
	return err == OK ? check_open(ctx, now) : err;
}

static const char *const indexes[] = {"period,happened_on", "owner_id,happened_on", NULL};

const struct entity commission_adjustment_entity = {
	.name = "commission_adjustment",
	.plural = "commission_adjustments",
	.label = {"Commission by hand", "提成手工调整"},
	.label_many = {"Commission by hand", "提成手工调整"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "reason",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "happened_on.desc",
	.icon = "commission",
	.flags = E_LOOKALIKE,
	.hooks = {.before = before},
	.indexes = indexes,
};
