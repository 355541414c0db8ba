/* Pairs of customers who may be the same, as the scan found them and people decided. */
#ifndef GUANXI_DUPLICATES_PAIR_H
#define GUANXI_DUPLICATES_PAIR_H

#include "duplicates/duplicates.h"

enum { PAIR_PPM = 1000000, PAIR_CENTI = 100 }; /* a probability in millionths, a weight in hundredths of a bit */

#define PAIR_OPEN "open"
#define PAIR_APART "apart" /* somebody said they are not the same; never offered again */

struct pair {
	int64_t a, b; /* a < b */
	int64_t chance, weight;
	const char *reasons; /* {"phone": [6, 8.2], …}: level (6 the same … 0 different, -1 nothing to compare) and bits */
};

/* In a write job: keeps what was decided of two. */
enum err pair_decide(struct ctx *ctx, int64_t one, int64_t other, const char *state) MUST_CHECK;
/* In a write job: `from` went into `into`: what is open or decided of it holds of that one. */
enum err pair_follow(struct ctx *ctx, int64_t from, int64_t into) MUST_CHECK;
/* Reaction to customers that go: nothing is left to review of them. */
enum err pair_customer_gone(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now) MUST_CHECK;

#endif
