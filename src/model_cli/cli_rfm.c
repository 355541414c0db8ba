/* guanxi model rfm: recency, frequency, money on a day, by shop if asked, and how customers have moved from one day to another. */
#include <math.h>
#include <string.h>

#include "model_cli/frame.h"
#include "model_cli/model.h"
#include "model_cli/purchases.h"

/* Customers (of a shop) as they stood at the end of a day, by group and customer. */
struct view {
	int32_t day;
	size_t n;
	int32_t *customer, *group;
	double *last, *count, *money, *days;
	uint8_t *r, *f, *m;
};

struct rfm {
	struct cli *cli;
	struct purchase_events in;
	bool nested;
	double parts;
};

static enum err no_memory(const struct rfm *t)
{
	return fail(t->cli->ctx, ERR_LIMIT, "", "memory");
}

static int cell_of(const struct view *v, size_t i)
{
	return v->r[i] * 100 + v->f[i] * 10 + v->m[i];
}

/* --- customers of a day ------------------------------------------------------------- */

static enum err make_room(const struct rfm *t, struct view *v)
{
	struct arena *arena = t->cli->ctx->arena;
	size_t n = 1;
	for (size_t i = 0; i < t->in.n; i++)
		n += i == 0 || t->in.event[i].customer != t->in.event[i - 1].customer || t->in.event[i].group != t->in.event[i - 1].group;
	double **lists[] = {&v->last, &v->count, &v->money, &v->days};
	uint8_t **scores[] = {&v->r, &v->f, &v->m};
	for (int i = 0; i < 4; i++)
		*lists[i] = arena_array(arena, n, sizeof(double));
	for (int i = 0; i < 3; i++)
		*scores[i] = arena_array(arena, n, 1);
	v->customer = arena_array(arena, n, sizeof(int32_t));
	v->group = arena_array(arena, n, sizeof(int32_t));
	return arena->failed ? no_memory(t) : OK;
}

static void add_event(struct view *v, const struct purchase_event *e)
{
	bool known = v->n > 0 && v->customer[v->n - 1] == e->customer && v->group[v->n - 1] == e->group;
	size_t at = known ? v->n - 1 : v->n++;
	v->customer[at] = e->customer;
	v->group[at] = e->group;
	v->count[at] += !known || v->last[at] != e->day;
	v->last[at] = e->day;
	v->money[at] += e->amount;
	v->days[at] = v->day - e->day;
}

static void move(struct view *v, size_t to, size_t from)
{
	v->customer[to] = v->customer[from];
	v->group[to] = v->group[from];
	v->last[to] = v->last[from];
	v->count[to] = v->count[from];
	v->money[to] = v->money[from];
	v->days[to] = v->days[from];
}

static size_t end_of_group(const struct view *v, size_t from)
{
	size_t to = from;
	while (to < v->n && v->group[to] == v->group[from])
		to++;
	return to;
}

/* A shop with fewer customers than parts has no parts: it is not scored. */
static void drop_small(const struct rfm *t, struct view *v)
{
	size_t kept = 0;
	for (size_t from = 0, to; from < v->n; from = to) {
		to = end_of_group(v, from);
		for (size_t i = from; (double)(to - from) >= t->parts && i < to; i++)
			move(v, kept++, i);
	}
	v->n = kept;
}

static enum err view_day(const struct rfm *t, int32_t day, struct view *v)
{
	*v = (struct view){.day = day};
	enum err err = make_room(t, v);
	if (err != OK)
		return err;
	for (size_t i = 0; i < t->in.n; i++) {
		if (t->in.event[i].day <= day)
			add_event(v, &t->in.event[i]);
	}
	if (v->n == 0)
		return fail_arg(t->cli->ctx, ERR_INVALID, sheet_day_text(t->cli->ctx, day), "model_no_rows", "");
	if (t->in.group != NULL)
		drop_small(t, v);
	struct model_rfm data = {v->last, v->count, v->money, v->group, v->n, (int)t->parts, t->nested};
	return model_rfm(t->cli->ctx, &data, v->r, v->f, v->m);
}

/* --- what is written ------------------------------------------------------------------ */

struct range {
	const struct view *v;
	size_t from, to;
	int parts;
};

static void write_bounds(struct jsonw *w, const char *key, const double *measure, const uint8_t *score, const struct range *range)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (int part = range->parts; part >= 1; part--) {
		double least = INFINITY, most = -INFINITY;
		int64_t count = 0;
		for (size_t i = range->from; i < range->to; i++) {
			if (score[i] != part)
				continue;
			count++;
			least = fmin(least, measure[i]);
			most = fmax(most, measure[i]);
		}
		jsonw_object(w);
		jsonw_kv_int(w, "score", part);
		jsonw_kv_int(w, "customers", count);
		model_cli_number(w, "from", least);
		model_cli_number(w, "to", most);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

enum { CELLS = 1000 };

static void write_cells(struct jsonw *w, const struct range *range)
{
	int64_t count[CELLS] = {0};
	double money[CELLS] = {0};
	for (size_t i = range->from; i < range->to; i++) {
		count[cell_of(range->v, i)]++;
		money[cell_of(range->v, i)] += range->v->money[i];
	}
	jsonw_key(w, "cells");
	jsonw_array(w);
	for (int cell = CELLS - 1; cell >= 0; cell--) {
		if (count[cell] == 0)
			continue;
		jsonw_object(w);
		jsonw_kv_int(w, "cell", cell);
		jsonw_kv_int(w, "customers", count[cell]);
		model_cli_number(w, "money", money[cell]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_range(struct jsonw *w, const struct range *range)
{
	const struct view *v = range->v;
	write_bounds(w, "recency_days", v->days, v->r, range);
	write_bounds(w, "frequency", v->count, v->f, range);
	write_bounds(w, "money", v->money, v->m, range);
	write_cells(w, range);
}

static void write_groups(struct jsonw *w, const struct rfm *t, const struct view *v)
{
	uint8_t scored[FRAME_LEVELS_MAX] = {0};
	jsonw_key(w, "groups");
	jsonw_array(w);
	for (size_t from = 0, to; from < v->n; from = to) {
		to = end_of_group(v, from);
		scored[v->group[from]] = 1;
		jsonw_object(w);
		jsonw_kv_text(w, "group", t->in.group[v->group[from]]);
		jsonw_kv_int(w, "customers", (int64_t)(to - from));
		write_range(w, &(struct range){v, from, to, (int)t->parts});
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_key(w, "groups_too_small");
	jsonw_array(w);
	for (size_t g = 0; g < t->in.n_groups; g++) {
		if (!scored[g] && !sheet_is_missing(t->in.group[g]))
			jsonw_text(w, t->in.group[g]);
	}
	jsonw_end_array(w);
}

static void write_who(struct jsonw *w, const struct rfm *t, const struct view *v, size_t i)
{
	jsonw_kv_text(w, "customer", t->in.customer[v->customer[i]]);
	if (t->in.group != NULL)
		jsonw_kv_text(w, "group", t->in.group[v->group[i]]);
}

static void write_scores(struct jsonw *w, const struct rfm *t, const struct view *v)
{
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < v->n; i++) {
		jsonw_object(w);
		write_who(w, t, v, i);
		model_cli_number(w, "days_since_last", v->days[i]);
		model_cli_number(w, "purchases", v->count[i]);
		model_cli_number(w, "money", v->money[i]);
		jsonw_kv_int(w, "r", v->r[i]);
		jsonw_kv_int(w, "f", v->f[i]);
		jsonw_kv_int(w, "m", v->m[i]);
		jsonw_kv_int(w, "cell", cell_of(v, i));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_head(struct jsonw *w, const struct rfm *t, const struct view *v)
{
	jsonw_kv_text(w, "model", "rfm");
	jsonw_kv_text(w, "as_of", sheet_day_text(t->cli->ctx, v->day));
	jsonw_kv_text(w, "method", t->nested ? "nested" : "independent");
	jsonw_kv_int(w, "customers", (int64_t)v->n);
	jsonw_kv_int(w, "rows", t->in.rows);
	jsonw_kv_int(w, "rows_unreadable", t->in.broken);
	jsonw_kv_int(w, "rows_without_customer", t->in.no_customer);
	jsonw_kv_int(w, "rows_without_date", t->in.no_date);
	jsonw_kv_int(w, "rows_of_returns", t->in.returns);
	if (t->in.group != NULL)
		jsonw_kv_int(w, "rows_without_group", t->in.no_group);
}

/* --- migration -------------------------------------------------------------------------- */

/* For each customer of the later day the place in the earlier view; -1: none then. Nobody is lost: who has bought stays a customer. */
static enum err match(const struct rfm *t, const struct view *before, const struct view *after, int64_t **ret)
{
	size_t at = 0;
	*ret = arena_array(t->cli->ctx->arena, after->n + 1, sizeof(**ret));
	if (*ret == NULL)
		return no_memory(t);
	for (size_t i = 0; i < after->n; i++) {
		while (at < before->n && (before->group[at] < after->group[i] || (before->group[at] == after->group[i] && before->customer[at] < after->customer[i])))
			at++;
		bool same = at < before->n && before->group[at] == after->group[i] && before->customer[at] == after->customer[i];
		(*ret)[i] = same ? (int64_t)at : -1;
	}
	return OK;
}

/* How many went from each score to each; from 0: not a customer then. */
static void write_matrix(struct jsonw *w, const char *key, const uint8_t *before, const uint8_t *after, const int64_t *place, size_t n, int parts)
{
	int64_t count[10][10] = {{0}}, all[10] = {0}, up = 0, down = 0;
	for (size_t i = 0; i < n; i++) {
		int was = place[i] >= 0 ? before[place[i]] : 0;
		count[was][after[i]]++;
		all[was]++;
		up += was > 0 && after[i] > was;
		down += was > after[i];
	}
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_kv_int(w, "up", up);
	jsonw_kv_int(w, "down", down);
	jsonw_kv_int(w, "same", (int64_t)n - all[0] - up - down);
	jsonw_key(w, "matrix");
	jsonw_array(w);
	for (int was = parts; was >= 0; was--) {
		for (int is = parts; is >= 1; is--) {
			jsonw_object(w);
			jsonw_kv_int(w, "from", was);
			jsonw_kv_int(w, "to", is);
			jsonw_kv_int(w, "customers", count[was][is]);
			model_cli_number(w, "share", all[was] > 0 ? (double)count[was][is] / (double)all[was] : (double)NAN);
			jsonw_end_object(w);
		}
	}
	jsonw_end_array(w);
	jsonw_end_object(w);
}

static enum err write_moves(struct jsonw *w, const struct rfm *t, const struct view *before, const struct view *after, const int64_t *place)
{
	int64_t *count = arena_array(t->cli->ctx->arena, (size_t)CELLS * CELLS, sizeof(*count));
	if (count == NULL)
		return no_memory(t);
	for (size_t i = 0; i < after->n; i++)
		count[(place[i] >= 0 ? cell_of(before, (size_t)place[i]) : 0) * CELLS + cell_of(after, i)]++;
	jsonw_key(w, "cells");
	jsonw_array(w);
	for (int at = CELLS * CELLS - 1; at >= 0; at--) {
		if (count[at] == 0)
			continue;
		jsonw_object(w);
		jsonw_kv_int(w, "from", at / CELLS);
		jsonw_kv_int(w, "to", at % CELLS);
		jsonw_kv_int(w, "customers", count[at]);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return OK;
}

static void write_movers(struct jsonw *w, const struct rfm *t, const struct view *before, const struct view *after, const int64_t *place)
{
	jsonw_key(w, "customer_values");
	jsonw_array(w);
	for (size_t i = 0; i < after->n; i++) {
		jsonw_object(w);
		write_who(w, t, after, i);
		jsonw_kv_int(w, "from", place[i] >= 0 ? cell_of(before, (size_t)place[i]) : 0);
		jsonw_kv_int(w, "to", cell_of(after, i));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err migrate(const struct rfm *t, struct jsonw *w, const struct view *before, const struct view *after)
{
	int64_t *place, old = 0;
	enum err err = match(t, before, after, &place);
	if (err != OK)
		return err;
	for (size_t i = 0; i < after->n; i++)
		old += place[i] >= 0;
	write_head(w, t, after);
	jsonw_kv_text(w, "from", sheet_day_text(t->cli->ctx, before->day));
	jsonw_kv_text(w, "to", sheet_day_text(t->cli->ctx, after->day));
	jsonw_kv_int(w, "customers_from", (int64_t)before->n);
	jsonw_kv_int(w, "customers_new", (int64_t)after->n - old);
	write_matrix(w, "recency", before->r, after->r, place, after->n, (int)t->parts);
	write_matrix(w, "frequency", before->f, after->f, place, after->n, (int)t->parts);
	write_matrix(w, "money", before->m, after->m, place, after->n, (int)t->parts);
	err = write_moves(w, t, before, after, place);
	if (err == OK && command_value(t->cli, "customers") != NULL)
		write_movers(w, t, before, after, place);
	return err;
}

/* --- the command ---------------------------------------------------------------------------- */

static enum err read_day(const struct rfm *t, const char *option, int32_t *ret)
{
	const char *said = command_value(t->cli, option);
	return said != NULL ? sheet_one_day(t->cli->ctx, option, said, ret) : OK;
}

static enum err score_days(const struct rfm *t, struct jsonw *w)
{
	struct view before, after;
	bool moves = command_value(t->cli, "from") != NULL;
	int32_t from = 0, day = t->in.last_day;
	enum err err = read_day(t, "from", &from);
	if (err == OK)
		err = read_day(t, moves ? "to" : "calibration-end", &day);
	if (err == OK && moves && from >= day)
		err = fail(t->cli->ctx, ERR_INVALID, "--from", "model_from_to");
	if (err == OK)
		err = view_day(t, day, &after);
	if (err == OK && moves)
		err = view_day(t, from, &before);
	if (err != OK)
		return err;
	if (moves)
		return migrate(t, w, &before, &after);
	write_head(w, t, &after);
	if (t->in.group != NULL)
		write_groups(w, t, &after);
	else
		write_range(w, &(struct range){&after, 0, after.n, (int)t->parts});
	if (command_value(t->cli, "customers") != NULL)
		write_scores(w, t, &after);
	return OK;
}

static enum err rfm(struct cli *cli, struct jsonw *w)
{
	struct rfm t = {.cli = cli, .nested = command_value(cli, "nested") != NULL};
	if (command_value(cli, "to") != NULL && command_value(cli, "from") == NULL)
		return fail(cli->ctx, ERR_INVALID, "--to", "model_from_to");
	enum err err = sheet_option_number(cli, "parts", 5, 2, 9, &t.parts);
	if (err == OK)
		err = purchases_events(cli, true, "by", &t.in);
	if (err == OK && t.in.n_groups > FRAME_LEVELS_MAX) {
		const char *said = arena_printf(cli->ctx->arena, "%s" FAULT_PART "%zu", command_value(cli, "by"), t.in.n_groups);
		err = fail_arg(cli->ctx, ERR_INVALID, "--by", "model_too_many_groups", said != NULL ? said : "");
	}
	return err == OK ? score_days(&t, w) : err;
}

int model_cli_run_rfm(struct cli *cli)
{
	return model_cli_run(cli, rfm);
}

const struct command_option model_cli_rfm_options[] = {
	MODEL_INPUT_OPTIONS,
	{"customer", "COLUMN", false, "who bought: a heading, or the number of the column"},
	{"date", "COLUMN", false, "when; purchases of one day are one purchase"},
	{"amount", "COLUMN", false, "for how much; returns are taken off"},
	{"by", "COLUMN", false, "a shop: its customers are scored among themselves"},
	{"calibration-end", "DATE", false, "scores as of this day (as usual: the last in the file)"},
	{"from", "DATE", false, "how customers have moved since this day"},
	{"to", "DATE", false, "until this one (as usual: the last in the file)"},
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"},
	{"parts", "N", false, "2 to 9 parts of equal size (as usual 5)"},
	{"nested", NULL, false, "frequency within recency, money within both"},
	{"drop-returns", NULL, false, "leaves out rows with a negative amount"},
	{"customers", NULL, false, "also lists every customer"},
	{NULL, NULL, false, NULL},
};
