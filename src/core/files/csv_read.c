/* CSV and TSV as rows. */
#include <stdlib.h>
#include <string.h>

#include "core/files/csv_parse.h"
#include "core/files/table.h"

struct csv_state {
	struct csv_parse parse;
	struct buf in; /* decoded text */
	size_t next_row;
	bool ended;
};

static enum err row_limit(struct ctx *ctx, const struct csv_parse *p)
{
	if (p->no_memory)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	if (p->limit == NULL)
		return OK;
	return fail_arg(ctx, ERR_LIMIT, "file", p->limit, arena_printf(ctx->arena, "%lld", (long long)p->number));
}

static enum err parse_chunk(struct ctx *ctx, struct table *table)
{
	struct csv_state *s = table->state;
	bool more = false;
	csv_drop_rows(&s->parse);
	s->next_row = 0;
	buf_reset(&s->in);
	enum err err = file_input_text(ctx, &table->in, &s->in, &more);
	if (err != OK)
		return err;
	csv_parse_feed(&s->parse, buf_text(&s->in), s->in.len);
	if (!more) {
		s->ended = true;
		csv_parse_end(&s->parse);
	}
	/* Rows that were complete before the limit are given out first. */
	return s->parse.n_rows > 0 && s->parse.limit != NULL ? OK : row_limit(ctx, &s->parse);
}

static enum err csv_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	struct csv_state *s = table->state;
	while (s->next_row == s->parse.n_rows) {
		enum err err = row_limit(ctx, &s->parse);
		if (err != OK)
			return err;
		if (s->ended) {
			*ret_more = false;
			return OK;
		}
		err = parse_chunk(ctx, table);
		if (err != OK)
			return err;
	}
	const struct csv_row *row = &s->parse.rows[s->next_row++];
	struct cell *cells = table_cells(table, row->n);
	if (cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < row->n; i++) {
		const struct csv_cell *c = &s->parse.cells[row->first + i];
		cells[i] = (struct cell){s->parse.text.data + c->at, c->len, c->len > 0 ? CELL_TEXT : CELL_EMPTY};
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
	csv_parse_release(&s->parse);
	buf_release(&s->in);
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
	if (!csv_parse_init(&s->parse, delimiter, skip > 0 ? 2 : 1))
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	csv_parse_feed(&s->parse, buf_text(&s->in) + skip, s->in.len - skip);
	if (!more) {
		s->ended = true;
		csv_parse_end(&s->parse);
	}
	return OK;
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
	table->state = s;
	table->reader = &csv_reader;
	return begin(ctx, table, options->delimiter);
}
