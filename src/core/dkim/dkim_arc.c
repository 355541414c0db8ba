/* The chain of ARC (RFC 8617): sets of three fields, each sealing what came before it. */
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim_internal.h"

enum { SETS_MAX = 50, HASHED_MAX = 1 << 22, SIGNATURE_MAX = 2048 };
enum part { RESULTS, MESSAGE, SEAL, PARTS };

static const char *const names[PARTS] = {"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};

struct chain {
	struct ctx *ctx;
	struct dkim_mail *mail;
	const struct dkim_field *sets[SETS_MAX + 1][PARTS];
	struct dkim_tags seals[SETS_MAX + 1];
	int n;
};

/* i= of a field; 0: none that is good. The results' stands before their first semicolon. */
static int instance_of(struct ctx *ctx, const struct dkim_field *field, enum part part, struct dkim_tags *tags)
{
	const char *colon = memchr(field->at, ':', field->len), *value;
	size_t n = colon != NULL ? (size_t)(field->at + field->len - colon) - 1 : 0;
	int64_t i = 0;
	const char *semi = n > 0 ? memchr(colon + 1, ';', n) : NULL;
	if (n == 0 || (part == RESULTS && semi == NULL))
		return 0;
	if (!dkim_tags_read(ctx, colon + 1, part == RESULTS ? (size_t)(semi - colon) - 1 : n, tags))
		return 0;
	value = dkim_tag(tags, "i");
	return value != NULL && dkim_number(value, &i) && i >= 1 && i <= SETS_MAX ? (int)i : 0;
}

static const char *gather(struct chain *c)
{
	struct dkim_tags tags;
	for (size_t f = 0; f < c->mail->n; f++) {
		for (int part = 0; part < PARTS; part++) {
			if (!dkim_field_is(&c->mail->fields[f], names[part]))
				continue;
			int i = instance_of(c->ctx, &c->mail->fields[f], (enum part)part, &tags);
			if (i == 0)
				return "a field of the chain is broken";
			if (c->sets[i][part] != NULL)
				return "a field of the chain stands twice";
			c->sets[i][part] = &c->mail->fields[f];
			c->n = i > c->n ? i : c->n;
			if (part == SEAL)
				c->seals[i] = tags;
		}
	}
	for (int i = 1; i <= c->n; i++)
		for (int part = 0; part < PARTS; part++)
			if (c->sets[i][part] == NULL)
				return "a field of the chain is missing";
	return NULL;
}

/* What each seal says of the chain before it. */
static const char *words_wrong(const struct chain *c)
{
	for (int i = 1; i <= c->n; i++) {
		const char *cv = dkim_tag(&c->seals[i], "cv");
		if (!str_equal_nocase(cv != NULL ? cv : "", i == 1 ? "none" : "pass"))
			return "a seal says that the chain was broken before";
	}
	return NULL;
}

static bool seal_complete(const struct dkim_tags *tags)
{
	static const char *const needed[] = {"a", "d", "s", "b"};
	bool all = dkim_tag(tags, "h") == NULL && dkim_tag(tags, "bh") == NULL;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		all = all && dkim_tag(tags, needed[i]) != NULL;
	return all;
}

/* What a seal claims, and the name of its key. */
static const char *read_seal(struct chain *c, int i, int64_t now_s, struct dkim_claim *claim, unsigned char signature[SIGNATURE_MAX], const char **ret_name)
{
	static const char broken[] = "a seal is broken";
	const struct dkim_tags *tags = &c->seals[i];
	const char *a = dkim_tag(tags, "a"), *d = dkim_tag(tags, "d"), *s = dkim_tag(tags, "s"), *b = dkim_tag(tags, "b"), *x = dkim_tag(tags, "x");
	int64_t ends = now_s;
	if (!seal_complete(tags) || !dkim_base64(b, signature, SIGNATURE_MAX, &claim->signature_len) || (x != NULL && !dkim_number(x, &ends)) || ends < now_s)
		return broken;
	claim->algorithm = dkim_unfold(c->ctx, a);
	claim->domain = dkim_unfold(c->ctx, d);
	s = dkim_unfold(c->ctx, s);
	*ret_name = s != NULL && claim->domain != NULL ? arena_printf(c->ctx->arena, "%s._domainkey.%s", s, claim->domain) : NULL;
	if (claim->algorithm == NULL || *ret_name == NULL)
		return "there is no memory";
	bool known = str_equal_nocase(claim->algorithm, "rsa-sha256") || str_equal_nocase(claim->algorithm, "ed25519-sha256");
	return known ? NULL : "the algorithm is not known";
}

static const char *seal_wrong(struct chain *c, int i, int64_t now_s, dkim_txt_fn txt, void *arg)
{
	unsigned char signature[SIGNATURE_MAX];
	struct dkim_claim claim = {.signature = signature};
	struct buf data;
	const char *name, *why = read_seal(c, i, now_s, &claim, signature, &name);
	if (why != NULL)
		return why;
	claim.record = txt(arg, name);
	if (claim.record == NULL)
		return "there is no key in DNS";
	buf_init(&data, HASHED_MAX);
	for (int k = 1; k <= i; k++)
		for (int part = 0; part < PARTS; part++)
			dkim_canon_field(c->sets[k][part], DKIM_RELAXED, k == i && part == SEAL, &data);
	why = buf_failed(&data) ? "the header is too large" : dkim_claim_wrong(c->ctx, &claim, buf_text(&data), data.len);
	buf_release(&data);
	return why;
}

static const char *chain_wrong(struct chain *c, int64_t now_s, dkim_txt_fn txt, void *arg)
{
	struct dkim_result message;
	const char *why = words_wrong(c);
	if (why != NULL)
		return why;
	dkim_check(c->ctx, c->mail, c->sets[c->n][MESSAGE], true, now_s, txt, arg, &message);
	if (!message.pass)
		return message.why;
	for (int i = c->n; i >= 1 && why == NULL; i--)
		why = seal_wrong(c, i, now_s, txt, arg);
	return why;
}

enum err dkim_arc_verify(struct ctx *ctx, const char *text, size_t n, int64_t now_s, dkim_txt_fn txt, void *arg, const char **ret, const char **ret_why)
{
	struct dkim_mail mail;
	struct chain *c = arena_alloc(ctx->arena, sizeof(*c));
	enum err err = c != NULL ? dkim_mail_read(ctx, text, n, &mail) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	c->ctx = ctx;
	c->mail = &mail;
	const char *why = gather(c);
	bool none = why == NULL && c->n == 0;
	if (why == NULL && !none)
		why = chain_wrong(c, now_s, txt, arg);
	*ret = none ? "none" : why == NULL ? "pass" : "fail";
	*ret_why = why != NULL ? why : "";
	return OK;
}
