/* Words whose characters are read otherwise than by themselves, for tools/text_tables.c. */
#ifndef GUANXI_TOOLS_TEXT_WORDS_H
#define GUANXI_TOOLS_TEXT_WORDS_H

#include <opencc/opencc.h>
#include <stdint.h>
#include <stdio.h>

enum { HAN_FIRST = 0x3400, UNIFIED_FIRST = 0x4E00, HAN_LAST = 0x9FFF, SYLLABLES_MAX = 1024 };

struct syllables {
	char text[SYLLABLES_MAX][8]; /* [0] is "" */
	size_t n;
};
/* Number of a syllable, a new one if need be. */
uint16_t syllable_number(struct syllables *syllables, const char *text);

struct word_source {
	const char *dictionary; /* "word<tab>syl la ble<tab>weight": pinyin_simp.dict.yaml */
	const char *own;        /* "word<tab>syl la ble[<tab>other reading]", what the dictionary lacks; a single character as it is mostly read */
	opencc_t s2t;
	uint32_t (*fold)(void *arg, uint32_t cp); /* as core/text folds a character */
	void *arg;
};
/* Sets `pinyin` (from HAN_FIRST) to the readings most words have, and notes the words that differ from it. */
void words_make(const struct word_source *source, struct syllables *syllables, uint16_t *pinyin);
void words_write(FILE *out);

#endif
