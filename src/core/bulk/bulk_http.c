/* Bulk acts over HTTP: /api/v1/bulk… */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "bulk_sql.h"
#include "core/bulk/bulk_internal.h"
#include "core/rest/query.h"

/* --- starting ------------------------------------------------------------------------ */

struct start_body {
	const char *kind, *entity, *filter;
	json_t *ids, *except, *set, *add, *remove;
	int64_t expected;
	bool preview;
};

static const struct spec start_specs[] = {
	{"kind", SPEC_TEXT, offsetof(struct start_body, kind), true, 20, "change, delete or restore"},
	{"entity", SPEC_TEXT, offsetof(struct start_body, entity), true, 60, "The kind of record"},
	{"ids", SPEC_JSON, offsetof(struct start_body, ids), false, 0, "Ids of the records; or"},
	{"filter", SPEC_TEXT, offsetof(struct start_body, filter), false, 60000, "a condition as in the address of a list: city=eq.Bath&tags=cs.{1}; \"\" with expected: all"},
	{"except", SPEC_JSON, offsetof(struct start_body, except), false, 0, "With filter: ids that are left out"},
	{"set", SPEC_JSON, offsetof(struct start_body, set), false, 0, "Of change: fields and their new values; null empties"},
	{"add", SPEC_JSON, offsetof(struct start_body, add), false, 0, "Of change: {\"tags\": [ids]} is added to what is there"},
	{"remove", SPEC_JSON, offsetof(struct start_body, remove), false, 0, "Of change: {\"tags\": [ids]} is taken away"},
	{"expected", SPEC_INT, offsetof(struct start_body, expected), false, 0, "How many records the person confirmed; required above 20, and must be what matches"},
	{"preview", SPEC_BOOL, offsetof(struct start_body, preview), false, 0, "Only say how many: {\"total\": 12}"},
	{0},
};

struct start {
	struct bulk_new new_;
	enum action action;
	struct bulk_pick *picks;
	int64_t id;
};

static enum err fail_number(struct ctx *ctx, enum err code, const char *field, const char *key, int64_t n)
{
	const char *text = arena_printf(ctx->arena, "%lld", (long long)n);
	return fail_arg(ctx, code, field, key, text);
}

static enum err read_kind(struct ctx *ctx, const struct start_body *body, struct start *s)
{
	s->new_.kind = body->kind;
	s->new_.info = registry_find(ctx->registry, body->entity);
	if (str_equal(body->kind, "change"))
		s->action = ACTION_UPDATE;
	else if (str_equal(body->kind, "delete") || str_equal(body->kind, "restore"))
		s->action = ACTION_DELETE;
	else
		return fail_arg(ctx, ERR_INVALID, "kind", "bulk_kind", body->kind);
	if (s->new_.info == NULL || (s->new_.info->entity->flags & (E_INTERNAL | E_NO_LOG)))
		return fail_arg(ctx, ERR_NOT_FOUND, "entity", "not_found", body->entity);
	if (entity_scope(ctx->actor, s->new_.info, s->action) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", s->new_.info->entity->name);
	return OK;
}

static enum err add_pick(struct ctx *ctx, struct start *s, int64_t id)
{
	if (s->new_.n >= BULK_MAX)
		return fail_number(ctx, ERR_LIMIT, "", "bulk_too_many", BULK_MAX);
	s->picks[s->new_.n++] = (struct bulk_pick){s->new_.info, id, 0};
	return OK;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Ids of a JSON array, ascending, each once. */
static enum err read_ids(struct ctx *ctx, const json_t *json, const char *field, int64_t **ret, size_t *ret_n)
{
	size_t n = json_array_size(json), kept = 0;
	int64_t *ids = arena_array(ctx->arena, n + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!json_is_array(json) && json != NULL && !json_is_null(json))
		return fail(ctx, ERR_INVALID, field, "bulk_what");
	if (n > BULK_MAX)
		return fail_number(ctx, ERR_LIMIT, field, "bulk_too_many", BULK_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(json, i));
		if (text == NULL || !id_parse(text, &ids[i]))
			return fail(ctx, ERR_INVALID, field, "bulk_what");
	}
	qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	*ret = ids;
	*ret_n = kept;
	return OK;
}

static enum err pick_ids(struct ctx *ctx, const struct start_body *body, struct start *s)
{
	int64_t *ids;
	size_t n;
	enum err err = read_ids(ctx, body->ids, "ids", &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = add_pick(ctx, s, ids[i]);
	return err;
}

static enum err pick_matching(struct ctx *ctx, const struct start_body *body, struct start *s)
{
	struct query *query;
	struct query_options options = {.action = s->action, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	int64_t *ids, *except;
	size_t n, n_except;
	enum err err = str_equal(s->new_.kind, "restore") ? fail(ctx, ERR_INVALID, "filter", "bulk_what") : OK;
	if (err == OK)
		err = read_ids(ctx, body->except, "except", &except, &n_except);
	if (err == OK)
		err = query_parse(ctx, s->new_.info, body->filter, &options, &query);
	if (err == OK && !query_has_filter(query) && body->expected <= 0 && !body->preview)
		err = fail(ctx, ERR_INVALID, "filter", "bulk_what");
	if (err == OK)
		err = query_ids(ctx, query, BULK_MAX + 1 + n_except, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		if (n_except == 0 || bsearch(&ids[i], except, n_except, sizeof(*except), by_id) == NULL)
			err = add_pick(ctx, s, ids[i]);
	return err;
}

/* What was confirmed is what happens, or nothing. */
enum err bulk_check_number(struct ctx *ctx, size_t count, int64_t expected)
{
	int64_t n = (int64_t)count;
	if (n == 0)
		return fail(ctx, ERR_NOT_FOUND, "", "bulk_none");
	if (n > 1 && !gate_cap(ctx->actor, CAP_BULK))
		return fail_number(ctx, ERR_FORBIDDEN, "", "bulk_needed", n);
	if (n > BULK_ASK_ABOVE && expected == 0)
		return fail_number(ctx, ERR_INVALID, "expected", "bulk_confirm", n);
	if (expected != 0 && expected != n)
		return fail_number(ctx, ERR_CONFLICT, "expected", "bulk_count", n);
	return OK;
}

static enum err read_wish(struct ctx *ctx, const struct start_body *body, struct start *s)
{
	if (!str_equal(s->new_.kind, "change"))
		return OK;
	json_t *wish = json_object();
	if (json_is_object(body->set))
		json_object_set(wish, "set", body->set);
	if (json_is_object(body->add))
		json_object_set(wish, "add", body->add);
	if (json_is_object(body->remove))
		json_object_set(wish, "remove", body->remove);
	enum err err = bulk_check_wish(ctx, s->new_.info, wish);
	char *text = err == OK ? json_dumps(wish, JSON_COMPACT) : NULL;
	s->new_.wish = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	json_decref(wish);
	return err == OK && s->new_.wish == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err answer_number(struct ctx *ctx, size_t n, struct http_response *res)
{
	struct jsonw w;
	(void)ctx;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "total", (int64_t)n);
	jsonw_end_object(&w);
	return OK;
}

/* Whoever may change or delete some kind of record may begin. */
static enum err may_start(struct ctx *ctx, const struct http_request *req)
{
	(void)req;
	for (size_t i = 0; i < registry_count(ctx->registry); i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		if (info->entity->flags & (E_INTERNAL | E_NO_LOG))
			continue;
		if (entity_scope(ctx->actor, info, ACTION_UPDATE) != SCOPE_NONE || entity_scope(ctx->actor, info, ACTION_DELETE) != SCOPE_NONE)
			return OK;
	}
	return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
}

static enum err start_write(struct ctx *ctx, void *arg)
{
	struct start *s = arg;
	return bulk_start(ctx, &s->new_, &s->id);
}

static enum err start(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct start_body body = {0};
	struct start s = {.id = 0};
	struct db *db = ctx->db;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_kind(ctx, &body, &s);
	if (err == OK && (body.ids != NULL) == (body.filter != NULL))
		err = fail(ctx, ERR_INVALID, "ids", "bulk_what");
	if (err == OK && (s.picks = arena_array(ctx->arena, BULK_MAX, sizeof(*s.picks))) == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = body.ids != NULL ? pick_ids(ctx, &body, &s) : pick_matching(ctx, &body, &s);
	if (err == OK && body.preview)
		return answer_number(ctx, s.new_.n, res);
	if (err == OK)
		err = bulk_check_number(ctx, s.new_.n, body.expected);
	if (err == OK)
		err = read_wish(ctx, &body, &s);
	if (err != OK)
		return err;
	s.new_.picks = s.picks;
	s.new_.filter = body.filter;
	err = store_write(ctx, ctx->store, start_write, &s);
	ctx->db = db;
	return err == OK ? bulk_answer(ctx, s.id, res) : err;
}

/* --- one act ----------------------------------------------------------------------------- */

/* Whose it is; administrators see all. */
static enum err find_act(struct ctx *ctx, const struct http_request *req, struct bulk_act *ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = bulk_load(ctx, id, ret);
	if (err != OK)
		return err;
	bool own = ctx->actor->user_id != 0 && ret->owner_id == ctx->actor->user_id;
	return own || gate_cap(ctx->actor, CAP_ADMIN) ? OK : fail(ctx, ERR_NOT_FOUND, "", "not_found");
}

static enum err put_reasons(struct ctx *ctx, int64_t id, struct jsonw *w)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_reasons, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	jsonw_key(w, "reasons");
	jsonw_array(w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		jsonw_object(w);
		jsonw_kv_text(w, "state", stmt_text(stmt, 0));
		jsonw_kv_text(w, "key", stmt_text(stmt, 1));
		jsonw_kv_text(w, "field", stmt_text(stmt, 2));
		jsonw_kv_text(w, "message", stmt_text(stmt, 3));
		jsonw_kv_int(w, "count", stmt_i64(stmt, 4));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static bool rests(const struct bulk_act *act)
{
	return str_equal(act->state, "done") || str_equal(act->state, "cancelled") || str_equal(act->state, "failed");
}

enum err bulk_answer(struct ctx *ctx, int64_t id, struct http_response *res)
{
	struct bulk_act act;
	struct jsonw w;
	enum err err = bulk_load(ctx, id, &act);
	if (err != OK)
		return err;
	bool going = !rests(&act) && !str_equal(act.state, "undone");
	http_status(res, going ? 202 : 200);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_text(&w, "kind", act.kind);
	jsonw_kv_text(&w, "state", act.state);
	jsonw_kv_int(&w, "total", act.total);
	jsonw_kv_int(&w, "done", act.done);
	jsonw_kv_int(&w, "refused", act.refused);
	jsonw_kv_int(&w, "undone", act.undone);
	jsonw_kv_int(&w, "kept", act.kept);
	jsonw_key(&w, "undo_until");
	jsonw_time(&w, act.undo_until);
	jsonw_kv_bool(&w, "may_undo", rests(&act) && act.done > 0 && act.undo_until > ctx_now(ctx));
	err = put_reasons(ctx, id, &w);
	jsonw_end_object(&w);
	return err;
}

static enum err show(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct bulk_act act;
	enum err err = find_act(ctx, req, &act);
	if (err == OK)
		err = bulk_answer(ctx, act.id, res);
	if (err == OK)
		http_status(res, 200);
	return err;
}

/* These run in the WRITE lane: the state is looked at and changed in one transaction. */
static enum err cancel(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct bulk_act act;
	enum err err = find_act(ctx, req, &act);
	if (err == OK && !str_equal(act.state, "queued") && !str_equal(act.state, "running"))
		err = fail_arg(ctx, ERR_CONFLICT, "state", "bulk_state", act.state);
	/* the next batch sees it and stops */
	if (err == OK)
		err = bulk_set_state(ctx, act.id, "cancelling", NULL);
	return err == OK ? bulk_answer(ctx, act.id, res) : err;
}

static enum err undo(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct bulk_act act;
	bool more = true;
	enum err err = find_act(ctx, req, &act);
	if (err == OK && !rests(&act))
		err = fail_arg(ctx, ERR_CONFLICT, "state", "bulk_state", act.state);
	if (err == OK && act.undo_until <= ctx_now(ctx))
		err = fail(ctx, ERR_CONFLICT, "", "bulk_too_late");
	if (err == OK)
		err = bulk_set_state(ctx, act.id, "undoing", NULL);
	if (err == OK && act.done > BULK_AT_ONCE)
		err = bulk_queue(ctx, act.id, true);
	else
		while (err == OK && more)
			err = bulk_batch(ctx, NULL, act.id, true, &more);
	return err == OK ? bulk_answer(ctx, act.id, res) : err;
}

#define V1 "/api/v1"

const struct route bulk_routes[] = {
	{.method = METHOD_POST, .pattern = V1 "/bulk", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = start, .may = may_start, .specs = start_specs,
	 .body_max = 2 << 20,
	 .doc = "Changes, deletes or brings back many records as one act: 200 when it is done, 202 while it goes on (look at /bulk/{id})"},
	{.method = METHOD_GET, .pattern = V1 "/bulk/*", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = show,
	 .doc = "How far a bulk act is, what was refused or stayed, and why; its records: /bulk_item?act_id=eq.{id}"},
	{.method = METHOD_POST, .pattern = V1 "/bulk/*/cancel", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = cancel,
	 .doc = "Stops a bulk act after the records at hand; what is done can be undone"},
	{.method = METHOD_POST, .pattern = V1 "/bulk/*/undo", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = undo,
	 .doc = "Takes a bulk act back as a whole, within 30 days; what others changed since stays and is told"},
	{.method = METHOD_GET, .pattern = V1 "/deleted", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = bulk_http_deleted,
	 .doc = "Deleted records that can be put back, newest first: entity, q (in the name), before"},
	{.method = METHOD_POST, .pattern = V1 "/*/*/changes/*/putback", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = bulk_http_putback,
	 .specs = bulk_spec_putback, .doc = "Puts a change of a record back, or some of its fields; `kept` names what others changed since"},
	{.method = METHOD_POST, .pattern = V1 "/user/*/handover", .lane = LANE_HEAVY, .door = DOOR_CAP, .cap = CAP_ASSIGN,
	 .handle = bulk_http_handover, .specs = bulk_spec_handover, .body_max = 2 << 20,
	 .doc = "Hand a user's customers and open work to others, as a bulk act; what they have done stays theirs"},
	{.pattern = NULL},
};
