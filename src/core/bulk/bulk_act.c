/* The act's own record, and its items. */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "bulk_sql.h"
#include "core/bulk/bulk_internal.h"

static const struct entity_info *act_info(const struct ctx *ctx)
{
	return registry_find(ctx->registry, "bulk_act");
}

const char *bulk_request_id(struct ctx *ctx, int64_t id, bool undo)
{
	const char *text = arena_printf(ctx->arena, "bulk-%lld%s", (long long)id, undo ? "-undo" : "");
	return text != NULL ? text : "bulk";
}

bool bulk_own_error(enum err err)
{
	return err == ERR_INVALID || err == ERR_CONFLICT || err == ERR_FORBIDDEN || err == ERR_NOT_FOUND;
}

enum err bulk_load(struct ctx *ctx, int64_t id, struct bulk_act *ret)
{
	struct record *r;
	enum err err = record_load(ctx, act_info(ctx), id, &r);
	if (err != OK)
		return err;
	*ret = (struct bulk_act){
		.id = id,
		.kind = record_text(r, "kind"),
		.state = record_text(r, "state"),
		.wish = record_text(r, "wish"),
		.owner_id = record_i64(r, "owner_id"),
		.from_id = record_i64(r, "from_id"),
		.undo_until = record_i64(r, "undo_until"),
		.total = record_i64(r, "total"),
		.done = record_i64(r, "done"),
		.refused = record_i64(r, "refused"),
		.undone = record_i64(r, "undone"),
		.kept = record_i64(r, "kept"),
	};
	return OK;
}

enum err bulk_set_state(struct ctx *ctx, int64_t id, const char *state, const char *error)
{
	struct record *patch;
	bool rests = str_equal(state, "done") || str_equal(state, "undone") || str_equal(state, "cancelled") || str_equal(state, "failed");
	enum err err = record_new(ctx, act_info(ctx), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text(state));
	if (err == OK)
		err = record_set(ctx, patch, "error", error != NULL ? value_text(error) : value_null());
	if (err == OK && rests)
		err = record_set(ctx, patch, "finished_at", value_int(ctx_now(ctx)));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, NULL) : err;
}

/* --- making one ------------------------------------------------------------------ */

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static enum err make_act(struct ctx *ctx, const struct bulk_new *new_, const char *state, int64_t done, int64_t *ret_id)
{
	struct record *r;
	enum err err = record_new(ctx, act_info(ctx), &r);
	if (err == OK)
		err = set_text(ctx, r, "kind", new_->kind);
	if (err == OK)
		err = set_text(ctx, r, "entity", new_->info != NULL ? new_->info->entity->name : NULL);
	if (err == OK)
		err = set_text(ctx, r, "state", state);
	if (err == OK)
		err = set_text(ctx, r, "filter", new_->filter);
	if (err == OK)
		err = set_text(ctx, r, "wish", new_->wish);
	if (err == OK)
		err = record_set(ctx, r, "total", value_int((int64_t)new_->n));
	if (err == OK)
		err = record_set(ctx, r, "done", value_int(done));
	if (err == OK && new_->from_id != 0)
		err = record_set(ctx, r, "from_id", value_int(new_->from_id));
	if (err == OK)
		err = record_set(ctx, r, "undo_until", value_int(ctx_now(ctx) + BULK_KEPT_MS));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	if (err == OK)
		*ret_id = record_id(r);
	return err;
}

static enum err put_item(struct ctx *ctx, int64_t act, const struct bulk_pick *pick, const char *state)
{
	struct stmt *stmt;
	char digits[24];
	int64_t me = ctx->actor != NULL ? ctx->actor->user_id : 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_item_insert, &stmt);
	if (err != OK)
		return err;
	(void)snprintf(digits, sizeof(digits), "%lld", (long long)pick->id);
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, 1);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	if (me != 0)
		stmt_bind_i64(stmt, 4, me);
	stmt_bind_i64(stmt, 5, ctx_now(ctx));
	if (me != 0)
		stmt_bind_i64(stmt, 6, me);
	stmt_bind_i64(stmt, 7, act);
	stmt_bind_text(stmt, 8, pick->info->entity->name);
	stmt_bind_text(stmt, 9, digits);
	if (pick->target != 0)
		stmt_bind_i64(stmt, 10, pick->target);
	stmt_bind_text(stmt, 11, state);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err put_items(struct ctx *ctx, int64_t act, const struct bulk_pick *picks, size_t n, const char *state)
{
	enum err err = OK;
	db_bulk_begin(ctx->db);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_item(ctx, act, &picks[i], state);
	enum err ended = db_bulk_end(ctx);
	return err != OK ? err : ended;
}

enum err bulk_queue(struct ctx *ctx, int64_t id, bool undo)
{
	int64_t job;
	const char *payload = arena_printf(ctx->arena, "\"%lld %d\"", (long long)id, (int)ctx->locale);
	if (payload == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return job_enqueue(ctx, undo ? "bulk_undo" : "bulk", payload, 0, &job);
}

enum err bulk_start(struct ctx *ctx, const struct bulk_new *new_, int64_t *ret_id)
{
	bool later = new_->queued || new_->n > BULK_AT_ONCE, more = true;
	enum err err = make_act(ctx, new_, "queued", 0, ret_id);
	if (err == OK)
		err = put_items(ctx, *ret_id, new_->picks, new_->n, "waiting");
	if (err == OK && later)
		return bulk_queue(ctx, *ret_id, false);
	while (err == OK && more)
		err = bulk_batch(ctx, NULL, *ret_id, false, &more);
	return err;
}

/* --- what the generic API changes by filter ----------------------------------------- */

/* {"set":<body>}, the body being a JSON object; a body of another kind is not kept. */
static const char *wish_of(struct ctx *ctx, const struct http_request *req)
{
	json_error_t error;
	json_t *body = req->body_len > 0 && req->body_len < 100000 ? json_loadb(req->body, req->body_len, 0, &error) : NULL;
	char *text = json_is_object(body) ? json_dumps(body, JSON_COMPACT) : NULL;
	const char *wish = text != NULL ? arena_printf(ctx->arena, "{\"set\":%s}", text) : NULL;
	free(text);
	json_decref(body);
	return wish;
}

enum err bulk_many(void *arg, struct ctx *ctx, const struct entity_info *info, enum action action, const int64_t *ids, size_t n,
                   const struct http_request *req)
{
	(void)arg;
	struct bulk_new new_ = {.kind = action == ACTION_DELETE ? "delete" : "change", .info = info, .n = n};
	int64_t id;
	/* Without a history there is nothing to go back to. */
	if (info->entity->flags & E_NO_LOG)
		return OK;
	struct bulk_pick *picks = arena_array(ctx->arena, n, sizeof(*picks));
	if (picks == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		picks[i] = (struct bulk_pick){info, ids[i], 0};
	new_.picks = picks;
	new_.filter = strlen(req->query) < 60000 ? req->query : NULL;
	new_.wish = action == ACTION_DELETE ? NULL : wish_of(ctx, req);
	enum err err = make_act(ctx, &new_, "done", (int64_t)n, &id);
	if (err == OK)
		err = put_items(ctx, id, picks, n, "done");
	if (err == OK)
		ctx->request_id = bulk_request_id(ctx, id, false);
	return err;
}
