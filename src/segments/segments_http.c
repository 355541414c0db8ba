/* Segments over the API, beside their records: filled anew, size over time, who came and went, why, snapshots, comparisons. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/gate/gate.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { EVENTS_SHOWN = 50, EVENTS_LOOK = 500 };

static const char *const cause_names[] = {[CAUSE_CHANGE] = "change", [CAUSE_TIME] = "time", [CAUSE_CONDITION] = "condition", [CAUSE_SEGMENT] = "segment"};

static const struct entity_info *segment_info(const struct ctx *ctx)
{
	return registry_find(ctx->registry, "segment");
}

static enum err get_segment(struct ctx *ctx, const char *text, enum action action, struct record **ret)
{
	int64_t id;
	if (text == NULL || !id_parse(text, &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "segment");
	return record_get(ctx, segment_info(ctx), id, action, ret);
}

static void begin(struct http_response *res, struct jsonw *w)
{
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(w, http_body(res));
}

static enum err run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err number(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, a);
	if (b)
		stmt_bind_i64(stmt, 2, b);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* --- filled anew ------------------------------------------------------------------------ */

static enum err fill(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *segment, *patch;
	enum err err = get_segment(ctx, req->params[0], ACTION_UPDATE, &segment);
	if (!err && (record_i64(segment, "snapshot_of_id") != 0 || record_i64(segment, "given") != 0))
		err = fail(ctx, ERR_CONFLICT, "", "segment_snapshot");
	if (!err)
		err = record_new(ctx, segment->info, &patch);
	if (!err)
		err = record_set(ctx, patch, "state", value_text("waiting"));
	if (!err)
		err = record_update(ctx, record_id(segment), patch, 0, W_KEPT, NULL);
	http_status(res, 202);
	return err;
}

/* --- size over time ------------------------------------------------------------------------ */

static enum err sizes(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *segment;
	struct stmt *stmt;
	struct jsonw w;
	bool row;
	const char *days = http_query(ctx, req, "days", 0);
	int64_t n = 365;
	enum err err = get_segment(ctx, req->params[0], ACTION_READ, &segment);
	if (!err && !str_empty(days) && (!str_to_i64(days, &n) || n < 1 || n > 10000))
		err = fail_arg(ctx, ERR_INVALID, "days", "segment_days", days);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_segment_sizes, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id(segment));
	stmt_bind_i64(stmt, 2, ctx_now(ctx) - n * 86400000);
	begin(res, &w);
	jsonw_array(&w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(&w);
		jsonw_key(&w, "at");
		jsonw_time(&w, stmt_i64(stmt, 0));
		jsonw_kv_int(&w, "size", stmt_i64(stmt, 1));
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	jsonw_end_array(&w);
	return err;
}

/* --- who came and went ------------------------------------------------------------------------ */

struct event {
	int64_t at, record, cause;
	bool entered;
	const char *detail;
};

static void put_event(struct jsonw *w, const struct event *e, const char *title)
{
	jsonw_object(w);
	jsonw_key(w, "at");
	jsonw_time(w, e->at);
	if (e->record) {
		jsonw_kv_id(w, "record_id", e->record);
		jsonw_kv_text(w, "title", title);
	}
	jsonw_kv_bool(w, "entered", e->entered);
	jsonw_kv_text(w, "cause", e->cause >= 0 && e->cause < CAUSE_COUNT ? cause_names[e->cause] : "");
	jsonw_kv_text(w, "detail", e->detail);
	jsonw_end_object(w);
}

static enum err read_events(struct ctx *ctx, int64_t segment, int64_t before, struct event *list, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_events, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, segment);
	stmt_bind_i64(stmt, 2, before);
	stmt_bind_i64(stmt, 3, EVENTS_LOOK);
	while (*ret_n < EVENTS_LOOK && !(err = stmt_step(ctx, stmt, &row)) && row)
		list[(*ret_n)++] = (struct event){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 3), stmt_i64(stmt, 2) != 0, arena_strdup(ctx->arena, stmt_text(stmt, 4))};
	stmt_done(stmt);
	return err;
}

/* Of records that the reader may see. */
static enum err visible_title(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret, const char **ret_title)
{
	struct record *record;
	struct faults before = ctx->faults;
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	*ret = err == OK;
	*ret_title = "";
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
		ctx->faults = before;
		return OK;
	}
	if (!err && info->title >= 0 && record->values[info->title].kind == VALUE_TEXT)
		*ret_title = record->values[info->title].t.p;
	return err;
}

static enum err events(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *segment;
	struct jsonw w;
	struct event *list = arena_array(ctx->arena, EVENTS_LOOK, sizeof(*list));
	size_t n, shown = 0;
	enum err err = list ? get_segment(ctx, req->params[0], ACTION_READ, &segment) : fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = read_events(ctx, record_id(segment), INT64_MAX, list, &n);
	const struct entity_info *info = err ? NULL : registry_find(ctx->registry, record_text(segment, "entity"));
	if (err || !info)
		return err ? err : fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "segment");
	begin(res, &w);
	jsonw_array(&w);
	for (size_t i = 0; !err && i < n && shown < EVENTS_SHOWN; i++) {
		bool visible;
		const char *title;
		err = visible_title(ctx, info, list[i].record, &visible, &title);
		if (err || !visible)
			continue;
		put_event(&w, &list[i], title);
		shown++;
	}
	jsonw_end_array(&w);
	return err;
}

/* --- why ----------------------------------------------------------------------------------------- */

static enum err put_record_events(struct ctx *ctx, struct jsonw *w, int64_t segment, int64_t record)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_record_events, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, segment);
	stmt_bind_i64(stmt, 2, record);
	jsonw_key(w, "events");
	jsonw_array(w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		put_event(w, &(struct event){.at = stmt_i64(stmt, 0), .entered = stmt_i64(stmt, 1) != 0, .cause = stmt_i64(stmt, 2), .detail = stmt_text(stmt, 3)}, NULL);
	stmt_done(stmt);
	jsonw_end_array(w);
	return err;
}

/* With the reader's rights: what they may not see is not told either. */
static enum err why(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *segment, *record;
	struct condition *condition;
	struct jsonw w;
	int64_t id, member = 0;
	enum err err = get_segment(ctx, req->params[0], ACTION_READ, &segment);
	const struct entity_info *info = err ? NULL : registry_find(ctx->registry, record_text(segment, "entity"));
	if (!err && (info == NULL || !id_parse(req->params[1], &id)))
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "segment");
	if (!err)
		err = record_get(ctx, info, id, ACTION_READ, &record);
	if (!err)
		err = condition_parse(ctx, info, record_text(segment, "condition"), &condition);
	if (!err)
		err = number(ctx, &sql_segment_is_member, record_id(segment), id, &member);
	if (err)
		return err;
	begin(res, &w);
	jsonw_object(&w);
	jsonw_kv_bool(&w, "member", member != 0);
	jsonw_key(&w, "why");
	err = condition_why(ctx, condition, id, &w);
	if (!err)
		err = put_record_events(ctx, &w, record_id(segment), id);
	jsonw_end_object(&w);
	return err;
}

/* --- the segments of a record ---------------------------------------------------------------------- */

static enum err of_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	enum { MAX = 500 };
	const struct entity_info *info = registry_find(ctx->registry, req->params[0]);
	struct record *record, *segment;
	struct stmt *stmt;
	struct jsonw w;
	bool row = true;
	int64_t id, ids[MAX], since[MAX];
	size_t n = 0;
	if (info == NULL || (info->entity->flags & E_INTERNAL) || !id_parse(req->params[1], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", req->params[0]);
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_segment_of_record, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	for (; n < MAX && !(err = stmt_step(ctx, stmt, &row)) && row; n++) {
		ids[n] = stmt_i64(stmt, 0);
		since[n] = stmt_i64(stmt, 2);
	}
	stmt_done(stmt);
	begin(res, &w);
	jsonw_array(&w);
	for (size_t i = 0; !err && i < n; i++) {
		struct faults before = ctx->faults;
		if (record_get(ctx, segment_info(ctx), ids[i], ACTION_READ, &segment) != OK) {
			ctx->faults = before;
			continue;
		}
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", ids[i]);
		jsonw_kv_text(&w, "name", record_text(segment, "name"));
		jsonw_key(&w, "since");
		jsonw_time(&w, since[i]);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	return err;
}

/* --- snapshots and comparisons -------------------------------------------------------------------------- */

struct snapshot_body {
	const char *name;
};

static const struct spec snapshot_specs[] = {
	{"name", SPEC_TEXT, offsetof(struct snapshot_body, name), true, 400, "of the snapshot"},
	{.name = NULL},
};

static enum err make_snapshot(struct ctx *ctx, const struct record *segment, const char *name, int64_t *ret)
{
	struct record *copy;
	const struct actor *actor = ctx->actor;
	static const char *const same[] = {"entity", "condition"};
	enum err err = entity_scope(actor, segment->info, ACTION_CREATE) == SCOPE_NONE ? fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "segment") : OK;
	if (!err)
		err = record_new(ctx, segment->info, &copy);
	for (size_t i = 0; !err && i < 2; i++)
		err = record_set(ctx, copy, same[i], value_text(record_text(segment, same[i])));
	if (!err)
		err = record_set(ctx, copy, "name", value_text(name));
	if (!err)
		err = record_set(ctx, copy, "live", value_text("false"));
	if (!err)
		err = record_set(ctx, copy, "snapshot_of_id", value_int(record_id(segment)));
	if (!err)
		err = record_set(ctx, copy, "state", value_text("ready"));
	if (!err)
		err = record_set(ctx, copy, "size", *record_value(segment, "size"));
	if (!err)
		err = record_set(ctx, copy, "filled_at", value_int(ctx_now(ctx)));
	if (!err)
		err = record_create(ctx, copy, W_KEPT);
	*ret = err ? 0 : record_id(copy);
	return err;
}

static enum err snapshot(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct snapshot_body body = {0};
	struct record *segment;
	struct jsonw w;
	int64_t id, size = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = get_segment(ctx, req->params[0], ACTION_READ, &segment);
	if (!err)
		err = make_snapshot(ctx, segment, body.name, &id);
	if (!err)
		err = run(ctx, &sql_segment_copy_members, (const int64_t[]){id, record_id(segment), ctx_now(ctx)}, 3);
	if (!err)
		err = number(ctx, &sql_segment_count, id, 0, &size);
	if (!err)
		err = run(ctx, &sql_segment_set_size, (const int64_t[]){id, size}, 2);
	if (!err)
		err = segment_note_size(ctx, id, size);
	if (err)
		return err;
	http_status(res, 201);
	begin(res, &w);
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_int(&w, "size", size);
	jsonw_end_object(&w);
	return OK;
}

static enum err compare(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *a, *b;
	struct jsonw w;
	int64_t n_a = 0, n_b = 0, both = 0;
	enum err err = get_segment(ctx, http_query(ctx, req, "a", 0), ACTION_READ, &a);
	if (!err)
		err = get_segment(ctx, http_query(ctx, req, "b", 0), ACTION_READ, &b);
	if (!err && !str_equal(record_text(a, "entity"), record_text(b, "entity")))
		err = fail(ctx, ERR_INVALID, "b", "segment_differ");
	if (!err)
		err = number(ctx, &sql_segment_count, record_id(a), 0, &n_a);
	if (!err)
		err = number(ctx, &sql_segment_count, record_id(b), 0, &n_b);
	if (!err)
		err = number(ctx, &sql_segment_in_both, record_id(a), record_id(b), &both);
	if (err)
		return err;
	begin(res, &w);
	jsonw_object(&w);
	jsonw_kv_int(&w, "only_a", n_a - both);
	jsonw_kv_int(&w, "both", both);
	jsonw_kv_int(&w, "only_b", n_b - both);
	jsonw_end_object(&w);
	return OK;
}

#define READS .lane = LANE_READ, .door = DOOR_SIGNED_IN
#define WRITES .lane = LANE_WRITE, .door = DOOR_SIGNED_IN

const struct route segments_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/segments/*/fill", WRITES, .handle = fill, .doc = "Fills a segment anew; 202: it will be in a moment."},
	{.method = METHOD_GET, .pattern = "/api/v1/segments/*/sizes", READS, .handle = sizes, .doc = "How many members a segment had over time: ?days=365."},
	{.method = METHOD_GET, .pattern = "/api/v1/segments/*/events", READS, .handle = events, .doc = "Who came into a segment and went, when and why; the newest first."},
	{.method = METHOD_GET, .pattern = "/api/v1/segments/*/why/*", READS, .handle = why, .doc = "Why a record is in a segment or not, part by part, and its comings and goings."},
	{.method = METHOD_GET, .pattern = "/api/v1/segments/of/*/*", READS, .handle = of_record, .doc = "The segments that a record (entity, id) is in."},
	{.method = METHOD_GET, .pattern = "/api/v1/segments/compare", READS, .handle = compare, .doc = "How many two segments (a, b) have in common and apart."},
	{.method = METHOD_POST, .pattern = "/api/v1/segments/*/snapshot", WRITES, .handle = snapshot, .specs = snapshot_specs,
	 .doc = "Keeps the members as they are now as a segment of its own."},
	{.pattern = NULL},
};
