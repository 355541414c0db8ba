/* The words of a field for the search index; README.md has the grammar. */
#include <string.h>
#include <unicode/uchar.h>

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

static bool is_digit(uint32_t cp)
{
	return cp >= '0' && cp <= '9';
}

/* One word or unspaced run from *at on; apostrophes inside a word vanish. Letters and digits part: 256GB is 256 GB. */
static void put_word(const char *in, size_t n, size_t *at, bool unspaced, struct buf *out)
{
	size_t start = *at, written = 0, first = *at;
	bool digits = is_digit(text_next(in, n, &first));
	begin_token(out);
	while (*at < n) {
		size_t next = *at;
		uint32_t cp = text_next(in, n, &next);
		if (is_apostrophe(cp) && !unspaced && *at > start) {
			*at = next;
			continue;
		}
		if (!text_is_word(cp) || text_is_unspaced(cp) != unspaced || is_digit(cp) != digits)
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

/* Chinese characters of one name: next to each other, or with blanks, dots or dashes between them. */
struct piece {
	uint32_t chars[RUN_READ_MAX];
	size_t n;
	size_t n_first; /* before the first blank or dot; 0: there is none */
};

static bool is_joint(uint32_t cp)
{
	static const uint32_t dots[] = {'-', '.', '=', 0xB7, 0x387, 0x2022, 0x2027, 0x2219, 0x22C5, 0x25CF, 0x25E6, 0x2E31,
	                                0x2E33, 0x30A0, 0x30FB, 0x318D, 0xFE52, 0xFF0D, 0xFF0E, 0xFF65, 0x10101};
	for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
		if (dots[i] == cp)
			return true;
	return u_isUWhiteSpace((UChar32)cp) || u_charType((UChar32)cp) == U_DASH_PUNCTUATION;
}

/* Cuts at whatever else stands between; *ret_others: there are letters of other scripts. */
static size_t find_pieces(const char *in, size_t n, struct piece list[RUNS_READ], bool *ret_others)
{
	size_t count = 0;
	bool open = false, gap = false;
	*ret_others = false;
	for (size_t at = 0; at < n;) {
		uint32_t cp = text_next(in, n, &at);
		if (u_hasBinaryProperty((UChar32)cp, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
			continue;
		if (!text_is_han(cp)) {
			*ret_others = *ret_others || text_is_word(cp);
			gap = is_joint(cp);
			open = open && gap;
			continue;
		}
		if (!open) {
			if (count == RUNS_READ)
				break;
			list[count++] = (struct piece){.n = 0};
			open = true;
		}
		struct piece *piece = &list[count - 1];
		if (gap && piece->n_first == 0)
			piece->n_first = piece->n;
		gap = false;
		if (piece->n < RUN_READ_MAX)
			piece->chars[piece->n++] = cp;
	}
	return count;
}

static void put_piece(const struct piece *piece, bool alone, struct buf *out)
{
	struct text_reading list[TEXT_READINGS_MAX];
	bool parts = piece->n_first > 0 && piece->n > TEXT_NAME_CHARS;
	size_t n = text_readings(piece->chars, piece->n, alone && !parts, list);
	/* 阿凡提·买买提: what stands behind the dot is found as a given name is. */
	for (size_t i = 0; i < n; i++) {
		if (parts && list[i].n > piece->n_first)
			list[i].n_surname = piece->n_first;
		put_reading(&list[i], out);
	}
	if (!parts || piece->n_first < 2)
		return;
	n = text_readings(piece->chars, piece->n_first, alone, list);
	for (size_t i = 0; i < n; i++)
		put_reading(&list[i], out);
}

/* Readings are of the characters as written, not of their folded form. */
static void put_readings(const char *in, size_t n, struct buf *out)
{
	struct piece list[RUNS_READ];
	bool others;
	size_t count = find_pieces(in, n, list, &others);
	for (size_t i = 0; i < count; i++)
		put_piece(&list[i], count == 1 && !others, out);
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

/* Its letters and digits joined, and the calling code if it is written with one. */
static void put_joined(const char *folded, size_t n, struct buf *out)
{
	char joined[NUMBER_MAX];
	size_t len = 0;
	bool plain = n > 0 && folded[0] == '+';
	for (size_t i = 0; i < n; i++) {
		char c = folded[i];
		bool letter = c >= 'a' && c <= 'z';
		plain = plain && !letter && !(c & 0x80);
		if ((letter || is_digit((unsigned char)c)) && len < NUMBER_MAX)
			joined[len++] = c;
	}
	if (len == 0)
		return;
	size_t code = plain ? calling_code_length(joined, len) : 0;
	begin_token(out);
	buf_putc(out, '#');
	buf_add(out, joined + code, len - code);
	buf_putc(out, '/');
	buf_add(out, joined, code);
}

/* An extension is a number of its own. */
static void put_number(const char *folded, size_t n, struct buf *out)
{
	static const char mark[] = ";ext=";
	const char *extension = memmem(folded, n, mark, sizeof mark - 1);
	size_t runs = 0, whole = extension ? (size_t)(extension - folded) : n;
	bool in_run = false, others = false;
	put_joined(folded, whole, out);
	if (extension) {
		put_joined(extension + sizeof mark - 1, n - whole - (sizeof mark - 1), out);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bool part = (folded[i] >= 'a' && folded[i] <= 'z') || is_digit((unsigned char)folded[i]);
		runs += part && !in_run;
		in_run = part;
		others = others || (folded[i] & 0x80);
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
		if (!text_is_ascii(in, n)) {
			put_readings(in, n, out);
			text_put_romanised(folded, n_folded, out);
		}
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
