/* The routes that are not generic, grouped by path. */
#include "core/rest/rest_openapi.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { ROUTES_MAX = 1000, PATH_MAX_LEN = 200 };

static const struct route *route_at(const struct openapi *o, size_t i)
{
	const struct rest_config *config = &o->rest->config;
	if (config->route_at)
		return config->route_at(config->arg, i);
	return rest_routes[i].pattern ? &rest_routes[i] : NULL;
}

/* Ours with a star for the entity: they stand under each entity's name. */
static bool is_generic(const struct route *route)
{
	for (const struct route *own = rest_routes; own->pattern; own++)
		if (own == route)
			return strchr(route->pattern, '*') != NULL;
	return false;
}

static bool is_shown(const struct openapi *o, const struct route *route)
{
	if (is_generic(route))
		return false;
	return route->door != DOOR_CAP || gate_cap(o->ctx->actor, (enum capability)route->cap);
}

/* "/api/v1/user/ * /rights" to "/api/v1/user/{p1}/rights". */
static size_t path_of(const char *pattern, char *out, size_t size)
{
	size_t n = 0, params = 0;
	for (const char *p = pattern; *p && n + 8 < size; p++) {
		if (*p != '*') {
			out[n++] = *p;
			continue;
		}
		params++;
		n += (size_t)snprintf(out + n, size - n, "{p%zu}", params);
		p += p[1] == '*';
	}
	out[n] = '\0';
	return params;
}

static void put_path_parameters(struct openapi *o, size_t n)
{
	struct jsonw *w = &o->w;
	if (n == 0)
		return;
	jsonw_key(w, "parameters");
	jsonw_array(w);
	for (size_t i = 1; i <= n; i++) {
		char name[8];
		snprintf(name, sizeof(name), "p%zu", i % 100);
		jsonw_object(w);
		jsonw_kv_text(w, "name", name);
		jsonw_kv_text(w, "in", "path");
		jsonw_kv_bool(w, "required", true);
		jsonw_key(w, "schema");
		jsonw_object(w);
		jsonw_kv_text(w, "type", "string");
		jsonw_end_object(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static const char *spec_type_name(enum spec_type type)
{
	static const char *const names[] = {[SPEC_TEXT] = "string", [SPEC_INT] = "integer", [SPEC_BOOL] = "boolean", [SPEC_ID] = "string"};
	return type == SPEC_JSON ? NULL : names[type];
}

static void put_spec(struct openapi *o, const struct spec *spec)
{
	struct jsonw *w = &o->w;
	const char *type = spec_type_name(spec->type);
	jsonw_key(w, spec->name);
	jsonw_object(w);
	if (type)
		jsonw_kv_text(w, "type", type);
	if (spec->type == SPEC_TEXT)
		jsonw_kv_int(w, "maxLength", spec->max ? spec->max : 1000);
	if (spec->doc)
		jsonw_kv_text(w, "description", spec->doc);
	jsonw_end_object(w);
}

static void put_body(struct openapi *o, const struct route *route)
{
	struct jsonw *w = &o->w;
	bool required = false;
	if (!route->specs)
		return;
	jsonw_key(w, "requestBody");
	jsonw_object(w);
	jsonw_key(w, "content");
	jsonw_object(w);
	jsonw_key(w, "application/json");
	jsonw_object(w);
	jsonw_key(w, "schema");
	jsonw_object(w);
	jsonw_kv_text(w, "type", "object");
	jsonw_kv_bool(w, "additionalProperties", false);
	jsonw_key(w, "properties");
	jsonw_object(w);
	for (const struct spec *spec = route->specs; spec->name; spec++) {
		put_spec(o, spec);
		required |= spec->required;
	}
	jsonw_end_object(w);
	if (required) {
		jsonw_key(w, "required");
		jsonw_array(w);
		for (const struct spec *spec = route->specs; spec->name; spec++)
			if (spec->required)
				jsonw_text(w, spec->name);
		jsonw_end_array(w);
	}
	for (int i = 0; i < 4; i++)
		jsonw_end_object(w);
}

static void put_route(struct openapi *o, const struct route *route)
{
	static const char *const methods[METHOD_COUNT] = {
		[METHOD_GET] = "get", [METHOD_POST] = "post", [METHOD_PUT] = "put", [METHOD_PATCH] = "patch", [METHOD_DELETE] = "delete",
	};
	struct jsonw *w = &o->w;
	jsonw_key(w, methods[route->method]);
	jsonw_object(w);
	jsonw_kv_text(w, "summary", route->doc);
	if (route->door == DOOR_PUBLIC) {
		jsonw_key(w, "security");
		jsonw_array(w);
		jsonw_end_array(w);
	}
	put_body(o, route);
	jsonw_key(w, "responses");
	jsonw_object(w);
	jsonw_key(w, "2XX");
	jsonw_object(w);
	jsonw_kv_text(w, "description", "Done");
	jsonw_end_object(w);
	rest_openapi_ref(o, "default", "responses", "problem", "");
	jsonw_end_object(w);
	jsonw_end_object(w);
}

/* One path with all its methods, where it stands first. */
static void put_path(struct openapi *o, size_t at)
{
	const struct route *first = route_at(o, at);
	char path[PATH_MAX_LEN];
	for (size_t i = 0; i < at; i++) {
		const struct route *before = route_at(o, i);
		if (is_shown(o, before) && str_equal(before->pattern, first->pattern))
			return;
	}
	size_t params = path_of(first->pattern, path, sizeof(path));
	jsonw_key(&o->w, path);
	jsonw_object(&o->w);
	put_path_parameters(o, params);
	for (size_t i = at; i < ROUTES_MAX && route_at(o, i); i++)
		if (is_shown(o, route_at(o, i)) && str_equal(route_at(o, i)->pattern, first->pattern))
			put_route(o, route_at(o, i));
	jsonw_end_object(&o->w);
}

/* A path that stands under an entity already keeps what is said there. */
static bool is_entity_path(const struct openapi *o, const char *pattern)
{
	const char *prefix = "/api/v1/";
	if (!str_starts(pattern, prefix) || strchr(pattern + strlen(prefix), '/'))
		return false;
	const struct entity_info *info = registry_find(o->ctx->registry, pattern + strlen(prefix));
	return info && rest_openapi_seen(o, info);
}

void rest_openapi_routes(struct openapi *o)
{
	for (size_t i = 0; i < ROUTES_MAX && route_at(o, i); i++)
		if (is_shown(o, route_at(o, i)) && !is_entity_path(o, route_at(o, i)->pattern))
			put_path(o, i);
}
