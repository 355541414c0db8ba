/* guanxi model churn of transactions: what was known on a day, and who bought nothing in the days after it. */
#include <math.h>
#include <string.h>

#include "model_cli/churn.h"
#include "model_cli/model.h"
#include "model_cli/purchases.h"

enum feature { RECENCY, TENURE, PURCHASES, RECENT, EARLIER, OVERDUE, SPEND, RECENT_SPEND, FEATURES };

static const char *const feature_names[FEATURES] = {"recency_days",      "tenure_days", "log_purchases", "recent_purchases",
                                                    "earlier_purchases", "overdue",     "log_spend",     "log_recent_spend"};

struct past {
	struct cli *cli;
	struct purchase_events in;
	int32_t learn_day, score_day, horizon;
	struct frame frame;
	double *column[FEATURES]; /* by row */
	const char **name;
};

/* What was known of a customer at the end of `day`; false: not yet one. Looks at no later row. */
static bool describe(const struct past *t, const struct purchase_event *e, size_t n, int32_t day, double *ret)
{
	int32_t first = INT32_MAX, last = INT32_MIN, seen = INT32_MIN;
	double count = 0, money = 0, recent_money = 0;
	memset(ret, 0, FEATURES * sizeof(*ret));
	for (size_t i = 0; i < n && e[i].day <= day; i++) {
		bool recent = e[i].day > day - t->horizon;
		money += e[i].amount;
		recent_money += recent ? e[i].amount : 0;
		if (e[i].amount < 0 || e[i].day == seen)
			continue; /* a return is no purchase; purchases of a day are one */
		seen = last = e[i].day;
		first = first == INT32_MAX ? e[i].day : first;
		count++;
		ret[RECENT] += recent;
		ret[EARLIER] += !recent && e[i].day > day - 2 * t->horizon;
	}
	if (count == 0)
		return false;
	ret[RECENCY] = day - last;
	ret[TENURE] = day - first;
	ret[PURCHASES] = log(count);
	ret[OVERDUE] = ret[RECENCY] * count / (ret[TENURE] + 1); /* in mean times between purchases */
	ret[SPEND] = log1p(fmax(0, money));
	ret[RECENT_SPEND] = log1p(fmax(0, recent_money));
	return true;
}

static bool stays_away(const struct past *t, const struct purchase_event *e, size_t n, int32_t day)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].day > day && e[i].day <= day + t->horizon && e[i].amount >= 0)
			return false;
	}
	return true;
}

/* A row for everyone who was a customer on that day. */
static void add_rows(struct past *t, int32_t day)
{
	const struct purchase_event *e = t->in.event;
	double features[FEATURES];
	for (size_t from = 0, to; from < t->in.n; from = to) {
		for (to = from; to < t->in.n && e[to].customer == e[from].customer;)
			to++;
		if (!describe(t, e + from, to - from, day, features))
			continue;
		size_t at = t->frame.n++;
		for (int f = 0; f < FEATURES; f++)
			t->column[f][at] = features[f];
		t->name[at] = t->in.customer[e[from].customer];
		t->frame.event[at] = stays_away(t, e + from, to - from, day);
	}
}

/* What is the same everywhere on the day that is learnt from says nothing. */
static bool says_something(const struct past *t, enum feature feature, size_t learn)
{
	for (size_t i = 1; i < learn; i++) {
		if (t->column[feature][i] != t->column[feature][0])
			return true;
	}
	return false;
}

static enum err make_frame(struct past *t, size_t *ret_learn)
{
	struct arena *arena = t->cli->ctx->arena;
	struct frame *f = &t->frame;
	size_t room = 2 * t->in.n_customers + 1;
	for (int i = 0; i < FEATURES; i++)
		t->column[i] = arena_array(arena, room, sizeof(double));
	t->name = arena_array(arena, room, sizeof(*t->name));
	f->event = arena_array(arena, room, 1);
	f->columns = arena_array(arena, FEATURES, sizeof(*f->columns));
	f->left = arena_array(arena, FEATURES, sizeof(*f->left));
	if (arena->failed)
		return fail(t->cli->ctx, ERR_LIMIT, "", "memory");
	add_rows(t, t->learn_day);
	*ret_learn = f->n;
	add_rows(t, t->score_day);
	for (int i = 0; i < FEATURES; i++) {
		if (i >= SPEND && !t->in.amounts)
			continue;
		if (says_something(t, i, *ret_learn))
			f->columns[f->n_columns++] = (struct frame_column){.name = feature_names[i], .number = t->column[i]};
		else
			f->left[f->n_left++] = (struct frame_left){feature_names[i], "constant"};
	}
	f->target = "no purchase within the horizon";
	f->event_value = "yes";
	return f->n_columns > 0 ? OK : fail(t->cli->ctx, ERR_INVALID, "", *ret_learn > 1 ? "model_no_columns" : "model_few_customers");
}

static enum err read_days(struct past *t)
{
	struct ctx *ctx = t->cli->ctx;
	const char *end = command_value(t->cli, "calibration-end");
	double horizon;
	enum err err = sheet_option_number(t->cli, "horizon", 90, 1, 36500, &horizon);
	t->horizon = (int32_t)horizon;
	t->score_day = t->in.last_day - t->horizon;
	if (err == OK && end != NULL)
		err = sheet_one_day(ctx, "calibration-end", end, &t->score_day);
	if (err != OK)
		return err;
	t->learn_day = t->score_day - t->horizon;
	if (t->score_day > t->in.last_day)
		return fail_arg(ctx, ERR_INVALID, "--calibration-end", "model_churn_end", sheet_day_text(ctx, t->in.last_day));
	if (t->learn_day < t->in.first_day)
		return fail_arg(ctx, ERR_INVALID, "--calibration-end", "model_churn_span", sheet_day_text(ctx, t->in.first_day));
	return OK;
}

static void write_days(struct jsonw *w, const struct past *t, size_t learn, bool unknown)
{
	struct ctx *ctx = t->cli->ctx;
	int64_t left = 0, later = 0;
	for (size_t i = 0; i < t->frame.n; i++)
		*(i < learn ? &left : &later) += t->frame.event[i];
	jsonw_kv_text(w, "model", "churn");
	jsonw_kv_text(w, "form", "transactions");
	jsonw_kv_int(w, "rows", t->in.rows);
	jsonw_kv_int(w, "rows_unreadable", t->in.broken);
	jsonw_kv_int(w, "rows_without_customer", t->in.no_customer);
	jsonw_kv_int(w, "rows_without_date", t->in.no_date);
	jsonw_kv_int(w, "rows_of_returns", t->in.returns);
	jsonw_kv_int(w, "customers", (int64_t)(t->frame.n - learn));
	jsonw_kv_text(w, "as_of", sheet_day_text(ctx, t->score_day));
	jsonw_kv_int(w, "horizon_days", t->horizon);
	jsonw_key(w, "holdout");
	jsonw_object(w);
	jsonw_kv_text(w, "kind", unknown ? "none: the purchases end before the horizon does" : "out of time");
	jsonw_kv_text(w, "learnt_as_of", sheet_day_text(ctx, t->learn_day));
	jsonw_kv_int(w, "rows_learnt_from", (int64_t)learn);
	jsonw_kv_int(w, "events_learnt_from", left);
	jsonw_kv_int(w, "rows", unknown ? 0 : (int64_t)(t->frame.n - learn));
	if (!unknown)
		jsonw_kv_int(w, "events", later);
	jsonw_end_object(w);
	jsonw_key(w, "left_out");
	jsonw_array(w);
	for (size_t i = 0; i < t->frame.n_left; i++)
		jsonw_text(w, t->frame.left[i].column);
	jsonw_end_array(w);
}

enum err churn_of_purchases(struct cli *cli, struct jsonw *w, double reasons)
{
	struct past t = {.cli = cli};
	struct churn c = {.cli = cli, .frame = &t.frame, .reasons = reasons};
	enum err err = purchases_events(cli, false, NULL, &t.in);
	if (err == OK)
		err = read_days(&t);
	if (err == OK)
		err = make_frame(&t, &c.n_learn);
	if (err != OK)
		return err;
	c.name = t.name;
	c.unknown = t.score_day + t.horizon > t.in.last_day;
	c.rival = t.column[RECENCY] + c.n_learn;
	c.rival_name = "auc_of_recency_alone";
	write_days(w, &t, c.n_learn, c.unknown);
	return churn_write(&c, w);
}
