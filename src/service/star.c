/* Cases as a fact: how many, about what, how they ended. */
#include "core/warehouse/star.h"
#include "service/service.h"

static const struct star_measure measures[] = {
	{.name = "cases", .label = {"Cases", "工单数"}, .kind = STAR_COUNT},
	{.name = "satisfied", .label = {"Mean satisfaction (1 to 5)", "平均满意度（1–5）"}, .kind = STAR_MEAN, .of = "satisfied"},
	{.name = "reopened", .label = {"Times reopened", "重开次数"}, .kind = STAR_SUM, .of = "reopened"},
	{.name = "customers", .label = {"Customers", "客户数"}, .kind = STAR_DIFFERENT, .of = "customer_id"},
	{.name = NULL},
};

const struct star_table service_stars[] = {
	{.entity = "case", .kept = "solved_at,reopened,solved_by_id", .texts = "cause", .moment = "opened_at", .measures = measures},
	{.entity = NULL},
};
