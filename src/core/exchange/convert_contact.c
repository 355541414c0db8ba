/* What stands in the cells of phones and addresses, and around any cell: wrappers, words for nothing,
 * several values in one cell, what a number format made of a phone. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/text/text.h"

enum { CONTACT_MAX = 250 };

/* --- wrappers --------------------------------------------------------------- */

/* ="0123" and ="say ""so""": a formula whose value is one text. */
static const char *unquote(struct ctx *ctx, const char *text, size_t n)
{
	char *out = arena_strndup(ctx->arena, text + 2, n - 3);
	if (out == NULL)
		return text;
	char *to = out;
	for (const char *from = out; *from != '\0'; from++) {
		if (*from == '"' && *++from != '"')
			return text; /* more of a formula than a text */
		*to++ = *from;
	}
	*to = '\0';
	return out;
}

/* '0123 and `0123: 'Ndrangheta and 't Hooft begin so too, a number never does. */
static const char *without_quote(struct ctx *ctx, const char *text, size_t n)
{
	bool number = isdigit((unsigned char)text[1]) || text[1] == '+', closed = n > 2 && text[n - 1] == text[0];
	if (!number)
		return text[0] == '`' && strchr(text + 1, '`') == NULL ? text + 1 : text;
	size_t figures = strspn(text + 1, "0123456789+-.,:/ ()XxEe");
	if (text[0] != '`' && figures + 1 + closed != n)
		return text;
	const char *bare = arena_strndup(ctx->arena, text + 1, n - 1 - closed);
	return bare != NULL ? bare : text;
}

const char *convert_unwrap(struct ctx *ctx, const char *text)
{
	size_t n = strlen(text);
	if (strcmp(text, "=\"\"") == 0)
		return "";
	if (n > 3 && str_starts(text, "=\"") && text[n - 1] == '"')
		return unquote(ctx, text, n);
	return n > 1 && (text[0] == '\'' || text[0] == '`') ? without_quote(ctx, text, n) : text;
}

bool convert_is_nothing(const char *text)
{
	static const char *const words[] = {
		"n/a", "na", "#n/a", "n.a.", "null", "(null)", "nil", "none", "nan", "undefined", "unknown", "not available", "not provided", "no phone", "no email",
		"tbd", "tba", "-", "--", "---", "—", "——", "–", "/", "//", "\\", ".", "..", "...", "…", "?", "??", "???", "*", "x", "xx", "xxx", "无", "無", "暂无", "暫無",
		"没有", "沒有", "未知", "不详", "不詳", "未填", "未填写", "未填寫", "空", "无电话", "無電話", "无手机", "无邮箱", "未提供", "待补充", "待補充", "なし", "없음",
		"#null!", "#ref!", "#value!", "#name?", "#div/0!", "#num!",
	};
	if (text[0] == '\0')
		return true;
	/* numbers and days, as nearly always */
	if ((unsigned char)text[0] < 0x80 && strchr("nNuUtTxX(#-/\\.?*", text[0]) == NULL)
		return false;
	char first = (char)(text[0] >= 'A' && text[0] <= 'Z' ? text[0] + 32 : text[0]);
	for (size_t i = 0; text[0] != '\0' && i < sizeof(words) / sizeof(words[0]); i++)
		if (*words[i] == first && str_equal_nocase(text, words[i]))
			return true;
	return false;
}

/* --- several values in one cell ----------------------------------------------- */

static const char *const separators[] = {":::", ";", "；", "、", "／", "/", "|", "｜", "\n", "\r", ",", "，", "\\n", " or ", "或", " 和 ", "&", "\t"};

static size_t separator_at(const char *p)
{
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (*p == *separators[i] && str_starts(p, separators[i]))
			return strlen(separators[i]);
	return 0;
}

static size_t digits_in(const char *p, size_t n)
{
	size_t digits = 0;
	for (size_t i = 0; i < n; i++)
		digits += isdigit((unsigned char)p[i]) != 0;
	return digits;
}

/* A blank parts two whole numbers: 13800138000 13900139000. */
static bool parts_numbers(const char *start, const char *p)
{
	const char *next = p + strspn(p, " ");
	size_t run = strspn(next, "0123456789");
	size_t before = 0;
	while (p - before > start && isdigit((unsigned char)p[-(ptrdiff_t)before - 1]))
		before++;
	return (before >= 10 && (run >= 7 || *next == '+')) || (run >= 11 && digits_in(start, (size_t)(p - start)) >= 7) || (*next == '+' && digits_in(start, (size_t)(p - start)) >= 7);
}

/* Bytes of what parts two values at `p`, of a part that began at `start`; 0: nothing does. */
static size_t parts_here(const char *start, const char *p, bool phones)
{
	size_t skip = separator_at(p), before = (size_t)(p - start);
	if (!phones)
		return skip;
	if (skip == 0 && *p == ' ')
		return parts_numbers(start, p);
	/* 0571/88887777: a slash after an area code is a part of the number */
	bool area = *p == '/' && digits_in(start, before) < 6 && digits_in(p, strlen(p)) >= 6;
	return area ? 0 : skip;
}

size_t convert_split(struct ctx *ctx, const char *text, bool phones, const char *parts[CONVERT_PARTS_MAX])
{
	size_t n = 0, skip;
	const char *start = text, *p = text;
	for (bool more = true; more; p += skip) {
		more = *p != '\0';
		skip = more ? parts_here(start, p, phones) : 0;
		if (skip == 0 && more) {
			skip = 1;
			continue;
		}
		size_t len = 0;
		const char *part = str_trim(start, (size_t)(p - start), &len);
		if (len > 0 && n < CONVERT_PARTS_MAX && (parts[n] = arena_strndup(ctx->arena, part, len)) != NULL)
			n++;
		start = p + skip;
	}
	return n;
}

/* --- phones ----------------------------------------------------------------- */

/* 13,800,138,000 and 13.800.138.000: thousands of a number format. */
static bool grouped_number(const char *text)
{
	size_t n = strspn(text, "0123456789");
	char mark = text[n];
	if (n < 1 || n > 3 || (mark != ',' && mark != '.' && mark != '\''))
		return false;
	size_t groups = 0;
	const char *p = text + n;
	while (*p == mark && strspn(p + 1, "0123456789") == 3) {
		p += 4;
		groups++;
	}
	return groups >= 2 && (*p == '\0' || (*p == '.' && mark != '.' && strspn(p + 1, "0") == strlen(p + 1)));
}

/* 1.3800138000E+10 has all its digits; of 1.38E+10 most are gone. */
static const char *from_exponent(struct ctx *ctx, const char *text, bool *ret_damaged)
{
	char digits[32];
	const char *e = strpbrk(text, "eE");
	size_t n = 0, mantissa = strspn(text, "0123456789.");
	char *end = NULL;
	if (e == NULL || mantissa != (size_t)(e - text) || mantissa == 0 || mantissa + 1 >= sizeof(digits))
		return text;
	long power = strtol(e + 1, &end, 10);
	if (end == e + 1 || *end != '\0' || power < 0 || power > 20)
		return text;
	for (const char *p = text; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	digits[n] = '\0';
	*ret_damaged = (mantissa > 1 && text[1] != '.') || n != (size_t)power + 1;
	const char *whole = *ret_damaged ? text : arena_strdup(ctx->arena, digits);
	return whole != NULL ? whole : text;
}

static const char *without_format(struct ctx *ctx, const char *text, bool *ret_damaged)
{
	const char *point = strchr(text, '.');
	if (grouped_number(text)) {
		char digits[CONTACT_MAX];
		size_t n = 0;
		for (const char *p = text; *p != '\0' && n + 1 < sizeof(digits); p++) {
			if (*p == '.' && strspn(p + 1, "0") == strlen(p + 1))
				break;
			if (isdigit((unsigned char)*p))
				digits[n++] = *p;
		}
		const char *copy = arena_strndup(ctx->arena, digits, n);
		return copy != NULL ? copy : text;
	}
	if (point != NULL && point > text && strspn(text, "0123456789+") == (size_t)(point - text) && strspn(point + 1, "0") == strlen(point + 1)) {
		const char *whole = arena_strndup(ctx->arena, text, (size_t)(point - text));
		return whole != NULL ? whole : text;
	}
	return from_exponent(ctx, text, ret_damaged);
}

/* 手机：138…, Tel. 0571…: without the word in front. */
static const char *without_label(const char *text)
{
	const char *colon = strstr(text, "：");
	size_t skip = strlen("：");
	if (colon == NULL) {
		colon = strchr(text, ':');
		skip = 1;
	}
	if (colon == NULL || digits_in(text, (size_t)(colon - text)) > 0 || digits_in(colon, strlen(colon)) < 5)
		return text;
	colon += skip;
	return colon + strspn(colon, " ");
}

static bool only_zeros(const char *text)
{
	return text[strspn(text, "0 -+.")] == '\0';
}

/* The first of a cell's values that is a number is meant; what else is one is left. */
static void take_phone(struct contact *ret, const char *normal, bool valid)
{
	bool first = ret->text[0] == '\0';
	if (first || (valid && !ret->valid)) {
		if (!first)
			ret->rest = ret->text;
		ret->text = normal;
		ret->valid = valid;
	} else if (ret->rest == NULL && strcmp(normal, ret->text) != 0 && digits_in(normal, strlen(normal)) >= 5) {
		ret->rest = normal;
	}
}

enum err convert_phone(struct ctx *ctx, const char *text, const char *region, struct contact *ret)
{
	const char *parts[CONVERT_PARTS_MAX];
	*ret = (struct contact){.text = ""};
	size_t n = 1;
	parts[0] = text;
	if (!grouped_number(text) && !convert_is_nothing(text))
		n = convert_split(ctx, text, true, parts);
	for (size_t i = 0; i < n; i++) {
		bool valid = false, damaged = false;
		const char *one = without_format(ctx, without_label(parts[i]), &damaged), *normal = one;
		if (convert_is_nothing(one) || only_zeros(one)) {
			ret->nothing = true;
			continue;
		}
		enum err err = damaged ? OK : phone_normalise(ctx, one, region, &normal, &valid);
		if (err != OK)
			return err;
		ret->damaged |= damaged;
		take_phone(ret, normal, valid);
	}
	return OK;
}

bool convert_phone_tells(const char *e164)
{
	size_t n = strspn(e164 + (e164[0] == '+'), "0123456789"), same = 1;
	if (e164[0] != '+' || n < 7)
		return false;
	/* the last seven: country codes stand before them */
	const char *tail = e164 + 1 + n - 7;
	bool rising = true;
	for (size_t i = 1; i < 7; i++) {
		same += tail[i] == tail[0];
		rising &= tail[i] == tail[i - 1] + 1;
	}
	return same < 7 && !(rising && (tail[0] == '1' || tail[0] == '2' || tail[0] == '3'));
}

/* --- mail addresses ---------------------------------------------------------------- */

/* The address in "Name <a@b>", "mailto:a@b", "a@b (work)"; the text itself if it has none. */
static bool begins_with(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);
	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0;
}

/* What ends an address on either side: blanks, brackets of any width, a colon of a label. */
static bool is_border(const char *p, const char *end)
{
	return strchr(" \t<>()\"", *p) != NULL || begins_with(p, end, "（") || begins_with(p, end, "）") || begins_with(p, end, "：");
}

static const char *bare_address(struct ctx *ctx, const char *text)
{
	const char *open = strrchr(text, '<'), *close = open != NULL ? strchr(open, '>') : NULL, *end = text + strlen(text);
	if (close != NULL) {
		text = open + 1;
		end = close;
	}
	const char *at = memchr(text, '@', (size_t)(end - text));
	if (at == NULL || text[0] == '"') /* quoted local parts have blanks of their own */
		return text;
	const char *from = text, *to = at;
	for (const char *p = text; p < at; p++)
		if (is_border(p, end))
			from = p + ((unsigned char)*p >= 0x80 ? 3 : 1);
	while (to < end && !is_border(to, end))
		to++;
	while (to > at && strchr(".,;:", to[-1]) != NULL)
		to--;
	const char *copy = arena_strndup(ctx->arena, from, (size_t)(to - from));
	return copy != NULL ? copy : text;
}

static enum err take_email(struct ctx *ctx, const char *part, struct contact *ret)
{
	const char *one = bare_address(ctx, part), *normal = one;
	bool good = false;
	if (convert_is_nothing(one)) {
		ret->nothing = true;
		return OK;
	}
	enum err err = email_normalise(ctx, one, &normal, &good);
	if (err != OK)
		return err;
	if (ret->text[0] == '\0' || (good && !ret->valid)) {
		ret->text = good ? normal : part;
		ret->valid = good;
	} else if (good && ret->rest == NULL && strcmp(normal, ret->text) != 0) {
		ret->rest = normal;
	}
	return OK;
}

enum err convert_email(struct ctx *ctx, const char *text, struct contact *ret)
{
	const char *parts[CONVERT_PARTS_MAX];
	*ret = (struct contact){.text = ""};
	enum err err = email_normalise(ctx, text, &ret->text, &ret->valid);
	if (err != OK || ret->valid)
		return err;
	ret->text = "";
	parts[0] = text;
	size_t n = convert_is_nothing(text) ? 1 : convert_split(ctx, text, false, parts);
	for (size_t i = 0; err == OK && i < n; i++)
		err = take_email(ctx, parts[i], ret);
	/* Nothing in it is an address: the whole of it is what is wrong. */
	if (err == OK && !ret->valid && ret->text[0] != '\0')
		ret->text = text;
	return err;
}

/* --- currencies ------------------------------------------------------------------------ */

const char *convert_currency(const char *text)
{
	static const char *const words[][2] = {
		{"¥", "CNY"}, {"￥", "CNY"}, {"元", "CNY"}, {"人民币", "CNY"}, {"人民幣", "CNY"}, {"CN¥", "CNY"}, {"$", "USD"}, {"US$", "USD"}, {"美元", "USD"}, {"美金", "USD"},
		{"€", "EUR"}, {"欧元", "EUR"}, {"歐元", "EUR"}, {"EURO", "EUR"}, {"£", "GBP"}, {"英镑", "GBP"}, {"英鎊", "GBP"}, {"HK$", "HKD"}, {"港币", "HKD"}, {"港幣", "HKD"},
		{"港元", "HKD"}, {"NT$", "TWD"}, {"台币", "TWD"}, {"台幣", "TWD"}, {"新台币", "TWD"}, {"新台幣", "TWD"}, {"日元", "JPY"}, {"日圆", "JPY"}, {"円", "JPY"}, {"₩", "KRW"},
		{"韩元", "KRW"}, {"韓元", "KRW"}, {"₹", "INR"}, {"₽", "RUB"}, {"₫", "VND"}, {"฿", "THB"}, {"R$", "BRL"}, {"A$", "AUD"}, {"C$", "CAD"}, {"S$", "SGD"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal_nocase(text, words[i][0]))
			return words[i][1];
	return text;
}
