/* A person leaves: their customers and open work go to others, as one act.  What they have done stays theirs.
 *
 * Each part has a successor.  Records of the leading entity (whose `work` is "", customers) go to the first part whose ids or
 * filter take them in; the rest is spread evenly over the parts that have neither.  Other open work follows the
 * record it belongs to. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/str.h"
#include "core/bulk/bulk_internal.h"
#include "core/rest/query.h"

enum { PARTS_MAX = 50 };

struct handover_body {
	int64_t to, expected;
	json_t *parts;
	bool preview, disable;
};

const struct spec bulk_spec_handover[] = {
	{"to", SPEC_ID, offsetof(struct handover_body, to), false, 0, "The user who takes everything over; or"},
	{"parts", SPEC_JSON, offsetof(struct handover_body, parts), false, 0,
	 "[{\"to\": id, \"filter\": \"city=eq.Bath\"}, {\"to\": id, \"ids\": [ids]}, {\"to\": id}]: those with neither share the rest evenly"},
	{"preview", SPEC_BOOL, offsetof(struct handover_body, preview), false, 0, "Only say who would get how many"},
	{"disable", SPEC_BOOL, offsetof(struct handover_body, disable), false, 0, "The one who leaves may no longer sign in (needs `users`)"},
	{"expected", SPEC_INT, offsetof(struct handover_body, expected), false, 0, "How many records the person confirmed; required above 20"},
	{0},
};

struct part {
	int64_t to;
	const char *filter;
	const json_t *ids;
	bool rest; /* shares what no part names */
};

struct handover {
	struct ctx *ctx;
	int64_t from;
	struct part parts[PARTS_MAX];
	size_t n_parts, next; /* who of those that share the rest is next */
	const struct entity_info *lead;
	struct map targets;   /* record of the leading entity → successor, 0: stays */
	struct bulk_pick *picks;
	struct bulk_new new_;
	int64_t left;
	bool disable;
	int64_t act;
};

/* --- who ----------------------------------------------------------------------------- */

static enum err load_user(struct ctx *ctx, int64_t id, const char *field, struct record **ret)
{
	enum err err = record_get(ctx, registry_find(ctx->registry, "user"), id, ACTION_READ, ret);
	if (err != ERR_NOT_FOUND || *field == '\0')
		return err;
	faults_clear(ctx);
	return fail_arg(ctx, ERR_INVALID, field, "link_not_found", "user");
}

/* Nobody gives records to where they could not keep them themselves. */
static enum err check_successor(struct handover *h, int64_t to)
{
	struct record *user;
	struct ctx *ctx = h->ctx;
	enum scope scope = entity_scope(ctx->actor, h->lead, ACTION_UPDATE);
	if (to == h->from)
		return fail(ctx, ERR_INVALID, "to", "handover_self");
	enum err err = load_user(ctx, to, "to", &user);
	if (err != OK)
		return err;
	const struct row_owner place = {to, record_i64(user, "team_id"), record_i64(user, "branch_id")};
	if (record_i64(user, "active") == 0)
		return fail(ctx, ERR_INVALID, "to", "handover_inactive");
	return gate_row(ctx->actor, scope, &place) ? OK : fail(ctx, ERR_FORBIDDEN, "to", "handover_reach");
}

static enum err read_part(struct handover *h, const json_t *json)
{
	struct part *part = &h->parts[h->n_parts];
	const char *to = json_string_value(json_object_get(json, "to"));
	const json_t *filter = json_object_get(json, "filter");
	if (h->n_parts == PARTS_MAX)
		return fail(h->ctx, ERR_LIMIT, "parts", "handover_parts");
	*part = (struct part){.filter = json_string_value(filter), .ids = json_object_get(json, "ids")};
	if (to == NULL || !id_parse(to, &part->to) || (filter != NULL && str_empty(part->filter)) ||
	    (part->ids != NULL && (part->filter != NULL || !json_is_array(part->ids))))
		return fail(h->ctx, ERR_INVALID, "parts", "handover_parts");
	part->rest = part->filter == NULL && part->ids == NULL;
	h->n_parts++;
	return check_successor(h, part->to);
}

static enum err read_parts(struct handover *h, const struct handover_body *body)
{
	size_t i;
	json_t *json;
	enum err err = OK;
	if ((body->to != 0) == (body->parts != NULL) || (body->parts != NULL && json_array_size(body->parts) == 0))
		return fail(h->ctx, ERR_INVALID, "to", "handover_parts");
	if (body->to != 0) {
		h->parts[h->n_parts++] = (struct part){.to = body->to, .rest = true};
		return check_successor(h, body->to);
	}
	json_array_foreach(body->parts, i, json) {
		if (err == OK)
			err = read_part(h, json);
	}
	return err;
}

/* --- which records ------------------------------------------------------------------- */

/* Of the leaver's, within what the actor may change. */
static enum err find_ids(struct handover *h, const struct entity_info *info, const char *also, int64_t **ret, size_t *ret_n)
{
	struct query *query;
	struct query_options options = {.action = ACTION_UPDATE, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	const char *filter = arena_printf(h->ctx->arena, "%s=eq.%lld%s%s%s%s&order=id", info->fields[info->owner]->name, (long long)h->from,
	                                  *info->entity->work ? "&" : "", info->entity->work, str_empty(also) ? "" : "&", str_empty(also) ? "" : also);
	if (filter == NULL)
		return fail(h->ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(h->ctx, info, filter, &options, &query);
	return err == OK ? query_ids(h->ctx, query, BULK_MAX + 1, ret, ret_n) : err;
}

static int64_t next_of_rest(struct handover *h)
{
	for (size_t i = 0; i < h->n_parts; i++) {
		const struct part *part = &h->parts[h->next++ % h->n_parts];
		if (part->rest)
			return part->to;
	}
	return 0;
}

static enum err set_target(struct handover *h, int64_t id, int64_t to)
{
	return map_put(&h->targets, &id, sizeof(id), to) ? OK : fail(h->ctx, ERR_LIMIT, "", "memory");
}

/* Records that a part names, of those that nobody has yet. */
static enum err take_named(struct handover *h, const struct part *part)
{
	int64_t *ids = NULL, to;
	size_t n = 0, i;
	json_t *json;
	enum err err = part->filter != NULL ? find_ids(h, h->lead, part->filter, &ids, &n) : OK;
	for (size_t k = 0; err == OK && k < n; k++)
		if (map_get(&h->targets, &ids[k], sizeof(ids[k]), &to) && to == 0)
			err = set_target(h, ids[k], part->to);
	json_array_foreach((json_t *)(uintptr_t)part->ids, i, json) {
		int64_t id;
		const char *text = json_string_value(json);
		if (err == OK && (text == NULL || !id_parse(text, &id)))
			err = fail(h->ctx, ERR_INVALID, "parts", "handover_parts");
		else if (err == OK && map_get(&h->targets, &id, sizeof(id), &to) && to == 0)
			err = set_target(h, id, part->to);
	}
	return err;
}

static enum err add_pick(struct handover *h, const struct entity_info *info, int64_t id, int64_t to)
{
	if (to == 0) {
		h->left++;
		return OK;
	}
	if (h->new_.n == BULK_MAX)
		return fail_arg(h->ctx, ERR_LIMIT, "", "bulk_too_many", "50000");
	h->picks[h->new_.n++] = (struct bulk_pick){info, id, to};
	return OK;
}

static enum err pick_lead(struct handover *h)
{
	int64_t *ids, to;
	size_t n;
	enum err err = find_ids(h, h->lead, NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = set_target(h, ids[i], 0);
	for (size_t i = 0; err == OK && i < h->n_parts; i++)
		if (!h->parts[i].rest)
			err = take_named(h, &h->parts[i]);
	for (size_t i = 0; err == OK && i < n; i++) {
		(void)map_get(&h->targets, &ids[i], sizeof(ids[i]), &to);
		if (to == 0 && (to = next_of_rest(h)) != 0)
			err = set_target(h, ids[i], to);
		if (err == OK)
			err = add_pick(h, h->lead, ids[i], to);
	}
	return err;
}

/* Open work goes along with the record it belongs to; where that is not the leaver's, it is shared. */
static enum err pick_work(struct handover *h, const struct entity_info *info)
{
	int64_t *ids, to;
	size_t n;
	int link = -1;
	for (int at = SF_COUNT; link < 0 && (size_t)at < info->n_fields; at++)
		if (info->fields[at]->type == FIELD_LINK && entity_link(info, at) == h->lead)
			link = at;
	enum err err = find_ids(h, info, NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		struct arena_mark mark = arena_mark(h->ctx->arena);
		struct record *record;
		err = record_load(h->ctx, info, ids[i], &record);
		int64_t of = err == OK && link >= 0 ? record_i64(record, info->fields[link]->name) : 0;
		arena_rewind(h->ctx->arena, mark);
		if (err == OK && (of == 0 || !map_get(&h->targets, &of, sizeof(of), &to)))
			to = next_of_rest(h);
		if (err == OK)
			err = add_pick(h, info, ids[i], to);
	}
	return err;
}

static bool is_work(const struct entity_info *info)
{
	return info->entity->work != NULL && info->owner >= 0 && !(info->entity->flags & (E_SYSTEM | E_INTERNAL));
}

static enum err find_lead(struct handover *h)
{
	for (size_t i = 0; h->lead == NULL && i < registry_count(h->ctx->registry); i++) {
		const struct entity_info *info = registry_at(h->ctx->registry, i);
		if (is_work(info) && *info->entity->work == '\0')
			h->lead = info;
	}
	if (h->lead == NULL || entity_scope(h->ctx->actor, h->lead, ACTION_UPDATE) == SCOPE_NONE)
		return fail(h->ctx, ERR_FORBIDDEN, "", "forbidden");
	return OK;
}

static enum err pick_all(struct handover *h)
{
	h->picks = arena_array(h->ctx->arena, BULK_MAX, sizeof(*h->picks));
	h->new_.picks = h->picks;
	enum err err = h->picks != NULL ? pick_lead(h) : fail(h->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < registry_count(h->ctx->registry); i++) {
		const struct entity_info *info = registry_at(h->ctx->registry, i);
		if (is_work(info) && info != h->lead && entity_scope(h->ctx->actor, info, ACTION_UPDATE) != SCOPE_NONE)
			err = pick_work(h, info);
	}
	return err;
}

/* --- answering ------------------------------------------------------------------------- */

static int64_t count_of(const struct handover *h, const struct entity_info *info, int64_t to)
{
	int64_t n = 0;
	for (size_t i = 0; i < h->new_.n; i++)
		n += h->picks[i].info == info && h->picks[i].target == to;
	return n;
}

static bool seen_before(const struct handover *h, size_t part)
{
	for (size_t i = 0; i < part; i++)
		if (h->parts[i].to == h->parts[part].to)
			return true;
	return false;
}

static enum err answer_preview(const struct handover *h, struct http_response *res)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "total", (int64_t)h->new_.n);
	jsonw_kv_int(&w, "left", h->left);
	jsonw_key(&w, "by");
	jsonw_array(&w);
	for (size_t i = 0; i < h->n_parts; i++) {
		if (seen_before(h, i))
			continue;
		jsonw_object(&w);
		jsonw_kv_id(&w, "to", h->parts[i].to);
		jsonw_key(&w, "records");
		jsonw_object(&w);
		for (size_t e = 0; e < registry_count(h->ctx->registry); e++)
			if (is_work(registry_at(h->ctx->registry, e)))
				jsonw_kv_int(&w, registry_at(h->ctx->registry, e)->entity->name, count_of(h, registry_at(h->ctx->registry, e), h->parts[i].to));
		jsonw_end_object(&w);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* The one who leaves is shut out in the same transaction: nothing new comes to them in between. */
static enum err handover_write(struct ctx *ctx, void *arg)
{
	struct handover *h = arg;
	struct record *patch;
	enum err err = bulk_start(ctx, &h->new_, &h->act);
	if (err != OK || !h->disable)
		return err;
	err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "active", value_int(0));
	return err == OK ? record_update(ctx, h->from, patch, 0, 0, NULL) : err;
}

static const char *wish_of(struct ctx *ctx, const struct handover_body *body)
{
	char *text = body->parts != NULL ? json_dumps(body->parts, JSON_COMPACT) : NULL;
	const char *wish = text != NULL ? arena_printf(ctx->arena, "{\"parts\":%s}", text) : NULL;
	free(text);
	return wish;
}

enum err bulk_http_handover(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct handover_body body = {0};
	struct record *leaver;
	struct db *db = ctx->db;
	struct handover *h = arena_alloc(ctx->arena, sizeof(*h));
	if (h == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	h->ctx = ctx;
	if (!id_parse(req->params[0], &h->from))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	map_init(&h->targets, 0, 0); /* our own ids */
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = find_lead(h);
	if (err == OK)
		err = load_user(ctx, h->from, "", &leaver);
	if (err == OK)
		err = read_parts(h, &body);
	if (err == OK)
		err = pick_all(h);
	map_release(&h->targets);
	if (err == OK && body.preview)
		return answer_preview(h, res);
	if (err == OK)
		err = bulk_check_number(ctx, h->new_.n, body.expected);
	if (err != OK)
		return err;
	h->disable = body.disable;
	h->new_.kind = "handover";
	h->new_.from_id = h->from;
	h->new_.wish = wish_of(ctx, &body);
	err = store_write(ctx, ctx->store, handover_write, h);
	ctx->db = db;
	return err == OK ? bulk_answer(ctx, h->act, res) : err;
}
