/* A mail as it goes over the wire (RFC 5322, MIME): lines of ASCII, whatever is said in them. */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/outbox/outbox_send.h"

enum { WORD_BYTES = 42, LINE_BYTES = 57, LINE_CHARS = 78, PLAIN_LINE_MAX = 900 };

bool outbox_is_ascii(const char *text)
{
	for (const char *at = text; at != NULL && *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
			return false;
	return text != NULL;
}

/* --- headers -------------------------------------------------------------------------- */

static void put_base64(struct buf *out, const void *bytes, size_t n)
{
	char text[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	buf_puts(out, sodium_bin2base64(text, sizeof(text), bytes, n, sodium_base64_VARIANT_ORIGINAL));
}

/* Where a word ends that begins at `at`: behind whole characters; where it can be, at three bytes, so that no padding stands within the
 * header, which some readers take for its end. */
static size_t word_end(const char *text, size_t at, size_t n)
{
	size_t end = at, even = at;
	while (end < n) {
		size_t next = end + 1;
		while (next < n && ((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		if (next - at > WORD_BYTES)
			break;
		end = next;
		even = (end - at) % 3 == 0 ? end : even;
	}
	return end < n && even > at ? even : end;
}

/* RFC 2047: words, each on a line of its own. */
static void put_words(struct buf *out, const char *text)
{
	for (size_t n = strlen(text), at = 0, end; at < n; at = end) {
		end = word_end(text, at, n);
		buf_puts(out, at > 0 ? "\r\n =?utf-8?B?" : "=?utf-8?B?");
		put_base64(out, text + at, end - at);
		buf_puts(out, "?=");
	}
}

/* A value: folded at blanks; what is not ASCII, or would not fit a line, in words. */
static void put_value(struct buf *out, const char *name, const char *text)
{
	size_t column = strlen(name) + 2;
	bool fits = outbox_is_ascii(text);
	for (const char *at = text; fits && *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
		fits = strcspn(at, " ") < PLAIN_LINE_MAX;
	buf_printf(out, "%s: ", name);
	if (!fits) {
		put_words(out, text);
		buf_puts(out, "\r\n");
		return;
	}
	for (const char *at = text; *at != '\0';) {
		size_t blanks = strspn(at, " "), n = blanks + strcspn(at + blanks, " ");
		if (column + n > LINE_CHARS && at > text && blanks > 0 && n > blanks) {
			buf_puts(out, "\r\n");
			column = 0;
		}
		buf_add(out, at, n);
		column += n;
		at += n;
	}
	buf_puts(out, "\r\n");
}

/* "Name" <address> */
static void put_person(struct buf *out, const char *header, const char *name, const char *address)
{
	static const char atoms[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~ ";
	buf_printf(out, "%s: ", header);
	if (!str_empty(name) && !outbox_is_ascii(name)) {
		put_words(out, name);
		buf_puts(out, "\r\n ");
	} else if (!str_empty(name) && name[strspn(name, atoms)] == '\0' && strlen(name) < LINE_CHARS && strstr(name, "=?") == NULL) {
		buf_printf(out, "%s ", name);
	} else if (!str_empty(name)) {
		buf_putc(out, '"');
		for (const char *at = name; *at != '\0'; at++) {
			if (*at == '"' || *at == '\\')
				buf_putc(out, '\\');
			buf_putc(out, *at);
		}
		buf_puts(out, "\"\r\n ");
	}
	buf_printf(out, "<%s>\r\n", address);
}

static void put_date(struct buf *out, int64_t now_ms)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c;
	time_to_civil(now_ms, &c);
	buf_printf(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[now_ms / DAY_MS % 7], c.day, months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

/* Whether the further headers have one of this name. */
static bool has_header(const char *headers, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = headers; *at != '\0'; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncasecmp(at, name, n) == 0 && at[n] == ':')
			return true;
	return false;
}

static void put_further(struct ctx *ctx, struct buf *out, const char *headers)
{
	for (const char *at = headers; *at != '\0';) {
		size_t line = strcspn(at, "\n"), name = strcspn(at, ":");
		if (name < line) {
			const char *value = at + name + 1 + strspn(at + name + 1, " ");
			size_t n = line - (size_t)(value - at);
			const char *key = arena_strndup(ctx->arena, at, name), *text = arena_strndup(ctx->arena, value, n);
			if (key != NULL && text != NULL)
				put_value(out, key, text);
		}
		at += line + (at[line] == '\n');
	}
}

static void put_headers(struct ctx *ctx, const struct outbox_account *account, const struct outbox_letter *letter, struct buf *out)
{
	put_date(out, ctx_now(ctx));
	put_person(out, "From", account->from_name, account->address);
	put_person(out, "To", letter->to_name, letter->to_address);
	if (*account->reply_to != '\0' && !has_header(letter->headers, "Reply-To"))
		put_person(out, "Reply-To", "", account->reply_to);
	put_value(out, "Subject", letter->subject);
	buf_printf(out, "Message-ID: <%s>\r\n", letter->message_id);
	if (letter->made_by_program && !has_header(letter->headers, "Auto-Submitted"))
		buf_puts(out, "Auto-Submitted: auto-generated\r\n");
	put_further(ctx, out, letter->headers);
	buf_puts(out, "MIME-Version: 1.0\r\n");
}

/* --- bodies ------------------------------------------------------------------------------ */

/* Lines of ASCII that need nothing done. */
static bool plain(const char *text)
{
	size_t line = 0;
	for (const char *at = text; *at != '\0'; at++) {
		line = *at == '\n' ? 0 : line + 1;
		if (line > PLAIN_LINE_MAX || ((unsigned char)*at > '~') || ((unsigned char)*at < ' ' && *at != '\n' && *at != '\r' && *at != '\t'))
			return false;
	}
	return true;
}

static void put_part(struct buf *out, const char *type, const char *text)
{
	bool as_is = plain(text);
	buf_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", type, as_is ? "7bit" : "base64");
	if (!as_is) {
		for (size_t n = strlen(text), at = 0; at < n; at += LINE_BYTES) {
			put_base64(out, text + at, n - at < LINE_BYTES ? n - at : LINE_BYTES);
			buf_puts(out, "\r\n");
		}
		return;
	}
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\r\n");
		buf_add(out, at, n);
		buf_puts(out, "\r\n");
		at += n;
		at += *at == '\r';
		at += *at == '\n';
	}
}

enum err outbox_message_write(struct ctx *ctx, const struct outbox_account *account, const struct outbox_letter *letter, struct buf *out)
{
	put_headers(ctx, account, letter, out);
	if (letter->text != NULL && letter->html != NULL) {
		/* no line of a text can be it: "=_" stands in no base64, and the id was made by chance */
		const char *boundary = arena_printf(ctx->arena, "=_%.*s", (int)strcspn(letter->message_id, "@"), letter->message_id);
		if (boundary == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		buf_printf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
		buf_printf(out, "--%s\r\n", boundary);
		put_part(out, "text/plain", letter->text);
		buf_printf(out, "\r\n--%s\r\n", boundary);
		put_part(out, "text/html", letter->html);
		buf_printf(out, "\r\n--%s--\r\n", boundary);
	} else {
		put_part(out, letter->html != NULL ? "text/html" : "text/plain", letter->html != NULL ? letter->html : letter->text != NULL ? letter->text : "");
	}
	if (ctx->arena->failed)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "outbox_large") : OK;
}
