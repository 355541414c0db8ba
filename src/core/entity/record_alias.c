/* Records that were merged into others: their ids live on as other names of those. */
#include <stdio.h>

#include "core/entity/record_internal.h"

enum err record_alias(struct ctx *ctx, const struct entity_info *info, int64_t id, int64_t *ret)
{
	*ret = 0;
	return info && info->entity->hooks.alias ? info->entity->hooks.alias(ctx, id, ret) : OK;
}

enum err record_merged_away(struct ctx *ctx, const struct entity_info *info, int64_t into)
{
	return fail_arg(ctx, ERR_CONFLICT, entity_name(info), "merged_away", arena_printf(ctx->arena, "%lld", (long long)into));
}

enum err record_merged(struct ctx *ctx, const struct entity_info *info, int64_t from, int64_t into, bool back)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < info->n_reactions; i++)
		if (info->reactions[i]->merged)
			err = info->reactions[i]->merged(ctx, info->entity, from, into, back);
	return err;
}

/* --- links that are given ----------------------------------------------------------------- */

static enum err resolve_id(struct ctx *ctx, const struct entity_info *target, int64_t *id)
{
	int64_t into;
	enum err err = record_alias(ctx, target, *id, &into);
	if (!err && into)
		*id = into;
	return err;
}

static enum err resolve_list(struct ctx *ctx, const struct entity_info *target, struct value *value)
{
	int64_t *ids = arena_array(ctx->arena, value->l.n + 1, sizeof(*ids));
	if (!ids)
		return record_no_memory(ctx);
	enum err err = OK;
	for (size_t i = 0; !err && i < value->l.n; i++) {
		ids[i] = value->l.ids[i];
		err = resolve_id(ctx, target, &ids[i]);
	}
	value->l.ids = ids; /* put in order, each once, when it is checked */
	return err;
}

static enum err resolve_any(struct ctx *ctx, struct value *value)
{
	const struct entity_info *target;
	int64_t id, was;
	if (!entity_any(ctx->registry, value->t.p, &target, &id))
		return OK;
	was = id;
	enum err err = resolve_id(ctx, target, &id);
	if (err || id == was)
		return err;
	const char *text = arena_printf(ctx->arena, "%s/%lld", entity_name(target), (long long)id);
	if (!text)
		return record_no_memory(ctx);
	*value = value_text(text);
	return OK;
}

enum err record_resolve(struct ctx *ctx, struct record *record)
{
	enum err err = OK;
	for (int at = SF_COUNT; !err && (size_t)at < record->info->n_fields; at++) {
		struct value *value = &record->values[at];
		const struct entity_info *target = entity_link(record->info, at);
		if (!record->set[at])
			continue;
		if (value->kind == VALUE_TEXT && (record->info->fields[at]->flags & F_ANY))
			err = resolve_any(ctx, value);
		else if (value->kind == VALUE_INT && target)
			err = resolve_id(ctx, target, &value->i);
		else if (value->kind == VALUE_LIST && target && target->entity->hooks.alias)
			err = resolve_list(ctx, target, value);
	}
	return err;
}
