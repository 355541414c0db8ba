/* Durable background work in the same database: queued in the transaction that
 * causes it, taken under a lease with a fencing number (SKIP LOCKED on
 * PostgreSQL), repeated after a crash, with progress and cancel. */
#ifndef GUANXI_CORE_JOBS_JOBS_H
#define GUANXI_CORE_JOBS_JOBS_H

#include "base/ctx.h"

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

struct job {
	int64_t id;
	const char *kind;
	const char *payload; /* JSON */
	int64_t actor_id;    /* whose rights it runs with */
	int attempt;
	int64_t fence;
};

/* A kind of job.  `run` works on a thread of its own with a read connection in
 * ctx->db and writes through store_write; it must be repeatable from the start or
 * from what it noted itself, and calls job_beat often. */
struct job_kind {
	const char *kind;
	enum err (*run)(struct ctx *ctx, const struct job *job);
	int attempts_max;
};

struct jobs;
enum err jobs_start_new(struct ctx *ctx, struct store *store, const struct job_kind *const *tables, int threads,
                        void (*prepare)(void *arg, struct ctx *ctx, int64_t actor_id), void *arg, struct jobs **ret) MUST_CHECK;
void jobs_stop(struct jobs *jobs, int64_t wait_ms);
/* In a write job. */
enum err job_enqueue(struct ctx *ctx, const char *kind, const char *payload, int64_t run_at_ms, int64_t *ret_id) MUST_CHECK;
/* Renews the lease and stores progress; ERR_CONFLICT when another worker has taken over or the job was cancelled. */
enum err job_beat(struct ctx *ctx, const struct job *job, int64_t done, int64_t total, const char *note) MUST_CHECK;
enum err job_cancel(struct ctx *ctx, int64_t id) MUST_CHECK; /* in a write job */

extern const char *const jobs_ddl_sqlite;
extern const char *const jobs_ddl_postgres;

#endif
