/* What is earned by brackets: amounts in, parts out; no records, no clock.  Money is in minor units, rounded half away from zero once
 * for each part that is shown, so that a sum is that of the parts to the cent. */
#ifndef GUANXI_COMMISSION_WORK_H
#define GUANXI_COMMISSION_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	COMMISSION_RATE_SCALE = 4,       /* of percents, and of amounts a unit */
	COMMISSION_UNIT_SCALE = 3,       /* of quantities */
	COMMISSION_SHARE_ALL = 1000000,  /* 100 % */
	COMMISSION_BRACKETS_MAX = 50,
};

#define COMMISSION_OPEN INT64_MAX /* a bracket without an end */
#define COMMISSION_NONE (-1)      /* no cap, no floor */

/* Holds from `from` up to, but without, `to`, both in what is measured. */
struct commission_bracket {
	int64_t from, to;
	int64_t rate; /* percent, or minor units a unit with four more digits */
};

struct commission_terms {
	const struct commission_bracket *brackets; /* without gaps, from 0, the last without an end; what is below 0 lies in the first */
	size_t n;
	bool whole;    /* the rate that was reached holds for everything; else each part has its own */
	bool by_units; /* units are measured; else what is credited */
	bool per_unit; /* rates are amounts a unit; else percents.  Not whole: the same as by_units */
	int64_t cap_line, cap_all, floor; /* minor units; COMMISSION_NONE */
};

struct commission_item {
	int64_t credited; /* minor units; may be negative */
	int64_t units;    /* in thousandths */
};

struct commission_part {
	size_t item, bracket;
	int64_t credited, units; /* of the item, in this bracket */
	int64_t result;
	bool capped; /* less than its rate comes to */
};

struct commission_sum {
	int64_t measured;
	int64_t parts;         /* of all parts */
	int64_t cap, floor;    /* what is taken off and put on to keep within cap_all and floor */
};

/* Returns false to stop. */
typedef bool (*commission_emit)(void *arg, const struct commission_part *part);

/* value * factor / divisor, half away from zero; false: it does not fit. divisor > 0. */
bool commission_scale(int64_t value, int64_t factor, int64_t divisor, int64_t *ret) MUST_CHECK;
/* What a rate comes to on so much; false: it does not fit. */
bool commission_result(bool per_unit, int64_t rate, int64_t credited, int64_t units, int64_t *ret) MUST_CHECK;
/* Parts of the items in their order.  False: a number does not fit, or emit stopped. */
bool commission_work(const struct commission_terms *terms, const struct commission_item *items, size_t n, commission_emit emit, void *arg,
                     struct commission_sum *ret) MUST_CHECK;

#endif
