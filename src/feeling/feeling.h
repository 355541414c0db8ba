/* How the writer of a text feels: a linear model over characters and words, in Chinese and English, that names its reasons. */
#ifndef GUANXI_FEELING_FEELING_H
#define GUANXI_FEELING_FEELING_H

#include "base/ctx.h"

enum feeling_kind { FEELING_NEGATIVE, FEELING_NEUTRAL /* nothing in it tells */, FEELING_POSITIVE };

enum { FEELING_REASONS = 8, FEELING_TEXT_MAX = 20000 /* bytes that are read of a text */ };

struct feeling_reason {
	const char *word; /* as it stands in the folded text; in the arena */
	double weight;    /* what it adds: below 0 bad */
	bool negated;     /* "not good" */
};

struct feeling {
	enum feeling_kind kind;
	double score; /* -1 surely bad … 1 surely good: twice the model's probability less one */
	size_t n;     /* reasons, the heaviest first */
	struct feeling_reason reasons[FEELING_REASONS];
};

/* Reads a UTF-8 text of n bytes; any script, width and case. Fails for want of memory alone. */
enum err feeling_read(struct ctx *ctx, const char *text, size_t n, struct feeling *ret) MUST_CHECK;
const char *feeling_name(enum feeling_kind kind);

#endif
