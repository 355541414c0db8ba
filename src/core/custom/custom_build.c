/* Descriptors of the administrator's fields: the program's entities with more fields behind their own, in the order of their numbers,
 * so that a field's place is the same in every registry to come.  A column that is nobody's keeps its place, seen by nobody. */
#include "core/custom/custom_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/text/text.h"

enum { KEEP_MAX = 32 * 1024 * 1024 };

struct keep {
	struct arena arena;
};

struct build {
	struct ctx *ctx;
	const struct custom *custom;
	struct arena *arena; /* the keep's */
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static const char *keep_text(const struct build *b, const char *text)
{
	return str_empty(text) ? NULL : arena_strdup(b->arena, text);
}

/* --- texts -------------------------------------------------------------------------- */

static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return str_empty(text) ? NULL : text;
}

/* {"en":…,"zh":…,"zh_hant":…}: what one language lacks another says; Traditional is made of Simplified. */
static void read_label(const struct build *b, const json_t *object, struct text2 *ret)
{
	const char *en = member(object, "en"), *zh = member(object, "zh"), *hant = member(object, "zh_hant");
	if (!zh)
		zh = member(object, "zh-Hans");
	if (!hant)
		hant = member(object, "zh-Hant");
	if (json_is_string(object))
		en = zh = json_string_value(object);
	if (!hant && zh && text_to_hant(b->ctx, zh, &hant) != OK) {
		faults_clear(b->ctx);
		hant = zh;
	}
	if (!zh)
		zh = hant ? hant : en;
	*ret = (struct text2){keep_text(b, en ? en : zh), keep_text(b, zh), keep_text(b, hant ? hant : zh)};
}

static void label_of(const struct build *b, const char *json, struct text2 *ret)
{
	json_t *object = json ? json_loads(json, JSON_DECODE_ANY, NULL) : NULL;
	*ret = (struct text2){NULL, NULL, NULL};
	if (object)
		read_label(b, object, ret);
	json_decref(object);
}

static const char *colour_of(const char *name)
{
	static const char *const all[] = {"good", "bad", "warn", "info", "quiet"};
	for (size_t i = 0; name && i < sizeof(all) / sizeof(all[0]); i++)
		if (str_equal(all[i], name))
			return all[i];
	return NULL;
}

static const struct option *options_of(const struct build *b, const char *json)
{
	json_t *list = json ? json_loads(json, 0, NULL) : NULL;
	size_t n = json_array_size(list), k = 0;
	struct option *options = n ? arena_array(b->arena, n + 1, sizeof(*options)) : NULL;
	for (size_t i = 0; options && i < n; i++) {
		const json_t *one = json_array_get(list, i);
		options[k].value = keep_text(b, member(one, "value"));
		read_label(b, json_object_get(one, "label"), &options[k].label);
		options[k].colour = colour_of(member(one, "colour"));
		options[k].retired = json_is_true(json_object_get(one, "retired"));
		k += options[k].value != NULL;
	}
	json_decref(list);
	return options;
}

static const char *const *aliases_of(const struct build *b, const char *json)
{
	json_t *list = json ? json_loads(json, 0, NULL) : NULL;
	size_t n = json_array_size(list), k = 0;
	const char **names = n ? arena_array(b->arena, n + 1, sizeof(*names)) : NULL;
	for (size_t i = 0; names && i < n; i++) {
		names[k] = keep_text(b, json_string_value(json_array_get(list, i)));
		k += names[k] != NULL;
	}
	json_decref(list);
	return names;
}

/* --- one field ------------------------------------------------------------------------ */

static bool type_named(const char *name, enum field_type *ret)
{
	for (int type = 0; type < FIELD_TYPE_COUNT; type++)
		if (str_equal(field_type_name((enum field_type)type), name)) {
			*ret = (enum field_type)type;
			return true;
		}
	return false;
}

static unsigned flags_of(const struct custom_def *def, enum field_type type)
{
	unsigned flags = F_CUSTOM | (def->unique ? F_UNIQUE : 0) | (def->index && type != FIELD_LINK ? F_INDEX : 0);
	if (def->retired)
		return flags | F_RETIRED;
	return flags | (def->required ? F_REQUIRED : 0) | (def->more ? F_MORE : 0) | (def->list ? F_LIST : 0) |
	       (def->search ? F_SEARCH : 0) | (def->card ? F_CARD : 0) | (def->personal ? F_PERSONAL : 0) | F_MASKABLE;
}

static void set_bounds(const struct build *b, const struct custom_def *def, struct field *field)
{
	int64_t n;
	bool text = field_ops(field->type)->kind == VALUE_TEXT && field->type != FIELD_DATE;
	if (!text) {
		field->least = keep_text(b, def->min);
		field->most = keep_text(b, def->max);
		return;
	}
	if (def->min && str_to_i64(def->min, &n))
		field->min = (int)n;
	if (def->max && str_to_i64(def->max, &n))
		field->max = (int)n;
}

/* The form has no such part any more, or never had: the first. */
static const char *group_of(const struct build *b, const struct entity *entity, const char *key)
{
	(void)b;
	for (const struct field_group *group = entity->groups; key && group && group->key; group++)
		if (str_equal(group->key, key))
			return group->key;
	return NULL;
}

static bool taken(const struct entity *entity, const char *name)
{
	for (size_t i = 0; i < entity->n_fields; i++)
		if (str_equal(entity->fields[i].name, name))
			return true;
	return false;
}

/* The program got a field of this name since: it has the name, and this one another. */
static const char *name_of(const struct build *b, const struct entity *entity, const struct custom_def *def)
{
	if (!taken(entity, def->name))
		return keep_text(b, def->name);
	log_event(LOG_WARN, "an own field is called otherwise, as the program has one of its name now", "entity", def->entity, "field", def->name, NULL);
	return arena_printf(b->arena, "%s_own", def->name);
}

static void fill(const struct build *b, const struct entity *entity, const struct custom_slot *slot, struct field *field)
{
	const struct custom_def *def = slot->def;
	field->name = name_of(b, entity, def);
	field->flags = flags_of(def, field->type);
	label_of(b, def->label, &field->label);
	label_of(b, def->help, &field->help);
	if (field->type == FIELD_ENUM)
		field->options = options_of(b, def->options);
	field->group = group_of(b, entity, def->group);
	field->fallback = def->retired ? NULL : keep_text(b, def->fallback);
	field->scale = field->type == FIELD_DECIMAL ? def->scale : 0;
	field->order = def->position;
	field->aliases = aliases_of(b, def->aliases);
	set_bounds(b, def, field);
}

/* A link that has to be there keeps what it points to. */
static void fill_link(const struct build *b, const struct custom_slot *slot, struct field *field)
{
	if (field->type != FIELD_LINK && field->type != FIELD_LINKS)
		return;
	field->link = keep_text(b, slot->link);
	field->on_delete = field->type == FIELD_LINK && (field->flags & F_REQUIRED) ? DELETE_RESTRICT : DELETE_SET_NULL;
}

static enum err make_field(const struct build *b, const struct entity *entity, const struct custom_slot *slot, struct field *field)
{
	*field = (struct field){.column = keep_text(b, slot->column)};
	if (!type_named(slot->type, &field->type))
		return fail_arg(b->ctx, ERR_BUG, slot->column, "custom_type", slot->type);
	if (slot->def) {
		fill(b, entity, slot, field);
	} else {
		static const struct option nothing[] = {{"none", {"None", "无", NULL}, NULL, false}, {0}};
		/* links are called so */
		field->name = field->type == FIELD_LINK ? arena_printf(b->arena, "%s_id", field->column) : field->column;
		field->flags = F_CUSTOM | F_RETIRED | F_READONLY | (slot->unique ? F_UNIQUE : 0) | (slot->index ? F_INDEX : 0);
		field->label = (struct text2){"Nobody's", "未使用", NULL};
		field->options = field->type == FIELD_ENUM ? nothing : NULL;
	}
	fill_link(b, slot, field);
	return b->arena->failed ? no_memory(b->ctx) : OK;
}

/* --- entities --------------------------------------------------------------------------- */

static enum err grow(const struct build *b, const struct entity *entity, const struct custom_slot *slots, size_t n, const struct entity **ret)
{
	size_t own = 0;
	*ret = entity;
	for (size_t i = 0; i < n; i++)
		own += str_equal(slots[i].entity, entity->name);
	if (own == 0)
		return OK;
	struct entity *grown = arena_alloc(b->arena, sizeof(*grown));
	struct field *fields = arena_array(b->arena, entity->n_fields + own, sizeof(*fields));
	if (!grown || !fields)
		return no_memory(b->ctx);
	*grown = *entity;
	memcpy(fields, entity->fields, entity->n_fields * sizeof(*fields));
	grown->fields = fields;
	for (size_t i = 0; i < n; i++) {
		if (!str_equal(slots[i].entity, entity->name))
			continue;
		enum err err = make_field(b, entity, &slots[i], &fields[grown->n_fields++]);
		if (err)
			return err;
	}
	*ret = grown;
	return OK;
}

enum err custom_build(struct ctx *ctx, const struct custom *custom, const struct custom_slot *slots, size_t n, struct custom_list *ret)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	if (!keep)
		return no_memory(ctx);
	arena_init(&keep->arena, KEEP_MAX);
	const struct build b = {ctx, custom, &keep->arena};
	*ret = (struct custom_list){.list = arena_array(&keep->arena, custom->n + 1, sizeof(*ret->list)), .n = custom->n, .keep = keep};
	enum err err = ret->list ? OK : no_memory(ctx);
	for (size_t i = 0; !err && i < custom->n; i++)
		err = grow(&b, custom->list[i], slots, n, &ret->list[i]);
	if (err) {
		custom_list_drop(keep);
		*ret = (struct custom_list){0};
	}
	return err;
}

void custom_list_drop(void *arg)
{
	struct keep *keep = arg;
	if (!keep)
		return;
	arena_release(&keep->arena);
	free(keep);
}
