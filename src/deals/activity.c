/* A deal knows how much is planned for it and when next: that is what "no next step" is told by. Kept by the write of the activity. */
#include "customers/customers.h"
#include "deals/internal.h"
#include "deals_sql.h"

static enum err count_again(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	int64_t id = (int64_t)(intptr_t)arg;
	const char *about = arena_printf(ctx->arena, "opportunity/%lld", (long long)id);
	enum err err = about != NULL ? db_prepare(ctx, ctx->db, &sql_deal_count_activities, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, about);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err after_activity(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	static const char *const weigh[] = {"state", "due_at"};
	int64_t from = old != NULL ? interaction_about(old, "opportunity") : 0, to = now != NULL ? interaction_about(now, "opportunity") : 0;
	bool same = from == to && old != NULL && now != NULL;
	enum err err = OK;
	(void)entity;
	for (size_t i = 0; same && i < sizeof(weigh) / sizeof(weigh[0]); i++)
		same = value_equal(record_value(old, weigh[i]), record_value(now, weigh[i]));
	if (same || (from == 0 && to == 0))
		return OK;
	if (from != 0)
		err = db_before_commit(ctx, count_again, (void *)(intptr_t)from);
	return err == OK && to != 0 && to != from ? db_before_commit(ctx, count_again, (void *)(intptr_t)to) : err;
}

/* A row of the deal itself is written, with no hook of its own. */
const struct reaction deals_reactions[] = {{"interaction", NULL, after_activity, NULL}, {0}};
