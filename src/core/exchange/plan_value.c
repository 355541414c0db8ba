/* Single values of a plan's JSON, and the conditions that choose. */
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/exchange/plan.h"

enum { CONDITION_DEPTH = 3 };

static enum err no_memory(struct plan_making *m)
{
	return fail(m->ctx, ERR_LIMIT, "", "memory");
}

static enum err copy_text(struct plan_making *m, const char *text, const char **ret)
{
	*ret = arena_strdup(m->ctx->arena, text);
	return *ret == NULL ? no_memory(m) : OK;
}

/* A constant as text: numbers and truth values may stand unquoted. */
static enum err scalar_text(struct plan_making *m, const json_t *json, const char **ret)
{
	if (json_is_string(json))
		return copy_text(m, json_string_value(json), ret);
	if (json_is_integer(json))
		*ret = arena_printf(m->ctx->arena, "%lld", (long long)json_integer_value(json));
	else if (json_is_boolean(json))
		*ret = json_is_true(json) ? "true" : "false";
	else if (json_is_null(json))
		*ret = "";
	else
		return fail(m->ctx, ERR_INVALID, m->path, "plan_value");
	return *ret == NULL ? no_memory(m) : OK;
}

/* --- conditions -------------------------------------------------------- */

static enum err condition_texts(struct plan_making *m, const json_t *json, struct plan_condition *c)
{
	size_t n = json_is_array(json) ? json_array_size(json) : 1;
	const char **texts = arena_array(m->ctx->arena, n + 1, sizeof(*texts));
	if (texts == NULL)
		return no_memory(m);
	for (size_t i = 0; i < n; i++) {
		enum err err = scalar_text(m, json_is_array(json) ? json_array_get(json, i) : json, &texts[i]);
		if (err != OK)
			return err;
	}
	c->texts = texts;
	return OK;
}

static enum err compile_conditions(struct plan_making *m, const json_t *json, int depth, struct plan_condition **ret, size_t *ret_n);

static enum err compile_condition(struct plan_making *m, const json_t *json, int depth, struct plan_condition *c)
{
	static const struct {
		const char *name;
		enum plan_test test;
		bool texts;
	} tests[] = {
		{"filled", TEST_FILLED, false},     {"empty", TEST_EMPTY, false},       {"plain", TEST_PLAIN, false},
		{"equals", TEST_EQUALS, true}, {"in", TEST_IN, true},
		{"starts", TEST_STARTS, true},      {"negative", TEST_NEGATIVE, false}, {"positive", TEST_POSITIVE, false},
		{"zero", TEST_ZERO, false},
	};
	if (!json_is_object(json))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_condition");
	const json_t *any = json_object_get(json, "any");
	if (any != NULL && !json_is_array(any))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_condition");
	if (any != NULL && depth < CONDITION_DEPTH)
		return compile_conditions(m, any, depth + 1, &c->any, &c->n_any);
	enum err err = plan_column(m, json_object_get(json, "column"), &c->column);
	if (err != OK)
		return err;
	c->not = json_is_true(json_object_get(json, "not"));
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		const json_t *given = json_object_get(json, tests[i].name);
		if (given == NULL)
			continue;
		c->test = tests[i].test;
		c->not ^= json_is_false(given) && !tests[i].texts;
		return tests[i].texts ? condition_texts(m, given, c) : OK;
	}
	return fail(m->ctx, ERR_INVALID, m->path, "plan_condition");
}

static enum err compile_conditions(struct plan_making *m, const json_t *json, int depth, struct plan_condition **ret, size_t *ret_n)
{
	size_t n = json == NULL ? 0 : json_is_array(json) ? json_array_size(json) : 1;
	*ret = NULL;
	*ret_n = n;
	if (n == 0)
		return OK;
	*ret = arena_array(m->ctx->arena, n, sizeof(**ret));
	if (*ret == NULL)
		return no_memory(m);
	for (size_t i = 0; i < n; i++) {
		enum err err = compile_condition(m, json_is_array(json) ? json_array_get(json, i) : json, depth, &(*ret)[i]);
		if (err != OK)
			return err;
	}
	return OK;
}

enum err plan_conditions_compile(struct plan_making *m, const json_t *json, struct plan_condition **ret, size_t *ret_n)
{
	return compile_conditions(m, json, 0, ret, ret_n);
}

/* --- where the text comes from ----------------------------------------- */

/* What stands between { and }: a column, "#row", "Name:int" (17850.0 is 17850). */
static enum err compile_slot(struct plan_making *m, const char *from, size_t len, struct plan_piece *piece)
{
	char *name = arena_strndup(m->ctx->arena, from, len);
	if (name == NULL)
		return no_memory(m);
	char *form = strstr(name, ":int");
	piece->integer = form != NULL && form[4] == '\0';
	if (piece->integer)
		*form = '\0';
	piece->column = strcmp(name, "#row") == 0 ? -2 : plan_find_column(m->columns, name);
	if (piece->column == -1 && !m->plan->optional_columns)
		fault_add(m->ctx, ERR_INVALID, m->path, "plan_no_column", name);
	return OK;
}

/* "Customer {CustomerID}": texts and columns in turn. */
static enum err compile_template(struct plan_making *m, const char *text, struct plan_value *v)
{
	v->source = PLAN_TEMPLATE;
	v->pieces = arena_array(m->ctx->arena, PLAN_PIECES_MAX, sizeof(*v->pieces));
	if (v->pieces == NULL)
		return no_memory(m);
	while (*text != '\0') {
		size_t before = strcspn(text, "{");
		const char *open = text + before, *close = strchr(open, '}');
		if (v->n_pieces == PLAN_PIECES_MAX || (*open == '{' && close == NULL))
			return fail(m->ctx, ERR_INVALID, m->path, "plan_template");
		struct plan_piece *piece = &v->pieces[v->n_pieces++];
		*piece = (struct plan_piece){.text = arena_strndup(m->ctx->arena, text, before), .column = -1};
		if (piece->text == NULL)
			return no_memory(m);
		if (*open == '\0')
			break;
		enum err err = compile_slot(m, open + 1, (size_t)(close - open - 1), piece);
		if (err != OK)
			return err;
		text = close + 1;
	}
	return OK;
}

/* {"given": "First Name", "middle": …, "family": "Last Name"} */
static enum err compile_person(struct plan_making *m, const json_t *json, struct plan_value *v)
{
	const struct {
		const char *name;
		int *column;
	} parts[] = {{"given", &v->given}, {"middle", &v->middle}, {"family", &v->family}};
	v->source = PLAN_PERSON;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const json_t *column = json_object_get(json, parts[i].name);
		enum err err = column != NULL ? plan_column(m, column, parts[i].column) : OK;
		if (err != OK)
			return err;
	}
	return OK;
}

/* "sum": ["Total"], "less": ["Shipping"]: columns added and taken away; nothing where the first is empty. */
static enum err compile_sum(struct plan_making *m, const json_t *json, struct plan_value *v)
{
	const json_t *lists[] = {json_object_get(json, "sum"), json_object_get(json, "less")}, *column;
	size_t i;
	v->source = PLAN_SUM;
	v->pieces = arena_array(m->ctx->arena, PLAN_PIECES_MAX, sizeof(*v->pieces));
	if (v->pieces == NULL)
		return no_memory(m);
	for (size_t k = 0; k < 2; k++)
		json_array_foreach(lists[k], i, column) {
			if (v->n_pieces == PLAN_PIECES_MAX)
				return fail(m->ctx, ERR_INVALID, m->path, "plan_value");
			struct plan_piece *piece = &v->pieces[v->n_pieces++];
			*piece = (struct plan_piece){.text = "", .column = -1, .less = k == 1};
			enum err err = plan_column(m, column, &piece->column);
			if (err != OK)
				return err;
		}
	return v->n_pieces > 0 ? OK : fail(m->ctx, ERR_INVALID, m->path, "plan_value");
}

static enum err compile_rules(struct plan_making *m, const json_t *list, const struct entity_info *info, int at, struct plan_value *v)
{
	const json_t *rule;
	size_t i, n = json_array_size(list);
	v->source = PLAN_RULES;
	v->rules = arena_array(m->ctx->arena, n > 0 ? n : 1, sizeof(*v->rules));
	if (v->rules == NULL)
		return no_memory(m);
	json_array_foreach(list, i, rule) {
		const json_t *then = json_object_get(rule, "then");
		enum err err = plan_conditions_compile(m, json_object_get(rule, "when"), &v->rules[i].when, &v->rules[i].n_when);
		if (err == OK && json_is_object(then))
			err = plan_value_compile(m, then, info, at, &v->rules[i].value);
		else if (err == OK) {
			v->rules[i].value = (struct plan_value){.source = PLAN_CONSTANT, .column = -1, .divide_by = -1, .find_by = -1};
			err = scalar_text(m, then, &v->rules[i].value.text);
		}
		if (err != OK)
			return err;
		v->n_rules = i + 1;
	}
	return OK;
}

static int record_named(const struct plan_making *m, const char *as)
{
	for (size_t i = 0; as != NULL && i < m->n_as; i++)
		if (strcmp(m->as[i], as) == 0)
			return (int)i;
	return -1;
}

/* "record": a link to what another part of the row became; "counter": its how-manieth row this is. */
static enum err compile_record(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *v)
{
	const json_t *counter = json_object_get(json, "counter");
	const char *as = json_string_value(counter != NULL ? counter : json_object_get(json, "record"));
	v->source = counter != NULL ? PLAN_COUNTER : PLAN_RECORD;
	v->record = record_named(m, as);
	if (v->record < 0)
		return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_no_record", as);
	if (counter != NULL) {
		m->plan->records[m->plan->n_records - 1].counted = v->record;
		return OK;
	}
	const struct entity_info *target = entity_link(info, at);
	if (target == NULL || target != m->plan->records[v->record].info)
		return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_link", as);
	return OK;
}

static enum err compile_source(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *v)
{
	const json_t *column = json_object_get(json, "column"), *value = json_object_get(json, "value");
	const json_t *rules = json_object_get(json, "rules");
	const char *template = json_string_value(json_object_get(json, "template"));
	if (column != NULL) {
		v->source = PLAN_COLUMN;
		return plan_column(m, column, &v->column);
	}
	if (template != NULL)
		return compile_template(m, template, v);
	if (rules != NULL)
		return compile_rules(m, rules, info, at, v);
	if (json_object_get(json, "given") != NULL || json_object_get(json, "family") != NULL)
		return compile_person(m, json, v);
	if (json_object_get(json, "sum") != NULL)
		return compile_sum(m, json, v);
	if (json_object_get(json, "record") != NULL || json_object_get(json, "counter") != NULL)
		return compile_record(m, json, info, at, v);
	if (json_is_true(json_object_get(json, "row"))) {
		v->source = PLAN_ROW;
		return OK;
	}
	if (value == NULL)
		return fail(m->ctx, ERR_INVALID, m->path, "plan_value");
	v->source = PLAN_CONSTANT;
	return scalar_text(m, value, &v->text);
}

/* --- what is done with it ------------------------------------------------ */

static enum err compile_words(struct plan_making *m, json_t *map, struct plan_value *v)
{
	const char *name = json_string_value(map), *from;
	json_t *to;
	if (name != NULL && strcmp(name, "country") == 0) {
		v->countries = true;
		return OK;
	}
	if (!json_is_object(map))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_map");
	size_t n = json_object_size(map);
	struct plan_words *words = arena_alloc(m->ctx->arena, sizeof(*words));
	const char **froms = arena_array(m->ctx->arena, n > 0 ? n : 1, sizeof(*froms));
	const char **tos = arena_array(m->ctx->arena, n > 0 ? n : 1, sizeof(*tos));
	if (words == NULL || froms == NULL || tos == NULL)
		return no_memory(m);
	json_object_foreach(map, from, to) {
		const char *text = NULL;
		enum err err = scalar_text(m, to, &text);
		if (err == OK && strcmp(from, "*") == 0) {
			words->other = text;
			continue;
		}
		if (err == OK)
			err = copy_text(m, from, &froms[words->n]);
		if (err != OK)
			return err;
		tos[words->n++] = text;
	}
	words->from = froms;
	words->to = tos;
	v->words = words;
	return OK;
}

static bool named(const char *const *names, size_t n, const char *text, int *ret)
{
	for (size_t i = 0; text != NULL && i < n; i++)
		if (strcmp(names[i], text) == 0) {
			*ret = (int)i;
			return true;
		}
	return false;
}

/* How dates and numbers are written, and arithmetic. */
static enum err compile_forms(struct plan_making *m, const json_t *json, struct plan_value *v)
{
	static const char *const orders[] = {"auto", "YMD", "DMY", "MDY"}, *const marks[] = {"auto", "point", "comma"};
	const json_t *date = json_object_get(json, "date"), *number = json_object_get(json, "number");
	const json_t *times = json_object_get(json, "times"), *divide = json_object_get(json, "divide_by");
	int at;
	int64_t factor;
	if (date != NULL && !named(orders, 4, json_string_value(date), &at))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_date");
	if (date != NULL)
		v->dates = (enum date_order)at;
	if (number != NULL && !named(marks, 3, json_string_value(number), &at))
		return fail(m->ctx, ERR_INVALID, m->path, "plan_number");
	if (number != NULL)
		v->mark = (enum number_mark)at;
	v->marked |= date != NULL || number != NULL;
	if (times != NULL) {
		enum err err = scalar_text(m, times, &v->times);
		if (err != OK)
			return err;
		if (!decimal_parse(v->times, 9, &factor))
			return fail(m->ctx, ERR_INVALID, m->path, "plan_number");
	}
	return divide != NULL ? plan_column(m, divide, &v->divide_by) : OK;
}

/* How a link's target is found when the file has its name. */
static enum err compile_link(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *v)
{
	const struct entity_info *target = entity_link(info, at);
	const char *by = json_string_value(json_object_get(json, "find"));
	const char *split = json_string_value(json_object_get(json, "split"));
	v->create = json_is_true(json_object_get(json, "create"));
	if (target == NULL)
		return by != NULL || v->create ? fail(m->ctx, ERR_INVALID, m->path, "plan_link") : OK;
	if (by != NULL) {
		v->find_by = entity_field(target, by);
		if (v->find_by < 0 || entity_field_right(m->ctx->actor, target, v->find_by) < RIGHT_READ)
			return fail_arg(m->ctx, ERR_INVALID, m->path, "unknown_field", by);
	}
	return split != NULL ? copy_text(m, split, &v->split) : OK;
}

/* 1 to `most`; 0 for all else. */
static int small_number(const json_t *json, int most)
{
	json_int_t n = json_is_integer(json) ? json_integer_value(json) : 0;
	return n > 0 && n <= most ? (int)n : 0;
}

static enum err compile_steps(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *v)
{
	json_t *map = json_object_get(json, "map");
	const json_t *cut = json_object_get(json, "cut"), *part = json_object_get(json, "part"), *otherwise = json_object_get(json, "else");
	const char *letters = json_string_value(json_object_get(json, "case"));
	v->html = json_is_true(json_object_get(json, "html"));
	v->integer = json_is_true(json_object_get(json, "integer"));
	v->round = json_is_true(json_object_get(json, "round"));
	v->upper = letters != NULL && strcmp(letters, "upper") == 0;
	v->lower = letters != NULL && strcmp(letters, "lower") == 0;
	v->cut = small_number(cut, 99999);
	v->part = small_number(part, 8);
	enum err err = map != NULL ? compile_words(m, map, v) : OK;
	if (err == OK)
		err = compile_forms(m, json, v);
	if (err == OK)
		err = compile_link(m, json, info, at, v);
	if (err != OK || otherwise == NULL)
		return err;
	v->otherwise = arena_alloc(m->ctx->arena, sizeof(*v->otherwise));
	if (v->otherwise == NULL)
		return no_memory(m);
	if (json_is_object(otherwise))
		return plan_value_compile(m, otherwise, info, at, v->otherwise);
	*v->otherwise = (struct plan_value){.source = PLAN_CONSTANT, .column = -1, .divide_by = -1, .find_by = -1};
	return scalar_text(m, otherwise, &v->otherwise->text);
}

/* Names that may stand in a value; others are mistakes. */
static bool known_names(json_t *json, const char **ret_wrong)
{
	static const char *const names[] = {"column", "value", "template", "rules", "else", "record", "counter", "row", "given", "middle", "family", "sum", "less",
	                                    "html", "integer", "case", "map", "number", "date", "times", "divide_by",
	                                    "round", "cut", "split", "find", "create", "part"};
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value) {
		int at;
		*ret_wrong = name;
		if (!named(names, sizeof(names) / sizeof(names[0]), name, &at))
			return false;
	}
	return true;
}

/* The zone that the column's heading names: as our workbooks have it, and other programs' reports. */
static int heading_zone(struct plan_making *m, int column)
{
	struct plan *plan = m->plan;
	const char *name = column >= 0 && (size_t)column < m->columns->n ? convert_zone_heading(m->ctx, m->columns->names[column]) : NULL;
	for (size_t i = 0; name != NULL && i < plan->n_zones; i++)
		if (str_equal(plan->zones[i], name))
			return (int)i + 1;
	if (name == NULL || plan->n_zones == PLAN_ZONES_MAX)
		return 0;
	plan->zones[plan->n_zones++] = name;
	return (int)plan->n_zones;
}

static enum err compile_value(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *ret)
{
	const char *wrong = NULL;
	*ret = (struct plan_value){.column = -1, .divide_by = -1, .find_by = -1, .record = -1, .given = -1, .middle = -1, .family = -1, .dates = m->plan->dates, .mark = m->plan->mark};
	if (json_is_string(json) || json_is_integer(json)) {
		ret->source = PLAN_COLUMN;
		return plan_column(m, json, &ret->column);
	}
	json_t *object = json_is_object(json) ? json_incref((json_t *)(uintptr_t)json) : NULL;
	bool known = object != NULL && known_names(object, &wrong);
	const char *copy = wrong != NULL ? arena_strdup(m->ctx->arena, wrong) : NULL;
	json_decref(object);
	if (!known)
		return fail_arg(m->ctx, ERR_INVALID, m->path, "plan_value", copy);
	enum err err = compile_source(m, json, info, at, ret);
	return err != OK ? err : compile_steps(m, json, info, at, ret);
}

enum err plan_value_compile(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *ret)
{
	enum err err = compile_value(m, json, info, at, ret);
	if (err == OK && info != NULL && at >= 0 && info->fields[at]->type == FIELD_TIME && ret->source == PLAN_COLUMN)
		ret->zone = heading_zone(m, ret->column);
	return err;
}
