/* The text of statements, and that SQLite serves them by index. */
#include "base/test/check.h"

#include <stdio.h>
#include <string.h>

#include "core/rest/query_internal.h"
#include "core/rest/test/fixture.h"
#include "core/rest/test/suites.h"

static struct shop shop;

static struct query *parse(const struct actor *actor, size_t entity, const char *raw)
{
	struct ctx *ctx = shop_request(&shop, actor);
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query = NULL;
	enum err err = query_parse(ctx, shop_info(&shop, entity), raw, &options, &query);
	if (err)
		test_failed("%s: %s %s", raw, ctx->faults.list[0].key, ctx->faults.list[0].arg);
	return query;
}

static const char *sql_of(const struct actor *actor, size_t entity, const char *raw)
{
	const char *sql = NULL;
	assert_int_equal(query_sql(&shop.ctx, parse(actor, entity, raw), &sql), OK);
	return sql;
}

struct snapshot {
	const struct actor *(*actor)(void);
	size_t entity;
	const char *query, *sql;
};

#define T "\"t0\"."
#define NEWEST " ORDER BY " T "\"created_at\" DESC, " T "\"id\" DESC LIMIT "

static const struct snapshot snapshots[] = {
	{shop_boss, CUSTOMER_E, "select=id,name",
	 "SELECT " T "\"id\", " T "\"name\", " T "\"created_at\" FROM \"customer\" AS \"t0\" WHERE 1 = 1" NEWEST "?1"},
	{shop_boss, CUSTOMER_E, "select=id&city=eq.x&visits=gte.2&or=(vip.is.true,not.and(name.eq.a,id.in.(1,2,3)))",
	 "SELECT " T "\"id\", " T "\"created_at\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND " T "\"city\" = ?1 AND " T "\"visits\" >= ?2"
	 " AND (" T "\"vip\" = 1 OR NOT (" T "\"name\" = ?3 AND " T "\"id\" IN (?4, ?5, ?6, ?7)))" NEWEST "?8"},
	{shop_seller, CUSTOMER_E, "select=id",
	 "SELECT " T "\"id\", " T "\"created_at\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND (" T "\"owner_id\" = ?1)" NEWEST "?2"},
	{shop_leader, CUSTOMER_E, "select=id",
	 "SELECT " T "\"id\", " T "\"created_at\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND (" T "\"owner_id\" = ?1 OR " T
	 "\"team_id\" IN (SELECT \"value\" FROM json_each(?2)))" NEWEST "?3"},
	{shop_seller, LINE_E, "select=id",
	 "SELECT " T "\"id\" FROM \"order_line\" AS \"t0\" WHERE 1 = 1 AND EXISTS (SELECT 1 FROM \"order\" AS \"p1\" WHERE \"p1\".\"id\" = " T
	 "\"order_id\" AND (\"p1\".\"owner_id\" = ?1)) ORDER BY " T "\"id\" LIMIT ?2"},
	{shop_seller, ORDER_E, "select=id,customer(name)&order=id",
	 "SELECT " T "\"id\", \"t1\".\"name\", \"t1\".\"id\" FROM \"order\" AS \"t0\" LEFT JOIN \"customer\" AS \"t1\" ON \"t1\".\"id\" = " T
	 "\"customer_id\" AND (\"t1\".\"owner_id\" = ?1) WHERE 1 = 1 AND (" T "\"owner_id\" = ?2) ORDER BY " T "\"id\" LIMIT ?3"},
	{shop_seller, CUSTOMER_E, "select=id,orders!inner()&orders.state=eq.paid&order=id",
	 "SELECT " T "\"id\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND EXISTS (SELECT 1 FROM \"order\" AS \"x1\" WHERE \"x1\".\"customer_id\" = " T
	 "\"id\" AND (\"x1\".\"owner_id\" = ?1) AND \"x1\".\"state\" = ?2) AND (" T "\"owner_id\" = ?3) ORDER BY " T "\"id\" LIMIT ?4"},
	{shop_boss, CUSTOMER_E, "select=id,last_order_at&order=last_order_at.desc.nullslast",
	 "SELECT " T "\"id\", " T "\"last_order_at\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND " T "\"last_order_at\" IS NOT NULL ORDER BY " T
	 "\"last_order_at\" DESC, " T "\"id\" DESC LIMIT ?1"},
	{shop_boss, CUSTOMER_E, "select=city,count()&name=like.a_*",
	 "SELECT " T "\"city\", count(" T "\"id\") FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND (" T "\"name\" >= ?1 AND " T "\"name\" < ?2 AND " T
	 "\"name\" GLOB (?3 || '')) GROUP BY " T "\"city\" ORDER BY 1 NULLS LAST LIMIT ?4"},
	{shop_boss, CUSTOMER_E, "select=id&tags=ov.{1,2}&order=id&offset=5&limit=3",
	 "SELECT " T "\"id\" FROM \"customer\" AS \"t0\" WHERE 1 = 1 AND EXISTS (SELECT 1 FROM \"customer_tags\" AS \"l1\" WHERE \"l1\".\"record_id\" = " T
	 "\"id\" AND \"l1\".\"link_id\" IN (SELECT \"value\" FROM json_each(?1))) ORDER BY " T "\"id\" LIMIT ?2 OFFSET ?3"},
};

static void writes_this_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(snapshots) / sizeof(snapshots[0]); i++)
		assert_string_equal(sql_of(snapshots[i].actor(), snapshots[i].entity, snapshots[i].query), snapshots[i].sql);
}

/* The statement cache hits: other values, the same text. */
static void text_knows_no_values(void **state)
{
	static const char *const pairs[][2] = {
		{"name=eq.a&limit=3", "name=eq.%27%3B--&limit=900"},
		{"id=in.(1,2,3)", "id=in.(7,8,9,10)"},
		{"name=like.a*", "name=like.%E5%BC%A0%25x_*"},
		{"tags=ov.{1}", "tags=ov.{1,2,3,4,5}"},
		{"or=(name.eq.a,visits.gt.1)", "or=(name.eq.\"x,y)\",visits.gt.99)"},
		{"q=abc", "q=%E5%BC%A0%E4%BC%9F"},
		{"born=gt.1999-01-01&credit=lt.5", "born=gt.2020-12-31&credit=lt.-7.25"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char first[4096];
		snprintf(first, sizeof(first), "%s", sql_of(shop_boss(), CUSTOMER_E, pairs[i][0]));
		assert_string_equal(first, sql_of(shop_boss(), CUSTOMER_E, pairs[i][1]));
	}
}

/* --- plans ---------------------------------------------------------------------------- */

static const char *plan_of(const char *sql)
{
	struct stmt *stmt;
	struct ctx *ctx = &shop.ctx;
	const char *text = "", *explain = arena_printf(ctx->arena, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(db_prepare_text(ctx, ctx->db, explain, &stmt), OK);
	for (bool row = true; row;) {
		assert_int_equal(stmt_step(ctx, stmt, &row), OK);
		if (row)
			text = arena_printf(ctx->arena, "%s%s\n", text, stmt_text(stmt, 3));
	}
	stmt_done(stmt);
	return text;
}

static void expect_plan(const char *sql, const char *has, const char *has_not)
{
	const char *plan = plan_of(sql);
	if (!strstr(plan, has) || strstr(plan, has_not))
		test_failed("%s\n%s", sql, plan);
}

static void pages_walk_an_index(void **state)
{
	(void)state;
	expect_plan(sql_of(shop_boss(), CUSTOMER_E, "select=*"), "customer_created_at_id_idx", "TEMP B-TREE");
	expect_plan(sql_of(shop_boss(), CUSTOMER_E, "select=*&order=last_order_at.desc"), "customer_last_order_at_id_idx", "TEMP B-TREE");
	expect_plan(sql_of(shop_boss(), CUSTOMER_E, "select=*&order=last_order_at.asc.nullsfirst"), "customer_last_order_at_id_idx", "TEMP B-TREE");
	expect_plan(sql_of(shop_boss(), ORDER_E, "select=*,customer(name),owner(name)"), "order_placed_at_id_idx", "TEMP B-TREE");
	expect_plan(sql_of(shop_boss(), ORDER_E, "customer_id=eq.5"), "customer_id=?", "TEMP B-TREE");
	expect_plan(sql_of(shop_seller(), CUSTOMER_E, "select=*"), "customer_owner_id_created_at_id_idx", "TEMP B-TREE");
	expect_plan(sql_of(shop_boss(), CUSTOMER_E, "city=like.%E6%9D%AD*&order=city"), "city>? AND city<?", "SCAN t0 \n");
}

static void children_are_cut_by_index(void **state)
{
	struct query *query = parse(shop_boss(), CUSTOMER_E, "select=id,orders(id)&orders.limit=3&orders.order=placed_at.desc");
	struct query_sql b;
	const int64_t ids[] = {101, 102};
	(void)state;
	sqlb_begin(&b, &shop.ctx, query, query->root->first);
	assert_int_equal(sqlb_children(&b, ids, 2), OK);
	const char *plan = plan_of(buf_text(&b.text));
	assert_non_null(strstr(plan, "SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)"));
	assert_non_null(strstr(plan, "SEARCH x1 USING COVERING INDEX order_customer_id_placed_at_id_idx (customer_id=?)"));
	assert_null(strstr(plan, "SCAN x1"));
	sqlb_release(&b);
}

static void cursors_use_ranges(void **state)
{
	static const char *const orders[] = {"", "order=placed_at.asc", "order=placed_at.desc,id.asc"};
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct query_page page;
		struct buf out;
		char raw[400];
		snprintf(raw, sizeof(raw), "%s&limit=3", orders[i]);
		struct query *query = parse(shop_boss(), ORDER_E, raw);
		buf_init(&out, 1 << 20);
		assert_int_equal(query_json(&shop.ctx, query, false, &out, &page), OK);
		buf_release(&out);
		assert_non_null(page.next_cursor);
		snprintf(raw, sizeof(raw), "%s&cursor=%s", orders[i], page.next_cursor);
		expect_plan(sql_of(shop_boss(), ORDER_E, raw), "SEARCH t0 USING INDEX order_placed_at_id_idx (", "SCAN t0");
	}
}

static int open_shop(void **state)
{
	(void)state;
	shop_open(&shop, ENGINE_SQLITE);
	return 0;
}

static int close_shop(void **state)
{
	(void)state;
	shop_close(&shop);
	return 0;
}

int suite_query_sql(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_this_text), cmocka_unit_test(text_knows_no_values), cmocka_unit_test(pages_walk_an_index),
		cmocka_unit_test(children_are_cut_by_index), cmocka_unit_test(cursors_use_ranges),
	};
	return cmocka_run_group_tests_name("query_sql", tests, open_shop, close_shop);
}
