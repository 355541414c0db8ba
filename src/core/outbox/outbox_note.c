/* What became of a mail: what follows from the server's answer, and its note together with what folders do about it. */
#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox_send.h"
#include "outbox_sql.h"

enum { REFUSED = 400, FOR_EVER = 500, SLOWER_MIN_MS = 30000, SLOWER_MAX_MS = 3600000, PAUSE_MIN_MS = 5000, PAUSE_MAX_MS = 15 * 60000, PAUSE_STEPS = 10 };

static const int64_t again[] = {1, 5, 15, 60, 120, 240, 480, 720, 1080, 1440}; /* minutes: 2.9 days */

int64_t outbox_again_ms(int attempts)
{
	const int n = sizeof(again) / sizeof(again[0]);
	return attempts >= 1 && attempts <= n ? again[attempts - 1] * 60000 : 0;
}

static struct outbox_fate later(int attempts, bool slower)
{
	int64_t ms = outbox_again_ms(attempts);
	if (ms == 0)
		return (struct outbox_fate){.state = OUTBOX_FAILED, .counts = true, .slower = slower, .reason = "outbox_gave_up"};
	return (struct outbox_fate){.state = OUTBOX_WAITING, .again_ms = ms, .counts = true, .slower = slower, .reason = ""};
}

struct outbox_fate outbox_judge(const struct outward_told *told, int attempts, bool unsure_again)
{
	bool answered = str_equal(told->error, "outward_refused") && told->code >= REFUSED;
	if (told->error == NULL)
		return (struct outbox_fate){.state = OUTBOX_SENT, .counts = true, .reason = ""};
	/* what it says of the sender it would say of all of the account's mails */
	if (told->stage <= OUTWARD_SENDER)
		return (struct outbox_fate){.state = OUTBOX_WAITING, .account_fails = true, .reason = ""};
	if (answered && told->code >= FOR_EVER)
		return (struct outbox_fate){.state = OUTBOX_FAILED, .counts = true, .reason = ""};
	if (answered || told->stage < OUTWARD_GONE)
		return later(attempts, answered);
	if (unsure_again)
		return later(attempts, false);
	return (struct outbox_fate){.state = OUTBOX_UNSURE, .counts = true, .reason = "outbox_no_answer"};
}

/* --- notes ---------------------------------------------------------------------------- */

/* What a server said is text of any kind. */
static const char *clean(struct ctx *ctx, const char *reply)
{
	char *out = arena_strdup(ctx->arena, reply);
	if (out == NULL || utf8_valid(out, strlen(out)))
		return out != NULL ? out : "";
	for (char *at = out; *at != '\0'; at++)
		if ((unsigned char)*at > '~')
			*at = '?';
	return out;
}

static enum err end_mail(struct ctx *ctx, int64_t by, const struct outbox_item *item, const struct outbox_fate *fate, const char *reply, bool *ret_ours)
{
	struct stmt *stmt;
	int64_t rows = 0, now = ctx_now(ctx);
	bool waits = fate->state == OUTBOX_WAITING;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_end, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->seen.id);
	stmt_bind_i64(stmt, 2, by);
	stmt_bind_i64(stmt, 3, fate->state);
	stmt_bind_i64(stmt, 4, waits ? now + fate->again_ms : now);
	stmt_bind_i64(stmt, 5, item->told.code);
	stmt_bind_text(stmt, 6, reply);
	stmt_bind_text(stmt, 7, *fate->reason != '\0' || item->told.error == NULL || str_equal(item->told.error, "outward_refused") ? fate->reason : item->told.error);
	stmt_bind_i64(stmt, 8, waits ? 0 : now);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	*ret_ours = rows > 0;
	return err;
}

static enum err give_back(struct ctx *ctx, int64_t by, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_give_back, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, by);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_pace(struct ctx *ctx, const struct outbox_item *item, int64_t wait, const char *reply)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, wait > 0 ? &sql_outbox_pace_put : &sql_outbox_pace_drop, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->account_id);
	stmt_bind_text(stmt, 2, item->domain);
	if (wait > 0) {
		stmt_bind_i64(stmt, 3, ctx_now(ctx) + (*reply != '\0' ? wait : 0));
		stmt_bind_i64(stmt, 4, wait);
		stmt_bind_text(stmt, 5, reply);
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Twice as slow after each "not now", twice as fast after each mail that is taken. */
static enum err note_pace(struct ctx *ctx, const struct outbox_item *item, const struct outbox_fate *fate, const char *reply)
{
	struct stmt *stmt;
	bool row = false;
	int64_t wait = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_pace_one, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->account_id);
	stmt_bind_text(stmt, 2, item->domain);
	err = stmt_step(ctx, stmt, &row);
	wait = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (err != OK || (!fate->slower && !row))
		return err;
	if (fate->slower) {
		wait = wait > 0 ? wait * 2 : SLOWER_MIN_MS;
		return put_pace(ctx, item, wait < SLOWER_MAX_MS ? wait : SLOWER_MAX_MS, *reply != '\0' ? reply : "-");
	}
	return put_pace(ctx, item, wait / 2 >= SLOWER_MIN_MS ? wait / 2 : 0, "");
}

static enum err note_account(struct ctx *ctx, const struct outbox_item *item, bool fails, const char *reply)
{
	struct outbox_account *account;
	struct stmt *stmt;
	enum err err = outbox_account_get(ctx, item->account_id, &account);
	if (err == ERR_NOT_FOUND) { /* it went away meanwhile */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK && !fails && account->failures == 0)
		return OK;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, fails ? &sql_outbox_account_tried : &sql_outbox_account_well, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->account_id);
	if (fails) {
		int64_t failures = account->failures + 1, pause = (int64_t)PAUSE_MIN_MS << (failures - 1 < PAUSE_STEPS ? failures - 1 : PAUSE_STEPS);
		stmt_bind_i64(stmt, 2, failures);
		stmt_bind_i64(stmt, 3, ctx_now(ctx) + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS));
		stmt_bind_text(stmt, 4, item->told.error != NULL ? item->told.error : "");
		stmt_bind_text(stmt, 5, reply);
		stmt_bind_i64(stmt, 6, ctx_now(ctx));
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What the answer says of the domain and of the account. */
static enum err note_ways(struct ctx *ctx, const struct outbox_item *item, const struct outbox_fate *fate, const char *reply, bool *account_told)
{
	enum err err = OK;
	if (fate->slower || fate->state == OUTBOX_SENT)
		err = note_pace(ctx, item, fate, reply);
	if (err != OK || (fate->account_fails && *account_told)) /* of many that fail together, one counts */
		return err;
	*account_told = *account_told || fate->account_fails;
	return note_account(ctx, item, fate->account_fails, reply);
}

static enum err note_ended(struct ctx *ctx, const struct outbox_noting *noting, const struct outbox_item *item, bool *account_told)
{
	const char *reply = clean(ctx, item->told.reply);
	bool ours = false, made = item->unmade == NULL;
	struct outbox_fate fate = outbox_judge(&item->told, item->seen.attempts + 1, noting->unsure_again);
	if (!made)
		fate = (struct outbox_fate){.state = OUTBOX_FAILED, .counts = true, .reason = item->unmade};
	enum err err = !fate.counts ? give_back(ctx, noting->by, item->seen.id) : end_mail(ctx, noting->by, item, &fate, reply, &ours);
	if (err == OK && made)
		err = note_ways(ctx, item, &fate, reply, account_told);
	struct outbox_outcome outcome = {.state = fate.state, .reply_code = item->told.code, .reply = *fate.reason != '\0' ? fate.reason : reply};
	return err == OK && ours && fate.state != OUTBOX_WAITING ? outbox_tell(ctx, &item->seen, &outcome) : err;
}

static enum err run_leaving(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t number, const char *reason, int64_t *ret_rows)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, number);
	if (reason != NULL)
		stmt_bind_text(stmt, 3, reason);
	err = stmt_run(ctx, stmt, ret_rows);
	stmt_done(stmt);
	return err;
}

/* Between its taking and this moment minutes may lie, with a slow server: the gates are asked once more. */
static enum err note_leaving(struct ctx *ctx, int64_t by, struct outbox_item *item)
{
	struct outbox_verdict verdict;
	int64_t rows = 0, now = ctx_now(ctx);
	item->may = false;
	enum err err = run_leaving(ctx, &sql_outbox_leave, item->seen.id, by, NULL, &rows);
	if (err != OK || rows == 0) /* another sender has it now, or it was called back */
		return err;
	err = outbox_ask_gates(ctx, &item->seen, &verdict);
	if (err != OK)
		return err;
	if (verdict.refuse != NULL) {
		struct outbox_outcome outcome = {.state = OUTBOX_REFUSED, .reply = verdict.refuse};
		err = run_leaving(ctx, &sql_outbox_not_left, item->seen.id, now, verdict.refuse, NULL);
		return err == OK ? outbox_tell(ctx, &item->seen, &outcome) : err;
	}
	if (verdict.postpone_ms > now)
		return run_leaving(ctx, &sql_outbox_leave_later, item->seen.id, verdict.postpone_ms, verdict.why != NULL ? verdict.why : "", NULL);
	item->may = true;
	return OK;
}

enum err outbox_note(struct ctx *ctx, void *arg)
{
	const struct outbox_noting *noting = arg;
	enum err err = OK;
	bool account_told = false;
	for (size_t i = 0; i < noting->n && err == OK; i++) {
		struct outbox_item *item = noting->items[i];
		if (item->at == OUTBOX_ENDED)
			err = note_ended(ctx, noting, item, &account_told);
		else if (item->at == OUTBOX_ASKING)
			err = note_leaving(ctx, noting->by, item);
	}
	return err;
}
