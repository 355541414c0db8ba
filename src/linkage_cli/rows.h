/* Inside linkage_cli: one or two files as the arrays of a linkage. */
#ifndef GUANXI_LINKAGE_CLI_ROWS_H
#define GUANXI_LINKAGE_CLI_ROWS_H

#include "core/command/command.h"
#include "linkage/linkage.h"

struct linkage_store;

struct linkage_rows {
	struct linkage_column *columns;
	struct linkage_store *stores; /* what the columns point to */
	size_t n_columns, n_rows, n_first;
	int64_t broken; /* rows that could not be read as rows; they count, and have nothing in them */
};

/* Reads --input and, if given, --with, whose columns are found by their headings (if none is the same and there are as many, by place);
 * columns that only one file has are left out. ERR_INVALID "dedupe_no_common_column". */
enum err linkage_rows_read(struct cli *cli, struct linkage_rows *ret) MUST_CHECK;
void linkage_rows_free(struct linkage_rows *rows);
/* A column by heading, else by number from 1: ERR_NOT_FOUND "dedupe_no_column". */
enum err linkage_rows_find(const struct linkage_rows *rows, struct ctx *ctx, const char *name, size_t *ret) MUST_CHECK;

#endif
