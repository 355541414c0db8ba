/* `guanxi tax ask`: questions on plain files, answered with the steps that led there. */
#include <string.h>

#include <jansson.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/command/questions.h"
#include "core/tax/tax_internal.h"

struct question {
	const json_t *asked;
	struct jsonw *out;
	struct ctx *ctx;
	struct buf *steps; /* JSON objects with commas between */
	struct jsonw step;
};

/* --- what a question says -------------------------------------------------- */

static bool number_of(struct ctx *ctx, const json_t *value, struct fraction *ret)
{
	if (json_is_string(value))
		return fraction_read(json_string_value(value), ret);
	if (json_is_integer(value)) {
		*ret = fraction_of((int64_t)json_integer_value(value));
		return true;
	}
	return json_is_real(value) && fraction_read(arena_printf(ctx->arena, "%.12g", json_real_value(value)), ret);
}

/* `fallback` NULL: it has to be there. */
static enum err number(struct question *q, const json_t *from, const char *name, const char *fallback, struct fraction *ret)
{
	const json_t *value = json_object_get(from, name);
	bool missing = value == NULL || json_is_null(value);
	if (missing && fallback != NULL)
		return fraction_read(fallback, ret) ? OK : fail(q->ctx, ERR_BUG, name, "tax_number");
	return !missing && number_of(q->ctx, value, ret) ? OK : fail(q->ctx, ERR_INVALID, name, "tax_number");
}

static bool truth(const json_t *from, const char *name, bool fallback)
{
	const json_t *value = json_object_get(from, name);
	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static enum err step_of(struct question *q, const char *fallback, struct fraction *ret)
{
	enum err err = number(q, q->asked, "step", fallback, ret);
	if (err == OK && fraction_sign(*ret) <= 0)
		err = fail(q->ctx, ERR_INVALID, "step", "tax_step");
	return err;
}

static enum err read_tax(struct question *q, const json_t *from, struct tax *ret)
{
	static const char *const names[] = {[TAX_PERCENT] = "percent", [TAX_DIVISION] = "division", [TAX_FIXED] = "fixed"};
	const char *kind = json_string_value(json_object_get(from, "kind"));
	int found = -1;
	for (int i = 0; i <= TAX_FIXED; i++)
		found = str_equal(names[i], kind) ? i : found;
	if (found < 0)
		return fail_arg(q->ctx, ERR_INVALID, "taxes.kind", "tax_kind", kind != NULL ? kind : "");
	ret->kind = (enum tax_kind)found;
	ret->in_price = truth(from, "in_price", false);
	ret->raises_base = truth(from, "raises_base_of_next", false);
	ret->uses_raised = truth(from, "uses_raised_base", true);
	return number(q, from, "amount", NULL, &ret->amount);
}

/* --- what an answer says ----------------------------------------------------- */

/* Digits that a multiple of the step needs. */
static int digits_of(struct fraction step)
{
	int digits = 0;
	for (struct fraction s = step; digits < 12 && s.den != 1; digits++)
		s = fraction_mul(s, fraction_of(10));
	return digits;
}

static void put(struct jsonw *w, const char *key, struct fraction value, int digits, int least)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, digits, least, text);
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

/* --- questions ------------------------------------------------------------------ */

static void say_line_steps(struct question *q, const struct tax *taxes, size_t n, struct fraction raw, struct fraction step, const struct tax_sum *sum, int digits)
{
	static const char *const names[] = {"percent", "division", "fixed"};
	begin_step(q, "price_times_quantity");
	put(&q->step, "exact", raw, 12, 0);
	put(&q->step, "taken", fraction_round(raw, step), digits, 0);
	end_step(q);
	for (size_t i = 0; i < n; i++) {
		begin_step(q, taxes[i].in_price ? "tax_in_price" : "tax_on_top");
		jsonw_kv_text(&q->step, "kind", names[taxes[i].kind]);
		put(&q->step, "of", taxes[i].amount, 12, 0);
		put(&q->step, "base", sum->shares[i].base, digits, 0);
		put(&q->step, "amount", sum->shares[i].amount, digits, 0);
		end_step(q);
	}
	begin_step(q, "net_plus_taxes");
	put(&q->step, "net", sum->net, digits, 0);
	put(&q->step, "total", sum->total, digits, 0);
	end_step(q);
}

static enum err read_rounding(struct question *q, struct fraction *step, int *digits)
{
	const char *way = json_string_value(json_object_get(q->asked, "rounding"));
	enum err err = OK;
	*step = fraction_of(0);
	*digits = 6;
	if (str_equal(way, "per_line")) {
		err = step_of(q, "0.01", step);
		*digits = err == OK ? digits_of(*step) : 0;
	} else if (way != NULL && !str_equal(way, "globally") && !str_equal(way, "per_document")) {
		err = fail(q->ctx, ERR_INVALID, "rounding", "tax_way");
	}
	return err;
}

static enum err one_line(struct question *q)
{
	const json_t *list = json_object_get(q->asked, "taxes");
	size_t n = json_array_size(list);
	struct tax taxes[TAX_LINE_MAX];
	struct fraction price, quantity, step;
	struct tax_sum sum;
	int digits;
	if (!json_is_array(list) && list != NULL)
		return fail(q->ctx, ERR_INVALID, "taxes", "tax_form");
	if (n > TAX_LINE_MAX)
		return fail(q->ctx, ERR_INVALID, "taxes", "tax_many");
	enum err err = number(q, q->asked, "price", NULL, &price);
	if (err == OK)
		err = number(q, q->asked, "quantity", "1", &quantity);
	if (err == OK)
		err = read_rounding(q, &step, &digits);
	for (size_t i = 0; i < n && err == OK; i++)
		err = read_tax(q, json_array_get(list, i), &taxes[i]);
	if (err == OK)
		err = tax_line(q->ctx, price, quantity, taxes, n, step, &sum);
	if (err != OK)
		return err;
	put(q->out, "net", sum.net, digits, 0);
	put(q->out, "total", sum.total, digits, 0);
	jsonw_key(q->out, "taxes");
	jsonw_array(q->out);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(q->out);
		put(q->out, "base", sum.shares[i].base, digits, 0);
		put(q->out, "amount", sum.shares[i].amount, digits, 0);
		jsonw_end_object(q->out);
	}
	jsonw_end_array(q->out);
	say_line_steps(q, taxes, n, fraction_mul(price, quantity), step, &sum, digits);
	return OK;
}

static enum err read_doc_line(struct question *q, const json_t *from, struct tax *tax, struct tax_doc_line *ret)
{
	bool included = truth(from, "price_includes_tax", truth(q->asked, "price_includes_tax", false));
	const json_t *rates = json_object_get(from, "rate_percent") != NULL ? from : q->asked;
	*tax = (struct tax){.kind = TAX_PERCENT, .in_price = included, .uses_raised = true};
	*ret = (struct tax_doc_line){.taxes = tax, .n_taxes = 1};
	enum err err = number(q, rates, "rate_percent", NULL, &tax->amount);
	if (err == OK)
		err = number(q, from, "price", NULL, &ret->price);
	if (err == OK)
		err = number(q, from, "quantity", "1", &ret->quantity);
	if (err == OK)
		err = number(q, from, "discount_percent", "0", &ret->discount_percent);
	return err == OK ? number(q, from, "discount", "0", &ret->discount) : err;
}

static void say_document(struct question *q, const struct tax_doc *doc, int digits)
{
	jsonw_key(q->out, tax_way_name(doc->way));
	jsonw_object(q->out);
	put(q->out, "net", doc->net, digits, digits);
	put(q->out, "tax", doc->tax, digits, digits);
	put(q->out, "total", doc->total, digits, digits);
	jsonw_end_object(q->out);
	for (size_t i = 0; i < doc->n; i++) {
		const struct tax_doc_line *line = &doc->lines[i];
		begin_step(q, "line");
		jsonw_kv_text(&q->step, "way", tax_way_name(doc->way));
		jsonw_kv_int(&q->step, "line", (int64_t)i + 1);
		put(&q->step, "discount", line->off, digits, digits);
		put(&q->step, "net", line->net, digits, digits);
		put(&q->step, "tax", line->tax, digits, digits);
		put(&q->step, "total", line->total, digits, digits);
		end_step(q);
	}
}

static enum err document(struct question *q)
{
	const json_t *list = json_object_get(q->asked, "lines");
	size_t n = json_array_size(list);
	struct tax_doc doc = {.n = n};
	struct tax *taxes = arena_array(q->ctx->arena, n + 1, sizeof(*taxes));
	doc.lines = arena_array(q->ctx->arena, n + 1, sizeof(*doc.lines));
	if (taxes == NULL || doc.lines == NULL)
		return fail(q->ctx, ERR_LIMIT, "", "memory");
	if (!json_is_array(list))
		return fail(q->ctx, ERR_INVALID, "lines", "tax_form");
	enum err err = step_of(q, "0.01", &doc.step);
	if (err == OK)
		err = number(q, q->asked, "discount", "0", &doc.discount);
	for (size_t i = 0; i < n && err == OK; i++)
		err = read_doc_line(q, json_array_get(list, i), &taxes[i], &doc.lines[i]);
	for (int way = 0; way < TAX_WAYS && err == OK; way++) {
		doc.way = (enum tax_way)way;
		err = tax_document(q->ctx, &doc);
		if (err == OK)
			say_document(q, &doc, digits_of(doc.step));
	}
	return err;
}

static enum err one_gross(struct question *q, const char *step, struct fraction *net, struct fraction *tax, struct fraction *rate)
{
	struct fraction gross;
	struct tax_doc_line line = {.quantity = fraction_of(1), .discount = fraction_of(0), .discount_percent = fraction_of(0), .n_taxes = 1};
	struct tax vat = {.kind = TAX_PERCENT, .in_price = true};
	struct tax_doc doc = {.way = TAX_NET_FIRST, .lines = &line, .n = 1, .discount = fraction_of(0)};
	enum err err = number(q, q->asked, "gross", NULL, &gross);
	if (err == OK)
		err = number(q, q->asked, "rate_percent", NULL, rate);
	if (err == OK && fraction_sign(*rate) < 0)
		err = fail(q->ctx, ERR_INVALID, "rate_percent", "tax_rate");
	if (err == OK)
		err = step_of(q, step, &doc.step);
	if (err != OK)
		return err;
	vat.amount = *rate;
	line.price = gross;
	line.taxes = &vat;
	err = tax_document(q->ctx, &doc);
	if (err != OK)
		return err;
	*net = line.net;
	*tax = line.tax;
	int digits = digits_of(doc.step);
	put(q->out, "net", *net, digits, digits);
	put(q->out, "tax", *tax, digits, digits);
	begin_step(q, "net_is_gross_over_one_plus_rate");
	put(&q->step, "exact", fraction_div(gross, fraction_add(fraction_of(1), fraction_div(*rate, fraction_of(100)))), 12, 0);
	put(&q->step, "net", *net, digits, digits);
	end_step(q);
	begin_step(q, "tax_is_the_rest");
	put(&q->step, "tax", *tax, digits, digits);
	end_step(q);
	return OK;
}

static void say_cn(struct question *q, struct fraction net, struct fraction tax, struct fraction rate)
{
	struct fraction difference = tax_cn_difference(net, tax, rate);
	put(q->out, "difference_to_net_times_rate", difference, 12, 1);
	jsonw_kv_bool(q->out, "accepted", tax_cn_accepts(difference));
	begin_step(q, "net_times_rate_against_tax");
	put(&q->step, "net_times_rate", fraction_div(fraction_mul(net, rate), fraction_of(100)), 12, 0);
	put(&q->step, "tax", tax, 12, 0);
	put(&q->step, "at_most", fraction_scaled(6, 2), 2, 2);
	end_step(q);
}

static enum err cn_vat_line(struct question *q)
{
	struct fraction net, tax, rate;
	enum err err = one_gross(q, "0.01", &net, &tax, &rate);
	if (err == OK)
		say_cn(q, net, tax, rate);
	return err;
}

static enum err cn_vat_check(struct question *q)
{
	struct fraction net, tax, rate;
	enum err err = number(q, q->asked, "net", NULL, &net);
	if (err == OK)
		err = number(q, q->asked, "tax", NULL, &tax);
	if (err == OK)
		err = number(q, q->asked, "rate_percent", NULL, &rate);
	if (err == OK && !fraction_fits(tax_cn_difference(net, tax, rate)))
		err = fail(q->ctx, ERR_LIMIT, "", "tax_large");
	if (err == OK)
		say_cn(q, net, tax, rate);
	return err;
}

static enum err tw_invoice(struct question *q)
{
	struct fraction net, tax, rate;
	return one_gross(q, "1", &net, &tax, &rate);
}

static const struct {
	const char *name;
	enum err (*answer)(struct question *q);
} questions[] = {
	{"one_line", one_line}, {"document", document}, {"cn_vat_line", cn_vat_line}, {"cn_vat_check", cn_vat_check}, {"tw_invoice", tw_invoice},
};

static enum err answer(struct question *q)
{
	const char *kind = json_string_value(json_object_get(q->asked, "kind"));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (str_equal(questions[i].name, kind))
			return questions[i].answer(q);
	}
	return fail_arg(q->ctx, ERR_INVALID, "kind", "tax_kind", kind != NULL ? kind : "");
}

static enum err answer_case(struct ctx *ctx, const json_t *one, void *arg, struct buf *out)
{
	struct jsonw writer;
	struct buf *steps = arg;
	struct question q = {.asked = one, .out = &writer, .ctx = ctx, .steps = steps};
	if (!json_is_object(one))
		return fail(ctx, ERR_INVALID, "", "tax_form");
	buf_reset(steps);
	jsonw_init(&writer, out);
	jsonw_object(&writer);
	const json_t *id = json_object_get(one, "id");
	if (json_is_string(id))
		jsonw_kv_text(&writer, "id", json_string_value(id));
	jsonw_key(&writer, "answer");
	jsonw_object(&writer);
	enum err err = answer(&q);
	jsonw_end_object(&writer);
	jsonw_key(&writer, "steps");
	jsonw_array(&writer);
	if (steps->len > 0)
		jsonw_raw(&writer, steps->data, steps->len);
	jsonw_end_array(&writer);
	jsonw_end_object(&writer);
	return err == OK && buf_failed(steps) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err tax_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out)
{
	struct buf steps;
	buf_init(&steps, 64 << 20);
	enum err err = command_questions(ctx, json, n, "tax_json", answer_case, &steps, out);
	buf_release(&steps);
	return err;
}
