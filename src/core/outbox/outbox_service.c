/* The service: takes what is due, sends it, notes what became of it. Turns are short; letters run on between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "core/outbox/outbox_send.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "outbox_sql.h"

enum {
	ITEMS_MAX = 256,
	AHEAD = 4,          /* taken for each connection */
	DOMAINS_MAX = 200,  /* looked at in a turn, of each account and lane */
	ROUND_MS = 200,
	TIMEOUT_MS = 120000,
	TOLD_MAX = 64,
	LEAVE_MS = 5000,    /* at the end, for answers to what has gone */
	MINUTE_MS = 60000,
	DOMAIN_TEXT = 256,
};

/* What is remembered of an account from turn to turn. */
struct lane_memory {
	int64_t account_id, minute, sent;
	char after[2][OUTBOX_LANES][DOMAIN_TEXT]; /* the last domain looked at: of mails that name it, and of those that name none */
};

struct sender {
	struct outward_letters *letters;
	int64_t by;
	struct outbox_item *items[ITEMS_MAX];
	size_t n;
	struct lane_memory accounts[OUTBOX_ACCOUNTS_MAX];
	struct {
		int64_t id;
		struct dkim_key *key;
	} keys[OUTBOX_KEYS_MAX];
	size_t n_keys;
};

/* What a turn works with. */
struct round {
	struct service_turn *turn;
	struct sender *s;
	struct outbox_account *accounts;
	struct outbox_signer *signers;
	size_t n_accounts, n_signers;
	int64_t next_at; /* the first moment at which there is something to do; INT64_MAX: none known */
};

/* --- items ------------------------------------------------------------------------ */

static void free_item(struct outbox_item *item)
{
	if (item == NULL)
		return;
	free((void *)(uintptr_t)item->domain); /* the first of its texts; see item_new */
	free(item);
}

/* Copies all texts in one piece, which begins with the domain. */
static struct outbox_item *item_new(const struct outbox_seen *seen, int64_t account_id, const char *domain)
{
	const char *from[] = {domain, seen->to_address, seen->to_name, seen->subject, seen->entity, seen->key, seen->message_id};
	struct outbox_item *item = calloc(1, sizeof(*item));
	const char **to[] = {NULL, NULL, NULL, NULL, NULL, NULL, NULL};
	size_t all = 0;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		all += strlen(from[i]) + 1;
	char *at = item != NULL ? malloc(all) : NULL;
	if (at == NULL) {
		free(item);
		return NULL;
	}
	item->seen = *seen;
	item->account_id = account_id;
	to[0] = &item->domain, to[1] = &item->seen.to_address, to[2] = &item->seen.to_name, to[3] = &item->seen.subject, to[4] = &item->seen.entity, to[5] = &item->seen.key;
	to[6] = &item->seen.message_id;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		size_t n = strlen(from[i]) + 1;
		*to[i] = memcpy(at, from[i], n);
		at += n;
	}
	return item;
}

static size_t count(const struct sender *s, int64_t account_id, const char *domain, bool going)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		bool busy = s->items[i]->at != OUTBOX_QUEUED && s->items[i]->at != OUTBOX_ENDED;
		n += s->items[i]->account_id == account_id && (domain == NULL || str_equal(s->items[i]->domain, domain)) && (!going || busy);
	}
	return n;
}

static void end_sender(void *state)
{
	struct sender *s = state;
	outward_letters_free(s->letters);
	for (size_t i = 0; i < s->n; i++)
		free_item(s->items[i]);
	for (size_t i = 0; i < s->n_keys; i++)
		dkim_key_free(s->keys[i].key);
	free(s);
}

static enum err get_sender(struct ctx *ctx, struct service_turn *turn, struct sender **ret)
{
	struct sender *s = *turn->state;
	if (s == NULL) {
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		ctx_random(ctx, &s->by, sizeof(s->by));
		s->by = (s->by & INT64_MAX) | 1;
		enum err err = outward_letters_open_new(ctx, ctx->machine, &s->letters);
		if (err != OK) {
			free(s);
			return err;
		}
		*turn->state = s;
	}
	*ret = s;
	return OK;
}

static struct lane_memory *memory_of(struct sender *s, int64_t account_id)
{
	struct lane_memory *spare = &s->accounts[0];
	for (size_t i = 0; i < OUTBOX_ACCOUNTS_MAX; i++) {
		if (s->accounts[i].account_id == account_id)
			return &s->accounts[i];
		if (s->accounts[i].account_id == 0)
			spare = &s->accounts[i];
	}
	*spare = (struct lane_memory){.account_id = account_id};
	return spare;
}

static void at_latest(struct round *r, int64_t at)
{
	r->next_at = at < r->next_at ? at : r->next_at;
}

/* --- what may be taken ---------------------------------------------------------------- */

struct pace {
	const char *domain;
	int64_t not_before;
};

static enum err read_paces(struct ctx *ctx, int64_t account_id, struct pace **ret, size_t *ret_n)
{
	enum { PACES_MAX = 5000 };
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, PACES_MAX, sizeof(**ret));
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, &sql_outbox_pace_of, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, account_id);
	while (*ret_n < PACES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		(*ret)[(*ret_n)++] = (struct pace){arena_strdup(ctx->arena, stmt_text(stmt, 0)), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* How many mails a domain may get now, of `room`; *at: when it may be asked again. */
static size_t room_for(const struct sender *s, const struct outbox_account *account, const struct pace *paces, size_t n, const char *domain, size_t room, int64_t now, int64_t *at)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_equal(paces[i].domain, domain))
			continue;
		*at = paces[i].not_before > now ? paces[i].not_before : *at;
		return paces[i].not_before > now || count(s, account->id, domain, false) > 0 ? 0 : 1; /* one tries whether it is better */
	}
	return room;
}

struct looking {
	struct round *r;
	const struct outbox_account *account;
	const struct pace *paces;
	size_t n_paces;
	struct outbox_taking *taking;
};

/* The domains that have something waiting in a lane, from where it was left. */
static enum err look_at_lane(struct ctx *ctx, struct looking *l, int64_t row_account, enum outbox_lane lane)
{
	struct sender *s = l->r->s;
	char *after = memory_of(s, l->account->id)->after[row_account == 0][lane];
	int64_t now = ctx_now(ctx);
	size_t seen = 0;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_domains, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, row_account);
	stmt_bind_i64(stmt, 2, lane);
	stmt_bind_text(stmt, 3, after);
	stmt_bind_i64(stmt, 4, DOMAINS_MAX);
	const char *last = "";
	while (l->taking->n_wanted < OUTBOX_WANTED_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		const char *domain = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		int64_t at = stmt_i64(stmt, 1);
		if (domain == NULL)
			break;
		seen++;
		last = domain;
		size_t room = room_for(s, l->account, l->paces, l->n_paces, domain, l->taking->max, now, &at);
		if (at <= now && room > 0)
			l->taking->wanted[l->taking->n_wanted++] = (struct outbox_wanted){row_account, lane, domain, room};
		else if (at > now)
			at_latest(l->r, at);
	}
	stmt_done(stmt);
	/* on from there, or from the beginning */
	bool full = seen == DOMAINS_MAX || l->taking->n_wanted == OUTBOX_WANTED_MAX;
	if ((full || *after != '\0') && err == OK)
		at_latest(l->r, now + ROUND_MS);
	snprintf(after, DOMAIN_TEXT, "%s", full ? last : "");
	return err;
}

static size_t allowance(struct ctx *ctx, struct round *r, const struct outbox_account *account)
{
	struct lane_memory *m = memory_of(r->s, account->id);
	int64_t now = ctx_now(ctx), minute = now / MINUTE_MS;
	size_t ahead = (size_t)account->connections * AHEAD, have = count(r->s, account->id, NULL, false), room = ahead > have ? ahead - have : 0;
	if (account->paused_until > now) {
		at_latest(r, account->paused_until);
		return 0;
	}
	if (account->failures > 0) /* one tries whether it is back */
		room = have == 0 ? 1 : 0;
	room = room < ITEMS_MAX - r->s->n ? room : ITEMS_MAX - r->s->n;
	if (account->per_minute == 0)
		return room;
	if (m->minute != minute) {
		m->minute = minute;
		m->sent = 0;
	}
	int64_t left = account->per_minute - m->sent;
	if (left <= 0)
		at_latest(r, (minute + 1) * MINUTE_MS);
	return left <= 0 ? 0 : room < (size_t)left ? room : (size_t)left;
}

static enum err keep_taken(struct ctx *ctx, struct sender *s, const struct outbox_account *account, const struct outbox_taking *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct outbox_item *item = s->n < ITEMS_MAX ? item_new(&t->taken[i], account->id, t->domains[i]) : NULL;
		if (item == NULL) /* whoever sends next finds it */
			return fail(ctx, ERR_LIMIT, "", "memory");
		s->items[s->n++] = item;
	}
	memory_of(s, account->id)->sent += (int64_t)t->n;
	return OK;
}

static enum err take_for(struct ctx *ctx, struct round *r, const struct outbox_account *account)
{
	struct outbox_taking *t = arena_alloc(ctx->arena, sizeof(*t));
	struct looking l = {.r = r, .account = account, .taking = t};
	struct pace *paces = NULL;
	struct db *db = ctx->db;
	size_t room = allowance(ctx, r, account);
	if (room == 0)
		return OK;
	if (t == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	t->by = r->s->by;
	t->max = room < OUTBOX_TAKE_MAX ? room : OUTBOX_TAKE_MAX;
	enum err err = read_paces(ctx, account->id, &paces, &l.n_paces);
	l.paces = paces;
	for (int lane = 0; lane < OUTBOX_LANES && err == OK; lane++) {
		err = look_at_lane(ctx, &l, account->id, (enum outbox_lane)lane);
		if (err == OK && account->is_default)
			err = look_at_lane(ctx, &l, 0, (enum outbox_lane)lane);
	}
	db_reset(ctx->db);
	if (err != OK || t->n_wanted == 0)
		return err;
	err = store_write(ctx, ctx->store, outbox_take, t);
	ctx->db = db;
	if (err == OK && (t->refused || t->n == t->max))
		at_latest(r, ctx_now(ctx));
	return err == OK ? keep_taken(ctx, r->s, account, t) : err;
}

/* --- sending ------------------------------------------------------------------------------- */

static enum err read_body(struct ctx *ctx, const struct outbox_item *item, struct outbox_letter *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_body, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->seen.id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		*ret = (struct outbox_letter){.to_address = item->seen.to_address, .to_name = item->seen.to_name, .subject = item->seen.subject, .message_id = item->seen.message_id,
			.text = stmt_text(stmt, 0) != NULL ? arena_strdup(ctx->arena, stmt_text(stmt, 0)) : NULL,
			.html = stmt_text(stmt, 1) != NULL ? arena_strdup(ctx->arena, stmt_text(stmt, 1)) : NULL,
			.headers = arena_strdup(ctx->arena, stmt_text(stmt, 2)), .made_by_program = item->seen.purpose == OUTBOX_NOTICE};
	stmt_done(stmt);
	if (err == OK && !row)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* The key, opened once. */
static enum err key_of(struct ctx *ctx, struct sender *s, const struct outbox_signer *signer, const struct dkim_key **ret)
{
	const void *der;
	size_t n;
	struct dkim_key *key;
	for (size_t i = 0; i < s->n_keys; i++)
		if (s->keys[i].id == signer->id) {
			*ret = s->keys[i].key;
			return OK;
		}
	enum err err = machine_unseal(ctx, OUTBOX_PURPOSE_KEY, signer->sealed, &der, &n);
	if (err == OK)
		err = dkim_key_open_new(ctx, der, n, &key);
	if (err != OK)
		return err;
	if (s->n_keys == OUTBOX_KEYS_MAX)
		dkim_key_free(s->keys[--s->n_keys].key);
	s->keys[s->n_keys].id = signer->id;
	s->keys[s->n_keys++].key = key;
	*ret = key;
	return OK;
}

static bool signs_for(const struct outbox_signer *signer, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t n = at != NULL ? strlen(at + 1) : 0, d = strlen(signer->domain);
	return n >= d && str_equal_nocase(at + 1 + n - d, signer->domain) && (n == d || at[n - d] == '.');
}

/* The mail, with its signatures before it. */
static enum err make_letter(struct ctx *ctx, const struct round *r, const struct outbox_account *account, const struct outbox_item *item, struct buf *out)
{
	struct outbox_letter letter;
	struct buf mail;
	enum err err = read_body(ctx, item, &letter);
	if (err != OK)
		return err;
	buf_init(&mail, OUTBOX_MAIL_BYTES);
	err = outbox_message_write(ctx, account, &letter, &mail);
	for (size_t i = 0; i < r->n_signers && err == OK; i++) {
		const struct dkim_key *key;
		if (!signs_for(&r->signers[i], account->address))
			continue;
		err = key_of(ctx, r->s, &r->signers[i], &key);
		struct dkim_signing signing = {err == OK ? key : NULL, r->signers[i].domain, r->signers[i].selector, ctx_now(ctx) / 1000};
		if (err == OK)
			err = dkim_sign(ctx, &signing, buf_text(&mail), mail.len, out);
	}
	if (err == OK)
		buf_add(out, mail.data, mail.len);
	buf_release(&mail);
	return err == OK && buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "outbox_large") : err;
}

static void start_one(struct ctx *ctx, const struct round *r, const struct outbox_account *account, struct outbox_item *item)
{
	struct outward_server server;
	struct buf out;
	struct arena_mark mark = arena_mark(ctx->arena);
	buf_init(&out, OUTBOX_MAIL_BYTES + (1 << 16));
	enum err err = make_letter(ctx, r, account, item, &out);
	if (err == OK)
		err = outbox_account_server(ctx, account, &server);
	db_reset(ctx->db);
	if (err == OK) {
		struct outward_letter letter = {.server = &server, .from = account->address, .to = item->seen.to_address, .n = out.len, .timeout_ms = TIMEOUT_MS, .user = item};
		letter.bytes = buf_take_new(&out);
		err = outward_letter_send(ctx, r->s->letters, &letter);
		item->at = OUTBOX_GOING;
	}
	if (err != OK) {
		item->at = OUTBOX_ENDED;
		item->unmade = "outbox_unmade";
		faults_clear(ctx);
	}
	buf_release(&out);
	arena_rewind(ctx->arena, mark);
}

static void start_queued(struct ctx *ctx, const struct round *r, const struct outbox_account *account)
{
	size_t going = count(r->s, account->id, NULL, true);
	for (size_t i = 0; i < r->s->n && going < (size_t)account->connections && outward_letters_running(r->s->letters) < OUTWARD_LETTERS_MAX; i++) {
		if (r->s->items[i]->account_id != account->id || r->s->items[i]->at != OUTBOX_QUEUED)
			continue;
		start_one(ctx, r, account, r->s->items[i]);
		going++;
	}
}

/* --- answers ---------------------------------------------------------------------------------- */

static size_t hear(struct sender *s, int ms)
{
	struct outward_told told[TOLD_MAX];
	size_t n = outward_letters_running(s->letters) > 0 ? outward_letters_wait(s->letters, ms, told, TOLD_MAX) : 0;
	for (size_t i = 0; i < n; i++) {
		struct outbox_item *item = told[i].user;
		item->told = told[i];
		item->at = told[i].event == OUTWARD_ASKS ? OUTBOX_ASKING : OUTBOX_ENDED;
	}
	return n;
}

/* What has just been noted: on it goes, or it is out of our hands. */
static void go_on(struct sender *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct outbox_item *item = s->items[i];
		bool over = item->at == OUTBOX_ENDED;
		if (item->at == OUTBOX_ASKING) {
			bool went = outward_letter_go(s->letters, item, item->may);
			item->at = OUTBOX_WENT;
			over = !went && !item->may;
			if (!went && item->may) { /* noted as leaving, and it has not left */
				item->at = OUTBOX_ENDED;
				item->told = (struct outward_told){.user = item, .event = OUTWARD_ENDED, .stage = OUTWARD_TEXT, .error = "outward_broken"};
			}
		}
		if (over)
			free_item(item);
		else
			s->items[kept++] = item;
	}
	s->n = kept;
}

static enum err note(struct ctx *ctx, struct sender *s)
{
	struct outbox_noting noting = {.by = s->by, .items = s->items, .n = s->n, .unsure_again = setting_int(ctx, &outbox_settings[OUTBOX_SETTING_UNSURE_AGAIN]) != 0};
	struct db *db = ctx->db;
	bool any = false;
	for (size_t i = 0; i < s->n; i++)
		any = any || s->items[i]->at == OUTBOX_ASKING || s->items[i]->at == OUTBOX_ENDED;
	if (!any)
		return OK;
	enum err err = store_write(ctx, ctx->store, outbox_note, &noting);
	ctx->db = db;
	if (err == OK)
		go_on(s);
	return err;
}

/* --- a turn -------------------------------------------------------------------------------------- */

static enum err recover(struct ctx *ctx, struct sender *s)
{
	struct db *db = ctx->db;
	bool any = false;
	enum err err = outbox_has_orphans(ctx, s->by, &any);
	db_reset(ctx->db);
	if (err == OK && any)
		err = store_write(ctx, ctx->store, outbox_recover, &s->by);
	ctx->db = db;
	return err;
}

/* Items whose account is gone or switched off wait for it. */
static bool has_account(const struct round *r, int64_t id)
{
	for (size_t i = 0; i < r->n_accounts; i++)
		if (r->accounts[i].id == id)
			return true;
	return false;
}

static void give_up_accounts(struct round *r)
{
	for (size_t i = 0; i < r->s->n; i++)
		if (r->s->items[i]->at == OUTBOX_QUEUED && !has_account(r, r->s->items[i]->account_id)) {
			r->s->items[i]->at = OUTBOX_ENDED; /* as if no connection had been made: it goes back */
			r->s->items[i]->told = (struct outward_told){.event = OUTWARD_ENDED, .stage = OUTWARD_CONNECTING, .error = "outward_connect"};
		}
}

static enum err take_and_start(struct ctx *ctx, struct round *r)
{
	enum err err = recover(ctx, r->s);
	for (size_t i = 0; i < r->n_accounts && err == OK && !atomic_load(r->turn->stopping); i++) {
		err = take_for(ctx, r, &r->accounts[i]);
		if (err == OK)
			start_queued(ctx, r, &r->accounts[i]);
	}
	give_up_accounts(r);
	return err;
}

static enum err turn(struct ctx *ctx, struct service_turn *turn)
{
	struct round r = {.turn = turn, .next_at = INT64_MAX};
	enum err err = get_sender(ctx, turn, &r.s);
	if (err == OK)
		err = outbox_accounts_active(ctx, &r.accounts, &r.n_accounts);
	if (err == OK)
		err = outbox_signers_active(ctx, &r.signers, &r.n_signers);
	db_reset(ctx->db);
	if (err == OK)
		err = take_and_start(ctx, &r);
	if (err != OK)
		return err;
	(void)hear(r.s, ROUND_MS);
	err = note(ctx, r.s);
	int64_t now = ctx_now(ctx), wait = r.next_at <= now ? 10 : r.next_at - now;
	turn->wait_ms = r.s->n > 0 ? 0 : wait < SERVICE_WAIT_MAX_MS ? wait : SERVICE_WAIT_MAX_MS;
	return err;
}

/* At the end: nothing new goes, and answers to what has gone are waited for. What had not left is found by whoever sends next. */
static enum err leave(struct ctx *ctx, struct service_turn *turn)
{
	struct sender *s = *turn->state;
	int64_t until = ctx_now(ctx) + LEAVE_MS;
	enum err err = OK;
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->at == OUTBOX_ASKING)
			s->items[i]->at = OUTBOX_QUEUED;
	for (;;) {
		size_t went = 0;
		for (size_t i = 0; i < s->n; i++)
			went += s->items[i]->at == OUTBOX_WENT;
		if (went == 0 || err != OK || ctx_now(ctx) > until)
			return err;
		(void)hear(s, ROUND_MS);
		for (size_t i = 0; i < s->n; i++)
			if (s->items[i]->at == OUTBOX_ASKING)
				s->items[i]->at = OUTBOX_QUEUED;
		err = note(ctx, s);
	}
}

const struct service outbox_services[] = {{.name = OUTBOX_SERVICE_NAME, .alone = true, .quiet = true, .turn = turn, .leave = leave, .end = end_sender}, {.name = NULL}};
