/* What a firm says of its mails, and what is old. */
#include "core/settings/settings.h"
#include "core/outbox/outbox_send.h"
#include "core/timers/timers.h"
#include "outbox_sql.h"

#define GROUP {"Mail", "邮件"}

const struct setting outbox_settings[] = {
	[OUTBOX_SETTING_UNSURE_AGAIN] = {.name = "mail.unsure_again", .type = SETTING_BOOL, .fallback = "false", .group = GROUP,
		.label = {"Send again what may have arrived", "重发可能已送达的邮件"},
		.help = {"When a server was told the whole mail and did not answer, or the program died then. Some will arrive twice.",
			"服务器收到整封邮件但没有应答，或程序此时中断：重发可能导致部分邮件重复送达。"}},
	[OUTBOX_SETTING_KEEP_DAYS] = {.name = "mail.keep_days", .type = SETTING_INT, .fallback = "30", .min = 1, .max = 3650, .group = GROUP,
		.label = {"Days that sent mails' texts are kept", "已送出邮件内容的保留天数"}, .help = {"That a mail was sent, to whom and why, is kept for good", "邮件的发送记录会一直保留"}},
	{.name = NULL},
};

static enum err prune(struct ctx *ctx)
{
	enum { PRUNE_MAX = 5000 };
	const int64_t day = 24 * 3600 * 1000, failed = 90; /* days that what failed can be sent again */
	int64_t kept = setting_int(ctx, &outbox_settings[OUTBOX_SETTING_KEEP_DAYS]);
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_prune, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - kept * day);
	stmt_bind_i64(stmt, 2, PRUNE_MAX);
	stmt_bind_i64(stmt, 3, ctx_now(ctx) - (kept > failed ? kept : failed) * day);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

const struct schedule outbox_schedules[] = {{.name = "outbox.prune", .every_ms = 600 * 1000, .run = prune}, {.name = NULL}};
