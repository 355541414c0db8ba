/* Reading the text of a query: parameters, names, quoted values, lists. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { FAULT_TEXT_MAX = 60 };

/* --- parameters ------------------------------------------------------------- */

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

/* Decodes in place of a copy; false on a broken escape, a NUL or bad UTF-8. */
static bool decode(struct arena *arena, const char *in, size_t n, const char **ret, size_t *ret_n)
{
	char *out = arena_alloc(arena, n + 1);
	size_t len = 0;
	if (!out)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (in[i] == '+') {
			out[len++] = ' ';
		} else if (in[i] == '%') {
			int hi = i + 1 < n ? hex_digit(in[i + 1]) : -1;
			int lo = i + 2 < n ? hex_digit(in[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return false;
			out[len++] = (char)(hi * 16 + lo);
			i += 2;
		} else {
			out[len++] = in[i];
		}
	}
	out[len] = '\0';
	*ret = out;
	*ret_n = len;
	return utf8_valid(out, len);
}

static size_t count_params(const char *raw)
{
	size_t n = 1;
	for (const char *p = raw; (p = strchr(p, '&')) != NULL; p++)
		n++;
	return n;
}

enum err query_split(struct ctx *ctx, const char *raw, struct query_param **ret, size_t *ret_n)
{
	size_t total = strlen(raw), n = 0;
	if (total > QUERY_TEXT_MAX)
		return fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "65536");
	size_t most = count_params(raw);
	if (most > QUERY_TERMS_MAX)
		return fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "200");
	struct query_param *list = arena_array(ctx->arena, most, sizeof(*list));
	if (!list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (const char *p = raw; *p; p += *p == '&') {
		size_t len = strcspn(p, "&");
		const char *eq = memchr(p, '=', len);
		size_t name_len = eq ? (size_t)(eq - p) : len, ignored;
		if (len > 0) {
			struct query_param *one = &list[n++];
			const char *value = eq ? eq + 1 : "";
			if (!decode(ctx->arena, p, name_len, &one->name, &ignored) ||
			    !decode(ctx->arena, value, eq ? len - name_len - 1 : 0, &one->value, &one->value_len))
				return fail(ctx, ERR_INVALID, "", QK_SYNTAX);
		}
		p += len;
	}
	*ret = list;
	*ret_n = n;
	return OK;
}

/* --- pieces ------------------------------------------------------------------- */

enum err scan_fail(struct ctx *ctx, const struct scan *s)
{
	size_t n = (size_t)(s->end - s->p);
	if (n > FAULT_TEXT_MAX) {
		n = FAULT_TEXT_MAX;
		while (n > 0 && ((unsigned char)s->p[n] & 0xc0) == 0x80)
			n--; /* no half characters */
	}
	const char *at = arena_strndup(ctx->arena, s->p, n);
	return fail_arg(ctx, ERR_INVALID, s->param, QK_SYNTAX, at ? at : "");
}

bool scan_char(struct scan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* After the opening quote; a backslash takes the next character as it is. */
static enum err scan_quoted(struct ctx *ctx, struct scan *s, const char **ret)
{
	const char *close = s->p;
	while (close < s->end && *close != '"')
		close += *close == '\\' && close + 1 < s->end ? 2 : 1;
	if (close >= s->end)
		return scan_fail(ctx, s);
	char *out = arena_alloc(ctx->arena, (size_t)(close - s->p) + 1);
	size_t n = 0;
	if (!out)
		return fail(ctx, ERR_LIMIT, s->param, "memory");
	while (s->p < close) {
		if (*s->p == '\\')
			s->p++;
		out[n++] = *s->p++;
	}
	s->p = close + 1;
	out[n] = '\0';
	*ret = out;
	return OK;
}

enum err scan_name(struct ctx *ctx, struct scan *s, const char **ret)
{
	const char *start = s->p;
	if (scan_char(s, '"'))
		return scan_quoted(ctx, s, ret);
	while (s->p < s->end && name_char(*s->p))
		s->p++;
	if (s->p == start)
		return scan_fail(ctx, s);
	*ret = arena_strndup(ctx->arena, start, (size_t)(s->p - start));
	return *ret ? OK : fail(ctx, ERR_LIMIT, s->param, "memory");
}

enum err scan_value(struct ctx *ctx, struct scan *s, const char *stop, const char **ret, bool *ret_quoted)
{
	const char *start = s->p;
	*ret_quoted = false;
	if (scan_char(s, '"')) {
		enum err err = scan_quoted(ctx, s, ret);
		if (err)
			return err;
		if (s->p >= s->end || strchr(stop, *s->p)) {
			*ret_quoted = true;
			return OK;
		}
		s->p = start; /* a quote inside plain text: taken as it is */
	}
	while (s->p < s->end && !strchr(stop, *s->p))
		s->p++;
	*ret = arena_strndup(ctx->arena, start, (size_t)(s->p - start));
	return *ret ? OK : fail(ctx, ERR_LIMIT, s->param, "memory");
}

enum err scan_list(struct ctx *ctx, struct scan *s, char close, const char ***ret, size_t *ret_n)
{
	const char stop[3] = {',', close, '\0'};
	size_t n = 0, cap = 8;
	const char **list = arena_array(ctx->arena, cap, sizeof(*list));
	while (list && !scan_char(s, close)) {
		bool quoted;
		if (n > 0 && !scan_char(s, ','))
			return scan_fail(ctx, s);
		if (n >= QUERY_LIST_MAX)
			return fail_arg(ctx, ERR_LIMIT, s->param, QK_TOO_MANY, "1000");
		if (n == cap) {
			const char **more = arena_array(ctx->arena, cap * 2, sizeof(*list));
			if (more)
				memcpy(more, list, n * sizeof(*list));
			list = more;
			cap *= 2;
			if (!list)
				break;
		}
		enum err err = scan_value(ctx, s, stop, &list[n], &quoted);
		if (err)
			return err;
		n++;
	}
	if (!list)
		return fail(ctx, ERR_LIMIT, s->param, "memory");
	*ret = list;
	*ret_n = n;
	return OK;
}
