/* A mail is kept: in the transaction of its cause, once a key. */
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "core/entity/entity.h"
#include "core/outbox/outbox_send.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "core/text/text.h"
#include "outbox_sql.h"

static const char *const states[OUTBOX_STATES] = {"waiting", "sending", "sending", "sent", "failed", "refused", "unsure", "skipped"};
static const char *const purposes[OUTBOX_PURPOSES] = {"notice", "service", "promotion"};

const char *outbox_state_name(enum outbox_state state)
{
	return state < OUTBOX_STATES ? states[state] : "";
}

const char *outbox_purpose_name(enum outbox_purpose purpose)
{
	return purpose < OUTBOX_PURPOSES ? purposes[purpose] : "";
}

/* --- what may be said -------------------------------------------------------------- */

static bool one_line(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return utf8_valid(text, strlen(text));
}

static bool header_known(const char *line, size_t name)
{
	static const char *const known[] = {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "In-Reply-To", "References", "Reply-To",
		"Auto-Submitted", "Precedence", NULL};
	for (size_t i = 0; known[i] != NULL; i++)
		if (strlen(known[i]) == name && strncasecmp(known[i], line, name) == 0)
			return true;
	bool own = name > 2 && strncasecmp(line, "X-", 2) == 0;
	for (size_t i = 2; own && i < name; i++)
		own = line[i] == '-' || (line[i] >= '0' && line[i] <= '9') || ((line[i] | 0x20) >= 'a' && (line[i] | 0x20) <= 'z');
	return own;
}

/* Lines with a break behind each. */
static enum err join_headers(struct ctx *ctx, const char *const *headers, const char **ret)
{
	struct buf out;
	buf_init(&out, (size_t)OUTBOX_HEADERS_MAX * (OUTBOX_HEADER_MAX + 1));
	for (size_t i = 0; headers != NULL && headers[i] != NULL; i++) {
		const char *colon = strchr(headers[i], ':');
		size_t name = colon != NULL ? (size_t)(colon - headers[i]) : 0;
		if (i >= OUTBOX_HEADERS_MAX || name == 0 || strlen(headers[i]) > OUTBOX_HEADER_MAX || !one_line(headers[i]) || !header_known(headers[i], name)) {
			buf_release(&out);
			return fail_arg(ctx, ERR_INVALID, "headers", "outbox_header", headers[i]);
		}
		buf_puts(&out, headers[i]);
		buf_putc(&out, '\n');
	}
	*ret = arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static bool longer(const char *text, size_t max)
{
	return text != NULL && strlen(text) > max;
}

static enum err check_address(struct ctx *ctx, const struct outbox_mail *mail, const char **ret_to)
{
	bool valid = false;
	enum err err = mail->to_address != NULL ? email_normalise(ctx, mail->to_address, ret_to, &valid) : OK;
	if (err == OK && (!valid || !one_line(*ret_to)))
		err = fail_arg(ctx, ERR_INVALID, "to_address", "outbox_address", mail->to_address != NULL ? mail->to_address : "");
	return err;
}

static enum err check(struct ctx *ctx, const struct outbox_mail *mail)
{
	if (str_empty(mail->subject) || !one_line(mail->subject) || (mail->to_name != NULL && !one_line(mail->to_name)))
		return fail(ctx, ERR_INVALID, "subject", "outbox_subject");
	if (str_empty(mail->text) && str_empty(mail->html))
		return fail(ctx, ERR_INVALID, "text", "outbox_empty");
	if (longer(mail->text, OUTBOX_TEXT_MAX) || longer(mail->html, OUTBOX_HTML_MAX))
		return fail(ctx, ERR_LIMIT, "text", "outbox_large");
	if (longer(mail->subject, OUTBOX_SUBJECT_MAX) || longer(mail->to_name, OUTBOX_SUBJECT_MAX))
		return fail(ctx, ERR_LIMIT, "subject", "outbox_large");
	if (mail->key != NULL && (longer(mail->key, OUTBOX_KEY_MAX) || !one_line(mail->key) || mail->key[0] == '\0'))
		return fail(ctx, ERR_INVALID, "key", "outbox_key");
	return OK;
}

/* --- its name in the world --------------------------------------------------------------- */

/* "4611….a1b2…@example.com": made once, whatever happens to it later. */
static enum err make_message_id(struct ctx *ctx, int64_t id, const char **ret)
{
	unsigned char chance[8];
	const char *email, *at;
	enum err err = setting_text(ctx, &firm_settings[FIRM_EMAIL], &email);
	if (err != OK)
		return err;
	ctx_random(ctx, chance, sizeof(chance));
	uint64_t number = 0;
	for (size_t i = 0; i < sizeof(chance); i++)
		number = number << 8 | chance[i];
	at = strrchr(email, '@');
	*ret = arena_printf(ctx->arena, "%lld.%016llx@%s", (long long)id, (unsigned long long)number, outbox_is_ascii(at) ? at + 1 : "guanxi.invalid");
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- keeping ------------------------------------------------------------------------------- */

static enum err find_key(struct ctx *ctx, const char *key, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_find_key, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

struct keeping {
	const struct outbox_mail *mail;
	const char *to, *headers, *message_id, *key;
	int64_t id;
};

static enum err put_mail(struct ctx *ctx, const struct keeping *k, int64_t *ret_rows)
{
	const struct outbox_mail *mail = k->mail;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_put, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, k->id);
	stmt_bind_i64(stmt, 2, mail->account_id);
	stmt_bind_i64(stmt, 3, mail->purpose == OUTBOX_PROMOTION ? OUTBOX_LANE_PROMOTIONS : OUTBOX_LANE_FIRST);
	stmt_bind_text(stmt, 4, strrchr(k->to, '@') + 1);
	stmt_bind_text(stmt, 5, k->to);
	stmt_bind_text(stmt, 6, mail->to_name != NULL ? mail->to_name : "");
	stmt_bind_text(stmt, 7, mail->subject);
	stmt_bind_text(stmt, 8, mail->entity != NULL ? mail->entity : "");
	stmt_bind_i64(stmt, 9, mail->record_id);
	stmt_bind_i64(stmt, 10, mail->purpose);
	stmt_bind_text(stmt, 11, k->key);
	stmt_bind_text(stmt, 12, k->message_id);
	stmt_bind_i64(stmt, 13, mail->not_before > 0 ? mail->not_before : ctx_now(ctx));
	stmt_bind_i64(stmt, 14, ctx_now(ctx));
	err = stmt_run(ctx, stmt, ret_rows);
	stmt_done(stmt);
	return err;
}

static enum err put_body(struct ctx *ctx, const struct keeping *k)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_put_body, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, k->id);
	stmt_bind_text(stmt, 2, str_empty(k->mail->text) ? NULL : k->mail->text);
	stmt_bind_text(stmt, 3, str_empty(k->mail->html) ? NULL : k->mail->html);
	stmt_bind_text(stmt, 4, k->headers);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err wake(struct ctx *ctx, void *arg)
{
	(void)arg;
	return services_wake(ctx, OUTBOX_SERVICE_NAME);
}

/* Once a job, however many it keeps. */
enum err outbox_wake(struct ctx *ctx)
{
	return db_before_commit(ctx, wake, NULL);
}

enum err outbox_mail(struct ctx *ctx, const struct outbox_mail *mail, int64_t *id)
{
	struct keeping k = {.mail = mail};
	int64_t rows = 0;
	enum err err = check_address(ctx, mail, &k.to);
	if (err == OK)
		err = check(ctx, mail);
	if (err == OK)
		err = join_headers(ctx, mail->headers, &k.headers);
	k.id = err == OK ? registry_next_id(ctx) : 0;
	if (err == OK)
		err = make_message_id(ctx, k.id, &k.message_id);
	k.key = mail->key != NULL ? mail->key : arena_printf(ctx->arena, "mail/%lld", (long long)k.id);
	if (err == OK && k.key == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = put_mail(ctx, &k, &rows);
	*id = k.id;
	if (err == OK && rows == 0)
		return find_key(ctx, k.key, id);
	if (err == OK)
		err = put_body(ctx, &k);
	return err == OK ? outbox_wake(ctx) : err;
}

enum err outbox_cancel(struct ctx *ctx, const char *key, const char *reason, bool *ret)
{
	struct stmt *stmt;
	int64_t rows = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_cancel_key, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	stmt_bind_text(stmt, 2, reason);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	*ret = rows > 0;
	return err;
}

enum err outbox_cancel_of(struct ctx *ctx, const char *entity, int64_t record_id, const char *reason, int64_t *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_cancel_record, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, entity);
	stmt_bind_i64(stmt, 2, record_id);
	stmt_bind_text(stmt, 3, reason);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}
