/* What the files about merging share. */
#ifndef GUANXI_DUPLICATES_MERGE_H
#define GUANXI_DUPLICATES_MERGE_H

#include <jansson.h>

#include "duplicates/duplicates.h"

enum {
	MERGE_RECORDS_MAX = 20,    /* of one request */
	MERGE_MOVED_MAX = 20000,   /* rows that point at one who is merged away: all are moved in one transaction */
};

/* Of one entry of the journal. */
#define JOURNAL_MOVED "moved"  /* a link that pointed at the one who went */
#define JOURNAL_FIELD "field"  /* a value of the one who stays */
#define JOURNAL_MADE "made"    /* a record that keeps what found no place: an identifier */
#define JOURNAL_DROPPED "dropped" /* it would have stood twice; it comes back with the one who went */

/* One customer going into another, in a write job. */
struct merging {
	struct ctx *ctx;
	const struct entity_info *info;
	int64_t from, into, merge; /* merge: id of the alias, which names the merge */
	struct record *loser, *survivor; /* whole, as they stood before */
	const json_t *choices;     /* {"field": "<id whose value holds>" or "both"}; NULL: none */
	int64_t n_journal, n_moved, n_dropped;
};

struct journal_entry {
	const char *what, *entity, *field, *before, *after;
	int64_t record_id;
};

/* merge_journal.c */
enum err merge_note(struct merging *m, const struct journal_entry *entry) MUST_CHECK;
/* Entries of one kind after `n`, in order, at most `max`; *ret_last: number of the last. */
enum err merge_notes(struct ctx *ctx, int64_t merge, const char *what, int64_t after, struct journal_entry *list, size_t max, size_t *ret_n,
                     int64_t *ret_last) MUST_CHECK;

/* merge_move.c: every link to the one who goes, in every entity, then means the one who stays. ERR_LIMIT "merge_too_many". */
enum err merge_move(struct merging *m) MUST_CHECK;
/* ERR_CONFLICT "merge_related": some record has both, each in a link of its own. */
enum err merge_check_apart(struct merging *m) MUST_CHECK;

/* merge_fields.c: the values that the one who stays takes over, and those that find another place. */
enum err merge_fields(struct merging *m) MUST_CHECK;
/* Which of the records wins a field where nobody chooses: position in `list`; 0 is the one who stays. -1: both are kept. */
int merge_suggest(const struct entity_info *info, int field, struct record *const *list, size_t n);
/* Whether the field takes part in a merge at all. */
bool merge_takes(const struct entity_info *info, int field);
bool merge_is_empty(const struct value *value);

/* merge_undo.c */
enum err merge_undo(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* merge_look.c: what a merge would do. */
enum err merge_look(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* In a write job: one into another as is suggested, with the actor's rights. */
enum err merge_two(struct ctx *ctx, int64_t into, int64_t from, int64_t *ret_merge) MUST_CHECK;
/* Whether of two the second would better stay: more orders, then somebody's, then the older. */
bool merge_second_stays(const struct record *a, const struct record *b);
/* ERR_FORBIDDEN unless the actor may merge at all. */
enum err merge_allowed(struct ctx *ctx) MUST_CHECK;
/* Locks customers, lower ids first, so that of two merges at once one waits for the other. */
enum err merge_lock(struct ctx *ctx, const int64_t *ids, size_t n) MUST_CHECK;

#endif
