/* Who would miss a field: saved views that show, filter or sort by it, roles that name it, imports that have not run yet. */
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

/* The name as a word of its own. */
static bool mentions(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = text ? strstr(text, name) : NULL; at; at = strstr(at + 1, name))
		if ((at == text || !letter(at[-1])) && !letter(at[n]))
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
	if (f->n == CUSTOM_USES_MAX)
		return OK;
	f->list[f->n++] = (struct custom_use){kind, id, arena_strdup(ctx->arena, name ? name : "")};
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

/* Rows of (id, name, text, text) whose texts name the field. */
static enum err look(struct ctx *ctx, struct finding *f, const char *kind, const char *sql, const char *arg)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	if (arg)
		stmt_bind_text(stmt, 1, arg);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (mentions_field(f->def, stmt_text(stmt, 2)) || mentions_field(f->def, stmt_text(stmt, 3)))
			err = add(ctx, f, kind, stmt_i64(stmt, 0), stmt_text(stmt, 1));
		if (err)
			break;
	}
	stmt_done(stmt);
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
	enum err err = look(ctx, &f, "saved_view", "SELECT \"id\", \"name\", \"query\", \"columns\" FROM \"saved_view\" WHERE \"entity\" = ?1 ORDER BY \"id\"",
	                    def->entity);
	if (!err)
		err = look_at_roles(ctx, &f);
	if (!err)
		err = look(ctx, &f, "import_run",
		           "SELECT \"id\", \"name\", \"plan\", NULL FROM \"import_run\" WHERE \"state\" IN ('planned', 'queued', 'running') ORDER BY \"id\"", NULL);
	*ret = f.list;
	*ret_n = f.n;
	return err;
}
