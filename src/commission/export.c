/* Lines of statements as a file. */
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "core/events/events.h"
#include "core/files/files.h"

/* Fields of commission_line, which name the columns and say who sees them. */
static const char *const columns[] = {"owner_id", "happened_on", "kind", "number", "plan", "base", "share", "credited", "units", "bracket", "rate", "result", "note"};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct sheet {
	struct http_response *res;
	struct commission_book *book;
	struct table_column heads[COLUMNS];
	int field[COLUMNS]; /* positions in `columns` of those that are seen */
	size_t n;
};

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	struct sheet *s = arg;
	return http_write(ctx, s->res, data, n);
}

static struct cell text_cell(const char *text)
{
	return (struct cell){text != NULL ? text : "", text != NULL ? strlen(text) : 0, str_empty(text) ? CELL_EMPTY : CELL_TEXT};
}

static struct cell number_cell(struct ctx *ctx, bool there, int64_t value, int scale)
{
	char number[DECIMAL_TEXT_MAX];
	if (!there)
		return (struct cell){"", 0, CELL_EMPTY};
	size_t n = decimal_format(value, scale, number);
	const char *copy = arena_strndup(ctx->arena, number, n);
	return copy != NULL ? (struct cell){copy, n, CELL_NUMBER} : (struct cell){"", 0, CELL_EMPTY};
}

static const char *label_of(struct ctx *ctx, const char *field, const char *value)
{
	const struct entity_info *info = registry_find(ctx->registry, commission_line_entity.name);
	for (const struct option *o = info->fields[entity_field(info, field)]->options; o != NULL && o->value != NULL; o++) {
		if (str_equal(o->value, value))
			return entity_label(ctx, &o->label);
	}
	return value;
}

static struct cell cell_of(struct ctx *ctx, const struct sheet *s, const struct commission_line *l, int column)
{
	int digits = currency_scale(registry_base_currency(ctx->registry));
	bool worked = l->kind == COMMISSION_SALE || l->kind == COMMISSION_LATE || l->kind == COMMISSION_BACK;
	const struct commission_person *person = commission_person_of(s->book, l->owner_id);
	char day[RECEIVABLES_DAY_BYTES];
	commission_day_text(l->day, day);
	const struct cell all[COLUMNS] = {
		text_cell(person != NULL ? person->name : ""), text_cell(arena_strdup(ctx->arena, day)), text_cell(label_of(ctx, "kind", commission_line_kinds[l->kind])),
		text_cell(l->number), text_cell(l->plan), number_cell(ctx, worked && l->kind != COMMISSION_BACK, l->base, digits),
		number_cell(ctx, worked, l->share, COMMISSION_RATE_SCALE), number_cell(ctx, worked, l->credited, digits),
		number_cell(ctx, worked && l->per_unit, l->units, COMMISSION_UNIT_SCALE), text_cell(l->bracket),
		number_cell(ctx, worked, l->rate, l->per_unit ? digits + COMMISSION_RATE_SCALE : COMMISSION_RATE_SCALE), number_cell(ctx, true, l->result, digits), text_cell(l->note),
	};
	return all[column];
}

static enum err write_lines(struct ctx *ctx, struct sheet *s, enum file_format format)
{
	const struct table_out_options options = {.format = format, .bom = true, .sheet = entity_label(ctx, &commission_line_entity.label_many)};
	struct cell cells[COLUMNS];
	struct table_out *out = NULL;
	enum err err = table_out_new(ctx, &options, s->heads, s->n, send, s, &out);
	for (size_t i = 0; err == OK && i < s->book->n_lines; i++) {
		const struct commission_line *line = &s->book->lines[i];
		const struct commission_person *person = commission_person_of(s->book, line->owner_id);
		struct arena_mark mark = arena_mark(ctx->arena);
		if (person == NULL || !commission_may_take(ctx, person))
			continue;
		for (size_t c = 0; c < s->n; c++)
			cells[c] = cell_of(ctx, s, line, s->field[c]);
		err = table_write(ctx, out, cells);
		arena_rewind(ctx->arena, mark);
	}
	if (err == OK)
		err = table_finish(ctx, out, NULL);
	table_out_free(out);
	return err;
}

/* Who took what, before it leaves. */
static enum err note(struct ctx *ctx, void *arg)
{
	(void)arg;
	return change_append(ctx, commission_line_entity.name, 0, CHANGE_EXPORT, "{\"commission\":true}");
}

static enum err send_book(struct ctx *ctx, struct http_response *res, struct commission_book *book, enum file_format format)
{
	const struct entity_info *info = registry_find(ctx->registry, commission_line_entity.name);
	struct sheet s = {.res = res, .book = book};
	struct db *db = ctx->db;
	const char *disposition;
	for (int i = 0; i < COLUMNS; i++) {
		if (!commission_sees(ctx, columns[i]))
			continue;
		bool number = i >= 5 && i <= 11 && i != 9;
		s.heads[s.n] = (struct table_column){columns[i], entity_label(ctx, &info->fields[entity_field(info, columns[i])]->label), number ? CELL_NUMBER : CELL_TEXT};
		s.field[s.n++] = i;
	}
	enum err err = file_disposition(ctx, format == FILE_XLSX ? "commission.xlsx" : "commission.csv", &disposition);
	if (err == OK)
		err = store_write(ctx, ctx->store, note, NULL);
	ctx->db = db;
	if (err != OK)
		return err;
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	http_content_type(res, format == FILE_XLSX ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8");
	err = http_stream_begin(ctx, res);
	return err == OK ? write_lines(ctx, &s, format) : err;
}

/* One's own statement goes with the right to one's own alone; that to more is asked line by line. */
static enum err whose(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	const char *who = http_query(ctx, req, "person", 0);
	enum scope scope = entity_scope(ctx->actor, registry_find(ctx->registry, commission_line_entity.name), ACTION_EXPORT);
	if (scope == SCOPE_NONE || !commission_sees(ctx, "owner_id"))
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (who != NULL && !id_parse(who, ret))
		return fail(ctx, ERR_NOT_FOUND, "person", "not_found");
	if (scope == SCOPE_OWN && *ret == 0)
		*ret = ctx->actor->user_id;
	return OK;
}

enum err commission_export_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *name = http_query(ctx, req, "format", 0);
	struct commission_span span;
	struct commission_book book;
	int64_t person = 0;
	enum file_format format = str_equal(name, "xlsx") ? FILE_XLSX : FILE_CSV;
	if (format == FILE_CSV && name != NULL && !str_equal(name, "csv"))
		return fail(ctx, ERR_INVALID, "format", "commission_format");
	enum err err = whose(ctx, req, &person);
	if (err == OK)
		err = commission_asked(ctx, req, &span);
	if (err != OK)
		return err;
	err = commission_book_make(ctx, &span, person, &book);
	const struct commission_person *one = err == OK && person != 0 ? commission_person_of(&book, person) : NULL;
	if (err == OK && person != 0 && (one == NULL || !commission_may_take(ctx, one)))
		err = fail(ctx, ERR_NOT_FOUND, "person", "not_found");
	if (err == OK)
		err = send_book(ctx, res, &book, format);
	commission_book_end(&book);
	return err;
}
