/* What an IMAP server says (RFC 3501), piece by piece as it comes: lines with literals in them. Bytes may be anything. */
#ifndef GUANXI_CORE_IMAP_READ_H
#define GUANXI_CORE_IMAP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Bytes. A line does not count its literals. */
enum { IMAP_LINE_MAX = 1 << 20, IMAP_LITERAL_MAX = 32 << 20, IMAP_WORD_MAX = 32, IMAP_DEPTH_MAX = 16 };

enum imap_got { IMAP_MORE, IMAP_ANSWER, IMAP_BROKEN };
enum imap_kind { IMAP_UNTAGGED, IMAP_TAGGED, IMAP_CONTINUE };

/* One answer; it points into what was read, until the next imap_in_next. */
struct imap_answer {
	enum imap_kind kind;
	char tag[IMAP_WORD_MAX];  /* of a tagged one */
	char word[IMAP_WORD_MAX]; /* "OK", "FETCH", "EXISTS" in capitals; "" of a continuation */
	uint32_t number;          /* before the word: * 12 EXISTS */
	bool numbered;
	const char *rest;         /* behind the word, without the line's end; not ended by NUL */
	size_t n;
};

struct imap_in {
	struct buf buf;
	size_t at, seen, line; /* taken; looked at; bytes of the line so far without literals */
};

void imap_in_init(struct imap_in *in);
void imap_in_release(struct imap_in *in);
/* False: more than may wait, or no memory. */
bool imap_in_add(struct imap_in *in, const void *bytes, size_t n) MUST_CHECK;
/* The next whole answer. IMAP_BROKEN: a line or literal beyond the bounds, or what no server says; nothing more is read then. */
enum imap_got imap_in_next(struct imap_in *in, struct imap_answer *ret);

/* What a FETCH answer says of a message. */
struct imap_message {
	uint32_t uid; /* 0: it did not say */
	uint64_t size;
	int64_t at;       /* INTERNALDATE, UTC ms; 0: none */
	const char *body; /* BODY[…]; NULL: none. Not ended by NUL */
	size_t n;
};
/* False: it cannot be read. */
bool imap_message_read(const struct imap_answer *answer, struct imap_message *ret) MUST_CHECK;

/* The number of a response code: [UIDVALIDITY 12]. False: there is none. */
bool imap_code_number(const struct imap_answer *answer, const char *name, uint32_t *ret) MUST_CHECK;
/* Whether a capability stands in a list of words. */
bool imap_has_word(const char *text, size_t n, const char *word);
/* Numbers of a SEARCH answer in order, the smallest first, those from `from` on and at most `max` of them. */
size_t imap_search_read(const struct imap_answer *answer, uint32_t from, uint32_t *ret, size_t max);

#endif
