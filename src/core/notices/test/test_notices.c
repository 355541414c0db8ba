/* Who is mentioned, and when it is quiet. */
#include "base/test/check.h"

#include "base/str.h"
#include "core/notices/notices_internal.h"
#include "core/outbox/outbox.h"

struct services *app_services(const struct app *app)
{
	(void)app;
	return NULL;
}

const struct outbox_rule *const *app_outbox_rules(const struct app *app)
{
	(void)app;
	return NULL;
}

static void who_is_mentioned(void **state)
{
	(void)state;
	static const struct {
		const char *text, *name;
		bool is;
	} cases[] = {
		{"@Li Na please call", "Li Na", true}, {"ask @李娜，谢谢", "李娜", true}, {"请@李娜看一下", "李娜", true}, {"@Li Nan", "Li Na", false}, {"li@Li Na", "Li Na", false}, {"mail li@example.cn", "example.cn", false},
		{"@ Li Na", "Li Na", false}, {"Li Na", "Li Na", false}, {"@@Li Na", "Li Na", true}, {"@Bo, @Li Na", "Li Na", true}, {"@Li Na", "", false}, {"", "Li Na", false}, {"@", "Li Na", false},
		{"@li na", "Li Na", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (notice_mentions(cases[i].text, cases[i].name) != cases[i].is)
			print_error("%s: %s\n", cases[i].text, cases[i].name);
		assert_true(notice_mentions(cases[i].text, cases[i].name) == cases[i].is);
	}
}

static void when_it_is_quiet(void **state)
{
	(void)state;
	static const struct {
		const char *hours;
		int minute;
		bool is;
	} cases[] = {
		{"22:00-07:00", 1319, false}, {"22:00-07:00", 1320, true}, {"22:00-07:00", 0, true}, {"22:00-07:00", 419, true}, {"22:00-07:00", 420, false}, {"12:00-13:30", 719, false},
		{"12:00-13:30", 720, true}, {"12:00-13:30", 809, true}, {"12:00-13:30", 810, false}, {"", 0, false}, {"08:00-08:00", 480, false}, {"00:00-24:00", 1439, true}, {"25:00-07:00", 10, false},
		{"22:00", 1400, false}, {"22:00-07:00x", 10, false}, {"2:00-07:00", 180, false}, {"-1:00-07:00", 10, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (notices_quiet(cases[i].hours, cases[i].minute) != cases[i].is)
			print_error("%s at %d\n", cases[i].hours, cases[i].minute);
		assert_true(notices_quiet(cases[i].hours, cases[i].minute) == cases[i].is);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(who_is_mentioned), cmocka_unit_test(when_it_is_quiet)};
	return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}
