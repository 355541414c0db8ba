/* What waits and what was set aside, for administrators; trying again, or skipping with a reason. */
#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/http/http.h"
#include "core/timers/timers_internal.h"
#include "timers_sql.h"

enum { ASIDE_SHOWN = 200, COUNTED_MAX = 10000, DIFF_MAX = 8192 };

static void put_time(struct jsonw *w, const char *key, int64_t ms)
{
	jsonw_key(w, key);
	jsonw_time(w, ms);
}

/* Never more than COUNTED_MAX rows are read for it: a million may wait. */
static void put_count(struct jsonw *w, const char *key, const char *more, int64_t n)
{
	jsonw_kv_int(w, key, n < COUNTED_MAX ? n : COUNTED_MAX);
	if (n > COUNTED_MAX)
		jsonw_kv_bool(w, more, true);
}

static enum err put_kinds(struct ctx *ctx, struct jsonw *w)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_kinds, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, COUNTED_MAX + 1);
	jsonw_key(w, "kinds");
	jsonw_array(w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(w);
		jsonw_kv_text(w, "kind", stmt_text(stmt, 0));
		put_count(w, "waiting", "waiting_more", stmt_i64(stmt, 1));
		put_count(w, "aside", "aside_more", stmt_i64(stmt, 2));
		if (stmt_i64(stmt, 1) > 0)
			put_time(w, "next_at", stmt_i64(stmt, 3));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static enum err put_listed(struct ctx *ctx, struct jsonw *w, const char *member, const struct sql *sql)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ASIDE_SHOWN);
	jsonw_key(w, member);
	jsonw_array(w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(w);
		jsonw_kv_text(w, "kind", stmt_text(stmt, 0));
		jsonw_kv_text(w, "key", stmt_text(stmt, 1));
		put_time(w, "due_at", stmt_i64(stmt, 2));
		jsonw_kv_int(w, "attempts", stmt_i64(stmt, 3));
		jsonw_kv_text(w, "error", stmt_text(stmt, 4));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	(void)req;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	enum err err = put_kinds(ctx, &w);
	if (!err)
		err = put_listed(ctx, &w, "schedules", &sql_timer_scheduled);
	if (!err)
		err = put_listed(ctx, &w, "aside", &sql_timer_aside);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

struct wish {
	const char *kind, *key, *reason;
};

static const struct spec retry_specs[] = {
	{.name = "kind", .type = SPEC_TEXT, .offset = offsetof(struct wish, kind), .required = true, .max = 60, .doc = "Kind of the timer."},
	{.name = "key", .type = SPEC_TEXT, .offset = offsetof(struct wish, key), .required = true, .max = TIMER_KEY_MAX, .doc = "Its key; may be empty."},
	{.name = NULL},
};

static const struct spec skip_specs[] = {
	{.name = "kind", .type = SPEC_TEXT, .offset = offsetof(struct wish, kind), .required = true, .max = 60, .doc = "Kind of the timer."},
	{.name = "key", .type = SPEC_TEXT, .offset = offsetof(struct wish, key), .required = true, .max = TIMER_KEY_MAX, .doc = "Its key; may be empty."},
	{.name = "reason", .type = SPEC_TEXT, .offset = offsetof(struct wish, reason), .required = true, .max = 1000, .doc = "Why it need not be done; kept in the audit trail."},
	{.name = NULL},
};

static enum err retry(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct wish wish = {0};
	enum err err = http_read_body(ctx, req, &wish);
	if (!err)
		err = timer_retry(ctx, wish.kind, wish.key);
	if (!err)
		http_status(res, 204);
	return err;
}

/* Who gave up on what, and why. */
static enum err keep_reason(struct ctx *ctx, const struct wish *wish)
{
	struct buf diff;
	struct jsonw w;
	buf_init(&diff, DIFF_MAX);
	jsonw_init(&w, &diff);
	jsonw_object(&w);
	const char *const members[][2] = {{"kind", wish->kind}, {"key", wish->key}, {"reason", wish->reason}};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		jsonw_key(&w, members[i][0]);
		jsonw_array(&w);
		jsonw_text(&w, members[i][1]);
		jsonw_null(&w);
		jsonw_end_array(&w);
	}
	jsonw_end_object(&w);
	enum err err = buf_failed(&diff) ? fail(ctx, ERR_LIMIT, "", "memory") : change_append(ctx, "timer", 0, CHANGE_DELETE, buf_text(&diff));
	buf_release(&diff);
	return err;
}

static enum err skip(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct wish wish = {0};
	enum err err = http_read_body(ctx, req, &wish);
	if (!err && str_empty(wish.reason))
		err = fail(ctx, ERR_INVALID, "reason", "required");
	if (!err)
		err = timer_skip(ctx, wish.kind, wish.key);
	if (!err)
		err = keep_reason(ctx, &wish);
	if (!err)
		http_status(res, 204);
	return err;
}

const struct route timers_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/timers", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = list,
	 .doc = "What waits for its moment: how many of each kind (up to 10,000), the schedules, and what was set aside after its tries."},
	{.method = METHOD_POST, .pattern = "/api/v1/timers/retry", .lane = LANE_WRITE, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = retry,
	 .specs = retry_specs, .doc = "Tries a timer that was set aside again, now."},
	{.method = METHOD_POST, .pattern = "/api/v1/timers/skip", .lane = LANE_WRITE, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = skip,
	 .specs = skip_specs, .doc = "Gives up on a timer that was set aside, with a reason."},
	{.pattern = NULL},
};
