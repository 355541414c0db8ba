/* Writes XLSX through libxlsxwriter, a row at a time in constant memory, into a
 * working file that goes to the sink at the end.  Text is stored as text, so a
 * cell that looks like a formula is not one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/files/table.h"

enum { SHEET_ROWS = 1048576, CELL_CHARS = 32767, NUMBER_DIGITS = 15, SHEET_NAME_CHARS = 28 };

struct xlsx_out {
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *head, *date, *time, *time_ms;
	char path[512];
	char base[SHEET_NAME_CHARS * 4 + 1];
	uint32_t row;
	int sheets;
	struct buf cut; /* a text that was too long */
};

/* A sheet's name may not have : \ / ? * [ ] and has at most 31 characters. */
static void sheet_name(const char *wanted, char *out, size_t max)
{
	size_t at = 0, len = wanted != NULL ? strlen(wanted) : 0, used = 0, chars = 0;
	while (at < len && chars < SHEET_NAME_CHARS) {
		char bytes[4];
		uint32_t c = utf8_next(wanted, len, &at);
		size_t n = utf8_encode(c, bytes);
		if (c < 0x20 || (c < 0x80 && strchr(":\\/?*[]'", (int)c) != NULL))
			continue;
		if (used + n >= max)
			break;
		memcpy(out + used, bytes, n);
		used += n;
		chars++;
	}
	out[used] = '\0';
	if (used == 0)
		memcpy(out, "Sheet", 6);
}

static enum err add_sheet(struct ctx *ctx, struct table_out *out)
{
	struct xlsx_out *x = out->state;
	char name[sizeof(x->base) + 16];
	x->sheets++;
	(void)snprintf(name, sizeof(name), x->sheets > 1 ? "%s %d" : "%s", x->base, x->sheets);
	x->sheet = workbook_add_worksheet(x->book, name);
	if (x->sheet == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	x->row = 0;
	for (size_t i = 0; i < out->n_columns; i++) {
		const char *label = out->columns[i].label != NULL ? out->columns[i].label : out->columns[i].name;
		double width = out->columns[i].kind == CELL_TEXT ? 24 : out->columns[i].kind == CELL_TIME ? 19 : 14;
		(void)worksheet_set_column(x->sheet, (lxw_col_t)i, (lxw_col_t)i, width, NULL);
		(void)worksheet_write_string(x->sheet, 0, (lxw_col_t)i, label, x->head);
	}
	worksheet_freeze_panes(x->sheet, 1, 0);
	x->row = 1;
	return OK;
}

static enum err xlsx_begin(struct ctx *ctx, struct table_out *out)
{
	struct xlsx_out *x = calloc(1, sizeof(*x));
	if (x == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	out->state = x;
	out->options.encoding = NULL;
	buf_init(&x->cut, TABLE_CELL_MAX);
	sheet_name(out->options.sheet, x->base, sizeof(x->base));
	const char *dir = out->options.temp_dir != NULL ? out->options.temp_dir : "/tmp";
	uint64_t random = 0;
	ctx_random(ctx, &random, sizeof(random));
	int n = snprintf(x->path, sizeof(x->path), "%s/export-%016llx.xlsx", dir, (unsigned long long)random);
	if (n < 0 || (size_t)n >= sizeof(x->path))
		return fail(ctx, ERR_INVALID, "temp_dir", "path_too_long");
	char *temp = arena_strdup(ctx->arena, dir);
	if (temp == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = temp};
	x->book = workbook_new_opt(x->path, &options);
	if (x->book == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	x->head = workbook_add_format(x->book);
	x->date = workbook_add_format(x->book);
	x->time = workbook_add_format(x->book);
	x->time_ms = workbook_add_format(x->book);
	if (x->head == NULL || x->date == NULL || x->time == NULL || x->time_ms == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	format_set_bold(x->head);
	format_set_num_format(x->date, "yyyy-mm-dd");
	format_set_num_format(x->time, "yyyy-mm-dd hh:mm:ss");
	format_set_num_format(x->time_ms, "yyyy-mm-dd hh:mm:ss.000");
	return add_sheet(ctx, out);
}

/* Digits that a double holds exactly; a longer number stays text. */
static bool fits_double(const struct cell *cell)
{
	size_t digits = 0;
	for (size_t i = 0; i < cell->len; i++)
		digits += cell->text[i] >= '0' && cell->text[i] <= '9';
	return digits > 0 && digits <= NUMBER_DIGITS;
}

/* What the day count of a spreadsheet can hold. */
static lxw_format *to_datetime(const struct xlsx_out *x, const char *text, lxw_datetime *ret)
{
	int64_t ms = 0;
	struct civil c;
	if (!time_parse(text, &ms))
		return NULL;
	time_to_civil(ms, &c);
	if (c.year < 1900 || c.year > 9999)
		return NULL;
	*ret = (lxw_datetime){c.year, c.month, c.day, c.hour, c.minute, c.second + (double)c.ms / 1000};
	if (strlen(text) <= 10)
		return x->date;
	return c.ms != 0 ? x->time_ms : x->time;
}

static void put_text(struct table_out *out, lxw_col_t col, const struct cell *cell)
{
	struct xlsx_out *x = out->state;
	const char *text = cell->text;
	if (cell->len > CELL_CHARS && utf8_length(text, cell->len) > CELL_CHARS) {
		size_t at = 0;
		for (size_t chars = 0; chars < CELL_CHARS; chars++)
			(void)utf8_next(text, cell->len, &at);
		buf_reset(&x->cut);
		buf_add(&x->cut, text, at);
		out->lost += (int64_t)utf8_length(text + at, cell->len - at);
		text = buf_text(&x->cut);
	}
	(void)worksheet_write_string(x->sheet, x->row, col, text, NULL);
}

static void put_cell(struct table_out *out, lxw_col_t col, const struct cell *cell)
{
	struct xlsx_out *x = out->state;
	lxw_datetime when;
	lxw_format *format = NULL;
	if (cell->len == 0)
		return;
	if (cell->kind == CELL_NUMBER && fits_double(cell))
		(void)worksheet_write_number(x->sheet, x->row, col, strtod(cell->text, NULL), NULL);
	else if (cell->kind == CELL_BOOL)
		(void)worksheet_write_boolean(x->sheet, x->row, col, cell->text[0] == 't', NULL);
	else if (cell->kind == CELL_TIME && (format = to_datetime(x, cell->text, &when)) != NULL)
		(void)worksheet_write_datetime(x->sheet, x->row, col, &when, format);
	else
		put_text(out, col, cell);
}

static enum err xlsx_row_out(struct ctx *ctx, struct table_out *out, const struct cell *cells)
{
	struct xlsx_out *x = out->state;
	if (x->row == SHEET_ROWS) {
		enum err err = add_sheet(ctx, out);
		if (err != OK)
			return err;
	}
	for (size_t i = 0; i < out->n_columns; i++)
		put_cell(out, (lxw_col_t)i, &cells[i]);
	x->row++;
	return OK;
}

static enum err send_file(struct ctx *ctx, struct table_out *out, const char *path)
{
	FILE *file = fopen(path, "rbe");
	char *chunk = malloc(FILE_CHUNK);
	enum err err = OK;
	if (file == NULL || chunk == NULL)
		err = fail(ctx, ERR_LIMIT, "", "disk_full");
	while (err == OK) {
		size_t n = fread(chunk, 1, FILE_CHUNK, file);
		if (n == 0)
			break;
		err = out->sink(ctx, out->arg, chunk, n);
	}
	if (err == OK && ferror(file))
		err = fail(ctx, ERR_BUG, "", "file_io");
	if (file != NULL)
		(void)fclose(file);
	free(chunk);
	return err;
}

static enum err xlsx_end(struct ctx *ctx, struct table_out *out)
{
	struct xlsx_out *x = out->state;
	lxw_error error = workbook_close(x->book);
	x->book = NULL;
	enum err err = error != LXW_NO_ERROR ? fail_arg(ctx, ERR_LIMIT, "", "disk_full", lxw_strerror(error))
	                                     : send_file(ctx, out, x->path);
	(void)unlink(x->path);
	return err;
}

static void xlsx_out_free(struct table_out *out)
{
	struct xlsx_out *x = out->state;
	if (x == NULL)
		return;
	if (x->book != NULL) { /* given up before the end; closing is the only way to free it all */
		(void)workbook_close(x->book);
		(void)unlink(x->path);
	}
	buf_release(&x->cut);
	free(x);
	out->state = NULL;
}

const struct table_writer xlsx_writer = {xlsx_begin, xlsx_row_out, xlsx_end, xlsx_out_free};
