/* Prices as records: books, promotions, rates; and what a basket comes to by them. */
#ifndef GUANXI_PRICING_PRICING_STORE_H
#define GUANXI_PRICING_PRICING_STORE_H

#include <string.h>

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/tax/tax.h"
#include "pricing/pricing.h"

extern const struct entity price_book_entity, price_rule_entity, exchange_rate_entity, product_unit_entity, promotion_entity, promotion_use_entity;
extern const struct route pricing_routes[];
extern const struct setting pricing_settings[];
extern const struct option *const pricing_levels;

/* For hooks: the second is not before the first (dates); a currency there is. */
enum err pricing_check_period(struct ctx *ctx, const struct record *r, const char *from, const char *until) MUST_CHECK;
enum err pricing_check_currency(struct ctx *ctx, const struct record *r, const char *field) MUST_CHECK;

/* --- what is asked ----------------------------------------------------------------- */

struct pricing_want {
	int64_t product_id;
	const char *sku;       /* instead of the id; NULL: none */
	const char *name;      /* what stands on a line without a product */
	struct fraction quantity;
	const char *unit;      /* NULL or "": the product's own */
	bool by_hand;          /* somebody said the price */
	struct fraction price;
	struct fraction percent_off; /* on top */
	bool no_promotion;
};

struct pricing_request {
	int64_t customer_id, channel_id; /* 0: nobody, none */
	const char *currency;            /* NULL or "": the firm's */
	int64_t at_ms;
	const struct pricing_want *lines;
	size_t n;
	const char *const *coupons;
	size_t n_coupons;
	struct fraction discount; /* money off the whole; zero: none */
};

/* --- what comes out --------------------------------------------------------------------- */

enum pricing_source { PRICING_BY_HAND, PRICING_BOOK, PRICING_LIST, PRICING_GIFT };

struct pricing_promotion;

struct pricing_given {
	const struct pricing_promotion *promotion;
	struct fraction amount;
};

struct pricing_line {
	int64_t product_id, category_id, tax_id;
	const char *sku, *name, *unit;
	struct fraction quantity, price, list_price; /* of the line's unit; list_price zero: not known */
	struct fraction cost;    /* of the unit, in the request's currency; has_cost: known */
	bool has_cost;
	enum pricing_source source;
	const char *why;         /* in the context's language */
	int64_t book_id, rule_id, line_no;
	struct fraction percent_off;
	struct fraction tax_percent;
	const char *tax_name;    /* NULL: none */
	struct tax tax;
	struct pricing_given *given;
	size_t n_given;
	struct fraction off, net, tax_amount, total; /* as shown */
	bool no_promotion;
};

struct pricing_promotion {
	int64_t id;
	const char *name, *kind, *coupon, *coupon_key, *currency, *exclusion;
	struct fraction percent, amount, gift_quantity, min_amount, min_quantity;
	int64_t take, pay, gift_product_id, product_id, category_id, max_uses, max_per_customer, used;
	bool each_time, exclusive, has_max, has_max_per_customer;
	bool asked;             /* its coupon was shown */
	struct fraction given;  /* in all; zero: it did not hold */
	bool holds;             /* gave something, money or a gift */
	const char *why_not;    /* message key; NULL: it was not asked for */
};

struct pricing_result {
	const char *currency;
	int scale;               /* its fraction digits */
	bool tax_included;
	enum tax_way way;
	struct pricing_line *lines; /* those asked for, in their order, then gifts */
	size_t n;
	struct pricing_promotion *promotions;
	size_t n_promotions;
	const char *const *unknown; /* coupons that none knows */
	size_t n_unknown;
	struct fraction net, tax, total, discount;
};

enum { PRICING_LINES_MAX = 2000, PRICING_COUPONS_MAX = 50 };

/* Prices, promotions, taxes and sums of a basket, nothing is saved.  Rights of products and the customer are asked of ctx's
 * actor; all lines' faults are told together ("lines[2].product_id"). */
enum err pricing_work_out(struct ctx *ctx, const struct pricing_request *request, struct pricing_result *ret) MUST_CHECK;

/* In a write job: one use of a promotion for what `reference` names ("order 17"), once, however often it is said.
 * ERR_CONFLICT "promotion_used_up" when its limits are reached: exactly as many succeed as may, also at once. */
enum err promotion_take_one(struct ctx *ctx, int64_t promotion_id, int64_t customer_id, const char *reference, int64_t amount, const char *currency) MUST_CHECK;

/* What one of `from` is worth in `to` on that day, by the rates there are; ERR_INVALID "pricing_no_rate". */
struct pricing_rates;
enum err pricing_rates_load(struct ctx *ctx, const char *date, const struct pricing_rates **ret) MUST_CHECK;
enum err pricing_rate(struct ctx *ctx, const struct pricing_rates *rates, const char *from, const char *to, struct fraction *ret) MUST_CHECK;

#endif
