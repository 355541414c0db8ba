/* Zones: by offset, by the short words people write, and by IANA name. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/convert_date.h"
#include "core/text/text.h"

static const struct {
	const char *word;
	int minutes;
} zones[] = {
	{"UTC", 0}, {"GMT", 0}, {"UT", 0}, {"Z", 0}, {"WET", 0}, {"WEST", 60}, {"CET", 60}, {"MEZ", 60}, {"CEST", 120}, {"MESZ", 120}, {"EET", 120},
	{"EEST", 180}, {"MSK", 180}, {"TRT", 180}, {"SAST", 120}, {"CAT", 120}, {"EAT", 180}, {"WAT", 60}, {"PKT", 300}, {"NPT", 345}, {"WIB", 420},
	{"ICT", 420}, {"HKT", 480}, {"SGT", 480}, {"MYT", 480}, {"PHT", 480}, {"AWST", 480}, {"JST", 540}, {"KST", 540}, {"ACST", 570}, {"ACDT", 630},
	{"AEST", 600}, {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"NST", -210}, {"NDT", -150}, {"EST", -300}, {"EDT", -240}, {"CDT", -300},
	{"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600}, {"BRT", -180}, {"ART", -180},
	{"CLT", -240}, {"COT", -300}, {"PET", -300}, {"北京时间", 480}, {"北京時間", 480}, {"台北時間", 480}, {"香港時間", 480},
};

/* Three letters for places half the world apart: CST is Chicago's time and Shanghai's. */
static const char *const ambiguous[] = {"CST", "IST", "BST", "AST", "ADT", "AMT", "GST", "WST", "SST", "ECT", "FKT", "LHST", "MMT", "PYT", "WT"};

static size_t zone_letters(const char *p)
{
	size_t n = 0;
	while (isalpha((unsigned char)p[n]) || (n > 0 && (p[n] == '/' || p[n] == '_' || (p[n] == '-' && isalpha((unsigned char)p[n + 1])))))
		n++;
	return n;
}

enum zone_word convert_zone_word(const char *p, size_t numbers, int *ret_minutes, size_t *ret_len)
{
	size_t len = zone_letters(p), plain = 0;
	while (isalpha((unsigned char)p[plain]))
		plain++;
	if (numbers < 3)
		return ZONE_NONE;
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(ambiguous[0]); i++)
		if (plain == len && strlen(ambiguous[i]) == len && strncasecmp(p, ambiguous[i], len) == 0)
			return ZONE_AMBIGUOUS;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (plain != len || strlen(zones[i].word) != len || strncasecmp(p, zones[i].word, len) != 0)
			continue;
		int more = 0;
		size_t blank = strspn(p + len, " ");
		size_t behind = zones[i].minutes == 0 ? convert_zone_offset(p + len + blank, 6, &more) : 0; /* GMT+8 */
		*ret_minutes = zones[i].minutes + more;
		*ret_len = len + (behind > 0 ? blank + behind : 0);
		return ZONE_KNOWN;
	}
	if (memchr(p, '/', len) != NULL) {
		*ret_len = len;
		return ZONE_NAMED;
	}
	return ZONE_NONE;
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + p[1] - '0';
}

static bool digits_at(const char *p, size_t n)
{
	return strspn(p, "0123456789") >= n;
}

/* An offset ends the word: -05-06 goes on as a date. */
static bool ends_word(const char *p)
{
	return *p == '\0' || strchr(" ([\t", *p) != NULL;
}

size_t convert_zone_offset(const char *p, size_t numbers, int *ret_minutes)
{
	if ((*p != '+' && *p != '-') || numbers < 5)
		return 0;
	size_t digits = strspn(p + 1, "0123456789"), n = 1 + digits;
	if (strchr("124", (char)('0' + digits % 10)) == NULL)
		return 0;
	int hours = digits == 1 ? p[1] - '0' : two_digits(p + 1), minutes = digits == 4 ? two_digits(p + 3) : 0;
	if (digits < 3 && p[n] == ':' && digits_at(p + n + 1, 2)) {
		minutes = two_digits(p + n + 1);
		n += 3;
	}
	if (hours > 14 || minutes > 59 || !ends_word(p + n))
		return 0;
	*ret_minutes = (hours * 60 + minutes) * (*p == '-' ? -1 : 1);
	return n;
}

bool convert_zone_named(struct ctx *ctx, const char *name, size_t len, const struct civil *local, int *ret_minutes)
{
	struct text_zone *zone = NULL;
	int64_t ms;
	const char *copy = arena_strndup(ctx->arena, name, len);
	if (copy == NULL || !time_from_civil(local, &ms) || !text_zone_known(copy) || !text_zone_new(copy, &zone))
		return false;
	*ret_minutes = text_zone_offset(zone, ms);
	text_zone_free(zone);
	return true;
}

const char *convert_zone(struct ctx *ctx, const char *text, const struct plan_zone *zone)
{
	struct civil c;
	int64_t ms;
	if ((zone->minutes == 0 && zone->zone == NULL) || !convert_is_local(text, &c) || !time_from_civil(&c, &ms))
		return text;
	int minutes = zone->zone != NULL ? text_zone_offset(zone->zone, ms) : zone->minutes, away = minutes < 0 ? -minutes : minutes;
	const char *time = text[10] == '\0' ? "00:00:00" : text + 11;
	const char *out = arena_printf(ctx->arena, "%.10sT%s%s%c%02d:%02d", text, time, strlen(time) == 5 ? ":00" : "", minutes < 0 ? '-' : '+', away / 60, away % 60);
	return out != NULL ? out : text;
}

/* What stands in the last bracket; NULL: there is none. */
static const char *last_bracket(struct ctx *ctx, const char *heading)
{
	const char *open = strrchr(heading, '('), *wide = strstr(heading, "（");
	if (wide != NULL && (open == NULL || wide > open))
		open = wide + strlen("（");
	else if (open != NULL)
		open++;
	size_t n = 0;
	while (open != NULL && open[n] != '\0' && open[n] != ')' && !str_starts(open + n, "）"))
		n++;
	return open != NULL ? arena_strndup(ctx->arena, open, n) : NULL;
}

const char *convert_zone_heading(struct ctx *ctx, const char *heading)
{
	const char *name = last_bracket(ctx, heading);
	if (name == NULL)
		return NULL;
	if (str_equal(name, "北京时间") || str_equal(name, "北京時間"))
		return "Asia/Shanghai";
	bool zone = strchr(name, '/') != NULL || str_equal_nocase(name, "UTC") || str_equal_nocase(name, "GMT");
	return zone && text_zone_known(name) ? name : NULL;
}
