/* A name of its parts, in the order of its script. */
#include <string.h>
#include <unicode/uscript.h>

#include "base/str.h"
#include "core/text/text_internal.h"

/* Written without blanks, the family name first. */
static bool is_eastern(uint32_t cp)
{
	UErrorCode code = U_ZERO_ERROR;
	if (cp < 0x1100)
		return false;
	UScriptCode script = uscript_getScript((UChar32)cp, &code);
	return script == USCRIPT_HAN || script == USCRIPT_HANGUL || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_BOPOMOFO ||
	       cp == 0x30FC || cp == 0x3005;
}

static bool all_eastern(const char *text)
{
	size_t n = strlen(text), letters = 0;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(text, n, &at);
		if (cp == ' ' || cp == 0x3000)
			continue;
		if (!is_eastern(cp))
			return false;
		letters++;
	}
	return letters > 0;
}

/* Vietnamese families of nearly everybody, and the letters that only that language has. */
static bool is_vietnamese(struct ctx *ctx, const char *family, const char *given)
{
	static const char families[] = "|nguyen|tran|le|pham|hoang|huynh|phan|vu|vo|dang|bui|do|ho|ngo|duong|ly|dao|doan|vuong|trinh|truong|dinh|lam|phung|mai|to|ta|ha|cao|chau|"
	                               "luong|luu|thai|quach|kieu|dam|";
	const char *folded = NULL;
	size_t n = 0;
	bool marked = false;
	const char *parts[] = {family, given};
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0, len = strlen(parts[i]); at < len;) {
			uint32_t cp = text_next(parts[i], len, &at);
			marked |= (cp >= 0x1EA0 && cp <= 0x1EF9) || cp == 0x01A0 || cp == 0x01A1 || cp == 0x01AF || cp == 0x01B0 || cp == 0x0102 || cp == 0x0103 ||
			          cp == 0x0110 || cp == 0x0111;
		}
	if (!marked || text_fold(ctx, family, strlen(family), &folded, &n) != OK)
		return false;
	/* đ is a letter of its own and stays */
	char word[40] = "|";
	size_t len = 1;
	for (size_t at = 0; at < n && len + 3 < sizeof(word);) {
		uint32_t cp = text_next(folded, n, &at);
		word[len++] = cp == 0x0111 ? 'd' : cp < 0x80 ? (char)cp : '?';
	}
	word[len++] = '|';
	word[len] = '\0';
	return strstr(families, word) != NULL;
}

static const char *trimmed(struct ctx *ctx, const char *text)
{
	size_t n = 0;
	const char *start = text != NULL ? str_trim(text, strlen(text), &n) : "";
	const char *copy = arena_strndup(ctx->arena, start, n);
	return copy != NULL ? copy : "";
}

enum err text_person_name(struct ctx *ctx, const char *given, const char *middle, const char *family, const char **ret)
{
	given = trimmed(ctx, given);
	middle = trimmed(ctx, middle);
	family = trimmed(ctx, family);
	bool eastern = (*given != '\0' || *family != '\0') && (*given == '\0' || all_eastern(given)) && (*family == '\0' || all_eastern(family));
	bool first = eastern || (*family != '\0' && *given != '\0' && is_vietnamese(ctx, family, given));
	const char *blank = eastern ? "" : " ", *one = first ? family : given, *two = middle, *three = first ? given : family;
	*ret = arena_printf(ctx->arena, "%s%s%s%s%s", one, *one != '\0' && *two != '\0' ? blank : "", two,
	                    (*one != '\0' || *two != '\0') && *three != '\0' ? blank : "", three);
	return *ret != NULL ? OK : text_no_memory(ctx);
}
