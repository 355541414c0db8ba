#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/files/files.h"
#include "demo/demo.h"

enum { DATE_COLUMN = 4, COLUMNS_MAX = 32 };

static enum err open_lines(struct ctx *ctx, const char *from, struct table **ret)
{
	struct table_options options = {.format = FILE_CSV, .header_row = 1, .delimiter = ',', .keep_guards = true};
	return table_open_new(ctx, from, &options, ret);
}

/* First pass: the last day on which anybody bought. */
static enum err last_day(struct ctx *ctx, const char *from, int64_t *ret_ms)
{
	struct table *table;
	struct table_row row;
	bool more;
	char last[11] = "";
	enum err err = open_lines(ctx, from, &table);
	if (err != OK)
		return err;
	struct arena_mark mark = arena_mark(ctx->arena);
	for (err = table_next(ctx, table, &row, &more); err == OK && more; err = table_next(ctx, table, &row, &more)) {
		if (row.n > DATE_COLUMN && row.cells[DATE_COLUMN].len >= 10 && memcmp(row.cells[DATE_COLUMN].text, last, 10) > 0)
			memcpy(last, row.cells[DATE_COLUMN].text, 10);
		arena_rewind(ctx->arena, mark);
	}
	table_free(table);
	if (err == OK && !time_parse(last, ret_ms))
		err = fail(ctx, ERR_INVALID, "file", "demo_orders");
	return err;
}

static enum err write_chunk(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	FILE *out = arg;
	return fwrite(data, 1, n, out) == n ? OK : fail(ctx, ERR_LIMIT, "file", "disk_full");
}

/* The same row with its date `by_ms` later, in the form it had. */
static void move(struct table_row *row, struct cell *cells, char when[TIME_TEXT_MAX], int64_t by_ms)
{
	int64_t at;
	for (size_t i = 0; i < row->n && i < COLUMNS_MAX; i++)
		cells[i] = row->cells[i];
	if (row->n <= DATE_COLUMN || !time_parse(cells[DATE_COLUMN].text, &at))
		return;
	struct civil c;
	time_to_civil(at + by_ms, &c);
	int n = snprintf(when, TIME_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
	cells[DATE_COLUMN].text = when;
	cells[DATE_COLUMN].len = (size_t)n;
}

static enum err copy(struct ctx *ctx, struct table *table, FILE *out, int64_t by_ms)
{
	const struct table_info *info = table_info(table);
	struct table_column columns[COLUMNS_MAX] = {0};
	struct table_out_options options = {.format = FILE_CSV};
	struct table_out *to;
	struct table_row row;
	bool more;
	if (info->n_columns <= DATE_COLUMN || info->n_columns > COLUMNS_MAX)
		return fail(ctx, ERR_INVALID, "file", "demo_orders");
	for (size_t i = 0; i < info->n_columns; i++)
		columns[i].name = columns[i].label = info->columns[i];
	enum err err = table_out_new(ctx, &options, columns, info->n_columns, write_chunk, out, &to);
	if (err != OK)
		return err;
	struct arena_mark mark = arena_mark(ctx->arena);
	for (err = table_next(ctx, table, &row, &more); err == OK && more; err = table_next(ctx, table, &row, &more)) {
		char when[TIME_TEXT_MAX];
		struct cell cells[COLUMNS_MAX] = {0};
		for (size_t i = 0; i < COLUMNS_MAX; i++)
			cells[i].text = "";
		move(&row, cells, when, by_ms);
		err = table_write(ctx, to, cells);
		arena_rewind(ctx->arena, mark);
		if (err != OK)
			break;
	}
	if (err == OK)
		err = table_finish(ctx, to, NULL);
	table_out_free(to);
	return err;
}

enum err demo_move_dates(struct ctx *ctx, const char *from, const char *to)
{
	int64_t last, by_days;
	struct table *table;
	enum err err = last_day(ctx, from, &last);
	if (err != OK)
		return err;
	by_days = (ctx_now(ctx) - last) / DAY_MS - 1;
	FILE *out = fopen(to, "wxe");
	if (out == NULL)
		return fail_arg(ctx, ERR_INVALID, "file", "cannot_open", to);
	err = open_lines(ctx, from, &table);
	if (err == OK) {
		err = copy(ctx, table, out, by_days * DAY_MS);
		table_free(table);
	}
	if (fclose(out) != 0 && err == OK)
		err = fail(ctx, ERR_LIMIT, "file", "disk_full");
	return err;
}
