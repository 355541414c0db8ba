/* A telephone number: E.164 where it can be, otherwise as it was given (platforms
 * pass on masked numbers such as 138****8000). */
#include <string.h>

#include "core/entity/type_common.h"
#include "core/text/text.h"

static bool is_e164(const struct value *value)
{
	return value->t.p[0] == '+' && value->t.n >= 8 && value->t.n <= 16 && strspn(value->t.p + 1, "0123456789") == value->t.n - 1;
}

/* `region` stands where money has its currency: the record's country; NULL: the firm's. */
static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *region, struct value *value)
{
	if (value->kind == VALUE_TEXT && is_e164(value))
		return OK;
	enum err err = type_clean(ctx, info, at, false, value);
	if (err || value->kind == VALUE_NULL)
		return err;
	const char *normal;
	bool valid;
	err = phone_normalise(ctx, value->t.p, region != NULL ? region : registry_phone_region(ctx->registry), &normal, &valid);
	if (err)
		return err;
	if (strcspn(normal, "0123456789") == strlen(normal))
		return type_wrong(ctx, info, at, "not_phone", NULL);
	*value = value_text(normal);
	return OK;
}

/* Stays text while the country of the record is not known. */
static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (entity_field(info, "country") < 0)
		return type_parse_json_text(ctx, info, at, json, ret);
	enum err err = type_json_string(ctx, info, at, json, "not_text", ret);
	return err || ret->kind == VALUE_NULL ? err : type_clean(ctx, info, at, false, ret);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "phone");
	jsonw_kv_int(w, "maxLength", field_max(field));
	type_schema_end(w);
}

static enum err mask(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	(void)field;
	const char *masked;
	enum err err = text_mask(ctx, value->t.p, MASK_PHONE, &masked);
	if (!err)
		*ret = value_text(masked);
	return err;
}

const struct field_type_ops type_phone = {
	.name = "phone",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = parse_json,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = mask,
};
