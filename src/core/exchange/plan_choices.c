/* What a person decides beside where the columns go: what words of the file mean ("values"), what becomes of a value
 * that can't be taken ("on_bad_value"), and cells put right before the import ("cells"). They stand on the plan as a
 * whole, by "entity.field", so that they go with a preset, the short form and a written-out plan alike. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/import.h"

enum { WORDS_MAX = 2000 };

static const struct entity_info *path_entity(struct ctx *ctx, const char *path, const char **ret_field)
{
	const char *dot = strchr(path, '.');
	const char *name = dot != NULL ? arena_strndup(ctx->arena, path, (size_t)(dot - path)) : NULL;
	const struct entity_info *info = name != NULL ? registry_find(ctx->registry, name) : NULL;
	*ret_field = dot != NULL ? dot + 1 : "";
	return info != NULL && entity_field(info, *ret_field) >= 0 ? info : NULL;
}

/* Does `each` for every field of the plan that "entity.field" names; false: no such field in the plan. */
static bool for_path(struct ctx *ctx, struct plan *plan, const char *path, void (*each)(struct plan_record *r, struct plan_field *f, const void *arg), const void *arg)
{
	const char *name;
	const struct entity_info *info = path_entity(ctx, path, &name);
	bool any = false;
	for (size_t i = 0; info != NULL && i < plan->n_records; i++)
		for (size_t k = 0; k < plan->records[i].n_fields; k++) {
			struct plan_record *r = &plan->records[i];
			if (r->info != info || !str_equal(info->fields[r->fields[k].at]->name, name))
				continue;
			each(r, &r->fields[k], arg);
			any = true;
		}
	return any;
}

/* --- "values": {"customer.gender": {"M": "male", "男": "male"}} ------------------- */

static void take_words(struct plan_record *r, struct plan_field *f, const void *arg)
{
	(void)r;
	if (f->value.source != PLAN_CONSTANT)
		f->value.values = arg;
}

static enum err compile_words(struct ctx *ctx, json_t *map, const char *path, struct plan_words **ret)
{
	const char *from;
	json_t *to;
	size_t n = json_object_size(map);
	struct plan_words *words = arena_alloc(ctx->arena, sizeof(*words));
	const char **froms = arena_array(ctx->arena, n + 1, sizeof(*froms)), **tos = arena_array(ctx->arena, n + 1, sizeof(*tos));
	*ret = words;
	if (words == NULL || froms == NULL || tos == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!json_is_object(map) || n > WORDS_MAX)
		return fail_arg(ctx, ERR_INVALID, "plan.values", "plan_map", path);
	json_object_foreach(map, from, to) {
		if (!json_is_string(to))
			return fail_arg(ctx, ERR_INVALID, "plan.values", "plan_map", path);
		froms[words->n] = arena_strdup(ctx->arena, from);
		tos[words->n] = arena_strdup(ctx->arena, json_string_value(to));
		if (froms[words->n] == NULL || tos[words->n] == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		words->n++;
	}
	words->from = froms;
	words->to = tos;
	return OK;
}

static enum err compile_values(struct ctx *ctx, json_t *values, struct plan *plan)
{
	const char *path;
	json_t *map;
	if (values != NULL && !json_is_object(values))
		return fail(ctx, ERR_INVALID, "plan.values", "plan_map");
	json_object_foreach(values, path, map) {
		struct plan_words *words = NULL;
		enum err err = compile_words(ctx, map, path, &words);
		if (err != OK)
			return err;
		if (!for_path(ctx, plan, path, take_words, words))
			return fail_arg(ctx, ERR_INVALID, "plan.values", "plan_choice_unused", arena_strdup(ctx->arena, path));
	}
	return OK;
}

/* --- "on_bad_value": "empty", or {"customer.birthday": "empty", "*": "refuse"} ------ */

/* What a record can't be without, and what tells it from others, is never left out. */
static bool can_be_left(const struct plan_record *r, const struct plan_field *f)
{
	const struct field *field = r->info->fields[f->at];
	if ((field->flags & F_REQUIRED) && field->fallback == NULL)
		return false;
	for (size_t i = 0; i < r->n_keys; i++)
		if (&r->fields[r->keys[i]] == f)
			return false;
	return f->value.source != PLAN_RECORD && f->value.source != PLAN_COUNTER && f->value.source != PLAN_CONSTANT;
}

static void set_leaving(struct plan_record *r, struct plan_field *f, const void *arg)
{
	f->leave_bad = *(const bool *)arg && can_be_left(r, f);
}

static bool bad_word(const json_t *json, bool *ret)
{
	const char *word = json_string_value(json);
	*ret = str_equal(word, "empty");
	return *ret || str_equal(word, "refuse");
}

static enum err compile_bad(struct ctx *ctx, json_t *json, struct plan *plan)
{
	const char *path;
	json_t *one, *rest = json_is_object(json) ? json_object_get(json, "*") : json;
	bool leave = false;
	if (json == NULL)
		return OK;
	if (rest != NULL && !bad_word(rest, &leave))
		return fail(ctx, ERR_INVALID, "plan.on_bad_value", "plan_bad_value");
	for (size_t i = 0; i < plan->n_records; i++)
		for (size_t k = 0; k < plan->records[i].n_fields; k++)
			set_leaving(&plan->records[i], &plan->records[i].fields[k], &leave);
	json_object_foreach(json_is_object(json) ? json : NULL, path, one) {
		if (strcmp(path, "*") == 0)
			continue;
		if (!bad_word(one, &leave))
			return fail(ctx, ERR_INVALID, "plan.on_bad_value", "plan_bad_value");
		if (!for_path(ctx, plan, path, set_leaving, &leave))
			return fail_arg(ctx, ERR_INVALID, "plan.on_bad_value", "plan_choice_unused", arena_strdup(ctx->arena, path));
	}
	return OK;
}

/* --- "cells": [{"row": 3, "column": 2, "value": "male"}] ----------------------------- */

static int by_place(const void *a, const void *b)
{
	const struct plan_fix *x = a, *y = b;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

static bool is_cell(const struct plan *plan, const json_t *one)
{
	const json_t *row = json_object_get(one, "row"), *column = json_object_get(one, "column"), *value = json_object_get(one, "value");
	if (!json_is_integer(row) || !json_is_integer(column) || !json_is_string(value))
		return false;
	json_int_t at = json_integer_value(column);
	return json_integer_value(row) > 0 && at >= 0 && at < (json_int_t)plan->columns->n && json_string_length(value) <= TABLE_CELL_MAX;
}

static enum err compile_cells(struct ctx *ctx, const json_t *list, struct plan *plan)
{
	const json_t *one;
	size_t i, n = json_array_size(list);
	if (list != NULL && (!json_is_array(list) || n > PLAN_FIXES_MAX))
		return fail(ctx, ERR_INVALID, "plan.cells", "plan_cells");
	plan->fixes = n > 0 ? arena_array(ctx->arena, n, sizeof(*plan->fixes)) : NULL;
	if (n > 0 && plan->fixes == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	json_array_foreach(list, i, one) {
		if (!is_cell(plan, one))
			return fail(ctx, ERR_INVALID, "plan.cells", "plan_cells");
		struct plan_fix *fix = &plan->fixes[plan->n_fixes++];
		*fix = (struct plan_fix){json_integer_value(json_object_get(one, "row")), (int)json_integer_value(json_object_get(one, "column")),
		                         arena_strdup(ctx->arena, json_string_value(json_object_get(one, "value")))};
		if (fix->text == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (n > 1)
		qsort(plan->fixes, n, sizeof(*plan->fixes), by_place);
	return OK;
}

/* The first correction of the row; n_fixes: none. */
static size_t first_fix(const struct plan *plan, int64_t row)
{
	size_t low = 0, high = plan->n_fixes;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (plan->fixes[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < plan->n_fixes && plan->fixes[low].row == row ? low : plan->n_fixes;
}

enum err plan_fix_row(struct ctx *ctx, const struct plan *plan, const struct table_row *row, struct table_row *ret)
{
	size_t at = plan->n_fixes > 0 ? first_fix(plan, row->number) : 0;
	*ret = *row;
	if (at == plan->n_fixes || row->problem != NULL)
		return OK;
	size_t width = row->n > plan->columns->n ? row->n : plan->columns->n;
	struct cell *cells = arena_array(ctx->arena, width + 1, sizeof(*cells));
	if (cells == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < width; i++)
		cells[i] = i < row->n ? row->cells[i] : (struct cell){"", 0, CELL_EMPTY};
	for (; at < plan->n_fixes && plan->fixes[at].row == row->number; at++) {
		const char *text = plan->fixes[at].text;
		cells[plan->fixes[at].column] = (struct cell){text, strlen(text), text[0] != '\0' ? CELL_TEXT : CELL_EMPTY};
	}
	ret->cells = cells;
	ret->n = width;
	return OK;
}

enum err plan_choices_compile(struct ctx *ctx, const json_t *json, struct plan *plan)
{
	enum err err = compile_values(ctx, json_object_get(json, "values"), plan);
	if (err == OK)
		err = compile_bad(ctx, json_object_get(json, "on_bad_value"), plan);
	return err == OK ? compile_cells(ctx, json_object_get(json, "cells"), plan) : err;
}

/* --- values left out ------------------------------------------------------------------ */

static struct plan_field *field_named(const struct plan_record *r, const char *name, size_t *ret_at)
{
	for (size_t i = 0; name != NULL && i < r->n_fields; i++)
		if (str_equal(r->info->fields[r->fields[i].at]->name, name)) {
			*ret_at = i;
			return &r->fields[i];
		}
	return NULL;
}

/* Another record has this value: leaving it out would make one that is told apart from nobody. */
static bool may_leave(const struct plan_record *r, const struct ready_record *ready, const struct fault *fault, size_t *ret_at)
{
	const struct plan_field *f = field_named(r, fault->field, ret_at);
	return f != NULL && f->leave_bad && !str_equal(fault->key, "unique") && ready->values != NULL && ready->values[*ret_at].kind != VALUE_NULL;
}

bool import_leave_bad(struct ctx *ctx, struct arena *arena, const struct plan *plan, size_t record, struct ready_row *row)
{
	const struct plan_record *r = &plan->records[record];
	struct ready_record *ready = row->records != NULL ? &row->records[record] : NULL;
	size_t n = ctx->faults.count, at = 0;
	bool all = n > 0 && ready != NULL && ready->active;
	for (size_t i = 0; all && i < n; i++)
		all = may_leave(r, ready, &ctx->faults.list[i], &at);
	for (size_t i = 0; all && i < n; i++) {
		const struct fault *f = &ctx->faults.list[i];
		const struct fault copy = {arena_strdup(arena, f->field), arena_strdup(arena, f->key), f->arg != NULL ? arena_strdup(arena, f->arg) : NULL};
		(void)field_named(r, f->field, &at);
		all = copy.field != NULL && copy.key != NULL && import_leave_value(arena, plan, record, at, &copy, row);
	}
	if (all)
		faults_clear(ctx);
	return all;
}

bool import_leave_value(struct arena *arena, const struct plan *plan, size_t record, size_t at, const struct fault *fault, struct ready_row *row)
{
	const struct plan_record *r = &plan->records[record];
	struct ready_record *ready = &row->records[record];
	if (row->left == NULL)
		row->left = arena_array(arena, IMPORT_FAULTS_MAX, sizeof(*row->left));
	if (ready->left == NULL)
		ready->left = arena_array(arena, r->n_fields + 1, sizeof(*ready->left));
	if (row->left == NULL || ready->left == NULL)
		return false;
	if (row->n_left < IMPORT_FAULTS_MAX)
		row->left[row->n_left++] = (struct import_fault){ERR_INVALID, r->info->entity->name, fault->field, fault->key, fault->arg, r->fields[at].value.column};
	ready->values[at] = value_null();
	ready->left[at] = true;
	return true;
}
