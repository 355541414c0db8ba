/* One batch after another, and what can't be done set aside. */
#include "core/readers/readers.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/gate/gate.h"
#include "readers_sql.h"

enum { IDLE_MS = 60000, BACK_OFF_MS = 500, NOTE_AFTER = 2000, NOTE_EVERY_MS = 10000 };

const struct migration readers_steps[] = {
	{1, "readers",
	 "CREATE TABLE reader_aside (reader TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, entity TEXT NOT NULL, record_id BIGINT NOT NULL,"
	 " error TEXT NOT NULL, PRIMARY KEY (reader, seq)) WITHOUT ROWID",
	 "CREATE TABLE reader_aside (reader text NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, entity text NOT NULL, record_id bigint NOT NULL,"
	 " error text NOT NULL, PRIMARY KEY (reader, seq))",
	 NULL},
};

struct batch {
	const struct reader *reader;
	struct reader_state *state;
	void *arg;
	struct change *list;
	size_t n, max;
	int64_t after, until; /* its position before and after */
	bool any;
	const char *error;    /* it is set aside for this */
};

static enum err keep_entry(struct ctx *ctx, const struct change *change, void *arg)
{
	struct batch *b = arg;
	struct change *copy = &b->list[b->n++];
	*copy = *change;
	copy->entity = arena_strdup(ctx->arena, change->entity);
	copy->diff = arena_strdup(ctx->arena, change->diff);
	copy->request_id = arena_strdup(ctx->arena, change->request_id);
	return copy->entity && copy->diff && copy->request_id ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* Where the log ends, for one that has never read. */
static enum err begin_write(struct ctx *ctx, void *arg)
{
	const struct batch *b = arg;
	return reader_advance(ctx, b->reader->name, b->until);
}

static enum err find_position(struct ctx *ctx, struct batch *b)
{
	struct stmt *stmt;
	struct reader_state *s = b->state;
	bool row = false;
	if (s->known)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_reader_where, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, b->reader->name);
	err = stmt_step(ctx, stmt, &row);
	s->seen = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (!err && !row) {
		err = change_last_seq(ctx, &s->seen);
		b->until = s->seen;
		struct db *db = ctx->db;
		if (!err)
			err = store_write(ctx, ctx->store, begin_write, b);
		ctx->db = db;
	}
	s->written = s->seen;
	s->written_ms = ctx_now(ctx);
	s->known = !err;
	return err;
}

/* The effect and the position, or nothing: another node, or an earlier life of this program, may have been here. */
static enum err commit(struct ctx *ctx, void *arg)
{
	struct batch *b = arg;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_reader_lock, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, b->reader->name);
	err = stmt_step(ctx, stmt, &row);
	int64_t at = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (!err && at > b->after)
		return fail(ctx, ERR_CONFLICT, "", "reader_moved");
	if (!err && b->error) {
		err = db_prepare(ctx, ctx->db, &sql_reader_put_aside, &stmt);
		if (err)
			return err;
		stmt_bind_text(stmt, 1, b->reader->name);
		stmt_bind_i64(stmt, 2, b->list[0].seq);
		stmt_bind_i64(stmt, 3, ctx_now(ctx));
		stmt_bind_text(stmt, 4, b->list[0].entity);
		stmt_bind_i64(stmt, 5, b->list[0].record_id);
		stmt_bind_text(stmt, 6, b->error);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	} else if (!err && b->any) {
		const struct actor *before = ctx->actor;
		ctx->actor = gate_system();
		err = b->reader->apply(ctx, b->arg);
		ctx->actor = before;
	}
	return err ? err : reader_advance(ctx, b->reader->name, b->until);
}

static enum err write_batch(struct ctx *ctx, struct batch *b)
{
	struct db *db = ctx->db;
	enum err err = store_write(ctx, ctx->store, commit, b);
	ctx->db = db;
	if (!err) {
		b->state->written = b->until;
		b->state->written_ms = ctx_now(ctx);
	}
	return err;
}

/* After its tries a batch is read entry by entry; one that fails alone is set aside. */
static enum err failed(struct ctx *ctx, struct batch *b, enum err err)
{
	struct reader_state *s = b->state;
	const char *why = arena_strdup(ctx->arena, ctx->faults.count > 0 ? ctx->faults.list[0].key : "bug");
	if (err == ERR_RETRY || (err == ERR_CONFLICT && why && str_equal(why, "reader_moved"))) {
		s->known = false;
		return err == ERR_RETRY ? err : OK;
	}
	if (++s->tries < READER_TRIES || b->n > 1)
		return err;
	log_event(LOG_ERROR, "a change is set aside", "reader", b->reader->name, "entity", b->list[0].entity, "why", why ? why : "?", NULL);
	faults_clear(ctx);
	b->error = why ? why : "bug";
	s->tries = 0;
	err = write_batch(ctx, b);
	if (!err)
		s->seen = b->until;
	return err;
}

static bool is_due(const struct ctx *ctx, const struct reader_state *s)
{
	return s->seen - s->written >= NOTE_AFTER || (s->seen > s->written && ctx_now(ctx) - s->written_ms >= NOTE_EVERY_MS);
}

static enum err run_batch(struct ctx *ctx, struct batch *b)
{
	enum err err = b->n > 0 ? b->reader->look(ctx, b->arg, b->list, b->n, &b->any) : OK;
	b->after = b->state->written;
	if (!err && (b->any || is_due(ctx, &(struct reader_state){.seen = b->until, .written = b->state->written, .written_ms = b->state->written_ms})))
		err = write_batch(ctx, b);
	if (err)
		return failed(ctx, b, err);
	b->state->seen = b->until;
	b->state->tries = 0;
	return OK;
}

enum err reader_turn(struct ctx *ctx, const struct reader *reader, struct reader_state *state, void *arg, struct service_turn *turn)
{
	size_t max = state->tries > 0 ? 1 : reader->batch;
	struct batch b = {.reader = reader, .state = state, .arg = arg, .max = max, .list = arena_array(ctx->arena, max, sizeof(struct change))};
	if (!b.list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	turn->wait_ms = BACK_OFF_MS;
	enum err err = find_position(ctx, &b);
	b.until = state->seen;
	if (!err)
		err = change_read(ctx, state->seen, b.max, keep_entry, &b, &b.until);
	if (!err)
		err = run_batch(ctx, &b);
	if (!err)
		turn->wait_ms = b.n == b.max ? 0 : state->seen > state->written ? NOTE_EVERY_MS : IDLE_MS;
	return err;
}
