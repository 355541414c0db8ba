/* The parts of src/duplicates. */
#include "core/manifest/manifest.h"
#include "core/store/store.h"
#include "duplicates/duplicates.h"
#include "duplicates/pair.h"
#include "duplicates/rule.h"

static const struct entity *const entities[] = {&duplicate_rule_entity, NULL};

static const struct route *const routes[] = {duplicates_merge_routes, duplicates_review_routes, duplicates_check_routes, NULL};

static const struct role_right rights[] = {{"manager", "duplicate_rule", "a-----"}, {0}};

static const struct cap_name caps[] = {{"merge", {"Merge customers, and take merges apart", "合并客户与撤销合并"}, "manager"}, {0}};

static const char journal[] =
	"CREATE TABLE merge_journal (merge_id bigint NOT NULL, n bigint NOT NULL, what text NOT NULL, entity text NOT NULL, record_id bigint NOT NULL,"
	" field text, before_text text, after_text text, PRIMARY KEY (merge_id, n))";

static const char pairs[] =
	"CREATE TABLE duplicate_pair (a_id bigint NOT NULL, b_id bigint NOT NULL, chance bigint NOT NULL, weight bigint NOT NULL, state text NOT NULL,"
	" reasons text NOT NULL, scan bigint NOT NULL, decided_by bigint, decided_at bigint, PRIMARY KEY (a_id, b_id));"
	" CREATE INDEX duplicate_pair_b ON duplicate_pair (b_id); CREATE INDEX duplicate_pair_state ON duplicate_pair (state, chance, a_id, b_id);"
	" CREATE TABLE duplicate_scan (id bigint PRIMARY KEY, job_id bigint NOT NULL, state text NOT NULL, started_at bigint NOT NULL, finished_at bigint NOT NULL,"
	" started_by bigint NOT NULL, customers bigint NOT NULL, found bigint NOT NULL, error text NOT NULL);"
	" INSERT INTO duplicate_scan VALUES (1, 0, 'never', 0, 0, 0, 0, 0, ''); INSERT INTO duplicate_scan VALUES (2, 0, 'never', 0, 0, 0, 0, 0, '')";

static const char budget[] =
	"CREATE TABLE duplicate_budget (user_id bigint NOT NULL, day bigint NOT NULL, shown bigint NOT NULL, PRIMARY KEY (user_id, day))";

static const struct migration steps[] = {
	{1, "what merges did, entry by entry", journal, journal, NULL},
	{2, "pairs of customers who may be the same", pairs, pairs, NULL},
	{3, "how many masked matches somebody was told in a day", budget, budget, NULL},
	{4, "rules to begin with", NULL, NULL, rule_begin},
};

static const struct reaction reactions[] = {
	{.entity = "customer", .after = pair_customer_gone},
	{.entity = "customer", .before = rule_before, .after = rule_after},
	{.entity = NULL},
};

extern const struct manifest duplicates_manifest;
const struct manifest duplicates_manifest = {
	.name = "duplicates", .entities = entities, .rights = rights, .settings = duplicates_settings, .routes = routes, .reactions = reactions, .job_kinds = duplicates_job_kinds, .caps = caps, .steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
