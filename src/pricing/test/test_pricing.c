/* Price lists put together: the cases of others, and what is refused. */
#include "base/test/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "pricing/pricing.h"

static struct arena arena;
static struct ctx ctx;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 256 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* Numbers may be written in more ways than one. */
static bool agrees(json_t *want, json_t *is)
{
	const char *key;
	json_t *value;
	struct fraction a, b;
	if (json_is_object(want)) {
		json_object_foreach(want, key, value) {
			if (!agrees(value, json_object_get(is, key)))
				return false;
		}
		return json_is_object(is) && json_object_size(want) == json_object_size(is);
	}
	if (json_is_array(want)) {
		for (size_t i = 0; i < json_array_size(want); i++) {
			if (!agrees(json_array_get(want, i), json_array_get(is, i)))
				return false;
		}
		return json_is_array(is) && json_array_size(want) == json_array_size(is);
	}
	if (json_is_string(want) && fraction_read(json_string_value(want), &a))
		return json_is_string(is) && fraction_read(json_string_value(is), &b) && fraction_compare(a, b) == 0;
	return is != NULL && json_equal(want, is) != 0;
}

static void test_cases(void **state)
{
	(void)state;
	char path[512];
	json_error_t error;
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/price_lists/cases.json", folder != NULL ? folder : "../shared/data");
	json_t *cases = json_load_file(path, 0, &error);
	if (cases == NULL)
		skip();
	assert_true(json_array_size(cases) >= 32);
	size_t wrong = 0;
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *one = json_array_get(cases, i);
		char *text = json_dumps(one, 0);
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = pricing_ask(&ctx, text, strlen(text), &out);
		json_t *answer = json_loads(buf_text(&out), 0, &error);
		if (err != OK || !agrees(json_object_get(one, "expected"), json_object_get(answer, "answer")) ||
		    json_array_size(json_object_get(answer, "steps")) == 0) {
			print_error("%s answers %s\n", text, err == OK ? buf_text(&out) : ctx.faults.list[0].key);
			wrong++;
		}
		json_decref(answer);
		buf_release(&out);
		free(text);
	}
	json_decref(cases);
	assert_int_equal(wrong, 0);
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
	static const struct {
		const char *json, *field, *key;
	} bad[] = {
		{"", "", "pricing_json"},
		{"[[]]", "[1]", "pricing_form"},
		{"{\"kind\":\"riddle\"}", "[1].kind", "pricing_kind"},
		{"{\"kind\":\"combined_table\"}", "[1].lists_in_priority_order", "pricing_form"},
		{"{\"kind\":\"combined_table\",\"strategy\":\"luck\",\"lists_in_priority_order\":[]}", "[1].strategy", "pricing_strategy"},
		{"{\"kind\":\"unit_price\",\"strategy\":\"minimal_price\",\"lists_in_priority_order\":[{\"prices\":[{\"price\":\"x\"}]}]}", "[1].price", "pricing_number"},
		{"{\"kind\":\"unit_price\",\"strategy\":\"minimal_price\",\"lists_in_priority_order\":[],\"quantity\":\"-1\"}", "[1].quantity", "pricing_negative"},
		{"{" TONNES ",\"unit\":\"mile\"}", "[1].unit", "pricing_unit"},
		{"{" DOZENS ",\"quantity\":\"-6\",\"unit\":\"unit\"}", "[1].quantity", "pricing_negative"},
		{"{" ONE ",\"unit\":\"unit\"}", "[1].rule", "pricing_form"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		assert_int_not_equal(pricing_ask(&ctx, bad[i].json, strlen(bad[i].json), &out), OK);
		assert_string_equal(ctx.faults.list[0].field, bad[i].field);
		assert_string_equal(ctx.faults.list[0].key, bad[i].key);
		assert_int_equal(out.len, 0);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cases, begin, end), cmocka_unit_test_setup_teardown(test_units_and_rules, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),  cmocka_unit_test_setup_teardown(test_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
