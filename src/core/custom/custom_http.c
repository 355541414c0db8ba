/* The routes of administrators; reading is the generic API's. */
#include "core/custom/custom_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/rest.h"

static enum err read_id(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	return id_parse(req->params[0], ret) ? OK : fail(ctx, ERR_NOT_FOUND, "", "not_found");
}

/* If-Match: "3" */
static enum err read_match(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	const char *text = http_header(req, "If-Match");
	*ret = 0;
	if (!text || str_equal(text, "*"))
		return OK;
	size_t n = strlen(text);
	const char *inner = n > 2 && text[0] == '"' && text[n - 1] == '"' ? arena_strndup(ctx->arena, text + 1, n - 2) : text;
	return inner && str_to_i64(inner, ret) ? OK : fail(ctx, ERR_INVALID, "If-Match", "custom_match");
}

static enum err answer(struct ctx *ctx, struct http_response *res, int status, const struct record *record)
{
	struct jsonw w;
	char etag[32];
	jsonw_init(&w, http_body(res));
	record_write_json(ctx, record, &w);
	snprintf(etag, sizeof(etag), "\"%lld\"", (long long)record_i64(record, "version"));
	http_set_header(res, "ETag", etag);
	http_status(res, status);
	return OK;
}

static enum err new_record(struct ctx *ctx, struct record **ret)
{
	return record_new(ctx, registry_find(ctx->registry, custom_field_entity.name), ret);
}

static enum err post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *record, *made;
	enum err err = new_record(ctx, &record);
	if (!err)
		err = custom_body(ctx, req, record);
	if (!err)
		err = custom_create(ctx, app_custom(ctx->app), record, &made);
	return err ? err : answer(ctx, res, 201, made);
}

static enum err patch(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *record, *now;
	int64_t id, version;
	enum err err = read_id(ctx, req, &id);
	if (!err)
		err = read_match(ctx, req, &version);
	if (!err)
		err = new_record(ctx, &record);
	if (!err)
		err = custom_body(ctx, req, record);
	if (!err)
		err = custom_update(ctx, app_custom(ctx->app), id, record, version, &now);
	return err ? err : answer(ctx, res, 200, now);
}

static enum err load(struct ctx *ctx, const struct http_request *req, struct custom_def *ret)
{
	struct record *record;
	int64_t id;
	enum err err = read_id(ctx, req, &id);
	if (!err)
		err = record_load(ctx, registry_find(ctx->registry, custom_field_entity.name), id, &record);
	if (!err)
		custom_def_of(record, ret);
	return err;
}

static enum err uses(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct custom_def def;
	struct custom_use *list;
	struct jsonw w;
	size_t n;
	enum err err = load(ctx, req, &def);
	if (!err)
		err = custom_uses(ctx, &def, &list, &n);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "uses");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_kv_text(&w, "kind", list[i].kind);
		jsonw_kv_id(&w, "id", list[i].id);
		jsonw_kv_text(&w, "name", list[i].name);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* "“Big ones”, “Sales”": the first few by name. */
static enum err refuse_used(struct ctx *ctx, const struct custom_use *list, size_t n)
{
	enum { NAMED = 8 };
	const char *names = "";
	for (size_t i = 0; names && i < n && i < NAMED; i++)
		names = arena_printf(ctx->arena, "%s%s%s", names, i ? ", " : "", list[i].name ? list[i].name : "");
	if (names && n > NAMED)
		names = arena_printf(ctx->arena, "%s …", names);
	return fail_arg(ctx, ERR_CONFLICT, "", "custom_used", names);
}

static enum err remove_field(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct custom_def def;
	struct custom_use *list;
	size_t n = 0;
	int64_t version;
	bool anyway = str_equal(http_query(ctx, req, "anyway", 0), "true");
	enum err err = read_match(ctx, req, &version);
	if (!err)
		err = load(ctx, req, &def);
	if (!err && !anyway)
		err = custom_uses(ctx, &def, &list, &n);
	if (!err && n)
		err = refuse_used(ctx, list, n);
	if (!err)
		err = custom_remove(ctx, app_custom(ctx->app), def.id, version);
	if (!err)
		http_status(res, 204);
	return err;
}

/* Reading them is as of any records: by the generic API's own route of this pattern. */
static enum err as_records(struct ctx *ctx, const struct http_request *req, struct http_response *res, const char *pattern)
{
	struct http_request plain = *req;
	for (size_t i = HTTP_PARAMS_MAX - 1; i > 0; i--)
		plain.params[i] = req->params[i - 1];
	plain.params[0] = custom_field_entity.plural;
	for (const struct route *route = rest_routes; route->pattern; route++)
		if (route->method == METHOD_GET && str_equal(route->pattern, pattern))
			return route->handle(ctx, &plain, res);
	return fail(ctx, ERR_NOT_FOUND, "", "not_found");
}

static enum err get_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	return as_records(ctx, req, res, "/api/v1/*");
}

static enum err get_one(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	return as_records(ctx, req, res, "/api/v1/*/*");
}

static enum err get_changes(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	return as_records(ctx, req, res, "/api/v1/*/*/changes");
}

#define ADMIN .lane = LANE_HEAVY, .door = DOOR_CAP, .cap = CAP_ADMIN

const struct route custom_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/custom_fields", ADMIN, .handle = post,
	 .doc = "Adds a field: entity, name, type, label {en, zh}, help, options, required, unique, default, min, max, link, list, card, search …"},
	{.method = METHOD_PATCH, .pattern = "/api/v1/custom_fields/*", ADMIN, .handle = patch,
	 .doc = "Changes a field; another name leaves the old one as its alias; state retired or active takes it out of use and back."},
	{.method = METHOD_DELETE, .pattern = "/api/v1/custom_fields/*", ADMIN, .handle = remove_field,
	 .doc = "Removes a field and its values; refused with the names of what uses it, unless anyway=true."},
	{.method = METHOD_GET, .pattern = "/api/v1/custom_fields/*/uses", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = uses,
	 .doc = "What uses a field: saved views, segments, automations, roles, imports that wait."},
	{.method = METHOD_GET, .pattern = "/api/v1/custom_fields", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_list,
	 .doc = "The fields that administrators added, as rows."},
	{.method = METHOD_GET, .pattern = "/api/v1/custom_fields/*", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_one,
	 .doc = "One of them."},
	{.method = METHOD_GET, .pattern = "/api/v1/custom_fields/*/changes", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_changes,
	 .doc = "Its history."},
	{.pattern = NULL},
};
