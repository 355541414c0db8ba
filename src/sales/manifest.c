#include "core/manifest/manifest.h"
#include "sales/sales.h"

static const struct entity *const entities[] = {
	&order_entity, &order_line_entity, &payment_entity, &shipment_entity, &product_entity, &category_entity, &channel_entity, NULL,
};

/* What is sold has no owner and is reached by "all" alone. */
static const struct role_right rights[] = {
	{"manager", "product", "aaa-aa"}, {"manager", "category", "aaa-aa"}, {"manager", "channel", "a-----"},
	{"sales", "product", "a-----"},   {"sales", "category", "a-----"},   {"sales", "channel", "a-----"},   {0},
};

extern const struct manifest sales_manifest;
const struct manifest sales_manifest = {.name = "sales", .entities = entities, .rights = rights};
