/* Mails that came back after they were sent. */
#include "core/outbox/outbox_send.h"
#include "core/outbox/outbox_words.h"
#include "outbox_sql.h"

enum err outbox_came_back(struct ctx *ctx, const struct outbox_returned *returned, bool *ret)
{
	struct stmt *stmt;
	struct outbox_seen mail;
	int64_t rows = 0;
	const char *reason = returned->soft ? "outbox_bounced_soft" : "outbox_bounced";
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_returned, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, returned->mail_id);
	stmt_bind_i64(stmt, 2, returned->soft ? OUTBOX_SENT : OUTBOX_FAILED);
	stmt_bind_text(stmt, 3, reason);
	stmt_bind_text(stmt, 4, returned->said);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	*ret = err == OK && rows > 0;
	if (!*ret || returned->soft)
		return err;
	err = outbox_seen_get(ctx, returned->mail_id, &mail);
	struct outbox_outcome outcome = {.state = OUTBOX_FAILED, .reply = reason};
	return err == OK ? outbox_tell(ctx, &mail, &outcome) : err;
}
