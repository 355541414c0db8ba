/* A request is made: the change is tried, so that it is known to be possible and which rules hold it back, undone, and kept. */
#include <stdlib.h>
#include <string.h>

#include "approvals_sql.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/entity/field_type.h"
#include "core/store/store.h"

/* --- trying it ---------------------------------------------------------------------------- */

static enum err write_it(struct ctx *ctx, const struct approval_wanted *w)
{
	struct record *record;
	enum err err = record_new(ctx, w->info, &record);
	if (!err)
		err = record_read_json(ctx, record, w->change);
	if (err)
		return err;
	return w->record_id ? record_update(ctx, w->record_id, record, w->version, 0, NULL) : record_create(ctx, record, 0);
}

static enum err try_it(struct ctx *ctx, const struct approval_wanted *w, struct granted *granted)
{
	*granted = (struct granted){.trying = true, .info = w->info, .record_id = w->record_id};
	enum err err = db_savepoint(ctx);
	if (err)
		return err;
	ctx->granted = granted;
	err = write_it(ctx, w);
	ctx->granted = NULL;
	db_rollback_to(ctx);
	return err;
}

/* --- what is kept ----------------------------------------------------------------------------- */

static void put_side(struct ctx *ctx, const struct record *record, size_t at, struct jsonw *w)
{
	const struct field *field;
	if (!record) {
		jsonw_null(w);
		return;
	}
	field = record->info->fields[at];
	field_write_json(ctx->registry, field, &record->values[at], field->type == FIELD_MONEY ? record_currency(ctx, record, (int)at) : NULL, w);
}

static bool differs(const struct record *old, const struct record *now, size_t at)
{
	const struct value *value = &now->values[at];
	if (!old)
		return value->kind != VALUE_NULL && !(value->kind == VALUE_LIST && value->l.n == 0);
	return !value_equal(&old->values[at], value);
}

static void put_diff(struct ctx *ctx, const struct record *old, const struct record *now, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	for (size_t at = SF_COUNT; at < now->info->n_fields; at++) {
		if ((now->info->fields[at]->flags & F_SECRET) || !differs(old, now, at))
			continue;
		jsonw_key(&w, now->info->fields[at]->name);
		jsonw_array(&w);
		put_side(ctx, old, at, &w);
		put_side(ctx, now, at, &w);
		jsonw_end_array(&w);
	}
	jsonw_end_object(&w);
}

static void put_rules(const struct granted *granted, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_array(&w);
	for (size_t i = 0; i < granted->n_needed; i++) {
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", granted->needed[i].id);
		jsonw_kv_text(&w, "name", granted->needed[i].name);
		jsonw_kv_text(&w, "fields", granted->needed[i].fields);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
}

/* The steps of all rules in turn, each with its rule's name; a step that follows its like is asked once. */
static enum err put_steps(struct ctx *ctx, const struct granted *granted, struct buf *out)
{
	json_t *all = json_array();
	enum err err = all ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && i < granted->n_needed; i++) {
		json_t *steps = json_loads(granted->needed[i].steps, 0, NULL), *step;
		size_t k;
		json_array_foreach(steps, k, step) {
			bool twice = false;
			for (size_t j = 0; j < json_array_size(all); j++)
				twice |= json_equal(json_array_get(all, j), step);
			if (!twice && json_array_append(all, step) != 0)
				err = fail(ctx, ERR_LIMIT, "", "memory");
		}
		json_decref(steps);
	}
	char *text = err ? NULL : json_dumps(all, JSON_COMPACT);
	buf_puts(out, text ? text : "[]");
	free(text);
	json_decref(all);
	return err;
}

/* A new record is called by what it would be called. */
static const char *title_of(const struct record *record)
{
	const struct entity_info *info = record->info;
	const struct value *value = info->title >= 0 ? &record->values[info->title] : NULL;
	return value && value->kind == VALUE_TEXT ? value->t.p : NULL;
}

static enum err keep(struct ctx *ctx, const struct approval_wanted *w, const struct granted *granted, struct buf texts[3], struct record **ret)
{
	char *change = json_dumps(w->change, JSON_COMPACT);
	const char *title = title_of(granted->old ? granted->old : granted->now);
	const struct {
		const char *name;
		struct value value;
	} cells[] = {
		{"entity", value_text(w->info->entity->name)}, {"record_id", value_int(w->record_id)}, {"title", value_text(title ? arena_strndup(ctx->arena, title, strnlen(title, 300)) : NULL)},
		{"asker_id", value_int(ctx->actor->user_id)}, {"reason", value_text(w->reason)}, {"change", value_text(change ? arena_strdup(ctx->arena, change) : NULL)},
		{"diff", value_text(buf_text(&texts[0]))}, {"rules", value_text(buf_text(&texts[1]))}, {"steps", value_text(buf_text(&texts[2]))},
		{"seen_version", granted->old ? value_int(record_i64(granted->old, "version")) : value_null()}, {"again_of_id", w->again_of ? value_int(w->again_of) : value_null()},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "approval"), ret);
	free(change);
	for (size_t i = 0; !err && i < sizeof(cells) / sizeof(cells[0]); i++)
		if (cells[i].value.kind != VALUE_NULL)
			err = record_set(ctx, *ret, cells[i].name, cells[i].value);
	return err ? err : record_create(ctx, *ret, W_TRUSTED | W_NO_SEARCH);
}

/* Whether another request of this record waits that wants one of these fields: one of them would have been in vain. */
static enum err check_alone(struct ctx *ctx, const struct approval_wanted *w)
{
	int64_t ids[100];
	size_t n = 0;
	struct stmt *stmt;
	bool row = false;
	enum err err = w->record_id ? db_prepare(ctx, ctx->db, &sql_approval_of_record, &stmt) : OK;
	if (err || !w->record_id)
		return err;
	stmt_bind_text(stmt, 1, w->info->entity->name);
	stmt_bind_i64(stmt, 2, w->record_id);
	while (n < sizeof(ids) / sizeof(ids[0]) && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *other;
		const char *name;
		json_t *value;
		err = record_load(ctx, registry_find(ctx->registry, "approval"), ids[i], &other);
		json_t *change = err ? NULL : json_loads(record_text(other, "change"), 0, NULL);
		bool same = false;
		json_object_foreach((json_t *)(uintptr_t)w->change, name, value)
			same |= json_object_get(change, name) != NULL;
		json_decref(change);
		if (same)
			err = fail(ctx, ERR_CONFLICT, "", "approval_waits");
	}
	return err;
}

static enum err keep_and_begin(struct ctx *ctx, const struct approval_wanted *w, const struct granted *granted, int64_t *ret_id)
{
	struct buf texts[3];
	struct record *request;
	bool anybody = false;
	for (size_t i = 0; i < 3; i++)
		buf_init(&texts[i], 4 * APPROVAL_JSON_MAX);
	put_diff(ctx, granted->old, granted->now, &texts[0]);
	put_rules(granted, &texts[1]);
	enum err err = put_steps(ctx, granted, &texts[2]);
	if (!err && (buf_failed(&texts[0]) || buf_failed(&texts[1]) || buf_failed(&texts[2])))
		err = fail(ctx, ERR_LIMIT, "change", "too_large");
	if (!err)
		err = keep(ctx, w, granted, texts, &request);
	if (!err)
		err = approval_open_step(ctx, request, 0, &anybody);
	if (!err && !anybody)
		err = fail(ctx, ERR_CONFLICT, "", "approval_nobody");
	if (!err)
		*ret_id = record_id(request);
	for (size_t i = 0; i < 3; i++)
		buf_release(&texts[i]);
	return err;
}

enum err approval_ask(struct ctx *ctx, const struct approval_wanted *w, int64_t *ret_id)
{
	struct granted granted;
	enum err err = try_it(ctx, w, &granted);
	if (!err && (granted.n_needed == 0 || !granted.now))
		err = fail(ctx, ERR_CONFLICT, "", "approval_not_needed");
	if (!err)
		err = check_alone(ctx, w);
	return err ? err : keep_and_begin(ctx, w, &granted, ret_id);
}
