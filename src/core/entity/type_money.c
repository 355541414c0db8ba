/* Money: an integer of minor units; how many there are in a unit depends on the
 * currency, which stands in another field of the record or is the base currency. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/entity/type_common.h"

enum { SCALE_WIDEST = 9 };

static int scale_of(const char *currency)
{
	int scale = currency_scale(currency);
	return scale < 0 ? 2 : scale;
}

/* An amount in text becomes minor units once the currency is known. */
static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	if (value->kind == VALUE_INT)
		return OK;
	if (value->kind != VALUE_TEXT)
		return type_bad_kind(ctx, info, at);
	if (!currency)
		currency = registry_base_currency(ctx->registry);
	int64_t number;
	if (!decimal_parse(value->t.p, scale_of(currency), &number)) {
		if (decimal_parse(value->t.p, SCALE_WIDEST, &number))
			return type_wrong(ctx, info, at, "too_many_decimals", currency);
		return type_wrong(ctx, info, at, "not_money", NULL);
	}
	*value = value_int(number);
	return OK;
}

static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	*ret = str_empty(text) ? value_null() : value_text(text);
	return ret->kind == VALUE_NULL ? OK : check(ctx, info, at, NULL, ret);
}

/* Stays text while the currency of the record is not known. */
static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	char number[48];
	enum err err = OK;
	if (json_is_number(json)) {
		if (!type_number_text(json, number, sizeof(number)))
			return type_wrong(ctx, info, at, "not_money", NULL);
		const char *copy = arena_strdup(ctx->arena, number);
		if (!copy)
			return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
		*ret = value_text(copy);
	} else {
		err = type_json_string(ctx, info, at, json, "not_money", ret);
	}
	if (err || ret->kind == VALUE_NULL)
		return err;
	if (entity_currency(info, at) < 0)
		return check(ctx, info, at, NULL, ret);
	int64_t ignored;
	if (!decimal_parse(ret->t.p, SCALE_WIDEST, &ignored) && !decimal_parse(ret->t.p, 0, &ignored))
		return type_wrong(ctx, info, at, "not_money", NULL);
	return OK;
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	jsonw_decimal(w, value->i, scale_of(currency));
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	char text[DECIMAL_TEXT_MAX];
	buf_add(out, text, decimal_format(value->i, scale_of(currency), text));
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", "decimal");
	jsonw_kv_text(w, "pattern", "^-?[0-9]+(\\.[0-9]+)?$");
	type_schema_end(w);
}

const struct field_type_ops type_money = {
	.name = "money",
	.column = {"INTEGER", "bigint"},
	.kind = VALUE_INT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_NULL | COMPARE_SUM,
	.parse = parse,
	.parse_json = parse_json,
	.check = check,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
