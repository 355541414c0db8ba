/* The generic paths of one entity. */
#include "core/rest/rest_openapi.h"

#include <stdio.h>

#include "core/entity/field_type.h"

struct operation {
	const char *method, *id, *summary;
	enum action action;
	const char *const *parameters; /* keys of components, ended by NULL */
	bool filters;                  /* a parameter a field */
	const char *body;              /* suffix of the body's schema; NULL none */
	bool many;                     /* bodies and answers are lists */
	const char *answer;            /* schema: "" the entity, NULL none, else its name */
	const char *statuses[4];
};

static const char *const list_parameters[] = {"select", "order", "limit", "offset", "cursor", "q", "import_run", "buckets", "and", "or", "prefer", "range", NULL};
static const char *const post_parameters[] = {"select", "columns", "on_conflict", "prefer", "idempotency_key", NULL};
static const char *const change_parameters[] = {"select", "and", "or", "q", "order", "limit", "prefer", NULL};
static const char *const get_parameters[] = {"id", "select", NULL};
static const char *const patch_parameters[] = {"id", "select", "prefer", "if_match", NULL};
static const char *const delete_parameters[] = {"id", "if_match", NULL};
static const char *const restore_parameters[] = {"id", "select", "prefer", "idempotency_key", NULL};
static const char *const steps_parameters[] = {"id", NULL};
static const char *const step_parameters[] = {"id", "step", "select", "prefer", "if_match", "idempotency_key", NULL};
static const char *const changes_parameters[] = {"id", "limit", NULL};

static const struct operation list_operations[] = {
	{"get", "list", "Rows", ACTION_READ, list_parameters, true, NULL, true, "", {"200", "206"}},
	{"post", "create", "New rows, one or many, JSON or CSV; all or none unless Prefer: results=per-row", ACTION_CREATE, post_parameters, false, "_create", true, "", {"201", "200"}},
	{"patch", "change", "Changes all rows that match; more than one needs the right to change many", ACTION_UPDATE, change_parameters, true, "_update", false, "", {"204", "200"}},
	{"delete", "remove", "Deletes all rows that match; more than one needs the right to change many", ACTION_DELETE, change_parameters, true, NULL, false, "", {"204", "200"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};
static const struct operation record_operations[] = {
	{"get", "get", "One record, with ETag", ACTION_READ, get_parameters, false, NULL, false, "", {"200"}},
	{"patch", "update", "Changes one record", ACTION_UPDATE, patch_parameters, false, "_update", false, "", {"200", "204"}},
	{"delete", "delete", "Deletes one record", ACTION_DELETE, delete_parameters, false, NULL, false, NULL, {"204"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};
static const struct operation restore_operations[] = {
	{"post", "restore", "Brings a deleted record back", ACTION_CREATE, restore_parameters, false, NULL, false, "", {"200", "204"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};
static const struct operation steps_operations[] = {
	{"get", "transitions", "What can be done with the record's state from where it stands", ACTION_READ, steps_parameters, false, NULL, false, "record_transitions", {"200"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};
static const struct operation step_operations[] = {
	{"post", "transition", "Takes a step of the state, with the fields and the reason it asks for", ACTION_UPDATE, step_parameters, false, "_update", false, "", {"200", "204"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};
static const struct operation changes_operations[] = {
	{"get", "changes", "The record's history, newest first", ACTION_READ, changes_parameters, false, NULL, false, "record_changes", {"200"}},
	{NULL, NULL, NULL, ACTION_READ, NULL, false, NULL, false, NULL, {NULL}},
};

/* "city=eq.杭州": a parameter for every field that can be asked for. */
static void put_filters(struct openapi *o, const struct entity_info *info)
{
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		if (entity_field_right(o->ctx->actor, info, (int)i) < RIGHT_READ || !field_ops(field->type)->compares)
			continue;
		jsonw_object(&o->w);
		jsonw_kv_text(&o->w, "name", field->name);
		jsonw_kv_text(&o->w, "in", "query");
		jsonw_kv_text(&o->w, "description", "operator.value, as eq.1, in.(1,2), is.null, not.eq.1");
		jsonw_key(&o->w, "schema");
		jsonw_object(&o->w);
		jsonw_kv_text(&o->w, "type", "string");
		jsonw_end_object(&o->w);
		jsonw_end_object(&o->w);
	}
}

static void put_parameters(struct openapi *o, const struct entity_info *info, const struct operation *op)
{
	jsonw_key(&o->w, "parameters");
	jsonw_array(&o->w);
	for (size_t i = 0; op->parameters[i]; i++)
		rest_openapi_ref(o, NULL, "parameters", op->parameters[i], "");
	if (op->filters)
		put_filters(o, info);
	jsonw_end_array(&o->w);
}

static void put_body(struct openapi *o, const struct entity_info *info, const struct operation *op)
{
	struct jsonw *w = &o->w;
	if (!op->body)
		return;
	jsonw_key(w, "requestBody");
	jsonw_object(w);
	jsonw_kv_bool(w, "required", true);
	jsonw_key(w, "content");
	jsonw_object(w);
	jsonw_key(w, "application/json");
	jsonw_object(w);
	if (op->many) {
		jsonw_key(w, "schema");
		jsonw_object(w);
		jsonw_key(w, "oneOf");
		jsonw_array(w);
		rest_openapi_ref(o, NULL, "schemas", info->entity->name, op->body);
		jsonw_object(w);
		jsonw_kv_text(w, "type", "array");
		rest_openapi_ref(o, "items", "schemas", info->entity->name, op->body);
		jsonw_end_object(w);
		jsonw_end_array(w);
		jsonw_end_object(w);
	} else {
		rest_openapi_ref(o, "schema", "schemas", info->entity->name, op->body);
	}
	jsonw_end_object(w);
	if (op->many) {
		jsonw_key(w, "text/csv");
		jsonw_object(w);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
	jsonw_end_object(w);
}

static void put_schema(struct openapi *o, const struct entity_info *info, const struct operation *op, bool list)
{
	struct jsonw *w = &o->w;
	const char *name = *op->answer ? op->answer : info->entity->name;
	if (!list) {
		rest_openapi_ref(o, "schema", "schemas", name, "");
		return;
	}
	jsonw_key(w, "schema");
	jsonw_object(w);
	jsonw_kv_text(w, "type", "array");
	rest_openapi_ref(o, "items", "schemas", name, "");
	jsonw_end_object(w);
}

static void put_answer(struct openapi *o, const struct entity_info *info, const struct operation *op, const char *status, bool list)
{
	struct jsonw *w = &o->w;
	bool empty = status[1] == '0' && status[2] == '4';
	jsonw_key(w, status);
	jsonw_object(w);
	jsonw_kv_text(w, "description", empty ? "Done" : "The rows, where they are asked for");
	if (!empty && op->answer) {
		jsonw_key(w, "content");
		jsonw_object(w);
		jsonw_key(w, "application/json");
		jsonw_object(w);
		put_schema(o, info, op, list);
		jsonw_end_object(w);
		if (list) {
			jsonw_key(w, "application/vnd.pgrst.object+json");
			jsonw_object(w);
			put_schema(o, info, op, false);
			jsonw_end_object(w);
			jsonw_key(w, "text/csv");
			jsonw_object(w);
			jsonw_end_object(w);
		}
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}

static void put_operation(struct openapi *o, const struct entity_info *info, const struct operation *op, bool list)
{
	struct jsonw *w = &o->w;
	char id[100];
	snprintf(id, sizeof(id), "%s_%s", info->entity->name, op->id);
	jsonw_key(w, op->method);
	jsonw_object(w);
	jsonw_kv_text(w, "operationId", id);
	jsonw_kv_text(w, "summary", op->summary);
	jsonw_key(w, "tags");
	jsonw_array(w);
	jsonw_text(w, info->entity->name);
	jsonw_end_array(w);
	put_parameters(o, info, op);
	put_body(o, info, op);
	jsonw_key(w, "responses");
	jsonw_object(w);
	for (size_t i = 0; i < 4 && op->statuses[i]; i++)
		put_answer(o, info, op, op->statuses[i], list);
	rest_openapi_ref(o, "default", "responses", "problem", "");
	jsonw_end_object(w);
	jsonw_end_object(w);
}

/* Of a ledger nothing can be changed. */
static bool changeable(const struct openapi *o, const struct entity_info *info)
{
	for (int at = SF_COUNT; at < (int)info->n_fields; at++)
		if (!(info->fields[at]->flags & F_INSERT_ONLY) && entity_field_right(o->ctx->actor, info, at) == RIGHT_WRITE)
			return true;
	return false;
}

static bool allowed(const struct openapi *o, const struct entity_info *info, enum action action)
{
	return entity_scope(o->ctx->actor, info, action) != SCOPE_NONE && (action != ACTION_UPDATE || changeable(o, info));
}

static void put_path(struct openapi *o, const struct entity_info *info, const char *suffix, const struct operation *ops, bool list)
{
	char path[120];
	bool any = false;
	for (const struct operation *op = ops; op->method; op++)
		any |= allowed(o, info, op->action);
	if (!any)
		return;
	snprintf(path, sizeof(path), "/api/v1/%s%s", info->entity->name, suffix);
	jsonw_key(&o->w, path);
	jsonw_object(&o->w);
	for (const struct operation *op = ops; op->method; op++)
		if (allowed(o, info, op->action))
			put_operation(o, info, op, list);
	jsonw_end_object(&o->w);
}

void rest_openapi_entity_paths(struct openapi *o, const struct entity_info *info)
{
	put_path(o, info, "", list_operations, true);
	put_path(o, info, "/{id}", record_operations, false);
	put_path(o, info, "/{id}/restore", restore_operations, false);
	bool steps = false;
	for (size_t i = SF_COUNT; i < info->n_fields; i++)
		steps |= info->fields[i]->transitions != NULL;
	if (steps) {
		put_path(o, info, "/{id}/transitions", steps_operations, false);
		put_path(o, info, "/{id}/transitions/{step}", step_operations, false);
	}
	put_path(o, info, "/{id}/changes", changes_operations, false);
}
