/* PostgreSQL: numbering and chaining of entries in the order their transactions are safe.
 *
 * An entry is safe to number once every transaction as old as its own has ended: then
 * nothing can still appear before it.  One sealer works at a time in the whole
 * cluster (an advisory lock), on this node or another. */
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/events/internal.h"
#include "sql_events.h"

#include "base/log.h"

enum {
	SEAL_ROWS = 2000,        /* a round; more only when one transaction has more */
	SEAL_TEXT_MAX = 1 << 30,
	POLL_MS = 1000,          /* looks for other nodes' work */
	PATIENCE_MIN_MS = 20, PATIENCE_MAX_MS = 500, /* between tries while an old transaction is open */
	GATHER_US = 10000,       /* after each round: one seal for many commits costs the server less */
	PASS_CHUNK = 500,
};

struct round {
	int64_t seq;       /* of the last entry numbered */
	int64_t old_group, group;
	size_t n;
	unsigned char hash[HASH_SIZE];
	struct buf old, seqs, groups, hashes; /* array literals */
};

static enum err one_value(struct ctx *ctx, const struct sql *sql, const int64_t *bind, bool *ret_row, int64_t *ret)
{
	struct stmt *stmt;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	if (bind)
		stmt_bind_i64(stmt, 1, *bind);
	err = stmt_step(ctx, stmt, ret_row);
	if (!err && *ret_row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static void add_number(struct buf *buf, int64_t value)
{
	if (buf->len > 1)
		buf_putc(buf, ',');
	buf_put_i64(buf, value);
}

static void seal_row(struct round *round, const struct stmt *stmt)
{
	struct change change;
	char hex[2 * HASH_SIZE + 1];
	events_row(stmt, &change);
	int64_t old_seq = change.seq;
	change.seq = ++round->seq;
	if (round->n == 0 || change.group != round->old_group) {
		round->old_group = change.group;
		round->group = change.seq;
	}
	change.group = round->group;
	const void *erased = stmt_is_null(stmt, 11) ? NULL : stmt_blob(stmt, 11);
	events_hash(round->hash, &change, stmt_i64(stmt, 10), erased, round->hash);
	add_number(&round->old, old_seq);
	add_number(&round->seqs, change.seq);
	add_number(&round->groups, change.group);
	if (round->n)
		buf_putc(&round->hashes, ',');
	(void)sodium_bin2hex(hex, sizeof hex, round->hash, HASH_SIZE);
	buf_puts(&round->hashes, "\"\\\\x");
	buf_puts(&round->hashes, hex);
	buf_putc(&round->hashes, '"');
	round->n++;
}

static enum err read_round(struct ctx *ctx, struct round *round)
{
	const int64_t offset = SEAL_ROWS - 1;
	bool cut = false, row = false;
	int64_t xid;
	struct stmt *stmt;
	enum err err = one_value(ctx, &sql_seal_cut, &offset, &cut, &xid);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_seal_rows, &stmt);
	if (err)
		return err;
	if (cut)
		stmt_bind_i64(stmt, 1, xid);
	else
		stmt_bind_null(stmt, 1);
	while (!(err = stmt_step(ctx, stmt, &row)) && row)
		seal_row(round, stmt);
	stmt_done(stmt);
	return err;
}

static enum err write_round(struct ctx *ctx, const struct round *round)
{
	struct stmt *stmt;
	int64_t changed = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_seal_insert, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, buf_text(&round->old));
	stmt_bind_text(stmt, 2, buf_text(&round->seqs));
	stmt_bind_text(stmt, 3, buf_text(&round->groups));
	stmt_bind_text(stmt, 4, buf_text(&round->hashes));
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	if (!err && changed != (int64_t)round->n)
		err = fail(ctx, ERR_RETRY, "", "busy"); /* an erasure came between */
	if (!err)
		err = db_exec(ctx, ctx->db, "SET LOCAL guanxi.sealing = 'on'");
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_seal_delete, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, buf_text(&round->old));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err seal_round(struct ctx *ctx, size_t *ret_n)
{
	struct round round = {0};
	struct buf *const texts[] = {&round.old, &round.seqs, &round.groups, &round.hashes};
	*ret_n = 0;
	for (size_t i = 0; i < 4; i++) {
		buf_init(texts[i], SEAL_TEXT_MAX);
		buf_putc(texts[i], '{');
	}
	enum err err = events_head(ctx, &round.seq, round.hash);
	if (!err)
		err = read_round(ctx, &round);
	bool failed = false;
	for (size_t i = 0; i < 4; i++) {
		buf_putc(texts[i], '}');
		failed |= buf_failed(texts[i]);
	}
	if (!err && failed)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (!err && round.n)
		err = write_round(ctx, &round);
	for (size_t i = 0; i < 4; i++)
		buf_release(texts[i]);
	*ret_n = round.n;
	return err;
}

enum err events_seal(struct ctx *ctx, int64_t *ret_sealed, bool *ret_more)
{
	*ret_sealed = 0;
	*ret_more = false;
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		return OK; /* chained as written */
	bool row = false;
	int64_t mine = 0, waiting = 0;
	/* Each statement sees what was committed before it, the last sealer's work included. */
	enum err err = db_exec(ctx, ctx->db, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
	if (!err)
		err = one_value(ctx, &sql_seal_lock, NULL, &row, &mine);
	if (err)
		return err;
	if (!mine) {
		*ret_more = true; /* another node is at it */
		return OK;
	}
	size_t n = 0;
	err = seal_round(ctx, &n);
	*ret_sealed = (int64_t)n;
	if (!err)
		err = one_value(ctx, &sql_seal_waiting, NULL, &row, &waiting);
	*ret_more = waiting != 0;
	return err;
}

enum err events_waiting(struct ctx *ctx, const char *request_id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_seal_waiting_of, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, request_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* --- the thread ------------------------------------------------------------------ */

struct sealed {
	int64_t n;
	bool more;
};

static enum err seal_job(struct ctx *ctx, void *arg)
{
	struct sealed *sealed = arg;
	return events_seal(ctx, &sealed->n, &sealed->more);
}

static enum err pass_one(struct ctx *ctx, const struct change *change, void *arg)
{
	(void)ctx;
	struct events *events = arg;
	size_t n = atomic_load(&events->n_listeners);
	for (size_t i = 0; i < n; i++)
		events->listeners[i].fn(events->listeners[i].arg, change->entity, change->record_id, change->action);
	return OK;
}

/* Tells the listeners of entries sealed since the last time, by whichever node; our
 * own come a second time, which does no harm: they only drop what was cached. */
static enum err pass_on(struct ctx *ctx, struct events *events)
{
	int64_t before = events->seen, last = events->seen;
	do {
		events->seen = last;
		enum err err = change_read(ctx, events->seen, PASS_CHUNK, pass_one, events, &last);
		if (err)
			return err;
		arena_reset(ctx->arena);
	} while (last != events->seen);
	if (last != before)
		events_tell(events, last);
	return OK;
}

/* False when it is time to end. */
static bool wait_for_work(struct events *events, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&events->lock);
	int rc = 0;
	while (!events->due && !events->stopping && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&events->wake, &events->lock, &until);
	events->due = false;
	bool stop = events->stopping;
	pthread_mutex_unlock(&events->lock);
	return !stop;
}

/* One look: seals if anything waits, passes on what is new. Returns how long to rest. */
static int64_t look(struct ctx *ctx, struct events *events, int64_t patience)
{
	struct sealed sealed = {0};
	bool row = false;
	int64_t waiting = 0;
	enum err err = one_value(ctx, &sql_seal_waiting, NULL, &row, &waiting);
	if (!err && waiting)
		err = store_write(ctx, events->store, seal_job, &sealed);
	if (!err)
		err = pass_on(ctx, events);
	db_reset(ctx->db);
	if (err)
		return POLL_MS;
	if (!sealed.more)
		return POLL_MS;
	if (sealed.n > 0)
		return 0;
	int64_t longer = patience < POLL_MS ? patience * 2 : 0; /* after a quiet time: anew */
	return longer < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : longer > PATIENCE_MAX_MS ? PATIENCE_MAX_MS : longer;
}

static void *seal_loop(void *arg)
{
	struct events *events = arg;
	struct arena arena;
	struct ctx ctx;
	struct db *db = NULL;
	int64_t rest = 0;
	bool complained = false;
	arena_init(&arena, 256 << 20);
	ctx_init(&ctx, &arena, clock_system());
	ctx.store = events->store;
	while (wait_for_work(events, rest)) {
		arena_reset(&arena);
		faults_clear(&ctx);
		if (!db && db_open_new(&ctx, events->store, &db) != OK) {
			rest = POLL_MS;
			continue;
		}
		ctx.db = db;
		(void)usleep(GATHER_US);
		rest = look(&ctx, events, rest);
		if (ctx.faults.count && !complained)
			log_event(LOG_WARN, "change log: sealing has to wait", "why", ctx.faults.list[0].key, "detail",
			          ctx.faults.list[0].arg ? ctx.faults.list[0].arg : "", NULL);
		complained = ctx.faults.count != 0;
	}
	db_free(db);
	arena_release(&arena);
	return NULL;
}

static enum err note_head(struct ctx *ctx, struct events *events)
{
	struct db *db, *previous = ctx->db;
	enum err err = db_open_new(ctx, events->store, &db);
	if (err)
		return err;
	ctx->db = db;
	err = change_last_seq(ctx, &events->seen);
	ctx->db = previous;
	db_free(db);
	return err;
}

enum err events_start(struct ctx *ctx, struct store *store)
{
	struct events *events = events_of(store);
	if (!events)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (store_engine(store) == ENGINE_SQLITE || events->thread_runs)
		return OK;
	enum err err = note_head(ctx, events);
	if (err)
		return err;
	events->stopping = false;
	if (pthread_create(&events->thread, NULL, seal_loop, events) != 0)
		return fail(ctx, ERR_LIMIT, "", "threads");
	events->thread_runs = true;
	return OK;
}

void events_stop(struct store *store)
{
	struct events *events = store_attached(store);
	if (!events || !events->thread_runs)
		return;
	pthread_mutex_lock(&events->lock);
	events->stopping = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
	pthread_join(events->thread, NULL);
	events->thread_runs = false;
}
