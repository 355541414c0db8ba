/* "Who would fall in tomorrow, and under the new rule?": asked of the set, with the clock ahead, as far as the asker sees customers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/query.h"
#include "pool/pool_internal.h"
#include "pool/pool_simulate.h"
#include "pool_sql.h"

enum { IDS_MAX = 20000, SHOWN_MAX = 100, OWNERS_MAX = 500, DAY_MS = 86400000, DAYS_MAX = 366 };

struct ahead {
	const struct clock *real;
	int64_t by;
};

static int64_t ahead_now(void *arg)
{
	const struct ahead *a = arg;
	return a->real->now_ms(a->real->arg) + a->by;
}

static void ahead_random(void *arg, void *out, size_t n)
{
	const struct ahead *a = arg;
	a->real->random(a->real->arg, out, n);
}

struct simulate_body {
	json_t *condition;
	int64_t days;
};

static const struct spec specs[] = {
	{"condition", SPEC_JSON, offsetof(struct simulate_body, condition), false, 0, "Of a rule that is not there yet; else the rules in use"},
	{"days", SPEC_INT, offsetof(struct simulate_body, days), false, 0, "From now, if nothing happens: 1 is tomorrow"},
	{.name = NULL},
};

/* The rules in use, any of them. */
static enum err rules_json(struct ctx *ctx, json_t *any)
{
	struct pool_rules rules;
	enum err err = pool_rules_read(ctx, &rules);
	for (size_t i = 0; err == OK && i < rules.n_falls; i++)
		(void)json_array_append_new(any, json_loads(rules.falls[i].text, 0, NULL));
	return err;
}

/* Who has an owner and no exception, and of whom it holds. */
static enum err build(struct ctx *ctx, const struct simulate_body *body, json_t **ret)
{
	json_t *any = json_array();
	enum err err = OK;
	if (body->condition != NULL)
		(void)json_array_append(any, body->condition);
	else
		err = rules_json(ctx, any);
	*ret = json_pack("{s:[{s:s,s:s,s:s},{s:{s:s,s:{s:[{s:s,s:s,s:s},{s:s,s:s,s:s}]}}},{s:o}]}", "all", "field", "owner_id", "op", "is", "value", "not_null", "not",
	                 "related", "pool_exempts", "where", "any", "field", "until", "op", "is", "value", "null", "field", "until", "op", "gte", "value", "today", "any", any);
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err find_ids(struct ctx *ctx, const json_t *json, int64_t **ret, size_t *ret_n, int64_t *ret_count)
{
	struct condition *condition;
	struct query *query, *counted;
	bool capped;
	enum err err = condition_parse_json(ctx, registry_find(ctx->registry, "customer"), json, &condition);
	if (err == OK)
		err = query_of_condition(ctx, condition, ACTION_READ, &query);
	if (err == OK)
		err = query_of_condition(ctx, condition, ACTION_READ, &counted);
	if (err == OK)
		err = query_count(ctx, counted, 10000000, ret_count, &capped);
	return err == OK ? query_ids(ctx, query, IDS_MAX, ret, ret_n) : err;
}

struct tally {
	int64_t owner, n;
};

static int most_first(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	return (x->n < y->n) - (x->n > y->n);
}

static enum err put_owners(struct ctx *ctx, struct jsonw *w, const int64_t *ids, size_t n)
{
	struct tally *list = arena_array(ctx->arena, OWNERS_MAX, sizeof(*list));
	size_t owners = 0, at;
	enum err err = list != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < n; i++) {
		int64_t owner;
		err = pool_number(ctx, &sql_pool_owner_of, &ids[i], 1, &owner);
		for (at = 0; at < owners && list[at].owner != owner; at++)
			continue;
		if (at == owners && owners < OWNERS_MAX)
			list[owners++] = (struct tally){owner, 0};
		if (at < owners)
			list[at].n++;
	}
	if (err != OK)
		return err;
	qsort(list, owners, sizeof(*list), most_first);
	jsonw_key(w, "owners");
	jsonw_array(w);
	for (size_t i = 0; err == OK && i < owners; i++) {
		struct record *user;
		struct faults before = ctx->faults;
		jsonw_object(w);
		jsonw_kv_id(w, "id", list[i].owner);
		if (record_get(ctx, registry_find(ctx->registry, "user"), list[i].owner, ACTION_READ, &user) == OK)
			jsonw_kv_text(w, "name", record_text(user, "name"));
		ctx->faults = before;
		jsonw_kv_int(w, "count", list[i].n);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return err;
}

static enum err put_list(struct ctx *ctx, struct jsonw *w, const int64_t *ids, size_t n)
{
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	enum err err = OK;
	jsonw_key(w, "customers");
	jsonw_array(w);
	for (size_t i = 0; err == OK && i < n && i < SHOWN_MAX; i++) {
		struct record *r;
		err = record_get(ctx, info, ids[i], ACTION_READ, &r);
		if (err != OK)
			break;
		jsonw_object(w);
		jsonw_kv_id(w, "id", ids[i]);
		jsonw_kv_text(w, "name", record_text(r, "name"));
		jsonw_kv_text(w, "level", record_text(r, "level"));
		jsonw_kv_id(w, "owner_id", record_i64(r, "owner_id"));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return err;
}

static enum err answer(struct ctx *ctx, const json_t *json, int64_t days, struct http_response *res)
{
	struct ahead ahead = {ctx->clock, days * DAY_MS};
	const struct clock clock = {.now_ms = ahead_now, .random = ahead_random, .arg = &ahead}, *before = ctx->clock;
	int64_t *ids, n_all = 0, deadline = ctx->deadline_ms;
	struct jsonw w;
	size_t n;
	ctx->clock = &clock;
	ctx->deadline_ms = deadline != 0 ? deadline + ahead.by : 0;
	enum err err = find_ids(ctx, json, &ids, &n, &n_all);
	ctx->clock = before;
	ctx->deadline_ms = deadline;
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "count", n_all);
	err = put_owners(ctx, &w, ids, n);
	if (err == OK)
		err = put_list(ctx, &w, ids, n);
	jsonw_end_object(&w);
	return err;
}

static enum err simulate(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct simulate_body body = {0};
	json_t *json = NULL;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && (entity_scope(ctx->actor, registry_find(ctx->registry, "pool_rule"), ACTION_READ) == SCOPE_NONE ||
	                  entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_READ) == SCOPE_NONE))
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "pool_rule");
	if (err == OK && (body.days < 0 || body.days > DAYS_MAX))
		err = fail(ctx, ERR_INVALID, "days", "pool_days");
	if (err == OK)
		err = build(ctx, &body, &json);
	if (err == OK)
		err = answer(ctx, json, body.days, res);
	json_decref(json);
	return err;
}

const struct route pool_simulate_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/pool/simulate", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = simulate, .specs = specs,
	 .doc = "Who would fall into the pool in so many days if nothing happens, by the rules in use or by one that is tried"},
	{.pattern = NULL},
};
