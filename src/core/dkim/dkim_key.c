/* Keys, and what a public key says of a signature. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim_internal.h"
#include "core/dkim/dkim_key.h"

enum { ED25519_KEY = 32, PUBLIC_MAX = 4096 };

static const char *const algorithms[DKIM_ALGORITHMS] = {"rsa-sha256", "ed25519-sha256"};

const char *dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithm < DKIM_ALGORITHMS ? algorithms[algorithm] : "";
}

/* --- made ------------------------------------------------------------------------ */

static const char *encode(struct ctx *ctx, const unsigned char *bytes, size_t n)
{
	size_t cap = sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL);
	char *out = arena_alloc(ctx->arena, cap);
	return out != NULL ? sodium_bin2base64(out, cap, bytes, n, sodium_base64_VARIANT_ORIGINAL) : NULL;
}

static const char *record_of(struct ctx *ctx, EVP_PKEY *key, enum dkim_algorithm algorithm)
{
	unsigned char raw[ED25519_KEY], *der = NULL;
	size_t n = sizeof(raw);
	const char *text = NULL;
	if (algorithm == DKIM_ED25519_SHA256) {
		text = EVP_PKEY_get_raw_public_key(key, raw, &n) == 1 ? encode(ctx, raw, n) : NULL;
	} else {
		int len = i2d_PUBKEY(key, &der);
		text = len > 0 ? encode(ctx, der, (size_t)len) : NULL;
		OPENSSL_free(der);
	}
	return text != NULL ? arena_printf(ctx->arena, "v=DKIM1; k=%s; p=%s", algorithm == DKIM_RSA_SHA256 ? "rsa" : "ed25519", text) : NULL;
}

static bool private_of(struct ctx *ctx, EVP_PKEY *key, const void **ret, size_t *ret_n)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
	unsigned char *copy = n > 0 ? arena_alloc(ctx->arena, (size_t)n) : NULL;
	if (copy != NULL)
		memcpy(copy, der, (size_t)n);
	if (der != NULL)
		OPENSSL_clear_free(der, n > 0 ? (size_t)n : 0);
	PKCS8_PRIV_KEY_INFO_free(info);
	*ret = copy;
	*ret_n = n > 0 ? (size_t)n : 0;
	return copy != NULL;
}

enum err dkim_key_make(struct ctx *ctx, enum dkim_algorithm algorithm, const void **ret_private, size_t *ret_n, const char **ret_record)
{
	EVP_PKEY *key = algorithm == DKIM_RSA_SHA256 ? EVP_RSA_gen(DKIM_RSA_BITS) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	bool ok = key != NULL && private_of(ctx, key, ret_private, ret_n);
	*ret_record = ok ? record_of(ctx, key, algorithm) : NULL;
	EVP_PKEY_free(key);
	return ok && *ret_record != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err dkim_key_open_new(struct ctx *ctx, const void *der, size_t n, struct dkim_key **ret)
{
	const unsigned char *at = der;
	EVP_PKEY *pkey = n > 0 && n < 1 << 16 ? d2i_AutoPrivateKey(NULL, &at, (long)n) : NULL;
	int id = pkey != NULL ? EVP_PKEY_get_base_id(pkey) : 0;
	bool good = id == EVP_PKEY_ED25519 || (id == EVP_PKEY_RSA && EVP_PKEY_get_bits(pkey) >= DKIM_RSA_BITS_MIN && EVP_PKEY_get_bits(pkey) <= DKIM_BITS_MAX);
	struct dkim_key *key = good ? calloc(1, sizeof(*key)) : NULL;
	if (key == NULL) {
		EVP_PKEY_free(pkey);
		return good ? fail(ctx, ERR_LIMIT, "", "memory") : fail(ctx, ERR_INVALID, "", "dkim_key");
	}
	*key = (struct dkim_key){pkey, id == EVP_PKEY_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256};
	*ret = key;
	return OK;
}

void dkim_key_free(struct dkim_key *key)
{
	if (key != NULL)
		EVP_PKEY_free(key->pkey);
	free(key);
}

bool dkim_key_sign(const struct dkim_key *key, const char *data, size_t n, unsigned char *out, size_t *ret_n)
{
	unsigned char hash[DKIM_HASH];
	unsigned hash_n = sizeof(hash);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_Digest(data, n, hash, &hash_n, EVP_sha256(), NULL) == 1;
	if (key->algorithm == DKIM_RSA_SHA256) /* RFC 8463: Ed25519 signs the hash; RSA hashes what it is given */
		ok = ok && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key->pkey) == 1 && EVP_DigestSign(md, out, ret_n, (const unsigned char *)data, n) == 1;
	else
		ok = ok && EVP_DigestSignInit(md, NULL, NULL, NULL, key->pkey) == 1 && EVP_DigestSign(md, out, ret_n, hash, hash_n) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

/* --- asked ------------------------------------------------------------------------ */

/* The record's key, or NULL with why not. */
static EVP_PKEY *open_public(const char *text, bool rsa, const char **why)
{
	unsigned char bytes[PUBLIC_MAX];
	const unsigned char *at = bytes;
	size_t n = 0;
	*why = "the key in DNS is broken";
	if (!dkim_base64(text, bytes, sizeof(bytes), &n))
		return NULL;
	if (!rsa)
		return n == ED25519_KEY ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, n) : NULL;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)n);
	at = bytes;
	if (key == NULL) /* as RFC 6376 has it: without the wrapping */
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)n);
	int bits = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get_bits(key) : 0;
	if (bits >= DKIM_RSA_BITS_MIN && bits <= DKIM_BITS_MAX)
		return key;
	*why = bits > 0 && bits < DKIM_RSA_BITS_MIN ? "the key is too short" : *why;
	EVP_PKEY_free(key);
	return NULL;
}

/* What the record is for. */
static const char *use_wrong(const struct dkim_tags *tags, const struct dkim_claim *claim)
{
	const char *h = dkim_tag(tags, "h"), *s = dkim_tag(tags, "s"), *t = dkim_tag(tags, "t");
	if (h != NULL && !dkim_lists(h, "sha256"))
		return "the key in DNS does not allow this hash";
	if (s != NULL && !dkim_lists(s, "email") && !dkim_lists(s, "*"))
		return "the key in DNS is not for mail";
	if (t != NULL && dkim_lists(t, "s") && claim->identity != NULL && !str_equal_nocase(strrchr(claim->identity, '@') + 1, claim->domain))
		return "the key is not for subdomains";
	return NULL;
}

static const char *record_wrong(const struct dkim_tags *tags, const struct dkim_claim *claim, bool rsa)
{
	const char *v = dkim_tag(tags, "v"), *k = dkim_tag(tags, "k"), *p = dkim_tag(tags, "p");
	if (v != NULL && (!str_equal(v, "DKIM1") || !str_equal(tags->list[0].name, "v")))
		return "the key in DNS is of another version";
	if (!str_equal(k != NULL ? k : "rsa", rsa ? "rsa" : "ed25519"))
		return "the key in DNS is of another algorithm";
	if (p == NULL)
		return "the key in DNS is broken";
	return *p == '\0' ? "the key was revoked" : use_wrong(tags, claim);
}

const char *dkim_claim_wrong(struct ctx *ctx, const struct dkim_claim *claim, const char *data, size_t n)
{
	struct dkim_tags tags;
	unsigned char hash[DKIM_HASH];
	unsigned hash_n = sizeof(hash);
	bool rsa = str_equal_nocase(claim->algorithm, "rsa-sha256");
	const char *why = dkim_tags_read(ctx, claim->record, strlen(claim->record), &tags) ? record_wrong(&tags, claim, rsa) : "the key in DNS is broken";
	EVP_PKEY *key = why == NULL ? open_public(dkim_tag(&tags, "p"), rsa, &why) : NULL;
	if (key == NULL)
		return why;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_Digest(data, n, hash, &hash_n, EVP_sha256(), NULL) == 1;
	ok = ok && EVP_DigestVerifyInit(md, NULL, rsa ? EVP_sha256() : NULL, NULL, key) == 1;
	ok = ok && EVP_DigestVerify(md, claim->signature, claim->signature_len, rsa ? (const unsigned char *)data : hash, rsa ? n : hash_n) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return ok ? NULL : "the signature is wrong";
}
