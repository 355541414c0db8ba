#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that %HH at `at` stands for; -1 if it is not one. */
static int escaped(const char *at, size_t left)
{
	if (left < 3)
		return -1;
	int high = hex_digit(at[1]), low = hex_digit(at[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* One byte of a path, decoded; -1 for what no path of ours holds. */
static int path_byte(const char *raw, size_t n, size_t *pos)
{
	unsigned char c = (unsigned char)raw[*pos];
	if (c == '%') {
		int value = escaped(raw + *pos, n - *pos);
		*pos += 3;
		/* a slash must not come into being by decoding: it would be a segment to one reader and not to another */
		return value < 0x20 || value == 0x7f || value == '/' || value == '\\' ? -1 : value;
	}
	*pos += 1;
	return c <= 0x20 || c == 0x7f || c == '\\' || c == '#' ? -1 : c;
}

static int end_segment(struct http_path *path, const char *text, size_t from, size_t to)
{
	if (to == from)
		return 404; /* "//" or a slash at the end */
	if (text[from] == '.' && (to - from == 1 || (to - from == 2 && text[from + 1] == '.')))
		return 400;
	if (path->n == HTTP_SEGMENTS_MAX)
		return 404;
	path->at[path->n] = (uint16_t)from;
	path->size[path->n] = (uint16_t)(to - from);
	path->n++;
	return 0;
}

/* "http://host/path" is a request target too; the host in it means nothing to us. */
static void skip_authority(const char **raw, size_t *n)
{
	static const char *const schemes[] = {"http://", "https://"};
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(schemes[i]);
		if (*n < len || strncmp(*raw, schemes[i], len) != 0)
			continue;
		const char *slash = memchr(*raw + len, '/', *n - len);
		if (slash == NULL)
			return;
		*n -= (size_t)(slash - *raw);
		*raw = slash;
		return;
	}
}

int http_path_parse(struct arena *arena, const char *raw, size_t n, struct http_path *ret)
{
	skip_authority(&raw, &n);
	ret->n = 0;
	if (n == 0 || raw[0] != '/')
		return 400;
	char *text = arena_alloc(arena, n + 1);
	if (text == NULL)
		return 503;
	text[0] = '/';
	size_t len = 1, from = 1, pos = 1;
	while (pos < n) {
		if (raw[pos] == ';')
			return 404; /* path parameters: nothing here has any */
		bool slash = raw[pos] == '/';
		int c = path_byte(raw, n, &pos);
		if (c < 0)
			return 400;
		if (slash) {
			int status = end_segment(ret, text, from, len);
			if (status != 0)
				return status;
			from = len + 1;
		}
		text[len++] = (char)c;
	}
	if (len > 1) {
		int status = end_segment(ret, text, from, len);
		if (status != 0)
			return status;
	}
	ret->text = text;
	ret->len = len;
	return utf8_valid(text, len) ? 0 : 400;
}

/* Decodes one name or value of a query in place of `out`; returns its length, or SIZE_MAX. */
static size_t query_decode(const char *raw, size_t n, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < n;) {
		int c = (unsigned char)raw[i];
		if (c == '%') {
			c = escaped(raw + i, n - i);
			if (c <= 0)
				return SIZE_MAX;
			i += 3;
		} else {
			i++;
			if (c == '+')
				c = ' ';
		}
		out[len++] = (char)c;
	}
	return len;
}

bool http_query_valid(struct arena *arena, const char *raw)
{
	bool plain = true;
	size_t n = 0;
	for (; raw[n] != '\0'; n++) {
		unsigned char c = (unsigned char)raw[n];
		if (c <= 0x20 || c == 0x7f || c == '#')
			return false;
		plain = plain && c != '%' && c < 0x80;
	}
	if (plain)
		return true;
	struct arena_mark mark = arena_mark(arena);
	char *text = arena_alloc(arena, n + 1);
	if (text == NULL)
		return false;
	/* '&' ends one value and starts another: a character must not span it, so it is no trick to check all at once */
	size_t len = query_decode(raw, n, text);
	bool ok = len != SIZE_MAX && utf8_valid(text, len);
	arena_rewind(arena, mark);
	return ok;
}

/* Whether the raw name decodes to `name`. */
static bool name_is(struct ctx *ctx, const char *raw, size_t n, const char *name, size_t name_n)
{
	if (memchr(raw, '%', n) == NULL && memchr(raw, '+', n) == NULL)
		return n == name_n && memcmp(raw, name, n) == 0;
	char *text = arena_alloc(ctx->arena, n + 1);
	return text != NULL && query_decode(raw, n, text) == name_n && memcmp(text, name, name_n) == 0;
}

const char *http_query(struct ctx *ctx, const struct http_request *req, const char *name, size_t nth)
{
	size_t name_n = strlen(name);
	const char *at = req->query;
	while (at != NULL && *at != '\0') {
		size_t pair = strcspn(at, "&");
		const char *equals = memchr(at, '=', pair);
		size_t key = equals != NULL ? (size_t)(equals - at) : pair;
		if (name_is(ctx, at, key, name, name_n) && nth-- == 0) {
			const char *value = equals != NULL ? equals + 1 : at + pair;
			size_t n = pair - (size_t)(value - at);
			char *text = arena_alloc(ctx->arena, n + 1);
			if (text == NULL || query_decode(value, n, text) == SIZE_MAX)
				return NULL;
			return text;
		}
		at += pair;
		if (*at == '&')
			at++;
	}
	return NULL;
}
