/* What the public orders do not say: categories of what was sold, how it was paid, how it was sent. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"

enum { BATCH = 200, SEED = 20261128, LIST_MAX = 20000, RECENT_DAYS = 60, HOUR_MS = 3600 * 1000 };

/* The first whose word stands in the name; the last takes the rest. */
static const struct {
	const char *name, *code, *word;
} categories[] = {
	{"Bags 包袋", "bags", "BAG"},           {"Lights 灯饰", "lights", "LIGHT"},   {"Candles 蜡烛", "candles", "CANDLE"},
	{"Kitchen 厨房", "kitchen", "CAKE"},     {"Tableware 餐具", "tableware", "MUG"}, {"Season 节庆", "season", "CHRISTMAS"},
	{"Paper 文具", "paper", "CARD"},         {"Boxes 收纳", "boxes", "BOX"},       {"Gifts 礼品", "gifts", ""},
};
enum { CATEGORIES = sizeof(categories) / sizeof(categories[0]) };

struct sale {
	int64_t id, total, placed_at;
	const char *kind, *currency, *receiver, *phone;
	bool chinese;
};

struct product {
	int64_t id;
	size_t category;
};

struct trade {
	int64_t categories[CATEGORIES], newest;
	struct sale *sales;
	struct product *products;
	size_t n_sales, n_products, from, to; /* of this batch */
};

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

/* --- what there is --------------------------------------------------------------------- */

static enum err read_sales(struct ctx *ctx, struct trade *t)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db,
		"SELECT o.id, o.total, o.placed_at, o.kind, coalesce(o.currency, ''), c.name, coalesce(c.phone, ''), CASE WHEN c.country = 'CN' THEN 1 ELSE 0 END "
		"FROM \"order\" o JOIN customer c ON c.id = o.customer_id ORDER BY o.placed_at DESC, o.id LIMIT 20000", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && t->n_sales < LIST_MAX) {
		struct sale *s = &t->sales[t->n_sales];
		*s = (struct sale){.id = stmt_i64(stmt, 0), .total = stmt_i64(stmt, 1), .placed_at = stmt_i64(stmt, 2), .chinese = stmt_i64(stmt, 7) != 0};
		s->kind = arena_strdup(ctx->arena, stmt_text(stmt, 3));
		s->currency = arena_strdup(ctx->arena, stmt_text(stmt, 4));
		s->receiver = arena_strdup(ctx->arena, stmt_text(stmt, 5));
		s->phone = arena_strdup(ctx->arena, stmt_text(stmt, 6));
		if (t->n_sales == 0)
			t->newest = s->placed_at;
		if (s->placed_at < t->newest - RECENT_DAYS * (int64_t)DAY_MS)
			break;
		t->n_sales++;
	}
	stmt_done(stmt);
	return err;
}

static enum err read_products(struct ctx *ctx, struct trade *t)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT id, name FROM product ORDER BY id", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && t->n_products < LIST_MAX) {
		const char *name = stmt_text(stmt, 1);
		size_t at = 0;
		while (strstr(name, categories[at].word) == NULL)
			at++; /* the last word is empty */
		t->products[t->n_products++] = (struct product){stmt_i64(stmt, 0), at};
	}
	stmt_done(stmt);
	return err;
}

/* --- categories ------------------------------------------------------------------------ */

static enum err add_categories(struct ctx *ctx, void *arg)
{
	struct trade *t = arg;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < CATEGORIES; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "category"), &r);
		if (err == OK)
			err = set_text(ctx, r, "name", categories[i].name);
		if (err == OK)
			err = set_text(ctx, r, "code", categories[i].code);
		if (err == OK)
			err = record_create(ctx, r, W_TRUSTED);
		t->categories[i] = err == OK ? record_id(r) : 0;
	}
	return err;
}

static enum err sort_products(struct ctx *ctx, void *arg)
{
	const struct trade *t = arg;
	enum err err = OK;
	for (size_t i = t->from; err == OK && i < t->to; i++) {
		struct record *r;
		err = record_new(ctx, registry_find(ctx->registry, "product"), &r);
		if (err == OK)
			err = record_set(ctx, r, "category_id", value_int(t->categories[t->products[i].category]));
		if (err == OK)
			err = record_update(ctx, t->products[i].id, r, 0, W_TRUSTED, NULL);
	}
	return err;
}

/* --- payments and shipments ------------------------------------------------------------- */

static enum err of_order(struct ctx *ctx, const char *entity, const struct sale *s, struct record **ret)
{
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), ret);
	return err == OK ? record_set(ctx, *ret, "order_id", value_int(s->id)) : err;
}

static enum err add_payment(struct ctx *ctx, const struct sale *s, struct demo_random *random)
{
	static const char *const chinese[] = {"alipay", "wechat", "wechat", "alipay", "unionpay"}, *const western[] = {"card", "card", "card", "transfer", "credit"};
	bool back = s->total < 0;
	struct record *r;
	enum err err = of_order(ctx, "payment", s, &r);
	if (err == OK)
		err = set_text(ctx, r, "kind", back ? "refund" : "payment");
	if (err == OK)
		err = set_text(ctx, r, "method", (s->chinese ? chinese : western)[demo_random_below(random, 5)]);
	if (err == OK)
		err = set_text(ctx, r, "currency", s->currency);
	if (err == OK)
		err = record_set(ctx, r, "amount", value_int(back ? -s->total : s->total));
	int64_t paid = s->placed_at + (int64_t)demo_random_below(random, back ? 72 : 3) * HOUR_MS;
	if (err == OK) /* an order of today is paid by now */
		err = record_set(ctx, r, "paid_at", value_int(paid < ctx_now(ctx) ? paid : ctx_now(ctx)));
	if (err == OK)
		err = set_text(ctx, r, "reference", arena_printf(ctx->arena, "P%010u", demo_random_below(random, 2000000000)));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

static enum err add_shipment(struct ctx *ctx, const struct sale *s, struct demo_random *random)
{
	static const char *const chinese[] = {"顺丰", "中通", "圆通", "京东物流"}, *const western[] = {"Royal Mail", "DPD", "Evri", "UPS"};
	int64_t sent = s->placed_at + (12 + (int64_t)demo_random_below(random, 30)) * HOUR_MS;
	int64_t there = sent + (24 + (int64_t)demo_random_below(random, 72)) * HOUR_MS;
	bool arrived = there < ctx_now(ctx), underway = sent < ctx_now(ctx);
	struct record *r;
	enum err err = of_order(ctx, "shipment", s, &r);
	if (err == OK)
		err = set_text(ctx, r, "carrier", (s->chinese ? chinese : western)[demo_random_below(random, 4)]);
	if (err == OK)
		err = set_text(ctx, r, "tracking_no", arena_printf(ctx->arena, "DEMO%010u", demo_random_below(random, 2000000000)));
	if (err == OK)
		err = set_text(ctx, r, "state", arrived ? "delivered" : underway ? "shipped" : "preparing");
	if (err == OK && underway)
		err = record_set(ctx, r, "shipped_at", value_int(sent));
	if (err == OK && arrived)
		err = record_set(ctx, r, "delivered_at", value_int(there));
	if (err == OK)
		err = set_text(ctx, r, "receiver", s->receiver);
	if (err == OK)
		err = set_text(ctx, r, "phone", s->phone);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

static enum err settle_sales(struct ctx *ctx, void *arg)
{
	const struct trade *t = arg;
	enum err err = OK;
	for (size_t i = t->from; err == OK && i < t->to; i++) {
		const struct sale *s = &t->sales[i];
		struct demo_random random;
		demo_random_init(&random, SEED + i);
		if (s->total != 0)
			err = add_payment(ctx, s, &random);
		if (err == OK && str_equal(s->kind, "sale"))
			err = add_shipment(ctx, s, &random);
	}
	return err;
}

static enum err in_batches(struct ctx *ctx, struct trade *t, size_t n, enum err (*run)(struct ctx *ctx, void *arg))
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i += BATCH) {
		struct arena_mark mark = arena_mark(ctx->arena);
		t->from = i;
		t->to = n - i < BATCH ? n : i + BATCH;
		err = store_write(ctx, ctx->store, run, t);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

enum err demo_trade(struct ctx *ctx, FILE *progress)
{
	struct trade t = {.n_sales = 0};
	t.sales = arena_array(ctx->arena, LIST_MAX, sizeof(*t.sales));
	t.products = arena_array(ctx->arena, LIST_MAX, sizeof(*t.products));
	if (t.sales == NULL || t.products == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = read_sales(ctx, &t);
	if (err == OK)
		err = read_products(ctx, &t);
	if (err == OK)
		err = store_write(ctx, ctx->store, add_categories, &t);
	if (err == OK)
		err = in_batches(ctx, &t, t.n_products, sort_products);
	if (err == OK)
		err = in_batches(ctx, &t, t.n_sales, settle_sales);
	if (err == OK)
		fprintf(progress, "%zu products were given categories, %zu recent orders their payments and shipments\n", t.n_products, t.n_sales);
	return err;
}
