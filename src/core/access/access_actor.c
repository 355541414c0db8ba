#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"
#include "core/manifest/manifest.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

enum err access_user_load(struct ctx *ctx, int64_t user_id, struct access_user *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_user_load, &stmt);
	if (err)
		return err;
	bool row = false;
	stmt_bind_i64(stmt, 1, user_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		*ret = (struct access_user){
			.id = stmt_i64(stmt, 0),
			.name = access_keep(ctx, stmt_text(stmt, 1)),
			.email = access_keep(ctx, stmt_text(stmt, 2)),
			.locale = access_keep(ctx, stmt_text(stmt, 3)),
			.team_id = stmt_i64(stmt, 4),
			.branch_id = stmt_i64(stmt, 5),
			.active = stmt_i64(stmt, 6) != 0,
			.must_change = stmt_i64(stmt, 7) != 0,
		};
		if (ctx->arena->failed)
			err = access_no_memory(ctx);
	}
	stmt_done(stmt);
	if (!err && !row)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return err;
}

/* Reads on from a statement that is bound. */
static enum err roles_read(struct ctx *ctx, struct stmt *stmt, struct access_role *list, size_t *n)
{
	bool row = false;
	enum err err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && *n < ACCESS_ROLES_MAX)
		list[(*n)++] = (struct access_role){
			.id = stmt_i64(stmt, 0),
			.key = access_keep(ctx, stmt_text(stmt, 1)),
			.name = access_keep(ctx, stmt_text(stmt, 2)),
			.name_zh = access_keep(ctx, stmt_text(stmt, 3)),
			.rights = access_keep(ctx, stmt_text(stmt, 4)),
			.caps = access_keep(ctx, stmt_text(stmt, 5)),
		};
	if (!err && ctx->arena->failed)
		err = access_no_memory(ctx);
	return err;
}

static enum err roles_of(struct ctx *ctx, const struct sql *sql, const int64_t *ids, size_t n_ids, struct access_role **ret, size_t *ret_n)
{
	struct stmt *stmt;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, ACCESS_ROLES_MAX, sizeof(**ret));
	if (!*ret)
		return access_no_memory(ctx);
	enum err err = OK;
	for (size_t i = 0; i < n_ids && !err; i++) {
		err = db_prepare(ctx, ctx->db, sql, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, ids[i]);
		err = roles_read(ctx, stmt, *ret, ret_n);
		stmt_done(stmt);
	}
	return err;
}

enum err access_user_roles(struct ctx *ctx, int64_t user_id, struct access_role **ret, size_t *ret_n)
{
	return roles_of(ctx, &sql_access_user_roles, &user_id, 1, ret, ret_n);
}

enum err access_token_roles(struct ctx *ctx, int64_t token_id, struct access_role **ret, size_t *ret_n)
{
	return roles_of(ctx, &sql_access_token_roles, &token_id, 1, ret, ret_n);
}

enum err access_roles_by_id(struct ctx *ctx, const int64_t *ids, size_t n, struct access_role **ret, size_t *ret_n)
{
	return roles_of(ctx, &sql_access_role_by_id, ids, n, ret, ret_n);
}

enum err access_roles_merge(struct ctx *ctx, const struct access_role *roles, size_t n, struct rights **ret)
{
	enum err err = access_rights_new(ctx, ret);
	for (size_t i = 0; i < n && !err; i++) {
		struct rights *one;
		err = access_rights_parse(ctx, roles[i].rights, roles[i].caps, false, &one);
		if (!err)
			access_rights_merge(*ret, one);
	}
	return err;
}

const char *access_role_label(struct ctx *ctx, const struct access_role *role)
{
	const char *hant;
	if (ctx->locale == LOCALE_EN || str_empty(role->name_zh))
		return role->name;
	for (const struct role_default *d = access_default_roles; ctx->settings != NULL && d->key != NULL; d++)
		if (str_equal(d->name.zh, role->name_zh))
			return settings_label(ctx, &d->name);
	if (ctx->locale == LOCALE_ZH_HANT && !text_to_hant(ctx, role->name_zh, &hant))
		return hant;
	return role->name_zh;
}

enum err access_user_rights(struct ctx *ctx, int64_t user_id, struct rights **ret)
{
	struct access_role *roles;
	size_t n;
	enum err err = access_user_roles(ctx, user_id, &roles, &n);
	if (!err)
		err = access_roles_merge(ctx, roles, n, ret);
	if (!err)
		access_rights_complete(*ret);
	return err;
}

static enum err team_tree(struct ctx *ctx, int64_t team_id, struct actor *actor)
{
	if (team_id == 0)
		return OK;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_team_tree, &stmt);
	if (err)
		return err;
	size_t cap = 0, n = 0;
	int64_t *ids = NULL;
	bool row = false;
	stmt_bind_i64(stmt, 1, team_id);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (n == cap) {
			cap = cap ? 2 * cap : 16;
			int64_t *more = arena_array(ctx->arena, cap, sizeof(*ids));
			if (!more) {
				err = access_no_memory(ctx);
				break;
			}
			if (n)
				memcpy(more, ids, n * sizeof(*ids));
			ids = more;
		}
		ids[n++] = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	actor->teams = ids;
	actor->n_teams = n;
	return err;
}

static enum err first_text(struct ctx *ctx, struct stmt *stmt, const char **ret)
{
	bool row = false;
	enum err err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? access_keep(ctx, stmt_text(stmt, 0)) : NULL;
	stmt_done(stmt);
	return err;
}

/* Whom a refusal names. */
static enum err find_ask(struct ctx *ctx, const struct access_user *user, struct actor *actor)
{
	struct stmt *stmt;
	const char *name = NULL;
	enum err err = user->team_id != 0 ? db_prepare(ctx, ctx->db, &sql_access_ask_leader, &stmt) : OK;
	if (!err && user->team_id != 0) {
		stmt_bind_i64(stmt, 1, user->team_id);
		stmt_bind_i64(stmt, 2, user->id);
		stmt_bind_i64(stmt, 3, 1);
		err = first_text(ctx, stmt, &name);
	}
	if (!err && name == NULL)
		err = db_prepare(ctx, ctx->db, &sql_access_ask_administrator, &stmt);
	if (!err && name == NULL) {
		stmt_bind_text(stmt, 1, ACCESS_ADMINISTRATOR);
		stmt_bind_i64(stmt, 2, user->id);
		stmt_bind_i64(stmt, 3, 1);
		err = first_text(ctx, stmt, &name);
	}
	actor->ask = name != NULL ? name : "";
	return err;
}

static enum err rights_now(struct ctx *ctx, const struct access_user *user, const struct access_token_facts *token, struct rights **ret)
{
	/* Who must change the password may do that and nothing else. */
	if (user->must_change)
		return access_rights_new(ctx, ret);
	enum err err = access_user_rights(ctx, user->id, ret);
	if (err || !token || !token->narrowed)
		return err;
	struct access_role *roles;
	size_t n;
	struct rights *narrow;
	err = access_token_roles(ctx, token->id, &roles, &n);
	if (!err)
		err = access_roles_merge(ctx, roles, n, &narrow);
	if (!err) {
		access_rights_complete(narrow);
		access_rights_narrow(*ret, narrow);
	}
	return err;
}

/* Which teams and shared records they reach, and whom they ask for more. */
static enum err find_reach(struct ctx *ctx, const struct access_user *user, struct actor *actor)
{
	enum err err = team_tree(ctx, user->team_id, actor);
	if (!err)
		err = access_shares_load(ctx, actor);
	return err ? err : find_ask(ctx, user, actor);
}

enum err access_actor_build(struct ctx *ctx, int64_t user_id, const struct access_token_facts *token, struct actor **ret,
                            const char **ret_locale)
{
	struct access_user user;
	struct rights *rights;
	enum err err = access_user_load(ctx, user_id, &user);
	if (err == ERR_NOT_FOUND || (!err && !user.active)) {
		faults_clear(ctx);
		return fail(ctx, ERR_DENIED, "", "not_signed_in");
	}
	if (!err)
		err = rights_now(ctx, &user, token, &rights);
	if (err)
		return err;
	struct actor *actor = arena_alloc(ctx->arena, sizeof(*actor));
	if (!actor)
		return access_no_memory(ctx);
	*actor = (struct actor){
		.kind = token ? ACTOR_TOKEN : ACTOR_USER,
		.user_id = user.id,
		.token_id = token ? token->id : 0,
		.narrowed = token && token->narrowed,
		.name = user.name ? user.name : "",
		.email = user.email ? user.email : "",
		.team_id = user.team_id,
		.branch_id = user.branch_id,
	};
	err = access_rights_pack(ctx, rights, actor);
	if (!err)
		err = find_reach(ctx, &user, actor);
	*ret = actor;
	if (ret_locale)
		*ret_locale = user.locale;
	return err;
}
