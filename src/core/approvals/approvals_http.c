/* Asking, deciding, withdrawing; one's lists of them. */
#include <string.h>

#include "approvals_sql.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

enum { LISTED = 50 };

/* --- one request ------------------------------------------------------------------------- */

static enum err find(struct ctx *ctx, const struct http_request *req, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "approval");
	enum err err = record_load(ctx, registry_find(ctx->registry, "approval"), id, ret);
	return err ? err : approval_may_see(ctx, *ret);
}

static enum err answer(struct ctx *ctx, int64_t id, struct http_response *res)
{
	struct record *request;
	struct jsonw w;
	enum err err = record_load(ctx, registry_find(ctx->registry, "approval"), id, &request);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	http_set_header(res, "Cache-Control", "no-store");
	return approval_put(ctx, request, &w);
}

static enum err get_one(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *request;
	enum err err = find(ctx, req, &request);
	return err ? err : answer(ctx, record_id(request), res);
}

/* --- lists ---------------------------------------------------------------------------------- */

static enum err list_by(struct ctx *ctx, const struct sql *sql, const char *entity, int64_t who, int64_t before, struct http_response *res)
{
	int64_t ids[LISTED + 1];
	struct stmt *stmt;
	struct jsonw w;
	size_t n = 0;
	int at = 1;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	if (entity)
		stmt_bind_text(stmt, at++, entity);
	if (who)
		stmt_bind_i64(stmt, at++, who);
	stmt_bind_i64(stmt, at++, before);
	stmt_bind_i64(stmt, at, LISTED + 1);
	while (n < LISTED + 1 && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t i = 0; !err && i < n && i < LISTED; i++) {
		struct record *request;
		err = record_load(ctx, registry_find(ctx->registry, "approval"), ids[i], &request);
		if (!err)
			err = approval_put(ctx, request, &w);
	}
	jsonw_end_array(&w);
	if (n > LISTED)
		jsonw_kv_id(&w, "next", ids[LISTED - 1]);
	else
		jsonw_kv_text(&w, "next", NULL);
	jsonw_end_object(&w);
	return err;
}

static enum err list_of_record(struct ctx *ctx, const struct http_request *req, int64_t before, struct http_response *res)
{
	const char *entity = http_query(ctx, req, "entity", 0), *text = http_query(ctx, req, "record_id", 0);
	const struct entity_info *info = str_empty(entity) ? NULL : registry_find(ctx->registry, entity);
	struct record *record;
	int64_t id;
	if (!info || (info->entity->flags & E_INTERNAL) || !text || !id_parse(text, &id))
		return fail_arg(ctx, ERR_INVALID, "record_id", "not_found", entity ? entity : "");
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	return err ? err : list_by(ctx, &sql_approval_record, info->entity->name, id, before, res);
}

static enum err get_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *box = http_query(ctx, req, "box", 0), *text = http_query(ctx, req, "before", 0);
	const int64_t me = ctx->actor->user_id;
	int64_t before = INT64_MAX;
	if (text && !id_parse(text, &before))
		return fail_arg(ctx, ERR_INVALID, "before", "approval_box", text);
	if (str_equal(box, "record"))
		return list_of_record(ctx, req, before, res);
	if (str_equal(box, "all"))
		return gate_cap(ctx->actor, CAP_ADMIN) ? list_by(ctx, &sql_approval_all, NULL, 0, before, res) : fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "approval");
	if (me == 0)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "approval");
	if (!box || str_equal(box, "todo"))
		return list_by(ctx, &sql_approval_todo, NULL, me, before, res);
	if (str_equal(box, "mine"))
		return list_by(ctx, &sql_approval_mine, NULL, me, before, res);
	if (str_equal(box, "decided"))
		return list_by(ctx, &sql_approval_decided, NULL, me, before, res);
	return fail_arg(ctx, ERR_INVALID, "box", "approval_box", box);
}

static enum err count(struct ctx *ctx, const struct sql *sql, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err get_counts(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t todo = 0, mine = 0;
	struct jsonw w;
	(void)req;
	enum err err = count(ctx, &sql_approval_count_todo, &todo);
	if (!err)
		err = count(ctx, &sql_approval_count_mine, &mine);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "todo", todo);
	jsonw_kv_int(&w, "mine", mine);
	jsonw_end_object(&w);
	return OK;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct ask_body {
	const char *entity, *reason;
	int64_t record_id, version;
	json_t *change;
};

static const struct spec ask_specs[] = {
	{"entity", SPEC_TEXT, offsetof(struct ask_body, entity), true, 60, "of the record"},
	{"record_id", SPEC_ID, offsetof(struct ask_body, record_id), false, 0, "the record; absent: a new one"},
	{"change", SPEC_JSON, offsetof(struct ask_body, change), true, 0, "the fields as they are to be, as in PATCH or POST"},
	{"reason", SPEC_TEXT, offsetof(struct ask_body, reason), true, 2000, "why"},
	{"version", SPEC_INT, offsetof(struct ask_body, version), false, 0, "of the record, as it was seen"},
	{.name = NULL},
};

/* A token that has fewer rights than its user would have the change written with all of them. */
static enum err check_who(struct ctx *ctx)
{
	if (ctx->actor->user_id == 0 || ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "approval_narrowed");
	return OK;
}

static enum err post_ask(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct ask_body body = {0};
	int64_t id = 0;
	enum err err = check_who(ctx);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (err)
		return err;
	const struct entity_info *info = registry_find(ctx->registry, body.entity);
	if (!info || (info->entity->flags & (E_INTERNAL | E_SYSTEM | E_NO_API_WRITE)))
		return fail_arg(ctx, ERR_INVALID, "entity", "approval_entity", body.entity);
	if (!json_is_object(body.change) || json_object_size(body.change) == 0)
		return fail(ctx, ERR_INVALID, "change", "required");
	if (str_empty(body.reason))
		return fail(ctx, ERR_INVALID, "reason", "required");
	const struct approval_wanted wanted = {.info = info, .record_id = body.record_id, .change = body.change, .reason = body.reason, .version = body.version};
	err = approval_ask(ctx, &wanted, &id);
	http_status(res, 201);
	return err ? err : answer(ctx, id, res);
}

struct again_body {
	const char *reason;
};

static const struct spec again_specs[] = {
	{"reason", SPEC_TEXT, offsetof(struct again_body, reason), false, 2000, "why; absent: as before"},
	{.name = NULL},
};

static enum err post_again(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct again_body body = {0};
	struct record *request;
	int64_t id = 0;
	enum err err = check_who(ctx);
	if (!err)
		err = find(ctx, req, &request);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (err)
		return err;
	const char *state = record_text(request, "state");
	if (record_i64(request, "asker_id") != ctx->actor->user_id || str_equal(state, "waiting") || str_equal(state, "approved"))
		return fail(ctx, ERR_CONFLICT, "", "approval_over");
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	json_t *change = json_loads(record_text(request, "change"), 0, NULL);
	const struct approval_wanted wanted = {.info = info, .record_id = record_i64(request, "record_id"), .change = change, .again_of = record_id(request),
		.reason = str_empty(body.reason) ? record_text(request, "reason") : body.reason};
	err = info && change ? approval_ask(ctx, &wanted, &id) : fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "approval");
	json_decref(change);
	http_status(res, 201);
	return err ? err : answer(ctx, id, res);
}

/* --- deciding ---------------------------------------------------------------------------------- */

struct decide_body {
	const char *decision, *word;
};

static const struct spec decide_specs[] = {
	{"decision", SPEC_TEXT, offsetof(struct decide_body, decision), true, 20, "approve or reject"},
	{"word", SPEC_TEXT, offsetof(struct decide_body, word), false, 2000, "what is to be said; a rejection needs it"},
	{.name = NULL},
};

static enum err post_decide(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct decide_body body = {0};
	struct record *request;
	const char *state;
	enum err err = check_who(ctx);
	if (!err)
		err = find(ctx, req, &request);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (err)
		return err;
	bool yes = str_equal(body.decision, "approve");
	if (!yes && !str_equal(body.decision, "reject"))
		return fail_arg(ctx, ERR_INVALID, "decision", "approval_decision", body.decision);
	if (!yes && str_empty(body.word))
		return fail(ctx, ERR_INVALID, "word", "required");
	err = approval_decide(ctx, record_id(request), yes, body.word, &state);
	return err ? err : answer(ctx, record_id(request), res);
}

static enum err post_withdraw(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *request;
	enum err err = find(ctx, req, &request);
	if (!err && record_i64(request, "asker_id") != ctx->actor->user_id)
		err = fail(ctx, ERR_FORBIDDEN, "", "approval_not_yours");
	if (!err)
		err = approval_hold(ctx, record_id(request), &request);
	if (!err)
		err = approval_end(ctx, request, "withdrawn", NULL);
	return err ? err : answer(ctx, record_id(request), res);
}

const struct route approvals_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/approvals", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_list,
	 .doc = "Requests for approval, newest first: ?box=todo (you are to decide), mine, decided (by you), record (&entity=&record_id=), all (administrators); &before= an id."},
	{.method = METHOD_GET, .pattern = "/api/v1/approvals/counts", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_counts, .doc = "How many requests wait for you, and how many of yours wait."},
	{.method = METHOD_GET, .pattern = "/api/v1/approvals/*", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_one, .doc = "One request: the change, its steps, who decided what and when."},
	{.method = METHOD_POST, .pattern = "/api/v1/approvals", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = post_ask, .specs = ask_specs,
	 .doc = "Asks for a change that was refused with approval_needed."},
	{.method = METHOD_POST, .pattern = "/api/v1/approvals/*/again", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = post_again, .specs = again_specs,
	 .doc = "Asks once more for what was not done, of the record as it stands now."},
	{.method = METHOD_POST, .pattern = "/api/v1/approvals/*/decide", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = post_decide, .specs = decide_specs,
	 .doc = "Decides a request one is asked about; with the last step's approval the change is written."},
	{.method = METHOD_POST, .pattern = "/api/v1/approvals/*/withdraw", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = post_withdraw, .doc = "Takes back one's own request."},
	{.pattern = NULL},
};
