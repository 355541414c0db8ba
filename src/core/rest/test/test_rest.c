#include <stdlib.h>

#include "core/rest/rest.h"
#include "core/rest/test/suites.h"

/* The program's part; no handler runs here. */
struct rest *app_rest(const struct app *app)
{
	(void)app;
	return NULL;
}

int main(void)
{
	int failed = suite_query_parse() + suite_query_sql() + suite_query_run() + suite_query_property() + suite_query_condition() + suite_rest_body();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
