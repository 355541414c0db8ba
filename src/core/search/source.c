#include "core/search/source.h"

#include <string.h>

#include "base/str.h"

/* --- characters --------------------------------------------------------- */

size_t source_chars(const char *text, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

size_t source_chars_bytes(const char *text, size_t n, size_t k)
{
	size_t at = 0;
	while (k-- > 0 && at < n)
		at += char_bytes(text + at);
	return at < n ? at : n;
}

/* By the first character; core/text cuts tokens where the kind of script changes. */
bool source_is_unspaced(const char *token, size_t n)
{
	unsigned char c = (unsigned char)token[0];
	if (n < 3 || c < 0xE0)
		return false;
	uint32_t cp = 0;
	if (c < 0xF0)
		cp = (uint32_t)(c & 0x0F) << 12 | (uint32_t)((unsigned char)token[1] & 0x3F) << 6 | ((unsigned char)token[2] & 0x3F);
	else
		cp = (uint32_t)(c & 0x07) << 18 | (uint32_t)((unsigned char)token[1] & 0x3F) << 12;
	return (cp >= 0x0E00 && cp <= 0x0EFF) || (cp >= 0x1000 && cp <= 0x109F) || (cp >= 0x1780 && cp <= 0x17FF) ||
	       (cp >= 0x3005 && cp <= 0x9FFF) || (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
	       (cp >= 0x20000 && cp <= 0x3FFFF);
}

/* --- the source --------------------------------------------------------- */

static size_t cut_at_character(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);
	if (n <= max)
		return n;
	n = max;
	while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

enum err source_write(struct ctx *ctx, const struct search_doc *doc, struct buf *out)
{
	static const char letters[] = {[TEXT_WORDS] = 'w', [TEXT_NAME] = 'n', [TEXT_NUMBER] = 'd', [TEXT_EMAIL] = 'e'};
	for (size_t i = 0; i < doc->n_parts && out->len < SOURCE_MAX; i++) {
		const struct search_part *part = &doc->parts[i];
		if (str_empty(part->text))
			continue;
		size_t start = out->len;
		buf_putc(out, letters[part->kind]);
		buf_put_u64(out, part->field);
		buf_putc(out, ' ');
		size_t head = out->len;
		size_t n = cut_at_character(part->text, SOURCE_MAX - start);
		enum err err = text_index_tokens(ctx, part->text, n, part->kind, out);
		if (err)
			return err;
		if (out->len == head)
			buf_truncate(out, start);
		else
			buf_putc(out, '\n');
	}
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

bool source_next(const char **at, struct source_part *ret)
{
	const char *p = *at;
	if (!p || !*p)
		return false;
	ret->kind = *p++;
	ret->field = 0;
	while (*p >= '0' && *p <= '9')
		ret->field = ret->field * 10 + (size_t)(*p++ - '0');
	if (*p == ' ')
		p++;
	const char *end = strchr(p, '\n');
	ret->tokens = p;
	ret->n = end ? (size_t)(end - p) : strlen(p);
	*at = end ? end + 1 : p + ret->n;
	return true;
}

bool source_token(const struct source_part *part, size_t *at, const char **ret, size_t *ret_n)
{
	while (*at < part->n && part->tokens[*at] == ' ')
		(*at)++;
	if (*at >= part->n)
		return false;
	const char *start = part->tokens + *at;
	const char *space = memchr(start, ' ', part->n - *at);
	*ret_n = space ? (size_t)(space - start) : part->n - *at;
	*ret = start;
	*at += *ret_n;
	return true;
}

/* --- terms -------------------------------------------------------------- */

static void put_term(struct buf *out, char kind, const char *text, size_t n)
{
	char *to = buf_reserve(out, n + 2);
	if (!to)
		return;
	size_t len = 0;
	if (kind)
		to[len++] = kind;
	memcpy(to + len, text, n);
	len += n;
	to[len++] = ' ';
	to[len] = 0;
	out->len += len;
}

/* The character before, so that neighbours pair over a blank or a dot: 孟 非 is found as 孟非. */
struct neighbour {
	char text[4];
	size_t n; /* 0: none */
};

/* Single characters only of names: one character finds a family name, in a note it finds nothing of use. */
static void unspaced_terms(const char *token, size_t n, bool singles, struct neighbour *last, struct buf *out)
{
	for (size_t at = 0; at < n;) {
		char pair[sizeof last->text * 2];
		size_t bytes = char_bytes(token + at);
		if (bytes > n - at)
			break;
		if (singles || bytes == n)
			put_term(out, 0, token + at, bytes);
		if (last->n > 0) {
			memcpy(pair, last->text, last->n);
			memcpy(pair + last->n, token + at, bytes);
			put_term(out, 0, pair, last->n + bytes);
		}
		memcpy(last->text, token + at, bytes);
		last->n = bytes;
		at += bytes;
	}
}

static void edge_terms(const char *word, size_t n, struct buf *out)
{
	static const size_t lengths[] = {2, 4};
	size_t chars = source_chars(word, n);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] <= chars; i++)
		put_term(out, TERM_EDGE, word, source_chars_bytes(word, n, lengths[i]));
}

/* From the second letter on: a fragment at the start is a prefix, for which there are edges. */
static void trigram_terms(const char *word, size_t n, struct buf *out)
{
	for (size_t at = char_bytes(word); at < n; at += char_bytes(word + at)) {
		size_t bytes = source_chars_bytes(word + at, n - at, 3);
		if (source_chars(word + at, bytes) < 3)
			return;
		put_term(out, TERM_TRIGRAM, word + at, bytes);
	}
}

static size_t field_end(const char *token, size_t n, size_t at)
{
	const char *comma = at < n ? memchr(token + at, ',', n - at) : NULL;
	return comma ? (size_t)(comma - token) : n;
}

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

/* "*zhangweiming,zwm,weiming": the whole and its start, the initials and their start, the given name. */
static void reading_terms(const char *token, size_t n, struct buf *out)
{
	size_t full = field_end(token, n, 1), initials = field_end(token, n, full + 1);
	put_term(out, 0, token + 1, at_most(full - 1, TERM_MAX));
	edge_terms(token + 1, full - 1, out);
	size_t n_initials = initials > full ? initials - full - 1 : 0;
	if (n_initials > 1)
		put_term(out, 0, token + full + 1, n_initials);
	if (n_initials > 2)
		put_term(out, TERM_EDGE, token + full + 1, 2);
	if (initials + 1 < n)
		put_term(out, 0, token + initials + 1, at_most(n - initials - 1, TERM_MAX));
}

static void reversed_term(const char *token, size_t n, struct buf *out)
{
	char reversed[TERM_MAX];
	size_t len = 0;
	for (size_t i = n; i-- > 0 && len < sizeof reversed;)
		reversed[len++] = token[i];
	put_term(out, TERM_REVERSED, reversed, len);
}

/* "#13800138000/86", "#so2024000123/": as it is dialled at home, and backwards with the calling code at the end. */
static void number_terms(const char *token, size_t n, struct buf *out)
{
	const char *slash = memchr(token, '/', n);
	size_t len = slash ? (size_t)(slash - token) : n;
	put_term(out, 0, token, len);
	char whole[TERM_MAX];
	size_t code = slash ? n - len - 1 : 0;
	if (len < 2 || code > 3 || len > TERM_MAX - 4)
		return;
	if (code > 0)
		memcpy(whole, slash + 1, code);
	memcpy(whole + code, token + 1, len - 1);
	reversed_term(whole, code + len - 1, out);
}

static void email_terms(const char *token, size_t n, struct buf *out)
{
	put_term(out, 0, token, at_most(n, TERM_MAX));
	const char *host = memrchr(token, '@', n);
	size_t len = n - (size_t)(host - token);
	if (host > token && len > 1 && len < TERM_MAX - 1)
		put_term(out, TERM_EMAIL, host, len);
}

static void word_terms(const char *token, size_t n, char kind, struct neighbour *last, struct buf *out)
{
	if (source_is_unspaced(token, n)) {
		unspaced_terms(token, n, kind == 'n', last, out);
		return;
	}
	last->n = 0;
	put_term(out, 0, token, n);
	if (kind != 'n')
		return;
	edge_terms(token, n, out);
	trigram_terms(token, n, out);
}

/* Only of names of one short word, or two characters however far apart: all records with a longer one are few
 * enough to be ranked. */
static void exact_term(const struct source_part *part, struct buf *out)
{
	char whole[TERM_MAX];
	const char *token;
	size_t n, len = 0, tokens = 0;
	bool unspaced = true;
	for (size_t at = 0; source_token(part, &at, &token, &n) && token[0] != '*'; tokens++) {
		if (len + n > TERM_MAX - 2)
			return;
		memcpy(whole + len, token, n);
		len += n;
		unspaced = unspaced && source_is_unspaced(token, n);
	}
	if (len > 0 && (unspaced ? source_chars(whole, len) <= 2 : tokens == 1))
		put_term(out, TERM_EXACT, whole, len);
}

void source_terms(const char *source, struct buf *out)
{
	struct source_part part;
	for (const char *p = source; source_next(&p, &part);) {
		struct neighbour last = {.n = 0};
		const char *token;
		size_t n;
		for (size_t at = 0; source_token(&part, &at, &token, &n);) {
			switch (token[0]) {
			case '*':
				reading_terms(token, n, out);
				break;
			case '#':
				number_terms(token, n, out);
				break;
			case '@':
				email_terms(token, n, out);
				break;
			default:
				word_terms(token, n, part.kind, &last, out);
			}
		}
		if (part.kind == 'n')
			exact_term(&part, out);
	}
}

void source_scope_term(char kind, int64_t id, struct buf *out)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char text[16];
	size_t at = sizeof text;
	for (uint64_t rest = (uint64_t)id; rest > 0; rest /= 36)
		text[--at] = digits[rest % 36];
	text[--at] = kind;
	put_term(out, TERM_SCOPE, text + at, sizeof text - at);
}

void source_scope_terms(int64_t owner, int64_t team, int64_t branch, struct buf *out)
{
	if (owner > 0)
		source_scope_term('o', owner, out);
	if (team > 0)
		source_scope_term('t', team, out);
	if (branch > 0)
		source_scope_term('b', branch, out);
}

void source_entity_prefix(size_t entity, struct buf *out)
{
	buf_put_u64(out, entity);
	buf_putc(out, '/');
}

void source_entity_terms(size_t entity, const char *source, int64_t owner, int64_t team, int64_t branch, struct buf *out)
{
	struct buf terms;
	buf_init(&terms, TERMS_MAX);
	source_terms(source, &terms);
	source_scope_terms(owner, team, branch, &terms);
	out->failed = out->failed || buf_failed(&terms);
	for (size_t at = 0; at < terms.len;) {
		const char *space = memchr(terms.data + at, ' ', terms.len - at);
		size_t end = space ? (size_t)(space - terms.data) : terms.len;
		if (out->len > 0)
			buf_putc(out, ' ');
		source_entity_prefix(entity, out);
		buf_add(out, terms.data + at, end - at);
		at = end + 1;
	}
	buf_release(&terms);
}

void source_quoted_terms(size_t entity, const struct buf *terms, struct buf *out)
{
	for (size_t at = 0; at < terms->len;) {
		const char *space = memchr(terms->data + at, ' ', terms->len - at);
		size_t end = space ? (size_t)(space - terms->data) : terms->len;
		if (end > at) {
			buf_putc(out, '\'');
			source_entity_prefix(entity, out);
			for (size_t i = at; i < end; i++) {
				if (terms->data[i] == '\'' || terms->data[i] == '\\')
					buf_putc(out, terms->data[i]);
				buf_putc(out, terms->data[i]);
			}
			buf_puts(out, "' ");
		}
		at = end + 1;
	}
	out->failed = out->failed || buf_failed(terms);
}
