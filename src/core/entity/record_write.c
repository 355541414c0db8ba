/* Creating and changing records. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/record_internal.h"

/* --- defaults ---------------------------------------------------------------------------- */

static void give(struct record *record, int at, struct value value)
{
	record->values[at] = value;
	record->set[at] = true;
}

static enum err fall_back(struct ctx *ctx, struct record *record, int at)
{
	const struct field *field = record->info->fields[at];
	struct value value = value_null();
	enum err err = OK;
	if (str_equal(field->fallback, "now") && field->type == FIELD_TIME) {
		value = value_int(ctx_now(ctx));
	} else if (str_equal(field->fallback, "now")) {
		char text[TIME_TEXT_MAX];
		time_format(ctx_now(ctx), text);
		const char *day = arena_strndup(ctx->arena, text, strlen("YYYY-MM-DD"));
		if (!day)
			return record_no_memory(ctx);
		value = value_text(day);
	} else if (str_equal(field->fallback, "me")) {
		if (ctx->actor && ctx->actor->user_id > 0)
			value = value_int(ctx->actor->user_id);
	} else if (field->type == FIELD_MONEY) {
		value = value_text(field->fallback);
		err = field_ops(FIELD_MONEY)->check(ctx, record->info, at, record_currency(ctx, record, at), &value);
	} else {
		err = field_parse(ctx, record->info, at, field->fallback, &value);
	}
	if (!err)
		give(record, at, value);
	return err;
}

static void own_by(struct record *record, int at, int64_t id)
{
	if (at >= 0 && !record->set[at] && id > 0)
		give(record, at, value_int(id));
}

/* For what was not given: the descriptor's default, and the actor as owner. */
static enum err fill_defaults(struct ctx *ctx, struct record *record)
{
	const struct entity_info *info = record->info;
	for (int money = 0; money < 2; money++) { /* an amount's currency may be a default itself */
		for (int at = SF_COUNT; (size_t)at < info->n_fields; at++) {
			const struct field *field = info->fields[at];
			if (record->set[at] || (field->type == FIELD_MONEY) != money)
				continue;
			if (field->type == FIELD_LINKS)
				record->values[at] = (struct value){.kind = VALUE_LIST};
			enum err err = field->fallback ? fall_back(ctx, record, at) : OK;
			if (err)
				return err;
		}
	}
	if (ctx->actor) {
		own_by(record, info->owner, ctx->actor->user_id);
		own_by(record, info->team, ctx->actor->team_id);
		own_by(record, info->branch, ctx->actor->branch_id);
	}
	return OK;
}

static struct value actor_value(const struct ctx *ctx)
{
	return ctx->actor && ctx->actor->user_id > 0 ? value_int(ctx->actor->user_id) : value_null();
}

/* --- writing ------------------------------------------------------------------------------- */

static enum err put_link(struct ctx *ctx, const struct sql *sql, int64_t record, int64_t link, bool later)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record);
	stmt_bind_i64(stmt, 2, link);
	err = later ? stmt_run_later(ctx, stmt) : stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static struct value list_of(const struct record *record, int at)
{
	return record && record->values[at].kind == VALUE_LIST ? record->values[at] : (struct value){.kind = VALUE_LIST};
}

static enum err put_many(struct ctx *ctx, const struct record *old, const struct record *now, bool later)
{
	const struct entity_state *state = entity_state(now->info);
	enum err err = OK;
	for (size_t i = 0; !err && i < state->n_many; i++) {
		const struct value had = list_of(old, state->many[i]), has = list_of(now, state->many[i]);
		/* both ascending: what is only in one of them */
		size_t a = 0, b = 0;
		while (!err && (a < had.l.n || b < has.l.n)) {
			if (b >= has.l.n || (a < had.l.n && had.l.ids[a] < has.l.ids[b])) {
				err = put_link(ctx, &state->many_remove[i], record_id(now), had.l.ids[a++], later);
			} else if (a >= had.l.n || has.l.ids[b] < had.l.ids[a]) {
				err = put_link(ctx, &state->many_insert[i], record_id(now), has.l.ids[b++], later);
			} else {
				a++;
				b++;
			}
		}
	}
	return err;
}

enum err record_put_many(struct ctx *ctx, const struct record *old, const struct record *now)
{
	return put_many(ctx, old, now, false);
}

static enum err insert(struct ctx *ctx, struct record *record, bool later)
{
	const struct entity_state *state = entity_state(record->info);
	struct stmt *stmt;
	size_t faults = ctx->faults.count;
	enum err err = db_prepare(ctx, ctx->db, &state->insert, &stmt);
	if (err)
		return err;
	for (size_t at = 0; at < record->info->n_fields; at++) {
		record->set[at] = true;
		if (state->column[at] >= 0)
			field_bind(stmt, state->column[at] + 1, &record->values[at]);
	}
	err = later ? stmt_run_later(ctx, stmt) : stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (!err && state->n_many)
		err = put_many(ctx, NULL, record, later);
	return err ? record_name_conflict(ctx, record, faults, err) : OK;
}

enum err record_insert(struct ctx *ctx, struct record *record)
{
	return insert(ctx, record, false);
}

enum err record_insert_later(struct ctx *ctx, struct record *record)
{
	return insert(ctx, record, true);
}

static enum err put_columns(struct ctx *ctx, const struct record *old, const struct record *now, struct buf *sql)
{
	const struct entity_state *state = entity_state(now->info);
	struct stmt *stmt;
	int param = 0;
	buf_printf(sql, "UPDATE \"%s\" SET ", entity_name(now->info));
	for (size_t at = 0; at < now->info->n_fields; at++)
		if (state->column[at] >= 0 && !value_equal(&old->values[at], &now->values[at])) {
			param++;
			buf_printf(sql, "%s\"%s\" = ?%d", param > 1 ? ", " : "", field_column(now->info->fields[at]), param);
		}
	buf_printf(sql, " WHERE \"id\" = ?%d", param + 1);
	if (buf_failed(sql))
		return record_no_memory(ctx);
	enum err err = db_prepare_text(ctx, ctx->db, buf_text(sql), &stmt);
	if (err)
		return err;
	param = 0;
	for (size_t at = 0; at < now->info->n_fields; at++)
		if (state->column[at] >= 0 && !value_equal(&old->values[at], &now->values[at]))
			field_bind(stmt, ++param, &now->values[at]);
	stmt_bind_i64(stmt, param + 1, record_id(now));
	int64_t changed = 0;
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	if (!err && changed != 1)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", entity_name(now->info));
	return err;
}

static enum err put_update(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct buf sql;
	size_t faults = ctx->faults.count;
	buf_init(&sql, 64 * 1024);
	enum err err = put_columns(ctx, old, now, &sql);
	buf_release(&sql);
	if (!err)
		err = record_put_many(ctx, old, now);
	return err ? record_name_conflict(ctx, now, faults, err) : OK;
}

/* --- create ---------------------------------------------------------------------------------- */

/* Everything that can be said about the input, together. */
static enum err check_new(struct ctx *ctx, struct record *record, unsigned flags)
{
	bool trusted = flags & W_TRUSTED;
	enum err err = record_check_rights(ctx, record, NULL, flags);
	if (!err)
		err = record_check_values(ctx, record, record, NULL);
	if (!err)
		err = fill_defaults(ctx, record);
	if (!err)
		record_check_start(ctx, record, flags);
	/* A hook may complete what is missing; but who has to correct something anyway hears all. */
	if (!err && (!record_has_before(record->info) || ctx->faults.count))
		record_check_required(ctx, record, NULL, 0);
	if (!err)
		err = record_check_links(ctx, record, NULL, trusted, ctx->faults.count > 0);
	if (!err && ctx->faults.count)
		err = record_check_unique(ctx, record, NULL);
	return err ? err : faults_code(ctx);
}

static void fill_system(struct ctx *ctx, struct record *record, unsigned flags)
{
	bool keep = flags & W_KEEP_DATES;
	if (!(flags & W_TRUSTED) || record_is_null(record, SF_ID))
		give(record, SF_ID, value_int(registry_next_id(ctx)));
	give(record, SF_VERSION, value_int(1));
	if (!keep || record_is_null(record, SF_CREATED_AT))
		give(record, SF_CREATED_AT, value_int(ctx_now(ctx)));
	if (!keep || !record->set[SF_CREATED_BY])
		give(record, SF_CREATED_BY, actor_value(ctx));
	give(record, SF_UPDATED_AT, value_int(ctx_now(ctx)));
	give(record, SF_UPDATED_BY, actor_value(ctx));
}

static enum err check_new_scope(struct ctx *ctx, const struct record *record, enum scope scope)
{
	struct row_owner owner;
	if (scope == SCOPE_ALL)
		return OK;
	enum err err = record_owner(ctx, record, &owner);
	if (err)
		return err;
	if (gate_reach(ctx->actor, scope, &owner, ACTION_CREATE, ctx_now(ctx)))
		return OK;
	return fail_arg(ctx, ERR_FORBIDDEN, record->info->entity->owner ? record->info->entity->owner : "", "outside_scope",
	                record_ask(ctx));
}

enum err record_check_create(struct ctx *ctx, struct record *record, unsigned flags)
{
	enum scope scope = SCOPE_ALL;
	enum err err = flags & W_TRUSTED ? OK : record_may(ctx, record->info, ACTION_CREATE, &scope);
	if (!err)
		err = check_new(ctx, record, flags);
	return err ? err : check_new_scope(ctx, record, scope);
}

/* After the hook, which may have set anything. */
static enum err check_hooked(struct ctx *ctx, struct record *now, const struct record *old, unsigned flags)
{
	enum err err = record_check_kinds(ctx, now);
	if (!err)
		err = record_set_forms(ctx, old, now);
	if (err)
		return err;
	record_check_required(ctx, now, old, CHECK_READONLY);
	if (old)
		record_check_needs(ctx, now, old, flags);
	return faults_code(ctx);
}

static enum err write_new(struct ctx *ctx, struct record *record, unsigned flags, const void *asked)
{
	enum err err = ctx->gathering ? record_gather_flush(ctx) : OK;
	if (!err)
		err = record_insert(ctx, record);
	if (!err)
		err = record_guard_after(ctx, record, asked);
	if (!err)
		err = record_log(ctx, NULL, record, CHANGE_CREATE);
	if (!err && !(flags & W_NO_SEARCH))
		err = record_search_written(ctx, NULL, record);
	return err ? err : record_after(ctx, record->info, NULL, record);
}

enum err record_create(struct ctx *ctx, struct record *record, unsigned flags)
{
	const struct entity_info *info = record->info;
	const void *asked;
	enum err err = record_check_create(ctx, record, flags);
	if (err)
		return err;
	fill_system(ctx, record, flags);
	err = record_before(ctx, info, NULL, record);
	if (!err && entity_state(info)->n_numbered)
		err = record_number(ctx, NULL, record);
	if (!err)
		err = check_hooked(ctx, record, NULL, flags);
	if (!err)
		err = record_guard_before(ctx, NULL, record, &asked);
	if (err)
		return err;
	/* who is to be asked of it must find it in the store */
	return !asked && record_gathers(ctx, info) ? record_gather_put(ctx, record, flags) : write_new(ctx, record, flags, asked);
}

/* --- update ------------------------------------------------------------------------------------ */

static bool differ(const struct record *a, const struct record *b)
{
	for (size_t at = SF_COUNT; at < a->info->n_fields; at++)
		if (!value_equal(&a->values[at], &b->values[at]))
			return true;
	return false;
}

static bool moved(const struct record *old, const struct record *now)
{
	const struct entity_info *info = old->info;
	const int at[] = {info->owner, info->team, info->branch, info->parent};
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (at[i] >= 0 && !value_equal(&old->values[at[i]], &now->values[at[i]]))
			return true;
	return false;
}

/* A record stays within one's scope unless one may assign. */
static enum err check_move(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct row_owner owner;
	enum scope scope = entity_scope(ctx->actor, now->info, ACTION_UPDATE);
	if (!moved(old, now) || scope == SCOPE_ALL)
		return OK;
	/* who has it by a share does not take or give it away */
	enum err err = record_owner(ctx, old, &owner);
	bool own = !err && gate_row(ctx->actor, scope, &owner);
	if (own && gate_cap(ctx->actor, CAP_ASSIGN))
		return OK;
	if (own)
		err = record_owner(ctx, now, &owner);
	if (err || (own && gate_row(ctx->actor, scope, &owner)))
		return err;
	return fail_arg(ctx, ERR_FORBIDDEN, now->info->entity->owner ? now->info->entity->owner : "", "outside_scope",
	                record_ask(ctx));
}

static enum err check_changed(struct ctx *ctx, struct record *patch, struct record *now, const struct record *old, unsigned flags)
{
	enum err err = record_check_rights(ctx, patch, old, flags);
	if (!err)
		err = record_check_values(ctx, patch, now, old);
	if (!err)
		record_check_moves(ctx, patch, now, old, flags);
	if (!err && (!record_has_before(now->info) || ctx->faults.count)) {
		record_check_required(ctx, now, old, 0);
		record_check_needs(ctx, now, old, flags);
	}
	if (!err)
		err = record_check_links(ctx, now, old, flags & W_TRUSTED, ctx->faults.count > 0);
	if (!err && ctx->faults.count)
		err = record_check_unique(ctx, now, old);
	return err ? err : faults_code(ctx);
}

static enum err write_changed(struct ctx *ctx, const struct record *old, struct record *now, unsigned flags)
{
	const void *asked = NULL;
	enum err err = flags & W_FOLLOWS ? OK : record_guard_before(ctx, old, now, &asked);
	if (!err)
		err = put_update(ctx, old, now);
	if (!err)
		err = record_guard_after(ctx, now, asked);
	if (!err)
		err = record_log(ctx, old, now, CHANGE_UPDATE);
	if (!err && !(flags & W_NO_SEARCH))
		err = record_search_written(ctx, old, now);
	return err ? err : record_after(ctx, now->info, old, now);
}

static enum err load_for_update(struct ctx *ctx, const struct entity_info *info, int64_t id, int64_t if_version, unsigned flags,
                                struct record **ret)
{
	enum scope scope;
	enum err err = flags & W_TRUSTED ? OK : record_may(ctx, info, ACTION_UPDATE, &scope);
	if (!err)
		err = record_fetch(ctx, info, &entity_state(info)->lock, id, ret);
	if (!err && !(flags & W_TRUSTED))
		err = record_reach(ctx, *ret, ACTION_UPDATE);
	if (!err && if_version && if_version != record_i64_at(*ret, SF_VERSION))
		err = fail(ctx, ERR_CONFLICT, "", "version");
	return err;
}

/* The hook's part, what it left checked, and the system fields. */
static enum err complete_changed(struct ctx *ctx, const struct record *old, struct record *now, unsigned flags)
{
	enum err err = flags & W_FOLLOWS ? OK : record_before(ctx, now->info, old, now);
	if (!err && entity_state(now->info)->n_numbered)
		err = record_number(ctx, old, now);
	if (!err)
		err = check_hooked(ctx, now, old, flags);
	give(now, SF_ID, old->values[SF_ID]);
	give(now, SF_VERSION, value_int(record_i64_at(old, SF_VERSION) + 1));
	give(now, SF_UPDATED_AT, value_int(ctx_now(ctx)));
	give(now, SF_UPDATED_BY, actor_value(ctx));
	return err;
}

enum err record_update(struct ctx *ctx, int64_t id, struct record *patch, int64_t if_version, unsigned flags, struct record **ret)
{
	struct record *old, *now;
	if (ret)
		*ret = NULL;
	enum err err = load_for_update(ctx, patch->info, id, if_version, flags, &old);
	if (!err)
		err = record_copy(ctx, old, &now);
	if (!err)
		err = check_changed(ctx, patch, now, old, flags);
	if (!err && !(flags & W_TRUSTED))
		err = check_move(ctx, old, now);
	if (err)
		return err;
	if (differ(old, now)) {
		err = complete_changed(ctx, old, now, flags);
		if (!err)
			err = write_changed(ctx, old, now, flags);
	}
	if (err || !ret)
		return err;
	if (!(flags & W_TRUSTED))
		err = record_redact(ctx, now);
	if (!err)
		*ret = now;
	return err;
}
