/* Between the files of this folder. */
#ifndef GUANXI_SERVICE_SERVICE_INTERNAL_H
#define GUANXI_SERVICE_SERVICE_INTERNAL_H

#include "core/store/store.h"
#include "service/service.h"

/* States in which the firm has nothing to do until somebody else moves: time stands still. */
bool case_is_waiting(const char *state);
/* Solved or closed. */
bool case_is_ended(const char *state);
/* In hooks: it comes back from the deleted, as it was. Nothing follows from that a second time. */
bool case_is_restored(const struct record *old, const struct record *now);

/* In a write job: what follows from the customer, the topic and the firm's rules, unless a person said otherwise. Sets
 * priority, its rank and its reason. */
enum err case_settle_priority(struct ctx *ctx, const struct record *old, struct record *now) MUST_CHECK;

/* In a write job: who is in front of the case now besides the actor, and types an answer. *ret NULL: nobody. */
enum err case_typing_name(struct ctx *ctx, int64_t case_id, const char **ret) MUST_CHECK;
/* In a write job: nobody types any more of those but the actor. */
enum err case_take_over(struct ctx *ctx, int64_t case_id) MUST_CHECK;

/* record_set of a text in ctx's arena, NULL: null. */
enum err case_set_text(struct ctx *ctx, struct record *record, const char *field, const char *text) MUST_CHECK;
enum err case_set_int(struct ctx *ctx, struct record *record, const char *field, int64_t value) MUST_CHECK;
/* 0 becomes null. */
enum err case_set_id(struct ctx *ctx, struct record *record, const char *field, int64_t id) MUST_CHECK;

/* In a write job: says in the case what the program did. `code` is a word the page translates. */
enum err case_tell(struct ctx *ctx, int64_t case_id, const char *code, const char *detail) MUST_CHECK;

#endif
