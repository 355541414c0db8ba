/* What happens at a moment: keyed timers and schedules.
 *
 * A timer is (kind, key) → moment, kept in the database: set in the transaction that causes it, moved and cleared by its key.
 * When it is due, its kind's `fire` runs in a write job together with the timer's removal, so its effects in the store happen
 * once: a crash before the commit leaves the timer, one after it has done everything. Nodes on one PostgreSQL share the work.
 * A million may wait: only those that are due are ever read.
 *
 * A schedule is a timer that sets itself anew. Runs that were missed while nothing ran are made up for by one. */
#ifndef GUANXI_CORE_TIMERS_TIMERS_H
#define GUANXI_CORE_TIMERS_TIMERS_H

#include "base/ctx.h"
#include "core/http/http.h"
#include "core/store/store.h"

struct timer {
	const char *kind, *key;
	int64_t due_ms;      /* when it was to fire; ctx_now may be later */
	const char *payload; /* as given; "" for none */
	int attempt;         /* from 1 */
};

/* `fire` runs in a write job as the system and must be short: what takes long is queued as a job from there. It may set the
 * same timer anew. An error undoes what it did; the timer is tried again later and later, and set aside after TIMER_ATTEMPTS. */
struct timer_kind {
	const char *kind;
	enum err (*fire)(struct ctx *ctx, const struct timer *timer);
};
enum { TIMER_ATTEMPTS = 8, TIMER_KEY_MAX = 200, TIMER_PAYLOAD_MAX = 64 * 1024 };

/* Either every so often, or once a day at a minute of the firm's own day. `run` is as timer_kind's `fire`. */
struct schedule {
	const char *name; /* of all schedules: "bulk.prune" */
	int64_t every_ms; /* 0: once a day */
	int minute;       /* of the day, 180: three in the night */
	enum err (*run)(struct ctx *ctx);
};

/* In a write job. Sets or moves; a timer that was set aside waits again. ERR_LIMIT: key or payload too long. */
enum err timer_set(struct ctx *ctx, const char *kind, const char *key, int64_t due_ms, const char *payload) MUST_CHECK;
/* In a write job; fine if there is none. */
enum err timer_clear(struct ctx *ctx, const char *kind, const char *key) MUST_CHECK;
/* *ret 0: there is none. */
enum err timer_due(struct ctx *ctx, const char *kind, const char *key, int64_t *ret) MUST_CHECK;
/* In a write job, of one that was set aside: it is tried again now. ERR_NOT_FOUND if there is no such. */
enum err timer_retry(struct ctx *ctx, const char *kind, const char *key) MUST_CHECK;

/* In a write job, of one that was set aside: it goes. ERR_NOT_FOUND if there is no such. */
enum err timer_skip(struct ctx *ctx, const char *kind, const char *key) MUST_CHECK;

/* For administrators: what waits, what was set aside; try again, skip. */
extern const struct route timers_routes[];

struct timers;
struct timers_config {
	const struct timer_kind *const *kinds;   /* tables ended by kind NULL; the list by NULL */
	const struct schedule *const *schedules; /* tables ended by name NULL; the list by NULL */
	void (*prepare)(void *arg, struct ctx *ctx); /* registry, settings and so on of a context */
	void (*done)(void *arg, struct ctx *ctx);    /* gives back what that took; NULL: nothing */
	/* IANA name of the firm's time zone, in ctx's arena */
	enum err (*zone)(struct ctx *ctx, const char **ret);
	void *arg;
};
/* Keeps a timer for each schedule, forgets those of schedules that are no more, and begins to fire. `config` is copied. */
enum err timers_start_new(struct ctx *ctx, struct store *store, const struct timers_config *config, struct timers **ret) MUST_CHECK;
/* Waits for the batch that is firing. */
void timers_stop(struct timers *timers);
/* Fires what is due now and returns; for tests and commands. The number fired, set aside included. */
enum err timers_fire_due(struct ctx *ctx, struct timers *timers, int64_t *ret) MUST_CHECK;

/* The moment after `after_ms` at which a schedule is next due in that zone. A day on which the minute does not exist (summer
 * time begins) has it at the same distance from midnight. */
int64_t schedule_next(const struct schedule *schedule, const char *zone, int64_t after_ms);

extern const struct migration timers_steps[];
enum { TIMERS_STEPS = 1 };

#endif
