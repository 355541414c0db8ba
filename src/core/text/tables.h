/* Tables that tools/text_tables.c makes at build time. */
#ifndef GUANXI_CORE_TEXT_TABLES_H
#define GUANXI_CORE_TEXT_TABLES_H

#include <stddef.h>
#include <stdint.h>

/* A fold entry: 0 the code point itself; TEXT_SLOW: the neighbours matter, ask
 * ICU; else TEXT_PIECE | length << 20 | offset into the pool of UTF-8 pieces. */
#define TEXT_SLOW 1u
#define TEXT_PIECE 0x80000000u

struct text_wide {
	uint32_t cp, entry;
};

extern const uint8_t text_fold_stage[256]; /* page of a BMP code point's high byte */
extern const uint32_t text_fold_pages[][256];
extern const char text_fold_pool[];
extern const struct text_wide text_fold_wide[]; /* beyond the BMP, ascending */
extern const size_t text_fold_n_wide;

enum { TEXT_HAN_FIRST = 0x3400, TEXT_HAN_LAST = 0x9FFF };
extern const char text_syllables[][8]; /* [0] is "" */
extern const size_t text_n_syllables;
extern const uint16_t text_pinyin_index[]; /* from TEXT_HAN_FIRST */

/* Words that are read otherwise than their characters, by the first character (folded), ascending; of one first
 * character the longer stand first.  In the pool each is its number of characters, the characters after the first,
 * a syllable for each, and with TEXT_WORD_OTHER another syllable for each. */
#define TEXT_WORD_OTHER 0x100u
struct text_word_first {
	uint16_t cp, n;
	uint32_t at;
};
extern const struct text_word_first text_word_firsts[];
extern const size_t text_n_word_firsts;
extern const uint16_t text_word_pool[];

extern const uint8_t text_han_common[];    /* from U+4E00: 3 most common, 2, 1, 0 rare; Simplified only */

#endif
