/* Ids of many records, ascending, each once. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/entity/type_common.h"

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static enum err from_ids(struct ctx *ctx, const struct entity_info *info, int at, int64_t *ids, size_t n, struct value *ret)
{
	if (n > (size_t)field_max(info->fields[at]))
		return type_wrong(ctx, info, at, "too_many", NULL);
	size_t kept = 0;
	if (n)
		qsort(ids, n, sizeof(*ids), compare_ids);
	for (size_t i = 0; i < n; i++) {
		if (ids[i] <= 0)
			return type_wrong(ctx, info, at, "not_an_id", NULL);
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	}
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, kept}};
	return OK;
}

/* Null and the empty list are the same. */
static enum err check(struct ctx *ctx, const struct entity_info *info, int at, const char *currency, struct value *value)
{
	(void)currency;
	if (value->kind != VALUE_LIST)
		return type_bad_kind(ctx, info, at);
	int64_t *copy = arena_array(ctx->arena, value->l.n + 1, sizeof(*copy));
	if (!copy)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	if (value->l.n)
		memcpy(copy, value->l.ids, value->l.n * sizeof(*copy));
	return from_ids(ctx, info, at, copy, value->l.n, value);
}

/* "12,13" */
static enum err parse(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	size_t n = 0, max = strlen(text) / 2 + 1;
	int64_t *ids = arena_array(ctx->arena, max + 1, sizeof(*ids));
	if (!ids)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	while (*text) {
		size_t len = strcspn(text, ","), kept;
		char one[ID_TEXT_MAX];
		const char *start = str_trim(text, len, &kept);
		if (kept >= sizeof(one) || n > max)
			return type_wrong(ctx, info, at, "not_an_id", NULL);
		memcpy(one, start, kept);
		one[kept] = '\0';
		if (!id_parse(one, &ids[n++]))
			return type_wrong(ctx, info, at, "not_an_id", NULL);
		text += len;
		text += *text == ',';
	}
	return from_ids(ctx, info, at, ids, n, ret);
}

/* ["12", 13, {"id":"14","name":"…"}]: the form the API shows comes back too. */
static enum err parse_json(struct ctx *ctx, const struct entity_info *info, int at, const json_t *json, struct value *ret)
{
	if (json_is_null(json))
		return from_ids(ctx, info, at, NULL, 0, ret);
	if (!json_is_array(json))
		return type_wrong(ctx, info, at, "not_a_list", NULL);
	size_t n = json_array_size(json);
	if (n > (size_t)field_max(info->fields[at]))
		return type_wrong(ctx, info, at, "too_many", NULL);
	int64_t *ids = arena_array(ctx->arena, n + 1, sizeof(*ids));
	if (!ids)
		return fail(ctx, ERR_LIMIT, info->fields[at]->name, "memory");
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);
		if (json_is_object(item))
			item = json_object_get(item, "id");
		const char *text = json_string_value(item);
		if (json_is_integer(item))
			ids[i] = json_integer_value(item);
		else if (!text || !id_parse(text, &ids[i]))
			return type_wrong(ctx, info, at, "not_an_id", NULL);
	}
	return from_ids(ctx, info, at, ids, n, ret);
}

static void write_json(const struct field *field, const struct value *value, const char *currency, struct jsonw *w)
{
	(void)field;
	(void)currency;
	jsonw_array(w);
	for (size_t i = 0; i < value->l.n; i++)
		jsonw_id(w, value->l.ids[i]);
	jsonw_end_array(w);
}

static void write_text(const struct field *field, const struct value *value, const char *currency, struct buf *out)
{
	(void)field;
	(void)currency;
	for (size_t i = 0; i < value->l.n; i++) {
		if (i)
			buf_putc(out, ',');
		buf_put_i64(out, value->l.ids[i]);
	}
}

static void schema(const struct field *field, struct jsonw *w)
{
	(void)field;
	jsonw_object(w);
	jsonw_kv_text(w, "type", "array");
	jsonw_key(w, "items");
	jsonw_object(w);
	jsonw_key(w, "type");
	jsonw_array(w);
	jsonw_text(w, "string");
	jsonw_text(w, "object");
	jsonw_end_array(w);
	jsonw_end_object(w);
	type_schema_end(w);
}

const struct field_type_ops type_links = {
	.name = "links",
	.column = {NULL, NULL},
	.kind = VALUE_LIST,
	.compares = COMPARE_CONTAINS | COMPARE_NULL,
	.parse = parse,
	.parse_json = parse_json,
	.check = check,
	.write_json = write_json,
	.write_text = write_text,
	.schema = schema,
	.mask = type_mask_all,
};
