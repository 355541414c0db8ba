/* The id of a record. That it exists and may be seen is asked when writing. */
#include "base/id.h"
#include "base/str.h"
#include "core/entity/type_common.h"

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_INT)
		return type_bad_kind(ctx, info, at);
	return value->i > 0 ? OK : type_wrong(ctx, info, at, "not_an_id", NULL);
}

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	int64_t id;
	*ret = value_null();
	if (str_empty(text))
		return OK;
	if (!id_parse(text, &id))
		return type_wrong(ctx, info, at, "not_an_id", NULL);
	*ret = value_int(id);
	return OK;
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (json_is_integer(json)) {
		*ret = value_int(json_integer_value(json));
		return check(ctx, info, at, NULL, ret);
	}
	enum err err = type_json_string(ctx, info, at, json, "not_an_id", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_id(w, value->i);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	buf_put_i64(out, value->i);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "int64");
	jsonw_kv_text(w, "pattern", "^[1-9][0-9]{0,18}$");
	type_schema_end(w);
}

const struct field_type_ops type_link = {
	.name = "link",
	.column = {"INTEGER", "bigint"},
	.kind = VALUE_INT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL,
	.parse = parse,
	.parse_json = parse_json,
	.check = check,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
