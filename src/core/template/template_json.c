/* Values out of JSON. */
#include <string.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "core/template/template_internal.h"

enum { VALUE_DEPTH_MAX = 64 };

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err read_value(struct ctx *ctx, json_t *json, int depth, struct template_value *ret);

static enum err read_text(struct ctx *ctx, const char *text, size_t n, struct template_value *ret)
{
	char *copy = arena_strndup(ctx->arena, text, n);
	*ret = (struct template_value){.kind = TEMPLATE_TEXT, .n = n, .text = copy};
	return copy != NULL ? OK : no_memory(ctx);
}

static enum err read_number(struct ctx *ctx, const json_t *json, struct template_value *ret)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 64);
	jsonw_init(&w, &buf);
	if (json_is_integer(json))
		jsonw_int(&w, (int64_t)json_integer_value(json));
	else
		jsonw_real(&w, json_real_value(json));
	enum err err = buf_failed(&buf) ? no_memory(ctx) : read_text(ctx, buf_text(&buf), buf.len, ret);
	buf_release(&buf);
	return err;
}

static enum err read_list(struct ctx *ctx, const json_t *json, int depth, struct template_value *ret)
{
	size_t n = json_array_size(json);
	struct template_value *items = arena_array(ctx->arena, n + 1, sizeof(*items));
	enum err err = items != NULL ? OK : no_memory(ctx);
	for (size_t i = 0; i < n && err == OK; i++)
		err = read_value(ctx, json_array_get(json, i), depth + 1, &items[i]);
	*ret = (struct template_value){.kind = TEMPLATE_LIST, .n = n, .items = items};
	return err;
}

static enum err read_object(struct ctx *ctx, json_t *json, int depth, struct template_value *ret)
{
	size_t n = json_object_size(json), at = 0;
	struct template_member *members = arena_array(ctx->arena, n + 1, sizeof(*members));
	enum err err = members != NULL ? OK : no_memory(ctx);
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value) {
		const char *copy = err == OK ? arena_strdup(ctx->arena, name) : NULL;
		struct template_value read = {0};
		if (copy == NULL) {
			err = err == OK ? no_memory(ctx) : err;
			break;
		}
		err = read_value(ctx, value, depth + 1, &read);
		members[at++] = template_member_of(copy, read);
		if (err != OK)
			break;
	}
	*ret = (struct template_value){.kind = TEMPLATE_OBJECT, .n = n, .members = members};
	return err;
}

static enum err read_value(struct ctx *ctx, json_t *json, int depth, struct template_value *ret)
{
	*ret = (struct template_value){.kind = TEMPLATE_NONE};
	if (depth > VALUE_DEPTH_MAX)
		return fail(ctx, ERR_LIMIT, "", "template_deep");
	switch (json_typeof(json)) {
	case JSON_OBJECT: return read_object(ctx, json, depth, ret);
	case JSON_ARRAY: return read_list(ctx, json, depth, ret);
	case JSON_STRING: return read_text(ctx, json_string_value(json), json_string_length(json), ret);
	case JSON_INTEGER:
	case JSON_REAL: return read_number(ctx, json, ret);
	case JSON_TRUE: ret->kind = TEMPLATE_TRUE; return OK;
	case JSON_FALSE: ret->kind = TEMPLATE_FALSE; return OK;
	case JSON_NULL:
	default: return OK;
	}
}

enum err template_value_read(struct ctx *ctx, const char *json, size_t n, struct template_value *ret)
{
	json_error_t error;
	json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root == NULL)
		return fail(ctx, ERR_INVALID, "", "template_json");
	enum err err = read_value(ctx, root, 0, ret);
	json_decref(root);
	return err;
}
