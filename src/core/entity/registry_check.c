/* Wrong descriptors are refused at start, with the field and what is wrong. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

enum { NAME_MAX_BYTES = 48, SCALE_MAX = 9, FIELDS_MAX = 500, ENTITIES_MAX = 1000 };

static enum err wrong(struct ctx *ctx, const char *entity, const char *field, const char *why)
{
	char path[160];
	snprintf(path, sizeof(path), "%s%s%s", entity, field ? "." : "", field ? field : "");
	return fail_arg(ctx, ERR_BUG, path, "descriptor", why);
}

static bool good_name(const char *name)
{
	if (str_empty(name) || strlen(name) > NAME_MAX_BYTES || name[0] < 'a' || name[0] > 'z')
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool labelled(const struct text2 *label)
{
	return !str_empty(label->en) && !str_empty(label->zh);
}

/* What can be said before names are resolved. */
static enum err check_entity(struct ctx *ctx, const struct entity *entity)
{
	if (!good_name(entity->name) || !good_name(entity->plural))
		return wrong(ctx, entity->name ? entity->name : "?", NULL, "bad name");
	if (!labelled(&entity->label) || !labelled(&entity->label_many))
		return wrong(ctx, entity->name, NULL, "missing label");
	if (entity->n_fields > 0 && !entity->fields)
		return wrong(ctx, entity->name, NULL, "no fields");
	if (entity->n_fields > FIELDS_MAX)
		return wrong(ctx, entity->name, NULL, "too many fields");
	for (size_t f = 0; f < entity->n_fields; f++) {
		const struct field *field = &entity->fields[f];
		if (!good_name(field->name))
			return wrong(ctx, entity->name, field->name ? field->name : "?", "bad name");
		if ((unsigned)field->type >= FIELD_TYPE_COUNT)
			return wrong(ctx, entity->name, field->name, "unknown type");
	}
	return OK;
}

enum err registry_check_list(struct ctx *ctx, const struct entity *const *list, size_t n)
{
	if (n == 0 || n > ENTITIES_MAX)
		return fail_arg(ctx, ERR_BUG, "", "descriptor", "number of entities");
	enum err err = OK;
	for (size_t i = 0; i < n && !err; i++)
		err = check_entity(ctx, list[i]);
	return err;
}

/* --- one field ---------------------------------------------------------------- */

static const char *check_options(const struct field *field)
{
	if ((field->type == FIELD_ENUM) != (field->options != NULL))
		return field->options ? "options on another type" : "no options";
	if (!field->options)
		return NULL;
	if (!field->options[0].value)
		return "no options";
	for (const struct option *option = field->options; option->value; option++) {
		if (!good_name(option->value) && !str_equal(option->value, "0"))
			return "bad option name";
		if (!labelled(&option->label))
			return "option without label";
		for (const struct option *other = field->options; other < option; other++)
			if (str_equal(other->value, option->value))
				return "option stands twice";
	}
	return NULL;
}

/* What deleting the target does to it. */
static const char *check_on_delete(const struct field *field)
{
	bool emptied = field->on_delete == DELETE_SET_NULL && field->type == FIELD_LINK, outlives = field->flags & F_OUTLIVES;
	if (emptied && (field->flags & F_REQUIRED) && !outlives)
		return "required, yet set to null";
	if (outlives && (!emptied || (field->flags & (F_REQUIRED | F_INSERT_ONLY)) != (F_REQUIRED | F_INSERT_ONLY)))
		return "outlives what is no required link, given once and set to null";
	return NULL;
}

static const char *check_link(const struct field *field)
{
	bool links = field->type == FIELD_LINK || field->type == FIELD_LINKS;
	if ((field->flags & F_ANY) && (field->type != FIELD_CODE || field->max < 69 || !(field->flags & F_INDEX)))
		return "a reference to any record is an indexed code of at least 69 letters"; /* a name of 48, a slash, an id */
	if ((field->flags & F_ANY) && (field->flags & F_REQUIRED) && field->on_delete == DELETE_SET_NULL)
		return "required, yet set to null";
	if (links != (field->link != NULL))
		return links ? "no link target" : "link target on another type";
	if (field->type == FIELD_LINK && !str_ends(field->name, "_id"))
		return "a link's name ends in _id";
	if (field->type == FIELD_LINKS && (field->flags & (F_UNIQUE | F_SORT | F_SEARCH | F_SECRET)))
		return "flag not for many-links";
	return check_on_delete(field);
}

static const char *check_flags(const struct field *field)
{
	bool long_text = field->type == FIELD_NOTE || field->type == FIELD_JSON;
	if ((field->flags & (F_UNIQUE | F_SORT | F_INDEX)) && long_text)
		return "no index on long text";
	if ((field->flags & F_SECRET) && (field->flags & (F_LIST | F_SEARCH | F_SORT)))
		return "secret, yet shown";
	if ((field->flags & F_SEARCH) && field->type != FIELD_INT && field_ops(field->type)->kind != VALUE_TEXT)
		return "searched, yet not text";
	if ((field->flags & F_SEARCH) && field->type == FIELD_JSON)
		return "searched, yet not text";
	return NULL;
}

static const char *check_sizes(const struct field *field)
{
	if (field->scale < 0 || field->scale > SCALE_MAX)
		return "bad scale";
	if (field->scale != 0 && field->type != FIELD_DECIMAL)
		return "scale on another type";
	if (field->max < 0 || field->max > 1000000)
		return "bad max";
	if (field->currency_field && field->type != FIELD_MONEY)
		return "currency field on another type";
	return NULL;
}

static const char *check_group(const struct entity *entity, const struct field *field)
{
	if (!field->group)
		return NULL;
	for (const struct field_group *group = entity->groups; group && group->key; group++)
		if (str_equal(group->key, field->group))
			return NULL;
	return "unknown group";
}

static const char *check_fallback(struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	if (!field->fallback)
		return NULL;
	if (str_equal(field->fallback, "now"))
		return field->type == FIELD_TIME || field->type == FIELD_DATE ? NULL : "now on another type";
	if (str_equal(field->fallback, "me"))
		return field->type == FIELD_LINK && str_equal(field->link, "user") ? NULL : "me on another type";
	if (field->type == FIELD_LINK || field->type == FIELD_LINKS)
		return "a link has no constant default";
	/* Values that need the text tables are checked when they are used. */
	if (field->type == FIELD_PHONE || field->type == FIELD_EMAIL)
		return NULL;
	struct value value;
	enum err err = field_ops(field->type)->parse(ctx, info, at, field->fallback, &value);
	if (err || value.kind == VALUE_NULL) {
		faults_clear(ctx);
		return "bad default";
	}
	return NULL;
}

/* Of a field that the program has itself: those of other fields are checked when they are made. */
static const char *check_bounds(struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	const char *const bounds[] = {field->least, field->most};
	struct value value;
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i] && !(field->flags & F_CUSTOM) && (field_ops(field->type)->parse(ctx, info, at, bounds[i], &value) || value.kind == VALUE_NULL)) {
			faults_clear(ctx);
			return "bad bound";
		}
	return NULL;
}

static const char *check_form(const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	int source = field->form_of ? entity_field(info, field->form_of) : -1;
	if (source < 0)
		return field->form_of ? "form of an unknown field" : NULL;
	if ((field->flags & (F_SECRET | F_READONLY)) != (F_SECRET | F_READONLY) || field->type != FIELD_TEXT)
		return "a form that is no secret text of the program's";
	return field_ops(info->fields[source]->type)->kind == VALUE_TEXT ? NULL : "form of what is no text";
}

static const char *check_sources(const struct entity_info *info, int at)
{
	int currency = entity_currency(info, at);
	if (info->fields[at]->made_from && entity_state(info)->sources[at].field < 0)
		return "made from an unknown field";
	if (currency < 0)
		return NULL;
	enum field_type type = info->fields[currency]->type;
	return type == FIELD_CODE || type == FIELD_TEXT ? NULL : "the currency field is no code";
}

/* Every name of a list with commas is an option of the field. */
static bool are_options(const struct field *field, const char *list)
{
	char name[64];
	for (size_t i = 0; registry_list_item(list, i, name, sizeof(name), NULL); i++) {
		const struct option *option = field->options;
		while (option->value && !str_equal(option->value, name))
			option++;
		if (!option->value)
			return false;
	}
	return true;
}

static bool are_fields(const struct entity_info *info, const char *list)
{
	char name[64];
	for (size_t i = 0; registry_list_item(list, i, name, sizeof(name), NULL); i++)
		if (entity_field(info, name) < SF_COUNT)
			return false;
	return true;
}

/* Whether another step before this one has its name, or leads from one of its options to the same. */
static const char *check_twice(const struct entity_info *info, const struct field *field, const struct transition *t)
{
	int at;
	if (entity_transition(info, t->name, &at) != t)
		return "step stands twice";
	for (const struct transition *other = field->transitions; other < t; other++)
		for (const struct option *from = field->options; from->value; from++)
			if (str_equal(other->to, t->to) && entity_step_leads(other, from->value) && entity_step_leads(t, from->value))
				return "two steps the same way";
	return NULL;
}

static const char *check_transition(const struct entity_info *info, const struct field *field, const struct transition *t)
{
	int reason = t->reason ? entity_field(info, t->reason) : -1;
	if (!good_name(t->name))
		return "bad name of a step";
	if (!labelled(&t->label))
		return "step without label";
	if (!t->to || !are_options(field, t->to) || strchr(t->to, ',') || (t->from && !are_options(field, t->from)))
		return "step of an unknown option";
	if (t->needs && !are_fields(info, t->needs))
		return "step needs an unknown field";
	if (t->reason && (reason < SF_COUNT || (info->fields[reason]->type != FIELD_TEXT && info->fields[reason]->type != FIELD_NOTE)))
		return "the reason of a step is no text";
	return check_twice(info, field, t);
}

static const char *check_transitions(const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	if (!field->transitions)
		return field->starts ? "starts without steps" : NULL;
	if (field->type != FIELD_ENUM)
		return "steps of another type";
	if (field->starts && !are_options(field, field->starts))
		return "starts with an unknown option";
	const char *why = NULL;
	for (const struct transition *t = field->transitions; t->name && !why; t++)
		why = check_transition(info, field, t);
	return why;
}

/* A unique index that has the field among its columns. */
static bool is_unique(const struct entity_info *info, const struct field *field)
{
	char name[64];
	for (const char *const *index = info->entity->indexes; index && *index; index++) {
		const char *columns;
		if (!registry_unique_index(*index, &columns))
			continue;
		for (size_t i = 0; registry_list_item(columns, i, name, sizeof(name), NULL); i++)
			if (str_equal(name, field->name))
				return true;
	}
	return field->flags & F_UNIQUE;
}

static const char *check_sequence(struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	const struct sequence *sequence = field->sequence;
	if (!sequence)
		return NULL;
	int date = sequence->date ? entity_field(info, sequence->date) : -1;
	if (field->type != FIELD_TEXT || !is_unique(info, field))
		return "numbered, yet no unique text";
	if (sequence->date && (date < 0 || (info->fields[date]->type != FIELD_DATE && info->fields[date]->type != FIELD_TIME)))
		return "numbered by what is no day";
	if (registry_check_pattern(ctx, "", sequence->pattern ? sequence->pattern : "")) {
		faults_clear(ctx);
		return "bad pattern";
	}
	return NULL;
}

static const char *check_field(struct ctx *ctx, const struct entity_info *info, int at)
{
	const struct field *field = info->fields[at];
	if (!labelled(&field->label))
		return "missing label";
	if (str_empty(field->help.en) != str_empty(field->help.zh))
		return "help in one language";
	const char *why = check_options(field);
	if (!why)
		why = check_link(field);
	if (!why)
		why = check_flags(field);
	if (!why)
		why = check_sizes(field);
	if (!why)
		why = check_group(info->entity, field);
	if (!why)
		why = check_sources(info, at);
	if (!why)
		why = check_form(info, at);
	if (!why)
		why = check_transitions(info, at);
	if (!why)
		why = check_sequence(ctx, info, at);
	if (!why)
		why = check_bounds(ctx, info, at);
	return why ? why : check_fallback(ctx, info, at);
}

/* --- the entity ----------------------------------------------------------------- */

static enum err check_named(struct ctx *ctx, const struct entity_info *info, const char *name, bool link, const char *why)
{
	if (!name)
		return OK;
	int at = entity_field(info, name);
	if (at < 0 || (link && info->fields[at]->type != FIELD_LINK))
		return wrong(ctx, entity_name(info), name, why);
	return OK;
}

static enum err check_parent(struct ctx *ctx, const struct registry *registry, const struct entity_info *info)
{
	size_t depth = 0;
	for (const struct entity_info *up = info->parent_info; up; up = up->parent_info)
		if (up == info || ++depth > registry->n)
			return wrong(ctx, entity_name(info), info->entity->parent, "parents in a circle");
	return OK;
}

static enum err check_sort(struct ctx *ctx, const struct entity_info *info)
{
	const char *sort = info->entity->sort, *suffix;
	char name[64], direction[32];
	if (str_empty(sort))
		return wrong(ctx, entity_name(info), NULL, "no sort");
	for (size_t i = 0; registry_list_item(sort, i, name, sizeof(name), &suffix); i++) {
		int at = entity_field(info, name);
		if (at < 0 || !(field_ops(info->fields[at]->type)->compares & COMPARE_ORDER))
			return wrong(ctx, entity_name(info), name, "bad sort");
		size_t len = strcspn(suffix, ",");
		snprintf(direction, sizeof(direction), "%.*s", (int)len, suffix);
		if (len && !str_equal(direction, ".asc") && !str_equal(direction, ".desc"))
			return wrong(ctx, entity_name(info), name, "bad sort");
	}
	return OK;
}

static enum err check_indexes(struct ctx *ctx, const struct entity_info *info)
{
	for (const char *const *index = info->entity->indexes; index && *index; index++) {
		const char *columns = str_starts(*index, "unique ") ? *index + strlen("unique ") : *index, *suffix;
		char name[64];
		for (size_t i = 0; registry_list_item(columns, i, name, sizeof(name), &suffix); i++) {
			int at = entity_field(info, name);
			if (at < 0 || info->fields[at]->type == FIELD_LINKS || *suffix == '.')
				return wrong(ctx, entity_name(info), name, "bad index");
		}
	}
	return OK;
}

static enum err check_groups(struct ctx *ctx, const struct entity_info *info)
{
	for (const struct field_group *group = info->entity->groups; group && group->key; group++)
		if (!labelled(&group->label))
			return wrong(ctx, entity_name(info), group->key, "missing label");
	return OK;
}

/* "<entity>_<field>" of many-links must not be another entity's table. */
static enum err check_tables(struct ctx *ctx, const struct registry *registry, const struct entity_state *state)
{
	char table[128];
	for (size_t i = 0; i < state->n_many; i++) {
		const char *field = state->info.fields[state->many[i]]->name;
		snprintf(table, sizeof(table), "%s_%s", entity_name(&state->info), field);
		if (registry_find(registry, table))
			return wrong(ctx, entity_name(&state->info), field, "its table is another entity's");
	}
	return OK;
}

enum err registry_check_info(struct ctx *ctx, const struct registry *registry, const struct entity_state *state)
{
	const struct entity_info *info = &state->info;
	const struct entity *entity = info->entity;
	for (int i = SF_COUNT; (size_t)i < info->n_fields; i++) {
		const char *why = check_field(ctx, info, i);
		if (why)
			return wrong(ctx, entity->name, info->fields[i]->name, why);
	}
	if (!entity->title)
		return wrong(ctx, entity->name, NULL, "no title");
	enum err err = check_named(ctx, info, entity->title, false, "unknown title");
	if (!err)
		err = check_named(ctx, info, entity->subtitle, false, "unknown subtitle");
	if (!err)
		err = check_named(ctx, info, entity->owner, true, "owner is no link");
	if (!err)
		err = check_named(ctx, info, entity->team, true, "team is no link");
	if (!err)
		err = check_named(ctx, info, entity->branch, true, "branch is no link");
	if (!err)
		err = check_named(ctx, info, entity->parent, true, "parent is no link");
	if (!err)
		err = check_parent(ctx, registry, info);
	if (!err)
		err = check_sort(ctx, info);
	if (!err)
		err = check_indexes(ctx, info);
	if (!err)
		err = check_groups(ctx, info);
	return err ? err : check_tables(ctx, registry, state);
}
