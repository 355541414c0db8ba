/* What a person typed, cut into the words to look for. */
#ifndef GUANXI_CORE_SEARCH_TYPED_H
#define GUANXI_CORE_SEARCH_TYPED_H

#include "base/ctx.h"

enum { TYPED_MAX = 200, TYPED_WORDS_MAX = 8, TYPED_NUMBER_MAX = 40 };

enum word_kind {
	WORD_UNSPACED, /* Chinese and the like */
	WORD_LETTERS,
	WORD_DIGITS,
	WORD_EMAIL,    /* has an '@' */
};

struct word {
	const char *text;
	size_t n, chars;
	enum word_kind kind;
};

struct typed {
	struct word words[TYPED_WORDS_MAX];
	size_t n_words;
	const char *whole; /* all words without spaces */
	size_t n_whole;
	/* If it can be one number or code ("138 0013 8000", "SO-2024-0001"): its letters
	 * and digits, and the same without leading zeros (NULL: no different). */
	const char *number, *stripped;
	size_t n_number, n_stripped;
	/* If it can be the start of an address or a host: "zhang.wei", "example.com". */
	const char *dotted;
	size_t n_dotted;
	bool typos;         /* words of a name may have typing errors */
};

enum err typed_parse(struct ctx *ctx, const char *text, struct typed *ret) MUST_CHECK;

#endif
