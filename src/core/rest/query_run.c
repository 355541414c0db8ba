/* Runs statements and hands out rows. */
#include <string.h>

#include "base/decimal.h"
#include "core/rest/query_internal.h"

enum { EXPIRY_ROWS = 1024 };

enum err sqlb_open(struct query_sql *b, struct stmt **ret)
{
	enum err err = b->hash ? db_prepare_kept(b->ctx, b->ctx->db, buf_text(&b->text), b->text.len, b->hash, ret)
	                       : db_prepare_text(b->ctx, b->ctx->db, buf_text(&b->text), ret);
	if (err)
		return err;
	for (size_t i = 0; i < b->n_params; i++) {
		size_t number = i + 1;
		struct value own = value_int(number == b->id_param ? b->query->ids[0] : b->limit);
		field_bind(*ret, (int)number, number == b->id_param || number == b->limit_param ? &own : &b->params[i]);
	}
	return OK;
}

/* --- one row ------------------------------------------------------------------------- */

/* Asked for nulls only where the value leaves it open: calls into the engine are what a cell costs. */
static void read_cell(const struct stmt *stmt, int at, enum value_kind kind, struct value *ret)
{
	ret->kind = kind;
	switch (kind) {
	case VALUE_INT:
		ret->i = stmt_i64(stmt, at);
		if (ret->i == 0 && stmt_is_null(stmt, at))
			ret->kind = VALUE_NULL;
		return;
	case VALUE_REAL:
		ret->r = stmt_real(stmt, at);
		if (ret->r == 0 && stmt_is_null(stmt, at))
			*ret = value_null();
		return;
	case VALUE_TEXT:
		ret->t.p = stmt_text(stmt, at);
		if (ret->t.p)
			ret->t.n = stmt_bytes(stmt, at);
		else
			*ret = value_null();
		return;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	*ret = value_null();
}

void sqlb_read_row(const struct query_sql *b, const struct stmt *stmt, struct value *values)
{
	int first = b->key_col == NO_COL ? 0 : 1;
	for (size_t i = 0; i < b->n_cols; i++)
		read_cell(stmt, first + (int)i, b->cols[i].kind, &values[i]);
}

/* Rounded half to even. */
static int64_t divide(int64_t sum, int64_t count)
{
	int64_t q = sum / count, r = sum % count;
	int64_t twice = (r < 0 ? -r : r) * 2;
	if (twice > count || (twice == count && (q & 1)))
		q += sum < 0 ? -1 : 1;
	return q;
}

static void set_average(const struct query_sql *b, const struct query_col *col, struct value *value, const struct value *values)
{
	int64_t count = values[col->count].i;
	(void)b;
	if (value->kind == VALUE_NULL || count <= 0) {
		*value = value_null();
		return;
	}
	if (value->kind == VALUE_REAL)
		*value = value_real(value->r / (double)count);
	else if (node_field(col->node, col->field)->type == FIELD_INT)
		*value = value_real((double)value->i / (double)count);
	else
		*value = value_int(divide(value->i, count));
}

enum err sqlb_finish_row(struct query_sql *b, struct value *values)
{
	for (size_t i = 0; i < b->n_cols; i++) {
		const struct query_col *col = &b->cols[i];
		if (col->count != NO_COL)
			set_average(b, col, &values[i], values);
		if (col->sensitive && values[i].kind != VALUE_NULL)
			b->saw_sensitive = true;
		if (col->right != RIGHT_MASKED || col->agg != AGG_NONE)
			continue;
		struct value masked;
		enum err err = field_mask(b->ctx, node_field(col->node, col->field), &values[i], &masked);
		if (err)
			return err;
		values[i] = masked;
	}
	return OK;
}

/* --- the page's statements --------------------------------------------------------------- */

struct each {
	sqlb_row_fn fn;
	void *arg;
	size_t rows;
	bool sensitive;
	bool forget; /* what a row took of the arena */
};

static enum err run_rows(struct query_sql *b, struct each *each)
{
	struct stmt *stmt;
	struct value *values = arena_array(b->ctx->arena, b->n_cols + 1, sizeof(*values));
	if (!values)
		return fail(b->ctx, ERR_LIMIT, "", "memory");
	enum err err = sqlb_open(b, &stmt);
	if (err)
		return err;
	for (;;) {
		bool row;
		err = stmt_step(b->ctx, stmt, &row);
		if (err || !row)
			break;
		if (++each->rows % EXPIRY_ROWS == 0 && ctx_expired(b->ctx)) {
			err = fail(b->ctx, ERR_LIMIT, "", "deadline");
			break;
		}
		struct arena_mark mark = arena_mark(b->ctx->arena);
		sqlb_read_row(b, stmt, values);
		err = sqlb_finish_row(b, values);
		if (!err)
			err = each->fn(b, values, each->arg);
		if (err)
			break;
		if (each->forget)
			arena_rewind(b->ctx->arena, mark);
	}
	stmt_done(stmt);
	each->sensitive |= b->saw_sensitive;
	return err;
}

static enum err run_phase(struct ctx *ctx, const struct query *q, enum query_phase phase, int64_t max, struct each *each)
{
	struct query_sql b;
	if (q->plan) {
		query_plan_sql(ctx, q, phase, max, &b);
		return run_rows(&b, each);
	}
	sqlb_begin(&b, ctx, q, q->root);
	enum err err = query_choose_way(&b, phase, max);
	if (!err)
		err = sqlb_rows(&b, phase, max);
	if (!err)
		err = run_rows(&b, each);
	sqlb_release(&b);
	return err;
}

static enum err run_phases(struct ctx *ctx, const struct query *q, int64_t max, struct each *each)
{
	enum err err = OK;
	if (!query_splits(q))
		return run_phase(ctx, q, PHASE_ALL, max, each);
	bool nulls_first = q->root->order->nulls == NULLS_FIRST;
	enum query_phase phases[2] = {nulls_first ? PHASE_NULLS : PHASE_VALUES, nulls_first ? PHASE_VALUES : PHASE_NULLS};
	/* A cursor in the second part leaves nothing of the first. */
	bool null = q->cursor.n > 0 && q->cursor.values[0].kind == VALUE_NULL;
	bool second = q->cursor.n > 0 && null != nulls_first;
	for (int i = second ? 1 : 0; !err && i < 2; i++) {
		int64_t left = max < 0 ? -1 : max - (int64_t)each->rows;
		if (left != 0)
			err = run_phase(ctx, q, phases[i], left, each);
	}
	return err;
}

enum err query_each(struct ctx *ctx, const struct query *q, int64_t max, sqlb_row_fn fn, void *arg, size_t *ret_rows, bool *ret_sensitive)
{
	struct each each = {.fn = fn, .arg = arg};
	enum err err = run_phases(ctx, q, max, &each);
	*ret_rows = each.rows;
	*ret_sensitive = each.sensitive;
	return err;
}

/* --- flat rows ------------------------------------------------------------------------------- */

struct flat {
	query_row_fn fn;
	void *arg;
	struct value *values;
};

static enum err flat_row(struct query_sql *b, const struct value *values, void *arg)
{
	struct flat *flat = arg;
	const struct query *q = b->query;
	for (size_t i = 0; i < q->n_columns; i++)
		flat->values[i] = values[b->item_cols[q->column_items[i]->at]];
	struct flat_inner inner = {.b = b, .values = values};
	struct query_row row = {.query = q, .values = flat->values, .inner = &inner};
	size_t id_col = b->places[0].id_col;
	if (id_col != NO_COL)
		row.id = values[id_col].i;
	return flat->fn(b->ctx, &row, flat->arg);
}

enum err query_run(struct ctx *ctx, struct query *query, query_row_fn fn, void *arg)
{
	enum err err = query_flat(ctx, query);
	if (err)
		return err;
	struct flat flat = {.fn = fn, .arg = arg, .values = arena_array(ctx->arena, query->n_columns + 1, sizeof(struct value))};
	if (!flat.values)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct each each = {.fn = flat_row, .arg = &flat, .forget = true};
	return run_phases(ctx, query, query->root->limit, &each);
}

/* --- counts and ids ------------------------------------------------------------------------------ */

enum err sqlb_number(struct query_sql *b, enum err made, int64_t *ret)
{
	struct stmt *stmt = NULL;
	bool row = false;
	enum err err = made ? made : sqlb_open(b, &stmt);
	if (!err)
		err = stmt_step(b->ctx, stmt, &row);
	if (!err)
		*ret = row ? stmt_i64(stmt, 0) : 0;
	if (stmt)
		stmt_done(stmt);
	sqlb_release(b);
	return err;
}

enum err query_count(struct ctx *ctx, struct query *query, int64_t cap, int64_t *ret, bool *ret_capped)
{
	struct query_sql b;
	sqlb_begin(&b, ctx, query, query->root);
	enum err err = sqlb_number(&b, sqlb_count(&b, cap), ret);
	if (err)
		return err;
	*ret_capped = cap > 0 && *ret > cap;
	if (*ret_capped)
		*ret = cap;
	return OK;
}

static enum err read_ids(struct ctx *ctx, struct stmt *stmt, int64_t *ids, size_t max, size_t *ret_n)
{
	for (*ret_n = 0; *ret_n < max; (*ret_n)++) {
		bool row;
		enum err err = stmt_step(ctx, stmt, &row);
		if (err || !row)
			return err;
		ids[*ret_n] = stmt_i64(stmt, 0);
	}
	return OK;
}

enum err query_ids(struct ctx *ctx, struct query *query, size_t max, int64_t **ret, size_t *ret_n)
{
	struct query_sql b;
	struct stmt *stmt = NULL;
	if (query->root->limit >= 0 && (uint64_t)query->root->limit < max)
		max = (size_t)query->root->limit;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, max + 1, sizeof(**ret));
	if (!*ret)
		return fail(ctx, ERR_LIMIT, "", "memory");
	sqlb_begin(&b, ctx, query, query->root);
	enum err err = sqlb_id_list(&b, (int64_t)max);
	if (!err)
		err = sqlb_open(&b, &stmt);
	if (!err)
		err = read_ids(ctx, stmt, *ret, max, ret_n);
	if (stmt)
		stmt_done(stmt);
	sqlb_release(&b);
	return err;
}

enum err query_find_key(struct ctx *ctx, const struct entity_info *info, const int *fields, const struct value *values, size_t n, int64_t *ret_id)
{
	const struct query_node root = {.info = info, .rel = REL_ROOT, .where = {.kind = COND_AND}};
	const struct query q = {.info = info, .root = &root};
	struct query_sql b;
	int compared[QUERY_KEY_MAX];
	struct value forms[QUERY_KEY_MAX];
	*ret_id = 0;
	if (n > QUERY_KEY_MAX)
		return fail(ctx, ERR_BUG, "query", "key");
	for (size_t i = 0; i < n; i++) {
		compared[i] = entity_compared(info, fields[i]);
		enum err err = entity_compared_value(ctx, info, fields[i], &values[i], &forms[i]);
		if (err)
			return err;
	}
	sqlb_begin(&b, ctx, &q, &root);
	return sqlb_number(&b, sqlb_find_key(&b, compared, forms, n), ret_id);
}

enum err query_sql(struct ctx *ctx, struct query *query, const char **ret)
{
	struct query_sql b;
	sqlb_begin(&b, ctx, query, query->root);
	enum err err = sqlb_rows(&b, query_splits(query) ? PHASE_VALUES : PHASE_ALL, query->root->limit);
	if (!err) {
		*ret = arena_strndup(ctx->arena, buf_text(&b.text), b.text.len);
		err = *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	sqlb_release(&b);
	return err;
}
