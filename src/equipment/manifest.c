/* The parts of src/equipment. */
#include "core/manifest/manifest.h"
#include "equipment/equipment_internal.h"

static const struct entity *const entities[] = {
	&warranty_term_entity, &equipment_entity, &equipment_owner_entity, &warranty_extension_entity, &warranty_claim_entity, &recall_entity, &recall_unit_entity, NULL,
};

const struct route equipment_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/equipment/*/transfer", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = equipment_transfer_post, .specs = equipment_transfer_specs,
	 .doc = "Hands a thing over to another owner; who had it before is kept"},
	{.method = METHOD_GET, .pattern = "/api/v1/equipment/*/warranty", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = equipment_warranty_get,
	 .doc = "Whether a fault on a day (on=, today) is covered, until when, and by which terms"},
	{.method = METHOD_POST, .pattern = "/api/v1/recall/*/list", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = recall_list_post,
	 .doc = "Lists what of the batch is out there and not listed yet, up to 500 at a time"},
	{.pattern = NULL},
};

static const struct route *const routes[] = {equipment_routes, NULL};

static const struct cap_name caps[] = {{"warranty_override", {"Decide warranty claims against the rules", "破例处理保修"}, "manager"}, {0}};

/* Terms and recalls have no owner and are reached by "all" alone. */
static const struct role_right rights[] = {
	{"manager", "warranty_term", "aaa-aa"}, {"manager", "recall", "aaa-aa"}, {"manager", "recall_unit", "aaa-a-"}, {"sales", "warranty_term", "a-----"},
	{"service", "warranty_term", "a-----"}, {"service", "equipment", "aaa-a-"}, {"service", "equipment_owner", "a-----"}, {"service", "warranty_extension", "aaa---"},
	{"service", "warranty_claim", "aaa---"}, {"service", "recall", "a-----"}, {"service", "recall_unit", "aaa-a-"}, {0},
};

extern const struct manifest equipment_manifest;
const struct manifest equipment_manifest = {.name = "equipment", .entities = entities, .routes = routes, .caps = caps, .rights = rights};
