/* The service and its routes. */
#include "core/rest/rest_internal.h"

#include <stdlib.h>

enum err rest_open_new(struct ctx *ctx, struct store *store, struct registry *registry, const struct rest_config *config, struct rest **ret)
{
	if (!config->refresh)
		return fail(ctx, ERR_BUG, "rest_config.refresh", "missing");
	struct rest *rest = calloc(1, sizeof(*rest));
	if (!rest)
		return fail(ctx, ERR_LIMIT, "", "memory");
	rest->store = store;
	rest->registry = registry;
	rest->config = *config;
	enum err err = rest_events_new(ctx, rest, &rest->events);
	if (err)
		free(rest);
	else
		*ret = rest;
	return err;
}

void rest_free(struct rest *rest)
{
	rest_events_free(rest->events);
	free(rest);
}

size_t rest_streams(const struct rest *rest)
{
	return rest_events_streams(rest->events);
}

/* There are no stored procedures here, and clients should hear it in PostgREST's words. */
static enum err no_function(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)res;
	return fail_arg(ctx, ERR_NOT_FOUND, "", QK_FUNCTION, req->params[0]);
}

#define READS .lane = LANE_READ, .door = DOOR_SIGNED_IN
#define WRITES .lane = LANE_WRITE, .door = DOOR_SIGNED_IN

const struct route rest_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/meta", READS, .handle = rest_get_meta,
	 .doc = "Descriptors of everything the reader may see, in their language or in the one asked for: ?language=en|zh-Hans|zh-Hant."},
	{.method = METHOD_GET, .pattern = "/api/v1/search", READS, .handle = rest_get_search,
	 .doc = "Search over all entities: q, limit (hits an entity), entity."},
	{.method = METHOD_GET, .pattern = "/api/v1/titles", READS, .handle = rest_get_titles,
	 .doc = "Names of records of any kind: of=order/12,customer/7 (at most 200); those that the reader may not see are left out."},
	{.method = METHOD_GET, .pattern = "/api/v1/events", READS, .handle = rest_get_events,
	 .doc = "Live changes as server-sent events; after or Last-Event-ID: from there on."},
	{.method = METHOD_GET, .pattern = "/api/v1/changes", READS, .handle = rest_get_feed,
	 .doc = "Changes of all records that the reader may read, oldest first: ?after=SEQ|now&limit=&entity=&values=1; go on after `next`."},
	{.method = METHOD_GET, .pattern = "/api/v1/openapi.json", READS, .handle = rest_get_openapi,
	 .doc = "This document."},
	{.method = METHOD_GET, .pattern = "/api/v1/rpc/*", READS, .handle = no_function,
	 .doc = "There are no functions: always 404 with PGRST202."},
	{.method = METHOD_POST, .pattern = "/api/v1/rpc/*", READS, .handle = no_function,
	 .doc = "There are no functions: always 404 with PGRST202."},
	{.method = METHOD_POST, .pattern = "/api/v1/conditions/check", READS, .handle = rest_check_condition, .specs = rest_condition_specs,
	 .doc = "What a condition says in the reader's language, part by part, and which fields it reads."},
	{.method = METHOD_POST, .pattern = "/api/v1/conditions/count", READS, .handle = rest_count_condition, .specs = rest_condition_specs,
	 .doc = "How many records match a condition: up to 10,000 and whether there are more, or all of them (exact)."},
	{.method = METHOD_POST, .pattern = "/api/v1/conditions/why", READS, .handle = rest_why_condition, .specs = rest_why_specs,
	 .doc = "Why one record matches a condition or not: each part with what it saw."},
	{.method = METHOD_GET, .pattern = "/api/v1/*", READS, .handle = rest_get_list,
	 .doc = "Rows of an entity."},
	{.method = METHOD_POST, .pattern = "/api/v1/*", WRITES, .handle = rest_post_rows, .may = rest_may_post, .body_max = REST_BODY_MAX,
	 .doc = "New rows of an entity."},
	{.method = METHOD_PATCH, .pattern = "/api/v1/*", WRITES, .handle = rest_patch_rows,
	 .doc = "Changes the rows that match."},
	{.method = METHOD_DELETE, .pattern = "/api/v1/*", WRITES, .handle = rest_delete_rows,
	 .doc = "Deletes the rows that match."},
	{.method = METHOD_GET, .pattern = "/api/v1/*/*", READS, .handle = rest_get_record,
	 .doc = "One record."},
	{.method = METHOD_PATCH, .pattern = "/api/v1/*/*", WRITES, .handle = rest_patch_record,
	 .doc = "Changes one record."},
	{.method = METHOD_DELETE, .pattern = "/api/v1/*/*", WRITES, .handle = rest_delete_record,
	 .doc = "Deletes one record."},
	{.method = METHOD_POST, .pattern = "/api/v1/*/*/restore", WRITES, .handle = rest_restore_record,
	 .doc = "Brings a deleted record back."},
	{.method = METHOD_GET, .pattern = "/api/v1/*/*/transitions", READS, .handle = rest_get_transitions,
	 .doc = "What can be done with the record's state from where it stands."},
	{.method = METHOD_POST, .pattern = "/api/v1/*/*/transitions/*", WRITES, .handle = rest_post_transition,
	 .doc = "Takes one of these steps, with the fields and the reason it asks for."},
	{.method = METHOD_GET, .pattern = "/api/v1/*/*/changes", READS, .handle = rest_get_changes,
	 .doc = "The history of one record."},
	{.pattern = NULL},
};
