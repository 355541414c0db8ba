/* Sums by the query builder, so that rights, filters and engines are those of every list. */
#include "deals/forecast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"

enum { MONTHS = 12 };

/* --- periods --------------------------------------------------------------------------- */

bool forecast_month_parse(const char *text, int *ret)
{
	char day[DEAL_DAY_BYTES];
	if (text == NULL || strlen(text) != DEAL_MONTH_BYTES - 1)
		return false;
	snprintf(day, sizeof(day), "%s-01", text);
	if (!date_valid(day))
		return false;
	*ret = (int)strtol(text, NULL, 10) * MONTHS + (int)strtol(text + 5, NULL, 10) - 1;
	return true;
}

int forecast_period_months(enum forecast_period period)
{
	static const int months[] = {[FORECAST_MONTH] = 1, [FORECAST_QUARTER] = 3, [FORECAST_YEAR] = MONTHS};
	return months[period];
}

int forecast_period_first(const struct forecast_ask *ask, int month)
{
	int n = forecast_period_months(ask->period), since = (month - (ask->fiscal_month - 1)) % MONTHS;
	return month - since % n;
}

void forecast_period_name(const struct forecast_ask *ask, int first, char out[FORECAST_KEY_MAX + 4])
{
	int begins = first - (first - (ask->fiscal_month - 1)) % MONTHS; /* of its year */
	char year[FORECAST_KEY_MAX];
	if (ask->period == FORECAST_MONTH) {
		snprintf(out, FORECAST_KEY_MAX + 4, "%04d-%02d", (first / MONTHS) % 10000, first % MONTHS + 1);
		return;
	}
	if (ask->fiscal_month == 1)
		snprintf(year, sizeof(year), "%04d", (begins / MONTHS) % 10000);
	else
		snprintf(year, sizeof(year), "%04d/%02d", (begins / MONTHS) % 10000, (begins / MONTHS + 1) % 100);
	if (ask->period == FORECAST_YEAR)
		snprintf(out, FORECAST_KEY_MAX + 4, "%s", year);
	else
		snprintf(out, FORECAST_KEY_MAX + 4, "%s-Q%d", year, (first - begins) / 3 % 4 + 1);
}

/* --- adding up ----------------------------------------------------------------------------- */

struct gather {
	const struct forecast_ask *ask;
	struct forecast *forecast;
	struct map places; /* of a cell, by period and id */
	int current;       /* the month that is running */
	bool slipped_only; /* the rows are of the running month, and their day is over */
};

/* Columns of the statements below. */
enum { COL_MONTH, COL_STATE, COL_FORECAST, COL_COUNT, COL_VALUED, COL_AMOUNT, COL_WEIGHTED, COL_BY };

static enum err cell_of(struct ctx *ctx, struct gather *g, int month, int64_t id, struct forecast_cell **ret)
{
	const int64_t key[2] = {month < 0 ? -1 : forecast_period_first(g->ask, month), id};
	int64_t at;
	if (!map_get(&g->places, key, sizeof(key), &at)) {
		at = (int64_t)g->forecast->n;
		if (g->forecast->n >= FORECAST_CELLS_MAX)
			return fail(ctx, ERR_LIMIT, "by", "forecast_too_many");
		if (!map_put(&g->places, key, sizeof(key), at))
			return fail(ctx, ERR_LIMIT, "", "memory");
		g->forecast->cells[g->forecast->n++] = (struct forecast_cell){.month = (int)key[0], .id = id};
	}
	*ret = &g->forecast->cells[at];
	return OK;
}

static int64_t number(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_INT ? row->values[column].i : 0;
}

/* What is open, by what is said of it. */
static void add_open(struct forecast_sums *sums, const struct query_row *row, bool over)
{
	const char *forecast = row->values[COL_FORECAST].kind == VALUE_TEXT ? row->values[COL_FORECAST].t.p : "pipeline";
	int64_t amount = number(row, COL_AMOUNT);
	if (str_equal(forecast, "omitted")) {
		sums->omitted += amount;
		return;
	}
	int64_t *part = str_equal(forecast, "commit") ? &sums->commit : str_equal(forecast, "best") ? &sums->best : &sums->pipeline;
	*part += amount;
	sums->weighted += number(row, COL_WEIGHTED);
	sums->n_open += number(row, COL_COUNT);
	sums->n_unvalued += number(row, COL_COUNT) - number(row, COL_VALUED);
	if (over) {
		sums->slipped += amount;
		sums->n_slipped += number(row, COL_COUNT);
	}
}

static enum err add_row(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct gather *g = arg;
	struct forecast_cell *cell = NULL;
	int month = -1;
	const struct value *text = &row->values[COL_MONTH];
	if (text->kind == VALUE_TEXT && !forecast_month_parse(text->t.p, &month))
		return OK; /* no month of ours */
	enum err err = cell_of(ctx, g, month, g->ask->by != NULL ? number(row, COL_BY) : 0, &cell);
	if (err != OK)
		return err;
	if (g->slipped_only) {
		if (!str_equal(row->values[COL_FORECAST].t.p, "omitted")) {
			cell->sums.slipped += number(row, COL_AMOUNT);
			cell->sums.n_slipped += number(row, COL_COUNT);
		}
	} else if (str_equal(row->values[COL_STATE].t.p, "won")) {
		cell->sums.won += number(row, COL_AMOUNT);
		cell->sums.n_won += number(row, COL_COUNT);
	} else {
		add_open(&cell->sums, row, month >= 0 && month < g->current);
	}
	return OK;
}

static const char *moment(struct ctx *ctx, int64_t at_ms)
{
	char text[TIME_TEXT_MAX];
	time_format(at_ms, text);
	return arena_strdup(ctx->arena, text);
}

static enum err run(struct ctx *ctx, struct gather *g, const char *states, const char *dates)
{
	const struct forecast_ask *ask = g->ask;
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1, .ignore = ask->ignore};
	const char *then = ask->as_of != 0 ? moment(ctx, ask->as_of) : "", *past = "";
	if (then != NULL && *then != '\0')
		past = arena_printf(ctx->arena, "&at=lte.%s&or=(until.is.null,until.gt.%s)", then, then);
	const char *raw = past == NULL || then == NULL ? NULL
	                                              : arena_printf(ctx->arena,
		"%s%s%s&%s%s&select=close_month,state,forecast,n:count(),valued:amount_base.count(),amount:amount_base.sum(),chance:weighted.sum()%s%s", ask->filter,
		str_empty(ask->filter) ? "" : "&", states, dates, past, ask->by != NULL ? "," : "", ask->by != NULL ? ask->by : "");
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	const struct entity_info *info = registry_find(ctx->registry, ask->as_of != 0 ? "opportunity_change" : "opportunity");
	enum err err = query_parse(ctx, info, raw, &options, &query);
	return err == OK ? query_run(ctx, query, add_row, g) : err;
}

static enum err gather(struct ctx *ctx, struct gather *g)
{
	const struct forecast_ask *ask = g->ask;
	const char *today = g->forecast->today;
	const char *range = arena_printf(ctx->arena, "close_month=gte.%04d-%02d&close_month=lte.%04d-%02d", ask->from / MONTHS, ask->from % MONTHS + 1,
	                                 ask->to / MONTHS, ask->to % MONTHS + 1);
	const char *running = arena_printf(ctx->arena, "close_month=eq.%.7s&close_on=lt.%s", today, today);
	if (range == NULL || running == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = run(ctx, g, "state=in.(open,won)", range);
	if (err == OK)
		err = run(ctx, g, "state=eq.open", "close_month=is.null");
	g->slipped_only = true;
	return err == OK && g->current >= ask->from && g->current <= ask->to ? run(ctx, g, "state=eq.open", running) : err;
}

static int by_period_and_size(const void *a, const void *b)
{
	const struct forecast_cell *x = a, *y = b;
	int64_t left = x->sums.won + x->sums.weighted, right = y->sums.won + y->sums.weighted;
	if (x->month != y->month)
		return x->month < 0 ? 1 : y->month < 0 ? -1 : x->month < y->month ? -1 : 1;
	return left != right ? (left < right ? 1 : -1) : (x->id > y->id) - (x->id < y->id);
}

static void add_sums(struct forecast_sums *to, const struct forecast_sums *from)
{
	to->won += from->won;
	to->commit += from->commit;
	to->best += from->best;
	to->pipeline += from->pipeline;
	to->omitted += from->omitted;
	to->weighted += from->weighted;
	to->slipped += from->slipped;
	to->n_won += from->n_won;
	to->n_open += from->n_open;
	to->n_slipped += from->n_slipped;
	to->n_unvalued += from->n_unvalued;
}

/* A sum tells of the amounts in it. */
static enum err may_sum(struct ctx *ctx, const struct forecast_ask *ask)
{
	const struct entity_info *info = registry_find(ctx->registry, ask->as_of != 0 ? "opportunity_change" : "opportunity");
	if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", info->entity->name);
	if (entity_field_right(ctx->actor, info, entity_field(info, "amount_base")) < RIGHT_READ)
		return fail(ctx, ERR_FORBIDDEN, "amount", "forecast_hidden");
	return OK;
}

enum err forecast_make(struct ctx *ctx, const struct forecast_ask *ask, struct forecast *ret)
{
	struct gather g = {.ask = ask, .forecast = ret};
	*ret = (struct forecast){.cells = arena_array(ctx->arena, FORECAST_CELLS_MAX, sizeof(*ret->cells))};
	enum err err = ret->cells != NULL ? may_sum(ctx, ask) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = deal_day(ctx, ask->as_of != 0 ? ask->as_of : ctx_now(ctx), &ret->today);
	if (err != OK)
		return err;
	char month[DEAL_MONTH_BYTES];
	snprintf(month, sizeof(month), "%.7s", ret->today);
	if (!forecast_month_parse(month, &g.current))
		return fail(ctx, ERR_BUG, "", "today");
	map_init(&g.places, 1, 2); /* keys are ours */
	err = gather(ctx, &g);
	map_release(&g.places);
	if (err != OK)
		return err;
	qsort(ret->cells, ret->n, sizeof(*ret->cells), by_period_and_size);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->cells[i].month >= 0)
			add_sums(&ret->total, &ret->cells[i].sums);
	return OK;
}
