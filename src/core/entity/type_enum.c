/* One of the options of the descriptor. */
#include <string.h>

#include "core/entity/type_common.h"
#include "core/text/text.h"

/* What may be chosen, by the names that people read. */
static const char *choices(struct ctx *ctx, const struct field *field)
{
	const char *list = "";
	for (const struct option *option = field->options; list && option->value; option++)
		list = arena_printf(ctx->arena, "%s%s%s", list, option == field->options ? "" : type_between(ctx), entity_label(ctx, &option->label));
	return list;
}

/* What was given, what the field is called, what may be chosen. */
static const char *refusal(struct ctx *ctx, const struct field *field, const struct value *value)
{
	size_t n = value->t.n > 60 ? 60 : value->t.n;
	while (n > 0 && n < value->t.n && ((unsigned char)value->t.p[n] & 0xc0) == 0x80)
		n--;
	return arena_printf(ctx->arena, "%.*s" FAULT_PART "%s" FAULT_PART "%s", (int)n, value->t.p, entity_label(ctx, &field->label), choices(ctx, field));
}

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_TEXT)
		return type_bad_kind(ctx, info, at);
	for (const struct option *option = info->fields[at]->options; option->value; option++)
		if (strcmp(option->value, value->t.p) == 0) {
			value->t.p = option->value; /* constant: outlives the input */
			return OK;
		}
	return type_wrong(ctx, info, at, "not_an_option", refusal(ctx, info->fields[at], value));
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", NULL);
	jsonw_key(w, "enum");
	jsonw_array(w);
	for (const struct option *option = field->options; option->value; option++)
		jsonw_text(w, option->value);
	if (!(field->flags & F_REQUIRED))
		jsonw_null(w);
	jsonw_end_array(w);
	type_schema_end(w);
}

const struct field_type_ops type_enum = {
	.name = "enum",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = type_mask_all,
};
