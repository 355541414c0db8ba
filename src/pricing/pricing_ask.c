/* `guanxi price ask`: questions on plain files, answered with the steps that led there. */
#include <string.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/questions.h"
#include "pricing/pricing.h"

struct question {
	const json_t *asked;
	struct jsonw *out;
	struct ctx *ctx;
	struct buf *steps; /* JSON objects with commas between */
	struct jsonw step;
};

/* A price as the file says it. */
struct told {
	const char *list, *price, *from;
	size_t line;
};

/* --- reading ----------------------------------------------------------------- */

static const char *text_of(struct ctx *ctx, const json_t *value)
{
	if (json_is_integer(value))
		return arena_printf(ctx->arena, "%lld", (long long)json_integer_value(value));
	if (json_is_real(value))
		return arena_printf(ctx->arena, "%.12g", json_real_value(value));
	return json_string_value(value);
}

/* `fallback` NULL: it has to be there. *ret_text may be NULL. */
static enum err number(struct question *q, const json_t *from, const char *name, const char *fallback, struct fraction *ret, const char **ret_text)
{
	const char *text = text_of(q->ctx, json_object_get(from, name));
	if (text == NULL && (json_object_get(from, name) == NULL || json_is_null(json_object_get(from, name))))
		text = fallback;
	if (text == NULL || !fraction_read(text, ret))
		return fail(q->ctx, ERR_INVALID, name, "pricing_number");
	if (ret_text != NULL)
		*ret_text = text;
	return OK;
}

static const char *word(const json_t *from, const char *name)
{
	const char *text = json_string_value(json_object_get(from, name));
	return text != NULL ? text : "";
}

/* --- saying ------------------------------------------------------------------ */

static void put(struct jsonw *w, const char *key, struct fraction value, int least)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, 9, least, text);
	jsonw_kv_text(w, key, text);
}

static void begin_step(struct question *q, const char *what)
{
	if (q->steps->len > 0)
		buf_putc(q->steps, ',');
	jsonw_init(&q->step, q->steps);
	jsonw_object(&q->step);
	jsonw_kv_text(&q->step, "step", what);
}

static void end_step(struct question *q)
{
	jsonw_end_object(&q->step);
}

static void answer_number(struct question *q, struct fraction value, int least)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, 9, least, text);
	jsonw_text(q->out, text);
}

/* --- lists ------------------------------------------------------------------- */

struct lists {
	enum pricing_strategy strategy;
	struct pricing_row *rows;
	size_t n;
	bool *alone;
	size_t n_lists;
};

static enum err read_row(struct question *q, const json_t *from, size_t list, const char *name, size_t line, struct pricing_row *row)
{
	struct told *told = arena_alloc(q->ctx->arena, sizeof(*told));
	if (told == NULL)
		return fail(q->ctx, ERR_LIMIT, "", "memory");
	*row = (struct pricing_row){.book = list, .product = word(from, "product"), .unit = word(from, "unit"), .currency = word(from, "currency"), .ref = told};
	told->list = name;
	told->line = line;
	enum err err = number(q, from, "price", NULL, &row->price, &told->price);
	if (err == OK)
		err = number(q, from, "quantity_from", "1", &row->from, &told->from);
	if (err == OK && fraction_sign(row->from) < 0)
		err = fail(q->ctx, ERR_INVALID, "quantity_from", "pricing_negative");
	return err;
}

static enum err read_strategy(struct question *q, enum pricing_strategy *ret)
{
	const char *name = word(q->asked, "strategy");
	if (str_equal(name, "merge_by_priority"))
		*ret = PRICING_FIRST;
	else if (str_equal(name, "minimal_price"))
		*ret = PRICING_LOWEST;
	else
		return fail(q->ctx, ERR_INVALID, "strategy", "pricing_strategy");
	return OK;
}

static enum err read_lists(struct question *q, struct lists *ret)
{
	const json_t *lists = json_object_get(q->asked, "lists_in_priority_order");
	size_t rows = 0;
	ret->n_lists = json_array_size(lists);
	for (size_t i = 0; i < ret->n_lists; i++)
		rows += json_array_size(json_object_get(json_array_get(lists, i), "prices"));
	if (rows > PRICING_ROWS_MAX)
		return fail(q->ctx, ERR_LIMIT, "lists_in_priority_order", "pricing_rows_many");
	ret->rows = arena_array(q->ctx->arena, rows + 1, sizeof(*ret->rows));
	ret->alone = arena_array(q->ctx->arena, ret->n_lists + 1, sizeof(*ret->alone));
	if (ret->rows == NULL || ret->alone == NULL)
		return fail(q->ctx, ERR_LIMIT, "", "memory");
	enum err err = json_is_array(lists) ? read_strategy(q, &ret->strategy) : fail(q->ctx, ERR_INVALID, "lists_in_priority_order", "pricing_form");
	for (size_t i = 0; i < ret->n_lists && err == OK; i++) {
		const json_t *list = json_array_get(lists, i), *prices = json_object_get(list, "prices");
		ret->alone[i] = json_is_false(json_object_get(list, "merge_allowed"));
		if (!json_is_array(prices))
			err = fail(q->ctx, ERR_INVALID, "lists_in_priority_order", "pricing_form");
		for (size_t k = 0; k < json_array_size(prices) && err == OK; k++)
			err = read_row(q, json_array_get(prices, k), i, word(list, "list"), k + 1, &ret->rows[ret->n++]);
	}
	return err == OK ? pricing_combine(q->ctx, ret->strategy, ret->alone, ret->n_lists, ret->rows, ret->n) : err;
}

static void put_row(struct jsonw *w, const struct pricing_row *row, bool with_list)
{
	const struct told *told = row->ref;
	if (with_list) {
		jsonw_kv_text(w, "product", row->product);
		jsonw_kv_text(w, "list", told->list);
		jsonw_kv_int(w, "line", (int64_t)told->line);
	}
	jsonw_kv_text(w, "quantity_from", told->from);
	jsonw_kv_text(w, "unit", row->unit);
	jsonw_kv_text(w, "currency", row->currency);
	jsonw_kv_text(w, "price", told->price);
}

static enum err combined_table(struct question *q)
{
	struct lists lists = {0};
	const char *product = NULL;
	enum err err = read_lists(q, &lists);
	if (err != OK)
		return err;
	jsonw_object(q->out);
	for (size_t i = 0; i < lists.n; i++) {
		const struct pricing_row *row = &lists.rows[i];
		if (!row->kept)
			continue;
		if (product != NULL && !str_equal(product, row->product))
			jsonw_end_array(q->out);
		if (product == NULL || !str_equal(product, row->product)) {
			jsonw_key(q->out, row->product);
			jsonw_array(q->out);
		}
		product = row->product;
		jsonw_object(q->out);
		put_row(q->out, row, false);
		jsonw_end_object(q->out);
		begin_step(q, "taken_from");
		put_row(&q->step, row, true);
		end_step(q);
	}
	if (product != NULL)
		jsonw_end_array(q->out);
	jsonw_end_object(q->out);
	return OK;
}

static enum err unit_price(struct question *q)
{
	struct lists lists = {0};
	struct fraction quantity;
	enum err err = read_lists(q, &lists);
	if (err == OK)
		err = number(q, q->asked, "quantity", "1", &quantity, NULL);
	if (err == OK && fraction_sign(quantity) < 0)
		err = fail(q->ctx, ERR_INVALID, "quantity", "pricing_negative");
	if (err != OK)
		return err;
	const struct pricing_row *row =
		pricing_at(lists.rows, lists.n, word(q->asked, "product"), word(q->asked, "unit"), word(q->asked, "currency"), quantity);
	begin_step(q, row != NULL ? "taken_from" : "no_price");
	if (row != NULL)
		put_row(&q->step, row, true);
	end_step(q);
	jsonw_text(q->out, row != NULL ? ((const struct told *)row->ref)->price : NULL);
	return OK;
}

/* --- units and rules ------------------------------------------------------------ */

/* How many of the smallest unit one is; a product's own unit need not be listed. */
static enum err factor(struct question *q, const char *unit, struct fraction *ret)
{
	const json_t *units = json_object_get(q->asked, "units");
	*ret = fraction_of(1);
	if (json_object_get(units, unit) == NULL && str_equal(unit, word(q->asked, "product_unit")))
		return OK;
	enum err err = json_object_get(units, unit) != NULL ? number(q, units, unit, NULL, ret, NULL) : fail_arg(q->ctx, ERR_INVALID, "unit", "pricing_unit", unit);
	if (err == OK && fraction_sign(*ret) <= 0)
		err = fail(q->ctx, ERR_INVALID, "units", "pricing_number");
	return err;
}

static enum err read_rule(struct question *q, const json_t *from, struct pricing_rule *ret)
{
	*ret = (struct pricing_rule){.has_fixed = json_object_get(from, "price") != NULL};
	enum err err = number(q, from, "price", "0", &ret->fixed, NULL);
	if (err == OK)
		err = number(q, from, "percent_off", "0", &ret->percent_off, NULL);
	if (err == OK)
		err = number(q, from, "round_to", "0", &ret->round_to, NULL);
	if (err == OK && fraction_sign(ret->round_to) < 0)
		err = fail(q->ctx, ERR_INVALID, "round_to", "pricing_number");
	return err == OK ? number(q, from, "price_change", "0", &ret->change, NULL) : err;
}

struct choice {
	const json_t *rule;
	int nearness; /* 2: said for the unit asked for; 1: for any unit; 0: for another unit */
	struct fraction from; /* in the product's unit */
};

static enum err better_rule(struct question *q, const json_t *rule, struct fraction quantity, struct choice *best)
{
	const char *unit = json_string_value(json_object_get(rule, "in_unit"));
	struct fraction from, asked_factor, rule_factor;
	enum err err = number(q, rule, "from_quantity", "0", &from, NULL);
	if (err == OK)
		err = factor(q, word(q->asked, "unit"), &asked_factor);
	if (err == OK)
		err = factor(q, unit != NULL ? unit : word(q->asked, "product_unit"), &rule_factor);
	if (err != OK)
		return err;
	struct fraction base_from = fraction_mul(from, rule_factor);
	bool reached = fraction_compare(fraction_mul(quantity, asked_factor), base_from) >= 0;
	int nearness = unit == NULL ? 1 : str_equal(unit, word(q->asked, "unit")) ? 2 : 0;
	bool better = best->rule == NULL || nearness > best->nearness || (nearness == best->nearness && fraction_compare(base_from, best->from) > 0);
	begin_step(q, reached ? "rule_fits" : "rule_asks_for_more");
	jsonw_kv_text(&q->step, "rule", json_string_value(json_object_get(rule, "name")));
	put(&q->step, "from", from, 0);
	put(&q->step, "quantity", fraction_div(fraction_mul(quantity, asked_factor), rule_factor), 0);
	end_step(q);
	if (reached && better)
		*best = (struct choice){rule, nearness, base_from};
	return OK;
}

static enum err choose_rule(struct question *q, struct choice *best)
{
	const json_t *rules = json_object_get(q->asked, "rules");
	struct fraction quantity;
	*best = (struct choice){0};
	enum err err = number(q, q->asked, "quantity", "1", &quantity, NULL);
	if (err == OK && fraction_sign(quantity) < 0)
		err = fail(q->ctx, ERR_INVALID, "quantity", "pricing_negative");
	if (err == OK && !json_is_array(rules))
		err = fail(q->ctx, ERR_INVALID, "rules", "pricing_form");
	for (size_t i = 0; i < json_array_size(rules) && err == OK; i++)
		err = better_rule(q, json_array_get(rules, i), quantity, best);
	return err;
}

/* A price of the product's unit as one of the unit asked for. */
static enum err answer_in_unit(struct question *q, const json_t *rule, int least)
{
	struct fraction list_price, price, asked_factor, own_factor;
	struct pricing_rule how;
	enum err err = number(q, q->asked, "list_price", NULL, &list_price, NULL);
	if (err == OK)
		err = factor(q, word(q->asked, "unit"), &asked_factor);
	if (err == OK)
		err = factor(q, word(q->asked, "product_unit"), &own_factor);
	if (err == OK && rule != NULL)
		err = read_rule(q, rule, &how);
	if (err != OK)
		return err;
	price = rule != NULL ? pricing_apply(&how, list_price) : list_price;
	begin_step(q, rule != NULL ? "rule_applied" : "list_price");
	put(&q->step, "list_price", list_price, 0);
	put(&q->step, "price", price, 0);
	jsonw_kv_text(&q->step, "unit", word(q->asked, "product_unit"));
	end_step(q);
	price = fraction_div(fraction_mul(price, asked_factor), own_factor);
	begin_step(q, "in_unit");
	put(&q->step, "price", price, 0);
	jsonw_kv_text(&q->step, "unit", word(q->asked, "unit"));
	end_step(q);
	if (!fraction_fits(price))
		return fail(q->ctx, ERR_LIMIT, "", "pricing_large");
	answer_number(q, price, least);
	return OK;
}

static enum err unit_conversion(struct question *q)
{
	struct choice best;
	enum err err = choose_rule(q, &best);
	return err == OK ? answer_in_unit(q, best.rule, 0) : err;
}

static enum err rule_choice(struct question *q)
{
	struct choice best;
	enum err err = choose_rule(q, &best);
	if (err == OK)
		jsonw_text(q->out, json_string_value(json_object_get(best.rule, "name")));
	return err;
}

static enum err rule_price(struct question *q)
{
	const json_t *rule = json_object_get(q->asked, "rule");
	return json_is_object(rule) ? answer_in_unit(q, rule, 2) : fail(q->ctx, ERR_INVALID, "rule", "pricing_form");
}

static const struct {
	const char *name;
	enum err (*answer)(struct question *q);
} questions[] = {
	{"combined_table", combined_table}, {"unit_price", unit_price}, {"unit_conversion", unit_conversion},
	{"rule_choice", rule_choice},       {"rule_price", rule_price},
};

static enum err answer(struct question *q)
{
	const char *kind = word(q->asked, "kind");
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (str_equal(questions[i].name, kind))
			return questions[i].answer(q);
	}
	return fail_arg(q->ctx, ERR_INVALID, "kind", "pricing_kind", kind);
}

static enum err answer_case(struct ctx *ctx, const json_t *one, void *arg, struct buf *out)
{
	struct jsonw writer;
	struct buf *steps = arg;
	struct question q = {.asked = one, .out = &writer, .ctx = ctx, .steps = steps};
	if (!json_is_object(one))
		return fail(ctx, ERR_INVALID, "", "pricing_form");
	buf_reset(steps);
	jsonw_init(&writer, out);
	jsonw_object(&writer);
	if (json_is_string(json_object_get(one, "id")))
		jsonw_kv_text(&writer, "id", word(one, "id"));
	jsonw_key(&writer, "answer");
	enum err err = answer(&q);
	jsonw_key(&writer, "steps");
	jsonw_array(&writer);
	if (steps->len > 0)
		jsonw_raw(&writer, steps->data, steps->len);
	jsonw_end_array(&writer);
	jsonw_end_object(&writer);
	return err == OK && buf_failed(steps) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err pricing_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out)
{
	struct buf steps;
	buf_init(&steps, 64 << 20);
	enum err err = command_questions(ctx, json, n, "pricing_json", answer_case, &steps, out);
	buf_release(&steps);
	return err;
}
