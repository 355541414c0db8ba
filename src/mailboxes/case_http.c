/* What the page of a case shows of mails: what came with each message, what became of each answer, the mail as it was sent; and putting one
 * elsewhere. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/outbox/outbox.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

enum { SHOWN_TEXT = 2 << 20 };

static enum err read_record(struct ctx *ctx, const struct http_request *req, const char *entity, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", entity);
	return record_get(ctx, registry_find(ctx->registry, entity), id, action, ret);
}

/* --- the mails of a case ------------------------------------------------------------------ */

static void put_id(struct jsonw *w, const char *key, int64_t id)
{
	jsonw_key(w, key);
	if (id != 0)
		jsonw_id(w, id);
	else
		jsonw_null(w);
}

/* Texts of a mail; what the actor does not see stays out. */
static void put_texts(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	static const char *const texts[][2] = {{"kind", "kind"}, {"from", "from_text"}, {"address", "from_address"}, {"to", "to_text"}, {"subject", "subject"}, {"reason", "reason"}, {"detail", "detail"}};
	const struct entity_info *info = registry_find(ctx->registry, "mail_message");
	for (int i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++) {
		enum field_right right = entity_field_right(ctx->actor, info, entity_field(info, texts[i][1]));
		jsonw_kv_text(w, texts[i][0], right >= RIGHT_READ ? stmt_text(stmt, 2 + i) : right == RIGHT_MASKED ? "***" : NULL);
	}
}

static enum err put_came(struct ctx *ctx, int64_t case_id, struct jsonw *w)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_mails_of_case, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		jsonw_object(w);
		jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
		put_id(w, "message_id", stmt_i64(stmt, 1));
		put_texts(ctx, w, stmt);
		jsonw_kv_int(w, "attachments", stmt_i64(stmt, 9));
		jsonw_kv_bool(w, "html", stmt_i64(stmt, 10) != 0);
		jsonw_kv_bool(w, "quoted", stmt_i64(stmt, 11) != 0);
		jsonw_kv_bool(w, "cut", stmt_i64(stmt, 12) != 0);
		jsonw_end_object(w);
	}
	stmt_done(stmt);
	return err;
}

static enum err put_went(struct ctx *ctx, int64_t case_id, struct jsonw *w)
{
	const struct entity_info *cases = registry_find(ctx->registry, "case");
	enum field_right right = entity_field_right(ctx->actor, cases, entity_field(cases, "contact"));
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_answers_of_case, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		jsonw_object(w);
		put_id(w, "message_id", stmt_i64(stmt, 0));
		jsonw_kv_text(w, "to", right >= RIGHT_READ ? stmt_text(stmt, 1) : right == RIGHT_MASKED ? "***" : NULL);
		jsonw_kv_text(w, "state", outbox_state_name((enum outbox_state)stmt_i64(stmt, 2)));
		jsonw_kv_text(w, "reason", stmt_text(stmt, 3));
		jsonw_kv_text(w, "reply", stmt_text(stmt, 4));
		jsonw_end_object(w);
	}
	stmt_done(stmt);
	return err;
}

static enum err mails(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *matter;
	struct jsonw w;
	enum err err = read_record(ctx, req, "case", ACTION_READ, &matter);
	if (err != OK)
		return err;
	const struct entity_info *info = registry_find(ctx->registry, "mail_message");
	bool shown = entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "came");
	jsonw_array(&w);
	if (shown)
		err = put_came(ctx, record_id(matter), &w);
	jsonw_end_array(&w);
	jsonw_key(&w, "went");
	jsonw_array(&w);
	if (err == OK && shown)
		err = put_went(ctx, record_id(matter), &w);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

/* --- the mail itself -------------------------------------------------------------------------- */

/* In ctx's arena. */
static enum err read_raw(struct ctx *ctx, int64_t id, struct mailbox_mail *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_raw, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		ret->n = stmt_bytes(stmt, 0);
		ret->raw = arena_strndup(ctx->arena, ret->n > 0 ? stmt_blob(stmt, 0) : "", ret->n);
	}
	stmt_done(stmt);
	if (err == OK && !row)
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mail_message");
	return err == OK && ret->raw == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* The whole mail says who it is from and what was written: whoever may not see that does not open it. */
static enum err check_open(struct ctx *ctx)
{
	static const char *const needed[][2] = {{"mail_message", "from_text"}, {"mail_message", "to_text"}, {"mail_message", "subject"}, {"case_message", "body"}};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const struct entity_info *info = registry_find(ctx->registry, needed[i][0]);
		if (entity_field_right(ctx->actor, info, entity_field(info, needed[i][1])) < RIGHT_READ)
			return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", needed[i][0]);
	}
	return OK;
}

static enum err open_mail(struct ctx *ctx, const struct http_request *req, struct mailbox_mail *ret)
{
	struct record *record;
	*ret = (struct mailbox_mail){0};
	enum err err = read_record(ctx, req, "mail_message", ACTION_READ, &record);
	if (err == OK)
		err = check_open(ctx);
	if (err == OK)
		err = read_raw(ctx, record_id(record), ret);
	db_reset(ctx->db);
	return err;
}

/* Its words, whole: what it quotes too. */
static enum err text(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct mailbox_mail mail;
	struct jsonw w;
	enum err err = open_mail(ctx, req, &mail);
	if (err == OK)
		err = mailbox_understand(ctx, &mail, 1);
	if (err != OK)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "read", mail.read);
	jsonw_key(&w, "text");
	jsonw_textn(&w, mail.text, strnlen(mail.text, SHOWN_TEXT));
	jsonw_kv_bool(&w, "cut", strlen(mail.text) > SHOWN_TEXT);
	jsonw_end_object(&w);
	return OK;
}

/* The HTML as it may be shown, a document of its own: in a frame that runs nothing and fetches nothing. */
static enum err frame(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct mailbox_mail mail;
	enum err err = open_mail(ctx, req, &mail);
	if (err == OK)
		err = mailbox_understand(ctx, &mail, 1);
	if (err != OK)
		return err;
	http_content_type(res, "text/html; charset=utf-8");
	http_set_header(res, "Cache-Control", "no-store");
	http_set_header(res, "Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox");
	http_set_header(res, "X-Frame-Options", "SAMEORIGIN");
	struct buf *out = http_body(res);
	buf_puts(out, "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\"><style>body{font:14px/1.5 sans-serif;margin:12px;overflow-wrap:anywhere;"
	              "background:#fff;color:#111}img{max-width:100%}pre{white-space:pre-wrap}</style></head><body>");
	buf_puts(out, mail.html != NULL ? mail.html : "");
	buf_puts(out, "</body></html>");
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "mailbox_large") : OK;
}

/* As it came, to be kept or looked at elsewhere. */
static enum err raw(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct mailbox_mail mail;
	enum err err = open_mail(ctx, req, &mail);
	if (err != OK)
		return err;
	http_content_type(res, "message/rfc822");
	http_set_header(res, "Content-Disposition", "attachment; filename=\"mail.eml\"");
	http_set_header(res, "Cache-Control", "no-store");
	buf_add(http_body(res), mail.raw, mail.n);
	return buf_failed(http_body(res)) ? fail(ctx, ERR_LIMIT, "", "mailbox_large") : OK;
}

/* --- elsewhere ------------------------------------------------------------------------------------ */

struct move_body {
	int64_t case_id;
	bool fresh;
};

static const struct spec move_specs[] = {
	{"case_id", SPEC_ID, offsetof(struct move_body, case_id), false, 0, "The case it belongs to"},
	{"fresh", SPEC_BOOL, offsetof(struct move_body, fresh), false, 0, "In place of that: a case of its own"},
	{.name = NULL},
};

struct moving {
	struct move_body body;
	int64_t mail_id, to;
	struct mailbox_mail parts; /* of one that was said nowhere yet */
};

/* Whether it stands in a conversation: a report of what came back does not, nor does what was taken out of it. */
static bool is_said(const struct record *mail)
{
	return record_i64(mail, "case_id") != 0 && record_i64(mail, "case_message_id") != 0;
}

/* Where it goes: a case the actor may change, or a new one. */
static enum err target(struct ctx *ctx, const struct move_body *body, const struct record *mail, int64_t *ret)
{
	const struct entity_info *cases = registry_find(ctx->registry, "case");
	const char *subject = record_text(mail, "subject"), *from = record_text(mail, "from_address");
	struct record *matter;
	*ret = body->case_id;
	if (!body->fresh)
		return record_get(ctx, cases, body->case_id, ACTION_UPDATE, &matter);
	if (entity_scope(ctx->actor, cases, ACTION_CREATE) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "case");
	return mailbox_open_case(ctx, record_i64(mail, "mailbox_id"), subject != NULL ? subject : "", from != NULL ? from : "—", record_i64(mail, "customer_id"), ctx_now(ctx), ret);
}

/* The message in the conversation goes along; one that was in no case is said there now. */
static enum err move_said(struct ctx *ctx, struct moving *m, const struct record *mail, int64_t *ret)
{
	struct record *patch;
	*ret = record_i64(mail, "case_message_id");
	if (!is_said(mail))
		return mailbox_say(ctx, m->to, &m->parts, ret);
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "case_id", value_int(m->to));
	if (err == OK)
		err = record_set(ctx, patch, "moved_from_id", value_int(record_i64(mail, "case_id")));
	return err == OK ? record_update(ctx, *ret, patch, 0, W_TRUSTED, NULL) : err;
}

/* A write job; arg is a struct moving. */
static enum err do_move(struct ctx *ctx, void *arg)
{
	struct moving *m = arg;
	const struct entity_info *info = registry_find(ctx->registry, "mail_message");
	struct record *seen, *mail, *from, *patch;
	int64_t message_id = 0;
	enum err err = record_get(ctx, info, m->mail_id, ACTION_READ, &seen);
	if (err == OK)
		err = record_load(ctx, info, m->mail_id, &mail);
	if (err == OK && record_i64(mail, "case_id") != 0)
		err = record_get(ctx, registry_find(ctx->registry, "case"), record_i64(mail, "case_id"), ACTION_UPDATE, &from);
	if (err == OK && m->body.case_id != 0 && m->body.case_id == record_i64(mail, "case_id"))
		err = fail(ctx, ERR_CONFLICT, "case_id", "mailbox_there");
	if (err == OK)
		err = target(ctx, &m->body, mail, &m->to);
	if (err == OK)
		err = move_said(ctx, m, mail, &message_id);
	if (err == OK)
		err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "case_id", value_int(m->to));
	if (err == OK)
		err = record_set(ctx, patch, "case_message_id", value_int(message_id));
	if (err == OK)
		err = record_set(ctx, patch, "reason", value_text("by_person"));
	return err == OK ? record_update(ctx, m->mail_id, patch, 0, W_TRUSTED, NULL) : err;
}

/* What is to be said of one that was not yet: read before the job, which others wait for. */
static enum err read_parts(struct ctx *ctx, struct moving *m, const struct record *mail)
{
	const char *subject = record_text(mail, "subject");
	enum err err = OK;
	if (!is_said(mail))
		err = read_raw(ctx, m->mail_id, &m->parts);
	if (err == OK && !is_said(mail))
		err = mailbox_understand(ctx, &m->parts, 1);
	if (err == OK && !m->parts.read) {
		m->parts.kind = "unread";
		m->parts.text = m->parts.reply = "";
		m->parts.subject = subject != NULL ? subject : "";
	}
	m->parts.at = record_i64(mail, "at");
	return err;
}

static enum err move(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct moving m = {0};
	struct record *mail;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &m.body);
	if (err == OK && (m.body.case_id != 0) == m.body.fresh)
		err = fail(ctx, ERR_INVALID, "case_id", "mailbox_where");
	if (err == OK)
		err = read_record(ctx, req, "mail_message", ACTION_READ, &mail);
	if (err == OK)
		m.mail_id = record_id(mail);
	if (err == OK)
		err = record_load(ctx, mail->info, m.mail_id, &mail);
	if (err == OK)
		err = read_parts(ctx, &m, mail);
	db_reset(ctx->db);
	if (err == OK)
		err = store_write(ctx, ctx->store, do_move, &m);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "case_id", m.to);
	jsonw_end_object(&w);
	return OK;
}

const struct route mailboxes_case_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/case/*/mails", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = mails,
	 .doc = "The mails behind the messages of a case: what came, and what became of each answer"},
	{.method = METHOD_GET, .pattern = "/api/v1/mail_message/*/text", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = text,
	 .doc = "All words of a mail, with what it quotes"},
	{.method = METHOD_GET, .pattern = "/api/v1/mail_message/*/frame", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = frame,
	 .doc = "The mail's HTML as it may be shown, for a frame that runs and fetches nothing"},
	{.method = METHOD_GET, .pattern = "/api/v1/mail_message/*/raw", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = raw,
	 .doc = "A mail as it came"},
	{.method = METHOD_POST, .pattern = "/api/v1/mail_message/*/move", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = move, .specs = move_specs,
	 .doc = "Puts a mail into another case, or into one of its own, with its message"},
	{.pattern = NULL},
};
