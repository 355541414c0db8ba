/* Queries that come again: reading their text, planning columns and writing SQL costs
 * more than running it, and the outcome is the same for the same text, actor and entity.
 *
 * A connection keeps up to PLANS of them, each in an arena of its own, by the hash of
 * their key; a newcomer takes the place of who stands there.  A text is kept when it is
 * seen a second time, so that pages of a long list, each with its own cursor, do not
 * push out the others.  Not kept is what does not depend on its key alone: relative
 * dates, search conditions (made of what the index holds), the records of an import (whose run one may see now), embeds of children
 * (made of the ids of a page), and what has several ways to its rows (query_route.c).
 *
 * A plan is finished when it is made, with its columns and all its statements, and is not written to after that: all it
 * points to stands in its own arena, requests get a copy of its query and statements, with pointers to const, and what
 * belongs to a request (ids, limit, what was seen) stands in the copy.  Builds that look for faults check it at each use. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/rest/query_internal.h"

enum { PLANS = 64, SEEN = 256, RAW_MAX = 1024, PLAN_BYTES = 256 * 1024, PHASES = PHASE_NULLS + 1 };

struct query_plan {
	struct arena arena;
	uint64_t hash, serial;
	const struct entity_info *info;
	unsigned flags;
	const char *raw;
	const struct query *query;
	struct query_sql sql[PHASES];
	bool made[PHASES];
	uint64_t sum; /* of the arena when it was made */
};

struct plans {
	const struct query_plan *list[PLANS];
	uint64_t seen[SEEN];
};

/* Who made it may end it. */
static void plan_free(const struct query_plan *kept)
{
	struct query_plan *plan = (struct query_plan *)(uintptr_t)kept;
	if (!plan)
		return;
	for (int i = 0; i < PHASES; i++)
		if (plan->made[i])
			sqlb_release(&plan->sql[i]);
	arena_release(&plan->arena);
	free(plan);
}

static void plans_free(void *arg)
{
	struct plans *plans = arg;
	for (size_t i = 0; i < PLANS; i++)
		plan_free(plans->list[i]);
	free(plans);
}

/* Without memory for plans there are none. */
static struct plans *plans_of(struct db *db)
{
	struct plans *plans = db_attached(db);
	if (!plans) {
		plans = calloc(1, sizeof(*plans));
		if (plans)
			db_attach(db, plans, plans_free);
	}
	return plans;
}

/* --- the key ------------------------------------------------------------------------ */

static unsigned flags_of(const struct query_options *options, const int64_t *id)
{
	return (unsigned)options->action | (options->no_children ? 1u << 8 : 0) | (options->whole ? 1u << 9 : 0) | (id ? 1u << 10 : 0);
}

static uint64_t hash_of(const struct ctx *ctx, const struct entity_info *info, const char *raw, size_t n, unsigned flags)
{
	uint64_t h = str_hash(raw, n) ^ ctx->actor->serial * 0x9E3779B97F4A7C15u ^ (uint64_t)info->number << 32 ^ (uint64_t)flags << 48;
	h = (h ^ (h >> 31)) * 0xBF58476D1CE4E5B9u;
	return h ^ h >> 29;
}

static bool is_plan(const struct query_plan *plan, uint64_t hash, const struct ctx *ctx, const struct entity_info *info, const char *raw, unsigned flags)
{
	return plan && plan->hash == hash && plan->serial == ctx->actor->serial && plan->info == info && plan->flags == flags &&
	       strcmp(plan->raw, raw) == 0;
}

/* --- what can be kept ------------------------------------------------------------------ */

static bool conds_keep(const struct query_cond *group)
{
	for (const struct query_cond *c = group->first; c; c = c->next) {
		bool search = c->kind == COND_QUERY || c->kind == COND_IMPORT || c->kind == COND_MEMBER || c->kind == COND_RELATED || (c->kind == COND_TERM && c->op == OP_SEARCH);
		bool inner = c->kind == COND_AND || c->kind == COND_OR;
		if (search || (inner && !conds_keep(c)))
			return false;
	}
	return true;
}

static bool node_keeps(const struct query_node *node)
{
	if (!conds_keep(&node->where))
		return false;
	for (const struct query_node *child = node->first; child; child = child->next)
		if (child->rel != REL_ONE || !node_keeps(child))
			return false;
	return true;
}

/* A clock that tells whether anybody looked at it. */
struct spy {
	const struct clock *clock;
	bool asked;
};

static int64_t spy_now(void *arg)
{
	struct spy *spy = arg;
	spy->asked = true;
	return spy->clock->now_ms(spy->clock->arg);
}

static void spy_random(void *arg, void *out, size_t n)
{
	struct spy *spy = arg;
	spy->asked = true;
	spy->clock->random(spy->clock->arg, out, n);
}

static bool make_sql(struct ctx *ctx, struct query_plan *plan, enum query_phase phase)
{
	struct query_sql *sql = &plan->sql[phase];
	sqlb_begin(sql, ctx, plan->query, plan->query->root);
	plan->made[phase] = true;
	if (sqlb_rows(sql, phase, query_page_max(plan->query)))
		return false;
	sql->ctx = NULL;
	sql->new_cols = NULL;
	sql->new_params = NULL;
	sql->new_item_cols = NULL;
	sql->hash = str_hash(buf_text(&sql->text), sql->text.len) | 1;
	return true;
}

static bool make_statements(struct ctx *ctx, struct query_plan *plan)
{
	if (!query_splits(plan->query))
		return make_sql(ctx, plan, PHASE_ALL);
	return make_sql(ctx, plan, PHASE_VALUES) && make_sql(ctx, plan, PHASE_NULLS);
}

/* False where it can't be kept, or is faulty: then the usual way says so. */
static bool fill(struct ctx *ctx, struct query_plan *plan, const struct query_options *options, const int64_t *id)
{
	struct spy spy = {.clock = ctx->clock};
	const struct clock clock = {.now_ms = spy_now, .random = spy_random, .arg = &spy};
	struct ctx making = *ctx;
	struct query *query;
	making.arena = &plan->arena;
	making.clock = &clock;
	making.faults.count = 0;
	if (query_parse(&making, plan->info, plan->raw, options, &query) || !node_keeps(query->root))
		return false;
	if (!id && query_asks_way(&making, query))
		return false;
	if (id && query_only_ids(&making, query, id, 1))
		return false;
	if (options->no_children && query_flat(&making, query)) /* as CSV */
		return false;
	query->plan = plan;
	plan->query = query;
	if (!make_statements(&making, plan))
		return false;
	plan->sum = arena_sum(&plan->arena);
	return !spy.asked;
}

static const struct query_plan *plan_new(struct ctx *ctx, const struct query_plan *key, const char *raw, size_t n,
                                         const struct query_options *options, const int64_t *id)
{
	struct query_plan *plan = malloc(sizeof(*plan));
	if (!plan)
		return NULL;
	*plan = *key;
	arena_init(&plan->arena, PLAN_BYTES);
	plan->raw = arena_strndup(&plan->arena, raw, n);
	if (plan->raw && fill(ctx, plan, options, id))
		return plan;
	plan_free(plan);
	return NULL;
}

static enum err parse(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, const int64_t *id,
                      struct query **ret)
{
	enum err err = query_parse(ctx, info, raw, options, ret);
	return err || !id ? err : query_only_ids(ctx, *ret, id, 1);
}

#ifdef GUANXI_POISON
static void check(const struct query_plan *plan)
{
	if (arena_sum(&plan->arena) == plan->sum)
		return;
	log_event(LOG_ERROR, "a kept plan was written to", "query", plan->raw, NULL);
	abort();
}
#else
static void check(const struct query_plan *plan)
{
	(void)plan;
}
#endif

/* The request's own copy. */
static enum err lend(struct ctx *ctx, const struct query_plan *plan, const int64_t *id, struct query **ret)
{
	check(plan);
	struct query *query = arena_alloc(ctx->arena, sizeof(*query));
	int64_t *own = arena_alloc(ctx->arena, sizeof(*own));
	if (!query || !own)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*query = *plan->query;
	if (id) {
		*own = *id;
		query->ids = own;
	}
	*ret = query;
	return OK;
}

enum err query_parse_kept(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, const int64_t *id,
                          struct query **ret)
{
	size_t n = strlen(raw);
	bool plain = ctx->actor && ctx->actor->serial != 0 && ctx->db && n <= RAW_MAX && options->range_first < 0 && !options->all_rows && !options->ignore;
	struct plans *plans = plain ? plans_of(ctx->db) : NULL;
	if (!plans)
		return parse(ctx, info, raw, options, id, ret);
	unsigned flags = flags_of(options, id);
	uint64_t hash = hash_of(ctx, info, raw, n, flags);
	const struct query_plan **place = &plans->list[hash % PLANS];
	if (!is_plan(*place, hash, ctx, info, raw, flags)) {
		uint64_t *seen = &plans->seen[hash % SEEN];
		const struct query_plan key = {.hash = hash, .serial = ctx->actor->serial, .info = info, .flags = flags};
		const struct query_plan *plan = *seen == hash ? plan_new(ctx, &key, raw, n, options, id) : NULL;
		*seen = hash;
		if (!plan)
			return parse(ctx, info, raw, options, id, ret);
		plan_free(*place);
		*place = plan;
	}
	return lend(ctx, *place, id, ret);
}

void query_plan_sql(struct ctx *ctx, const struct query *q, enum query_phase phase, int64_t max, struct query_sql *ret)
{
	*ret = q->plan->sql[phase];
	ret->ctx = ctx;
	ret->query = q;
	ret->limit = max < 0 ? INT64_MAX : max;
}
