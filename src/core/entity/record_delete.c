/* Deleting a record, and what its links say happens with it. */
#include <string.h>

#include "core/search/search.h"
#include "core/entity/record_internal.h"

enum { CASCADE_DEPTH_MAX = 32 };

/* One deletion within one call of record_delete. */
struct removal {
	const struct entity_info *info;
	int64_t id;
	int depth; /* 0: what was asked for; deeper: follows from it */
	record_along_fn ask; /* NULL: nobody */
	void *arg;
};

static enum err remove_one(struct ctx *ctx, const struct removal *removal, const struct record *old);

/* Ids of the records whose field points to what is removed; at most `max`. */
static enum err pointing_here(struct ctx *ctx, const struct removal *removal, const struct entity_ref *ref, size_t max, int64_t **ret, size_t *ret_n)
{
	const struct field *field = ref->info->fields[ref->field];
	const char *any = field->flags & F_ANY ? arena_printf(ctx->arena, "%s/%lld", entity_name(removal->info), (long long)removal->id) : NULL;
	bool many = field->type == FIELD_LINKS;
	const char *sql = many
		? arena_printf(ctx->arena, "SELECT \"record_id\" FROM \"%s_%s\" WHERE \"link_id\" = ?1 ORDER BY \"record_id\" LIMIT ?2",
		               entity_name(ref->info), field_column(field))
		: arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1 ORDER BY \"id\" LIMIT ?2", entity_name(ref->info),
		               field_column(field));
	if (!sql || ((field->flags & F_ANY) && !any))
		return record_no_memory(ctx);
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	if (any)
		stmt_bind_text(stmt, 1, any);
	else
		stmt_bind_i64(stmt, 1, removal->id);
	stmt_bind_i64(stmt, 2, (int64_t)max);
	err = record_read_ids(ctx, stmt, ret, ret_n);
	stmt_done(stmt);
	return err;
}

/* --- what happens to those who point here ------------------------------------------------ */

static enum err cascade(struct ctx *ctx, const struct removal *above, const struct entity_ref *ref, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *child;
		const struct removal removal = {ref->info, ids[i], above->depth + 1, above->ask, above->arg};
		enum err err = record_fetch(ctx, ref->info, &entity_state(ref->info)->lock, ids[i], &child);
		if (!err && removal.ask)
			err = removal.ask(ctx, child, true, removal.arg);
		if (!err)
			err = remove_one(ctx, &removal, child);
		if (err)
			return err;
	}
	return OK;
}

static struct value without(struct ctx *ctx, const struct value *list, int64_t id)
{
	struct value rest = {.kind = VALUE_LIST};
	int64_t *ids = arena_array(ctx->arena, list->l.n + 1, sizeof(*ids));
	if (!ids)
		return value_null();
	for (size_t i = 0; i < list->l.n; i++)
		if (list->l.ids[i] != id)
			ids[rest.l.n++] = list->l.ids[i];
	rest.l.ids = ids;
	return rest;
}

static enum err unlink_one(struct ctx *ctx, const struct removal *removal, const struct entity_ref *ref, int64_t holder)
{
	struct record *record, *patch;
	enum err err = record_load(ctx, ref->info, holder, &record);
	if (!err && removal->ask)
		err = removal->ask(ctx, record, false, removal->arg);
	if (!err)
		err = record_new(ctx, ref->info, &patch);
	if (err)
		return err;
	bool many = ref->info->fields[ref->field]->type == FIELD_LINKS;
	patch->values[ref->field] = many ? without(ctx, &record->values[ref->field], removal->id) : value_null();
	patch->set[ref->field] = true;
	if (many && patch->values[ref->field].kind == VALUE_NULL)
		return record_no_memory(ctx);
	return record_update(ctx, holder, patch, 0, W_TRUSTED, NULL);
}

static enum err unlink_all(struct ctx *ctx, const struct removal *removal, const struct entity_ref *ref, const int64_t *ids, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < n; i++)
		err = unlink_one(ctx, removal, ref, ids[i]);
	return err;
}

static enum err follow_refs(struct ctx *ctx, const struct removal *removal, const struct entity_ref *refs, size_t n_refs)
{
	size_t n;
	int64_t *ids;
	for (size_t i = 0; i < n_refs; i++) {
		const struct field *field = refs[i].info->fields[refs[i].field];
		if (field->on_delete == DELETE_RESTRICT)
			continue;
		enum err err = pointing_here(ctx, removal, &refs[i], INT32_MAX, &ids, &n);
		if (!err && field->on_delete == DELETE_CASCADE && field->type != FIELD_LINKS)
			err = cascade(ctx, removal, &refs[i], ids, n);
		else if (!err)
			err = unlink_all(ctx, removal, &refs[i], ids, n);
		if (err)
			return err;
	}
	return OK;
}

static enum err in_use(struct ctx *ctx, const struct entity_info *info, const struct entity *by)
{
	return fail_arg(ctx, ERR_CONFLICT, entity_name(info), "in_use", ctx->locale == LOCALE_EN ? by->label_many.en : by->label_many.zh);
}

/* Last, since what forbids the deletion may just have been deleted with it. */
static enum err check_restrict(struct ctx *ctx, const struct removal *removal, const struct entity_ref *refs, size_t n_refs)
{
	size_t n;
	int64_t *ids;
	for (size_t i = 0; i < n_refs; i++) {
		if (refs[i].info->fields[refs[i].field]->on_delete != DELETE_RESTRICT)
			continue;
		enum err err = pointing_here(ctx, removal, &refs[i], 2, &ids, &n);
		if (err)
			return err;
		for (size_t k = 0; k < n; k++)
			if (ids[k] != removal->id || refs[i].info != removal->info)
				return in_use(ctx, removal->info, refs[i].info->entity);
	}
	return OK;
}

/* --- one record ------------------------------------------------------------------------------ */

static enum err remove_row(struct ctx *ctx, const struct record *old)
{
	const struct entity_state *state = entity_state(old->info);
	struct record *empty;
	struct stmt *stmt;
	enum err err = record_new(ctx, old->info, &empty);
	if (err)
		return err;
	empty->values[SF_ID] = old->values[SF_ID];
	err = record_put_many(ctx, old, empty);
	if (!err)
		err = db_prepare(ctx, ctx->db, &state->remove, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id(old));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err remove_search(struct ctx *ctx, const struct removal *removal, const struct record *old)
{
	if (removal->info->entity->search_rank != 0)
		return search_remove(ctx, removal->id);
	/* What goes because its parent goes needs no new row for that parent. */
	return removal->depth ? OK : record_search_written(ctx, old, NULL);
}

static enum err remove_one(struct ctx *ctx, const struct removal *removal, const struct record *old)
{
	if (removal->depth > CASCADE_DEPTH_MAX)
		return fail_arg(ctx, ERR_LIMIT, "", "too_deep", entity_name(removal->info));
	const bool business = !(removal->info->entity->flags & (E_SYSTEM | E_INTERNAL));
	size_t n_refs, n_anys;
	const struct entity_ref *refs = entity_refs(removal->info, &n_refs), *anys = entity_anys(ctx->registry, &n_anys);
	enum err err = record_before(ctx, removal->info, old, NULL);
	if (!err)
		err = follow_refs(ctx, removal, refs, n_refs);
	if (!err && business)
		err = follow_refs(ctx, removal, anys, n_anys);
	if (!err)
		err = check_restrict(ctx, removal, refs, n_refs);
	if (!err && business)
		err = check_restrict(ctx, removal, anys, n_anys);
	if (!err)
		err = remove_row(ctx, old);
	if (!err)
		err = record_log(ctx, old, NULL, CHANGE_DELETE);
	if (!err)
		err = remove_search(ctx, removal, old);
	if (!err)
		err = record_guard_gone(ctx, old);
	return err ? err : record_after(ctx, removal->info, old, NULL);
}

/* What the program keeps for itself (sessions, items of an act) and what is one's own (views) follow without a question. */
static enum err may_go_along(struct ctx *ctx, const struct record *record, bool goes, void *arg)
{
	const struct entity_info *const *above = arg;
	const struct faults before = ctx->faults;
	enum scope scope;
	if (!goes || (record->info->entity->flags & (E_NO_API_WRITE | E_INTERNAL | E_PRIVATE)))
		return OK;
	enum err err = record_may(ctx, record->info, ACTION_DELETE, &scope);
	if (!err)
		err = record_reach(ctx, record, ACTION_DELETE);
	if (err != ERR_FORBIDDEN && err != ERR_NOT_FOUND)
		return err;
	ctx->faults = before;
	const struct text2 *label = &record->info->entity->label_many;
	return fail_arg(ctx, ERR_FORBIDDEN, entity_name(*above), "along_forbidden", ctx->locale == LOCALE_EN ? label->en : label->zh);
}

enum err record_delete_asking(struct ctx *ctx, const struct entity_info *info, int64_t id, record_along_fn ask, void *arg)
{
	const struct removal removal = {info, id, 0, ask, arg};
	struct record *old;
	enum err err = record_fetch(ctx, info, &entity_state(info)->lock, id, &old);
	return err ? err : remove_one(ctx, &removal, old);
}

enum err record_delete(struct ctx *ctx, const struct entity_info *info, int64_t id, int64_t if_version, unsigned flags)
{
	const struct removal removal = {info, id, 0, flags & W_TRUSTED ? NULL : may_go_along, &info};
	struct record *old;
	enum scope scope;
	enum err err = flags & W_TRUSTED ? OK : record_may(ctx, info, ACTION_DELETE, &scope);
	if (!err)
		err = record_fetch(ctx, info, &entity_state(info)->lock, id, &old);
	if (!err && !(flags & W_TRUSTED))
		err = record_reach(ctx, old, ACTION_DELETE);
	if (!err && if_version && if_version != record_i64_at(old, SF_VERSION))
		err = fail(ctx, ERR_CONFLICT, "", "version");
	return err ? err : remove_one(ctx, &removal, old);
}
