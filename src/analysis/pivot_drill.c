/* The records behind a cell: a condition (core/condition) that their list takes. */
#include <stdio.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- pieces -------------------------------------------------------------------------------------- */

/* A condition of the last record of a path of links, as one of the rows: {"related": link, "where": …} for each. */
static json_t *beyond(const char *path, json_t *condition)
{
	const char *dot = strchr(path, '.');
	char link[100];
	size_t n = dot ? (size_t)(dot - path) : strlen(path);
	if (*path == '\0' || !condition)
		return condition;
	if (n >= sizeof(link)) {
		json_decref(condition);
		return NULL;
	}
	memcpy(link, path, n);
	link[n] = '\0';
	json_t *inner = dot ? beyond(dot + 1, condition) : condition;
	return inner ? json_pack("{s:s, s:o}", "related", link, "where", inner) : NULL;
}

/* A leaf of the field that the path ends with. */
static json_t *at_path(const char *path, const char *op, json_t *value)
{
	const char *dot = strrchr(path, '.');
	char links[400];
	size_t n = dot ? (size_t)(dot - path) : 0;
	json_t *leaf = json_pack("{s:s, s:s}", "field", dot ? dot + 1 : path, "op", op);
	if (leaf && value)
		json_object_set_new(leaf, "value", value);
	if (!leaf || n >= sizeof(links)) {
		json_decref(leaf);
		return NULL;
	}
	memcpy(links, path, n);
	links[n] = '\0';
	return beyond(links, leaf);
}

/* The moment at which a local day begins, as the API writes it. */
static enum err day_start(struct ctx *ctx, const struct pivot_dim *dim, int64_t day, const char **ret)
{
	const char *name;
	struct text_zone *zone = NULL;
	int64_t ms = day * DAY_MS;
	char text[TIME_TEXT_MAX];
	if (dim->field->type == FIELD_DATE) {
		calendar_date_write((int32_t)day, text);
	} else {
		enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
		if (err)
			return err;
		if (!str_empty(name) && text_zone_new(name, &zone)) {
			ms -= INT64_C(60000) * text_zone_offset(zone, ms);
			text_zone_free(zone);
		}
		time_format(ms, text);
	}
	*ret = arena_strdup(ctx->arena, text);
	return *ret ? OK : no_memory(ctx);
}

static enum err add(struct ctx *ctx, json_t *list, json_t *one)
{
	return one && json_array_append_new(list, one) == 0 ? OK : no_memory(ctx);
}

/* Days from first to last, both included. */
static enum err add_days(struct ctx *ctx, const struct pivot_dim *dim, int64_t first, int64_t last, json_t *list)
{
	const char *from, *to;
	enum err err = OK;
	if (first != INT64_MIN) {
		err = day_start(ctx, dim, first, &from);
		if (!err)
			err = add(ctx, list, at_path(dim->path, "gte", json_string(from)));
	}
	if (!err && last != INT64_MAX) {
		err = day_start(ctx, dim, last + 1, &to);
		if (!err)
			err = add(ctx, list, at_path(dim->path, "lt", json_string(to)));
	}
	return err;
}

/* The day on which a month begins, counted through from year 0. */
static bool month_day(int64_t month, int64_t *ret)
{
	char text[16];
	int32_t day;
	if (month < 0 || month / 12 > 9999)
		return false;
	snprintf(text, sizeof(text), "%04d-%02d-01", (int)(month / 12), (int)(month % 12 + 1));
	if (!date_days(text, &day))
		return false;
	*ret = day;
	return true;
}

/* Year and part of "2026", "2026-Q4", "2026-11". */
static bool read_part(enum pivot_by by, const char *key, int64_t *year, int64_t *part)
{
	char digits[5] = "";
	size_t n = strlen(key);
	*part = 1;
	if (n < 4 || n > 7)
		return false;
	memcpy(digits, key, 4);
	if (!str_to_i64(digits, year) || by == BY_YEAR)
		return by == BY_YEAR && n == 4;
	return n == 7 && str_to_i64(by == BY_QUARTER ? key + 6 : key + 5, part) && *part >= 1 && *part <= 12;
}

/* The days of a key, both included; "2026-11-30" of a day or a week. */
static bool key_days(enum pivot_by by, const char *key, int64_t *first, int64_t *last)
{
	int64_t year, part;
	int32_t day;
	if (by == BY_DAY || by == BY_WEEK) {
		if (!date_days(key, &day))
			return false;
		*first = day;
		*last = day + (by == BY_WEEK ? 6 : 0);
		return true;
	}
	int months = by == BY_YEAR ? 12 : by == BY_QUARTER ? 3 : 1;
	if (!read_part(by, key, &year, &part))
		return false;
	int64_t month = year * 12 + (part - 1) * months;
	bool good = month_day(month, first) && month_day(month + months, last);
	*last -= good;
	return good;
}

/* --- cells ------------------------------------------------------------------------------------------ */

static enum err add_band(struct ctx *ctx, const struct pivot_dim *dim, const char *key, json_t *list)
{
	int64_t low;
	char from[32], to[32];
	if (!str_to_i64(key, &low))
		return fail_arg(ctx, ERR_INVALID, "row", "pivot_key", key);
	double unit = 1;
	for (int i = 0; i < dim->band_digits; i++)
		unit *= 10;
	snprintf(from, sizeof(from), "%.*f", dim->band_digits, (double)low / unit);
	snprintf(to, sizeof(to), "%.*f", dim->band_digits, ((double)low + (double)dim->band) / unit);
	enum err err = add(ctx, list, at_path(dim->path, "gte", json_string(from)));
	return err ? err : add(ctx, list, at_path(dim->path, "lt", json_string(to)));
}

static enum err add_value(struct ctx *ctx, const struct pivot_dim *dim, const char *key, json_t *list)
{
	if (dim->field->type == FIELD_BOOL)
		return add(ctx, list, at_path(dim->path, "is", json_string(str_equal(key, "true") ? "true" : "false")));
	return add(ctx, list, at_path(dim->path, "eq", json_string(key)));
}

static enum err add_key(struct ctx *ctx, const struct pivot_dim *dim, const json_t *json, json_t *list)
{
	const char *key = json_string_value(json);
	int64_t first, last;
	/* what is empty, or beyond what may be seen */
	if (json_is_null(json)) {
		json_t *leaf = at_path(dim->path, "is", json_string("not_null"));
		return add(ctx, list, leaf ? json_pack("{s:o}", "not", leaf) : NULL);
	}
	if (!key)
		return fail_arg(ctx, ERR_INVALID, "row", "pivot_key", dim->path);
	if (dim->by == BY_VALUE)
		return add_value(ctx, dim, key, list);
	if (dim->by == BY_BAND)
		return add_band(ctx, dim, key, list);
	if (dim->by > BY_DAY)
		return fail_arg(ctx, ERR_INVALID, "row", "pivot_no_drill", dim->path);
	return key_days(dim->by, key, &first, &last) ? add_days(ctx, dim, first, last, list) : fail_arg(ctx, ERR_INVALID, "row", "pivot_key", key);
}

static enum err add_keys(struct ctx *ctx, const struct pivot_dim *dims, size_t n, const json_t *keys, json_t *list)
{
	enum err err = OK;
	if (!keys || json_is_null(keys))
		return OK;
	if (!json_is_array(keys) || json_array_size(keys) > n)
		return fail_arg(ctx, ERR_INVALID, "row", "pivot_key", "");
	for (size_t i = 0; !err && i < json_array_size(keys); i++)
		err = add_key(ctx, &dims[i], json_array_get(keys, i), list);
	return err;
}

/* The rows that are in no count. */
static enum err add_uncounted(struct ctx *ctx, const struct pivot *p, json_t *list)
{
	enum err err = OK;
	for (const char *rest = p->table->uncounted; !err && !str_empty(rest);) {
		size_t n = strcspn(rest, " "), name = strcspn(rest, "=");
		const char *path = arena_strndup(ctx->arena, rest, name);
		json_t *values = json_array();
		for (const char *value = rest + name + 1; values && value < rest + n;) {
			size_t len = strcspn(value, ", ");
			json_array_append_new(values, json_stringn(value, len));
			value += len + 1;
		}
		json_t *leaf = path ? at_path(path, "in", values) : NULL;
		err = add(ctx, list, leaf ? json_pack("{s:o}", "not", leaf) : NULL);
		rest += n + (rest[n] == ' ');
	}
	return err;
}

static enum err add_asked(struct ctx *ctx, const struct pivot *p, json_t *list)
{
	const struct pivot_dim moment = {.path = p->table->moment, .field = p->info->fields[SF_CREATED_AT]};
	struct query_star_field at;
	struct pivot_dim dim = moment;
	enum err err = OK;
	if (p->from_text || p->to_text) {
		err = query_star_field(ctx, p->star, "from", p->table->moment, &at);
		if (err)
			return err;
		dim.field = at.info->fields[at.field];
		err = add_days(ctx, &dim, p->from, p->to, list);
	}
	if (!err && p->condition)
		err = add(ctx, list, json_deep_copy(p->condition));
	for (size_t i = 0; !err && i < p->n_filters; i++)
		err = add(ctx, list, beyond(p->filters[i].path, json_deep_copy(p->filters[i].condition)));
	return err;
}

enum err pivot_drill(struct ctx *ctx, const struct pivot *p, const json_t *row, const json_t *column, json_t **ret)
{
	json_t *list = json_array();
	enum err err = list ? add_uncounted(ctx, p, list) : no_memory(ctx);
	if (!err)
		err = add_asked(ctx, p, list);
	if (!err)
		err = add_keys(ctx, p->dims, p->n_rows, row, list);
	if (!err)
		err = add_keys(ctx, p->dims + p->n_rows, p->n_columns, column, list);
	*ret = err ? NULL : json_pack("{s:O}", "all", list);
	json_decref(list);
	return err ? err : *ret ? OK : no_memory(ctx);
}
