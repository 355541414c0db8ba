/* Durable background work in the same database: queued in the transaction that
 * causes it, taken under a lease with a fencing number (SKIP LOCKED on
 * PostgreSQL), repeated after a crash, with progress and cancel. */
#ifndef GUANXI_CORE_JOBS_JOBS_H
#define GUANXI_CORE_JOBS_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ctx.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

struct jobs;

struct job {
	struct jobs *runner;
	int64_t id;
	const char *kind;
	const char *payload; /* JSON */
	struct actor who;    /* whose rights it runs with: kind, user_id, token_id and session_id, nothing else */
	bool known;          /* false: queued before jobs carried all of that */
	int attempt;
	int64_t fence; /* grows each time it is taken: an earlier runner's writes are refused */
	bool cancel;   /* asked for before this run began */
};

/* A kind of job.  `run` works on a thread of its own with a read connection in
 * ctx->db and writes through store_write; it must be repeatable from the start or
 * from what it noted itself, and calls job_beat often.  `refused` (or NULL) is told when it will
 * not be run, or not to its end: whoever queued it may not any more, or it ended the program too often; ctx->faults say
 * why, ctx->actor is the system, and what it writes is the program's own word. */
struct job_kind {
	const char *kind;
	enum err (*run)(struct ctx *ctx, const struct job *job);
	int attempts_max; /* runs that fail with ERR_RETRY or ERR_UPSTREAM, or end with the program; 0: 5 */
	enum err (*refused)(struct ctx *ctx, const struct job *job);
};

/* Fills a job's context: registry, app, and in ctx->actor what `who` may now, by the database behind ctx->db.
 * ERR_DENIED once the user, the token or the session is no more. */
typedef enum err (*job_prepare_fn)(void *arg, struct ctx *ctx, const struct actor *who);
/* `tables` is ended by NULL, each table by kind NULL. */
enum err jobs_start_new(struct ctx *ctx, struct store *store, const struct job_kind *const *tables, int threads,
                        job_prepare_fn prepare, void *arg, struct jobs **ret) MUST_CHECK;
/* Running jobs are told to stop at their next beat and go on after the next start. Waits for them. */
void jobs_stop(struct jobs *jobs);

/* In a write job: runs as ctx's actor (the user, by this token or in this session), not before run_at_ms (0: now);
 * a runner of this program is woken by the commit, those of other nodes look every second. */
enum err job_enqueue(struct ctx *ctx, const char *kind, const char *payload, int64_t run_at_ms, int64_t *ret_id) MUST_CHECK;
/* Renews the lease and stores progress.  ERR_CONFLICT: "job_cancelled", "job_lost" when
 * another runner has taken over, "job_stopping" when the program ends. */
enum err job_beat(struct ctx *ctx, const struct job *job, int64_t done, int64_t total, const char *note) MUST_CHECK;
/* The same inside a write job, so that a batch commits only while the job is still this runner's.  Asks again who it
 * runs as, in the same transaction: ctx->actor is then what they may now, until the write job ends; ERR_CONFLICT
 * "job_actor_ended" when they are no more.  Where ctx->actor is the system it stays that. */
enum err job_hold(struct ctx *ctx, const struct job *job, int64_t done, int64_t total, const char *note) MUST_CHECK;
/* In a write job; a running one ends at its next beat. */
enum err job_cancel(struct ctx *ctx, int64_t id) MUST_CHECK;

struct job_status {
	enum job_state state;
	int attempt;
	int64_t done, total;
	const char *note, *error; /* NULL if none */
};
/* ERR_NOT_FOUND if there is no such job. */
enum err job_status(struct ctx *ctx, int64_t id, struct job_status *ret) MUST_CHECK;

extern const char *const jobs_ddl_sqlite;
extern const char *const jobs_ddl_postgres;
/* A later step: whose rights a job has. */
extern const char *const jobs_ddl_actor;
extern const struct migration jobs_steps[];
enum { JOBS_STEPS = 1 };

#endif
