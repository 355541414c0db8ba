#ifndef GUANXI_QUOTES_QUOTES_INTERNAL_H
#define GUANXI_QUOTES_QUOTES_INTERNAL_H

#include "core/tax/fraction.h"
#include "quotes/quotes.h"

struct quote_cost {
	int64_t line_id;
	struct fraction net, cost; /* of the whole line */
	bool known;
};

struct quote_costs {
	struct quote_cost *list; /* lines that count */
	size_t n, unknown;
	int scale;
};

/* What the lines that count cost today, in the quote's currency. */
enum err quote_costs(struct ctx *ctx, struct record *quote, struct quote_costs *ret) MUST_CHECK;

#endif
