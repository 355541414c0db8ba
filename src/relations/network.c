/* The network around a customer: breadth first, so many steps far, so many customers in all and around each; whom one may not see is not
 * told, nor walked through. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/store/store.h"
#include "relations/relations.h"
#include "relations_sql.h"

enum { DEPTH_MAX = 6, NODES_MAX = 500, AROUND_MAX = 200, PAGE = 200, SCAN_MAX = 2000, KINDS_MAX = 500 };

struct kind {
	int64_t id;
	const char *key, *name, *inverse; /* in the reader's language */
	bool both_ways, asked;
};

struct node {
	int64_t id;
	int depth;
	bool more; /* there are further ones around it that the reader may see, or so many that not all were looked at */
	const struct record *record;
};

struct edge {
	int64_t id, from, to;
	const struct kind *kind;
	bool ended;
};

struct walk {
	struct ctx *ctx;
	const struct entity_info *info;
	struct kind *kinds;
	size_t n_kinds;
	struct node *nodes;
	size_t n_nodes, max_nodes;
	struct edge *edges;
	size_t n_edges, max_edges;
	int64_t *hidden; /* asked for, and not to be seen */
	size_t n_hidden;
	int64_t depth, around, max;
	bool out, in, ended, truncated;
	const char *today;
};

/* --- kinds -------------------------------------------------------------------------------------- */

static const char *word(struct ctx *ctx, struct stmt *stmt, int column)
{
	const char *zh = ctx->locale == LOCALE_EN || stmt_is_null(stmt, column + 1) ? NULL : stmt_text(stmt, column + 1);
	const char *text = !str_empty(zh) ? zh : stmt_text(stmt, column);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

static bool asks_for(const char *list, const char *key)
{
	size_t n = key != NULL ? strlen(key) : 0;
	for (const char *at = list; n > 0 && at != NULL && *at != '\0'; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, key, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

static enum err read_kinds(struct walk *w, const char *asked)
{
	struct ctx *ctx = w->ctx;
	struct stmt *stmt;
	bool row = true, any = false;
	w->kinds = arena_array(ctx->arena, KINDS_MAX, sizeof(*w->kinds));
	enum err err = w->kinds != NULL ? db_prepare(ctx, ctx->db, &sql_relation_kinds, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	while (w->n_kinds < KINDS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct kind *k = &w->kinds[w->n_kinds++];
		const char *key = stmt_is_null(stmt, 1) ? NULL : stmt_text(stmt, 1);
		char id[ID_TEXT_MAX];
		*k = (struct kind){.id = stmt_i64(stmt, 0), .key = key != NULL ? arena_strdup(ctx->arena, key) : NULL, .name = word(ctx, stmt, 2), .inverse = word(ctx, stmt, 4),
		                   .both_ways = stmt_i64(stmt, 6) != 0};
		snprintf(id, sizeof(id), "%lld", (long long)k->id);
		k->asked = str_empty(asked) || asks_for(asked, k->key) || asks_for(asked, id);
		any = any || k->asked;
	}
	stmt_done(stmt);
	return err == OK && !any && !str_empty(asked) ? fail_arg(ctx, ERR_INVALID, "kinds", "relation_no_kind", asked) : err;
}

static const struct kind *kind_of(const struct walk *w, int64_t id)
{
	for (size_t i = 0; i < w->n_kinds; i++)
		if (w->kinds[i].id == id)
			return w->kinds[i].asked ? &w->kinds[i] : NULL;
	return NULL;
}

/* --- walking --------------------------------------------------------------------------------------- */

static struct node *node_of(const struct walk *w, int64_t id)
{
	for (size_t i = 0; i < w->n_nodes; i++)
		if (w->nodes[i].id == id)
			return &w->nodes[i];
	return NULL;
}

static bool was_hidden(const struct walk *w, int64_t id)
{
	for (size_t i = 0; i < w->n_hidden; i++)
		if (w->hidden[i] == id)
			return true;
	return false;
}

/* *ret NULL: the reader may not see it. */
static enum err see(struct walk *w, int64_t id, struct record **ret)
{
	struct faults before = w->ctx->faults;
	*ret = NULL;
	if (was_hidden(w, id))
		return OK;
	enum err err = record_get(w->ctx, w->info, id, ACTION_READ, ret);
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	*ret = NULL;
	w->ctx->faults = before;
	if (w->n_hidden < SCAN_MAX)
		w->hidden[w->n_hidden++] = id;
	return OK;
}

static void add_edge(struct walk *w, const struct edge *e)
{
	for (size_t i = 0; i < w->n_edges; i++)
		if (w->edges[i].id == e->id)
			return;
	if (w->n_edges < w->max_edges)
		w->edges[w->n_edges++] = *e;
	else
		w->truncated = true;
}

struct around {
	size_t at;       /* whose neighbours: position among the nodes */
	int64_t shown, scanned;
	bool out;
};

/* One relation of a node: who is at its other end is taken in, unless there are enough. */
static enum err meet(struct walk *w, struct around *a, const struct edge *e)
{
	int64_t self = w->nodes[a->at].id, other = e->from == self ? e->to : e->from;
	struct record *record;
	if (node_of(w, other) != NULL) {
		add_edge(w, e);
		return OK;
	}
	enum err err = see(w, other, &record);
	if (err != OK || record == NULL)
		return err;
	if (a->shown >= w->around || (int64_t)w->n_nodes >= w->max) {
		w->nodes[a->at].more = true;
		w->truncated = true;
		return OK;
	}
	w->nodes[w->n_nodes++] = (struct node){.id = other, .depth = w->nodes[a->at].depth + 1, .record = record};
	a->shown++;
	add_edge(w, e);
	return OK;
}

static enum err read_page(struct walk *w, const struct around *a, int64_t after, struct edge *list, size_t *ret_n, int64_t *ret_last)
{
	struct ctx *ctx = w->ctx;
	struct stmt *stmt;
	bool row = true;
	int64_t self = w->nodes[a->at].id;
	size_t read = 0;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, a->out ? &sql_relation_out : &sql_relation_in, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, self);
	stmt_bind_i64(stmt, 2, after);
	stmt_bind_i64(stmt, 3, PAGE);
	while (read < PAGE && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		int64_t other = stmt_i64(stmt, 1);
		bool ended = !stmt_is_null(stmt, 3) && strcmp(stmt_text(stmt, 3), w->today) < 0;
		const struct kind *kind = kind_of(w, stmt_i64(stmt, 2));
		*ret_last = stmt_i64(stmt, 0);
		read++;
		if (kind != NULL && (w->ended || !ended))
			list[(*ret_n)++] = (struct edge){.id = *ret_last, .from = a->out ? self : other, .to = a->out ? other : self, .kind = kind, .ended = ended};
	}
	stmt_done(stmt);
	*ret_last = read == PAGE ? *ret_last : 0;
	return err;
}

static enum err look_around(struct walk *w, struct around *a)
{
	struct edge *list = arena_array(w->ctx->arena, PAGE, sizeof(*list));
	int64_t last = 0;
	size_t n = 0;
	enum err err = list != NULL ? OK : fail(w->ctx, ERR_LIMIT, "", "memory");
	do {
		if (err == OK)
			err = read_page(w, a, last, list, &n, &last);
		for (size_t i = 0; err == OK && i < n && !w->nodes[a->at].more; i++)
			err = meet(w, a, &list[i]);
		a->scanned += PAGE;
	} while (err == OK && last != 0 && !w->nodes[a->at].more && a->scanned < SCAN_MAX);
	if (err == OK && last != 0 && !w->nodes[a->at].more) {
		w->nodes[a->at].more = true;
		w->truncated = true;
	}
	return err;
}

static enum err walk_all(struct walk *w)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < w->n_nodes; i++) {
		struct around a = {.at = i};
		if (w->nodes[i].depth >= w->depth)
			continue;
		for (int way = 0; err == OK && way < 2; way++) {
			a.out = way == 0;
			if (a.out ? w->out : w->in)
				err = look_around(w, &a);
		}
		if (w->ctx->deadline_ms != 0 && ctx_expired(w->ctx))
			return fail(w->ctx, ERR_LIMIT, "", "deadline");
	}
	return err;
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void put_node(struct jsonw *w, const struct node *node)
{
	static const char *const texts[] = {"name", "kind", "stage", "level", NULL};
	jsonw_object(w);
	jsonw_kv_id(w, "id", node->id);
	for (const char *const *name = texts; *name != NULL; name++)
		jsonw_kv_text(w, *name, record_text(node->record, *name));
	jsonw_kv_int(w, "depth", node->depth);
	jsonw_kv_bool(w, "more", node->more);
	jsonw_end_object(w);
}

static void put_edge(struct jsonw *w, const struct edge *edge)
{
	char text[ID_TEXT_MAX];
	snprintf(text, sizeof(text), "%lld", (long long)edge->kind->id);
	jsonw_object(w);
	jsonw_kv_id(w, "id", edge->id);
	jsonw_kv_id(w, "from", edge->from);
	jsonw_kv_id(w, "to", edge->to);
	jsonw_kv_text(w, "kind", edge->kind->key != NULL ? edge->kind->key : text);
	jsonw_kv_text(w, "word", edge->kind->name);
	jsonw_kv_text(w, "inverse", edge->kind->inverse);
	jsonw_kv_bool(w, "both_ways", edge->kind->both_ways);
	jsonw_kv_bool(w, "ended", edge->ended);
	jsonw_end_object(w);
}

static void put_network(struct walk *walk, struct http_response *res)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "root", walk->nodes[0].id);
	jsonw_kv_bool(&w, "truncated", walk->truncated);
	jsonw_key(&w, "nodes");
	jsonw_array(&w);
	for (size_t i = 0; i < walk->n_nodes; i++)
		put_node(&w, &walk->nodes[i]);
	jsonw_end_array(&w);
	jsonw_key(&w, "edges");
	jsonw_array(&w);
	for (size_t i = 0; i < walk->n_edges; i++)
		put_edge(&w, &walk->edges[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
}

/* --- what was asked --------------------------------------------------------------------------------------- */

static enum err read_number(struct ctx *ctx, const struct http_request *req, const char *name, int64_t fallback, int64_t most, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	*ret = fallback;
	if (text == NULL)
		return OK;
	if (!str_to_i64(text, ret) || *ret < 1 || *ret > most)
		return fail_arg(ctx, ERR_INVALID, name, "relation_range", arena_printf(ctx->arena, "%lld", (long long)most));
	return OK;
}

static enum err read_way(struct ctx *ctx, const struct http_request *req, struct walk *w)
{
	const char *way = http_query(ctx, req, "way", 0), *ended = http_query(ctx, req, "ended", 0);
	w->out = way == NULL || str_equal(way, "both") || str_equal(way, "out");
	w->in = way == NULL || str_equal(way, "both") || str_equal(way, "in");
	w->ended = str_equal(ended, "true");
	return w->out || w->in ? OK : fail_arg(ctx, ERR_INVALID, "way", "relation_way", way);
}

static enum err begin(struct walk *w, const struct http_request *req)
{
	struct ctx *ctx = w->ctx;
	enum err err = read_number(ctx, req, "depth", 2, DEPTH_MAX, &w->depth);
	if (err == OK)
		err = read_number(ctx, req, "limit", 200, NODES_MAX, &w->max);
	if (err == OK)
		err = read_number(ctx, req, "around", 25, AROUND_MAX, &w->around);
	if (err == OK)
		err = read_way(ctx, req, w);
	if (err == OK)
		err = read_kinds(w, http_query(ctx, req, "kinds", 0));
	w->max_nodes = NODES_MAX + 1;
	w->max_edges = (size_t)NODES_MAX * 8;
	w->nodes = arena_array(ctx->arena, w->max_nodes, sizeof(*w->nodes));
	w->edges = arena_array(ctx->arena, w->max_edges, sizeof(*w->edges));
	w->hidden = arena_array(ctx->arena, SCAN_MAX, sizeof(*w->hidden));
	return err == OK && (w->nodes == NULL || w->edges == NULL || w->hidden == NULL) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err network(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct walk w = {.ctx = ctx, .info = registry_find(ctx->registry, "customer")};
	struct record *root;
	char today[TIME_TEXT_MAX];
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "customer");
	if (entity_scope(ctx->actor, registry_find(ctx->registry, "relation"), ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "relation");
	enum err err = record_get(ctx, w.info, id, ACTION_READ, &root);
	if (err == OK)
		err = begin(&w, req);
	if (err != OK)
		return err;
	time_format(ctx_now(ctx), today);
	today[10] = '\0';
	w.today = today;
	w.nodes[w.n_nodes++] = (struct node){.id = id, .record = root};
	err = walk_all(&w);
	if (err == OK)
		put_network(&w, res);
	return err;
}

const struct route relation_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/customer/*/network", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = network,
	 .doc = "Who belongs to a customer, and who to them: ?depth=2&limit=200&around=25&kinds=employer,friend&way=both|out|in&ended=true; only whom one may see"},
	{.pattern = NULL},
};
