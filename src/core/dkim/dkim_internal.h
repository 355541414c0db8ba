/* Between the parts of core/dkim. Not for others. */
#ifndef GUANXI_CORE_DKIM_DKIM_INTERNAL_H
#define GUANXI_CORE_DKIM_DKIM_INTERNAL_H

#include "core/dkim/dkim.h"

enum { DKIM_TAGS_MAX = 64, DKIM_HASH = 32, DKIM_BITS_MAX = 16384 };

/* A header field, with its line ends. */
struct dkim_field {
	const char *at;
	size_t len, name; /* name: bytes before the colon and blanks before that */
	bool used;
};

/* A mail taken apart; what it points to has CRLF everywhere. */
struct dkim_mail {
	struct dkim_field *fields;
	size_t n;
	const char *body;
	size_t body_len;
};

enum err dkim_mail_read(struct ctx *ctx, const char *mail, size_t n, struct dkim_mail *ret) MUST_CHECK;
bool dkim_field_is(const struct dkim_field *field, const char *name);

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };

/* Appends the field as it is hashed; without_b: the value of its tag b left out, and the last line end. */
void dkim_canon_field(const struct dkim_field *field, enum dkim_canon canon, bool without_b, struct buf *out);
/* SHA-256 of the body, of its first `limit` canonical bytes (-1: all); *ret_bytes: how many it has. False: no memory. */
bool dkim_body_hash(const char *body, size_t n, enum dkim_canon canon, int64_t limit, unsigned char ret[DKIM_HASH], int64_t *ret_bytes) MUST_CHECK;

/* "a=b; c=d" */
struct dkim_tags {
	struct {
		const char *name, *value; /* blanks and folds within are there, those around are not */
	} list[DKIM_TAGS_MAX];
	size_t n;
};
/* False: it is no such list, or a tag stands twice. */
bool dkim_tags_read(struct ctx *ctx, const char *text, size_t n, struct dkim_tags *ret) MUST_CHECK;
const char *dkim_tag(const struct dkim_tags *tags, const char *name); /* NULL: it is not there */
/* Without any blanks. In ctx's arena, NULL: no memory. */
const char *dkim_unfold(struct ctx *ctx, const char *text);
/* Whether `word` stands in a list with colons between. */
bool dkim_lists(const char *list, const char *word);
/* Bytes of base64 with blanks; false: it is none, or longer than `max`. */
bool dkim_base64(const char *text, unsigned char *out, size_t max, size_t *ret_n) MUST_CHECK;
/* Digits alone, up to 12 of them. */
bool dkim_number(const char *text, int64_t *ret) MUST_CHECK;

/* What a public key says of `data`; NULL: the signature is right, else why it is not. `record` is DNS's. */
struct dkim_claim {
	const char *algorithm, *record, *domain, *identity; /* identity: i=, or NULL */
	const unsigned char *signature;
	size_t signature_len;
};
const char *dkim_claim_wrong(struct ctx *ctx, const struct dkim_claim *claim, const char *data, size_t n);

/* Checks one signature field: of DKIM, or the message signature of ARC (`arc`: its instance number stands in the tag i). */
void dkim_check(struct ctx *ctx, struct dkim_mail *mail, const struct dkim_field *field, bool arc, int64_t now_s, dkim_txt_fn txt, void *arg, struct dkim_result *ret);

#endif
