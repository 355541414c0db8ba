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

enum err customer_add_trade(struct ctx *ctx, int64_t customer_id, const struct customer_trade *trade, bool recount)
{
	struct stmt *stmt;
	if (customer_id == 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_add_trade, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer_id);
	stmt_bind_i64(stmt, 2, trade->orders);
	stmt_bind_i64(stmt, 3, trade->base_minor);
	stmt_bind_i64(stmt, 4, recount ? 0 : trade->at_ms);
	err = stmt_run(ctx, stmt, NULL);
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
