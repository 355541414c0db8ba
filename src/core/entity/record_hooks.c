/* What runs when a record changes: the hooks of the folder that owns the entity, then the reactions of other folders, in the
 * order of the manifests. */
#include "core/entity/record_internal.h"

bool record_has_before(const struct entity_info *info)
{
	if (info->entity->hooks.before)
		return true;
	for (size_t i = 0; i < info->n_reactions; i++)
		if (info->reactions[i]->before)
			return true;
	return false;
}

enum err record_before(struct ctx *ctx, const struct entity_info *info, const struct record *old, struct record *now)
{
	const struct entity *entity = info->entity;
	enum err err = entity->hooks.before ? entity->hooks.before(ctx, entity, old, now) : OK;
	for (size_t i = 0; !err && i < info->n_reactions; i++)
		if (info->reactions[i]->before)
			err = info->reactions[i]->before(ctx, entity, old, now);
	return err;
}

enum { QUIET = 1, WRITING = 2 };

static enum err react(struct ctx *ctx, const struct entity_info *info, const struct record *old, const struct record *now, int which)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < info->n_reactions; i++)
		if (info->reactions[i]->after && which & (info->reactions[i]->writes ? WRITING : QUIET))
			err = info->reactions[i]->after(ctx, info->entity, old, now);
	return err;
}

static enum err own_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	return entity->hooks.after ? entity->hooks.after(ctx, entity, old, now) : OK;
}

enum err record_after(struct ctx *ctx, const struct entity_info *info, const struct record *old, const struct record *now)
{
	enum err err = own_after(ctx, info->entity, old, now);
	return err ? err : react(ctx, info, old, now, QUIET | WRITING);
}

enum err record_after_gathered(struct ctx *ctx, const struct record *now)
{
	enum err err = own_after(ctx, now->info->entity, NULL, now);
	return err ? err : react(ctx, now->info, NULL, now, QUIET);
}

enum err record_after_written(struct ctx *ctx, const struct record *now)
{
	return react(ctx, now->info, NULL, now, WRITING);
}

void registry_guard_by(struct registry *registry, const struct registry_guard *guard)
{
	registry->root->guard = guard;
}

enum err record_guard_before(struct ctx *ctx, const struct record *old, const struct record *now, const void **ret_asked)
{
	const struct registry_guard *guard = ctx->registry->root->guard;
	*ret_asked = NULL;
	return guard ? guard->before(guard->arg, ctx, old, now, ret_asked) : OK;
}

enum err record_guard_after(struct ctx *ctx, const struct record *now, const void *asked)
{
	const struct registry_guard *guard = ctx->registry->root->guard;
	return guard && asked ? guard->after(guard->arg, ctx, now, asked) : OK;
}

enum err record_guard_gone(struct ctx *ctx, const struct record *old)
{
	const struct registry_guard *guard = ctx->registry->root->guard;
	return guard ? guard->gone(guard->arg, ctx, old) : OK;
}
