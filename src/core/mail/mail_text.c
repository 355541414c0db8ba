/* Bytes of mails to text: declared encodings, wrong ones, none. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"
#include "core/text/text.h"

const char *mail_find(const char *text, const char *needle)
{
	return text != NULL ? strcasestr(text, needle) : NULL;
}

bool mail_has(const char *text, const char *needle)
{
	return mail_find(text, needle) != NULL;
}

static bool plain(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)bytes[i] >= 0x80 || bytes[i] == '\0' || bytes[i] == 0x1b)
			return false;
	}
	return true;
}

/* Without what no text has: NUL, and the CR of line ends. */
static void add_lines(struct buf *out, const char *text, size_t n)
{
	size_t from = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\r' && text[i] != '\0')
			continue;
		buf_add(out, text + from, i - from);
		if (text[i] == '\r' && (i + 1 == n || text[i + 1] != '\n'))
			buf_putc(out, '\n');
		from = i + 1;
	}
	buf_add(out, text + from, n - from);
}

/* -1: no such encoding; else how many places did not decode. */
static int64_t decode_as(struct ctx *ctx, const char *charset, const char *bytes, size_t n, struct buf *out)
{
	struct text_decoder *decoder;
	buf_reset(out);
	if (text_decoder_new(ctx, charset, &decoder) != OK) {
		faults_clear(ctx);
		return -1;
	}
	int64_t errors = -1;
	if (text_decode(ctx, decoder, bytes, n, true, out) == OK)
		errors = text_decoder_errors(decoder);
	else
		faults_clear(ctx);
	text_decoder_free(decoder);
	return errors;
}

/* What a wrong or missing name may have meant, the strictest first. */
static const char *const guesses[] = {"UTF-8", "GB18030", "Big5", "Shift_JIS", "EUC-KR", "windows-1252"};

static bool decode_guessed(struct ctx *ctx, const char *bytes, size_t n, struct buf *out)
{
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		if (decode_as(ctx, guesses[i], bytes, n, out) == 0)
			return true;
	}
	return false;
}

/* Names that stand for "I do not know". */
static bool says_nothing(const char *charset)
{
	static const char *const names[] = {"us-ascii", "ascii", "unknown-8bit", "8bit", "default", "unknown", ""};
	bool nothing = charset == NULL;
	for (size_t i = 0; !nothing && i < sizeof(names) / sizeof(names[0]); i++)
		nothing = str_equal_nocase(charset, names[i]);
	return nothing;
}

enum err mail_decode(struct ctx *ctx, const char *charset, const char *bytes, size_t n, struct buf *out)
{
	struct buf whole;
	bool ascii = says_nothing(charset);
	if (ascii && plain(bytes, n)) {
		add_lines(out, bytes, n);
		return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
	}
	buf_init(&whole, (size_t)MAIL_BYTES_MAX * 3);
	int64_t errors = -1;
	if (ascii && memchr(bytes, 0x1b, n) != NULL)
		errors = decode_as(ctx, "ISO-2022-JP", bytes, n, &whole);
	else if (!ascii)
		errors = decode_as(ctx, strcasecmp(charset, "unicode-1-1-utf-7") == 0 ? "UTF-7" : charset, bytes, n, &whole);
	/* a name that does not fit its bytes is wrong; where nothing fits, the name is the best there is */
	if (errors != 0 && !decode_guessed(ctx, bytes, n, &whole) && decode_as(ctx, errors > 0 ? charset : "UTF-8", bytes, n, &whole) < 0)
		buf_reset(&whole);
	add_lines(out, buf_text(&whole), whole.len);
	if (buf_failed(&whole))
		out->failed = true;
	buf_release(&whole);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}
