/* Rules by which a customer who is saved is compared with those who are there: the same for forms, the API, imports and conversions. */
#ifndef GUANXI_DUPLICATES_RULE_H
#define GUANXI_DUPLICATES_RULE_H

#include "duplicates/duplicates.h"

enum { RULE_MATCHES_MAX = 50 };

/* Who agrees with a customer by some rule. */
struct rule_match {
	int64_t id;
	int64_t rule;
	const char *name; /* of the rule, in the reader's language */
	bool refuses;     /* that rule forbids to save */
	int64_t chance;   /* in millionths */
};

/* Whoever agrees with this customer by any rule in use, the surest first; asked of no gate. `importing`: only rules that imports follow. */
enum err rule_find(struct ctx *ctx, const struct record *customer, bool importing, struct rule_match *ret, size_t *ret_n) MUST_CHECK;

extern const struct entity duplicate_rule_entity;
/* Reactions to customers who are saved: refused, or kept as a pair to review. */
enum err rule_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now) MUST_CHECK;
enum err rule_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now) MUST_CHECK;
/* In a schema step: the rules a firm begins with. */
enum err rule_begin(struct ctx *ctx, void *arg) MUST_CHECK;
extern const struct route duplicates_check_routes[];

#endif
