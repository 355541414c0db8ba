/* PATCH and DELETE by filter.  The rows are found first, by the filter and the gate;
 * then each is changed as a record, with its hooks, history and checks. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

struct change_rows {
	struct ctx *ctx;
	const struct http_request *req;
	struct http_response *res;
	const struct entity_info *info;
	enum action action;
	struct rest_prefer prefer;
	struct rest_accept accept;
	int64_t *ids;
	size_t n;
};

static enum err begin(struct change_rows *c, enum action action)
{
	c->action = action;
	enum err err = rest_entity(c->ctx, c->req->params[0], &c->info);
	if (!err)
		err = rest_prefer(c->ctx, c->req, c->res, &c->prefer);
	if (!err)
		err = rest_accept(c->ctx, c->req, &c->accept);
	return err;
}

/* How many there may be: the client's own bound, the right to change many, ours. */
static enum err check_number(struct change_rows *c)
{
	char n[24];
	snprintf(n, sizeof(n), "%zu", c->n);
	if (c->prefer.max_affected >= 0 && (int64_t)c->n > c->prefer.max_affected)
		return fail_arg(c->ctx, ERR_INVALID, "", QK_AFFECTED, n);
	if (c->accept.media == MEDIA_SINGLE && c->n != 1)
		return fail_arg(c->ctx, ERR_INVALID, "", QK_SINGLE, n);
	if (c->n > 1 && !gate_cap(c->ctx->actor, CAP_BULK))
		return fail_arg(c->ctx, ERR_FORBIDDEN, "", "bulk_needed", n);
	if (c->n > REST_CHANGE_MAX)
		return fail_arg(c->ctx, ERR_LIMIT, "", "too_many_rows", "5000");
	return OK;
}

static enum err find_rows(struct change_rows *c)
{
	struct query *query;
	struct query_options options = {.action = c->action, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	enum err err = query_parse(c->ctx, c->info, c->req->query, &options, &query);
	if (!err && !query_has_filter(query))
		err = fail(c->ctx, ERR_INVALID, "", QK_NEEDS_FILTER);
	if (!err)
		err = query_ids(c->ctx, query, REST_CHANGE_MAX + 1, &c->ids, &c->n);
	return err ? err : check_number(c);
}

static enum err write_rows(struct change_rows *c)
{
	struct query_page page;
	return rest_write_ids(c->ctx, c->req, c->info, c->ids, c->n, &c->accept, c->res, &page);
}

static void answer_head(struct change_rows *c)
{
	int64_t total = c->prefer.count == COUNT_NONE ? -1 : (int64_t)c->n;
	rest_content_range(c->res, 0, c->action == ACTION_DELETE ? 0 : c->n, total);
	http_status(c->res, c->prefer.ret == RETURN_ROWS ? 200 : 204);
}

/* Several rows are one act to whoever keeps them. */
static enum err note_many(struct change_rows *c)
{
	const struct rest *rest = app_rest(c->ctx->app);
	if (c->n < 2 || !rest || !rest->config.many)
		return OK;
	return rest->config.many(rest->config.arg, c->ctx, c->info, c->action, c->ids, c->n, c->req);
}

/* --- PATCH ----------------------------------------------------------------------------- */

static enum err change_one(struct change_rows *c, const struct rest_body *body, size_t at)
{
	struct record *patch; /* read anew for each: an update takes out of it what does not change */
	enum err err = rest_body_record(c->ctx, body, 0, c->info, &patch);
	return err ? err : record_update(c->ctx, c->ids[at], patch, 0, 0, NULL);
}

static enum err patch(struct change_rows *c, const struct rest_body *body)
{
	const char *request_id = c->ctx->request_id;
	enum err err = find_rows(c);
	if (!err && c->prefer.rollback)
		err = db_savepoint(c->ctx);
	if (!err)
		err = note_many(c);
	for (size_t i = 0; !err && i < c->n; i++)
		err = change_one(c, body, i);
	c->ctx->request_id = request_id;
	if (err)
		return err;
	answer_head(c);
	if (c->prefer.ret == RETURN_ROWS)
		err = write_rows(c);
	if (!err && c->prefer.rollback)
		db_rollback_to(c->ctx);
	return err;
}

enum err rest_patch_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct change_rows c = {.ctx = ctx, .req = req, .res = res};
	struct rest_body body = {.json = NULL};
	enum err err = begin(&c, ACTION_UPDATE);
	if (!err)
		err = rest_body_object(ctx, req, c.info, &body);
	if (!err)
		err = patch(&c, &body);
	rest_body_release(&body);
	return err;
}

/* --- DELETE ------------------------------------------------------------------------------ */

/* One that an earlier one took with it is gone already. */
static enum err delete_one(struct change_rows *c, size_t at)
{
	size_t before = c->ctx->faults.count;
	enum err err = record_delete(c->ctx, c->info, c->ids[at], 0, 0);
	if (err != ERR_NOT_FOUND || at == 0)
		return err;
	c->ctx->faults.count = before;
	return OK;
}

enum err rest_delete_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct change_rows c = {.ctx = ctx, .req = req, .res = res};
	enum err err = begin(&c, ACTION_DELETE);
	if (!err)
		err = find_rows(&c);
	if (err)
		return err;
	answer_head(&c);
	if (c.prefer.ret == RETURN_ROWS)
		err = write_rows(&c); /* while they are still there */
	if (!err && c.prefer.rollback)
		err = db_savepoint(ctx);
	const char *request_id = ctx->request_id;
	if (!err)
		err = note_many(&c);
	for (size_t i = 0; !err && i < c.n; i++)
		err = delete_one(&c, i);
	ctx->request_id = request_id;
	if (!err && c.prefer.rollback)
		db_rollback_to(ctx);
	return err;
}
