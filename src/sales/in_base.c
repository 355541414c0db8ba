#include "base/decimal.h"
#include "base/str.h"
#include "sales/sales.h"

enum { RATE_SCALE = 6 };

/* The rate of the base currency is 1. That of another is not known until it is given, and is not that of the one before. */
static enum err settle_rate(struct ctx *ctx, const struct record *old, struct record *now, int amount, bool *ret_known)
{
	const char *code = record_currency(ctx, now, amount);
	const struct value *rate = record_value(now, "fx_rate");
	bool moved = old != NULL && !str_equal(code, record_currency(ctx, old, amount));
	*ret_known = rate->kind != VALUE_NULL && !(moved && value_equal(rate, record_value(old, "fx_rate")));
	if (*ret_known)
		return rate->i > 0 ? OK : fail(ctx, ERR_INVALID, "fx_rate", "not_positive");
	*ret_known = str_equal(code, registry_base_currency(ctx->registry));
	return record_set(ctx, now, "fx_rate", *ret_known ? value_int(1000000) : value_null());
}

enum err sales_in_base(struct ctx *ctx, const struct record *old, struct record *now, const char *amount, const char *in_base)
{
	int at = entity_field(now->info, amount);
	const struct value *value = record_value(now, amount);
	bool known;
	int64_t base;
	enum err err = settle_rate(ctx, old, now, at, &known);
	if (err != OK || !known || value->kind == VALUE_NULL)
		return err != OK ? err : record_set(ctx, now, in_base, value_null());
	/* to more decimals before, to fewer after the rate: so it is rounded once */
	int64_t rate = record_i64(now, "fx_rate");
	int scale = currency_scale(record_currency(ctx, now, at)), base_scale = currency_scale(registry_base_currency(ctx->registry));
	bool fits = base_scale > scale ? decimal_rescale(value->i, scale, base_scale, &base) && decimal_mul(base, rate, RATE_SCALE, &base)
	                               : decimal_mul(value->i, rate, RATE_SCALE + scale - base_scale, &base);
	return fits ? record_set(ctx, now, in_base, value_int(base)) : fail(ctx, ERR_INVALID, amount, "number_too_large");
}
