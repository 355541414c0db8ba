#include "core/manifest/manifest.h"
#include "core/store/store.h"
#include "customers/customers.h"

static const struct entity *const entities[] = {&customer_entity, &identifier_entity, &party_role_entity, &address_entity, &consent_entity, &interaction_entity, NULL};

static const struct route *const routes[] = {customer_routes, NULL};

static const struct role_right rights[] = {
	{"service", "customer", "aaa---"},    {"service", "identifier", "aaa---"},   {"service", "address", "aaa---"},
	{"service", "consent", "aaa---"},     {"service", "interaction", "aaa---"},  {"marketing", "customer", "a-a-a-"},
	{"marketing", "consent", "aaa-a-"},   {"marketing", "interaction", "aaa-a-"}, {0},
};

static const struct migration steps[] = {{1, "an activity need not have a customer", NULL, NULL, interaction_loosen_upgrade}};

extern const struct manifest customers_manifest;
const struct manifest customers_manifest = {.name = "customers", .entities = entities, .routes = routes, .rights = rights,
                                           .steps = steps, .n_steps = 1};
