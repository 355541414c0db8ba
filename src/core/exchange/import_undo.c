/* Takes an import back, from the change log: what it created is deleted and what it
 * changed gets its values from before, each only if nobody else has touched it since.
 * What others hung on a record stays, and the record with it; the run says how many and why.
 * Repeatable: what is undone already is not found, or found unchanged.  What an earlier
 * undoing of another import had to leave because of this one goes with it. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/str.h"
#include "core/exchange/exchange_sql.h"
#include "core/entity/field_type.h"
#include "core/events/events.h"
#include "core/exchange/import.h"

#define UNDO_SUFFIX "-undo"
enum { PAGE = 500, PAGE_AGAIN = 100, SEAL_TRIES = 600, SEAL_PAUSE_MS = 50, PAGE_BYTES = 128 << 20, REASONS_MAX = 12, EXAMPLES_MAX = 5, OTHERS_MAX = 32, AGAIN_MAX = 200000 };

/* Why records were left as they are. */
struct reason {
	char key[48], argument[100];
	int64_t count;
	struct {
		const struct entity_info *info;
		int64_t id;
	} examples[EXAMPLES_MAX];
};

struct tally {
	int64_t deleted, restored, kept;
	struct reason reasons[REASONS_MAX];
	size_t n_reasons;
	/* Other imports, undone before, of which this undoing could take back more. */
	struct {
		int64_t run_id, deleted, restored;
	} others[OTHERS_MAX];
	size_t n_others;
};

/* A record that another undoing may have left because of this import. */
struct again {
	const struct entity_info *info;
	int64_t id;
};

struct undo {
	struct ctx *ctx;
	const struct job *job;
	struct import_run run;
	const char *import_id, *undo_id; /* request ids */
	enum change_action action;       /* whose entries are taken back now */
	int64_t before_seq, last_seq;
	struct tally tally, before; /* before this page: the store may run it again */
	struct arena arena; /* of one page */
	struct entry *entries;
	size_t n, seen;
	bool others; /* another import was undone before */
	struct again *again; /* in again_arena */
	size_t n_again, cap_again, from_again;
	struct map again_ids;
	struct arena again_arena;
	int64_t other; /* the run whose entries are taken back now; 0: this one */
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
	enum err err = change_history_content(ctx, e->info->entity->name, e->record_id, 1, look, &newest);
	if (err == OK && newest.n_undone > 0) {
		newest = (struct newest){.undo = u};
		err = change_history_content(ctx, e->info->entity->name, e->record_id, HISTORY_LOOK, look, &newest);
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

static enum err undo_update(struct ctx *ctx, const struct entry *e)
{
	struct record *now, *patch, *after;
	enum err err = record_load(ctx, e->info, e->record_id, &now);
	if (err == OK)
		err = record_new(ctx, e->info, &patch);
	if (err == OK)
		err = restore_values(ctx, e, patch);
	if (err == OK)
		err = record_update(ctx, e->record_id, patch, 0, W_TRUSTED, &after);
	return err;
}

/* --- what is left, and why ------------------------------------------------------- */

static void count_kept(struct undo *u, const struct entry *e, const char *key, const char *argument)
{
	struct tally *t = &u->tally;
	size_t i = 0;
	if (u->other != 0)
		return; /* counted when that one was undone */
	t->kept++;
	while (i < t->n_reasons && !(str_equal(t->reasons[i].key, key) && str_equal(t->reasons[i].argument, argument)))
		i++;
	if (i == REASONS_MAX)
		return;
	struct reason *r = &t->reasons[i];
	if (i == t->n_reasons) {
		*r = (struct reason){.count = 0};
		(void)snprintf(r->key, sizeof(r->key), "%s", key);
		(void)snprintf(r->argument, sizeof(r->argument), "%s", argument);
		t->n_reasons++;
	}
	if (r->count < EXAMPLES_MAX) {
		r->examples[r->count].info = e->info;
		r->examples[r->count].id = e->record_id;
	}
	r->count++;
}

static void count_done(struct undo *u, bool deleted)
{
	struct tally *t = &u->tally;
	size_t i = 0;
	if (u->other == 0) {
		t->deleted += deleted;
		t->restored += !deleted;
		return;
	}
	while (i < t->n_others && t->others[i].run_id != u->other)
		i++;
	if (i == OTHERS_MAX)
		return;
	if (i == t->n_others) {
		t->others[i].run_id = u->other;
		t->others[i].deleted = t->others[i].restored = 0;
		t->n_others++;
	}
	t->others[i].deleted += deleted;
	t->others[i].restored += !deleted;
}

/* --- who may ----------------------------------------------------------------------- */

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

/* Whatever would go with a record, or lose its link to it, has to be of this import, and one's own to take back. */
static enum err may_go_along(struct ctx *ctx, const struct record *record, bool goes, void *arg)
{
	const struct undo *u = arg;
	const struct entry e = {record->info, record_id(record), NULL};
	const struct text2 *label = &record->info->entity->label_many;
	bool ours = false;
	(void)goes;
	enum err err = untouched(ctx, u, &e, &ours);
	if (err == OK && !ours)
		return fail_arg(ctx, ERR_CONFLICT, "", "undo_hangs", import_words(ctx, label));
	if (err == OK)
		err = may_touch(ctx, &e, &ours);
	return err == OK && !ours ? fail_arg(ctx, ERR_FORBIDDEN, "", "along_forbidden", import_words(ctx, label)) : err;
}

/* --- what others had to leave ------------------------------------------------------- */

static enum err note_again(struct undo *u, const struct entity_info *info, int64_t id)
{
	int64_t ignored;
	if (!u->others || id == 0 || (info->entity->flags & (E_SYSTEM | E_NO_API_WRITE)) || u->n_again == AGAIN_MAX ||
	    map_get(&u->again_ids, &id, sizeof(id), &ignored))
		return OK;
	if (u->n_again == u->cap_again) {
		size_t wider = u->cap_again > 0 ? u->cap_again * 2 : 256;
		struct again *more = arena_array(&u->again_arena, wider, sizeof(*more));
		if (more == NULL)
			return fail(u->ctx, ERR_LIMIT, "", "memory");
		if (u->n_again > 0)
			memcpy(more, u->again, u->n_again * sizeof(*more));
		u->again = more;
		u->cap_again = wider;
	}
	if (!map_put(&u->again_ids, &id, sizeof(id), 1))
		return fail(u->ctx, ERR_LIMIT, "", "memory");
	u->again[u->n_again++] = (struct again){info, id};
	return OK;
}

/* The record itself, and all it points to. */
static enum err note_around(struct undo *u, const struct record *record)
{
	const struct entity_info *info = record->info;
	enum err err = note_again(u, info, record_id(record));
	for (int at = SF_COUNT; err == OK && (size_t)at < info->n_fields; at++) {
		const struct entity_info *target = entity_link(info, at);
		const struct value *value = &record->values[at];
		if (target != NULL && value->kind == VALUE_INT)
			err = note_again(u, target, value->i);
		for (size_t i = 0; err == OK && target != NULL && value->kind == VALUE_LIST && i < value->l.n; i++)
			err = note_again(u, target, value->l.ids[i]);
	}
	return err;
}

/* --- one entry -------------------------------------------------------------------- */

static enum err change_back(struct ctx *ctx, struct undo *u, const struct entry *e)
{
	struct record *record = NULL;
	enum err err = u->others ? record_load(ctx, e->info, e->record_id, &record) : OK;
	if (err == OK && u->action == CHANGE_CREATE)
		err = record_delete_asking(ctx, e->info, e->record_id, may_go_along, u);
	else if (err == OK)
		err = undo_update(ctx, e);
	return err == OK && record != NULL ? note_around(u, record) : err;
}

static enum err undo_entry(struct ctx *ctx, struct undo *u, const struct entry *e)
{
	bool ours = false;
	enum err err = untouched(ctx, u, e, &ours);
	if (err == OK && !ours) {
		count_kept(u, e, "undo_touched", "");
		return OK;
	}
	if (err == OK)
		err = may_touch(ctx, e, &ours);
	if (err == OK && !ours) {
		count_kept(u, e, "undo_forbidden", "");
		return OK;
	}
	if (err == OK)
		err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = change_back(ctx, u, e);
	if (err == OK) {
		count_done(u, u->action == CHANGE_CREATE);
		return db_release(ctx);
	}
	db_rollback_to(ctx);
	if (!import_row_error(err))
		return err;
	/* gone already, or something newer hangs on it */
	const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	if (err != ERR_NOT_FOUND)
		count_kept(u, e, fault != NULL ? fault->key : "undo_touched", fault != NULL && fault->arg != NULL ? fault->arg : "");
	faults_clear(ctx);
	return OK;
}

static enum err hold(struct ctx *ctx, struct undo *u)
{
	u->tally = u->before;
	return u->job != NULL ? job_hold(ctx, u->job, u->tally.deleted + u->tally.restored, 0, NULL) : OK;
}

static enum err undo_page(struct ctx *ctx, void *arg)
{
	struct undo *u = arg;
	enum err err = hold(ctx, u);
	for (size_t i = 0; err == OK && i < u->n; i++)
		err = undo_entry(ctx, u, &u->entries[i]);
	return err;
}

/* --- other imports, undone before this one --------------------------------------------- */

/* Entries of the import that touched a record last, this one and those undone aside. */
struct below {
	struct newest newest;
	struct entry *entries;
	size_t n;
	int64_t run_id;
	const char *import_id;
	bool created, ended;
};

static bool passed_over(const struct below *b, const char *id)
{
	const struct undo *u = b->newest.undo;
	return b->ended || str_equal(id, u->import_id) || str_equal(id, u->undo_id) || was_undone(&b->newest, id);
}

static enum err look_below(struct ctx *ctx, const struct change *change, void *arg)
{
	struct below *b = arg;
	static const char prefix[] = "import-";
	const char *id = change->request_id;
	size_t len = strlen(id), suffix = strlen(UNDO_SUFFIX);
	if (passed_over(b, id))
		return OK;
	bool first = b->import_id == NULL, undoing = len > suffix && str_equal(id + len - suffix, UNDO_SUFFIX);
	if (first && undoing && b->newest.n_undone < UNDONE_MAX) {
		const char *what = b->newest.undone[b->newest.n_undone++] = arena_strndup(ctx->arena, id, len - suffix);
		return what != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (first && !undoing && str_starts(id, prefix) && id_parse(id + strlen(prefix), &b->run_id))
		b->import_id = arena_strdup(ctx->arena, id);
	b->ended = b->import_id == NULL || !str_equal(id, b->import_id);
	if (b->ended)
		return OK;
	b->created = b->created || change->action == CHANGE_CREATE;
	b->entries[b->n].diff = arena_strdup(ctx->arena, change->diff);
	return b->entries[b->n++].diff != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err was_run_undone(struct ctx *ctx, int64_t run_id, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_import_look, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, run_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row && str_equal(stmt_text(stmt, 0), "undone");
	stmt_done(stmt);
	return err;
}

/* As if that one were undone once more, of this record alone. */
static enum err undo_below(struct ctx *ctx, struct undo *u, const struct again *again, const struct below *b)
{
	const char *import_id = u->import_id, *undo_id = u->undo_id, *request_id = ctx->request_id;
	const enum change_action action = u->action;
	enum err err = OK;
	u->other = b->run_id;
	u->import_id = b->import_id;
	u->undo_id = arena_printf(ctx->arena, "%s" UNDO_SUFFIX, b->import_id);
	if (u->undo_id == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	else
		ctx->request_id = u->undo_id;
	u->action = b->created ? CHANGE_CREATE : CHANGE_UPDATE;
	for (size_t i = 0; err == OK && i < (b->created ? 1 : b->n); i++) {
		const struct entry e = {again->info, again->id, b->entries[i].diff};
		err = undo_entry(ctx, u, &e);
	}
	u->other = 0;
	u->action = action;
	u->import_id = import_id;
	u->undo_id = undo_id;
	ctx->request_id = request_id;
	return err;
}

/* Below what one import changed another may have: on until it is somebody else's, or gone. */
static enum err undo_again(struct ctx *ctx, struct undo *u, const struct again *again)
{
	for (int round = 0; round < UNDONE_MAX; round++) {
		struct below b = {.newest.undo = u, .entries = arena_array(ctx->arena, HISTORY_LOOK, sizeof(struct entry))};
		const struct tally *t = &u->tally;
		bool there = false, undone = false;
		int64_t before = 0, after = 0;
		if (b.entries == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		enum err err = record_there(ctx, again->info, again->id, &there);
		if (err == OK && there)
			err = change_history_content(ctx, again->info->entity->name, again->id, HISTORY_LOOK, look_below, &b);
		if (err == OK && b.n > 0)
			err = was_run_undone(ctx, b.run_id, &undone);
		for (size_t i = 0; i < t->n_others; i++)
			before += t->others[i].deleted + t->others[i].restored;
		if (err == OK && undone)
			err = undo_below(ctx, u, again, &b);
		for (size_t i = 0; i < t->n_others; i++)
			after += t->others[i].deleted + t->others[i].restored;
		if (err != OK || after == before)
			return err;
	}
	return OK;
}

static enum err again_page(struct ctx *ctx, void *arg)
{
	struct undo *u = arg;
	enum err err = hold(ctx, u);
	u->n = u->n_again - u->from_again < PAGE_AGAIN ? u->n_again - u->from_again : PAGE_AGAIN;
	for (size_t i = 0; err == OK && i < u->n; i++) {
		const struct again again = u->again[u->from_again + i];
		err = undo_again(ctx, u, &again);
	}
	return err;
}

static enum err look_for_others(struct undo *u)
{
	struct ctx *ctx = u->ctx;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_import_others_undone, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, u->run.id);
	err = stmt_step(ctx, stmt, &u->others);
	stmt_done(stmt);
	return err;
}

/* After all of its own: what hung on a record may be gone now, and then the record goes; and so on. */
static enum err undo_others(struct undo *u)
{
	struct ctx *ctx = u->ctx;
	struct db *db = ctx->db;
	while (u->from_again < u->n_again) {
		/* not within the page: what it tells others after its commit lies there */
		struct arena_mark mark = arena_mark(ctx->arena);
		u->before = u->tally;
		enum err err = store_write(ctx, ctx->store, again_page, u);
		ctx->db = db;
		if (err != OK)
			return err;
		arena_rewind(ctx->arena, mark);
		u->from_again += u->n;
	}
	return OK;
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
		u->before = u->tally;
		if (err == OK && u->n > 0)
			err = store_write(ctx, ctx->store, undo_page, u);
		ctx->db = db;
		if (err != OK)
			return err;
		arena_rewind(ctx->arena, mark);
	} while (u->seen == PAGE);
	return OK;
}

static void write_reason(struct ctx *ctx, struct jsonw *w, const struct reason *r)
{
	const struct fault fault = {"", r->key, r->argument};
	jsonw_object(w);
	jsonw_kv_text(w, "key", r->key);
	jsonw_kv_text(w, "message", app_message(ctx, &fault));
	jsonw_kv_int(w, "count", r->count);
	jsonw_key(w, "examples");
	jsonw_array(w);
	for (int64_t i = 0; i < r->count && i < EXAMPLES_MAX; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "entity", r->examples[i].info->entity->name);
		jsonw_kv_id(w, "id", r->examples[i].id);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
}

/* What the run's record says of its undoing. */
static const char *undone_text(struct ctx *ctx, const struct tally *t)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 16384);
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	jsonw_key(&w, "undone");
	jsonw_object(&w);
	jsonw_kv_int(&w, "deleted", t->deleted);
	jsonw_kv_int(&w, "restored", t->restored);
	jsonw_kv_int(&w, "kept", t->kept);
	jsonw_key(&w, "reasons");
	jsonw_array(&w);
	for (size_t i = 0; i < t->n_reasons; i++)
		write_reason(ctx, &w, &t->reasons[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	jsonw_end_object(&w);
	const char *text = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return text;
}

static void add(json_t *object, const char *key, int64_t more)
{
	int64_t sum = json_integer_value(json_object_get(object, key)) + more;
	(void)json_object_set_new(object, key, json_integer(sum > 0 ? sum : 0));
}

/* What was left of another import, and is gone now, is said there too. */
static enum err note_other(struct ctx *ctx, int64_t run_id, int64_t deleted, int64_t restored)
{
	struct record *run;
	enum err err = record_load(ctx, registry_find(ctx->registry, "import_run"), run_id, &run);
	if (err != OK)
		return err;
	const char *before = record_text(run, "records"), *after = NULL;
	json_t *records = before != NULL ? json_loads(before, 0, NULL) : NULL, *undone = json_object_get(records, "undone");
	if (undone != NULL) {
		add(undone, "deleted", deleted);
		add(undone, "restored", restored);
		add(undone, "kept", -(deleted + restored));
		if (json_integer_value(json_object_get(undone, "kept")) == 0)
			(void)json_object_set_new(undone, "reasons", json_array());
		char *text = json_dumps(records, JSON_COMPACT);
		after = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
		free(text);
		if (after == NULL)
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	json_decref(records);
	return after != NULL ? import_run_set(ctx, run_id, "records", after, NULL) : err;
}

static enum err mark_undone(struct ctx *ctx, void *arg)
{
	const struct undo *u = arg;
	const char *records = undone_text(ctx, &u->tally);
	if (records == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = import_run_set(ctx, u->run.id, "state", "undone", "records", records, "error", NULL, NULL);
	for (size_t i = 0; err == OK && i < u->tally.n_others; i++)
		err = note_other(ctx, u->tally.others[i].run_id, u->tally.others[i].deleted, u->tally.others[i].restored);
	return err;
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

static enum err undo_whole(struct undo *u)
{
	enum err err = wait_for_log(u);
	if (err == OK)
		err = look_for_others(u);
	/* What was created goes first: its changes then need no undoing. */
	if (err == OK)
		err = undo_all(u, CHANGE_CREATE);
	if (err == OK)
		err = undo_all(u, CHANGE_UPDATE);
	if (err == OK)
		err = undo_others(u);
	return err == OK ? store_write(u->ctx, u->ctx->store, mark_undone, u) : err;
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
	arena_init(&u.again_arena, PAGE_BYTES);
	map_init(&u.again_ids, 0, 0); /* our own ids */
	ctx->request_id = u.undo_id;
	err = undo_whole(&u);
	ctx->db = db;
	if (err != OK)
		err = note_stopped(&u, err);
	ctx->db = db;
	ctx->request_id = request_id;
	map_release(&u.again_ids);
	arena_release(&u.again_arena);
	arena_release(&u.arena);
	return err;
}
