/* How much one may take, look at and have.  Who is counted is held until the job ends, so that what one does at the same time in
 * several windows is counted one after the other. */
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { HELD_MAX = 100001 };

static bool has(const struct record *r, const char *field)
{
	return record_value(r, field)->kind != VALUE_NULL;
}

static enum err held(struct ctx *ctx, const struct record *pool, int64_t *ret)
{
	const char *own = record_text(pool, "hold_condition");
	const int64_t user = ctx->actor->user_id;
	struct condition *condition;
	struct query *query;
	bool capped;
	if (own == NULL)
		return pool_number(ctx, &sql_pool_held, &user, 1, ret);
	const struct actor *before = ctx->actor;
	const char *text = arena_printf(ctx->arena, "{\"all\":[{\"field\":\"owner_id\",\"op\":\"eq\",\"value\":\"%lld\"},%s]}", (long long)user, own);
	if (text == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ctx->actor = gate_system();
	struct faults faults = ctx->faults;
	enum err err = condition_parse(ctx, registry_find(ctx->registry, "customer"), text, &condition);
	if (err == OK)
		err = query_of_condition(ctx, condition, ACTION_READ, &query);
	if (err == OK)
		err = query_count(ctx, query, HELD_MAX, ret, &capped);
	ctx->actor = before;
	if (err != ERR_INVALID)
		return err;
	/* a condition that can't be read any more (a field is gone) counts all */
	ctx->faults = faults;
	return pool_number(ctx, &sql_pool_held, &user, 1, ret);
}

enum err pool_used(struct ctx *ctx, const struct record *pool, struct pool_used *ret)
{
	int64_t today;
	const int64_t user = ctx->actor->user_id, id = record_id(pool);
	*ret = (struct pool_used){0};
	enum err err = pool_today(ctx, &today);
	if (err == OK)
		err = pool_number(ctx, &sql_pool_claims, (const int64_t[]){user, today, id}, 3, &ret->claims);
	if (err == OK)
		err = pool_number(ctx, &sql_pool_looks, (const int64_t[]){user, today, id}, 3, &ret->looks);
	return err == OK ? held(ctx, pool, &ret->held) : err;
}

static enum err told(struct ctx *ctx, const char *key, int64_t n)
{
	const char *text = arena_printf(ctx->arena, "%lld", (long long)n);
	return fail_arg(ctx, ERR_CONFLICT, "", key, text ? text : "");
}

static enum err check_branch(struct ctx *ctx, const struct record *pool)
{
	int64_t branch = record_i64(pool, "branch_id");
	return branch == 0 || branch == ctx->actor->branch_id ? OK : fail_arg(ctx, ERR_FORBIDDEN, "", "pool_branch", record_text(pool, "name"));
}

static enum err lock_user(struct ctx *ctx)
{
	int64_t ignored;
	return pool_number(ctx, &sql_pool_user_lock, &ctx->actor->user_id, 1, &ignored);
}

enum err pool_may_claim(struct ctx *ctx, const struct record *pool, const struct record *entry)
{
	struct pool_used used;
	char day[32];
	int64_t until = record_i64(entry, "locked_until");
	enum err err = check_branch(ctx, pool);
	if (err == OK && record_i64(entry, "from_id") == ctx->actor->user_id && until > ctx_now(ctx)) {
		time_format(until, day);
		day[10] = '\0';
		return fail_arg(ctx, ERR_CONFLICT, "", "pool_locked", arena_strdup(ctx->arena, day));
	}
	if (err == OK)
		err = lock_user(ctx);
	if (err == OK)
		err = pool_used(ctx, pool, &used);
	if (err != OK)
		return err;
	if (has(pool, "claims_a_day") && used.claims >= record_i64(pool, "claims_a_day"))
		return told(ctx, "pool_claims_used", record_i64(pool, "claims_a_day"));
	if (has(pool, "hold_max") && used.held >= record_i64(pool, "hold_max"))
		return told(ctx, "pool_full_hands", record_i64(pool, "hold_max"));
	return OK;
}

enum err pool_note_look(struct ctx *ctx, const struct record *pool, int64_t customer)
{
	struct pool_used used;
	struct record *look;
	int64_t today, before;
	const int64_t user = ctx->actor->user_id;
	enum err err = check_branch(ctx, pool);
	if (err == OK)
		err = lock_user(ctx);
	if (err == OK)
		err = pool_today(ctx, &today);
	if (err == OK)
		err = pool_number(ctx, &sql_pool_looked, (const int64_t[]){user, today, customer}, 3, &before);
	if (err != OK || before > 0)
		return err;
	err = pool_used(ctx, pool, &used);
	if (err == OK && has(pool, "looks_a_day") && used.looks >= record_i64(pool, "looks_a_day"))
		err = told(ctx, "pool_looks_used", record_i64(pool, "looks_a_day"));
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, "pool_look"), &look);
	if (err == OK)
		err = record_set(ctx, look, "user_id", value_int(user));
	if (err == OK)
		err = record_set(ctx, look, "customer_id", value_int(customer));
	if (err == OK)
		err = record_set(ctx, look, "pool_id", value_int(record_id(pool)));
	if (err == OK)
		err = record_set(ctx, look, "day_at", value_int(today));
	return err == OK ? record_create(ctx, look, W_TRUSTED) : err;
}
