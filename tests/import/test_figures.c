/* Kept figures against the same figures computed: after any write, in any order, on both engines. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "world.h"

enum { CUSTOMERS = 6, ORDERS = 12, LINES = 24, WORK = 12, RUNS = 8, NUMBERS = 20, BATCH = 4, PAIRS = 4, TEXT = 32 };

static uint64_t seed;

static uint64_t below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

/* --- what exists, or existed ---------------------------------------------------------- */

struct ids {
	int64_t list[64];
	size_t n, most;
};

struct shop {
	struct world *world;
	struct ids customers, orders, lines, work, runs; /* what was deleted too: it may come back */
	int64_t done, refused;
	int kinds[16]; /* how often each kind of step succeeded */
};

static int64_t any(const struct ids *ids)
{
	return ids->n == 0 ? 0 : ids->list[below(ids->n)];
}

static bool is_there(struct shop *shop, const char *entity, int64_t id)
{
	return number(shop->world, arena_printf(&shop->world->arena, "SELECT count(*) FROM \"%s\" WHERE id = %lld", entity, (long long)id)) != 0;
}

/* Mostly one that is there. */
static int64_t a_live(struct shop *shop, const char *entity, const struct ids *ids)
{
	int64_t id = any(ids);
	for (int tries = 0; tries < 5 && id != 0 && !is_there(shop, entity, id); tries++)
		id = any(ids);
	return id;
}

/* Keeps the newest and some old ones. */
static void remember(struct ids *ids, int64_t id)
{
	size_t at = ids->n < ids->most ? ids->n++ : below(ids->most);
	ids->list[at] = id;
}

/* --- one write ---------------------------------------------------------------------------- */

enum what { CREATE, UPDATE, REMOVE, RESTORE };

struct one_write {
	enum what what;
	const char *entity;
	struct ids *of;
	int64_t id;
	struct {
		const char *field;
		char text[TEXT];
	} pairs[PAIRS];
	size_t n;
};

static void say(struct one_write *w, const char *field, const char *text)
{
	w->pairs[w->n].field = field;
	(void)snprintf(w->pairs[w->n++].text, TEXT, "%s", text);
}

static void say_id(struct one_write *w, const char *field, int64_t id)
{
	w->pairs[w->n].field = field;
	(void)snprintf(w->pairs[w->n++].text, TEXT, "%.0lld", (long long)id); /* 0 is nothing */
}

static void say_amount(struct one_write *w, const char *field, int64_t most, int places)
{
	int64_t scale = 1;
	for (int i = 0; i < places; i++)
		scale *= 10;
	int64_t value = (int64_t)below((uint64_t)(2 * most * scale)) - (most / 4) * scale;
	char text[DECIMAL_TEXT_MAX];
	(void)decimal_format(value, places, text);
	say(w, field, text);
}

static void say_day(struct one_write *w, const char *field)
{
	char text[TEXT];
	(void)snprintf(text, sizeof(text), "2026-%02u-%02uT10:00:00Z", 1 + (unsigned)below(3) % 3, 1 + (unsigned)below(9) % 9);
	say(w, field, text);
}

#define ONE_OF(...) ((const char *const[]){__VA_ARGS__}[below(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))])

static void order_field(struct shop *shop, struct one_write *w)
{
	switch (below(8)) {
	case 0: say_id(w, "customer_id", below(4) == 0 ? 0 : a_live(shop, "customer", &shop->customers)); break;
	case 1: say(w, "state", ONE_OF("draft", "placed", "paid", "shipped", "completed", "cancelled", "returned")); break;
	case 2: say(w, "kind", ONE_OF("sale", "sale", "return", "exchange")); break;
	case 3: say_day(w, "placed_at"); break;
	case 4: say_amount(w, "total", 500, 0); break;
	case 5: say_amount(w, "shipping_fee", 20, 0); break;
	case 6: say(w, "fx_rate", ONE_OF("1", "0.048", "9.13", "0.3333", "1.5")); break;
	default: say(w, "currency", ONE_OF("GBP", "JPY", "KWD", "CNY"));
	}
}

static void line_field(struct one_write *w)
{
	switch (below(3)) {
	case 0: say_amount(w, "quantity", 9, 3); break;
	case 1: say_amount(w, "unit_price", 40, 4); break;
	default: say_amount(w, "discount", 3, 4);
	}
}

static void work_field(struct shop *shop, struct one_write *w)
{
	switch (below(4)) {
	case 0: say_id(w, "customer_id", a_live(shop, "customer", &shop->customers)); break;
	case 1: say(w, "state", ONE_OF("planned", "open", "done", "done", "cancelled")); break;
	case 2: say(w, "direction", ONE_OF("in", "out", "internal")); break;
	default: say_day(w, "at");
	}
}

static bool has(const struct one_write *w, const char *field)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->pairs[i].field, field) == 0)
			return true;
	return false;
}

static void choose_fields(struct shop *shop, struct one_write *w)
{
	size_t most = 1 + below(2);
	for (size_t i = 0; i < most; i++) {
		struct one_write more = {.entity = w->entity};
		if (w->of == &shop->orders)
			order_field(shop, &more);
		else if (w->of == &shop->lines)
			line_field(&more);
		else if (w->of == &shop->work)
			work_field(shop, &more);
		else
			say(&more, "city", ONE_OF("杭州", "宁波"));
		if (!has(w, more.pairs[0].field))
			w->pairs[w->n++] = more.pairs[0];
	}
}

static void choose(struct shop *shop, struct one_write *w)
{
	static const char *const names[] = {"customer", "order", "order_line", "interaction"};
	struct ids *const of[] = {&shop->customers, &shop->orders, &shop->lines, &shop->work};
	static const int weights[] = {0, 1, 1, 1, 2, 2, 2, 3, 3};
	size_t entity = (size_t)weights[below(9)];
	*w = (struct one_write){.entity = names[entity], .of = of[entity], .id = any(of[entity])};
	w->what = w->id == 0 || w->of->n < w->of->most / 2 || below(6) == 0 ? CREATE
	        : below(20) == 0                                           ? (enum what)below(4) /* often refused */
	        : !is_there(shop, w->entity, w->id)                        ? RESTORE
	        : below(4) == 0                                            ? REMOVE
	                                                                   : UPDATE;
	if (w->what == CREATE) {
		w->id = 0;
		if (w->of == &shop->customers)
			say(w, "name", "张三");
		else if (w->of == &shop->lines)
			say_id(w, "order_id", a_live(shop, "order", &shop->orders));
		else
			say_id(w, "customer_id", a_live(shop, "customer", &shop->customers));
	}
	if (w->what == CREATE || w->what == UPDATE)
		choose_fields(shop, w);
}

static enum err write_one(struct ctx *ctx, struct one_write *w)
{
	const struct entity_info *info = registry_find(ctx->registry, w->entity);
	struct record *record;
	enum err err = OK;
	if (w->what == REMOVE)
		return record_delete(ctx, info, w->id, 0, W_TRUSTED);
	if (w->what == RESTORE)
		return record_restore(ctx, info, w->id, &record);
	err = record_new(ctx, info, &record);
	for (size_t i = 0; err == OK && i < w->n; i++)
		err = record_set_text(ctx, record, entity_field(info, w->pairs[i].field), w->pairs[i].text);
	if (err == OK)
		err = w->id == 0 ? record_create(ctx, record, 0) : record_update(ctx, w->id, record, 0, 0, NULL);
	if (err == OK && w->id == 0)
		w->id = record_id(record);
	return err;
}

struct batch {
	struct one_write list[BATCH];
	size_t n;
};

static enum err write_batch(struct ctx *ctx, void *arg)
{
	struct batch *batch = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < batch->n; i++)
		err = write_one(ctx, &batch->list[i]);
	return err;
}

/* --- imports --------------------------------------------------------------------------------- */

static void import_some(struct shop *shop)
{
	static const char plan[] =
		"{\"again\":true,\"main\":\"order\",\"records\":[{\"as\":\"customer\",\"entity\":\"customer\",\"mode\":\"keep\",\"key\":[\"number\"],\"when\":{\"column\":\"customer\",\"filled\":true},"
		"\"fields\":{\"number\":\"customer\",\"name\":\"customer\"}},"
		"{\"as\":\"order\",\"entity\":\"order\",\"mode\":\"upsert\",\"key\":[\"number\"],\"fields\":{\"number\":\"order\",\"customer_id\":{\"record\":\"customer\"},"
		"\"currency\":\"currency\",\"state\":\"state\",\"placed_at\":\"day\",\"fx_rate\":\"rate\"}},"
		"{\"entity\":\"order_line\",\"mode\":\"create\",\"fields\":{\"order_id\":{\"record\":\"order\"},\"name\":\"item\",\"quantity\":\"qty\",\"unit_price\":\"price\"}}]}";
	char file[2048];
	size_t used = (size_t)snprintf(file, sizeof(file), "order,customer,item,qty,price,currency,state,day,rate\n");
	for (size_t i = 0, n = 1 + below(8); i < n; i++)
		used += (size_t)snprintf(file + used, sizeof(file) - used, "N%d,%s,tea,%d,%d.%02d,%s,%s,2026-02-%02d,%s\n", (int)below(NUMBERS),
		                         ONE_OF("C1", "C2", "C3", ""), (int)below(7) - 2, (int)below(50), (int)below(100), ONE_OF("GBP", "GBP", "JPY"),
		                         ONE_OF("placed", "paid", "cancelled"), 1 + (int)below(20), ONE_OF("1", "0.5"));
	struct import_result r = import(shop->world, &(struct import_request){.path = write_file(shop->world, "some.csv", file),
	                                                                     .map_path = write_file(shop->world, "map.json", plan)});
	remember(&shop->runs, r.run_id);
	shop->kinds[4] += r.created > 0;
	shop->kinds[5] += r.updated > 0;
}

static void undo_some(struct shop *shop)
{
	int64_t run = any(&shop->runs);
	if (run == 0)
		return;
	enum err err = import_undo(&shop->world->ctx, run, NULL);
	if (err != OK)
		show_faults(shop->world);
	assert_int_equal(err, OK);
	shop->kinds[6]++;
}

/* --- the same figures, computed ----------------------------------------------------------------- */

/* Half to even, for amounts small enough to be exact in 64 bits. */
static int64_t divided(int64_t value, int64_t by)
{
	int64_t magnitude = value < 0 ? -value : value, whole = magnitude / by, twice = 2 * (magnitude % by);
	whole += twice > by || (twice == by && whole % 2 != 0);
	return value < 0 ? -whole : whole;
}

static int64_t power(int places)
{
	int64_t n = 1;
	for (; places > 0; places--)
		n *= 10;
	return n;
}

static int wrong_sums(struct world *world)
{
	struct stmt *stmt;
	bool row = false;
	int wrong = 0;
	assert_int_equal(db_prepare_text(&world->ctx, world->db,
		"SELECT o.id, coalesce(o.currency, 'GBP'), lines_count, lines_total, coalesce(shipping_fee, 0) + coalesce(tax, 0) - coalesce(discount, 0), total, fx_rate, "
		"total_base, (SELECT count(*) FROM order_line WHERE order_id = o.id), (SELECT coalesce(sum(total), 0) FROM order_line WHERE order_id = o.id) "
		"FROM \"order\" o", &stmt), OK);
	while (stmt_step(&world->ctx, stmt, &row) == OK && row) {
		int scale = currency_scale(stmt_text(stmt, 1));
		int64_t lines = divided(stmt_i64(stmt, 9), power(4 - scale)), total = stmt_i64(stmt, 5);
		bool good = stmt_i64(stmt, 2) == stmt_i64(stmt, 8) && stmt_i64(stmt, 3) == lines &&
		            (stmt_i64(stmt, 8) == 0 || total == lines + stmt_i64(stmt, 4)) && /* without lines as given */
		            stmt_i64(stmt, 7) == divided(total * stmt_i64(stmt, 6) * 100, power(scale + 6));
		if (!good)
			print_error("order %lld in %s: %lld lines are %lld, kept %lld are %lld; fees %lld, total %lld, rate %lld, in pounds %lld\n", (long long)stmt_i64(stmt, 0),
			            stmt_text(stmt, 1), (long long)stmt_i64(stmt, 8), (long long)lines, (long long)stmt_i64(stmt, 2), (long long)stmt_i64(stmt, 3),
			            (long long)stmt_i64(stmt, 4), (long long)total, (long long)stmt_i64(stmt, 6), (long long)stmt_i64(stmt, 7));
		wrong += !good;
	}
	stmt_done(stmt);
	return wrong;
}

#define COUNTS "o.customer_id = c.id AND o.state NOT IN ('draft', 'cancelled')"
#define CONTACT "i.customer_id = c.id AND i.state = 'done' AND i.direction IN ('in', 'out')"

static const struct {
	const char *name, *computed;
} kept[] = {
	{"orders_count", "SELECT count(*) FROM \"order\" o WHERE " COUNTS " AND o.kind = 'sale'"},
	{"orders_total", "SELECT coalesce(sum(total_base), 0) FROM \"order\" o WHERE " COUNTS},
	{"orders_unrated", "SELECT count(*) FROM \"order\" o WHERE total_base IS NULL AND " COUNTS},
	{"first_order_at", "SELECT min(placed_at) FROM \"order\" o WHERE " COUNTS " AND o.kind = 'sale'"},
	{"last_order_at", "SELECT max(placed_at) FROM \"order\" o WHERE " COUNTS " AND o.kind = 'sale'"},
	{"open_work", "SELECT count(*) FROM interaction i WHERE i.customer_id = c.id AND i.state IN ('planned', 'open')"},
	{"contacts_count", "SELECT count(*) FROM interaction i WHERE " CONTACT},
	{"last_contact_at", "SELECT max(at) FROM interaction i WHERE " CONTACT},
};

static int wrong_figures(struct world *world)
{
	int wrong = wrong_sums(world);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		int64_t n = number(world, arena_printf(&world->arena, "SELECT count(*) FROM customer c WHERE coalesce(%s, -1) <> coalesce((%s), -1)", kept[i].name, kept[i].computed));
		if (n != 0)
			print_error("%s is wrong for %lld customers: kept %s\n", kept[i].name, (long long)n,
			            text(world, arena_printf(&world->arena, "SELECT '' || coalesce(%s, -1) || ', computed ' || coalesce((%s), -1) FROM customer c WHERE coalesce(%s, -1) <> coalesce((%s), -1)",
			                                     kept[i].name, kept[i].computed, kept[i].name, kept[i].computed)));
		wrong += n != 0;
	}
	return wrong;
}

/* --- the test ------------------------------------------------------------------------------------- */

static void print_batch(const struct batch *batch)
{
	static const char *const whats[] = {"create", "update", "remove", "restore"};
	for (size_t i = 0; i < batch->n; i++) {
		const struct one_write *w = &batch->list[i];
		print_error("  %s %s %lld", whats[w->what], w->entity, (long long)w->id);
		for (size_t k = 0; k < w->n; k++)
			print_error(" %s=%s", w->pairs[k].field, w->pairs[k].text);
		print_error("\n");
	}
}

static void write_some(struct shop *shop, struct batch *batch)
{
	batch->n = below(3) == 0 ? 2 + below(BATCH - 1) : 1;
	for (size_t i = 0; i < batch->n; i++)
		choose(shop, &batch->list[i]);
	faults_clear(&shop->world->ctx);
	enum err err = store_write(&shop->world->ctx, shop->world->store, write_batch, batch);
	shop->refused += err != OK;
	if (err != OK && err != ERR_INVALID && err != ERR_CONFLICT && err != ERR_NOT_FOUND) {
		print_batch(batch);
		show_faults(shop->world);
		test_fail("error %d", err);
	}
	for (size_t i = 0; err == OK && i < batch->n; i++) {
		shop->kinds[batch->list[i].what]++;
		if (batch->list[i].what == CREATE)
			remember(batch->list[i].of, batch->list[i].id);
	}
	shop->done += err == OK;
}

static void any_order(struct world *world, int steps)
{
	struct shop shop = {.world = world,
	                    .customers = {.most = CUSTOMERS}, .orders = {.most = ORDERS}, .lines = {.most = LINES}, .work = {.most = WORK}, .runs = {.most = RUNS}};
	for (int step = 0; step < steps; step++) {
		struct batch batch = {.n = 0};
		uint64_t at = seed, kind = below(20);
		if (kind == 0)
			import_some(&shop);
		else if (kind == 1)
			undo_some(&shop);
		else
			write_some(&shop, &batch);
		if (wrong_figures(world) > 0) {
			print_batch(&batch);
			test_fail("step %d%s, from seed %llu", step, kind == 0 ? " (import)" : kind == 1 ? " (undo)" : "", (unsigned long long)at);
		}
		world_reset(world);
	}
	print_message("%lld writes done, %lld refused; %d imports created, %d changed, %d undone\n", (long long)shop.done, (long long)shop.refused, shop.kinds[4],
	              shop.kinds[5], shop.kinds[6]);
	/* the steps must not have been refused for the most part, and each kind must have been there */
	assert_true(shop.done > shop.refused);
	for (int kind = 0; kind < 7; kind++)
		assert_true(shop.kinds[kind] > 0);
}

static void test_figures(void **state)
{
	(void)state;
	const char *urls[2], *given = getenv("GUANXI_TEST_SEED"), *many = getenv("GUANXI_TEST_STEPS");
	size_t n = engines(urls);
	for (size_t i = 0; i < n; i++) {
		struct world *world = calloc(1, sizeof(*world));
		assert_non_null(world);
		seed = given != NULL ? strtoull(given, NULL, 10) : 20261;
		world_open(world, urls[i], NULL, NULL);
		any_order(world, many != NULL ? (int)strtol(many, NULL, 10) : urls[i] == NULL ? 1500 : 500);
		world_close(world);
		free(world);
	}
}

int main(int argc, char **argv)
{
	int status = 0;
	if (file_helper(argc, argv, &status))
		return status;
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures)};
	return cmocka_run_group_tests_name("import/figures", tests, NULL, NULL);
}
