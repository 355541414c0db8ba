/* What something costs: tables of price books put together, quantity breaks, units.  Arithmetic alone, no store. */
#ifndef GUANXI_PRICING_PRICING_H
#define GUANXI_PRICING_PRICING_H

#include <stddef.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "core/tax/fraction.h"

/* How books are put together, for each product, unit, currency and quantity break. */
enum pricing_strategy {
	PRICING_FIRST,  /* the first book that has a price for it; a book that stands alone is used whole or not at all */
	PRICING_LOWEST, /* the lowest price of any book */
	PRICING_STRATEGIES,
};

struct pricing_row {
	size_t book; /* its place in the order of decision, 0 first */
	const char *product, *unit, *currency; /* never NULL */
	struct fraction from; /* quantity, in the row's unit */
	struct fraction price; /* a unit */
	const void *ref;       /* the caller's */
	size_t at;             /* set by pricing_combine: where it stood */
	bool kept;             /* comes out: stands in the table that is put together */
};

enum { PRICING_ROWS_MAX = 1000000 };

/* Marks which rows stand in the table that the books make together.  alone[book]: it does not mix with others. Rows come in any
 * order and are sorted: by product, unit, currency, break; of the same, the one that counts first.  Of two rows of one book
 * for the same the first counts.  ERR_LIMIT "memory". */
enum err pricing_combine(struct ctx *ctx, enum pricing_strategy strategy, const bool *alone, size_t n_books, struct pricing_row *rows, size_t n) MUST_CHECK;

/* Of combined rows of one product: the one for this quantity, which is that of the largest break reached; NULL: none. */
const struct pricing_row *pricing_at(const struct pricing_row *rows, size_t n, const char *product, const char *unit, const char *currency,
                                     struct fraction quantity);

/* What a rule makes of a price: percent off, then rounding, then a change, in money a unit; `fixed` instead of all that. */
struct pricing_rule {
	bool has_fixed;
	struct fraction fixed, percent_off, change;
	struct fraction round_to; /* zero: as it is */
};
struct fraction pricing_apply(const struct pricing_rule *rule, struct fraction price);

/* Questions as JSON (an object or a list of them): each is answered in a line, {"id", "answer", "steps"}.  Of what went
 * wrong the fault's field begins with the question's number. */
enum err pricing_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out) MUST_CHECK;

#endif
