/* Inside model_cli: baskets and sequences of files. */
#ifndef GUANXI_MODEL_CLI_BASKETS_H
#define GUANXI_MODEL_CLI_BASKETS_H

#include "model_cli/sheet.h"
#include "models/models.h"

struct baskets {
	struct model_baskets data;
	const char **name; /* of items */
	struct buf items, starts, names; /* what the above points to */
	size_t lines, blank;
};

/* A basket a line (--separator; --skip lines before), or rows of --transaction and --item. */
enum err baskets_read(struct cli *cli, struct baskets *ret) MUST_CHECK;
void baskets_close(struct baskets *baskets);

/* Rows of --customer, --date, --item. All in ctx's arena. */
struct baskets_sequences {
	struct model_sequences data;
	const char **name;
	size_t rows, left_out;
};
enum err baskets_read_sequences(struct cli *cli, struct baskets_sequences *ret) MUST_CHECK;

#endif
