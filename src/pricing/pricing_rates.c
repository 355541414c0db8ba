/* Rates between currencies on a day: all are kept against the base currency, so there is one way from one to another. */
#include "base/str.h"
#include "pricing/pricing_work.h"
#include "pricing_sql.h"

struct rate {
	char currency[4];
	struct fraction rate;
};

struct pricing_rates {
	const char *base;
	struct rate *list;
	size_t n;
};

enum err pricing_rates_load(struct ctx *ctx, const char *date, const struct pricing_rates **ret)
{
	struct pricing_rates *rates = arena_alloc(ctx->arena, sizeof(*rates));
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	if (rates == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	rates->base = registry_base_currency(ctx->registry);
	*ret = rates;
	enum err err = db_prepare(ctx, ctx->db, &sql_pricing_rates, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, date);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		const char *code = stmt_text(stmt, 0);
		if (!pricing_work_grow(ctx, &rates->list, rates->n, &cap, sizeof(*rates->list))) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
		if (code == NULL || strlen(code) != 3)
			continue;
		struct rate *r = &rates->list[rates->n++];
		*r = (struct rate){.rate = fraction_scaled(stmt_i64(stmt, 1), 8)};
		memcpy(r->currency, code, 4);
	}
	stmt_done(stmt);
	return err;
}

static bool in_base(const struct pricing_rates *rates, const char *currency, struct fraction *ret)
{
	*ret = fraction_of(1);
	if (str_equal(currency, rates->base))
		return true;
	for (size_t i = 0; i < rates->n; i++) {
		if (str_equal(rates->list[i].currency, currency)) {
			*ret = rates->list[i].rate;
			return true;
		}
	}
	return false;
}

enum err pricing_rate(struct ctx *ctx, const struct pricing_rates *rates, const char *from, const char *to, struct fraction *ret)
{
	struct fraction a, b;
	if (!in_base(rates, from, &a))
		return fail_arg(ctx, ERR_INVALID, "currency", "pricing_no_rate", from);
	if (!in_base(rates, to, &b))
		return fail_arg(ctx, ERR_INVALID, "currency", "pricing_no_rate", to);
	*ret = fraction_div(a, b);
	return OK;
}
