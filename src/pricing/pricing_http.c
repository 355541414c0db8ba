/* POST /api/v1/price: what a basket comes to, as a shop's cart asks it; and the use of a promotion. */
#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "pricing/pricing_work.h"

struct body {
	int64_t customer_id, channel_id;
	const char *currency, *at, *discount;
	json_t *lines, *coupons;
};

static const struct spec price_specs[] = {
	{"customer_id", SPEC_ID, offsetof(struct body, customer_id), false, 0, "Who buys; nobody: what everybody pays"},
	{"channel_id", SPEC_ID, offsetof(struct body, channel_id), false, 0, "Shop or channel"},
	{"currency", SPEC_TEXT, offsetof(struct body, currency), false, 3, "The firm's, if it is not said"},
	{"at", SPEC_TEXT, offsetof(struct body, at), false, 40, "Moment or day the prices are of; now, if it is not said"},
	{"discount", SPEC_TEXT, offsetof(struct body, discount), false, 40, "Money off the whole"},
	{"lines", SPEC_JSON, offsetof(struct body, lines), true, 0, "product_id or sku, quantity, unit, price (by hand), discount_percent, name"},
	{"coupons", SPEC_JSON, offsetof(struct body, coupons), false, 0, "Codes"},
	{.name = NULL},
};

/* --- reading ------------------------------------------------------------------------------ */

static bool number(struct ctx *ctx, const json_t *value, struct fraction *ret)
{
	if (json_is_integer(value)) {
		*ret = fraction_of((int64_t)json_integer_value(value));
		return true;
	}
	const char *text = json_is_real(value) ? arena_printf(ctx->arena, "%.12g", json_real_value(value)) : json_string_value(value);
	return text != NULL && fraction_read(text, ret);
}

static const char *field_of(struct ctx *ctx, size_t line, const char *name)
{
	const char *text = arena_printf(ctx->arena, "lines[%zu].%s", line, name);
	return text != NULL ? text : name;
}

static void read_number(struct ctx *ctx, size_t line, const json_t *from, const char *name, struct fraction *ret)
{
	const json_t *value = json_object_get(from, name);
	if (value != NULL && !json_is_null(value) && !number(ctx, value, ret))
		fault_add(ctx, ERR_INVALID, field_of(ctx, line, name), "pricing_number", NULL);
}

static const char *read_text(struct ctx *ctx, size_t line, const json_t *from, const char *name)
{
	const json_t *value = json_object_get(from, name);
	if (value != NULL && !json_is_null(value) && (!json_is_string(value) || json_string_length(value) > 500))
		fault_add(ctx, ERR_INVALID, field_of(ctx, line, name), "wrong_type", "text");
	return json_string_value(value);
}

static void read_line(struct ctx *ctx, size_t at, json_t *from, struct pricing_want *ret)
{
	static const char *const names[] = {"product_id", "sku", "name", "quantity", "unit", "price", "discount_percent"};
	const char *key;
	json_t *value;
	*ret = (struct pricing_want){.quantity = fraction_of(1), .price = fraction_of(0), .percent_off = fraction_of(0)};
	if (!json_is_object(from)) {
		fault_add(ctx, ERR_INVALID, field_of(ctx, at, ""), "object_expected", NULL);
		return;
	}
	json_object_foreach(from, key, value) {
		bool known = false;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			known = known || str_equal(names[i], key);
		if (!known)
			fault_add(ctx, ERR_INVALID, field_of(ctx, at, key), "unknown_field", NULL);
	}
	const json_t *id = json_object_get(from, "product_id");
	if (id != NULL && !json_is_null(id) && !(json_is_string(id) && id_parse(json_string_value(id), &ret->product_id)))
		fault_add(ctx, ERR_INVALID, field_of(ctx, at, "product_id"), "wrong_type", "id");
	ret->sku = read_text(ctx, at, from, "sku");
	ret->name = read_text(ctx, at, from, "name");
	ret->unit = read_text(ctx, at, from, "unit");
	read_number(ctx, at, from, "quantity", &ret->quantity);
	read_number(ctx, at, from, "discount_percent", &ret->percent_off);
	value = json_object_get(from, "price");
	ret->by_hand = value != NULL && !json_is_null(value);
	read_number(ctx, at, from, "price", &ret->price);
}

static enum err read_coupons(struct ctx *ctx, const json_t *list, struct pricing_request *ret)
{
	size_t n = json_array_size(list);
	const char **coupons = arena_array(ctx->arena, n + 1, sizeof(*coupons));
	if (coupons == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (list != NULL && !json_is_null(list) && !json_is_array(list))
		return fail_arg(ctx, ERR_INVALID, "coupons", "wrong_type", "list");
	if (n > PRICING_COUPONS_MAX)
		return fail(ctx, ERR_LIMIT, "coupons", "pricing_lines_many");
	for (size_t i = 0; i < n; i++) {
		coupons[i] = json_string_value(json_array_get(list, i));
		if (coupons[i] == NULL || strlen(coupons[i]) > 200)
			return fail_arg(ctx, ERR_INVALID, "coupons", "wrong_type", "text");
	}
	ret->coupons = coupons;
	ret->n_coupons = n;
	return OK;
}

static enum err read_request(struct ctx *ctx, const struct body *body, struct pricing_request *ret)
{
	size_t n = json_array_size(body->lines);
	*ret = (struct pricing_request){.customer_id = body->customer_id, .channel_id = body->channel_id, .currency = body->currency, .at_ms = ctx_now(ctx),
	                                .n = n, .discount = fraction_of(0)};
	struct pricing_want *lines = arena_array(ctx->arena, n + 1, sizeof(*lines));
	if (lines == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!json_is_array(body->lines))
		return fail_arg(ctx, ERR_INVALID, "lines", "wrong_type", "list");
	if (n > PRICING_LINES_MAX)
		return fail(ctx, ERR_LIMIT, "lines", "pricing_lines_many");
	ret->lines = lines;
	if (body->at != NULL && !time_parse(body->at, &ret->at_ms))
		fault_add(ctx, ERR_INVALID, "at", "not_time", NULL);
	if (body->discount != NULL && !fraction_read(body->discount, &ret->discount))
		fault_add(ctx, ERR_INVALID, "discount", "pricing_number", NULL);
	for (size_t i = 0; i < n; i++)
		read_line(ctx, i, json_array_get(body->lines, i), &lines[i]);
	enum err err = read_coupons(ctx, body->coupons, ret);
	return err == OK ? faults_code(ctx) : err;
}

/* --- answering ----------------------------------------------------------------------------- */

static void put(struct jsonw *w, const char *key, struct fraction value, int digits, int least)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, digits, least, text);
	jsonw_kv_text(w, key, text);
}

static void put_id(struct jsonw *w, const char *key, int64_t id)
{
	if (id != 0)
		jsonw_kv_id(w, key, id);
	else
		jsonw_kv_text(w, key, NULL);
}

static void put_line(struct jsonw *w, const struct pricing_result *r, const struct pricing_line *line)
{
	static const char *const sources[] = {"by_hand", "book", "list", "gift"};
	jsonw_object(w);
	put_id(w, "product_id", line->product_id);
	jsonw_kv_text(w, "sku", line->sku);
	jsonw_kv_text(w, "name", line->name);
	put(w, "quantity", line->quantity, 6, 0);
	jsonw_kv_text(w, "unit", line->unit);
	put(w, "price", line->price, 6, r->scale);
	put(w, "list_price", line->list_price, 6, r->scale);
	jsonw_key(w, "reason");
	jsonw_object(w);
	jsonw_kv_text(w, "source", sources[line->source]);
	put_id(w, "book_id", line->book_id);
	put_id(w, "rule_id", line->rule_id);
	jsonw_kv_text(w, "text", line->why);
	jsonw_end_object(w);
	put(w, "discount_percent", line->percent_off, 6, 0);
	jsonw_key(w, "promotions");
	jsonw_array(w);
	for (size_t i = 0; i < line->n_given; i++) {
		jsonw_object(w);
		jsonw_kv_id(w, "id", line->given[i].promotion->id);
		jsonw_kv_text(w, "name", line->given[i].promotion->name);
		put(w, "amount", line->given[i].amount, r->scale, r->scale);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	put(w, "discount", line->off, r->scale, r->scale);
	jsonw_kv_text(w, "tax", line->tax_name);
	put(w, "tax_percent", line->tax_percent, 4, 0);
	put(w, "net", line->net, r->scale, r->scale);
	put(w, "tax_amount", line->tax_amount, r->scale, r->scale);
	put(w, "total", line->total, r->scale, r->scale);
	jsonw_end_object(w);
}

/* Each tax once, with the sums of its lines. */
static void put_taxes(struct jsonw *w, const struct pricing_result *r)
{
	jsonw_key(w, "taxes");
	jsonw_array(w);
	for (size_t i = 0; i < r->n; i++) {
		const struct pricing_line *first = &r->lines[i];
		struct fraction net = fraction_of(0), tax = fraction_of(0);
		bool before = first->tax_name == NULL;
		for (size_t k = 0; k < i && !before; k++)
			before = r->lines[k].tax_id == first->tax_id;
		for (size_t k = i; k < r->n && !before; k++) {
			if (r->lines[k].tax_id != first->tax_id)
				continue;
			net = fraction_add(net, r->lines[k].net);
			tax = fraction_add(tax, r->lines[k].tax_amount);
		}
		if (before)
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "name", first->tax_name);
		put(w, "percent", first->tax_percent, 4, 0);
		put(w, "net", net, r->scale, r->scale);
		put(w, "amount", tax, r->scale, r->scale);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* Those that gave something, and of coupons those that did not, with why. */
static void put_promotions(struct jsonw *w, const struct pricing_result *r)
{
	jsonw_key(w, "promotions");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_promotions; i++) {
		const struct pricing_promotion *p = &r->promotions[i];
		if (!p->holds)
			continue;
		jsonw_object(w);
		jsonw_kv_id(w, "id", p->id);
		jsonw_kv_text(w, "name", p->name);
		jsonw_kv_text(w, "coupon", *p->coupon != '\0' ? p->coupon : NULL);
		put(w, "amount", p->given, r->scale, r->scale);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "refused_coupons");
	jsonw_array(w);
	for (size_t i = 0; i < r->n_promotions; i++) {
		const struct pricing_promotion *p = &r->promotions[i];
		if (!p->asked || p->holds)
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "coupon", p->coupon);
		jsonw_kv_text(w, "why", p->why_not);
		jsonw_end_object(w);
	}
	for (size_t i = 0; i < r->n_unknown; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "coupon", r->unknown[i]);
		jsonw_kv_text(w, "why", "promotion_unknown");
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* A shop that is not there has no prices: those of everybody would be taken for its own. */
static enum err check_channel(struct ctx *ctx, int64_t id)
{
	struct record *channel;
	enum err err = id != 0 ? record_get(ctx, registry_find(ctx->registry, "channel"), id, ACTION_READ, &channel) : OK;
	if (err != ERR_NOT_FOUND)
		return err;
	faults_clear(ctx);
	return fail(ctx, ERR_INVALID, "channel_id", "link_not_found");
}

static enum err price(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct body body = {0};
	struct pricing_request request;
	struct pricing_result r;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_request(ctx, &body, &request);
	if (err == OK)
		err = check_channel(ctx, body.channel_id);
	if (err == OK)
		err = pricing_work_out(ctx, &request, &r);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "currency", r.currency);
	jsonw_key(&w, "at");
	jsonw_time(&w, request.at_ms);
	jsonw_kv_bool(&w, "tax_included", r.tax_included);
	jsonw_kv_text(&w, "tax_way", tax_way_name(r.way));
	jsonw_key(&w, "lines");
	jsonw_array(&w);
	for (size_t i = 0; i < r.n; i++)
		put_line(&w, &r, &r.lines[i]);
	jsonw_end_array(&w);
	put_promotions(&w, &r);
	put_taxes(&w, &r);
	put(&w, "discount", r.discount, r.scale, r.scale);
	put(&w, "net", r.net, r.scale, r.scale);
	put(&w, "tax", r.tax, r.scale, r.scale);
	put(&w, "total", r.total, r.scale, r.scale);
	jsonw_end_object(&w);
	return OK;
}

/* --- the use of a promotion ------------------------------------------------------------------- */

struct use_body {
	int64_t customer_id;
	const char *reference, *amount, *currency;
};

static const struct spec use_specs[] = {
	{"reference", SPEC_TEXT, offsetof(struct use_body, reference), true, 80, "What it was used for: the shop's order number; said again, it counts once"},
	{"customer_id", SPEC_ID, offsetof(struct use_body, customer_id), false, 0, "Who used it"},
	{"amount", SPEC_TEXT, offsetof(struct use_body, amount), false, 40, "Money it took off"},
	{"currency", SPEC_TEXT, offsetof(struct use_body, currency), false, 3, "Of the amount; the firm's, if it is not said"},
	{.name = NULL},
};

static enum err read_use_amount(struct ctx *ctx, const struct use_body *body, const char *currency, int64_t *ret)
{
	struct fraction amount;
	*ret = 0;
	if (!currency_known(currency))
		return fail_arg(ctx, ERR_INVALID, "currency", "pricing_currency", currency);
	if (body->amount != NULL && (!fraction_read(body->amount, &amount) || !fraction_to_scaled(amount, currency_scale(currency), ret)))
		return fail(ctx, ERR_INVALID, "amount", "pricing_number");
	return *ret < 0 ? fail(ctx, ERR_INVALID, "amount", "pricing_below_zero") : OK;
}

/* Whoever may make orders may use promotions for them. */
static enum err take(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct use_body body = {0};
	struct record *record;
	int64_t id, minor = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err != OK)
		return err;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (entity_scope(ctx->actor, registry_find(ctx->registry, "order"), ACTION_CREATE) == SCOPE_NONE)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	err = record_get(ctx, registry_find(ctx->registry, promotion_entity.name), id, ACTION_READ, &record);
	if (err == OK && body.customer_id != 0)
		err = record_get(ctx, registry_find(ctx->registry, "customer"), body.customer_id, ACTION_READ, &record);
	const char *currency = str_empty(body.currency) ? registry_base_currency(ctx->registry) : body.currency;
	if (err == OK)
		err = read_use_amount(ctx, &body, currency, &minor);
	if (err == OK)
		err = promotion_take_one(ctx, id, body.customer_id, body.reference, minor, currency);
	if (err == OK)
		http_status(res, 204);
	return err;
}

const struct route pricing_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/price", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = price, .specs = price_specs,
	 .doc = "What a basket comes to: prices with their reasons, promotions, taxes, totals; nothing is saved"},
	{.method = METHOD_POST, .pattern = "/api/v1/promotion/*/use", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = take, .specs = use_specs,
	 .doc = "One use of a promotion, for an order named by its reference, within its limits: said again it counts once"},
	{.pattern = NULL},
};
