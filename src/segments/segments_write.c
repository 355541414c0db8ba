/* What is kept of members: who comes and goes, when and why, how many, and when to look again. */
#include <string.h>

#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { SIZE_EVERY_MS = 3600000 };

enum err segment_add_move(struct ctx *ctx, struct segment_moves *moves, struct segment_move move)
{
	if (moves->n == moves->cap) {
		size_t cap = moves->cap * 2 + 64;
		struct segment_move *more = arena_array(ctx->arena, cap, sizeof(*more));
		if (!more)
			return fail(ctx, ERR_LIMIT, "", "memory");
		if (moves->n)
			memcpy(more, moves->list, moves->n * sizeof(*more));
		moves->list = more;
		moves->cap = cap;
	}
	moves->list[moves->n++] = move;
	return OK;
}

/* --- asking ------------------------------------------------------------------------------ */

static enum err one_number(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, bool *ret_row, int64_t *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_step(ctx, stmt, ret_row);
	*ret = !err && *ret_row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err segment_ask(struct condition_run *run, const struct segment *segment, const struct condition *condition, struct segment_move move,
                     struct segment_moves *ret)
{
	struct ctx *ctx = run->ctx;
	bool holds = false, member = false, timed = false;
	int64_t ignored;
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = condition_one(run, condition, move.record_id, &holds, &move.next);
	if (!err) {
		arena_rewind(ctx->arena, mark);
		err = one_number(ctx, &sql_segment_is_member, segment->id, move.record_id, &member, &ignored);
	}
	move.had_next = CONDITION_NEVER;
	if (!err && condition->moves)
		err = one_number(ctx, &sql_segment_get_next, segment->id, move.record_id, &timed, &move.had_next);
	if (!timed)
		move.had_next = CONDITION_NEVER;
	if (err)
		return err;
	move.segment = segment;
	move.moves = holds != member;
	move.enters = holds;
	return move.moves || move.next != move.had_next ? segment_add_move(ctx, ret, move) : OK;
}

/* --- writing ----------------------------------------------------------------------------- */

static enum err run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret_changed)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_run(ctx, stmt, ret_changed);
	stmt_done(stmt);
	return err;
}

static enum err put_event(struct ctx *ctx, const struct segment_move *m)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_put_event, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, m->segment->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, m->record_id);
	stmt_bind_i64(stmt, 4, m->enters);
	stmt_bind_i64(stmt, 5, (int64_t)m->cause);
	stmt_bind_i64(stmt, 6, m->seq);
	stmt_bind_text(stmt, 7, m->detail ? m->detail : "");
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_next(struct ctx *ctx, const struct segment_move *m)
{
	const int64_t values[] = {m->segment->id, m->record_id, m->next};
	if (m->next == m->had_next)
		return OK;
	return m->next == CONDITION_NEVER ? run(ctx, &sql_segment_clear_next, values, 2, NULL) : run(ctx, &sql_segment_put_next, values, 3, NULL);
}

static enum err put_member(struct ctx *ctx, const struct segment_move *m, int64_t *ret_changed)
{
	const int64_t values[] = {m->segment->id, m->record_id, ctx_now(ctx)};
	*ret_changed = 0;
	if (!m->moves)
		return OK;
	enum err err = m->enters ? run(ctx, &sql_segment_enter, values, 3, ret_changed) : run(ctx, &sql_segment_leave, values, 2, ret_changed);
	/* twice the same is once */
	return !err && *ret_changed > 0 ? put_event(ctx, m) : err;
}

enum err segment_note_size(struct ctx *ctx, int64_t segment_id, int64_t size)
{
	int64_t now = ctx_now(ctx);
	const int64_t values[] = {segment_id, now - now % SIZE_EVERY_MS, size};
	return run(ctx, &sql_segment_put_size, values, 3, NULL);
}

/* By how much a segment grew, once for all its moves. */
static enum err put_size(struct ctx *ctx, int64_t segment_id, int64_t grown)
{
	const int64_t values[] = {segment_id, grown};
	bool row = false;
	int64_t size;
	struct stmt *stmt;
	if (grown == 0)
		return OK;
	enum err err = run(ctx, &sql_segment_add_size, values, 2, NULL);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_segment_get_size, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, segment_id);
	err = stmt_step(ctx, stmt, &row);
	size = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return !err && row ? segment_note_size(ctx, segment_id, size) : err;
}

enum err segment_apply(struct ctx *ctx, const struct segment_moves *moves)
{
	enum err err = OK;
	int64_t grown = 0;
	for (size_t i = 0; !err && i < moves->n; i++) {
		const struct segment_move *m = &moves->list[i];
		int64_t changed = 0;
		err = put_member(ctx, m, &changed);
		if (!err)
			err = put_next(ctx, m);
		grown += m->enters ? changed : -changed;
		bool last = i + 1 == moves->n || moves->list[i + 1].segment->id != m->segment->id;
		if (!err && last) {
			err = put_size(ctx, m->segment->id, grown);
			grown = 0;
		}
	}
	return err;
}
