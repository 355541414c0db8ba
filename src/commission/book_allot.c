/* Which plan pays whom for what of an order, and on how much.
 *
 * Rounded half away from zero: the base once in the order's currency and once into the firm's; the shares of a base so that they come
 * to the whole. */
#include "base/decimal.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"
#include "core/condition/condition.h"

enum { SHARES_MAX = 20, RATE_ONE = 1000000, LINE_DIGITS = 10000, RATE_KEPT_SCALE = 8, RATE_SCALE = 6, TAX_ALL = 1000000, UNITS_ONE = 1000 };

/* --- filters ------------------------------------------------------------------------------- */

static enum err fits(struct commission_book *book, const struct commission_plan *plan, const struct condition *condition, int64_t id, bool *ret)
{
	struct condition_run run;
	int64_t key[3] = {(int64_t)plan->number, id, condition == plan->of_products}, known;
	*ret = condition == NULL;
	if (condition == NULL || id == 0)
		return OK;
	if (map_get(&book->fits, key, sizeof(key), &known)) {
		*ret = known != 0;
		return OK;
	}
	const struct actor *before = book->ctx->actor;
	book->ctx->actor = gate_system();
	condition_run_begin(book->ctx, &run);
	enum err err = condition_one(&run, condition, id, ret, NULL);
	condition_run_end(&run);
	book->ctx->actor = before;
	if (err != OK)
		return err;
	return map_put(&book->fits, key, sizeof(key), *ret) ? OK : commission_memory(book);
}

/* --- how much ------------------------------------------------------------------------------ */

struct part {
	__int128 goods, fitting; /* totals of the goods' lines, 4 digits */
	__int128 net;            /* of the fitting ones without the tax in them, 4 digits more */
	int64_t cost, units;     /* cost in the firm's currency */
	bool any;
};

static bool divide(__int128 value, __int128 by, int64_t *ret)
{
	bool negative = (value < 0) != (by < 0);
	__int128 a = value < 0 ? -value : value, b = by < 0 ? -by : by, result = (a + b / 2) / b;
	*ret = (int64_t)(negative ? -result : result);
	return result < INT64_MAX / 4;
}

static int64_t ten_to(int n)
{
	int64_t value = 1;
	while (n-- > 0)
		value *= 10;
	return value;
}

static bool in_base(const struct commission_book *book, int64_t amount, const char *currency, int64_t rate, int64_t *ret)
{
	int digits = currency_scale(registry_base_currency(book->ctx->registry));
	return divide((__int128)amount * rate * ten_to(digits), (__int128)RATE_ONE * ten_to(currency_scale(currency)), ret);
}

/* The cost of a line in the firm's currency; false: nobody knows it. */
static bool cost_of(const struct commission_book *book, const struct commission_source *source, const struct commission_item_line *line, int64_t *ret)
{
	const char *base = registry_base_currency(book->ctx->registry), *currency = str_empty(line->cost_currency) ? base : line->cost_currency;
	int64_t whole, rate = str_equal(currency, base) ? RATE_ONE : str_equal(currency, source->currency) ? source->rate : 0;
	return line->has_cost && rate > 0 && divide((__int128)line->cost * line->quantity, UNITS_ONE, &whole) && in_base(book, whole, currency, rate, ret);
}

static enum err add_line(struct commission_book *book, const struct commission_source *source, const struct commission_plan *plan, struct commission_item_line *line,
                         struct part *part)
{
	bool fit;
	int64_t cost = 0, net;
	if (line->part != COMMISSION_GOODS)
		return OK;
	part->goods += line->total;
	if ((line->taken >> plan->kind_bit & 1) != 0)
		return OK;
	enum err err = fits(book, plan, plan->of_products, line->product_id, &fit);
	if (err != OK || !fit)
		return err;
	line->taken |= UINT64_C(1) << plan->kind_bit;
	if (str_equal(plan->base, "margin") && !cost_of(book, source, line, &cost)) {
		book->warnings.no_cost++;
		return OK;
	}
	part->any = true;
	part->fitting += line->total;
	part->cost += cost;
	part->units += line->quantity;
	/* the tax is in the price unless the order has it on top */
	bool inside = source->tax == 0 && book->tax_included;
	if (!divide((__int128)line->total * TAX_ALL * LINE_DIGITS, inside ? TAX_ALL + line->tax_percent : TAX_ALL, &net))
		return fail(book->ctx, ERR_LIMIT, "", "number_too_large");
	part->net += net;
	return OK;
}

static bool scaled_base(const struct commission_source *s, const struct commission_plan *plan, const struct part *part, int64_t shipping, int64_t *ret)
{
	int64_t goods = s->goods - shipping, net, gross;
	if (part->goods == 0) {
		*ret = 0;
		return true;
	}
	if (!divide((__int128)goods * part->net, part->goods * LINE_DIGITS, &net) || !divide((__int128)(goods + s->tax) * part->fitting, part->goods, &gross))
		return false;
	*ret = str_equal(plan->base, "gross") ? gross : net;
	return true;
}

/* An order without lines is one of its default tax; nothing is known of its cost and products. */
static bool whole_base(struct commission_book *book, const struct commission_source *s, const struct commission_plan *plan, struct part *part, int64_t *ret)
{
	bool inside = s->tax == 0 && book->tax_included;
	part->any = plan->of_products == NULL && !str_equal(plan->base, "margin");
	if (str_equal(plan->base, "margin") && plan->of_products == NULL)
		book->warnings.no_cost++;
	*ret = s->goods + s->tax;
	return !str_equal(plan->base, "net") || divide((__int128)s->goods * TAX_ALL, inside ? TAX_ALL + book->default_tax : TAX_ALL, ret);
}

/* Shipping lines, at the digits of the order's currency. */
static int64_t shipping_of(const struct commission_source *s)
{
	__int128 sum = 0;
	int64_t ret = 0;
	for (const struct commission_item_line *line = s->lines; line != NULL; line = line->next)
		sum += line->part == COMMISSION_SHIPPING ? line->total : 0;
	return divide(sum * ten_to(currency_scale(s->currency)), LINE_DIGITS, &ret) ? ret : 0;
}

/* Of money received, as much of the base as of the order. */
static bool of_money(const struct commission_source *s, struct part *part, int64_t *base)
{
	int64_t whole = s->total != 0 ? s->total : 1;
	part->any = part->any && s->total != 0;
	return divide((__int128)*base * s->money, whole, base) && divide((__int128)part->units * s->money, whole, &part->units);
}

static enum err base_of(struct commission_book *book, struct commission_source *s, const struct commission_plan *plan, bool *ret_any, int64_t *ret, int64_t *ret_units)
{
	struct part part = {0};
	int64_t amount = 0;
	bool right;
	enum err err = OK;
	for (struct commission_item_line *line = s->lines; err == OK && line != NULL; line = line->next)
		err = add_line(book, s, plan, line, &part);
	if (err != OK)
		return err;
	right = s->lines != NULL ? scaled_base(s, plan, &part, shipping_of(s), &amount) : whole_base(book, s, plan, &part, &amount);
	if (s->lines == NULL && part.any)
		s->taken |= UINT64_C(1) << plan->kind_bit;
	right = right && in_base(book, amount, s->currency, s->rate, ret);
	if (right && str_equal(plan->base, "margin"))
		*ret -= part.cost;
	if (right && s->kind != 'o')
		right = of_money(s, &part, ret);
	*ret_any = part.any;
	*ret_units = part.units;
	return right ? OK : fail(book->ctx, ERR_LIMIT, "", "number_too_large");
}

/* --- who -------------------------------------------------------------------------------------- */

struct share {
	struct commission_person *person;
	int64_t before, percent; /* of COMMISSION_SHARE_ALL: those of the ones before, its own */
};

static enum err read_shares(struct commission_book *book, const struct commission_source *s, struct share *list, size_t *ret_n)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	int64_t before = 0;
	*ret_n = 0;
	if (!s->split) {
		list[0] = (struct share){commission_person_of(book, s->owner_id), 0, COMMISSION_SHARE_ALL};
		*ret_n = 1;
		return OK;
	}
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_shares, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, s->order_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < SHARES_MAX) {
		int64_t percent = stmt_i64(stmt, 1);
		list[(*ret_n)++] = (struct share){commission_person_of(book, stmt_i64(stmt, 0)), before, percent};
		before += percent;
	}
	stmt_done(stmt);
	return err;
}

static bool holds(const struct commission_plan *plan, const struct commission_source *s)
{
	return plan->from <= s->day && s->day <= plan->until && str_equal(plan->event, s->kind == 'o' ? "order" : "received");
}

static void forget(struct commission_source *s)
{
	s->taken = 0;
	for (struct commission_item_line *line = s->lines; line != NULL; line = line->next)
		line->taken = 0;
}

static enum err rate_of(struct commission_book *book, struct commission_source *s)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	char day[RECEIVABLES_DAY_BYTES];
	bool row = false;
	int64_t rate = 0;
	if (s->rate > 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_rate_of_day, &stmt);
	if (err != OK)
		return err;
	commission_day_text(s->day, day);
	stmt_bind_text(stmt, 1, s->currency);
	stmt_bind_text(stmt, 2, day);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row && decimal_rescale(stmt_i64(stmt, 0), RATE_KEPT_SCALE, RATE_SCALE, &rate) && rate > 0)
		s->rate = rate;
	else if (err == OK)
		book->warnings.no_rate++;
	stmt_done(stmt);
	return err;
}

/* A share is what the shares up to it come to, less what those before do: so they come to the whole. */
static bool share_of(int64_t whole, const struct share *share, int64_t *ret)
{
	int64_t up_to, before;
	if (!commission_scale(whole, share->before + share->percent, COMMISSION_SHARE_ALL, &up_to) || !commission_scale(whole, share->before, COMMISSION_SHARE_ALL, &before))
		return false;
	*ret = up_to - before;
	return true;
}

static enum err pay(struct commission_book *book, struct commission_source *s, struct commission_plan *plan, const struct share *share, commission_credit_fn fn)
{
	struct commission_credit credit = {.plan = plan, .person = share->person, .source = s, .share = share->percent};
	int64_t units;
	bool any = false, fit = false;
	if ((s->lines == NULL && (s->taken >> plan->kind_bit & 1) != 0) || (plan->of_customers != NULL && s->customer_id == 0))
		return OK;
	enum err err = fits(book, plan, plan->of_customers, s->customer_id, &fit);
	if (err == OK && fit)
		err = base_of(book, s, plan, &any, &credit.base, &units);
	if (err != OK || !any)
		return err;
	if (!share_of(credit.base, share, &credit.credited) || !share_of(units, share, &credit.units))
		return fail(book->ctx, ERR_LIMIT, "", "number_too_large");
	return fn(book, &credit);
}

static enum err pay_by(struct commission_book *book, struct commission_source *s, struct commission_plan *const *plans, size_t n, const struct share *share,
                       commission_credit_fn fn)
{
	enum err err = OK;
	bool rated = false;
	for (size_t p = 0; err == OK && p < n; p++) {
		if (!holds(plans[p], s))
			continue;
		if (!rated)
			err = rate_of(book, s);
		rated = true;
		if (err == OK && s->rate > 0)
			err = pay(book, s, plans[p], share, fn);
	}
	return err;
}

enum err commission_allot(struct commission_book *book, struct commission_source *s, struct commission_plan *plan, struct commission_person *person, commission_credit_fn fn)
{
	struct share shares[SHARES_MAX] = {{person, 0, COMMISSION_SHARE_ALL}};
	size_t n = 1;
	enum err err = person == NULL ? read_shares(book, s, shares, &n) : OK;
	if (err == OK && person == NULL && !s->split && s->owner_id == 0)
		book->warnings.no_owner++;
	for (size_t i = 0; err == OK && i < n; i++) {
		const struct commission_person *who = shares[i].person;
		forget(s);
		if (who == NULL)
			continue;
		/* a plan that has been taken away from somebody still says what was earned by it */
		if (plan != NULL && !commission_is_for(plan, who))
			err = pay_by(book, s, &plan, 1, &shares[i], fn);
		else
			err = pay_by(book, s, who->plans, who->n_plans, &shares[i], fn);
	}
	return err;
}
