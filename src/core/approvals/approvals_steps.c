/* Who decides a step, and what begins and ends with it. */
#include <stdio.h>

#include "approvals_sql.h"
#include "base/id.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/gate/gate.h"
#include "core/notices/notices.h"
#include "core/store/store.h"

enum { HOUR_MS = 3600 * 1000 };

/* --- finding people --------------------------------------------------------------------- */

static enum err read_ids(struct ctx *ctx, struct stmt *stmt, int64_t **ret, size_t *ret_n, size_t max)
{
	bool row = false;
	enum err err = OK;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, max, sizeof(**ret));
	if (!*ret)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	while (!err && *ret_n < max && !(err = stmt_step(ctx, stmt, &row)) && row)
		(*ret)[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

enum err approval_voters(struct ctx *ctx, int64_t request, int64_t step, int64_t user_id, const char *state, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_voters, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, request);
	stmt_bind_i64(stmt, 2, step);
	stmt_bind_i64(stmt, 3, user_id);
	stmt_bind_text(stmt, 4, state);
	return read_ids(ctx, stmt, ret, ret_n, 1000);
}

static enum err by_role(struct ctx *ctx, int64_t role, int64_t branch, int64_t asker, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, role ? &sql_approval_role : &sql_approval_administrators, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, role ? role : asker);
	if (role) {
		stmt_bind_i64(stmt, 2, branch);
		stmt_bind_i64(stmt, 3, asker);
	}
	return read_ids(ctx, stmt, ret, ret_n, APPROVAL_PEOPLE_MAX);
}

static enum err team_of(struct ctx *ctx, int64_t user, int64_t *ret_team, int64_t *ret_branch)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_team, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user);
	err = stmt_step(ctx, stmt, &row);
	*ret_team = !err && row ? stmt_i64(stmt, 0) : 0;
	*ret_branch = !err && row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	return err;
}

/* Whoever leads the user's team, or one above it, and is neither the user nor the asker. */
static enum err leader_of(struct ctx *ctx, int64_t user, int64_t asker, int64_t **ret, size_t *ret_n)
{
	int64_t team, branch;
	struct stmt *stmt;
	enum err err = team_of(ctx, user, &team, &branch);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_approval_leader, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, team);
	stmt_bind_i64(stmt, 2, user);
	err = read_ids(ctx, stmt, ret, ret_n, 1);
	if (!err && *ret_n == 1 && (*ret)[0] == asker)
		return leader_of(ctx, asker, asker, ret, ret_n);
	return err;
}

/* Somebody who is there and may sign in. */
static enum err person(struct ctx *ctx, int64_t user, int64_t asker, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_active, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user == asker ? 0 : user);
	return read_ids(ctx, stmt, ret, ret_n, 1);
}

/* Of the record that is to be changed; of a new one, the asker. */
static enum err owner_of(struct ctx *ctx, const struct record *request, struct row_owner *ret)
{
	const struct entity_info *info = registry_find(ctx->registry, record_text(request, "entity"));
	const struct faults before = ctx->faults;
	struct record *record;
	*ret = (struct row_owner){.owner_id = record_i64(request, "asker_id")};
	if (!info || record_i64(request, "record_id") == 0)
		return team_of(ctx, ret->owner_id, &ret->team_id, &ret->branch_id);
	enum err err = record_load(ctx, info, record_i64(request, "record_id"), &record);
	if (!err)
		return record_owner(ctx, record, ret);
	if (err != ERR_NOT_FOUND)
		return err;
	ctx->faults = before;
	return OK;
}

static int64_t id_of(const json_t *step, const char *key)
{
	int64_t id = 0;
	const char *text = json_string_value(json_object_get(step, key));
	return text && id_parse(text, &id) ? id : 0;
}

static enum err branch_people(struct ctx *ctx, int64_t role, const struct row_owner *owner, int64_t asker, int64_t **ret, size_t *ret_n)
{
	int64_t team, branch = owner->branch_id;
	enum err err = branch ? OK : team_of(ctx, asker, &team, &branch);
	if (!err && !branch) {
		*ret_n = 0;
		return OK;
	}
	return err ? err : by_role(ctx, role, branch, asker, ret, ret_n);
}

enum err approval_people(struct ctx *ctx, const struct record *request, const json_t *step, int64_t **ret, size_t *ret_n)
{
	const char *who = json_string_value(json_object_get(step, "who"));
	const int64_t asker = record_i64(request, "asker_id");
	struct row_owner owner;
	enum err err = owner_of(ctx, request, &owner);
	*ret_n = 0;
	if (err)
		return err;
	if (str_equal(who, "user"))
		err = person(ctx, id_of(step, "user"), asker, ret, ret_n);
	else if (str_equal(who, "role"))
		err = by_role(ctx, id_of(step, "role"), 0, asker, ret, ret_n);
	else if (str_equal(who, "branch_role"))
		err = branch_people(ctx, id_of(step, "role"), &owner, asker, ret, ret_n);
	else if (str_equal(who, "owner"))
		err = person(ctx, owner.owner_id, asker, ret, ret_n);
	else
		err = leader_of(ctx, str_equal(who, "owner_manager") && owner.owner_id ? owner.owner_id : asker, asker, ret, ret_n);
	/* nobody there: it is for those who made the rule */
	return !err && *ret_n == 0 ? by_role(ctx, 0, 0, asker, ret, ret_n) : err;
}

/* --- a step begins ------------------------------------------------------------------------- */

const json_t *approval_step_at(const json_t *steps, int64_t n)
{
	return n >= 0 ? json_array_get(steps, (size_t)n) : NULL;
}

/* The rules' names are the administrator's words: they tell nothing of the record. */
static const char *names(struct ctx *ctx, const struct record *request)
{
	json_t *rules = json_loads(record_text(request, "rules"), 0, NULL);
	const char *text = "";
	for (size_t i = 0; text && i < json_array_size(rules); i++)
		text = arena_printf(ctx->arena, "%s%s%s", text, i ? ", " : "", json_string_value(json_object_get(json_array_get(rules, i), "name")));
	json_decref(rules);
	return text ? text : "";
}

enum err approval_tell(struct ctx *ctx, const struct record *request, int64_t user_id, bool asks, const char *mark)
{
	const char *text = arena_printf(ctx->arena, "%s%s", mark, names(ctx, request));
	const struct notice notice = {.user_id = user_id, .kind = asks ? NOTICE_APPROVAL : NOTICE_DECIDED, .entity = "approval", .record_id = record_id(request), .text = text,
		.by_id = asks ? record_i64(request, "asker_id") : ctx->actor ? ctx->actor->user_id : 0};
	return user_id ? notices_put(ctx, &notice) : OK;
}

enum err approval_add_voter(struct ctx *ctx, const struct record *request, int64_t step, int64_t user_id)
{
	struct record *voter;
	int64_t *ids;
	size_t n;
	enum err err = approval_voters(ctx, record_id(request), step, user_id, "", &ids, &n);
	if (err || n > 0)
		return err;
	err = record_new(ctx, registry_find(ctx->registry, "approval_voter"), &voter);
	if (!err)
		err = record_set(ctx, voter, "approval_id", value_int(record_id(request)));
	if (!err)
		err = record_set(ctx, voter, "step", value_int(step));
	if (!err)
		err = record_set(ctx, voter, "user_id", value_int(user_id));
	if (!err)
		err = record_create(ctx, voter, W_TRUSTED | W_NO_SEARCH);
	return err ? err : approval_tell(ctx, request, user_id, true, "");
}

static enum err set_deadline(struct ctx *ctx, const struct record *request, const json_t *step)
{
	const json_int_t hours = json_integer_value(json_object_get(step, "hours"));
	char key[32];
	snprintf(key, sizeof(key), "%lld", (long long)record_id(request));
	return hours > 0 ? timer_set(ctx, "approval", key, ctx_now(ctx) + hours * HOUR_MS, "") : timer_clear(ctx, "approval", key);
}

enum err approval_open_step(struct ctx *ctx, const struct record *request, int64_t at, bool *ret_anybody)
{
	json_t *steps = json_loads(record_text(request, "steps"), 0, NULL);
	const json_t *step = approval_step_at(steps, at);
	int64_t *people;
	size_t n = 0;
	enum err err = step ? approval_people(ctx, request, step, &people, &n) : OK;
	for (size_t i = 0; !err && i < n; i++)
		err = approval_add_voter(ctx, request, at, people[i]);
	if (!err && n > 0)
		err = set_deadline(ctx, request, step);
	json_decref(steps);
	*ret_anybody = n > 0;
	return err;
}

/* --- it ends -------------------------------------------------------------------------------- */

enum err approval_spare(struct ctx *ctx, int64_t request, int64_t step, int64_t user_id)
{
	int64_t *ids;
	size_t n;
	enum err err = approval_voters(ctx, request, step, user_id, "open", &ids, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *patch;
		err = record_new(ctx, registry_find(ctx->registry, "approval_voter"), &patch);
		if (!err)
			err = record_set(ctx, patch, "state", value_text("spared"));
		if (!err)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	}
	return err;
}

enum err approval_end(struct ctx *ctx, const struct record *request, const char *state, const char *outcome)
{
	const char *mark = str_equal(state, "approved") ? "✓ " : str_equal(state, "rejected") ? "✗ " : "⚠ ";
	struct record *patch;
	char key[32];
	enum err err = record_new(ctx, request->info, &patch);
	if (!err)
		err = record_set(ctx, patch, "state", value_text(state));
	if (!err)
		err = record_set(ctx, patch, "outcome", value_text(str_empty(outcome) ? NULL : outcome));
	if (!err)
		err = record_set(ctx, patch, "ended_at", value_int(ctx_now(ctx)));
	if (!err)
		err = record_update(ctx, record_id(request), patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	if (!err)
		err = approval_spare(ctx, record_id(request), -1, 0);
	snprintf(key, sizeof(key), "%lld", (long long)record_id(request));
	if (!err)
		err = timer_clear(ctx, "approval", key);
	bool own = ctx->actor && ctx->actor->user_id == record_i64(request, "asker_id");
	return err || own ? err : approval_tell(ctx, request, record_i64(request, "asker_id"), false, mark);
}

/* --- somebody is not there any more ------------------------------------------------------------ */

static enum err end_all(struct ctx *ctx, int64_t user_id)
{
	struct stmt *stmt;
	int64_t *ids = NULL;
	size_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_asked_by, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = read_ids(ctx, stmt, &ids, &n, 1000);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *request;
		err = record_load(ctx, registry_find(ctx->registry, "approval"), ids[i], &request);
		if (!err)
			err = approval_end(ctx, request, "ended", "asker");
	}
	return err;
}

/* Nobody is left who could decide: those who made the rule are asked. */
static enum err fill_up(struct ctx *ctx, int64_t id, int64_t user_id)
{
	struct record *request;
	int64_t *open, *people;
	size_t n = 0, n_people = 0;
	enum err err = record_load(ctx, registry_find(ctx->registry, "approval"), id, &request);
	int64_t step = err ? 0 : record_i64(request, "step");
	if (!err)
		err = approval_spare(ctx, id, step, user_id);
	if (!err)
		err = approval_voters(ctx, id, step, 0, "open", &open, &n);
	if (!err && n == 0)
		err = by_role(ctx, 0, 0, record_i64(request, "asker_id"), &people, &n_people);
	for (size_t i = 0; !err && i < n_people; i++)
		if (people[i] != user_id)
			err = approval_add_voter(ctx, request, step, people[i]);
	return err;
}

enum err approvals_user_gone(struct ctx *ctx, int64_t user_id)
{
	struct stmt *stmt;
	int64_t *ids = NULL;
	size_t n = 0;
	enum err err = end_all(ctx, user_id);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_approval_waits_on, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = read_ids(ctx, stmt, &ids, &n, 1000);
	for (size_t i = 0; !err && i < n; i++)
		err = fill_up(ctx, ids[i], user_id);
	return err;
}
