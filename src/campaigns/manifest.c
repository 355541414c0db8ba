/* The parts of src/campaigns, and what built-in roles may do with them. */
#include "campaigns/campaigns_internal.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&campaign_entity, &campaign_variant_entity, &campaign_content_entity, &campaign_recipient_entity, NULL};
static const struct route *const routes[] = {campaign_routes, campaign_result_routes, campaign_hand_routes, NULL};

static const struct role_right rights[] = {
	{"marketing", "campaign", "aaaaa-"},          {"marketing", "campaign_variant", "aaaa--"}, {"marketing", "campaign_content", "aaaa--"},
	{"marketing", "campaign_recipient", "a---a-"}, {"manager", "campaign", "aaaaa-"},           {"manager", "campaign_variant", "aaaa--"},
	{"manager", "campaign_content", "aaaa--"},     {"manager", "campaign_recipient", "a---a-"}, {"analyst", "campaign", "a-----"},
	{"analyst", "campaign_recipient", "a-----"},   {"sales", "campaign", "t-----"},             {"sales", "campaign_recipient", "a-----"},
	{"service", "campaign", "a-----"},             {"service", "campaign_recipient", "a-----"}, {0},
};

static const char place[] = "CREATE TABLE campaign_place (campaign_id bigint NOT NULL PRIMARY KEY, at_segment bigint NOT NULL, at_record bigint NOT NULL, listed_ms bigint NOT NULL)";
static const struct migration steps[] = {{1, "how far lists of campaigns have come", place, place, NULL}};

extern const struct manifest campaigns_manifest;
const struct manifest campaigns_manifest = {
	.name = "campaigns", .entities = entities, .routes = routes, .reactions = campaign_reactions, .services = campaign_services, .mail_rules = campaign_mail_rules,
	.rights = rights, .steps = steps, .n_steps = 1,
};
