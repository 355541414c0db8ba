/* Gathering: new records of one write job wait in memory until its end.
 *
 * An import makes a customer, its orders and their lines in one job. Written one by one,
 * each line would change its order's sums, each order its customer's figures: rows,
 * indexes and log entries written twice and more. Gathered, a record is written once, as
 * it stands when the job ends. Only entities that say E_GATHER take part: their hooks ask
 * record_gathered before they look into the store. Whatever else needs the store to
 * be complete (a record loaded, another kind created) has all written first.
 *
 * Ids are given in ascending order and nothing refers to what is made later, so the
 * list is sorted by id, parents stand before children, and backwards children come first. */
#include <string.h>

#include "core/entity/record_internal.h"

enum { GATHER_FIRST = 256, BULK = 32 /* so many are worth the store's trouble of writing them together */ };

struct waiting {
	struct record *record;
	unsigned flags;
	uint32_t child, last_child, next; /* position + 1 of the first and last child, and of the parent's next */
};

struct gathering {
	struct waiting *list;
	size_t n, cap;
	uint32_t *kinds; /* how many wait, by entity */
	bool closed; /* the last hooks run: nothing may be added */
};

static struct waiting *find(const struct ctx *ctx, int64_t id)
{
	const struct gathering *g = ctx->gathering;
	if (!g)
		return NULL;
	size_t low = 0, high = g->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (record_id(g->list[middle].record) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->n && record_id(g->list[low].record) == id ? &g->list[low] : NULL;
}

struct record *record_gathered(const struct ctx *ctx, int64_t id)
{
	const struct waiting *w = find(ctx, id);
	return w ? w->record : NULL;
}

const struct record *record_gathered_child(const struct ctx *ctx, int64_t parent, const struct record *after)
{
	const struct waiting *w = find(ctx, after ? record_id(after) : parent);
	uint32_t next = !w ? 0 : after ? w->next : w->child;
	return next ? ctx->gathering->list[next - 1].record : NULL;
}

bool record_gathers(const struct ctx *ctx, const struct entity_info *info)
{
	const struct gathering *g = ctx->gathering;
	return g && !g->closed && (info->entity->flags & E_GATHER);
}

bool record_gathered_any(const struct ctx *ctx, const struct entity_info *info)
{
	return ctx->gathering && ctx->gathering->kinds[info->number] > 0;
}

/* The parent's list of children, in the order they were made. */
static void hang_on(struct ctx *ctx, struct gathering *g, uint32_t at)
{
	const struct record *record = g->list[at].record;
	struct waiting *parent = find(ctx, record_i64_at(record, record->info->parent));
	if (!parent)
		return;
	if (parent->last_child)
		g->list[parent->last_child - 1].next = at + 1;
	else
		parent->child = at + 1;
	parent->last_child = at + 1;
}

enum err record_gather_put(struct ctx *ctx, struct record *record, unsigned flags)
{
	struct gathering *g = ctx->gathering;
	if (g->n && record_id(g->list[g->n - 1].record) >= record_id(record))
		return fail(ctx, ERR_BUG, entity_name(record->info), "gather_order");
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : GATHER_FIRST;
		struct waiting *list = cap < UINT32_MAX ? arena_array(ctx->arena, cap, sizeof(*list)) : NULL;
		if (!list)
			return record_no_memory(ctx);
		if (g->n)
			memcpy(list, g->list, g->n * sizeof(*list));
		g->list = list;
		g->cap = cap;
	}
	g->list[g->n++] = (struct waiting){.record = record, .flags = flags};
	g->kinds[record->info->number]++;
	if (record->info->parent_info)
		hang_on(ctx, g, (uint32_t)(g->n - 1));
	return OK;
}

static enum err finish(struct ctx *ctx, struct record *record)
{
	const struct entity *entity = record->info->entity;
	enum err err = entity->hooks.gathered ? entity->hooks.gathered(ctx, entity, record) : OK;
	return err ? err : record_after_gathered(ctx, record);
}

/* Without a row of its own, its words may stand in its parent's, which is whole by then. */
static bool helps_others(const struct record *record, unsigned flags)
{
	return !(flags & W_NO_SEARCH) && record->info->entity->search_rank == 0;
}

/* Log entry and search row. */
static enum err tell(struct ctx *ctx, const struct waiting *w, const struct composed *text, struct search_bulk *bulk)
{
	const struct record *record = w->record;
	const struct entity *entity = record->info->entity;
	struct search_text own;
	enum err err = OK;
	if (text->err)
		err = record_log(ctx, NULL, record, CHANGE_CREATE); /* says what is wrong */
	else if (!(entity->flags & E_NO_LOG))
		err = change_append_text(ctx, entity->name, record_id(record), CHANGE_CREATE, &text->change);
	if (err || (w->flags & W_NO_SEARCH) || entity->search_rank == 0)
		return err;
	if (!text->err)
		return record_search_put(ctx, record, &text->search, bulk);
	err = record_search_text(ctx, record, &own);
	return err ? err : record_search_put(ctx, record, &own, bulk);
}

/* Whether some link of this kind points to another kind that has rows to come. */
static bool must_wait(const uint32_t *left, const struct entity_info *info)
{
	for (size_t at = SF_COUNT; at < info->n_fields; at++) {
		const struct entity_info *target = entity_link(info, (int)at);
		if (target && target != info && left[target->number] > 0)
			return true;
	}
	return false;
}

/* Kind by kind, so that each kind's rows go to the server together: first those that link to no
 * other kind. Kinds that link to each other are written one by one, in the order of their ids. */
static enum err insert_kinds(struct ctx *ctx, const struct gathering *g)
{
	size_t n_kinds = registry_count(ctx->registry), kind = 0;
	uint32_t *left = arena_array(ctx->arena, n_kinds, sizeof(*left));
	enum err err = left ? OK : record_no_memory(ctx);
	if (left)
		memcpy(left, g->kinds, n_kinds * sizeof(*left));
	while (!err && kind < n_kinds) {
		const struct entity_info *info = registry_at(ctx->registry, kind++);
		if (left[info->number] == 0 || must_wait(left, info))
			continue;
		for (size_t i = 0; !err && i < g->n; i++)
			if (g->list[i].record->info == info)
				err = record_insert_later(ctx, g->list[i].record);
		left[info->number] = 0;
		kind = 0;
	}
	for (size_t i = 0; !err && i < g->n; i++)
		if (left[g->list[i].record->info->number] > 0)
			err = record_insert(ctx, g->list[i].record);
	return err;
}

static enum err insert_all(struct ctx *ctx, const struct gathering *g)
{
	enum err err = OK;
	/* A few are worth a round trip each: then a refusal names its field. */
	if (db_engine(ctx->db) == ENGINE_POSTGRES && g->n >= BULK)
		return insert_kinds(ctx, g);
	for (size_t i = 0; !err && i < g->n; i++)
		err = record_insert(ctx, g->list[i].record);
	return err;
}

static enum err put_all(struct ctx *ctx, const struct gathering *g, struct composer *composer)
{
	struct search_bulk *bulk;
	enum err err = search_bulk_begin(ctx, g->n, &bulk);
	if (g->n >= BULK)
		db_bulk_begin(ctx->db);
	if (!err)
		err = insert_all(ctx, g);
	for (size_t i = 0; !err && i < g->n; i++)
		err = tell(ctx, &g->list[i], record_composed(composer, i), bulk);
	if (!err)
		err = search_bulk_end(ctx, bulk);
	if (!err)
		err = db_bulk_end(ctx);
	for (size_t i = 0; !err && i < g->n; i++)
		if (helps_others(g->list[i].record, g->list[i].flags))
			err = record_search_written(ctx, NULL, g->list[i].record);
	return err;
}

static enum err write_all(struct ctx *ctx, const struct gathering *g)
{
	struct composer *composer = NULL;
	const struct record **list = arena_array(ctx->arena, g->n, sizeof(*list));
	if (!list)
		return record_no_memory(ctx);
	for (size_t i = 0; i < g->n; i++)
		list[i] = g->list[i].record;
	enum err err = record_compose_begin(ctx, list, g->n, &composer);
	if (!err)
		err = put_all(ctx, g, composer);
	record_compose_end(composer);
	return err;
}

enum err record_gather_flush(struct ctx *ctx)
{
	struct gathering *g = ctx->gathering;
	if (!g || g->n == 0)
		return OK;
	if (g->closed)
		return fail(ctx, ERR_BUG, "", "gather_closed");
	enum err err = OK;
	g->closed = true;
	for (size_t i = g->n; !err && i-- > 0;)
		err = finish(ctx, g->list[i].record);
	ctx->gathering = NULL;
	if (!err)
		err = write_all(ctx, g);
	/* Who writes others finds the record in the store. */
	for (size_t i = 0; !err && i < g->n; i++)
		err = record_after_written(ctx, g->list[i].record);
	/* What follows in this job is gathered anew. */
	*g = (struct gathering){.list = g->list, .cap = g->cap, .kinds = g->kinds};
	memset(g->kinds, 0, registry_count(ctx->registry) * sizeof(*g->kinds));
	ctx->gathering = g;
	return err;
}

static enum err flush_last(struct ctx *ctx, void *arg)
{
	(void)arg;
	enum err err = record_gather_flush(ctx);
	ctx->gathering = NULL;
	return err;
}

enum err record_gather(struct ctx *ctx)
{
	struct gathering *g = arena_alloc(ctx->arena, sizeof(*g));
	uint32_t *kinds = arena_array(ctx->arena, registry_count(ctx->registry), sizeof(*kinds));
	if (!g || !kinds)
		return record_no_memory(ctx);
	g->kinds = kinds;
	ctx->gathering = g;
	return db_before_commit(ctx, flush_last, NULL);
}
