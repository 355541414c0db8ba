/* Numbers, dates and words as people write them. */
#include "base/test/check.h"

#include <string.h>

#include "core/exchange/convert.h"
#include "core/text/text.h"

static struct arena arena;
static struct ctx ctx;

/* The rest of the folder wants these of the program. */
struct blob_store;
struct blob_store *app_blobs(const struct app *app);
const char *app_message(const struct ctx *c, const struct fault *fault);
const char *app_label(struct ctx *c, const struct text2 *text);

struct blob_store *app_blobs(const struct app *app)
{
	(void)app;
	return NULL;
}

const char *app_message(const struct ctx *c, const struct fault *fault)
{
	(void)c;
	return fault->key;
}

const char *app_label(struct ctx *c, const struct text2 *text)
{
	(void)c;
	return text->en;
}

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 16 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return text_open(&ctx) != OK;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	text_close();
	return 0;
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		enum number_mark mark;
	} cases[] = {
		{"12", "12", NUMBER_AUTO},           {"-12.50", "-12.50", NUMBER_AUTO},  {"1,234.50", "1234.50", NUMBER_AUTO},
		{"1.234,50", "1234.50", NUMBER_AUTO}, {"1,234", "1234", NUMBER_AUTO},     {"1,5", "1.5", NUMBER_AUTO},
		{"1.234.567", "1234567", NUMBER_AUTO}, {"1 234,5", "1234.5", NUMBER_AUTO}, {"1'234.5", "1234.5", NUMBER_AUTO},
		{"¥1,299.00", "1299.00", NUMBER_AUTO}, {"￥39.5", "39.5", NUMBER_AUTO},   {"$-10", "-10", NUMBER_AUTO},
		{"(12.00)", "-12.00", NUMBER_AUTO},  {"12元", "12", NUMBER_AUTO},         {"5-", "-5", NUMBER_AUTO},
		{".5", "0.5", NUMBER_AUTO},          {"12%", "0.12", NUMBER_AUTO},       {"1E+3", "1000", NUMBER_AUTO},
		{"1,234", "1.234", NUMBER_COMMA},    {"1.234", "1.234", NUMBER_AUTO},    {"1.234", "1234", NUMBER_COMMA},
		{"many", "many", NUMBER_AUTO},       {"12 apples", "12 apples", NUMBER_AUTO}, {"--", "--", NUMBER_AUTO},
		{"+7", "7", NUMBER_AUTO},            {"", "", NUMBER_AUTO},              {"1-2", "1-2", NUMBER_AUTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(convert_number(&ctx, cases[i].in, cases[i].mark), cases[i].out);
	assert_string_equal(convert_integer(&ctx, "17850.0"), "17850");
	assert_string_equal(convert_integer(&ctx, "17850.5"), "17850.5");
	assert_string_equal(convert_times(&ctx, "1.5", "1000"), "1500");
	assert_string_equal(convert_divide(&ctx, "29.33", "2"), "14.665");
	assert_string_equal(convert_divide(&ctx, "-10", "3"), "-3.333333333");
	assert_string_equal(convert_divide(&ctx, "20", "3"), "6.666666667");
	assert_null(convert_divide(&ctx, "1", "0"));
	assert_string_equal(convert_round(&ctx, "6.666666667", 4), "6.6667");
	assert_string_equal(convert_round(&ctx, "6.6", 4), "6.6");
}

static void test_dates(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		enum date_order order;
	} cases[] = {
		{"2010-12-01 08:26:00", "2010-12-01 08:26:00", DATE_AUTO}, {"19970101", "1997-01-01", DATE_AUTO},
		{"2010/12/1", "2010-12-01", DATE_AUTO},                   {"2010年5月21日", "2010-05-21", DATE_AUTO},
		{"2010年5月21日 下午3点05分", "2010-05-21 15:05:00", DATE_AUTO}, {"21.5.2010", "2010-05-21", DATE_AUTO},
		{"5/21/2010", "2010-05-21", DATE_AUTO},                   {"21/5/2010", "2010-05-21", DATE_AUTO},
		{"3/4/2010", "3/4/2010", DATE_AUTO},                      {"3/4/2010", "2010-04-03", DATE_DMY},
		{"3/4/2010", "2010-03-04", DATE_MDY},                     {"12/1/2010 8:26", "2010-12-01 08:26:00", DATE_MDY},
		{"5/21/10 8:26 PM", "2010-05-21 20:26:00", DATE_MDY},     {"12/31/2010 12:05 AM", "2010-12-31 00:05:00", DATE_AUTO},
		{"May 21, 2010", "2010-05-21", DATE_AUTO},                {"21 May 2010", "2010-05-21", DATE_AUTO},
		{"Fri, 21 May 2010 08:26:00", "2010-05-21 08:26:00", DATE_AUTO}, {"1/2/99", "1999-02-01", DATE_DMY},
		{"2010-5-1T08:26:00+0800", "2010-05-01T08:26:00+08:00", DATE_AUTO}, {"5/5/2010", "2010-05-05", DATE_AUTO},
		{"2010-5-1 08:26:00-05", "2010-05-01T08:26:00-05:00", DATE_AUTO},   {"2010-5-1 08:26Z", "2010-05-01T08:26:00Z", DATE_AUTO},
		{"1/2/2010 8:26:00+08x", "1/2/2010 8:26:00+08x", DATE_MDY},
		{"31/31/1999", "31/31/1999", DATE_AUTO},                  {"hello", "hello", DATE_AUTO},
		{"2010-02-30", "2010-02-30", DATE_AUTO},                  {"", "", DATE_AUTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(convert_date(&ctx, cases[i].in, cases[i].order), cases[i].out);
	assert_string_equal(convert_day(&ctx, "2016-04-19 00:00:00", DATE_AUTO), "2016-04-19");
	assert_string_equal(convert_zone(&ctx, "2010-12-01 08:26:00", 480), "2010-12-01T08:26:00+08:00");
	assert_string_equal(convert_zone(&ctx, "2010-12-01分08:26", 480), "2010-12-01分08:26");
	assert_string_equal(convert_zone(&ctx, "2010-12-01", -300), "2010-12-01T00:00:00-05:00");
	assert_string_equal(convert_zone(&ctx, "2010-12-01T08:26:00Z", 480), "2010-12-01T08:26:00Z");
	static const char *const day_first[] = {"1/2/2010", "13/2/2010"}, *const month_first[] = {"1/2/2010", "2/13/2010"};
	static const char *const open[] = {"1/2/2010", "3/4/2010"};
	assert_int_equal(convert_date_order(day_first, 2), DATE_DMY);
	assert_int_equal(convert_date_order(month_first, 2), DATE_MDY);
	assert_int_equal(convert_date_order(open, 2), DATE_AUTO);
	assert_true(convert_is_date("3/4/2010") && convert_is_date("2010年5月21日") && !convert_is_date("12345") && !convert_is_date("Ada"));
}

static void test_words(void **state)
{
	(void)state;
	static const struct option options[] = {{"female", {"Female", "女"}, NULL}, {"male", {"Male", "男"}, NULL}, {NULL, {NULL, NULL}, NULL}};
	static const struct field gender = {.name = "gender", .type = FIELD_ENUM, .options = options};
	static const char *const words[][2] = {{"女", "female"}, {"MALE", "male"}, {"male", "male"}, {"?", "?"}};
	const char *found = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(convert_option(&ctx, &gender, words[i][0], &found), OK);
		assert_string_equal(found, words[i][1]);
	}
	static const char *const countries[][2] = {{"EIRE", "IE"}, {"United Kingdom", "GB"}, {"UK", "GB"}, {"中国", "CN"}, {"中國", "CN"}, {"台灣", "TW"},
		{"Deutschland", "DE"}, {"cn", "cn"}, {"CN", "CN"}, {"USA", "US"}, {"Unspecified", ""}, {"Atlantis", "Atlantis"}, {"España", "ES"}};
	for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
		assert_int_equal(convert_country(&ctx, countries[i][0], &found), OK);
		assert_string_equal(found, countries[i][1]);
	}
	assert_string_equal(convert_bool("是"), "true");
	assert_string_equal(convert_bool("No"), "false");
	assert_string_equal(convert_bool("maybe"), "maybe");
	assert_string_equal(convert_html(&ctx, "<p>Tea &amp; <b>cake</b></p><p>1 &lt; 2<br>end"), "Tea & cake\n1 < 2\nend");
	assert_string_equal(convert_cut(&ctx, "茶壶茶杯", 2), "茶壶");
	assert_string_equal(convert_url(&ctx, "groceryoutlet.com"), "https://groceryoutlet.com");
	assert_string_equal(convert_url(&ctx, "http://x.org"), "http://x.org");
	for (size_t i = 1; i < country_names_count; i++)
		assert_true(strcmp(country_names[i - 1].name, country_names[i].name) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates), cmocka_unit_test(test_words)};
	return cmocka_run_group_tests_name("exchange/convert", tests, begin, end);
}
