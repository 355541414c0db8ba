/* From a mail's lines those that its writer wrote. */
#include "core/mail/mail_reply.h"

#include <string.h>

#include "base/str.h"

enum { HEADERS_MIN = 3 };

/* Lines in the arena; *ret_n of them. NULL: no room. */
static struct mail_line *split(struct ctx *ctx, const char *text, size_t *ret_n)
{
	size_t n = 1, i = 0;
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		n++;
	struct mail_line *lines = arena_array(ctx->arena, n, sizeof(*lines));
	for (const char *at = text; lines != NULL && i < n; i++) {
		const char *end = strchrnul(at, '\n');
		size_t len;
		const char *trimmed = str_trim(at, (size_t)(end - at), &len);
		lines[i] = (struct mail_line){.from = at, .len = (size_t)(end - at), .text = arena_strndup(ctx->arena, trimmed, len)};
		if (lines[i].text == NULL)
			return NULL;
		at = end + (*end == '\n' ? 1 : 0);
	}
	*ret_n = n;
	return lines;
}

static bool any(const struct mail_line *lines, size_t from, size_t to, enum mail_line_kind kind)
{
	for (size_t i = from; i < to; i++) {
		if (lines[i].kind == kind)
			return true;
	}
	return false;
}

static bool says_something(enum mail_line_kind kind)
{
	return kind == MAIL_LINE_TEXT || kind == MAIL_LINE_HEADER || kind == MAIL_LINE_QUOTE;
}

/* Where the writer's part ends: at a mark, or at the headers of another mail. What says nothing before it is no part. */
static size_t cut(const struct mail_line *lines, size_t n)
{
	size_t headers = 0, first = n;
	for (size_t i = 0; i < n; i++) {
		headers = lines[i].kind == MAIL_LINE_HEADER ? headers + 1 : 0;
		size_t end = lines[i].kind == MAIL_LINE_END ? i : headers >= HEADERS_MIN ? i + 1 - headers : n;
		if (end < n && first < end)
			return end;
		if (first == n && says_something(lines[i].kind))
			first = i;
	}
	return n;
}

static size_t skip_empty(const struct mail_line *lines, size_t at, size_t n)
{
	while (at < n && lines[at].kind == MAIL_LINE_EMPTY)
		at++;
	return at;
}

/* Quotes that end the text, with what stands among them. */
static size_t without_tail(const struct mail_line *lines, size_t n)
{
	size_t end = n;
	while (end > 0 && (lines[end - 1].kind == MAIL_LINE_QUOTE || lines[end - 1].kind == MAIL_LINE_EMPTY || lines[end - 1].kind == MAIL_LINE_SIGNED))
		end--;
	return end;
}

static void add(struct buf *out, const struct mail_line *line)
{
	buf_add(out, line->from, line->len);
	buf_putc(out, '\n');
}

/* Without white space at its ends. */
static void trim(struct buf *out)
{
	size_t len, skip = strspn(buf_text(out), "\n");
	/* an indented first line keeps its place */
	for (size_t i = skip; out->len > 0 && (out->data[i] == ' ' || out->data[i] == '\t' || out->data[i] == '\n'); i++)
		skip = out->data[i] == '\n' ? i + 1 : skip;
	for (len = out->len; len > skip && strchr(" \t\n", out->data[len - 1]) != NULL;)
		len--;
	if (skip > 0 && len > skip)
		memmove(out->data, out->data + skip, len - skip);
	buf_truncate(out, len > skip ? len - skip : 0);
}

/* The lines that stay. `wrote`: the first line by which a program says whom it quotes, n where there is none. */
static void write_own(const struct mail_line *lines, size_t n, size_t wrote, struct buf *out)
{
	bool before = any(lines, 0, wrote, MAIL_LINE_TEXT);
	size_t after = wrote;
	while (after < n && lines[after].kind == MAIL_LINE_WROTE)
		after++;
	after = skip_empty(lines, after, n);
	bool marked = after < n && lines[after].kind == MAIL_LINE_QUOTE;
	/* an answer above a mail that is not marked as quoted: all below is that mail */
	size_t end = wrote < n && before && !marked ? wrote : n;
	for (size_t i = 0; i < end; i++) {
		bool quote = lines[i].kind == MAIL_LINE_QUOTE && wrote < n;
		if (lines[i].kind != MAIL_LINE_SIGNED && lines[i].kind != MAIL_LINE_WROTE && !quote)
			add(out, &lines[i]);
	}
}

enum err mail_reply(struct ctx *ctx, const char *text, struct buf *out)
{
	size_t n, wrote = 0;
	struct arena_mark mark = arena_mark(ctx->arena);
	struct mail_line *lines = split(ctx, text, &n);
	if (lines == NULL)
		return fail(ctx, ERR_LIMIT, NULL, "mail_too_large");
	mail_lines_judge(lines, n);
	n = cut(lines, n);
	size_t tail = without_tail(lines, n);
	bool written = any(lines, 0, tail, MAIL_LINE_TEXT);
	n = written ? tail : n;
	for (wrote = written ? 0 : n; wrote < n && lines[wrote].kind != MAIL_LINE_WROTE;)
		wrote++;
	write_own(lines, n, wrote, out);
	trim(out);
	if (out->len == 0) {
		buf_puts(out, text);
		trim(out);
	}
	arena_rewind(ctx->arena, mark);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}
