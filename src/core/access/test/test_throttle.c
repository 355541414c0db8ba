/* Who is slowed down, and who is not. */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *pg_url; /* NULL: SQLite */

static struct world *world_of(void **state)
{
	return *state;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world_open(world, pg_url);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

/* --- throttling ------------------------------------------------------------------------------------ */

static const char *address_key(struct world *w, const char *address)
{
	struct throttle keys;
	assert_ok(w, access_throttle_address(&w->ctx, address, &keys));
	return keys.list[0].key;
}

enum ending { LEAVE, GIVE_BACK, DONE };

struct tries {
	struct throttle keys;
	int n;
	enum ending ending;
};

static enum err try_job(struct ctx *ctx, void *arg)
{
	struct tries *tries = arg;
	enum err err = OK;
	if (tries->n)
		err = access_throttle_take(ctx, &tries->keys);
	if (!err && tries->ending == GIVE_BACK)
		err = access_throttle_give_back(ctx, &tries->keys);
	return err || tries->ending != DONE ? err : access_throttle_done(ctx, &tries->keys);
}

static int64_t seconds_told(struct world *w, enum err err)
{
	int64_t wait = 0;
	if (err == ERR_LIMIT)
		assert_true(str_to_i64(w->ctx.faults.list[0].arg, &wait));
	else
		assert_int_equal(err, OK);
	faults_clear(&w->ctx);
	return wait;
}

/* Failures one after the other, as soon as each may be; what the last one closed, in seconds. */
static int64_t wait_after(struct world *w, struct tries *tries, int n)
{
	int64_t wait = 0;
	tries->n = 1;
	for (int i = 0; i < n; i++) {
		world_forward(w, wait * 1000);
		faults_clear(&w->ctx);
		assert_ok(w, store_write(&w->ctx, w->store, try_job, tries));
		wait = seconds_told(w, access_throttle_check(&w->ctx, &tries->keys));
		assert_int_equal(tries->keys.closes, wait > 0);
	}
	/* what is closed is not counted on */
	if (wait)
		assert_int_equal(seconds_told(w, store_write(&w->ctx, w->store, try_job, tries)), wait);
	return wait;
}

static void end_tries(struct world *w, struct tries *tries, enum ending ending)
{
	tries->n = 0;
	tries->ending = ending;
	faults_clear(&w->ctx);
	assert_ok(w, store_write(&w->ctx, w->store, try_job, tries));
	tries->ending = LEAVE;
}

static void test_throttle(void **state)
{
	struct world *w = world_of(state);
	assert_string_equal(address_key(w, "192.0.2.7"), "i:192.0.2.7");
	assert_string_equal(address_key(w, "::ffff:192.0.2.7"), "i:192.0.2.7");
	assert_string_equal(address_key(w, "2001:db8:1:2:3:4:5:6"), address_key(w, "2001:db8:1:2:ffff::1"));
	assert_string_not_equal(address_key(w, "2001:db8:1:2::1"), address_key(w, "2001:db8:1:3::1"));
	assert_string_equal(address_key(w, "fe80::1%eth0"), address_key(w, "fe80::2"));
	assert_non_null(address_key(w, NULL));
	struct tries tries = {0}, same = {0}, other = {0}, known = {0};
	assert_ok(w, access_throttle_sign_in(&w->ctx, "Who@Example.com", "192.0.2.7", 7, NULL, &tries.keys));
	assert_ok(w, access_throttle_sign_in(&w->ctx, "who@example.com", "192.0.2.7", 7, NULL, &same.keys));
	assert_ok(w, access_throttle_sign_in(&w->ctx, "who@example.com", "198.51.100.1", 7, NULL, &other.keys));
	assert_ok(w, access_throttle_sign_in(&w->ctx, "who@example.com", "192.0.2.7", 7, "0123", &known.keys));
	for (size_t i = 0; i < tries.keys.n; i++)
		assert_null(strstr(tries.keys.list[i].key, "example")); /* whatever was typed is not kept */
	assert_int_equal(wait_after(w, &tries, 5), 0);
	/* doubles, to a quarter of an hour, for another spelling too; not for another address or a known browser */
	static const int64_t waits[] = {2, 4, 8, 16, 32, 64, 128, 256, 512};
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_in_range(wait_after(w, &tries, 1), waits[i] - 1, waits[i]);
		assert_int_equal(seconds_told(w, access_throttle_check(&w->ctx, &same.keys)), waits[i]);
		assert_ok(w, access_throttle_check(&w->ctx, &other.keys));
		assert_ok(w, access_throttle_check(&w->ctx, &known.keys));
		world_forward(w, waits[i] * 1000);
	}
	assert_int_equal(wait_after(w, &tries, 1), 900);
	/* time passes: free again, but the count fades slowly */
	world_forward(w, 901 * 1000);
	assert_in_range(wait_after(w, &same, 1), 899, 900);
	world_forward(w, 901 * 1000);
	/* signing in clears the account's count there */
	end_tries(w, &same, DONE);
	assert_int_equal(wait_after(w, &tries, 1), 0);
	/* what was right is given back: any number of them closes nothing */
	for (int i = 0; i < 40; i++) {
		assert_int_equal(wait_after(w, &known, 1), 0);
		end_tries(w, &known, GIVE_BACK);
	}
	/* many accounts from one address */
	struct tries spray = {0};
	assert_ok(w, access_throttle_address(&w->ctx, "203.0.113.9", &spray.keys));
	assert_int_equal(wait_after(w, &spray, 20), 0);
	assert_in_range(wait_after(w, &spray, 1), 1, 2);
	world_forward(w, 3 * 60 * 1000);
	assert_int_equal(wait_after(w, &spray, 1), 0);
}

/* Many addresses at one account: each has one try in a quarter of an hour, and nobody is shut out. */
static void test_throttle_wide(void **state)
{
	struct world *w = world_of(state);
	struct tries tries = {0};
	for (int i = 0; i < 60; i++) {
		const char *from = arena_printf(&w->arena, "10.0.%d.1", i);
		assert_ok(w, access_throttle_sign_in(&w->ctx, "who@example.com", from, 7, NULL, &tries.keys));
		assert_int_equal(wait_after(w, &tries, 1), i < 50 ? 0 : 900);
	}
	assert_ok(w, access_throttle_sign_in(&w->ctx, "else@example.com", "10.0.59.1", 8, NULL, &tries.keys));
	assert_int_equal(wait_after(w, &tries, 1), 0);
}

static int run(const char *group)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_throttle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_throttle_wide, setup, teardown),
	};
	return cmocka_run_group_tests_name(group, tests, NULL, NULL);
}

int main(void)
{
	int failed = run("access throttle, sqlite");
	pg_url = getenv("GUANXI_TEST_PG");
	if (!pg_url)
		print_message("GUANXI_TEST_PG is not set: PostgreSQL is not tested\n");
	else
		failed += run("access throttle, postgres");
	return failed;
}
