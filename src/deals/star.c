/* Deals as a fact: what was opened, what it was worth, how long it took. */
#include "core/warehouse/star.h"
#include "deals/deals.h"

static const struct star_measure measures[] = {
	{.name = "deals", .label = {"Deals", "商机数"}, .kind = STAR_COUNT},
	{.name = "amount", .label = {"Amount", "商机金额"}, .kind = STAR_SUM, .of = "amount_base"},
	{.name = "weighted", .label = {"Weighted amount", "加权金额"}, .kind = STAR_SUM, .of = "weighted"},
	{.name = "cycle", .label = {"Days from first to last", "平均成交周期（天）"}, .kind = STAR_MEAN, .of = "cycle_days"},
	{.name = "customers", .label = {"Customers", "客户数"}, .kind = STAR_DIFFERENT, .of = "customer_id"},
	{.name = NULL},
};

const struct star_table deals_stars[] = {
	{.entity = "pipeline"},
	{.entity = "stage"},
	{.entity = "opportunity", .kept = "amount_base,weighted,state,closed_at,cycle_days,slips", .moment = "created_at", .measures = measures},
	{.entity = NULL},
};
