#include <string.h>

#include "base/str.h"
#include "core/files/table.h"

/* Cells that must be quoted: with the delimiter, a quote, a line end, or blanks
 * at an end, which readers trim. */
static bool needs_quotes(const struct cell *cell, char delimiter)
{
	const char *end = cell->text + cell->len;
	if (cell->len == 0)
		return false;
	if (cell->text[0] == ' ' || cell->text[0] == '\t' || end[-1] == ' ' || end[-1] == '\t')
		return true;
	for (const char *p = cell->text; p < end; p++)
		if (*p == delimiter || *p == '"' || *p == '\n' || *p == '\r')
			return true;
	return false;
}

static void put_quoted(struct buf *buf, const char *text, size_t len)
{
	const char *end = text + len;
	while (text < end) {
		const char *quote = memchr(text, '"', (size_t)(end - text));
		size_t n = quote == NULL ? (size_t)(end - text) : (size_t)(quote - text) + 1;
		buf_add(buf, text, n);
		if (quote != NULL)
			buf_putc(buf, '"');
		text += n;
	}
}

static void put_cell(struct buf *buf, const struct cell *cell, char delimiter)
{
	/* Numbers, times and truth values are made by the program: nothing to look for. */
	if (cell->kind == CELL_NUMBER || cell->kind == CELL_TIME || cell->kind == CELL_BOOL) {
		buf_add(buf, cell->text, cell->len);
		return;
	}
	bool guard = table_guarded(cell->text, cell->len);
	if (!needs_quotes(cell, delimiter)) {
		if (guard)
			buf_putc(buf, '\'');
		buf_add(buf, cell->text, cell->len);
		return;
	}
	buf_add(buf, guard ? "\"'" : "\"", guard ? 2 : 1);
	put_quoted(buf, cell->text, cell->len);
	buf_putc(buf, '"');
}

static enum err csv_row_out(struct ctx *ctx, struct table_out *out, const struct cell *cells)
{
	struct buf *buf = &out->buf;
	for (size_t i = 0; i < out->n_columns; i++) {
		if (i > 0)
			buf_putc(buf, out->options.delimiter);
		put_cell(buf, &cells[i], out->options.delimiter);
	}
	/* A row of one empty cell would be a blank line, which readers leave out. */
	if (out->n_columns == 1 && cells[0].len == 0)
		buf_add(buf, "\"\"", 2);
	buf_add(buf, "\r\n", 2);
	return table_flush(ctx, out, false);
}

static enum err csv_begin(struct ctx *ctx, struct table_out *out)
{
	if (out->options.delimiter == 0)
		out->options.delimiter = ',';
	if (strchr(",;\t|", out->options.delimiter) == NULL)
		return fail(ctx, ERR_INVALID, "delimiter", "not_allowed");
	/* Without a byte order in the name, each chunk would get a mark of its own. */
	if (out->options.encoding != NULL && str_equal_nocase(out->options.encoding, "UTF-16"))
		out->options.encoding = "UTF-16LE";
	const char *encoding = out->options.encoding;
	bool marks = encoding == NULL || str_starts(encoding, "UTF-8") || str_starts(encoding, "UTF-16");
	if (out->options.bom && marks)
		buf_puts(&out->buf, "\xef\xbb\xbf");
	for (size_t i = 0; i < out->n_columns; i++) {
		const char *label = out->columns[i].label != NULL ? out->columns[i].label : out->columns[i].name;
		if (i > 0)
			buf_putc(&out->buf, out->options.delimiter);
		put_cell(&out->buf, &(struct cell){label, strlen(label), CELL_TEXT}, out->options.delimiter);
	}
	buf_puts(&out->buf, "\r\n");
	return OK;
}

static enum err csv_end(struct ctx *ctx, struct table_out *out)
{
	(void)ctx;
	(void)out;
	return OK;
}

static void csv_out_free(struct table_out *out)
{
	(void)out;
}

const struct table_writer csv_writer = {csv_begin, csv_row_out, csv_end, csv_out_free};
