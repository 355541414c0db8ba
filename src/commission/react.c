/* What happens to orders and money of periods that are closed is noted, and the open period takes it up. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

static int64_t day_number(const char *text)
{
	int64_t at;
	return text != NULL && time_parse(text, &at) ? at / DAY_MS - (at % DAY_MS < 0) : INT64_MIN;
}

enum err commission_day_closed(struct ctx *ctx, const char *period, int64_t day, bool *ret)
{
	char text[RECEIVABLES_DAY_BYTES];
	struct stmt *stmt;
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, period != NULL ? &sql_commission_closed_day : &sql_commission_closed_any_day, &stmt);
	if (err != OK)
		return err;
	commission_day_text(day, text);
	if (period != NULL)
		stmt_bind_text(stmt, 1, period);
	stmt_bind_text(stmt, period != NULL ? 2 : 1, text);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

enum err commission_order_frozen(struct ctx *ctx, int64_t order_id, bool *ret)
{
	struct stmt *stmt;
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_order_frozen, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order_id);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err put_change(struct ctx *ctx, const char *source)
{
	struct record *r;
	struct stmt *stmt;
	char today[RECEIVABLES_DAY_BYTES];
	bool there = false;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_commission_change_there, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, today);
	stmt_bind_text(stmt, 2, source);
	err = stmt_step(ctx, stmt, &there);
	stmt_done(stmt);
	if (err != OK || there)
		return err;
	const char *day = arena_strdup(ctx->arena, today), *copy = arena_strdup(ctx->arena, source);
	err = day != NULL && copy != NULL ? record_new(ctx, registry_find(ctx->registry, commission_change_entity.name), &r) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = record_set(ctx, r, "source", value_text(copy));
	if (err == OK)
		err = record_set(ctx, r, "noticed_on", value_text(day));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

enum err commission_changed(struct ctx *ctx, const char *source, int64_t day)
{
	bool closed = false;
	if (day == INT64_MIN)
		return OK;
	enum err err = commission_day_closed(ctx, NULL, day, &closed);
	return err == OK && closed ? put_change(ctx, source) : err;
}

static enum err changed_at(struct ctx *ctx, const char *source, const struct record *r, const char *field)
{
	char day[RECEIVABLES_DAY_BYTES];
	if (r == NULL || record_value(r, field)->kind != VALUE_INT)
		return OK;
	enum err err = receivables_day_of(ctx, record_i64(r, field), day);
	if (err == ERR_INVALID) { /* a day nobody closes */
		faults_clear(ctx);
		return OK;
	}
	return err == OK ? commission_changed(ctx, source, day_number(day)) : err;
}

static const char *name_of(struct ctx *ctx, const char *entity, const struct record *r)
{
	return arena_printf(ctx->arena, "%s/%lld", entity, (long long)record_id(r));
}

static enum err any_closed(struct ctx *ctx, bool *ret)
{
	struct stmt *stmt;
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_any_closed, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err move_splits(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	if (old == NULL || now == NULL || same(old, now, "placed_at"))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_order_splits_at, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(now));
	stmt_bind_i64(stmt, 2, record_i64(now, "placed_at"));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Money received is a part of its order's base: when that changes, so does what it counted. */
static enum err money_changed(struct ctx *ctx, int64_t order_id)
{
	struct stmt *stmt;
	struct {
		const char *source;
		int64_t day, at;
	} list[200];
	size_t n = 0;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_order_money, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < sizeof(list) / sizeof(list[0])) {
		list[n].source = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		list[n].day = day_number(stmt_text(stmt, 1));
		list[n].at = stmt_i64(stmt, 2);
		n += list[n].source != NULL ? 1 : 0;
	}
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++) {
		char day[RECEIVABLES_DAY_BYTES];
		if (list[i].day == INT64_MIN && list[i].at != 0) {
			err = receivables_day_of(ctx, list[i].at, day);
			list[i].day = err == OK ? day_number(day) : INT64_MIN;
		}
		if (err == OK)
			err = commission_changed(ctx, list[i].source, list[i].day);
	}
	return err;
}

static const char *const counted[] = {"state", "placed_at", "total", "lines_total", "tax", "discount", "shipping_fee", "fx_rate", "currency", "kind", "original_order_id", NULL};

static bool differ(const struct record *old, const struct record *now, const char *const *fields)
{
	for (; *fields != NULL; fields++) {
		if (!same(old, now, *fields))
			return true;
	}
	return false;
}

static enum err order_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	bool both = old != NULL && now != NULL, amounts = both && differ(old, now, &counted[2]), any;
	(void)entity;
	if (both && !differ(old, now, counted))
		return OK;
	enum err err = move_splits(ctx, old, now);
	if (err == OK)
		err = any_closed(ctx, &any);
	if (err != OK || !any)
		return err;
	const char *source = name_of(ctx, "order", now != NULL ? now : old);
	err = source != NULL ? changed_at(ctx, source, old, "placed_at") : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = changed_at(ctx, source, now, "placed_at");
	return err == OK && amounts ? money_changed(ctx, record_id(now)) : err;
}

static enum err payment_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	const char *source = name_of(ctx, "payment", now != NULL ? now : old);
	(void)entity;
	if (same(old, now, "state") && same(old, now, "amount") && same(old, now, "kind") && same(old, now, "paid_at"))
		return OK;
	enum err err = source != NULL ? changed_at(ctx, source, old, "paid_at") : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? changed_at(ctx, source, now, "paid_at") : err;
}

static enum err allocation_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	const struct record *r = now != NULL ? now : old;
	const char *source = name_of(ctx, "allocation", r);
	struct record *receipt;
	bool any;
	(void)entity;
	enum err err = source != NULL ? any_closed(ctx, &any) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK || !any)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, "receipt"), record_i64(r, "receipt_id"), &receipt);
	if (err == ERR_NOT_FOUND) { /* gone with its receipt: what was paid of it says so itself */
		faults_clear(ctx);
		return put_change(ctx, source);
	}
	return err == OK ? commission_changed(ctx, source, day_number(record_text(receipt, "received_on"))) : err;
}

static enum err receipt_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	int64_t ids[500];
	size_t n = 0;
	bool row = false;
	(void)entity;
	if (old == NULL || now == NULL || same(old, now, "received_on"))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_receipt_allocations, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(now));
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < sizeof(ids) / sizeof(ids[0]))
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++) {
		const char *source = arena_printf(ctx->arena, "allocation/%lld", (long long)ids[i]);
		err = source != NULL ? commission_changed(ctx, source, day_number(record_text(old, "received_on"))) : fail(ctx, ERR_LIMIT, "", "memory");
		if (err == OK)
			err = commission_changed(ctx, source, day_number(record_text(now, "received_on")));
	}
	return err;
}

static const char *const writes[] = {"commission_change", NULL};

const struct reaction commission_reactions[] = {
	{.entity = "order", .after = order_changed, .writes = writes},
	{.entity = "payment", .after = payment_changed, .writes = writes},
	{.entity = "allocation", .after = allocation_changed, .writes = writes},
	{.entity = "receipt", .after = receipt_changed, .writes = writes},
	{.entity = NULL},
};
