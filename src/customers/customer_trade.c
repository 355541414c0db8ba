#include "customers/customers.h"

#include "customers/customers_sql.h"

static enum err find_orders_again(struct ctx *ctx, int64_t customer_id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_find_orders_again, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err add_number(struct ctx *ctx, struct record *customer, const char *field, int64_t more)
{
	int64_t sum;
	if (__builtin_add_overflow(record_i64(customer, field), more, &sum))
		return fail(ctx, ERR_INVALID, field, "number_too_large");
	return record_set(ctx, customer, field, value_int(sum));
}

/* The same as the statement, on a customer that is not in the store yet; its orders are
 * all new, so none is taken away. */
static enum err add_in_memory(struct ctx *ctx, struct record *customer, const struct customer_trade *trade)
{
	enum err err = add_number(ctx, customer, "orders_count", trade->orders);
	if (err == OK)
		err = add_number(ctx, customer, "orders_total", trade->base_minor);
	if (err == OK && trade->unrated != 0)
		err = add_number(ctx, customer, "orders_unrated", trade->unrated);
	if (err != OK || trade->at_ms == 0)
		return err;
	const struct value *first = record_value(customer, "first_order_at"), *last = record_value(customer, "last_order_at");
	if (first->kind == VALUE_NULL || trade->at_ms < first->i)
		err = record_set(ctx, customer, "first_order_at", value_int(trade->at_ms));
	if (err == OK && (last->kind == VALUE_NULL || trade->at_ms > last->i))
		err = record_set(ctx, customer, "last_order_at", value_int(trade->at_ms));
	return err;
}

enum err customer_add_trade(struct ctx *ctx, int64_t customer_id, const struct customer_trade *trade, bool recount)
{
	struct stmt *stmt;
	if (customer_id == 0)
		return OK;
	struct record *waiting = record_gathered(ctx, customer_id);
	if (waiting != NULL && !recount)
		return add_in_memory(ctx, waiting, trade);
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_add_trade, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	stmt_bind_i64(stmt, 2, trade->orders);
	stmt_bind_i64(stmt, 3, trade->base_minor);
	stmt_bind_i64(stmt, 4, recount ? 0 : trade->at_ms);
	stmt_bind_i64(stmt, 5, trade->unrated);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	if (err == OK && recount)
		err = find_orders_again(ctx, customer_id);
	return err;
}

enum err customer_belongs(struct ctx *ctx, int64_t customer_id, struct customer_belongs *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct customer_belongs){0};
	const struct record *waiting = record_gathered(ctx, customer_id);
	if (waiting != NULL) {
		*ret = (struct customer_belongs){record_i64(waiting, "owner_id"), record_i64(waiting, "team_id"), record_i64(waiting, "branch_id")};
		return OK;
	}
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_belongs, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		ret->owner_id = stmt_i64(stmt, 0);
		ret->team_id = stmt_i64(stmt, 1);
		ret->branch_id = stmt_i64(stmt, 2);
	}
	stmt_done(stmt);
	return err;
}
