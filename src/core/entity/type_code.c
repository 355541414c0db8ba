/* Short ASCII codes: languages, countries, currencies, hashes. */
#include <string.h>

#include "base/decimal.h"
#include "core/entity/entity_internal.h"
#include "core/entity/type_common.h"

/* RMB is CNY; XYZ is none. */
static enum err check_currency(struct ctx *ctx, const struct entity_info *info, int at, struct value *value)
{
	char code[4];
	if (!currency_normal(value->t.p, code))
		return type_wrong(ctx, info, at, "not_currency", value->t.p);
	if (strcmp(code, value->t.p) == 0)
		return OK;
	const char *copy = arena_strdup(ctx->arena, code);
	if (copy == NULL)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	*value = value_text(copy);
	return OK;
}

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	enum err err = type_clean(ctx, info, at, false, value);
	if (err || value->kind == VALUE_NULL)
		return err;
	if (value->t.p[strspn(value->t.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-")] != '\0')
		return type_wrong(ctx, info, at, "not_code", NULL);
	const struct entity_info *target;
	int64_t id;
	if ((info->fields[at]->flags & F_ANY) && !entity_any(ctx->registry, value->t.p, &target, &id))
		return type_wrong(ctx, info, at, "not_a_record", NULL);
	return entity_state(info)->is_currency[at] ? check_currency(ctx, info, at, value) : OK;
}

static void schema(const struct field *field, struct jsonw *w)
{
	type_schema_begin(w, field, "string", NULL);
	jsonw_kv_int(w, "maxLength", field_max(field));
	jsonw_kv_text(w, "pattern", "^[A-Za-z0-9_.:/+-]*$");
	type_schema_end(w);
}

const struct field_type_ops type_code = {
	.name = "code",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_EQUAL | COMPARE_ORDER | COMPARE_LIKE | COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = type_parse_json_text,
	.check = check,
	.write_json = type_write_json_text,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = type_mask_all,
};
