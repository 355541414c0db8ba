/* Terms, expressions, words typed, distances: without a database. */
#include "search_test.h"

#include "core/search/expr.h"
#include "core/search/match.h"
#include "core/search/source.h"

static struct arena arena;
static struct ctx ctx;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return text_open(&ctx) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const char *terms_of(const char *text, enum text_kind kind)
{
	struct buf source, terms;
	const struct search_part part = {text, kind, 3};
	const struct search_doc doc = {.entity = 1, .record_id = 1, .parts = &part, .n_parts = 1};
	buf_init(&source, 1 << 16);
	buf_init(&terms, 1 << 20);
	assert_int_equal(source_write(&ctx, &doc, &source), OK);
	source_terms(buf_text(&source), &terms);
	char *out = arena_strndup(&arena, buf_text(&terms), terms.len > 0 ? terms.len - 1 : 0);
	assert_non_null(out);
	buf_release(&source);
	buf_release(&terms);
	return out;
}

static void terms_are_as_written_down(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum text_kind kind;
		const char *terms;
	} list[] = {
		{"张伟", TEXT_NAME, "张 伟 张伟 zhangwei <zh <zhan zw wei =张伟"},
		{"張偉明", TEXT_NAME, "张 伟 张伟 明 伟明 zhangweiming <zh <zhan zwm <zw weiming"},
		{"孟　非", TEXT_NAME, "孟 非 孟非 mengfei <me <meng mf fei =孟非"},
		{"杭州 西湖", TEXT_WORDS, "杭州 州西 西湖"},
		{"杭州 a 西", TEXT_WORDS, "杭州 a 西"},
		{"John Smith", TEXT_NAME, "john <jo <john %ohn smith <sm <smit %mit %ith"},
		{"Li", TEXT_NAME, "li <li =li"},
		{"Ivo", TEXT_NAME, "ivo <iv =ivo"},
		{"杭州 abcde", TEXT_WORDS, "杭州 abcde"},
		{"杭", TEXT_WORDS, "杭"},
		{"+8613800138000", TEXT_NUMBER, "#13800138000 $0008310083168"},
		{"SO-24-01", TEXT_NUMBER, "#so2401 $1042os so 24 01"},
		{"wang.wei@qq.com", TEXT_EMAIL, "@wang.wei@qq.com @@qq.com wang wei"},
		{"Ёлкин", TEXT_NAME, "ёлкин <ёл <ёлки %лки %кин =ёлкин"},
		{"", TEXT_NAME, ""},
		{"!!!", TEXT_NAME, ""},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		assert_string_equal(terms_of(list[i].text, list[i].kind), list[i].terms);
	struct buf scope;
	buf_init(&scope, 1000);
	source_scope_terms(36, 0, 1, &scope);
	assert_string_equal(buf_text(&scope), "!o10 !b1 ");
	buf_release(&scope);
}

static void long_text_is_cut(void **state)
{
	(void)state;
	struct buf text, source;
	buf_init(&text, 1 << 20);
	buf_init(&source, 1 << 20);
	while (text.len < 500000)
		buf_puts(&text, "客户服务");
	const struct search_part parts[] = {{text.data, TEXT_WORDS, 1}, {"never", TEXT_WORDS, 2}};
	const struct search_doc doc = {.entity = 1, .record_id = 1, .parts = parts, .n_parts = 2};
	assert_int_equal(source_write(&ctx, &doc, &source), OK);
	assert_true(source.len <= SOURCE_MAX + 16);
	assert_true(utf8_valid(source.data, source.len));
	buf_release(&text);
	buf_release(&source);
}

static void expressions_are_quoted(void **state)
{
	(void)state;
	struct buf out;
	struct expr e;
	buf_init(&out, EXPR_MAX);
	expr_init(&e, &out, ENGINE_SQLITE);
	expr_or(&e);
	expr_term(&e, 0, "a\"b", 3);
	expr_and(&e);
	expr_end(&e);
	expr_and(&e);
	expr_term(&e, '%', "x) OR y", 7);
	expr_prefix(&e, '<', "NOT", 3);
	expr_end(&e);
	expr_end(&e);
	assert_string_equal(buf_text(&out), "(\"a\"\"b\" OR (\"%x) OR y\" AND \"<NOT\" *))");
	expr_init(&e, &out, ENGINE_POSTGRES);
	expr_and(&e);
	expr_term(&e, 0, "a'b\\", 4);
	expr_or(&e);
	expr_prefix(&e, '#', "1|2", 3);
	expr_term(&e, 0, "z", 1);
	expr_end(&e);
	expr_end(&e);
	struct buf of_entity;
	buf_init(&of_entity, EXPR_MAX);
	expr_for_entity(&out, 12, &of_entity);
	assert_string_equal(buf_text(&of_entity), "('12/a''b\\\\' & ('12/#1|2':* | '12/z'))");
	buf_release(&of_entity);
	expr_init(&e, &out, ENGINE_SQLITE);
	expr_and(&e);
	expr_or(&e);
	expr_end(&e);
	expr_end(&e);
	assert_true(expr_empty(&e));
	buf_release(&out);
}

static void typed_text_is_understood(void **state)
{
	(void)state;
	struct typed t;
	assert_int_equal(typed_parse(&ctx, "  張偉 John O'Brien 8000 ", &t), OK);
	assert_int_equal(t.n_words, 4);
	assert_memory_equal(t.words[0].text, "张伟", 6);
	assert_int_equal(t.words[0].kind, WORD_UNSPACED);
	assert_int_equal(t.words[0].chars, 2);
	assert_memory_equal(t.words[2].text, "obrien", 6);
	assert_int_equal(t.words[2].kind, WORD_LETTERS);
	assert_int_equal(t.words[3].kind, WORD_DIGITS);
	assert_null(t.number);
	assert_int_equal(typed_parse(&ctx, "+86 138-0013 8000", &t), OK);
	assert_string_equal(t.number, "8613800138000");
	assert_null(t.stripped);
	assert_int_equal(typed_parse(&ctx, "0571 8888", &t), OK);
	assert_string_equal(t.stripped, "5718888");
	assert_int_equal(typed_parse(&ctx, "SO-2024/01", &t), OK);
	assert_string_equal(t.number, "so202401");
	assert_int_equal(typed_parse(&ctx, "Wang@QQ.com x", &t), OK);
	assert_int_equal(t.words[0].kind, WORD_EMAIL);
	assert_memory_equal(t.words[0].text, "wang@qq.com", t.words[0].n);
	assert_int_equal(typed_parse(&ctx, "@qq.com", &t), OK);
	assert_int_equal(t.words[0].kind, WORD_EMAIL);
	assert_memory_equal(t.words[0].text, "@qq.com", t.words[0].n);
	static const char *const nothing[] = {"", "   ", "!?*\"'", "\xFF\xFE", "😀", "@"};
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
		assert_int_equal(typed_parse(&ctx, nothing[i], &t), OK);
		assert_int_equal(t.n_words, 0);
	}
	char big[5000];
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = 0;
	assert_int_equal(typed_parse(&ctx, big, &t), OK);
	assert_int_equal(t.n_words, 1);
	assert_true(t.words[0].n <= TYPED_MAX);
}

static void distances(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		size_t max, distance;
	} list[] = {
		{"john", "john", 2, 0}, {"john", "jonh", 2, 1}, {"john", "jon", 2, 1}, {"john", "johnn", 2, 1},
		{"john", "jahn", 2, 1}, {"john", "jan", 2, 2}, {"john", "mary", 2, 3}, {"kristofersen", "kristoffersen", 2, 1},
		{"ёлка", "елка", 1, 1}, {"", "a", 1, 1}, {"abcdef", "fedcba", 2, 3},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		assert_int_equal(match_distance(list[i].a, strlen(list[i].a), list[i].b, strlen(list[i].b), list[i].max), list[i].distance);
}

static enum tier tier_of(const char *name, const char *typed)
{
	struct buf source;
	struct typed t;
	const struct search_part part = {name, TEXT_NAME, 0};
	const struct search_doc doc = {.entity = 1, .record_id = 1, .parts = &part, .n_parts = 1};
	buf_init(&source, 1 << 16);
	assert_int_equal(source_write(&ctx, &doc, &source), OK);
	assert_int_equal(typed_parse(&ctx, typed, &t), OK);
	t.typos = true;
	enum tier tier = match_source(&t, buf_text(&source), NULL, 1);
	buf_release(&source);
	return tier;
}

static void tiers_are_ordered(void **state)
{
	(void)state;
	assert_int_equal(tier_of("张伟", "張偉"), TIER_EXACT);
	assert_int_equal(tier_of("张伟明", "张伟"), TIER_PREFIX);
	assert_int_equal(tier_of("老张伟", "张伟"), TIER_WORD);
	assert_int_equal(tier_of("张伟", "zhangwei"), TIER_SOUND);
	assert_int_equal(tier_of("张伟", "zhang wei"), TIER_SOUND);
	assert_int_equal(tier_of("张伟", "wei zhang"), TIER_START);
	assert_int_equal(tier_of("张伟", "zw"), TIER_WORD);
	assert_int_equal(tier_of("张伟明", "weiming"), TIER_WORD);
	assert_int_equal(tier_of("张伟", "zhangw"), TIER_START);
	assert_int_equal(tier_of("张伟", "张 伟"), TIER_EXACT);
	assert_int_equal(tier_of("John Smith", "john  SMITH"), TIER_EXACT);
	assert_int_equal(tier_of("John Smith", "john sm"), TIER_PREFIX);
	assert_int_equal(tier_of("John Smith", "john"), TIER_FIRST);
	assert_int_equal(tier_of("Johnny Smith", "john"), TIER_PREFIX);
	assert_int_equal(tier_of("John Smith", "smith"), TIER_WORD);
	assert_int_equal(tier_of("John Smith", "smith john"), TIER_WORD);
	assert_int_equal(tier_of("John Smith", "smi"), TIER_START);
	assert_int_equal(tier_of("John Smith", "mit"), TIER_FRAGMENT);
	assert_int_equal(tier_of("John Smith", "smtih"), TIER_TYPO);
	assert_int_equal(tier_of("John Smith", "smith mary"), TIER_NONE);
	assert_int_equal(tier_of("张三伟", "张伟"), TIER_NONE);
	assert_int_equal(tier_of("René", "rene"), TIER_EXACT);
}

int run_unit_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(terms_are_as_written_down, setup, teardown),
		cmocka_unit_test_setup_teardown(long_text_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(expressions_are_quoted, setup, teardown),
		cmocka_unit_test_setup_teardown(typed_text_is_understood, setup, teardown),
		cmocka_unit_test_setup_teardown(distances, setup, teardown),
		cmocka_unit_test_setup_teardown(tiers_are_ordered, setup, teardown),
	};
	return cmocka_run_group_tests_name("search: words", tests, NULL, NULL);
}
