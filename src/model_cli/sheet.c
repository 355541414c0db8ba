#include "model_cli/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/exchange/convert.h"
#include "core/files/files.h"

enum { ROWS_MAX = INT32_MAX / 2 };
static const size_t bytes_max = (size_t)64 << 30;

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

enum err sheet_open(struct cli *cli, struct sheet *ret)
{
	struct ctx *ctx = cli->ctx;
	const char *delimiter = command_value(cli, "delimiter"), *input = command_value(cli, "input");
	struct table_options options = {
		.encoding = command_value(cli, "encoding"),
		.delimiter = delimiter == NULL ? '\0' : strcmp(delimiter, "\\t") == 0 ? '\t' : *delimiter,
		.header_row = command_value(cli, "no-heading") != NULL ? 0 : HEADER_DETECT,
		.sheet = command_value(cli, "sheet"),
	};
	*ret = (struct sheet){.ctx = ctx};
	if (input == NULL)
		return fail(ctx, ERR_INVALID, "--input", "model_needs_input");
	ret->path = command_path(cli, input);
	enum err err = table_open_new(ctx, ret->path, &options, &ret->table);
	if (err != OK)
		return err;
	const struct table_info *info = table_info(ret->table);
	ret->heading = info->header_row > 0 || info->format == FILE_JSONL;
	ret->n_columns = info->n_columns;
	ret->columns = arena_array(ctx->arena, info->n_columns, sizeof(*ret->columns));
	for (size_t i = 0; ret->columns != NULL && i < info->n_columns; i++) {
		struct sheet_column *c = &ret->columns[i];
		c->name = str_empty(info->columns[i]) ? arena_printf(ctx->arena, "column %zu", i + 1) : arena_strdup(ctx->arena, info->columns[i]);
		buf_init(&c->codes, bytes_max);
		buf_init(&c->kept, bytes_max);
		map_init(&c->known, 0x67a1, 0xc0de);
	}
	return ret->columns == NULL || ctx->arena->failed ? no_memory(ctx) : OK;
}

static int named(const struct sheet *sheet, const char *name)
{
	for (size_t i = 0; i < sheet->n_columns; i++) {
		if (str_equal(sheet->columns[i].name, name))
			return (int)i;
	}
	for (size_t i = 0; i < sheet->n_columns; i++) {
		if (str_equal_nocase(sheet->columns[i].name, name))
			return (int)i;
	}
	return -1;
}

enum err sheet_find(struct sheet *sheet, const char *said, const char *const *guesses, int *ret)
{
	int64_t number;
	*ret = -1;
	if (said != NULL) {
		*ret = named(sheet, said);
		if (*ret < 0 && str_to_i64(said, &number) && number >= 1 && number <= (int64_t)sheet->n_columns)
			*ret = (int)number - 1;
		if (*ret < 0)
			return fail_arg(sheet->ctx, ERR_NOT_FOUND, "", "model_no_column", said);
	}
	for (; *ret < 0 && guesses != NULL && *guesses != NULL; guesses++)
		*ret = named(sheet, *guesses);
	if (*ret >= 0)
		sheet->columns[*ret].wanted = true;
	return OK;
}

enum err sheet_need(struct sheet *sheet, const char *option, const char *said, const char *const *guesses, int *ret)
{
	enum err err = sheet_find(sheet, said, guesses, ret);
	if (err == OK && *ret < 0)
		return fail_arg(sheet->ctx, ERR_INVALID, "", "model_which_column", option);
	return err;
}

static bool take(struct sheet_column *c, const struct cell *cell)
{
	size_t len;
	const char *text = str_trim(cell->text, cell->len, &len);
	int64_t code;
	if (!map_get(&c->known, text, len, &code)) {
		code = (int64_t)c->n_texts++;
		if (!map_put(&c->known, text, len, code))
			return false;
		buf_add(&c->kept, text, len);
		buf_putc(&c->kept, '\0');
	}
	int32_t short_code = (int32_t)code;
	buf_add(&c->codes, &short_code, sizeof(short_code));
	return !buf_failed(&c->codes) && !buf_failed(&c->kept);
}

/* The texts in one place, and where each begins. */
static enum err settle(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->n_columns; i++) {
		struct sheet_column *c = &sheet->columns[i];
		c->code = (int32_t *)(void *)c->codes.data;
		c->texts = arena_array(sheet->ctx->arena, c->n_texts + 1, sizeof(*c->texts));
		if (c->texts == NULL)
			return no_memory(sheet->ctx);
		const char *at = buf_text(&c->kept);
		for (size_t k = 0; k < c->n_texts; k++) {
			c->texts[k] = at;
			at += strlen(at) + 1;
		}
		map_release(&c->known);
	}
	return OK;
}

enum err sheet_load(struct sheet *sheet)
{
	static const struct cell empty = {"", 0, CELL_EMPTY};
	struct table_row row;
	bool more = true;
	for (;;) {
		struct arena_mark mark = arena_mark(sheet->ctx->arena);
		enum err err = table_next(sheet->ctx, sheet->table, &row, &more);
		if (err != OK)
			return err;
		if (!more)
			break;
		if (row.problem != NULL) {
			sheet->broken++;
			continue;
		}
		for (size_t i = 0; i < sheet->n_columns; i++) {
			if (sheet->columns[i].wanted && !take(&sheet->columns[i], i < row.n ? &row.cells[i] : &empty))
				return no_memory(sheet->ctx);
		}
		arena_rewind(sheet->ctx->arena, mark);
		if (++sheet->n_rows > ROWS_MAX)
			return no_memory(sheet->ctx);
	}
	return settle(sheet);
}

void sheet_close(struct sheet *sheet)
{
	for (size_t i = 0; sheet->columns != NULL && i < sheet->n_columns; i++) {
		buf_release(&sheet->columns[i].codes);
		buf_release(&sheet->columns[i].kept);
		map_release(&sheet->columns[i].known);
	}
	if (sheet->table != NULL)
		table_free(sheet->table);
	*sheet = (struct sheet){0};
}

bool sheet_is_missing(const char *text)
{
	static const char *const words[] = {"", "NA", "N/A", "#N/A", "NULL", "NaN", "nan", "null"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* 12, -1.5e-3; no "inf", no "0x10". */
static bool plain_number(const char *text, double *ret)
{
	char *end;
	if (text[strspn(text, "0123456789+-.eE")] != '\0' || strpbrk(text, "0123456789") == NULL)
		return false;
	*ret = strtod(text, &end);
	return *end == '\0' && isfinite(*ret);
}

static enum number_mark mark_of(const struct sheet_column *c)
{
	bool open, point = false, comma = false;
	for (size_t i = 0; i < c->n_texts; i++) {
		enum number_mark mark = convert_number_mark(c->texts[i], &open);
		point = point || mark == NUMBER_POINT;
		comma = comma || mark == NUMBER_COMMA;
	}
	return point == comma ? NUMBER_AUTO : point ? NUMBER_POINT : NUMBER_COMMA;
}

enum err sheet_numbers(struct sheet *sheet, int column, double **ret, const char **ret_other)
{
	struct sheet_column *c = &sheet->columns[column];
	struct ctx *ctx = sheet->ctx;
	double *numbers = arena_array(ctx->arena, c->n_texts + 1, sizeof(*numbers));
	if (numbers == NULL)
		return no_memory(ctx);
	if (ret_other != NULL)
		*ret_other = NULL;
	enum number_mark mark = mark_of(c);
	for (size_t i = 0; i < c->n_texts; i++) {
		const char *text = c->texts[i];
		numbers[i] = NAN;
		if (sheet_is_missing(text) || (mark != NUMBER_COMMA && plain_number(text, &numbers[i])))
			continue;
		struct arena_mark before = arena_mark(ctx->arena);
		bool good = plain_number(convert_number(ctx, text, mark), &numbers[i]);
		arena_rewind(ctx->arena, before);
		if (good || (ret_other == NULL && convert_is_nothing(text)))
			continue;
		if (ret_other == NULL)
			return fail_arg(ctx, ERR_INVALID, c->name, "model_not_number", text);
		*ret_other = text;
		break;
	}
	*ret = numbers;
	return OK;
}

static int32_t day_number(const char *iso)
{
	int64_t ms;
	char day[11];
	snprintf(day, sizeof(day), "%.10s", iso);
	if (!time_parse(day, &ms))
		return INT32_MIN;
	return (int32_t)(ms >= 0 ? ms / DAY_MS : -((-ms + DAY_MS - 1) / DAY_MS));
}

static enum date_order order_named(const char *word)
{
	return str_equal(word, "dmy") ? DATE_DMY : str_equal(word, "mdy") ? DATE_MDY : str_equal(word, "ymd") ? DATE_YMD : DATE_AUTO;
}

enum err sheet_days(struct sheet *sheet, int column, const char *order_word, int32_t **ret)
{
	struct sheet_column *c = &sheet->columns[column];
	struct ctx *ctx = sheet->ctx;
	struct date_votes votes = {0};
	enum date_order order = order_named(order_word);
	int32_t *days = arena_array(ctx->arena, c->n_texts + 1, sizeof(*days));
	if (days == NULL)
		return no_memory(ctx);
	if (order_word != NULL && order == DATE_AUTO)
		return fail_arg(ctx, ERR_INVALID, "--date-order", "model_date_order", order_word);
	for (size_t i = 0; order == DATE_AUTO && i < c->n_texts; i++)
		convert_date_votes(c->texts[i], &votes);
	if (order == DATE_AUTO)
		order = convert_date_decide(&votes);
	for (size_t i = 0; i < c->n_texts; i++) {
		const char *text = c->texts[i], *word;
		days[i] = INT32_MIN;
		if (sheet_is_missing(text))
			continue;
		struct arena_mark before = arena_mark(ctx->arena);
		const char *fault = convert_date_fault(ctx, text, order, &word);
		if (fault == NULL)
			days[i] = day_number(convert_day(ctx, text, order));
		if (days[i] == INT32_MIN)
			return fail_arg(ctx, ERR_INVALID, c->name, str_equal(fault, "date_ambiguous") ? "model_date_two_ways" : "model_not_date", text);
		arena_rewind(ctx->arena, before);
	}
	*ret = days;
	return OK;
}

enum err sheet_one_day(struct ctx *ctx, const char *option, const char *text, int32_t *ret)
{
	const char *field = arena_printf(ctx->arena, "--%s", option), *word;
	*ret = INT32_MIN;
	if (convert_date_fault(ctx, text, DATE_AUTO, &word) == NULL)
		*ret = day_number(convert_day(ctx, text, DATE_AUTO));
	return *ret != INT32_MIN ? OK : fail_arg(ctx, ERR_INVALID, field != NULL ? field : "", "model_not_date", text);
}

const char *sheet_day_text(struct ctx *ctx, int32_t day)
{
	char text[TIME_TEXT_MAX];
	time_format((int64_t)day * DAY_MS, text);
	const char *ret = arena_printf(ctx->arena, "%.10s", text);
	return ret != NULL ? ret : "";
}

enum err sheet_option_number(struct cli *cli, const char *option, double fallback, double least, double most, double *ret)
{
	const char *text = command_value(cli, option);
	*ret = fallback;
	if (text == NULL)
		return OK;
	if (plain_number(text, ret) && *ret >= least && *ret <= most)
		return OK;
	const char *field = arena_printf(cli->ctx->arena, "--%s", option);
	const char *arg = arena_printf(cli->ctx->arena, "%.12g" FAULT_PART "%.12g", least, most);
	return fail_arg(cli->ctx, ERR_INVALID, field != NULL ? field : "", "model_option_range", arg != NULL ? arg : "");
}
