/* What is selected as a row of cells, with what is embedded as one; for files. */
#include "core/rest/query_internal.h"

static size_t count_items(const struct query_node *node)
{
	size_t n = 0;
	for (const struct query_item *item = node->items; item; item = item->next)
		n += item->embed ? count_items(item->embed) : 1;
	return n;
}

struct flat {
	struct query_column *columns;
	const struct query_item **items;
	size_t n;
};

static enum err add_columns(struct ctx *ctx, struct flat *flat, const struct query_node *node, const char *path)
{
	for (const struct query_item *item = node->items; item; item = item->next) {
		const char *full = *path ? arena_printf(ctx->arena, "%s.%s", path, item->key) : item->key;
		if (!full)
			return fail(ctx, ERR_LIMIT, "select", "memory");
		if (item->embed && item->embed->rel == REL_ONE) {
			enum err err = add_columns(ctx, flat, item->embed, item->embed->spread ? path : full);
			if (err)
				return err;
		}
		if (item->embed)
			continue;
		flat->items[flat->n] = item;
		flat->columns[flat->n++] = (struct query_column){
			.key = item->key, .path = full, .info = node->info, .field = item->field, .right = item->right, .aggregate = item->agg != AGG_NONE};
	}
	return OK;
}

enum err query_flat(struct ctx *ctx, struct query *q)
{
	if (q->columns)
		return OK;
	size_t n = count_items(q->root) + 1;
	struct flat flat = {.columns = arena_array(ctx->arena, n, sizeof(*flat.columns)), .items = arena_array(ctx->arena, n, sizeof(*flat.items))};
	if (!flat.columns || !flat.items)
		return fail(ctx, ERR_LIMIT, "select", "memory");
	enum err err = add_columns(ctx, &flat, q->root, "");
	if (err)
		return err;
	q->column_items = flat.items;
	q->columns = flat.columns;
	q->n_columns = flat.n;
	return OK;
}

size_t query_columns(const struct query *query, const struct query_column **ret)
{
	*ret = query->columns;
	return query->n_columns;
}
