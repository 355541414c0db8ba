/* A condition has two makers of its truth: SQL for all records at once, and the walk over one record in memory. They know nothing of
 * each other, and must agree on any tree, for anybody, at any time. */
#include <stdio.h>
#include <string.h>

#include "base/test/check.h"
#include "core/condition/condition.h"
#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "core/rest/test/suites.h"

static struct shop shop;
static uint64_t seed;
static int64_t now;

static size_t below(size_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % n;
}

#define PICK(list) ((list)[below(sizeof(list) / sizeof((list)[0]))])

static int64_t test_now(void *arg)
{
	(void)arg;
	return now;
}

static void test_random(void *arg, void *out, size_t n)
{
	(void)arg;
	memset(out, 7, n);
}

static const struct clock test_clock = {.now_ms = test_now, .random = test_random};

/* Moments at which the clock matters: orders were placed in the first minutes of 1970, last orders within its first hours. */
static int64_t a_moment(void)
{
	static const int64_t hours[] = {0, 3, 4};
	return below(2) ? (int64_t)below(40000) * 1000 : PICK(hours) * 3600000 + (int64_t)below(450) * 1000;
}

/* --- random trees ------------------------------------------------------------------------ */

struct text {
	char p[8000];
	size_t n;
};

static void put(struct text *out, const char *text)
{
	size_t n = strlen(text);
	assert_true(out->n + n < sizeof(out->p));
	memcpy(out->p + out->n, text, n + 1);
	out->n += n;
}

static const char *const customer_leaves[] = {
	"\"field\":\"city\",\"op\":\"eq\",\"value\":\"杭州\"", "\"field\":\"city\",\"op\":\"neq\",\"value\":\"Paris\"",
	"\"field\":\"city\",\"op\":\"isdistinct\",\"value\":\"Paris\"", "\"field\":\"city\",\"op\":\"is\",\"value\":\"null\"",
	"\"field\":\"city\",\"op\":\"in\",\"value\":[\"Paris\",\"Rome\"]", "\"field\":\"city\",\"op\":\"like\",\"value\":\"*ar*\"",
	"\"field\":\"city\",\"op\":\"ilike\",\"value\":\"pA*\"", "\"field\":\"city\",\"op\":\"match\",\"value\":\"^P.r\"", "\"field\":\"city\",\"op\":\"gt\",\"value\":\"M\"",
	"\"field\":\"visits\",\"op\":\"gte\",\"value\":5", "\"field\":\"visits\",\"op\":\"lt\",\"value\":\"7\"", "\"field\":\"visits\",\"op\":\"neq\",\"value\":3",
	"\"field\":\"score\",\"op\":\"lte\",\"value\":12.5", "\"field\":\"vip\",\"op\":\"is\",\"value\":\"true\"", "\"field\":\"vip\",\"op\":\"is\",\"value\":\"false\"",
	"\"field\":\"born\",\"op\":\"lt\",\"value\":\"1970-01-02\"", "\"field\":\"born\",\"op\":\"gte\",\"value\":\"today-5y\"", "\"field\":\"born\",\"op\":\"lt\",\"value\":\"year-3y\"",
	"\"field\":\"last_order_at\",\"op\":\"gte\",\"value\":\"now-2h\"", "\"field\":\"last_order_at\",\"op\":\"lt\",\"value\":\"now-1h\"",
	"\"field\":\"last_order_at\",\"op\":\"gt\",\"value\":\"today\"", "\"field\":\"last_order_at\",\"op\":\"lte\",\"value\":\"today-1h\"",
	"\"field\":\"last_order_at\",\"op\":\"is\",\"value\":null", "\"field\":\"tags\",\"op\":\"cs\",\"value\":[\"51\",\"52\"]", "\"field\":\"tags\",\"op\":\"ov\",\"value\":[\"52\",\"53\"]",
	"\"field\":\"tags\",\"op\":\"cd\",\"value\":[\"51\"]", "\"field\":\"tags\",\"op\":\"is\",\"value\":\"null\"", "\"field\":\"owner_id\",\"op\":\"eq\",\"value\":\"me\"",
	"\"field\":\"phone\",\"op\":\"like\",\"value\":\"+86*1\"", "\"field\":\"credit\",\"op\":\"gte\",\"value\":\"12.00\"",
	"\"share\":40,\"seed\":\"spring\"", "\"share\":12.5", "\"text\":\"Ann\"",
};
static const char *const order_leaves[] = {
	"\"field\":\"state\",\"op\":\"eq\",\"value\":\"paid\"", "\"field\":\"state\",\"op\":\"in\",\"value\":[\"draft\",\"shipped\"]", "\"field\":\"total_base\",\"op\":\"gt\",\"value\":\"1.00\"",
	"\"field\":\"placed_at\",\"op\":\"gte\",\"value\":\"now-3h\"", "\"field\":\"placed_at\",\"op\":\"lt\",\"value\":\"now-4h\"", "\"field\":\"currency\",\"op\":\"neq\",\"value\":\"JPY\"",
	"\"field\":\"owner_id\",\"op\":\"isdistinct\",\"value\":\"12\"",
};
static const char *const counts[] = {
	"\"measure\":\"count\",\"op\":\"gte\",\"value\":2", "\"measure\":\"count\",\"op\":\"eq\",\"value\":0", "\"measure\":\"count\",\"op\":\"lt\",\"value\":3",
	"\"measure\":\"count\",\"op\":\"in\",\"value\":[0,2]", "\"measure\":\"exists\"",
};
static const char *const order_measures[] = {
	"\"measure\":\"sum\",\"of\":\"total_base\",\"op\":\"gte\",\"value\":\"0.50\"", "\"measure\":\"sum\",\"of\":\"total_base\",\"op\":\"eq\",\"value\":0",
	"\"measure\":\"min\",\"of\":\"placed_at\",\"op\":\"lt\",\"value\":\"now-4h\"", "\"measure\":\"max\",\"of\":\"placed_at\",\"op\":\"lt\",\"value\":\"now-3h\"",
	"\"measure\":\"max\",\"of\":\"number\",\"op\":\"like\",\"value\":\"*5\"", "\"measure\":\"latest\",\"of\":\"state\",\"op\":\"eq\",\"value\":\"shipped\"",
	"\"measure\":\"latest\",\"of\":\"state\",\"by\":\"created_at\",\"op\":\"neq\",\"value\":\"paid\"", "\"measure\":\"min\",\"of\":\"total_base\",\"op\":\"is\",\"value\":\"null\"",
	"\"measure\":\"latest\",\"of\":\"number\",\"op\":\"isdistinct\",\"value\":\"SO-0007\"",
};

static void put_tree(struct text *out, size_t entity, int depth);

static void put_related(struct text *out, size_t entity, int depth)
{
	size_t other = entity == CUSTOMER_E ? (below(5) ? ORDER_E : NOTE_E) : entity == ORDER_E ? (below(3) ? LINE_E : CUSTOMER_E) : ORDER_E;
	put(out, "{\"related\":\"");
	put(out, other == CUSTOMER_E ? "customer" : other == ORDER_E && entity == LINE_E ? "order" : shop_info(&shop, other)->entity->plural);
	put(out, "\"");
	if (below(3)) {
		put(out, ",\"where\":");
		put_tree(out, other, depth + 1);
	}
	put(out, ",");
	put(out, other == ORDER_E && below(2) ? PICK(order_measures) : PICK(counts));
	put(out, "}");
}

static void put_leaf(struct text *out, size_t entity, int depth)
{
	if ((entity == CUSTOMER_E || entity == ORDER_E) && depth < 4 && below(4) == 0) {
		put_related(out, entity, depth);
		return;
	}
	put(out, "{");
	put(out, entity == CUSTOMER_E ? PICK(customer_leaves) : entity == ORDER_E ? PICK(order_leaves)
	         : entity == NOTE_E   ? "\"field\":\"text\",\"op\":\"like\",\"value\":\"*o*\"" : "\"field\":\"quantity\",\"op\":\"gt\",\"value\":\"1.6\"");
	put(out, "}");
}

static void put_tree(struct text *out, size_t entity, int depth)
{
	size_t what = depth > 4 ? 9 : below(10);
	if (what < 4) {
		put(out, what % 2 ? "{\"all\":[" : "{\"any\":[");
		for (size_t i = 0, n = 1 + below(3); i < n; i++) {
			put(out, i ? "," : "");
			put_tree(out, entity, depth + 1);
		}
		put(out, "]}");
	} else if (what == 4) {
		put(out, "{\"not\":");
		put_tree(out, entity, depth + 1);
		put(out, "}");
	} else {
		put_leaf(out, entity, depth);
	}
}

/* --- the two agree ------------------------------------------------------------------------- */

static void compare(struct ctx *ctx, const struct condition *condition, const char *tree, size_t *matches)
{
	struct query *query;
	struct condition_run run;
	int64_t *set, *all;
	size_t n_set, n_all, found = 0;
	const struct actor *actor = ctx->actor;
	enum err err = query_of_condition(ctx, condition, ACTION_READ, &query);
	if (!err)
		err = query_ids(ctx, query, 1000, &set, &n_set);
	if (err)
		test_failed("%s: %d %s", tree, err, ctx->faults.count ? ctx->faults.list[0].key : "?");
	ctx->actor = gate_system();
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	assert_int_equal(query_parse(ctx, condition->info, "order=id", &options, &query), OK);
	assert_int_equal(query_ids(ctx, query, 1000, &all, &n_all), OK);
	ctx->actor = actor;
	condition_run_begin(ctx, &run);
	for (size_t i = 0; i < n_all; i++) {
		bool holds;
		assert_int_equal(condition_one(&run, condition, all[i], &holds, NULL), OK);
		bool listed = found < n_set && set[found] == all[i];
		if (holds != listed)
			test_failed("%s %lld for %s: alone %d, among all %d: %s", condition->info->entity->name, (long long)all[i], actor->name, holds, listed, tree);
		found += listed;
	}
	condition_run_end(&run);
	assert_int_equal(found, n_set);
	*matches += n_set;
}

static void set_and_one_agree(void **state)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_boss, shop_seller, shop_leader};
	size_t rounds = db_engine(shop.db) == ENGINE_SQLITE ? 2500 : 500, matches = 0, parsed = 0;
	(void)state;
	seed = 20261130;
	for (size_t i = 0; i < rounds; i++) {
		struct ctx *ctx = shop_request(&shop, PICK(actors)());
		size_t entity = below(4) ? CUSTOMER_E : ORDER_E;
		struct condition *condition;
		struct text tree = {.n = 0};
		ctx->clock = &test_clock;
		now = a_moment();
		put_tree(&tree, entity, 0);
		enum err err = condition_parse(ctx, shop_info(&shop, entity), tree.p, &condition);
		if (err && err != ERR_INVALID && err != ERR_FORBIDDEN && err != ERR_LIMIT)
			test_failed("%s: %d", tree.p, err);
		if (err && ctx->actor == shop_boss() && err != ERR_LIMIT)
			test_failed("%s: %s %s", tree.p, ctx->faults.list[0].key, ctx->faults.list[0].arg);
		if (err)
			continue;
		parsed++;
		compare(ctx, condition, tree.p, &matches);
	}
	assert_true(parsed > rounds / 2);
	assert_true(matches > rounds);
}

/* --- time ----------------------------------------------------------------------------------- */

/* Before the moment it names, passing time turns nothing. */
static void nothing_turns_before_next(void **state)
{
	size_t turned = 0, named = 0;
	(void)state;
	seed = 7;
	for (size_t i = 0; i < 6000; i++) {
		struct ctx *ctx = shop_request(&shop, shop_boss());
		struct condition *condition;
		struct condition_run run;
		struct text tree = {.n = 0};
		bool before, after;
		int64_t next, id = 101 + (int64_t)below(30);
		ctx->clock = &test_clock;
		now = a_moment();
		put_tree(&tree, CUSTOMER_E, 0);
		if (condition_parse(ctx, shop_info(&shop, CUSTOMER_E), tree.p, &condition))
			continue;
		condition_run_begin(ctx, &run);
		assert_int_equal(condition_one(&run, condition, id, &before, &next), OK);
		named += next != CONDITION_NEVER;
		assert_true(next > now);
		int64_t from = now;
		for (size_t k = 0; k < 6; k++) {
			bool last = next == CONDITION_NEVER ? k == 5 : k == 5;
			int64_t until = next == CONDITION_NEVER ? from + ((int64_t)1 << 40) : next;
			run.now_ms = last && next != CONDITION_NEVER ? next : from + (int64_t)((uint64_t)below(1 << 30) * (uint64_t)(until - from) >> 30);
			assert_int_equal(condition_one(&run, condition, id, &after, NULL), OK);
			if (last && next != CONDITION_NEVER)
				turned += after != before;
			else if (after != before)
				test_failed("%lld turns at %lld, before %lld: %s", (long long)id, (long long)run.now_ms, (long long)next, tree.p);
		}
		condition_run_end(&run);
	}
	assert_true(named > 300);
	assert_true(turned > 100);
}

/* --- refusals name the place ------------------------------------------------------------------ */

static void refusals_name_the_place(void **state)
{
	static const struct {
		const char *tree, *field, *key, *arg;
	} bad[] = {
		{"{", "condition", "condition_json", NULL},
		{"[]", "condition.1", "condition_kind", "1"},
		{"{\"all\":[{\"field\":\"cty\",\"op\":\"eq\",\"value\":\"x\"}]}", "condition.1", "condition_field", "1: cty"},
		{"{\"all\":[{\"field\":\"city\",\"op\":\"eq\",\"value\":\"x\"},{\"any\":[{\"field\":\"visits\",\"op\":\"eq\",\"value\":\"many\"}]}]}", "condition.2.1",
		 "condition_value", "2.1: visits = many"},
		{"{\"any\":[]}", "condition", "condition_empty", "1"},
		{"{\"field\":\"city\",\"op\":\"sounds\",\"value\":\"x\"}", "condition.1", "condition_op", "1: sounds"},
		{"{\"field\":\"city\",\"op\":\"eq\",\"value\":\"\"}", "condition.1", "condition_value", "1: city = "},
		{"{\"field\":\"password\",\"op\":\"eq\",\"value\":\"x\"}", "condition.1", "condition_field", "1: password"},
		{"{\"related\":\"orders\",\"where\":{\"all\":[{\"field\":\"state\",\"op\":\"eq\",\"value\":\"lost\"}]}}", "condition.1.1", "condition_value", "1.1: state = lost"},
		{"{\"related\":\"shoes\"}", "condition.1", "condition_relation", "1: shoes"},
		{"{\"related\":\"orders\",\"measure\":\"sum\",\"of\":\"total\",\"op\":\"gt\",\"value\":1}", "condition.1", "condition_of", "1: total"},
		{"{\"related\":\"orders\",\"measure\":\"count\",\"op\":\"gt\",\"value\":1,\"within\":3}", "condition.1", "condition_word", "1: within"},
		{"{\"share\":101}", "condition.1", "condition_share", "1"},
		{"{\"segment\":\"77\"}", "condition.1", "condition_segment", "1: 77"},
		{"{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[{\"all\":[]}]}]}]}]}]}]}]}]}]}]}", "condition.1.1.1.1.1.1.1.1.1.1",
		 "condition_deep", "1.1.1.1.1.1.1.1.1.1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ctx *ctx = shop_request(&shop, shop_boss());
		struct condition *condition;
		enum err err = condition_parse(ctx, shop_info(&shop, CUSTOMER_E), bad[i].tree, &condition);
		const struct fault *f = &ctx->faults.list[0];
		if ((err != ERR_INVALID && err != ERR_LIMIT) || ctx->faults.count != 1)
			test_failed("%s: %d", bad[i].tree, err);
		assert_string_equal(f->field, bad[i].field);
		assert_string_equal(f->key, bad[i].key);
		if (bad[i].arg)
			assert_string_equal(f->arg, bad[i].arg);
	}
}

/* What one may not see can't be asked for, and not counted either. */
static void rights_hold_inside(void **state)
{
	struct ctx *ctx = shop_request(&shop, shop_seller());
	struct condition *condition;
	(void)state;
	assert_int_equal(condition_parse(ctx, shop_info(&shop, CUSTOMER_E), "{\"field\":\"phone\",\"op\":\"like\",\"value\":\"+86*\"}", &condition), ERR_FORBIDDEN);
	ctx = shop_request(&shop, shop_seller());
	assert_int_equal(condition_parse(ctx, shop_info(&shop, CUSTOMER_E), "{\"field\":\"credit\",\"op\":\"gt\",\"value\":\"1\"}", &condition), ERR_INVALID);
	assert_string_equal(ctx->faults.list[0].key, "condition_field");
	ctx = shop_request(&shop, shop_clerk());
	assert_int_equal(condition_parse(ctx, shop_info(&shop, CUSTOMER_E), "{\"related\":\"orders\"}", &condition), ERR_INVALID);
	assert_string_equal(ctx->faults.list[0].key, "condition_relation");
}

static void words_are_plain(void **state)
{
	static const struct {
		const char *tree, *en, *zh;
	} said[] = {
		{"{\"all\":[{\"field\":\"city\",\"op\":\"eq\",\"value\":\"杭州\"},{\"any\":[{\"field\":\"visits\",\"op\":\"gte\",\"value\":3},{\"field\":\"vip\",\"op\":\"is\",\"value\":\"true\"}]}]}",
		 "city is 杭州 and (visits is at least 3 or vip is yes)", "city是杭州且（visits不少于3或vip为“是”）"},
		{"{\"related\":\"orders\",\"where\":{\"field\":\"placed_at\",\"op\":\"gte\",\"value\":\"now-90d\"},\"measure\":\"count\",\"op\":\"gte\",\"value\":3}",
		 "number of orders where placed is not before 90 days ago is at least 3", "orders（placed不早于90天前）的数量不少于3"},
		{"{\"not\":{\"field\":\"owner_id\",\"op\":\"eq\",\"value\":\"12\"}}", "not (owner is Seller)", "不满足（owner是Seller）"},
		{"{\"field\":\"created_at\",\"op\":\"gte\",\"value\":\"month-1m\"}", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct ctx *ctx = shop_request(&shop, shop_boss());
		struct condition *condition;
		const char *words;
		ctx->locale = LOCALE_EN;
		assert_int_equal(condition_parse(ctx, shop_info(&shop, CUSTOMER_E), said[i].tree, &condition), OK);
		assert_int_equal(condition_say(ctx, condition, &words), OK);
		if (said[i].en)
			assert_string_equal(words, said[i].en);
		ctx->locale = LOCALE_ZH_HANS;
		assert_int_equal(condition_say(ctx, condition, &words), OK);
		if (said[i].zh)
			assert_string_equal(words, said[i].zh);
		ctx->locale = LOCALE_EN;
	}
}

static void shares_are_even_and_apart(void **state)
{
	struct condition_seed a, b;
	int64_t in_a = 0, in_both = 0, n = 200000, id = INT64_C(900719925474099);
	(void)state;
	condition_seed("spring", &a);
	condition_seed("autumn", &b);
	for (int64_t i = 0; i < n; i++) {
		id += i % 3 ? 1 : 4096 * 17;
		bool first = condition_share(&a, id) * 10 < CONDITION_SHARE_PRIME, second = condition_share(&b, id) * 10 < CONDITION_SHARE_PRIME;
		in_a += first;
		in_both += first && second;
	}
	/* 20,000 and 2,000, give or take five standard deviations */
	assert_in_range(in_a, 19330, 20670);
	assert_in_range(in_both, 1777, 2223);
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
	shop.ctx.clock = clock_system();
	shop_close(&shop);
	return 0;
}

int suite_query_condition(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_and_one_agree), cmocka_unit_test(nothing_turns_before_next), cmocka_unit_test(refusals_name_the_place),
		cmocka_unit_test(rights_hold_inside), cmocka_unit_test(words_are_plain), cmocka_unit_test(shares_are_even_and_apart),
	};
	int failed = cmocka_run_group_tests_name("query_condition on SQLite", tests, open_lite, close_shop);
	if (shop_has_postgres())
		failed += cmocka_run_group_tests_name("query_condition on PostgreSQL", tests, open_postgres, close_shop);
	return failed;
}
