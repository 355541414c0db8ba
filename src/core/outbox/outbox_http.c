/* What goes out and what became of it, for administrators: lists, how accounts are, sending again, skipping. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/outbox/outbox_send.h"
#include "core/outbox/outbox_test.h"
#include "core/outbox/outbox_words.h"
#include "core/settings/settings.h"
#include "outbox_sql.h"

enum { LISTED = 50, LISTED_MAX = 200, COUNTED_MAX = 10000, AGAIN_MAX = 1000, REASON_MAX = 500 };

/* --- the list ------------------------------------------------------------------------- */

struct asked {
	int64_t state, before, limit, record_id;
	const char *entity;
};

static bool read_number(struct ctx *ctx, const struct http_request *req, const char *name, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	return str_empty(text) || (str_to_i64(text, ret) && *ret > 0);
}

static enum err read_asked(struct ctx *ctx, const struct http_request *req, struct asked *ret)
{
	const char *state = http_query(ctx, req, "state", 0);
	*ret = (struct asked){.state = -1, .before = INT64_MAX, .limit = LISTED, .entity = http_query(ctx, req, "entity", 0)};
	for (int i = 0; i < OUTBOX_STATES; i++)
		if (str_equal(outbox_state_name((enum outbox_state)i), state) && ret->state < 0)
			ret->state = i;
	if (!str_empty(state) && ret->state < 0)
		return fail_arg(ctx, ERR_INVALID, "state", "outbox_state", state);
	if (!read_number(ctx, req, "before", &ret->before))
		return fail(ctx, ERR_INVALID, "before", "outbox_number");
	if (!read_number(ctx, req, "limit", &ret->limit))
		return fail(ctx, ERR_INVALID, "limit", "outbox_number");
	if (!read_number(ctx, req, "record_id", &ret->record_id))
		return fail(ctx, ERR_INVALID, "record_id", "outbox_number");
	ret->limit = ret->limit > LISTED_MAX ? LISTED_MAX : ret->limit;
	return OK;
}

static void put_when(struct jsonw *w, const char *key, int64_t ms)
{
	jsonw_key(w, key);
	if (ms > 0)
		jsonw_time(w, ms);
	else
		jsonw_null(w);
}

static void put_mail(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	int64_t state = stmt_i64(stmt, 9), code = stmt_i64(stmt, 14);
	const char *reason = stmt_text(stmt, 16);
	jsonw_object(w);
	jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
	jsonw_kv_id(w, "account_id", stmt_i64(stmt, 1));
	jsonw_kv_text(w, "to_address", stmt_text(stmt, 2));
	jsonw_kv_text(w, "to_name", stmt_text(stmt, 3));
	jsonw_kv_text(w, "subject", stmt_text(stmt, 4));
	jsonw_kv_text(w, "entity", stmt_text(stmt, 5));
	jsonw_kv_id(w, "record_id", stmt_i64(stmt, 6));
	jsonw_kv_text(w, "purpose", outbox_purpose_name((enum outbox_purpose)stmt_i64(stmt, 7)));
	jsonw_kv_text(w, "message_id", stmt_text(stmt, 8));
	jsonw_kv_text(w, "state", outbox_state_name((enum outbox_state)state));
	jsonw_kv_int(w, "attempts", stmt_i64(stmt, 10));
	put_when(w, "next_at", state == OUTBOX_WAITING ? stmt_i64(stmt, 11) : 0);
	put_when(w, "created_at", stmt_i64(stmt, 12));
	put_when(w, "done_at", stmt_i64(stmt, 13));
	jsonw_kv_int(w, "reply_code", code);
	jsonw_kv_text(w, "reply", stmt_text(stmt, 15));
	jsonw_kv_text(w, "reason", reason);
	jsonw_kv_text(w, "why", state == OUTBOX_SKIPPED ? reason : outbox_in_words(ctx, reason));
	jsonw_end_object(w);
}

static enum err put_mails(struct ctx *ctx, struct jsonw *w, const struct asked *asked)
{
	struct stmt *stmt;
	bool row = false, cause = !str_empty(asked->entity), sending = asked->state == OUTBOX_TAKEN;
	const struct sql *sql = cause ? &sql_outbox_listed_cause : asked->state >= 0 ? &sql_outbox_listed_state : &sql_outbox_listed;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, asked->before);
	stmt_bind_i64(stmt, 2, asked->limit);
	if (cause) {
		stmt_bind_text(stmt, 3, asked->entity);
		stmt_bind_i64(stmt, 4, asked->record_id);
	} else if (asked->state >= 0) {
		stmt_bind_i64(stmt, 3, sending ? OUTBOX_LEAVING : asked->state);
	}
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put_mail(ctx, w, stmt);
	stmt_done(stmt);
	if (err != OK || !sending || cause)
		return err;
	struct asked taken = *asked;
	err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, taken.before);
	stmt_bind_i64(stmt, 2, taken.limit);
	stmt_bind_i64(stmt, 3, OUTBOX_TAKEN);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put_mail(ctx, w, stmt);
	stmt_done(stmt);
	return err;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	struct asked asked;
	enum err err = read_asked(ctx, req, &asked);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "mails");
	jsonw_array(&w);
	err = put_mails(ctx, &w, &asked);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

/* --- how it is -------------------------------------------------------------------------- */

static enum err put_counts(struct ctx *ctx, struct jsonw *w)
{
	int64_t counts[OUTBOX_STATES] = {0};
	enum err err = OK;
	for (int i = 0; i < OUTBOX_STATES && err == OK; i++) {
		struct stmt *stmt;
		bool row = false;
		if (i == OUTBOX_SENT) /* grows for ever, and says little */
			continue;
		err = db_prepare(ctx, ctx->db, &sql_outbox_count, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, i);
		stmt_bind_i64(stmt, 2, COUNTED_MAX);
		err = stmt_step(ctx, stmt, &row);
		counts[i] = err == OK && row ? stmt_i64(stmt, 0) : 0;
		stmt_done(stmt);
	}
	counts[OUTBOX_LEAVING] += counts[OUTBOX_TAKEN];
	jsonw_key(w, "counts");
	jsonw_object(w);
	for (int i = 0; i < OUTBOX_STATES; i++)
		if (i != OUTBOX_TAKEN && i != OUTBOX_SENT)
			jsonw_kv_int(w, outbox_state_name((enum outbox_state)i), counts[i]);
	jsonw_end_object(w);
	return err;
}

static void put_account(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	jsonw_object(w);
	jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
	jsonw_kv_text(w, "name", stmt_text(stmt, 1));
	jsonw_kv_bool(w, "active", stmt_i64(stmt, 2) != 0);
	jsonw_kv_int(w, "failures", stmt_i64(stmt, 3));
	put_when(w, "paused_until", stmt_i64(stmt, 4) > ctx_now(ctx) ? stmt_i64(stmt, 4) : 0);
	jsonw_kv_text(w, "error", stmt_i64(stmt, 3) > 0 ? outbox_in_words(ctx, stmt_text(stmt, 5)) : "");
	jsonw_kv_text(w, "reply", stmt_i64(stmt, 3) > 0 ? stmt_text(stmt, 6) : "");
	put_when(w, "error_at", stmt_i64(stmt, 3) > 0 ? stmt_i64(stmt, 7) : 0);
	jsonw_kv_bool(w, "has_password", stmt_i64(stmt, 8) != 0);
	jsonw_end_object(w);
}

static void put_slow(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	(void)ctx;
	jsonw_object(w);
	jsonw_kv_id(w, "account_id", stmt_i64(stmt, 0));
	jsonw_kv_text(w, "domain", stmt_text(stmt, 1));
	put_when(w, "until", stmt_i64(stmt, 2));
	jsonw_kv_text(w, "reply", stmt_text(stmt, 3));
	jsonw_end_object(w);
}

static enum err put_rows(struct ctx *ctx, struct jsonw *w, const char *key, const struct sql *sql, bool now, void (*put)(struct ctx *, struct jsonw *, const struct stmt *))
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	if (now)
		stmt_bind_i64(stmt, 1, ctx_now(ctx));
	jsonw_key(w, key);
	jsonw_array(w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put(ctx, w, stmt);
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static enum err health(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	(void)req;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	enum err err = put_counts(ctx, &w);
	if (err == OK)
		err = put_rows(ctx, &w, "accounts", &sql_outbox_health, false, put_account);
	if (err == OK)
		err = put_rows(ctx, &w, "slow", &sql_outbox_slow, true, put_slow);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

/* --- what a person does about it -------------------------------------------------------------- */

static enum err put_done(struct http_response *res, const char *key, int64_t n, bool more)
{
	struct jsonw w;
	http_status(res, 202);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, key, n);
	jsonw_kv_bool(&w, "more", more);
	jsonw_end_object(&w);
	return OK;
}

static enum err retry_one(struct ctx *ctx, int64_t id, int64_t *ret_rows)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_retry, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	err = stmt_run(ctx, stmt, ret_rows);
	stmt_done(stmt);
	return err;
}

static enum err retry(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id, rows = 0;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "outbox_gone");
	enum err err = retry_one(ctx, id, &rows);
	if (err == OK && rows == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "outbox_gone");
	if (err == OK)
		err = outbox_wake(ctx);
	return err == OK ? put_done(res, "again", rows, false) : err;
}

/* What failed, the oldest first; never what may have arrived. */
static enum err retry_failed(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	bool row = false;
	int64_t n = 0, rows = 0, again = 0, *ids = arena_array(ctx->arena, AGAIN_MAX, sizeof(*ids));
	(void)req;
	enum err err = ids != NULL ? db_prepare(ctx, ctx->db, &sql_outbox_failed, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, AGAIN_MAX);
	while (n < AGAIN_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (int64_t i = 0; i < n && err == OK; i++) {
		err = retry_one(ctx, ids[i], &rows);
		again += rows;
	}
	if (err == OK)
		err = outbox_wake(ctx);
	return err == OK ? put_done(res, "again", again, n == AGAIN_MAX) : err;
}

struct skip_body {
	const char *reason;
};

static const struct spec skip_specs[] = {
	{.name = "reason", .type = SPEC_TEXT, .offset = offsetof(struct skip_body, reason), .required = true, .max = REASON_MAX, .doc = "Why it is not sent"},
	{.name = NULL},
};

static enum err skip(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct skip_body body = {0};
	struct stmt *stmt;
	struct outbox_seen mail;
	int64_t id, rows = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && body.reason[strspn(body.reason, " \t\r\n")] == '\0')
		err = fail(ctx, ERR_INVALID, "reason", "required");
	if (err == OK && !id_parse(req->params[0], &id))
		err = fail(ctx, ERR_NOT_FOUND, "", "outbox_gone");
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_outbox_skip, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, body.reason);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	if (err == OK && rows == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "outbox_gone");
	if (err == OK)
		err = outbox_seen_get(ctx, id, &mail);
	struct outbox_outcome outcome = {.state = OUTBOX_SKIPPED, .reply = body.reason};
	if (err == OK)
		err = outbox_tell(ctx, &mail, &outcome);
	return err == OK ? put_done(res, "skipped", rows, false) : err;
}

/* --- accounts ------------------------------------------------------------------------------------ */

struct password_body {
	const char *password;
};

static const struct spec password_specs[] = {
	{.name = "password", .type = SPEC_TEXT, .offset = offsetof(struct password_body, password), .required = true, .max = 4000, .doc = "Or access token; empty: none"},
	{.name = NULL},
};

static enum err put_password(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct password_body body = {0};
	int64_t id;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && !id_parse(req->params[0], &id))
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mail_account");
	if (err == OK)
		err = outbox_account_password(ctx, id, body.password);
	if (err == OK)
		http_status(res, 204);
	return err;
}

static const struct spec test_specs[] = {
	{.name = "to", .type = SPEC_TEXT, .offset = offsetof(struct outbox_test_asked, to), .required = true, .max = 300, .doc = "Whom the test goes to"},
	{.name = NULL},
};

static enum err test_account(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct outbox_test_asked asked = {0};
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &asked);
	if (err == OK && !id_parse(req->params[0], &asked.account_id))
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mail_account");
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	http_set_header(res, "Cache-Control", "no-store");
	return outbox_test(ctx, &asked, &w);
}

#define ADMIN .door = DOOR_CAP, .cap = CAP_ADMIN

const struct route outbox_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/outbox", .lane = LANE_READ, ADMIN, .handle = list,
	 .doc = "Outgoing mails, the newest first: ?state=waiting|sending|sent|failed|refused|unsure|skipped&entity=&record_id=&before=ID&limit="},
	{.method = METHOD_GET, .pattern = "/api/v1/outbox/health", .lane = LANE_READ, ADMIN, .handle = health,
	 .doc = "How many wait, failed or are unsure; how each account is; domains that asked for patience."},
	{.method = METHOD_POST, .pattern = "/api/v1/outbox/retry", .lane = LANE_WRITE, ADMIN, .handle = retry_failed,
	 .doc = "Sends again what failed, up to a thousand at once."},
	{.method = METHOD_POST, .pattern = "/api/v1/outbox/*/retry", .lane = LANE_WRITE, ADMIN, .handle = retry,
	 .doc = "Sends one again that failed, or that may have arrived."},
	{.method = METHOD_POST, .pattern = "/api/v1/outbox/*/skip", .lane = LANE_WRITE, ADMIN, .handle = skip, .specs = skip_specs,
	 .doc = "One that waits, failed or is unsure is not sent, with a reason."},
	{.method = METHOD_PUT, .pattern = "/api/v1/outbox/accounts/*/password", .lane = LANE_WRITE, ADMIN, .handle = put_password, .specs = password_specs,
	 .doc = "The password of a mail account, sealed and never shown."},
	{.method = METHOD_POST, .pattern = "/api/v1/outbox/accounts/*/test", .lane = LANE_HEAVY, ADMIN, .handle = test_account, .specs = test_specs,
	 .doc = "Sends a mail by the account at once and answers what was said with the server."},
	{.pattern = NULL},
};
