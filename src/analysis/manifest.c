#include "analysis/analysis.h"
#include "analysis/pivot.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&pivot_entity, NULL};

const struct route analysis_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/pivot", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = pivot_http_meta,
	 .doc = "Facts, measures and dimensions that the caller may count by."},
	{.method = METHOD_POST, .pattern = "/api/v1/pivot", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = pivot_http_ask,
	 .doc = "A pivot table of what the caller may see: measures by rows and columns, with totals, filters and an earlier period."},
	{.method = METHOD_POST, .pattern = "/api/v1/pivot/cell", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = pivot_http_cell,
	 .doc = "The records behind a cell, as a condition of their list."},
	{.method = METHOD_POST, .pattern = "/api/v1/pivot/export", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = pivot_http_export, .work = WORK_EXPORT,
	 .doc = "The same table as XLSX or CSV, of what the caller may export."},
	{.pattern = NULL},
};

static const struct route *const routes[] = {analysis_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "pivot_table", "aaaa--"}, {"sales", "pivot_table", "tooo--"}, {"service", "pivot_table", "tooo--"}, {"marketing", "pivot_table", "tooo--"},
	{"analyst", "pivot_table", "aooo--"}, {0},
};

extern const struct manifest analysis_manifest;
const struct manifest analysis_manifest = {.name = "analysis", .entities = entities, .routes = routes, .rights = rights};
