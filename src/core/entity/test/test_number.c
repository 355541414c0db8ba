/* Numbers by sequences, on both engines: against a model that counts by hand, and by many writers at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "help.h"

static struct world world;
static int64_t ann, east, west;
static const char *now_pattern;

static enum err pattern(struct ctx *ctx, const char *setting, int64_t branch_id, const char **ret)
{
	(void)ctx;
	(void)branch_id;
	assert_string_equal(setting, "ticket.number");
	if (now_pattern)
		*ret = now_pattern;
	return OK;
}

static enum err zone(struct ctx *ctx, int64_t branch_id, const char **ret)
{
	(void)ctx;
	(void)branch_id;
	*ret = "Asia/Shanghai";
	return OK;
}

static void furnish(void)
{
	const struct registry_numbering numbering = {.pattern = pattern, .zone = zone};
	registry_number_by(world.registry, &numbering);
	ann = must_make(&world, "user", "{\"name\":\"Ann\"}");
	east = must_make(&world, "branch", "{\"name\":\"East\"}");
	west = must_make(&world, "branch", "{\"name\":\"West\"}");
}

static int setup_lite(void **state)
{
	(void)state;
	world_open(&world, NULL);
	furnish();
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	world_open(&world, getenv("GUANXI_TEST_PG"));
	furnish();
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
	faults_clear(&world.ctx);
	now_pattern = NULL;
	return 0;
}

/* Makes a ticket; its number, "" for none. */
static const char *ticket(const char *more)
{
	int64_t id;
	enum err err = make(&world, "ticket", arena_printf(&world.arena, "{\"title\":\"t\"%s}", more), 0, &id);
	if (err) {
		show_faults(&world);
		test_fail("ticket %s", more);
	}
	const char *number = record_text(must_load(&world, "ticket", id), "number");
	return number ? number : "";
}

static void patterns(void **state)
{
	(void)state;
	static const char *const good[] = {"", "{0}", "C-{yyyy}-{00000}", "{yy}{mm}{dd}{branch}{000000000000000000}", "编号{0000}号", "GX{id}", "{id}"};
	static const char *const bad[] = {"C", "{yyyy}", "{0}{0}", "{0}{id}", "{", "}", "{0", "0}", "{}", "{yyy}", "{YYYY}{0}", "{0000000000000000000}", "{{0}}",
	                                  " {0}", "{0} ", "a\nb{0}", "\xff{0}", "{0}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(registry_check_pattern(&world.ctx, "x", good[i]), OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (registry_check_pattern(&world.ctx, "x", bad[i]) != ERR_INVALID)
			test_fail("taken: %s", bad[i]);
		assert_fault(&world, "x", "number_pattern");
		faults_clear(&world.ctx);
	}
	/* any bytes are answered */
	char noise[24];
	unsigned seed = 7;
	for (int i = 0; i < 20000; i++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(noise);
		for (size_t k = 0; k < n; k++)
			noise[k] = "{}0ymdid\xe7\xbc\x96 -"[rand_r(&seed) % 14];
		noise[n < sizeof(noise) ? n : n - 1] = '\0';
		if (registry_check_pattern(&world.ctx, "x", noise))
			assert_fault(&world, "x", "number_pattern");
		faults_clear(&world.ctx);
		arena_reset(&world.arena);
	}
}

static void by_id_and_not_at_all(void **state)
{
	(void)state;
	assert_memory_equal(ticket(""), "T", 2 - 1);
	assert_true(strlen(ticket("")) > 8);
	now_pattern = "";
	assert_string_equal(ticket(""), "");
	assert_string_equal(ticket(",\"number\":\"own\""), "own");
}

/* Years, branches and given numbers, against counts kept by hand. */
static void against_a_model(void **state)
{
	(void)state;
	int last[3][3] = {{0}};
	const int64_t branches[] = {0, east, west};
	now_pattern = "M{yy}/{branch}-{000}";
	unsigned seed = 20261130;
	for (int i = 0; i < 300; i++) {
		int year = rand_r(&seed) % 3, at = rand_r(&seed) % 3, what = rand_r(&seed) % 10;
		char want[40], more[160], code[24];
		snprintf(code, sizeof(code), "%lld", (long long)branches[at]);
		int n = snprintf(more, sizeof(more), ",\"day\":\"202%d-06-30\"", 4 + year);
		if (at)
			n += snprintf(more + n, sizeof(more) - (size_t)n, ",\"branch_id\":\"%s\"", code);
		last[year][at] += what == 0 ? 1 + rand_r(&seed) % 5 : 1; /* given: above */
		snprintf(want, sizeof(want), "M2%d/%s-%03d", 4 + year, code, last[year][at]);
		if (what == 0)
			snprintf(more + n, sizeof(more) - (size_t)n, ",\"number\":\"%s\"", want);
		assert_string_equal(ticket(more), want);
		if (what == 1) { /* refused afterwards: nothing was counted */
			int64_t id;
			assert_int_equal(make(&world, "ticket", arena_printf(&world.arena, "{\"title\":null%s}", more), 0, &id), ERR_INVALID);
		}
		arena_reset(&world.arena);
	}
}

static void given_numbers(void **state)
{
	(void)state;
	int64_t id;
	/* words that are counted under for the first time begin above what is there */
	now_pattern = "";
	(void)ticket(",\"number\":\"G-2031-00041\",\"day\":\"2031-01-01\"");
	(void)ticket(",\"number\":\"G-2031-x\",\"day\":\"2031-01-01\"");
	(void)ticket(",\"number\":\"G-2031-000000000000000000000099\",\"day\":\"2031-01-01\"");
	now_pattern = "G-{yyyy}-{00000}";
	assert_string_equal(ticket(",\"day\":\"2031-05-05\""), "G-2031-00042");
	/* lower ones do not set it back; such as stand in the way are passed over */
	(void)ticket(",\"number\":\"G-2031-00007\",\"day\":\"2031-05-05\"");
	(void)ticket(",\"number\":\"G-2031-00044\",\"day\":\"2030-05-05\"");
	assert_string_equal(ticket(",\"day\":\"2031-05-05\""), "G-2031-00043");
	assert_string_equal(ticket(",\"day\":\"2031-05-05\""), "G-2031-00045");
	/* a change by hand counts too, and what is cleared gets a new one */
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"day\":\"2031-01-01\"}", 0, &id), OK);
	assert_int_equal(change(&world, "ticket", id, "{\"number\":\"G-2031-00100\"}", 0, 0), OK);
	assert_string_equal(ticket(",\"day\":\"2031-05-05\""), "G-2031-00101");
	assert_int_equal(change(&world, "ticket", id, "{\"number\":null}", 0, 0), OK);
	assert_string_equal(record_text(must_load(&world, "ticket", id), "number"), "G-2031-00102");
	assert_int_equal(change(&world, "ticket", id, "{\"title\":\"other\"}", 0, 0), OK);
	assert_string_equal(record_text(must_load(&world, "ticket", id), "number"), "G-2031-00102");
	/* twice the same is refused as ever */
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\",\"number\":\"G-2031-00102\"}", 0, &id), ERR_CONFLICT);
	assert_fault(&world, "number", "unique");
	/* % and _ in a pattern are letters */
	now_pattern = "%_{00}";
	assert_string_equal(ticket(""), "%_01");
	/* too long for the field */
	now_pattern = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{000}";
	assert_int_equal(make(&world, "ticket", "{\"title\":\"t\"}", 0, &id), ERR_INVALID);
	assert_fault(&world, "number", "number_too_long");
}

/* The year is that of the branch's clock: half past four in the afternoon of UTC is tomorrow in Shanghai. */
static void local_years(void **state)
{
	(void)state;
	int64_t before = world.now_ms;
	world.now_ms = INT64_C(1798734600000); /* 2026-12-31T16:30:00Z */
	now_pattern = "L{yyyy}{mm}{dd}-{0}";
	assert_string_equal(ticket(""), "L20270101-1");
	world.now_ms = before;
}

/* --- many at once ---------------------------------------------------------------------- */

enum { WRITERS = 16, EACH = 40 };

struct writing {
	const char *json;
	bool fail_after;
	int64_t id;
};

static enum err write_one(struct ctx *ctx, void *arg)
{
	struct writing *writing = arg;
	struct record *record;
	enum err err = record_new(ctx, registry_find(ctx->registry, "ticket"), &record);
	if (!err)
		err = record_set(ctx, record, "title", value_text("t"));
	if (!err)
		err = record_create(ctx, record, 0);
	if (!err && writing->fail_after)
		return fail(ctx, ERR_INVALID, "title", "required");
	return err;
}

static void *writer(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 64u << 20);
	for (int done = 0; done < EACH;) {
		ctx_init(&ctx, &arena, &world.clock);
		ctx.store = world.store;
		ctx.registry = world.registry;
		ctx.actor = gate_system();
		struct writing writing = {.fail_after = rand_r(&seed) % 4 == 0};
		enum err err = store_write(&ctx, world.store, write_one, &writing);
		done += !err;
		if (err && !writing.fail_after)
			return (void *)(uintptr_t)err;
		arena_reset(&arena);
	}
	arena_release(&arena);
	return NULL;
}

/* 16 writers, of which each fails now and then after its number was taken: no number twice, none left out. */
static void in_parallel(void **state)
{
	(void)state;
	pthread_t threads[WRITERS];
	now_pattern = "P-{yyyy}-{00000}";
	for (uintptr_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, writer, (void *)(i + 1)), 0);
	for (int i = 0; i < WRITERS; i++) {
		void *ret;
		assert_int_equal(pthread_join(threads[i], &ret), 0);
		assert_null(ret);
	}
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM ticket WHERE number LIKE 'P-2026-%'"), WRITERS * EACH);
	assert_int_equal(count_rows(&world, "SELECT count(DISTINCT number) FROM ticket WHERE number LIKE 'P-2026-%'"), WRITERS * EACH);
	const char *most = arena_printf(&world.arena, "SELECT count(*) FROM ticket WHERE number = 'P-2026-%05d'", WRITERS * EACH);
	assert_int_equal(count_rows(&world, most), 1);
	assert_int_equal(count_rows(&world, "SELECT count(*) FROM ticket WHERE number > 'P-2026-00640' AND number LIKE 'P-2026-%'"), 0);
}

#define it(name) cmocka_unit_test_setup(name, begin)
static const struct CMUnitTest tests[] = {
	it(patterns), it(by_id_and_not_at_all), it(against_a_model), it(given_numbers), it(local_years), it(in_parallel),
};

int main(void)
{
	int failed = cmocka_run_group_tests_name("numbers on SQLite", tests, setup_lite, teardown);
	if (getenv("GUANXI_TEST_PG"))
		failed += cmocka_run_group_tests_name("numbers on PostgreSQL", tests, setup_pg, teardown);
	else
		print_message("# PostgreSQL is left out: GUANXI_TEST_PG is not set\n");
	return failed;
}
