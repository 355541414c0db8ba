/* What may stand in a plan: a member that nobody knows would be passed over in silence, and is a mistake. */
#include <string.h>

#include "core/exchange/plan.h"

static const char *const plan_members[] = {
	"name", "label", "text", "match", "main", "records", "file", "columns", "fill_down", "optional_columns", "keep_dates", "blank_clears", "again",
	"utc_offset", "time_zone", "country", "date_order", "number", "survey", "preset", "mapping", "mode", "key", "defaults", "entity",
	"values", "on_bad_value", "cells",
	"format", "encoding", "delimiter", "header_row", "sheet", NULL,
};
static const char *const file_members[] = {"format", "encoding", "delimiter", "header_row", "sheet", "again", NULL};
static const char *const record_members[] = {"as", "entity", "mode", "key", "whole_key", "key_guessed", "when", "only_new", "same_as", "fields", NULL};

static bool known(const char *const *names, const char *name)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void check(struct ctx *ctx, const json_t *json, const char *const *names, const char *path)
{
	json_t *object = json_is_object(json) ? json_incref((json_t *)(uintptr_t)json) : NULL;
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
		if (!known(names, name))
			fault_add(ctx, ERR_INVALID, path, "plan_member", arena_strdup(ctx->arena, name));
	json_decref(object);
}

enum err plan_check_members(struct ctx *ctx, const json_t *json)
{
	const json_t *record;
	size_t i;
	check(ctx, json, plan_members, "plan");
	check(ctx, json_object_get(json, "file"), file_members, "plan.file");
	json_array_foreach(json_object_get(json, "records"), i, record)
		check(ctx, record, record_members, "plan.records");
	return faults_code(ctx);
}
