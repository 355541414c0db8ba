/* What is sold, and the trade in it: catalogue, orders, payments, shipments, the shops they come from. */
#ifndef GUANXI_SALES_SALES_H
#define GUANXI_SALES_SALES_H

#include "core/entity/entity.h"

extern const struct entity channel_entity, category_entity, product_entity, order_entity, order_line_entity, payment_entity,
	shipment_entity, tax_entity;

#endif
