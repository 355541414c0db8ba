/* The search row of a record: its own searched fields and those of its children
 * that have no row of their own (identifiers, addresses). */
#include <string.h>

#include "base/str.h"
#include "core/search/search.h"
#include "core/entity/record_internal.h"

enum { CHILDREN_MAX = 200, PARTS_MAX = 1000 };

struct parts {
	struct search_part *list;
	size_t n, cap;
};

/* `number` is the field's for the gate. */
static enum err add_part(struct ctx *ctx, struct parts *parts, const struct field *field, size_t number, const struct value *value)
{
	const char *text = NULL;
	if (value->kind == VALUE_TEXT)
		text = value->t.p;
	else if (value->kind == VALUE_INT)
		text = arena_printf(ctx->arena, "%lld", (long long)value->i);
	if (value->kind == VALUE_NULL || parts->n >= PARTS_MAX)
		return OK;
	if (!text)
		return record_no_memory(ctx);
	if (parts->n == parts->cap) {
		size_t cap = parts->cap ? parts->cap * 2 : 16;
		struct search_part *list = arena_array(ctx->arena, cap, sizeof(*list));
		if (!list)
			return record_no_memory(ctx);
		if (parts->n)
			memcpy(list, parts->list, parts->n * sizeof(*list));
		parts->list = list;
		parts->cap = cap;
	}
	parts->list[parts->n++] = (struct search_part){.text = text, .kind = field_text_kind(field, text), .field = number};
	return OK;
}

static enum err add_record(struct ctx *ctx, struct parts *parts, const struct record *record)
{
	const struct entity_state *state = entity_state(record->info);
	for (size_t i = 0; i < state->n_searched; i++) {
		int at = state->searched[i];
		enum err err = add_part(ctx, parts, record->info->fields[at], (size_t)at, &record->values[at]);
		if (err)
			return err;
	}
	return OK;
}

static enum err add_children(struct ctx *ctx, struct parts *parts, const struct entity_state *child, int64_t parent)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &child->children, &stmt);
	if (err)
		return err;
	bool row;
	stmt_bind_i64(stmt, 1, parent);
	stmt_bind_i64(stmt, 2, CHILDREN_MAX);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		for (size_t i = 0; !err && i < child->n_searched; i++) {
			const struct field *field = child->info.fields[child->searched[i]];
			struct value value;
			field_from_column(field, stmt, (int)i, &value);
			if (value.kind == VALUE_TEXT) {
				value.t.p = arena_strndup(ctx->arena, value.t.p, value.t.n);
				err = value.t.p ? OK : record_no_memory(ctx);
			}
			if (!err)
				err = add_part(ctx, parts, field, gate_foreign_field(child->info.number, (size_t)child->searched[i]), &value);
		}
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

/* `with_children` false for a new record: nothing can point to it yet. */
static enum err put_row(struct ctx *ctx, const struct record *record, bool with_children)
{
	const struct entity_state *state = entity_state(record->info);
	struct parts parts = {0};
	struct row_owner owner;
	enum err err = add_record(ctx, &parts, record);
	for (size_t i = 0; !err && with_children && i < state->n_search_children; i++)
		err = add_children(ctx, &parts, state->search_children[i], record_id(record));
	if (!err)
		err = record_owner(ctx, record, &owner);
	if (err)
		return err;
	const struct search_doc doc = {
		.entity = record->info->number, .record_id = record_id(record), .rank = record->info->entity->search_rank,
		.owner_id = owner.owner_id, .team_id = owner.team_id, .branch_id = owner.branch_id,
		.parts = parts.list, .n_parts = parts.n, .fresh = !with_children,
	};
	return search_put(ctx, &doc);
}

enum err record_search_text(struct ctx *ctx, const struct record *record, struct search_text *ret)
{
	struct parts parts = {0};
	enum err err = add_record(ctx, &parts, record);
	const struct search_doc doc = {.entity = record->info->number, .parts = parts.list, .n_parts = parts.n};
	return err ? err : search_text_make(ctx, &doc, ret);
}

enum err record_search_put(struct ctx *ctx, const struct record *record, const struct search_text *text, struct search_bulk *bulk)
{
	struct row_owner owner;
	enum err err = record_owner(ctx, record, &owner);
	const struct search_doc doc = {
		.entity = record->info->number, .record_id = record_id(record), .rank = record->info->entity->search_rank,
		.owner_id = owner.owner_id, .team_id = owner.team_id, .branch_id = owner.branch_id,
	};
	return err ? err : search_bulk_put(ctx, bulk, &doc, text);
}

/* Whether the record's text stands in its parent's row. */
static bool serves_parent(const struct entity_info *info)
{
	return info->parent_info && info->entity->search_rank == 0 && info->parent_info->entity->search_rank != 0 &&
	       entity_state(info)->n_searched > 0;
}

enum err record_reindex(struct ctx *ctx, const struct entity_info *info, int64_t id)
{
	struct record *record;
	if (info->entity->search_rank == 0 && !serves_parent(info))
		return OK;
	enum err err = record_load(ctx, info, id, &record);
	if (err)
		return err;
	if (info->entity->search_rank != 0)
		return put_row(ctx, record, true);
	if (record_is_null(record, info->parent))
		return OK;
	return record_reindex(ctx, info->parent_info, record_i64_at(record, info->parent));
}

/* --- after a write ------------------------------------------------------------------------------ */

static bool searched_differs(const struct record *old, const struct record *now)
{
	const struct entity_state *state = entity_state(now->info);
	for (size_t i = 0; i < state->n_searched; i++)
		if (!value_equal(&old->values[state->searched[i]], &now->values[state->searched[i]]))
			return true;
	return false;
}

static bool owner_differs(const struct record *old, const struct record *now)
{
	const struct entity_info *info = now->info;
	const int at[] = {info->owner, info->team, info->branch, info->parent};
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (at[i] >= 0 && !value_equal(&old->values[at[i]], &now->values[at[i]]))
			return true;
	return false;
}

static enum err ids_of_children(struct ctx *ctx, const struct entity_info *child, int64_t parent, int64_t **ret, size_t *ret_n)
{
	const char *sql = arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1", entity_name(child),
	                               child->fields[child->parent]->name);
	struct stmt *stmt;
	if (!sql)
		return record_no_memory(ctx);
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, parent);
	err = record_read_ids(ctx, stmt, ret, ret_n);
	stmt_done(stmt);
	return err;
}

/* Rows of children carry the owner of their parent: they follow it. */
static enum err children_follow(struct ctx *ctx, const struct entity_info *info, int64_t id)
{
	size_t n_refs;
	const struct entity_ref *refs = entity_refs(info, &n_refs);
	for (size_t i = 0; i < n_refs; i++) {
		const struct entity_info *child = refs[i].info;
		if (child->parent_info != info || refs[i].field != child->parent)
			continue;
		int64_t *ids;
		size_t n;
		enum err err = ids_of_children(ctx, child, id, &ids, &n);
		for (size_t k = 0; !err && k < n; k++) {
			if (child->entity->search_rank != 0)
				err = record_reindex(ctx, child, ids[k]);
			if (!err)
				err = children_follow(ctx, child, ids[k]);
		}
		if (err)
			return err;
	}
	return OK;
}

static enum err parent_row(struct ctx *ctx, const struct record *record)
{
	if (!record || record_is_null(record, record->info->parent))
		return OK;
	return record_reindex(ctx, record->info->parent_info, record_i64_at(record, record->info->parent));
}

/* The parent's row; after a move that of the parent before, too. */
static enum err parent_rows(struct ctx *ctx, const struct record *old, const struct record *now)
{
	enum err err = parent_row(ctx, now);
	if (!err && old && !value_equal(&old->values[now->info->parent], &now->values[now->info->parent]))
		err = parent_row(ctx, old);
	return err;
}

enum err record_search_written(struct ctx *ctx, const struct record *old, const struct record *now)
{
	if (!now) /* gone: its own row is removed by who deleted it */
		return serves_parent(old->info) ? parent_row(ctx, old) : OK;
	const struct entity_info *info = now->info;
	bool owner = old && owner_differs(old, now);
	enum err err = OK;
	if (!old || owner || searched_differs(old, now)) {
		if (info->entity->search_rank != 0)
			err = put_row(ctx, now, old != NULL);
		else if (serves_parent(info))
			err = parent_rows(ctx, old, now);
	}
	return !err && owner ? children_follow(ctx, info, record_id(now)) : err;
}
