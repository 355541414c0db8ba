#include "core/manifest/manifest.h"
#include "core/warehouse/warehouse.h"

static const struct route *const routes[] = {warehouse_routes, NULL};

extern const struct manifest warehouse_manifest;
const struct manifest warehouse_manifest = {
	.name = "warehouse", .routes = routes, .services = warehouse_services, .settings = warehouse_settings, .commands = warehouse_commands,
};
