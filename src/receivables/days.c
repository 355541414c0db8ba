/* Days by the firm's clock, and what every amount of this folder has: a currency and the rate of a day. */
#include <stdio.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "customers/customers.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, RATE_SCALE = 8, KEPT_SCALE = 6 };

/* False: a day before the year 1 or after 9999, which none can be written as. */
static bool write_day(int64_t ms, char ret[RECEIVABLES_DAY_BYTES])
{
	struct civil civil;
	time_to_civil(ms, &civil);
	(void)snprintf(ret, RECEIVABLES_DAY_BYTES, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100, civil.day % 100);
	return civil.year >= 1 && civil.year <= 9999;
}

enum err receivables_clock(struct ctx *ctx, struct text_zone **ret)
{
	const char *name;
	*ret = NULL;
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err == OK && !text_zone_new(name, ret))
		*ret = NULL;
	return err;
}

enum err receivables_day_at(struct ctx *ctx, struct text_zone *clock, int64_t at, char ret[RECEIVABLES_DAY_BYTES])
{
	at += clock != NULL ? (int64_t)text_zone_seconds(clock, at) * 1000 : 0;
	return write_day(at, ret) ? OK : fail(ctx, ERR_INVALID, "", "day_range");
}

enum err receivables_day_of(struct ctx *ctx, int64_t at, char ret[RECEIVABLES_DAY_BYTES])
{
	struct text_zone *clock;
	enum err err = receivables_clock(ctx, &clock);
	if (err == OK)
		err = receivables_day_at(ctx, clock, at, ret);
	text_zone_free(clock);
	return err;
}

enum err receivables_today(struct ctx *ctx, int64_t days, char ret[RECEIVABLES_DAY_BYTES])
{
	return receivables_day_of(ctx, ctx_now(ctx) + days * (int64_t)DAY_MS, ret);
}

enum err receivables_day_after(struct ctx *ctx, const char *day, int64_t days, char ret[RECEIVABLES_DAY_BYTES])
{
	int64_t at;
	if (!time_parse(day, &at))
		return fail(ctx, ERR_BUG, "", "day");
	return write_day(at + days * (int64_t)DAY_MS, ret) ? OK : fail(ctx, ERR_INVALID, "", "day_range");
}

enum err receivables_moment(struct ctx *ctx, const char *day, int hour, int64_t *ret)
{
	struct text_zone *clock;
	int64_t at;
	if (!time_parse(day, &at))
		return fail(ctx, ERR_BUG, "", "day");
	at += (int64_t)hour * HOUR_MS;
	enum err err = receivables_clock(ctx, &clock);
	*ret = at - (clock != NULL ? (int64_t)text_zone_offset(clock, at) * MINUTE_MS : 0);
	text_zone_free(clock);
	return err;
}

bool receivables_is(const struct record *r, const char *field, const char *text)
{
	return r != NULL && str_equal(record_text(r, field), text);
}

bool receivables_same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

enum err receivables_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t without, int64_t ret[2])
{
	struct stmt *stmt;
	bool row = false;
	ret[0] = ret[1] = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, without);
	err = stmt_step(ctx, stmt, &row);
	for (int i = 0; err == OK && row && i < 2; i++)
		ret[i] = stmt_i64(stmt, i);
	stmt_done(stmt);
	return err;
}

enum err receivables_ids(struct ctx *ctx, const struct sql *sql, int64_t id, size_t max, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret = arena_array(ctx->arena, max, sizeof(**ret));
	*ret_n = 0;
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	while (*ret_n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		(*ret)[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* The newest rate that holds on the day; none: it stays empty, and the amount counts in no sum of the base currency. */
static enum err dated_rate(struct ctx *ctx, struct record *now, const char *currency, const char *day)
{
	struct stmt *stmt;
	bool row = false;
	int64_t rate;
	enum err err = db_prepare(ctx, ctx->db, &sql_receivables_rate, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, currency);
	stmt_bind_text(stmt, 2, day);
	err = stmt_step(ctx, stmt, &row);
	bool found = err == OK && row && decimal_rescale(stmt_i64(stmt, 0), RATE_SCALE, KEPT_SCALE, &rate) && rate > 0;
	stmt_done(stmt);
	return found ? record_set(ctx, now, "fx_rate", value_int(rate)) : err;
}

enum err receivables_currency(struct ctx *ctx, const struct record *old, struct record *now, const char *day)
{
	const char *base = registry_base_currency(ctx->registry);
	enum err err = OK;
	if (str_empty(record_text(now, "currency")))
		err = record_set(ctx, now, "currency", value_text(base));
	const char *currency = record_text(now, "currency");
	bool moved = old != NULL && !receivables_same(old, now, "currency");
	bool given = record_value(now, "fx_rate")->kind != VALUE_NULL && !(moved && receivables_same(old, now, "fx_rate"));
	return err == OK && !given && !str_equal(currency, base) ? dated_rate(ctx, now, currency, day) : err;
}

enum err receivables_in_currency(struct ctx *ctx, struct record *now, const char *field, const char *currency_field, const char *currency)
{
	const char *given = record_text(now, currency_field);
	int from = currency_scale(registry_base_currency(ctx->registry)), to = currency_scale(currency);
	int64_t amount = record_i64(now, field), there, back;
	if (!str_empty(given))
		return str_equal(given, currency) ? OK : fail_arg(ctx, ERR_INVALID, currency_field, "receivable_other_currency", currency);
	enum err err = record_set(ctx, now, currency_field, value_text(currency));
	if (err != OK || from == to || record_value(now, field)->kind != VALUE_INT)
		return err;
	if (!decimal_rescale(amount, from, to, &there) || !decimal_rescale(there, to, from, &back) || back != amount)
		return fail_arg(ctx, ERR_INVALID, field, "receivable_decimals", currency);
	return record_set(ctx, now, field, value_int(there));
}

enum err receivables_belong(struct ctx *ctx, struct record *now)
{
	struct customer_belongs belongs;
	int64_t customer = record_i64(now, "customer_id");
	if (customer == 0 || record_i64(now, "owner_id") != 0)
		return OK;
	enum err err = customer_belongs(ctx, customer, &belongs);
	const struct {
		const char *field;
		int64_t id;
	} all[] = {{"owner_id", belongs.owner_id}, {"team_id", belongs.team_id}, {"branch_id", belongs.branch_id}};
	for (size_t i = 0; err == OK && i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].id != 0 && record_i64(now, all[i].field) == 0)
			err = record_set(ctx, now, all[i].field, value_int(all[i].id));
	}
	return err;
}
