/* Taking mails out for sending: each is asked of the folders' gates in the transaction that takes it. */
#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox_send.h"
#include "outbox_sql.h"
#include "core/settings/settings.h"

enum { POSTPONE_MS = 60000, RECOVER_MAX = 500 };

/* --- rules ------------------------------------------------------------------------ */

enum err outbox_ask_gates(struct ctx *ctx, const struct outbox_seen *mail, struct outbox_verdict *verdict)
{
	const struct outbox_rule *const *lists = ctx->app != NULL ? app_outbox_rules(ctx->app) : NULL;
	enum err err = OK;
	*verdict = (struct outbox_verdict){0};
	for (; lists != NULL && *lists != NULL && err == OK; lists++)
		for (const struct outbox_rule *rule = *lists; rule->name != NULL && err == OK; rule++) {
			struct outbox_verdict one = {0};
			if (rule->gate != NULL)
				err = rule->gate(ctx, mail, &one);
			if (one.refuse != NULL && verdict->refuse == NULL)
				verdict->refuse = one.refuse;
			if (one.postpone_ms > verdict->postpone_ms) {
				verdict->postpone_ms = one.postpone_ms;
				verdict->why = one.why;
			}
		}
	return err;
}

enum err outbox_tell(struct ctx *ctx, const struct outbox_seen *mail, const struct outbox_outcome *outcome)
{
	const struct outbox_rule *const *lists = ctx->app != NULL ? app_outbox_rules(ctx->app) : NULL;
	enum err err = OK;
	for (; lists != NULL && *lists != NULL && err == OK; lists++)
		for (const struct outbox_rule *rule = *lists; rule->name != NULL && err == OK; rule++)
			if (rule->outcome != NULL)
				err = rule->outcome(ctx, mail, outcome);
	return err;
}

/* --- rows -------------------------------------------------------------------------- */

static const char *copy(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at), *kept = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	return kept != NULL ? kept : "";
}

void outbox_seen_read(struct ctx *ctx, const struct stmt *stmt, struct outbox_seen *ret)
{
	int64_t purpose = stmt_i64(stmt, 6);
	*ret = (struct outbox_seen){.id = stmt_i64(stmt, 0), .to_address = copy(ctx, stmt, 1), .to_name = copy(ctx, stmt, 2), .subject = copy(ctx, stmt, 3), .entity = copy(ctx, stmt, 4),
		.record_id = stmt_i64(stmt, 5), .purpose = purpose >= 0 && purpose < OUTBOX_PURPOSES ? (enum outbox_purpose)purpose : OUTBOX_SERVICE, .key = copy(ctx, stmt, 7),
		.message_id = copy(ctx, stmt, 8), .attempts = (int)stmt_i64(stmt, 9), .created_at = stmt_i64(stmt, 10)};
}

static enum err run_mail(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t number, const char *text, int64_t last)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	if (text == NULL) {
		stmt_bind_i64(stmt, 2, number);
	} else if (last != 0) {
		stmt_bind_text(stmt, 2, text);
		stmt_bind_i64(stmt, 3, last);
	} else {
		stmt_bind_i64(stmt, 2, number);
		stmt_bind_text(stmt, 3, text);
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- taking ------------------------------------------------------------------------- */

static enum err decide(struct ctx *ctx, struct outbox_taking *t, const struct outbox_seen *mail, const char *domain)
{
	struct outbox_verdict verdict;
	int64_t now = ctx_now(ctx);
	enum err err = outbox_ask_gates(ctx, mail, &verdict);
	if (err != OK)
		return err;
	if (verdict.refuse != NULL) {
		struct outbox_outcome outcome = {.state = OUTBOX_REFUSED, .reply = verdict.refuse};
		t->refused = true;
		err = run_mail(ctx, &sql_outbox_refuse, mail->id, 0, verdict.refuse, now);
		return err == OK ? outbox_tell(ctx, mail, &outcome) : err;
	}
	if (verdict.postpone_ms > 0) {
		t->refused = true;
		int64_t until = verdict.postpone_ms > now ? verdict.postpone_ms : now + POSTPONE_MS;
		return run_mail(ctx, &sql_outbox_postpone, mail->id, until, verdict.why != NULL ? verdict.why : "", 0);
	}
	err = run_mail(ctx, &sql_outbox_take, mail->id, t->by, NULL, 0);
	t->taken[t->n] = *mail;
	t->domains[t->n++] = domain;
	return err;
}

static enum err take_some(struct ctx *ctx, struct outbox_taking *t, const struct outbox_wanted *wanted)
{
	size_t max = t->max - t->n < wanted->max ? t->max - t->n : wanted->max, n = 0;
	struct outbox_seen *due = arena_array(ctx->arena, max + 1, sizeof(*due));
	struct stmt *stmt;
	bool row = false;
	enum err err = due != NULL ? db_prepare(ctx, ctx->db, &sql_outbox_due, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, wanted->row_account);
	stmt_bind_i64(stmt, 2, wanted->lane);
	stmt_bind_text(stmt, 3, wanted->domain);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	stmt_bind_i64(stmt, 5, (int64_t)max);
	while (n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		outbox_seen_read(ctx, stmt, &due[n++]);
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++)
		err = decide(ctx, t, &due[i], wanted->domain);
	return err;
}

enum err outbox_take(struct ctx *ctx, void *arg)
{
	struct outbox_taking *t = arg;
	enum err err = OK;
	t->n = 0; /* the job may run again */
	t->refused = false;
	for (size_t i = 0; i < t->n_wanted && t->n < t->max && err == OK; i++)
		err = take_some(ctx, t, &t->wanted[i]);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* --- what another left behind -------------------------------------------------------------- */

enum err outbox_has_orphans(struct ctx *ctx, int64_t by, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_orphans, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, by);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err put_unsure(struct ctx *ctx, const struct outbox_seen *mail)
{
	bool again = setting_int(ctx, &outbox_settings[OUTBOX_SETTING_UNSURE_AGAIN]) != 0;
	struct outbox_outcome outcome = {.state = OUTBOX_UNSURE, .reply = "outbox_died"};
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_unsure, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, mail->id);
	stmt_bind_i64(stmt, 2, again ? OUTBOX_WAITING : OUTBOX_UNSURE);
	stmt_bind_text(stmt, 3, "outbox_died");
	stmt_bind_i64(stmt, 4, again ? 0 : ctx_now(ctx));
	stmt_bind_i64(stmt, 5, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK && !again ? outbox_tell(ctx, mail, &outcome) : err;
}

enum err outbox_recover(struct ctx *ctx, void *arg)
{
	const int64_t *by = arg;
	struct outbox_seen *list = arena_array(ctx->arena, RECOVER_MAX, sizeof(*list));
	bool *left = arena_array(ctx->arena, RECOVER_MAX, sizeof(*left)), row = false;
	size_t n = 0;
	struct stmt *stmt;
	enum err err = list != NULL && left != NULL ? db_prepare(ctx, ctx->db, &sql_outbox_orphans, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *by);
	for (; n < RECOVER_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row; n++) {
		outbox_seen_read(ctx, stmt, &list[n]);
		left[n] = stmt_i64(stmt, 12) == OUTBOX_LEAVING;
	}
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++)
		err = left[i] ? put_unsure(ctx, &list[i]) : run_mail(ctx, &sql_outbox_free, list[i].id, ctx_now(ctx), NULL, 0);
	return err;
}
