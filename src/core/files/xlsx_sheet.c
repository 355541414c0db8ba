/* In the helper process: one worksheet, row by row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/files/xlsx.h"

struct sheet_cell {
	size_t at, len;
	enum cell_kind kind;
};

struct sheet {
	struct xlsx_book *book;
	uint32_t row; /* the current or last row's number */
	size_t col;   /* the current cell's column, from 0 */
	size_t width; /* cells in the row so far */
	struct sheet_cell cells[TABLE_COLUMNS_MAX];
	struct buf text;  /* of the row's cells */
	struct buf value; /* of the current cell */
	char type[16];
	int style;
	bool taking, phonetic, any, in_row;
	struct xlsx_merge *merges; /* by first row; those up to `merged` have begun, those before `unmerged` have ended */
	size_t n_merges, merged, unmerged;
	uint32_t permille;
};

static struct sheet *sheet_of(void *user)
{
	const xmlParserCtxt *parser = user;
	return parser->_private;
}

static uint32_t row_number(const char *text)
{
	unsigned long value = strtoul(text, NULL, 10);
	return value > XLSX_ROWS_MAX ? XLSX_ROWS_MAX : (uint32_t)value;
}

/* "BC12" is column 54. */
static size_t column_number(const char *ref)
{
	size_t col = 0;
	for (int i = 0; i < 3 && ((ref[i] >= 'A' && ref[i] <= 'Z') || (ref[i] >= 'a' && ref[i] <= 'z')); i++)
		col = col * 26 + (size_t)((ref[i] & 0x1f));
	return col;
}

static void begin_cell(struct sheet *s, const xmlChar **attributes, int n)
{
	char text[32];
	size_t col = 0;
	if (xlsx_attribute(attributes, n, "r", text, sizeof(text)))
		col = column_number(text);
	s->col = col > 0 ? col - 1 : s->col + 1; /* column SIZE_MAX + 1 is 0 for the first */
	s->type[0] = '\0';
	(void)xlsx_attribute(attributes, n, "t", s->type, sizeof(s->type));
	s->style = xlsx_attribute(attributes, n, "s", text, sizeof(text)) ? (int)row_number(text) : 0;
	buf_reset(&s->value);
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns,
                     const xmlChar **ns, int n, int n_default, const xmlChar **attributes)
{
	(void)prefix, (void)uri, (void)n_ns, (void)ns, (void)n_default;
	struct sheet *s = sheet_of(user);
	const char *tag = (const char *)name;
	char text[32];
	if (strcmp(tag, "c") == 0) {
		begin_cell(s, attributes, n);
	} else if (strcmp(tag, "v") == 0 || strcmp(tag, "t") == 0) {
		s->taking = true;
	} else if (strcmp(tag, "rPh") == 0) {
		s->phonetic = true;
	} else if (strcmp(tag, "row") == 0) {
		uint32_t given = xlsx_attribute(attributes, n, "r", text, sizeof(text)) ? row_number(text) : 0;
		s->row = given > s->row ? given : s->row + 1; /* numbers only rise, whatever the file says */
		if (s->in_row || s->row > XLSX_ROWS_MAX) /* a row in a row would be given twice */
			xlsx_refuse(s->book, ERR_INVALID, "xlsx_damaged", "rows");
		s->in_row = true;
		s->width = 0;
		s->col = SIZE_MAX;
		buf_reset(&s->text);
	}
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct sheet *s = sheet_of(user);
	if (!s->taking || s->phonetic || len <= 0)
		return;
	buf_add(&s->value, text, (size_t)len);
	if (buf_failed(&s->value))
		xlsx_refuse(s->book, ERR_LIMIT, "cell_too_large", NULL);
}

static void put_cell(struct sheet *s, const char *text, size_t len, enum cell_kind kind)
{
	if (len == 0)
		return;
	if (s->col >= TABLE_COLUMNS_MAX) {
		xlsx_refuse(s->book, ERR_LIMIT, "too_many_columns", NULL);
		return;
	}
	while (s->width <= s->col)
		s->cells[s->width++] = (struct sheet_cell){0, 0, CELL_EMPTY};
	s->cells[s->col] = (struct sheet_cell){s->text.len, len, kind};
	buf_add(&s->text, text, len);
	if (buf_failed(&s->text))
		xlsx_refuse(s->book, ERR_LIMIT, "row_too_large", NULL);
}

static void put_shared(struct sheet *s)
{
	char *end = NULL;
	unsigned long at = strtoul(buf_text(&s->value), &end, 10);
	const struct xlsx_book *book = s->book;
	if (s->value.len == 0)
		return;
	if (*end != '\0' || at >= book->n_strings) {
		xlsx_refuse(s->book, ERR_INVALID, "xlsx_damaged", "sharedStrings");
		return;
	}
	size_t from = at == 0 ? 0 : book->string_ends[at - 1];
	put_cell(s, buf_text(&book->strings) + from, book->string_ends[at] - from, CELL_TEXT);
}

/* As its format shows it: a day or time (with the zone that stands beside it), a percentage, a code with its zeros. */
static bool put_formatted(struct sheet *s, double value, const struct xlsx_format *format)
{
	char text[160];
	size_t n = 0;
	enum cell_kind kind = CELL_TEXT;
	if (format->look == LOOK_DATE) {
		n = xlsx_date_text(value, s->book->from_1904, text);
		if (n > 10 && format->code[0] != '\0')
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", format->code);
		kind = CELL_TIME;
	} else if (format->look == LOOK_PERCENT) {
		n = (size_t)snprintf(text, sizeof(text), "%.13g%%", value * 100);
	} else if (format->look == LOOK_CODE) {
		n = xlsx_code_text(value, format->code, text, sizeof(text));
	}
	if (n > 0)
		put_cell(s, text, n, kind);
	return n > 0;
}


static void put_number(struct sheet *s)
{
	char text[64], *end = NULL;
	double value = strtod(buf_text(&s->value), &end);
	if (end == s->value.data || s->value.len == 0)
		return;
	size_t style = (size_t)s->style;
	int format = style < s->book->n_looks ? s->book->looks[style] : -1;
	if (format >= 0 && put_formatted(s, value, &s->book->formats[format]))
		return;
	size_t n = xlsx_number_text(value, text);
	if (n > 0)
		put_cell(s, text, n, CELL_NUMBER);
}

static void end_cell(struct sheet *s)
{
	if (s->value.len == 0)
		return;
	if (strcmp(s->type, "s") == 0) {
		put_shared(s);
	} else if (strcmp(s->type, "b") == 0) {
		bool yes = s->value.data[0] == '1' || s->value.data[0] == 't';
		put_cell(s, yes ? "true" : "false", yes ? 4 : 5, CELL_BOOL);
	} else if (strcmp(s->type, "e") == 0) {
		put_cell(s, s->value.data, s->value.len, CELL_ERROR);
	} else if (strcmp(s->type, "str") == 0 || strcmp(s->type, "inlineStr") == 0) {
		buf_truncate(&s->value, xlsx_unescape(s->value.data, s->value.len));
		put_cell(s, s->value.data, s->value.len, CELL_TEXT);
	} else if (strcmp(s->type, "d") == 0) { /* ISO 8601 */
		char *t = strchr(s->value.data, 'T');
		if (t != NULL)
			*t = ' ';
		put_cell(s, s->value.data, s->value.len, CELL_TIME);
	} else {
		put_number(s);
	}
}

/* Keeps what stands in the first cell of a merged range, or puts it into the range's next cell. */
static void merge_cell(struct sheet *s, struct xlsx_merge *m)
{
	bool own = m->column < s->width && s->cells[m->column].len > 0;
	const struct sheet_cell *c = &s->cells[m->column];
	if (m->first == s->row && own) {
		m->text = strndup(buf_text(&s->text) + c->at, c->len);
		m->len = m->text != NULL ? c->len : 0;
		m->kind = c->kind;
	} else if (m->first < s->row && m->last >= s->row && !own && m->len > 0) {
		s->col = m->column;
		put_cell(s, m->text, m->len, m->kind);
	}
}

static void fill_merged(struct sheet *s)
{
	while (s->merged < s->n_merges && s->merges[s->merged].first <= s->row)
		s->merged++;
	while (s->unmerged < s->merged && s->merges[s->unmerged].last < s->row)
		s->unmerged++;
	for (size_t i = s->unmerged; i < s->merged; i++)
		merge_cell(s, &s->merges[i]);
}

static void send_row(struct sheet *s)
{
	if (s->width > 0)
		fill_merged(s);
	if (s->width == 0 || xlsx_wrong(s->book))
		return;
	struct buf frame;
	buf_init(&frame, TABLE_ROW_MAX * 2);
	xlsx_put_u32(&frame, s->row);
	xlsx_put_u32(&frame, (uint32_t)s->width);
	for (size_t i = 0; i < s->width; i++) {
		const struct sheet_cell *c = &s->cells[i];
		buf_putc(&frame, (char)c->kind);
		xlsx_put_u32(&frame, (uint32_t)c->len);
		buf_add(&frame, buf_text(&s->text) + c->at, c->len);
	}
	s->any = true;
	xlsx_frame(s->book, 'R', frame.data, frame.len);
	buf_release(&frame);
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)prefix, (void)uri;
	xmlParserCtxtPtr parser = user;
	struct sheet *s = parser->_private;
	const char *tag = (const char *)name;
	if (strcmp(tag, "c") == 0)
		end_cell(s);
	else if (strcmp(tag, "v") == 0 || strcmp(tag, "t") == 0)
		s->taking = false;
	else if (strcmp(tag, "rPh") == 0)
		s->phonetic = false;
	else if (strcmp(tag, "row") == 0) {
		send_row(s);
		s->in_row = false;
	}
	if (xlsx_wrong(s->book))
		xmlStopParser(parser);
}

static void on_progress(struct xlsx_book *book, uint64_t done, uint64_t total)
{
	struct buf frame;
	buf_init(&frame, 16);
	xlsx_put_u32(&frame, total == 0 ? 0 : (uint32_t)(done * 1000 / total));
	xlsx_frame(book, 'P', frame.data, frame.len);
	buf_release(&frame);
}

bool xlsx_read_sheet(struct xlsx_book *book, size_t number, bool *ret_any)
{
	static const xmlSAXHandler sax = {.startElementNs = on_start, .endElementNs = on_end, .characters = on_text,
	                                  .cdataBlock = on_text};
	struct sheet *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		xlsx_refuse(book, ERR_LIMIT, "no_memory", NULL);
		return false;
	}
	s->book = book;
	buf_init(&s->text, TABLE_ROW_MAX);
	buf_init(&s->value, TABLE_CELL_MAX);
	char guess[64];
	(void)snprintf(guess, sizeof(guess), "xl/worksheets/sheet%zu.xml", number + 1);
	const char *path = book->sheets[number].path;
	s->merges = xlsx_find_merges(book, path != NULL ? path : guess, &s->n_merges);
	(void)xlsx_parse_part(book, path != NULL ? path : guess, &sax, s, on_progress);
	*ret_any = s->any;
	for (size_t i = 0; i < s->n_merges; i++)
		free(s->merges[i].text);
	free(s->merges);
	buf_release(&s->text);
	buf_release(&s->value);
	free(s);
	return !xlsx_wrong(book);
}
