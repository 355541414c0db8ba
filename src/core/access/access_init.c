/* First start and command line: the roles a firm begins with, the administrator, tokens. */
#include <sodium.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

static enum scope scope_of(char letter)
{
	static const char letters[] = "-otba";
	const char *at = strchr(letters, letter);
	return at && *at ? (enum scope)(at - letters) : SCOPE_NONE;
}

static void put_right(struct jsonw *w, const struct role_right *right)
{
	jsonw_key(w, right->entity);
	jsonw_object(w);
	for (int a = 0; a < ACTION_COUNT; a++)
		jsonw_kv_text(w, access_action_name((enum action)a), access_scope_name(scope_of(right->scopes[a])));
	jsonw_end_object(w);
}

/* Entities this program does not have are left out. */
static const char *rights_json(struct ctx *ctx, const char *role, const struct role_right *const *tables)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 64 * 1024);
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	for (; *tables != NULL; tables++) {
		for (const struct role_right *right = *tables; right->role != NULL; right++) {
			if (str_equal(right->role, role) && (str_equal(right->entity, "*") || registry_find(ctx->registry, right->entity) != NULL))
				put_right(&w, right);
		}
	}
	jsonw_end_object(&w);
	const char *text = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return text;
}

/* Its own capabilities, and those that folders give to it. */
static const char *caps_json(struct ctx *ctx, const struct role_default *role)
{
	json_t *caps = json_loads(role->caps, 0, NULL);
	const struct cap_name *cap;
	for (unsigned bit = 0; (cap = registry_cap_at(ctx->registry, bit)) != NULL; bit++) {
		if (cap->role && str_equal(cap->role, role->key))
			json_array_append_new(caps, json_string(cap->name));
	}
	char *text = json_dumps(caps, JSON_COMPACT);
	const char *ret = text ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	json_decref(caps);
	return ret;
}

static enum err find_id(struct ctx *ctx, const struct sql *sql, const char *text, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, text);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err make_role(struct ctx *ctx, const struct role_default *role, const struct role_right *const *tables)
{
	struct record *record;
	const char *rights = rights_json(ctx, role->key, tables), *caps = caps_json(ctx, role);
	if (!rights || !caps)
		return access_no_memory(ctx);
	const struct {
		const char *field, *text;
	} texts[] = {
		{"name", role->name.en}, {"name_zh", role->name.zh}, {"key", role->key}, {"note", access_label(ctx, &role->note)},
		{"rights", rights},      {"caps", caps},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "role"), &record);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !err; i++)
		err = record_set(ctx, record, texts[i].field, value_text(texts[i].text));
	if (!err)
		err = record_set(ctx, record, "is_protected", value_int(str_equal(role->key, ACCESS_ADMINISTRATOR)));
	return err ? err : record_create(ctx, record, W_TRUSTED);
}

static enum err keep_role(struct ctx *ctx, const struct role_default *role, const struct role_right *const *rights)
{
	int64_t id;
	enum err err = find_id(ctx, &sql_access_role_by_key, role->key, &id);
	return !err && id == 0 ? make_role(ctx, role, rights) : err;
}

enum err access_init_roles(struct ctx *ctx, const struct role_default *const *roles, const struct role_right *const *rights)
{
	const struct actor *before = ctx->actor;
	enum err err = OK;
	ctx->actor = gate_system();
	for (; *roles != NULL && !err; roles++)
		for (const struct role_default *role = *roles; role->key != NULL && !err; role++)
			err = keep_role(ctx, role, rights);
	ctx->actor = before;
	return err;
}

/* --- what came later ----------------------------------------------------- */

static bool named(const char *const *list, const char *name)
{
	while (*list != NULL && !str_equal(*list, name))
		list++;
	return *list != NULL;
}

static json_t *right_object(const struct role_right *right)
{
	json_t *object = json_object();
	for (int a = 0; a < ACTION_COUNT; a++)
		(void)json_object_set_new(object, access_action_name((enum action)a), json_string(access_scope_name(scope_of(right->scopes[a]))));
	return object;
}

static enum err grow_role(struct ctx *ctx, int64_t id, json_t *rights)
{
	struct record *patch;
	char *text = json_dumps(rights, JSON_COMPACT);
	const char *kept = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	if (kept == NULL)
		return access_no_memory(ctx);
	enum err err = record_new(ctx, registry_find(ctx->registry, "role"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "rights", value_text(kept));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, NULL) : err;
}

/* One role of those that came with the program, if it is still there. */
static enum err grow_named(struct ctx *ctx, const char *role, const char *const *entities, const struct role_right *const *tables)
{
	struct record *record;
	json_error_t error;
	bool grown = false;
	int64_t id;
	enum err err = find_id(ctx, &sql_access_role_by_key, role, &id);
	if (err == OK && id != 0)
		err = record_load(ctx, registry_find(ctx->registry, "role"), id, &record);
	if (err != OK || id == 0)
		return err;
	const char *text = record_text(record, "rights");
	json_t *rights = json_loads(text != NULL ? text : "{}", 0, &error);
	for (; json_is_object(rights) && *tables != NULL; tables++)
		for (const struct role_right *right = *tables; right->role != NULL; right++) {
			bool new_ = str_equal(right->role, role) && named(entities, right->entity) && json_object_get(rights, right->entity) == NULL;
			grown = (new_ && json_object_set_new(rights, right->entity, right_object(right)) == 0) || grown;
		}
	err = grown ? grow_role(ctx, id, rights) : OK;
	json_decref(rights);
	return err;
}

enum err access_grow_roles(struct ctx *ctx, const char *const *entities, const struct role_right *const *rights)
{
	const struct actor *before = ctx->actor;
	enum err err = OK;
	ctx->actor = gate_system();
	for (const struct role_default *role = access_default_roles; *entities != NULL && role->key != NULL && err == OK; role++)
		err = grow_named(ctx, role->key, entities, rights);
	ctx->actor = before;
	return err;
}

enum err access_add_role(struct ctx *ctx, const char *key, const struct role_right *const *rights)
{
	const struct actor *before = ctx->actor;
	const struct role_default *role = access_default_roles;
	int64_t id, administrator;
	while (!str_equal(role->key, key))
		role++;
	ctx->actor = gate_system();
	/* a database without any role is still to be set up; one with a role of this name keeps it */
	enum err err = find_id(ctx, &sql_access_role_by_key, ACCESS_ADMINISTRATOR, &administrator);
	if (!err)
		err = find_id(ctx, &sql_access_role_named, role->name.en, &id);
	if (!err && administrator != 0 && id == 0)
		err = keep_role(ctx, role, rights);
	ctx->actor = before;
	return err;
}

static enum err make_admin(struct ctx *ctx, const char *email, const char *name, const char *hash, int64_t *ret_id)
{
	struct record *record;
	int64_t *role = arena_alloc(ctx->arena, sizeof(*role));
	if (!role)
		return access_no_memory(ctx);
	enum err err = find_id(ctx, &sql_access_role_by_key, ACCESS_ADMINISTRATOR, role);
	if (!err && *role == 0)
		err = fail(ctx, ERR_NOT_FOUND, "roles", "not_found");
	if (!err)
		err = record_new(ctx, registry_find(ctx->registry, "user"), &record);
	if (!err)
		err = record_set(ctx, record, "name", value_text(name));
	if (!err)
		err = record_set(ctx, record, "email", value_text(email));
	if (!err)
		err = record_set(ctx, record, "password_hash", value_text(hash));
	if (!err)
		err = record_set(ctx, record, "password_changed_at", value_int(ctx_now(ctx)));
	if (!err)
		err = record_set(ctx, record, "roles", (struct value){.kind = VALUE_LIST, .l = {role, 1}});
	if (!err) /* may be disabled, and stays in the records */
		err = record_set(ctx, record, "is_protected", value_int(1));
	if (!err)
		err = record_create(ctx, record, W_TRUSTED);
	if (!err)
		*ret_id = record_id(record);
	return err;
}

enum err access_create_admin(struct ctx *ctx, const char *email, const char *name, const char *password, int64_t *ret_id)
{
	const struct actor *before = ctx->actor;
	const char *hash;
	if (sodium_init() < 0)
		return fail(ctx, ERR_BUG, "", "sodium");
	enum err err = access_password_check(ctx, "password", password, name, email);
	if (!err)
		err = access_password_hash(ctx, NULL, password, &hash);
	if (err)
		return err;
	ctx->actor = gate_system();
	err = make_admin(ctx, email, name, hash, ret_id);
	ctx->actor = before;
	return err;
}

enum err access_create_token(struct ctx *ctx, const char *user_email, const char *name, const char **ret_token)
{
	const struct actor *before = ctx->actor;
	struct token_wish wish = {.name = name};
	int64_t id;
	const char *email;
	if (sodium_init() < 0)
		return fail(ctx, ERR_BUG, "", "sodium");
	enum err err = access_email(ctx, user_email, &email);
	if (!err)
		err = find_id(ctx, &sql_access_user_by_email, email, &wish.user_id);
	if (!err && wish.user_id == 0)
		err = fail(ctx, ERR_NOT_FOUND, "user", "not_found");
	if (err)
		return err;
	ctx->actor = gate_system();
	err = access_token_make(ctx, &wish, &id, ret_token);
	ctx->actor = before;
	return err;
}
