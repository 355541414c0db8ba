/* The only list of what the program is made of. */
#include "app/app.h"
#include "core/bulk/bulk.h"
#include "core/calendar/calendar_store.h"
#include "core/exchange/exchange.h"
#include "core/exchange/export_http.h"
#include "core/settings/settings.h"
#include "core/uploads/uploads.h"
#include "customers/customers.h"
#include "sales/sales.h"
#include "workspace/workspace.h"

const struct entity *const app_entities[] = {
	&customer_entity,  &identifier_entity, &party_role_entity, &address_entity,    &consent_entity,  &interaction_entity,
	&order_entity,     &order_line_entity, &payment_entity,    &shipment_entity,   &product_entity,  &category_entity,
	&channel_entity,   &tag_entity,        &attachment_entity, &saved_view_entity, &import_run_entity, &import_problem_entity,
	&bulk_act_entity,  &bulk_item_entity,
	&user_entity,      &team_entity,       &branch_entity,     &region_entity,     &role_entity,     &token_entity,
	&setting_entity,   &calendar_entity,   &calendar_day_entity,
};
const size_t app_entities_count = sizeof(app_entities) / sizeof(app_entities[0]);

extern const struct route app_own_routes[];

/* rest_routes take any entity name, so they stand last. */
const struct route *const app_routes[] = {app_own_routes, access_routes, settings_routes, workspace_routes, exchange_routes, export_routes, bulk_routes, calendar_routes, customer_routes, rest_routes, NULL};

const struct job_kind *const app_job_kinds[] = {exchange_job_kinds, bulk_job_kinds, uploads_job_kinds, NULL};

const struct setting *const app_settings[] = {firm_settings, uploads_settings, NULL};
