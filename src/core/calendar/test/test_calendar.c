/* The cases of others: opening hours with their answers, the State Council's workdays; and what is refused. */
#include "core/command/test/questions.h"

#include <dirent.h>

#include "base/timeutil.h"
#include "core/calendar/calendar.h"

/* --- opening hours ----------------------------------------------------- */

static bool right(json_t *expected, json_t *line)
{
	return json_equal(line, expected) != 0;
}

static void test_cases(void **state)
{
	(void)state;
	check_cases("business_hours/cases.json", 59, calendar_ask, right);
}

/* --- make-up workdays -------------------------------------------------- */

/* Of all files: what holds of each day. */
static size_t published(struct calendar_day *days, size_t max)
{
	size_t n = 0;
	for (int year = 2004; year < 2040; year++) {
		char name[64];
		json_error_t error;
		(void)snprintf(name, sizeof(name), "workdays_cn/%d.json", year);
		json_t *root = json_load_file(shared(name), 0, &error);
		const json_t *list = json_object_get(root, "days");
		for (size_t i = 0; i < json_array_size(list) && n < max; i++, n++) {
			const json_t *day = json_array_get(list, i);
			assert_true(calendar_date_read(json_string_value(json_object_get(day, "date")), &days[n].day));
			days[n].kind = json_is_true(json_object_get(day, "isOffDay")) ? CALENDAR_HOLIDAY : CALENDAR_WORKDAY;
		}
		json_decref(root);
	}
	return n;
}

static const struct calendar_block office[] = {{9 * 3600, 12 * 3600}, {13 * 3600, 18 * 3600}};

static struct calendar *office_of(const char *country, const struct calendar_day *days, size_t n)
{
	struct calendar_rules rules = {.zone = "Asia/Shanghai", .country = country, .days = days, .n_days = n};
	struct calendar *cal = NULL;
	for (int i = 0; i < 5; i++) {
		rules.week[i].blocks = office;
		rules.week[i].n = 2;
	}
	assert_int_equal(calendar_new(&ctx, &rules, &cal), OK);
	return cal;
}

static int64_t workdays(struct calendar *cal, int year)
{
	char first[11], last[11];
	int32_t a = 0, b = 0;
	int64_t n = -1;
	(void)snprintf(first, sizeof(first), "%d-01-01", year);
	(void)snprintf(last, sizeof(last), "%d-12-31", year);
	assert_true(calendar_date_read(first, &a) && calendar_date_read(last, &b));
	assert_int_equal(calendar_workdays(&ctx, cal, a, b, &n), OK);
	return n;
}

static void test_make_up_days(void **state)
{
	(void)state;
	static const struct {
		int year, workdays;
	} expected[] = {{2007, 249}, {2008, 251}, {2009, 250}, {2010, 250}, {2011, 250}, {2012, 249}, {2014, 250}, {2015, 249}, {2016, 250},
	                {2017, 249}, {2018, 250}, {2019, 250}, {2021, 250}, {2022, 249}, {2024, 251}, {2025, 248}, {2026, 248}};
	static struct calendar_day days[2000];
	size_t n = published(days, 2000);
	struct calendar *ours = office_of("CN", NULL, 0);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(workdays(ours, expected[i].year), expected[i].workdays);
	if (n == 0) {
		calendar_free(ours);
		skip();
	}
	struct calendar *theirs = office_of(NULL, days, n);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(workdays(theirs, expected[i].year), expected[i].workdays);
		for (int32_t day = 0; day < 365; day++) {
			char text[11];
			int32_t first = 0;
			bool a = false, b = false;
			(void)snprintf(text, sizeof(text), "%d-01-01", expected[i].year);
			assert_true(calendar_date_read(text, &first));
			assert_int_equal(calendar_is_workday(&ctx, ours, first + day, &a), OK);
			assert_int_equal(calendar_is_workday(&ctx, theirs, first + day, &b), OK);
			calendar_date_write(first + day, text);
			if (a != b)
				print_error("%s: %d, published %d\n", text, a, b);
			assert_int_equal(a, b);
		}
	}
	calendar_free(theirs);
	calendar_free(ours);
}

static void test_country(void **state)
{
	(void)state;
	size_t n;
	int first, last;
	const struct calendar_public_day *days = calendar_country("CN", &n, &first, &last);
	assert_non_null(days);
	assert_int_equal(first, 2004);
	assert_true(last >= 2026 && n > 700);
	for (size_t i = 1; i < n; i++)
		assert_true(days[i - 1].day < days[i].day);
	assert_null(calendar_country("XX", &n, &first, &last));
	/* the firm's own word goes before the country's: open on the national day, closed on a make-up day */
	struct calendar_day own[] = {{.kind = CALENDAR_SPECIAL, .blocks = office, .n = 1}, {.kind = CALENDAR_HOLIDAY}};
	int32_t national = 0, made_up = 0;
	bool open = false;
	assert_true(calendar_date_read("2026-10-01", &national) && calendar_date_read("2026-01-04", &made_up));
	own[0].day = national;
	own[1].day = made_up;
	struct calendar *cal = office_of("CN", own, 2);
	assert_int_equal(calendar_is_workday(&ctx, cal, national, &open), OK);
	assert_true(open);
	assert_int_equal(calendar_is_workday(&ctx, cal, made_up, &open), OK);
	assert_false(open);
	calendar_free(cal);
}

/* --- what is refused --------------------------------------------------- */

#define CASE "{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},"

static void test_refused(void **state)
{
	(void)state;
	static const struct refused cases[] = {
		{"", "", "calendar_json", 0},
		{"[{]", "", "calendar_json", 0},
		{"7", "", "calendar_json", 0},
		{"[7]", "[1]", "calendar_form", 0},
		{"[{}]", "[1].question", "calendar_form", 0},
		{"[" CASE "\"question\":7}]", "[1].question", "calendar_form", 0},
		{"[{\"question\":{}}]", "[1].time_zone", "calendar_zone", 0},
		{"[{\"time_zone\":\"Mars/Olympus\",\"question\":{}}]", "[1].time_zone", "calendar_zone", 0},
		{"[{\"time_zone\":7,\"question\":{}}]", "[1].time_zone", "calendar_form", 0},
		{"[{\"hours\":{\"monday\":[]}}]", "[1].hours.monday", "calendar_weekday", 0},
		{"[{\"hours\":{\"mon\":[[\"9:00\",\"17:00\"]]}}]", "[1].hours.mon", "calendar_block", 0},
		{"[{\"hours\":{\"mon\":[[\"09:00\",\"24:01\"]]}}]", "[1].hours.mon", "calendar_block", 0},
		{"[{\"hours\":{\"mon\":[[\"24:00\",\"09:00\"]]}}]", "[1].hours.mon", "calendar_block", 0},
		{"[{\"hours\":{\"mon\":[[\"09:00\",\"09:00\"]]}}]", "[1].hours.mon", "calendar_block", 0},
		{"[{\"hours\":{\"mon\":[[\"09:00\"]]}}]", "[1].hours.mon", "calendar_block", 0},
		{"[{\"hours\":[]}]", "[1].hours", "calendar_form", 0},
		{"[{\"shifts\":{\"2026-02-30\":[]}}]", "[1].shifts", "calendar_date", 0},
		{"[{\"breaks\":{\"2026-02-03\":7}}]", "[1].breaks.2026-02-03", "calendar_block", 0},
		{"[{\"holidays\":[\"1969-12-31\"]}]", "[1].holidays", "calendar_date", 0},
		{"[{\"holidays\":[20260101]}]", "[1].holidays", "calendar_date", 0},
		{"[{\"days\":[{\"date\":\"2026-01-01\"}]}]", "[1].days", "calendar_form", 0},
		{"[{\"time_zone\":\"Asia/Shanghai\",\"country\":\"XX\",\"question\":{}}]", "[1].country", "calendar_country", 0},
		{"[" CASE "\"question\":{\"ask\":\"is_open\",\"at\":\"2026-01-05T01:00:00Z\"}}," CASE "\"question\":{\"ask\":\"when\"}}]", "[2].question.ask", "calendar_ask", 5},
		{"[" CASE "\"question\":{\"ask\":\"is_open\"}}]", "[1].question.at", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"is_open\",\"at\":\"1950-01-05T01:00:00Z\"}}]", "[1]", "calendar_range", 0},
		{"[" CASE "\"question\":{\"ask\":\"is_open\",\"at\":\"9999-12-31T23:59:59Z\"}}]", "[1]", "calendar_range", 0},
		{"[" CASE "\"question\":{\"ask\":\"go_forward\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":1.5,\"unit\":\"hour\"}}]", "[1].question.amount", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"go_forward\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":-1,\"unit\":\"hour\"}}]", "[1].question.amount", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"go_forward\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":1,\"unit\":\"week\"}}]", "[1].question.unit", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"go_forward\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":999999999,\"unit\":\"hour\"}}]", "[1]", "calendar_closed", 0},
		{"[" CASE "\"question\":{\"ask\":\"go_back\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":999999999,\"unit\":\"day\"}}]", "[1]", "calendar_closed", 0},
		{"[{\"time_zone\":\"UTC\",\"question\":{\"ask\":\"next_opening\",\"at\":\"2026-01-05T01:00:00Z\"}}]", "[1]", "calendar_closed", 0},
		{"[" CASE "\"question\":{\"ask\":\"periods_after\",\"from\":\"2026-01-05T01:00:00Z\"}}]", "[1].question.count", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"due_with_pauses\",\"from\":\"2026-01-05T01:00:00Z\",\"amount\":1,\"unit\":\"hour\",\"pauses\":[[1,2]]}}]", "[1].question.pauses", "calendar_question", 0},
		{"[" CASE "\"question\":{\"ask\":\"periods_on\",\"date\":\"2026-13-01\"}}]", "[1].question.date", "calendar_question", 0},
	};
	check_refused(calendar_ask, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Answers that the published cases do not ask for. */
static void test_more_questions(void **state)
{
	(void)state;
	static const struct {
		const char *json, *answer;
	} cases[] = {
		/* over midnight, and a holiday that takes only the block that begins on it */
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"fri\":[[\"22:00\",\"06:00\"]]},\"holidays\":[\"2026-01-03\"],"
		 "\"question\":{\"ask\":\"periods_after\",\"from\":\"2026-01-01T00:00:00Z\",\"count\":1}}",
		 "[[\"2026-01-02T14:00:00Z\",\"2026-01-02T22:00:00Z\"]]"},
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"fri\":[[\"22:00\",\"06:00\"]]},\"breaks\":{\"2026-01-03\":[[\"01:00\",\"02:00\"]]},"
		 "\"question\":{\"ask\":\"open_seconds_between\",\"from\":\"2026-01-02T00:00:00Z\",\"to\":\"2026-01-04T00:00:00Z\"}}", "25200"},
		/* a block over the turn of the year is one period */
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"thu\":[[\"22:00\",\"06:00\"]]},"
		 "\"question\":{\"ask\":\"periods_after\",\"from\":\"2026-12-31T00:00:00Z\",\"count\":1}}",
		 "[[\"2026-12-31T14:00:00Z\",\"2026-12-31T22:00:00Z\"]]"},
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"thu\":[[\"22:00\",\"06:00\"]]},"
		 "\"question\":{\"ask\":\"periods_before\",\"from\":\"2027-01-01T00:00:00Z\",\"count\":1}}",
		 "[[\"2026-12-31T14:00:00Z\",\"2026-12-31T22:00:00Z\"]]"},
		/* always open: a day is 23 hours long where the clock goes forward */
		{"{\"time_zone\":\"Europe/Berlin\",\"hours\":{\"sun\":[[\"00:00\",\"24:00\"]]},"
		 "\"question\":{\"ask\":\"open_seconds_between\",\"from\":\"2026-03-28T00:00:00Z\",\"to\":\"2026-03-30T12:00:00Z\"}}", "82800"},
		{"{\"time_zone\":\"Asia/Shanghai\",\"country\":\"CN\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},"
		 "\"question\":{\"ask\":\"is_workday\",\"date\":\"2026-02-14\"}}", "true"},
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},\"days\":[{\"date\":\"2026-02-14\",\"isOffDay\":false}],"
		 "\"question\":{\"ask\":\"next_opening\",\"at\":\"2026-02-10T00:00:00Z\"}}", "\"2026-02-14T01:00:00Z\""},
		{"{\"time_zone\":\"Asia/Shanghai\",\"hours\":{\"mon\":[[\"09:00\",\"17:00\"]]},"
		 "\"question\":{\"ask\":\"workdays_between\",\"from\":\"2026-01-05\",\"to\":\"2026-01-12\"}}", "2"},
		/* the zone has no 30 December 2011 */
		{"{\"time_zone\":\"Pacific/Apia\",\"hours\":{\"fri\":[[\"09:00\",\"17:00\"]]},"
		 "\"question\":{\"ask\":\"is_workday\",\"date\":\"2011-12-30\"}}", "false"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		assert_int_equal(calendar_ask(&ctx, cases[i].json, strlen(cases[i].json), &out), OK);
		buf_truncate(&out, out.len - 1);
		assert_string_equal(buf_text(&out), cases[i].answer);
		buf_release(&out);
	}
}

static void test_typed(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"9:00-12:00, 13:00–18:00", "09:00-12:00 13:00-18:00"}, {"", ""}, {" 9：00～12：00、13:00至17:30； ", "09:00-12:00 13:00-17:30"},
		{"22:00 - 06:00", "22:00-06:00"}, {"00:00-24:00", "00:00-24:00"}, {"9-12", NULL}, {"09:00", NULL}, {"09:00-", NULL}, {"25:00-26:00", NULL},
		{"24:00-06:00", NULL}, {"09:00-09:00", NULL}, {"09:60-10:00", NULL}, {"09:00-24:01", NULL}, {"morning", NULL}, {"09:00-12:00x", NULL}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct calendar_block *blocks;
		const char *text = NULL;
		size_t n;
		faults_clear(&ctx);
		enum err err = calendar_blocks_parse(&ctx, cases[i][0], "mon", &blocks, &n);
		assert_int_equal(err, cases[i][1] != NULL ? OK : ERR_INVALID);
		if (err != OK)
			continue;
		assert_int_equal(calendar_blocks_write(&ctx, blocks, n, &text), OK);
		assert_string_equal(text, cases[i][1]);
	}
}

/* --- iCalendar --------------------------------------------------------- */

static void test_ical(void **state)
{
	(void)state;
	static const char text[] = "\xEF\xBB\xBF" "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260214\r\nSUMMARY;X=\"a:b\":春节 补\r\n 班\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260215\r\nDTEND;VALUE=DATE:20260218\r\nSUMMARY:春节 休\\, 第1天\r\n"
		"BEGIN:VALARM\r\nSUMMARY:班\r\nDURATION:P9D\r\nEND:VALARM\r\nEND:VEVENT\r\n"
		"begin:vevent\ndtstart:20260501\nduration:P2D\nsummary:Labour Day\nend:vevent\n"
		"BEGIN:VEVENT\r\nDTSTART:20260601T090000Z\r\nSUMMARY:meeting\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260602\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260603\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:18990603\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
	static const struct {
		const char *date;
		enum calendar_kind kind;
		const char *name;
	} expected[] = {{"2026-02-14", CALENDAR_WORKDAY, "春节 补班"}, {"2026-02-15", CALENDAR_HOLIDAY, "春节 休, 第1天"}, {"2026-02-16", CALENDAR_HOLIDAY, "春节 休, 第1天"},
	                {"2026-02-17", CALENDAR_HOLIDAY, "春节 休, 第1天"}, {"2026-05-01", CALENDAR_HOLIDAY, "Labour Day"}, {"2026-05-02", CALENDAR_HOLIDAY, "Labour Day"}};
	const struct calendar_day *days;
	size_t n, skipped;
	assert_int_equal(calendar_ical_read(&ctx, text, sizeof(text) - 1, &days, &n, &skipped), OK);
	assert_int_equal(n, 6);
	assert_int_equal(skipped, 4);
	for (size_t i = 0; i < n; i++) {
		char date[11];
		calendar_date_write(days[i].day, date);
		assert_string_equal(date, expected[i].date);
		assert_int_equal(days[i].kind, expected[i].kind);
		assert_string_equal(days[i].name, expected[i].name);
	}
	static const char *const refused[] = {"", "\n\n", "date,name\n2026-01-01,x\n", "BEGIN:VCARD\nEND:VCARD\n"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		faults_clear(&ctx);
		assert_int_equal(calendar_ical_read(&ctx, refused[i], strlen(refused[i]), &days, &n, &skipped), ERR_INVALID);
		assert_string_equal(ctx.faults.list[0].key, "calendar_ical");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),   cmocka_unit_test(test_make_up_days),    cmocka_unit_test(test_country),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_more_questions), cmocka_unit_test(test_ical),
		cmocka_unit_test(test_typed),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
