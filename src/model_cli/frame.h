/* Inside model_cli: the rows of a table as a model takes them: an outcome, numbers, and texts as levels. */
#ifndef GUANXI_MODEL_CLI_FRAME_H
#define GUANXI_MODEL_CLI_FRAME_H

#include "base/jsonw.h"
#include "model_cli/sheet.h"

enum { FRAME_LEVELS_MAX = 1000 };

struct frame_column {
	const char *name;
	bool factor;
	double *number;      /* by row; of a factor: the level's place */
	const char **level;  /* factors: in the order of their bytes; the first is what others are compared with */
	size_t n_levels;
};

struct frame_left {
	const char *column, *reason;
};

struct frame {
	struct sheet sheet;
	struct frame_column *columns;
	size_t n_columns;
	struct frame_left *left; /* columns that were not taken */
	size_t n_left;
	size_t n;                /* complete rows */
	size_t *row;             /* their place in the sheet */
	uint8_t *event;          /* NULL without a target */
	const char *target, *event_value;
	size_t incomplete;       /* rows left out because a cell is empty */
};

/* Reads --input. With --target, `event` says which rows have --event in it. --columns A,B names the columns (as usual all others), --exclude
 * A,B takes some away, --factors A,B reads numbers as words. What is the same everywhere, and by default texts that differ in every row, are
 * left out and named. Rows count that are complete in all columns of the file (--own-rows: in those in use).  Errors: "model_too_many_levels", "model_which_event", "model_no_event", "model_no_columns".
 * `apart` (ended by NULL; may be NULL) are options that name columns which are read but explain nothing: a date, a name. */
enum err frame_read(struct cli *cli, bool target, struct frame *ret) MUST_CHECK;
enum err frame_read_apart(struct cli *cli, bool target, const char *const *apart, struct frame *ret) MUST_CHECK;
void frame_close(struct frame *frame);
/* The column's name and level as R writes them: ContractOne year. */
const char *frame_term(struct ctx *ctx, const struct frame_column *column, size_t level);
/* Intercept (if asked), numbers, and a column for each level but the first: rows x *ret_p; terms[p]. */
enum err frame_design(struct ctx *ctx, const struct frame *frame, bool intercept, double **ret, const char ***ret_terms, size_t *ret_p) MUST_CHECK;
/* rows, rows_incomplete, left_out … */
void frame_write(struct jsonw *w, const struct frame *frame);
/* Splits "A, B" in place of the arena; columns' numbers in `ret`. */
enum err frame_list(struct sheet *sheet, const char *list, int *ret, size_t room, size_t *ret_n) MUST_CHECK;

#endif
