/* CSV and TSV.  libcsv parses; this file keeps its rows in batches, counts them
 * as a spreadsheet does, and holds the limits that libcsv does not have. */
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "core/files/table.h"

struct csv_cell {
	size_t at, len;
};

struct csv_row {
	size_t first, n; /* cells */
	int64_t number;
	const char *problem;
};

/* Rows parsed from one chunk.  The last row may be incomplete; its cells are
 * moved to the front before the next chunk is parsed. */
struct csv_state {
	struct csv_parser parser;
	struct buf in;   /* decoded text */
	struct buf text; /* cells, each with NUL */
	struct csv_cell *cells;
	size_t n_cells, cap_cells;
	struct csv_row *rows;
	size_t n_rows, cap_rows, next_row;
	size_t open_cell, open_text; /* where the incomplete row begins */
	size_t open_wide; /* cells it has, even those not kept */
	const char *open_problem;
	int64_t number; /* of the incomplete row */
	int last_end;   /* the character that ended the last row */
	bool blanks;    /* runs of blanks separate */
	bool ended, no_memory;
	bool full; /* the incomplete row is over its limit: nothing more is kept */
};

static bool grow(void **list, size_t *cap, size_t size)
{
	size_t want = *cap == 0 ? 1024 : *cap * 2;
	void *more = realloc(*list, want * size);
	if (more == NULL)
		return false;
	*list = more;
	*cap = want;
	return true;
}

static void on_cell(void *data, size_t len, void *arg)
{
	struct csv_state *s = arg;
	if (s->blanks && len == 0)
		return;
	s->open_wide++;
	if (len > TABLE_CELL_MAX) {
		s->open_problem = "cell_too_large";
		len = 0;
	}
	if (s->open_wide > TABLE_COLUMNS_MAX)
		s->open_problem = "too_many_columns";
	if (s->text.len - s->open_text + len > TABLE_ROW_MAX)
		s->full = true;
	if (s->full || s->no_memory || s->open_wide > TABLE_COLUMNS_MAX)
		return;
	if (s->n_cells == s->cap_cells) {
		void *list = s->cells;
		s->no_memory = !grow(&list, &s->cap_cells, sizeof(*s->cells));
		s->cells = list;
	}
	char *to = buf_reserve(&s->text, len + 1);
	if (to == NULL || s->no_memory) {
		s->no_memory = true;
		return;
	}
	if (len > 0)
		memcpy(to, data, len);
	to[len] = '\0';
	s->cells[s->n_cells++] = (struct csv_cell){s->text.len, len};
	s->text.len += len + 1;
}

static void on_row(int end, void *arg)
{
	struct csv_state *s = arg;
	/* libcsv tells of CR and of LF; together they are one line end. */
	bool pair = end == '\n' && s->last_end == '\r' && s->open_wide == 0;
	s->last_end = end;
	if (pair || s->no_memory)
		return;
	if (s->n_rows == s->cap_rows) {
		void *list = s->rows;
		s->no_memory = !grow(&list, &s->cap_rows, sizeof(*s->rows));
		s->rows = list;
		if (s->no_memory)
			return;
	}
	if (s->open_wide > 0 && !s->full)
		s->rows[s->n_rows++] = (struct csv_row){s->open_cell, s->n_cells - s->open_cell, s->number, s->open_problem};
	if (s->full)
		return; /* reported by the caller, with this row's number */
	s->number++;
	s->open_cell = s->n_cells;
	s->open_text = s->text.len;
	s->open_wide = 0;
	s->open_problem = NULL;
}

/* Forgets the rows given out; the incomplete one moves to the front. */
static void move_open(struct csv_state *s)
{
	size_t bytes = s->text.len - s->open_text, n = s->n_cells - s->open_cell;
	if (bytes > 0)
		memmove(s->text.data, s->text.data + s->open_text, bytes);
	for (size_t i = 0; i < n; i++) {
		s->cells[i] = s->cells[s->open_cell + i];
		s->cells[i].at -= s->open_text;
	}
	s->text.len = bytes;
	s->n_cells = n;
	s->open_text = s->open_cell = 0;
	s->n_rows = s->next_row = 0;
}

static enum err row_limit(struct ctx *ctx, const struct csv_state *s, const char *key)
{
	return fail_arg(ctx, ERR_LIMIT, "file", key, arena_printf(ctx->arena, "%lld", (long long)s->number));
}

/* The last chunk: a quote that nobody closed makes the rest of the file one cell. */
static void finish(struct csv_state *s)
{
	s->ended = true;
	bool quote_open = s->parser.quoted != 0 && s->parser.pstate == 2;
	if (quote_open)
		s->open_problem = "row_quote_open";
	size_t rows = s->n_rows;
	csv_fini(&s->parser, on_cell, on_row, s);
	if (quote_open && s->n_rows > rows)
		s->rows[s->n_rows - 1].problem = "row_quote_open";
}

static enum err parse_chunk(struct ctx *ctx, struct table *table)
{
	struct csv_state *s = table->state;
	bool more = false;
	move_open(s);
	buf_reset(&s->in);
	enum err err = file_input_text(ctx, &table->in, &s->in, &more);
	if (err != OK)
		return err;
	if (csv_parse(&s->parser, buf_text(&s->in), s->in.len, on_cell, on_row, s) != s->in.len)
		s->no_memory = true;
	if (s->full)
		return row_limit(ctx, s, "row_too_large");
	if (s->parser.entry_pos > TABLE_CELL_MAX)
		return row_limit(ctx, s, "cell_too_large");
	if (!more)
		finish(s);
	return s->no_memory ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

static enum err csv_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	struct csv_state *s = table->state;
	while (s->next_row == s->n_rows) {
		if (s->ended) {
			*ret_more = false;
			return OK;
		}
		enum err err = parse_chunk(ctx, table);
		if (err != OK)
			return err;
	}
	const struct csv_row *row = &s->rows[s->next_row++];
	struct cell *cells = table_cells(table, row->n);
	if (cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_cell *c = &s->cells[row->first + i];
		cells[i] = (struct cell){s->text.data + c->at, c->len, c->len > 0 ? CELL_TEXT : CELL_EMPTY};
	}
	*ret = (struct table_row){cells, row->n, row->number, row->problem};
	*ret_more = true;
	return OK;
}

static void csv_release(struct table *table)
{
	struct csv_state *s = table->state;
	if (s == NULL)
		return;
	csv_free(&s->parser);
	buf_release(&s->in);
	buf_release(&s->text);
	free(s->cells);
	free(s->rows);
	free(s);
	table->state = NULL;
}

static const struct table_reader csv_reader = {.next = csv_next, .free = csv_release};

/* Excel's own hint in the first line: "sep=;". Returns its bytes, 0 if there is none. */
static size_t sep_line(const char *text, size_t len, char *ret)
{
	if (len < 6 || memcmp(text, "sep=", 4) != 0 || (text[5] != '\r' && text[5] != '\n'))
		return 0;
	*ret = text[4];
	return text[5] == '\r' && len > 6 && text[6] == '\n' ? 7 : 6;
}

/* Parses the first chunk, once the delimiter is known. */
static enum err begin(struct ctx *ctx, struct table *table, char delimiter)
{
	struct csv_state *s = table->state;
	bool more = false;
	enum err err = file_input_text(ctx, &table->in, &s->in, &more);
	if (err != OK)
		return err;
	char hint = 0;
	size_t skip = sep_line(buf_text(&s->in), s->in.len, &hint);
	if (delimiter == 0)
		delimiter = skip > 0 ? hint : csv_detect_delimiter(buf_text(&s->in), s->in.len);
	table->info.delimiter = delimiter;
	s->blanks = delimiter == ' ';
	s->number = skip > 0 ? 2 : 1;
	csv_set_delim(&s->parser, (unsigned char)delimiter);
	const char *text = buf_text(&s->in) + skip;
	size_t len = s->in.len - skip;
	if (csv_parse(&s->parser, text, len, on_cell, on_row, s) != len)
		s->no_memory = true;
	if (s->full)
		return row_limit(ctx, s, "row_too_large");
	if (!more)
		finish(s);
	return s->no_memory ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

enum err csv_open(struct ctx *ctx, struct table *table, const struct table_options *options)
{
	static const char allowed[] = ",;\t|: ^~";
	if (options->delimiter != 0 && strchr(allowed, options->delimiter) == NULL)
		return fail(ctx, ERR_INVALID, "delimiter", "not_allowed");
	struct csv_state *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	buf_init(&s->in, FILE_CHUNK * 4);
	buf_init(&s->text, TABLE_ROW_MAX + TABLE_CELL_MAX + FILE_CHUNK * 8);
	if (csv_init(&s->parser, CSV_REPALL_NL) != 0) {
		free(s);
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	}
	csv_set_blk_size(&s->parser, 4096);
	table->state = s;
	table->reader = &csv_reader;
	return begin(ctx, table, options->delimiter);
}
