/* Readings of words.  A dictionary of 48,000 words tells how each character is mostly read, and which words are read
 * otherwise than their characters: of those a table is made.  The shorter words come first, so that 重庆市 needs no
 * place of its own beside 重庆; and each word is tried as core/text will read it, in both scripts. */
#include "text_words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_CHARS = 8, WORDS_MAX = 1 << 17, KEPT_MAX = 1 << 14, LINE_BYTES = 512, EVIDENCE = 3, OTHER_SHARE = 4, OTHER_WEIGHT = 50 };

struct word {
	uint16_t chars[WORD_CHARS], folded[WORD_CHARS];
	uint16_t reading[WORD_CHARS], other[WORD_CHARS]; /* other[0] 0: none */
	size_t n;
	double weight;
};

static struct word words[WORDS_MAX], own[KEPT_MAX], kept[KEPT_MAX];
static size_t n_words, n_own, n_kept;

static _Noreturn void die(const char *what, const char *arg)
{
	fprintf(stderr, "text_tables: %s %s\n", what, arg);
	exit(1);
}

uint16_t syllable_number(struct syllables *syllables, const char *text)
{
	size_t i = 1;
	while (i < syllables->n && strcmp(syllables->text[i], text) != 0)
		i++;
	if (i == SYLLABLES_MAX || strlen(text) > 7)
		die("no room for the syllable", text);
	if (i == syllables->n)
		memcpy(syllables->text[syllables->n++], text, strlen(text) + 1);
	return (uint16_t)i;
}

/* --- reading the files ------------------------------------------------------------- */

/* Characters of the BMP; 0 if there are others, or too many. */
static size_t decode(const char *text, size_t bytes, uint16_t out[WORD_CHARS])
{
	size_t n = 0;
	for (size_t at = 0; at < bytes; at += 3) {
		const unsigned char *p = (const unsigned char *)text + at;
		if (at + 3 > bytes || p[0] < 0xE3 || p[0] > 0xEF || n == WORD_CHARS)
			return 0;
		uint32_t cp = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
		if (cp < HAN_FIRST || cp > HAN_LAST)
			return 0;
		out[n++] = (uint16_t)cp;
	}
	return n;
}

/* "lve" is written "lue" there. */
static uint16_t known_syllable(struct syllables *syllables, const char *text)
{
	if (strcmp(text, "lue") == 0)
		return syllable_number(syllables, "lve");
	return syllable_number(syllables, strcmp(text, "nue") == 0 ? "nve" : text);
}

static size_t read_syllables(struct syllables *syllables, char *text, uint16_t out[WORD_CHARS])
{
	size_t n = 0;
	char *rest = NULL;
	for (char *one = strtok_r(text, " ", &rest); one && n < WORD_CHARS; one = strtok_r(NULL, " ", &rest))
		out[n++] = known_syllable(syllables, one);
	return n;
}

/* One line; false if it is none of a word. */
static bool read_line(const struct word_source *source, struct syllables *syllables, char *line, bool weighed, struct word *ret)
{
	char *rest = NULL;
	line[strcspn(line, "\r\n")] = 0;
	char *text = strtok_r(line, "\t", &rest), *reading = strtok_r(NULL, "\t", &rest), *more = strtok_r(NULL, "\t", &rest);
	*ret = (struct word){.weight = weighed && more ? strtod(more, NULL) : 0};
	if (!text || !reading || *text == '#')
		return false;
	ret->n = decode(text, strlen(text), ret->chars);
	if (ret->n < (weighed ? 2 : 1))
		return false;
	if (read_syllables(syllables, reading, ret->reading) != ret->n)
		die("not a syllable for each character:", text);
	if (!weighed && more && read_syllables(syllables, more, ret->other) != ret->n)
		die("not a syllable for each character:", text);
	for (size_t i = 0; i < ret->n; i++)
		ret->folded[i] = (uint16_t)source->fold(source->arg, ret->chars[i]);
	return true;
}

static size_t read_words(const struct word_source *source, struct syllables *syllables, const char *path, bool weighed,
                         struct word *list, size_t max)
{
	char line[LINE_BYTES];
	size_t n = 0;
	FILE *in = fopen(path, "r");
	if (!in)
		die("cannot read", path);
	while (fgets(line, sizeof line, in)) {
		if (n == max)
			die("too many words in", path);
		n += read_line(source, syllables, line, weighed, &list[n]);
	}
	fclose(in);
	return n;
}

/* The shorter first, the same together, the likelier before. */
static int compare_words(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	int order = memcmp(x->chars, y->chars, sizeof x->chars);
	if (order || x->weight == y->weight)
		return order ? order : memcmp(x->reading, y->reading, sizeof x->reading);
	return x->weight > y->weight ? -1 : 1;
}

/* One word of those with the same characters; the second reading only if it is not rare. */
static void unite_words(void)
{
	size_t n = 0;
	for (size_t i = 0; i < n_words; i++) {
		struct word *last = n > 0 ? &words[n - 1] : NULL;
		if (!last || last->n != words[i].n || memcmp(last->chars, words[i].chars, sizeof last->chars) != 0)
			words[n++] = words[i];
		else if (last->other[0] == 0 && words[i].weight > OTHER_WEIGHT && words[i].weight * OTHER_SHARE >= last->weight)
			memcpy(last->other, words[i].reading, sizeof last->other);
	}
	n_words = n;
}

/* --- how a character is mostly read -------------------------------------------------- */

static uint8_t (*votes)[SYLLABLES_MAX]; /* by character */

static void count_readings(void)
{
	for (size_t i = 0; i < n_words; i++)
		for (size_t k = 0; k < words[i].n; k++) {
			uint8_t *count = &votes[words[i].chars[k] - HAN_FIRST][words[i].reading[k]];
			*count += *count < UINT8_MAX;
		}
}

static void set_usual(const struct word_source *source, uint16_t *pinyin)
{
	static uint16_t before[HAN_LAST - HAN_FIRST + 1];
	memcpy(before, pinyin, sizeof before);
	for (size_t c = 0; c <= HAN_LAST - HAN_FIRST; c++) {
		size_t all = 0, best = before[c];
		for (size_t s = 1; s < SYLLABLES_MAX; s++) {
			all += votes[c][s];
			best = votes[c][s] > votes[c][best] ? s : best;
		}
		if (all >= EVIDENCE)
			pinyin[c] = (uint16_t)best;
	}
	/* 長 as 长, where both had the same before. */
	for (size_t c = 0; c <= HAN_LAST - HAN_FIRST; c++) {
		uint32_t simple = source->fold(source->arg, (uint32_t)c + HAN_FIRST);
		if (simple >= HAN_FIRST && simple <= HAN_LAST && before[simple - HAN_FIRST] == before[c])
			pinyin[c] = pinyin[simple - HAN_FIRST];
	}
}

/* --- words that are read otherwise ---------------------------------------------------- */

static const struct word *kept_at(const uint16_t *folded, size_t n)
{
	const struct word *best = NULL;
	for (size_t i = 0; i < n_kept; i++)
		if (kept[i].n <= n && (!best || kept[i].n > best->n) && memcmp(kept[i].folded, folded, kept[i].n * sizeof *folded) == 0)
			best = &kept[i];
	return best;
}

/* As core/text reads it: the longest word from the left. */
static bool is_read_so(const struct word *word, const uint16_t *chars, const uint16_t *pinyin)
{
	for (size_t at = 0; at < word->n;) {
		const struct word *found = kept_at(word->folded + at, word->n - at);
		if (found && memcmp(found->reading, word->reading + at, found->n * sizeof *found->reading) != 0)
			return false;
		if (!found && pinyin[chars[at] - HAN_FIRST] != word->reading[at])
			return false;
		at += found ? found->n : 1;
	}
	return true;
}

static void keep(const struct word *word)
{
	for (size_t i = 0; i < n_kept; i++)
		if (kept[i].n == word->n && memcmp(kept[i].folded, word->folded, sizeof word->folded) == 0)
			return;
	if (n_kept == KEPT_MAX)
		die("too many words are read otherwise", "");
	kept[n_kept++] = *word;
}

static bool is_read_so_in_traditional(const struct word_source *source, const struct word *word, const uint16_t *pinyin)
{
	char text[WORD_CHARS * 3];
	uint16_t chars[WORD_CHARS];
	for (size_t i = 0; i < word->n; i++) {
		text[i * 3] = (char)(0xE0 | word->chars[i] >> 12);
		text[i * 3 + 1] = (char)(0x80 | (word->chars[i] >> 6 & 0x3F));
		text[i * 3 + 2] = (char)(0x80 | (word->chars[i] & 0x3F));
	}
	char *other = opencc_convert_utf8(source->s2t, text, word->n * 3);
	bool fits = other && decode(other, strlen(other), chars) == word->n;
	for (size_t i = 0; fits && i < word->n; i++)
		fits = source->fold(source->arg, chars[i]) == word->folded[i];
	bool so = !fits || is_read_so(word, chars, pinyin);
	opencc_convert_utf8_free(other);
	return so;
}

static void keep_all(const struct word_source *source, const struct word *list, size_t n, const uint16_t *pinyin)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].other[0] != 0 || !is_read_so(&list[i], list[i].chars, pinyin) || !is_read_so_in_traditional(source, &list[i], pinyin))
			keep(&list[i]);
}

static int by_first(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	if (x->folded[0] != y->folded[0])
		return x->folded[0] < y->folded[0] ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return memcmp(x->folded, y->folded, sizeof x->folded);
}

void words_make(const struct word_source *source, struct syllables *syllables, uint16_t *pinyin)
{
	votes = calloc(HAN_LAST - HAN_FIRST + 1, sizeof *votes);
	if (!votes)
		die("no memory", "");
	n_words = read_words(source, syllables, source->dictionary, true, words, WORDS_MAX);
	n_own = read_words(source, syllables, source->own, false, own, KEPT_MAX);
	if (n_words < 10000)
		die("too few words in", source->dictionary);
	qsort(words, n_words, sizeof *words, compare_words);
	unite_words();
	count_readings();
	set_usual(source, pinyin);
	qsort(own, n_own, sizeof *own, compare_words);
	size_t single = 0;
	for (; single < n_own && own[single].n == 1; single++)
		pinyin[own[single].chars[0] - HAN_FIRST] = own[single].reading[0];
	keep_all(source, own + single, n_own - single, pinyin);
	keep_all(source, words, n_words, pinyin);
	qsort(kept, n_kept, sizeof *kept, by_first);
	free(votes);
}

/* Each word: characters and readings (TEXT_WORD_OTHER: two), its other characters, its syllables. */
void words_write(FILE *out)
{
	size_t at = 0;
	fprintf(out, "const uint16_t text_word_pool[] = {\n");
	static size_t starts[KEPT_MAX];
	for (size_t i = 0; i < n_kept; i++) {
		const struct word *w = &kept[i];
		bool two = w->other[0] != 0;
		starts[i] = at;
		fprintf(out, "%zu%s", w->n, two ? "|TEXT_WORD_OTHER" : "");
		for (size_t k = 1; k < w->n; k++)
			fprintf(out, ",%#x", w->folded[k]);
		for (size_t k = 0; k < w->n; k++)
			fprintf(out, ",%u", w->reading[k]);
		for (size_t k = 0; two && k < w->n; k++)
			fprintf(out, ",%u", w->other[k]);
		fprintf(out, ",\n");
		at += w->n * (two ? 3 : 2);
	}
	fprintf(out, "0};\nconst struct text_word_first text_word_firsts[] = {\n");
	size_t n = 0;
	for (size_t i = 0; i < n_kept; i++) {
		size_t end = i;
		while (end < n_kept && kept[end].folded[0] == kept[i].folded[0])
			end++;
		fprintf(out, "{%#x,%zu,%zu},\n", kept[i].folded[0], end - i, starts[i]);
		n++;
		i = end - 1;
	}
	fprintf(out, "};\nconst size_t text_n_word_firsts = %zu;\n", n);
}
