/* Text of many lines. */
#include "core/entity/type_common.h"

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	return type_clean(ctx, info, at, true, value);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", NULL);
	jsonw_kv_int(w, "maxLength", field_max(field));
	type_schema_end(w);
}

const struct field_type_ops type_note = {
	.name = "note",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = type_mask_all,
};
