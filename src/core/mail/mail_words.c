/* Encoded words of a header (RFC 2047): neighbours that are one text.  GMime decodes them together and stops where the first is padded. */
#include <ctype.h>
#include <glib.h>
#include <string.h>
#include <strings.h>

#include "core/mail/mail_internal.h"

/* "=?charset?B?payload?=", offsets into the header. */
struct word {
	size_t charset, charset_len, payload, payload_len, end;
};

static bool is_base64(unsigned char c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '=';
}

static bool of_charset(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("-_.:+()", c) != NULL);
}

static size_t span(const char *text, size_t at, size_t n, bool (*of)(unsigned char))
{
	size_t i = at;
	while (i < n && of((unsigned char)text[i]))
		i++;
	return i - at;
}

/* A word in base64 that begins at `at`. */
static bool read_word(const char *text, size_t at, size_t n, struct word *ret)
{
	if (n - at < 2 || memcmp(text + at, "=?", 2) != 0)
		return false;
	ret->charset = at + 2;
	ret->charset_len = span(text, ret->charset, n, of_charset);
	size_t i = ret->charset + ret->charset_len;
	if (ret->charset_len == 0 || n - i < 3 || strncasecmp(text + i, "?B?", 3) != 0)
		return false;
	ret->payload = i + 3;
	ret->payload_len = span(text, ret->payload, n, is_base64);
	i = ret->payload + ret->payload_len;
	ret->end = i + 2;
	return n - i >= 2 && memcmp(text + i, "?=", 2) == 0;
}

static void take(GByteArray *bytes, const char *text, const struct word *word)
{
	char *payload = g_strndup(text + word->payload, word->payload_len);
	gsize len = 0;
	guchar *decoded = g_base64_decode(payload, &len);
	g_byte_array_append(bytes, decoded, (guint)len);
	g_free(decoded);
	g_free(payload);
}

/* All words of the first's encoding that follow it, if any of them but the last is padded: how much of the header they take, 0: none. */
static size_t gather(const char *text, size_t n, const struct word *first, GByteArray *bytes)
{
	struct word word = *first, next;
	size_t end = first->end;
	bool padded = false, apart = false;
	take(bytes, text, first);
	for (;;) {
		size_t at = word.end;
		while (at < n && strchr(" \t\r\n", text[at]) && text[at] != '\0')
			at++;
		padded = padded || (word.payload_len > 0 && text[word.payload + word.payload_len - 1] == '=');
		if (!read_word(text, at, n, &next) || next.charset_len != first->charset_len ||
		    strncasecmp(text + next.charset, text + first->charset, first->charset_len) != 0)
			break;
		apart = apart || padded;
		take(bytes, text, &next);
		end = next.end;
		word = next;
	}
	return apart ? end : 0;
}

size_t mail_join_words(char *text, size_t n)
{
	size_t head = 0, out = 0;
	while (head < n && !(text[head] == '\n' && (head + 1 == n || text[head + 1] == '\n' || (text[head + 1] == '\r' && head + 2 < n && text[head + 2] == '\n'))))
		head++;
	GByteArray *bytes = g_byte_array_new();
	for (size_t i = 0; i < head;) {
		struct word word;
		size_t end = 0;
		if (text[i] == '=' && read_word(text, i, head, &word)) {
			g_byte_array_set_size(bytes, 0);
			end = gather(text, head, &word, bytes);
		}
		if (end == 0) {
			text[out++] = text[i++];
			continue;
		}
		/* one word of all their bytes is never longer than they were */
		char *whole = g_base64_encode(bytes->data, bytes->len);
		size_t before = word.payload - i, len = strlen(whole);
		memmove(text + out, text + i, before);
		memcpy(text + out + before, whole, len);
		memcpy(text + out + before + len, "?=", 2);
		out += before + len + 2;
		i = end;
		g_free(whole);
	}
	g_byte_array_free(bytes, TRUE);
	memmove(text + out, text + head, n - head);
	return out + (n - head);
}
