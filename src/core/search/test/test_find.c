/* What is found, in which order, by whom. */
#include "search_test.h"

#include "core/search/source.h"

static enum engine engine;

static int setup(void **state)
{
	(void)state;
	open_index(engine);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close_index();
	return 0;
}

static void take_in(void);

static const struct put shop[] = {
	{CUSTOMER, 101, "张伟", "+8613800138000", "zhang.wei@qq.com", NULL, 0, 0, 0, 1},
	{CUSTOMER, 102, "張偉明", "+8613900139000", NULL, NULL, 0, 0, 0, 1},
	{CUSTOMER, 103, "王张伟", "+8615012345678", NULL, "杭州西湖区文三路", 0, 0, 0, 1},
	{CUSTOMER, 104, "John Smith", "+12025550123", "john@example.com", NULL, 0, 0, 0, 1},
	{CUSTOMER, 105, "Johnny Smithson", NULL, "johnny@acme.co.uk", NULL, 0, 0, 0, 1},
	{CUSTOMER, 106, "Kristoffer Müller", NULL, NULL, "likes green tea", 0, 0, 0, 1},
	{CUSTOMER, 107, "欧阳娜娜", NULL, NULL, "杭州滨江", 0, 0, 0, 1},
	{CUSTOMER, 108, "单雄信", NULL, NULL, NULL, 0, 0, 0, 1},
	{CUSTOMER, 109, "吕布", NULL, NULL, NULL, 0, 0, 0, 1},
	{ORDER, 201, NULL, "SO-2024-000123", NULL, "送到杭州", 0, 0, 0, 2},
	{ORDER, 202, NULL, "SO-2024-000124", NULL, NULL, 0, 0, 0, 2},
	{PRODUCT, 301, "绿茶 Green Tea 500g", "TEA-500", NULL, NULL, 0, 0, 0, 3},
};

static const struct {
	const char *typed, *ids;
} questions[] = {
	/* Chinese: exact, then starts so, then contains; either script */
	{"张伟", "101 102 103"}, {"張偉", "101 102 103"}, {"張偉明", "102"}, {"伟明", "102"}, {"张", "102 101 103"},
	{"杭州", "107 103 201"}, {"西湖区", "103"}, {"张明", ""},
	/* pinyin, initials, parts of them */
	{"zhangwei", "101 103 102"}, {"zhangweiming", "102"}, {"zhang wei", "101 103 102"}, {"Wei Zhang", "101 102 103"},
	{"zw", "101 102"}, {"zwm", "102"}, {"zhangw", "103 102 101"}, {"zha", "103 102 101"}, {"ouyang", "107"}, {"nana", "107"},
	{"oynn", "107"}, {"shanxiongxin", "108"}, {"danxiongxin", "108"}, {"lvbu", "109"}, {"lubu", "109"}, {"weiming", "102"},
	/* Latin: word, start, fragment, accents, case */
	{"smith", "104 105"}, {"JOHN", "104 105"}, {"john smith", "104 105"}, {"smith john", "104 105"}, {"jo", "105 104"},
	{"smithso", "105"}, {"mith", "105 104"}, {"toff", "106"}, {"muller", "106"}, {"Müller", "106"}, {"kristoffer mü", "106"},
	{"green", "106 301"}, {"gre", "106 301"}, {"green tea", "106 301"},
	/* typing errors */
	{"smiht", "104"}, {"jonh smith", "104"}, {"kristofer", "106"}, {"kristoffre", "106"}, {"cristoffer", "106"}, {"mulller", "106"},
	/* numbers */
	{"8000", "101"}, {"138000", "101"}, {"13800138000", "101"}, {"+86 138 0013 8000", "101"}, {"8613800138000", "101"},
	{"1380013", "101"}, {"138-0013", "101"}, {"0138000", "101"}, {"9000", "102"}, {"2025550123", "104"},
	{"(202) 555-0123", "104"}, {"12025550123", "104"}, {"张伟 8000", "101"}, {"8000 伟", "101"},
	{"SO-2024-000123", "201"}, {"so2024000123", "201"}, {"000123", "201"}, {"so-2024", "202 201"}, {"0124", "202"},
	{"tea-500", "301"}, {"TEA 500", "301"}, {"500g", "301"},
	/* addresses */
	{"zhang.wei@qq.com", "101"}, {"ZHANG.WEI@QQ.COM", "101"}, {"zhang.wei@", "101"}, {"zhang.wei", "101 103 102"}, {"@qq.com", "101"},
	{"acme.co.uk", "105"}, {"@acme", "105"}, {"johnny@", "105"}, {"example", "104"},
	/* nothing */
	{"", ""}, {"   ", ""}, {"nobody", ""}, {"12345", ""}, {"\xFF", ""}, {"*", ""},
};

static void ask_all(void)
{
	int wrong = 0;
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		const char *ids = found(questions[i].typed);
		if (strcmp(ids, questions[i].ids) != 0) {
			print_error("\"%s\": %s, expected %s\n", questions[i].typed, ids, questions[i].ids);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void a_shop_is_searched(void **state)
{
	(void)state;
	put_all(shop, sizeof shop / sizeof *shop);
	ask_all(); /* while all wait */
	take_in();
	ask_all(); /* from the full-text table */
	assert_whole();
}

static enum err optimize_job(struct ctx *ctx, void *arg)
{
	bool more;
	return search_optimize(ctx, *(int *)arg, true, &more);
}

static void take_in(void)
{
	int pages = 0;
	assert_int_equal(store_write(&w.ctx, w.store, optimize_job, &pages), OK);
}

/* Exact names come first however many others there are, and however new. */
static void exact_comes_first(void **state)
{
	(void)state;
	static struct put list[3000];
	put_name(CUSTOMER, 1, "王伟");
	put_name(CUSTOMER, 2, "Lee");
	for (size_t i = 0; i < 3000; i++)
		list[i] = (struct put){.entity = CUSTOMER, .id = (int64_t)(10 + i), .name = i % 2 ? "王伟明" : "Lee Brown"};
	put_all(list, 3000);
	take_in();
	assert_string_equal(found_in(CUSTOMER, "王伟", 3), "1 3009 3007");
	assert_string_equal(found_in(CUSTOMER, "lee", 3), "2 3008 3006");
	/* and rare starts are found among very many */
	put_name(CUSTOMER, 5, "Leeuwenhoek");
	take_in();
	assert_string_equal(found_in(CUSTOMER, "leeuw", 3), "5");
}

static void entities_do_not_hide_each_other(void **state)
{
	(void)state;
	static struct put list[2000];
	put_name(ORDER, 1, "西湖龙井");
	put_name(PRODUCT, 2, "西湖龙井");
	put_name(NOTE, 3, "西湖龙井");
	for (size_t i = 0; i < 2000; i++)
		list[i] = (struct put){.entity = i % 2 ? CUSTOMER : PRODUCT, .id = (int64_t)(10 + i), .name = "西湖龙井铺", .rank = i % 2 ? 0 : 1};
	put_all(list, 2000);
	take_in();
	struct search_hit *hits;
	size_t n, per[ENTITIES] = {0};
	bool more;
	assert_int_equal(search_find(&w.ctx, "西湖", NULL, 0, 4, &hits, &n, &more), OK);
	for (size_t i = 0; i < n; i++)
		per[hits[i].entity]++;
	assert_true(more);
	assert_int_equal(per[CUSTOMER], 4);
	assert_int_equal(per[PRODUCT], 4);
	assert_int_equal(per[ORDER], 1);
	assert_int_equal(per[NOTE], 1);
	assert_int_equal(hits[0].entity, CUSTOMER); /* by rank */
	const size_t two[] = {ORDER, NOTE};
	assert_int_equal(search_find(&w.ctx, "西湖", two, 2, 4, &hits, &n, &more), OK);
	assert_int_equal(n, 2);
	assert_false(more);
}

/* --- rights ------------------------------------------------------------------ */

static uint8_t fields_hidden[16];
static struct entity_rights rights[ENTITIES];
static const int64_t teams[] = {20, 21};
static struct actor clerk = {.kind = ACTOR_USER, .user_id = 1000, .team_id = 20, .branch_id = 30, .teams = teams, .n_teams = 2,
                             .rights = rights, .n_rights = ENTITIES};

static void allow(size_t entity, enum scope scope)
{
	memset(rights, 0, sizeof rights);
	rights[entity].scope[ACTION_READ] = (uint8_t)scope;
	w.ctx.actor = &clerk;
}

static void only_permitted_rows(void **state)
{
	(void)state;
	static struct put list[2000];
	for (size_t i = 0; i < 2000; i++)
		list[i] = (struct put){.entity = CUSTOMER, .id = (int64_t)(100 + i), .name = "张伟明", .owner = 5, .team = 6, .branch = 7};
	const struct put mine[] = {
		{CUSTOMER, 1, "张伟甲", NULL, NULL, NULL, 1000, 6, 7, 0},
		{CUSTOMER, 2, "张伟乙", NULL, NULL, NULL, 5, 21, 7, 0},
		{CUSTOMER, 3, "张伟丙", NULL, NULL, NULL, 5, 6, 30, 0},
		{CUSTOMER, 4, "张伟丁", NULL, NULL, NULL, 0, 0, 0, 0},
		{NOTE, 5, "张伟戊", NULL, NULL, NULL, 1000, 20, 30, 0},
	};
	put_all(mine, 5);
	put_all(list, 2000);
	for (int round = 0; round < 2; round++) {
		allow(CUSTOMER, SCOPE_OWN);
		assert_string_equal(found("张伟"), "1");
		assert_string_equal(found_in(CUSTOMER, "zhangwei", 5), "1");
		allow(CUSTOMER, SCOPE_TEAM);
		assert_string_equal(found("张伟"), "2 1");
		allow(CUSTOMER, SCOPE_BRANCH);
		assert_string_equal(found("张伟"), "3 2 1");
		allow(CUSTOMER, SCOPE_NONE);
		assert_string_equal(found("张伟"), "");
		assert_string_equal(found_in(CUSTOMER, "张伟", 5), "");
		allow(NOTE, SCOPE_ALL);
		assert_string_equal(found("张伟"), "5");
		assert_string_equal(found_in(CUSTOMER, "张伟", 5), "");
		w.ctx.actor = NULL;
		assert_string_equal(found("张伟"), "");
		w.ctx.actor = gate_system();
		assert_string_equal(found_in(CUSTOMER, "张伟丁", 5), "4");
		take_in();
	}
	/* a change of owner changes who finds it */
	const struct put moved = {CUSTOMER, 1, "张伟甲", NULL, NULL, NULL, 5, 6, 7, 0};
	put_all(&moved, 1);
	allow(CUSTOMER, SCOPE_OWN);
	assert_string_equal(found("张伟"), "");
	take_in();
	assert_string_equal(found("张伟"), "");
	w.ctx.actor = gate_system();
	assert_whole();
}

/* What a person may not read must not find anything: neither hidden nor masked fields. */
static void hidden_fields_find_nothing(void **state)
{
	(void)state;
	const struct put p = {CUSTOMER, 1, "张伟", "+8613800138000", "wei@example.com", "老客户", 0, 0, 0, 0};
	put_all(&p, 1);
	memset(fields_hidden, RIGHT_WRITE, sizeof fields_hidden);
	for (int round = 0; round < 2; round++) {
		allow(CUSTOMER, SCOPE_ALL);
		rights[CUSTOMER].fields = fields_hidden;
		fields_hidden[PHONE] = round ? RIGHT_HIDDEN : RIGHT_MASKED;
		assert_string_equal(found("8000"), "");
		assert_string_equal(found("13800138000"), "");
		assert_string_equal(found("张伟 8000"), "");
		assert_string_equal(listed(CUSTOMER, "8000"), "");
		assert_string_equal(found("张伟"), "1");
		assert_string_equal(found("wei@example.com"), "1");
		assert_string_equal(listed(CUSTOMER, "张伟"), "1");
		fields_hidden[EMAIL] = RIGHT_HIDDEN;
		assert_string_equal(found("wei@example.com"), "");
		assert_string_equal(found("example"), "");
		fields_hidden[EMAIL] = RIGHT_READ;
		take_in();
	}
}

/* --- whatever is typed --------------------------------------------------------- */

static void nothing_typed_breaks_the_query(void **state)
{
	(void)state;
	put_all(shop, sizeof shop / sizeof *shop);
	take_in();
	static const char *const nasty[] = {
		"\"", "'", "''", "\\", "a\\'b", "NEAR(a b)", "a OR b", "NOT", "AND", "a AND", "(", ")", "a*", "^a", "{a}: b", "col:x",
		"<jo", "%ohn", "!o1", "=张伟", "#13800138000", "$0008", "@@qq.com", "~x", "a & b", "a | b", "!a", "a:*", "a <-> b",
		"'; DROP TABLE thing; --", "张*伟", "x\" OR \"y", "%s%n", "\x01\x02", "a\tb\nc", "𠮷", "ﷺ", "à́̂̃", "\u202Eabc", "0", "00000", "++++",
		"a@", "@", "@@", "a@@b", "@a@b@", "1@2", "....", "#", "-1", "1 2 3 4 5 6 7 8 9 10 11 12",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	for (size_t i = 0; i < sizeof nasty / sizeof *nasty; i++) {
		(void)found(nasty[i]);
		(void)listed(CUSTOMER, nasty[i]);
	}
	/* Terms of the grammar typed as such find what their letters find, not what the terms mean. */
	assert_string_equal(found("!o1"), "");
	uint64_t seed = 99;
	static const char *const bits[] = {"\"", "'", "\\", "(", ")", "*", ":", "&", "|", "!", "<", "%", "@", " ", "a", "jo", "张", "伟", "8000", "\xF0", "é", "-"};
	for (int round = 0; round < (engine == ENGINE_SQLITE ? 3000 : 600); round++) {
		char typed[200] = "";
		struct arena_mark mark = arena_mark(&w.arena);
		for (int k = 0; k < 1 + round % 17; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			const char *bit = bits[(seed >> 33) % (sizeof bits / sizeof *bits)];
			memcpy(typed + strlen(typed), bit, strlen(bit) + 1);
		}
		(void)found(typed);
		if (round % 4 == 0)
			(void)listed(CUSTOMER, typed);
		arena_rewind(&w.arena, mark);
	}
	assert_string_equal(found("张伟"), "101 102 103");
}

/* --- lists ---------------------------------------------------------------------- */

static void lists_are_complete(void **state)
{
	(void)state;
	put_all(shop, sizeof shop / sizeof *shop);
	for (int round = 0; round < 2; round++) {
		assert_string_equal(listed(CUSTOMER, "张伟"), "101 102 103");
		assert_string_equal(listed(CUSTOMER, "杭州"), "103 107");
		assert_string_equal(listed(ORDER, "杭州"), "201");
		assert_string_equal(listed(CUSTOMER, "zha"), "101 102 103");
		assert_string_equal(listed(CUSTOMER, "mith"), "104 105");
		assert_string_equal(listed(CUSTOMER, "jo"), "104 105");
		assert_string_equal(listed(CUSTOMER, "8000"), "101");
		assert_string_equal(listed(ORDER, "000123"), "201");
		assert_string_equal(listed(CUSTOMER, "zhang.wei@qq.com"), "101");
		assert_string_equal(listed(CUSTOMER, "smiht"), "");
		assert_string_equal(listed(CUSTOMER, ""), "");
		assert_string_equal(listed(CUSTOMER, "!"), "");
		take_in();
	}
}

/* Over the limit of ids, the rows themselves are asked: the result is the same. */
static void long_lists_are_complete(void **state)
{
	(void)state;
	enum { MANY = 6000 };
	struct put *list = calloc(MANY, sizeof *list);
	assert_non_null(list);
	for (size_t i = 0; i < MANY; i++)
		list[i] = (struct put){.entity = CUSTOMER, .id = (int64_t)(1 + i), .name = i % 3 == 2 ? "John Doe" : "王伟明",
		                       .text = i % 2 ? "vip 会员" : NULL};
	for (size_t i = 0; i < MANY; i += 1000)
		put_all(list + i, 1000);
	take_in();
	static const struct {
		const char *typed;
		size_t rows;
	} expected[] = {{"王伟", 4000}, {"wa", 4000}, {"vip", 3000}, {"会员 王", 2000}, {"john", 2000}};
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
			const char *ids = listed(CUSTOMER, expected[i].typed);
			size_t rows = 1;
			for (const char *p = ids; *p; p++)
				rows += *p == ' ';
			assert_int_equal(rows, expected[i].rows + (round == 0 ? 0 : i < 2 ? 2000 : i == 3 ? 1000 : 0));
		}
		/* now over 5,000 */
		for (size_t i = 0; i < MANY; i++)
			if (i % 3 == 2)
				list[i].name = "John 王伟";
		for (size_t i = 0; i < MANY; i += 1000)
			put_all(list + i, 1000);
		const char *condition, *bind;
		size_t n;
		assert_int_equal(search_condition(&w.ctx, CUSTOMER, "t0", "王伟", 1, &condition, &bind, &n), OK);
		assert_int_equal(strstr(condition, "EXISTS") != NULL, 1);
	}
	free(list);
}

int run_find_tests(enum engine on)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_shop_is_searched, setup, teardown),
		cmocka_unit_test_setup_teardown(exact_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(entities_do_not_hide_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(only_permitted_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden_fields_find_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_typed_breaks_the_query, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_complete, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lists_are_complete, setup, teardown),
	};
	engine = on;
	return cmocka_run_group_tests_name(on == ENGINE_SQLITE ? "search: finding, SQLite" : "search: finding, PostgreSQL", tests, NULL, NULL);
}
