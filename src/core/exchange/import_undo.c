/* Takes an import back, from the change log: what it created is deleted and what it
 * changed gets its values from before, each only if nobody else has touched it since.
 * Repeatable: what is undone already is not found, or found unchanged. */
#include <poll.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/events/events.h"
#include "core/exchange/import.h"

#define UNDO_SUFFIX "-undo"
enum { PAGE = 500, SEAL_TRIES = 600, SEAL_PAUSE_MS = 50, PAGE_BYTES = 128 << 20 };

struct undo {
	struct ctx *ctx;
	const struct job *job;
	struct import_run run;
	const char *import_id, *undo_id; /* request ids */
	enum change_action action;       /* whose entries are taken back now */
	int64_t before_seq, last_seq;
	int64_t deleted, restored, kept;
	struct {
		int64_t deleted, restored, kept;
	} before; /* this page: the store may run it again */
	struct arena arena; /* of one page */
	struct entry *entries;
	size_t n, seen;
};

struct entry {
	const struct entity_info *info;
	int64_t record_id;
	const char *diff;
};

/* --- which entries ------------------------------------------------------------- */

static enum err collect(struct ctx *ctx, const struct change *change, void *arg)
{
	struct undo *u = arg;
	u->seen++;
	u->last_seq = change->seq;
	if (!str_equal(change->request_id, u->import_id))
		return OK;
	const struct entity_info *info = registry_find(ctx->registry, change->entity);
	/* The run's own record is not what it brought. */
	if (info == NULL || change->record_id == u->run.id)
		return OK;
	struct entry *e = &u->entries[u->n];
	*e = (struct entry){info, change->record_id, NULL};
	if (u->action == CHANGE_UPDATE) {
		e->diff = arena_strdup(&u->arena, change->diff);
		if (e->diff == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	u->n++;
	return OK;
}

static enum err read_page(struct undo *u)
{
	struct change_filter filter = {
		.by_action = true, .action = u->action, .from_ms = u->run.started_at, .before_seq = u->before_seq, .max = PAGE,
	};
	arena_reset(&u->arena);
	u->n = u->seen = 0;
	u->entries = arena_array(&u->arena, PAGE, sizeof(*u->entries));
	if (u->entries == NULL)
		return fail(u->ctx, ERR_LIMIT, "", "memory");
	enum err err = change_find(u->ctx, &filter, collect, u);
	u->before_seq = u->last_seq;
	return err;
}

/* --- one record ------------------------------------------------------------------ */

enum { HISTORY_LOOK = 100, UNDONE_MAX = 16 };

/* From the newest change backwards.  Other imports that were taken back have left the record as they found it: an
 * undoing and what it undid are passed over together. */
struct newest {
	const struct undo *undo;
	bool done, ours;
	const char *undone[UNDONE_MAX];
	size_t n_undone;
};

static bool was_undone(const struct newest *n, const char *request_id)
{
	for (size_t i = 0; i < n->n_undone; i++)
		if (str_equal(n->undone[i], request_id))
			return true;
	return false;
}

static enum err look(struct ctx *ctx, const struct change *change, void *arg)
{
	struct newest *n = arg;
	const char *id = change->request_id;
	size_t len = id != NULL ? strlen(id) : 0, suffix = strlen(UNDO_SUFFIX);
	if (n->done || (n->n_undone > 0 && was_undone(n, id)))
		return OK;
	n->ours = str_equal(id, n->undo->import_id) || str_equal(id, n->undo->undo_id);
	n->done = n->ours || len <= suffix || !str_equal(id + len - suffix, UNDO_SUFFIX) || n->n_undone == UNDONE_MAX;
	if (n->done)
		return OK;
	n->undone[n->n_undone] = arena_strndup(ctx->arena, id, len - suffix);
	if (n->undone[n->n_undone] == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!was_undone(n, n->undone[n->n_undone]))
		n->n_undone++;
	return OK;
}

/* Whether the last to touch it was the import, or its undoing. */
static enum err untouched(struct ctx *ctx, const struct undo *u, const struct entry *e, bool *ret)
{
	struct newest newest = {.undo = u};
	enum err err = change_history(ctx, e->info->entity->name, e->record_id, 0, 1, look, &newest);
	if (err == OK && newest.n_undone > 0) {
		newest = (struct newest){.undo = u};
		err = change_history(ctx, e->info->entity->name, e->record_id, 0, HISTORY_LOOK, look, &newest);
	}
	*ret = newest.ours;
	return err;
}

static enum err restore_values(struct ctx *ctx, const struct entry *e, struct record *patch)
{
	json_t *diff = json_loads(e->diff, 0, NULL), *pair;
	const struct actor *actor = ctx->actor;
	const char *name;
	enum err err = OK;
	ctx->actor = gate_system(); /* the values were there already: nobody's rights are asked */
	json_object_foreach(diff, name, pair) {
		int at = entity_field(e->info, name);
		if (err != OK || at < SF_COUNT || (e->info->fields[at]->flags & (F_READONLY | F_SECRET | F_INSERT_ONLY)))
			continue;
		err = record_set_json(ctx, patch, at, json_array_get(pair, 0));
	}
	ctx->actor = actor;
	json_decref(diff);
	return err;
}

static enum err undo_update(struct ctx *ctx, struct undo *u, const struct entry *e)
{
	struct record *now, *patch, *after;
	enum err err = record_load(ctx, e->info, e->record_id, &now);
	if (err == OK)
		err = record_new(ctx, e->info, &patch);
	if (err == OK)
		err = restore_values(ctx, e, patch);
	if (err == OK)
		err = record_update(ctx, e->record_id, patch, 0, W_TRUSTED, &after);
	u->restored += err == OK;
	return err;
}

/* Who imported may have lost the right since: what the gate keeps from them now stays as it is. */
static enum err may_touch(struct ctx *ctx, const struct entry *e, bool *ret)
{
	struct record *record;
	enum err err = record_load(ctx, e->info, e->record_id, &record);
	bool gone = err == ERR_NOT_FOUND;
	if (err == OK)
		err = record_get(ctx, e->info, e->record_id, ACTION_IMPORT, &record);
	*ret = err == OK || gone;
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	faults_clear(ctx);
	return OK;
}

static enum err undo_entry(struct ctx *ctx, struct undo *u, const struct entry *e)
{
	bool free = false;
	enum err err = untouched(ctx, u, e, &free);
	if (err == OK && free)
		err = may_touch(ctx, e, &free);
	if (err != OK)
		return err;
	if (!free) {
		u->kept++;
		return OK;
	}
	err = db_savepoint(ctx);
	if (err != OK)
		return err;
	if (u->action == CHANGE_CREATE) {
		err = record_delete(ctx, e->info, e->record_id, 0, W_TRUSTED);
		u->deleted += err == OK;
	} else {
		err = undo_update(ctx, u, e);
	}
	if (err == OK)
		return db_release(ctx);
	db_rollback_to(ctx);
	if (!import_row_error(err))
		return err;
	/* gone already, or something newer hangs on it */
	u->kept += err != ERR_NOT_FOUND;
	faults_clear(ctx);
	return OK;
}

static enum err undo_page(struct ctx *ctx, void *arg)
{
	struct undo *u = arg;
	u->deleted = u->before.deleted;
	u->restored = u->before.restored;
	u->kept = u->before.kept;
	enum err err = u->job != NULL ? job_hold(ctx, u->job, u->deleted + u->restored, 0, NULL) : OK;
	for (size_t i = 0; err == OK && i < u->n; i++)
		err = undo_entry(ctx, u, &u->entries[i]);
	return err;
}

/* --- all of it --------------------------------------------------------------------- */

static enum err seal(struct ctx *ctx, void *arg)
{
	int64_t sealed;
	return events_seal(ctx, &sealed, arg);
}

/* The log is read sealed: entries of the run must not wait any more.  They do while any transaction of the cluster is
 * older; an undoing that did not see them all would leave some of them standing. */
static enum err wait_for_log(struct undo *u)
{
	struct ctx *ctx = u->ctx;
	struct db *db = ctx->db;
	const struct actor *actor = ctx->actor;
	bool more;
	int64_t waiting = 1;
	for (int i = 0; i < SEAL_TRIES; i++) {
		ctx->actor = gate_system(); /* sealing is nobody's, and has to be the first in its transaction */
		enum err err = store_write(ctx, ctx->store, seal, &more);
		ctx->actor = actor;
		ctx->db = db;
		if (err == OK)
			err = events_waiting(ctx, u->import_id, &waiting);
		if (err != OK || waiting == 0)
			return err;
		(void)poll(NULL, 0, SEAL_PAUSE_MS);
	}
	return fail(ctx, ERR_CONFLICT, "", "import_log_waits");
}

static enum err undo_all(struct undo *u, enum change_action action)
{
	struct ctx *ctx = u->ctx;
	struct db *db = ctx->db;
	u->action = action;
	u->before_seq = 0;
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		enum err err = read_page(u);
		u->before.deleted = u->deleted;
		u->before.restored = u->restored;
		u->before.kept = u->kept;
		if (err == OK && u->n > 0)
			err = store_write(ctx, ctx->store, undo_page, u);
		ctx->db = db;
		if (err != OK)
			return err;
		arena_rewind(ctx->arena, mark);
	} while (u->seen == PAGE);
	return OK;
}

static enum err mark_undone(struct ctx *ctx, void *arg)
{
	const struct undo *u = arg;
	const char *records = arena_printf(ctx->arena, "{\"undone\":{\"deleted\":%lld,\"restored\":%lld,\"kept\":%lld}}",
	                                   (long long)u->deleted, (long long)u->restored, (long long)u->kept);
	return import_run_set(ctx, u->run.id, "state", "undone", "records", records, "error", NULL, NULL);
}

/* An undoing that did not come to its end can be begun again; the run says why. */
static enum err note_stopped(struct undo *u, enum err err)
{
	struct ctx *ctx = u->ctx;
	struct faults faults = ctx->faults;
	const struct actor *actor = ctx->actor;
	const char *key = faults.count > 0 ? faults.list[0].key : "";
	if (str_equal(key, "job_stopping") || str_equal(key, "job_lost") || err == ERR_RETRY || err == ERR_UPSTREAM)
		return err; /* it goes on by itself */
	const char *why = faults.count > 0 ? import_run_why(ctx, &faults.list[0]) : NULL;
	faults_clear(ctx);
	ctx->actor = gate_system(); /* who ran it may be no more */
	enum err kept = import_run_state(ctx, u->run.id, "undo_stopped", why);
	ctx->actor = actor;
	if (kept != OK)
		return kept;
	ctx->faults = faults;
	return err;
}

enum err import_undo(struct ctx *ctx, int64_t run_id, const struct job *job)
{
	struct undo u = {.ctx = ctx, .job = job};
	struct db *db = ctx->db;
	const char *request_id = ctx->request_id;
	enum err err = import_run_load(ctx, run_id, &u.run);
	if (err != OK)
		return err;
	u.import_id = import_request_id(ctx, run_id);
	u.undo_id = arena_printf(ctx->arena, "%s" UNDO_SUFFIX, u.import_id);
	if (u.undo_id == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	arena_init(&u.arena, PAGE_BYTES);
	ctx->request_id = u.undo_id;
	err = wait_for_log(&u);
	/* What was created goes first: its changes then need no undoing. */
	if (err == OK)
		err = undo_all(&u, CHANGE_CREATE);
	if (err == OK)
		err = undo_all(&u, CHANGE_UPDATE);
	if (err == OK)
		err = store_write(ctx, ctx->store, mark_undone, &u);
	ctx->db = db;
	if (err != OK)
		err = note_stopped(&u, err);
	ctx->db = db;
	ctx->request_id = request_id;
	arena_release(&u.arena);
	return err;
}
