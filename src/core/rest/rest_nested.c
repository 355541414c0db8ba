/* Rows within a row: a new record together with what belongs to it, in one write. */
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

const struct entity_info *rest_nested_kind(struct ctx *ctx, const struct entity_info *info, const char *name)
{
	const struct entity_info *kind = registry_find(ctx->registry, name);
	/* by the plural alone: the singular may be a link of the record itself */
	if (!kind || !str_equal(kind->entity->plural, name) || kind->parent_info != info || entity_field(info, name) >= 0)
		return NULL;
	return kind->entity->flags & E_INTERNAL ? NULL : kind;
}

static enum err take_member(struct ctx *ctx, struct rest_body *body, const struct entity_info *kind, json_t *rows, struct rest_nested_list *ret)
{
	const char *name = kind->entity->plural;
	if (entity_scope(ctx->actor, kind, ACTION_CREATE) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, name, QK_FORBIDDEN, kind->entity->name);
	if (!json_is_array(rows))
		return fail(ctx, ERR_INVALID, name, "nested_rows");
	if (json_array_size(rows) > REST_ROWS_MAX)
		return fail_arg(ctx, ERR_LIMIT, name, QK_TOO_MANY, "10000");
	if (ret->n >= REST_NESTED_MAX)
		return fail_arg(ctx, ERR_LIMIT, name, QK_TOO_MANY, "16");
	if (!body->nested)
		body->nested = json_array();
	if (json_array_append(body->nested, rows))
		return fail(ctx, ERR_LIMIT, "", "memory");
	ret->list[ret->n++] = (struct rest_nested){.info = kind, .parent = kind->parent, .name = name, .rows = rows};
	return OK;
}

enum err rest_nested_take(struct ctx *ctx, struct rest_body *body, size_t row, const struct entity_info *info, struct rest_nested_list *ret)
{
	json_t *object = body->array ? json_array_get(body->json, row) : body->json;
	const char *key;
	json_t *value;
	void *next;
	ret->n = 0;
	json_object_foreach_safe(object, next, key, value) {
		const struct entity_info *kind = rest_nested_kind(ctx, info, key);
		enum err err = kind ? take_member(ctx, body, kind, value, ret) : OK;
		if (err)
			return err;
		if (kind)
			json_object_del(object, key);
	}
	return OK;
}

static enum err create_child(struct ctx *ctx, const struct record *parent, const struct rest_nested *nested, json_t *object)
{
	struct record *child;
	const char *link = nested->info->fields[nested->parent]->name;
	if (json_is_object(object) && json_object_get(object, link))
		return fail(ctx, ERR_INVALID, link, "nested_parent");
	enum err err = record_new(ctx, nested->info, &child);
	if (!err)
		err = record_read_json(ctx, child, object);
	if (!err)
		err = record_set(ctx, child, link, value_int(record_id(parent)));
	return err ? err : record_create(ctx, child, 0);
}

static enum err create_children(struct ctx *ctx, const struct record *parent, const struct rest_nested *nested)
{
	size_t i;
	json_t *object;
	json_array_foreach(nested->rows, i, object) {
		size_t before = ctx->faults.count;
		enum err err = create_child(ctx, parent, nested, object);
		for (size_t f = before; err && f < ctx->faults.count; f++) {
			const char *field = ctx->faults.list[f].field;
			const char *named = arena_printf(ctx->arena, "%s[%zu]%s%s", nested->name, i, *field ? "." : "", field);
			if (named)
				ctx->faults.list[f].field = named;
		}
		if (err)
			return err;
	}
	return OK;
}

enum err rest_nested_create(struct ctx *ctx, struct record *record, const struct rest_nested_list *nested)
{
	if (nested->n == 0)
		return record_create(ctx, record, 0);
	/* Gathered, the record is written once, with its sums, and the answer tells of them. */
	enum err err = record_gather(ctx);
	if (!err)
		err = record_create(ctx, record, 0);
	for (size_t i = 0; !err && i < nested->n; i++)
		err = create_children(ctx, record, &nested->list[i]);
	if (!err)
		err = record_gather_flush(ctx);
	ctx->gathering = NULL;
	return err;
}
