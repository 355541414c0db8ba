/* The forecast over HTTP, what was taken of it each week, and how right that was. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "deals/forecast.h"

enum { MONTHS = 12, ACCURACY_MONTHS = 6, ACCURACY_MAX = 36 };

static const char *const own_params[] = {"from", "to", "period", "by", "as_of", "months", "order", "limit", "offset", "cursor", NULL};

static const struct {
	const char *word, *field;
} breakdowns[] = {
	{"owner", "owner_id"}, {"team", "team_id"}, {"branch", "branch_id"}, {"pipeline", "pipeline_id"}, {"stage", "stage_id"}, {NULL, NULL},
};

static enum err read_period(struct ctx *ctx, const struct http_request *req, struct forecast_ask *ask)
{
	static const char *const names[] = {[FORECAST_MONTH] = "month", [FORECAST_QUARTER] = "quarter", [FORECAST_YEAR] = "year"};
	const char *text = http_query(ctx, req, "period", 0), *by = http_query(ctx, req, "by", 0);
	size_t at = 0;
	ask->period = FORECAST_MONTH;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (str_equal(text, names[i]))
			ask->period = (enum forecast_period)i;
	}
	if (text != NULL && !str_equal(text, names[ask->period]))
		return fail(ctx, ERR_INVALID, "period", "forecast_period");
	if (by == NULL || str_equal(by, "none"))
		return OK;
	while (breakdowns[at].word != NULL && !str_equal(by, breakdowns[at].word))
		at++;
	ask->by = breakdowns[at].field;
	return ask->by != NULL ? OK : fail(ctx, ERR_INVALID, "by", "forecast_by");
}

static enum err read_month(struct ctx *ctx, const struct http_request *req, const char *name, int otherwise, int *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	*ret = otherwise;
	return text == NULL || forecast_month_parse(text, ret) ? OK : fail(ctx, ERR_INVALID, name, "forecast_month");
}

/* Nothing said: the firm's year that is running. */
static enum err read_range(struct ctx *ctx, const struct http_request *req, struct forecast_ask *ask)
{
	struct forecast_ask year = {.period = FORECAST_YEAR, .fiscal_month = ask->fiscal_month};
	const char *then = http_query(ctx, req, "as_of", 0), *today;
	char month[DEAL_MONTH_BYTES];
	int now = 0;
	if (then != NULL && (!time_parse(then, &ask->as_of) || ask->as_of <= 0))
		return fail(ctx, ERR_INVALID, "as_of", "forecast_moment");
	enum err err = deal_day(ctx, ask->as_of != 0 ? ask->as_of : ctx_now(ctx), &today);
	if (err != OK)
		return err;
	snprintf(month, sizeof(month), "%.7s", today);
	if (!forecast_month_parse(month, &now))
		return fail(ctx, ERR_INVALID, "as_of", "forecast_moment");
	int first = forecast_period_first(&year, now);
	err = read_month(ctx, req, "from", first, &ask->from);
	if (err == OK)
		err = read_month(ctx, req, "to", ask->from > first ? ask->from + MONTHS - 1 : first + MONTHS - 1, &ask->to);
	if (err != OK)
		return err;
	/* whole periods: half a quarter would be told as one */
	ask->from = forecast_period_first(ask, ask->from);
	ask->to = forecast_period_first(ask, ask->to) + forecast_period_months(ask->period) - 1;
	return ask->to < ask->from || ask->to - ask->from >= FORECAST_MONTHS_MAX ? fail(ctx, ERR_INVALID, "to", "forecast_range") : OK;
}

static void put_money(struct ctx *ctx, struct jsonw *w, const char *key, int64_t value)
{
	jsonw_key(w, key);
	jsonw_decimal(w, value, currency_scale(registry_base_currency(ctx->registry)));
}

static void put_sums(struct ctx *ctx, struct jsonw *w, const struct forecast_sums *s)
{
	put_money(ctx, w, "won", s->won);
	put_money(ctx, w, "committed", s->won + s->commit);
	put_money(ctx, w, "best_case", s->won + s->commit + s->best);
	put_money(ctx, w, "weighted", s->won + s->weighted);
	put_money(ctx, w, "open", s->commit + s->best + s->pipeline);
	put_money(ctx, w, "slipped", s->slipped);
	put_money(ctx, w, "omitted", s->omitted);
	jsonw_kv_int(w, "won_count", s->n_won);
	jsonw_kv_int(w, "open_count", s->n_open);
	jsonw_kv_int(w, "slipped_count", s->n_slipped);
	jsonw_kv_int(w, "without_amount", s->n_unvalued);
}

/* Who a group is: names are shown wherever a link that one may read leads to them. */
static enum err put_group(struct ctx *ctx, struct jsonw *w, const struct forecast_ask *ask, int64_t id)
{
	const struct entity_info *deal = registry_find(ctx->registry, "opportunity"), *target = entity_link(deal, entity_field(deal, ask->by));
	struct record *record;
	if (id == 0) {
		jsonw_kv_text(w, "id", NULL);
		jsonw_kv_text(w, "name", NULL);
		return OK;
	}
	enum err err = record_load(ctx, target, id, &record);
	if (err != OK && err != ERR_NOT_FOUND)
		return err;
	if (err == ERR_NOT_FOUND)
		faults_clear(ctx);
	const char *zh = ctx->locale != LOCALE_EN && err == OK && entity_field(target, "name_zh") >= 0 ? record_text(record, "name_zh") : NULL;
	jsonw_kv_id(w, "id", id);
	jsonw_kv_text(w, "name", err != OK ? NULL : zh != NULL ? zh : record_text(record, "name"));
	return OK;
}

static void put_period(struct jsonw *w, const struct forecast_ask *ask, int first)
{
	char name[FORECAST_KEY_MAX + 4], month[FORECAST_KEY_MAX + 4];
	struct forecast_ask months = {.period = FORECAST_MONTH, .fiscal_month = 1};
	forecast_period_name(ask, first, name);
	jsonw_kv_text(w, "period", name);
	forecast_period_name(&months, first, month);
	jsonw_kv_text(w, "from", month);
	forecast_period_name(&months, first + forecast_period_months(ask->period) - 1, month);
	jsonw_kv_text(w, "to", month);
}

/* One row a period, whether there is something in it or not; or those that there are, told apart. */
static enum err put_rows(struct ctx *ctx, struct jsonw *w, const struct forecast_ask *ask, const struct forecast *forecast)
{
	static const struct forecast_sums none;
	enum err err = OK;
	size_t at = 0;
	jsonw_key(w, "rows");
	jsonw_array(w);
	for (int first = ask->from; err == OK && first <= ask->to; first += forecast_period_months(ask->period)) {
		bool any = false;
		for (; err == OK && at < forecast->n && forecast->cells[at].month == first; at++) {
			any = true;
			jsonw_object(w);
			put_period(w, ask, first);
			if (ask->by != NULL)
				err = put_group(ctx, w, ask, forecast->cells[at].id);
			put_sums(ctx, w, &forecast->cells[at].sums);
			jsonw_end_object(w);
		}
		if (!any && ask->by == NULL) {
			jsonw_object(w);
			put_period(w, ask, first);
			put_sums(ctx, w, &none);
			jsonw_end_object(w);
		}
	}
	jsonw_end_array(w);
	return err;
}

/* What has no date is in no period, and yet not forgotten. */
static void put_undated(struct ctx *ctx, struct jsonw *w, const struct forecast *forecast)
{
	struct forecast_sums sums = {0};
	for (size_t i = 0; i < forecast->n; i++) {
		if (forecast->cells[i].month >= 0)
			continue;
		sums.commit += forecast->cells[i].sums.commit + forecast->cells[i].sums.best + forecast->cells[i].sums.pipeline;
		sums.n_open += forecast->cells[i].sums.n_open;
	}
	jsonw_key(w, "undated");
	jsonw_object(w);
	put_money(ctx, w, "open", sums.commit);
	jsonw_kv_int(w, "open_count", sums.n_open);
	jsonw_end_object(w);
}

enum err deal_forecast_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct forecast_ask ask = {.filter = req->query, .ignore = own_params, .fiscal_month = 1 + (int)setting_int(ctx, &deals_settings[DEAL_FISCAL_MONTH])};
	struct forecast forecast;
	struct jsonw w;
	enum err err = read_period(ctx, req, &ask);
	if (err == OK)
		err = read_range(ctx, req, &ask);
	if (err == OK)
		err = forecast_make(ctx, &ask, &forecast);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "currency", registry_base_currency(ctx->registry));
	jsonw_kv_text(&w, "today", forecast.today);
	jsonw_key(&w, "total");
	jsonw_object(&w);
	put_sums(ctx, &w, &forecast.total);
	jsonw_end_object(&w);
	put_undated(ctx, &w, &forecast);
	err = put_rows(ctx, &w, &ask, &forecast);
	jsonw_end_object(&w);
	return err;
}

/* --- how right it was ---------------------------------------------------------------------- */

struct accuracy {
	struct ctx *ctx;
	struct jsonw *w;
	const struct forecast *won;
	int month; /* whose list is open; -1: none */
};

static int64_t won_in(const struct forecast *forecast, int month)
{
	for (size_t i = 0; i < forecast->n; i++)
		if (forecast->cells[i].month == month)
			return forecast->cells[i].sums.won;
	return 0;
}

static void end_month(struct accuracy *a)
{
	if (a->month < 0)
		return;
	jsonw_end_array(a->w);
	jsonw_end_object(a->w);
}

static enum err put_snapshot(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct accuracy *a = arg;
	int month;
	if (row->values[0].kind != VALUE_TEXT || row->values[1].kind != VALUE_TEXT || !forecast_month_parse(row->values[0].t.p, &month))
		return OK;
	if (month != a->month) {
		end_month(a);
		a->month = month;
		jsonw_object(a->w);
		jsonw_kv_text(a->w, "month", row->values[0].t.p);
		put_money(ctx, a->w, "won", won_in(a->won, month));
		jsonw_key(a->w, "snapshots");
		jsonw_array(a->w);
	}
	jsonw_object(a->w);
	jsonw_kv_text(a->w, "taken_on", row->values[1].t.p);
	put_money(ctx, a->w, "won", row->values[2].kind == VALUE_INT ? row->values[2].i : 0);
	put_money(ctx, a->w, "committed", row->values[3].kind == VALUE_INT ? row->values[3].i : 0);
	put_money(ctx, a->w, "best_case", row->values[4].kind == VALUE_INT ? row->values[4].i : 0);
	put_money(ctx, a->w, "weighted", row->values[5].kind == VALUE_INT ? row->values[5].i : 0);
	jsonw_end_object(a->w);
	return OK;
}

static enum err put_accuracy(struct ctx *ctx, struct jsonw *w, const struct forecast_ask *ask, const struct forecast *won)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct accuracy a = {.ctx = ctx, .w = w, .won = won, .month = -1};
	const char *raw = arena_printf(ctx->arena,
		"select=month,taken_on,won.sum(),committed.sum(),best_case.sum(),weighted.sum()&month=gte.%04d-%02d&month=lte.%04d-%02d&order=month,taken_on",
		ask->from / MONTHS, ask->from % MONTHS + 1, ask->to / MONTHS, ask->to % MONTHS + 1);
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, registry_find(ctx->registry, "forecast_snapshot"), raw, &options, &query);
	if (err == OK)
		err = query_run(ctx, query, put_snapshot, &a);
	end_month(&a);
	return err;
}

enum err deal_accuracy_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct forecast_ask ask = {.filter = "", .fiscal_month = 1, .period = FORECAST_MONTH};
	struct forecast won;
	struct jsonw w;
	const char *text = http_query(ctx, req, "months", 0), *today;
	int64_t months = ACCURACY_MONTHS;
	char month[DEAL_MONTH_BYTES];
	if (text != NULL && (!str_to_i64(text, &months) || months < 1 || months > ACCURACY_MAX))
		return fail(ctx, ERR_INVALID, "months", "forecast_range");
	enum err err = deal_day(ctx, ctx_now(ctx), &today);
	if (err != OK)
		return err;
	snprintf(month, sizeof(month), "%.7s", today);
	if (!forecast_month_parse(month, &ask.to))
		return fail(ctx, ERR_BUG, "", "today");
	ask.from = ask.to - (int)months + 1;
	err = forecast_make(ctx, &ask, &won);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "currency", registry_base_currency(ctx->registry));
	jsonw_key(&w, "months");
	jsonw_array(&w);
	err = put_accuracy(ctx, &w, &ask, &won);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}
