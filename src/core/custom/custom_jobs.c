/* Search rows made anew while others work, and columns emptied. */
#include "core/custom/custom_jobs.h"

#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/custom/custom_internal.h"
#include "custom_sql.h"

enum { REINDEX_BATCH = 200, WIPE_BATCH = 2000, HOUR_MS = 3600 * 1000, OLD_WAIT_MS = 10000, AGAIN_MS = 200 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err queue(struct ctx *ctx, const char *kind, const char *entity, int slot, bool last, int64_t at)
{
	int64_t id;
	const struct actor *before = ctx->actor;
	const char *payload = arena_printf(ctx->arena, "{\"entity\":\"%s\",\"slot\":%d,\"last\":%s}", entity, slot, last ? "true" : "false");
	if (!payload)
		return no_memory(ctx);
	ctx->actor = gate_system();
	enum err err = job_enqueue(ctx, kind, payload, at, &id);
	ctx->actor = before;
	return err;
}

enum err custom_queue_reindex(struct ctx *ctx, const char *entity)
{
	return queue(ctx, "custom_reindex", entity, 0, false, 0);
}

enum err custom_queue_wipe(struct ctx *ctx, const char *entity, int slot)
{
	enum err err = queue(ctx, "custom_wipe", entity, slot, false, 0);
	return err ? err : queue(ctx, "custom_wipe", entity, slot, true, ctx_now(ctx) + HOUR_MS);
}

struct task {
	const char *entity;
	int slot;
	bool last;
	const char *column, *type;
	int64_t ids[WIPE_BATCH];
	size_t n;
	const struct job *job;
	int64_t done;
};

static enum err read_payload(struct ctx *ctx, const struct job *job, struct task **ret)
{
	struct task *w = arena_alloc(ctx->arena, sizeof(*w));
	json_t *json = json_loads(job->payload, 0, NULL);
	if (!w) {
		json_decref(json);
		return no_memory(ctx);
	}
	const char *entity = json_string_value(json_object_get(json, "entity"));
	*w = (struct task){.entity = entity ? arena_strdup(ctx->arena, entity) : NULL, .slot = (int)json_integer_value(json_object_get(json, "slot")),
	                   .last = json_is_true(json_object_get(json, "last")), .job = job};
	json_decref(json);
	*ret = w;
	return w->entity ? OK : fail(ctx, ERR_INVALID, "", "custom_payload");
}

/* --- search ------------------------------------------------------------------------------- */

/* Nobody writes search rows by what was true before the change any more. */
static void wait_for_old(struct ctx *ctx)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000000};
	for (int i = 0; i < OLD_WAIT_MS / 50 && registry_oldest(ctx->registry) < registry_number(ctx->registry); i++)
		nanosleep(&pause, NULL);
}

static enum err reindex_batch(struct ctx *ctx, void *arg)
{
	struct task *w = arg;
	const struct entity_info *info = registry_find(ctx->registry, w->entity);
	enum err err = job_hold(ctx, w->job, w->done, 0, NULL);
	for (size_t i = 0; !err && i < w->n; i++) {
		err = record_reindex(ctx, info, w->ids[i]);
		if (err == ERR_NOT_FOUND) { /* deleted meanwhile */
			faults_clear(ctx);
			err = OK;
		}
	}
	return err;
}

/* The next ids after `last`, `max` of them. */
static enum err next_ids(struct ctx *ctx, struct task *w, const char *sql, int64_t last, int max)
{
	struct stmt *stmt;
	bool row = false;
	w->n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, last);
	stmt_bind_i64(stmt, 2, max);
	while (!(err = stmt_step(ctx, stmt, &row)) && row && w->n < (size_t)max)
		w->ids[w->n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err reindex(struct ctx *ctx, struct task *w)
{
	const char *sql = arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"id\" > ?1 ORDER BY \"id\" LIMIT ?2", w->entity);
	enum err err = sql ? OK : no_memory(ctx);
	int64_t last = 0;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		if (!err)
			err = next_ids(ctx, w, sql, last, REINDEX_BATCH);
		if (!err && w->n) {
			last = w->ids[w->n - 1];
			struct db *db = ctx->db;
			err = store_write(ctx, ctx->store, reindex_batch, w);
			ctx->db = db;
			w->done += (int64_t)w->n;
		}
		if (!err)
			arena_rewind(ctx->arena, mark);
	} while (!err && w->n);
	return err;
}

/* Whether what the job holds is what other nodes and this one know by now. */
static enum err is_newest(struct ctx *ctx, bool *ret)
{
	struct custom *custom = app_custom(ctx->app);
	pthread_mutex_lock(&custom->changing);
	enum err err = custom_follow(ctx, custom);
	pthread_mutex_unlock(&custom->changing);
	struct registry *now = registry_hold(custom->registry);
	*ret = now == ctx->registry;
	registry_release(now);
	return err;
}

static enum err again_job(struct ctx *ctx, void *arg)
{
	const struct task *w = arg;
	return queue(ctx, "custom_reindex", w->entity, 0, false, ctx_now(ctx) + AGAIN_MS);
}

static enum err run_reindex(struct ctx *ctx, const struct job *job)
{
	struct task *w;
	bool newest = false;
	enum err err = read_payload(ctx, job, &w);
	if (!err)
		err = is_newest(ctx, &newest);
	if (!err && !newest) /* it began before the change it was queued by could be seen */
		return store_write(ctx, ctx->store, again_job, w);
	if (err || !registry_find(ctx->registry, w->entity))
		return err;
	wait_for_old(ctx);
	return reindex(ctx, w);
}

/* --- emptying ------------------------------------------------------------------------------- */

static enum err find_column(struct ctx *ctx, struct task *w, bool *ret)
{
	struct custom_slot *slots;
	size_t n;
	enum err err = custom_read(ctx, &slots, &n);
	*ret = false;
	for (size_t i = 0; !err && i < n; i++)
		if (slots[i].slot == w->slot && str_equal(slots[i].entity, w->entity) && !slots[i].def) {
			w->column = slots[i].column;
			w->type = slots[i].type;
			*ret = true;
		}
	return err;
}

static enum err wipe_batch(struct ctx *ctx, void *arg)
{
	struct task *w = arg;
	struct stmt *stmt;
	bool many = str_equal(w->type, "links");
	const char *sql = many ? arena_printf(ctx->arena, "DELETE FROM \"%s_%s\" WHERE \"record_id\" = ?1", w->entity, w->column)
	                       : arena_printf(ctx->arena, "UPDATE \"%s\" SET \"%s\" = NULL WHERE \"id\" = ?1", w->entity, w->column);
	enum err err = sql ? job_hold(ctx, w->job, w->done, 0, NULL) : no_memory(ctx);
	for (size_t i = 0; !err && i < w->n; i++) {
		err = db_prepare_text(ctx, ctx->db, sql, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, w->ids[i]);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}

static enum err wiped_job(struct ctx *ctx, void *arg)
{
	const struct task *w = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slot_wiped, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, w->entity);
	stmt_bind_i64(stmt, 2, w->slot);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err wipe(struct ctx *ctx, struct task *w)
{
	bool many = str_equal(w->type, "links");
	const char *sql = many ? arena_printf(ctx->arena, "SELECT DISTINCT \"record_id\" FROM \"%s_%s\" WHERE \"record_id\" > ?1 ORDER BY \"record_id\" LIMIT ?2", w->entity, w->column)
	                       : arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"id\" > ?1 AND \"%s\" IS NOT NULL ORDER BY \"id\" LIMIT ?2", w->entity, w->column);
	enum err err = sql ? OK : no_memory(ctx);
	int64_t last = 0;
	struct db *db = ctx->db;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		if (!err)
			err = next_ids(ctx, w, sql, last, WIPE_BATCH / 10);
		if (!err && w->n) {
			last = w->ids[w->n - 1];
			err = store_write(ctx, ctx->store, wipe_batch, w);
			ctx->db = db;
			w->done += (int64_t)w->n;
		}
		if (!err)
			arena_rewind(ctx->arena, mark);
	} while (!err && w->n);
	if (!err && w->last)
		err = store_write(ctx, ctx->store, wiped_job, w);
	ctx->db = db;
	return err;
}

static enum err run_wipe(struct ctx *ctx, const struct job *job)
{
	struct task *w;
	bool found;
	enum err err = read_payload(ctx, job, &w);
	if (!err)
		err = find_column(ctx, w, &found);
	return err || !found ? err : wipe(ctx, w);
}

const struct job_kind custom_job_kinds[] = {
	{.kind = "custom_reindex", .run = run_reindex},
	{.kind = "custom_wipe", .run = run_wipe},
	{.kind = NULL},
};
