/* Keeps an order's sums equal to what its lines say. */
#ifndef GUANXI_SALES_ORDER_SUMS_H
#define GUANXI_SALES_ORDER_SUMS_H

#include "core/entity/entity.h"

/* For the order's before-hook: total from lines and charges, and in base currency. */
enum err order_sums_set(struct ctx *ctx, const struct record *old, struct record *order) MUST_CHECK;
/* For the order's gathered-hook: its sums from the lines that were made with it. */
enum err order_sums_gathered(struct ctx *ctx, struct record *order) MUST_CHECK;
/* Sums the order's lines again at the end of the write job; many lines of one order cost one sum. */
enum err order_sums_later(struct ctx *ctx, int64_t order_id) MUST_CHECK;

#endif
