#include "core/entity/type_common.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text.h"

static const struct field_type_ops *const all_ops[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = &type_text,   [FIELD_NOTE] = &type_note,   [FIELD_INT] = &type_int,   [FIELD_DECIMAL] = &type_decimal,
	[FIELD_REAL] = &type_real,   [FIELD_MONEY] = &type_money, [FIELD_BOOL] = &type_bool, [FIELD_DATE] = &type_date,
	[FIELD_TIME] = &type_time,   [FIELD_ENUM] = &type_enum,   [FIELD_LINK] = &type_link, [FIELD_LINKS] = &type_links,
	[FIELD_EMAIL] = &type_email, [FIELD_PHONE] = &type_phone, [FIELD_URL] = &type_url,   [FIELD_CODE] = &type_code,
	[FIELD_JSON] = &type_json,
};

const struct field_type_ops *field_ops(enum field_type type)
{
	return all_ops[type];
}

const char *field_type_name(enum field_type type)
{
	return all_ops[type]->name;
}

int field_max(const struct field *field)
{
	static const int usual[FIELD_TYPE_COUNT] = {
		[FIELD_TEXT] = 200, [FIELD_NOTE] = 20000, [FIELD_EMAIL] = 254, [FIELD_PHONE] = 40,
		[FIELD_URL] = 2000, [FIELD_CODE] = 35,    [FIELD_JSON] = 100000, [FIELD_LINKS] = 1000,
	};
	return field->max > 0 ? field->max : usual[field->type];
}

/* --- reporting ------------------------------------------------------------------ */

enum err type_wrong(struct ctx *ctx, const struct entity_info *info, int at, const char *key, const char *arg)
{
	return fail_arg(ctx, ERR_INVALID, info->fields[at]->name, key, arg);
}

enum err type_bad_kind(struct ctx *ctx, const struct entity_info *info, int at)
{
	return fail(ctx, ERR_BUG, info->fields[at]->name, "value_kind");
}

/* --- text ------------------------------------------------------------------------- */

/* Printable ASCII without spaces to fold: most cells of most files. */
static bool is_clean(const char *p, size_t n)
{
	if (n == 0 || p[0] == ' ' || p[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c < 0x20 || c > 0x7e || (c == ' ' && p[i - 1] == ' '))
			return false;
	}
	return true;
}

static enum err too_long(struct ctx *ctx, const struct entity_info *info, int at)
{
	char max[16];
	snprintf(max, sizeof(max), "%d", field_max(info->fields[at]));
	return type_wrong(ctx, info, at, "too_long", max);
}

enum err type_clean(struct ctx *ctx, const struct entity_info *info, int at, bool lines, struct value *value)
{
	size_t max = (size_t)field_max(info->fields[at]);
	if (value->kind != VALUE_TEXT)
		return type_bad_kind(ctx, info, at);
	/* Far too long is refused before it is worked on; white space may still be trimmed. */
	if (value->t.n > 8 * max + 1024)
		return too_long(ctx, info, at);
	if (is_clean(value->t.p, value->t.n))
		return value->t.n <= max ? OK : too_long(ctx, info, at);
	if (!utf8_valid(value->t.p, value->t.n))
		return type_wrong(ctx, info, at, "bad_utf8", NULL);
	const char *clean;
	size_t n;
	enum err err = text_clean(ctx, value->t.p, value->t.n, lines, &clean, &n);
	if (err)
		return err;
	if (n == 0) {
		*value = value_null();
		return OK;
	}
	if (n > max && utf8_length(clean, n) > max)
		return too_long(ctx, info, at);
	value->t.p = clean;
	value->t.n = n;
	return OK;
}

enum err type_json_string(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, const char *key,
                          struct value *ret)
{
	*ret = value_null();
	if (json_is_null(json))
		return OK;
	if (!json_is_string(json))
		return type_wrong(ctx, info, at, key, NULL);
	const char *text = json_string_value(json);
	size_t n = json_string_length(json);
	if (memchr(text, 0, n))
		return type_wrong(ctx, info, at, "bad_utf8", NULL);
	/* The JSON may be freed before the record is. Sizes are looked at before copying. */
	if (n > 8 * (size_t)field_max(info->fields[at]) + 1024)
		return too_long(ctx, info, at);
	const char *copy = arena_strndup(ctx->arena, text, n);
	if (!copy)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	if (n)
		*ret = (struct value){.kind = VALUE_TEXT, .t = {copy, n}};
	return OK;
}

enum err type_parse_text(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	*ret = value_text(text);
	if (str_empty(text)) {
		*ret = value_null();
		return OK;
	}
	return field_ops(info->fields[at]->type)->check(ctx, info, at, NULL, ret);
}

enum err type_parse_json_text(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	enum err err = type_json_string(ctx, info, at, json, "not_text", ret);
	if (err || ret->kind == VALUE_NULL)
		return err;
	return field_ops(info->fields[at]->type)->check(ctx, info, at, NULL, ret);
}

void type_write_json_text(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_textn(w, value->t.p, value->t.n);
}

void type_write_plain_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	buf_add(out, value->t.p, value->t.n);
}

enum err type_check_int(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	return value->kind == VALUE_INT ? OK : type_bad_kind(ctx, info, at);
}

/* --- masks ------------------------------------------------------------------------- */

enum err type_mask_all(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	(void)ctx;
	(void)field;
	(void)value;
	*ret = value_text("***");
	return OK;
}

enum err type_mask_text(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	const char *masked;
	bool name = str_equal(field->name, "name") || str_ends(field->name, "_name");
	enum err err = text_mask(ctx, value->t.p, name ? MASK_NAME : MASK_TEXT, &masked);
	if (!err)
		*ret = value_text(masked);
	return err;
}

/* --- schemas ------------------------------------------------------------------------ */

void type_schema_begin(struct jsonw *w, const struct field *field, const char *type, const char *format)
{
	jsonw_object(w);
	if (field_never_null(field)) {
		jsonw_kv_text(w, "type", type);
	} else {
		jsonw_key(w, "type");
		jsonw_array(w);
		jsonw_text(w, type);
		jsonw_text(w, "null");
		jsonw_end_array(w);
	}
	if (format)
		jsonw_kv_text(w, "format", format);
}

void type_schema_end(struct jsonw *w)
{
	jsonw_end_object(w);
}

/* --- numbers ------------------------------------------------------------------------- */

bool type_number_text(const json_t *json, char *out, size_t size)
{
	if (json_is_integer(json)) {
		snprintf(out, size, "%lld", (long long)json_integer_value(json));
		return true;
	}
	if (!json_is_real(json))
		return false;
	double value = json_real_value(json);
	if (!(value > -1e15 && value < 1e15))
		return false;
	/* 15 digits are what a double keeps of a decimal; more would show its binary tail. */
	snprintf(out, size, "%.15g", value);
	return strchr(out, 'e') == NULL;
}

/* --- any value ------------------------------------------------------------------------ */

static bool is_masked(const struct field *field, const struct value *value)
{
	return value->kind == VALUE_TEXT && field_ops(field->type)->kind != VALUE_TEXT;
}

void field_write_json(const struct registry *registry, const struct field *field, const struct value *value, const char *currency,
                      struct jsonw *w)
{
	if (value->kind == VALUE_NULL)
		jsonw_null(w);
	else if (is_masked(field, value))
		jsonw_textn(w, value->t.p, value->t.n);
	else
		field_ops(field->type)->write_json(field, value, currency ? currency : registry_base_currency(registry), w);
}

void field_write_text(const struct registry *registry, const struct field *field, const struct value *value, const char *currency,
                      struct buf *out)
{
	if (value->kind == VALUE_NULL)
		return;
	if (is_masked(field, value))
		buf_add(out, value->t.p, value->t.n);
	else
		field_ops(field->type)->write_text(field, value, currency ? currency : registry_base_currency(registry), out);
}

void field_from_column(const struct field *field, const struct stmt *stmt, int column, struct value *ret)
{
	if (stmt_is_null(stmt, column)) {
		*ret = value_null();
		return;
	}
	switch (field_ops(field->type)->kind) {
	case VALUE_INT:
		*ret = value_int(stmt_i64(stmt, column));
		return;
	case VALUE_REAL:
		*ret = value_real(stmt_real(stmt, column));
		return;
	case VALUE_TEXT:
		*ret = (struct value){.kind = VALUE_TEXT, .t = {stmt_text(stmt, column), stmt_bytes(stmt, column)}};
		return;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	*ret = value_null();
}

void field_bind(struct stmt *stmt, int param, const struct value *value)
{
	switch (value->kind) {
	case VALUE_INT:
		stmt_bind_i64(stmt, param, value->i);
		return;
	case VALUE_REAL:
		stmt_bind_real(stmt, param, value->r);
		return;
	case VALUE_TEXT:
		stmt_bind_textn(stmt, param, value->t.p, value->t.n);
		return;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	stmt_bind_null(stmt, param);
}

enum err field_mask(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	*ret = value_null();
	if (value->kind == VALUE_NULL)
		return OK;
	return field_ops(field->type)->mask(ctx, field, value, ret);
}

enum err field_parse(struct ctx *ctx, const struct entity_info *info, int field, const char *text, struct value *ret)
{
	*ret = value_null();
	if (field < 0 || (size_t)field >= info->n_fields)
		return fail(ctx, ERR_BUG, info->entity->name, "unknown_field");
	if (str_empty(text))
		return OK;
	return field_ops(info->fields[field]->type)->parse(ctx, info, field, text, ret);
}

/* Whether text is mostly digits: an order number, a platform id, a phone. */
static bool looks_like_number(const char *text)
{
	size_t digits = 0, n = 0;
	for (; *text; text++, n++)
		digits += *text >= '0' && *text <= '9';
	return digits >= 4 && digits * 2 >= n;
}

enum text_kind field_text_kind(const struct field *field, const char *text)
{
	if (field->type == FIELD_PHONE)
		return TEXT_NUMBER;
	if (field->type == FIELD_EMAIL || (field->type != FIELD_NOTE && strchr(text, '@')))
		return TEXT_EMAIL;
	if (field->type == FIELD_INT || (field->type != FIELD_NOTE && looks_like_number(text)))
		return TEXT_NUMBER;
	if (field->type == FIELD_TEXT && (str_equal(field->name, "name") || str_ends(field->name, "_name") ||
	                                  str_starts(field->name, "name_") || str_equal(field->name, "title")))
		return TEXT_NAME;
	return TEXT_WORDS;
}

const char *type_between(const struct ctx *ctx)
{
	return ctx->locale == LOCALE_EN ? ", " : "、";
}

const char *entity_label(struct ctx *ctx, const struct text2 *label)
{
	const char *hant, *text = ctx->locale == LOCALE_EN ? label->en : label->zh;
	if (ctx->locale == LOCALE_ZH_HANT && label->hant)
		return label->hant;
	return ctx->locale == LOCALE_ZH_HANT && text_to_hant(ctx, text, &hant) == OK ? hant : text;
}
