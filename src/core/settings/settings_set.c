/* Setting a value, in a write job. */
#include "base/str.h"
#include "core/settings/settings_internal.h"
#include "settings_sql.h"

struct place {
	enum setting_scope scope;
	const char *word;
	const char *entity; /* whose record scope_id is; NULL: none */
};

static const struct place places[] = {
	{SETTING_FIRM, "firm", NULL},
	{SETTING_BRANCH, "branch", "branch"},
	{SETTING_USER, "user", "user"},
};

static enum err find_row(struct ctx *ctx, const char *name, const struct place *place, int64_t scope_id, int64_t *ret_id)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_settings_one, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, name);
	stmt_bind_text(stmt, 2, place->word);
	stmt_bind_i64(stmt, 3, scope_id);
	err = stmt_step(ctx, stmt, &row);
	*ret_id = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err check_place(struct ctx *ctx, const struct setting *setting, const struct place *place, int64_t scope_id)
{
	struct record *record;
	if (!((setting->scopes ? setting->scopes : (unsigned)SETTING_FIRM) & (unsigned)place->scope))
		return fail(ctx, ERR_INVALID, setting->name, "setting_scope");
	if (!place->entity)
		return scope_id ? fail(ctx, ERR_INVALID, setting->name, "setting_scope") : OK;
	const struct entity_info *info = registry_find(ctx->registry, place->entity);
	return info ? record_load(ctx, info, scope_id, &record) : fail(ctx, ERR_INVALID, setting->name, "setting_scope");
}

static enum err create_row(struct ctx *ctx, const struct setting *setting, const struct place *place, int64_t scope_id, const char *value)
{
	struct record *row;
	enum err err = record_new(ctx, registry_find(ctx->registry, setting_entity.name), &row);
	if (!err)
		err = record_set(ctx, row, "name", value_text(setting->name));
	if (!err)
		err = record_set(ctx, row, "scope", value_text(place->word));
	if (!err)
		err = record_set(ctx, row, "scope_id", value_int(scope_id));
	if (!err)
		err = record_set(ctx, row, "value", value_text(value));
	return err ? err : record_create(ctx, row, W_TRUSTED);
}

static enum err write_row(struct ctx *ctx, const struct setting *setting, const struct place *place, int64_t scope_id, const char *value)
{
	const struct entity_info *info = registry_find(ctx->registry, setting_entity.name);
	struct record *patch;
	int64_t id;
	enum err err = find_row(ctx, setting->name, place, scope_id, &id);
	if (err)
		return err;
	if (!value)
		return id ? record_delete(ctx, info, id, 0, W_TRUSTED) : OK;
	if (!id)
		return create_row(ctx, setting, place, scope_id, value);
	err = record_new(ctx, info, &patch);
	if (!err)
		err = record_set(ctx, patch, "value", value_text(value));
	return err ? err : record_update(ctx, id, patch, 0, W_TRUSTED, NULL);
}

enum err setting_set(struct ctx *ctx, const char *name, enum setting_scope scope, int64_t scope_id, const char *value)
{
	const struct setting *setting = setting_find(ctx, name);
	const struct place *place = &places[scope == SETTING_USER ? 2 : scope == SETTING_BRANCH ? 1 : 0];
	const char *good = NULL;
	if (!setting)
		return fail_arg(ctx, ERR_INVALID, name, "setting_unknown", name);
	enum err err = check_place(ctx, setting, place, scope_id);
	if (!err && !str_empty(value))
		err = setting_check(ctx, setting, value, &good);
	if (!err && setting->check)
		err = setting->check(ctx, setting, good ? good : setting_default(setting));
	return err ? err : write_row(ctx, setting, place, scope_id, good);
}
