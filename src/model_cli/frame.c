#include "model_cli/frame.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

enum err frame_list(struct sheet *sheet, const char *list, int *ret, size_t room, size_t *ret_n)
{
	*ret_n = 0;
	/* a heading with a comma in it is taken whole */
	while (list != NULL && *list != '\0') {
		const char *comma = strchr(list, ',');
		size_t len = comma != NULL ? (size_t)(comma - list) : strlen(list);
		const char *name = str_trim(list, len, &len);
		const char *copy = arena_strndup(sheet->ctx->arena, name, len);
		if (copy == NULL || *ret_n == room)
			return no_memory(sheet->ctx);
		enum err err = len > 0 ? sheet_find(sheet, copy, NULL, &ret[(*ret_n)++]) : OK;
		if (err != OK)
			return err;
		list = comma != NULL ? comma + 1 : NULL;
	}
	return OK;
}

static bool listed(const int *list, size_t n, int column)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == column)
			return true;
	}
	return false;
}

/* --- the columns ---------------------------------------------------------------- */

struct choice {
	int *columns, *excluded, *factors;
	size_t n, n_excluded, n_factors;
	bool named; /* by the caller, one by one */
	int target;
};

/* Columns that options name and no model uses are taken away from those that explain. */
static enum err hold_apart(struct cli *cli, struct sheet *sheet, const char *const *apart, struct choice *c)
{
	for (; apart != NULL && *apart != NULL; apart++) {
		int column;
		size_t kept = 0;
		enum err err = sheet_find(sheet, command_value(cli, *apart), NULL, &column);
		if (err != OK)
			return err;
		for (size_t i = 0; i < c->n; i++) {
			if (c->columns[i] != column)
				c->columns[kept++] = c->columns[i];
		}
		c->n = kept;
	}
	return OK;
}

static enum err read_choice(struct cli *cli, struct sheet *sheet, bool target, const char *const *apart, struct choice *c)
{
	size_t room = sheet->n_columns;
	*c = (struct choice){.target = -1, .named = command_value(cli, "columns") != NULL};
	int **lists[] = {&c->columns, &c->excluded, &c->factors};
	size_t *counts[] = {&c->n, &c->n_excluded, &c->n_factors};
	const char *const options[] = {"columns", "exclude", "factors"};
	enum err err = OK;
	if (target)
		err = sheet_need(sheet, "--target", command_value(cli, "target"), NULL, &c->target);
	for (int i = 0; err == OK && i < 3; i++) {
		*lists[i] = arena_array(cli->ctx->arena, room + 1, sizeof(int));
		err = *lists[i] != NULL ? frame_list(sheet, command_value(cli, options[i]), *lists[i], room, counts[i]) : no_memory(cli->ctx);
	}
	for (size_t i = 0; err == OK && !c->named && i < sheet->n_columns; i++) {
		if ((int)i != c->target && !listed(c->excluded, c->n_excluded, (int)i)) {
			c->columns[c->n++] = (int)i;
			sheet->columns[i].wanted = true;
		}
	}
	if (err == OK)
		err = hold_apart(cli, sheet, apart, c);
	return err == OK && c->n == 0 ? fail(cli->ctx, ERR_INVALID, "", "model_no_columns") : err;
}

/* A column as it is read: numbers by code, or codes as they are. */
struct reading {
	int column;
	bool factor;
	double *numbers;
};

static enum err read_column(struct sheet *sheet, const struct choice *c, int column, struct reading *ret)
{
	const char *other = NULL;
	*ret = (struct reading){.column = column, .factor = listed(c->factors, c->n_factors, column)};
	if (ret->factor)
		return OK;
	enum err err = sheet_numbers(sheet, column, &ret->numbers, &other);
	ret->factor = other != NULL;
	return err;
}

static bool missing(const struct sheet *sheet, const struct reading *r, size_t row)
{
	int32_t code = sheet->columns[r->column].code[row];
	return r->factor ? sheet_is_missing(sheet->columns[r->column].texts[code]) : isnan(r->numbers[code]);
}

/* Whether every row has a text of its own: an identifier. */
static bool is_identifier(const struct sheet *sheet, const struct reading *r)
{
	return r->factor && sheet->n_rows > 20 && sheet->columns[r->column].n_texts == sheet->n_rows;
}

static void leave_out(struct frame *f, const char *column, const char *reason)
{
	f->left[f->n_left++] = (struct frame_left){column, reason};
}

/* --- rows ----------------------------------------------------------------------- */

/* Whether a column that no model uses is empty in most rows: notes, an end date. It does not make rows incomplete. */
static bool mostly_empty(const struct sheet *sheet, const struct reading *r)
{
	size_t empty = 0;
	for (size_t i = 0; i < sheet->n_rows; i++)
		empty += missing(sheet, r, i);
	return empty * 2 > sheet->n_rows;
}

/* The columns of the file that no model uses, but whose gaps make a row incomplete: fits of different columns are compared by
 * deviance or AIC, which needs the same rows. */
static enum err other_columns(struct cli *cli, struct sheet *sheet, const struct choice *c, struct reading *readings, size_t *n)
{
	enum err err = OK;
	if (command_value(cli, "own-rows") != NULL)
		return OK;
	for (size_t i = 0; err == OK && i < sheet->n_columns; i++) {
		if ((int)i == c->target || listed(c->columns, c->n, (int)i))
			continue;
		err = read_column(sheet, c, (int)i, &readings[*n]);
		if (err == OK && !mostly_empty(sheet, &readings[*n]))
			(*n)++;
	}
	return err;
}

static enum err complete_rows(struct frame *f, const struct reading *readings, size_t n, int target)
{
	struct sheet *sheet = &f->sheet;
	f->row = arena_array(sheet->ctx->arena, sheet->n_rows + 1, sizeof(*f->row));
	if (f->row == NULL)
		return no_memory(sheet->ctx);
	for (size_t i = 0; i < sheet->n_rows; i++) {
		bool whole = target < 0 || !sheet_is_missing(sheet_text(sheet, target, i));
		for (size_t k = 0; whole && k < n; k++)
			whole = !missing(sheet, &readings[k], i);
		if (whole)
			f->row[f->n++] = i;
	}
	f->incomplete = sheet->n_rows - f->n;
	return f->n > 0 ? OK : fail(sheet->ctx, ERR_INVALID, "", "model_no_complete_rows");
}

struct level {
	const char *text;
	int32_t code;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct level *)a)->text, ((const struct level *)b)->text);
}

/* Levels that stand in complete rows, in order, and each row's. */
static enum err make_factor(struct frame *f, int column, struct frame_column *ret)
{
	struct ctx *ctx = f->sheet.ctx;
	const struct sheet_column *c = &f->sheet.columns[column];
	struct level *levels = arena_array(ctx->arena, c->n_texts + 1, sizeof(*levels));
	int32_t *place = arena_array(ctx->arena, c->n_texts + 1, sizeof(*place));
	if (levels == NULL || place == NULL)
		return no_memory(ctx);
	for (size_t i = 0; i < f->n; i++) {
		int32_t code = c->code[f->row[i]];
		if (place[code] == 0) {
			place[code] = 1;
			levels[ret->n_levels++] = (struct level){c->texts[code], code};
		}
	}
	qsort(levels, ret->n_levels, sizeof(*levels), by_text);
	ret->level = arena_array(ctx->arena, ret->n_levels + 1, sizeof(*ret->level));
	for (size_t i = 0; ret->level != NULL && i < ret->n_levels; i++) {
		ret->level[i] = levels[i].text;
		place[levels[i].code] = (int32_t)i;
	}
	for (size_t i = 0; i < f->n; i++)
		ret->number[i] = place[c->code[f->row[i]]];
	return ret->level != NULL ? OK : no_memory(ctx);
}

static bool same_everywhere(const double *number, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (number[i] != number[0])
			return false;
	}
	return true;
}

static enum err make_column(struct frame *f, const struct reading *r)
{
	struct ctx *ctx = f->sheet.ctx;
	const struct sheet_column *c = &f->sheet.columns[r->column];
	struct frame_column column = {.name = c->name, .factor = r->factor};
	column.number = arena_array(ctx->arena, f->n + 1, sizeof(*column.number));
	enum err err = column.number != NULL ? OK : no_memory(ctx);
	if (err == OK && r->factor)
		err = make_factor(f, r->column, &column);
	for (size_t i = 0; err == OK && !r->factor && i < f->n; i++)
		column.number[i] = r->numbers[c->code[f->row[i]]];
	if (err != OK)
		return err;
	if (column.n_levels > FRAME_LEVELS_MAX) {
		const char *count = arena_printf(ctx->arena, "%s" FAULT_PART "%zu", c->name, column.n_levels);
		return fail_arg(ctx, ERR_INVALID, "", "model_too_many_levels", count != NULL ? count : "");
	}
	if (same_everywhere(column.number, f->n))
		leave_out(f, c->name, "constant");
	else
		f->columns[f->n_columns++] = column;
	return OK;
}

/* --- the outcome ------------------------------------------------------------------ */

/* Words for yes, of a target that has two values. */
static bool means_yes(const char *text)
{
	static const char *const words[] = {"1", "yes", "true", "y", "t", "是", "bad", "churned"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_equal_nocase(text, words[i]))
			return true;
	}
	return false;
}

static bool same_value(const char *a, const char *b)
{
	char *end_a, *end_b;
	if (str_equal(a, b) || str_equal_nocase(a, b))
		return true;
	double x = strtod(a, &end_a), y = strtod(b, &end_b);
	return *a != '\0' && *b != '\0' && *end_a == '\0' && *end_b == '\0' && x == y;
}

static enum err make_event(struct cli *cli, struct frame *f, int target)
{
	struct ctx *ctx = cli->ctx;
	const struct sheet_column *c = &f->sheet.columns[target];
	const char *said = command_value(cli, "event");
	int64_t hits = 0;
	size_t values = 0;
	for (size_t i = 0; i < c->n_texts; i++) {
		values += !sheet_is_missing(c->texts[i]);
		if (said == NULL && means_yes(c->texts[i]))
			f->event_value = c->texts[i];
	}
	if (said != NULL)
		f->event_value = said;
	if (f->event_value == NULL || (said == NULL && values > 2))
		return fail_arg(ctx, ERR_INVALID, "", "model_which_event", c->name);
	f->target = c->name;
	f->event = arena_array(ctx->arena, f->n + 1, sizeof(*f->event));
	if (f->event == NULL)
		return no_memory(ctx);
	for (size_t i = 0; i < f->n; i++) {
		f->event[i] = same_value(c->texts[c->code[f->row[i]]], f->event_value);
		hits += f->event[i];
	}
	return hits > 0 ? OK : fail_arg(ctx, ERR_INVALID, c->name, "model_no_event", f->event_value);
}

/* The columns that explain, and behind them in `readings` those whose gaps count. */
static enum err read_columns(struct cli *cli, struct frame *f, const struct choice *c, struct reading *readings, size_t *ret_n, size_t *ret_all)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < c->n; i++) {
		err = read_column(&f->sheet, c, c->columns[i], &readings[*ret_n]);
		if (err == OK && !c->named && is_identifier(&f->sheet, &readings[*ret_n]))
			leave_out(f, f->sheet.columns[c->columns[i]].name, "differs in every row");
		else
			(*ret_n)++;
	}
	*ret_all = *ret_n;
	return err == OK ? other_columns(cli, &f->sheet, c, readings, ret_all) : err;
}

static enum err open_frame(struct cli *cli, bool target, const char *const *apart, struct frame *f, struct choice *choice)
{
	enum err err = sheet_open(cli, &f->sheet);
	if (err == OK)
		err = read_choice(cli, &f->sheet, target, apart, choice);
	for (size_t i = 0; err == OK && command_value(cli, "own-rows") == NULL && i < f->sheet.n_columns; i++)
		f->sheet.columns[i].wanted = true;
	return err == OK ? sheet_load(&f->sheet) : err;
}

enum err frame_read(struct cli *cli, bool target, struct frame *f)
{
	return frame_read_apart(cli, target, NULL, f);
}

enum err frame_read_apart(struct cli *cli, bool target, const char *const *apart, struct frame *f)
{
	struct ctx *ctx = cli->ctx;
	struct choice choice;
	size_t n = 0, all = 0;
	*f = (struct frame){0};
	enum err err = open_frame(cli, target, apart, f, &choice);
	if (err != OK)
		return err;
	struct reading *readings = arena_array(ctx->arena, f->sheet.n_columns + 1, sizeof(*readings));
	f->columns = arena_array(ctx->arena, choice.n + 1, sizeof(*f->columns));
	f->left = arena_array(ctx->arena, choice.n + 1, sizeof(*f->left));
	if (readings == NULL || f->columns == NULL || f->left == NULL)
		return no_memory(ctx);
	err = read_columns(cli, f, &choice, readings, &n, &all);
	if (err == OK)
		err = complete_rows(f, readings, all, choice.target);
	for (size_t i = 0; err == OK && i < n; i++)
		err = make_column(f, &readings[i]);
	if (err == OK && target)
		err = make_event(cli, f, choice.target);
	return err == OK && f->n_columns == 0 ? fail(ctx, ERR_INVALID, "", "model_no_columns") : err;
}

void frame_close(struct frame *frame)
{
	sheet_close(&frame->sheet);
}

const char *frame_term(struct ctx *ctx, const struct frame_column *column, size_t level)
{
	const char *term = column->factor ? arena_printf(ctx->arena, "%s%s", column->name, column->level[level]) : arena_strdup(ctx->arena, column->name);
	return term != NULL ? term : "";
}

/* One column's part of each row of p. */
static void fill_design(const struct frame *f, const struct frame_column *column, double *x, size_t p)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!column->factor)
			x[i * p] = column->number[i];
		else if (column->number[i] > 0)
			x[i * p + (size_t)column->number[i] - 1] = 1;
	}
}

enum err frame_design(struct ctx *ctx, const struct frame *f, bool intercept, double **ret, const char ***ret_terms, size_t *ret_p)
{
	size_t p = intercept ? 1 : 0, at = p;
	for (size_t c = 0; c < f->n_columns; c++)
		p += f->columns[c].factor ? f->columns[c].n_levels - 1 : 1;
	double *x = arena_array(ctx->arena, f->n * p + 1, sizeof(*x));
	const char **terms = arena_array(ctx->arena, p + 1, sizeof(*terms));
	if (x == NULL || terms == NULL)
		return no_memory(ctx);
	for (size_t i = 0; intercept && i < f->n; i++)
		x[i * p] = 1;
	terms[0] = "(Intercept)";
	for (size_t c = 0; c < f->n_columns; c++) {
		const struct frame_column *column = &f->columns[c];
		fill_design(f, column, x + at, p);
		for (size_t level = 1; level < (column->factor ? column->n_levels : 2); level++)
			terms[at++] = frame_term(ctx, column, level);
	}
	*ret = x;
	*ret_terms = terms;
	*ret_p = p;
	return ctx->arena->failed ? no_memory(ctx) : OK;
}

void frame_write(struct jsonw *w, const struct frame *f)
{
	jsonw_kv_int(w, "rows", (int64_t)f->n);
	jsonw_kv_int(w, "rows_incomplete", (int64_t)f->incomplete);
	jsonw_kv_int(w, "rows_unreadable", f->sheet.broken);
	if (f->event != NULL) {
		int64_t events = 0;
		for (size_t i = 0; i < f->n; i++)
			events += f->event[i];
		jsonw_kv_text(w, "target", f->target);
		jsonw_kv_text(w, "event", f->event_value);
		jsonw_kv_int(w, "events", events);
	}
	jsonw_key(w, "left_out");
	jsonw_array(w);
	for (size_t i = 0; i < f->n_left; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "column", f->left[i].column);
		jsonw_kv_text(w, "reason", f->left[i].reason);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}
