#include "core/search/match.h"

#include <string.h>

#include "core/search/source.h"

enum { DISTANCE_MAX_CHARS = 40, TAIL_MIN = 4, FRAGMENT_MIN = 3 };

/* --- one word against one token ----------------------------------------- */

static bool starts(const char *text, size_t n, const char *with, size_t n_with)
{
	return n_with <= n && memcmp(text, with, n_with) == 0;
}

static bool ends(const char *text, size_t n, const char *with, size_t n_with)
{
	return n_with <= n && memcmp(text + n - n_with, with, n_with) == 0;
}

static enum tier compare(const char *text, size_t n, const struct word *w)
{
	if (starts(text, n, w->text, w->n))
		return n == w->n ? TIER_WORD : TIER_START;
	return w->chars >= FRAGMENT_MIN && memmem(text, n, w->text, w->n) ? TIER_FRAGMENT : TIER_NONE;
}

static enum tier best(enum tier a, enum tier b)
{
	return a > b ? a : b;
}

/* The comma-separated pieces of "*zhangweiming,zwm,weiming". */
static bool reading_piece(const char *token, size_t n, size_t *at, const char **ret, size_t *ret_n)
{
	if (*at >= n)
		return false;
	const char *comma = memchr(token + *at, ',', n - *at);
	size_t end = comma ? (size_t)(comma - token) : n;
	*ret = token + *at;
	*ret_n = end - *at;
	*at = end + 1;
	return true;
}

static enum tier match_reading(const char *token, size_t n, const struct word *w)
{
	enum tier tier = TIER_NONE;
	const char *piece;
	size_t n_piece;
	for (size_t at = 1; reading_piece(token, n, &at, &piece, &n_piece);)
		if (w->n >= 2)
			tier = best(tier, compare(piece, n_piece, w));
	return tier;
}

/* "#13800138000/86": the number at home, with its calling code, and their tails. */
static enum tier match_number(const char *token, size_t n, const char *digits, size_t n_digits)
{
	const char *slash = memchr(token, '/', n);
	size_t len = slash ? (size_t)(slash - token) - 1 : n - 1;
	const char *body = token + 1;
	size_t code = slash ? n - len - 2 : 0;
	if (starts(body, len, digits, n_digits))
		return len == n_digits ? TIER_WORD : TIER_START;
	if (n_digits >= TAIL_MIN && ends(body, len, digits, n_digits))
		return TIER_WORD;
	/* with the calling code, or the end of it, in front */
	if (n_digits > len && ends(digits, n_digits, body, len))
		return ends(slash + 1, code, digits, n_digits - len) ? TIER_WORD : TIER_NONE;
	return TIER_NONE;
}

static enum tier match_email(const char *token, size_t n, const struct word *w)
{
	const char *address = token + 1, *host = memrchr(token, '@', n);
	size_t len = n - 1;
	if (w->kind == WORD_EMAIL && w->text[0] == '@') /* "@example.com" */
		return compare(host, n - (size_t)(host - token), w);
	enum tier tier = compare(address, len, w);
	if (host <= token || w->kind == WORD_EMAIL)
		return tier;
	size_t local = (size_t)(host - address);
	if (local == w->n && tier == TIER_START)
		tier = TIER_WORD;
	return best(tier, compare(host + 1, n - (size_t)(host - token) - 1, w));
}

static enum tier match_typo(const char *token, size_t n, const struct word *w)
{
	size_t allowed = match_errors_allowed(w->chars);
	if (allowed == 0 || w->kind != WORD_LETTERS)
		return TIER_NONE;
	return match_distance(token, n, w->text, w->n, allowed) <= allowed ? TIER_TYPO : TIER_NONE;
}

/* The word from here on, over the blanks between tokens: 孟 非 answers 孟非. */
static bool stands_at(const char *at, const char *end, const struct word *w)
{
	for (size_t i = 0; i < w->n; i++, at++) {
		while (i > 0 && at < end && *at == ' ')
			at++;
		if (at >= end || *at != w->text[i])
			return false;
	}
	return true;
}

static enum tier match_unspaced(const struct source_part *part, const struct word *w)
{
	const char *end = part->tokens + part->n;
	for (const char *at = part->tokens; (at = memmem(at, (size_t)(end - at), w->text, char_bytes(w->text))) != NULL; at++)
		if (stands_at(at, end, w))
			return TIER_WORD;
	return TIER_NONE;
}

/* A word that is written with spaces. */
static enum tier match_token(const struct typed *typed, const struct source_part *part, const char *token, size_t n,
                             const struct word *w)
{
	switch (token[0]) {
	case '*':
		return w->kind == WORD_LETTERS ? match_reading(token, n, w) : TIER_NONE;
	case '#':
		return w->kind == WORD_DIGITS || w->kind == WORD_LETTERS ? match_number(token, n, w->text, w->n) : TIER_NONE;
	case '@':
		return match_email(token, n, w);
	default:
		break;
	}
	enum tier tier = compare(token, n, w);
	return tier == TIER_NONE && typed->typos && part->kind == 'n' ? match_typo(token, n, w) : tier;
}

/* --- all words against the source ---------------------------------------- */

static bool readable(const struct source_part *part, const struct actor *actor, size_t entity)
{
	return part->field == 0 || gate_field(actor, entity, part->field) >= RIGHT_READ;
}

/* The part without spaces and readings against all that was typed without spaces. */
static enum tier match_whole(const struct typed *typed, const struct source_part *part)
{
	const char *token;
	size_t n, at_whole = 0;
	bool differs = false, longer = false, cut = false;
	enum tier tier = TIER_NONE;
	for (size_t at = 0; source_token(part, &at, &token, &n);) {
		if (token[0] == '*') {
			const char *piece;
			size_t n_piece, i = 0;
			for (size_t p = 1; reading_piece(token, n, &p, &piece, &n_piece); i++)
				if (n_piece == typed->n_whole && memcmp(piece, typed->whole, n_piece) == 0)
					tier = best(tier, i == 0 ? TIER_SOUND : TIER_WORD);
			continue;
		}
		if (differs)
			continue;
		size_t rest = typed->n_whole - at_whole, common = n < rest ? n : rest;
		differs = memcmp(token, typed->whole + at_whole, common) != 0;
		longer = longer || n > rest;
		cut = cut || (rest > 0 && n > rest);
		at_whole += common;
	}
	if (differs || at_whole < typed->n_whole)
		return tier;
	return !longer ? TIER_EXACT : best(tier, cut ? TIER_PREFIX : TIER_FIRST);
}

static enum tier match_as_number(const struct typed *typed, const struct source_part *part)
{
	const char *token;
	size_t n;
	enum tier tier = TIER_NONE;
	for (size_t at = 0; source_token(part, &at, &token, &n);) {
		if (token[0] != '#')
			continue;
		tier = best(tier, match_number(token, n, typed->number, typed->n_number));
		if (typed->stripped)
			tier = best(tier, match_number(token, n, typed->stripped, typed->n_stripped));
	}
	return tier;
}

/* "zhang.wei" or "example.com": the start of an address, or of its host. */
static enum tier match_dotted(const struct typed *typed, const struct source_part *part)
{
	const struct word w = {.text = typed->dotted, .n = typed->n_dotted, .kind = WORD_LETTERS};
	const char *token;
	size_t n;
	enum tier tier = TIER_NONE;
	for (size_t at = 0; source_token(part, &at, &token, &n);)
		if (token[0] == '@')
			tier = best(tier, match_email(token, n, &w));
	return tier;
}

static void match_words(const struct typed *typed, const struct source_part *part, enum tier found[])
{
	const char *token;
	size_t n;
	for (size_t i = 0; i < typed->n_words; i++)
		if (typed->words[i].kind == WORD_UNSPACED && found[i] < TIER_WORD)
			found[i] = match_unspaced(part, &typed->words[i]);
	for (size_t at = 0; source_token(part, &at, &token, &n);)
		for (size_t i = 0; i < typed->n_words; i++)
			if (typed->words[i].kind != WORD_UNSPACED && found[i] < TIER_WORD)
				found[i] = best(found[i], match_token(typed, part, token, n, &typed->words[i]));
}

enum tier match_source(const struct typed *typed, const char *source, const struct actor *actor, size_t entity)
{
	enum tier found[TYPED_WORDS_MAX] = {TIER_NONE}, tier = TIER_NONE, all = TIER_WORD;
	struct source_part part;
	if (typed->n_words == 0)
		return TIER_NONE;
	for (const char *at = source; source_next(&at, &part);) {
		if (!readable(&part, actor, entity))
			continue;
		if (part.kind == 'n' || part.kind == 'w')
			tier = best(tier, match_whole(typed, &part));
		if (part.kind == 'd' && typed->number)
			tier = best(tier, match_as_number(typed, &part));
		if (part.kind == 'e' && typed->dotted)
			tier = best(tier, match_dotted(typed, &part));
		match_words(typed, &part, found);
	}
	for (size_t i = 0; i < typed->n_words; i++)
		if (found[i] < all)
			all = found[i];
	return best(tier, all);
}

/* --- typing errors --------------------------------------------------------- */

size_t match_errors_allowed(size_t chars)
{
	return chars < 4 || chars > DISTANCE_MAX_CHARS ? 0 : chars < 8 ? 1 : 2;
}

static size_t decode(const char *text, size_t n, uint32_t out[DISTANCE_MAX_CHARS])
{
	size_t count = 0;
	for (size_t at = 0; at < n;) {
		size_t bytes = char_bytes(text + at);
		uint32_t value = 0;
		for (size_t i = 0; i < bytes && at + i < n; i++)
			value = value << 8 | (unsigned char)text[at + i];
		if (count == DISTANCE_MAX_CHARS)
			return DISTANCE_MAX_CHARS + 1;
		out[count++] = value;
		at += bytes;
	}
	return count;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

size_t match_distance(const char *a, size_t na, const char *b, size_t nb, size_t max)
{
	uint32_t x[DISTANCE_MAX_CHARS], y[DISTANCE_MAX_CHARS];
	size_t rows[3][DISTANCE_MAX_CHARS + 1];
	na = decode(a, na, x);
	nb = decode(b, nb, y);
	if (na > DISTANCE_MAX_CHARS || nb > DISTANCE_MAX_CHARS || na > nb + max || nb > na + max)
		return max + 1;
	size_t *before = rows[0], *last = rows[1], *now = rows[2];
	for (size_t j = 0; j <= nb; j++)
		last[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t smallest = now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x[i - 1] != y[j - 1]));
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
			if (now[j] < smallest)
				smallest = now[j];
		}
		if (smallest > max)
			return max + 1;
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}
