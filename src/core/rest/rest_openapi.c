/* OpenAPI 3.1 from descriptors and route tables: what this actor may see. */
#include "core/rest/rest_openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"

bool rest_openapi_seen(const struct openapi *o, const struct entity_info *info)
{
	return !(info->entity->flags & E_INTERNAL) && entity_scope(o->ctx->actor, info, ACTION_READ) != SCOPE_NONE;
}

void rest_openapi_ref(struct openapi *o, const char *key, const char *kind, const char *name, const char *suffix)
{
	char ref[160];
	snprintf(ref, sizeof(ref), "#/components/%s/%s%s", kind, name, suffix);
	if (key)
		jsonw_key(&o->w, key);
	jsonw_object(&o->w);
	jsonw_kv_text(&o->w, "$ref", ref);
	jsonw_end_object(&o->w);
}

/* --- schemas of entities ------------------------------------------------------------ */

static void put_raw(struct jsonw *w, const char *json)
{
	jsonw_raw(w, json, strlen(json));
}

static void put_read_schema(struct openapi *o, const struct field *field, enum field_right right)
{
	if (field->type == FIELD_LINKS && right != RIGHT_MASKED)
		put_raw(&o->w, "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
		               "\"name\":{\"type\":\"string\"}},\"required\":[\"id\"]}}");
	else if (right == RIGHT_MASKED)
		put_raw(&o->w, "{\"type\":[\"string\",\"null\"],\"description\":\"masked\"}");
	else
		field_ops(field->type)->schema(field, &o->w);
}

static void put_read(struct openapi *o, const struct entity_info *info)
{
	struct jsonw *w = &o->w;
	jsonw_key(w, info->entity->name);
	jsonw_object(w);
	jsonw_kv_text(w, "type", "object");
	jsonw_kv_text(w, "title", rest_label(o->ctx, o->rest, &info->entity->label));
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (size_t i = 0; i < info->n_fields; i++) {
		enum field_right right = entity_field_right(o->ctx->actor, info, (int)i);
		if (right == RIGHT_HIDDEN)
			continue;
		jsonw_key(w, info->fields[i]->name);
		put_read_schema(o, info->fields[i], right);
	}
	jsonw_end_object(w);
	jsonw_end_object(w);
}

static bool is_writable(const struct openapi *o, const struct entity_info *info, size_t at, bool create)
{
	const struct field *field = info->fields[at];
	if (at < SF_COUNT || entity_field_right(o->ctx->actor, info, (int)at) != RIGHT_WRITE)
		return false;
	return !(field->flags & F_READONLY) && (create || !(field->flags & F_INSERT_ONLY));
}

/* Required of a new record, unless there is a default. */
static void put_required(struct openapi *o, const struct entity_info *info)
{
	bool any = false;
	for (size_t i = SF_COUNT; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		bool owner = (int)i == info->owner || (int)i == info->team || (int)i == info->branch;
		if (!(field->flags & F_REQUIRED) || field->fallback || owner || !is_writable(o, info, i, true))
			continue;
		if (!any) {
			jsonw_key(&o->w, "required");
			jsonw_array(&o->w);
		}
		any = true;
		jsonw_text(&o->w, field->name);
	}
	if (any)
		jsonw_end_array(&o->w);
}

/* What may be given together with a new record. */
static void put_nested(struct openapi *o, const struct entity_info *info)
{
	for (size_t i = 0; i < registry_count(o->ctx->registry); i++) {
		const struct entity_info *kind = registry_at(o->ctx->registry, i);
		if (rest_nested_kind(o->ctx, info, kind->entity->plural) != kind || entity_scope(o->ctx->actor, kind, ACTION_CREATE) == SCOPE_NONE)
			continue;
		jsonw_key(&o->w, kind->entity->plural);
		jsonw_object(&o->w);
		jsonw_kv_text(&o->w, "type", "array");
		rest_openapi_ref(o, "items", "schemas", kind->entity->name, "_create");
		jsonw_end_object(&o->w);
	}
}

/* A state, and the steps that it may take. */
static void put_steps(struct openapi *o, const struct entity_info *info, int at)
{
	struct jsonw *w = &o->w;
	jsonw_object(w);
	jsonw_key(w, "allOf");
	jsonw_array(w);
	field_ops(info->fields[at]->type)->schema(info->fields[at], w);
	jsonw_end_array(w);
	jsonw_kv_text(w, "description", "Goes only where one of the steps leads");
	jsonw_key(w, "x-transitions");
	rest_put_steps(o->ctx, o->rest, info, at, NULL, w);
	jsonw_end_object(w);
}

static void put_write(struct openapi *o, const struct entity_info *info, bool create)
{
	struct jsonw *w = &o->w;
	char name[80];
	snprintf(name, sizeof(name), "%s_%s", info->entity->name, create ? "create" : "update");
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_kv_text(w, "type", "object");
	jsonw_kv_bool(w, "additionalProperties", false);
	/* A hook, or a reaction of another folder, may complete what is missing, so its rules are not all here. */
	if (create && !info->entity->hooks.before && info->n_reactions == 0)
		put_required(o, info);
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (size_t i = SF_COUNT; i < info->n_fields; i++) {
		if (!is_writable(o, info, i, create))
			continue;
		jsonw_key(w, info->fields[i]->name);
		if (!create && info->fields[i]->transitions)
			put_steps(o, info, (int)i);
		else
			field_ops(info->fields[i]->type)->schema(info->fields[i], w);
	}
	if (create)
		put_nested(o, info);
	jsonw_end_object(w);
	jsonw_end_object(w);
}

/* --- components that are always the same -------------------------------------------------- */

static const char problem_schema[] =
	"{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"code\",\"message\",\"request_id\",\"errors\"],\"properties\":{"
	"\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
	"\"code\":{\"type\":\"string\",\"description\":\"PostgREST's code or SQLSTATE where there is one, else our own key\"},"
	"\"message\":{\"type\":\"string\"},\"details\":{\"type\":[\"string\",\"null\"]},\"hint\":{\"type\":[\"string\",\"null\"]},"
	"\"request_id\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
	"\"field\":{\"type\":\"string\"},\"key\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}},\"required\":[\"field\",\"key\",\"message\"]}}}}";

static const char rows_schema[] =
	"{\"type\":\"object\",\"description\":\"Answer to Prefer: results=per-row\",\"properties\":{\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
	"\"properties\":{\"row\":{\"type\":\"integer\"},\"id\":{\"type\":\"string\"},\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}},"
	"\"required\":[\"row\"]}},\"created\":{\"type\":\"integer\"},\"updated\":{\"type\":\"integer\"},\"skipped\":{\"type\":\"integer\"},"
	"\"failed\":{\"type\":\"integer\"}}}";

static const char changes_schema[] =
	"{\"type\":\"object\",\"required\":[\"rows\",\"next\"],\"properties\":{\"next\":{\"type\":[\"integer\",\"null\"]},\"rows\":{\"type\":\"array\","
	"\"items\":{\"type\":\"object\",\"properties\":{\"seq\":{\"type\":\"integer\"},\"at\":{\"type\":\"string\",\"format\":\"date-time\"},"
	"\"actor\":{\"type\":\"object\"},\"action\":{\"type\":\"string\"},\"diff\":{\"type\":[\"object\",\"null\"]},\"request_id\":{\"type\":\"string\"}}}}}}";

static const char transitions_schema[] =
	"{\"type\":\"object\",\"required\":[\"id\",\"version\",\"transitions\"],\"properties\":{\"id\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},"
	"\"transitions\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"field\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
	"\"label\":{\"type\":\"string\"},\"from\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}},\"to\":{\"type\":\"string\"},"
	"\"colour\":{\"type\":[\"string\",\"null\"]},\"may\":{\"type\":\"boolean\"},\"reason\":{\"type\":[\"string\",\"null\"],\"description\":\"the field that takes it\"},"
	"\"needs\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"missing\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}}}";

struct parameter {
	const char *key, *name, *in, *schema, *doc;
};

static const struct parameter parameters[] = {
	{"select", "select", "query", "{\"type\":\"string\",\"default\":\"*\"}",
	 "Columns, renamed ones (alias:name), aggregates (total.sum()), embedded records (owner(name), orders(*)); to depth 3."},
	{"order", "order", "query", "{\"type\":\"string\"}", "name.desc.nullslast,id; in grouped answers also by an aggregate's name."},
	{"limit", "limit", "query", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000,\"default\":100}", "Rows of a page."},
	{"offset", "offset", "query", "{\"type\":\"integer\",\"minimum\":0,\"maximum\":100000}", "Rows to pass over; go on with cursor beyond the maximum."},
	{"cursor", "cursor", "query", "{\"type\":\"string\"}", "What X-Next-Cursor of the page before said; same order."},
	{"q", "q", "query", "{\"type\":\"string\"}", "Search within the entity."},
	{"import_run", "import_run", "query", "{\"type\":\"string\"}", "eq.1234: the records which that import made or changed."},
	{"buckets", "buckets", "query", "{\"type\":\"string\"}",
	 "placed_at.week.2026-09-01.2026-12-01: a row of aggregates for each day, week, month, quarter, year or 7d (any number of days) from the first "
	 "day to before the last, by the firm's time zone; at most 120. Each row has from and to."},
	{"and", "and", "query", "{\"type\":\"string\"}", "(a.eq.1,or(b.gt.2,c.is.null))"},
	{"or", "or", "query", "{\"type\":\"string\"}", "(a.eq.1,not.and(b.gt.2,c.is.null))"},
	{"columns", "columns", "query", "{\"type\":\"string\"}", "Members of the body to take; others are passed over."},
	{"on_conflict", "on_conflict", "query", "{\"type\":\"string\"}", "Unique fields that make the key of an upsert."},
	{"prefer", "Prefer", "header", "{\"type\":\"string\"}",
	 "count=exact|planned|estimated, return=minimal|representation|headers-only, resolution=merge-duplicates|ignore-duplicates, "
	 "missing=default, handling=strict|lenient, max-affected=N, tx=rollback, results=per-row."},
	{"range", "Range", "header", "{\"type\":\"string\"}", "0-19: another way to say offset and limit."},
	{"if_match", "If-Match", "header", "{\"type\":\"string\"}", "The ETag last seen; 412 when the record has changed since."},
	{"idempotency_key", "Idempotency-Key", "header", "{\"type\":\"string\",\"maxLength\":255}", "The same key gives the same answer again and writes once."},
	{"step", "step", "path", "{\"type\":\"string\"}", "One of the steps that the field's x-transitions name."},
	{"id", "id", "path", "{\"type\":\"string\",\"pattern\":\"^[1-9][0-9]{0,18}$\"}", "The record."},
};

static void put_parameters(struct openapi *o)
{
	struct jsonw *w = &o->w;
	jsonw_key(w, "parameters");
	jsonw_object(w);
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		const struct parameter *p = &parameters[i];
		jsonw_key(w, p->key);
		jsonw_object(w);
		jsonw_kv_text(w, "name", p->name);
		jsonw_kv_text(w, "in", p->in);
		if (str_equal(p->in, "path"))
			jsonw_kv_bool(w, "required", true);
		jsonw_kv_text(w, "description", p->doc);
		jsonw_key(w, "schema");
		put_raw(w, p->schema);
		jsonw_end_object(w);
	}
	jsonw_end_object(w);
}

static void put_components(struct openapi *o)
{
	struct jsonw *w = &o->w;
	jsonw_key(w, "components");
	jsonw_object(w);
	jsonw_key(w, "securitySchemes");
	put_raw(w, "{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-guanxi\"},\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}");
	jsonw_key(w, "responses");
	put_raw(w, "{\"problem\":{\"description\":\"Refused or failed\",\"content\":{\"application/problem+json\":{\"schema\":"
	           "{\"$ref\":\"#/components/schemas/problem\"}}}}}");
	put_parameters(o);
	jsonw_key(w, "schemas");
	jsonw_object(w);
	jsonw_key(w, "problem");
	put_raw(w, problem_schema);
	jsonw_key(w, "bulk_result");
	put_raw(w, rows_schema);
	jsonw_key(w, "record_changes");
	put_raw(w, changes_schema);
	jsonw_key(w, "record_transitions");
	put_raw(w, transitions_schema);
	for (size_t i = 0; i < registry_count(o->ctx->registry); i++) {
		const struct entity_info *info = registry_at(o->ctx->registry, i);
		if (!rest_openapi_seen(o, info))
			continue;
		put_read(o, info);
		put_write(o, info, true);
		put_write(o, info, false);
	}
	jsonw_end_object(w);
	jsonw_end_object(w);
}

/* --- the document ---------------------------------------------------------------------------- */

enum err rest_openapi(struct ctx *ctx, struct rest *rest, struct buf *out)
{
	struct openapi o = {.ctx = ctx, .rest = rest};
	struct jsonw *w = &o.w;
	jsonw_init(w, out);
	jsonw_object(w);
	jsonw_kv_text(w, "openapi", "3.1.0");
	jsonw_key(w, "info");
	jsonw_object(w);
	jsonw_kv_text(w, "title", "Guanxi");
	jsonw_kv_text(w, "version", rest->config.version);
	jsonw_kv_text(w, "description", "Records in PostgREST's query language, and what else the program serves.");
	jsonw_end_object(w);
	jsonw_key(w, "security");
	put_raw(w, "[{\"session\":[]},{\"token\":[]}]");
	jsonw_key(w, "paths");
	jsonw_object(w);
	for (size_t i = 0; i < registry_count(ctx->registry); i++)
		if (rest_openapi_seen(&o, registry_at(ctx->registry, i)))
			rest_openapi_entity_paths(&o, registry_at(ctx->registry, i));
	rest_openapi_routes(&o);
	jsonw_end_object(w);
	put_components(&o);
	jsonw_end_object(w);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "answer_too_large") : OK;
}

enum err rest_get_openapi(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	char etag[32];
	struct buf *out = http_body(res);
	enum err err = rest_openapi(ctx, app_rest(ctx->app), out);
	if (err)
		return err;
	snprintf(etag, sizeof(etag), "\"o%016llx\"", (unsigned long long)str_hash(buf_text(out), out->len));
	http_set_header(res, "Cache-Control", "private, no-cache");
	if (http_not_modified(req, res, etag))
		buf_reset(out);
	return OK;
}
