/* A node's conditions as SQL. */
#include "core/rest/query_internal.h"

static void put_cond(struct query_sql *b, const struct query_node *node, const struct query_cond *cond, char prefix, int alias);

static void put_group(struct query_sql *b, const struct query_node *node, const struct query_cond *group, char prefix, int alias)
{
	if (group->negate)
		sqlb_puts(b, "NOT ");
	sqlb_puts(b, "(");
	if (!group->first)
		sqlb_puts(b, group->kind == COND_AND ? "1 = 1" : "1 = 0");
	for (const struct query_cond *c = group->first; c; c = c->next) {
		if (c != group->first)
			sqlb_puts(b, group->kind == COND_AND ? " AND " : " OR ");
		put_cond(b, node, c, prefix, alias);
	}
	sqlb_puts(b, ")");
}

static void put_kind(struct query_sql *b, const struct query_node *node, const struct query_cond *cond, char prefix, int alias)
{
	switch (cond->kind) {
	case COND_AND:
	case COND_OR:
		put_group(b, node, cond, prefix, alias);
		return;
	case COND_EMBED:
		if (!cond->negate)
			sqlb_puts(b, "NOT ");
		sqlb_exists(b, cond->embed, prefix, alias);
		return;
	case COND_TERM:
	case COND_QUERY:
		sqlb_term(b, node->info, cond, prefix, alias);
		return;
	case COND_IMPORT:
		sqlb_import(b, node->info, cond, prefix, alias);
		return;
	case COND_RELATED:
		sqlb_related(b, cond, prefix, alias);
		return;
	case COND_MEMBER:
		sqlb_member(b, cond, prefix, alias);
		return;
	case COND_SHARE:
		sqlb_share(b, cond, prefix, alias);
		return;
	}
}

static void put_cond(struct query_sql *b, const struct query_node *node, const struct query_cond *cond, char prefix, int alias)
{
	if (cond->untrue)
		sqlb_puts(b, "((");
	put_kind(b, node, cond, prefix, alias);
	if (cond->untrue)
		sqlb_puts(b, ") IS NOT TRUE)");
}

/* Embeds that must have rows, of those that are not joined. */
static void put_inner(struct query_sql *b, const struct query_node *node, char prefix, int alias)
{
	for (const struct query_node *child = node->first; child; child = child->next) {
		if (!child->inner || (node_place(b, child)->joined && prefix == 't'))
			continue;
		sqlb_puts(b, " AND ");
		sqlb_exists(b, child, prefix, alias);
	}
}

void sqlb_where(struct query_sql *b, const struct query_node *node, char prefix, int alias)
{
	for (const struct query_cond *c = node->where.first; c; c = c->next) {
		sqlb_puts(b, " AND ");
		put_cond(b, node, c, prefix, alias);
	}
	put_inner(b, node, prefix, alias);
}

static void put_link_table(struct query_sql *b, const struct entity_info *info, int field, int alias)
{
	sqlb_puts(b, "\"");
	sqlb_puts(b, info->entity->name);
	sqlb_puts(b, "_");
	sqlb_puts(b, field_column(info->fields[field]));
	sqlb_puts(b, "\" AS ");
	sqlb_column(b, 'l', alias, NULL);
}

/* Tables of an embed's rows `x alias`, and the condition that ties them to the parent's row. */
void sqlb_embed_from(struct query_sql *b, const struct query_node *node, int alias, const char *parent_id, const char *parent_link)
{
	const struct entity_info *up = node->parent->info;
	if (node->rel == REL_LINKS || node->rel == REL_LINKS_BACK) {
		const struct entity_info *owner = node->rel == REL_LINKS ? up : node->info;
		put_link_table(b, owner, node->link, alias);
		sqlb_puts(b, " JOIN ");
	}
	sqlb_name(b, node->info->entity->name);
	sqlb_puts(b, " AS ");
	sqlb_column(b, 'x', alias, NULL);
	if (node->rel == REL_LINKS || node->rel == REL_LINKS_BACK) {
		sqlb_puts(b, " ON ");
		sqlb_column(b, 'x', alias, "id");
		sqlb_puts(b, " = ");
		sqlb_column(b, 'l', alias, node->rel == REL_LINKS ? "link_id" : "record_id");
	}
	sqlb_puts(b, " WHERE ");
	if (node->rel == REL_ONE)
		sqlb_column(b, 'x', alias, "id");
	else if (node->rel == REL_MANY)
		sqlb_column(b, 'x', alias, field_column(node->info->fields[node->link]));
	else
		sqlb_column(b, 'l', alias, node->rel == REL_LINKS ? "record_id" : "link_id");
	sqlb_puts(b, " = ");
	sqlb_puts(b, node->rel == REL_ONE ? parent_link : parent_id);
}

void sqlb_node_scope(struct query_sql *b, const struct query_node *node, char prefix, int alias)
{
	if (!node->title_only)
		sqlb_scope(b, node->info, ACTION_READ, prefix, alias);
}

void sqlb_exists(struct query_sql *b, const struct query_node *node, char prefix, int parent_alias)
{
	int alias = ++b->aliases;
	struct arena *arena = b->ctx->arena;
	const char *id = arena_printf(arena, "\"%c%d\".\"id\"", prefix, parent_alias), *link = "";
	if (node->rel == REL_ONE)
		link = arena_printf(arena, "\"%c%d\".\"%s\"", prefix, parent_alias, field_column(node->parent->info->fields[node->link]));
	if (!id || !link) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	sqlb_puts(b, "EXISTS (SELECT 1 FROM ");
	sqlb_embed_from(b, node, alias, id, link);
	sqlb_node_scope(b, node, 'x', alias);
	sqlb_where(b, node, 'x', alias);
	sqlb_puts(b, ")");
}
