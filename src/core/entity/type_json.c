/* Structured values that the program does not look into (filters of a saved view). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/entity/type_common.h"

/* Deeper than this no writer of ours goes; the parser has its own, far wider bound. */
enum { JSON_NESTING_MAX = 24 };

static bool too_deep(const json_t *json, int depth)
{
	if (depth > JSON_NESTING_MAX)
		return true;
	if (json_is_array(json)) {
		for (size_t i = 0; i < json_array_size(json); i++)
			if (too_deep(json_array_get(json, i), depth + 1))
				return true;
	} else if (json_is_object(json)) {
		const char *key;
		json_t *value;
		/* jansson's walk wants a writable object and does not write */
		json_t *object = json_incref((json_t *)(uintptr_t)json);
		bool deep = false;
		json_object_foreach(object, key, value) {
			deep = deep || too_deep(value, depth + 1);
		}
		json_decref(object);
		return deep;
	}
	return false;
}

static enum err keep(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	*ret = value_null();
	if (json_is_null(json))
		return OK;
	if (too_deep(json, 0))
		return type_wrong(ctx, info, at, "too_deep", NULL);
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!text)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	size_t n = strlen(text);
	if (n > (size_t)field_max(info->fields[at])) {
		char max[16];
		snprintf(max, sizeof(max), "%d", field_max(info->fields[at]));
		free(text);
		return type_wrong(ctx, info, at, "too_long", max);
	}
	const char *copy = arena_strndup(ctx->arena, text, n);
	free(text);
	if (!copy)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	*ret = (struct value){.kind = VALUE_TEXT, .t = {copy, n}};
	return OK;
}

static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_TEXT)
		return type_bad_kind(ctx, info, at);
	if (value->t.n > 4 * (size_t)field_max(info->fields[at]))
		return type_wrong(ctx, info, at, "too_long", NULL);
	json_error_t error;
	json_t *json = json_loadb(value->t.p, value->t.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!json)
		return type_wrong(ctx, info, at, "not_json", NULL);
	enum err err = keep(ctx, info, at, json, value);
	json_decref(json);
	return err;
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_raw(w, value->t.p, value->t.n);
}

/* What is shown must be JSON too. */
static enum err mask(struct ctx *ctx, const struct field *field, const struct value *value, struct value *ret)
{
	(void)ctx;
	(void)field;
	(void)value;
	*ret = value_text("\"***\"");
	return OK;
}

static void schema(const struct field *field, struct jsonw *w)
{
	(void)field;
	jsonw_object(w); /* anything */
	type_schema_end(w);
}

const struct field_type_ops type_json = {
	.name = "json",
	.column = {"TEXT", "text COLLATE \"C\""},
	.kind = VALUE_TEXT,
	.compares = COMPARE_NULL,
	.parse = type_parse_text,
	.parse_json = keep,
	.check = check,
	.write_json = write_json,
	.write_text = type_write_plain_text,
	.schema = schema,
	.mask = mask,
};
