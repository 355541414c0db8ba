/* Taxes on lines and documents, exactly: fractions until the last rounding, halves away from zero.
 *
 * A line may carry several taxes, inside its price or on top, percent, fixed, or a share of the sum that includes it
 * ("division"); each may raise the base of those that follow.  A document rounds by one of the ways that countries know,
 * and what its lines show always adds up to what it shows in all. */
#ifndef GUANXI_CORE_TAX_TAX_H
#define GUANXI_CORE_TAX_TAX_H

#include <stddef.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "core/tax/fraction.h"

enum tax_kind {
	TAX_PERCENT,  /* of the base */
	TAX_DIVISION, /* of the sum of base and tax: 10 on 90 is 10 */
	TAX_FIXED,    /* an amount each piece */
};

struct tax {
	enum tax_kind kind;
	struct fraction amount; /* percent, or money a piece */
	bool in_price;          /* the price includes it */
	bool raises_base;       /* of the taxes after it */
	bool uses_raised;       /* takes a base that was raised; else the one before */
};

enum { TAX_LINE_MAX = 16, TAX_LINES_MAX = 10000 };

struct tax_share {
	struct fraction base, amount;
};

struct tax_sum {
	struct fraction net, total;
	struct tax_share shares[TAX_LINE_MAX]; /* one a tax, in the order given */
};

/* One line: price times quantity with its taxes.  step: what money is rounded to (0.01), on the way as a line rounds it;
 * zero: nothing is rounded.  ERR_INVALID "tax_many", "tax_amount"; ERR_LIMIT "tax_large". */
enum err tax_line(struct ctx *ctx, struct fraction price, struct fraction quantity, const struct tax *taxes, size_t n, struct fraction step,
                  struct tax_sum *ret) MUST_CHECK;

/* How a document comes to its sums. */
enum tax_way {
	TAX_PER_LINE,     /* each line rounds its sum, then its taxes */
	TAX_PER_DOCUMENT, /* taxes are rounded once, on all lines together; the total is what comes out */
	TAX_TOTAL_FIRST,  /* so are they, and the total; net is what is left */
	TAX_NET_FIRST,    /* China's invoices: each line's net = round(gross / (1 + rate)), its tax the rest */
	TAX_WAYS,
};
/* "per_line", "per_document", "total_first", "net_first". */
const char *tax_way_name(enum tax_way way);
bool tax_way_named(const char *name, enum tax_way *ret) MUST_CHECK;

struct tax_doc_line {
	struct fraction price, quantity;
	struct fraction discount_percent; /* of the line */
	struct fraction discount;         /* money off the line, after the percentage */
	const struct tax *taxes;
	size_t n_taxes;
	/* what comes out, in whole steps: net + tax = total; with a tax inside the price the total is what the price says */
	struct fraction net, tax, total;
	struct fraction off; /* what the discounts took, as shown */
};

struct tax_doc {
	enum tax_way way;
	struct fraction step;     /* over zero */
	struct fraction discount; /* money off the whole, spread over the lines by what each comes to; zero: none */
	struct tax_doc_line *lines;
	size_t n;
	struct fraction net, tax, total; /* what comes out: the sums of the lines */
};

/* Fills in what comes out.  ERR_INVALID "tax_step", "tax_discount" (more than there is); and as tax_line. */
enum err tax_document(struct ctx *ctx, struct tax_doc *doc) MUST_CHECK;

/* Shares `amount` (whole steps) out by the weights, in whole steps that add up to it: by the largest remainders.  All
 * weights zero: to the first.  out has n places. */
enum err tax_share_out(struct ctx *ctx, struct fraction amount, struct fraction step, const struct fraction *weights, size_t n,
                       struct fraction *out) MUST_CHECK;

/* China's rule for an invoice line: |net x rate - tax| is at most 0.06. */
struct fraction tax_cn_difference(struct fraction net, struct fraction tax, struct fraction rate_percent);
bool tax_cn_accepts(struct fraction difference);

/* Questions as JSON (an object or a list of them): each is answered in a line, {"id", "answer", "steps"}.  Of what went wrong
 * the fault's field begins with the question's number. */
enum err tax_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out) MUST_CHECK;

#endif
