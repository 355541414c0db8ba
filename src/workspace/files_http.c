/* Attachments: a file comes in as a raw body and is kept under the hash of its
 * content; it goes out so that no browser ever runs it on our address. */
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/files/blob.h"
#include "core/files/files.h"
#include "core/store/store.h"
#include "core/uploads/uploads.h"
#include "workspace/workspace.h"

enum { FILE_BYTES_MAX = 100 * 1024 * 1024 };

struct upload {
	const char *name;
	int64_t customer_id, order_id, interaction_id, contract_id;
	struct blob_info blob;
	int64_t id;
};

static enum err set_link(struct ctx *ctx, struct record *r, const char *field, int64_t id)
{
	return id != 0 ? record_set(ctx, r, field, value_int(id)) : OK;
}

/* The row as far as it is known before the file is kept. */
static enum err new_row(struct ctx *ctx, const struct upload *u, struct record **ret)
{
	enum err err = record_new(ctx, registry_find(ctx->registry, "attachment"), ret);
	if (err == OK)
		err = record_set(ctx, *ret, "name", value_text(u->name));
	if (err == OK)
		err = set_link(ctx, *ret, "customer_id", u->customer_id);
	if (err == OK)
		err = set_link(ctx, *ret, "order_id", u->order_id);
	if (err == OK)
		err = set_link(ctx, *ret, "interaction_id", u->interaction_id);
	if (err == OK)
		err = set_link(ctx, *ret, "contract_id", u->contract_id);
	return err;
}

static enum err create_row(struct ctx *ctx, void *arg)
{
	struct upload *u = arg;
	struct record *r;
	enum err err = new_row(ctx, u, &r);
	if (err == OK)
		err = record_set(ctx, r, "type", value_text(u->blob.type));
	if (err == OK)
		err = record_set(ctx, r, "size", value_int(u->blob.size));
	if (err == OK)
		err = record_set(ctx, r, "sha256", value_text(u->blob.hash));
	if (err == OK)
		err = record_create(ctx, r, W_KEPT);
	if (err == OK)
		err = uploads_count(ctx, UPLOADS_ATTACHED, u->blob.hash, u->blob.size);
	if (err == OK)
		u->id = record_id(r);
	return err;
}

/* Nothing is kept of a file that may not be there. */
static enum err check_row(struct ctx *ctx, const struct upload *u)
{
	struct record *r;
	enum err err = new_row(ctx, u, &r);
	return err == OK ? record_check_create(ctx, r, W_KEPT) : err;
}

/* The record a file is put to: it must be visible, and files must be allowed there. */
static enum err read_target(struct ctx *ctx, const struct http_request *req, struct upload *u)
{
	const char *entity = http_query(ctx, req, "entity", 0), *text = http_query(ctx, req, "record_id", 0);
	const struct entity_info *files = registry_find(ctx->registry, "attachment");
	const struct entity_info *info = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	struct record *target;
	int64_t id;
	if (entity_scope(ctx->actor, files, ACTION_CREATE) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (info == NULL || !id_parse(text, &id))
		return fail(ctx, ERR_INVALID, info == NULL ? "entity" : "record_id", "file_target");
	enum err err = record_get(ctx, info, id, ACTION_READ, &target);
	if (err != OK)
		return err;
	if (str_equal(info->entity->name, "customer")) {
		u->customer_id = id;
		return OK;
	}
	if (str_equal(info->entity->name, "order"))
		u->order_id = id;
	else if (str_equal(info->entity->name, "contract"))
		u->contract_id = id;
	else if (str_equal(info->entity->name, "interaction"))
		u->interaction_id = id;
	else
		return fail(ctx, ERR_INVALID, "entity", "file_target");
	u->customer_id = record_i64(target, "customer_id");
	return u->customer_id != 0 ? OK : fail(ctx, ERR_INVALID, "record_id", "file_no_customer");
}

static enum err read_upload(struct ctx *ctx, const struct http_request *req, struct upload *u)
{
	*u = (struct upload){.name = http_query(ctx, req, "name", 0)};
	if (str_empty(u->name))
		return fail(ctx, ERR_INVALID, "name", "required");
	enum err err = read_target(ctx, req, u);
	return err == OK ? check_row(ctx, u) : err;
}

static enum err may_upload(struct ctx *ctx, const struct http_request *req)
{
	struct upload u;
	enum err err = read_upload(ctx, req, &u);
	return err == OK ? uploads_room(ctx, req->declared) : err;
}

static enum err upload(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct upload u;
	struct jsonw w;
	enum err err = read_upload(ctx, req, &u);
	if (err == OK && req->body_path == NULL)
		err = fail(ctx, ERR_INVALID, "", "file_empty");
	if (err == OK)
		err = uploads_room(ctx, (int64_t)req->body_len);
	if (err == OK)
		err = blob_put_file(ctx, app_blobs(ctx->app), req->body_path, FILE_BYTES_MAX, &u.blob);
	if (err == OK)
		err = store_write(ctx, ctx->store, create_row, &u);
	if (err != OK)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", u.id);
	jsonw_kv_text(&w, "name", u.name);
	jsonw_kv_int(&w, "size", u.blob.size);
	jsonw_kv_text(&w, "type", u.blob.type);
	jsonw_kv_text(&w, "sha256", u.blob.hash);
	jsonw_end_object(&w);
	return OK;
}

/* Pictures may be shown; everything else is only ever saved. */
static bool showable(const char *type)
{
	static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_equal(type, types[i]))
			return true;
	}
	return false;
}

static enum err download(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *r;
	const char *path, *disposition;
	int64_t id, size;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, registry_find(ctx->registry, "attachment"), id, ACTION_READ, &r);
	if (err == OK)
		err = blob_path(ctx, app_blobs(ctx->app), record_text(r, "sha256"), &path, &size);
	if (err != OK)
		return err;
	bool show = showable(record_text(r, "type")) && str_equal(http_query(ctx, req, "inline", 0), "1");
	err = file_disposition(ctx, record_text(r, "name"), &disposition);
	if (err != OK)
		return err;
	http_set_header(res, "Content-Disposition", show ? "inline" : disposition);
	http_set_header(res, "Content-Security-Policy", "default-src 'none'; sandbox");
	http_content_type(res, file_inert_type(record_text(r, "type")));
	return http_send_file(ctx, res, path);
}

const struct route workspace_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/views/shared", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = workspace_views,
	 .doc = "Views of a kind of record (?entity=) that colleagues share with everybody or with one's team."},
	{.method = METHOD_POST, .pattern = "/api/v1/file", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = upload,
	 .may = may_upload, .upload = true, .body_max = FILE_BYTES_MAX,
	 .doc = "Keeps the raw body as a file of a customer, order or interaction (?name=&entity=&record_id=)."},
	{.method = METHOD_GET, .pattern = "/api/v1/attachment/*/content", .lane = LANE_READ, .door = DOOR_SIGNED_IN,
	 .handle = download, .doc = "A file's content; ?inline=1 shows pictures in place."},
	{.pattern = NULL},
};
