/* What the files of src/pool share; nobody else includes it. */
#ifndef GUANXI_POOL_INTERNAL_H
#define GUANXI_POOL_INTERNAL_H

#include "core/condition/condition.h"
#include "core/store/store.h"
#include "pool/pool.h"

enum { POOL_RULES_MAX = 200, POOL_HIDDEN_MAX = 60 };

/* A pool, a rule that recalls, or one of a stage, as read for one turn or job. */
struct pool_rule {
	int64_t id, pool_id, remind_ms;
	int64_t day_max;   /* of a rule: how many may fall by it in a day; 0: any number */
	bool takes_free;   /* of a pool: those too who came without an owner */
	bool daily;        /* it asks for members of segments, which nobody tells: looked at each day */
	const char *name, *stage, *reason, *text;
	struct condition *condition; /* NULL: all customers */
};

struct pool_rules {
	struct pool_rule *pools, *falls, *stages;
	size_t n_pools, n_falls, n_stages;
};

/* pool_rules.c: all that are in use, in their order, with the system's rights in their conditions. One that cannot be read any more (a
 * field is gone) is left out: it matches nothing. */
enum err pool_rules_read(struct ctx *ctx, struct pool_rules *ret) MUST_CHECK;
/* Whether the condition holds of the customer; NULL holds of all. *ret_next as condition_one's, only lowered. */
enum err pool_rule_holds(struct condition_run *run, const struct pool_rule *rule, int64_t customer, bool *ret, int64_t *ret_next) MUST_CHECK;
/* The first pool that takes the customer; NULL: none. */
enum err pool_for(struct condition_run *run, const struct pool_rules *rules, int64_t customer, const struct pool_rule **ret) MUST_CHECK;
/* Runs a statement with ids. */
enum err pool_run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n) MUST_CHECK;
/* The first column of the first row; 0 without one. */
enum err pool_number(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret) MUST_CHECK;
/* A copy of a column's text; NULL: it has none. */
const char *pool_text(struct ctx *ctx, const struct stmt *stmt, int column);
/* When the firm's day began. */
enum err pool_today(struct ctx *ctx, int64_t *ret) MUST_CHECK;

/* pool_state.c: what becomes of a customer, all in one write job. */
struct pool_fall {
	int64_t customer, pool, rule; /* rule 0: not by one */
	const char *kind;   /* option of pool_move.kind: fell, given_back, arrived */
	const char *reason; /* in words */
	const char *why;    /* JSON, or NULL */
};
enum err pool_put(struct ctx *ctx, const struct pool_fall *fall) MUST_CHECK;
/* Out of the pool to somebody; kind: claimed, assigned. */
enum err pool_give(struct ctx *ctx, int64_t customer, int64_t user, const char *kind, const char *reason) MUST_CHECK;
/* The card as the customer now is. */
enum err pool_card(struct ctx *ctx, int64_t customer) MUST_CHECK;
/* The card of a customer, for changes of it: nobody else takes it meanwhile. NULL: it is in no pool. */
enum err pool_lock_entry(struct ctx *ctx, int64_t customer, struct record **ret) MUST_CHECK;
/* Fields of customers that the pool does not show, by position; of `pool` 0 all false. */
enum err pool_hidden(struct ctx *ctx, const struct record *pool, bool **ret) MUST_CHECK;

/* pool_limits.c: ERR_LIMIT with the reason. Both hold the person's limits until the job ends. */
enum err pool_may_claim(struct ctx *ctx, const struct record *pool, const struct record *entry) MUST_CHECK;
/* How much of the pool's limits the actor has used. */
struct pool_used {
	int64_t held, claims, looks;
};
enum err pool_used(struct ctx *ctx, const struct record *pool, struct pool_used *ret) MUST_CHECK;
enum err pool_note_look(struct ctx *ctx, const struct record *pool, int64_t customer) MUST_CHECK;

/* pool_judge.c: what the rules say of one customer now. */
struct pool_verdict {
	int64_t customer;
	bool there;
	bool acts;                      /* stage, falls or arrives: to be judged again where it is done */
	bool notes;                     /* a warning or a moment is to be written */
	const struct pool_rule *stage;  /* NULL: as it is */
	const struct pool_rule *falls;  /* by which rule */
	const struct pool_rule *into;   /* into which pool; with `falls` NULL: it belongs to nobody and comes by itself */
	const struct pool_rule *warns;  /* it is going to fall by this one */
	int64_t owner, falls_at, next;  /* CONDITION_NEVER: not by time alone */
	int64_t stale;                  /* a card that a merge brought to somebody's customer; 0: none */
	int64_t held;                   /* rule that the stage set by hand stands against; -1: none */
};
enum err pool_judge(struct condition_run *run, const struct pool_rules *rules, int64_t customer, struct pool_verdict *ret) MUST_CHECK;
/* In a write job. */
enum err pool_act(struct ctx *ctx, const struct pool_rules *rules, const struct pool_verdict *verdict) MUST_CHECK;

/* What a rule would do: how many customers that somebody has it holds of at that moment (ms; 0: now), and how many there are. */
enum err pool_count(struct ctx *ctx, const char *condition, int64_t at, int64_t *ret, int64_t *ret_all) MUST_CHECK;

#endif
