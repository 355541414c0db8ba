#include "core/manifest/manifest.h"
#include "service/article.h"
#include "service/service.h"

static const struct entity *const entities[] = {
	&case_topic_entity, &sla_policy_entity, &macro_entity, &complaint_grade_entity, &compensation_item_entity, &compensation_limit_entity,
	&case_entity, &case_message_entity, &case_clock_entity, &case_span_entity, &compensation_entity, &article_entity, &article_version_entity, NULL,
};

static const struct route *const routes[] = {service_case_routes, article_routes, NULL};

/* Topics, promises and standard answers have no owner and are reached by "all" alone. */
static const struct role_right rights[] = {
	{"service", "case", "aaa-a-"},        {"service", "case_message", "aa----"}, {"service", "case_clock", "a---a-"}, {"service", "case_span", "a-----"},
	{"service", "case_topic", "a-----"},  {"service", "sla_policy", "a-----"},   {"service", "macro", "aaa---"},
	{"service", "complaint_grade", "a-----"}, {"service", "compensation_item", "a-----"}, {"service", "compensation_limit", "a-----"}, {"service", "compensation", "aaa---"},
	{"service", "article", "aaa-a-"}, {"service", "article_version", "a-----"}, {"sales", "article", "a-----"}, {"sales", "article_version", "a-----"},
	{"manager", "article", "aaaaaa"}, {"manager", "article_version", "a---a-"},
	{"manager", "complaint_grade", "aaa-aa"}, {"manager", "compensation_item", "aaa-aa"}, {"manager", "compensation_limit", "aaa-aa"}, {"manager", "compensation", "aaa---"},
	{"manager", "case_topic", "aaa-aa"},  {"manager", "sla_policy", "aaa-aa"},   {"manager", "macro", "aaaaaa"},
	{"sales", "case", "aao---"},          {"sales", "case_message", "aa----"},   {"sales", "case_clock", "a-----"},   {"sales", "case_span", "a-----"},
	{"sales", "case_topic", "a-----"},    {"sales", "sla_policy", "a-----"},     {"sales", "macro", "a-----"},        {0},
};

/* Who is in front of which case: gone after a minute, so it is no record. */
static const char here[] = "CREATE TABLE case_here (case_id bigint NOT NULL, user_id bigint NOT NULL, until bigint NOT NULL, typing bigint NOT NULL, name text NOT NULL, "
	"PRIMARY KEY (case_id, user_id))";

static const struct migration steps[] = {{1, "who is in front of which case", here, here, NULL}};

extern const struct manifest service_manifest;
const struct manifest service_manifest = {
	.name = "service", .entities = entities, .routes = routes, .reactions = service_reactions, .job_kinds = service_job_kinds,
	.timers = service_timers, .rights = rights, .stars = service_stars, .steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
