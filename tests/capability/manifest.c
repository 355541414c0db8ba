#include "core/manifest/manifest.h"
#include "core/store/store.h"

#include "stall.h"

static const struct entity *const entities[] = {&stall_entity, &stall_visit_entity, NULL};

static const struct route *const routes[] = {stall_routes, stall_mail_routes, NULL};

static const struct role_default roles[] = {
	{"stall_keeper", {"Stall keeper", "摊主"}, {"Keeps stalls, and sees nothing else.", "管理摊位，看不到其他内容。"}, "[]"}, {0},
};

static const struct role_right rights[] = {
	{"stall_keeper", "stall", "aaaaaa"}, {"stall_keeper", "stall_visit", "aaaaaa"}, {"sales", "stall", "a-----"}, {0},
};

/* What the descriptors do not say: a table of its own, and what has to be computed once. */
static const struct migration steps[] = {
	{1, "a list of stalls that were", "CREATE TABLE stall_past (id INTEGER PRIMARY KEY, name TEXT)", "CREATE TABLE stall_past (id bigint PRIMARY KEY, name text)", NULL},
	{2, "the first of them", "INSERT INTO stall_past VALUES (1, 'Old market')", "INSERT INTO stall_past VALUES (1, 'Old market')", NULL},
};

extern const struct manifest capability_manifest;
const struct manifest capability_manifest = {
	.name = "stall", .entities = entities, .routes = routes, .reactions = stall_reactions, .job_kinds = stall_job_kinds, .settings = stall_settings,
	.commands = stall_commands, .caps = stall_caps, .mail_rules = stall_mail_rules, .roles = roles, .rights = rights, .steps = steps, .n_steps = 2,
};
