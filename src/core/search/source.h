/* The text the index keeps of a record, and the terms made of it.
 *
 * Source: one line per part, "<kind><field> <tokens>", tokens as core/text makes
 * them.  It stands in search_doc and is all that is needed to remove, rank and
 * check; the terms are made of it here and nowhere else, by plain code without
 * any library, so that the same source gives the same terms for ever. */
#ifndef GUANXI_CORE_SEARCH_SOURCE_H
#define GUANXI_CORE_SEARCH_SOURCE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "core/search/search.h"

enum {
	SOURCE_MAX = 8192,      /* bytes of tokens kept of a record */
	TERMS_MAX = 1 << 20,
	TERM_MAX = 80,          /* bytes of one term */
};

/* First bytes of a term that say what it is; a term without one is a word. */
#define TERM_EDGE '<'      /* first 2 or 4 letters of a word of a name or of its pinyin */
#define TERM_TRIGRAM '%'   /* three letters of a word of a name, not the first three */
#define TERM_EXACT '='     /* a whole name, if it is one short word */
#define TERM_NUMBER '#'    /* a number or code */
#define TERM_REVERSED '$'  /* the same backwards, for tails */
#define TERM_EMAIL '@'     /* an address; "@@" its host */
#define TERM_SCOPE '!'     /* "!o" owner, "!t" team, "!b" branch */

enum err source_write(struct ctx *ctx, const struct search_doc *doc, struct buf *out) MUST_CHECK;

/* One part of a source. */
struct source_part {
	char kind; /* 'w', 'n', 'd', 'e' as enum text_kind */
	size_t field;
	const char *tokens;
	size_t n;
};
/* Walks the parts: false at the end. */
bool source_next(const char **at, struct source_part *ret);
/* Walks the tokens of a part. */
bool source_token(const struct source_part *part, size_t *at, const char **ret, size_t *ret_n);

/* All terms of a source, separated by spaces. */
void source_terms(const char *source, struct buf *out);
/* The scope terms: who may see the record. */
void source_scope_terms(int64_t owner, int64_t team, int64_t branch, struct buf *out);
void source_scope_term(char kind, int64_t id, struct buf *out);
/* PostgreSQL, which has no ranges of documents: all terms, each with its entity in
 * front ("0/zhang"), no space at the end.  So the planner's statistics tell how
 * common a term is within the entity. */
void source_entity_terms(size_t entity, const char *source, int64_t owner, int64_t team, int64_t branch, struct buf *out);
/* The same as a tsvector's text ("'0/zhang' "), of terms separated by spaces. */
void source_quoted_terms(size_t entity, const struct buf *terms, struct buf *out);
/* "0/" */
void source_entity_prefix(size_t entity, struct buf *out);

/* --- characters --------------------------------------------------------- */

/* Bytes of the UTF-8 character at `at` of folded text. */
static inline size_t char_bytes(const char *at)
{
	unsigned char c = (unsigned char)*at;
	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}
size_t source_chars(const char *text, size_t n);
/* Bytes of the first k characters, at most n. */
size_t source_chars_bytes(const char *text, size_t n, size_t k);
/* Whether a token is written without spaces (Chinese and the like): paired, not cut into letters. */
bool source_is_unspaced(const char *token, size_t n);

#endif
