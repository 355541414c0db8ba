#include "sales/order_sums.h"

#include "base/decimal.h"
#include "base/str.h"
#include "sales/sales.h"
#include "sales/sales_sql.h"

enum { LINE_SCALE = 4 };

static int scale_of(const struct ctx *ctx, const struct record *order)
{
	return currency_scale(record_currency(ctx, order, entity_field(order->info, "total")));
}

enum err order_sums_set(struct ctx *ctx, const struct record *old, struct record *order)
{
	int64_t total = record_i64(order, "total");
	bool follows = record_i64(order, "lines_count") > 0 || (old != NULL && record_i64(old, "lines_count") > 0);
	if (follows &&
	    (__builtin_add_overflow(record_i64(order, "lines_total"), record_i64(order, "shipping_fee"), &total) ||
	     __builtin_add_overflow(total, record_i64(order, "tax"), &total) ||
	     __builtin_sub_overflow(total, record_i64(order, "discount"), &total)))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	enum err err = record_set(ctx, order, "total", value_int(total));
	return err == OK ? sales_in_base(ctx, old, order, "total", "total_base") : err;
}

static enum err sum_lines(struct ctx *ctx, int64_t order_id, int64_t *ret_count, int64_t *ret_total)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_order_sum_lines, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order_id);
	err = stmt_step(ctx, stmt, &row);
	*ret_count = row ? stmt_i64(stmt, 0) : 0;
	*ret_total = row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	return err;
}

static enum err sum_again(struct ctx *ctx, void *arg)
{
	int64_t order_id = (int64_t)(intptr_t)arg, count, total, minor;
	const struct entity_info *info = registry_find(ctx->registry, "order");
	struct record *order, *patch, *after;
	enum err err = record_load(ctx, info, order_id, &order);
	if (err == ERR_NOT_FOUND) { /* deleted with its lines */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = sum_lines(ctx, order_id, &count, &total);
	if (err != OK)
		return err;
	if (!decimal_rescale(total, LINE_SCALE, scale_of(ctx, order), &minor))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	if (count == record_i64(order, "lines_count") && minor == record_i64(order, "lines_total"))
		return OK;
	err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "lines_count", value_int(count));
	if (err == OK)
		err = record_set(ctx, patch, "lines_total", value_int(minor));
	if (err == OK)
		err = record_update(ctx, order_id, patch, 0, W_TRUSTED | W_NO_SEARCH, &after);
	return err;
}

enum err order_sums_gathered(struct ctx *ctx, struct record *order)
{
	int64_t count = 0, total = 0, minor;
	for (const struct record *line = NULL; (line = record_gathered_child(ctx, record_id(order), line)) != NULL;) {
		if (line->info->entity != &order_line_entity)
			continue;
		count++;
		if (__builtin_add_overflow(total, record_i64(line, "total"), &total))
			return fail(ctx, ERR_INVALID, "total", "number_too_large");
	}
	if (count == 0)
		return OK;
	if (!decimal_rescale(total, LINE_SCALE, scale_of(ctx, order), &minor))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	enum err err = record_set(ctx, order, "lines_count", value_int(count));
	if (err == OK)
		err = record_set(ctx, order, "lines_total", value_int(minor));
	return err == OK ? order_sums_set(ctx, NULL, order) : err;
}

enum err order_sums_later(struct ctx *ctx, int64_t order_id)
{
	if (record_gathered(ctx, order_id) != NULL)
		return OK; /* order_sums_gathered sees the line */
	/* the id itself is the argument, so that the store sees the same order twice as the same work */
	return db_before_commit(ctx, sum_again, (void *)(intptr_t)order_id);
}
