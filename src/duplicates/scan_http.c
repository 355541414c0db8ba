/* The scan over the API: begun, looked at, stopped. One at a time. */
#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/scan.h"
#include "duplicates_sql.h"

static const char *kept(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : "";
}

enum err scan_state_read(struct ctx *ctx, enum scan_work work, struct scan_state *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct scan_state){.state = "never", .error = ""};
	enum err err = db_prepare(ctx, ctx->db, &sql_scan_state, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, work);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		*ret = (struct scan_state){.job = stmt_i64(stmt, 0), .state = kept(ctx, stmt, 1), .started = stmt_i64(stmt, 2), .finished = stmt_i64(stmt, 3),
		                      .by = stmt_i64(stmt, 4), .customers = stmt_i64(stmt, 5), .found = stmt_i64(stmt, 6), .error = kept(ctx, stmt, 7)};
	stmt_done(stmt);
	if (err != OK || ret->job == 0)
		return err;
	const struct faults before = ctx->faults;
	err = job_status(ctx, ret->job, &ret->status);
	if (err == ERR_NOT_FOUND) { /* long ago */
		ctx->faults = before;
		return OK;
	}
	ret->runs = err == OK && (ret->status.state == JOB_QUEUED || ret->status.state == JOB_RUNNING);
	return err;
}

static const char *state_name(const struct scan_state *s)
{
	if (s->runs)
		return s->status.state == JOB_QUEUED ? "waiting" : "running";
	return str_equal(s->state, "waiting") ? "stopped" : s->state;
}

void scan_state_answer(const struct scan_state *s, struct http_response *res)
{
	struct jsonw w;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "state", state_name(s));
	jsonw_kv_int(&w, "percent", s->runs ? s->status.done : 0);
	jsonw_key(&w, "started_at");
	s->started != 0 ? jsonw_time(&w, s->started) : jsonw_null(&w);
	jsonw_key(&w, "finished_at");
	s->finished != 0 ? jsonw_time(&w, s->finished) : jsonw_null(&w);
	jsonw_kv_int(&w, "customers", s->customers);
	jsonw_kv_int(&w, "found", s->found);
	jsonw_kv_text(&w, "error", str_empty(s->error) ? NULL : s->error);
	jsonw_end_object(&w);
}

enum err scan_http_state(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct scan_state s;
	(void)req;
	enum err err = merge_allowed(ctx);
	if (err == OK)
		err = scan_state_read(ctx, WORK_SCAN, &s);
	if (err == OK)
		scan_state_answer(&s, res);
	return err;
}

/* Of two who begin one at once the second finds it begun. */
static enum err lock(struct ctx *ctx, enum scan_work work)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_scan_lock, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, work);
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return err;
}

enum err scan_state_begin(struct ctx *ctx, enum scan_work work, const char *kind, const char *payload)
{
	struct scan_state s;
	struct stmt *stmt;
	int64_t job;
	enum err err = lock(ctx, work);
	if (err == OK)
		err = scan_state_read(ctx, work, &s);
	if (err == OK && s.runs)
		err = fail(ctx, ERR_CONFLICT, "", "scan_runs");
	if (err == OK)
		err = job_enqueue(ctx, kind, payload, 0, &job);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_scan_begin, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, job);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, ctx->actor->user_id);
	stmt_bind_i64(stmt, 4, work);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err scan_state_end(struct ctx *ctx, enum scan_work work, const char *state, int64_t customers, int64_t found, const char *error)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_scan_end, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, state);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, customers);
	stmt_bind_i64(stmt, 4, found);
	stmt_bind_text(stmt, 5, error != NULL ? error : "");
	stmt_bind_i64(stmt, 6, work);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err scan_http_start(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct scan_state s;
	char nothing;
	enum err err = http_read_body(ctx, req, &nothing);
	if (err == OK)
		err = merge_allowed(ctx);
	if (err == OK && entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_UPDATE) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "customer");
	if (err == OK)
		err = scan_state_begin(ctx, WORK_SCAN, "duplicates_scan", "{}");
	if (err == OK)
		err = scan_state_read(ctx, WORK_SCAN, &s);
	if (err == OK)
		scan_state_answer(&s, res);
	http_status(res, 202);
	return err;
}

enum err scan_http_cancel(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct scan_state s;
	char nothing;
	enum err err = http_read_body(ctx, req, &nothing);
	if (err == OK)
		err = merge_allowed(ctx);
	if (err == OK)
		err = scan_state_read(ctx, WORK_SCAN, &s);
	if (err == OK && !s.runs)
		err = fail(ctx, ERR_CONFLICT, "", "scan_none");
	if (err == OK)
		err = job_cancel(ctx, s.job);
	if (err == OK)
		err = scan_state_read(ctx, WORK_SCAN, &s);
	if (err == OK)
		scan_state_answer(&s, res);
	return err;
}
