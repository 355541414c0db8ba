/* Descriptors of calendars and their days, and what is asked of them before they are written. */
#include <string.h>

#include "base/str.h"
#include "calendar_sql.h"
#include "core/calendar/calendar_records.h"

static const struct option countries[] = {
	{"cn", {"Mainland China", "中国大陆"}, NULL},
	{0},
};

static const struct field calendar_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_LIST, .max = 100, .label = {"Name", "名称"}},
	{.name = "time_zone", .type = FIELD_CODE, .flags = F_REQUIRED | F_LIST, .max = 64, .fallback = "Asia/Shanghai", .label = {"Time zone", "时区"},
	 .help = {"Such as Asia/Shanghai", "例如 Asia/Shanghai"}},
	{.name = "country", .type = FIELD_ENUM, .options = countries, .flags = F_LIST, .label = {"Public holidays", "公共假日"},
	 .help = {"Its days off and make-up workdays hold where the calendar says nothing of a day.", "日历未另行规定的日期，按当地放假及调休安排执行。"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .label = {"Note", "备注"}},
	{.name = "mon", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Monday", "周一"}, .help = {"Such as 09:00-12:00 13:00-18:00; empty: closed", "例如 09:00-12:00 13:00-18:00；留空表示休息"}},
	{.name = "tue", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Tuesday", "周二"}},
	{.name = "wed", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Wednesday", "周三"}},
	{.name = "thu", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Thursday", "周四"}},
	{.name = "fri", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Friday", "周五"}},
	{.name = "sat", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Saturday", "周六"}},
	{.name = "sun", .type = FIELD_TEXT, .max = 400, .group = "week", .label = {"Sunday", "周日"}},
	{.name = "is_default", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "false", .label = {"For all other teams", "其他团队默认使用"}},
	{.name = "teams", .type = FIELD_LINKS, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_LIST, .label = {"Teams", "团队"}},
};

static const struct option kinds[CALENDAR_KINDS + 1] = {
	[CALENDAR_HOLIDAY] = {"holiday", {"Day off", "休息日"}, "bad"},
	[CALENDAR_WORKDAY] = {"workday", {"Make-up workday", "调休上班"}, "info"},
	[CALENDAR_SPECIAL] = {"special", {"Other hours", "特殊时间"}, "warn"},
	[CALENDAR_BREAK] = {"break", {"Break", "暂停时段"}, "quiet"},
};

static const struct field day_fields[] = {
	{.name = "calendar_id", .type = FIELD_LINK, .link = "calendar", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INSERT_ONLY | F_LIST,
	 .label = {"Calendar", "日历"}},
	{.name = "date", .type = FIELD_DATE, .flags = F_REQUIRED | F_LIST, .label = {"Date", "日期"}},
	{.name = "kind", .type = FIELD_ENUM, .options = kinds, .flags = F_REQUIRED | F_LIST, .fallback = "holiday", .label = {"What it is", "类型"}},
	{.name = "name", .type = FIELD_TEXT, .flags = F_LIST, .max = 100, .label = {"Name", "名称"}},
	{.name = "hours", .type = FIELD_TEXT, .flags = F_LIST, .max = 400, .label = {"Hours", "时间段"},
	 .help = {"Such as 09:00-12:00; of a make-up workday without any: as on the first weekday that has hours",
	          "例如 09:00-12:00；调休上班日留空时，按一周中首个有工作时间的日子执行"}},
};

const char *const calendar_weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const struct field_group calendar_groups[] = {{"", {"Calendar", "日历"}}, {"week", {"Week", "每周时间"}}, {0}};

bool calendar_kind_named(const char *name, enum calendar_kind *ret)
{
	for (int i = 0; i < CALENDAR_KINDS; i++) {
		if (str_equal(kinds[i].value, name)) {
			*ret = (enum calendar_kind)i;
			return true;
		}
	}
	return false;
}

const char *calendar_kind_name(enum calendar_kind kind)
{
	return kinds[kind].value;
}

/* --- before a calendar is written -------------------------------------- */

/* What was typed in one form. */
static enum err tidy_hours(struct ctx *ctx, struct record *new_, const char *field, size_t *ret_n)
{
	const struct calendar_block *blocks;
	const char *tidy, *typed = record_text(new_, field);
	*ret_n = 0;
	if (typed == NULL)
		return OK;
	enum err err = calendar_blocks_parse(ctx, typed, field, &blocks, ret_n);
	if (err == OK)
		err = calendar_blocks_write(ctx, blocks, *ret_n, &tidy);
	if (err == OK && !str_equal(tidy, typed))
		err = record_set(ctx, new_, field, *ret_n > 0 ? value_text(tidy) : value_null());
	return err;
}

/* A team has one calendar. */
static enum err check_teams(struct ctx *ctx, const struct record *new_)
{
	const struct value *teams = record_value(new_, "teams");
	enum err err = OK;
	for (size_t i = 0; teams != NULL && teams->kind == VALUE_LIST && i < teams->l.n && err == OK; i++) {
		struct stmt *stmt;
		bool row = false;
		err = db_prepare(ctx, ctx->db, &sql_calendar_of_team, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, teams->l.ids[i]);
		stmt_bind_i64(stmt, 2, record_id(new_));
		err = stmt_step(ctx, stmt, &row);
		stmt_done(stmt);
		if (err == OK && row)
			err = fail(ctx, ERR_CONFLICT, "teams", "calendar_team_taken");
	}
	return err;
}

static enum err before_calendar(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	(void)old;
	enum err err = OK;
	size_t n;
	if (new_ == NULL)
		return OK;
	const char *zone = record_text(new_, "time_zone");
	if (!str_empty(zone) && !text_zone_known(zone))
		return fail_arg(ctx, ERR_INVALID, "time_zone", "calendar_zone", zone);
	for (int i = 0; i < 7 && err == OK; i++)
		err = tidy_hours(ctx, new_, calendar_weekdays[i], &n);
	return err == OK ? check_teams(ctx, new_) : err;
}

/* One calendar is the default: the one that was said last. */
static enum err after_calendar(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)old;
	enum err err = OK;
	bool row = new_ != NULL && record_i64(new_, "is_default") != 0;
	while (err == OK && row) {
		struct stmt *stmt;
		struct record *patch;
		err = db_prepare(ctx, ctx->db, &sql_calendar_other_default, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, 1);
		stmt_bind_i64(stmt, 2, record_id(new_));
		err = stmt_step(ctx, stmt, &row);
		int64_t other = err == OK && row ? stmt_i64(stmt, 0) : 0;
		stmt_done(stmt);
		if (err != OK || !row)
			return err;
		err = record_new(ctx, registry_find(ctx->registry, entity->name), &patch);
		if (err == OK)
			err = record_set(ctx, patch, "is_default", value_int(0));
		if (err == OK)
			err = record_update(ctx, other, patch, 0, W_TRUSTED, NULL);
	}
	return err;
}

static enum err before_day(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	(void)old;
	enum calendar_kind kind = CALENDAR_HOLIDAY;
	int32_t day;
	size_t n = 0;
	if (new_ == NULL)
		return OK;
	const char *date = record_text(new_, "date");
	if (date != NULL && !calendar_date_read(date, &day))
		return fail_arg(ctx, ERR_INVALID, "date", "calendar_date", date);
	enum err err = tidy_hours(ctx, new_, "hours", &n);
	if (err != OK)
		return err;
	if (!calendar_kind_named(record_text(new_, "kind"), &kind))
		return OK; /* said with the other faults */
	if ((kind == CALENDAR_SPECIAL || kind == CALENDAR_BREAK) && n == 0)
		return fail(ctx, ERR_INVALID, "hours", "calendar_hours");
	return kind == CALENDAR_HOLIDAY && n > 0 ? fail(ctx, ERR_INVALID, "hours", "calendar_holiday_hours") : OK;
}

const struct entity calendar_entity = {
	.name = "calendar", .plural = "calendars",
	.label = {"Business calendar", "工作日历"}, .label_many = {"Business calendars", "工作日历"},
	.groups = calendar_groups, .fields = calendar_fields, .n_fields = sizeof(calendar_fields) / sizeof(calendar_fields[0]),
	.title = "name", .sort = "name.asc", .icon = "calendar", .flags = E_SYSTEM,
	.hooks = {.before = before_calendar, .after = after_calendar},
};

static const char *const day_indexes[] = {"unique calendar_id,date,kind", NULL};

const struct entity calendar_day_entity = {
	.name = "calendar_day", .plural = "calendar_days",
	.label = {"Special day", "特殊日期"}, .label_many = {"Special days", "特殊日期"},
	.fields = day_fields, .n_fields = sizeof(day_fields) / sizeof(day_fields[0]),
	.title = "date", .subtitle = "name", .parent = "calendar_id", .sort = "date.asc", .icon = "calendar", .flags = E_SYSTEM | E_CHILD,
	.hooks = {.before = before_day},
	.indexes = day_indexes,
};
