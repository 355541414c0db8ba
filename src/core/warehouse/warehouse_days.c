/* The table of days: what calendars and the firm's country say of each, from 1900 (birthdays) to 2100. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar.h"
#include "core/warehouse/warehouse_internal.h"

enum { DAY_COLUMNS = 8, MONDAY_1970 = 4 /* of day 4 */ };

static const enum duck_type day_types[DAY_COLUMNS] = {DUCK_SMALL, DUCK_SMALL, DUCK_SMALL, DUCK_SMALL, DUCK_SMALL, DUCK_SMALL, DUCK_TEXT, DUCK_TEXT};

struct days {
	const struct calendar_public_day *list;
	size_t n, at;
};

/* Public days stand in order, as we go. */
static const struct calendar_public_day *public_day(struct days *days, int32_t day)
{
	while (days->at < days->n && days->list[days->at].day < day)
		days->at++;
	return days->at < days->n && days->list[days->at].day == day ? &days->list[days->at] : NULL;
}

static void put_day(struct duck_put *put, struct days *days, int week_start, int32_t day)
{
	char text[11];
	int weekday = (int)(((int64_t)day - MONDAY_1970) % 7 + 7) % 7; /* 0: Monday */
	int since = (weekday + 1 - week_start + 7) % 7;                /* days since the week began; Sunday is 0 there */
	const struct calendar_public_day *public = public_day(days, day);
	calendar_date_write(day, text);
	int year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	int month = (text[5] - '0') * 10 + text[6] - '0';
	const char *kind = public != NULL ? (public->off ? "holiday" : "makeup") : weekday >= 5 ? "weekend" : "workday";
	duck_put_i64(put, 0, day);
	duck_put_i64(put, 1, year);
	duck_put_i64(put, 2, year * 4 + (month - 1) / 3);
	duck_put_i64(put, 3, year * 12 + month - 1);
	duck_put_i64(put, 4, day - since);
	duck_put_i64(put, 5, weekday);
	duck_put_text(put, 6, kind, strlen(kind));
	if (public != NULL && public->name != NULL)
		duck_put_text(put, 7, public->name, strlen(public->name));
}

enum err warehouse_load_days(struct ctx *ctx, struct duck_conn *conn, const struct warehouse_plan *plan)
{
	const char *country = plan->clock.country;
	struct duck_put *put;
	struct days days = {.n = 0};
	int first, last;
	enum err err = duck_exec(ctx, conn, "CREATE OR REPLACE TABLE \"date\" (day INTEGER, year INTEGER, quarter INTEGER, month INTEGER, week INTEGER, weekday INTEGER,"
		                           " kind VARCHAR, holiday VARCHAR)");
	if (err)
		return err;
	days.list = calendar_country(str_empty(country) ? "CN" : country, &days.n, &first, &last);
	if (days.list == NULL)
		days.n = 0;
	int32_t from, until;
	if (!date_days("1900-01-01", &from) || !date_days("2100-12-31", &until))
		return fail(ctx, ERR_BUG, "", "calendar_range");
	err = duck_put_new(ctx, conn, "date", day_types, DAY_COLUMNS, &put);
	if (err)
		return err;
	for (int32_t day = from; !err && day <= until; day++) {
		put_day(put, &days, plan->clock.week_start, day);
		err = duck_put_row(ctx, put);
	}
	return duck_put_end(ctx, put, err);
}
