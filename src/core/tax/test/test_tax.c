/* The cases of others, the arithmetic under them, and what is refused. */
#include "base/test/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/tax/tax.h"

static struct arena arena;
static struct ctx ctx;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct fraction number(const char *text)
{
	struct fraction f = {0, 0};
	assert_true(fraction_read(text, &f));
	return f;
}

static void assert_number(struct fraction a, const char *text)
{
	char is[FRACTION_TEXT_MAX];
	fraction_write(a, 9, 0, is);
	assert_string_equal(is, text);
}

/* --- exact numbers --------------------------------------------------------- */

static void test_fractions(void **state)
{
	(void)state;
	int64_t n;
	struct fraction f, cent = number("0.01");
	assert_number(fraction_round(number("0.125"), cent), "0.13");
	assert_number(fraction_round(number("-0.125"), cent), "-0.13");
	assert_number(fraction_round(number("5.62499999999999"), cent), "5.62");
	assert_number(fraction_round(number("0.238"), number("0.05")), "0.25");
	assert_number(fraction_round(number("-7.4"), number("5")), "-5");
	assert_number(fraction_round(number("1.23456789"), fraction_of(0)), "1.23456789");
	assert_number(fraction_floor(number("-0.001"), cent), "-0.01");
	assert_number(fraction_floor(number("0.019"), cent), "0.01");
	assert_number(fraction_mul(fraction_div(fraction_of(1), fraction_of(3)), fraction_of(3)), "1");
	assert_number(fraction_sub(number("0.1"), number("0.3")), "-0.2");
	assert_int_equal(fraction_compare(fraction_div(fraction_of(1), fraction_of(3)), number("0.333333333333333333")), 1);
	assert_false(fraction_fits(fraction_div(fraction_of(1), fraction_of(0))));
	/* once too large, always too large */
	f = number("999999999999999999999999999999");
	f = fraction_mul(f, f);
	assert_false(fraction_fits(f));
	assert_false(fraction_fits(fraction_add(f, fraction_of(1))));
	assert_false(fraction_to_scaled(f, 2, &n));
	assert_false(fraction_to_scaled(number("99999999999999999999"), 0, &n));
	assert_true(fraction_to_scaled(number("-12.345"), 2, &n));
	assert_int_equal(n, -1235);
	for (const char *const *bad = (const char *const[]){"", "-", ".", "1e5", "1,5", "0x1", " 1", "1 ", "1..2", "--1", "1234567890123456789012345678901", NULL}; *bad != NULL; bad++)
		assert_false(fraction_read(*bad, &f));
	char text[FRACTION_TEXT_MAX];
	fraction_write(number("-0.5"), 6, 2, text);
	assert_string_equal(text, "-0.50");
	fraction_write(number("100"), 6, 0, text);
	assert_string_equal(text, "100");
	fraction_write(number("0.0004"), 2, 0, text);
	assert_string_equal(text, "0");
}

/* --- the cases of others ------------------------------------------------------ */

/* Everything that is expected stands in the answer; numbers may be written in more ways than one. */
static bool agrees(json_t *want, const json_t *is)
{
	const char *key;
	json_t *value;
	struct fraction a, b;
	if (json_is_object(want)) {
		json_object_foreach(want, key, value) {
			if (!agrees(value, json_object_get(is, key)))
				return false;
		}
		return json_object_size(want) > 0;
	}
	if (json_is_array(want)) {
		for (size_t i = 0; i < json_array_size(want); i++) {
			if (!agrees(json_array_get(want, i), json_array_get(is, i)))
				return false;
		}
		return json_array_size(want) == json_array_size(is);
	}
	if (json_is_string(want) && fraction_read(json_string_value(want), &a))
		return json_is_string(is) && fraction_read(json_string_value(is), &b) && fraction_compare(a, b) == 0;
	return json_equal(want, is) != 0;
}

static void test_cases(void **state)
{
	(void)state;
	char path[512];
	json_error_t error;
	const char *folder = getenv("GUANXI_SHARED_DATA");
	(void)snprintf(path, sizeof(path), "%s/tax_rounding/cases.json", folder != NULL ? folder : "../shared/data");
	json_t *cases = json_load_file(path, 0, &error);
	if (cases == NULL)
		skip();
	assert_true(json_array_size(cases) >= 46);
	size_t wrong = 0;
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *one = json_array_get(cases, i);
		char *text = json_dumps(one, 0);
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = tax_ask(&ctx, text, strlen(text), &out);
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

/* --- several taxes --------------------------------------------------------------- */

static void check_line(const char *price, const struct tax *taxes, size_t n, const char *net, const char *total)
{
	struct tax_sum sum;
	assert_int_equal(tax_line(&ctx, number(price), fraction_of(1), taxes, n, number("0.01"), &sum), OK);
	assert_number(sum.net, net);
	assert_number(sum.total, total);
}

static void test_inside_and_on_top(void **state)
{
	(void)state;
	/* 10 % in the price, 5 % on top: of the net, and of the price when the first one raises the base */
	struct tax both[] = {{TAX_PERCENT, number("10"), true, false, true}, {TAX_PERCENT, number("5"), false, false, true}};
	check_line("110", both, 2, "100", "115");
	both[0].raises_base = true;
	check_line("110", both, 2, "100", "115.5");
	both[1].uses_raised = false;
	check_line("110", both, 2, "100", "115");
	struct tax minus[] = {{TAX_PERCENT, number("-100"), true, false, true}};
	check_line("50", minus, 1, "50", "50");
	check_line("50", NULL, 0, "50", "50");
}

/* --- documents --------------------------------------------------------------------- */

/* For any way, what the lines show adds up, and each line to itself. */
static void check_sums(struct tax_doc *doc)
{
	struct fraction net = fraction_of(0), tax = fraction_of(0), total = fraction_of(0);
	assert_int_equal(tax_document(&ctx, doc), OK);
	for (size_t i = 0; i < doc->n; i++) {
		const struct tax_doc_line *line = &doc->lines[i];
		assert_int_equal(fraction_compare(fraction_add(line->net, line->tax), line->total), 0);
		assert_int_equal(fraction_compare(fraction_round(line->net, doc->step), line->net), 0);
		assert_int_equal(fraction_compare(fraction_round(line->tax, doc->step), line->tax), 0);
		net = fraction_add(net, line->net);
		tax = fraction_add(tax, line->tax);
		total = fraction_add(total, line->total);
	}
	assert_int_equal(fraction_compare(net, doc->net), 0);
	assert_int_equal(fraction_compare(tax, doc->tax), 0);
	assert_int_equal(fraction_compare(total, doc->total), 0);
}

static void test_documents(void **state)
{
	(void)state;
	enum { N = 37 };
	static const char *const rates[] = {"13", "9", "6", "0", "8.25"};
	struct tax_doc_line lines[N];
	struct tax taxes[N];
	struct tax_doc doc = {.lines = lines, .n = N, .step = number("0.01"), .discount = number("123.45")};
	for (int included = 0; included < 2; included++) {
		for (int i = 0; i < N; i++) {
			taxes[i] = (struct tax){TAX_PERCENT, number(rates[i % 5]), included != 0, false, true};
			lines[i] = (struct tax_doc_line){.price = fraction_scaled(12347 + 991 * i, 3), .quantity = fraction_scaled(1000 + 333 * i, 3),
			                                 .discount_percent = fraction_of(i % 7), .discount = fraction_scaled(i % 3, 2), .taxes = &taxes[i], .n_taxes = 1};
		}
		for (int way = 0; way < TAX_WAYS; way++) {
			doc.way = (enum tax_way)way;
			check_sums(&doc);
		}
	}
	/* a discount on everything: nothing is left, and more than that is refused */
	doc.n = 1;
	lines[0].price = number("10");
	lines[0].quantity = fraction_of(1);
	lines[0].discount_percent = lines[0].discount = fraction_of(0);
	doc.discount = number("10");
	check_sums(&doc);
	assert_number(doc.total, "0");
	doc.discount = number("10.01");
	assert_int_equal(tax_document(&ctx, &doc), ERR_INVALID);
	assert_string_equal(ctx.faults.list[0].key, "tax_discount");
	faults_clear(&ctx);
	doc.n = 0;
	doc.discount = fraction_of(0);
	check_sums(&doc);
}

static void test_sharing(void **state)
{
	(void)state;
	struct fraction out[3], weights[3] = {fraction_of(1), fraction_of(1), fraction_of(1)};
	assert_int_equal(tax_share_out(&ctx, number("0.10"), number("0.01"), weights, 3, out), OK);
	assert_number(out[0], "0.04");
	assert_number(out[1], "0.03");
	assert_number(out[2], "0.03");
	weights[0] = weights[1] = weights[2] = fraction_of(0);
	assert_int_equal(tax_share_out(&ctx, number("0.10"), number("0.01"), weights, 3, out), OK);
	assert_number(out[0], "0.1");
}

/* --- what is refused -------------------------------------------------------------- */

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *json, *field, *key;
	} bad[] = {
		{"[", "", "tax_json"},
		{"[1]", "[1]", "tax_form"},
		{"{\"kind\":\"riddle\"}", "[1].kind", "tax_kind"},
		{"{\"kind\":\"one_line\"}", "[1].price", "tax_number"},
		{"{\"kind\":\"one_line\",\"price\":\"1e9\"}", "[1].price", "tax_number"},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"taxes\":{}}", "[1].taxes", "tax_form"},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"taxes\":[{\"kind\":\"toll\"}]}", "[1].taxes.kind", "tax_kind"},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"rounding\":\"per_line\",\"step\":\"0\"}", "[1].step", "tax_step"},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"rounding\":\"down\"}", "[1].rounding", "tax_way"},
		{"{\"kind\":\"one_line\",\"price\":\"999999999999999999999999999999\",\"quantity\":\"999999999999999999999999999999\"}", "[1]", "tax_large"},
		{"{\"kind\":\"document\",\"rate_percent\":\"5\"}", "[1].lines", "tax_form"},
		{"{\"kind\":\"cn_vat_line\",\"gross\":\"1\",\"rate_percent\":\"-100\"}", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out;
		buf_init(&out, 1 << 20);
		faults_clear(&ctx);
		enum err err = tax_ask(&ctx, bad[i].json, strlen(bad[i].json), &out);
		if (bad[i].key != NULL) {
			assert_int_not_equal(err, OK);
			assert_string_equal(ctx.faults.list[0].field, bad[i].field);
			assert_string_equal(ctx.faults.list[0].key, bad[i].key);
			assert_int_equal(out.len, 0);
		}
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fractions, begin, end),         cmocka_unit_test_setup_teardown(test_cases, begin, end),
		cmocka_unit_test_setup_teardown(test_inside_and_on_top, begin, end), cmocka_unit_test_setup_teardown(test_documents, begin, end),
		cmocka_unit_test_setup_teardown(test_sharing, begin, end),           cmocka_unit_test_setup_teardown(test_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
