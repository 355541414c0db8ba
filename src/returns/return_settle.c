/* What a return ends in: it is received and checked, then money goes back or other goods go out. Both are booked as an order beside
 * the first one, so that every figure that counts orders counts what came back. */
#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

enum { QUANTITY_SCALE = 3, LINE_SCALE = 4, ONE = 1000 };

/* The return whole, for who may move its state on. */
static enum err find(struct ctx *ctx, const struct http_request *req, const char *from, struct record **ret)
{
	const struct entity_info *info = registry_find(ctx->registry, goods_return_entity.name);
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, info, id, ACTION_UPDATE, ret);
	if (err == OK && entity_field_right(ctx->actor, info, entity_field(info, "state")) < RIGHT_WRITE)
		err = fail(ctx, ERR_FORBIDDEN, "state", "forbidden");
	if (err == OK)
		err = record_load(ctx, info, id, ret);
	if (err == OK && !str_equal(record_text(*ret, "state"), from) && !(str_equal(from, "agreed") && str_equal(record_text(*ret, "state"), "sent")))
		err = fail(ctx, ERR_CONFLICT, "state", str_equal(from, "agreed") ? "return_not_agreed" : "return_not_received");
	return err;
}

static enum err move(struct ctx *ctx, const struct record *of, const char *to, const struct record *more)
{
	static const char *const kept[] = {"fee", "freight", "refunded", "return_order_id", "exchange_order_id"};
	struct record *patch;
	enum err err = record_new(ctx, of->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text(to));
	for (size_t i = 0; err == OK && more != NULL && i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (more->set[entity_field(more->info, kept[i])])
			err = record_set(ctx, patch, kept[i], *record_value(more, kept[i]));
	}
	return err == OK ? record_update(ctx, record_id(of), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err answer(struct http_response *res, const struct record *of, const char *state, const char *key, int64_t order)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(of));
	jsonw_kv_text(&w, "state", state);
	if (key != NULL)
		jsonw_kv_id(&w, key, order);
	jsonw_end_object(&w);
	return OK;
}

/* --- received and checked -------------------------------------------------------------------------------- */

struct receive_body {
	json_t *lines;
};

const struct spec return_receive_specs[] = {
	{"lines", SPEC_JSON, offsetof(struct receive_body, lines), true, 0,
	 "Of every line: [{\"id\": \"…\", \"received\": \"1\", \"condition\": \"new\" | opened | used | damaged | missing, \"restock\": true}]"},
	{0},
};

static const json_t *said_of(const json_t *lines, int64_t id)
{
	size_t i;
	const json_t *line;
	json_array_foreach(lines, i, line) {
		int64_t given;
		if (id_parse(json_string_value(json_object_get(line, "id")), &given) && given == id)
			return line;
	}
	return NULL;
}

static enum err put_line(struct ctx *ctx, const struct record *line, int64_t received, const char *condition, bool restock)
{
	struct record *patch;
	enum err err = record_new(ctx, line->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "received", value_int(received));
	if (err == OK && !str_empty(condition))
		err = record_set(ctx, patch, "condition", value_text(condition));
	if (err == OK)
		err = record_set(ctx, patch, "restock", value_int(received > 0 && restock ? 1 : 0));
	return err == OK ? record_update(ctx, record_id(line), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err check_line(struct ctx *ctx, int64_t id, const json_t *said)
{
	const char *condition = json_string_value(json_object_get(said, "condition")), *text = json_string_value(json_object_get(said, "received"));
	struct record *line;
	int64_t received = 0;
	enum err err = record_load(ctx, registry_find(ctx->registry, return_line_entity.name), id, &line);
	if (err == OK && (text == NULL || !decimal_parse(text, QUANTITY_SCALE, &received)))
		err = fail(ctx, ERR_INVALID, "lines.received", "not_number");
	if (err == OK && (received < 0 || received > record_i64(line, "quantity")))
		err = fail(ctx, ERR_INVALID, "lines.received", "return_received_more");
	if (err == OK && received > 0 && str_empty(condition))
		err = fail(ctx, ERR_INVALID, "lines.condition", "required");
	return err == OK ? put_line(ctx, line, received, condition, json_is_true(json_object_get(said, "restock"))) : err;
}

enum err return_receive_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct receive_body body = {0};
	struct record *of;
	int64_t *ids;
	size_t n;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && !json_is_array(body.lines))
		err = fail_arg(ctx, ERR_INVALID, "lines", "wrong_type", "list");
	if (err == OK)
		err = find(ctx, req, "agreed", &of);
	if (err == OK)
		err = returns_ids(ctx, &sql_return_lines_of, record_id(of), &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		const json_t *said = said_of(body.lines, ids[i]);
		err = said != NULL ? check_line(ctx, ids[i], said) : fail(ctx, ERR_INVALID, "lines", "return_unchecked");
	}
	if (err == OK)
		err = move(ctx, of, "received", NULL);
	return err == OK ? answer(res, of, "received", NULL, 0) : err;
}

/* --- an order beside the first ------------------------------------------------------------------------------ */

static enum err new_order(struct ctx *ctx, const struct record *of, const struct record *order, const char *kind, const char *state, struct record **ret)
{
	static const char *const same[] = {"customer_id", "channel_id", "country", "owner_id", "team_id", "branch_id", "fx_rate"};
	const char *source = arena_printf(ctx->arena, "return %s", record_text(of, "number"));
	const struct entity_info *info = order->info;
	if (ctx->actor == NULL || entity_scope(ctx->actor, info, ACTION_CREATE) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "", "return_no_order_right");
	enum err err = source != NULL ? record_new(ctx, info, ret) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < sizeof(same) / sizeof(same[0]); i++) {
		if (record_value(order, same[i])->kind != VALUE_NULL)
			err = record_set(ctx, *ret, same[i], *record_value(order, same[i]));
	}
	const struct {
		const char *field, *text;
	} texts[] = {{"kind", kind}, {"state", state}, {"currency", record_text(of, "currency")}, {"source", source}};
	for (size_t i = 0; err == OK && i < sizeof(texts) / sizeof(texts[0]); i++)
		err = record_set(ctx, *ret, texts[i].field, value_text(texts[i].text));
	if (err == OK)
		err = record_set(ctx, *ret, "original_order_id", value_int(record_id(order)));
	if (err == OK)
		err = record_set(ctx, *ret, "placed_at", value_int(ctx_now(ctx)));
	return err == OK ? record_create(ctx, *ret, W_TRUSTED) : err;
}

struct booked {
	int64_t order, position, product;
	const char *kind, *name;
	int64_t quantity, total; /* thousandths; minor units, with its sign */
};

/* The line comes to `total` exactly: what the rounded price leaves is its discount. */
static enum err book_line(struct ctx *ctx, const struct booked *b, int scale)
{
	struct record *line;
	int64_t total, price, raw;
	if (!decimal_rescale(b->total, scale, LINE_SCALE, &total) || b->quantity == 0)
		return fail(ctx, ERR_INVALID, "", "number_too_large");
	price = b->quantity % ONE == 0 ? total / (b->quantity / ONE) : (int64_t)((__int128)total * ONE / b->quantity);
	if (!decimal_mul(price, b->quantity, QUANTITY_SCALE, &raw))
		return fail(ctx, ERR_INVALID, "", "number_too_large");
	enum err err = record_new(ctx, registry_find(ctx->registry, "order_line"), &line);
	const struct {
		const char *field;
		int64_t value;
	} numbers[] = {{"order_id", b->order}, {"position", b->position}, {"quantity", b->quantity}, {"unit_price", price}, {"discount", raw - total}};
	for (size_t i = 0; err == OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		err = record_set(ctx, line, numbers[i].field, value_int(numbers[i].value));
	if (err == OK && b->product != 0)
		err = record_set(ctx, line, "product_id", value_int(b->product));
	if (err == OK)
		err = record_set(ctx, line, "kind", value_text(b->kind));
	if (err == OK && b->name != NULL)
		err = record_set(ctx, line, "name", value_text(b->name));
	return err == OK ? record_create(ctx, line, W_TRUSTED) : err;
}

/* Lines of what came: `sign` -1 takes them back, 1 sends the same again. */
static enum err book_goods(struct ctx *ctx, const struct record *of, struct booked *b, int64_t sign, int scale, int64_t *ret_value)
{
	int64_t *ids;
	size_t n;
	struct record *line, *sold;
	enum err err = returns_ids(ctx, &sql_return_lines_of, record_id(of), &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = record_load(ctx, registry_find(ctx->registry, return_line_entity.name), ids[i], &line);
		if (err != OK || record_i64(line, "received") == 0)
			continue;
		err = record_load(ctx, registry_find(ctx->registry, "order_line"), record_i64(line, "order_line_id"), &sold);
		if (err != OK)
			break;
		b->position++;
		b->product = record_i64(sold, "product_id");
		b->name = record_text(sold, "name");
		b->kind = sign < 0 ? "return" : "sale";
		b->quantity = sign * record_i64(line, "received");
		b->total = sign * record_i64(line, "value");
		*ret_value += record_i64(line, "value");
		err = book_line(ctx, b, scale);
	}
	return err;
}

static enum err book_amount(struct ctx *ctx, struct booked *b, const char *kind, const struct text2 *name, int64_t total, int scale)
{
	if (total == 0)
		return OK;
	b->position++;
	b->product = 0;
	b->kind = kind;
	b->name = entity_label(ctx, name);
	b->quantity = ONE;
	b->total = total;
	return book_line(ctx, b, scale);
}

/* --- money back --------------------------------------------------------------------------------------------- */

struct refund_body {
	const char *amount, *fee, *freight, *method, *reference;
};

const struct spec return_refund_specs[] = {
	{"amount", SPEC_TEXT, offsetof(struct refund_body, amount), false, 40, "In the order's currency; empty: the goods as sold, less the fee, with the freight"},
	{"fee", SPEC_TEXT, offsetof(struct refund_body, fee), false, 40, "Restocking; empty: as the rules say"},
	{"freight", SPEC_TEXT, offsetof(struct refund_body, freight), false, 40, "Paid back with it; empty: nothing"},
	{"method", SPEC_TEXT, offsetof(struct refund_body, method), false, 20, "How: alipay, wechat, card, transfer, cash …"},
	{"reference", SPEC_TEXT, offsetof(struct refund_body, reference), false, 480, "Of the bank or payment service"},
	{0},
};

struct refund {
	int64_t value, fee, freight, amount;
	int scale;
};

static enum err read_money(struct ctx *ctx, const char *text, const char *field, int scale, int64_t fallback, int64_t *ret)
{
	*ret = fallback;
	if (str_empty(text))
		return OK;
	if (!decimal_parse(text, scale, ret))
		return fail(ctx, ERR_INVALID, field, "not_money");
	return *ret >= 0 ? OK : fail(ctx, ERR_INVALID, field, "return_negative");
}

static enum err read_refund(struct ctx *ctx, const struct refund_body *body, const struct record *of, struct refund *ret)
{
	ret->scale = currency_scale(record_text(of, "currency"));
	ret->value = record_i64(of, "goods_value");
	enum err err = read_money(ctx, body->fee, "fee", ret->scale, record_i64(of, "fee"), &ret->fee);
	if (err == OK)
		err = read_money(ctx, body->freight, "freight", ret->scale, 0, &ret->freight);
	int64_t usual = 0;
	if (err == OK && (__builtin_add_overflow(ret->value, ret->freight, &usual) || __builtin_sub_overflow(usual, ret->fee, &usual)))
		err = fail(ctx, ERR_INVALID, "amount", "number_too_large");
	if (err == OK)
		err = read_money(ctx, body->amount, "amount", ret->scale, usual > 0 ? usual : 0, &ret->amount);
	return err;
}

static enum err check_paid(struct ctx *ctx, const struct record *order, const struct record *of, const struct refund *r)
{
	char text[DECIMAL_TEXT_MAX];
	int64_t left = 0;
	enum err err = return_paid(ctx, order, &left);
	if (err != OK || r->amount <= left)
		return err;
	decimal_format(left > 0 ? left : 0, r->scale, text);
	return fail_arg(ctx, ERR_CONFLICT, "amount", "return_over_paid", arena_printf(ctx->arena, "%s %s", text, record_text(of, "currency")));
}

static enum err book_refund(struct ctx *ctx, const struct record *of, const struct record *order, const struct refund *r, struct record **ret)
{
	static const struct text2 fee = {"Restocking fee", "重新上架费"}, freight = {"Freight paid back", "返还运费"}, agreed = {"As agreed", "协商调整"};
	struct booked b = {0};
	int64_t value = 0;
	enum err err = new_order(ctx, of, order, "return", "completed", ret);
	b.order = err == OK ? record_id(*ret) : 0;
	if (err == OK)
		err = book_goods(ctx, of, &b, -1, r->scale, &value);
	if (err == OK)
		err = book_amount(ctx, &b, "adjustment", &fee, r->fee, r->scale);
	if (err == OK)
		err = book_amount(ctx, &b, "shipping", &freight, -r->freight, r->scale);
	return err == OK ? book_amount(ctx, &b, "adjustment", &agreed, value + r->freight - r->fee - r->amount, r->scale) : err;
}

static enum err pay_back(struct ctx *ctx, const struct refund_body *body, const struct record *of, int64_t order, int64_t amount)
{
	struct record *p;
	if (amount == 0)
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "payment"), &p);
	const struct {
		const char *field, *text;
	} texts[] = {{"kind", "refund"}, {"state", "paid"}, {"currency", record_text(of, "currency")}, {"method", body->method},
		{"reference", str_empty(body->reference) ? record_text(of, "number") : body->reference}};
	for (size_t i = 0; err == OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_empty(texts[i].text))
			err = record_set(ctx, p, texts[i].field, value_text(texts[i].text));
	}
	if (err == OK)
		err = record_set(ctx, p, "order_id", value_int(order));
	if (err == OK)
		err = record_set(ctx, p, "amount", value_int(amount));
	if (err == OK)
		err = record_set(ctx, p, "paid_at", value_int(ctx_now(ctx)));
	return err == OK ? record_create(ctx, p, 0) : err; /* as any payment of theirs is asked */
}

enum err return_refund_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct refund_body body = {0};
	struct record *of, *order, *back = NULL, *more;
	struct refund r = {0};
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = find(ctx, req, "received", &of);
	if (err == OK && entity_scope(ctx->actor, registry_find(ctx->registry, "payment"), ACTION_CREATE) == SCOPE_NONE)
		err = fail(ctx, ERR_FORBIDDEN, "", "return_no_payment_right");
	if (err == OK)
		err = read_refund(ctx, &body, of, &r);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(of, "order_id"), &order);
	if (err == OK)
		err = check_paid(ctx, order, of, &r);
	if (err == OK)
		err = book_refund(ctx, of, order, &r, &back);
	if (err == OK)
		err = record_new(ctx, of->info, &more);
	const struct {
		const char *field;
		int64_t value;
	} sums[] = {{"fee", r.fee}, {"freight", r.freight}, {"refunded", r.amount}, {"return_order_id", back != NULL ? record_id(back) : 0}};
	for (size_t i = 0; err == OK && i < sizeof(sums) / sizeof(sums[0]); i++)
		err = record_set(ctx, more, sums[i].field, value_int(sums[i].value));
	if (err == OK)
		err = move(ctx, of, "refunded", more);
	if (err == OK)
		err = pay_back(ctx, &body, of, record_id(back), r.amount);
	return err == OK ? answer(res, of, "refunded", "order_id", record_id(back)) : err;
}

/* --- other goods ----------------------------------------------------------------------------------------------- */

/* What came goes out of the books and the same goes out of the door: the order comes to nothing until somebody changes its lines. */
enum err return_exchange_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *of, *order, *made, *more;
	struct booked b = {0};
	int64_t value = 0;
	enum err err = find(ctx, req, "received", &of);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(of, "order_id"), &order);
	if (err == OK)
		err = new_order(ctx, of, order, "exchange", "placed", &made);
	int scale = err == OK ? currency_scale(record_text(of, "currency")) : 0;
	b.order = err == OK ? record_id(made) : 0;
	if (err == OK)
		err = book_goods(ctx, of, &b, -1, scale, &value);
	if (err == OK && b.position == 0)
		err = fail(ctx, ERR_CONFLICT, "", "return_nothing_came");
	if (err == OK)
		err = book_goods(ctx, of, &b, 1, scale, &value);
	if (err == OK)
		err = record_new(ctx, of->info, &more);
	if (err == OK)
		err = record_set(ctx, more, "exchange_order_id", value_int(record_id(made)));
	if (err == OK)
		err = move(ctx, of, "exchanged", more);
	return err == OK ? answer(res, of, "exchanged", "order_id", record_id(made)) : err;
}
