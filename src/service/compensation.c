/* What is given to make a complaint good: within limits, else by approval; refunds within what was paid. */
#include "base/decimal.h"
#include "base/str.h"
#include "service/complaint.h"
#include "service/service_internal.h"
#include "service_sql.h"

static enum err ask(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, int64_t *ret, bool *ret_some)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_step(ctx, stmt, &row);
	*ret_some = row && !stmt_is_null(stmt, 0);
	*ret = *ret_some ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* Who asks for amends of one case at once waits here: sums are taken one after the other. */
static enum err hold_case(struct ctx *ctx, int64_t case_id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_compensation_hold, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* The same for an order, for money of it may go back in several cases. */
static enum err hold_order(struct ctx *ctx, int64_t order_id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_compensation_hold_order, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Money goes back to who paid it: the order is the case's, or at least of its customer. */
static enum err check_payer(struct ctx *ctx, int64_t order_id, const struct record *matter)
{
	struct record *order;
	int64_t customer = record_i64(matter, "customer_id");
	if (order_id == record_i64(matter, "order_id"))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "order"), order_id, &order);
	if (err != OK)
		return err;
	return customer != 0 && record_i64(order, "customer_id") == customer ? OK : fail(ctx, ERR_INVALID, "order_id", "compensation_payer");
}

/* What was paid for the order, less what went back and is to go back already. */
static enum err check_refund(struct ctx *ctx, const struct record *now, const struct record *matter)
{
	int64_t order = record_i64(now, "order_id"), left = 0;
	bool some = false;
	if (!str_equal(record_text(now, "kind"), "refund"))
		return OK;
	if (order == 0)
		return fail(ctx, ERR_INVALID, "order_id", "compensation_order");
	enum err err = check_payer(ctx, order, matter);
	if (err == OK)
		err = hold_order(ctx, order);
	if (err == OK)
		err = ask(ctx, &sql_compensation_left, order, record_id(now), &left, &some);
	return err == OK && record_i64(now, "amount") > left ? fail(ctx, ERR_CONFLICT, "amount", "compensation_over_paid") : err;
}

/* Whether the actor may give so much in this case: what they, or everybody, may at the severity that the firm's criteria found;
 * nothing said: nothing. A person's word on severity widens no limit: it may be the word of who gives. */
static enum err within_limit(struct ctx *ctx, const struct record *now, const struct record *matter, bool *ret)
{
	int64_t limit = 0, user = ctx->actor != NULL ? ctx->actor->user_id : 0;
	bool some = false;
	*ret = ctx->actor != NULL && (ctx->actor->kind == ACTOR_SYSTEM || gate_cap(ctx->actor, CAP_ADMIN));
	enum err err = ask(ctx, &sql_compensation_limit, user, record_i64(matter, "grade_id"), &limit, &some);
	if (err == OK && some && record_i64(matter, "amends") + record_i64(now, "amount_base") <= limit)
		*ret = true;
	return err;
}

/* Money of an order is in its currency; limits are in the firm's. Without a rate nobody's limit reaches. */
static enum err settle_money(struct ctx *ctx, struct record *now)
{
	struct record *order = NULL;
	int64_t base = record_i64(now, "amount");
	enum err err = OK;
	if (str_equal(record_text(now, "kind"), "refund") && record_i64(now, "order_id") != 0)
		err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(now, "order_id"), &order);
	if (err != OK)
		return err;
	const char *currency = order != NULL ? record_text(order, "currency") : NULL;
	bool foreign = currency != NULL && !str_equal(currency, registry_base_currency(ctx->registry));
	if (foreign && (record_i64(order, "fx_rate") == 0 || !decimal_mul(base, record_i64(order, "fx_rate"), 6, &base)))
		base = INT64_MAX / 4;
	err = case_set_text(ctx, now, "currency", currency);
	return err == OK ? case_set_int(ctx, now, "amount_base", base) : err;
}

/* What is offered is of one kind and worth: said to be less, it would pass by the limit. */
static enum err take_item(struct ctx *ctx, struct record *now)
{
	struct record *item;
	if (record_i64(now, "item_id") == 0)
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "compensation_item"), record_i64(now, "item_id"), &item);
	if (err != OK)
		return err;
	const char *kind = record_text(now, "kind");
	int64_t amount = record_i64(now, "amount");
	bool valued = record_value(item, "value")->kind != VALUE_NULL;
	if (record_i64(item, "active") == 0)
		return fail(ctx, ERR_INVALID, "item_id", "compensation_item_over");
	if (kind != NULL && !str_equal(kind, record_text(item, "kind")))
		return fail(ctx, ERR_INVALID, "kind", "compensation_item_other");
	if (valued && amount != 0 && amount != record_i64(item, "value"))
		return fail(ctx, ERR_INVALID, "amount", "compensation_item_other");
	err = record_set(ctx, now, "kind", value_text(record_text(item, "kind")));
	return err == OK && valued ? case_set_int(ctx, now, "amount", record_i64(item, "value")) : err;
}

static enum err fill_in(struct ctx *ctx, struct record *now, const struct record *matter)
{
	enum err err = take_item(ctx, now);
	if (err == OK && record_i64(now, "amount") < 0)
		err = fail(ctx, ERR_INVALID, "amount", "compensation_negative");
	if (err == OK && record_i64(now, "order_id") == 0)
		err = case_set_id(ctx, now, "order_id", record_i64(matter, "order_id"));
	return err == OK ? settle_money(ctx, now) : err;
}

static enum err note_decision(struct ctx *ctx, struct record *now)
{
	enum err err = case_set_id(ctx, now, "decided_by_id", ctx->actor != NULL ? ctx->actor->user_id : 0);
	return err == OK ? case_set_int(ctx, now, "decided_at", ctx_now(ctx)) : err;
}

static enum err ask_for(struct ctx *ctx, struct record *now, const struct record *matter)
{
	bool may = false;
	enum err err = fill_in(ctx, now, matter);
	if (err == OK)
		err = check_refund(ctx, now, matter);
	if (err == OK)
		err = within_limit(ctx, now, matter, &may);
	if (err == OK)
		err = case_set_id(ctx, now, "asked_by_id", ctx->actor != NULL ? ctx->actor->user_id : 0);
	if (err == OK && may)
		err = note_decision(ctx, now);
	return err == OK ? record_set(ctx, now, "state", value_text(may ? "approved" : "asked")) : err;
}

enum step { STEP_NONE, STEP_APPROVE, STEP_REFUSE, STEP_GIVE };

/* Money that went out does not come back by a word: that is a payment, and the limit stays used. */
static enum step step_of(const char *from, const char *to, bool money)
{
	if (str_equal(from, "asked"))
		return str_equal(to, "approved") ? STEP_APPROVE : str_equal(to, "refused") ? STEP_REFUSE : STEP_NONE;
	if (str_equal(from, "approved") && str_equal(to, "given"))
		return STEP_GIVE;
	return str_equal(to, "taken_back") && (str_equal(from, "approved") || (str_equal(from, "given") && !money)) ? STEP_GIVE : STEP_NONE;
}

/* asked → approved or refused, by somebody else whose limit it is within; approved → given, taken back. */
static enum err decide(struct ctx *ctx, const struct record *old, struct record *now, const struct record *matter)
{
	const char *from = record_text(old, "state"), *to = record_text(now, "state");
	enum step step = step_of(from, to, str_equal(record_text(now, "kind"), "refund"));
	bool may = false, person = ctx->actor != NULL && ctx->actor->kind != ACTOR_SYSTEM;
	if (str_equal(from, to))
		return OK;
	if (step == STEP_GIVE) /* what was paid back otherwise meanwhile is not paid twice */
		return str_equal(to, "given") ? check_refund(ctx, now, matter) : OK;
	if (step == STEP_NONE)
		return fail(ctx, ERR_INVALID, "state", "compensation_step");
	if (step == STEP_REFUSE)
		return note_decision(ctx, now);
	if (person && record_i64(old, "asked_by_id") == ctx->actor->user_id)
		return fail(ctx, ERR_FORBIDDEN, "state", "compensation_own");
	enum err err = within_limit(ctx, now, matter, &may);
	if (err == OK && !may)
		err = fail(ctx, ERR_FORBIDDEN, "state", "compensation_over_limit");
	return err == OK ? note_decision(ctx, now) : err;
}

enum err compensation_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *matter;
	(void)entity;
	if (now == NULL || case_is_restored(old, now) || record_i64(now, "case_id") == 0)
		return OK;
	enum err err = hold_case(ctx, record_i64(now, "case_id"));
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "case"), record_i64(now, "case_id"), &matter);
	if (err != OK)
		return err;
	return old == NULL ? ask_for(ctx, now, matter) : decide(ctx, old, now, matter);
}

static bool counts(const struct record *record)
{
	const char *state = record != NULL ? record_text(record, "state") : NULL;
	return str_equal(state, "approved") || str_equal(state, "given");
}

/* The case keeps how much was granted, so that it stays used when the amends themselves are deleted. */
static enum err keep_sum(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	if (counts(old) == counts(now))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_compensation_sum, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_i64(now, "case_id"));
	stmt_bind_i64(stmt, 2, counts(now) ? record_i64(now, "amount_base") : -record_i64(now, "amount_base"));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err pay_back(struct ctx *ctx, const struct record *now)
{
	struct record *payment, *matter;
	enum err err = record_load(ctx, registry_find(ctx->registry, "case"), record_i64(now, "case_id"), &matter);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, "payment"), &payment);
	if (err == OK)
		err = case_set_id(ctx, payment, "order_id", record_i64(now, "order_id"));
	if (err == OK)
		err = record_set(ctx, payment, "kind", value_text("refund"));
	if (err == OK)
		err = case_set_text(ctx, payment, "currency", record_text(now, "currency"));
	if (err == OK)
		err = case_set_int(ctx, payment, "amount", record_i64(now, "amount"));
	if (err == OK)
		err = case_set_int(ctx, payment, "paid_at", ctx_now(ctx));
	if (err == OK)
		err = case_set_text(ctx, payment, "reference", record_text(matter, "number"));
	return err == OK ? record_create(ctx, payment, W_TRUSTED) : err;
}

enum err compensation_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (now == NULL || case_is_restored(old, now))
		return OK;
	enum err err = keep_sum(ctx, old, now);
	bool given = old != NULL && str_equal(record_text(now, "state"), "given") && !str_equal(record_text(old, "state"), "given");
	return err == OK && given && str_equal(record_text(now, "kind"), "refund") ? pay_back(ctx, now) : err;
}
