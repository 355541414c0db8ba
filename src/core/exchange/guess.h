/* Inside core/exchange: words for guessing columns. */
#ifndef GUANXI_CORE_EXCHANGE_GUESS_H
#define GUANXI_CORE_EXCHANGE_GUESS_H

#include "core/exchange/import.h"

struct guess_word {
	const char *entity, *field;
	const char *names; /* with '|' between; the earlier the surer */
};
extern const struct guess_word guess_words[]; /* ended by entity NULL */
/* With '|' around each. */
extern const char guess_first_names[], guess_last_names[];

/* A header as the words above are written. */
enum err guess_fold(struct ctx *ctx, const char *header, const char **ret) MUST_CHECK;
/* "|name|" stands in the list. */
bool guess_among(struct ctx *ctx, const char *list, const char *folded);
/* The file's column of the other half of a name, -1: none. `header` is one half. */
enum err guess_other_half(struct ctx *ctx, const struct plan_columns *columns, int column, int *ret, bool *ret_first) MUST_CHECK;

#endif
