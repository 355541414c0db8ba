/* Inside model_cli: rows of transactions to customers. */
#ifndef GUANXI_MODEL_CLI_PURCHASES_H
#define GUANXI_MODEL_CLI_PURCHASES_H

#include "model_cli/sheet.h"
#include "models/models.h"

/* Customers in the order of their first row. */
struct purchases {
	const char **customer; /* NULL: the file names none */
	size_t n;
	double *first, *last;  /* days since 1970 */
	double *count;         /* days with a purchase, until the end of calibration */
	double *later;         /* and after it, within the horizon */
	double *money;         /* sum of all amounts, returns taken off */
	double *x, *t_x, *age; /* in units */
	double *mean;          /* value of a repeat purchase; NULL: no amounts */
	double *weight;        /* NULL: one each */
	int32_t first_day, end_day, last_day;
	bool dated;            /* made of transactions, not of a summary */
	int64_t rows, no_customer, no_date, late, returns, broken;
};

/* Days of --unit: 1, 7, 30.4375, 365.25. */
enum err purchases_unit(struct cli *cli, double *ret) MUST_CHECK;
/* Reads --input: transactions (--customer, --date, --amount), each day a customer buys on being one purchase; or a summary with
 * frequency, recency and age, as --frequency, --recency, --age, --mean, --weight name them. `horizon` is in units. */
enum err purchases_read(struct cli *cli, double unit, double horizon, bool amounts, struct purchases *ret) MUST_CHECK;

/* A row that stands for something bought, or with a negative amount brought back. */
struct purchase_event {
	int32_t customer, day, group;
	double amount;
};

struct purchase_events {
	struct purchase_event *event; /* by group, customer and day */
	size_t n;
	const char **customer, **group; /* by number; group NULL: not asked for */
	size_t n_customers, n_groups;
	bool amounts;
	int32_t first_day, last_day;
	int64_t rows, no_customer, no_date, no_group, returns, broken;
};
/* Reads --input as rows of transactions. `by` (may be NULL) is the option that names a column of groups; without `amounts` a column of amounts is
 * taken only if there is one. */
enum err purchases_events(struct cli *cli, bool amounts, const char *by, struct purchase_events *ret) MUST_CHECK;

#endif
