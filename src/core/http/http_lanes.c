/* Which thread does the work.
 *
 * SQLite: READ on the network thread; WRITE is admitted there and handed to the
 * store's writer; HEAVY is admitted there and queued for its pool.  PostgreSQL:
 * asking who it is already waits for the server, so that every call first goes to
 * the pool of readers; those that anybody may make have one of their own, so that
 * signing in waits for no reader.  A question that is over its budget goes on in the
 * pool of slow ones, and whoever has one that waits there asks everything there. */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

void http_suspend(struct http_call *call)
{
	call->suspended = true;
	atomic_fetch_add(&call->http->suspended, 1);
	MHD_suspend_connection(call->mhd);
}

void http_resume(struct http_call *call)
{
	if (call->worker != NULL)
		(void)http_pool_forget(call->worker);
	call->worker = NULL;
	http_net_resume(call->http, call->mhd); /* from here on the call is the network thread's */
}

void http_refuse(struct http_call *call, enum err code, const char *key, int status)
{
	http_response_reset(&call->res);
	faults_clear(&call->ctx);
	fault_add(&call->ctx, code, "", key, NULL);
	http_problem(&call->ctx, &call->res, status, NULL);
	call->result = code;
	call->state = STATE_DONE;
}

static void log_fault(const struct http_call *call)
{
	const struct faults *f = &call->ctx.faults;
	if (f->count > 0 && strcmp(f->list[0].key, "client_gone") == 0)
		return; /* nothing of ours failed */
	enum log_level level = call->result == ERR_BUG ? LOG_ERROR : LOG_WARN;
	log_event(level, "request failed", "request", call->request_id, "method", http_method_name(call->req.method), "route",
	          call->route != NULL ? call->route->pattern : "", "key", f->count > 0 ? f->list[0].key : "", "field", f->count > 0 ? f->list[0].field : "",
	          NULL);
}

/* Nobody who names themselves is refused in silence.  Signing in keeps its own record. */
static void tell_refusal(struct http_call *call)
{
	int status = call->res.status;
	bool named = call->ctx.actor != NULL || http_header(&call->req, "Authorization") != NULL || http_header(&call->req, "Cookie") != NULL;
	if (call->http->config.refused == NULL || call->route == NULL)
		return;
	if (status == 403 || (status == 401 && named && call->route->door != DOOR_PUBLIC))
		call->http->config.refused(&call->ctx, &call->req, status);
}

void http_finish(struct http_call *call)
{
	call->state = STATE_DONE;
	if (call->result == OK && !buf_failed(&call->res.body))
		return;
	if (call->result == OK) {
		call->result = ERR_LIMIT;
		faults_clear(&call->ctx);
		fault_add(&call->ctx, ERR_LIMIT, "", "answer_too_large", NULL);
	}
	http_response_reset(&call->res);
	http_problem(&call->ctx, &call->res, 0, NULL);
	if (call->res.status >= 500)
		log_fault(call);
	tell_refusal(call);
}

static bool over_budget(const struct http_call *call)
{
	const struct faults *f = &call->ctx.faults;
	return call->result == ERR_LIMIT && f->count > 0 && strcmp(f->list[0].key, "budget") == 0;
}

static void handle(struct http_call *call)
{
	call->result = call->route->handle(&call->ctx, &call->req, &call->res);
	if (call->result != OK && faults_code(&call->ctx) == OK)
		fault_add(&call->ctx, call->result, "", "error", NULL);
}

/* --- HEAVY --------------------------------------------------------------------- */

/* The connection is suspended.  Full: 503. */
static bool put(struct http_call *call, enum http_pool_kind kind)
{
	enum http_put put = http_pool_put(&call->http->pools[kind], call);
	if (put == PUT_FULL)
		http_refuse(call, ERR_RETRY, "queue_full", 503);
	else if (put == PUT_SHARE)
		http_refuse(call, ERR_RETRY, "share_full", 429);
	return put == PUT_TAKEN;
}

static bool queue_heavy(struct http_call *call)
{
	static const enum http_pool_kind of[] = {[WORK_PLAIN] = POOL_WORK, [WORK_SIGN_IN] = POOL_SIGN_IN, [WORK_EXPORT] = POOL_EXPORTS};
	call->task = TASK_HEAVY;
	call->who = http_who(call);
	return put(call, call->route->lane == LANE_HEAVY ? of[call->route->work] : POOL_LISTS);
}

static bool asks_slowly(struct http_call *call)
{
	return http_pool_crowded(&call->http->pools[POOL_LISTS], http_who(call));
}

/* A slow question that came to its end before its answer did. */
static void tell_slow(struct http_worker *worker, struct http_call *call)
{
	if (call->route->lane == LANE_HEAVY || !over_budget(call))
		return;
	bool left = http_pool_forget(worker);
	faults_clear(&call->ctx);
	fault_add(&call->ctx, ERR_LIMIT, "", left ? "client_gone" : "too_slow", arena_printf(&call->arena, "%d", HTTP_LIST_DEADLINE_S));
}

static void heavy(struct http_worker *worker, struct http_call *call)
{
	bool list = call->route->lane != LANE_HEAVY;
	call->ctx.deadline_ms = ctx_now(&call->ctx) + (list ? HTTP_LIST_DEADLINE_S * 1000 : HTTP_HEAVY_DEADLINE_MS);
	call->admitted = false; /* it may have waited in the queue for long */
	if (!http_admit(call)) {
		http_resume(call);
		return;
	}
	handle(call);
	tell_slow(worker, call);
	if (call->result == OK && call->req.method == METHOD_GET && call->res.kind != KIND_STREAM) {
		call->admitted = false; /* what took long to make is for somebody who is still there */
		if (!http_admit(call)) {
			http_resume(call);
			return;
		}
	}
	if (call->res.kind == KIND_STREAM && call->res.fixed_head) {
		/* the answer is already under way; the connection was resumed when it began */
		bool broken = call->result != OK;
		if (broken)
			log_fault(call);
		http_stream_end(call->res.stream, broken);
		http_call_unref(call, NULL);
		return;
	}
	http_finish(call);
	http_pack(call, &worker->gzip);
	http_resume(call);
}

/* --- WRITE ----------------------------------------------------------------------- */

/* A repetition is answered with what was saved, but not to somebody who may no longer ask: the handler asks all that it
 * asks once more, and nothing of what it does stays. */
static enum err may_still(struct http_call *call, bool same_rights)
{
	struct ctx *ctx = &call->ctx;
	enum err err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = call->route->handle(ctx, &call->req, &call->res);
	db_rollback_to(ctx);
	http_response_reset(&call->res);
	/* what was removed or moved since is no refusal, unless the rights have changed */
	if (err == ERR_FORBIDDEN || err == ERR_DENIED || err == ERR_RETRY || (err == ERR_NOT_FOUND && !same_rights))
		return err;
	faults_clear(ctx);
	return OK;
}

/* The saved answer of an earlier request with this key, or the handler's, saved. */
static enum err run_once(struct http_call *call)
{
	const struct http_config *config = &call->http->config;
	struct ctx *ctx = &call->ctx;
	bool hit = false;
	int status = 0;
	const char *body = NULL;
	enum err err = config->idem_find(ctx, &call->req, call->idempotency_key, &hit, &status, &body);
	if (err != OK)
		return err;
	if (hit)
		err = may_still(call, body != NULL);
	if (err != OK)
		return err;
	if (hit) {
		http_status(&call->res, status);
		http_set_header(&call->res, "Idempotent-Replayed", "true");
		if (status >= 400)
			http_content_type(&call->res, "application/problem+json");
		buf_puts(&call->res.body, body != NULL ? body : "");
		return OK;
	}
	err = call->route->handle(ctx, &call->req, &call->res);
	if (err == OK && !buf_failed(&call->res.body) && config->idem_save != NULL)
		err = config->idem_save(ctx, &call->req, call->idempotency_key, call->res.status, buf_text(&call->res.body), call->res.body.len);
	return err;
}

static enum err write_run(struct ctx *ctx, void *arg)
{
	struct http_call *call = arg;
	http_response_reset(&call->res); /* of an earlier try */
	enum err err = call->idempotency_key != NULL ? run_once(call) : call->route->handle(ctx, &call->req, &call->res);
	if (err == OK && buf_failed(&call->res.body))
		err = fail(ctx, ERR_LIMIT, "", "answer_too_large"); /* nothing is kept that could not be answered */
	return err;
}

static void write_done(struct write_job *job, enum err result)
{
	struct http_call *call = job->arg;
	struct http *http = call->http;
	call->result = result;
	if (result != OK && faults_code(&call->ctx) == OK)
		fault_add(&call->ctx, result, "", "error", NULL);
	http_finish(call);
	http_resume(call);
	atomic_fetch_sub(&http->writing, 1);
}

/* The connection is suspended. */
static void submit_write(struct http_call *call)
{
	atomic_fetch_add(&call->http->writing, 1);
	call->worker = NULL;
	call->write = (struct write_job){.run = write_run, .done = write_done, .ctx = &call->ctx, .arg = call};
	store_submit(call->http->store, &call->write);
}

/* --- who does it -------------------------------------------------------------------- */

/* After admission, on a suspended connection. True: done, resume. */
static bool go_on(struct http_worker *worker, struct http_call *call)
{
	switch (call->route->lane) {
	case LANE_WRITE:
		submit_write(call);
		return false;
	case LANE_HEAVY:
		return !queue_heavy(call);
	case LANE_READ:
		break;
	}
	uint64_t who = http_who(call);
	if (http_pool_claim(worker, who) > HTTP_READ_SHARE || asks_slowly(call))
		return !queue_heavy(call);
	handle(call);
	if (over_budget(call)) {
		http_call_rewind(call);
		return !queue_heavy(call);
	}
	http_finish(call);
	http_pack(call, &worker->gzip);
	return true;
}

void http_lanes_work(struct http_worker *worker, struct http_call *call)
{
	if (call->ctx.db == NULL && call->http->store != NULL) {
		call->result = ERR_RETRY; /* with the faults of opening the connection */
		http_finish(call);
		http_resume(call);
		return;
	}
	if (call->task == TASK_HEAVY) {
		heavy(worker, call);
		return;
	}
	bool done = !http_admit(call);
	if (call->task == TASK_ADMIT_HEAD) {
		if (!done)
			call->state = STATE_ADMITTING;
		done = true;
	}
	if (done || go_on(worker, call))
		http_resume(call);
}

static void to_readers(struct http_call *call, enum http_task task)
{
	call->task = task;
	call->who = 0;
	http_suspend(call);
	if (!put(call, call->route->door == DOOR_PUBLIC ? POOL_PUBLIC : POOL_READ))
		http_resume(call);
}

void http_lanes_admit_head(struct http_call *call)
{
	to_readers(call, TASK_ADMIT_HEAD);
}

/* SQLite's READ lane: here and now. */
static bool run_here(struct http_call *call)
{
	bool aside = asks_slowly(call);
	if (!aside)
		handle(call);
	if (!aside && !over_budget(call)) {
		http_finish(call);
		http_pack(call, &call->home->gzip);
		return true;
	}
	http_call_rewind(call);
	call->ctx.db = NULL;
	http_suspend(call);
	if (!queue_heavy(call))
		http_resume(call);
	return false;
}

static bool admit_here(struct http_call *call)
{
	call->ctx.db = http_thread_db(call->home, call);
	if (call->ctx.db != NULL || call->http->store == NULL)
		return http_admit(call);
	call->result = ERR_RETRY;
	http_finish(call);
	return false;
}

/* A view left open would show the next request what was true before. */
static void clear_here(const struct http_thread *home)
{
	if (home->db != NULL)
		db_reset(home->db);
}

void http_lanes_admit_here(struct http_call *call)
{
	(void)admit_here(call);
	clear_here(call->home);
}

static bool run_by_lane(struct http_call *call)
{
	if (!admit_here(call))
		return true;
	switch (call->route->lane) {
	case LANE_READ:
		return run_here(call);
	case LANE_WRITE:
		call->ctx.db = NULL;
		http_suspend(call);
		submit_write(call);
		return false;
	case LANE_HEAVY:
		call->ctx.db = NULL;
		http_suspend(call);
		if (!queue_heavy(call))
			http_resume(call);
		return false;
	}
	return true;
}

bool http_lanes_run(struct http_call *call)
{
	struct http_thread *home = call->home; /* the call may be another thread's when this has returned */
	if (call->http->postgres) {
		to_readers(call, TASK_READ);
		return false;
	}
	bool done = run_by_lane(call);
	clear_here(home);
	return done;
}
