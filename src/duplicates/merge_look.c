/* Before a merge: whose value each field would have, and how much would move, as far as the reader may see it. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/query.h"
#include "core/store/store.h"
#include "duplicates/merge.h"

enum { COUNTED_MAX = 1000 };

struct looking {
	struct ctx *ctx;
	const struct entity_info *info;
	int64_t ids[MERGE_RECORDS_MAX + 1];
	struct record *whole[MERGE_RECORDS_MAX + 1];
	size_t n;
};

static enum err read_ids(struct looking *l, const struct http_request *req)
{
	const char *text = http_query(l->ctx, req, "with", 0);
	if (!id_parse(req->params[0], &l->ids[l->n++]))
		return fail_arg(l->ctx, ERR_NOT_FOUND, "", "not_found", "customer");
	while (!str_empty(text)) {
		size_t n = strcspn(text, ",");
		const char *one = arena_strndup(l->ctx->arena, text, n);
		if (one == NULL || l->n > MERGE_RECORDS_MAX || !id_parse(one, &l->ids[l->n]))
			return fail(l->ctx, ERR_INVALID, "with", "merge_from");
		if (l->ids[l->n] == l->ids[0])
			return fail(l->ctx, ERR_INVALID, "with", "merge_itself");
		l->n++;
		text += n + (text[n] == ',');
	}
	return l->n > 1 ? OK : fail(l->ctx, ERR_INVALID, "with", "merge_from");
}

/* --- fields ------------------------------------------------------------------------------------- */

static void put_fields(struct looking *l, struct jsonw *w)
{
	jsonw_key(w, "fields");
	jsonw_object(w);
	for (int at = SF_COUNT; (size_t)at < l->info->n_fields; at++) {
		bool any = false;
		for (size_t i = 0; i < l->n; i++)
			any = any || !merge_is_empty(&l->whole[i]->values[at]);
		/* whose hidden value it is would tell that there is one */
		if (!any || !merge_takes(l->info, at) || entity_field_right(l->ctx->actor, l->info, at) == RIGHT_HIDDEN)
			continue;
		int best = merge_suggest(l->info, at, l->whole, l->n);
		jsonw_key(w, l->info->fields[at]->name);
		if (best < 0)
			jsonw_text(w, "both");
		else
			jsonw_id(w, l->ids[best]);
	}
	jsonw_end_object(w);
}

/* --- how much ------------------------------------------------------------------------------------- */

static enum err count_of(struct looking *l, const struct entity_info *info, const struct field *field, bool any, size_t from, int64_t *ret, bool *ret_more)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .whole = true, .range_first = -1, .range_last = -1};
	const char *raw = any ? arena_printf(l->ctx->arena, "%s=eq.%s/%lld", field->name, l->info->entity->name, (long long)l->ids[from])
	                      : arena_printf(l->ctx->arena, "%s=%s.%s%lld%s", field->name, field->type == FIELD_LINKS ? "cs" : "eq", field->type == FIELD_LINKS ? "{" : "",
	                                     (long long)l->ids[from], field->type == FIELD_LINKS ? "}" : "");
	int64_t n = 0;
	bool more = false;
	if (raw == NULL)
		return fail(l->ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(l->ctx, info, raw, &options, &query);
	if (err == OK)
		err = query_count(l->ctx, query, COUNTED_MAX, &n, &more);
	*ret += n;
	*ret_more = *ret_more || more;
	return err;
}

static enum err put_count(struct looking *l, struct jsonw *w, const struct entity_ref *ref, bool any)
{
	const struct entity_info *info = ref->info;
	const struct field *field = info->fields[ref->field];
	int64_t n = 0;
	bool more = false;
	enum err err = OK;
	if ((info->entity->flags & (E_INTERNAL | E_SYSTEM)) || info == l->info || entity_scope(l->ctx->actor, info, ACTION_READ) == SCOPE_NONE ||
	    entity_field_right(l->ctx->actor, info, ref->field) < RIGHT_READ)
		return OK;
	for (size_t i = 1; err == OK && i < l->n; i++)
		err = count_of(l, info, field, any, i, &n, &more);
	if (err != OK || n == 0)
		return err;
	jsonw_object(w);
	jsonw_kv_text(w, "entity", info->entity->name);
	jsonw_kv_text(w, "field", field->name);
	jsonw_kv_int(w, "n", n);
	jsonw_kv_bool(w, "more", more);
	jsonw_end_object(w);
	return OK;
}

static enum err put_counts(struct looking *l, struct jsonw *w)
{
	size_t n_refs, n_anys;
	const struct entity_ref *refs = entity_refs(l->info, &n_refs), *anys = entity_anys(l->ctx->registry, &n_anys);
	enum err err = OK;
	jsonw_key(w, "moves");
	jsonw_array(w);
	for (size_t i = 0; err == OK && i < n_refs; i++)
		err = put_count(l, w, &refs[i], false);
	for (size_t i = 0; err == OK && i < n_anys; i++)
		err = put_count(l, w, &anys[i], true);
	jsonw_end_array(w);
	return err;
}

enum err merge_look(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct looking l = {.ctx = ctx, .info = registry_find(ctx->registry, "customer")};
	struct jsonw w;
	struct record *record;
	enum err err = merge_allowed(ctx);
	if (err == OK)
		err = read_ids(&l, req);
	for (size_t i = 0; err == OK && i < l.n; i++) {
		err = record_get(ctx, l.info, l.ids[i], ACTION_UPDATE, &record);
		if (err == OK)
			err = record_load(ctx, l.info, l.ids[i], &l.whole[i]);
	}
	if (err != OK)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	put_fields(&l, &w);
	err = put_counts(&l, &w);
	jsonw_end_object(&w);
	return err;
}
