/* Things that must hold for any query: whatever is put together is refused in words
 * or runs; and what a list shows is what the gate lets through record by record. */
#include "base/test/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "core/rest/test/suites.h"

static struct shop shop;
static uint64_t seed;

static size_t below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

#define PICK(list) list[below(sizeof(list) / sizeof(list[0]))]

static const char *const fields[] = {"id", "name", "city", "phone", "credit", "score", "visits", "vip", "born", "last_order_at", "tags",
                                     "owner_id", "extra", "number", "total", "state", "currency", "customer_id", "order_id", "quantity", "text", "created_at"};
static const char *const simple[] = {"id", "id", "created_at", "version", "name", "number"};
static const char *const plain_ops[] = {"eq", "gt", "lte", "in", "is", "neq", "not.eq", "eq(any)"};
static const char *const embeds[] = {"owner", "customer", "orders", "order_lines", "tags", "notes", "team", "teams", "customers", "order", "author", "users"};
static const char *const ops[] = {"eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch", "in", "is", "isdistinct", "fts", "cs", "cd", "ov",
                                  "not.eq", "not.in", "eq(any)", "like(all)", "gt(any)"};
static const char *const values[] = {"1", "101", "A*", "杭州", "(1,2,3)", "{51,52}", "{a,b}", "null", "true", "12.5", "1999-01-02", "now-3d", "me", "",
                                     "\"a,b\"", "paid", "CNY", "()", "{}", "^a.*b$", "%25_", "'"};
static const char *const ends[] = {"", ".asc", ".desc", ".desc.nullslast", ".asc.nullsfirst"};
static const char *const aggs[] = {"", "", "", ".sum()", ".count()", ".avg()", ".min()", ".max()"};

/* Texts one after another, ended by NULL. */
static void add(char *out, size_t size, ...)
{
	size_t n = strlen(out);
	va_list list;
	va_start(list, size);
	for (const char *text; (text = va_arg(list, const char *)) != NULL;)
		n += (size_t)snprintf(out + n, size - n, "%s", text);
	va_end(list);
	assert_true(n < size);
}

/* Mostly a field that is there, sometimes one that may not be. */
static const char *a_field(const struct entity_info *info)
{
	return info && below(8) ? info->fields[below(info->n_fields)]->name : below(4) ? PICK(simple) : PICK(fields);
}

static const char *an_op(void)
{
	return below(2) ? PICK(plain_ops) : PICK(ops);
}

static const char *an_embed(const struct entity_info *info)
{
	size_t n;
	const struct entity_ref *refs = entity_refs(info, &n);
	if (n && below(2))
		return refs[below(n)].info->entity->plural;
	return PICK(embeds);
}

static void add_select(char *out, size_t size, const struct entity_info *info, int depth)
{
	size_t n = 1 + below(3);
	for (size_t i = 0; i < n; i++) {
		const char *comma = i ? "," : "";
		if (depth < 3 && below(3) == 0) {
			add(out, size, comma, below(8) ? "" : "...", info ? an_embed(info) : PICK(embeds), NULL);
			add(out, size, below(4) ? "" : "!inner", "(", NULL);
			add_select(out, size, NULL, depth + 1);
			add(out, size, ")", NULL);
		} else if (below(6) == 0) {
			add(out, size, comma, below(2) ? "*" : "count()", NULL);
		} else {
			add(out, size, comma, a_field(info), below(3) ? "" : PICK(aggs), NULL);
		}
	}
}

static void add_filter(char *out, size_t size, const struct entity_info *info)
{
	switch (below(9)) {
	case 0:
		add(out, size, "&", PICK(embeds), ".", a_field(NULL), "=", NULL);
		add(out, size, an_op(), ".", PICK(values), NULL);
		return;
	case 1:
		add(out, size, "&", below(2) ? "or" : "not.and", "=(", a_field(info), ".", NULL);
		add(out, size, an_op(), ".", PICK(values), ",", a_field(info), NULL);
		add(out, size, ".", an_op(), ".", PICK(values), ")", NULL);
		return;
	case 2:
		add(out, size, "&", PICK(embeds), "=", below(2) ? "not." : "", "is.null", NULL);
		return;
	default:
		add(out, size, "&", a_field(info), "=", an_op(), ".", PICK(values), NULL);
	}
}

static void make_query(char *out, size_t size, const struct entity_info *info)
{
	snprintf(out, size, "select=");
	add_select(out, size, info, 0);
	for (size_t i = below(4); i > 0; i--)
		add_filter(out, size, info);
	if (below(3) == 0)
		add(out, size, "&order=", a_field(info), PICK(ends), NULL);
	if (below(12) == 0)
		add(out, size, "&order=", PICK(embeds), "(", PICK(fields), ")", PICK(ends), NULL);
	if (below(4) == 0)
		add(out, size, "&limit=", below(2) ? "0" : "3", "&offset=", below(2) ? "0" : "5", NULL);
}

/* Refusals are words; the engine never sees SQL it cannot take. */
static void any_query_is_refused_or_runs(void **state)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	char raw[4000];
	size_t ran = 0;
	size_t rounds = db_engine(shop.db) == ENGINE_SQLITE ? 60000 : 6000;
	(void)state;
	seed = 20261122;
	for (size_t i = 0; i < rounds; i++) {
		struct ctx *ctx = shop_request(&shop, PICK(actors)());
		const struct entity_info *info = shop_info(&shop, below(SHOP_ENTITIES));
		struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
		struct query *query;
		struct query_page page;
		struct buf out;
		int64_t n;
		bool capped;
		make_query(raw, sizeof(raw), info);
		buf_init(&out, 8 << 20);
		enum err err = query_parse(ctx, info, raw, &options, &query);
		if (!err)
			err = query_json(ctx, query, false, &out, &page);
		if (!err)
			err = query_count(ctx, query, 5, &n, &capped);
		buf_release(&out);
		ran += err == OK;
		if (err && err != ERR_INVALID && err != ERR_FORBIDDEN && err != ERR_LIMIT)
			test_failed("%s?%s: %d %s %s", info->entity->name, raw, err, ctx->faults.list[0].key, ctx->faults.list[0].field);
		if (err && ctx->faults.count == 0)
			test_failed("%s: refused without a word", raw);
	}
	assert_true(ran > rounds / 20);
}

/* --- the gate, twice --------------------------------------------------------------------- */

static void lists_show_what_the_gate_shows(void **state)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_seller, shop_leader, shop_clerk};
	(void)state;
	for (size_t a = 0; a < sizeof(actors) / sizeof(actors[0]); a++)
		for (size_t e = 0; e < SHOP_ENTITIES; e++) {
			const struct entity_info *info = shop_info(&shop, e);
			struct ctx *ctx = shop_request(&shop, actors[a]());
			struct query_options options = {.action = ACTION_READ, .all_rows = true, .range_first = -1, .range_last = -1};
			struct query *query;
			int64_t *all, *seen;
			size_t n_all, n_seen = 0, found = 0;
			if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
				continue;
			assert_int_equal(query_parse(ctx, info, "order=id", &options, &query), OK);
			assert_int_equal(query_ids(ctx, query, 1000, &seen, &n_seen), OK);
			ctx->actor = gate_system();
			assert_int_equal(query_parse(ctx, info, "order=id", &options, &query), OK);
			assert_int_equal(query_ids(ctx, query, 1000, &all, &n_all), OK);
			ctx->actor = actors[a]();
			for (size_t i = 0; i < n_all; i++) {
				struct record *record;
				enum err err = record_get(ctx, info, all[i], ACTION_READ, &record);
				bool listed = found < n_seen && seen[found] == all[i];
				if ((err == OK) != listed)
					test_failed("%s %lld: the gate says %d, the list %d", info->entity->name, (long long)all[i], err, listed);
				found += listed;
				faults_clear(ctx);
			}
			assert_int_equal(found, n_seen);
		}
}

static int open_lite(void **state)
{
	(void)state;
	shop_open(&shop, ENGINE_SQLITE);
	return 0;
}

static int open_postgres(void **state)
{
	(void)state;
	shop_open(&shop, ENGINE_POSTGRES);
	return 0;
}

static int close_shop(void **state)
{
	(void)state;
	shop_close(&shop);
	return 0;
}

int suite_query_property(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(any_query_is_refused_or_runs), cmocka_unit_test(lists_show_what_the_gate_shows)};
	int failed = cmocka_run_group_tests_name("query_property on SQLite", tests, open_lite, close_shop);
	if (shop_has_postgres())
		failed += cmocka_run_group_tests_name("query_property on PostgreSQL", tests, open_postgres, close_shop);
	return failed;
}
