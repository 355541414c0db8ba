/* Inside this folder: the queue's rows as a runner sees them. In a write job, but for job_queue_due. */
#ifndef GUANXI_CORE_JOBS_JOB_QUEUE_H
#define GUANXI_CORE_JOBS_JOB_QUEUE_H

#include "core/jobs/jobs.h"
#include "core/store/store.h"

/* How long a job is its runner's without a beat of the job, and how long after its last word a program counts as gone. */
enum { JOB_LEASE_MS = 60000, JOB_ALIVE_MS = 8000 };
#define JOB_KEPT_MS (INT64_C(30) * 86400000)

/* Whether there is one to take by that program; on a read connection. */
enum err job_queue_due(struct ctx *ctx, int64_t runner, bool *ret) MUST_CHECK;
/* Wakes the runners of this program; a commit_fn. */
void job_queue_wake(struct store *store, void *arg);
/* Takes the next due job, or one whose lease has run out or whose program is gone; texts in ctx's arena. */
enum err job_queue_take(struct ctx *ctx, int64_t runner, struct job *ret, bool *ret_any) MUST_CHECK;
/* A thread that says again and again that this program, `id` among all that share the database, is alive; its first word is kept when this
 * returns. Nothing on SQLite, where one program has the store (*ret is NULL then). */
struct job_alive;
enum err job_alive_start_new(struct ctx *ctx, struct store *store, int64_t id, struct job_alive **ret) MUST_CHECK;
/* Its word is taken back: what it had can be taken at once. NULL is allowed. */
void job_alive_stop(struct job_alive *alive);
/* job_hold's question: who it runs as, asked again on ctx->db. */
enum err job_ask_again(struct ctx *ctx, const struct job *job) MUST_CHECK;
/* `unspent`: the attempt does not count. */
enum err job_queue_finish(struct ctx *ctx, const struct job *job, enum job_state state, int64_t run_at_ms, bool unspent, const char *error) MUST_CHECK;
/* At start: forgets old jobs; on SQLite frees what a crashed program held. A write_fn. */
enum err job_queue_start(struct ctx *ctx, void *arg) MUST_CHECK;

#endif
