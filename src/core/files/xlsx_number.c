#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/files/xlsx.h"

bool xlsx_builtin_date(int id)
{
	return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

/* Past quoted text, [colours and conditions], and escaped or padding characters. */
static const char *skip_literal(const char *p)
{
	const char *end;
	switch (*p) {
	case '"':
		end = strchr(p + 1, '"');
		return end == NULL ? p + strlen(p) : end + 1;
	case '[':
		end = strchr(p + 1, ']');
		return end == NULL ? p + strlen(p) : end + 1;
	case '\\':
	case '_':
	case '*':
		return p[1] == '\0' ? p + 1 : p + 2;
	default:
		return p;
	}
}

static bool elapsed(const char *code)
{
	for (const char *p = strchr(code, '['); p != NULL; p = strchr(p + 1, '[')) {
		size_t n = strspn(p + 1, "hHmMsS");
		if (n > 0 && p[n + 1] == ']')
			return true;
	}
	return false;
}

bool xlsx_date_format(const char *code)
{
	if (elapsed(code) || strcasecmp(code, "General") == 0)
		return false;
	for (const char *p = code; *p != '\0' && *p != ';';) {
		const char *next = skip_literal(p);
		if (next != p) {
			p = next;
			continue;
		}
		int c = tolower((unsigned char)*p);
		if (c == 'y' || c == 'd' || c == 'h' || c == 's' || c == 'm')
			return true;
		if (c == '0' || c == '#' || c == '?')
			return false;
		p++;
	}
	return false;
}

size_t xlsx_date_text(double serial, bool from_1904, char out[32])
{
	out[0] = '\0';
	if (!(serial >= 0) || serial >= 2958466) /* up to 9999-12-31 */
		return 0;
	int64_t ms = (int64_t)llround(serial * (double)DAY_MS);
	int64_t day = ms / DAY_MS, in_day = ms % DAY_MS;
	int clock_ms = (int)in_day;
	if (day == 0 && !from_1904)
		return (size_t)snprintf(out, 32, "%02d:%02d:%02d", clock_ms / 3600000, clock_ms / 60000 % 60, clock_ms / 1000 % 60);
	/* In the 1900 system there is a 29 February 1900 that never was. */
	static const int64_t day_1899_12_30 = -25569, day_1904 = -24107;
	int64_t epoch_day = from_1904 ? day + day_1904 : day + day_1899_12_30 + (day < 61);
	struct civil c;
	time_to_civil(epoch_day * DAY_MS + in_day, &c);
	size_t n = (size_t)snprintf(out, 32, "%04d-%02d-%02d", c.year, c.month, c.day);
	if (in_day != 0)
		n += (size_t)snprintf(out + n, 32 - n, " %02d:%02d:%02d", c.hour, c.minute, c.second);
	if (in_day % 1000 != 0)
		n += (size_t)snprintf(out + n, 32 - n, ".%03d", c.ms);
	return n;
}

static bool hex4(const char *p, uint32_t *ret)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return false;
		value = value * 16 + (uint32_t)(p[i] <= '9' ? p[i] - '0' : (tolower((unsigned char)p[i]) - 'a' + 10));
	}
	*ret = value;
	return true;
}

size_t xlsx_unescape(char *text, size_t len)
{
	size_t to = 0;
	for (size_t at = 0; at < len;) {
		uint32_t c = 0;
		bool coded = len - at >= 7 && text[at] == '_' && text[at + 1] == 'x' && text[at + 6] == '_' && hex4(text + at + 2, &c);
		if (!coded) {
			text[to++] = text[at++];
			continue;
		}
		char bytes[4];
		size_t n = c == 0 ? 0 : utf8_encode(c, bytes);
		memcpy(text + to, bytes, n);
		to += n;
		at += 7;
	}
	return to;
}

size_t xlsx_number_text(double value, char out[64])
{
	int n = snprintf(out, 64, "%.15g", value);
	if (n > 0 && strchr(out, 'e') != NULL && value > -1e21 && value < 1e21 && (value > 1e-6 || value < -1e-6))
		n = snprintf(out, 64, "%.0f", value);
	return n > 0 && n < 64 ? (size_t)n : 0;
}
