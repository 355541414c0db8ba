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

/* Letters that only Vietnamese has, or hardly another language. */
static bool has_marks(const char *text)
{
	static const uint32_t marks[] = {0x01A0, 0x01A1, 0x01AF, 0x01B0, 0x0102, 0x0103, 0x0110, 0x0111};
	for (size_t at = 0, len = strlen(text); at < len;) {
		uint32_t cp = text_next(text, len, &at);
		if (cp >= 0x1EA0 && cp <= 0x1EF9)
			return true;
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (cp == marks[i])
				return true;
	}
	return false;
}

/* Vietnamese families of nearly everybody, with a letter of that language somewhere in the name. */
static bool is_vietnamese(struct ctx *ctx, const char *family, const char *given)
{
	static const char families[] = "|nguyen|tran|le|pham|hoang|huynh|phan|vu|vo|dang|bui|do|ho|ngo|duong|ly|dao|doan|vuong|trinh|truong|dinh|lam|phung|mai|to|ta|ha|cao|chau|"
	                               "luong|luu|thai|quach|kieu|dam|";
	const char *folded = NULL;
	size_t n = 0;
	bool marked = has_marks(family) || has_marks(given);
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

static bool eastern_or_none(const char *text)
{
	return text[0] == '\0' || all_eastern(text);
}

enum err text_person_name(struct ctx *ctx, const char *given, const char *middle, const char *family, const char **ret)
{
	given = trimmed(ctx, given);
	family = trimmed(ctx, family);
	bool some = given[0] != '\0' || family[0] != '\0', both = given[0] != '\0' && family[0] != '\0';
	bool eastern = some && eastern_or_none(given) && eastern_or_none(family);
	bool first = eastern || (both && is_vietnamese(ctx, family, given));
	const char *parts[] = {first ? family : given, trimmed(ctx, middle), first ? given : family};
	const char *name = parts[0];
	for (size_t i = 1; name != NULL && i < 3; i++)
		if (parts[i][0] != '\0')
			name = arena_printf(ctx->arena, "%s%s%s", name, name[0] != '\0' && !eastern ? " " : "", parts[i]);
	*ret = name;
	return name != NULL ? OK : text_no_memory(ctx);
}
