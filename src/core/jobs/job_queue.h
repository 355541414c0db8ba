/* Inside this folder: the queue's rows as a runner sees them. In a write job, but for job_queue_due. */
#ifndef GUANXI_CORE_JOBS_JOB_QUEUE_H
#define GUANXI_CORE_JOBS_JOB_QUEUE_H

#include "core/jobs/jobs.h"
#include "core/store/store.h"

enum { JOB_LEASE_MS = 60000 };
#define JOB_KEPT_MS (INT64_C(30) * 86400000)

/* Whether there is one to take; on a read connection. */
enum err job_queue_due(struct ctx *ctx, bool *ret) MUST_CHECK;
/* Wakes the runners of this program; a commit_fn. */
void job_queue_wake(struct store *store, void *arg);
/* Takes the next due job, or one whose lease has run out; texts in ctx's arena. */
enum err job_queue_take(struct ctx *ctx, struct job *ret, bool *ret_any) MUST_CHECK;
/* job_hold's question: who it runs as, asked again on ctx->db. */
enum err job_ask_again(struct ctx *ctx, const struct job *job) MUST_CHECK;
/* `unspent`: the attempt does not count. */
enum err job_queue_finish(struct ctx *ctx, const struct job *job, enum job_state state, int64_t run_at_ms, bool unspent, const char *error) MUST_CHECK;
/* At start: forgets old jobs; on SQLite frees what a crashed program held. A write_fn. */
enum err job_queue_start(struct ctx *ctx, void *arg) MUST_CHECK;

#endif
