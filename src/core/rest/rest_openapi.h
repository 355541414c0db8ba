/* The parts of the OpenAPI document. Not for others. */
#ifndef GUANXI_CORE_REST_REST_OPENAPI_H
#define GUANXI_CORE_REST_REST_OPENAPI_H

#include "base/jsonw.h"
#include "core/rest/rest_internal.h"

struct openapi {
	struct ctx *ctx;
	const struct rest *rest;
	struct jsonw w;
};

bool rest_openapi_seen(const struct openapi *o, const struct entity_info *info);
/* {"$ref":"#/components/<kind>/<name><suffix>"} as the value of `key`, or as an element if NULL */
void rest_openapi_ref(struct openapi *o, const char *key, const char *kind, const char *name, const char *suffix);
/* rest_openapi_paths.c: the generic paths of an entity */
void rest_openapi_entity_paths(struct openapi *o, const struct entity_info *info);
/* rest_openapi_routes.c: all other routes */
void rest_openapi_routes(struct openapi *o);

#endif
