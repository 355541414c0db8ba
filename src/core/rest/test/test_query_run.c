/* What queries answer, on SQLite and, where there is a server, on PostgreSQL. */
#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "core/rest/test/suites.h"

static struct shop shop;

struct answer {
	const struct actor *(*actor)(void);
	size_t entity;
	const char *query, *json;
};

static const struct answer answers[] = {
	/* filters */
	{shop_boss, CUSTOMER_E, "select=name&id=eq.101", "[{\"name\":\"Ann 1\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&id=in.(103,101,999)&order=id", "[{\"id\":\"101\"},{\"id\":\"103\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&id=not.in.(1)&id=lt.103&order=id.desc", "[{\"id\":\"102\"},{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&id=in.()", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&id=eq(any).{101,102}&order=id", "[{\"id\":\"101\"},{\"id\":\"102\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&id=gte(all).{138,139}&order=id", "[{\"id\":\"139\"},{\"id\":\"140\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&visits=is.null&id=lte.110&order=id", "[{\"id\":\"105\"},{\"id\":\"110\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&visits=is.not_null&id=lte.102&order=id", "[{\"id\":\"101\"},{\"id\":\"102\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&visits=isdistinct.3&id=in.(101,103,105)&order=id", "[{\"id\":\"103\"},{\"id\":\"105\"}]"},
	{shop_boss, CUSTOMER_E, "select=id,vip&vip=is.true&order=id&limit=1", "[{\"id\":\"103\",\"vip\":true}]"},
	{shop_boss, CUSTOMER_E, "select=id&vip=eq.false&order=id&limit=1", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&credit=gt.39.5", "[{\"id\":\"140\"}]"},
	{shop_boss, CUSTOMER_E, "select=id,score&score=lte.1.5", "[{\"id\":\"101\",\"score\":1.5}]"},
	{shop_boss, CUSTOMER_E, "select=id&born=eq.1951-01-02", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&last_order_at=lte.1970-01-01T00:16:40Z", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&last_order_at=gt.now-1d", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&phone=eq.138 0013 0007", "[{\"id\":\"107\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&city=eq.", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&city=neq.&id=lte.101", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&city=eq.杭州&id=lt.102", "[{\"id\":\"101\"}]"},
	/* patterns know case, or not, and are taken literally where they say so */
	{shop_boss, CUSTOMER_E, "select=id&name=like.ann*&id=lt.105", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&name=like.A%25 1", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=like.*_ 11", "[{\"id\":\"111\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=like.A*\\*", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&name=like.[A]*", "[]"},
	{shop_boss, CUSTOMER_E, "select=id&name=ilike.aNN 1", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=ilike(any).{*N 1,*芳 2}&order=id", "[{\"id\":\"101\"},{\"id\":\"102\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=like(all).{A*,*1}&id=lt.103", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=match.^Ann .$&order=id&limit=1", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=imatch.NN 1$", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&name=not.like.A*&id=lt.103", "[{\"id\":\"102\"}]"},
	/* groups and quoting */
	{shop_boss, CUSTOMER_E, "select=id&or=(id.eq.101,and(id.gt.138,vip.is.true))&order=id", "[{\"id\":\"101\"},{\"id\":\"139\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&not.or=(id.gt.102,id.lt.102)", "[{\"id\":\"102\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&and=(id.gte.101,id.lte.102,not.or(id.eq.101,id.eq.7))", "[{\"id\":\"102\"}]"},
	{shop_boss, TAG_E, "select=id&or=(name.eq.\"silent, \\\"old\\\"\",name.eq.\"a)b\")", "[{\"id\":\"52\"}]"},
	{shop_boss, TAG_E, "select=id&name=in.(\"silent, \\\"old\\\"\",x)", "[{\"id\":\"52\"}]"},
	{shop_boss, TAG_E, "select=id&or=(name.in.(\"silent, \\\"old\\\"\",x),id.eq.51)&order=id", "[{\"id\":\"51\"},{\"id\":\"52\"}]"},
	{shop_boss, TAG_E, "select=id&name=eq.silent%2C+%22old%22", "[{\"id\":\"52\"}]"},
	{shop_boss, TAG_E, "select=id&name=eq.' OR 1=1 --", "[]"},
	/* many-links */
	{shop_boss, CUSTOMER_E, "select=id&tags=cs.{51,52}", "[{\"id\":\"101\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&tags=cs.{}&id=eq.140", "[{\"id\":\"140\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&tags=ov.{52,53}&order=id", "[{\"id\":\"101\"},{\"id\":\"103\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&tags=cd.{51}&id=lt.104&order=id", "[{\"id\":\"102\"}]"},
	{shop_boss, CUSTOMER_E, "select=id&tags=not.ov.{51,53}&id=lt.105", "[{\"id\":\"104\"}]"},
	{shop_boss, CUSTOMER_E, "select=tags&id=eq.101", "[{\"tags\":[{\"id\":\"51\",\"name\":\"vip\"},{\"id\":\"52\",\"name\":\"silent, \\\"old\\\"\"}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,tags(name)&id=lte.102&tags.name=like.v*&order=id",
	 "[{\"id\":\"101\",\"tags\":[{\"name\":\"vip\"}]},{\"id\":\"102\",\"tags\":[{\"name\":\"vip\"}]}]"},
	{shop_clerk, CUSTOMER_E, "select=tags&id=eq.110", "[{\"tags\":[]}]"},
	/* embeds */
	{shop_boss, ORDER_E, "select=number,customer(name,owner(name))&id=eq.1001", "[{\"number\":\"SO-0001\",\"customer\":{\"name\":\"Ann 1\",\"owner\":{\"name\":\"Boss\"}}}]"},
	{shop_boss, ORDER_E, "select=number,...customer(who:name)&id=eq.1001", "[{\"number\":\"SO-0001\",\"who\":\"Ann 1\"}]"},
	{shop_boss, NOTE_E, "select=text,customer(name)&id=eq.3003", "[{\"text\":\"loose\",\"customer\":null}]"},
	{shop_boss, NOTE_E, "select=text,...customer(name)&id=eq.3003", "[{\"text\":\"loose\",\"name\":null}]"},
	{shop_boss, NOTE_E, "select=text,customer!inner(name)&order=id&limit=1", "[{\"text\":\"called\",\"customer\":{\"name\":\"Ann 3\"}}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders(number,order_lines(name,quantity,price))&id=eq.101&orders.limit=1&orders.order=id&orders.order_lines.name=eq.tea",
	 "[{\"id\":\"101\",\"orders\":[{\"number\":\"SO-0001\",\"order_lines\":[{\"name\":\"tea\",\"quantity\":\"1.500\",\"price\":\"2.50\"}]}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,o:orders(id)&id=in.(101,131)&o.state=eq.paid&order=id", "[{\"id\":\"101\",\"o\":[{\"id\":\"1002\"}]},{\"id\":\"131\",\"o\":[]}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders(id)&id=eq.101&orders.order=id.desc&orders.limit=1&orders.offset=1", "[{\"id\":\"101\",\"orders\":[{\"id\":\"1002\"}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders(id)&id=eq.101&orders.or=(state.eq.draft,total.eq.2)&orders.order=id", "[{\"id\":\"101\",\"orders\":[{\"id\":\"1001\"},{\"id\":\"1002\"}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders!inner(id)&orders.number=eq.SO-0004", "[{\"id\":\"102\",\"orders\":[{\"id\":\"1004\"}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders()&orders=is.null&order=id&limit=1", "[{\"id\":\"131\"}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders()&or=(orders.not.is.null,id.eq.131)&id=in.(130,131,132)&order=id", "[{\"id\":\"130\"},{\"id\":\"131\"}]"},
	{shop_boss, ORDER_E, "select=id&order=id&limit=1&select=id,customer!inner(orders())&customer.id=eq.102", "[{\"id\":\"1004\"}]"},
	{shop_boss, TAG_E, "select=name,customers(id)&id=eq.53", "[{\"name\":\"新客\",\"customers\":[{\"id\":\"103\"}]}]"},
	{shop_boss, TEAM_E, "select=name,team!parent_id(name),teams!team_parent_id_fkey(name)&id=eq.2", "[{\"name\":\"North 2\",\"team\":{\"name\":\"North\"},\"teams\":[]}]"},
	{shop_boss, TEAM_E, "select=name,parent(name)&id=eq.2", "[{\"name\":\"North 2\",\"parent\":{\"name\":\"North\"}}]"},
	{shop_boss, NOTE_E, "select=author(name),owner(name)&id=eq.3002", "[{\"author\":{\"name\":\"Boss\"},\"owner\":{\"name\":\"Seller\"}}]"},
	{shop_boss, ORDER_E, "select=customer(name)&order=customer(name).asc,id&limit=1", "[{\"customer\":{\"name\":\"Ann 1\"}}]"},
	{shop_boss, CUSTOMER_E, "select=id::text,visits::text,v:visits&id=eq.101", "[{\"id\":\"101\",\"visits\":\"3\",\"v\":3}]"},
	/* aggregates */
	{shop_boss, CUSTOMER_E, "select=count()", "[{\"count\":40}]"},
	{shop_boss, CUSTOMER_E, "select=count", "[{\"count\":40}]"},
	{shop_boss, CUSTOMER_E, "select=city,n:count()&order=n,city", "[{\"city\":\"Paris\",\"n\":10},{\"city\":null,\"n\":10},{\"city\":\"杭州\",\"n\":20}]"},
	{shop_boss, CUSTOMER_E, "select=visits.count(),visits.sum(),visits.avg(),visits.min(),visits.max()&id=lte.105", "[{\"count\":4,\"sum\":16,\"avg\":4,\"min\":3,\"max\":7}]"},
	{shop_boss, CUSTOMER_E, "select=credit.sum(),credit.avg(),born.max()&id=lte.102", "[{\"sum\":\"3.00\",\"avg\":\"1.50\",\"max\":\"1952-01-02\"}]"},
	{shop_boss, CUSTOMER_E, "select=credit.sum(),count()&id=eq.1", "[{\"sum\":null,\"count\":0}]"},
	{shop_boss, ORDER_E, "select=currency,total.sum()&order=currency", "[{\"currency\":\"CNY\",\"sum\":\"2700.00\"},{\"currency\":\"JPY\",\"sum\":\"139500\"}]"},
	{shop_boss, ORDER_E, "select=total_base.sum()", "[{\"sum\":\"409.50\"}]"},
	{shop_boss, ORDER_E, "select=...customer(city),count()&order=city", "[{\"city\":\"Paris\",\"count\":24},{\"city\":\"杭州\",\"count\":45},{\"city\":null,\"count\":21}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders(count())&id=in.(130,131)&order=id", "[{\"id\":\"130\",\"orders\":[{\"count\":3}]},{\"id\":\"131\",\"orders\":[{\"count\":0}]}]"},
	{shop_boss, CUSTOMER_E, "select=id,orders(state,count())&id=eq.130", "[{\"id\":\"130\",\"orders\":[{\"state\":\"draft\",\"count\":1},{\"state\":\"paid\",\"count\":1},{\"state\":\"shipped\",\"count\":1}]}]"},
	{shop_boss, TAG_E, "select=name,customers(count())&order=id", "[{\"name\":\"vip\",\"customers\":[{\"count\":2}]},{\"name\":\"silent, \\\"old\\\"\",\"customers\":[{\"count\":1}]},{\"name\":\"新客\",\"customers\":[{\"count\":1}]}]"},
	/* money in the currency of its row */
	{shop_boss, ORDER_E, "select=total,currency&id=in.(1001,1003)&order=id", "[{\"total\":\"1.00\",\"currency\":\"CNY\"},{\"total\":\"300\",\"currency\":\"JPY\"}]"},
	{shop_boss, ORDER_E, "select=id&total=eq.300&currency=eq.JPY", "[{\"id\":\"1003\"}]"},
	{shop_boss, ORDER_E, "select=id&total=eq.3", "[{\"id\":\"1003\"}]"}, /* in the base currency's digits */
	/* the gate */
	{shop_seller, CUSTOMER_E, "select=count()", "[{\"count\":13}]"},
	{shop_seller, CUSTOMER_E, "select=id,phone&order=id&limit=1", "[{\"id\":\"103\",\"phone\":\"138****0003\"}]"},
	{shop_seller, CUSTOMER_E, "select=id&id=eq.101", "[]"},
	{shop_seller, ORDER_E, "select=id,customer(name)&customer_id=in.(101,103)&order=id",
	 "[{\"id\":\"1002\",\"customer\":null},{\"id\":\"1008\",\"customer\":{\"name\":\"Ann 3\"}}]"},
	{shop_seller, ORDER_E, "select=id,customer!inner(name)&customer_id=in.(101,103)", "[{\"id\":\"1008\",\"customer\":{\"name\":\"Ann 3\"}}]"},
	{shop_seller, ORDER_E, "select=owner(*)&id=eq.1002", "[{\"owner\":{\"id\":\"12\",\"name\":\"Seller\"}}]"},
	{shop_seller, CUSTOMER_E, "select=id,orders(id)&id=eq.103&orders.order=id", "[{\"id\":\"103\",\"orders\":[{\"id\":\"1008\"}]}]"},
	{shop_seller, CUSTOMER_E, "select=id,orders(count())&id=eq.103", "[{\"id\":\"103\",\"orders\":[{\"count\":1}]}]"},
	{shop_seller, LINE_E, "select=count()", "[{\"count\":90}]"},
	{shop_seller, LINE_E, "select=id&order_id=eq.1001", "[]"},
	{shop_seller, NOTE_E, "select=text&order=id", "[{\"text\":\"called\"},{\"text\":\"loose\"}]"},
	{shop_seller, TAG_E, "select=customers(id)&id=in.(51,53)&order=id", "[{\"customers\":[]},{\"customers\":[{\"id\":\"103\"}]}]"},
	{shop_leader, CUSTOMER_E, "select=count()", "[{\"count\":27}]"},
	{shop_clerk, CUSTOMER_E, "select=count()", "[{\"count\":4}]"},
};

static void answers_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *a = &answers[i];
		struct ctx *ctx = shop_request(&shop, a->actor());
		struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
		struct query *query;
		struct query_page page;
		struct buf out;
		buf_init(&out, 1 << 20);
		enum err err = query_parse(ctx, shop_info(&shop, a->entity), a->query, &options, &query);
		if (!err)
			err = query_json(ctx, query, false, &out, &page);
		if (err || strcmp(buf_text(&out), a->json) != 0)
			test_failed("%s\n got %s %s\nwant %s", a->query, err ? ctx->faults.list[0].key : "", buf_text(&out), a->json);
		buf_release(&out);
	}
}

/* A kept query answers as a fresh one does, to each actor their own: asked three times, it
 * has been made, kept and taken from there. */
static void kept_answers_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3 * sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *a = &answers[i / 3];
		struct actor actor = *a->actor();
		actor.serial = (uint64_t)actor.user_id;
		struct ctx *ctx = shop_request(&shop, &actor);
		struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true};
		struct query *query;
		struct query_page page;
		struct buf out;
		buf_init(&out, 1 << 20);
		enum err err = query_parse_kept(ctx, shop_info(&shop, a->entity), a->query, &options, NULL, &query);
		if (!err)
			err = query_json(ctx, query, false, &out, &page);
		if (err || strcmp(buf_text(&out), a->json) != 0)
			test_failed("%s\n got %s %s\nwant %s", a->query, err ? ctx->faults.list[0].key : "", buf_text(&out), a->json);
		buf_release(&out);
	}
}

static void kept_records_by_id(void **state)
{
	(void)state;
	for (int64_t id = 101; id < 131; id++)
		for (int who = 0; who < 2; who++) {
			struct actor actor = who ? *shop_seller() : *shop_boss();
			actor.serial = (uint64_t)actor.user_id;
			struct buf out[2];
			size_t rows[2];
			for (int kept = 0; kept < 2; kept++) {
				struct ctx *ctx = shop_request(&shop, &actor);
				struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true};
				struct query *query;
				struct query_page page;
				buf_init(&out[kept], 1 << 20);
				enum err err = kept ? query_parse_kept(ctx, shop_info(&shop, CUSTOMER_E), "", &options, &id, &query)
				                    : query_parse(ctx, shop_info(&shop, CUSTOMER_E), "", &options, &query);
				if (!err && !kept)
					err = query_only_ids(ctx, query, &id, 1);
				assert_int_equal(err, OK);
				assert_int_equal(query_json(ctx, query, true, &out[kept], &page), OK);
				rows[kept] = page.rows;
			}
			assert_int_equal(rows[0], rows[1]);
			assert_string_equal(buf_text(&out[0]), buf_text(&out[1]));
			buf_release(&out[0]);
			buf_release(&out[1]);
		}
}

/* --- pages ------------------------------------------------------------------------------- */

static size_t ids_of(const char *raw, int64_t *ids, size_t max, struct query_page *page)
{
	struct ctx *ctx = shop_request(&shop, shop_boss());
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query;
	struct buf out;
	size_t n = 0;
	buf_init(&out, 1 << 20);
	enum err err = query_parse(ctx, shop_info(&shop, CUSTOMER_E), raw, &options, &query);
	if (!err)
		err = query_json(ctx, query, false, &out, page);
	if (err)
		test_failed("%s: %s %s", raw, ctx->faults.list[0].key, ctx->faults.list[0].arg);
	for (const char *p = buf_text(&out); (p = strstr(p, "\"id\":\"")) != NULL && n < max; n++)
		ids[n] = strtoll(p += strlen("\"id\":\""), NULL, 10);
	buf_release(&out);
	assert_int_equal(n, page->rows);
	return n;
}

/* All pages by cursor give what one page gives, in every order, with nulls at either end. */
static void cursors_walk_all_rows(void **state)
{
	static const char *const orders[] = {
		"", "order=id", "order=id.desc", "order=created_at", "order=created_at.desc,id.asc", "order=name.desc",
		"order=last_order_at", "order=last_order_at.desc", "order=last_order_at.nullsfirst", "order=last_order_at.desc.nullslast",
		"order=city", "order=city.desc,visits", "order=city.nullsfirst,visits.desc.nullslast,id", "order=visits.desc,city.nullsfirst",
		"order=score.desc", "order=vip,born.desc", "order=credit.asc,name", "select=id,owner(x:name)&order=owner(name).desc,city",
	};
	static const int limits[] = {1, 7, 39, 40, 41};
	(void)state;
	for (size_t o = 0; o < sizeof(orders) / sizeof(orders[0]); o++)
		for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
			int64_t all[CUSTOMERS + 1], got[CUSTOMERS + 1];
			struct query_page page;
			char raw[600], cursor[300] = "";
			size_t n = 0;
			snprintf(raw, sizeof(raw), "%s&select=id&limit=100", orders[o]);
			if (strstr(orders[o], "select"))
				snprintf(raw, sizeof(raw), "%s&limit=100", orders[o]);
			assert_int_equal(ids_of(raw, all, CUSTOMERS + 1, &page), CUSTOMERS);
			assert_false(page.more);
			do {
				snprintf(raw, sizeof(raw), "%s%s&limit=%d%s%s", orders[o], strstr(orders[o], "select") ? "" : "&select=id", limits[l],
				         *cursor ? "&cursor=" : "", cursor);
				n += ids_of(raw, got + n, CUSTOMERS + 1 - n, &page);
				snprintf(cursor, sizeof(cursor), "%s", page.next_cursor ? page.next_cursor : "");
				assert_true(page.more == (page.next_cursor != NULL));
			} while (page.more && n <= CUSTOMERS);
			assert_int_equal(n, CUSTOMERS);
			assert_memory_equal(all, got, sizeof(int64_t) * CUSTOMERS);
		}
}

static void offsets_agree_with_cursors(void **state)
{
	int64_t all[CUSTOMERS], some[CUSTOMERS];
	struct query_page page;
	(void)state;
	assert_int_equal(ids_of("select=id&order=last_order_at.desc.nullslast&limit=100", all, CUSTOMERS, &page), CUSTOMERS);
	assert_int_equal(ids_of("select=id&order=last_order_at.desc.nullslast&limit=10&offset=25", some, CUSTOMERS, &page), 10);
	assert_memory_equal(all + 25, some, sizeof(int64_t) * 10);
	assert_true(page.more);
	assert_int_equal(page.offset, 25);
	assert_int_equal(ids_of("select=id&offset=40", some, CUSTOMERS, &page), 0);
}

static void counts_and_ids(void **state)
{
	struct ctx *ctx = shop_request(&shop, shop_boss());
	struct query_options options = {.action = ACTION_UPDATE, .all_rows = true, .range_first = -1, .range_last = -1};
	struct query *query;
	int64_t n, *ids;
	size_t n_ids;
	bool capped;
	(void)state;
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "city=is.null", &options, &query), OK);
	assert_int_equal(query_count(ctx, query, 0, &n, &capped), OK);
	assert_int_equal(n, 10);
	assert_false(capped);
	assert_int_equal(query_count(ctx, query, 9, &n, &capped), OK);
	assert_int_equal(n, 9);
	assert_true(capped);
	assert_int_equal(query_count(ctx, query, 10, &n, &capped), OK);
	assert_false(capped);
	assert_int_equal(query_ids(ctx, query, 4, &ids, &n_ids), OK);
	assert_int_equal(n_ids, 4);
	assert_int_equal(ids[0], 140);
	assert_true(query_has_filter(query));
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "order=id", &options, &query), OK);
	assert_false(query_has_filter(query));
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=city,count()", &options, &query), OK);
	assert_int_equal(query_count(ctx, query, 0, &n, &capped), OK);
	assert_int_equal(n, 3);
}

static void known_ids_keep_their_order(void **state)
{
	static const int64_t ids[] = {120, 999, 105, 101};
	struct ctx *ctx = shop_request(&shop, shop_boss());
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query;
	struct query_page page;
	struct buf out;
	(void)state;
	buf_init(&out, 1 << 20);
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id,orders(count)&city=eq.none", &options, &query), OK);
	assert_int_equal(query_only_ids(ctx, query, ids, 4), OK);
	assert_int_equal(query_json(ctx, query, false, &out, &page), OK);
	assert_string_equal(buf_text(&out), "[{\"id\":\"120\",\"orders\":[{\"count\":3}]},{\"id\":\"105\",\"orders\":[{\"count\":3}]},{\"id\":\"101\",\"orders\":[{\"count\":3}]}]");
	buf_reset(&out);
	/* one record, with its version; not one of another's */
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id", &options, &query), OK);
	assert_int_equal(query_only_ids(ctx, query, ids, 1), OK);
	assert_int_equal(query_json(ctx, query, true, &out, &page), OK);
	assert_string_equal(buf_text(&out), "{\"id\":\"120\"}");
	assert_int_equal(page.version, 1);
	buf_reset(&out);
	ctx = shop_request(&shop, shop_seller());
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id", &options, &query), OK);
	assert_int_equal(query_only_ids(ctx, query, ids + 3, 1), OK);
	assert_int_equal(query_json(ctx, query, true, &out, &page), OK);
	assert_int_equal(page.rows, 0);
	assert_string_equal(buf_text(&out), "");
	buf_release(&out);
}

struct flat {
	size_t rows;
	char text[200];
};

static enum err flat_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct flat *flat = arg;
	struct buf out;
	buf_init(&out, 4096);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(query_cell_text(ctx, row, i, &out), OK);
		buf_putc(&out, '|');
	}
	struct jsonw w;
	jsonw_init(&w, &out);
	assert_int_equal(query_row_json(ctx, row, &w), OK);
	snprintf(flat->text, sizeof(flat->text), "%s", buf_text(&out));
	buf_release(&out);
	flat->rows++;
	return OK;
}

static void flat_rows_for_files(void **state)
{
	struct ctx *ctx = shop_request(&shop, shop_seller());
	struct query_options options = {.action = ACTION_EXPORT, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct query *query;
	struct flat flat = {.rows = 0};
	(void)state;
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id,phone,tags,owner(name)&order=last_order_at.desc.nullslast", &options, &query), OK);
	assert_int_equal(query_run(ctx, query, flat_row, &flat), OK);
	assert_int_equal(flat.rows, 13);
	assert_string_equal(flat.text, "133|138****0033||Seller|{\"id\":\"133\",\"phone\":\"138****0033\",\"tags\":[],\"owner\":{\"name\":\"Seller\"}}");
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id,orders(id)", &options, &query), ERR_INVALID);
}

static void csv_is_quoted(void **state)
{
	struct ctx *ctx = shop_request(&shop, shop_boss());
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	struct query *query;
	struct query_page page;
	struct buf out;
	(void)state;
	buf_init(&out, 1 << 20);
	assert_int_equal(query_parse(ctx, shop_info(&shop, CUSTOMER_E), "select=id,tags,owner(name),city&id=in.(101,104)&order=id", &options, &query), OK);
	assert_int_equal(query_csv(ctx, query, &out, &page), OK);
	assert_string_equal(buf_text(&out), "id,tags,owner.name,city\n101,\"vip, \"\"silent, \"\"\"\"old\"\"\"\"\"\"\",Boss,杭州\n104,,Boss,\n");
	buf_release(&out);
}

static void finds_keys(void **state)
{
	struct ctx *ctx = shop_request(&shop, shop_seller());
	const struct entity_info *info = shop_info(&shop, ORDER_E);
	int fields[2] = {entity_field(info, "number"), entity_field(info, "currency")};
	struct value values[2] = {value_text("SO-0001"), value_text("CNY")};
	int64_t id;
	(void)state;
	assert_int_equal(query_find_key(ctx, info, fields, values, 2, &id), OK);
	assert_int_equal(id, 1001);
	values[1] = value_text("USD");
	assert_int_equal(query_find_key(ctx, info, fields, values, 2, &id), OK);
	assert_int_equal(id, 0);
}

/* --- both engines ----------------------------------------------------------------------------- */

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

static void no_postgres(void **state)
{
	(void)state;
	skip();
}

int suite_query_run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_alike), cmocka_unit_test(kept_answers_alike), cmocka_unit_test(kept_records_by_id),
		cmocka_unit_test(cursors_walk_all_rows), cmocka_unit_test(offsets_agree_with_cursors),
		cmocka_unit_test(counts_and_ids), cmocka_unit_test(known_ids_keep_their_order), cmocka_unit_test(flat_rows_for_files),
		cmocka_unit_test(csv_is_quoted), cmocka_unit_test(finds_keys),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(no_postgres)};
	int failed = cmocka_run_group_tests_name("query_run on SQLite", tests, open_lite, close_shop);
	if (shop_has_postgres())
		failed += cmocka_run_group_tests_name("query_run on PostgreSQL", tests, open_postgres, close_shop);
	else
		failed += cmocka_run_group_tests_name("query_run on PostgreSQL (GUANXI_TEST_PG is not set)", none, NULL, NULL);
	return failed;
}
