#include <string.h>
#include <unicode/uchar.h>

#include "base/str.h"
#include "core/text/text_internal.h"

/* Bytes of the first character as a reader sees it: a code point and the marks on it. */
static size_t first_character(const char *in, size_t n)
{
	size_t at = 0;
	if (n == 0)
		return 0;
	text_next(in, n, &at);
	while (at < n) {
		size_t next = at;
		uint32_t cp = text_next(in, n, &next);
		if (!(U_GET_GC_MASK((int32_t)cp) & U_GC_M_MASK) && cp != 0x200D && !(cp >= 0x1F3FB && cp <= 0x1F3FF))
			break;
		at = next;
	}
	return at;
}

/* Chinese names keep the first character, others the first letter of each of the first two words. */
static void mask_name(const char *in, size_t n, struct buf *out)
{
	size_t at = 0, words = 0;
	while (at < n && words < 2) {
		size_t next = at;
		uint32_t cp = text_next(in, n, &next);
		if (cp == ' ') {
			at = next;
			continue;
		}
		bool unspaced = text_is_unspaced(cp);
		if (words > 0)
			buf_putc(out, ' ');
		buf_add(out, in + at, first_character(in + at, n - at));
		buf_puts(out, unspaced ? "*" : "***");
		if (unspaced)
			return;
		words++;
		while (at < n && in[at] != ' ')
			at++;
	}
	if (words == 0)
		buf_puts(out, "***");
}

/* Of a mainland mobile number three digits and four; of others the ends, never more than half. */
static void mask_phone(const char *in, struct buf *out)
{
	char digits[32];
	size_t n = 0;
	const char *end = strchr(in, ';'); /* an extension is not shown */
	for (const char *p = in; *p && p != end && n < sizeof digits; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	const char *from = digits;
	if (in[0] == '+' && n == 13 && memcmp(digits, "861", 3) == 0) {
		from += 2;
		n -= 2;
	} else if (in[0] == '+') {
		buf_putc(out, '+');
	}
	size_t head = n >= 11 ? 3 : n >= 8 ? 2 : 0, tail = n >= 11 ? 4 : n >= 8 ? 2 : 0;
	buf_add(out, from, head);
	buf_puts(out, "****");
	buf_add(out, from + n - tail, tail);
}

static void mask_email(const char *in, size_t n, struct buf *out)
{
	const char *at_sign = memrchr(in, '@', n);
	if (!at_sign) {
		buf_puts(out, "***");
		return;
	}
	size_t local = (size_t)(at_sign - in);
	if (local > 1)
		buf_add(out, in, first_character(in, local));
	buf_puts(out, "***");
	buf_add(out, at_sign, n - local);
}

enum err text_mask(struct ctx *ctx, const char *in, enum mask mask, const char **ret)
{
	size_t n = strlen(in);
	struct buf out;
	*ret = "";
	if (n == 0)
		return OK;
	buf_init(&out, n + 16);
	switch (mask) {
	case MASK_TEXT:
		buf_puts(&out, "***");
		break;
	case MASK_NAME:
		mask_name(in, n, &out);
		break;
	case MASK_PHONE:
		mask_phone(in, &out);
		break;
	case MASK_EMAIL:
		mask_email(in, n, &out);
		break;
	}
	char *text = buf_failed(&out) ? NULL : arena_strndup(ctx->arena, buf_text(&out), out.len);
	buf_release(&out);
	if (!text)
		return text_no_memory(ctx);
	*ret = text;
	return OK;
}
