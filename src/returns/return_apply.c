/* Applying for a return: what of an order may go back, and the application with all its lines in one write. */
#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "returns/returns_internal.h"
#include "returns_sql.h"

enum { QUANTITY_SCALE = 3, TEXT_BYTES = 400 };

struct apply_body {
	int64_t order_id, case_id;
	const char *order_number, *wish, *exception, *note;
	json_t *lines;
};

const struct spec return_apply_specs[] = {
	{"order_id", SPEC_ID, offsetof(struct apply_body, order_id), false, 0, "The order; or its number"},
	{"order_number", SPEC_TEXT, offsetof(struct apply_body, order_number), false, 256, "As the customer knows it"},
	{"lines", SPEC_JSON, offsetof(struct apply_body, lines), true, 0,
	 "[{\"order_line_id\": \"…\" or \"sku\": \"…\", \"quantity\": \"1\", \"reason_id\": \"…\" or \"reason\": \"defective\", \"words\": \"…\"}]"},
	{"wish", SPEC_TEXT, offsetof(struct apply_body, wish), false, 20, "refund, exchange or repair; empty: refund"},
	{"case_id", SPEC_ID, offsetof(struct apply_body, case_id), false, 0, "The case it belongs to"},
	{"exception", SPEC_TEXT, offsetof(struct apply_body, exception), false, 1200, "Why in spite of the rules"},
	{"note", SPEC_TEXT, offsetof(struct apply_body, note), false, 20000, ""},
	{0},
};

/* A number that several shops gave means none: they say which by its id. */
static enum err order_by_number(struct ctx *ctx, const char *number, int64_t *ret)
{
	const struct entity_info *info = registry_find(ctx->registry, "order");
	struct value text = value_text(number), form;
	struct stmt *stmt;
	bool row = false;
	size_t n = 0;
	enum err err = entity_compared_value(ctx, info, entity_field(info, "number"), &text, &form);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_return_order_by_number, &stmt);
	if (err != OK)
		return err;
	stmt_bind_textn(stmt, 1, form.t.p, form.t.n);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < 2) {
		*ret = stmt_i64(stmt, 0);
		n++;
	}
	stmt_done(stmt);
	if (err == OK && n != 1)
		err = fail(ctx, n == 0 ? ERR_NOT_FOUND : ERR_CONFLICT, "order_number", n == 0 ? "return_no_order" : "return_two_orders");
	return err;
}

static enum err find_order(struct ctx *ctx, const struct apply_body *body, struct record **ret)
{
	int64_t id = body->order_id;
	enum err err = OK;
	if (id == 0 && str_empty(body->order_number))
		return fail(ctx, ERR_INVALID, "order_id", "required");
	if (id == 0)
		err = order_by_number(ctx, body->order_number, &id);
	return err == OK ? record_get(ctx, registry_find(ctx->registry, "order"), id, ACTION_READ, ret) : err;
}

/* Text or whole number. */
static bool read_quantity(const json_t *value, int64_t *ret)
{
	int64_t whole = json_is_integer(value) ? json_integer_value(value) : 0;
	if (value == NULL)
		*ret = 1000;
	else if (json_is_integer(value))
		return whole > -1000000000 && whole < 1000000000 && decimal_mul(whole, 1000, 0, ret);
	else
		return json_is_string(value) && decimal_parse(json_string_value(value), QUANTITY_SCALE, ret);
	return true;
}

static enum err ask_text(struct ctx *ctx, const struct sql *sql, int64_t id, const char *text, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = strlen(text) <= TEXT_BYTES ? db_prepare(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_INVALID, "lines", "return_no_reason");
	if (err != OK)
		return err;
	if (id != 0)
		stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, id != 0 ? 2 : 1, text);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* An id, or a word that is looked up: *ret 0: neither. */
static enum err id_or_word(struct ctx *ctx, const json_t *line, const char *id_key, const char *word_key, const struct sql *sql, int64_t within, int64_t *ret)
{
	const char *id = json_string_value(json_object_get(line, id_key)), *word = json_string_value(json_object_get(line, word_key));
	*ret = 0;
	if (id != NULL)
		return id_parse(id, ret) ? OK : fail(ctx, ERR_INVALID, id_key, "not_found");
	return word != NULL ? ask_text(ctx, sql, within, word, ret) : OK;
}

static enum err read_line(struct ctx *ctx, int64_t order_id, const json_t *line, int64_t *ret_sold, int64_t *ret_reason, int64_t *ret_quantity)
{
	if (!json_is_object(line))
		return fail_arg(ctx, ERR_INVALID, "lines", "wrong_type", "object");
	enum err err = id_or_word(ctx, line, "order_line_id", "sku", &sql_return_line_by_sku, order_id, ret_sold);
	if (err == OK && *ret_sold == 0)
		err = fail(ctx, ERR_INVALID, "lines.order_line_id", "return_line_other");
	if (err == OK)
		err = id_or_word(ctx, line, "reason_id", "reason", &sql_return_reason_by_key, 0, ret_reason);
	if (err == OK && *ret_reason == 0)
		err = fail(ctx, ERR_INVALID, "lines.reason", "return_no_reason");
	if (err == OK && !read_quantity(json_object_get(line, "quantity"), ret_quantity))
		err = fail(ctx, ERR_INVALID, "lines.quantity", "not_number");
	return err;
}

static enum err add_line(struct ctx *ctx, int64_t return_id, int64_t order_id, const json_t *line)
{
	const char *words = json_string_value(json_object_get(line, "words"));
	int64_t sold = 0, reason = 0, quantity = 0;
	struct record *r;
	enum err err = read_line(ctx, order_id, line, &sold, &reason, &quantity);
	if (err == OK)
		err = record_new(ctx, registry_find(ctx->registry, return_line_entity.name), &r);
	const struct {
		const char *field;
		int64_t value;
	} numbers[] = {{"return_id", return_id}, {"order_line_id", sold}, {"reason_id", reason}, {"quantity", quantity}};
	for (size_t i = 0; err == OK && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		err = record_set(ctx, r, numbers[i].field, value_int(numbers[i].value));
	if (err == OK && !str_empty(words))
		err = record_set(ctx, r, "words", value_text(words));
	return err == OK ? record_create(ctx, r, 0) : err;
}

static enum err make_return(struct ctx *ctx, const struct apply_body *body, int64_t order, struct record **ret)
{
	const struct {
		const char *field, *text;
	} texts[] = {{"wish", body->wish}, {"exception", body->exception}, {"note", body->note}};
	enum err err = record_new(ctx, registry_find(ctx->registry, goods_return_entity.name), ret);
	if (err == OK)
		err = record_set(ctx, *ret, "order_id", value_int(order));
	if (err == OK && body->case_id != 0)
		err = record_set(ctx, *ret, "case_id", value_int(body->case_id));
	for (size_t i = 0; err == OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_empty(texts[i].text))
			err = record_set(ctx, *ret, texts[i].field, value_text(texts[i].text));
	}
	return err == OK ? record_create(ctx, *ret, 0) : err;
}

enum err return_apply_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct apply_body body = {0};
	struct record *order, *made;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	size_t n = json_array_size(body.lines);
	if (err == OK && (n == 0 || n > RETURNS_LINES_MAX))
		err = fail(ctx, ERR_INVALID, "lines", "return_no_lines");
	if (err == OK)
		err = find_order(ctx, &body, &order);
	if (err == OK)
		err = make_return(ctx, &body, record_id(order), &made);
	for (size_t i = 0; err == OK && i < n; i++)
		err = add_line(ctx, record_id(made), record_id(order), json_array_get(body.lines, i));
	if (err != OK)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(made));
	jsonw_kv_text(&w, "number", record_text(made, "number"));
	jsonw_end_object(&w);
	return OK;
}

/* --- what may go back ----------------------------------------------------------------------------------- */

static enum err put_line(struct ctx *ctx, struct jsonw *w, const struct record *order, const char *today, int64_t id)
{
	struct record *line;
	struct return_rule rule, fault;
	int64_t left = 0;
	enum err err = record_load(ctx, registry_find(ctx->registry, "order_line"), id, &line);
	if (err == OK)
		err = return_left(ctx, line, 0, &left);
	if (err == OK)
		err = return_rule_of(ctx, order, record_i64(line, "product_id"), today, false, &rule);
	if (err == OK)
		err = return_rule_of(ctx, order, record_i64(line, "product_id"), today, true, &fault);
	if (err != OK)
		return err;
	jsonw_object(w);
	jsonw_kv_id(w, "order_line_id", id);
	jsonw_kv_text(w, "name", record_text(line, "name"));
	jsonw_kv_text(w, "sku", record_text(line, "sku"));
	if (record_i64(line, "product_id") != 0)
		jsonw_kv_id(w, "product_id", record_i64(line, "product_id"));
	jsonw_key(w, "quantity");
	jsonw_decimal(w, record_i64(line, "quantity"), QUANTITY_SCALE);
	jsonw_key(w, "left");
	jsonw_decimal(w, left > 0 ? left : 0, QUANTITY_SCALE);
	jsonw_kv_text(w, "rule", rule.verdict);
	jsonw_kv_text(w, "until", rule.until);
	jsonw_kv_text(w, "rule_fault", fault.verdict);
	jsonw_kv_text(w, "until_fault", fault.until);
	jsonw_end_object(w);
	return OK;
}

static bool may_see(struct ctx *ctx, const char *entity, const char *const *fields)
{
	const struct entity_info *info = registry_find(ctx->registry, entity);
	bool may = ctx->actor != NULL && entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE;
	for (; may && *fields != NULL; fields++)
		may = entity_field_right(ctx->actor, info, entity_field(info, *fields)) >= RIGHT_READ;
	return may;
}

enum err return_order_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const of_line[] = {"quantity", "name", "sku", "product_id", NULL}, *const of_return[] = {"quantity", "rule", "until_on", NULL};
	struct record *order;
	struct jsonw w;
	char today[RECEIVABLES_DAY_BYTES];
	int64_t id, *ids;
	size_t n;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, registry_find(ctx->registry, "order"), id, ACTION_READ, &order);
	if (err == OK && (!may_see(ctx, "order_line", of_line) || !may_see(ctx, return_line_entity.name, of_return)))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = record_load(ctx, order->info, id, &order);
	if (err == OK)
		err = returns_ids(ctx, &sql_return_order_lines, id, &ids, &n);
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "lines");
	jsonw_array(&w);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_line(ctx, &w, order, today, ids[i]);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}
