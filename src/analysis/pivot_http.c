/* Pivot tables over the API. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/pivot.h"
#include "base/decimal.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/files/files.h"

enum { CELL_TEXT_MAX = 64, FORMULA_SCALE = 6, LINE_CELLS_MAX = PIVOT_DIMS_MAX + (PIVOT_COLUMNS_MAX + 1) * PIVOT_MEASURES_MAX * 2 };

/* --- reading --------------------------------------------------------------------------------- */

static enum err read_json(struct ctx *ctx, const struct http_request *req, json_t **ret)
{
	*ret = json_loadb(req->body, req->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (*ret && json_is_object(*ret))
		return OK;
	json_decref(*ret);
	*ret = NULL;
	return fail_arg(ctx, ERR_INVALID, "", "pivot_shape", "");
}

/* --- numbers ------------------------------------------------------------------------------------ */

static double power(int digits)
{
	double unit = 1;
	for (int i = 0; i < digits; i++)
		unit *= 10;
	return unit;
}

/* How many decimals a measure is shown with, and how many its whole numbers have. */
static int shown_scale(struct ctx *ctx, const struct pivot *p, size_t measure)
{
	const struct pivot_measure *m = &p->measures[measure];
	const struct pivot_base *base = m->base >= 0 ? &p->bases[m->base] : NULL;
	if (!base)
		return 4;
	if (base->money)
		return currency_scale(registry_base_currency(ctx->registry));
	return base->measure->kind == STAR_MEAN || base->real ? 2 : base->scale;
}

static int kept_scale(const struct pivot *p, size_t measure)
{
	return p->measures[measure].base >= 0 ? p->bases[p->measures[measure].base].scale : 0;
}

static int64_t rounded(int64_t value, int from, int to)
{
	for (; from > to; from--)
		value = (value + (value < 0 ? -5 : 5)) / 10;
	for (; from < to; from++)
		value *= 10;
	return value;
}

/* Sums of doubles come out in any order: what is beyond the decimals that are shown is noise. */
static void put_real(struct jsonw *w, double value, int scale)
{
	double unit = power(scale);
	jsonw_real(w, value > -1e15 && value < 1e15 ? round(value * unit) / unit : value);
}

static void put_value(struct ctx *ctx, struct jsonw *w, const struct pivot *p, size_t measure, const struct value *value)
{
	int kept = kept_scale(p, measure), shown = shown_scale(ctx, p, measure);
	if (value->kind == VALUE_NULL)
		jsonw_null(w);
	else if (value->kind == VALUE_REAL)
		put_real(w, value->r / power(kept), p->measures[measure].base >= 0 ? shown : FORMULA_SCALE);
	else if (shown == 0 && kept == 0)
		jsonw_int(w, value->i);
	else
		jsonw_decimal(w, rounded(value->i, kept, shown), shown);
}

static void put_values(struct ctx *ctx, struct jsonw *w, const struct pivot *p, size_t n, const struct value *values)
{
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		put_value(ctx, w, p, i % p->n_measures, &values[i]);
	jsonw_end_array(w);
}

/* --- the answer ------------------------------------------------------------------------------------ */

static void put_dims(struct ctx *ctx, struct jsonw *w, const char *name, const struct pivot_dim *dims, size_t n)
{
	jsonw_key(w, name);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "field", dims[i].path);
		jsonw_kv_text(w, "by", pivot_by_name(dims[i].by));
		jsonw_kv_text(w, "label", entity_label(ctx, &dims[i].field->label));
		jsonw_kv_text(w, "entity", dims[i].at.info->entity->name);
		jsonw_kv_text(w, "link", dims[i].link ? dims[i].link->entity->name : NULL);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static const char *measure_label(struct ctx *ctx, const struct pivot *p, size_t i)
{
	const struct pivot_measure *m = &p->measures[i];
	if (m->label)
		return m->label;
	return m->base >= 0 ? entity_label(ctx, &p->bases[m->base].measure->label) : m->name;
}

static void put_measures(struct ctx *ctx, struct jsonw *w, const struct pivot *p)
{
	jsonw_key(w, "measures");
	jsonw_array(w);
	for (size_t i = 0; i < p->n_measures; i++) {
		const struct pivot_base *base = p->measures[i].base >= 0 ? &p->bases[p->measures[i].base] : NULL;
		jsonw_object(w);
		jsonw_kv_text(w, "name", p->measures[i].name);
		jsonw_kv_text(w, "label", measure_label(ctx, p, i));
		jsonw_kv_text(w, "type", base && base->money ? "money" : shown_scale(ctx, p, i) ? "decimal" : "int");
		jsonw_kv_int(w, "scale", shown_scale(ctx, p, i));
		if (base && base->money)
			jsonw_kv_text(w, "currency", registry_base_currency(ctx->registry));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

struct labels {
	struct pivot_labels of[2 * PIVOT_DIMS_MAX];
};

static enum err read_labels(struct ctx *ctx, const struct pivot *p, const struct pivot_answer *a, struct labels *ret)
{
	enum err err = OK;
	for (size_t d = 0; !err && d < p->n_rows + p->n_columns; d++) {
		bool row = d < p->n_rows;
		const struct pivot_line *lines = row ? a->rows : a->columns;
		size_t n = row ? a->n_rows : a->n_columns, at = row ? d : d - p->n_rows;
		const char **keys = arena_array(ctx->arena, n + 1, sizeof(*keys));
		for (size_t i = 0; keys && i < n; i++)
			keys[i] = lines[i].keys[at];
		err = keys ? pivot_labels_read(ctx, &p->dims[d], keys, n, &ret->of[d]) : fail(ctx, ERR_LIMIT, "", "memory");
	}
	return err;
}

static void put_line(struct ctx *ctx, struct jsonw *w, const struct pivot *p, const struct pivot_answer *a, const struct labels *labels, size_t first,
                     size_t n, const struct pivot_line *line)
{
	jsonw_object(w);
	jsonw_key(w, "key");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_text(w, line->keys[i]);
	jsonw_end_array(w);
	jsonw_key(w, "label");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_text(w, pivot_label(ctx, &p->dims[first + i], &labels->of[first + i], line->keys[i]));
	jsonw_end_array(w);
	jsonw_key(w, "total");
	put_values(ctx, w, p, a->n_values, line->totals);
	if (line->cells) {
		jsonw_key(w, "cells");
		jsonw_array(w);
		for (size_t c = 0; c < a->n_columns; c++) {
			const struct value *cell = &line->cells[c * a->n_values];
			bool any = false;
			for (size_t i = 0; i < a->n_values; i++)
				any |= cell[i].kind != VALUE_NULL;
			if (any)
				put_values(ctx, w, p, a->n_values, cell);
			else
				jsonw_null(w);
		}
		jsonw_end_array(w);
	}
	jsonw_end_object(w);
}

static void put_lines(struct ctx *ctx, struct jsonw *w, const char *name, const struct pivot *p, const struct pivot_answer *a, const struct labels *labels,
                      size_t first, size_t n_dims, const struct pivot_line *lines, size_t n)
{
	jsonw_key(w, name);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		put_line(ctx, w, p, a, labels, first, n_dims, &lines[i]);
	jsonw_end_array(w);
}

static enum err write_answer(struct ctx *ctx, struct http_response *res, const struct pivot *p, const struct pivot_answer *a, int64_t ms)
{
	struct labels labels;
	struct jsonw w;
	enum err err = read_labels(ctx, p, a, &labels);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "of", p->info->entity->name);
	put_dims(ctx, &w, "row_dimensions", p->dims, p->n_rows);
	put_dims(ctx, &w, "column_dimensions", p->dims + p->n_rows, p->n_columns);
	put_measures(ctx, &w, p);
	jsonw_kv_bool(&w, "compared", p->compare != COMPARE_NONE);
	put_lines(ctx, &w, "columns", p, a, &labels, p->n_rows, p->n_columns, a->columns, a->n_columns);
	put_lines(ctx, &w, "rows", p, a, &labels, 0, p->n_rows, a->rows, a->n_rows);
	jsonw_key(&w, "subtotals");
	jsonw_array(&w);
	for (size_t k = 1; k < p->n_rows; k++) {
		for (size_t i = 0; i < a->n_subtotals[k]; i++)
			put_line(ctx, &w, p, a, &labels, 0, k, &a->subtotals[k][i]);
	}
	jsonw_end_array(&w);
	jsonw_key(&w, "total");
	if (a->grand.totals)
		put_values(ctx, &w, p, a->n_values, a->grand.totals);
	else
		jsonw_null(&w);
	jsonw_kv_int(&w, "row_count", a->row_count);
	jsonw_kv_int(&w, "offset", p->offset);
	jsonw_kv_bool(&w, "more", p->offset + (int64_t)a->n_rows < a->row_count);
	jsonw_kv_int(&w, "ms", ms);
	jsonw_end_object(&w);
	return OK;
}

enum err pivot_http_ask(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct warehouse *w = app_warehouse(ctx->app);
	struct pivot_answer answer;
	struct pivot *p;
	json_t *json;
	int64_t began = ctx_now(ctx);
	enum err err = read_json(ctx, req, &json);
	if (err)
		return err;
	err = pivot_parse(ctx, w, json, ACTION_READ, &p);
	if (!err)
		err = pivot_run(ctx, w, p, &answer);
	if (!err)
		err = write_answer(ctx, res, p, &answer, ctx_now(ctx) - began);
	json_decref(json);
	return err;
}

static void put_list(struct jsonw *w, const char *entity, const char *condition)
{
	jsonw_kv_text(w, "entity", entity);
	jsonw_key(w, "condition");
	jsonw_raw(w, condition, strlen(condition));
}

enum err pivot_http_cell(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct pivot *p;
	struct jsonw w;
	json_t *json, *condition = NULL;
	enum err err = read_json(ctx, req, &json);
	if (err)
		return err;
	err = pivot_parse(ctx, app_warehouse(ctx->app), json, ACTION_READ, &p);
	if (!err)
		err = pivot_drill(ctx, p, json_object_get(json, "row"), json_object_get(json, "column"), &condition);
	char *text = err ? NULL : json_dumps(condition, JSON_COMPACT);
	if (!err && !text)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (!err) {
		jsonw_init(&w, http_body(res));
		jsonw_object(&w);
		put_list(&w, p->info->entity->name, text);
		jsonw_key(&w, "list");
		jsonw_object(&w);
		/* what has no list of its own is shown by what it belongs to */
		const char *lines = p->table->carried ? arena_printf(ctx->arena, "{\"related\":\"%s\",\"via\":\"%s\",\"where\":%s}", p->info->entity->plural,
		                                                     p->table->carried, text) : text;
		put_list(&w, p->table->carried ? p->info->parent_info->entity->name : p->info->entity->name, lines ? lines : "{}");
		jsonw_end_object(&w);
		jsonw_end_object(&w);
	}
	free(text);
	json_decref(condition);
	json_decref(json);
	return err;
}

/* --- export ------------------------------------------------------------------------------------------- */

struct sheet {
	const struct pivot *p;
	const struct pivot_answer *a;
	struct labels labels;
	struct table_column *heads;
	struct cell *cells;
	size_t n;
	struct http_response *res;
};

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	const struct sheet *s = arg;
	return http_write(ctx, s->res, data, n);
}

static const char *head_of(struct ctx *ctx, const struct sheet *s, const struct pivot_line *column, size_t value)
{
	const struct pivot *p = s->p;
	const char *text = "";
	for (size_t i = 0; column && text && i < p->n_columns; i++) {
		const char *label = pivot_label(ctx, &p->dims[p->n_rows + i], &s->labels.of[p->n_rows + i], column->keys[i]);
		text = arena_printf(ctx->arena, "%s%s ", text, label ? label : column->keys[i] ? column->keys[i] : "-");
	}
	return text ? arena_printf(ctx->arena, "%s%s%s", text, measure_label(ctx, p, value % p->n_measures), value >= p->n_measures ? " ←" : "") : NULL;
}

static enum err make_heads(struct ctx *ctx, struct sheet *s)
{
	const struct pivot *p = s->p;
	s->heads = arena_array(ctx->arena, LINE_CELLS_MAX, sizeof(*s->heads));
	s->cells = arena_array(ctx->arena, LINE_CELLS_MAX, sizeof(*s->cells));
	if (!s->heads || !s->cells)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < p->n_rows; i++)
		s->heads[s->n++] = (struct table_column){p->dims[i].path, entity_label(ctx, &p->dims[i].field->label), CELL_TEXT};
	for (size_t c = 0; c <= s->a->n_columns; c++) {
		for (size_t v = 0; v < s->a->n_values; v++) {
			const char *head = head_of(ctx, s, c < s->a->n_columns ? &s->a->columns[c] : NULL, v);
			if (!head)
				return fail(ctx, ERR_LIMIT, "", "memory");
			s->heads[s->n++] = (struct table_column){head, head, CELL_NUMBER};
		}
	}
	return OK;
}

static struct cell number_cell(struct ctx *ctx, const struct pivot *p, size_t measure, const struct value *value)
{
	struct buf text;
	struct jsonw w;
	if (value->kind == VALUE_NULL)
		return (struct cell){"", 0, CELL_EMPTY};
	buf_init(&text, CELL_TEXT_MAX);
	jsonw_init(&w, &text);
	put_value(ctx, &w, p, measure, value);
	const char *raw = buf_text(&text);
	size_t n = text.len;
	if (n > 1 && raw[0] == '"') {
		raw++;
		n -= 2;
	}
	const char *copy = arena_strndup(ctx->arena, raw, n);
	buf_release(&text);
	return copy ? (struct cell){copy, n, CELL_NUMBER} : (struct cell){"", 0, CELL_EMPTY};
}

static enum err write_line(struct ctx *ctx, struct sheet *s, struct table_out *out, const struct pivot_line *line)
{
	const struct pivot *p = s->p;
	struct arena_mark mark = arena_mark(ctx->arena);
	size_t at = 0;
	for (size_t i = 0; i < p->n_rows; i++) {
		const char *label = pivot_label(ctx, &p->dims[i], &s->labels.of[i], line->keys[i]);
		label = label ? label : line->keys[i] && !p->dims[i].link ? line->keys[i] : "";
		s->cells[at++] = (struct cell){label, strlen(label), *label ? CELL_TEXT : CELL_EMPTY};
	}
	for (size_t c = 0; c <= s->a->n_columns; c++) {
		const struct value *values = c < s->a->n_columns ? &line->cells[c * s->a->n_values] : line->totals;
		for (size_t v = 0; v < s->a->n_values; v++)
			s->cells[at++] = number_cell(ctx, p, v % p->n_measures, &values[v]);
	}
	enum err err = table_write(ctx, out, s->cells);
	arena_rewind(ctx->arena, mark);
	return err;
}

/* A question without rows has one: what its columns come to, and all. */
static enum err write_only_line(struct ctx *ctx, struct sheet *s, struct table_out *out)
{
	const struct pivot_answer *a = s->a;
	struct pivot_line line = {.totals = a->grand.totals, .cells = arena_array(ctx->arena, a->n_columns * a->n_values + 1, sizeof(*line.cells))};
	if (!line.cells)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t c = 0; c < a->n_columns; c++)
		memcpy(&line.cells[c * a->n_values], a->columns[c].totals, a->n_values * sizeof(*line.cells));
	return line.totals ? write_line(ctx, s, out, &line) : OK;
}

static enum err write_sheet(struct ctx *ctx, struct sheet *s, enum file_format format)
{
	const struct table_out_options options = {.format = format, .bom = true, .sheet = entity_label(ctx, &s->p->info->entity->label_many)};
	struct table_out *out = NULL;
	enum err err = table_out_new(ctx, &options, s->heads, s->n, send, s, &out);
	for (size_t i = 0; !err && i < s->a->n_rows; i++)
		err = write_line(ctx, s, out, &s->a->rows[i]);
	if (!err && s->p->n_rows == 0)
		err = write_only_line(ctx, s, out);
	if (!err)
		err = table_finish(ctx, out, NULL);
	table_out_free(out);
	return err;
}

/* Who took what, before it leaves. */
static enum err note(struct ctx *ctx, void *arg)
{
	const struct pivot *p = arg;
	return change_append(ctx, p->info->entity->name, 0, CHANGE_EXPORT, "{\"pivot\":true}");
}

static enum err send_sheet(struct ctx *ctx, struct http_response *res, struct pivot *p, const struct pivot_answer *a, enum file_format format)
{
	struct sheet s = {.p = p, .a = a, .res = res};
	struct db *db = ctx->db;
	const char *disposition;
	enum err err = read_labels(ctx, p, a, &s.labels);
	if (!err)
		err = make_heads(ctx, &s);
	if (!err)
		err = file_disposition(ctx, format == FILE_XLSX ? "pivot.xlsx" : "pivot.csv", &disposition);
	if (!err)
		err = store_write(ctx, ctx->store, note, p);
	ctx->db = db;
	if (err)
		return err;
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	http_content_type(res, format == FILE_XLSX ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8");
	err = http_stream_begin(ctx, res);
	return err ? err : write_sheet(ctx, &s, format);
}

enum err pivot_http_export(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct warehouse *w = app_warehouse(ctx->app);
	struct pivot_answer answer;
	struct pivot *p;
	json_t *json;
	enum err err = read_json(ctx, req, &json);
	if (err)
		return err;
	const char *name = json_string_value(json_object_get(json, "format"));
	enum file_format format = str_equal(name, "xlsx") ? FILE_XLSX : FILE_CSV;
	if (format == FILE_CSV && !str_equal(name, "csv"))
		err = fail_arg(ctx, ERR_INVALID, "format", "pivot_format", name ? name : "");
	if (!err)
		err = pivot_parse(ctx, w, json, ACTION_EXPORT, &p);
	if (!err) {
		p->all = true;
		p->limit = PIVOT_EXPORT_ROWS_MAX;
		p->offset = 0;
		p->totals = false;
		err = pivot_run(ctx, w, p, &answer);
	}
	if (!err)
		err = send_sheet(ctx, res, p, &answer, format);
	json_decref(json);
	return err;
}

/* --- what can be asked ----------------------------------------------------------------------------------- */

struct meta {
	struct ctx *ctx;
	struct warehouse *warehouse;
	struct jsonw w;
};

static bool can_group(const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	if (field->type == FIELD_MONEY && entity_currency(info, at) >= 0)
		return false;
	return at != SF_ID && field->type != FIELD_REAL;
}

static const char *kind_of(const struct field *field)
{
	if (pivot_is_time(field))
		return field->type == FIELD_DATE ? "date" : "time";
	return field->type == FIELD_INT ? "int" : field->type == FIELD_DECIMAL || field->type == FIELD_MONEY ? "number" : "value";
}

static void put_fields(struct meta *m, const struct star_table *fact, const struct entity_info *info, const char *prefix, const char *group, int depth);

static void put_field(struct meta *m, const struct star_table *fact, const struct entity_info *info, int at, const char *path, const char *group)
{
	const struct field *field = info->fields[at];
	const struct entity_info *link = entity_link(info, at);
	jsonw_object(&m->w);
	jsonw_kv_text(&m->w, "field", path);
	jsonw_kv_text(&m->w, "label", entity_label(m->ctx, &field->label));
	jsonw_kv_text(&m->w, "group", group);
	jsonw_kv_text(&m->w, "kind", kind_of(field));
	if (str_equal(path, fact->moment))
		jsonw_kv_bool(&m->w, "moment", true);
	if (link)
		jsonw_kv_text(&m->w, "link", link->entity->name);
	jsonw_end_object(&m->w);
}

/* What is beyond a link, where its records are copied and the actor may see any. */
static void put_beyond(struct meta *m, const struct star_table *fact, const struct entity_info *info, int at, const char *path, int depth)
{
	const struct entity_info *link = info->fields[at]->type == FIELD_LINK ? entity_link(info, at) : NULL;
	if (!link || depth == 0 || !warehouse_table(m->warehouse, link->entity->name) || link == info ||
	    entity_scope(m->ctx->actor, link, ACTION_READ) == SCOPE_NONE)
		return;
	const char *prefix = arena_printf(m->ctx->arena, "%s.", path);
	if (prefix)
		put_fields(m, fact, link, prefix, entity_label(m->ctx, &info->fields[at]->label), depth - 1);
}

static void put_fields(struct meta *m, const struct star_table *fact, const struct entity_info *info, const char *prefix, const char *group, int depth)
{
	const struct star_table *table = warehouse_table(m->warehouse, info->entity->name);
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; table && i < (int)info->n_fields; i++) {
			if (!warehouse_copies(table, info, i) || entity_field_right(m->ctx->actor, info, i) < RIGHT_READ)
				continue;
			const char *path = arena_printf(m->ctx->arena, "%s%s", prefix, info->fields[i]->name);
			if (path && pass == 0 && can_group(info, i))
				put_field(m, fact, info, i, path, group);
			else if (path && pass == 1)
				put_beyond(m, fact, info, i, path, depth);
		}
	}
}

static void put_fact_measures(struct meta *m, const struct star_table *table, const struct entity_info *info)
{
	jsonw_key(&m->w, "measures");
	jsonw_array(&m->w);
	for (const struct star_measure *one = table->measures; one->name; one++) {
		struct pivot p = {.table = table, .info = info, .action = ACTION_READ};
		struct faults before = m->ctx->faults;
		int base;
		/* what they may not see is not offered */
		if (query_star_new(m->ctx, info, ACTION_READ, table->carried, &p.star) || pivot_base(m->ctx, &p, "", one->name, &base)) {
			m->ctx->faults = before;
			continue;
		}
		jsonw_object(&m->w);
		jsonw_kv_text(&m->w, "name", one->name);
		jsonw_kv_text(&m->w, "label", entity_label(m->ctx, &one->label));
		jsonw_kv_bool(&m->w, "money", p.bases[base].money);
		jsonw_end_object(&m->w);
	}
	jsonw_end_array(&m->w);
}

static void put_fact(struct meta *m, const struct star_table *table, const struct entity_info *info)
{
	jsonw_object(&m->w);
	jsonw_kv_text(&m->w, "of", info->entity->name);
	jsonw_kv_text(&m->w, "label", entity_label(m->ctx, &info->entity->label_many));
	jsonw_kv_text(&m->w, "moment", table->moment);
	jsonw_kv_bool(&m->w, "export", entity_scope(m->ctx->actor, info, ACTION_EXPORT) != SCOPE_NONE);
	put_fact_measures(m, table, info);
	jsonw_key(&m->w, "dimensions");
	jsonw_array(&m->w);
	put_fields(m, table, info, "", entity_label(m->ctx, &info->entity->label), 2);
	jsonw_end_array(&m->w);
	jsonw_end_object(&m->w);
}

/* What of it may be counted by the actor; NULL: nothing. */
static const struct entity_info *fact_of(struct ctx *ctx, const struct star_table *table)
{
	const struct entity_info *info = table->measures ? registry_find(ctx->registry, table->entity) : NULL;
	return info && entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE ? info : NULL;
}

enum err pivot_http_meta(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct meta m = {.ctx = ctx, .warehouse = app_warehouse(ctx->app)};
	const struct star_table *table;
	size_t n = 0;
	(void)req;
	for (size_t i = 0; (table = warehouse_table_at(m.warehouse, i)) != NULL; i++)
		n += fact_of(ctx, table) != NULL;
	if (n == 0)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&m.w, http_body(res));
	jsonw_object(&m.w);
	jsonw_kv_bool(&m.w, "available", duck_there());
	jsonw_kv_text(&m.w, "currency", registry_base_currency(ctx->registry));
	jsonw_key(&m.w, "facts");
	jsonw_array(&m.w);
	for (size_t i = 0; (table = warehouse_table_at(m.warehouse, i)) != NULL; i++) {
		const struct entity_info *info = fact_of(ctx, table);
		if (info)
			put_fact(&m, table, info);
	}
	jsonw_end_array(&m.w);
	jsonw_end_object(&m.w);
	return OK;
}
