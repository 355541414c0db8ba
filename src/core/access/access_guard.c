#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Hooks of this folder's entities.  What they keep:
 *   - nobody gives rights they do not have, be it by a role, by a role's rights, by
 *     a team or by a branch; nobody touches an account that may do more than theirs;
 *   - there is always an active administrator;
 *   - who may no longer sign in has no sessions and no tokens. */

enum { PEOPLE_MAX = 500 }; /* of one team or branch, looked at one by one; of more only an administrator disposes */

static bool is_system(const struct ctx *ctx)
{
	return ctx->actor && ctx->actor->kind == ACTOR_SYSTEM;
}

static bool changed(const struct record *old, const struct record *now, const char *field)
{
	return !old || !value_equal(record_value(old, field), record_value(now, field));
}

static struct place place_of(const struct record *user)
{
	return (struct place){.team_id = record_i64(user, "team_id"), .branch_id = record_i64(user, "branch_id")};
}

/* Rights of a user record as it stands in memory. */
static enum err rights_of(struct ctx *ctx, const struct record *user, struct rights **ret)
{
	const struct value *ids = record_value(user, "roles");
	struct access_role *roles;
	size_t n = ids->kind == VALUE_LIST ? ids->l.n : 0, found;
	if (n > ACCESS_ROLES_MAX)
		return fail(ctx, ERR_INVALID, "roles", "roles_too_many");
	enum err err = access_roles_by_id(ctx, n ? ids->l.ids : NULL, n, &roles, &found);
	if (!err)
		err = access_roles_merge(ctx, roles, found, ret);
	if (!err)
		access_rights_complete(*ret);
	return err;
}

/* --- who may touch whom --------------------------------------------------------------- */

static enum err guard_record(struct ctx *ctx, const struct record *user)
{
	struct rights *rights;
	/* a narrowed token is less than the person it acts for */
	if (is_system(ctx) || (ctx->actor && !ctx->actor->token_id && ctx->actor->user_id == record_id(user)))
		return OK;
	enum err err = rights_of(ctx, user, &rights);
	if (err)
		return err;
	struct place place = place_of(user);
	return access_covers(ctx->actor, NULL, NULL, rights, &place) ? OK : fail(ctx, ERR_FORBIDDEN, "", "user_wider");
}

enum err access_guard_user(struct ctx *ctx, int64_t user_id)
{
	struct record *user;
	enum err err = record_load(ctx, registry_find(ctx->registry, "user"), user_id, &user);
	return err ? err : guard_record(ctx, user);
}

enum err access_bars_user(struct ctx *ctx, const struct record *user)
{
	return guard_record(ctx, user);
}

static enum err guard_grant(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct rights *before = NULL, *after;
	struct place before_at = {0}, after_at = place_of(now);
	if (is_system(ctx) || !(changed(old, now, "roles") || changed(old, now, "team_id") || changed(old, now, "branch_id")))
		return OK;
	enum err err = rights_of(ctx, now, &after);
	if (!err && old) {
		before_at = place_of(old);
		err = rights_of(ctx, old, &before);
	}
	if (err)
		return err;
	if (access_covers(ctx->actor, before, &before_at, after, &after_at))
		return OK;
	return fail(ctx, ERR_FORBIDDEN, changed(old, now, "roles") ? "roles" : "team_id", "grant_wider");
}

/* --- the last administrator --------------------------------------------------------------- */

static enum err scalar(struct ctx *ctx, const struct sql *sql, const char *text, const int64_t *a, const int64_t *b, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, text);
	if (a)
		stmt_bind_i64(stmt, 2, *a);
	if (b)
		stmt_bind_i64(stmt, 3, *b);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static bool administers(const struct record *user, int64_t role_id)
{
	const struct value *ids = record_value(user, "roles");
	if (role_id == 0 || ids->kind != VALUE_LIST || record_i64(user, "active") == 0)
		return false;
	for (size_t i = 0; i < ids->l.n; i++)
		if (ids->l.ids[i] == role_id)
			return true;
	return false;
}

static enum err guard_last(struct ctx *ctx, const struct record *old, const struct record *now)
{
	int64_t role, others, id = record_id(old), yes = 1;
	/* locks the role's row: two administrators cannot remove each other at once */
	enum err err = scalar(ctx, &sql_access_role_lock, ACCESS_ADMINISTRATOR, NULL, NULL, &role);
	if (err || !administers(old, role) || (now && administers(now, role)))
		return err;
	err = scalar(ctx, &sql_access_other_administrators, ACCESS_ADMINISTRATOR, &id, &yes, &others);
	if (!err && others == 0)
		err = fail(ctx, ERR_FORBIDDEN, "", "last_administrator");
	return err;
}

/* --- users ------------------------------------------------------------------------------------ */

static enum err before_user_delete(struct ctx *ctx, const struct record *old)
{
	if (record_i64(old, "is_protected"))
		return fail(ctx, ERR_FORBIDDEN, "", "protected_user");
	if (ctx->actor && ctx->actor->user_id == record_id(old))
		return fail(ctx, ERR_FORBIDDEN, "", "self_delete");
	enum err err = guard_record(ctx, old);
	return err ? err : guard_last(ctx, old, NULL);
}

/* One person is one account, however they type the address. */
static enum err lower_email(struct ctx *ctx, struct record *user)
{
	if (!record_text(user, "email"))
		return OK;
	const char *email;
	enum err err = access_email(ctx, record_text(user, "email"), &email);
	return err ? err : record_set(ctx, user, "email", value_text(email));
}

static enum err guard_leaving(struct ctx *ctx, const struct record *old, const struct record *now)
{
	bool leaves = record_i64(old, "active") && !record_i64(now, "active");
	if (leaves && ctx->actor && ctx->actor->user_id == record_id(old))
		return fail(ctx, ERR_FORBIDDEN, "active", "self_disable");
	return changed(old, now, "roles") || changed(old, now, "active") ? guard_last(ctx, old, now) : OK;
}

enum err access_before_user(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	if (!new_)
		return before_user_delete(ctx, old);
	enum err err = old ? guard_record(ctx, old) : OK;
	if (!err)
		err = guard_grant(ctx, old, new_);
	if (!err && old)
		err = guard_leaving(ctx, old, new_);
	return err ? err : lower_email(ctx, new_);
}

enum err access_tokens_end(struct ctx *ctx, int64_t user_id)
{
	int64_t ids[ACCESS_TOKENS_MAX];
	size_t n = 0;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_token_ids, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	while (n < ACCESS_TOKENS_MAX && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; i < n && !err; i++)
		err = record_delete(ctx, registry_find(ctx->registry, "token"), ids[i], 0, W_TRUSTED);
	return err;
}

enum err access_after_user(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)entity;
	int64_t id = record_id(new_ ? new_ : old);
	/* coming back too: nothing that was made in a race with leaving may live again */
	bool out = !new_ || (old && changed(old, new_, "active"));
	enum err err = access_epoch_bump(ctx);
	if (!err && out)
		err = access_sessions_end(ctx, id, 0, NULL);
	if (!err && out)
		err = access_invite_end(ctx, id, NULL);
	if (!err && out && new_) /* of a user that is deleted they go with the link */
		err = access_tokens_end(ctx, id);
	if (!err && !new_)
		err = access_totp_remove(ctx, id);
	return err;
}

/* --- roles ---------------------------------------------------------------------------------------- */

static enum err parse_role(struct ctx *ctx, const struct record *role, bool strict, struct rights **ret)
{
	enum err err = access_rights_parse(ctx, record_text(role, "rights"), record_text(role, "caps"), strict, ret);
	if (!err)
		access_rights_complete(*ret);
	return err;
}

/* Who bears a role may be anywhere: only what reaches everything covers a team's or branch's scope. */
static const struct place anywhere = {.team_id = -1, .branch_id = -1};

/* Taking from a role makes its bearers less than they were, and who is less is easier to take over: so whoever does it
 * must have all that the role gave. */
static enum err guard_role(struct ctx *ctx, const struct record *old, struct rights **ret)
{
	enum err err = parse_role(ctx, old, false, ret);
	if (err || access_covers(ctx->actor, NULL, NULL, *ret, &anywhere))
		return err;
	return fail(ctx, ERR_FORBIDDEN, "", "role_wider");
}

enum err access_bars_role(struct ctx *ctx, const struct record *role)
{
	struct rights *rights;
	return record_i64(role, "is_protected") ? fail(ctx, ERR_FORBIDDEN, "", "protected_role") : guard_role(ctx, role, &rights);
}

enum err access_before_role(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	struct rights *before = NULL, *after;
	if (new_ && !changed(old, new_, "rights") && !changed(old, new_, "caps"))
		return OK;
	if (old && record_i64(old, "is_protected") && !is_system(ctx))
		return fail(ctx, ERR_FORBIDDEN, new_ ? "rights" : "", "protected_role");
	enum err err = new_ ? parse_role(ctx, new_, true, &after) : OK;
	if (!err && old)
		err = guard_role(ctx, old, &before);
	if (err || !new_)
		return err;
	return access_covers(ctx->actor, before, &anywhere, after, &anywhere) ? OK : fail(ctx, ERR_FORBIDDEN, "rights", "grant_wider");
}

/* --- trees ------------------------------------------------------------------------------------------- */

static enum err parent_of(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err check_tree(struct ctx *ctx, const struct sql *sql, const struct record *now)
{
	int64_t id = record_id(now), up = record_i64(now, "parent_id");
	for (int depth = 1; up != 0; depth++) {
		if (up == id)
			return fail(ctx, ERR_INVALID, "parent_id", "tree_circle");
		if (depth >= ACCESS_TEAM_DEPTH_MAX)
			return fail(ctx, ERR_INVALID, "parent_id", "tree_deep");
		enum err err = parent_of(ctx, sql, up, &up);
		if (err)
			return err;
	}
	return OK;
}

/* Who stands above a team sees it: only those who see it may show it to others. */
static enum err guard_team_move(struct ctx *ctx, const struct record *old)
{
	struct row_owner row = {.team_id = record_id(old)};
	if (is_system(ctx) || gate_cap(ctx->actor, CAP_ADMIN) || gate_row(ctx->actor, SCOPE_TEAM, &row))
		return OK;
	return fail(ctx, ERR_FORBIDDEN, "parent_id", "grant_wider");
}

/* Whoever removes a team or branch takes it from the people in it, who then reach less: each of them is guarded as if
 * they were changed one by one. */
static enum err guard_people(struct ctx *ctx, const struct sql *sql, const struct record *place)
{
	int64_t ids[PEOPLE_MAX + 1];
	size_t n = 0;
	struct stmt *stmt;
	bool row = false;
	if (is_system(ctx))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id(place));
	stmt_bind_i64(stmt, 2, PEOPLE_MAX + 1);
	while (n <= PEOPLE_MAX && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	if (!err && n > PEOPLE_MAX && !gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_FORBIDDEN, "", "user_wider");
	for (size_t i = 0; i < n && !err; i++)
		err = access_guard_user(ctx, ids[i]);
	return err;
}

enum err access_before_team(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	if (!new_)
		return guard_people(ctx, &sql_access_team_people, old);
	if (!changed(old, new_, "parent_id"))
		return OK;
	enum err err = old ? guard_team_move(ctx, old) : OK;
	return err ? err : check_tree(ctx, &sql_access_team_parent, new_);
}

enum err access_before_branch(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	return new_ ? OK : guard_people(ctx, &sql_access_branch_people, old);
}

enum err access_before_region(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *new_)
{
	(void)entity;
	return new_ && changed(old, new_, "parent_id") ? check_tree(ctx, &sql_access_region_parent, new_) : OK;
}

enum err access_after_any(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *new_)
{
	(void)entity;
	(void)old;
	(void)new_;
	return access_epoch_bump(ctx);
}
