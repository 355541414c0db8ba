/* Settings: what is taken, what holds where, and that changes are heard of. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/test/help.h"
#include "core/settings/settings_internal.h"

static const struct option sizes[] = {{"small", {"Small", "小"}, NULL}, {"large", {"Large", "大"}, NULL}, {0}};

static enum err no_thirteen(struct ctx *ctx, const struct setting *setting, const char *value)
{
	return str_equal(value, "13") ? fail(ctx, ERR_CONFLICT, setting->name, "unique") : OK;
}

enum { COUNT, SWITCH, SIZE, SIZES, TITLE, SITE, BRANCHED, OWN };
static const struct setting table[] = {
	[COUNT] = {.name = "t.count", .type = SETTING_INT, .fallback = "5", .min = 1, .max = 20, .check = no_thirteen},
	[SWITCH] = {.name = "t.switch", .type = SETTING_BOOL, .fallback = "true"},
	[SIZE] = {.name = "t.size", .type = SETTING_CHOICE, .options = sizes, .fallback = "small"},
	[SIZES] = {.name = "t.sizes", .type = SETTING_CHOICES, .options = sizes, .fallback = "small"},
	[TITLE] = {.name = "t.title", .type = SETTING_TEXT, .max = 5},
	[SITE] = {.name = "t.site", .type = SETTING_URL},
	[BRANCHED] = {.name = "t.branched", .type = SETTING_ZONE, .fallback = "Asia/Shanghai", .scopes = SETTING_FIRM | SETTING_BRANCH},
	[OWN] = {.name = "t.own", .type = SETTING_TEXT, .fallback = "plain", .scopes = SETTING_FIRM | SETTING_USER},
	{.name = NULL},
};
static const struct setting *const tables[] = {table, firm_settings, NULL};

static struct world world;
static struct registry *registry;

static const char *label(struct ctx *ctx, const struct text2 *text)
{
	(void)ctx;
	return text->en;
}

static enum err add_table(struct ctx *ctx, void *arg)
{
	(void)arg;
	return registry_upgrade(ctx, ctx->registry);
}

static int setup(const char *pg_url)
{
	const struct settings_config config = {.tables = tables, .label = label};
	const struct entity **list = calloc(test_entities_n + 1, sizeof(*list));
	world_open(&world, pg_url);
	memcpy(list, test_entities, test_entities_n * sizeof(*list));
	list[test_entities_n] = &setting_entity;
	assert_int_equal(registry_new(&world.ctx, list, test_entities_n + 1, 1, &registry), OK);
	free(list);
	world.ctx.registry = registry;
	actor_system(&world);
	assert_int_equal(store_write(&world.ctx, world.store, add_table, NULL), OK);
	assert_int_equal(settings_open_new(&world.ctx, world.store, &config, &world.ctx.settings), OK);
	return 0;
}

static int setup_lite(void **state)
{
	(void)state;
	return setup(NULL);
}

static int setup_pg(void **state)
{
	(void)state;
	return setup(getenv("GUANXI_TEST_PG"));
}

static int teardown(void **state)
{
	(void)state;
	struct settings *settings = world.ctx.settings;
	world.ctx.settings = NULL;
	world_close(&world); /* no commit is heard of after this */
	settings_free(settings);
	registry_free(registry);
	return 0;
}

struct one {
	const char *name, *value;
	enum setting_scope scope;
	int64_t id;
};

static enum err set_one(struct ctx *ctx, void *arg)
{
	const struct one *one = arg;
	return setting_set(ctx, one->name, one->scope, one->id, one->value);
}

static enum err set_at(const char *name, const char *value, enum setting_scope scope, int64_t id)
{
	struct one one = {name, value, scope, id};
	faults_clear(&world.ctx);
	return store_write(&world.ctx, world.store, set_one, &one);
}

static enum err set(const char *name, const char *value)
{
	return set_at(name, value, SETTING_FIRM, 0);
}

static const char *text_of(int which)
{
	const char *text;
	assert_int_equal(setting_text(&world.ctx, &table[which], &text), OK);
	return text;
}

static void defaults_hold_until_set(void **state)
{
	(void)state;
	assert_int_equal(setting_int(&world.ctx, &table[COUNT]), 5);
	assert_int_equal(setting_int(&world.ctx, &table[SWITCH]), 1);
	assert_int_equal(setting_int(&world.ctx, &table[SIZE]), 0);
	assert_string_equal(text_of(TITLE), "");
	assert_int_equal(set("t.count", "07"), OK);
	assert_int_equal(set("t.switch", "false"), OK);
	assert_int_equal(set("t.size", "large"), OK);
	assert_int_equal(set("t.sizes", " large , small"), OK);
	assert_int_equal(set("t.title", "  茶 馆 "), OK);
	assert_int_equal(setting_int(&world.ctx, &table[COUNT]), 7);
	assert_int_equal(setting_int(&world.ctx, &table[SWITCH]), 0);
	assert_int_equal(setting_int(&world.ctx, &table[SIZE]), 1);
	assert_string_equal(text_of(SIZES), "small,large");
	assert_string_equal(text_of(TITLE), "茶 馆");
	assert_int_equal(set("t.count", NULL), OK);
	assert_int_equal(setting_int(&world.ctx, &table[COUNT]), 5);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM setting WHERE name = 't.count'"), 0);
}

static void what_is_wrong_is_refused(void **state)
{
	(void)state;
	static const struct one wrong[] = {
		{"t.count", "0", SETTING_FIRM, 0},     {"t.count", "21", SETTING_FIRM, 0},      {"t.count", "many", SETTING_FIRM, 0},
		{"t.switch", "yes", SETTING_FIRM, 0},  {"t.size", "huge", SETTING_FIRM, 0},     {"t.sizes", "small,,large", SETTING_FIRM, 0},
		{"t.title", "123456", SETTING_FIRM, 0}, {"t.title", "\xff\xfe", SETTING_FIRM, 0}, {"t.site", "javascript:alert(1)", SETTING_FIRM, 0},
		{"t.branched", "Mars/Olympus", SETTING_FIRM, 0}, {"t.branched", "GMT+8", SETTING_FIRM, 0},
		{"t.count", "6", SETTING_BRANCH, 1},   {"t.count", "6", SETTING_FIRM, 7},       {"t.none", "6", SETTING_FIRM, 0},
		{"t.own", "x", SETTING_USER, 4711},    {"firm.currency", "yuan", SETTING_FIRM, 0}, {"firm.country", "C1", SETTING_FIRM, 0},
		{"firm.email", "nobody", SETTING_FIRM, 0},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (set_at(wrong[i].name, wrong[i].value, wrong[i].scope, wrong[i].id) == OK)
			test_fail("%s took %s", wrong[i].name, wrong[i].value);
	assert_int_equal(set("t.count", "13"), ERR_CONFLICT);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM setting"), 0);
}

static void a_branch_and_a_user_have_their_own(void **state)
{
	(void)state;
	int64_t ann = must_make(&world, "user", "{\"name\":\"Ann\"}"), north = must_make(&world, "branch", "{\"name\":\"North\"}");
	const char *text;
	assert_int_equal(set("t.branched", "Asia/Taipei"), OK);
	assert_int_equal(set_at("t.branched", "Europe/Berlin", SETTING_BRANCH, north), OK);
	assert_int_equal(set_at("t.own", "mine", SETTING_USER, ann), OK);
	assert_int_equal(setting_text_for(&world.ctx, &table[BRANCHED], north, ann, &text), OK);
	assert_string_equal(text, "Europe/Berlin");
	assert_int_equal(setting_text_for(&world.ctx, &table[BRANCHED], north + 1, 0, &text), OK);
	assert_string_equal(text, "Asia/Taipei");
	world.ctx.db = world.db;
	assert_int_equal(setting_text_for(&world.ctx, &table[OWN], north, ann, &text), OK);
	assert_string_equal(text, "mine");
	assert_int_equal(setting_text_for(&world.ctx, &table[OWN], north, ann + 1, &text), OK);
	assert_string_equal(text, "plain");
}

static enum err set_and_fail(struct ctx *ctx, void *arg)
{
	(void)arg;
	enum err err = setting_set(ctx, "t.title", SETTING_FIRM, 0, "lost");
	return err ? err : fail(ctx, ERR_CONFLICT, "", "unique");
}

static void nothing_uncommitted_is_seen_and_changes_are_logged(void **state)
{
	(void)state;
	assert_int_equal(set("t.title", "kept"), OK);
	faults_clear(&world.ctx);
	assert_int_equal(store_write(&world.ctx, world.store, set_and_fail, NULL), ERR_CONFLICT);
	assert_string_equal(text_of(TITLE), "kept");
	assert_true(count_rows(&world, "SELECT count(*) FROM change WHERE entity = 'setting'") +
	                (store_engine(world.store) == ENGINE_POSTGRES ? count_rows(&world, "SELECT count(*) FROM change_new WHERE entity = 'setting'") : 0) >= 1);
}

static void the_registry_follows_the_firm(void **state)
{
	(void)state;
	assert_int_equal(set("firm.currency", "TWD"), OK);
	assert_int_equal(set("firm.country", "tw"), OK);
	assert_int_equal(settings_refresh(&world.ctx), OK);
	assert_string_equal(registry_base_currency(registry), "TWD");
	assert_string_equal(registry_phone_region(registry), "TW");
	must_make(&world, "client", "{\"name\":\"Tea house\",\"credit\":\"12.00\"}");
	assert_int_equal(set("firm.currency", "USD"), ERR_CONFLICT);
	assert_int_equal(set("firm.currency", "TWD"), OK);
}

#define ON(test, engine) cmocka_unit_test_setup_teardown(test, setup_##engine, teardown)
#define ALL(engine)                                                                                                    \
	ON(defaults_hold_until_set, engine), ON(what_is_wrong_is_refused, engine), ON(a_branch_and_a_user_have_their_own, engine), \
		ON(nothing_uncommitted_is_seen_and_changes_are_logged, engine), ON(the_registry_follows_the_firm, engine)

int main(void)
{
	const struct CMUnitTest lite[] = {ALL(lite)}, pg[] = {ALL(pg)};
	int failed = cmocka_run_group_tests_name("settings on SQLite", lite, NULL, NULL);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("settings on PostgreSQL", pg, NULL, NULL);
	return failed;
}
