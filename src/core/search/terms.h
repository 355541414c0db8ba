/* The terms of one document as a set, and whether an expression holds of them: so a document that waits for
 * the full-text table is found by what the table would find it by, and by nothing else. */
#ifndef GUANXI_CORE_SEARCH_TERMS_H
#define GUANXI_CORE_SEARCH_TERMS_H

#include "base/buf.h"
#include "base/ctx.h"

struct term {
	const char *text;
	size_t n;
};

struct terms {
	struct term *list; /* sorted, each once */
	size_t n;
};

/* Cuts the text at its spaces, sorts, leaves doubles out; at most `max`. The terms lie in the text. */
size_t terms_distinct(const struct buf *text, struct term *list, size_t max);
/* All terms of a source without those of its scope; in the arena. */
enum err terms_of_source(struct ctx *ctx, const char *source, struct terms *ret) MUST_CHECK;
/* Whether one of them is `kind` (0: none) and then `text`; with `prefix`, starts so. */
bool terms_have(const struct terms *terms, char kind, const char *text, size_t n, bool prefix);
/* Whether an expression of expr.c, in FTS5's language, holds. */
bool terms_answer(const struct terms *terms, const struct buf *expr);

#endif
