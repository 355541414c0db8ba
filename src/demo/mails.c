/* Cases that came by mail have their mails: one mailbox, which nobody reads, and what is said to have come to it. */
#include <string.h>

#include "core/entity/entity.h"
#include "demo/demo.h"

enum { MAILS = 20 };

struct said {
	int64_t id, case_id, at, customer_id;
	const char *body, *subject, *name, *email;
};

static const char *text_at(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return arena_strdup(ctx->arena, text != NULL ? text : "");
}

static enum err read_said(struct ctx *ctx, struct said *ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db,
		"SELECT m.id, m.case_id, m.at, m.body, c.subject, coalesce(k.id, 0), coalesce(k.name, ''), coalesce(k.email, '') FROM case_message m JOIN \"case\" c ON c.id = m.case_id "
		"LEFT JOIN customer k ON k.id = c.customer_id WHERE m.kind = 'in' AND m.channel = 'email' ORDER BY m.id LIMIT 20", &stmt);
	if (err != OK)
		return err;
	while (*ret_n < MAILS && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ret[(*ret_n)++] = (struct said){.id = stmt_i64(stmt, 0), .case_id = stmt_i64(stmt, 1), .at = stmt_i64(stmt, 2), .body = text_at(ctx, stmt, 3), .subject = text_at(ctx, stmt, 4),
			.customer_id = stmt_i64(stmt, 5), .name = text_at(ctx, stmt, 6), .email = text_at(ctx, stmt, 7)};
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err set_texts(struct ctx *ctx, struct record *r, const char *const pairs[][2], size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++)
		err = record_set(ctx, r, pairs[i][0], value_text(pairs[i][1]));
	return err;
}

static enum err make_mailbox(struct ctx *ctx, int64_t *ret)
{
	static const char *const pairs[][2] = {{"name", "客服 Service"}, {"address", "service@guanxi.example"}, {"host", "imap.guanxi.example"}, {"username", "service@guanxi.example"}};
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "mailbox"), &r);
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	if (err == OK)
		err = record_set(ctx, r, "active", value_int(0));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

/* The mail that the message is said to have been; every third is written in HTML. */
static const char *raw_of(struct ctx *ctx, size_t i, const struct said *s, const char *from)
{
	const char *head = arena_printf(ctx->arena, "From: %s\r\nTo: service@guanxi.example\r\nSubject: %s\r\nMessage-ID: <sample.%zu@mail.example>\r\nMIME-Version: 1.0\r\n", from, s->subject, i);
	if (i % 3 == 1)
		return arena_printf(ctx->arena, "%sContent-Type: text/html; charset=utf-8\r\n\r\n<p>%s</p><p style=\"color:#666\">— %s<br>Sent from my phone</p>", head, s->body, s->name);
	return arena_printf(ctx->arena, "%sContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n\r\n> service@guanxi.example:\r\n> Your order has left our house.\r\n", head, s->body);
}

static enum err put_raw(struct ctx *ctx, int64_t id, const char *raw)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO mailbox_raw (mail_id, bytes) VALUES (?1, ?2)", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_blob(stmt, 2, raw, strlen(raw));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err set_contact(struct ctx *ctx, int64_t case_id, const char *address)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "contact", value_text(address));
	return err == OK ? record_update(ctx, case_id, patch, 0, W_TRUSTED, NULL) : err;
}

static enum err make_mail(struct ctx *ctx, int64_t mailbox, size_t i, const struct said *s, bool again)
{
	const char *address = *s->email != '\0' ? s->email : arena_printf(ctx->arena, "buyer.%zu@mail.example", i), *from = arena_printf(ctx->arena, "%s <%s>", s->name, address);
	const char *raw = raw_of(ctx, i, s, from);
	const char *const pairs[][2] = {
		{"kind", "person"}, {"reason", again ? "sent" : "new"}, {"from_text", from}, {"from_address", address}, {"to_text", "service@guanxi.example"}, {"subject", s->subject},
		{"message_id", arena_printf(ctx->arena, "sample.%zu@mail.example", i)}, {"digest", arena_printf(ctx->arena, "sample %zu", i)},
	};
	const struct {
		const char *field;
		int64_t value;
	} numbers[] = {{"at", s->at}, {"taken_at", s->at}, {"size", raw != NULL ? (int64_t)strlen(raw) : 0}, {"html", i % 3 == 1}, {"quoted", i % 3 != 1}, {"uidvalidity", 1}, {"uid", (int64_t)i + 1},
		{"mailbox_id", mailbox}, {"case_id", s->case_id}, {"case_message_id", s->id}};
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "mail_message"), &r);
	if (err == OK)
		err = set_texts(ctx, r, pairs, sizeof(pairs) / sizeof(pairs[0]));
	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]) && err == OK; k++)
		err = record_set(ctx, r, numbers[k].field, value_int(numbers[k].value));
	if (err == OK && s->customer_id != 0)
		err = record_set(ctx, r, "customer_id", value_int(s->customer_id));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	if (err == OK)
		err = put_raw(ctx, record_id(r), raw);
	return err == OK && !again ? set_contact(ctx, s->case_id, address) : err;
}

enum err demo_mails(struct ctx *ctx, void *arg)
{
	struct said said[MAILS];
	size_t n = 0;
	int64_t mailbox = 0;
	(void)arg;
	enum err err = read_said(ctx, said, &n);
	if (err == OK && n > 0)
		err = make_mailbox(ctx, &mailbox);
	for (size_t i = 0; i < n && err == OK; i++) {
		bool again = false;
		for (size_t k = 0; k < i; k++)
			again = again || said[k].case_id == said[i].case_id;
		err = make_mail(ctx, mailbox, i, &said[i], again);
	}
	return err;
}
