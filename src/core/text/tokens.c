/* The words of a field for the search index; README.md has the grammar. */
#include <string.h>

#include "base/str.h"
#include "core/text/text_internal.h"

enum { WORD_MAX = 64, NUMBER_MAX = 64, EMAIL_MAX = 254, RUNS_READ = 4, RUN_READ_MAX = 16 };

static bool is_apostrophe(uint32_t cp)
{
	return cp == '\'' || cp == 0x2019 || cp == 0x2018 || cp == 0x02BC || cp == '`';
}

static void begin_token(struct buf *out)
{
	if (out->len > 0 && out->data[out->len - 1] != ' ')
		buf_putc(out, ' ');
}

/* One word or unspaced run from *at on; apostrophes inside a word vanish. */
static void put_word(const char *in, size_t n, size_t *at, bool unspaced, struct buf *out)
{
	size_t start = *at, written = 0;
	begin_token(out);
	while (*at < n) {
		size_t next = *at;
		uint32_t cp = text_next(in, n, &next);
		if (is_apostrophe(cp) && !unspaced && *at > start) {
			*at = next;
			continue;
		}
		if (!text_is_word(cp) || text_is_unspaced(cp) != unspaced)
			break;
		if (unspaced || written + (next - *at) <= WORD_MAX) {
			buf_add(out, in + *at, next - *at);
			written += next - *at;
		}
		*at = next;
	}
}

static void put_words(const char *folded, size_t n, struct buf *out)
{
	for (size_t at = 0; at < n;) {
		size_t next = at;
		uint32_t cp = text_next(folded, n, &next);
		if (text_is_word(cp))
			put_word(folded, n, &at, text_is_unspaced(cp), out);
		else
			at = next;
	}
}

/* --- names ------------------------------------------------------------- */

/* "*zhangweiming,zwm,weiming": the whole, the initials, the given name if it is a person's. */
static void put_reading(const struct text_reading *reading, struct buf *out)
{
	if (reading->n == 0)
		return;
	begin_token(out);
	buf_putc(out, '*');
	for (size_t i = 0; i < reading->n; i++)
		buf_puts(out, reading->syllable[i]);
	buf_putc(out, ',');
	for (size_t i = 0; i < reading->n; i++)
		buf_putc(out, reading->syllable[i][0]);
	if (reading->n_surname == 0)
		return;
	buf_putc(out, ',');
	for (size_t i = reading->n_surname; i < reading->n; i++)
		buf_puts(out, reading->syllable[i]);
}

/* Those who have no key for u with two dots type u. */
static bool without_v(struct text_reading *reading)
{
	static const char *const pairs[][2] = {{"lv", "lu"}, {"nv", "nu"}, {"lve", "lue"}, {"nve", "nue"}};
	bool changed = false;
	for (size_t i = 0; i < reading->n; i++)
		for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
			if (str_equal(reading->syllable[i], pairs[k][0])) {
				reading->syllable[i] = pairs[k][1];
				changed = true;
			}
	return changed;
}

static void put_run_reading(const uint32_t *chars, size_t n, bool alone, struct buf *out)
{
	struct text_reading reading, other;
	text_read(chars, n, alone, &reading, &other);
	put_reading(&reading, out);
	if (other.n == 0) {
		other = reading;
		if (!without_v(&other))
			return;
	}
	put_reading(&other, out);
}

/* Readings are of the characters as written, not of their folded form. */
static void put_readings(const char *in, size_t n, struct buf *out)
{
	uint32_t chars[RUN_READ_MAX];
	size_t count = 0, runs = 0;
	bool alone = true;
	for (size_t at = 0; at < n && runs < RUNS_READ;) {
		uint32_t cp = text_next(in, n, &at);
		bool han = text_is_han(cp);
		if (han && count < RUN_READ_MAX)
			chars[count++] = cp;
		if (!han && text_is_word(cp))
			alone = false;
		if ((!han || at >= n) && count > 0) {
			size_t rest = at;
			bool more = rest < n && text_is_word(text_next(in, n, &rest));
			put_run_reading(chars, count, alone && !more && runs == 0, out);
			count = 0;
			runs++;
		}
	}
}

/* --- numbers ----------------------------------------------------------- */

/* Length of the country calling code that E.164 digits start with (ITU-T E.164 D). */
static size_t calling_code_length(const char *digits, size_t n)
{
	static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 "
	                          "60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
	if (n < 8)
		return 0;
	if (digits[0] == '1' || digits[0] == '7')
		return 1;
	for (const char *p = two; *p; p += 3)
		if (p[0] == digits[0] && p[1] == digits[1])
			return 2;
	return 3;
}

static void put_number(const char *folded, size_t n, struct buf *out)
{
	char joined[NUMBER_MAX];
	size_t len = 0, runs = 0;
	bool in_run = false, plain = true, others = false;
	for (size_t i = 0; i < n; i++) {
		char c = folded[i];
		bool letter = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
		if ((letter || digit) && !in_run)
			runs++;
		in_run = letter || digit;
		plain = plain && !letter;
		others = others || (c & 0x80);
		if (in_run && len < NUMBER_MAX)
			joined[len++] = c;
	}
	if (len > 0) {
		size_t code = folded[0] == '+' && plain && !others ? calling_code_length(joined, len) : 0;
		begin_token(out);
		buf_putc(out, '#');
		buf_add(out, joined + code, len - code);
		buf_putc(out, '/');
		buf_add(out, joined, code);
	}
	if (runs > 1 || others)
		put_words(folded, n, out);
}

/* --- e-mail ------------------------------------------------------------ */

static void put_email(const char *folded, size_t n, struct buf *out)
{
	const char *at_sign = memrchr(folded, '@', n);
	if (!at_sign || n > EMAIL_MAX || memchr(folded, ' ', n)) {
		put_words(folded, n, out);
		return;
	}
	begin_token(out);
	buf_putc(out, '@');
	for (size_t i = 0; i < n; i++) {
		char c = folded[i];
		/* What is no part of the token grammar must not look like one. */
		bool plain = (c & 0x80) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("@.-_+", c);
		buf_putc(out, plain ? c : '_');
	}
	put_words(folded, (size_t)(at_sign - folded), out);
}

enum err text_index_tokens(struct ctx *ctx, const char *in, size_t n, enum text_kind kind, struct buf *out)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	const char *folded;
	size_t n_folded;
	enum err err = text_fold(ctx, in, n, &folded, &n_folded);
	if (err)
		return err;
	switch (kind) {
	case TEXT_WORDS:
		put_words(folded, n_folded, out);
		break;
	case TEXT_NAME:
		put_words(folded, n_folded, out);
		if (!text_is_ascii(in, n))
			put_readings(in, n, out);
		break;
	case TEXT_NUMBER:
		put_number(folded, n_folded, out);
		break;
	case TEXT_EMAIL:
		put_email(folded, n_folded, out);
		break;
	}
	arena_rewind(ctx->arena, mark);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "text_too_long") : OK;
}
