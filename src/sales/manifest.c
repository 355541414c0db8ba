#include "core/manifest/manifest.h"
#include "core/sequence/sequence.h"
#include "sales/sales.h"

static const struct entity *const entities[] = {
	&order_entity, &order_line_entity, &payment_entity, &shipment_entity, &product_entity, &category_entity, &channel_entity, &tax_entity, NULL,
};

/* What is sold has no owner and is reached by "all" alone. */
static const struct role_right rights[] = {
	{"manager", "tax", "a-----"},     {"sales", "tax", "a-----"},
	{"manager", "product", "aaa-aa"}, {"manager", "category", "aaa-aa"}, {"manager", "channel", "a-----"},
	{"sales", "product", "a-----"},   {"sales", "category", "a-----"},   {"sales", "channel", "a-----"},   {0},
};

static const struct setting settings[] = {
	{.name = "sales.order_number", SEQUENCE_SETTING, .fallback = "GX{id}", .group = {"Numbers", "编号规则"}, .label = {"Order numbers", "订单编号"},
	 .help = {"Such as SO-{yyyy}-{000000}: {yyyy} {yy} {mm} {dd} of the order, {branch} code, {00000} a count.",
	          "如 SO-{yyyy}-{000000}：{yyyy} {yy} {mm} {dd} 为下单日期，{branch} 为机构代码，{00000} 为计数。"}},
	{.name = NULL},
};

extern const struct manifest sales_manifest;
const struct manifest sales_manifest = {.name = "sales", .entities = entities, .rights = rights, .settings = settings, .stars = sales_stars};
