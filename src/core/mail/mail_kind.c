/* What kind of message it is: written by a person, returned by a server, a complaint, an automatic answer, a list. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/mail/mail_internal.h"

/* The value of a line "Name: value" and of the lines that go on with it; NULL: another name. */
static const char *value_of(struct ctx *ctx, const char *line, const char *name, const char **ret_next)
{
	size_t len = strlen(name);
	const char *end = line;
	do {
		end = strchrnul(end + (*end == '\n' ? 1 : 0), '\n');
	} while (*end == '\n' && (end[1] == ' ' || end[1] == '\t'));
	*ret_next = *end == '\n' ? end + 1 : NULL;
	if (strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	line += strspn(line, " \t");
	char *value = arena_strndup(ctx->arena, line, end > line ? (size_t)(end - line) : 0);
	for (char *at = value; at != NULL && *at != '\0'; at++)
		*at = *at == '\n' || *at == '\t' ? ' ' : *at;
	return value;
}

const char *mail_header(struct ctx *ctx, const char *headers, const char *name)
{
	while (headers != NULL && *headers != '\0') {
		const char *value = value_of(ctx, headers, name, &headers);
		if (value != NULL)
			return value;
	}
	return NULL;
}

const char *mail_header_all(struct ctx *ctx, const char *headers, const char *name)
{
	const char *all = NULL;
	while (headers != NULL && *headers != '\0') {
		const char *value = value_of(ctx, headers, name, &headers);
		if (value != NULL)
			all = all == NULL ? value : arena_printf(ctx->arena, "%s, %s", all, value);
	}
	return all;
}

static bool has_any(const char *text, const char *const *words)
{
	for (; text != NULL && *words != NULL; words++) {
		if (mail_has(text, *words))
			return true;
	}
	return false;
}

static bool starts_any(const char *text, const char *const *words)
{
	for (; text != NULL && *words != NULL; words++) {
		if (strncasecmp(text, *words, strlen(*words)) == 0)
			return true;
	}
	return false;
}

/* Subjects of returned mail, as the servers write them. */
static const char *const returned_subjects[] = {"undeliver", "undelivered mail", "returned mail", "delivery failure", "delivery status notif",
	"mail delivery failed", "mail failed", "failure notice", "delivery failed", "could not be delivered", "delivery has failed", "delivery report",
	"mail system error", "returned to sender", "non-delivery", "nondeliverable", "not deliverable", "delivery notification", "delivery status",
	"message delayed", "delayed mail", "delivery delayed", "mail failure", "delivery problem", "error sending your mail", "permanent delivery failure",
	"warning: message", "warning: could not send", "undeliverable", "unzustellbar", "nicht zugestellt", "non remis", "non distribu", "no se puede entregar",
	"no entregado", "mancato recapito", "退信", "无法投递", "無法投遞", "投递失败", "投遞失敗", "未送达", "未送達", "无法送达", "無法傳遞", "系统退信",
	"配信不能", "送信エラー", "配信できません", "送信できません", "failure delivery", "failed delivery", "rejected:", "are not member", "unable to deliver",
	"not delivered", "не доставлено", "недоставленн", NULL};

static const char *const server_senders[] = {"mailer-daemon", "mailer_daemon", "postmaster", "post_master", "mail delivery", "mail.delivery", "mdaemon",
	"mail-daemon", "delivery subsystem", "mail system", NULL};

static const char *const answer_subjects[] = {"automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response",
	"autoresponse", "auto:", "out of office", "out of the office", "out-of-office", "abwesenheit", "automatische antwort", "réponse automatique",
	"respuesta automática", "risposta automatica", "automatisch antwoord", "自动回复", "自動回覆", "自動回復", "自動返信", "不在", "away from my mail",
	"on vacation", "vacation:", NULL};

static bool is_complaint(struct ctx *ctx, const struct mail_signs *signs, const struct mail *mail)
{
	if (str_equal_nocase(signs->report_type, "feedback-report") || *signs->feedback != '\0')
		return true;
	if (mail_header(ctx, signs->headers, "X-HmXmrOriginalRecipient") != NULL ||
	    (mail_header(ctx, signs->original, "X-HmXmrOriginalRecipient") != NULL && mail_has(mail->subject, "complaint")))
		return true;
	/* mail programs that unsubscribe for their user */
	const char *automatic = mail_header(ctx, signs->headers, "Auto-Submitted");
	return automatic != NULL && mail->subject != NULL && str_equal_nocase(mail->subject, "unsubscribe") && mail_has(mail->text, "unsubscribe from");
}

/* RFC 3834 and what was usual before it. */
static bool is_automatic(struct ctx *ctx, const struct mail_signs *signs, const struct mail *mail)
{
	static const char *const names[] = {"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Auto-Reply", "X-Mail-Autoreply",
		"X-POST-MessageClass", "X-Cron-Env", "X-Amazon-Auto-Reply", NULL};
	const char *automatic = mail_header(ctx, signs->headers, "Auto-Submitted");
	if (automatic != NULL && strncasecmp(automatic, "no", 2) != 0 && *automatic != '\0')
		return true;
	const char *precedence = mail_header(ctx, signs->headers, "Precedence");
	if (precedence != NULL && strncasecmp(precedence, "auto", 4) == 0)
		return true;
	const char *automatically = mail_header(ctx, signs->headers, "X-Auto-Response-Suppress");
	for (size_t i = 0; names[i] != NULL; i++) {
		const char *value = mail_header(ctx, signs->headers, names[i]);
		if (value != NULL && !str_equal_nocase(value, "no"))
			return true;
	}
	if (mail_has(mail_header(ctx, signs->headers, "X-MS-Exchange-Generated-Message-Source"), "mailbox rules"))
		return true;
	return starts_any(mail->subject, answer_subjects) || (automatically != NULL && has_any(mail->subject, answer_subjects));
}

static bool is_list(struct ctx *ctx, const struct mail_signs *signs)
{
	static const char *const names[] = {"List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "Mailing-List", "X-Mailing-List",
		"X-BeenThere", "X-Mailman-Version", NULL};
	for (size_t i = 0; names[i] != NULL; i++) {
		if (mail_header(ctx, signs->headers, names[i]) != NULL)
			return true;
	}
	const char *precedence = mail_header(ctx, signs->headers, "Precedence");
	return precedence != NULL && (strncasecmp(precedence, "list", 4) == 0 || strncasecmp(precedence, "bulk", 4) == 0 ||
	                              strncasecmp(precedence, "junk", 4) == 0);
}

/* A report that everything went well is no bounce. */
static bool only_good_news(const char *report)
{
	return mail_has(report, "action:") && !mail_has(report, "action: failed") && !mail_has(report, "action:failed") &&
	       !mail_has(report, "delayed") && !mail_has(report, "action: fail") &&
	       (mail_has(report, "delivered") || mail_has(report, "relayed") || mail_has(report, "expanded") || mail_has(report, "deliverable"));
}

static bool null_sender(struct ctx *ctx, const struct mail_signs *signs)
{
	const char *path = mail_header(ctx, signs->headers, "Return-Path");
	return path != NULL && (str_equal(path, "<>") || *path == '\0' || mail_has(path, "mailer-daemon"));
}

/* A notification of a sending service, as JSON. */
static bool is_notification(const struct mail *mail)
{
	return mail_has(mail->text, "\"notificationtype") || mail_has(mail->text, "\\\"notificationtype");
}

/* Two of three signs: who sends it, what it is called, what it says; and something no person writes of a lost parcel. */
static bool speaks_as_server(struct ctx *ctx, const struct mail_signs *signs, const struct mail *mail)
{
	const char *from = mail_header(ctx, signs->headers, "From");
	bool server = has_any(from, server_senders) || from == NULL || mail_has(from, "<>") || null_sender(ctx, signs);
	bool subject = has_any(mail->subject, returned_subjects);
	bool prose = mail_bounce_prose(mail->text);
	if (prose && !subject && starts_any(mail->subject, answer_subjects))
		return false;
	if (!server)
		return subject && prose && (signs->has_original || mail_has(mail->text, "rcpt to") || mail_has(mail->subject, "are not member"));
	return subject || prose;
}

static bool is_bounce(struct ctx *ctx, const struct mail_signs *signs, const struct mail *mail)
{
	if (*signs->report != '\0')
		return !only_good_news(signs->report);
	if (str_equal_nocase(signs->report_type, "delivery-status") || mail_header(ctx, signs->headers, "X-Failed-Recipients") != NULL)
		return true;
	if (is_notification(mail))
		return mail_has(mail->text, "bouncedrecipients");
	return speaks_as_server(ctx, signs, mail);
}

/* The people a complaint is about: RFC 5965, or the message that is complained of. */
static enum err complained(struct ctx *ctx, const struct mail_signs *signs, struct mail *mail)
{
	const char *names[] = {mail_header_all(ctx, signs->feedback, "Original-Rcpt-To"), mail_header_all(ctx, signs->feedback, "Removal-Recipient"),
		mail_header_all(ctx, signs->original, "X-HmXmrOriginalRecipient"), mail_header_all(ctx, signs->original, "To")};
	const char *all = NULL;
	for (size_t i = 0; all == NULL && i < sizeof(names) / sizeof(names[0]); i++)
		all = names[i] != NULL && strchr(names[i], '@') != NULL ? names[i] : NULL;
	struct mail_recipient *list = arena_array(ctx->arena, MAIL_LIST_MAX, sizeof(*list));
	if (list == NULL)
		return fail(ctx, ERR_LIMIT, NULL, "mail_too_large");
	mail->recipients = list;
	while (all != NULL && *all != '\0' && mail->n_recipients < MAIL_LIST_MAX) {
		size_t len = strcspn(all, ",");
		const char *open = memchr(all, '<', len), *from = open != NULL ? open + 1 : all + strspn(all, " ");
		size_t n = strcspn(from, ">, \t");
		const char *address = arena_strndup(ctx->arena, from, n);
		if (address == NULL)
			return fail(ctx, ERR_LIMIT, NULL, "mail_too_large");
		if (strchr(address, '@') != NULL)
			list[mail->n_recipients++] = (struct mail_recipient){.address = address};
		all += len + (all[len] == ',' ? 1 : 0);
	}
	return OK;
}

enum err mail_judge(struct ctx *ctx, const struct mail_signs *signs, struct mail *mail)
{
	if (is_complaint(ctx, signs, mail)) {
		mail->kind = MAIL_COMPLAINT;
		return complained(ctx, signs, mail);
	}
	if (is_bounce(ctx, signs, mail)) {
		mail->kind = MAIL_BOUNCE;
		return mail_bounce_read(ctx, signs, mail);
	}
	if (is_automatic(ctx, signs, mail) || *signs->report != '\0' || is_notification(mail))
		mail->kind = MAIL_AUTO_REPLY;
	else
		mail->kind = is_list(ctx, signs) ? MAIL_LIST : MAIL_PERSON;
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, NULL, "mail_too_large") : OK;
}

const char *mail_kind_name(enum mail_kind kind)
{
	static const char *const names[] = {"person", "bounce", "complaint", "auto_reply", "list"};
	return names[kind];
}
