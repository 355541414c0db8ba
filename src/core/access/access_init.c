/* First start and command line: the roles a firm begins with, the administrator, tokens. */
#include <sodium.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Scopes of read, create, update, delete, export, import in this order:
 * a all, b branch, t team, o own, - none. */
struct role_grant {
	const char *entity;
	const char *scopes;
};

struct role_default {
	const char *key;
	struct text2 name, note;
	const char *caps; /* JSON */
	const struct role_grant *grants; /* ended by entity NULL */
};

/* What has no owner is reached by "all" alone: products, categories, channels, tags. */
static const struct role_grant administrator_grants[] = {{"*", "aaaaaa"}, {0}};
static const struct role_grant manager_grants[] = {
	{"*", "bbbbbb"},       {"product", "aaa-aa"}, {"category", "aaa-aa"}, {"channel", "a-----"},
	{"tag", "aaaaaa"},     {"saved_view", "booo--"}, {"import_run", "bo----"}, {0},
};
static const struct role_grant sales_grants[] = {
	{"*", "too-o-"},       {"product", "a-----"}, {"category", "a-----"}, {"channel", "a-----"},
	{"tag", "aa----"},     {"saved_view", "tooo--"}, {0},
};
static const struct role_grant service_grants[] = {
	{"*", "aoo---"},       {"customer", "aaa---"}, {"identifier", "aaa---"}, {"address", "aaa---"}, {"consent", "aaa---"},
	{"interaction", "aaa---"}, {"attachment", "aaa---"}, {"tag", "aa----"}, {"saved_view", "oooo--"}, {0},
};
static const struct role_grant marketing_grants[] = {
	{"*", "a---a-"},       {"customer", "a-a-a-"}, {"consent", "aaa-a-"}, {"interaction", "aaa-a-"}, {"tag", "aaaaa-"},
	{"saved_view", "oooo--"}, {0},
};
static const struct role_grant analyst_grants[] = {{"*", "a---a-"}, {"saved_view", "oooo--"}, {0}};
static const struct role_grant reader_grants[] = {{"*", "a-----"}, {"saved_view", "oooo--"}, {0}};
static const struct role_grant auditor_grants[] = {{0}};

static const struct role_default defaults[] = {
	{ACCESS_ADMINISTRATOR, {"Administrator", "管理员"}, {"Everything, and who may do what.", "全部权限，并管理用户与权限。"},
	 "[\"admin\",\"users\",\"audit\",\"bulk\",\"assign\",\"tokens\"]", administrator_grants},
	{"manager", {"Manager", "经理"}, {"All of the own branch.", "本分支机构的全部业务。"}, "[\"bulk\",\"assign\",\"tokens\"]", manager_grants},
	{"sales", {"Sales", "销售"}, {"Sees the team's customers, works on the own ones.", "查看团队客户，维护自己的客户。"}, "[]", sales_grants},
	{"service", {"Service", "客服"}, {"Sees all customers and answers them.", "查看全部客户并处理服务。"}, "[]", service_grants},
	{"marketing", {"Marketing", "市场"}, {"Sees and exports all, keeps tags, consents and contacts.", "查看和导出全部，维护标签、授权与触达。"}, "[\"bulk\"]", marketing_grants},
	{"analyst", {"Analyst", "分析师"}, {"Reads and exports all, changes nothing.", "查看和导出全部，不作修改。"}, "[]", analyst_grants},
	{"read_only", {"Read only", "只读"}, {"Reads all, changes and exports nothing.", "查看全部，不作修改，不导出。"}, "[]", reader_grants},
	{"auditor", {"Auditor", "审计员"}, {"Reads the audit trail alone.", "仅查看审计日志。"}, "[\"audit\"]", auditor_grants},
};

static enum scope scope_of(char letter)
{
	static const char letters[] = "-otba";
	const char *at = strchr(letters, letter);
	return at && *at ? (enum scope)(at - letters) : SCOPE_NONE;
}

/* Entities this program does not have are left out. */
static const char *rights_json(struct ctx *ctx, const struct role_grant *grants)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 64 * 1024);
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	for (; grants->entity; grants++) {
		if (!str_equal(grants->entity, "*") && !registry_find(ctx->registry, grants->entity))
			continue;
		jsonw_key(&w, grants->entity);
		jsonw_object(&w);
		for (int a = 0; a < ACTION_COUNT; a++)
			jsonw_kv_text(&w, access_action_name((enum action)a), access_scope_name(scope_of(grants->scopes[a])));
		jsonw_end_object(&w);
	}
	jsonw_end_object(&w);
	const char *text = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return text;
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

static enum err make_role(struct ctx *ctx, const struct role_default *role)
{
	struct record *record;
	const char *rights = rights_json(ctx, role->grants);
	if (!rights)
		return access_no_memory(ctx);
	const struct {
		const char *field, *text;
	} texts[] = {
		{"name", role->name.en}, {"name_zh", role->name.zh}, {"key", role->key}, {"note", access_label(ctx, &role->note)},
		{"rights", rights},      {"caps", role->caps},
	};
	enum err err = record_new(ctx, registry_find(ctx->registry, "role"), &record);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !err; i++)
		err = record_set(ctx, record, texts[i].field, value_text(texts[i].text));
	if (!err)
		err = record_set(ctx, record, "is_protected", value_int(str_equal(role->key, ACCESS_ADMINISTRATOR)));
	return err ? err : record_create(ctx, record, W_TRUSTED);
}

enum err access_init_roles(struct ctx *ctx)
{
	const struct actor *before = ctx->actor;
	enum err err = OK;
	ctx->actor = gate_system();
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]) && !err; i++) {
		int64_t id;
		err = find_id(ctx, &sql_access_role_by_key, defaults[i].key, &id);
		if (!err && id == 0)
			err = make_role(ctx, &defaults[i]);
	}
	ctx->actor = before;
	return err;
}

enum err access_add_roles(struct ctx *ctx, void *arg)
{
	static const char *const added[] = {"read_only"};
	const struct actor *before = ctx->actor;
	enum err err = OK;
	(void)arg;
	ctx->actor = gate_system();
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]) && !err; i++) {
		const struct role_default *role = defaults;
		int64_t id, administrator;
		while (!str_equal(role->key, added[i]))
			role++;
		/* a database without any role is still to be set up; one with a role of this name keeps it */
		err = find_id(ctx, &sql_access_role_by_key, ACCESS_ADMINISTRATOR, &administrator);
		if (!err)
			err = find_id(ctx, &sql_access_role_named, role->name.en, &id);
		if (!err && id == 0)
			err = find_id(ctx, &sql_access_role_by_key, role->key, &id);
		if (!err && administrator != 0 && id == 0)
			err = make_role(ctx, role);
	}
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
