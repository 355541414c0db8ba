/* Kept pairs. A pair is no record: there may be a hundred thousand, each shown only to who may change both customers. */
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/pair.h"
#include "duplicates_sql.h"

static enum err run_id(struct ctx *ctx, const struct sql *sql, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err pair_decide(struct ctx *ctx, int64_t one, int64_t other, const char *state)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_decide, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, one < other ? one : other);
	stmt_bind_i64(stmt, 2, one < other ? other : one);
	stmt_bind_text(stmt, 3, state);
	stmt_bind_i64(stmt, 4, ctx->actor != NULL ? ctx->actor->user_id : 0);
	stmt_bind_i64(stmt, 5, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- after a merge ----------------------------------------------------------------------- */

struct known {
	struct pair pair;
	const char *state;
	int64_t scan;
};

enum { KNOWN_MAX = 2000 };

static enum err read_known(struct ctx *ctx, int64_t id, struct known *list, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_of, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	while (*ret_n < KNOWN_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		list[(*ret_n)++] = (struct known){.pair = {stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 2), stmt_i64(stmt, 3), arena_strdup(ctx->arena, stmt_text(stmt, 5))},
		                                  .state = arena_strdup(ctx->arena, stmt_text(stmt, 4)), .scan = stmt_i64(stmt, 6)};
	stmt_done(stmt);
	return err;
}

static enum err pass_on(struct ctx *ctx, const struct known *k, int64_t other, int64_t into)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_pass_on, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, other < into ? other : into);
	stmt_bind_i64(stmt, 2, other < into ? into : other);
	stmt_bind_i64(stmt, 3, k->pair.chance);
	stmt_bind_i64(stmt, 4, k->pair.weight);
	stmt_bind_text(stmt, 5, k->state);
	stmt_bind_text(stmt, 6, k->pair.reasons);
	stmt_bind_i64(stmt, 7, k->scan);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What was known of the two stays, for when they come apart. */
static enum err set_merged(struct ctx *ctx, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_merged, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err pair_follow(struct ctx *ctx, int64_t from, int64_t into)
{
	struct known *list = arena_array(ctx->arena, KNOWN_MAX, sizeof(*list));
	size_t n;
	if (list == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = set_merged(ctx, from < into ? from : into, from < into ? into : from);
	if (err == OK)
		err = read_known(ctx, from, list, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		int64_t other = list[i].pair.a == from ? list[i].pair.b : list[i].pair.a;
		if (other != into && !str_equal(list[i].state, "merged"))
			err = pass_on(ctx, &list[i], other, into);
	}
	return err;
}

enum err pair_customer_gone(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (now != NULL)
		return OK;
	enum err err = run_id(ctx, &sql_pair_drop_open_a, record_id(old));
	return err == OK ? run_id(ctx, &sql_pair_drop_open_b, record_id(old)) : err;
}
