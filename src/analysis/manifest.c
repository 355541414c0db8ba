#include "analysis/analysis.h"
#include "analysis/pivot.h"
#include "analysis/report.h"
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
	{.method = METHOD_GET, .pattern = "/api/v1/reports", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = report_http_list,
	 .doc = "Reports that the caller may ask for."},
	{.method = METHOD_POST, .pattern = "/api/v1/reports/*", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = report_http_ask,
	 .doc = "A report over what the caller may see: figures for its sentence, and tables; with a period, filters and a condition of the orders."},
	{.method = METHOD_POST, .pattern = "/api/v1/reports/*/export", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = report_http_export, .work = WORK_EXPORT,
	 .doc = "A table of a report as XLSX or CSV, of what the caller may export."},
	{.method = METHOD_POST, .pattern = "/api/v1/reports/*/segment", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = report_http_segment,
	 .doc = "The customers behind a figure of a report become a segment."},
	{.pattern = NULL},
};

static const struct route *const routes[] = {analysis_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "pivot_table", "aaaa--"}, {"sales", "pivot_table", "tooo--"}, {"service", "pivot_table", "tooo--"}, {"marketing", "pivot_table", "tooo--"},
	{"analyst", "pivot_table", "aooo--"}, {0},
};

extern const struct manifest analysis_manifest;
const struct manifest analysis_manifest = {.name = "analysis", .entities = entities, .routes = routes, .rights = rights};
