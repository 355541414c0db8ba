/* What the files of this test share. */
#ifndef GUANXI_CORE_TEXT_TEST_H
#define GUANXI_CORE_TEXT_TEST_H

#include "base/test/check.h"

#include "base/buf.h"
#include "base/ctx.h"

/* A context with its own arena for one test. */
struct fixture {
	struct arena arena;
	struct ctx ctx;
};
int fixture_open(void **state);
int fixture_close(void **state);

/* Contents of a public data file, unpacked if it ends in ".gz"; NULL and a note when it is absent. free() it. */
char *shared_data_new(const char *path, size_t *ret_n);

int run_clean_tests(void);
int run_name_tests(void);
int run_contact_tests(void);
int run_encoding_tests(void);

#endif
