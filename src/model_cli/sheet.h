/* Inside model_cli: a table of a file, held by columns, each cell as the number of its text: a text is read as a number or a
 * date once, however often it stands. */
#ifndef GUANXI_MODEL_CLI_SHEET_H
#define GUANXI_MODEL_CLI_SHEET_H

#include "core/command/command.h"
#include "base/buf.h"
#include "base/map.h"

struct sheet_column {
	const char *name;   /* its heading, or "column 3" */
	bool wanted;
	int32_t *code;      /* a row's text */
	const char **texts; /* by code; the first that stood there has 0 */
	size_t n_texts;
	/* filled while reading */
	struct buf codes, kept;
	struct map known;
};

struct sheet {
	struct ctx *ctx;
	const char *path;
	struct table *table;
	struct sheet_column *columns;
	size_t n_columns, n_rows;
	bool heading;
	int64_t broken; /* rows that could not be read as rows */
};

/* Opens the file of --input, as --encoding, --delimiter, --sheet and --no-heading say or as it shows itself. */
enum err sheet_open(struct cli *cli, struct sheet *ret) MUST_CHECK;
/* The column an option names: by heading (case does not matter), else by its number from 1.  Without the option, the first of
 * `guesses` (ended by NULL) that heads a column; -1: none.  ERR_NOT_FOUND "model_no_column". */
enum err sheet_find(struct sheet *sheet, const char *said, const char *const *guesses, int *ret) MUST_CHECK;
/* As sheet_find, but there must be one: `option` is named if there is none. */
enum err sheet_need(struct sheet *sheet, const char *option, const char *said, const char *const *guesses, int *ret) MUST_CHECK;
/* Reads all rows of the wanted columns. */
enum err sheet_load(struct sheet *sheet) MUST_CHECK;
void sheet_close(struct sheet *sheet);

static inline const char *sheet_text(const struct sheet *sheet, int column, size_t row)
{
	const struct sheet_column *c = &sheet->columns[column];
	return c->texts[c->code[row]];
}

/* Whether an empty cell, or a word for one in tables of numbers (NA, NULL …). */
bool sheet_is_missing(const char *text);
/* The numbers of a column by code, NaN where missing.  *ret_other (may be NULL): the first text that is no number, or NULL;
 * without ret_other that is ERR_INVALID "model_not_number". */
enum err sheet_numbers(struct sheet *sheet, int column, double **ret, const char **ret_other) MUST_CHECK;
/* Days since 1970 by code; the order of day and month is decided by the whole column, or by `order` ("dmy", "mdy", "ymd").
 * ERR_INVALID "model_not_date", "date_ambiguous". An empty cell is INT32_MIN. */
enum err sheet_days(struct sheet *sheet, int column, const char *order, int32_t **ret) MUST_CHECK;
/* One date of the command line (YYYY-MM-DD). */
enum err sheet_one_day(struct ctx *ctx, const char *option, const char *text, int32_t *ret) MUST_CHECK;
const char *sheet_day_text(struct ctx *ctx, int32_t day);

/* A number of an option within bounds; `fallback` if it is not given. */
enum err sheet_option_number(struct cli *cli, const char *option, double fallback, double least, double most, double *ret) MUST_CHECK;

#endif
