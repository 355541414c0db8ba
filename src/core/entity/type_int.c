/* Whole numbers. */
#include "base/str.h"
#include "core/entity/type_common.h"

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	int64_t number;
	*ret = value_null();
	if (str_empty(text))
		return OK;
	if (!str_to_i64(text, &number))
		return type_wrong(ctx, info, at, "not_integer", NULL);
	*ret = value_int(number);
	return OK;
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (json_is_integer(json)) {
		*ret = value_int(json_integer_value(json));
		return OK;
	}
	enum err err = type_json_string(ctx, info, at, json, "not_integer", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_int(w, value->i);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	buf_put_i64(out, value->i);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "integer", "int64");
	type_schema_end(w);
}

const struct field_type_ops type_int = {
	.name = "int",
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
