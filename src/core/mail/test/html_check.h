/* A reader of sanitised HTML that knows nothing of how it is made: only tags and attributes of its own lists, each value in quotes. */
#ifndef GUANXI_CORE_MAIL_TEST_HTML_CHECK_H
#define GUANXI_CORE_MAIL_TEST_HTML_CHECK_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* The list is " a b c "; the word has len bytes. */
static inline bool check_listed(const char *list, const char *word, size_t len)
{
	for (const char *at = list; (at = strchr(at, ' ')) != NULL && at[1] != '\0'; at++) {
		if (strncmp(at + 1, word, len) == 0 && at[1 + len] == ' ')
			return true;
	}
	return false;
}

static inline bool check_value(const char *name, size_t name_len, const char *value, size_t len)
{
	if (memchr(value, '<', len) != NULL || memchr(value, '>', len) != NULL || memchr(value, '`', len) != NULL || memchr(value, '\'', len) != NULL)
		return false;
	if (name_len == 4 && memcmp(name, "href", 4) == 0)
		return strncasecmp(value, "http://", 7) == 0 || strncasecmp(value, "https://", 8) == 0 || strncasecmp(value, "mailto:", 7) == 0 || strncasecmp(value, "tel:", 4) == 0;
	if (name_len == 5 && memcmp(name, "style", 5) == 0)
		return memmem(value, len, "url(", 4) == NULL && memchr(value, '\\', len) == NULL && memmem(value, len, "/*", 2) == NULL && memmem(value, len, "position:", 9) == NULL;
	return true;
}

/* The first place that nothing on the lists explains; NULL: all is well. */
static inline const char *check_html(const char *html)
{
	static const char tags[] = " a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em figcaption "
		"figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub sup "
		"table tbody td tfoot th thead time tr tt u ul var wbr ";
	static const char names[] = " abbr align alt bgcolor border cellpadding cellspacing color colspan dir face height lang nowrap rowspan size span start title "
		"valign width style href rel target data-mail-src data-mail-cid data-mail-within ";
	for (const char *at = html; (at = strpbrk(at, "<>")) != NULL;) {
		const char *tag = at;
		if (*at++ == '>')
			return tag;
		at += *at == '/' ? 1 : 0;
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (!check_listed(tags, at, len))
			return tag;
		for (at += len; *at == ' ';) {
			const char *name = at + 1, *value;
			size_t n = strcspn(name, "=");
			if (tag[1] == '/' || !check_listed(names, name, n) || name[n] != '=' || name[n + 1] != '"')
				return tag;
			value = name + n + 2;
			len = strcspn(value, "\"");
			if (value[len] != '"' || !check_value(name, n, value, len))
				return tag;
			at = value + len + 1;
		}
		if (*at++ != '>')
			return tag;
	}
	return NULL;
}

#endif
