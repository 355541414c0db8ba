/* Shared by the files of this folder only. */
#ifndef GUANXI_CORE_TEXT_TEXT_INTERNAL_H
#define GUANXI_CORE_TEXT_TEXT_INTERNAL_H

#include <unicode/unorm2.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "core/text/text.h"

/* --- state ------------------------------------------------------------- */

/* NULL before text_open. */
const UNormalizer2 *text_nfc(void);
const UNormalizer2 *text_nfkc_casefold(void);
const UNormalizer2 *text_nfkc(void);
enum err text_no_memory(struct ctx *ctx) MUST_CHECK;
/* A failure of a foreign library that no input should cause. */
enum err text_library_failed(struct ctx *ctx, const char *what) MUST_CHECK;

/* --- code points ------------------------------------------------------- */

/* Next code point at *at (advanced, *at < n); U+FFFD for each ill-formed sequence. */
uint32_t text_next(const char *in, size_t n, size_t *at);
/* True if all bytes are ASCII; such text takes the fast paths. */
bool text_is_ascii(const char *in, size_t n);
static inline bool text_is_han(uint32_t cp)
{
	return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0xF900 && cp <= 0xFAFF) ||
	       (cp >= 0x20000 && cp <= 0x3FFFF) || cp == 0x3005 || cp == 0x3007;
}
/* Scripts written without spaces: Han, kana, Hangul, Thai, Lao, Khmer, Burmese. */
bool text_is_unspaced(uint32_t cp);
/* Letters, digits and marks of all scripts. */
bool text_is_word(uint32_t cp);

/* --- UTF-16, for ICU --------------------------------------------------- */

/* Ill-formed input becomes U+FFFD. In the arena, NUL-terminated. */
enum err text_to_utf16(struct ctx *ctx, const char *in, size_t n, UChar **ret, int32_t *ret_n) MUST_CHECK;
enum err text_from_utf16(struct ctx *ctx, const UChar *in, int32_t n, char **ret, size_t *ret_n) MUST_CHECK;
enum err text_normalise16(struct ctx *ctx, const UNormalizer2 *form, const UChar *in, int32_t n, UChar **ret,
                          int32_t *ret_n) MUST_CHECK;

/* --- pinyin ------------------------------------------------------------ */

enum { TEXT_READING_MAX = 64, TEXT_READINGS_MAX = 6, TEXT_NAME_CHARS = 4 };

struct text_reading {
	const char *syllable[TEXT_READING_MAX];
	size_t n;
	size_t n_surname; /* syllables of the family name; 0: it is no person's name */
};
/* How Chinese characters are read, the likeliest first, each once; none if there are no readings.  `alone`: nothing
 * else stands in the field, so that one to four of them are taken for a person's name.  Others are: with the family
 * name read as usual, without a title (曾国藩先生), with u typed for u with two dots. */
size_t text_readings(const uint32_t *chars, size_t n, bool alone, struct text_reading ret[TEXT_READINGS_MAX]);
/* Readings of kana and Hangul in a name, as tokens. */
void text_put_romanised(const char *folded, size_t n, struct buf *out);
/* The Simplified form of one Chinese character. */
uint32_t text_fold_han(uint32_t cp);

#endif
