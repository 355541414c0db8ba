/* Rows become mails, and mails tell what became of them.
 *
 * A row and its mail are one transaction, under a key that no second mail can have; the gate is asked again in the transaction that
 * takes the mail out, so that what was withdrawn a moment ago is obeyed. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

enum { SLICE = 100, AHEAD = 2000, PATIENCE_DAYS = 3, DAY_MS = 86400000, PAUSED_MS = 60000 };

static const char recipient_name[] = "campaign_recipient";

struct due {
	int64_t id, customer_id, variant_id, attempts;
	struct campaign_letter letter;
	const char *skip; /* reason; NULL: it goes */
};

struct batch {
	const struct campaign *campaign;
	struct due *list;
	size_t n;
};

static void mail_key(char out[CAMPAIGN_KEY_MAX], int64_t recipient, int64_t attempts)
{
	snprintf(out, CAMPAIGN_KEY_MAX, "campaign/%lld/%lld", (long long)recipient, (long long)attempts);
}

static enum err skip_row(struct ctx *ctx, int64_t id, const char *reason)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_skip, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, reason);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* The mail itself; an address that the outbox refuses is this row's trouble alone. */
static enum err keep_mail(struct ctx *ctx, const struct due *d)
{
	char key[CAMPAIGN_KEY_MAX];
	const char *list = arena_printf(ctx->arena, "List-Unsubscribe: <%s>", d->letter.unsubscribe);
	const char *const headers[] = {list, "List-Unsubscribe-Post: List-Unsubscribe=One-Click", NULL};
	const struct faults before = ctx->faults;
	int64_t id;
	mail_key(key, d->id, d->attempts);
	struct outbox_mail mail = {.to_address = d->letter.address, .to_name = d->letter.name, .subject = d->letter.subject, .text = d->letter.text, .html = d->letter.html,
	                           .headers = headers, .entity = recipient_name, .record_id = d->id, .purpose = OUTBOX_PROMOTION, .key = key};
	enum err err = list != NULL ? outbox_mail(ctx, &mail, &id) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != ERR_INVALID)
		return err;
	ctx->faults = before;
	return skip_row(ctx, d->id, "bad_address");
}

static enum err write_batch(struct ctx *ctx, void *arg)
{
	struct batch *b = arg;
	int64_t running, changed;
	enum err err = campaign_number(ctx, &sql_campaign_still_running, (const int64_t[]){b->campaign->id}, 1, &running);
	for (size_t i = 0; !err && running != 0 && i < b->n; i++) {
		struct due *d = &b->list[i];
		if (d->skip != NULL) {
			err = skip_row(ctx, d->id, d->skip);
			continue;
		}
		err = campaign_run(ctx, &sql_campaign_queue, (const int64_t[]){d->id, ctx_now(ctx)}, 2, &changed);
		if (!err && changed == 1)
			err = keep_mail(ctx, d);
	}
	return err;
}

static enum err read_due(struct ctx *ctx, const struct campaign *c, struct batch *b)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_due, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, c->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, SLICE);
	while (b->n < SLICE && !(err = stmt_step(ctx, stmt, &row)) && row)
		b->list[b->n++] = (struct due){.id = stmt_i64(stmt, 0), .customer_id = stmt_i64(stmt, 1), .variant_id = stmt_i64(stmt, 2), .attempts = stmt_i64(stmt, 3)};
	stmt_done(stmt);
	return err;
}

/* What is wrong with one letter is its row's trouble alone. */
static enum err write_letter(struct ctx *ctx, const struct campaign_contents *contents, struct due *d)
{
	const struct faults before = ctx->faults;
	struct record *customer;
	enum err err = record_get(ctx, registry_find(ctx->registry, "customer"), d->customer_id, ACTION_READ, &customer);
	const struct campaign_content *content = err ? NULL : campaign_content_for(contents, d->variant_id, record_text(customer, "language"));
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN)
		d->skip = "out_of_reach";
	else if (!err && content == NULL)
		d->skip = "no_content";
	else if (!err)
		err = campaign_render(ctx, content, customer, d->id, false, &d->letter);
	if (err == ERR_INVALID || err == ERR_LIMIT)
		d->skip = "not_rendered";
	if (d->skip == NULL && !err && str_empty(d->letter.address))
		d->skip = "no_address";
	if (d->skip == NULL)
		return err;
	ctx->faults = before;
	return OK;
}

/* RFC 8058 wants one HTTPS address; without it nobody could leave by the mail. */
enum err campaign_has_address(struct ctx *ctx, bool *ret)
{
	const char *url;
	enum err err = setting_text(ctx, &consent_settings[CONSENT_URL], &url);
	*ret = !err && str_starts(url, "https://") && url[strlen("https://")] != '\0';
	return err;
}

enum err campaign_send_some(struct ctx *ctx, const struct campaign *c, size_t *ret)
{
	struct batch b = {.campaign = c, .list = arena_array(ctx->arena, SLICE, sizeof(*b.list))};
	struct campaign_contents *contents = arena_alloc(ctx->arena, sizeof(*contents));
	struct db *db = ctx->db;
	int64_t ahead;
	*ret = 0;
	if (b.list == NULL || contents == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = campaign_number(ctx, &sql_campaign_in_flight, (const int64_t[]){c->id}, 1, &ahead);
	if (err || ahead >= AHEAD)
		return err;
	err = read_due(ctx, c, &b);
	if (!err && b.n > 0)
		err = campaign_contents_read(ctx, c->id, contents);
	for (size_t i = 0; !err && i < b.n; i++)
		err = write_letter(ctx, contents, &b.list[i]);
	if (!err && b.n > 0)
		err = store_write(ctx, ctx->store, write_batch, &b);
	ctx->db = db;
	*ret = b.n;
	return err;
}

/* --- back from the outbox ------------------------------------------------------------------------- */

/* Under a key of its own next time: what was kept under this one goes nowhere any more. */
static enum err wait_again(struct ctx *ctx, int64_t id, const char *reason, int64_t until)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_wait_again, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, until);
	stmt_bind_text(stmt, 3, reason);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static const char *touch_of(struct ctx *ctx, int64_t recipient)
{
	return arena_printf(ctx->arena, "%s/%lld", recipient_name, (long long)recipient);
}

static enum err forget_touch(struct ctx *ctx, int64_t recipient)
{
	const char *cause = touch_of(ctx, recipient);
	return cause != NULL ? contact_forget(ctx, cause) : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err campaign_take_back(struct ctx *ctx, int64_t campaign_id)
{
	enum { MAX = 5000 };
	int64_t *ids = arena_array(ctx->arena, MAX, sizeof(*ids)), *attempts = arena_array(ctx->arena, MAX, sizeof(*attempts));
	struct stmt *stmt;
	bool row = true, gone;
	size_t n = 0;
	if (ids == NULL || attempts == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_queued, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, campaign_id);
	while (n < MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		ids[n] = stmt_i64(stmt, 0);
		attempts[n++] = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++) {
		char key[CAMPAIGN_KEY_MAX];
		mail_key(key, ids[i], attempts[i]);
		err = outbox_cancel(ctx, key, "campaign_paused", &gone);
		if (!err && gone)
			err = wait_again(ctx, ids[i], NULL, ctx_now(ctx));
		if (!err && gone) /* it may have been tried before */
			err = forget_touch(ctx, ids[i]);
	}
	return err;
}

/* --- the outbox asks, and tells ---------------------------------------------------------------------- */

struct seen {
	int64_t campaign_id, customer_id, attempts, ends_at, owner_id;
	char state[12], campaign_state[12], channel[12];
	bool there;
};

static void copy(char to[12], const char *text)
{
	size_t n = text != NULL ? strnlen(text, 11) : 0;
	memcpy(to, text != NULL ? text : "", n);
	to[n] = '\0';
}

static enum err read_seen(struct ctx *ctx, const struct outbox_seen *mail, struct seen *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = (struct seen){0};
	if (!str_equal(mail->entity, recipient_name))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_recipient_read, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, mail->record_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		*ret = (struct seen){.campaign_id = stmt_i64(stmt, 0), .customer_id = stmt_i64(stmt, 1), .attempts = stmt_i64(stmt, 3), .ends_at = stmt_i64(stmt, 6),
		                     .owner_id = stmt_i64(stmt, 7), .there = true};
		copy(ret->state, stmt_text(stmt, 2));
		copy(ret->campaign_state, stmt_text(stmt, 4));
		copy(ret->channel, stmt_text(stmt, 5));
	}
	stmt_done(stmt);
	return err;
}

/* Whether the mail is the row's present one; others are of an earlier attempt. */
static bool present(const struct outbox_seen *mail, const struct seen *s)
{
	char key[CAMPAIGN_KEY_MAX];
	mail_key(key, mail->record_id, s->attempts);
	return s->there && str_equal(mail->key, key);
}

/* What waits does so here, where it can be paused, stopped and counted, not in the outbox. A mail that a person had sent again after
 * its row had ended stays there. */
static enum err hold_back(struct ctx *ctx, const struct outbox_seen *mail, const struct seen *s, const char *reason, int64_t until, struct outbox_verdict *verdict)
{
	if (!str_equal(s->state, "queued")) {
		verdict->postpone_ms = until;
		verdict->why = reason;
		return OK;
	}
	verdict->refuse = reason != NULL ? reason : "campaign_paused";
	enum err err = wait_again(ctx, mail->record_id, reason, until);
	return err ? err : forget_touch(ctx, mail->record_id);
}

/* It counts as a contact; a row that had failed, or was unsure, is on its way again and cannot be sent to a second time meanwhile. */
static enum err let_go(struct ctx *ctx, const struct outbox_seen *mail, const struct seen *s, const struct consent_question *q)
{
	enum err err = contact_note(ctx, q);
	if (err || str_equal(s->state, "queued"))
		return err;
	return campaign_run(ctx, &sql_campaign_go_again, (const int64_t[]){mail->record_id, ctx_now(ctx)}, 2, NULL);
}

static enum err ask_gate(struct ctx *ctx, const struct outbox_seen *mail, const struct seen *s, struct outbox_verdict *verdict)
{
	struct consent_question q = {.customer_id = s->customer_id, .channel = CONSENT_EMAIL, .purpose = "marketing", .cause = touch_of(ctx, mail->record_id), .lock = true};
	struct consent_answer a;
	struct consent_run *run = NULL;
	enum err err = q.cause != NULL ? consent_run_begin(ctx, &run) : fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = consent_ask(ctx, run, &q, &a);
	if (run != NULL)
		consent_run_end(run);
	if (err)
		return err;
	int64_t patience = ctx_now(ctx) + (int64_t)PATIENCE_DAYS * DAY_MS, latest = s->ends_at != 0 && s->ends_at < patience ? s->ends_at : patience;
	if (a.verdict == CONSENT_YES && str_equal_nocase(a.email, mail->to_address))
		return let_go(ctx, mail, s, &q);
	if (a.verdict == CONSENT_YES)
		verdict->refuse = "no_address"; /* they have another one since */
	else if (a.verdict == CONSENT_NO || a.until_ms > latest)
		verdict->refuse = consent_reason_names[a.reason];
	else
		return hold_back(ctx, mail, s, consent_reason_names[a.reason], a.until_ms, verdict);
	return OK;
}

static enum err gate(struct ctx *ctx, const struct outbox_seen *mail, struct outbox_verdict *verdict)
{
	struct seen s;
	enum err err = read_seen(ctx, mail, &s);
	if (err || !str_equal(mail->entity, recipient_name))
		return err;
	if (!present(mail, &s) || str_equal(s.campaign_state, "stopped"))
		verdict->refuse = "stopped";
	else if (s.ends_at != 0 && s.ends_at <= ctx_now(ctx))
		verdict->refuse = "ended";
	else if (str_equal(s.campaign_state, "paused")) /* it was with the sender when its campaign was paused, and came back */
		return hold_back(ctx, mail, &s, NULL, ctx_now(ctx) + PAUSED_MS, verdict);
	else
		return ask_gate(ctx, mail, &s, verdict);
	return OK;
}

static bool is_reason(const char *word)
{
	static const char *const others[] = {"stopped", "ended", "out_of_reach", "bad_address"};
	for (int i = 1; i < CONSENT_REASON_COUNT; i++) {
		if (str_equal(consent_reason_names[i], word))
			return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_equal(others[i], word))
			return true;
	}
	return false;
}

static enum err settle(struct ctx *ctx, int64_t id, const char *state, const char *reason, const char *note, bool sent)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_fail, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, state);
	stmt_bind_text(stmt, 3, reason);
	stmt_bind_text(stmt, 4, str_empty(note) ? NULL : note);
	if (sent)
		stmt_bind_i64(stmt, 5, ctx_now(ctx));
	else
		stmt_bind_null(stmt, 5);
	stmt_bind_i64(stmt, 6, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err write_outcome(struct ctx *ctx, int64_t id, const struct outbox_outcome *o)
{
	const char *note = arena_printf(ctx->arena, "%.250s", o->reply != NULL ? o->reply : "");
	if (o->state == OUTBOX_SENT)
		return settle(ctx, id, "sent", NULL, NULL, true);
	if (o->state == OUTBOX_UNSURE)
		return settle(ctx, id, "unsure", NULL, note, true);
	enum err err = forget_touch(ctx, id);
	if (err)
		return err;
	if (o->state == OUTBOX_FAILED)
		return settle(ctx, id, "failed", "server", note, false);
	if (o->state == OUTBOX_SKIPPED)
		return settle(ctx, id, "skipped", "by_hand", note, false);
	return settle(ctx, id, "skipped", is_reason(o->reply) ? o->reply : "other", NULL, false);
}

static enum err outcome(struct ctx *ctx, const struct outbox_seen *mail, const struct outbox_outcome *o)
{
	struct seen s;
	enum err err = read_seen(ctx, mail, &s);
	if (err || !present(mail, &s))
		return err;
	/* what may have arrived may have arrived, whether or not it is tried again */
	if (str_equal(s.state, "unsure") && (o->state == OUTBOX_REFUSED || o->state == OUTBOX_SKIPPED))
		return OK;
	err = write_outcome(ctx, mail->record_id, o);
	return err ? err : services_wake(ctx, "campaigns"); /* there is room for more, or it was the last */
}

const struct outbox_rule campaign_mail_rules[] = {{.name = "campaigns", .gate = gate, .outcome = outcome}, {.name = NULL}};
