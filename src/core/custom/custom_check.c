/* What an administrator says of a field: read, and all that is wrong with it told together, in words. */
#include "core/custom/custom_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"

enum { NAME_LEN_MAX = 40, LABEL_MAX = 60, OPTIONS_MAX = 500, HELP_MAX = 500 };

/* --- the body ----------------------------------------------------------------------------- */

/* "default": 5 and "min": 0 are as good as their texts. */
static void numbers_to_text(json_t *object)
{
	static const char *const keys[] = {"default", "min", "max"};
	char text[64];
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *value = json_object_get(object, keys[i]);
		if (json_is_integer(value))
			snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
		else if (json_is_real(value))
			snprintf(text, sizeof(text), "%.15g", json_real_value(value));
		else if (json_is_boolean(value))
			snprintf(text, sizeof(text), "%s", json_is_true(value) ? "true" : "false");
		else
			continue;
		(void)json_object_set_new(object, keys[i], json_string(text));
	}
}

enum err custom_body(struct ctx *ctx, const struct http_request *req, struct record *record)
{
	const struct actor *before = ctx->actor;
	json_t *object = json_loadb(req->body, req->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object)) {
		json_decref(object);
		return fail(ctx, ERR_INVALID, "", "not_an_object");
	}
	numbers_to_text(object);
	ctx->actor = gate_system(); /* the route asked who it is */
	enum err err = record_read_json(ctx, record, object);
	ctx->actor = before;
	json_decref(object);
	for (size_t at = 0; at < record->info->n_fields; at++)
		if (record->set[at] && (record->info->fields[at]->flags & F_READONLY)) {
			err = ERR_INVALID;
			fault_add(ctx, ERR_INVALID, record->info->fields[at]->name, "readonly", NULL);
		}
	return err;
}

/* --- names -------------------------------------------------------------------------------- */

/* Words of the query language, of both engines' SQL and of ours, sorted by nothing. */
static const char *const reserved[] = {
	"id", "version", "created_at", "created_by", "updated_at", "updated_by", "select", "order", "limit", "offset", "cursor", "and", "or",
	"not", "q", "condition", "buckets", "columns", "on_conflict", "import_run", "null", "true", "false", "all", "any", "as", "asc", "desc", "between", "by", "case",
	"cast", "check", "collate", "column", "constraint", "create", "cross", "current", "default", "delete", "distinct", "drop", "else", "end",
	"except", "exists", "foreign", "from", "full", "grant", "group", "having", "in", "index", "inner", "insert", "intersect", "into", "is",
	"join", "key", "left", "like", "natural", "on", "outer", "primary", "references", "right", "row", "rowid", "oid", "set", "table", "then", "to",
	"trigger", "union", "unique", "update", "user", "using", "values", "view", "when", "where", "with", "sum", "avg", "min", "max",
	"count", "fields", "extra", "changes", "tableoid", "xmin", "xmax", "cmin", "cmax", "ctid",
};

static const char *wrong_name(const char *name)
{
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
		return "custom_name_letters";
	if (name[0] < 'a' || name[0] > 'z')
		return "custom_name_begins";
	if (strlen(name) > NAME_LEN_MAX)
		return "custom_name_long";
	if (strstr(name, "__") || str_ends(name, "_"))
		return "custom_name_underscores";
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_equal(reserved[i], name))
			return "custom_name_reserved";
	return NULL;
}

/* In embedding, "orders" is the customer's orders: a field of that name would stand before them. */
static bool names_relation(const struct ctx *ctx, const char *name)
{
	return registry_find(ctx->registry, name) != NULL;
}

static void check_name(struct ctx *ctx, const struct custom_def *old, const struct custom_def *now)
{
	const struct entity_info *info = registry_find(ctx->registry, now->entity);
	if (old && str_equal(old->name, now->name))
		return;
	const char *why = wrong_name(now->name);
	if (why) {
		fault_add(ctx, ERR_INVALID, "name", why, now->name);
		return;
	}
	if (names_relation(ctx, now->name)) {
		fault_add(ctx, ERR_INVALID, "name", "custom_name_entity", now->name);
		return;
	}
	if (str_equal(now->type, "link") && !str_ends(now->name, "_id")) {
		fault_add(ctx, ERR_INVALID, "name", "custom_name_link", now->name);
		return;
	}
	int at = info ? entity_field(info, now->name) : -1;
	const char *mine = at >= 0 ? info->fields[at]->column : NULL;
	bool own = old && mine && str_equal(mine, old->column); /* back to what it was called before */
	if (at >= 0 && !own)
		fault_add(ctx, ERR_CONFLICT, "name", "custom_name_taken", now->name);
}

/* --- labels ------------------------------------------------------------------------------- */

static bool language(const char *key)
{
	return str_equal(key, "en") || str_equal(key, "zh") || str_equal(key, "zh_hant") || str_equal(key, "zh-Hans") || str_equal(key, "zh-Hant");
}

static void check_word(struct ctx *ctx, const char *path, const char *key, const json_t *value, size_t max)
{
	const char *text = json_string_value(value);
	if (!language(key))
		fault_add(ctx, ERR_INVALID, path, "custom_label_language", key);
	else if (!text && !json_is_null(value))
		fault_add(ctx, ERR_INVALID, path, "custom_label_form", NULL);
	else if (text && utf8_length(text, strlen(text)) > max)
		fault_add(ctx, ERR_INVALID, path, "too_long", max == LABEL_MAX ? "60" : "500");
}

static void check_words(struct ctx *ctx, const char *path, json_t *words, size_t max, bool needed)
{
	const char *key;
	json_t *value;
	bool any = false;
	if (!words && !needed)
		return;
	if (json_is_string(words) && json_string_length(words) > 0) { /* the same in all */
		check_word(ctx, path, "en", words, max);
		return;
	}
	if (!json_is_object(words)) {
		fault_add(ctx, ERR_INVALID, path, "custom_label_form", NULL);
		return;
	}
	json_object_foreach(words, key, value) {
		check_word(ctx, path, key, value, max);
		any = any || !str_empty(json_string_value(value));
	}
	if (needed && !any)
		fault_add(ctx, ERR_INVALID, path, "custom_label_empty", NULL);
}

static void check_text(struct ctx *ctx, const char *path, const char *json, size_t max, bool needed)
{
	json_t *words = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
	check_words(ctx, path, words, max, needed);
	json_decref(words);
}

/* --- options ------------------------------------------------------------------------------ */

static bool good_option(const char *value)
{
	if (str_empty(value) || strlen(value) > 48 || value[0] < 'a' || value[0] > 'z')
		return str_equal(value, "0");
	return value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void check_option(struct ctx *ctx, json_t *list, size_t i)
{
	char path[48];
	json_t *one = json_array_get(list, i);
	const char *value = json_string_value(json_object_get(one, "value")), *colour = json_string_value(json_object_get(one, "colour"));
	snprintf(path, sizeof(path), "options[%zu]", i);
	if (!good_option(value)) {
		fault_add(ctx, ERR_INVALID, path, "custom_option_value", value ? value : "");
		return;
	}
	for (size_t k = 0; k < i; k++)
		if (str_equal(json_string_value(json_object_get(json_array_get(list, k), "value")), value))
			fault_add(ctx, ERR_INVALID, path, "custom_option_twice", value);
	static const char *const colours[] = {"good", "bad", "warn", "info", "quiet"};
	bool known = colour == NULL;
	for (size_t k = 0; k < sizeof(colours) / sizeof(colours[0]); k++)
		known = known || str_equal(colours[k], colour);
	if (!known)
		fault_add(ctx, ERR_INVALID, path, "custom_option_colour", colour);
	check_words(ctx, path, json_object_get(one, "label"), LABEL_MAX, true);
}

static bool has_option(const json_t *list, const char *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_equal(json_string_value(json_object_get(json_array_get(list, i), "value")), value))
			return true;
	return false;
}

/* Records may hold an option that is left out: it can only be put out of use. */
static void check_kept(struct ctx *ctx, const json_t *before, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(before); i++) {
		const char *value = json_string_value(json_object_get(json_array_get(before, i), "value"));
		if (value && !has_option(list, value))
			fault_add(ctx, ERR_CONFLICT, "options", "custom_option_gone", value);
	}
}

static void check_options(struct ctx *ctx, const struct custom_def *old, const struct custom_def *now)
{
	json_t *list = now->options ? json_loads(now->options, 0, NULL) : NULL, *before = old && old->options ? json_loads(old->options, 0, NULL) : NULL;
	bool wanted = str_equal(now->type, "enum");
	if (wanted && json_array_size(list) == 0)
		fault_add(ctx, ERR_INVALID, "options", "custom_options_needed", NULL);
	else if (!wanted && list)
		fault_add(ctx, ERR_INVALID, "options", "custom_options_not", now->type);
	else if (json_array_size(list) > OPTIONS_MAX)
		fault_add(ctx, ERR_INVALID, "options", "custom_options_many", "500");
	for (size_t i = 0; wanted && i < json_array_size(list) && i < OPTIONS_MAX; i++)
		check_option(ctx, list, i);
	check_kept(ctx, before, list);
	json_decref(list);
	json_decref(before);
}

/* --- the rest ------------------------------------------------------------------------------- */

static bool one_of(const char *name, const char *list)
{
	const char *at = strstr(list, name);
	size_t n = strlen(name);
	while (at && ((at != list && at[-1] != ' ') || (at[n] != ' ' && at[n] != '\0')))
		at = strstr(at + 1, name);
	return at != NULL;
}

static void check_scale(struct ctx *ctx, const struct custom_def *now)
{
	if (now->scale && (!str_equal(now->type, "decimal") || now->scale < 0 || now->scale > 9))
		fault_add(ctx, ERR_INVALID, "scale", "custom_scale", NULL);
}

static void check_flags(struct ctx *ctx, const struct custom_def *now)
{
	const struct {
		bool asked;
		const char *field, *not_for;
	} all[] = {
		{now->unique, "unique", "note json links bool enum"}, {now->index, "index", "note json links"},
		{now->search, "search", "decimal real money bool date time enum link links json"}, {now->required, "required", "links"},
		{now->list, "list", "json"}, {now->fallback, "default", "link links json"},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].asked && one_of(now->type, all[i].not_for))
			fault_add(ctx, ERR_INVALID, all[i].field, "custom_not_for", now->type);
	if (now->unique && now->fallback)
		fault_add(ctx, ERR_INVALID, "unique", "custom_unique_default", NULL);
	if (now->index && now->fallback)
		fault_add(ctx, ERR_INVALID, "index", "custom_index_default", NULL);
	check_scale(ctx, now);
}

static void check_link(struct ctx *ctx, const struct custom_def *now)
{
	bool wanted = one_of(now->type, "link links");
	const struct entity_info *target = now->link ? registry_find(ctx->registry, now->link) : NULL;
	if (!wanted && now->link)
		fault_add(ctx, ERR_INVALID, "link", "custom_link_not", now->type);
	else if (wanted && !now->link)
		fault_add(ctx, ERR_INVALID, "link", "custom_link_needed", NULL);
	else if (wanted && (!target || !str_equal(target->entity->name, now->link) || (target->entity->flags & E_INTERNAL)))
		fault_add(ctx, ERR_INVALID, "link", "custom_link_unknown", now->link);
}

static void check_length(struct ctx *ctx, const char *field, const char *text, int64_t most)
{
	int64_t n;
	if (text && (!str_to_i64(text, &n) || n < 0 || n > most))
		fault_add(ctx, ERR_INVALID, field, "custom_length", NULL);
}

static void check_bounds(struct ctx *ctx, const struct custom_def *now)
{
	int64_t least, most;
	if (!now->min && !now->max)
		return;
	if (one_of(now->type, "bool enum link links json")) {
		fault_add(ctx, ERR_INVALID, now->min ? "min" : "max", "custom_not_for", now->type);
		return;
	}
	if (one_of(now->type, "text note email phone url code")) {
		check_length(ctx, "min", now->min, 100000);
		check_length(ctx, "max", now->max, str_equal(now->type, "note") ? 100000 : 2000);
	} else if (!str_equal(now->type, "int")) {
		return; /* the trial parses them */
	}
	if (now->min && now->max && str_to_i64(now->min, &least) && str_to_i64(now->max, &most) && least > most)
		fault_add(ctx, ERR_INVALID, "min", "custom_min_max", NULL);
}

static void check_fixed(struct ctx *ctx, const struct custom_def *old, const struct custom_def *now)
{
	if (!str_equal(old->entity, now->entity))
		fault_add(ctx, ERR_INVALID, "entity", "custom_fixed", NULL);
	if (!str_equal(old->type, now->type))
		fault_add(ctx, ERR_INVALID, "type", "custom_fixed", NULL);
	if (!str_equal(old->link ? old->link : "", now->link ? now->link : ""))
		fault_add(ctx, ERR_INVALID, "link", "custom_fixed", NULL);
	if (old->scale != now->scale)
		fault_add(ctx, ERR_INVALID, "scale", "custom_fixed", NULL);
}

static void check_number(struct ctx *ctx, const struct custom_slot *slots, size_t n, const struct custom_def *now)
{
	size_t used = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		all += str_equal(slots[i].entity, now->entity);
		used += slots[i].def && str_equal(slots[i].entity, now->entity);
	}
	if (used >= CUSTOM_FIELDS_MAX)
		fault_add(ctx, ERR_LIMIT, "entity", "custom_too_many", "200");
	else if (all >= CUSTOM_COLUMNS_MAX)
		fault_add(ctx, ERR_LIMIT, "entity", "custom_no_columns", NULL);
}

/* Kinds of record that the program keeps for itself, or that are no business of administrators. */
static bool grows(const struct entity_info *info)
{
	return !(info->entity->flags & (E_INTERNAL | E_NO_API_WRITE | E_PRIVATE | E_SYSTEM));
}

static bool check_entity(struct ctx *ctx, const struct custom_def *now)
{
	const struct entity_info *info = registry_find(ctx->registry, now->entity);
	if (info && str_equal(info->entity->name, now->entity) && grows(info))
		return true;
	fault_add(ctx, ERR_INVALID, "entity", info ? "custom_entity_closed" : "custom_entity_unknown", now->entity);
	return false;
}

static void check_group(struct ctx *ctx, const struct custom_def *now)
{
	const struct entity_info *info = registry_find(ctx->registry, now->entity);
	const struct field_group *group = info ? info->entity->groups : NULL;
	if (!now->group)
		return;
	for (; group && group->key; group++)
		if (str_equal(group->key, now->group))
			return;
	fault_add(ctx, ERR_INVALID, "group", "custom_group", now->group);
}

enum err custom_check(struct ctx *ctx, const struct custom_slot *slots, size_t n, const struct custom_def *old, const struct custom_def *now)
{
	if (!now->entity || !now->name || !now->type) {
		const struct {
			const char *field, *value;
		} all[] = {{"entity", now->entity}, {"name", now->name}, {"type", now->type}};
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
			if (!all[i].value)
				fault_add(ctx, ERR_INVALID, all[i].field, "required", NULL);
		return faults_code(ctx);
	}
	if (old)
		check_fixed(ctx, old, now);
	if (!check_entity(ctx, now))
		return faults_code(ctx);
	if (!old)
		check_number(ctx, slots, n, now);
	check_name(ctx, old, now);
	check_text(ctx, "label", now->label, LABEL_MAX, true);
	check_text(ctx, "help", now->help, HELP_MAX, false);
	check_options(ctx, old, now);
	check_flags(ctx, now);
	check_link(ctx, now);
	check_bounds(ctx, now);
	check_group(ctx, now);
	return faults_code(ctx);
}
