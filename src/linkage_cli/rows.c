#include "linkage_cli/rows.h"

#include <string.h>

#include "base/str.h"
#include "core/files/files.h"
#include "linkage/intern.h"

struct linkage_store {
	struct intern texts;
	struct buf codes; /* int32_t each */
	const char **list;
	bool common;      /* in both files */
};

/* One file while it is read. */
struct source {
	struct table *table;
	const struct table_info *info;
	size_t *column; /* of the file's: its place in the rows, SIZE_MAX if it is left out */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err open_file(struct cli *cli, const char *name, struct source *ret)
{
	struct ctx *ctx = cli->ctx;
	const char *delimiter = command_value(cli, "delimiter");
	struct table_options options = {
		.encoding = command_value(cli, "encoding"),
		.delimiter = delimiter == NULL ? '\0' : strcmp(delimiter, "\\t") == 0 ? '\t' : *delimiter,
		.header_row = command_value(cli, "no-heading") != NULL ? 0 : 1,
		.sheet = command_value(cli, "sheet"),
	};
	enum err err = table_open_new(ctx, command_path(cli, name), &options, &ret->table);
	if (err != OK)
		return err;
	ret->info = table_info(ret->table);
	ret->column = arena_array(ctx->arena, ret->info->n_columns + 1, sizeof(*ret->column));
	return ret->column != NULL ? OK : no_memory(ctx);
}

static const char *heading(struct ctx *ctx, const struct table_info *info, size_t i)
{
	return str_empty(info->columns[i]) ? arena_printf(ctx->arena, "column %zu", i + 1) : arena_strdup(ctx->arena, info->columns[i]);
}

static enum err make_columns(struct ctx *ctx, struct linkage_rows *rows, struct source *source)
{
	size_t n = source->info->n_columns;
	rows->columns = arena_array(ctx->arena, n + 1, sizeof(*rows->columns));
	rows->stores = arena_array(ctx->arena, n + 1, sizeof(*rows->stores));
	if (rows->columns == NULL || rows->stores == NULL)
		return no_memory(ctx);
	for (size_t i = 0; i < n; i++) {
		rows->columns[i].name = heading(ctx, source->info, i);
		rows->stores[i].common = true;
		intern_init(&rows->stores[i].texts);
		buf_init(&rows->stores[i].codes, (size_t)16 << 30);
		source->column[i] = i;
		if (rows->columns[i].name == NULL)
			return no_memory(ctx);
	}
	rows->n_columns = n;
	return OK;
}

/* The second file's columns, by heading. */
static enum err match_columns(struct ctx *ctx, struct linkage_rows *rows, struct source *second)
{
	size_t n = second->info->n_columns, common = 0;
	for (size_t i = 0; i < rows->n_columns; i++)
		rows->stores[i].common = false;
	for (size_t i = 0; i < n; i++) {
		const char *name = heading(ctx, second->info, i);
		second->column[i] = SIZE_MAX;
		for (size_t k = 0; name != NULL && k < rows->n_columns; k++) {
			if (rows->stores[k].common || !str_equal_nocase(name, rows->columns[k].name))
				continue;
			rows->stores[k].common = true;
			second->column[i] = k;
			common++;
			break;
		}
	}
	if (common > 0)
		return OK;
	if (n != rows->n_columns)
		return fail(ctx, ERR_INVALID, "--with", "dedupe_no_common_column");
	for (size_t i = 0; i < n; i++) {
		rows->stores[i].common = true;
		second->column[i] = i;
	}
	return OK;
}

static bool put(struct linkage_store *store, const struct cell *cell)
{
	size_t len = 0;
	const char *text = cell != NULL ? str_trim(cell->text, cell->len, &len) : "";
	int32_t code = LINKAGE_MISSING;
	if (len > 0 && cell->kind != CELL_ERROR) {
		uint32_t known = intern_put(&store->texts, text, len);
		if (known >= (uint32_t)LINKAGE_MISSING)
			return false;
		code = (int32_t)known;
	}
	buf_add(&store->codes, &code, sizeof(code));
	return !buf_failed(&store->codes);
}

static bool put_row(struct linkage_rows *rows, const struct source *source, const struct table_row *row)
{
	bool good = true;
	for (size_t i = 0; good && i < source->info->n_columns; i++) {
		size_t at = source->column[i];
		if (at < rows->n_columns)
			good = put(&rows->stores[at], row->problem == NULL && i < row->n ? &row->cells[i] : NULL);
	}
	for (size_t k = 0; good && k < rows->n_columns; k++) {
		/* columns that this file does not have */
		if (rows->stores[k].codes.len / sizeof(int32_t) == rows->n_rows)
			good = put(&rows->stores[k], NULL);
	}
	return good;
}

static enum err read_rows(struct ctx *ctx, struct linkage_rows *rows, struct source *source)
{
	struct table_row row;
	for (;;) {
		bool more = true;
		struct arena_mark mark = arena_mark(ctx->arena);
		enum err err = table_next(ctx, source->table, &row, &more);
		if (err != OK || !more)
			return err;
		rows->broken += row.problem != NULL;
		if (rows->n_rows >= LINKAGE_ROWS_MAX)
			return fail(ctx, ERR_LIMIT, "", "linkage_too_many_rows");
		if (!put_row(rows, source, &row))
			return no_memory(ctx);
		rows->n_rows++;
		arena_rewind(ctx->arena, mark);
	}
}

static enum err settle(struct ctx *ctx, struct linkage_rows *rows, bool two)
{
	for (size_t i = 0; i < rows->n_columns; i++) {
		struct linkage_store *store = &rows->stores[i];
		struct linkage_column *c = &rows->columns[i];
		store->list = malloc((store->texts.n + 1) * sizeof(*store->list));
		if (store->list == NULL)
			return no_memory(ctx);
		for (uint32_t code = 0; code < store->texts.n; code++) {
			size_t len;
			store->list[code] = intern_text(&store->texts, code, &len);
		}
		intern_settle(&store->texts);
		c->code = (const int32_t *)(const void *)store->codes.data;
		c->texts = store->list;
		c->n_texts = store->texts.n;
		c->kind = two && !store->common ? LINKAGE_IGNORE : LINKAGE_GUESS;
	}
	return OK;
}

enum err linkage_rows_read(struct cli *cli, struct linkage_rows *ret)
{
	struct ctx *ctx = cli->ctx;
	const char *input = command_value(cli, "input"), *with = command_value(cli, "with");
	struct source first = {NULL}, second = {NULL};
	*ret = (struct linkage_rows){0};
	enum err err = input != NULL ? open_file(cli, input, &first) : fail(ctx, ERR_INVALID, "--input", "linkage_no_rows");
	if (err == OK && with != NULL)
		err = open_file(cli, with, &second);
	if (err == OK)
		err = make_columns(ctx, ret, &first);
	if (err == OK && with != NULL)
		err = match_columns(ctx, ret, &second);
	if (err == OK)
		err = read_rows(ctx, ret, &first);
	ret->n_first = ret->n_rows;
	if (err == OK && with != NULL)
		err = read_rows(ctx, ret, &second);
	if (err == OK)
		err = settle(ctx, ret, with != NULL);
	if (first.table != NULL)
		table_free(first.table);
	if (second.table != NULL)
		table_free(second.table);
	return err;
}

void linkage_rows_free(struct linkage_rows *rows)
{
	for (size_t i = 0; i < rows->n_columns; i++) {
		intern_release(&rows->stores[i].texts);
		buf_release(&rows->stores[i].codes);
		free(rows->stores[i].list);
	}
	*rows = (struct linkage_rows){0};
}

enum err linkage_rows_find(const struct linkage_rows *rows, struct ctx *ctx, const char *name, size_t *ret)
{
	int64_t number;
	size_t len;
	const char *trimmed = str_trim(name, strlen(name), &len);
	const char *wanted = arena_strndup(ctx->arena, trimmed, len);
	for (*ret = 0; wanted != NULL && *ret < rows->n_columns; ++*ret) {
		if (str_equal_nocase(rows->columns[*ret].name, wanted))
			return OK;
	}
	if (wanted != NULL && str_to_i64(wanted, &number) && number >= 1 && number <= (int64_t)rows->n_columns) {
		*ret = (size_t)number - 1;
		return OK;
	}
	return fail_arg(ctx, ERR_NOT_FOUND, "", "dedupe_no_column", name);
}
