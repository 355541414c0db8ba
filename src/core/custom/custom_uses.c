/* Who would miss a field: what keeps texts that name fields (saved views, segments, automations), roles, imports that have not run yet. */
#include "core/custom/custom_internal.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

struct finding {
	const struct custom_def *def;
	struct custom_use *list;
	size_t n;
};

static bool letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Views keep conditions as addresses do: %22blood_type%22. */
static bool begins_word(const char *text, const char *at)
{
	bool coded = at - text >= 3 && at[-3] == '%' && isxdigit((unsigned char)at[-2]) && isxdigit((unsigned char)at[-1]);
	return at == text || coded || !letter(at[-1]);
}

/* The name as a word of its own. */
static bool mentions(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = text ? strstr(text, name) : NULL; at; at = strstr(at + 1, name))
		if (begins_word(text, at) && !letter(at[n]))
			return true;
	return false;
}

/* By any of its names. */
static bool mentions_field(const struct custom_def *def, const char *text)
{
	json_t *aliases = def->aliases ? json_loads(def->aliases, 0, NULL) : NULL;
	bool found = mentions(text, def->name);
	for (size_t i = 0; !found && i < json_array_size(aliases); i++) {
		const char *alias = json_string_value(json_array_get(aliases, i));
		found = alias && mentions(text, alias);
	}
	json_decref(aliases);
	return found;
}

static enum err add(struct ctx *ctx, struct finding *f, const char *kind, int64_t id, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].id == id && str_equal(f->list[i].kind, kind))
			return OK;
	if (f->n == CUSTOM_USES_MAX)
		return OK;
	f->list[f->n++] = (struct custom_use){kind, id, arena_strdup(ctx->arena, name ? name : "")};
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static enum err look_at_imports(struct ctx *ctx, struct finding *f)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db,
	                               "SELECT \"id\", \"name\", \"plan\" FROM \"import_run\" WHERE \"state\" IN ('planned', 'queued', 'running') ORDER BY \"id\"", &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (mentions_field(f->def, stmt_text(stmt, 2)))
			err = add(ctx, f, "import_run", stmt_i64(stmt, 0), stmt_text(stmt, 1));
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

/* A text of its own kind of records (NULL: it does not say), or one that leads on to others: a relation, a record to be made. */
static bool is_about(const struct custom_def *def, const char *entity, const char *text)
{
	return !entity || str_equal(entity, def->entity) || mentions(text, "related") || mentions(text, "entity");
}

static enum err look_at_texts(struct ctx *ctx, struct finding *f, const struct entity_info *info, const char *field)
{
	struct stmt *stmt;
	bool row = false;
	const char *name = info->entity->name;
	const char *entity = entity_field(info, "entity") >= 0 ? "\"entity\"" : "NULL";
	const char *sql = arena_printf(ctx->arena, "SELECT \"id\", \"%s\", %s, \"%s\" FROM \"%s\" ORDER BY \"id\"", info->entity->title, entity, field, name);
	enum err err = sql ? db_prepare_text(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		const char *text = stmt_text(stmt, 3);
		if (is_about(f->def, stmt_text(stmt, 2), text) && mentions_field(f->def, text))
			err = add(ctx, f, name, stmt_i64(stmt, 0), stmt_text(stmt, 1));
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

static enum err look_at_all_texts(struct ctx *ctx, struct finding *f)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < registry_count(ctx->registry); i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		for (size_t k = 0; !err && k < info->n_fields; k++)
			if (info->fields[k]->flags & F_NAMES)
				err = look_at_texts(ctx, f, info, info->fields[k]->name);
	}
	return err;
}

/* A role's rights of this entity alone: {"customer": {"fields": {"blood_type": "hidden"}}}. */
static enum err look_at_roles(struct ctx *ctx, struct finding *f)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT \"id\", \"name\", \"rights\" FROM \"role\" ORDER BY \"id\"", &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		const char *text = stmt_text(stmt, 2);
		json_t *rights = text ? json_loads(text, 0, NULL) : NULL;
		const json_t *fields = json_object_get(json_object_get(rights, f->def->entity), "fields");
		bool named = json_object_get(fields, f->def->name) != NULL;
		if (named)
			err = add(ctx, f, "role", stmt_i64(stmt, 0), stmt_text(stmt, 1));
		json_decref(rights);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

enum err custom_uses(struct ctx *ctx, const struct custom_def *def, struct custom_use **ret, size_t *ret_n)
{
	struct finding f = {.def = def, .list = arena_array(ctx->arena, CUSTOM_USES_MAX, sizeof(*f.list))};
	if (!f.list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = look_at_all_texts(ctx, &f);
	if (!err)
		err = look_at_roles(ctx, &f);
	if (!err)
		err = look_at_imports(ctx, &f);
	*ret = f.list;
	*ret_n = f.n;
	return err;
}
