/* Mails of a folder: kept in the transaction of their cause, asked of its gate, and what became of them told to it. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "stall.h"

enum { MANY = 100000, TEXTS_MAX = 1 << 21 };

struct invitation {
	const char *to, *name, *subject, *text, *html, *header, *key, *purpose;
	int64_t not_before, n, account;
	bool fails;
};

static const struct spec invitation_specs[] = {
	{.name = "to", .type = SPEC_TEXT, .offset = offsetof(struct invitation, to), .required = true},
	{.name = "name", .type = SPEC_TEXT, .offset = offsetof(struct invitation, name)},
	{.name = "subject", .type = SPEC_TEXT, .offset = offsetof(struct invitation, subject), .required = true},
	{.name = "text", .type = SPEC_TEXT, .offset = offsetof(struct invitation, text), .max = TEXTS_MAX},
	{.name = "html", .type = SPEC_TEXT, .offset = offsetof(struct invitation, html), .max = TEXTS_MAX},
	{.name = "header", .type = SPEC_TEXT, .offset = offsetof(struct invitation, header), .max = 5000},
	{.name = "key", .type = SPEC_TEXT, .offset = offsetof(struct invitation, key)},
	{.name = "purpose", .type = SPEC_TEXT, .offset = offsetof(struct invitation, purpose)},
	{.name = "not_before", .type = SPEC_INT, .offset = offsetof(struct invitation, not_before)},
	{.name = "n", .type = SPEC_INT, .offset = offsetof(struct invitation, n), .doc = "So many, with the number for a * in the address"},
	{.name = "account", .type = SPEC_ID, .offset = offsetof(struct invitation, account)},
	{.name = "fails", .type = SPEC_BOOL, .offset = offsetof(struct invitation, fails), .doc = "After it was kept, so that nothing stays"},
	{.name = NULL},
};

static enum err keep(struct ctx *ctx, const struct invitation *asked, int64_t i, int64_t *id)
{
	const char *star = strchr(asked->to, '*');
	const char *headers[] = {asked->header, NULL};
	struct outbox_mail mail = {.account_id = asked->account, .to_address = asked->to, .to_name = asked->name, .subject = asked->subject, .text = asked->text, .html = asked->html,
		.headers = headers, .entity = "stall", .record_id = 1, .key = asked->key, .not_before = asked->not_before, .purpose = OUTBOX_SERVICE};
	if (star != NULL)
		mail.to_address = arena_printf(ctx->arena, "%.*s%lld%s", (int)(star - asked->to), asked->to, (long long)i, star + 1);
	if (str_equal(asked->purpose, "promotion"))
		mail.purpose = OUTBOX_PROMOTION;
	if (str_equal(asked->purpose, "notice"))
		mail.purpose = OUTBOX_NOTICE;
	return outbox_mail(ctx, &mail, id);
}

static enum err invite(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct invitation asked = {.n = 1};
	struct jsonw w;
	int64_t id = 0;
	enum err err = http_read_body(ctx, req, &asked);
	for (int64_t i = 0; i < asked.n && i < MANY && err == OK; i++)
		err = keep(ctx, &asked, i, &id);
	if (err == OK && asked.fails)
		err = fail(ctx, ERR_CONFLICT, "", "unique");
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

/* What was told of mails, a line each. */
static enum err told(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	(void)req;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT name FROM stall_past WHERE name LIKE 'mail %' ORDER BY id", &stmt);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		jsonw_text(&w, stmt_text(stmt, 0));
	jsonw_end_array(&w);
	stmt_done(stmt);
	return err;
}

const struct route stall_mail_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/stall/invite", .lane = LANE_WRITE, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = invite, .specs = invitation_specs,
	 .body_max = 2 * TEXTS_MAX, .doc = "Keeps mails."},
	{.method = METHOD_GET, .pattern = "/api/v1/stall/told", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = told, .doc = "What was told of mails."},
	{.pattern = NULL},
};

/* "Refuse: …" has no consent; "Later: …" waits two seconds from when it was kept. */
static enum err gate(struct ctx *ctx, const struct outbox_seen *mail, struct outbox_verdict *verdict)
{
	(void)ctx;
	if (!str_equal(mail->entity, "stall"))
		return OK;
	if (str_starts(mail->subject, "Refuse:"))
		verdict->refuse = "no_consent";
	if (str_starts(mail->subject, "Later:") && ctx_now(ctx) < mail->created_at + 2000)
		verdict->postpone_ms = mail->created_at + 2000;
	return OK;
}

static enum err outcome(struct ctx *ctx, const struct outbox_seen *mail, const struct outbox_outcome *what)
{
	struct stmt *stmt;
	if (!str_equal(mail->entity, "stall"))
		return OK;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO stall_past (id, name) VALUES (?1, ?2)", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_text(stmt, 2, arena_printf(ctx->arena, "mail %lld %s %d %s", (long long)mail->id, outbox_state_name(what->state), what->reply_code, what->reply));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

const struct outbox_rule stall_mail_rules[] = {{.name = "stall", .gate = gate, .outcome = outcome}, {.name = NULL}};
