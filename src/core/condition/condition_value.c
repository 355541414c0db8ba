/* Operator and operands of a comparison: JSON to values of the field's type. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/condition/condition_parse.h"
#include "core/entity/field_type.h"

struct op_name {
	const char *name;
	enum condition_op op;
	unsigned compares; /* one of these must be allowed for the field's type */
	bool number;       /* of counts and sums too */
	bool list, pattern, regex;
};

static const struct op_name op_names[] = {
	{"eq", CONDITION_EQ, COMPARE_EQUAL, true, false, false, false},
	{"neq", CONDITION_NEQ, COMPARE_EQUAL, true, false, false, false},
	{"gt", CONDITION_GT, COMPARE_ORDER, true, false, false, false},
	{"gte", CONDITION_GTE, COMPARE_ORDER, true, false, false, false},
	{"lt", CONDITION_LT, COMPARE_ORDER, true, false, false, false},
	{"lte", CONDITION_LTE, COMPARE_ORDER, true, false, false, false},
	{"in", CONDITION_IN, COMPARE_EQUAL, true, true, false, false},
	{"isdistinct", CONDITION_DISTINCT, COMPARE_EQUAL, false, false, false, false},
	{"like", CONDITION_LIKE, COMPARE_LIKE, false, false, true, false},
	{"ilike", CONDITION_ILIKE, COMPARE_LIKE, false, false, true, false},
	{"match", CONDITION_LIKE, COMPARE_LIKE, false, false, true, true},
	{"imatch", CONDITION_ILIKE, COMPARE_LIKE, false, false, true, true},
	{"cs", CONDITION_HAS_ALL, COMPARE_CONTAINS, false, true, false, false},
	{"cd", CONDITION_HAS_ONLY, COMPARE_CONTAINS, false, true, false, false},
	{"ov", CONDITION_HAS_ONE, COMPARE_CONTAINS, false, true, false, false},
};

struct operand {
	struct condition_parse *p;
	const struct entity_info *info;
	int field;
	const struct op_name *op;
	const char *place;
};

/* Free text that does not pass the field's checks is still a fair question. */
static const bool free_text[FIELD_TYPE_COUNT] = {
	[FIELD_TEXT] = true, [FIELD_NOTE] = true, [FIELD_EMAIL] = true, [FIELD_PHONE] = true, [FIELD_URL] = true, [FIELD_CODE] = true,
};

static enum err bad_value(const struct operand *o, const char *text)
{
	const char *name = o->field >= 0 ? condition_field(o->info, o->field)->name : "count";
	const char *what = arena_printf(o->p->ctx->arena, "%s = %s", name, text);
	return condition_fail(o->p, o->place, ERR_INVALID, "condition_value", what ? what : text);
}

/* --- one operand ---------------------------------------------------------------------- */

static enum err parse_pattern(const struct operand *o, const char *text, struct value *ret)
{
	const char *pattern;
	if (++o->p->patterns > CONDITION_PATTERNS_MAX)
		return condition_fail(o->p, o->place, ERR_LIMIT, "condition_large", text);
	if (condition_pattern(o->p->ctx, o->op->regex, text, &pattern) != PATTERN_FINE)
		return bad_value(o, text);
	*ret = value_text(pattern);
	return pattern ? OK : fail(o->p->ctx, ERR_LIMIT, "condition", "memory");
}

static bool is_me(const struct operand *o, const char *text)
{
	const struct entity_info *target = entity_link(o->info, o->field);
	return target && str_equal(text, "me") && str_equal(target->entity->name, "user");
}

/* As its type reads it. */
static enum err parse_typed(const struct operand *o, const char *text, struct value *ret)
{
	struct ctx *ctx = o->p->ctx;
	const struct field *field = condition_field(o->info, o->field);
	size_t before = ctx->faults.count;
	enum err err = field_parse(ctx, o->info, o->field, text, ret);
	if (!err && ret->kind == VALUE_NULL)
		return bad_value(o, text);
	if (!err || err == ERR_LIMIT || err == ERR_BUG)
		return err;
	ctx->faults.count = before;
	if (!free_text[field->type])
		return bad_value(o, text);
	*ret = value_text(text);
	return OK;
}

static enum err parse_one(const struct operand *o, const char *text, struct condition_word *word, struct value *ret)
{
	int64_t id = 0;
	if (o->op->pattern)
		return parse_pattern(o, text, ret);
	if (!*text)
		return bad_value(o, text);
	if (o->field < 0) {
		*ret = value_int(0);
		if (!str_to_i64(text, &id))
			return bad_value(o, text);
		ret->i = id;
		return OK;
	}
	const struct field *field = condition_field(o->info, o->field);
	if ((field->type == FIELD_TIME || field->type == FIELD_DATE) && condition_word_read(text, word)) {
		o->p->moves = true;
		*ret = value_null();
		return OK;
	}
	word->base = 0;
	if (field->type == FIELD_LINKS) {
		*ret = value_int(0);
		if (!id_parse(text, &id))
			return bad_value(o, text);
		ret->i = id;
		return OK;
	}
	if (field->type == FIELD_LINK && is_me(o, text)) {
		*ret = value_int(o->p->ctx->actor->user_id);
		return OK;
	}
	return parse_typed(o, text, ret);
}

/* --- texts ------------------------------------------------------------------------------ */

static const char *text_of(struct ctx *ctx, const json_t *json)
{
	char number[40];
	if (json_is_string(json))
		return arena_strdup(ctx->arena, json_string_value(json));
	if (json_is_boolean(json))
		return json_is_true(json) ? "true" : "false";
	if (json_is_integer(json))
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(json));
	else if (json_is_real(json))
		snprintf(number, sizeof(number), "%.15g", json_real_value(json));
	else
		return NULL;
	return arena_strdup(ctx->arena, number);
}

static enum err read_texts(const struct operand *o, const json_t *json, const char ***ret, size_t *ret_n)
{
	struct ctx *ctx = o->p->ctx;
	size_t n = o->op->list ? json_array_size(json) : 1;
	if (!json)
		return bad_value(o, "");
	if (o->op->list != json_is_array(json) || n == 0)
		return condition_fail(o->p, o->place, ERR_INVALID, o->op->list ? "condition_list" : "condition_value", o->op->name);
	o->p->values += n;
	if (o->p->values > CONDITION_VALUES_MAX)
		return condition_fail(o->p, o->place, ERR_LIMIT, "condition_large", "");
	*ret = arena_array(ctx->arena, n, sizeof(**ret));
	*ret_n = n;
	for (size_t i = 0; *ret && i < n; i++) {
		const json_t *one = o->op->list ? json_array_get(json, i) : json;
		(*ret)[i] = text_of(ctx, one);
		if (!(*ret)[i])
			return bad_value(o, "");
	}
	return *ret ? OK : fail(ctx, ERR_LIMIT, "condition", "memory");
}

/* --- the comparison ------------------------------------------------------------------------ */

static enum err parse_operands(const struct operand *o, struct condition_compare *ret)
{
	struct ctx *ctx = o->p->ctx;
	struct condition_word *words = arena_array(ctx->arena, ret->n, sizeof(*words));
	bool moves = false;
	ret->values = arena_array(ctx->arena, ret->n, sizeof(*ret->values));
	if (!ret->values || !words)
		return fail(ctx, ERR_LIMIT, "condition", "memory");
	for (size_t i = 0; i < ret->n; i++) {
		enum err err = parse_one(o, ret->texts[i], &words[i], &ret->values[i]);
		if (err)
			return err;
		moves |= words[i].base != 0;
	}
	ret->words = moves ? words : NULL;
	return OK;
}

/* Identifiers are equal by their form, however they were typed; order and patterns see what is written. */
static enum err compare_forms(struct ctx *ctx, const struct entity_info *info, struct condition_compare *ret)
{
	bool equal = ret->op == CONDITION_EQ || ret->op == CONDITION_NEQ || ret->op == CONDITION_IN || ret->op == CONDITION_DISTINCT;
	int compared = equal ? entity_compared(info, ret->field) : ret->field;
	for (size_t i = 0; compared != ret->field && i < ret->n; i++) {
		enum err err = entity_compared_value(ctx, info, ret->field, &ret->values[i], &ret->values[i]);
		if (err)
			return err;
	}
	ret->field = compared;
	return OK;
}

static enum err parse_is(const struct operand *o, const json_t *value, struct condition_compare *ret)
{
	static const struct {
		const char *word;
		enum condition_op op;
		bool truth;
	} words[] = {{"null", CONDITION_IS_NULL, false}, {"not_null", CONDITION_IS_NOT_NULL, false}, {"true", CONDITION_IS_TRUE, true}, {"false", CONDITION_IS_FALSE, true}};
	const char *text = json_is_null(value) ? "null" : value ? text_of(o->p->ctx, value) : NULL;
	const struct field *field = condition_field(o->info, o->field);
	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_equal(words[i].word, text))
			continue;
		if (words[i].truth && !(field_ops(field->type)->compares & COMPARE_TRUTH))
			break;
		ret->op = words[i].op;
		return OK;
	}
	return bad_value(o, text ? text : "");
}

static const struct op_name *op_named(const char *name)
{
	for (size_t i = 0; name && i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (str_equal(op_names[i].name, name))
			return &op_names[i];
	return NULL;
}

static bool op_fits(const struct op_name *op, const struct entity_info *info, int field, bool number)
{
	if (number)
		return op->number;
	return field >= 0 && (field_ops(condition_field(info, field)->type)->compares & op->compares) != 0;
}

enum err condition_parse_compare(struct condition_parse *p, const struct entity_info *info, int field, const json_t *json, const char *place,
                                 struct condition_compare *ret)
{
	const char *name;
	enum err err = condition_member_text(p, json, place, "op", &name);
	if (err)
		return err;
	const struct op_name *op = op_named(name);
	struct operand o = {.p = p, .info = info, .field = field, .op = op, .place = place};
	*ret = (struct condition_compare){.info = info, .field = field, .named = field};
	if (field >= 0 && str_equal(name, "is"))
		return parse_is(&o, json_object_get(json, "value"), ret);
	if (!op || !op_fits(op, info, field, field < 0))
		return condition_fail(p, place, ERR_INVALID, "condition_op", name ? name : "");
	ret->op = op->op;
	const char **texts = NULL;
	err = read_texts(&o, json_object_get(json, "value"), &texts, &ret->n);
	if (err)
		return err;
	ret->texts = (const char *const *)texts;
	err = parse_operands(&o, ret);
	return err || field < 0 ? err : compare_forms(p->ctx, info, ret);
}
