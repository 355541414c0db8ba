/* JSON to a tree: bounded, and every fault says where it is. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/condition/condition_internal.h"
#include "core/condition/condition_parse.h"

enum { SEED_MAX = 60, TYPED_MAX = 400 };

/* --- faults --------------------------------------------------------------------------- */

enum err condition_fail(struct condition_parse *p, const char *place, enum err code, const char *key, const char *what)
{
	enum { SHOWN_MAX = 60 };
	size_t n = strlen(what);
	if (n > SHOWN_MAX)
		for (n = SHOWN_MAX; n > 0 && ((unsigned char)what[n] & 0xc0) == 0x80; n--)
			continue;
	const char *field = *place ? arena_printf(p->ctx->arena, "condition.%s", place) : "condition";
	const char *shown = arena_printf(p->ctx->arena, "%s%s%.*s", place, *place && n > 0 ? ": " : "", (int)n, what);
	return field && shown ? fail_arg(p->ctx, code, field, key, *shown ? shown : "1") : fail(p->ctx, ERR_LIMIT, "", "memory");
}

static enum err no_memory(struct condition_parse *p)
{
	return fail(p->ctx, ERR_LIMIT, "condition", "memory");
}

/* Members that nobody knows are mistakes, not extras. */
enum err condition_known(struct condition_parse *p, const json_t *json, const char *place, const char *const *names)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json, name, value) {
		bool known = false;
		for (size_t i = 0; names[i]; i++)
			known |= str_equal(names[i], name);
		if (!known)
			return condition_fail(p, place, ERR_INVALID, "condition_word", name);
	}
	return OK;
}

enum err condition_member_text(struct condition_parse *p, const json_t *json, const char *place, const char *name, const char **ret)
{
	const json_t *value = json_object_get(json, name);
	*ret = NULL;
	if (value == NULL)
		return OK;
	if (!json_is_string(value))
		return condition_fail(p, place, ERR_INVALID, "condition_word", name);
	*ret = arena_strdup(p->ctx->arena, json_string_value(value));
	return *ret ? OK : no_memory(p);
}

enum err condition_open_field(struct condition_parse *p, const struct entity_info *info, const char *place, const char *name, int *ret)
{
	*ret = name ? entity_field(info, name) : -1;
	enum field_right right = *ret < 0 ? RIGHT_HIDDEN : entity_field_right(p->ctx->actor, info, *ret);
	if (right == RIGHT_HIDDEN)
		return condition_fail(p, place, ERR_INVALID, "condition_field", name ? name : "");
	return right == RIGHT_MASKED ? condition_fail(p, place, ERR_FORBIDDEN, "condition_masked", name) : OK;
}

/* --- nodes -------------------------------------------------------------------------------- */

static enum err parse_node(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret);

static const char *below(struct condition_parse *p, const char *place, size_t i)
{
	return *place ? arena_printf(p->ctx->arena, "%s.%zu", place, i) : arena_printf(p->ctx->arena, "%zu", i);
}

static enum err new_node(struct condition_parse *p, enum condition_kind kind, const struct entity_info *info, const char *place, struct condition_node **ret)
{
	struct condition_node *node = arena_alloc(p->ctx->arena, sizeof(*node));
	if (!node)
		return no_memory(p);
	if (++p->nodes > CONDITION_NODES_MAX)
		return condition_fail(p, place, ERR_LIMIT, "condition_large", "");
	*node = (struct condition_node){.kind = kind, .info = info, .place = place, .link = -1, .of = -1, .by = -1, .compare = {.field = -1, .named = -1}};
	*ret = node;
	return OK;
}

static enum err parse_members(struct condition_parse *p, struct condition_node *node, const json_t *list, const char *place)
{
	struct condition_node **last = &node->first;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *inner = below(p, place, i + 1);
		if (!inner)
			return no_memory(p);
		enum err err = parse_node(p, node->info, json_array_get(list, i), inner, last);
		if (err)
			return err;
		last = &(*last)->next;
		node->n++;
	}
	return OK;
}

static enum err parse_group(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, bool any, struct condition_node **ret)
{
	static const char *const all_names[] = {"all", NULL}, *const any_names[] = {"any", NULL};
	const json_t *list = json_object_get(json, any ? "any" : "all");
	enum err err = condition_known(p, json, place, any ? any_names : all_names);
	if (!err && !json_is_array(list))
		err = condition_fail(p, place, ERR_INVALID, "condition_list", any ? "any" : "all");
	if (!err && any && json_array_size(list) == 0)
		err = condition_fail(p, place, ERR_INVALID, "condition_empty", "");
	if (!err)
		err = new_node(p, any ? CONDITION_ANY : CONDITION_ALL, info, place, ret);
	return err ? err : parse_members(p, *ret, list, place);
}

static enum err parse_not(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	static const char *const names[] = {"not", NULL};
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = new_node(p, CONDITION_NOT, info, place, ret);
	if (err)
		return err;
	(*ret)->n = 1;
	return parse_node(p, info, json_object_get(json, "not"), place, &(*ret)->first);
}

static enum err parse_field(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	static const char *const names[] = {"field", "op", "value", NULL};
	const char *name;
	int field;
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = condition_member_text(p, json, place, "field", &name);
	if (!err)
		err = condition_open_field(p, info, place, name, &field);
	if (!err)
		err = new_node(p, CONDITION_FIELD, info, place, ret);
	return err ? err : condition_parse_compare(p, info, field, json, place, &(*ret)->compare);
}

static enum err parse_text(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	static const char *const names[] = {"text", NULL};
	const char *text;
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = condition_member_text(p, json, place, "text", &text);
	if (!err && (str_empty(text) || strlen(text) > TYPED_MAX))
		err = condition_fail(p, place, ERR_INVALID, "condition_text", "");
	if (!err && info->entity->search_rank == 0)
		err = condition_fail(p, place, ERR_INVALID, "condition_not_searched", info->entity->name);
	if (!err)
		err = new_node(p, CONDITION_TEXT, info, place, ret);
	if (!err)
		(*ret)->text = text;
	return err;
}

static enum err parse_share(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	static const char *const names[] = {"share", "seed", NULL};
	const json_t *share = json_object_get(json, "share");
	double percent = json_number_value(share);
	const char *seed;
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = condition_member_text(p, json, place, "seed", &seed);
	if (!err && (!json_is_number(share) || !(percent >= 0 && percent <= 100) || (seed && strlen(seed) > SEED_MAX)))
		err = condition_fail(p, place, ERR_INVALID, "condition_share", "");
	if (!err)
		err = new_node(p, CONDITION_SHARE, info, place, ret);
	if (err)
		return err;
	(*ret)->share = (int)(percent * (CONDITION_SHARE_WHOLE / 100) + 0.5);
	(*ret)->text = seed ? seed : "";
	return OK;
}

/* A segment's members are its owner's to show: whoever may read it may ask for them. */
static enum err parse_segment(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	static const char *const names[] = {"segment", NULL};
	const struct entity_info *segments = registry_find(p->ctx->registry, CONDITION_SEGMENT);
	struct record *segment = NULL;
	const char *text;
	int64_t id;
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = condition_member_text(p, json, place, "segment", &text);
	if (err)
		return err;
	struct faults before = p->ctx->faults;
	if (segments && text && id_parse(text, &id))
		err = record_get(p->ctx, segments, id, ACTION_READ, &segment);
	if (err && err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	p->ctx->faults = before;
	if (segment == NULL || !str_equal(record_text(segment, "entity"), info->entity->name))
		return condition_fail(p, place, ERR_INVALID, "condition_segment", text ? text : "");
	err = new_node(p, CONDITION_MEMBER, info, place, ret);
	if (err)
		return err;
	(*ret)->segment_id = id;
	(*ret)->segment_name = record_text(segment, "name");
	return OK;
}

/* A condition of related records: a group of them takes the place of the relation, anything else stands below it. */
static enum err parse_where(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place)
{
	const json_t *where = json_object_get(json, "where");
	bool group = json_object_get(where, "all") || json_object_get(where, "any");
	const char *inner = group ? place : below(p, place, 1);
	if (!where)
		return OK;
	return inner ? parse_node(p, node->other, where, inner, &node->first) : no_memory(p);
}

static enum err parse_related(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	enum err err = new_node(p, CONDITION_RELATED, info, place, ret);
	if (!err && ++p->related > CONDITION_RELATED_MAX)
		err = condition_fail(p, place, ERR_LIMIT, "condition_deep", "");
	if (!err)
		err = condition_parse_relation(p, *ret, json, place);
	if (!err)
		err = parse_where(p, *ret, json, place);
	if (!err)
		err = condition_parse_measure(p, *ret, json, place);
	p->related--;
	if (err)
		return err;
	const int more[] = {(*ret)->of, (*ret)->by};
	const char *key = (*ret)->up ? "id" : condition_field((*ret)->other, (*ret)->link)->name;
	return condition_make_columns(p->ctx, (*ret)->other, (*ret)->first, more, 2, key, &(*ret)->columns);
}

static enum err parse_kind(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	if (json_object_get(json, "all"))
		return parse_group(p, info, json, place, false, ret);
	if (json_object_get(json, "any"))
		return parse_group(p, info, json, place, true, ret);
	if (json_object_get(json, "not"))
		return parse_not(p, info, json, place, ret);
	if (json_object_get(json, "field"))
		return parse_field(p, info, json, place, ret);
	if (json_object_get(json, "related"))
		return parse_related(p, info, json, place, ret);
	if (json_object_get(json, "segment"))
		return parse_segment(p, info, json, place, ret);
	if (json_object_get(json, "text"))
		return parse_text(p, info, json, place, ret);
	if (json_object_get(json, "share"))
		return parse_share(p, info, json, place, ret);
	return condition_fail(p, place, ERR_INVALID, "condition_kind", "");
}

static enum err parse_node(struct condition_parse *p, const struct entity_info *info, const json_t *json, const char *place, struct condition_node **ret)
{
	if (!json_is_object(json))
		return condition_fail(p, place, ERR_INVALID, "condition_kind", "");
	if (++p->depth > CONDITION_DEPTH_MAX)
		return condition_fail(p, place, ERR_LIMIT, "condition_deep", "");
	enum err err = parse_kind(p, info, json, place, ret);
	p->depth--;
	return err;
}

/* --- all together ------------------------------------------------------------------------------ */

enum err condition_parse_json(struct ctx *ctx, const struct entity_info *info, const json_t *json, struct condition **ret)
{
	struct condition_parse p = {.ctx = ctx};
	struct condition *condition = arena_alloc(ctx->arena, sizeof(*condition));
	struct condition_node *root;
	if (!ctx->actor)
		return fail(ctx, ERR_DENIED, "", "not_signed_in");
	if (!condition)
		return no_memory(&p);
	enum err err = parse_node(&p, info, json, json_object_get(json, "all") || json_object_get(json, "any") ? "" : "1", &root);
	if (err)
		return err;
	*condition = (struct condition){.info = info, .root = root, .actor = ctx->actor, .moves = p.moves};
	*ret = condition;
	return condition_make_columns(ctx, info, root, NULL, 0, "id", &condition->columns);
}

enum err condition_parse(struct ctx *ctx, const struct entity_info *info, const char *text, struct condition **ret)
{
	struct condition_parse p = {.ctx = ctx};
	json_error_t error;
	size_t n = strlen(text);
	if (n > CONDITION_TEXT_MAX)
		return condition_fail(&p, "", ERR_LIMIT, "condition_large", "");
	json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return condition_fail(&p, "", ERR_INVALID, "condition_json", error.text);
	enum err err = condition_parse_json(ctx, info, json, ret);
	json_decref(json);
	return err;
}
