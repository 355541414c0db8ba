/* guanxi model churn: of a table with an outcome; of transactions: churn_purchases.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model_cli/churn.h"
#include "model_cli/model.h"

enum part { LEARN, TEST, DROP };

struct table_form {
	struct cli *cli;
	struct frame frame;
	uint8_t *part; /* by row */
	double share, seed;
	bool by_time, dates;
	double from; /* the first time of the test */
};

static enum err no_memory(const struct table_form *t)
{
	return fail(t->cli->ctx, ERR_LIMIT, "", "memory");
}

/* --- out of time -------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;
	return (p > q) - (p < q);
}

/* The time of each row: numbers as they are, else days; NaN where the cell is empty. */
static enum err read_times(struct table_form *t, int column, double *time)
{
	struct sheet *sheet = &t->frame.sheet;
	const int32_t *code = sheet->columns[column].code;
	double *numbers;
	int32_t *days = NULL;
	const char *other;
	enum err err = sheet_numbers(sheet, column, &numbers, &other);
	t->dates = err == OK && other != NULL;
	if (t->dates)
		err = sheet_days(sheet, column, command_value(t->cli, "date-order"), &days);
	for (size_t i = 0; err == OK && i < t->frame.n; i++) {
		int32_t at = code[t->frame.row[i]];
		if (t->dates)
			time[i] = days[at] == INT32_MIN ? (double)NAN : days[at];
		else
			time[i] = numbers[at];
	}
	return err;
}

static enum err read_from(struct table_form *t, const double *sorted, size_t n)
{
	const char *said = command_value(t->cli, "test-from");
	int32_t day;
	if (said != NULL && t->dates) {
		enum err err = sheet_one_day(t->cli->ctx, "test-from", said, &day);
		t->from = day;
		return err;
	}
	t->from = n > 0 ? sorted[n - 1 - (size_t)fmin((double)(n - 1), floor((double)n * t->share - 0.5))] : 0;
	return said != NULL ? sheet_option_number(t->cli, "test-from", 0, -1e15, 1e15, &t->from) : OK;
}

/* Who is seen late is tested on; rows of one time stay together. */
static enum err split_by_time(struct table_form *t, int column)
{
	struct ctx *ctx = t->cli->ctx;
	size_t n = 0, learn = 0;
	double *time = arena_array(ctx->arena, t->frame.n + 1, sizeof(*time)), *sorted = arena_array(ctx->arena, t->frame.n + 1, sizeof(*sorted));
	if (time == NULL || sorted == NULL)
		return no_memory(t);
	enum err err = read_times(t, column, time);
	for (size_t i = 0; err == OK && i < t->frame.n; i++) {
		if (!isnan(time[i]))
			sorted[n++] = time[i];
	}
	if (err != OK)
		return err;
	qsort(sorted, n, sizeof(*sorted), by_number);
	err = read_from(t, sorted, n);
	for (size_t i = 0; err == OK && i < t->frame.n; i++) {
		t->part[i] = isnan(time[i]) ? DROP : time[i] >= t->from ? TEST : LEARN;
		learn += t->part[i] == LEARN;
	}
	return err == OK && learn == 0 ? fail_arg(ctx, ERR_INVALID, "", "model_time_same", t->frame.sheet.columns[column].name) : err;
}

/* --- the rows in their order --------------------------------------------------------- */

/* Puts `list` (n elements of `size` bytes) into the new order. */
static enum err reorder(struct table_form *t, const size_t *order, size_t n, void *list, size_t size)
{
	struct arena_mark mark = arena_mark(t->cli->ctx->arena);
	char *copy = arena_array(t->cli->ctx->arena, t->frame.n + 1, size);
	if (copy == NULL)
		return no_memory(t);
	memcpy(copy, list, t->frame.n * size);
	for (size_t i = 0; i < n; i++)
		memcpy((char *)list + i * size, copy + order[i] * size, size);
	arena_rewind(t->cli->ctx->arena, mark);
	return OK;
}

/* The rows to learn from first; those of no part away. */
static enum err put_in_order(struct table_form *t, size_t *ret_learn)
{
	struct frame *f = &t->frame;
	size_t n = 0;
	size_t *order = arena_array(t->cli->ctx->arena, f->n + 1, sizeof(*order));
	if (order == NULL)
		return no_memory(t);
	for (enum part part = LEARN; part <= TEST; part++) {
		for (size_t i = 0; i < f->n; i++) {
			if (t->part[i] == part)
				order[n++] = i;
		}
		if (part == LEARN)
			*ret_learn = n;
	}
	enum err err = reorder(t, order, n, f->row, sizeof(*f->row));
	if (err == OK)
		err = reorder(t, order, n, f->event, sizeof(*f->event));
	for (size_t c = 0; err == OK && c < f->n_columns; c++)
		err = reorder(t, order, n, f->columns[c].number, sizeof(double));
	f->incomplete += f->n - n;
	f->n = n;
	return err;
}

static void write_holdout(struct jsonw *w, const struct table_form *t, size_t learn)
{
	int64_t events = 0, tested = 0;
	for (size_t i = 0; i < t->frame.n; i++)
		*(i < learn ? &events : &tested) += t->frame.event[i];
	jsonw_key(w, "holdout");
	jsonw_object(w);
	jsonw_kv_text(w, "kind", t->by_time ? "out of time" : "seeded split");
	if (t->by_time && t->dates)
		jsonw_kv_text(w, "from", sheet_day_text(t->cli->ctx, (int32_t)t->from));
	else if (t->by_time)
		model_cli_number(w, "from", t->from);
	else
		model_cli_number(w, "seed", t->seed);
	jsonw_kv_int(w, "rows_learnt_from", (int64_t)learn);
	jsonw_kv_int(w, "events_learnt_from", events);
	jsonw_kv_int(w, "rows", (int64_t)(t->frame.n - learn));
	jsonw_kv_int(w, "events", tested);
	jsonw_end_object(w);
}

static enum err find_names(struct table_form *t, struct churn *c)
{
	int column;
	enum err err = sheet_find(&t->frame.sheet, command_value(t->cli, "customer"), NULL, &column);
	if (err != OK || column < 0)
		return err;
	c->name = arena_array(t->cli->ctx->arena, t->frame.n + 1, sizeof(*c->name));
	for (size_t i = 0; c->name != NULL && i < t->frame.n; i++)
		c->name[i] = sheet_text(&t->frame.sheet, column, t->frame.row[i]);
	return c->name != NULL ? OK : no_memory(t);
}

static enum err learn_table(struct table_form *t, struct jsonw *w, double reasons)
{
	struct churn c = {.cli = t->cli, .frame = &t->frame, .refit = true, .reasons = reasons};
	int time;
	enum err err = sheet_find(&t->frame.sheet, command_value(t->cli, "time"), NULL, &time);
	t->part = arena_array(t->cli->ctx->arena, t->frame.n + 1, 1);
	if (err == OK && t->part == NULL)
		err = no_memory(t);
	if (err != OK)
		return err;
	t->by_time = time >= 0;
	if (t->by_time)
		err = split_by_time(t, time);
	else
		model_split(t->frame.event, t->frame.n, t->share, (uint64_t)t->seed, t->part);
	if (err == OK)
		err = put_in_order(t, &c.n_learn);
	if (err == OK)
		err = find_names(t, &c);
	if (err != OK)
		return err;
	jsonw_kv_text(w, "model", "churn");
	jsonw_kv_text(w, "form", "table");
	frame_write(w, &t->frame);
	write_holdout(w, t, c.n_learn);
	return churn_write(&c, w);
}

static enum err of_table(struct cli *cli, struct jsonw *w, double reasons)
{
	static const char *const apart[] = {"time", "customer", NULL};
	struct table_form t = {.cli = cli};
	enum err err = sheet_option_number(cli, "test-share", 0.3, 0.01, 0.99, &t.share);
	if (err == OK)
		err = sheet_option_number(cli, "seed", 1, 0, 1e15, &t.seed);
	if (err != OK)
		return err;
	err = frame_read_apart(cli, true, apart, &t.frame);
	if (err == OK)
		err = learn_table(&t, w, reasons);
	frame_close(&t.frame);
	return err;
}

static enum err churn(struct cli *cli, struct jsonw *w)
{
	double reasons;
	enum err err = sheet_option_number(cli, "reasons", 3, 0, 1e6, &reasons);
	if (err != OK)
		return err;
	return command_value(cli, "target") != NULL ? of_table(cli, w, reasons) : churn_of_purchases(cli, w, reasons);
}

int model_cli_run_churn(struct cli *cli)
{
	return model_cli_run(cli, churn);
}

const struct command_option model_cli_churn_options[] = {
	MODEL_INPUT_OPTIONS,
	{"target", "COLUMN", false, "a table: the outcome (without it the file is one of transactions)"},
	{"event", "VALUE", false, "its value that is the event (as usual 1, yes, true)"},
	{"columns", "A,B,…", false, "what explains it (as usual all others)"},
	{"exclude", "A,B,…", false, "all others but these"},
	{"factors", "A,B,…", false, "numbers that are names of kinds"},
	{"own-rows", NULL, false, "takes rows complete in these columns, not in all of the file"},
	{"time", "COLUMN", false, "tests on the latest rows by this column, not on some drawn by chance"},
	{"test-from", "TIME", false, "the first time to test on (as usual what makes --test-share)"},
	{"test-share", "SHARE", false, "of rows to test on (as usual .3)"},
	{"seed", "N", false, "the same seed draws the same rows (as usual 1)"},
	{"customer", "COLUMN", false, "who it is; in transactions: who bought"},
	{"date", "COLUMN", false, "transactions: when"},
	{"amount", "COLUMN", false, "transactions: for how much; negative ones are returns"},
	{"date-order", "WORD", false, "dmy, mdy or ymd, if the file does not tell"},
	{"calibration-end", "DATE", false, "transactions: as of when everyone is scored (as usual --horizon before the last)"},
	{"horizon", "DAYS", false, "transactions: who buys nothing in so many days has left (as usual 90)"},
	{"customers", NULL, false, "also lists everyone with their chance and its reasons"},
	{"reasons", "N", false, "how many (as usual 3)"},
	{NULL, NULL, false, NULL},
};
