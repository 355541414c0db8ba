/* Reactions find their entities at start; those that would go round in a circle are refused there. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

static enum err wrong(struct ctx *ctx, const char *entity, const char *why)
{
	return fail_arg(ctx, ERR_BUG, entity ? entity : "", "descriptor", why);
}

/* --- circles ------------------------------------------------------------------- */

enum seen { NOT_SEEN, ON_THE_WAY, DONE };

struct walk {
	struct ctx *ctx;
	const struct registry *registry;
	unsigned char *seen; /* enum seen, by entity number */
};

static enum err visit(struct walk *walk, const struct entity_info *info);

static enum err follow(struct walk *walk, const struct entity_info *info, const struct reaction *reaction)
{
	enum err err = OK;
	for (const char *const *name = reaction->writes; !err && name && *name; name++) {
		const struct entity_info *target = registry_find(walk->registry, *name);
		if (!target)
			return wrong(walk->ctx, *name, "a reaction writes an entity that is not there");
		if (walk->seen[target->number] == ON_THE_WAY) {
			const char *why = arena_printf(walk->ctx->arena, "reactions go round: a change of %s writes %s", info->entity->name, *name);
			return wrong(walk->ctx, info->entity->name, why ? why : "reactions go round");
		}
		err = visit(walk, target);
	}
	return err;
}

static enum err visit(struct walk *walk, const struct entity_info *info)
{
	enum err err = OK;
	if (walk->seen[info->number] == DONE)
		return OK;
	walk->seen[info->number] = ON_THE_WAY;
	for (size_t i = 0; !err && i < info->n_reactions; i++)
		err = follow(walk, info, info->reactions[i]);
	walk->seen[info->number] = DONE;
	return err;
}

static enum err refuse_circles(struct ctx *ctx, const struct registry *registry)
{
	struct walk walk = {ctx, registry, arena_alloc(ctx->arena, registry->n)};
	enum err err = walk.seen ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && i < registry->n; i++)
		err = visit(&walk, &registry->list[i].info);
	return err;
}

/* --- finding ------------------------------------------------------------------- */

static size_t count(const struct reaction *const *tables, const char *entity)
{
	size_t n = 0;
	for (; *tables; tables++)
		for (const struct reaction *r = *tables; r->entity; r++)
			n += str_equal(r->entity, entity);
	return n;
}

static enum err give(struct ctx *ctx, struct registry *registry, struct entity_info *info, const struct reaction *const *tables)
{
	size_t n = count(tables, info->entity->name);
	if (n == 0)
		return OK;
	const struct reaction **list = arena_array(&registry->arena, n, sizeof(*list));
	if (!list)
		return fail(ctx, ERR_LIMIT, "", "memory");
	info->reactions = list;
	for (; *tables; tables++)
		for (const struct reaction *r = *tables; r->entity; r++)
			if (str_equal(r->entity, info->entity->name))
				list[info->n_reactions++] = r;
	return OK;
}

enum err registry_react(struct ctx *ctx, struct registry *registry, const struct reaction *const *tables)
{
	enum err err = OK;
	for (const struct reaction *const *table = tables; *table; table++)
		for (const struct reaction *r = *table; r->entity; r++)
			if (!registry_find(registry, r->entity))
				return wrong(ctx, r->entity, "a reaction to an entity that is not there");
	for (size_t i = 0; !err && i < registry->n; i++)
		err = give(ctx, registry, &registry->list[i].info, tables);
	if (!err)
		err = refuse_circles(ctx, registry);
	if (!err)
		registry->root->reactions = tables; /* those that follow have them too */
	return err;
}
