/* An answer in a case that came by mail goes out by mail: in the same thread, to the one the case is with. */
#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox.h"
#include "core/text/text.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

enum { SUBJECT_MAX = 600, REFERENCES_MAX = 3000, IDS_MAX = 5 };

/* The last mail of the case that a person wrote. */
struct last_mail {
	const char *message_id, *from_address, *subject;
	int64_t mailbox_id;
	bool there;
};

static const char *text_at(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return arena_strdup(ctx->arena, text != NULL ? text : "");
}

static enum err get_last(struct ctx *ctx, int64_t case_id, struct last_mail *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_last_of_case, &stmt);
	*ret = (struct last_mail){0};
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	err = stmt_step(ctx, stmt, &ret->there);
	if (err == OK && ret->there) {
		ret->message_id = text_at(ctx, stmt, 0);
		ret->mailbox_id = stmt_i64(stmt, 1);
		ret->from_address = text_at(ctx, stmt, 2);
		ret->subject = text_at(ctx, stmt, 3);
	}
	stmt_done(stmt);
	return err;
}

/* Where its answers come from and come back to. */
struct sender {
	const char *address;
	int64_t account_id;
	bool tagged;
};

static enum err get_sender(struct ctx *ctx, int64_t mailbox_id, struct sender *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct sender){0};
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_from, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, mailbox_id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		*ret = (struct sender){text_at(ctx, stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2) != 0};
	stmt_done(stmt);
	return err;
}

/* What can stand in a header as it is. */
static bool plain_id(const char *id)
{
	for (const char *at = id; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || *at == '<' || *at == '>')
			return false;
	return *id != '\0';
}

/* "References: <a> <b>", the oldest first. */
static enum err put_references(struct ctx *ctx, int64_t case_id, struct buf *out)
{
	const char *ids[IDS_MAX];
	struct stmt *stmt;
	bool row = false;
	size_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_ids_of_case, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	while (n < IDS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = text_at(ctx, stmt, 0);
	stmt_done(stmt);
	buf_puts(out, "References:");
	for (size_t i = n; i > 0; i--)
		if (plain_id(ids[i - 1]))
			buf_printf(out, " <%s>", ids[i - 1]);
	return err;
}

/* Whom an answer goes to: the one the case is with, else who wrote last. */
static enum err whom(struct ctx *ctx, const struct record *matter, const struct last_mail *last, const char **ret)
{
	const char *contact = record_text(matter, "contact");
	bool valid = false;
	enum err err = contact != NULL ? email_normalise(ctx, contact, ret, &valid) : OK;
	if (err == OK && !valid)
		*ret = last->from_address;
	return err;
}

static const char *subject_of(struct ctx *ctx, const struct record *matter, const struct last_mail *last)
{
	const char *subject = *last->subject != '\0' ? last->subject : record_text(matter, "subject"), *number = record_text(matter, "number");
	bool again = strncasecmp(subject, "re:", 3) == 0;
	size_t n = strlen(subject), at = 0;
	while (at < n && at < SUBJECT_MAX)
		(void)utf8_next(subject, n, &at);
	bool named = strstr(subject, number) != NULL;
	return arena_printf(ctx->arena, "%s%.*s%s%s%s", again ? "" : "Re: ", (int)at, subject, named ? "" : " [", named ? "" : number, named ? "" : "]");
}

static enum err send(struct ctx *ctx, const struct record *message, const struct record *matter, const struct last_mail *last)
{
	struct sender from;
	struct buf references;
	const char *to = NULL, *reply_to = NULL, *headers[4] = {NULL};
	size_t n = 0;
	int64_t id;
	enum err err = get_sender(ctx, last->mailbox_id, &from);
	buf_init(&references, REFERENCES_MAX);
	if (err == OK)
		err = whom(ctx, matter, last, &to);
	if (err == OK)
		err = put_references(ctx, record_id(matter), &references);
	if (err == OK && from.tagged)
		err = mailbox_tag(ctx, from.address, record_id(matter), &reply_to);
	if (err == OK && plain_id(last->message_id)) {
		headers[n++] = arena_printf(ctx->arena, "In-Reply-To: <%s>", last->message_id);
		if (!buf_failed(&references))
			headers[n++] = arena_strdup(ctx->arena, buf_text(&references));
	}
	buf_release(&references);
	if (err == OK && from.address != NULL)
		headers[n++] = arena_printf(ctx->arena, "Reply-To: %s", reply_to != NULL ? reply_to : from.address);
	if (err != OK)
		return err;
	if (ctx->arena->failed)
		return fail(ctx, ERR_LIMIT, "", "memory");
	const char *key = arena_printf(ctx->arena, "case_message/%lld", (long long)record_id(message));
	struct outbox_mail mail = {.account_id = from.account_id, .to_address = to, .subject = subject_of(ctx, matter, last), .text = record_text(message, "body"), .headers = headers,
		.entity = "case_message", .record_id = record_id(message), .purpose = OUTBOX_SERVICE, .key = key};
	return outbox_mail(ctx, &mail, &id);
}

/* Only what a person answers by mail, and only where a mail came: a case by phone has nobody to write to. */
static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct last_mail last;
	struct record *matter;
	(void)entity;
	if (old != NULL || now == NULL || record_i64(now, "version") > 1 || !str_equal(record_text(now, "kind"), "out") || !str_equal(record_text(now, "channel"), "email"))
		return OK;
	enum err err = get_last(ctx, record_i64(now, "case_id"), &last);
	if (err != OK || !last.there || *last.from_address == '\0')
		return err;
	err = record_load(ctx, registry_find(ctx->registry, "case"), record_i64(now, "case_id"), &matter);
	return err == OK ? send(ctx, now, matter, &last) : err;
}

const struct reaction mailboxes_reactions[] = {{.entity = "case_message", .after = after}, {.entity = NULL}};
