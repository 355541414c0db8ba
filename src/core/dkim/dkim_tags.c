/* Lists of tags, and what stands in them. */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim_internal.h"

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool name_char(char c, bool first)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return letter || (!first && ((c >= '0' && c <= '9') || c == '_'));
}

static bool read_one(struct ctx *ctx, const char *at, size_t n, struct dkim_tags *tags)
{
	size_t name = 0, eq;
	while (name < n && name_char(at[name], name == 0))
		name++;
	for (eq = name; eq < n && space(at[eq]); eq++)
		;
	if (name == 0 || eq >= n || at[eq] != '=' || tags->n == DKIM_TAGS_MAX)
		return false;
	const char *value = at + eq + 1;
	size_t len = n - eq - 1;
	while (len > 0 && space(*value))
		value++, len--;
	const char *key = arena_strndup(ctx->arena, at, name), *text = arena_strndup(ctx->arena, value, len);
	if (key == NULL || text == NULL || dkim_tag(tags, key) != NULL)
		return false;
	tags->list[tags->n].name = key;
	tags->list[tags->n++].value = text;
	return true;
}

bool dkim_tags_read(struct ctx *ctx, const char *text, size_t n, struct dkim_tags *ret)
{
	ret->n = 0;
	if (memchr(text, '\0', n) != NULL)
		return false;
	for (size_t at = 0; at < n;) {
		const char *semi = memchr(text + at, ';', n - at);
		size_t end = semi != NULL ? (size_t)(semi - text) : n, next = end + 1;
		while (at < end && space(text[at]))
			at++;
		while (end > at && space(text[end - 1]))
			end--;
		if (at == end && next <= n) /* nothing between two semicolons is nothing said wrong only at the end */
			return false;
		if (at < end && !read_one(ctx, text + at, end - at, ret))
			return false;
		at = next;
	}
	return true;
}

const char *dkim_tag(const struct dkim_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (str_equal(tags->list[i].name, name))
			return tags->list[i].value;
	return NULL;
}

const char *dkim_unfold(struct ctx *ctx, const char *text)
{
	char *out = arena_strdup(ctx->arena, text);
	size_t k = 0;
	for (size_t i = 0; out != NULL && text[i] != '\0'; i++)
		if (!space(text[i]))
			out[k++] = text[i];
	if (out != NULL)
		out[k] = '\0';
	return out;
}

bool dkim_lists(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = list; *at != '\0';) {
		size_t len = strcspn(at, ":"), from = 0;
		while (from < len && space(at[from]))
			from++;
		size_t to = len;
		while (to > from && space(at[to - 1]))
			to--;
		if (to - from == n && strncasecmp(at + from, word, n) == 0)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

bool dkim_base64(const char *text, unsigned char *out, size_t max, size_t *ret_n)
{
	const char *end = NULL;
	return sodium_base642bin(out, max, text, strlen(text), " \t\r\n", ret_n, &end, sodium_base64_VARIANT_ORIGINAL) == 0 && *end == '\0';
}

bool dkim_number(const char *text, int64_t *ret)
{
	size_t n = strlen(text);
	return n > 0 && n <= 12 && strspn(text, "0123456789") == n && str_to_i64(text, ret);
}
