/* A calendar day, YYYY-MM-DD. */
#include "base/timeutil.h"
#include "core/entity/type_common.h"

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_TEXT)
		return type_bad_kind(ctx, info, at);
	return date_valid(value->t.p) ? OK : type_wrong(ctx, info, at, "not_date", NULL);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "date");
	type_schema_end(w);
}

const struct field_type_ops type_date = {
	.name = "date",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = type_mask_all,
};
