/* Folding by table: one look-up a code point.  Text whose code points may combine
 * with their neighbours goes through ICU first; then the same table is used. */
#include <string.h>
#include <unicode/uchar.h>

#include "base/str.h"
#include "core/text/tables.h"
#include "core/text/text_internal.h"

static uint32_t wide_entry(uint32_t cp)
{
	size_t low = 0, high = text_fold_n_wide;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (text_fold_wide[mid].cp == cp)
			return text_fold_wide[mid].entry;
		if (text_fold_wide[mid].cp < cp)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}

static inline uint32_t fold_entry(uint32_t cp)
{
	if (cp > 0xFFFF)
		return wide_entry(cp);
	return text_fold_pages[text_fold_stage[cp >> 8]][cp & 0xFF];
}

uint32_t text_fold_han(uint32_t cp)
{
	uint32_t entry = fold_entry(cp);
	if (!(entry & TEXT_PIECE))
		return cp;
	size_t at = 0;
	return text_next(text_fold_pool + (entry & 0xFFFFF), entry >> 20 & 0x7FF, &at);
}

enum { ITERATION_MARK = 0x3005, SOUND_MARK = 0x309B, SOUND_MARK_HALF = 0x309C, ACUTE = 0xB4 };

/* Output with white space folded: a space is written only before the next visible character. */
struct folder {
	char *out;
	size_t len;
	bool space;
	bool after_latin;
	uint32_t last; /* Chinese character before, for 々 */
};

static void put_piece(struct folder *f, const char *piece, size_t n)
{
	for (; n > 0 && piece[0] == ' '; n--, piece++)
		f->space = f->len > 0;
	if (n == 0)
		return;
	if (f->space)
		f->out[f->len++] = ' ';
	f->space = false;
	memcpy(f->out + f->len, piece, n);
	f->len += n;
	f->after_latin = (unsigned char)piece[n - 1] < 0x80 && piece[n - 1] >= 'a' && piece[n - 1] <= 'z';
}

static void put_folded(struct folder *f, uint32_t cp)
{
	/* 佐々木 is 佐佐木 */
	if (cp == ITERATION_MARK && f->last)
		cp = f->last;
	f->last = text_is_han(cp) && cp != ITERATION_MARK ? cp : 0;
	uint32_t entry = fold_entry(cp);
	if (entry & TEXT_PIECE) {
		put_piece(f, text_fold_pool + (entry & 0xFFFFF), entry >> 20 & 0x7FF);
		return;
	}
	/* A mark that found no letter to join: on a Latin letter it is an accent and goes. */
	if (entry == TEXT_SLOW && f->after_latin && u_charType((int32_t)cp) == U_NON_SPACING_MARK)
		return;
	char same[4];
	put_piece(f, same, utf8_encode(cp, same));
}

static enum err fold_ascii(struct ctx *ctx, const char *in, size_t n, const char **ret, size_t *ret_n)
{
	char *out = arena_alloc(ctx->arena, n + 1);
	if (!out)
		return text_no_memory(ctx);
	size_t len = 0;
	bool space = false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];
		if (c <= ' ' || c == 0x7F) {
			space = len > 0;
			continue;
		}
		if (space)
			out[len++] = ' ';
		space = false;
		out[len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	out[len] = 0;
	*ret = out;
	*ret_n = len;
	return OK;
}

/* Bytes the fold of `in` takes at most; sets *ret_slow if ICU must normalise first. */
static size_t fold_size(const char *in, size_t n, bool *ret_slow)
{
	size_t size = 0;
	for (size_t at = 0; at < n;) {
		uint32_t entry = fold_entry(text_next(in, n, &at));
		if (entry == TEXT_SLOW)
			*ret_slow = true;
		size += entry & TEXT_PIECE ? (entry >> 20 & 0x7FF) : 4;
	}
	return size + 1;
}

/* Ill-formed sequences are one byte at least and become three, so sizes are counted, not guessed. */
static enum err fold_by_table(struct ctx *ctx, const char *in, size_t n, size_t size, const char **ret, size_t *ret_n)
{
	struct folder f = {.out = arena_alloc(ctx->arena, size + 1)};
	if (!f.out)
		return text_no_memory(ctx);
	for (size_t at = 0; at < n;)
		put_folded(&f, text_next(in, n, &at));
	f.out[f.len] = 0;
	*ret = f.out;
	*ret_n = f.len;
	return OK;
}

/* What stands for itself to Unicode, but not to those who type it: the sound marks of kana join the kana before, and
 * an acute by itself is an apostrophe. */
static UChar as_typed(UChar c)
{
	switch (c) {
	case SOUND_MARK:
		return 0x3099;
	case SOUND_MARK_HALF:
		return 0x309A;
	case ACUTE:
		return '\'';
	default:
		return c;
	}
}

enum err text_fold(struct ctx *ctx, const char *in, size_t n, const char **ret, size_t *ret_n)
{
	if (text_is_ascii(in, n))
		return fold_ascii(ctx, in, n, ret, ret_n);
	bool slow = false;
	size_t size = fold_size(in, n, &slow);
	if (!slow)
		return fold_by_table(ctx, in, n, size, ret, ret_n);
	UChar *wide, *normal;
	int32_t n_wide, n_normal;
	char *text;
	size_t n_text;
	enum err err = text_to_utf16(ctx, in, n, &wide, &n_wide);
	for (int32_t i = 0; !err && i < n_wide; i++)
		wide[i] = as_typed(wide[i]);
	if (!err)
		err = text_normalise16(ctx, text_nfkc_casefold(), wide, n_wide, &normal, &n_normal);
	if (!err)
		err = text_from_utf16(ctx, normal, n_normal, &text, &n_text);
	if (err)
		return err;
	slow = false;
	size = fold_size(text, n_text, &slow);
	return fold_by_table(ctx, text, n_text, size, ret, ret_n);
}
