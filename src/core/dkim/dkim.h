/* DKIM signatures of mails (RFC 6376, RFC 8301, RFC 8463): made and checked, on OpenSSL. Pure: no network, no database.
 *
 * Mails may end their lines by CRLF or LF; they are signed and checked as if by CRLF. */
#ifndef GUANXI_CORE_DKIM_DKIM_H
#define GUANXI_CORE_DKIM_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256, DKIM_ALGORITHMS };

enum { DKIM_MAIL_MAX = 64 << 20, DKIM_FIELDS_MAX = 5000, DKIM_SIGNATURES_MAX = 20, DKIM_RSA_BITS = 2048, DKIM_RSA_BITS_MIN = 1024 };

/* "rsa-sha256", "ed25519-sha256" */
const char *dkim_algorithm_name(enum dkim_algorithm algorithm);

/* --- keys ---------------------------------------------------------------------- */

struct dkim_key;

/* A new key: *ret_private (PKCS#8 DER, to be sealed) and *ret_record ("v=DKIM1; k=rsa; p=…", what DNS shall say), both in ctx's arena. */
enum err dkim_key_make(struct ctx *ctx, enum dkim_algorithm algorithm, const void **ret_private, size_t *ret_n, const char **ret_record) MUST_CHECK;
/* ERR_INVALID "dkim_key": no PKCS#8 key of RSA (1,024 bits at least) or Ed25519. */
enum err dkim_key_open_new(struct ctx *ctx, const void *der, size_t n, struct dkim_key **ret) MUST_CHECK;
void dkim_key_free(struct dkim_key *key);

/* --- signing ------------------------------------------------------------------- */

struct dkim_signing {
	const struct dkim_key *key;
	const char *domain, *selector; /* of DNS, in ASCII */
	int64_t at_s; /* UTC seconds; 0: none is written */
};
/* Appends a whole "DKIM-Signature: …" field (relaxed/relaxed, with CRLF) that stands before the mail. Fields that a reader sees are
 * signed once more than they stand there, so that none can be added. ERR_INVALID "dkim_mail": no From, or no header. */
enum err dkim_sign(struct ctx *ctx, const struct dkim_signing *signing, const char *mail, size_t n, struct buf *out) MUST_CHECK;

/* --- checking ------------------------------------------------------------------- */

struct dkim_result {
	const char *domain, *selector, *algorithm; /* "" where the signature does not say */
	bool pass;
	const char *why; /* in English, short: "body changed"; "" when it passes */
};

/* The text of a DNS record, its strings joined; NULL: there is none. */
typedef const char *(*dkim_txt_fn)(void *arg, const char *name);

/* Checks each signature, from the top, at most DKIM_SIGNATURES_MAX; results in ctx's arena. ERR_LIMIT: too large, too many fields. */
enum err dkim_verify(struct ctx *ctx, const char *mail, size_t n, int64_t now_s, dkim_txt_fn txt, void *arg, struct dkim_result **ret, size_t *ret_n) MUST_CHECK;

/* "pass", "fail", "none" (RFC 8617): the chain of ARC seals. *ret_why as above. */
enum err dkim_arc_verify(struct ctx *ctx, const char *mail, size_t n, int64_t now_s, dkim_txt_fn txt, void *arg, const char **ret, const char **ret_why) MUST_CHECK;

#endif
