/* What an automation does: set fields, assign, create a record. All of it goes through the gate, as its owner. */
#include <stdio.h>
#include <string.h>

#include "automations/automations_internal.h"
#include "automations_sql.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

enum { TEXT_MAX = 50000, WHY_MAX = 300 };

/* --- values ---------------------------------------------------------------------------- */

/* "$record" is the record at hand, "today+3d" a moment. */
static enum err value_of(struct ctx *ctx, const struct field *field, int64_t record_id, const json_t *given, json_t **ret)
{
	const char *text = json_string_value(given);
	struct condition_word word;
	char number[24];
	*ret = NULL;
	if (text && str_equal(text, "$record")) {
		snprintf(number, sizeof(number), "%lld", (long long)record_id);
		*ret = json_string(number);
	} else if (text && (field->type == FIELD_TIME || field->type == FIELD_DATE) && condition_word_read(text, &word)) {
		struct value value;
		struct buf out;
		enum err err = condition_word_value(ctx, &word, field->type == FIELD_DATE, &value);
		if (err)
			return err;
		buf_init(&out, 200);
		field_write_text(ctx->registry, field, &value, NULL, &out);
		*ret = json_string(buf_text(&out));
		buf_release(&out);
	} else {
		*ret = json_deep_copy(given);
	}
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err make_record(struct ctx *ctx, const struct entity_info *info, const json_t *fields, int64_t record_id, struct record **ret)
{
	const char *name;
	json_t *given, *filled = json_object();
	enum err err = filled ? record_new(ctx, info, ret) : fail(ctx, ERR_LIMIT, "", "memory");
	json_object_foreach((json_t *)(uintptr_t)fields, name, given) {
		int at = entity_field(info, name);
		json_t *value = NULL;
		if (!err && at < 0)
			err = fail(ctx, ERR_INVALID, name, "unknown_field");
		if (!err)
			err = value_of(ctx, info->fields[at], record_id, given, &value);
		if (!err && json_object_set_new(filled, name, value) != 0)
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (!err)
		err = record_read_json(ctx, *ret, filled);
	json_decref(filled);
	return err;
}

/* --- checking ------------------------------------------------------------------------------ */

static enum err bad(struct ctx *ctx, size_t i, const char *what)
{
	const char *text = arena_printf(ctx->arena, "%zu: %s", i + 1, what);
	return fail_arg(ctx, ERR_INVALID, "actions", "automation_action", text ? text : what);
}

static enum err check_fields(struct ctx *ctx, size_t i, const struct entity_info *info, const json_t *fields)
{
	const char *name;
	json_t *value;
	struct record *ignored;
	if (!json_is_object(fields) || json_object_size(fields) == 0)
		return bad(ctx, i, "fields");
	json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
		int at = entity_field(info, name);
		if (at < 0 || entity_field_right(ctx->actor, info, at) != RIGHT_WRITE)
			return bad(ctx, i, name);
	}
	return make_record(ctx, info, fields, 1, &ignored);
}

static enum err check_create(struct ctx *ctx, size_t i, const json_t *action)
{
	const char *name = json_string_value(json_object_get(action, "entity"));
	const struct entity_info *other = name ? registry_find(ctx->registry, name) : NULL;
	if (!other || entity_scope(ctx->actor, other, ACTION_CREATE) == SCOPE_NONE)
		return bad(ctx, i, name ? name : "entity");
	return check_fields(ctx, i, other, json_object_get(action, "fields"));
}

static enum err check_one(struct ctx *ctx, size_t i, const struct entity_info *info, const json_t *action)
{
	const char *what = json_string_value(json_object_get(action, "do"));
	if (!what)
		return bad(ctx, i, "do");
	if (str_equal(what, "set"))
		return check_fields(ctx, i, info, json_object_get(action, "fields"));
	if (str_equal(what, "assign"))
		return info->owner >= 0 && json_is_string(json_object_get(action, "to")) ? OK : bad(ctx, i, "to");
	if (automation_tells(what)) {
		const char *wrong = automation_tell_wrong(ctx, info, action);
		return wrong ? bad(ctx, i, wrong) : OK;
	}
	return str_equal(what, "create") ? check_create(ctx, i, action) : bad(ctx, i, what);
}

enum err automation_check_actions(struct ctx *ctx, const struct entity_info *info, const char *text)
{
	json_t *list = text ? json_loads(text, 0, NULL) : NULL;
	size_t n = json_array_size(list);
	enum err err = n >= 1 && n <= AUTOMATION_ACTIONS_MAX ? OK : fail_arg(ctx, ERR_INVALID, "actions", "automation_action", "1 - 10");
	for (size_t i = 0; !err && i < n; i++)
		err = check_one(ctx, i, info, json_array_get(list, i));
	json_decref(list);
	return err;
}

/* --- doing --------------------------------------------------------------------------------- */

static void note(struct jsonw *w, const char *what, const char *entity, int64_t id)
{
	jsonw_object(w);
	jsonw_kv_text(w, "do", what);
	jsonw_kv_text(w, "entity", entity);
	jsonw_kv_id(w, "id", id);
	jsonw_end_object(w);
}

/* The parameter hides the function. */
static int64_t made_id(const struct record *record)
{
	return record_id(record);
}

static enum err act_one(struct ctx *ctx, const struct automation *a, const json_t *action, int64_t record_id, struct jsonw *w)
{
	const char *what = json_string_value(json_object_get(action, "do"));
	const json_t *fields = json_object_get(action, "fields");
	struct record *record;
	if (what && str_equal(what, "create")) {
		const char *name = json_string_value(json_object_get(action, "entity"));
		const struct entity_info *other = name ? registry_find(ctx->registry, name) : NULL;
		enum err err = other ? make_record(ctx, other, fields, record_id, &record) : fail_arg(ctx, ERR_INVALID, "actions", "automation_action", "entity");
		if (!err)
			err = record_create(ctx, record, 0);
		if (!err)
			note(w, what, other->entity->name, made_id(record));
		return err;
	}
	if (automation_tells(what)) {
		enum err err = automation_tell(ctx, a->info, action, record_id);
		if (!err)
			note(w, what, a->info->entity->name, record_id);
		return err;
	}
	json_t *assign = what && str_equal(what, "assign") ? json_pack("{s:O}", a->info->fields[a->info->owner]->name, json_object_get(action, "to")) : NULL;
	enum err err = make_record(ctx, a->info, assign ? assign : fields, record_id, &record);
	json_decref(assign);
	if (!err)
		err = record_update(ctx, record_id, record, 0, 0, NULL);
	if (!err)
		note(w, what ? what : "set", a->info->entity->name, record_id);
	return err;
}

enum err automation_act(struct ctx *ctx, const struct automation *automation, int64_t record_id, struct buf *did)
{
	json_t *list = json_loads(automation->actions, 0, NULL);
	struct jsonw w;
	enum err err = list ? OK : fail_arg(ctx, ERR_INVALID, "actions", "automation_action", "json");
	jsonw_init(&w, did);
	jsonw_array(&w);
	for (size_t i = 0; !err && i < json_array_size(list); i++)
		err = act_one(ctx, automation, json_array_get(list, i), record_id, &w);
	jsonw_end_array(&w);
	json_decref(list);
	return err;
}

/* --- a run --------------------------------------------------------------------------------- */

static enum err count(struct ctx *ctx, const struct automation_due *due, bool of_record, int64_t *ret)
{
	struct stmt *stmt;
	char number[24];
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, of_record ? &sql_automation_recent_of : &sql_automation_recent, &stmt);
	if (err)
		return err;
	snprintf(number, sizeof(number), "%lld", (long long)due->record_id);
	stmt_bind_i64(stmt, 1, due->automation->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) - (of_record ? 3600000 : 60000));
	if (of_record)
		stmt_bind_text(stmt, 3, number);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* Why it may not run now; NULL: it may. */
static enum err find_stop(struct ctx *ctx, const struct automation_due *due, const char **ret)
{
	int64_t of_record = 0, all = 0;
	*ret = NULL;
	enum err err = count(ctx, due, true, &of_record);
	if (!err)
		err = count(ctx, due, false, &all);
	if (due->depth > AUTOMATION_DEPTH_MAX)
		*ret = "automation_too_deep";
	else if (of_record >= due->automation->per_record)
		*ret = "automation_per_record";
	else if (all >= due->automation->per_minute)
		*ret = "automation_per_minute";
	return err;
}

static enum err keep_run(struct ctx *ctx, const struct automation_due *due, const char *state, const char *why, const char *did)
{
	const struct entity_info *info = registry_find(ctx->registry, "automation_run");
	char number[24];
	struct record *run;
	snprintf(number, sizeof(number), "%lld", (long long)due->record_id);
	const struct {
		const char *name;
		struct value value;
	} cells[] = {
		{"automation_id", value_int(due->automation->id)}, {"state", value_text(state)}, {"entity", value_text(due->automation->info->entity->name)},
		{"record", value_text(number)}, {"why", value_text(why)}, {"saw", value_text(due->saw)}, {"did", value_text(did)}, {"depth", value_int(due->depth)},
		{"change_seq", value_int(due->seq)}, {"automation_version", value_int(due->automation->version)},
	};
	enum err err = record_new(ctx, info, &run);
	for (size_t i = 0; !err && i < sizeof(cells) / sizeof(cells[0]); i++)
		if (cells[i].value.kind != VALUE_NULL)
			err = record_set(ctx, run, cells[i].name, cells[i].value);
	return err ? err : record_create(ctx, run, W_TRUSTED);
}

/* As its owner, and all of it or nothing. */
static enum err act_or_say(struct ctx *ctx, const struct automation_due *due, struct buf *did, const char **ret_why)
{
	const struct actor *before = ctx->actor;
	const char *request_id = ctx->request_id;
	enum err err = db_savepoint(ctx);
	if (err)
		return err;
	ctx->actor = due->actor;
	ctx->request_id = arena_printf(ctx->arena, "auto-%lld-%d", (long long)due->automation->id, due->depth + 1);
	err = automation_act(ctx, due->automation, due->record_id, did);
	ctx->actor = before;
	ctx->request_id = request_id;
	if (!err) /* what was sent ahead may fail only now */
		err = db_release(ctx);
	if (!err || err == ERR_RETRY || err == ERR_BUG)
		return err;
	const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	const char *why = arena_printf(ctx->arena, "%s %s", fault ? fault->key : "?", fault && fault->field ? fault->field : "");
	*ret_why = why ? arena_strndup(ctx->arena, why, strnlen(why, WHY_MAX)) : "?";
	db_rollback_to(ctx);
	faults_clear(ctx);
	buf_reset(did);
	return OK;
}

enum err automation_run(struct ctx *ctx, const struct automation_due *due, const char **ret_state)
{
	const char *why = due->error;
	struct buf did;
	enum err err = why ? OK : find_stop(ctx, due, &why);
	if (err)
		return err;
	*ret_state = due->error ? "failed" : "stopped";
	if (why)
		return keep_run(ctx, due, *ret_state, why, NULL);
	buf_init(&did, TEXT_MAX);
	err = act_or_say(ctx, due, &did, &why);
	*ret_state = why ? "failed" : "done";
	if (!err)
		err = keep_run(ctx, due, *ret_state, why, why ? NULL : buf_text(&did));
	buf_release(&did);
	return err;
}
