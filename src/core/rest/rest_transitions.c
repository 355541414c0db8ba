/* The steps a state may take: which there are, which lead on from a record, and taking one. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

/* A list with commas as a list of texts. */
static void put_list(struct jsonw *w, const char *key, const char *list)
{
	jsonw_key(w, key);
	if (!list) {
		jsonw_null(w);
		return;
	}
	jsonw_array(w);
	for (const char *at = list; *at;) {
		size_t n = strcspn(at, ",");
		jsonw_textn(w, at, n);
		at += n;
		at += *at == ',';
	}
	jsonw_end_array(w);
}

/* Which of the fields that it needs are still empty. */
static void put_missing(struct ctx *ctx, const struct record *record, const char *needs, struct jsonw *w)
{
	jsonw_key(w, "missing");
	jsonw_array(w);
	for (const char *at = needs; at && *at;) {
		size_t n = strcspn(at, ",");
		const char *name = arena_strndup(ctx->arena, at, n);
		int field = entity_field(record->info, name);
		bool seen = field >= 0 && entity_field_right(ctx->actor, record->info, field) > RIGHT_HIDDEN;
		const struct value *value = seen ? &record->values[field] : NULL;
		if (value && (value->kind == VALUE_NULL || (value->kind == VALUE_LIST && value->l.n == 0)))
			jsonw_text(w, name);
		at += n;
		at += *at == ',';
	}
	jsonw_end_array(w);
}

static void put_step(struct ctx *ctx, const struct rest *rest, const struct entity_info *info, int at, const struct transition *t,
                     const struct record *record, struct jsonw *w)
{
	jsonw_object(w);
	if (record)
		jsonw_kv_text(w, "field", info->fields[at]->name);
	jsonw_kv_text(w, "name", t->name);
	jsonw_kv_text(w, "label", rest_label(ctx, rest, &t->label));
	put_list(w, "from", t->from);
	jsonw_kv_text(w, "to", t->to);
	jsonw_kv_text(w, "colour", t->colour);
	jsonw_kv_bool(w, "may", entity_step_may(ctx, info, at, t));
	jsonw_kv_text(w, "reason", t->reason);
	put_list(w, "needs", t->needs ? t->needs : "");
	if (record)
		put_missing(ctx, record, t->needs, w);
	jsonw_end_object(w);
}

static bool leads(const struct record *record, int at, const struct transition *t)
{
	const struct value *value = &record->values[at];
	return entity_step_leads(t, value->kind == VALUE_TEXT ? value->t.p : NULL);
}

void rest_put_steps(struct ctx *ctx, const struct rest *rest, const struct entity_info *info, int field, const struct record *record, struct jsonw *w)
{
	jsonw_array(w);
	for (const struct transition *t = info->fields[field]->transitions; t && t->name; t++)
		if (!record || leads(record, field, t))
			put_step(ctx, rest, info, field, t, record, w);
	jsonw_end_array(w);
}

void rest_put_transitions(struct ctx *ctx, const struct rest *rest, const struct entity_info *info, int field, const struct record *record,
                          struct jsonw *w)
{
	if (!info->fields[field]->transitions)
		return;
	jsonw_key(w, "transitions");
	rest_put_steps(ctx, rest, info, field, record, w);
	if (info->fields[field]->starts)
		put_list(w, "starts", info->fields[field]->starts);
}

enum err rest_get_transitions(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info;
	struct record *record;
	struct jsonw w;
	int64_t id;
	enum err err = rest_entity(ctx, req->params[0], &info);
	if (!err)
		err = rest_id(ctx, info, req->params[1], &id);
	if (!err)
		err = record_get(ctx, info, id, ACTION_READ, &record);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_int(&w, "version", record_i64(record, "version"));
	jsonw_key(&w, "transitions");
	jsonw_array(&w);
	for (int at = SF_COUNT; at < (int)info->n_fields; at++) {
		if (entity_field_right(ctx->actor, info, at) < RIGHT_READ)
			continue;
		for (const struct transition *t = info->fields[at]->transitions; t && t->name; t++)
			if (leads(record, at, t))
				put_step(ctx, app_rest(ctx->app), info, at, t, record, &w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* --- taking one --------------------------------------------------------------------- */

struct step {
	const struct entity_info *info;
	const struct transition *transition;
	int field;
	int64_t id, version;
	struct record *patch;
	struct rest_prefer prefer;
	struct rest_accept accept;
};

/* Whose it is: an entity, a record that the actor may change, a step of that entity. */
static enum err begin(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct step *step)
{
	struct record *record;
	enum err err = rest_entity(ctx, req->params[0], &step->info);
	if (!err)
		err = rest_id(ctx, step->info, req->params[1], &step->id);
	if (!err)
		err = record_get(ctx, step->info, step->id, ACTION_UPDATE, &record);
	if (err)
		return err;
	step->transition = entity_transition(step->info, req->params[2], &step->field);
	if (!step->transition || entity_field_right(ctx->actor, step->info, step->field) == RIGHT_HIDDEN)
		return fail_arg(ctx, ERR_NOT_FOUND, "", "transition_unknown", req->params[2]);
	err = rest_prefer(ctx, req, res, &step->prefer);
	if (!err)
		err = rest_accept(ctx, req, &step->accept);
	return err ? err : rest_match(ctx, req, step->info, step->id, &step->version);
}

/* {"reason": "..."} means the field that keeps it, unless a field is called so. */
static void name_reason(const struct step *step, json_t *body)
{
	json_t *reason = json_object_get(body, "reason");
	if (!reason || !step->transition->reason || entity_field(step->info, "reason") >= 0)
		return;
	if (json_object_set(body, step->transition->reason, reason) == 0)
		json_object_del(body, "reason");
}

static enum err read_patch(struct ctx *ctx, const struct http_request *req, struct step *step)
{
	struct rest_body body = {.json = NULL};
	enum err err;
	if (req->body_len == 0) {
		err = record_new(ctx, step->info, &step->patch);
	} else {
		err = rest_body_object(ctx, req, step->info, &body);
		if (!err && body.json)
			name_reason(step, body.json);
		if (!err)
			err = rest_body_record(ctx, &body, 0, step->info, &step->patch);
		rest_body_release(&body);
	}
	return err ? err : record_set(ctx, step->patch, step->info->fields[step->field]->name, value_text(step->transition->to));
}

/* A step from elsewhere than where the record stands may lead to where another leads: it is this one that is asked for. */
static enum err take(struct ctx *ctx, struct step *step)
{
	struct record *record;
	enum err err = record_load(ctx, step->info, step->id, &record);
	if (!err && !leads(record, step->field, step->transition))
		return record_refuse_move(ctx, record, step->field, step->transition->to);
	return err ? err : record_update(ctx, step->id, step->patch, step->version, 0, NULL);
}

static enum err answer(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct step *step)
{
	struct rest_accept accept = step->accept;
	struct query_page page = {.rows = 0};
	if (step->prefer.ret == RETURN_MINIMAL || step->prefer.ret == RETURN_HEADERS) {
		http_status(res, 204);
		return OK;
	}
	bool json = accept.media == MEDIA_JSON;
	if (json)
		accept.media = MEDIA_SINGLE;
	enum err err = rest_write_ids(ctx, req, step->info, &step->id, 1, &accept, res, &page);
	if (!err && json)
		http_content_type(res, "application/json; charset=utf-8");
	if (!err)
		rest_set_etag(res, page.version);
	return err;
}

enum err rest_post_transition(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct step step = {.patch = NULL};
	enum err err = begin(ctx, req, res, &step);
	if (!err)
		err = read_patch(ctx, req, &step);
	if (!err && step.prefer.rollback)
		err = db_savepoint(ctx);
	if (!err)
		err = take(ctx, &step);
	if (!err)
		err = answer(ctx, req, res, &step);
	if (!err && step.prefer.rollback)
		db_rollback_to(ctx);
	return err;
}
