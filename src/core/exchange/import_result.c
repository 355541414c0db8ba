/* The rows that did not go in, with what is wrong and the cells as they were, as a file
 * that can be put right and imported again. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/exchange_sql.h"
#include "core/exchange/import.h"

enum { OWN_COLUMNS = 4, MESSAGE_MAX = 64 * 1024 };

/* The next faults of the problem table, row by row. */
struct problems {
	struct stmt *stmt;
	bool more;
	int64_t row;
	struct buf outcome, fields, messages;
};

static enum err step(struct ctx *ctx, struct problems *p)
{
	return stmt_step(ctx, p->stmt, &p->more);
}

static void add_text(struct buf *buf, const char *text, const char *between)
{
	if (str_empty(text))
		return;
	if (buf->len > 0)
		buf_puts(buf, between);
	buf_puts(buf, text);
}

/* All faults of one row. */
static enum err next_row(struct ctx *ctx, struct problems *p, bool *ret_any)
{
	buf_reset(&p->outcome);
	buf_reset(&p->fields);
	buf_reset(&p->messages);
	*ret_any = p->more;
	if (!p->more)
		return OK;
	p->row = stmt_i64(p->stmt, 0);
	add_text(&p->outcome, stmt_text(p->stmt, 1), "");
	enum err err = OK;
	while (err == OK && p->more && stmt_i64(p->stmt, 0) == p->row) {
		const char *key = stmt_text(p->stmt, 5);
		const struct fault fault = {stmt_text(p->stmt, 3), key != NULL ? key : "bug", stmt_text(p->stmt, 6)};
		const char *entity = stmt_text(p->stmt, 2), *field = stmt_text(p->stmt, 3);
		if (!str_empty(field))
			add_text(&p->fields, arena_printf(ctx->arena, "%s.%s", entity != NULL ? entity : "", field), ", ");
		add_text(&p->messages, app_message(ctx, &fault), "; ");
		err = step(ctx, p);
	}
	return err;
}

static enum err write_one(struct ctx *ctx, struct table_out *out, const struct problems *p, const struct table_row *row,
                          struct cell *cells, size_t n_columns)
{
	char number[32];
	int len = snprintf(number, sizeof(number), "%lld", (long long)p->row);
	cells[0] = (struct cell){number, (size_t)len, CELL_NUMBER};
	cells[1] = (struct cell){buf_text(&p->outcome), p->outcome.len, CELL_TEXT};
	cells[2] = (struct cell){buf_text(&p->fields), p->fields.len, CELL_TEXT};
	cells[3] = (struct cell){buf_text(&p->messages), p->messages.len, CELL_TEXT};
	for (size_t i = 0; i < n_columns; i++)
		cells[OWN_COLUMNS + i] = i < row->n ? row->cells[i] : (struct cell){"", 0, CELL_EMPTY};
	return table_write(ctx, out, cells);
}

/* Walks file and problems side by side: both are in the order of rows. */
static enum err merge(struct ctx *ctx, struct table *table, struct problems *p, struct table_out *out, struct cell *cells, size_t n_columns)
{
	struct table_row row = {.n = 0};
	struct arena_mark mark = arena_mark(ctx->arena);
	bool any = false, more = true;
	enum err err = step(ctx, p);
	for (;;) {
		if (err == OK)
			err = next_row(ctx, p, &any);
		if (err != OK || !any)
			return err;
		while (more && row.number < p->row) {
			err = table_next(ctx, table, &row, &more);
			if (err != OK || !more) { /* a file that broke off in the middle still has its list */
				faults_clear(ctx);
				more = false;
			}
		}
		struct table_row none = {.n = 0};
		err = write_one(ctx, out, p, more && row.number == p->row ? &row : &none, cells, n_columns);
		arena_rewind(ctx->arena, mark);
	}
}

static enum err make_columns(struct ctx *ctx, const struct table_info *info, struct table_column **ret, struct cell **ret_cells)
{
	static const struct text2 heads[OWN_COLUMNS] = {{"Row", "行"}, {"Outcome", "结果"}, {"Field", "字段"}, {"Why", "原因"}};
	static const char *const names[OWN_COLUMNS] = {"row", "outcome", "field", "message"};
	size_t n = OWN_COLUMNS + info->n_columns;
	struct table_column *columns = arena_array(ctx->arena, n, sizeof(*columns));
	*ret_cells = arena_array(ctx->arena, n, sizeof(**ret_cells));
	*ret = columns;
	if (columns == NULL || *ret_cells == NULL || n > TABLE_COLUMNS_MAX)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		columns[i] = (struct table_column){names[i], import_words(ctx, &heads[i]), CELL_TEXT};
	for (size_t i = 0; i < info->n_columns; i++) {
		const char *name = info->columns[i][0] != '\0' ? info->columns[i] : arena_printf(ctx->arena, "#%zu", i + 1);
		if (name == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		columns[OWN_COLUMNS + i] = (struct table_column){name, name, CELL_TEXT};
	}
	return OK;
}

static enum err write_result(struct ctx *ctx, struct table *table, int64_t run_id, struct table_out *out, struct cell *cells)
{
	struct problems p = {.more = false};
	enum err err = db_prepare(ctx, ctx->db, &sql_import_problem_rows, &p.stmt);
	if (err != OK)
		return err;
	buf_init(&p.outcome, 64);
	buf_init(&p.fields, MESSAGE_MAX);
	buf_init(&p.messages, MESSAGE_MAX);
	stmt_bind_i64(p.stmt, 1, run_id);
	err = merge(ctx, table, &p, out, cells, table_info(table)->n_columns);
	stmt_done(p.stmt);
	buf_release(&p.outcome);
	buf_release(&p.fields);
	buf_release(&p.messages);
	return err;
}

enum err import_result(struct ctx *ctx, const struct import_run *run, const struct table_out_options *options, table_sink sink, void *arg)
{
	struct table *table = NULL;
	struct plan *plan = NULL;
	struct table_column *columns = NULL;
	struct table_out *out = NULL;
	struct cell *cells = NULL;
	enum err err = import_open(ctx, run, &table, &plan);
	if (err == OK)
		err = make_columns(ctx, table_info(table), &columns, &cells);
	if (err == OK)
		err = table_out_new(ctx, options, columns, OWN_COLUMNS + table_info(table)->n_columns, sink, arg, &out);
	if (err == OK)
		err = write_result(ctx, table, run->id, out, cells);
	if (err == OK)
		err = table_finish(ctx, out, NULL);
	table_out_free(out);
	table_free(table);
	return err;
}
