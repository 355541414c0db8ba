/* Customers as a dimension, with the past of their stage, class and owner; what was done with them as a fact. */
#include "core/warehouse/star.h"
#include "customers/customers.h"

static const struct star_measure customer_measures[] = {
	{.name = "customers", .label = {"Customers", "客户数"}, .kind = STAR_COUNT},
	{.name = NULL},
};

static const struct star_measure interaction_measures[] = {
	{.name = "contacts", .label = {"Activities", "活动数"}, .kind = STAR_COUNT},
	{.name = "minutes", .label = {"Minutes", "时长（分钟）"}, .kind = STAR_SUM, .of = "minutes"},
	{.name = "customers", .label = {"Customers contacted", "联系的客户数"}, .kind = STAR_DIFFERENT, .of = "customer_id"},
	{.name = NULL},
};

const struct star_table customers_stars[] = {
	{.entity = "customer", .texts = "province,city,district,industry,occupation,legal_form,preferred_channel", .moment = "created_at",
	 .follows = "stage,level,owner_id", .measures = customer_measures},
	{.entity = "interaction", .moment = "at", .uncounted = "state=cancelled", .measures = interaction_measures},
	{.entity = NULL},
};
