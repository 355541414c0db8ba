/* Yes or no. */
#include "base/str.h"
#include "core/entity/type_common.h"

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_INT || (value->i != 0 && value->i != 1))
		return type_bad_kind(ctx, info, at);
	return OK;
}

/* Files say yes in many ways. */
static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	static const char *const yes[] = {"true", "t", "1", "yes", "y", "on", "是", "真", NULL};
	static const char *const no[] = {"false", "f", "0", "no", "n", "off", "否", "假", NULL};
	*ret = value_null();
	if (str_empty(text))
		return OK;
	for (size_t i = 0; yes[i]; i++) {
		if (str_equal_nocase(text, yes[i]) || str_equal_nocase(text, no[i])) {
			*ret = value_int(str_equal_nocase(text, yes[i]));
			return OK;
		}
	}
	return type_wrong(ctx, info, at, "not_bool", NULL);
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (json_is_boolean(json)) {
		*ret = value_int(json_is_true(json));
		return OK;
	}
	enum err err = type_json_string(ctx, info, at, json, "not_bool", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_bool(w, value->i != 0);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	buf_puts(out, value->i ? "true" : "false");
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "boolean", NULL);
	type_schema_end(w);
}

const struct field_type_ops type_bool = {
	.name = "bool",
	.column = {"INTEGER", "smallint"},
	.kind = VALUE_INT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL | COMPARE_TRUTH,
	.parse = parse,
	.parse_json = parse_json,
	.check = check,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
