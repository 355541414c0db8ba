#include "base/test/check.h"

#include <stdlib.h>

#include "core/store/store.h"

static void opens(void **state)
{
	(void)state;
	char dir[] = "/tmp/guanxi-store-XXXXXX";
	assert_non_null(mkdtemp(dir));
	struct arena arena;
	struct ctx ctx;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct store *store;
	struct store_config config = {.data_dir = dir};
	assert_int_equal(store_open_new(&ctx, &config, &store), OK);
	static const struct migration list[] = {{1, "first", "CREATE TABLE t(id integer primary key, a text unique)", "", NULL}};
	assert_int_equal(store_migrate(&ctx, store, list, 1), OK);
	store_free(store);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(opens)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
