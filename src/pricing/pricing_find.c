/* The price of a line: what each book says, put together by the firm's strategy, and the words for it. */
#include "base/decimal.h"
#include "base/str.h"
#include "pricing/pricing_work.h"

/* What one row of the table came from. */
struct said {
	const struct pricing_work_book *book;
	const struct pricing_work_rule *rule;
};

struct finding {
	struct pricing_work *w;
	const struct pricing_work_product *p;
	struct pricing_row *rows;
	size_t n, cap;
};

static enum err price_in_book(struct pricing_work *w, const struct pricing_work_product *p, const struct pricing_work_book *book, struct fraction quantity, int depth, bool *ret_has,
                              struct fraction *ret);

static const struct pricing_work_book *book_of(const struct pricing_work *w, int64_t id)
{
	for (size_t i = 0; i < w->n_books; i++) {
		if (w->books[i].id == id)
			return &w->books[i];
	}
	return NULL;
}

/* --- a rule's price ----------------------------------------------------------------------- */

/* From one currency to another, by the day's rate. */
static enum err exchange(struct pricing_work *w, struct fraction amount, const char *from, const char *to, struct fraction *ret)
{
	struct fraction rate;
	if (str_equal(from, to)) {
		*ret = amount;
		return OK;
	}
	enum err err = pricing_rate(w->ctx, w->rates, from, to, &rate);
	*ret = fraction_mul(amount, rate);
	return err;
}

/* What a rule reckons from, in the book's currency and the product's own unit. */
static enum err base_price(struct pricing_work *w, const struct pricing_work_product *p, const struct pricing_work_book *book, const struct pricing_work_rule *rule, struct fraction quantity,
                           int depth, bool *ret_has, struct fraction *ret)
{
	const struct pricing_work_book *base = rule->base_book_id != 0 ? book_of(w, rule->base_book_id) : NULL;
	struct fraction price;
	enum err err = OK;
	*ret_has = base != NULL || (rule->base_book_id == 0 && p->has_price);
	price = p->price;
	if (base != NULL)
		err = depth < WORK_DEPTH_MAX ? price_in_book(w, p, base, quantity, depth + 1, ret_has, &price) : fail(w->ctx, ERR_INVALID, "", "pricing_circle");
	if (err == OK && *ret_has)
		err = exchange(w, price, base != NULL ? base->currency : p->currency, book->currency, ret);
	return err;
}

/* Of the rule's unit; false: it says nothing of this product (no unit, nothing to reckon from). */
static enum err rule_price(struct pricing_work *w, const struct pricing_work_product *p, const struct pricing_work_book *book, const struct pricing_work_rule *rule, struct fraction quantity,
                           int depth, bool *ret_has, struct fraction *ret)
{
	struct fraction base, factor;
	struct pricing_rule how = {.percent_off = fraction_of(0), .change = fraction_of(0), .round_to = rule->round_to};
	*ret_has = pricing_work_factor(w, p, rule->unit, &factor);
	if (!*ret_has)
		return OK;
	if (str_equal(rule->kind, "fixed")) {
		*ret = rule->amount;
		return OK;
	}
	*(str_equal(rule->kind, "change") ? &how.change : &how.percent_off) = rule->amount;
	enum err err = base_price(w, p, book, rule, quantity, depth, ret_has, &base);
	if (err == OK && *ret_has)
		*ret = pricing_apply(&how, fraction_mul(base, factor));
	if (err == OK && *ret_has && fraction_sign(*ret) < 0) /* more off than there is */
		*ret = fraction_of(0);
	return err;
}

/* --- a book's rules for a product --------------------------------------------------------------- */

/* 0 the product, 1 its category, 2 the one above …, 200 all; -1: not this product. */
static int nearness(const struct pricing_work *w, const struct pricing_work_product *p, const struct pricing_work_rule *rule)
{
	if (rule->product_id != 0)
		return rule->product_id == p->id ? 0 : -1;
	if (rule->category_id == 0)
		return 200;
	int distance = pricing_work_category_distance(w, p->category_id, rule->category_id);
	return distance < 0 ? -1 : distance + 1;
}

/* The book's rules stand together; the first of them. */
static size_t first_of_book(const struct pricing_work *w, int64_t book)
{
	size_t low = 0, high = w->n_rules;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (w->rules[mid].book_id < book)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The first rule of the product within the book, or the first of those of no product. */
static size_t first_of_product(const struct pricing_work *w, int64_t book, int64_t product)
{
	size_t low = first_of_book(w, book), high = first_of_book(w, book + 1);
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int64_t is = w->rules[mid].product_id;
		if (is != 0 && (product == 0 || is < product))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* How near the book's nearest rules are; -1: it has none for this product. */
static int nearest(const struct pricing_work *w, const struct pricing_work_product *p, int64_t book)
{
	int best = -1;
	size_t at = first_of_product(w, book, p->id);
	if (at < w->n_rules && w->rules[at].book_id == book && w->rules[at].product_id == p->id)
		return 0;
	for (at = first_of_product(w, book, 0); at < w->n_rules && w->rules[at].book_id == book; at++) {
		int is = nearness(w, p, &w->rules[at]);
		if (is >= 0 && (best < 0 || is < best))
			best = is;
	}
	return best;
}

static enum err add_row(struct finding *f, size_t place, const struct pricing_work_book *book, const struct pricing_work_rule *rule, struct fraction price)
{
	struct said *said = arena_alloc(f->w->ctx->arena, sizeof(*said));
	if (said == NULL || !pricing_work_grow(f->w->ctx, &f->rows, f->n, &f->cap, sizeof(*f->rows)))
		return pricing_work_no_memory(f->w);
	*said = (struct said){book, rule};
	f->rows[f->n++] = (struct pricing_row){.book = place, .product = "", .unit = *rule->unit != '\0' ? rule->unit : f->p->unit, .currency = book->currency,
	                                       .from = rule->from, .price = price, .ref = said};
	return OK;
}

static enum err add_book(struct finding *f, size_t place, const struct pricing_work_book *book, struct fraction quantity, int depth)
{
	struct pricing_work *w = f->w;
	int near = nearest(w, f->p, book->id);
	enum err err = OK;
	for (size_t at = first_of_product(w, book->id, near == 0 ? f->p->id : 0); near >= 0 && at < w->n_rules && w->rules[at].book_id == book->id && err == OK; at++) {
		const struct pricing_work_rule *rule = &w->rules[at];
		struct fraction price;
		bool has;
		if (near == 0 && rule->product_id != f->p->id)
			break;
		if (nearness(w, f->p, rule) != near)
			continue;
		err = rule_price(w, f->p, book, rule, quantity, depth, &has, &price);
		if (err == OK && has)
			err = add_row(f, place, book, rule, price);
	}
	return err;
}

/* --- the choice -------------------------------------------------------------------------------- */

/* For the unit asked for; else what the product's own unit costs, so many times. */
static const struct pricing_row *choose(const struct finding *f, const char *unit, const char *currency, struct fraction quantity, struct fraction *ret_price)
{
	struct fraction factor;
	const struct pricing_row *row = pricing_at(f->rows, f->n, "", unit, currency, quantity);
	if (row != NULL) {
		*ret_price = row->price;
		return row;
	}
	if (str_equal(unit, f->p->unit) || !pricing_work_factor(f->w, f->p, unit, &factor))
		return NULL;
	row = pricing_at(f->rows, f->n, "", f->p->unit, currency, fraction_mul(quantity, factor));
	if (row != NULL)
		*ret_price = fraction_mul(row->price, factor);
	return row;
}

/* A base book's price of the product's own unit, in the book's currency. */
static enum err price_in_book(struct pricing_work *w, const struct pricing_work_product *p, const struct pricing_work_book *book, struct fraction quantity, int depth, bool *ret_has,
                              struct fraction *ret)
{
	struct finding f = {.w = w, .p = p};
	bool alone = false;
	enum err err = add_book(&f, 0, book, quantity, depth);
	if (err == OK)
		err = pricing_combine(w->ctx, w->strategy, &alone, 1, f.rows, f.n);
	if (err != OK)
		return err;
	*ret_has = choose(&f, p->unit, book->currency, quantity, ret) != NULL;
	if (*ret_has || !p->has_price)
		return OK;
	*ret_has = true; /* a book that says nothing of it: the product's own price */
	return exchange(w, p->price, p->currency, book->currency, ret);
}

/* Nothing in the currency that is asked for: the first book, in its own. */
static const struct pricing_row *choose_foreign(const struct finding *f, const char *unit, struct fraction quantity, struct fraction *ret_price)
{
	const struct pricing_row *best = NULL;
	struct fraction price;
	for (size_t i = 0; i < f->n; i++) {
		if (!f->rows[i].kept || (best != NULL && f->rows[i].book >= best->book))
			continue;
		const struct pricing_row *row = choose(f, unit, f->rows[i].currency, quantity, &price);
		if (row != NULL && (best == NULL || row->book < best->book)) {
			best = row;
			*ret_price = price;
		}
	}
	return best;
}

static const char *number(struct pricing_work *w, struct fraction value, int least)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, 6, least, text);
	const char *copy = arena_strdup(w->ctx->arena, text);
	return copy != NULL ? copy : "";
}

/* "contract 2026-14, line 3, from 10 pieces" */
static void explain_row(struct pricing_work *w, struct pricing_line *line, const struct pricing_row *row, bool exchanged)
{
	static const struct text2 contract = {"contract %s, line %lld", "合同 %s，第 %lld 行"}, book = {"price book %s, line %lld", "价目表 %s，第 %lld 行"},
	                          plain = {"%s, from %s%s", "%s，%s%s起"}, foreign = {"%s, from %s%s, from %s at the rate of %s", "%s，%s%s起，由 %s 按 %s 汇率折算"};
	const struct said *said = row->ref;
	bool has_contract = !str_empty(said->book->contract_no);
	const char *where = pricing_work_say(w, has_contract ? &contract : &book, has_contract ? said->book->contract_no : said->book->name, (long long)said->rule->position);
	const char *unit = str_empty(row->unit) ? "" : arena_printf(w->ctx->arena, " %s", row->unit), *from = number(w, row->from, 0);
	line->source = PRICING_BOOK;
	line->book_id = said->book->id;
	line->rule_id = said->rule->id;
	line->line_no = said->rule->position;
	line->why = exchanged ? pricing_work_say(w, &foreign, where, from, unit != NULL ? unit : "", row->currency, w->date) : pricing_work_say(w, &plain, where, from, unit != NULL ? unit : "");
}

static enum err list_price(struct pricing_work *w, struct pricing_line *line, const struct pricing_work_product *p, struct fraction factor)
{
	static const struct text2 own = {"list price", "商品售价"}, foreign = {"list price, from %s at the rate of %s", "商品售价，由 %s 按 %s 汇率折算"};
	bool exchanged = !str_equal(p->currency, w->result->currency);
	struct fraction price;
	if (!p->has_price)
		return OK;
	enum err err = exchange(w, fraction_mul(p->price, factor), p->currency, w->result->currency, &price);
	if (err == OK && exchanged)
		price = fraction_round(price, fraction_scaled(1, w->result->scale));
	line->list_price = price;
	if (err != OK || line->source == PRICING_BOOK || line->source == PRICING_BY_HAND)
		return err;
	line->price = price;
	line->source = PRICING_LIST;
	line->why = exchanged ? pricing_work_say(w, &foreign, p->currency, w->date) : pricing_work_say(w, &own);
	return OK;
}

static enum err from_books(struct pricing_work *w, struct pricing_line *line, const struct pricing_work_product *p, const char *unit)
{
	struct finding f = {.w = w, .p = p};
	enum err err = OK;
	for (size_t i = 0; i < w->n_applying && err == OK; i++)
		err = add_book(&f, i, &w->books[i], line->quantity, 0);
	if (err == OK)
		err = pricing_combine(w->ctx, w->strategy, w->alone, w->n_applying, f.rows, f.n);
	if (err != OK || f.n == 0)
		return err;
	struct fraction price = fraction_of(0);
	const struct pricing_row *row = choose(&f, unit, w->result->currency, line->quantity, &price);
	bool exchanged = row == NULL;
	if (row == NULL)
		row = choose_foreign(&f, unit, line->quantity, &price);
	if (row == NULL)
		return OK;
	if (exchanged) {
		err = exchange(w, price, row->currency, w->result->currency, &price);
		price = fraction_round(price, fraction_scaled(1, w->result->scale));
	}
	line->price = price;
	explain_row(w, line, row, exchanged);
	return err;
}

static enum err set_cost(struct pricing_work *w, struct pricing_line *line, const struct pricing_work_product *p, struct fraction factor)
{
	if (!w->sees_cost || !p->has_cost)
		return OK;
	enum err err = exchange(w, fraction_mul(p->cost, factor), p->currency, w->result->currency, &line->cost);
	if (err != OK) { /* no rate: no cost is known, and that is not the asker's fault */
		faults_clear(w->ctx);
		return OK;
	}
	line->has_cost = true;
	return OK;
}

enum err pricing_work_price(struct pricing_work *w, size_t at, const struct pricing_work_product *p)
{
	static const struct text2 by_hand = {"by hand", "手工录入"};
	struct pricing_line *line = &w->result->lines[at];
	struct fraction factor;
	enum err err = OK;
	if (!pricing_work_factor(w, p, line->unit, &factor))
		return fail_arg(w->ctx, ERR_INVALID, pricing_work_field(w, at, "unit"), "pricing_unit", line->unit);
	if (str_empty(line->unit))
		line->unit = p->unit;
	if (line->source != PRICING_BY_HAND)
		err = from_books(w, line, p, line->unit);
	else
		line->why = pricing_work_say(w, &by_hand);
	if (err == OK)
		err = list_price(w, line, p, factor);
	if (err == OK)
		err = set_cost(w, line, p, factor);
	if (err == OK && line->why == NULL)
		err = fail(w->ctx, ERR_INVALID, pricing_work_field(w, at, "product_id"), "pricing_none");
	return err;
}
