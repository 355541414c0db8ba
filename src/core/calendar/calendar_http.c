/* What the settings page asks of a calendar besides its records: a year at a glance, days out of a calendar file. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar_records.h"

enum { ICAL_BYTES_MAX = 1 << 20, ICAL_DAYS_MAX = 2000 };

static enum err find(struct ctx *ctx, const struct http_request *req, enum action action, int64_t *ret_id)
{
	struct record *record;
	if (!id_parse(req->params[0], ret_id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, calendar_entity.name), *ret_id, action, &record);
}

/* --- a year ------------------------------------------------------------ */

static enum err read_year(struct ctx *ctx, const struct http_request *req, int *ret)
{
	const char *text = http_query(ctx, req, "year", 0);
	int64_t year = 0;
	if (text == NULL) {
		struct civil now;
		time_to_civil(ctx_now(ctx), &now);
		*ret = now.year;
		return OK;
	}
	if (!str_to_i64(text, &year) || year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR)
		return fail(ctx, ERR_INVALID, "year", "calendar_range");
	*ret = (int)year;
	return OK;
}

static void put_day(struct jsonw *w, int32_t day, const char *kind, const char *name, bool own)
{
	char date[11];
	calendar_date_write(day, date);
	jsonw_object(w);
	jsonw_kv_text(w, "date", date);
	jsonw_kv_text(w, "kind", kind);
	jsonw_kv_text(w, "name", name);
	jsonw_kv_bool(w, "own", own);
	jsonw_end_object(w);
}

/* Days that differ from their weekday: the calendar's own, then the country's. */
static void put_days(struct jsonw *w, const struct calendar_rules *rules, int32_t first, int32_t last, int *ret_known_until)
{
	size_t n = 0;
	int from = 0;
	const struct calendar_public_day *public = rules->country != NULL ? calendar_country(rules->country, &n, &from, ret_known_until) : NULL;
	jsonw_key(w, "days");
	jsonw_array(w);
	for (size_t i = 0; i < rules->n_days; i++) {
		if (rules->days[i].day >= first && rules->days[i].day <= last)
			put_day(w, rules->days[i].day, calendar_kind_name(rules->days[i].kind), rules->days[i].name, true);
	}
	for (size_t i = 0; i < n; i++) {
		if (public[i].day >= first && public[i].day <= last)
			put_day(w, public[i].day, calendar_kind_name(public[i].off ? CALENDAR_HOLIDAY : CALENDAR_WORKDAY), public[i].name, false);
	}
	jsonw_end_array(w);
}

static enum err put_open(struct ctx *ctx, struct jsonw *w, struct calendar *cal, int32_t first, int32_t last)
{
	char open[368];
	int64_t workdays = 0, start, end, ms = 0;
	enum err err = OK;
	for (int32_t day = first; day <= last && err == OK; day++) {
		bool is = false;
		err = calendar_is_workday(ctx, cal, day, &is);
		open[day - first] = is ? '1' : '0';
		workdays += is;
	}
	open[last - first + 1] = '\0';
	if (err == OK)
		err = calendar_day_start(ctx, cal, first, &start);
	if (err == OK)
		err = calendar_day_start(ctx, cal, last + 1, &end);
	if (err == OK) /* to the last moment: the next one may lie beyond the known years */
		err = calendar_between(ctx, cal, start, end - 1, &ms);
	jsonw_kv_text(w, "open", open);
	jsonw_kv_int(w, "workdays", workdays);
	jsonw_kv_int(w, "minutes", (ms + 1) / 60000);
	return err;
}

static enum err year(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct calendar_rules rules;
	struct calendar *cal;
	struct jsonw w;
	int64_t id;
	int number = 0, known_until = 0;
	enum err err = find(ctx, req, ACTION_READ, &id);
	if (err == OK)
		err = read_year(ctx, req, &number);
	if (err == OK)
		err = calendar_rules_load(ctx, id, &rules);
	if (err == OK)
		err = calendar_new(ctx, &rules, &cal);
	if (err != OK)
		return err;
	int32_t first = calendar_day_number(number, 1, 1), last = calendar_day_number(number + 1, 1, 1) - 1;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "year", number);
	err = put_open(ctx, &w, cal, first, last);
	put_days(&w, &rules, first, last, &known_until);
	jsonw_key(&w, "known_until"); /* the last year whose public holidays are known; null: none are followed */
	if (rules.country != NULL)
		jsonw_int(&w, known_until);
	else
		jsonw_null(&w);
	jsonw_end_object(&w);
	calendar_free(cal);
	return err;
}

/* --- an iCalendar file ------------------------------------------------- */

static int by_day(const void *a, const void *b)
{
	const struct calendar_day *x = a, *y = b;
	return (x->day > y->day) - (x->day < y->day);
}

/* Days that are off or worked already; what the calendar says of them stays. */
static int32_t *said_days(struct ctx *ctx, const struct calendar_rules *rules, size_t *ret_n)
{
	int32_t *days = arena_array(ctx->arena, rules->n_days + 1, sizeof(*days));
	*ret_n = 0;
	for (size_t i = 0; days != NULL && i < rules->n_days; i++) { /* they come by date */
		if (rules->days[i].kind != CALENDAR_BREAK)
			days[(*ret_n)++] = rules->days[i].day;
	}
	return days;
}

static int compare_day(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static enum err add_day(struct ctx *ctx, int64_t id, const struct calendar_day *day)
{
	struct record *row;
	char date[11];
	calendar_date_write(day->day, date);
	const char *kept = arena_strdup(ctx->arena, date);
	size_t len = day->name != NULL ? strlen(day->name) : 0, at = 0;
	for (int i = 0; i < 100 && at < len; i++) /* as long as the field takes */
		(void)utf8_next(day->name, len, &at);
	const char *name = at > 0 ? arena_strndup(ctx->arena, day->name, at) : NULL;
	if (kept == NULL || (at > 0 && name == NULL))
		return calendar_no_memory(ctx);
	enum err err = record_new(ctx, registry_find(ctx->registry, calendar_day_entity.name), &row);
	if (err == OK)
		err = record_set(ctx, row, "calendar_id", value_int(id));
	if (err == OK)
		err = record_set(ctx, row, "date", value_text(kept));
	if (err == OK)
		err = record_set(ctx, row, "kind", value_text(calendar_kind_name(day->kind)));
	if (err == OK)
		err = record_set(ctx, row, "name", value_text(name));
	return err == OK ? record_create(ctx, row, 0) : err;
}

static enum err add_days(struct ctx *ctx, int64_t id, struct calendar_day *days, size_t n, const int32_t *said, size_t n_said, size_t *ret_added)
{
	enum err err = OK;
	*ret_added = 0;
	qsort(days, n, sizeof(*days), by_day);
	for (size_t i = 0; i < n && err == OK; i++) {
		bool twice = i > 0 && days[i].day == days[i - 1].day;
		if (twice || bsearch(&days[i].day, said, n_said, sizeof(*said), compare_day) != NULL)
			continue;
		err = add_day(ctx, id, &days[i]);
		(*ret_added)++;
	}
	return err;
}

static enum err ical(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct calendar_rules rules;
	const struct calendar_day *read;
	struct jsonw w;
	int64_t id;
	size_t n = 0, n_said, skipped = 0, added = 0;
	enum err err = find(ctx, req, ACTION_UPDATE, &id);
	if (err == OK)
		err = calendar_ical_read(ctx, req->body, req->body_len, &read, &n, &skipped);
	if (err == OK && n > ICAL_DAYS_MAX)
		err = fail(ctx, ERR_LIMIT, "", "calendar_ical_days");
	if (err == OK)
		err = calendar_rules_load(ctx, id, &rules);
	if (err != OK)
		return err;
	struct calendar_day *days = arena_array(ctx->arena, n + 1, sizeof(*days));
	int32_t *said = said_days(ctx, &rules, &n_said);
	if (days == NULL || said == NULL)
		return calendar_no_memory(ctx);
	if (n > 0)
		memcpy(days, read, n * sizeof(*days));
	err = add_days(ctx, id, days, n, said, n_said, &added);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "added", (int64_t)added);
	jsonw_kv_int(&w, "kept", (int64_t)(n - added));
	jsonw_kv_int(&w, "skipped", (int64_t)skipped);
	jsonw_end_object(&w);
	return OK;
}

const struct route calendar_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/calendar/*/year", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = year,
	 .doc = "A year of a business calendar: year (default: this one); `open` has a sign a day, 1 worked; days that differ; sums"},
	{.method = METHOD_POST, .pattern = "/api/v1/calendar/*/ical", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = ical,
	 .body_max = ICAL_BYTES_MAX,
	 .doc = "Adds the days of an iCalendar file: off, or worked where the summary has 班; what the calendar says of a day already stays"},
	{.pattern = NULL},
};
