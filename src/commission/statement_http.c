/* Statements as JSON and as files: each line with what it is made of; and all people of a period beside each other. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"

enum { LINES_SHOWN = 500, LINES_SHOWN_MAX = 5000, DIGEST_BYTES = 24 };

static const struct entity_info *lines_info(const struct ctx *ctx)
{
	return registry_find(ctx->registry, commission_line_entity.name);
}

bool commission_may_manage(const struct ctx *ctx)
{
	return gate_cap(ctx->actor, (enum capability)registry_cap(ctx->registry, "commission"));
}

static bool may(const struct ctx *ctx, const struct commission_person *person, enum action action)
{
	const struct row_owner owner = {.owner_id = person->id, .team_id = person->team_id, .branch_id = person->branch_id};
	return gate_row(ctx->actor, entity_scope(ctx->actor, lines_info(ctx), action), &owner);
}

bool commission_may_see(const struct ctx *ctx, const struct commission_person *person)
{
	return may(ctx, person, ACTION_READ);
}

bool commission_may_take(const struct ctx *ctx, const struct commission_person *person)
{
	return may(ctx, person, ACTION_READ) && may(ctx, person, ACTION_EXPORT);
}

bool commission_sees(const struct ctx *ctx, const char *field)
{
	const struct entity_info *info = lines_info(ctx);
	return entity_field_right(ctx->actor, info, entity_field(info, field)) >= RIGHT_READ;
}

enum err commission_asked(struct ctx *ctx, const struct http_request *req, struct commission_span *ret)
{
	const char *period = http_query(ctx, req, "period", 0), *on = http_query(ctx, req, "on", 0);
	char today[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_today(ctx, 0, today);
	return err == OK ? commission_span_of(ctx, period != NULL ? period : "month", on != NULL ? on : today, ret) : err;
}

/* A number of what is asked for; absent: `none`. */
static enum err number_asked(struct ctx *ctx, const struct http_request *req, const char *name, int64_t none, int64_t most, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	*ret = none;
	return text == NULL || (str_to_i64(text, ret) && *ret >= 0 && *ret <= most) ? OK : fail(ctx, ERR_INVALID, name, "commission_number");
}

static enum err person_asked(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	const char *text = http_query(ctx, req, "person", 0);
	*ret = ctx->actor != NULL ? ctx->actor->user_id : 0;
	if (text != NULL && !id_parse(text, ret))
		return fail(ctx, ERR_NOT_FOUND, "person", "not_found");
	return entity_scope(ctx->actor, lines_info(ctx), ACTION_READ) != SCOPE_NONE && commission_sees(ctx, "owner_id") ? OK : fail(ctx, ERR_FORBIDDEN, "", "forbidden");
}

/* --- lines ----------------------------------------------------------------------------------- */

struct shown {
	bool base, credited, rate, result, number;
	int digits;
};

static struct shown shown_of(const struct ctx *ctx)
{
	return (struct shown){.base = commission_sees(ctx, "base"), .credited = commission_sees(ctx, "credited"), .rate = commission_sees(ctx, "rate"),
		.result = commission_sees(ctx, "result"), .number = commission_sees(ctx, "number"), .digits = currency_scale(registry_base_currency(ctx->registry))};
}

static void put_decimal(struct jsonw *w, const char *name, bool seen, int64_t value, int scale)
{
	jsonw_key(w, name);
	if (seen)
		jsonw_decimal(w, value, scale);
	else
		jsonw_null(w);
}

static bool bound(const struct commission_line *l)
{
	return l->kind == COMMISSION_CAP || l->kind == COMMISSION_FLOOR || l->kind == COMMISSION_BY_HAND;
}

static void put_line(struct jsonw *w, const struct commission_line *l, const struct shown *s)
{
	char day[RECEIVABLES_DAY_BYTES];
	bool worked = !bound(l);
	commission_day_text(l->day, day);
	jsonw_object(w);
	jsonw_kv_text(w, "kind", commission_line_kinds[l->kind]);
	jsonw_kv_text(w, "day", day);
	jsonw_kv_text(w, "number", s->number ? l->number : NULL);
	jsonw_kv_text(w, "source", l->source);
	if (!str_equal(l->against, l->source))
		jsonw_kv_text(w, "against", l->against);
	if (l->order_id != 0)
		jsonw_kv_id(w, "order_id", l->order_id);
	jsonw_kv_text(w, "plan", l->plan);
	jsonw_kv_text(w, "note", l->note);
	put_decimal(w, "base", s->base && worked && l->kind != COMMISSION_BACK, l->base, s->digits);
	put_decimal(w, "share", worked, l->share, COMMISSION_RATE_SCALE);
	put_decimal(w, "credited", s->credited && worked, l->credited, s->digits);
	put_decimal(w, "units", s->credited && worked && l->per_unit, l->units, COMMISSION_UNIT_SCALE);
	jsonw_kv_text(w, "bracket", s->rate && worked ? l->bracket : NULL);
	jsonw_kv_bool(w, "per_unit", l->per_unit);
	put_decimal(w, "rate", s->rate && worked, l->rate, l->per_unit ? s->digits + COMMISSION_RATE_SCALE : COMMISSION_RATE_SCALE);
	jsonw_kv_bool(w, "capped", l->capped);
	put_decimal(w, "result", s->result, l->result, s->digits);
	jsonw_end_object(w);
}

static void put_head(struct jsonw *w, const struct commission_book *book)
{
	jsonw_kv_text(w, "period", book->span.period);
	jsonw_kv_text(w, "from", book->span.from);
	jsonw_kv_text(w, "until", book->span.until);
	jsonw_kv_bool(w, "over", book->span.ends <= ctx_now(book->ctx)); /* by the firm's clock */
	jsonw_kv_bool(w, "closed", book->span.closed_id != 0);
	jsonw_kv_text(w, "currency", registry_base_currency(book->ctx->registry));
}

static void put_overlaps(struct jsonw *w, const struct commission_book *book)
{
	jsonw_key(w, "overlaps");
	jsonw_array(w);
	for (size_t i = 0; i < book->n_overlaps; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "kind", book->overlaps[i].first->kind);
		jsonw_kv_text(w, "first", book->overlaps[i].first->name);
		jsonw_kv_text(w, "second", book->overlaps[i].second->name);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_warnings(struct jsonw *w, const struct commission_book *book)
{
	jsonw_key(w, "warnings");
	jsonw_object(w);
	jsonw_kv_int(w, "no_rate", book->warnings.no_rate);
	jsonw_kv_int(w, "no_cost", book->warnings.no_cost);
	jsonw_kv_int(w, "no_target", book->warnings.no_target);
	jsonw_kv_int(w, "no_owner", book->only == 0 ? book->warnings.no_owner : 0);
	jsonw_end_object(w);
	put_overlaps(w, book);
}

/* The plans that are this person's in the period, with their brackets: what the lines are checked against. */
static void put_plans(struct jsonw *w, const struct commission_book *book, const struct commission_person *person, bool rates)
{
	jsonw_key(w, "plans");
	jsonw_array(w);
	for (size_t i = 0; rates && i < person->n_plans; i++) {
		const struct commission_plan *p = person->plans[i];
		if (p->from > book->span.last || p->until < book->span.first)
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "name", p->name);
		jsonw_kv_text(w, "kind", p->kind);
		jsonw_kv_text(w, "event", p->event);
		jsonw_kv_text(w, "base", p->base);
		jsonw_kv_text(w, "measure", p->measure);
		jsonw_kv_text(w, "mode", p->terms.whole ? "whole" : "progressive");
		jsonw_kv_text(w, "pays", p->terms.per_unit ? "unit" : "percent");
		jsonw_key(w, "brackets");
		jsonw_raw(w, p->brackets_text, strlen(p->brackets_text));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static int64_t total_of(const struct commission_book *book)
{
	int64_t total = 0;
	for (size_t i = 0; i < book->n_lines; i++)
		total += book->lines[i].result;
	return total;
}

static void put_statement(struct ctx *ctx, struct http_response *res, const struct commission_book *book, const struct commission_person *person, size_t from, size_t most)
{
	struct shown s = shown_of(ctx);
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	put_head(&w, book);
	jsonw_kv_id(&w, "person", person->id);
	jsonw_kv_text(&w, "name", person->name);
	put_decimal(&w, "total", s.result, total_of(book), s.digits);
	jsonw_kv_int(&w, "count", (int64_t)book->n_lines);
	jsonw_kv_int(&w, "offset", (int64_t)from);
	put_plans(&w, book, person, s.rate);
	jsonw_key(&w, "lines");
	jsonw_array(&w);
	for (size_t i = from; i < book->n_lines && i < from + most; i++)
		put_line(&w, &book->lines[i], &s);
	jsonw_end_array(&w);
	put_warnings(&w, book);
	jsonw_end_object(&w);
}

static enum err statement_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct commission_span span;
	struct commission_book book;
	int64_t person, offset, limit;
	enum err err = person_asked(ctx, req, &person);
	if (err == OK)
		err = number_asked(ctx, req, "offset", 0, INT32_MAX, &offset);
	if (err == OK)
		err = number_asked(ctx, req, "limit", LINES_SHOWN, LINES_SHOWN_MAX, &limit);
	if (err == OK)
		err = commission_asked(ctx, req, &span);
	if (err != OK)
		return err;
	err = person != 0 ? commission_book_make(ctx, &span, person, &book) : fail(ctx, ERR_NOT_FOUND, "person", "not_found");
	if (person == 0)
		return err;
	const struct commission_person *who = err == OK ? commission_person_of(&book, person) : NULL;
	if (err == OK && (who == NULL || !commission_may_see(ctx, who)))
		err = fail(ctx, ERR_NOT_FOUND, "person", "not_found");
	if (err == OK)
		put_statement(ctx, res, &book, who, (size_t)offset, (size_t)limit);
	commission_book_end(&book);
	return err;
}

/* --- everybody -------------------------------------------------------------------------------- */

struct standing {
	const struct commission_person *person;
	int64_t lines, total, before, statement_id;
	const char *paid_on;
	bool had; /* there is a closed period before */
};

static int highest_first(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return x->person < y->person ? -1 : x->person > y->person;
}

static size_t sum_people(const struct commission_book *book, struct standing *list)
{
	size_t n = 0;
	for (size_t i = 0; i < book->n_lines; i++) {
		if (n == 0 || list[n - 1].person->id != book->lines[i].owner_id) {
			const struct commission_person *person = commission_person_of(book, book->lines[i].owner_id);
			if (person == NULL)
				continue;
			list[n++] = (struct standing){.person = person};
		}
		list[n - 1].lines++;
		list[n - 1].total += book->lines[i].result;
	}
	return n;
}

/* What the statements of a closed period say; `now`: of this one, else of the one before. */
static enum err read_statements(struct commission_book *book, int64_t period_id, bool now, struct standing *list, size_t n)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	enum err err = period_id != 0 ? db_prepare(ctx, ctx->db, &sql_commission_statements, &stmt) : OK;
	if (period_id == 0 || err != OK)
		return err;
	for (size_t i = 0; i < n; i++)
		list[i].had = list[i].had || !now;
	stmt_bind_i64(stmt, 1, period_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		for (size_t i = 0; i < n; i++) {
			if (list[i].person->id != stmt_i64(stmt, 0))
				continue;
			if (!now)
				list[i].before = stmt_i64(stmt, 1);
			else {
				list[i].statement_id = stmt_i64(stmt, 2);
				list[i].paid_on = stmt_is_null(stmt, 3) ? NULL : commission_copy(book, stmt_text(stmt, 3));
			}
		}
	}
	stmt_done(stmt);
	return err;
}

static enum err before_it(struct ctx *ctx, const struct commission_span *span, struct commission_span *ret)
{
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_day_after(ctx, span->from, -1, day);
	return err == OK ? commission_span_of(ctx, span->period, day, ret) : err;
}

static void put_standing(struct jsonw *w, const struct standing *one, const struct shown *s)
{
	jsonw_object(w);
	jsonw_kv_id(w, "person", one->person->id);
	jsonw_kv_text(w, "name", one->person->name);
	jsonw_kv_int(w, "lines", one->lines);
	put_decimal(w, "total", s->result, one->total, s->digits);
	put_decimal(w, "before", s->result && one->had, one->before, s->digits);
	if (one->statement_id != 0)
		jsonw_kv_id(w, "statement", one->statement_id);
	jsonw_kv_text(w, "paid_on", one->paid_on);
	jsonw_end_object(w);
}

bool commission_may_close(const struct ctx *ctx)
{
	return commission_may_manage(ctx) && entity_scope(ctx->actor, lines_info(ctx), ACTION_READ) == SCOPE_ALL && commission_sees(ctx, "result");
}

static void put_overview(struct ctx *ctx, struct http_response *res, const struct commission_book *book, const struct standing *list, size_t n)
{
	struct shown s = shown_of(ctx);
	struct jsonw w;
	char digest[DIGEST_BYTES];
	int64_t total = 0;
	(void)snprintf(digest, sizeof(digest), "%016" PRIx64, commission_book_digest(book));
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	put_head(&w, book);
	jsonw_kv_bool(&w, "may_close", commission_may_close(ctx));
	jsonw_kv_bool(&w, "may_pay", commission_may_manage(ctx));
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		if (!commission_may_see(ctx, list[i].person))
			continue;
		total += list[i].total;
		put_standing(&w, &list[i], &s);
	}
	jsonw_end_array(&w);
	put_decimal(&w, "total", s.result, total, s.digits);
	if (commission_may_close(ctx)) {
		jsonw_kv_text(&w, "digest", digest);
		put_warnings(&w, book);
	}
	jsonw_end_object(&w);
}

static enum err overview_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct commission_span span, before;
	struct commission_book book;
	int64_t self;
	enum err err = person_asked(ctx, req, &self);
	if (err == OK)
		err = commission_asked(ctx, req, &span);
	if (err == OK)
		err = before_it(ctx, &span, &before);
	if (err != OK)
		return err;
	err = commission_book_make(ctx, &span, entity_scope(ctx->actor, lines_info(ctx), ACTION_READ) == SCOPE_OWN ? self : 0, &book);
	struct standing *list = err == OK ? commission_take(&book, book.n_lines, sizeof(*list)) : NULL;
	size_t n = list != NULL ? sum_people(&book, list) : 0;
	if (err == OK && list == NULL)
		err = commission_memory(&book);
	if (err == OK)
		err = read_statements(&book, span.closed_id, true, list, n);
	if (err == OK)
		err = read_statements(&book, before.closed_id, false, list, n);
	if (err == OK && n > 1)
		qsort(list, n, sizeof(*list), highest_first);
	if (err == OK)
		put_overview(ctx, res, &book, list, n);
	commission_book_end(&book);
	return err;
}

const struct route commission_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/commission/statement", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = statement_get,
	 .doc = "Commission of a person (person=id, else who asks) in a period (period=month, quarter or year; on=a day in it), line by line; offset, limit"},
	{.method = METHOD_GET, .pattern = "/api/v1/commission/overview", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = overview_get,
	 .doc = "Commission of all whom one may see in a period, the highest first, beside the period before; for who may close it with what is amiss"},
	{.method = METHOD_GET, .pattern = "/api/v1/commission/export", .lane = LANE_HEAVY, .work = WORK_EXPORT, .door = DOOR_SIGNED_IN, .handle = commission_export_get,
	 .doc = "The lines of a person's statement, or of all, as csv or xlsx (format); person, period, on as for the statement"},
	{.method = METHOD_POST, .pattern = "/api/v1/commission/close", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = commission_close_post, .specs = commission_close_specs,
	 .doc = "Closes a period that is over: its lines are written once and for all, if they are still those that were looked at (digest)"},
	{.method = METHOD_POST, .pattern = "/api/v1/commission_statement/*/pay", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = commission_pay_post, .specs = commission_pay_specs,
	 .doc = "Marks a statement of a closed period as paid"},
	{.method = METHOD_PUT, .pattern = "/api/v1/order/*/commission_split", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = commission_split_put, .specs = commission_split_specs,
	 .doc = "Shares of an order's commission, which come to 100; none: all of it is the owner's"},
	{.pattern = NULL},
};
