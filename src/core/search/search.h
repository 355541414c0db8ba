/* Search over everything: one index, made of tokens from core/text, alike on both
 * engines (FTS5; tsvector('simple') with GIN).  Rows are filtered by the gate. */
#ifndef GUANXI_CORE_SEARCH_SEARCH_H
#define GUANXI_CORE_SEARCH_SEARCH_H

#include "base/ctx.h"
#include "core/gate/gate.h"
#include "core/text/text.h"

/* One field's text for the index.  With `field` the search keeps what an actor may
 * not read (hidden or masked) from finding the record; 0 is readable by all. */
struct search_part {
	const char *text;
	enum text_kind kind;
	size_t field; /* the gate's number of the field */
};

/* Within a write job: replaces the index row of a record. Record ids are unique
 * over all entities, so the id alone is the key.  `rank`: smaller is shown earlier;
 * owner/team/branch let the search filter without touching the record. */
struct search_doc {
	size_t entity; /* number in the registry = the gate's */
	int64_t record_id;
	int rank;
	int64_t owner_id, team_id, branch_id; /* 0: none */
	const struct search_part *parts;
	size_t n_parts;
	bool fresh; /* the record was made just now: there is no older row to look for */
};
/* Costs little when nothing changed.  Terms of many small writes reach the full-text
 * table together, at the end of a job; finds see them at once all the same. */
enum err search_put(struct ctx *ctx, const struct search_doc *doc) MUST_CHECK;
enum err search_remove(struct ctx *ctx, int64_t record_id) MUST_CHECK;

/* For records the index has never seen, very many at once.  Their text is made without the
 * store, on any thread; then each is put, and at the end all go into the full-text table in
 * its order.  Nothing else may be put in between. */
struct search_text {
	const char *source, *terms; /* in the arena; terms without the scope's */
	size_t n_source, n_terms;
};
enum err search_text_make(struct ctx *ctx, const struct search_doc *doc, struct search_text *ret) MUST_CHECK;
struct search_bulk;
enum err search_bulk_begin(struct ctx *ctx, size_t most, struct search_bulk **ret) MUST_CHECK; /* within a write job */
enum err search_bulk_put(struct ctx *ctx, struct search_bulk *bulk, const struct search_doc *doc, const struct search_text *text) MUST_CHECK;
enum err search_bulk_end(struct ctx *ctx, struct search_bulk *bulk) MUST_CHECK;

struct search_hit {
	size_t entity;
	int64_t record_id;
	double score;
};
/* Best hits for what a person typed, over the given entities (NULL: all the actor
 * may read), within the actor's scopes, ranked. At most `max` per entity. Looks at a
 * bounded number of candidates; *ret_more tells that there were more. */
enum err search_find(struct ctx *ctx, const char *typed, const size_t *entities, size_t n_entities, size_t max,
                     struct search_hit **ret, size_t *ret_n, bool *ret_more) MUST_CHECK;
/* An SQL condition on "<alias>".id for list filters ("?q=…"), with the one text of
 * *ret_n_bind bytes to bind as ?<first_param>; by the query builder only.  The rows'
 * scope is the query's business.  Typing errors are not forgiven here. */
enum err search_condition(struct ctx *ctx, size_t entity, const char *alias, const char *typed, int first_param,
                          const char **ret_sql, const char **ret_bind, size_t *ret_n_bind) MUST_CHECK;
/* Ids in the index, ascending from after_id: for the check that compares index and records. */
enum err search_ids(struct ctx *ctx, int64_t after_id, size_t max, int64_t *ret_ids, size_t *ret_n) MUST_CHECK;
/* Integrity of the index structures themselves. */
enum err search_integrity(struct ctx *ctx) MUST_CHECK;

/* Care, in a write job: takes in what waits and merges about `pages` index pages of
 * 4 KB (0: only takes in); *ret_more: there is more to merge.  `whole` begins a merge of
 * everything into one, which the next calls go on with (without `whole`): after a bulk import and once
 * a day, as removed records are gone from the pages only then; otherwise only what costs little. */
enum err search_optimize(struct ctx *ctx, int pages, bool whole, bool *ret_more) MUST_CHECK;
/* Numbers of entities and fields stand in the index.  `layout` names them (say, a
 * hash of all names in order).  In a write job: if the index was made with another
 * layout, or by another version of this program's terms, empties it (nothing is
 * found, rather than wrong things) and says so: all records must be put again, and
 * search_layout_done called after the last.  Until then it says so again. */
enum err search_check_layout(struct ctx *ctx, const char *layout, bool *ret_emptied) MUST_CHECK;
enum err search_layout_done(struct ctx *ctx, const char *layout) MUST_CHECK;
/* In a write job: empties the index. */
enum err search_clear(struct ctx *ctx) MUST_CHECK;

extern const char *const search_ddl_sqlite;
extern const char *const search_ddl_postgres;

#endif
