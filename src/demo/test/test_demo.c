#include "base/test/check.h"

#include <string.h>

#include "base/str.h"
#include "demo/person.h"

static void the_same_seed_gives_the_same_people(void **state)
{
	(void)state;
	struct demo_person a, b, c;
	demo_person_make(1, 77, 0.5, &a);
	demo_person_make(1, 78, 0.5, &c);
	demo_person_make(1, 77, 0.5, &b);
	assert_string_equal(a.name, b.name);
	assert_string_equal(a.phone, b.phone);
	assert_string_not_equal(a.phone, c.phone);
}

static void nobody_real_is_reached(void **state)
{
	(void)state;
	int chinese = 0;
	for (uint64_t i = 0; i < 20000; i++) {
		struct demo_person p;
		demo_person_make(9, i, 0.7, &p);
		chinese += p.chinese;
		assert_true(utf8_valid(p.name, strlen(p.name)));
		if (p.chinese)
			assert_true(str_starts(p.phone, "+8612") && strlen(p.phone) == 14);
		else
			assert_true(str_starts(p.phone, "+1") && strlen(p.phone) == 12 && memcmp(p.phone + 5, "55501", 5) == 0);
		assert_non_null(strstr(p.email, "example."));
	}
	assert_in_range(chinese, 13500, 14500);
}

static void counts_are_skewed_around_their_mean(void **state)
{
	(void)state;
	struct demo_random r;
	demo_random_init(&r, 3);
	uint64_t sum = 0, zero = 0;
	for (int i = 0; i < 100000; i++) {
		uint32_t n = demo_random_skewed(&r, 4.0);
		sum += n;
		zero += n == 0;
	}
	assert_in_range(sum, 390000, 410000); /* 0.4 % of the mean, over 3 standard errors */
	assert_in_range(zero, 19000, 21000);  /* one in five, 1 / (1 + mean) */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_people),
		cmocka_unit_test(nobody_real_is_reached),
		cmocka_unit_test(counts_are_skewed_around_their_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
