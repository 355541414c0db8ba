/* Who is in a segment that does not fill itself stays in it as the customer they are merged into, and is there again when that comes apart.
 * Segments that fill themselves follow the change log. */
#include "core/store/store.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

static enum err run(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, a);
	if (b)
		stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err part(struct ctx *ctx, int64_t from, int64_t into)
{
	enum err err = run(ctx, &sql_segment_apart_leave, from, into);
	if (!err)
		err = run(ctx, &sql_segment_apart_enter, from, 0);
	if (!err)
		err = run(ctx, &sql_segment_merge_sizes, from, 1);
	return err ? err : run(ctx, &sql_segment_apart_done, from, 0);
}

enum err segments_merged(struct ctx *ctx, const struct entity *entity, int64_t from, int64_t into, bool back)
{
	(void)entity;
	if (back)
		return part(ctx, from, into);
	enum err err = run(ctx, &sql_segment_merge_aside, from, into);
	if (!err)
		err = run(ctx, &sql_segment_merge_enter, from, into);
	if (!err)
		err = run(ctx, &sql_segment_merge_leave, from, 0);
	return err ? err : run(ctx, &sql_segment_merge_sizes, from, -1);
}
