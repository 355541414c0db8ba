/* Keeps what came: each message once, in its case or in one of its own, and how far the mailbox is read, all in one transaction. */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox.h"
#include "core/text/text.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

enum { SUBJECT_MAX = 190, BODY_MAX = 19000, CONTACT_MAX = 250, DIGEST_BYTES = 24 };

/* One line of at most so many characters. */
static const char *one_line(struct ctx *ctx, const char *text, size_t max)
{
	size_t n = strlen(text), at = 0, count = 0;
	if (!utf8_valid(text, n))
		return "";
	while (at < n && count < max) {
		(void)utf8_next(text, n, &at);
		count++;
	}
	char *out = arena_strndup(ctx->arena, text, at);
	for (char *c = out; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return out != NULL ? out : "";
}

/* Lines; what is longer goes on in the original. */
static const char *many_lines(struct ctx *ctx, const char *text, size_t max)
{
	size_t n = strlen(text), at = 0, count = 0;
	if (!utf8_valid(text, n))
		return "";
	while (at < n && count < max) {
		(void)utf8_next(text, n, &at);
		count++;
	}
	return arena_printf(ctx->arena, "%.*s%s", (int)at, text, at < n ? " …" : "");
}

static bool blank(const char *text)
{
	return text[strspn(text, " \t\r\n")] == '\0';
}

static int64_t moment(struct ctx *ctx, const struct mailbox_mail *mail)
{
	int64_t now = ctx_now(ctx);
	return mail->at > 0 && mail->at < now ? mail->at : now;
}

static enum err set_texts(struct ctx *ctx, struct record *r, const char *const pairs[][2], size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++)
		err = record_set(ctx, r, pairs[i][0], str_empty(pairs[i][1]) ? value_null() : value_text(pairs[i][1]));
	return err;
}

static enum err set_ids(struct ctx *ctx, struct record *r, const char *field, int64_t id)
{
	return id != 0 ? record_set(ctx, r, field, value_int(id)) : OK;
}

/* --- the case -------------------------------------------------------------------------- */

enum err mailbox_open_case(struct ctx *ctx, int64_t mailbox_id, const char *subject, const char *from_address, int64_t customer_id, int64_t at, int64_t *ret)
{
	struct record *r, *mailbox = NULL;
	const char *clean = one_line(ctx, subject, SUBJECT_MAX);
	const char *const pairs[][2] = {{"subject", blank(clean) ? from_address : clean}, {"channel", "email"}, {"kind", "question"}, {"contact", one_line(ctx, from_address, CONTACT_MAX)}};
	enum err err = record_new(ctx, registry_find(ctx->registry, "case"), &r);
	if (err == OK && mailbox_id != 0)
		err = record_load(ctx, registry_find(ctx->registry, "mailbox"), mailbox_id, &mailbox);
	if (err == ERR_NOT_FOUND) { /* gone since */
		faults_clear(ctx);
		mailbox = NULL;
		err = OK;
	}
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	if (err == OK)
		err = set_ids(ctx, r, "customer_id", customer_id);
	if (err == OK && mailbox != NULL)
		err = set_ids(ctx, r, "owner_id", record_i64(mailbox, "owner_id"));
	if (err == OK && mailbox != NULL)
		err = set_ids(ctx, r, "team_id", record_i64(mailbox, "team_id"));
	if (err == OK)
		err = record_set(ctx, r, "opened_at", value_int(at));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

enum err mailbox_say(struct ctx *ctx, int64_t case_id, const struct mailbox_mail *mail, int64_t *ret)
{
	struct record *r;
	const char *body = blank(mail->reply) ? mail->text : mail->reply;
	const char *const pairs[][2] = {{"kind", "in"}, {"channel", "email"}, {"body", many_lines(ctx, blank(body) ? blank(mail->subject) ? "—" : mail->subject : body, BODY_MAX)}};
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &r);
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	if (err == OK)
		err = record_set(ctx, r, "case_id", value_int(case_id));
	if (err == OK)
		err = record_set(ctx, r, "at", value_int(moment(ctx, mail)));
	if (err == OK)
		err = record_set(ctx, r, "automatic", value_int(str_equal(mail->kind, "auto_reply")));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

/* A mail of ours came back: its state says so, and so does the case it was written in. */
static enum err note_bounce(struct ctx *ctx, const struct mailbox_mail *mail, const struct mailbox_match *match)
{
	struct record *r;
	bool told = false;
	const char *const pairs[][2] = {{"kind", "event"}, {"body", "mail_bounced"}, {"detail", *match->detail != '\0' ? match->detail : "-"}};
	struct outbox_returned returned = {.mail_id = match->bounced, .soft = !mail->hard && mail->n_failed > 0, .said = match->detail};
	enum err err = outbox_came_back(ctx, &returned, &told);
	if (err != OK || match->case_id == 0 || !told)
		return err;
	err = record_new(ctx, registry_find(ctx->registry, "case_message"), &r);
	if (err == OK)
		err = record_set(ctx, r, "case_id", value_int(match->case_id));
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* --- the message ------------------------------------------------------------------------- */

static void digest_of(const struct mailbox_mail *mail, char ret[2 * DIGEST_BYTES + 1])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(hash, (const unsigned char *)mail->raw, mail->n);
	sodium_bin2hex(ret, (size_t)2 * DIGEST_BYTES + 1, hash, DIGEST_BYTES);
}

static enum err any_row(struct ctx *ctx, struct stmt *stmt, bool *ret)
{
	bool row = false;
	enum err err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	*ret = *ret || (err == OK && row);
	return err;
}

/* Kept already: under this number, or the same bytes, or the same Message-ID of the same sender about the same. */
static enum err is_known(struct ctx *ctx, const struct mailbox_keeping *k, const struct mailbox_mail *mail, const char *digest, bool *ret)
{
	struct stmt *stmt;
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_known_uid, &stmt);
	if (err == OK) {
		stmt_bind_i64(stmt, 1, k->mailbox->id);
		stmt_bind_i64(stmt, 2, k->uidvalidity);
		stmt_bind_i64(stmt, 3, mail->uid);
		err = any_row(ctx, stmt, ret);
	}
	if (err == OK && !*ret)
		err = db_prepare(ctx, ctx->db, &sql_mailbox_known_digest, &stmt);
	if (err == OK && !*ret) {
		stmt_bind_text(stmt, 1, digest);
		err = any_row(ctx, stmt, ret);
	}
	if (err != OK || *ret || str_empty(mail->message_id))
		return err;
	err = db_prepare(ctx, ctx->db, &sql_mailbox_known_id, &stmt);
	if (err == OK) {
		stmt_bind_text(stmt, 1, one_line(ctx, mail->message_id, 500));
		stmt_bind_text(stmt, 2, mail->from_address);
		stmt_bind_text(stmt, 3, one_line(ctx, mail->subject, 500));
		err = any_row(ctx, stmt, ret);
	}
	return err;
}

/* The sender as addresses are compared; "" where it is none. */
static enum err settle_sender(struct ctx *ctx, struct mailbox_mail *mail)
{
	const char *normal, *key = "";
	bool valid = false;
	size_t n;
	enum err err = email_normalise(ctx, mail->from_address, &normal, &valid);
	if (err == OK && valid)
		err = text_form(ctx, normal, strlen(normal), false, &key, &n);
	mail->from_address = key;
	return err;
}

static enum err put_raw(struct ctx *ctx, int64_t id, const struct mailbox_mail *mail)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_raw_put, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_blob(stmt, 2, mail->raw, mail->n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_message(struct ctx *ctx, const struct mailbox_keeping *k, const struct mailbox_mail *mail, const struct mailbox_match *match, int64_t message_id, const char *digest)
{
	struct record *r;
	bool quoted = !blank(mail->reply) && strlen(mail->reply) + 4 < strlen(mail->text);
	const char *const pairs[][2] = {
		{"kind", mail->kind}, {"reason", match->reason}, {"detail", one_line(ctx, match->detail, 500)}, {"from_text", one_line(ctx, mail->from, 300)},
		{"from_address", mail->from_address}, {"to_text", one_line(ctx, mail->to, 500)}, {"subject", one_line(ctx, mail->subject, 500)},
		{"message_id", mail->message_id != NULL ? one_line(ctx, mail->message_id, 500) : NULL}, {"digest", digest},
	};
	const struct {
		const char *field;
		int64_t value;
	} numbers[] = {
		{"at", moment(ctx, mail)}, {"taken_at", ctx_now(ctx)}, {"size", (int64_t)mail->n}, {"cut", mail->cut}, {"html", mail->html != NULL}, {"quoted", quoted},
		{"attachments", (int64_t)mail->n_attachments}, {"uidvalidity", k->uidvalidity}, {"uid", mail->uid},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "mail_message"), &r);
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && err == OK; i++)
		err = record_set(ctx, r, numbers[i].field, value_int(numbers[i].value));
	if (err == OK)
		err = record_set(ctx, r, "mailbox_id", value_int(k->mailbox->id));
	if (err == OK)
		err = set_ids(ctx, r, "case_id", match->case_id);
	if (err == OK)
		err = set_ids(ctx, r, "case_message_id", message_id);
	if (err == OK)
		err = set_ids(ctx, r, "customer_id", match->customer_id);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	return err == OK ? put_raw(ctx, record_id(r), mail) : err;
}

static enum err file(struct ctx *ctx, const struct mailbox_keeping *k, const struct mailbox_mail *mail, const char *digest)
{
	struct mailbox_match match;
	int64_t message_id = 0;
	enum err err = mailbox_match(ctx, mail, &match);
	if (err == OK && match.bounced != 0)
		err = note_bounce(ctx, mail, &match);
	if (err == OK && match.opens)
		err = mailbox_open_case(ctx, k->mailbox->id, mail->subject, mail->from_address, match.customer_id, moment(ctx, mail), &match.case_id);
	if (err == OK && match.case_id != 0 && match.bounced == 0)
		err = mailbox_say(ctx, match.case_id, mail, &message_id);
	return err == OK ? put_message(ctx, k, mail, &match, message_id, digest) : err;
}

static enum err keep_one(struct ctx *ctx, struct mailbox_keeping *k, struct mailbox_mail *mail)
{
	static const struct mailbox_match unfiled = {.reason = "unfiled", .detail = ""};
	char digest[2 * DIGEST_BYTES + 1];
	const char *kept;
	bool known = false;
	digest_of(mail, digest);
	kept = arena_strdup(ctx->arena, digest);
	enum err err = kept != NULL ? settle_sender(ctx, mail) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = is_known(ctx, k, mail, kept, &known);
	if (err != OK || known)
		return err;
	err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = file(ctx, k, mail, kept);
	if (err != OK && err != ERR_RETRY) { /* one message that fits nowhere holds up no others: it is kept, for a person to look at */
		db_rollback_to(ctx);
		faults_clear(ctx);
		err = db_savepoint(ctx);
		if (err == OK)
			err = put_message(ctx, k, mail, &unfiled, 0, kept);
	}
	if (err != OK) {
		db_rollback_to(ctx);
		return err;
	}
	k->kept++;
	return db_release(ctx);
}

enum err mailbox_keep(struct ctx *ctx, void *arg)
{
	struct mailbox_keeping *k = arg;
	struct stmt *stmt;
	enum err err = OK;
	const struct actor *before = ctx->actor;
	k->kept = 0;
	ctx->actor = gate_system();
	for (size_t i = 0; i < k->n && err == OK; i++)
		err = keep_one(ctx, k, &k->mails[i]);
	ctx->actor = before;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_mailbox_state_read, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, k->mailbox->id);
	stmt_bind_i64(stmt, 2, k->uidvalidity);
	stmt_bind_i64(stmt, 3, k->last_uid);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	stmt_bind_i64(stmt, 5, k->kept > 0 ? ctx_now(ctx) : 0);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
