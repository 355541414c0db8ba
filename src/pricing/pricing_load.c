/* What a basket needs from the store, in few questions however many lines it has. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "pricing/pricing_work.h"
#include "pricing_sql.h"

/* --- small things -------------------------------------------------------------------- */

enum err pricing_work_no_memory(struct pricing_work *w)
{
	return fail(w->ctx, ERR_LIMIT, "", "memory");
}

const char *pricing_work_field(struct pricing_work *w, size_t line, const char *field)
{
	const char *text = arena_printf(w->ctx->arena, "lines[%zu].%s", line, field);
	return text != NULL ? text : field;
}

bool pricing_work_grow(struct ctx *ctx, void *list, size_t n, size_t *cap, size_t size)
{
	void *old;
	if (n < *cap)
		return true;
	size_t more = *cap * 2 + 64;
	void *room = arena_array(ctx->arena, more, size);
	if (room == NULL)
		return false;
	memcpy(&old, list, sizeof(old));
	if (n > 0)
		memcpy(room, old, n * size);
	memcpy(list, &room, sizeof(room));
	*cap = more;
	return true;
}

const char *pricing_work_copy(struct pricing_work *w, struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	const char *copy = arena_strdup(w->ctx->arena, text != NULL ? text : "");
	return copy != NULL ? copy : "";
}

const char *pricing_work_say(struct pricing_work *w, const struct text2 *form, ...)
{
	char text[600];
	const char *hant;
	va_list args;
	va_start(args, form);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)vsnprintf(text, sizeof(text), w->ctx->locale == LOCALE_EN ? form->en : form->zh, args);
#pragma GCC diagnostic pop
	va_end(args);
	size_t n = strlen(text);
	while (n > 0 && !utf8_valid(text, n)) /* cut off in the midst of a letter */
		text[--n] = '\0';
	if (w->ctx->locale == LOCALE_ZH_HANT && text_to_hant(w->ctx, text, &hant) == OK)
		return hant;
	const char *copy = arena_strdup(w->ctx->arena, text);
	return copy != NULL ? copy : "";
}

enum err pricing_work_query(struct pricing_work *w, const char *before, const int64_t *ids, size_t n, const char *after, struct stmt **ret)
{
	struct buf sql;
	size_t places = 1;
	while (places < n)
		places *= 2;
	buf_init(&sql, 1 << 20);
	buf_puts(&sql, before);
	for (size_t i = 1; i <= places; i++)
		buf_printf(&sql, "%s?%zu", i == 1 ? "" : ",", i);
	buf_puts(&sql, after);
	enum err err = buf_failed(&sql) ? pricing_work_no_memory(w) : db_prepare_text(w->ctx, w->ctx->db, buf_text(&sql), ret);
	buf_release(&sql);
	for (size_t i = 0; err == OK && i < places; i++)
		stmt_bind_i64(*ret, (int)i + 1, i < n ? ids[i] : n > 0 ? ids[n - 1] : 0);
	return err;
}

static struct fraction scaled(struct stmt *stmt, int at, int scale)
{
	return fraction_scaled(stmt_i64(stmt, at), scale);
}

/* --- the customer ---------------------------------------------------------------------- */

static enum err load_customer(struct pricing_work *w)
{
	struct record *customer;
	struct stmt *stmt;
	bool row = false;
	if (w->request->customer_id == 0)
		return OK;
	enum err err = record_get(w->ctx, registry_find(w->ctx->registry, "customer"), w->request->customer_id, ACTION_READ, &customer);
	if (err == OK)
		err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_customer, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, w->request->customer_id);
	err = stmt_step(w->ctx, stmt, &row);
	if (err == OK && row) {
		w->level = stmt_is_null(stmt, 0) ? NULL : pricing_work_copy(w, stmt, 0);
		w->country = stmt_is_null(stmt, 1) ? NULL : pricing_work_copy(w, stmt, 1);
		w->region_id = stmt_i64(stmt, 2);
	}
	stmt_done(stmt);
	return err;
}

static enum err settle_date(struct pricing_work *w)
{
	const char *name;
	struct text_zone *zone;
	struct civil civil;
	enum err err = setting_text(w->ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err != OK)
		return err;
	int64_t at = w->request->at_ms;
	if (text_zone_new(name, &zone)) {
		at += (int64_t)text_zone_seconds(zone, at) * 1000;
		text_zone_free(zone);
	}
	time_to_civil(at, &civil);
	(void)snprintf(w->date, sizeof(w->date), "%04d-%02d-%02d", civil.year % 10000, civil.month % 100, civil.day % 100);
	return OK;
}

/* --- products ---------------------------------------------------------------------------- */

#define PRODUCT_FIELDS "SELECT id, sku, name, unit, currency, category_id, tax_id, price, cost, state FROM product WHERE "

static int by_product_id(const void *a, const void *b)
{
	const struct pricing_work_product *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

const struct pricing_work_product *pricing_work_product(const struct pricing_work *w, int64_t id)
{
	struct pricing_work_product key = {.id = id};
	return w->n_products > 0 ? bsearch(&key, w->products, w->n_products, sizeof(key), by_product_id) : NULL;
}

static void read_product(struct pricing_work *w, struct stmt *stmt, struct pricing_work_product *p)
{
	*p = (struct pricing_work_product){.id = stmt_i64(stmt, 0), .sku = pricing_work_copy(w, stmt, 1), .name = pricing_work_copy(w, stmt, 2), .unit = pricing_work_copy(w, stmt, 3),
	                           .currency = pricing_work_copy(w, stmt, 4), .category_id = stmt_i64(stmt, 5), .tax_id = stmt_i64(stmt, 6)};
	if (*p->currency == '\0')
		p->currency = registry_base_currency(w->ctx->registry);
	int scale = currency_scale(p->currency);
	p->has_price = !stmt_is_null(stmt, 7);
	p->price = scaled(stmt, 7, scale >= 0 ? scale : 2);
	p->has_cost = !stmt_is_null(stmt, 8);
	p->cost = scaled(stmt, 8, scale >= 0 ? scale : 2);
}

static enum err load_products(struct pricing_work *w, const int64_t *ids, size_t n)
{
	struct stmt *stmt;
	size_t cap = w->n_products;
	bool row = false;
	if (n == 0)
		return OK;
	enum err err = pricing_work_query(w, PRODUCT_FIELDS "id IN (", ids, n, ")", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (!pricing_work_grow(w->ctx, &w->products, w->n_products, &cap, sizeof(*w->products))) {
			err = pricing_work_no_memory(w);
			break;
		}
		read_product(w, stmt, &w->products[w->n_products++]);
	}
	stmt_done(stmt);
	if (err == OK && w->n_products > 1)
		qsort(w->products, w->n_products, sizeof(*w->products), by_product_id);
	return err;
}

/* The product of an article number, by its form; 0: there is none. */
static enum err product_of_sku(struct pricing_work *w, const char *sku, int64_t *ret)
{
	struct stmt *stmt;
	const char *form;
	size_t n;
	bool row = false;
	*ret = 0;
	enum err err = text_form(w->ctx, sku, strlen(sku), true, &form, &n);
	if (err == OK)
		err = db_prepare_text(w->ctx, w->ctx->db, "SELECT id FROM product WHERE sku_key = ?1", &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, form);
	err = stmt_step(w->ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static void check_found(struct pricing_work *w, size_t i)
{
	const struct pricing_want *want = &w->request->lines[i];
	bool named = want->product_id != 0 || !str_empty(want->sku);
	if (named && pricing_work_product(w, w->result->lines[i].product_id) == NULL)
		fault_add(w->ctx, ERR_INVALID, pricing_work_field(w, i, want->product_id != 0 ? "product_id" : "sku"), "pricing_no_product", NULL);
	if (!named && !want->by_hand)
		fault_add(w->ctx, ERR_INVALID, pricing_work_field(w, i, "product_id"), "required", NULL);
}

/* Which products the lines mean; all that cannot be found are told together. */
static enum err find_products(struct pricing_work *w)
{
	const struct pricing_request *q = w->request;
	int64_t *ids = arena_array(w->ctx->arena, q->n + 1, sizeof(*ids));
	size_t n = 0;
	enum err err = OK;
	if (ids == NULL)
		return pricing_work_no_memory(w);
	for (size_t i = 0; i < q->n && err == OK; i++) {
		struct pricing_line *line = &w->result->lines[i];
		line->product_id = q->lines[i].product_id;
		if (line->product_id == 0 && !str_empty(q->lines[i].sku))
			err = product_of_sku(w, q->lines[i].sku, &line->product_id);
		if (line->product_id != 0)
			ids[n++] = line->product_id;
	}
	if (err == OK)
		err = load_products(w, ids, n);
	for (size_t i = 0; i < q->n && err == OK; i++)
		check_found(w, i);
	return err == OK ? faults_code(w->ctx) : err;
}

static enum err load_units(struct pricing_work *w)
{
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	int64_t *ids = arena_array(w->ctx->arena, w->n_products + 1, sizeof(*ids));
	if (ids == NULL)
		return pricing_work_no_memory(w);
	for (size_t i = 0; i < w->n_products; i++)
		ids[i] = w->products[i].id;
	enum err err = pricing_work_query(w, "SELECT product_id, name, factor FROM product_unit WHERE product_id IN (", ids, w->n_products, ")", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (!pricing_work_grow(w->ctx, &w->units, w->n_units, &cap, sizeof(*w->units))) {
			err = pricing_work_no_memory(w);
			break;
		}
		w->units[w->n_units++] = (struct pricing_work_unit){stmt_i64(stmt, 0), pricing_work_copy(w, stmt, 1), scaled(stmt, 2, 6)};
	}
	stmt_done(stmt);
	return err;
}

bool pricing_work_factor(const struct pricing_work *w, const struct pricing_work_product *p, const char *unit, struct fraction *ret)
{
	*ret = fraction_of(1);
	if (str_empty(unit) || str_equal(unit, p->unit))
		return true;
	for (size_t i = 0; i < w->n_units; i++) {
		if (w->units[i].product_id == p->id && str_equal(w->units[i].name, unit)) {
			*ret = w->units[i].factor;
			return true;
		}
	}
	return false;
}

/* --- taxes, categories ------------------------------------------------------------------------ */

static enum err load_taxes(struct pricing_work *w)
{
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	enum err err = db_prepare_text(w->ctx, w->ctx->db, "SELECT id, name, percent, is_default FROM tax ORDER BY id", &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (!pricing_work_grow(w->ctx, &w->taxes, w->n_taxes, &cap, sizeof(*w->taxes))) {
			err = pricing_work_no_memory(w);
			break;
		}
		w->taxes[w->n_taxes++] = (struct pricing_work_tax){stmt_i64(stmt, 0), pricing_work_copy(w, stmt, 1), scaled(stmt, 2, 4), stmt_i64(stmt, 3) != 0};
	}
	stmt_done(stmt);
	return err;
}

enum err pricing_work_categories(struct pricing_work *w)
{
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	if (w->categories_loaded)
		return OK;
	enum err err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_categories, &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (!pricing_work_grow(w->ctx, &w->categories, w->n_categories, &cap, sizeof(*w->categories))) {
			err = pricing_work_no_memory(w);
			break;
		}
		w->categories[w->n_categories++] = (struct pricing_work_category){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	}
	stmt_done(stmt);
	w->categories_loaded = err == OK;
	return err;
}

static int by_category_id(const void *a, const void *b)
{
	const struct pricing_work_category *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

int pricing_work_category_distance(const struct pricing_work *w, int64_t category, int64_t above)
{
	for (int steps = 0; category != 0 && steps < 100; steps++) {
		struct pricing_work_category key = {.id = category};
		if (category == above)
			return steps;
		const struct pricing_work_category *c = w->n_categories > 0 ? bsearch(&key, w->categories, w->n_categories, sizeof(key), by_category_id) : NULL;
		category = c != NULL ? c->parent_id : 0;
	}
	return -1;
}

/* --- books and their rules ------------------------------------------------------------------------ */

static void read_book(struct pricing_work *w, struct stmt *stmt, bool applies)
{
	struct pricing_work_book *b = &w->books[w->n_books++];
	*b = (struct pricing_work_book){.id = stmt_i64(stmt, 0), .name = pricing_work_copy(w, stmt, 1), .contract_no = pricing_work_copy(w, stmt, 2), .currency = pricing_work_copy(w, stmt, 3),
	                        .priority = stmt_i64(stmt, 10), .alone = stmt_i64(stmt, 11) != 0, .applies = applies, .nearness = 6};
	if (*b->currency == '\0')
		b->currency = registry_base_currency(w->ctx->registry);
	for (int i = 0; i < 6 && b->nearness == 6; i++)
		b->nearness = stmt_is_null(stmt, 4 + i) ? 6 : i;
}

static int by_order(const void *a, const void *b)
{
	const struct pricing_work_book *x = a, *y = b;
	int order = (x->priority > y->priority) - (x->priority < y->priority);
	if (order == 0)
		order = (x->nearness > y->nearness) - (x->nearness < y->nearness);
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static enum err load_books(struct pricing_work *w)
{
	const struct pricing_request *q = w->request;
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	enum err err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_books, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, w->date);
	stmt_bind_i64(stmt, 2, q->customer_id);
	stmt_bind_text(stmt, 3, w->level);
	stmt_bind_i64(stmt, 4, q->channel_id);
	stmt_bind_i64(stmt, 5, w->region_id);
	stmt_bind_text(stmt, 6, w->country);
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (w->n_books >= WORK_BOOKS_MAX)
			err = fail(w->ctx, ERR_LIMIT, "", "pricing_books_many");
		else if (!pricing_work_grow(w->ctx, &w->books, w->n_books, &cap, sizeof(*w->books)))
			err = pricing_work_no_memory(w);
		if (err != OK)
			break;
		read_book(w, stmt, true);
	}
	stmt_done(stmt);
	if (err == OK && w->n_books > 1)
		qsort(w->books, w->n_books, sizeof(*w->books), by_order);
	w->n_applying = w->n_books;
	w->alone = arena_array(w->ctx->arena, w->n_books + 1, sizeof(*w->alone));
	for (size_t i = 0; w->alone != NULL && i < w->n_books; i++)
		w->alone[i] = w->books[i].alone;
	return err == OK && w->alone == NULL ? pricing_work_no_memory(w) : err;
}

#define RULE_FIELDS "SELECT id, book_id, position, product_id, category_id, unit, quantity_from, kind, amount, base_book_id, round_to FROM price_rule WHERE "

static enum err read_rules(struct pricing_work *w, struct stmt *stmt, size_t *cap)
{
	bool row = false;
	enum err err;
	while ((err = stmt_step(w->ctx, stmt, &row)) == OK && row) {
		if (w->n_rules >= WORK_RULES_MAX)
			return fail(w->ctx, ERR_LIMIT, "", "pricing_rows_many");
		if (!pricing_work_grow(w->ctx, &w->rules, w->n_rules, cap, sizeof(*w->rules)))
			return pricing_work_no_memory(w);
		const char *kind = stmt_text(stmt, 7);
		w->rules[w->n_rules++] = (struct pricing_work_rule){
			.id = stmt_i64(stmt, 0), .book_id = stmt_i64(stmt, 1), .position = stmt_i64(stmt, 2), .product_id = stmt_i64(stmt, 3),
			.category_id = stmt_i64(stmt, 4), .unit = stmt_is_null(stmt, 5) ? "" : pricing_work_copy(w, stmt, 5), .from = scaled(stmt, 6, 3),
			.kind = str_equal(kind, "fixed") ? "fixed" : str_equal(kind, "change") ? "change" : "percent_off", .amount = scaled(stmt, 8, 4),
			.base_book_id = stmt_i64(stmt, 9), .round_to = scaled(stmt, 10, 4)};
	}
	return err;
}

/* Those of the lines' products, and those of no product in particular. */
static enum err load_rules_of(struct pricing_work *w, size_t first, size_t *cap)
{
	struct buf where;
	struct stmt *stmt;
	size_t n = w->n_products > 0 ? w->n_products : 1;
	int64_t *ids = arena_array(w->ctx->arena, n, sizeof(*ids));
	if (ids == NULL)
		return pricing_work_no_memory(w);
	for (size_t i = 0; i < w->n_products; i++)
		ids[i] = w->products[i].id;
	buf_init(&where, 1 << 16);
	buf_puts(&where, ") AND book_id IN (");
	for (size_t i = first; i < w->n_books; i++) /* ids of our own, as many as there are */
		buf_printf(&where, "%s%lld", i == first ? "" : ",", (long long)w->books[i].id);
	buf_printf(&where, ") AND (starts_on IS NULL OR starts_on <= '%s') AND (ends_on IS NULL OR ends_on >= '%s')", w->date, w->date);
	enum err err = buf_failed(&where) ? pricing_work_no_memory(w) : pricing_work_query(w, RULE_FIELDS "product_id IN (", ids, n, buf_text(&where), &stmt);
	if (err == OK) {
		err = read_rules(w, stmt, cap);
		stmt_done(stmt);
	}
	if (err == OK)
		err = pricing_work_query(w, RULE_FIELDS "product_id IS NULL AND CAST(0 AS BIGINT) NOT IN (", ids, 1, buf_text(&where), &stmt);
	buf_release(&where);
	if (err == OK) {
		err = read_rules(w, stmt, cap);
		stmt_done(stmt);
	}
	return err;
}

static bool book_known(const struct pricing_work *w, int64_t id)
{
	for (size_t i = 0; i < w->n_books; i++) {
		if (w->books[i].id == id)
			return true;
	}
	return false;
}

static enum err load_base_book(struct pricing_work *w, int64_t id, size_t *cap)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(w->ctx, w->ctx->db, &sql_pricing_book, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(w->ctx, stmt, &row);
	if (err == OK && row && !pricing_work_grow(w->ctx, &w->books, w->n_books, cap, sizeof(*w->books)))
		err = pricing_work_no_memory(w);
	if (err == OK && row)
		read_book(w, stmt, false);
	stmt_done(stmt);
	return err;
}

static int by_book_and_product(const void *a, const void *b)
{
	const struct pricing_work_rule *x = a, *y = b;
	int order = (x->book_id > y->book_id) - (x->book_id < y->book_id);
	if (order == 0) /* those of no product last */
		order = ((x->product_id == 0) - (y->product_id == 0)) * 2 + (x->product_id > y->product_id) - (x->product_id < y->product_id);
	if (order == 0)
		order = (x->position > y->position) - (x->position < y->position);
	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* Books that others are reckoned from come along, as far down as that goes. */
static enum err load_rules(struct pricing_work *w)
{
	size_t cap_rules = 0, cap_books = w->n_books, from_book = 0, from_rule = 0;
	enum err err = OK;
	for (int depth = 0; err == OK && from_book < w->n_books && depth < WORK_DEPTH_MAX; depth++) {
		err = load_rules_of(w, from_book, &cap_rules);
		from_book = w->n_books;
		for (size_t i = from_rule; i < w->n_rules && err == OK; i++) {
			int64_t base = w->rules[i].base_book_id;
			if (base != 0 && !book_known(w, base))
				err = load_base_book(w, base, &cap_books);
			if (err == OK && w->rules[i].category_id != 0)
				err = pricing_work_categories(w);
		}
		from_rule = w->n_rules;
	}
	if (err == OK && w->n_rules > 1)
		qsort(w->rules, w->n_rules, sizeof(*w->rules), by_book_and_product);
	return err;
}

enum err pricing_work_load(struct pricing_work *w)
{
	enum err err = settle_date(w);
	if (err == OK)
		err = load_customer(w);
	if (err == OK)
		err = find_products(w);
	if (err == OK)
		err = load_units(w);
	if (err == OK)
		err = load_taxes(w);
	if (err == OK)
		err = load_books(w);
	if (err == OK)
		err = load_rules(w);
	return err == OK ? pricing_rates_load(w->ctx, w->date, &w->rates) : err;
}
