/* The fetcher: one thread for all mailboxes, connections that never wait for one another. What came is kept together with how far the mailbox
 * is read; whatever is cut in between comes again. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

enum {
	TURN_MS = 500,
	SILENCE_MS = 60000,         /* without an answer to what was asked */
	IDLE_MS = 9 * 60000,        /* begun anew long before 29 minutes (RFC 2177), and asked: not every server tells */
	ASK_MS = 60000,             /* where there is no IDLE */
	PAUSE_MIN_MS = 500,
	PAUSE_MAX_MS = 15 * 60000,
	LASTED_MS = 60000,          /* a connection that rested so long was a good one */
	READ_BYTES = 16384,
	BATCH_BYTES = 4 << 20,
	MESSAGE_MAX = 25 << 20,
	ALL_BYTES = 96 << 20,       /* of messages on their way, in all mailboxes */
	READS_A_TURN = 64,
};

/* One mailbox that is read. */
struct box {
	int64_t id, version, failures;
	struct imap_wire *wire;
	struct imap_talk *talk;
	char *texts[5];           /* host, user, secret, folder, since */
	struct mailbox mailbox;   /* its texts are those above, or NULL */
	bool well, seen, more;    /* well: it has come to rest; more: it was not read to its end */
	int64_t heard_at, asked_at, well_at;
	int flaps;                /* connections in turn that soon ended, and brought nothing */
	uint32_t uidvalidity, last_uid;
	size_t at;                /* of talk->listed: what was asked for so far */
	uint32_t until;           /* the last of what is asked for now */
	size_t expected;          /* bytes of it */
	bool cut;
	struct mailbox_mail mails[MAILBOX_BATCH_MAX];
	size_t n;
};

struct fetcher {
	struct box *boxes[MAILBOXES_MAX];
	size_t n, bytes; /* bytes: on their way */
};

/* --- beginning and end ------------------------------------------------------------------ */

static void drop_mails(struct box *box)
{
	for (size_t i = 0; i < box->n; i++)
		free((void *)(uintptr_t)box->mails[i].raw);
	box->n = 0;
}

static void hang_up(struct fetcher *f, struct box *box)
{
	f->bytes -= box->expected;
	box->expected = 0;
	drop_mails(box);
	if (box->talk != NULL) {
		imap_talk_end(box->talk);
		free(box->talk);
	}
	imap_wire_free(box->wire);
	for (size_t i = 0; i < sizeof(box->texts) / sizeof(box->texts[0]); i++) {
		free(box->texts[i]);
		box->texts[i] = NULL;
	}
	box->talk = NULL;
	box->wire = NULL;
}

static void end_fetcher(void *state)
{
	struct fetcher *f = state;
	for (size_t i = 0; i < f->n; i++) {
		hang_up(f, f->boxes[i]);
		free(f->boxes[i]);
	}
	free(f);
}

static struct box *box_of(struct fetcher *f, int64_t id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->boxes[i]->id == id)
			return f->boxes[i];
	return NULL;
}

/* --- what went wrong ------------------------------------------------------------------------ */

struct failing {
	int64_t id, until, now;
	const char *error, *said;
};

static enum err note_failure(struct ctx *ctx, void *arg)
{
	const struct failing *f = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_state_failed, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, f->id);
	stmt_bind_i64(stmt, 2, f->until);
	stmt_bind_text(stmt, 3, f->error);
	stmt_bind_text(stmt, 4, f->said);
	stmt_bind_i64(stmt, 5, f->now);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err note_well(struct ctx *ctx, void *arg)
{
	const struct box *box = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_state_well, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, box->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err write_job(struct ctx *ctx, write_fn run, void *arg)
{
	struct db *db = ctx->db;
	db_reset(db);
	enum err err = store_write(ctx, ctx->store, run, arg);
	ctx->db = db;
	return err;
}

/* Servers end what has waited long. One that does so at once each time is not to be called without a pause. */
static bool may_end(struct ctx *ctx, struct box *box, const char *error)
{
	bool ended = box->well && (str_equal(error, "outward_broken") || str_equal(error, "imap_bye"));
	if (ended)
		box->flaps = ctx_now(ctx) - box->well_at >= LASTED_MS ? 0 : box->flaps + 1;
	box->well = false;
	return ended && box->flaps < 2;
}

/* Hangs up, and tries again later and later. */
static enum err give_up(struct ctx *ctx, struct fetcher *f, struct box *box, const char *error)
{
	int64_t wait = PAUSE_MIN_MS;
	char said[IMAP_SAID_MAX] = "";
	if (may_end(ctx, box, error)) {
		hang_up(f, box);
		return OK;
	}
	for (int64_t i = 0; i < box->failures + (box->flaps > 1 ? box->flaps - 1 : 0) && wait < PAUSE_MAX_MS; i++)
		wait *= 2;
	wait = wait < PAUSE_MAX_MS ? wait : PAUSE_MAX_MS;
	if (box->talk != NULL)
		snprintf(said, sizeof(said), "%s", box->talk->said);
	hang_up(f, box);
	struct failing failing = {box->id, ctx_now(ctx) + wait, ctx_now(ctx), error, said};
	return write_job(ctx, note_failure, &failing);
}

/* --- connecting --------------------------------------------------------------------------------- */

static bool keep_text(struct box *box, size_t at, const char *text)
{
	box->texts[at] = text != NULL ? strdup(text) : NULL;
	return text == NULL || box->texts[at] != NULL;
}

static enum err call(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m)
{
	const char *secret, *error = NULL;
	enum err err = mailbox_secret(ctx, m, &secret);
	if (err != OK) {
		faults_clear(ctx);
		return give_up(ctx, f, box, "imap_secret");
	}
	if (*secret == '\0')
		return give_up(ctx, f, box, "imap_no_secret");
	struct imap_server server = {.host = m->host, .port = m->port, .security = m->security, .unverified = m->unverified, .trusted_ca = *m->trusted_ca != '\0' ? m->trusted_ca : NULL};
	db_reset(ctx->db);
	err = imap_wire_open_new(ctx, ctx->machine, &server, &box->wire, &error);
	if (err != OK)
		return err;
	if (error != NULL)
		return give_up(ctx, f, box, error);
	box->talk = calloc(1, sizeof(*box->talk));
	if (box->talk == NULL || !keep_text(box, 0, m->host) || !keep_text(box, 1, m->user) || !keep_text(box, 2, secret) || !keep_text(box, 3, m->folder) || !keep_text(box, 4, m->since)) {
		free(box->talk);
		box->talk = NULL;
		hang_up(f, box);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	struct imap_account account = {.user = box->texts[1], .secret = box->texts[2], .folder = box->texts[3], .since = box->texts[4], .sign_in = m->sign_in,
		.starttls = m->security == IMAP_STARTTLS};
	imap_talk_begin(box->talk, &account);
	box->well = false;
	box->heard_at = ctx_now(ctx);
	return OK;
}

/* --- fetching ----------------------------------------------------------------------------------------- */

/* Asks for the next messages of what was found, as many as may be held at once; false: there are none left. */
static bool get_more(struct fetcher *f, struct box *box)
{
	uint32_t uids[MAILBOX_BATCH_MAX];
	size_t n = 0, bytes = 0;
	struct imap_talk *talk = box->talk;
	box->cut = box->at < talk->n_listed && talk->listed[box->at].size > MESSAGE_MAX;
	while (box->at + n < talk->n_listed && n < MAILBOX_BATCH_MAX) {
		uint64_t size = talk->listed[box->at + n].size;
		if ((size > MESSAGE_MAX) != box->cut || (n > 0 && (bytes + size > BATCH_BYTES || box->cut)))
			break;
		bytes += box->cut ? IMAP_PEEK_MAX : (size_t)size;
		uids[n] = talk->listed[box->at + n].uid;
		n++;
	}
	if (n == 0)
		return false;
	box->at += n;
	box->until = uids[n - 1];
	box->expected = bytes;
	f->bytes += bytes;
	imap_talk_get(talk, uids, n, box->cut);
	return true;
}

static enum err take_message(struct ctx *ctx, struct box *box)
{
	const struct imap_message *message = &box->talk->message;
	for (size_t i = 0; i < box->n; i++)
		if (box->mails[i].uid == message->uid)
			return OK;
	if (box->n == MAILBOX_BATCH_MAX) /* more than was asked for */
		return OK;
	char *raw = malloc(message->n + 1);
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memcpy(raw, message->body, message->n);
	raw[message->n] = '\0';
	box->mails[box->n++] = (struct mailbox_mail){.uid = message->uid, .at = message->at, .raw = raw, .n = message->n, .cut = box->cut};
	return OK;
}

/* What was asked for has come: it is kept, and so is how far we are. */
static enum err keep(struct ctx *ctx, struct fetcher *f, struct box *box)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	struct mailbox mailbox = {.id = box->id};
	struct mailbox_keeping keeping = {.mailbox = &mailbox, .uidvalidity = box->uidvalidity, .last_uid = box->until, .mails = box->mails, .n = box->n};
	enum err err = box->n > 0 ? mailbox_understand(ctx, box->mails, box->n) : OK;
	if (err == OK)
		err = write_job(ctx, mailbox_keep, &keeping);
	if (err == OK) {
		box->last_uid = box->until;
		box->flaps = 0;
	}
	drop_mails(box);
	f->bytes -= box->expected;
	box->expected = 0;
	arena_rewind(ctx->arena, mark);
	return err;
}

static enum err opened(struct ctx *ctx, struct box *box, const struct mailbox *m)
{
	(void)ctx;
	box->uidvalidity = box->talk->uidvalidity;
	/* another UIDVALIDITY: the numbers mean other messages now, and what was kept is told by its content */
	box->last_uid = m->uidvalidity == box->uidvalidity ? m->last_uid : 0;
	imap_talk_list(box->talk, box->last_uid + 1);
	return OK;
}

static enum err go_on(struct ctx *ctx, struct fetcher *f, struct box *box)
{
	if (get_more(f, box))
		return OK;
	if (box->talk->n_listed > 0) { /* there may be more behind these */
		imap_talk_list(box->talk, box->last_uid + 1);
		return OK;
	}
	imap_talk_rest(box->talk);
	box->asked_at = ctx_now(ctx);
	box->well_at = box->well ? box->well_at : box->asked_at;
	box->well = true;
	box->failures = 0;
	return write_job(ctx, note_well, box);
}

static enum err happens(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m, enum imap_event event)
{
	switch (event) {
	case IMAP_SECURE:
		return imap_wire_secure(box->wire) ? OK : give_up(ctx, f, box, "outward_tls");
	case IMAP_OPENED:
		return opened(ctx, box, m);
	case IMAP_LISTED:
		box->at = 0;
		return go_on(ctx, f, box);
	case IMAP_MESSAGE:
		return take_message(ctx, box);
	case IMAP_GOT: {
		enum err err = keep(ctx, f, box);
		return err == OK ? go_on(ctx, f, box) : err;
	}
	case IMAP_NEWS:
		imap_talk_list(box->talk, box->last_uid + 1);
		return OK;
	case IMAP_RESTS:
		box->asked_at = ctx_now(ctx);
		if (box->talk->state == IMAP_ASKED) /* the waiting was ended: is there something that was not told? */
			imap_talk_list(box->talk, box->last_uid + 1);
		return OK;
	case IMAP_FAILED:
		return give_up(ctx, f, box, box->talk->error);
	case IMAP_NOTHING:
	default:
		return OK;
	}
}

/* Whether it waits for nothing but news. */
static bool rests(const struct box *box)
{
	return box->talk->state == IMAP_IDLES || box->talk->state == IMAP_ASKED;
}

static enum err events(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m)
{
	enum err err = OK;
	enum imap_event event;
	while (err == OK && box->talk != NULL && (event = imap_talk_step(box->talk)) != IMAP_NOTHING)
		err = happens(ctx, f, box, m, event);
	return err;
}

/* Reads what has come and sends what is to be said, without waiting. */
static enum err flow(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m)
{
	char room[READ_BYTES];
	enum err err = OK;
	enum imap_flow flows = imap_wire_step(box->wire);
	if (flows == IMAP_FLOWS && box->talk->state == IMAP_SHAKING)
		imap_talk_secured(box->talk);
	box->more = false;
	for (int i = 0; i < READS_A_TURN && flows == IMAP_FLOWS && err == OK && box->talk != NULL; i++) {
		size_t n;
		box->more = i + 1 == READS_A_TURN;
		flows = imap_wire_read(box->wire, room, sizeof(room), &n);
		if (flows != IMAP_FLOWS)
			break;
		box->heard_at = ctx_now(ctx);
		if (!imap_in_add(&box->talk->in, room, n))
			return give_up(ctx, f, box, "imap_broken");
		err = events(ctx, f, box, m);
	}
	if (err != OK || box->talk == NULL)
		return err;
	if (flows != IMAP_ENDED && imap_wire_step(box->wire) == IMAP_FLOWS && box->talk->state != IMAP_SHAKING)
		flows = imap_wire_write(box->wire, &box->talk->out);
	return flows == IMAP_ENDED ? give_up(ctx, f, box, imap_wire_error(box->wire)) : OK;
}

/* What time asks for. */
static enum err tick(struct ctx *ctx, struct fetcher *f, struct box *box)
{
	int64_t now = ctx_now(ctx);
	if (rests(box)) {
		if (now - box->asked_at >= (box->talk->can_idle ? IDLE_MS : ASK_MS)) {
			imap_talk_ask(box->talk);
			box->asked_at = box->heard_at = now;
		}
		return OK;
	}
	return now - box->heard_at > SILENCE_MS ? give_up(ctx, f, box, "outward_timeout") : OK;
}

/* --- turns ---------------------------------------------------------------------------------------------- */

/* Those that are switched on have a box, whose settings are still the same. */
static enum err settle(struct ctx *ctx, struct fetcher *f, const struct mailbox *mailboxes, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++)
		f->boxes[i]->seen = false;
	for (size_t i = 0; i < n; i++) {
		struct box *box = box_of(f, mailboxes[i].id);
		if (box == NULL && f->n < MAILBOXES_MAX) {
			box = calloc(1, sizeof(*box));
			if (box == NULL)
				return fail(ctx, ERR_LIMIT, "", "memory");
			box->id = mailboxes[i].id;
			f->boxes[f->n++] = box;
		}
		if (box == NULL)
			continue;
		box->seen = true;
		box->failures = mailboxes[i].failures;
		if (box->version != mailboxes[i].version) { /* somebody has looked at it */
			hang_up(f, box);
			box->flaps = 0;
		}
		box->version = mailboxes[i].version;
	}
	for (size_t i = 0; i < f->n; i++) {
		struct box *box = f->boxes[i];
		if (box->seen) {
			f->boxes[kept++] = box;
			continue;
		}
		hang_up(f, box);
		free(box);
	}
	f->n = kept;
	return OK;
}

static enum err one(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m, short ready)
{
	enum err err = OK;
	if (box->wire == NULL) {
		if (m->paused_until > ctx_now(ctx))
			return OK;
		err = call(ctx, f, box, m);
		return err == OK && box->wire != NULL ? flow(ctx, f, box, m) : err;
	}
	if (f->bytes > ALL_BYTES && box->expected == 0 && !rests(box)) /* others first; it has not asked for messages yet */
		return tick(ctx, f, box);
	if (ready != 0)
		err = flow(ctx, f, box, m);
	if (err == OK && box->talk != NULL)
		err = tick(ctx, f, box);
	if (err == OK && box->talk != NULL && box->talk->out.len > 0)
		err = flow(ctx, f, box, m);
	return err;
}

static void wait_for(struct fetcher *f, short ready[MAILBOXES_MAX], bool wait)
{
	struct pollfd fds[MAILBOXES_MAX];
	size_t n = 0, of[MAILBOXES_MAX];
	for (size_t i = 0; i < f->n; i++) {
		ready[i] = f->boxes[i]->wire != NULL && f->boxes[i]->more ? POLLIN : 0;
		wait = wait && ready[i] == 0;
		if (f->boxes[i]->wire == NULL)
			continue;
		fds[n] = (struct pollfd){.fd = imap_wire_fd(f->boxes[i]->wire), .events = imap_wire_events(f->boxes[i]->wire, f->boxes[i]->talk->out.len > 0)};
		of[n++] = i;
	}
	if (poll(fds, n, wait ? TURN_MS : 0) <= 0)
		return;
	for (size_t i = 0; i < n; i++)
		ready[of[i]] |= fds[i].revents;
}

static const struct mailbox *settings_of(const struct mailbox *mailboxes, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (mailboxes[i].id == id)
			return &mailboxes[i];
	return NULL;
}

/* One mailbox's share of a turn. Our own trouble with it is noted: the others go on, this one later. */
static enum err serve(struct ctx *ctx, struct fetcher *f, struct box *box, const struct mailbox *m, short ready)
{
	enum err err = one(ctx, f, box, m, ready);
	if (err == OK)
		return OK;
	const char *key = arena_strdup(ctx->arena, ctx->faults.count > 0 ? ctx->faults.list[0].key : "imap_keep");
	faults_clear(ctx);
	return give_up(ctx, f, box, key != NULL ? key : "imap_keep");
}

/* When it is to be looked at next. */
static int64_t next_of(const struct box *box, const struct mailbox *m, int64_t now)
{
	if (box->wire != NULL)
		return now;
	return m->paused_until > now ? m->paused_until : now;
}

static enum err begin(struct ctx *ctx, struct service_turn *turn, struct mailbox **ret, size_t *ret_n)
{
	enum err err = mailboxes_read(ctx, 0, ret, ret_n);
	if (err == OK && *turn->state == NULL) {
		*turn->state = calloc(1, sizeof(struct fetcher));
		err = *turn->state != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (err == OK)
		err = settle(ctx, *turn->state, *ret, *ret_n);
	db_reset(ctx->db);
	return err;
}

static enum err turn(struct ctx *ctx, struct service_turn *turn)
{
	struct mailbox *mailboxes;
	short ready[MAILBOXES_MAX];
	size_t n;
	int64_t now = ctx_now(ctx), next = now + SERVICE_WAIT_MAX_MS;
	bool connected = false;
	enum err err = begin(ctx, turn, &mailboxes, &n);
	struct fetcher *f = *turn->state;
	if (err != OK)
		return err;
	for (size_t i = 0; i < f->n; i++)
		connected = connected || f->boxes[i]->wire != NULL;
	wait_for(f, ready, connected);
	for (size_t i = 0; i < f->n && !*turn->stopping && err == OK; i++) {
		const struct mailbox *m = settings_of(mailboxes, n, f->boxes[i]->id);
		if (m == NULL)
			continue;
		err = serve(ctx, f, f->boxes[i], m, ready[i]);
		int64_t at = next_of(f->boxes[i], m, now);
		next = at < next ? at : next;
	}
	turn->wait_ms = next > now ? next - now : 0;
	return err;
}

/* Says good-bye to those that hear it at once. */
static enum err leave(struct ctx *ctx, struct service_turn *turn)
{
	struct fetcher *f = *turn->state;
	(void)ctx;
	for (size_t i = 0; f != NULL && i < f->n; i++) {
		struct box *box = f->boxes[i];
		if (box->wire == NULL || imap_wire_step(box->wire) != IMAP_FLOWS || !rests(box))
			continue;
		imap_talk_leave(box->talk);
		(void)imap_wire_write(box->wire, &box->talk->out);
	}
	turn->wait_ms = SERVICE_WAIT_MAX_MS;
	return OK;
}

const struct service mailboxes_services[] = {
	{.name = MAILBOXES_SERVICE, .alone = true, .quiet = true, .turn = turn, .leave = leave, .end = end_fetcher},
	{.name = NULL},
};
