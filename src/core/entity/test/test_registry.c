/* Descriptors: looked up fast, refused when wrong, and turned into tables. */
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;

static int setup(void **state)
{
	(void)state;
	world_light(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_light_close(&world);
	return 0;
}

static void lookup(void **state)
{
	(void)state;
	const struct entity_info *client = registry_find(world.registry, "client");
	assert_non_null(client);
	assert_ptr_equal(registry_find(world.registry, "clients"), client);
	assert_null(registry_find(world.registry, "Client"));
	assert_null(registry_find(world.registry, ""));
	assert_null(registry_find(world.registry, NULL));
	assert_int_equal(registry_count(world.registry), test_entities_n);
	assert_ptr_equal(registry_at(world.registry, client->number), client);
	assert_null(registry_at(world.registry, test_entities_n));
	static const char *const system[] = {"id", "version", "created_at", "created_by", "updated_at", "updated_by"};
	for (int i = 0; i < SF_COUNT; i++) {
		assert_int_equal(entity_field(client, system[i]), i);
		assert_true(client->fields[i]->flags & F_READONLY);
	}
	for (size_t i = 0; i < client->n_fields; i++)
		assert_int_equal(entity_field(client, client->fields[i]->name), (int)i);
	assert_int_equal(entity_field(client, "nothing"), -1);
	assert_int_equal(entity_field(client, NULL), -1);
	assert_string_equal(client->fields[client->owner]->name, "owner_id");
	assert_string_equal(client->fields[client->title]->name, "name");
	assert_int_equal(client->parent, -1);
	assert_int_equal(client->cap, 0);
	const struct entity_info *user = registry_find(world.registry, "user"), *deal = registry_find(world.registry, "deal");
	assert_int_equal(user->cap, CAP_USERS);
	assert_ptr_equal(deal->parent_info, client);
	assert_ptr_equal(entity_link(client, entity_field(client, "owner_id")), user);
	assert_ptr_equal(entity_link(client, SF_CREATED_BY), user);
	assert_null(entity_link(client, SF_ID));
	assert_null(entity_link(client, 1000));
	assert_int_equal(entity_currency(client, entity_field(client, "spent")), entity_field(client, "currency"));
	assert_int_equal(entity_currency(client, entity_field(client, "credit")), -1);
	size_t n;
	const struct entity_ref *refs = entity_refs(client, &n);
	assert_int_equal(n, 4); /* referrer, alias, deal, memo */
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(entity_link(refs[i].info, refs[i].field), client);
	int64_t a = registry_next_id(&world.ctx), b = registry_next_id(&world.ctx);
	assert_true(b > a);
}

/* --- wrong ones ----------------------------------------------------------------------- */

static const struct option good_options[] = {{"a", {"A", "甲"}, NULL}, {NULL, {NULL, NULL}, NULL}};
static const struct option twice[] = {{"a", {"A", "甲"}, NULL}, {"a", {"B", "乙"}, NULL}, {NULL, {NULL, NULL}, NULL}};
static const struct option unlabelled[] = {{"a", {"A", NULL}, NULL}, {NULL, {NULL, NULL}, NULL}};
static const struct option no_options[] = {{NULL, {NULL, NULL}, NULL}};

#define LABEL .label = {"X", "某"}

static const struct {
	const char *why;
	struct field field;
} wrong_fields[] = {
	{"duplicate", {.name = "title", .type = FIELD_TEXT, LABEL}},
	{"duplicate", {.name = "version", .type = FIELD_INT, LABEL}},
	{"bad name", {.name = "Bad", .type = FIELD_TEXT, LABEL}},
	{"bad name", {.name = "a b", .type = FIELD_TEXT, LABEL}},
	{"bad name", {.name = "x\"; DROP TABLE y", .type = FIELD_TEXT, LABEL}},
	{"bad name", {.name = "", .type = FIELD_TEXT, LABEL}},
	{"unknown type", {.name = "x", .type = FIELD_TYPE_COUNT, LABEL}},
	{"missing label", {.name = "x", .type = FIELD_TEXT}},
	{"missing label", {.name = "x", .type = FIELD_TEXT, .label = {"X", NULL}}},
	{"help in one language", {.name = "x", .type = FIELD_TEXT, LABEL, .help = {"Help", NULL}}},
	{"unknown link", {.name = "x_id", .type = FIELD_LINK, .link = "nobody", LABEL}},
	{"no link target", {.name = "x_id", .type = FIELD_LINK, LABEL}},
	{"link target on another type", {.name = "x", .type = FIELD_TEXT, .link = "label", LABEL}},
	{"a link's name ends in _id", {.name = "x", .type = FIELD_LINK, .link = "label", LABEL}},
	{"required, yet set to null",
	 {.name = "x_id", .type = FIELD_LINK, .link = "label", .flags = F_REQUIRED, .on_delete = DELETE_SET_NULL, LABEL}},
	{"flag not for many-links", {.name = "x", .type = FIELD_LINKS, .link = "label", .flags = F_UNIQUE, LABEL}},
	{"no options", {.name = "x", .type = FIELD_ENUM, LABEL}},
	{"no options", {.name = "x", .type = FIELD_ENUM, .options = no_options, LABEL}},
	{"option stands twice", {.name = "x", .type = FIELD_ENUM, .options = twice, LABEL}},
	{"option without label", {.name = "x", .type = FIELD_ENUM, .options = unlabelled, LABEL}},
	{"options on another type", {.name = "x", .type = FIELD_TEXT, .options = good_options, LABEL}},
	{"no index on long text", {.name = "x", .type = FIELD_NOTE, .flags = F_INDEX, LABEL}},
	{"secret, yet shown", {.name = "x", .type = FIELD_TEXT, .flags = F_SECRET | F_LIST, LABEL}},
	{"searched, yet not text", {.name = "x", .type = FIELD_BOOL, .flags = F_SEARCH, LABEL}},
	{"searched, yet not text", {.name = "x", .type = FIELD_JSON, .flags = F_SEARCH, LABEL}},
	{"bad scale", {.name = "x", .type = FIELD_DECIMAL, .scale = 10, LABEL}},
	{"scale on another type", {.name = "x", .type = FIELD_INT, .scale = 2, LABEL}},
	{"bad max", {.name = "x", .type = FIELD_TEXT, .max = -1, LABEL}},
	{"unknown currency field", {.name = "x", .type = FIELD_MONEY, .currency_field = "none", LABEL}},
	{"currency field on another type", {.name = "x", .type = FIELD_INT, .currency_field = "title", LABEL}},
	{"the currency field is no code", {.name = "x", .type = FIELD_MONEY, .currency_field = "count", LABEL}},
	{"made from an unknown field", {.name = "x", .type = FIELD_INT, .made_from = "none", LABEL}},
	{"made from an unknown field", {.name = "x", .type = FIELD_INT, .made_from = "x", LABEL}},
	{"made from an unknown field", {.name = "x", .type = FIELD_INT, .made_from = "label.none", LABEL}},
	{"made from an unknown field", {.name = "x", .type = FIELD_INT, .made_from = "nobody.name", LABEL}},
	{"unknown group", {.name = "x", .type = FIELD_TEXT, .group = "none", LABEL}},
	{"bad default", {.name = "x", .type = FIELD_INT, .fallback = "many", LABEL}},
	{"bad bound", {.name = "x", .type = FIELD_INT, .least = "few", LABEL}},
	{"bad bound", {.name = "x", .type = FIELD_DATE, .most = "2026-13-01", LABEL}},
	{"bad default", {.name = "x", .type = FIELD_ENUM, .options = good_options, .fallback = "b", LABEL}},
	{"now on another type", {.name = "x", .type = FIELD_TEXT, .fallback = "now", LABEL}},
	{"me on another type", {.name = "x_id", .type = FIELD_LINK, .link = "label", .fallback = "me", LABEL}},
	{"a link has no constant default", {.name = "x_id", .type = FIELD_LINK, .link = "label", .fallback = "1", LABEL}},
};

static enum err try_entity(const struct entity *entity, const char *why)
{
	const struct entity *list[16];
	struct registry *registry;
	memcpy(list, test_entities, test_entities_n * sizeof(list[0]));
	list[test_entities_n] = entity;
	faults_clear(&world.ctx);
	enum err err = registry_new(&world.ctx, list, test_entities_n + 1, 1, &registry);
	if (!why && err)
		show_faults(&world);
	if (err) {
		if (why && !str_equal(world.ctx.faults.list[0].arg, why))
			test_fail("%s: expected '%s', got '%s'", world.ctx.faults.list[0].field, why, world.ctx.faults.list[0].arg);
		return err;
	}
	registry_free(registry);
	return OK;
}

static struct entity sound(const struct field *fields, size_t n)
{
	return (struct entity){.name = "thing", .plural = "things", .label = {"Thing", "物"}, .label_many = {"Things", "物"},
	                       .fields = fields, .n_fields = n, .title = "title", .sort = "id"};
}

static void wrong_fields_refused(void **state)
{
	(void)state;
	struct field fields[3] = {{.name = "title", .type = FIELD_TEXT, LABEL}, {.name = "count", .type = FIELD_INT, LABEL}};
	struct entity good = sound(fields, 2);
	assert_int_equal(try_entity(&good, NULL), OK);
	for (size_t i = 0; i < sizeof(wrong_fields) / sizeof(wrong_fields[0]); i++) {
		fields[2] = wrong_fields[i].field;
		struct entity entity = sound(fields, 3);
		if (try_entity(&entity, wrong_fields[i].why) != ERR_BUG)
			test_fail("field %s was taken, expected '%s'", fields[2].name, wrong_fields[i].why);
	}
}

static void wrong_entities_refused(void **state)
{
	(void)state;
	static const struct field fields[] = {{.name = "title", .type = FIELD_TEXT, LABEL},
	                                      {.name = "label_id", .type = FIELD_LINK, .link = "label", LABEL},
	                                      {.name = "thing_id", .type = FIELD_LINK, .link = "thing", LABEL},
	                                      {.name = "labels", .type = FIELD_LINKS, .link = "label", LABEL}};
	static const char *const bad_index[] = {"title,nothing", NULL};
	static const char *const bad_many[] = {"labels", NULL};
	static const struct field_group bad_group[] = {{"g", {"G", NULL}}, {NULL, {NULL, NULL}}};
	struct entity list[16];
	static const char *const why[] = {
		"duplicate", "duplicate", "missing label", "no title", "unknown title", "unknown subtitle", "owner is no link",
		"parent is no link", "parents in a circle", "no sort", "bad sort", "bad sort", "bad sort", "bad index", "bad index", "missing label",
	};
	for (size_t i = 0; i < 16; i++)
		list[i] = sound(fields, 4);
	list[0].name = "client";
	list[1].plural = "client";
	list[2].label_many.zh = NULL;
	list[3].title = NULL;
	list[4].title = "nothing";
	list[5].subtitle = "nothing";
	list[6].owner = "title";
	list[7].parent = "title";
	list[8].parent = "thing_id";
	list[9].sort = NULL;
	list[10].sort = "nothing.asc";
	list[11].sort = "title.up";
	list[12].sort = "labels";
	list[13].indexes = bad_index;
	list[14].indexes = bad_many;
	list[15].groups = bad_group;
	for (size_t i = 0; i < 16; i++)
		if (try_entity(&list[i], why[i]) != ERR_BUG)
			test_fail("entity %zu was taken, expected '%s'", i, why[i]);
	struct entity good = sound(fields, 4);
	assert_int_equal(try_entity(&good, NULL), OK);
	struct registry *registry;
	faults_clear(&world.ctx);
	assert_int_equal(registry_new(&world.ctx, test_entities, test_entities_n, 1024, &registry), ERR_INVALID);
	assert_int_equal(registry_new(&world.ctx, test_entities, 0, 1, &registry), ERR_BUG);
	faults_clear(&world.ctx);
}

/* A many-link's table must not be another entity's. */
static void table_names(void **state)
{
	(void)state;
	static const struct field one[] = {{.name = "title", .type = FIELD_TEXT, LABEL}};
	struct entity entity = sound(one, 1);
	entity.name = "client_labels";
	assert_int_equal(try_entity(&entity, "its table is another entity's"), ERR_BUG);
}

static bool contains(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void ddl_text(void **state)
{
	(void)state;
	struct buf lite, pg;
	buf_init(&lite, 1 << 20);
	buf_init(&pg, 1 << 20);
	faults_clear(&world.ctx);
	assert_int_equal(registry_ddl(&world.ctx, world.registry, ENGINE_SQLITE, &lite), OK);
	assert_int_equal(registry_ddl(&world.ctx, world.registry, ENGINE_POSTGRES, &pg), OK);
	const char *l = buf_text(&lite), *p = buf_text(&pg);
	assert_true(contains(l, "\"id\" INTEGER PRIMARY KEY"));
	assert_true(contains(p, "\"id\" bigint PRIMARY KEY"));
	assert_true(contains(l, "\"owner_id\" INTEGER REFERENCES \"user\" (\"id\")"));
	assert_true(contains(p, "ADD CONSTRAINT \"client_owner_id_fkey\" FOREIGN KEY (\"owner_id\") REFERENCES \"user\" (\"id\") DEFERRABLE"));
	assert_true(contains(l, "CREATE TABLE \"client_labels\""));
	assert_true(contains(p, "ADD CONSTRAINT \"client_labels_link_id_fkey\""));
	const char *const both[] = {l, p};
	for (int i = 0; i < 2; i++) {
		assert_true(contains(both[i], "CREATE UNIQUE INDEX IF NOT EXISTS \"client_email_key\" ON \"client\" (\"email\") WHERE \"email\" IS NOT NULL;"));
		assert_true(contains(both[i], "CREATE UNIQUE INDEX IF NOT EXISTS \"client_country_number_key\" ON \"client\" (\"country\", \"number\")"));
		assert_true(contains(both[i], "CREATE INDEX IF NOT EXISTS \"client_kind_age_idx\""));
		assert_true(contains(both[i], "CREATE INDEX IF NOT EXISTS \"client_age_idx\" ON \"client\" (\"age\") WHERE \"age\" IS NOT NULL;"));
		assert_true(contains(both[i], "CREATE INDEX IF NOT EXISTS \"deal_client_id_idx\" ON \"deal\" (\"client_id\");"));
		assert_true(contains(both[i], "CREATE INDEX IF NOT EXISTS \"client_created_at_id_idx\""));
		assert_false(contains(both[i], "\"deal_created_at"));
	}
	/* SQLite has the id behind every index of its own accord. */
	assert_true(contains(l, "CREATE INDEX IF NOT EXISTS \"client_name_id_idx\" ON \"client\" (\"name\");"));
	assert_true(contains(p, "CREATE INDEX IF NOT EXISTS \"client_name_id_idx\" ON \"client\" (\"name\", \"id\");"));
	assert_true(contains(l, "CREATE INDEX IF NOT EXISTS \"client_owner_id_created_at_id_idx\" ON \"client\" (\"owner_id\", \"created_at\");"));
	assert_true(contains(p, "CREATE INDEX IF NOT EXISTS \"client_owner_id_created_at_id_idx\" ON \"client\" (\"owner_id\", \"created_at\", \"id\");"));
	assert_int_equal(registry_ddl(&world.ctx, world.registry, 7, &pg), ERR_BUG);
	buf_release(&lite);
	buf_release(&pg);
	faults_clear(&world.ctx);
}

/* --- rights ------------------------------------------------------------------------------ */

static void scopes(void **state)
{
	(void)state;
	const struct entity_info *client = registry_find(world.registry, "client"), *deal = registry_find(world.registry, "deal");
	const struct entity_info *line = registry_find(world.registry, "deal_line"), *user = registry_find(world.registry, "user");
	const struct entity_info *sealed = registry_find(world.registry, "sealed");
	actor_as(&world, SCOPE_ALL, 7, 0, 0);
	assert_int_equal(entity_scope(&world.actor, line, ACTION_UPDATE), SCOPE_ALL);
	actor_scope(&world, "client", ACTION_READ, SCOPE_OWN);
	assert_int_equal(entity_scope(&world.actor, client, ACTION_UPDATE), SCOPE_ALL);
	assert_int_equal(entity_scope(&world.actor, deal, ACTION_UPDATE), SCOPE_OWN); /* no wider than reading the parent */
	assert_int_equal(entity_scope(&world.actor, line, ACTION_DELETE), SCOPE_OWN);
	actor_scope(&world, "client", ACTION_READ, SCOPE_NONE);
	assert_int_equal(entity_scope(&world.actor, line, ACTION_READ), SCOPE_NONE);
	assert_int_equal(entity_scope(&world.actor, user, ACTION_READ), SCOPE_ALL);
	assert_int_equal(entity_scope(&world.actor, user, ACTION_UPDATE), SCOPE_NONE); /* needs CAP_USERS */
	world.actor.caps = CAP_USERS;
	assert_int_equal(entity_scope(&world.actor, user, ACTION_UPDATE), SCOPE_ALL);
	assert_int_equal(entity_scope(&world.actor, sealed, ACTION_READ), SCOPE_ALL);
	assert_int_equal(entity_scope(&world.actor, sealed, ACTION_CREATE), SCOPE_NONE);
	assert_int_equal(entity_scope(gate_system(), sealed, ACTION_CREATE), SCOPE_ALL);
	assert_int_equal(entity_scope(NULL, client, ACTION_READ), SCOPE_NONE);
	actor_system(&world);
}

static void field_rights(void **state)
{
	(void)state;
	const struct entity_info *client = registry_find(world.registry, "client");
	int name = entity_field(client, "name"), kept = entity_field(client, "kept"), secret = entity_field(client, "secret");
	actor_as(&world, SCOPE_ALL, 7, 0, 0);
	assert_int_equal(entity_field_right(&world.actor, client, name), RIGHT_WRITE);
	assert_int_equal(entity_field_right(&world.actor, client, kept), RIGHT_READ);
	assert_int_equal(entity_field_right(&world.actor, client, secret), RIGHT_HIDDEN);
	assert_int_equal(entity_field_right(gate_system(), client, secret), RIGHT_WRITE);
	assert_int_equal(entity_field_right(NULL, client, SF_ID), RIGHT_HIDDEN);
	actor_field(&world, "client", "id", RIGHT_HIDDEN);
	actor_field(&world, "client", "name", RIGHT_MASKED);
	actor_field(&world, "client", "kept", RIGHT_HIDDEN);
	actor_field(&world, "client", "created_by", RIGHT_HIDDEN);
	assert_int_equal(entity_field_right(&world.actor, client, SF_ID), RIGHT_READ);
	assert_int_equal(entity_field_right(&world.actor, client, name), RIGHT_MASKED);
	assert_int_equal(entity_field_right(&world.actor, client, kept), RIGHT_HIDDEN);
	assert_int_equal(entity_field_right(&world.actor, client, SF_CREATED_BY), RIGHT_HIDDEN);
	actor_system(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookup),      cmocka_unit_test(wrong_fields_refused), cmocka_unit_test(wrong_entities_refused),
		cmocka_unit_test(table_names), cmocka_unit_test(ddl_text),             cmocka_unit_test(scopes),
		cmocka_unit_test(field_rights),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
