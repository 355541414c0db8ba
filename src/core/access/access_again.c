#include <string.h>

#include "access_sql.h"
#include "core/access/access_internal.h"

/* Who acts was asked when a request or a job began; here it is asked again.
 *
 * Every change of users, roles, teams, branches, sessions and tokens raises one number in
 * the database, in its own transaction.  An actor carries the number that stood there before
 * its rights were read: while the two are alike nothing can have changed.  Else, and when
 * the time of its session or token is over, all is asked anew.  The guard does so at the
 * beginning of every write job, in what the job writes in, so that no write rests on what
 * was true when a request's head came in. */

/* Sessions are purged this long after they have been idle for too long; "last seen" lags by less. */
static const int64_t IDLE_GRACE_MS = 600000;

enum err access_stamp(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_epoch_read, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err token_there(struct ctx *ctx, const struct actor *old, struct access_token_facts *facts, int64_t *ret_expires)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_token_find, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, old->token_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		*facts = (struct access_token_facts){.id = old->token_id, .narrowed = stmt_i64(stmt, 2) != 0};
		*ret_expires = stmt_i64(stmt, 3);
		row = stmt_i64(stmt, 0) == old->user_id && (*ret_expires == 0 || ctx_now(ctx) < *ret_expires);
	}
	stmt_done(stmt);
	return err || row ? err : fail(ctx, ERR_DENIED, "", "not_signed_in");
}

static enum err session_there(struct ctx *ctx, const struct actor *old, int64_t *ret_expires)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_session_by_id, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, old->session_id);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		int64_t now = ctx_now(ctx), seen = stmt_i64(stmt, 1);
		*ret_expires = stmt_i64(stmt, 2);
		row = stmt_i64(stmt, 0) == old->user_id && now < *ret_expires && now - seen <= ACCESS_IDLE_MS + IDLE_GRACE_MS;
	}
	stmt_done(stmt);
	return err || row ? err : fail(ctx, ERR_DENIED, "", "not_signed_in");
}

static enum err ask(struct ctx *ctx, const struct actor *old, struct actor **ret)
{
	struct access_token_facts facts = {0};
	int64_t stamp, expires = 0;
	enum err err = access_stamp(ctx, &stamp);
	if (!err && old->token_id)
		err = token_there(ctx, old, &facts, &expires);
	else if (!err && old->session_id)
		err = session_there(ctx, old, &expires);
	if (!err)
		err = access_actor_build(ctx, old->user_id, old->token_id ? &facts : NULL, ret, NULL);
	if (err)
		return err;
	(*ret)->stamp = stamp;
	(*ret)->expires_ms = expires;
	(*ret)->session_id = old->session_id;
	if (old->kind == ACTOR_IMPORT)
		(*ret)->kind = ACTOR_IMPORT;
	return OK;
}

enum err access_refresh(struct ctx *ctx, struct access *access, const struct actor *old, const struct actor **ret)
{
	struct actor *actor;
	int64_t generation = atomic_load(&access->cache.generation);
	if (old->kind == ACTOR_SYSTEM) {
		*ret = old;
		return OK;
	}
	enum err err = ask(ctx, old, &actor);
	if (err)
		return err;
	actor->epoch = generation;
	*ret = actor;
	return OK;
}

enum err access_actor(struct ctx *ctx, struct access *access, int64_t user_id, const struct actor **ret)
{
	struct actor who = {.kind = ACTOR_USER, .user_id = user_id};
	return access_refresh(ctx, access, &who, ret);
}

/* --- what was taken away ------------------------------------------------------------ */

static bool has_team(const struct actor *actor, int64_t team_id)
{
	for (size_t i = 0; i < actor->n_teams; i++)
		if (actor->teams[i] == team_id)
			return true;
	return false;
}

static size_t fields_of_both(const struct registry *registry, const struct actor *then, const struct actor *now, size_t e)
{
	const struct entity_info *info = registry_at(registry, e);
	size_t n = info ? info->n_fields : 0;
	if (then->rights[e].n_fields && then->rights[e].n_fields < n)
		n = then->rights[e].n_fields;
	return now->rights[e].n_fields && now->rights[e].n_fields < n ? now->rights[e].n_fields : n;
}

bool access_keeps(const struct registry *registry, const struct actor *then, const struct actor *now)
{
	if (then->caps & ~now->caps || then->branch_id != now->branch_id)
		return false;
	for (size_t i = 0; i < then->n_teams; i++)
		if (!has_team(now, then->teams[i]))
			return false;
	for (size_t i = 0; i < then->n_shares; i++) {
		const struct row_owner row = {.id = then->shares[i].id};
		enum action action = then->shares[i].write ? ACTION_UPDATE : ACTION_READ;
		if (!gate_reach(now, SCOPE_OWN, &row, action, 0))
			return false;
	}
	/* entities and fields that came or went in between are nobody's loss */
	for (size_t e = 0; e < then->n_rights && e < now->n_rights; e++) {
		for (size_t a = 0; a < ACTION_COUNT; a++)
			if (gate_scope(now, e, (enum action)a) < gate_scope(then, e, (enum action)a))
				return false;
		for (size_t f = 0; f < fields_of_both(registry, then, now, e); f++)
			if (gate_field(now, e, f) < gate_field(then, e, f))
				return false;
	}
	return true;
}

/* --- while something is open ------------------------------------------------------------ */

void *access_hold(struct ctx *ctx)
{
	struct access *access = app_access(ctx->app);
	return ctx->actor && ctx->actor->kind != ACTOR_SYSTEM ? access_pin_new(&access->cache, ctx->actor, ctx->registry) : NULL;
}

void access_drop(void *held)
{
	access_pin_drop(held);
}

int64_t access_changes(const struct access *access)
{
	return atomic_load(&access->cache.generation);
}

enum err access_still(struct ctx *ctx, const void *held)
{
	const struct pin *pin = held;
	const struct actor *now;
	enum err err = access_refresh(ctx, app_access(ctx->app), pin->actor, &now);
	if (!err && !access_keeps(ctx->registry, pin->actor, now))
		err = fail(ctx, ERR_DENIED, "", "not_signed_in");
	return err;
}

/* --- in every write ------------------------------------------------------------------- */

static bool unchanged(const struct ctx *ctx, const struct actor *actor, int64_t stamp)
{
	return actor->stamp == stamp && (actor->shares_until_ms == 0 || ctx_now(ctx) < actor->shares_until_ms) && (actor->expires_ms == 0 || ctx_now(ctx) < actor->expires_ms);
}

enum err access_guard_write(struct ctx *ctx, void *arg)
{
	struct access *access = arg;
	const struct actor *old = ctx->actor;
	struct actor *now;
	int64_t stamp;
	if (!old || old->kind == ACTOR_SYSTEM)
		return OK;
	enum err err = access_stamp(ctx, &stamp);
	if (err || unchanged(ctx, old, stamp))
		return err;
	err = ask(ctx, old, &now);
	if (!err && (ctx->door & ~now->caps))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err)
		return err;
	now->epoch = old->epoch;
	ctx->actor = now; /* until the end of this run: store_set_guard */
	/* the next request is to find the new number */
	if (old->token_id || old->session_id)
		access_cache_forget(&access->cache, old->token_id != 0, old->token_id ? old->token_id : old->session_id);
	return OK;
}
