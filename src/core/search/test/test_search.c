#include "search_test.h"

int main(void)
{
	int failed = run_unit_tests() + run_find_tests(ENGINE_SQLITE) + run_keep_tests(ENGINE_SQLITE) + run_same_tests(ENGINE_SQLITE);
	if (world_pg())
		failed += run_find_tests(ENGINE_POSTGRES) + run_keep_tests(ENGINE_POSTGRES) + run_same_tests(ENGINE_POSTGRES);
	else
		print_message("search on PostgreSQL: skipped, GUANXI_TEST_PG is not set (tests/tools/pg.sh start DIR PORT prints it)\n");
	text_close();
	return failed;
}
