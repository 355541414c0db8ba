#include "core/rest/test/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/test/check.h"
#include "core/events/events.h"
#include "core/search/search.h"
#include "core/text/text.h"

#define TEXT2(word) {word, word}

static const struct option states[] = {
	{"draft", TEXT2("draft"), NULL}, {"paid", TEXT2("paid"), NULL}, {"shipped", TEXT2("shipped"), NULL}, {NULL, TEXT2(NULL), NULL},
};

static const struct field team_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = TEXT2("name")},
	{.name = "parent_id", .type = FIELD_LINK, .link = "team", .label = TEXT2("parent")},
};
static const struct entity team_entity = {
	.name = "team", .plural = "teams", .label = TEXT2("team"), .label_many = TEXT2("teams"), .fields = team_fields, .n_fields = 2,
	.title = "name", .sort = "name", .flags = E_SYSTEM};

static const struct field user_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = TEXT2("name")},
	{.name = "email", .type = FIELD_EMAIL, .flags = F_UNIQUE, .label = TEXT2("email")},
	{.name = "password", .type = FIELD_TEXT, .flags = F_SECRET, .label = TEXT2("password")},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .label = TEXT2("team")},
};
static const struct entity user_entity = {
	.name = "user", .plural = "users", .label = TEXT2("user"), .label_many = TEXT2("users"), .fields = user_fields, .n_fields = 4,
	.title = "name", .sort = "name", .flags = E_SYSTEM};

static const struct field tag_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = TEXT2("name")},
};
static const struct entity tag_entity = {
	.name = "tag", .plural = "tags", .label = TEXT2("tag"), .label_many = TEXT2("tags"), .fields = tag_fields, .n_fields = 1,
	.title = "name", .sort = "name"};

static const struct field customer_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_SEARCH, .label = TEXT2("name")},
	{.name = "city", .type = FIELD_TEXT, .flags = F_INDEX, .label = TEXT2("city")},
	{.name = "phone", .type = FIELD_PHONE, .flags = F_PERSONAL | F_MASKABLE, .label = TEXT2("phone")},
	{.name = "credit", .type = FIELD_MONEY, .label = TEXT2("credit")},
	{.name = "score", .type = FIELD_REAL, .label = TEXT2("score")},
	{.name = "visits", .type = FIELD_INT, .label = TEXT2("visits")},
	{.name = "vip", .type = FIELD_BOOL, .label = TEXT2("vip")},
	{.name = "born", .type = FIELD_DATE, .label = TEXT2("born")},
	{.name = "last_order_at", .type = FIELD_TIME, .flags = F_SORT, .label = TEXT2("last order")},
	{.name = "tags", .type = FIELD_LINKS, .link = "tag", .label = TEXT2("tags")},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .label = TEXT2("owner")},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .label = TEXT2("team")},
	{.name = "branch_id", .type = FIELD_LINK, .link = "team", .label = TEXT2("branch")},
	{.name = "extra", .type = FIELD_JSON, .label = TEXT2("extra")},
};
static const struct entity customer_entity = {
	.name = "customer", .plural = "customers", .label = TEXT2("customer"), .label_many = TEXT2("customers"),
	.fields = customer_fields, .n_fields = 14, .title = "name", .subtitle = "city", .sort = "created_at.desc",
	.owner = "owner_id", .team = "team_id", .branch = "branch_id", .search_rank = 1};

static const struct field order_fields[] = {
	{.name = "number", .type = FIELD_TEXT, .flags = F_REQUIRED | F_UNIQUE | F_SEARCH, .label = TEXT2("number")},
	{.name = "customer_id", .type = FIELD_LINK, .link = "customer", .label = TEXT2("customer")},
	{.name = "placed_at", .type = FIELD_TIME, .flags = F_REQUIRED, .label = TEXT2("placed")},
	{.name = "state", .type = FIELD_ENUM, .flags = F_REQUIRED, .options = states, .fallback = "draft", .label = TEXT2("state")},
	{.name = "currency", .type = FIELD_CODE, .flags = F_REQUIRED, .fallback = "CNY", .label = TEXT2("currency")},
	{.name = "total", .type = FIELD_MONEY, .currency_field = "currency", .label = TEXT2("total")},
	{.name = "total_base", .type = FIELD_MONEY, .flags = F_READONLY, .label = TEXT2("total in base")},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .label = TEXT2("owner")},
};
static const char *const order_indexes[] = {"customer_id,placed_at,id", NULL};
static const struct entity order_entity = {
	.name = "order", .plural = "orders", .label = TEXT2("order"), .label_many = TEXT2("orders"), .fields = order_fields,
	.n_fields = 8, .title = "number", .sort = "placed_at.desc", .owner = "owner_id", .indexes = order_indexes, .search_rank = 2};

static const struct field line_fields[] = {
	{.name = "order_id", .type = FIELD_LINK, .flags = F_REQUIRED, .link = "order", .on_delete = DELETE_CASCADE, .label = TEXT2("order")},
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = TEXT2("name")},
	{.name = "quantity", .type = FIELD_DECIMAL, .scale = 3, .label = TEXT2("quantity")},
	{.name = "price", .type = FIELD_MONEY, .label = TEXT2("price")},
};
static const struct entity line_entity = {
	.name = "order_line", .plural = "order_lines", .label = TEXT2("line"), .label_many = TEXT2("lines"), .fields = line_fields,
	.n_fields = 4, .title = "name", .sort = "id", .parent = "order_id", .flags = E_CHILD};

static const struct field note_fields[] = {
	{.name = "text", .type = FIELD_NOTE, .flags = F_REQUIRED, .label = TEXT2("text")},
	{.name = "customer_id", .type = FIELD_LINK, .link = "customer", .on_delete = DELETE_CASCADE, .label = TEXT2("customer")},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .label = TEXT2("owner")},
	{.name = "author_id", .type = FIELD_LINK, .link = "user", .label = TEXT2("author")},
};
static const struct entity note_entity = {
	.name = "note", .plural = "notes", .label = TEXT2("note"), .label_many = TEXT2("notes"), .fields = note_fields, .n_fields = 4,
	.title = "text", .sort = "created_at.desc", .parent = "customer_id", .owner = "owner_id"};

static const struct entity *const entities[SHOP_ENTITIES] = {
	[TEAM_E] = &team_entity, [USER_E] = &user_entity, [TAG_E] = &tag_entity, [CUSTOMER_E] = &customer_entity,
	[ORDER_E] = &order_entity, [LINE_E] = &line_entity, [NOTE_E] = &note_entity,
};

/* --- people ---------------------------------------------------------------------------- */

#define SAME(scope) {scope, scope, scope, scope, scope, scope}

static uint8_t all_fields[32], seller_fields[32];

static const struct entity_rights boss_rights[SHOP_ENTITIES] = {
	{SAME(SCOPE_ALL), NULL}, {SAME(SCOPE_ALL), NULL}, {SAME(SCOPE_ALL), NULL}, {SAME(SCOPE_ALL), NULL},
	{SAME(SCOPE_ALL), NULL}, {SAME(SCOPE_ALL), NULL}, {SAME(SCOPE_ALL), NULL},
};
static const struct entity_rights seller_rights[SHOP_ENTITIES] = {
	[TAG_E] = {SAME(SCOPE_ALL), NULL}, [CUSTOMER_E] = {SAME(SCOPE_OWN), seller_fields}, [ORDER_E] = {SAME(SCOPE_OWN), NULL},
	[LINE_E] = {SAME(SCOPE_OWN), NULL}, [NOTE_E] = {SAME(SCOPE_ALL), NULL},
};
static const struct entity_rights leader_rights[SHOP_ENTITIES] = {
	[TEAM_E] = {SAME(SCOPE_ALL), NULL}, [USER_E] = {SAME(SCOPE_ALL), NULL}, [TAG_E] = {SAME(SCOPE_ALL), NULL},
	[CUSTOMER_E] = {SAME(SCOPE_TEAM), NULL}, [ORDER_E] = {SAME(SCOPE_ALL), NULL}, [LINE_E] = {SAME(SCOPE_ALL), NULL},
	[NOTE_E] = {SAME(SCOPE_ALL), NULL},
};
static const struct entity_rights clerk_rights[SHOP_ENTITIES] = {
	[CUSTOMER_E] = {SAME(SCOPE_BRANCH), NULL},
};

const struct actor *shop_boss(void)
{
	static const struct actor actor = {.kind = ACTOR_USER, .user_id = 10, .name = "boss", .caps = UINT32_MAX, .rights = boss_rights, .n_rights = SHOP_ENTITIES};
	return &actor;
}

const struct actor *shop_seller(void)
{
	static const struct actor actor = {.kind = ACTOR_USER, .user_id = 12, .name = "seller", .rights = seller_rights, .n_rights = SHOP_ENTITIES};
	memset(seller_fields, RIGHT_WRITE, sizeof(seller_fields));
	seller_fields[SF_COUNT + 2] = RIGHT_MASKED; /* phone */
	seller_fields[SF_COUNT + 3] = RIGHT_HIDDEN; /* credit */
	return &actor;
}

const struct actor *shop_leader(void)
{
	static const int64_t teams[] = {1, 2};
	static const struct actor actor = {.kind = ACTOR_USER, .user_id = 11, .name = "leader", .team_id = 1, .teams = teams, .n_teams = 2,
	                                   .rights = leader_rights, .n_rights = SHOP_ENTITIES};
	memset(all_fields, RIGHT_WRITE, sizeof(all_fields));
	return &actor;
}

const struct actor *shop_clerk(void)
{
	static const struct actor actor = {.kind = ACTOR_USER, .user_id = 13, .name = "clerk", .branch_id = 5, .rights = clerk_rights, .n_rights = SHOP_ENTITIES};
	return &actor;
}

const struct actor *shop_nobody(void)
{
	static const struct entity_rights none[SHOP_ENTITIES];
	static const struct actor actor = {.kind = ACTOR_USER, .user_id = 14, .name = "nobody", .rights = none, .n_rights = SHOP_ENTITIES};
	return &actor;
}

/* --- rows -------------------------------------------------------------------------------- */

static const char *const rows_sql =
	"INSERT INTO \"team\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"name\",\"parent_id\") VALUES"
	" (1,1,0,0,'North',NULL),(2,1,0,0,'North 2',1),(3,1,0,0,'South',NULL),(5,1,0,0,'Branch',NULL);"
	"INSERT INTO \"user\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"name\",\"email\",\"password\",\"team_id\") VALUES"
	" (10,1,0,0,'Boss','boss@example.com','x',NULL),(11,1,0,0,'Leader','leader@example.com','x',1),"
	" (12,1,0,0,'Seller','seller@example.com','secret',2),(13,1,0,0,'Clerk','clerk@example.com','x',NULL);"
	"INSERT INTO \"tag\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"name\") VALUES (51,1,0,0,'vip'),(52,1,0,0,'silent, \"old\"'),(53,1,0,0,'新客');";

static void run(struct ctx *ctx, const char *text)
{
	enum err err = db_exec(ctx, ctx->db, text);
	if (err)
		fprintf(stderr, "%s: %s\n", ctx->faults.count ? ctx->faults.list[0].key : "?", text);
	assert_int_equal(err, OK);
}

static enum err fill(struct ctx *ctx, void *arg)
{
	char text[1200];
	(void)arg;
	run(ctx, rows_sql);
	for (int i = 1; i <= CUSTOMERS; i++) {
		char last[32] = "NULL";
		if (i <= 30)
			snprintf(last, sizeof(last), "%d", i * 1000000);
		snprintf(text, sizeof(text),
		         "INSERT INTO \"customer\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"name\",\"city\",\"phone\",\"credit\",\"score\",\"visits\",\"vip\",\"born\","
		         "\"last_order_at\",\"owner_id\",\"team_id\",\"branch_id\") VALUES (%d,1,%d,0,'%s %d',%s,'+861380013%04d',%d,%d.5,%s,%d,'19%02d-01-02',%s,%d,%d,%s)",
		         100 + i, 1000 * (i / 2), i % 2 ? "Ann" : "王芳", i, i % 4 == 0 ? "NULL" : i % 2 ? "'杭州'" : "'Paris'", i, i * 100, i,
		         i % 5 == 0 ? "NULL" : i % 3 ? "3" : "7", i % 3 == 0, 50 + i, last, i % 3 == 0 ? 12 : 10, i % 3 == 0 ? 2 : i % 3 == 1 ? 1 : 3,
		         i % 10 == 0 ? "5" : "NULL");
		run(ctx, text);
	}
	run(ctx, "INSERT INTO \"customer_tags\" (\"record_id\",\"link_id\") VALUES (101,51),(101,52),(102,51),(103,53)");
	for (int i = 0; i < ORDERS; i++) {
		snprintf(text, sizeof(text),
		         "INSERT INTO \"order\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"number\",\"customer_id\",\"placed_at\",\"state\",\"currency\",\"total\","
		         "\"total_base\",\"owner_id\") VALUES (%d,1,0,0,'SO-%04d',%d,%d,'%s','%s',%d,%d,%d)",
		         1001 + i, i + 1, 101 + i / 3, 5000 * i, i % 3 == 0 ? "draft" : i % 3 == 1 ? "paid" : "shipped", i % 3 == 2 ? "JPY" : "CNY",
		         (i + 1) * 100, (i + 1) * 10, i % 2 ? 12 : 10);
		run(ctx, text);
		snprintf(text, sizeof(text),
		         "INSERT INTO \"order_line\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"order_id\",\"name\",\"quantity\",\"price\") VALUES"
		         " (%d,1,0,0,%d,'tea',1500,250),(%d,1,0,0,%d,'cup',2000,999)",
		         2001 + 2 * i, 1001 + i, 2002 + 2 * i, 1001 + i);
		run(ctx, text);
	}
	run(ctx, "INSERT INTO \"note\" (\"id\",\"version\",\"created_at\",\"updated_at\",\"text\",\"customer_id\",\"owner_id\",\"author_id\") VALUES"
	         " (3001,1,1,0,'called',103,10,10),(3002,1,2,0,'of another',101,12,10),(3003,1,3,0,'loose',NULL,12,12),(3004,1,4,0,'loose too',NULL,10,12)");
	return OK;
}

/* --- opening -------------------------------------------------------------------------------- */

bool shop_has_postgres(void)
{
	const char *url = getenv("GUANXI_TEST_PG");
	return url && *url;
}

static char *ddl(struct shop *shop, enum engine engine)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_puts(&text, engine == ENGINE_SQLITE ? events_ddl_sqlite : events_ddl_postgres);
	buf_puts(&text, engine == ENGINE_SQLITE ? search_ddl_sqlite : search_ddl_postgres);
	assert_int_equal(registry_ddl(&shop->ctx, shop->registry, (int)engine, &text), OK);
	char *copy = arena_strdup(&shop->arena, buf_text(&text));
	assert_non_null(copy);
	buf_release(&text);
	return copy;
}

void shop_open(struct shop *shop, enum engine engine)
{
	memset(shop, 0, sizeof(*shop));
	snprintf(shop->dir, sizeof(shop->dir), "%s/guanxi-rest-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	arena_init(&shop->arena, 8 << 20);
	arena_init(&shop->request, 64 << 20);
	ctx_init(&shop->ctx, &shop->arena, clock_system());
	assert_non_null(mkdtemp(shop->dir));
	assert_int_equal(text_open(&shop->ctx), OK);
	assert_int_equal(registry_new(&shop->ctx, entities, SHOP_ENTITIES, 1, &shop->registry), OK);
	shop->ctx.registry = shop->registry;
	char *schema = arena_printf(&shop->arena, "rest_test_%d", (int)getpid());
	struct store_config config = {.data_dir = shop->dir, .clock = clock_system(), .pg_schema = schema,
	                              .pg_url = engine == ENGINE_POSTGRES ? getenv("GUANXI_TEST_PG") : NULL};
	assert_int_equal(store_open_new(&shop->ctx, &config, &shop->store), OK);
	char *text = ddl(shop, engine);
	struct migration first = {.version = 1, .name = "shop", .sqlite = text, .postgres = text};
	assert_int_equal(store_migrate(&shop->ctx, shop->store, &first, 1), OK);
	shop->ctx.store = shop->store;
	assert_int_equal(store_write(&shop->ctx, shop->store, fill, NULL), OK);
	assert_int_equal(db_open_new(&shop->ctx, shop->store, &shop->db), OK);
	shop->ctx.db = shop->db;
}

static enum err drop(struct ctx *ctx, void *arg)
{
	return db_exec(ctx, ctx->db, arg);
}

void shop_close(struct shop *shop)
{
	char text[128];
	(void)shop_request(shop, gate_system());
	snprintf(text, sizeof(text), "DROP SCHEMA IF EXISTS rest_test_%d CASCADE", (int)getpid());
	if (store_engine(shop->store) == ENGINE_POSTGRES)
		assert_int_equal(store_write(&shop->ctx, shop->store, drop, text), OK);
	db_free(shop->db);
	store_free(shop->store);
	registry_free(shop->registry);
	arena_release(&shop->request);
	arena_release(&shop->arena);
}

struct ctx *shop_request(struct shop *shop, const struct actor *actor)
{
	arena_reset(&shop->request);
	shop->ctx.arena = &shop->request;
	shop->ctx.actor = actor;
	faults_clear(&shop->ctx);
	return &shop->ctx;
}

const struct entity_info *shop_info(const struct shop *shop, size_t entity)
{
	return registry_at(shop->registry, entity);
}
