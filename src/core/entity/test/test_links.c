/* What hangs together: deleting, restoring, and the search rows of records and their children. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

#define fmt(text, id) arena_printf(&world.arena, text, (long long)(id))

static struct world world;
static int64_t ann, bob;

static int setup_lite(void **state)
{
	(void)state;
	world_open(&world, NULL);
	ann = must_make(&world, "user", "{\"name\":\"Ann\"}");
	bob = must_make(&world, "user", "{\"name\":\"Bob\"}");
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	world_open(&world, getenv("GUANXI_TEST_PG"));
	ann = must_make(&world, "user", "{\"name\":\"Ann\"}");
	bob = must_make(&world, "user", "{\"name\":\"Bob\"}");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	actor_system(&world);
	memset(&test_hooks, 0, sizeof(test_hooks));
	faults_clear(&world.ctx);
	return 0;
}

static bool there(const char *table, int64_t id)
{
	return count_rows(&world, arena_printf(&world.arena, "SELECT count(*) FROM \"%s\" WHERE id = %lld", table, (long long)id)) == 1;
}

/* A client with everything on it. */
struct family {
	int64_t client, alias, deal, line, product, label, memo, friend;
};

static struct family make_family(const char *name)
{
	struct family f;
	f.label = must_make(&world, "label", arena_printf(&world.arena, "{\"name\":\"label of %s\"}", name));
	f.product = must_make(&world, "product", "{\"name\":\"Heart\"}");
	f.client = must_make(&world, "client", arena_printf(&world.arena,
		"{\"name\":\"%s\",\"currency\":\"KWD\",\"spent\":\"1.234\",\"extra\":{\"x\":[1]},\"labels\":[\"%lld\"],\"owner_id\":\"%lld\","
		"\"score\":0.5,\"secret\":\"s\",\"born\":\"2000-01-01\"}", name, (long long)f.label, (long long)ann));
	f.alias = must_make(&world, "alias", fmt("{\"value\":\"nick\",\"client_id\":\"%lld\"}", f.client));
	f.deal = must_make(&world, "deal", fmt("{\"title\":\"Big deal\",\"client_id\":\"%lld\"}", f.client));
	f.line = must_make(&world, "deal_line", arena_printf(&world.arena, "{\"deal_id\":\"%lld\",\"product_id\":\"%lld\",\"quantity\":\"2.5\"}",
	                                                     (long long)f.deal, (long long)f.product));
	f.memo = must_make(&world, "memo", fmt("{\"text\":\"call back\",\"client_id\":\"%lld\"}", f.client));
	f.friend = must_make(&world, "client", fmt("{\"name\":\"Friend\",\"referrer_id\":\"%lld\"}", f.client));
	assert_int_equal(change(&world, "client", f.client, fmt("{\"main_alias_id\":\"%lld\"}", f.alias), 0, 0), OK);
	return f;
}

static void cascade_and_restore(void **state)
{
	(void)state;
	struct family f = make_family("Root"), other = make_family("Untouched");
	const char *before = json_of(&world, "client", f.client);
	assert_int_equal(drop(&world, "client", f.client, 2, 0), OK);
	assert_false(there("client", f.client) || there("alias", f.alias) || there("deal", f.deal) || there("deal_line", f.line));
	assert_true(there("memo", f.memo) && there("client", f.friend) && there("product", f.product) && there("label", f.label));
	assert_int_equal(record_i64(must_load(&world, "memo", f.memo), "client_id"), 0);
	assert_int_equal(record_i64(must_load(&world, "client", f.friend), "referrer_id"), 0);
	assert_int_equal(count_rows(&world, fmt("SELECT count(*) FROM client_labels WHERE record_id = %lld", f.client)), 0);
	/* the log: full content, one group, the secret nowhere */
	struct seen root = history(&world, "client", f.client);
	assert_string_equal(root.action, "delete");
	assert_non_null(strstr(root.diff, "\"name\":[\"Root\",null]"));
	assert_non_null(strstr(root.diff, "\"spent\":[\"1.234\",null]"));
	assert_non_null(strstr(root.diff, "\"created_at\":["));
	assert_non_null(strstr(root.diff, "\"version\":[2,null]"));
	assert_null(strstr(root.diff, "secret"));
	assert_string_equal(history(&world, "deal_line", f.line).action, "delete");
	assert_int_equal(history(&world, "deal_line", f.line).group, root.group);
	assert_string_equal(history(&world, "memo", f.memo).action, "update");
	/* and back, all of it, under the old ids */
	assert_int_equal(back(&world, "client", f.client), OK);
	assert_true(there("client", f.client) && there("alias", f.alias) && there("deal", f.deal) && there("deal_line", f.line));
	struct record *record = must_load(&world, "client", f.client);
	assert_true(record_i64(record, "version") > 2);
	assert_string_equal(record_text(record, "name"), "Root");
	assert_int_equal(record_i64(record, "spent"), 1234);
	assert_int_equal(record_i64(record, "owner_id"), ann);
	assert_string_equal(record_text(record, "extra"), "{\"x\":[1]}");
	assert_int_equal(record_value(record, "labels")->l.n, 1);
	assert_int_equal(record_i64(record, "main_alias_id"), f.alias); /* a circle of links */
	assert_null(record_text(record, "secret"));
	assert_non_null(strstr(before, "\"created_at\":"));
	assert_int_equal(record_i64(must_load(&world, "memo", f.memo), "client_id"), f.client);
	assert_int_equal(record_i64(must_load(&world, "client", f.friend), "referrer_id"), f.client);
	assert_int_equal(record_i64(must_load(&world, "deal_line", f.line), "quantity"), 2500);
	assert_string_equal(history(&world, "deal_line", f.line).action, "restore");
	/* twice is a conflict; what never was is not found */
	assert_int_equal(back(&world, "client", f.client), ERR_CONFLICT);
	assert_fault(&world, "", "not_deleted");
	assert_int_equal(back(&world, "client", 987654321), ERR_NOT_FOUND);
	/* deleting and restoring again works as well */
	assert_int_equal(drop(&world, "client", f.client, 0, 0), OK);
	assert_int_equal(back(&world, "client", f.client), OK);
	assert_true(there("deal_line", f.line));
	assert_true(there("client", other.client) && there("deal_line", other.line));
}

static void restore_keeps_what_changed_since(void **state)
{
	(void)state;
	struct family f = make_family("Since");
	assert_int_equal(drop(&world, "client", f.client, 0, 0), OK);
	int64_t new_referrer = must_make(&world, "client", "{\"name\":\"New\"}");
	assert_int_equal(change(&world, "client", f.friend, fmt("{\"referrer_id\":\"%lld\"}", new_referrer), 0, 0), OK);
	assert_int_equal(drop(&world, "label", f.label, 0, 0), OK);
	assert_int_equal(drop(&world, "memo", f.memo, 0, 0), OK);
	/* a child alone cannot come back before its parent */
	assert_int_equal(back(&world, "deal_line", f.line), ERR_CONFLICT);
	assert_fault(&world, "deal_id", "link_not_found");
	assert_false(there("deal_line", f.line));
	assert_int_equal(back(&world, "client", f.client), OK);
	assert_int_equal(record_i64(must_load(&world, "client", f.friend), "referrer_id"), new_referrer);
	assert_int_equal(record_value(must_load(&world, "client", f.client), "labels")->l.n, 0);
	assert_false(there("memo", f.memo));
	/* a unique value taken in between */
	int64_t id = must_make(&world, "client", "{\"name\":\"E\",\"email\":\"gone@example.com\"}");
	assert_int_equal(drop(&world, "client", id, 0, 0), OK);
	must_make(&world, "client", "{\"name\":\"F\",\"email\":\"gone@example.com\"}");
	assert_int_equal(back(&world, "client", id), ERR_CONFLICT);
	assert_fault(&world, "email", "unique");
	assert_false(there("client", id));
	/* a record without a log cannot come back */
	id = must_make(&world, "silent", "{\"name\":\"x\"}");
	assert_int_equal(drop(&world, "silent", id, 0, 0), OK);
	assert_int_equal(back(&world, "silent", id), ERR_NOT_FOUND);
}

static enum err erase_job(struct ctx *ctx, void *arg)
{
	int64_t count;
	return change_erase(ctx, "client", *(int64_t *)arg, &count);
}

static void erased_stays_gone(void **state)
{
	(void)state;
	int64_t id = must_make(&world, "client", "{\"name\":\"Forget me\"}");
	assert_int_equal(drop(&world, "client", id, 0, 0), OK);
	faults_clear(&world.ctx);
	assert_int_equal(store_write(&world.ctx, world.store, erase_job, &id), OK);
	assert_int_equal(back(&world, "client", id), ERR_NOT_FOUND);
	assert_fault(&world, "", "erased");
}

static void restrict_refuses(void **state)
{
	(void)state;
	struct family f = make_family("Restrict");
	int64_t log = count_rows(&world, "SELECT count(*) FROM deal_line");
	assert_int_equal(drop(&world, "product", f.product, 0, 0), ERR_CONFLICT);
	assert_fault(&world, "product", "in_use");
	assert_true(there("product", f.product));
	int64_t label = must_make(&world, "label", "{\"name\":\"on a product\"}");
	int64_t product = must_make(&world, "product", fmt("{\"name\":\"P\",\"labels\":[\"%lld\"]}", label));
	assert_int_equal(drop(&world, "label", label, 0, 0), ERR_CONFLICT);
	assert_int_equal(drop(&world, "product", product, 0, 0), OK);
	assert_int_equal(drop(&world, "label", label, 0, 0), OK);
	/* something deep below forbids: nothing at all is deleted */
	assert_int_equal(drop(&world, "user", ann, 0, 0), ERR_CONFLICT);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM deal_line"), log);
	/* a tree takes its branches with it */
	int64_t top = must_make(&world, "team", "{\"name\":\"top\"}");
	int64_t middle = must_make(&world, "team", fmt("{\"name\":\"middle\",\"parent_id\":\"%lld\"}", top));
	int64_t low = must_make(&world, "team", fmt("{\"name\":\"low\",\"parent_id\":\"%lld\"}", middle));
	int64_t holder = must_make(&world, "client", fmt("{\"name\":\"H\",\"team_id\":\"%lld\"}", low));
	assert_int_equal(drop(&world, "team", top, 0, 0), ERR_CONFLICT);
	assert_true(there("team", top) && there("team", middle) && there("team", low));
	assert_int_equal(drop(&world, "client", holder, 0, 0), OK);
	assert_int_equal(drop(&world, "team", top, 0, 0), OK);
	assert_false(there("team", low));
	assert_int_equal(back(&world, "team", top), OK);
	assert_int_equal(record_i64(must_load(&world, "team", low), "parent_id"), middle);
}

static void links_follow(void **state)
{
	(void)state;
	struct family f = make_family("Linked");
	assert_int_equal(drop(&world, "label", f.label, 0, 0), OK);
	assert_int_equal(record_value(must_load(&world, "client", f.client), "labels")->l.n, 0);
	assert_string_equal(history(&world, "client", f.client).diff, arena_printf(&world.arena, "{\"labels\":[[\"%lld\"],[]]}", (long long)f.label));
	assert_int_equal(back(&world, "label", f.label), OK);
	assert_int_equal(record_value(must_load(&world, "client", f.client), "labels")->l.n, 1);
}

static void delete_is_guarded(void **state)
{
	(void)state;
	struct family f = make_family("Guarded");
	actor_as(&world, SCOPE_OWN, bob, 0, 0);
	assert_int_equal(drop(&world, "client", f.client, 0, 0), ERR_NOT_FOUND);
	actor_scope(&world, "client", ACTION_READ, SCOPE_ALL);
	assert_int_equal(drop(&world, "client", f.client, 0, 0), ERR_FORBIDDEN);
	actor_scope(&world, "client", ACTION_DELETE, SCOPE_NONE);
	assert_int_equal(drop(&world, "client", f.client, 0, 0), ERR_FORBIDDEN);
	assert_true(there("client", f.client) && there("deal_line", f.line));
	actor_as(&world, SCOPE_OWN, ann, 0, 0);
	assert_int_equal(drop(&world, "client", f.client, 1, 0), ERR_CONFLICT);
	assert_fault(&world, "", "version");
	assert_int_equal(drop(&world, "client", f.client, 2, 0), OK);
	assert_int_equal(drop(&world, "client", f.client, 0, 0), ERR_NOT_FOUND);
	actor_as(&world, SCOPE_OWN, bob, 0, 0);
	assert_int_equal(back(&world, "client", f.client), ERR_NOT_FOUND); /* not his */
	assert_false(there("client", f.client));
	actor_scope(&world, "client", ACTION_DELETE, SCOPE_NONE);
	assert_int_equal(back(&world, "client", f.client), ERR_FORBIDDEN);
	actor_as(&world, SCOPE_OWN, ann, 0, 0);
	assert_int_equal(back(&world, "client", f.client), OK);
	assert_true(there("deal_line", f.line));
	/* hooks see deletion and return: friend, memo and alias side effects included */
	memset(&test_hooks, 0, sizeof(test_hooks));
	int64_t lone = must_make(&world, "client", "{\"name\":\"Lone\"}");
	assert_int_equal(test_hooks.after, 1);
	actor_system(&world);
	assert_int_equal(drop(&world, "client", lone, 0, 0), OK);
	assert_int_equal(test_hooks.after, 2);
	assert_int_equal(back(&world, "client", lone), OK);
	assert_int_equal(test_hooks.after, 3);
}

/* --- many of one job: each its own set --------------------------------------------------- */

struct two {
	int64_t a, b;
};

static enum err drop_two(struct ctx *ctx, void *arg)
{
	const struct two *two = arg;
	const struct entity_info *info = registry_find(ctx->registry, "client");
	enum err err = record_delete(ctx, info, two->a, 0, 0);
	return err ? err : record_delete(ctx, info, two->b, 0, 0);
}

static void only_its_own_set(void **state)
{
	(void)state;
	struct family a = make_family("A"), b = make_family("B");
	struct two two = {a.client, b.client};
	faults_clear(&world.ctx);
	assert_int_equal(store_write(&world.ctx, world.store, drop_two, &two), OK);
	assert_int_equal(history(&world, "client", a.client).group, history(&world, "client", b.client).group);
	assert_int_equal(back(&world, "client", b.client), OK);
	assert_true(there("client", b.client) && there("deal_line", b.line) && there("alias", b.alias));
	assert_false(there("client", a.client) || there("deal_line", a.line) || there("alias", a.alias));
	assert_int_equal(back(&world, "client", a.client), OK);
	assert_true(there("deal_line", a.line));
}

/* --- search --------------------------------------------------------------------------------- */

static enum err create_quietly(struct ctx *ctx, void *arg)
{
	const struct entity_info *info = registry_find(ctx->registry, "client");
	struct record *record;
	enum err err = record_new(ctx, info, &record);
	if (!err)
		err = record_set(ctx, record, "name", value_text("Quietina"));
	if (!err)
		err = record_create(ctx, record, W_TRUSTED | W_NO_SEARCH);
	*(int64_t *)arg = record_id(record);
	return err;
}

static enum err reindex_job(struct ctx *ctx, void *arg)
{
	return record_reindex(ctx, registry_find(ctx->registry, "client"), *(int64_t *)arg);
}

static void search_rows(void **state)
{
	(void)state;
	int64_t id = must_make(&world, "client", fmt("{\"name\":\"Zebulon\",\"email\":\"zeb@example.com\",\"owner_id\":\"%lld\"}", ann));
	assert_true(finds(&world, "zebulon", id));
	assert_true(finds(&world, "zeb@example.com", id));
	/* children without a row of their own speak through their parent */
	int64_t alias = must_make(&world, "alias", fmt("{\"value\":\"Quixote\",\"client_id\":\"%lld\"}", id));
	assert_true(finds(&world, "quixote", id));
	assert_int_equal(change(&world, "alias", alias, "{\"value\":\"Pancho\"}", 0, 0), OK);
	assert_false(finds(&world, "quixote", id));
	assert_true(finds(&world, "pancho", id));
	assert_true(finds(&world, "zebulon", id));
	int64_t second = must_make(&world, "client", "{\"name\":\"Yolanda\"}");
	assert_int_equal(change(&world, "alias", alias, fmt("{\"client_id\":\"%lld\"}", second), 0, 0), OK);
	assert_false(finds(&world, "pancho", id));
	assert_true(finds(&world, "pancho", second));
	assert_int_equal(drop(&world, "alias", alias, 0, 0), OK);
	assert_false(finds(&world, "pancho", second));
	assert_int_equal(back(&world, "alias", alias), OK);
	assert_true(finds(&world, "pancho", second));
	/* rows carry the owner, and children's rows their parent's */
	int64_t deal = must_make(&world, "deal", fmt("{\"title\":\"Xylophone\",\"client_id\":\"%lld\"}", id));
	actor_as(&world, SCOPE_OWN, ann, 0, 0);
	assert_true(finds(&world, "zebulon", id) && finds(&world, "xylophone", deal));
	actor_as(&world, SCOPE_OWN, bob, 0, 0);
	assert_false(finds(&world, "zebulon", id) || finds(&world, "xylophone", deal));
	actor_system(&world);
	assert_int_equal(change(&world, "client", id, fmt("{\"owner_id\":\"%lld\"}", bob), 0, 0), OK);
	actor_as(&world, SCOPE_OWN, bob, 0, 0);
	assert_true(finds(&world, "zebulon", id) && finds(&world, "xylophone", deal));
	actor_as(&world, SCOPE_OWN, ann, 0, 0);
	assert_false(finds(&world, "zebulon", id) || finds(&world, "xylophone", deal));
	actor_system(&world);
	/* gone and back */
	assert_int_equal(drop(&world, "client", id, 0, 0), OK);
	assert_false(finds(&world, "zebulon", id) || finds(&world, "xylophone", deal));
	assert_int_equal(back(&world, "client", id), OK);
	assert_true(finds(&world, "zebulon", id) && finds(&world, "xylophone", deal));
	/* left to the caller */
	int64_t quiet = 0;
	faults_clear(&world.ctx);
	assert_int_equal(store_write(&world.ctx, world.store, create_quietly, &quiet), OK);
	assert_false(finds(&world, "quietina", quiet));
	assert_int_equal(store_write(&world.ctx, world.store, reindex_job, &quiet), OK);
	assert_true(finds(&world, "quietina", quiet));
}

/* What one may not read, in the record or in its children, finds nothing. */
static void search_asks_field_rights(void **state)
{
	(void)state;
	int64_t id = must_make(&world, "client", "{\"name\":\"Walther\",\"phone\":\"13812345678\"}");
	must_make(&world, "alias", fmt("{\"value\":\"Umbrella\",\"client_id\":\"%lld\"}", id));
	actor_as(&world, SCOPE_ALL, bob, 0, 0);
	assert_true(finds(&world, "walther", id) && finds(&world, "13812345678", id) && finds(&world, "umbrella", id));
	actor_field(&world, "client", "phone", RIGHT_MASKED);
	assert_true(finds(&world, "walther", id) && finds(&world, "umbrella", id));
	assert_false(finds(&world, "13812345678", id));
	actor_field(&world, "alias", "value", RIGHT_HIDDEN);
	assert_true(finds(&world, "walther", id));
	assert_false(finds(&world, "umbrella", id));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test_setup(cascade_and_restore, begin), cmocka_unit_test_setup(restore_keeps_what_changed_since, begin),
	cmocka_unit_test_setup(erased_stays_gone, begin),   cmocka_unit_test_setup(restrict_refuses, begin),
	cmocka_unit_test_setup(links_follow, begin),        cmocka_unit_test_setup(delete_is_guarded, begin),
	cmocka_unit_test_setup(only_its_own_set, begin),    cmocka_unit_test_setup(search_rows, begin),
	cmocka_unit_test_setup(search_asks_field_rights, begin),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("links on SQLite", tests, setup_lite, teardown);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("links on PostgreSQL", tests, setup_pg, teardown);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
