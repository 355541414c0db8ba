/* Which records a relation means, and what is measured of them. */
#include <string.h>

#include "base/str.h"
#include "core/condition/condition_parse.h"
#include "core/entity/field_type.h"

/* A relation over a field that the actor may not read, or to records of which they may see none, does not exist. */
static bool reachable(struct ctx *ctx, const struct entity_info *owner, int field, const struct entity_info *other)
{
	return !(other->entity->flags & E_INTERNAL) && entity_field_right(ctx->actor, owner, field) >= RIGHT_READ &&
	       entity_scope(ctx->actor, other, ACTION_READ) > SCOPE_NONE;
}

/* "customer" for customer_id. */
static bool is_link(const struct field *field, const char *name)
{
	size_t n = strlen(field->name);
	if (str_equal(field->name, name))
		return true;
	return n > 3 && str_ends(field->name, "_id") && strlen(name) == n - 3 && memcmp(field->name, name, n - 3) == 0;
}

static bool is_entity(const struct entity_info *info, const char *name)
{
	return str_equal(info->entity->plural, name) || str_equal(info->entity->name, name);
}

struct found {
	size_t n;
	const struct entity_info *other;
	int link;
	bool up;
};

static void find_up(struct ctx *ctx, const struct entity_info *info, const char *name, struct found *ret)
{
	for (int i = 0; i < (int)info->n_fields; i++) {
		const struct entity_info *other = entity_link(info, i);
		if (!other || info->fields[i]->type != FIELD_LINK || !is_link(info->fields[i], name) || !reachable(ctx, info, i, other))
			continue;
		*ret = (struct found){ret->n + 1, other, i, true};
	}
}

static void find_down(struct ctx *ctx, const struct entity_info *info, const char *name, const char *via, struct found *ret)
{
	size_t n;
	const struct entity_ref *refs = entity_refs(info, &n);
	for (size_t i = 0; i < n; i++) {
		const struct entity_info *other = refs[i].info;
		const struct field *field = other->fields[refs[i].field];
		if (field->type != FIELD_LINK || !is_entity(other, name) || !reachable(ctx, other, refs[i].field, other))
			continue;
		if (via && !str_equal(via, field->name))
			continue;
		*ret = (struct found){ret->n + 1, other, refs[i].field, false};
	}
}

enum err condition_parse_relation(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place)
{
	static const char *const names[] = {"related", "via", "where", "measure", "of", "by", "op", "value", NULL};
	const char *name, *via;
	struct found found = {0};
	enum err err = condition_known(p, json, place, names);
	if (!err)
		err = condition_member_text(p, json, place, "related", &name);
	if (!err)
		err = condition_member_text(p, json, place, "via", &via);
	if (err)
		return err;
	find_down(p->ctx, node->info, name ? name : "", via, &found);
	if (found.n == 0 && !via)
		find_up(p->ctx, node->info, name ? name : "", &found);
	if (found.n == 0)
		return condition_fail(p, place, ERR_INVALID, "condition_relation", name ? name : "");
	if (found.n > 1)
		return condition_fail(p, place, ERR_INVALID, "condition_via", name);
	node->other = found.other;
	node->link = found.link;
	node->up = found.up;
	return OK;
}

/* --- measures ----------------------------------------------------------------------------- */

static const char *const measure_names[] = {
	[MEASURE_EXISTS] = "exists", [MEASURE_COUNT] = "count", [MEASURE_SUM] = "sum", [MEASURE_MIN] = "min", [MEASURE_MAX] = "max", [MEASURE_LATEST] = "latest",
};

static enum err read_measure(struct condition_parse *p, const char *name, const char *place, enum condition_measure *ret)
{
	*ret = MEASURE_EXISTS;
	for (size_t i = 0; i < sizeof(measure_names) / sizeof(measure_names[0]); i++)
		if (!name || str_equal(measure_names[i], name)) {
			*ret = (enum condition_measure)i;
			return OK;
		}
	return condition_fail(p, place, ERR_INVALID, "condition_measure", name);
}

/* What can be summed up has one unit; what is the least or greatest has an order. */
static enum err check_of(struct condition_parse *p, const struct condition_node *node, const char *place)
{
	const struct field *field = condition_field(node->other, node->of);
	unsigned compares = field_ops(field->type)->compares;
	bool fits = node->measure == MEASURE_SUM ? (compares & COMPARE_SUM) != 0 && entity_currency(node->other, node->of) < 0
	            : node->measure == MEASURE_LATEST ? field_ops(field->type)->column[0] != NULL && field->type != FIELD_JSON
	                                              : (compares & COMPARE_ORDER) != 0;
	return fits ? OK : condition_fail(p, place, ERR_INVALID, "condition_of", field->name);
}

/* The time that the entity's lists are sorted by, else when it was made. */
static int usual_time(struct ctx *ctx, const struct entity_info *info)
{
	const char *sort = info->entity->sort ? info->entity->sort : "";
	const char *name = arena_strndup(ctx->arena, sort, strcspn(sort, "."));
	int at = name ? entity_field(info, name) : -1;
	bool time = at >= 0 && (info->fields[at]->type == FIELD_TIME || info->fields[at]->type == FIELD_DATE);
	return time && entity_field_right(ctx->actor, info, at) >= RIGHT_READ ? at : SF_CREATED_AT;
}

static enum err read_by(struct condition_parse *p, struct condition_node *node, const char *by, const char *place)
{
	if (node->measure != MEASURE_LATEST)
		return by ? condition_fail(p, place, ERR_INVALID, "condition_word", "by") : OK;
	if (!by) {
		node->by = usual_time(p->ctx, node->other);
		return OK;
	}
	enum err err = condition_open_field(p, node->other, place, by, &node->by);
	if (err)
		return err;
	enum field_type type = condition_field(node->other, node->by)->type;
	return type == FIELD_TIME || type == FIELD_DATE ? OK : condition_fail(p, place, ERR_INVALID, "condition_by", by);
}

/* Whether some are there, and how many, is measured of no field. */
static enum err parse_number(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place)
{
	static const char *const not_wanted[] = {"of", "by", "op", "value"};
	bool bare = node->measure == MEASURE_EXISTS;
	for (size_t i = 0; i < (bare ? 4 : 2); i++)
		if (json_object_get(json, not_wanted[i]))
			return condition_fail(p, place, ERR_INVALID, "condition_word", not_wanted[i]);
	return bare ? OK : condition_parse_compare(p, node->other, -1, json, place, &node->compare);
}

static enum err parse_measured(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place)
{
	const char *of, *by;
	enum err err = condition_member_text(p, json, place, "of", &of);
	if (!err)
		err = condition_member_text(p, json, place, "by", &by);
	if (!err)
		err = condition_open_field(p, node->other, place, of, &node->of);
	if (!err)
		err = check_of(p, node, place);
	if (!err)
		err = read_by(p, node, by, place);
	if (!err)
		err = condition_parse_compare(p, node->other, node->of, json, place, &node->compare);
	return err;
}

enum err condition_parse_measure(struct condition_parse *p, struct condition_node *node, const json_t *json, const char *place)
{
	const char *measure;
	enum err err = condition_member_text(p, json, place, "measure", &measure);
	if (!err)
		err = read_measure(p, measure, place, &node->measure);
	if (err)
		return err;
	if (node->measure == MEASURE_EXISTS || node->measure == MEASURE_COUNT)
		return parse_number(p, node, json, place);
	err = parse_measured(p, node, json, place);
	if (err)
		return err;
	node->of = node->compare.field; /* a form of it is what is looked at */
	bool sum = node->measure == MEASURE_SUM && (node->compare.op >= CONDITION_IS_NULL || node->compare.words);
	return sum ? condition_fail(p, place, ERR_INVALID, "condition_op", "is") : OK;
}
