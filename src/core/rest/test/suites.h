#ifndef GUANXI_CORE_REST_SUITES_H
#define GUANXI_CORE_REST_SUITES_H

/* cmocka's fail_msg, which needs its macro `fail`. */
#define test_failed(...)                 \
	do {                                 \
		print_error(__VA_ARGS__);        \
		print_error("\n");               \
		_fail(__FILE__, __LINE__);       \
	} while (0)

int suite_query_parse(void);
int suite_query_sql(void);
int suite_query_run(void);
int suite_query_property(void);
int suite_query_condition(void);
int suite_rest_body(void);

#endif
