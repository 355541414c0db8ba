/* Columns of a public data file, for the tests of models. */
#ifndef GUANXI_MODELS_TEST_READ_H
#define GUANXI_MODELS_TEST_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/test/check.h"
#include "models/models.h"

enum { READ_COLUMNS = 8 };

struct table {
	double *column[READ_COLUMNS];
	size_t n;
};

/* Numbers of a comma separated file with a heading in GUANXI_SHARED_DATA; false, with a word: the data are not here. */
bool read_table(struct ctx *ctx, const char *name, struct table *ret);

void make_ctx(struct ctx *ctx, struct arena *arena);
/* The key of the first fault; faults and arena are emptied. */
const char *fault_of(struct ctx *ctx);
#define assert_near(value, wanted, distance) check_near((value), (wanted), (distance), #value, __FILE__, __LINE__)
void check_near(double value, double wanted, double distance, const char *what, const char *file, int line);

#endif
