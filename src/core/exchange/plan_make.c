/* Plans for a file: from a preset, a JSON file, the wizard's answers, or guessed. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"

enum { SAMPLE_MAX = 300, MAP_FILE_MAX = PLAN_TEXT_MAX };

enum err import_sample(struct ctx *ctx, struct table *table, size_t most, struct table_row **ret, size_t *ret_n)
{
	struct table_row *rows = arena_array(ctx->arena, most, sizeof(*rows));
	size_t n = 0, bytes = 0;
	if (rows == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	while (n < most && bytes < (4u << 20)) {
		struct table_row row;
		bool more = false;
		enum err err = table_next(ctx, table, &row, &more);
		if (err != OK)
			return err;
		if (!more)
			break;
		struct cell *cells = arena_array(ctx->arena, row.n + 1, sizeof(*cells));
		for (size_t i = 0; cells != NULL && i < row.n; i++) {
			cells[i] = row.cells[i];
			cells[i].text = arena_strndup(ctx->arena, row.cells[i].text, row.cells[i].len);
			bytes += row.cells[i].len;
			if (cells[i].text == NULL)
				return fail(ctx, ERR_LIMIT, "", "memory");
		}
		if (cells == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		rows[n] = row;
		rows[n++].cells = cells;
	}
	*ret = rows;
	*ret_n = n;
	return OK;
}

/* --- where plans come from -------------------------------------------------------- */

static enum err read_map(struct ctx *ctx, const char *path, json_t **ret)
{
	FILE *file = fopen(path, "re");
	char *text = arena_alloc(ctx->arena, MAP_FILE_MAX + 1);
	if (file == NULL || text == NULL) {
		if (file != NULL)
			(void)fclose(file);
		return fail_arg(ctx, ERR_INVALID, "map", "file_unreadable", path);
	}
	size_t n = fread(text, 1, MAP_FILE_MAX, file);
	bool whole = feof(file) != 0 && !ferror(file);
	(void)fclose(file);
	text[n] = '\0';
	return whole ? plan_parse(ctx, text, ret) : fail(ctx, ERR_LIMIT, "map", "too_large");
}

static enum err open_with(struct ctx *ctx, const char *path, const json_t *plan, struct table **ret)
{
	struct table_options options = {.header_row = HEADER_DETECT};
	enum err err = plan != NULL ? plan_file_options(ctx, plan, &options) : OK;
	return err == OK ? table_open_new(ctx, path, &options, ret) : err;
}

static enum err parse_preset(struct ctx *ctx, const char *name, json_t **ret)
{
	const char *text = preset_text(name);
	return text != NULL ? plan_parse(ctx, text, ret) : fail_arg(ctx, ERR_INVALID, "preset", "preset_unknown", name);
}

static enum err guess_plan(struct ctx *ctx, struct table *table, const char *entity, json_t **ret)
{
	const struct table_info *info = table_info(table);
	struct plan_columns columns = {info->columns, info->n_columns};
	const struct entity_info *wanted = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	struct import_guess *guesses = arena_array(ctx->arena, columns.n + 1, sizeof(*guesses));
	struct table_row *rows = NULL;
	json_t *simple = NULL;
	size_t n = 0;
	if (entity != NULL && wanted == NULL)
		return fail_arg(ctx, ERR_INVALID, "entity", "plan_entity", entity);
	if (guesses == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = import_sample(ctx, table, SAMPLE_MAX, &rows, &n);
	if (err == OK)
		err = import_guess_columns(ctx, &columns, rows, n, wanted, guesses);
	if (err == OK)
		err = import_guess_plan(ctx, &columns, guesses, &simple);
	if (err == OK && json_array_size(json_object_get(simple, "mapping")) == 0)
		err = fail(ctx, ERR_INVALID, "file", "import_no_guess");
	if (err == OK)
		err = plan_expand(ctx, simple, &columns, ret);
	json_decref(simple);
	return err;
}

/* A preset's family name stands for the one of it that fits the file. */
static enum err preset_plan(struct ctx *ctx, const char *path, const char *name, json_t **ret, const char **ret_name)
{
	struct table *table = NULL;
	*ret_name = name;
	if (preset_text(name) == NULL) {
		enum err err = open_with(ctx, path, NULL, &table);
		if (err != OK)
			return err;
		const struct table_info *info = table_info(table);
		const char *fitting = preset_matching(&(struct plan_columns){info->columns, info->n_columns}, name);
		table_free(table);
		table = NULL;
		if (fitting != NULL)
			*ret_name = fitting;
	}
	return parse_preset(ctx, *ret_name, ret);
}

/* The wizard's short form in a file is made whole; then all rows are looked at. */
static enum err settle(struct ctx *ctx, const char *path, json_t **json)
{
	struct table *table = NULL;
	json_t *whole = NULL;
	enum err err = open_with(ctx, path, *json, &table);
	if (err == OK && json_object_get(*json, "records") == NULL && json_object_get(*json, "mapping") != NULL) {
		const struct table_info *info = table_info(table);
		err = plan_check_members(ctx, *json);
		if (err == OK)
			err = plan_expand(ctx, *json, &(struct plan_columns){info->columns, info->n_columns}, &whole);
		if (err == OK) {
			json_decref(*json);
			*json = whole;
		}
	}
	if (err == OK)
		err = import_settle_plan(ctx, table, *json);
	table_free(table);
	return err;
}

static void set_rate(json_t *plan, const char *rate)
{
	json_t *record;
	size_t i;
	json_array_foreach(json_object_get(plan, "records"), i, record) {
		json_t *fields = json_object_get(record, "fields");
		if (str_equal(json_string_value(json_object_get(record, "entity")), "order") && json_object_get(fields, "fx_rate") == NULL)
			(void)json_object_set_new(fields, "fx_rate", json_pack("{s:s}", "value", rate));
	}
}

/* What the request says beside the plan. */
static void set_wishes(json_t *plan, const struct import_request *request)
{
	const struct {
		const char *member, *value;
	} said[] = {{"on_bad_value", request->bad}, {"time_zone", request->zone}, {"date_order", request->dates}, {"number", request->number}, {"country", request->country}};
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (said[i].value != NULL)
			(void)json_object_set_new(plan, said[i].member, json_string(said[i].value));
	if (request->rate != NULL)
		set_rate(plan, request->rate);
}

enum err import_make_plan(struct ctx *ctx, const char *path, const struct import_request *request, json_t **ret, const char **ret_preset)
{
	struct table *table = NULL;
	*ret = NULL;
	*ret_preset = NULL;
	enum err err;
	if (request->preset != NULL) {
		err = preset_plan(ctx, path, request->preset, ret, ret_preset);
	} else if (request->map_path != NULL) {
		err = read_map(ctx, request->map_path, ret);
	} else {
		err = open_with(ctx, path, NULL, &table);
		const struct table_info *info = err == OK ? table_info(table) : NULL;
		const char *fitting = info != NULL && request->entity == NULL ? preset_matching(&(struct plan_columns){info->columns, info->n_columns}, NULL) : NULL;
		if (err == OK && fitting != NULL) {
			err = preset_plan(ctx, path, fitting, ret, ret_preset);
		} else if (err == OK) {
			err = guess_plan(ctx, table, request->entity, ret);
		}
		table_free(table);
	}
	if (err == OK)
		set_wishes(*ret, request);
	if (err == OK)
		err = settle(ctx, path, ret);
	if (err == OK && request->again)
		(void)json_object_set_new(*ret, "again", json_true());
	if (err != OK) {
		json_decref(*ret);
		*ret = NULL;
	}
	return err;
}
