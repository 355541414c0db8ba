/* What other folders do when a record changes: in order, in the same write job, and never in a circle. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;

static int setup_lite(void **state)
{
	(void)state;
	world_open(&world, NULL);
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	world_open(&world, getenv("GUANXI_TEST_PG"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

/* --- a folder that keeps a memo of each product, and does not like one name ------------------- */

static char order[64];

static void note(const char *what)
{
	strncat(order, what, sizeof(order) - strlen(order) - 1);
}

static enum err dislike(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	note("b");
	if (now && str_equal(record_text(now, "name"), "Nettle tea"))
		return fail(ctx, ERR_INVALID, "name", "hook_refused");
	return OK;
}

static enum err remember(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct record *memo;
	(void)entity;
	note(!old ? "+" : !now ? "-" : "~");
	if (old)
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "memo"), &memo);
	if (!err)
		err = record_set(ctx, memo, "text", value_text(record_text(now, "name")));
	return err ? err : record_create(ctx, memo, W_TRUSTED);
}

static enum err later(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)ctx;
	(void)entity;
	(void)old;
	(void)now;
	note(">");
	return OK;
}

static const char *const memos[] = {"memo", NULL}, *const products[] = {"product", NULL}, *const labels[] = {"label", NULL}, *const nothing[] = {"nothing", NULL};
static const struct reaction first[] = {{"product", dislike, remember, memos}, {0}}, second[] = {{"product", NULL, later, NULL}, {0}};
static const struct reaction *const both[] = {first, second, NULL};

static void reactions_run_in_the_write(void **state)
{
	(void)state;
	int64_t id;
	assert_int_equal(registry_react(&world.ctx, world.registry, both), OK);
	actor_system(&world);
	order[0] = '\0';
	id = must_make(&world, "product", "{\"name\":\"Green tea\"}");
	assert_string_equal(order, "b+>");
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM memo WHERE text = 'Green tea'"), 1);
	/* a refusal leaves nothing */
	assert_int_equal(make(&world, "product", "{\"name\":\"Nettle tea\"}", 0, &id), ERR_INVALID);
	assert_fault(&world, "name", "hook_refused");
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM memo"), 1);
	order[0] = '\0';
	id = must_make(&world, "product", "{\"name\":\"Black tea\"}");
	assert_int_equal(change(&world, "product", id, "{\"name\":\"Nettle tea\"}", 0, 0), ERR_INVALID);
	assert_int_equal(change(&world, "product", id, "{\"name\":\"Red tea\"}", 0, 0), OK);
	assert_int_equal(drop(&world, "product", id, 0, 0), OK);
	assert_int_equal(back(&world, "product", id), OK);
	assert_string_equal(order, "b+>bb~>b->b+>");
	/* others are none of its business */
	order[0] = '\0';
	(void)must_make(&world, "label", "{\"name\":\"Spring\"}");
	assert_string_equal(order, "");
}

static void circles_are_refused(void **state)
{
	(void)state;
	static const struct reaction to_memo[] = {{"product", NULL, later, memos}, {0}}, to_label[] = {{"memo", NULL, later, labels}, {0}},
	                             round[] = {{"label", NULL, later, products}, {0}}, self[] = {{"label", NULL, later, labels}, {0}},
	                             unknown[] = {{"product", NULL, later, nothing}, {0}}, stranger[] = {{"nothing", NULL, later, NULL}, {0}};
	const struct {
		const struct reaction *const list[4];
		const char *says;
	} cases[] = {
		{{to_memo, to_label, NULL}, NULL},  {{to_memo, to_label, round, NULL}, "reactions go round"}, {{self, NULL}, "reactions go round"},
		{{unknown, NULL}, "is not there"}, {{stranger, NULL}, "is not there"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct registry *registry;
		faults_clear(&world.ctx);
		assert_int_equal(registry_new(&world.ctx, test_entities, test_entities_n, 0, &registry), OK);
		assert_int_equal(registry_react(&world.ctx, registry, cases[i].list), cases[i].says ? ERR_BUG : OK);
		if (cases[i].says)
			assert_non_null(strstr(world.ctx.faults.list[0].arg, cases[i].says));
		registry_free(registry);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(circles_are_refused), cmocka_unit_test(reactions_run_in_the_write)};
	int failed = cmocka_run_group_tests_name("reactions on SQLite", tests, setup_lite, teardown);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("reactions on PostgreSQL", tests, setup_pg, teardown);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
