#include "core/files/csv_parse.h"

#include <stdlib.h>
#include <string.h>

bool csv_parse_init(struct csv_parse *p, char delimiter, int64_t first_number)
{
	*p = (struct csv_parse){.delimiter = delimiter, .blanks = delimiter == ' ', .number = first_number};
	buf_init(&p->text, TABLE_ROW_MAX * 2 + (size_t)(512 << 10));
	p->stop[(unsigned char)delimiter] = p->stop['\r'] = p->stop['\n'] = true;
	if (p->blanks)
		p->stop['\t'] = true;
	return buf_reserve(&p->text, 1024) != NULL;
}

void csv_parse_release(struct csv_parse *p)
{
	buf_release(&p->text);
	free(p->cells);
	free(p->rows);
	p->cells = NULL;
	p->rows = NULL;
}

static bool stopped(const struct csv_parse *p)
{
	return p->no_memory || p->limit != NULL;
}

static void take(struct csv_parse *p, const char *text, size_t n)
{
	if (p->text.len - p->cell_text + n > TABLE_CELL_MAX)
		p->limit = "cell_too_large";
	else if (p->text.len - p->row_text + n > TABLE_ROW_MAX)
		p->limit = "row_too_large";
	else
		buf_add(&p->text, text, n);
	p->no_memory |= buf_failed(&p->text);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool grow(void **list, size_t *cap, size_t size)
{
	size_t want = *cap == 0 ? 512 : *cap * 2;
	void *more = realloc(*list, want * size);
	if (more == NULL)
		return false;
	*list = more;
	*cap = want;
	return true;
}

/* Ends the cell. Plain cells lose the blanks at their end; quoted ones keep theirs. */
static void end_cell(struct csv_parse *p)
{
	size_t len = p->text.len - p->cell_text;
	bool plain = p->place == CSV_PLAIN;
	while (plain && len > 0 && blank(p->text.data[p->cell_text + len - 1]))
		len--;
	bool unwanted = p->blanks && p->place == CSV_CELL_START;
	p->place = CSV_CELL_START;
	p->pad = 0;
	buf_truncate(&p->text, p->cell_text + len);
	if (unwanted)
		return;
	p->wide++;
	if (p->wide > TABLE_COLUMNS_MAX) {
		buf_truncate(&p->text, p->cell_text);
		return;
	}
	if (p->n_cells == p->cap_cells) {
		void *list = p->cells;
		p->no_memory |= !grow(&list, &p->cap_cells, sizeof(*p->cells));
		p->cells = list;
	}
	buf_putc(&p->text, '\0');
	p->no_memory |= buf_failed(&p->text);
	if (p->no_memory)
		return;
	p->cells[p->n_cells++] = (struct csv_cell){p->cell_text, len};
	p->cell_text = p->text.len;
}

static void end_row(struct csv_parse *p, const char *problem)
{
	bool empty = !p->touched;
	if (!empty)
		end_cell(p);
	if (p->n_rows == p->cap_rows) {
		void *list = p->rows;
		p->no_memory |= !grow(&list, &p->cap_rows, sizeof(*p->rows));
		p->rows = list;
	}
	if (p->no_memory)
		return;
	if (p->wide > TABLE_COLUMNS_MAX)
		problem = "too_many_columns";
	if (!empty && p->wide > 0)
		p->rows[p->n_rows++] = (struct csv_row){p->row_cell, p->n_cells - p->row_cell, p->number, problem};
	p->number++;
	p->row_cell = p->n_cells;
	p->row_text = p->cell_text = p->text.len;
	p->wide = 0;
	p->touched = false;
	p->place = CSV_CELL_START;
}

/* A delimiter or line end outside quotes. */
static void on_stop(struct csv_parse *p, char c)
{
	if (c != '\r' && c != '\n') {
		p->touched = true;
		end_cell(p);
	} else if (c == '\n' && p->after_cr) {
		p->after_cr = false; /* the second half of CR LF */
		return;
	} else {
		end_row(p, NULL);
	}
	p->after_cr = c == '\r';
}

static size_t plain_run(const struct csv_parse *p, const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && !p->stop[(unsigned char)text[n]])
		n++;
	return n;
}

/* Text after a closing quote belongs to the cell, which goes on as a plain one. */
static void reopen(struct csv_parse *p)
{
	static const char spaces[] = "                ";
	while (p->pad > 0 && !stopped(p)) {
		size_t n = p->pad < sizeof(spaces) - 1 ? p->pad : sizeof(spaces) - 1;
		take(p, spaces, n);
		p->pad -= n;
	}
	p->place = CSV_PLAIN;
}

/* One step from `text`; returns how many bytes it took. */
static size_t step(struct csv_parse *p, const char *text, size_t len)
{
	char c = *text;
	const char *quote;
	size_t n;
	switch (p->place) {
	case CSV_CELL_START:
		if (p->stop[(unsigned char)c]) {
			on_stop(p, c);
			return 1;
		}
		p->after_cr = false;
		if (blank(c))
			return 1;
		p->touched = true;
		p->place = c == '"' ? CSV_QUOTED : CSV_PLAIN;
		return c == '"';
	case CSV_PLAIN:
		n = plain_run(p, text, len);
		if (n == 0) {
			on_stop(p, c);
			return 1;
		}
		take(p, text, n);
		return n;
	case CSV_QUOTED:
		quote = memchr(text, '"', len);
		n = quote == NULL ? len : (size_t)(quote - text);
		take(p, text, n);
		if (quote != NULL)
			p->place = CSV_QUOTE_SEEN;
		return n + (quote != NULL);
	case CSV_QUOTE_SEEN:
		if (c == '"' && p->pad == 0) {
			take(p, "\"", 1);
			p->place = CSV_QUOTED;
			return 1;
		}
		if (p->stop[(unsigned char)c]) {
			on_stop(p, c);
			return 1;
		}
		if (blank(c)) {
			p->pad++;
			return 1;
		}
		reopen(p);
		return 0;
	}
	return len;
}

void csv_parse_feed(struct csv_parse *p, const char *text, size_t len)
{
	for (size_t at = 0; at < len && !stopped(p);)
		at += step(p, text + at, len - at);
}

void csv_parse_end(struct csv_parse *p)
{
	if (p->touched && !stopped(p))
		end_row(p, p->place == CSV_QUOTED ? "row_quote_open" : NULL);
}

void csv_drop_rows(struct csv_parse *p)
{
	size_t bytes = p->text.len - p->row_text, n = p->n_cells - p->row_cell;
	if (bytes > 0 && p->row_text > 0)
		memmove(p->text.data, p->text.data + p->row_text, bytes);
	for (size_t i = 0; i < n; i++) {
		p->cells[i] = p->cells[p->row_cell + i];
		p->cells[i].at -= p->row_text;
	}
	buf_truncate(&p->text, bytes);
	p->cell_text -= p->row_text;
	p->n_cells = n;
	p->row_text = p->row_cell = 0;
	p->n_rows = 0;
}
