/* An instant: UTC milliseconds, RFC 3339 outside. */
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/type_common.h"

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	/* years 0001 to 9999: what can be written */
	if (value->kind != VALUE_INT)
		return type_bad_kind(ctx, info, at);
	if (value->i < -62135596800000 || value->i > 253402300799999)
		return type_wrong(ctx, info, at, "not_time", NULL);
	return OK;
}

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	int64_t ms;
	*ret = value_null();
	if (str_empty(text))
		return OK;
	if (!time_parse(text, &ms))
		return type_wrong(ctx, info, at, "not_time", NULL);
	*ret = value_int(ms);
	return check(ctx, info, at, NULL, ret);
}

static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	enum err err = type_json_string(ctx, info, at, json, "not_time", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return parse(ctx, info, at, ret->t.p, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_time(w, value->i);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	char text[TIME_TEXT_MAX];
	buf_add(out, text, time_format(value->i, text));
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "date-time");
	type_schema_end(w);
}

const struct field_type_ops type_time = {
	.name = "time",
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
