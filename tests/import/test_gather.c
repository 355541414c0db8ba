/* Imports that write many records of one kind for another: gathered in memory, written
 * once, with indexes set aside; against what the tables say when they are asked plainly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/import.h"
#include "world.h"

static const char plan[] =
	"{\"records\":["
	"{\"as\":\"customer\",\"entity\":\"customer\",\"mode\":\"keep\",\"key\":[\"number\"],\"when\":{\"column\":\"c\",\"filled\":true},"
	" \"fields\":{\"number\":\"c\",\"name\":\"name\",\"registration_no\":\"reg\"}},"
	"{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"keep\",\"key\":[\"number\"],\"fields\":{\"number\":\"o\",\"customer_id\":{\"record\":\"customer\"},"
	" \"placed_at\":\"at\",\"currency\":{\"value\":\"CNY\"},\"fx_rate\":{\"value\":\"1\"},\"shipping_fee\":\"fee\",\"state\":{\"value\":\"completed\"}}},"
	"{\"entity\":\"order_line\",\"mode\":\"create\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"position\":{\"counter\":\"order\"},"
	" \"name\":\"item\",\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}";

/* Kept figures that differ from what they are kept of. */
static const char *const wrong[] = {
	"SELECT count(*) FROM \"order\" o WHERE lines_count <> (SELECT count(*) FROM order_line l WHERE l.order_id = o.id)",
	"SELECT count(*) FROM \"order\" o WHERE abs(lines_total * 100 - (SELECT sum(total) FROM order_line l WHERE l.order_id = o.id)) > 50",
	"SELECT count(*) FROM \"order\" o WHERE total <> lines_total + coalesce(shipping_fee, 0) OR total_base <> total",
	"SELECT count(*) FROM customer c WHERE orders_count <> (SELECT count(*) FROM \"order\" o WHERE o.customer_id = c.id)",
	"SELECT count(*) FROM customer c WHERE orders_total <> (SELECT coalesce(sum(total_base), 0) FROM \"order\" o WHERE o.customer_id = c.id)",
	"SELECT count(*) FROM customer c WHERE first_order_at <> (SELECT min(placed_at) FROM \"order\" o WHERE o.customer_id = c.id)"
	" OR last_order_at <> (SELECT max(placed_at) FROM \"order\" o WHERE o.customer_id = c.id)",
	"SELECT count(*) FROM (SELECT id FROM customer UNION ALL SELECT id FROM \"order\") r WHERE NOT EXISTS"
	" (SELECT 1 FROM search_doc d WHERE d.record_id = r.id)",
	"SELECT count(*) FROM order_line a JOIN order_line b ON a.order_id = b.order_id AND a.position = b.position AND a.id < b.id",
};

static void check_figures(struct world *world)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (number(world, wrong[i]) != 0)
			test_fail("%lld wrong: %s", (long long)number(world, wrong[i]), wrong[i]);
}

/* Lines of a few orders of fewer customers, in no order; the same seed gives the same file. */
static const char *make_file(struct world *world, const char *name, int lines, int orders, unsigned seed, size_t padding)
{
	char path[160], pad[4096];
	(void)snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	memset(pad, 'x', sizeof(pad));
	pad[padding < sizeof(pad) ? padding : sizeof(pad) - 1] = '\0';
	(void)fprintf(f, "o,c,name,reg,at,item,qty,price,fee,pad\n");
	for (int i = 0; i < lines; i++) {
		seed = seed * 1103515245u + 12345u;
		int order = (int)(seed >> 8) % orders, customer = order % (orders / 3);
		char who[16] = "";
		if (customer != 0) /* some orders are nobody's */
			(void)snprintf(who, sizeof(who), "C%d", customer);
		(void)fprintf(f, "O%d,%s,张%d,,2024-%02d-%02d,Thing %d,%d.5,%d.%02d,%d,%s\n", order, who, customer, 1 + order % 12, 1 + order % 28, i % 7,
		              1 + (int)(seed >> 16) % 9, (int)(seed >> 12) % 500, (int)(seed >> 4) % 100, order % 5, pad);
	}
	assert_int_equal(fclose(f), 0);
	return arena_strdup(&world->arena, path);
}

static struct import_result run_file(struct world *world, const char *path)
{
	struct import_request request = {.path = path, .map_path = write_file(world, "map.json", plan)};
	return import(world, &request);
}

static void figures(struct world *world)
{
	/* One batch: every order is written once, in its last form. */
	struct import_result r = run_file(world, make_file(world, "a.csv", 450, 60, 1, 0));
	assert_int_equal(r.created, 450);
	assert_true(number(world, "SELECT count(*) FROM \"order\"") > 50);
	assert_int_equal(number(world, "SELECT count(*) FROM \"order\" WHERE version <> 1"), 0);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 450);
	check_figures(world);
	/* Many batches, lines of one order in several of them, and on orders that are there. */
	r = run_file(world, make_file(world, "b.csv", 3000, 300, 2, 0));
	assert_int_equal(r.failed, 0);
	check_figures(world);
	r = run_file(world, make_file(world, "c.csv", 2500, 450, 99, 0));
	assert_int_equal(r.failed, 0);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 5950);
	check_figures(world);
}

static void gathered_figures_are_right(void **state)
{
	(void)state;
	on_each_engine(figures);
}

/* What only the store refuses is told at the end of the batch: the rows are then written one by one. */
static void refusals(struct world *world)
{
	struct import_result r = run_file(world, write_file(world, "c.csv",
		"o,c,name,reg,at,item,qty,price,fee,pad\n"
		"O1,C1,张三,REG-1,2024-01-01,a,1,10,0,\n"
		"O2,C2,李四,REG-2,2024-01-02,b,2,10,0,\n"
		"O3,C3,王五,REG-1,2024-01-03,c,3,10,0,\n" /* somebody else's */
		"O2,C2,李四,REG-2,2024-01-02,d,4,10,0,\n"
		"O4,C4,赵六,REG-4,2024-13-03,e,5,10,0,\n" /* no such month */
		"O5,C1,张三,REG-1,2024-02-01,f,6,10,0,\n"));
	assert_int_equal(r.created, 4);
	assert_int_equal(r.failed, 2);
	assert_int_equal(number(world, "SELECT count(*) FROM order_line"), 4);
	assert_int_equal(number(world, "SELECT count(*) FROM customer WHERE number IN ('C3', 'C4')"), 0);
	assert_string_equal(text(world, "SELECT field FROM import_problem WHERE \"key\" = 'unique'"), "registration_no");
	assert_int_equal(number(world, "SELECT orders_total FROM customer WHERE number = 'C1'"), 7000);
	check_figures(world);
}

static void what_the_store_refuses_fails_its_row_alone(void **state)
{
	(void)state;
	on_each_engine(refusals);
}

/* An id asked for while its record waits: it is written first, and nothing is lost. */
struct asking {
	int64_t id;
	bool waited, found, gone;
	const char *name;
};

static enum err ask(struct ctx *ctx, void *arg)
{
	struct asking *a = arg;
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	struct record *made, *loaded;
	enum err err = record_gather(ctx);
	if (err == OK)
		err = record_new(ctx, info, &made);
	if (err == OK)
		err = record_set(ctx, made, "name", value_text("在等的人"));
	if (err == OK)
		err = record_create(ctx, made, 0);
	if (err != OK)
		return err;
	a->id = record_id(made);
	a->waited = record_gathered(ctx, a->id) == made && record_gathered_any(ctx, info);
	err = record_load(ctx, info, a->id, &loaded);
	a->found = err == OK && str_equal(record_text(loaded, "name"), "在等的人");
	a->gone = record_gathered(ctx, a->id) == NULL && !record_gathered_any(ctx, info);
	return err;
}

static enum err ask_and_fail(struct ctx *ctx, void *arg)
{
	enum err err = ask(ctx, arg);
	return err != OK ? err : fail(ctx, ERR_CONFLICT, "", "refused");
}

static void asked(struct world *world)
{
	struct asking a = {0};
	assert_int_equal(store_write(&world->ctx, world->store, ask, &a), OK);
	assert_true(a.waited && a.found && a.gone);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 1);
	assert_int_equal(number(world, "SELECT count(*) FROM search_doc"), 1);
	world->ctx.gathering = NULL;
	assert_int_equal(store_write(&world->ctx, world->store, ask_and_fail, &a), ERR_CONFLICT);
	faults_clear(&world->ctx);
	assert_int_equal(number(world, "SELECT count(*) FROM customer"), 1);
}

static void who_asks_for_a_waiting_record_gets_it(void **state)
{
	(void)state;
	on_each_engine(asked);
}

/* --- indexes ---------------------------------------------------------------------------- */

static void indexes_come_back(void **state)
{
	(void)state;
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world_open(world, NULL, NULL, NULL);
	static const char list[] = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE type = 'index' ORDER BY name)";
	const char *before = arena_strdup(&world->arena, text(world, list));
	/* over 8 MB */
	struct import_result r = run_file(world, make_file(world, "wide.csv", 2400, 240, 7, 3600));
	assert_int_equal(r.created, 2400);
	assert_string_equal(text(world, list), before);
	check_figures(world);
	world_close(world);
	free(world);
}

static enum err aside(struct ctx *ctx, void *arg)
{
	(void)arg;
	const struct entity_info *info = registry_find(ctx->registry, "order");
	bool *asked = arena_array(ctx->arena, info->n_fields, sizeof(*asked));
	assert_non_null(asked);
	asked[entity_field(info, "number")] = true;
	return entity_indexes_aside(ctx, info, asked);
}

static enum err mend(struct ctx *ctx, void *arg)
{
	return entity_index_mend(ctx, arg);
}

static void missing_indexes_are_found_and_made(void **state)
{
	(void)state;
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world_open(world, NULL, NULL, NULL);
	static const char count[] = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'order'";
	const char *missing;
	int64_t all = number(world, count);
	bool made = true;
	int rounds = 0;
	world->ctx.db = world->db;
	assert_int_equal(entity_index_missing(&world->ctx, &missing), OK);
	assert_null(missing);
	assert_int_equal(store_write(&world->ctx, world->store, aside, NULL), OK);
	assert_true(number(world, count) < all - 5);
	/* what keeps order numbers unique stays */
	assert_int_equal(number(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'order_channel_id_number_key'"), 1);
	/* and so does what is asked for */
	assert_int_equal(number(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'order_number_idx'"), 1);
	assert_int_equal(number(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'order_total_id_idx'"), 0);
	assert_int_equal(entity_index_missing(&world->ctx, &missing), OK);
	assert_non_null(missing);
	for (; made && rounds < 100; rounds++)
		assert_int_equal(store_write(&world->ctx, world->store, mend, &made), OK);
	assert_true(rounds > 5 && rounds < 100);
	assert_int_equal(number(world, count), all);
	world_close(world);
	free(world);
}

/* People known by their address are looked for by its form: that index is no other's to set aside. */
static void what_is_compared_by_keeps_its_index(void **state)
{
	(void)state;
	static const char by_email[] = "{\"records\":[{\"entity\":\"customer\",\"mode\":\"upsert\",\"key\":[\"email\"],\"fields\":{\"email\":\"e\",\"name\":\"n\"}}]}";
	static const char *const names[] = {"e", "n"};
	const struct plan_columns columns = {names, 2};
	struct world *world = calloc(1, sizeof(*world));
	struct plan *compiled;
	json_t *json;
	assert_non_null(world);
	world_open(world, NULL, NULL, NULL);
	world->ctx.db = world->db;
	assert_int_equal(plan_parse(&world->ctx, by_email, &json), OK);
	assert_int_equal(plan_compile(&world->ctx, json, &columns, &compiled), OK);
	assert_int_equal(import_bulk_begin(&world->ctx, compiled, (int64_t)9 << 20), OK);
	assert_int_equal(number(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'customer_email_key_idx'"), 1);
	assert_int_equal(number(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'customer_email_idx'"), 0);
	json_decref(json);
	world_close(world);
	free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathered_figures_are_right),
		cmocka_unit_test(what_the_store_refuses_fails_its_row_alone),
		cmocka_unit_test(who_asks_for_a_waiting_record_gets_it),
		cmocka_unit_test(indexes_come_back),
		cmocka_unit_test(missing_indexes_are_found_and_made),
		cmocka_unit_test(what_is_compared_by_keeps_its_index),
	};
	return cmocka_run_group_tests_name("gathered imports", tests, NULL, NULL);
}
