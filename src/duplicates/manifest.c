/* The parts of src/duplicates. */
#include "core/manifest/manifest.h"
#include "core/store/store.h"
#include "duplicates/duplicates.h"

static const struct route *const routes[] = {duplicates_merge_routes, NULL};

static const struct cap_name caps[] = {{"merge", {"Merge customers, and take merges apart", "合并客户与撤销合并"}}, {NULL, {NULL, NULL, NULL}}};

static const char journal[] =
	"CREATE TABLE merge_journal (merge_id bigint NOT NULL, n bigint NOT NULL, what text NOT NULL, entity text NOT NULL, record_id bigint NOT NULL,"
	" field text, before_text text, after_text text, PRIMARY KEY (merge_id, n))";

static const struct migration steps[] = {{1, "what merges did, entry by entry", journal, journal, NULL}};

extern const struct manifest duplicates_manifest;
const struct manifest duplicates_manifest = {
	.name = "duplicates", .routes = routes, .caps = caps, .steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
