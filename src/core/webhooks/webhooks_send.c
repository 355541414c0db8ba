/* The service: keeps what is new, sends what is due, notes what became of it. Each turn is short; calls run on between turns. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/machine/machine.h"
#include "core/outward/outward.h"
#include "core/rest/rest.h"
#include "core/webhooks/webhooks_internal.h"
#include "webhooks_sql.h"

enum {
	TIMEOUT_MS = 15000,
	LEASE_MS = 4 * TIMEOUT_MS, /* one whose sender is gone is sent again after that */
	PER_HOOK = 8,              /* one slow address must not take all lines */
	ROUND_MS = 500,
	FAILED_MAX = 5,            /* in a row: then one call tries whether the address is back */
	PAUSE_MS = 30000,
	PAUSE_MAX_MS = 30 * 60000,
	BODY_MAX = 4 << 20,
	ANSWERS = 64,
};

static const int64_t again[] = {2, 30, 300, 1800, 7200, 21600, 43200, 86400, 86400}; /* seconds: 2.8 days */

int64_t webhooks_again_ms(int attempts)
{
	const int n = sizeof(again) / sizeof(again[0]);
	return attempts >= 1 && attempts <= n ? again[attempts - 1] * 1000 : 0;
}

/* --- what is under way --------------------------------------------------------- */

struct sending {
	struct sending *next; /* that has ended and is not noted yet */
	int64_t id, webhook_id, record_id;
	int attempts;
	struct outward_answer answer;
	bool nothing; /* nothing the webhook's user may see */
};

struct sender {
	struct outward *outward;
	struct sending *ended;
	struct {
		int64_t webhook_id;
		int n;
	} lines[OUTWARD_PARALLEL_MAX]; /* calls of each webhook */
};

static int *lines_of(struct sender *s, int64_t webhook_id)
{
	int *empty = NULL;
	for (size_t i = 0; i < OUTWARD_PARALLEL_MAX; i++) {
		if (s->lines[i].n > 0 && s->lines[i].webhook_id == webhook_id)
			return &s->lines[i].n;
		if (s->lines[i].n == 0 && empty == NULL) {
			s->lines[i].webhook_id = webhook_id;
			empty = &s->lines[i].n;
		}
	}
	return empty;
}

static void ended(struct sender *s, struct sending *one)
{
	one->next = s->ended;
	s->ended = one;
}

static void end_sender(void *state)
{
	struct sender *s = state;
	struct sending *next;
	outward_free(s->outward);
	for (struct sending *one = s->ended; one != NULL; one = next) {
		next = one->next;
		free(one);
	}
	free(s);
}

static enum err get_sender(struct ctx *ctx, struct service_turn *turn, struct sender **ret)
{
	struct sender *s = *turn->state;
	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		enum err err = outward_open_new(ctx, ctx->machine, &s->outward);
		if (err != OK) {
			free(s);
			return err;
		}
		*turn->state = s;
	}
	*ret = s;
	return OK;
}

/* --- taking what is due ------------------------------------------------------------ */

struct taking {
	const struct hook *hook;
	int64_t ids[PER_HOOK], seqs[PER_HOOK], records[PER_HOOK], created[PER_HOOK];
	int attempts[PER_HOOK];
	const char *kinds[PER_HOOK];
	size_t n, max;
};

static enum err read_due(struct ctx *ctx, struct taking *t)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_due, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, t->hook->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, (int64_t)t->max);
	for (t->n = 0; t->n < t->max && (err = stmt_step(ctx, stmt, &row)) == OK && row; t->n++) {
		t->ids[t->n] = stmt_i64(stmt, 0);
		t->seqs[t->n] = stmt_i64(stmt, 1);
		t->kinds[t->n] = arena_strdup(ctx->arena, stmt_text(stmt, 2));
		t->records[t->n] = stmt_i64(stmt, 4);
		t->attempts[t->n] = (int)stmt_i64(stmt, 5) + 1;
		t->created[t->n] = stmt_i64(stmt, 6);
	}
	stmt_done(stmt);
	return err;
}

static enum err take(struct ctx *ctx, void *arg)
{
	struct taking *t = arg;
	enum err err = read_due(ctx, t);
	for (size_t i = 0; i < t->n && err == OK; i++) {
		struct stmt *stmt;
		err = db_prepare(ctx, ctx->db, &sql_webhook_take, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, t->ids[i]);
		stmt_bind_i64(stmt, 2, ctx_now(ctx) + LEASE_MS);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}

/* --- what is sent --------------------------------------------------------------------- */

struct writing {
	struct jsonw *w;
	bool values, seen;
};

static enum err write_change(struct ctx *ctx, const struct change *change, void *arg)
{
	struct writing *writing = arg;
	return rest_change_write(ctx, change, writing->values, writing->w, &writing->seen);
}

/* {"type":…,"timestamp":…,"data":{…}}; *ret_seen false: nothing that the webhook's user may see. */
static enum err make_body(struct ctx *ctx, const struct taking *t, size_t i, struct buf *out, bool *ret_seen)
{
	struct jsonw w;
	struct writing writing = {.w = &w, .values = t->hook->with_values, .seen = true};
	bool ping = str_equal(t->kinds[i], "ping");
	int64_t last;
	enum err err = OK;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_text(&w, "type", ping ? "ping" : "record.changed");
	jsonw_key(&w, "timestamp");
	jsonw_time(&w, t->created[i]);
	jsonw_key(&w, "data");
	jsonw_object(&w);
	if (!ping) {
		writing.seen = false;
		err = change_read(ctx, t->seqs[i] - 1, 1, write_change, &writing, &last);
	}
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	*ret_seen = writing.seen;
	return err == OK && buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "webhook_large") : err;
}

static enum err sign(struct ctx *ctx, const struct hook *hook, const char *id, const struct buf *body, const char *headers[5])
{
	unsigned char secret[WEBHOOK_SECRET];
	int64_t seconds = ctx_now(ctx) / 1000;
	enum err err = webhooks_open_secret(ctx, hook->secret, secret);
	const char *one = err == OK ? webhooks_sign(ctx, secret, id, seconds, body->data, body->len) : NULL, *two = NULL;
	if (err == OK && hook->previous != NULL && hook->previous_until > ctx_now(ctx)) {
		err = webhooks_open_secret(ctx, hook->previous, secret);
		two = err == OK ? webhooks_sign(ctx, secret, id, seconds, body->data, body->len) : NULL;
	}
	sodium_memzero(secret, sizeof(secret));
	headers[0] = "Content-Type: application/json";
	headers[1] = arena_printf(ctx->arena, "webhook-id: %s", id);
	headers[2] = arena_printf(ctx->arena, "webhook-timestamp: %lld", (long long)seconds);
	headers[3] = arena_printf(ctx->arena, "webhook-signature: %s%s%s", one != NULL ? one : "", two != NULL ? " " : "", two != NULL ? two : "");
	headers[4] = NULL;
	return err == OK && (one == NULL || headers[1] == NULL || headers[2] == NULL || headers[3] == NULL) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* As the webhook's user; with whom the rights are gone, there is nothing to be told. */
static enum err send_one(struct ctx *ctx, struct sender *s, const struct taking *t, size_t i, struct sending *one)
{
	struct buf body;
	bool seen = false;
	const char *headers[5];
	const char *id = arena_printf(ctx->arena, "msg_%lld", (long long)t->ids[i]);
	if (id == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	buf_init(&body, BODY_MAX);
	enum err err = make_body(ctx, t, i, &body, &seen);
	one->nothing = err == OK && !seen;
	if (err == OK && seen)
		err = sign(ctx, t->hook, id, &body, headers);
	if (err == OK && seen) {
		struct outward_call call = {.url = t->hook->url, .body = body.data, .n = body.len, .headers = headers, .timeout_ms = TIMEOUT_MS, .user = one};
		err = outward_post(ctx, s->outward, &call);
	}
	buf_release(&body);
	return err;
}

static void start(struct ctx *ctx, struct service_turn *turn, struct sender *s, const struct taking *t, size_t i)
{
	struct sending *one = calloc(1, sizeof(*one));
	const struct actor *system = ctx->actor;
	if (one == NULL)
		return; /* its lease ends, and it is taken again */
	*one = (struct sending){.id = t->ids[i], .webhook_id = t->hook->id, .record_id = t->records[i], .attempts = t->attempts[i]};
	enum err err = t->hook->acting_id != 0 ? turn->as_user(turn->arg, ctx, t->hook->acting_id) : fail(ctx, ERR_DENIED, "", "webhook_nobody");
	bool denied = err == ERR_DENIED || err == ERR_FORBIDDEN;
	if (err == OK)
		err = send_one(ctx, s, t, i, one);
	ctx->actor = system;
	if (err != OK)
		one->answer.error = denied ? "webhook_nobody" : "webhook_unsent";
	faults_clear(ctx);
	int *lines = lines_of(s, t->hook->id);
	if (lines != NULL)
		(*lines)++;
	if (err != OK || one->nothing)
		ended(s, one);
}

static enum err send_due(struct ctx *ctx, struct service_turn *turn, struct sender *s, const struct hook *hook)
{
	int *lines = lines_of(s, hook->id);
	size_t room = OUTWARD_PARALLEL_MAX - outward_running(s->outward), free_lines = lines != NULL && *lines < PER_HOOK ? (size_t)(PER_HOOK - *lines) : 0;
	struct taking t = {.hook = hook, .max = room < free_lines ? room : free_lines};
	struct db *db = ctx->db;
	if (hook->failures >= FAILED_MAX) /* one tries whether it is back */
		t.max = hook->paused_until > ctx_now(ctx) || (lines != NULL && *lines > 0) ? 0 : t.max > 0 ? 1 : 0;
	if (t.max == 0)
		return OK;
	enum err err = read_due(ctx, &t); /* a look costs no write */
	db_reset(ctx->db);
	if (err != OK || t.n == 0)
		return err;
	err = store_write(ctx, ctx->store, take, &t);
	ctx->db = db;
	for (size_t i = 0; i < t.n && err == OK; i++)
		start(ctx, turn, s, &t, i);
	return err;
}

/* --- what became of it -------------------------------------------------------------------- */

static bool delivered(const struct sending *one)
{
	return one->answer.error == NULL && one->answer.status >= 200 && one->answer.status < 300;
}

static enum err note_state(struct ctx *ctx, const struct sending *one)
{
	struct stmt *stmt;
	int64_t failures = 0, pause = PAUSE_MS;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_health, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, one->webhook_id);
	err = stmt_step(ctx, stmt, &row);
	failures = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (err != OK || !row || (delivered(one) && failures == 0))
		return err;
	failures = delivered(one) ? 0 : failures + 1;
	for (int64_t i = FAILED_MAX; i < failures && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	err = db_prepare(ctx, ctx->db, &sql_webhook_state_tried, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, one->webhook_id);
	stmt_bind_i64(stmt, 2, failures);
	stmt_bind_i64(stmt, 3, failures >= FAILED_MAX ? ctx_now(ctx) + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS) : 0);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err note_one(struct ctx *ctx, const struct sending *one)
{
	struct stmt *stmt;
	int64_t wait = webhooks_again_ms(one->attempts);
	bool done = delivered(one);
	enum delivery_state state = one->nothing ? DELIVERY_NOTHING : done ? DELIVERY_DONE : wait == 0 ? DELIVERY_DEAD : DELIVERY_WAITING;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_told, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, one->id);
	stmt_bind_i64(stmt, 2, state);
	stmt_bind_i64(stmt, 3, state == DELIVERY_WAITING ? ctx_now(ctx) + wait : 0);
	stmt_bind_i64(stmt, 4, one->answer.status);
	stmt_bind_text(stmt, 5, one->answer.error);
	stmt_bind_i64(stmt, 6, one->answer.took_ms);
	stmt_bind_i64(stmt, 7, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err == OK && state != DELIVERY_WAITING)
		err = webhooks_release(ctx, one->webhook_id, one->record_id);
	return err == OK && !one->nothing ? note_state(ctx, one) : err;
}

static enum err note_all(struct ctx *ctx, void *arg)
{
	enum err err = OK;
	for (const struct sending *one = arg; one != NULL && err == OK; one = one->next)
		err = note_one(ctx, one);
	return err;
}

static enum err note_ended(struct ctx *ctx, struct sender *s)
{
	struct db *db = ctx->db;
	if (s->ended == NULL)
		return OK;
	enum err err = store_write(ctx, ctx->store, note_all, s->ended);
	ctx->db = db;
	for (struct sending *one; err == OK && (one = s->ended) != NULL;) {
		int *lines = lines_of(s, one->webhook_id);
		if (lines != NULL && *lines > 0)
			(*lines)--;
		s->ended = one->next;
		free(one);
	}
	return err;
}

/* --- a turn ----------------------------------------------------------------------------------- */

static enum err keep_new(struct ctx *ctx, void *arg)
{
	return webhooks_keep_new(ctx, arg);
}

static bool behind(struct ctx *ctx)
{
	int64_t at = 0, last = 0;
	bool yes = reader_position(ctx, WEBHOOKS_READER, &at) != OK || change_last_seq(ctx, &last) != OK || last > at;
	faults_clear(ctx);
	db_reset(ctx->db);
	return yes;
}

/* When something is next due, of those that are not being sent. */
static enum err next_wait(struct ctx *ctx, const struct hook *hooks, size_t n, int64_t *ret)
{
	int64_t first = INT64_MAX, now = ctx_now(ctx);
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		struct stmt *stmt;
		bool row = false;
		err = db_prepare(ctx, ctx->db, &sql_webhook_next, &stmt);
		if (err != OK)
			break;
		stmt_bind_i64(stmt, 1, hooks[i].id);
		err = stmt_step(ctx, stmt, &row);
		int64_t at = err == OK && row && stmt_text(stmt, 0) != NULL ? stmt_i64(stmt, 0) : INT64_MAX;
		stmt_done(stmt);
		at = hooks[i].failures >= FAILED_MAX && at < hooks[i].paused_until ? hooks[i].paused_until : at;
		first = at < first ? at : first;
	}
	db_reset(ctx->db);
	*ret = first <= now ? 0 : first - now < SERVICE_WAIT_MAX_MS ? first - now : SERVICE_WAIT_MAX_MS;
	return err;
}

/* Waits a little for answers to what is under way; how many came. */
static size_t hear(struct sender *s, bool hurry)
{
	struct outward_answer answers[ANSWERS];
	size_t got = outward_running(s->outward) > 0 ? outward_wait(s->outward, hurry ? 0 : ROUND_MS, answers, ANSWERS) : 0;
	for (size_t i = 0; i < got; i++) {
		struct sending *one = answers[i].user;
		one->answer = answers[i];
		ended(s, one);
	}
	return got;
}

static enum err keep_and_send(struct ctx *ctx, struct service_turn *turn, struct sender *s, const struct hook *hooks, size_t n, bool *ret_more)
{
	struct db *db = ctx->db;
	enum err err = OK;
	if (n > 0 && behind(ctx)) {
		err = store_write(ctx, ctx->store, keep_new, ret_more);
		ctx->db = db;
	}
	for (size_t i = 0; i < n && err == OK && !atomic_load(turn->stopping); i++)
		err = send_due(ctx, turn, s, &hooks[i]);
	return err;
}

static enum err turn(struct ctx *ctx, struct service_turn *turn)
{
	struct sender *s = NULL;
	struct hook *hooks;
	size_t n = 0;
	bool more = false;
	enum err err = webhooks_active(ctx, &hooks, &n);
	db_reset(ctx->db);
	if (err == OK)
		err = get_sender(ctx, turn, &s);
	if (err == OK)
		err = keep_and_send(ctx, turn, s, hooks, n, &more);
	if (err != OK)
		return err;
	size_t got = hear(s, more);
	err = note_ended(ctx, s);
	if (err == OK)
		err = next_wait(ctx, hooks, n, &turn->wait_ms);
	if (more || got > 0 || outward_running(s->outward) > 0)
		turn->wait_ms = 0;
	else if (turn->wait_ms < 10)
		turn->wait_ms = 10;
	return err;
}

const struct service webhooks_services[] = {{.name = "webhooks", .alone = true, .turn = turn, .end = end_sender}, {.name = NULL}};

/* --- what is old -------------------------------------------------------------------------------- */

static enum err prune(struct ctx *ctx)
{
	enum { PRUNE_MAX = 20000 };
	static const struct {
		enum delivery_state state;
		int64_t days;
	} kept[] = {{DELIVERY_DONE, 30}, {DELIVERY_NOTHING, 1}, {DELIVERY_DEAD, 90}};
	enum err err = OK;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]) && err == OK; i++) {
		struct stmt *stmt;
		err = db_prepare(ctx, ctx->db, &sql_webhook_prune, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, kept[i].state);
		stmt_bind_i64(stmt, 2, ctx_now(ctx) - kept[i].days * 24 * 3600 * 1000);
		stmt_bind_i64(stmt, 3, PRUNE_MAX);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}

const struct schedule webhooks_schedules[] = {{.name = "webhooks.prune", .every_ms = 3600 * 1000, .run = prune}, {.name = NULL}};
