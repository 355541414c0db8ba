/* Price books put together, and what comes out for a quantity. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "pricing/pricing.h"

static int by_product_and_book(const void *a, const void *b)
{
	const struct pricing_row *const *x = a, *const *y = b;
	int order = strcmp((*x)->product, (*y)->product);
	if (order == 0)
		order = ((*x)->book > (*y)->book) - ((*x)->book < (*y)->book);
	return order != 0 ? order : (*x > *y) - (*x < *y);
}

static int compare_key(const struct pricing_row *x, const struct pricing_row *y)
{
	int order = strcmp(x->product, y->product);
	if (order == 0)
		order = strcmp(x->unit, y->unit);
	if (order == 0)
		order = strcmp(x->currency, y->currency);
	return order != 0 ? order : fraction_compare(x->from, y->from);
}

static int by_key_then_book(const void *a, const void *b)
{
	const struct pricing_row *x = a, *y = b;
	int order = compare_key(x, y);
	if (order == 0)
		order = (y->kept > x->kept) - (y->kept < x->kept); /* those of books that count come first */
	if (order == 0)
		order = (x->book > y->book) - (x->book < y->book);
	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* For each product the books are asked in their order: one that stands alone counts only where nothing was found before it,
 * and nothing counts after it. */
static void mark_books(const bool *alone, struct pricing_row **rows, size_t n)
{
	bool any = false, closed = false, counts = false;
	for (size_t i = 0; i < n; i++) {
		bool new_product = i == 0 || strcmp(rows[i]->product, rows[i - 1]->product) != 0;
		if (new_product)
			any = closed = false;
		if (new_product || rows[i]->book != rows[i - 1]->book) {
			counts = !closed && (!alone[rows[i]->book] || !any);
			closed = closed || (counts && alone[rows[i]->book]);
		}
		rows[i]->kept = counts;
		any = any || counts;
	}
}

enum err pricing_combine(struct ctx *ctx, enum pricing_strategy strategy, const bool *alone, size_t n_books, struct pricing_row *rows, size_t n)
{
	if (n == 0)
		return OK;
	struct arena_mark mark = arena_mark(ctx->arena);
	struct pricing_row **sorted = arena_array(ctx->arena, n + 1, sizeof(*sorted));
	if (sorted == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		if (rows[i].book >= n_books)
			return fail(ctx, ERR_BUG, "", "memory");
		sorted[i] = &rows[i];
		rows[i].kept = true;
		rows[i].at = i;
	}
	if (strategy == PRICING_FIRST) {
		qsort(sorted, n, sizeof(struct pricing_row *), by_product_and_book);
		mark_books(alone, sorted, n);
	}
	arena_rewind(ctx->arena, mark);
	qsort(rows, n, sizeof(*rows), by_key_then_book);
	size_t first = 0;
	for (size_t i = 0; i < n; i++) {
		bool same = i > 0 && compare_key(&rows[first], &rows[i]) == 0;
		if (!same)
			first = i;
		else if (strategy == PRICING_LOWEST && fraction_compare(rows[i].price, rows[first].price) < 0) {
			rows[first].kept = false;
			first = i;
		} else
			rows[i].kept = false;
	}
	return OK;
}

const struct pricing_row *pricing_at(const struct pricing_row *rows, size_t n, const char *product, const char *unit, const char *currency,
                                     struct fraction quantity)
{
	const struct pricing_row *best = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct pricing_row *row = &rows[i];
		bool fits = row->kept && str_equal(row->product, product) && str_equal(row->unit, unit) && str_equal(row->currency, currency) &&
		            fraction_compare(row->from, quantity) <= 0;
		if (fits && (best == NULL || fraction_compare(row->from, best->from) >= 0))
			best = row;
	}
	return best;
}

struct fraction pricing_apply(const struct pricing_rule *rule, struct fraction price)
{
	if (rule->has_fixed)
		return rule->fixed;
	struct fraction left = fraction_div(fraction_sub(fraction_of(100), rule->percent_off), fraction_of(100));
	return fraction_add(fraction_round(fraction_mul(price, left), rule->round_to), rule->change);
}
