/* Tables made at build time from every folder's messages.tsv and from the
 * descriptors' labels (tools/locale2c.py). Sorted, for binary search. */
#ifndef GUANXI_APP_WORDS_H
#define GUANXI_APP_WORDS_H

#include <stddef.h>

struct word {
	const char *key, *en, *zh, *hant;
};

struct word_hant {
	const char *zh, *hant;
};

extern const struct word words_messages[];
extern const size_t words_messages_count;
extern const struct word_hant words_labels[];
extern const size_t words_labels_count;

#endif
