/* The public data sets through their presets, against the reference results. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* What is in the file, counted here without the program's help. */
struct facts {
	int64_t lines, invoices, customers, codes, countries, credits, guests, negative, free_of_charge, sum; /* at 4 decimals */
};

static int64_t distinct(struct map *seen, const char *text)
{
	int64_t before = (int64_t)seen->count;
	assert_true(map_put(seen, text, strlen(text), 1));
	return (int64_t)seen->count - before;
}

static int64_t decimals(const char *text, int places)
{
	double value = strtod(text, NULL);
	for (int i = 0; i < places; i++)
		value *= 10;
	return (int64_t)(value < 0 ? value - 0.5 : value + 0.5);
}

static void count_line(struct facts *f, struct map seen[4], const struct cell *c)
{
	f->lines++;
	f->invoices += distinct(&seen[0], c[0].text);
	f->codes += distinct(&seen[1], c[1].text);
	f->customers += c[6].len > 0 ? distinct(&seen[2], c[6].text) : 0;
	f->countries += distinct(&seen[3], c[7].text);
	f->credits += c[0].text[0] == 'C';
	f->guests += c[6].len == 0;
	f->negative += c[3].text[0] == '-';
	f->free_of_charge += decimals(c[5].text, 4) <= 0;
	f->sum += decimals(c[3].text, 0) * decimals(c[5].text, 4);
}

static enum err to_file(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	return fwrite(data, 1, n, arg) == n ? OK : fail(ctx, ERR_LIMIT, "", "disk_full");
}

/* Copies the first `most` lines to `copy` on the way. */
static struct facts count_file(struct world *world, const char *path, int64_t most, const char *copy)
{
	static const struct table_options options = {.format = FILE_CSV, .delimiter = ',', .header_row = 1};
	struct facts f = {0};
	struct map seen[4];
	struct table *table = NULL;
	FILE *out = fopen(copy, "we");
	assert_non_null(out);
	static const struct table_column columns[8] = {{"InvoiceNo"}, {"StockCode"}, {"Description"}, {"Quantity"}, {"InvoiceDate"}, {"UnitPrice"}, {"CustomerID"}, {"Country"}};
	struct table_out *writer = NULL;
	assert_int_equal(table_out_new(&world->ctx, &(struct table_out_options){.format = FILE_CSV}, columns, 8, to_file, out, &writer), OK);
	for (size_t i = 0; i < 4; i++)
		map_init(&seen[i], i, 7);
	assert_int_equal(table_open_new(&world->ctx, path, &options, &table), OK);
	while (f.lines < most) {
		struct table_row row;
		bool more = false;
		assert_int_equal(table_next(&world->ctx, table, &row, &more), OK);
		if (!more)
			break;
		count_line(&f, seen, row.cells);
		assert_int_equal(table_write(&world->ctx, writer, row.cells), OK);
	}
	table_free(table);
	assert_int_equal(table_finish(&world->ctx, writer, NULL), OK);
	table_out_free(writer);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < 4; i++)
		map_release(&seen[i]);
	return f;
}

static void check_facts(struct world *world, const struct facts *f)
{
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), f->lines);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\""), f->invoices);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), f->customers);
	assert_int_equal(number(world, "SELECT count(*) FROM product"), f->codes);
	assert_int_equal(number(world, "SELECT count(DISTINCT coalesce(country, '-')) FROM \"order\""), f->countries);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.number LIKE 'C%'"), f->credits);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line l JOIN \"order\" o ON o.id = l.order_id WHERE o.customer_id IS NULL"), f->guests);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line WHERE quantity < 0"), f->negative);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line WHERE unit_price <= 0"), f->free_of_charge);
	assert_int_equal(number(world, "SELECT sum(total) FROM order_line"), f->sum);
}

/* What is kept follows the lines. */
static void check_kept(struct world *world, int64_t lines)
{
	assert_int_equal(number(world, "SELECT sum(lines_count) FROM \"order\""), lines);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" o WHERE abs(lines_total * 100 - (SELECT sum(total) FROM order_line WHERE order_id = o.id)) > 50"), 0);
	assert_int_equal(number(world, "SELECT sum(orders_count) FROM customer"),
	                 number(world, "SELECT count(*) FROM \"order\" WHERE customer_id IS NOT NULL AND kind = 'sale'"));
	assert_int_equal(number(world, "SELECT sum(orders_total) FROM customer"),
	                 number(world, "SELECT sum(total_base) FROM \"order\" WHERE customer_id IS NOT NULL"));
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE kind = 'return'"),
	                 number(world, "SELECT count(*) FROM \"order\" WHERE number LIKE 'C%'"));
	assert_int_equal(number(world, "SELECT max(position) FROM order_line"), number(world, "SELECT max(lines_count) FROM \"order\""));
}

/* The whole file into SQLite, its first part into PostgreSQL (all of it with GUANXI_TEST_FULL). */
static void online_retail(struct world *world)
{
	static const struct facts reference = {209029, 10783, 2767, 3514, 36, 3783, 59976, 4434, 1292, 37068276410};
	const char *path = shared_data(world, "online_retail/online_retail_2010-12_2011-05.csv.gz");
	if (path == NULL)
		return;
	bool whole = store_engine(world->store) == ENGINE_SQLITE || getenv("GUANXI_TEST_FULL") != NULL;
	const char *copy = arena_printf(&world->arena, "%s/first.csv", world->dir);
	struct facts facts = count_file(world, path, whole ? INT64_MAX : 15000, copy);
	if (whole)
		assert_memory_equal(&facts, &reference, sizeof(facts));
	struct import_request request = {.path = whole ? path : copy, .preset = "online-retail"};
	struct import_result r = import(world, &request);
	print_message("online retail: %.0f lines/s\n", (double)r.rows / r.seconds);
	assert_int_equal(r.rows, facts.lines);
	assert_int_equal(r.created, facts.lines);
	assert_int_equal(r.failed + r.skipped + r.updated, 0);
	check_facts(world, &facts);
	check_kept(world, facts.lines);
	/* The same file again: nothing twice. */
	r = import(world, &request);
	assert_int_equal(r.rows, facts.lines);
	assert_int_equal(r.skipped, facts.lines);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), facts.lines);
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

static void test_online_retail(void **state)
{
	(void)state;
	on_each_engine(online_retail);
}

static void test_cdnow(void **state)
{
	(void)state;
	on_each_engine(cdnow);
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_online_retail), cmocka_unit_test(test_cdnow)};
	return cmocka_run_group_tests_name("import/presets", tests, NULL, NULL);
}
