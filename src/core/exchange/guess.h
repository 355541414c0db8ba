/* Inside core/exchange: words for guessing columns. */
#ifndef GUANXI_CORE_EXCHANGE_GUESS_H
#define GUANXI_CORE_EXCHANGE_GUESS_H

#include "core/exchange/import.h"

struct guess_word {
	const char *entity, *field;
	const char *names; /* with '|' between; the earlier the surer */
};
extern const struct guess_word guess_words[]; /* ended by entity NULL */
/* With '|' around each. */
extern const char guess_first_names[], guess_last_names[], guess_middle_names[], guess_companies[], guess_receivers[];
extern const char *const guess_remarks[];

/* What a file's columns are in one kind of record. */
struct guess_candidate {
	const struct entity_info *info;
	int *fields, *scores; /* by column; field -1: none */
	int sum;
};
enum { GUESS_EXACT = 100, GUESS_LABEL = 90, GUESS_WORD = 80, GUESS_SAMPLE = 30 };

/* A file of order lines: columns of the order, of its lines and of the customer in one row. Sets all of `ret` if it is one. */
enum err guess_order_lines(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                           const struct guess_candidate *list, size_t n, int best_sum, struct import_guess *ret, bool *ret_is) MUST_CHECK;

/* A header as the words above are written. */
enum err guess_fold(struct ctx *ctx, const char *header, const char **ret) MUST_CHECK;
/* The same without what stands beside the heading itself: "单价（元）", "*Phone [required]". */
enum err guess_fold_bare(struct ctx *ctx, const char *header, const char **ret) MUST_CHECK;
/* "|name|" stands in the list. */
bool guess_among(struct ctx *ctx, const char *list, const char *folded);
/* Which kind of identifier a heading means: "备用电话", "E-mail 2", "微信号", "QQ"; NULL: none ("other" where it is known to be one). */
const char *guess_identifier_kind(struct ctx *ctx, const char *header, bool known);
/* The file's column of the other half of a name, -1: none. `header` is one half. */
enum err guess_other_half(struct ctx *ctx, const struct plan_columns *columns, int column, int *ret, bool *ret_first) MUST_CHECK;

#endif
