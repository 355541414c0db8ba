/* Records shared with a person or a team: to read or to change, for good or until a moment.
 *
 * A share gives rows, not rights: what one may do with records of its kind at all, roles say. What belongs to the record (its
 * addresses) is shared with it. It goes with the record, with the person, with the team; whoever may change the record by their own
 * rights shares it and takes shares back, and who has it by a share does not pass it on. */
#include "access_sql.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/access/access_internal.h"

enum { SHARES_MAX = 2000 }; /* of one person or team */

static const struct field share_fields[] = {
	{.name = "record", .type = FIELD_CODE, .max = 80, .flags = F_REQUIRED | F_INDEX | F_ANY | F_INSERT_ONLY | F_LIST, .on_delete = DELETE_CASCADE,
	 .label = {"Record", "记录"}},
	{.name = "user_id", .type = FIELD_LINK, .link = "user", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_INSERT_ONLY | F_LIST,
	 .label = {"With", "共享给"}},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_INSERT_ONLY | F_LIST,
	 .label = {"With team", "共享给团队"}},
	{.name = "may_write", .type = FIELD_BOOL, .fallback = "false", .flags = F_REQUIRED | F_LIST, .label = {"May change it", "可修改"}},
	{.name = "until", .type = FIELD_TIME, .flags = F_LIST, .label = {"Until", "截止"}},
	{.name = "note", .type = FIELD_TEXT, .max = 200, .label = {"Why", "原因"}},
};

static const char *const share_indexes[] = {"unique record,user_id", "unique record,team_id", NULL};

const struct entity share_entity = {
	.name = "share", .plural = "shares", .label = {"Share", "共享"}, .label_many = {"Shares", "共享"}, .fields = share_fields,
	.n_fields = sizeof(share_fields) / sizeof(share_fields[0]), .title = "record", .sort = "id", .flags = E_INTERNAL,
	.hooks = {.after = access_after_any}, .indexes = share_indexes,
};

/* --- what an actor has ---------------------------------------------------------------- */

static enum err read_shares(struct ctx *ctx, struct stmt *stmt, struct actor *actor)
{
	struct gate_share *list = arena_array(ctx->arena, SHARES_MAX, sizeof(*list));
	const struct entity_info *info;
	enum err err = list ? OK : access_no_memory(ctx);
	bool row = true;
	size_t n = 0;
	while (!err && n < SHARES_MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct gate_share share = {.until_ms = stmt_i64(stmt, 1), .write = stmt_i64(stmt, 2) != 0};
		if (!entity_any(ctx->registry, stmt_text(stmt, 0), &info, &share.id))
			continue;
		if (share.until_ms != 0 && (actor->shares_until_ms == 0 || share.until_ms < actor->shares_until_ms))
			actor->shares_until_ms = share.until_ms;
		size_t at = n++;
		for (; at > 0 && list[at - 1].id > share.id; at--)
			list[at] = list[at - 1];
		list[at] = share;
	}
	actor->shares = list;
	actor->n_shares = err ? 0 : n;
	return err;
}

enum err access_shares_load(struct ctx *ctx, struct actor *actor)
{
	struct stmt *stmt;
	if (!registry_find(ctx->registry, "share"))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_shares_of, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, actor->user_id);
	stmt_bind_i64(stmt, 2, actor->team_id);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	stmt_bind_i64(stmt, 4, SHARES_MAX);
	err = read_shares(ctx, stmt, actor);
	stmt_done(stmt);
	return err;
}

/* --- routes ---------------------------------------------------------------------------- */

struct share_body {
	int64_t user_id, team_id;
	bool write;
	const char *until, *note;
};

const struct spec access_spec_share[] = {
	{"user_id", SPEC_ID, offsetof(struct share_body, user_id), false, 0, "The person"},
	{"team_id", SPEC_ID, offsetof(struct share_body, team_id), false, 0, "Or the team, with those below it"},
	{"write", SPEC_BOOL, offsetof(struct share_body, write), false, 0, "May change it too"},
	{"until", SPEC_TEXT, offsetof(struct share_body, until), false, 40, "When it ends; absent: not by itself"},
	{"note", SPEC_TEXT, offsetof(struct share_body, note), false, 200, "Why"},
	{0},
};

struct target {
	const struct entity_info *info;
	struct record *record;
	const char *name; /* "customer/12" */
};

/* The record of the address, of a kind that can be shared, that the actor may read. */
static enum err find_target(struct ctx *ctx, const struct http_request *req, struct target *ret)
{
	int64_t id;
	ret->info = registry_find(ctx->registry, req->params[0]);
	if (!ret->info || (ret->info->entity->flags & E_INTERNAL) || !id_parse(req->params[1], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, ret->info, id, ACTION_READ, &ret->record);
	if (err)
		return err;
	if (ret->info->owner < 0 || ret->info->parent >= 0 || (ret->info->entity->flags & (E_SYSTEM | E_PRIVATE)))
		return fail(ctx, ERR_INVALID, "", "share_kind");
	ret->name = arena_printf(ctx->arena, "%s/%lld", ret->info->entity->name, (long long)id);
	return ret->name ? OK : access_no_memory(ctx);
}

/* Only by one's own rights, not by a share. */
static enum err may_share(struct ctx *ctx, const struct target *target)
{
	struct row_owner owner;
	enum scope scope = entity_scope(ctx->actor, target->info, ACTION_UPDATE);
	enum err err = record_owner(ctx, target->record, &owner);
	if (err || gate_row(ctx->actor, scope, &owner))
		return err;
	return fail(ctx, ERR_FORBIDDEN, "", "share_forbidden");
}

static enum err put_shares(struct ctx *ctx, struct stmt *stmt, struct jsonw *w)
{
	enum err err;
	bool row = true;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(w);
		jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
		jsonw_key(w, "user_id");
		stmt_is_null(stmt, 1) ? jsonw_null(w) : jsonw_id(w, stmt_i64(stmt, 1));
		jsonw_key(w, "team_id");
		stmt_is_null(stmt, 2) ? jsonw_null(w) : jsonw_id(w, stmt_i64(stmt, 2));
		jsonw_kv_text(w, "name", stmt_text(stmt, 3));
		jsonw_kv_bool(w, "write", stmt_i64(stmt, 4) != 0);
		jsonw_key(w, "until");
		stmt_is_null(stmt, 5) ? jsonw_null(w) : jsonw_time(w, stmt_i64(stmt, 5));
		jsonw_kv_bool(w, "ended", !stmt_is_null(stmt, 5) && stmt_i64(stmt, 5) <= ctx_now(ctx));
		jsonw_kv_text(w, "note", stmt_text(stmt, 6));
		jsonw_kv_text(w, "by", stmt_text(stmt, 7));
		jsonw_end_object(w);
	}
	return err;
}

enum err access_http_shares(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct target target;
	struct stmt *stmt;
	struct jsonw w;
	enum err err = find_target(ctx, req, &target);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_access_shares_with, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, target.name);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "may", may_share(ctx, &target) == OK);
	faults_clear(ctx);
	jsonw_key(&w, "shares");
	jsonw_array(&w);
	err = put_shares(ctx, stmt, &w);
	stmt_done(stmt);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

static enum err check_body(struct ctx *ctx, const struct share_body *body, int64_t *ret_until)
{
	*ret_until = 0;
	if ((body->user_id != 0) == (body->team_id != 0))
		return fail(ctx, ERR_INVALID, "user_id", "share_whom");
	if (str_empty(body->until))
		return OK;
	if (!time_parse(body->until, ret_until))
		return fail(ctx, ERR_INVALID, "until", "not_time");
	return *ret_until > ctx_now(ctx) ? OK : fail(ctx, ERR_INVALID, "until", "share_past");
}

/* Bounded, since it is kept with everybody it is shared with. */
static enum err check_room(struct ctx *ctx, const struct share_body *body)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_shares_count, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, body->user_id);
	stmt_bind_i64(stmt, 2, body->team_id);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_step(ctx, stmt, &row);
	bool full = !err && row && stmt_i64(stmt, 0) >= SHARES_MAX / 2;
	stmt_done(stmt);
	return full ? fail(ctx, ERR_LIMIT, "", "share_many") : err;
}

static enum err make_share(struct ctx *ctx, const struct target *target, const struct share_body *body, int64_t until, struct record **ret)
{
	enum err err = record_new(ctx, registry_find(ctx->registry, "share"), ret);
	if (!err)
		err = record_set(ctx, *ret, "record", value_text(target->name));
	if (!err)
		err = record_set(ctx, *ret, "user_id", body->user_id ? value_int(body->user_id) : value_null());
	if (!err)
		err = record_set(ctx, *ret, "team_id", body->team_id ? value_int(body->team_id) : value_null());
	if (!err)
		err = record_set(ctx, *ret, "may_write", value_int(body->write));
	if (!err)
		err = record_set(ctx, *ret, "until", until ? value_int(until) : value_null());
	if (!err)
		err = record_set(ctx, *ret, "note", str_empty(body->note) ? value_null() : value_text(body->note));
	return err ? err : record_create(ctx, *ret, W_TRUSTED);
}

enum err access_http_share(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct share_body body = {0};
	struct target target;
	struct record *share;
	struct jsonw w;
	int64_t until;
	enum err err = find_target(ctx, req, &target);
	if (!err)
		err = may_share(ctx, &target);
	if (!err)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = check_body(ctx, &body, &until);
	if (!err)
		err = check_room(ctx, &body);
	if (!err)
		err = make_share(ctx, &target, &body, until, &share);
	if (err)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(share));
	jsonw_end_object(&w);
	return OK;
}

enum err access_http_unshare(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct target target;
	struct record *share;
	int64_t id;
	enum err err = find_target(ctx, req, &target);
	if (!err)
		err = may_share(ctx, &target);
	if (!err && !id_parse(req->params[2], &id))
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (!err)
		err = record_load(ctx, registry_find(ctx->registry, "share"), id, &share);
	if (!err && !str_equal(record_text(share, "record"), target.name))
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (!err)
		err = record_delete(ctx, share->info, id, 0, W_TRUSTED);
	if (!err)
		http_status(res, 204);
	return err;
}
