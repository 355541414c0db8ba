/* CSV bodies. */
#include "base/test/check.h"

#include <string.h>

#include "core/rest/rest_internal.h"
#include "core/rest/test/suites.h"

static struct arena arena;
static struct ctx ctx;

static enum err read(const char *text, struct rest_body *body)
{
	arena_reset(&arena);
	faults_clear(&ctx);
	memset(body, 0, sizeof(*body));
	char *copy = arena_strdup(&arena, text);
	assert_non_null(copy);
	return rest_csv_read(&ctx, copy, strlen(text), body);
}

static void reads_cells(void **state)
{
	struct rest_body body;
	(void)state;
	assert_int_equal(read("\xef\xbb\xbfname,city\r\n\"Müller, \"\"A\"\"\",NULL\r\n,\"NULL\"\nlast,\"a\nb\"", &body), OK);
	assert_int_equal(body.n_names, 2);
	assert_string_equal(body.names[0], "name");
	assert_int_equal(body.n, 3);
	assert_string_equal(body.cells[0][0], "Müller, \"A\"");
	assert_null(body.cells[0][1]);
	assert_null(body.cells[1][0]);
	assert_string_equal(body.cells[1][1], "NULL");
	assert_string_equal(body.cells[2][1], "a\nb");
	assert_int_equal(read("name\na\n\n", &body), OK);
	assert_int_equal(body.n, 2); /* of one column an empty line is an empty cell */
	assert_int_equal(read("a,b\n1,2\n\n3,4\n", &body), OK);
	assert_int_equal(body.n, 2);
	assert_int_equal(read("a,b\n", &body), OK);
	assert_int_equal(body.n, 0);
}

static void refuses_broken_tables(void **state)
{
	static const char *const cases[] = {"", "a,b\n1\n", "a,b\n1,2,3\n", "a\n\"open", "a\n\"x\"y\n", ",b\n1,2\n", "a\n\xff\xfe\n"};
	struct rest_body body;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read(cases[i], &body), ERR_INVALID);
		assert_string_equal(ctx.faults.list[0].key, "PGRST102");
	}
}

static int open_arena(void **state)
{
	(void)state;
	arena_init(&arena, 8 << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int suite_rest_body(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_cells), cmocka_unit_test(refuses_broken_tables)};
	return cmocka_run_group_tests_name("rest_body", tests, open_arena, close_arena);
}
