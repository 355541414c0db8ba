/* One change of one field: checked, tried, put into the schema, kept as a record, and then the registry follows.
 *
 * What the schema needs comes first and hurts nobody who does not know of it: a column that may be empty, an index of nothing.
 * The record and the number of the generation come in one job after that, and with its commit the field is there: the registry follows
 * before the request is answered.  A crash in between leaves a column that is nobody's, which the next field of its type takes. */
#include "core/custom/custom_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/custom/custom_jobs.h"
#include "custom_sql.h"

/* Who waits for a table waits no longer than this, and tries again: behind a waiting ALTER TABLE everybody waits. */
#define LOCK_WAIT "60ms"

enum { TRIES = 100, TRY_PAUSE_MS = 100 };

struct change {
	struct custom *custom;
	const struct actor *who;
	struct record *record; /* new, or the patch */
	int64_t id, version;
	struct record *now;    /* as it stands then */
	struct custom_def old, def; /* old.name NULL: new */
	struct custom_slot *slots;
	size_t n;
	bool fresh;             /* its column is yet to be made */
	struct buf column, index;   /* what the schema needs */
	struct buf drop;        /* index that goes */
	struct buf undo;        /* of an index that was made beside the job, should the job fail */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- numbers and columns ------------------------------------------------------------------ */

/* One that was given up by a field of this type and is empty.  A default would have to be written into all rows. */
static enum err find_free(struct ctx *ctx, struct change *c, bool *ret)
{
	struct stmt *stmt;
	*ret = false;
	if (c->def.fallback || c->def.unique || c->def.index)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slot_free_one, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, c->def.entity);
	stmt_bind_text(stmt, 2, c->def.type);
	stmt_bind_text(stmt, 3, c->def.link ? c->def.link : "");
	err = stmt_step(ctx, stmt, ret);
	if (!err && *ret) {
		c->def.slot = (int)stmt_i64(stmt, 0);
		c->def.column = arena_strdup(ctx->arena, stmt_text(stmt, 1));
		err = c->def.column ? OK : no_memory(ctx);
	}
	stmt_done(stmt);
	return err;
}

static enum err next_number(struct ctx *ctx, int *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slot_last, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? (int)stmt_i64(stmt, 0) + 1 : 1;
	stmt_done(stmt);
	return err;
}

static enum err choose_column(struct ctx *ctx, struct change *c)
{
	bool found;
	enum err err = find_free(ctx, c, &found);
	c->fresh = !found;
	if (err || found)
		return err;
	err = next_number(ctx, &c->def.slot);
	c->def.column = arena_printf(ctx->arena, "%s__%d", c->def.name, c->def.slot);
	return err || c->def.column ? err : no_memory(ctx);
}

/* The columns there would be, in order. */
static enum err slots_then(struct ctx *ctx, const struct change *c, struct custom_slot **ret, size_t *ret_n)
{
	struct custom_slot *slots = arena_array(ctx->arena, c->n + 1, sizeof(*slots));
	size_t n = 0;
	bool there = false;
	if (!slots)
		return no_memory(ctx);
	for (size_t i = 0; i < c->n; i++) {
		slots[n] = c->slots[i];
		if (slots[n].slot == c->def.slot) {
			slots[n].def = &c->def;
			there = true;
		}
		n++;
	}
	if (!there) /* the newest number is the last of its entity, whatever stands between */
		slots[n++] = (struct custom_slot){c->def.entity, c->def.column, c->def.type, c->def.link ? c->def.link : "", c->def.slot, &c->def};
	*ret = slots;
	*ret_n = n;
	return OK;
}

/* --- the trial -------------------------------------------------------------------------------- */

static const struct entity_info *place(const struct registry *tried, const struct custom_def *def, size_t *ret_at)
{
	const struct entity_info *info = registry_find(tried, def->entity);
	int at = info ? entity_field(info, def->name) : -1;
	*ret_at = at < 0 ? 0 : (size_t)at;
	return at < 0 ? NULL : info;
}

/* A default and bounds are of the field's own type, and agree. */
static enum err check_values(struct ctx *ctx, const struct entity_info *info, size_t at, const struct custom_def *def)
{
	const struct {
		const char *field, *text;
	} all[] = {{"default", def->fallback}, {"min", info->fields[at]->least}, {"max", info->fields[at]->most}};
	struct value values[3];
	for (size_t i = 0; i < 3; i++) {
		values[i] = value_null();
		bool named = i == 0 && (str_equal(all[i].text, "now") || str_equal(all[i].text, "me"));
		size_t before = ctx->faults.count;
		if (!all[i].text || named || field_parse(ctx, info, (int)at, all[i].text, &values[i]) == OK)
			continue;
		if (ctx->faults.count > before)
			ctx->faults.list[before].field = all[i].field;
	}
	if (!faults_code(ctx) && def->fallback && values[0].kind != VALUE_NULL)
		record_check_bounds(ctx, info, (int)at, &values[0]);
	return faults_code(ctx);
}

/* The descriptors there would be: in order, and what the schema needs for them. */
static enum err try_out(struct ctx *ctx, struct change *c)
{
	struct custom_slot *slots = NULL;
	struct custom_list list;
	struct registry *tried = NULL, *before = ctx->registry;
	struct custom_def bare = c->def;
	size_t n = 0, at = 0;
	enum err err = slots_then(ctx, c, &slots, &n);
	bare.fallback = NULL; /* parsed below, in words */
	for (size_t i = 0; !err && i < n; i++)
		if (slots[i].def == &c->def)
			slots[i].def = &bare;
	if (!err)
		err = custom_build(ctx, c->custom, slots, n, &list);
	if (err)
		return err;
	err = registry_try_new(ctx, before, list.list, list.n, &tried);
	const struct entity_info *info = err ? NULL : place(tried, &c->def, &at);
	if (!err && !info)
		err = fail_arg(ctx, ERR_BUG, "name", "custom_lost", c->def.name);
	if (!err) {
		ctx->registry = tried;
		err = check_values(ctx, info, at, &c->def);
		struct field field = *info->fields[at];
		field.fallback = c->def.fallback;
		struct field_ddl ddl = {c->column, c->index};
		const struct field *kept = info->fields[at];
		info->fields[at] = &field;
		if (!err)
			err = registry_field_ddl(ctx, info, at, (int)db_engine(ctx->db), &ddl);
		info->fields[at] = kept;
		c->column = ddl.column;
		c->index = ddl.index;
		ctx->registry = before;
	}
	registry_try_end(tried);
	custom_list_drop(list.keep);
	return err;
}

/* --- in the store --------------------------------------------------------------------------------- */

static enum err run_slot(struct ctx *ctx, const struct sql *sql, const struct change *c, int64_t third)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, c->def.entity);
	stmt_bind_i64(stmt, 2, c->def.slot);
	if (third)
		stmt_bind_i64(stmt, 3, third);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err insert_slot(struct ctx *ctx, const struct change *c)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slot_insert, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, c->def.entity);
	stmt_bind_i64(stmt, 2, c->def.slot);
	stmt_bind_text(stmt, 3, c->def.column);
	stmt_bind_text(stmt, 4, c->def.type);
	stmt_bind_text(stmt, 5, c->def.link ? c->def.link : "");
	stmt_bind_null(stmt, 6);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* One node after the other, and nobody has changed a field since this one looked. */
static enum err take_turn(struct ctx *ctx, const struct change *c)
{
	int64_t generation;
	enum err err = OK;
	if (db_engine(ctx->db) == ENGINE_POSTGRES)
		err = db_exec(ctx, ctx->db, "SET LOCAL lock_timeout TO '" LOCK_WAIT "';"
		                            "SELECT pg_advisory_xact_lock(hashtextextended('guanxi.custom.' || current_schema(), 0))");
	if (!err)
		err = custom_generation(ctx, &generation);
	return !err && generation != c->custom->generation ? fail(ctx, ERR_RETRY, "", "custom_changed") : err;
}

static enum err column_job(struct ctx *ctx, void *arg)
{
	struct change *c = arg;
	enum err err = take_turn(ctx, c);
	if (err || !c->fresh)
		return err;
	err = db_exec(ctx, ctx->db, buf_text(&c->column));
	if (!err && c->index.len > 0 && db_engine(ctx->db) == ENGINE_SQLITE && !c->def.fallback)
		err = db_index_empty(ctx, c->def.entity, c->def.column, buf_text(&c->index));
	return err ? err : insert_slot(ctx, c);
}

static enum err record_job(struct ctx *ctx, void *arg)
{
	struct change *c = arg;
	const struct actor *before = ctx->actor;
	enum err err = take_turn(ctx, c);
	ctx->actor = c->who;
	if (!err)
		err = record_set(ctx, c->record, "number", value_int(c->def.slot));
	if (!err)
		err = record_set(ctx, c->record, "column", value_text(c->def.column));
	if (!err)
		err = record_create(ctx, c->record, W_TRUSTED);
	if (!err)
		err = run_slot(ctx, &sql_custom_slot_take, c, record_id(c->record));
	if (!err)
		err = custom_generation_bump(ctx);
	ctx->actor = before;
	return err;
}

static enum err both_jobs(struct ctx *ctx, void *arg)
{
	enum err err = column_job(ctx, arg);
	return err ? err : record_job(ctx, arg);
}

static void pause_ms(int ms)
{
	const struct timespec wait = {.tv_nsec = (long)ms * 1000000};
	nanosleep(&wait, NULL);
}

/* Again and again while somebody holds the table. */
static enum err write_patiently(struct ctx *ctx, const struct change *c, write_fn run)
{
	const struct actor *before = ctx->actor;
	enum err err = OK;
	ctx->actor = gate_system(); /* the route asked; the guard would read before the transaction's own words */
	for (int i = 0; i < TRIES; i++) {
		faults_clear(ctx);
		err = store_write(ctx, ctx->store, run, (void *)(uintptr_t)c);
		bool busy = err == ERR_RETRY && ctx->faults.count > 0 && str_equal(ctx->faults.list[0].key, "busy");
		if (!busy)
			break;
		pause_ms(TRY_PAUSE_MS);
	}
	ctx->actor = before;
	return err;
}

static enum err put_new(struct ctx *ctx, struct change *c)
{
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		return write_patiently(ctx, c, both_jobs);
	enum err err = write_patiently(ctx, c, column_job);
	if (!err && c->fresh && c->index.len > 0)
		err = store_index(ctx, ctx->store, buf_text(&c->index));
	return err ? err : write_patiently(ctx, c, record_job);
}

/* --- around a change -------------------------------------------------------------------------------- */

/* Alone in this program, with the newest registry; what other nodes did is known. */
static enum err begin(struct ctx *ctx, struct custom *custom, struct change *c, struct registry **ret_before)
{
	*c = (struct change){.custom = custom, .who = ctx->actor};
	buf_init(&c->column, 64 * 1024);
	buf_init(&c->index, 64 * 1024);
	buf_init(&c->drop, 1024);
	buf_init(&c->undo, 1024);
	pthread_mutex_lock(&custom->changing);
	*ret_before = ctx->registry;
	enum err err = custom_follow(ctx, custom);
	ctx->registry = registry_hold(custom->registry);
	return err ? err : custom_read(ctx, &c->slots, &c->n);
}

static enum err end(struct ctx *ctx, struct change *c, struct registry *before, enum err err)
{
	if (!err)
		err = custom_follow(ctx, c->custom);
	registry_release(ctx->registry);
	ctx->registry = before;
	pthread_mutex_unlock(&c->custom->changing);
	buf_release(&c->column);
	buf_release(&c->index);
	buf_release(&c->drop);
	buf_release(&c->undo);
	return err;
}

enum err custom_create(struct ctx *ctx, struct custom *custom, struct record *record, struct record **ret)
{
	struct change c;
	struct registry *before;
	enum err err = begin(ctx, custom, &c, &before);
	c.record = record;
	custom_def_of(record, &c.def);
	if (!err)
		err = custom_check(ctx, c.slots, c.n, NULL, &c.def);
	if (!err)
		err = choose_column(ctx, &c);
	if (!err)
		err = try_out(ctx, &c);
	if (!err)
		err = put_new(ctx, &c);
	if (!err)
		err = record_load(ctx, record->info, record_id(record), ret);
	return end(ctx, &c, before, err);
}

/* --- changing ------------------------------------------------------------------------------------------ */

/* What it would be. */
static enum err merge(struct ctx *ctx, const struct record *old, const struct record *patch, struct record **ret)
{
	enum err err = record_new(ctx, old->info, ret);
	for (size_t at = 0; !err && at < old->info->n_fields; at++) {
		(*ret)->set[at] = true;
		(*ret)->values[at] = patch->set[at] ? patch->values[at] : old->values[at];
	}
	return err;
}

/* ["before", …]: what it was called goes on meaning it. */
static enum err keep_alias(struct ctx *ctx, struct change *c)
{
	if (str_equal(c->old.name, c->def.name))
		return OK;
	json_t *before = c->old.aliases ? json_loads(c->old.aliases, 0, NULL) : NULL, *list = json_array();
	for (size_t i = 0; i < json_array_size(before); i++)
		if (!str_equal(json_string_value(json_array_get(before, i)), c->def.name))
			(void)json_array_append(list, json_array_get(before, i));
	(void)json_array_append_new(list, json_string(c->old.name));
	while (json_array_size(list) > 10)
		(void)json_array_remove(list, 0);
	char *text = json_dumps(list, JSON_COMPACT);
	c->def.aliases = text ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	json_decref(before);
	json_decref(list);
	return c->def.aliases ? record_set(ctx, c->record, "aliases", value_text(c->def.aliases)) : no_memory(ctx);
}

/* What index its column has; a link's always has one. */
enum index_kind { KIND_NONE, KIND_PLAIN, KIND_KEY };

static enum index_kind index_of(const struct custom_def *def)
{
	if (def->unique)
		return KIND_KEY;
	return def->index || str_equal(def->type, "link") ? KIND_PLAIN : KIND_NONE;
}

/* Nobody would hear which records they are from the index. */
static enum err refuse_twins(struct ctx *ctx, const struct change *c)
{
	struct stmt *stmt;
	bool row = false;
	const char *text = arena_printf(ctx->arena, "SELECT count(*) FROM \"%s\" WHERE \"%s\" IS NOT NULL GROUP BY \"%s\" HAVING count(*) > 1 LIMIT 1",
	                                c->def.entity, c->def.column, c->def.column);
	enum err err = text ? db_prepare_text(ctx, ctx->db, text, &stmt) : no_memory(ctx);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return !err && row ? fail(ctx, ERR_CONFLICT, "unique", "custom_twins") : err;
}

/* The index it has gives way to the one it is to have: in the job of the change on SQLite, beside it before on PostgreSQL. */
static enum err change_index(struct ctx *ctx, struct change *c)
{
	enum index_kind was = index_of(&c->old), becomes = index_of(&c->def);
	bool made = was != becomes && becomes != KIND_NONE;
	if (was != becomes && was != KIND_NONE)
		registry_put_index_drop(&c->drop, c->def.entity, c->def.column, was == KIND_KEY);
	if (!made)
		buf_reset(&c->index);
	enum err err = made && becomes == KIND_KEY ? refuse_twins(ctx, c) : OK;
	if (err || c->index.len == 0 || db_engine(ctx->db) == ENGINE_SQLITE)
		return err;
	registry_put_index_drop(&c->undo, c->def.entity, c->def.column, becomes == KIND_KEY);
	return store_index(ctx, ctx->store, buf_text(&c->index));
}

static bool searched(const struct custom_def *def)
{
	return def->search && !def->retired;
}

static enum err take_turn_with_indexes(struct ctx *ctx, const struct change *c)
{
	enum err err = take_turn(ctx, c);
	if (!err && c->drop.len > 0)
		err = db_exec(ctx, ctx->db, buf_text(&c->drop));
	if (!err && c->index.len > 0 && db_engine(ctx->db) == ENGINE_SQLITE)
		err = db_exec(ctx, ctx->db, buf_text(&c->index));
	return err;
}

static enum err undo_job(struct ctx *ctx, void *arg)
{
	const struct change *c = arg;
	enum err err = take_turn(ctx, c);
	return err ? err : db_exec(ctx, ctx->db, buf_text(&c->undo));
}

/* The job of the change; where it is refused, no index of a field that is not so stays behind. */
static enum err write_change(struct ctx *ctx, const struct change *c, write_fn run)
{
	enum err err = write_patiently(ctx, c, run);
	if (err && c->undo.len > 0) {
		struct faults why = ctx->faults;
		(void)!write_patiently(ctx, c, undo_job);
		ctx->faults = why;
	}
	return err;
}

static enum err update_job(struct ctx *ctx, void *arg)
{
	struct change *c = arg;
	const struct actor *before = ctx->actor;
	enum err err = take_turn_with_indexes(ctx, c);
	ctx->actor = c->who;
	if (!err)
		err = record_update(ctx, c->id, c->record, c->version, W_TRUSTED, &c->now);
	if (!err && searched(&c->old) != searched(&c->def))
		err = custom_queue_reindex(ctx, c->def.entity);
	if (!err)
		err = custom_generation_bump(ctx);
	ctx->actor = before;
	return err;
}

static enum err load_old(struct ctx *ctx, struct change *c, int64_t id, struct record **ret)
{
	c->id = id;
	enum err err = record_load(ctx, registry_find(ctx->registry, custom_field_entity.name), id, ret);
	if (!err)
		custom_def_of(*ret, &c->old);
	return err;
}

enum err custom_update(struct ctx *ctx, struct custom *custom, int64_t id, struct record *patch, int64_t version, struct record **ret)
{
	struct change c;
	struct registry *before;
	struct record *old, *now;
	enum err err = begin(ctx, custom, &c, &before);
	c.record = patch;
	c.version = version;
	if (!err)
		err = load_old(ctx, &c, id, &old);
	if (!err)
		err = merge(ctx, old, patch, &now);
	if (!err) {
		custom_def_of(now, &c.def);
		err = custom_check(ctx, c.slots, c.n, &c.old, &c.def);
	}
	if (!err)
		err = keep_alias(ctx, &c);
	if (!err)
		err = try_out(ctx, &c);
	if (!err)
		err = change_index(ctx, &c);
	if (!err)
		err = write_change(ctx, &c, update_job);
	if (!err)
		err = record_load(ctx, old->info, id, ret);
	return end(ctx, &c, before, err);
}

/* --- removing -------------------------------------------------------------------------------------------- */

static enum err leave_slot(struct ctx *ctx, const struct change *c)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slot_leave, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, c->id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err remove_job(struct ctx *ctx, void *arg)
{
	struct change *c = arg;
	const struct actor *before = ctx->actor;
	enum err err = take_turn_with_indexes(ctx, c);
	ctx->actor = c->who;
	if (!err)
		err = record_delete(ctx, registry_find(ctx->registry, custom_field_entity.name), c->id, c->version, W_TRUSTED);
	if (!err)
		err = leave_slot(ctx, c);
	if (!err)
		err = custom_queue_wipe(ctx, c->old.entity, c->old.slot);
	if (!err && searched(&c->old))
		err = custom_queue_reindex(ctx, c->old.entity);
	if (!err)
		err = custom_generation_bump(ctx);
	ctx->actor = before;
	return err;
}

enum err custom_remove(struct ctx *ctx, struct custom *custom, int64_t id, int64_t version)
{
	struct change c;
	struct registry *before;
	struct record *old;
	enum err err = begin(ctx, custom, &c, &before);
	c.version = version;
	if (!err)
		err = load_old(ctx, &c, id, &old);
	if (!err) {
		c.def = c.old;
		c.def.unique = c.def.index = false;
		err = change_index(ctx, &c);
	}
	if (!err)
		err = write_patiently(ctx, &c, remove_job);
	return end(ctx, &c, before, err);
}
