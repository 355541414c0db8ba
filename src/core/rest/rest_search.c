/* Search over everything the actor may read, grouped by entity. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/rest_internal.h"
#include "core/search/search.h"

enum { SEARCH_LIMIT = 5, SEARCH_LIMIT_MAX = 50, SEARCH_TYPED_MAX = 400, GROUPS_MAX = 64 };

struct search {
	struct ctx *ctx;
	const struct rest *rest;
	struct search_hit *hits;
	size_t n, limit;
	bool more;
	struct jsonw w;
	const struct entity_info *info; /* of the group being written */
	const int64_t *ids;
	size_t n_ids, at;
};

/* --- one group -------------------------------------------------------------------------- */

static double score_of(const struct search *s, int64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->hits[i].record_id == id)
			return s->hits[i].score;
	return 0;
}

static enum err put_hit(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct search *s = arg;
	const struct query_column *columns;
	size_t n = query_columns(row->query, &columns);
	static const char *const keys[] = {"id", "title", "subtitle"};
	jsonw_object(&s->w);
	jsonw_kv_id(&s->w, "id", row->id);
	for (size_t i = 1; i < 3; i++) {
		jsonw_key(&s->w, keys[i]);
		if (i >= n || row->values[i].kind == VALUE_NULL) {
			jsonw_null(&s->w);
			continue;
		}
		struct buf text;
		buf_init(&text, 1 << 20);
		enum err err = query_cell_text(ctx, row, i, &text);
		jsonw_textn(&s->w, buf_text(&text), text.len);
		buf_release(&text);
		if (err)
			return err;
	}
	jsonw_key(&s->w, "score");
	jsonw_real(&s->w, score_of(s, row->id));
	jsonw_end_object(&s->w);
	return OK;
}

static bool readable(const struct ctx *ctx, const struct entity_info *info, const char *name)
{
	int at = name ? entity_field(info, name) : -1;
	return at >= 0 && entity_field_right(ctx->actor, info, at) != RIGHT_HIDDEN;
}

/* Titles by the query builder, so that rows and fields pass the gate once more. */
static enum err put_hits(struct search *s)
{
	const struct entity *entity = s->info->entity;
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	const char *title = readable(s->ctx, s->info, entity->title) ? entity->title : "id";
	bool more = readable(s->ctx, s->info, entity->subtitle);
	const char *select = arena_printf(s->ctx->arena, "select=id,t:%s%s%s", title, more ? ",s:" : "", more ? entity->subtitle : "");
	if (!select)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(s->ctx, s->info, select, &options, &query);
	if (!err)
		err = query_only_ids(s->ctx, query, s->ids, s->n_ids);
	return err ? err : query_run(s->ctx, query, put_hit, s);
}

static enum err put_group(struct search *s, size_t entity)
{
	int64_t *ids = arena_array(s->ctx->arena, s->n + 1, sizeof(*ids));
	if (!ids)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	s->info = registry_at(s->ctx->registry, entity);
	s->n_ids = 0;
	bool more = false;
	for (size_t i = 0; i < s->n; i++) {
		if (s->hits[i].entity != entity)
			continue;
		if (s->n_ids < s->limit)
			ids[s->n_ids++] = s->hits[i].record_id;
		else
			more = true;
	}
	s->ids = ids;
	jsonw_object(&s->w);
	jsonw_kv_text(&s->w, "entity", s->info->entity->name);
	jsonw_kv_text(&s->w, "label", rest_label(s->ctx, s->rest, &s->info->entity->label_many));
	jsonw_key(&s->w, "hits");
	jsonw_array(&s->w);
	enum err err = put_hits(s);
	jsonw_end_array(&s->w);
	jsonw_kv_bool(&s->w, "more", more || (s->more && s->n_ids >= s->limit));
	jsonw_end_object(&s->w);
	return err;
}

/* Groups in the order of their best hit. */
static enum err put_groups(struct search *s)
{
	size_t seen[GROUPS_MAX], n = 0;
	for (size_t i = 0; i < s->n; i++) {
		bool known = false;
		for (size_t k = 0; k < n; k++)
			known |= seen[k] == s->hits[i].entity;
		if (known || n >= GROUPS_MAX)
			continue;
		seen[n++] = s->hits[i].entity;
		enum err err = put_group(s, s->hits[i].entity);
		if (err)
			return err;
	}
	return OK;
}

/* --- the request --------------------------------------------------------------------------- */

static enum err read_request(struct search *s, const struct http_request *req, const char **ret_typed, const struct entity_info **ret_entity)
{
	const char *limit = http_query(s->ctx, req, "limit", 0), *entity = http_query(s->ctx, req, "entity", 0);
	int64_t n = SEARCH_LIMIT;
	*ret_typed = http_query(s->ctx, req, "q", 0);
	*ret_entity = NULL;
	if (!*ret_typed)
		*ret_typed = "";
	if (strlen(*ret_typed) > SEARCH_TYPED_MAX)
		return fail_arg(s->ctx, ERR_LIMIT, "q", QK_TOO_MANY, "400");
	if (!str_empty(limit) && (!str_to_i64(limit, &n) || n < 1))
		return fail_arg(s->ctx, ERR_INVALID, "limit", QK_SYNTAX, limit);
	s->limit = n > SEARCH_LIMIT_MAX ? SEARCH_LIMIT_MAX : (size_t)n;
	if (str_empty(entity))
		return OK;
	return rest_entity(s->ctx, entity, ret_entity);
}

/* The kind that stands first: customers. */
static const struct entity_info *first_kind(struct ctx *ctx)
{
	const struct entity_info *first = NULL;
	for (size_t i = 0, n = registry_count(ctx->registry); i < n; i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		if (info->entity->search_rank > 0 && (!first || info->entity->search_rank < first->entity->search_rank))
			first = info;
	}
	return first;
}

/* What is typed may be a whole word of many records of one kind, and the start of a name that is sought: where the search ended
 * with such words, the first kind is asked for itself. */
static enum err find_all(struct search *s, const char *typed)
{
	const struct entity_info *first = first_kind(s->ctx);
	struct search_hit *own, *all;
	size_t n;
	bool more;
	enum err err = search_find(s->ctx, typed, NULL, 0, s->limit + 1, &s->hits, &s->n, &s->more);
	if (err || s->n == 0 || !first)
		return err;
	for (size_t i = 0; i < s->n; i++)
		if (s->hits[i].entity == first->number)
			return OK;
	err = search_find(s->ctx, typed, &first->number, 1, s->limit + 1, &own, &n, &more);
	if (err || n == 0)
		return err;
	all = arena_array(s->ctx->arena, s->n + n, sizeof(*all));
	if (!all)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	memcpy(all, s->hits, s->n * sizeof(*all));
	memcpy(all + s->n, own, n * sizeof(*all));
	s->hits = all;
	s->n += n;
	s->more |= more;
	return OK;
}

enum err rest_get_search(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct search s = {.ctx = ctx, .rest = app_rest(ctx->app)};
	const char *typed;
	const struct entity_info *only;
	int64_t start = time_monotonic_us();
	enum err err = read_request(&s, req, &typed, &only);
	if (!err && *typed)
		err = only ? search_find(ctx, typed, &only->number, 1, s.limit + 1, &s.hits, &s.n, &s.more) : find_all(&s, typed);
	if (err)
		return err;
	jsonw_init(&s.w, http_body(res));
	jsonw_object(&s.w);
	jsonw_key(&s.w, "groups");
	jsonw_array(&s.w);
	err = put_groups(&s);
	jsonw_end_array(&s.w);
	jsonw_key(&s.w, "took_ms");
	jsonw_real(&s.w, (double)((time_monotonic_us() - start) / 10) / 100.0);
	jsonw_end_object(&s.w);
	return err;
}
