/* Values by where they go. */
#include <string.h>

#include "core/template/template_internal.h"

static const char *html(unsigned char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '`': return "&#96;"; /* a quote to old browsers */
	default: return NULL;
	}
}

static const char *json(unsigned char c, char room[8])
{
	static const char digits[] = "0123456789abcdef";
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	default: break;
	}
	/* < and > too, so that the string may stand within a page */
	if (c >= 0x20 && c != '<' && c != '>' && c != '&' && c != 0x7f)
		return NULL;
	memcpy(room, "\\u00", 4);
	room[4] = digits[c >> 4];
	room[5] = digits[c & 15];
	room[6] = '\0';
	return room;
}

static const char *url(unsigned char c, char room[8])
{
	static const char digits[] = "0123456789ABCDEF";
	bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
	if (kept)
		return NULL;
	room[0] = '%';
	room[1] = digits[c >> 4];
	room[2] = digits[c & 15];
	room[3] = '\0';
	return room;
}

/* What stands for a byte; NULL: itself. */
static const char *instead(enum template_context context, unsigned char c, char room[8])
{
	switch (context) {
	case TEMPLATE_HTML: return html(c);
	case TEMPLATE_URL: return url(c, room);
	case TEMPLATE_HEADER: return c < 0x20 || c == 0x7f ? " " : NULL;
	case TEMPLATE_JSON: return json(c, room);
	case TEMPLATE_PLAIN:
	default: return NULL;
	}
}

void template_escape(enum template_context context, const char *text, size_t n, struct buf *out)
{
	size_t done = 0;
	char room[8];
	for (size_t i = 0; i < n && context != TEMPLATE_PLAIN; i++) {
		const char *other = instead(context, (unsigned char)text[i], room);
		if (other == NULL)
			continue;
		buf_add(out, text + done, i - done);
		buf_puts(out, other);
		done = i + 1;
	}
	buf_add(out, text + done, n - done);
}
