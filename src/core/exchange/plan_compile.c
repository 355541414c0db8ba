/* A plan's JSON to struct plan: records, keys, file options. plan_value.c does single values. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"
#include "core/text/text.h"

enum err plan_parse(struct ctx *ctx, const char *text, json_t **ret)
{
	json_error_t error;
	*ret = NULL;
	if (strlen(text) > PLAN_TEXT_MAX)
		return fail(ctx, ERR_LIMIT, "plan", "too_large");
	*ret = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (*ret == NULL)
		return fail_arg(ctx, ERR_INVALID, "plan", "plan_not_json", arena_printf(ctx->arena, "%d", error.line));
	if (!json_is_object(*ret)) {
		json_decref(*ret);
		*ret = NULL;
		return fail_arg(ctx, ERR_INVALID, "plan", "plan_not_json", "1");
	}
	return OK;
}

static const char *text_of(struct ctx *ctx, const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

enum err plan_file_options(struct ctx *ctx, const json_t *json, struct table_options *ret)
{
	const json_t *file = json_object_get(json, "file");
	if (!json_is_object(file))
		file = json; /* the wizard's form has them beside the mapping */
	*ret = (struct table_options){
		.encoding = text_of(ctx, file, "encoding"),
		.sheet = text_of(ctx, file, "sheet"),
		.header_row = HEADER_DETECT,
	};
	const char *format = json_string_value(json_object_get(file, "format"));
	ret->format = file_format_named(format);
	if (format != NULL && ret->format == FILE_DETECT)
		return fail_arg(ctx, ERR_INVALID, "format", "not_allowed", format);
	const char *delimiter = json_string_value(json_object_get(file, "delimiter"));
	if (delimiter != NULL && strlen(delimiter) != 1)
		return fail(ctx, ERR_INVALID, "delimiter", "not_allowed");
	ret->delimiter = delimiter != NULL ? delimiter[0] : '\0';
	if (format != NULL && strcmp(format, "tsv") == 0 && ret->delimiter == '\0')
		ret->delimiter = '\t';
	const json_t *header = json_object_get(file, "header_row");
	if (json_is_false(header))
		ret->header_row = 0;
	else if (json_is_integer(header) && json_integer_value(header) >= 0 && json_integer_value(header) <= 1000)
		ret->header_row = (int)json_integer_value(header);
	return OK;
}

int plan_find_column(const struct plan_columns *columns, const char *name)
{
	int64_t number;
	for (size_t i = 0; i < columns->n; i++)
		if (strcmp(columns->names[i], name) == 0)
			return (int)i;
	for (size_t i = 0; i < columns->n; i++)
		if (strcasecmp(columns->names[i], name) == 0)
			return (int)i;
	if (name[0] == '#' && str_to_i64(name + 1, &number) && number >= 1 && number <= TABLE_COLUMNS_MAX)
		return (int)number - 1;
	return -1;
}

enum err plan_column(struct plan_making *m, const json_t *json, int *ret)
{
	*ret = -1;
	if (json_is_integer(json) && json_integer_value(json) >= 1 && json_integer_value(json) <= TABLE_COLUMNS_MAX) {
		*ret = (int)json_integer_value(json) - 1;
		return OK;
	}
	const char *name = json_string_value(json);
	if (name == NULL)
		return fail(m->ctx, ERR_INVALID, m->path, "plan_column");
	*ret = plan_find_column(m->columns, name);
	if (*ret < 0 && !m->plan->optional_columns)
		fault_add(m->ctx, ERR_INVALID, m->path, "plan_no_column", name);
	return OK;
}

/* --- records ----------------------------------------------------------- */

static const char *const modes[] = {"create", "update", "upsert", "keep", "find"};

static bool mode_named(const char *name, enum plan_mode *ret)
{
	for (size_t i = 0; name != NULL && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], name) == 0) {
			*ret = (enum plan_mode)i;
			return true;
		}
	return false;
}

/* A column that the file does not have, where that is allowed, leaves the record out. */
static void compile_key(struct plan_making *m, const json_t *json, const char *name, struct plan_record *r)
{
	int at = name != NULL ? entity_field(r->info, name) : -1, found = -1;
	for (size_t f = 0; at >= 0 && f < r->n_fields; f++)
		if (r->fields[f].at == at)
			found = (int)f;
	if (found >= 0)
		r->keys[r->n_keys++] = found;
	else if (at >= 0 && m->plan->optional_columns && json_object_get(json_object_get(json, "fields"), name) != NULL)
		r->absent = true;
	else
		fault_add(m->ctx, ERR_INVALID, m->path, "plan_key_unmapped", name);
}

static enum err compile_keys(struct plan_making *m, const json_t *json, struct plan_record *r)
{
	const json_t *keys = json_object_get(json, "key"), *key;
	size_t i;
	const char *path = m->path;
	m->path = arena_printf(m->ctx->arena, "%s.key", path);
	if (keys != NULL && (!json_is_array(keys) || json_array_size(keys) > PLAN_KEYS_MAX))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_key");
	json_array_foreach(keys, i, key) {
		compile_key(m, json, json_string_value(key), r);
	}
	if (r->n_keys == 0 && !r->absent && r->n_same_as == 0 && r->mode != PLAN_CREATE)
		fault_add(m->ctx, ERR_INVALID, m->path, "plan_key_needed", r->as);
	m->path = path;
	return OK;
}

/* Secrets and what the program keeps can't come from a file; created_at and created_by may if wanted. */
static bool importable(const struct plan *plan, const struct entity_info *info, int at)
{
	if (at == SF_CREATED_AT || at == SF_CREATED_BY)
		return plan->keep_dates;
	return at >= SF_COUNT && !(info->fields[at]->flags & (F_SECRET | F_READONLY));
}

static enum err compile_field(struct plan_making *m, const char *name, const json_t *json, struct plan_record *r)
{
	int at = entity_field(r->info, name);
	const char *path = m->path;
	if (at < 0 || entity_field_right(m->ctx->actor, r->info, at) == RIGHT_HIDDEN) {
		fault_add(m->ctx, ERR_INVALID, path, "unknown_field", name);
		return OK;
	}
	m->path = arena_printf(m->ctx->arena, "%s.%s", path, name);
	if (!importable(m->plan, r->info, at))
		fault_add(m->ctx, ERR_INVALID, m->path, "plan_readonly", name);
	struct plan_field *field = &r->fields[r->n_fields];
	field->at = at;
	enum err err = plan_value_compile(m, json, r->info, at, &field->value);
	if (r->info->fields[at]->type == FIELD_CODE && strcmp(name, "country") == 0)
		field->value.countries = true;
	/* A column that the file does not have, where that is allowed: the field is left out. */
	bool absent = field->value.source == PLAN_COLUMN && field->value.column < 0 && field->value.otherwise == NULL;
	r->phones |= r->info->fields[at]->type == FIELD_PHONE || r->info->fields[at]->kind_field != NULL;
	if (err == OK && !absent)
		r->n_fields++;
	m->path = path;
	return err;
}

/* A birthday without a year has a month and a day: fields of their own, filled from its column. */
static void add_partials(struct plan_making *m, struct plan_record *r)
{
	static const struct {
		const char *name;
		enum plan_source source;
	} parts[] = {{"birth_month", PLAN_MONTH}, {"birth_day", PLAN_DAY}};
	int birthday = entity_field(r->info, "birthday");
	const struct plan_value *from = NULL;
	for (size_t i = 0; birthday >= 0 && i < r->n_fields; i++)
		if (r->fields[i].at == birthday && r->fields[i].value.source == PLAN_COLUMN)
			from = &r->fields[i].value;
	for (size_t k = 0; from != NULL && k < sizeof(parts) / sizeof(parts[0]); k++) {
		int at = entity_field(r->info, parts[k].name);
		bool free = at >= 0 && entity_field_right(m->ctx->actor, r->info, at) == RIGHT_WRITE;
		for (size_t i = 0; i < r->n_fields; i++)
			free &= r->fields[i].at != at;
		if (!free)
			continue;
		struct plan_field *field = &r->fields[r->n_fields++];
		*field = (struct plan_field){.at = at, .value = *from};
		field->value.source = parts[k].source;
	}
}

static enum err compile_fields(struct plan_making *m, const json_t *json, struct plan_record *r)
{
	json_t *fields = json_object_get(json, "fields"), *value;
	const char *name;
	if (!json_is_object(fields) || json_object_size(fields) == 0 || json_object_size(fields) > PLAN_FIELDS_MAX)
		return fail(m->ctx, ERR_INVALID, m->path, "plan_fields");
	r->fields = arena_array(m->ctx->arena, json_object_size(fields) + 2, sizeof(*r->fields));
	if (r->fields == NULL)
		return fail(m->ctx, ERR_LIMIT, "", "memory");
	const char *path = m->path;
	m->path = arena_printf(m->ctx->arena, "%s.fields", path);
	json_object_foreach(fields, name, value) {
		enum err err = compile_field(m, name, value, r);
		if (err != OK)
			return err;
	}
	m->path = path;
	add_partials(m, r);
	if (r->n_fields == 0 && m->plan->optional_columns)
		r->absent = true;
	else if (r->n_fields == 0)
		fault_add(m->ctx, ERR_INVALID, path, "plan_fields", NULL);
	return OK;
}

/* "only_new": "order": lines are not added again to an order that an earlier file brought. */
static enum err compile_only_new(struct plan_making *m, const json_t *json, struct plan_record *r)
{
	const char *as = json_string_value(json_object_get(json, "only_new"));
	for (size_t i = 0; as != NULL && i < m->n_as; i++)
		if (strcmp(m->as[i], as) == 0)
			r->only_new = (int)i;
	if (as != NULL && r->only_new < 0)
		return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_no_record", as);
	if (as != NULL)
		m->plan->records[r->only_new].watched = true;
	return OK;
}

/* The field by which records of one kind link to another; -1: none. */
int plan_link_to(const struct entity_info *from, const struct entity_info *to)
{
	for (int at = SF_COUNT; at < (int)from->n_fields; at++)
		if (from->fields[at]->type == FIELD_LINK && entity_link(from, at) == to)
			return at;
	return -1;
}

/* "same_as": ["by_id", "by_phone"]: what one of these records found is this one, be it itself or what it links to. */
static enum err compile_same_as(struct plan_making *m, const json_t *json, struct plan_record *r)
{
	const json_t *list = json_object_get(json, "same_as"), *name;
	size_t i;
	if (json_array_size(list) > PLAN_SAME_MAX)
		return fail(m->ctx, ERR_INVALID, m->path, "plan_records");
	json_array_foreach(list, i, name) {
		const char *as = json_string_value(name);
		int found = -1;
		for (size_t k = 0; as != NULL && k < m->n_as; k++)
			if (strcmp(m->as[k], as) == 0)
				found = (int)k;
		if (found < 0)
			return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_no_record", as);
		const struct entity_info *other = m->plan->records[found].info;
		if (other != r->info && plan_link_to(other, r->info) < 0)
			return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_link", as);
		r->same_as[r->n_same_as++] = found;
	}
	return OK;
}

static enum err compile_record(struct plan_making *m, const json_t *json, struct plan_record *r)
{
	struct ctx *ctx = m->ctx;
	const char *entity = json_string_value(json_object_get(json, "entity"));
	const char *mode = json_string_value(json_object_get(json, "mode"));
	r->info = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	r->counted = r->only_new = -1;
	r->mode = PLAN_CREATE;
	r->whole_key = json_is_true(json_object_get(json, "whole_key"));
	if (r->info == NULL || (r->info->entity->flags & (E_INTERNAL | E_NO_API_WRITE)))
		return fail_arg(ctx, ERR_INVALID, m->path, "plan_entity", entity);
	r->as = m->as[r - m->plan->records];
	if (mode != NULL && !mode_named(mode, &r->mode))
		fault_add(ctx, ERR_INVALID, m->path, "plan_mode", mode);
	enum err err = compile_only_new(m, json, r);
	if (err == OK)
		err = compile_same_as(m, json, r);
	if (err == OK)
		err = plan_conditions_compile(m, json_object_get(json, "when"), &r->when, &r->n_when);
	if (err == OK)
		err = compile_fields(m, json, r);
	if (err == OK)
		err = compile_keys(m, json, r);
	return err;
}

static enum err compile_records(struct plan_making *m, const json_t *json)
{
	const json_t *records = json_object_get(json, "records"), *record;
	size_t n = json_array_size(records), i;
	struct ctx *ctx = m->ctx;
	if (n == 0 || n > PLAN_RECORDS_MAX)
		return fail(ctx, ERR_INVALID, "plan.records", "plan_records");
	const char **as = arena_array(ctx->arena, n, sizeof(*as));
	m->plan->records = arena_array(ctx->arena, n, sizeof(*m->plan->records));
	if (as == NULL || m->plan->records == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	m->as = as;
	json_array_foreach(records, i, record) {
		as[i] = text_of(ctx, record, "as");
		if (as[i] == NULL)
			as[i] = text_of(ctx, record, "entity");
		if (as[i] == NULL)
			as[i] = "";
	}
	json_array_foreach(records, i, record) {
		m->n_as = i; /* only records before this one can be referred to */
		m->path = arena_printf(ctx->arena, "plan.%s", as[i]);
		m->plan->n_records = i + 1;
		enum err err = compile_record(m, record, &m->plan->records[i]);
		if (err != OK)
			return err;
	}
	return OK;
}

/* "main": the record whose outcome counts as the row's; the last one if not said. */
static void find_main(struct plan_making *m, const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "main"));
	m->plan->main = m->plan->n_records - 1;
	for (size_t i = 0; name != NULL && i < m->plan->n_records; i++)
		if (strcmp(m->as[i], name) == 0)
			m->plan->main = i;
}

/* --- the whole --------------------------------------------------------- */

static enum err compile_fill_down(struct plan_making *m, const json_t *json)
{
	const json_t *list = json_object_get(json, "fill_down"), *name;
	size_t i, n = json_array_size(list);
	if (n == 0)
		return OK;
	m->path = "plan.fill_down";
	m->plan->fill_down = arena_array(m->ctx->arena, n, sizeof(int));
	if (m->plan->fill_down == NULL)
		return fail(m->ctx, ERR_LIMIT, "", "memory");
	json_array_foreach(list, i, name) {
		int column;
		enum err err = plan_column(m, name, &column);
		if (err != OK)
			return err;
		if (column >= 0)
			m->plan->fill_down[m->plan->n_fill_down++] = column;
	}
	return OK;
}

/* "+08:00" in minutes; 0 for none. */
static bool offset_of(const char *text, int *ret)
{
	int hours, minutes;
	char sign, rest;
	if (sscanf(text, "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3 || (sign != '+' && sign != '-') || hours < 0 ||
	    hours > 14 || minutes < 0 || minutes > 59)
		return false;
	*ret = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	return true;
}

/* One of the words, or a fault. */
static int compile_word(struct ctx *ctx, const json_t *json, const char *name, const char *const *words, size_t n, const char *key)
{
	const json_t *given = json_object_get(json, name);
	const char *text = json_string_value(given);
	for (size_t i = 0; text != NULL && i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return (int)i;
	if (given != NULL && !json_is_null(given))
		fault_add(ctx, ERR_INVALID, arena_printf(ctx->arena, "plan.%s", name), key, text);
	return 0;
}

static const char *compile_country(struct ctx *ctx, const json_t *country)
{
	const char *given = json_string_value(country), *code = NULL;
	if (country == NULL || json_is_null(country))
		return NULL;
	if (given == NULL || convert_country(ctx, given, &code) != OK || strlen(code) != 2) {
		fault_add(ctx, ERR_INVALID, "plan.country", "plan_country", given);
		return NULL;
	}
	return convert_case(ctx, code, true);
}

static bool given(const json_t *json)
{
	return json != NULL && !json_is_null(json);
}

/* Where times without a zone, and phones without a country, are. */
static void compile_place(struct ctx *ctx, const json_t *json, struct plan *plan)
{
	const json_t *offset = json_object_get(json, "utc_offset"), *zone = json_object_get(json, "time_zone");
	if (given(zone)) {
		plan->zone_name = text_of(ctx, json, "time_zone");
		if (plan->zone_name == NULL || !text_zone_known(plan->zone_name))
			fault_add(ctx, ERR_INVALID, "plan.time_zone", "plan_zone", plan->zone_name);
	} else if (given(offset)) {
		const char *text = json_string_value(offset);
		if (text == NULL || !offset_of(text, &plan->utc_offset_min))
			fault_add(ctx, ERR_INVALID, "plan.utc_offset", "plan_offset", text);
	} else {
		plan->zone_name = import_firm_zone(ctx);
	}
	plan->country = compile_country(ctx, json_object_get(json, "country"));
}

static void compile_switches(struct ctx *ctx, const json_t *json, struct plan *plan)
{
	static const char *const orders[] = {"auto", "YMD", "DMY", "MDY"}, *const marks[] = {"auto", "point", "comma"};
	plan->keep_dates = json_is_true(json_object_get(json, "keep_dates"));
	if (plan->keep_dates && !gate_cap(ctx->actor, CAP_ADMIN))
		fault_add(ctx, ERR_FORBIDDEN, "plan.keep_dates", "plan_keep_dates", NULL);
	plan->blank_clears = json_is_true(json_object_get(json, "blank_clears"));
	plan->optional_columns = json_is_true(json_object_get(json, "optional_columns"));
	plan->again = json_is_true(json_object_get(json, "again"));
	plan->dates = (enum date_order)compile_word(ctx, json, "date_order", orders, 4, "plan_date");
	plan->mark = (enum number_mark)compile_word(ctx, json, "number", marks, 3, "plan_number");
	compile_place(ctx, json, plan);
}

/* Column names of a file without a header stand in the plan. */
static enum err named_columns(struct ctx *ctx, const json_t *json, const struct plan_columns *file, struct plan_columns *ret)
{
	const json_t *list = json_object_get(json, "columns"), *name, *one;
	size_t i;
	/* Several lists: the one as wide as the file. */
	if (json_is_array(json_array_get(list, 0)))
		json_array_foreach(list, i, one) {
			if (json_array_size(one) == file->n || i + 1 == json_array_size(list)) {
				list = one;
				break;
			}
		}
	size_t n = json_array_size(list);
	*ret = *file;
	if (n == 0)
		return OK;
	const char **names = arena_array(ctx->arena, n > file->n ? n : file->n, sizeof(*names));
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (i = 0; i < file->n; i++)
		names[i] = file->names[i];
	json_array_foreach(list, i, name) {
		if (i >= file->n || file->names[i][0] == '\0')
			names[i] = json_is_string(name) ? arena_strdup(ctx->arena, json_string_value(name)) : "";
		if (names[i] == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	*ret = (struct plan_columns){names, n > file->n ? n : file->n};
	return OK;
}

static enum err keep_columns(struct ctx *ctx, const struct plan_columns *columns, struct plan *plan)
{
	struct plan_columns *copy = arena_alloc(ctx->arena, sizeof(*copy));
	if (copy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*copy = *columns;
	plan->columns = copy;
	return OK;
}

enum err plan_compile(struct ctx *ctx, const json_t *json, const struct plan_columns *columns, struct plan **ret)
{
	struct plan *plan = arena_alloc(ctx->arena, sizeof(*plan));
	struct plan_columns named;
	if (plan == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	plan->name = text_of(ctx, json, "name");
	compile_switches(ctx, json, plan);
	enum err err = plan_check_members(ctx, json);
	if (err == OK)
		err = plan_file_options(ctx, json, &plan->file);
	if (err == OK)
		err = named_columns(ctx, json, columns, &named);
	if (err == OK)
		err = keep_columns(ctx, columns, plan);
	if (err != OK)
		return err;
	struct plan_making m = {.ctx = ctx, .columns = &named, .plan = plan};
	err = compile_records(&m, json);
	if (err == OK) {
		find_main(&m, json);
		err = compile_fill_down(&m, json);
	}
	if (err == OK)
		err = plan_choices_compile(ctx, json, plan);
	if (err == OK)
		err = faults_code(ctx);
	*ret = plan;
	return err;
}

/* Whether a key is known would tell what a hidden or masked field holds. */
static enum err check_keys(struct ctx *ctx, const struct plan_record *r)
{
	for (size_t i = 0; i < r->n_keys; i++) {
		int at = r->fields[r->keys[i]].at;
		if (entity_field_right(ctx->actor, r->info, at) < RIGHT_READ)
			return fail_arg(ctx, ERR_FORBIDDEN, "key", "plan_key_unseen", r->info->fields[at]->name);
	}
	return OK;
}

enum err plan_check_rights(struct ctx *ctx, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_records; i++) {
		const struct plan_record *r = &plan->records[i];
		if (entity_scope(ctx->actor, r->info, ACTION_IMPORT) == SCOPE_NONE && r->mode != PLAN_KEEP && r->mode != PLAN_FIND)
			return fail_arg(ctx, ERR_FORBIDDEN, "", "import_forbidden", r->info->entity->name);
		/* A record that is only looked up has to be readable. */
		if (entity_scope(ctx->actor, r->info, ACTION_READ) == SCOPE_NONE)
			return fail_arg(ctx, ERR_FORBIDDEN, "", "import_forbidden", r->info->entity->name);
		enum err err = check_keys(ctx, r);
		if (err != OK)
			return err;
	}
	return OK;
}
