/* What the quote editor asks besides records: all lines at once, a new version, the margin. */
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "pricing/pricing_store.h"
#include "quotes/quotes.h"
#include "quotes/quotes_internal.h"
#include "quotes_sql.h"

enum { LINES_MAX = 2000 };

static enum err find(struct ctx *ctx, const struct http_request *req, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, quote_entity.name), id, action, ret);
}

/* --- all lines ------------------------------------------------------------------------- */

struct body {
	int64_t version;
	json_t *lines;
};

static const struct spec lines_specs[] = {
	{"version", SPEC_INT, offsetof(struct body, version), false, 0, "Of the quote as it was read: refused if somebody changed it meanwhile"},
	{"lines", SPEC_JSON, offsetof(struct body, lines), true, 0,
	 "All of them in their order: id of those that stay; product_id, name, quantity, unit, price_by_hand, discount_percent, heading, optional, chosen, note"},
	{.name = NULL},
};

static const char *const given[] = {"product_id", "name", "quantity", "unit", "price_by_hand", "discount_percent", "heading", "optional", "chosen", "note"};

/* A member as the API has it in text; NULL in *ret: empty. */
static bool text_of(struct ctx *ctx, const json_t *value, const char **ret)
{
	*ret = NULL;
	if (json_is_string(value))
		*ret = json_string_value(value);
	else if (json_is_boolean(value))
		*ret = json_is_true(value) ? "true" : "false";
	else if (json_is_integer(value))
		*ret = arena_printf(ctx->arena, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		*ret = arena_printf(ctx->arena, "%.12g", json_real_value(value));
	else
		return json_is_null(value);
	return *ret != NULL;
}

static bool is_given(const char *key)
{
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (str_equal(given[i], key))
			return true;
	}
	return str_equal(key, "id");
}

static enum err read_line(struct ctx *ctx, size_t at, json_t *from, struct record *to)
{
	const char *key;
	json_t *value;
	enum err err = json_is_object(from) ? OK : fail(ctx, ERR_INVALID, "lines", "object_expected");
	json_object_foreach(from, key, value) {
		const char *text = NULL;
		const char *field = arena_printf(ctx->arena, "lines[%zu].%s", at, key);
		if (!is_given(key))
			fault_add(ctx, ERR_INVALID, field != NULL ? field : key, "unknown_field", NULL);
		else if (!text_of(ctx, value, &text))
			fault_add(ctx, ERR_INVALID, field != NULL ? field : key, "wrong_type", "text");
		else if (!str_equal(key, "id") && err == OK)
			err = record_set(ctx, to, key, str_empty(text) ? value_null() : value_text(text));
	}
	if (err == OK && json_object_get(from, "quantity") == NULL)
		err = record_set(ctx, to, "quantity", value_text("1"));
	if (err == OK)
		err = record_set(ctx, to, "position", value_int((int64_t)at + 1));
	return err == OK ? faults_code(ctx) : err;
}

/* Puts the line's number before the fields of what went wrong. */
static enum err at_line(struct ctx *ctx, enum err err, size_t at)
{
	struct fault first = ctx->faults.list[0];
	if (ctx->faults.count == 0 || str_starts(first.field, "lines"))
		return err;
	const char *name = strrchr(first.field, '.');
	const char *field = arena_printf(ctx->arena, "lines[%zu].%s", at, name != NULL ? name + 1 : first.field);
	faults_clear(ctx);
	return fail_arg(ctx, err, field != NULL ? field : "lines", first.key, first.arg);
}

static struct record *line_of(struct record **lines, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (lines[i] != NULL && record_id(lines[i]) == id)
			return lines[i];
	}
	return NULL;
}

static enum err put_one(struct ctx *ctx, int64_t quote, size_t at, json_t *from, struct record **old, size_t n_old)
{
	const struct entity_info *info = registry_find(ctx->registry, quote_line_entity.name);
	const json_t *id_text = json_object_get(from, "id");
	struct record *line;
	int64_t id = 0;
	if (id_text != NULL && !json_is_null(id_text) && (!id_parse(json_string_value(id_text), &id) || line_of(old, n_old, id) == NULL))
		return fail_arg(ctx, ERR_INVALID, arena_printf(ctx->arena, "lines[%zu].id", at), "not_found", NULL);
	enum err err = record_new(ctx, info, &line);
	if (err == OK)
		err = read_line(ctx, at, from, line);
	if (err != OK)
		return err;
	if (id != 0) {
		for (size_t i = 0; i < n_old; i++) {
			if (old[i] != NULL && record_id(old[i]) == id)
				old[i] = NULL; /* it stays, and is meant once */
		}
		return record_update(ctx, id, line, 0, 0, NULL);
	}
	err = record_set(ctx, line, "quote_id", value_int(quote));
	return err == OK ? record_create(ctx, line, 0) : err;
}

static enum err read_body(struct ctx *ctx, const struct http_request *req, struct body *ret)
{
	enum err err = http_read_body(ctx, req, ret);
	if (err == OK && !json_is_array(ret->lines))
		err = fail_arg(ctx, ERR_INVALID, "lines", "wrong_type", "list");
	if (err == OK && json_array_size(ret->lines) > LINES_MAX)
		err = fail(ctx, ERR_LIMIT, "lines", "pricing_lines_many");
	return err;
}

static enum err put_lines(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct body body = {0};
	struct record *quote, **old;
	size_t n_old;
	enum err err = read_body(ctx, req, &body);
	if (err == OK)
		err = find(ctx, req, ACTION_UPDATE, &quote);
	if (err == OK && body.version != 0 && body.version != record_value(quote, "version")->i)
		err = fail(ctx, ERR_CONFLICT, "", "version");
	if (err == OK)
		err = quote_lines(ctx, record_id(quote), &old, &n_old);
	for (size_t i = 0; err == OK && i < json_array_size(body.lines); i++)
		err = at_line(ctx, put_one(ctx, record_id(quote), i, json_array_get(body.lines, i), old, n_old), i);
	for (size_t i = 0; err == OK && i < n_old; i++) {
		if (old[i] != NULL && !str_equal(record_text(old[i], "source"), "gift"))
			err = record_delete(ctx, old[i]->info, record_id(old[i]), 0, 0);
	}
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- a new version ------------------------------------------------------------------------ */

static enum err copy(struct ctx *ctx, const struct record *from, struct record *to, const char *const *fields, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		if (record_value(from, fields[i])->kind != VALUE_NULL)
			err = record_set(ctx, to, fields[i], *record_value(from, fields[i]));
	}
	return err;
}

static enum err last_version(struct ctx *ctx, int64_t original, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_quote_last_version, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, original);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 1;
	stmt_done(stmt);
	return err;
}

static enum err copy_lines(struct ctx *ctx, int64_t from, int64_t to)
{
	struct record **lines;
	size_t n;
	enum err err = quote_lines(ctx, from, &lines, &n);
	for (size_t i = 0; i < n && err == OK; i++) {
		struct record *line;
		if (str_equal(record_text(lines[i], "source"), "gift"))
			continue;
		err = record_new(ctx, lines[i]->info, &line);
		if (err == OK)
			err = copy(ctx, lines[i], line, given, sizeof(given) / sizeof(given[0]));
		if (err == OK)
			err = record_set(ctx, line, "position", value_int((int64_t)i + 1));
		if (err == OK)
			err = record_set(ctx, line, "quote_id", value_int(to));
		if (err == OK)
			err = record_create(ctx, line, 0);
	}
	return err;
}

static enum err new_version(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const head[] = {"number", "title", "customer_id", "channel_id", "currency", "discount", "coupons", "owner_id", "team_id", "branch_id", "note"};
	struct record *quote, *next;
	struct jsonw w;
	int64_t last = 1;
	enum err err = find(ctx, req, ACTION_UPDATE, &quote);
	if (err != OK)
		return err;
	if (str_equal(record_text(quote, "state"), "accepted"))
		return fail(ctx, ERR_CONFLICT, "", "quote_accepted");
	int64_t original = record_i64(quote, "original_id") != 0 ? record_i64(quote, "original_id") : record_id(quote);
	err = last_version(ctx, original, &last);
	if (err == OK)
		err = record_new(ctx, quote->info, &next);
	if (err == OK)
		err = copy(ctx, quote, next, head, sizeof(head) / sizeof(head[0]));
	if (err == OK)
		err = record_set(ctx, next, "original_id", value_int(original));
	if (err == OK)
		err = record_set(ctx, next, "version_no", value_int(last + 1));
	if (err == OK)
		err = record_create(ctx, next, W_KEPT);
	if (err == OK)
		err = copy_lines(ctx, record_id(quote), record_id(next));
	if (err != OK)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(next));
	jsonw_kv_int(&w, "version_no", last + 1);
	jsonw_end_object(&w);
	return OK;
}

/* --- the margin ------------------------------------------------------------------------------ */

static void put(struct jsonw *w, const char *key, struct fraction value, int digits)
{
	char text[FRACTION_TEXT_MAX];
	fraction_write(value, digits, digits, text);
	jsonw_kv_text(w, key, text);
}

static void put_margin(struct jsonw *w, struct fraction net, struct fraction cost, int scale)
{
	struct fraction margin = fraction_sub(net, cost);
	put(w, "cost", cost, scale);
	put(w, "margin", margin, scale);
	if (fraction_sign(net) > 0)
		put(w, "percent", fraction_div(fraction_mul(margin, fraction_of(100)), net), 1);
	else
		jsonw_kv_text(w, "percent", NULL);
}

static enum err margin(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *products = registry_find(ctx->registry, "product");
	struct quote_costs costs;
	struct record *quote;
	struct jsonw w;
	struct fraction net = fraction_of(0), cost = fraction_of(0);
	enum err err = find(ctx, req, ACTION_READ, &quote);
	/* cost and margin together are the net sum, too */
	if (err == OK && (entity_field_right(ctx->actor, products, entity_field(products, "cost")) < RIGHT_READ ||
	                  entity_field_right(ctx->actor, quote->info, entity_field(quote->info, "net")) < RIGHT_READ))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = quote_costs(ctx, quote, &costs);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "lines");
	jsonw_array(&w);
	for (size_t i = 0; i < costs.n; i++) {
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", costs.list[i].line_id);
		if (costs.list[i].known)
			put_margin(&w, costs.list[i].net, costs.list[i].cost, costs.scale);
		jsonw_end_object(&w);
		net = fraction_add(net, costs.list[i].known ? costs.list[i].net : fraction_of(0));
		cost = fraction_add(cost, costs.list[i].known ? costs.list[i].cost : fraction_of(0));
	}
	jsonw_end_array(&w);
	jsonw_kv_int(&w, "unknown", (int64_t)costs.unknown);
	put_margin(&w, net, cost, costs.scale);
	jsonw_end_object(&w);
	return OK;
}

const struct route quote_routes[] = {
	{.method = METHOD_PUT, .pattern = "/api/v1/quote/*/lines", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = put_lines, .specs = lines_specs,
	 .doc = "All lines of a draft quote at once: those without an id are new, those not named go; prices and sums follow"},
	{.method = METHOD_POST, .pattern = "/api/v1/quote/*/version", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = new_version,
	 .doc = "A new version as a draft; once it is sent it replaces those before it"},
	{.method = METHOD_GET, .pattern = "/api/v1/quote/*/margin", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = margin,
	 .doc = "What the quote leaves over cost, line by line, for those who may see cost"},
	{.pattern = NULL},
};
