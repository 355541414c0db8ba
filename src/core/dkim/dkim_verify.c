/* Signatures of others. */
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim_internal.h"

enum { HASHED_MAX = 1 << 22, SIGNATURE_MAX = 2048 };

struct checking {
	struct ctx *ctx;
	struct dkim_tags tags;
	enum dkim_canon head, body;
	const char *a, *d, *s, *h, *i;
	int64_t limit;
	unsigned char bh[DKIM_HASH], signature[SIGNATURE_MAX];
	size_t bh_n, signature_n;
};

static bool read_canon(const char *c, struct checking *k)
{
	static const char *const words[] = {"simple", "relaxed"};
	const char *slash = strchr(c, '/');
	size_t n = slash != NULL ? (size_t)(slash - c) : strlen(c);
	bool head = false, body = slash == NULL;
	for (int i = 0; i < 2; i++) {
		if (strlen(words[i]) == n && strncasecmp(words[i], c, n) == 0)
			head = true, k->head = (enum dkim_canon)i;
		if (slash != NULL && str_equal_nocase(slash + 1, words[i]))
			body = true, k->body = (enum dkim_canon)i;
	}
	return head && body;
}

static const char *read_times(const struct dkim_tags *tags, int64_t now_s)
{
	const char *t = dkim_tag(tags, "t"), *x = dkim_tag(tags, "x");
	int64_t made = 0, ends = 0;
	if ((t != NULL && !dkim_number(t, &made)) || (x != NULL && !dkim_number(x, &ends)))
		return "the signature is broken";
	if (x != NULL && t != NULL && ends < made)
		return "the signature is broken";
	return x != NULL && now_s > ends ? "the signature has expired" : NULL;
}

static const char *read_algorithm(struct checking *k)
{
	if (str_equal_nocase(k->a, "rsa-sha256") || str_equal_nocase(k->a, "ed25519-sha256"))
		return NULL;
	return str_equal_nocase(k->a, "rsa-sha1") ? "SHA-1 is no longer trusted" : "the algorithm is not known";
}

/* i= lies in d=. */
static bool identity_good(const struct checking *k)
{
	const char *at = k->i != NULL ? strrchr(k->i, '@') : NULL;
	size_t n = at != NULL ? strlen(at + 1) : 0, d = strlen(k->d);
	if (k->i == NULL)
		return true;
	return at != NULL && n >= d && str_equal_nocase(at + 1 + n - d, k->d) && (n == d || at[n - d] == '.');
}

/* What must be there. */
static bool complete(const struct checking *k, bool arc)
{
	const char *v = dkim_tag(&k->tags, "v");
	bool version = arc ? v == NULL : str_equal(v, "1");
	return version && dkim_tag(&k->tags, "b") != NULL && dkim_tag(&k->tags, "bh") != NULL && *k->a != '\0' && *k->d != '\0' && *k->s != '\0';
}

static bool read_how(struct checking *k, bool arc)
{
	const char *c = dkim_tag(&k->tags, "c"), *q = dkim_tag(&k->tags, "q"), *l = dkim_tag(&k->tags, "l");
	k->limit = -1;
	k->head = k->body = arc ? DKIM_RELAXED : DKIM_SIMPLE; /* where c= does not say; of ARC as its test suite has it */
	return (c == NULL || read_canon(c, k)) && (q == NULL || dkim_lists(q, "dns/txt")) && (l == NULL || dkim_number(l, &k->limit));
}

static const char *read_values(struct checking *k, bool arc)
{
	static const char broken[] = "the signature is broken";
	if (!complete(k, arc) || !read_how(k, arc))
		return broken;
	if (!dkim_base64(dkim_tag(&k->tags, "b"), k->signature, sizeof(k->signature), &k->signature_n))
		return broken;
	if (!dkim_base64(dkim_tag(&k->tags, "bh"), k->bh, sizeof(k->bh), &k->bh_n))
		return broken;
	/* the chain of ARC asks for no fields by name, but its seals come after */
	if (arc ? dkim_lists(k->h, "arc-seal") : !dkim_lists(k->h, "from") || !identity_good(k))
		return broken;
	return read_algorithm(k);
}

static const char *unfolded(struct ctx *ctx, const struct dkim_tags *tags, const char *name)
{
	const char *value = dkim_tag(tags, name);
	value = value != NULL ? dkim_unfold(ctx, value) : NULL;
	return value != NULL ? value : "";
}

static const char *read_signature(struct checking *k, const struct dkim_field *field, bool arc, int64_t now_s)
{
	const char *colon = memchr(field->at, ':', field->len);
	if (colon == NULL || !dkim_tags_read(k->ctx, colon + 1, (size_t)(field->at + field->len - colon) - 1, &k->tags))
		return "the signature is broken";
	k->a = unfolded(k->ctx, &k->tags, "a");
	k->d = unfolded(k->ctx, &k->tags, "d");
	k->s = unfolded(k->ctx, &k->tags, "s");
	k->h = unfolded(k->ctx, &k->tags, "h");
	k->i = !arc && dkim_tag(&k->tags, "i") != NULL ? unfolded(k->ctx, &k->tags, "i") : NULL;
	const char *why = read_values(k, arc);
	return why != NULL ? why : read_times(&k->tags, now_s);
}

/* The fields that h= names: of one name the lowest first, each once. */
static void put_fields(struct dkim_mail *mail, const struct dkim_field *own, const struct checking *k, struct buf *out)
{
	for (size_t i = 0; i < mail->n; i++)
		mail->fields[i].used = &mail->fields[i] == own;
	for (const char *at = k->h; *at != '\0';) {
		size_t len = strcspn(at, ":");
		for (size_t i = mail->n; len > 0 && i-- > 0;) {
			struct dkim_field *f = &mail->fields[i];
			if (f->used || f->name != len || strncasecmp(f->at, at, len) != 0)
				continue;
			f->used = true;
			dkim_canon_field(f, k->head, false, out);
			break;
		}
		at += len + (at[len] == ':');
	}
	dkim_canon_field(own, k->head, true, out);
}

static const char *body_wrong(const struct dkim_mail *mail, const struct checking *k)
{
	unsigned char found[DKIM_HASH];
	int64_t bytes = 0;
	if (!dkim_body_hash(mail->body, mail->body_len, k->body, k->limit, found, &bytes))
		return "there is no memory";
	if (k->limit > bytes)
		return "the body was cut";
	return k->bh_n == sizeof(found) && memcmp(found, k->bh, sizeof(found)) == 0 ? NULL : "the body was changed";
}

static const char *claim_wrong(struct checking *k, struct dkim_mail *mail, const struct dkim_field *field, dkim_txt_fn txt, void *arg)
{
	struct buf data;
	struct dkim_claim claim = {.algorithm = k->a, .domain = k->d, .identity = k->i, .signature = k->signature, .signature_len = k->signature_n};
	const char *name = arena_printf(k->ctx->arena, "%s._domainkey.%s", k->s, k->d);
	claim.record = name != NULL ? txt(arg, name) : NULL;
	if (claim.record == NULL)
		return "there is no key in DNS";
	buf_init(&data, HASHED_MAX);
	put_fields(mail, field, k, &data);
	const char *why = buf_failed(&data) ? "the header is too large" : dkim_claim_wrong(k->ctx, &claim, buf_text(&data), data.len);
	buf_release(&data);
	return why;
}

void dkim_check(struct ctx *ctx, struct dkim_mail *mail, const struct dkim_field *field, bool arc, int64_t now_s, dkim_txt_fn txt, void *arg, struct dkim_result *ret)
{
	struct checking k = {.ctx = ctx, .a = "", .d = "", .s = ""};
	const char *why = read_signature(&k, field, arc, now_s);
	if (why == NULL)
		why = body_wrong(mail, &k);
	if (why == NULL)
		why = claim_wrong(&k, mail, field, txt, arg);
	*ret = (struct dkim_result){.domain = k.d, .selector = k.s, .algorithm = k.a, .pass = why == NULL, .why = why != NULL ? why : ""};
}

enum err dkim_verify(struct ctx *ctx, const char *text, size_t n, int64_t now_s, dkim_txt_fn txt, void *arg, struct dkim_result **ret, size_t *ret_n)
{
	struct dkim_mail mail;
	enum err err = dkim_mail_read(ctx, text, n, &mail);
	*ret = err == OK ? arena_array(ctx->arena, DKIM_SIGNATURES_MAX, sizeof(**ret)) : NULL;
	*ret_n = 0;
	if (err != OK)
		return err;
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < mail.n && *ret_n < DKIM_SIGNATURES_MAX; i++)
		if (dkim_field_is(&mail.fields[i], "DKIM-Signature"))
			dkim_check(ctx, &mail, &mail.fields[i], false, now_s, txt, arg, &(*ret)[(*ret_n)++]);
	return OK;
}
