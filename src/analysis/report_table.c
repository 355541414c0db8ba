/* What a report found, and how it is written: as JSON, and as a file. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report.h"
#include "base/decimal.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/calendar/calendar.h"
#include "core/files/files.h"

enum { FIRST_ROWS = 64, CELL_MAX = 64 };

enum err report_no_memory(struct report_run *r)
{
	return fail(r->ctx, ERR_LIMIT, "", "memory");
}

/* --- filling ---------------------------------------------------------------------------------- */

enum err report_table_new(struct report_run *r, const char *name, struct text2 label, const struct report_column *columns, size_t n, struct report_table **ret)
{
	struct report_table *table = r->n_tables < REPORT_TABLES_MAX ? arena_alloc(r->ctx->arena, sizeof(*table)) : NULL;
	*ret = table;
	if (!table)
		return report_no_memory(r);
	*table = (struct report_table){.name = name, .label = label, .columns = columns, .n_columns = n};
	r->tables[r->n_tables++] = table;
	return OK;
}

enum err report_row(struct report_run *r, struct report_table *table, struct value **ret)
{
	if (table->n_rows == table->cap) {
		size_t cap = table->cap ? table->cap * 2 : FIRST_ROWS;
		struct value *more = arena_array(r->ctx->arena, cap * table->n_columns, sizeof(*more));
		if (!more)
			return report_no_memory(r);
		if (table->n_rows)
			memcpy(more, table->cells, table->n_rows * table->n_columns * sizeof(*more));
		table->cells = more;
		table->cap = cap;
	}
	struct value *row = &table->cells[table->n_rows++ * table->n_columns];
	for (size_t i = 0; i < table->n_columns; i++)
		row[i] = value_null();
	*ret = row;
	return OK;
}

void report_fact(struct report_run *r, const char *name, enum report_type type, struct value value)
{
	if (r->n_facts < REPORT_FACTS_MAX)
		r->facts[r->n_facts++] = (struct report_fact){name, type, value};
}

enum err report_member(struct report_run *r, int64_t id)
{
	if (r->n_members == REPORT_MEMBERS_MAX)
		return fail_arg(r->ctx, ERR_LIMIT, "cell", "report_members", "200000");
	if (r->n_members == r->members_cap) {
		size_t cap = r->members_cap * 2 + 256;
		int64_t *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (!more)
			return report_no_memory(r);
		if (r->n_members)
			memcpy(more, r->members, r->n_members * sizeof(*more));
		r->members = more;
		r->members_cap = cap;
	}
	r->members[r->n_members++] = id;
	return OK;
}

bool report_cell_int(const struct report_run *r, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(r->cell, name);
	*ret = json_is_integer(value) ? json_integer_value(value) : 0;
	return json_is_integer(value) && *ret >= 0 && *ret < 1000000;
}

bool report_cell_month(const struct report_run *r, const char *name, int64_t *ret)
{
	const char *text = report_cell_text(r, name);
	int32_t day;
	char first[16];
	if (!text || strlen(text) != 7)
		return false;
	snprintf(first, sizeof(first), "%s-01", text);
	if (!calendar_date_read(first, &day))
		return false;
	*ret = (text[0] - '0') * 12000 + (text[1] - '0') * 1200 + (text[2] - '0') * 120 + (text[3] - '0') * 12 + (text[5] - '0') * 10 + text[6] - '0' - 1;
	return true;
}

const char *report_cell_text(const struct report_run *r, const char *name)
{
	return json_string_value(json_object_get(r->cell, name));
}

enum err report_bad_cell(struct report_run *r)
{
	return fail_arg(r->ctx, ERR_INVALID, "cell", "report_cell", "cell");
}

/* Names of types in answers; of those with names of their own, their entities. */
static const char *const type_names[] = {
	[REPORT_TEXT] = "text", [REPORT_INT] = "int", [REPORT_MONEY] = "money", [REPORT_REAL] = "real", [REPORT_SHARE] = "share", [REPORT_DAY] = "day",
	[REPORT_MONTH] = "month", [REPORT_CUSTOMER] = "customer", [REPORT_PRODUCT] = "product",
	[REPORT_CATEGORY] = "category", [REPORT_USER] = "user", [REPORT_BRANCH] = "branch", [REPORT_CHANNEL] = "channel", [REPORT_REGION] = "region",
	[REPORT_REASON] = "lost_reason",
};

/* --- names -------------------------------------------------------------------------------------- */

static const struct entity_info *named_by(const struct ctx *ctx, enum report_type type)
{
	return type >= REPORT_CUSTOMER ? registry_find(ctx->registry, type_names[type]) : NULL;
}

/* Names of one column, as far as the actor may see them. */
static enum err read_names(struct report_run *r, const struct report_table *t, size_t column, struct pivot_labels *ret)
{
	struct pivot_dim dim = {.by = BY_VALUE, .link = named_by(r->ctx, t->columns[column].type)};
	const char **keys = dim.link ? arena_array(r->ctx->arena, t->n_rows + 1, sizeof(*keys)) : NULL;
	*ret = (struct pivot_labels){.n = 0};
	if (!dim.link)
		return OK;
	if (!keys)
		return report_no_memory(r);
	for (size_t i = 0; i < t->n_rows; i++)
		keys[i] = arena_printf(r->ctx->arena, "%lld", (long long)t->cells[i * t->n_columns + column].i);
	return pivot_labels_read(r->ctx, &dim, keys, t->n_rows, ret);
}

static const char *name_of(struct report_run *r, enum report_type type, const struct pivot_labels *labels, int64_t id)
{
	struct pivot_dim dim = {.by = BY_VALUE, .link = named_by(r->ctx, type)};
	const char *key = arena_printf(r->ctx->arena, "%lld", (long long)id);
	return key ? pivot_label(r->ctx, &dim, labels, key) : NULL;
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void put_day(struct jsonw *w, int64_t day)
{
	char text[11];
	calendar_date_write((int32_t)day, text);
	jsonw_text(w, text);
}

static void put_month(struct jsonw *w, int64_t month)
{
	char text[32];
	snprintf(text, sizeof(text), "%04lld-%02lld", (long long)(month / 12), (long long)(month % 12 + 1));
	jsonw_text(w, text);
}

static void put_real(struct jsonw *w, double value)
{
	jsonw_real(w, isfinite(value) && fabs(value) < 1e9 ? round(value * 1e6) / 1e6 : value);
}

static void put_value(struct report_run *r, struct jsonw *w, enum report_type type, const struct value *v, const struct pivot_labels *labels)
{
	if (v->kind == VALUE_NULL)
		jsonw_null(w);
	else if (type == REPORT_MONEY)
		jsonw_decimal(w, v->i, currency_scale(registry_base_currency(r->ctx->registry)));
	else if (type == REPORT_DAY)
		put_day(w, v->i);
	else if (type == REPORT_MONTH)
		put_month(w, v->i);
	else if (labels && type >= REPORT_CUSTOMER) {
		jsonw_object(w);
		jsonw_kv_id(w, "id", v->i);
		jsonw_kv_text(w, "name", name_of(r, type, labels, v->i));
		jsonw_end_object(w);
	} else if (v->kind == VALUE_TEXT)
		jsonw_textn(w, v->t.p, v->t.n);
	else if (v->kind == VALUE_REAL)
		put_real(w, v->r);
	else
		jsonw_int(w, v->i);
}

static enum err write_table(struct report_run *r, struct jsonw *w, const struct report_table *t)
{
	struct pivot_labels *labels = arena_array(r->ctx->arena, t->n_columns + 1, sizeof(*labels));
	if (!labels)
		return report_no_memory(r);
	for (size_t c = 0; c < t->n_columns; c++) {
		enum err err = read_names(r, t, c, &labels[c]);
		if (err)
			return err;
	}
	jsonw_object(w);
	jsonw_kv_text(w, "name", t->name);
	jsonw_kv_text(w, "label", entity_label(r->ctx, &t->label));
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t c = 0; c < t->n_columns; c++) {
		jsonw_object(w);
		jsonw_kv_text(w, "name", t->columns[c].name);
		jsonw_kv_text(w, "label", entity_label(r->ctx, &t->columns[c].label));
		jsonw_kv_text(w, "type", type_names[t->columns[c].type]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "rows");
	jsonw_array(w);
	for (size_t i = 0; i < t->n_rows; i++) {
		jsonw_array(w);
		for (size_t c = 0; c < t->n_columns; c++)
			put_value(r, w, t->columns[c].type, &t->cells[i * t->n_columns + c], &labels[c]);
		jsonw_end_array(w);
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
	return OK;
}

enum err report_write(struct report_run *r, struct http_response *res, int64_t ms)
{
	struct jsonw w;
	enum err err = OK;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "report", r->report->name);
	jsonw_kv_text(&w, "currency", registry_base_currency(r->ctx->registry));
	jsonw_key(&w, "from");
	put_day(&w, r->from);
	jsonw_key(&w, "to");
	put_day(&w, r->to);
	jsonw_key(&w, "facts");
	jsonw_object(&w);
	for (size_t i = 0; i < r->n_facts; i++) {
		jsonw_key(&w, r->facts[i].name);
		put_value(r, &w, r->facts[i].type, &r->facts[i].value, NULL);
	}
	jsonw_end_object(&w);
	jsonw_key(&w, "tables");
	jsonw_array(&w);
	for (size_t i = 0; !err && i < r->n_tables; i++)
		err = write_table(r, &w, r->tables[i]);
	jsonw_end_array(&w);
	jsonw_kv_int(&w, "ms", ms);
	jsonw_end_object(&w);
	return err;
}

/* --- files ------------------------------------------------------------------------------------------ */

struct sending {
	struct http_response *res;
};

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	const struct sending *s = arg;
	return http_write(ctx, s->res, data, n);
}

static bool is_named(enum report_type type)
{
	return type >= REPORT_CUSTOMER;
}

static enum err words_of(struct report_run *r, enum report_type type, const struct value *v, const struct pivot_labels *labels, struct cell *ret)
{
	const char *words = v->kind == VALUE_TEXT ? arena_strndup(r->ctx->arena, v->t.p, v->t.n) : name_of(r, type, labels, v->i);
	if (!words && v->kind == VALUE_TEXT)
		return report_no_memory(r);
	words = words ? words : "";
	*ret = (struct cell){words, strlen(words), *words ? CELL_TEXT : CELL_EMPTY};
	return OK;
}

/* As a cell: text, or a plain number; shares stay numbers. */
static enum err cell_of(struct report_run *r, enum report_type type, const struct value *v, const struct pivot_labels *labels, struct cell *ret)
{
	struct buf text;
	struct jsonw w;
	*ret = (struct cell){"", 0, CELL_EMPTY};
	if (v->kind == VALUE_NULL)
		return OK;
	if (is_named(type) || v->kind == VALUE_TEXT)
		return words_of(r, type, v, labels, ret);
	buf_init(&text, CELL_MAX);
	jsonw_init(&w, &text);
	put_value(r, &w, type, v, NULL);
	const char *raw = buf_text(&text);
	size_t quote = text.len > 1 && raw[0] == '"';
	const char *copy = arena_strndup(r->ctx->arena, raw + quote, text.len - 2 * quote);
	size_t n = text.len - 2 * quote;
	buf_release(&text);
	if (!copy)
		return report_no_memory(r);
	*ret = (struct cell){copy, n, type == REPORT_DAY ? CELL_TIME : type == REPORT_MONTH ? CELL_TEXT : CELL_NUMBER};
	return OK;
}

static enum err write_rows(struct report_run *r, const struct report_table *t, struct table_out *out, struct cell *cells)
{
	struct pivot_labels *labels = arena_array(r->ctx->arena, t->n_columns + 1, sizeof(*labels));
	enum err err = labels ? OK : report_no_memory(r);
	for (size_t c = 0; !err && c < t->n_columns; c++)
		err = read_names(r, t, c, &labels[c]);
	for (size_t i = 0; !err && i < t->n_rows; i++) {
		struct arena_mark mark = arena_mark(r->ctx->arena);
		for (size_t c = 0; !err && c < t->n_columns; c++)
			err = cell_of(r, t->columns[c].type, &t->cells[i * t->n_columns + c], &labels[c], &cells[c]);
		if (!err)
			err = table_write(r->ctx, out, cells);
		arena_rewind(r->ctx->arena, mark);
	}
	return err;
}

enum err report_send(struct report_run *r, struct http_response *res, const struct report_table *t, enum file_format format)
{
	const struct table_out_options options = {.format = format, .bom = true, .sheet = entity_label(r->ctx, &t->label)};
	struct sending sending = {res};
	struct table_out *out = NULL;
	struct table_column *heads = arena_array(r->ctx->arena, t->n_columns + 1, sizeof(*heads));
	struct cell *cells = arena_array(r->ctx->arena, t->n_columns + 1, sizeof(*cells));
	if (!heads || !cells)
		return report_no_memory(r);
	for (size_t c = 0; c < t->n_columns; c++) {
		enum report_type type = t->columns[c].type;
		bool text = type == REPORT_TEXT || is_named(type) || type == REPORT_MONTH;
		heads[c] = (struct table_column){t->columns[c].name, entity_label(r->ctx, &t->columns[c].label),
		                                 type == REPORT_DAY ? CELL_TIME : text ? CELL_TEXT : CELL_NUMBER};
	}
	enum err err = table_out_new(r->ctx, &options, heads, t->n_columns, send, &sending, &out);
	if (!err)
		err = write_rows(r, t, out, cells);
	if (!err)
		err = table_finish(r->ctx, out, NULL);
	table_out_free(out);
	return err;
}
