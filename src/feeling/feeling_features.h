/* What the model looks at in a text; the same for learning and for reading. */
#ifndef GUANXI_FEELING_FEATURES_H
#define GUANXI_FEELING_FEATURES_H

#include "feeling/feeling.h"

enum { FEATURE_BYTES = 64, FEATURE_GRAM = 3, FEATURE_WORD_CHARS = 5 };

struct feature {
	const char *text; /* n bytes, not ended */
	size_t n;
	bool negated;
};

/* Whether the text is a word of feeling by our list: such are looked at with what denies them. */
typedef bool (*feature_known_fn)(const char *text, size_t n, void *arg);
typedef void (*feature_fn)(const struct feature *feature, void *arg);

/* Calls `fn` for every feature of a folded text: runs of up to three Han characters (longer ones where `known`), Latin words and
 * pairs of them, marks of emotion. Each as often as it stands there. */
void feeling_features(const char *folded, size_t n, feature_known_fn known, feature_fn fn, void *arg);
/* Hash of a feature, by which the model's table is asked; never 0. */
uint32_t feeling_hash(const char *text, size_t n, bool negated);

#endif
