/* Promotions in their order, each on what the ones before left; and their limits, which hold however many ask at once. */
#include <stdlib.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/text/text.h"
#include "pricing/pricing_work.h"
#include "pricing_sql.h"

enum { PROMOTIONS_MAX = 2000, GIFTS_MAX = 100 };

/* --- reading --------------------------------------------------------------------------- */

static void read_promotion(struct pricing_work *w, struct stmt *stmt, struct pricing_promotion *p)
{
	const char *currency = stmt_text(stmt, 15);
	*p = (struct pricing_promotion){
		.id = stmt_i64(stmt, 0), .name = pricing_work_copy(w, stmt, 1), .kind = pricing_work_copy(w, stmt, 2), .coupon = pricing_work_copy(w, stmt, 3),
		.percent = fraction_scaled(stmt_i64(stmt, 4), 4), .each_time = stmt_i64(stmt, 6) != 0, .take = stmt_i64(stmt, 7), .pay = stmt_i64(stmt, 8),
		.gift_product_id = stmt_i64(stmt, 9), .gift_quantity = fraction_scaled(stmt_i64(stmt, 10), 3), .product_id = stmt_i64(stmt, 11),
		.category_id = stmt_i64(stmt, 12), .min_quantity = fraction_scaled(stmt_i64(stmt, 14), 3), .exclusive = stmt_i64(stmt, 16) != 0,
		.exclusion = pricing_work_copy(w, stmt, 17), .has_max = !stmt_is_null(stmt, 18), .max_uses = stmt_i64(stmt, 18), .has_max_per_customer = !stmt_is_null(stmt, 19),
		.max_per_customer = stmt_i64(stmt, 19), .used = stmt_i64(stmt, 20), .coupon_key = pricing_work_copy(w, stmt, 21), .given = fraction_of(0)};
	p->currency = str_empty(currency) ? registry_base_currency(w->ctx->registry) : pricing_work_copy(w, stmt, 15);
	int scale = currency_scale(p->currency);
	p->amount = fraction_scaled(stmt_i64(stmt, 5), scale >= 0 ? scale : 2);
	p->min_amount = fraction_scaled(stmt_i64(stmt, 13), scale >= 0 ? scale : 2);
}

static enum err load(struct pricing_work *w)
{
	struct pricing_result *r = w->result;
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	enum err err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_promotions, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, w->request->at_ms);
	stmt_bind_i64(stmt, 2, w->request->customer_id);
	stmt_bind_text(stmt, 3, w->level);
	stmt_bind_i64(stmt, 4, w->request->channel_id);
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (r->n_promotions >= PROMOTIONS_MAX)
			err = fail(w->ctx, ERR_LIMIT, "", "promotion_many");
		else if (!pricing_work_grow(w->ctx, &r->promotions, r->n_promotions, &cap, sizeof(*r->promotions)))
			err = pricing_work_no_memory(w);
		if (err != OK)
			break;
		read_promotion(w, stmt, &r->promotions[r->n_promotions++]);
	}
	stmt_done(stmt);
	return err;
}

/* Which coupons were shown, as they are compared; those that nobody knows are kept to be told. */
static enum err match_coupons(struct pricing_work *w)
{
	const struct pricing_request *q = w->request;
	const char **unknown = arena_array(w->ctx->arena, q->n_coupons + 1, sizeof(*unknown));
	enum err err = OK;
	if (unknown == NULL)
		return pricing_work_no_memory(w);
	w->result->unknown = unknown;
	for (size_t i = 0; i < q->n_coupons && err == OK; i++) {
		const char *form;
		size_t n;
		bool found = false;
		err = text_form(w->ctx, q->coupons[i], strlen(q->coupons[i]), false, &form, &n);
		for (size_t k = 0; k < w->result->n_promotions && err == OK; k++) {
			struct pricing_promotion *p = &w->result->promotions[k];
			if (*p->coupon_key != '\0' && str_equal(p->coupon_key, form))
				p->asked = found = true;
		}
		if (!found)
			unknown[w->result->n_unknown++] = q->coupons[i];
	}
	return err;
}

static enum err used_up(struct pricing_work *w, struct pricing_promotion *p)
{
	struct stmt *stmt;
	bool row = false;
	if (p->has_max && p->used >= p->max_uses)
		p->why_not = "promotion_used_up";
	if (p->why_not != NULL || !p->has_max_per_customer || w->request->customer_id == 0)
		return OK;
	enum err err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_uses, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, p->id);
	stmt_bind_i64(stmt, 2, w->request->customer_id);
	err = stmt_step(w->ctx, stmt, &row);
	if (row && stmt_i64(stmt, 0) >= p->max_per_customer)
		p->why_not = "promotion_used_by_customer";
	stmt_done(stmt);
	return err;
}

/* --- what a promotion takes off ------------------------------------------------------------ */

struct basket {
	struct pricing_work *w;
	struct pricing_promotion *p;
	struct fraction *left; /* of each line, after what was taken before */
	bool *holds;           /* the lines it is for */
	struct fraction sum, quantity;
	struct fraction step;
	struct fraction *off;  /* room for what this one takes */
};

static bool line_is_meant(const struct pricing_work *w, const struct pricing_line *line, const struct pricing_promotion *p)
{
	if (line->no_promotion || line->source == PRICING_GIFT)
		return false;
	if (p->product_id != 0)
		return p->product_id == line->product_id;
	return p->category_id == 0 || pricing_work_category_distance(w, line->category_id, p->category_id) >= 0;
}

static void gather(struct basket *b)
{
	b->sum = b->quantity = fraction_of(0);
	for (size_t i = 0; i < b->w->result->n; i++) {
		const struct pricing_line *line = &b->w->result->lines[i];
		b->off[i] = fraction_of(0);
		b->holds[i] = line_is_meant(b->w, line, b->p) && fraction_sign(b->left[i]) > 0;
		if (b->holds[i]) {
			b->sum = fraction_add(b->sum, b->left[i]);
			b->quantity = fraction_add(b->quantity, line->quantity);
		}
	}
}

/* How often its condition is met; 0: not at all. */
static int64_t times(const struct basket *b)
{
	const struct pricing_promotion *p = b->p;
	int64_t n = 1;
	if (fraction_sign(b->sum) <= 0 || fraction_compare(b->sum, p->min_amount) < 0 || fraction_compare(b->quantity, p->min_quantity) < 0)
		return 0;
	bool by_sum = fraction_sign(p->min_amount) > 0;
	if (p->each_time && (by_sum || fraction_sign(p->min_quantity) > 0)) {
		struct fraction often = by_sum ? fraction_div(b->sum, p->min_amount) : fraction_div(b->quantity, p->min_quantity);
		if (!fraction_to_scaled(fraction_floor(often, fraction_of(1)), 0, &n))
			n = 1;
	}
	return n;
}

static void take_percent(struct basket *b)
{
	struct fraction part = fraction_div(b->p->percent, fraction_of(100));
	for (size_t i = 0; i < b->w->result->n; i++) {
		if (b->holds[i])
			b->off[i] = fraction_round(fraction_mul(b->left[i], part), b->step);
	}
}

static enum err take_amount(struct basket *b, int64_t n)
{
	struct fraction amount = fraction_mul(b->p->amount, fraction_of(n));
	struct fraction *weights = arena_array(b->w->ctx->arena, b->w->result->n + 1, sizeof(*weights));
	if (weights == NULL)
		return pricing_work_no_memory(b->w);
	if (fraction_compare(amount, b->sum) > 0)
		amount = fraction_floor(b->sum, b->step);
	for (size_t i = 0; i < b->w->result->n; i++)
		weights[i] = b->holds[i] ? b->left[i] : fraction_of(0);
	return tax_share_out(b->w->ctx, amount, b->step, weights, b->w->result->n, b->off);
}

struct cheap {
	size_t line;
	struct fraction each; /* what a piece costs now */
	int64_t pieces;
};

static int by_cheapness(const void *a, const void *b)
{
	const struct cheap *x = a, *y = b;
	int order = fraction_compare(x->each, y->each);
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* The cheapest pieces are the free ones. */
static enum err take_pieces(struct basket *b)
{
	struct pricing_result *r = b->w->result;
	struct cheap *list = arena_array(b->w->ctx->arena, r->n + 1, sizeof(*list));
	size_t n = 0;
	int64_t pieces = 0;
	if (list == NULL)
		return pricing_work_no_memory(b->w);
	for (size_t i = 0; i < r->n; i++) {
		int64_t whole;
		if (!b->holds[i] || !fraction_to_scaled(fraction_floor(r->lines[i].quantity, fraction_of(1)), 0, &whole) || whole <= 0 || whole > INT64_MAX - pieces)
			continue;
		list[n++] = (struct cheap){i, fraction_div(b->left[i], r->lines[i].quantity), whole};
		pieces += whole;
	}
	if (n > 1)
		qsort(list, n, sizeof(*list), by_cheapness);
	int64_t open = pieces / b->p->take * (b->p->take - b->p->pay);
	for (size_t i = 0; i < n && open > 0; i++) {
		int64_t now = list[i].pieces < open ? list[i].pieces : open;
		b->off[list[i].line] = fraction_round(fraction_mul(list[i].each, fraction_of(now)), b->step);
		open -= now;
	}
	return OK;
}

/* Gifts are lines of their own that cost nothing. */
static enum err add_gift(struct basket *b, int64_t n)
{
	static const struct text2 gift = {"gift: %s", "赠品：%s"};
	struct pricing_work *w = b->w;
	struct pricing_result *r = w->result;
	struct stmt *stmt;
	bool row = false;
	if (r->n >= w->request->n + GIFTS_MAX)
		return fail(w->ctx, ERR_LIMIT, "", "promotion_many");
	enum err err = db_prepare_text(w->ctx, w->ctx->db, "SELECT sku, name, unit, tax_id FROM product WHERE id = ?1", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, b->p->gift_product_id);
	err = stmt_step(w->ctx, stmt, &row);
	if (err == OK && row) {
		struct pricing_line *line = &r->lines[r->n];
		*line = (struct pricing_line){.product_id = b->p->gift_product_id, .sku = pricing_work_copy(w, stmt, 0), .name = pricing_work_copy(w, stmt, 1), .unit = pricing_work_copy(w, stmt, 2),
		                              .tax_id = stmt_i64(stmt, 3), .quantity = fraction_mul(b->p->gift_quantity, fraction_of(n)), .source = PRICING_GIFT,
		                              .price = fraction_of(0), .list_price = fraction_of(0), .cost = fraction_of(0), .percent_off = fraction_of(0), .no_promotion = true};
		line->why = pricing_work_say(w, &gift, b->p->name);
		b->left[r->n] = fraction_of(0);
		r->n++;
		b->p->holds = true;
	}
	stmt_done(stmt);
	return err;
}

static enum err note(struct basket *b)
{
	struct pricing_result *r = b->w->result;
	for (size_t i = 0; i < r->n; i++) {
		struct pricing_line *line = &r->lines[i];
		if (fraction_sign(b->off[i]) <= 0)
			continue;
		size_t cap = line->n_given;
		if (!pricing_work_grow(b->w->ctx, &line->given, line->n_given, &cap, sizeof(*line->given)))
			return pricing_work_no_memory(b->w);
		line->given[line->n_given++] = (struct pricing_given){b->p, b->off[i]};
		b->left[i] = fraction_sub(b->left[i], b->off[i]);
		b->p->given = fraction_add(b->p->given, b->off[i]);
		b->p->holds = true;
	}
	return OK;
}

static enum err apply(struct basket *b)
{
	struct pricing_promotion *p = b->p;
	enum err err = OK;
	gather(b);
	int64_t n = times(b);
	if (n == 0) {
		p->why_not = "promotion_condition";
		return OK;
	}
	if (str_equal(p->kind, "gift"))
		return add_gift(b, n);
	if (str_equal(p->kind, "percent"))
		take_percent(b);
	else if (str_equal(p->kind, "amount"))
		err = take_amount(b, n);
	else if (p->take > 0)
		err = take_pieces(b);
	if (err == OK)
		err = note(b);
	if (err == OK && !p->holds)
		p->why_not = "promotion_condition";
	return err;
}

/* Another of the same word holds already. */
static bool excluded(const struct pricing_result *r, size_t at)
{
	const struct pricing_promotion *p = &r->promotions[at];
	for (size_t i = 0; i < at && *p->exclusion != '\0'; i++) {
		if (r->promotions[i].holds && str_equal(r->promotions[i].exclusion, p->exclusion))
			return true;
	}
	return false;
}

static enum err try_one(struct basket *b, size_t at, bool *closed)
{
	struct pricing_promotion *p = b->p = &b->w->result->promotions[at];
	bool money = !str_equal(p->kind, "percent") || fraction_sign(p->min_amount) > 0;
	enum err err = used_up(b->w, p);
	if (err != OK || p->why_not != NULL)
		return err;
	if (*closed || excluded(b->w->result, at))
		p->why_not = "promotion_excluded";
	else if (money && (fraction_sign(p->min_amount) > 0 || fraction_sign(p->amount) > 0) && !str_equal(p->currency, b->w->result->currency))
		p->why_not = "promotion_currency";
	if (p->why_not != NULL)
		return OK;
	if (p->category_id != 0)
		err = pricing_work_categories(b->w);
	if (err == OK)
		err = apply(b);
	*closed = *closed || (p->holds && p->exclusive);
	return err;
}

enum err pricing_work_promotions(struct pricing_work *w)
{
	struct pricing_result *r = w->result;
	size_t room = w->request->n + GIFTS_MAX;
	struct basket b = {.w = w, .step = fraction_scaled(1, r->scale)};
	bool closed = false;
	b.left = arena_array(w->ctx->arena, room, sizeof(*b.left));
	b.off = arena_array(w->ctx->arena, room, sizeof(*b.off));
	b.holds = arena_array(w->ctx->arena, room, sizeof(*b.holds));
	if (b.left == NULL || b.off == NULL || b.holds == NULL)
		return pricing_work_no_memory(w);
	for (size_t i = 0; i < r->n; i++) {
		const struct pricing_line *line = &r->lines[i];
		struct fraction rest = fraction_div(fraction_sub(fraction_of(100), line->percent_off), fraction_of(100));
		b.left[i] = fraction_round(fraction_mul(fraction_mul(line->price, line->quantity), rest), b.step);
	}
	enum err err = load(w);
	if (err == OK)
		err = match_coupons(w);
	for (size_t i = 0; i < r->n_promotions && err == OK; i++) {
		if (r->promotions[i].asked || *r->promotions[i].coupon_key == '\0')
			err = try_one(&b, i, &closed);
	}
	return err;
}

/* --- limits ---------------------------------------------------------------------------------- */

static enum err is_used(struct ctx *ctx, int64_t id, const char *reference, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_promotion_used, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, reference);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* Counts first, which holds the row until this job is written; then no two can both be the last. */
static enum err count_up(struct ctx *ctx, int64_t id)
{
	struct stmt *stmt;
	int64_t changed = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_promotion_take, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	return err == OK && changed == 0 ? fail(ctx, ERR_CONFLICT, "", "promotion_used_up") : err;
}

static enum err check_customer(struct ctx *ctx, int64_t id, int64_t customer_id)
{
	struct stmt *stmt;
	bool row = false;
	int64_t max = -1, used = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_promotion_limit, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row && !stmt_is_null(stmt, 0))
		max = stmt_i64(stmt, 0);
	stmt_done(stmt);
	if (err != OK || max < 0 || customer_id == 0)
		return err;
	err = db_prepare(ctx, ctx->db, &sql_pricing_uses, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, customer_id);
	err = stmt_step(ctx, stmt, &row);
	used = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err == OK && used >= max ? fail(ctx, ERR_CONFLICT, "", "promotion_used_by_customer") : err;
}

enum err promotion_take_one(struct ctx *ctx, int64_t promotion_id, int64_t customer_id, const char *reference, int64_t amount, const char *currency)
{
	struct record *use;
	bool used = false;
	enum err err = is_used(ctx, promotion_id, reference, &used);
	if (err != OK || used)
		return err;
	err = count_up(ctx, promotion_id);
	if (err == OK)
		err = check_customer(ctx, promotion_id, customer_id);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, promotion_use_entity.name), &use);
	if (err == OK)
		err = record_set(ctx, use, "promotion_id", value_int(promotion_id));
	if (err == OK && customer_id != 0)
		err = record_set(ctx, use, "customer_id", value_int(customer_id));
	if (err == OK)
		err = record_set(ctx, use, "reference", value_text(reference));
	if (err == OK)
		err = record_set(ctx, use, "currency", value_text(currency));
	if (err == OK)
		err = record_set(ctx, use, "amount", value_int(amount));
	return err == OK ? record_create(ctx, use, W_TRUSTED) : err;
}
