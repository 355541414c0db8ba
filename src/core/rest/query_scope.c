/* The gate in SQL: which rows the actor's scope takes in.  The same rule as
 * entity_scope and gate_row give for one record: the owner of a row is its parent's
 * where it has one, else its own. */
#include "core/rest/query_internal.h"

enum { PARENTS_MAX = 8 };

static void put_key(struct query_sql *b, const struct entity_info *info, int field, char prefix, int alias)
{
	if (b->steer && !b->lead_scope && prefix == 't' && alias == 0)
		sqlb_puts(b, "+");
	sqlb_column(b, prefix, alias, field_column(info->fields[field]));
}

static void put_equal(struct query_sql *b, const struct entity_info *info, int field, char prefix, int alias, int64_t id)
{
	put_key(b, info, field, prefix, alias);
	sqlb_puts(b, " = ");
	sqlb_param(b, value_int(id));
}

/* Team rows: of the actor's team and all below it. */
static void put_team(struct query_sql *b, const struct entity_info *info, char prefix, int alias)
{
	const struct actor *actor = b->ctx->actor;
	int64_t *ids = arena_array(b->ctx->arena, actor->n_teams + 1, sizeof(*ids));
	size_t n = 0;
	if (!ids) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	if (actor->team_id)
		ids[n++] = actor->team_id;
	for (size_t i = 0; i < actor->n_teams; i++)
		if (actor->teams[i] && actor->teams[i] != actor->team_id)
			ids[n++] = actor->teams[i];
	put_key(b, info, info->team, prefix, alias);
	sqlb_puts(b, b->engine == ENGINE_POSTGRES ? " = ANY(" : " IN (SELECT \"value\" FROM json_each(");
	sqlb_param_ids(b, ids, n);
	sqlb_puts(b, b->engine == ENGINE_POSTGRES ? ")" : "))");
}

/* Rows that are shared with the actor, to do this; false: there are none. */
static bool put_shared(struct query_sql *b, enum action action, bool any, char prefix, int alias)
{
	const struct actor *actor = b->ctx->actor;
	size_t n = 0;
	if (actor->n_shares == 0)
		return any;
	int64_t now = ctx_now(b->ctx), *ids = arena_array(b->ctx->arena, actor->n_shares, sizeof(*ids));
	for (size_t i = 0; ids && i < actor->n_shares; i++)
		if (gate_shares(&actor->shares[i], action, now))
			ids[n++] = actor->shares[i].id;
	if (!ids)
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
	if (n == 0)
		return any;
	sqlb_puts(b, any ? " OR " : "");
	sqlb_column(b, prefix, alias, "id");
	sqlb_puts(b, b->engine == ENGINE_POSTGRES ? " = ANY(" : " IN (SELECT \"value\" FROM json_each(");
	sqlb_param_ids(b, ids, n);
	sqlb_puts(b, b->engine == ENGINE_POSTGRES ? ")" : "))");
	return true;
}

static void put_own(struct query_sql *b, const struct entity_info *info, enum scope scope, enum action action, char prefix, int alias)
{
	bool any = false;
	sqlb_puts(b, "(");
	if (info->owner >= 0) {
		put_equal(b, info, info->owner, prefix, alias, b->ctx->actor->user_id);
		any = true;
	}
	if (info->team >= 0 && scope >= SCOPE_TEAM) {
		sqlb_puts(b, any ? " OR " : "");
		put_team(b, info, prefix, alias);
		any = true;
	}
	if (info->branch >= 0 && scope >= SCOPE_BRANCH) {
		sqlb_puts(b, any ? " OR " : "");
		put_equal(b, info, info->branch, prefix, alias, b->ctx->actor->branch_id);
		any = true;
	}
	any = put_shared(b, action, any, prefix, alias);
	sqlb_puts(b, any ? ")" : "1 = 0)");
}

static void put_rows(struct query_sql *b, const struct entity_info *info, enum scope scope, enum action action, char prefix, int alias, int depth)
{
	const struct entity_info *parent = info->parent_info;
	if (info->parent < 0 || !parent) {
		put_own(b, info, scope, action, prefix, alias);
		return;
	}
	if (depth > PARENTS_MAX) {
		sqlb_puts(b, "1 = 0");
		return;
	}
	int up = ++b->aliases;
	bool orphan = field_nullable(info, info->parent) && (info->owner >= 0 || info->team >= 0 || info->branch >= 0);
	sqlb_puts(b, orphan ? "(EXISTS (SELECT 1 FROM " : "EXISTS (SELECT 1 FROM ");
	sqlb_name(b, parent->entity->name);
	sqlb_puts(b, " AS ");
	sqlb_column(b, 'p', up, NULL);
	sqlb_puts(b, " WHERE ");
	sqlb_column(b, 'p', up, "id");
	sqlb_puts(b, " = ");
	sqlb_column(b, prefix, alias, field_column(info->fields[info->parent]));
	sqlb_puts(b, " AND ");
	put_rows(b, parent, scope, action, 'p', up, depth + 1);
	sqlb_puts(b, ")");
	if (!orphan)
		return;
	sqlb_puts(b, " OR (");
	sqlb_column(b, prefix, alias, field_column(info->fields[info->parent]));
	sqlb_puts(b, " IS NULL AND ");
	put_own(b, info, scope, action, prefix, alias);
	sqlb_puts(b, "))");
}

void sqlb_scope(struct query_sql *b, const struct entity_info *info, enum action action, char prefix, int alias)
{
	enum scope scope = entity_scope(b->ctx->actor, info, action);
	if (scope == SCOPE_ALL)
		return;
	sqlb_puts(b, " AND ");
	if (scope == SCOPE_NONE || !b->ctx->actor) {
		sqlb_puts(b, "1 = 0");
		return;
	}
	put_rows(b, info, scope, action, prefix, alias, 0);
}
