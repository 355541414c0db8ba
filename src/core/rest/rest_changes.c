/* The history of one record, as far as the actor may see its fields. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/rest/rest_internal.h"

enum { CHANGES_LIMIT = 50, CHANGES_MAX = 200 };

struct history {
	struct ctx *ctx;
	const struct entity_info *info;
	struct change *rows;
	size_t n;
	size_t seen;       /* entries read, those left out too */
	int64_t last_seq;  /* of the last one */
	int64_t *actors;
	const char **names;
};

/* --- what may be seen -------------------------------------------------------------- */

static enum err find_record(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .whole = true, .range_first = -1, .range_last = -1};
	int64_t *ids;
	size_t n;
	enum err err = query_parse(ctx, info, "select=id", &options, &query);
	if (!err)
		err = query_only_ids(ctx, query, &id, 1);
	if (!err)
		err = query_ids(ctx, query, 1, &ids, &n);
	if (!err)
		*ret = n == 1;
	return err;
}

/* A record that is gone has no owner to ask for: its history is for those who read all. */
static enum err may_see(struct ctx *ctx, const struct entity_info *info, int64_t id)
{
	bool there = false;
	enum err err = find_record(ctx, info, id, &there);
	if (err || there || entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL)
		return err;
	return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", info->entity->name);
}

/* --- reading ------------------------------------------------------------------------- */

/* Who looked, or was refused, is for the audit trail alone. */
static bool is_history(enum change_action action)
{
	return action != CHANGE_READ && action != CHANGE_DENIED;
}

static enum err keep(struct ctx *ctx, const struct change *change, void *arg)
{
	struct history *h = arg;
	h->seen++;
	h->last_seq = change->seq;
	if (!is_history(change->action))
		return OK;
	struct change *row = &h->rows[h->n];
	*row = *change;
	row->diff = change->diff ? arena_strdup(ctx->arena, change->diff) : NULL;
	row->request_id = arena_strdup(ctx->arena, change->request_id ? change->request_id : "-");
	if (ctx->arena->failed)
		return fail(ctx, ERR_LIMIT, "", "memory");
	h->actors[h->n++] = change->actor_id;
	return OK;
}

enum err rest_titles(struct ctx *ctx, const struct entity_info *info, const int64_t *ids, size_t n, const char **ret)
{
	struct ctx *system = arena_alloc(ctx->arena, sizeof(*system));
	if (!system)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*system = *ctx;
	system->actor = gate_system();
	for (size_t i = 0; i < n; i++) {
		struct record *record;
		ret[i] = NULL;
		for (size_t k = 0; k < i && !ret[i]; k++)
			if (ids[k] == ids[i])
				ret[i] = ret[k];
		if (ret[i] || ids[i] == 0)
			continue;
		enum err err = record_load(system, info, ids[i], &record);
		if (err && err != ERR_NOT_FOUND)
			return fail(ctx, err, "", "memory");
		if (!err && info->title >= 0)
			ret[i] = record_text(record, info->fields[info->title]->name);
	}
	return OK;
}

/* --- writing --------------------------------------------------------------------------- */

static void put_value(struct jsonw *w, const json_t *value, enum field_right right)
{
	if (right == RIGHT_MASKED) {
		if (json_is_null(value))
			jsonw_null(w);
		else
			jsonw_text(w, "***");
		return;
	}
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text)
		jsonw_raw(w, text, strlen(text));
	else
		w->buf->failed = true;
	free(text);
}

static void put_field(const struct ctx *ctx, const struct entity_info *info, struct jsonw *w, const char *name, const json_t *value)
{
	int at = entity_field(info, name);
	enum field_right right = at < 0 ? RIGHT_HIDDEN : entity_field_right(ctx->actor, info, at);
	if (right == RIGHT_HIDDEN)
		return;
	jsonw_key(w, name);
	jsonw_array(w);
	put_value(w, json_array_get(value, 0), right);
	put_value(w, json_array_get(value, 1), right);
	jsonw_end_array(w);
}

void rest_put_diff(const struct ctx *ctx, const struct entity_info *info, struct jsonw *w, const char *diff)
{
	json_error_t error;
	json_t *object = str_empty(diff) ? NULL : json_loads(diff, 0, &error);
	const char *name;
	json_t *value;
	jsonw_key(w, "diff");
	if (!json_is_object(object)) {
		jsonw_null(w);
		json_decref(object);
		return;
	}
	jsonw_object(w);
	json_object_foreach(object, name, value)
		if (json_is_array(value) && json_array_size(value) == 2)
			put_field(ctx, info, w, name, value);
	jsonw_end_object(w);
	json_decref(object);
}

static void put_row(const struct history *h, struct jsonw *w, size_t at)
{
	static const char *const kinds[] = {"user", "token", "system", "import", "portal"};
	const struct change *change = &h->rows[at];
	size_t kind = (size_t)change->actor_kind;
	jsonw_object(w);
	jsonw_kv_int(w, "seq", change->seq);
	jsonw_key(w, "at");
	jsonw_time(w, change->at_ms);
	jsonw_key(w, "actor");
	jsonw_object(w);
	if (change->actor_id)
		jsonw_kv_id(w, "id", change->actor_id);
	else
		jsonw_kv_text(w, "id", NULL);
	jsonw_kv_text(w, "name", h->names[at]);
	jsonw_kv_text(w, "kind", kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : "");
	jsonw_end_object(w);
	jsonw_kv_text(w, "action", change_action_name(change->action));
	rest_put_diff(h->ctx, h->info, w, change->diff);
	jsonw_kv_text(w, "request_id", change->request_id);
	jsonw_end_object(w);
}

static void put_history(const struct history *h, size_t limit, struct jsonw *w)
{
	size_t shown = h->n > limit ? limit : h->n;
	jsonw_object(w);
	jsonw_key(w, "rows");
	jsonw_array(w);
	for (size_t i = 0; i < shown; i++)
		put_row(h, w, i);
	jsonw_end_array(w);
	if (h->n > limit)
		jsonw_kv_int(w, "next", h->rows[shown - 1].seq);
	else
		jsonw_kv_text(w, "next", NULL);
	jsonw_end_object(w);
}

static enum err read_number(struct ctx *ctx, const struct http_request *req, const char *name, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	if (str_empty(text))
		return OK;
	if (!str_to_i64(text, ret) || *ret < 0)
		return fail_arg(ctx, ERR_INVALID, name, QK_SYNTAX, text);
	return OK;
}

static enum err read_history(struct history *h, int64_t id, int64_t before, size_t limit)
{
	struct ctx *ctx = h->ctx;
	const struct entity_info *user = registry_find(ctx->registry, "user");
	h->rows = arena_array(ctx->arena, limit + 1, sizeof(*h->rows));
	h->actors = arena_array(ctx->arena, limit + 1, sizeof(*h->actors));
	h->names = arena_array(ctx->arena, limit + 1, sizeof(*h->names));
	if (!h->rows || !h->actors || !h->names)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err;
	size_t asked;
	do {
		asked = limit + 1 - h->n;
		h->seen = 0;
		err = change_history(ctx, h->info->entity->name, id, before, asked, keep, h);
		before = h->last_seq;
	} while (!err && h->n < limit + 1 && h->seen == asked);
	if (!err && user)
		err = rest_titles(ctx, user, h->actors, h->n, h->names);
	return err;
}

enum err rest_get_changes(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct history h = {.ctx = ctx};
	int64_t id, before = 0, limit = CHANGES_LIMIT;
	struct jsonw w;
	enum err err = rest_entity(ctx, req->params[0], &h.info);
	if (!err)
		err = rest_id(ctx, h.info, req->params[1], &id);
	if (!err)
		err = read_number(ctx, req, "before", &before);
	if (!err)
		err = read_number(ctx, req, "limit", &limit);
	if (limit < 1 || limit > CHANGES_MAX)
		limit = CHANGES_MAX;
	if (!err)
		err = may_see(ctx, h.info, id);
	if (!err)
		err = read_history(&h, id, before, (size_t)limit);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	put_history(&h, (size_t)limit, &w);
	return OK;
}
