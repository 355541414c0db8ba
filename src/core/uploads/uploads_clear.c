/* Clearing away what was uploaded and never used. */
#include "base/log.h"
#include "base/str.h"
#include "core/entity/entity.h"
#include "core/files/blob.h"
#include "core/uploads/uploads.h"
#include "uploads_sql.h"

enum { DAY_MS = 24 * 3600 * 1000, BEAT_EVERY = 1000 };
static const char kind_name[] = "uploads_clear";

/* --- imports that were never begun ------------------------------------------------ */

struct unused {
	int64_t id, before;
};

static enum err hash_of(struct ctx *ctx, const struct unused *u, const char **ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_uploads_still_unused, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, u->id);
	stmt_bind_i64(stmt, 2, u->before);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		*ret = arena_strdup(ctx->arena, stmt_text(stmt, 0) != NULL ? stmt_text(stmt, 0) : "");
	stmt_done(stmt);
	return err;
}

static enum err uncount(struct ctx *ctx, const char *hash)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_uploads_uncount, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, hash);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Somebody may have begun it since it was found. */
static enum err remove_run(struct ctx *ctx, void *arg)
{
	const struct unused *u = arg;
	const char *hash;
	enum err err = hash_of(ctx, u, &hash);
	if (err != OK || hash == NULL)
		return err;
	err = record_delete(ctx, registry_find(ctx->registry, "import_run"), u->id, 0, W_TRUSTED);
	return err == OK ? uncount(ctx, hash) : err;
}

static enum err next_runs(struct ctx *ctx, int64_t before, int64_t after, int64_t ids[100], size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_uploads_never_begun, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, before);
	stmt_bind_i64(stmt, 2, after);
	while (*ret_n < 100 && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	db_reset(ctx->db);
	return err;
}

static enum err clear_runs(struct ctx *ctx, const struct job *job)
{
	int64_t ids[100], before = ctx_now(ctx) - setting_int(ctx, &uploads_settings[UPLOADS_UNUSED_DAYS]) * DAY_MS, after = 0;
	struct db *db = ctx->db;
	size_t n = 1;
	enum err err = OK;
	while (err == OK && n > 0) {
		err = next_runs(ctx, before, after, ids, &n);
		for (size_t i = 0; err == OK && i < n; i++) {
			struct arena_mark mark = arena_mark(ctx->arena);
			struct unused u = {ids[i], before};
			after = ids[i];
			err = store_write(ctx, ctx->store, remove_run, &u);
			ctx->db = db;
			arena_rewind(ctx->arena, mark);
		}
		if (err == OK && n > 0)
			err = job_beat(ctx, job, 0, 0, NULL);
		ctx->db = db;
	}
	return err;
}

/* --- files that nothing names ------------------------------------------------------- */

struct walk {
	const struct job *job;
	int64_t seen, removed, before;
};

static enum err finds(struct ctx *ctx, const struct sql *sql, const char *hash, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, hash);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	db_reset(ctx->db); /* the next one is asked of what is true then */
	return err;
}

static enum err look_at(struct ctx *ctx, void *arg, const char *hash, int64_t size)
{
	struct walk *w = arg;
	struct db *db = ctx->db;
	struct arena_mark mark = arena_mark(ctx->arena);
	bool named = false, gone = false;
	(void)size;
	enum err err = ++w->seen % BEAT_EVERY == 0 ? job_beat(ctx, w->job, w->seen, 0, NULL) : OK;
	ctx->db = db;
	if (err == OK)
		err = finds(ctx, &sql_uploads_named, hash, &named);
	/* of attachments deleted before files were counted only the log tells */
	if (err == OK && !named)
		err = finds(ctx, &sql_uploads_of_deleted, hash, &named);
	if (err == OK && !named)
		err = blob_remove_old(ctx, app_blobs(ctx->app), hash, w->before, &gone);
	w->removed += gone;
	if (err == OK)
		arena_rewind(ctx->arena, mark);
	return err;
}

static enum err clear_files(struct ctx *ctx, const struct job *job)
{
	/* a file is kept before the row that names it: younger ones may be on their way */
	struct walk w = {.job = job, .before = ctx_now(ctx) - DAY_MS};
	enum err err = blob_walk(ctx, app_blobs(ctx->app), look_at, &w);
	if (w.removed > 0)
		log_event(LOG_INFO, "files that nothing names are removed", "count", arena_printf(ctx->arena, "%lld", (long long)w.removed), NULL);
	return err;
}

/* --- the job -------------------------------------------------------------------------- */

static enum err queue(struct ctx *ctx)
{
	int64_t id;
	return job_enqueue(ctx, kind_name, "\"\"", 0, &id);
}

static enum err clear(struct ctx *ctx, const struct job *job)
{
	struct db *db = ctx->db;
	enum err err = clear_runs(ctx, job);
	if (err == OK)
		err = clear_files(ctx, job);
	ctx->db = db;
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : "";
	if (err != OK && (str_equal(key, "job_stopping") || str_equal(key, "job_lost") || str_equal(key, "job_cancelled")))
		return err;
	if (err != OK) { /* the next night's goes on from where this one could not */
		log_event(LOG_WARN, "unused uploads could not be cleared", "why", key, NULL);
		faults_clear(ctx);
	}
	return OK;
}

const struct job_kind uploads_job_kinds[] = {
	{.kind = kind_name, .run = clear},
	{.kind = NULL},
};

const struct schedule uploads_schedules[] = {{.name = "uploads.clear", .minute = 210, .run = queue}, {0}};
