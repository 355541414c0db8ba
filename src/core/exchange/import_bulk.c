/* A large file into tables that are all but empty, as when a shop moves in: indexes that no
 * write needs are set aside and made at the end.  Nobody's lists get slower by it than
 * the few rows there are; whoever looks before the end waits longer. */
#include "core/exchange/import.h"

enum {
	FEW_ROWS = 20000,        /* an index over so many is made in no time */
	LARGE_FILE = 8 << 20,    /* bytes; below it both ways cost the same */
};

static enum err has_few(struct ctx *ctx, const struct entity_info *info, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	/* the name is a descriptor's, never input */
	const char *text = arena_printf(ctx->arena, "SELECT count(*) FROM (SELECT 1 FROM \"%s\" LIMIT ?1)", info->entity->name);
	enum err err = text != NULL ? db_prepare_text(ctx, ctx->db, text, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, FEW_ROWS);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row && stmt_i64(stmt, 0) < FEW_ROWS;
	stmt_done(stmt);
	return err;
}

static enum err set_aside(struct ctx *ctx, void *arg)
{
	const struct plan *plan = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < plan->n_records; i++) {
		bool few = false;
		if (plan->records[i].mode == PLAN_UPDATE)
			continue;
		err = has_few(ctx, plan->records[i].info, &few);
		if (err == OK && few)
			err = entity_indexes_aside(ctx, plan->records[i].info);
	}
	return err;
}

enum err import_bulk_begin(struct ctx *ctx, const struct plan *plan, int64_t bytes)
{
	if (bytes < LARGE_FILE || store_engine(ctx->store) != ENGINE_SQLITE)
		return OK;
	return store_write(ctx, ctx->store, set_aside, (void *)(uintptr_t)plan);
}

struct mending {
	const struct job *job;
	const struct import_counts *counts;
	bool made;
};

static enum err mend(struct ctx *ctx, void *arg)
{
	struct mending *m = arg;
	enum err err = m->job != NULL ? job_hold(ctx, m->job, m->counts->rows, m->counts->rows, NULL) : OK;
	return err == OK ? entity_index_mend(ctx, &m->made) : err;
}

enum err import_bulk_end(struct ctx *ctx, const struct job *job, const struct import_counts *counts)
{
	struct mending m = {.job = job, .counts = counts, .made = true};
	enum err err = OK;
	while (err == OK && m.made)
		err = store_write(ctx, ctx->store, mend, &m);
	return err;
}
