/* "Put back" in a record's history: one change, or some of its fields, as they were before it. */
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/bulk/bulk_internal.h"
#include "core/events/events.h"

struct putback_body {
	json_t *fields;
};

const struct spec bulk_spec_putback[] = {
	{"fields", SPEC_JSON, offsetof(struct putback_body, fields), false, 0, "Names of fields; absent: all that nobody has changed since"},
	{0},
};

struct found {
	int64_t seq;
	const char *diff;
};

static enum err find_update(struct ctx *ctx, const struct change *change, void *arg)
{
	struct found *f = arg;
	if (change->seq != f->seq || change->action != CHANGE_UPDATE)
		return OK;
	f->diff = arena_strdup(ctx->arena, change->diff);
	return f->diff != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* The record of the address, which the actor may change, and the diff of the entry. */
static enum err find_all(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, int64_t *ret_id, struct found *found)
{
	struct record *record;
	if (info == NULL || (info->entity->flags & E_INTERNAL) || !id_parse(req->params[1], ret_id) || !id_parse(req->params[2], &found->seq))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, info, *ret_id, ACTION_UPDATE, &record);
	if (err == OK)
		err = change_history(ctx, info->entity->name, *ret_id, found->seq + 1, 1, find_update, found);
	return err == OK && found->diff == NULL ? fail(ctx, ERR_NOT_FOUND, "", "bulk_history_gone") : err;
}

enum err bulk_http_putback(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct putback_body body = {0};
	struct found found = {0};
	struct record *record;
	struct jsonw w;
	const char *kept = NULL;
	int64_t id = 0;
	const struct entity_info *info = registry_find(ctx->registry, req->params[0]);
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && body.fields != NULL && (!json_is_array(body.fields) || json_array_size(body.fields) == 0))
		err = fail(ctx, ERR_INVALID, "fields", "bulk_no_change");
	if (err == OK)
		err = find_all(ctx, req, info, &id, &found);
	if (err == OK)
		err = bulk_revert_diff(ctx, info, id, found.diff, body.fields, &kept);
	if (err == OK)
		err = record_get(ctx, info, id, ACTION_READ, &record);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_int(&w, "version", record_i64(record, "version"));
	jsonw_kv_text(&w, "kept", kept);
	jsonw_end_object(&w);
	return OK;
}
