/* Bodies with rows: an object, an array of objects, or CSV. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/rest_internal.h"

static bool is_type(const char *header, const char *type)
{
	size_t n = strlen(type);
	return strncasecmp(header, type, n) == 0 && (header[n] == '\0' || header[n] == ';' || header[n] == ' ');
}

static enum err read_json(struct ctx *ctx, const struct http_request *req, struct rest_body *ret)
{
	json_error_t error;
	if (req->body_len == 0)
		return fail(ctx, ERR_INVALID, "", QK_BODY);
	ret->json = json_loadb(req->body, req->body_len, JSON_REJECT_DUPLICATES, &error);
	if (!ret->json) {
		const char *where = arena_printf(ctx->arena, "%d:%d", error.line, error.column);
		return fail_arg(ctx, ERR_INVALID, "", "json_malformed", where);
	}
	ret->array = json_is_array(ret->json);
	ret->n = ret->array ? json_array_size(ret->json) : 1;
	if (!ret->array && !json_is_object(ret->json))
		return fail(ctx, ERR_INVALID, "", QK_BODY);
	if (ret->n > REST_ROWS_MAX)
		return fail_arg(ctx, ERR_LIMIT, "", QK_TOO_MANY, "10000");
	return OK;
}

static enum err read_csv(struct ctx *ctx, const struct http_request *req, struct rest_body *ret)
{
	char *copy = arena_strndup(ctx->arena, req->body, req->body_len);
	if (!copy)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return rest_csv_read(ctx, copy, req->body_len, ret);
}

/* --- columns= ------------------------------------------------------------------------ */

static enum err read_columns(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, struct rest_body *ret)
{
	const char *text = http_query(ctx, req, "columns", 0);
	const char **list = arena_array(ctx->arena, REST_COLUMNS_MAX + 1, sizeof(*list));
	size_t n = 0;
	if (str_empty(text))
		return OK;
	if (!list)
		return fail(ctx, ERR_LIMIT, "columns", "memory");
	while (*text) {
		size_t len = strcspn(text, ","), kept;
		const char *start = str_trim(text, len, &kept);
		if (kept >= 2 && start[0] == '"' && start[kept - 1] == '"') {
			start++;
			kept -= 2;
		}
		const char *name = arena_strndup(ctx->arena, start, kept);
		if (!name || n >= REST_COLUMNS_MAX)
			return fail_arg(ctx, ERR_LIMIT, "columns", QK_TOO_MANY, "200");
		int at = entity_field(info, name);
		bool known = at < 0 ? rest_nested_kind(ctx, info, name) != NULL : entity_field_right(ctx->actor, info, at) != RIGHT_HIDDEN;
		if (!known)
			return fail_arg(ctx, ERR_INVALID, "columns", QK_COLUMNS, name);
		list[n++] = name;
		text += len;
		text += *text == ',';
	}
	ret->columns = list;
	return OK;
}

static bool wanted(const struct rest_body *body, const char *name)
{
	if (!body->columns)
		return true;
	for (size_t i = 0; body->columns[i]; i++)
		if (str_equal(body->columns[i], name))
			return true;
	return false;
}

/* --- the whole ----------------------------------------------------------------------- */

enum err rest_body_read(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, struct rest_body *ret)
{
	const char *type = http_header(req, "Content-Type");
	memset(ret, 0, sizeof(*ret));
	enum err err;
	if (str_empty(type) || is_type(type, "application/json"))
		err = read_json(ctx, req, ret);
	else if (is_type(type, "text/csv"))
		err = read_csv(ctx, req, ret);
	else
		err = fail(ctx, ERR_INVALID, "Content-Type", "media_type");
	return err ? err : read_columns(ctx, req, info, ret);
}

enum err rest_body_object(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, struct rest_body *ret)
{
	enum err err = rest_body_read(ctx, req, info, ret);
	if (!err && (ret->n != 1 || ret->array))
		err = fail(ctx, ERR_INVALID, "", QK_BODY);
	return err;
}

void rest_body_release(struct rest_body *body)
{
	json_decref(body->json);
	json_decref(body->nested);
	body->json = body->nested = NULL;
}

/* --- one row -------------------------------------------------------------------------- */

static enum err unknown(struct ctx *ctx, const char *name)
{
	char cut[64];
	snprintf(cut, sizeof(cut), "%s", name);
	return fail(ctx, ERR_INVALID, utf8_valid(cut, strlen(cut)) ? cut : "?", "unknown_field");
}

/* A row of text, all its faults together. */
static enum err from_cells(struct ctx *ctx, const struct rest_body *body, size_t row, struct record *record)
{
	enum err first = OK;
	for (size_t i = 0; i < body->n_names; i++) {
		if (!wanted(body, body->names[i]))
			continue;
		int at = entity_field(record->info, body->names[i]);
		enum err err;
		if (at < 0 || entity_field_right(ctx->actor, record->info, at) == RIGHT_HIDDEN)
			err = unknown(ctx, body->names[i]);
		else
			err = record_set_text(ctx, record, at, body->cells[row][i] ? body->cells[row][i] : "");
		if (err && err != ERR_INVALID)
			return err;
		first = first ? first : err;
	}
	return first;
}

static enum err from_object(struct ctx *ctx, const struct rest_body *body, json_t *object, struct record *record)
{
	const char *key;
	json_t *value;
	void *next;
	if (!json_is_object(object))
		return fail(ctx, ERR_INVALID, "", "not_an_object");
	if (body->columns)
		json_object_foreach_safe(object, next, key, value)
			if (!wanted(body, key))
				json_object_del(object, key);
	return record_read_json(ctx, record, object);
}

/* In an array the fault's field says which row: "[3].name". */
static void name_row(struct ctx *ctx, size_t first, size_t row)
{
	for (size_t i = first; i < ctx->faults.count; i++) {
		const char *field = arena_printf(ctx->arena, "[%zu]%s%s", row, *ctx->faults.list[i].field ? "." : "", ctx->faults.list[i].field);
		if (field)
			ctx->faults.list[i].field = field;
	}
}

void rest_body_name_row(struct ctx *ctx, const struct rest_body *body, size_t first, size_t row)
{
	if (body->array)
		name_row(ctx, first, row);
}

enum err rest_body_record(struct ctx *ctx, const struct rest_body *body, size_t row, const struct entity_info *info, struct record **ret)
{
	enum err err = record_new(ctx, info, ret);
	if (err)
		return err;
	if (!body->json)
		err = from_cells(ctx, body, row, *ret);
	else
		err = from_object(ctx, body, body->array ? json_array_get(body->json, row) : body->json, *ret);
	return err ? err : record_resolve(ctx, *ret);
}
