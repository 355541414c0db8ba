/* One record by its id: read, change, delete, restore. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

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
static enum err write_one(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one, struct query_page *ret)
{
	struct rest_accept accept = one->accept;
	*ret = (struct query_page){.rows = 0};
	if (accept.media == MEDIA_JSON)
		accept.media = MEDIA_SINGLE;
	size_t before = ctx->faults.count;
	enum err err = rest_write_ids(ctx, req, one->info, &one->id, 1, &accept, res, ret);
	if ((err == ERR_INVALID && ret->rows == 0 && ctx->faults.count > before && str_equal(ctx->faults.list[before].key, QK_SINGLE)) ||
	    (!err && ret->rows == 0)) {
		ctx->faults.count = before;
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", one->info->entity->name);
	}
	if (err)
		return err;
	if (one->accept.media == MEDIA_JSON)
		http_content_type(res, "application/json; charset=utf-8");
	return OK;
}

/* What was merged into another is shown as that one; "Content-Location" says so. */
static enum err write_known(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct one *one, struct query_page *ret)
{
	int64_t into;
	enum err err = write_one(ctx, req, res, one, ret);
	if (err != ERR_NOT_FOUND)
		return err;
	const struct faults before = ctx->faults;
	faults_clear(ctx);
	err = record_alias(ctx, one->info, one->id, &into);
	if (err || into == 0) {
		ctx->faults = before;
		return err ? err : ERR_NOT_FOUND;
	}
	one->id = into;
	err = write_one(ctx, req, res, one, ret);
	if (!err)
		http_set_header(res, "Content-Location", arena_printf(ctx->arena, "/api/v1/%s/%lld", one->info->entity->name, (long long)into));
	return err;
}

/* A change of what was merged away is refused, and says where it went to who may see that. */
static enum err tell_merged(struct ctx *ctx, const struct one *one, enum err err)
{
	int64_t into = 0;
	struct record *record;
	if (err != ERR_NOT_FOUND || one->info == NULL)
		return err;
	const struct faults before = ctx->faults;
	if (record_alias(ctx, one->info, one->id, &into) || into == 0 || record_get(ctx, one->info, into, ACTION_READ, &record)) {
		ctx->faults = before;
		return ERR_NOT_FOUND;
	}
	faults_clear(ctx);
	return fail_arg(ctx, ERR_CONFLICT, "", "merged_away", arena_printf(ctx->arena, "%lld", (long long)into));
}

/* For the audit trail: who looked at what is sensitive. */
static void tell_seen(struct ctx *ctx, const struct http_request *req, const struct one *one, const struct query_page *page)
{
	const struct rest *rest = app_rest(ctx->app);
	if (rest && rest->config.seen && !req->head && page->sensitive)
		rest->config.seen(rest->config.arg, ctx, one->info, one->id);
}

/* Figures that other records' writes keep up to date change without a new version. */
static bool shows_kept(const struct entity_info *info)
{
	for (int at = SF_COUNT; at < (int)info->n_fields; at++)
		if ((info->fields[at]->flags & (F_READONLY | F_SECRET)) == F_READONLY)
			return true;
	return false;
}

/* "X-Barred": why a record within reach is still beyond its reader, such as a user who may do more. */
static enum err tell_bar(struct ctx *ctx, struct http_response *res, const struct entity *entity, const struct record *record)
{
	enum err err = entity->hooks.bars(ctx, record);
	if (err != ERR_FORBIDDEN)
		return err;
	http_set_header(res, "X-Barred", ctx->faults.count > 0 ? ctx->faults.list[0].key : "forbidden");
	faults_clear(ctx);
	return OK;
}

/* "X-Reach": from which scope on the record is within it, for pages that offer only what its reader may do with it, and
 * with what hangs on it. Only for who asks: it costs a look at the owner. */
static enum err tell_reach(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one)
{
	static const char *const names[] = {[SCOPE_OWN] = "own", [SCOPE_TEAM] = "team", [SCOPE_BRANCH] = "branch", [SCOPE_ALL] = "all"};
	struct row_owner owner;
	struct record *record;
	enum scope scope = SCOPE_OWN;
	if (http_header(req, "X-Reach") == NULL)
		return OK;
	enum err err = record_load(ctx, one->info, one->id, &record);
	if (!err)
		err = record_owner(ctx, record, &owner);
	if (err)
		return err;
	while (scope < SCOPE_ALL && !gate_reach(ctx->actor, scope, &owner, ACTION_UPDATE, ctx_now(ctx)))
		scope++;
	http_set_header(res, "X-Reach", names[scope]);
	return one->info->entity->hooks.bars ? tell_bar(ctx, res, one->info->entity, record) : OK;
}

enum err rest_get_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	struct query_page page;
	char etag[32];
	enum err err = begin(ctx, req, res, &one);
	if (!err)
		err = write_known(ctx, req, res, &one, &page);
	if (!err)
		err = tell_reach(ctx, req, res, &one);
	if (err)
		return err;
	/* The version says nothing of other records that are shown with it, nor of what is kept of them. */
	snprintf(etag, sizeof(etag), "\"v%lld\"", (long long)page.version);
	if (page.embeds || (http_header(req, "If-None-Match") != NULL && shows_kept(one.info)))
		http_set_header(res, "ETag", etag);
	else if (http_not_modified(req, res, etag)) {
		buf_reset(http_body(res));
		return OK;
	}
	tell_seen(ctx, req, &one, &page);
	return OK;
}

/* --- changes -------------------------------------------------------------------------- */

/* The version of one entity tag, "v12" or W/"v12" (a compressing proxy makes it weak); 0: it is none of ours. */
static int64_t tag_version(const char *tag, size_t n)
{
	char digits[20];
	int64_t version;
	if (n > 2 && tag[0] == 'W' && tag[1] == '/') {
		tag += 2;
		n -= 2;
	}
	if (n < 4 || n - 3 >= sizeof(digits) || tag[0] != '"' || tag[1] != 'v' || tag[n - 1] != '"')
		return 0;
	memcpy(digits, tag + 2, n - 3);
	digits[n - 3] = '\0';
	return str_to_i64(digits, &version) && version > 0 ? version : 0;
}

/* The version that If-Match lets be changed: of several the one that the record has; 0: any. */
enum err rest_match(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, int64_t id, int64_t *ret)
{
	const char *text = http_header(req, "If-Match");
	struct record *now;
	*ret = 0;
	if (str_empty(text) || str_equal(text, "*"))
		return OK;
	enum err err = strchr(text, ',') ? record_get(ctx, info, id, ACTION_READ, &now) : OK;
	if (err)
		return err;
	while (true) {
		size_t n, len = strcspn(text, ",");
		const char *tag = str_trim(text, len, &n);
		int64_t version = tag_version(tag, n);
		bool last = text[len] == '\0';
		if (version && (last ? *ret == 0 : record_i64(now, "version") == version))
			*ret = version;
		if (last)
			break;
		text += len + 1;
	}
	return *ret ? OK : fail(ctx, ERR_CONFLICT, "", "version");
}

static enum err answer_changed(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct one *one)
{
	struct query_page page;
	if (one->prefer.ret == RETURN_MINIMAL || one->prefer.ret == RETURN_HEADERS) {
		http_status(res, 204);
		return OK;
	}
	enum err err = write_one(ctx, req, res, one, &page);
	if (!err)
		rest_set_etag(res, page.version);
	return err;
}

/* What `Prefer: tx=rollback` undoes begins here, and ends with keep_or_undo. */
static enum err begin_change(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct one *ret)
{
	enum err err = begin(ctx, req, res, ret);
	return !err && ret->prefer.rollback ? db_savepoint(ctx) : err;
}

static enum err keep_or_undo(struct ctx *ctx, const struct one *one, enum err err)
{
	if (!err && one->prefer.rollback)
		db_rollback_to(ctx);
	return err;
}

enum err rest_patch_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	struct rest_body body = {.json = NULL};
	struct record *patch;
	int64_t version = 0;
	enum err err = begin_change(ctx, req, res, &one);
	if (!err)
		err = rest_match(ctx, req, one.info, one.id, &version);
	if (!err)
		err = rest_body_object(ctx, req, one.info, &body);
	if (!err)
		err = rest_body_record(ctx, &body, 0, one.info, &patch);
	if (!err)
		err = tell_merged(ctx, &one, record_update(ctx, one.id, patch, version, 0, NULL));
	if (!err)
		err = answer_changed(ctx, req, res, &one);
	rest_body_release(&body);
	return keep_or_undo(ctx, &one, err);
}

enum err rest_delete_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	int64_t version = 0;
	enum err err = begin_change(ctx, req, res, &one);
	if (!err)
		err = rest_match(ctx, req, one.info, one.id, &version);
	if (!err && one.prefer.ret == RETURN_ROWS)
		err = write_one(ctx, req, res, &one, &(struct query_page){0});
	if (!err)
		err = tell_merged(ctx, &one, record_delete(ctx, one.info, one.id, version, 0));
	if (!err && one.prefer.ret != RETURN_ROWS)
		http_status(res, 204);
	return keep_or_undo(ctx, &one, err);
}

enum err rest_restore_record(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct one one;
	struct record *record;
	enum err err = begin_change(ctx, req, res, &one);
	if (!err)
		err = record_restore(ctx, one.info, one.id, &record);
	if (!err)
		err = answer_changed(ctx, req, res, &one);
	return keep_or_undo(ctx, &one, err);
}
