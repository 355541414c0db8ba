/* The review: pair after pair, the likeliest first, with what speaks for and against; and what is decided of them. */
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/pair.h"
#include "duplicates/scan.h"
#include "duplicates_sql.h"

enum { PAGE_DEFAULT = 20, PAGE_MAX = 100, LOOKED_MAX = 400, COUNTED_MAX = 10000 };

struct listing {
	struct ctx *ctx;
	const struct entity_info *info;
	const char *state;
	int64_t min, chance, a, b, limit; /* after which pair */
	struct pair *pairs;
	size_t n, shown;
};

/* "987654-12-13": the last pair of a page. */
static enum err read_cursor(struct listing *l, const char *text)
{
	l->chance = INT64_MAX;
	l->a = l->b = INT64_MAX;
	if (str_empty(text))
		return OK;
	const char *first = strchr(text, '-'), *second = first != NULL ? strchr(first + 1, '-') : NULL;
	const char *chance = second != NULL ? arena_strndup(l->ctx->arena, text, (size_t)(first - text)) : NULL;
	const char *a = second != NULL ? arena_strndup(l->ctx->arena, first + 1, (size_t)(second - first - 1)) : NULL;
	if (chance == NULL || a == NULL || !str_to_i64(chance, &l->chance) || !id_parse(a, &l->a) || !id_parse(second + 1, &l->b))
		return fail(l->ctx, ERR_INVALID, "cursor", "pair_none");
	return OK;
}

static bool to_chance(const char *text, int64_t *ret)
{
	char *end;
	double value = strtod(text, &end);
	*ret = (int64_t)(value * PAIR_PPM + 0.5);
	return *end == '\0' && end != text && value >= 0 && value <= 1;
}

static enum err read_asked(struct listing *l, const struct http_request *req)
{
	const char *min = http_query(l->ctx, req, "min", 0), *limit = http_query(l->ctx, req, "limit", 0), *state = http_query(l->ctx, req, "state", 0);
	l->limit = PAGE_DEFAULT;
	l->state = str_equal(state, PAIR_APART) ? PAIR_APART : PAIR_OPEN;
	if (!str_empty(min) && !to_chance(min, &l->min))
		return fail(l->ctx, ERR_INVALID, "min", "pair_chance");
	if (!str_empty(limit) && (!str_to_i64(limit, &l->limit) || l->limit < 1 || l->limit > PAGE_MAX))
		return fail_arg(l->ctx, ERR_INVALID, "limit", "number_too_large", limit);
	return read_cursor(l, http_query(l->ctx, req, "cursor", 0));
}

static enum err read_pairs(struct listing *l, size_t max)
{
	struct ctx *ctx = l->ctx;
	struct stmt *stmt;
	bool row = true;
	l->pairs = arena_array(ctx->arena, max, sizeof(*l->pairs));
	enum err err = l->pairs != NULL ? db_prepare(ctx, ctx->db, &sql_pair_list, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, l->state);
	stmt_bind_i64(stmt, 2, l->min);
	stmt_bind_i64(stmt, 3, l->chance);
	stmt_bind_i64(stmt, 4, l->a);
	stmt_bind_i64(stmt, 5, l->b);
	stmt_bind_i64(stmt, 6, (int64_t)max);
	while (l->n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		l->pairs[l->n++] = (struct pair){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2), stmt_i64(stmt, 3), arena_strdup(ctx->arena, stmt_text(stmt, 4))};
	stmt_done(stmt);
	return err;
}

/* --- writing ------------------------------------------------------------------------------- */

/* Whether the reader sees the values that are compared there. */
static bool may_see(const struct listing *l, const char *column)
{
	const struct entity_info *address = registry_find(l->ctx->registry, "address");
	int at = entity_field(l->info, column);
	if (at >= 0)
		return entity_field_right(l->ctx->actor, l->info, at) >= RIGHT_READ;
	at = entity_field(address, column);
	return at >= 0 && entity_scope(l->ctx->actor, address, ACTION_READ) != SCOPE_NONE && entity_field_right(l->ctx->actor, address, at) >= RIGHT_READ;
}

static void put_reasons(const struct listing *l, struct jsonw *w, const char *text)
{
	const char *key;
	json_t *value, *all = json_loads(text != NULL ? text : "{}", 0, NULL);
	jsonw_key(w, "reasons");
	jsonw_array(w);
	json_object_foreach(all, key, value) {
		if (!may_see(l, key))
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "field", key);
		jsonw_kv_int(w, "level", json_integer_value(json_array_get(value, 0)));
		jsonw_key(w, "bits");
		jsonw_real(w, json_number_value(json_array_get(value, 1)));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	json_decref(all);
}

/* Both within reach to be changed; whole, for what is suggested. */
static enum err read_both(struct listing *l, const struct pair *pair, struct record *ret[2], bool *ret_may)
{
	const struct faults before = l->ctx->faults;
	enum err err = record_get(l->ctx, l->info, pair->a, ACTION_UPDATE, &ret[0]);
	if (err == OK)
		err = record_get(l->ctx, l->info, pair->b, ACTION_UPDATE, &ret[1]);
	*ret_may = err == OK;
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
		l->ctx->faults = before;
		return OK;
	}
	return err;
}

static void put_pair(const struct listing *l, struct jsonw *w, const struct pair *pair, struct record *const both[2])
{
	jsonw_object(w);
	jsonw_kv_id(w, "a", pair->a);
	jsonw_kv_id(w, "b", pair->b);
	jsonw_key(w, "probability");
	jsonw_real(w, (double)pair->chance / PAIR_PPM);
	jsonw_kv_id(w, "stays", merge_second_stays(both[0], both[1]) ? pair->b : pair->a);
	put_reasons(l, w, pair->reasons);
	jsonw_end_object(w);
}

static enum err put_pairs(struct listing *l, struct jsonw *w, size_t *ret_seen)
{
	enum err err = OK;
	jsonw_key(w, "pairs");
	jsonw_array(w);
	for (*ret_seen = 0; err == OK && *ret_seen < l->n && (int64_t)l->shown < l->limit; ++*ret_seen) {
		struct record *both[2];
		bool may;
		err = read_both(l, &l->pairs[*ret_seen], both, &may);
		if (err != OK || !may)
			continue;
		put_pair(l, w, &l->pairs[*ret_seen], both);
		l->shown++;
	}
	jsonw_end_array(w);
	return err;
}

static enum err count_open(struct ctx *ctx, int64_t min, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_count, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, min);
	stmt_bind_i64(stmt, 2, COUNTED_MAX + 1);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* The number of all is told to who may change all. */
static enum err put_count(struct listing *l, struct jsonw *w)
{
	int64_t n = 0;
	if (str_equal(l->state, PAIR_APART) || entity_scope(l->ctx->actor, l->info, ACTION_UPDATE) != SCOPE_ALL)
		return OK;
	enum err err = count_open(l->ctx, l->min, &n);
	jsonw_kv_int(w, "count", n > COUNTED_MAX ? COUNTED_MAX : n);
	jsonw_kv_bool(w, "more", n > COUNTED_MAX);
	return err;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct listing l = {.ctx = ctx, .info = registry_find(ctx->registry, "customer")};
	struct jsonw w;
	size_t seen = 0, max;
	enum err err = merge_allowed(ctx);
	if (err == OK)
		err = read_asked(&l, req);
	max = entity_scope(ctx->actor, l.info, ACTION_UPDATE) == SCOPE_ALL ? (size_t)l.limit + 1 : LOOKED_MAX;
	if (err == OK)
		err = read_pairs(&l, max);
	if (err != OK)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	err = put_pairs(&l, &w, &seen);
	jsonw_key(&w, "next");
	if (seen > 0 && (seen < l.n || l.n == max)) {
		const struct pair *last = &l.pairs[seen - 1];
		jsonw_text(&w, arena_printf(ctx->arena, "%lld-%lld-%lld", (long long)last->chance, (long long)last->a, (long long)last->b));
	} else {
		jsonw_null(&w);
	}
	if (err == OK)
		err = put_count(&l, &w);
	jsonw_end_object(&w);
	return err;
}

/* --- deciding ----------------------------------------------------------------------------------- */

struct decision {
	int64_t a, b;
	bool apart;
};

static const struct spec decision_specs[] = {
	{"a", SPEC_ID, offsetof(struct decision, a), true, 0, "One of the two customers"},
	{"b", SPEC_ID, offsetof(struct decision, b), true, 0, "The other"},
	{"apart", SPEC_BOOL, offsetof(struct decision, apart), true, 0, "They are not the same; false: that is taken back"},
	{0},
};

static enum err decide(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct decision d = {0};
	struct record *record;
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	enum err err = http_read_body(ctx, req, &d);
	if (err == OK)
		err = merge_allowed(ctx);
	if (err == OK && d.a == d.b)
		err = fail(ctx, ERR_INVALID, "b", "pair_none");
	if (err == OK)
		err = record_get(ctx, info, d.a, ACTION_UPDATE, &record);
	if (err == OK)
		err = record_get(ctx, info, d.b, ACTION_UPDATE, &record);
	if (err == OK)
		err = pair_decide(ctx, d.a, d.b, d.apart ? PAIR_APART : PAIR_OPEN);
	http_status(res, 204);
	return err;
}

static const struct spec no_specs[] = {{0}};

#define READS .lane = LANE_READ, .door = DOOR_SIGNED_IN
#define WRITES .lane = LANE_WRITE, .door = DOOR_SIGNED_IN

const struct route duplicates_review_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/duplicates", READS, .handle = list,
	 .doc = "Pairs of customers who may be the same, the likeliest first, with what speaks for it: ?min=0.9&state=open|apart&cursor="},
	{.method = METHOD_POST, .pattern = "/api/v1/duplicates/decide", WRITES, .handle = decide, .specs = decision_specs,
	 .doc = "Keeps that two customers are not the same: they are not offered again"},
	{.method = METHOD_POST, .pattern = "/api/v1/duplicates/merge", WRITES, .handle = sweep_http, .specs = sweep_specs,
	 .doc = "Merges all pairs above a probability; with `preview` only says how many there are"},
	{.method = METHOD_GET, .pattern = "/api/v1/duplicates/scan", READS, .handle = scan_http_state, .doc = "How the scan of all customers stands"},
	{.method = METHOD_POST, .pattern = "/api/v1/duplicates/scan", WRITES, .handle = scan_http_start, .specs = no_specs,
	 .doc = "Begins to look at all customers for duplicates"},
	{.method = METHOD_POST, .pattern = "/api/v1/duplicates/scan/cancel", WRITES, .handle = scan_http_cancel, .specs = no_specs, .doc = "Stops the scan; what was found so far stays"},
	{.pattern = NULL},
};
