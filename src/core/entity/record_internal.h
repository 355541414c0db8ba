/* What the record_*.c files share. */
#ifndef GUANXI_CORE_ENTITY_RECORD_INTERNAL_H
#define GUANXI_CORE_ENTITY_RECORD_INTERNAL_H

#include "core/entity/entity_internal.h"
#include "core/search/search.h"

enum { RECORD_DIFF_MAX = 4 * 1024 * 1024 };

/* --- record.c --- */

/* Reads the row with `sql` (state->select or state->lock) and its many-links. */
enum err record_fetch(struct ctx *ctx, const struct entity_info *info, const struct sql *sql, int64_t id, struct record **ret) MUST_CHECK;
/* A copy whose values may be changed alone. */
enum err record_copy(struct ctx *ctx, const struct record *record, struct record **ret) MUST_CHECK;
/* Who could give the right that is missing, by name. */
const char *record_ask(const struct ctx *ctx);
/* The same as record_owner for a row that need not be loaded; *ret_found false: there is none. */
enum err record_owner_of(struct ctx *ctx, const struct entity_info *info, int64_t id, struct row_owner *ret, bool *ret_found) MUST_CHECK;
/* Whether the actor may do this with the row: OK, or ERR_NOT_FOUND where they may not even read it. */
enum err record_reach(struct ctx *ctx, const struct record *record, enum action action) MUST_CHECK;
/* That the actor has a scope for the action at all. */
enum err record_may(struct ctx *ctx, const struct entity_info *info, enum action action, enum scope *ret) MUST_CHECK;
/* First column of all rows of a bound statement. */
enum err record_read_ids(struct ctx *ctx, struct stmt *stmt, int64_t **ret, size_t *ret_n) MUST_CHECK;
enum err record_no_memory(struct ctx *ctx) MUST_CHECK;

/* --- record_hooks.c: the entity's own hooks, then the reactions of other folders --- */

bool record_has_before(const struct entity_info *info);
/* `old` is NULL on create, `now` on delete. */
enum err record_before(struct ctx *ctx, const struct entity_info *info, const struct record *old, struct record *now) MUST_CHECK;
enum err record_after(struct ctx *ctx, const struct entity_info *info, const struct record *old, const struct record *now) MUST_CHECK;
/* The same of a new record that is gathered, in two: what writes no others, before it is written, and what does, after that. */
enum err record_after_gathered(struct ctx *ctx, const struct record *now) MUST_CHECK;
enum err record_after_written(struct ctx *ctx, const struct record *now) MUST_CHECK;

/* Whoever is asked of changes (registry_guard); `asked` of the first is for the second. */
enum err record_guard_before(struct ctx *ctx, const struct record *old, const struct record *now, const void **ret_asked) MUST_CHECK;
enum err record_guard_after(struct ctx *ctx, const struct record *now, const void *asked) MUST_CHECK;
enum err record_guard_gone(struct ctx *ctx, const struct record *old) MUST_CHECK;

/* --- record_check.c: what was given, before anything is written --- */

/* Rights of the given fields; echoes of what stands there already are taken out of `patch`. */
enum err record_check_rights(struct ctx *ctx, struct record *patch, const struct record *old, unsigned flags) MUST_CHECK;
/* Normalises what `patch` gives and carries it over into `now` (which may be `patch`). */
enum err record_check_values(struct ctx *ctx, struct record *patch, struct record *now, const struct record *old) MUST_CHECK;
/* The forms (form_of) of what differs from `old`; NULL: of everything. */
enum err record_set_forms(struct ctx *ctx, const struct record *old, struct record *now) MUST_CHECK;
/* Required fields; of an update only what the patch gives. Fields with a fault already are left. */
enum { CHECK_READONLY = 1 << 0, CHECK_ORPHANS = 1 << 1 }; /* read-only fields too; what it belonged to may be gone (F_OUTLIVES) */
void record_check_required(struct ctx *ctx, const struct record *now, const struct record *old, unsigned how);
/* Links that were given exist and may be seen. With `existence` also those that a foreign key will look at. */
enum err record_check_links(struct ctx *ctx, const struct record *now, const struct record *old, bool trusted, bool existence) MUST_CHECK;
/* Unique fields, for a report of all faults together; the index decides. */
enum err record_check_unique(struct ctx *ctx, const struct record *now, const struct record *old) MUST_CHECK;
/* Gives the store's fault about a constraint the field's name; `from` is the number of faults before. */
enum err record_name_conflict(struct ctx *ctx, const struct record *now, size_t from, enum err err) MUST_CHECK;
/* No hook left a value of a wrong kind. */
enum err record_check_kinds(struct ctx *ctx, const struct record *now) MUST_CHECK;

/* --- record_state.c: the steps a state may take --- */

/* That a new record begins as it may.  What hooks set is not asked. */
void record_check_start(struct ctx *ctx, const struct record *now, unsigned flags);
/* That each state that `patch` changes may take this step, by this actor, with the reason it asks for. */
void record_check_moves(struct ctx *ctx, const struct record *patch, struct record *now, const struct record *old, unsigned flags);
/* That what a step needs is filled. */
void record_check_needs(struct ctx *ctx, const struct record *now, const struct record *old, unsigned flags);

/* --- record_number.c: numbers by sequences --- */

/* Numbers what came without, and notes what was given; `old` NULL: a new record. */
enum err record_number(struct ctx *ctx, const struct record *old, struct record *now) MUST_CHECK;

/* --- record_gather.c --- */

/* Whether a new record of this entity shall wait now. */
bool record_gathers(const struct ctx *ctx, const struct entity_info *info);
/* After all checks of a new record: it waits. */
enum err record_gather_put(struct ctx *ctx, struct record *record, unsigned flags) MUST_CHECK;

/* --- record_compose.c: what a new record becomes in log and search, made beside the writer's thread --- */

struct composed {
	enum err err; /* then its writer makes it itself, and reports */
	struct change_text change;
	struct search_text search;
};
struct composer;
/* Begins with the n records, in order, on a thread of its own where there is one to be had. */
enum err record_compose_begin(struct ctx *ctx, const struct record *const *list, size_t n, struct composer **ret) MUST_CHECK;
/* Waits for the text of record i. */
const struct composed *record_composed(struct composer *composer, size_t i);
/* Ends it; its texts are gone.  Always. */
void record_compose_end(struct composer *composer);

/* --- record_log.c --- */

/* The text of the entry alone; needs no store. */
enum err record_diff(struct ctx *ctx, const struct record *old, const struct record *now, struct buf *out) MUST_CHECK;
/* {"field":[before,after],…} of what differs; NULL old or now: all that is not null. */
enum err record_log(struct ctx *ctx, const struct record *old, const struct record *now, enum change_action action) MUST_CHECK;

/* --- record_alias.c --- */

/* ERR_CONFLICT "merged_away" in words that say whether the record it lives on in may be seen. */
enum err record_merged_away(struct ctx *ctx, const struct entity_info *info, int64_t into) MUST_CHECK;

/* --- record_write.c --- */

enum err record_insert(struct ctx *ctx, struct record *record) MUST_CHECK;
/* The same without waiting for the store's word (stmt_run_later): a refusal may come later, and names no field. */
enum err record_insert_later(struct ctx *ctx, struct record *record) MUST_CHECK;
enum err record_put_many(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;

/* --- record_search.c --- */

/* After a write: the row of this record, or of the parent it belongs to. `old` NULL:
 * new; `now` NULL: gone, for the parent's row. */
enum err record_search_written(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;

/* The text of a new record's own search row; needs no store. */
enum err record_search_text(struct ctx *ctx, const struct record *record, struct search_text *ret) MUST_CHECK;
/* Puts that row. */
enum err record_search_put(struct ctx *ctx, const struct record *record, const struct search_text *text, struct search_bulk *bulk) MUST_CHECK;

static inline bool record_is_null(const struct record *record, int at)
{
	return at < 0 || record->values[at].kind == VALUE_NULL;
}

static inline int64_t record_i64_at(const struct record *record, int at)
{
	return at >= 0 && record->values[at].kind == VALUE_INT ? record->values[at].i : 0;
}

#endif
