/* Every link to a customer, whatever record has it and whoever may see that record. Names in SQL are of descriptors. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"

enum { MOVE_PAGE = 500 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static const char *any_text(struct merging *m, int64_t id)
{
	return arena_printf(m->ctx->arena, "%s/%lld", m->info->entity->name, (long long)id);
}

/* --- who points there --------------------------------------------------------------------- */

static enum err list_holders(struct merging *m, const struct entity_ref *ref, int64_t *ids, size_t *ret_n)
{
	struct ctx *ctx = m->ctx;
	const struct field *field = ref->info->fields[ref->field];
	bool many = field->type == FIELD_LINKS, any = field->flags & F_ANY, row = true;
	const char *table = ref->info->entity->name, *column = field_column(field), *about = any_text(m, m->from);
	const char *sql = many ? arena_printf(ctx->arena, "SELECT \"record_id\" FROM \"%s_%s\" WHERE \"link_id\" = ?1 ORDER BY \"record_id\" LIMIT ?2", table, column)
	                       : arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1 ORDER BY \"id\" LIMIT ?2", table, column);
	struct stmt *stmt;
	*ret_n = 0;
	if (sql == NULL || about == NULL)
		return no_memory(ctx);
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	if (any)
		stmt_bind_text(stmt, 1, about);
	else
		stmt_bind_i64(stmt, 1, m->from);
	stmt_bind_i64(stmt, 2, MOVE_PAGE);
	while (*ret_n < MOVE_PAGE && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* --- one record --------------------------------------------------------------------------- */

/* The list with the one who stays in place of the one who goes; the type puts it in order. */
static enum err list_with(struct merging *m, const struct value *old, struct value *ret)
{
	int64_t *ids = arena_array(m->ctx->arena, old->l.n + 1, sizeof(*ids));
	if (ids == NULL)
		return no_memory(m->ctx);
	for (size_t i = 0; i < old->l.n; i++)
		ids[i] = old->l.ids[i] == m->from ? m->into : old->l.ids[i];
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, old->l.n}};
	return OK;
}

static enum err new_link(struct merging *m, const struct entity_ref *ref, const struct record *holder, struct value *ret)
{
	const struct field *field = ref->info->fields[ref->field];
	const char *about;
	if (field->type == FIELD_LINKS)
		return list_with(m, &holder->values[ref->field], ret);
	if (!(field->flags & F_ANY)) {
		*ret = value_int(m->into);
		return OK;
	}
	about = any_text(m, m->into);
	*ret = value_text(about);
	return about != NULL ? OK : no_memory(m->ctx);
}

/* Whether some unique index has the link: the one who stays may have the same already. */
static bool may_clash(const struct entity_ref *ref)
{
	const struct field *field = ref->info->fields[ref->field];
	bool unique = field->flags & F_UNIQUE;
	for (const char *const *index = ref->info->entity->indexes; !unique && index != NULL && *index != NULL; index++)
		unique = str_starts(*index, "unique ") && strstr(*index, field->name) != NULL;
	return unique;
}

static enum err note_row(struct merging *m, const struct entity_ref *ref, int64_t id, const char *what)
{
	return merge_note(m, &(struct journal_entry){.what = what, .entity = ref->info->entity->name, .record_id = id, .field = ref->info->fields[ref->field]->name});
}

static enum err link_to(struct merging *m, const struct entity_ref *ref, int64_t id, struct value link)
{
	struct record *patch;
	/* what stands in a parent's row of the search is put there once, at the end */
	unsigned flags = W_TRUSTED | W_FOLLOWS | (ref->info->entity->search_rank == 0 ? W_NO_SEARCH : 0);
	enum err err = record_new(m->ctx, ref->info, &patch);
	if (err != OK)
		return err;
	patch->values[ref->field] = link;
	patch->set[ref->field] = true;
	return record_update(m->ctx, id, patch, 0, flags, NULL);
}

/* What the one who stays has already (a role, a share with the same person) is not kept twice. */
static enum err link_or_drop(struct merging *m, const struct entity_ref *ref, int64_t id, struct value link, bool *ret_dropped)
{
	struct ctx *ctx = m->ctx;
	const struct faults before = ctx->faults;
	*ret_dropped = false;
	enum err err = db_savepoint(ctx);
	if (err != OK)
		return err;
	err = link_to(m, ref, id, link);
	if (err == OK)
		return db_release(ctx);
	db_rollback_to(ctx); /* of others too: the sweep has a savepoint of its own around this one */
	if (err != ERR_CONFLICT)
		return err;
	ctx->faults = before;
	*ret_dropped = true;
	return record_delete(ctx, ref->info, id, 0, W_TRUSTED);
}

static enum err move_one(struct merging *m, const struct entity_ref *ref, int64_t id, bool clashes)
{
	struct record *holder;
	struct value link;
	bool dropped = false;
	enum err err = record_load(m->ctx, ref->info, id, &holder);
	if (err == OK)
		err = new_link(m, ref, holder, &link);
	if (err == OK)
		err = clashes ? link_or_drop(m, ref, id, link, &dropped) : link_to(m, ref, id, link);
	if (err != OK)
		return err;
	*(dropped ? &m->n_dropped : &m->n_moved) += 1;
	return note_row(m, ref, id, dropped ? JOURNAL_DROPPED : JOURNAL_MOVED);
}

/* --- all ------------------------------------------------------------------------------------- */

static enum err move_field(struct merging *m, const struct entity_ref *ref)
{
	int64_t *ids = arena_array(m->ctx->arena, MOVE_PAGE, sizeof(*ids));
	bool clashes = may_clash(ref);
	size_t n = MOVE_PAGE;
	enum err err = ids != NULL ? OK : no_memory(m->ctx);
	while (err == OK && n == MOVE_PAGE) {
		err = list_holders(m, ref, ids, &n);
		for (size_t i = 0; err == OK && i < n; i++)
			err = move_one(m, ref, ids[i], clashes);
		if (err == OK && m->n_moved + m->n_dropped > MERGE_MOVED_MAX)
			err = fail_arg(m->ctx, ERR_LIMIT, "", "merge_too_many", "20000");
	}
	return err;
}

enum err merge_move(struct merging *m)
{
	size_t n_refs, n_anys;
	const struct entity_ref *refs = entity_refs(m->info, &n_refs), *anys = entity_anys(m->ctx->registry, &n_anys);
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n_refs; i++)
		err = move_field(m, &refs[i]);
	for (size_t i = 0; err == OK && i < n_anys; i++)
		err = move_field(m, &anys[i]);
	return err;
}

/* --- two who know each other are two --------------------------------------------------------- */

static enum err has_both(struct merging *m, const struct entity_info *info, int a, int b, bool *ret)
{
	struct ctx *ctx = m->ctx;
	const char *x = field_column(info->fields[a]), *y = field_column(info->fields[b]);
	const char *sql = arena_printf(ctx->arena, "SELECT 1 FROM \"%s\" WHERE (\"%s\" = ?1 AND \"%s\" = ?2) OR (\"%s\" = ?2 AND \"%s\" = ?1) LIMIT 1",
	                               info->entity->name, x, y, x, y);
	struct stmt *stmt;
	enum err err = sql != NULL ? db_prepare_text(ctx, ctx->db, sql, &stmt) : no_memory(ctx);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, m->from);
	stmt_bind_i64(stmt, 2, m->into);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

enum err merge_check_apart(struct merging *m)
{
	size_t n;
	const struct entity_ref *refs = entity_refs(m->info, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			const struct entity_info *info = refs[i].info;
			bool both = false;
			if (refs[k].info != info || info == m->info || info->fields[refs[i].field]->type != FIELD_LINK || info->fields[refs[k].field]->type != FIELD_LINK)
				continue;
			enum err err = has_both(m, info, refs[i].field, refs[k].field, &both);
			if (err != OK)
				return err;
			if (both) /* of what one may not see only that it is */
				return fail_arg(m->ctx, ERR_CONFLICT, "from", "merge_related",
				                entity_label(m->ctx, entity_scope(m->ctx->actor, info, ACTION_READ) != SCOPE_NONE ? &info->entity->label_many : &m->info->entity->label_many));
		}
	}
	return OK;
}
