/* Which relation a name in `select` means: a link of the entity, its many-links, or
 * what points to it.  A relation over a field the actor may not read does not exist. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

struct candidate {
	enum query_rel rel;
	const struct entity_info *info;  /* target */
	const struct entity_info *owner; /* whose field it is */
	int field;
	bool direct;                     /* named by the field itself */
};

struct candidates {
	struct candidate list[QUERY_EMBEDS_MAX];
	size_t n;
};

static bool is_field(const char *field, const char *name)
{
	size_t n = strlen(field);
	if (str_equal(field, name))
		return true;
	return n > 3 && str_ends(field, "_id") && strlen(name) == n - 3 && memcmp(field, name, n - 3) == 0;
}

static bool is_entity(const struct entity_info *info, const char *name)
{
	return str_equal(info->entity->name, name) || str_equal(info->entity->plural, name);
}

/* "customer_id", "customer" or PostgreSQL's "order_customer_id_fkey". */
static bool is_hint(const struct candidate *c, const char *hint)
{
	const char *field = c->owner->fields[c->field]->name;
	const char *table = c->owner->entity->name;
	size_t t = strlen(table), f = strlen(field);
	if (is_field(field, hint))
		return true;
	if (!str_starts(hint, table) || hint[t] != '_' || !str_starts(hint + t + 1, field))
		return false;
	const char *rest = hint + t + 1 + f;
	return *rest == '\0' || str_equal(rest, "_fkey");
}

/* Names of colleagues, teams and the like are shown wherever a readable link leads to them. */
static bool title_only(struct ctx *ctx, const struct candidate *c)
{
	return entity_scope(ctx->actor, c->info, ACTION_READ) == SCOPE_NONE;
}

static bool reachable(struct ctx *ctx, const struct candidate *c)
{
	if (c->info->entity->flags & E_INTERNAL)
		return false;
	if (entity_field_right(ctx->actor, c->owner, c->field) < RIGHT_READ)
		return false;
	if (!title_only(ctx, c))
		return true;
	return c->rel == REL_ONE && (c->info->entity->flags & E_SYSTEM) && c->info->title >= 0;
}

static void add(struct ctx *ctx, struct candidates *all, struct candidate c, const char *hint)
{
	if (all->n < QUERY_EMBEDS_MAX && reachable(ctx, &c) && (!hint || is_hint(&c, hint)))
		all->list[all->n++] = c;
}

static void find_all(struct ctx *ctx, const struct entity_info *info, const char *name, const char *hint, struct candidates *all)
{
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct entity_info *target = entity_link(info, (int)i);
		bool direct = target && is_field(info->fields[i]->name, name);
		if (direct || (target && i >= SF_COUNT && is_entity(target, name)))
			add(ctx, all, (struct candidate){
				.rel = info->fields[i]->type == FIELD_LINKS ? REL_LINKS : REL_ONE,
				.info = target, .owner = info, .field = (int)i, .direct = direct}, hint);
	}
	size_t n;
	const struct entity_ref *refs = entity_refs(info, &n);
	for (size_t i = 0; i < n; i++)
		if (is_entity(refs[i].info, name))
			add(ctx, all, (struct candidate){
				.rel = refs[i].info->fields[refs[i].field]->type == FIELD_LINKS ? REL_LINKS_BACK : REL_MANY,
				.info = refs[i].info, .owner = refs[i].info, .field = refs[i].field}, hint);
}

/* Of candidates found by the entity's name: the singular means one, the plural many. */
static void prefer(struct candidates *all, const char *name)
{
	bool plural = all->n > 0 && str_equal(all->list[0].info->entity->plural, name);
	size_t kept = 0;
	bool any = false, direct = false;
	for (size_t i = 0; i < all->n; i++) {
		any |= (all->list[i].rel != REL_ONE) == plural;
		direct |= all->list[i].direct;
	}
	for (size_t i = 0; i < all->n; i++) {
		const struct candidate *c = &all->list[i];
		bool keep = direct ? c->direct : !any || (c->rel != REL_ONE) == plural;
		if (keep)
			all->list[kept++] = *c;
	}
	all->n = kept;
}

static const char *hints(struct ctx *ctx, const struct candidates *all)
{
	const char *text = "";
	for (size_t i = 0; i < all->n; i++) {
		const struct candidate *c = &all->list[i];
		const char *more = arena_printf(ctx->arena, "%s%s!%s", text, i ? ", " : "", c->owner->fields[c->field]->name);
		if (!more)
			break;
		text = more;
	}
	return text;
}

enum err query_relation(struct ctx *ctx, struct query_node *node, const char *name, const char *hint, struct query_node *ret)
{
	struct candidates all = {.n = 0};
	if (!node->title_only)
		find_all(ctx, node->info, name, hint, &all);
	prefer(&all, name);
	if (all.n == 0)
		return fail_arg(ctx, ERR_INVALID, "select", QK_RELATION, name);
	if (all.n > 1)
		return fail_arg(ctx, ERR_INVALID, "select", QK_AMBIGUOUS, hints(ctx, &all));
	const struct candidate *c = &all.list[0];
	ret->info = c->info;
	ret->rel = c->rel;
	ret->link = c->field;
	ret->title_only = title_only(ctx, c);
	return OK;
}

struct query_node *query_embed(struct query_node *node, const char *name)
{
	for (struct query_node *child = node->first; child; child = child->next)
		if (str_equal(child->key, name))
			return child;
	for (struct query_node *child = node->first; child; child = child->next)
		if (str_equal(child->name, name))
			return child;
	return NULL;
}
