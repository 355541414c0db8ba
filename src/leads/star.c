/* Leads as a fact: how many came, and what became of them. */
#include "core/warehouse/star.h"
#include "leads/leads.h"

static const struct star_measure measures[] = {
	{.name = "leads", .label = {"Leads", "线索数"}, .kind = STAR_COUNT},
	{.name = "amount", .label = {"Worth about", "预计金额"}, .kind = STAR_SUM, .of = "amount"},
	{.name = NULL},
};

const struct star_table leads_stars[] = {
	{.entity = "lead", .kept = "converted_at,opportunity_id", .moment = "created_at", .measures = measures},
	{.entity = NULL},
};
