/* A quote's prices, promotions, taxes and sums: what the lines ask for goes to the pricing, what comes back is written. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "pricing/pricing_store.h"
#include "quotes/quotes_internal.h"
#include "quotes_sql.h"

enum { LINES_MAX = 2000, LINE_SCALE = 4 };

struct sums {
	struct ctx *ctx;
	struct record *quote, **lines;
	size_t n;
	struct pricing_request request;
	struct pricing_result result;
	struct record **asked; /* the lines that count, in the request's order */
	size_t n_asked;
};

enum err quote_day(struct ctx *ctx, int64_t days, char ret[16])
{
	const char *name;
	struct text_zone *zone;
	struct civil civil;
	int64_t at = ctx_now(ctx) + days * (int64_t)DAY_MS;
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err != OK)
		return err;
	if (text_zone_new(name, &zone)) {
		at += (int64_t)text_zone_seconds(zone, at) * 1000;
		text_zone_free(zone);
	}
	time_to_civil(at, &civil);
	(void)snprintf(ret, 16, "%04d-%02d-%02d", civil.year % 10000, civil.month % 100, civil.day % 100);
	return OK;
}

enum err quote_lines(struct ctx *ctx, int64_t quote_id, struct record ***ret, size_t *ret_n)
{
	struct stmt *stmt;
	int64_t *ids = arena_array(ctx->arena, LINES_MAX + 1, sizeof(*ids));
	size_t n = 0;
	bool row = false;
	*ret = arena_array(ctx->arena, LINES_MAX + 1, sizeof(struct record *));
	*ret_n = 0;
	if (ids == NULL || *ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_quote_line_ids, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, quote_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n <= LINES_MAX)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	if (err == OK && n > LINES_MAX)
		err = fail(ctx, ERR_LIMIT, "lines", "pricing_lines_many");
	for (size_t i = 0; i < n && err == OK; i++)
		err = record_load(ctx, registry_find(ctx->registry, quote_line_entity.name), ids[i], &(*ret)[(*ret_n)++]);
	return err;
}

/* --- asking ----------------------------------------------------------------------------- */

static void want(const struct record *line, struct pricing_want *ret)
{
	const struct value *price = record_value(line, "price_by_hand");
	*ret = (struct pricing_want){.product_id = record_i64(line, "product_id"), .name = record_text(line, "name"),
	                             .quantity = fraction_scaled(record_i64(line, "quantity"), 3), .unit = record_text(line, "unit"), .by_hand = price->kind != VALUE_NULL,
	                             .price = price->kind != VALUE_NULL ? fraction_scaled(price->i, LINE_SCALE) : fraction_of(0),
	                             .percent_off = fraction_scaled(record_i64(line, "discount_percent"), 4)};
}

static enum err split_coupons(struct sums *s)
{
	const char *text = record_text(s->quote, "coupons");
	const char **list = arena_array(s->ctx->arena, PRICING_COUPONS_MAX, sizeof(*list));
	size_t n = 0;
	if (list == NULL)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	for (const char *p = text; p != NULL && *p != '\0' && n < PRICING_COUPONS_MAX;) {
		size_t len = strcspn(p, ","), kept;
		const char *start = str_trim(p, len, &kept);
		if (kept > 0 && (list[n++] = arena_strndup(s->ctx->arena, start, kept)) == NULL)
			return fail(s->ctx, ERR_LIMIT, "", "memory");
		p += len + (p[len] == ',' ? 1 : 0);
	}
	s->request.coupons = list;
	s->request.n_coupons = n;
	return OK;
}

static bool counts(const struct record *line)
{
	return record_i64(line, "optional") == 0 || record_i64(line, "chosen") != 0;
}

static bool is_gift(const struct record *line)
{
	return str_equal(record_text(line, "source"), "gift");
}

static enum err ask(struct sums *s, bool counting)
{
	struct ctx *ctx = s->ctx;
	struct pricing_want *wants = arena_array(ctx->arena, s->n + 1, sizeof(*wants));
	const char *currency = record_text(s->quote, "currency");
	int scale = currency_scale(record_currency(ctx, s->quote, entity_field(s->quote->info, "total")));
	s->asked = arena_array(ctx->arena, s->n + 1, sizeof(struct record *));
	if (wants == NULL || s->asked == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	s->n_asked = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (is_gift(s->lines[i]) || counts(s->lines[i]) != counting)
			continue;
		want(s->lines[i], &wants[s->n_asked]);
		wants[s->n_asked].no_promotion = !counting;
		s->asked[s->n_asked++] = s->lines[i];
	}
	s->request = (struct pricing_request){.customer_id = record_i64(s->quote, "customer_id"), .channel_id = record_i64(s->quote, "channel_id"),
	                                      .currency = currency, .at_ms = ctx_now(ctx), .lines = wants, .n = s->n_asked,
	                                      .discount = counting ? fraction_scaled(record_i64(s->quote, "discount"), scale) : fraction_of(0)};
	enum err err = counting ? split_coupons(s) : OK;
	return err == OK ? pricing_work_out(ctx, &s->request, &s->result) : err;
}

/* --- writing ------------------------------------------------------------------------------ */

static enum err set_scaled(struct ctx *ctx, struct record *r, const char *field, struct fraction value, int scale)
{
	int64_t n;
	return fraction_to_scaled(value, scale, &n) ? record_set(ctx, r, field, value_int(n)) : fail(ctx, ERR_INVALID, field, "number_too_large");
}

static enum err fill_line(struct sums *s, const struct pricing_line *from, struct record *to)
{
	static const char *const names[] = {"by_hand", "book", "list", "gift"};
	const struct {
		const char *field;
		struct fraction value;
	} numbers[] = {{"price", from->price},           {"list_price", from->list_price}, {"off", from->off}, {"tax_percent", from->tax_percent},
	               {"net", from->net},               {"tax", from->tax_amount},        {"total", from->total}};
	enum err err = record_set(s->ctx, to, "source", value_text(names[from->source]));
	if (err == OK)
		err = record_set(s->ctx, to, "reason", value_text(from->why));
	if (err == OK)
		err = record_set(s->ctx, to, "name", value_text(from->name));
	if (err == OK && *from->unit != '\0')
		err = record_set(s->ctx, to, "unit", value_text(from->unit));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && err == OK; i++)
		err = set_scaled(s->ctx, to, numbers[i].field, numbers[i].value, LINE_SCALE);
	return err;
}

static enum err write_lines(struct sums *s)
{
	enum err err = OK;
	for (size_t i = 0; i < s->n_asked && err == OK; i++) {
		struct record *patch;
		err = record_new(s->ctx, s->asked[i]->info, &patch);
		if (err == OK)
			err = fill_line(s, &s->result.lines[i], patch);
		if (err == OK)
			err = record_update(s->ctx, record_id(s->asked[i]), patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	}
	return err;
}

/* Gifts of before go, those of now come. */
static enum err write_gifts(struct sums *s)
{
	const struct entity_info *info = registry_find(s->ctx->registry, quote_line_entity.name);
	enum err err = OK;
	for (size_t i = 0; i < s->n && err == OK; i++) {
		if (is_gift(s->lines[i]))
			err = record_delete(s->ctx, info, record_id(s->lines[i]), 0, W_TRUSTED);
	}
	for (size_t i = s->n_asked; i < s->result.n && err == OK; i++) {
		const struct pricing_line *gift = &s->result.lines[i];
		struct record *line;
		err = record_new(s->ctx, info, &line);
		if (err == OK)
			err = record_set(s->ctx, line, "quote_id", value_int(record_id(s->quote)));
		if (err == OK)
			err = record_set(s->ctx, line, "product_id", value_int(gift->product_id));
		if (err == OK)
			err = record_set(s->ctx, line, "position", value_int(100000 + (int64_t)i));
		if (err == OK)
			err = set_scaled(s->ctx, line, "quantity", gift->quantity, 3);
		if (err == OK)
			err = fill_line(s, gift, line);
		if (err == OK)
			err = record_create(s->ctx, line, W_TRUSTED | W_NO_SEARCH);
	}
	return err;
}

/* [{"id": "…", "name": "…", "amount": "…"}]: whose uses count once the quote is accepted. */
static enum err put_promotions(struct sums *s, struct record *patch)
{
	const struct pricing_result *r = &s->result;
	struct buf text;
	struct jsonw w;
	buf_init(&text, 1 << 20);
	jsonw_init(&w, &text);
	jsonw_array(&w);
	for (size_t i = 0; i < r->n_promotions; i++) {
		char amount[FRACTION_TEXT_MAX];
		if (!r->promotions[i].holds)
			continue;
		fraction_write(r->promotions[i].given, r->scale, r->scale, amount);
		jsonw_object(&w);
		jsonw_kv_id(&w, "id", r->promotions[i].id);
		jsonw_kv_text(&w, "name", r->promotions[i].name);
		jsonw_kv_text(&w, "amount", amount);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	const char *kept = buf_failed(&text) ? NULL : arena_strdup(s->ctx->arena, buf_text(&text));
	buf_release(&text);
	return kept != NULL ? record_set(s->ctx, patch, "promotions", value_text(kept)) : fail(s->ctx, ERR_LIMIT, "", "memory");
}

static enum err write_quote(struct sums *s)
{
	const struct pricing_result *r = &s->result;
	struct record *patch;
	enum err err = record_new(s->ctx, s->quote->info, &patch);
	if (err == OK)
		err = record_set(s->ctx, patch, "lines_count", value_int((int64_t)r->n));
	if (err == OK)
		err = record_set(s->ctx, patch, "tax_included", value_int(r->tax_included));
	if (err == OK)
		err = set_scaled(s->ctx, patch, "off", r->discount, r->scale);
	if (err == OK)
		err = set_scaled(s->ctx, patch, "net", r->net, r->scale);
	if (err == OK)
		err = set_scaled(s->ctx, patch, "tax", r->tax, r->scale);
	if (err == OK)
		err = set_scaled(s->ctx, patch, "total", r->total, r->scale);
	if (err == OK)
		err = put_promotions(s, patch);
	return err == OK ? record_update(s->ctx, record_id(s->quote), patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

static enum err sum_up(struct sums *s)
{
	enum err err = quote_lines(s->ctx, record_id(s->quote), &s->lines, &s->n);
	if (err == OK)
		err = ask(s, false);
	if (err == OK)
		err = write_lines(s);
	if (err == OK)
		err = ask(s, true);
	if (err == OK)
		err = write_lines(s);
	if (err == OK)
		err = write_gifts(s);
	return err == OK ? write_quote(s) : err;
}

static enum err sum_again(struct ctx *ctx, void *arg)
{
	struct sums s = {.ctx = ctx};
	const struct actor *actor = ctx->actor;
	enum err err = record_load(ctx, registry_find(ctx->registry, quote_entity.name), (int64_t)(intptr_t)arg, &s.quote);
	if (err == ERR_NOT_FOUND) { /* deleted with its lines */
		faults_clear(ctx);
		return OK;
	}
	if (err != OK)
		return err;
	ctx->actor = gate_system(); /* prices are what they are, whoever writes the quote */
	err = sum_up(&s);
	ctx->actor = actor;
	return err;
}

enum err quote_sums_later(struct ctx *ctx, int64_t quote_id)
{
	/* the id itself is the argument, so that the store sees the same quote twice as the same work */
	return db_before_commit(ctx, sum_again, (void *)(intptr_t)quote_id);
}

enum err quote_costs(struct ctx *ctx, struct record *quote, struct quote_costs *ret)
{
	struct sums s = {.ctx = ctx, .quote = quote};
	*ret = (struct quote_costs){0};
	enum err err = quote_lines(ctx, record_id(quote), &s.lines, &s.n);
	if (err == OK)
		err = ask(&s, true);
	ret->list = arena_array(ctx->arena, s.n_asked + 1, sizeof(*ret->list));
	if (err == OK && ret->list == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	ret->scale = s.result.scale;
	for (size_t i = 0; err == OK && i < s.n_asked; i++) {
		const struct pricing_line *line = &s.result.lines[i];
		ret->list[ret->n++] = (struct quote_cost){record_id(s.asked[i]), fraction_scaled(record_i64(s.asked[i], "net"), LINE_SCALE),
		                                          fraction_mul(line->cost, line->quantity), line->has_cost};
		ret->unknown += line->has_cost ? 0 : 1;
	}
	return err;
}
