/* A signature of our own. */
#include <sodium.h>
#include <string.h>

#include "core/dkim/dkim_internal.h"
#include "core/dkim/dkim_key.h"

enum { LINE = 72 };

/* Each as often as it stands there; `sealed`: once more, so that another one breaks the signature. */
static const struct {
	const char *name;
	bool sealed;
} names[] = {
	{"from", true}, {"reply-to", true}, {"subject", true}, {"date", true}, {"to", true}, {"cc", true}, {"message-id", true}, {"in-reply-to", false},
	{"references", false}, {"mime-version", false}, {"content-type", true}, {"content-transfer-encoding", true}, {"list-id", false},
	{"list-unsubscribe", true}, {"list-unsubscribe-post", true}, {"feedback-id", false},
};

/* Adds what h= names and hashes it: of fields of one name the lowest first. */
static bool gather(struct dkim_mail *mail, struct buf *list, struct buf *data)
{
	bool from = false;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		size_t times = names[k].sealed ? 1 : 0;
		for (size_t i = mail->n; i-- > 0;) {
			if (!dkim_field_is(&mail->fields[i], names[k].name))
				continue;
			dkim_canon_field(&mail->fields[i], DKIM_RELAXED, false, data);
			times++;
			from = from || k == 0;
		}
		for (; times > 0; times--) {
			buf_puts(list, list->len > 0 ? ":" : "");
			buf_puts(list, names[k].name);
		}
	}
	return from;
}

/* Breaks a value into lines. */
static void put_folded(struct buf *out, const char *text)
{
	for (size_t n = strlen(text), at = 0; at < n;) {
		size_t len = n - at < LINE ? n - at : LINE;
		buf_puts(out, "\r\n ");
		buf_add(out, text + at, len);
		at += len;
	}
}

/* The list of names breaks at colons. */
static void put_names(struct buf *out, const char *list)
{
	for (const char *at = list; *at != '\0';) {
		size_t len = 0;
		for (size_t next; at[len] != '\0' && (next = len + strcspn(at + len, ":") + 1) <= LINE; len = next)
			if (at[next - 1] == '\0') {
				len = next - 1;
				break;
			}
		buf_puts(out, "\r\n ");
		buf_add(out, at, len);
		at += len;
	}
}

static void put_head(const struct dkim_signing *signing, const char *body_hash, const char *list, struct buf *out)
{
	buf_printf(out, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n s=%s;", dkim_algorithm_name(signing->key->algorithm), signing->domain, signing->selector);
	if (signing->at_s > 0)
		buf_printf(out, " t=%lld;", (long long)signing->at_s);
	buf_puts(out, " h=");
	put_names(out, list);
	buf_printf(out, ";\r\n bh=%s;\r\n b=", body_hash);
}

enum err dkim_sign(struct ctx *ctx, const struct dkim_signing *signing, const char *text, size_t n, struct buf *out)
{
	struct dkim_mail mail;
	struct buf list, data, head;
	unsigned char hash[DKIM_HASH], signature[DKIM_SIGNATURE_MAX];
	char hash_text[sodium_base64_ENCODED_LEN(DKIM_HASH, sodium_base64_VARIANT_ORIGINAL)];
	char signature_text[sodium_base64_ENCODED_LEN(DKIM_SIGNATURE_MAX, sodium_base64_VARIANT_ORIGINAL)];
	int64_t bytes;
	size_t signature_n = sizeof(signature);
	enum err err = dkim_mail_read(ctx, text, n, &mail);
	if (err != OK)
		return err;
	if (mail.n > 0 && (*mail.fields[0].at == ' ' || *mail.fields[0].at == '\t')) /* it would go on with the signature's line */
		return fail(ctx, ERR_INVALID, "", "dkim_mail");
	buf_init(&list, 1 << 20);
	buf_init(&data, DKIM_MAIL_MAX);
	buf_init(&head, 1 << 20);
	bool from = gather(&mail, &list, &data);
	bool ok = from && dkim_body_hash(mail.body, mail.body_len, DKIM_RELAXED, -1, hash, &bytes);
	if (ok) {
		put_head(signing, sodium_bin2base64(hash_text, sizeof(hash_text), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL), buf_text(&list), &head);
		struct dkim_field own = {.at = buf_text(&head), .len = head.len, .name = strlen("DKIM-Signature")};
		dkim_canon_field(&own, DKIM_RELAXED, true, &data);
		ok = !buf_failed(&data) && !buf_failed(&head) && dkim_key_sign(signing->key, data.data, data.len, signature, &signature_n);
	}
	if (ok) {
		buf_add(out, head.data, head.len);
		put_folded(out, sodium_bin2base64(signature_text, sizeof(signature_text), signature, signature_n, sodium_base64_VARIANT_ORIGINAL));
		buf_puts(out, "\r\n");
	}
	buf_release(&list);
	buf_release(&data);
	buf_release(&head);
	if (!from)
		return fail(ctx, ERR_INVALID, "", "dkim_mail");
	return ok && !buf_failed(out) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}
