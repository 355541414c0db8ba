/* Asks the warehouse level by level, and puts the answer together. */
#include <stdio.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/map.h"
#include "base/str.h"
#include "core/calendar/calendar.h"

enum { SQL_MAX = 64 * 1024, KEY_MAX = 2048 };

struct run {
	struct ctx *ctx;
	struct duck_conn *conn;
	struct pivot *p;
	struct pivot_sql sql;
	struct pivot_answer *answer;
	struct map columns; /* keys of a column to its place */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- keys ------------------------------------------------------------------------------------ */

/* Months and quarters are counted through; days since 1970. */
const char *pivot_key(struct ctx *ctx, const struct pivot_dim *dim, const char *raw)
{
	int64_t n;
	char day[11];
	if (!raw)
		return NULL;
	if (dim->by == BY_MONTH && str_to_i64(raw, &n))
		return arena_printf(ctx->arena, "%04lld-%02lld", (long long)(n / 12), (long long)(n % 12 + 1));
	if (dim->by == BY_QUARTER && str_to_i64(raw, &n))
		return arena_printf(ctx->arena, "%04lld-Q%lld", (long long)(n / 4), (long long)(n % 4 + 1));
	if ((dim->by == BY_DAY || dim->by == BY_WEEK) && str_to_i64(raw, &n)) {
		calendar_date_write((int32_t)n, day);
		return arena_strdup(ctx->arena, day);
	}
	if (dim->by == BY_VALUE && dim->field->type == FIELD_BOOL)
		return str_equal(raw, "0") ? "false" : "true";
	return raw;
}

/* --- rows of a level ----------------------------------------------------------------------------- */

static bool is_real(const struct pivot *p, size_t measure)
{
	const struct pivot_measure *m = &p->measures[measure];
	return m->formula || p->bases[m->base].real || p->bases[m->base].measure->kind == STAR_MEAN;
}

static enum err take_values(struct run *r, const struct duck_rows *rows, size_t first, struct value **ret)
{
	const size_t n = r->answer->n_values;
	struct value *values = arena_array(r->ctx->arena, n, sizeof(*values));
	if (!values)
		return no_memory(r->ctx);
	for (size_t i = 0; i < n; i++) {
		if (duck_null(rows, first + i))
			values[i] = value_null();
		else if (is_real(r->p, i % r->p->n_measures))
			values[i] = value_real(duck_real(rows, first + i));
		else
			values[i] = value_int(duck_i64(rows, first + i));
	}
	*ret = values;
	return OK;
}

static enum err take_keys(struct run *r, const struct duck_rows *rows, size_t first, const struct pivot_dim *dims, size_t n, const char ***ret)
{
	const char **keys = arena_array(r->ctx->arena, n + 1, sizeof(*keys));
	if (!keys)
		return no_memory(r->ctx);
	for (size_t i = 0; i < n; i++) {
		size_t len;
		const char *text = duck_text(rows, first + i, &len);
		const char *raw = text ? arena_strndup(r->ctx->arena, text, len) : NULL;
		if (text && !raw)
			return no_memory(r->ctx);
		keys[i] = pivot_key(r->ctx, &dims[i], raw);
	}
	*ret = keys;
	return OK;
}

static enum err do_sql(struct run *r, const char *sql, bool with_params)
{
	struct duck_rows *rows;
	enum err err = duck_ask(r->ctx, r->conn, sql, r->sql.params, with_params ? r->sql.n_params : 0, &rows);
	if (!err)
		duck_done(rows);
	return err;
}

/* Dimensions as text, then values: of the rows' first n_rows, and the columns'. */
static enum err ask_level(struct run *r, const char *from, size_t n_rows, bool columns, const char *tail, bool with_params, struct duck_rows **ret)
{
	const struct pivot *p = r->p;
	struct buf buf;
	const char *comma = "";
	buf_init(&buf, SQL_MAX * 8);
	buf_puts(&buf, "SELECT ");
	for (size_t i = 0; i < p->n_rows + p->n_columns; i++) {
		if (i < n_rows || (i >= p->n_rows && columns)) {
			buf_printf(&buf, "%sCAST(d%zu AS VARCHAR)", comma, i);
			comma = ", ";
		}
	}
	for (size_t i = 0; i < r->answer->n_values; i++) {
		buf_printf(&buf, "%s%c%zu", comma, i < p->n_measures ? 'm' : 'o', i % p->n_measures);
		comma = ", ";
	}
	buf_printf(&buf, " FROM %s AS z%s", from, tail);
	enum err err = buf_failed(&buf) ? no_memory(r->ctx) : duck_ask(r->ctx, r->conn, buf_text(&buf), r->sql.params, with_params ? r->sql.n_params : 0, ret);
	buf_release(&buf);
	return err;
}

static enum err in_brackets(struct run *r, size_t n_rows, bool columns, const char *only, const char **ret)
{
	const char *level;
	enum err err = pivot_sql_level(r->ctx, &r->sql, n_rows, columns, only, &level);
	*ret = err ? NULL : arena_printf(r->ctx->arena, "(%s)", level);
	return err ? err : *ret ? OK : no_memory(r->ctx);
}

/* --- columns --------------------------------------------------------------------------------------- */

/* What is in its own order: days, options, texts; else the largest come first. */
static bool has_order(const struct pivot_dim *dim)
{
	return dim->by != BY_VALUE || !dim->link;
}

static const char *place_of(struct run *r, const char *const *keys, size_t n, size_t *ret_len)
{
	size_t len = 0;
	char *text;
	for (size_t i = 0; i < n; i++)
		len += (keys[i] ? strlen(keys[i]) : 0) + 2;
	text = arena_alloc(r->ctx->arena, len + 1);
	size_t at = 0;
	for (size_t i = 0; text && i < n; i++) {
		size_t one = keys[i] ? strlen(keys[i]) : 0;
		text[at++] = keys[i] ? '=' : '0';
		if (one)
			memcpy(text + at, keys[i], one);
		at += one;
		text[at++] = '\x1f';
	}
	*ret_len = at;
	return text;
}

static enum err read_columns(struct run *r)
{
	const struct pivot *p = r->p;
	struct pivot_answer *a = r->answer;
	struct duck_rows *rows;
	const char *level;
	struct buf order;
	buf_init(&order, SQL_MAX);
	buf_puts(&order, " ORDER BY ");
	if (!has_order(&p->dims[p->n_rows]))
		buf_puts(&order, "m0 DESC NULLS LAST, ");
	for (size_t i = p->n_rows; i < p->n_rows + p->n_columns; i++)
		buf_printf(&order, "%sd%zu NULLS LAST", i > p->n_rows ? ", " : "", i);
	buf_printf(&order, " LIMIT %d", PIVOT_COLUMNS_MAX + 1);
	enum err err = in_brackets(r, 0, true, NULL, &level);
	if (!err)
		err = ask_level(r, level, 0, true, buf_text(&order), true, &rows);
	buf_release(&order);
	if (err)
		return err;
	a->columns = arena_array(r->ctx->arena, PIVOT_COLUMNS_MAX, sizeof(*a->columns));
	if (!a->columns)
		err = no_memory(r->ctx);
	while (!err && duck_next(rows)) {
		if (a->n_columns == PIVOT_COLUMNS_MAX) {
			err = fail_arg(r->ctx, ERR_LIMIT, "columns", "pivot_wide", "500");
			break;
		}
		struct pivot_line *line = &a->columns[a->n_columns];
		size_t len;
		err = take_keys(r, rows, 0, &p->dims[p->n_rows], p->n_columns, &line->keys);
		if (!err)
			err = take_values(r, rows, p->n_columns, &line->totals);
		const char *place = err ? NULL : place_of(r, line->keys, p->n_columns, &len);
		if (!err && (!place || !map_put(&r->columns, place, len, (int64_t)a->n_columns++)))
			err = no_memory(r->ctx);
	}
	duck_done(rows);
	return err;
}

/* --- lines --------------------------------------------------------------------------------------------- */

static enum err read_lines(struct run *r, const char *from, size_t n_rows, const char *tail, struct pivot_line **ret, size_t *ret_n)
{
	struct duck_rows *rows;
	size_t cap = 0;
	*ret = NULL;
	*ret_n = 0;
	enum err err = ask_level(r, from, n_rows, false, tail, false, &rows);
	if (err)
		return err;
	while (!err && duck_next(rows)) {
		if (*ret_n == cap) {
			cap = cap * 2 + 64;
			struct pivot_line *more = arena_array(r->ctx->arena, cap, sizeof(*more));
			if (!more) {
				err = no_memory(r->ctx);
				break;
			}
			if (*ret_n)
				memcpy(more, *ret, *ret_n * sizeof(*more));
			*ret = more;
		}
		struct pivot_line *line = &(*ret)[*ret_n];
		*line = (struct pivot_line){.keys = NULL};
		err = take_keys(r, rows, 0, r->p->dims, n_rows, &line->keys);
		if (!err)
			err = take_values(r, rows, n_rows, &line->totals);
		if (!err && r->p->n_columns) {
			line->cells = arena_array(r->ctx->arena, r->answer->n_columns * r->answer->n_values + 1, sizeof(*line->cells));
			err = line->cells ? OK : no_memory(r->ctx);
		}
		*ret_n += !err;
	}
	duck_done(rows);
	return err;
}

/* One cell into its line, found by its keys. */
static enum err take_cell(struct run *r, const struct duck_rows *rows, size_t n_rows, const struct map *places, struct pivot_line *lines)
{
	const struct pivot *p = r->p;
	const char **keys, **columns;
	int64_t line, column;
	struct value *values;
	size_t len;
	enum err err = take_keys(r, rows, 0, p->dims, n_rows, &keys);
	if (!err)
		err = take_keys(r, rows, n_rows, &p->dims[p->n_rows], p->n_columns, &columns);
	if (!err)
		err = take_values(r, rows, n_rows + p->n_columns, &values);
	if (err)
		return err;
	const char *place = place_of(r, keys, n_rows, &len);
	bool there = place && map_get(places, place, len, &line);
	place = there ? place_of(r, columns, p->n_columns, &len) : NULL;
	if (place && map_get(&r->columns, place, len, &column))
		memcpy(&lines[line].cells[(size_t)column * r->answer->n_values], values, r->answer->n_values * sizeof(*values));
	return OK;
}

static enum err read_cells(struct run *r, size_t n_rows, struct pivot_line *lines, size_t n)
{
	struct duck_rows *rows;
	struct map places;
	const char *level;
	size_t len;
	enum err err = in_brackets(r, n_rows, true, "page", &level);
	if (!err)
		err = ask_level(r, level, n_rows, true, "", true, &rows);
	if (err)
		return err;
	map_init(&places, 1, 2);
	for (size_t i = 0; !err && i < n; i++) {
		const char *place = place_of(r, lines[i].keys, n_rows, &len);
		err = place && map_put(&places, place, len, (int64_t)i) ? OK : no_memory(r->ctx);
	}
	while (!err && duck_next(rows)) {
		struct arena_mark mark = arena_mark(r->ctx->arena);
		err = take_cell(r, rows, n_rows, &places, lines);
		if (!err)
			arena_rewind(r->ctx->arena, mark);
	}
	map_release(&places);
	duck_done(rows);
	return err;
}

/* --- pages --------------------------------------------------------------------------------------------------- */

/* s1 … sn: the rows' levels, from the first dimension alone to all of them. */
static enum err make_levels(struct run *r)
{
	enum err err = OK;
	for (size_t i = 1; !err && i <= r->p->n_rows; i++) {
		const char *level;
		err = pivot_sql_level(r->ctx, &r->sql, i, false, NULL, &level);
		const char *sql = err ? NULL : arena_printf(r->ctx->arena, "CREATE OR REPLACE TEMP TABLE s%zu AS %s", i, level);
		if (!err)
			err = sql ? do_sql(r, sql, true) : no_memory(r->ctx);
	}
	return err;
}

/* Groups stay together: each level is put in order by its own sums. */
static void put_order(const struct run *r, struct buf *buf)
{
	const struct pivot *p = r->p;
	for (size_t i = 1; i <= p->n_rows; i++) {
		const struct pivot_dim *dim = &p->dims[i - 1];
		bool by_measure = p->sort >= 0 || !has_order(dim);
		buf_puts(buf, i > 1 ? ", " : "");
		if (by_measure)
			buf_printf(buf, "s%zu.m%d %s NULLS LAST, ", i, p->sort >= 0 ? p->sort : 0, p->desc ? "DESC" : "ASC");
		buf_printf(buf, "s%zu.d%zu %s NULLS LAST", i, i - 1, by_measure || p->desc ? "ASC" : "DESC");
	}
}

static enum err make_page(struct run *r)
{
	const struct pivot *p = r->p;
	struct buf buf;
	size_t n = p->n_rows;
	buf_init(&buf, SQL_MAX);
	buf_printf(&buf, "CREATE OR REPLACE TEMP TABLE page AS SELECT s%zu.*, row_number() OVER (ORDER BY ", n);
	put_order(r, &buf);
	buf_printf(&buf, ") AS rn FROM s%zu", n);
	for (size_t i = 1; i < n; i++) {
		buf_printf(&buf, " JOIN s%zu ON 1 = 1", i);
		for (size_t k = 0; k < i; k++)
			buf_printf(&buf, " AND s%zu.d%zu IS NOT DISTINCT FROM s%zu.d%zu", i, k, n, k);
	}
	buf_printf(&buf, " QUALIFY rn > %lld AND rn <= %lld", (long long)p->offset, (long long)(p->offset + p->limit));
	enum err err = buf_failed(&buf) ? no_memory(r->ctx) : do_sql(r, buf_text(&buf), false);
	buf_release(&buf);
	return err;
}

static enum err read_subtotals(struct run *r)
{
	struct pivot_answer *a = r->answer;
	enum err err = OK;
	for (size_t i = 1; !err && r->p->totals && i < r->p->n_rows; i++) {
		const char *from = arena_printf(r->ctx->arena, "s%zu", i), *tail = " WHERE EXISTS (SELECT 1 FROM page AS o WHERE 1 = 1";
		for (size_t k = 0; tail && k < i; k++)
			tail = arena_printf(r->ctx->arena, "%s AND o.d%zu IS NOT DISTINCT FROM z.d%zu", tail, k, k);
		tail = tail ? arena_printf(r->ctx->arena, "%s)", tail) : NULL;
		err = from && tail ? read_lines(r, from, i, tail, &a->subtotals[i], &a->n_subtotals[i]) : no_memory(r->ctx);
		if (!err && r->p->n_columns)
			err = read_cells(r, i, a->subtotals[i], a->n_subtotals[i]);
	}
	return err;
}

static enum err too_much(struct run *r, const char *at, const char *key, int64_t most)
{
	return fail_arg(r->ctx, ERR_LIMIT, at, key, arena_printf(r->ctx->arena, "%lld", (long long)most));
}

/* What comes back has to fit, and what shall be all must not be a part. */
static enum err check_size(struct run *r)
{
	const struct pivot *p = r->p;
	const struct pivot_answer *a = r->answer;
	int64_t rows = a->row_count < p->limit ? a->row_count : p->limit, most = p->all ? PIVOT_EXPORT_VALUES_MAX : PIVOT_VALUES_MAX;
	if (p->all && a->row_count > p->limit)
		return too_much(r, "rows", "pivot_long", p->limit);
	return rows * (int64_t)((a->n_columns + 1) * a->n_values) > most ? too_much(r, p->all ? "rows" : "limit", "pivot_large", most) : OK;
}

static enum err read_rows(struct run *r)
{
	struct pivot_answer *a = r->answer;
	const char *count = arena_printf(r->ctx->arena, "SELECT count(*) FROM s%zu", r->p->n_rows);
	enum err err = make_levels(r);
	if (!err)
		err = make_page(r);
	if (!err)
		err = count ? duck_number(r->ctx, r->conn, count, NULL, 0, &a->row_count) : no_memory(r->ctx);
	if (!err)
		err = check_size(r);
	if (!err)
		err = read_lines(r, "page", r->p->n_rows, " ORDER BY rn", &a->rows, &a->n_rows);
	if (!err && r->p->n_columns)
		err = read_cells(r, r->p->n_rows, a->rows, a->n_rows);
	return err ? err : read_subtotals(r);
}

static enum err read_grand(struct run *r)
{
	struct duck_rows *rows;
	const char *level;
	enum err err = in_brackets(r, 0, false, NULL, &level);
	if (!err)
		err = ask_level(r, level, 0, false, "", true, &rows);
	if (err)
		return err;
	if (duck_next(rows))
		err = take_values(r, rows, 0, &r->answer->grand.totals);
	duck_done(rows);
	return err;
}

static enum err ask_all(struct run *r)
{
	const char *finest;
	enum err err = pivot_sql_make(r->ctx, r->p, &r->sql);
	if (!err && !r->p->distinct) {
		err = pivot_sql_finest(r->ctx, &r->sql, &finest);
		if (!err)
			err = do_sql(r, finest, true);
		r->sql.n_params = 0;
	}
	if (!err && r->p->n_columns)
		err = read_columns(r);
	if (!err && r->p->n_rows)
		err = read_rows(r);
	return err ? err : read_grand(r);
}

enum err pivot_run(struct ctx *ctx, struct warehouse *w, struct pivot *p, struct pivot_answer *ret)
{
	struct run r = {.ctx = ctx, .p = p, .answer = ret};
	int64_t deadline = ctx->deadline_ms;
	memset(ret, 0, sizeof(*ret));
	ret->n_values = p->n_measures * (p->compare != COMPARE_NONE ? 2 : 1);
	enum err err = warehouse_enter(ctx, w, &r.conn);
	if (err)
		return err;
	map_init(&r.columns, 1, 2);
	if (ctx->deadline_ms == 0)
		ctx->deadline_ms = ctx_now(ctx) + PIVOT_MS;
	err = ask_all(&r);
	ctx->deadline_ms = deadline;
	map_release(&r.columns);
	warehouse_leave(w, r.conn);
	if (err == ERR_UPSTREAM)
		warehouse_suspect(w);
	return err;
}
