/* Scores and probabilities: finite doubles. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/type_common.h"

/* No infinities, and one zero: -0 would be unequal text for an equal value. */
static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind == VALUE_INT)
		*value = value_real((double)value->i);
	if (value->kind != VALUE_REAL)
		return type_bad_kind(ctx, info, at);
	if (!isfinite(value->r))
		return type_wrong(ctx, info, at, "not_number", NULL);
	value->r += 0.0;
	return OK;
}

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	*ret = value_null();
	if (str_empty(text))
		return OK;
	/* strtod also takes "inf", "nan", hexadecimal and leading spaces. */
	if (text[strspn(text, "0123456789+-.eE")] != '\0')
		return type_wrong(ctx, info, at, "not_number", NULL);
	char *end;
	double number = strtod(text, &end);
	if (end == text || *end)
		return type_wrong(ctx, info, at, "not_number", NULL);
	*ret = value_real(number);
	return check(ctx, info, at, NULL, ret);
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (json_is_number(json)) {
		*ret = value_real(json_number_value(json));
		return check(ctx, info, at, NULL, ret);
	}
	enum err err = type_json_string(ctx, info, at, json, "not_number", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_real(w, value->r);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	struct jsonw w; /* the same shortest form that reads back */
	jsonw_init(&w, out);
	jsonw_real(&w, value->r);
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "number", "double");
	type_schema_end(w);
}

const struct field_type_ops type_real = {
	.name = "real",
	.column = {"REAL", "double precision"},
	.kind = VALUE_REAL,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL | COMPARE_SUM,
	.parse = parse,
	.parse_json = parse_json,
	.check = check,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
