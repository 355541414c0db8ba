#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/access/access.h"
#include "core/entity/entity.h"
#include "core/events/events.h"
#include "core/search/search.h"
#include "core/store/store.h"
#include "base/timeutil.h"
#include "customers/customers.h"
#include "sales/sales.h"
#include "workspace/workspace.h"

/* What their links name; folders of their own have the whole of it. */
static const struct field stand_in_fields[] = {{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}}};
#define STAND_IN(what, many) \
	{.name = what, .plural = many, .label = {what, what}, .label_many = {many, many}, .fields = stand_in_fields, .n_fields = 1, .title = "name", .sort = "id", .flags = E_SYSTEM}
static const struct entity pool = STAND_IN("pool", "pools"), contract = STAND_IN("contract", "contracts"),
                           stage_rule = STAND_IN("stage_rule", "stage_rules");

static const struct entity *const entities[] = {
	&pool, &contract, &stage_rule, &customer_alias_entity,
	&customer_entity, &identifier_entity, &party_role_entity, &address_entity, &consent_entity,    &interaction_entity,
	&order_entity,    &order_line_entity, &payment_entity,    &shipment_entity, &tax_entity, &product_entity,   &category_entity,
	&channel_entity,  &tag_entity,        &attachment_entity, &user_entity,     &team_entity,      &branch_entity,
	&region_entity,   &role_entity,       &token_entity,      &saved_view_entity};

struct house {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
	struct store *store;
	struct registry *registry;
	struct db *db;
};

static enum err schema(struct ctx *ctx, void *arg)
{
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	struct buf ddl;
	(void)arg;
	buf_init(&ddl, 4u << 20);
	enum err err = db_exec(ctx, ctx->db, lite ? events_ddl_sqlite : events_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? search_ddl_sqlite : search_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? access_ddl_sqlite : access_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, access_ddl_invite);
	if (err == OK)
		err = registry_ddl(ctx, ctx->registry, (int)db_engine(ctx->db), &ddl);
	if (err == OK)
		err = db_exec(ctx, ctx->db, buf_text(&ddl));
	buf_release(&ddl);
	return err;
}

static int setup_on(void **state, const char *pg_url)
{
	static const struct migration first[] = {{.version = 1, .name = "test", .run = schema}};
	struct house *h = calloc(1, sizeof(*h));
	char name[32];
	assert_non_null(h);
	arena_init(&h->arena, 256u << 20);
	ctx_init(&h->ctx, &h->arena, clock_system());
	assert_int_equal(text_open(&h->ctx), OK);
	snprintf(h->dir, sizeof(h->dir), "/tmp/guanxi-sales-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	snprintf(name, sizeof(name), "s%s", h->dir + strlen(h->dir) - 6);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	struct store_config config = {.data_dir = h->dir, .pg_url = pg_url, .pg_schema = name, .clock = clock_system()};
	assert_int_equal(registry_new(&h->ctx, entities, sizeof(entities) / sizeof(entities[0]), 1, &h->registry), OK);
	assert_int_equal(store_open_new(&h->ctx, &config, &h->store), OK);
	h->ctx.store = h->store;
	h->ctx.registry = h->registry;
	h->ctx.actor = gate_system();
	assert_int_equal(store_migrate(&h->ctx, h->store, first, 1), OK);
	assert_int_equal(db_open_new(&h->ctx, h->store, &h->db), OK);
	h->ctx.db = h->db;
	*state = h;
	return 0;
}

static int setup(void **state)
{
	return setup_on(state, NULL);
}

static int setup_pg(void **state)
{
	*state = NULL;
	return getenv("GUANXI_TEST_PG") == NULL ? 0 : setup_on(state, getenv("GUANXI_TEST_PG"));
}

static int teardown(void **state)
{
	struct house *h = *state;
	char path[128];
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "guanxi.lock"};
	if (h == NULL)
		return 0;
	db_free(h->db);
	store_free(h->store);
	registry_free(h->registry);
	arena_release(&h->arena);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", h->dir, files[i]);
		unlink(path);
	}
	rmdir(h->dir);
	free(h);
	return 0;
}

#define NEED(h)                                                  \
	do {                                                         \
		if ((h) == NULL) {                                       \
			print_message("# SKIP GUANXI_TEST_PG is not set\n"); \
			skip();                                              \
		}                                                        \
	} while (0)

/* --- records by name: "customer", {"name", "…"}, … with API texts; "" leaves a field alone --- */

struct pair {
	const char *field, *text;
};

struct write {
	const char *entity;
	int64_t id; /* 0 creates */
	const struct pair *pairs;
	bool remove;
};

static enum err fill(struct ctx *ctx, struct record *r, const struct pair *pairs)
{
	enum err err = OK;
	for (; pairs != NULL && pairs->field != NULL && err == OK; pairs++)
		err = record_set_text(ctx, r, entity_field(r->info, pairs->field), pairs->text);
	return err;
}

static enum err run(struct ctx *ctx, void *arg)
{
	struct write *w = arg;
	struct record *r, *after;
	const struct entity_info *info = registry_find(ctx->registry, w->entity);
	if (w->remove)
		return record_delete(ctx, info, w->id, 0, W_TRUSTED);
	enum err err = record_new(ctx, info, &r);
	if (err == OK)
		err = fill(ctx, r, w->pairs);
	if (err == OK)
		err = w->id == 0 ? record_create(ctx, r, 0) : record_update(ctx, w->id, r, 0, 0, &after);
	if (err == OK && w->id == 0)
		w->id = record_id(r);
	return err;
}

static enum err restore(struct ctx *ctx, void *arg)
{
	const struct write *w = arg;
	return record_restore(ctx, registry_find(ctx->registry, w->entity), w->id, NULL);
}

static int64_t put(struct house *h, const char *entity, int64_t id, const struct pair *pairs)
{
	struct write w = {entity, id, pairs, false};
	enum err err = store_write(&h->ctx, h->store, run, &w);
	if (err != OK && h->ctx.faults.count > 0)
		print_error("%s: %s %s\n", entity, h->ctx.faults.list[0].field, h->ctx.faults.list[0].key);
	assert_int_equal(err, OK);
	return w.id;
}

#define PUT(h, entity, id, ...) put(h, entity, id, (const struct pair[]){__VA_ARGS__, {NULL, NULL}})

static void drop(struct house *h, const char *entity, int64_t id)
{
	struct write w = {entity, id, NULL, true};
	assert_int_equal(store_write(&h->ctx, h->store, run, &w), OK);
}

static const char *text_of(struct house *h, int64_t id)
{
	return arena_printf(&h->arena, "%lld", (long long)id);
}

static struct record *load(struct house *h, const char *entity, int64_t id)
{
	struct record *r;
	h->ctx.db = h->db;
	assert_int_equal(record_load(&h->ctx, registry_find(h->registry, entity), id, &r), OK);
	return r;
}

static void expect_trade(struct house *h, int64_t customer, int64_t orders, int64_t total, const char *first, const char *last)
{
	struct record *r = load(h, "customer", customer);
	int64_t ms;
	assert_int_equal(record_i64(r, "orders_count"), orders);
	assert_int_equal(record_i64(r, "orders_total"), total);
	if (first == NULL) {
		assert_int_equal(record_value(r, "first_order_at")->kind, VALUE_NULL);
		assert_int_equal(record_value(r, "last_order_at")->kind, VALUE_NULL);
		return;
	}
	assert_true(time_parse(first, &ms));
	assert_int_equal(record_i64(r, "first_order_at"), ms);
	assert_true(time_parse(last, &ms));
	assert_int_equal(record_i64(r, "last_order_at"), ms);
}

/* --- tests ---------------------------------------------------------------------- */

static void a_customers_figures_follow_the_orders(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t a = PUT(h, "customer", 0, {"name", "张伟"}), b = PUT(h, "customer", 0, {"name", "Li Na"});
	expect_trade(h, a, 0, 0, NULL, NULL);
	int64_t one = PUT(h, "order", 0, {"customer_id", text_of(h, a)}, {"total", "100.00"}, {"placed_at", "2026-03-01"});
	int64_t two = PUT(h, "order", 0, {"customer_id", text_of(h, a)}, {"total", "20.50"}, {"placed_at", "2026-01-01"});
	expect_trade(h, a, 2, 12050, "2026-01-01", "2026-03-01");
	/* a credit note moves money only */
	int64_t credit = PUT(h, "order", 0, {"customer_id", text_of(h, a)}, {"kind", "return"}, {"total", "-20.50"}, {"placed_at", "2026-05-01"});
	expect_trade(h, a, 2, 10000, "2026-01-01", "2026-03-01");
	PUT(h, "order", two, {"state", "cancelled"}, {"state_reason", "ordered twice"});
	expect_trade(h, a, 1, 7950, "2026-03-01", "2026-03-01");
	PUT(h, "order", two, {"state", "placed"}, {"state_reason", "a mistake"});
	PUT(h, "order", two, {"state", "paid"});
	expect_trade(h, a, 2, 10000, "2026-01-01", "2026-03-01");
	/* to another customer, and to nobody */
	PUT(h, "order", one, {"customer_id", text_of(h, b)});
	expect_trade(h, a, 1, 0, "2026-01-01", "2026-01-01");
	expect_trade(h, b, 1, 10000, "2026-03-01", "2026-03-01");
	PUT(h, "order", one, {"customer_id", ""});
	expect_trade(h, b, 0, 0, NULL, NULL);
	drop(h, "order", two);
	drop(h, "order", credit);
	expect_trade(h, a, 0, 0, NULL, NULL);
}

static void an_orders_sums_follow_its_lines(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t customer = PUT(h, "customer", 0, {"name", "王芳"});
	int64_t order = PUT(h, "order", 0, {"customer_id", text_of(h, customer)}, {"currency", "CNY"}, {"placed_at", "2026-03-01"},
	                    {"shipping_fee", "8"}, {"discount", "1.50"});
	int64_t line = PUT(h, "order_line", 0, {"order_id", text_of(h, order)}, {"quantity", "3"}, {"unit_price", "2.345"});
	struct record *r = load(h, "order", order);
	assert_int_equal(record_i64(r, "lines_count"), 1);
	assert_int_equal(record_i64(r, "lines_total"), 704); /* 7.035: to even */
	assert_int_equal(record_i64(r, "total"), 704 + 800 - 150);
	expect_trade(h, customer, 1, 704 + 800 - 150, "2026-03-01", "2026-03-01");
	PUT(h, "order_line", line, {"kind", "return"}, {"quantity", "-2"});
	assert_int_equal(record_i64(load(h, "order", order), "lines_total"), -469);
	drop(h, "order_line", line);
	r = load(h, "order", order);
	assert_int_equal(record_i64(r, "lines_count"), 0);
	assert_int_equal(record_i64(r, "lines_total"), 0);
	assert_int_equal(record_i64(r, "total"), 800 - 150); /* not what it was with lines */
	drop(h, "order", order);
	expect_trade(h, customer, 0, 0, NULL, NULL);
}

static void other_currencies_count_at_their_rate(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t customer = PUT(h, "customer", 0, {"name", "佐藤"});
	PUT(h, "order", 0, {"customer_id", text_of(h, customer)}, {"currency", "JPY"}, {"fx_rate", "0.048"}, {"total", "12345"},
	    {"placed_at", "2026-03-01"});
	/* 12,345 yen at 0.048 are 592.56 yuan; a yen has no decimals, a yuan has two */
	expect_trade(h, customer, 1, 59256, "2026-03-01", "2026-03-01");
	/* 6.979 dinars at 0.048 are 0.334992 yuan: rounded once, not 0.335 and then 0.34 */
	int64_t other = PUT(h, "customer", 0, {"name", "Yusuf"});
	PUT(h, "order", 0, {"customer_id", text_of(h, other)}, {"currency", "KWD"}, {"fx_rate", "0.048"}, {"total", "6.979"},
	    {"placed_at", "2026-03-01"});
	expect_trade(h, other, 1, 33, "2026-03-01", "2026-03-01");
}

/* No amount is made of a currency whose rate nobody gave: it is counted apart until it is. */
static void without_a_rate_nothing_is_summed(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t customer = PUT(h, "customer", 0, {"name", "高桥"});
	int64_t order = PUT(h, "order", 0, {"customer_id", text_of(h, customer)}, {"currency", "JPY"}, {"total", "10000"}, {"placed_at", "2026-03-01"});
	PUT(h, "order", 0, {"customer_id", text_of(h, customer)}, {"currency", "RMB"}, {"total", "5.00"}, {"placed_at", "2026-03-01"});
	expect_trade(h, customer, 2, 500, "2026-03-01", "2026-03-01");
	assert_int_equal(record_value(load(h, "order", order), "total_base")->kind, VALUE_NULL);
	assert_int_equal(record_i64(load(h, "customer", customer), "orders_unrated"), 1);
	PUT(h, "order", order, {"fx_rate", "0.05"});
	expect_trade(h, customer, 2, 50500, "2026-03-01", "2026-03-01");
	assert_int_equal(record_i64(load(h, "customer", customer), "orders_unrated"), 0);
	/* the rate of yen is none of won */
	PUT(h, "order", order, {"currency", "KRW"});
	expect_trade(h, customer, 2, 500, "2026-03-01", "2026-03-01");
	assert_int_equal(record_i64(load(h, "customer", customer), "orders_unrated"), 1);
	drop(h, "order", order);
	assert_int_equal(record_i64(load(h, "customer", customer), "orders_unrated"), 0);
}

/* What a deleted customer had comes back with it, and once. */
static void a_restored_customer_counts_once(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t customer = PUT(h, "customer", 0, {"name", "周杰"});
	PUT(h, "interaction", 0, {"customer_id", text_of(h, customer)}, {"kind", "task"}, {"state", "planned"});
	PUT(h, "interaction", 0, {"customer_id", text_of(h, customer)}, {"kind", "call"}, {"direction", "in"}, {"at", "2026-02-01"});
	drop(h, "customer", customer);
	struct write back = {"customer", customer, NULL, false};
	assert_int_equal(store_write(&h->ctx, h->store, restore, &back), OK);
	struct record *r = load(h, "customer", customer);
	assert_int_equal(record_i64(r, "open_work"), 1);
	assert_int_equal(record_i64(r, "contacts_count"), 1);
}

static void orders_get_a_number_and_their_customers_owner(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t user = PUT(h, "user", 0, {"name", "陈建国"}, {"email", "chen@example.com"});
	int64_t customer = PUT(h, "customer", 0, {"name", "赵敏"}, {"owner_id", text_of(h, user)});
	int64_t one = PUT(h, "order", 0, {"customer_id", text_of(h, customer)});
	int64_t two = PUT(h, "order", 0, {"customer_id", text_of(h, customer)});
	struct record *r = load(h, "order", one);
	assert_int_equal(record_i64(r, "owner_id"), user);
	assert_memory_equal(record_text(r, "number"), "GX", 2);
	assert_string_not_equal(record_text(r, "number"), record_text(load(h, "order", two), "number"));
}

static void contacts_and_open_work_are_counted(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t customer = PUT(h, "customer", 0, {"name", "孙丽"}), ms;
	int64_t task = PUT(h, "interaction", 0, {"customer_id", text_of(h, customer)}, {"kind", "task"}, {"state", "planned"});
	PUT(h, "interaction", 0, {"customer_id", text_of(h, customer)}, {"kind", "note"});
	int64_t call = PUT(h, "interaction", 0, {"customer_id", text_of(h, customer)}, {"kind", "call"}, {"direction", "in"}, {"at", "2026-02-01"});
	struct record *r = load(h, "customer", customer);
	assert_int_equal(record_i64(r, "open_work"), 1);
	assert_int_equal(record_i64(r, "contacts_count"), 1); /* notes are not contacts */
	assert_true(time_parse("2026-02-01", &ms));
	assert_int_equal(record_i64(r, "last_contact_at"), ms);
	PUT(h, "interaction", task, {"state", "done"}, {"direction", "out"}, {"at", "2026-03-01"});
	r = load(h, "customer", customer);
	assert_int_equal(record_i64(r, "open_work"), 0);
	assert_int_equal(record_i64(r, "contacts_count"), 2);
	drop(h, "interaction", call);
	drop(h, "interaction", task);
	r = load(h, "customer", customer);
	assert_int_equal(record_i64(r, "contacts_count"), 0);
	assert_int_equal(record_value(r, "last_contact_at")->kind, VALUE_NULL);
}

static void a_platforms_id_belongs_to_one_customer(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t a = PUT(h, "customer", 0, {"name", "a"}), b = PUT(h, "customer", 0, {"name", "b"});
	PUT(h, "identifier", 0, {"customer_id", text_of(h, a)}, {"kind", "taobao_ouid"}, {"value", "X1"}, {"scope", "shop1"});
	PUT(h, "identifier", 0, {"customer_id", text_of(h, b)}, {"kind", "taobao_ouid"}, {"value", "X1"}, {"scope", "shop2"});
	/* a family shares its phone */
	PUT(h, "identifier", 0, {"customer_id", text_of(h, a)}, {"kind", "phone"}, {"value", "13800138000"});
	PUT(h, "identifier", 0, {"customer_id", text_of(h, b)}, {"kind", "phone"}, {"value", "13800138000"});
	struct write taken = {"identifier", 0,
	                      (const struct pair[]){{"customer_id", text_of(h, b)}, {"kind", "taobao_ouid"}, {"value", "X1"}, {"scope", "shop1"}, {NULL, NULL}},
	                      false};
	assert_int_equal(store_write(&h->ctx, h->store, run, &taken), ERR_CONFLICT);
	assert_string_equal(h->ctx.faults.list[0].key, "identifier_taken");
	faults_clear(&h->ctx);
}

static void chinese_names_sort_by_pinyin(void **state)
{
	struct house *h = *state;
	NEED(h);
	int64_t id = PUT(h, "customer", 0, {"name", "曾国强"});
	assert_string_equal(record_text(load(h, "customer", id), "sort_name"), "zengguoqiang");
	PUT(h, "customer", id, {"name", "Émile Zola"});
	assert_string_equal(record_text(load(h, "customer", id), "sort_name"), "emile zola");
}

#define BOTH(f) cmocka_unit_test_setup_teardown(f, setup, teardown), cmocka_unit_test_setup_teardown(f, setup_pg, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_customers_figures_follow_the_orders),
		BOTH(an_orders_sums_follow_its_lines),
		BOTH(other_currencies_count_at_their_rate),
		BOTH(without_a_rate_nothing_is_summed),
		BOTH(a_restored_customer_counts_once),
		BOTH(orders_get_a_number_and_their_customers_owner),
		BOTH(contacts_and_open_work_are_counted),
		BOTH(a_platforms_id_belongs_to_one_customer),
		BOTH(chinese_names_sort_by_pinyin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
