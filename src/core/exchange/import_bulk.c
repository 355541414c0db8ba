/* A large file into tables that are all but empty, as when a shop moves in: indexes that no
 * write needs are set aside and made at the end.  Nobody's lists get slower by it than
 * the few rows there are; whoever looks before the end waits longer. */
#include "base/log.h"
#include "core/exchange/import.h"

enum {
	FEW_ROWS = 20000,        /* an index over so many is made in no time */
	LARGE_FILE = 8 << 20,    /* bytes; below it both ways cost the same */
	MANY_ROWS = 1000,        /* after which lists are planned anew */
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

/* Fields by which the plan looks for records of this entity: as key, or as the name in a link. */
static void find_asked(const struct plan *plan, const struct entity_info *info, bool *asked)
{
	for (size_t i = 0; i < plan->n_records; i++) {
		const struct plan_record *r = &plan->records[i];
		for (size_t k = 0; r->info == info && k < r->n_keys; k++)
			asked[entity_compared(info, r->fields[r->keys[k]].at)] = true;
		for (size_t f = 0; f < r->n_fields; f++) {
			const struct plan_value *v = &r->fields[f].value;
			if (entity_link(r->info, r->fields[f].at) != info || v->source == PLAN_RECORD)
				continue;
			int by = v->find_by >= 0 ? v->find_by : info->title, email = entity_field(info, "email");
			if (by >= 0)
				asked[entity_compared(info, by)] = true;
			if (email >= 0)
				asked[entity_compared(info, email)] = true;
		}
	}
}

static enum err set_aside_of(struct ctx *ctx, const struct plan *plan, const struct entity_info *info)
{
	bool few = false, *asked = arena_array(ctx->arena, info->n_fields, sizeof(*asked));
	if (asked == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	find_asked(plan, info, asked);
	enum err err = has_few(ctx, info, &few);
	return err == OK && few ? entity_indexes_aside(ctx, info, asked) : err;
}

static enum err set_aside(struct ctx *ctx, void *arg)
{
	const struct plan *plan = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < plan->n_records; i++)
		if (plan->records[i].mode != PLAN_UPDATE)
			err = set_aside_of(ctx, plan, plan->records[i].info);
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

/* Without them lists are slow for a while, and the import is none the worse. */
static void refresh_statistics(struct ctx *ctx)
{
	struct faults faults = ctx->faults;
	if (store_optimize(ctx, ctx->store) == OK)
		return;
	log_event(LOG_WARN, "no statistics after an import", "key", ctx->faults.count > 0 ? ctx->faults.list[0].key : "", NULL);
	ctx->faults = faults;
}

enum err import_bulk_end(struct ctx *ctx, const struct job *job, const struct import_counts *counts)
{
	struct mending m = {.job = job, .counts = counts, .made = true};
	enum err err = OK;
	while (err == OK && m.made)
		err = store_write(ctx, ctx->store, mend, &m);
	if (err == OK && counts->rows >= MANY_ROWS)
		refresh_statistics(ctx);
	return err;
}
