/* Phone numbers.  Mainland mobile numbers, nearly all of a Chinese shop's, are
 * recognised here; everything else asks libphonenumber (a test proves that both
 * give the same on every prefix). */
#include <string.h>

#include "base/str.h"
#include "core/text/phone_shim.h"
#include "core/text/text_internal.h"

enum { PHONE_IN_MAX = 250 };

/* The 11 digits of a mainland mobile number written plainly, with or without
 * +86 or 0086 in front; false if anything is unusual. */
static bool plain_cn_mobile(const char *in, const char *region, char digits[11])
{
	char all[16];
	size_t n = 0;
	bool plus = false;
	for (const char *p = in; *p; p++) {
		if (*p >= '0' && *p <= '9') {
			if (n == sizeof all)
				return false;
			all[n++] = *p;
		} else if (*p == '+' && n == 0 && !plus) {
			plus = true;
		} else if (*p != ' ' && *p != '-') {
			return false;
		}
	}
	const char *from = all;
	if (plus && n == 13 && memcmp(all, "86", 2) == 0)
		from += 2;
	else if (!plus && n == 15 && memcmp(all, "0086", 4) == 0 && str_equal(region, "CN"))
		from += 4;
	else if (plus || n != 11 || !str_equal(region, "CN"))
		return false;
	if (from[0] != '1' || from[1] < '3')
		return false;
	memcpy(digits, from, 11);
	return true;
}

enum err phone_normalise(struct ctx *ctx, const char *in, const char *region, const char **ret, bool *ret_valid)
{
	char digits[11], out[PHONE_SHIM_MAX];
	*ret_valid = false;
	if (!region)
		region = "";
	if (plain_cn_mobile(in, region, digits)) {
		char *text = arena_alloc(ctx->arena, 15);
		if (!text)
			return text_no_memory(ctx);
		memcpy(text, "+86", 3);
		memcpy(text + 3, digits, 11);
		*ret = text;
		*ret_valid = true;
		return OK;
	}
	const char *clean;
	size_t n;
	enum err err = text_clean(ctx, in, strlen(in), false, &clean, &n);
	if (err)
		return err;
	*ret = clean;
	if (n == 0 || n > PHONE_IN_MAX)
		return OK;
	bool possible;
	if (!phone_shim_parse(clean, region, out, &possible))
		return text_library_failed(ctx, "phonenumber");
	if (!possible)
		return OK;
	*ret = arena_strdup(ctx->arena, out);
	if (!*ret)
		return text_no_memory(ctx);
	*ret_valid = true;
	return OK;
}

enum err phone_display(struct ctx *ctx, const char *e164, const char *region, const char **ret)
{
	char digits[11], out[PHONE_SHIM_MAX];
	char *text;
	if (!region)
		region = "";
	if (str_starts(e164, "+86") && strlen(e164) == 14 && plain_cn_mobile(e164, region, digits)) {
		text = arena_printf(ctx->arena, "%s%.3s %.4s %.4s", str_equal(region, "CN") ? "" : "+86 ", digits, digits + 3,
		                    digits + 7);
	} else {
		text = arena_strdup(ctx->arena, phone_shim_display(e164, region, out) ? out : e164);
	}
	if (!text)
		return text_no_memory(ctx);
	*ret = text;
	return OK;
}
