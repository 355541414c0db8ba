/* One record by its id: read, change, delete, restore. */
#include <string.h>

#include "base/str.h"
#include "core/rest/rest_internal.h"

struct one {
	const struct entity_info *info;
	int64_t id;
	struct rest_prefer prefer;
	struct rest_accept accept;
};

static enum err begin(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct one *ret)
{
	enum err err = rest_entity(ctx, req->params[0], &ret->info);
	if (!err)
		err = rest_id(ctx, ret->info, req->params[1], &ret->id);
	if (!err)
		err = rest_prefer(ctx, req, res, &ret->prefer);
	return err ? err : rest_accept(ctx, req, &ret->accept);
}

/* Always one object, or CSV. */
static enum err write_one(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one, int64_t *ret_version)
{
	struct query_page page = {.rows = 0};
	struct rest_accept accept = one->accept;
	if (accept.media == MEDIA_JSON)
		accept.media = MEDIA_SINGLE;
	size_t before = ctx->faults.count;
	enum err err = rest_write_ids(ctx, req, one->info, &one->id, 1, &accept, res, &page);
	if ((err == ERR_INVALID && page.rows == 0 && ctx->faults.count > before && str_equal(ctx->faults.list[before].key, QK_SINGLE)) ||
	    (!err && page.rows == 0)) {
		ctx->faults.count = before;
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", one->info->entity->name);
	}
	if (err)
		return err;
	if (one->accept.media == MEDIA_JSON)
		http_content_type(res, "application/json; charset=utf-8");
	*ret_version = page.version;
	return OK;
}

/* Whether the answer gives a sensitive value in full.  What was asked for under another
 * name, or as CSV, is taken to be there. */
static bool shows_sensitive(const struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one)
{
	const struct entity_info *info = one->info;
	const char *body = NULL;
	for (size_t i = 0; i < info->n_fields; i++) {
		if ((info->fields[i]->flags & F_SENSITIVE) == 0 || entity_field_right(ctx->actor, info, (int)i) < RIGHT_READ)
			continue;
		if (one->accept.media != MEDIA_JSON || strpbrk(req->query, ":%") != NULL)
			return true;
		if (body == NULL)
			body = buf_text(http_body(res));
		/* a name in quotes and a colon: no text value can hold that unescaped */
		const char *key = arena_printf(ctx->arena, "\"%s\":", info->fields[i]->name);
		const char *at = key != NULL ? strstr(body, key) : body;
		if (at != NULL && (key == NULL || !str_starts(at + strlen(key), "null")))
			return true;
	}
	return false;
}

static void tell_seen(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one)
{
	const struct rest *rest = app_rest(ctx->app);
	if (rest != NULL && rest->config.seen != NULL && !req->head && shows_sensitive(ctx, req, res, one))
		rest->config.seen(rest->config.arg, ctx, one->info, one->id);
}

enum err rest_get_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	int64_t version;
	enum err err = begin(ctx, req, res, &one);
	if (!err)
		err = write_one(ctx, req, res, &one, &version);
	if (!err) {
		tell_seen(ctx, req, res, &one);
		rest_set_etag(res, version);
	}
	return err;
}

/* --- changes -------------------------------------------------------------------------- */

/* The version of If-Match: "v12", W/"v12"; 0: any. */
static enum err read_match(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	const char *text = http_header(req, "If-Match");
	char digits[20];
	*ret = 0;
	if (str_empty(text) || str_equal(text, "*"))
		return OK;
	if (str_starts(text, "W/"))
		text += 2;
	size_t n = strlen(text);
	if (n < 4 || n - 3 >= sizeof(digits) || text[0] != '"' || text[1] != 'v' || text[n - 1] != '"')
		return fail(ctx, ERR_CONFLICT, "", "version");
	memcpy(digits, text + 2, n - 3);
	digits[n - 3] = '\0';
	if (!str_to_i64(digits, ret) || *ret <= 0)
		return fail(ctx, ERR_CONFLICT, "", "version");
	return OK;
}

static enum err answer_changed(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one)
{
	int64_t version = 0;
	if (one->prefer.ret == RETURN_MINIMAL || one->prefer.ret == RETURN_HEADERS) {
		http_status(res, 204);
		return OK;
	}
	enum err err = write_one(ctx, req, res, one, &version);
	if (!err)
		rest_set_etag(res, version);
	return err;
}

enum err rest_patch_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	struct rest_body body = {.json = NULL};
	struct record *patch;
	int64_t version = 0;
	enum err err = begin(ctx, req, res, &one);
	if (!err)
		err = read_match(ctx, req, &version);
	if (!err)
		err = rest_body_object(ctx, req, one.info, &body);
	if (!err)
		err = rest_body_record(ctx, &body, 0, one.info, &patch);
	if (!err)
		err = record_update(ctx, one.id, patch, version, 0, NULL);
	if (!err)
		err = answer_changed(ctx, req, res, &one);
	rest_body_release(&body);
	return err;
}

enum err rest_delete_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	int64_t version = 0;
	enum err err = begin(ctx, req, res, &one);
	if (!err)
		err = read_match(ctx, req, &version);
	if (!err && one.prefer.ret == RETURN_ROWS)
		err = write_one(ctx, req, res, &one, &(int64_t){0});
	if (!err)
		err = record_delete(ctx, one.info, one.id, version, 0);
	if (!err && one.prefer.ret != RETURN_ROWS)
		http_status(res, 204);
	return err;
}

enum err rest_restore_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	struct record *record;
	enum err err = begin(ctx, req, res, &one);
	if (!err)
		err = record_restore(ctx, one.info, one.id, &record);
	return err ? err : answer_changed(ctx, req, res, &one);
}
