/* Text as it is kept: NFC, no invisible characters, tidy white space. */
#include <string.h>
#include <unicode/uchar.h>

#include "base/str.h"
#include "core/text/text_internal.h"

/* Marks that only steer direction or break lines, and can hide or forge text. */
static bool is_invisible(uint32_t cp)
{
	if (cp < 0xAD)
		return false;
	if (cp >= 0x2000 && cp <= 0x206F)
		return cp == 0x200B || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) || cp >= 0x2060;
	/* the Hangul fillers are letters that show nothing */
	return cp == 0xAD || cp == 0x061C || cp == 0x3164 || cp == 0xFFA0 || cp == 0x180E || cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB) ||
	       (cp >= 0xFDD0 && cp <= 0xFDEF) || (cp & 0xFFFE) == 0xFFFE || (cp >= 0xE0000 && cp <= 0xE0FFF);
}

static bool is_line_end(uint32_t cp)
{
	return cp == '\n' || cp == '\r' || cp == 0x85 || cp == 0x2028 || cp == 0x2029;
}

static bool is_space(uint32_t cp)
{
	if (cp < 0x80)
		return cp == ' ' || cp == '\t' || cp == '\v' || cp == '\f';
	if (cp < 0x1680)
		return cp == 0xA0;
	return cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x202F || cp == 0x205F || cp == 0x1680;
}

/* Code points that stay as they are under NFC whatever stands around them; a
 * quick answer for the scripts of nearly all input. */
static bool is_settled(uint32_t cp)
{
	if (cp < 0x300)
		return true;
	if (cp >= 0x3400 && cp <= 0x9FFF)
		return true;
	if ((cp >= 0x2010 && cp <= 0x2027) || (cp >= 0x3000 && cp <= 0x3029) || (cp >= 0xAC00 && cp <= 0xD7A3))
		return true;
	if ((cp >= 0x3041 && cp <= 0x3096) || (cp >= 0x30A1 && cp <= 0x30FA) || (cp >= 0xFF01 && cp <= 0xFFE6))
		return true;
	return u_getIntPropertyValue((int32_t)cp, UCHAR_NFC_QUICK_CHECK) == UNORM_YES &&
	       u_getCombiningClass((int32_t)cp) == 0;
}

struct cleaner {
	char *out;
	size_t len;
	int breaks;    /* line ends seen since the last visible character */
	bool space, lines;
	bool after_flag; /* after U+1F3F4 or a tag: tags spell regional flags there */
};

static void clean_put(struct cleaner *c, uint32_t cp)
{
	if (c->len > 0 && c->lines)
		for (; c->breaks > 0; c->breaks--)
			c->out[c->len++] = '\n';
	else if (c->len > 0 && c->breaks > 0)
		c->space = true;
	if (c->space && c->len > 0 && c->out[c->len - 1] != '\n')
		c->out[c->len++] = ' ';
	c->breaks = 0;
	c->space = false;
	c->len += utf8_encode(cp, c->out + c->len);
}

static void clean_next(struct cleaner *c, uint32_t cp)
{
	bool tag = cp >= 0xE0020 && cp <= 0xE007F;
	bool keep_tag = tag && c->after_flag;
	c->after_flag = cp == 0x1F3F4 || keep_tag;
	if (is_line_end(cp)) {
		c->breaks++;
	} else if (is_space(cp)) {
		c->space = true;
	} else if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
		return;
	} else if (keep_tag || !is_invisible(cp)) {
		clean_put(c, cp);
	}
}

static size_t clean_run(struct cleaner *c, const char *in, size_t n, bool *ret_unsettled)
{
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(in, n, &at);
		if (cp == '\r' && at < n && in[at] == '\n')
			continue;
		if (!is_settled(cp))
			*ret_unsettled = true;
		clean_next(c, cp);
	}
	c->out[c->len] = 0;
	return c->len;
}

enum err text_clean(struct ctx *ctx, const char *in, size_t n, bool lines, const char **ret, size_t *ret_n)
{
	/* An ill-formed byte becomes the three bytes of U+FFFD. */
	struct cleaner c = {.lines = lines};
	size_t room = utf8_valid(in, n) ? n : n * 3;
	c.out = arena_alloc(ctx->arena, room + 1);
	if (!c.out)
		return text_no_memory(ctx);
	bool unsettled = false;
	*ret_n = clean_run(&c, in, n, &unsettled);
	*ret = c.out;
	if (!unsettled)
		return OK;
	UChar *wide, *normal;
	int32_t n_wide, n_normal;
	char *text;
	enum err err = text_to_utf16(ctx, c.out, c.len, &wide, &n_wide);
	if (!err)
		err = text_normalise16(ctx, text_nfc(), wide, n_wide, &normal, &n_normal);
	if (!err)
		err = text_from_utf16(ctx, normal, n_normal, &text, ret_n);
	if (!err)
		*ret = text;
	return err;
}
