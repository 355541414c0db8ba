/* What is sold, and the trade in it: catalogue, orders, payments, shipments, the shops they come from. */
#ifndef GUANXI_SALES_SALES_H
#define GUANXI_SALES_SALES_H

#include "core/entity/entity.h"
#include "core/warehouse/star.h"

extern const struct entity channel_entity, category_entity, product_entity, order_entity, order_line_entity, payment_entity,
	shipment_entity, tax_entity;

/* For before-hooks of what has a currency and its rate in `fx_rate`: the rate is 1 in the base currency, and that of another not known
 * until it is given; `in_base` becomes the field `amount` in base currency, nothing where there is no amount or no rate. */
enum err sales_in_base(struct ctx *ctx, const struct record *old, struct record *now, const char *amount, const char *in_base) MUST_CHECK;

/* What the warehouse copies and counts of it. */
extern const struct star_table sales_stars[];

#endif
