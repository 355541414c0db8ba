/* What other records may not do to a return: an order's line shrinks to no less than what goes back of it, and what was paid stays at
 * least what was given back. */
#include "base/decimal.h"
#include "base/str.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

/* --- lines of orders ------------------------------------------------------------------------------------- */

static enum err line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	int64_t left = 0;
	(void)entity;
	/* what goes as a whole is held by its link */
	if (old == NULL || now == NULL || record_i64(now, "quantity") >= record_i64(old, "quantity"))
		return OK;
	enum err err = return_left(ctx, now, 0, &left);
	return err == OK && left < 0 ? fail(ctx, ERR_CONFLICT, "quantity", "return_line_taken") : err;
}

/* --- payments ---------------------------------------------------------------------------------------------- */

static enum err first_of(struct ctx *ctx, int64_t order, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_return_by_order, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* What it adds to what may be given back. */
static int64_t worth(const struct ctx *ctx, const struct record *payment, const char *currency, bool of_return)
{
	if (payment == NULL || !str_equal(record_text(payment, "state"), "paid"))
		return 0;
	const char *own = record_currency(ctx, payment, entity_field(payment->info, "amount"));
	if (!of_return && !str_equal(own, currency))
		return 0;
	return str_equal(record_text(payment, "kind"), "refund") ? -record_i64(payment, "amount") : record_i64(payment, "amount");
}

/* Only what gives more back, or takes away what was paid, is asked; and only of orders of which a return gave money back. */
static enum err keep_paid(struct ctx *ctx, int64_t order_id, int64_t less)
{
	int64_t back[RETURNS_ANSWER], left = 0;
	struct record *order;
	if (less <= 0)
		return OK;
	enum err err = returns_ask(ctx, &sql_return_order_refunded, order_id, 0, NULL, back);
	if (err != OK || back[0] == 0)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, "order"), order_id, &order);
	if (err == OK)
		err = return_paid(ctx, order, &left);
	return err == OK && left < less ? fail(ctx, ERR_CONFLICT, "", "return_paid_back") : err;
}

static enum err payment_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	const struct record *r = now != NULL ? now : old;
	struct record *order;
	int64_t first = 0;
	(void)entity;
	if (record_i64(r, "order_id") == 0)
		return OK;
	enum err err = first_of(ctx, record_i64(r, "order_id"), &first);
	bool of_return = first != 0;
	int64_t of = of_return ? first : record_i64(r, "order_id");
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), of, &order);
	if (err == ERR_NOT_FOUND) { /* goes with it */
		faults_clear(ctx);
		return OK;
	}
	if (err != OK)
		return err;
	const char *currency = record_currency(ctx, order, entity_field(order->info, "total"));
	int64_t less = worth(ctx, old, currency, of_return) - worth(ctx, now, currency, of_return);
	if (of_return && less > 0) { /* the first refund of an order has none before it */
		int64_t left = 0;
		err = return_paid(ctx, order, &left);
		return err == OK && left < less ? fail(ctx, ERR_CONFLICT, "amount", "return_paid_back") : err;
	}
	return keep_paid(ctx, of, less);
}

static enum err allocation_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *due;
	(void)entity;
	if (old == NULL || now != NULL)
		return OK; /* they never change */
	enum err err = record_load(ctx, registry_find(ctx->registry, "receivable"), record_i64(old, "receivable_id"), &due);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	return err == OK && record_i64(due, "order_id") != 0 ? keep_paid(ctx, record_i64(due, "order_id"), record_i64(old, "settles")) : err;
}

/* --- whose it is --------------------------------------------------------------------------------------------- */

static enum err order_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	int64_t *ids;
	size_t n;
	struct record *patch;
	(void)entity;
	if (old == NULL || now == NULL || same(old, now, "customer_id"))
		return OK;
	enum err err = returns_ids(ctx, &sql_returns_of_order, record_id(now), &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = record_new(ctx, registry_find(ctx->registry, goods_return_entity.name), &patch);
		if (err == OK)
			err = record_set(ctx, patch, "customer_id", *record_value(now, "customer_id"));
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED, NULL);
	}
	return err;
}

static const char *const writes[] = {"goods_return", NULL};

const struct reaction returns_reactions[] = {
	{"order_line", line_before, NULL, NULL, NULL},
	{"payment", payment_before, NULL, NULL, NULL},
	{"allocation", allocation_before, NULL, NULL, NULL},
	{"order", NULL, order_after, writes, NULL},
	{0},
};
