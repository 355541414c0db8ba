/* Documents: sums by the ways that countries know, and lines that add up to them. */
#include <string.h>

#include "base/str.h"
#include "core/tax/tax_internal.h"

static const char *const way_names[TAX_WAYS] = {"per_line", "per_document", "total_first", "net_first"};

const char *tax_way_name(enum tax_way way)
{
	return way_names[way];
}

bool tax_way_named(const char *name, enum tax_way *ret)
{
	for (int i = 0; i < TAX_WAYS; i++) {
		if (str_equal(way_names[i], name)) {
			*ret = (enum tax_way)i;
			return true;
		}
	}
	return false;
}

static enum err too_large(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "tax_large");
}

/* --- sharing out --------------------------------------------------------- */

/* Rounds each of `exact` to whole steps so that they add up to `sum`: those that lose or win most by rounding give way. */
static enum err round_to_sum(struct ctx *ctx, const struct fraction *exact, size_t n, struct fraction sum, struct fraction step, struct fraction *out)
{
	struct fraction left = sum;
	struct arena_mark mark = arena_mark(ctx->arena);
	struct fraction *rest = arena_array(ctx->arena, n + 1, sizeof(*rest));
	if (rest == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		out[i] = fraction_round(exact[i], step);
		rest[i] = fraction_sub(exact[i], out[i]);
		left = fraction_sub(left, out[i]);
	}
	if (!fraction_fits(left))
		return too_large(ctx);
	/* at most half a step a line is open, so this ends after at most n rounds; more than that is said to be wrong */
	for (size_t turns = 0; !fraction_is_zero(left) && n > 0; turns++) {
		int sign = fraction_sign(left);
		struct fraction one = sign > 0 ? step : fraction_negate(step);
		size_t best = 0;
		if (turns > 2 * n)
			return too_large(ctx);
		for (size_t i = 1; i < n; i++) {
			if (fraction_compare(rest[i], rest[best]) * sign > 0)
				best = i;
		}
		out[best] = fraction_add(out[best], one);
		rest[best] = fraction_sub(rest[best], one);
		left = fraction_sub(left, one);
	}
	arena_rewind(ctx->arena, mark);
	return OK;
}

enum err tax_share_out(struct ctx *ctx, struct fraction amount, struct fraction step, const struct fraction *weights, size_t n, struct fraction *out)
{
	struct fraction sum = fraction_of(0);
	struct fraction *exact = arena_array(ctx->arena, n + 1, sizeof(*exact));
	if (exact == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		sum = fraction_add(sum, weights[i]);
	if (!fraction_fits(sum))
		return too_large(ctx);
	for (size_t i = 0; i < n; i++) {
		if (fraction_is_zero(sum))
			exact[i] = i == 0 ? amount : fraction_of(0);
		else
			exact[i] = fraction_mul(amount, fraction_div(weights[i], sum));
	}
	return round_to_sum(ctx, exact, n, amount, step, out);
}

/* --- a document ------------------------------------------------------------ */

struct work {
	struct ctx *ctx;
	struct tax_doc *doc;
	struct fraction *base, *net, *tax, *shown; /* a line each; exact */
};

static bool all_in_price(const struct tax_doc *doc)
{
	for (size_t i = 0; i < doc->n; i++) {
		for (size_t k = 0; k < doc->lines[i].n_taxes; k++) {
			if (!doc->lines[i].taxes[k].in_price)
				return false;
		}
	}
	return true;
}

static bool line_in_price(const struct tax_doc_line *line)
{
	bool any = false;
	for (size_t k = 0; k < line->n_taxes; k++) {
		any = true;
		if (!line->taxes[k].in_price)
			return false;
	}
	return any;
}

/* What a line comes to before taxes are looked at: its discounts are off, each shown in whole steps. */
static enum err line_base(struct work *w, size_t i)
{
	struct tax_doc_line *line = &w->doc->lines[i];
	struct fraction raw = fraction_mul(line->price, line->quantity);
	struct fraction percent = fraction_div(fraction_mul(raw, line->discount_percent), fraction_of(100));
	w->base[i] = fraction_sub(fraction_sub(raw, percent), line->discount);
	line->off = fraction_round(fraction_add(percent, line->discount), w->doc->step);
	if (!fraction_fits(w->base[i]) || !fraction_fits(line->off))
		return too_large(w->ctx);
	if (fraction_sign(line->discount) > 0 && fraction_sign(raw) >= 0 && fraction_sign(w->base[i]) < 0)
		return fail(w->ctx, ERR_INVALID, "discount", "tax_discount");
	return OK;
}

static enum err take_discount(struct work *w)
{
	struct tax_doc *doc = w->doc;
	struct fraction sum = fraction_of(0), discount = fraction_round(doc->discount, doc->step);
	if (fraction_is_zero(doc->discount))
		return OK;
	struct fraction *part = arena_array(w->ctx->arena, doc->n + 1, sizeof(*part));
	if (part == NULL)
		return fail(w->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < doc->n; i++)
		sum = fraction_add(sum, w->base[i]);
	if (!fraction_fits(sum) || !fraction_fits(discount))
		return too_large(w->ctx);
	if (doc->n == 0 || fraction_sign(discount) < 0 || fraction_compare(discount, sum) > 0)
		return fail(w->ctx, ERR_INVALID, "discount", "tax_discount");
	enum err err = tax_share_out(w->ctx, discount, doc->step, w->base, doc->n, part);
	for (size_t i = 0; i < doc->n && err == OK; i++) {
		w->base[i] = fraction_sub(w->base[i], part[i]);
		doc->lines[i].off = fraction_add(doc->lines[i].off, part[i]);
	}
	return err;
}

/* Each line by itself: what it shows is what counts. */
static enum err by_line(struct work *w)
{
	struct tax_doc *doc = w->doc;
	struct tax_sum sum;
	enum err err = OK;
	for (size_t i = 0; i < doc->n && err == OK; i++) {
		struct tax_doc_line *line = &doc->lines[i];
		bool net_first = doc->way == TAX_NET_FIRST && line_in_price(line);
		struct fraction base = fraction_round(w->base[i], doc->step);
		err = tax_on(w->ctx, base, line->price, line->quantity, line->taxes, line->n_taxes, net_first ? fraction_of(0) : doc->step, &sum);
		line->net = fraction_round(sum.net, doc->step);
		line->total = net_first ? base : sum.total;
		line->tax = fraction_sub(line->total, line->net);
	}
	return err;
}

/* All lines together; then each is given its part of the sums. */
static enum err by_document(struct work *w)
{
	struct tax_doc *doc = w->doc;
	struct tax_sum sum;
	struct fraction net = fraction_of(0), tax = fraction_of(0);
	bool keep_total = doc->way == TAX_TOTAL_FIRST || all_in_price(doc);
	enum err err = OK;
	for (size_t i = 0; i < doc->n && err == OK; i++) {
		struct tax_doc_line *line = &doc->lines[i];
		err = tax_on(w->ctx, w->base[i], line->price, line->quantity, line->taxes, line->n_taxes, fraction_of(0), &sum);
		w->net[i] = sum.net;
		w->tax[i] = fraction_sub(sum.total, sum.net);
		w->shown[i] = keep_total ? sum.total : sum.net;
		net = fraction_add(net, sum.net);
		tax = fraction_add(tax, w->tax[i]);
	}
	if (err != OK)
		return err;
	struct fraction total = fraction_round(fraction_add(net, tax), doc->step), all_tax = fraction_round(tax, doc->step);
	struct fraction shown = keep_total ? total : fraction_round(net, doc->step);
	struct fraction *part = arena_array(w->ctx->arena, 2 * doc->n + 1, sizeof(*part));
	if (part == NULL)
		return fail(w->ctx, ERR_LIMIT, "", "memory");
	err = round_to_sum(w->ctx, w->tax, doc->n, all_tax, doc->step, part);
	if (err == OK)
		err = round_to_sum(w->ctx, w->shown, doc->n, shown, doc->step, part + doc->n);
	for (size_t i = 0; i < doc->n && err == OK; i++) {
		struct tax_doc_line *line = &doc->lines[i];
		line->tax = part[i];
		line->net = keep_total ? fraction_sub(part[doc->n + i], part[i]) : part[doc->n + i];
		line->total = fraction_add(line->net, line->tax);
	}
	return err;
}

enum err tax_document(struct ctx *ctx, struct tax_doc *doc)
{
	struct work w = {.ctx = ctx, .doc = doc};
	enum err err = OK;
	if (doc->n > TAX_LINES_MAX)
		return fail(ctx, ERR_LIMIT, "lines", "tax_lines_many");
	if (!fraction_fits(doc->step) || fraction_sign(doc->step) <= 0)
		return fail(ctx, ERR_INVALID, "step", "tax_step");
	struct fraction *room = arena_array(ctx->arena, 4 * doc->n + 1, sizeof(*room));
	if (room == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	w.base = room;
	w.net = room + doc->n;
	w.tax = room + 2 * doc->n;
	w.shown = room + 3 * doc->n;
	for (size_t i = 0; i < doc->n && err == OK; i++)
		err = line_base(&w, i);
	if (err == OK)
		err = take_discount(&w);
	if (err == OK)
		err = doc->way == TAX_PER_LINE || doc->way == TAX_NET_FIRST ? by_line(&w) : by_document(&w);
	doc->net = doc->tax = doc->total = fraction_of(0);
	for (size_t i = 0; i < doc->n && err == OK; i++) {
		doc->net = fraction_add(doc->net, doc->lines[i].net);
		doc->tax = fraction_add(doc->tax, doc->lines[i].tax);
		doc->total = fraction_add(doc->total, doc->lines[i].total);
	}
	return err == OK && !fraction_fits(doc->total) ? too_large(ctx) : err;
}

/* --- China's rule for lines of an invoice ------------------------------------ */

struct fraction tax_cn_difference(struct fraction net, struct fraction tax, struct fraction rate_percent)
{
	struct fraction d = fraction_sub(fraction_div(fraction_mul(net, rate_percent), fraction_of(100)), tax);
	return fraction_sign(d) < 0 ? fraction_negate(d) : d;
}

bool tax_cn_accepts(struct fraction difference)
{
	return fraction_fits(difference) && fraction_compare(difference, fraction_scaled(6, 2)) <= 0;
}
