/* What the files of the approvals share; nobody else includes it. */
#ifndef GUANXI_CORE_APPROVALS_INTERNAL_H
#define GUANXI_CORE_APPROVALS_INTERNAL_H

#include <jansson.h>

#include "base/buf.h"
#include "core/approvals/approvals.h"
#include "core/condition/condition.h"

enum { APPROVAL_STEPS_MAX = 10, APPROVAL_RULES_MAX = 500, APPROVAL_PEOPLE_MAX = 200, APPROVAL_HOURS_MAX = 24 * 365, APPROVAL_JSON_MAX = 100000 };

/* A rule that is on; texts in the arena of who read it, or the cache's own. */
struct approval_rule {
	int64_t id;
	const char *name, *entity, *fields, *direction, *before, *condition, *steps;
};

/* What is let through of one write, or found out by trying it. */
struct granted {
	const int64_t *rules; /* these were agreed to */
	size_t n;
	/* trying: nothing is refused, it is noted what would be */
	bool trying;
	const struct entity_info *info;
	int64_t record_id; /* 0: a new one */
	const struct record *old, *now;
	struct approval_rule *needed;
	size_t n_needed, cap;
};

/* --- approval_rule.c --- */

/* Whether a list of steps makes sense; the fault is at "steps". */
enum err approval_check_steps(struct ctx *ctx, const char *text) MUST_CHECK;
/* Whether the field is in a list with commas. */
bool approval_lists(const char *list, const char *name);

/* --- approvals_ask.c --- */

struct approval_wanted {
	const struct entity_info *info;
	int64_t record_id; /* 0: a new record */
	const json_t *change;
	const char *reason;
	int64_t version;   /* 0: whatever it is */
	int64_t again_of;  /* 0: none */
};
/* In a write job, as the asker: tries the change, and keeps a request for it. ERR_INVALID, ERR_FORBIDDEN …: what the change itself is
 * refused for; ERR_CONFLICT "approval_not_needed", "approval_waits", "approval_nobody". */
enum err approval_ask(struct ctx *ctx, const struct approval_wanted *wanted, int64_t *ret_id) MUST_CHECK;

/* --- approvals_steps.c --- */

/* In a write job: the step of a request begins: its people are found and told, its deadline set. */
enum err approval_open_step(struct ctx *ctx, const struct record *request, int64_t step, bool *ret_anybody) MUST_CHECK;
/* The n-th of a list of steps; NULL past the end. */
const json_t *approval_step_at(const json_t *steps, int64_t n);
/* Those who could decide a step, without the asker. */
enum err approval_people(struct ctx *ctx, const struct record *request, const json_t *step, int64_t **ret, size_t *ret_n) MUST_CHECK;
/* One more who may decide, and is told; nothing if they are there already. */
enum err approval_add_voter(struct ctx *ctx, const struct record *request, int64_t step, int64_t user_id) MUST_CHECK;
/* Tells somebody of a request in the bell. */
enum err approval_tell(struct ctx *ctx, const struct record *request, int64_t user_id, bool asks, const char *mark) MUST_CHECK;
/* Ends a request in a state, with what is to be said of it; whoever has not decided need not any more. */
enum err approval_end(struct ctx *ctx, const struct record *request, const char *state, const char *outcome) MUST_CHECK;
/* Those who have not decided need not any more: of a step (-1: all), a user (0: all). */
enum err approval_spare(struct ctx *ctx, int64_t request, int64_t step, int64_t user_id) MUST_CHECK;
/* Ids of voters: of a step (-1: all), a user (0: all), a state ("": all). */
enum err approval_voters(struct ctx *ctx, int64_t request, int64_t step, int64_t user_id, const char *state, int64_t **ret, size_t *ret_n) MUST_CHECK;

/* --- approvals_decide.c --- */

/* In a write job: the request, locked, if it still waits; ERR_CONFLICT "approval_over". */
enum err approval_hold(struct ctx *ctx, int64_t id, struct record **ret) MUST_CHECK;
/* One of those who are asked decides. *ret the state it then has. */
enum err approval_decide(struct ctx *ctx, int64_t id, bool yes, const char *word, const char **ret) MUST_CHECK;

/* --- approvals_show.c --- */

enum err approval_put(struct ctx *ctx, const struct record *request, struct jsonw *w) MUST_CHECK;
/* ERR_NOT_FOUND for who has nothing to do with it. */
enum err approval_may_see(struct ctx *ctx, const struct record *request) MUST_CHECK;

#endif
