/* Rules as JSON. */
#include <string.h>

#include <jansson.h>

#include "base/str.h"
#include "core/calendar/calendar_json.h"

static const char *const weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int two_digits(const char *p)
{
	return p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' ? -1 : (p[0] - '0') * 10 + p[1] - '0';
}

/* "09:00", "09:00:30", "24:00" */
static bool read_clock(const char *text, int32_t *ret)
{
	size_t n = text != NULL ? strlen(text) : 0;
	if ((n != 5 && n != 8) || text[2] != ':' || (n == 8 && text[5] != ':'))
		return false;
	int hour = two_digits(text), minute = two_digits(text + 3), second = n == 8 ? two_digits(text + 6) : 0;
	if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	*ret = hour * 3600 + minute * 60 + second;
	return *ret <= CALENDAR_DAY_S;
}

static enum err read_block(struct ctx *ctx, const json_t *pair, const char *field, struct calendar_block *ret)
{
	int32_t from = 0, to = 0;
	if (!json_is_array(pair) || json_array_size(pair) != 2 || !read_clock(json_string_value(json_array_get(pair, 0)), &from) ||
	    !read_clock(json_string_value(json_array_get(pair, 1)), &to) || from == CALENDAR_DAY_S || from == to)
		return fail(ctx, ERR_INVALID, field, "calendar_block");
	*ret = (struct calendar_block){.from = from, .to = to > from ? to : to + CALENDAR_DAY_S};
	return OK;
}

enum err calendar_blocks_json(struct ctx *ctx, const json_t *list, const char *field, const struct calendar_block **ret, size_t *ret_n)
{
	size_t n = json_array_size(list);
	if (!json_is_array(list))
		return fail(ctx, ERR_INVALID, field, "calendar_block");
	if (n > CALENDAR_BLOCKS_MAX)
		return fail(ctx, ERR_LIMIT, field, "calendar_blocks_many");
	struct calendar_block *blocks = arena_array(ctx->arena, n + 1, sizeof(*blocks));
	if (blocks == NULL)
		return calendar_no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		enum err err = read_block(ctx, json_array_get(list, i), field, &blocks[i]);
		if (err != OK)
			return err;
	}
	*ret = blocks;
	*ret_n = n;
	return OK;
}

static const char *path(struct ctx *ctx, const char *first, const char *second)
{
	const char *text = arena_printf(ctx->arena, "%s.%s", first, second);
	return text != NULL ? text : first;
}

static int weekday_named(const char *name)
{
	for (int i = 0; i < 7; i++) {
		if (str_equal(weekdays[i], name))
			return i;
	}
	return -1;
}

static enum err read_week(struct ctx *ctx, json_t *hours, struct calendar_rules *rules)
{
	const char *name;
	json_t *list;
	if (hours != NULL && !json_is_object(hours))
		return fail(ctx, ERR_INVALID, "hours", "calendar_form");
	json_object_foreach(hours, name, list) {
		int day = weekday_named(name);
		const char *field = path(ctx, "hours", name);
		if (day < 0)
			return fail(ctx, ERR_INVALID, field, "calendar_weekday");
		enum err err = calendar_blocks_json(ctx, list, field, &rules->week[day].blocks, &rules->week[day].n);
		if (err != OK)
			return err;
	}
	return OK;
}

struct days {
	struct calendar_day *list;
	size_t n, max;
};

static enum err add_day(struct ctx *ctx, struct days *days, const char *field, const char *date, enum calendar_kind kind, const json_t *blocks)
{
	struct calendar_day *day = &days->list[days->n];
	if (days->n == days->max)
		return fail(ctx, ERR_LIMIT, "days", "calendar_days_many");
	*day = (struct calendar_day){.kind = kind};
	if (date == NULL || !calendar_date_read(date, &day->day))
		return fail_arg(ctx, ERR_INVALID, field, "calendar_date", date != NULL ? date : "");
	days->n++;
	return blocks == NULL ? OK : calendar_blocks_json(ctx, blocks, path(ctx, field, date), &day->blocks, &day->n);
}

/* {"2026-01-05": [["09:00","12:00"]]} */
static enum err read_dated(struct ctx *ctx, json_t *object, const char *field, enum calendar_kind kind, struct days *days)
{
	const char *date;
	json_t *blocks;
	enum err err = OK;
	if (object != NULL && !json_is_object(object))
		return fail(ctx, ERR_INVALID, field, "calendar_form");
	json_object_foreach(object, date, blocks) {
		err = add_day(ctx, days, field, date, kind, blocks);
		if (err != OK)
			break;
	}
	return err;
}

/* ["2026-01-01"] */
static enum err read_holidays(struct ctx *ctx, const json_t *list, struct days *days)
{
	enum err err = OK;
	if (list != NULL && !json_is_array(list))
		return fail(ctx, ERR_INVALID, "holidays", "calendar_form");
	for (size_t i = 0; i < json_array_size(list) && err == OK; i++)
		err = add_day(ctx, days, "holidays", json_string_value(json_array_get(list, i)), CALENDAR_HOLIDAY, NULL);
	return err;
}

/* [{"date": "2026-01-04", "isOffDay": false}] */
static enum err read_days(struct ctx *ctx, const json_t *list, struct days *days)
{
	enum err err = OK;
	if (list != NULL && !json_is_array(list))
		return fail(ctx, ERR_INVALID, "days", "calendar_form");
	for (size_t i = 0; i < json_array_size(list) && err == OK; i++) {
		const json_t *day = json_array_get(list, i), *off = json_object_get(day, "isOffDay");
		if (!json_is_boolean(off))
			return fail(ctx, ERR_INVALID, "days", "calendar_form");
		err = add_day(ctx, days, "days", json_string_value(json_object_get(day, "date")),
		              json_is_true(off) ? CALENDAR_HOLIDAY : CALENDAR_WORKDAY, NULL);
	}
	return err;
}

static enum err text_of(struct ctx *ctx, const json_t *object, const char *name, const char **ret)
{
	const json_t *value = json_object_get(object, name);
	*ret = NULL;
	if (value == NULL || json_is_null(value))
		return OK;
	if (!json_is_string(value))
		return fail(ctx, ERR_INVALID, name, "calendar_form");
	*ret = arena_strdup(ctx->arena, json_string_value(value));
	return *ret != NULL ? OK : calendar_no_memory(ctx);
}

enum err calendar_rules_json(struct ctx *ctx, const json_t *object, struct calendar_rules *ret)
{
	json_t *hours = json_object_get(object, "hours"), *shifts = json_object_get(object, "shifts"), *breaks = json_object_get(object, "breaks");
	const json_t *holidays = json_object_get(object, "holidays"), *listed = json_object_get(object, "days");
	struct days days = {.max = CALENDAR_DAYS_MAX};
	size_t wanted = json_object_size(shifts) + json_object_size(breaks) + json_array_size(holidays) + json_array_size(listed);
	*ret = (struct calendar_rules){0};
	if (!json_is_object(object))
		return fail(ctx, ERR_INVALID, "", "calendar_form");
	days.max = wanted < days.max ? wanted : days.max;
	days.list = arena_array(ctx->arena, days.max + 1, sizeof(*days.list));
	if (days.list == NULL)
		return calendar_no_memory(ctx);
	enum err err = text_of(ctx, object, "time_zone", &ret->zone);
	if (err == OK)
		err = text_of(ctx, object, "country", &ret->country);
	if (err == OK)
		err = read_week(ctx, hours, ret);
	if (err == OK)
		err = read_dated(ctx, shifts, "shifts", CALENDAR_SPECIAL, &days);
	if (err == OK)
		err = read_dated(ctx, breaks, "breaks", CALENDAR_BREAK, &days);
	if (err == OK)
		err = read_holidays(ctx, holidays, &days);
	if (err == OK)
		err = read_days(ctx, listed, &days);
	ret->days = days.list;
	ret->n_days = days.n;
	return err;
}

enum err calendar_json_load(struct ctx *ctx, const char *text, size_t n, json_t **ret)
{
	json_error_t error;
	*ret = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	if (*ret != NULL)
		return OK;
	const char *where = arena_printf(ctx->arena, "%d:%d", error.line, error.column);
	return fail_arg(ctx, ERR_INVALID, "", "calendar_json", where != NULL ? where : "");
}

enum err calendar_rules_read(struct ctx *ctx, const char *json, size_t n, struct calendar_rules *ret)
{
	json_t *root;
	enum err err = calendar_json_load(ctx, json, n, &root);
	if (err != OK)
		return err;
	err = calendar_rules_json(ctx, root, ret);
	json_decref(root);
	return err;
}
