/* One line with its taxes.  The order of work: fixed amounts, for they lie in what other taxes stand on; taxes inside the price,
 * from the last to the first; taxes on top, from the first to the last.  Neighbours of one nature are one batch: they stand
 * on the same base. */
#include "core/tax/tax_internal.h"

struct work {
	const struct tax *taxes;
	size_t n;
	struct fraction raw, price, quantity, step;
	size_t first[TAX_LINE_MAX], last[TAX_LINE_MAX]; /* of the batch */
	struct fraction for_tax[TAX_LINE_MAX], for_base[TAX_LINE_MAX], amount[TAX_LINE_MAX];
	bool known[TAX_LINE_MAX];
};

/* Walking from the last tax to the first, as prices that include several taxes are taken apart. */
static void make_batches(struct work *w)
{
	size_t last = w->n - 1;
	for (size_t i = w->n; i-- > 0;) {
		const struct tax *tax = &w->taxes[i], *head = &w->taxes[last];
		bool affected = i < w->n - 1 && w->taxes[i + 1].uses_raised;
		bool same = i == last || (tax->kind == head->kind && tax->in_price == head->in_price && tax->raises_base == head->raises_base &&
		                          (!tax->raises_base || !affected));
		if (!same)
			last = i;
		w->last[i] = last;
		for (size_t k = i; k <= last; k++)
			w->first[k] = i;
	}
}

static struct fraction batch_percent(const struct work *w, size_t at)
{
	struct fraction sum = fraction_of(0);
	for (size_t i = w->first[at]; i <= w->last[at]; i++)
		sum = fraction_add(sum, w->taxes[i].amount);
	return fraction_div(sum, fraction_of(100));
}

static void add_extra(struct work *w, size_t other, struct fraction amount)
{
	if (!w->known[other])
		w->for_tax[other] = fraction_add(w->for_tax[other], amount);
	w->for_base[other] = fraction_add(w->for_base[other], amount);
}

/* What this tax does to the bases of the others. */
static void propagate(struct work *w, size_t at)
{
	const struct tax *tax = &w->taxes[at];
	struct fraction amount = w->amount[at], less = fraction_negate(amount);
	for (size_t i = w->last[at] + 1; i < w->n; i++) {
		bool raised = tax->raises_base && w->taxes[i].uses_raised;
		/* a price that includes it holds the raised base already */
		if (tax->in_price && !raised)
			add_extra(w, i, less);
		else if (!tax->in_price && raised)
			add_extra(w, i, amount);
	}
	for (size_t i = 0; tax->in_price && i < w->first[at]; i++)
		add_extra(w, i, less);
}

static void settle(struct work *w, size_t at, struct fraction amount)
{
	w->amount[at] = fraction_round(amount, w->step);
	w->known[at] = true;
	propagate(w, at);
}

static struct fraction in_price_amount(const struct work *w, size_t at, struct fraction base)
{
	const struct tax *tax = &w->taxes[at];
	struct fraction part = fraction_div(fraction_mul(base, tax->amount), fraction_of(100));
	if (tax->kind == TAX_DIVISION)
		return part;
	struct fraction whole = fraction_add(fraction_of(1), batch_percent(w, at));
	return fraction_is_zero(whole) ? fraction_of(0) : fraction_div(part, whole);
}

static struct fraction on_top_amount(const struct work *w, size_t at, struct fraction base)
{
	const struct tax *tax = &w->taxes[at];
	struct fraction part = fraction_div(fraction_mul(base, tax->amount), fraction_of(100));
	if (tax->kind == TAX_PERCENT)
		return part;
	struct fraction rest = fraction_sub(fraction_of(1), batch_percent(w, at));
	return fraction_is_zero(rest) ? part : fraction_div(part, rest);
}

static void work_out(struct work *w)
{
	for (size_t i = w->n; i-- > 0;) {
		if (w->taxes[i].kind == TAX_FIXED) {
			struct fraction amount = fraction_mul(w->quantity, w->taxes[i].amount);
			settle(w, i, fraction_sign(w->price) < 0 ? fraction_negate(amount) : amount);
		}
	}
	for (size_t i = w->n; i-- > 0;) {
		if (!w->known[i] && w->taxes[i].in_price)
			settle(w, i, in_price_amount(w, i, fraction_add(w->raw, w->for_tax[i])));
	}
	for (size_t i = 0; i < w->n; i++) {
		if (!w->known[i])
			settle(w, i, on_top_amount(w, i, fraction_add(w->raw, w->for_tax[i])));
	}
}

static struct fraction base_of(const struct work *w, size_t at)
{
	struct fraction base = fraction_add(w->raw, w->for_base[at]);
	for (size_t i = w->first[at]; w->taxes[at].in_price && i <= w->last[at]; i++)
		base = fraction_sub(base, w->amount[i]);
	return base;
}

enum err tax_on(struct ctx *ctx, struct fraction raw, struct fraction price, struct fraction quantity, const struct tax *taxes, size_t n,
                struct fraction step, struct tax_sum *ret)
{
	struct work w = {.taxes = taxes, .n = n, .raw = fraction_round(raw, step), .price = price, .quantity = quantity, .step = step};
	if (n > TAX_LINE_MAX)
		return fail(ctx, ERR_INVALID, "taxes", "tax_many");
	for (size_t i = 0; i < n; i++)
		w.for_tax[i] = w.for_base[i] = fraction_of(0);
	ret->net = ret->total = w.raw;
	if (n > 0) {
		make_batches(&w);
		work_out(&w);
		ret->net = ret->total = base_of(&w, 0);
	}
	for (size_t i = 0; i < n; i++) {
		ret->shares[i] = (struct tax_share){base_of(&w, i), w.amount[i]};
		ret->total = fraction_add(ret->total, w.amount[i]);
		if (!fraction_fits(ret->shares[i].base))
			ret->total = ret->shares[i].base;
	}
	return fraction_fits(ret->net) && fraction_fits(ret->total) ? OK : fail(ctx, ERR_LIMIT, "", "tax_large");
}

enum err tax_line(struct ctx *ctx, struct fraction price, struct fraction quantity, const struct tax *taxes, size_t n, struct fraction step,
                  struct tax_sum *ret)
{
	return tax_on(ctx, fraction_mul(price, quantity), price, quantity, taxes, n, step, ret);
}
