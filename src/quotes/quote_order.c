/* The order of an accepted quote: the same lines, the same sums to the cent. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/str.h"
#include "pricing/pricing_store.h"
#include "quotes/quotes.h"

static enum err make_head(struct ctx *ctx, const struct record *quote, struct record **ret)
{
	static const char *const same[] = {"customer_id", "channel_id", "owner_id", "team_id", "branch_id"};
	bool included = record_i64(quote, "tax_included") != 0;
	const char *source = arena_printf(ctx->arena, "quote %s", record_text(quote, "number"));
	const char *currency = record_currency(ctx, quote, entity_field(quote->info, "total"));
	enum err err = source != NULL ? record_new(ctx, registry_find(ctx->registry, "order"), ret) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]) && err == OK; i++) {
		if (record_i64(quote, same[i]) != 0)
			err = record_set(ctx, *ret, same[i], value_int(record_i64(quote, same[i])));
	}
	if (err == OK)
		err = record_set(ctx, *ret, "currency", value_text(currency));
	if (err == OK)
		err = record_set(ctx, *ret, "source", value_text(source));
	if (err == OK)
		err = record_set(ctx, *ret, "kind", value_text("sale"));
	if (err == OK && !included)
		err = record_set(ctx, *ret, "tax", value_int(record_i64(quote, "tax")));
	if (err == OK)
		err = record_set(ctx, *ret, "placed_at", value_int(ctx_now(ctx)));
	return err == OK ? record_create(ctx, *ret, W_TRUSTED) : err;
}

/* An order's line comes to quantity times price less its discount: what the quote shows is what is left. */
static enum err make_line(struct ctx *ctx, const struct record *line, bool included, int64_t order, int64_t position)
{
	static const char *const texts[] = {"name", "unit"};
	struct record *to;
	int64_t raw, shown = record_i64(line, included ? "total" : "net");
	bool gift = str_equal(record_text(line, "source"), "gift");
	if (!decimal_mul(record_i64(line, "price"), record_i64(line, "quantity"), 3, &raw))
		return fail(ctx, ERR_INVALID, "total", "number_too_large");
	enum err err = record_new(ctx, registry_find(ctx->registry, "order_line"), &to);
	if (err == OK)
		err = record_set(ctx, to, "order_id", value_int(order));
	if (err == OK)
		err = record_set(ctx, to, "position", value_int(position));
	if (err == OK)
		err = record_set(ctx, to, "kind", value_text(gift ? "gift" : "sale"));
	if (err == OK && record_i64(line, "product_id") != 0)
		err = record_set(ctx, to, "product_id", value_int(record_i64(line, "product_id")));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && err == OK; i++)
		err = record_set(ctx, to, texts[i], value_text(record_text(line, texts[i])));
	if (err == OK)
		err = record_set(ctx, to, "quantity", value_int(record_i64(line, "quantity")));
	if (err == OK)
		err = record_set(ctx, to, "unit_price", value_int(record_i64(line, "price")));
	if (err == OK)
		err = record_set(ctx, to, "discount", value_int(raw - shown));
	return err == OK ? record_create(ctx, to, W_TRUSTED) : err;
}

static enum err use_promotions(struct ctx *ctx, const struct record *quote)
{
	const char *text = record_text(quote, "promotions"), *currency = record_currency(ctx, quote, entity_field(quote->info, "total"));
	const char *reference = arena_printf(ctx->arena, "quote %s v%lld", record_text(quote, "number"), (long long)record_i64(quote, "version_no"));
	json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;
	enum err err = reference != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < json_array_size(list) && err == OK; i++) {
		const json_t *one = json_array_get(list, i);
		int64_t id = 0, amount = 0;
		const char *money = json_string_value(json_object_get(one, "amount"));
		if (!id_parse(json_string_value(json_object_get(one, "id")), &id) || money == NULL || !decimal_parse(money, currency_scale(currency), &amount))
			continue;
		err = promotion_take_one(ctx, id, record_i64(quote, "customer_id"), reference, amount, currency);
	}
	json_decref(list);
	return err;
}

enum err quote_make_order(struct ctx *ctx, const struct record *quote, int64_t *ret)
{
	struct record **lines, *order;
	size_t n;
	int64_t position = 0;
	const struct entity_info *orders = registry_find(ctx->registry, "order");
	/* who accepts for the customer makes an order */
	if (ctx->actor == NULL || entity_scope(ctx->actor, orders, ACTION_CREATE) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "state", "quote_no_order_right");
	enum err err = use_promotions(ctx, quote);
	if (err == OK)
		err = quote_lines(ctx, record_id(quote), &lines, &n);
	if (err == OK)
		err = make_head(ctx, quote, &order);
	for (size_t i = 0; err == OK && i < n; i++) {
		if (record_i64(lines[i], "optional") == 0 || record_i64(lines[i], "chosen") != 0)
			err = make_line(ctx, lines[i], record_i64(quote, "tax_included") != 0, record_id(order), ++position);
	}
	if (err == OK)
		*ret = record_id(order);
	return err;
}
