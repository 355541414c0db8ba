/* The form in which identifiers are compared. Unlike what search folds it keeps apart whatever two different numbers or
 * addresses may differ in: accents, Traditional and Simplified, ß and ss. */
#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include "base/str.h"
#include "core/text/text_internal.h"

static bool is_form(const char *in, size_t n, bool cased)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)in[i] >= 0x80 || (!cased && in[i] >= 'A' && in[i] <= 'Z'))
			return false;
	return true;
}

static enum err small_ascii(struct ctx *ctx, const char *in, size_t n, const char **ret)
{
	char *out = arena_strndup(ctx->arena, in, n);
	if (!out)
		return text_no_memory(ctx);
	for (char *p = out; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	*ret = out;
	return OK;
}

/* Letter by letter, so that the length stays: in place. */
static void small_letters(UChar *text, int32_t n)
{
	for (int32_t i = 0; i < n;) {
		int32_t at = i;
		UChar first = text[i++];
		UChar32 cp = first;
		if (U16_IS_LEAD(first) && i < n && U16_IS_TRAIL(text[i]))
			cp = (UChar32)U16_GET_SUPPLEMENTARY((uint32_t)first, (uint32_t)text[i++]);
		UChar32 small = u_foldCase(cp, U_FOLD_CASE_DEFAULT);
		if (small == cp || U16_LENGTH(small) != i - at)
			continue;
		if (i - at == 2) {
			text[at++] = U16_LEAD(small);
			small = U16_TRAIL(small);
		}
		text[at] = (UChar)small;
	}
}

enum err text_form(struct ctx *ctx, const char *in, size_t n, bool cased, const char **ret, size_t *ret_n)
{
	UChar *wide, *normal;
	int32_t n_wide, n_normal;
	char *text;
	*ret = in;
	*ret_n = n;
	if (is_form(in, n, cased))
		return OK;
	if (text_is_ascii(in, n))
		return small_ascii(ctx, in, n, ret);
	enum err err = text_to_utf16(ctx, in, n, &wide, &n_wide);
	if (!err)
		err = text_normalise16(ctx, text_nfkc(), wide, n_wide, &normal, &n_normal);
	if (err)
		return err;
	if (!cased)
		small_letters(normal, n_normal);
	/* Capitals of letters that NFKC took apart may join again. */
	err = text_normalise16(ctx, text_nfkc(), normal, n_normal, &wide, &n_wide);
	if (!err)
		err = text_from_utf16(ctx, wide, n_wide, &text, &n);
	return err ? err : text_clean(ctx, text, n, false, ret, ret_n);
}
