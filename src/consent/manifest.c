/* The parts of src/consent, and what built-in roles may do with them. */
#include "consent/consent_internal.h"
#include "core/manifest/manifest.h"

static const struct entity *const entities[] = {&consent_text_entity, &contact_pause_entity, NULL};
static const struct route *const routes[] = {consent_routes, consent_door_routes, NULL};

static const struct role_right rights[] = {
	{"marketing", "consent_text", "aaa-a-"}, {"marketing", "contact_pause", "aaaaa-"}, {"manager", "consent_text", "aaa-a-"}, {"manager", "contact_pause", "aaaaa-"},
	{"service", "consent_text", "a-----"},   {"service", "contact_pause", "a-----"},   {"sales", "consent_text", "a-----"},   {"sales", "contact_pause", "a-----"}, {0},
};

#define NOW "CREATE TABLE consent_now (customer_id bigint NOT NULL, channel text NOT NULL, purpose text NOT NULL, state text NOT NULL, at bigint NOT NULL," \
	" consent_id bigint NOT NULL, PRIMARY KEY (customer_id, purpose, channel))"
#define TOUCH "CREATE TABLE contact_touch (cause text NOT NULL PRIMARY KEY, customer_id bigint NOT NULL, purpose text NOT NULL, channel text NOT NULL, at bigint NOT NULL);" \
	" CREATE INDEX contact_touch_person ON contact_touch (customer_id, purpose, at); CREATE INDEX contact_touch_at ON contact_touch (at);"
#define PERSON "CREATE TABLE contact_person (customer_id bigint NOT NULL PRIMARY KEY, asked_at bigint NOT NULL)"
#define DOOR "CREATE TABLE consent_door (who text NOT NULL PRIMARY KEY, minute bigint NOT NULL, n bigint NOT NULL)"

#define GONE "CREATE TABLE consent_gone (customer_id bigint NOT NULL, channel text NOT NULL, state text NOT NULL, at bigint NOT NULL, source text," \
	" evidence text, PRIMARY KEY (customer_id, channel))"

/* Contacts are many, and no records: a row each, without a log. */
static const struct migration steps[] = {
	{1, "what consents say now, contacts that count", NOW " WITHOUT ROWID; " TOUCH PERSON "; " DOOR, NOW "; " TOUCH PERSON "; " DOOR, NULL},
	{2, "consents of before", NULL, NULL, consent_now_fill},
	{3, "an index for texts in use", "CREATE INDEX consent_text_version ON \"consent\" (\"text_version\") WHERE \"text_version\" IS NOT NULL",
	 "CREATE INDEX consent_text_version ON \"consent\" (\"text_version\") WHERE \"text_version\" IS NOT NULL", NULL},
	{4, "what the deleted say", GONE, GONE, NULL},
};

extern const struct manifest consent_manifest;
const struct manifest consent_manifest = {
	.name = "consent", .entities = entities, .routes = routes, .reactions = consent_reactions, .settings = consent_settings, .schedules = consent_schedules, .rights = rights,
	.steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
