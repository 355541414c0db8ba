/* Customers who are one and the same: their records become one, in one transaction. Whoever asks needs the right to merge, and to change
 * each of them; what points at them is moved whoever may see it. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/pair.h"
#include "duplicates_sql.h"

struct body {
	json_t *from, *fields, *versions;
};

static const struct spec specs[] = {
	{"from", SPEC_JSON, offsetof(struct body, from), true, 0, "[ids]: the customers who go into the one of the address, one after another"},
	{"fields", SPEC_JSON, offsetof(struct body, fields), false, 0,
	 "{\"phone\": \"<id whose value holds>\", \"note\": \"both\"}; of what is not named the one who stays keeps its value, or takes the first there is"},
	{"versions", SPEC_JSON, offsetof(struct body, versions), false, 0, "{\"<id>\": 7}: what was looked at; refused when one has changed since"},
	{0},
};

struct request {
	struct ctx *ctx;
	const struct entity_info *info;
	int64_t into, from[MERGE_RECORDS_MAX];
	size_t n;
	const json_t *fields, *versions;
	int64_t moved, dropped, merges[MERGE_RECORDS_MAX];
};

enum err merge_allowed(struct ctx *ctx)
{
	uint32_t cap = registry_cap(ctx->registry, "merge");
	bool may = ctx->actor != NULL && (ctx->actor->kind == ACTOR_SYSTEM || (cap != 0 && (ctx->actor->caps & cap) == cap));
	return may ? OK : fail_arg(ctx, ERR_FORBIDDEN, "", "merge_needed", "merge");
}

/* --- what is asked for ---------------------------------------------------------------------------- */

static enum err read_from(struct request *r, const json_t *list)
{
	size_t i;
	json_t *item;
	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > MERGE_RECORDS_MAX)
		return fail(r->ctx, ERR_INVALID, "from", "merge_from");
	json_array_foreach((json_t *)(uintptr_t)list, i, item) {
		const char *text = json_string_value(item);
		if (text == NULL || !id_parse(text, &r->from[r->n]))
			return fail(r->ctx, ERR_INVALID, "from", "merge_from");
		if (r->from[r->n] == r->into)
			return fail(r->ctx, ERR_INVALID, "from", "merge_itself");
		for (size_t k = 0; k < r->n; k++)
			if (r->from[k] == r->from[r->n])
				return fail(r->ctx, ERR_INVALID, "from", "merge_twice");
		r->n++;
	}
	return OK;
}

/* That each choice names a field that takes part, and one of the records, or both where that can be. */
static enum err check_choice(struct request *r, const char *name, const json_t *value)
{
	int at = entity_field(r->info, name);
	const char *text = json_string_value(value);
	int64_t id = 0;
	if (at < 0 || !merge_takes(r->info, at) || entity_field_right(r->ctx->actor, r->info, at) == RIGHT_HIDDEN)
		return fail(r->ctx, ERR_INVALID, arena_printf(r->ctx->arena, "fields.%.60s", name), "unknown_field");
	bool both = str_equal(text, "both") && (r->info->fields[at]->type == FIELD_NOTE || r->info->fields[at]->type == FIELD_LINKS);
	if (both || (text != NULL && id_parse(text, &id) && id == r->into))
		return OK;
	for (size_t i = 0; i < r->n; i++)
		if (id != 0 && r->from[i] == id)
			return OK;
	return fail(r->ctx, ERR_INVALID, arena_printf(r->ctx->arena, "fields.%s", name), "merge_choice");
}

static enum err read_choices(struct request *r, const struct body *body)
{
	const char *key;
	json_t *value;
	r->fields = body->fields;
	r->versions = body->versions;
	if ((body->fields != NULL && !json_is_object(body->fields)) || (body->versions != NULL && !json_is_object(body->versions)))
		return fail(r->ctx, ERR_INVALID, body->fields != NULL && !json_is_object(body->fields) ? "fields" : "versions", "not_an_object");
	json_object_foreach(body->fields, key, value) {
		enum err err = check_choice(r, key, value);
		if (err != OK)
			return err;
	}
	return OK;
}

/* --- one after another -------------------------------------------------------------------------------- */

enum err merge_lock(struct ctx *ctx, const int64_t *ids, size_t n)
{
	struct stmt *stmt;
	bool row;
	int64_t last = 0;
	enum err err = OK;
	for (size_t done = 0; err == OK && done < n; done++) {
		int64_t next = INT64_MAX;
		for (size_t i = 0; i < n; i++)
			next = ids[i] > last && ids[i] < next ? ids[i] : next;
		err = db_prepare(ctx, ctx->db, &sql_merge_lock, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, next);
		err = stmt_step(ctx, stmt, &row);
		stmt_done(stmt);
		last = next;
	}
	return err;
}

/* Within reach to be changed, unchanged since it was looked at; whole. */
static enum err take(struct request *r, int64_t id, struct record **ret)
{
	struct ctx *ctx = r->ctx;
	int64_t alias = 0, version = 0;
	char key[24];
	const struct faults before = ctx->faults;
	enum err err = record_get(ctx, r->info, id, ACTION_UPDATE, ret);
	if (err == ERR_NOT_FOUND && record_alias(ctx, r->info, id, &alias) == OK && alias != 0) {
		struct record *now;
		if (alias != r->into && record_get(ctx, r->info, alias, ACTION_READ, &now) != OK)
			return ERR_NOT_FOUND;
		ctx->faults = before;
		return fail_arg(ctx, ERR_CONFLICT, "from", "merged_away", arena_printf(ctx->arena, "%lld", (long long)alias));
	}
	if (err == OK)
		err = record_load(ctx, r->info, id, ret);
	if (err != OK || r->versions == NULL)
		return err;
	(void)snprintf(key, sizeof(key), "%lld", (long long)id);
	const json_t *given = json_object_get(r->versions, key);
	if (given == NULL)
		return OK;
	version = json_integer_value(given);
	return version == record_i64(*ret, "version") ? OK : fail(ctx, ERR_CONFLICT, "", "version");
}

static enum err make_alias(struct merging *m)
{
	struct record *alias;
	const char *former = arena_printf(m->ctx->arena, "%lld", (long long)m->from);
	enum err err = former != NULL ? record_new(m->ctx, registry_find(m->ctx->registry, "customer_alias"), &alias) : fail(m->ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = record_set(m->ctx, alias, "customer_id", value_int(m->into));
	if (err == OK)
		err = record_set(m->ctx, alias, "former", value_text(former));
	if (err == OK)
		err = record_set(m->ctx, alias, "name", *record_value(m->loser, "name"));
	if (err == OK)
		err = record_set(m->ctx, alias, "number", *record_value(m->loser, "number"));
	if (err == OK)
		err = record_create(m->ctx, alias, W_TRUSTED | W_NO_SEARCH);
	m->merge = err == OK ? record_id(alias) : 0;
	return err;
}

static enum err merge_one(struct request *r, int64_t from, int64_t *ret_merge)
{
	struct merging m = {.ctx = r->ctx, .info = r->info, .from = from, .into = r->into, .choices = r->fields};
	enum err err = record_load(r->ctx, r->info, from, &m.loser);
	if (err == OK)
		err = record_load(r->ctx, r->info, r->into, &m.survivor);
	if (err == OK)
		err = merge_check_apart(&m);
	if (err == OK)
		err = make_alias(&m);
	if (err == OK)
		err = merge_move(&m);
	if (err == OK)
		err = record_merged(r->ctx, r->info, from, r->into, false);
	if (err == OK)
		err = pair_follow(r->ctx, from, r->into);
	if (err == OK)
		err = record_delete(r->ctx, r->info, from, 0, W_TRUSTED);
	if (err == OK)
		err = merge_fields(&m);
	r->moved += m.n_moved;
	r->dropped += m.n_dropped;
	*ret_merge = m.merge;
	return err;
}

static enum err answer(struct request *r, struct http_response *res)
{
	struct record *now;
	struct jsonw w;
	enum err err = record_load(r->ctx, r->info, r->into, &now);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", r->into);
	jsonw_kv_int(&w, "version", record_i64(now, "version"));
	jsonw_key(&w, "merges");
	jsonw_array(&w);
	for (size_t i = 0; i < r->n; i++)
		jsonw_id(&w, r->merges[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* All that the request names, looked at before anything is written. */
static enum err begin(struct request *r, const struct http_request *req)
{
	struct body body = {0};
	struct record *record;
	int64_t all[MERGE_RECORDS_MAX + 1];
	enum err err = http_read_body(r->ctx, req, &body);
	if (err == OK)
		err = merge_allowed(r->ctx);
	if (err == OK && !id_parse(req->params[0], &r->into))
		err = fail_arg(r->ctx, ERR_NOT_FOUND, "", "not_found", "customer");
	if (err == OK)
		err = read_from(r, body.from);
	if (err == OK)
		err = read_choices(r, &body);
	memcpy(all, r->from, r->n * sizeof(all[0]));
	all[r->n] = r->into;
	if (err == OK)
		err = merge_lock(r->ctx, all, r->n + 1);
	for (size_t i = r->n + 1; err == OK && i-- > 0;)
		err = take(r, all[i], &record);
	return err;
}

enum err merge_two(struct ctx *ctx, int64_t into, int64_t from, int64_t *ret_merge)
{
	struct request r = {.ctx = ctx, .info = registry_find(ctx->registry, "customer"), .into = into, .from = {from}, .n = 1};
	const int64_t both[] = {from, into};
	struct record *record;
	enum err err = merge_lock(ctx, both, 2);
	for (size_t i = 0; err == OK && i < 2; i++)
		err = take(&r, both[i], &record);
	if (err == OK)
		err = merge_one(&r, from, ret_merge);
	return err == OK ? record_reindex(ctx, r.info, into) : err;
}

static enum err merge(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct request r = {.ctx = ctx, .info = registry_find(ctx->registry, "customer")};
	enum err err = begin(&r, req);
	for (size_t i = 0; err == OK && i < r.n; i++)
		err = merge_one(&r, r.from[i], &r.merges[i]);
	if (err == OK)
		err = record_reindex(ctx, r.info, r.into);
	return err == OK ? answer(&r, res) : err;
}

static const struct spec no_specs[] = {{0}};

const struct route duplicates_merge_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/merge", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = merge, .specs = specs,
	 .doc = "Makes other customers one with this one: all that belongs to them is its own then, and their ids lead to it"},
	{.method = METHOD_GET, .pattern = "/api/v1/customer/*/merge", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = merge_look,
	 .doc = "What a merge with others (with=id,id) would do: whose value each field would have, and how much would move"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/unmerge", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = merge_undo, .specs = no_specs,
	 .doc = "Takes a merge apart: the customer who had this id is there again, with what belonged to them"},
	{.pattern = NULL},
};
