/* What a firm says of its mails, and what is old. */
#include "base/id.h"
#include "base/timeutil.h"
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

enum { PRUNE_MAX = 5000, FAILED_DAYS = 90 /* that what failed can be sent again */, PACE_DAYS = 30 };

static enum err prune_bodies(struct ctx *ctx)
{
	int64_t now = ctx_now(ctx), kept = setting_int(ctx, &outbox_settings[OUTBOX_SETTING_KEEP_DAYS]);
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_prune, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, now - kept * DAY_MS);
	stmt_bind_i64(stmt, 2, PRUNE_MAX);
	stmt_bind_i64(stmt, 3, now - (kept > FAILED_DAYS ? kept : FAILED_DAYS) * DAY_MS);
	stmt_bind_i64(stmt, 4, id_from_ms(now - kept * DAY_MS)); /* what was kept later is not looked at */
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Domains that nobody writes to any more. */
static enum err prune_paces(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_pace_prune, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - PACE_DAYS * (int64_t)DAY_MS);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err prune(struct ctx *ctx)
{
	enum err err = prune_bodies(ctx);
	return err == OK ? prune_paces(ctx) : err;
}

const struct schedule outbox_schedules[] = {{.name = "outbox.prune", .every_ms = 600 * 1000, .run = prune}, {.name = NULL}};
