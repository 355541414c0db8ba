/* Style attributes: declarations whose property and value stand on a list; everything else is left out. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/mail/mail_sanitize.h"

enum { VALUE_MAX = 300 };

static const char *const properties[] = {"color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "font-variant", "line-height",
	"letter-spacing", "word-spacing", "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space", "word-break",
	"word-wrap", "overflow-wrap", "direction", "width", "height", "max-width", "min-width", "max-height", "padding", "padding-top", "padding-right",
	"padding-bottom", "padding-left", "margin", "margin-top", "margin-right", "margin-bottom", "margin-left", "border", "border-top", "border-right",
	"border-bottom", "border-left", "border-color", "border-style", "border-width", "border-radius", "border-collapse", "border-spacing", "table-layout",
	"list-style-type", "float", "clear", "display", NULL};

static const char *const displays[] = {"block", "inline", "inline-block", "none", "table", "table-row", "table-cell", "list-item", NULL};

static bool listed(const char *text, size_t len, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strlen(*list) == len && strncasecmp(text, *list, len) == 0)
			return true;
	}
	return false;
}

/* The only functions: colours by number. */
static bool colour_function(const char *value, const char *open)
{
	static const char *const names[] = {"rgb", "rgba", "hsl", "hsla", NULL};
	const char *begin = open;
	while (begin > value && isalpha((unsigned char)begin[-1]))
		begin--;
	return listed(begin, (size_t)(open - begin), names) && (begin == value || begin[-1] == ' ' || begin[-1] == ',');
}

/* Numbers that move things out of their place: negative ones, and huge ones. */
static bool wild_number(const char *value, const char *at, const char *end)
{
	if (*at == '-')
		return at + 1 < end && (isdigit((unsigned char)at[1]) || at[1] == '.') && (at == value || !isalnum((unsigned char)at[-1]));
	size_t digits = 0;
	if (isdigit((unsigned char)*at) && (at == value || !isalnum((unsigned char)at[-1])) && (at == value || (at[-1] != '#' && at[-1] != '.'))) {
		while (at + digits < end && isdigit((unsigned char)at[digits]))
			digits++;
	}
	return digits > 4;
}

static bool plain_value(const char *value, size_t len, bool names)
{
	const char *end = value + len;
	int open = 0;
	for (const char *at = value; at < end; at++) {
		unsigned char c = (unsigned char)*at;
		bool ok = isalnum(c) || (names && c >= 0x80) || strchr(" #.,%-+/", c) != NULL;
		if (c == '(')
			ok = open++ == 0 && colour_function(value, at);
		else if (c == ')')
			ok = open-- == 1;
		if (c == '\0' || !ok || wild_number(value, at, end))
			return false;
	}
	return open == 0;
}

/* The value without quotes round font names, without !important, trimmed. Its length; 0: none. */
static size_t clean_value(const char *from, size_t len, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (from[i] == '!')
			break;
		if (n >= VALUE_MAX - 1)
			return 0;
		if (from[i] != '"' && from[i] != '\'')
			out[n++] = strchr("\t\n\r\f", from[i]) != NULL ? ' ' : from[i];
	}
	size_t skip = strspn(out, " ");
	skip = skip < n ? skip : n;
	while (n > skip && out[n - 1] == ' ')
		n--;
	memmove(out, out + skip, n - skip);
	out[n - skip] = '\0';
	return n - skip;
}

/* Whether this property may have this value. "background" may only be a colour. */
static bool fits(const char *name, size_t name_len, const char *value, size_t n)
{
	if (name_len == 10 && strncasecmp(name, "background", 10) == 0)
		return plain_value(value, n, false) && (strpbrk(value, " /") == NULL || strchr(value, '(') != NULL);
	if (name_len == 7 && strncasecmp(name, "display", 7) == 0)
		return listed(value, n, displays);
	return listed(name, name_len, properties) && plain_value(value, n, strncasecmp(name, "font", 4) == 0);
}

static void declaration(const char *from, size_t len, struct buf *out)
{
	char value[VALUE_MAX] = "";
	const char *colon = memchr(from, ':', len), *name = from;
	while (colon != NULL && name < colon && isspace((unsigned char)*name))
		name++;
	if (colon == NULL || name == colon)
		return;
	size_t name_len = (size_t)(colon - name);
	while (name_len > 0 && isspace((unsigned char)name[name_len - 1]))
		name_len--;
	size_t n = clean_value(colon + 1, len - (size_t)(colon + 1 - from), value);
	if (n == 0 || !fits(name, name_len, value, n))
		return;
	buf_puts(out, out->len > 0 ? ";" : "");
	for (size_t i = 0; i < name_len; i++)
		buf_putc(out, (char)tolower((unsigned char)name[i]));
	buf_puts(out, name_len == 10 && strncasecmp(name, "background", 10) == 0 ? "-color:" : ":");
	buf_puts(out, value);
}

void mail_css_clean(const char *style, struct buf *out)
{
	/* comments and escapes only serve to hide something */
	if (strchr(style, '\\') != NULL || strstr(style, "/*") != NULL || strchr(style, '<') != NULL)
		return;
	while (*style != '\0') {
		size_t len = 0;
		for (int open = 0; style[len] != '\0' && (style[len] != ';' || open > 0); len++)
			open += style[len] == '(' ? 1 : style[len] == ')' && open > 0 ? -1 : 0;
		declaration(style, len, out);
		style += len + (style[len] == ';' ? 1 : 0);
	}
}
