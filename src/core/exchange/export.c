/* Export of a list: the query layer's rows, as the table writers take them. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/exchange/exchange.h"
#include "core/rest/query.h"
#include "core/store/store.h"

enum { ROW_MAX = 8 << 20, COLUMNS_MAX = 500, PIECE = 64 * 1024 };

/* Parameters of the address that are the caller's, not the query's. */
static const char *const own_parameters[] = {"format", "encoding", "delimiter", "ids", "names", NULL};

struct export_run {
	const struct export_request *request;
	const struct query_column *columns;
	size_t n;
	struct table_out *out; /* NULL for JSON Lines, which come from the query layer as the API writes them */
	struct buf text;       /* cells of one row, or a piece of JSON lines */
	struct cell *cells;
	size_t *ends;
	int64_t rows;
};

/* --- what is asked for ------------------------------------------------------ */

static bool has_parameter(const char *query, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = query; p != NULL && *p != '\0'; p = strchr(p, '&') != NULL ? strchr(p, '&') + 1 : NULL) {
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return true;
	}
	return false;
}

/* For people: every field they may read, a linked record by its name beside its id. */
static enum err default_select(struct ctx *ctx, const struct export_request *request, const char **ret)
{
	const struct entity_info *info = request->info;
	struct buf select;
	buf_init(&select, 64 * 1024);
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		const struct entity_info *link = entity_link(info, (int)i);
		if (entity_field_right(ctx->actor, info, (int)i) == RIGHT_HIDDEN)
			continue;
		buf_printf(&select, "%s%s", select.len > 0 ? "," : "", field->name);
		bool named = link != NULL && field->type == FIELD_LINK && link->title >= 0 &&
		             entity_scope(ctx->actor, link, ACTION_READ) != SCOPE_NONE &&
		             entity_field_right(ctx->actor, link, link->title) != RIGHT_HIDDEN;
		if (named && !request->links_as_ids)
			buf_printf(&select, ",%s_name:%s(%s)", field->name, field->name, link->fields[link->title]->name);
	}
	*ret = buf_failed(&select) ? NULL
	                           : arena_printf(ctx->arena, "select=%s%s%s", buf_text(&select), *request->query != '\0' ? "&" : "", request->query);
	buf_release(&select);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err open_query(struct ctx *ctx, const struct export_request *request, struct query **ret)
{
	struct query_options options = {.action = ACTION_EXPORT, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1,
	                                .ignore = own_parameters};
	const char *raw = request->query;
	if (entity_scope(ctx->actor, request->info, ACTION_EXPORT) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	enum err err = has_parameter(raw, "select") || request->format == FILE_JSONL ? OK : default_select(ctx, request, &raw);
	return err == OK ? query_parse(ctx, request->info, raw, &options, ret) : err;
}

/* --- columns ------------------------------------------------------------------ */

static enum cell_kind kind_of(const struct query_column *column)
{
	if (column->field < 0)
		return CELL_NUMBER;
	if (column->right == RIGHT_MASKED)
		return CELL_TEXT;
	switch (column->info->fields[column->field]->type) {
	case FIELD_INT:
	case FIELD_DECIMAL:
	case FIELD_REAL:
	case FIELD_MONEY:
		return CELL_NUMBER;
	case FIELD_BOOL:
		return CELL_BOOL;
	case FIELD_DATE:
	case FIELD_TIME:
		return CELL_TIME;
	case FIELD_TEXT:
	case FIELD_NOTE:
	case FIELD_ENUM:
	case FIELD_LINK: /* 63 bits do not fit a spreadsheet's numbers */
	case FIELD_LINKS:
	case FIELD_EMAIL:
	case FIELD_PHONE:
	case FIELD_URL:
	case FIELD_CODE:
	case FIELD_JSON:
	case FIELD_TYPE_COUNT:
	default:
		return CELL_TEXT;
	}
}

/* A vCard's parts by the fields that people have; others have no place in a card. */
static const char *vcard_name(const char *field)
{
	static const struct {
		const char *field, *part;
	} parts[] = {{"name", "name"},         {"phone", "phone"},     {"email", "email"},       {"birthday", "birthday"}, {"employer", "organisation"},
	             {"occupation", "job_title"},  {"website", "url"},     {"note", "note"},         {"country", "country"},   {"province", "region"},
	             {"city", "city"},         {"number", "uid"}};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (str_equal(parts[i].field, field))
			return parts[i].part;
	}
	return "";
}

/* The link by which a column of another record came in: "owner.name", or by our own
 * default "owner_id_name.name". NULL for columns of the record itself. */
static const struct field *link_of(struct ctx *ctx, const struct export_request *request, const struct query_column *column)
{
	static const char *const endings[] = {"", "_id"};
	const char *dot = column->path != NULL ? strchr(column->path, '.') : NULL;
	size_t n = dot != NULL ? (size_t)(dot - column->path) : 0;
	if (n == 0)
		return NULL;
	if (n > 8 && memcmp(dot - 8, "_id_name", 8) == 0)
		n -= 5;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *name = arena_printf(ctx->arena, "%.*s%s", (int)n, column->path, endings[i]);
		int at = name != NULL ? entity_field(request->info, name) : -1;
		if (at >= 0)
			return request->info->fields[at];
	}
	return NULL;
}

static const char *label_of(struct ctx *ctx, const struct export_request *request, const struct query_column *column)
{
	if (request->names || column->field < 0)
		return column->path != NULL && strchr(column->path, '.') != NULL ? column->path : column->key;
	const struct field *link = link_of(ctx, request, column);
	const char *own = app_label(ctx, &column->info->fields[column->field]->label);
	if (link == NULL) {
		/* beside its name stands the linked record's id */
		const char *id = column->info->fields[column->field]->type == FIELD_LINK ? arena_printf(ctx->arena, "%s ID", own) : NULL;
		return id != NULL ? id : own;
	}
	/* the record's own name is what the link says; other fields of it are named with it */
	if (column->field == column->info->title)
		return app_label(ctx, &link->label);
	const char *both = arena_printf(ctx->arena, "%s: %s", app_label(ctx, &link->label), own);
	return both != NULL ? both : own;
}

static enum err open_table(struct ctx *ctx, struct export_run *run)
{
	const struct export_request *request = run->request;
	bool bom = request->encoding == NULL || str_equal_nocase(request->encoding, "utf-8-bom") || str_starts(request->encoding, "UTF-16");
	struct table_out_options options = {
		.format = request->format,
		.encoding = request->encoding == NULL || str_equal_nocase(request->encoding, "utf-8-bom") ? NULL : request->encoding,
		.bom = bom,
		.delimiter = request->delimiter,
		.sheet = app_label(ctx, &request->info->entity->label_many),
		.temp_dir = store_data_dir(ctx->store),
	};
	struct table_column *columns = arena_array(ctx->arena, run->n, sizeof(*columns));
	if (columns == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < run->n; i++) {
		const struct query_column *c = &run->columns[i];
		const char *name = request->format == FILE_VCARD ? (c->info == request->info ? vcard_name(c->key) : "") : c->path != NULL ? c->path : c->key;
		columns[i] = (struct table_column){.name = name, .label = label_of(ctx, request, c), .kind = kind_of(c)};
	}
	return table_out_new(ctx, &options, columns, run->n, request->sink, request->arg, &run->out);
}

/* --- rows ----------------------------------------------------------------------- */

static enum err flush_lines(struct ctx *ctx, struct export_run *run)
{
	if (buf_failed(&run->text))
		return fail(ctx, ERR_LIMIT, "", "row_too_large");
	enum err err = run->text.len > 0 ? run->request->sink(ctx, run->request->arg, run->text.data, run->text.len) : OK;
	buf_reset(&run->text);
	return err;
}

static enum err json_row(struct ctx *ctx, struct export_run *run, const struct query_row *row)
{
	struct jsonw w;
	jsonw_init(&w, &run->text);
	enum err err = query_row_json(ctx, row, &w);
	buf_putc(&run->text, '\n');
	return err == OK && run->text.len >= PIECE ? flush_lines(ctx, run) : err;
}

static enum err table_row(struct ctx *ctx, struct export_run *run, const struct query_row *row)
{
	buf_reset(&run->text);
	for (size_t i = 0; i < run->n; i++) {
		enum err err = query_cell_text(ctx, row, i, &run->text);
		if (err != OK)
			return err;
		run->ends[i] = run->text.len;
		buf_add(&run->text, "", 1); /* each cell ends with a NUL of its own */
	}
	if (buf_failed(&run->text))
		return fail(ctx, ERR_LIMIT, "", "row_too_large");
	size_t start = 0;
	for (size_t i = 0; i < run->n; i++) {
		size_t len = run->ends[i] - start;
		run->cells[i] = (struct cell){run->text.data + start, len, len == 0 ? CELL_EMPTY : kind_of(&run->columns[i])};
		start = run->ends[i] + 1;
	}
	return table_write(ctx, run->out, run->cells);
}

static enum err on_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct export_run *run = arg;
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = run->out == NULL ? json_row(ctx, run, row) : table_row(ctx, run, row);
	arena_rewind(ctx->arena, mark);
	run->rows++;
	return err;
}

/* --- the change log ---------------------------------------------------------------- */

struct note {
	const struct export_request *request;
	int64_t rows; /* -1: it begins */
};

static enum err write_note(struct ctx *ctx, void *arg)
{
	static const char *const formats[] = {"", "csv", "xlsx", "jsonl", "vcard"};
	const struct note *note = arg;
	struct buf diff;
	struct jsonw w;
	buf_init(&diff, 256 * 1024);
	jsonw_init(&w, &diff);
	jsonw_object(&w);
	jsonw_kv_text(&w, "format", formats[note->request->format]);
	jsonw_kv_text(&w, "query", note->request->query);
	if (note->rows >= 0)
		jsonw_kv_int(&w, "rows", note->rows);
	jsonw_end_object(&w);
	enum err err = buf_failed(&diff) ? fail(ctx, ERR_LIMIT, "", "memory")
	                                 : change_append(ctx, note->request->info->entity->name, 0, CHANGE_EXPORT, buf_text(&diff));
	buf_release(&diff);
	return err;
}

static enum err keep_note(struct ctx *ctx, const struct export_request *request, int64_t rows)
{
	struct note note = {request, rows};
	return store_write(ctx, ctx->store, write_note, &note);
}

static enum err run_export(struct ctx *ctx, struct query *query, struct export_run *run)
{
	run->n = query_columns(query, &run->columns);
	run->cells = arena_array(ctx->arena, run->n, sizeof(*run->cells));
	run->ends = arena_array(ctx->arena, run->n, sizeof(*run->ends));
	if (run->n > COLUMNS_MAX || run->cells == NULL || run->ends == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = run->request->format == FILE_JSONL ? OK : open_table(ctx, run);
	if (err == OK)
		err = query_run(ctx, query, on_row, run);
	if (err == OK)
		err = run->out != NULL ? table_finish(ctx, run->out, NULL) : flush_lines(ctx, run);
	if (run->out != NULL)
		table_out_free(run->out);
	return err;
}

enum err export_table(struct ctx *ctx, const struct export_request *request, int64_t *ret_rows)
{
	struct export_run run = {.request = request};
	struct query *query;
	*ret_rows = 0;
	enum err err = open_query(ctx, request, &query);
	/* first the note: who takes data out leaves a trace whatever happens on the way */
	if (err == OK)
		err = keep_note(ctx, request, -1);
	if (err != OK)
		return err;
	buf_init(&run.text, ROW_MAX);
	err = run_export(ctx, query, &run);
	buf_release(&run.text);
	*ret_rows = run.rows;
	return err == OK ? keep_note(ctx, request, run.rows) : err;
}
