/* Cleaning, folding, masks, Traditional Chinese. */
#include "text_test.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/unorm2.h>

#include "base/str.h"
#include "core/text/text.h"
#include "core/text/text_internal.h"

static const char *clean(struct fixture *f, const char *in, bool lines)
{
	const char *out;
	size_t n;
	assert_int_equal(text_clean(&f->ctx, in, strlen(in), lines, &out, &n), OK);
	assert_int_equal(strlen(out), n);
	assert_true(utf8_valid(out, n));
	return out;
}

static const char *fold(struct fixture *f, const char *in)
{
	const char *out;
	size_t n;
	assert_int_equal(text_fold(&f->ctx, in, strlen(in), &out, &n), OK);
	assert_int_equal(strlen(out), n);
	assert_true(utf8_valid(out, n));
	return out;
}

static void clean_makes_nfc_and_tidy_space(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *line, *lines;
	} list[] = {
		{"", "", ""},
		{"   ", "", ""},
		{"  a \t b  ", "a b", "a b"},
		{"a\r\nb\rc\n\n d", "a b c d", "a\nb\nc\n\nd"},
		{"\n\n王伟\n", "王伟", "王伟"},
		{"王　伟", "王 伟", "王 伟"},
		{"a \n b", "a b", "a\nb"},
		{"a\u2028b", "a b", "a\nb"},
		{"cafe\u0301", "café", "café"},
		{"\u1112\u1161\u11ab", "\ud55c", "\ud55c"},
		{"か\u3099", "が", "が"},
		{"a\x01\x7f\xC2\x85" "b", "a b", "a\nb"},
		{"\u202Eabc\u202C \u200Fx\uFEFF\u200B", "abc x", "abc x"},
		{"\u2066a\u2069", "a", "a"},
		{"سلام\u200F", "سلام", "سلام"},
		{"\u3164", "", ""},
		{"👨\u200D👩\u200D👧 ❤\uFE0F", "👨\u200D👩\u200D👧 ❤\uFE0F", "👨\u200D👩\u200D👧 ❤\uFE0F"},
		{"🏴\U000E0067\U000E0062\U000E007F", "🏴\U000E0067\U000E0062\U000E007F", "🏴\U000E0067\U000E0062\U000E007F"},
		{"a\U000E0067", "a", "a"},
		{"ＡＢ１", "ＡＢ１", "ＡＢ１"}, /* width is the writer's business; only comparing folds it */
		{"\xFFx\xE4\xBD", "\uFFFDx\uFFFD", "\uFFFDx\uFFFD"},
		{"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD"}, /* a surrogate is no character */
		{"\xC0\xAF", "\uFFFD\uFFFD", "\uFFFD\uFFFD"},
		{"\xF0\x9F\x98", "\uFFFD", "\uFFFD"},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_string_equal(clean(f, list[i].in, false), list[i].line);
		assert_string_equal(clean(f, list[i].in, true), list[i].lines);
		assert_string_equal(clean(f, clean(f, list[i].in, true), true), list[i].lines);
	}
	const char *out;
	size_t n;
	assert_int_equal(text_clean(&f->ctx, "a\0b\0", 4, false, &out, &n), OK);
	assert_string_equal(out, "ab");
	assert_int_equal(n, 2);
}

static void fold_makes_alike_what_is_alike(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *out;
	} list[] = {
		{"", ""},
		{"John  SMITH ", "john smith"},
		{"ＪＯＨＮ　１２３", "john 123"},
		{"張偉", "张伟"},
		{"臺灣後裡麵髮", "台湾后里面发"},
		{"René Müller", "rene muller"},
		{"Rene\u0301 Mu\u0308ller", "rene muller"},
		{"STRAẞE straße", "strasse strasse"},
		{"Ðorđe Łukasz Øystein Æsir", "dorde lukasz oystein aesir"},
		{"Nguyễn Thị Hồng", "nguyen thi hong"},
		{"ﬁn ²", "fin 2"},
		{"ｶﾞ ガ", "ガ ガ"},
		{"Ёлка", "ёлка"},
		{"İstanbul", "istanbul"},
		{"①㈱", "1(株)"},
		{"豈\uF900", "岂岂"},
		{"a\u200Db\u00ADc\uFEFF", "abc"},
		{"\u202Ea", "a"},
		{"a\tb\nc", "a b c"},
		{"😀👍🏽", "😀👍🏽"},
		{"𝓙𝓸𝓱𝓷", "john"},
		{"𠮷野家", "吉野家"},
		{"髙﨑 渡邉 渡邊 渡辺", "高崎 渡边 渡边 渡边"},
		{"沢 澤 泽 桜 櫻 樱", "泽 泽 泽 樱 樱 樱"},
		{"裡裏里 戶户戸 着著 國国圀", "里里里 户户户 着着 国国国"},
		{"佐々木 々", "佐佐木 々"},
		{"葛\U000E0100飾 葛\uFE00", "葛饰 葛"},
		{"か゛ｷﾞハ゜", "がギパ"},
		{"霞ヶ関 一ヵ月", "霞ケ关 一カ月"},
		{"O´Brien O’Brien ŉ", "o'brien o'brien 'n"},
		{"1–2—3‑4−5", "1-2-3-4-5"},
		{"\u1112\u1161\u11AB", "한"},
		{"\xFF", "\uFFFD"},
		{"x\u0301", "x"},
		{"\u0301", "\u0301"},
		{"ﷺ", "صلى الله عليه وسلم"},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		assert_string_equal(fold(f, list[i].in), list[i].out);
		assert_string_equal(fold(f, list[i].out), list[i].out);
	}
	const char *out;
	size_t n;
	assert_int_equal(text_fold(&f->ctx, "A\0B", 3, &out, &n), OK);
	assert_string_equal(out, "a b");
}

/* The table alone and ICU's normaliser followed by the table must agree. */
static void fold_table_agrees_with_icu(void **state)
{
	struct fixture *f = *state;
	UErrorCode code = U_ZERO_ERROR;
	const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&code);
	struct arena_mark mark = arena_mark(f->ctx.arena);
	for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		char one[5] = {0}, *back;
		UChar *wide, *normal;
		int32_t n_wide, n_normal;
		size_t n_back;
		size_t n = utf8_encode(cp, one);
		assert_int_equal(text_to_utf16(&f->ctx, one, n, &wide, &n_wide), OK);
		assert_int_equal(text_normalise16(&f->ctx, form, wide, n_wide, &normal, &n_normal), OK);
		assert_int_equal(text_from_utf16(&f->ctx, normal, n_normal, &back, &n_back), OK);
		const char *direct = fold(f, one), *twice = fold(f, back);
		if (cp != 0xB4) /* a blank and an accent to ICU */
			assert_string_equal(direct, twice);
		assert_string_equal(fold(f, direct), direct);
		arena_rewind(f->ctx.arena, mark);
	}
}

static void any_bytes_are_survived(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = 42;
	struct arena_mark mark = arena_mark(f->ctx.arena);
	for (int round = 0; round < 20000; round++) {
		char bytes[40];
		size_t n = (size_t)(round % 40);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = (char)(seed >> 56);
			if (round & 1 && i % 3 == 0)
				bytes[i] = "\xE4\xCC\xF0\x81\xE3"[(unsigned)(seed >> 40) % 5];
		}
		const char *out, *full, *initials;
		size_t n_out;
		struct buf tokens;
		buf_init(&tokens, 4096);
		assert_int_equal(text_clean(&f->ctx, bytes, n, round & 2, &out, &n_out), OK);
		assert_true(utf8_valid(out, n_out));
		assert_int_equal(text_fold(&f->ctx, bytes, n, &out, &n_out), OK);
		assert_true(utf8_valid(out, n_out));
		assert_int_equal(text_pinyin(&f->ctx, bytes, n, &full, &initials), OK);
		for (int kind = TEXT_WORDS; kind <= TEXT_EMAIL; kind++)
			assert_int_equal(text_index_tokens(&f->ctx, bytes, n, (enum text_kind)kind, &tokens), OK);
		assert_true(utf8_valid(buf_text(&tokens), tokens.len));
		assert_null(strpbrk(buf_text(&tokens), "\"\\\n\t()"));
		buf_release(&tokens);
		arena_rewind(f->ctx.arena, mark);
	}
}

static void a_megabyte_is_fine(void **state)
{
	struct fixture *f = *state;
	static const char *const pieces[] = {"客户 ", "e\u0301", "ab ", "\xFF", "\u202E", "ﷺ"};
	for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
		struct arena_mark mark = arena_mark(f->ctx.arena);
		struct buf big, tokens;
		buf_init(&big, 2 << 20);
		buf_init(&tokens, 32 << 20);
		while (big.len < 1 << 20)
			buf_puts(&big, pieces[k]);
		const char *out;
		size_t n;
		assert_int_equal(text_clean(&f->ctx, big.data, big.len, true, &out, &n), OK);
		assert_int_equal(text_fold(&f->ctx, big.data, big.len, &out, &n), OK);
		assert_true(utf8_valid(out, n));
		assert_int_equal(text_index_tokens(&f->ctx, big.data, big.len, TEXT_NAME, &tokens), OK);
		buf_release(&big);
		buf_release(&tokens);
		arena_rewind(f->ctx.arena, mark);
	}
}

static void memory_end_is_an_error(void **state)
{
	(void)state;
	struct arena small;
	struct ctx ctx;
	arena_init(&small, 2000);
	ctx_init(&ctx, &small, clock_system());
	char big[4000];
	const char *out;
	size_t n;
	memset(big, 'x', sizeof big);
	assert_int_equal(text_clean(&ctx, big, sizeof big, false, &out, &n), ERR_LIMIT);
	assert_int_equal(text_fold(&ctx, big, sizeof big, &out, &n), ERR_LIMIT);
	arena_release(&small);
}

static void hant_uses_taiwan_words(void **state)
{
	struct fixture *f = *state;
	const char *out;
	assert_int_equal(text_to_hant(&f->ctx, "鼠标里面的软件和网络信息", &out), OK);
	assert_string_equal(out, "滑鼠裡面的軟體和網路資訊");
	assert_int_equal(text_to_hant(&f->ctx, "plain", &out), OK);
	assert_string_equal(out, "plain");
	assert_int_equal(text_to_hant(&f->ctx, "", &out), OK);
	assert_string_equal(out, "");
	assert_int_equal(text_to_hant(&f->ctx, "坏\xFF字节", &out), OK);
	assert_string_equal(out, "壞\uFFFD位元組");
}

static void masks_hide(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in;
		enum mask mask;
		const char *out;
	} list[] = {
		{"+8613800138000", MASK_PHONE, "138****8000"},
		{"13800138000", MASK_PHONE, "138****8000"},
		{"+447911123456", MASK_PHONE, "+447****3456"},
		{"+861012345678;ext=99", MASK_PHONE, "+861****5678"},
		{"12345678", MASK_PHONE, "12****78"},
		{"110", MASK_PHONE, "****"},
		{"ask at the desk", MASK_PHONE, "****"},
		{"王伟", MASK_NAME, "王*"},
		{"欧阳修", MASK_NAME, "欧*"},
		{"王", MASK_NAME, "王*"},
		{"John Smith", MASK_NAME, "J*** S***"},
		{"Maria de la Cruz", MASK_NAME, "M*** d***"},
		{"E\u0301ric", MASK_NAME, "E\u0301***"},
		{" ", MASK_NAME, "***"},
		{"wang.wei@example.com", MASK_EMAIL, "w***@example.com"},
		{"w@example.com", MASK_EMAIL, "***@example.com"},
		{"王伟@example.com", MASK_EMAIL, "王***@example.com"},
		{"no address", MASK_EMAIL, "***"},
		{"secret", MASK_TEXT, "***"},
		{"", MASK_TEXT, ""},
		{"", MASK_PHONE, ""},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *out;
		assert_int_equal(text_mask(&f->ctx, list[i].in, list[i].mask, &out), OK);
		assert_string_equal(out, list[i].out);
	}
}

int run_clean_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clean_makes_nfc_and_tidy_space, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(fold_makes_alike_what_is_alike, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(fold_table_agrees_with_icu, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(any_bytes_are_survived, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(a_megabyte_is_fine, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(memory_end_is_an_error, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(hant_uses_taiwan_words, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(masks_hide, fixture_open, fixture_close),
	};
	return cmocka_run_group_tests_name("text: clean, fold, mask", tests, NULL, NULL);
}
