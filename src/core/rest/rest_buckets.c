/* Figures by stretches of time, all in one answer: "buckets=placed_at.week.2026-09-01.2026-12-01" beside a select of
 * aggregates gives a row for each week from the first day to the day before the last, by the firm's zone and week.
 *
 * Each stretch is the same query with the stretch as two more conditions, so rights, masks and indexes are those of any
 * list, and all of them stand in one view of the data. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/rest_internal.h"
#include "core/settings/settings.h"
#include "core/store/store.h"
#include "core/text/text.h"

enum { BUCKETS_MAX = 120, BUCKET_DAYS_MAX = 3660, ROW_MAX = 64 * 1024, EPOCH_WEEKDAY = 4 /* 1970-01-01 was a Thursday, Sunday is 0 */ };

enum unit { UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR, UNIT_DAYS };

/* Days are counted from 1970-01-01. */
struct buckets {
	const char *field;
	bool moments; /* the field holds moments, not days */
	enum unit unit;
	int64_t days;  /* UNIT_DAYS */
	int64_t from, to;
	int week_start;
	struct text_zone *zone;
};

static bool read_day(const char *text, int64_t *ret)
{
	int64_t ms;
	if (!date_valid(text) || !time_parse(text, &ms))
		return false;
	*ret = ms / DAY_MS - (ms % DAY_MS < 0);
	return true;
}

/* "week", or "7d" for stretches of seven days from the first one on. */
static bool read_unit(const char *text, struct buckets *ret)
{
	static const char *const names[] = {[UNIT_DAY] = "day", [UNIT_WEEK] = "week", [UNIT_MONTH] = "month", [UNIT_QUARTER] = "quarter", [UNIT_YEAR] = "year"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal(text, names[i])) {
			ret->unit = (enum unit)i;
			return true;
		}
	size_t n = strlen(text);
	char digits[8];
	if (n < 2 || n > sizeof(digits) || text[n - 1] != 'd')
		return false;
	memcpy(digits, text, n - 1);
	digits[n - 1] = '\0';
	ret->unit = UNIT_DAYS;
	return str_to_i64(digits, &ret->days) && ret->days > 0 && ret->days <= BUCKET_DAYS_MAX;
}

/* The first day after `day` on which a new stretch begins. */
static int64_t next_start(const struct buckets *b, int64_t day)
{
	struct civil c;
	int64_t ms;
	if (b->unit == UNIT_DAY || b->unit == UNIT_DAYS)
		return day + (b->unit == UNIT_DAY ? 1 : b->days);
	if (b->unit == UNIT_WEEK) {
		int64_t weekday = ((day + EPOCH_WEEKDAY) % 7 + 7) % 7;
		return day + 7 - (weekday - b->week_start + 7) % 7;
	}
	time_to_civil(day * DAY_MS, &c);
	int months = b->unit == UNIT_MONTH ? 1 : b->unit == UNIT_QUARTER ? 3 : 12;
	int month = (c.month - 1) / months * months + months;
	struct civil next = {.year = c.year + month / 12, .month = month % 12 + 1, .day = 1};
	return time_from_civil(&next, &ms) ? ms / DAY_MS - (ms % DAY_MS < 0) : b->to;
}

/* FIELD.UNIT.FROM.TO */
static enum err read_buckets(struct ctx *ctx, const struct entity_info *info, const char *text, struct buckets *ret)
{
	char *parts[4] = {NULL}, *copy = arena_strdup(ctx->arena, text), *rest = copy;
	size_t n = 0;
	if (!copy)
		return fail(ctx, ERR_LIMIT, "buckets", "memory");
	while (rest && n < 4)
		parts[n++] = strsep(&rest, ".");
	if (n != 4 || rest || !read_unit(parts[1], ret) || !read_day(parts[2], &ret->from) || !read_day(parts[3], &ret->to) || ret->from >= ret->to)
		return fail_arg(ctx, ERR_INVALID, "buckets", QK_SYNTAX, text);
	int field = entity_field(info, parts[0]);
	if (field < 0)
		return fail_arg(ctx, ERR_INVALID, "buckets", QK_COLUMN, parts[0]);
	enum field_type type = info->fields[field]->type;
	if (type != FIELD_TIME && type != FIELD_DATE)
		return fail_arg(ctx, ERR_INVALID, "buckets", QK_GROUPING, parts[0]);
	ret->field = parts[0];
	ret->moments = type == FIELD_TIME;
	return OK;
}

/* More stretches than an answer holds are refused before any is asked for. */
static enum err check_number(struct ctx *ctx, const struct buckets *b)
{
	int n = 0;
	for (int64_t day = b->from; day < b->to; day = next_start(b, day))
		if (++n > BUCKETS_MAX)
			return fail_arg(ctx, ERR_INVALID, "buckets", QK_TOO_MANY, "120");
	return OK;
}

/* All that is selected must be an aggregate: then each stretch has exactly one row. */
static enum err check_select(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options)
{
	const struct query_column *columns;
	struct query *query;
	struct query_options flat = *options;
	flat.whole = false;
	flat.no_children = true;
	enum err err = query_parse(ctx, info, raw, &flat, &query);
	if (err)
		return err;
	size_t n = query_columns(query, &columns);
	for (size_t i = 0; i < n; i++)
		if (!columns[i].aggregate)
			return fail_arg(ctx, ERR_INVALID, "select", QK_GROUPING, columns[i].key);
	return n > 0 ? OK : fail_arg(ctx, ERR_INVALID, "select", QK_GROUPING, "select");
}

/* Where a day begins, as a condition's value: the day itself, or its first moment in the firm's zone. */
static void write_start(const struct buckets *b, int64_t day, char out[TIME_TEXT_MAX])
{
	int64_t ms = day * DAY_MS;
	if (b->moments && b->zone)
		ms -= INT64_C(60000) * text_zone_offset(b->zone, ms);
	time_format(ms, out);
	if (!b->moments)
		out[strlen("YYYY-MM-DD")] = '\0';
}

static void write_day(int64_t day, char out[TIME_TEXT_MAX])
{
	time_format(day * DAY_MS, out);
	out[strlen("YYYY-MM-DD")] = '\0';
}

/* One stretch: {"from": day, "to": the day after its last, …the aggregates}. */
static enum err put_bucket(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, const struct buckets *b,
                           int64_t from, int64_t to, struct buf *out)
{
	char first[TIME_TEXT_MAX], end[TIME_TEXT_MAX], from_day[TIME_TEXT_MAX], to_day[TIME_TEXT_MAX];
	struct query *query;
	struct query_page page = {0};
	struct buf row;
	write_start(b, from, first);
	write_start(b, to, end);
	write_day(from, from_day);
	write_day(to, to_day);
	const char *text = arena_printf(ctx->arena, "%s&%s=gte.%s&%s=lt.%s", raw, b->field, first, b->field, end);
	if (!text)
		return fail(ctx, ERR_LIMIT, "buckets", "memory");
	buf_init(&row, ROW_MAX);
	enum err err = query_parse(ctx, info, text, options, &query);
	if (!err)
		err = query_json(ctx, query, true, &row, &page);
	if (!err && (page.rows != 1 || row.len < 3))
		err = fail(ctx, ERR_BUG, "buckets", "internal");
	if (!err) {
		buf_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\",", from == b->from ? "" : ",", from_day, to_day);
		buf_add(out, row.data + 1, row.len - 1);
	}
	buf_release(&row);
	return err;
}

static enum err put_all(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, const struct buckets *b,
                        struct buf *out)
{
	enum err err = db_begin_read(ctx, ctx->db); /* all of them as they stand together */
	if (err)
		return err;
	buf_putc(out, '[');
	for (int64_t day = b->from; !err && day < b->to;) {
		int64_t next = next_start(b, day);
		if (next > b->to)
			next = b->to;
		err = put_bucket(ctx, info, raw, options, b, day, next, out);
		day = next;
	}
	buf_putc(out, ']');
	db_end_read(ctx->db);
	return err;
}

enum err rest_get_buckets(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct entity_info *info, const char *text)
{
	static const char *const ours[] = {"buckets", NULL};
	struct query_options options = {.action = ACTION_READ, .whole = true, .range_first = -1, .range_last = -1, .ignore = ours};
	struct buckets b = {.week_start = (int)setting_int(ctx, &firm_settings[FIRM_WEEK_START])};
	const char *zone;
	enum err err = read_buckets(ctx, info, text, &b);
	if (!err)
		err = check_number(ctx, &b);
	if (!err)
		err = check_select(ctx, info, req->query, &options);
	if (!err)
		err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &zone);
	if (err)
		return err;
	if (!text_zone_new(zone, &b.zone))
		b.zone = NULL; /* a zone this machine does not know: days are those of UTC */
	http_content_type(res, "application/json; charset=utf-8");
	err = put_all(ctx, info, req->query, &options, &b, http_body(res));
	text_zone_free(b.zone);
	return err;
}
