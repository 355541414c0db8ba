#include "core/search/typed.h"

#include <string.h>

#include "base/str.h"
#include "core/search/source.h"

enum { TAIL_DIGITS_MIN = 4 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_digits(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(text[i]))
			return false;
	return true;
}

static void add_word(struct typed *t, const char *text, size_t n, enum word_kind kind)
{
	if (t->n_words == TYPED_WORDS_MAX || n == 0)
		return;
	t->words[t->n_words++] = (struct word){.text = text, .n = n, .chars = source_chars(text, n), .kind = kind};
}

/* The words of one piece between spaces, as core/text cuts them. */
static enum err add_piece(struct ctx *ctx, struct typed *t, const char *piece, size_t n)
{
	struct buf buf;
	bool email = memchr(piece, '@', n) != NULL && n > 1;
	buf_init(&buf, 4 * TYPED_MAX);
	/* For an address its token is wanted, "@…", not the words after it. */
	enum err err = text_index_tokens(ctx, piece, n, email ? TEXT_EMAIL : TEXT_WORDS, &buf);
	char *text = err ? NULL : arena_strndup(ctx->arena, buf_text(&buf), buf.len);
	buf_release(&buf);
	if (err)
		return err;
	if (!text)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	struct source_part part = {.tokens = text, .n = strlen(text)};
	const char *token;
	size_t n_token;
	for (size_t at = 0; source_token(&part, &at, &token, &n_token);) {
		if (token[0] == '@') {
			add_word(t, token + 1, n_token - 1, WORD_EMAIL);
			return OK;
		}
		add_word(t, token, n_token,
		         source_is_unspaced(token, n_token) ? WORD_UNSPACED
		         : all_digits(token, n_token)      ? WORD_DIGITS
		                                           : WORD_LETTERS);
	}
	return OK;
}

/* Signs of other scripts that stand between digits: dots, dashes, brackets, arrows, telephones; no letters. */
static bool is_sign(uint32_t cp)
{
	return (cp >= 0x80 && cp <= 0xBF) || (cp >= 0x2000 && cp <= 0x2BFF) || (cp >= 0x2E00 && cp <= 0x3004) || (cp >= 0x3008 && cp <= 0x3020) ||
	       cp == 0x30FB || (cp >= 0xFE10 && cp <= 0xFE6F) || cp >= 0x1F000;
}

/* Where an extension begins: 0571-88887777 转 8001, … ext. 8001. */
static size_t before_extension(const char *folded, size_t n)
{
	static const char *const marks[] = {"转", "分机", "内线", "ext"};
	size_t digits = 0;
	for (size_t at = 0; at < n; at++) {
		digits += is_digit(folded[at]);
		for (size_t i = 0; digits >= 5 && i < sizeof marks / sizeof *marks; i++)
			if (n - at > strlen(marks[i]) && memcmp(folded + at, marks[i], strlen(marks[i])) == 0)
				return at;
	}
	return n;
}

/* "+44 (0)20 7946 0958": the 0 is dialled at home only. The same without it, or NULL. */
static const char *without_trunk(struct ctx *ctx, const char *joined, size_t len, size_t *ret_n)
{
	struct buf token;
	char *out = NULL;
	buf_init(&token, 4 * TYPED_MAX);
	enum err err = text_index_tokens(ctx, arena_printf(ctx->arena, "+%.*s", (int)len, joined), len + 1, TEXT_NUMBER, &token);
	const char *slash = err ? NULL : memchr(buf_text(&token), '/', token.len);
	size_t code = slash ? token.len - (size_t)(slash - token.data) - 1 : 0;
	if (code > 0 && len > code + TAIL_DIGITS_MIN && joined[code] == '0') {
		out = arena_printf(ctx->arena, "%.*s%.*s", (int)code, joined, (int)(len - code - 1), joined + code + 1);
		*ret_n = len - 1;
	}
	buf_release(&token);
	return out;
}

/* The letters and digits among signs; false if there are other letters. */
static bool join_signs(const char *folded, size_t n, char *joined, size_t *ret_n, size_t *ret_digits)
{
	*ret_n = *ret_digits = 0;
	for (size_t at = 0; at < n;) {
		char c = folded[at];
		size_t next = at;
		bool digit = is_digit(c);
		if (digit || (c >= 'a' && c <= 'z'))
			joined[(*ret_n)++] = c;
		else if (c == '@' || ((c & 0x80) && !is_sign(utf8_next(folded, n, &next))))
			return false;
		*ret_digits += digit;
		at += char_bytes(folded + at);
	}
	return true;
}

static void set_stripped(struct typed *t, const char *text, size_t n)
{
	t->stripped = text;
	t->n_stripped = n;
}

/* Three digits at least. */
static enum err parse_number(struct ctx *ctx, struct typed *t, const char *folded, size_t n)
{
	n = before_extension(folded, n);
	char *joined = arena_alloc(ctx->arena, n + 1);
	size_t len, digits;
	if (!joined)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	if (!join_signs(folded, n, joined, &len, &digits) || digits < 3 || len > TYPED_NUMBER_MAX)
		return OK;
	t->number = joined;
	t->n_number = len;
	size_t zeros = 0;
	while (zeros < len && joined[zeros] == '0')
		zeros++;
	if (zeros > 0 && len - zeros >= TAIL_DIGITS_MIN)
		set_stripped(t, joined + zeros, len - zeros);
	bool abroad = folded[0] == '+' || zeros == 2;
	if (digits == len && abroad) {
		size_t n_home = 0, at = folded[0] == '+' ? 0 : zeros;
		const char *home = without_trunk(ctx, joined + at, len - at, &n_home);
		if (home)
			set_stripped(t, home, n_home);
	}
	return OK;
}

static void parse_dotted(struct typed *t, const char *folded, size_t n)
{
	if (n > TYPED_NUMBER_MAX || !memchr(folded, '.', n) || !((folded[0] >= 'a' && folded[0] <= 'z') || is_digit(folded[0])))
		return;
	for (size_t i = 0; i < n; i++)
		if (!is_digit(folded[i]) && !(folded[i] >= 'a' && folded[i] <= 'z') && !strchr(".-_+", folded[i]))
			return;
	t->dotted = folded;
	t->n_dotted = n;
}

static enum err join_words(struct ctx *ctx, struct typed *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n_words; i++)
		n += t->words[i].n;
	char *whole = arena_alloc(ctx->arena, n + 1);
	if (!whole)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t i = 0; i < t->n_words; i++) {
		memcpy(whole + t->n_whole, t->words[i].text, t->words[i].n);
		t->n_whole += t->words[i].n;
	}
	t->whole = whole;
	return OK;
}

enum err typed_parse(struct ctx *ctx, const char *text, struct typed *ret)
{
	*ret = (struct typed){0};
	size_t n = strnlen(text, TYPED_MAX);
	while (n > 0 && n == TYPED_MAX && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	const char *folded;
	enum err err = text_fold(ctx, text, n, &folded, &n);
	for (size_t at = 0; !err && at < n;) {
		const char *space = memchr(folded + at, ' ', n - at);
		size_t end = space ? (size_t)(space - folded) : n;
		err = add_piece(ctx, ret, folded + at, end - at);
		at = end + 1;
	}
	if (!err)
		err = parse_number(ctx, ret, folded, n);
	if (!err)
		parse_dotted(ret, folded, n);
	if (!err)
		err = join_words(ctx, ret);
	return err;
}
