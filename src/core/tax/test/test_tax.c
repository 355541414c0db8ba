/* The cases of others, the arithmetic under them, and what is refused. */
#include "core/command/test/questions.h"

#include "core/tax/tax.h"
#include "core/tax/test/agrees.h"

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

/* The answer may say more. */
static bool right(json_t *expected, json_t *line)
{
	return agrees_with_steps(expected, line, true);
}

static void test_cases(void **state)
{
	(void)state;
	check_cases("tax_rounding/cases.json", 46, tax_ask, right);
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
	static const struct refused bad[] = {
		{"[", "", "tax_json", 0},
		{"[1]", "[1]", "tax_form", 0},
		{"{\"kind\":\"riddle\"}", "[1].kind", "tax_kind", 0},
		{"{\"kind\":\"one_line\"}", "[1].price", "tax_number", 0},
		{"{\"kind\":\"one_line\",\"price\":\"1e9\"}", "[1].price", "tax_number", 0},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"taxes\":{}}", "[1].taxes", "tax_form", 0},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"taxes\":[{\"kind\":\"toll\"}]}", "[1].taxes.kind", "tax_kind", 0},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"rounding\":\"per_line\",\"step\":\"0\"}", "[1].step", "tax_step", 0},
		{"{\"kind\":\"one_line\",\"price\":\"1\",\"rounding\":\"down\"}", "[1].rounding", "tax_way", 0},
		{"{\"kind\":\"one_line\",\"price\":\"999999999999999999999999999999\",\"quantity\":\"999999999999999999999999999999\"}", "[1]", "tax_large", 0},
		{"{\"kind\":\"document\",\"rate_percent\":\"5\"}", "[1].lines", "tax_form", 0},
		{"{\"kind\":\"cn_vat_line\",\"gross\":\"1\",\"rate_percent\":\"-100\"}", "[1].rate_percent", "tax_rate", 0},
	};
	check_refused(tax_ask, bad, sizeof(bad) / sizeof(bad[0]));
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
