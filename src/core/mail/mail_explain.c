/* What is understood of a message, as JSON. */
#include <string.h>

#include "base/jsonw.h"
#include "core/mail/mail_internal.h"
#include "core/mail/mail_reply.h"
#include "core/mail/mail_sanitize.h"

static void put_recipients(struct jsonw *w, const struct mail *mail)
{
	static const char *const names[] = {NULL, "soft", "hard"};
	jsonw_key(w, "recipients");
	jsonw_array(w);
	for (size_t i = 0; i < mail->n_recipients; i++) {
		const struct mail_recipient *one = &mail->recipients[i];
		jsonw_object(w);
		jsonw_kv_text(w, "address", one->address);
		jsonw_kv_text(w, "status", one->status);
		jsonw_kv_text(w, "bounce", names[one->failure]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_attachments(struct jsonw *w, const struct mail *mail)
{
	jsonw_key(w, "attachments");
	jsonw_array(w);
	for (size_t i = 0; i < mail->n_attachments; i++) {
		const struct mail_attachment *one = &mail->attachments[i];
		jsonw_object(w);
		jsonw_kv_text(w, "name", one->name);
		jsonw_kv_text(w, "type", one->type);
		jsonw_kv_text(w, "content_id", one->content_id);
		jsonw_kv_int(w, "size", (int64_t)one->size);
		jsonw_kv_bool(w, "inline", one->embedded);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err put_reply(struct ctx *ctx, struct jsonw *w, const struct mail *mail)
{
	struct buf reply;
	buf_init(&reply, (size_t)MAIL_BYTES_MAX * 3);
	enum err err = mail_reply(ctx, mail->text, &reply);
	jsonw_kv_text(w, "reply", buf_text(&reply));
	buf_release(&reply);
	return err;
}

static enum err put_html(struct ctx *ctx, struct jsonw *w, const struct mail *mail)
{
	struct buf clean;
	buf_init(&clean, (size_t)MAIL_BYTES_MAX * 3);
	enum err err = mail->html != NULL ? mail_sanitize(ctx, mail->html, strlen(mail->html), &clean) : OK;
	jsonw_kv_text(w, "html", mail->html != NULL ? buf_text(&clean) : NULL);
	buf_release(&clean);
	return err;
}

enum err mail_explain(struct ctx *ctx, const char *file, const struct mail *mail, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_text(&w, "file", file);
	jsonw_kv_text(&w, "kind", mail_kind_name(mail->kind));
	jsonw_kv_text(&w, "from", mail->from);
	jsonw_kv_text(&w, "to", mail->to);
	jsonw_kv_text(&w, "subject", mail->subject);
	jsonw_kv_text(&w, "message_id", mail->message_id);
	jsonw_key(&w, "references");
	jsonw_array(&w);
	for (size_t i = 0; i < mail->n_references; i++)
		jsonw_text(&w, mail->references[i]);
	jsonw_end_array(&w);
	put_recipients(&w, mail);
	jsonw_kv_text(&w, "text", mail->text);
	if (put_reply(ctx, &w, mail) != OK || put_html(ctx, &w, mail) != OK)
		return ERR_LIMIT;
	put_attachments(&w, mail);
	if (mail->left_out > 0)
		jsonw_kv_int(&w, "left_out", (int64_t)mail->left_out);
	jsonw_end_object(&w);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}
