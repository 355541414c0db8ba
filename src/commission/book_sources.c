/* Orders, and money received for orders, read with their lines: of a period, of a person in it, or one. */
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"
#include "core/text/text.h"

/* After id, moment and money of the source: */
#define COLUMNS                                                                                                                                                    \
	"o.id, o.owner_id, o.customer_id, o.original_order_id, o.lines_count, o.lines_total, o.discount, o.tax, o.shipping_fee, o.total, o.fx_rate, o.currency, "      \
	"o.number, o.state, o.kind, x.state, (SELECT 1 FROM commission_split s WHERE s.order_id = o.id LIMIT 1), l.product_id, l.quantity, l.total, l.kind, p.cost, "  \
	"p.currency, t.percent"
#define LINES                                                                                                                                                      \
	" LEFT JOIN order_line l ON l.order_id = o.id LEFT JOIN product p ON p.id = l.product_id LEFT JOIN tax t ON t.id = p.tax_id"                                   \
	" LEFT JOIN \"order\" x ON x.id = o.original_order_id"
#define ORDERS "SELECT o.id, o.placed_at, 0, " COLUMNS ", 0 FROM \"order\" o" LINES
#define ALIVE " AND o.state NOT IN ('draft', 'cancelled', 'returned')"
#define OWN_ORDERS                                                                                                                                                 \
	" AND o.id IN (SELECT id FROM \"order\" WHERE owner_id = ?3 AND placed_at >= ?1 AND placed_at < ?2"                                                             \
	" UNION SELECT order_id FROM commission_split WHERE owner_id = ?3 AND placed_at >= ?1 AND placed_at < ?2)"
#define MONEY                                                                                                                                                      \
	"SELECT a.id, r.received_on, a.settles, " COLUMNS ", CASE WHEN r.state = 'received' AND r.kind = 'receipt' THEN 0 ELSE 1 END FROM receipt r"                     \
	" JOIN allocation a ON a.receipt_id = r.id JOIN receivable v ON v.id = a.receivable_id JOIN \"order\" o ON o.id = v.order_id" LINES
#define OF_PERSON " AND (o.owner_id = ?3 OR EXISTS (SELECT 1 FROM commission_split s WHERE s.order_id = o.id AND s.owner_id = ?3))"
#define PAID                                                                                                                                                       \
	"SELECT y.id, y.paid_at, CASE WHEN y.kind = 'refund' THEN -y.amount ELSE y.amount END, " COLUMNS ", CASE WHEN y.state = 'paid' THEN 0 ELSE 1 END FROM payment y" \
	" JOIN \"order\" o ON o.id = y.order_id" LINES

static const char *statement_of(char kind, enum commission_reach reach)
{
	static const char *const orders[] = {ORDERS " WHERE o.placed_at >= ?1 AND o.placed_at < ?2" ALIVE, ORDERS " WHERE o.placed_at >= ?1 AND o.placed_at < ?2" ALIVE OWN_ORDERS,
		ORDERS " WHERE o.id = ?1"};
	static const char *const money[] = {MONEY " WHERE r.state = 'received' AND r.kind = 'receipt' AND r.received_on >= ?1 AND r.received_on <= ?2",
		MONEY " WHERE r.state = 'received' AND r.kind = 'receipt' AND r.received_on >= ?1 AND r.received_on <= ?2" OF_PERSON, MONEY " WHERE a.id = ?1"};
	static const char *const paid[] = {PAID " WHERE y.paid_at >= ?1 AND y.paid_at < ?2 AND y.state = 'paid'",
		PAID " WHERE y.paid_at >= ?1 AND y.paid_at < ?2 AND y.state = 'paid'" OF_PERSON, PAID " WHERE y.id = ?1"};
	return kind == 'o' ? orders[reach] : kind == 'a' ? money[reach] : paid[reach];
}

struct reader {
	struct commission_book *book;
	struct commission_sources *out;
	struct map known; /* id to position */
	struct text_zone *zone;
	char kind;
	const char *currency; /* the last one, which is mostly the next one too */
};

static bool is(const char *text, const char *word)
{
	return str_equal(text, word);
}

static const char *currency_copy(struct reader *r, const char *text)
{
	if (r->currency == NULL || !str_equal(r->currency, text != NULL ? text : ""))
		r->currency = commission_copy(r->book, text);
	return r->currency;
}

static int64_t day_of(struct reader *r, const struct stmt *stmt)
{
	int64_t at = 0;
	if (r->kind == 'a')
		return stmt_text(stmt, 1) != NULL && time_parse(stmt_text(stmt, 1), &at) ? at / DAY_MS - (at % DAY_MS < 0) : 0;
	at = stmt_i64(stmt, 1);
	at += r->zone != NULL ? (int64_t)text_zone_seconds(r->zone, at) * 1000 : 0;
	return at / DAY_MS - (at % DAY_MS < 0);
}

/* What the goods come to, less the discount on the whole, without shipping. */
static int64_t goods_of(const struct stmt *stmt)
{
	bool lines = stmt_i64(stmt, 7) > 0;
	return lines ? stmt_i64(stmt, 8) - stmt_i64(stmt, 9) : stmt_i64(stmt, 12) - stmt_i64(stmt, 10) - stmt_i64(stmt, 11);
}

static void fill(struct reader *r, struct commission_source *s, const struct stmt *stmt)
{
	const char *state = stmt_text(stmt, 16), *original = stmt_text(stmt, 18), *base = registry_base_currency(r->book->ctx->registry);
	bool over = is(state, "draft") || is(state, "cancelled") || is(state, "returned");
	*s = (struct commission_source){.kind = r->kind, .id = stmt_i64(stmt, 0), .day = day_of(r, stmt), .money = stmt_i64(stmt, 2), .order_id = stmt_i64(stmt, 3),
		.owner_id = stmt_i64(stmt, 4), .customer_id = stmt_i64(stmt, 5), .original_id = stmt_i64(stmt, 6), .goods = goods_of(stmt), .tax = stmt_i64(stmt, 10),
		.total = stmt_i64(stmt, 12), .rate = stmt_i64(stmt, 13)};
	const char *currency = stmt_text(stmt, 14);
	s->currency = currency_copy(r, str_empty(currency) ? base : currency);
	if (s->rate <= 0 && str_equal(s->currency, base))
		s->rate = 1000000;
	s->number = commission_copy(r->book, stmt_text(stmt, 15));
	s->returns = is(stmt_text(stmt, 17), "return");
	s->split = stmt_i64(stmt, 19) != 0;
	/* what is given back whole counts for nothing, so its returns take nothing more */
	bool given_back = s->returns && (is(original, "returned") || is(original, "cancelled"));
	s->dead = stmt_i64(stmt, 27) != 0 || (r->kind == 'o' && (over || given_back));
}

static enum err add_source(struct reader *r, const struct stmt *stmt, int64_t *ret)
{
	struct commission_sources *out = r->out;
	int64_t id = stmt_i64(stmt, 0);
	if (out->n > 0 && out->list[out->n - 1].id == id) {
		*ret = (int64_t)out->n - 1;
		return OK;
	}
	if (map_get(&r->known, &id, sizeof(id), ret))
		return OK;
	if (out->n == out->room) {
		size_t room = out->room > 0 ? out->room * 2 : 256;
		struct commission_source *more = commission_take(r->book, room, sizeof(*more));
		if (more == NULL)
			return commission_memory(r->book);
		if (out->n > 0)
			memcpy(more, out->list, out->n * sizeof(*more));
		out->list = more;
		out->room = room;
	}
	fill(r, &out->list[out->n], stmt);
	*ret = (int64_t)out->n++;
	return map_put(&r->known, &id, sizeof(id), *ret) && !r->book->memory.failed ? OK : commission_memory(r->book);
}

static enum err add_line(struct reader *r, struct commission_source *s, const struct stmt *stmt)
{
	if (stmt_is_null(stmt, 22))
		return OK; /* an order without lines */
	const char *kind = stmt_text(stmt, 23);
	struct commission_item_line *line = commission_take(r->book, 1, sizeof(*line));
	if (line == NULL)
		return commission_memory(r->book);
	*line = (struct commission_item_line){.product_id = stmt_i64(stmt, 20), .quantity = stmt_i64(stmt, 21), .total = stmt_i64(stmt, 22), .cost = stmt_i64(stmt, 24),
		.has_cost = !stmt_is_null(stmt, 24), .cost_currency = currency_copy(r, stmt_text(stmt, 25)),
		.tax_percent = stmt_is_null(stmt, 26) ? r->book->default_tax : stmt_i64(stmt, 26), .next = s->lines};
	line->part = is(kind, "shipping") ? COMMISSION_SHIPPING : is(kind, "discount") ? COMMISSION_DISCOUNT : COMMISSION_GOODS;
	s->lines = line;
	return OK;
}

static void bind(struct stmt *stmt, const struct commission_book *book, char kind, enum commission_reach reach, int64_t id)
{
	if (reach == COMMISSION_ONE) {
		stmt_bind_i64(stmt, 1, id);
		return;
	}
	if (kind == 'a') {
		stmt_bind_text(stmt, 1, book->span.from);
		stmt_bind_text(stmt, 2, book->span.until);
	} else {
		stmt_bind_i64(stmt, 1, book->span.begins);
		stmt_bind_i64(stmt, 2, book->span.ends);
	}
	if (reach == COMMISSION_RANGE_OWN)
		stmt_bind_i64(stmt, 3, id);
}

enum err commission_sources_read(struct commission_book *book, char kind, enum commission_reach reach, int64_t id, struct commission_sources *ret)
{
	struct ctx *ctx = book->ctx;
	struct reader r = {.book = book, .out = ret, .kind = kind, .zone = book->zone};
	struct stmt *stmt;
	bool row = false;
	int64_t at;
	enum err err = db_prepare_text(ctx, ctx->db, statement_of(kind, reach), &stmt);
	if (err != OK)
		return err;
	map_init(&r.known, 5, 6); /* keys are ours */
	bind(stmt, book, kind, reach, id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		err = add_source(&r, stmt, &at);
		if (err == OK)
			err = add_line(&r, &ret->list[at], stmt);
		if (err != OK)
			break;
	}
	stmt_done(stmt);
	map_release(&r.known);
	return err;
}
