/* Bounds of a field, and options that are out of use. */
#include <string.h>

#include "base/str.h"
#include "core/entity/record_internal.h"

static int compare(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_REAL)
		return (a->r > b->r) - (a->r < b->r);
	if (a->kind == VALUE_TEXT)
		return strcmp(a->t.p, b->t.p); /* days */
	return (a->i > b->i) - (a->i < b->i);
}

/* Beyond the bound, on the side that `side` says: -1 below the least, 1 above the most. */
static bool beyond(struct ctx *ctx, const struct entity_info *info, int at, const struct value *value, const char *bound, int side)
{
	struct value edge;
	if (!bound)
		return false;
	if (field_parse(ctx, info, at, bound, &edge) || edge.kind != value->kind) { /* checked when the field was made */
		faults_clear(ctx);
		return false;
	}
	return compare(value, &edge) * side > 0;
}

static bool out_of_use(const struct field *field, const struct value *value)
{
	for (const struct option *option = field->options; option && option->value; option++)
		if (option->retired && strcmp(option->value, value->t.p) == 0)
			return true;
	return false;
}

static void check_text(struct ctx *ctx, const struct field *field, const struct value *value)
{
	if (field->min && utf8_length(value->t.p, value->t.n) < (size_t)field->min)
		fault_add(ctx, ERR_INVALID, field->name, "too_short", arena_printf(ctx->arena, "%d", field->min));
	if (out_of_use(field, value))
		fault_add(ctx, ERR_INVALID, field->name, "option_retired", value->t.p);
}

void record_check_bounds(struct ctx *ctx, const struct entity_info *info, int at, const struct value *value)
{
	const struct field *field = info->fields[at];
	if (value->kind == VALUE_NULL || value->kind != field_ops(field->type)->kind)
		return;
	if (value->kind == VALUE_TEXT && field->type != FIELD_DATE) {
		check_text(ctx, field, value);
		return;
	}
	if (beyond(ctx, info, at, value, field->least, -1))
		fault_add(ctx, ERR_INVALID, field->name, "below_least", field->least);
	else if (beyond(ctx, info, at, value, field->most, 1))
		fault_add(ctx, ERR_INVALID, field->name, "above_most", field->most);
}
