/* Probabilistic record linkage: which rows of one table, or of two, mean the same.  Arrays in, pairs out; nothing is told beforehand.
 *
 * Fellegi, Sunter (1969), A theory for record linkage, JASA 64: a pair's weight is the sum over columns of log(m / u).
 * Winkler (1988, 2000): m, u and the share of matches by EM, without truth; Jaro (1989), Winkler (1990): the string distance;
 * Winkler (1989): agreement on a rare value says more (term frequency); Chow, Liu (1968): columns that agree by chance together (place
 * and postcode) count once; Cohen, Ravikumar, Fienberg (2003): soft TF-IDF for texts of several words. */
#ifndef GUANXI_LINKAGE_LINKAGE_H
#define GUANXI_LINKAGE_LINKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum linkage_kind {
	LINKAGE_GUESS,
	LINKAGE_IGNORE,
	LINKAGE_NAME,     /* of persons and places, also parts of names */
	LINKAGE_COMPANY,
	LINKAGE_PHONE,
	LINKAGE_EMAIL,
	LINKAGE_DATE,
	LINKAGE_ADDRESS,
	LINKAGE_TEXT,     /* titles, descriptions, lists of authors */
	LINKAGE_NUMBER,   /* a price, a length: nearness counts */
	LINKAGE_CODE,     /* a postcode, a year, an article number: signs count */
	LINKAGE_CATEGORY, /* one of a few values */
	LINKAGE_KIND_COUNT
};

enum { LINKAGE_MISSING = INT32_MAX, LINKAGE_COLUMNS_MAX = 2000, LINKAGE_ROWS_MAX = 20000000, LINKAGE_FIELDS_MAX = 20 };

/* "name", "phone" …; also usual other words (title, zip, price).  LINKAGE_KIND_COUNT if unknown. */
enum linkage_kind linkage_kind_named(const char *name);
const char *linkage_kind_name(enum linkage_kind kind);

/* A column: a number for each row, and the text each number stands for (so that a text is read once). */
struct linkage_column {
	const char *name;
	enum linkage_kind kind;   /* LINKAGE_GUESS: by heading and content */
	const int32_t *code;      /* by row, LINKAGE_MISSING where there is nothing */
	const char *const *texts; /* UTF-8 */
	size_t n_texts;
};

struct linkage_input {
	const struct linkage_column *columns;
	size_t n_columns;
	size_t n_rows;  /* of both tables */
	size_t n_first; /* rows of the first table, which come first; n_rows: there is one table */
	double threshold; /* least probability of a pair to be given; 0: .5 */
	size_t threads;   /* 0: as many as there are processors, at the most 8 */
	/* Asked and told between steps and every some thousand rows; may be NULL. False from it: stop with ERR_LIMIT "linkage_cancelled". */
	bool (*progress)(void *arg, double done);
	void *arg;
};

struct linkage_pair {
	uint32_t a, b; /* rows from 0; a < b; with two tables a is of the first, b of the second (both counted through) */
	double probability;
};

/* What became of a column. */
struct linkage_use {
	enum linkage_kind kind;
	const char *why; /* why it is no evidence: "constant", "identifier", "all_different", "empty", "asked", "too_many"; NULL: it is used */
};

struct linkage; /* the result, with its model; owns its memory */

/* Finds the pairs. ERR_INVALID "linkage_no_rows", "linkage_no_columns"; ERR_LIMIT "memory", "linkage_too_many_rows", "linkage_cancelled".
 * The input's arrays are read only during the call. *ret is freed with linkage_free. */
enum err linkage_new(struct ctx *ctx, const struct linkage_input *input, struct linkage **ret) MUST_CHECK;
void linkage_free(struct linkage *linkage);

/* Pairs by a, then b. Of a group of more than some hundred rows only those with the group's first row stand in the list;
 * *ret_left_out says how many do not. */
const struct linkage_pair *linkage_pairs(const struct linkage *linkage, size_t *ret_n, uint64_t *ret_left_out);
/* A row's cluster; rows that have no pair are alone in theirs. Numbered from 0 by their first row. */
const uint32_t *linkage_clusters(const struct linkage *linkage, size_t *ret_n);
const struct linkage_use *linkage_uses(const struct linkage *linkage);
/* Pairs compared; rows that repeat another entirely. */
uint64_t linkage_compared(const struct linkage *linkage);
/* Expected number of matches among all pairs, as EM sees it. */
double linkage_expected(const struct linkage *linkage);
/* Whether each of two tables was found to have (nearly) no duplicates of its own, so that a row has one partner at the most. */
bool linkage_one_to_one(const struct linkage *linkage);

/* Why: weight in bits (log2) of each column for a pair of rows; columns without evidence have 0. The prior is that of any pair. */
struct linkage_reason {
	int level;     /* 6 the same … 0 different; -1 nothing to compare */
	double weight; /* bits for (above 0) or against the pair */
};
/* reasons[n_columns]; returns the probability. */
double linkage_explain(const struct linkage *linkage, uint32_t a, uint32_t b, struct linkage_reason *reasons, double *ret_prior);

/* Jaro-Winkler similarity of two UTF-8 texts, 0 to 1, prefix scale .1 up to 4 signs (Winkler 1990); signs beyond 64 are not read. */
double linkage_jaro_winkler(const char *a, const char *b);
/* Edits (insert, delete, replace, swap of neighbours: optimal string alignment), up to `most`; most + 1 if there are more. */
int linkage_edits(const char *a, const char *b, int most);

#endif
