/* In the helper process: an OpenDocument spreadsheet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/files/xlsx.h"

enum { STYLES_MAX = 4096, STYLE_NAME_MAX = 64 };

/* A cell that reaches over further rows, by its column. */
struct span {
	uint32_t rows; /* left */
	char *text;
	size_t len;
	enum cell_kind kind;
	bool filled; /* into the row that was sent last */
};

struct ods {
	struct xlsx_book *book;
	size_t wanted; /* number of the sheet whose rows are sent; SIZE_MAX: only the names are taken */
	size_t sheet;  /* number of the sheet that is read, from 1 */
	bool in_sheet, any;
	char hidden[STYLES_MAX][STYLE_NAME_MAX]; /* names of the styles of sheets that do not show */
	size_t n_hidden;
	char style[STYLE_NAME_MAX];
	uint32_t row; /* the last one's number */
	uint32_t repeat_row, repeat_cell, span_rows;
	size_t width;
	struct cell cells[TABLE_COLUMNS_MAX];
	size_t offsets[TABLE_COLUMNS_MAX];
	struct span spans[TABLE_COLUMNS_MAX];
	struct buf text;  /* of the row's cells, each with NUL */
	struct buf shown; /* of the current cell's paragraphs */
	char type[16], value[64];
	bool in_cell, covered, error;
	int paragraphs, text_depth, note_depth;
};

static struct ods *ods_of(void *user)
{
	const xmlParserCtxt *parser = user;
	return parser->_private;
}

static uint32_t number_of(const xmlChar **attributes, int n, const char *name)
{
	char text[16];
	if (!xlsx_attribute(attributes, n, name, text, sizeof(text)))
		return 1;
	unsigned long value = strtoul(text, NULL, 10);
	return value < 1 ? 1 : value > XLSX_ROWS_MAX ? XLSX_ROWS_MAX : (uint32_t)value;
}

/* --- sheets --------------------------------------------------------------- */

static bool is_hidden(const struct ods *o, const char *style)
{
	for (size_t i = 0; i < o->n_hidden; i++)
		if (strcmp(o->hidden[i], style) == 0)
			return true;
	return false;
}

static void begin_sheet(struct ods *o, const xmlChar **attributes, int n)
{
	struct xlsx_book *book = o->book;
	char name[512] = "", style[STYLE_NAME_MAX] = "";
	(void)xlsx_attribute(attributes, n, "name", name, sizeof(name));
	(void)xlsx_attribute(attributes, n, "style-name", style, sizeof(style));
	o->sheet++;
	o->row = 0;
	o->in_sheet = o->wanted != SIZE_MAX && o->sheet == o->wanted + 1;
	if (o->wanted != SIZE_MAX)
		return;
	if (book->n_sheets == TABLE_SHEETS_MAX) {
		xlsx_refuse(book, ERR_LIMIT, "xlsx_too_many_sheets", NULL);
		return;
	}
	struct xlsx_sheet_ref *ref = &book->sheets[book->n_sheets];
	ref->name = strdup(name);
	ref->hidden = is_hidden(o, style);
	book->n_sheets++;
	if (ref->name == NULL)
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
}

static void note_style(struct ods *o, const xmlChar **attributes, int n)
{
	char display[8] = "";
	if (xlsx_attribute(attributes, n, "display", display, sizeof(display)) && strcmp(display, "false") == 0 && o->n_hidden < STYLES_MAX)
		memcpy(o->hidden[o->n_hidden++], o->style, STYLE_NAME_MAX);
}

/* --- cells ---------------------------------------------------------------- */

static void begin_cell(struct ods *o, const xmlChar **attributes, int n, bool covered)
{
	static const char *const values[] = {"value", "date-value", "time-value", "boolean-value"};
	char error[8] = "";
	o->in_cell = true;
	o->covered = covered;
	o->type[0] = o->value[0] = '\0';
	o->paragraphs = 0;
	buf_reset(&o->shown);
	/* office:value-type and calcext:value-type: the later says "error" */
	(void)xlsx_attribute(attributes, n, "value-type", o->type, sizeof(o->type));
	for (int i = 0; i < n; i++) {
		const xmlChar **a = attributes + (ptrdiff_t)i * 5;
		if (strcmp((const char *)a[0], "value-type") == 0 && a[4] - a[3] == 5)
			memcpy(error, a[3], 5);
	}
	o->error = strcmp(error, "error") == 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && o->value[0] == '\0'; i++)
		(void)xlsx_attribute(attributes, n, values[i], o->value, sizeof(o->value));
	o->repeat_cell = number_of(attributes, n, "number-columns-repeated");
	o->span_rows = number_of(attributes, n, "number-rows-spanned");
}

/* "PT06H30M00S" */
static size_t time_text(const char *value, char out[64])
{
	unsigned h = 0, m = 0, s = 0;
	if (sscanf(value, "PT%uH%uM%uS", &h, &m, &s) != 3 || h > 99999 || m > 59 || s > 59)
		return 0;
	return (size_t)snprintf(out, 64, "%02u:%02u:%02u", h, m, s);
}

/* The digits of a text that holds besides them only what codes hold; whether there is such; 0 if it is none. */
static size_t code_digits(const char *shown, char digits[32], bool *ret_other)
{
	size_t n = 0;
	*ret_other = false;
	for (const char *p = shown; *p != '\0'; p++) {
		bool digit = *p >= '0' && *p <= '9', letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
		bool line = strchr("-() ", *p) != NULL;
		if (digit ? n + 1 >= 32 : !line && !(letter && n == 0))
			return 0; /* too long, or "1,234", "5 kg", or a sign of money */
		if (digit)
			digits[n++] = *p;
		*ret_other |= !digit;
	}
	digits[n] = '\0';
	return n;
}

/* Whether the text is the number with zeros before it, lines within it or a word in front: a code. */
static bool shows_code(const char *shown, const char *number)
{
	static const char *const money[] = {"RMB", "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD"};
	char digits[32];
	bool other = false;
	if (code_digits(shown, digits, &other) == 0 || shown[0] == '-')
		return false;
	for (size_t i = 0; i < sizeof(money) / sizeof(money[0]); i++)
		if (strstr(shown, money[i]) != NULL)
			return false;
	const char *plain = digits;
	while (plain[0] == '0' && plain[1] != '\0')
		plain++;
	return strcmp(plain, number) == 0 && (plain != digits || other);
}

static struct cell number_cell(struct ods *o, char room[64])
{
	char *end = NULL;
	double value = strtod(o->value, &end);
	if (end == o->value)
		return (struct cell){"", 0, CELL_EMPTY};
	if (strcmp(o->type, "percentage") == 0)
		return (struct cell){room, (size_t)snprintf(room, 64, "%.13g%%", value * 100), CELL_TEXT};
	size_t n = xlsx_number_text(value, room);
	if (strcmp(o->type, "float") == 0 && shows_code(buf_text(&o->shown), room))
		return (struct cell){buf_text(&o->shown), o->shown.len, CELL_TEXT};
	return (struct cell){room, n, CELL_NUMBER};
}

static struct cell cell_of(struct ods *o, char room[64])
{
	if (o->error || (o->type[0] != '\0' && table_error_word(buf_text(&o->shown), o->shown.len)))
		return (struct cell){"", 0, CELL_EMPTY};
	if (strcmp(o->type, "float") == 0 || strcmp(o->type, "percentage") == 0 || strcmp(o->type, "currency") == 0)
		return number_cell(o, room);
	if (strcmp(o->type, "date") == 0) {
		char *t = strchr(o->value, 'T');
		if (t != NULL)
			*t = ' ';
		return (struct cell){o->value, strlen(o->value), CELL_TIME};
	}
	if (strcmp(o->type, "time") == 0)
		return (struct cell){room, time_text(o->value, room), CELL_TIME};
	if (strcmp(o->type, "boolean") == 0) {
		bool yes = strcmp(o->value, "true") == 0;
		return (struct cell){yes ? "true" : "false", yes ? 4 : 5, CELL_BOOL};
	}
	return (struct cell){buf_text(&o->shown), o->shown.len, CELL_TEXT};
}

static void put(struct ods *o, const struct cell *cell)
{
	if (cell->len > 0 && o->width < TABLE_COLUMNS_MAX) {
		o->cells[o->width] = *cell;
		o->offsets[o->width] = o->text.len;
		buf_add(&o->text, cell->text, cell->len);
		buf_putc(&o->text, '\0');
		if (buf_failed(&o->text))
			xlsx_refuse(o->book, ERR_LIMIT, "row_too_large", NULL);
	} else if (o->width < TABLE_COLUMNS_MAX) {
		o->cells[o->width] = (struct cell){"", 0, CELL_EMPTY};
	} else if (cell->len > 0) {
		xlsx_refuse(o->book, ERR_LIMIT, "too_many_columns", NULL);
	}
	o->width++;
}

static void end_cell(struct ods *o)
{
	char room[64];
	struct cell cell = cell_of(o, room);
	o->in_cell = false;
	if (cell.len > TABLE_CELL_MAX) {
		xlsx_refuse(o->book, ERR_LIMIT, "cell_too_large", NULL);
		return;
	}
	size_t at = o->width;
	if (at < TABLE_COLUMNS_MAX && o->span_rows > 1 && cell.len > 0) {
		struct span *span = &o->spans[at];
		free(span->text);
		*span = (struct span){o->span_rows, strndup(cell.text, cell.len), cell.len, cell.kind, false};
	}
	uint32_t most = cell.len > 0 ? o->repeat_cell : o->repeat_cell < TABLE_COLUMNS_MAX ? o->repeat_cell : TABLE_COLUMNS_MAX;
	for (uint32_t i = 0; i < most && !xlsx_wrong(o->book) && o->width <= TABLE_COLUMNS_MAX; i++)
		put(o, &cell);
}

/* --- rows ------------------------------------------------------------------ */

/* Cells that reach down from above, in a row that has something of its own; those of the row before are taken out again. */
static void fill_spans(struct ods *o, size_t *width, uint32_t rows)
{
	for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++) {
		struct span *span = &o->spans[i];
		if (span->filled && i < *width)
			o->cells[i] = (struct cell){"", 0, CELL_EMPTY};
		span->filled = false;
		if (span->rows == 0)
			continue;
		bool own = i < *width && o->cells[i].len > 0;
		if (!own && *width > 0 && span->text != NULL) {
			while (*width <= i)
				o->cells[(*width)++] = (struct cell){"", 0, CELL_EMPTY};
			o->cells[i] = (struct cell){span->text, span->len, span->kind};
			span->filled = true;
		}
		span->rows -= span->rows < rows ? span->rows : rows;
	}
}

static void end_row(struct ods *o)
{
	size_t width = o->width < TABLE_COLUMNS_MAX ? o->width : TABLE_COLUMNS_MAX;
	while (width > 0 && o->cells[width - 1].len == 0)
		width--;
	for (size_t i = 0; i < width; i++)
		if (o->cells[i].len > 0)
			o->cells[i].text = buf_text(&o->text) + o->offsets[i];
	uint32_t times = o->repeat_row;
	if (width == 0) { /* the end of a sheet is a row repeated a million times */
		fill_spans(o, &width, times);
		o->row = o->row + times < XLSX_ROWS_MAX ? o->row + times : XLSX_ROWS_MAX;
		return;
	}
	for (uint32_t i = 0; i < times && !xlsx_wrong(o->book); i++) {
		if (o->row >= XLSX_ROWS_MAX) {
			xlsx_refuse(o->book, ERR_INVALID, "xlsx_damaged", "rows");
			return;
		}
		fill_spans(o, &width, 1);
		xlsx_send_row(o->book, ++o->row, o->cells, width);
		o->any = true;
	}
}

/* --- the parser's calls -------------------------------------------------------- */

static void begin_row(struct ods *o, const xmlChar **attributes, int n)
{
	o->repeat_row = number_of(attributes, n, "number-rows-repeated");
	o->width = 0;
	buf_reset(&o->text);
}

static void begin_text(struct ods *o, const char *tag, const xmlChar **attributes, int n)
{
	if (strcmp(tag, "p") == 0) {
		if (o->paragraphs++ > 0)
			buf_putc(&o->shown, '\n');
		o->text_depth++;
	} else if (strcmp(tag, "s") == 0 && o->text_depth > 0) {
		for (uint32_t i = number_of(attributes, n, "c"); i > 0 && !buf_failed(&o->shown); i--)
			buf_putc(&o->shown, ' ');
	} else if (o->text_depth > 0 && (strcmp(tag, "tab") == 0 || strcmp(tag, "line-break") == 0)) {
		buf_putc(&o->shown, tag[0] == 't' ? '\t' : '\n');
	}
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                     const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	struct ods *o = ods_of(user);
	const char *tag = (const char *)name;
	if (strcmp(tag, "style") == 0) {
		o->style[0] = '\0';
		(void)xlsx_attribute(attributes, n, "name", o->style, sizeof(o->style));
	} else if (strcmp(tag, "table-properties") == 0) {
		note_style(o, attributes, n);
	} else if (strcmp(tag, "table") == 0) {
		begin_sheet(o, attributes, n);
	} else if (!o->in_sheet) {
		return;
	} else if (strcmp(tag, "annotation") == 0) {
		o->note_depth++;
	} else if (strcmp(tag, "table-row") == 0) {
		begin_row(o, attributes, n);
	} else if (strcmp(tag, "table-cell") == 0 || strcmp(tag, "covered-table-cell") == 0) {
		begin_cell(o, attributes, n, tag[0] == 'c');
	} else if (o->in_cell && o->note_depth == 0) {
		begin_text(o, tag, attributes, n);
	}
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct ods *o = ods_of(user);
	if (!o->in_cell || o->text_depth <= 0 || o->note_depth > 0 || len <= 0)
		return;
	buf_add(&o->shown, text, (size_t)len);
	if (buf_failed(&o->shown))
		xlsx_refuse(o->book, ERR_LIMIT, "cell_too_large", NULL);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)prefix, (void)uri;
	xmlParserCtxtPtr parser = user;
	struct ods *o = parser->_private;
	const char *tag = (const char *)name;
	if (!o->in_sheet)
		tag = "";
	if (strcmp(tag, "annotation") == 0)
		o->note_depth--;
	else if (strcmp(tag, "p") == 0 && o->note_depth == 0 && o->text_depth > 0)
		o->text_depth--;
	else if ((strcmp(tag, "table-cell") == 0 || strcmp(tag, "covered-table-cell") == 0) && o->in_cell)
		end_cell(o);
	else if (strcmp(tag, "table-row") == 0)
		end_row(o);
	else if (strcmp(tag, "table") == 0)
		o->in_sheet = false;
	if (xlsx_wrong(o->book))
		xmlStopParser(parser);
}

/* --- the whole -------------------------------------------------------------- */

static bool read_content(struct xlsx_book *book, size_t wanted, bool *ret_any)
{
	static const xmlSAXHandler sax = {.startElementNs = on_start, .endElementNs = on_end, .characters = on_text, .cdataBlock = on_text};
	struct ods *o = calloc(1, sizeof(*o));
	if (o == NULL) {
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
		return false;
	}
	o->book = book;
	o->wanted = wanted;
	buf_init(&o->text, TABLE_ROW_MAX);
	buf_init(&o->shown, TABLE_CELL_MAX);
	bool there = xlsx_parse_part(book, "content.xml", &sax, o, NULL);
	if (!there)
		xlsx_refuse(book, ERR_INVALID, "file_kind_zip", NULL);
	*ret_any = o->any;
	for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
		free(o->spans[i].text);
	buf_release(&o->text);
	buf_release(&o->shown);
	free(o);
	return !xlsx_wrong(book);
}

bool ods_is_one(struct xlsx_book *book)
{
	return zip_name_locate(book->zip, "content.xml", 0) >= 0 && zip_name_locate(book->zip, "xl/workbook.xml", ZIP_FL_NOCASE) < 0;
}

void ods_run(struct xlsx_book *book, const char *wanted)
{
	bool any = false, found = false;
	book->sheets = calloc(TABLE_SHEETS_MAX, sizeof(*book->sheets));
	if (book->sheets == NULL)
		return xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
	if (!read_content(book, SIZE_MAX, &any))
		return;
	xlsx_send_sheets(book);
	for (size_t i = 0; i < book->n_sheets && !any && !xlsx_wrong(book); i++) {
		if (wanted[0] == '\0' ? book->sheets[i].hidden : strcmp(wanted, book->sheets[i].name) != 0)
			continue;
		found = true;
		xlsx_send_number(book, 'U', (uint32_t)i);
		(void)read_content(book, i, &any);
	}
	if (!found && !xlsx_wrong(book))
		xlsx_refuse(book, ERR_INVALID, "xlsx_no_such_sheet", wanted);
}
