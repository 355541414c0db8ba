/* Which columns there are, told beside a copy of the database, so that a restore makes them before the rows come. */
#include "core/custom/custom_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/str.h"

enum { COLUMNS_TEXT_MAX = 4 * 1024 * 1024 };

enum err custom_columns_json(struct ctx *ctx, const char **ret)
{
	struct custom_slot *slots;
	struct buf out;
	struct jsonw w;
	size_t n;
	*ret = NULL;
	enum err err = custom_read(ctx, &slots, &n);
	if (err || n == 0)
		return err;
	buf_init(&out, COLUMNS_TEXT_MAX);
	jsonw_init(&w, &out);
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_kv_text(&w, "entity", slots[i].entity);
		jsonw_kv_int(&w, "slot", slots[i].slot);
		jsonw_kv_text(&w, "column", slots[i].column);
		jsonw_kv_text(&w, "type", slots[i].type);
		jsonw_kv_text(&w, "link", slots[i].link);
		jsonw_kv_bool(&w, "unique", slots[i].def && slots[i].def->unique);
		jsonw_kv_bool(&w, "index", slots[i].def && slots[i].def->index);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	*ret = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- a stranger's word ------------------------------------------------------------------ */

/* "name__17", as this folder names them. */
static bool good_column(const char *column, int64_t slot)
{
	const char *mark = column ? strstr(column, "__") : NULL;
	int64_t number;
	if (!mark || strlen(column) > 63 || column[0] < 'a' || column[0] > 'z' || !str_to_i64(mark + 2, &number) || number != slot || slot < 1)
		return false;
	return strspn(column, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(column) && mark[2] != '0';
}

static const struct entity *named(const struct entity *const *list, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (str_equal(list[i]->name, name))
			return list[i];
	return NULL;
}

static bool read_slot(const json_t *one, const struct entity *const *list, size_t n, struct custom_slot *ret)
{
	const struct entity *entity = named(list, n, json_string_value(json_object_get(one, "entity")));
	const char *link = json_string_value(json_object_get(one, "link"));
	int64_t slot = json_integer_value(json_object_get(one, "slot"));
	*ret = (struct custom_slot){
		.entity = entity ? entity->name : NULL, .slot = (int)slot, .column = json_string_value(json_object_get(one, "column")),
		.type = json_string_value(json_object_get(one, "type")), .link = link ? link : "",
		.unique = json_is_true(json_object_get(one, "unique")), .index = json_is_true(json_object_get(one, "index")),
	};
	bool linked = ret->type && (str_equal(ret->type, "link") || str_equal(ret->type, "links"));
	return entity && ret->type && slot < INT32_MAX && good_column(ret->column, slot) && linked == (*ret->link != '\0') &&
	       (!linked || named(list, n, link));
}

enum err custom_columns_follow(struct ctx *ctx, struct registry *registry, const struct entity *const *list, size_t n, const char *text)
{
	const struct custom custom = {.list = list, .n = n};
	struct custom_list made = {0};
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t count = json_array_size(json);
	struct custom_slot *slots = arena_array(ctx->arena, count + 1, sizeof(*slots));
	enum err err = slots ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && i < count; i++)
		if (!read_slot(json_array_get(json, i), list, n, &slots[i]))
			err = fail_arg(ctx, ERR_INVALID, "", "backup_damaged", "columns.json");
	if (!err && count == 0)
		err = fail_arg(ctx, ERR_INVALID, "", "backup_damaged", "columns.json");
	if (!err)
		err = custom_build(ctx, &custom, slots, count, &made);
	if (!err)
		err = registry_follow(ctx, registry, made.list, made.n, made.keep, custom_list_drop);
	json_decref(json);
	if (err == ERR_BUG) { /* what cannot be a descriptor is the copy's fault */
		faults_clear(ctx);
		err = fail_arg(ctx, ERR_INVALID, "", "backup_damaged", "columns.json");
	}
	return err;
}
