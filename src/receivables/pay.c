/* What a cashier does in one step, each in one write: pay an order, allocate a receipt, give money back, make a plan of payment. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/tax/fraction.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"

enum { PARTS_MAX = 120, PERCENT_SCALE = 4, PERCENT_ALL = 1000000 };

static enum err find(struct ctx *ctx, const struct http_request *req, const char *entity, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, entity), id, action, ret);
}

static const struct entity_info *info_of(struct ctx *ctx, const struct entity *entity)
{
	return registry_find(ctx->registry, entity->name);
}

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static const char *money_text(struct ctx *ctx, int64_t amount, const char *currency)
{
	char text[DECIMAL_TEXT_MAX];
	decimal_format(amount, currency_scale(currency), text);
	return arena_printf(ctx->arena, "%s %s", text, currency);
}

/* --- allocating --------------------------------------------------------------------------- */

static enum err new_allocation(struct ctx *ctx, const struct record *receipt, int64_t receivable, struct record **ret)
{
	enum err err = record_new(ctx, info_of(ctx, &allocation_entity), ret);
	if (err == OK)
		err = record_set(ctx, *ret, "receipt_id", value_int(record_id(receipt)));
	if (err == OK)
		err = record_set(ctx, *ret, "receivable_id", value_int(receivable));
	return err == OK ? record_set(ctx, *ret, "currency", *record_value(receipt, "currency")) : err;
}

/* The oldest first, as far as the money goes; what is in another currency is left to be said. */
static enum err allocate_oldest(struct ctx *ctx, const struct record *receipt, const struct sql *sql, int64_t of, int64_t *ret_left)
{
	const char *currency = record_text(receipt, "currency");
	int64_t *ids;
	size_t n;
	enum err err = receivables_ids(ctx, sql, of, RECEIVABLES_LINES_MAX, &ids, &n);
	for (size_t i = 0; err == OK && *ret_left > 0 && i < n; i++) {
		struct record *line;
		int64_t open = 0;
		err = record_get(ctx, info_of(ctx, &receivable_entity), ids[i], ACTION_READ, &line);
		if (err == ERR_NOT_FOUND) { /* another's */
			faults_clear(ctx);
			err = OK;
			continue;
		}
		if (err == OK)
			err = record_load(ctx, info_of(ctx, &receivable_entity), ids[i], &line);
		if (err == OK)
			err = receivable_open(ctx, line, 0, &open);
		if (err != OK || open <= 0 || !str_equal(record_text(line, "currency"), currency))
			continue;
		int64_t part = open < *ret_left ? open : *ret_left;
		err = new_allocation(ctx, receipt, ids[i], &line);
		if (err == OK)
			err = record_set(ctx, line, "amount", value_int(part));
		if (err == OK)
			err = record_create(ctx, line, 0);
		*ret_left -= part;
	}
	return err;
}

struct allocate_body {
	json_t *lines;
};

static const struct spec allocate_specs[] = {
	{"lines", SPEC_JSON, offsetof(struct allocate_body, lines), false, 0,
	 "[{\"receivable_id\": \"…\", \"amount\": \"…\", \"settles\": \"…\"}]; left out: what the customer owes longest, in the receipt's currency"},
	{0},
};

/* One line as it was given; amounts in the currencies of the two ends. */
static enum err read_line(struct ctx *ctx, const struct record *receipt, const struct record *receivable, const json_t *line, struct record *to)
{
	const char *amount = json_string_value(json_object_get(line, "amount")), *settles = json_string_value(json_object_get(line, "settles"));
	int64_t minor, other = 0;
	if (amount == NULL || !decimal_parse(amount, currency_scale(record_text(receipt, "currency")), &minor))
		return fail(ctx, ERR_INVALID, "lines.amount", "not_money");
	if (settles != NULL && !decimal_parse(settles, currency_scale(record_text(receivable, "currency")), &other))
		return fail(ctx, ERR_INVALID, "lines.settles", "not_money");
	enum err err = record_set(ctx, to, "amount", value_int(minor));
	if (err == OK && settles != NULL)
		err = record_set(ctx, to, "settles_currency", *record_value(receivable, "currency"));
	return err == OK && settles != NULL ? record_set(ctx, to, "settles", value_int(other)) : err;
}

static enum err allocate_line(struct ctx *ctx, const struct record *receipt, const json_t *line)
{
	struct record *receivable, *r;
	int64_t id;
	if (!id_parse(json_string_value(json_object_get(line, "receivable_id")), &id))
		return fail(ctx, ERR_INVALID, "lines.receivable_id", "not_found");
	enum err err = record_get(ctx, info_of(ctx, &receivable_entity), id, ACTION_READ, &receivable);
	if (err == OK)
		err = record_load(ctx, info_of(ctx, &receivable_entity), id, &receivable);
	if (err == OK)
		err = new_allocation(ctx, receipt, id, &r);
	if (err == OK)
		err = read_line(ctx, receipt, receivable, line, r);
	return err == OK ? record_create(ctx, r, 0) : err;
}

static enum err answer_free(struct ctx *ctx, struct http_response *res, const struct record *receipt)
{
	const char *currency = record_text(receipt, "currency");
	struct jsonw w;
	int64_t left = 0;
	enum err err = receipt_free(ctx, receipt, 0, &left);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(receipt));
	jsonw_kv_text(&w, "currency", currency);
	jsonw_key(&w, "free");
	jsonw_decimal(&w, left, currency_scale(currency));
	jsonw_end_object(&w);
	return OK;
}

/* For its amounts, which somebody who may allocate may be shown or not. */
static enum err find_whole(struct ctx *ctx, const struct http_request *req, const char *entity, enum action action, struct record **ret)
{
	enum err err = find(ctx, req, entity, action, ret);
	return err == OK ? record_load(ctx, (*ret)->info, record_id(*ret), ret) : err;
}

static enum err allocate_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct allocate_body body = {0};
	struct record *receipt;
	int64_t left = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && body.lines != NULL && (!json_is_array(body.lines) || json_array_size(body.lines) > RECEIVABLES_LINES_MAX))
		err = fail_arg(ctx, ERR_INVALID, "lines", "wrong_type", "list");
	if (err == OK)
		err = find_whole(ctx, req, receipt_entity.name, ACTION_UPDATE, &receipt);
	for (size_t i = 0; err == OK && i < json_array_size(body.lines); i++)
		err = allocate_line(ctx, receipt, json_array_get(body.lines, i));
	if (err == OK && body.lines == NULL) {
		err = receipt_free(ctx, receipt, 0, &left);
		if (err == OK)
			err = allocate_oldest(ctx, receipt, &sql_customer_open, record_i64(receipt, "customer_id"), &left);
	}
	return err == OK ? answer_free(ctx, res, receipt) : err;
}

/* --- paying an order ------------------------------------------------------------------------- */

struct pay_body {
	const char *amount, *method, *reference, *received_on, *note;
	bool release;
};

static const struct spec pay_specs[] = {
	{"amount", SPEC_TEXT, offsetof(struct pay_body, amount), true, 40, "In the order's currency"},
	{"method", SPEC_TEXT, offsetof(struct pay_body, method), false, 20, "How it was paid: transfer, alipay, wechat, cash …"},
	{"reference", SPEC_TEXT, offsetof(struct pay_body, reference), false, 480, "Of the bank or payment service; the same one is booked once"},
	{"received_on", SPEC_TEXT, offsetof(struct pay_body, received_on), false, 10, "The day; empty: today"},
	{"note", SPEC_TEXT, offsetof(struct pay_body, note), false, 4000, ""},
	{0},
};

static enum err make_receipt(struct ctx *ctx, const struct pay_body *body, int64_t customer, const char *currency, int64_t refund_of, struct record **ret)
{
	enum err err = record_new(ctx, info_of(ctx, &receipt_entity), ret);
	if (err == OK)
		err = record_set(ctx, *ret, "customer_id", value_int(customer));
	if (err == OK)
		err = record_set(ctx, *ret, "currency", value_text(currency));
	if (err == OK)
		err = set_text(ctx, *ret, "amount", body->amount);
	if (err == OK)
		err = set_text(ctx, *ret, "method", body->method);
	if (err == OK)
		err = set_text(ctx, *ret, "reference", body->reference);
	if (err == OK)
		err = set_text(ctx, *ret, "received_on", body->received_on);
	if (err == OK)
		err = set_text(ctx, *ret, "note", body->note);
	if (err == OK && refund_of != 0)
		err = record_set(ctx, *ret, "kind", value_text("refund"));
	if (err == OK && refund_of != 0)
		err = record_set(ctx, *ret, "original_id", value_int(refund_of));
	return err == OK ? record_create(ctx, *ret, 0) : err;
}

/* Of an order: what it comes to, what shops told of it directly, what its plan covers. */
struct order_money {
	const char *currency;
	int64_t total, direct, planned, parts;
};

static enum err order_money(struct ctx *ctx, const struct record *order, struct order_money *ret)
{
	int64_t direct[2], planned[2];
	enum err err = receivables_ask(ctx, &sql_order_paid_direct, record_id(order), 0, direct);
	if (err == OK)
		err = receivables_ask(ctx, &sql_order_planned, record_id(order), 0, planned);
	if (err == OK)
		*ret = (struct order_money){record_currency(ctx, order, entity_field(order->info, "total")), record_i64(order, "total"),
			direct[0] - direct[1], planned[0], planned[1]};
	return err;
}

/* What no line of the plan covers becomes one. */
static enum err plan_rest(struct ctx *ctx, const struct record *order, const struct order_money *m)
{
	static const struct text2 words = {"Rest of the order", "订单余款"};
	struct record *line;
	char today[RECEIVABLES_DAY_BYTES];
	int64_t rest = m->total - m->direct - m->planned;
	if (rest <= 0)
		return OK;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = record_new(ctx, info_of(ctx, &receivable_entity), &line);
	if (err == OK)
		err = record_set(ctx, line, "order_id", value_int(record_id(order)));
	if (err == OK && record_i64(order, "customer_id") != 0)
		err = record_set(ctx, line, "customer_id", value_int(record_i64(order, "customer_id")));
	if (err == OK)
		err = record_set(ctx, line, "title", value_text(entity_label(ctx, &words)));
	if (err == OK)
		err = record_set(ctx, line, "currency", value_text(m->currency));
	if (err == OK)
		err = record_set(ctx, line, "amount", value_int(rest));
	if (err == OK)
		err = record_set(ctx, line, "due_on", value_text(today));
	return err == OK ? record_create(ctx, line, 0) : err;
}

enum err receivables_pay_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct pay_body body = {0};
	struct record *order, *receipt;
	struct order_money m;
	int64_t left = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = find_whole(ctx, req, "order", ACTION_READ, &order);
	if (err == OK && (receivables_is(order, "state", "draft") || receivables_is(order, "state", "cancelled")))
		err = fail(ctx, ERR_CONFLICT, "", "pay_no_plan");
	if (err == OK)
		err = order_money(ctx, order, &m);
	if (err == OK)
		err = plan_rest(ctx, order, &m);
	if (err == OK)
		err = make_receipt(ctx, &body, record_i64(order, "customer_id"), m.currency, 0, &receipt);
	if (err != OK)
		return err;
	left = record_i64(receipt, "amount");
	int64_t amount = left;
	err = allocate_oldest(ctx, receipt, &sql_order_receivables, record_id(order), &left);
	if (err == OK && left > 0)
		err = left == amount ? fail(ctx, ERR_CONFLICT, "amount", "pay_no_plan")
		                     : fail_arg(ctx, ERR_CONFLICT, "amount", "pay_too_much", money_text(ctx, amount - left, m.currency));
	if (err == OK)
		http_status(res, 201);
	return err == OK ? answer_free(ctx, res, receipt) : err;
}

/* --- giving back -------------------------------------------------------------------------------- */

static const struct spec refund_specs[] = {
	{"amount", SPEC_TEXT, offsetof(struct pay_body, amount), true, 40, "In the receipt's currency, at most what is free of it"},
	{"release", SPEC_BOOL, offsetof(struct pay_body, release), false, 0, "Takes back from what it was allocated to, the newest first, as far as needed"},
	{"method", SPEC_TEXT, offsetof(struct pay_body, method), false, 20, "How: transfer, alipay, wechat, cash …"},
	{"reference", SPEC_TEXT, offsetof(struct pay_body, reference), false, 480, "Of the bank or payment service; the same one is booked once"},
	{"received_on", SPEC_TEXT, offsetof(struct pay_body, received_on), false, 10, "The day; empty: today"},
	{"note", SPEC_TEXT, offsetof(struct pay_body, note), false, 4000, "Why"},
	{0},
};

/* What is kept of an allocation settles its share of what the whole did: across currencies at the rate it was made at. */
static enum err allocate_rest(struct ctx *ctx, const struct record *receipt, const struct record *line, int64_t keep)
{
	struct record *rest;
	int64_t settles;
	struct fraction share = fraction_div(fraction_of(keep), fraction_of(record_i64(line, "amount")));
	if (!fraction_to_scaled(fraction_mul(fraction_of(record_i64(line, "settles")), share), 0, &settles))
		return fail(ctx, ERR_INVALID, "amount", "number_too_large");
	enum err err = new_allocation(ctx, receipt, record_i64(line, "receivable_id"), &rest);
	if (err == OK)
		err = record_set(ctx, rest, "amount", value_int(keep));
	if (err == OK)
		err = record_set(ctx, rest, "settles_currency", *record_value(line, "settles_currency"));
	if (err == OK)
		err = record_set(ctx, rest, "settles", value_int(settles));
	return err == OK ? record_create(ctx, rest, 0) : err;
}

/* Of an allocation the part that is needed; *left: what is free of the receipt. */
static enum err release_one(struct ctx *ctx, const struct record *receipt, int64_t id, int64_t wanted, int64_t *left)
{
	struct record *line;
	enum err err = record_load(ctx, info_of(ctx, &allocation_entity), id, &line);
	if (err != OK)
		return err;
	int64_t amount = record_i64(line, "amount"), keep = amount - (wanted - *left);
	err = record_delete(ctx, line->info, id, 0, 0);
	*left += keep > 0 ? amount - keep : amount;
	return err == OK && keep > 0 ? allocate_rest(ctx, receipt, line, keep) : err;
}

/* Frees so much of the receipt, the newest allocations first. */
static enum err release(struct ctx *ctx, const struct record *receipt, int64_t wanted)
{
	int64_t *ids, left = 0;
	size_t n = RECEIVABLES_LINES_MAX;
	enum err err = receipt_free(ctx, receipt, 0, &left);
	while (err == OK && left < wanted && n == RECEIVABLES_LINES_MAX) { /* what is gone is not found again */
		err = receivables_ids(ctx, &sql_receipt_allocations, record_id(receipt), RECEIVABLES_LINES_MAX, &ids, &n);
		for (size_t i = 0; err == OK && left < wanted && i < n; i++)
			err = release_one(ctx, receipt, ids[i], wanted, &left);
	}
	return err;
}

static enum err refund_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct pay_body body = {0};
	struct record *receipt, *refund;
	int64_t amount = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = find_whole(ctx, req, receipt_entity.name, ACTION_UPDATE, &receipt);
	if (err == OK && !decimal_parse(body.amount, currency_scale(record_text(receipt, "currency")), &amount))
		err = fail(ctx, ERR_INVALID, "amount", "not_money");
	if (err == OK && body.release && amount > 0)
		err = release(ctx, receipt, amount);
	if (err == OK)
		err = make_receipt(ctx, &body, record_i64(receipt, "customer_id"), record_text(receipt, "currency"), record_id(receipt), &refund);
	if (err == OK)
		http_status(res, 201);
	return err == OK ? answer_free(ctx, res, receipt) : err;
}

/* --- a plan ---------------------------------------------------------------------------------------- */

struct plan_body {
	json_t *parts;
};

static const struct spec plan_specs[] = {
	{"parts", SPEC_JSON, offsetof(struct plan_body, parts), true, 0,
	 "[{\"title\": \"Deposit\", \"percent\": \"30\" or \"amount\": \"…\", \"due_on\": \"2026-03-01\" or \"days\": 30 after the order}]; parts of 100 percent come to the "
	 "order's total to the cent"},
	{0},
};

/* The part's own amount; of a percentage what the whole so far comes to, less what was given before, so that nothing is lost. */
static enum err part_amount(struct ctx *ctx, const json_t *part, const struct order_money *m, int64_t *percent, int64_t *given, int64_t *ret)
{
	const char *amount = json_string_value(json_object_get(part, "amount")), *share = json_string_value(json_object_get(part, "percent"));
	int64_t p, whole;
	if (amount != NULL)
		return decimal_parse(amount, currency_scale(m->currency), ret) ? OK : fail(ctx, ERR_INVALID, "parts.amount", "not_money");
	if (share == NULL || !decimal_parse(share, PERCENT_SCALE, &p) || p <= 0 || p > PERCENT_ALL)
		return fail(ctx, ERR_INVALID, "parts.percent", "plan_parts");
	*percent += p;
	if (*percent > PERCENT_ALL)
		return fail(ctx, ERR_INVALID, "parts.percent", "plan_percent");
	struct fraction sum = fraction_mul(fraction_of(m->total - m->direct), fraction_div(fraction_of(*percent), fraction_of(PERCENT_ALL)));
	if (!fraction_to_scaled(sum, 0, &whole))
		return fail(ctx, ERR_INVALID, "parts.percent", "number_too_large");
	*ret = whole - *given;
	*given = whole;
	return OK;
}

static enum err part_day(struct ctx *ctx, const json_t *part, const struct record *order, const char **ret)
{
	const json_t *days = json_object_get(part, "days");
	char placed[RECEIVABLES_DAY_BYTES], day[RECEIVABLES_DAY_BYTES];
	*ret = json_string_value(json_object_get(part, "due_on"));
	if (*ret != NULL || !json_is_integer(days))
		return *ret != NULL && date_valid(*ret) ? OK : fail(ctx, ERR_INVALID, "parts.due_on", "plan_parts");
	if (json_integer_value(days) < 0 || json_integer_value(days) > 36500)
		return fail(ctx, ERR_INVALID, "parts.days", "plan_parts");
	enum err err = receivables_day_of(ctx, record_i64(order, "placed_at"), placed);
	if (err == OK)
		err = receivables_day_after(ctx, placed, json_integer_value(days), day);
	*ret = err == OK ? arena_strdup(ctx->arena, day) : NULL;
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err put_part(struct ctx *ctx, const struct record *order, const struct order_money *m, const json_t *part, int64_t amount)
{
	struct record *line;
	const char *day, *title = json_string_value(json_object_get(part, "title"));
	enum err err = part_day(ctx, part, order, &day);
	if (err == OK)
		err = record_new(ctx, info_of(ctx, &receivable_entity), &line);
	if (err == OK)
		err = record_set(ctx, line, "order_id", value_int(record_id(order)));
	if (err == OK && record_i64(order, "customer_id") != 0)
		err = record_set(ctx, line, "customer_id", value_int(record_i64(order, "customer_id")));
	if (err == OK)
		err = set_text(ctx, line, "title", title);
	if (err == OK)
		err = record_set(ctx, line, "currency", value_text(m->currency));
	if (err == OK)
		err = record_set(ctx, line, "amount", value_int(amount));
	if (err == OK)
		err = record_set(ctx, line, "due_on", value_text(day));
	return err == OK ? record_create(ctx, line, 0) : err;
}

static enum err plan_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct plan_body body = {0};
	struct record *order;
	struct order_money m;
	int64_t percent = 0, given = 0, amount = 0;
	enum err err = http_read_body(ctx, req, &body);
	size_t n = json_array_size(body.parts);
	if (err == OK && (n == 0 || n > PARTS_MAX))
		err = fail(ctx, ERR_INVALID, "parts", "plan_parts");
	if (err == OK)
		err = find_whole(ctx, req, "order", ACTION_READ, &order);
	if (err == OK)
		err = order_money(ctx, order, &m);
	if (err == OK && m.parts != 0)
		err = fail(ctx, ERR_CONFLICT, "", "plan_there");
	for (size_t i = 0; err == OK && i < n; i++) {
		const json_t *part = json_array_get(body.parts, i);
		err = part_amount(ctx, part, &m, &percent, &given, &amount);
		if (err == OK)
			err = put_part(ctx, order, &m, part, amount);
	}
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- what is paid and open ------------------------------------------------------------------------ */

static enum err money_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *order;
	struct order_money m;
	struct jsonw w;
	int64_t settled[2];
	enum err err = find(ctx, req, "order", ACTION_READ, &order);
	const struct entity_info *lines = info_of(ctx, &receivable_entity);
	if (err == OK && (entity_field_right(ctx->actor, order->info, entity_field(order->info, "total")) < RIGHT_READ ||
	                  entity_scope(ctx->actor, lines, ACTION_READ) == SCOPE_NONE ||
	                  entity_field_right(ctx->actor, lines, entity_field(lines, "amount")) < RIGHT_READ))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = record_load(ctx, order->info, record_id(order), &order);
	if (err == OK)
		err = order_money(ctx, order, &m);
	if (err == OK)
		err = receivables_ask(ctx, &sql_order_settled, record_id(order), 0, settled);
	if (err != OK)
		return err;
	int64_t paid = settled[0] + m.direct, off = settled[1];
	const struct {
		const char *name;
		int64_t value;
	} sums[] = {{"total", m.total}, {"planned", m.planned}, {"paid", paid}, {"written_off", off}, {"open", m.total - paid - off},
	            {"unplanned", m.total - m.direct - m.planned}};
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "currency", m.currency);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		jsonw_key(&w, sums[i].name);
		jsonw_decimal(&w, sums[i].value, currency_scale(m.currency));
	}
	jsonw_end_object(&w);
	return OK;
}

const struct route receivables_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/receipt/*/allocate", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = allocate_post, .specs = allocate_specs,
	 .doc = "Allocates a receipt to what is owed, as said or to what is due longest"},
	{.method = METHOD_POST, .pattern = "/api/v1/receipt/*/refund", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = refund_post, .specs = refund_specs,
	 .doc = "Gives money of a receipt back, at most what is free of it"},
	{.method = METHOD_POST, .pattern = "/api/v1/order/*/pay", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = receivables_pay_post, .specs = pay_specs,
	 .doc = "Books a payment of an order: the receipt and what it is allocated to, at most what is open"},
	{.method = METHOD_POST, .pattern = "/api/v1/order/*/plan", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = plan_post, .specs = plan_specs,
	 .doc = "Makes the payment plan of an order: shares or amounts, each with its day"},
	{.method = METHOD_GET, .pattern = "/api/v1/order/*/money", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = money_get,
	 .doc = "What an order comes to, what is planned, paid, written off and open of it"},
	{.method = METHOD_GET, .pattern = "/api/v1/receivables/ageing", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = receivables_ageing_get,
	 .doc = "What is open by how long it is overdue, in base currency; by=customer, owner, team or branch; narrowed as the list of receivables is"},
	{.method = METHOD_GET, .pattern = "/api/v1/receivables/statement", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = receivables_statement_get,
	 .doc = "Statement of account: customer_id, from, to; what was owed before, every movement, and the balance, by currency"},
	{.pattern = NULL},
};
