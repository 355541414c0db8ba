/* One thread keeps all segments: it fills those that wait, follows the change log, and looks again when time has passed. As it alone
 * writes members, what it found with a read connection is still so when it writes. */
#include <stdlib.h>

#include "base/log.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { BATCH = 500, TIME_BATCH = 1000, BEHIND_MAX = 50000 };

static const struct reader reader = {.name = "segments", .batch = BATCH, .look = segment_look, .apply = segment_look_apply};

struct keeping {
	struct reader_state reader;
};

/* So far behind (a large import), that filling anew is less work than following. */
static enum err all_wait(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_all_wait, &stmt);
	if (err)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err ? err : reader_advance(ctx, reader.name, *(int64_t *)arg);
}

static enum err catch_up(struct ctx *ctx, struct keeping *k)
{
	int64_t last;
	struct db *db = ctx->db;
	enum err err = change_last_seq(ctx, &last);
	if (err || !k->reader.known || last - k->reader.seen <= BEHIND_MAX)
		return err;
	log_event(LOG_INFO, "segments are filled anew: too many changes to follow", NULL);
	err = store_write(ctx, ctx->store, all_wait, &last);
	ctx->db = db;
	k->reader.known = false;
	return err;
}

static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct keeping *k = *t->state;
	struct segment_work *work = arena_alloc(ctx->arena, sizeof(*work));
	size_t timed = 0;
	int64_t next = CONDITION_NEVER, wait;
	bool filled = false;
	if (k == NULL)
		k = *t->state = calloc(1, sizeof(*k));
	if (k == NULL || work == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	work->turn = t;
	enum err err = catch_up(ctx, k);
	if (!err)
		err = reader_turn(ctx, &reader, &k->reader, work, t);
	wait = t->wait_ms;
	if (!err)
		err = segment_time(ctx, t, TIME_BATCH, &timed, &next);
	if (!err)
		err = segment_fill(ctx, t, &filled);
	int64_t until = next == CONDITION_NEVER ? SERVICE_WAIT_MAX_MS : next - ctx_now(ctx);
	wait = until < wait ? until : wait;
	t->wait_ms = timed == TIME_BATCH || filled || wait < 0 ? 0 : wait;
	return err;
}

const struct service segments_services[] = {
	{.name = "segments", .alone = true, .turn = turn, .end = free},
	{.name = NULL},
};
