/* The queue's rows: what callers and runners do to them. */
#include "core/jobs/job_queue.h"

#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/jobs/sql_jobs.h"

static const char *const states[] = {
	[JOB_QUEUED] = "queued", [JOB_RUNNING] = "running", [JOB_DONE] = "done", [JOB_FAILED] = "failed", [JOB_CANCELLED] = "cancelled",
};

enum err job_enqueue(struct ctx *ctx, const char *kind, const char *payload, int64_t run_at_ms, int64_t *ret_id)
{
	struct stmt *stmt;
	int64_t now = ctx_now(ctx);
	const struct actor *who = ctx->actor != NULL ? ctx->actor : gate_system();
	*ret_id = registry_next_id(ctx);
	enum err err = db_prepare(ctx, ctx->db, &sql_job_insert, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *ret_id);
	stmt_bind_text(stmt, 2, kind);
	stmt_bind_text(stmt, 3, payload);
	stmt_bind_i64(stmt, 4, who->user_id);
	stmt_bind_i64(stmt, 5, run_at_ms != 0 ? run_at_ms : now);
	stmt_bind_i64(stmt, 6, now);
	stmt_bind_i64(stmt, 7, who->kind);
	stmt_bind_i64(stmt, 8, who->token_id);
	stmt_bind_i64(stmt, 9, who->session_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK ? db_on_commit(ctx, job_queue_wake, NULL) : err;
}

static enum err run_on(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t now, int64_t *ret_changed)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	if (now != 0)
		stmt_bind_i64(stmt, 2, now);
	err = stmt_run(ctx, stmt, ret_changed);
	stmt_done(stmt);
	return err;
}

enum err job_cancel(struct ctx *ctx, int64_t id)
{
	int64_t changed = 0;
	enum err err = run_on(ctx, &sql_job_cancel_queued, id, ctx_now(ctx), &changed);
	if (err == OK && changed == 0)
		err = run_on(ctx, &sql_job_cancel_running, id, 0, &changed);
	if (err == OK && changed == 0)
		err = fail(ctx, ERR_NOT_FOUND, "job", "job_ended");
	return err;
}

static enum job_state state_named(const char *name)
{
	for (int i = JOB_QUEUED; i <= JOB_CANCELLED; i++) {
		if (str_equal(states[i], name))
			return (enum job_state)i;
	}
	return JOB_FAILED;
}

static const char *keep(struct ctx *ctx, const char *text)
{
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

enum err job_status(struct ctx *ctx, int64_t id, struct job_status *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_read, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		*ret = (struct job_status){
			.state = state_named(stmt_text(stmt, 3)),
			.attempt = (int)stmt_i64(stmt, 4),
			.done = stmt_i64(stmt, 6),
			.total = stmt_i64(stmt, 7),
			.note = keep(ctx, stmt_text(stmt, 8)),
			.error = keep(ctx, stmt_text(stmt, 9)),
		};
	}
	stmt_done(stmt);
	return err == OK && !row ? fail(ctx, ERR_NOT_FOUND, "job", "not_found") : err;
}

enum err job_hold(struct ctx *ctx, const struct job *job, int64_t done, int64_t total, const char *note)
{
	struct stmt *stmt;
	int64_t changed = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_renew, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, job->id);
	stmt_bind_i64(stmt, 2, job->fence);
	stmt_bind_i64(stmt, 3, ctx_now(ctx) + JOB_LEASE_MS);
	stmt_bind_i64(stmt, 4, done);
	stmt_bind_i64(stmt, 5, total);
	stmt_bind_text(stmt, 6, note);
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	if (err != OK || changed > 0)
		return err == OK ? job_ask_again(ctx, job) : err;
	/* somebody asked to stop, or somebody else runs it: which one only matters to the message */
	err = db_prepare(ctx, ctx->db, &sql_job_read, &stmt);
	if (err != OK)
		return err;
	bool row = false;
	stmt_bind_i64(stmt, 1, job->id);
	err = stmt_step(ctx, stmt, &row);
	bool cancelled = err == OK && row && stmt_i64(stmt, 5) == job->fence && stmt_i64(stmt, 10) != 0;
	stmt_done(stmt);
	return err != OK ? err : fail(ctx, ERR_CONFLICT, "job", cancelled ? "job_cancelled" : "job_lost");
}

/* Nobody on SQLite, where nobody says that they are alive. */
static void bind_runner(struct ctx *ctx, struct stmt *stmt, int at, int64_t runner)
{
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		stmt_bind_null(stmt, at);
	else
		stmt_bind_i64(stmt, at, runner);
}

enum err job_queue_due(struct ctx *ctx, int64_t runner, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_due, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx));
	bind_runner(ctx, stmt, 2, runner);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* A job of an earlier version says only which user; the program's own jobs had none. */
static void take_actor(const struct stmt *stmt, struct job *ret)
{
	ret->who = (struct actor){.kind = (enum actor_kind)stmt_i64(stmt, 7),
	                          .user_id = stmt_i64(stmt, 3),
	                          .token_id = stmt_i64(stmt, 8),
	                          .session_id = stmt_i64(stmt, 9)};
	ret->known = !stmt_is_null(stmt, 7);
	if (!ret->known && ret->who.user_id == 0) {
		ret->who.kind = ACTOR_SYSTEM;
		ret->known = true;
	}
}

enum err job_queue_take(struct ctx *ctx, int64_t runner, struct job *ret, bool *ret_any)
{
	struct stmt *stmt;
	int64_t now = ctx_now(ctx);
	enum err err = db_prepare(ctx, ctx->db, &sql_job_take, &stmt);
	*ret_any = false;
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, now);
	stmt_bind_i64(stmt, 2, now + JOB_LEASE_MS);
	bind_runner(ctx, stmt, 3, runner);
	err = stmt_step(ctx, stmt, ret_any);
	if (err == OK && *ret_any) {
		ret->id = stmt_i64(stmt, 0);
		ret->kind = keep(ctx, stmt_text(stmt, 1));
		ret->payload = keep(ctx, stmt_text(stmt, 2));
		take_actor(stmt, ret);
		ret->attempt = (int)stmt_i64(stmt, 4);
		ret->fence = stmt_i64(stmt, 5);
		ret->cancel = stmt_i64(stmt, 6) != 0;
		if (ret->kind == NULL || ret->payload == NULL)
			err = fail(ctx, ERR_LIMIT, "", "memory");
		else
			err = stmt_step(ctx, stmt, &(bool){false}); /* to its end, so that the update is whole */
	}
	stmt_done(stmt);
	return err;
}

enum err job_queue_finish(struct ctx *ctx, const struct job *job, enum job_state state, int64_t run_at_ms, bool unspent, const char *error)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_finish, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, job->id);
	stmt_bind_i64(stmt, 2, job->fence);
	stmt_bind_text(stmt, 3, states[state]);
	stmt_bind_i64(stmt, 4, run_at_ms);
	stmt_bind_text(stmt, 5, error);
	stmt_bind_i64(stmt, 6, ctx_now(ctx));
	stmt_bind_i64(stmt, 7, unspent ? 1 : 0);
	err = stmt_run(ctx, stmt, NULL); /* nothing changed: another runner has it now, and the last word */
	stmt_done(stmt);
	return err;
}

enum err job_queue_start(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_job_prune, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - JOB_KEPT_MS);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err != OK || db_engine(ctx->db) != ENGINE_SQLITE)
		return err;
	/* one program at a time has this store, so what runs by the book was left by a crash */
	err = db_prepare(ctx, ctx->db, &sql_job_orphans, &stmt);
	if (err == OK) {
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}
