/* The forecast as figures: what is summed, by which period and by whom. */
#ifndef GUANXI_DEALS_FORECAST_H
#define GUANXI_DEALS_FORECAST_H

#include "deals/internal.h"

enum { FORECAST_CELLS_MAX = 20000, FORECAST_MONTHS_MAX = 60, FORECAST_KEY_MAX = 12 };

/* Sums in minor units of the base currency. Lost deals count in none of them; those left out count in `omitted` alone. */
struct forecast_sums {
	int64_t won, commit, best, pipeline, omitted;
	int64_t weighted;          /* of what is open, without what is left out */
	int64_t slipped;           /* open, and its day is over */
	int64_t n_won, n_open, n_slipped, n_unvalued; /* unvalued: no amount, or no rate */
};

struct forecast_cell {
	int month;                 /* months since year 0 of the period's first month; -1: no date */
	int64_t id;                /* of the person, team …; 0: none */
	struct forecast_sums sums;
};

enum forecast_period { FORECAST_MONTH, FORECAST_QUARTER, FORECAST_YEAR };

struct forecast_ask {
	int from, to;              /* months since year 0, both included */
	enum forecast_period period;
	int fiscal_month;          /* 1 to 12: with which the firm's year begins */
	const char *by;            /* field of the deal that cells are told apart by; NULL: one cell a period */
	int64_t as_of;             /* 0: as it stands now */
	const char *filter;        /* as in the address of a list; "": none */
	const char *const *ignore; /* what of it is not a condition */
};

struct forecast {
	struct forecast_cell *cells; /* by period, then by size of what is weighted and won */
	size_t n;
	struct forecast_sums total;
	const char *today;         /* of the firm's time zone, at the moment asked for */
};

/* Asks the gate like any list: sums take in what the actor may see, and no sum is made of amounts that are hidden from them. */
enum err forecast_make(struct ctx *ctx, const struct forecast_ask *ask, struct forecast *ret) MUST_CHECK;
/* "2026-03" as months since year 0. */
bool forecast_month_parse(const char *text, int *ret) MUST_CHECK;
/* The first month of the period a month is in, by the firm's year. */
int forecast_period_first(const struct forecast_ask *ask, int month);
/* "2026-03", "2026-Q1", "2026" or, where the year does not begin in January, "2026/27-Q1". */
void forecast_period_name(const struct forecast_ask *ask, int first, char out[FORECAST_KEY_MAX + 4]);
/* How many months a period has. */
int forecast_period_months(enum forecast_period period);

#endif
