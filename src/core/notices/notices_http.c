/* One's own notices, and what one follows. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/notices/notices_internal.h"
#include "notices_sql.h"

enum { LISTED = 30, LISTED_MAX = 100, COUNTED_MAX = 100, FOLLOWS_MAX = 5000, IDS_MAX = 200 };

/* A token that has less than its user would tell what it may not read. */
static enum err whose(struct ctx *ctx, int64_t *ret)
{
	*ret = ctx->actor->user_id;
	return ctx->actor->narrowed ? fail(ctx, ERR_FORBIDDEN, "", "notice_narrowed") : OK;
}

/* --- notices ------------------------------------------------------------------------- */

struct row {
	int64_t id, kind, record_id, by_id, created_at, read_at;
	const char *entity, *text, *by;
};

/* The record's name, by the rights of now. */
static enum err title_of(struct ctx *ctx, const struct row *row, const char **ret)
{
	const struct entity_info *info = *row->entity != '\0' ? registry_find(ctx->registry, row->entity) : NULL;
	struct record *record;
	*ret = NULL;
	if (info == NULL || info->title < 0)
		return OK;
	enum err err = record_get(ctx, info, row->record_id, ACTION_READ, &record);
	if (err == OK)
		*ret = record_text(record, info->fields[info->title]->name);
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
		faults_clear(ctx);
		return OK;
	}
	return err;
}

static enum err put_row(struct ctx *ctx, struct jsonw *w, const struct row *row)
{
	const char *title;
	enum err err = title_of(ctx, row, &title);
	if (err != OK)
		return err;
	jsonw_object(w);
	jsonw_kv_id(w, "id", row->id);
	jsonw_kv_text(w, "kind", notice_kind_name((enum notice_kind)row->kind));
	jsonw_kv_text(w, "entity", row->entity);
	jsonw_kv_id(w, "record_id", row->record_id);
	jsonw_kv_text(w, "title", title);
	jsonw_kv_text(w, "text", row->text);
	jsonw_kv_id(w, "by_id", row->by_id);
	jsonw_kv_text(w, "by", row->by);
	jsonw_key(w, "created_at");
	jsonw_time(w, row->created_at);
	jsonw_kv_bool(w, "read", row->read_at != 0);
	jsonw_end_object(w);
	return OK;
}

static enum err read_rows(struct ctx *ctx, bool unread, int64_t user, int64_t before, int64_t limit, struct row *rows, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, unread ? &sql_notice_listed_unread : &sql_notice_listed, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	stmt_bind_i64(stmt, 2, before);
	stmt_bind_i64(stmt, 3, limit);
	for (*ret_n = 0; *ret_n < (size_t)limit && (err = stmt_step(ctx, stmt, &row)) == OK && row; (*ret_n)++)
		rows[*ret_n] = (struct row){.id = stmt_i64(stmt, 0), .kind = stmt_i64(stmt, 1), .entity = arena_strdup(ctx->arena, stmt_text(stmt, 2)), .record_id = stmt_i64(stmt, 3),
			.text = arena_strdup(ctx->arena, stmt_text(stmt, 4)), .by_id = stmt_i64(stmt, 5), .created_at = stmt_i64(stmt, 6), .read_at = stmt_i64(stmt, 7),
			.by = stmt_text(stmt, 8) != NULL ? arena_strdup(ctx->arena, stmt_text(stmt, 8)) : NULL};
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *before = http_query(ctx, req, "before", 0), *limit = http_query(ctx, req, "limit", 0);
	int64_t user, from = INT64_MAX, max = LISTED;
	struct row *rows = arena_array(ctx->arena, LISTED_MAX, sizeof(*rows));
	size_t n = 0;
	struct jsonw w;
	enum err err = whose(ctx, &user);
	if (err == OK && ((!str_empty(before) && !id_parse(before, &from)) || (!str_empty(limit) && (!str_to_i64(limit, &max) || max < 1))))
		err = fail(ctx, ERR_INVALID, "limit", "outbox_number");
	if (err == OK && rows == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = read_rows(ctx, str_equal(http_query(ctx, req, "unread", 0), "1"), user, from, max < LISTED_MAX ? max : LISTED_MAX, rows, &n);
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	for (size_t i = 0; i < n && err == OK; i++)
		err = put_row(ctx, &w, &rows[i]);
	jsonw_end_array(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

static enum err unread(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	int64_t user, n;
	(void)req;
	enum err err = whose(ctx, &user);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_notice_unread, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	stmt_bind_i64(stmt, 2, COUNTED_MAX + 1);
	err = stmt_step(ctx, stmt, &row);
	n = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "count", n < COUNTED_MAX ? n : COUNTED_MAX);
	jsonw_kv_bool(&w, "more", n > COUNTED_MAX);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

struct read_body {
	int64_t up_to, id, record_id;
	const char *entity;
};

static const struct spec read_specs[] = {
	{.name = "up_to", .type = SPEC_ID, .offset = offsetof(struct read_body, up_to), .doc = "This one and all before it"},
	{.name = "id", .type = SPEC_ID, .offset = offsetof(struct read_body, id), .doc = "This one"},
	{.name = "entity", .type = SPEC_TEXT, .offset = offsetof(struct read_body, entity), .doc = "Those about this record"},
	{.name = "record_id", .type = SPEC_ID, .offset = offsetof(struct read_body, record_id)},
	{.name = NULL},
};

static enum err mark_read(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct read_body body = {0};
	struct stmt *stmt;
	int64_t user;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = whose(ctx, &user);
	if (err == OK && body.up_to == 0 && body.id == 0 && body.entity == NULL)
		err = fail(ctx, ERR_INVALID, "id", "required");
	if (err == OK)
		err = db_prepare(ctx, ctx->db, body.up_to != 0 ? &sql_notice_read_all : body.id != 0 ? &sql_notice_read : &sql_notice_read_record, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	if (body.up_to != 0 || body.id != 0) {
		stmt_bind_i64(stmt, 2, body.up_to != 0 ? body.up_to : body.id);
		stmt_bind_i64(stmt, 3, ctx_now(ctx));
	} else {
		stmt_bind_text(stmt, 2, body.entity);
		stmt_bind_i64(stmt, 3, body.record_id);
		stmt_bind_i64(stmt, 4, ctx_now(ctx));
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- following --------------------------------------------------------------------------- */

static enum err see(struct ctx *ctx, const char *entity, int64_t id)
{
	const struct entity_info *info = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	struct record *record;
	if (info == NULL || (info->entity->flags & (E_SYSTEM | E_INTERNAL | E_PRIVATE)) || !str_equal(info->entity->name, entity))
		return fail(ctx, ERR_NOT_FOUND, "entity", "notice_record");
	return record_get(ctx, info, id, ACTION_READ, &record);
}

static enum err put_state(struct ctx *ctx, int64_t user, const char *entity, int64_t id, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_follow_state, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	stmt_bind_text(stmt, 2, entity);
	stmt_bind_i64(stmt, 3, id);
	err = stmt_step(ctx, stmt, &row);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "following", err == OK && row && stmt_i64(stmt, 1) > 0);
	jsonw_kv_int(&w, "followers", err == OK && row ? stmt_i64(stmt, 0) : 0);
	jsonw_end_object(&w);
	stmt_done(stmt);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

static enum err follows(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t user, id;
	enum err err = whose(ctx, &user);
	if (err == OK && !id_parse(req->params[1], &id))
		err = fail(ctx, ERR_NOT_FOUND, "", "notice_record");
	if (err == OK)
		err = see(ctx, req->params[0], id);
	return err == OK ? put_state(ctx, user, req->params[0], id, res) : err;
}

static enum err room_for_more(struct ctx *ctx, int64_t user)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_follow_count, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	stmt_bind_i64(stmt, 2, FOLLOWS_MAX);
	err = stmt_step(ctx, stmt, &row);
	bool full = err == OK && row && stmt_i64(stmt, 0) >= FOLLOWS_MAX;
	stmt_done(stmt);
	return full ? fail_arg(ctx, ERR_LIMIT, "", "notice_many", arena_printf(ctx->arena, "%d", FOLLOWS_MAX)) : err;
}

static enum err set_follow(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	bool on = req->method == METHOD_PUT;
	struct stmt *stmt;
	int64_t user, id;
	enum err err = whose(ctx, &user);
	if (err == OK && !id_parse(req->params[1], &id))
		err = fail(ctx, ERR_NOT_FOUND, "", "notice_record");
	if (err == OK)
		err = see(ctx, req->params[0], id);
	if (err == OK && on)
		err = room_for_more(ctx, user);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, on ? &sql_follow_put : &sql_follow_drop, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, user);
	stmt_bind_text(stmt, 2, req->params[0]);
	stmt_bind_i64(stmt, 3, id);
	if (on)
		stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK ? put_state(ctx, user, req->params[0], id, res) : err;
}

const struct route notices_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/notices", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = list, .doc = "One's own notices, the newest first: ?unread=1&before=ID&limit="},
	{.method = METHOD_GET, .pattern = "/api/v1/notices/unread", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = unread, .doc = "How many of them one has not looked at, up to a hundred."},
	{.method = METHOD_POST, .pattern = "/api/v1/notices/read", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = mark_read, .specs = read_specs, .doc = "One has looked at them."},
	{.method = METHOD_GET, .pattern = "/api/v1/follows/*/*", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = follows, .doc = "Whether one follows a record, and how many do."},
	{.method = METHOD_PUT, .pattern = "/api/v1/follows/*/*", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = set_follow, .doc = "Follows a record: its changes become notices."},
	{.method = METHOD_DELETE, .pattern = "/api/v1/follows/*/*", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = set_follow, .doc = "Follows it no more."},
	{.pattern = NULL},
};
