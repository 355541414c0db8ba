/* Exact decimals with the field's number of fraction digits, kept as scaled integers. */
#include <stdio.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/entity/type_common.h"

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	int scale = info->fields[at]->scale;
	int64_t number;
	*ret = value_null();
	if (str_empty(text))
		return OK;
	if (!decimal_parse(text, scale, &number)) {
		char places[16];
		snprintf(places, sizeof(places), "%d", scale);
		if (decimal_parse(text, 9, &number))
			return type_wrong(ctx, info, at, "too_many_decimals", places);
		return type_wrong(ctx, info, at, "not_decimal", NULL);
	}
	*ret = value_int(number);
	return OK;
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	char number[48];
	if (json_is_number(json)) {
		if (!type_number_text(json, number, sizeof(number)))
			return type_wrong(ctx, info, at, "not_decimal", NULL);
		return parse(ctx, info, at, number, ret);
	}
	enum err err = type_json_string(ctx, info, at, json, "not_decimal", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)currency;
	jsonw_decimal(w, value->i, field->scale);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)currency;
	char text[DECIMAL_TEXT_MAX];
	buf_add(out, text, decimal_format(value->i, field->scale, text));
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "decimal");
	jsonw_kv_text(w, "pattern", "^-?[0-9]+(\\.[0-9]+)?$");
	type_schema_end(w);
}

const struct field_type_ops type_decimal = {
	.name = "decimal",
	.column = {"INTEGER", "bigint"},
	.kind = VALUE_INT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL | COMPARE_SUM,
	.parse = parse,
	.parse_json = parse_json,
	.check = type_check_int,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
