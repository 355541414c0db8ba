#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
};

const char *http_method_name(enum method method)
{
	return method_names[method];
}

int http_method_number(const char *name)
{
	if (strcmp(name, "HEAD") == 0)
		return METHOD_GET;
	for (int i = 0; i < METHOD_COUNT; i++)
		if (strcmp(name, method_names[i]) == 0)
			return i;
	return -1;
}

/* --- building --------------------------------------------------------------- */

static size_t edge_slot(const struct http_router *router, int parent, const char *text, size_t n)
{
	uint64_t hash = str_hash(text, n) ^ ((uint64_t)parent * 0x9e3779b97f4a7c15u);
	hash ^= hash >> 29;
	size_t mask = router->cap_edges - 1, i = (size_t)hash & mask;
	for (;; i = (i + 1) & mask) {
		const struct http_edge *edge = &router->edges[i];
		if (edge->text == NULL || (edge->parent == parent && edge->n == n && memcmp(edge->text, text, n) == 0))
			return i;
	}
}

static int add_node(struct http_router *router)
{
	router->nodes[router->n_nodes] = (struct http_node){0};
	return (int)router->n_nodes++;
}

static int child_for(struct http_router *router, int parent, const char *segment, size_t n, bool last)
{
	struct http_node *node = &router->nodes[parent];
	if (n == 1 && segment[0] == '*') {
		if (node->star == 0)
			node->star = add_node(router);
		return node->star;
	}
	if (n == 2 && segment[0] == '*' && segment[1] == '*') {
		if (!last)
			return -1;
		if (node->rest == 0)
			node->rest = add_node(router);
		return node->rest;
	}
	size_t slot = edge_slot(router, parent, segment, n);
	struct http_edge *edge = &router->edges[slot];
	if (edge->text == NULL)
		*edge = (struct http_edge){.text = segment, .n = n, .parent = parent, .child = add_node(router)};
	return edge->child;
}

static const char *route_problem(const struct route *route)
{
	if (route->pattern == NULL || route->pattern[0] != '/')
		return "route_pattern";
	if (route->handle == NULL || str_empty(route->doc))
		return "route_incomplete";
	if ((route->door == DOOR_CAP) != (route->cap != 0))
		return "route_door";
	if (route->upload && route->method == METHOD_GET)
		return "route_upload";
	if ((route->upload || route->body_max > HTTP_BODY_BY_DOOR) && route->door == DOOR_SIGNED_IN && route->may == NULL)
		return "route_may";
	return NULL;
}

static const char *add_route(struct http_router *router, const struct route *route)
{
	const char *problem = route_problem(route);
	if (problem != NULL)
		return problem;
	int node = 0, params = 0, depth = 0;
	for (const char *at = route->pattern + 1; *at != '\0';) {
		size_t n = strcspn(at, "/");
		bool last = at[n] == '\0';
		if (n == 0 || ++depth > HTTP_SEGMENTS_MAX)
			return "route_pattern";
		params += at[0] == '*';
		node = child_for(router, node, at, n, last);
		if (node < 0 || params > HTTP_PARAMS_MAX)
			return "route_pattern";
		at += n + !last;
	}
	if (router->nodes[node].routes[route->method] != NULL)
		return "route_twice";
	router->nodes[node].routes[route->method] = route;
	router->nodes[node].used = true;
	router->routes[router->n_routes++] = route;
	return NULL;
}

/* Room for every segment of every route, so that nothing grows while building. */
static void count(const struct route *const *tables, size_t *ret_routes, size_t *ret_segments)
{
	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct route *route = tables[i]; route->pattern != NULL; route++) {
			*ret_routes += 1;
			for (const char *at = route->pattern; *at != '\0'; at++)
				*ret_segments += *at == '/';
		}
}

enum err http_router_init(struct ctx *ctx, struct http_router *router, const struct route *const *tables)
{
	*router = (struct http_router){0};
	size_t n_routes = 0, segments = 0;
	count(tables, &n_routes, &segments);
	router->cap_edges = 64;
	while (router->cap_edges < segments * 4)
		router->cap_edges *= 2;
	router->cap_nodes = segments + 1;
	router->nodes = calloc(router->cap_nodes, sizeof(*router->nodes));
	router->edges = calloc(router->cap_edges, sizeof(*router->edges));
	router->routes = calloc(n_routes + 1, sizeof(*router->routes));
	if (router->nodes == NULL || router->edges == NULL || router->routes == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	add_node(router);
	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct route *route = tables[i]; route->pattern != NULL; route++) {
			const char *problem = add_route(router, route);
			if (problem != NULL)
				return fail_arg(ctx, ERR_BUG, route->pattern, problem, route->pattern);
		}
	return OK;
}

void http_router_release(struct http_router *router)
{
	free(router->nodes);
	free(router->edges);
	free(router->routes);
	*router = (struct http_router){0};
}

/* --- finding ------------------------------------------------------------------ */

/* Which segments the stars took. */
struct taken {
	size_t segment[HTTP_SEGMENTS_MAX];
	size_t n;
	bool rest; /* the last one is a ** */
};

/* The most telling path first: a word before *, * before **. */
static int match(const struct http_router *router, const struct http_path *path, int at, size_t segment, struct taken *taken)
{
	const struct http_node *node = &router->nodes[at];
	if (segment == path->n)
		return node->used ? at : -1;
	const struct http_edge *edge = &router->edges[edge_slot(router, at, path->text + path->at[segment], path->size[segment])];
	if (edge->text != NULL) {
		int found = match(router, path, edge->child, segment + 1, taken);
		if (found >= 0)
			return found;
	}
	if (node->star != 0) {
		size_t before = taken->n;
		taken->segment[taken->n++] = segment;
		int found = match(router, path, node->star, segment + 1, taken);
		if (found >= 0)
			return found;
		taken->n = before;
	}
	if (node->rest != 0 && router->nodes[node->rest].used) {
		taken->segment[taken->n++] = segment;
		taken->rest = true;
		return node->rest;
	}
	return -1;
}

bool http_router_find(const struct http_router *router, struct arena *arena, const struct http_path *path, struct http_match *ret)
{
	*ret = (struct http_match){0};
	struct taken taken = {.n = 0, .rest = false};
	int found = match(router, path, 0, 0, &taken);
	if (found < 0)
		return true;
	ret->node = &router->nodes[found];
	for (size_t i = 0; i < taken.n && i < HTTP_PARAMS_MAX; i++) {
		size_t segment = taken.segment[i];
		const char *text = path->text + path->at[segment];
		if (taken.rest && i + 1 == taken.n) {
			ret->params[i] = text; /* to the end of the path */
			continue;
		}
		ret->params[i] = arena_strndup(arena, text, path->size[segment]);
		if (ret->params[i] == NULL)
			return false;
	}
	return true;
}

void http_router_allow(const struct http_node *node, char out[HTTP_ALLOW_MAX])
{
	struct buf buf;
	buf_init(&buf, HTTP_ALLOW_MAX - 1);
	for (int i = 0; i < METHOD_COUNT; i++) {
		if (node->routes[i] == NULL)
			continue;
		buf_puts(&buf, method_names[i]);
		buf_puts(&buf, i == METHOD_GET ? ", HEAD, " : ", ");
	}
	buf_puts(&buf, "OPTIONS");
	memcpy(out, buf_text(&buf), buf.len + 1);
	buf_release(&buf);
}

const struct route *http_route_at(const struct http *http, size_t i)
{
	return i < http->router.n_routes ? http->router.routes[i] : NULL;
}
