#include "core/manifest/manifest.h"
#include "core/exchange/exchange.h"
#include "core/exchange/export_http.h"

static const struct entity *const entities[] = {&import_run_entity, &import_problem_entity, NULL};

static const struct route *const routes[] = {exchange_routes, export_routes, NULL};

static const struct role_right rights[] = {{"manager", "import_run", "bo----"}, {0}};

extern const struct manifest exchange_manifest;
const struct manifest exchange_manifest = {
	.name = "exchange", .entities = entities, .routes = routes, .job_kinds = exchange_job_kinds, .rights = rights,
};
