/* What is offered to whom: a tax, two price books, a promotion, and quotes in every state they can be in. */
#include <stdio.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"

enum { PRODUCTS = 12, QUOTES = 6, LINES = 3 };
#define CURRENCY "GBP" /* of the sample's products */

static const struct {
	const char *title, *end, *reason;
	int days; /* ago it was written */
	struct {
		int product;
		const char *quantity, *discount;
		bool optional;
	} lines[LINES];
} quotes[QUOTES] = {
	{"春节礼盒首批 · Spring gift boxes, first lot", NULL, NULL, 1, {{0, "48", "0", false}, {1, "24", "0", false}, {2, "12", "0", true}}},
	{"门店灯饰 · Lights for two shops", "sent", NULL, 4, {{3, "120", "5", false}, {4, "60", "0", false}, {5, "6", "0", true}}},
	{"会议纪念品 · Conference give-aways", "expired", NULL, 40, {{6, "200", "0", false}, {7, "200", "0", false}, {8, "20", "0", false}}},
	{"开业伴手礼 · Opening gifts", "accepted", NULL, 6, {{9, "144", "3", false}, {0, "72", "0", false}, {10, "36", "0", false}}},
	{"员工生日礼品 · Staff birthdays", "declined", "预算取消 · Budget was cut", 20, {{11, "90", "0", false}, {4, "30", "0", false}, {2, "30", "0", false}}},
	{"圣诞橱窗 · Christmas window", "replaced", NULL, 9, {{1, "300", "0", false}, {5, "150", "0", false}, {8, "24", "0", true}}},
};

struct offers {
	int64_t products[PRODUCTS], buyers[QUOTES], owners[QUOTES];
	size_t n_products, n_buyers;
	int64_t quotes[QUOTES], again; /* the new version of the last */
};

/* A field's API text, or its id where there is no text; neither: it is left out. */
struct cell {
	const char *field, *text;
	int64_t id;
};

static enum err fill(struct ctx *ctx, struct record *r, const struct cell *cells, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		if (cells[i].text != NULL || cells[i].id != 0)
			err = record_set(ctx, r, cells[i].field, cells[i].text != NULL ? value_text(cells[i].text) : value_int(cells[i].id));
	}
	return err;
}

static enum err put(struct ctx *ctx, const char *entity, const struct cell *cells, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	if (err == OK)
		err = fill(ctx, r, cells, n);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED | W_KEEP_DATES);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err change(struct ctx *ctx, const char *entity, int64_t id, const struct cell *cells, size_t n)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	if (err == OK)
		err = fill(ctx, r, cells, n);
	return err == OK ? record_update(ctx, id, r, 0, W_TRUSTED, NULL) : err;
}

#define N(cells) (sizeof(cells) / sizeof((cells)[0]))

static enum err read_ids(struct ctx *ctx, const char *sql, int64_t *ids, int64_t *more, size_t max, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	*ret_n = 0;
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < max) {
		if (more != NULL)
			more[*ret_n] = stmt_i64(stmt, 1);
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	return err;
}

/* --- prices ------------------------------------------------------------------------------------ */

static enum err put_rule(struct ctx *ctx, int64_t book, int64_t product, const char *from, const char *kind, const char *amount)
{
	int64_t id;
	const struct cell cells[] = {{"book_id", NULL, book}, {"product_id", NULL, product}, {"quantity_from", from, 0}, {"kind", kind, 0}, {"amount", amount, 0},
	                             {"round_to", product == 0 ? "0.05" : NULL, 0}};
	return put(ctx, "price_rule", cells, N(cells), &id);
}

static enum err put_prices(struct ctx *ctx, const struct offers *o)
{
	int64_t id, prime, contract;
	const struct cell tax[] = {{"name", "VAT 20%", 0}, {"percent", "20", 0}, {"is_default", "true", 0}};
	const struct cell level[] = {{"name", "优质客户价目表 · Prime customers", 0}, {"level", "prime", 0}, {"currency", CURRENCY, 0}};
	const struct cell frame[] = {{"name", "年度框架合同 · Frame contract", 0}, {"contract_no", "2026-14", 0}, {"customer_id", NULL, o->buyers[1]}, {"currency", CURRENCY, 0}};
	const struct cell less[] = {{"name", "满 300 减 20 · 20 off 300", 0}, {"kind", "amount", 0}, {"amount", "20", 0}, {"min_amount", "300", 0}, {"currency", CURRENCY, 0},
	                            {"starts_at", NULL, ctx_now(ctx) - 10 * (int64_t)DAY_MS}, {"ends_at", NULL, ctx_now(ctx) + 50 * (int64_t)DAY_MS}};
	enum err err = put(ctx, "tax", tax, N(tax), &id);
	if (err == OK)
		err = put(ctx, "price_book", level, N(level), &prime);
	if (err == OK)
		err = put_rule(ctx, prime, 0, "1", "percent_off", "5");
	if (err == OK)
		err = put_rule(ctx, prime, 0, "48", "percent_off", "8");
	if (err == OK)
		err = put(ctx, "price_book", frame, N(frame), &contract);
	if (err == OK)
		err = put_rule(ctx, contract, o->products[3], "1", "fixed", "1.35");
	if (err == OK)
		err = put_rule(ctx, contract, o->products[3], "100", "fixed", "1.20");
	if (err == OK)
		err = put_rule(ctx, contract, 0, "24", "percent_off", "10");
	return err == OK ? put(ctx, "promotion", less, N(less), &id) : err;
}

/* --- quotes ------------------------------------------------------------------------------------- */

static enum err put_lines(struct ctx *ctx, const struct offers *o, size_t at, int64_t quote, const char *discount)
{
	enum err err = OK;
	for (size_t i = 0; i < LINES && err == OK; i++) {
		int64_t id;
		const struct cell cells[] = {
			{"quote_id", NULL, quote}, {"product_id", NULL, o->products[(size_t)quotes[at].lines[i].product % o->n_products]},
			{"quantity", quotes[at].lines[i].quantity, 0}, {"discount_percent", discount != NULL ? discount : quotes[at].lines[i].discount, 0},
			{"optional", quotes[at].lines[i].optional ? "true" : "false", 0},
		};
		err = put(ctx, "quote_line", cells, N(cells), &id);
	}
	return err;
}

static enum err begin(struct ctx *ctx, void *arg)
{
	struct offers *o = arg;
	enum err err = put_prices(ctx, o);
	for (size_t i = 0; i < QUOTES && err == OK; i++) {
		size_t who = i % o->n_buyers;
		const struct cell cells[] = {{"title", quotes[i].title, 0}, {"customer_id", NULL, o->buyers[who]}, {"owner_id", NULL, o->owners[who]}, {"currency", CURRENCY, 0},
		                             {"created_at", NULL, ctx_now(ctx) - quotes[i].days * (int64_t)DAY_MS}};
		err = put(ctx, "quote", cells, N(cells), &o->quotes[i]);
		if (err == OK)
			err = put_lines(ctx, o, i, o->quotes[i], NULL);
	}
	return err;
}

/* A tenth less than the version before. */
static enum err offer_again(struct ctx *ctx, struct offers *o)
{
	enum { LAST = QUOTES - 1 };
	struct record *first;
	enum err err = record_load(ctx, registry_find(ctx->registry, "quote"), o->quotes[LAST], &first);
	if (err != OK)
		return err;
	const struct cell cells[] = {{"title", quotes[LAST].title, 0}, {"number", record_text(first, "number"), 0}, {"version_no", "2", 0}, {"original_id", NULL, o->quotes[LAST]},
	                             {"customer_id", NULL, record_i64(first, "customer_id")}, {"owner_id", NULL, record_i64(first, "owner_id")}, {"currency", CURRENCY, 0}};
	err = put(ctx, "quote", cells, N(cells), &o->again);
	return err == OK ? put_lines(ctx, o, LAST, o->again, "10") : err;
}

/* Once their sums are known. */
static enum err send(struct ctx *ctx, void *arg)
{
	struct offers *o = arg;
	const struct cell sent[] = {{"state", "sent", 0}};
	enum err err = OK;
	for (size_t i = 0; i < QUOTES && err == OK; i++) {
		if (quotes[i].end != NULL)
			err = change(ctx, "quote", o->quotes[i], sent, N(sent));
	}
	return err == OK ? offer_again(ctx, o) : err;
}

static enum err accept(struct ctx *ctx, int64_t quote)
{
	struct record *r;
	const struct cell yes[] = {{"state", "accepted", 0}}, rate[] = {{"fx_rate", "1", 0}}; /* as of all orders of the sample */
	enum err err = change(ctx, "quote", quote, yes, N(yes));
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "quote"), quote, &r);
	return err == OK ? change(ctx, "order", record_i64(r, "order_id"), rate, N(rate)) : err;
}

static enum err end_one(struct ctx *ctx, size_t i, int64_t quote)
{
	int64_t sent = ctx_now(ctx) - (quotes[i].days - 1) * (int64_t)DAY_MS;
	char past[TIME_TEXT_MAX];
	time_format(sent + 30 * (int64_t)DAY_MS, past);
	past[strlen("YYYY-MM-DD")] = '\0';
	const struct cell when[] = {{"sent_at", NULL, sent}, {"valid_until", past, 0}}, no[] = {{"state", "declined", 0}, {"state_reason", quotes[i].reason, 0}};
	enum err err = quotes[i].end != NULL ? change(ctx, "quote", quote, when, N(when)) : OK;
	if (err == OK && quotes[i].reason != NULL)
		err = change(ctx, "quote", quote, no, N(no));
	if (err == OK && quotes[i].end != NULL && strcmp(quotes[i].end, "accepted") == 0)
		err = accept(ctx, quote);
	return err;
}

static enum err end(struct ctx *ctx, void *arg)
{
	struct offers *o = arg;
	const struct cell sent[] = {{"state", "sent", 0}};
	enum err err = change(ctx, "quote", o->again, sent, N(sent)); /* which replaces the one before */
	for (size_t i = 0; i < QUOTES && err == OK; i++)
		err = end_one(ctx, i, o->quotes[i]);
	return err;
}

enum err demo_prices(struct ctx *ctx, FILE *progress)
{
	const struct actor *before = ctx->actor;
	struct offers o = {.n_products = 0};
	ctx->actor = gate_system();
	enum err err = read_ids(ctx, "SELECT p.id FROM product p JOIN order_line l ON l.product_id = p.id WHERE p.price > 0 AND p.currency = '" CURRENCY "' "
	                             "GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT 12", o.products, NULL, PRODUCTS, &o.n_products);
	if (err == OK)
		err = read_ids(ctx, "SELECT id, owner_id FROM customer WHERE owner_id IS NOT NULL ORDER BY orders_total DESC, id LIMIT 6", o.buyers, o.owners, QUOTES, &o.n_buyers);
	bool enough = o.n_products >= PRODUCTS && o.n_buyers >= 2;
	if (err == OK && enough)
		err = store_write(ctx, ctx->store, begin, &o);
	if (err == OK && enough)
		err = store_write(ctx, ctx->store, send, &o);
	if (err == OK && enough)
		err = store_write(ctx, ctx->store, end, &o);
	ctx->actor = before;
	if (err == OK && enough)
		fprintf(progress, "2 price books, a promotion and %d quotes\n", QUOTES + 1);
	return err;
}
