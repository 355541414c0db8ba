#include "core/search/typed.h"

#include <string.h>

#include "base/str.h"
#include "core/search/source.h"

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

/* Letters, digits and the signs people put between them; three digits at least. */
static enum err parse_number(struct ctx *ctx, struct typed *t, const char *folded, size_t n)
{
	if (n > TYPED_NUMBER_MAX)
		return OK;
	char *joined = arena_alloc(ctx->arena, n + 1);
	if (!joined)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	size_t len = 0, digits = 0;
	for (size_t i = 0; i < n; i++) {
		char c = folded[i];
		if (is_digit(c) || (c >= 'a' && c <= 'z'))
			joined[len++] = c;
		else if (!strchr(" +-()./_#:", c))
			return OK;
		digits += is_digit(c);
	}
	if (digits < 3)
		return OK;
	t->number = joined;
	t->n_number = len;
	size_t zeros = strspn(joined, "0");
	if (zeros > 0 && len - zeros >= 4) {
		t->stripped = joined + zeros;
		t->n_stripped = len - zeros;
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
