/* Batches: on the spot, or by a job. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "bulk_sql.h"
#include "core/bulk/bulk_internal.h"

/* A deletion takes what belongs to the record along, so there are fewer in a batch: others wait for it at most. */
enum { BATCH_CHANGES = 100, BATCH_DELETIONS = 25 };

struct batch {
	struct bulk_act act;
	json_t *wish;
	struct bulk_item items[BATCH_CHANGES];
	size_t n;
	const char *state; /* of the act afterwards */
};

static enum err look(struct ctx *ctx, struct batch *b)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_act_look, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, b->act.id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row) {
		b->act.state = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		b->act.total = stmt_i64(stmt, 1);
		b->act.done = stmt_i64(stmt, 2);
		b->act.refused = stmt_i64(stmt, 3);
		b->act.undone = stmt_i64(stmt, 4);
		b->act.kept = stmt_i64(stmt, 5);
	}
	stmt_done(stmt);
	return err == OK && !row ? fail(ctx, ERR_NOT_FOUND, "", "not_found") : err;
}

static enum err read_items(struct ctx *ctx, struct batch *b, bool undo)
{
	struct stmt *stmt;
	bool row = false;
	bool heavy = str_equal(b->act.kind, "delete") || str_equal(b->act.kind, "restore");
	enum err err = db_prepare(ctx, ctx->db, undo ? &sql_bulk_items_last : &sql_bulk_items_next, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, b->act.id);
	stmt_bind_text(stmt, 2, undo ? "done" : "waiting");
	stmt_bind_i64(stmt, 3, heavy ? BATCH_DELETIONS : BATCH_CHANGES);
	while (b->n < BATCH_CHANGES && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct bulk_item *item = &b->items[b->n++];
		*item = (struct bulk_item){.id = stmt_i64(stmt, 0), .info = registry_find(ctx->registry, stmt_text(stmt, 1)), .target = stmt_i64(stmt, 3)};
		if (!id_parse(stmt_text(stmt, 2), &item->record_id))
			item->info = NULL;
	}
	stmt_done(stmt);
	return err;
}

static enum err set_item(struct ctx *ctx, const struct bulk_item *item, const char *state, const struct fault *fault)
{
	struct stmt *stmt;
	const char *message = fault != NULL ? app_message(ctx, fault) : NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_item_set, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, item->id);
	stmt_bind_text(stmt, 2, state);
	if (fault != NULL) {
		size_t n = strlen(message);
		stmt_bind_text(stmt, 3, fault->key);
		stmt_bind_text(stmt, 4, fault->field);
		stmt_bind_text(stmt, 5, n > 1500 ? "" : message);
	}
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* The record stays as it is: counted, with the reason. */
static enum err note_stay(struct ctx *ctx, struct batch *b, const struct bulk_item *item, bool undo, const struct fault *why)
{
	struct fault said = {why->field != NULL ? why->field : "", why->key, why->arg};
	*(undo ? &b->act.kept : &b->act.refused) += 1;
	enum err err = set_item(ctx, item, undo ? "kept" : "refused", &said);
	faults_clear(ctx);
	return err;
}

/* One record, and what became of it, whatever that is. */
static enum err one(struct ctx *ctx, struct batch *b, const struct bulk_item *item, bool undo)
{
	const char *kept = NULL;
	enum err err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = undo ? bulk_revert(ctx, &b->act, item, &kept) : bulk_apply(ctx, &b->act, b->wish, item);
	if (err == OK) /* what was sent ahead may fail only now */
		err = db_release(ctx);
	if (err != OK && !bulk_own_error(err))
		return err;
	if (err != OK)
		db_rollback_to(ctx);
	if (err == OK && kept == NULL) {
		*(undo ? &b->act.undone : &b->act.done) += 1;
		return set_item(ctx, item, undo ? "undone" : "done", NULL);
	}
	const struct fault since = {kept, "changed_since", kept};
	return note_stay(ctx, b, item, undo, kept != NULL || ctx->faults.count == 0 ? &since : &ctx->faults.list[0]);
}

static enum err keep_counts(struct ctx *ctx, const struct batch *b)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_bulk_progress, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, b->act.id);
	stmt_bind_text(stmt, 2, b->state);
	stmt_bind_i64(stmt, 3, b->act.done);
	stmt_bind_i64(stmt, 4, b->act.refused);
	stmt_bind_i64(stmt, 5, b->act.undone);
	stmt_bind_i64(stmt, 6, b->act.kept);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err run_items(struct ctx *ctx, struct batch *b, bool undo, bool *ret_more)
{
	enum err err = read_items(ctx, b, undo);
	for (size_t i = 0; err == OK && i < b->n; i++)
		err = one(ctx, b, &b->items[i], undo);
	if (err == OK)
		err = keep_counts(ctx, b);
	*ret_more = b->n > 0;
	if (err == OK && b->n == 0)
		err = bulk_set_state(ctx, b->act.id, undo ? "undone" : "done", NULL);
	return err;
}

enum err bulk_batch(struct ctx *ctx, const struct job *job, int64_t id, bool undo, bool *ret_more)
{
	struct batch *b = arena_alloc(ctx->arena, sizeof(*b));
	const char *request_id = ctx->request_id;
	json_error_t error;
	if (b == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*ret_more = false;
	enum err err = bulk_load(ctx, id, &b->act);
	if (err == OK)
		err = look(ctx, b);
	if (err == OK && job != NULL)
		err = job_hold(ctx, job, undo ? b->act.undone : b->act.done, b->act.total, NULL);
	if (err != OK)
		return err;
	bool going = undo ? str_equal(b->act.state, "undoing") : str_equal(b->act.state, "queued") || str_equal(b->act.state, "running");
	b->state = undo ? "undoing" : "running";
	b->wish = b->act.wish != NULL ? json_loads(b->act.wish, 0, &error) : NULL;
	ctx->request_id = bulk_request_id(ctx, id, undo);
	if (going)
		err = run_items(ctx, b, undo, ret_more);
	else if (str_equal(b->act.state, "cancelling"))
		err = bulk_set_state(ctx, id, "cancelled", NULL);
	ctx->request_id = request_id;
	json_decref(b->wish);
	return err;
}

/* --- the jobs ------------------------------------------------------------------------------ */

struct running {
	const struct job *job;
	int64_t id;
	bool undo, more;
	const char *error;
};

static enum err batch_write(struct ctx *ctx, void *arg)
{
	struct running *r = arg;
	return bulk_batch(ctx, r->job, r->id, r->undo, &r->more);
}

static enum err failed_write(struct ctx *ctx, void *arg)
{
	const struct running *r = arg;
	return bulk_set_state(ctx, r->id, r->undo ? "done" : "failed", r->error);
}

static enum err payload_of(struct ctx *ctx, const struct job *job, int64_t *ret)
{
	const char *digits = job->payload + (job->payload[0] == '"');
	size_t n = strspn(digits, "0123456789");
	if (digits[n] == ' ' && digits[n + 1] >= '0' && digits[n + 1] < '0' + LOCALE_COUNT)
		ctx->locale = (enum locale)(digits[n + 1] - '0');
	const char *text = arena_strndup(ctx->arena, digits, n);
	return text != NULL && id_parse(text, ret) ? OK : fail(ctx, ERR_BUG, "job", "job_payload");
}

/* What goes better next time, or was stopped from outside, is the runner's to judge. */
static bool is_final(const struct ctx *ctx, enum err err)
{
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : "";
	return err != ERR_RETRY && err != ERR_UPSTREAM && strncmp(key, "job_", strlen("job_")) != 0 && !str_equal(key, "not_signed_in");
}

static enum err run(struct ctx *ctx, const struct job *job, bool undo)
{
	struct running r = {.job = job, .undo = undo, .more = true};
	struct db *db = ctx->db;
	enum err err = payload_of(ctx, job, &r.id);
	while (err == OK && r.more) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = job_beat(ctx, job, 0, 0, NULL); /* the program may want to end */
		if (err == OK)
			err = store_write(ctx, ctx->store, batch_write, &r);
		ctx->db = db;
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	if (err == OK || !is_final(ctx, err))
		return err;
	r.error = ctx->faults.count > 0 ? app_message(ctx, &ctx->faults.list[0]) : "?";
	faults_clear(ctx);
	enum err noted = store_write(ctx, ctx->store, failed_write, &r);
	ctx->db = db;
	return noted != OK ? noted : fail(ctx, err, "job", "bulk_failed");
}

static enum err run_do(struct ctx *ctx, const struct job *job)
{
	return run(ctx, job, false);
}

static enum err run_undo(struct ctx *ctx, const struct job *job)
{
	return run(ctx, job, true);
}

/* Whoever began it may not any more: the act says so. */
static enum err not_run(struct ctx *ctx, const struct job *job)
{
	struct running r = {.undo = str_equal(job->kind, "bulk_undo"), .error = ctx->faults.count > 0 ? app_message(ctx, &ctx->faults.list[0]) : "?"};
	faults_clear(ctx);
	enum err err = payload_of(ctx, job, &r.id);
	return err == OK ? store_write(ctx, ctx->store, failed_write, &r) : err;
}

const struct job_kind bulk_job_kinds[] = {
	{.kind = "bulk", .run = run_do, .attempts_max = 20, .refused = not_run},
	{.kind = "bulk_undo", .run = run_undo, .attempts_max = 20, .refused = not_run},
	{.kind = NULL},
};
