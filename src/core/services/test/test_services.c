/* Services on both engines: turns, failures, the lease between two programs on one database. */
#include "base/test/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/manifest/manifest.h"
#include "core/events/events.h"
#include "core/services/services.h"

static struct house {
	struct arena arena;
	struct ctx ctx;
	char dir[64];
	struct store *store;
} h;

static _Atomic int turns, running, most, ended;
static _Atomic bool failing;

static void nap(int ms)
{
	usleep((useconds_t)ms * 1000);
}

static enum err one_turn(struct ctx *ctx, struct service_turn *turn)
{
	int now = atomic_fetch_add(&running, 1) + 1;
	if (now > atomic_load(&most))
		atomic_store(&most, now);
	if (*turn->state == NULL)
		*turn->state = malloc(1);
	atomic_fetch_add(&turns, 1);
	nap(5);
	atomic_fetch_sub(&running, 1);
	turn->wait_ms = 10;
	return atomic_load(&failing) ? fail(ctx, ERR_UPSTREAM, "", "test_failed") : OK;
}

static void end(void *state)
{
	free(state);
	atomic_fetch_add(&ended, 1);
}

static const struct service table[] = {{.name = "test", .alone = true, .turn = one_turn, .end = end}, {.name = NULL}};
static const struct service *const tables[] = {table, NULL};
static const struct services_config config = {.tables = tables};

struct services *app_services(const struct app *app)
{
	(void)app;
	return NULL;
}

static enum err make_log(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, store_engine(ctx->store) == ENGINE_SQLITE ? events_ddl_sqlite : events_ddl_postgres);
}

static void open_house(const char *pg_url)
{
	static const struct migration first[] = {{.version = 1, .name = "log", .run = make_log}};
	static const struct migration_line line = {"services", services_steps, SERVICES_STEPS};
	char name[32];
	memset(&h, 0, sizeof(h));
	atomic_store(&turns, 0);
	atomic_store(&most, 0);
	atomic_store(&ended, 0);
	atomic_store(&failing, false);
	arena_init(&h.arena, 64u << 20);
	ctx_init(&h.ctx, &h.arena, clock_system());
	snprintf(h.dir, sizeof(h.dir), "/tmp/guanxi-services-XXXXXX");
	assert_non_null(mkdtemp(h.dir));
	snprintf(name, sizeof(name), "s%s", h.dir + strlen(h.dir) - 6);
	for (char *p = name; *p != '\0'; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	struct store_config store = {.data_dir = h.dir, .pg_url = pg_url, .pg_schema = name, .clock = clock_system()};
	assert_int_equal(store_open_new(&h.ctx, &store, &h.store), OK);
	h.ctx.store = h.store;
	assert_int_equal(store_migrate(&h.ctx, h.store, first, 1), OK);
	assert_int_equal(store_migrate_folder(&h.ctx, h.store, &line, false), OK);
}

static int setup_lite(void **state)
{
	(void)state;
	open_house(NULL);
	return 0;
}

static int setup_pg(void **state)
{
	(void)state;
	open_house(getenv("GUANXI_TEST_PG"));
	return 0;
}

static int teardown(void **state)
{
	char path[128];
	(void)state;
	store_free(h.store);
	arena_release(&h.arena);
	static const char *const files[] = {"guanxi.db", "guanxi.db-wal", "guanxi.db-shm", "lock", "guanxi.lock"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", h.dir, files[i]);
		unlink(path);
	}
	rmdir(h.dir);
	return 0;
}

static struct services *begin(void)
{
	struct services *services = NULL;
	assert_int_equal(services_start_new(&h.ctx, h.store, &config, &services), OK);
	return services;
}

static void wait_for_turns(int n)
{
	for (int i = 0; atomic_load(&turns) < n; i++) {
		assert_true(i < 4000);
		nap(5);
	}
}

static void turns_are_taken_until_it_stops(void **state)
{
	struct service_health health;
	(void)state;
	struct services *services = begin();
	wait_for_turns(3);
	nap(20);
	assert_true(services_health(services, 0, &health));
	assert_true(health.here && health.turns >= 2 && health.last_ms > 0 && health.failures == 0);
	assert_false(services_health(services, 1, &health));
	services_stop(services);
	assert_int_equal(atomic_load(&ended), 1);
	int n = atomic_load(&turns);
	nap(60);
	assert_int_equal(atomic_load(&turns), n);
}

static void one_that_fails_is_called_again_and_says_so(void **state)
{
	struct service_health health;
	(void)state;
	atomic_store(&failing, true);
	struct services *services = begin();
	wait_for_turns(2); /* a second apart */
	nap(50);
	assert_true(services_health(services, 0, &health));
	assert_true(health.failures >= 2);
	assert_string_equal(health.error, "test_failed");
	atomic_store(&failing, false);
	int n = atomic_load(&turns);
	wait_for_turns(n + 2);
	nap(50);
	assert_true(services_health(services, 0, &health));
	assert_int_equal(health.failures, 0);
	services_stop(services);
}

static void two_programs_take_turns_only_one_at_a_time(void **state)
{
	struct service_health a, b;
	(void)state;
	struct services *first = begin(), *second = begin();
	wait_for_turns(20);
	assert_true(services_health(first, 0, &a) && services_health(second, 0, &b));
	assert_int_equal(atomic_load(&most), 1);
	assert_true(a.here != b.here);
	/* the lease is given back, so the other begins at its next look */
	services_stop(a.here ? first : second);
	int n = atomic_load(&turns);
	wait_for_turns(n + 3);
	assert_true(services_health(a.here ? second : first, 0, &a));
	assert_true(a.here);
	services_stop(b.here ? first : second);
}

int main(void)
{
	const struct CMUnitTest lite[] = {
		cmocka_unit_test_setup_teardown(turns_are_taken_until_it_stops, setup_lite, teardown),
		cmocka_unit_test_setup_teardown(one_that_fails_is_called_again_and_says_so, setup_lite, teardown),
	};
	const struct CMUnitTest pg[] = {
		cmocka_unit_test_setup_teardown(turns_are_taken_until_it_stops, setup_pg, teardown),
		cmocka_unit_test_setup_teardown(two_programs_take_turns_only_one_at_a_time, setup_pg, teardown),
	};
	int failed = cmocka_run_group_tests(lite, NULL, NULL);
	if (getenv("GUANXI_TEST_PG") != NULL)
		failed += cmocka_run_group_tests(pg, NULL, NULL);
	return failed;
}
