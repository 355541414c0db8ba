/* Records in memory, and reading them. */
#include <string.h>

#include "base/str.h"
#include "core/events/events.h"
#include "core/entity/record_internal.h"

enum err record_no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

enum err record_new(struct ctx *ctx, const struct entity_info *info, struct record **ret)
{
	struct record *record = arena_alloc(ctx->arena, sizeof(*record));
	size_t n = info->n_fields;
	/* one piece: values, then flags */
	struct value *values = record ? arena_alloc(ctx->arena, n * (sizeof(struct value) + sizeof(bool))) : NULL;
	if (!values)
		return record_no_memory(ctx);
	record->info = info;
	record->values = values;
	record->set = (bool *)(values + n);
	*ret = record;
	return OK;
}

enum err record_copy(struct ctx *ctx, const struct record *record, struct record **ret)
{
	enum err err = record_new(ctx, record->info, ret);
	if (err)
		return err;
	memcpy((*ret)->values, record->values, record->info->n_fields * sizeof(struct value));
	memcpy((*ret)->set, record->set, record->info->n_fields * sizeof(bool));
	return OK;
}

enum err record_set(struct ctx *ctx, struct record *record, const char *field, struct value value)
{
	int at = entity_field(record->info, field);
	if (at < 0)
		return fail_arg(ctx, ERR_BUG, field, "unknown_field", record->info->entity->name);
	record->values[at] = value;
	record->set[at] = true;
	return OK;
}

const struct value *record_value(const struct record *record, const char *field)
{
	static const struct value none;
	int at = entity_field(record->info, field);
	return at < 0 ? &none : &record->values[at];
}

int64_t record_i64(const struct record *record, const char *field)
{
	const struct value *value = record_value(record, field);
	return value->kind == VALUE_INT ? value->i : 0;
}

const char *record_text(const struct record *record, const char *field)
{
	const struct value *value = record_value(record, field);
	return value->kind == VALUE_TEXT ? value->t.p : NULL;
}

int64_t record_id(const struct record *record)
{
	return record_i64_at(record, SF_ID);
}

const char *record_currency(const struct ctx *ctx, const struct record *record, int field)
{
	int at = entity_currency(record->info, field);
	if (at >= 0 && record->values[at].kind == VALUE_TEXT)
		return record->values[at].t.p;
	return registry_base_currency(ctx->registry);
}

/* --- reading ---------------------------------------------------------------------- */

static enum err keep_text(struct ctx *ctx, struct value *value)
{
	if (value->kind != VALUE_TEXT)
		return OK;
	value->t.p = arena_strndup(ctx->arena, value->t.p, value->t.n);
	return value->t.p ? OK : record_no_memory(ctx);
}

enum err record_read_ids(struct ctx *ctx, struct stmt *stmt, int64_t **ret, size_t *ret_n)
{
	size_t n = 0, cap = 0;
	int64_t *ids = NULL;
	bool row;
	enum err err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (n == cap) {
			size_t wider = cap ? cap * 2 : 8;
			int64_t *more = arena_array(ctx->arena, wider, sizeof(*more));
			if (!more)
				return record_no_memory(ctx);
			if (n)
				memcpy(more, ids, n * sizeof(*ids));
			ids = more;
			cap = wider;
		}
		ids[n++] = stmt_i64(stmt, 0);
	}
	*ret = ids;
	*ret_n = n;
	return err;
}

/* The ids of one many-link field, ascending. */
static enum err fetch_many(struct ctx *ctx, const struct sql *sql, int64_t id, struct value *ret)
{
	struct stmt *stmt;
	int64_t *ids;
	size_t n;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = record_read_ids(ctx, stmt, &ids, &n);
	stmt_done(stmt);
	*ret = (struct value){.kind = VALUE_LIST};
	if (err)
		return err;
	ret->l.ids = ids;
	ret->l.n = n;
	return OK;
}

static enum err fetch_row(struct ctx *ctx, const struct sql *sql, struct record *record, int64_t id, bool *ret_found)
{
	const struct entity_state *state = entity_state(record->info);
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, ret_found);
	for (size_t i = 0; !err && *ret_found && i < record->info->n_fields; i++) {
		record->set[i] = true;
		if (state->column[i] < 0)
			continue;
		field_from_column(record->info->fields[i], stmt, state->column[i], &record->values[i]);
		err = keep_text(ctx, &record->values[i]);
	}
	stmt_done(stmt);
	return err;
}

enum err record_fetch(struct ctx *ctx, const struct entity_info *info, const struct sql *sql, int64_t id, struct record **ret)
{
	const struct entity_state *state = entity_state(info);
	struct record *record;
	bool found = false;
	enum err err = record_gathered(ctx, id) ? record_gather_flush(ctx) : OK;
	if (!err)
		err = record_new(ctx, info, &record);
	if (!err)
		err = fetch_row(ctx, sql, record, id, &found);
	if (!err && !found)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", entity_name(info));
	for (size_t i = 0; !err && i < state->n_many; i++)
		err = fetch_many(ctx, &state->many_select[i], id, &record->values[state->many[i]]);
	*ret = err ? NULL : record;
	return err;
}

enum err record_load(struct ctx *ctx, const struct entity_info *info, int64_t id, struct record **ret)
{
	return record_fetch(ctx, info, &entity_state(info)->select, id, ret);
}

enum err record_get(struct ctx *ctx, const struct entity_info *info, int64_t id, enum action action, struct record **ret)
{
	*ret = NULL;
	struct record *record;
	enum scope scope;
	enum err err = record_may(ctx, info, action, &scope);
	if (!err)
		err = record_load(ctx, info, id, &record);
	if (!err)
		err = record_reach(ctx, record, action);
	if (!err)
		err = record_redact(ctx, record);
	if (!err)
		*ret = record;
	return err;
}

enum err record_redact(struct ctx *ctx, struct record *record)
{
	const struct entity_info *info = record->info;
	for (size_t i = 0; i < info->n_fields; i++) {
		enum field_right right = entity_field_right(ctx->actor, info, (int)i);
		if (right == RIGHT_HIDDEN) {
			record->values[i] = value_null();
			record->set[i] = false;
		} else if (right == RIGHT_MASKED) {
			struct value masked;
			enum err err = field_mask(ctx, info->fields[i], &record->values[i], &masked);
			if (err)
				return err;
			record->values[i] = masked;
		}
	}
	return OK;
}

/* --- who may ------------------------------------------------------------------------ */

enum err record_owner(struct ctx *ctx, const struct record *record, struct row_owner *ret)
{
	const struct entity_info *info = record->info;
	if (info->parent_info && !record_is_null(record, info->parent)) {
		bool found;
		return record_owner_of(ctx, info->parent_info, record_i64_at(record, info->parent), ret, &found);
	}
	ret->owner_id = record_i64_at(record, info->owner);
	ret->team_id = record_i64_at(record, info->team);
	ret->branch_id = record_i64_at(record, info->branch);
	ret->id = record_id(record);
	return OK;
}

enum err record_owner_of(struct ctx *ctx, const struct entity_info *info, int64_t id, struct row_owner *ret, bool *ret_found)
{
	*ret = (struct row_owner){0};
	*ret_found = false;
	const struct record *waiting = record_gathered(ctx, id);
	if (waiting) {
		*ret_found = waiting->info == info;
		return *ret_found ? record_owner(ctx, waiting, ret) : OK;
	}
	/* Circles of parents are refused at start, so this ends. */
	while (info) {
		struct stmt *stmt;
		enum err err = db_prepare(ctx, ctx->db, &entity_state(info)->owner, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, id);
		err = stmt_step(ctx, stmt, ret_found);
		int64_t parent = 0;
		if (!err && *ret_found) {
			parent = stmt_i64(stmt, 0);
			*ret = (struct row_owner){stmt_i64(stmt, 1), stmt_i64(stmt, 2), stmt_i64(stmt, 3), id};
		}
		stmt_done(stmt);
		if (err || !*ret_found || !info->parent_info || parent == 0)
			return err;
		info = info->parent_info;
		id = parent;
	}
	return OK;
}

enum err record_may(struct ctx *ctx, const struct entity_info *info, enum action action, enum scope *ret)
{
	*ret = entity_scope(ctx->actor, info, action);
	if (*ret > SCOPE_NONE)
		return OK;
	if (!ctx->actor)
		return fail(ctx, ERR_DENIED, "", "sign_in");
	return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", entity_name(info));
}

/* Whom a refusal names. */
const char *record_ask(const struct ctx *ctx)
{
	if (ctx->actor && ctx->actor->ask && *ctx->actor->ask)
		return ctx->actor->ask;
	return ctx->locale == LOCALE_EN ? "an administrator" : ctx->locale == LOCALE_ZH_HANT ? "管理員" : "管理员";
}

enum err record_reach(struct ctx *ctx, const struct record *record, enum action action)
{
	const struct entity_info *info = record->info;
	struct row_owner owner;
	enum scope scope = entity_scope(ctx->actor, info, action);
	if (scope == SCOPE_ALL)
		return OK;
	enum err err = record_owner(ctx, record, &owner);
	if (err)
		return err;
	if (gate_reach(ctx->actor, scope, &owner, action, ctx_now(ctx)))
		return OK;
	/* Who may read it may know that it is there. */
	enum scope reads = entity_scope(ctx->actor, info, ACTION_READ);
	if (action != ACTION_READ && gate_reach(ctx->actor, reads, &owner, ACTION_READ, ctx_now(ctx)))
		return fail_arg(ctx, ERR_FORBIDDEN, "", "outside_scope", record_ask(ctx));
	return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", entity_name(info));
}
