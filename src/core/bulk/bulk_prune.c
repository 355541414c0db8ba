/* What became of each record of an act is kept as long as the act can be taken back, and a day; its counts stay. */
#include "core/bulk/bulk.h"
#include "core/timers/timers.h"

#include "bulk_sql.h"

enum { AT_ONCE = 2000, MARGIN_MS = 24 * 3600 * 1000, PAUSE_MS = 200 };
static const char more_kind[] = "bulk.prune_more";

/* A little at a time, so that others write in between. */
static enum err prune(struct ctx *ctx)
{
	struct stmt *stmt;
	int64_t gone = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_items_prune, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - MARGIN_MS);
	stmt_bind_i64(stmt, 2, AT_ONCE);
	err = stmt_run(ctx, stmt, &gone);
	stmt_done(stmt);
	return !err && gone == AT_ONCE ? timer_set(ctx, more_kind, "", ctx_now(ctx) + PAUSE_MS, "") : err;
}

static enum err prune_more(struct ctx *ctx, const struct timer *timer)
{
	(void)timer;
	return prune(ctx);
}

const struct timer_kind bulk_timers[] = {{more_kind, prune_more}, {0}};
const struct schedule bulk_schedules[] = {{.name = "bulk.prune", .minute = 190, .run = prune}, {0}};
