/* Pivot tables: measures of a kind of facts by dimensions, over the warehouse, with the rights of who asks.  What the files of it
 * share; nobody else includes it. */
#ifndef GUANXI_ANALYSIS_PIVOT_H
#define GUANXI_ANALYSIS_PIVOT_H

#include <jansson.h>

#include "core/rest/query_star.h"
#include "core/warehouse/warehouse.h"

enum {
	PIVOT_DIMS_MAX = 4,       /* of rows, and of columns */
	PIVOT_MEASURES_MAX = 10,  /* shown */
	PIVOT_BASES_MAX = 16,     /* read for them */
	PIVOT_FILTERS_MAX = 20,
	PIVOT_COLUMNS_MAX = 500,
	PIVOT_ROWS_MAX = 2000,    /* of a page */
	PIVOT_ROWS_USUAL = 200,
	PIVOT_OFFSET_MAX = 1000000,
	PIVOT_VALUES_MAX = 200000, /* cells of a page times measures */
	PIVOT_EXPORT_ROWS_MAX = 100000, /* an export has all rows, or is refused */
	PIVOT_EXPORT_VALUES_MAX = 1000000,
	PIVOT_FORMULA_MAX = 300,   /* bytes */
	PIVOT_FORMULA_DEPTH = 20,
	PIVOT_MS = 30000,
};

enum pivot_by {
	BY_VALUE, BY_YEAR, BY_QUARTER, BY_MONTH, BY_WEEK, BY_DAY, BY_WEEKDAY, BY_HOUR, BY_KIND, BY_HOLIDAY, BY_AGE, BY_BAND, BY_COUNT
};

struct pivot_dim {
	const char *path;
	enum pivot_by by;
	int64_t band;              /* BY_BAND: width, in the column's own units */
	int band_digits;           /* decimals of the field */
	struct query_star_field at;
	const struct field *field;
	const struct entity_info *link; /* of a link */
	bool moment;               /* the one that says when: it is moved with an earlier period */
};

/* What is read: a measure of the star table. */
struct pivot_base {
	const struct star_measure *measure;
	const char *column; /* SQL; "" of counts */
	bool real;          /* a double, not a whole number */
	bool money;
	int scale;          /* decimals of a whole number */
};

/* What is shown: a base, or a formula of bases. */
struct pivot_measure {
	const char *name, *label;
	int base;            /* -1: formula */
	const char *formula; /* SQL over the bases' columns "v0", "v1" … */
	const char *earlier; /* the same over "e0", "e1" … */
};

enum pivot_compare { COMPARE_NONE, COMPARE_BEFORE, COMPARE_YEAR };

struct pivot {
	const struct star_table *table;
	const struct entity_info *info;
	enum action action;
	struct query_star *star;
	struct pivot_dim dims[2 * PIVOT_DIMS_MAX]; /* rows, then columns */
	size_t n_rows, n_columns;
	struct pivot_base bases[PIVOT_BASES_MAX];
	size_t n_bases;
	struct pivot_measure measures[PIVOT_MEASURES_MAX];
	size_t n_measures;
	int64_t from, to;      /* days, both included; INT64_MIN, INT64_MAX: open */
	const char *from_text, *to_text;
	enum pivot_compare compare;
	int sort;              /* a measure; -1: by the rows' own order */
	bool desc;
	bool totals, distinct; /* distinct: some measure can't be added up */
	bool all;              /* every row at once, or a refusal: never some of them */
	int64_t limit, offset;
	const json_t *condition; /* of the rows themselves; borrowed */
	struct {
		const char *path;
		const json_t *condition;
	} filters[PIVOT_FILTERS_MAX];
	size_t n_filters;
};

/* pivot_parse.c: reads a request with the actor's rights; `json` outlives ret. Faults name their member ("rows.1.field"). */
enum err pivot_parse(struct ctx *ctx, const struct warehouse *w, const json_t *json, enum action action, struct pivot **ret) MUST_CHECK;
/* One measure of the table by name, as far as the actor may see what it is made of; *ret its position among the bases. */
enum err pivot_base(struct ctx *ctx, struct pivot *p, const char *at, const char *name, int *ret) MUST_CHECK;
const char *pivot_by_name(enum pivot_by by);
/* Whether days of it can be asked for: a date or a time. */
bool pivot_is_time(const struct field *field);

/* pivot_formula.c: "sales / orders * 100": numbers, names of measures, + - * / and brackets; nothing by nothing is nothing. */
enum err pivot_formula(struct ctx *ctx, struct pivot *p, const char *at, const char *text, struct pivot_measure *ret) MUST_CHECK;

/* pivot_sql.c: after the parse. */
struct pivot_sql {
	const struct pivot *p;
	const char *facts;     /* "SELECT … AS r0, …, x0, … FROM …": a row each, with the parameters */
	const char *source;    /* what levels are counted from: the facts, or table f */
	bool added;            /* from table f */
	const struct value *params;
	size_t n_params;       /* of `source`: 0 of table f */
};
enum err pivot_sql_make(struct ctx *ctx, struct pivot *p, struct pivot_sql *ret) MUST_CHECK;
/* Rows that count, with columns that were asked of the star: "SELECT … FROM … WHERE …"; its parameters are the star's. */
enum err pivot_sql_plain(struct ctx *ctx, struct pivot *p, const char *columns, const char **ret) MUST_CHECK;
/* The days that those of p are compared with (p->compare), both included. */
void pivot_earlier(const struct pivot *p, int64_t *ret_from, int64_t *ret_to);
/* Today by the firm's clock, in days since 1970. */
enum err pivot_today(struct ctx *ctx, int64_t *ret) MUST_CHECK;
/* "CREATE TEMP TABLE f AS …": the finest groups, of which all others can be added up. */
enum err pivot_sql_finest(struct ctx *ctx, struct pivot_sql *sql, const char **ret) MUST_CHECK;
/* One level: by the first n_rows of the rows' dimensions and all or none of the columns'; the dimensions as they are, then each
 * measure ("m0") and its earlier one ("o0"). `only`: table whose r0 … are those that are wanted; NULL all. */
enum err pivot_sql_level(struct ctx *ctx, const struct pivot_sql *sql, size_t n_rows, bool columns, const char *only, const char **ret) MUST_CHECK;

/* pivot_run.c: the answer. */
struct pivot_line {
	const char **keys;     /* of its dimensions; NULL within: empty */
	struct value *totals;  /* a measure each, and its earlier one after all of them */
	struct value *cells;   /* the same for each column; kind VALUE_NULL where there is nothing */
};
struct pivot_answer {
	struct pivot_line *rows, *columns;
	size_t n_rows, n_columns;
	struct pivot_line *subtotals[PIVOT_DIMS_MAX]; /* by how many dimensions; of those on the page */
	size_t n_subtotals[PIVOT_DIMS_MAX];
	struct pivot_line grand;
	int64_t row_count;     /* on all pages */
	size_t n_values;       /* of one cell */
};
enum err pivot_run(struct ctx *ctx, struct warehouse *w, struct pivot *p, struct pivot_answer *ret) MUST_CHECK;
/* A key as it stands in answers: "2026-11" of a month. */
const char *pivot_key(struct ctx *ctx, const struct pivot_dim *dim, const char *raw);

/* pivot_labels.c: what a key is called in the context's language, by the keys of one dimension; NULL: it may not be seen. */
struct pivot_labels {
	const char *const *keys;
	const char **labels;
	size_t n;
};
enum err pivot_labels_read(struct ctx *ctx, const struct pivot_dim *dim, const char *const *keys, size_t n, struct pivot_labels *ret) MUST_CHECK;
const char *pivot_label(struct ctx *ctx, const struct pivot_dim *dim, const struct pivot_labels *labels, const char *key);

/* pivot_drill.c: the records behind a cell, as a condition of their list. */
enum err pivot_drill(struct ctx *ctx, const struct pivot *p, const json_t *row, const json_t *column, json_t **ret) MUST_CHECK;

/* Handlers. */
enum err pivot_http_ask(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err pivot_http_cell(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err pivot_http_export(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err pivot_http_meta(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
