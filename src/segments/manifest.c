#include "core/manifest/manifest.h"
#include "segments/segments.h"

static const struct entity *const entities[] = {&segment_entity, NULL};
static const struct route *const routes[] = {segments_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "segment", "aaaa--"}, {"marketing", "segment", "aaaa--"}, {"sales", "segment", "tooo--"}, {"service", "segment", "tooo--"}, {"analyst", "segment", "aooo--"}, {0},
};

#define MEMBER "segment_id bigint NOT NULL, record_id bigint NOT NULL, entered_at bigint NOT NULL, PRIMARY KEY (segment_id, record_id))"
#define NEXT "segment_id bigint NOT NULL, record_id bigint NOT NULL, at bigint NOT NULL, PRIMARY KEY (segment_id, record_id))"
#define SIZE "segment_id bigint NOT NULL, at bigint NOT NULL, size bigint NOT NULL, PRIMARY KEY (segment_id, at))"
#define EVENT "CREATE TABLE segment_event (segment_id bigint NOT NULL, at bigint NOT NULL, record_id bigint NOT NULL, entered bigint NOT NULL," \
	" cause bigint NOT NULL, seq bigint NOT NULL, detail text NOT NULL);"
#define INDEXES "CREATE INDEX segment_member_record ON segment_member (record_id); CREATE INDEX segment_next_at ON segment_next (at);" \
	" CREATE INDEX segment_event_at ON segment_event (segment_id, at); CREATE INDEX segment_event_record ON segment_event (segment_id, record_id, at)"

/* Members are many and are no records: a row each, without a log. */
static const struct migration steps[] = {
	{1, "members of segments, their moments and history",
	 "CREATE TABLE segment_member (" MEMBER " WITHOUT ROWID; CREATE TABLE segment_next (" NEXT " WITHOUT ROWID; CREATE TABLE segment_size (" SIZE
	 " WITHOUT ROWID; " EVENT INDEXES,
	 "CREATE TABLE segment_member (" MEMBER "; CREATE TABLE segment_next (" NEXT "; CREATE TABLE segment_size (" SIZE "; " EVENT INDEXES,
	 NULL},
};

static const struct reaction reactions[] = {{.entity = "customer", .merged = segments_merged}, {.entity = NULL}};

extern const struct manifest segments_manifest;
const struct manifest segments_manifest = {
	.name = "segments", .entities = entities, .routes = routes, .reactions = reactions, .services = segments_services, .settings = segments_settings, .rights = rights,
	.steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
