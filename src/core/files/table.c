#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/files/table.h"

enum { AHEAD_ROWS = 40, AHEAD_BYTES = 32 << 20 };

struct format_row {
	const char *name, *type, *suffix;
};

static const struct format_row formats[FILE_FORMAT_COUNT] = {
	[FILE_DETECT] = {"", "application/octet-stream", ""},
	[FILE_CSV] = {"csv", "text/csv", ".csv"},
	[FILE_XLSX] = {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
	[FILE_JSONL] = {"jsonl", "application/jsonl", ".jsonl"},
	[FILE_VCARD] = {"vcard", "text/vcard", ".vcf"},
	[FILE_XLS] = {"xls", "application/vnd.ms-excel", ".xls"},
	[FILE_ODS] = {"ods", "application/vnd.oasis.opendocument.spreadsheet", ".ods"},
};

enum file_format file_format_named(const char *name)
{
	if (str_empty(name))
		return FILE_DETECT;
	if (str_equal(name, "tsv"))
		return FILE_CSV;
	for (enum file_format f = FILE_CSV; f < FILE_FORMAT_COUNT; f++)
		if (str_equal(name, formats[f].name))
			return f;
	return FILE_DETECT;
}

const char *file_format_name(enum file_format format) { return formats[format].name; }
const char *file_format_type(enum file_format format) { return formats[format].type; }
const char *file_format_suffix(enum file_format format) { return formats[format].suffix; }

struct cell *table_cells(struct table *table, size_t n)
{
	if (n <= table->n_cells && table->cells != NULL)
		return table->cells;
	size_t want = n < 64 ? 64 : n;
	struct cell *cells = realloc(table->cells, want * sizeof(*cells));
	if (cells == NULL)
		return NULL;
	table->cells = cells;
	table->n_cells = want;
	return cells;
}

static bool is_workbook(enum file_format format)
{
	return format == FILE_XLSX || format == FILE_XLS || format == FILE_ODS;
}

static enum err open_reader(struct ctx *ctx, struct table *table, const struct table_options *options, const char *path)
{
	enum file_format format = options->format;
	enum err err = file_input_open(ctx, path, &table->in);
	if (err != OK)
		return err;
	enum file_format seen = FILE_DETECT;
	err = file_sniff(ctx, &table->in, &seen);
	if (err != OK)
		return err;
	if (format == FILE_DETECT || is_workbook(seen))
		format = seen;
	if (is_workbook(format) && !is_workbook(seen))
		return fail(ctx, ERR_INVALID, "file", "file_kind_not_xlsx");
	table->info.format = format;
	table->info.bytes_total = table->in.size;
	if (is_workbook(format))
		return xlsx_open(ctx, table, options);
	err = file_input_decode(ctx, &table->in, options->encoding, &table->info.encoding);
	if (err != OK)
		return err;
	table->info.encoding = arena_strdup(&table->memory, table->info.encoding);
	if (format == FILE_JSONL)
		return jsonl_open(ctx, table, options);
	if (format == FILE_VCARD)
		return vcard_open(ctx, table, options);
	return csv_open(ctx, table, options);
}

/* --- rows read ahead --------------------------------------------------- */

static bool row_blank(const struct table_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->cells[i].len > 0)
			return false;
	return row->problem == NULL;
}

/* Copies a row into the table's own memory. */
static bool keep_row(struct table *table, const struct table_row *from, struct table_row *to)
{
	struct cell *cells = arena_array(&table->memory, from->n > 0 ? from->n : 1, sizeof(*cells));
	if (cells == NULL)
		return false;
	for (size_t i = 0; i < from->n; i++) {
		cells[i] = from->cells[i];
		cells[i].text = from->cells[i].len == 0 ? "" : arena_strndup(&table->memory, from->cells[i].text, from->cells[i].len);
		if (cells[i].text == NULL)
			return false;
	}
	*to = *from;
	to->cells = cells;
	return true;
}

static enum err read_ahead(struct ctx *ctx, struct table *table, size_t rows)
{
	table->ahead = arena_array(&table->memory, rows, sizeof(*table->ahead));
	if (table->ahead == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	while (table->n_ahead < rows && table->memory.used < AHEAD_BYTES / 2) {
		struct table_row row;
		bool more = false;
		enum err err = table->reader->next(ctx, table, &row, &more);
		if (err != OK)
			return err;
		if (!more) {
			table->ahead_end = true;
			break;
		}
		if (row_blank(&row))
			continue;
		if (!keep_row(table, &row, &table->ahead[table->n_ahead]))
			return fail(ctx, ERR_LIMIT, "file", "row_too_large");
		table->n_ahead++;
	}
	return OK;
}

/* --- header ------------------------------------------------------------ */

static bool name_taken(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A header text on one line; a second column of the same name gets " (2)". */
static enum err column_name(struct ctx *ctx, struct table *table, const struct cell *cell, const char *const *names,
                            size_t n, const char **ret)
{
	const char *clean = "";
	size_t len = 0;
	enum err err = text_clean(ctx, cell->text, cell->len, false, &clean, &len);
	if (err != OK)
		return err;
	const char *name = arena_strndup(&table->memory, clean, len > 300 ? 0 : len);
	if (name == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	const char *base = name;
	for (int copy = 2; name[0] != '\0' && n < 500 && name_taken(names, n, name); copy++) {
		name = arena_printf(&table->memory, "%s (%d)", base, copy);
		if (name == NULL)
			return fail(ctx, ERR_LIMIT, "", "no_memory");
	}
	*ret = name;
	return OK;
}

static enum err take_header(struct ctx *ctx, struct table *table, const struct table_row *header)
{
	if (header->problem != NULL)
		return fail_arg(ctx, ERR_INVALID, "file", header->problem, arena_printf(ctx->arena, "%lld", (long long)header->number));
	size_t n = header->n;
	while (n > 0 && header->cells[n - 1].len == 0)
		n--;
	const char **names = arena_array(&table->memory, n > 0 ? n : 1, sizeof(*names));
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < n; i++) {
		enum err err = column_name(ctx, table, &header->cells[i], names, i, &names[i]);
		if (err != OK)
			return err;
	}
	table->info.columns = names;
	table->info.n_columns = n;
	return OK;
}

static size_t filled_width(const struct table_row *row)
{
	size_t n = row->n;
	while (n > 0 && row->cells[n - 1].len == 0)
		n--;
	return n;
}

/* Columns that most rows fill and the heading does not name are columns without a name; in a workbook, where a cell
 * cannot slip beside its column, those that any row fills. */
static enum err widen(struct ctx *ctx, struct table *table)
{
	size_t rows = table->n_ahead - table->next_ahead, wider = 0, width = 0, n = table->info.n_columns;
	for (size_t i = table->next_ahead; i < table->n_ahead; i++) {
		size_t one = filled_width(&table->ahead[i]);
		wider += one > n;
		width = one > width ? one : width;
	}
	bool few = table->info.format == FILE_CSV && (wider * 2 <= rows || wider < 2);
	if (few || wider == 0)
		return OK;
	const char **names = arena_array(&table->memory, width, sizeof(*names));
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < width; i++)
		names[i] = i < n ? table->info.columns[i] : "";
	table->info.columns = names;
	table->info.n_columns = width;
	return OK;
}

static enum err without_header(struct ctx *ctx, struct table *table)
{
	size_t n = 0;
	for (size_t i = 0; i < table->n_ahead; i++)
		if (table->ahead[i].n > n)
			n = table->ahead[i].n;
	const char **names = arena_array(&table->memory, n > 0 ? n : 1, sizeof(*names));
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < n; i++)
		names[i] = "";
	table->info.columns = names;
	table->info.n_columns = n;
	return OK;
}

static enum err find_header(struct ctx *ctx, struct table *table, int asked)
{
	if (asked > 1000)
		return fail(ctx, ERR_INVALID, "header_row", "too_large");
	enum err err = read_ahead(ctx, table, AHEAD_ROWS + (size_t)(asked > 0 ? asked : 0));
	if (err != OK)
		return err;
	if (table->n_ahead == 0)
		return fail(ctx, ERR_INVALID, "file", "file_empty");
	int64_t header = asked == HEADER_DETECT ? table_detect_header(table->ahead, table->n_ahead) : asked;
	table->info.header_row = (int)header;
	if (header == 0 && table->ahead[0].problem != NULL) /* such as an unclosed quote over the whole file */
		return take_header(ctx, table, &table->ahead[0]);
	if (header == 0)
		return without_header(ctx, table);
	while (table->next_ahead < table->n_ahead && table->ahead[table->next_ahead].number < header)
		table->next_ahead++;
	if (table->next_ahead == table->n_ahead || table->ahead[table->next_ahead].number != header)
		return fail(ctx, ERR_INVALID, "header_row", "header_row_blank");
	err = take_header(ctx, table, &table->ahead[table->next_ahead++]);
	return err == OK ? widen(ctx, table) : err;
}

/* --- the public side --------------------------------------------------- */

enum err table_open_new(struct ctx *ctx, const char *path, const struct table_options *options, struct table **ret)
{
	*ret = NULL;
	struct table *table = calloc(1, sizeof(*table));
	if (table == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	arena_init(&table->memory, AHEAD_BYTES);
	table->in.fd = -1;
	table->guards = !options->keep_guards;
	enum err err = open_reader(ctx, table, options, path);
	if (err == OK && !table->own_header)
		err = find_header(ctx, table, options->header_row);
	if (err != OK) {
		table_free(table);
		return err;
	}
	*ret = table;
	return OK;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	if (table->reader != NULL)
		table->reader->free(table);
	file_input_close(&table->in);
	arena_release(&table->memory);
	free(table->cells);
	free(table);
}

const struct table_info *table_info(struct table *table)
{
	if (table->in.decoder != NULL)
		table->info.decode_errors = text_decoder_errors(table->in.decoder);
	if (!is_workbook(table->info.format))
		table->info.bytes_done = file_input_done(&table->in);
	return &table->info;
}

/* What the cells of a CSV file stand for. */
static enum err unwrap(struct ctx *ctx, const struct table_row *row, struct cell *cells)
{
	for (size_t i = 0; i < row->n; i++) {
		char first = cells[i].text[0];
		if (cells[i].kind != CELL_TEXT || (first != '\'' && first != '=' && first != '#'))
			continue;
		struct cell whole = cells[i];
		table_unwrap(&cells[i]);
		/* cut at its end: a copy, as the text must end where it ends */
		if (cells[i].len > 0 && cells[i].text + cells[i].len != whole.text + whole.len) {
			cells[i].text = arena_strndup(ctx->arena, cells[i].text, cells[i].len);
			if (cells[i].text == NULL)
				return fail(ctx, ERR_LIMIT, "", "no_memory");
		}
	}
	return OK;
}

static enum err next_row(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	*ret_more = true;
	if (table->next_ahead < table->n_ahead) {
		*ret = table->ahead[table->next_ahead++];
		struct cell *cells = table_cells(table, ret->n);
		if (cells == NULL)
			return fail(ctx, ERR_LIMIT, "", "no_memory");
		if (ret->n > 0)
			memcpy(cells, ret->cells, ret->n * sizeof(*cells));
		ret->cells = cells;
	} else {
		if (table->ahead_end) {
			*ret_more = false;
			return OK;
		}
		do {
			enum err err = table->reader->next(ctx, table, ret, ret_more);
			if (err != OK || !*ret_more)
				return err;
		} while (row_blank(ret));
	}
	return table->guards && table->info.format == FILE_CSV ? unwrap(ctx, ret, table->cells) : OK;
}

enum err table_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	enum err err = next_row(ctx, table, ret, ret_more);
	/* A separator too many: which cell belongs to which heading is not known. */
	if (err == OK && *ret_more && !table->own_header && table->info.header_row > 0 && ret->problem == NULL && ret->n > table->info.n_columns &&
	    filled_width(ret) > table->info.n_columns)
		ret->problem = "row_too_wide";
	return err;
}
