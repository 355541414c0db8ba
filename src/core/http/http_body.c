/* JSON request bodies, read by a table of the members a route accepts. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/http/http_internal.h"

enum { TEXT_MAX_DEFAULT = 1000 };

/* Jansson would follow 2,048 levels; nobody needs that many. */
static bool too_deep(const char *text, size_t n)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (c == '"')
			quoted = true;
		else if ((c == '{' || c == '[') && ++depth > HTTP_JSON_DEPTH_MAX)
			return true;
		else if (c == '}' || c == ']')
			depth--;
	}
	return false;
}

static bool is_json_type(const char *type)
{
	size_t n = strcspn(type, "; \t");
	if (n == 16 && strncasecmp(type, "application/json", n) == 0)
		return true;
	return n > 17 && strncasecmp(type, "application/", 12) == 0 && strncasecmp(type + n - 5, "+json", 5) == 0;
}

static enum err parse(struct ctx *ctx, const struct http_request *req, json_t **ret)
{
	const struct http_call *call = req->conn;
	const char *type = http_header(req, "Content-Type");
	if (call == NULL)
		return fail(ctx, ERR_BUG, "", "no_request");
	if (type != NULL && !is_json_type(type))
		return fail(ctx, ERR_INVALID, "", "media_type");
	if (req->body_len == 0 || too_deep(req->body, req->body_len))
		return fail(ctx, ERR_INVALID, "", "json_malformed");
	json_error_t error;
	json_t *json = json_loadb(req->body, req->body_len, JSON_REJECT_DUPLICATES, &error);
	if (json == NULL)
		return json_error_code(&error) == json_error_out_of_memory ? fail(ctx, ERR_RETRY, "", "memory") : fail(ctx, ERR_INVALID, "", "json_malformed");
	if (call->notes->json != NULL)
		json_decref(call->notes->json);
	call->notes->json = json; /* what is lent to the handler lives as long as the request */
	if (!json_is_object(json))
		return fail(ctx, ERR_INVALID, "", "object_expected");
	*ret = json;
	return OK;
}

static const struct spec *find_spec(const struct spec *specs, const char *name)
{
	for (; specs->name != NULL; specs++)
		if (strcmp(specs->name, name) == 0)
			return specs;
	return NULL;
}

static void wrong_type(struct ctx *ctx, const struct spec *spec, const char *expected)
{
	fault_add(ctx, ERR_INVALID, spec->name, "wrong_type", expected);
}

static void set_text(struct ctx *ctx, const struct spec *spec, const json_t *value, void *at)
{
	if (!json_is_string(value)) {
		wrong_type(ctx, spec, "text");
		return;
	}
	size_t max = spec->max > 0 ? (size_t)spec->max : TEXT_MAX_DEFAULT;
	if (json_string_length(value) > max) {
		fault_add(ctx, ERR_INVALID, spec->name, "too_long", arena_printf(ctx->arena, "%zu", max));
		return;
	}
	const char *text = json_string_value(value);
	memcpy(at, &text, sizeof(text));
}

static void set_id(struct ctx *ctx, const struct spec *spec, const json_t *value, void *at)
{
	int64_t id = 0;
	bool ok = json_is_string(value) ? id_parse(json_string_value(value), &id) : json_is_integer(value) && (id = json_integer_value(value)) > 0;
	if (ok)
		memcpy(at, &id, sizeof(id));
	else
		wrong_type(ctx, spec, "id");
}

static void set_member(struct ctx *ctx, const struct spec *spec, json_t *value, void *out)
{
	void *at = (char *)out + spec->offset;
	if (json_is_null(value) && spec->type != SPEC_JSON) {
		if (spec->required)
			fault_add(ctx, ERR_INVALID, spec->name, "required", NULL);
		return; /* as if it were not there */
	}
	switch (spec->type) {
	case SPEC_TEXT:
		set_text(ctx, spec, value, at);
		break;
	case SPEC_INT: {
		int64_t number = json_integer_value(value);
		if (json_is_integer(value))
			memcpy(at, &number, sizeof(number));
		else
			wrong_type(ctx, spec, "integer");
		break;
	}
	case SPEC_BOOL: {
		bool truth = json_is_true(value);
		if (json_is_boolean(value))
			memcpy(at, &truth, sizeof(truth));
		else
			wrong_type(ctx, spec, "boolean");
		break;
	}
	case SPEC_ID:
		set_id(ctx, spec, value, at);
		break;
	case SPEC_JSON:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

enum err http_read_body(struct ctx *ctx, const struct http_request *req, void *out)
{
	const struct route *route = req->route;
	if (route == NULL || route->specs == NULL)
		return fail(ctx, ERR_BUG, "", "no_specs");
	json_t *json = NULL, *value;
	enum err err = parse(ctx, req, &json);
	if (err != OK)
		return err;
	size_t before = ctx->faults.count;
	for (const struct spec *spec = route->specs; spec->name != NULL; spec++) {
		value = json_object_get(json, spec->name);
		if (value != NULL)
			set_member(ctx, spec, value, out);
		else if (spec->required)
			fault_add(ctx, ERR_INVALID, spec->name, "required", NULL);
	}
	const char *name;
	json_object_foreach(json, name, value)
		if (find_spec(route->specs, name) == NULL)
			fault_add(ctx, ERR_INVALID, name, "unknown_field", NULL);
	return ctx->faults.count > before ? ERR_INVALID : OK;
}
