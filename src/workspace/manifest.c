#include "core/manifest/manifest.h"
#include "workspace/workspace.h"

static const struct entity *const entities[] = {&tag_entity, &attachment_entity, &saved_view_entity, NULL};

static const struct route *const routes[] = {workspace_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "tag", "aaaaaa"},   {"manager", "saved_view", "booo--"},   {"sales", "tag", "aa----"},       {"sales", "saved_view", "tooo--"},
	{"service", "tag", "aa----"},   {"service", "saved_view", "oooo--"},   {"service", "attachment", "aaa---"}, {"marketing", "tag", "aaaaa-"},
	{"marketing", "saved_view", "oooo--"}, {"analyst", "saved_view", "oooo--"}, {"read_only", "saved_view", "oooo--"}, {0},
};

extern const struct manifest workspace_manifest;
const struct manifest workspace_manifest = {.name = "workspace", .entities = entities, .routes = routes, .rights = rights};
