/* Statement of account: what a customer owed, every movement of a span of time, and what is owed at its end, by currency. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "receivables/receivables_internal.h"

enum { MOVES_MAX = 20000, SPAN_DAYS = 90, IDS_AT_ONCE = 500 };

struct move {
	char *day, *currency, *text; /* its own: what is taken of the arena while rows are read is gone afterwards */
	const char *kind;
	int64_t id, amount; /* over zero: owed */
	size_t order;
};

struct statement {
	struct ctx *ctx;
	struct text_zone *clock;
	struct move *list;
	size_t n;
	int64_t *written; /* receivables of which something was written off */
	size_t n_written;
};

static const char *text_at(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_TEXT ? row->values[column].t.p : "";
}

static int64_t number_at(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_INT ? row->values[column].i : 0;
}

static enum err add(struct statement *s, const char *day, const char *kind, const char *currency, const char *text, int64_t id, int64_t amount)
{
	if (s->n >= MOVES_MAX)
		return fail(s->ctx, ERR_LIMIT, "", "ageing_many");
	struct move *m = &s->list[s->n];
	*m = (struct move){.day = strdup(day), .currency = strdup(currency), .text = strdup(text), .kind = kind, .id = id, .amount = amount, .order = s->n};
	s->n++;
	return m->day != NULL && m->currency != NULL && m->text != NULL ? OK : fail(s->ctx, ERR_LIMIT, "", "memory");
}

static enum err add_owed(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct statement *s = arg;
	(void)ctx;
	if (number_at(row, 5) > 0 && s->n_written < MOVES_MAX)
		s->written[s->n_written++] = number_at(row, 0);
	return add(s, text_at(row, 1), "owed", text_at(row, 2), text_at(row, 3), number_at(row, 0), number_at(row, 4));
}

static enum err add_receipt(struct ctx *ctx, const struct query_row *row, void *arg)
{
	bool refund = str_equal(text_at(row, 5), "refund");
	(void)ctx;
	return add(arg, text_at(row, 1), refund ? "refund" : "receipt", text_at(row, 2), text_at(row, 3), number_at(row, 0),
	           refund ? number_at(row, 4) : -number_at(row, 4));
}

static enum err add_off(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct statement *s = arg;
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = receivables_day_at(ctx, s->clock, number_at(row, 1), day);
	return err == OK ? add(s, day, "written_off", text_at(row, 2), text_at(row, 3), number_at(row, 0), -number_at(row, 4)) : err;
}

static enum err ask(struct ctx *ctx, const struct entity *entity, const char *raw, query_row_fn fn, struct statement *s)
{
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct query *query;
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, registry_find(ctx->registry, entity->name), raw, &options, &query);
	return err == OK ? query_run(ctx, query, fn, s) : err;
}

/* Decided until the end of that day, by the firm's clock. */
static enum err ask_written(struct ctx *ctx, struct statement *s, const char *to)
{
	char next[RECEIVABLES_DAY_BYTES], until[TIME_TEXT_MAX];
	int64_t at = 0;
	enum err err = receivables_day_after(ctx, to, 1, next);
	if (err == OK)
		err = receivables_moment(ctx, next, 0, &at);
	if (err == OK)
		err = receivables_clock(ctx, &s->clock);
	time_format(at, until);
	for (size_t i = 0; err == OK && i < s->n_written; i += IDS_AT_ONCE) {
		struct buf list;
		buf_init(&list, 0);
		for (size_t k = i; k < s->n_written && k < i + IDS_AT_ONCE; k++)
			buf_printf(&list, "%s%lld", k > i ? "," : "", (long long)s->written[k]);
		const char *raw = !buf_failed(&list) ? arena_printf(ctx->arena,
			"receivable_id=in.(%s)&state=eq.approved&decided_at=lt.%s&select=id,decided_at,currency,reason,amount", buf_text(&list), until) : NULL;
		buf_release(&list);
		err = ask(ctx, &write_off_entity, raw, add_off, s);
	}
	return err;
}

static enum err gather(struct ctx *ctx, struct statement *s, int64_t customer, const char *to)
{
	enum err err = ask(ctx, &receivable_entity,
		arena_printf(ctx->arena, "customer_id=eq.%lld&state=neq.cancelled&booked_on=lte.%s&select=id,booked_on,currency,title,amount,written_off&order=booked_on",
			(long long)customer, to), add_owed, s);
	if (err == OK)
		err = ask(ctx, &receipt_entity,
			arena_printf(ctx->arena, "customer_id=eq.%lld&state=eq.received&received_on=lte.%s&select=id,received_on,currency,number,amount,kind&order=received_on",
				(long long)customer, to), add_receipt, s);
	return err == OK ? ask_written(ctx, s, to) : err;
}

static int by_currency_and_day(const void *a, const void *b)
{
	const struct move *x = a, *y = b;
	int order = strcmp(x->currency, y->currency);
	if (order == 0)
		order = strcmp(x->day, y->day);
	return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static void put_amount(struct jsonw *w, const char *key, int64_t value, const char *currency)
{
	jsonw_key(w, key);
	jsonw_decimal(w, value, currency_scale(currency));
}

/* One currency, from list[*at] on. */
static void put_account(struct jsonw *w, const struct statement *s, size_t *at, const char *from)
{
	const char *currency = s->list[*at].currency;
	int64_t balance = 0, owed = 0, paid = 0;
	jsonw_object(w);
	jsonw_kv_text(w, "currency", currency);
	for (; *at < s->n && str_equal(s->list[*at].currency, currency) && strcmp(s->list[*at].day, from) < 0; (*at)++)
		balance += s->list[*at].amount;
	put_amount(w, "before", balance, currency);
	jsonw_key(w, "moves");
	jsonw_array(w);
	for (; *at < s->n && str_equal(s->list[*at].currency, currency); (*at)++) {
		const struct move *m = &s->list[*at];
		balance += m->amount;
		owed += m->amount > 0 ? m->amount : 0;
		paid += m->amount < 0 ? -m->amount : 0;
		jsonw_object(w);
		jsonw_kv_id(w, "id", m->id);
		jsonw_kv_text(w, "day", m->day);
		jsonw_kv_text(w, "kind", m->kind);
		jsonw_kv_text(w, "text", m->text);
		put_amount(w, "amount", m->amount, currency);
		put_amount(w, "balance", balance, currency);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	put_amount(w, "owed", owed, currency);
	put_amount(w, "paid", paid, currency);
	put_amount(w, "after", balance, currency);
	jsonw_end_object(w);
}

static enum err read_span(struct ctx *ctx, const struct http_request *req, const char **from, const char **to)
{
	char today[RECEIVABLES_DAY_BYTES], first[RECEIVABLES_DAY_BYTES];
	*from = http_query(ctx, req, "from", 0);
	*to = http_query(ctx, req, "to", 0);
	if ((*from != NULL && !date_valid(*from)) || (*to != NULL && !date_valid(*to)))
		return fail(ctx, ERR_INVALID, "from", "statement_range");
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK && *to == NULL)
		*to = arena_strdup(ctx->arena, today);
	if (err == OK && *from == NULL && *to != NULL) {
		err = receivables_day_after(ctx, *to, -SPAN_DAYS, first);
		*from = arena_strdup(ctx->arena, first);
	}
	if (err == OK && (*from == NULL || *to == NULL))
		return fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK && strcmp(*from, *to) > 0 ? fail(ctx, ERR_INVALID, "to", "statement_range") : err;
}

static bool sees_amounts(struct ctx *ctx)
{
	static const struct entity *const asked[] = {&receivable_entity, &receipt_entity, &write_off_entity};
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const struct entity_info *info = registry_find(ctx->registry, asked[i]->name);
		if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE || entity_field_right(ctx->actor, info, entity_field(info, "amount")) < RIGHT_READ)
			return false;
	}
	return true;
}

static void release(struct statement *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].day);
		free(s->list[i].currency);
		free(s->list[i].text);
	}
	text_zone_free(s->clock);
}

static void answer(struct http_response *res, struct statement *s, const char *name, const char *from, const char *to)
{
	struct jsonw w;
	qsort(s->list, s->n, sizeof(*s->list), by_currency_and_day);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "customer", name);
	jsonw_kv_text(&w, "from", from);
	jsonw_kv_text(&w, "to", to);
	jsonw_key(&w, "accounts");
	jsonw_array(&w);
	for (size_t at = 0; at < s->n;)
		put_account(&w, s, &at, from);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
}

enum err receivables_statement_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *customers = registry_find(ctx->registry, "customer");
	struct statement s = {.ctx = ctx};
	struct record *customer;
	const char *from, *to, *text = http_query(ctx, req, "customer_id", 0);
	int64_t id;
	if (!sees_amounts(ctx))
		return fail(ctx, ERR_FORBIDDEN, "", "ageing_hidden");
	if (!id_parse(text, &id))
		return fail(ctx, ERR_INVALID, "customer_id", "statement_customer");
	enum err err = record_get(ctx, customers, id, ACTION_READ, &customer);
	if (err == OK)
		err = read_span(ctx, req, &from, &to);
	if (err != OK)
		return err;
	s.list = arena_array(ctx->arena, MOVES_MAX, sizeof(*s.list));
	s.written = arena_array(ctx->arena, MOVES_MAX, sizeof(*s.written));
	err = s.list != NULL && s.written != NULL ? gather(ctx, &s, id, to) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		answer(res, &s, record_text(customer, "name"), from, to);
	release(&s);
	return err;
}
