/* Records from and to the outside. */
#include <stdio.h>

#include "base/str.h"
#include "core/entity/record_internal.h"

/* Text from outside that the actor may not write: kept as it is, to be compared
 * with what they were shown. */
static enum err keep_raw(struct ctx *ctx, struct record *record, int at, const char *text)
{
	const char *copy = str_empty(text) ? NULL : arena_strdup(ctx->arena, text);
	if (!copy && !str_empty(text))
		return record_no_memory(ctx);
	record->values[at] = value_text(copy);
	record->set[at] = true;
	return OK;
}

static bool is_masked(const struct ctx *ctx, const struct record *record, int at)
{
	return entity_field_right(ctx->actor, record->info, at) == RIGHT_MASKED;
}

enum err record_set_text(struct ctx *ctx, struct record *record, int field, const char *text)
{
	const struct entity_info *info = record->info;
	if (field < 0 || (size_t)field >= info->n_fields)
		return fail(ctx, ERR_BUG, entity_name(info), "unknown_field");
	if (is_masked(ctx, record, field))
		return keep_raw(ctx, record, field, text);
	struct value value = value_null();
	enum err err = OK;
	if (info->fields[field]->type == FIELD_MONEY && entity_currency(info, field) >= 0)
		value = str_empty(text) ? value_null() : value_text(text);
	else
		err = field_parse(ctx, info, field, text, &value);
	if (err)
		return err;
	record->values[field] = value;
	record->set[field] = true;
	return OK;
}

enum err record_set_json(struct ctx *ctx, struct record *record, int at, const json_t *json)
{
	const struct entity_info *info = record->info;
	if (at < 0 || (size_t)at >= info->n_fields)
		return fail(ctx, ERR_BUG, entity_name(info), "unknown_field");
	if (is_masked(ctx, record, at) && json_is_string(json))
		return keep_raw(ctx, record, at, json_string_value(json));
	struct value value = value_null();
	enum err err = field_ops(info->fields[at]->type)->parse_json(ctx, info, at, json, &value);
	if (err)
		return err;
	record->values[at] = value;
	record->set[at] = true;
	return OK;
}

/* Keys come from outside: no more of one goes into the answer than helps. */
static enum err unknown_field(struct ctx *ctx, const char *key)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", key);
	return fail(ctx, ERR_INVALID, name, "unknown_field");
}

enum err record_read_json(struct ctx *ctx, struct record *record, const json_t *object)
{
	if (!json_is_object(object))
		return fail(ctx, ERR_INVALID, "", "not_an_object");
	const char *key;
	json_t *value;
	enum err first = OK;
	/* jansson's walk wants a writable object and does not write */
	json_t *walk = (json_t *)(uintptr_t)object;
	json_object_foreach(walk, key, value) {
		int at = entity_field(record->info, key);
		enum err err;
		if (at < 0 || entity_field_right(ctx->actor, record->info, at) == RIGHT_HIDDEN)
			err = unknown_field(ctx, key);
		else
			err = record_set_json(ctx, record, at, value);
		if (err && err != ERR_INVALID)
			return err;
		if (err && !first)
			first = err;
	}
	return first;
}

void record_write_json(struct ctx *ctx, const struct record *record, struct jsonw *w)
{
	jsonw_object(w);
	for (size_t i = 0; i < record->info->n_fields; i++) {
		if (!record->set[i])
			continue;
		jsonw_key(w, record->info->fields[i]->name);
		field_write_json(ctx->registry, record->info->fields[i], &record->values[i], record_currency(ctx, record, (int)i), w);
	}
	jsonw_end_object(w);
}
