/* The language: what is taken, what is refused and how, and input meant to break it. */
#include "base/test/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "core/rest/test/suites.h"

static struct shop shop;

static enum err parse(const struct actor *actor, size_t entity, const char *raw, struct query **ret)
{
	struct ctx *ctx = shop_request(&shop, actor);
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1};
	return query_parse(ctx, shop_info(&shop, entity), raw, &options, ret);
}

struct refused {
	const char *query, *key;
};

static const struct refused language[] = {
	{"select=nothing", "42703"},
	{"select=id,", "PGRST100"},
	{"select=,id", "PGRST100"},
	{"select=orders(", "PGRST100"},
	{"select=orders(id", "PGRST100"},
	{"select=orders(id))", "PGRST100"},
	{"select=id;drop table customer", "PGRST100"},
	{"select=extra->a", "PGRST100"},
	{"select=id::int", "cast_refused"},
	{"select=name.sum()", "42803"},
	{"select=tags.count()", "42803"},
	{"select=extra.max()", "42803"},
	{"select=count(),tags", "42803"},
	{"select=count(),orders(id)", "42803"},
	{"select=nobody(id)", "PGRST200"},
	{"select=password(id)", "PGRST200"},
	{"select=users(id)", NULL},
	{"select=roles(id)", "PGRST200"},
	{"select=team(id)", NULL},
	{"select=teams(id)", "PGRST201"},
	{"select=orders!nothing(id)", "PGRST200"},
	{"select=owner(id),owner(name)", "42712"},
	{"select=a:owner(id),b:owner(name)", NULL},
	{"select=...orders(id)", "PGRST119"},
	{"select=orders(order_lines(order(customer(id))))", "query_too_large"},
	{"nothing=eq.1", "42703"},
	{"name=1", "PGRST100"},
	{"name=eq", "PGRST100"},
	{"name=eqx.1", "PGRST100"},
	{"name=not.1", "PGRST100"},
	{"name=not.not.eq.1", "PGRST100"},
	{"visits=eq.x", "22P02"},
	{"visits=eq.", "22P02"},
	{"visits=gt.1e9", "22P02"},
	{"visits=eq.99999999999999999999", "22P02"},
	{"vip=eq.maybe", "22P02"},
	{"born=gte.1999-02-30", "22P02"},
	{"last_order_at=gte.yesterday-ish", "22P02"},
	{"last_order_at=gte.now-5z", "22P02"},
	{"credit=gt.1.234", "22P02"},
	{"owner_id=eq.0x10", "22P02"},
	{"owner_id=eq.-1", "22P02"},
	{"visits=like.1*", "42883"},
	{"visits=is.true", "42883"},
	{"name=is.something", "PGRST100"},
	{"name=cs.{1}", "42883"},
	{"extra=eq.1", "42883"},
	{"city=fts.a", "42883"},
	{"tags=eq.1", "42883"},
	{"tags=cs.{1,x}", "22P02"},
	{"tags=cs.1", "PGRST100"},
	{"tags=cs.{1", "PGRST100"},
	{"id=in.1,2", "PGRST100"},
	{"id=in.(1,2", "PGRST100"},
	{"id=in.(1,2))", "PGRST100"},
	{"id=eq(some).{1}", "PGRST100"},
	{"id=eq(any).1", "PGRST100"},
	{"id=in(any).(1)", "PGRST100"},
	{"name=match.(a+)%2B$", "pattern_refused"},
	{"name=match.[a-z]", "pattern_refused"},
	{"name=match.a{1,9}", "pattern_refused"},
	{"name=like.*a*b*c*d*e*f*g*h*i*j*k*", "query_too_large"},
	{"or=(name.eq.a", "PGRST100"},
	{"or=name.eq.a", "PGRST100"},
	{"or=()", "PGRST100"},
	{"or=(name.eq.a,)", "PGRST100"},
	{"or=(name.eq.a))", "PGRST100"},
	{"or=(name.eq.\"a)", "PGRST100"},
	{"and=(name.eq.a,orders.state.eq.paid)", "42703"},
	{"orders=is.null", "42703"},
	{"select=orders()&orders=is.null", NULL},
	{"select=orders()&orders=eq.1", "PGRST120"},
	{"orders.state=eq.paid", "PGRST108"},
	{"select=orders(id)&orders.nothing=eq.1", "42703"},
	{"select=orders(id)&orders.state=eq.unknown", "22P02"},
	{"order=nothing", "42703"},
	{"order=name.up", "PGRST100"},
	{"order=name.desc.nullsmiddle", "PGRST100"},
	{"order=tags", "42883"},
	{"order=extra", "42883"},
	{"order=owner(name)", "PGRST108"},
	{"select=orders(id)&order=orders(number)", "PGRST118"},
	{"select=count()&order=name", "42803"},
	{"order=id,id,id,id,id,id,id,id,id", "query_too_large"},
	{"limit=x", "PGRST100"},
	{"limit=-1", "PGRST100"},
	{"offset=-1", "PGRST100"},
	{"offset=100001", "offset_too_far"},
	{"offset=100000", NULL},
	{"limit=100000", NULL},
	{"cursor=nonsense", "cursor_invalid"},
	{"cursor=AAAAAAAAAAAAAAAAAAAAAAAA", "cursor_invalid"},
	{"select=count()&cursor=AAAA", "cursor_invalid"},
	{"%zz=1", "PGRST100"},
	{"name=eq.%", "PGRST100"},
	{"name=eq.%00", "PGRST100"},
	{"name=eq.%ff%fe", "PGRST100"},
	{"name=eq.%c0%af", "PGRST100"},
	{"\"name\"=eq.a", "42703"},
	{"select=\"name\"", NULL},
	{"select=\"na\"\"me\"", "42703"},
	{"name=eq.'; DROP TABLE customer; --", NULL},
	{"name;drop=eq.1", "42703"},
	{"&&&select=id&&", NULL},
	{"", NULL},
};

static void refuses_with_its_code(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(language) / sizeof(language[0]); i++) {
		struct query *query;
		enum err err = parse(shop_boss(), CUSTOMER_E, language[i].query, &query);
		const char *key = err ? shop.ctx.faults.list[0].key : NULL;
		if (!str_equal(key, language[i].key))
			test_failed("%s: %s, not %s", language[i].query, key ? key : "taken", language[i].key ? language[i].key : "taken");
	}
}

static void hides_what_is_hidden(void **state)
{
	static const struct refused cases[] = {
		{"select=credit", "42703"},   {"credit=gt.1", "42703"},       {"order=credit", "42703"},
		{"select=credit.sum()", "42703"}, {"or=(credit.eq.1)", "42703"}, {"phone=eq.1", "masked_field"},
		{"phone=is.null", "masked_field"}, {"order=phone", "masked_field"}, {"select=phone.max()", "masked_field"},
		{"select=phone,count()", "masked_field"}, {"select=phone", NULL}, {"select=owner(email)", "42703"},
		{"select=owner(name)&owner.email=eq.x", "42703"}, {"select=owner(name,team(name))", "PGRST200"},
		{"select=owner(*)", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query *query;
		enum err err = parse(shop_seller(), CUSTOMER_E, cases[i].query, &query);
		const char *key = err ? shop.ctx.faults.list[0].key : NULL;
		if (!str_equal(key, cases[i].key))
			test_failed("%s: %s, not %s", cases[i].query, key ? key : "taken", cases[i].key ? cases[i].key : "taken");
	}
}

static void shuts_the_door(void **state)
{
	struct query *query;
	(void)state;
	assert_int_equal(parse(shop_nobody(), CUSTOMER_E, "", &query), ERR_FORBIDDEN);
	assert_string_equal(shop.ctx.faults.list[0].key, "42501");
	assert_int_equal(parse(NULL, CUSTOMER_E, "", &query), ERR_DENIED);
	assert_int_equal(parse(shop_clerk(), ORDER_E, "", &query), ERR_FORBIDDEN);
	/* An embed of what one may not read does not exist. */
	assert_int_equal(parse(shop_clerk(), CUSTOMER_E, "select=id,orders(id)", &query), ERR_INVALID);
	assert_string_equal(shop.ctx.faults.list[0].key, "PGRST200");
	assert_int_equal(parse(shop_clerk(), CUSTOMER_E, "select=id,orders!inner()", &query), ERR_INVALID);
}

static char *repeat(const char *text, size_t n, const char *before, const char *after)
{
	size_t len = strlen(text), b = strlen(before), a = strlen(after);
	char *out = malloc(b + n * len + a + 1);
	assert_non_null(out);
	memcpy(out, before, b);
	for (size_t i = 0; i < n; i++)
		memcpy(out + b + i * len, text, len);
	memcpy(out + b + n * len, after, a + 1);
	return out;
}

/* Size and depth are bounded before they cost anything. */
static void survives_size_and_depth(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *before, *after;
	} cases[] = {
		{"and(", 10000, "or=(", "name.eq.a"},
		{"and(", 17, "or=(", "name.eq.a))))))))))))))))))"},
		{"orders(", 5000, "select=", ""},
		{"customer(", 200, "select=orders(", ""},
		{"a", 1 << 20, "name=eq.", ""},
		{"(", 1 << 16, "or=", ""},
		{"1,", 20000, "id=in.(", "1)"},
		{"name=eq.a&", 300, "", ""},
		{"\"a\",", 10000, "name=in.(", "b)"},
		{"\\", 60001, "or=(name.eq.\"", "\")"},
		{"name,", 10000, "select=", "name"},
		{"a:name,", 3000, "select=", "id"},
		{"name.eq.a,", 2000, "or=(", "name.eq.a)"},
		{"tags.cs.{1},", 300, "or=(", "name.eq.a)"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = repeat(cases[i].text, cases[i].n, cases[i].before, cases[i].after);
		struct query *query;
		enum err err = parse(shop_boss(), CUSTOMER_E, text, &query);
		if (err != ERR_INVALID && err != ERR_LIMIT)
			test_failed("case %zu: %d", i, err);
		assert_true(shop.request.used < (size_t)48 << 20);
		free(text);
	}
}

static void selects_columns_in_order(void **state)
{
	struct query *query;
	const struct query_column *columns;
	(void)state;
	assert_int_equal(parse(shop_seller(), CUSTOMER_E, "select=name,n:visits,owner(o:name),...team(team_name:name),phone", &query), OK);
	assert_int_equal(query_columns(query, &columns), 5);
	assert_string_equal(columns[0].path, "name");
	assert_string_equal(columns[1].key, "n");
	assert_string_equal(columns[2].path, "owner.o");
	assert_string_equal(columns[3].path, "team_name");
	assert_int_equal(columns[4].right, RIGHT_MASKED);
	assert_int_equal(parse(shop_boss(), CUSTOMER_E, "select=*", &query), OK);
	assert_int_equal(query_columns(query, &columns), shop_info(&shop, CUSTOMER_E)->n_fields);
	/* secrets never */
	assert_int_equal(parse(shop_boss(), USER_E, "select=*", &query), OK);
	assert_int_equal(query_columns(query, &columns), shop_info(&shop, USER_E)->n_fields - 1);
	/* a later member replaces an earlier one of its name */
	assert_int_equal(parse(shop_boss(), ORDER_E, "select=*,total:total_base", &query), OK);
	assert_int_equal(query_columns(query, &columns), shop_info(&shop, ORDER_E)->n_fields);
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

int suite_query_parse(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_its_code), cmocka_unit_test(hides_what_is_hidden), cmocka_unit_test(shuts_the_door),
		cmocka_unit_test(survives_size_and_depth), cmocka_unit_test(selects_columns_in_order),
	};
	return cmocka_run_group_tests_name("query_parse", tests, open_shop, close_shop);
}
