/* Price lists put together: the cases of others, and what is refused. */
#include "core/command/test/questions.h"

#include "core/tax/test/agrees.h"
#include "pricing/pricing.h"

static bool right(json_t *expected, json_t *line)
{
	return agrees_with_steps(expected, line, false);
}

static void test_cases(void **state)
{
	(void)state;
	check_cases("price_lists/cases.json", 32, pricing_ask, right);
}

static void answers(const char *question, const char *want)
{
	struct buf out;
	json_error_t error;
	buf_init(&out, 1 << 20);
	faults_clear(&ctx);
	assert_int_equal(pricing_ask(&ctx, question, strlen(question), &out), OK);
	json_t *line = json_loads(buf_text(&out), 0, &error);
	json_t *is = json_object_get(line, "answer");
	if (want == NULL)
		assert_true(json_is_null(is));
	else
		assert_string_equal(json_string_value(is), want);
	json_decref(line);
	buf_release(&out);
}

#define TONNES "\"kind\":\"unit_conversion\",\"product_unit\":\"tonne\",\"list_price\":\"100\",\"units\":{\"tonne\":\"1\",\"kg\":\"0.001\"}," \
               "\"rules\":[{\"from_quantity\":\"3\",\"in_unit\":\"tonne\",\"price_change\":\"-10\"}]"
#define DOZENS "\"kind\":\"rule_choice\",\"product_unit\":\"unit\",\"units\":{\"unit\":\"1\",\"dozen\":\"12\"},\"rules\":[" \
               "{\"name\":\"any\",\"from_quantity\":\"6\"},{\"name\":\"unit\",\"from_quantity\":\"6\",\"in_unit\":\"unit\"}," \
               "{\"name\":\"dozen\",\"from_quantity\":\"6\",\"in_unit\":\"dozen\"}]"
#define ONE "\"kind\":\"rule_price\",\"list_price\":\"100\",\"product_unit\":\"unit\",\"units\":{\"unit\":\"1\",\"dozen\":\"12\"}"

static void test_units_and_rules(void **state)
{
	(void)state;
	answers("{" TONNES ",\"quantity\":\"3500\",\"unit\":\"kg\"}", "0.09");
	answers("{" TONNES ",\"quantity\":\"3\",\"unit\":\"tonne\"}", "90");
	answers("{" TONNES ",\"quantity\":\"2999.999\",\"unit\":\"kg\"}", "0.1");
	answers("{" DOZENS ",\"quantity\":\"6\",\"unit\":\"dozen\"}", "dozen");
	answers("{" DOZENS ",\"quantity\":\"5\",\"unit\":\"dozen\"}", "any");
	answers("{" DOZENS ",\"quantity\":\"5\",\"unit\":\"unit\"}", NULL);
	answers("{" ONE ",\"rule\":{\"percent_off\":\"10\"},\"unit\":\"dozen\"}", "1080.00");
	answers("{" ONE ",\"rule\":{\"price_change\":\"-0.5\"},\"unit\":\"dozen\"}", "1194.00");
	answers("{" ONE ",\"rule\":{\"price\":\"7\"},\"unit\":\"dozen\"}", "84.00");
	answers("{" ONE ",\"rule\":{\"percent_off\":\"7.7\",\"round_to\":\"10\",\"price_change\":\"-0.01\"},\"unit\":\"unit\"}", "89.99");
}

static void test_many(void **state)
{
	(void)state;
	/* 200,000 rows of one product, all for the same: the first book's counts, and it is found in no time */
	enum { N = 200000 };
	bool alone[2] = {false, false};
	struct pricing_row *rows = arena_array(&arena, N, sizeof(*rows));
	assert_non_null(rows);
	for (size_t i = 0; i < N; i++)
		rows[i] = (struct pricing_row){.book = 1 - i % 2, .product = "p", .unit = "u", .currency = "CNY", .from = fraction_of(1 + (int64_t)(i % 3)), .price = fraction_of((int64_t)i)};
	assert_int_equal(pricing_combine(&ctx, PRICING_FIRST, alone, 2, rows, N), OK);
	size_t kept = 0;
	for (size_t i = 0; i < N; i++)
		kept += rows[i].kept;
	assert_int_equal(kept, 3);
	const struct pricing_row *row = pricing_at(rows, N, "p", "u", "CNY", fraction_of(2));
	assert_non_null(row);
	assert_int_equal(row->book, 0);
	assert_int_equal(row->price.num, 1); /* the first of the book's */
}

static void test_refused(void **state)
{
	(void)state;
	static const struct refused bad[] = {
		{"", "", "pricing_json", 0},
		{"[[]]", "[1]", "pricing_form", 0},
		{"{\"kind\":\"riddle\"}", "[1].kind", "pricing_kind", 0},
		{"{\"kind\":\"combined_table\"}", "[1].lists_in_priority_order", "pricing_form", 0},
		{"{\"kind\":\"combined_table\",\"strategy\":\"luck\",\"lists_in_priority_order\":[]}", "[1].strategy", "pricing_strategy", 0},
		{"{\"kind\":\"unit_price\",\"strategy\":\"minimal_price\",\"lists_in_priority_order\":[{\"prices\":[{\"price\":\"x\"}]}]}", "[1].price", "pricing_number", 0},
		{"{\"kind\":\"unit_price\",\"strategy\":\"minimal_price\",\"lists_in_priority_order\":[],\"quantity\":\"-1\"}", "[1].quantity", "pricing_negative", 0},
		{"{" TONNES ",\"unit\":\"mile\"}", "[1].unit", "pricing_unit", 0},
		{"{" DOZENS ",\"quantity\":\"-6\",\"unit\":\"unit\"}", "[1].quantity", "pricing_negative", 0},
		{"{" ONE ",\"unit\":\"unit\"}", "[1].rule", "pricing_form", 0},
	};
	check_refused(pricing_ask, bad, sizeof(bad) / sizeof(bad[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, begin, end), cmocka_unit_test_setup_teardown(test_units_and_rules, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),  cmocka_unit_test_setup_teardown(test_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
