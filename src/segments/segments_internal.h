/* What the files of the segments share; nobody else includes it. */
#ifndef GUANXI_SEGMENTS_INTERNAL_H
#define GUANXI_SEGMENTS_INTERNAL_H

#include "core/condition/condition.h"
#include "core/readers/readers.h"
#include "core/store/store.h"
#include "segments/segments.h"

/* A segment as it stands in the store. */
struct segment {
	int64_t id, owner_id, version;
	bool live, counted;   /* counted: was filled before */
	const char *name, *json;
	const struct entity_info *info;
};

enum segment_cause { CAUSE_CHANGE, CAUSE_TIME, CAUSE_CONDITION, CAUSE_SEGMENT, CAUSE_COUNT };

/* What becomes of one record in one segment. */
struct segment_move {
	const struct segment *segment;
	int64_t record_id;
	bool moves, enters;     /* a member comes or goes */
	int64_t next, had_next; /* when time alone may turn it; CONDITION_NEVER */
	enum segment_cause cause;
	int64_t seq;            /* of the change that did it; 0: none */
	const char *detail;     /* "order 123 state,total" */
};

struct segment_moves {
	struct segment_move *list;
	size_t n, cap;
};

/* segments_write.c: in a write job. */
enum err segment_apply(struct ctx *ctx, const struct segment_moves *moves) MUST_CHECK;
enum err segment_note_size(struct ctx *ctx, int64_t segment_id, int64_t size) MUST_CHECK;
enum err segment_add_move(struct ctx *ctx, struct segment_moves *moves, struct segment_move move) MUST_CHECK;
/* Asks one record, and what follows from it: whether it comes or goes, and when next. */
enum err segment_ask(struct condition_run *run, const struct segment *segment, const struct condition *condition, struct segment_move move,
                     struct segment_moves *ret) MUST_CHECK;

/* segments_read.c: those that are live and ready, or one; `state` NULL: any. */
enum err segments_read(struct ctx *ctx, const char *state, int64_t only_id, struct segment **ret, size_t *ret_n) MUST_CHECK;

/* segments_live.c: what a batch of the log does to the live ones. */
struct segment_work {
	struct service_turn *turn;
	struct segment_moves moves;
};
enum err segment_look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any) MUST_CHECK;
enum err segment_look_apply(struct ctx *ctx, void *arg) MUST_CHECK;
/* Time: at most `max` of those that are due; *ret_next: when the next one is. */
enum err segment_time(struct ctx *ctx, struct service_turn *turn, size_t max, size_t *ret_n, int64_t *ret_next) MUST_CHECK;

/* segments_fill.c: fills one that waits, *ret_did: there was one; then looks at moments, some records at a time. */
enum err segment_fill(struct ctx *ctx, struct service_turn *turn, bool *ret_did) MUST_CHECK;
/* The segment's condition, with its owner's rights in ctx->actor from then on. */
enum err segment_open(struct ctx *ctx, struct service_turn *turn, const struct segment *segment, struct condition **ret) MUST_CHECK;

#endif
