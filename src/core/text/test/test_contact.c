/* Phones and e-mail addresses. */
#include "text_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/phone_shim.h"
#include "core/text/text.h"

static void phones_become_e164(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *region, *out;
		bool valid;
	} list[] = {
		{"13800138000", "CN", "+8613800138000", true},
		{"138 0013 8000", "CN", "+8613800138000", true},
		{"138-0013-8000", "CN", "+8613800138000", true},
		{"+86 138 0013 8000", "CN", "+8613800138000", true},
		{"+86 138 0013 8000", "US", "+8613800138000", true},
		{"0086 13800138000", "CN", "+8613800138000", true},
		{"8613800138000", "CN", "+8613800138000", true},
		{"(+86)13800138000", "CN", "+8613800138000", true},
		{"１３８００１３８０００", "CN", "+8613800138000", true},
		{"\u202D13800138000\u202C", "CN", "+8613800138000", true},
		{"010-12345678", "CN", "+861012345678", true},
		{"(021) 6888 8888 转 123", "CN", "+862168888888;ext=123", true},
		{"0571-88887777转8001", "CN", "+8657188887777;ext=8001", true},
		{"0571-88887777-8001", "CN", "+8657188887777;ext=8001", true},
		{"(0571)88887777-8001", "CN", "+8657188887777;ext=8001", true},
		{"(0571) 88887777-8001", "CN", "+8657188887777;ext=8001", true},
		{"0571 88887777-8001", "CN", "+8657188887777;ext=8001", true},
		{"０５７１－８８８８７７７７ ext. 8001", "CN", "+8657188887777;ext=8001", true},
		{"0571-88887777 x8001", "CN", "+8657188887777;ext=8001", true},
		{"0571-88887777#8001", "CN", "+8657188887777;ext=8001", true},
		{"0571-88887777 分机：8001", "CN", "+8657188887777;ext=8001", true},
		{"021-68888888 ext. 123", "CN", "+862168888888;ext=123", true},
		{"400-820-8888", "CN", "+864008208888", true},
		{"(202) 555-0123", "US", "+12025550123", true},
		{"020 7946 0018", "GB", "+442079460018", true},
		{"+44 20 7946 0018", "", "+442079460018", true},
		{"13800138000", NULL, "13800138000", false},
		{"13800138000", "XX", "13800138000", false},
		{"68888888", "CN", "68888888", false}, /* the area code is missing */
		{"110", "CN", "110", false},
		{"12", "CN", "12", false},
		{"", "CN", "", false},
		{"  ", "CN", "", false},
		{"call me", "CN", "call me", false},
		{"1380013800013800138000", "CN", "1380013800013800138000", false},
		{"+", "CN", "+", false},
		{"\xFF\xFE", "CN", "\uFFFD\uFFFD", false},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *out;
		bool valid;
		assert_int_equal(phone_normalise(&f->ctx, list[i].in, list[i].region, &out, &valid), OK);
		assert_string_equal(out, list[i].out);
		assert_int_equal(valid, list[i].valid);
	}
}

/* The short cut for mainland mobile numbers gives what the library gives, on every prefix of five digits. */
static void short_cut_equals_the_library(void **state)
{
	struct fixture *f = *state;
	static const char *const forms[] = {"", "+86", "0086"};
	struct arena_mark mark = arena_mark(f->ctx.arena);
	for (int prefix = 13000; prefix <= 19999; prefix++) {
		char digits[24], in[32], expected[PHONE_SHIM_MAX];
		snprintf(digits, sizeof digits, "%05d%06d", prefix, prefix * 7919 % 1000000);
		snprintf(in, sizeof in, "%s%s", forms[prefix % 3], digits);
		bool possible, valid;
		const char *out;
		assert_true(phone_shim_parse(in, "CN", expected, &possible));
		assert_true(possible);
		assert_int_equal(phone_normalise(&f->ctx, in, "CN", &out, &valid), OK);
		assert_true(valid);
		assert_string_equal(out, expected);
		if (prefix % 16 == 0) {
			assert_true(phone_shim_display(out, "CN", expected));
			const char *shown;
			assert_int_equal(phone_display(&f->ctx, out, "CN", &shown), OK);
			if (prefix >= 13000 && strchr("3456789", digits[1]))
				assert_string_equal(shown, expected);
		}
		arena_rewind(f->ctx.arena, mark);
	}
}

static void phones_are_shown_as_at_home(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *region, *out;
	} list[] = {
		{"+8613800138000", "CN", "138 0013 8000"},
		{"+8613800138000", "US", "+86 138 0013 8000"},
		{"+8613800138000", NULL, "+86 138 0013 8000"},
		{"+861012345678", "CN", "010 1234 5678"},
		{"+12025550123", "US", "(202) 555-0123"},
		{"+12025550123", "CN", "+1 202-555-0123"},
		{"+12025550123", "CA", "(202) 555-0123"},
		{"not a number", "CN", "not a number"},
		{"", "CN", ""},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *out;
		assert_int_equal(phone_display(&f->ctx, list[i].in, list[i].region, &out), OK);
		assert_string_equal(out, list[i].out);
	}
}

/* A valid national number of each country, from the public set. */
static void example_numbers_of_the_world(void **state)
{
	struct fixture *f = *state;
	size_t n;
	char *data = shared_data_new("phone_numbers/examples.mobile.json", &n);
	if (!data)
		skip();
	int seen = 0, valid_count = 0;
	for (char *p = strchr(data, '"'); p && p[1] && p[2] && p[3] == '"';) {
		char region[3] = {p[1], p[2], 0};
		char *number = strchr(p + 4, '"'), *end = number ? strchr(number + 1, '"') : NULL;
		if (!end)
			break;
		*end = 0;
		const char *out, *shown, *again;
		bool valid, valid_again;
		assert_int_equal(phone_normalise(&f->ctx, number + 1, region, &out, &valid), OK);
		seen++;
		valid_count += valid;
		if (valid) {
			assert_true(out[0] == '+' && str_ends(out, number + strlen(number + 1) - 2));
			assert_int_equal(phone_display(&f->ctx, out, region, &shown), OK);
			assert_int_equal(phone_normalise(&f->ctx, shown, region, &again, &valid_again), OK);
			assert_string_equal(again, out);
		} else {
			print_message("%s %s is not taken\n", region, number + 1);
		}
		p = strchr(end + 1, '"');
	}
	assert_true(seen >= 130);
	assert_true(valid_count >= seen - 3); /* metadata of the set is newer than the library's */
	free(data);
}

static void emails_are_normalised(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *out;
		bool valid;
	} list[] = {
		{"wang@example.com", "wang@example.com", true},
		{"  Wang.Wei@EXAMPLE.Com ", "Wang.Wei@example.com", true},
		{"mailto:a@b.cn", "a@b.cn", true},
		{"用户@例子.中国", "用户@例子.中国", true},
		{"a@XN--FSQU00A.cn", "a@例子.cn", true},
		{"Info@xn--fsqu00a.xn--fiqs8s", "Info@例子.中国", true},
		{"info@例子。中国", "info@例子.中国", true},
		{"a@BÜCHER.de", "a@bücher.de", true},
		{"ｗａｎｇ＠ｑｑ．ｃｏｍ", "wang@qq.com", true},
		{"wang@qq。com", "wang@qq.com", true},
		{"a+b_c'd@x-y.co.uk", "a+b_c'd@x-y.co.uk", true},
		{"a..b@docomo.ne.jp", "a..b@docomo.ne.jp", true},
		{"\"a b\"@example.com", "\"a b\"@example.com", true},
		{"straße@straße.de", "straße@straße.de", true},
		{"a@b", "a@b", false},
		{"a@localhost", "a@localhost", false},
		{"@example.com", "@example.com", false},
		{"a@", "a@", false},
		{".a@example.com", ".a@example.com", false},
		{"a b@example.com", "a b@example.com", false},
		{"a@example..com", "a@example..com", false},
		{"a@-x.com", "a@-x.com", false},
		{"a@x.com.", "a@x.com.", false},
		{"a@1.2.3.4", "a@1.2.3.4", false},
		{"a@[1.2.3.4]", "a@[1.2.3.4]", false},
		{"a@x_y.com", "a@x_y.com", false},
		{"a@xn--a.com", "a@xn--a.com", false},
		{"A <a@b.cn>", "A <a@b.cn>", false},
		{"a@b.cn\r\nBcc: x@y.cn", "a@b.cn Bcc: x@y.cn", false},
		{"a@b.c\u202En", "a@b.cn", true},
		{"", "", false},
		{"mailto:", "mailto:", false},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *out;
		bool valid;
		assert_int_equal(email_normalise(&f->ctx, list[i].in, &out, &valid), OK);
		assert_string_equal(out, list[i].out);
		assert_int_equal(valid, list[i].valid);
	}
	char longer[400];
	memset(longer, 'a', sizeof longer);
	memcpy(longer + 65, "@example.com", 13);
	const char *out;
	bool valid;
	assert_int_equal(email_normalise(&f->ctx, longer, &out, &valid), OK);
	assert_false(valid);
	memset(longer + 2, 'b', sizeof longer - 2);
	memcpy(longer, "a@", 2);
	memcpy(longer + 395, ".com", 5);
	assert_int_equal(email_normalise(&f->ctx, longer, &out, &valid), OK);
	assert_false(valid);
}

/* What is one number to people has one form; what only looks alike keeps its own. */
static void identifiers_have_one_form(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *in, *out;
	} list[] = {
		{"upc01", "upc01"},          {"UPC01", "upc01"},     {"ＵＰＣ０１", "upc01"},      {"ｕｐｃ－０１", "upc-01"},
		{"A　B", "a b"},          {"№7", "no7"},          {"①", "1"},                {"ÉTÉ-1", "été-1"},
		{"ÉTÉ-1", "été-1"}, {"Info@例子.中国", "info@例子.中国"}, {"straße@a.de", "straße@a.de"}, {"STRASSE@a.de", "strasse@a.de"},
		{"訂單1", "訂單1"},             {"订单1", "订单1"},     {"ﾃｽﾄ", "テスト"},           {"", ""},
		{"ΣΑΣ", "σασ"},               {"𐐀", "𐐨"}, {"�", "�"},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		const char *out, *again;
		size_t n;
		assert_int_equal(text_form(&f->ctx, list[i].in, strlen(list[i].in), false, &out, &n), OK);
		assert_string_equal(out, list[i].out);
		assert_int_equal(n, strlen(list[i].out));
		assert_int_equal(text_form(&f->ctx, out, n, false, &again, &n), OK); /* and keeps it */
		assert_string_equal(again, out);
	}
	/* codes of goods that differ by case are two: 85123A and 85123a */
	const char *out;
	size_t n;
	assert_int_equal(text_form(&f->ctx, "８５１２３Ａ", strlen("８５１２３Ａ"), true, &out, &n), OK);
	assert_string_equal(out, "85123A");
	assert_int_equal(text_form(&f->ctx, "85123a", 6, true, &out, &n), OK);
	assert_string_equal(out, "85123a");
}

int run_contact_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(phones_become_e164, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(short_cut_equals_the_library, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(phones_are_shown_as_at_home, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(example_numbers_of_the_world, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(emails_are_normalised, fixture_open, fixture_close),
		cmocka_unit_test_setup_teardown(identifiers_have_one_form, fixture_open, fixture_close),
	};
	return cmocka_run_group_tests_name("text: phones and addresses", tests, NULL, NULL);
}
