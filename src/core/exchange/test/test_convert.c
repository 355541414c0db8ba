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
		{"12.50 kr.", "12.50", NUMBER_AUTO},  {"Rs. 500", "500", NUMBER_AUTO},     {"Rs.1,500.50", "1500.50", NUMBER_AUTO},
		{"0,500", "0.500", NUMBER_AUTO},     {"0,500", "0.500", NUMBER_POINT},   {"1.500,00", "1500.00", NUMBER_POINT}, {"1,500", "1.500", NUMBER_COMMA},
		{"１，２３４．５", "1234.5", NUMBER_AUTO}, {"−12.5", "-12.5", NUMBER_AUTO},  {"CHF 12.50", "12.50", NUMBER_AUTO}, {"R$ 1.234,50", "1234.50", NUMBER_AUTO},
		{"12,50 zł", "12.50", NUMBER_AUTO},  {"3.5万", "35000", NUMBER_AUTO},    {"0.35万", "3500", NUMBER_AUTO},     {"1.2亿", "120000000", NUMBER_AUTO},
		{"12k", "12000", NUMBER_AUTO},       {"SFr. 12.-", "12", NUMBER_AUTO},  {"1.2.3", "1.2.3", NUMBER_AUTO},     {"03.04.1985", "03.04.1985", NUMBER_AUTO},
		{"1,23,456.00", "123456.00", NUMBER_AUTO}, {"S/.12.50", "12.50", NUMBER_AUTO}, {"500 XYZ", "500 XYZ", NUMBER_AUTO}, {"人民币1,299元整", "1299", NUMBER_AUTO},
		{"12.34567万", "123456.7", NUMBER_AUTO}, {"EUR 0,5", "0.5", NUMBER_AUTO}, {"٣٫٥", "3.5", NUMBER_AUTO},
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
		{"03.04.1985", "1985-04-03", DATE_AUTO},                  {"3.4.85", "1985-04-03", DATE_AUTO},
		{"Jul 15, 2026 10:15:00 AM CET", "2026-07-15T10:15:00+01:00", DATE_AUTO}, {"2026-07-15 10:15 PDT", "2026-07-15T10:15:00-07:00", DATE_AUTO},
		{"2026-07-15 10:15 CST", "2026-07-15 10:15 CST", DATE_AUTO}, {"2026-07-15 10:15 XQZ", "2026-07-15 10:15 XQZ", DATE_AUTO},
		{"Wed Jul 15 2026 10:15:00 GMT+0800 (中国标准时间)", "2026-07-15T10:15:00+08:00", DATE_AUTO},
		{"2026-07-15T10:15:00+02:00[Europe/Paris]", "2026-07-15T10:15:00+02:00", DATE_AUTO},
		{"2026-07-15 10:15 Europe/Paris", "2026-07-15T10:15:00+02:00", DATE_AUTO}, {"2026-01-15 10:15 Europe/Paris", "2026-01-15T10:15:00+01:00", DATE_AUTO},
		{"Wed Jul 15 10:15:00 UTC 2026", "2026-07-15T10:15:00Z", DATE_AUTO}, {"Wed Jul 15 10:15:00 +0000 2026", "2026-07-15T10:15:00Z", DATE_AUTO},
		{"2026-07-15 星期三", "2026-07-15", DATE_AUTO},            {"2026-07-15 (Wed)", "2026-07-15", DATE_AUTO},
		{"2026-07-15 10:15 AM", "2026-07-15 10:15:00", DATE_AUTO}, {"2026-07-15 下午 3:05", "2026-07-15 15:05:00", DATE_AUTO},
		{"2026-07-15 10:15:00.123456", "2026-07-15 10:15:00.123", DATE_AUTO}, {"2026-07-15, 3pm", "2026-07-15 15:00:00", DATE_AUTO},
		{"2026-07-15 10:15:00 UTC+8", "2026-07-15T10:15:00+08:00", DATE_AUTO}, {"2026-07-15 at 10:15", "2026-07-15 10:15:00", DATE_AUTO},
		{"2026年7月15日 10点半", "2026-07-15 10:30:00", DATE_AUTO}, {"20260715101500", "2026-07-15 10:15:00", DATE_AUTO},
		{"2026-07-15 周三 10时", "2026-07-15 10:00:00", DATE_AUTO}, {"3rd June 2024", "2024-06-03", DATE_AUTO}, {"Marketing 3 2024", "Marketing 3 2024", DATE_AUTO},
		{"2024-06-03 00:00:00 +0800", "2024-06-03T00:00:00+08:00", DATE_AUTO}, {"3. März 2024", "2024-03-03", DATE_AUTO},
		{"2026-07-15 later", "2026-07-15 later", DATE_AUTO},      {"24/06/03", "2024-06-03", DATE_YMD},
		{"31/31/1999", "31/31/1999", DATE_AUTO},                  {"hello", "hello", DATE_AUTO},
		{"2010-02-30", "2010-02-30", DATE_AUTO},                  {"", "", DATE_AUTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(convert_date(&ctx, cases[i].in, cases[i].order), cases[i].out);
	assert_string_equal(convert_day(&ctx, "2016-04-19 00:00:00", DATE_AUTO), "2016-04-19");
	static const struct plan_zone china = {NULL, 480}, york = {NULL, -300};
	assert_string_equal(convert_zone(&ctx, "2010-12-01 08:26:00", &china), "2010-12-01T08:26:00+08:00");
	assert_string_equal(convert_zone(&ctx, "2010-12-01分08:26", &china), "2010-12-01分08:26");
	assert_string_equal(convert_zone(&ctx, "2010-12-01", &york), "2010-12-01T00:00:00-05:00");
	assert_string_equal(convert_zone(&ctx, "2010-12-01T08:26:00Z", &china), "2010-12-01T08:26:00Z");
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

static void test_why_no_date(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"3/4/2010", "date_ambiguous", "3/4/2010"}, {"2026-07-15 10:15 CST", "zone_ambiguous", "CST"}, {"2026-07-15 10:15 XQZ", "date_word", "XQZ"},
		{"2026-07-15 10:15 Europe/Atlantis", "date_word", "Europe/Atlantis"}, {"2026-13-45", "date_unread", "2026-13-45"}, {"hello", "date_word", "hello"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *word = NULL, *key = convert_date_fault(&ctx, cases[i][0], DATE_AUTO, &word);
		assert_string_equal(key != NULL ? key : "", i == 4 ? "" : cases[i][1]); /* ISO by form: the field's own check says it */
		if (key != NULL)
			assert_string_equal(word, cases[i][2]);
	}
}

/* The whole column decides; what can be read two ways decides nothing. */
static void test_column_votes(void **state)
{
	(void)state;
	static const struct {
		const char *texts[4];
		enum date_order order;
	} cases[] = {
		{{"1/2/2010", "13/2/2010"}, DATE_DMY},          {{"1/2/2010", "2/13/2010"}, DATE_MDY}, {{"1/2/2010", "3/4/2010"}, DATE_AUTO},
		{{"13/2/2010", "2/13/2010"}, DATE_AUTO},        {{"03.04.1985", "04.05.1985"}, DATE_AUTO}, {{"99/06/03", "24/06/03"}, DATE_YMD},
		{{"2024-06-03", "3/4/2010"}, DATE_AUTO},        {{"3 Apr 2010", "3/4/2010"}, DATE_AUTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct date_votes votes = {0};
		for (size_t k = 0; k < 4 && cases[i].texts[k] != NULL; k++)
			convert_date_votes(cases[i].texts[k], &votes);
		assert_int_equal(convert_date_decide(&votes), cases[i].order);
	}
	static const struct {
		const char *text;
		enum number_mark mark;
		bool open;
	} numbers[] = {{"1.500,00", NUMBER_COMMA, false}, {"0,500", NUMBER_COMMA, false}, {"1,500", NUMBER_AUTO, true}, {"1.5", NUMBER_POINT, false},
	               {"1,234,567", NUMBER_POINT, false}, {"12", NUMBER_AUTO, false}, {"1.500", NUMBER_AUTO, true}, {"12.50 kr.", NUMBER_POINT, false}};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bool open = false;
		assert_int_equal(convert_number_mark(numbers[i].text, &open), numbers[i].mark);
		assert_int_equal(open, numbers[i].open);
	}
}

static void test_birthdays(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int month, day;
	} parts[] = {{"--0506", 5, 6}, {"--05-06", 5, 6}, {"1604-05-06", 5, 6}, {"0000-05-06", 5, 6}, {"5月6日", 5, 6}, {"May 6", 5, 6}, {"6 May", 5, 6},
	             {"1985-04", 4, 0}, {"5/13", 5, 13}, {"13/5", 5, 13}, {"May-85", 5, 0}};
	int month, day;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_true(convert_partial_day(parts[i].text, DATE_AUTO, &month, &day));
		assert_int_equal(month, parts[i].month);
		assert_int_equal(day, parts[i].day);
	}
	static const char *const none[] = {"0/0/00", "0000-00-00", "circa 1800", "1985", "--1306", "2/30", "--0230", ""};
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(convert_partial_day(none[i], DATE_AUTO, &month, &day));
	assert_string_equal(convert_past_day(&ctx, "3/4/55", DATE_MDY, "2026-11-29"), "1955-03-04");
	assert_string_equal(convert_past_day(&ctx, "3/4/25", DATE_MDY, "2026-11-29"), "2025-03-04");
	assert_string_equal(convert_past_day(&ctx, "3/4/27", DATE_MDY, "2026-11-29"), "1927-03-04");
	assert_string_equal(convert_past_day(&ctx, "2030-03-04", DATE_MDY, "2026-11-29"), "2030-03-04");
}

static void test_contacts(void **state)
{
	(void)state;
	static const struct {
		const char *in, *region, *out, *rest;
		bool damaged;
	} phones[] = {
		{"13800138000.0", "CN", "+8613800138000", NULL, false},        {"13,800,138,000", "CN", "+8613800138000", NULL, false},
		{"1.38E+10", "CN", "1.38E+10", NULL, true},                    {"1.3800138000E+10", "CN", "+8613800138000", NULL, false},
		{"13800138000/13900139000", "CN", "+8613800138000", "+8613900139000", false}, {"13800138000 13900139000", "CN", "+8613800138000", "+8613900139000", false},
		{"13800138000、0571-88887777", "CN", "+8613800138000", "+8657188887777", false}, {"13800138000 ::: 13900139000", "CN", "+8613800138000", "+8613900139000", false},
		{"13800138000;13800138000", "CN", "+8613800138000", NULL, false}, {"0", "CN", "", NULL, false},
		{"000", "CN", "", NULL, false},                                {"无", "CN", "", NULL, false},
		{"N/A", "CN", "", NULL, false},                                {"(202) 555-0123", "US", "+12025550123", NULL, false},
		{"0912-345-678", "TW", "+886912345678", NULL, false},          {"手机：13800138000", "CN", "+8613800138000", NULL, false},
		{"0571-88887777转8001", "CN", "+8657188887777;ext=8001", NULL, false}, {"0571-88887777 ext. 8001", "CN", "+8657188887777;ext=8001", NULL, false},
		{"0571-88887777-8001", "CN", "+8657188887777;ext=8001", NULL, false}, {"0571-88887777#8001", "CN", "+8657188887777;ext=8001", NULL, false},
		{"138****8000", "CN", "138****8000", NULL, false},             {"无/13800138000", "CN", "+8613800138000", NULL, false},
		{"13800138000\n13900139000", "CN", "+8613800138000", "+8613900139000", false}, {"138 0013 8000", "CN", "+8613800138000", NULL, false},
		{"0571/88887777", "CN", "+8657188887777", NULL, false},
	};
	for (size_t i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
		struct contact c;
		assert_int_equal(convert_phone(&ctx, phones[i].in, phones[i].region, &c), OK);
		assert_string_equal(c.text, phones[i].out);
		assert_string_equal(c.rest != NULL ? c.rest : "", phones[i].rest != NULL ? phones[i].rest : "");
		assert_int_equal(c.damaged, phones[i].damaged);
	}
	assert_true(convert_phone_tells("+8613800138000"));
	static const char *const dumb[] = {"1.51E+10", "+8611111111111", "138****8000", "+8612345678", "0", ""};
	for (size_t i = 0; i < sizeof(dumb) / sizeof(dumb[0]); i++)
		assert_false(convert_phone_tells(dumb[i]));
	static const char *const emails[][3] = {
		{"Li Lei <li@example.com>", "li@example.com", ""}, {"a@example.com; b@example.com", "a@example.com", "b@example.com"},
		{"a@example.com ::: b@example.com", "a@example.com", "b@example.com"}, {"mailto:a@example.com", "a@example.com", ""},
		{"a@example.com（工作）", "a@example.com", ""}, {"N/A", "", ""}, {"无", "", ""}, {"a@example.com,", "a@example.com", ""}, {"nobody", "nobody", ""},
		{"a@example.com\nb@example.com", "a@example.com", "b@example.com"}, {"a@example.com / b@example.com", "a@example.com", "b@example.com"},
	};
	for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
		struct contact c;
		assert_int_equal(convert_email(&ctx, emails[i][0], &c), OK);
		assert_string_equal(c.text, emails[i][1]);
		assert_string_equal(c.rest != NULL ? c.rest : "", emails[i][2]);
	}
	static const char *const wrapped[][2] = {{"=\"0123\"", "0123"}, {"'0123", "0123"}, {"`0123", "0123"}, {"=\"a \"\"b\"\"\"", "a \"b\""}, {"=\"\"", ""},
	                                         {"'Ndrangheta", "'Ndrangheta"}, {"=\"a\"&\"b\"", "=\"a\"&\"b\""}, {"'+8613800138000", "+8613800138000"}, {"`abc", "abc"}};
	for (size_t i = 0; i < sizeof(wrapped) / sizeof(wrapped[0]); i++)
		assert_string_equal(convert_unwrap(&ctx, wrapped[i][0]), wrapped[i][1]);
}

static void test_person_names(void **state)
{
	(void)state;
	static const char *const names[][4] = {
		{"伟", "", "张", "张伟"}, {"Ada", "", "Lovelace", "Ada Lovelace"}, {"민준", "", "김", "김민준"}, {"さくら", "", "田中", "田中さくら"}, {"An", "Văn", "Nguyễn", "Nguyễn Văn An"},
		{"太郎", "", "山田", "山田太郎"}, {"Olive", "B.", "Outlook", "Olive B. Outlook"}, {"", "", "张", "张"}, {"Ada", "", "", "Ada"}, {"Tom", "", "曾", "Tom 曾"},
		{"Đạt", "", "Trần", "Trần Đạt"}, {"Linh", "", "Nguyen", "Linh Nguyen"},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *name = NULL;
		assert_int_equal(text_person_name(&ctx, names[i][0], names[i][1], names[i][2], &name), OK);
		assert_string_equal(name, names[i][3]);
	}
}

static void test_zones(void **state)
{
	(void)state;
	struct plan_zone zone = {NULL, 0};
	assert_true(text_zone_known("Asia/Shanghai") && text_zone_known("Europe/Paris") && text_zone_known("UTC") && !text_zone_known("Asia/Atlantis") && !text_zone_known(""));
	assert_true(text_zone_new("Europe/Paris", &zone.zone));
	assert_string_equal(convert_zone(&ctx, "2026-07-15 10:15:00", &zone), "2026-07-15T10:15:00+02:00");
	assert_string_equal(convert_zone(&ctx, "2026-01-15 10:15", &zone), "2026-01-15T10:15:00+01:00");
	assert_string_equal(convert_zone(&ctx, "2026-03-29 01:59:00", &zone), "2026-03-29T01:59:00+01:00");
	assert_string_equal(convert_zone(&ctx, "2026-03-29 03:00:00", &zone), "2026-03-29T03:00:00+02:00");
	assert_string_equal(convert_zone(&ctx, "2026-10-25 02:30:00", &zone), "2026-10-25T02:30:00+02:00");
	assert_string_equal(convert_zone(&ctx, "2026-10-25 03:30:00", &zone), "2026-10-25T03:30:00+01:00");
	text_zone_free(zone.zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_dates), cmocka_unit_test(test_words), cmocka_unit_test(test_why_no_date),
	                                   cmocka_unit_test(test_column_votes), cmocka_unit_test(test_birthdays), cmocka_unit_test(test_contacts),
	                                   cmocka_unit_test(test_person_names), cmocka_unit_test(test_zones)};
	return cmocka_run_group_tests_name("exchange/convert", tests, begin, end);
}
