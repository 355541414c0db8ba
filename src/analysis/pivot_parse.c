/* A request for a pivot table, read with the rights of who asks. */
#include <stdio.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/decimal.h"
#include "base/str.h"
#include "core/calendar/calendar.h"

static const char *const by_names[BY_COUNT] = {
	[BY_VALUE] = "value", [BY_YEAR] = "year", [BY_QUARTER] = "quarter", [BY_MONTH] = "month", [BY_WEEK] = "week", [BY_DAY] = "day",
	[BY_WEEKDAY] = "weekday", [BY_HOUR] = "hour", [BY_KIND] = "kind", [BY_HOLIDAY] = "holiday", [BY_AGE] = "age", [BY_BAND] = "band",
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

const char *pivot_by_name(enum pivot_by by)
{
	return by_names[by];
}

bool pivot_is_time(const struct field *field)
{
	return field->type == FIELD_TIME || field->type == FIELD_DATE;
}

/* --- members ------------------------------------------------------------------------------- */

static enum err known_members(struct ctx *ctx, const json_t *json, const char *at, const char *const *names)
{
	const char *key;
	json_t *value;
	if (!json_is_object(json))
		return fail_arg(ctx, ERR_INVALID, at, "pivot_shape", at);
	json_object_foreach((json_t *)(uintptr_t)json, key, value) {
		size_t i = 0;
		while (names[i] && !str_equal(names[i], key))
			i++;
		if (!names[i])
			return fail_arg(ctx, ERR_INVALID, at, "pivot_member", key);
	}
	return OK;
}

static enum err text_member(struct ctx *ctx, const json_t *json, const char *at, const char *name, bool required, const char **ret)
{
	const json_t *value = json_object_get(json, name);
	*ret = json_string_value(value);
	if ((value && !json_is_null(value) && !*ret) || (!*ret && required))
		return fail_arg(ctx, ERR_INVALID, at, "pivot_text", name);
	return OK;
}

static enum err number_member(struct ctx *ctx, const json_t *json, const char *name, int64_t most, int64_t *ret)
{
	const json_t *value = json_object_get(json, name);
	if (!value || json_is_null(value))
		return OK;
	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
		return fail_arg(ctx, ERR_INVALID, name, "pivot_number", name);
	*ret = json_integer_value(value);
	return OK;
}

static enum err bool_member(struct ctx *ctx, const json_t *json, const char *name, bool *ret)
{
	const json_t *value = json_object_get(json, name);
	if (!value)
		return OK;
	if (!json_is_boolean(value))
		return fail_arg(ctx, ERR_INVALID, name, "pivot_flag", name);
	*ret = json_is_true(value);
	return OK;
}

/* --- dimensions ------------------------------------------------------------------------------ */

static enum err read_by(struct ctx *ctx, const char *at, const char *text, enum pivot_by *ret)
{
	for (size_t i = 0; i < BY_COUNT; i++) {
		if (str_equal(by_names[i], text)) {
			*ret = (enum pivot_by)i;
			return OK;
		}
	}
	return fail_arg(ctx, ERR_INVALID, at, "pivot_by", text);
}

static bool is_number(const struct field *field)
{
	return field->type == FIELD_INT || field->type == FIELD_DECIMAL || field->type == FIELD_MONEY || field->type == FIELD_REAL;
}

/* What can be grouped by in which way. */
static bool fits(const struct pivot_dim *dim)
{
	bool time = pivot_is_time(dim->field);
	if (dim->by == BY_VALUE)
		return !time && (!is_number(dim->field) || dim->field->type == FIELD_INT);
	if (dim->by == BY_BAND)
		return is_number(dim->field) && dim->band > 0;
	if (dim->by == BY_AGE)
		return dim->field->type == FIELD_DATE;
	return time && (dim->by != BY_HOUR || dim->moment);
}

static int digits_of(struct ctx *ctx, const struct field *field)
{
	if (field->type == FIELD_MONEY)
		return currency_scale(registry_base_currency(ctx->registry));
	return field->type == FIELD_DECIMAL ? field->scale : 0;
}

static enum err read_band(struct ctx *ctx, const json_t *json, const char *at, struct pivot_dim *dim)
{
	const json_t *band = json_object_get(json, "band");
	double width = json_number_value(band);
	if (!band)
		return OK;
	if (!json_is_number(band) || !(width > 0) || width > 1e12)
		return fail_arg(ctx, ERR_INVALID, at, "pivot_number", "band");
	dim->band_digits = digits_of(ctx, dim->field);
	for (int i = 0; i < dim->band_digits; i++)
		width *= 10;
	dim->band = (int64_t)(width + 0.5);
	return OK;
}

/* Amounts of a currency of their own can't be laid into bands together. */
static enum err check_dim(struct ctx *ctx, const struct warehouse *w, const char *at, const struct pivot_dim *dim)
{
	const struct star_table *table = warehouse_table(w, dim->at.info->entity->name);
	if (!table || !warehouse_copies(table, dim->at.info, dim->at.field))
		return fail_arg(ctx, ERR_INVALID, at, "pivot_field", dim->path);
	if (!fits(dim) || (dim->field->type == FIELD_MONEY && entity_currency(dim->at.info, dim->at.field) >= 0))
		return fail_arg(ctx, ERR_INVALID, at, "pivot_by", dim->path);
	return OK;
}

static enum err read_dim(struct ctx *ctx, const struct warehouse *w, struct pivot *p, const json_t *json, const char *at, struct pivot_dim *dim)
{
	static const char *const names[] = {"field", "by", "band", NULL};
	const char *by;
	enum err err = known_members(ctx, json, at, names);
	if (!err)
		err = text_member(ctx, json, at, "field", true, &dim->path);
	if (!err)
		err = text_member(ctx, json, at, "by", false, &by);
	if (!err)
		err = query_star_field(ctx, p->star, at, dim->path, &dim->at);
	if (err)
		return err;
	dim->field = dim->at.info->fields[dim->at.field];
	dim->link = entity_link(dim->at.info, dim->at.field);
	dim->moment = str_equal(dim->path, p->table->moment);
	dim->by = pivot_is_time(dim->field) ? BY_MONTH : BY_VALUE;
	if (by)
		err = read_by(ctx, at, by, &dim->by);
	if (!err && dim->by == BY_BAND)
		err = read_band(ctx, json, at, dim);
	return err ? err : check_dim(ctx, w, at, dim);
}

static enum err read_dims(struct ctx *ctx, const struct warehouse *w, struct pivot *p, const json_t *json, const char *name, struct pivot_dim *dims, size_t *ret_n)
{
	const json_t *list = json_object_get(json, name);
	*ret_n = 0;
	if (!list)
		return OK;
	if (!json_is_array(list) || json_array_size(list) > PIVOT_DIMS_MAX)
		return fail_arg(ctx, ERR_INVALID, name, "pivot_dims", name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		char at[32];
		snprintf(at, sizeof(at), "%s.%zu", name, i + 1);
		enum err err = read_dim(ctx, w, p, json_array_get(list, i), at, &dims[i]);
		if (err)
			return err;
	}
	*ret_n = json_array_size(list);
	return OK;
}

/* --- measures ----------------------------------------------------------------------------------- */

/* What an extra column is made of must be open to the actor too. */
static enum err may_see(struct ctx *ctx, struct pivot *p, const char *at, const char *needs)
{
	for (const char *rest = needs; !str_empty(rest);) {
		size_t n = strcspn(rest, ",");
		const char *path = arena_strndup(ctx->arena, rest, n);
		struct query_star_field field;
		enum err err = path ? query_star_field(ctx, p->star, at, path, &field) : no_memory(ctx);
		if (err)
			return err;
		rest += n + (rest[n] == ',');
	}
	return OK;
}

static bool is_extra(const struct star_table *table, const char *name)
{
	for (const struct star_extra *e = table->extras; e && e->name; e++) {
		if (str_equal(e->name, name))
			return true;
	}
	return false;
}

static enum err fill_base(struct ctx *ctx, struct pivot *p, const char *at, struct pivot_base *base)
{
	const struct star_measure *m = base->measure;
	struct query_star_field field;
	base->column = "";
	enum err err = may_see(ctx, p, at, m->needs);
	if (err || m->kind == STAR_COUNT)
		return err;
	if (is_extra(p->table, m->of)) {
		base->column = arena_printf(ctx->arena, "\"t0\".\"%s\"", m->of);
		base->scale = m->scale;
		base->money = m->money;
		return base->column ? OK : no_memory(ctx);
	}
	err = query_star_field(ctx, p->star, at, m->of, &field);
	if (err)
		return err;
	const struct field *of = field.info->fields[field.field];
	base->column = field.column;
	if (m->kind == STAR_DIFFERENT)
		return OK;
	base->real = of->type == FIELD_REAL;
	base->money = of->type == FIELD_MONEY;
	base->scale = digits_of(ctx, of);
	return OK;
}

enum err pivot_base(struct ctx *ctx, struct pivot *p, const char *at, const char *name, int *ret)
{
	for (size_t i = 0; i < p->n_bases; i++) {
		if (str_equal(p->bases[i].measure->name, name)) {
			*ret = (int)i;
			return OK;
		}
	}
	const struct star_measure *m = p->table->measures;
	while (m->name && !str_equal(m->name, name))
		m++;
	if (!m->name)
		return fail_arg(ctx, ERR_INVALID, at, "pivot_measure", name);
	if (p->n_bases == PIVOT_BASES_MAX)
		return fail_arg(ctx, ERR_INVALID, at, "pivot_dims", "measures");
	struct pivot_base *base = &p->bases[p->n_bases];
	*base = (struct pivot_base){.measure = m};
	*ret = (int)p->n_bases++;
	p->distinct |= m->kind == STAR_DIFFERENT;
	return fill_base(ctx, p, at, base);
}

static enum err read_measure(struct ctx *ctx, struct pivot *p, const json_t *json, const char *at, struct pivot_measure *m)
{
	static const char *const names[] = {"name", "label", "formula", NULL};
	const char *formula = NULL;
	*m = (struct pivot_measure){.base = -1};
	if (json_is_string(json)) {
		m->name = json_string_value(json);
	} else {
		enum err err = known_members(ctx, json, at, names);
		if (!err)
			err = text_member(ctx, json, at, "name", true, &m->name);
		if (!err)
			err = text_member(ctx, json, at, "label", false, &m->label);
		if (!err)
			err = text_member(ctx, json, at, "formula", false, &formula);
		if (err)
			return err;
	}
	if (formula)
		return pivot_formula(ctx, p, at, formula, m);
	return pivot_base(ctx, p, at, m->name, &m->base);
}

static enum err read_measures(struct ctx *ctx, struct pivot *p, const json_t *json)
{
	const json_t *list = json_object_get(json, "measures");
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > PIVOT_MEASURES_MAX)
		return fail_arg(ctx, ERR_INVALID, "measures", "pivot_dims", "measures");
	for (size_t i = 0; i < json_array_size(list); i++) {
		char at[32];
		snprintf(at, sizeof(at), "measures.%zu", i + 1);
		enum err err = read_measure(ctx, p, json_array_get(list, i), at, &p->measures[i]);
		if (err)
			return err;
		p->n_measures++;
	}
	return OK;
}

/* --- the rest -------------------------------------------------------------------------------------- */

static enum err read_day(struct ctx *ctx, const json_t *json, const char *name, const char **ret_text, int64_t *ret)
{
	int32_t day;
	enum err err = text_member(ctx, json, name, name, false, ret_text);
	if (err || !*ret_text)
		return err;
	if (!calendar_date_read(*ret_text, &day))
		return fail_arg(ctx, ERR_INVALID, name, "pivot_day", *ret_text);
	*ret = day;
	return OK;
}

static enum err read_period(struct ctx *ctx, struct pivot *p, const json_t *json)
{
	const char *compare;
	p->from = INT64_MIN;
	p->to = INT64_MAX;
	enum err err = read_day(ctx, json, "from", &p->from_text, &p->from);
	if (!err)
		err = read_day(ctx, json, "to", &p->to_text, &p->to);
	if (!err)
		err = text_member(ctx, json, "compare", "compare", false, &compare);
	if (err)
		return err;
	if (p->from_text && p->to_text && p->from > p->to)
		return fail_arg(ctx, ERR_INVALID, "to", "pivot_day", p->to_text);
	if (!compare)
		return OK;
	p->compare = str_equal(compare, "before") ? COMPARE_BEFORE : str_equal(compare, "year") ? COMPARE_YEAR : COMPARE_NONE;
	if (p->compare == COMPARE_NONE || !p->from_text || !p->to_text)
		return fail_arg(ctx, ERR_INVALID, "compare", "pivot_compare", compare);
	return OK;
}

static enum err read_sort(struct ctx *ctx, struct pivot *p, const json_t *json)
{
	static const char *const names[] = {"measure", "desc", NULL};
	const json_t *sort = json_object_get(json, "sort");
	const char *name;
	p->sort = -1;
	p->desc = true;
	if (!sort || json_is_null(sort))
		return OK;
	enum err err = known_members(ctx, sort, "sort", names);
	if (!err)
		err = text_member(ctx, sort, "sort", "measure", false, &name);
	if (!err)
		err = bool_member(ctx, sort, "desc", &p->desc);
	if (err || !name)
		return err;
	for (size_t i = 0; i < p->n_measures; i++) {
		if (str_equal(p->measures[i].name, name))
			p->sort = (int)i;
	}
	return p->sort >= 0 ? OK : fail_arg(ctx, ERR_INVALID, "sort", "pivot_measure", name);
}

static enum err read_filters(struct ctx *ctx, struct pivot *p, const json_t *json)
{
	static const char *const names[] = {"on", "condition", NULL};
	const json_t *list = json_object_get(json, "filters");
	p->condition = json_object_get(json, "condition");
	enum err err = p->condition ? query_star_filter(ctx, p->star, "condition", "", p->condition) : OK;
	if (err || !list)
		return err;
	if (!json_is_array(list) || json_array_size(list) > PIVOT_FILTERS_MAX)
		return fail_arg(ctx, ERR_INVALID, "filters", "pivot_dims", "filters");
	for (size_t i = 0; !err && i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const char *path;
		char at[32];
		snprintf(at, sizeof(at), "filters.%zu", i + 1);
		err = known_members(ctx, one, at, names);
		if (!err)
			err = text_member(ctx, one, at, "on", false, &path);
		if (err)
			return err;
		p->filters[i].path = path ? path : "";
		p->filters[i].condition = json_object_get(one, "condition");
		p->n_filters++;
		err = query_star_filter(ctx, p->star, at, p->filters[i].path, p->filters[i].condition);
	}
	return err;
}

/* Of what it is, and whether the actor may ask for any of it. */
static enum err read_facts(struct ctx *ctx, const struct warehouse *w, const json_t *json, enum action action, struct pivot *p)
{
	const char *of;
	enum err err = text_member(ctx, json, "of", "of", true, &of);
	if (err)
		return err;
	p->table = warehouse_table(w, of);
	p->info = p->table ? registry_find(ctx->registry, of) : NULL;
	if (!p->info || !p->table->measures)
		return fail_arg(ctx, ERR_INVALID, "of", "pivot_facts", of);
	if (entity_scope(ctx->actor, p->info, action) == SCOPE_NONE || entity_scope(ctx->actor, p->info, ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "of", "forbidden", of);
	p->action = action;
	p->totals = true;
	p->limit = PIVOT_ROWS_USUAL;
	return query_star_new(ctx, p->info, action, p->table->carried, &p->star);
}

/* The period is asked of a moment that the actor may see. */
static enum err check_moment(struct ctx *ctx, struct pivot *p)
{
	struct query_star_field field;
	bool asked = p->from_text || p->to_text;
	return asked ? query_star_field(ctx, p->star, "from", p->table->moment, &field) : OK;
}

enum err pivot_parse(struct ctx *ctx, const struct warehouse *w, const json_t *json, enum action action, struct pivot **ret)
{
	static const char *const names[] = {"of", "measures", "rows", "columns", "from", "to", "compare", "filters", "condition", "totals", "sort", "limit",
	                                    "offset", "row", "column", "format", NULL};
	struct pivot *p = arena_alloc(ctx->arena, sizeof(*p));
	if (!p)
		return no_memory(ctx);
	memset(p, 0, sizeof(*p));
	*ret = p;
	enum err err = known_members(ctx, json, "", names);
	if (!err)
		err = read_facts(ctx, w, json, action, p);
	if (!err)
		err = read_dims(ctx, w, p, json, "rows", p->dims, &p->n_rows);
	if (!err)
		err = read_dims(ctx, w, p, json, "columns", p->dims + p->n_rows, &p->n_columns);
	if (!err)
		err = read_measures(ctx, p, json);
	if (!err)
		err = read_period(ctx, p, json);
	if (!err)
		err = check_moment(ctx, p);
	if (!err)
		err = read_sort(ctx, p, json);
	if (!err)
		err = bool_member(ctx, json, "totals", &p->totals);
	if (!err)
		err = number_member(ctx, json, "limit", PIVOT_ROWS_MAX, &p->limit);
	if (!err)
		err = number_member(ctx, json, "offset", PIVOT_OFFSET_MAX, &p->offset);
	return err ? err : read_filters(ctx, p, json);
}
