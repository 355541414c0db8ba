/* The public data sets through their presets, against the reference results. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

static void online_retail(struct world *world)
{
	const char *path = shared_data(world, "online_retail/online_retail_2010-12_2011-05.csv.gz");
	if (path == NULL)
		return;
	struct import_result r = import(world, &(struct import_request){.path = path, .preset = "online-retail"});
	print_message("online retail: %.0f lines/s\n", (double)r.rows / r.seconds);
	assert_int_equal(r.rows, 209029);
	assert_int_equal(r.created, 209029);
	assert_int_equal(r.failed + r.skipped + r.updated, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 209029);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\""), 10783);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 2767);
	assert_int_equal(number(world, "SELECT count(*) FROM product"), 3514);
	assert_int_equal(number(world, "SELECT count(DISTINCT coalesce(country, '-')) FROM \"order\""), 36);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.number LIKE 'C%'"), 3783);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.customer_id IS NULL"), 59976);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line WHERE quantity < 0"), 4434);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line WHERE unit_price <= 0"), 1292);
	/* sum(quantity x price) = 3,706,827.641, at four decimals */
	assert_int_equal(number(world, "SELECT sum(total) FROM order_line"), 37068276410);
	/* what is kept follows the lines */
	assert_int_equal(number(world, "SELECT sum(lines_count) FROM \"order\""), 209029);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" o WHERE lines_total <> (SELECT round(sum(total) / 100.0) FROM order_line WHERE order_id = o.id) "
	                               "AND abs(lines_total * 100 - (SELECT sum(total) FROM order_line WHERE order_id = o.id)) > 50"), 0);
	assert_int_equal(number(world, "SELECT sum(orders_count) FROM customer"),
	                 number(world, "SELECT count(*) FROM \"order\" WHERE customer_id IS NOT NULL AND kind = 'sale'"));
	assert_int_equal(number(world, "SELECT sum(orders_total) FROM customer"),
	                 number(world, "SELECT sum(total_base) FROM \"order\" WHERE customer_id IS NOT NULL"));
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE kind = 'return'"),
	                 number(world, "SELECT count(*) FROM \"order\" WHERE number LIKE 'C%'"));
	assert_int_equal(number(world, "SELECT max(position) FROM order_line"),
	                 number(world, "SELECT max(lines_count) FROM \"order\""));
	/* The same file again: nothing twice. */
	r = import(world, &(struct import_request){.path = path, .preset = "online-retail"});
	assert_int_equal(r.rows, 209029);
	assert_int_equal(r.skipped, 209029);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 209029);
}

static void cdnow(struct world *world)
{
	const char *path = shared_data(world, "cdnow_sample/CDNOW_sample.txt");
	if (path == NULL)
		return;
	struct import_result r = import(world, &(struct import_request){.path = path, .preset = "cdnow"});
	assert_int_equal(r.rows, 6919);
	assert_int_equal(r.created, 6919);
	assert_int_equal(r.failed, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number LIKE 'CDNOW-%'"), 2357);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE currency = 'USD'"), 6919);
	assert_int_equal(number(world, "SELECT sum(l.quantity) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.currency = 'USD'"), 16479000);
	/* 244,091.94 dollars (the reference prints one decimal) */
	assert_int_equal(number(world, "SELECT sum(total) FROM \"order\" WHERE currency = 'USD'"), 24409194);
	assert_int_equal(number(world, "SELECT min(placed_at) FROM \"order\" WHERE currency = 'USD'"), 852076800000);
	assert_int_equal(number(world, "SELECT max(placed_at) FROM \"order\" WHERE currency = 'USD'"), 899164800000);
}

static void run_all(void (*test)(struct world *world))
{
	const char *urls[2];
	size_t n = engines(urls);
	for (size_t i = 0; i < n; i++) {
		struct world *world = calloc(1, sizeof(*world));
		world_open(world, urls[i], NULL, NULL);
		test(world);
		world_close(world);
		free(world);
	}
}

static void test_online_retail(void **state)
{
	(void)state;
	run_all(online_retail);
}

static void test_cdnow(void **state)
{
	(void)state;
	run_all(cdnow);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_online_retail), cmocka_unit_test(test_cdnow)};
	return cmocka_run_group_tests_name("import/presets", tests, NULL, NULL);
}
