/* Reports: named questions over the warehouse, each answered by figures for a sentence and by tables, with the rights of who asks.
 * What the files of it share; nobody else includes it.
 *
 * Whose orders count, and which rows and fields there are, is the pivot's matter: a report asks for orders by the same statement. */
#ifndef GUANXI_ANALYSIS_REPORT_H
#define GUANXI_ANALYSIS_REPORT_H

#include "analysis/pivot.h"
#include "core/files/files.h"

enum {
	REPORT_FACTS_MAX = 40,
	REPORT_TABLES_MAX = 4,
	REPORT_DAYS_MAX = 36600,      /* a hundred years */
	REPORT_BUCKETS_MAX = 400,     /* points of a line */
	REPORT_COHORTS_MAX = 60,
	REPORT_TOP = 100,             /* rows of a list of customers */
	REPORT_MEMBERS_MAX = 200000,  /* of a segment made of a figure */
};

enum report_type {
	REPORT_TEXT, REPORT_INT, REPORT_MONEY /* minor units of the firm's currency */, REPORT_REAL, REPORT_SHARE /* 1: all */, REPORT_DAY /* since 1970 */,
	REPORT_MONTH /* since year 0 */, REPORT_CUSTOMER /* id; written with its name, as all that follow */, REPORT_PRODUCT,
	REPORT_CATEGORY, REPORT_USER, REPORT_BRANCH, REPORT_CHANNEL, REPORT_REGION, REPORT_REASON
};

struct report_column {
	const char *name;
	struct text2 label;
	enum report_type type;
};

struct report_table {
	const char *name;
	struct text2 label;
	const struct report_column *columns;
	size_t n_columns;
	struct value *cells; /* rows one after the other */
	size_t n_rows, cap;
};

struct report_fact {
	const char *name;
	enum report_type type;
	struct value value;
};

struct report_run {
	struct ctx *ctx;
	struct duck_conn *conn;
	const struct report *report;
	const json_t *json;
	enum action action;
	int64_t from, to, before; /* days, all included; `before`: the day that is compared with */
	int64_t today;
	struct report_fact facts[REPORT_FACTS_MAX];
	size_t n_facts;
	struct report_table *tables[REPORT_TABLES_MAX];
	size_t n_tables;
	/* of a segment that is made of a figure: which one, and who is behind it */
	const json_t *cell;
	int64_t *members;
	size_t n_members, members_cap;
};

struct report {
	const char *name;
	const char *of;            /* the entity that one must be allowed to read, and to export for a file */
	struct text2 label;
	bool customers;            /* figures are of customers whom one sees: a cell can become a segment */
	enum err (*make)(struct report_run *r); /* fills facts and tables; with r->cell the members instead */
};

extern const struct report *const report_list[]; /* ended by NULL */
extern const struct report report_sales, report_cohorts, report_rfm, report_concentration, report_returning, report_silence, report_baskets,
	report_ranking, report_funnel, report_movement;

/* report_table.c: what cannot be kept fails as no memory. */
enum err report_table_new(struct report_run *r, const char *name, struct text2 label, const struct report_column *columns, size_t n,
                          struct report_table **ret) MUST_CHECK;
/* The next row, its values all null. */
enum err report_row(struct report_run *r, struct report_table *table, struct value **ret) MUST_CHECK;
void report_fact(struct report_run *r, const char *name, enum report_type type, struct value value);
enum err report_member(struct report_run *r, int64_t id) MUST_CHECK;
/* The figure that was asked for, by its parts: "month", "part". False: it is not given, or is no such number or text. */
bool report_cell_int(const struct report_run *r, const char *name, int64_t *ret);
/* "2026-11" as months since year 0. */
bool report_cell_month(const struct report_run *r, const char *name, int64_t *ret);
const char *report_cell_text(const struct report_run *r, const char *name);
enum err report_bad_cell(struct report_run *r) MUST_CHECK;
/* The answer as JSON; one of its tables as a file. */
enum err report_write(struct report_run *r, struct http_response *res, int64_t ms) MUST_CHECK;
enum err report_send(struct report_run *r, struct http_response *res, const struct report_table *table, enum file_format format) MUST_CHECK;

/* report_orders.c: temporary table o (id, customer, day, amount, back): the orders that count and that the actor sees.  `customers`:
 * only those of customers whom the actor sees, with that customer; else the customer is what the order says.  Amounts are in the firm's
 * currency, none where there is no rate; `back`: goods that came back, which is no purchase. */
enum err report_orders(struct report_run *r, bool customers) MUST_CHECK;
/* The same, with what a path of the order leads to as `what`. */
enum err report_orders_by(struct report_run *r, const char *path) MUST_CHECK;
/* Temporary table l (order_id, product, amount, day): their lines, by what a path leads to ("product_id.id": products that the actor
 * sees); amounts with four decimals. */
enum err report_lines(struct report_run *r, const char *path) MUST_CHECK;
/* Rows of another entity, by the request's condition: a temporary table with these paths as columns c0, c1 …, of times their day. */
enum err report_rows(struct report_run *r, const char *of, const char *measure, const char *table, const char *const *paths, size_t n) MUST_CHECK;
/* Whether the actor may read any of it. */
bool report_may(const struct report_run *r, const char *entity);
enum err report_ask(struct report_run *r, const char *sql, struct duck_rows **ret) MUST_CHECK;
enum err report_do(struct report_run *r, const char *sql) MUST_CHECK;
/* Every row's first column becomes a member. */
enum err report_members_of(struct report_run *r, const char *sql) MUST_CHECK;
enum err report_no_memory(struct report_run *r) MUST_CHECK;

/* Handlers. */
enum err report_http_list(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err report_http_ask(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err report_http_export(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err report_http_segment(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
