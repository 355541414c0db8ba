/* Star questions: the nodes are those of lists, the rows stand elsewhere. */
#include "core/rest/query_star.h"

#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

struct query_star {
	struct query_sql b;
	struct query query;
	enum action action;
	struct query_node nodes[QUERY_STAR_NODES_MAX];
	size_t n;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

enum err query_star_new(struct ctx *ctx, const struct entity_info *info, enum action action, const char *carried, struct query_star **ret)
{
	struct query_star *star = arena_alloc(ctx->arena, sizeof(*star));
	if (!star)
		return no_memory(ctx);
	memset(star, 0, sizeof(*star));
	star->action = action;
	star->nodes[0] = (struct query_node){.info = info, .rel = REL_ROOT, .name = info->entity->name, .key = info->entity->name, .limit = -1,
	                                     .where = {.kind = COND_AND}};
	star->n = 1;
	star->query = (struct query){.info = info, .root = &star->nodes[0], .action = action};
	sqlb_begin(&star->b, ctx, &star->query, &star->nodes[0]);
	/* what is made here is read by DuckDB, whose words are PostgreSQL's but for a few */
	star->b.engine = ENGINE_POSTGRES;
	star->b.duck = true;
	star->b.carried_link = carried;
	star->b.aliases = QUERY_STAR_NODES_MAX;
	*ret = star;
	return OK;
}

static enum err no_field(struct ctx *ctx, const char *at, const char *path)
{
	return fail_arg(ctx, ERR_INVALID, at, "pivot_field", path);
}

/* Whether the actor may follow a link to a record of another kind. */
static bool may_follow(struct ctx *ctx, const struct query_node *from, int field)
{
	const struct entity_info *target = field >= 0 ? entity_link(from->info, field) : NULL;
	if (!target || from->info->fields[field]->type != FIELD_LINK || (target->entity->flags & E_INTERNAL))
		return false;
	return entity_field_right(ctx->actor, from->info, field) >= RIGHT_READ && entity_scope(ctx->actor, target, ACTION_READ) != SCOPE_NONE;
}

/* One link on: the node that is there for it, or a new one. */
static enum err follow(struct ctx *ctx, struct query_star *star, struct query_node *from, const char *link, const char *at, struct query_node **ret)
{
	int field = entity_field(from->info, link);
	if (!may_follow(ctx, from, field))
		return no_field(ctx, at, link);
	for (size_t i = 1; i < star->n; i++) {
		if (star->nodes[i].parent == from && star->nodes[i].link == field) {
			*ret = &star->nodes[i];
			return OK;
		}
	}
	if (star->n == QUERY_STAR_NODES_MAX)
		return fail_arg(ctx, ERR_LIMIT, at, "pivot_far", link);
	struct query_node *node = &star->nodes[star->n];
	*node = (struct query_node){.info = entity_link(from->info, field), .at = star->n, .parent = from, .rel = REL_ONE, .link = field, .name = link, .key = link, .limit = -1,
	                            .where = {.kind = COND_AND}};
	star->b.places[star->n].alias = (int)star->n;
	/* who sees a row sees its parent: there is nothing more to ask of it */
	if (from == &star->nodes[0] && star->b.carried_link && field == from->info->parent && str_equal(link, star->b.carried_link))
		star->b.carried = (int)star->n;
	star->n++;
	*ret = node;
	return OK;
}

/* Follows all links of a path but its last name, which is left in *ret_last; with `whole` the last one too. */
static enum err walk(struct ctx *ctx, struct query_star *star, const char *at, const char *path, bool whole, struct query_node **ret, const char **ret_last)
{
	struct query_node *node = &star->nodes[0];
	const char *rest = path;
	enum err err = OK;
	for (int steps = 0; !err; steps++) {
		const char *dot = strchr(rest, '.');
		if (!dot && !whole)
			break;
		if (*rest == '\0' && steps == 0 && whole)
			break;
		const char *link = dot ? arena_strndup(ctx->arena, rest, (size_t)(dot - rest)) : rest;
		if (!link)
			return no_memory(ctx);
		if (steps == QUERY_STAR_STEPS_MAX)
			return no_field(ctx, at, path);
		err = follow(ctx, star, node, link, at, &node);
		if (!dot) {
			rest = "";
			break;
		}
		rest = dot + 1;
	}
	*ret = node;
	*ret_last = rest;
	return err;
}

enum err query_star_field(struct ctx *ctx, struct query_star *star, const char *at, const char *path, struct query_star_field *ret)
{
	struct query_node *node;
	const char *name;
	enum err err = walk(ctx, star, at, path, false, &node, &name);
	if (err)
		return err;
	int field = entity_field(node->info, name);
	if (field < 0 || entity_field_right(ctx->actor, node->info, field) < RIGHT_READ || (node->info->fields[field]->flags & F_SECRET))
		return no_field(ctx, at, path);
	const char *column = field_column(node->info->fields[field]);
	bool carried = star->b.carried != 0 && node->at == (size_t)star->b.carried;
	const char *name_there = carried ? arena_printf(ctx->arena, "%s.%s", star->b.carried_link, column) : column;
	const char *table = arena_printf(ctx->arena, "\"t%zu\"", carried ? 0 : node->at);
	const char *whole = name_there && table ? arena_printf(ctx->arena, "%s.\"%s\"", table, name_there) : NULL;
	if (!whole)
		return no_memory(ctx);
	*ret = (struct query_star_field){.info = node->info, .field = field, .column = whole, .table = table, .name = name_there};
	return OK;
}

enum err query_star_filter(struct ctx *ctx, struct query_star *star, const char *at, const char *path, const json_t *json)
{
	struct query_node *node;
	const char *rest;
	struct condition *condition;
	enum err err = walk(ctx, star, at, path, true, &node, &rest);
	if (!err)
		err = condition_parse_json(ctx, node->info, json, &condition);
	return err ? err : query_add_condition(ctx, node, condition);
}

enum err query_star_value(struct ctx *ctx, struct query_star *star, struct value value, const char **ret)
{
	sqlb_bound(&star->b, value);
	*ret = arena_printf(ctx->arena, "?%zu", star->b.n_params);
	return star->b.err ? star->b.err : *ret ? OK : no_memory(ctx);
}

/* A record that may not be seen is as one that is not there. */
static void put_join(struct query_star *star, const struct query_node *node)
{
	struct query_sql *b = &star->b;
	if (b->carried != 0 && node->at == (size_t)b->carried)
		return;
	sqlb_puts(b, " LEFT JOIN ");
	sqlb_name(b, node->info->entity->name);
	sqlb_puts(b, " AS ");
	sqlb_column(b, 't', (int)node->at, NULL);
	sqlb_puts(b, " ON ");
	sqlb_column(b, 't', (int)node->at, "id");
	sqlb_puts(b, " = ");
	sqlb_column(b, 't', (int)node->parent->at, field_column(node->parent->info->fields[node->link]));
	sqlb_node_scope(b, node, 't', (int)node->at);
}

enum err query_star_from(struct ctx *ctx, struct query_star *star, const char **ret)
{
	struct query_sql *b = &star->b;
	const struct entity_info *info = star->nodes[0].info;
	b->ctx = ctx;
	sqlb_puts(b, " FROM ");
	sqlb_name(b, info->entity->name);
	sqlb_puts(b, " AS \"t0\"");
	for (size_t i = 1; i < star->n; i++)
		put_join(star, &star->nodes[i]);
	sqlb_puts(b, " WHERE 1 = 1");
	sqlb_scope(b, info, star->action, 't', 0);
	if (star->action != ACTION_READ)
		sqlb_scope(b, info, ACTION_READ, 't', 0);
	for (size_t i = 0; i < star->n; i++)
		sqlb_where(b, &star->nodes[i], 't', (int)i);
	enum err err = b->err ? b->err : buf_failed(&b->text) ? fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "262144") : OK;
	*ret = err ? NULL : arena_strndup(ctx->arena, buf_text(&b->text), b->text.len);
	sqlb_release(b);
	return err ? err : *ret ? OK : no_memory(ctx);
}

const struct value *query_star_params(const struct query_star *star, size_t *ret_n)
{
	*ret_n = star->b.n_params;
	return star->b.params;
}
