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

/* 0571-88887777-8001, (0571) 88887777-8001: an area code, a number of seven or eight digits, and a third part behind them. */
static const char *third_part(const char *in)
{
	in += *in == '(';
	size_t area = strspn(in, "0123456789");
	if ((area != 3 && area != 4) || in[0] != '0' || in[area] == '\0' || !strchr("-) ", in[area]))
		return NULL;
	const char *number = in + area + 1;
	number += *number == ' ' || *number == '-';
	size_t n = strspn(number, "0123456789");
	if ((n != 7 && n != 8) || number[n] != '-')
		return NULL;
	size_t rest = strspn(number + n + 1, "0123456789");
	return rest >= 1 && rest <= 6 && number[n + 1 + rest] == '\0' ? number + n : NULL;
}

static const char *skip_marks(const char *p)
{
	for (;;) {
		if (*p == ' ' || *p == ':')
			p++;
		else if (str_starts(p, "：") || str_starts(p, "号"))
			p += 3;
		else
			return p;
	}
}

/* Where an extension begins, and its digits. */
static const char *find_extension(const char *in, const char *region, const char **ret_digits)
{
	static const char *const words[] = {"分机号", "分機號", "分机", "分機", "内线", "內線", "转接", "轉接", "转", "轉", "內", "＃"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *found = strstr(in, words[i]);
		if (found) {
			*ret_digits = skip_marks(found + strlen(words[i]));
			return found;
		}
	}
	const char *third = str_equal(region, "CN") ? third_part(in) : NULL;
	if (third)
		*ret_digits = third + 1;
	return third;
}

/* How China writes extensions, as the library knows them. */
static enum err say_extension(struct ctx *ctx, const char *in, const char *region, const char **ret)
{
	const char *digits = NULL, *found = find_extension(in, region, &digits);
	*ret = in;
	if (!found)
		return OK;
	size_t before = (size_t)(found - in), n = strspn(digits, "0123456789");
	while (before > 0 && strchr(" -,;", in[before - 1]) != NULL)
		before--;
	if (n == 0 || n > 7 || before == 0)
		return OK;
	*ret = arena_printf(ctx->arena, "%.*s;ext=%.*s", (int)before, in, (int)n, digits);
	return *ret ? OK : text_no_memory(ctx);
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
	const char *clean, *spoken;
	size_t n;
	enum err err = text_clean(ctx, in, strlen(in), false, &clean, &n);
	if (err)
		return err;
	*ret = clean;
	if (n == 0 || n > PHONE_IN_MAX)
		return OK;
	err = say_extension(ctx, clean, region, &spoken);
	if (err)
		return err;
	bool possible;
	if (!phone_shim_parse(spoken, region, out, &possible))
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
